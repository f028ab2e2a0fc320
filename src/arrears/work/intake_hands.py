"""Teams and collectors of the roster, and who has which case: what a night says, beside what people did since.

A night proposes a holder. A move that a person made stays until a night moves the case itself: it says so where held_by is another than before. A case that somebody took
from its holder without giving it to another stays without one as long as nights keep it where it was.
Docs: docs/algorithms/intake.md, Holders.
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import polars as pl

from arrears.allocation.roster import ROSTER_FILE, Collector, Roster
from arrears.refusal import Refused
from arrears.work import night_files
from arrears.work.identities import identity
from arrears.work.night_files import Night
from arrears.work.roster_file import entry_of_agency
from arrears.work.rows_by_copy import ask, copy_in, copy_out, passing_table
from arrears.work.teams_seen import see_own_team

_RETURNED_WHY = {"idle": "idle", "left": "left", "contract_ended": "agency", "agency_fault": "agency", "agency_share": "agency"}
"""Why a case left its holder, in the words of placements; any other reason is `other`."""
_TEAMS = {"id": pl.String, "code": pl.String, "kind": pl.String, "ended_on": pl.Date}
_TERMS = {"code": pl.String, "terms": pl.String}
_DUTIES = {"roster_name": pl.String, "duties": pl.String}
_COLLECTORS = {"id": pl.String, "roster_name": pl.String, "team_id": pl.String, "left_on": pl.Date}
_STANDING = {"case_id": pl.String, "placement_id": pl.String, "name": pl.String, "placed_on": pl.Date}


@dataclass(frozen=True)
class Hands:
    """By the name that a roster gives a collector or agency: the id of their team, and of the collector (None of an agency). agencies: ids of teams that are agencies."""

    teams: dict[str, str]
    collectors: dict[str, str | None]
    agencies: frozenset[str]


def take_roster(lender: str, under: UUID, night: Night) -> tuple[Hands, dict[str, int]]:
    """Teams and collectors are as roster.yaml says: new ones made, those no longer there marked from the day after the night. Who only the night's own roster knew is taken from it, as left.

    Raises Refused where a team and an agency share a name: a case is seen by whoever is of that name; and for a name that would read as several, or as all.
    """
    if unfit := sorted(code for code in (*night.roster.teams, *(one.name for one in night.roster.agencies)) if "," in code or code == "*"):
        raise Refused(f"{night.book.root / ROSTER_FILE}: {unfit[0]!r} cannot be the name of a team or agency: no comma, and not the star that stands for all; nothing was taken in: rename it",
                      f"{night.book.root / ROSTER_FILE}：{unfit[0]!r} 不能作为小组或机构的名称：不得含逗号，也不得为代表全部的星号；未接收任何内容：请改名")
    both = set(night.roster.teams) & {one.name for one in night.roster.agencies}
    if both:
        raise Refused(f"{night.book.root / ROSTER_FILE}: {sorted(both)[0]} is a team and an agency; cases are shown by that name, so give one of them another",
                      f"{night.book.root / ROSTER_FILE}：{sorted(both)[0]} 既是小组又是机构；案件按此名称可见，请为其中之一改名")
    gone = night.as_of + timedelta(days=1)
    teams, collectors = _told(night.roster_then, gone, is_gone=True) if night.roster_then.digest != night.roster.digest else ({}, {})
    now_teams, now_collectors = _told(night.roster, gone)
    teams, collectors = teams | now_teams, collectors | now_collectors
    passing_table("taken_team", "id uuid, code text, kind text, ended_on date")
    passing_table("taken_collector", "id uuid, roster_name text, team_id uuid, left_on date")
    team_ids = {code: identity(under, "team", code) for code in teams}
    copy_in("taken_team", pl.DataFrame([(team_ids[code], code, *told) for code, told in teams.items()], schema=_TEAMS, orient="row"))
    made, kept = {"lender": lender, "gone": gone}, {}
    kept["teams_made"] = ask(_INSERT_TEAMS, made)
    ask(_UPDATE_TEAMS, made)
    kept["teams_ended"] = ask(_END_TEAMS, made) if night.roster.text else 0
    standing = copy_out("SELECT id, code, kind, ended_on FROM work_team WHERE lender = %(lender)s", _TEAMS, made)
    by_code = dict(standing.select("code", "id").iter_rows())
    copy_in("taken_collector", pl.DataFrame([(identity(under, "collector", name), name, by_code[team], left) for name, (team, left) in collectors.items()], schema=_COLLECTORS, orient="row"))
    kept["collectors_made"] = ask(_INSERT_COLLECTORS, made)
    ask(_UPDATE_COLLECTORS, made)
    see_own_team(lender)
    kept["collectors_left"] = ask(_END_COLLECTORS, made) if night.roster.text else 0
    _take_duties(night.roster, made)
    people = copy_out("SELECT id, roster_name, team_id, left_on FROM work_collector WHERE lender = %(lender)s", _COLLECTORS, made)
    agencies = standing.filter(pl.col("kind") == "agency")
    return Hands(dict(agencies.select("code", "id").iter_rows()) | dict(people.select("roster_name", "team_id").iter_rows()),
                 dict.fromkeys(agencies["code"]) | dict(people.select("roster_name", "id").iter_rows()), frozenset(agencies["id"])), kept


def _take_duties(roster: Roster, made: dict) -> None:
    """What each collector and agency may have is as roster.yaml says, but of those whom people changed since it was written."""
    passing_table("taken_duties", "roster_name text, duties jsonb")
    copy_in("taken_duties", pl.DataFrame([(one.name, json.dumps(_duties(one))) for one in roster.collectors], schema=_DUTIES, orient="row"))
    ask(_PUT_DUTIES, made)
    passing_table("taken_terms", "code text, terms jsonb")
    copy_in("taken_terms", pl.DataFrame([(one.name, json.dumps(entry_of_agency(one), ensure_ascii=False)) for one in roster.agencies], schema=_TERMS, orient="row"))
    ask(_PUT_TERMS, made)


def _duties(one: Collector) -> dict:
    lists = {name: None if words is None else list(words) for name, words in (("languages", one.languages), ("stages", one.stages), ("products", one.products), ("regions", one.regions), ("skills", one.skills))}
    return {"owner": one.owner, "works_from": one.works_from.isoformat(), "cases_most": one.cases_most, "minutes_a_day": one.minutes, "amount_most_minor": one.amount_most_minor, **lists}


def _told(roster: Roster, day: date, *, is_gone: bool = False) -> tuple[dict, dict]:
    """Per team its kind and end, per collector team and end: null while they are there on the day, the first one worked after the night. is_gone: nobody of this roster is there any more."""
    def end(on: date | None) -> date | None:
        return day if is_gone else on if on is not None and on <= day else None

    teams = {code: ("own", end(None)) for code in roster.teams} | {one.name: ("agency", end(one.contract_until)) for one in roster.agencies}
    return teams, {one.name: (one.team, end(one.left_on)) for one in roster.collectors}


def moves(lender: str, night: Night, hands: Hands, places: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The cases whose holder changes by this night, and how many moves of people stay against it.

    places: borrower_id, case_id, is_new, one row per open case. Rows: borrower_id, case_id, placement_id (what ends, or null), id (what begins, or null), name, placed_on, returned_why.
    Raises Refused where the night names somebody whom no roster knows.
    """
    standing = copy_out("""SELECT p.case_id, p.id, coalesce(c.roster_name, t.code), p.placed_on FROM work_placement p LEFT JOIN work_collector c ON c.id = p.held_by_id
        LEFT JOIN work_team t ON t.id = p.team_id WHERE p.lender = %(lender)s AND p.returned_on IS NULL""", _STANDING, {"lender": lender})
    if night.holders is None:
        return pl.DataFrame(schema=_MOVES), 0
    said = night_files.holders(night, places["borrower_id"])
    unknown = said.filter(pl.col("held_by").is_not_null() & ~pl.col("held_by").is_in(list(hands.collectors)))
    if not unknown.is_empty():
        raise Refused(f"{night.holders}: {unknown['held_by'][0]} has cases, but no roster knows them; restore {ROSTER_FILE}, or do the night again with --again",
                      f"{night.holders}：{unknown['held_by'][0]} 持有案件，但名册中没有；请恢复 {ROSTER_FILE}，或加 --again 重做夜批")
    beside = places.select("borrower_id", "case_id", "is_new").join(said, on="borrower_id", how="left").join(standing, on="case_id", how="left")
    differs = beside.filter(pl.col("name").ne_missing(pl.col("held_by"))).with_columns(held_since=pl.col("held_since").fill_null(night.as_of))
    ids = [None if row[1] is None else identity(UUID(row[0]), "placement", row[2].isoformat(), row[1]) for row in differs.select("case_id", "held_by", "held_since").iter_rows()]
    by_night = [row[1] is not None and row[1] == identity(UUID(row[0]), "placement", row[3].isoformat(), row[2])
                for row in differs.select("case_id", "placement_id", "name", "placed_on").iter_rows()]
    differs = differs.with_columns(id=pl.Series(ids, dtype=pl.String), is_by_night=pl.Series(by_night, dtype=pl.Boolean))
    given_back = _given_back(lender, differs.filter(~pl.col("is_new") & pl.col("placement_id").is_null())["id"].drop_nulls())
    night_moves = pl.col("held_by").ne_missing(pl.col("before"))
    nobody = pl.col("placement_id").is_null()
    follows = pl.when(nobody).then(~pl.col("id").is_in(given_back.implode()) | night_moves).otherwise(pl.col("is_by_night") | night_moves)
    changed = differs.filter(follows).with_columns(returned_why=pl.col("left_why").replace_strict(_RETURNED_WHY, default="other"))
    found = changed.select("borrower_id", "case_id", "placement_id", "id", name=pl.col("held_by"), placed_on=pl.col("held_since"), returned_why=pl.when(~nobody).then("returned_why"))
    return found.cast(_MOVES), differs.height - found.height


