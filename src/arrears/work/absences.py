"""Who is away on which days: asked before anybody is given a case, by a person or by the program."""

from datetime import date
from uuid import UUID

from django.db.models import Q

from arrears.work.models import Absence

Span = tuple[date, date | None]


def spans_of(collectors: list[UUID], from_on: date) -> dict[UUID, tuple[Span, ...]]:
    """Of each collector the spans of absence that reach to the day or lie after it, each from the first day away to the first day back (None: not known yet); touching ones as one. In a transaction."""
    found: dict[UUID, list[Span]] = {}
    rows = Absence.objects.filter(Q(until_on=None) | Q(until_on__gt=from_on), collector__in=collectors).order_by("from_on", "id").values_list("collector", "from_on", "until_on")
    for collector, begins, ends in rows:
        if ends == begins:
            continue
        spans = found.setdefault(collector, [])
        if spans and (spans[-1][1] is None or begins <= spans[-1][1]):
            last = spans.pop()
            spans.append((last[0], None if last[1] is None or ends is None else max(last[1], ends)))
        else:
            spans.append((begins, ends))
    return {collector: tuple(spans) for collector, spans in found.items()}


def away_on(lender: str, day: date) -> dict[UUID, date | None]:
    """Who of the lender's collectors is away on the day, and the first day they are back (None: not known yet). In a transaction."""
    rows = Absence.objects.filter(Q(until_on=None) | Q(until_on__gt=day), lender=lender, from_on__lte=day).values_list("collector", "until_on")
    found: dict[UUID, date | None] = {}
    for collector, ends in rows:
        found[collector] = None if ends is None or (collector in found and found[collector] is None) else max(ends, found.get(collector) or ends)
    return found


def is_away(collector: UUID, day: date) -> bool:
    """Whether the collector is away on the day, so gets no new case. In a transaction."""
    return Absence.objects.filter(Q(until_on=None) | Q(until_on__gt=day), collector=collector, from_on__lte=day).exists()
