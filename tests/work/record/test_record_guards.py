"""The database alone keeps the record: whoever has the application's role can add a leaf with the Entry of its transaction, and nothing else."""

import json
from hashlib import sha256
from uuid import uuid4

import psycopg
import pytest
from django.db import DatabaseError, connection

from arrears import postgres
from arrears.work.actions.action import Doing, put_down
from arrears.work.actor import system
from arrears.work.models import Entry, Leaf
from arrears.work.recording import backlog
from arrears.work.tenancy import seen_by
from work.action_scenes import World

CASES = ("INSERT INTO {table} DEFAULT VALUES", "UPDATE {table} SET commitment = commitment", "DELETE FROM {table}", "TRUNCATE {table}")


def told(work, lender: str, statement: str, parameters: list, before=lambda: None, entry=None) -> None:
    """One statement of the application, within a transaction that has an Entry with its leaf."""
    entry = entry or uuid4()
    with seen_by(system(lender), entry, b"s" * 32):
        put_down(Doing(system(lender), work.at, entry), "test.made", b"s" * 32)
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)


def leaf_of(entry, owner: str, work, **changed) -> tuple[str, list]:
    row = {"id": uuid4(), "lender": owner, "kind": "night", "entry_id": entry, "source": uuid4().hex, "at": work.at, "content": "{}", "salt": b"x" * 32} | changed
    return f"INSERT INTO work_leaf ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})", list(row.values())


@pytest.mark.parametrize("table", ["work_place", "work_waiting"])
@pytest.mark.parametrize("statement", CASES)
def test_the_application_writes_no_place_and_no_commitment(work, table, statement):
    lender = work.lender()
    with pytest.raises(DatabaseError, match="permission denied"):
        told(work, lender, statement.format(table=table), [])


@pytest.mark.parametrize("statement", ["UPDATE work_leaf SET content = '{}'", "UPDATE work_leaf SET salt = NULL", "DELETE FROM work_leaf", "TRUNCATE work_leaf"])
def test_the_application_changes_no_leaf(work, statement):
    with pytest.raises(DatabaseError, match="permission denied"):
        told(work, work.lender(), statement, [])


def test_an_entry_without_its_leaf_is_not_committed(work):
    lender, entry = work.lender(), uuid4()
    with pytest.raises(DatabaseError, match="an entry without its place in the record"), seen_by(system(lender), entry, b"s"):
        Entry.objects.create(id=entry, lender=lender, at=work.at, actor_name="forger", via="test", verb="test.forged", salt=b"s")
    with seen_by(system(lender)):
        assert not Entry.objects.filter(id=entry).exists()


def test_a_leaf_without_its_entry_is_not_committed_whatever_it_is_of(work):
    lender, entry = work.lender(), uuid4()
    for changed in ({}, {"kind": "entry", "id": entry, "source": None}):
        statement, parameters = leaf_of(entry, lender, work, **changed)
        before = backlog().waiting
        with pytest.raises(DatabaseError, match="under an entry that is not of this action|not present in table \"work_entry\""), seen_by(system(lender), entry, b"s"), connection.cursor() as cursor:
            cursor.execute(statement, parameters)
        assert backlog().waiting == before


def test_no_leaf_is_hung_on_an_entry_of_before_or_of_another_or_is_without_salt(work):
    lender, other, earlier, now = work.lender(), work.lender(), uuid4(), uuid4()
    told(work, lender, "SELECT 1", [], entry=earlier)
    for changed, says in (({"entry_id": earlier}, "not of the running entry"), ({"kind": "entry"}, "not of the running entry"), ({"id": now}, "duplicate key"), ({"salt": b"short"}, "without content or salt"),
                          ({"salt": None}, "without content or salt"), ({"content": None}, "without content or salt"), ({"lender": other}, "row-level security"), ({"kind": "hearsay"}, "kind_words")):
        statement, parameters = leaf_of(now, lender, work, **changed)
        with pytest.raises(DatabaseError, match=says):
            told(work, lender, statement, parameters, entry=now)
    told(work, lender, *leaf_of(now, lender, work), entry=now)


