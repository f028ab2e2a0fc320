"""A writer that is killed, anywhere: the last published checkpoint stands and is provable, all it covers is there, and the sequence goes on.

300 real processes are killed at random moments (3,000 with ARREARS_LONG_FAULTS=1); one more is killed at every single call that changes the disk. Then the rest of an unfinished writing is
cut and scrambled, as a power cut would leave it.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from arrears.record import notes, verify
from arrears.record.append import Log
from arrears.record.key_change import open_log
from arrears.record.signing_key import open_key, successor_path
from arrears.record.tiles import DamagedFile
from record import logs, plain_tree

KILLS = 3000 if os.environ.get("ARREARS_LONG_FAULTS") == "1" else 300
SEED = 20261130


@contextmanager
def server(folder: Path):
    """The forking server of growing.py for the log in the folder."""
    with subprocess.Popen([sys.executable, str(Path(__file__).with_name("growing.py")), str(folder / "log"), str(folder / "key")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        try:
            yield process
        finally:
            process.stdin.close()
            process.wait(60)


def ordered(process: subprocess.Popen, order: str) -> int:
    process.stdin.write(order + "\n")
    process.stdin.flush()
    word, number = process.stdout.readline().split()
    assert word == "process"
    return int(number)


def said(process: subprocess.Popen) -> tuple[list[tuple[int, bytes]], int]:
    """What the process published, and its exit status (negative: the signal that killed it)."""
    published = []
    while True:
        line = process.stdout.readline()
        word, *rest = line.split()
        if word == "ended":
            return published, int(rest[0])
        assert word == "published", line
        published.append((int(rest[0]), bytes.fromhex(rest[1])))


class Known:
    """What a stranger who looks after every kill has seen of the log: it never sees two stories."""

    def __init__(self, folder: Path):
        self.folder, self.peaks, self.lines = folder, plain_tree.Peaks(), 0
        self.size, self.root = 0, self.peaks.root()

    def look(self, published: list[tuple[int, bytes]]) -> None:
        """The log opens for a writer; holds every checkpoint that was said to be published; everything new is there, provable, and continues what was seen."""
        with open_log(self.folder / "log", self.folder / "key") as log:
            history = logs.notes_in(self.folder / "log")
            checkpoint = log.checkpoint()
            assert set(published) <= {(size, root) for _, size, root in history}, "a published checkpoint is lost"
            assert (logs.ORIGIN, checkpoint.size, checkpoint.root) == history[-1] and log.size == checkpoint.size
            assert checkpoint.size >= self.size and len(history) >= self.lines
            assert plain_consistent(self.size, checkpoint.size, log.consistency(self.size, checkpoint.size), self.root, checkpoint.root)
            self._walk(log, history[self.lines:])
            for index in {0, checkpoint.size - 1, random.randrange(checkpoint.size)} if checkpoint.size else ():
                assert plain_tree.climbed(logs.leaf(index), index, checkpoint.size, log.inclusion(index, checkpoint.size)) == checkpoint.root
        self.size, self.root, self.lines = checkpoint.size, checkpoint.root, len(history)

    def _walk(self, log: Log, new: list[tuple[str, int, bytes]]) -> None:
        """Every new entry is the one of its number, and every new checkpoint has the root of its size by the plain tree."""
        assert log.commitments(self.peaks.size, log.size) == logs.entries(self.peaks.size, log.size)
        for origin, size, root in new:
            assert origin == logs.ORIGIN and size >= self.peaks.size
            while self.peaks.size < size:
                self.peaks.add(logs.leaf(self.peaks.size))
            assert self.peaks.root() == root
        assert self.peaks.size == log.size


def plain_consistent(old: int, new: int, proof: list[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the proof is the one of the definition between the two trees of known entries; for large ones, whether it leads to both roots."""
    if old in (0, new):
        return proof == [] and (old == 0 or old_root == new_root)
    if new < 1500:
        return proof == plain_tree.proof(old, [logs.leaf(number) for number in range(new)])
    from arrears.record.proofs import is_consistent
    return is_consistent(old, new, proof, old_root, new_root)


