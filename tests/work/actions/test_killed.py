"""A process that performs actions on several threads, killed by SIGKILL at random moments: no write without its Entry, no Entry without its writes, nothing twice, nothing acknowledged lost."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from django.db import connection

from arrears.work.actor import system
from arrears.work.tenancy import seen_by
from work.action_scenes import World
from work.actions.doomed import call_of

KILLS = 3000 if os.environ.get("ARREARS_LONG_FAULTS") == "1" else 300
THREADS = 3
ANSWERS_MOST, LIVES_SECONDS = 4, 0.02
"""A child is killed a random part of this time after a random number of answers, so that the moments lie anywhere in an action however fast the machine is; after none, anywhere in its start too."""
TABLE_OF = {"promise.take": "work_promise", "contact.note": "work_contact", "hold.place": "work_hold", "plan.propose": "work_plan", "contact_point.add": "work_contactpoint", "talk.note": "work_contact"}
ALWAYS = {"talk.note": {("work_contact", "UPDATE"), ("work_promise", "INSERT"), ("work_reminder", "INSERT"), ("work_case", "UPDATE")}}
"""What an action that entails more always changes beside its own row."""
ALSO = {"contact.note": {("work_case", "UPDATE"), ("work_contactrule", "INSERT")}, "talk.note": {("work_contactrule", "INSERT")}, "promise.take": {("work_case", "UPDATE"), ("work_reminder", "INSERT")}}
"""What the first contact of a case changes beside its own row, and the rules that spoke of it; a promise: a reminder, and until when the case waits."""


class Log:
    """The log of one lender as it was read so far, held against the rows by plain Python."""

    def __init__(self, lender: str):
        self.lender, self.last_entry, self.last_change = lender, 0, 0
        self.entry_of_key: dict[str, dict] = {}
        self.inserted: dict[tuple[str, str], int] = {}
        self.last_touched: dict[tuple[str, str], int] = {}
        self.checked = 0

    def read(self) -> None:
        """Reads what is new, and checks it: each entry has exactly the changes its verb makes, each change an entry, each digest is that of the rows and the salt."""
        with seen_by(system(self.lender)), connection.cursor() as cursor:
            cursor.execute("SELECT id::text, number, verb, key, result, encode(salt, 'hex') FROM work_entry WHERE lender = %s AND number > %s ORDER BY number", [self.lender, self.last_entry])
            entries = {key: {"number": number, "verb": verb, "key": name, "result": json.loads(result) if isinstance(result, str) else result, "salt": salt, "changes": set()} for key, number, verb, name, result, salt in cursor.fetchall()}
            cursor.execute('SELECT id, entry_id::text, "table", operation, rows, ids::text[], encode(before, \'hex\'), encode(after, \'hex\') FROM work_change WHERE lender = %s AND id > %s ORDER BY id', [self.lender, self.last_change])
            changes = cursor.fetchall()
            for number, entry, table, operation, rows, ids, before, _ in changes:
                assert entry in entries, f"change {number} of {table} without its entry"
                entries[entry]["changes"].add((table, operation))
                assert rows == len(ids) and (before is None) == (operation == "INSERT")
                for key in ids:
                    assert operation != "INSERT" or (table, key) not in self.inserted
                    self.inserted.setdefault((table, key), number)
                    self.last_touched[table, key] = number
            for number, entry, table, _, _, ids, _, after in changes:
                if all(self.last_touched[table, key] == number for key in ids):
                    assert after == self._digest(cursor, table, ids, entries[entry]["salt"]), f"change {number} of {table}: its digest is not that of the rows"
                    self.checked += 1
        for entry in entries.values():
            self._take(entry)
        self.last_entry = max([self.last_entry, *(entry["number"] for entry in entries.values())])
        self.last_change = max([self.last_change, *(change[0] for change in changes)])

    def _take(self, entry: dict) -> None:
        assert entry["key"] not in self.entry_of_key, f"{entry['key']} was done twice"
        wrote = {(TABLE_OF[entry["verb"]], "INSERT")} | ALWAYS.get(entry["verb"], set())
        assert wrote <= entry["changes"] <= wrote | ALSO.get(entry["verb"], set()), f"{entry['verb']} wrote {entry['changes']}"
        self.entry_of_key[entry["key"]] = entry

    @staticmethod
    def _digest(cursor, table: str, ids: list[str], salt: str) -> str:
        cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t WHERE id = ANY(%s::uuid[]) ORDER BY id', [ids])
        lines = [hashlib.sha256((salt + line).encode()).digest() for (line,) in cursor.fetchall()]
        return hashlib.sha256(b"".join(lines)).hexdigest()

    def demand_every_row_told(self) -> None:
        """Every row that the actions can make stands in exactly one insert of the log."""
        with seen_by(system(self.lender)), connection.cursor() as cursor:
            for table in TABLE_OF.values():
                cursor.execute(f'SELECT id::text FROM "{table}" WHERE lender = %s', [self.lender])
                rows = {key for (key,) in cursor.fetchall()}
                assert rows == {key for name, key in self.inserted if name == table}, f"{table}: rows without an insert in the log, or the other way round"


def backends_are_gone() -> None:
    """Whatever the server still did for the killed process is done."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'doomed' AND datname = current_database()")
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.002)
    raise AssertionError("the server still works for a process that is dead")


