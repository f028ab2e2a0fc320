"""A night that is killed, crowded out or out of room: nothing half-done is ever seen, and it ends with the same bytes.

ARREARS_KILLS says how often to kill; the moments are drawn from a seed and spread over the run's own duration.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from random import Random

import polars as pl
import pytest

import plain_books as plain
from arrears import store
from arrears.twin.book import TABLES, blocks
from plain_books import arrears

AS_OF = date(2026, 6, 30)
EARLIER = date(2026, 5, 31)
KNOWN_AT = "2026-07-01T02:00:00+08:00"
KILLS = int(os.environ.get("ARREARS_KILLS", "25"))
SEED = 20261123
MAIN = """
import sys
from arrears import store
store.LOANS_A_PARTITION = 40
import arrears.cli, arrears.nightly.night
print("ready", flush=True)
sys.stdin.readline()
arrears.cli.main()
"""


def words(book: Path, day: date = AS_OF) -> list[str]:
    return ["night", "--book", str(book), "--as-of", str(day), "--known-at", KNOWN_AT]


def launched(book: Path, day: date = AS_OF) -> subprocess.Popen:
    """A night in a process of its own that imports all it needs and then waits for a word to begin."""
    return subprocess.Popen([sys.executable, "-c", MAIN, *words(book, day)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def begun(process: subprocess.Popen) -> subprocess.Popen:
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    process.stdin.write("begin\n")
    process.stdin.flush()
    return process


def started(book: Path, day: date = AS_OF) -> subprocess.Popen:
    return begun(launched(book, day))


def finished(process: subprocess.Popen) -> tuple[int, str]:
    out, error = process.communicate(timeout=120)
    return process.returncode, out + error


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> tuple[Path, float]:
    """A book with two nights done in peace, and how long the second of them took, with the store's laying-out."""
    book = tmp_path_factory.mktemp("peace") / "book"
    made = list(blocks(600, 8, AS_OF))
    plain.write_frames(book, {name: pl.concat([block[name] for block in made]) for name in TABLES})
    assert finished(started(book, EARLIER))[0] == 0
    shutil.rmtree(book / "store")
    process = started(book)
    from_now = time.monotonic()
    status, said = finished(process)
    assert status == 0, said
    assert len(list((book / "nights" / str(AS_OF) / "positions").iterdir())) == 16
    return book, time.monotonic() - from_now


@pytest.fixture
def book(undisturbed, tmp_path) -> Path:
    """The same book before its second night, nothing laid out."""
    copy = tmp_path / "here" / "book"
    shutil.copytree(undisturbed[0], copy, ignore=shutil.ignore_patterns("store", str(AS_OF)))
    return copy


def nights_of(book: Path) -> dict[str, bytes]:
    return plain.files_of(book / "nights")


def assert_whole_or_absent(book: Path, peace: Path) -> bool:
    """The night is there with every byte, or not at all; whether it is there."""
    visible = {name for name in os.listdir(book / "nights") if not name.startswith(".")}
    assert visible <= {str(EARLIER), str(AS_OF)}, visible
    assert plain.files_of(book / "nights" / str(EARLIER)) == plain.files_of(peace / "nights" / str(EARLIER))
    if str(AS_OF) not in visible:
        return False
    assert plain.files_of(book / "nights" / str(AS_OF)) == plain.files_of(peace / "nights" / str(AS_OF))
    return True


def assert_nothing_is_left_over(book: Path) -> None:
    assert sorted(os.listdir(book / "nights")) == [str(EARLIER), str(AS_OF)]
    manifest = store.read_manifest(store.book_at(book))
    kept = sorted(name for name in os.listdir(book / "store") if not name.endswith(".lock"))
    assert kept == sorted([manifest.snapshot, "manifest.json"]), kept
    assert not [name for name in plain.files_of(book) if "unfinished" in name]


def test_a_night_killed_at_any_moment_ends_with_the_same_bytes(undisturbed, book):
    peace, duration = undisturbed
    dice = Random(SEED)
    kills = rounds = 0
    spare = launched(book)
    while kills < KILLS:
        process, spare = begun(spare), launched(book)
        delay = dice.uniform(0, duration)
        try:
            status = process.wait(timeout=delay)
            assert status == 0, process.stderr.read()
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            assert_whole_or_absent(book, peace)
            process.communicate()
            continue
        process.communicate()
        assert assert_whole_or_absent(book, peace), f"seed {SEED}, kill {kills}"
        assert_nothing_is_left_over(book)
        rounds += 1
        shutil.rmtree(book / "nights" / str(AS_OF))
        if rounds % 2:
            shutil.rmtree(book / "store")
    assert finished(begun(spare))[0] == 0
    assert nights_of(book) == nights_of(peace), f"seed {SEED}"
    assert_nothing_is_left_over(book)


def test_what_a_killed_run_left_in_the_store_is_swept_up_by_the_next(undisturbed, book):
    assert finished(started(book))[0] == 0
    for name in (".unfinished-killed", "0123456789abcdef"):
        (book / "store" / name / "loans").mkdir(parents=True)
        (book / "store" / name / "loans" / "p0000.parquet").write_bytes(b"half")
    assert arrears("positions", "--book", book, "--as-of", AS_OF, "--out", book.parent / "p.parquet").status == 0
    assert_nothing_is_left_over(book)


