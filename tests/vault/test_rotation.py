"""Keys are rotated while others read and make keys, and a rotation that is killed goes on; nothing is ever unreadable in between."""

import multiprocessing
import os
import random
import signal
import time
import uuid

import pytest

from arrears.vault import rotation, suites
from arrears.vault.refused import Damaged, MissingKey, RetiredKey, VaultRefused
from arrears.vault.vault import Cell, Sealed
from vault.conftest import NOW


def cells_of(count):
    return [Cell(str(uuid.UUID(int=turn + 1)), "party", "name", str(turn), f"person {turn}") for turn in range(count)]


def as_sealed(cells, sealed):
    return [Sealed(cell.person, cell.table, cell.column, cell.row, one) for cell, one in zip(cells, sealed, strict=True)]


def texts(cells):
    return [cell.text for cell in cells]


def test_after_the_provider_key_is_rotated_and_retired_everything_opens_and_the_key_of_before_does_not_matter(installation):
    vault = installation.init()
    cells = cells_of(5)
    sealed = as_sealed(cells, vault.seal("bank", cells))
    [index] = vault.blind("bank", "phone", ["13800138000"])
    with pytest.raises(VaultRefused, match="newest"):
        vault.provider.retire(1, NOW)
    assert rotation.rotate_provider_key(vault, NOW) == rotation.Rotated(2, 3)  # wrapping, blind, handover
    assert rotation.rewrap_under_provider(vault).wrapped_anew == 0
    rotation.retire_provider_key(vault, 1, NOW)
    for one in (vault, installation.open()):
        assert one.open("bank", sealed) == texts(cells) and one.blind("bank", "phone", ["13800138000"]) == [index]


def test_a_provider_key_under_which_something_still_is_is_not_retired(installation):
    vault = installation.init()
    vault.seal("bank", cells_of(1))
    vault.provider.rotate(NOW)
    with pytest.raises(VaultRefused, match="still under"):
        rotation.retire_provider_key(vault, 1, NOW)
    assert rotation.rewrap_under_provider(vault).wrapped_anew == 2
    rotation.retire_provider_key(vault, 1, NOW)


def test_a_rotated_wrapping_key_leaves_every_data_key_as_it_was(installation, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 7)
    vault, cells, done = installation.init(), cells_of(30), []
    sealed = as_sealed(cells, vault.seal("bank", cells))
    assert rotation.rotate_tenant_key(vault, "bank", NOW, done.append) == rotation.Rotated(2, 30) and done[-1] == 30
    assert installation.sql("SELECT DISTINCT tenant_key_number FROM vault.data_key") == [(2,)]
    assert [row[0] is None for row in installation.sql("SELECT wrapped FROM vault.tenant_key WHERE purpose = 'wrap' ORDER BY number")] == [True, False]
    for one in (vault, installation.open()):
        assert one.open("bank", sealed) == texts(cells)
        assert one.open("bank", as_sealed(cells, one.seal("bank", cells))) == texts(cells)


def test_a_wrapping_key_is_not_retired_while_a_data_key_is_under_it(installation, monkeypatch):
    vault, cells = installation.init(), cells_of(10)
    sealed = as_sealed(cells, vault.seal("bank", cells))
    wrap, passes = rotation._wrapped_batch, []

    def misses_the_first_pass(*said):
        passes.append(said)
        return (0, None) if len(passes) == 1 else wrap(*said)

    monkeypatch.setattr(rotation, "_wrapped_batch", misses_the_first_pass)
    assert rotation.rotate_tenant_key(vault, "bank", NOW).wrapped_anew == 10
    assert installation.open().open("bank", sealed) == texts(cells)


def test_a_reader_that_read_a_row_just_before_its_wrapping_key_was_retired_reads_it_again(installation):
    vault, cells = installation.init(), cells_of(3)
    sealed = as_sealed(cells, vault.seal("bank", cells))
    reader = installation.open()
    read = reader.store.numbered

    def read_and_meanwhile_rotated(*said):
        rows = read(*said)
        reader.store.numbered = read
        rotation.rotate_tenant_key(vault, "bank", NOW)
        return rows

    reader.store.numbered = read_and_meanwhile_rotated
    assert reader.open("bank", sealed) == texts(cells)


