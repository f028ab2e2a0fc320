"""What a table is: a name, a key, and columns that say their unit and meaning."""

from dataclasses import dataclass

import polars as pl

AMOUNT_MAX_MINOR = 10**13
"""The largest amount one row may carry, in minor units. Source: spec positions, Inputs."""

RATE_MAX_PPM = 10**9
"""The largest yearly rate a row may carry (100,000 %): beyond it a unit was mistaken."""

TEXT = pl.String()
WHOLE = pl.Int64()
DAYS = pl.Int32()
MONEY = pl.Int64()
FLAG = pl.Boolean()
DATE = pl.Date()
MOMENT = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Column:
    """One column: its type, its unit, its meaning, and what values it may take."""

    name: str
    dtype: pl.DataType
    unit: str
    meaning: str
    optional: bool = False
    """The column may be absent from a file; it then reads as null."""
    nullable: bool = False
    """A row may leave it null."""
    least: int | None = None
    most: int | None = None
    one_of: tuple | None = None


@dataclass(frozen=True)
class Table:
    """One table: what a row is, which columns name it, which columns it has."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    optional: bool = False
    """A book may do without the whole table."""

    replaced_by: tuple[str, ...] = ()
    """A later row of the same values here replaces the earlier ones; the key, but where a whole schedule is replaced."""

    def __post_init__(self):
        object.__setattr__(self, "replaced_by", self.replaced_by or self.key)

    @property
    def lies_by(self) -> str | None:
        """What a row lies with in the store: its borrower, or its loan; None where it is of neither."""
        names = self.names()
        return "borrower_id" if "borrower_id" in names else "loan_id" if "loan_id" in names else None

    @property
    def schema(self) -> dict[str, pl.DataType]:
        return {column.name: column.dtype for column in self.columns}

    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def empty(self) -> pl.DataFrame:
        return pl.DataFrame(schema=self.schema)


def text(name: str, meaning: str, **rules) -> Column:
    return Column(name, TEXT, "text", meaning, **rules)


def money(name: str, meaning: str, least: int = 0, **rules) -> Column:
    return Column(name, MONEY, "minor units", meaning, least=least, most=AMOUNT_MAX_MINOR, **rules)


def rate(name: str, meaning: str, **rules) -> Column:
    return Column(name, WHOLE, "parts per million a year", meaning, least=0, most=RATE_MAX_PPM, **rules)


def whole(name: str, unit: str, meaning: str, **rules) -> Column:
    return Column(name, WHOLE, unit, meaning, **rules)


def flag(name: str, meaning: str, **rules) -> Column:
    return Column(name, FLAG, "true or false", meaning, **rules)


def date_of(name: str, meaning: str, **rules) -> Column:
    return Column(name, DATE, "date", meaning, **rules)


def moment(name: str, meaning: str, **rules) -> Column:
    return Column(name, MOMENT, "UTC instant", meaning, **rules)


def recorded_at(optional: bool = False) -> Column:
    return moment(
        "recorded_at",
        "when the lender's books learnt of this row; a later one of the same key replaces it; null always counts",
        optional=optional,
        nullable=True,
    )
