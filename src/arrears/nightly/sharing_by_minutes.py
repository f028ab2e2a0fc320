"""One team's cases that need somebody tonight, shared by minutes: nobody gets more than they work in a day, and as few change hands as that allows, evenly."""

from dataclasses import replace

import numpy as np
import polars as pl

from arrears.allocation.assign import ASSIGNED, Assigned
from arrears.allocation.assign_words import worded
from arrears.allocation.by_minutes import NOT_PERMITTED, GivenByMinutes, assign_by_minutes
from arrears.allocation.fitness import fits, kinds_of
from arrears.allocation.recall import FROZEN, IDLE, conflicts, is_barred, presence
from arrears.allocation.roster import ROSTER_FILE, Collector, Roster
from arrears.refusal import Refused
from arrears.strategy.strategy import Giving

BY_MINUTES = "by_minutes"
PARTS = 16
_SAID = {"why_zh": ("按工时重新分配，", " 交出；现由 ", " 负责。"), "why_en": ("shared out by minutes; ", " gives it up; now with ", ".")}


def shared_by_minutes(team: str, found: Assigned, cases: pl.DataFrame, roster: Roster, holdings: pl.DataFrame, terms: Giving) -> pl.DataFrame:
    """The rows of the team: those that need somebody and whom somebody of the team may have are within everybody's minutes, the others as `found` has them.

    found: what assign_team gave; holdings: how the cases stood before, with the columns of ASSIGNED. A move costs continuity_minor, at least one minor unit; none is made that minutes do not
    ask for; as far as those moves allow, nobody is filled more than others. Raises Refused where minutes do not suffice, and where somebody would have more than cases_most.
    """
    own = replace(roster, collectors=tuple(one for one in roster.collectors if one.team == team), agencies=())
    asked = found.rows.filter(pl.col("needed") & (pl.col("why") != FROZEN)).select("borrower_id", "before", forced="left_why").join(
        cases, on="borrower_id", how="left", maintain_order="left").join(
        holdings.select("borrower_id", "held_since", "last_held_by", "returned_on", "returned_why"), on="borrower_id", how="left", maintain_order="left")
    may = _may(asked, own, found, terms)
    asked, may = asked.filter(pl.Series(may.any(axis=0), dtype=pl.Boolean)), may[:, may.any(axis=0)]
    rest = found.rows.join(asked.select("borrower_id"), on="borrower_id", how="anti", maintain_order="left")
    minutes, within = asked["minutes"].to_numpy(), _within(own, rest, cases)
    _demand_room(asked, may, minutes, within)
    names = np.array([one.name for one in own.people], dtype=object)
    move = max(1, terms.continuity_minor)
    cost = np.where(may, np.where(names[:, None] == asked["before"].to_numpy()[None, :], 0, move), NOT_PERMITTED)
    try:
        given = assign_by_minutes(cost, np.broadcast_to(minutes, may.shape), within)
    except Refused as problem:
        raise Refused(f"team {team}, tonight's cases and the minutes in {ROSTER_FILE}: {problem.en}", f"小组 {team}，今晚的案件与 {ROSTER_FILE} 中的 minutes：{problem.zh}") from None
    holder = _evened(cost, minutes, within, given)
    rows = _rows(asked.with_columns(pl.Series("held_by", names[holder].tolist(), dtype=pl.String)), terms, found)
    together = pl.concat([rest, rows]).sort("borrower_id")
    _demand_number(together, own.collectors)
    return together


def _may(asked: pl.DataFrame, own: Roster, found: Assigned, terms: Giving) -> np.ndarray:
    """Bool[A, J]: whether the person is there, can do it, and is not barred by a conflict or because it came back idle from them."""
    kinds, kind = kinds_of(asked, own.people)
    able, _ = fits(kinds, own.people)
    may = (able[kind] & presence(own, found.as_of, terms, {}).open).T
    rows = asked.with_row_index("row")
    barred = pl.concat([
        rows.join(conflicts(own), on="borrower_id").select("row", "who"),
        rows.filter(is_barred(terms, found.as_of)).select("row", who="last_held_by"),
        rows.filter(pl.col("forced") == IDLE).select("row", who="before")])
    places = {one.name: place for place, one in enumerate(own.people)}
    for row, who in barred.iter_rows():
        if who in places:
            may[places[who], row] = False
    return may


