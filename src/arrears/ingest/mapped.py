"""What a mapping says, once read: sources, the tables they feed, and where each column comes from."""

from dataclasses import dataclass, field

import polars as pl

from arrears.ingest.dates import Dates


@dataclass(frozen=True)
class ColumnMap:
    """Where one column of a table comes from and what is done to it. Source: docs/reference/mapping.md."""

    name: str
    take: str
    """column, constant, first_of, join, sum_of, difference_of, key_of or number"""
    sources: tuple[str, ...] = ()
    """The source columns it takes, in the order written."""
    constant: str | None = None
    joined_with: str = "-"
    part: tuple[int, int] | None = None
    zero_fill: int | None = None
    width: int | None = None
    values: dict[str, str] | None = None
    otherwise: str | None = None
    default: str | None = None
    unit: str | None = None
    rounds: bool = False
    flips: bool = False
    """A negative amount is taken without its sign."""
    dates: Dates | None = None
    """How its dates are written, where it has a `format` of its own."""
    plus_days: int = 0
    plus_months: int = 0
    shares: bool = False
    """Within `repeat`: the amount is divided among the repetitions."""
    every: str | None = None
    """Within `repeat`: month, week or day between one repetition and the next."""
    words: tuple[str, ...] = ()
    """The words the table knows for this column; none of them means nothing here."""
    may_be_absent: bool = False
    """Of a table taken `as_is`: the source need not have the column."""


@dataclass(frozen=True)
class TableMap:
    """How the records of one source become rows of one table."""

    table: str
    columns: dict[str, ColumnMap]
    times: str | None = None
    """The source column that says how many rows a record becomes; None: one."""
    as_is: bool = False

    def taken(self) -> list[str]:
        """The source columns it takes, each once, in the order written."""
        names = [self.times] if self.times is not None else []
        names += [source for column in self.columns.values() for source in column.sources]
        return list(dict.fromkeys(names))


@dataclass(frozen=True)
class Keep:
    """Only records whose cell is (or is not) one of these texts are taken."""

    column: str
    texts: tuple[str, ...]
    wanted: bool


@dataclass(frozen=True)
class Vaulted:
    """A source column whose cells go to the vault and nowhere else: of whom, and what they are."""

    column: str
    relation: str
    """debtor, co_debtor, guarantor or reserved_contact"""
    number: int
    """Which of them, from 1; of the debtor 0."""
    kind: str
    """name, id_number, phone, email, address or account"""


@dataclass(frozen=True)
class SourceMap:
    """One kind of file, or one query, and the tables it feeds."""

    name: str
    tables: tuple[TableMap, ...]
    files: tuple[str, ...] = ()
    """Name patterns; empty: every SOURCE that no other mapping source names."""
    sheets: tuple[str, ...] = ()
    """Names of sheets of a workbook, or patterns; empty: its only sheet that is not empty."""
    header: tuple[int, ...] = (1,)
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str = "."
    keep: Keep | None = None
    query: str | None = None
    control_records: int | None = None
    control_sums: dict[str, str] = field(default_factory=dict)

    def taken(self) -> list[str]:
        """Every source column it takes, each once, in a stable order."""
        names = [self.keep.column] if self.keep else []
        names += [source for table in self.tables for source in table.taken()]
        return list(dict.fromkeys([*names, *self.control_sums]))

    def may_be_absent(self) -> set[str]:
        """The taken columns that a file may lack: only tables taken as they are ask for them, and can do without."""
        columns = [column for table in self.tables for column in table.columns.values()]
        lenient = {source for column in columns if column.may_be_absent for source in column.sources}
        needed = {source for column in columns if not column.may_be_absent for source in column.sources}
        needed |= {table.times for table in self.tables if table.times} | set(self.control_sums)
        return lenient - needed - ({self.keep.column} if self.keep else set())


@dataclass(frozen=True)
class Mapping:
    """One mapping file, checked."""

    name: str
    currency: str
    timezone: str
    dates: tuple[str, ...]
    empty: tuple[str, ...]
    hashed: frozenset[str]
    left_out: frozenset[str]
    not_personal: frozenset[str]
    sources: tuple[SourceMap, ...]
    text: str
    digest: str
    """SHA-256 of the text, hexadecimal."""
    written: Dates
    """How dates are written wherever a column does not say otherwise."""
    vaulted: tuple[Vaulted, ...] = ()
    """The columns that go to the vault; one of them may be hashed too."""

    def named_by_cells(self) -> set[tuple[str, str]]:
        """The columns of tables that `key_of` names: table, column."""
        return {(table.table, column.name) for source in self.sources for table in source.tables
                for column in table.columns.values() if column.take == "key_of"}


def source_columns(mapping: Mapping) -> pl.DataFrame:
    """One row per source, table and column of the table that is taken from a file: the source column it comes from.

    The first where there are several: what is wrong with a row is said in the words of the lender's own file.
    """
    rows = [
        (source.name, table.table, column.name, column.sources[0])
        for source in mapping.sources for table in source.tables for column in table.columns.values() if column.sources
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("source", "table", "column", "taken"), pl.String), orient="row")
