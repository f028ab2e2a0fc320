"""Positions: how late each loan is and what may be demanded. Source: spec positions."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from arrears.days import FIRST_DAY, number_of
from arrears.delinquency import walk as w
from arrears.delinquency.buckets import Buckets, asset_class, bucket_of
from arrears.delinquency.conduct import restructured_on
from arrears.law.caps import Law, cap_of, why_unknown
from arrears.law.risk_classes import risk_classes_on
from arrears.tables import POSITIONS
from arrears.tables.adjustments import KINDS
from arrears.tables.facts import Facts
from arrears.tables.loans import ORDERS, PARTS
from arrears.timeline import Timeline

_FAR = np.iinfo(np.int32).max


class CannotBePositioned(ValueError):
    """A loan whose facts contradict themselves: which one, and the walk's fault number."""

    def __init__(self, loan_id: str, fault: int):
        super().__init__(f"loan {loan_id}: fault {fault}")
        self.loan_id = loan_id
        self.fault = fault


@dataclass(frozen=True)
class Assessed:
    """What one partition's walk gave.

    positions: one row per loan disbursed by as_of, as tables/positions.py says.
    loans: the same loans in the same order, with what the tables of a night need beside their positions:
    borrower_id, product, currency, disbursed_on, disbursed_minor, first_due_on, first_late_days, regime, why_unknown.
    """

    positions: pl.DataFrame
    loans: pl.DataFrame


def assess(facts: Facts, law: Law, buckets: Buckets, as_of: date) -> Assessed:
    """The positions of every loan disbursed by as_of, at the end of that day, in the order of loan_id.

    Raises CannotBePositioned where a loan has no instalments, where they do not add up to its principal, or where
    its amounts pass what 64 bits hold.
    """
    caps = caps_of(facts.loans, law, as_of)
    found = w.walk(
        loan_rows(facts.loans, caps), caps.steps, *event_columns(facts, as_of), number_of(as_of), None
    )
    faulty = np.flatnonzero(found[:, w.R_FAULT])
    if len(faulty):
        raise CannotBePositioned(facts.loans["loan_id"][int(faulty[0])], int(found[faulty[0], w.R_FAULT]))
    return _assessed(facts.loans.with_columns(restructured_on(facts, as_of)), found, caps, law, buckets, as_of)


@dataclass(frozen=True)
class Caps:
    """The caps of a partition's loans: steps of all series, and per loan where its own lie and what they are.

    kind: 0 known, 1 unknown, 2 uncapped; a loan whose cap is not known for every night has no steps.
    """

    steps: tuple[np.ndarray, np.ndarray]
    first: np.ndarray
    last: np.ndarray
    kind: np.ndarray


KNOWN, UNKNOWN, UNCAPPED = range(3)


def caps_of(loans: pl.DataFrame, law: Law, as_of: date) -> Caps:
    """The cap of each loan, looked up once per series. Source: spec positions, sections 14 and 17."""
    series, which = _series_of(loans, law)
    disbursed, end = loans["disbursed_on"].to_physical().to_numpy(), number_of(as_of)
    first, last = np.zeros((2, len(loans)), np.int64)
    kind = np.full(len(loans), UNCAPPED, np.int8)
    days: list[int] = []
    ppm: list[int] = []
    for place, cap in enumerate(series):
        if cap is None:
            continue
        mine = which == place
        known = mine & ~_has_unknown_night(cap, disbursed, end)
        kind[mine], kind[known] = UNKNOWN, KNOWN
        first[known], last[known] = len(days), len(days) + sum(value is not None for _, value in cap.steps)
        days += [number_of(day) for day, value in cap.steps if value is not None]
        ppm += [value for _, value in cap.steps if value is not None]
    return Caps((np.array(days, np.int64), np.array(ppm, np.int64)), first, last, kind)


