"""How a plan goes, told by payments alone: each part's state, and whether the plan was kept so far. Pure; the same rules as delinquency/conduct.py and actions/settlements.py."""

from dataclasses import dataclass
from datetime import date, timedelta

Paid = list[tuple[date, int]]
"""Day and amount of payments of the plan's loan that count."""


@dataclass(frozen=True)
class PartState:
    """One part of a plan at the end of a day. paid_minor: what payments in time have covered of it, earlier parts first; state: paid, part_paid, missed, due_today, to_come."""

    number: int
    due_on: date
    amount_minor: int
    paid_minor: int
    state: str


def parts_of(instalments: list[dict], agreed_on: date | None, paid: Paid, as_of: date) -> list[PartState]:
    """Every part with what covers it; of a plan that was never agreed nothing is paid. Money settles the earliest part first; a part is paid in time or it is missed."""
    states, owed = [], 0
    for one in sorted(instalments, key=lambda part: (part["due_on"], part["number"])):
        due_on, amount = date.fromisoformat(one["due_on"]), one["amount_minor"]
        in_time = sum(money for day, money in paid if agreed_on is not None and agreed_on <= day <= min(due_on, as_of))
        covered = max(0, min(amount, in_time - owed))
        owed += amount
        states.append(PartState(one["number"], due_on, amount, covered, _state(covered >= amount and in_time >= owed, covered, due_on, as_of)))
    return states


def _state(is_paid: bool, covered: int, due_on: date, as_of: date) -> str:
    if is_paid:
        return "paid"
    if due_on < as_of:
        return "missed"
    return "due_today" if due_on == as_of else "part_paid" if covered else "to_come"


def paid_since(agreed_on: date, paid: Paid, as_of: date) -> int:
    """What was paid of the loan from the day on which the plan was agreed."""
    return sum(money for day, money in paid if agreed_on <= day <= as_of)


def is_kept(instalments: list[dict], agreed_on: date, ended_on: date | None, paid: Paid, as_of: date) -> bool:
    """Whether the plan was kept so far: each part due by then was paid in time, and one at least was due; or it ended early with its whole sum paid before."""
    parts = sorted((date.fromisoformat(one["due_on"]), one["amount_minor"]) for one in instalments)
    is_early = ended_on is not None and ended_on <= as_of and ended_on <= parts[-1][0]
    until = ended_on - timedelta(days=1) if is_early else as_of
    owed, in_time, any_due = 0, True, False
    for due_on, amount in parts:
        owed += amount
        if due_on <= until:
            any_due = True
            in_time = in_time and sum(money for day, money in paid if agreed_on <= day <= due_on) >= owed
    enough = paid_since(agreed_on, paid, until) >= owed if is_early else any_due
    return in_time and enough
