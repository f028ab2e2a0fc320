"""Personal data as everybody with access to the case sees it: masked. However many rows a page has, their cells are opened in one go, and only what the masks leave goes on."""

from dataclasses import dataclass

from arrears.vault.masks import masked
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
    for place, text in zip(there, vault().open(lender, sealed) if sealed else [], strict=True):
        shown[place] = masked(cells[place].kind, text)
    return shown
