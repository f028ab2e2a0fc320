"""One person scored again after something happened: exactly what a night says once it is written in the book."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from arrears.delinquency.buckets import read_buckets
from arrears.law.caps import read_law
from arrears.refusal import Refused
from arrears.rescore import KINDS, Happened, person_of, rescore, with_happened
from arrears.scoring.contact_features import contact_features, possible_attempts
from arrears.scoring.loan_features import SHANGHAI, loan_features
from arrears.scoring.score import Scores, score
from arrears.tables.facts import Facts
from plain_books import AS_OF, payment
from scoring.hand_made_models import hand_made
from scoring.scored_books import NIGHT, assessed, contact, event, features_of, known, promise, rich_book

AT = datetime(2026, 4, 30, 9, 30, tzinfo=UTC)
MODELS = ("behaviour_miss", "behaviour_late30", "collection_cure", "collection_self_cure", "collection_roll", "collection_promise", "contact")
WRITTEN = {
    "payment of an instalment": ("payments", payment("N", "L1", AS_OF, 262_000, recorded_at=AT), Happened("payment", AS_OF, AT, "L1", 262_000)),
    "payment of a part": ("payments", payment("N", "L1", AS_OF, 1, recorded_at=AT), Happened("payment", AS_OF, AT, "L1", 1)),
    "payment of all": ("payments", payment("N", "L1", AS_OF, 2_000_000, recorded_at=AT), Happened("payment", AS_OF, AT, "L1", 2_000_000)),
    "payment of days ago": ("payments", payment("N", "L1", date(2026, 3, 1), 50_000, recorded_at=AT), Happened("payment", date(2026, 3, 1), AT, "L1", 50_000)),
    "payment before one that was reversed": ("payments", payment("N", "L3", date(2026, 2, 1), 90_000, recorded_at=AT), Happened("payment", date(2026, 2, 1), AT, "L3", 90_000)),
    "payment of who paid nothing": ("payments", payment("N", "L4", AS_OF, 100_000, recorded_at=AT), Happened("payment", AS_OF, AT, "L4", 100_000)),
    "promise": ("promises", promise("N", "L1", AS_OF, date(2026, 5, 10), 80_000, recorded_at=AT), Happened("promise", AS_OF, AT, "L1", 80_000, date(2026, 5, 10))),
    "first promise": ("promises", promise("N", "L4", AS_OF, date(2026, 5, 10), 80_000, recorded_at=AT), Happened("promise", AS_OF, AT, "L4", 80_000, date(2026, 5, 10))),
    "promise of the other loan": ("promises", promise("N", "L2", AS_OF, date(2026, 5, 3), 5_000, recorded_at=AT), Happened("promise", AS_OF, AT, "L2", 5_000, date(2026, 5, 3))),
    "answered call": ("contacts", contact("N", "B1", AT), Happened("contact", AS_OF, AT, channel="call", outcome="answered")),
    "call about a loan, not answered": ("contacts", contact("N", "B1", AT, "no_answer", loan_id="L1"), Happened("contact", AS_OF, AT, "L1", channel="call", outcome="no_answer")),
    "first contact": ("contacts", contact("N", "B2", AT, "delivered", "sms"), Happened("contact", AS_OF, AT, channel="sms", outcome="delivered")),
    "failed debit": ("events", event("N", "B1", "failed_debit", AT), Happened("failed_debit", AS_OF, AT)),
    "first failed debit": ("events", event("N", "B2", "failed_debit", AT), Happened("failed_debit", AS_OF, AT)),
    "log-in": ("events", event("N", "B1", "log_in", AT), Happened("log_in", AS_OF, AT)),
    "returned message": ("events", event("N", "B3", "message_returned", AT), Happened("message_returned", AS_OF, AT)),
}
OWNER = {"L1": "B1", "L2": "B1", "L3": "B2", "L4": "B3"}


def borrower_of(row: dict) -> str:
    return row.get("borrower_id") or OWNER[row["loan_id"]]


@pytest.fixture(scope="module")
def facts() -> Facts:
    """What was known before any of it."""
    return known(rich_book(), NIGHT)


@pytest.fixture(scope="module")
def models(facts) -> dict:
    rows = features_of(facts)
    attempts = possible_attempts(facts.loans["borrower_id"].unique().sort(), ("call",), tuple(range(8, 21)), date(2026, 5, 1), SHANGHAI)
    return {name: hand_made(name, rows if name != "contact" else contact_features(facts, attempts, SHANGHAI)) for name in MODELS}


@cache
def with_row_of(what: str) -> Facts:
    """The facts with the row written into the book's plain file."""
    book, (table, row, _) = rich_book(), WRITTEN[what]
    return known({**book, table: [*book.get(table, []), row]}, NIGHT)


def night_of(facts: Facts, models: dict, borrower: str) -> Scores:
    """What the night says of the borrower, out of the whole book."""
    whole = assessed(facts)
    said = score(whole.positions, whole.loans, facts, models, AS_OF, read_buckets().names[-1])
    return Scores(said.loans.filter(pl.col("borrower_id") == borrower), said.reach.filter(pl.col("borrower_id") == borrower))


def again(facts: Facts, borrower: str, happened: tuple, models: dict) -> Scores:
    return rescore(person_of(facts, borrower), happened, read_law(), read_buckets(), models, AS_OF)


def in_order(scores: Scores) -> pl.DataFrame:
    return scores.loans.sort("loan_id", "model")


