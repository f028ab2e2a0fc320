"""The documents are true of the code: generated pages, links, quoted commands, examples, exit statuses."""

import importlib.util
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import typer

from arrears.cli import app
from arrears.compliance.kinds import KINDS

TOP = Path(__file__).parents[2]
ARREARS = [sys.executable, "-c", "from arrears.cli import main; main()"]
DOCUMENTS = sorted([*TOP.glob("*.md"), *TOP.glob("docs/**/*.md"), *TOP.glob("examples/**/*.md"), *TOP.glob("benchmarks/**/*.md")])
COMMANDS = typer.main.get_command(app).commands
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def arrears(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([*ARREARS, *arguments], cwd=folder, text=True, capture_output=True)


def outside_fences(text: str) -> str:
    return _FENCE.sub("", text)


def quoted_commands(path: Path) -> list[list[str]]:
    """What follows `arrears` wherever a document quotes a command line, in fences and in running text."""
    text = path.read_text(encoding="utf-8")
    lines = [line for kind, body in _FENCE.findall(text) if kind == "sh" for line in body.splitlines()]
    lines += [re.sub(r"\s+", " ", quote) for quote in re.findall(r"`([^`]+)`", outside_fences(text))]
    found = []
    for line in lines:
        command = re.match(r"(?:\S*/)?arrears (.+)$", line.strip())
        if command and re.match(r"[a-z-]+( |$)", command[1]):
            found.append(shlex.split(command[1]))
    return found


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def texts_of_the_repository() -> list[Path]:
    """Every file that is tracked or would be, so far as it is text."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=TOP, check=True,
                            capture_output=True).stdout.decode().split("\0")
    paths = [TOP / name for name in listed if name and (TOP / name).is_file()]
    return [path for path in paths if b"\0" not in path.read_bytes()[:8000]]


@pytest.fixture(scope="module")
def guide_book(tmp_path_factory) -> Path:
    """The folder in which the guide's own example was run."""
    folder = tmp_path_factory.mktemp("guide")
    guide = (TOP / "docs/guides/book.md").read_text(encoding="utf-8")
    (code,) = [body for kind, body in _FENCE.findall(guide) if kind == "python"]
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    return folder


def test_the_data_dictionary_is_up_to_date():
    path = TOP / "docs/reference/make_tables.py"
    spec = importlib.util.spec_from_file_location("make_tables", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert made.PAGE.read_text(encoding="utf-8") == made.page(), "run docs/reference/make_tables.py"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))
def test_every_relative_link_leads_somewhere(path):
    for target in _LINK.findall(outside_fences(path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, part = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        assert there.is_relative_to(TOP) and there.exists(), f"{path.name}: {target} leads nowhere"
        if part and there.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert part in map(anchor, headings), f"{path.name}: {target} names no heading"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))
def test_every_quoted_command_parses(path):
    for name, *arguments in quoted_commands(path):
        assert name in COMMANDS, f"{path.name}: there is no command {name}"
        if any(argument.startswith("--") for argument in arguments):
            complete = [*arguments, *_left_open(COMMANDS[name], arguments)]
            COMMANDS[name].make_context(name, complete)


def _left_open(command, arguments: list[str]) -> list[str]:
    """What a quote in running text may leave out: required options, and the loan of an explanation."""
    options = [p.opts[0] for p in command.params if p.required and p.param_type_name == "option"]
    missing = [text for option in options if option not in arguments for text in (option, "1")]
    taken = [a for before, a in zip(["", *arguments], arguments, strict=False)
             if not a.startswith("-") and not before.startswith("-")]
    loans = [p for p in command.params if p.param_type_name == "argument"]
    return missing + ["A-1"] * max(0, len(loans) - len(taken))


def test_commands_are_found_where_they_are_quoted():
    assert len(quoted_commands(TOP / "README.md")) >= 8
    assert len(quoted_commands(TOP / "docs/start.md")) >= 2


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_table_of_commands_is_complete(name):
    rows = dict(re.findall(r"^\| `arrears ([\w-]+)` \|(.+)$", (TOP / name).read_text(encoding="utf-8"), re.MULTILINE))
    for command in COMMANDS.values():
        options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        assert set(re.findall(r"--[a-z-]+", rows[command.name])) == options - {"--help"}, command.name
    assert set(rows) == set(COMMANDS)


def test_the_thirty_lines_give_the_worked_example(guide_book):
    page = (TOP / "docs/algorithms/positions.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (2026-\d\d-\d\d) \| ([\d |]+) \|$", page, re.MULTILINE)
    assert len(rows) == 5
    for day, figures in rows:
        arrears(guide_book, "positions", "--book", "my_book", "--as-of", day, "--out", "p.parquet").check_returncode()
        got = pl.read_parquet(guide_book / "p.parquet").row(0, named=True)
        columns = ("days_past_due", "due_principal_minor", "due_interest_minor", "penalty_minor", "outstanding_principal_minor",
                   "lawful_charges_minor", "excess_minor", "claimable_minor")
        assert [got[column] for column in columns] == [int(figure) for figure in figures.split(" | ")], day


def test_errors_quoted_in_the_guide_are_the_real_ones(guide_book, tmp_path):
    guide = (TOP / "docs/guides/book.md").read_text(encoding="utf-8")
    changes = {
        "instalments": lambda d: d.with_columns(pl.col("principal_minor") / 100),
        "loans": lambda d: d.with_columns(regime=pl.lit("bank")),
        "payments": lambda d: d.with_columns(paid_on=pl.lit(date(2026, 1, 3))),
    }
    for table, change in changes.items():
        book = tmp_path / table / "my_book"
        book.mkdir(parents=True)
        for path in (guide_book / "my_book").glob("*.parquet"):
            rows = pl.read_parquet(path)
            (change(rows) if path.stem == table else rows).write_parquet(book / path.name)
        ran = arrears(book.parent, "positions", "--book", "my_book", "--as-of", "2026-04-30", "--out", "p.parquet", "--lang", "en")
        sentence = ran.stderr.splitlines()[0].removeprefix("arrears: ")
        assert f"`{sentence}`" in guide, sentence


