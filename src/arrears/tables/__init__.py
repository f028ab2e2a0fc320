"""The data dictionary: one file per table, each column with its unit and meaning."""

from arrears.tables.adjustments import ADJUSTMENTS
from arrears.tables.borrowers import BORROWERS
from arrears.tables.guarantors import GUARANTORS
from arrears.tables.holds import HOLDS
from arrears.tables.instalments import INSTALMENTS
from arrears.tables.loans import LOANS
from arrears.tables.payments import PAYMENTS
from arrears.tables.positions import POSITIONS
from arrears.tables.table import Column, Table

FACTS: dict[str, Table] = {
    table.name: table for table in (LOANS, INSTALMENTS, PAYMENTS, ADJUSTMENTS, HOLDS, BORROWERS, GUARANTORS)
}
"""The tables a book is made of, in the order in which they are read."""

__all__ = [
    "ADJUSTMENTS", "BORROWERS", "Column", "FACTS", "GUARANTORS", "HOLDS", "INSTALMENTS", "LOANS", "PAYMENTS",
    "POSITIONS", "Table",
]
