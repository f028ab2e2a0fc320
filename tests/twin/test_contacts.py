"""Made-up contacts: the same bytes every time, with late people only, none beyond what law and the shipped policy allow, answered as the hidden truth says."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from arrears.tables.contacts import CONTACTS
from arrears.twin.people import answer_probability
from twin.made_blocks import AS_OF, whole_block

MONTH_AGO = AS_OF - timedelta(days=30)


@pytest.fixture(scope="module")
def made():
    return whole_block(6_000, 5)


@pytest.fixture(scope="module")
def many():
    return whole_block(40_000, 3)


def local(contacts: pl.DataFrame) -> pl.DataFrame:
    at = pl.col("attempted_at").dt.convert_time_zone("Asia/Shanghai")
    return contacts.with_columns(day=at.dt.date(), hour=at.dt.hour())


def test_they_have_the_columns_of_the_table_and_a_name_each(made):
    contacts = made[1]["contacts"]
    assert contacts.schema == CONTACTS.schema and len(contacts) > 300
    assert contacts["contact_id"].is_unique().all()


def test_the_same_arguments_give_the_same_rows_and_another_seed_others(made):
    assert whole_block(6_000, 5)[1]["contacts"].equals(made[1]["contacts"])
    assert not whole_block(6_000, 6)[1]["contacts"].equals(made[1]["contacts"])


def test_only_people_with_something_due_and_unpaid_were_contacted(made):
    tables = made[1]
    due = tables["instalments"].filter(pl.col("due_on") < AS_OF).group_by("loan_id").len()
    owing = tables["loans"].join(due, on="loan_id")["borrower_id"].unique()
    assert set(tables["contacts"]["borrower_id"]) <= set(owing)


def test_whoever_was_contacted_before_the_last_month_was_late_on_that_day(made):
    """By a plain walk over each person's instalments and payments, loan by loan."""
    tables = made[1]
    latest = tables["instalments"].filter(pl.col("recorded_at") == pl.col("recorded_at").max().over("loan_id"))
    due = {loan: rows for (loan,), rows in latest.with_columns(
        owed=pl.sum_horizontal("principal_minor", "interest_minor", "fee_minor")).group_by("loan_id")}
    paid = {loan: rows for (loan,), rows in tables["payments"].filter(pl.col("reverses").is_null()).group_by("loan_id")}
    own = {who: rows["loan_id"].unique().to_list() for (who,), rows in tables["loans"].group_by("borrower_id")}
    rows = local(tables["contacts"]).filter(pl.col("day") < MONTH_AGO)
    assert len(rows) > 1_000
    for who, day in rows.select("borrower_id", "day").head(300).iter_rows():
        behind = False
        for loan in own[who]:
            owed = due[loan].filter(pl.col("due_on") < day - timedelta(days=3))["owed"].sum()
            got = paid[loan].filter(pl.col("paid_on") <= day)["amount_minor"].sum() if loan in paid else 0
            behind = behind or owed > got
        assert behind, f"{who} was contacted on {day}, and owed nothing late"


def test_none_lies_beyond_the_day_the_hours_or_the_caps(made):
    rows = local(made[1]["contacts"])
    assert rows["day"].max() <= AS_OF and (AS_OF - rows["day"].min()).days <= 180
    assert rows["hour"].is_between(9, 19).all()
    recent, earlier = rows.filter(pl.col("day") >= MONTH_AGO), rows.filter(pl.col("day") < MONTH_AGO)
    most = {(name, by): recent.filter(pl.col("channel") == name).group_by("borrower_id", *(["day"] if by else [])).len()["len"].max()
            for name in ("sms", "call", "visit") for by in (False, True)}
    assert most == {("sms", True): 3, ("sms", False): 10, ("call", True): 1, ("call", False): 4, ("visit", True): 1, ("visit", False): 2}
    assert earlier.group_by("borrower_id", "channel", "day").len()["len"].max() == 1
    in_thirty = earlier.filter(pl.col("channel") == "visit").sort("day").rolling("day", period="30d", group_by="borrower_id").agg(pl.len())
    assert in_thirty["len"].max() <= 2


