"""A home of its own in which an older backup of the cases is really put back; tells as JSON what the record said of it. For test_recording_restored.py."""

import json
import shutil
import sys
from pathlib import Path

import work_home


def main() -> None:
    work_home.know_django()
    with work_home.opened_home() as work:
        from django.db import connections

        from arrears import postgres
        from arrears.record.append import Log
        from arrears.record.places import places_of
        from arrears.record.signing_key import make_key
        from arrears.refusal import Refused
        from arrears.work.models import Leaf
        from arrears.work.recording import backlog, integrate, resume
        from work.action_scenes import World
        from work.record.opened import standing
        from work.record.test_integrating import demand_log_is_the_database, placed

        places, told = places_of(work.home), {}
        Log.create(places.log, make_key(places.key, "leaves.example/record", work.now)).close()
        world = World(work)
        administrator = work.actor(world.lender, "administrator")

        def promise(amount: int) -> None:
            world.do("promise.take", {"loan_id": world.loan, "amount_minor": amount, "pay_by_on": "2026-11-20"})

        promise(1)
        integrate(work.home, work.now)
        promise(2)  # in the backup, not yet in the log: it will be in the log all the same
        told["in_backup"] = backlog().placed, backlog().waiting
        name = postgres.backup(work.home, work.now)[0].name
        promise(3)
        promise(4)
        integrate(work.home, work.now)
        before, log_before = placed(), Log.open(places.log).checkpoint()
        connections.close_all()
        connections["default"].close_pool()
        postgres.restore(work.home, name, work.now + 60_000_000, replaces=True)
        for call in ("integrate", "integrate"):
            try:
                integrate(work.home, work.now)
            except Refused as refused:
                told[call] = str(refused)
        told["untouched"] = (backlog().placed, backlog().waiting) == told["in_backup"] and Log.open(places.log).checkpoint() == log_before
        promise(5)  # work goes on meanwhile
        done = resume(work.home, administrator, "the newer disk is gone", work.now)
        told["resumed"] = done.lost, done.found, done.integrated.placed
        after = demand_log_is_the_database(places)
        told["same_before"] = after[:len(before)] == before
        told["lost_places"] = [index for index, leaf in enumerate(_leaves()) if leaf is None]
        gap = world.seen(lambda: Leaf.objects.get(kind="gap"))
        told["gap"], told["gap_index"], told["size_before"], told["size"] = json.loads(gap.content), standing(gap.id)[0], len(before), len(after)
        try:
            resume(work.home, administrator, "again", work.now)
        except Refused as refused:
            told["again"] = str(refused)
        connections.close_all()
        connections["default"].close_pool()
        shutil.rmtree(work.home / "backups")
    Path(sys.argv[1]).write_text(json.dumps(told), encoding="utf-8")


def _leaves() -> list:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT leaf FROM work_place ORDER BY index")
        return [leaf for (leaf,) in cursor.fetchall()]


if __name__ == "__main__":
    main()
