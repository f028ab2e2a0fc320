"""Positions: how late each loan is and what may be demanded. Source: spec positions."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from arrears.days import number_of
from arrears.delinquency import walk as w
from arrears.delinquency.buckets import Buckets, asset_class, bucket_of
from arrears.law.caps import Law, cap_of, why_unknown
from arrears.tables import POSITIONS
from arrears.tables.adjustments import KINDS
from arrears.tables.facts import Facts
from arrears.tables.loans import ORDERS, PARTS

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
    return _assessed(facts.loans, found, caps, buckets, as_of)


@dataclass(frozen=True)
class Caps:
    """The caps of a partition's loans: steps of all series, and per loan where its own lie and what they are.

    kind: 0 known, 1 unknown, 2 uncapped; a loan whose cap is not known has no steps.
    """

    steps: tuple[np.ndarray, np.ndarray]
    first: np.ndarray
    last: np.ndarray
    kind: np.ndarray
    why: pl.Series


KNOWN, UNKNOWN, UNCAPPED = range(3)


def caps_of(loans: pl.DataFrame, law: Law, as_of: date) -> Caps:
    """The cap of each loan, looked up once per regime, contract date and filing date. Source: sections 14 and 17."""
    named = ["regime", "disbursed_on", "filed_on"]
    days, ppm, rows, places = [], [], [], {}
    for regime, disbursed_on, filed_on in loans.select(named).unique(maintain_order=True).iter_rows():
        cap, why, kind = cap_of(law, regime, disbursed_on, filed_on), "", UNCAPPED
        first = last = 0
        if cap is not None:
            steps = _steps_between(cap, disbursed_on, as_of)
            kind = UNKNOWN if any(value is None for _, value in steps) else KNOWN
            if kind == UNKNOWN:
                why = why_unknown(regime, disbursed_on, filed_on, law)
            elif steps in places:
                first, last = places[steps]
            else:
                first, last = places[steps] = len(days), len(days) + len(steps)
                days += [number_of(day) for day, _ in steps]
                ppm += [value for _, value in steps]
        rows.append((regime, disbursed_on, filed_on, first, last, kind, why))
    types = {"regime": pl.String, "disbursed_on": pl.Date, "filed_on": pl.Date, "first": pl.Int64, "last": pl.Int64,
             "kind": pl.Int8, "why": pl.String}
    table = pl.DataFrame(rows, schema=types, orient="row")
    each = loans.select(named).join(table, on=named, how="left", nulls_equal=True, maintain_order="left")
    steps = (np.array(days + [_FAR], np.int64), np.array(ppm + [0], np.int64))
    return Caps(steps, each["first"].to_numpy(), each["last"].to_numpy(), each["kind"].to_numpy(), each["why"])


def _steps_between(cap, first: date, until: date) -> tuple[tuple[date, int | None], ...]:
    """The cap's steps for the nights [first, until): where the first night lies in none, it is not known."""
    if first >= until:
        return ()
    inside = tuple((day, value) for day, value in cap.steps if first < day < until)
    at_first = cap.at(first)
    starts = [day for day, _ in cap.steps if day <= first]
    return ((starts[-1] if starts else first, at_first), *inside)


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


def _assessed(loans: pl.DataFrame, found: np.ndarray, caps: Caps, buckets: Buckets, as_of: date) -> Assessed:
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
        bucket_of(buckets), asset_class(here), claimable_minor=pl.col("due_total_minor") - pl.col("excess_minor")
    )
    disbursed = frame["disbursed_on"] <= as_of
    beside = loans.select(
        "loan_id", "borrower_id", "product", "currency", "disbursed_on", pl.col("principal_minor").alias("disbursed_minor"),
        "regime",
    ).with_columns(
        first_due_on=pl.Series(np.ascontiguousarray(found[:, w.R_FIRST_DUE])),
        first_late_days=pl.Series(np.ascontiguousarray(found[:, w.R_FIRST_LATE])),
        why_unknown=caps.why,
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


