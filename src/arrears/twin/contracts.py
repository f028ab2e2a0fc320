"""Made-up borrowers and the terms of their loans: who borrows, how much, at what rate, for how long.

Every figure here is a plausible setting, not a measurement; the sizes, rates and shares are those of Chinese quick
loans (闪电贷) to persons, sole traders (个体工商户) and small enterprises.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from arrears.tables.loans import ORDERS, SCOPES

BLOCK_LOANS = 50_000
"""Loans a block; a constant, because it decides which rows a seed gives."""

HISTORY_DAYS = 1_095
"""The oldest loan was disbursed this many days before `as_of`."""

PRODUCTS = ("flash_personal", "flash_trader", "flash_enterprise")
"""One product per kind of borrower, in the order of BORROWER_KINDS."""

REGIMES = ("cn_licensed", "cn_microloan", "cn_private")
LICENSED, MICROLOAN, PRIVATE = 0, 1, 2
MICROLOAN_FROM = date(2021, 1, 1)
PRIVATE_FROM = date(2020, 9, 1)
"""From here on one cap per contract is known: four times the one-year LPR.

Source: 法释〔2020〕6号, articles 25 and 31.
"""

TERMS = (3, 6, 9, 12, 18, 24, 36)
REGIONS = (
    "CN-GD", "CN-JS", "CN-ZJ", "CN-SD", "CN-HE", "CN-HA", "CN-SC", "CN-HB", "CN-HN", "CN-FJ", "CN-AH", "CN-SH",
    "CN-BJ", "CN-SN", "CN-JX", "CN-LN", "CN-CQ", "CN-GX", "CN-YN", "CN-GZ", "CN-TJ",
)
"""Provinces by ISO 3166-2, the populous first."""
INDUSTRIES = (
    "retail", "catering", "wholesale", "logistics", "manufacturing", "construction", "services", "agriculture",
    "education",
)

# By kind of borrower: person, sole trader, enterprise.
_KIND_SHARES = (0.80, 0.14, 0.06)
_LEAST_YUAN = np.array([1_000, 10_000, 50_000])
_MOST_YUAN = np.array([200_000, 500_000, 3_000_000])
_STEP_YUAN = np.array([100, 1_000, 10_000])
_GRACE_DAYS = np.array([3, 0, 0])
_FEE_LEAST_YUAN = np.array([3, 10, 20])
_FEE_STEPS = np.array([13, 21, 61])
_MICROLOAN_SHARE = np.array([0.12, 0.20, 0.0])
_PRIVATE_SHARE = np.array([0.0, 0.08, 0.10])
_GUARANTEED_SHARE = np.array([0.0, 0.15, 0.40])
# By regime, then kind: yearly rates in tenths of a percent.
_RATE_LEAST = np.array([[72, 72, 72], [150, 150, 150], [72, 72, 72]])
_RATE_MOST = np.array([[240, 216, 168], [240, 240, 240], [140, 140, 130]])
_TERM_SHARES = (0.06, 0.14, 0.10, 0.40, 0.10, 0.14, 0.06)
_NEW_BORROWER_SHARE = 0.90
_LOANS_PER_BORROWER_MAX = 3

_FEE_PENALTY = ORDERS.index("fee,penalty,interest,principal")
_FEE_INTEREST = ORDERS.index("fee,interest,penalty,principal")

# Columns of the random words; a borrower's are read from the row of the borrower's first loan.
(
    _KIND, _RISK, _REGION, _INDUSTRY, _NEW, _SIZE, _RATE, _PENALTY_RATE, _DAY_COUNT, _REGIME, _DISBURSED, _LATEST,
    _TERM, _FEE_HAS, _FEE_SIZE, _ORDER, _ON_INTEREST, _HOUR, _GUARANTEED, _SECOND, _WHO, _WHO_LOAN, _LIMIT, _DICE,
) = range(24)
_WORDS = 24


@dataclass(frozen=True)
class Contracts:
    """One block's loans, one entry per loan in every array; a borrower's loans stand together."""

    number: np.ndarray
    """Number of the loan in the book, from 1."""
    borrower: np.ndarray
    """Index in the block of the borrower's first loan: it names the borrower."""
    kind: np.ndarray
    risk: np.ndarray
    """The borrower's hidden truth in [0, 1): 1 is the worst payer."""
    region: np.ndarray
    industry: np.ndarray
    regime: np.ndarray
    principal_minor: np.ndarray
    annual_rate_ppm: np.ndarray
    penalty_rate_ppm: np.ndarray
    day_count: np.ndarray
    grace_days: np.ndarray
    scope: np.ndarray
    order: np.ndarray
    on_interest: np.ndarray
    fee_minor: np.ndarray
    term: np.ndarray
    disbursed_on: np.ndarray
    """Day number."""
    recorded_at: np.ndarray
    """Microseconds; in the working hours of the day of disbursement."""
    dice: np.ndarray
    """Where the loan's own stream of random numbers starts."""
    guarantors: np.ndarray
    """0, 1 or 2."""
    guarantor_loan: np.ndarray
    """Index of the loan whose borrower is the first guarantor; -1 where that is somebody else."""
    limit_minor: np.ndarray
    """The most each guarantor answers for; -1 for all of it."""