def test_a_slow_rotation_takes_nothing_back_from_a_later_one(installation, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 4)
    vault, cells, late = installation.init(), cells_of(10), []
    sealed = as_sealed(cells, vault.seal("bank", cells))
    ended = rotation.rotate_tenant_key(vault, "bank", NOW, lambda done: late or late.append(rotation.rotate_tenant_key(installation.open(), "bank", NOW)) or late.append(rotation.rotate_tenant_key(installation.open(), "bank", NOW)))
    # The first of the late ones joined the slow one and ended it, the second began another.
    assert ended.number == late[0].number == 2 and late[1].number == 3
    assert installation.sql("SELECT DISTINCT tenant_key_number FROM vault.data_key") == [(3,)]
    assert installation.open().open("bank", sealed) == texts(cells)


def test_a_data_key_of_an_older_backup_under_a_retired_wrapping_key_says_so(installation):
    vault, cells = installation.init(), cells_of(1)
    sealed = as_sealed(cells, vault.seal("bank", cells))
    row = installation.sql("SELECT * FROM vault.data_key")[0]
    rotation.rotate_tenant_key(vault, "bank", NOW)
    installation.sql("DELETE FROM vault.data_key")
    installation.sql("INSERT INTO vault.data_key VALUES (%s, %s, %s, %s, %s, %s, %s)", row)
    with pytest.raises(RetiredKey, match="older backup"):
        installation.open().open("bank", sealed)


def test_texts_are_sealed_anew_under_a_new_data_key_and_only_the_old_ones(installation):
    vault, other, cells = installation.init(), installation.open(), cells_of(4)
    sealed = as_sealed(cells, vault.seal("bank", cells))
    other.open("bank", sealed)
    rotation.rotate_data_keys(vault, "bank", [cells[0].person, cells[1].person], NOW)
    assert rotation.old_ones(vault, "bank", sealed) == [True, True, False, False]
    assert other.open("bank", sealed) == texts(cells)
    fresh = rotation.reseal(vault, "bank", sealed)
    assert [one is None for one in fresh] == [False, False, True, True] and suites.named(fresh[0]) == (1, 2)
    # A process that had the older key in its cache seals under the newer one too.
    assert suites.named(other.seal("bank", cells)[0]) == (1, 2)
    now_sealed = [Sealed(one.person, one.table, one.column, one.row, new or one.sealed) for one, new in zip(sealed, fresh, strict=True)]
    assert rotation.forget_older_keys(vault, "bank", [cell.person for cell in cells]) == 2
    assert other.open("bank", now_sealed) == texts(cells) and rotation.reseal(vault, "bank", now_sealed) == [None] * 4
    with pytest.raises(MissingKey):
        other.open("bank", sealed)


def test_a_process_that_only_opened_meanwhile_seals_under_the_newest_key_all_the_same(installation):
    vault, other, cells = installation.init(), installation.open(), cells_of(2)
    sealed = as_sealed(cells, other.seal("bank", cells))
    rotation.rotate_data_keys(vault, "bank", [cells[0].person], NOW)
    assert other.open("bank", sealed) == texts(cells)
    assert [suites.named(one)[1] for one in other.seal("bank", cells)] == [2, 1]


def test_an_installation_changes_to_sm4_and_what_was_sealed_before_stays_readable(installation):
    vault, cells = installation.init(), cells_of(3)
    sealed = as_sealed(cells, vault.seal("bank", cells))
    (installation.home / "settings.yaml").write_text("keys:\n  suite: sm4-gcm\n")
    changed = installation.open()
    rotation.rotate_tenant_key(changed, "bank", NOW)
    rotation.rotate_data_keys(changed, "bank", [cell.person for cell in cells], NOW)
    fresh = rotation.reseal(changed, "bank", sealed)
    assert {suites.named(one) for one in fresh} == {(suites.SM4_GCM, 2)}
    for one in (vault, changed, installation.open()):
        assert one.open("bank", sealed) == one.open("bank", as_sealed(cells, fresh)) == texts(cells)
    wrong = bytearray(fresh[0])
    wrong[0] = suites.AES_256_GCM_SIV
    with pytest.raises(Damaged):
        changed.open("bank", [Sealed(cells[0].person, cells[0].table, cells[0].column, cells[0].row, bytes(wrong))])