def _series_of(loans: pl.DataFrame, law: Law) -> tuple[list[Timeline | None], np.ndarray]:
    """The different caps among the loans, and which of them each loan has.

    The law says for which regimes the cap depends on a date; for the others one look-up a regime serves them all.
    """
    keys = loans.select(
        "regime",
        *(pl.when(pl.col("regime").is_in(law.regimes_by(name))).then(pl.col(name)).alias(name)
          for name in ("disbursed_on", "filed_on")),
    )
    different = keys.unique(maintain_order=True)
    places: dict[Timeline | None, int] = {}
    which = [
        places.setdefault(cap_of(law, regime, disbursed_on or FIRST_DAY, filed_on), len(places))
        for regime, disbursed_on, filed_on in different.iter_rows()
    ]
    each = keys.join(
        different.with_columns(which=pl.Series(which, dtype=pl.Int64)), on=keys.columns, how="left", nulls_equal=True,
        maintain_order="left",
    )
    return list(places), each["which"].to_numpy()


def _has_unknown_night(cap: Timeline, disbursed: np.ndarray, end: int) -> np.ndarray:
    """Per loan: some night of [disbursed_on, as_of) bears no known rate."""
    steps = [(w.NEVER, None), *((number_of(day), value) for day, value in cap.steps)]
    ends = [start for start, _ in steps[1:]] + [_FAR]
    found = np.zeros(len(disbursed), np.bool_)
    for (start, value), until in zip(steps, ends, strict=True):
        if value is None:
            found |= np.maximum(disbursed, start) < min(until, end)
    return found


def _why_unknown(loans: pl.DataFrame, caps: Caps, law: Law) -> pl.Series:
    """Per loan: the kind of reason for which its cap is unknown, empty where it is not."""
    named = ["regime", "disbursed_on", "filed_on"]
    unknown = loans.select(named).filter(pl.Series(caps.kind == UNKNOWN)).unique(maintain_order=True)
    why = pl.Series("why", [why_unknown(*row, law) for row in unknown.iter_rows()], dtype=pl.String)
    each = loans.select(named).join(unknown.with_columns(why), on=named, how="left", nulls_equal=True, maintain_order="left")
    return each.select(pl.when(pl.Series(caps.kind == UNKNOWN)).then(pl.col("why")).otherwise(pl.lit("")))["why"]


def loan_rows(loans: pl.DataFrame, caps: Caps) -> np.ndarray:
    """The loans as the walk reads them: Int64, LOAN_COLUMNS wide."""
    rows = np.zeros((len(loans), w.LOAN_COLUMNS), np.int64)
    for place, column in (
        (w.L_PRINCIPAL, "principal_minor"), (w.L_PENALTY_PPM, "penalty_rate_ppm"), (w.L_DAY_COUNT, "day_count"),
        (w.L_GRACE, "grace_days"), (w.L_ON_INTEREST, "penalty_on_interest"),
    ):
        rows[:, place] = loans[column].to_numpy()
    rows[:, w.L_BY_PART] = (loans["waterfall_scope"] == "component").to_numpy()
    rows[:, w.L_DISBURSED_ON] = loans["disbursed_on"].to_physical().to_numpy()
    rows[:, w.L_CAP_FROM], rows[:, w.L_CAP_UNTIL] = caps.first, caps.last
    parts = np.array([[PARTS.index(part) for part in order.split(",")] for order in ORDERS], np.int64)
    which = loans["waterfall_order"].replace_strict(list(ORDERS), range(len(ORDERS)), return_dtype=pl.Int64).to_numpy()
    rows[:, w.L_ORDER :] = parts[which]
    return rows


def event_columns(facts: Facts, as_of: date) -> tuple[tuple, tuple, tuple]:
    """Instalments, payments and adjustments as the walk reads them."""
    count, instalments, adjustments = len(facts.loans), facts.instalments, facts.adjustments
    payments = facts.counting_payments(number_of(as_of))
    kinds = adjustments["kind"].replace_strict(list(KINDS), range(len(KINDS)), return_dtype=pl.Int64)
    return (
        (_offsets(instalments, count), _days(instalments, "due_on"),
         *(instalments[c].to_numpy() for c in ("number", "principal_minor", "interest_minor", "fee_minor"))),
        (_offsets(payments, count), _days(payments, "paid_on"), payments["amount_minor"].to_numpy()),
        (_offsets(adjustments, count), _days(adjustments, "effective_on"), kinds.to_numpy(),
         adjustments["number"].fill_null(w.NEVER).to_numpy(), adjustments["amount_minor"].fill_null(w.ALL_OF_IT).to_numpy(),
         adjustments["until_on"].to_physical().fill_null(w.NEVER).to_numpy()),
    )


