"""Backups and restores: whole or not at all, checked, apart for cases and keys; the erased stay erased."""

import hashlib
import json
import os
import random
import re
import signal
import stat
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears import postgres
from arrears.days import microseconds_of
from arrears.postgres.backups import backups_of, prune, retention_of, stamp_of
from arrears.refusal import Refused
from postgres.clusters import new_home, without_addresses
from postgres.starters import begin, close, kill

LONG = os.environ.get("ARREARS_LONG_FAULTS") == "1"
DAY = 86_400_000_000
NOW = microseconds_of(datetime(2026, 11, 30, 10, 0, tzinfo=UTC))
LENDER, ANNE, BO = "bank", "0b8f6c1e-0000-4000-8000-00000000000a", "0b8f6c1e-0000-4000-8000-00000000000b"


def connect(home: Path, database: str = postgres.CASES, role: str = postgres.OWNER) -> psycopg.Connection:
    return psycopg.connect(**postgres.place(home, role, database).psycopg(), autocommit=True)


@pytest.fixture(scope="module")
def filled():
    """A home with rows under forced row-level security in cases, and two persons' keys."""
    with without_addresses(), new_home() as home:
        postgres.ensure_running(home)
        lay_tables(home)
        yield home


def lay_tables(home: Path) -> None:
    with connect(home) as cases:
        cases.execute("create table loan (id int primary key, said text)")
        cases.execute("alter table loan enable row level security")
        cases.execute("create policy mine on loan using (said = current_setting('arrears.lender', true))")
        cases.execute("alter table loan force row level security")
        cases.execute("grant select on loan to arrears_app")
        cases.execute("alter table loan no force row level security")
        cases.execute("insert into loan select n, '债务' from generate_series(1, 3000) n")
        cases.execute("alter table loan force row level security")
    with connect(home, postgres.KEYS) as keys:
        keys.execute("create schema vault")
        keys.execute("create table vault.data_key (tenant text, person uuid, number int, wrapped bytea, primary key (tenant, person, number))")
        for person in (ANNE, BO):
            keys.execute("insert into vault.data_key values (%s, %s, 1, %s)", (LENDER, person, b"wrapped" + person.encode()))


def loans(home: Path) -> int:
    """Counted as the app's role for its lender, so that grants and policies count too."""
    with connect(home, postgres.CASES, postgres.APP) as connection:
        assert connection.execute("select count(*) from loan").fetchone() == (0,), "row-level security holds"
        connection.execute("set arrears.lender = '债务'")
        return connection.execute("select count(*) from loan").fetchone()[0]


def persons(home: Path) -> set[str]:
    with connect(home, postgres.KEYS) as connection:
        return {str(person) for person, in connection.execute("select person from vault.data_key")}


def change(home: Path, statement: str, database: str = postgres.CASES) -> None:
    with connect(home, database) as connection:
        connection.execute("alter table loan no force row level security" if database == postgres.CASES else "select 1")
        connection.execute(statement)
        connection.execute("alter table loan force row level security" if database == postgres.CASES else "select 1")


def test_a_backup_is_put_back_with_its_rows_rights_and_policies_after_they_were_lost(filled):
    made = postgres.backup(filled, NOW)
    assert [(one.database, one.name) for one in made] == [("cases", "20261130T100000.000Z"), ("keys", "20261130T100000.000Z")]
    for one in made:
        said = json.loads(one.path.with_suffix(".json").read_text())
        assert said["sha256"] == hashlib.sha256(one.path.read_bytes()).hexdigest() and said["bytes"] == one.path.stat().st_size
        assert stat.S_IMODE(one.path.stat().st_mode) == 0o600 and stat.S_IMODE(one.path.parent.stat().st_mode) == 0o700
    assert made[0].about["rows"] == {"public.loan": 3000}
    assert b"wrapped" not in made[0].path.read_bytes()
    change(filled, "delete from loan where id > 10")
    change(filled, "insert into loan values (9999, '债务')")
    with pytest.raises(Refused, match="not empty"):
        postgres.restore(filled, made[0].name, NOW + 1000)
    assert loans(filled) == 11
    said = []
    postgres.restore(filled, made[0].name, NOW + 60_000_000, replaces=True, say=lambda en, zh: said.append(en))
    assert loans(filled) == 3000
    assert any("was backed up" in line for line in said)
    postgres.restore(filled, stamp_of(NOW + 60_000_000), NOW + 120_000_000, replaces=True)
    assert loans(filled) == 11, "what was replaced is in the backup that was made first"
    postgres.restore(filled, made[0].name, NOW + 180_000_000, replaces=True)
    with connect(filled, postgres.CASES, postgres.APP) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("create table mine ()")
    with psycopg.connect(**{**postgres.place(filled, postgres.APP, postgres.CASES).psycopg(), "autocommit": True}) as connection:
        assert connection.execute("select count(*) from pg_database where datname like 'arrears%'").fetchone() == (2,)


