"""Erasure: killed at any of its steps it is whole after the next opening; where the disk is full nothing is erased, nor half of a line written."""

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
import uuid

import pytest

from arrears.refusal import DiskFull
from arrears.vault.refused import Erased, MissingKey, VaultRefused
from arrears.vault.tombstones import append_tombstone, read_tombstones, tombstones_at
from arrears.vault.vault import Cell, Sealed
from vault.conftest import NOW

PATH = os.pathsep.join(filter(None, sys.path))


def _dies(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def _shreds_and_dies(vault, person, moment):
    """Ends by kill -9: when the line is half written, when it is on the disk, or when the database has the deletion but was not told to commit it."""
    if moment == "half a line":
        write = os.write
        os.write = lambda handle, content: (write(handle, content[: len(content) // 2]), _dies())
    elif moment == "the line":
        vault.store.erase = _dies
    else:
        ask, erase = vault.store._ask, vault.store.erase

        def dying(tenant, person, now):
            vault.store._ask = lambda transaction: ask(lambda connection: (transaction(connection), _dies()))
            return erase(tenant, person, now)

        vault.store.erase = dying
    vault.shred("bank", person, NOW)


def cell_of(person):
    return Cell(person, "party", "name", "r", "王小明")


def sealed_of(cell, whole):
    return Sealed(cell.person, cell.table, cell.column, cell.row, whole)


@pytest.mark.parametrize("moment", ["half a line", "the line", "the deletion"])
def test_an_erasure_that_is_killed_is_either_not_begun_or_ended_by_the_next_opening(installation, moment):
    vault, fork = installation.init(), multiprocessing.get_context("fork")
    for _ in range(667 if os.environ.get("ARREARS_LONG_FAULTS") == "1" else 33):
        cell, other = cell_of(str(uuid.uuid4())), cell_of(str(uuid.uuid4()))
        whole, whole_other = vault.seal("bank", [cell, other])
        shredding = fork.Process(target=_shreds_and_dies, args=(vault, cell.person, moment))
        shredding.start()
        shredding.join(60)
        assert shredding.exitcode == -signal.SIGKILL
        again = installation.open()
        if moment == "half a line":
            assert again.open("bank", [sealed_of(cell, whole)]) == ["王小明"]
            again.shred("bank", cell.person, NOW)
        for one in (again, vault):
            with pytest.raises(Erased):
                one.open("bank", [sealed_of(cell, whole)])
            with pytest.raises(Erased):
                one.seal("bank", [cell])
        assert again.open("bank", [sealed_of(other, whole_other)]) == ["王小明"]
        assert again.shred("bank", cell.person, NOW) == 0
        again.close()
    persons = [person for _, person, _ in read_tombstones(installation.home)]
    assert len(persons) == len(set(persons)) >= 33


def test_an_erasure_that_is_killed_at_any_moment_is_whole_or_not_begun(installation):
    vault, fork, dice = installation.init(), multiprocessing.get_context("fork"), random.Random(11)
    for _ in range(400 if os.environ.get("ARREARS_LONG_FAULTS") == "1" else 40):
        cell = cell_of(str(uuid.uuid4()))
        [whole] = vault.seal("bank", [cell])
        shredding = fork.Process(target=vault.shred, args=("bank", cell.person, NOW))
        shredding.start()
        time.sleep(dice.uniform(0, 0.02))
        os.kill(shredding.pid, signal.SIGKILL)
        shredding.join(60)
        again = installation.open()
        is_erased = cell.person in {person for _, person, _ in read_tombstones(installation.home)}
        assert again.is_erased("bank", cell.person) == is_erased and again.has_key("bank", cell.person) == (not is_erased)
        if not is_erased:
            assert vault.open("bank", [sealed_of(cell, whole)]) == again.open("bank", [sealed_of(cell, whole)]) == ["王小明"]
        again.close()


def test_where_the_disk_is_full_nothing_is_erased_and_no_part_of_a_line_stays(installation):
    vault = installation.init()
    first, second = cell_of(str(uuid.uuid4())), cell_of(str(uuid.uuid4()))
    _, whole = vault.seal("bank", [first, second])
    vault.shred("bank", first.person, NOW)
    before = tombstones_at(installation.home).read_bytes()
    # A limit of the system on the size of files stands in for the full disk: the write ends short, then fails.
    script = f"""
import resource, signal
from pathlib import Path
from arrears.refusal import DiskFull
from arrears.vault.vault import open_vault
vault = open_vault(Path({str(installation.home)!r}), {installation.app!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) + 30}, {len(before) + 30}))
try:
    vault.shred("bank", {second.person!r}, {NOW})
except DiskFull as problem:
    print(problem.zh)
"""
    ended = subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": PATH}, capture_output=True, text=True, timeout=60)
    assert "磁盘空间不足" in ended.stdout, ended.stderr
    assert tombstones_at(installation.home).read_bytes() == before
    assert vault.open("bank", [sealed_of(second, whole)]) == ["王小明"]
    assert vault.shred("bank", second.person, NOW) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_device_without_room_is_said_as_such(tmp_path):
    (tmp_path / "keys").mkdir(mode=0o700)
    tombstones_at(tmp_path).symlink_to("/dev/full")
    with pytest.raises(DiskFull):
        append_tombstone(tmp_path, "bank", str(uuid.uuid4()), NOW)


def test_a_line_holds_lender_person_and_moment_and_nothing_personal(installation):
    vault = installation.init()
    cell = cell_of(str(uuid.uuid4()))
    vault.seal("bank", [cell])
    vault.shred("bank", cell.person, NOW)
    path = tombstones_at(installation.home)
    assert [json.loads(line) for line in path.read_text().splitlines()] == [{"tenant": "bank", "person": cell.person, "erased_at": "2026-05-28T20:26:40+00:00"}]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("line", [b"{}", b"not json", b'{"tenant": 1, "person": "x", "erased_at": "y"}', b"\xff"])
def test_a_damaged_line_stops_the_opening_rather_than_forgetting_somebody(installation, line):
    installation.init()
    tombstones_at(installation.home).write_bytes(line + b"\n")
    with pytest.raises(VaultRefused, match=r"line 1|UUID"):
        installation.open()


def test_somebody_without_any_key_is_erased_too_and_gets_none(vault):
    cell = cell_of(str(uuid.uuid4()))
    assert vault.shred("bank", cell.person, NOW) == 0 and vault.is_erased("bank", cell.person)
    with pytest.raises(Erased):
        vault.seal("bank", [cell])
    # Another lender's person of the same number is another person.
    assert vault.seal("other bank", [cell])


def test_other_people_are_untouched_by_an_erasure(vault):
    cells = [cell_of(str(uuid.uuid4())) for _ in range(20)]
    sealed = vault.seal("bank", cells)
    for cell in cells[::2]:
        vault.shred("bank", cell.person, NOW)
    assert vault.open("bank", [sealed_of(cell, one) for cell, one in zip(cells[1::2], sealed[1::2], strict=True)]) == ["王小明"] * 10


def _seals(installation, persons, start, results):
    vault = installation.open()
    start.wait()
    try:
        results.put([one.hex() for one in vault.seal("bank", [cell_of(person) for person in persons])])
    except Erased as refusal:
        results.put(str(refusal))
    vault.close()


@pytest.mark.parametrize("count", [1, 700])
def test_two_processes_that_make_a_key_for_the_same_people_at_once_get_the_same_keys(installation, count):
    installation.init().close()
    persons = [str(uuid.uuid4()) for _ in range(count)]
    fork = multiprocessing.get_context("fork")
    start, results = fork.Barrier(2), fork.Queue()
    both = [fork.Process(target=_seals, args=(installation, order, start, results)) for order in (persons, persons[::-1])]
    for one in both:
        one.start()
    found = [results.get(timeout=60) for _ in both]
    for one in both:
        one.join(60)
    vault = installation.open()
    assert installation.sql("SELECT count(*), max(number) FROM vault.data_key") == [(count, 1)]
    assert installation.sql("SELECT count(*) FROM vault.tenant_key WHERE purpose = 'wrap'") == [(1,)]
    for sealed in found:
        order = persons if vault_opens(vault, persons[0], sealed[0]) else persons[::-1]
        assert vault.open("bank", [sealed_of(cell_of(person), bytes.fromhex(one)) for person, one in zip(order, sealed, strict=True)]) == ["王小明"] * count


def vault_opens(vault, person, whole):
    try:
        return vault.open("bank", [sealed_of(cell_of(person), bytes.fromhex(whole))]) == ["王小明"]
    except VaultRefused:
        return False


def test_sealing_for_people_who_are_being_erased_never_leaves_a_key(installation):
    vault = installation.init()
    fork = multiprocessing.get_context("fork")
    for _ in range(5):
        persons = [str(uuid.uuid4()) for _ in range(600)]
        start, results = fork.Barrier(2), fork.Queue()
        sealing = fork.Process(target=_seals, args=(installation, persons, start, results))
        sealing.start()
        start.wait()
        for person in persons[:3]:
            vault.shred("bank", person, NOW)
        results.get(timeout=60)
        sealing.join(60)
        for person in persons[:3]:
            assert not vault.has_key("bank", person)
            with pytest.raises((Erased, MissingKey)):
                vault.open("bank", [sealed_of(cell_of(person), b"\x01\x00\x00\x00\x01" + bytes(40))])
