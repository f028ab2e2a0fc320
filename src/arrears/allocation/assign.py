"""Cases to people: who has which borrower's case tonight, and why; the preview is the same function with nothing written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from arrears.allocation import alike, recall
from arrears.allocation.assign_words import worded
from arrears.allocation.dealing import dealt
from arrears.allocation.fitness import CRITERIA, People, fits, kinds_of
from arrears.allocation.flow import Hands, divide, prices_of
from arrears.allocation.recall import COME_BACK, FROZEN, IDLE, NOT_NEEDED, Presence, Terms
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
    there = recall.presence(roster, as_of, terms, faults)
    book = _book(cases, holdings, people).with_columns(is_still=pl.col("borrower_id").is_in(list(frozen_borrowers(roster, recall.worked_on(as_of)))))
    kinds, kind = kinds_of(book.with_columns(owner=pl.coalesce("owner", "holder_owner")), people)
    able, binding = fits(kinds, people)
    place = book["place"].to_numpy()
    held = np.flatnonzero(book["held_by"].is_not_null().to_numpy())
    of_held = np.append(able, np.zeros((len(able), 1), np.bool_), axis=1)[kind[held], place[held]]
    why = np.full(book.height, -1, np.int64)
    why[held] = recall.why_back(book[held], people, there, of_held, roster, terms, as_of)
    barred = _barred(book, why, roster, terms, as_of, people)
    hands = _hands(people, there)
    to, cost, bound = _given(book, kind, able, why, barred, hands, terms)
    rows = _reasons(book, to, why, _binding(book, kind, able, binding, there, barred), people, terms, as_of)
    return Assigned(worded(rows, faults).select(ASSIGNED), cost, bound)


def assign_team(team: str, cases: pl.DataFrame, roster: Roster, holdings: pl.DataFrame, terms: Terms, as_of: date,
                agency_faults: Mapping[str, tuple[str, str]] | None = None) -> Assigned:
    """The cases of one team given anew among its own people; rows are theirs alone, everybody else's stay as they are. Raises Refused for an unknown team."""
    if team not in roster.teams:
        raise Refused(f"no team {team!r} in the roster; known are {', '.join(roster.teams) or 'none'}", f"名册中没有小组 {team!r}；已有：{'、'.join(roster.teams) or '无'}")
    own = tuple(one for one in roster.collectors if one.team == team)
    theirs = holdings.filter(pl.col("held_by").is_in([one.name for one in own]))
    of_team = cases.filter(pl.col("borrower_id").is_in(theirs["borrower_id"].implode()))
    return assign(of_team, replace(roster, collectors=own, agencies=()), theirs, terms, as_of, agency_faults)


def _book(cases: pl.DataFrame, holdings: pl.DataFrame, people: People) -> pl.DataFrame:
    """One row per borrower of either table, by borrower_id; place and last_place: of holder and last holder among the people, −1 where the roster does not know them."""
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
        pl.col("is_case").fill_null(False), pl.col("held_by").replace_strict(owners, default=None, return_dtype=pl.String).alias("holder_owner"),
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
    return taken


def _barred(book: pl.DataFrame, why: np.ndarray, roster: Roster, terms: Terms, as_of: date, people: People) -> pl.DataFrame:
    """One row per case and person who must not newly have it: row, place, reason (conflict or not_back)."""
    places = {one.name: place for place, one in enumerate(people)}
    pairs = recall.conflicts(roster).select("borrower_id", pl.col("who").replace_strict(places, return_dtype=pl.Int64).alias("place"))
    rows = book.select("borrower_id", pl.int_range(pl.len(), dtype=pl.Int64).alias("row"))
    of_conflict = rows.join(pairs, on="borrower_id").select("row", "place", pl.lit("conflict").alias("reason"))
    earlier, tonight = recall.bars(book, terms, as_of).to_numpy(), why == COME_BACK.index(IDLE)
    of_idle = [
        pl.DataFrame({"row": np.flatnonzero(mask).astype(np.int64), "place": book[column].to_numpy()[mask]}).with_columns(reason=pl.lit("not_back"))
        for mask, column in ((earlier, "last_place"), (tonight, "place"))]
    return pl.concat([of_conflict, *of_idle]).filter(pl.col("place") >= 0).sort("row", "place", "reason")


