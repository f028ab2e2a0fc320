"""Who the made-up borrowers are beside their loans: sex, age and language, which touch nothing else, and how easily they are reached.

Every figure is a plausible setting, not a measurement.
"""

from dataclasses import dataclass

import numpy as np

from arrears.twin.contracts import REGIONS, Contracts

FEMALE_SHARE = 0.46
AGE_SHARES = (0.12, 0.34, 0.28, 0.16, 0.08, 0.02)
"""By age band, in the order of AGE_BANDS."""
LANGUAGES = ("zh", "yue", "en")
ASKED_FOR = (0.02, 0.15, 0.005)
"""How likely a person asked to be spoken to in each; Cantonese (yue) in CANTONESE_REGIONS alone. The rest asked for none."""
CANTONESE_REGIONS = ("CN-GD", "CN-GX")


@dataclass(frozen=True)
class People:
    """One entry per loan of the block in every array, the same for all loans of one borrower.

    Sex and age band are drawn apart from everything else: a model that treats people alike shows no gap between them. Language goes by region alone.
    """

    sex: np.ndarray
    """Place in SEXES; -1 for an enterprise, which has none."""
    age_band: np.ndarray
    """Place in AGE_BANDS; -1 for an enterprise."""
    language: np.ndarray
    """Place in LANGUAGES; -1 for who asked for none, and for an enterprise."""
    reachability: np.ndarray
    """The borrower's hidden truth in [0, 1): 1 is who answers most readily; drawn apart from risk."""


def stream(seed: int, block: int, purpose: str) -> np.random.Generator:
    """Dice of one purpose, block and seed, apart from those of every other."""
    return np.random.default_rng([seed, block, *purpose.encode()])


def people_of(contracts: Contracts, seed: int, block: int) -> People:
    """The people of one block; fewer loans give the same to those there are."""
    chance = stream(seed, block, "people").random((len(contracts.number), 3))[contracts.borrower]
    is_firm = contracts.kind == 2
    return People(
        sex=np.where(is_firm, -1, (chance[:, 0] >= FEMALE_SHARE).astype(np.int64)),
        age_band=np.where(is_firm, -1, np.searchsorted(np.cumsum(AGE_SHARES)[:-1], chance[:, 1], side="right")),
        language=np.where(is_firm, -1, _languages(contracts, seed, block)),
        reachability=chance[:, 2],
    )


def _languages(contracts: Contracts, seed: int, block: int) -> np.ndarray:
    """Place in LANGUAGES by loan, from dice of their own."""
    chance = stream(seed, block, "languages").random(len(contracts.number))[contracts.borrower]
    shares = np.array(ASKED_FOR)[None, :] * np.ones((len(chance), 1))
    shares[:, 1] *= np.isin(np.array(REGIONS)[contracts.region], CANTONESE_REGIONS)
    place = (chance[:, None] >= np.cumsum(shares, axis=1)).sum(axis=1)
    return np.where(place == len(LANGUAGES), -1, place)


_ANSWER_BY_DAYS = np.array([0.30, 0.19, 0.11])
"""Up to 30 days late, up to 60, more.

Source: reports of the trade, of calls M1 25 to 45 %, M2 15 to 30 %, M3 and more 5 to 20 % answered, 50 to 80 % of them by the debtor.
"""
_HOURS = np.array([
    # until 12, until 14, until 17, until 18, later
    [0.75, 1.00, 0.80, 1.15, 1.45],  # persons: after work
    [1.35, 0.90, 0.95, 0.70, 0.60],  # sole traders: before the shop fills
    [1.20, 0.60, 1.15, 0.90, 0.40],  # enterprises: in office hours
])
_HOUR_ENDS = np.array([12, 14, 17, 18])


def answer_probability(kind: np.ndarray, reachability: np.ndarray, hour: np.ndarray, days_late: np.ndarray) -> np.ndarray:
    """How likely the debtor answers one call: A(days_late) × (0.4 + 1.2 × reachability) × H(kind, hour), in (0, 1).

    A is 0.30 up to 30 days late, 0.19 up to 60, 0.11 after. H is a factor by kind of borrower and local hour [0, 24): persons
    answer in the evening, sole traders in the morning, enterprises in office hours. The factor of reachability is 1 on average.
    """
    stage = np.searchsorted(np.array([30, 60]), days_late, side="left")
    return _ANSWER_BY_DAYS[stage] * (0.4 + 1.2 * reachability) * _HOURS[kind, np.searchsorted(_HOUR_ENDS, hour, side="right")]