def _offsets(rows: pl.DataFrame, count: int) -> np.ndarray:
    return np.searchsorted(rows["loan"].to_numpy(), np.arange(count + 1, dtype=np.int32))


def _days(rows: pl.DataFrame, column: str) -> np.ndarray:
    return rows[column].to_physical().to_numpy()


def _assessed(loans: pl.DataFrame, found: np.ndarray, caps: Caps, law: Law, buckets: Buckets, as_of: date) -> Assessed:
    """The walk's figures with what follows from them (sections 15 to 18)."""
    column = {name: pl.Series(name, np.ascontiguousarray(found[:, place])) for name, place in _FROM_WALK.items()}
    known, uncapped = pl.Series(caps.kind == KNOWN), pl.Series(caps.kind == UNCAPPED)
    frame = loans.select("loan_id", "restructured_on", "disbursed_on").with_columns(**column, known=known, uncapped=uncapped)
    charges = pl.col("due_interest_minor") + pl.col("due_fee_minor") + pl.col("penalty_minor")
    over = pl.max_horizontal(pl.col("claimed") - pl.col("lawful_charges_minor"), 0)
    capped = pl.col("known")
    here = pl.lit(as_of, pl.Date)
    frame = frame.with_columns(
        as_of=here,
        days_past_due=pl.col("days_past_due").cast(pl.Int32),
        oldest_due_on=_day("oldest_due_on"),
        next_due_on=_day("next_due_on"),
        next_due_minor=pl.when(pl.col("next_due_on") != w.NEVER).then(pl.col("next_due_minor")),
        due_total_minor=pl.col("due_principal_minor") + charges,
        excess_minor=pl.when(capped).then(pl.min_horizontal(over, charges)).when(pl.col("uncapped")).then(0)
        .otherwise(charges),
        overpaid_charges_minor=pl.when(capped).then(over - pl.min_horizontal(over, charges)).otherwise(0),
        lawful_charges_minor=pl.when(capped).then(pl.col("lawful_charges_minor")),
        cap_is_known=capped | pl.col("uncapped"),
    ).with_columns(
        bucket_of(buckets), asset_class(here, risk_classes_on(law.risk_classes, as_of)), claimable_minor=pl.col("due_total_minor") - pl.col("excess_minor")
    )
    disbursed = frame["disbursed_on"] <= as_of
    beside = loans.select(
        "loan_id", "borrower_id", "product", "currency", "disbursed_on", pl.col("principal_minor").alias("disbursed_minor"),
        "regime",
    ).with_columns(
        first_due_on=pl.Series(np.ascontiguousarray(found[:, w.R_FIRST_DUE])),
        first_late_days=pl.Series(np.ascontiguousarray(found[:, w.R_FIRST_LATE])),
        why_unknown=_why_unknown(loans, caps, law),
    ).with_columns(_day("first_due_on"), _or_null("first_late_days").cast(pl.Int32))
    return Assessed(
        frame.filter(disbursed).select(POSITIONS.names()).cast(POSITIONS.schema), beside.filter(disbursed)
    )


_FROM_WALK = {
    "days_past_due": w.R_LATE, "oldest_due_on": w.R_OLDEST, "due_principal_minor": w.R_PRINCIPAL,
    "due_interest_minor": w.R_INTEREST, "due_fee_minor": w.R_FEE, "penalty_minor": w.R_PENALTY,
    "outstanding_principal_minor": w.R_OUTSTANDING, "unallocated_minor": w.R_UNALLOCATED, "paid_minor": w.R_PAID,
    "lawful_charges_minor": w.R_LAWFUL, "claimed": w.R_CLAIMED, "next_due_on": w.R_NEXT_ON, "next_due_minor": w.R_NEXT,
}


def _or_null(column: str) -> pl.Expr:
    return pl.when(pl.col(column) != w.NEVER).then(pl.col(column)).alias(column)


def _day(column: str) -> pl.Expr:
    return _or_null(column).cast(pl.Int32).cast(pl.Date)


