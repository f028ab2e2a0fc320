"""What can only be judged among other rows: keys, loans, schedules that add up; and what a load changes in the book.

DuckDB does it over files within a memory limit. Three views stand for each table:

    new_T    what this load brings: record, the table's columns, recorded_at in microseconds
    past_T   what the book says before it: the latest version of each row
    after_T  what the book would say after it

A rule is a query that finds records to blame. Blaming a loan makes orphans of its payments, so the rules are asked again
until none finds more: what is left can be walked. Source: spec positions, Inputs ("Refused at load").
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl

from arrears.tables import FACTS
from arrears.tables.table import Table
from arrears.tables.visible import ALWAYS, WHEN_LOADED

MODES = ("delta", "correction", "snapshot")
"""delta: rows that are new; correction: rows that replace; snapshot: all there is now."""
SNAPSHOT_PART = "snapshot_part"
"""Records of a snapshot that came back corrected: they may be new or replace, and what is not among them has not vanished."""
_MEMORY = "900MB"
_LATEST_SHOWN = 253_402_300_799_999_999  # the end of the year 9999
_OF_LOANS = tuple(name for name, table in FACTS.items() if name != "loans" and table.lies_by == "loan_id")


@dataclass
class Judged:
    """What the rules found."""

    faults: pl.DataFrame
    """One row per fault found here: record, table, column, value, rule, detail."""
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Per table: rows (that may enter) = new + changed; unchanged (in the book already), twice (in the load), vanished."""
    vanished: pl.DataFrame | None = None
    """Snapshot: one row per key of the book that the load no longer has: table, key."""
    replaces: dict[str, bool] = field(default_factory=dict)
    """Per table: some row replaces another one."""


class SetRules:
    """One load held against itself and the book. Its state is a DuckDB connection with the views above."""

    def __init__(self, folder: Path, rows: dict[str, list[Path]], past: dict[str, dict[Path, int]], replaces: set[str], *,
                 mode: str, bearing: set[str], bad: pl.Series, moment: int, modes: list[tuple[int, str]] | None = None):
        """`past` holds the book's files, each with the moment from which its rows count that bear none; `bearing` names the tables
        whose rows say themselves when they were recorded; nothing may be recorded after `moment`.
        Records that come back may have been read in several modes: `modes` then names the first record of each and its mode.
        """
        self.modes = modes or [(0, mode)]
        self.mode, self.bearing, self.moment, self.tables = mode, bearing, moment, [t for t in FACTS if t in rows]
        spill = folder / "spill"
        self._duck = duckdb.connect(config={
            "memory_limit": _MEMORY, "threads": 2, "temp_directory": str(spill), "preserve_insertion_order": False,
        })
        self.ask("CREATE TABLE bad(record BIGINT, tbl VARCHAR, col VARCHAR, value VARCHAR, rule VARCHAR, detail VARCHAR)")
        self.ask("CREATE TABLE bad_record(record BIGINT)")
        self.ask("INSERT INTO bad_record SELECT unnest($1::BIGINT[])", [bad.to_list()])
        self.ask("CREATE TABLE bad_loan(loan_id VARCHAR)")
        self.replaces: dict[str, bool] = {}
        self.counts: dict[str, dict[str, int]] = {}
        self.has_past = set(past)
        self._only_looks, self._has_reversals = False, False
        for name in FACTS:
            self._view_past(FACTS[name], past.get(name), name in replaces)
            self._view_new(FACTS[name], rows.get(name))

    def judge(self) -> Judged:
        """Finds every record that may not enter the book; the views fresh_T hold what may."""
        for name in self.tables:
            self._refuse_keys_twice(FACTS[name])
            self._hold_against_book(FACTS[name])
            self._view_fresh(FACTS[name])
        vanished = self._vanished() if self.mode == "snapshot" else None
        for name in FACTS:
            self._view_after(FACTS[name])
        while self._blame_once():
            pass
        found = self._frame("SELECT record, tbl AS \"table\", col AS \"column\", value, rule, detail FROM bad")
        for name in self.tables:
            self._count(FACTS[name])
        return Judged(found, self.counts, vanished, self.replaces)

    def _count(self, table: Table) -> None:
        """What became of the table's rows, now that nobody is blamed any more."""
        name, counts = table.name, self.counts[table.name]
        counts["rows"] = self._one(f"SELECT count(*) FROM fresh_{name}")
        good = self._one(f"SELECT count(*) FROM new_{name} n ANTI JOIN bad_record b ON n.record = b.record")
        counts["twice"] = self._one(f"SELECT count(*) FROM sound_{name}") - counts["rows"]
        counts["unchanged"] = good - counts["rows"] - counts["twice"]
        counts["changed"] = self._one(
            f"SELECT count(*) FROM fresh_{name} f SEMI JOIN past_{name} p ON {_equal('f', 'p', list(table.replaced_by))}"
        ) if name in self.has_past and self.replaces[name] else 0
        counts["new"] = counts["rows"] - counts["changed"]

    def bad_records(self) -> pl.Series:
        """Every record that may not enter."""
        return self._frame("SELECT DISTINCT record FROM bad_record")["record"]

    def dropped(self, table: str) -> pl.Series:
        """Every row of a table that the book has already, or that stands twice in the load, by its row number."""
        if not self._one(f"SELECT EXISTS (FROM drop_{table}) OR EXISTS (FROM copies_{table})"):
            return pl.Series("row", [], dtype=pl.Int64)
        return self._frame(f"SELECT \"row\" FROM new_{table} n ANTI JOIN bad_record b ON n.record = b.record "
                           f"ANTI JOIN fresh_{table} f ON n.\"row\" = f.\"row\"")["row"]

    def recorded_first(self) -> int | None:
        """The earliest moment that a row which may enter says of itself; None where no row says one."""
        first = [self._one(f"SELECT min(recorded_at) FROM fresh_{name} WHERE recorded_at NOT IN ({ALWAYS}, {WHEN_LOADED})") for name in self.bearing]
        return min((one for one in first if one is not None), default=None)

    def broken_in_book(self) -> list[tuple[str, str, str, int]]:
        """What is wrong with a book as it stands: table, rule, an example, how many rows; empty where nothing is."""
        self.tables, self._only_looks = [name for name in FACTS if name in self.has_past], True
        for name in FACTS:
            self.ask(f"CREATE OR REPLACE VIEW new_{name} AS SELECT row_number() OVER () AS record, record AS \"row\", * FROM past_{name}")
            self._view_fresh(FACTS[name])
            self.ask(f"CREATE OR REPLACE VIEW after_{name} AS FROM fresh_{name}")
        self._blame_once()
        return self.ask("SELECT tbl, rule, any_value(detail), count(*) FROM bad GROUP BY ALL ORDER BY 4 DESC")

    def ask(self, query: str, values: list | None = None) -> list[tuple]:
        """Every row of the answer; DuckDB takes no further query before an answer was read to its end."""
        return self._duck.execute(query, values).fetchall()

    def frame(self, query: str, asked: pl.DataFrame) -> pl.DataFrame:
        """The answer to a query in which `asked` is a table."""
        self._duck.register("asked", asked.to_arrow())
        try:
            return self._frame(query)
        finally:
            self._duck.unregister("asked")

    def _frame(self, query: str) -> pl.DataFrame:
        return pl.from_arrow(self._duck.sql(query).to_arrow_table())

    def _one(self, query: str):
        return self.ask(query)[0][0]

    def _view_past(self, table: Table, files: dict[Path, int] | None, replaces: bool) -> None:
        if not files:
            typed = ", ".join(f'NULL::{_type_of(column)} AS "{column.name}"' for column in table.columns)
            self.ask(f"CREATE VIEW every_{table.name} AS SELECT {typed} WHERE false")
            self.ask(f"CREATE VIEW past_{table.name} AS FROM every_{table.name}")
            return
        files = {path.resolve(): at for path, at in files.items()}  # DuckDB tidies names such as a/../b, and is joined with by name
        have = {name for name, *_ in self.ask(f"DESCRIBE FROM {_parquet(files)}")}  # a load of an earlier version lacks what was added since
        columns = ", ".join(f'"{column.name}"' if column.name in have else f'NULL::{_type_of(column)} AS "{column.name}"'
                            for column in table.columns if column.name != "recorded_at")
        rows, since = _parquet(files), str(next(iter(files.values())))
        if len(set(files.values())) > 1:
            self.ask(f"CREATE TABLE since_{table.name}(filename VARCHAR, since BIGINT)")
            self._duck.executemany(f"INSERT INTO since_{table.name} VALUES (?, ?)", [[str(path), at] for path, at in files.items()])
            if unknown := self.ask(f"SELECT file_name FROM parquet_file_metadata({_listed(files)}) ANTI JOIN since_{table.name} ON file_name = filename"):
                raise RuntimeError(f"{unknown[0][0]} is read under another name than it was asked for, so its rows would be lost")
            rows, since = f"{_parquet(files, named=True)} JOIN since_{table.name} USING (filename)", "since"
        self.ask(f"CREATE VIEW every_{table.name} AS SELECT {columns}, coalesce(epoch_us(recorded_at), {since}) AS recorded_at FROM {rows}")
        latest = (f" QUALIFY recorded_at = max(recorded_at) OVER (PARTITION BY {', '.join(table.replaced_by)})" if replaces else "")
        self.ask(f"CREATE VIEW past_{table.name} AS SELECT * FROM every_{table.name}{latest}")

    def _view_new(self, table: Table, files: list[Path] | None) -> None:
        name = table.name
        if not files:
            typed = ", ".join(f'NULL::{_type_of(column)} AS "{column.name}"' for column in table.columns)
            self.ask(f"CREATE VIEW new_{name} AS SELECT NULL::BIGINT AS record, NULL::BIGINT AS \"row\", {typed} WHERE false")
        else:
            self.ask(f"CREATE VIEW new_{name} AS FROM {_parquet(files)}")
        self.ask(f"CREATE TABLE drop_{name}(\"row\" BIGINT)")
        self.ask(f"CREATE TABLE copies_{name}(\"row\" BIGINT, record BIGINT, alike HUGEINT)")
        self._view_fresh(table)

    def _view_fresh(self, table: Table) -> None:
        """sound_T: new_T without what is blamed; fresh_T: without what is known already, too, and each of its equals once.

        Of equal rows the first counts whose record is not blamed, so this is asked anew whenever blame grows. Anti-joins
        are written only where there is something to leave out.
        """
        name = table.name
        known = f" ANTI JOIN drop_{name} d ON n.\"row\" = d.\"row\"" if self._one(f"SELECT count(*) FROM drop_{name}") else ""
        again = f""" ANTI JOIN (SELECT c."row" FROM copies_{name} c JOIN (
            SELECT alike, min(record) AS first FROM copies_{name} ANTI JOIN bad_record USING (record) GROUP BY alike) g
            ON c.alike = g.alike AND c.record <> g.first) c ON n."row" = c."row\"""" if self._one(f"SELECT count(*) FROM copies_{name}") else ""
        self.ask(f"CREATE OR REPLACE VIEW sound_{name} AS SELECT n.* FROM new_{name} n ANTI JOIN bad_record b ON n.record = b.record{known}")
        self.ask(f"CREATE OR REPLACE VIEW fresh_{name} AS SELECT n.* FROM sound_{name} n{again}")

    def _refuse_keys_twice(self, table: Table) -> None:
        """Equal rows of one key count once; different ones of one key and moment are all blamed."""
        name, key = table.name, ", ".join([*table.key, "recorded_at"])
        self.counts[name] = {"vanished": 0}
        # A schedule has versions where its rows are of several moments, though each bears another number.
        self.replaces[name] = name in self.bearing and table.replaced_by != table.key and self._one(
            f"SELECT EXISTS (SELECT 1 FROM new_{name} GROUP BY {', '.join(table.replaced_by)} HAVING min(recorded_at) <> max(recorded_at))")
        self.ask(f"CREATE TEMP TABLE twice AS SELECT hash({', '.join(table.key)}) AS h FROM new_{name} GROUP BY h HAVING count(*) > 1")
        if self._one("SELECT count(*) FROM twice"):
            content = ", ".join(f'"{column}"' for column in table.names())
            self.ask(f"CREATE TEMP TABLE again AS SELECT record, \"row\", {', '.join(table.key)}, recorded_at, hash({content}) AS content "
                     f"FROM new_{name} SEMI JOIN twice ON hash({', '.join(table.key)}) = h ANTI JOIN bad_record USING (record)")
            self.ask(f"CREATE TEMP TABLE groups AS SELECT {key}, row_number() OVER () AS alike, count(*) AS many, "
                     f"count(DISTINCT record) AS records, count(DISTINCT content) AS contents FROM again GROUP BY {key} HAVING count(*) > 1")
            on = _equal("a", "g", [*table.key, "recorded_at"])
            self._blame(f"SELECT DISTINCT a.record, '{name}', '{table.key[-1]}', a.{table.key[-1]}::VARCHAR, 'key_twice', "
                        f"{_key_text(table, 'a')} FROM again a JOIN groups g ON {on} WHERE g.contents > 1 OR g.many > g.records")
            self.ask(f"INSERT INTO copies_{name} SELECT a.\"row\", a.record, g.alike FROM again a JOIN groups g ON {on} "
                     "WHERE g.contents = 1 AND g.many = g.records")
            versions = self._one(f"SELECT count(*) FROM (SELECT 1 FROM again GROUP BY {', '.join(table.key)} HAVING count(DISTINCT recorded_at) > 1)")
            self.replaces[name] |= versions > 0
            self.ask("DROP TABLE again; DROP TABLE groups")
        self.ask("DROP TABLE twice")
        self._view_fresh(table)

    def _hold_against_book(self, table: Table) -> None:
        """What the book says already is left out; what it says otherwise is a change, or is blamed, as the mode has it."""
        name, group = table.name, list(table.replaced_by)
        record = f"'{name}', '{table.key[-1]}', {table.key[-1]}::VARCHAR"
        if name in self.has_past:
            if name in self.bearing:
                self._drop(table, f"SELECT n.\"row\" FROM sound_{name} n SEMI JOIN every_{name} p ON {_same('n', 'p', table.names())}")
            self._meet(table)
            # What the book says last is said again, but not where the load says something else in between: A, B, A ends at A.
            self._drop(table, f"SELECT \"row\" FROM met m WHERE same AND NOT EXISTS (FROM met b WHERE {_equal('b', 'm', group)} "
                       "AND NOT b.same AND b.recorded_at > b.before AND b.recorded_at < m.recorded_at)")
            # In a delta only a row that says when it was recorded may replace another.
            wrong = f"({self._is_in('delta')} AND recorded_at = {WHEN_LOADED})" if name in self.bearing else self._is_in("delta")
            stands = "key_stands" if group == list(table.key) else "schedule_stands"
            self._blame(f"SELECT DISTINCT record, {record}, '{stands}', {_key_text(table, 'm')} FROM met m WHERE NOT same AND ({wrong} OR recorded_at <= before)")
            self.replaces[name] |= self._one(f"SELECT EXISTS (FROM met WHERE NOT same AND NOT ({wrong} OR recorded_at <= before))")
            self.ask("DROP TABLE met")
        if self._is_in("correction") != "false":
            self._blame(f"SELECT DISTINCT record, {record}, 'nothing_to_correct', {_key_text(table, 'n')} FROM sound_{name} n "
                        f"WHERE {self._is_in('correction')} AND NOT EXISTS (FROM past_{name} p WHERE {_equal('n', 'p', group)})")
        self._view_fresh(table)

    def _is_in(self, mode: str) -> str:
        """Whether a record was read in that mode, as SQL."""
        ends = [first for first, _ in self.modes[1:]]
        spans = [f"(record >= {first}" + (f" AND record < {end})" if end is not None else ")")
                 for (first, its), end in zip(self.modes, [*ends, None], strict=True) if its == mode]
        return f"({' OR '.join(spans)})" if spans else "false"

    def _meet(self, table: Table) -> None:
        """met: each row whose group of `replaced_by` the book has, with the moment `before` of the book's version, and whether it
        is the `same`; a schedule is when all its rows of that moment are.
        """
        name, group, content = table.name, list(table.replaced_by), [c for c in table.names() if c != "recorded_at"]
        mine, names, columns = ", ".join(f"n.{c}" for c in ("record", '"row"', "recorded_at", *table.key)), ", ".join(group), ", ".join(content)
        if group == list(table.key):
            self.ask(f"CREATE TEMP TABLE met AS SELECT {mine}, p.recorded_at AS before, ({_same('n', 'p', content)}) AS same "
                     f"FROM sound_{name} n JOIN past_{name} p ON {_equal('n', 'p', group)}")
            return
        self.ask(f"CREATE TEMP TABLE ours AS SELECT {columns}, recorded_at FROM fresh_{name} n SEMI JOIN past_{name} p ON {_equal('n', 'p', group)}")
        self.ask(f"CREATE TEMP TABLE theirs AS SELECT p.* EXCLUDE (recorded_at), v.recorded_at FROM (SELECT {columns}, recorded_at FROM past_{name}) p "
                 f"JOIN (SELECT DISTINCT {names}, recorded_at FROM ours) v ON {_equal('p', 'v', group)}")
        self.ask(f"CREATE TEMP TABLE differs AS SELECT DISTINCT {names}, recorded_at FROM "
                 "((FROM ours EXCEPT ALL FROM theirs) UNION ALL (FROM theirs EXCEPT ALL FROM ours))")
        self.ask(f"CREATE TEMP TABLE met AS SELECT {mine}, p.before, "
                 f"NOT EXISTS (FROM differs d WHERE {_equal('d', 'n', [*group, 'recorded_at'])}) AS same FROM sound_{name} n "
                 f"JOIN (SELECT {names}, max(recorded_at) AS before FROM past_{name} GROUP BY {names}) p ON {_equal('n', 'p', group)}")
        self.ask("DROP TABLE ours; DROP TABLE theirs; DROP TABLE differs")

    def _drop(self, table: Table, rows: str) -> None:
        self.ask(f"INSERT INTO drop_{table.name} {rows}")
        self._view_fresh(table)

    def _vanished(self) -> pl.DataFrame:
        """The keys of the book that a full snapshot no longer has; of a schedule, which is replaced whole, the loan."""
        parts = []
        for name in self.tables:
            table = FACTS[name]
            key = " || '/' || ".join(f"p.{column}::VARCHAR" for column in table.replaced_by)
            gone = self._frame(f"SELECT DISTINCT '{name}' AS \"table\", {key} AS \"key\" FROM past_{name} p "
                               f"WHERE NOT EXISTS (FROM new_{name} n WHERE {_equal('n', 'p', list(table.replaced_by))}) ORDER BY 2")
            self.counts[name]["vanished"] = len(gone)
            parts.append(gone)
        return pl.concat(parts) if parts else pl.DataFrame(schema={"table": pl.String, "key": pl.String})

    def _view_after(self, table: Table) -> None:
        """What the book would say: this load's rows, and of the book's those that none of them replaces."""
        name, columns = table.name, ", ".join(table.names())
        fresh = f"SELECT record, {columns} FROM fresh_{name}"
        if self.replaces.get(name):
            fresh += f" QUALIFY recorded_at = max(recorded_at) OVER (PARTITION BY {', '.join(table.replaced_by)})"
        if name in self.has_past:
            replaced = f" WHERE NOT EXISTS (FROM fresh_{name} f WHERE {_equal('f', 'p', list(table.replaced_by))})" if name in self.tables else ""
            fresh = f"({fresh}) UNION ALL (SELECT NULL::BIGINT, {columns} FROM past_{name} p{replaced})"
        self.ask(f"CREATE VIEW after_{name} AS {fresh}")

    def _blame(self, query: str) -> int:
        """Adds what the query finds to `bad`, and the records to `bad_record`; how many records are newly blamed."""
        before = self._one("SELECT count(*) FROM bad_record")
        self.ask(f"CREATE TEMP TABLE found AS SELECT * FROM ({query}) t(record, tbl, col, value, rule, detail) WHERE record IS NOT NULL")
        self.ask("INSERT INTO bad FROM found")
        if self._only_looks:
            self.ask("DROP TABLE found")
            return 0
        self.ask("INSERT INTO bad_record SELECT DISTINCT record FROM found f WHERE NOT EXISTS (FROM bad_record b WHERE b.record = f.record)")
        self.ask("DROP TABLE found")
        return self._one("SELECT count(*) FROM bad_record") - before

    def _blame_once(self) -> bool:
        """Every rule asked once; true where one of them found more."""
        found = 0
        if "loans" in self.tables:
            self.ask("CREATE OR REPLACE TABLE bad_loan AS SELECT DISTINCT loan_id FROM new_loans n SEMI JOIN bad_record b ON n.record = b.record")
        for rule in (self._parts_of_schedules, self._schedules, self._orphans, self._late_disbursements, self._early_records, self._reversals, self._others):
            found += rule()
        # Of two records that exclude each other one is blamed only when the other is known to be sound in all else.
        return (found or self._reversed_twice() + self._loan_in_both()) > 0

    def _parts_of_schedules(self) -> int:
        """A schedule or plan comes in whole or not at all: what is replaced whole must not be stored in part."""
        found = 0
        for name in self.tables:
            table = FACTS[name]
            if table.replaced_by == table.key:
                continue
            group = table.replaced_by[0]
            self.ask(f"CREATE OR REPLACE TEMP TABLE torn AS SELECT DISTINCT {group} FROM new_{name} n SEMI JOIN bad_record b ON n.record = b.record")
            found += self._blame(f"SELECT DISTINCT f.record, '{name}', '{group}', f.{group}, 'schedule_quarantined', f.{group} "
                                 f"FROM fresh_{name} f SEMI JOIN torn t ON f.{group} = t.{group}")
        return found

    def _schedules(self) -> int:
        """A loan's instalments add up to its principal; only a loan of principal 0 may have none."""
        if not {"loans", "instalments"} & set(self.tables):
            return 0
        self.ask("""CREATE OR REPLACE TEMP TABLE unsound AS
            WITH touched AS (SELECT loan_id FROM fresh_loans UNION SELECT loan_id FROM fresh_instalments),
                 summed AS (SELECT loan_id, sum(principal_minor::HUGEINT) AS summed, count(*) AS many
                            FROM after_instalments SEMI JOIN touched USING (loan_id) GROUP BY loan_id)
            SELECT l.loan_id, l.principal_minor, s.summed, s.many FROM (FROM after_loans SEMI JOIN touched USING (loan_id)) l
            LEFT JOIN summed s USING (loan_id)
            WHERE (s.many IS NULL AND l.principal_minor <> 0) OR s.summed <> l.principal_minor""")
        detail = "'loan ' || u.loan_id || ': ' || u.principal_minor || ' / ' || coalesce(u.summed::VARCHAR, '-')"
        return self._blame(f"""
            SELECT f.record, 'loans', 'principal_minor', u.principal_minor::VARCHAR,
                   CASE WHEN u.loan_id IN (SELECT n.loan_id FROM new_instalments n SEMI JOIN bad_record b ON n.record = b.record)
                        THEN 'schedule_quarantined' WHEN u.many IS NULL THEN 'no_schedule' ELSE 'schedule_sum' END, {detail}
            FROM fresh_loans f JOIN unsound u USING (loan_id)
            UNION ALL
            SELECT DISTINCT f.record, 'instalments', 'principal_minor', NULL, 'schedule_sum', {detail}
            FROM fresh_instalments f JOIN unsound u USING (loan_id)""")

    def _orphans(self) -> int:
        """Every row of a loan has its loan, in this load or in the book; no payment lies before its loan was disbursed."""
        found = 0
        for name in (name for name in _OF_LOANS if name in self.tables):
            paid_on, early = (", f.paid_on", " OR f.paid_on < l.disbursed_on") if name == "payments" else ("", "")
            self.ask(f"CREATE OR REPLACE TEMP TABLE astray AS SELECT f.record, f.loan_id{paid_on}, l.disbursed_on FROM fresh_{name} f "
                     f"LEFT JOIN after_loans l ON f.loan_id = l.loan_id WHERE l.loan_id IS NULL{early}")
            found += self._blame(f"""
                SELECT DISTINCT f.record, '{name}', 'loan_id', f.loan_id,
                       CASE WHEN b.loan_id IS NULL THEN 'orphan' ELSE 'loan_quarantined' END, f.loan_id
                FROM astray f LEFT JOIN bad_loan b ON f.loan_id = b.loan_id WHERE f.disbursed_on IS NULL""")
            if name == "payments":
                found += self._blame("""
                    SELECT record, 'payments', 'paid_on', paid_on::VARCHAR, 'before_disbursement', disbursed_on::VARCHAR
                    FROM astray WHERE disbursed_on IS NOT NULL""")
        return found

    def _late_disbursements(self) -> int:
        """No loan is changed so that it was disbursed after a payment that the book has."""
        if "loans" not in self.tables or "payments" not in self.has_past:
            return 0
        return self._blame("""
            SELECT f.record, 'loans', 'disbursed_on', f.disbursed_on::VARCHAR, 'disbursed_late', min(p.paid_on)::VARCHAR
            FROM fresh_loans f JOIN after_payments p ON f.loan_id = p.loan_id
            WHERE p.record IS NULL AND p.paid_on < f.disbursed_on GROUP BY ALL""")

    def _early_records(self) -> int:
        """Where the lender says when rows were recorded: none before its loan, and none after the load itself."""
        if not self.bearing:
            return 0
        found = 0
        self.ask("""CREATE OR REPLACE TEMP TABLE first_known AS SELECT loan_id, min(recorded_at) AS known_at FROM
            (SELECT loan_id, recorded_at FROM fresh_loans UNION ALL SELECT loan_id, recorded_at FROM every_loans) GROUP BY loan_id""")
        for name in self.tables:
            if name in self.bearing:
                found += self._blame(f"""
                    SELECT DISTINCT record, '{name}', 'recorded_at', {_moment_text('recorded_at')}, 'future', {_moment_text(str(self.moment))}
                    FROM fresh_{name} WHERE recorded_at > {self.moment} AND recorded_at <> {WHEN_LOADED}""")
            if name in _OF_LOANS:
                found += self._blame(f"""
                    SELECT DISTINCT f.record, '{name}', 'recorded_at',
                           CASE WHEN f.recorded_at > {ALWAYS} THEN {_moment_text('f.recorded_at')} END, 'recorded_before_loan',
                           {_moment_text('k.known_at')}
                    FROM fresh_{name} f JOIN first_known k ON f.loan_id = k.loan_id WHERE f.recorded_at < k.known_at""")
        return found

    def _reversals(self) -> int:
        """A reversal takes back a payment of its own loan that is no reversal itself."""
        if "payments" not in self.tables:
            return 0
        self._has_reversals = self._one("SELECT EXISTS (FROM fresh_payments WHERE reverses IS NOT NULL) OR EXISTS (FROM past_payments WHERE reverses IS NOT NULL)")
        if not self._has_reversals:
            return 0
        self.ask("""CREATE OR REPLACE TEMP TABLE taken_back AS
            SELECT r.record, r.payment_id, r.loan_id, r.reverses, t.payment_id AS target, t.record AS target_record,
                   t.loan_id AS target_loan, t.reverses AS target_reverses
            FROM (FROM after_payments WHERE reverses IS NOT NULL) r LEFT JOIN after_payments t ON r.reverses = t.payment_id""")
        return self._blame("""
            SELECT coalesce(record, target_record), 'payments', 'reverses', reverses,
                   CASE WHEN target IS NULL THEN 'reverses_unknown' WHEN target_loan <> loan_id THEN 'reverses_other_loan'
                        ELSE 'reverses_reversal' END, reverses
            FROM taken_back WHERE target IS NULL OR target_loan <> loan_id OR target_reverses IS NOT NULL""")

    def _reversed_twice(self) -> int:
        if "payments" not in self.tables or not self._has_reversals:
            return 0
        return self._blame("""
            SELECT record, 'payments', 'reverses', reverses, 'reverses_twice', reverses FROM after_payments WHERE reverses IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY reverses ORDER BY record NULLS FIRST, payment_id) > 1""")

    def _others(self) -> int:
        """A milestone has its project."""
        if "milestones" not in self.tables:
            return 0
        return self._blame("""
            SELECT DISTINCT f.record, 'milestones', 'project_id', f.project_id, 'orphan_project', f.project_id
            FROM fresh_milestones f ANTI JOIN after_projects p ON f.project_id = p.project_id""")

    def _loan_in_both(self) -> int:
        """A debt without a schedule is no loan of the table loans."""
        if not {"unscheduled", "loans"} & set(self.tables):
            return 0
        return self._blame("""
            SELECT coalesce(f.record, l.record), CASE WHEN f.record IS NULL THEN 'loans' ELSE 'unscheduled' END, 'loan_id', f.loan_id,
                   'loan_in_both', f.loan_id
            FROM after_unscheduled f JOIN after_loans l ON f.loan_id = l.loan_id""")