def random_words(seed: int, block: int, rows: int) -> np.ndarray:
    """`rows` rows of random 64-bit words, keyed by seed and block alone; fewer rows are a prefix of more."""
    return np.random.Philox(key=np.array([seed, block], np.uint64)).random_raw(rows * _WORDS).reshape(rows, _WORDS)


def unit(words: np.ndarray) -> np.ndarray:
    """Random words as numbers in [0, 1)."""
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _pick(shares: tuple[float, ...], chance: np.ndarray) -> np.ndarray:
    return np.searchsorted(np.cumsum(shares)[:-1], chance, side="right")


def _below(words: np.ndarray, count: int | np.ndarray) -> np.ndarray:
    """Whole numbers in [0, count)."""
    return (unit(words) * count).astype(np.int64)


def _first_loan(is_new: np.ndarray) -> np.ndarray:
    """Index of the first loan of the borrower of each loan; nobody has more than three."""
    rows = np.arange(len(is_new))
    run = rows - np.maximum.accumulate(np.where(is_new, rows, 0))
    starts = run % _LOANS_PER_BORROWER_MAX == 0
    return np.maximum.accumulate(np.where(starts, rows, 0))


def _regime_of(kind: np.ndarray, chance: np.ndarray, disbursed_on: np.ndarray) -> np.ndarray:
    is_micro = (chance < _MICROLOAN_SHARE[kind]) & (disbursed_on >= _day(MICROLOAN_FROM))
    is_private = (chance >= 1.0 - _PRIVATE_SHARE[kind]) & (disbursed_on >= _day(PRIVATE_FROM))
    return np.where(is_micro, MICROLOAN, np.where(is_private, PRIVATE, LICENSED))


def _day(day: date) -> int:
    return int(np.datetime64(day, "D").astype(np.int64))


