"""How a loan was paid so far: each instalment's delay, and what came in against what fell due.

An instalment counts as paid on the first day by which the payments reach all that fell due up to it (fee, interest and
principal, oldest first; once a loan is accelerated, all principal then and no further interest or fee). That is the waterfall
without penalty, waivers and pauses: a loan that paid penalty looks a little better here than by the position, one with a waiver
or a pause a little worse. The position itself (days past due, what is due) always comes from the walk.

    delay = day on which it was paid - due_on     days; negative: early; as long as it is unpaid, as_of - due_on
    late    a delay beyond the days of grace
"""

import numpy as np
import polars as pl

from arrears.compiled import compiled
from arrears.tables.facts import FOR_GOOD, Facts

QUARTER, HALF_YEAR, YEAR = 92, 183, 365
"""Days looked back."""
MONTH_DAYS, THREE_MONTHS_DAYS = 30, 90

# The columns of the result, one row per loan and day asked.
(
    H_DUE_COUNT, H_COUNT, H_LATE_COUNT, H_LATE_3M, H_LATE_6M, H_LATE_12M, H_WORST_12M, H_STREAK, H_LAST_LATE_ON, H_LAST_DELAY,
    H_LAST_PAID_ON, H_PAYMENTS_90D, H_PAID_30D, H_PAID_90D, H_DUE_30D, H_DUE_90D, H_AHEAD_30D, H_TOTAL, H_FEES, H_SCHEDULED, H_PAID,
    H_REVERSED_90D, H_LATE_NOW,
) = range(23)
_COLUMNS = 23
NONE = -(2**62)
"""A day or a delay that is none."""

HISTORY = {
    "instalments_due": H_DUE_COUNT, "instalments": H_COUNT, "late": H_LATE_COUNT, "late_3m": H_LATE_3M, "late_6m": H_LATE_6M,
    "late_12m": H_LATE_12M, "worst_delay_12m": H_WORST_12M, "on_time_streak": H_STREAK, "last_late_on": H_LAST_LATE_ON,
    "last_delay": H_LAST_DELAY, "last_paid_on": H_LAST_PAID_ON, "payments_90d": H_PAYMENTS_90D, "paid_30d": H_PAID_30D,
    "paid_90d": H_PAID_90D, "due_30d": H_DUE_30D, "due_90d": H_DUE_90D, "due_next_30d": H_AHEAD_30D, "scheduled": H_TOTAL,
    "fees": H_FEES, "due_so_far": H_SCHEDULED, "paid": H_PAID, "reversed_90d": H_REVERSED_90D,
    "late_now": H_LATE_NOW,
}
"""The names of the columns, Int64 each: counts, days, day numbers and minor units; null where there is none."""


def history(facts: Facts, loans: np.ndarray, days: np.ndarray) -> pl.DataFrame:
    """One row per pair (row of facts.loans, day number): how that loan was paid by the end of that day. Columns: HISTORY.

    A payment that a reversal takes back later than the day still counts on the day. Source: spec positions, sections 2, 4, 12.
    """
    instalments, payments, count = facts.instalments, facts.payments, len(facts.loans)
    found = _history(
        loans.astype(np.int64), days.astype(np.int64), facts.loans["grace_days"].to_numpy().astype(np.int64),
        _offsets(instalments, count), _days(instalments, "due_on"),
        (instalments["principal_minor"] + instalments["interest_minor"] + instalments["fee_minor"]).to_numpy(),
        instalments["fee_minor"].to_numpy(), instalments["principal_minor"].to_numpy(), _accelerated_on(facts),
        _offsets(payments, count), _days(payments, "paid_on"), payments["amount_minor"].to_numpy(), facts.void_from(),
    )
    columns = [pl.Series(name, np.ascontiguousarray(found[:, place])) for name, place in HISTORY.items()]
    frame = pl.DataFrame(columns)
    often_none = ("last_late_on", "last_delay", "last_paid_on")
    return frame.with_columns(pl.when(pl.col(name) != NONE).then(pl.col(name)).alias(name) for name in often_none)


def _accelerated_on(facts: Facts) -> np.ndarray:
    """Per loan the day on which all of it fell due; far off where it never did. Source: spec positions, section 8."""
    on = np.full(len(facts.loans), FOR_GOOD, np.int64)
    rows = facts.adjustments.filter(pl.col("kind") == "accelerate")
    np.minimum.at(on, rows["loan"].to_numpy(), _days(rows, "effective_on"))
    return on


