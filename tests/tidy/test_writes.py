"""Every write is an action: no face or command writes a table otherwise, the database refuses what tries, and each action leaves one Entry that names all it changed."""

import ast
import importlib
import json
import shutil
from pathlib import Path

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection

from arrears.refusal import Refused
from arrears.work.actions.action import ACTIONS
from arrears.work.actor import system
from arrears.work.models import Change, Entry
from arrears.work.tenancy import seen_by
from work.action_scenes import SCENES, World, done
from work.more_scenes import CHANGES_NOTHING, ELSEWHERE
from work.record.opened import demand_leaf

ROOT = Path(__file__).resolve().parents[2]
for _scenes in sorted((ROOT / "tests" / "work").glob("scenes_*.py")):
    importlib.import_module(f"work.{_scenes.stem}")  # each registers its own
SOURCES = ROOT / "src" / "arrears"
FACES = sorted([*(SOURCES / "web").rglob("*.py"), *(SOURCES / "cli").rglob("*.py")])
WRITES = {"save", "asave", "create", "acreate", "bulk_create", "bulk_update", "update_or_create", "get_or_create", "delete", "adelete", "copy", "executemany", "call_command"}
SQL = ("insert ", "update ", "delete ", "copy ", "truncate ", "merge ", "alter ", "drop ", "create ")
MAY: dict[str, str] = {
    "web/lockout.py:get_or_create": "failed log-ins, counted by django-axes before anybody is known, in its own table",
    "web/lockout.py:update": "as above",
    "web/lockout.py:delete": "as above",
    "web/realms.py:save": "the framework's own session",
    "web/sessions.py:delete": "which browsers are logged in: the table of allauth's sessions",
    "web/sessions.py:create": "as above",
    "cli/record_keeping.py:create": "the files of a new log, no table",
}
"""What a face writes that is no business of an action; each with its reason."""
LOG = {"work_entry", "work_change", "work_answer", "work_place", "work_waiting"}


def written(tree: ast.AST) -> list[tuple[int, str]]:
    """The line and the word of everything in the source that looks like a write: a method that writes rows, `update` on a query, SQL text that changes something, an import of the tables."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("arrears.work.models"):
            found.append((node.lineno, "models"))
        elif isinstance(node, ast.ImportFrom) and node.module == "arrears.work" and any(name.name == "models" for name in node.names):
            found.append((node.lineno, "models"))
        elif isinstance(node, ast.Import) and any(name.name.startswith("arrears.work.models") for name in node.names):
            found.append((node.lineno, "models"))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in WRITES and not _is_of_a_module(node.func.value) or (node.func.attr in ("update", "aupdate") and _is_of_a_query(node.func.value)):
                found.append((node.lineno, node.func.attr))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lstrip().lower().startswith(SQL) and _reads_like_sql(node.value):
            found.append((node.lineno, node.value.split()[0].lower()))
    return found


def _is_of_a_module(value: ast.AST) -> bool:
    """shutil.copy and the like are no rows."""
    return isinstance(value, ast.Name) and value.id in ("shutil", "copy")


def _is_of_a_query(value: ast.AST) -> bool:
    """A dict's update is none; what comes from `.objects` or a filter is."""
    return any(isinstance(node, ast.Attribute) and node.attr in ("objects", "filter", "all", "exclude", "_default_manager", "_base_manager") for node in ast.walk(value))


def _reads_like_sql(text: str) -> bool:
    words = text.lower().split()
    return any(word in words for word in ("into", "set", "from", "table", "stdin", "values", "using", "only"))


@pytest.mark.parametrize("path", FACES, ids=lambda path: str(path.relative_to(SOURCES)))
def test_no_face_and_no_command_writes_a_table(path):
    place = path.relative_to(SOURCES).as_posix()
    found = [(line, word) for line, word in written(ast.parse(path.read_text(encoding="utf-8"))) if f"{place}:{word}" not in MAY]
    assert not found, f"{place}: {found}: write an action in work/actions, or say in MAY why this is none"


def test_every_exception_is_still_needed():
    there = {f"{path.relative_to(SOURCES).as_posix()}:{word}" for path in FACES for _, word in written(ast.parse(path.read_text(encoding="utf-8")))}
    assert set(MAY) <= there


@pytest.mark.parametrize("source", [
    "from arrears.work.models import Case", "import arrears.work.models.cases", "from arrears.work import models", "case.save()", "Case.objects.create(a=1)",
    "Case.objects.filter(a=1).update(b=2)", "rows.filter(a=1).delete()", "cursor.execute('INSERT INTO work_case VALUES (1)')", "cursor.execute(' update work_case SET a = 1')",
    "cursor.execute(f'DELETE FROM {table} WHERE a = 1')", "cursor.copy('COPY work_case FROM STDIN')", "Case.objects.bulk_create(rows)",
])
def test_the_search_finds_each_way_of_writing(source):
    assert written(ast.parse(source))


