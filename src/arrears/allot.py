"""What the whole book decides together: one treatment for each entry within the limits, then who has the case.

    entries, options      from decide, all partitions'
    -> chosen             the treatments that together are worth most within the limits (allocation/choose.py), each with how it came about
    -> assigned           the cases given to the people of the roster (allocation/assign.py)
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from arrears.allocation.choose import NO_MOST, Chosen, choose
from arrears.money import exact_sum
from arrears.refusal import Refused
from arrears.strategy.bounds import UNBOUNDED, Bounds, bounds_of, least_of
from arrears.strategy.reading import LEAVE_ALONE
from arrears.strategy.strategy import Strategy
from arrears.strategy.worth import alone_minor, worth_minor

WAITS_ZH, WAITS_EN = "；今晚的容量已用尽，等候", "; what a limit allows is used up tonight, so it waits"
ROW, LIMITS, WAITS = "row", "limits", "waits"
"""How a treatment came about: the row left one; the limits chose among several; a limit left none."""


@dataclass(frozen=True)
class Part:
    """The choice for the entries of one currency, after the fixed rows and the currencies before it took what they need. worth_minor: what it is worth; no
    choice within what was left of the limits that treats whom the rows ask to treat is worth more than bound_minor. prices: of each limit, in thousandths of a minor unit, what one unit more would bring.
    """

    currency: str
    entries: int
    worth_minor: int
    bound_minor: int
    prices: np.ndarray


@dataclass(frozen=True)
class Choice:
    """entries: one row per entry with treatment, channel, verdict, rules, options, chosen_by, worth_minor. bounds: the limits; used: of each what was chosen
    counts. parts: by currency, that with the most entries first. yielded: why least limits were set aside (en, zh); empty where all hold.
    """

    entries: pl.DataFrame
    bounds: Bounds
    used: np.ndarray
    parts: tuple[Part, ...]
    yielded: tuple[tuple[str, str], ...]


def choice_of(entries: pl.DataFrame, options: pl.DataFrame, strategy: Strategy, at_most: dict[str, int]) -> Choice:
    """One treatment for each entry. Entries of a row that is `fixed` come first, then each currency shares what is left of the limits (money of two
    currencies is not weighed against each other).

    entries, options: as `gather` gives them. at_most: the bounds that come from the roster and from the table capacity.
    Leaving alone is always possible: where it is not among an entry's options, only a limit brings it about, and the entry waits.
    """
    quiet = strategy.names.index(LEAVE_ALONE)
    lawful = np.zeros((len(entries), len(strategy.treatments)), bool)
    lawful[options["entry"].to_numpy(), options["treatment"].to_numpy()] = True
    bounds = bounds_of(strategy, entries, lawful, at_most)
    worth, allowed = worth_minor(entries, strategy), lawful.copy()
    allowed[:, quiet] = True
    least_worth = np.where(lawful, worth, _FAR).min(axis=1, initial=_FAR)
    worth[:, quiet] = np.where(lawful[:, quiet], 0, np.minimum(0, least_worth - 1))
    fixed = entries["rule"].is_in([row.name for row in strategy.rows if row.fixed]).to_numpy()
    must = np.maximum(worth, 1)
    must[:, quiet] = np.where(lawful[:, quiet], 1, 0)
    treatment, used = np.full(len(entries), quiet), np.zeros(len(bounds.names), np.int64)
    parts, yielded, none = [], [], np.zeros_like(bounds.least)
    currencies = entries["currency"].value_counts().sort(["count", "currency"], descending=[True, False])["currency"]
    for currency in currencies:
        mine = fixed & (entries["currency"] == currency).to_numpy()
        found = choose(must[mine], allowed[mine], bounds.kind[mine], bounds.usage, _left(bounds, used), none, bounds.names)
        treatment[mine], used = found.choice, used + found.used
    for currency in currencies:
        mine = ~fixed & (entries["currency"] == currency).to_numpy()
        least = np.maximum(least_of(bounds, mine, currency == currencies[0]) - (used if currency == currencies[0] else 0), 0)
        found, why = _within(worth[mine], allowed[mine], bounds, bounds.kind[mine], used, least)
        treatment[mine], used = found.choice, used + found.used
        yielded += why
        true = int(np.where(found.choice == quiet, 0, worth[mine, found.choice]).sum())
        parts.append(Part(currency, int(mine.sum()), true, true + found.bound_minor - found.reached_minor, found.prices))
    worth[:, quiet] = 0
    return Choice(_told(entries, options, treatment, lawful, worth, strategy), bounds, used, tuple(parts), tuple(yielded))


_FAR = np.iinfo(np.int64).max // 4


def _left(bounds: Bounds, used: np.ndarray) -> np.ndarray:
    """What is left of each upper limit."""
    return np.where(bounds.most == UNBOUNDED, NO_MOST, bounds.most - used)


def _within(worth, allowed, bounds: Bounds, kind, used: np.ndarray, least: np.ndarray) -> tuple[Chosen, list[tuple[str, str]]]:
    """The choice within what is left. A least limit that cannot be met beside the others is set aside, as few as can be one by one, and why is told."""
    most, told = _left(bounds, used), []
    while True:
        try:
            return choose(worth, allowed, kind, bounds.usage, most, least, bounds.names), told
        except Refused as problem:
            if not least.any():
                raise
            told.append((problem.en, problem.zh))
            least = np.where(np.arange(len(least)) == _to_set_aside(worth, allowed, bounds, kind, most, least), 0, least)


def _to_set_aside(worth, allowed, bounds: Bounds, kind, most: np.ndarray, least: np.ndarray) -> int:
    """The place of the least limit without which the others can be met, or which alone cannot be; the first of them."""
    places = np.flatnonzero(least)
    for place in places:
        alone = np.where(np.arange(len(least)) == place, least, 0)
        if not _can_be(worth, allowed, bounds, kind, most, alone):
            return int(place)
    for place in places:
        if _can_be(worth, allowed, bounds, kind, most, np.where(np.arange(len(least)) == place, 0, least)):
            return int(place)
    return int(places[0])


def _can_be(worth, allowed, bounds: Bounds, kind, most: np.ndarray, least: np.ndarray) -> bool:
    try:
        choose(worth, allowed, kind, bounds.usage, most, least, bounds.names)
    except Refused:
        return False
    return True


def _told(entries: pl.DataFrame, options: pl.DataFrame, treatment: np.ndarray, lawful: np.ndarray, worth: np.ndarray, strategy: Strategy) -> pl.DataFrame:
    """The entries with what was chosen and how it came about."""
    rows = np.arange(len(entries))
    several, waits = lawful.sum(axis=1) > 1, ~lawful[rows, treatment]
    names = pl.Series(strategy.names, dtype=pl.String)
    words = options.select("entry", pl.col("treatment").replace_strict(range(len(names)), list(strategy.names), return_dtype=pl.String)).group_by(
        "entry", maintain_order=True).agg(pl.col("treatment").str.join("; ").alias("options"))
    chosen = pl.DataFrame({"entry": pl.Series(rows, dtype=pl.UInt32), "treatment": pl.Series(treatment, dtype=pl.UInt8)})
    found = chosen.join(options, on=["entry", "treatment"], how="left", maintain_order="left").join(words, on="entry", how="left", maintain_order="left")
    how = np.where(waits, WAITS, np.where(several, LIMITS, ROW))
    said = entries.with_columns(
        names.gather(pl.Series(treatment, dtype=pl.UInt32)).alias("treatment"), found["channel"], found["verdict"], found["rules"], found["options"],
        pl.Series("chosen_by", how, dtype=pl.String), pl.Series("worth_minor", worth[rows, treatment]))
    return said.with_columns(*(pl.when(pl.col("chosen_by") == WAITS).then(pl.col(name) + words).otherwise(name).alias(name)
                               for name, words in (("reason_zh", WAITS_ZH), ("reason_en", WAITS_EN))))


def expected(choice: Choice, strategy: Strategy) -> dict[str, dict[str, int]]:
    """By currency, in minor units: alone (what comes within 30 days without us), brought (what the treatments add), cost (what they cost)."""
    cost = {one.name: one.cost_minor for one in strategy.treatments}
    sums = choice.entries.select("currency", "worth_minor", alone=pl.Series(alone_minor(choice.entries, strategy)), cost=pl.col("treatment").replace_strict(cost, return_dtype=pl.Int64),
                                 treated=pl.col("treatment") != LEAVE_ALONE)
    of = sums.group_by("currency").agg(exact_sum("alone"), pl.col("cost").sum(), pl.when(pl.col("treated")).then(pl.col("worth_minor") + pl.col("cost")).otherwise(0).sum().alias("brought")).sort("currency")
    return {row.pop("currency"): row for row in of.iter_rows(named=True)}