def draw(loans: int, seed: int, block: int, as_of: date, instalments: int | None) -> Contracts:
    """The terms of one block's loans; `instalments` fixes the term, None mixes TERMS."""
    words = random_words(seed, block, loans)
    is_new = unit(words[:, _NEW]) < _NEW_BORROWER_SHARE
    is_new[:1] = True
    borrower = _first_loan(is_new)
    chance = unit(words)
    kind = _pick(_KIND_SHARES, chance[borrower, _KIND])
    risk = chance[borrower, _RISK]
    # One loan in three is drawn twice and keeps the later day: the lender grows.
    back = np.where(
        chance[:, _LATEST] < 1 / 3, np.minimum(chance[:, _DISBURSED], chance[:, _LATEST] * 3), chance[:, _DISBURSED]
    )
    disbursed_on = _day(as_of) - (back * (HISTORY_DAYS + 1)).astype(np.int64)
    regime = _regime_of(kind, chance[:, _REGIME], disbursed_on)

    size = chance[:, _SIZE]
    yuan = _LEAST_YUAN[kind] + ((_MOST_YUAN - _LEAST_YUAN)[kind] * (size * size * size)).astype(np.int64)
    principal_minor = yuan // _STEP_YUAN[kind] * _STEP_YUAN[kind] * 100
    least, most = _RATE_LEAST[regime, kind], _RATE_MOST[regime, kind]
    # The riskier are charged more, as far as the lender can tell.
    annual_rate_ppm = (least + ((most - least + 1) * (0.5 * risk + 0.5 * chance[:, _RATE])).astype(np.int64)) * 1_000
    day_count = np.where(chance[:, _DAY_COUNT] < 0.85, 360, 365)
    by_component = (kind == 2) & (chance[:, _ORDER] < 0.30)
    has_fee = (chance[:, _FEE_HAS] < 0.25) & (annual_rate_ppm <= 210_000)
    fee_yuan = _FEE_LEAST_YUAN[kind] + _below(words[:, _FEE_SIZE], _FEE_STEPS[kind])
    return Contracts(
        number=np.arange(1, loans + 1) + block * BLOCK_LOANS,
        borrower=borrower,
        kind=kind,
        risk=risk,
        region=_below(words[borrower, _REGION], len(REGIONS)) * _below(words[borrower, _REGION], 2**20) // 2**20,
        industry=_below(words[borrower, _INDUSTRY], len(INDUSTRIES)),
        regime=regime,
        principal_minor=principal_minor,
        annual_rate_ppm=annual_rate_ppm,
        # 130 to 150 % of the contract rate. Source: 银发〔2003〕251号, point 3.
        penalty_rate_ppm=annual_rate_ppm * (130 + 5 * _below(words[:, _PENALTY_RATE], 5)) // 100,
        day_count=day_count,
        grace_days=_GRACE_DAYS[kind],
        scope=np.where(by_component, SCOPES.index("component"), SCOPES.index("instalment")),
        order=np.where(by_component | (chance[:, _ORDER] > 0.92), _FEE_INTEREST, _FEE_PENALTY),
        on_interest=(regime == LICENSED) & (day_count == 360) & (chance[:, _ON_INTEREST] < 0.6),
        # At most a thousandth of the loan each month, or small loans would cost more than the law allows.
        fee_minor=np.where(has_fee, np.minimum(fee_yuan * 100, principal_minor // 1_000), 0),
        term=np.array(TERMS)[_pick(_TERM_SHARES, chance[:, _TERM])] if instalments is None
        else np.full(loans, instalments),
        disbursed_on=disbursed_on,
        recorded_at=disbursed_on * 86_400_000_000 + (3_600 + _below(words[:, _HOUR], 32_400)) * 1_000_000,
        dice=words[:, _DICE].copy(),
        **_guarantees(words, chance, kind, borrower, principal_minor),
    )


def _guarantees(
    words: np.ndarray, chance: np.ndarray, kind: np.ndarray, borrower: np.ndarray, principal_minor: np.ndarray
) -> dict[str, np.ndarray]:
    """Who answers for each loan beside its borrower; one in five is a borrower of the same block."""
    has_guarantor = chance[:, _GUARANTEED] < _GUARANTEED_SHARE[kind]
    other = _below(words[:, _WHO_LOAN], len(kind))
    is_borrower = (chance[:, _WHO] < 0.2) & (borrower[other] != borrower)
    share = np.where(chance[:, _LIMIT] < 0.8, 2, 1)
    return {
        "guarantors": np.where(has_guarantor, np.where(chance[:, _SECOND] < 0.25, 2, 1), 0),
        "guarantor_loan": np.where(is_borrower, other, -1),
        "limit_minor": np.where(chance[:, _LIMIT] < 0.6, -1, principal_minor * share // 2),
    }
