"""What an installation holds, told to whoever runs it by command line: which lenders, which accounts; nothing of any case."""

from arrears.work.models import Account, Lender


def lenders() -> list[str]:
    """The codes of the lenders known here, in order."""
    return sorted(Lender.objects.values_list("code", flat=True))


def account_names(lender: str) -> set[str]:
    """The log-in names of a lender's accounts."""
    return set(Account.objects.filter(lender=lender).values_list("name", flat=True))
