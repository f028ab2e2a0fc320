"""Which contacts of the ledger are meant: days, and what they must be besides; read from what somebody chose, and turned into conditions on the table.

A collector and a team are whose account made the contact, then as now; who holds the case today is another question.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from arrears.law.rules import VERDICTS
from arrears.refusal import Refused
from arrears.tables.contacts import CHANNELS
from arrears.work.models import Account, Contact
from arrears.work.oversight_words import ZONE

DAYS = 7
"""How many days the ledger shows where nobody chose any: today and those before it."""
DAYS_MOST = 3660
YEARS = (1970, 2999)
"""Between which years a day can be chosen; of others there is neither a contact nor, at the ends of the calendar, a day before or after."""
UNASKED = "unasked"
"""Stands for a contact about which the gate was not asked."""


@dataclass(frozen=True)
class Frame:
    """Contacts from from_on through to_on, days of the lender, that are all of what is said besides; None where it does not matter.

    rule: the id of a ground that spoke; collector: a name of the roster; team: its code; is_agency: made by an agency's people.
    """

    from_on: date
    to_on: date
    channel: str | None = None
    verdict: str | None = None
    rule: str | None = None
    collector: str | None = None
    team: str | None = None
    is_agency: bool = False
    borrower_id: str | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it; what is not said is left out."""
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(self).items() if value not in (None, False)}


def frame_of(said: dict[str, Any], today: date, days: int = DAYS) -> Frame:
    """The frame of what was chosen, texts by name; empty ones are not said. Raises Refused naming what cannot be."""
    given = {name: str(value).strip() for name, value in said.items() if name in Frame.__dataclass_fields__ and value not in (None, "", False)}
    to_on = _day(given.pop("to_on", None), "to_on") or today
    from_on = _day(given.pop("from_on", None), "from_on") or to_on - timedelta(days=days - 1)
    if not 0 <= (to_on - from_on).days < DAYS_MOST:
        raise Refused(f"the days from {from_on} to {to_on} are none, or more than {DAYS_MOST}; choose an earlier first day and a later last one",
                      f"起止日期 {from_on} 至 {to_on} 无效或超过 {DAYS_MOST} 天；请重新选择起止日期")
    for name, known in (("channel", CHANNELS), ("verdict", (*VERDICTS, UNASKED))):
        if given.get(name) not in (None, *known):
            raise Refused(f"{name} is one of {', '.join(known)}", f"{name} 可选：{'、'.join(known)}")
    for name, value in given.items():
        if len(value) > 120 or any(ord(letter) < 32 for letter in value):
            raise Refused(f"{name} is longer than 120 letters, or holds what cannot be typed", f"{name} 超过 120 个字符或含不可输入的字符")
    return Frame(from_on, to_on, **{**given, "is_agency": given.get("is_agency") in ("1", "true", "True", "on")} if given else {})


def _day(text: str | None, name: str) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not YEARS[0] <= day.year <= YEARS[1]:
        raise Refused(f"{name}: no such day; write it as 2026-11-02", f"{name}：没有这一天；请写成 2026-11-02")
    return day


def contacts_of(lender: str, frame: Frame) -> QuerySet[Contact]:
    """The contacts of the frame, the latest first. Within a transaction that says what may be seen; whoever calls lays the filter of policy over it. At most one query of its own."""
    begin = datetime.combine(frame.from_on, time(), ZONE)
    end = datetime.combine(frame.to_on + timedelta(days=1), time(), ZONE)
    rows = Contact.objects.filter(lender=lender, attempted_at__gte=begin, attempted_at__lt=end)
    if frame.channel:
        rows = rows.filter(channel=frame.channel)
    if frame.verdict:
        rows = rows.filter(verdict=None if frame.verdict == UNASKED else frame.verdict)
    if frame.borrower_id:
        rows = rows.filter(case__borrower_id=frame.borrower_id, case__lender=lender)
    if frame.collector or frame.team or frame.is_agency:
        rows = rows.filter(made_by__in=_makers(lender, frame))
    if frame.rule:
        return rows.filter(spoken__lender=lender, spoken__rule=frame.rule, spoken__attempted_at__gte=begin, spoken__attempted_at__lt=end).order_by("-spoken__attempted_at", "-spoken__contact")
    return rows.order_by("-attempted_at", "-id")


def before(rows: QuerySet[Contact], frame: Frame, at: datetime, key: Any) -> QuerySet[Contact]:
    """Those of the rows that stand after that contact in the order of the ledger: a step by its place, not by counting."""
    moment, contact = places(frame)
    return rows.filter(**{f"{moment}__lte": at}).filter(Q(**{f"{moment}__lt": at}) | Q(**{f"{contact}__lt": key}))


def until(rows: QuerySet[Contact], frame: Frame, at: datetime, key: Any) -> QuerySet[Contact]:
    """Those of the rows that stand before that contact, and it itself."""
    moment, contact = places(frame)
    return rows.filter(**{f"{moment}__gte": at}).filter(Q(**{f"{moment}__gt": at}) | Q(**{f"{contact}__gte": key}))


def places(frame: Frame) -> tuple[str, str]:
    """The columns by which the rows of the frame are ordered: moment and id."""
    return ("spoken__attempted_at", "spoken__contact_id") if frame.rule else ("attempted_at", "id")


def _makers(lender: str, frame: Frame) -> list:
    found = Account.objects.filter(lender=lender)
    if frame.collector:
        found = found.filter(collector__roster_name=frame.collector)
    if frame.team:
        found = found.filter(collector__team__code=frame.team) | found.filter(collector=None, teams=[frame.team])
    if frame.is_agency:
        found = found.filter(collector__team__kind="agency") | found.filter(roles__contains=["agency_worker"])
    return list(found.values_list("pk", flat=True))
