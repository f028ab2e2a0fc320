"""What the record costs in PostgreSQL: leaves committed one by one by many connections at once, and a backlog integrated into the files. Used by record.py.

The clients are PostgreSQL's own pgbench, which takes little of the two cores from the server. A transaction is one message of several statements, committed with fsync on:

commitment   one row of work_waiting, as the owner: the least that a durable append can be
entry        an Entry and its leaf as the application, with row-level security, triggers and the commitment made by the database: what every action pays for the record and its log
"""

import os
import re
import subprocess
import time
from pathlib import Path

import psycopg
from night import _spread

from arrears import postgres
from arrears.postgres.binaries import binaries_found

LENDER = "bank-a"
CONTENT = ('{"actor":"00000000-0000-0000-0000-000000000001","actor_name":"li.na","at":"2026-11-02T02:00:00.000000Z","case":"00000000-0000-0000-0000-000000000002","changes":[{"after":"' + "a" * 64
           + '","before":null,"ids":["00000000-0000-0000-0000-000000000003"],"operation":"INSERT","rows":1,"table":"work_promise"}],"entry":"00000000-0000-0000-0000-000000000004","key":null,"kind":"entry",'
           '"lender":"bank-a","number":1,"parameters":{"amount_minor":50000,"loan_id":"L1042","pay_by_on":"2026-11-20"},"policies":["collector-promise"],"purpose":null,"refused":false,"result":{},'
           '"roles":["collector"],"verb":"promise.take","via":"web","withheld":{}}')
"""As long as the content of a promise that was taken."""
SCRIPTS = {
    "commitment": "BEGIN \\; SELECT set_config('arrears.entry', 'x', true) \\; INSERT INTO work_waiting (leaf, commitment, at) VALUES (gen_random_uuid(), sha256(uuid_send(gen_random_uuid())), now()) \\; COMMIT;",
    "entry": " \\; ".join((
        "BEGIN",
        f"SELECT set_config('arrears.lender', '{LENDER}', true), set_config('arrears.teams', '*', true), set_config('arrears.account', '', true), set_config('arrears.collector', '', true),"
        " set_config('arrears.entry', gen_random_uuid()::text, true), set_config('arrears.salt', encode(sha256(uuid_send(gen_random_uuid())), 'hex'), true)",
        "INSERT INTO work_entry (id, lender, number, at, actor_name, roles, via, verb, parameters, result, policies, is_refused, salt) VALUES (current_setting('arrears.entry')::uuid, '" + LENDER + "',"
        " nextval('work_entry_numbers'), now(), 'li.na', '{collector}', 'web', 'promise.take', '{}', '{}', '{collector-promise}', false, decode(current_setting('arrears.salt'), 'hex'))",
        "INSERT INTO work_leaf (id, lender, kind, entry_id, at, content, salt) SELECT current_setting('arrears.entry')::uuid, '" + LENDER + "', 'entry', current_setting('arrears.entry')::uuid, now(), '" + CONTENT + "',"
        " sha256(decode(current_setting('arrears.salt'), 'hex'))",
        "COMMIT;")),
}
ROLES = {"commitment": postgres.OWNER, "entry": postgres.APP}


def durable(home: Path, connections: list[int], seconds: int, rounds: int) -> dict:
    """Transactions a second of each way, by connections at once, in turn over the rounds; every one is there afterwards, or the run ends."""
    found = {way: {str(count): [] for count in connections} for way in SCRIPTS}
    for _ in range(rounds):
        for count in connections:
            for way, script in SCRIPTS.items():
                before = _places(home)
                rate, done = _run(home, way, script, count, seconds)
                if _places(home) - before != done:
                    raise SystemExit(f"{way}: {done} transactions were answered, and {_places(home) - before} leaves are there")
                found[way][str(count)].append(rate)
    return {way: {count: _spread(rates) for count, rates in each.items()} for way, each in found.items()}


def _run(home: Path, way: str, script: str, connections: int, seconds: int) -> tuple[float, int]:
    """Transactions a second and how many there were, by pgbench."""
    place = postgres.place(home, ROLES[way], postgres.CASES)
    path = home.parent / f"{way}.sql"
    path.write_text(script + "\n")
    ran = subprocess.run([_pgbench(), "--no-vacuum", "--client", str(connections), "--jobs", str(min(2, connections)), "--time", str(seconds), "--file", path, place.conninfo()],
                         capture_output=True, text=True, env={**os.environ, **place.environment()})
    if ran.returncode:
        raise SystemExit(ran.stderr[-1000:])
    return float(re.search(r"^tps = ([\d.]+)", ran.stdout, re.M)[1]), int(re.search(r"actually processed: (\d+)", ran.stdout)[1])


def _pgbench() -> Path:
    """The client of the newest PostgreSQL here."""
    found = [path for one in binaries_found() if (path := one.folder / "pgbench").exists()]
    if not found:
        raise SystemExit("no pgbench is beside PostgreSQL's programs; on Debian it comes with the package postgresql")
    return found[0]


def _places(home: Path) -> int:
    with psycopg.connect(**postgres.place(home, postgres.OWNER, postgres.CASES).psycopg()) as owner:
        return owner.execute("SELECT (SELECT count(*) FROM work_waiting) + (SELECT count(*) FROM work_place)").fetchone()[0]


def server(home: Path) -> dict:
    """The version, and that what is committed is on the disk; where it need not be, the run ends."""
    with psycopg.connect(**postgres.place(home, postgres.OWNER, postgres.CASES).psycopg()) as owner:
        found = {name: owner.execute(f"SHOW {name}").fetchone()[0] for name in ("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")}
    if (found["fsync"], found["synchronous_commit"]) != ("on", "on"):
        raise SystemExit(f"the server does not wait for the disk: {found}")
    return found


def fill(home: Path, count: int) -> None:
    """So many leaves that are committed and wait for their place."""
    with psycopg.connect(**postgres.place(home, postgres.OWNER, postgres.CASES).psycopg()) as owner:
        owner.execute("SELECT set_config('arrears.entry', 'x', true)")
        owner.execute("INSERT INTO work_waiting (leaf, commitment, at) SELECT gen_random_uuid(), sha256(int8send(n)), now() FROM generate_series(1, %s::bigint) AS s(n)", [count])
    with psycopg.connect(**postgres.place(home, postgres.OWNER, postgres.CASES).psycopg(), autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE work_waiting, work_place")


def integrated(home: Path, counts: list[int], now: int) -> list[dict]:
    """For each count: so many leaves that wait, placed, appended and signed in one call; the wall's seconds."""
    from arrears.record.append import Log
    from arrears.record.places import places_of
    from arrears.record.signing_key import make_key
    from arrears.work.recording import integrate

    places = places_of(home)
    places.log.parent.mkdir(parents=True)
    Log.create(places.log, make_key(places.key, "bank-a.example/record", now)).close()
    found = []
    for count in counts:
        integrate(home, now)
        fill(home, count)
        begun = time.perf_counter()
        integrate(home, now)
        took = time.perf_counter() - begun
        found.append({"leaves": count, "s": took, "a_second": count / took})
    return found
