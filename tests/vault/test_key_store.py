"""The KEYS database: threads, forks, dead connections, and what is said where it is not there, not ready, or does not answer."""

import multiprocessing
import os
import socket
import threading
import uuid

import psycopg
import pytest

from arrears.vault import key_schema
from arrears.vault.key_store import KeyStore
from arrears.vault.refused import VaultRefused
from arrears.vault.vault import Cell, Sealed, open_vault
from vault.conftest import NOW


def cells_of(count):
    return [Cell(str(uuid.uuid4()), "party", "name", str(turn), f"person {turn}") for turn in range(count)]


def as_sealed(cells, sealed):
    return [Sealed(cell.person, cell.table, cell.column, cell.row, one) for cell, one in zip(cells, sealed, strict=True)]


def test_many_threads_seal_and_open_with_one_vault(shared_vault):
    failures, cells = [], cells_of(40)
    sealed = as_sealed(cells, shared_vault.seal("bank", cells))

    def work(turn):
        try:
            for _ in range(15):
                assert shared_vault.open("bank", sealed[turn:]) == [cell.text for cell in cells[turn:]]
                mine = cells_of(3)
                assert shared_vault.open("bank", as_sealed(mine, shared_vault.seal("bank", mine))) == [cell.text for cell in mine]
        except BaseException as problem:
            failures.append(repr(problem))

    threads = [threading.Thread(target=work, args=(turn,)) for turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == [] and not any(thread.is_alive() for thread in threads)


def _opens_in_child(vault, sealed, found):
    found.put((vault.open("bank", sealed), vault.store.within(lambda connection: connection.info.backend_pid)))
    vault.close()


def test_forked_children_use_connections_of_their_own_and_the_parent_keeps_its(shared_vault):
    cells = cells_of(5)
    sealed = as_sealed(cells, shared_vault.seal("bank", cells))
    backend = shared_vault.store.within(lambda connection: connection.info.backend_pid)
    fork = multiprocessing.get_context("fork")

    def opened_in_a_child():
        found = fork.Queue()
        child = fork.Process(target=_opens_in_child, args=(shared_vault, sealed, found))
        child.start()
        opened, pid = found.get(timeout=60)
        child.join(60)
        assert opened == [cell.text for cell in cells] and child.exitcode == 0
        return pid

    # First while the parent's connection lies idle, then while another thread may hold it, and locks, at the moment of the fork.
    backends = {opened_in_a_child() for _ in range(2)}
    stop = threading.Event()
    busy = threading.Thread(target=lambda: [shared_vault.open("bank", sealed) for _ in iter(stop.is_set, True)])
    busy.start()
    try:
        backends |= {opened_in_a_child() for _ in range(3)}
    finally:
        stop.set()
        busy.join(60)
    assert len(backends) == 5 and backend not in backends
    assert shared_vault.open("bank", sealed) == [cell.text for cell in cells]
    assert backend in {pid for pid, in module_backends(shared_vault)}


def module_backends(vault):
    return vault.store.within(lambda connection: connection.execute("SELECT pid FROM pg_stat_activity WHERE usename = 'arrears_app' AND datname = current_database()").fetchall())


def test_connections_that_died_are_replaced_without_anybody_noticing(installation):
    vault, cells = installation.init(), cells_of(3)
    sealed = as_sealed(cells, vault.seal("bank", cells))
    for _ in range(2):
        installation.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'arrears_app' AND datname = current_database()")
        assert vault.open("bank", sealed) == [cell.text for cell in cells]
        assert vault.seal("bank", cells)


def test_a_database_that_is_gone_is_said_and_comes_back(installation):
    vault, cells = installation.init(), cells_of(3)
    sealed = as_sealed(cells, vault.seal("bank", cells))
    installation.sql("SELECT 1")
    with psycopg.connect(**{**installation.superuser, "dbname": "postgres"}, autocommit=True) as connection:
        name = installation.app["dbname"]
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        for call in (lambda: vault.open("bank", sealed), lambda: vault.seal("bank", cells), lambda: vault.shred("bank", cells[0].person, NOW), lambda: vault.blind("bank", "phone", ["1"])):
            with pytest.raises(VaultRefused, match="KEYS database"):
                call()
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert vault.open("bank", sealed) == [cell.text for cell in cells]


def test_a_server_that_takes_the_connection_and_never_answers_is_given_up(tmp_path):
    with socket.socket(socket.AF_INET) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1)
        with pytest.raises(VaultRefused, match="does not answer") as refusal:
            KeyStore({"host": "127.0.0.1", "port": listening.getsockname()[1], "user": "u", "password": "secret-word", "dbname": "d", "connect_timeout": 2})
    assert "secret-word" not in str(refusal.value) and refusal.value.__suppress_context__


def test_a_wrong_password_is_said_without_it(installation):
    installation.init().close()
    with pytest.raises(VaultRefused) as refusal:
        open_vault(installation.home, {**installation.app, "password": "secret-word"})
    assert "secret-word" not in str(refusal.value)


def test_a_database_without_tables_or_of_another_layout_is_said(empty_installation):
    with pytest.raises(VaultRefused, match="arrears vault init"):
        KeyStore(empty_installation.app)
    key_schema.prepare(empty_installation.owner, "arrears_app")
    KeyStore(empty_installation.app)
    empty_installation.sql("UPDATE vault.layout SET version = 99")
    for call in (lambda: KeyStore(empty_installation.app), lambda: key_schema.prepare(empty_installation.owner, "arrears_app")):
        with pytest.raises(VaultRefused, match="layout 99"):
            call()


def _prepares(owner, start, results):
    start.wait()
    key_schema.prepare(owner, "arrears_app")
    results.put("done")


def test_two_processes_that_prepare_at_once_make_the_tables_once(empty_installation):
    fork = multiprocessing.get_context("fork")
    start, results = fork.Barrier(2), fork.Queue()
    both = [fork.Process(target=_prepares, args=(empty_installation.owner, start, results)) for _ in range(2)]
    for one in both:
        one.start()
    assert [results.get(timeout=60) for _ in both] == ["done", "done"]
    for one in both:
        one.join(60)
    assert empty_installation.sql("SELECT count(*) FROM vault.layout") == [(1,)]


def test_the_app_role_owns_nothing_and_may_not_make_tables(empty_installation):
    key_schema.prepare(empty_installation.owner, "arrears_app")
    assert empty_installation.sql("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'vault'") == [("arrears_owner",)]
    with psycopg.connect(**empty_installation.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE vault.mine (x int)")


def test_keys_are_made_alike_by_copy_and_by_insert(installation, monkeypatch):
    from arrears.vault import key_store

    vault = installation.init()
    for least in (1, 10_000):
        monkeypatch.setattr(key_store, "COPY_FROM", least)
        cells = cells_of(50)
        sealed = as_sealed(cells, vault.seal("bank", cells, NOW))
        assert installation.open().open("bank", sealed) == [cell.text for cell in cells]
    assert installation.sql("SELECT count(*), min(created_at) = max(created_at), max(number) FROM vault.data_key") == [(100, True, 1)]


def test_a_store_shows_no_password(installation):
    store = KeyStore(installation.app)
    assert repr(store) == f"KeyStore(dbname={installation.app['dbname']!r})" and os.getpid() in {owner for owner, _ in store._idle}
    store.close()