def put_placements(lender: str, as_of: date, hands: Hands, moved: pl.DataFrame) -> dict[str, int]:
    """The placements that end do, those that begin are there; the cases themselves are written by whoever writes cases."""
    passing_table("taken_move", "case_id uuid, placement_id uuid, id uuid, team_id uuid, held_by_id uuid, placed_on date, returned_why text")
    copy_in("taken_move", with_hands(moved, hands).select("case_id", "placement_id", "id", "team_id", "held_by_id", "placed_on", "returned_why"))
    said = {"lender": lender, "as_of": as_of}
    return {"placements_ended": ask(_END_PLACEMENTS, said), "placements_made": ask(_MAKE_PLACEMENTS, said)}


def with_hands(moved: pl.DataFrame, hands: Hands) -> pl.DataFrame:
    """The moves with team_id and held_by_id of who gets the case; null where nobody does."""
    name = pl.col("name")
    return moved.with_columns(team_id=name.replace_strict(hands.teams, default=None, return_dtype=pl.String), held_by_id=name.replace_strict(hands.collectors, default=None, return_dtype=pl.String))


def _given_back(lender: str, ids: pl.Series) -> pl.Series:
    """Which of these placements stood before and were ended: what a night would begin again."""
    if ids.is_empty():
        return ids
    passing_table("taken_again", "id uuid")
    copy_in("taken_again", ids.alias("id").to_frame())
    return copy_out("SELECT p.id FROM work_placement p JOIN taken_again USING (id) WHERE p.lender = %(lender)s", {"id": pl.String}, {"lender": lender})["id"]


