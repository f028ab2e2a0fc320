"""The record's job, round by round: nothing that goes wrong in one part stops another, and it is said once; nobody waits for those outside."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

from arrears.cli import record_watch, terms
from arrears.cli.record_watch import beside_server, step
from arrears.record.append import Log
from arrears.record.limits import Limits
from arrears.record.monitor import Waiting, look
from arrears.record.places import places_of
from arrears.record.signing_key import make_key, open_key
from cli.test_records import arrears, done, kept, lender, witnessed

assert kept and lender
SECOND = 1_000_000
"""A witness has a clock of its own, so rounds with one are at this very moment."""


def size(home) -> int:
    return int((places_of(home).log / "checkpoint").read_text(encoding="utf-8").splitlines()[1])


def children() -> str:
    """The command lines of this process's children."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(path.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.append((path.parent / "cmdline").read_bytes().decode())
        except (OSError, ValueError):
            continue
    return " ".join(found)


def settled(job) -> None:
    """Whoever was asked outside has answered, or was given up."""
    job.asking.join(60)
    assert not job.asking.is_alive()


def test_a_round_integrates_has_it_cosigned_and_the_next_one_sees_the_cosignature(kept, lender, tmp_path, capsys):
    with witnessed(kept, tmp_path) as witness:
        before, job = size(kept.home), record_watch._Job(kept.home, "en")
        done(kept, lender)
        step(job, terms.now())
        settled(job)
        assert size(kept.home) > before
        assert witness.vkeys[0].split("+")[0] in (places_of(kept.home).log / "checkpoint").read_text(encoding="utf-8")
        witness.kill()
        done(kept, lender)
        for number in range(1, 4):
            step(job, terms.now() + number * SECOND)
            settled(job)
        told = capsys.readouterr().err
        assert told.count("does not answer") == 1, told
        assert job.again_at and job.failures[witness.vkeys[0].split("+")[0]] >= 1


def test_a_witness_that_never_answers_holds_up_nothing(kept, lender, tmp_path):
    with witnessed(kept, tmp_path) as witness, socket.socket() as silent:
        witness.kill()
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings = kept.home / "settings.yaml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text[:text.rindex("http://")] + f"http://127.0.0.1:{silent.getsockname()[1]}\n", encoding="utf-8")
        job, before = record_watch._Job(kept.home, "en"), size(kept.home)
        done(kept, lender)
        step(job, terms.now())
        asked = job.asking
        done(kept, lender)
        step(job, terms.now() + SECOND)
        assert asked.is_alive() and job.asking is asked and size(kept.home) >= before + 2
    settled(job)


def test_trouble_is_said_once_in_the_readers_language_and_so_is_its_end_and_the_rest_goes_on(kept, lender, capsys):
    key = places_of(kept.home).key
    job = record_watch._Job(kept.home, "zh")
    os.replace(key, key.with_name("aside"))
    try:
        for number in range(3):
            step(job, kept.now + number * SECOND)
            settled(job)
        halted = arrears("record", "status", "--home", kept.home, lang="zh")
        assert halted.status == 1 and "异常：写入已停止" in halted.out and "修复后会写入" in halted.out, halted
    finally:
        os.replace(key.with_name("aside"), key)
    told = capsys.readouterr().err
    assert told.count("签名私钥") == 1 and "integrate" in told
    assert "monitor" not in told, "the monitor went on"
    step(job, kept.now + 4 * SECOND)
    settled(job)
    assert "integrate：已恢复" in capsys.readouterr().err and arrears("record", "status", "--home", kept.home).status == 0


def test_settings_that_cannot_be_read_stop_no_round(kept, lender, capsys):
    settings = kept.home / "settings.yaml"
    settings.write_text("record: [nonsense]\n", encoding="utf-8")
    try:
        job, before = record_watch._Job(kept.home, "en"), size(kept.home)
        done(kept, lender)
        step(job, kept.now)
        settled(job)
    finally:
        settings.unlink()
    assert size(kept.home) > before and "settings.yaml" in capsys.readouterr().err


def test_a_backlog_that_cannot_be_integrated_becomes_an_alert_with_what_is_still_provable(kept, lender, capsys):
    done(kept, lender)
    key = places_of(kept.home).key
    os.replace(key, key.with_name("aside"))
    job = record_watch._Job(kept.home, "en")
    try:
        step(job, kept.now + 3600 * 24 * 365 * SECOND)
        settled(job)
        assert "WRONG: backlog" in capsys.readouterr().err and "Still provable" in arrears("record", "status", "--home", kept.home).out
    finally:
        os.replace(key.with_name("aside"), key)
    step(job, kept.now + 3600 * 24 * 365 * SECOND)
    settled(job)
    assert "over: backlog" in capsys.readouterr().err and arrears("record", "status", "--home", kept.home).status == 0


def test_where_no_record_is_kept_no_job_runs_beside_the_server(tmp_path):
    with beside_server(tmp_path, "en") as is_recorded:
        assert not is_recorded and "--beside" not in children()
    assert not any(one.name.startswith("Thread-") and "keep" in one.name for one in threading.enumerate())


def test_the_job_runs_beside_the_server_though_the_checkpoint_of_a_watched_log_is_gone(tmp_path):
    places = places_of(tmp_path)
    make_key(places.key, "watched.example/record", 0)
    Log.create(places.log, open_key(places.key)).close()
    look(places, SECOND, Limits(), Waiting())
    (places.log / "checkpoint").unlink()
    with beside_server(tmp_path, "en") as is_recorded:
        assert is_recorded and "--beside" in children()


def test_the_job_ends_by_itself_when_the_server_beside_which_it_was_started_is_gone(kept):
    """The process that is named is no parent of the job, as when the server was killed before the job began."""
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait()
    job = subprocess.Popen([sys.executable, "-c", "from arrears.cli import main; main()", "record", "watch", "--home", str(kept.home), "--beside", str(gone.pid)], stderr=subprocess.PIPE, text=True)
    try:
        _, told = job.communicate(timeout=60)
    finally:
        job.kill()
    assert job.returncode == 0 and told == "", told
