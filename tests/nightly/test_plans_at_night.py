"""A plan across nights: while it is kept nobody collects on its loan, days past due run on as without it, and its loan keeps at least the class of a restructured one for the time of observation."""

from datetime import date
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import polars as pl
import pytest

from delinquency.test_conduct import plan
from plain_books import arrears, loan, payment, schedule, write_rows

AGREED, KEPT_NIGHT, BROKEN_NIGHT = date(2026, 4, 15), date(2026, 4, 30), date(2026, 5, 11)
DUES = [(date(2026, 4, 25), 10_000), (date(2026, 5, 10), 10_000), (date(2026, 6, 10), 400_000)]


def paid_off(loan_id: str, place: int) -> list[dict]:
    """Every instalment on its day."""
    return [payment(f"F{place}-{number}", loan_id, date(2026, 1 + number, 10), 262_000) for number in range(1, 4)]


@cache
def nights() -> Path:
    """Two loans alike but for a plan; two paid as agreed, of which one had a plan; two nights, before and after a part was missed."""
    names = ("IN-PLAN", "WITHOUT", "CURED", "CLEAN", "ENDED")
    book = {
        "loans": [loan(name) for name in names], "instalments": [row for name in names for row in schedule(name)],
        "payments": [payment("P1", "IN-PLAN", date(2026, 4, 20), 10_000), payment("P2", "WITHOUT", date(2026, 4, 20), 10_000), payment("P3", "ENDED", date(2026, 4, 20), 10_000), *paid_off("CURED", 1), *paid_off("CLEAN", 2)],
        "plans": [*plan("N1", "IN-PLAN", AGREED, DUES), *plan("N2", "CURED", date(2026, 2, 1), [(date(2026, 2, 20), 1)]), *plan("N3", "ENDED", AGREED, DUES, date(2026, 4, 28))],
    }
    folder = write_rows(Path(mkdtemp(prefix="plans-")) / "book", book)
    for night in (KEPT_NIGHT, BROKEN_NIGHT):
        ran = arrears("night", "--book", folder, "--as-of", night)
        assert ran.status == 0, ran.error
    return folder


def told(night: date, what: str) -> dict[str, dict]:
    rows = pl.concat([pl.read_parquet(path) for path in sorted((nights() / "nights" / str(night) / what).glob("p*.parquet"))])
    return {row["loan_id"]: row for row in rows.iter_rows(named=True)}


def reasons(night: date) -> dict[str, tuple[str, str]]:
    """By loan why the worklist proposes what it does."""
    rows = pl.read_parquet(nights() / "nights" / str(night) / "worklist.parquet")
    return {row["loan_id"]: (row["reason_zh"], row["reason_en"]) for row in rows.iter_rows(named=True)}


def test_while_the_plan_is_kept_its_loan_is_left_alone_and_the_reason_says_so():
    decided, why = told(KEPT_NIGHT, "decisions"), reasons(KEPT_NIGHT)
    assert decided["IN-PLAN"]["treatment"] == "leave_alone" and why["IN-PLAN"][0].endswith("；还款方案正在履行，不催收") and why["IN-PLAN"][1].endswith("; a plan for this loan is being kept, so nobody collects")
    for other in ("WITHOUT", "ENDED"):
        assert decided[other]["treatment"] != "leave_alone" and "还款方案" not in why[other][0], other
    assert decided["IN-PLAN"]["rule"] == decided["WITHOUT"]["rule"]


def test_a_missed_part_brings_the_loan_back():
    decided = told(BROKEN_NIGHT, "decisions")
    assert decided["IN-PLAN"]["treatment"] == decided["WITHOUT"]["treatment"] != "leave_alone" and "还款方案" not in reasons(BROKEN_NIGHT)["IN-PLAN"][0]


@pytest.mark.parametrize("night", [KEPT_NIGHT, BROKEN_NIGHT])
def test_a_plan_never_changes_days_past_due_nor_what_is_due(night):
    of = told(night, "positions")
    alike = ("days_past_due", "bucket", "due_total_minor", "claimable_minor", "penalty_minor", "asset_class")
    assert [of["IN-PLAN"][name] for name in alike] == [of["WITHOUT"][name] for name in alike] and of["IN-PLAN"]["days_past_due"] > 60


def test_a_loan_that_had_a_plan_keeps_at_least_the_class_of_a_restructured_one_though_nothing_is_overdue():
    of = told(KEPT_NIGHT, "positions")
    assert of["CURED"]["days_past_due"] == of["CLEAN"]["days_past_due"] == 0 and (of["CURED"]["asset_class"], of["CLEAN"]["asset_class"]) == ("关注", "正常")


def test_it_is_observed_for_365_days_from_the_day_it_was_agreed_and_a_later_restructuring_of_the_book_counts_on():
    from arrears.delinquency.assess import assess
    from arrears.delinquency.buckets import read_buckets
    from arrears.law.caps import read_law
    from scoring.scored_books import known

    def class_on(as_of: date, restructured_on: date | None = None) -> str:
        whole = {"loans": [loan("L", restructured_on=restructured_on)], "instalments": schedule("L"), "payments": [payment(f"P{number}", "L", date(2026, 1 + number, 10), 262_000) for number in range(1, 5)],
                 "plans": plan("N", "L", date(2026, 3, 1), [(date(2026, 3, 20), 1)])}
        return assess(known(whole), read_law(), read_buckets(), as_of).positions["asset_class"][0]

    assert (class_on(date(2026, 2, 28)), class_on(date(2026, 3, 1)), class_on(date(2027, 3, 1)), class_on(date(2027, 3, 2))) == ("正常", "关注", "关注", "正常")
    assert class_on(date(2027, 3, 2), date(2026, 4, 1)) == "关注" and class_on(date(2027, 4, 2), date(2026, 4, 1)) == "正常"
