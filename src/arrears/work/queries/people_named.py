"""Collectors by the roster's names, and other staff by their accounts', for whoever puts down a complaint about one of them."""

from uuid import UUID

from arrears.work.actor import ALL_TEAMS, Actor
from arrears.work.models import Account, Collector
from arrears.work.residuals import could
from arrears.work.tenancy import seen_by


def collectors_named(actor: Actor) -> list[tuple[UUID, str]]:
    """The collectors of the lender, or of the actor's teams, that have not left, by name; none for whoever puts down no complaint."""
    if not could(actor, "complaint.raise", "Case").allowed:
        return []
    with seen_by(actor):
        rows = Collector.objects.filter(lender=actor.lender, left_on=None)
        rows = rows if actor.teams == ALL_TEAMS else rows.filter(team__code__in=actor.teams)
        return list(rows.order_by("roster_name").values_list("id", "roster_name")[:500])


def staff_named(actor: Actor) -> list[tuple[UUID, str]]:
    """The lender's open accounts that are no collector's, by name: whom else a complaint may be about; none for whoever does not see who has an account."""
    if not could(actor, "account.list", "Account").allowed or not could(actor, "complaint.raise", "Case").allowed:
        return []
    with seen_by(actor):
        return list(Account.objects.filter(lender=actor.lender, left_at=None, collector=None).order_by("name").values_list("id", "name")[:500])