def test_nothing_is_lost_or_half_done_or_done_twice_when_the_process_is_killed_at_random_moments(work, tmp_path):
    world, dice = World(work), random.Random(20261102)
    cases = [world.case, world.new_case()]
    told = {"home": str(work.home), "lender": world.lender, "account": str(world.lead.account), "now": work.now,
            "cases": [{"id": str(case.id), "loan": f"{case.borrower_id}-L0", "party": str(world.seen(lambda case=case: case.party_set.get()).id)} for case in cases]}
    (tmp_path / "told.json").write_text(json.dumps(told), encoding="utf-8")
    log = _log_from_here(world)
    process = subprocess.Popen([sys.executable, str(Path(__file__).with_name("doomed.py")), str(tmp_path / "told.json")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
                               env={**os.environ, "PGAPPNAME": "doomed", "PYTHONPATH": os.pathsep.join(sys.path)})
    acknowledged: dict[int, dict] = {}
    firsts = list(range(THREADS))
    try:
        assert process.stdout.readline() == "ready\n"
        for _ in range(KILLS):
            process.stdin.write(f"go {' '.join(map(str, firsts))}\n")
            word, pid = process.stdout.readline().split()
            assert word == "child"
            waits_for = dice.randint(0, ANSWERS_MOST)
            lines = [process.stdout.readline() for _ in range(waits_for)]
            time.sleep(dice.uniform(0, LIVES_SECONDS if waits_for else 10 * LIVES_SECONDS))
            os.kill(int(pid), signal.SIGKILL)
            lines += iter(process.stdout.readline, f"dead {int(signal.SIGKILL)}\n")
            for line in lines:
                assert not line.startswith("dead"), "the child ended by itself"
                answer = json.loads(line)
                acknowledged[answer["number"]] = answer
                firsts[answer["number"] % THREADS] = answer["number"] + THREADS
            backends_are_gone()
            log.read()
            assert {answer["key"] for answer in acknowledged.values()} <= log.entry_of_key.keys(), "acknowledged and lost"
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
    log.demand_every_row_told()
    assert all(log.entry_of_key[answer["key"]]["result"] == answer["answer"] for answer in acknowledged.values())
    assert all(call_of(number, told["cases"])[0] == log.entry_of_key[answer["key"]]["verb"] for number, answer in acknowledged.items())
    assert len(acknowledged) > KILLS and log.checked > KILLS, f"{len(acknowledged)} acknowledged, {log.checked} digests: too few to say anything"
    unacknowledged = log.entry_of_key.keys() - {answer["key"] for answer in acknowledged.values()}
    assert len(unacknowledged) <= THREADS, "what was committed but not told is told at the next try"


def _log_from_here(world: World) -> Log:
    """A log that begins after what laid the cases out."""
    log = Log(world.lender)
    with seen_by(system(world.lender)), connection.cursor() as cursor:
        cursor.execute("SELECT max(number) FROM work_entry WHERE lender = %s", [world.lender])
        log.last_entry = cursor.fetchone()[0]
        cursor.execute("SELECT max(id) FROM work_change WHERE lender = %s", [world.lender])
        log.last_change = cursor.fetchone()[0]
        for table in TABLE_OF.values():
            cursor.execute(f'SELECT id::text FROM "{table}" WHERE lender = %s', [world.lender])
            log.inserted |= {(table, key): 0 for (key,) in cursor.fetchall()}
    return log
