"""Leaves get their places and the log's files follow: every committed one, once, in the database's order, whoever is late, whatever was lost of the files."""

import shutil
import threading
from datetime import timedelta
from hashlib import sha256

import psycopg
import pytest
from django.db import connection

from arrears import postgres
from arrears.record.append import Log
from arrears.record.signing_key import make_key, open_key
from arrears.refusal import Refused
from arrears.work.models import Leaf
from arrears.work.recording import backlog, integrate, resume
from arrears.work.tenancy import seen_by
from work.action_scenes import World
from work.record.opened import commitment, standing


def merkle(leaves: list[bytes]) -> bytes:
    """RFC 9162 2.1.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + merkle(leaves[:half]) + merkle(leaves[half:])).digest()


def placed() -> list[bytes]:
    """All commitments in their order; the indexes run from 0 without a gap."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT index, commitment FROM work_place ORDER BY index")
        rows = cursor.fetchall()
    assert [index for index, _ in rows] == list(range(len(rows)))
    return [bytes(found) for _, found in rows]


def demand_log_is_the_database(places) -> list[bytes]:
    """Every entry of the log is what the database placed there, and the checkpoint's root is the tree's by the words of the RFC."""
    told = placed()
    log = Log.open(places.log)
    assert log.commitments(0, log.size) == b"".join(told)
    assert (log.checkpoint().size, log.checkpoint().root) == (len(told), merkle(told))
    return told


def test_a_run_does_not_go_on_for_ever_where_something_new_comes_with_every_piece(work, places):
    world, sizes = World(work), []

    def more_comes(size: int) -> None:
        sizes.append(size)
        assert len(sizes) < 5, "no checkpoint before the work stops coming"
        world.do("promise.take", {"loan_id": world.loan, "amount_minor": len(sizes), "pay_by_on": "2026-11-20"})

    done = integrate(work.home, work.now, more_comes)
    assert sizes == [done.size] and backlog().waiting == 1
    assert integrate(work.home, work.now).placed == 1
    demand_log_is_the_database(places)


def test_what_was_done_is_in_the_log_after_integration_and_the_backlog_is_gone(work, places):
    world = World(work)
    for amount in (1, 2, 3):
        world.do("promise.take", {"loan_id": world.loan, "amount_minor": amount, "pay_by_on": "2026-11-20"})
    waits = backlog()
    assert waits.waiting > 3 and waits.oldest_at == work.now
    done = integrate(work.home, work.now + 5_000_000)
    assert (done.placed, done.replayed, done.size, done.waited) == (waits.waiting, 0, waits.placed + waits.waiting, 5_000_000)
    assert (backlog().waiting, backlog().oldest_at) == (0, None)
    told = demand_log_is_the_database(places)
    for leaf in world.seen(lambda: list(Leaf.objects.all())):
        index, found = standing(leaf.id)
        assert told[index] == found == commitment(bytes(leaf.salt), leaf.content)


def test_with_nothing_new_nothing_is_signed(work, places):
    before = Log.open(places.log).checkpoint()
    done = integrate(work.home, work.now)
    assert (done.placed, done.replayed, done.waited) == (0, 0, 0)
    assert Log.open(places.log).checkpoint() == before


def test_two_integrators_at_once_are_not(work, places):
    with psycopg.connect(**postgres.place(work.home, postgres.APP, postgres.CASES).psycopg()) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended('arrears record integrate', 0))")
        with pytest.raises(Refused, match="another process integrates"):
            integrate(work.home, work.now)
    with Log.open(places.log, open_key(places.key)), pytest.raises(Refused, match="another process is going on with this log"):
        integrate(work.home, work.now)
    integrate(work.home, work.now)


def test_a_transaction_that_commits_late_is_placed_late_and_not_lost(work, places):
    lender, begun, end = work.lender(), threading.Event(), threading.Event()

    def slowly():
        with work.writing(lender):
            begun.set()
            end.wait(30)
        connection.close()

    slow = threading.Thread(target=slowly)
    slow.start()
    assert begun.wait(30)
    world = World(work)
    first = integrate(work.home, work.now)
    assert first.placed and backlog().waiting == 0
    end.set()
    slow.join()
    assert backlog().waiting == 1
    assert integrate(work.home, work.now).placed == 1
    demand_log_is_the_database(places)
    with seen_by(world.system):
        early = max(standing(leaf.id)[0] for leaf in Leaf.objects.all())
    from arrears.work.actor import system

    with seen_by(system(lender)):
        late = max(Leaf.objects.values_list("id", flat=True), key=lambda one: standing(one)[0])
        assert standing(late)[0] == first.size > early


@pytest.mark.parametrize("lost", ["deleted", "older"])
def test_a_log_that_was_lost_or_is_older_is_written_again_with_the_same_roots(work, places, lost):
    aside = places.log.parent / f"aside-{lost}"
    shutil.copytree(places.log, aside)
    work.lender()
    integrate(work.home, work.now)
    work.lender()
    integrate(work.home, work.now)
    before = Log.open(places.log).checkpoint()
    shutil.rmtree(places.log)
    if lost == "older":
        aside.rename(places.log)
        start = Log.open(places.log).size
    else:
        Log.create(places.log, open_key(places.key)).close()
        start = 0
    done = integrate(work.home, work.now)
    assert (done.placed, done.replayed) == (0, before.size - start)
    assert (Log.open(places.log).checkpoint().size, Log.open(places.log).checkpoint().root) == (before.size, before.root)
    demand_log_is_the_database(places)


def test_a_log_of_another_database_or_one_that_forked_is_not_gone_on_with(work, places):
    aside, told = places.log.parent / "aside-own", placed()
    places.log.rename(aside)
    try:
        for entries, wrong in ((told[:-1] + [b"\7" * 32], len(told) - 1), ([b"\7" * 32], 0)):
            with Log.create(places.log, open_key(places.key)) as log:
                log.extend(b"".join(entries))
                log.publish()
            for call in (lambda: integrate(work.home, work.now), lambda: resume(work.home, work.actor(work.lender(), "administrator"), "tried", work.now)):
                with pytest.raises(Refused, match=f"entry {wrong} of the log is not what this database placed|nothing is lost"):
                    call()
            assert placed() == told
            shutil.rmtree(places.log)
    finally:
        shutil.rmtree(places.log, ignore_errors=True)
        aside.rename(places.log)


def test_a_key_that_is_not_the_logs_signs_nothing(work, places):
    own = places.key.with_name("own.key")
    places.key.rename(own)
    try:
        make_key(places.key, "other.example/record", work.now)
        with pytest.raises(Refused, match="is not the one that signs"):
            integrate(work.home, work.now)
    finally:
        own.replace(places.key)


def test_the_wait_of_the_oldest_leaf_is_told_and_never_negative(work, places):
    work.lender()
    assert integrate(work.home, work.now - int(timedelta(hours=1).total_seconds()) * 1_000_000).waited == 0