def all_there(folder: Path) -> None:
    """Every file that the newest checkpoint covers has the bytes of the definition, and nothing of a killed writer is left beside them."""
    size = logs.notes_in(folder / "log")[-1][1]
    expected, found = logs.files_of(size), logs.tiles_in(folder / "log")
    assert expected.items() <= found.items()
    for name, content in found.items():
        if name not in expected:
            tile, _, width = name.partition(".p/")
            assert width and tile not in expected, f"{name} belongs to no checkpoint"
            whole = next(value for other, value in expected.items() if other.startswith(f"{tile}.p/"))
            assert whole.startswith(content) and int(width) < 256
    first = logs.json.loads((folder / "log" / "keys").read_text(encoding="utf-8").split("\n")[0])
    stranger = subprocess.run([sys.executable, verify.__file__, "log", str(folder / "log"), "--key", first], capture_output=True, text=True)
    assert stranger.returncode == 0, stranger.stdout + stranger.stderr
    assert {path.name for path in (folder / "log").iterdir()} <= {"checkpoint", "checkpoints", "keys", "lock", "tile"}


def test_a_writer_killed_at_random_moments_loses_nothing_that_was_published(tmp_path):
    log, _ = logs.new_log(tmp_path)
    begun = time.monotonic()
    log.extend(logs.entries(0, 90))
    log.publish()
    longest = min(0.2, max(0.08, 3 * (time.monotonic() - begun)))  # on a busy machine the writers get as far
    log.close()
    dice, known, kills = random.Random(SEED), Known(tmp_path), 0
    with server(tmp_path) as process:
        for round_number in range(KILLS):
            child = ordered(process, f"grow {SEED + round_number}")
            time.sleep(dice.random() * longest)
            os.kill(child, signal.SIGKILL)
            published, status = said(process)
            kills += status == -signal.SIGKILL
            known.look(published)
            if round_number % 100 == 0:
                all_there(tmp_path)
    all_there(tmp_path)
    assert kills == KILLS
    assert known.size > 256 * 4 and len(logs.notes_in(tmp_path / "log")) > KILLS / 10, "the writers got somewhere"
    assert open_key(tmp_path / "key").public == notes.read_vkey(open_key(tmp_path / "key").vkey)


@pytest.mark.parametrize("mode", ["before", "half"])
def test_a_writer_killed_at_every_single_change_of_the_disk_loses_nothing_that_was_published(tmp_path, mode):
    """The same step is begun again and again, killed one change later each time, until it comes through; each time from the state that the kill before left."""
    log, _ = logs.grown(tmp_path, 100)
    log.close()
    known, number, status = Known(tmp_path), 0, -signal.SIGKILL
    with server(tmp_path) as process:
        while status == -signal.SIGKILL:
            number += 1
            ordered(process, f"step {number} {mode}")
            published, status = said(process)
            known.look(published)
        assert status == 0
    all_there(tmp_path)
    assert number > (10 if mode == 'half' else 60) and not successor_path(tmp_path / "key").exists()


