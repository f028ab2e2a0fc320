"""What must not be moved: offers by what a loan is treated with, strategies by a file named on the side, holders by nights between, refused loans by others."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

import plain_books as plain
from arrears import store, strategy_register
from arrears.allocation.roster_reading import roster_from
from arrears.law.agencies import agencies_from
from arrears.law.lender import lender_from
from arrears.law.packs import shipped_texts
from arrears.nightly.allotting import agency_faults
from arrears.nightly.earlier_nights import held_by
from arrears.nightly.inputs import Deciders
from arrears.strategy.reading import default_strategy_text
from cases_book import ROSTER
from gate_books import LENDER, book_of, people
from nightly.allotted_book import decisions
from plain_books import AS_OF, arrears

ROWS = """rows:
  - {name: firms, when: {product: firm}, treatment: legal_review, reason: {zh: 因, en: why}}
  - {name: others, when: {}, treatment: call, reason: {zh: 因, en: why}}
"""


def night(book: Path, *more: object, day: date = AS_OF) -> dict:
    ran = arrears("night", "--book", book, "--as-of", day, "--json", *more)
    assert ran.status == 0, ran
    return json.loads(ran.out)


POLICY = """
id: l1.spare
title: {zh: 已联系者少联系, en: spare who was called}
message: {zh: 今日已通话, en: there was a call today}
applies_to: {channel: [call, sms]}
when: {contacts_already: {at_least: "2", in_days: "1", channel: [call], direction: [outbound], same: party}}
grounds: [{id: l1.spare, source: operator_policy, article: null, evidence: own, modality: discouraged, from: "2026-01-01"}]
"""


def test_what_is_only_discouraged_is_no_option_of_a_machine_and_one_of_a_collector(tmp_path):
    """B2 was called twice today, so the lender's own rule warns of another call and of an SMS; of B3 and B5 it says nothing."""
    book, row = book_of(tmp_path / "book", people()), "rows:\n  - {name: any, when: {hold: none}, choose: [call, remind_sms, leave_alone], reason: {zh: 因, en: why}}\n"
    (tmp_path / "policy" / "rules").mkdir(parents=True)
    (tmp_path / "policy" / "rules" / "spare.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(default_strategy_text().replace("\nrows:\n", "\n" + row, 1), encoding="utf-8")
    summary = night(book, "--policy", tmp_path / "policy", "--strategy", tmp_path / "mine.yaml")
    assert ("l1.spare", "warn") in {(rule["rule"], rule["verdict"]) for rule in summary["gate"]["rules"]}
    options = dict(store.read_columns(book / "nights" / str(AS_OF) / "worklist.parquet").select("borrower_id", "options").iter_rows())
    assert {name: options[name] for name in ("B2", "B3", "B5")} == {"B2": "call; leave_alone", "B3": "call; remind_sms; leave_alone", "B5": "call; remind_sms; leave_alone"}


@pytest.mark.parametrize("law,faulty", [("cn", {"river"}), ("us", set())])
def test_agencies_are_asked_for_evaluations_under_the_law_that_asks_for_them_alone(law, faulty):
    """River was never evaluated in time for its day."""
    roster = roster_from(ROSTER.replace('evaluated_on: "2026-03-01"', 'evaluated_on: "2020-03-01"'), "roster.yaml")
    lender = replace(lender_from(LENDER), law=law)
    by = Deciders(None, None, lender, None, {}, None, roster, agencies_from(shipped_texts("cn")))
    assert set(agency_faults(by, date(2026, 10, 30))) == faulty and agency_faults(replace(by, roster=None), date(2026, 10, 30)) == {}


def two_loans(folder: Path) -> Path:
    """B1 was called three times today, so no call is lawful; beside the loan to be called about there is another, of a firm."""
    rows = people()
    second = plain.loan("L7", borrower_id="B1") | {"product": "firm"}
    rows["loans"].append(second)
    rows["instalments"] += plain.schedule("L7")
    return book_of(folder / "book", rows)


def test_a_loan_whose_contacts_are_all_refused_has_no_treatment_while_the_persons_other_loan_is_treated(tmp_path):
    book = two_loans(tmp_path)
    (tmp_path / "mine.yaml").write_text(default_strategy_text().replace("\nrows:\n", "\n" + ROWS, 1), encoding="utf-8")
    night(book, "--strategy", tmp_path / "mine.yaml")
    found = {row["loan_id"]: (row["treatment"], row["chosen_by"]) for row in decisions(book, AS_OF).filter(pl.col("borrower_id") == "B1").iter_rows(named=True)}
    assert found == {"L1": (None, None), "L7": ("legal_review", "row")}


def test_a_night_with_a_strategy_of_its_own_is_refused_once_strategies_are_approved_and_diff_still_works(tmp_path):
    book = book_of(tmp_path / "book", people())
    mine = tmp_path / "mine.yaml"
    mine.write_text(default_strategy_text().replace('claimable: "<1000"', 'claimable: "<1001"'), encoding="utf-8")
    night(book, "--strategy", mine)
    home, later = store.book_at(book), AS_OF + timedelta(days=1)
    strategy_register.submit(home, mine.read_text(encoding="utf-8"), "Li Wei", "an idea", 1)
    night(book, "--strategy", mine, "--again")
    strategy_register.approve(home, 1, "Wang Fang", later, "it is good", 2)
    for lang, said in (("en", "arrears strategy diff"), ("zh", "须经批准")):
        ran = arrears("night", "--book", book, "--as-of", later, "--strategy", mine, "--lang", lang)
        assert ran.status == 2 and "--strategy" in ran.error and said in ran.error, ran
    assert not (book / "nights" / str(later)).exists()
    ran = arrears("strategy", "diff", "in-force", mine, "--book", book, "--as-of", later)
    assert ran.status == 0, ran
    assert night(book, day=later)["strategy"]["id"] == "default"


def test_holders_are_those_of_the_latest_night_that_shared_out_however_many_nights_lie_between(tmp_path):
    book = book_of(tmp_path / "book", people())
    days = [AS_OF + timedelta(days=place) for place in range(4)]
    (book / "roster.yaml").write_text(ROSTER.replace("2026-01-01", "2025-01-01"), encoding="utf-8")
    night(book, day=days[0])
    (book / "roster.yaml").unlink()
    for day in days[1:3]:
        night(book, day=day)
        assert not (book / "nights" / str(day) / "assigned.parquet").exists()
    assert held_by(store.book_at(book), days[:3])["night"] == str(days[0]) and held_by(store.book_at(book), days[1:3]) == {}
    (book / "roster.yaml").write_text(ROSTER.replace("2026-01-01", "2025-01-01"), encoding="utf-8")
    night(book, day=days[3])
    run = json.loads((book / "nights" / str(days[3]) / "run.json").read_text(encoding="utf-8"))
    assert run["held"]["night"] == str(days[0])
