"""Made-up placements: who of the roster held which late person's case, from the fourth day late on, and why it came back.

A case goes from team to team as its stage does, now and then comes back idle or from an agency, and leaves whoever left. Settings, not measurements.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from arrears.tables.placements import PLACEMENTS, RETURNED_WHY
from arrears.twin.book import Made
from arrears.twin.columns import borrower_names, days, moments, names, words_or_null
from arrears.twin.late import NEVER, Lateness, late_on
from arrears.twin.people import LANGUAGES, stream
from arrears.twin.roster import AGENCIES, AGENCIES_PPM, CONTRACT_DAYS_AGO, LEFT_DAYS_AGO, TEAMS, members_of

STAGE_DAYS = (4, 31, 91)
"""First day late on which each of the first three teams has a case."""
SMALL_MINOR = 4_000_000
"""Who was lent no more in all can be with a collector whose licence ends at 5,000,000."""
CURED_WITHIN_DAYS = 180
"""Who paid within so many days up to as_of has a case that came back so."""
_IDLE, _IDLE_AFTER = 0.04, 30
_BACK, _BACK_AFTER = 0.03, 45
_IDLE_WHY, _LEFT_WHY, _AGENCY_WHY, _TERM_WHY, _OTHER_WHY = range(len(RETURNED_WHY))
_NONE, _NEVER_DAYS = -1, 1_000_000
_DAY_US, _MORNING_US = 86_400_000_000, 3_600_000_000


@dataclass(frozen=True)
class _Cases:
    """One entry per placement in every array. borrower: place of the first loan; team: place in TEAMS; ended: _NONE while it lasts."""

    borrower: np.ndarray
    team: np.ndarray
    holder: np.ndarray
    placed: np.ndarray
    ended: np.ndarray
    why: np.ndarray


def placements_of(made: Made, late: Lateness, seed: int, as_of: date) -> pl.DataFrame:
    """A row for each placement as it was made, and another from the day it came back; in the order of people and days, none dated after as_of."""
    end = int(np.datetime64(as_of, "D").astype(np.int64))
    dice = stream(seed, made.block, "placements")
    hands = _Hands(made, seed, as_of)
    cases = _joined([_running(made, late, hands, end, dice), _cured(late, hands, end, dice)])
    lasts, chance, is_agency = end - cases.placed, dice.random(len(cases.borrower)), cases.holder >= hands.agencies_from
    back = is_agency & (cases.ended == _NONE) & (lasts >= 2 * _BACK_AFTER) & (chance < _BACK)
    idle = ~is_agency & (cases.ended == _NONE) & (lasts >= 2 * _IDLE_AFTER) & (chance < _IDLE)
    after = np.where(is_agency, _BACK_AFTER, _IDLE_AFTER)
    cases = _handed_over(cases, back | idle, cases.placed + after, np.where(is_agency, _AGENCY_WHY, _IDLE_WHY), hands, dice)
    left_on = np.full(len(cases.borrower), end - LEFT_DAYS_AGO)
    leaves = (cases.holder == hands.leaver) & (cases.placed < left_on) & ((cases.ended == _NONE) | (cases.ended > left_on))
    return _frame(made, _handed_over(cases, leaves, left_on, np.full(len(left_on), _LEFT_WHY), hands, dice), hands)


class _Hands:
    """Who can have a case: holders are numbered, collectors first; `leaver` is the one who left, whom nothing is given from that day on."""

    def __init__(self, made: Made, seed: int, as_of: date):
        members = members_of(made.loans, seed, as_of)
        self.names = (*(one.name for one in members), *(name for name, _ in AGENCIES))
        self.agencies_from = len(members)
        self.leaver = next(place for place, one in enumerate(members) if one.left_on is not None)
        self._left = int(np.datetime64(as_of, "D").astype(np.int64)) - LEFT_DAYS_AGO
        self._language, lent = made.people.language, np.bincount(made.contracts.borrower, weights=made.contracts.principal_minor)
        self._is_small = lent <= SMALL_MINOR
        self._able = {
            (team, language, is_small): np.array([
                place for place, one in enumerate(members)
                if one.team == name and one.products is None and (is_small or one.amount_most_minor is None) and (language < 0 or LANGUAGES[language] in one.languages)])
            for team, name in enumerate(TEAMS[:3]) for language in range(-1, len(LANGUAGES)) for is_small in (False, True)}
        self._shares = np.cumsum([percent for _, percent in AGENCIES])[:-1] / 100

    def of(self, borrower: np.ndarray, team: np.ndarray, on: np.ndarray, dice: np.random.Generator, with_agencies: bool = True) -> np.ndarray:
        """A holder for each case: of its team, language and amount; of the last team, some are agencies."""
        chance, language, is_small = dice.random((len(borrower), 3)), self._language[borrower], self._is_small[borrower]
        found = np.full(len(borrower), _NONE)
        for (which, spoken, small), able in self._able.items():
            mine = (team == which) & (language == spoken) & (is_small == small)
            found[mine] = able[(chance[mine, 0] * len(able)).astype(np.int64)]
            gone = mine & (found == self.leaver) & (on >= self._left)
            others = able[able != self.leaver]
            found[gone] = others[(chance[gone, 0] * len(others)).astype(np.int64)]
        agency = (team == 2) & (chance[:, 1] < AGENCIES_PPM / 10**6) & (language <= 0) & with_agencies
        found[agency] = self.agencies_from + np.searchsorted(self._shares, chance[agency, 2], side="right")
        return found


def _running(made: Made, late: Lateness, hands: _Hands, end: int, dice: np.random.Generator) -> _Cases:
    """The cases of who is late at as_of, stage by stage."""
    unpaid = np.flatnonzero((late.settled_on == NEVER) & (late.due_on <= end))
    borrower, _, _, days_late = late_on(late, unpaid, np.full(len(unpaid), end))
    parts = []
    for team, (first, following) in enumerate(zip(STAGE_DAYS, (*STAGE_DAYS[1:], _NEVER_DAYS), strict=True)):
        reached = days_late >= first
        who, due_on = borrower[reached], end - days_late[reached]
        over, teams, placed = days_late[reached] >= following, np.full(len(who), team), due_on + first
        ended = np.where(over, due_on + following, _NONE)
        holder = hands.of(who, teams, placed, dice)
        placed = np.where(holder >= hands.agencies_from, np.maximum(placed, end - CONTRACT_DAYS_AGO), placed)
        parts.append(_Cases(who, teams, holder, placed, ended, np.where(over, _TERM_WHY, _NONE)))
    return _joined(parts)


def _cured(late: Lateness, hands: _Hands, end: int, dice: np.random.Generator) -> _Cases:
    """One case of each borrower who is late no more: that of the last instalment paid late in the days looked back on."""
    is_late = np.zeros(len(late.borrower), np.bool_)
    open_now = (late.settled_on == NEVER) & (late.due_on <= end)
    is_late[late.borrower[late.loan[open_now]]] = True
    paid = (late.settled_on <= end) & (late.settled_on > end - CURED_WITHIN_DAYS) & (late.settled_on - late.due_on > STAGE_DAYS[0])
    paid &= ~is_late[late.borrower[late.loan]] & (late.settled_on - late.due_on < STAGE_DAYS[1])
    borrower, due_on, settled_on = late.borrower[late.loan[paid]], late.due_on[paid], late.settled_on[paid]
    order = np.lexsort((due_on, borrower))
    last = order[np.diff(borrower[order], append=_NONE) != 0]
    borrower, placed = borrower[last], due_on[last] + STAGE_DAYS[0]
    teams = np.zeros(len(borrower), np.int64)
    return _Cases(borrower, teams, hands.of(borrower, teams, placed, dice), placed, settled_on[last], np.full(len(borrower), _OTHER_WHY))


def _handed_over(cases: _Cases, which: np.ndarray, on: np.ndarray, why: np.ndarray, hands: _Hands, dice: np.random.Generator) -> _Cases:
    """These cases end on these days, and go on with somebody else of the team until they would have ended."""
    borrower, team, begins = cases.borrower[which], cases.team[which], on[which]
    holder = hands.of(borrower, team, begins, dice, with_agencies=False)
    after = _Cases(borrower, team, holder, begins, cases.ended[which], cases.why[which])
    before = _Cases(cases.borrower, cases.team, cases.holder, cases.placed, np.where(which, on, cases.ended), np.where(which, why, cases.why))
    return _joined([before, after])


def _joined(parts: list[_Cases]) -> _Cases:
    return _Cases(*(np.concatenate([getattr(part, name) for part in parts]) for name in _Cases.__dataclass_fields__))


def _frame(made: Made, cases: _Cases, hands: _Hands) -> pl.DataFrame:
    order = np.lexsort((cases.placed, cases.team, cases.borrower))
    borrower, holder, placed, ended, why = (values[order] for values in (cases.borrower, cases.holder, cases.placed, cases.ended, cases.why))
    number = np.arange(1, len(order) + 1)
    back = np.flatnonzero(ended != _NONE)
    row, open_rows = np.concatenate([np.arange(len(order)), back]), len(order)
    is_back = np.arange(len(row)) >= open_rows
    recorded = np.where(is_back, ended[row], placed[row]) * _DAY_US + _MORNING_US
    return pl.DataFrame({
        "placement_id": names("D", number[row], 7, made.block, 4), "borrower_id": borrower_names(made.contracts.number[borrower[row]]),
        "held_by": pl.Series(hands.names, dtype=pl.String).gather(holder[row]), "placed_on": days(placed[row]),
        "returned_on": days(np.where(is_back, ended[row], _NONE)), "returned_why": words_or_null(RETURNED_WHY, np.where(is_back, why[row], _NONE)),
        "recorded_at": moments(recorded),
    }, schema=PLACEMENTS.schema)