def _hands(people: People, there: Presence) -> Hands:
    """Without shares agencies have equal ones; a scorecard multiplies the share, and where there is none it is the mean of the others'."""
    scores = [one.score for one in people if one.owner == AGENCY and one.score is not None]
    mean = sum(scores) // len(scores) if scores else 1
    weight = np.array([
        one.cases_most if one.owner != AGENCY else (PPM if one.share_ppm is None else one.share_ppm) * (mean if one.score is None else one.score)
        for one in people], np.int64)
    is_agency = np.array([one.owner == AGENCY for one in people], np.bool_)
    return Hands(np.array([one.cases_most for one in people], np.int64), weight, there.open & (~is_agency | (weight > 0)), is_agency,
                 np.zeros((len(people), len(alike.KINDS) * alike.TIERS), np.int64))


def _given(book: pl.DataFrame, kind: np.ndarray, able: np.ndarray, why: np.ndarray, barred: pl.DataFrame, hands: Hands, terms: Terms) -> tuple[np.ndarray, int, int]:
    """Of every case the place of who has it, −1 for nobody; what the division costs, and the bound."""
    place, last = book["place"].to_numpy(), book["last_place"].to_numpy()
    needed, fixed, stays = _needed(book), why == COME_BACK.index(FROZEN), book["held_by"].is_not_null().to_numpy() & (why < 0)
    asks = needed & ~fixed & (stays | ~book["is_still"].to_numpy())
    active, counted = np.flatnonzero(stays | asks), np.flatnonzero(stays | asks | fixed)
    owners = book[counted].select(pl.coalesce("owner", "holder_owner").replace_strict(list(alike.KINDS), range(len(alike.KINDS)), return_dtype=pl.Int64)).to_series()
    money, difficulty = alike.money_of(book), book["difficulty"].fill_null(0.5).to_numpy()
    tier = np.zeros(book.height, np.int64)
    tier[counted] = alike.tiers_of(owners.to_numpy(), money[counted], difficulty[counted])
    np.add.at(hands.fixed, (place[fixed], tier[fixed]), 1)
    hands = replace(hands, room=np.maximum(0, hands.room - hands.fixed.sum(axis=1)))
    asked = np.flatnonzero(asks)
    at = np.full(book.height, -1, np.int64)
    at[asked] = np.arange(len(asked))
    row = at[barred["row"].to_numpy()]
    sets, group_of_asked = alike.sets_of(able & hands.open, kind[asked], row[row >= 0], barred["place"].to_numpy()[row >= 0])
    group = np.full(book.height, -1, np.int64)
    group[asked] = group_of_asked
    can = np.append(sets, np.zeros((len(sets), 1), np.bool_), axis=1)
    last = np.where(stays, place, np.where(can[group, last], last, -1))
    rank = np.where(stays, np.where(needed, alike.HELD, alike.QUIET), alike.NEW)
    classes = alike.classes_of(group[active], tier[active], last[active], rank[active], sets)
    count = np.bincount(tier[active], minlength=len(alike.KINDS) * alike.TIERS)
    mean = np.bincount(tier[active], money[active], minlength=len(count)) // np.maximum(1, count)
    division = divide(classes, hands, prices_of(terms.continuity_minor, terms.uneven_minor, len(hands.room), mean.astype(np.int64)))
    to = np.where(fixed, place, -1)
    to[active] = dealt(classes, division, money[active], difficulty[active], hands.weight)
    return to, division.cost, division.bound


def _needed(book: pl.DataFrame) -> np.ndarray:
    return (book["is_case"] & book["owner"].is_not_null()).to_numpy()


