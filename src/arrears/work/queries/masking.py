"""Personal data as everybody with access to the case sees it: masked. However many rows a page has, their cells are opened in one go, and only what the masks leave goes on."""

from dataclasses import dataclass

from arrears.vault.masks import masked
from arrears.vault.refused import Erased
from arrears.vault.vault import Sealed
from arrears.work.models import Party
from arrears.work.models.row import Row
from arrears.work.sealing import vault


@dataclass(frozen=True)
class Cell:
    """A sealed column of a row, whose it is, and which mask it gets."""

    party: Party
    row: Row
    column: str
    kind: str


def masked_cells(lender: str, cells: list[Cell]) -> list[str]:
    """The masked texts, in the same order; empty where nothing is sealed, or the person was erased. Raises VaultRefused where one does not open."""
    there = [place for place, cell in enumerate(cells) if cell.party.erased_at is None and getattr(cell.row, cell.column) is not None]
    sealed = [Sealed(str(cell.party.person), cell.row._meta.db_table, cell.column, str(cell.row.pk), bytes(getattr(cell.row, cell.column))) for cell in (cells[place] for place in there)]
    shown = [""] * len(cells)
    try:
        texts: list[str | None] = [*vault().open(lender, sealed)] if sealed else []
    except Erased:
        texts = _without_the_erased(lender, sealed)
    for place, text in zip(there, texts, strict=True):
        shown[place] = "" if text is None else masked(cells[place].kind, text)
    return shown


def _without_the_erased(lender: str, sealed: list[Sealed]) -> list[str | None]:
    """The texts but those of erased persons, whom an older backup of cases has brought back unmarked: one of them must not hide everybody else on the page."""
    gone = vault().store.erased(lender, sorted({one.person for one in sealed}))
    texts = iter(vault().open(lender, [one for one in sealed if one.person not in gone]))
    return [None if one.person in gone else next(texts) for one in sealed]