def test_a_killed_night_goes_on_where_it_stopped(undisturbed, book):
    """Partitions that were done are not done again: their files keep their times."""
    peace, duration = undisturbed
    unfinished = book / "nights" / f".{AS_OF}.unfinished"
    process = started(book)
    wait_for(process, lambda: len(list(unfinished.glob("work/p*.json"))) >= 3)
    process.kill()
    process.communicate()
    done = {path.name.removesuffix(".json") for path in unfinished.glob("work/p*.json")}
    times = {name: (unfinished / "positions" / f"{name}.parquet").stat().st_mtime_ns for name in done}
    assert 3 <= len(times) < 16
    assert finished(started(book))[0] == 0
    final = book / "nights" / str(AS_OF) / "positions"
    assert {name: (final / f"{name}.parquet").stat().st_mtime_ns for name in done} == times
    assert nights_of(book) == nights_of(peace)


def wait_for(process: subprocess.Popen, seen) -> None:
    """Stops the process as soon as something is seen; the process is left stopped."""
    until = time.monotonic() + 60
    while not seen():
        assert process.poll() is None and time.monotonic() < until, "it ended before it was seen"
    process.send_signal(signal.SIGSTOP)


def test_of_two_nights_at_once_the_second_is_refused_and_the_first_goes_on_unharmed(undisturbed, book):
    process = started(book)
    wait_for(process, lambda: (book / "nights" / f".{AS_OF}.unfinished" / "run.json").is_file())
    before = plain.files_of(book)
    for day in (AS_OF, AS_OF.replace(day=29)):
        ran = arrears(*words(book, day))
        assert ran.status == 2, ran
        assert "a night is running" in ran.error and "nothing was changed" in ran.error and "另一次" in ran.error
    assert arrears("replay", "--book", book, "--as-of", EARLIER).status == 2
    out = book.parent / "positions.parquet"
    ran = arrears("positions", "--book", book, "--as-of", AS_OF, "--out", out)
    assert ran.status == 0, "positions only reads; it need not wait for a night"
    assert plain.files_of(book) == before
    process.send_signal(signal.SIGCONT)
    status, said = finished(process)
    assert status == 0, said
    assert nights_of(book) == nights_of(undisturbed[0])


@contextmanager
def small_disk(folder: Path):
    """A file system of its own in the folder, and how to give it another size or make it read-only."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(folder)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"mounting a small file system is not permitted here: {mounted.stderr.strip()}")

    def remount(options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True, capture_output=True)

    try:
        yield remount
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def used(folder: Path) -> int:
    state = os.statvfs(folder)
    return (state.f_blocks - state.f_bfree) * state.f_frsize


def assert_disk_full(ran: tuple[int, str]) -> None:
    status, said = ran
    assert status == 2, said
    assert "the disk is full" in said and "run again" in said and "磁盘已满" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_night_on_a_full_disk_says_so_and_goes_on_when_there_is_room(undisturbed, book, tmp_path, share):
    with small_disk(tmp_path / "disk") as remount:
        shutil.copytree(book, tmp_path / "disk" / "book")
        book = tmp_path / "disk" / "book"
        status, said = finished(started(book))
        assert status == 0, said
        with_night = used(tmp_path / "disk")
        shutil.rmtree(book / "nights" / str(AS_OF))
        without = used(tmp_path / "disk")
        remount(f"size={without + int(share * (with_night - without)) // 4096 * 4096}")
        assert_disk_full(finished(started(book)))
        assert not assert_whole_or_absent(book, undisturbed[0])
        remount("size=256m")
        status, said = finished(started(book))
        assert status == 0, said
        assert nights_of(book) == nights_of(undisturbed[0])
        assert_nothing_is_left_over(book)


@pytest.mark.parametrize("room", [0, 200_000, 900_000])
def test_a_store_that_does_not_fit_is_not_laid_out(undisturbed, book, tmp_path, room):
    with small_disk(tmp_path / "disk") as remount:
        shutil.copytree(book, tmp_path / "disk" / "book")
        book = tmp_path / "disk" / "book"
        remount(f"size={used(tmp_path / 'disk') + room // 4096 * 4096}")
        assert_disk_full(finished(started(book)))
        assert not (book / "store" / "manifest.json").exists()
        assert not assert_whole_or_absent(book, undisturbed[0])
        remount("size=256m")
        assert finished(started(book))[0] == 0
        assert nights_of(book) == nights_of(undisturbed[0])
        assert_nothing_is_left_over(book)


def test_positions_that_do_not_fit_leave_nothing(undisturbed, tmp_path):
    with small_disk(tmp_path / "disk") as remount:
        remount("size=16k")
        out = tmp_path / "disk" / "positions.parquet"
        ran = arrears("positions", "--book", undisturbed[0], "--as-of", AS_OF, "--out", out)
        assert_disk_full((ran.status, ran.error))
        assert os.listdir(tmp_path / "disk") == []


@pytest.mark.parametrize("has_store", [True, False])
def test_the_positions_of_a_book_that_may_not_be_written_to_are_found(undisturbed, book, tmp_path, has_store):
    out, other = tmp_path / "one.parquet", tmp_path / "other.parquet"
    run = ("positions", "--as-of", AS_OF, "--known-at", KNOWN_AT, "--book")
    assert arrears(*run, undisturbed[0], "--out", out).status == 0
    with small_disk(tmp_path / "disk") as remount:
        shutil.copytree(undisturbed[0] if has_store else book, tmp_path / "disk" / "book")
        remount("ro")
        ran = arrears(*run, tmp_path / "disk" / "book", "--out", other)
        assert ran.status == 0, ran
        explained = arrears("explain", "L000000001", "--book", tmp_path / "disk" / "book", "--as-of", AS_OF)
        assert explained.status == 0, explained
        night = arrears(*words(tmp_path / "disk" / "book", EARLIER.replace(day=30)))
        assert night.status == 2 and re.search("written|read-only", night.error), night
    assert out.read_bytes() == other.read_bytes()