def test_a_commitment_is_of_the_leaf_as_it_stands_in_the_database_whatever_the_application_says(work):
    lender, entry, leaf = work.lender(), uuid4(), uuid4()
    content = json.dumps({"name": "还款 😀"}, ensure_ascii=False)
    told(work, lender, *leaf_of(entry, lender, work, id=leaf, content=content), entry=entry)
    with connection.cursor() as cursor:
        cursor.execute("SELECT commitment FROM work_waiting WHERE leaf = %s", [leaf])
        assert bytes(cursor.fetchone()[0]) == sha256(b"arrears record v1\n" + b"x" * 32 + content.encode()).digest()


def test_places_are_given_only_after_those_that_are_given(work, places):
    work.lender()
    for base in (0, backlog().placed - 1, backlog().placed + 1, None):
        with pytest.raises(DatabaseError, match="the next index of the record is not"), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM arrears_place(%s, 10, 0)", [base])
    assert backlog().waiting


def test_no_foreign_commitment_is_placed_without_the_leaf_that_says_what_was_lost(work, places):
    world, first, lost = World(work), backlog().placed, b"\1" * 32
    base, digest = "SELECT * FROM arrears_place_known(%s, %s, %s)", sha256(lost).hexdigest()
    for gap in ({"from": first, "leaves": 2, "commitments": digest}, {"from": first, "leaves": 1, "commitments": "0" * 64}, {"from": first + 1, "leaves": 1, "commitments": digest}):
        entry, leaf = uuid4(), uuid4()
        with pytest.raises(DatabaseError, match="without the leaf that says so"), seen_by(world.system, entry, b"s" * 32):
            put_down(Doing(world.system, work.at, entry), "test.made", b"s" * 32)
            with connection.cursor() as cursor:
                cursor.execute(*leaf_of(entry, world.lender, work, id=leaf, kind="gap", content=json.dumps(gap)))
                cursor.execute(base, [first, lost, leaf])
    with pytest.raises(DatabaseError, match="without the leaf that says so"):
        told(work, world.lender, base, [first, lost, uuid4()])
    assert backlog().placed == first


def test_nobody_forgets_a_leaf_of_a_person_who_was_not_erased(work):
    world = World(work)
    world.do("hold.place", {"kind": "cease", "text": "书面要求停止"})
    before = world.seen(lambda: sorted(Leaf.objects.values_list("id", "content")))
    told(work, world.lender, "SELECT * FROM arrears_forget_leaves(%s::uuid[])", [[world.case.id]])
    told(work, world.lender, "SELECT * FROM arrears_forget_fields(%s::uuid[])", [[world.debtor.id]])
    after = world.seen(lambda: sorted(Leaf.objects.values_list("id", "content")))
    assert set(before) <= set(after) and all(content for _, content in after)
    assert world.seen(lambda: Leaf.objects.filter(fields_sealed__isnull=False).count()) == 1


def test_the_functions_of_the_record_are_nobodys_but_the_applications(work):
    with psycopg.connect(**postgres.place(work.home, postgres.OWNER, postgres.CASES).psycopg()) as owner:
        found = owner.execute("SELECT p.proname, r.rolname FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a LEFT JOIN pg_roles r ON r.oid = a.grantee"
                              " WHERE p.proname IN ('arrears_place', 'arrears_place_known', 'arrears_forget_leaves', 'arrears_forget_fields', 'arrears_put_down') AND a.grantee <> p.proowner").fetchall()
    app = postgres.place(work.home, postgres.APP, postgres.CASES).user
    assert sorted(found) == [(name, app) for name in ("arrears_forget_fields", "arrears_forget_leaves", "arrears_place", "arrears_place_known")]
