"""The commands of the record: what they do and say in both languages, and every wrong call with its sentence, its next step and exit status 2."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import polars as pl
import pytest
from typer.testing import CliRunner

from arrears import cli, store
from arrears.cli import people_words, record_keeping, record_proofs, record_words
from arrears.nightly.row_secrets import secret_at, slots_of
from arrears.record.append import Log
from arrears.record.limits import Limits
from arrears.record.monitor import Finding, Waiting, look, tell
from arrears.record.places import places_of
from arrears.record.signing_key import make_key, open_key
from arrears.refusal import Refused
from arrears.work.models import Entry
from plain_books import Ran
from record.witness_process import WitnessProcess
from work.action_scenes import World
from work.action_scenes import done as done_by_scene
from work.intake.night_book import AS_OF, Loan, NightBook, debtor
from work.rights.made_people import Person, account_made, case_made, lender_made
from work.rights.test_erasure import LONG_AGO
from work.rights.test_rights import rows
from work.rights.test_unmasking import ZHANG

ORIGIN = "leaves.example/record"
VERIFY = Path(record_keeping.__file__).parents[1] / "record" / "verify.py"


def arrears(*words: object, lang: str | None = "en") -> Ran:
    said = [str(word) for word in words] + (["--lang", lang] if lang else [])
    result = CliRunner().invoke(cli.app, said, catch_exceptions=False)
    return Ran(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def kept(work):
    """The home of the worker with a record that has everything until now."""
    ran = arrears("record", "init", "--home", work.home, "--origin", ORIGIN)
    assert ran.status == 0, ran
    assert arrears("record", "integrate", "--home", work.home).status == 0
    places_of(work.home).alerts.unlink(missing_ok=True)
    places_of(work.home).alerts.with_name("monitor.json").unlink()
    return work


@pytest.fixture
def lender(work) -> str:
    from arrears.law.lender import Lender
    from arrears.work.actions.intake import open_lender

    code = work.lender()
    assert open_lender and Lender
    return code


def done(work, lender: str, verb: str = "team.create", **parameters) -> str:
    """An action of that lender; its Entry's number."""
    import arrears.work.actions  # noqa: F401 - registers every verb
    from arrears.work.actions.action import perform
    actor = work.actor(lender, "administrator")
    perform(actor, verb, parameters or {"code": f"t-{uuid4().hex[:6]}", "kind": "own"}, work.now)
    with work.writing(lender):
        return str(Entry.objects.filter(lender=lender, verb=verb).order_by("-number").values_list("number", flat=True)[0])


def verified(*words: object) -> subprocess.CompletedProcess:
    """The self-contained file, as an auditor runs it."""
    return subprocess.run([sys.executable, "-I", str(VERIFY), *map(str, words), "--lang", "en"], capture_output=True, text=True, timeout=120)


@contextmanager
def witnessed(work, folder: Path):
    """The home's settings name a running witness, which trusts its log."""
    settings = work.home / "settings.yaml"
    before = settings.read_bytes() if settings.exists() else None
    witness = WitnessProcess(folder / "w")
    assert witness.run("trust", "--log", key_of(work.home), "--rotation", str(places_of(work.home).log / "keys")).returncode == 0
    try:
        keys = ", ".join(f"'{vkey}'" for vkey in witness.vkeys)
        settings.write_text((before or b"").decode() + f"record:\n  witnesses:\n    - vkeys: [{keys}]\n      url: http://127.0.0.1:{witness.start()}\n", encoding="utf-8")
        yield witness
    finally:
        witness.kill()
        settings.write_bytes(before) if before is not None else settings.unlink(missing_ok=True)


def key_of(home: Path) -> str:
    return arrears("record", "key", "show", "--home", home).out.split()[0]


def test_a_record_is_begun_once_and_says_its_key_and_what_to_do_with_it(kept):
    again = arrears("record", "init", "--home", kept.home, "--origin", ORIGIN)
    assert "was there already; nothing was changed" in again.out and key_of(kept.home) in again.out and "verifier --out" in again.out
    zh = arrears("record", "init", "--home", kept.home, "--origin", ORIGIN, lang="zh").out
    assert "此前已建立" in zh and "私钥在" in zh and "审计方" in zh
    told = json.loads(arrears("record", "init", "--home", kept.home, "--origin", ORIGIN, "--json").out)
    assert told == {"origin": ORIGIN, "key": key_of(kept.home), "log": str(places_of(kept.home).log), "is_new": False}
    other = arrears("record", "init", "--home", kept.home, "--origin", "other.example/log")
    assert other.status == 2 and "a record keeps its name" in other.error and "名称不可更改" in other.error


