"""How sensitive each column of the work plane is: classes C1, C2, C3 of JR/T 0171-2020, and how a sealed one is masked.

C3 (passwords, biometrics, codes sent by SMS): never shown and never shared. C2 (identity, contact, account, balance and
transactions): sealed at rest where it identifies a person, masked on display. C1: for use inside the institution.
Source: JR/T 0171-2020 as kept in this project's references, which quote the classes of balances, transactions, ID numbers,
phones, passwords, biometrics and SMS codes. `certainty` says which rows rest on that (`source`) and which are this
project's reading, to be confirmed against the standard's own text (`reading`).
"""

from dataclasses import dataclass

C1, C2, C3 = "C1", "C2", "C3"
CLASSES = (C1, C2, C3)


@dataclass(frozen=True)
class SealedColumn:
    """One column that is held only as a sealed text."""

    table: str
    column: str
    sensitivity: str
    """C1, C2 or C3."""
    mask: str | None
    """The kind of masks.masked; None where nothing of it is ever shown masked: it is opened or it is not."""
    index: str | None
    """The field of its blind index; None where it is not looked up."""
    certainty: str
    """source or reading."""


_ROWS = (
    ("party", "name", C2, "name", "name", "reading"),
    ("party", "id_number", C2, "id_number", "id_number", "source"),
    ("party", "email", C2, "email", "email", "reading"),
    ("party", "address", C2, "address", None, "reading"),
    ("party", "account", C2, "account", "account", "reading"),
    ("contact_point", "value", C2, "phone", "phone", "source"),
    ("contact_point", "email", C2, "email", "email", "reading"),
    ("contact_point", "address", C2, "address", None, "reading"),
    ("contact", "note", C2, None, None, "reading"),
    ("contact", "recording", C3, None, None, "reading"),
    ("dispute", "statement", C2, None, None, "reading"),
    ("dispute", "proof", C2, None, None, "reading"),
    ("complaint", "statement", C2, None, None, "reading"),
    ("complaint", "proof", C2, None, None, "reading"),
    ("hold", "proof", C2, None, None, "reading"),
    ("consent", "proof", C2, None, None, "reading"),
    ("payment", "account", C2, "account", None, "reading"),
)
SEALED_COLUMNS = {(row[0], row[1]): SealedColumn(*row) for row in _ROWS}
"""Every sealed column, by table and column. A recording is C3 since a voice may serve as a biometric (this project's choice)."""


def sealed_column(table: str, column: str) -> SealedColumn:
    """How one sealed column is to be treated; raises KeyError for one that is not declared, so that nothing is sealed unclassified."""
    return SEALED_COLUMNS[table, column]
