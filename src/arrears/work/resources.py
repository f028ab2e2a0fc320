"""What the policies know of a row: its attributes, each with the column it stands in.

One table serves both ways of asking: `resource_of` reads the attributes of one row for a decision, and arrears.work.residuals turns a condition on the
same attributes into a filter on the same columns.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Resource:
    """One thing that something is to be done to: its kind (of verbs.KINDS), its id, and plain values; an attribute that is not known is left out."""

    kind: str
    id: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Column:
    """Where an attribute stands. path: as the ORM writes it; optional: it may be null, and the attribute is then absent.

    holds: text, number, words (an array of text) or id (a UUID, told as text); present: true where the column is not null; equals: true where it is that word.
    """

    path: str
    optional: bool = False
    holds: str = "text"
    equals: str | None = None


COLUMNS: dict[str, dict[str, Column]] = {
    "Case": {
        "lender": Column("lender"),
        "team": Column("team__code", optional=True),
        "held_by": Column("held_by_id", optional=True, holds="id"),
        "state": Column("state"),
        "is_frozen": Column("frozen_at", holds="present"),
        "is_agency": Column("team__kind", holds="equals", equals="agency"),
    },
    "Approval": {
        "lender": Column("lender"),
        "team": Column("case__team__code", optional=True),
        "kind": Column("kind"),
        "asked_by": Column("asked_by_id", holds="id"),
        "state": Column("state"),
        "amount_minor": Column("amount_minor", optional=True, holds="number"),
    },
    "Account": {"lender": Column("lender"), "name": Column("name"), "roles": Column("roles", holds="words")},
    "Collector": {"lender": Column("lender"), "team": Column("team__code"), "id": Column("id", holds="id")},
    "Entry": {"lender": Column("lender"), "actor": Column("actor_name")},
    "Lender": {"lender": Column("code")},
}
"""By kind, which is the model's name, the column of each attribute. Every attribute of the schema stands here."""


def resource_of(row) -> Resource:
    """What the policies know of a row of the models Case, Approval, Account, Collector, Entry or Lender. Raises KeyError for any other."""
    kind = type(row).__name__
    attributes = {name: value for name, column in COLUMNS[kind].items() if (value := _told(row, column)) is not None}
    return Resource(kind, str(row.pk), attributes)


def _told(row, column: Column) -> Any:
    value = row
    for step in column.path.split("__"):
        value = None if value is None else getattr(value, step)
    if column.holds == "present":
        return value is not None
    if column.holds == "equals":
        return value == column.equals
    if column.holds == "words":
        return list(value)
    return str(value) if isinstance(value, UUID) else value
