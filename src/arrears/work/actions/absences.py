"""Who is not there, from when until when: they get no new case meanwhile, neither by a move nor from the queue, and the roster of the night is told."""

from datetime import date
from uuid import UUID

from django.db.models import Q

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.actions.rows import words_of
from arrears.work.models import Absence, Collector

DAYS_MOST = 366
"""The operator's own choice: who is away for longer is no longer of the team."""


@action("absence.put", on="collector")
def put_absence(doing: Doing, collector: Collector, *, kind: words_of("kind", Absence), from_on: date, until_on: date | None = None) -> dict:
    """The collector is away from the day until the day before until_on, the first day back. Raises Refused for one who has left, days past or too many, and where it meets another absence of theirs."""
    if collector.left_on is not None and collector.left_on <= doing.today:
        raise Refused(f"{collector.roster_name} has left; move their cases instead", f"{collector.roster_name} 已离职；请转派其案件")
    if until_on is not None and not 0 < (until_on - from_on).days <= DAYS_MOST:
        raise Refused(f"the first day back, {until_on}, is later than the first day away, {from_on}, and within {DAYS_MOST} days of it", f"返岗日 {until_on} 应晚于缺勤首日 {from_on}，且不超过 {DAYS_MOST} 天")
    if until_on is not None and until_on <= doing.today:
        raise Refused(f"{until_on} is not ahead: an absence that is over changes nothing any more", f"返岗日 {until_on} 不晚于今日：已结束的缺勤不再影响派案")
    if abs((from_on - doing.today).days) > DAYS_MOST:
        raise Refused(f"{from_on} is more than {DAYS_MOST} days away; check the year", f"{from_on} 与今日相差超过 {DAYS_MOST} 天；请检查年份")
    _demand_alone(collector, from_on, until_on)
    return {"absence": Absence.objects.create(lender=collector.lender, collector=collector, kind=kind, from_on=from_on, until_on=until_on, put_by_id=doing.actor.account).id}


@action("absence.end", on="collector")
def end_absence(doing: Doing, collector: Collector, *, absence: UUID, back_on: date | None = None) -> dict:
    """The collector is back on the day, today where none is named; an absence that has not begun is called off. Raises Refused where it is over, for a day outside of it, and where it would meet another of theirs."""
    found = Absence.objects.select_for_update(no_key=True).filter(lender=collector.lender, collector=collector, pk=absence).first()
    if found is None:
        raise Refused(f"there is no such absence of {collector.roster_name}", f"{collector.roster_name} 没有该条缺勤")
    if found.until_on is not None and found.until_on <= doing.today or found.until_on == found.from_on:
        raise Refused(f"it ended on {found.until_on}", f"该缺勤已于 {found.until_on} 结束")
    back = max(back_on or doing.today, found.from_on) if back_on is None else back_on
    if not max(found.from_on, doing.today if found.from_on <= doing.today else found.from_on) <= back or (back - found.from_on).days > DAYS_MOST:
        raise Refused(f"{back} is before today or before it begins on {found.from_on}, or too far ahead; choose another day", f"{back} 早于今日或早于开始日 {found.from_on}，或过远；请另选日期")
    _demand_alone(collector, found.from_on, back, found)
    found.until_on = back
    found.save(update_fields=["until_on"])
    return {"absence": found.id, "until_on": back}


def _demand_alone(collector: Collector, from_on: date, until_on: date | None, but: Absence | None = None) -> None:
    """Raises Refused where the span meets another absence of the collector's."""
    others = Absence.objects.select_for_update(no_key=True).filter(Q(until_on=None) | Q(until_on__gt=from_on), lender=collector.lender, collector=collector).exclude(pk=but and but.pk)
    others = others if until_on is None else others.filter(from_on__lt=until_on)
    if met := [one for one in others.order_by("from_on") if one.until_on != one.from_on]:
        raise Refused(f"{collector.roster_name} is away from {met[0].from_on} until {met[0].until_on or 'an unknown day'} already; end that, or choose other days",
                      f"{collector.roster_name} 自 {met[0].from_on} 至 {met[0].until_on or '待定'} 已登记缺勤；请先结束该缺勤或另选日期")
