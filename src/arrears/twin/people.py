"""Who the made-up borrowers are beside their loans: sex and age, which touch nothing else, and how easily they are reached.

Every figure is a plausible setting, not a measurement.
"""

from dataclasses import dataclass

import numpy as np

from arrears.twin.contracts import Contracts

FEMALE_SHARE = 0.46
AGE_SHARES = (0.12, 0.34, 0.28, 0.16, 0.08, 0.02)
"""By age band, in the order of AGE_BANDS."""


@dataclass(frozen=True)
class People:
    """One entry per loan of the block in every array, the same for all loans of one borrower.

    Sex and age band are drawn apart from everything else: a model that treats people alike shows no gap between them.
    """

    sex: np.ndarray
    """Place in SEXES; -1 for an enterprise, which has none."""
    age_band: np.ndarray
    """Place in AGE_BANDS; -1 for an enterprise."""
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
        reachability=chance[:, 2],
    )
