"""Who has how much, what came and went and why, and how even it is among people who can do the same."""

from dataclasses import dataclass
from statistics import median

import numpy as np
import polars as pl

from arrears.allocation.assign import Assigned
from arrears.allocation.recall import worked_on
from arrears.allocation.roster import Collector, Roster, frozen_people, holds_on, is_away
from arrears.money import PPM, exact_sum

MEASURES = ("cases", "expected_minor", "difficulty")
"""Of what the spread is told: number, money that is expected, and the sum of difficulties."""


@dataclass(frozen=True)
class Workload:
    """rows: one per person and agency of the roster, by name. moved_away: one per name and reason, by both: how many left them tonight.

    spread: one per group of at least two people with alike skills and measure: people, mean and median of the load as a share of what each can have,
    cv (standard deviation by mean) and most_by_median (the heaviest by the median); null where the divisor is 0.
    """

    rows: pl.DataFrame
    moved_away: pl.DataFrame
    spread: pl.DataFrame


def workload(assigned: Assigned, cases: pl.DataFrame, roster: Roster) -> Workload:
    """What everybody has after the giving. minutes: sum of the column minutes of the cases where there is one, else null.

    expected_minor is what a model or the strategy expects, 0 where nothing is; sums are exact and raise where they pass 64 bits. share_ppm: of an
    agency among the cases of all agencies. A case without difficulty counts as 0.5, as when cases are given.
    """
    has_minutes = "minutes" in cases.columns
    wanted = cases.select("borrower_id", "claimable_minor", "expected_minor", "difficulty", *(("minutes",) if has_minutes else ()))
    held = assigned.rows.filter(pl.col("held_by").is_not_null()).join(wanted, on="borrower_id", how="left", maintain_order="left")
    stays = pl.col("held_by").eq_missing(pl.col("before"))
    sums = held.with_columns(difficulty=pl.col("difficulty").fill_nan(None).fill_null(0.5)).group_by("held_by").agg(
        pl.len().cast(pl.Int64).alias("cases"), exact_sum("minutes") if has_minutes else pl.lit(None, pl.Int64).alias("minutes"), exact_sum("expected_minor"),
        exact_sum("claimable_minor"), pl.col("difficulty").sum(), stays.sum().cast(pl.Int64).alias("kept"), pl.col("before").is_null().sum().cast(pl.Int64).alias("new"),
        (pl.col("before").is_not_null() & ~stays).sum().cast(pl.Int64).alias("taken_over"))
    moved_away = assigned.rows.filter(pl.col("left_why").is_not_null()).group_by(pl.col("before").alias("name"), pl.col("left_why").alias("reason")).agg(
        pl.len().cast(pl.Int64).alias("cases")).sort("name", "reason")
    people = pl.DataFrame([{"name": one.name, "owner": one.owner, "team": one.team, "cases_most": one.cases_most} for one in roster.people],
                          schema={"name": pl.String, "owner": pl.String, "team": pl.String, "cases_most": pl.Int64})
    rows = people.join(sums, left_on="name", right_on="held_by", how="left").join(
        moved_away.group_by("name").agg(pl.col("cases").sum().alias("moved_away")), on="name", how="left").sort("name")
    counts = ("cases", "expected_minor", "claimable_minor", "difficulty", "kept", "new", "taken_over", "moved_away", *(("minutes",) if has_minutes else ()))
    rows = rows.with_columns(pl.col(counts).fill_null(0)).with_columns(mean_difficulty=pl.when(pl.col("cases") > 0).then(pl.col("difficulty") / pl.col("cases")))
    of_agencies = pl.col("cases").filter(pl.col("owner") == "agency").sum()
    rows = rows.with_columns(share_ppm=pl.when((pl.col("owner") == "agency") & (of_agencies > 0)).then(pl.col("cases") * PPM // of_agencies))
    return Workload(rows, moved_away, _spread(rows, assigned, roster))


def _spread(rows: pl.DataFrame, assigned: Assigned, roster: Roster) -> pl.DataFrame:
    """Of people who are there and not frozen; a group is named after the first of its people."""
    day = worked_on(assigned.as_of)
    still = frozen_people(roster, day)
    groups: dict[tuple, list[str]] = {}
    for one in sorted(roster.collectors, key=lambda each: each.name):
        if holds_on(one.term, day) and not is_away(one, day) and one.name not in still and one.cases_most:
            groups.setdefault(_skills(one), []).append(one.name)
    loads = {row["name"]: row for row in rows.iter_rows(named=True)}
    found = []
    for names in groups.values():
        if len(names) < 2:
            continue
        for measure in MEASURES:
            each = [loads[name][measure] / loads[name]["cases_most"] for name in names]
            mean, middle = float(np.mean(each)), median(each)
            found.append({"group": names[0], "owner": loads[names[0]]["owner"], "people": len(names), "measure": measure, "mean": mean, "median": middle,
                          "cv": float(np.std(each)) / mean if mean else None, "most_by_median": max(each) / middle if middle else None})
    return pl.DataFrame(found, schema={"group": pl.String, "owner": pl.String, "people": pl.Int64, "measure": pl.String, "mean": pl.Float64,
                                       "median": pl.Float64, "cv": pl.Float64, "most_by_median": pl.Float64}).sort("group", "measure")


def _skills(one: Collector) -> tuple:
    """What somebody can do, whatever the order it is written in."""
    lists = (one.languages, one.stages, one.products, one.regions, one.skills)
    return (one.owner, one.amount_most_minor, *(None if each is None else tuple(sorted(each)) for each in lists))