def test_the_readme_tells_the_exit_statuses_as_they_are(guide_book, tmp_path):
    for name in ("README.md", "README.zh.md"):
        text = (TOP / name).read_text(encoding="utf-8")
        said = re.findall(r"^\| (\d+) \|", text, re.MULTILINE)
        assert sorted(said, key=int) == ["0", "1", "2", "70", "130"], name
    night = ("--book", "my_book", "--as-of", "2026-04-30")
    assert arrears(guide_book, "night", *night).returncode == 0
    assert arrears(guide_book, "replay", *night).returncode == 0
    summary = guide_book / "my_book/nights/2026-04-30/summary.json"
    kept = summary.read_bytes()
    summary.write_bytes(kept.replace(b'"loans": 1', b'"loans": 2'))
    assert arrears(guide_book, "replay", *night).returncode == 1
    summary.write_bytes(kept)
    assert arrears(guide_book, "night", "--book", "nowhere", "--as-of", "2026-04-30").returncode == 2
    assert arrears(guide_book, "night", "--nothing").returncode == 2
    assert _stopped_by_hand(tmp_path) == 130


def _stopped_by_hand(folder: Path) -> int:
    """The exit status of a long run that got what Ctrl-C sends once it was at work."""
    run = subprocess.Popen([*ARREARS, "generate", "--loans", "50000000", "--as-of", "2026-10-31", "--out", "big"],
                           cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not (folder / "big/loans.parquet.unfinished").exists():
            assert run.poll() is None, "the run ended by itself"
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        return run.wait(timeout=120)
    finally:
        run.kill()


def test_the_decision_is_quoted_as_it_is():
    page = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")
    (quoted,) = [body for kind, body in _FENCE.findall(page) if kind == "python"]
    source = (TOP / "src/arrears/decide.py").read_text(encoding="utf-8")
    for line in quoted.splitlines():
        assert line in source.splitlines(), line


def test_the_house_has_every_folder_that_the_architecture_names_and_no_other():
    page = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^  (\w+)/ ", page, re.MULTILINE))
    there = {path.name for path in (TOP / "src/arrears").iterdir() if (path / "__init__.py").is_file()}
    assert named == there
    files = {path.name for path in (TOP / "src/arrears").glob("*.py")} - {"__init__.py"}
    assert files <= set(re.findall(r"\w+\.py", page))


def test_every_file_of_ingest_stands_in_the_table_of_its_files_and_no_other():
    page = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = page.split("## The files of ingest", 1)[1].split("\n## ", 1)[0]
    there = {path.stem for path in (TOP / "src/arrears/ingest").glob("*.py")} - {"__init__"}
    assert set(re.findall(r"`(\w+)`", table)) == there


def test_every_file_of_law_and_compliance_stands_in_the_table_of_the_gate_and_no_other():
    page = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = page.split("## The files of the gate", 1)[1].split("\n## ", 1)[0]
    there = {path.stem for folder in ("law", "compliance") for path in (TOP / "src/arrears" / folder).glob("*.py")} - {"__init__"}
    assert set(re.findall(r"`(\w+)`", table)) == there


def test_every_kind_of_condition_stands_in_the_page_on_verdicts():
    page = (TOP / "docs/algorithms/verdicts.md").read_text(encoding="utf-8")
    table = page.split("## Kinds of condition", 1)[1].split("\n## ", 1)[0]
    named = {name for row in re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert named == set(KINDS)


def test_the_table_of_the_law_names_every_command_with_its_options():
    commands = COMMANDS["law"].commands
    for name in ("README.md", "README.zh.md"):
        rows = dict(re.findall(r"^\| `arrears law ([\w-]+)` \|(.+)$", (TOP / name).read_text(encoding="utf-8"), re.MULTILINE))
        assert set(rows) == set(commands), name
        for command in commands.values():
            options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
            assert set(re.findall(r"--[a-z-]+", rows[command.name])) == options - {"--help", "--lang"}, (name, command.name)


def test_the_layers_are_quoted_as_they_are():
    contracts = (TOP / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.search(r"^layers = \[\n(.*?)^\]", contracts, re.MULTILINE | re.DOTALL)[1]
    quoted = "\n".join(re.findall(r'"(.+)"', layers))
    assert quoted in (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_no_file_tells_of_anybodys_machine():
    home = "|".join(("wo" + "rk", "ro" + "ot", "tm" + "p", "ho" + "me"))
    told = re.compile(rf"(?<![\w.\-/$}}])/(?:{home})/|(?<![\d.])(?:10|172|192)(?:\.\d{{1,3}}){{3}}(?![\d.])|--(?:extra-)?index" r"-url[ =]")
    for path in texts_of_the_repository():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            assert not told.search(line), f"{path.relative_to(TOP)}:{number}: {line.strip()[:120]}"


def test_every_document_opens_to_a_chinese_reader():
    for path in DOCUMENTS:
        if path.name == "benchmarks.md" or "benchmarks" in path.parts:
            continue
        opening = "\n".join(path.read_text(encoding="utf-8").splitlines()[:12])
        assert re.search(r"[\u4e00-\u9fff]", opening), path.relative_to(TOP)


def test_the_pictures_are_there_and_small():
    for name in ("report-zh.png", "report-en.png"):
        assert os.path.getsize(TOP / "docs/pictures" / name) < 300_000
