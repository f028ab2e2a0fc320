"""A home of its own whose one lender has 40,000 contacts; tells as JSON how PostgreSQL finds pages of their ledger, and what the pages say. For test_ledger.py.

In the home that all tests share there are hundreds of lenders, and the planner takes each for one in hundreds.
"""

import json
import sys
from datetime import date
from pathlib import Path

import psycopg

import work_home

MANY = 40_000
DAYS = {"from_on": date(2025, 11, 1), "to_on": date(2026, 11, 2)}
LAY = """INSERT INTO work_contact (id, lender, case_id, attempted_at, channel, direction, relation, outcome, verdict, rules, made_by_id)
    SELECT gen_random_uuid(), %s, (%s::uuid[])[1 + n %% 40], '2026-11-02 10:00+00'::timestamptz - n * interval '14 minutes', CASE WHEN n %% 400 = 0 THEN 'letter' ELSE 'call' END, 'outbound', 'debtor', 'answered',
        CASE WHEN n %% 20 = 0 THEN 'deny' ELSE 'allow' END, CASE WHEN n %% 100 = 0 THEN ARRAY['cn.minor']::varchar[] ELSE '{}' END, CASE WHEN n %% 50 = 0 THEN %s::uuid END FROM generate_series(1, %s) n"""


def main() -> None:
    work_home.know_django()
    with work_home.opened_home() as work:
        from django.db import connection

        from arrears.postgres import CASES, OWNER, place
        from arrears.work.ledger_frame import Frame, contacts_of
        from arrears.work.queries.ledger import ledger
        from arrears.work.tenancy import seen_by

        lender = work.lender()
        cases = [work.case(lender, "a" if number % 2 else "b", people=False).pk for number in range(40)]
        maker = work.actor(lender, "collector", "a", holds=True)
        with work.writing(lender), connection.cursor() as cursor:
            cursor.execute(LAY, [lender, cases, maker.account, MANY])
        where = place(work.home, OWNER, CASES)
        with psycopg.connect(dbname=where.dbname, user=where.user, password=where.password, host=where.host, port=where.port, autocommit=True) as owner:
            owner.execute("ANALYZE")
        told: dict[str, dict] = {"plans": {}, "pages": {}}
        frames = {"whole": Frame(**DAYS), "denied": Frame(**DAYS, verdict="deny"), "letters": Frame(**DAYS, channel="letter"), "rule": Frame(**DAYS, rule="cn.minor")}
        for role, team in (("compliance_officer", None), ("auditor", None), ("team_lead", "a")):
            actor = work.actor(lender, role, team)
            for name, frame in frames.items():
                with seen_by(actor), connection.cursor() as cursor:
                    statement, given = contacts_of(lender, frame).values_list("pk", "attempted_at")[:51].query.sql_with_params()
                    cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", given)
                    told["plans"][f"{role} {name}"] = json.dumps(cursor.fetchone()[0])
                page = ledger(actor, frame)
                told["pages"][f"{role} {name}"] = {"found": page.found, "is_estimate": page.is_estimate, "is_more": page.is_more, "lines": len(page.lines)}
        Path(sys.argv[1]).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
