"""Made-up placements: one hand at a time, stage by stage, with whoever was there, and told as they became known."""

from datetime import date, timedelta

import polars as pl
import pytest

from arrears.tables.placements import PLACEMENTS
from arrears.twin.roster import AGENCIES, LEFT_DAYS_AGO, members_of
from twin.made_blocks import AS_OF, whole_block

MEMBERS = {one.name: one for one in members_of(30_000, 2, AS_OF)}
FIRMS = {name for name, _ in AGENCIES}


@pytest.fixture(scope="module")
def tables():
    return whole_block(30_000, 2)[1]


@pytest.fixture(scope="module")
def last(tables) -> pl.DataFrame:
    """Each placement as the book says it last."""
    return tables["placements"].sort("recorded_at").unique("placement_id", keep="last").sort("borrower_id", "placed_on")


def test_each_is_of_a_borrower_and_of_somebody_of_the_roster_who_was_there(tables, last):
    assert tables["placements"].schema == PLACEMENTS.schema and len(last) > 1_000
    assert set(last["borrower_id"]) <= set(tables["borrowers"]["borrower_id"]) and set(last["held_by"]) <= set(MEMBERS) | FIRMS
    for held_by, placed_on, returned_on in last.select("held_by", "placed_on", "returned_on").iter_rows():
        if held_by in MEMBERS:
            one = MEMBERS[held_by]
            assert one.works_from <= placed_on and one.products is None
            assert one.left_on is None or (placed_on < one.left_on and returned_on is not None and returned_on <= one.left_on)
        else:
            assert placed_on >= AS_OF - timedelta(days=300), "within the agency's contract"


def test_nobody_is_with_two_at_once_and_a_case_goes_on_where_it_left_off(last):
    following = last.with_columns(next_on=pl.col("placed_on").shift(-1).over("borrower_id"))
    apart = following.drop_nulls("next_on")
    assert len(apart) > 500 and apart["returned_on"].null_count() == 0 and (apart["returned_on"] <= apart["next_on"]).all()
    handed = following.filter(pl.col("returned_why").is_in(["idle", "agency", "left"]))
    assert len(handed) > 50 and (handed["returned_on"] == handed["next_on"]).all()
    assert (last["returned_on"] >= last["placed_on"]).drop_nulls().all()


def test_whoever_is_late_has_a_holder_of_the_stage_from_the_fourth_day_on_and_nobody_else_has(tables, last):
    """The oldest unpaid instalment by what was paid in all, by hand: penalty, waivers and debits taken back left aside."""
    held = last.filter(pl.col("returned_on").is_null())
    assert held["borrower_id"].is_unique().all() and (last["placed_on"] <= AS_OF).all()
    latest = tables["instalments"].filter(pl.col("recorded_at") == pl.col("recorded_at").max().over("loan_id")).sort("loan_id", "due_on", "number")
    owed = latest.with_columns(reached=pl.sum_horizontal("principal_minor", "interest_minor", "fee_minor").cum_sum().over("loan_id"))
    paid = tables["payments"].filter(pl.col("reverses").is_null()).group_by("loan_id").agg(paid=pl.col("amount_minor").sum())
    owner = tables["loans"].unique("loan_id").select("loan_id", "borrower_id")
    unpaid = owed.join(paid, on="loan_id", how="left").filter((pl.col("due_on") < AS_OF) & (pl.col("reached") > pl.col("paid").fill_null(0))).join(owner, on="loan_id")
    late = unpaid.group_by("borrower_id").agg(days_late=(AS_OF - pl.col("due_on").min()).dt.total_days())
    both = held.join(late.filter(pl.col("days_late") >= 4), on="borrower_id", how="full", coalesce=True)
    assert both["held_by"].null_count() + both["days_late"].null_count() < 0.01 * len(both), "corrected payments count twice here"
    known = both.drop_nulls(["held_by", "days_late"])
    wrong = known.filter(~(
        (pl.col("held_by").str.starts_with("early-") & pl.col("days_late").is_between(4, 30)) | (pl.col("held_by").str.starts_with("middle-") & pl.col("days_late").is_between(31, 90))
        | ((pl.col("held_by").str.starts_with("late-") | pl.col("held_by").is_in(FIRMS)) & (pl.col("days_late") >= 91))))
    assert len(wrong) < 0.01 * len(known)


def test_agencies_have_three_in_five_of_the_latest_and_their_shares_of_them(last):
    held = last.filter(pl.col("returned_on").is_null())["held_by"]
    firms = held.filter(held.is_in(FIRMS))
    assert len(firms) / len(held.filter(held.is_in(FIRMS) | held.str.starts_with("late-"))) == pytest.approx(0.6, abs=0.05)
    for name, percent in AGENCIES:
        assert firms.eq(name).mean() == pytest.approx(percent / 100, abs=0.05)


