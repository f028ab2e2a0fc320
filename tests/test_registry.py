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

KILLS = int(os.environ.get("ARREARS_KILLS", "5"))
SEED = 20261130
MAIN = """
import json, os, signal, sys
import arrears.cli, arrears.modelling.fit, arrears.scoring.fitting
import optbinning
def counted(real, at, fatal):
    def step(*words, **more):
        at[0] += 1
        if at[0] == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*words, **more)
    return step
def run(words, fatal, told):
    at = [0]
    os.replace, os.fsync, os.rename, os.rmdir = (counted(real, at, fatal) for real in (os.replace, os.fsync, os.rename, os.rmdir))
    sys.argv[1:] = words
    sys.stdout = sys.stderr = open(told, "w")
    try:
        arrears.cli.app()
    except SystemExit as end:
        print(end.code, at[0], file=sys.stdout, flush=True)
        os._exit(end.code or 0)
for line in sys.stdin:
    asked = json.loads(line)
    if "wait" in asked:
        print(os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1]), flush=True)
        continue
    pid = os.fork()
    if pid == 0:
        run(**asked)
    print(pid, flush=True)
"""
"""A process that has the libraries read in, and makes one more of itself for every command: ten times as fast as ten processes from nothing."""


class Commands:
    """Commands in processes of their own, begun and waited for; what each said is in a file."""

    def __init__(self, folder: Path):
        self.folder, self.begun = folder, 0
        self.first = subprocess.Popen([sys.executable, "-c", MAIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ))

    def begin(self, *words: object, fatal: int = 0) -> tuple[int, Path]:
        """The process that runs the command, and the file of what it says; it kills itself at the fatal step of writing."""
        self.begun += 1
        told = self.folder / f"{self.begun}.txt"
        return self._asked({"words": [str(word) for word in words], "fatal": fatal, "told": str(told)}), told

    def end(self, process: tuple[int, Path]) -> int:
        """The exit status, negative where a signal ended it."""
        return self._asked({"wait": process[0]})

    def run(self, *words: object) -> int:
        """The command begun and ended well; how many steps of writing it took."""
        process = self.begin(*words)
        assert self.end(process) == 0, process[1].read_text()
        return int(process[1].read_text().split()[-1])

    def _asked(self, what: dict) -> int:
        self.first.stdin.write(json.dumps(what) + "\n")
        self.first.stdin.flush()
        return int(self.first.stdout.readline())


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    found = Commands(tmp_path_factory.mktemp("commands"))
    yield found
    found.first.stdin.close()
    found.first.wait(30)


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


def test_releases_of_two_processes_at_once_are_both_kept(book, commands):
    begun = [commands.begin("score", "release", "application", "--version", number, "--book", book.root, "--by", f"P{number}", "--assessment", "y") for number in (1, 2)]
    assert [commands.end(process) for process in begun] == [0, 0]
    assert sorted((entry.version, entry.by) for entry in registry.releases(book)) == [(1, "P1"), (2, "P2")]


def test_two_fits_at_once_make_two_versions(tmp_path, commands):
    book = store.book_for_load(tmp_path / "book")
    begun = [commands.begin(*fit_words(book, seed)) for seed in (1, 2)]
    assert [commands.end(process) for process in begun] == [0, 0], [told.read_text() for _, told in begun]
    assert folders_of(book.root) == ["application/0001", "application/0002"]
    kept = [registry.read_version(book, "application", number) for number in (1, 2)]
    assert sorted(one.card["validation"]["seed"] for one in kept) == [1, 2] and kept[0].digest != kept[1].digest


def test_a_fit_killed_at_any_step_of_writing_leaves_a_whole_version_or_none_and_the_next_fit_works(book, commands):
    steps = commands.run(*fit_words(book, 3))
    assert steps > 5
    seen, whole = set(), 3
    for fatal in [steps, *sorted(Random(SEED).sample(range(1, steps), min(KILLS, steps - 1)))]:
        assert commands.end(commands.begin(*fit_words(book, 100 + fatal), fatal=fatal)) == -signal.SIGKILL, fatal
        kept = registry.versions_of(book, "application")
        assert kept in (list(range(1, whole + 1)), list(range(1, whole + 2))), f"step {fatal}"
        seen.add(len(kept) - whole)
        whole = len(kept)
        assert all(registry.read_version(book, "application", number).version == number for number in kept)
        assert registry.releases(book) == []
    assert seen == {0, 1}, "before the folder takes its name there is none, after it the version is whole"
    commands.run(*fit_words(book, 7))
    assert folders_of(book.root) == [f"application/{number:04d}" for number in range(1, whole + 2)], "and nothing unfinished is left"


def test_a_fit_killed_at_any_moment_leaves_only_whole_versions_and_the_next_fit_works(tmp_path, commands):
    book = store.book_for_load(tmp_path / "book")
    began = time.monotonic()
    commands.run(*fit_words(book, 0))
    lasted, dice, ends = time.monotonic() - began, Random(SEED), set()
    for _ in range(KILLS):
        process = commands.begin(*fit_words(book, dice.randrange(1000)))
        time.sleep(dice.uniform(0, lasted))
        os.kill(process[0], signal.SIGKILL)
        ends.add(commands.end(process))
        kept = registry.versions_of(book, "application")
        assert kept == list(range(1, len(kept) + 1)) and all(registry.read_version(book, "application", number).card["version"] == number for number in kept)
    assert -signal.SIGKILL in ends
    before = len(kept)
    commands.run(*fit_words(book, 5))
    assert registry.versions_of(book, "application") == list(range(1, before + 2))


def fit_words(book: store.Book, seed: int) -> tuple:
    file = book.root.parent / "t.csv"
    if not file.exists():
        applicants().write_csv(file)
    return "score", "fit", "application", "--book", book.root, "--data", file, "--target", "y", "--seed", seed
