"""The late loans of a night with every field that a condition may ask of them."""

from datetime import date

import polars as pl

from arrears.strategy.strategy import Strategy
from arrears.tables.holds import HOLD_KINDS, stands_on
from arrears.zones import DAY

HARDSHIP_DAYS = 180
"""So long after a hardship review, or a mark as vulnerable, was placed a person counts as in hardship; our own choice, not law."""
_HARDSHIP = ("hardship_review", "vulnerable")
CONTACTS_DAYS = 30


def late_loans(positions: pl.DataFrame, loans: pl.DataFrame, conduct: pl.DataFrame, people: pl.DataFrame, holds: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """One row per late loan (days_past_due > 0), in the order of loan_id, with the fields of a condition that the night knows without a model.

    positions, loans: one row per loan, in the same order; conduct: loan_id, kept_promises, broken_promises, kept_plans, in_plan, frequency, last_paid_on, last_promised_on. people: borrower_id,
    kind. holds: one row per hold, with borrower_id; a hold on any loan of a person holds them all.
    """
    late = pl.concat([positions, loans.drop("loan_id")], how="horizontal").filter(pl.col("days_past_due") > 0)
    late = late.join(conduct, on="loan_id", how="left", maintain_order="left")
    kinds = people.select("borrower_id", "kind") if "kind" in people.columns else pl.DataFrame(schema={"borrower_id": pl.String, "kind": pl.String})
    for of_person in (kinds, held_people(holds, as_of), _in_hardship(holds, as_of)):
        late = late.join(of_person, on="borrower_id", how="left", maintain_order="left")
    return late.select(
        "loan_id", "borrower_id", "bucket", "days_past_due", "product", "currency", "claimable_minor", pl.col("hold").fill_null("none"),
        pl.when(pl.col("cap_is_known")).then(pl.lit("known")).otherwise(pl.lit("unknown")).alias("cap"),
        pl.when(pl.col("overpaid_charges_minor") > 0).then(pl.lit("yes")).otherwise(pl.lit("no")).alias("overpaid"),
        pl.col("claimable_minor").alias("claimable"), pl.col("hardship").fill_null("no"), "kind", "frequency", "kept_plans", "in_plan", "kept_promises", "broken_promises",
        "last_paid_on", "last_promised_on",
    )


def held_people(holds: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """borrower_id and the strictest kind of hold on any of their loans on the day; strictest by HOLD_KINDS.

    holds: one row per hold, with borrower_id.
    """
    standing = holds.filter(stands_on(as_of))
    rank = pl.col("kind").replace_strict(list(HOLD_KINDS), range(len(HOLD_KINDS)), return_dtype=pl.Int8)
    return (
        standing.sort(rank, "borrower_id").unique("borrower_id", keep="first", maintain_order=True)
        .select("borrower_id", pl.col("kind").alias("hold"))
    )


def _in_hardship(holds: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """borrower_id of those for whom a hardship was looked into of late, or is now."""
    recent = (pl.col("placed_on") <= as_of) & (pl.col("placed_on") > pl.lit(as_of) - pl.duration(days=HARDSHIP_DAYS))
    return holds.filter(pl.col("kind").is_in(list(_HARDSHIP)) & (recent | stands_on(as_of))).select("borrower_id").unique(maintain_order=True).with_columns(hardship=pl.lit("yes"))


def touched(contacts: pl.DataFrame, strategy: Strategy, until: int, as_of: date) -> pl.DataFrame:
    """One row per person whom we tried to reach before `until` (microseconds, the midnight that ends the day as_of, wherever that is): borrower_id, contacts_30 (attempts to
    reach the debtor within 30 days), cooling (UInt64, a bit per treatment that may not go out again tomorrow), last_contact_on.

    A treatment with cool_off_days n may go out again on the n-th day after the last contact by its channel.
    """
    if contacts.is_empty():
        return pl.DataFrame(schema=_TOUCHED)
    age = ((pl.lit(until) - pl.col("attempted_at").to_physical() - 1) // DAY).alias("age")
    ours = contacts.filter((pl.col("direction") == "outbound") & (pl.col("relation") == "debtor") & (pl.col("attempted_at").to_physical() < until)).select("borrower_id", "channel", age)
    of_channel = ours.group_by("borrower_id", "channel").agg(pl.col("age").min(), (pl.col("age") < CONTACTS_DAYS).sum().cast(pl.Int64).alias("contacts_30"))
    waiting = [pl.when((pl.col("channel") == one.channel) & (pl.col("age") + 1 < one.cool_off_days)).then(pl.lit(1 << place, pl.UInt64)).otherwise(pl.lit(0, pl.UInt64))
               for place, one in enumerate(strategy.treatments) if one.channel is not None and one.cool_off_days > 1]
    cooling = pl.sum_horizontal(waiting) if waiting else pl.lit(0, pl.UInt64)
    last_on = pl.lit(as_of) - pl.duration(days=pl.col("age").min())
    return of_channel.with_columns(cooling=cooling.cast(pl.UInt64)).group_by("borrower_id").agg(
        pl.col("contacts_30").sum(), pl.col("cooling").sum(), last_on.alias("last_contact_on")).sort("borrower_id").cast(_TOUCHED)


_TOUCHED = {"borrower_id": pl.String, "contacts_30": pl.Int64, "cooling": pl.UInt64, "last_contact_on": pl.Date}
