"""A database of before there was a record: every Entry that stands gets its leaf, and whoever was erased before is erased there too."""

import json
from datetime import UTC, date, datetime
from importlib import import_module
from types import SimpleNamespace

import psycopg

from arrears import postgres
from arrears.days import microseconds_of
from arrears.work.actions.action import perform
from work.record.opened import commitment
from work.rights.made_people import Person, account_made, case_made, lender_made
from work.rights.test_erasure import LI
from work.rights.test_unmasking import ZHANG

THEN = microseconds_of(datetime(2018, 6, 1, 2, 0, tzinfo=UTC))
AS_BEFORE = """DROP TABLE work_leaf, work_waiting;
CREATE TABLE work_waiting (number bigserial, leaf uuid, commitment bytea, at timestamptz);
CREATE TABLE work_leaf (id uuid, lender text, kind text, entry_id uuid, "case" uuid, at timestamptz, content text, salt bytea)"""


def test_every_entry_of_before_has_its_leaf_but_nothing_opens_those_of_who_was_erased_before(work):
    lender = lender_made(work, "bank")
    officer, compliance = account_made(work, lender, "data_officer"), account_made(work, lender, "compliance_officer")
    gone, stays = (case_made(work, lender, Person("debtor", **of), opened_on=date(2018, 1, 10), closed_on=date(2019, 1, 10), closed_why="settled") for of in (ZHANG, LI))
    for made in (gone, stays):
        perform(compliance, "hold.place", {"kind": "cease", "text": "书面要求停止"}, THEN, thing=made.case, key=f"before-{made.case}", reason="asked for")
        perform(officer, "person.freeze", {"party": made.parties[0], "because": "asked_by_person"}, THEN, thing=made.case, reason="asked for")
    with psycopg.connect(**postgres.place(work.home, postgres.OWNER, postgres.CASES).psycopg()) as owner:
        for name, value in (("lender", lender), ("teams", "*"), ("entry", str(gone.case))):
            owner.execute("SELECT set_config(%s, %s, true)", [f"arrears.{name}", value])
        owner.execute("ALTER TABLE work_party DISABLE TRIGGER USER")
        owner.execute("UPDATE work_party SET erased_at = now() WHERE case_id = %s", [gone.case])  # as the version before left it: marked, its Entries as they were
        owner.execute(AS_BEFORE)
        found = dict(owner.execute("SELECT id, salt FROM work_entry WHERE lender = %s", [lender]).fetchall())
        import_module("arrears.work.migrations.0002_record").leaves_of_entries(None, SimpleNamespace(connection=owner))
        owner.execute("SELECT set_config('arrears.lender', %s, true)", [lender])
        leaves = owner.execute('SELECT l.id, l."case", l.content, l.salt, w.commitment FROM work_leaf l JOIN work_waiting w ON w.leaf = l.id WHERE l.lender = %s', [lender]).fetchall()
        assert sorted(leaf for leaf, *_ in leaves) == sorted(found)
        for _, case, content, salt, committed in leaves:
            assert (content is None and salt is None) if case == gone.case else committed == commitment(salt, content)
        assert {case for _, case, *_ in leaves} >= {gone.case, stays.case}
        assert [json.loads(content)["verb"] for _, case, content, *_ in leaves if case == stays.case] == ["hold.place", "person.freeze"]
        left = owner.execute('SELECT DISTINCT salt, parameters::text, result::text FROM work_entry WHERE "case" = %s', [gone.case]).fetchall()
        assert left == [(b"", "{}", "{}")]
        answers = dict(owner.execute("SELECT key, (digest, answer)::text FROM work_answer WHERE lender = %s", [lender]).fetchall())
        assert answers[f"before-{gone.case}"] == '("",{})' and "hold" in answers[f"before-{stays.case}"]
        owner.rollback()
