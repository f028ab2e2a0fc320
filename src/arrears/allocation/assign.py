"""Cases to people: who has which borrower's case tonight, and why; the preview is the same function with nothing written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from arrears.allocation import alike, recall
from arrears.allocation.assign_reasons import binding_reasons, reasoned
from arrears.allocation.assign_words import worded
from arrears.allocation.dealing import dealt
from arrears.allocation.fitness import People, fits, kinds_of
from arrears.allocation.flow import divide
from arrears.allocation.loads import Hands, Prices, prices_of
from arrears.allocation.recall import COME_BACK, FROZEN, IDLE, Presence, Terms
from arrears.allocation.roster import AGENCY, Roster, frozen_borrowers
from arrears.money import PPM
from arrears.refusal import Refused

CASES = {
    "borrower_id": pl.String, "bucket": pl.String, "product": pl.String, "claimable_minor": pl.Int64, "expected_minor": pl.Int64, "difficulty": pl.Float64,
    "owner": pl.String, "skill": pl.String, "language": pl.String, "region": pl.String, "last_touched_on": pl.Date,
}
"""One row per borrower: all of a person's debts together. owner: who carries tonight's treatment out, null where nobody by name is needed."""
HOLDINGS = {"borrower_id": pl.String, "held_by": pl.String, "held_since": pl.Date, "last_held_by": pl.String, "returned_on": pl.Date, "returned_why": pl.String}
"""One row per borrower whom somebody has or lately had; the rows of the night before can be given as they are. The last three may be missing."""
ASSIGNED = (
    "borrower_id", "held_by", "held_since", "before", "why", "left_why", "why_zh", "why_en", "last_held_by", "returned_on", "returned_why", "needed",
)


@dataclass(frozen=True)
class Assigned:
    """rows: one per borrower whom somebody has, should have, or gave back within not_back_days; by borrower_id.

    held_by: null where nobody could or need; before: who had it; why: why it is where it is; left_why: why it left `before`, null where it did not;
    needed: whether somebody by name is needed tonight. cost: what the division costs by the stated prices; bound: no division costs less.
    """

    rows: pl.DataFrame
    cost: int
    bound: int
    as_of: date

    @property
    def moves(self) -> pl.DataFrame:
        """The rows that changed hands, were given, or came back."""
        return self.rows.filter(pl.col("held_by").ne_missing(pl.col("before")))

    @property
    def unassigned(self) -> pl.DataFrame:
        """The rows that need somebody and have nobody; why is the reason that binds."""
        return self.rows.filter(pl.col("needed") & pl.col("held_by").is_null())


def assign(cases: pl.DataFrame, roster: Roster, holdings: pl.DataFrame, terms: Terms, as_of: date,
           agency_faults: Mapping[str, tuple[str, str]] | None = None) -> Assigned:
    """Who has which case on the day after as_of: as many of those that need somebody as can be, at the least cost by the terms' prices.

    cases: CASES; holdings: HOLDINGS; terms: anything with the fields of Terms; agency_faults: agency to (en, zh) of why it may have none. Nobody has a
    case they cannot do or must not have, nobody more than cases_most beside what is frozen; rows in another order give the same bytes. Raises Refused
    where a borrower stands twice or a column is missing.
    """
    people, faults = roster.people, dict(agency_faults or {})
    asked = question(cases, roster, holdings, terms, as_of, faults)
    division = divide(asked.classes, asked.hands, asked.prices)
    to = asked.fixed_to.copy()
    to[asked.active] = dealt(asked.classes, division, asked.money, asked.difficulty, asked.hands.weight)
    rows = reasoned(asked.book, to, asked.why, asked.binding, people, terms, as_of)
    return Assigned(worded(rows, faults).select(ASSIGNED), division.cost, division.bound, as_of)


def assign_team(team: str, cases: pl.DataFrame, roster: Roster, holdings: pl.DataFrame, terms: Terms, as_of: date,
                agency_faults: Mapping[str, tuple[str, str]] | None = None) -> Assigned:
    """The cases of one team given anew among its own people; rows are theirs alone, everybody else's stay as they are. Raises Refused for an unknown team."""
    if team not in roster.teams:
        raise Refused(f"no team {team!r} in the roster; known are {', '.join(roster.teams) or 'none'}", f"名册中没有小组 {team!r}；已有：{'、'.join(roster.teams) or '无'}")
    own = tuple(one for one in roster.collectors if one.team == team)
    theirs = holdings.filter(pl.col("held_by").is_in([one.name for one in own]))
    of_team = cases.filter(pl.col("borrower_id").is_in(theirs["borrower_id"].implode()))
    return assign(of_team, replace(roster, collectors=own, agencies=()), theirs, terms, as_of, agency_faults)