_MOVES = {"borrower_id": pl.String, "case_id": pl.String, "placement_id": pl.String, "id": pl.String, "name": pl.String, "placed_on": pl.Date, "returned_why": pl.String}
_INSERT_TEAMS = "INSERT INTO work_team (id, lender, code, kind, ended_on) SELECT id, %(lender)s, code, kind, ended_on FROM taken_team ON CONFLICT (lender, code) DO NOTHING"
_UPDATE_TEAMS = """UPDATE work_team w SET kind = t.kind, ended_on = t.ended_on FROM taken_team t
    WHERE w.lender = %(lender)s AND w.code = t.code AND w.changed_at IS NULL AND (w.kind, w.ended_on) IS DISTINCT FROM (t.kind, t.ended_on)"""
_END_TEAMS = "UPDATE work_team SET ended_on = %(gone)s WHERE lender = %(lender)s AND ended_on IS NULL AND changed_at IS NULL AND code NOT IN (SELECT code FROM taken_team)"
_INSERT_COLLECTORS = """INSERT INTO work_collector (id, lender, roster_name, team_id, left_on) SELECT id, %(lender)s, roster_name, team_id, left_on FROM taken_collector
    ON CONFLICT (lender, roster_name) DO NOTHING"""
_UPDATE_COLLECTORS = """UPDATE work_collector w SET team_id = t.team_id, left_on = t.left_on FROM taken_collector t
    WHERE w.lender = %(lender)s AND w.roster_name = t.roster_name AND w.changed_at IS NULL AND (w.team_id, w.left_on) IS DISTINCT FROM (t.team_id, t.left_on)"""
