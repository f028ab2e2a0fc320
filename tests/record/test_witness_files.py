"""A witness without a network cosigns from the log's files alone; keys that change are trusted by the chain that vouches for them."""

import base64
import json
import os
import shutil
import subprocess
import sys

import pytest

from record.small_log import SmallLog, leaves
from record.witness_process import WitnessProcess, ask, verified

SIZES = [1, 2, 255, 256, 257, 512, 600, 65_536, 65_793]


@pytest.fixture
def log():
    return SmallLog(leaves(300))


@pytest.fixture
def witness(tmp_path, log):
    made = WitnessProcess(tmp_path / "witness").trust(log)
    yield made
    made.kill()


def test_the_proof_is_made_of_the_tiles_whatever_the_sizes(tmp_path, log, witness):
    entries = leaves(max(SIZES))
    for size in SIZES:
        log.entries = entries[:size]
        told = witness.run("cosign", "--log", str(log.write(tmp_path / "log")))
        assert told.returncode == 0, (size, told.stderr)
        note = (tmp_path / "log" / "checkpoint").read_text(encoding="utf-8")
        assert told.stdout.startswith(note) and len(told.stdout.splitlines()) == 7
        for line, vkey in zip(told.stdout.splitlines()[-2:], witness.vkeys, strict=True):
            assert verified(line, vkey, note) > 0
    assert "it has seen 65,793 entries" in witness.run("status").stdout


def test_the_lines_go_to_a_file_and_asking_again_gives_them_again(tmp_path, log, witness):
    for _ in range(2):
        told = witness.run("cosign", "--log", str(log.write(tmp_path / "log")), "--out", str(tmp_path / "lines"))
        assert (told.returncode, told.stdout) == (0, f"{tmp_path / 'lines'}: 300 entries of {log.origin} cosigned; give this file to the lender\n")
        assert verified((tmp_path / "lines").read_text().splitlines()[-1], witness.vkeys[1], log.checkpoint()) > 0


@pytest.mark.parametrize("words", [("show",), ("status",), ("cosign", "--log", "log")])
def test_a_reader_that_leaves_early_gets_no_word_and_the_same_status(tmp_path, log, witness, words):
    log.write(tmp_path / "log")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-I", str(witness.program), *words, "--state", str(witness.state)], cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, timeout=60)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_rewrite_and_an_older_backup_are_refused_from_files_too(tmp_path, log, witness):
    assert witness.run("cosign", "--log", str(log.write(tmp_path / "log"))).returncode == 0
    shorter = SmallLog(leaves(200), log.key)
    told = witness.run("cosign", "--log", str(shorter.write(tmp_path / "shorter")))
    assert told.returncode == 1 and "has seen 300 entries" in told.stderr and "见证方已见" in told.stderr and told.stdout == ""
    assert witness.run("status").returncode == 0, "an older checkpoint may be a stale copy, and is no evidence"
    rewritten = SmallLog([*leaves(7), *leaves(400, "other")], log.key)
    told = witness.run("cosign", "--log", str(rewritten.write(tmp_path / "rewritten")), "--out", str(tmp_path / "lines"))
    assert told.returncode == 1 and "rewritten" in told.stderr and not (tmp_path / "lines").exists()
    told = witness.run("status")
    assert told.returncode == 1 and "EVIDENCE" in told.stdout
    assert witness.run("evidence", str(witness.evidence()[0]), "--log", log.vkey).returncode == 0


@pytest.mark.parametrize("harm", ["gone", "cut", "no checkpoint", "no log", "not UTF-8", "unknown key"])
def test_a_folder_that_is_not_whole_is_refused_and_nothing_is_signed(tmp_path, log, witness, harm):
    assert witness.run("cosign", "--log", str(log.write(tmp_path / "log"))).returncode == 0
    log.entries = leaves(700)
    folder = log.write(tmp_path / "log")
    if harm == "gone":
        (folder / "tile/0/001").unlink()
    elif harm == "cut":
        (folder / "tile/0/001").write_bytes((folder / "tile/0/001").read_bytes()[:-1])
    elif harm == "no checkpoint":
        (folder / "checkpoint").unlink()
    elif harm == "no log":
        shutil.rmtree(folder)
    elif harm == "not UTF-8":
        (folder / "checkpoint").write_bytes(b"\xff")
    else:
        SmallLog(log.entries).write(folder)
    told = witness.run("cosign", "--log", str(folder))
    assert told.returncode == (1 if harm == "unknown key" else 2) and told.stdout == "" and "Traceback" not in told.stderr and len(told.stderr.splitlines()) in (1, 2), told.stderr
    assert "it has seen 300 entries" in witness.run("status").stdout


def test_a_changed_tile_is_told_and_no_longer_held_against_the_log_once_it_is_whole_again(tmp_path, log, witness):
    assert witness.run("cosign", "--log", str(log.write(tmp_path / "log"))).returncode == 0
    log.entries = leaves(700)
    tile = log.write(tmp_path / "log") / "tile/0/001"
    tile.write_bytes(tile.read_bytes()[:-1] + b"?")
    assert witness.run("cosign", "--log", str(tmp_path / "log")).returncode == 1 and witness.run("status").returncode == 1
    log.write(tmp_path / "log")
    assert witness.run("cosign", "--log", str(tmp_path / "log")).returncode == 0 and witness.run("status").returncode == 0


