"""Many who ask for the next account at the same moment, each in a process or thread of their own: no account is handed to two, and none is left over.

ARREARS_RACES=100000 hands out so many; else as many as COUNT.
"""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from django.db import connection

from arrears.work.models import Case, Entry, Placement
from work.action_scenes import World

COUNT = int(os.environ.get("ARREARS_RACES", 2_000))
PROCESSES, THREADS = 4, 4


def test_no_account_is_handed_to_two_and_none_is_left_over(work, tmp_path):
    world = World(work)
    team = work.team(world.lender, "a").id
    people = [work.actor(world.lender, "collector", "a", holds=True) for _ in range(PROCESSES * THREADS)]
    with work.writing(world.lender), connection.cursor() as cursor:
        Case.objects.filter(pk=world.case.pk).update(state="closed")
        cursor.execute("""INSERT INTO work_case (id, lender, borrower_id, state, team_id, opened_on, as_of, rank, currency, claimable_minor, days_past_due, bucket, proposals)
            SELECT gen_random_uuid(), %s, 'race-' || n, 'open', %s, '2026-10-01', '2026-10-31', n / 7, 'CNY', 1, 1, 'M1', '[]' FROM generate_series(1, %s) n""", [world.lender, team, COUNT])
    commands = [[sys.executable, str(Path(__file__).with_name("racing.py")), str(work.home), world.lender, str(work.now), *(f"{one.account}/{one.collector}" for one in people[at::PROCESSES])] for at in range(PROCESSES)]
    running = [subprocess.Popen(one, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}) for one in commands]
    try:
        assert [one.stdout.readline() for one in running] == ["ready\n"] * PROCESSES
        for one in running:
            one.stdin.write("go\n")
            one.stdin.flush()
        lines = [line.split() for one in running for line in one.communicate(timeout=3600)[0].splitlines()]
    finally:
        for one in running:
            one.kill()
    handed = Counter(case for _, case in lines)
    assert len(handed) == COUNT and set(handed.values()) == {1}
    assert len({who for who, _ in lines}) > PROCESSES, "too few took part to say anything"
    assert world.seen(lambda: Case.objects.filter(lender=world.lender, state="open", held_by=None).count()) == 0
    assert world.seen(lambda: Placement.objects.filter(lender=world.lender, returned_on=None, case__state="open").values("case").distinct().count()) == COUNT
    assert world.seen(lambda: Entry.objects.filter(lender=world.lender, verb="case.next", result__case__isnull=False).count()) >= COUNT
    holders = world.seen(lambda: {str(case): str(who) for case, who in Case.objects.filter(lender=world.lender, state="open").values_list("id", "held_by")})
    assert all(holders[case] == who for who, case in lines)
