"""A restored older database does not go on with the newer log as if nothing were: it is refused until a person says so, and then a leaf says what is lost. And a home of before the record gets its leaves."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import psycopg

from arrears import postgres
from arrears.web.upgrade import upgrade
from postgres.clusters import new_home

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
OF_BEFORE = """
import sys
from pathlib import Path
from arrears.postgres import OWNER
from arrears.web.settings import configure
configure(Path(sys.argv[1]), role=OWNER)
from django.core.management import call_command
call_command("migrate", "work", "0001", verbosity=0, interactive=False)
"""


def test_an_older_database_is_refused_until_a_person_resumes_and_what_is_lost_is_put_down(tmp_path):
    out = tmp_path / "told.json"
    subprocess.run([sys.executable, str(Path(__file__).with_name("restored.py")), str(out)], check=True, env=ENVIRONMENT, timeout=300)
    told = json.loads(out.read_text(encoding="utf-8"))
    placed, waiting = told["in_backup"]
    assert waiting == 1 and told["size_before"] == placed + 3
    assert "is lost unless the newer database is found; nothing was changed" in told["integrate"] and f"from number {placed} on" in told["integrate"] and told["untouched"]
    assert told["resumed"] == [2, 1, 3], "the two promises of after the backup are lost, that of the backup is found; the promise of meanwhile, the gap and its entry are placed"
    assert told["same_before"] and told["lost_places"] == [placed + 1, placed + 2]
    gap = told["gap"]
    assert (gap["kind"], gap["from"], gap["leaves"]) == ("gap", placed, 3) and told["gap_index"] >= told["size_before"] and told["size"] == told["size_before"] + 3
    assert "nothing is lost, so there is nothing to resume" in told["again"]


def test_every_entry_of_a_home_of_before_the_record_gets_its_leaf(tmp_path):
    with new_home() as home:
        postgres.ensure_running(home)
        subprocess.run([sys.executable, "-c", OF_BEFORE, str(home)], check=True, env=ENVIRONMENT, timeout=120)
        entries = [(uuid4(), lender, number) for number, lender in enumerate(("b", "a", "b", "a", "a"), 1)]
        with psycopg.connect(**postgres.place(home, postgres.OWNER, postgres.CASES).psycopg()) as owner:
            for lender in ("a", "b"):
                owner.execute("INSERT INTO work_lender (code, name_zh, name_en, law, licence) VALUES (%s, '银行', 'Bank', 'cn', 'bank')", [lender])
            for entry, lender, number in entries:
                owner.execute("INSERT INTO work_entry (id, number, lender, at, actor_name, roles, via, verb, reason, parameters, result, policies, is_refused, salt) VALUES"
                              " (%s, %s, %s, '2026-01-02T03:04:05.000006+08', 'system', '{system}', 'system', 'test.old', %s, %s, '{}', '{}', false, %s)",
                              [entry, number, lender, "旧" if number == 1 else None, json.dumps({"amount": 2**60, "share": 0.5, "n": number}), bytes([number])])
                owner.execute('INSERT INTO work_change (lender, entry_id, "table", operation, rows, ids, after) VALUES (%s, %s, \'work_case\', \'INSERT\', 1, %s, %s)', [lender, entry, [entry], b"\xab"])
        upgrade(home)
        with psycopg.connect(**postgres.place(home, postgres.OWNER, postgres.CASES).psycopg()) as owner:
            found = {}
            for lender in ("a", "b"):
                owner.execute("SELECT set_config('arrears.lender', %s, false), set_config('arrears.teams', '*', false)", [lender])
                found |= {row[0]: row for row in owner.execute("SELECT l.id, l.lender, l.content, l.salt, w.commitment, w.number, l.kind FROM work_leaf l JOIN work_waiting w ON w.leaf = l.id").fetchall()}
    assert set(found) == {entry for entry, _, _ in entries}
    for entry, lender, number in entries:
        _, of, content, salt, commitment, _, kind = found[entry]
        assert json.loads(content) == {
            "kind": "entry", "lender": lender, "entry": str(entry), "number": number, "case": None, "at": "2026-01-01T19:04:05.000006Z", "actor": None, "actor_name": "system", "roles": ["system"], "via": "system",
            "verb": "test.old", "purpose": None, "parameters": {"amount": str(2**60), "share": "0.5", "n": number}, "result": {}, "policies": [], "refused": False, "key": None, "withheld": {},
            "changes": [{"table": "work_case", "operation": "INSERT", "rows": 1, "ids": [str(entry)], "before": None, "after": "ab"}]} | ({"reason": "旧"} if number == 1 else {})
        assert (of, kind, bytes(salt)) == (lender, "entry", sha256(b"arrears record salt v1\n" + bytes([number])).digest())
        assert bytes(commitment) == sha256(b"arrears record v1\n" + bytes(salt) + content.encode()).digest()
    assert [number for _, number in sorted((found[entry][5], number) for entry, _, number in entries)] == [2, 4, 5, 1, 3], "lender by lender, in the order of their numbers"