def test_a_key_that_moved_to_another_person_or_was_changed_in_the_database_opens_nothing(installation):
    from arrears.vault.refused import WrongKey

    vault, cells = installation.init(), cells_of(2)
    sealed = as_sealed(cells, vault.seal("bank", cells))
    installation.sql("UPDATE vault.data_key SET wrapped = (SELECT wrapped FROM vault.data_key WHERE person = %s) WHERE person = %s", [cells[0].person, cells[1].person])
    with pytest.raises(WrongKey, match="moved from another person"):
        installation.open().open("bank", sealed)
    assert installation.open().open("bank", sealed[:1]) == texts(cells[:1])
    installation.sql("UPDATE vault.data_key SET suite = 9 WHERE person = %s", [cells[0].person])
    with pytest.raises(WrongKey):
        installation.open().open("bank", sealed[:1])


def _reads_and_makes(installation, sealed, expected, stop, failures, counts):
    try:
        rounds = 0
        while not stop.is_set():
            vault = installation.open(cached=0 if rounds % 2 else 20)
            for _ in range(5):
                assert vault.open("bank", sealed) == expected
                newcomers = [Cell(str(uuid.uuid4()), "party", "name", "r", "new") for _ in range(3)]
                assert vault.open("bank", as_sealed(newcomers, vault.seal("bank", newcomers))) == ["new"] * 3
            vault.close()
            rounds += 1
        counts.put(rounds)
    except BaseException as problem:
        failures.put(repr(problem))
        raise


def test_two_processes_read_and_make_keys_without_a_break_while_every_key_is_rotated(installation, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 20)
    vault, cells = installation.init(), cells_of(60)
    sealed = as_sealed(cells, vault.seal("bank", cells))
    fork = multiprocessing.get_context("fork")
    stop, failures, counts = fork.Event(), fork.Queue(), fork.Queue()
    readers = [fork.Process(target=_reads_and_makes, args=(installation, sealed, texts(cells), stop, failures, counts)) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for turn in range(4):
            rotation.rotate_tenant_key(vault, "bank", NOW)
            rotation.rotate_provider_key(vault, NOW)
            rotation.retire_provider_key(vault, turn + 1, NOW)
    finally:
        stop.set()
        for reader in readers:
            reader.join(60)
    assert failures.empty(), failures.get()
    assert [reader.exitcode for reader in readers] == [0, 0] and counts.get() + counts.get() >= 2
    assert vault.open("bank", sealed) == texts(cells)


def _rotates_for_ever(vault, begun):
    begun.set()
    while True:
        rotation.rotate_tenant_key(vault, "bank", NOW)


def test_a_rotation_that_is_killed_at_any_moment_loses_nothing_and_goes_on(installation, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 5)
    turns = 1000 if os.environ.get("ARREARS_LONG_FAULTS") == "1" else 100
    vault, cells = installation.init(), cells_of(60)
    sealed = as_sealed(cells, vault.seal("bank", cells))
    fork, dice, unfinished = multiprocessing.get_context("fork"), random.Random(7), 0
    for _ in range(turns):
        begun = fork.Event()
        running = fork.Process(target=_rotates_for_ever, args=(vault, begun))
        running.start()
        assert begun.wait(60)
        time.sleep(dice.uniform(0, 0.06))
        os.kill(running.pid, signal.SIGKILL)
        running.join(60)
        assert running.exitcode == -signal.SIGKILL
        vault.data_keys.forget("bank", {cell.person for cell in cells})
        assert vault.open("bank", sealed) == texts(cells)
        unfinished += installation.sql("SELECT count(*) FROM vault.tenant_key WHERE purpose = 'wrap' AND wrapped IS NOT NULL")[0][0] > 1
    assert unfinished > turns // 10, "the kills came at moments that tell nothing"
    ended = rotation.rotate_tenant_key(installation.open(), "bank", NOW)
    assert installation.sql("SELECT count(*), max(tenant_key_number), min(tenant_key_number) FROM vault.data_key") == [(60, ended.number, ended.number)]
    assert installation.sql("SELECT count(*) FROM vault.tenant_key WHERE purpose = 'wrap' AND wrapped IS NOT NULL") == [(1,)]
    assert installation.open().open("bank", sealed) == texts(cells)
