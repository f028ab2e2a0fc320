"""Writes docs/reference/tables.md from the data dictionary in arrears.tables.

    .venv/bin/python docs/reference/make_tables.py
"""

from pathlib import Path

from arrears.days import FIRST_DAY
from arrears.tables import FACTS, POSITIONS, Column, Table

PAGE = Path(__file__).with_name("tables.md")
_TYPES = {
    "String": "text", "Int64": "integer, 64 bits", "Int32": "integer, 32 bits", "Boolean": "boolean", "Date": "Date32",
    "Datetime": "timestamp",
}
_HEAD = """# The data dictionary

本页由 `docs/reference/make_tables.py` 根据 `arrears.tables` 生成，请勿手改。金额为最小货币单位（分）的整数，利率为每年百万分之一。

Generated from `arrears.tables` by `docs/reference/make_tables.py`; do not edit. A book is a folder with these tables as
`<table>.parquet`; `positions` is what comes out. Input may have integers of any width, categorical text, further columns
and any order of rows. A column marked *may be absent* reads as null; one marked *may be null* must be there. A timestamp
without a zone is read as UTC. No date may lie before {first_day}.
"""


def page() -> str:
    """The whole page, as it must stand in tables.md."""
    return "\n".join([_HEAD.format(first_day=FIRST_DAY), *(_section(table) for table in (*FACTS.values(), POSITIONS))])


def _section(table: Table) -> str:
    file = "what a night and `arrears positions` write" if table is POSITIONS else (
        f"`{table.name}.parquet`, " + ("may be absent" if table.optional else "required"))
    lines = [f"## {table.name}", "", f"A row is {table.row}. Key: {', '.join(table.key)}. File: {file}.", "",
             "| column | type | unit | meaning | values |", "|---|---|---|---|---|"]
    lines += [f"| {c.name} | {_TYPES[c.dtype.base_type().__name__]} | {c.unit} | {c.meaning} | {_values(c)} |"
              for c in table.columns]
    return "\n".join(lines) + "\n"


def _values(column: Column) -> str:
    """What a value may be: absent, null, in which range, one of which."""
    said = []
    if column.optional:
        said.append("may be absent")
    if column.nullable:
        said.append("may be null")
    if column.least is not None and column.most is not None:
        said.append(f"{column.least:,} to {column.most:,}")
    elif column.least is not None:
        said.append(f"at least {column.least:,}")
    if column.one_of is not None:
        known = [str(choice) for choice in column.one_of]
        said.append(" · ".join(known) if len(known) < 10 else f"a permutation of {known[0]}")
    return "; ".join(said)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
