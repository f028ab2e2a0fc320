"""The guide to the witness is true: its commands are those of the program and do what it says, its service starts as written, and what it quotes is said."""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from record.small_log import SmallLog, leaves
from record.witness_process import SOURCE, WitnessProcess, ask

GUIDE = (Path(__file__).parents[2] / "docs/guides/witness.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", GUIDE, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """What follows witness.py on each line of a shell."""
    return [shlex.split(line.split("witness.py ", 1)[1]) for kind, body in FENCES if kind == "sh" for line in body.splitlines() if "witness.py " in line and not line.startswith("sudo cp")]


@pytest.fixture
def witness(tmp_path):
    made = WitnessProcess(tmp_path / "witness", "witness.bank-b.example")
    yield made
    made.kill()


def test_every_command_is_one_of_the_program_and_all_are_told(witness):
    told = commands()
    assert {words[0] for words in told} == {"init", "trust", "serve", "status", "cosign", "evidence"} and "`show`" in GUIDE
    for words in told:
        known = set(re.findall(r"--[a-z]+", witness.run(words[0], "--help").stdout))
        assert {word for word in words if word.startswith("--")} <= known, words


def test_what_it_says_of_a_day_with_a_log_happens(tmp_path, witness):
    log = SmallLog(leaves(600), origin="bank-a.example/record")
    (tmp_path / "log.vkey").write_text(log.vkey + "\n")
    assert witness.run("trust", "--log", str(tmp_path / "log.vkey")).returncode == 0
    port = witness.start()
    assert ask(port, b"", path="/health", method="GET")[2] == "ok\n" and ask(port, log.request(0))[0] == 200
    quoted = re.search(r"^Of the log bank-a.*$", GUIDE, re.MULTILINE)[0]
    told = witness.run("status")
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    assert told.returncode == 0 and re.sub(moment, "", quoted) in re.sub(moment, "", told.stdout) and "Nothing is held against any log." in told.stdout
    assert ask(port, SmallLog(leaves(600, "other"), log.key, log.origin).request(0))[0] == 409
    told = witness.run("status")
    (path,) = witness.evidence()
    evidence = re.search(r"^EVIDENCE.*$", GUIDE, re.MULTILINE)[0]
    assert told.returncode == 1 and evidence.rpartition(": ")[0] in told.stdout and re.sub(r"[0-9a-f]{16}|\d{4}-\d\d-\d\dT\d{6}Z", "", evidence).rpartition(": ")[2] == re.sub(r"[0-9a-f]{16}|\d{4}-\d\d-\d\dT\d{6}Z", "", path.name)
    judged = witness.run("evidence", str(path), "--log", str(tmp_path / "log.vkey"))
    assert (judged.returncode, judged.stdout) == (0, "this file proves by itself that the log signed two histories\n") and judged.stdout.strip() in GUIDE
    path.rename(tmp_path / path.name)
    assert witness.run("status").returncode == 0
    witness.kill()
    successor = WitnessProcess(tmp_path / "successor", "witness2.bank-b.example")
    shutil.rmtree(successor.state / "logs")
    shutil.copytree(witness.state / "logs", successor.state / "logs")
    try:
        port = successor.start()
        assert ask(port, log.request(0)) == (409, "text/x.tlog.size", "600\n") and ask(port, log.request(600))[0] == 200, "its memory was carried over"
    finally:
        successor.kill()


def test_what_it_quotes_is_said_by_the_program():
    source = SOURCE.read_text(encoding="utf-8")
    for quoted in re.findall(r"^\| `([^`/]+)` \|", GUIDE.split("## 7")[1], re.MULTILINE):
        for part in re.split(r"…|300", quoted):
            assert part.strip(" ,") in source, part
    for kind in ("two roots for one size", "rewritten", "not shown to continue"):
        assert f"| {kind} |" in GUIDE and f'"{kind}"' in source
    assert "an old backup of the state was put back" in source and len(source.splitlines()) < 900


def test_the_unit_of_the_service_is_one(tmp_path):
    (unit,) = [body for kind, body in FENCES if kind == "ini"]
    read = configparser.ConfigParser(interpolation=None)
    read.optionxform = str
    read.read_string(unit)
    assert shlex.split(read["Service"]["ExecStart"])[3:] in commands_of("serve", "/var/lib/witness/state")
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: the unit was read, not verified")
    (tmp_path / "witness.service").write_text(unit.replace("/opt/witness/env/bin/python", "/bin/true"))
    told = subprocess.run(["systemd-analyze", "verify", "--man=no", str(tmp_path / "witness.service")], capture_output=True, text=True)
    assert "witness.service" not in told.stderr, told.stderr


def commands_of(name: str, state: str) -> list[list[str]]:
    return [[word if word != "state" else state for word in words] for words in commands() if words[0] == name]
