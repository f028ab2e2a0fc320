"""Who may have which case by what they can do: owner, stage, product, amount licence, language, region of a visit, the treatment's skill."""

import numpy as np
import polars as pl

from arrears.allocation.roster import AGENCY, Agency, Collector

CRITERIA = ("owner", "bucket", "product", "amount", "language", "region", "skill")
"""In the order in which the first that nobody meets is named."""
OWN_LANGUAGE = "zh"
"""The lender's own language, in which a person is spoken to of whom none is known."""
_BOUND_TO_REGION = ("visitor", AGENCY)
_KEYS = ("owner", "bucket", "product", "amount_level", "language", "region", "skill")

People = tuple[Collector | Agency, ...]


def kinds_of(cases: pl.DataFrame, people: People) -> tuple[pl.DataFrame, np.ndarray]:
    """The distinct kinds of cases, one row each, in one order whatever that of the cases; and of every case the place of its kind.

    amount_level: how many of the roster's licences the amount passes; an amount that is not known passes all of them.
    """
    limits = _licences(people)
    amounts = cases["claimable_minor"].to_numpy() if cases["claimable_minor"].null_count() == 0 else cases["claimable_minor"].fill_null(np.iinfo(np.int64).max).to_numpy()
    keyed = cases.select(
        "owner", "bucket", "product", pl.Series("amount_level", np.searchsorted(limits, amounts, side="left").astype(np.int32)),
        pl.col("language").fill_null(OWN_LANGUAGE), pl.when(pl.col("owner").is_in(_BOUND_TO_REGION)).then("region").alias("region"), "skill",
    )
    kinds = keyed.unique().sort(_KEYS, nulls_last=True).with_row_index("kind")
    return kinds, keyed.join(kinds, on=_KEYS, how="left", nulls_equal=True, maintain_order="left")["kind"].to_numpy().astype(np.int64)


def fits(kinds: pl.DataFrame, people: People) -> tuple[np.ndarray, np.ndarray]:
    """One row per kind, one column per person: whether they can do it; and per kind the place in CRITERIA of the first that nobody meets, −1 where somebody can."""
    limits = _licences(people)
    able = np.ones((kinds.height, len(people)), np.bool_)
    binding = np.full(kinds.height, -1, np.int64)
    bound_to_region = kinds["owner"].is_in(_BOUND_TO_REGION).fill_null(False).to_numpy()
    for place, criterion in enumerate(CRITERIA):
        column = kinds["amount_level" if criterion == "amount" else criterion].to_list()
        met = {value: _meets(criterion, value, people, limits) for value in set(column)}
        meets = np.stack([met[value] for value in column]) if column else able
        able &= meets | ~bound_to_region[:, None] if criterion == "region" else meets
        binding[(binding < 0) & ~able.any(axis=1)] = place
    return able, binding


def _licences(people: People) -> np.ndarray:
    return np.array(sorted({one.amount_most_minor for one in people if one.amount_most_minor is not None}), np.int64)


def _meets(criterion: str, value, people: People, limits: np.ndarray) -> np.ndarray:
    """Of every person whether they meet the criterion at this value; a value that is not known is met by `any` alone, a skill that is not asked by all."""
    if criterion == "amount":
        return np.array([one.amount_most_minor is None or int(np.searchsorted(limits, one.amount_most_minor)) >= value for one in people], np.bool_)
    if criterion == "owner":
        return np.array([one.owner == value for one in people], np.bool_)
    if criterion == "skill" and value is None:
        return np.ones(len(people), np.bool_)
    permitted = {"bucket": "stages", "product": "products", "language": "languages", "region": "regions", "skill": "skills"}[criterion]
    lists = [getattr(one, permitted) for one in people]
    return np.array([each is None or (value is not None and value in each) for each in lists], np.bool_)
