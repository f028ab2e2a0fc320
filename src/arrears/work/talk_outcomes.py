"""What each outcome of a talk entails: one table, read by the action talk.note and by the form.

Columns: how the contact came out for the ledger; what is asked beside it; which number it closes, which hold, protection or legal clock it sets; when the case is looked at
again and why; the address of the next step; the key that presses it. The times and hours are operator policy, none is a number of the law, and the gate still judges each contact.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as hour_of
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
"""In which a business day is counted, as in actions.action."""
FIRST_HOUR, LAST_HOUR = 9, 20
"""Operator policy: within these hours a case becomes ready; what would be later is ready the next morning."""
MINUTES, DAYS = "minutes", "days"

FIRST = ("call_back",)
THEN = ("promise_broken", "promise_due", "plan_broken", "plan_asked")
"""Reasons of being ready that come before the night's rank, in this order of groups: somebody asked for a call now; something was agreed and is due."""


@dataclass(frozen=True)
class TalkOutcome:
    """One line of the table.

    contact: outcome for the ledger of contacts. asks, may_ask: fields that are needed, and that may be given. makes_do: a field that is enough in the place of all that are needed. closes: state that the number is in from now on.
    protects: state of the person, `asked` for the one that is chosen. raises: dispute, complaint or hardship, each with its hold and clock. after: how long until it is looked
    at again, (number, minutes or days), None where a field says it. why: of being ready then. goes_on: the case stays on the screen while another number is left. leads_to: the address of the next step. key: on the keyboard.
    """

    code: str
    group: str
    key: str
    contact: str = "answered"
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ()
    makes_do: str | None = None
    closes: str | None = None
    protects: str | None = None
    raises: str | None = None
    after: tuple[int, str] | None = (1, DAYS)
    why: str = "talked"
    goes_on: bool = False
    leads_to: str = "case"


_TABLE = (
    TalkOutcome("promise", "agreed", "p", asks=("loan_id", "amount_minor", "pay_by_on", "pay_channel"), after=None, why="promise_due"),
    TalkOutcome("part_promise", "agreed", "2", asks=("loan_id", "amount_minor", "pay_by_on", "pay_channel"), after=None, why="promise_due"),
    TalkOutcome("says_paid", "agreed", "3", may_ask=("loan_id", "amount_minor", "pay_channel"), after=(2, DAYS), why="paid_said"),
    TalkOutcome("asks_plan", "agreed", "5", may_ask=("loan_id",), why="plan_asked", goes_on=True, leads_to="plan_new"),
    TalkOutcome("call_back", "agreed", "b", asks=("call_back_at",), after=None, why="call_back"),
    TalkOutcome("cannot_pay", "objects", "4", asks=("hardship",), raises="hardship"),
    TalkOutcome("refuses", "objects", "r"),
    TalkOutcome("disputes", "objects", "6", asks=("ground_of_dispute",), may_ask=("loan_id",), raises="dispute"),
    TalkOutcome("complains", "objects", "7", asks=("ground_of_complaint",), raises="complaint"),
    TalkOutcome("asks_stop", "objects", "x", asks=("contact_point",), may_ask=("stops_all",), makes_do="stops_all", closes="stopped", goes_on=True),
    TalkOutcome("deceased", "stops", "8", may_ask=("concerns",), protects="deceased"),
    TalkOutcome("in_prison", "stops", "9", may_ask=("concerns",), protects="in_prison"),
    TalkOutcome("bankrupt", "stops", "0", may_ask=("concerns",), protects="bankrupt"),
    TalkOutcome("vulnerable", "stops", "v", asks=("state",), may_ask=("concerns",), protects="asked"),
    TalkOutcome("no_answer", "not_reached", "a", contact="no_answer", after=(180, MINUTES), why="tried"),
    TalkOutcome("busy", "not_reached", "u", contact="busy", after=(30, MINUTES), why="tried"),
    TalkOutcome("voicemail", "not_reached", "m", contact="no_answer", why="tried"),
    TalkOutcome("wrong_person", "not_reached", "w", asks=("contact_point",), closes="wrong_person", why="tried", goes_on=True),
    TalkOutcome("not_in_use", "not_reached", "i", contact="invalid_number", asks=("contact_point",), why="tried", goes_on=True),
)
OUTCOMES = {one.code: one for one in _TABLE}
"""By code, in the order in which they are offered."""
GROUPS = ("agreed", "objects", "stops", "not_reached")
VULNERABLE = ("vulnerable", "seriously_ill", "disaster", "minor")
"""States that are chosen where somebody is found to be vulnerable."""


def ready_after(outcome: TalkOutcome, now: datetime) -> datetime:
    """When the case is looked at again by the table; within working hours."""
    number, unit = outcome.after
    if unit == DAYS:
        return morning(now.astimezone(ZONE).date() + timedelta(days=number))
    return in_hours(now + timedelta(minutes=number))


def in_hours(moment: datetime) -> datetime:
    """The moment, or the next morning where it lies outside working hours."""
    here = moment.astimezone(ZONE)
    if here.hour < FIRST_HOUR:
        return morning(here.date())
    return morning(here.date() + timedelta(days=1)) if here.hour >= LAST_HOUR else moment


def morning(day: date) -> datetime:
    """When work on the day begins."""
    return datetime.combine(day, hour_of(FIRST_HOUR), ZONE)


def reminded_on(pay_by_on: date, today: date) -> date:
    """On which day a promise is looked at: the day before it is due; the day itself where that is not ahead; the day after where it is due today."""
    return next(day for day in (pay_by_on - timedelta(days=1), pay_by_on, pay_by_on + timedelta(days=1)) if day > today)
