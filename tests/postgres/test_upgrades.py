"""The move to a newer PostgreSQL: all rows and rights come along, the old cluster stays, killed at any moment one of the two holds."""

import random
import time

import psycopg
import pytest

from arrears import postgres
from arrears.postgres.binaries import binaries_found
from arrears.postgres.folders import folders_of, read_cluster
from arrears.refusal import Refused
from postgres.clusters import new_home, without_addresses
from postgres.starters import begin, close, kill
from postgres.test_backups import ANNE, BO, LONG, change, connect, lay_tables, loans, persons


@pytest.fixture
def versions(monkeypatch):
    """The oldest and the newest PostgreSQL that are here; only the oldest is found until `both` is called."""
    found = sorted({one.major: one for one in binaries_found()}.values(), key=lambda one: one.major)
    if len(found) < 2:
        pytest.skip("only one major version of PostgreSQL is installed here, so moving to a newer one is not tried")
    with without_addresses():
        monkeypatch.setenv("ARREARS_DATABASE_BINARIES", str(found[0].folder))
        yield found[0], found[-1], lambda: monkeypatch.delenv("ARREARS_DATABASE_BINARIES")


def test_a_cluster_moves_to_the_newest_version_with_its_rows_and_rights_and_the_old_one_is_kept_until_it_is_removed(versions):
    old, new, both = versions
    with new_home() as home:
        postgres.ensure_running(home)
        lay_tables(home)
        passwords = {role: postgres.place(home, role, postgres.CASES).password for role in (postgres.OWNER, postgres.APP)}
        both()
        postgres.ensure_running(home)
        assert postgres.status(home).version.startswith(str(old.major)), "nothing moves by itself"
        said, steps = [], []
        assert postgres.upgrade(home, lambda path: steps.append(path) or ["0001"], lambda en, zh: said.append(en)) == ["0001"]
        status = postgres.status(home)
        assert status.is_running and status.version.startswith(str(new.major)) and steps == [home]
        assert loans(home) == 3000 and persons(home) == {ANNE, BO}
        assert {role: postgres.place(home, role, postgres.CASES).password for role in passwords} == passwords
        with connect(home, role=postgres.APP) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("create schema mine")
        assert len(status.kept_aside) == 1 and any("is kept" in line for line in said)
        pid = status.pid
        assert postgres.upgrade(home) == [] and postgres.status(home).pid == pid, "there is nothing to do a second time"
        postgres.upgrade(home, removes_old=True)
        assert postgres.status(home).kept_aside == () and loans(home) == 3000


def test_a_cluster_whose_programs_are_gone_or_older_than_it_is_refused_and_left_alone(versions, monkeypatch):
    old, new, both = versions
    with new_home() as home:
        postgres.ensure_running(home)
        postgres.stop(home)
        monkeypatch.setenv("ARREARS_DATABASE_BINARIES", str(new.folder))
        with pytest.raises(Refused, match=f"made by PostgreSQL {old.major}, which is not here any more"):
            postgres.ensure_running(home)
        with pytest.raises(Refused, match="not here any more"):
            postgres.upgrade(home)
    with new_home() as home:
        postgres.ensure_running(home)
        postgres.stop(home)
        monkeypatch.setenv("ARREARS_DATABASE_BINARIES", str(old.folder))
        with pytest.raises(Refused, match=f"made by PostgreSQL {new.major}, newer than what is here"):
            postgres.ensure_running(home)
        both()
        postgres.ensure_running(home)


def test_an_upgrade_killed_at_any_moment_leaves_one_cluster_that_starts_with_all_rows(versions):
    _, new, both = versions
    seed = random.SystemRandom().randrange(1 << 30) if LONG else 8
    drawn, moved = random.Random(seed), 0
    with new_home() as home:
        postgres.ensure_running(home)
        lay_tables(home)
        both()
        for number in range(25 if LONG else 4):
            running = begin(home, "postgres.upgrade(home)")
            time.sleep(drawn.uniform(0.1, 2.5))
            kill(running)
            close(running)
            postgres.ensure_running(home)
            moved = read_cluster(folders_of(home)).major == new.major
            assert loans(home) == 3000 + number and persons(home) == {ANNE, BO}, seed
            change(home, f"insert into loan values ({5000 + number}, '债务')")
            names = [path.name for path in (home / "postgres").iterdir()]
            assert not [name for name in names if "unfinished" in name], (seed, names)
            if moved:
                break
        postgres.upgrade(home)
        assert postgres.status(home).version.startswith(str(new.major)) and loans(home) == 3001 + number, seed
