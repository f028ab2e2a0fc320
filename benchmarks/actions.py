"""How long an action takes, and what of it is the price of what: beside a bare INSERT and COMMIT on the same server, in one run.

    .venv/bin/python benchmarks/actions.py [--calls 1000] [--rounds 3] [--out benchmarks/results/actions.json]

A real PostgreSQL of our own supervisor (fsync on), a vault with a sealed key file, one lender, one case. Each action comes with a key of idempotency and a reason, which is sealed; contact.note
with a note that is sealed too. One connection, one call after another. What is taken away, step by step, says what each thing costs:

bare_commit      BEGIN, one INSERT of a row as wide as a promise into a table without policy or trigger, COMMIT: what the disk and the server ask of anybody
guarded_insert   the same row into work_promise with an Entry, in one transaction, by SQL: row-level security, triggers, digests, no action
decide           the question to Cedar alone
seal             one text sealed, with the question to the store of keys whether the person's key still stands
lock_and_read    the case locked and read by the ORM, in a transaction of its own, nothing written
"""

import argparse
import json
import os
import secrets
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from uuid import UUID, uuid4

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
import psycopg
from night import _short, _spread, machine
from psycopg import sql

import work_home
from arrears import postgres

WARMED_BY = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1000, help="calls of each way, each round")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "actions.json", help="the JSON file to write")
    asked = parser.parse_args()
    work_home.know_django()
    with work_home.opened_home() as work:
        results = measured(ways_of(work), asked)
    asked.out.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def measured(ways: dict, asked: argparse.Namespace) -> dict:
    """All rounds of all ways, and on what they ran."""
    loads, rounds = [], {name: [] for name in ways}
    for _ in range(asked.rounds):
        loads.append(_short(os.getloadavg()[0]))
        for name, way in ways.items():
            rounds[name].append(timed(way, asked.calls))
            print(f"{name:18} median {rounds[name][-1]['median_ms']:8.3f} ms   p95 {rounds[name][-1]['p95_ms']:8.3f} ms", flush=True)
    figures = {name: {figure: _spread([each[figure] for each in every]) for figure in every[0]} for name, every in rounds.items()}
    return {"measured_on": date.today().isoformat(), "machine": {**machine(), **{name: version(name) for name in ("django", "psycopg", "cedarpy", "cryptography")}, "postgresql": server_version()},
               "calls": asked.calls, "rounds": asked.rounds, "load_before_rounds": loads, "measured": figures}


def timed(way: Callable[[], Callable[[], object]], calls: int) -> dict:
    """Milliseconds a call: median, 95th and 99th of a hundred, and this process's own processor time. What a call needs is made ready before its clock starts."""
    for _ in range(WARMED_BY):
        way()()
    took, worked = [], 0.0
    for _ in range(calls):
        call = way()
        begun, began = time.perf_counter(), time.process_time()
        call()
        took.append(time.perf_counter() - begun)
        worked += time.process_time() - began
    took.sort()
    at = lambda share: _short(took[min(len(took) - 1, int(len(took) * share))] * 1e3)  # noqa: E731
    return {"median_ms": at(0.5), "p95_ms": at(0.95), "p99_ms": at(0.99), "processor_ms": _short(worked / calls * 1e3)}


def ways_of(work: work_home.Work) -> dict[str, Callable[[], Callable[[], object]]]:
    """Each way, as a function that makes one call ready and gives it."""
    from django.db import connection, transaction

    import arrears.work.actions  # noqa: F401
    from arrears.work import access
    from arrears.work.actions.action import perform
    from arrears.work.models import Case, Party
    from arrears.work.sealing import sealed
    from arrears.work.tenancy import seen_by

    lender = work.lender()
    lead, other = work.actor(lender, "team_lead", "a"), work.actor(lender, "compliance_officer")
    case = work.case(lender, "a")
    loan, reason = f"{case.borrower_id}-L0", "债务人来电说明情况，约定还款"
    with seen_by(lead):
        person = Party.objects.get(case=case).person
        seen = Case.objects.select_related("team").get(pk=case.pk)

    def of_case(verb: str, parameters: dict):
        return lambda: partial(perform, lead, verb, parameters, work.now, thing=case.pk, key=uuid4().hex, reason=reason)

    def decision():
        asked = perform(lead, "approval.ask", {"kind": "unmasking", "subject": "x"}, work.now, thing=case.pk)["approval"]
        return lambda: perform(other, "approval.decide", {"approve": True}, work.now, thing=UUID(asked), key=uuid4().hex, reason=reason)

    with psycopg.connect(**postgres.place(work.home, postgres.OWNER, postgres.CASES).psycopg()) as owner:
        owner.execute("CREATE TABLE bare (id uuid PRIMARY KEY, lender varchar(40), case_id uuid, loan_id varchar(120), promised_on date, pay_by_on date, currency varchar(3), amount_minor bigint, state varchar(24), taken_by_id uuid)")
        owner.execute(sql.SQL("GRANT INSERT ON bare TO {}").format(sql.Identifier(postgres.place(work.home, postgres.APP, postgres.CASES).user)))

    row = "VALUES (%s, %s, %s, %s, '2026-11-02', '2026-11-20', 'CNY', 100, 'open', %s)"

    def bare():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO bare {row}", [uuid4(), lender, case.pk, loan, lead.account])

    def guarded():
        entry, salt = uuid4(), secrets.token_bytes(32)
        with seen_by(lead, entry, salt), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO work_promise (id, lender, case_id, loan_id, promised_on, pay_by_on, currency, amount_minor, state, taken_by_id) {row}", [uuid4(), lender, case.pk, loan, lead.account])
            cursor.execute("WITH leaf AS (INSERT INTO work_leaf (id, lender, kind, entry_id, \"case\", at, content, salt) VALUES (%s, %s, 'entry', %s, %s, now(), '{}', %s))"
                           " INSERT INTO work_entry (id, lender, \"case\", at, actor, actor_name, roles, via, verb, parameters, result, policies, is_refused, salt)"
                           " VALUES (%s, %s, %s, now(), %s, 'x', '{}', 'cli', 'x', '{}', '{}', '{}', false, %s)", [entry, lender, entry, case.pk, salt, entry, lender, case.pk, lead.account, salt])

    def locked():
        with seen_by(lead):
            return Case.objects.select_for_update(no_key=True, of=("self",)).select_related("team").filter(lender=lender, pk=case.pk).first()

    return {
        "promise.take": of_case("promise.take", {"loan_id": loan, "amount_minor": 100, "pay_by_on": "2026-11-20"}),
        "contact.note": of_case("contact.note", {"attempted_at": "2026-11-02T09:30:00+08:00", "channel": "call", "outcome": "answered", "relation": "debtor", "note": "客户表示本周五发工资后还款，" * 8}),
        "approval.decide": decision,
        "bare_commit": lambda: bare, "guarded_insert": lambda: guarded, "lock_and_read": lambda: locked,
        "decide": lambda: lambda: access.decide(lead, "promise.take", access.resource_of(seen), {"reason": reason}),
        "seal": lambda: lambda: sealed(lender, person, "work_contact", "note_sealed", uuid4(), reason),
    }


def server_version() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return cursor.fetchone()[0]


if __name__ == "__main__":
    main()
