"""Columns of the work plane sealed and opened: which person, table, column and row each seal is bound to."""

from functools import lru_cache
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.db.models import Model

from arrears.vault.refused import Erased
from arrears.vault.vault import Cell, Sealed, Vault, open_vault
from arrears.work.models import Party


@lru_cache(maxsize=1)
def vault() -> Vault:
    """This process's vault, opened at first use. Raises Refused where the keys are not there."""
    return open_vault(settings.ARREARS[0])


def sealed(lender: str, person: UUID | str, table: str, column: str, row: UUID | str, text: str) -> bytes:
    """One text sealed for one cell; the person gets a data key where they have none."""
    return vault().seal(lender, [Cell(str(person), table, column, str(row), text)])[0]


def opened(lender: str, person: UUID | str, row: Model, column: str) -> str | None:
    """The text of one sealed cell of a row; None where nothing is sealed there."""
    kept = getattr(row, column)
    if kept is None:
        return None
    return vault().open(lender, [Sealed(str(person), row._meta.db_table, column, str(row.pk), bytes(kept))])[0]


def debtor_of(case: UUID) -> UUID | None:
    """Whose key the free words about a case are sealed under: its debtor's."""
    return Party.objects.filter(case=case, role="debtor").values_list("person", flat=True).first()


def own_words_of(lender: str) -> UUID:
    """Under whose key the lender's own words are sealed: those about no case, or about a case without a debtor. Nobody's person: it is made of the lender's code alone."""
    return uuid5(NAMESPACE_URL, f"arrears/words/{lender}")


def sealed_with_entry(lender: str, debtor: UUID | None, entry: UUID, reason: str | None, secret: bytes | None) -> tuple[bytes | None, bytes | None]:
    """The reason of an Entry and the secret of its leaf's digests, each None where there is none, under the key of its case's debtor, else under the lender's own: somebody may have written a name into it.

    Of an erased person neither is kept: a reason is then empty, the secret None.
    """
    cells = [("work_entry", "reason_sealed", reason), ("work_leaf", "fields_sealed", None if secret is None else secret.hex())]
    given = [(table, column, text) for table, column, text in cells if text is not None]
    if not given:
        return None, None
    person = str(debtor or own_words_of(lender))
    try:
        found = dict(zip([table for table, _, _ in given], vault().seal(lender, [Cell(person, table, column, str(entry), text) for table, column, text in given]), strict=True))
    except Erased:
        return None if reason is None else b"", None
    return found.get("work_entry"), found.get("work_leaf")