def test_what_a_power_cut_leaves_of_an_unfinished_writing_is_no_part_of_the_log(tmp_path):
    """Tiles beyond the checkpoint cut, emptied and scrambled, and a last line of the history that is half-written or noise; the next writer goes on all the same."""
    log, key = logs.grown(tmp_path, 40, 300)
    log.close()
    dice = random.Random(SEED)
    known = Known(tmp_path)
    for _ in range(30):
        with Log.open(tmp_path / "log", key) as log:
            published, before = log.size, logs.tiles_in(log.folder)
            history = (log.folder / "checkpoints").read_bytes()
            log.extend(logs.entries(log.size, log.size + dice.choice([5, 300, 700]), "lost"))
            log._put_in_place = power_goes
            with pytest.raises(KeyboardInterrupt):
                log.publish()
        for name, content in logs.tiles_in(tmp_path / "log").items():
            if name not in before:
                spoiled = dice.choice([content, content[:len(content) // 2], b"", dice.randbytes(len(content)), bytes(len(content))])
                (tmp_path / "log" / name).write_bytes(spoiled)
        (tmp_path / "log" / "tile" / "0" / "000.tmp-new").write_bytes(b"half")
        line = history.split(b"\n")[-2]
        (tmp_path / "log" / "checkpoints").write_bytes(history + dice.choice([b"", line[:-3], line[:1], bytes(200), dice.randbytes(150), dice.randbytes(50) + b"\n" + dice.randbytes(50)]))
        (tmp_path / "log" / "checkpoint.tmp-new").write_bytes(b"half a note")
        assert Log.open(tmp_path / "log").size == published, "a reader is not disturbed"
        known.look([])
        assert known.size == published and (tmp_path / "log" / "checkpoints").read_bytes().startswith(history)
        with Log.open(tmp_path / "log", key) as log:
            log.extend(logs.entries(log.size, log.size + dice.choice([1, 30, 256])))
            signed = log.publish()
        known.look([(signed.size, signed.root)])
    assert len(logs.notes_in(tmp_path / "log")) == 33
    (tmp_path / "log" / "tile" / "0" / "000.tmp-new").unlink()
    all_there(tmp_path)


def test_a_reader_finds_a_whole_log_at_every_moment_of_a_writers_work(tmp_path):
    """A process grows the log and changes its key all the while; whoever opens it meanwhile can prove the newest entry and the first, and sizes never fall."""
    log, _ = logs.new_log(tmp_path)
    log.close()
    seen = [0]
    with server(tmp_path) as process:
        child = ordered(process, f"grow {SEED}")
        begun = time.monotonic()
        while time.monotonic() < begun + 2 or (len(set(seen)) < 4 and time.monotonic() < begun + 60):
            reader = Log.open(tmp_path / "log")
            seen.append(reader.size)
            for index in {0, reader.size - 1} if reader.size else ():
                assert reader.commitments(index, index + 1) == logs.entry(index)
                assert plain_tree.climbed(logs.leaf(index), index, reader.size, reader.inclusion(index, reader.size)) == reader.checkpoint().root
        os.kill(child, signal.SIGKILL)
        said(process)
    assert seen == sorted(seen) and len(set(seen)) >= 4


def test_a_checkpoint_that_was_signed_into_the_history_and_not_put_in_place_is_put_there_by_the_next_writer(tmp_path):
    log, key = logs.grown(tmp_path, 40)
    old = (log.folder / "checkpoint").read_bytes()
    log.extend(logs.entries(40, 300))
    signed = log.publish()
    log.close()
    (tmp_path / "log" / "checkpoint").write_bytes(old)
    assert Log.open(tmp_path / "log").size == 40, "a reader believes the file"
    with Log.open(tmp_path / "log", key) as again:
        assert again.checkpoint() == signed
    assert (tmp_path / "log" / "checkpoint").read_text() == signed.note


def test_a_history_that_was_cut_or_changed_before_its_end_is_refused_with_its_name(tmp_path):
    log, key = logs.grown(tmp_path, 40, 300)
    log.close()
    path = tmp_path / "log" / "checkpoints"
    lines = path.read_bytes().splitlines(keepends=True)
    foreign = logs.make_key(tmp_path / "f", logs.ORIGIN, logs.NOW)
    text = notes.checkpoint_text(logs.ORIGIN, 301, b"x" * 32)
    own = notes.checkpoint_text(logs.ORIGIN, 300, b"x" * 32)
    back = notes.checkpoint_text(logs.ORIGIN, 299, b"x" * 32)
    for content in (b"".join(lines[:-1]), b"".join(lines)[:-4], b"", lines[0] + lines[1] + lines[2].replace(b"300", b"301"), b"".join(lines) + line_of(text, foreign), b"".join(lines) + line_of(own, key), b"".join(lines) + line_of(back, key)):
        path.write_bytes(content)
        with pytest.raises(DamagedFile) as refusal:
            Log.open(tmp_path / "log", key)
        assert refusal.value.file == "checkpoints" and "mend" in refusal.value.en
        assert path.read_bytes() == content
    path.write_bytes(lines[0] + lines[1][:20] + b"\n" + lines[2])
    with Log.open(tmp_path / "log", key) as again, pytest.raises(DamagedFile, match="line 2 is damaged"):
        list(again.checkpoints())


def test_a_signed_end_of_the_history_that_does_not_continue_the_current_checkpoint_is_refused_though_its_tiles_are_there(tmp_path):
    """Another log of the same key, with other entries, whose files and last line were brought in: its tree is whole, and it is another history."""
    log, key = logs.grown(tmp_path, 40)
    log.close()
    with Log.create(tmp_path / "other", key) as other:
        other.extend(logs.entries(0, 300, "other"))
        signed = other.publish()
    with open(tmp_path / "log" / "checkpoints", "ab") as file:
        file.write(line_of(signed.body, key))
    shutil.rmtree(tmp_path / "log" / "tile")
    shutil.copytree(tmp_path / "other" / "tile", tmp_path / "log" / "tile")
    with pytest.raises(DamagedFile, match="does not continue") as refusal:
        Log.open(tmp_path / "log", key)
    assert refusal.value.file == "checkpoints"
    assert b"\n40\n" in (tmp_path / "log" / "checkpoint").read_bytes()


def power_goes(signed) -> None:
    """Before the checkpoint is signed into the history."""
    raise KeyboardInterrupt


def line_of(text: str, key) -> bytes:
    from arrears.record.history import line
    return line(f"{text}\n{key.sign(text)}\n")
