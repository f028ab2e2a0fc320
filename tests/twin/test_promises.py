"""Made-up promises: on loans there are, after calls that reached the debtor, and kept as often as the settings say."""

from datetime import timedelta

import polars as pl
import pytest

from twin.made_blocks import AS_OF, whole_block


@pytest.fixture(scope="module")
def tables():
    return whole_block(50_000, 2)[1]


def test_each_follows_a_call_that_reached_the_debtor_of_its_loan_that_day(tables):
    promises, contacts = tables["promises"], tables["contacts"]
    owner = tables["loans"].unique("loan_id").select("loan_id", "borrower_id")
    joined = promises.join(owner, on="loan_id")
    assert len(joined) == len(promises) > 1_000 and promises["promise_id"].is_unique().all()
    reached = contacts.filter((pl.col("channel") == "call") & (pl.col("outcome") == "answered") & (pl.col("relation") == "debtor")).with_columns(
        promised_on=pl.col("attempted_at").dt.convert_time_zone("Asia/Shanghai").dt.date())
    assert joined.join(reached, on=["borrower_id", "promised_on"], how="anti").is_empty()
    assert 0.20 <= len(promises) / len(reached) <= 0.45


def test_they_are_dated_by_as_of_and_to_be_kept_after_they_were_given(tables):
    promises = tables["promises"]
    assert (promises["promised_on"] <= AS_OF).all() and (promises["recorded_at"].dt.date() <= AS_OF).all()
    assert (promises["pay_by_on"] > promises["promised_on"]).all()
    assert (promises["pay_by_on"] <= promises["promised_on"] + timedelta(days=16 + 7)).all(), "16 days, and a week more where the last call lies some days back"
    assert (promises["amount_minor"] >= 1).all()


def test_so_many_are_kept_as_the_settings_say_and_those_of_the_last_days_are_open(tables):
    """Kept: what was paid after the day of the promise and by the day named is at least what was promised."""
    promises = tables["promises"]
    paid = tables["payments"].filter(pl.col("reverses").is_null()).unique("payment_id").select("loan_id", "paid_on", paid="amount_minor")
    over = promises.filter(pl.col("pay_by_on") <= AS_OF)
    within = over.join(paid, on="loan_id").filter((pl.col("paid_on") >= pl.col("promised_on")) & (pl.col("paid_on") <= pl.col("pay_by_on")))
    sums = within.group_by("promise_id").agg(pl.col("paid").sum())
    kept = over.join(sums, on="promise_id", how="left").select((pl.col("paid").fill_null(0) >= pl.col("amount_minor")).mean()).item()
    assert 0.45 <= kept <= 0.70
    assert (over["promised_on"] < AS_OF - timedelta(days=30)).all(), "who kept one of the last month is late no more, so only open ones are seen"


def test_the_same_arguments_give_the_same_promises():
    assert whole_block(3_000, 4)[1]["promises"].equals(whole_block(3_000, 4)[1]["promises"])