@pytest.mark.parametrize("source", ["settings.update(a=1)", "shutil.copy(a, b)", "'update your browser'", "cursor.execute('SELECT 1')", "from arrears.work.actions.action import perform"])
def test_the_search_lets_pass_what_writes_no_table(source):
    assert not written(ast.parse(source))


def test_the_database_refuses_any_write_of_the_application_outside_an_action(work):
    lender = work.lender()
    for model in apps.get_app_config("work").get_models():
        table, key = model._meta.db_table, model._meta.pk.column
        for statement in (f'INSERT INTO "{table}" DEFAULT VALUES', f'UPDATE "{table}" SET "{key}" = "{key}"', f'DELETE FROM "{table}"', f'TRUNCATE "{table}" CASCADE', f'COPY "{table}" FROM STDIN'):
            with pytest.raises((DatabaseError, psycopg.Error), match="outside an action|permission denied|COPY FROM not supported with row-level security"), seen_by(system(lender)), connection.cursor() as cursor:
                if statement.startswith("COPY"):
                    with cursor.copy(statement) as copy:
                        copy.write("\n")
                else:
                    cursor.execute(statement)


def test_every_action_has_a_scene():
    assert set(SCENES) | set(ELSEWHERE) == set(ACTIONS) and not set(SCENES) & set(ELSEWHERE), "write a scene in tests/work/action_scenes.py for each action"


@pytest.mark.parametrize(("verb", "place"), sorted(ELSEWHERE.items()))
def test_what_is_performed_elsewhere_is_spoken_of_there(verb, place):
    there = ROOT / place
    texts = [path.read_text(encoding="utf-8") for path in ([there] if there.is_file() else sorted(there.glob("test_*.py")))]
    assert any(verb in text for text in texts), f"{place} performs no {verb}"


@pytest.mark.parametrize("verb", sorted(SCENES))
def test_each_action_leaves_one_entry_that_names_every_table_it_wrote_and_no_other_and_its_leaf_that_opens(verb, work):
    world = World(work)
    call = SCENES[verb](world)
    before = _rows(world)
    entries = world.seen(lambda: set(Entry.objects.values_list("id", flat=True)))
    try:
        done(work, call)
    finally:
        for folder in world.folders:
            shutil.rmtree(folder)
    after = _rows(world)
    new = world.seen(lambda: list(Entry.objects.exclude(id__in=entries)))
    assert [(entry.verb, entry.is_refused, entry.actor, entry.at) for entry in new] == [(verb, False, call.actor.account, work.at)]
    leaf = world.seen(lambda: demand_leaf(new[0]))
    assert ("reason" in json.loads(leaf.content)["withheld"]) == (call.reason is not None and verb != "person.erase")
    told = world.seen(lambda: list(Change.objects.filter(entry=new[0]).values_list("table", "operation", "rows", "ids")))
    differ = {table for table in before if before[table] != after[table]}
    assert {table for table, *_ in told} == differ
    assert differ or verb in CHANGES_NOTHING, f"{verb} changed nothing"
    for table in differ:
        touched = {key for name, _, _, ids in told if name == table for key in ids}
        assert touched >= {key for key in before[table].keys() | after[table].keys() if before[table].get(key) != after[table].get(key)}


def _rows(world: World) -> dict[str, dict]:
    """Every row of the lender in every table but the log's, by id; leaves of entries are of the log."""
    found = {}
    with seen_by(world.system), connection.cursor() as cursor:
        for model in apps.get_app_config("work").get_models():
            table = model._meta.db_table
            if table not in LOG and table != "work_lender":
                own = "AND kind <> 'entry'" if table == "work_leaf" else ""
                cursor.execute(f'SELECT id, t::text FROM "{table}" t WHERE lender = %s {own}', [world.lender])
                found[table] = dict(cursor.fetchall())
    return found


def test_an_action_that_is_refused_changes_nothing_and_leaves_an_entry_only_where_a_policy_spoke(work):
    world = World(work)
    auditor = work.actor(world.lender, "auditor")
    for call, leaves in ((world.call("promise.take", {"loan_id": world.loan, "amount_minor": 0, "pay_by_on": "2026-11-20"}), 0),
                         (world.call("promise.take", {"loan_id": world.loan, "amount_minor": 1, "pay_by_on": "2026-11-20"}, actor=auditor), 1)):
        before, entries = _rows(world), world.seen(Entry.objects.count)
        with pytest.raises(Refused):
            done(work, call)
        assert _rows(world) == before
        assert world.seen(Entry.objects.count) == entries + leaves
        assert world.seen(lambda: Entry.objects.filter(is_refused=True).count()) == leaves
