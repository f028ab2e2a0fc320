"""A disk that is full or read-only, with a real small file system: the log is as before, says so in words, and goes on when there is room."""

import os
import resource
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from arrears.record.append import Log
from arrears.record.key_change import open_log
from arrears.record.signing_key import make_key
from arrears.refusal import DiskFull, Refused
from record import logs


@contextmanager
def small_disk(folder: Path, size: str):
    """A file system of its own of that size. Without the right to mount: skipped in words, and failed for root where CI says that everything is checked."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, text=True)
    if done.returncode != 0:
        if os.environ.get("CI") == "true" and os.geteuid() == 0:
            pytest.fail(f"a full disk cannot be made here: {done.stderr}")
        pytest.skip(f"NOT CHECKED: no right to mount a small disk, so a full and a read-only one were not tried ({done.stderr.strip()})")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def as_before(folder: Path, size: int) -> None:
    """The log opens for a reader, at that size, with everything in its place."""
    reader = Log.open(folder)
    assert reader.size == size and reader.checkpoint().root == logs.root_of(size)
    assert reader.commitments(0, size) == logs.entries(0, size)
    assert logs.files_of(size).items() <= logs.tiles_in(folder).items()


def test_a_full_disk_is_told_at_whatever_step_and_the_log_goes_on_when_there_is_room(tmp_path):
    with small_disk(tmp_path / "disk", "2m") as disk:
        key = make_key(tmp_path / "key", logs.ORIGIN, logs.NOW)
        log = Log.create(disk / "log", key)
        log.extend(logs.entries(0, 300))
        log.publish()
        size, told = 300, set()
        for more, room in [(5, pages) for pages in range(7)] * 4 + [(600, pages) for pages in range(0, 26, 2)]:
            ballast = disk / "ballast"
            with open(ballast, "wb", buffering=0) as file, suppress(OSError):
                while file.write(bytes(4096)):
                    pass
            os.truncate(ballast, max(0, ballast.stat().st_size - 4096 * room))
            expected = size + more
            try:
                log.extend(logs.entries(size, size + more))
                log.publish()
                size += more
            except DiskFull as refusal:
                place = Path(refusal.en.split(": ")[0]).relative_to(disk / "log").parts[0]
                told.add(place)
                expected = size + more if place == "checkpoint" else size  # signed into the history: to be put in place by the next writer
                assert "no room" in refusal.en and "磁盘空间不足" in refusal.zh
                as_before(disk / "log", size)
            ballast.unlink()
            log.close()
            log = Log.open(disk / "log", key)
            assert log.size == expected
            size = expected
        assert {"tile", "checkpoint"} <= told, f"only {told} were ever without room"
        log.extend(logs.entries(size, size + 300))
        assert log.publish().root == logs.root_of(size + 300)
        as_before(disk / "log", size + 300)
        log.close()


def test_an_extension_that_found_no_room_can_be_tried_again_with_the_same_log(tmp_path):
    with small_disk(tmp_path / "disk", "200k") as disk:
        key = make_key(tmp_path / "key", logs.ORIGIN, logs.NOW)
        with Log.create(disk / "log", key) as log:
            log.extend(logs.entries(0, 100))
            log.publish()
            (disk / "ballast").write_bytes(bytes(140 * 1024))
            with pytest.raises(DiskFull):
                log.extend(logs.entries(100, 5000))
            assert log.size == 100 and log.root(100) == logs.root_of(100)
            (disk / "ballast").unlink()
            log.extend(logs.entries(100, 700))
            assert log.publish().root == logs.root_of(700)


@pytest.mark.parametrize("most", [300, 900, 3000, 8191, 8700])
def test_a_file_that_may_not_grow_is_told_as_no_room(tmp_path, most):
    """The limit of a process on the size of its files, so that writing stops inside a tile, a note or the history; without any right to mount."""
    log, _ = logs.grown(tmp_path, 40)
    log.close()
    child = """
import resource, signal, sys
from hashlib import sha256
from pathlib import Path
from arrears.record.key_change import open_log
from arrears.refusal import DiskFull
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open_log(Path(sys.argv[1]), Path(sys.argv[2])) as log:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
    try:
        while True:
            log.extend(b"".join(sha256(str(one).encode()).digest() for one in range(log.size, log.size + 60)))
            log.publish()
            print(log.size, flush=True)
    except DiskFull as problem:
        print(problem.zh)
"""
    done = subprocess.run([sys.executable, "-c", child, str(tmp_path / "log"), str(tmp_path / "key"), str(most)], capture_output=True, text=True, check=True)
    *published, said = done.stdout.splitlines()
    assert "磁盘空间不足" in said
    size = int(published[-1]) if published else 40
    as_before(tmp_path / "log", size)
    with open_log(tmp_path / "log", tmp_path / "key") as again:
        assert again.size == size
        again.extend(logs.entries(size, size + 400))
        assert again.publish().root == logs.root_of(size + 400)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY and signal.getsignal(signal.SIGXFSZ) is not None


def test_a_read_only_disk_serves_readers_and_refuses_the_writer_in_words(tmp_path):
    with small_disk(tmp_path / "disk", "400k") as disk:
        key = make_key(tmp_path / "key", logs.ORIGIN, logs.NOW)
        with Log.create(disk / "log", key) as log:
            log.extend(logs.entries(0, 600))
            log.publish()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        as_before(disk / "log", 600)
        reader = Log.open(disk / "log")
        assert reader.inclusion(5, 600) and reader.consistency(100, 600)
        for act in (lambda: Log.open(disk / "log", key), lambda: Log.create(disk / "other", key)):
            with pytest.raises(Refused) as refusal:
                act()
            assert "cannot be written" in refusal.value.en and "无法写入" in refusal.value.zh


def test_a_log_whose_disk_became_read_only_keeps_what_it_had(tmp_path):
    with small_disk(tmp_path / "disk", "400k") as disk:
        key = make_key(tmp_path / "key", logs.ORIGIN, logs.NOW)
        with Log.create(disk / "log", key) as log:
            log.extend(logs.entries(0, 600))
            log.publish()
        (tmp_path / "view").mkdir()
        subprocess.run(["mount", "--bind", str(disk), str(tmp_path / "view")], check=True)
        try:
            log = Log.open(tmp_path / "view" / "log", key)
            os.close(log._lock)  # its handle alone would keep the system from making the disk read-only
            log._lock = None
            subprocess.run(["mount", "-o", "remount,ro,bind", str(tmp_path / "view")], check=True)
            for act in (lambda: log.extend(logs.entries(600, 900)), lambda: (log.extend(logs.entries(600, 610)), log.publish())):
                with pytest.raises(Refused) as refusal:
                    act()
                assert "cannot be written" in refusal.value.en
            as_before(tmp_path / "view" / "log", 600)
        finally:
            subprocess.run(["umount", "-l", str(tmp_path / "view")], check=True)
