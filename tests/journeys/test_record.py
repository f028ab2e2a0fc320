"""The record as an operator and an auditor live with it: a night is taken in, one decision of it is proven to strangers; the server is killed and started again;
a byte is changed, found, and mended; another home's record is another."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import polars as pl
import pytest

from arrears.record import verify
from arrears.record.places import places_of
from postgres.clusters import new_home, without_addresses

ARREARS = [sys.executable, "-c", "from arrears.cli import main; main()"]
LANG = {**os.environ, "PYTHONUNBUFFERED": "1"}
PATIENCE = 60
VERIFY = Path(verify.__file__)


def run(*words: object, status: int = 0) -> str:
    done = subprocess.run([*ARREARS, *map(str, words)], capture_output=True, text=True, timeout=600, env=LANG)
    assert done.returncode == status, (words, done.stdout, done.stderr)
    return done.stdout + done.stderr


def verified(program: Path, *words: object, status: int = 0) -> str:
    """What the verifier says, from a folder that holds nothing else and without this program in reach."""
    done = subprocess.run([sys.executable, "-I", program, *map(str, words)], capture_output=True, text=True, timeout=120, cwd=program.parent, env={"PATH": os.environ["PATH"]})
    assert done.returncode == status, (words, done.stdout, done.stderr)
    return done.stdout


def until(holds, what: str):
    """What it gives once it holds; fails after a minute."""
    for _ in range(PATIENCE * 10):
        if found := holds():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {PATIENCE} s")


class Server:
    """arrears serve in a process group of its own."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.home = home

    def start(self) -> "Server":
        self.process = subprocess.Popen([*ARREARS, "serve", "--home", str(self.home), "--bind", f"127.0.0.1:{self.port}", "--workers", "1", "--lang", "en"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        until(self.answers, "the server answers")
        return self

    def answers(self) -> bool:
        assert self.process.poll() is None, self.process.stderr.read()
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5).read() == b"ok\n"
        except OSError:
            return False

    def members(self) -> list[int]:
        """The processes of the group that run."""
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                text = path.read_text().rpartition(")")[2].split()
            except (OSError, ValueError):
                continue
            if int(text[2]) == self.process.pid and text[0] != "Z":
                found.append(int(path.parent.name))
        return found

    def job(self) -> int | None:
        """The process that keeps the record, once it has begun to watch."""
        return next((pid for pid in self.members() if b"--beside" in Path(f"/proc/{pid}/cmdline").read_bytes()), None)

    def end(self, how: int) -> str:
        """Everything of the server is gone within a minute; what it said."""
        self.process.send_signal(how)
        said = "".join(self.process.communicate(timeout=PATIENCE))
        until(lambda: not self.members(), "nothing of the server is left")
        return said


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A home with one night taken in and a record that was begun, and the book; its database runs while the tests do."""
    book = tmp_path_factory.mktemp("record") / "book"
    with without_addresses(), new_home() as home:
        run("generate", "--loans", 20, "--as-of", "2026-10-31", "--out", book)
        run("night", "--book", book, "--as-of", "2026-10-31")
        run("vault", "init", "--home", home)
        run("db", "upgrade", "--home", home)
        run("record", "init", "--home", home, "--origin", "bank.example/record")
        told = run("intake", "--book", book, "--as-of", "2026-10-31", "--home", home, "--lang", "en")
        assert "into the record: 2 law packs, 1 night" in told, told
        run("account", "create", "auditor", "--role", "auditor", "--home", home)
        run("record", "integrate", "--home", home)
        yield home, book


def key_of(home: Path) -> str:
    return json.loads((places_of(home).log / "keys").read_text(encoding="utf-8").splitlines()[0])


def size(home: Path) -> int:
    """Entries under the newest checkpoint."""
    return int((places_of(home).log / "checkpoint").read_text(encoding="utf-8").splitlines()[1])


def state(home: Path, status: int = 0) -> dict:
    return json.loads(run("record", "status", "--home", home, "--json", status=status))


def test_a_single_decision_of_a_night_is_proven_and_one_changed_letter_is_false(kept, tmp_path):
    home, book = kept
    shutil.copy(VERIFY, tmp_path)
    loan = pl.read_parquet(book / "loans.parquet")["loan_id"][0]
    told = run("record", "prove", "--night", "2026-10-31", "--loan", loan, "--book", book, "--home", home, "--out", tmp_path / "decision.json", "--lang", "zh")
    assert "证明包" in told and "verify.py bundle" in told
    judged = verified(tmp_path / "verify.py", "bundle", "decision.json", "--key", key_of(home), "--lang", "zh")
    assert loan in judged and "属实" in judged
    bundle = json.loads((tmp_path / "decision.json").read_text(encoding="utf-8"))
    bundle["row"]["content"] = bundle["row"]["content"].replace(loan, loan[:-1] + ("0" if loan[-1] != "0" else "1"))
    (tmp_path / "forged.json").write_text(json.dumps(bundle, ensure_ascii=False), encoding="utf-8")
    verified(tmp_path / "verify.py", "bundle", "forged.json", "--key", key_of(home), status=1)
    assert "NOBODY" in run("record", "prove", "--night", "2026-10-31", "--loan", "NOBODY", "--book", book, "--home", home, "--out", tmp_path / "nobody.json", status=2)
    assert not (tmp_path / "nobody.json").exists()


def test_the_server_keeps_the_record_and_leaves_nothing_when_it_is_killed_and_goes_on_when_it_is_started_again(kept):
    home, _ = kept
    before, server = size(home), Server(home).start()
    try:
        job = until(server.job, "the job beside the server")
        run("account", "reset", "auditor", "--reason", "lost", "--home", home)
        until(lambda: size(home) > before, "what was done is integrated by itself")
        os.kill(job, signal.SIGKILL)
        until(lambda: server.job() not in (None, job), "a killed job is started anew")
        server.end(signal.SIGKILL)
        run("account", "reset", "auditor", "--reason", "lost again", "--home", home)
        assert (told := state(home))["waiting"] > 0
        server.start()
        until(lambda: size(home) == told["size"] + told["waiting"], "the backlog is integrated after a restart")
    finally:
        said = server.end(signal.SIGTERM)
    assert "stopped; PostgreSQL keeps running" in said and "Traceback" not in said
    after = state(home)
    assert after["alerts"] == [] and after["waiting"] == 0 and after["monitor"]["reread_at"], after


def test_a_watch_finds_a_changed_byte_says_what_is_still_provable_ends_by_sigterm_and_it_is_mended(kept, tmp_path):
    home, _ = kept
    log = places_of(home).log
    shutil.copy(VERIFY, tmp_path)
    watch = subprocess.Popen([*ARREARS, "record", "watch", "--home", str(home), "--lang", "zh"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=LANG)
    try:
        looked = (home / "record" / "monitor.json").stat().st_mtime_ns if (home / "record" / "monitor.json").exists() else 0
        until(lambda: (home / "record" / "monitor.json").exists() and (home / "record" / "monitor.json").stat().st_mtime_ns > looked, "it watches")
        assert "already" in run("record", "watch", "--home", home, status=2)
        entries = max((path for path in (log / "tile" / "entries").rglob("*") if path.is_file()), key=lambda path: path.stat().st_mtime_ns)
        was = entries.read_bytes()
        entries.write_bytes(was[:20] + bytes([was[20] ^ 1]) + was[21:])
        name = entries.relative_to(log).as_posix()
        until(lambda: (home / "record" / "alerts.jsonl").exists() and '"kind": "tile"' in (home / "record" / "alerts.jsonl").read_text(encoding="utf-8"), "the flipped bit is found")
        found = [one for one in state(home, status=1)["alerts"] if one["kind"] == "tile" and name in one["en"]]
        assert "第 0 条" in found[0]["zh"] and "bundle" in found[0]["provable_en"]
        assert name in verified(tmp_path / "verify.py", "log", log, "--key", key_of(home), status=1)
        assert name in run("record", "mend", "--home", home)
        assert entries.read_bytes() == was
        until(lambda: '"cleared", "key": "integrate"' in (home / "record" / "alerts.jsonl").read_text(encoding="utf-8") or '"integrate"' not in (home / "record" / "alerts.jsonl").read_text(encoding="utf-8"), "integration goes on")
        assert state(home)["alerts"] == []
    finally:
        watch.send_signal(signal.SIGTERM)
        _, told = watch.communicate(timeout=PATIENCE)
    assert watch.returncode == 0 and f"异常：{name} 内容被改动" in told and "仍可证明：" in told and told.rstrip().endswith("已停止"), told
    verified(tmp_path / "verify.py", "log", log, "--key", key_of(home))
    assert run("record", "status", "--home", home, "--lang", "zh").count("未发现异常") == 1


def test_the_records_of_two_homes_do_not_know_each_other(kept, tmp_path):
    home, _ = kept
    other = tmp_path / "other"
    other.mkdir()
    run("record", "init", "--home", other, "--origin", "other.example/record")
    assert key_of(other) != key_of(home)
    shutil.copy(VERIFY, tmp_path)
    verified(tmp_path / "verify.py", "log", places_of(other).log, "--key", key_of(home), status=1)
    verified(tmp_path / "verify.py", "log", places_of(other).log, "--key", key_of(other))
    with new_home() as second:
        shutil.copytree(places_of(home).log, places_of(second).log)
        (second / "keys").mkdir(mode=0o700)
        shutil.copy(places_of(home).key, places_of(second).key)
        run("db", "upgrade", "--home", second)
        told = run("record", "integrate", "--home", second, status=2)
        assert "it is older than the log" in told and "数据库比日志旧" in told and re.search(r"arrears record resume", told)
