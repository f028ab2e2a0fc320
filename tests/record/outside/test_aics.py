"""A log of ours read by aics-tlog, and cosigned by aics-witness over HTTP: packages that implement the same C2SP specifications in Python and share nothing with this project."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arrears.record import proofs
from arrears.record.append import Log
from arrears.record.notes import COSIGNATURE, is_signed_by, read_note, read_vkey
from arrears.record.settings import Witness
from arrears.record.signing_key import make_key, open_key
from arrears.record.witnessing import Fork, submit
from record.programs_beside import missing

INSTALLED = Path(__file__).resolve().parents[3] / ".venv" / "outside" / "python"
ORIGIN = "lender.example/record"
SIZES = (1, 2, 255, 256, 257, 700, 5000, 66_000)


@pytest.fixture(scope="module")
def outside() -> dict[str, str]:
    """The environment in which the other implementation is found."""
    if not (INSTALLED / "aics_tlog").is_dir():
        missing(f"{INSTALLED}: aics-tlog and aics-witness are not installed, so they read nothing; run: make test")
    return {**os.environ, "PYTHONPATH": str(INSTALLED)}


@pytest.fixture
def witness(outside, tmp_path):
    """A running aics-witness that trusts the log's key, as our settings would name it."""
    key = make_key(tmp_path / "key", ORIGIN, 0)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def speak(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "aics_witness", *arguments]

    (tmp_path / "witness").mkdir()
    outside = {**outside, "AICS_WITNESS_CONFIG": str(tmp_path / "witness" / "witness.json")}
    vkey = subprocess.run(speak("init", "--name", "bank.example/w1"), env=outside, check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run(speak("add-log", "--origin", ORIGIN, "--vkey", key.vkey), env=outside, check=True, capture_output=True)
    with open(tmp_path / "witness.out", "wb") as out, subprocess.Popen(speak("serve", "--listen", f"127.0.0.1:{port}"), env=outside, stdout=out, stderr=out) as running:
        try:
            listens(port, running)
            yield Witness((read_vkey(vkey),), f"http://127.0.0.1:{port}")
        finally:
            running.send_signal(signal.SIGTERM)


@pytest.fixture
def ours(tmp_path):
    """A running witness of ours that trusts the log's key: its address and its Ed25519 key."""
    key = make_key(tmp_path / "key", ORIGIN, 0)
    program, state = Path(proofs.__file__).with_name("witness.py"), tmp_path / "state"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    keys = subprocess.run([sys.executable, program, "init", "--state", state, "--name", "bank.example/ours"], check=True, capture_output=True, text=True).stdout.split()
    subprocess.run([sys.executable, program, "trust", "--state", state, "--log", key.vkey], check=True, capture_output=True)
    with open(tmp_path / "ours.out", "wb") as out, subprocess.Popen([sys.executable, program, "serve", "--state", state, "--listen", f"127.0.0.1:{port}"], stdout=out, stderr=out) as running:
        try:
            listens(port, running)
            yield f"http://127.0.0.1:{port}", next(one for one in keys if read_vkey(one).type == COSIGNATURE)
        finally:
            running.send_signal(signal.SIGTERM)


def listens(port: int, running: subprocess.Popen) -> None:
    until = time.monotonic() + 60
    while running.poll() is None and time.monotonic() < until:
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
    pytest.fail("the witness does not listen")


def grow(log: Log, history: int, size: int) -> None:
    log.extend(random.Random(history).randbytes(32 * size)[32 * log.size:])
    log.publish()


def test_every_tile_entry_and_checkpoint_of_ours_is_true_to_another_reader(outside, tmp_path):
    key = make_key(tmp_path / "key", ORIGIN, 0)
    with Log.create(tmp_path / "log", key) as log:
        for size in SIZES:
            grow(log, 1, size)
    read = [sys.executable, Path(__file__).with_name("read_by_aics.py"), tmp_path / "log", key.vkey]
    said = json.loads(subprocess.run(read, env=outside, check=True, capture_output=True, text=True).stdout)
    assert said == {"ok": True, "size": 66_000, "root": log.root(66_000).hex(), "witnesses": [], "tiles": 258 + 2 + 1, "bundles": 258, "checkpoints": [True] * (1 + len(SIZES)), "cosigned": 0}
    for name in ("tile/0/001", "tile/entries/200", "tile/1/000", "tile/2/000.p/1", "checkpoint"):
        content = (tmp_path / "log" / name).read_bytes()
        (tmp_path / "log" / name).write_bytes(content[:20] + bytes([content[20] ^ 1]) + content[21:])
        ran = subprocess.run(read, env=outside, capture_output=True, text=True)
        assert ran.returncode != 0 or not json.loads(ran.stdout)["ok"], name
        (tmp_path / "log" / name).write_bytes(content)


def test_another_witness_cosigns_what_we_publish_and_its_line_is_true_to_us_and_to_the_other_reader(outside, witness, tmp_path):
    key = open_key(tmp_path / "key")
    now = time.time_ns() // 1000
    with Log.create(tmp_path / "log", key) as log:
        for size in SIZES[:6]:
            grow(log, 1, size)
            assert len(submit(log, witness, now)) == 1
            assert is_signed_by(read_note(log.checkpoint().note), witness.keys[0])
        grow(log, 1, 800)
        grow(log, 1, 5000)
        assert len(submit(log, witness, now)) == 1
        assert submit(log, witness, now) == []
    said = json.loads(subprocess.run([sys.executable, Path(__file__).with_name("read_by_aics.py"), tmp_path / "log", key.vkey, witness.keys[0].vkey], env=outside, check=True, capture_output=True, text=True).stdout)
    assert (said["witnesses"], said["cosigned"], all(said["checkpoints"])) == (["bank.example/w1"], 7, True)


def test_another_witness_s_refusal_of_a_rewritten_or_an_older_log_is_heard_as_a_fork(witness, tmp_path):
    key = open_key(tmp_path / "key")
    now = time.time_ns() // 1000
    with Log.create(tmp_path / "log", key) as log:
        grow(log, 1, 700)
        submit(log, witness, now)
    for name, history, size in (("rewritten", 2, 900), ("of the same size", 2, 700), ("older", 1, 300)):
        with Log.create(tmp_path / name, key) as log:
            grow(log, history, size)
            with pytest.raises(Fork):
                submit(log, witness, now)
            assert len(read_note(log.checkpoint().note).signatures) == 1
    with Log.open(tmp_path / "log", key) as log:
        grow(log, 1, 701)
        assert len(submit(log, witness, now)) == 1


def test_our_witness_answers_another_s_client_and_refuses_it_a_fork(outside, ours, tmp_path):
    """Another root at the witness's own size is 409 in tlog-witness 1.0 and 422 in 1.1; both are refusals."""
    key, (url, vkey) = open_key(tmp_path / "key"), ours

    def submitted(folder: Path) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, Path(__file__).with_name("submit_by_aics.py"), folder, url, vkey], env=outside, capture_output=True, text=True)

    with Log.create(tmp_path / "log", key) as log:
        for size in (1, 255, 257, 700, 66_000):
            grow(log, 1, size)
            ran = submitted(log.folder)
            assert ran.returncode == 0, ran.stdout + ran.stderr
            assert is_signed_by(read_note(ran.stdout), read_vkey(vkey)) and is_signed_by(read_note(ran.stdout), key.public)
    for name, history, size, refusal in (("rewritten", 2, 66_100, "WitnessRejected 422"), ("of the same size", 2, 66_000, ("WitnessRejected 409", "WitnessRejected 422")), ("older", 1, 300, "WitnessAhead")):
        with Log.create(tmp_path / name, key) as log:
            grow(log, history, size)
        ran = submitted(tmp_path / name)
        assert ran.returncode == 3 and ran.stdout.startswith(refusal), (name, ran.stdout, ran.stderr)