def test_nobody_was_contacted_again_once_held_until_the_last_month(many):
    tables = many[1]
    held = tables["holds"].join(tables["loans"].unique("loan_id"), on="loan_id").group_by("borrower_id").agg(pl.col("placed_on").min())
    earlier = local(tables["contacts"]).filter(pl.col("day") < MONTH_AGO).join(held, on="borrower_id")
    assert len(earlier) > 0 and (earlier["day"] < earlier["placed_on"]).all()


def test_calls_are_answered_as_often_as_the_hidden_truth_says(many):
    """The shares of calls that reached the debtor stand to each other as the factors of hour and reachability do."""
    block, tables = many
    who = pl.DataFrame({"borrower_id": tables["borrowers"]["borrower_id"], "kind": tables["borrowers"]["kind"]}).with_columns(
        reachability=pl.Series(block.people.reachability[np.unique(block.contracts.borrower)]))
    calls = local(tables["contacts"]).filter((pl.col("channel") == "call") & (pl.col("day") < MONTH_AGO)).join(who, on="borrower_id")
    calls = calls.with_columns(is_reached=(pl.col("outcome") == "answered") & (pl.col("relation") == "debtor"))
    share = dict(calls.group_by(pl.col("hour") >= 18).agg(pl.col("is_reached").filter(pl.col("kind") == "person").mean()).iter_rows())
    assert share[True] / share[False] == pytest.approx(1.45 / ((3 * 0.75 + 2 * 1.0 + 3 * 0.8 + 1.15) / 9), rel=0.10), "persons answer in the evening"
    early = dict(calls.group_by(pl.col("hour") < 12).agg(pl.col("is_reached").filter(pl.col("kind") == "sole_trader").mean()).iter_rows())
    assert early[True] > 1.4 * early[False], "traders answer in the morning"
    ready = calls.group_by(pl.col("reachability") > 0.5).agg(pl.col("is_reached").mean()).sort("reachability")["is_reached"]
    assert ready[1] / ready[0] == pytest.approx(1.3 / 0.7, rel=0.10)
    assert 0.15 <= calls["is_reached"].mean() <= 0.35
    answered = calls.filter(pl.col("outcome") == "answered")
    assert 0.5 <= answered["is_reached"].mean() <= 0.8, "half to four fifths of answers are the debtor's"


@pytest.mark.parametrize(("kind", "best", "worst"), [(0, 18, 9), (1, 9, 18), (2, 10, 19)])
def test_how_likely_one_answers_grows_with_reachability_falls_with_lateness_and_has_its_hours(kind, best, worst):
    hours, ready = np.arange(24), np.linspace(0, 1, 11)
    by_hour = answer_probability(np.full(24, kind), np.full(24, 0.5), hours, np.full(24, 10))
    assert by_hour[best] == by_hour[9:20].max() and by_hour[worst] == by_hour[9:20].min()
    by_person = answer_probability(np.full(11, kind), ready, np.full(11, 10), np.full(11, 10))
    assert (np.diff(by_person) > 0).all()
    by_days = answer_probability(np.full(3, kind), np.full(3, 0.5), np.full(3, 10), np.array([30, 31, 61]))
    assert (np.diff(by_days) < 0).all() and 0 < by_days.min()
    assert answer_probability(np.array([0]), np.array([1.0]), np.array([19]), np.array([1]))[0] == pytest.approx(0.30 * 1.6 * 1.45)


def test_a_book_of_another_day_is_contacted_up_to_that_day():
    day = date(2024, 2, 29)
    rows = local(whole_block(3_000, 8, day)[1]["contacts"])
    assert rows["day"].max() <= day and (day - rows["day"].min()).days <= 180
