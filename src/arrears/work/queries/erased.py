"""Who was erased, by the pseudonym that the decision plane knows: what its nights committed to about them must be closed too."""

from arrears.work.actor import system
from arrears.work.models import Party
from arrears.work.tenancy import seen_by


def erased_borrowers(lender: str) -> list[str]:
    """The pseudonyms of the lender's debtors who were erased, in order; whoever stands unerased in some case is not among them."""
    with seen_by(system(lender)):
        debtors = Party.objects.filter(lender=lender, role="debtor")
        erased = set(debtors.exclude(erased_at=None).values_list("case__borrower_id", flat=True))
        return sorted(erased - set(debtors.filter(erased_at=None, case__borrower_id__in=erased).values_list("case__borrower_id", flat=True)))
