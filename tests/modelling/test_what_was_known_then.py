"""Samples of applications and contacts hold what was known then, not what is known today."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from arrears.days import microseconds_of
from arrears.modelling.history import book_samples
from arrears.scoring.families import TARGETS
from arrears.store import book_at
from plain_books import loan, payment, schedule, write_rows
from scoring.scored_books import contact, rich_book

AS_OF = date(2027, 12, 31)
LATE = datetime(2026, 9, 1, tzinfo=UTC)
NOW = microseconds_of(datetime(2028, 1, 1, tzinfo=UTC))


def sample_rows(folder, book: dict, model: str) -> pl.DataFrame:
    (sample,) = book_samples(book_at(write_rows(folder / "book", book)), (TARGETS[model],), AS_OF, NOW, 6, 10**6, 1)
    return sample.rows.sort(sample.rows.columns)


def plain_book() -> dict:
    book = rich_book()
    book["loans"].append(loan("L7", borrower_id="B1", disbursed_on=date(2026, 3, 20)))
    book["instalments"] += schedule("L7")
    return book


def test_every_loan_and_every_attempt_is_in_the_sample_once(tmp_path):
    applications = sample_rows(tmp_path / "a", plain_book(), "application")
    assert sorted(applications["principal"].to_list()) == [10_000] * 5 and sorted(applications["person"].to_list()) == ["B1", "B1", "B1", "B2", "B3"]
    book = plain_book()
    days = [date(2026, 2, 1) + timedelta(days=15 * step) for step in range(9)]
    book["contacts"] = [contact(f"C{place}", "B1", datetime(day.year, day.month, day.day, 2, tzinfo=UTC)) for place, day in enumerate(days)]
    assert sorted(sample_rows(tmp_path / "b", book, "contact")["when"].to_list()) == days


def test_a_schedule_and_terms_of_later_are_not_those_of_the_approval(tmp_path):
    before = sample_rows(tmp_path / "before", plain_book(), "application")
    book = plain_book()
    book["loans"].append(loan("L7", borrower_id="B1", disbursed_on=date(2026, 3, 20), restructured_on=date(2026, 8, 30), annual_rate_ppm=1, recorded_at=LATE))
    book["instalments"] += [{**row, "number": row["number"] + part, "principal_minor": 125_000, "recorded_at": LATE}
                            for row in schedule("L7") for part in (0, 4)]
    book["borrowers"].append({"borrower_id": "B1", "kind": "enterprise", "region": None, "industry": "retail", "recorded_at": LATE})
    book["guarantors"].append({"loan_id": "L7", "guarantor_id": "B3", "limit_minor": None, "recorded_at": LATE})
    book["payments"].append(payment("P9", "L1", date(2026, 3, 12), 262_000, recorded_at=LATE))
    after = sample_rows(tmp_path / "after", book, "application")
    told = ["outcome", "region", "sex", "age_band"]
    assert_frame_equal(after.drop(told, strict=False), before.drop(told, strict=False), check_exact=True)


@pytest.mark.parametrize("table, row", [
    ("payments", payment("P9", "L1", date(2026, 4, 10), 500_000, recorded_at=LATE)),
    ("contacts", contact("C9", "B1", datetime(2026, 4, 10, 2, tzinfo=UTC), direction="inbound", recorded_at=LATE)),
])
def test_what_was_recorded_long_after_an_attempt_is_not_in_its_row(tmp_path, table, row):
    before = sample_rows(tmp_path / "before", rich_book(), "contact")
    book = rich_book()
    book[table] = [*book[table], row]
    assert_frame_equal(sample_rows(tmp_path / "after", book, "contact"), before, check_exact=True)
    row["recorded_at"] = datetime(2026, 4, 11, tzinfo=UTC)
    assert not sample_rows(tmp_path / "known", book, "contact").equals(before), "recorded in time, it shows"


def test_a_loan_that_the_book_learnt_of_late_is_taken_as_it_was_first_known(tmp_path):
    book = plain_book()
    book["loans"][-1]["recorded_at"] = LATE
    book["instalments"] = [{**row, "recorded_at": LATE} if row["loan_id"] == "L7" else row for row in book["instalments"]]
    assert len(sample_rows(tmp_path, book, "application")) == 5
