"""What became of the rows of a snapshot: the events that models of a book learn, each with which rows could show it.

A snapshot is the book at the end of a day t, as it was known then; later sights are positions at t + 10, t + 20 and so on; payments are
read as they are known now. A row is not eligible where its horizon ends after the last day, or where it left the book.

    received by day d = payments that count at the end of d, as known now, less what the snapshot counted as paid

A payment dated before t that was recorded later is thus received, and a payment that was taken back meanwhile is taken off.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from arrears.days import number_of
from arrears.refusal import Refused
from arrears.scoring.payment_history import received_by
from arrears.scoring.person_features import end_of
from arrears.tables.facts import Facts
from arrears.tables.promises_kept import paid_between, promises_on

NEXT_DUE_WITHIN_DAYS, LATE_DAYS, LATE_WITHIN_DAYS, CURE_DAYS, LOSS_DAYS, WRITTEN_OFF_DAYS = 35, 30, 90, 30, 360, 180
SIGHTS_EVERY_DAYS = 10
MISS_KNOWN_WITHIN_DAYS = 45
RECOVERY_DAYS = (30, 90, 360)
PROMISE_WITHIN_DAYS = 30


@dataclass(frozen=True)
class Seen:
    """A snapshot of whole people and what came after.

    positions, loans: what `assess` gave of `then`, the facts as known at the end of as_of. later: days after as_of in order, each
    with the positions then, any loans among them, in steps of SIGHTS_EVERY_DAYS or less. now: the facts as known now of the same people, complete up to last_day.
    buckets: the names of the buckets, least late first. zone: whose midnight ends a day for contacts.
    """

    as_of: date
    positions: pl.DataFrame
    loans: pl.DataFrame
    then: Facts
    later: tuple[tuple[date, pl.DataFrame], ...]
    now: Facts
    last_day: date
    buckets: tuple[str, ...]
    zone: str = "Asia/Shanghai"


def outcome_of(model: str, seen: Seen) -> pl.DataFrame:
    """One row per position of the snapshot, in its order: eligible (Boolean) and outcome (Float64 in [0, 1]; null where not eligible).

    Raises Refused at a model whose outcome a snapshot does not show (application, contact: see their own modules).
    """
    if model not in OUTCOMES:
        known = ", ".join(OUTCOMES)
        raise Refused(
            f"a snapshot shows no outcome of the model {model!r}; write one of: {known}", f"快照不能给出模型 {model!r} 的结果；请写其中之一：{known}")
    eligible, outcome = OUTCOMES[model](seen)
    frame = pl.DataFrame({"eligible": eligible, "outcome": outcome}, schema={"eligible": pl.Boolean, "outcome": pl.Float64}, strict=False)
    frame = frame.with_columns(pl.col("eligible").fill_null(False), pl.col("outcome").fill_nan(None))
    return frame.with_columns(outcome=pl.when("eligible").then("outcome"))


def behaviour_miss(seen: Seen) -> tuple[pl.Series, pl.Series]:
    """Of a loan not late whose next due date lies within 35 days: 1 where unallocated money and what is received by the end of its days of
    grace do not reach what that date asks and what is due already. Days of grace that end more than 45 days after the snapshot leave a loan out.
    """
    positions = seen.positions
    row = _rows(seen)
    grace = seen.now.loans["grace_days"].cast(pl.Int64).gather(row)
    until = positions["next_due_on"].to_physical().cast(pl.Int64) + grace
    eligible = (positions["days_past_due"] == 0) & _in_book(row) & (until <= number_of(seen.last_day)) & (
        until <= number_of(seen.as_of) + MISS_KNOWN_WITHIN_DAYS) & (positions["next_due_on"] <= seen.as_of + timedelta(days=NEXT_DUE_WITHIN_DAYS))
    received = _received(seen, until.fill_null(number_of(seen.as_of)))
    asked = positions["due_total_minor"] + positions["next_due_minor"].fill_null(0)
    return eligible, (positions["unallocated_minor"] + received < asked).cast(pl.Float64)


def behaviour_late30(seen: Seen) -> tuple[pl.Series, pl.Series]:
    """Of a loan not late with principal outstanding: 1 where it is 30 or more days past due on some sight of the next 90 days."""
    eligible = (seen.positions["days_past_due"] == 0) & (seen.positions["outstanding_principal_minor"] > 0)
    worst = _over_sights(seen, LATE_WITHIN_DAYS, pl.col("days_past_due").max())
    return eligible & worst.is_not_null(), (worst >= LATE_DAYS).cast(pl.Float64)


def collection_cure(seen: Seen) -> tuple[pl.Series, pl.Series]:
    """Of a late loan: 1 where it is not late on some sight of the next 30 days."""
    least = _over_sights(seen, CURE_DAYS, pl.col("days_past_due").min())
    return _is_late(seen) & least.is_not_null(), (least == 0).cast(pl.Float64)


def collection_self_cure(seen: Seen) -> tuple[pl.Series, pl.Series]:
    """Of a late loan whose person nobody tried to reach: 1 where it is not late on some sight of the next 30 days.

    Not eligible where an outbound contact with the person lies between the snapshot and the sight that shows the cure, or within the 30
    days where none does. Who pays fast is contacted less, so these rows pay more readily than all: the estimate holds for people left alone.
    """
    eligible, cured = collection_cure(seen)
    cured_on = _over_sights(seen, CURE_DAYS, pl.col("day").filter(pl.col("days_past_due") == 0).min())
    last = cured_on.fill_null(seen.as_of + timedelta(days=CURE_DAYS))
    tried = _first_tried_on(seen)
    return eligible & (tried.is_null() | (tried > last)), cured


def collection_roll(seen: Seen) -> tuple[pl.Series, pl.Series]:
    """Of a late loan not yet in the last bucket: 1 where its bucket at the last sight of the next 30 days is a later one."""
    place = dict(zip(seen.buckets, range(len(seen.buckets)), strict=True))
    now = seen.positions["bucket"].replace_strict(place, return_dtype=pl.Int64)
    after = _over_sights(seen, CURE_DAYS, pl.col("bucket").last()).replace_strict(place, default=None, return_dtype=pl.Int64)
    return _is_late(seen) & (now < len(place) - 1) & after.is_not_null(), (after > now).cast(pl.Float64)


def _recovery(days: int) -> Callable[[Seen], tuple[pl.Series, pl.Series]]:
    """Of a late loan: what is received in so many days over what is due at the snapshot, at least 0 and at most 1."""

    def recovery(seen: Seen) -> tuple[pl.Series, pl.Series]:
        return _is_late(seen) & _matured(seen, days), _received_share(seen, days, seen.positions["due_total_minor"])

    return recovery


def collection_promise(seen: Seen) -> tuple[pl.Series, pl.Series]:
    """Of a loan with an open promise of which the first to end does so within 30 days: 1 where that one is paid in full by its last day, as payments count
    on that day. A later end would reach into the days that the model is measured on.
    """
    is_open = promises_on(seen.then, seen.as_of).filter(pl.col("state") == "open").sort("loan", "pay_by_on", "promised_on", "amount_minor")
    first = is_open.unique("loan", keep="first", maintain_order=True)
    first = first.with_columns(seen.then.loans["loan_id"].gather(first["loan"]))
    here = seen.positions.select("loan_id").with_columns(row=_rows(seen)).join(first, on="loan_id", how="left", maintain_order="left")
    matured = (here["pay_by_on"] <= min(seen.last_day, seen.as_of + timedelta(days=PROMISE_WITHIN_DAYS))) & _in_book(here["row"])
    paid = np.zeros(len(here), np.int64)
    due = here.with_row_index("place").filter(pl.Series(matured.fill_null(False)))
    for (day,), ending in due.partition_by("pay_by_on", as_dict=True).items():
        paid[ending["place"].to_numpy()] = paid_between(seen.now, ending["row"], ending["promised_on"], ending["pay_by_on"], day).to_numpy()
    return matured, (pl.Series(paid) >= here["amount_minor"]).cast(pl.Float64)


def loss(seen: Seen) -> tuple[pl.Series, pl.Series]:
    """Of a loan more than 180 days past due: 1 less the share of what is outstanding that is received in 360 days.

    Outstanding: the principal, and interest, fee and penalty that are due.
    """
    positions = seen.positions
    exposure = positions["outstanding_principal_minor"] + positions["due_total_minor"] - positions["due_principal_minor"]
    eligible = (positions["days_past_due"] > WRITTEN_OFF_DAYS) & (exposure > 0) & _matured(seen, LOSS_DAYS)
    return eligible, 1 - _received_share(seen, LOSS_DAYS, exposure)


OUTCOMES: dict[str, Callable[[Seen], tuple[pl.Series, pl.Series]]] = {
    "behaviour_miss": behaviour_miss, "behaviour_late30": behaviour_late30, "collection_cure": collection_cure,
    "collection_self_cure": collection_self_cure, "collection_roll": collection_roll,
    **{f"collection_recovery_{days}": _recovery(days) for days in RECOVERY_DAYS}, "collection_promise": collection_promise, "loss": loss,
}
"""Each model of a book with the function that gives which rows are eligible and what became of them."""


def _is_late(seen: Seen) -> pl.Series:
    return seen.positions["days_past_due"] > 0


def _rows(seen: Seen) -> pl.Series:
    """The row of now.loans of each position; null where the book has the loan no more."""
    places = seen.now.loans.select("loan_id").with_row_index("row")
    return seen.positions.select("loan_id").join(places, on="loan_id", how="left", maintain_order="left")["row"].cast(pl.Int64)


def _in_book(row: pl.Series) -> pl.Series:
    return row.is_not_null()


def _matured(seen: Seen, days: int) -> pl.Series:
    """The horizon is over, and the loan is in the book still."""
    return _in_book(_rows(seen)) & (seen.as_of + timedelta(days=days) <= seen.last_day)


def _received(seen: Seen, until: pl.Series) -> pl.Series:
    """Received by the end of each row's own day (a number): Int64 minor units, below 0 where more was taken back."""
    row = _rows(seen).fill_null(0)
    if len(seen.now.loans) == 0:
        return pl.Series(np.zeros(len(row), np.int64))
    return pl.Series(received_by(seen.now, row.to_numpy(), until.to_numpy())) - seen.positions["paid_minor"]