def test_whoever_asked_for_a_language_is_with_a_collector_who_speaks_it(tables, last):
    spoken = last.join(tables["borrowers"].drop_nulls("language").select("borrower_id", "language"), on="borrower_id").filter(~pl.col("held_by").is_in(FIRMS))
    assert spoken["language"].n_unique() == 3
    assert all(language in MEMBERS[name].languages for name, language in spoken.select("held_by", "language").iter_rows())


def test_a_placement_is_known_open_from_its_first_day_and_back_from_the_day_it_came_back(tables, last):
    rows = tables["placements"]
    assert rows.select("placement_id", "recorded_at").is_unique().all()
    told = rows.with_columns(on=pl.coalesce("returned_on", "placed_on"))
    assert (told["recorded_at"].dt.date() == told["on"]).all() and (told["on"] <= AS_OF).all()
    first = rows.sort("recorded_at").unique("placement_id", keep="first")
    day = (pl.col("returned_on") == pl.col("placed_on")).fill_null(False)
    assert first.filter(~day)["returned_on"].null_count() == len(first.filter(~day))
    assert (rows["returned_on"].is_null() == rows["returned_why"].is_null()).all() and set(last["returned_why"].drop_nulls()) == {"idle", "left", "agency", "term", "other"}


def test_the_one_who_left_has_nobody_since(last):
    (gone,) = [one for one in MEMBERS.values() if one.left_on is not None]
    assert gone.left_on == AS_OF - timedelta(days=LEFT_DAYS_AGO)
    theirs = last.filter(pl.col("held_by") == gone.name)
    assert theirs["returned_on"].null_count() == 0 and (theirs["returned_on"] <= gone.left_on).all() and theirs["returned_why"].eq("left").any()


def test_the_same_arguments_give_the_same_placements_and_plans():
    first, second = whole_block(3_000, 4)[1], whole_block(3_000, 4)[1]
    assert first["placements"].equals(second["placements"]) and first["plans"].equals(second["plans"])


def test_plans_sum_to_no_more_than_was_owed_are_dated_as_known_and_are_kept_and_given_up(tables):
    plans = tables["plans"]
    assert plans.select("plan_id", "number", "recorded_at").is_unique().all() and (plans["amount_minor"] >= 1).all()
    assert (plans["recorded_at"].dt.date() <= AS_OF).all() and (plans["due_on"] > plans["agreed_on"]).all()
    assert plans.group_by("plan_id").agg(pl.col("loan_id", "agreed_on").n_unique()).select(pl.col("loan_id", "agreed_on").max()).row(0) == (1, 1)
    ended = plans.drop_nulls("ended_on")
    assert (ended["recorded_at"].dt.date() == ended["ended_on"]).all()
    again = ended.join(plans.filter(pl.col("ended_on").is_null()), on=["plan_id", "number"], how="full")
    assert len(ended) and again.filter(pl.col("plan_id").is_not_null()).select(pl.col("plan_id_right", "amount_minor_right").null_count()).row(0) == (0, 0), "replaced whole"
    gaps = plans.filter(pl.col("ended_on").is_null()).unique("plan_id").sort("loan_id", "agreed_on")
    gaps = gaps.with_columns(gap=(pl.col("agreed_on") - pl.col("agreed_on").shift(1).over("loan_id")).dt.total_days())["gap"].drop_nulls()
    assert (gaps >= 90).all()


def test_some_plans_whose_first_day_is_over_are_kept_and_some_are_not(tables):
    """By hand, on the first instalment: what was paid from the day of the plan to that day."""
    first = tables["plans"].filter((pl.col("number") == 1) & pl.col("ended_on").is_null() & (pl.col("due_on") <= AS_OF))
    paid = tables["payments"].filter(pl.col("reverses").is_null()).unique("payment_id").select("loan_id", "paid_on", paid="amount_minor")
    within = first.join(paid, on="loan_id").filter(pl.col("paid_on").is_between(pl.col("agreed_on"), pl.col("due_on"))).group_by("plan_id").agg(pl.col("paid").sum())
    kept = first.join(within, on="plan_id", how="left").select((pl.col("paid").fill_null(0) >= pl.col("amount_minor")).mean()).item()
    assert len(first) > 50 and 0.25 <= kept <= 0.75
    broken = tables["plans"].drop_nulls("ended_on").unique("plan_id")
    assert (broken["ended_on"] < date(2026, 7, 1)).all() and len(broken) > 10