def test_an_old_state_that_was_put_back_is_noticed_by_the_logs_own_history(tmp_path, log, witness):
    old = shutil.copytree(witness.state, tmp_path / "old")
    cosigned = witness.run("cosign", "--log", str(log.write(tmp_path / "log"))).stdout
    with (tmp_path / "log" / "checkpoints").open("a", encoding="utf-8") as file:
        file.write(json.dumps(cosigned, ensure_ascii=False) + "\n")
    log.entries = leaves(400)
    log.write(tmp_path / "log")
    shutil.rmtree(witness.state)
    shutil.copytree(old, witness.state)
    told = witness.run("cosign", "--log", str(tmp_path / "log"))
    assert told.returncode == 1 and "an old backup of the state was put back" in told.stderr and told.stdout == ""


# keys that change


def rotation(old: SmallLog, new: SmallLog, size: int) -> str:
    body = f"arrears record key\n{old.origin}\n{size}\n{new.vkey}\n"
    return old.signed(body) + new.signature_line(body)


def test_two_keys_in_turn_are_trusted_by_the_chain_and_only_for_their_sizes(tmp_path, log, witness):
    second, third = SmallLog(leaves(700)), SmallLog(leaves(900))
    assert witness.run("cosign", "--log", str(log.write(tmp_path / "log"))).returncode == 0
    keys = [log.vkey, rotation(log, second, 300), rotation(second, third, 500)]
    port = witness.start()
    assert ask(port, third.request(300, 600))[0] == 403
    assert witness.run("cosign", "--log", str(third.write(tmp_path / "log", keys))).returncode == 0, "the folder's own chain is followed"
    log.entries, second.entries = leaves(1000), leaves(1000)
    for retired in (log, second):
        assert ask(port, retired.request(900))[0] == 403, "a retired key signs nothing larger"
    third.entries = leaves(1000)
    assert ask(port, third.request(900))[0] == 200
    told = witness.run("trust", "--rotation", str(tmp_path / "log" / "keys"))
    assert (told.returncode, told.stdout) == (0, "0 new keys are trusted\n"), "again changes nothing"


def test_a_rotation_alone_is_read_and_one_key_has_one_successor(tmp_path, log, witness):
    second, other = SmallLog(leaves(400)), SmallLog(leaves(400))
    (tmp_path / "rotation").write_text(rotation(log, second, 300), encoding="utf-8")
    assert witness.run("trust", "--rotation", str(tmp_path / "rotation")).stdout == "1 new keys are trusted\n"
    (tmp_path / "rotation").write_text(rotation(log, other, 300), encoding="utf-8")
    told = witness.run("trust", "--rotation", str(tmp_path / "rotation"))
    assert told.returncode == 2 and "replaced before by another" in told.stderr
    port = witness.start()
    assert ask(port, other.request(0))[0] == 403 and ask(port, second.request(0, 299))[0] == 403
    assert ask(port, log.request(0, 300))[0] == 200 and ask(port, second.request(300, 300))[0] == 200


@pytest.mark.parametrize("wrong", ["a stranger's", "without the new key", "changed", "of another log", "nonsense", "after more was seen"])
def test_a_rotation_that_is_not_vouched_for_is_not_trusted(tmp_path, log, witness, wrong):
    second = SmallLog(leaves(400))
    text = {"a stranger's": rotation(SmallLog(), second, 300), "changed": rotation(log, second, 300).replace("\n300\n", "\n301\n"), "of another log": rotation(SmallLog(origin="other.example"), SmallLog(origin="other.example"), 3),
            "nonsense": "what", "without the new key": log.signed(f"arrears record key\n{log.origin}\n300\n{second.vkey}\n"), "after more was seen": rotation(log, second, 299)}[wrong]
    assert witness.run("cosign", "--log", str(log.write(tmp_path / "log"))).returncode == 0
    (tmp_path / "rotation").write_text(text, encoding="utf-8")
    told = witness.run("trust", "--rotation", str(tmp_path / "rotation"))
    assert told.returncode == 2 and len(told.stderr.splitlines()) == 2 and "Traceback" not in told.stderr
    assert ask(witness.start(), second.request(300))[0] == 403


def test_a_second_key_of_a_log_may_be_trusted_by_hand_and_a_false_one_not(log, witness):
    second = SmallLog(leaves(400))
    (witness.folder / "second.vkey").write_text(second.vkey + "\n")
    assert witness.run("trust", "--log", str(witness.folder / "second.vkey")).stdout == second.origin + "\n"
    port = witness.start()
    assert ask(port, log.request(0, 10))[0] == 200 and ask(port, second.request(10))[0] == 200
    name, identity, material = log.vkey.split("+", 2)
    for vkey in (f"{name}+00000000+{material}", f"{name}x+{identity}+{material}", f"{name}+{identity}+{material[:-4]}", f"{name}+{identity}+{base64.b64encode(bytes(33)).decode()}", "no+key"):
        told = witness.run("trust", "--log", vkey)
        assert told.returncode == 2 and "Traceback" not in told.stderr, vkey