def test_a_record_that_was_killed_between_key_and_log_is_begun_by_init_again(tmp_path):
    make_key(places_of(tmp_path).key, ORIGIN, 0)
    ran = arrears("record", "init", "--home", tmp_path, "--origin", ORIGIN)
    assert ran.status == 0 and "is made" in ran.out
    assert arrears("record", "checkpoint", "--home", tmp_path).out.splitlines()[:2] == [ORIGIN, "0"]
    assert places_of(tmp_path).key.stat().st_mode & 0o777 == 0o600


def test_init_makes_no_other_key_where_the_log_is_there_and_its_key_is_not(tmp_path):
    assert arrears("record", "init", "--home", tmp_path, "--origin", ORIGIN).status == 0
    places_of(tmp_path).key.unlink()
    for origin in (ORIGIN, "another.example/record"):
        ran = arrears("record", "init", "--home", tmp_path, "--origin", origin)
        assert ran.status == 2 and "put it back from its copy" in ran.error and "请从备份恢复" in ran.error and "--origin NEW-NAME" in ran.error
        assert not places_of(tmp_path).key.exists()


def test_status_says_by_itself_that_the_database_is_older_than_the_log_and_that_what_waits_is_old(kept, monkeypatch):
    from arrears.work import recording

    size = recording.backlog().placed
    monkeypatch.setattr(recording, "backlog", lambda: recording.Backlog(2, 0, size - 3))
    ran = arrears("record", "status", "--home", kept.home)
    assert ran.status == 1 and "the database knows" in ran.out and "of 3 entries" in ran.out and "WRONG: backlog: 2 entries" in ran.out, ran
    ran = arrears("record", "status", "--home", kept.home, lang="zh")
    assert ran.status == 1 and "数据库比日志旧" in ran.out and "异常：积压：2 条" in ran.out, ran


def test_without_its_key_a_record_is_not_well_and_another_begins_only_beside_it(kept, tmp_path):
    key, record = places_of(kept.home).key, places_of(kept.home).log.parent
    shutil.move(key, tmp_path / "key")
    try:
        for lang, words in (("en", "put it back from its copy"), ("zh", "请从备份恢复")):
            ran = arrears("record", "status", "--home", kept.home, lang=lang)
            assert ran.status == 1 and words in ran.out and "Nothing is wrong" not in ran.out and "未发现异常" not in ran.out, ran
        shutil.move(record, tmp_path / "record")
        assert arrears("record", "init", "--home", kept.home, "--origin", "new.example/record").status == 0, "what the sentence says to do"
        assert arrears("record", "integrate", "--home", kept.home).status == 0
        assert verified("log", places_of(kept.home).log, "--key", key_of(kept.home)).returncode == 0
    finally:
        if (tmp_path / "record").exists():
            shutil.rmtree(record)
            shutil.move(tmp_path / "record", record)
        shutil.move(tmp_path / "key", key)