def _within(own: Roster, rest: pl.DataFrame, cases: pl.DataFrame) -> np.ndarray:
    """Int64[A]: everybody's minutes less those of what stays with them as it is."""
    spent = dict(rest.filter(pl.col("needed")).join(cases.select("borrower_id", "minutes"), on="borrower_id").group_by("held_by").agg(pl.col("minutes").sum()).iter_rows())
    return np.array([max(0, one.minutes - spent.get(one.name, 0)) for one in own.people], np.int64)


def _evened(cost: np.ndarray, minutes: np.ndarray, within: np.ndarray, given: GivenByMinutes) -> np.ndarray:
    """The holders where the same moves cost no more and nobody new to a case is filled beyond the least part of their minutes, in sixteenths, that was found to do.

    What somebody may keep does not count against the part: evenness is never worth a move here.
    """
    kept = np.where(cost == 0, minutes, 0).sum(axis=1)
    holder, low, high = given.holder, 0, PARTS
    while high - low > 1:
        part = (low + high) // 2
        try:
            tried = assign_by_minutes(cost, np.broadcast_to(minutes, cost.shape), np.minimum(within, np.maximum(kept, within * part // PARTS)))
        except Refused:
            low = part
            continue
        if tried.cost > given.cost:
            low = part
        else:
            holder, high = tried.holder, part
    return holder


def _demand_room(asked: pl.DataFrame, may: np.ndarray, minutes: np.ndarray, within: np.ndarray) -> None:
    """Raises Refused where one case by itself is longer than the day of everybody who may have it."""
    longest = np.where(may, within[:, None], -1).max(axis=0) if may.size else np.zeros(0, np.int64)
    beyond = np.flatnonzero(minutes > longest)
    if len(beyond):
        borrower, takes, most = asked["borrower_id"][int(beyond[0])], int(minutes[beyond[0]]), int(longest[beyond[0]])
        raise Refused(f"borrower {borrower}: the case takes {takes} minutes, and whoever of the team may have it has {most} left at most; raise minutes in roster.yaml, or share out without --by-minutes",
                      f"借款人 {borrower}：该案需 {takes} 分钟，小组中可办的人最多只剩 {most} 分钟；请在 roster.yaml 中增加 minutes，或不用 --by-minutes")


def _demand_number(rows: pl.DataFrame, people: tuple[Collector, ...]) -> None:
    """Raises Refused where somebody would have more cases than they can."""
    count = dict(rows.filter(pl.col("held_by").is_not_null()).group_by("held_by").len().iter_rows())
    frozen = dict(rows.filter(pl.col("why") == FROZEN).group_by("held_by").len().iter_rows())
    for one in people:
        if count.get(one.name, 0) > max(one.cases_most, frozen.get(one.name, 0)):
            raise Refused(f"{one.name}: by minutes they would have {count[one.name]} cases, but cases_most is {one.cases_most}; raise it in roster.yaml, or share out without --by-minutes",
                          f"{one.name}：按工时将有 {count[one.name]} 件案件，超过上限 cases_most {one.cases_most}；请在 roster.yaml 中提高上限，或不用 --by-minutes")


def _rows(given: pl.DataFrame, terms: Giving, found: Assigned) -> pl.DataFrame:
    """The answer's rows, with reasons and what is remembered of whoever gave a case up."""
    moved = pl.col("held_by") != pl.col("before")
    remember = moved & ((pl.col("forced") == IDLE).fill_null(False) | ~is_barred(terms, found.as_of))
    left = pl.when(moved).then(pl.coalesce(pl.when(pl.col("forced").is_in(_FREELY)).then(None).otherwise("forced"), pl.lit(BY_MINUTES)))
    rows = given.with_columns(left_why=left, needed=pl.lit(True)).with_columns(
        why=pl.coalesce("left_why", pl.lit("kept")), held_since=pl.when(moved).then(pl.lit(found.as_of)).otherwise("held_since"),
        last_held_by=pl.when(remember).then("before").otherwise("last_held_by"), returned_on=pl.when(remember).then(pl.lit(found.as_of)).otherwise("returned_on"),
        returned_why=pl.when(remember).then("left_why").otherwise("returned_why"))
    by_minutes = pl.col("left_why").fill_null("") == BY_MINUTES
    return worded(rows, {}).with_columns(
        pl.when(by_minutes).then(pl.concat_str(pl.lit(first), "before", pl.lit(then), "held_by", pl.lit(end))).otherwise(column).alias(column)
        for column, (first, then, end) in _SAID.items()).select(ASSIGNED)


_FREELY = ("balance", "over_capacity", "agency_share")
"""Why `assign` moves a case that could have stayed."""
