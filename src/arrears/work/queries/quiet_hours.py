"""The hours at which nobody may be contacted, as the law pack of the lender has them on a day, with the text each stands on; and the days off that were announced. Nothing of any person."""

from dataclasses import dataclass
from datetime import date

from arrears.days import day_of, number_of
from arrears.law.day_count import announced
from arrears.law.packs import shipped_pack
from arrears.work.actor import Actor
from arrears.work.models import Lender

_HOURS = "local_time_in"


@dataclass(frozen=True)
class QuietHours:
    """One span of the day, by one text. until_on: the first day on which it no longer holds, None where it goes on; is_policy: the operator's own rule."""

    title: str
    message: str
    from_hour: str
    to_hour: str
    source: str
    evidence: str
    modality: str
    from_on: date
    until_on: date | None
    products: tuple[str, ...]
    is_policy: bool


def quiet_hours(actor: Actor, day: date, lang: str) -> list[QuietHours]:
    """What holds on the day for the lender's licence, and what begins later, by rule; lang: zh or en."""
    lender = Lender.objects.get(code=actor.lender)
    pack, today, found = shipped_pack(lender.law), number_of(day), []
    for ground in pack.grounds:
        hours = ground.rule.when.get(_HOURS)
        if not isinstance(hours, dict) or ground.until_on <= today or lender.licence not in ground.reach.get("licence", {lender.licence}):
            continue
        source = pack.sources.get(ground.source, {})
        ends = None if ground.until_on >= number_of(date.max) else day_of(ground.until_on)
        title = source.get("title", ground.source)
        found.append(QuietHours(ground.rule.title[lang], ground.rule.message[lang], hours["from"], hours["to"], (title.get(lang, "") if isinstance(title, dict) else str(title)) or ground.source, ground.evidence, ground.modality,
                                day_of(ground.from_on), ends, tuple(sorted(ground.reach.get("product", ()))), ground.is_policy))
    return found


@dataclass(frozen=True)
class DayOff:
    """A span of days that the State Council announced. is_worked: a weekend made a working day (调休)."""

    name: str
    from_on: date
    to_on: date
    is_worked: bool


def days_off(day: date) -> tuple[list[DayOff], list[int]]:
    """The announced days of the day's year and the next, those that are not over, and the years for which nothing is announced yet."""
    found, unknown = [], []
    for year in (day.year, day.year + 1):
        told = announced(year)
        if told is None:
            unknown.append(year)
            continue
        found += [DayOff(name, begins, ends, is_worked) for name, begins, ends, is_worked in told if ends >= day]
    return found, unknown
