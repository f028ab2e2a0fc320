"""Made-up contacts: the same bytes every time, with late people only, and none beyond what law and the shipped policy allow."""

from datetime import date

import polars as pl
import pytest

from arrears.tables.contacts import CONTACTS
from arrears.twin.book import blocks
from arrears.twin.contacts import contacts_of

AS_OF = date(2026, 6, 30)


@pytest.fixture(scope="module")
def made() -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    (block,) = blocks(6_000, 5, AS_OF)
    return block, contacts_of(block, 5, 0, AS_OF)


def local(contacts: pl.DataFrame) -> pl.DataFrame:
    at = pl.col("attempted_at").dt.convert_time_zone("Asia/Shanghai")
    return contacts.with_columns(day=at.dt.date(), hour=at.dt.hour())


def test_they_have_the_columns_of_the_table_and_a_name_each(made):
    _, contacts = made
    assert contacts.schema == CONTACTS.schema and len(contacts) > 300
    assert contacts["contact_id"].is_unique().all()


def test_the_same_arguments_give_the_same_rows_and_another_seed_others(made):
    block, contacts = made
    assert contacts_of(block, 5, 0, AS_OF).equals(contacts)
    assert not contacts_of(block, 6, 0, AS_OF).equals(contacts)


def test_only_people_with_something_due_and_unpaid_were_contacted(made):
    block, contacts = made
    due = block["instalments"].filter(pl.col("due_on") < AS_OF).group_by("loan_id").len()
    owing = block["loans"].join(due, on="loan_id")["borrower_id"].unique()
    assert set(contacts["borrower_id"]) <= set(owing)


def test_none_lies_beyond_the_day_the_hours_or_the_caps(made):
    rows = local(made[1])
    assert rows["day"].max() <= AS_OF and (AS_OF - rows["day"].min()).days <= 30
    assert rows["hour"].is_between(10, 19).all()
    counts = {channel: rows.filter(pl.col("channel") == channel) for channel in ("sms", "call", "visit")}
    assert counts["sms"].group_by("borrower_id", "day").len()["len"].max() == 3
    assert counts["sms"].group_by("borrower_id").len()["len"].max() == 10
    assert counts["call"].group_by("borrower_id", "day").len()["len"].max() == 1
    assert counts["visit"].group_by("borrower_id").len()["len"].max() == 2
    assert counts["visit"].group_by("borrower_id", "day").len()["len"].max() == 1
