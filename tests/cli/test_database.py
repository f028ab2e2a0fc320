"""`arrears db` as an administrator types it: started, told about, backed up, put back, stopped, in either language."""

import json
import re
import subprocess
import sys

import psycopg
import pytest
from typer.testing import CliRunner

from arrears import postgres
from arrears.cli import database as commands
from plain_books import Ran
from postgres.clusters import new_home, without_addresses


def db(*words: object) -> Ran:
    """The commands of the database run with these words."""
    result = CliRunner().invoke(commands.database, [str(word) for word in words], catch_exceptions=False)
    return Ran(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="module")
def home():
    with without_addresses(), new_home() as path:
        yield path


def test_a_database_is_started_told_about_backed_up_put_back_and_stopped(home):
    refused = db("status", "--home", home, "--lang", "en")
    assert refused.status == 2 and "has no database yet; run arrears db start" in refused.error
    assert db("stop", "--home", home, "--lang", "en").out == "The database was not running.\n"
    started = db("start", "--home", home, "--lang", "en")
    assert started.status == 0 and started.out.startswith("Running: PostgreSQL") and "no TCP" in started.out
    told = json.loads(db("status", "--home", home, "--json").out)
    assert told["is_running"] and not told["is_outside"] and set(told["bytes_of"]) == {"cases", "keys"}
    assert f"进程 {told['pid']}" in db("status", "--home", home, "--lang", "zh").out
    with psycopg.connect(**postgres.place(home, postgres.OWNER, postgres.CASES).psycopg(), autocommit=True) as connection:
        connection.execute("create table loan as select n from generate_series(1, 5) n")
    made = db("backup", "--home", home, "--keys-days", "3", "--lang", "en")
    assert made.status == 0 and "keys 3 days" in made.out
    name = re.search(r"cases (\S+): 5 rows", made.out)[1]
    assert f"Newest backup of cases: {name}\nNewest backup of keys: {name}\n" in db("status", "--home", home, "--lang", "en").out
    refused = db("restore", name, "--home", home, "--lang", "zh")
    assert refused.status == 2 and "非空" in refused.error and "not empty" in refused.error
    back = db("restore", name, "--replace", "--home", home, "--lang", "en")
    assert back.status == 0 and f"cases are those of {name}: 5 rows" in back.out and "was backed up" in back.out
    assert db("stop", "--home", home, "--lang", "zh").out == "数据库已停止\n"
    assert db("status", "--home", home, "--lang", "en").out.startswith("Not running")


@pytest.mark.parametrize("words", [("restore", "20200101T000000.000Z"), ("backup", "--cases-days", "0"), ("start", "--lang", "fr")])
def test_what_is_wrong_is_refused_with_what_to_do_and_status_2(home, words):
    ran = db(*words, "--home", home)
    assert ran.status == 2 and ran.error.startswith("arrears: ") and not ran.out


def test_an_outside_server_is_said_to_be_ones_own_administrators(home, monkeypatch):
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "KEYS_DATABASE_URL", "KEYS_DATABASE_OWNER_URL"):
        monkeypatch.setenv(name, "postgresql://app:s3cret@/arrears?host=/nonexistent")
    ran = db("stop", "--home", home, "--lang", "en")
    assert ran.status == 2 and "not ours to stop" in ran.error
    ran = db("start", "--home", home, "--lang", "en")
    assert ran.status == 2 and "DATABASE_URL: cannot be reached" in ran.error and "s3cret" not in ran.error


def test_upgrade_lays_the_tables_of_a_new_home_and_says_so(home):
    """In a process of its own, as a user runs it."""
    assert db("start", "--home", home).status == 0
    done = subprocess.run([sys.executable, "-c", "from arrears.cli import main; main()", "db", "upgrade", "--home", str(home), "--lang", "en"], capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    assert "work.0001_tables was run" in done.stdout