def _received_share(seen: Seen, days: int, of: pl.Series) -> pl.Series:
    until = pl.Series([number_of(seen.as_of) + days], dtype=pl.Int64).new_from_index(0, len(of))
    return (_received(seen, until) / of).clip(0.0, 1.0)


def _over_sights(seen: Seen, days: int, what: pl.Expr) -> pl.Series:
    """Of each row what the expression gives over the sights of the next days (day, days_past_due, bucket, oldest first).

    Null where the horizon is not over, or where the row is not in the last of them.
    """
    end = seen.as_of + timedelta(days=days)
    sights = [(day, positions) for day, positions in seen.later if seen.as_of < day <= end]
    if end > seen.last_day or not sights or (end - sights[-1][0]).days >= SIGHTS_EVERY_DAYS:
        sights = [(end, seen.positions.clear())]
    frames = [positions.select("loan_id", "days_past_due", "bucket", pl.lit(day, pl.Date).alias("day")) for day, positions in sights]
    found = pl.concat(frames).group_by("loan_id").agg(what.alias("found"), last=pl.col("day").max()).filter(pl.col("last") == sights[-1][0])
    return seen.positions.select("loan_id").join(found, on="loan_id", how="left", maintain_order="left")["found"]


def _first_tried_on(seen: Seen) -> pl.Series:
    """Of each row the first day after the snapshot's on which somebody tried to reach its person; null where nobody did."""
    people = seen.positions.select("loan_id").with_columns(seen.loans["borrower_id"])
    if "attempted_at" not in seen.now.contacts.columns:
        return pl.Series([None], dtype=pl.Date).new_from_index(0, len(people))
    local = pl.col("attempted_at").dt.convert_time_zone(seen.zone).dt.date()
    tried = seen.now.contacts.filter(
        (pl.col("direction") == "outbound") & (pl.col("relation") == "debtor") & (pl.col("attempted_at") >= end_of(seen.as_of, seen.zone)))
    first = tried.group_by("borrower_id").agg(local.min().alias("tried_on"))
    return people.join(first, on="borrower_id", how="left", maintain_order="left")["tried_on"]
