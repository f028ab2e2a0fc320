"""What each treatment of each entry is worth: what it brings in beyond what comes by itself, less its cost.

    worth[i, t] = (claimable[i] - alone[i]) x effect[t, bucket] - cost[t]

alone: what comes within 30 days without us, by the released model, else claimable x recovery[bucket]. Products are cut to whole minor units.
"""

import numpy as np
import polars as pl

from arrears.money import PPM
from arrears.strategy.strategy import Strategy


def alone_minor(entries: pl.DataFrame, strategy: Strategy) -> np.ndarray:
    """Per entry (claimable_minor, bucket, expected_minor) what is expected within 30 days without a treatment, in minor units."""
    share = _by_bucket(entries, strategy.expected.recovery_ppm)
    assumed = _times_ppm(entries["claimable_minor"].to_numpy(), share)
    modelled = entries["expected_minor"].to_numpy(allow_copy=True) if entries["expected_minor"].null_count() == 0 else entries["expected_minor"].fill_null(-1).to_numpy()
    return np.where(modelled < 0, assumed, modelled).astype(np.int64)


def worth_minor(entries: pl.DataFrame, strategy: Strategy) -> np.ndarray:
    """(entries, treatments) Int64, minor units; leaving alone is worth 0."""
    left = np.maximum(entries["claimable_minor"].to_numpy() - alone_minor(entries, strategy), 0)
    worth = np.zeros((len(entries), len(strategy.treatments)), np.int64)
    for place, one in enumerate(strategy.treatments):
        brings = _times_ppm(left, _by_bucket(entries, strategy.expected.effect_ppm.get(one.name, {})))
        worth[:, place] = brings - one.cost_minor
    return worth


def _by_bucket(entries: pl.DataFrame, ppm: dict[str, int]) -> np.ndarray:
    """Per entry the share of its bucket; 0 where none is stated."""
    return entries["bucket"].replace_strict(ppm or {"": 0}, default=0, return_dtype=pl.Int64).to_numpy()


def _times_ppm(amounts: np.ndarray, ppm: np.ndarray) -> np.ndarray:
    """amount x share, cut to whole minor units, in 64 bits whatever the amount."""
    return amounts // PPM * ppm + amounts % PPM * ppm // PPM
