"""The data dictionary: one file per table, each column with its unit and meaning."""

from arrears.tables.adjustments import ADJUSTMENTS
from arrears.tables.borrowers import BORROWERS
from arrears.tables.capacity import CAPACITY
from arrears.tables.consents import CONSENTS
from arrears.tables.contacts import CONTACTS
from arrears.tables.events import EVENTS
from arrears.tables.guarantors import GUARANTORS
from arrears.tables.holds import HOLDS
from arrears.tables.instalments import INSTALMENTS
from arrears.tables.loans import LOANS
from arrears.tables.payments import PAYMENTS
from arrears.tables.placements import PLACEMENTS
from arrears.tables.plans import PLANS
from arrears.tables.positions import POSITIONS
from arrears.tables.projects import CASH_FLOWS, MILESTONES, PROJECTS
from arrears.tables.promises import PROMISES
from arrears.tables.table import Column, Table
from arrears.tables.unscheduled import UNSCHEDULED

FACTS: dict[str, Table] = {
    table.name: table
    for table in (
        LOANS, INSTALMENTS, PAYMENTS, ADJUSTMENTS, HOLDS, BORROWERS, GUARANTORS, UNSCHEDULED, PROMISES, PLANS, CONTACTS,
        CONSENTS, PROJECTS, MILESTONES, CASH_FLOWS, CAPACITY, EVENTS, PLACEMENTS,
    )
}
"""The tables a book is made of, in the order in which they are read."""

__all__ = [
    "ADJUSTMENTS", "BORROWERS", "CAPACITY", "CASH_FLOWS", "CONSENTS", "CONTACTS", "Column", "EVENTS", "FACTS",
    "GUARANTORS", "HOLDS", "INSTALMENTS", "LOANS", "MILESTONES", "PAYMENTS", "PLACEMENTS", "PLANS", "POSITIONS", "PROJECTS", "PROMISES",
    "Table", "UNSCHEDULED",
]
