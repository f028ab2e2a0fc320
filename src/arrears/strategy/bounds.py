"""A strategy's limits as arrays: what one entry counts towards each limit under each treatment, and how much of it there may or must be."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from arrears.money import PPM
from arrears.strategy.strategy import Limit, Strategy, Treatment

UNBOUNDED = np.iinfo(np.int64).max
MILLION = 1_000_000


@dataclass(frozen=True)
class Bounds:
    """names: one per limit, and per value of the field it is split by. usage: (limits, kinds, treatments) Int64; kind: per entry its kind, that is among
    whose people it is. most, least: Int64, UNBOUNDED and 0 where there is none. people: of each limit how many entries are among its people;
    able: (limits, entries), which of them may lawfully be treated so that it counts, of limits with a least share alone.
    """

    names: tuple[str, ...]
    limits: tuple[Limit, ...]
    usage: np.ndarray
    kind: np.ndarray
    most: np.ndarray
    least: np.ndarray
    people: np.ndarray
    able: np.ndarray


def bounds_of(strategy: Strategy, entries: pl.DataFrame, lawful: np.ndarray, at_most: dict[str, int]) -> Bounds:
    """The limits of the strategy for these entries (limits: a bit per limit; bucket, product, segment, kind, frequency where a limit is split by them).

    lawful: (entries, treatments), what may be chosen: a least share is one of those among the people who may be treated so. at_most: of each limit whose
    bound comes from the roster or the table capacity that bound; one that is missing does not bind.
    """
    bits, split = entries["limits"].to_numpy(), _split(strategy, entries)
    among = np.stack([(bits >> np.uint64(place) & np.uint64(1)).astype(bool) & mine for place, _, mine in split]) if split else np.zeros((0, len(entries)), bool)
    kinds, kind = _kinds(among)
    each = np.array([[counted(strategy.limits[place], one, strategy.expected.complaints_per_million) for one in strategy.treatments] for place, *_ in split], np.int64).reshape(len(split), len(strategy.treatments))
    usage = each[:, None, :] * kinds[:, :, None]
    people, most, least, able = among.sum(axis=1), [], [], np.zeros(among.shape, bool)
    for row, (place, _, _) in enumerate(split):
        limit = strategy.limits[place]
        if limit.least_ppm:
            able[row] = among[row] & (lawful & (each[row] > 0)).any(axis=1)
        most.append(_most(limit, int(people[row]), at_most))
        least.append(_least(limit, int(able[row].sum())))
    names = tuple(strategy.limits[place].name + (f" ({value})" if value is not None else "") for place, value, _ in split)
    return Bounds(names, tuple(strategy.limits[place] for place, *_ in split), usage, kind, np.array(most, np.int64), np.array(least, np.int64), people, able)


def least_of(bounds: Bounds, mine: np.ndarray, is_first: bool) -> np.ndarray:
    """What these entries (flags) must count of each limit: their own part of a least share; a least number falls on the first part alone."""
    return np.array([_least(limit, int((bounds.able[row] & mine).sum())) if limit.least_ppm else int(bounds.least[row]) * is_first
                     for row, limit in enumerate(bounds.limits)], np.int64)


def _most(limit: Limit, people: int, at_most: dict[str, int]) -> int:
    if limit.most_from is not None:
        return at_most.get(limit.name, UNBOUNDED)
    if limit.most_ppm is not None:
        return people * limit.most_ppm // (1 if limit.counts == "complaints" else PPM)
    if limit.most is None:
        return UNBOUNDED
    return limit.most * (MILLION if limit.counts == "complaints" else 1)


def _least(limit: Limit, able: int) -> int:
    if limit.least is not None:
        return limit.least * (MILLION if limit.counts == "complaints" else 1)
    return able * (limit.least_ppm or 0) // (1 if limit.counts == "complaints" else PPM)


def _split(strategy: Strategy, entries: pl.DataFrame) -> list[tuple[int, str | None, np.ndarray]]:
    """Per limit, and per value of the field it is split by: its place, the value, and which entries have it."""
    found = []
    for place, limit in enumerate(strategy.limits):
        if limit.by is None:
            found.append((place, None, np.ones(len(entries), bool)))
            continue
        values = entries[limit.by].fill_null("–")
        found += [(place, value, (values == value).to_numpy()) for value in values.unique().sort()]
    return found


def _kinds(among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different sets of limits that entries are among, (limits, kinds) of 0 and 1, and the kind of each entry."""
    if not len(among):
        return np.zeros((0, 1), np.int64), np.zeros(among.shape[1], np.int32)
    packed = np.ascontiguousarray(np.packbits(among, axis=0).T)
    _, first, kind = np.unique(packed.view(f"V{packed.shape[1]}").ravel(), return_index=True, return_inverse=True)
    return among[:, first].astype(np.int64), kind.astype(np.int32)


def counted(limit: Limit, treatment: Treatment, complaints: dict[str, int]) -> int:
    """What one person treated so counts towards the limit; 0 where the limit is not about this treatment."""
    own = {"owner": treatment.owner, "channel": treatment.channel, "skill": treatment.skill, "treatment": treatment.name}
    if any(own[field] not in values for field, values in limit.of):
        return 0
    if limit.counts == "people":
        return int(treatment.owner != "nobody")
    return {"contacts": int(treatment.channel is not None), "minutes": treatment.minutes, "cost": treatment.cost_minor, "complaints": complaints.get(treatment.name, 0)}[limit.counts]