def test_a_backup_is_put_back_in_a_new_home_as_on_another_machine(filled):
    with connect(filled, postgres.KEYS) as keys:
        keys.execute("grant temporary on database arrears_keys to arrears_app")
    made = postgres.backup(filled, NOW + DAY // 2)
    with new_home() as other:
        for one in made:
            folder = other / "backups" / one.database
            folder.mkdir(parents=True)
            for path in (one.path, one.path.with_suffix(".json")):
                (folder / path.name).write_bytes(path.read_bytes())
        postgres.restore(other, made[0].name, NOW + DAY, with_keys=True)
        assert loans(other) == loans(filled) and persons(other) == persons(filled)
        with connect(other, postgres.KEYS, postgres.APP) as connection:
            connection.execute("create temporary table mine ()")
        assert len(backups_of(other, postgres.CASES)) == 1, "an empty database is not backed up first"


def test_an_erased_person_stays_erased_whatever_is_put_back(filled):
    made = postgres.backup(filled, NOW + DAY)[0]
    (filled / "keys").mkdir(exist_ok=True)
    erased = filled / "keys" / "erased.jsonl"
    try:
        change(filled, f"delete from vault.data_key where person = '{ANNE}'", postgres.KEYS)
        erased.write_text(json.dumps({"tenant": LENDER, "person": ANNE, "erased_at": "2026-12-01T00:00:00Z"}) + "\n")
        postgres.restore(filled, made.name, NOW + DAY + 1_000_000, replaces=True)
        assert persons(filled) == {BO}, "keys are not put back"
        postgres.restore(filled, made.name, NOW + DAY + 2_000_000, with_keys=True, replaces=True)
        assert persons(filled) == {BO}, "keys are put back and the erasure applied again"
        later = postgres.backup(filled, NOW + DAY + 3_000_000)[0]
        for broken in ("{\n", '{"tenant": "bank"}\n', "[]\n", '{"tenant": "bank", "person": null}\n', ""):
            erased.write_text(broken)
            with pytest.raises(Refused, match=r"erased\.jsonl"):
                postgres.restore(filled, later.name, NOW + DAY + 4_000_000, with_keys=True, replaces=True)
            assert persons(filled) == {BO}
    finally:
        erased.unlink()
        change(filled, f"insert into vault.data_key values ('{LENDER}', '{ANNE}', 1, 'wrapped') on conflict do nothing", postgres.KEYS)


def test_a_changed_cut_or_unknown_backup_is_refused_and_nothing_is_changed(filled):
    made = postgres.backup(filled, NOW + 2 * DAY)[0]
    whole, before = made.path.read_bytes(), loans(filled)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for content in (bytes(flipped), whole[:-1], whole + b"x", b""):
        made.path.write_bytes(content)
        with pytest.raises(Refused, match="SHA-256"):
            postgres.restore(filled, made.name, NOW + 2 * DAY + 1_000_000, replaces=True)
    made.path.write_bytes(whole)
    for name in ("20200101T000000.000Z", "../keys/" + made.name, "", "latest"):
        with pytest.raises(Refused, match="no backup of cases"):
            postgres.restore(filled, name, NOW + 2 * DAY, replaces=True)
    made.path.with_suffix(".json").rename(filled / "kept.json")
    with pytest.raises(Refused, match="JSON file is missing"):
        postgres.restore(filled, made.name, NOW + 2 * DAY, replaces=True)
    (filled / "kept.json").rename(made.path.with_suffix(".json"))
    with connect(filled), pytest.raises(Refused, match="1 sessions"):
        postgres.restore(filled, made.name, NOW + 2 * DAY, replaces=True)
    with pytest.raises(Refused, match="stands already"):
        postgres.backup(filled, NOW + 2 * DAY)
    assert loans(filled) == before


def test_backups_past_their_retention_go_keys_first_and_a_clock_that_went_back_removes_nothing(filled):
    old = postgres.backup(filled, NOW + 100 * DAY)
    said = []
    postgres.backup(filled, NOW + 108 * DAY, say=lambda en, zh: said.append(en))
    assert old[0].path.exists() and not old[1].path.exists() and not old[1].path.with_suffix(".json").exists()
    assert any(f"backup of keys {old[1].name}" in line for line in said)
    before = [path.name for path in sorted((filled / "backups" / "cases").iterdir())]
    said.clear()
    postgres.backup(filled, NOW + 90 * DAY, say=lambda en, zh: said.append(en))
    assert set(before) <= {path.name for path in (filled / "backups" / "cases").iterdir()} and any("clock" in line for line in said)
    said.clear()
    prune(filled, NOW + 120 * DAY, say=lambda en, zh: said.append(en))
    assert not backups_of(filled, postgres.KEYS) and backups_of(filled, postgres.CASES) and all("backup of keys" in line for line in said)
    postgres.backup(filled, NOW + 200 * DAY)
    assert [one.name for one in backups_of(filled, postgres.CASES)] == [stamp_of(NOW + 200 * DAY)]


@given(st.integers(0, 4 * 10**15), st.integers(0, 4 * 10**15))
def test_names_of_backups_sort_as_their_moments_do(first, second):
    assert (stamp_of(first) < stamp_of(second)) == (first // 1000 < second // 1000)
    assert datetime.strptime(stamp_of(first), "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC) == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=first // 1000)


def test_the_settings_say_how_long_backups_are_kept_and_a_wrong_number_is_refused(tmp_path):
    assert (retention_of(tmp_path).cases_days, retention_of(tmp_path).keys_days) == (35, 7)
    (tmp_path / "settings.yaml").write_text("backup: {keys_days: '3'}\nother: {}\n")
    assert (retention_of(tmp_path).cases_days, retention_of(tmp_path).keys_days) == (35, 3)
    for wrong in ("0", "-1", "x", "1.5", "٣", "99999999"):
        (tmp_path / "settings.yaml").write_text(f"backup: {{keys_days: '{wrong}'}}\n")
        with pytest.raises(Refused, match="no number of days"):
            retention_of(tmp_path)


BACKUP = "postgres.backup(home, int(sys.argv[2]))"
RESTORE = "postgres.restore(home, sys.argv[2], int(sys.argv[3]), with_keys=True, replaces=True)"


def finals(home: Path) -> dict[Path, str]:
    """Every dump under a final name with its digest; each is what its JSON says."""
    found = {}
    for path in (home / "backups").glob("*/*.dump"):
        found[path] = hashlib.sha256(path.read_bytes()).hexdigest()
        assert json.loads(path.with_suffix(".json").read_text())["sha256"] == found[path], path
    return found


def test_a_backup_killed_at_any_moment_leaves_no_half_file_under_a_final_name(filled):
    seed = random.SystemRandom().randrange(1 << 30) if LONG else 5
    drawn, at = random.Random(seed), NOW + 300 * DAY
    postgres.backup(filled, at)
    began = time.monotonic()
    postgres.backup(filled, at + 1_000_000)
    usual, before = time.monotonic() - began, finals(filled)
    for number in range(300 if LONG else 8):
        running = begin(filled, BACKUP, at + (number + 2) * 1_000_000)
        time.sleep(drawn.uniform(0, usual * 1.1))
        kill(running)
        close(running)
        after = finals(filled)
        assert before.items() <= after.items(), seed
        before = after
    last = postgres.backup(filled, at + 10**9)
    assert finals(filled).keys() >= before.keys() and not list((filled / "backups").glob("*/*.unfinished")), seed
    assert all(one.path.exists() for one in last)


def test_a_restore_killed_at_any_moment_leaves_the_old_database_or_the_new_one_whole(filled):
    seed = random.SystemRandom().randrange(1 << 30) if LONG else 6
    drawn, at = random.Random(seed), NOW + 400 * DAY
    full = postgres.backup(filled, at)[0].name
    change(filled, "delete from loan where id > 10")
    change(filled, f"delete from vault.data_key where person = '{ANNE}'", postgres.KEYS)
    few = postgres.backup(filled, at + 1_000_000)[0].name
    states = {full: (3000, {ANNE, BO}), few: (10, {BO})}
    began = time.monotonic()
    postgres.restore(filled, full, at + 2_000_000, with_keys=True, replaces=True)
    usual, present = time.monotonic() - began, full
    for number in range(100 if LONG else 5):
        wanted = few if present == full else full
        running = begin(filled, RESTORE, wanted, at + (number + 3) * 1_000_000)
        time.sleep(drawn.uniform(usual * 0.3, usual * 1.3))
        kill(running)
        close(running)
        settle(filled)
        found = loans(filled), persons(filled)
        assert found in (states[present], states[wanted]), f"seed {seed}: neither the old nor the new"
        present = wanted if found == states[wanted] else present
    postgres.restore(filled, full, at + 10**9, with_keys=True, replaces=True)
    assert (loans(filled), persons(filled)) == states[full]
    with connect(filled) as connection:
        assert connection.execute("select count(*) from pg_database where datname like 'arrears%'").fetchone() == (2,)


def test_a_server_killed_under_a_backup_or_a_restore_ends_it_with_a_word_and_nothing_half(filled):
    seed = random.SystemRandom().randrange(1 << 30) if LONG else 9
    drawn, at = random.Random(seed), NOW + 500 * DAY
    name = postgres.backup(filled, at)[0].name
    held, before = (loans(filled), persons(filled)), finals(filled)
    for number in range(60 if LONG else 4):
        words, more = (BACKUP, ()) if number % 2 else (RESTORE, (name,))
        running = begin(filled, words, *more, at + (number + 1) * 1_000_000)
        time.sleep(drawn.uniform(0, 0.5))
        os.kill(postgres.status(filled).pid, signal.SIGKILL)
        error = running.communicate()[1]
        assert running.returncode == 0 or re.search(r"refusal\.\w+:|connections\.\w+:", error), (seed, error)
        postgres.ensure_running(filled)
        after = finals(filled)
        assert before.items() <= after.items() and (loans(filled), persons(filled)) == held, seed
        before = after


def settle(home: Path) -> None:
    """What a killed restore's sessions were doing has ended."""
    for database in (postgres.CASES, postgres.KEYS):
        with connect(home, database) as connection:
            while connection.execute("select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'").fetchone()[0]:
                time.sleep(0.02)