@dataclass(frozen=True)
class Question:
    """What is to be divided. book: one row per borrower; active: the rows that are divided; classes, money, difficulty: of these.

    fixed_to: of every row the place of the frozen's holder, −1 for others; why: of every row the place in COME_BACK by which it does not stay, −1;
    binding: the reason that binds where nobody has it.
    """

    book: pl.DataFrame
    active: np.ndarray
    fixed_to: np.ndarray
    why: np.ndarray
    binding: pl.Series
    classes: alike.Classes
    hands: Hands
    prices: Prices
    money: np.ndarray
    difficulty: np.ndarray


def question(cases: pl.DataFrame, roster: Roster, holdings: pl.DataFrame, terms: Terms, as_of: date, faults: dict[str, tuple[str, str]]) -> Question:
    """Cases and holdings as classes, people as hands, terms as prices: all that `assign` divides. Raises Refused as it does."""
    people = roster.people
    there = recall.presence(roster, as_of, terms, faults)
    book = _book(cases, holdings, people, list(frozen_borrowers(roster, recall.worked_on(as_of))))
    kinds, kind = kinds_of(book.with_columns(owner=pl.coalesce("owner", "holder_owner")), people)
    able, binding = fits(kinds, people)
    place = book["place"].to_numpy()
    held = book["held_by"].is_not_null().to_numpy()
    rows = np.flatnonzero(held)
    why = np.full(book.height, -1, np.int64)
    why[rows] = recall.why_back(book[rows], people, there, _beside_nobody(able)[kind[rows], place[rows]], roster, terms, as_of)
    barred = _barred(book, why, roster, terms, as_of, people)
    fixed, stays, needed = why == COME_BACK.index(FROZEN), held & (why < 0), book["needed"].to_numpy()
    asks = needed & ~fixed & (stays | ~book["is_still"].to_numpy())
    money, difficulty = alike.money_of(book), book["difficulty"].fill_nan(None).fill_null(0.5).to_numpy()
    tier = np.zeros(book.height, np.int64)
    counted, active = np.flatnonzero(stays | asks | fixed), np.flatnonzero(stays | asks)
    owners = book[counted].select(pl.coalesce("owner", "holder_owner").replace_strict(list(alike.KINDS), range(len(alike.KINDS)), return_dtype=pl.Int64)).to_series()
    tier[counted] = alike.tiers_of(owners.to_numpy(), money[counted], difficulty[counted])
    hands = _hands(people, there, place[fixed], tier[fixed])
    group, sets = _groups(asks, kind, able & hands.open, barred)
    last = np.where(stays, place, np.where(_beside_nobody(sets)[group, book["last_place"].to_numpy()], book["last_place"].to_numpy(), -1))
    rank = np.where(stays, np.where(needed, alike.HELD, alike.QUIET), alike.NEW)
    count = np.bincount(tier[active], minlength=len(alike.KINDS) * alike.TIERS)
    mean = np.bincount(tier[active], money[active], minlength=len(count)) // np.maximum(1, count)
    return Question(
        book, active, np.where(fixed, place, -1), why, binding_reasons(book, kind, able, binding, hands.open, barred),
        alike.classes_of(group[active], tier[active], last[active], rank[active], sets), hands,
        prices_of(terms.continuity_minor, terms.uneven_minor, len(people), mean.astype(np.int64)), money[active], difficulty[active])


def _beside_nobody(table: np.ndarray) -> np.ndarray:
    """The table with a last column, reached by place −1, in which nothing holds."""
    return np.append(table, np.zeros((len(table), 1), np.bool_), axis=1)


