"""Records that wait only because the book says otherwise, and that need no further look once it says what they say.

A delta only adds, so a row of a known key with other content waits (`key_stands`, `schedule_stands`). A later snapshot or
correction mostly brings that very content; the load that does so names such records in its resolved.parquet. Where it is taken
back, they wait again.
"""

from pathlib import Path

import polars as pl

from arrears.ingest.quarantine import RESOLVED_COLUMNS, Loads, resolved
from arrears.ingest.set_rules import SetRules
from arrears.tables import FACTS

_STANDS = ["key_stands", "schedule_stands"]


def write_standing(rules: SetRules, faults: pl.DataFrame, folder: Path) -> None:
    """Keeps the rows of the records that have no other fault, as stands-<table>.parquet: record, the table's columns."""
    only = faults.group_by("record").agg(pl.col("rule").is_in(_STANDS).all()).filter("rule")["record"]
    for table in rules.tables if len(only) else ():
        columns = ", ".join(f'n."{name}"' for name in _content(table))
        rows = rules.frame(f"SELECT n.record, {columns} FROM new_{table} n SEMI JOIN asked a ON n.record = a.record", only.to_frame("record"))
        if len(rows):
            rows.write_parquet(folder / f"stands-{table}.parquet")


def write_resolved(rules: SetRules, loads: Loads, came: pl.DataFrame | None, folder: Path) -> None:
    """Which records of earlier loads came back with this one, and which need no look any more, since the book says the same now."""
    standing = _settled(rules, loads, came)
    frames = [standing] if came is None else [came.select(pl.col(name).cast(dtype) for name, dtype in RESOLVED_COLUMNS.items()), standing]
    if came is not None or len(standing):
        pl.concat(frames).write_parquet(folder / "resolved.parquet")


def _settled(rules: SetRules, loads: Loads, now: pl.DataFrame | None) -> pl.DataFrame:
    """The standing records of earlier loads whose content the book has with this load, as RESOLVED_COLUMNS; without those of `now`."""
    found = [pl.DataFrame(schema=RESOLVED_COLUMNS)]
    changed = {name for name, counts in rules.counts.items() if counts["rows"]}
    done = resolved(loads) if now is None else pl.concat([resolved(loads), now.select("load", "record")])
    for number, folder in loads:
        kept = {table: folder / f"stands-{table}.parquet" for table in FACTS if (folder / f"stands-{table}.parquet").exists()}
        if not changed & set(kept):
            continue
        rows = {table: _whole(pl.read_parquet(path, glob=False), table) for table, path in kept.items()}
        every = pl.concat([frame.select("record") for frame in rows.values()]).unique()
        missing = pl.concat([_missing(rules, table, frame) for table, frame in rows.items()])
        here = every.join(missing, on="record", how="anti").with_columns(load=pl.lit(number, pl.Int64))
        here = here.join(done, on=["load", "record"], how="anti")
        found.append(here.select("load", "record", *(pl.lit(None, dtype).alias(name) for name, dtype in RESOLVED_COLUMNS.items()
                                                     if name not in ("load", "record"))))
    return pl.concat(found)


def _content(table: str) -> list[str]:
    return [name for name in FACTS[table].names() if name != "recorded_at"]


def _whole(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    """The rows with every column of the table: what an earlier version kept lacks those that were added since."""
    return rows.with_columns(pl.lit(None, FACTS[table].schema[name]).alias(name) for name in _content(table) if name not in rows.columns)


def _missing(rules: SetRules, table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The records with a row that the book has not, or has otherwise."""
    alike = " AND ".join(f'a."{name}" = s."{name}"' if name in FACTS[table].key else f'a."{name}" IS NOT DISTINCT FROM s."{name}"'
                         for name in _content(table))
    return rules.frame(f"SELECT DISTINCT s.record FROM asked s WHERE NOT EXISTS (FROM after_{table} a WHERE {alike})", rows)
