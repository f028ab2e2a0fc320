"""A small log as the guide for auditors has it: 600 entries, twelve checkpoints, a witness, one bundle; and the ways to spoil it that the guide shows. Made by the writer, the witness and the verifier as they are."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from arrears.record.append import Log
from arrears.record.bundle import bundle
from arrears.record.hashing import commitment
from arrears.record.signing_key import make_key, open_key

SOURCE = Path(__file__).parents[2] / "src/arrears/record"
ORIGIN, WITNESS, NOW = "bank-a.example/record", "witness.partner.example", 1_793_500_000_000_000
ENTRIES, EACH, PROMISE = 600, 50, 417
NOTE = "客户表示本周五发工资后还款"


@dataclass(frozen=True)
class Sample:
    """Where everything lies: the folder of the log, the files with the keys, the bundle of entry PROMISE, the words of its note, a checkpoint that was kept from earlier."""

    folder: Path

    def __getattr__(self, name: str) -> Path:
        return self.folder / {"log": "LOG", "key": "log.vkey", "witness": "witness.vkey", "bundle": "bundle.json", "note": "note.txt", "other": "other.vkey", "seen": "kept-checkpoint"}[name]


def made(folder: Path) -> Sample:
    """The sample, whole and true."""
    sample = Sample(folder)
    key = make_key(folder / "record.key", ORIGIN, NOW)
    sample.key.write_text(key.vkey + "\n")
    sample.other.write_text(make_key(folder / "other.key", ORIGIN, NOW).vkey + "\n")
    _witness(folder, "init", "--name", WITNESS)
    keys = [line for line in _witness(folder, "show").splitlines() if line.startswith(WITNESS + "+")]
    sample.witness.write_text(keys[0] + "\n")
    _witness(folder, "trust", "--log", sample.key.read_text().strip())
    content, salt, field_salt = _promise()
    with Log.create(sample.log, key) as log:
        for one in keys:
            log.add_witness(one)
        _grow(log, {PROMISE: commitment(salt, content)})
        shutil.copy(sample.log / "checkpoint", sample.seen)
        _witness(folder, "cosign", "--log", str(sample.log), "--out", str(folder / "cosigned"))
        log.add_signatures(ENTRIES, [line for line in (folder / "cosigned").read_text().splitlines() if line.startswith("— " + WITNESS)])
        made = bundle(log, PROMISE, content, salt, field_salts={"note": field_salt})
    sample.note.write_text(NOTE, encoding="utf-8")
    sample.bundle.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return sample


def ask(*words: object) -> subprocess.CompletedProcess:
    """verify.py run as an auditor runs it."""
    return subprocess.run([sys.executable, SOURCE / "verify.py", *map(str, words)], capture_output=True, text=True)


def _witness(folder: Path, *words: str) -> str:
    ran = subprocess.run([sys.executable, SOURCE / "witness.py", *words, "--state", folder / "witness", "--lang", "en"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def _grow(log: Log, instead: dict[int, bytes], change: int | None = None) -> None:
    """ENTRIES made-up commitments, a checkpoint after every EACH; change: the entry that is another."""
    for start in range(0, ENTRIES, EACH):
        log.extend(b"".join(instead.get(number, hashlib.sha256(f"{number}{'x' if number == change else ''}".encode()).digest()) for number in range(start, start + EACH)))
        log.publish()


def _promise() -> tuple[str, bytes, bytes]:
    """Content and salt of an entry in which a promise was taken by telephone, and the salt of its note."""
    salt, field_salt = hashlib.sha256(b"salt").digest(), hashlib.sha256(b"field salt").digest()
    withheld = hashlib.sha256(b"arrears field v1\n" + field_salt + json.dumps(NOTE, ensure_ascii=False).encode()).hexdigest()
    content = {"kind": "entry", "lender": "bank-a", "entry": "5d0c0d5e-7f43-4a34-9d0a-2f6f1a1f7b0d", "number": 4711, "case": "0b9e8a52-54b6-4a0e-9c55-3b5f5fd2c1aa", "at": "2026-11-02T02:14:05.000000Z",
               "actor": "c4b1ba4e-3a77-4a7e-8a52-6f3e2d1c0b9a", "actor_name": "li.na", "roles": ["collector"], "via": "web", "verb": "promise.take", "purpose": None,
               "parameters": {"amount_minor": 50000, "loan_id": "L1042", "pay_by_on": "2026-11-06"}, "result": {}, "policies": ["collector-promise"], "refused": False, "key": None, "changes": [], "withheld": {"note": withheld}}
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")), salt, field_salt


def _flip(path: Path, offset: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(bytes(content))


def _lines(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def _rewritten(log: Path) -> None:
    """What an operator does who has the key and cannot get the witness: another entry 200, everything signed anew."""
    shutil.rmtree(log)
    with Log.create(log, open_key(log.parent / "record.key")) as other:
        _grow(other, {}, change=200)


SPOILT: dict[str, tuple[str, str, Callable[[Path], None]]] = {
    "entry": ("one bit of an entry flipped", "一条记录翻转一位", lambda log: _flip(log / "tile/entries/001", 34 * 44 + 10)),
    "tile": ("one bit of a tile flipped", "分块文件翻转一位", lambda log: _flip(log / "tile/0/000", 32 * 7)),
    "missing": ("a tile removed", "删除一个分块文件", lambda log: (log / "tile/0/001").unlink()),
    "cut": ("a file of entries cut", "截短一个条目文件", lambda log: (log / "tile/entries/002.p/88").write_bytes((log / "tile/entries/002.p/88").read_bytes()[:-40])),
    "checkpoint": ("a figure of the newest checkpoint changed", "改动最新检查点中的一个数字", lambda log: (log / "checkpoint").write_text((log / "checkpoint").read_text().replace("\n600\n", "\n601\n"))),
    "history": ("the last two lines of the history removed", "删去检查点历史的末两行", lambda log: _lines(log / "checkpoints", lambda lines: lines[:-2])),
    "order": ("two lines of the history exchanged", "调换检查点历史的两行", lambda log: _lines(log / "checkpoints", lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]])),
    "stray": ("a file laid into the folder", "在文件夹中放入一个文件", lambda log: (log / "note.txt").write_text("see attached\n")),
    "rewritten": ("entry 200 replaced and everything signed anew by the operator", "运营者替换第 200 条并全部重签", _rewritten),
}
"""By name: what was done, in both languages, and how."""
