"""Made-up events: of borrowers there are, not after as_of, failed debits where a payment was taken back, log-ins before payments."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from arrears.tables.events import EVENT_KINDS, EVENTS
from twin.made_blocks import AS_OF, whole_block

END = datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC) + timedelta(days=1)


@pytest.fixture(scope="module")
def tables():
    return whole_block(20_000, 2)[1]


def test_they_have_the_columns_of_the_table_a_name_each_and_a_borrower(tables):
    events = tables["events"]
    assert events.schema == EVENTS.schema and events["event_id"].is_unique().all()
    assert set(events["kind"]) == set(EVENT_KINDS)
    assert set(events["borrower_id"]) <= set(tables["borrowers"]["borrower_id"])
    named = events.drop_nulls("loan_id").join(tables["loans"].unique("loan_id"), on="loan_id", suffix="_of")
    assert len(named) == events["loan_id"].count() > 0 and (named["borrower_id"] == named["borrower_id_of"]).all()


def test_none_happened_or_was_known_after_as_of_and_each_was_known_within_ten_minutes(tables):
    events = tables["events"]
    assert (events["recorded_at"] < END).all()
    lag = events["recorded_at"] - events["happened_at"]
    assert (lag >= timedelta(0)).all() and (lag <= timedelta(minutes=10)).all()


def test_every_reversal_has_one_failed_debit_of_its_day_and_no_other_day_has_one(tables):
    failed = tables["events"].filter(pl.col("kind") == "failed_debit").select("loan_id", day=pl.col("happened_at").dt.date())
    reversals = tables["payments"].filter(pl.col("reverses").is_not_null()).select("loan_id", day="paid_on")
    assert failed.sort("loan_id", "day").equals(reversals.sort("loan_id", "day")) and len(failed) > 0


def test_a_message_that_came_back_was_sent_within_the_hour_before_and_is_not_called_delivered(tables):
    returned = tables["events"].filter(pl.col("kind") == "message_returned").sort("happened_at")
    sent = tables["contacts"].filter((pl.col("channel") == "sms") & (pl.col("outcome") == "unknown")).sort("attempted_at")
    joined = returned.join_asof(sent, left_on="happened_at", right_on="attempted_at", by="borrower_id", tolerance="1h")
    assert len(returned) > 10 and joined["contact_id"].null_count() == 0


def test_payments_follow_log_ins_more_often_than_not_following_them(tables):
    """Of payments of the last 60 days: a log-in in the day before against one in the same hours a week earlier."""
    paid = tables["payments"].filter(pl.col("reverses").is_null() & (pl.col("paid_on") > AS_OF - timedelta(days=60)))
    paid = paid.join(tables["loans"].unique("loan_id").select("loan_id", "borrower_id"), on="loan_id").select("borrower_id", "paid_on").unique()
    logged = tables["events"].filter(pl.col("kind") == "log_in").select("borrower_id", day=pl.col("happened_at").dt.date()).unique()
    share = [paid.with_columns(day=pl.col("paid_on") - pl.duration(days=back)).join(logged, on=["borrower_id", "day"], how="semi").height / paid.height
             for back in (0, 7)]
    assert share[0] > 3 * share[1]