def _groups(asks: np.ndarray, kind: np.ndarray, able: np.ndarray, barred: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Of every row the place of the set of people who can newly have it, −1 where nobody is asked; and the sets."""
    asked = np.flatnonzero(asks)
    at = np.full(len(asks), -1, np.int64)
    at[asked] = np.arange(len(asked))
    row = at[barred["row"].to_numpy()]
    sets, found = alike.sets_of(able, kind[asked], row[row >= 0], barred["place"].to_numpy()[row >= 0])
    group = np.full(len(asks), -1, np.int64)
    group[asked] = found
    return group, sets


def _book(cases: pl.DataFrame, holdings: pl.DataFrame, people: People, still: list[str]) -> pl.DataFrame:
    """One row per borrower of either table, by borrower_id.

    place, last_place: of holder and last holder among the people, −1 where the roster does not know them; is_case: there is a debt tonight; needed:
    somebody by name is needed; is_still: the borrower is frozen.
    """
    cases = _taken(cases, CASES, (), "cases")
    holdings = _taken(holdings, HOLDINGS, ("last_held_by", "returned_on", "returned_why"), "holdings")
    missing = holdings.filter(pl.col("held_by").is_not_null() & pl.col("held_since").is_null())
    if missing.height:
        raise Refused(f"holdings: borrower {missing['borrower_id'][0]} is held without held_since; write the day it was given",
                      f"holdings：借款人 {missing['borrower_id'][0]} 有持有人但没有 held_since；请写明分配日期")
    book = cases.with_columns(is_case=True).join(holdings, on="borrower_id", how="full", coalesce=True).sort("borrower_id")
    names = [one.name for one in people]
    owners = {one.name: one.owner for one in people}
    return book.with_columns(
        pl.col("is_case").fill_null(False), (pl.col("is_case").fill_null(False) & pl.col("owner").is_not_null()).alias("needed"),
        pl.col("borrower_id").is_in(still).alias("is_still"), pl.col("held_by").replace_strict(owners, default=None, return_dtype=pl.String).alias("holder_owner"),
        pl.col("held_by").replace_strict(names, range(len(names)), default=-1, return_dtype=pl.Int64).fill_null(-1).alias("place"),
        pl.col("last_held_by").replace_strict(names, range(len(names)), default=-1, return_dtype=pl.Int64).fill_null(-1).alias("last_place"),
    )


def _taken(frame: pl.DataFrame, schema: dict, optional: tuple[str, ...], what: str) -> pl.DataFrame:
    """The columns of the schema, missing ones that may be missing as nulls. Raises Refused."""
    missing = [name for name in schema if name not in frame.columns and name not in optional]
    if missing:
        raise Refused(f"{what}: no column {missing[0]}; there are {', '.join(frame.columns)}", f"{what}：缺少列 {missing[0]}；已有 {'、'.join(frame.columns)}")
    taken = frame.select((pl.col(name) if name in frame.columns else pl.lit(None).alias(name)).cast(dtype) for name, dtype in schema.items())
    if taken["borrower_id"].null_count() or taken["borrower_id"].is_duplicated().any():
        twice = taken.filter(pl.col("borrower_id").is_null() | pl.col("borrower_id").is_duplicated())["borrower_id"].sort()[0]
        raise Refused(f"{what}: borrower {twice} stands twice or has no id; one person's debts are one case and have one holder",
                      f"{what}：借款人 {twice} 重复或没有编号；同一人的债务合为一案，只有一个持有人")
    unknown = taken.filter(~pl.col("owner").is_in(alike.KINDS)) if "owner" in schema else taken.clear()
    if unknown.height:
        raise Refused(f"{what}: owner {unknown['owner'][0]!r} of borrower {unknown['borrower_id'][0]}; known are {', '.join(alike.KINDS)}, or null where nobody by name is needed",
                      f"{what}：借款人 {unknown['borrower_id'][0]} 的 owner {unknown['owner'][0]!r} 未知；可用 {'、'.join(alike.KINDS)}，不需要专人处理时留空")
    return taken


def _barred(book: pl.DataFrame, why: np.ndarray, roster: Roster, terms: Terms, as_of: date, people: People) -> pl.DataFrame:
    """One row per case and person who must not newly have it: row, place, reason (conflict or not_back)."""
    places = {one.name: place for place, one in enumerate(people)}
    pairs = recall.conflicts(roster).select("borrower_id", pl.col("who").replace_strict(places, default=-1, return_dtype=pl.Int64).alias("place"))
    rows = book.select("borrower_id", pl.int_range(pl.len(), dtype=pl.Int64).alias("row"))
    of_conflict = rows.join(pairs, on="borrower_id").select("row", "place", pl.lit("conflict").alias("reason"))
    earlier, tonight = book.select(recall.is_barred(terms, as_of)).to_series().to_numpy(), why == COME_BACK.index(IDLE)
    of_idle = [
        pl.DataFrame({"row": np.flatnonzero(mask).astype(np.int64), "place": book[column].to_numpy()[mask]}).with_columns(reason=pl.lit("not_back"))
        for mask, column in ((earlier, "last_place"), (tonight, "place"))]
    return pl.concat([of_conflict, *of_idle]).filter(pl.col("place") >= 0).sort("row", "place", "reason")


def _hands(people: People, there: Presence, fixed_to: np.ndarray, fixed_tier: np.ndarray) -> Hands:
    """Without shares agencies have equal ones; a scorecard multiplies the share, and where there is none it is the mean of the others'."""
    scores = [one.score for one in people if one.owner == AGENCY and one.score is not None]
    mean = sum(scores) // len(scores) if scores else 1
    weight = np.array([
        one.cases_most if one.owner != AGENCY else (PPM if one.share_ppm is None else one.share_ppm) * (mean if one.score is None else one.score)
        for one in people], np.int64)
    is_agency = np.array([one.owner == AGENCY for one in people], np.bool_)
    fixed = np.zeros((len(people), len(alike.KINDS) * alike.TIERS), np.int64)
    np.add.at(fixed, (fixed_to, fixed_tier), 1)
    room = np.maximum(0, np.array([one.cases_most for one in people], np.int64) - fixed.sum(axis=1))
    return Hands(room, weight, there.open & (~is_agency | (weight > 0)), is_agency, fixed)
