"""Models on disk: a version is there whole or not at all, what is damaged is refused, and neither another fit nor a kill leaves a part."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from arrears import registry, store
from arrears.refusal import Refused
from arrears.scoring.kept import to_files
from modelling.made_up_rows import applicants, fitted, folders_of
from plain_books import arrears

KILLS = int(os.environ.get("ARREARS_KILLS", "6"))
SEED = 20261130
MAIN = """
import os, signal, sys
import arrears.cli, arrears.modelling.fit, arrears.scoring.fitting
import optbinning
steps, fatal = 0, int(os.environ.get("KILL_AT_STEP", "0"))
def counted(real):
    def step(*words, **more):
        global steps
        steps += 1
        if steps == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*words, **more)
    return step
print("ready", flush=True)
sys.stdin.readline()
os.replace, os.fsync, os.rename, os.rmdir = map(counted, (os.replace, os.fsync, os.rename, os.rmdir))
try:
    arrears.cli.app(standalone_mode=False)
finally:
    print(steps, file=sys.stderr)
"""


@pytest.fixture
def book(tmp_path) -> store.Book:
    shutil.copytree(fitted(), tmp_path / "book")
    return store.book_at(tmp_path / "book")


def test_a_kept_version_is_read_back_as_it_was(book):
    assert registry.names_of(book) == ["application"] and registry.versions_of(book, "application") == [1, 2]
    for number, kind in ((1, "scorecard"), (2, "boosted")):
        kept = registry.read_version(book, "application", number)
        files = {path.name: path.read_bytes() for path in book.model_folder("application", number).iterdir()}
        assert (kept.version, kept.model.kind, kept.card["version"]) == (number, kind, number)
        assert to_files(kept.model) == {name: content for name, content in files.items() if not name.startswith("card")}
        assert registry.digest_of(files) == kept.digest and kept.digest[:12] in files["card.html"].decode()
    assert registry.read_version(book, "application").version == 2


def test_every_file_but_the_page_is_under_the_digest(book):
    folder = book.model_folder("application", 2)
    digest = registry.read_version(book, "application", 2).digest
    (folder / "card.html").write_text("another")
    assert registry.read_version(book, "application", 2, digest).digest == digest
    for name in ("model.json", "trees.json", "card.json"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content + b" ")
        with pytest.raises(Refused, match="not those that were released") as problem:
            registry.read_version(book, "application", 2, digest)
        assert "nothing is scored with them" in problem.value.en and "不会用于评分" in problem.value.zh
        (folder / name).write_bytes(content)
    assert registry.read_version(book, "application", 2, digest).digest == digest


@pytest.mark.parametrize("name", ["model.json", "trees.json", "card.json"])
@pytest.mark.parametrize("spoil", [lambda _: None, lambda _: b"", lambda text: text[: len(text) // 2], lambda _: b"[]", lambda _: b"\xff\xfe", lambda _: b"{}", lambda _: b"[" * 100_000])
def test_a_version_with_a_spoiled_file_is_refused_and_the_file_is_named(book, name, spoil):
    path = book.model_folder("application", 2) / name
    content = spoil(path.read_bytes())
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(Refused) as problem:
        registry.read_version(book, "application", 2)
    assert name in problem.value.en and name in problem.value.zh
    assert registry.read_version(book, "application", 1).version == 1
    ran = arrears("score", "list", "--book", book.root, "--lang", "en")
    assert ran.status == 0 and "application 1  scorecard" in ran.out and name in ran.out


@pytest.mark.parametrize(("key", "value"), [("version", 7), ("model", "loss"), ("data", None), ("metrics", []), ("formulas", "x"), ("definition", 1), ("as_of", 2026), ("event", None)])
def test_a_card_that_is_none_of_this_version_is_refused(book, key, value):
    path = book.model_folder("application", 1) / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), key: value}))
    with pytest.raises(Refused, match=r"card\.json"):
        registry.read_version(book, "application", 1)


def test_a_version_or_model_that_is_not_there_is_refused_with_those_that_are(book):
    with pytest.raises(Refused, match="has no version 3; there are 1, 2"):
        registry.read_version(book, "application", 3)
    with pytest.raises(Refused, match="no model loss is kept here; make one with arrears score fit loss"):
        registry.read_version(book, "loss")


@pytest.mark.parametrize("content", [
    b"", b"{", b"[]", b"1", b"null", b"\xff", b'{"format": 2, "releases": []}', b'{"releases": []}', b'{"format": 1}', b'{"format": 1, "releases": {"a": 1}}',
    b'{"format": 1, "releases": [1]}', b'{"format": 1, "releases": [{"name": "application"}]}', b"[" * 100_000,
    json.dumps({"format": 1, "releases": [{"action": "release", "name": "application", "version": "1", "digest": "d", "at": "", "by": "", "why": "", "assessment": ""}]}).encode(),
    json.dumps({"format": 1, "releases": [{"action": "drop", "name": "application", "version": 1, "digest": "d", "at": "", "by": "", "why": "", "assessment": ""}]}).encode(),
    json.dumps({"format": 1, "releases": [{"action": "release", "name": "application", "version": 1, "digest": None, "at": "", "by": "", "why": "", "assessment": ""}]}).encode(),
])
def test_a_damaged_list_of_releases_is_refused_by_every_command_that_reads_it(book, content, tmp_path):
    book.releases_path.write_bytes(content)
    with pytest.raises(Refused, match=r"releases\.json: not readable as the list of releases"):
        registry.releases(book)
    said = ("--book", book.root, "--lang", "en")
    for words in (("list",), ("release", "application", "--by", "x", "--assessment", "y"), ("rollback", "application", "--by", "x", "--why", "y"),
                  ("application", tmp_path / "book.csv", "--out", tmp_path / "out.csv")):
        applicants(5).write_csv(tmp_path / "book.csv")
        ran = arrears("score", *words, *said)
        assert ran.status == 2 and "releases.json" in ran.error, words
    assert book.releases_path.read_bytes() == content and not (tmp_path / "out.csv").exists()


def test_releases_of_two_processes_at_once_are_both_kept(book):
    processes = [launched(book, words=("score", "release", "application", "--version", number, "--book", book.root, "--by", f"P{number}", "--assessment", "y")) for number in (1, 2)]
    ended(processes)
    entries = registry.releases(book)
    assert sorted((entry.version, entry.by) for entry in entries) == [(1, "P1"), (2, "P2")]


def test_two_fits_at_once_make_two_versions(tmp_path):
    book = store.book_for_load(tmp_path / "book")
    applicants().write_csv(tmp_path / "t.csv")
    ended([launched(book, words=fit_words(book, seed)) for seed in (1, 2)])
    assert folders_of(book.root) == ["application/0001", "application/0002"]
    kept = [registry.read_version(book, "application", number) for number in (1, 2)]
    assert sorted(one.card["validation"]["seed"] for one in kept) == [1, 2] and kept[0].digest != kept[1].digest


def test_a_fit_killed_at_any_step_of_writing_leaves_a_whole_version_or_none_and_the_next_fit_works(book):
    process = launched(book, words=fit_words(book, 3))
    _, error = process.communicate("begin\n", timeout=120)
    assert process.returncode == 0, error
    steps = int(error.split()[-1])
    assert steps > 5
    applicants().write_csv(book.root.parent / "t.csv")
    seen, whole = set(), 3
    for fatal in sorted(Random(SEED).sample(range(1, steps + 1), min(KILLS, steps)) + [steps]):
        process = launched(book, fatal, fit_words(book, 100 + fatal))
        process.communicate("begin\n", timeout=120)
        assert process.returncode == -signal.SIGKILL, fatal
        kept = registry.versions_of(book, "application")
        assert kept in (list(range(1, whole + 1)), list(range(1, whole + 2))), f"step {fatal}"
        seen.add(len(kept) - whole)
        whole = len(kept)
        assert all(registry.read_version(book, "application", number).version == number for number in kept)
        assert registry.releases(book) == []
    assert 0 in seen
    ended([launched(book, words=fit_words(book, 7))])
    assert folders_of(book.root) == [f"application/{number:04d}" for number in range(1, whole + 2)], "and nothing unfinished is left"


def test_a_fit_killed_at_any_moment_leaves_only_whole_versions_and_the_next_fit_works(tmp_path):
    book = store.book_for_load(tmp_path / "book")
    applicants().write_csv(tmp_path / "t.csv")
    process = launched(book, words=fit_words(book, 0))
    began = time.monotonic()
    process.communicate("begin\n", timeout=120)
    lasted = time.monotonic() - began
    dice = Random(SEED)
    for _ in range(max(2, KILLS // 2)):
        process = launched(book, words=fit_words(book, dice.randrange(1000)))
        process.stdin.write("begin\n")
        process.stdin.flush()
        try:
            process.wait(dice.uniform(0, lasted))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=120)
        kept = registry.versions_of(book, "application")
        assert kept == list(range(1, len(kept) + 1)) and all(registry.read_version(book, "application", number).card["version"] == number for number in kept)
    before = len(registry.versions_of(book, "application"))
    ended([launched(book, words=fit_words(book, 5))])
    assert registry.versions_of(book, "application") == list(range(1, before + 2))


def fit_words(book: store.Book, seed: int) -> tuple:
    file = book.root.parent / "t.csv"
    if not file.exists():
        applicants().write_csv(file)
    return ("score", "fit", "application", "--book", book.root, "--data", file, "--target", "y", "--seed", seed)


def launched(book: store.Book, fatal: int = 0, words: tuple = ()) -> subprocess.Popen:
    """The command in a process of its own, which waits until it is told to begin."""
    process = subprocess.Popen([sys.executable, "-c", MAIN, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "KILL_AT_STEP": str(fatal)}, cwd=Path(book.root))
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    return process


def ended(processes: list[subprocess.Popen]) -> None:
    """Begun at once and ended well."""
    for process in processes:
        process.stdin.write("begin\n")
        process.stdin.flush()
    for process in processes:
        _, error = process.communicate(timeout=120)
        assert process.returncode == 0, error
