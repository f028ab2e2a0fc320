"""A made-up loan book of any size, block by block: the same arguments give the same rows on every machine.

Every block of borrowers and their loans is drawn from (seed, block) alone, so a book needs the memory of one block
however large it is, and blocks could be made in any order. Nothing in it is about real people.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from arrears.tables import FACTS
from arrears.tables.adjustments import KINDS
from arrears.tables.borrowers import AGE_BANDS, BORROWER_KINDS, SEXES
from arrears.tables.holds import HOLD_KINDS
from arrears.tables.loans import ORDERS, PARTS, SCOPES
from arrears.twin import diary
from arrears.twin.behaviour import RESCHEDULED_BY, odds_of, simulate
from arrears.twin.columns import days, loan_names, moments, names, or_null, words, words_or_null
from arrears.twin.contracts import (
    BLOCK_LOANS,
    HISTORY_DAYS,
    INDUSTRIES,
    PRODUCTS,
    REGIMES,
    REGIONS,
    Contracts,
    draw,
)
from arrears.twin.debt import new_debt
from arrears.twin.diary import Life
from arrears.twin.people import LANGUAGES, People, people_of

LOANS_MAX = 500_000_000
"""More would need names longer than twelve bytes."""

INSTALMENTS_MAX = 360
TABLES = {
    name: FACTS[name] for name in ("loans", "instalments", "payments", "adjustments", "holds", "borrowers", "guarantors")
}
"""The tables that are made up."""
EARLIEST_DISBURSED_ON = date(1990, 1, 1)

_HISTORY_MONTHS = HISTORY_DAYS // 28
_ORDER_PARTS = np.array([[PARTS.index(part) for part in order.split(",")] for order in ORDERS])


@dataclass(frozen=True)
class Made:
    """One block: its place in the book, how many loans the whole book has, what it was drawn from, what became of it, and the frame of each table of TABLES."""

    block: int
    loans: int
    contracts: Contracts
    people: People
    life: Life
    frames: dict[str, pl.DataFrame]


def blocks(loans: int, seed: int, as_of: date, instalments: int | None = None) -> Iterator[dict[str, pl.DataFrame]]:
    """The book in blocks of BLOCK_LOANS loans, each a frame per table of TABLES.

    Exactly `loans` loans in all, disbursed in the three years up to `as_of`; `instalments` fixes their term. Nothing
    but instalments and the ends of pauses is dated after `as_of`. Raises ValueError for a size, seed, date or term
    out of range.
    """
    return (made.frames for made in made_blocks(loans, seed, as_of, instalments))


def made_blocks(loans: int, seed: int, as_of: date, instalments: int | None = None) -> Iterator[Made]:
    """The same blocks with the hidden truth that they were made from. Raises as `blocks` does."""
    _check(loans, seed, as_of, instalments)
    return _blocks(loans, seed, as_of, instalments)


def _blocks(loans: int, seed: int, as_of: date, instalments: int | None) -> Iterator[Made]:
    for block, start in enumerate(range(0, loans, BLOCK_LOANS)):
        contracts = draw(min(BLOCK_LOANS, loans - start), seed, block, as_of, instalments)
        people, life = people_of(contracts, seed, block), _simulated(contracts, as_of)
        yield Made(block, loans, contracts, people, life, _frames(contracts, people, life, block))


def _check(loans: int, seed: int, as_of: date, instalments: int | None) -> None:
    if not 0 <= loans <= LOANS_MAX:
        raise ValueError(f"a made-up book has 0 to {LOANS_MAX:,} loans, not {loans:,}")
    if not 0 <= seed < 2**64:
        raise ValueError(f"the seed of a made-up book is a whole number from 0 to 2^64 - 1, not {seed}")
    if (as_of - EARLIEST_DISBURSED_ON).days < HISTORY_DAYS:
        raise ValueError(
            f"as_of {as_of} is too early for a made-up book: its oldest loans would be disbursed "
            f"{HISTORY_DAYS} days before, and none may be before {EARLIEST_DISBURSED_ON}"
        )
    if instalments is not None and not 1 <= instalments <= INSTALMENTS_MAX:
        raise ValueError(f"a made-up loan has 1 to {INSTALMENTS_MAX} instalments, not {instalments}")


def _months(as_of: date, ahead: int) -> tuple[np.ndarray, int]:
    """Day numbers of the firsts of all months a loan can touch, and the month of the year of the first of them."""
    this = np.datetime64(as_of, "M")
    months = np.arange(this - (_HISTORY_MONTHS + 1), this + ahead)
    return months.astype("datetime64[D]").astype(np.int64), int(months[0].astype(np.int64) % 12)


def _simulated(contracts: Contracts, as_of: date) -> Life:
    """The lives of one block's loans; the room for rows is doubled until it is enough, which changes no row."""
    longest = int(contracts.term.max()) + RESCHEDULED_BY
    months, first_of_year = _months(as_of, longest + 4)
    month = np.searchsorted(months, contracts.disbursed_on, side="right") - 1
    terms = np.vstack([
        contracts.term, contracts.principal_minor, contracts.annual_rate_ppm, contracts.fee_minor,
        contracts.disbursed_on, contracts.recorded_at, month + 1, contracts.disbursed_on - months[month] + 1,
        np.full_like(month, first_of_year), contracts.penalty_rate_ppm, contracts.day_count, contracts.grace_days,
        contracts.on_interest, contracts.scope, _ORDER_PARTS[contracts.order].T,
    ]).astype(np.int64, order="C")
    odds = odds_of(contracts.kind, contracts.risk)
    day = int(np.datetime64(as_of, "D").astype(np.int64))
    elapsed = np.minimum((day - contracts.disbursed_on) // 28 + 1, contracts.term + 3)
    room = 1
    while True:
        life = Life(
            payments=_room(6, room * int(elapsed.sum() * 1.3 + 1_000)),
            instalments=_room(7, room * int(contracts.term.sum() * 1.1 + 1_000)),
            events=_room(8, room * int(elapsed.sum() * 1.3 + 1_000)),
            counts=np.zeros(diary.COUNTS_SLOTS, np.int64), debt=new_debt(longest), dice=np.zeros(1, np.uint64),
            loan=np.zeros(diary.LOAN_SLOTS, np.int64), odds=np.zeros(diary.ODDS_SLOTS), months=months,
        )
        if simulate(terms, odds, contracts.dice, day, life) == len(month):
            return life
        room *= 2


def _room(columns: int, rows: int) -> np.ndarray:
    return np.empty((columns, rows), np.int64)


def _frames(contracts: Contracts, people: People, life: Life, block: int) -> dict[str, pl.DataFrame]:
    """One frame per table, with the columns and types of the data dictionary."""
    events = life.events[:, : life.counts[diary.EVENTS]]
    adjustments, holds, versions = (
        events[1:, events[0] == table] for table in (diary.ADJUSTMENTS, diary.HOLDS, diary.VERSIONS)
    )
    written = {
        "loans": _loans(contracts, versions),
        "instalments": _instalments(contracts, life.instalments[:, : life.counts[diary.INSTALMENTS]]),
        "payments": _payments(contracts, life.payments[:, : life.counts[diary.PAYMENTS]], block),
        "adjustments": _adjustments(contracts, adjustments, block),
        "holds": _holds(contracts, holds, block),
        "borrowers": _borrowers(contracts, people),
        "guarantors": _guarantors(contracts),
    }
    return {name: pl.DataFrame(written[name], schema=table.schema) for name, table in TABLES.items()}


def _loans(contracts: Contracts, versions: np.ndarray) -> dict[str, pl.Series]:
    """Each loan as it was made, then its later versions: suit filed, or loan restructured."""
    count = len(contracts.number)
    loan = np.concatenate([np.arange(count), versions[0]])
    unset = np.full(count, diary.NONE)
    kind = contracts.kind[loan]
    return {
        "loan_id": loan_names(contracts.number[loan]),
        "borrower_id": names("B", contracts.number[contracts.borrower[loan]], 9),
        "product": words(PRODUCTS, kind),
        "currency": pl.Series(["CNY"]).new_from_index(0, len(loan)),
        "principal_minor": pl.Series(contracts.principal_minor[loan]),
        "annual_rate_ppm": pl.Series(contracts.annual_rate_ppm[loan]),
        "penalty_rate_ppm": pl.Series(contracts.penalty_rate_ppm[loan]),
        "day_count": pl.Series(contracts.day_count[loan]),
        "grace_days": pl.Series(contracts.grace_days[loan]),
        "waterfall_scope": words(SCOPES, contracts.scope[loan]),
        "waterfall_order": words(ORDERS, contracts.order[loan]),
        "penalty_on_interest": pl.Series(contracts.on_interest[loan]),
        "disbursed_on": days(contracts.disbursed_on[loan]),
        "regime": words(REGIMES, contracts.regime[loan]),
        "filed_on": days(np.concatenate([unset, versions[2]])),
        "restructured_on": days(np.concatenate([unset, versions[3]])),
        "recorded_at": moments(np.concatenate([contracts.recorded_at, versions[1]])),
    }


def _instalments(contracts: Contracts, rows: np.ndarray) -> dict[str, pl.Series]:
    return {
        "loan_id": loan_names(contracts.number[rows[0]]),
        "number": pl.Series(rows[1]),
        "due_on": days(rows[2]),
        "principal_minor": pl.Series(rows[3]),
        "interest_minor": pl.Series(rows[4]),
        "fee_minor": pl.Series(rows[5]),
        "recorded_at": moments(rows[6]),
    }


def _payments(contracts: Contracts, rows: np.ndarray, block: int) -> dict[str, pl.Series]:
    return {
        "payment_id": names("P", rows[1], 7, block, 4),
        "loan_id": loan_names(contracts.number[rows[0]]),
        "paid_on": days(rows[2]),
        "amount_minor": pl.Series(rows[3]),
        "reverses": names("P", rows[4], 7, block, 4),
        "recorded_at": moments(rows[5]),
    }


def _adjustments(contracts: Contracts, rows: np.ndarray, block: int) -> dict[str, pl.Series]:
    return {
        "adjustment_id": names("A", np.arange(1, rows.shape[1] + 1), 7, block, 4),
        "loan_id": loan_names(contracts.number[rows[0]]),
        "effective_on": days(rows[3]),
        "kind": words(KINDS, rows[2]),
        "number": or_null(rows[4]),
        "amount_minor": or_null(rows[5]),
        "until_on": days(rows[6]),
        "recorded_at": moments(rows[1]),
    }


def _holds(contracts: Contracts, rows: np.ndarray, block: int) -> dict[str, pl.Series]:
    return {
        "hold_id": names("H", rows[2], 7, block, 4),
        "loan_id": loan_names(contracts.number[rows[0]]),
        "kind": words(HOLD_KINDS, rows[3]),
        "placed_on": days(rows[4]),
        "lifted_on": days(rows[5]),
        "recorded_at": moments(rows[1]),
    }


def _borrowers(contracts: Contracts, people: People) -> dict[str, pl.Series]:
    """One row per borrower of the block, recorded with the first of the loans."""
    first = np.flatnonzero(contracts.borrower == np.arange(len(contracts.borrower)))
    kind = contracts.kind[first]
    industry = words(INDUSTRIES, contracts.industry[first])
    return {
        "borrower_id": names("B", contracts.number[first], 9),
        "kind": words(BORROWER_KINDS, kind),
        "region": words(REGIONS, contracts.region[first]),
        "industry": industry.set(pl.Series(kind == 0), None),
        "sex": words_or_null(SEXES, people.sex[first]),
        "age_band": words_or_null(AGE_BANDS, people.age_band[first]),
        "language": words_or_null(LANGUAGES, people.language[first]),
        "recorded_at": moments(np.minimum.reduceat(contracts.recorded_at, first)),
    }


def _guarantors(contracts: Contracts) -> dict[str, pl.Series]:
    """One row per guarantor; the first may be a borrower of the block, the second never is."""
    first, second = np.flatnonzero(contracts.guarantors >= 1), np.flatnonzero(contracts.guarantors == 2)
    loan = np.concatenate([first, second])
    rank = np.concatenate([np.ones_like(first), np.full_like(second, 2)])
    other = np.where(rank == 1, contracts.guarantor_loan[loan], -1)
    stranger = names("G", contracts.number[loan] * 10 + rank, 10)
    known = names("B", np.where(other < 0, -1, contracts.number[contracts.borrower[other]]), 9)
    return {
        "loan_id": loan_names(contracts.number[loan]),
        "guarantor_id": known.fill_null("").zip_with(pl.Series(other >= 0), stranger),
        "limit_minor": or_null(contracts.limit_minor[loan]),
        "recorded_at": moments(contracts.recorded_at[loan]),
    }
