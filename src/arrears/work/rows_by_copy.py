"""Many rows at once between tables of the memory and of the database: by COPY, through tables that end with the transaction."""

from io import BytesIO

import polars as pl
from django.db import connection


def passing_table(name: str, columns: str) -> None:
    """An empty table that only this transaction sees, and that ends with it."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {name} ({columns}) ON COMMIT DROP")


def copy_in(table: str, rows: pl.DataFrame) -> int:
    """The rows are in the table, each column in the one of its name; bytes as bytea. Returns how many."""
    if rows.is_empty():
        return 0
    as_hex = [("\\x" + pl.col(name).bin.encode("hex")).alias(name) for name, kind in rows.schema.items() if kind == pl.Binary]
    names = ", ".join(f'"{name}"' for name in rows.columns)
    written = BytesIO()
    rows.with_columns(as_hex).write_csv(written, include_header=False, datetime_format="%Y-%m-%dT%H:%M:%S%.6f+00:00")
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv)") as copy:
        copy.write(written.getbuffer())
    return len(rows)


def copy_out(query: str, schema: dict, parameters: dict | None = None) -> pl.DataFrame:
    """The rows of a query, with these columns and types, in its order."""
    read = BytesIO()
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT WITH (FORMAT csv)", parameters or {}) as copy:
        for piece in copy:
            read.write(piece)
    if not read.tell():
        return pl.DataFrame(schema=schema)
    read.seek(0)
    flags = [name for name, kind in schema.items() if kind == pl.Boolean]  # PostgreSQL writes them t and f
    rows = pl.read_csv(read, has_header=False, schema=schema | dict.fromkeys(flags, pl.String))
    return rows.with_columns(pl.col(name) == "t" for name in flags)


def ask(statement: str, parameters: dict | None = None) -> int:
    """One statement done; how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount
