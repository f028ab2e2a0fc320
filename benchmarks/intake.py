"""A night's worklist as cases, with people into the vault and every guard on; beside Django's bulk_create of the same rows, and COPY into the same tables without any guard.

`python benchmarks/intake.py [--cases 100000] [--out results/intake.json]`: one run, one machine, one after the other. Seconds are of the clock, and of the processors of this process and its
database session, which tell more where the machine has other work. The rows that Django writes are sealed already: what is measured there is writing alone.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from uuid import uuid4

AS_OF, NOW = date(2026, 10, 31), 1_793_500_000_000_000
TABLES = ("work_case", "work_debt", "work_party", "work_contactpoint", "work_payment", "work_placement")
BULK_SHARE = 10
"""bulk_create is given every tenth of the cases; its rows a second are of those."""


def main() -> None:
    """Prints, and writes, what was measured."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--cases", type=int, default=100_000)
    asked.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "intake.json")
    said = asked.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="intake-"))
    folder.chmod(0o755)
    from arrears import postgres
    try:
        found = measured(folder, said.cases)
    finally:
        postgres.stop(folder / "home")
        shutil.rmtree(folder, ignore_errors=True)
    said.out.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


def measured(folder: Path, cases: int) -> dict:
    """All three ways, and the parts of ours."""
    from intake_book import grown, seal_made_up_people

    from arrears import postgres, store
    from arrears.nightly.night import run_night
    from arrears.twin.plain_files import write_book
    from arrears.vault.vault import init_vault
    from arrears.web.settings import configure
    from arrears.web.upgrade import upgrade

    home = folder / "home"
    postgres.ensure_running(home)
    upgrade(home)
    vault, _ = init_vault(home, NOW)
    write_book(folder / "small", 2000, 1, AS_OF, None, lambda *_: None)
    small = store.book_at(folder / "small")
    run_night(small, AS_OF, None, NOW)
    book = grown(small, AS_OF, cases, folder / "book")
    values = seal_made_up_people(book, AS_OF, vault.handover_public_key())
    configure(home)
    from arrears.work.actions.intake import open_lender, take_night
    from arrears.work.night_files import night_of

    night = night_of(book, AS_OF)
    open_lender(night.lender, NOW)
    parts = _timed_parts()
    ours, told = _seconds(lambda: take_night(night, night.lender.id, NOW)[0])
    again, _ = _seconds(lambda: take_night(night, night.lender.id, NOW))
    code = night.lender.id
    return {"cases": told["cases_opened"], "values_sealed": values, "rows": _rows(code), "intake": ours, "intake_parts": parts, "again": again, "bulk_create": _bulk(code), "copy_without_guards": _copied(home, code),
            "processors": os.cpu_count(), "load_average_at_the_end": round(os.getloadavg()[1], 1), "python": sys.version.split()[0]}


def _server_seconds() -> float:
    """Processor seconds of the database session of this process."""
    from django.db import connection

    connection.ensure_connection()
    fields = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _seconds(does: Callable):
    clock, here, there = time.perf_counter(), time.process_time(), _server_seconds()
    found = does()
    return {"seconds": round(time.perf_counter() - clock, 2), "processor_here_s": round(time.process_time() - here, 2), "processor_database_s": round(_server_seconds() - there, 2)}, found


def _timed_parts() -> dict[str, dict]:
    """Filled while the night is taken in: by part the seconds of the clock and of each processor. Parts within people are counted there too."""
    from arrears.vault.vault import Vault
    from arrears.work import intake, intake_carried, intake_debts, intake_hands, intake_people

    parts: dict[str, dict] = {}

    def timed(part: Callable[..., str], does: Callable) -> Callable:
        def run(*given, **named):
            spent, found = _seconds(lambda: does(*given, **named))
            whole = parts.setdefault(part(*given), dict.fromkeys(spent, 0.0))
            for name, value in spent.items():
                whole[name] = round(whole[name] + value, 2)
            return found
        return run

    for module in (intake, intake_debts, intake_hands, intake_people, intake_carried):
        if hasattr(module, "ask"):
            module.ask = timed(lambda statement, *_: f"statements on {_table_of(statement)}", module.ask)
        if hasattr(module, "copy_in"):
            module.copy_in = timed(lambda *_: "COPY", module.copy_in)
    Vault.seal = timed(lambda *_: "seal, keys made", Vault.seal)
    Vault.blind = timed(lambda *_: "blind indexes", Vault.blind)
    intake.take_people = timed(lambda *_: "people, all of it", intake.take_people)
    intake.night_files.demand_worklist = timed(lambda *_: "worklist read and checked", intake.night_files.demand_worklist)
    return parts


def _table_of(statement: str) -> str:
    return next((name for name in TABLES if f"INTO {name} " in statement), "others")


def _rows(code: str) -> dict[str, int]:
    from django.db import connection

    from arrears.work.actor import system
    from arrears.work.tenancy import seen_by

    found = {}
    with seen_by(system(code)), connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
    return found


def _bulk(code: str) -> dict:
    """The same rows under another lender by bulk_create, guards on: every BULK_SHARE-th case with all that hangs on it."""
    import secrets

    from django.apps import apps

    from arrears.days import moment_of
    from arrears.work.actions.action import Doing, put_down
    from arrears.work.actor import system
    from arrears.work.models import Lender
    from arrears.work.tenancy import seen_by

    other, models = f"{code}-bulk", {model._meta.db_table: model for model in apps.get_app_config("work").get_models()}
    with seen_by(system(code)):
        chosen = list(models["work_case"].objects.values_list("id", flat=True).order_by("id"))[::BULK_SHARE]
        rows = {table: list(models[table].objects.filter(**{"id__in" if table == "work_case" else "case_id__in": chosen}).values()) for table in TABLES}
    ids = {one["id"]: uuid4() for table in TABLES for one in rows[table]}
    refers = ("id", "case_id", "party_id")
    for table in TABLES:
        for one in rows[table]:
            one.update({name: ids[one[name]] for name in refers if one.get(name) in ids} | {"lender": other})
            one.update(team_id=None, held_by_id=None) if "team_id" in one else None
    entry, salt = uuid4(), secrets.token_bytes(32)

    def write() -> int:
        with seen_by(system(other), entry, salt):
            Lender.objects.create(code=other, name_zh=other, name_en=other)
            put_down(Doing(system(other), moment_of(NOW), entry), "benchmark", salt)
            for table in TABLES:
                models[table].objects.bulk_create([models[table](**one) for one in rows[table]], batch_size=5000)
        return sum(map(len, rows.values()))

    spent, count = _seconds(write)
    return {"cases": len(chosen), "rows": count, **spent, "seconds_for_all_cases": round(spent["seconds"] * BULK_SHARE, 1)}


def _copied(home: Path, code: str) -> dict:
    """The same rows by COPY into tables of the same columns and indexes, with no trigger, policy, foreign key or digest, nothing sealed."""
    import psycopg

    from arrears import postgres

    with psycopg.connect(**postgres.place(home, postgres.OWNER, postgres.CASES).psycopg()) as owner:
        owner.execute("SELECT set_config('arrears.lender', %s, false), set_config('arrears.teams', '*', false)", [code])
        told = {}
        for table in TABLES:
            kept = BytesIO()
            with owner.cursor().copy(f"COPY (SELECT * FROM {table}) TO STDOUT (FORMAT binary)") as copy:
                for piece in copy:
                    kept.write(piece)
            owner.execute(f"CREATE TABLE plain_{table} (LIKE {table} INCLUDING DEFAULTS INCLUDING INDEXES)")
            told[table] = kept.getbuffer()
        owner.commit()
        begun = time.perf_counter()
        for table, content in told.items():
            with owner.cursor().copy(f"COPY plain_{table} FROM STDIN (FORMAT binary)") as copy:
                copy.write(content)
        owner.commit()
        spent = time.perf_counter() - begun
        for table in TABLES:
            owner.execute(f"DROP TABLE plain_{table}")
    return {"seconds": round(spent, 2)}


if __name__ == "__main__":
    main()
