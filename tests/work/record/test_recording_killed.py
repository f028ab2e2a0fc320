"""Processes that act and integrate, killed by SIGKILL at random moments: every committed Entry is in the log exactly once and in the database's order, with its business change, and no checkpoint is unsaid."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

from arrears.record.append import Log
from arrears.work.models import Change, Entry
from arrears.work.recording import backlog, integrate
from work.action_scenes import World
from work.actions.test_killed import TABLE_OF, backends_are_gone
from work.record.opened import demand_leaf, standing
from work.record.test_integrating import demand_log_is_the_database

KILLS = 3000 if os.environ.get("ARREARS_LONG_FAULTS") == "1" else 300
THREADS, LIVES_SECONDS, LINES_MOST = 2, 0.03, 4
"""A child is killed a random part of this time after a random number of lines: in its start, in actions, in placing, writing, publishing."""


class Roots:
    """The roots of all sizes of one growing log, by RFC 9162 and plain Python: the roots of the whole subtrees so far, and of what is over."""

    def __init__(self):
        self.stack: list[tuple[int, bytes]] = []

    def add(self, commitment: bytes) -> bytes:
        self.stack.append((1, sha256(b"\0" + commitment).digest()))
        while len(self.stack) > 1 and self.stack[-2][0] == self.stack[-1][0]:
            (size, left), (_, right) = self.stack[-2:]
            self.stack[-2:] = [(2 * size, sha256(b"\1" + left + right).digest())]
        root = self.stack[-1][1]
        for _, left in reversed(self.stack[:-1]):
            root = sha256(b"\1" + left + root).digest()
        return root


def demand_checkpoints_never_unsaid(places, told: list[bytes]) -> int:
    """Every checkpoint that was ever signed is the root of the log's first entries as they are now, and their sizes only grow; how many."""
    import base64

    roots, known, sizes = [sha256(b"").digest()], Roots(), []
    roots += [known.add(one) for one in told]
    for note in Log.open(places.log).checkpoints():
        size, root = int(note.split("\n")[1]), base64.b64decode(note.split("\n")[2])
        assert roots[size] == root, f"the checkpoint of size {size} says another root than its entries"
        sizes.append(size)
    assert sizes == sorted(sizes)
    return len(sizes)


def test_nothing_is_lost_twice_or_unsaid_when_processes_that_act_and_integrate_are_killed(work, places, tmp_path):
    world, dice = World(work), random.Random(20261130)
    cases = [world.case, world.new_case()]
    told = {"home": str(work.home), "lender": world.lender, "account": str(world.lead.account), "now": work.now,
            "cases": [{"id": str(case.id), "loan": f"{case.borrower_id}-L0", "party": str(world.seen(lambda case=case: case.party_set.get()).id)} for case in cases]}
    (tmp_path / "told.json").write_text(json.dumps(told), encoding="utf-8")
    process = subprocess.Popen([sys.executable, str(Path(__file__).with_name("doomed.py")), str(tmp_path / "told.json")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
                               env={**os.environ, "PGAPPNAME": "doomed", "PYTHONPATH": os.pathsep.join(sys.path)})
    acknowledged, firsts, size, integrations = {}, list(range(THREADS)), 0, 0
    try:
        assert process.stdout.readline() == "ready\n"
        for kill in range(KILLS):
            process.stdin.write(f"go {' '.join(map(str, firsts))}\n")
            word, pid = process.stdout.readline().split()
            assert word == "child"
            waits_for = dice.randint(0, LINES_MOST)
            lines = [process.stdout.readline() for _ in range(waits_for)]
            time.sleep(dice.uniform(0, LIVES_SECONDS))
            os.kill(int(pid), signal.SIGKILL)
            lines += iter(process.stdout.readline, f"dead {int(signal.SIGKILL)}\n")
            for line in lines:
                assert not line.startswith("dead"), "the child ended by itself"
                if line.startswith("size"):
                    assert int(line.split()[1]) >= size, "the log became smaller"
                    size, integrations = int(line.split()[1]), integrations + 1
                else:
                    answer = json.loads(line)
                    acknowledged[answer["number"]] = answer["key"]
                    firsts[answer["number"] % THREADS] = answer["number"] + THREADS
            backends_are_gone()
            if kill % 50 == 0:
                assert Log.open(places.log).checkpoint().size >= size, "what was told as published is not"
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
    integrate(work.home, work.now)
    assert backlog().waiting == 0
    in_log = demand_log_is_the_database(places)
    signed = demand_checkpoints_never_unsaid(places, in_log)
    entries = world.seen(lambda: list(Entry.objects.exclude(key=None).order_by("number")))
    assert set(acknowledged.values()) <= {entry.key for entry in entries} and len({entry.key for entry in entries}) == len(entries)
    indexes = []
    for entry in entries:
        leaf = world.seen(lambda entry=entry: demand_leaf(entry))
        index, commitment = standing(leaf.id)
        assert in_log[index] == commitment and in_log.count(commitment) == 1
        indexes.append(index)
        assert world.seen(lambda entry=entry: Change.objects.filter(entry=entry, table=TABLE_OF[entry.verb], operation="INSERT").count()) == 1, "an entry in the log without its business change"
    assert len(set(indexes)) == len(entries)
    assert len(acknowledged) > KILLS // 2 and integrations > KILLS // 4 and signed > KILLS // 4, f"{len(acknowledged)} acknowledged, {integrations} integrations, {signed} checkpoints: too few to say anything"
    print(f"{KILLS} kills: {len(acknowledged)} acknowledged, {len(entries)} entries, {integrations} integrations told, {signed} checkpoints")
