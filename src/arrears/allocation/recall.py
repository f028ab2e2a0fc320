"""Which cases come back from whoever has them, and why: they left, a contract ended, a conflict, no longer able to, away for long, or idle (防养案)."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from arrears.allocation.fitness import People
from arrears.allocation.roster import AGENCY, Roster, frozen_borrowers, frozen_people, holds_on, is_away

FROZEN = "frozen"
IDLE = "idle"
NOT_NEEDED = "not_needed"
COME_BACK = ("conflict", "not_in_roster", "left", "contract_ended", "not_there_yet", "agency_fault", FROZEN, NOT_NEEDED, "other_owner", "skill", "away_long", IDLE)
"""Why a case does not stay, the first that holds; FROZEN is among them in its rank and keeps it where it is."""


@dataclass(frozen=True)
class Terms:
    """How cases are given. idle_days: untouched so long, a case comes back; not_back_days: how long it then does not return to the same person.

    continuity_minor: what staying with whoever has or last had it is worth; uneven_minor: what a case more costs somebody who has an even share already.
    """

    idle_days: int
    not_back_days: int
    continuity_minor: int
    uneven_minor: int


@dataclass(frozen=True)
class Presence:
    """Of everybody, by name: whether they can get new cases on the day, and why they cannot keep those they have (None where they can)."""

    open: np.ndarray
    frozen: np.ndarray
    loses: tuple[str | None, ...]


def worked_on(as_of: date) -> date:
    """The day a night's list is worked: the next one. Who is there is asked of that day."""
    return as_of + timedelta(days=1)


def presence(roster: Roster, as_of: date, terms: Terms, faults: dict[str, tuple[str, str]]) -> Presence:
    """Who is there on the day the list is worked; away for idle_days or more from then on, their cases would lie idle, so they come back."""
    day, people = worked_on(as_of), roster.people
    still = frozen_people(roster, day)
    loses: list[str | None] = []
    for one in people:
        begins, ends = one.term
        if ends is not None and ends <= day:
            loses.append("contract_ended" if one.owner == AGENCY else "left")
        elif day < begins:
            loses.append("not_there_yet")
        elif one.owner == AGENCY and one.name in faults:
            loses.append("agency_fault")
        elif any(holds_on(span, day) and (span[1] - day).days >= terms.idle_days for span in one.away):
            loses.append("away_long")
        else:
            loses.append(None)
    frozen = np.array([one.name in still for one in people], np.bool_)
    there = np.array([lost is None and not is_away(one, day) for lost, one in zip(loses, people, strict=True)], np.bool_)
    return Presence(there & ~frozen, frozen, tuple(loses))


def idle_days_of(held: pl.DataFrame, people: People, as_of: date) -> np.ndarray:
    """Days since a case was last touched or, later, given; days on which its holder was away do not count.

    held: one row per case with place (of the holder among people), held_since and last_touched_on.
    """
    since = held.select(pl.max_horizontal("held_since", "last_touched_on"))["held_since"].to_numpy().astype("datetime64[D]").astype(np.int64)
    today = np.datetime64(as_of, "D").astype(np.int64)
    idle = today - since
    places = held["place"].to_numpy()
    for place, one in enumerate(people):
        if not one.away:
            continue
        rows = np.flatnonzero(places == place)
        for begins, ends in one.away:
            first, last = (np.datetime64(each, "D").astype(np.int64) for each in (begins, ends))
            idle[rows] -= np.maximum(0, np.minimum(last, today) - np.maximum(first, since[rows]))
    return idle


def why_back(held: pl.DataFrame, people: People, there: Presence, able: np.ndarray, roster: Roster, terms: Terms, as_of: date) -> np.ndarray:
    """Of every held case the place in COME_BACK of the first reason that holds, −1 where it stays.

    held: one row per case that somebody has, with borrower_id, place (−1: the roster does not know them), held_since, is_case (there is a debt
    tonight), owner, last_touched_on. able: whether the holder can do it. A case that needs nobody tonight is not idle but, untouched so long, not needed.
    """
    places = held["place"].to_numpy()
    known = places >= 0
    loses = np.array([-1 if lost is None else COME_BACK.index(lost) for lost in there.loses] + [COME_BACK.index("not_in_roster")], np.int64)[places]
    owners = np.array([one.owner for one in people] + [""])[places]
    owner = held["owner"].fill_null("").to_numpy().astype(str)
    idle = idle_days_of(held, people, as_of) >= terms.idle_days
    still = held["borrower_id"].is_in(list(frozen_borrowers(roster, worked_on(as_of)))).to_numpy() | (known & np.append(there.frozen, False)[places])
    is_case, needed = held["is_case"].to_numpy(), owner != ""
    holds = {
        "conflict": held.join(conflicts(roster), left_on=["held_by", "borrower_id"], right_on=["who", "borrower_id"], how="left", maintain_order="left")["is_conflict"]
        .fill_null(False).to_numpy(),
        FROZEN: still, NOT_NEEDED: ~is_case | (~needed & idle), "other_owner": needed & (owner != owners), "skill": ~able, IDLE: needed & idle,
    }
    why = np.full(held.height, -1, np.int64)
    for place, reason in enumerate(COME_BACK):
        found = holds.get(reason, loses == place)
        why[(why < 0) & found] = place
    return why


def is_barred(terms: Terms, as_of: date) -> pl.Expr:
    """Whether a case does not return to who last held it: it came back idle (or nobody knows why) less than not_back_days ago. Never null."""
    lately = (pl.lit(as_of) - pl.col("returned_on")).dt.total_days() < terms.not_back_days
    return (lately & (pl.col("returned_why").fill_null(IDLE) == IDLE) & pl.col("last_held_by").is_not_null()).fill_null(False)


def conflicts(roster: Roster) -> pl.DataFrame:
    """One row per person and borrower whom they must never have: who, borrower_id, is_conflict."""
    pairs = sorted({(one.who, one.borrower_id) for one in roster.conflicts})
    return pl.DataFrame(pairs, schema={"who": pl.String, "borrower_id": pl.String}, orient="row").with_columns(is_conflict=True)