def test_status_says_since_when_nobody_watches_while_entries_wait(kept, monkeypatch):
    from arrears.work import recording

    look(places_of(kept.home), 1_760_000_000_000_000, Limits(), Waiting())
    backlog = recording.Backlog(2, time.time_ns() // 1000, recording.backlog().placed)
    monkeypatch.setattr(recording, "backlog", lambda: backlog)
    for lang, silent, well in (("en", "Nobody has watched it since 2025-10-09T08:53:20Z", "Nothing is wrong"), ("zh", "自 2025-10-09T08:53:20Z 起无人监控", "未发现异常")):
        ran = arrears("record", "status", "--home", kept.home, lang=lang)
        assert ran.status == 0 and silent in ran.out and well not in ran.out, ran
    monkeypatch.setattr(recording, "backlog", lambda: recording.Backlog(0, None, backlog.placed))
    assert "Nothing is wrong" in arrears("record", "status", "--home", kept.home).out


def test_a_log_that_is_lost_is_told_from_one_that_was_never_made_and_comes_back_as_is_said(kept, tmp_path):
    places = places_of(kept.home)
    root = json.loads(arrears("record", "status", "--home", kept.home, "--json").out)["root"]
    shutil.move(places.log, tmp_path / "log")
    try:
        for words in (("status",), ("integrate",), ("mend",), ("checkpoint",)):
            ran = arrears("record", *words, "--home", kept.home)
            assert ran.status == 2 and "log is gone" in ran.error and f"--origin {ORIGIN}" in ran.error and "存证日志缺失" in ran.error and "no record yet" not in ran.error, ran
        assert arrears("record", "init", "--home", kept.home, "--origin", ORIGIN).status == 0
        assert arrears("record", "integrate", "--home", kept.home).status == 0
        assert json.loads(arrears("record", "status", "--home", kept.home, "--json").out)["root"] == root
    finally:
        shutil.rmtree(places.log, ignore_errors=True)
        shutil.move(tmp_path / "log", places.log)
    shutil.move(places.log / "keys", tmp_path / "keys")
    try:
        ran = arrears("record", "status", "--home", kept.home)
        assert ran.status == 2 and "put it back from a copy" in ran.error and "init" not in ran.error, ran
    finally:
        shutil.move(tmp_path / "keys", places.log / "keys")


def test_what_was_done_is_integrated_proven_and_verified_by_the_self_contained_file(kept, lender, tmp_path):
    number = done(kept, lender)
    waits = json.loads(arrears("record", "status", "--home", kept.home, "--json").out)
    assert waits["waiting"] >= 1 and waits["waiting_since"]
    early = arrears("record", "prove", number, "--home", kept.home, "--lender", lender, "--out", tmp_path / "early.json")
    assert early.status == 2 and "run arrears record integrate" in early.error and "请先运行" in early.error
    ran = arrears("record", "integrate", "--home", kept.home)
    assert ran.status == 0 and "under a signed checkpoint" in ran.out
    ran = arrears("record", "prove", number, "--home", kept.home, "--lender", lender, "--out", tmp_path / "proof.json")
    assert ran.status == 0 and "verify.py bundle" in ran.out and "No witness has cosigned" in ran.out
    judged = verified("bundle", tmp_path / "proof.json", "--key", key_of(kept.home))
    assert judged.returncode == 0 and "team.create" in judged.stdout and lender in judged.stdout, judged
    assert (tmp_path / "proof.json").stat().st_mode & 0o777 == 0o600
    index = json.loads((tmp_path / "proof.json").read_text())["proof"].split("\n")[1].removeprefix("index ")
    assert arrears("record", "prove", "--index", index, "--home", kept.home, "--lender", lender, "--out", tmp_path / "picked.json").status == 0
    assert (tmp_path / "picked.json").read_text() == (tmp_path / "proof.json").read_text()
    whole = verified("log", places_of(kept.home).log, "--key", key_of(kept.home))
    assert whole.returncode == 0, whole.stdout
    assert arrears("record", "verify", "log", places_of(kept.home).log, "--key", key_of(kept.home)).status == 0
    after = arrears("record", "status", "--home", kept.home, lang="zh")
    assert after.status == 0 and "没有待写入的内容" in after.out and "未发现异常" in after.out and "没有见证方" in after.out


def test_a_bundle_is_never_written_over_and_an_unknown_entry_is_refused(kept, lender, tmp_path):
    number = done(kept, lender)
    arrears("record", "integrate", "--home", kept.home)
    (tmp_path / "there.json").write_text("mine")
    at = ("--home", kept.home, "--lender", lender)
    assert "is there already" in arrears("record", "prove", number, *at, "--out", tmp_path / "there.json").error
    assert (tmp_path / "there.json").read_text() == "mine"
    for what in (("999999999",), (str(uuid4()),), ("--index", "999999999"), ("--payment", "nothing"), ("--source", "night/2020-01-01/00")):
        ran = arrears("record", "prove", *what, *at, "--out", tmp_path / "x.json")
        assert ran.status == 2 and "no such entry that may be proven here" in ran.error and "没有可在此出具证明的条目" in ran.error, what
    assert not (tmp_path / "x.json").exists()


WRONG = {
    "nothing to prove": (("prove",), "say one thing to prove", "请指明一项"),
    "two things to prove": (("prove", "1", "--payment", "p"), "say one thing to prove", "请指明一项"),
    "a loan without its night": (("prove", "1", "--loan", "L1"), "--loan goes with --night", "--loan 须与"),
    "a night without its book": (("prove", "--night", "2026-10-31"), "a night with its --book", "夜批须指明 --book"),
    "no number": (("prove", "abc"), "no number and no id of an Entry", "既不是编号也不是标识"),
    "no day": (("prove", "--night", "31.10.2026", "--book", "b"), "--night", "--night"),
    "a field without a file": (("prove", "1", "--open", "note"), "NAME=FILE", "名称=文件"),
    "a field with no such file": (("prove", "1", "--open", "note=/nowhere/x"), "cannot be read as text", "无法以文本读取"),
    "lines that are not there": (("checkpoint", "--add", "/nowhere/lines"), "cannot be read", "无法读取"),
    "no authority": (("stamp",), "name the time-stamping authority", "请指明时间戳服务"),
    "no contract": (("anchor", "--url", "http://127.0.0.1:1", "--account-key", "k"), "--contract", "--contract"),
    "nothing to resume": (("resume", "--reason", "test"), "nothing is lost", "无需 resume"),
    "an unknown account": (("prove", "1", "--as", "nobody"), "there is no such account", "没有此账号"),
}


@pytest.mark.parametrize("name", WRONG)
def test_every_wrong_call_has_its_sentence_in_both_languages(kept, lender, name):
    words, en, zh = WRONG[name]
    for lang, first in (("en", en), ("zh", zh)):
        ran = arrears("record", words[0], "--home", kept.home, *words[1:], *(("--lender", lender) if words[0] in ("prove", "resume") else ()), lang=lang)
        assert ran.status == 2 and first in ran.error.splitlines()[0] and en in ran.error and zh in ran.error, ran


@pytest.mark.parametrize("words", [("status",), ("integrate",), ("checkpoint",), ("mend",), ("key", "show"), ("key", "rotate"), ("watch",), ("stamp", "--url", "http://127.0.0.1:1", "--certificate", "x")])
def test_without_a_log_every_command_says_how_one_is_made(work, tmp_path, words, monkeypatch):
    monkeypatch.setattr(record_keeping, "places_of", lambda home: places_of(tmp_path))
    for command in (words,):
        ran = arrears("record", *command, "--home", work.home)
        assert ran.status == 2 and "arrears record init" in ran.error and "尚未建立存证" in ran.error, ran


@pytest.mark.parametrize("words", [("init", "--origin", "a.example"), ("status",), ("integrate",), ("checkpoint",), ("mend",), ("key", "show"), ("watch",), ("resume", "--reason", "x"), ("prove", "1"), ("collect", "--book", "b")])
def test_a_wrong_home_is_refused_and_nothing_is_made(tmp_path, words):
    ran = arrears("record", *words, "--home", tmp_path / "nowhere")
    assert ran.status == 2 and "there is no such home" in ran.error and not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "x" * 256])
def test_an_origin_that_names_nothing_is_refused(tmp_path, origin):
    ran = arrears("record", "init", "--home", tmp_path, "--origin", origin)
    assert ran.status == 2 and "cannot name a log" in ran.error and not places_of(tmp_path).key.exists()


def test_a_missing_or_open_key_is_refused(kept):
    key = places_of(kept.home).key
    aside = key.with_name("aside")
    os.replace(key, aside)
    try:
        ran = arrears("record", "integrate", "--home", kept.home)
        assert ran.status == 2 and "record.key" in ran.error and "签名私钥" in ran.error
    finally:
        os.replace(aside, key)
    key.chmod(0o644)
    try:
        assert "chmod 600" in arrears("record", "integrate", "--home", kept.home).error
    finally:
        key.chmod(0o600)


def test_while_another_goes_on_with_the_log_one_waits_and_then_says_so(kept, lender, monkeypatch):
    monkeypatch.setattr(record_keeping, "_PATIENCE_SECONDS", 0.3)
    done(kept, lender)
    with Log.open(places_of(kept.home).log, open_key(places_of(kept.home).key)):
        ran = arrears("record", "integrate", "--home", kept.home)
    assert ran.status == 2 and "another process" in ran.error and "另一" in ran.error
    assert arrears("record", "integrate", "--home", kept.home).status == 0


def test_a_flipped_bit_is_told_by_status_found_by_verify_and_mended_with_the_damaged_file_kept(kept, lender):
    places = places_of(kept.home)
    done(kept, lender)
    arrears("record", "integrate", "--home", kept.home)
    whole = arrears("record", "mend", "--home", kept.home)
    assert whole.status == 0 and "nothing was changed" in whole.out
    tile = max((places.log / "tile" / "0").rglob("*"), key=lambda path: (path.is_file(), path.stat().st_mtime_ns))
    was = tile.read_bytes()
    tile.write_bytes(was[:-1] + bytes([was[-1] ^ 8]))
    name = tile.relative_to(places.log).as_posix()
    assert look(places, kept.now, Limits(), Waiting(), whole=True).raised
    ran = arrears("record", "status", "--home", kept.home)
    assert ran.status == 1 and f"WRONG: {name} was changed" in ran.out and "Still provable:" in ran.out
    zh = arrears("record", "status", "--home", kept.home, lang="zh")
    assert zh.status == 1 and f"异常：{name} 内容被改动" in zh.out and "仍可证明：" in zh.out
    judged = verified("log", places.log, "--key", key_of(kept.home))
    assert judged.returncode == 1 and name in judged.stdout
    mended = arrears("record", "mend", "--home", kept.home)
    assert mended.status == 0 and name in mended.out and "are kept in" in mended.out, mended
    assert tile.read_bytes() == was
    evidence = next(places.log.parent.glob("damaged-*"))
    assert (evidence / name).read_bytes() != was
    shutil.rmtree(evidence)
    assert arrears("record", "status", "--home", kept.home).status == 0
    assert verified("log", places.log, "--key", key_of(kept.home)).returncode == 0


def test_a_damaged_file_of_keys_is_put_back_from_a_copy_and_a_refused_mend_leaves_nothing(kept):
    places = places_of(kept.home)
    was = (places.log / "keys").read_bytes()
    (places.log / "keys").write_bytes(b'"nonsense"\n')
    try:
        for words in (("integrate",), ("mend",)):
            ran = arrears("record", *words, "--home", kept.home)
            assert ran.status == 2 and "put it back from a copy" in ran.error and "副本恢复" in ran.error and "record mend" not in ran.error, ran
        assert list(places.log.parent.glob("damaged-*")) == []
    finally:
        (places.log / "keys").write_bytes(was)
    assert arrears("record", "mend", "--home", kept.home).status == 0 and list(places.log.parent.glob("damaged-*")) == []


def test_mend_says_what_lies_in_the_folder_and_is_no_part_of_the_log(kept):
    stray = places_of(kept.home).log / "notes.txt"
    stray.write_text("mine")
    try:
        ran = arrears("record", "mend", "--home", kept.home)
        assert ran.status == 0 and "WRONG: notes.txt: is not part of the log" in ran.out, ran
        assert arrears("record", "status", "--home", kept.home).status == 1
    finally:
        stray.unlink()
    assert "notes.txt" not in arrears("record", "mend", "--home", kept.home).out and arrears("record", "status", "--home", kept.home).status == 0


def test_mend_before_an_older_database_accuses_nobody_and_says_resume(kept, lender, monkeypatch):
    from arrears.work import recording

    done(kept, lender)
    arrears("record", "integrate", "--home", kept.home)
    size = recording.backlog().placed
    monkeypatch.setattr(recording, "backlog", lambda: recording.Backlog(0, None, size - 1))
    ran = arrears("record", "mend", "--home", kept.home)
    assert ran.status == 2 and "older backup of the database was put back" in ran.error and "arrears record resume" in ran.error and "removed" not in ran.error and "较旧的备份" in ran.error, ran


def test_a_damaged_checkpoint_is_told_by_status_without_any_monitor(kept):
    path = places_of(kept.home).log / "checkpoint"
    was = path.read_bytes()
    path.write_bytes(was[:-10])
    try:
        ran = arrears("record", "status", "--home", kept.home)
        assert ran.status == 1 and "WRONG: checkpoint" in ran.out
    finally:
        path.write_bytes(was)


def test_a_rotated_key_signs_on_and_both_are_shown(kept, lender, tmp_path):
    first = key_of(kept.home)
    ran = arrears("record", "key", "rotate", "--home", kept.home)
    assert ran.status == 0 and "trust --rotation" in ran.out
    done(kept, lender)
    assert arrears("record", "integrate", "--home", kept.home).status == 0
    shown = arrears("record", "key", "show", "--home", kept.home).out.split()
    assert shown[0] == first and shown[-1] == ran.out.split()[0] and len(set(shown)) == len(shown)
    assert verified("log", places_of(kept.home).log, "--key", first).returncode == 0
    assert "新旧密钥" in arrears("record", "key", "rotate", "--home", kept.home, lang="zh").out


def test_a_witness_cosigns_by_http_and_by_files(kept, lender, tmp_path):
    places = places_of(kept.home)
    with witnessed(kept, tmp_path) as witness:
        done(kept, lender)
        ran = arrears("record", "integrate", "--home", kept.home)
        assert ran.status == 0 and "cosigned" in ran.out, ran
        said = json.loads(arrears("record", "status", "--home", kept.home, "--json").out)
        assert said["witnesses"][0]["size"] == said["size"] and said["alerts"] == []
        done(kept, lender)
        witness.kill()
        ran = arrears("record", "integrate", "--home", kept.home)
        assert ran.status == 0 and "does not answer" in ran.out
        lines = tmp_path / "lines"
        cosigned = witness.run("cosign", "--log", str(places.log), "--out", str(lines))
        assert cosigned.returncode == 0, cosigned.stderr
        added = arrears("record", "checkpoint", "--add", lines, "--home", kept.home)
        assert added.status == 0 and "is cosigned by" in added.out, added
        assert witness.vkeys[0].split("+")[0] in arrears("record", "checkpoint", "--home", kept.home).out
        number = done(kept, lender)
        arrears("record", "integrate", "--home", kept.home)
        proven = arrears("record", "prove", number, "--home", kept.home, "--lender", lender, "--out", tmp_path / "late.json", lang="zh")
        assert proven.status == 0 and "尚无见证方联署" in proven.out
        judged = verified("bundle", tmp_path / "late.json", "--key", key_of(kept.home))
        assert judged.returncode == 0


def test_a_witness_that_saw_another_history_is_an_alert_that_says_so_with_exit_status_1(kept, lender, tmp_path):
    with witnessed(kept, tmp_path) as witness:
        with Log.open(places_of(kept.home).log) as log:
            size = log.size
        with Log.create(tmp_path / "other", open_key(places_of(kept.home).key)) as other:
            other.extend(bytes(32) * (size + 100))
            other.publish()
        assert witness.run("cosign", "--log", str(tmp_path / "other"), "--out", str(tmp_path / "lines")).returncode == 0
        done(kept, lender)
        ran = arrears("record", "integrate", "--home", kept.home)
        assert ran.status == 1 and "does not continue that" in ran.out, ran
        status = arrears("record", "status", "--home", kept.home, lang="zh")
        assert status.status == 1 and "异常：见证方" in status.out and "请先查明" in status.out, status


def test_an_integration_by_hand_ends_the_alert_that_integration_had_halted(kept):
    tell(places_of(kept.home), [Finding("integrate", "backlog", "integration has halted: x", "写入已停止：x", "all", "全部")], kept.now)
    assert arrears("record", "status", "--home", kept.home).status == 1
    assert arrears("record", "integrate", "--home", kept.home).status == 0
    assert arrears("record", "status", "--home", kept.home).status == 0


def test_a_fork_that_was_told_makes_status_say_what_to_do(kept):
    tell(places_of(kept.home), [Finding("fork:w.example", "fork", "witness w.example: refused", "见证方 w.example：拒绝", "older stays", "此前仍有效")], kept.now)
    ran = arrears("record", "status", "--home", kept.home)
    assert ran.status == 1 and "WRONG: witness w.example: refused" in ran.out and "Still provable: older stays" in ran.out


def test_the_programs_for_strangers_are_written_whole_and_never_over_a_file(tmp_path):
    for words, name, source in ((("--out",), "verify.py", "verify.py"), (("--witness", "--out"), "witness.py", "witness.py")):
        ran = arrears("record", "verifier", *words, tmp_path / name)
        assert ran.status == 0 and "in one file" in ran.out
        assert (tmp_path / name).read_bytes() == VERIFY.with_name(source).read_bytes()
        assert "is there already" in arrears("record", "verifier", *words, tmp_path / name).error
    assert "独立核验程序" in arrears("record", "verifier", "--out", tmp_path / "zh.py", lang="zh").out
    assert subprocess.run([sys.executable, "-I", tmp_path / "witness.py", "--help"], capture_output=True, timeout=60).returncode == 0


def test_verify_and_witness_are_passed_on_whole(tmp_path):
    wrong = arrears("record", "verify", "log", tmp_path / "nowhere", "--key", "x", lang=None)
    assert wrong.status == 2
    made = arrears("record", "witness", "init", "--name", "w.example/one", "--state", tmp_path / "state", lang=None)
    assert made.status == 0 and "w.example/one" in made.out


def test_an_erased_entry_says_that_it_cannot_be_opened_and_where_it_stands(kept):
    from arrears.work.queries.leaves import OpenLeaf

    with pytest.raises(Refused) as refused:
        record_proofs.bundle_of(kept.home, OpenLeaf(uuid4(), "entry", None, None, 7, True, bytes(32)), None)
    assert "entry 7 of the log, commitment " + "00" * 32 in refused.value.en and "日志第 7 条" in refused.value.zh and "cannot be opened any more" in refused.value.en


def test_a_payment_that_was_taken_in_is_proven(kept, tmp_path):
    nights = NightBook(tmp_path / "book", f"bank-{uuid4().hex[:12]}")
    nights.night([debtor("A", Loan("A1", owed=300), held_by="zhang", payments=(("P-7", "A1", AS_OF, 1234, None),))])
    taken = arrears("intake", "--home", kept.home, "--book", nights.root, "--as-of", AS_OF)
    assert taken.status == 0 and "but the book is not in the record" in taken.error, "a night written by hand says nothing of its inputs"
    arrears("record", "integrate", "--home", kept.home)
    ran = arrears("record", "prove", "--payment", "P-7", "--home", kept.home, "--lender", nights.lender, "--out", tmp_path / "payment.json")
    assert ran.status == 0, ran
    judged = verified("bundle", tmp_path / "payment.json", "--key", key_of(kept.home))
    assert judged.returncode == 0 and "P-7" in judged.stdout and "1234" in judged.stdout.replace(",", "")


@pytest.mark.parametrize(("what", "en", "zh"), [(("--payment", "P-0"), "payments of cases alone", "只含案件的还款"), (("999999999",), "Log of actions (/entries)", "“操作日志”页"), (("--index", "999999999"), "counted from 0", "自 0 起"), (("--source", "x"), "record collect", "record collect")])
def test_what_cannot_be_proven_is_refused_with_where_it_would_be(kept, lender, what, en, zh):
    ran = arrears("record", "prove", *what, "--home", kept.home, "--lender", lender)
    assert ran.status == 2 and en in ran.error and zh in ran.error and (what[0] == "--source" or "record collect" not in ran.error), ran


def test_commands_that_are_printed_can_be_run_as_they_stand(tmp_path):
    assert record_words.interpreter("/a/env/bin/python", Path("/a")) == "env/bin/python" and record_words.interpreter("/usr/bin/python3", Path("/a")) == "/usr/bin/python3"
    folder = tmp_path / "two words"
    said = record_words.demo_lines("en", "", "", "k", folder / "log", VERIFY, folder / "proof.json")[-1].partition("then run ")[2]
    words = shlex.split(said)
    assert words[1:3] == [str(VERIFY), "log"] and words[3] == str(folder / "log")
    assert subprocess.run([words[0], "-I", words[1], "--help"], capture_output=True, timeout=60).returncode == 0
    assert "Run: python3 " in record_words.program_lines(Path("v.py"), False, "en")[0]
    assert f"--home '{folder}'" in record_words.begun_lines(folder, ORIGIN, "k", True, "en")[-1]


def test_what_an_alert_says_to_run_names_the_home_that_was_asked_for():
    said = "a: arrears record mend; arrears record checkpoint --add FILE; arrears record init --home 'x y'，再 arrears record integrate，"
    assert record_words.with_home(said, Path("/x y")) == "a: arrears record mend --home '/x y'; arrears record checkpoint --home '/x y' --add FILE; arrears record init --home 'x y'，再 arrears record integrate --home '/x y'，"


def test_one_is_not_said_as_several_and_nothing_is_not_said_as_destroyed():
    assert record_words.collected_lines("b", {"night": 1, "load": 2}, "en") == ["b: into the record: 1 night, 2 loads"]
    none, some = ("\n".join(people_words.closed_lines({"book": count}, "en")) for count in (0, 2))
    assert "no night keeps anything of this person" in none and "destroyed" not in none and "2 secrets are destroyed" in some
    assert people_words.closed_lines({"book": 0}, "zh") == ["book：没有夜批保存此人的任何内容"]


def test_help_of_anchor_names_the_extra_whole():
    assert "arrears[evm]" in arrears("record", "anchor", "--help", lang=None).out.replace("\n", "")


def test_a_withheld_field_is_opened_to_whoever_brings_the_very_words(kept, tmp_path):
    world = World(kept)
    done_by_scene(kept, world.call("contact_point.add", {"party": world.debtor.id, "kind": "phone", "value": "19912340001"}))
    with kept.writing(world.lender):
        number = Entry.objects.filter(lender=world.lender, verb="contact_point.add").values_list("number", flat=True)[0]
    arrears("record", "integrate", "--home", kept.home)
    (tmp_path / "right").write_text("19912340001\n", encoding="utf-8")
    (tmp_path / "wrong").write_text("19912340002\n", encoding="utf-8")
    at = ("record", "prove", number, "--home", kept.home, "--lender", world.lender, "--out", tmp_path / "opened.json")
    refused = arrears(*at, "--open", f"value={tmp_path / 'wrong'}")
    assert refused.status == 2 and "not what was written" in refused.error and not (tmp_path / "opened.json").exists()
    ran = arrears(*at, "--open", f"value={tmp_path / 'right'}")
    assert ran.status == 0 and "and the fields named" in ran.out and "19912340001" not in (tmp_path / "opened.json").read_text(encoding="utf-8")
    assert verified("bundle", tmp_path / "opened.json", "--key", key_of(kept.home), "--field", f"value={tmp_path / 'right'}").returncode == 0
    assert verified("bundle", tmp_path / "opened.json", "--key", key_of(kept.home), "--field", f"value={tmp_path / 'wrong'}").returncode == 1


def test_who_is_erased_can_be_proven_no_more_neither_by_an_entry_nor_by_a_night_and_the_log_stays_true(kept, tmp_path):
    lender = lender_made(kept, "bank")
    officer, made = account_made(kept, lender, "data_officer").name, case_made(kept, lender, Person("debtor", **ZHANG), **LONG_AGO)
    borrower, folder = rows(lender, "Case", id=made.case)[0].borrower_id, tmp_path / "book"
    folder.mkdir()
    (folder / "loans.parquet").touch()
    book = store.book_at(folder)
    gone, other = slots_of(book, pl.Series("borrower_id", [borrower, "another"]))
    arrears("record", "integrate", "--home", kept.home)
    said = ["person", "erase", "--as", officer, "--case", made.case, "--identity-by", "in_person", "--home", kept.home]
    before = CliRunner().invoke(cli.app, [*map(str, said), "--lang", "zh"], input="本人申请\n")
    assert before.exit_code == 0 and "仍可凭账册打开" in before.stdout and secret_at(book, gone) is not None, before
    closed = CliRunner().invoke(cli.app, ["retention", "run", "--lender", lender, "--apply", "--book", str(folder), "--home", str(kept.home), "--json"])
    assert closed.exit_code == 0 and json.loads(closed.stdout)["rows_closed"] == {str(folder): 1}
    assert secret_at(book, gone) is None and secret_at(book, other) is not None
    arrears("record", "integrate", "--home", kept.home)
    assert verified("log", places_of(kept.home).log, "--key", key_of(kept.home)).returncode == 0


def test_help_is_there_for_every_command_in_both_languages():
    for words in (("record",), ("record", "key"), *(("record", name) for name in "init status integrate collect checkpoint prove verifier watch stamp anchor mend resume".split())):
        ran = arrears(*words, "--help", lang=None)
        assert ran.status == 0 and any("一" <= sign <= "鿿" for sign in ran.out), words
