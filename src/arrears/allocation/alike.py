"""Alike cases as classes: the same people can have them, of like money and difficulty, with the same holder; what is decided is how many of a class go where.

Money and difficulty are taken in tiers, per owner: four of money, each holding a quarter of all that is expected of that owner's cases, so that even
numbers of each tier are even money, large cases being few; and three of difficulty, each a third of the cases.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from arrears.allocation.roster import AGENCY, OWNERS

KINDS = (*OWNERS, AGENCY)
MONEY_TIERS, DIFFICULTY_TIERS = 4, 3
TIERS = MONEY_TIERS * DIFFICULTY_TIERS
QUIET, NEW, HELD = 0, 1, 2
"""Cases that somebody has and that need nobody tonight; that nobody has; that somebody has and that need somebody. The first are left first."""
_MONEY_MOST = 10**11


@dataclass(frozen=True)
class Classes:
    """One entry per class, in one order whatever that of the cases.

    group: place in sets of who can newly have it, −1 where nobody else is asked (QUIET); tier: owner and tier; last: who has or last had it, −1 for none;
    rank: QUIET, NEW or HELD; size: how many cases. of_case: of every case its class. sets: one row per set of people, one column per person.
    """

    group: np.ndarray
    tier: np.ndarray
    last: np.ndarray
    rank: np.ndarray
    size: np.ndarray
    of_case: np.ndarray
    sets: np.ndarray


def money_of(cases: pl.DataFrame) -> np.ndarray:
    """What is expected of a case, what may be claimed where no model says it; minor units, none below 0."""
    return cases.select(pl.coalesce("expected_minor", "claimable_minor").fill_null(0).clip(0, _MONEY_MOST)).to_series().to_numpy()


def tiers_of(owner: np.ndarray, money: np.ndarray, difficulty: np.ndarray) -> np.ndarray:
    """Of every case owner × TIERS + money × DIFFICULTY_TIERS + difficulty; cases of equal figures are of one tier, whatever the order they come in."""
    found = np.zeros(len(owner), np.int64)
    for kind in range(len(KINDS)):
        rows = np.flatnonzero(owner == kind)
        if not len(rows):
            continue
        ordered = np.sort(money[rows])
        running = np.cumsum(ordered)
        marks = [int(running[-1]) * part // MONEY_TIERS for part in range(1, MONEY_TIERS)]
        of_money = np.searchsorted(ordered[np.searchsorted(running, marks)], money[rows], side="left")
        hard = np.sort(difficulty[rows])
        of_difficulty = np.searchsorted(hard[[len(hard) * part // DIFFICULTY_TIERS for part in range(1, DIFFICULTY_TIERS)]], difficulty[rows], side="right")
        found[rows] = kind * TIERS + of_money * DIFFICULTY_TIERS + of_difficulty
    return found


def sets_of(able: np.ndarray, kind: np.ndarray, row: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct sets of people who can newly have a case, and of every case the place of its set.

    able: one row per kind, one column per person; kind: of every case; row, place: cases and people they must not go to.
    """
    if not able.shape[1]:
        return np.zeros((1, 0), np.bool_), np.zeros(len(kind), np.int64)
    base, of_kind = np.unique(able, axis=0, return_inverse=True)
    group = of_kind.reshape(-1)[kind]
    kept = base[group[row], place] if len(row) else np.zeros(0, np.bool_)
    without = pl.DataFrame({"row": row[kept], "place": place[kept]}).unique().sort("row", "place").group_by("row", maintain_order=True).agg("place")
    if not without.height:
        return base, group
    without = without.with_columns(pl.Series("group", group[without["row"].to_numpy()]), key=pl.col("place").cast(pl.List(pl.String)).list.join(","))
    combined = without.select("group", "key", "place").unique(["group", "key"]).sort("group", "key").with_row_index("set")
    fewer = base[combined["group"].to_numpy()]
    listed = combined.select("set", "place").explode("place")
    fewer[listed["set"].to_numpy(), listed["place"].to_numpy()] = False
    sets, again = np.unique(np.concatenate([base, fewer]), axis=0, return_inverse=True)
    again = again.reshape(-1)
    group = again[group]
    of_row = without.join(combined.select("group", "key", "set"), on=["group", "key"], how="left", maintain_order="left")
    group[of_row["row"].to_numpy()] = again[len(base) + of_row["set"].to_numpy().astype(np.int64)]
    return sets, group


def classes_of(group: np.ndarray, tier: np.ndarray, last: np.ndarray, rank: np.ndarray, sets: np.ndarray) -> Classes:
    """Cases counted by group, tier, who has or last had them, and rank."""
    people = sets.shape[1] + 1
    key = (((group + 1) * (len(KINDS) * TIERS) + tier) * people + last + 1) * 3 + rank
    keys, of_case, size = np.unique(key, return_inverse=True, return_counts=True)
    rest, rank = np.divmod(keys, 3)
    rest, last = np.divmod(rest, people)
    group, tier = np.divmod(rest, len(KINDS) * TIERS)
    return Classes(group - 1, tier, last - 1, rank, size.astype(np.int64), of_case.reshape(-1), sets)