@pytest.mark.parametrize("what", WRITTEN)
def test_an_event_gives_to_the_last_bit_what_the_night_gives_once_it_is_written_in_the_book(facts, models, what):
    _, row, happened = WRITTEN[what]
    borrower = borrower_of(row)
    written = with_row_of(what)
    night, said = night_of(written, models, borrower), again(facts, borrower, (happened,), models)
    assert len(night.loans) > 0
    assert_frame_equal(in_order(said), in_order(night), check_exact=True)
    assert_frame_equal(said.reach, night.reach, check_exact=True)


@pytest.mark.parametrize("what", WRITTEN)
def test_every_feature_of_the_person_is_that_of_the_book_with_the_row_in_it(facts, what):
    _, row, happened = WRITTEN[what]
    borrower = borrower_of(row)
    person = with_happened(person_of(facts, borrower), happened)
    found = assessed(person)
    told = loan_features(person, found.positions, found.loans, AS_OF).sort("loan_id")
    whole = features_of(with_row_of(what))
    assert_frame_equal(told, whole.filter(pl.col("borrower_id") == borrower).sort("loan_id").select(told.columns), check_exact=True)


@pytest.mark.parametrize("what", ["payment of an instalment", "promise", "answered call", "failed debit", "log-in", "returned message"])
def test_an_event_of_every_kind_changes_what_is_said(facts, models, what):
    _, row, happened = WRITTEN[what]
    before, after = again(facts, borrower_of(row), (), models), again(facts, borrower_of(row), (happened,), models)
    assert not in_order(before).equals(in_order(after)) or not before.reach.equals(after.reach)


def test_without_an_event_the_night_says_the_same(facts, models):
    for borrower in ("B1", "B2", "B3"):
        assert_frame_equal(in_order(again(facts, borrower, (), models)), in_order(night_of(facts, models, borrower)), check_exact=True)


def test_several_events_count_together_whatever_their_order(facts, models):
    names = ("payment of a part", "promise", "answered call", "failed debit", "log-in")
    book = rich_book()
    for name in names:
        table, row, _ = WRITTEN[name]
        book[table] = [*book[table], {**row, next(key for key in row if key.endswith("_id") and row[key] == "N"): f"N {name}"}]
    night = in_order(night_of(known(book, NIGHT), models, "B1"))
    happened = tuple(WRITTEN[name][2] for name in names)
    for order in (happened, happened[::-1]):
        assert_frame_equal(in_order(again(facts, "B1", order, models)), night, check_exact=True)


def test_the_facts_of_the_person_are_left_as_they_were(facts, models):
    person = person_of(facts, "B1")
    before = {table: getattr(person, table).clone() for table in ("payments", "promises", "contacts", "events", "reversals")}
    for _, _, happened in list(WRITTEN.values())[:4]:
        with_happened(person, happened)
    assert all(getattr(person, table).equals(frame) for table, frame in before.items())


def test_a_book_without_promises_contacts_and_events_can_learn_of_the_first_ones(models):
    bare = {table: rows for table, rows in rich_book().items() if table not in ("promises", "contacts", "events")}
    for what in ("promise", "answered call", "log-in"):
        table, row, happened = WRITTEN[what]
        night = night_of(known({**bare, table: [row]}, NIGHT), models, "B1")
        assert_frame_equal(in_order(again(known(bare, NIGHT), "B1", (happened,), models)), in_order(night), check_exact=True)


@pytest.mark.parametrize(("happened", "said"), [
    (Happened("moved", AS_OF, AT), f"kind 'moved' is not known; known are {', '.join(KINDS)}"),
    (Happened("payment", AS_OF, AT, "L9", 1), "names the loan L9, which is none of this person's: L1, L2"),
    (Happened("payment", AS_OF, AT, "L4", 1), "names the loan L4, which is none of this person's"),
    (Happened("payment", AS_OF, AT), "kind payment needs loan_id, amount_minor"), (Happened("payment", AS_OF, AT, "L1"), "needs amount_minor"),
    (Happened("payment", AS_OF, AT, "L1", 0), "amount_minor of the payment is 0"), (Happened("payment", AS_OF, AT, "L1", -5), "is -5; it is at least 1"),
    (Happened("promise", AS_OF, AT, "L1", 1), "kind promise needs pay_by_on"), (Happened("promise", AS_OF, AT, "L1", 0, AS_OF), "amount_minor of the promise is 0"),
    (Happened("contact", AS_OF, AT), "kind contact needs channel, outcome"), (Happened("contact", AS_OF, AT, channel="call"), "needs outcome"),
    (Happened("contact", AS_OF, AT, channel="pigeon", outcome="answered"), "channel"), (Happened("contact", AS_OF, AT, channel="call", outcome="eaten"), "outcome"),
    (Happened("contact", AS_OF, AT, "L9", channel="call", outcome="answered"), "names the loan L9"),
    (Happened("failed_debit", AS_OF, AT, "L9"), "names the loan L9"),
    (Happened("promise", AS_OF, AT, "L1", 5, date(2026, 4, 29)), "pay_by_on"),
    (Happened("payment", date(2026, 5, 1), AT, "L1", 5), "after"),
    (Happened("payment", date(2026, 1, 9), AT, "L1", 5), "before"),
])
def test_an_event_that_is_not_as_it_should_be_is_refused(facts, models, happened, said):
    with pytest.raises(Refused) as problem:
        again(facts, "B1", (happened,), models)
    assert said in problem.value.en and problem.value.zh


def test_a_person_without_a_loan_is_refused(facts):
    with pytest.raises(Refused, match="there is no loan of the borrower B9"):
        person_of(facts, "B9")
    assert replace(person_of(facts, "B3")).loans["loan_id"].to_list() == ["L4"]