def _equal(one: str, other: str, columns: list[str]) -> str:
    return " AND ".join(f'{one}."{column}" = {other}."{column}"' for column in columns)


def _same(one: str, other: str, columns: list[str]) -> str:
    return " AND ".join(f'{one}."{column}" IS NOT DISTINCT FROM {other}."{column}"' for column in columns)


def _key_text(table: Table, alias: str) -> str:
    return " || '/' || ".join(f"{alias}.{column}::VARCHAR" for column in table.key)


def _moment_text(microseconds: str) -> str:
    """DuckDB may work out a value before it sees that the row is not asked for, so what is no moment must not stop it."""
    return f"make_timestamp(least(greatest({microseconds}, 0), {_LATEST_SHOWN}))::VARCHAR"


def _parquet(files: Iterable[Path], named: bool = False) -> str:
    """The files as a table, each row with its file where `named`."""
    return f"read_parquet({_listed(files)}, union_by_name = true, hive_partitioning = false, filename = {str(named).lower()})"


def _listed(files: Iterable[Path]) -> str:
    """DuckDB takes every path for a pattern, so what is special in one is written as a class of one."""
    special = {"'": "''", "[": "[[]", "*": "[*]", "?": "[?]"}
    return "[" + ", ".join("'" + "".join(special.get(letter, letter) for letter in str(path)) + "'" for path in files) + "]"


def _type_of(column) -> str:
    names = {pl.String: "VARCHAR", pl.Int64: "BIGINT", pl.Boolean: "BOOLEAN", pl.Date: "DATE", pl.Int32: "INTEGER"}
    return "BIGINT" if column.name == "recorded_at" else names.get(type(column.dtype), "TIMESTAMP")
