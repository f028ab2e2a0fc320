"""The log of actions, for who may read it: who did what to a case, when, by which policies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from arrears.work.about_oneself import entries_not_about
from arrears.work.actor import Actor
from arrears.work.models import Change, Entry
from arrears.work.residuals import filter_for
from arrears.work.tenancy import seen_by

SIZE_MOST = 500


@dataclass(frozen=True)
class EntryLine:
    """One entry. changes: (table, operation, rows) of each statement; has_reason: words are sealed with it, opened only as the person's data are."""

    id: UUID
    number: int
    at: datetime
    actor: str
    roles: tuple[str, ...]
    via: str
    verb: str
    purpose: str | None
    has_reason: bool
    parameters: dict[str, Any]
    result: dict[str, Any]
    policies: tuple[str, ...]
    is_refused: bool
    changes: tuple[tuple[str, str, int], ...]


def entries_of(actor: Actor, case: UUID, before: int | None = None, size: int = 100) -> list[EntryLine]:
    """Up to size entries of the case that the actor may read, the latest first; before: only those of a lower number."""
    with seen_by(actor):
        rows = entries_not_about(Entry.objects.filter(filter_for(actor, "entry.list", Entry), lender=actor.lender, case=case), actor)
        if before is not None:
            rows = rows.filter(number__lt=before)
        found = list(rows.order_by("-number")[:min(max(size, 1), SIZE_MOST)])
        changes: dict[UUID, list[tuple[str, str, int]]] = {}
        for entry, table, operation, count in Change.objects.filter(entry__in=[row.pk for row in found]).order_by("id").values_list("entry", "table", "operation", "rows"):
            changes.setdefault(entry, []).append((table, operation, count))
    return [EntryLine(row.pk, row.number, row.at, row.actor_name, tuple(row.roles), row.via, row.verb, row.purpose, row.reason_sealed is not None or row.reason is not None, row.parameters, row.result,
                      tuple(row.policies), row.is_refused, tuple(changes.get(row.pk, ()))) for row in found]