_END_COLLECTORS = "UPDATE work_collector SET left_on = %(gone)s WHERE lender = %(lender)s AND left_on IS NULL AND changed_at IS NULL AND roster_name NOT IN (SELECT roster_name FROM taken_collector)"
_PUT_DUTIES = """UPDATE work_collector w SET is_rostered = true, owner = t.owner, works_from = t.works_from, cases_most = t.cases_most, minutes_a_day = t.minutes_a_day,
      amount_most_minor = t.amount_most_minor, languages = t.languages, stages = t.stages, products = t.products, regions = t.regions, skills = t.skills
    FROM (SELECT d.roster_name, r.* FROM taken_duties d CROSS JOIN LATERAL jsonb_to_record(d.duties) AS r(owner text, works_from date, cases_most int, minutes_a_day int, amount_most_minor bigint,
          languages varchar[], stages varchar[], products varchar[], regions varchar[], skills varchar[])) t
    WHERE w.lender = %(lender)s AND w.roster_name = t.roster_name AND w.changed_at IS NULL AND
      (w.is_rostered, w.owner, w.works_from, w.cases_most, w.minutes_a_day, w.amount_most_minor, w.languages, w.stages, w.products, w.regions, w.skills) IS DISTINCT FROM
      (true, t.owner, t.works_from, t.cases_most, t.minutes_a_day, t.amount_most_minor, t.languages, t.stages, t.products, t.regions, t.skills)"""
_PUT_TERMS = """UPDATE work_team w SET terms = t.terms FROM taken_terms t WHERE w.lender = %(lender)s AND w.code = t.code AND w.changed_at IS NULL AND w.terms IS DISTINCT FROM t.terms"""
_END_PLACEMENTS = """UPDATE work_placement w SET returned_on = greatest(w.placed_on, %(as_of)s::date), returned_why = m.returned_why FROM taken_move m
    WHERE w.id = m.placement_id AND w.lender = %(lender)s AND w.returned_on IS NULL"""
_MAKE_PLACEMENTS = """INSERT INTO work_placement (id, lender, case_id, team_id, held_by_id, placed_on) SELECT id, %(lender)s, case_id, team_id, held_by_id, placed_on FROM taken_move WHERE id IS NOT NULL
    ON CONFLICT (id) DO UPDATE SET returned_on = NULL, returned_why = NULL, team_id = excluded.team_id, held_by_id = excluded.held_by_id"""
