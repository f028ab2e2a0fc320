"""The whole log of a lender, page by page, for whoever may read it."""

from arrears.work.about_oneself import entries_not_about
from arrears.work.actor import Actor
from arrears.work.models import Entry
from arrears.work.queries.entries import EntryLine
from arrears.work.residuals import filter_for
from arrears.work.tenancy import seen_by

SIZE_MOST = 200


def latest_entries(actor: Actor, *, before: int | None = None, verb: str | None = None, name: str | None = None, only_refused: bool = False, size: int = 50) -> list[EntryLine]:
    """Up to size entries that the actor may read, the latest first; before: of a lower number; verb, name of who acted, only_refused: only such. Their changes are left out, and what names a complaint about the actor."""
    with seen_by(actor):
        rows = Entry.objects.filter(filter_for(actor, "entry.list", Entry), lender=actor.lender)
        rows = entries_not_about(rows, actor)
        for column, value in (("number__lt", before), ("verb", verb), ("actor_name", name), ("is_refused", only_refused or None)):
            if value:
                rows = rows.filter(**{column: value})
        found = list(rows.order_by("-number")[:min(max(size, 1), SIZE_MOST)])
    return [EntryLine(row.pk, row.number, row.at, row.actor_name, tuple(row.roles), row.via, row.verb, row.purpose, row.reason_sealed is not None or row.reason is not None, row.parameters, row.result,
                      tuple(row.policies), row.is_refused, ()) for row in found]
