"""The difference between two strategies: nothing between one and itself, and else what two nights done under both show."""

from collections import Counter
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from arrears import store
from arrears.days import microseconds_of
from arrears.nightly.strategy_diff import Difference, diff_of, sums, write_loans
from arrears.strategy.reading import default_strategy_text, strategy_from
from arrears.strict_yaml import BadYaml
from nightly.allotted_book import AS_OF, KNOWN_AT, copied, decisions, made, night, strategy_text, table
from plain_books import files_of

KNOWN = microseconds_of(datetime.fromisoformat(KNOWN_AT))
COLUMNS = ("treatment", "rule", "offer")


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Path:
    """A book in some partitions, and a night of it under the strategy with an experiment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "LOANS_A_PARTITION", 500)
        book = made(tmp_path_factory.mktemp("diff") / "book", 1_500)
        night(book)
    return book


@pytest.fixture(scope="module")
def by_default(book, tmp_path_factory) -> Path:
    """The same book with a night under the shipped strategy."""
    other = copied(book, tmp_path_factory.mktemp("default") / "other", "nights")
    (other.parent / "strategy.yaml").write_text(default_strategy_text(), encoding="utf-8")
    night(other)
    return other


@pytest.fixture(scope="module")
def difference(book) -> Difference:
    return diff_of(book, default_strategy_text(), strategy_text(), AS_OF, KNOWN)


def test_between_a_strategy_and_itself_there_is_no_difference(book):
    found = diff_of(book, strategy_text(), strategy_text(), AS_OF, KNOWN)
    assert len(found.loans) == 0 and found.late_loans == len(decisions(book))
    assert (found.moved["before"] == found.moved["after"]).all() and found.moved["people"].sum() == len(table(book, "worklist"))
    assert sums(found.before) == sums(found.after)


def test_what_the_book_is_stays_as_it_was(book):
    before = files_of(book)
    diff_of(book, default_strategy_text(), strategy_text(), AS_OF, KNOWN)
    assert {name: content for name, content in files_of(book).items() if not name.endswith(".lock")} == {name: content for name, content in before.items() if not name.endswith(".lock")}


def test_the_loans_that_change_are_those_whose_decisions_two_nights_take_otherwise(book, by_default, difference):
    then, now = ({row["loan_id"]: row for row in decisions(one).iter_rows(named=True)} for one in (by_default, book))
    expected = {loan for loan in then if any(then[loan][name] != now[loan][name] for name in COLUMNS)}
    assert set(difference.loans["loan_id"]) == expected and len(expected) > 10 and difference.late_loans == len(then) == len(now)
    for row in difference.loans.iter_rows(named=True):
        assert all((row[f"{name}_before"], row[f"{name}_after"]) == (then[row["loan_id"]][name], now[row["loan_id"]][name]) for name in COLUMNS)


def test_people_by_treatment_before_and_after_are_those_of_two_nights(book, by_default, difference):
    then, now = ({(row["borrower_id"], row["currency"]): row for row in table(one, "worklist").iter_rows(named=True)} for one in (by_default, book))
    people, claims = Counter(), Counter()
    for key in then.keys() | now.keys():
        side = tuple(nights[key]["treatment"] if key in nights else None for nights in (then, now))
        people[(key[1], *side)] += 1
        claims[(key[1], *side)] += (then.get(key) or now[key])["claimable_minor"]
    assert {row[:3]: row[3] for row in difference.moved.select("currency", "before", "after", "people").iter_rows()} == people
    assert {row[:3]: row[3] for row in difference.moved.select("currency", "before", "after", "claimable_minor").iter_rows()} == claims


def test_the_sums_of_each_side_are_those_of_its_night(book, by_default, difference):
    for side, home, text in ((difference.before, by_default, default_strategy_text()), (difference.after, book, strategy_text())):
        of = {one.name: one for one in strategy_from(text).treatments}
        chosen = [of[name] for name in table(home, "worklist")["treatment"]]
        found = sums(side)
        assert found["contacts"] == sum(one.channel is not None for one in chosen) and found["minutes"] == sum(one.minutes for one in chosen)
        assert found["cost_minor"] == sum(one.cost_minor for one in chosen) == sum(row["cost"] for row in found["expected"].values())
        assert found["complaints_millionths"] == sum(side.strategy.expected.complaints_per_million.get(one.name, 0) for one in chosen)


def test_the_loans_that_change_are_written_as_they_are(difference, tmp_path):
    assert store.read_columns(write_loans(difference, tmp_path / "out")).equals(difference.loans)
    assert difference.loans["loan_id"].is_sorted() and pl.Series(difference.loans.columns).is_unique().all()


def test_a_strategy_that_names_a_bucket_there_is_not_is_refused(book):
    with pytest.raises(BadYaml, match="no bucket 'M9'"):
        diff_of(book, default_strategy_text(), default_strategy_text().replace("bucket: M6+}", "bucket: M9}"), AS_OF, KNOWN)