def received_by(facts: Facts, loans: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Int64, one per pair (row of facts.loans, day number): the payments of that loan that count at the end of that day, minor units."""
    paid_on, void_on = _days(facts.payments, "paid_on"), facts.void_from()
    loan, amount = facts.payments["loan"].to_numpy().astype(np.int64), facts.payments["amount_minor"].to_numpy()
    came, went = void_on > paid_on, (void_on > paid_on) & (void_on < FOR_GOOD)
    return _sum_by(loan[came], paid_on[came], amount[came], loans, days) - _sum_by(loan[went], void_on[went], amount[went], loans, days)


def _sum_by(loan, on, amount, loans, days) -> np.ndarray:
    """Per pair the sum of the amounts of that loan dated on the day or before."""
    order = np.lexsort((on, loan))
    key, sums = loan[order] * _FAR + on[order], np.concatenate([[0], np.cumsum(amount[order])])
    first = np.searchsorted(loan[order], loans, side="left")
    return sums[np.searchsorted(key, loans * _FAR + days, side="right")] - sums[first]


_FAR = 2**32


def _offsets(rows: pl.DataFrame, count: int) -> np.ndarray:
    return np.searchsorted(rows["loan"].to_numpy(), np.arange(count + 1, dtype=np.int32))


def _days(rows: pl.DataFrame, column: str) -> np.ndarray:
    return rows[column].to_physical().to_numpy().astype(np.int64)


@compiled
def _history(loans, days, grace, due_at, due_on, due, fee, principal, accelerated_on, paid_at, paid_on, paid, void_on):
    out = np.zeros((len(loans), _COLUMNS), np.int64)
    for row in range(len(loans)):
        loan, day = loans[row], days[row]
        _delays(out[row], day, grace[loan], accelerated_on[loan], due_at[loan], due_at[loan + 1], due_on, due, fee, principal,
                paid_at[loan], paid_at[loan + 1], paid_on, paid, void_on)
        _receipts(out[row], day, paid_at[loan], paid_at[loan + 1], paid_on, paid, void_on)
    return out


@compiled
def _delays(out, day, grace, accelerated_on, first, last, due_on, due, fee, principal, pay, pay_last, paid_on, paid, void_on):
    """Each instalment that fell due by the day against the first payments that reach it."""
    owed, came, reached_on = 0, 0, NONE
    out[H_LAST_LATE_ON], out[H_LAST_DELAY] = NONE, NONE
    out[H_COUNT] = last - first
    for place in range(first, last):
        falls_on, amount = due_on[place], due[place]
        if accelerated_on <= day and falls_on > accelerated_on:
            falls_on, amount = accelerated_on, principal[place]
        out[H_TOTAL] += amount
        out[H_FEES] += fee[place]
        if falls_on > day:
            if falls_on <= day + MONTH_DAYS:
                out[H_AHEAD_30D] += amount
            continue
        owed += amount
        while came < owed and pay < pay_last and paid_on[pay] <= day:
            if void_on[pay] > day:
                came += paid[pay]
                reached_on = paid_on[pay]
            pay += 1
        age = day - falls_on
        out[H_DUE_COUNT] += 1
        if age < MONTH_DAYS:
            out[H_DUE_30D] += amount
        if age < THREE_MONTHS_DAYS:
            out[H_DUE_90D] += amount
        if came < owed:
            _count_delay(out, grace, age, age, falls_on, False)
        else:
            _count_delay(out, grace, age, reached_on - falls_on if reached_on != NONE else 0, falls_on, True)
    out[H_SCHEDULED] = owed


@compiled
def _count_delay(out, grace, age, delay, falls_on, is_paid):
    """One instalment's delay more; instalments come oldest first."""
    if is_paid:
        out[H_LAST_DELAY] = delay
    if age < YEAR:
        out[H_WORST_12M] = max(out[H_WORST_12M], delay)
    if delay > grace:
        out[H_LATE_COUNT] += 1
        out[H_LATE_3M] += age < QUARTER
        out[H_LATE_6M] += age < HALF_YEAR
        out[H_LATE_12M] += age < YEAR
        out[H_LAST_LATE_ON] = falls_on
        out[H_STREAK] = 0
        if not is_paid:
            out[H_LATE_NOW] = max(out[H_LATE_NOW], delay)
    elif is_paid:
        out[H_STREAK] += 1


@compiled
def _receipts(out, day, first, last, paid_on, paid, void_on):
    """What came in by the day, and what of it lately; and payments that were taken back lately."""
    out[H_LAST_PAID_ON] = NONE
    for place in range(first, last):
        if paid_on[place] > day:
            break
        age = day - paid_on[place]
        if void_on[place] <= day:
            back = day - void_on[place] if void_on[place] > NONE else NONE
            out[H_REVERSED_90D] += 0 <= back < THREE_MONTHS_DAYS
            continue
        out[H_PAID] += paid[place]
        out[H_LAST_PAID_ON] = paid_on[place]
        if age < THREE_MONTHS_DAYS:
            out[H_PAYMENTS_90D] += 1
            out[H_PAID_90D] += paid[place]
        if age < MONTH_DAYS:
            out[H_PAID_30D] += paid[place]
