"""The tables of a made-up book that rest on the others: contacts, promises, plans, events, placements, and the money and projects of firms."""

from datetime import date

import polars as pl

from arrears.tables import FACTS
from arrears.twin.book import Made
from arrears.twin.contacts import contacts_of
from arrears.twin.firms import cash_flows_of, projects_of
from arrears.twin.happenings import events_of
from arrears.twin.late import lateness_of
from arrears.twin.placements import placements_of
from arrears.twin.plans import plans_of
from arrears.twin.promises import promises_of

FURTHER = {name: FACTS[name] for name in ("contacts", "promises", "events", "cash_flows", "projects", "milestones", "plans", "placements")}


def further_of(made: Made, seed: int, as_of: date) -> dict[str, pl.DataFrame]:
    """The block's frame of each table of FURTHER; nothing but pay_by_on, what a plan asks for and what is planned is dated after as_of."""
    late = lateness_of(made.contracts, made.life)
    contacted = contacts_of(made, late, seed, as_of)
    return {
        "contacts": contacted.frame, "promises": promises_of(made, late, contacted, seed, as_of), "events": events_of(made, contacted, seed, as_of),
        "cash_flows": cash_flows_of(made, seed, as_of), **projects_of(made, seed, as_of), "plans": plans_of(made, late, contacted, seed, as_of),
        "placements": placements_of(made, late, seed, as_of),
    }
