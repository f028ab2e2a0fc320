"""What an installation holds, told to whoever runs it by command line: which lenders, which accounts; nothing of any case."""

from uuid import UUID

from arrears.work.actor import system
from arrears.work.models import Account, Lender
from arrears.work.tenancy import seen_by


def lenders() -> list[str]:
    """The codes of the lenders known here, in order."""
    return sorted(Lender.objects.values_list("code", flat=True))


def account_names(lender: str) -> set[str]:
    """The log-in names of a lender's accounts."""
    return set(Account.objects.filter(lender=lender).values_list("name", flat=True))


def accounts_of_collectors(lender: str) -> dict[str, UUID]:
    """The open account of each collector who has one, by the roster's name of them."""
    with seen_by(system(lender)):
        return dict(Account.objects.filter(lender=lender, is_active=True, collector__isnull=False).order_by("-name").values_list("collector__roster_name", "id"))