def _binding(book: pl.DataFrame, kind: np.ndarray, able: np.ndarray, binding: np.ndarray, there: Presence, barred: pl.DataFrame) -> list[str]:
    """Of every case the reason that would bind if nobody had it: nobody can, nobody who can is there, all who are must not, all who may are full."""
    can = able & there.open
    some = can.any(axis=1)
    codes = [f"no_{criterion}" for criterion in CRITERIA]
    of_kind = [codes[first] if first >= 0 else "no_capacity" if there_is else "nobody_there" for first, there_is in zip(binding.tolist(), some.tolist(), strict=True)]
    rows, places = barred["row"].to_numpy(), barred["place"].to_numpy()
    within = can[kind[rows], places]
    shut = barred.filter(pl.Series(within, dtype=pl.Boolean)).group_by("row").agg(
        pl.col("place").n_unique().alias("shut"), (pl.col("reason") == "conflict").all().alias("of_conflict")).sort("row")
    found = np.array(of_kind or [""], dtype=object)[kind] if len(of_kind) else np.full(book.height, "no_owner", object)
    every = shut.filter(pl.Series(can.sum(axis=1)[kind[shut["row"].to_numpy()]], dtype=pl.Int64) == pl.col("shut")) if shut.height else shut
    for reason, mask in (("all_in_conflict", every["of_conflict"]), ("all_barred", ~every["of_conflict"])):
        found[every["row"].filter(mask).to_numpy()] = reason
    found[(book["is_still"] & book["held_by"].is_null()).to_numpy()] = FROZEN
    return found.tolist()


def _reasons(book: pl.DataFrame, to: np.ndarray, why: np.ndarray, binding: list[str], people: People, terms: Terms, as_of: date) -> pl.DataFrame:
    """The rows of the answer but for their sentences."""
    names = pl.Series([one.name for one in people] or [""], dtype=pl.String)
    given, known = pl.Series(to), to >= 0
    most = np.append([one.cases_most for one in people], 0)
    stayed = np.bincount(book["place"].to_numpy()[(why < 0) | (why == COME_BACK.index(FROZEN))] + 1, minlength=len(people) + 1)[1:]
    over = np.append(stayed, 0) > most
    codes = pl.Series([*COME_BACK, ""], dtype=pl.String)
    rows = book.with_columns(
        pl.Series(binding, dtype=pl.String).alias("binding"), codes.gather(pl.Series(why % len(codes) if len(why) else why)).alias("back"),
        pl.when(pl.Series(known, dtype=pl.Boolean)).then(names.gather(given.clip(0))).alias("to"), pl.Series(over[book["place"].to_numpy()], dtype=pl.Boolean).alias("over"),
        pl.Series(_needed(book), dtype=pl.Boolean).alias("needed"), before=pl.col("held_by"))
    moved = pl.col("before").is_not_null() & pl.col("to").ne_missing(pl.col("before"))
    freely = pl.when("over").then(pl.lit("over_capacity")).when(pl.col("to").is_null()).then(pl.lit("over_capacity")).when(
        pl.col("holder_owner") == AGENCY).then(pl.lit("agency_share")).otherwise(pl.lit("balance"))
    rows = rows.with_columns(left_why=pl.when(moved).then(pl.when(pl.col("back") == "").then(freely).otherwise("back")))
    since = (pl.lit(as_of) - pl.col("returned_on")).dt.total_days()
    remembered = (since < terms.not_back_days) & pl.col("last_held_by").is_not_null()
    barred = remembered & (pl.col("returned_why").fill_null(IDLE) == IDLE)
    news = moved & ((pl.col("left_why") == IDLE) | ~barred.fill_null(False))
    return rows.filter(pl.col("before").is_not_null() | pl.col("to").is_not_null() | pl.col("needed") | remembered.fill_null(False)).with_columns(
        held_by=pl.col("to"), why=pl.when(pl.col("to").is_null()).then(
            pl.when("needed").then(pl.when(pl.col("left_why") == "over_capacity").then(pl.lit("over_capacity")).otherwise("binding")).otherwise(
                pl.coalesce("left_why", pl.lit(NOT_NEEDED)))).when(pl.col("before").is_null()).then(
            pl.when(pl.col("to") == pl.col("last_held_by")).then(pl.lit("resumed")).otherwise(pl.lit("new"))).when(moved).then("left_why").when(
            pl.col("back") == FROZEN).then(pl.lit(FROZEN)).otherwise(pl.lit("kept")),
        held_since=pl.when(pl.col("to").is_not_null()).then(pl.when(pl.col("to").eq_missing(pl.col("before"))).then("held_since").otherwise(pl.lit(as_of))),
        last_held_by=pl.when(news).then("before").otherwise("last_held_by"), returned_on=pl.when(news).then(pl.lit(as_of)).otherwise("returned_on"),
        returned_why=pl.when(news).then("left_why").otherwise("returned_why"))
