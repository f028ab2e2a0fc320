"""The style is a test: lengths, names, units, sources, and where tests lie."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from arrears import strict_yaml
from arrears.tables import FACTS, POSITIONS

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src" / "arrears").rglob("*.py"))
TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    if (ROOT / name).is_file()
]
ONE_FILE_BY_PURPOSE = {"record/verify.py": 1900, "record/witness.py": 900}
"""What strangers copy and run alone, so it cannot be split."""
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helper", "helpers", "common", "core", "base", "manager", "service", "handler"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_its_subject_and_no_function_than_a_screen(path):
    text = path.read_text(encoding="utf-8")
    most = ONE_FILE_BY_PURPOSE.get(path.relative_to(ROOT / "src" / "arrears").as_posix(), 500)
    assert len(text.splitlines()) <= most or path.parent.name == "migrations", f"{path}: over {most} lines, more than one subject?"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            length = node.end_lineno - node.lineno + 1
            assert length <= 70, f"{path}:{node.lineno} {node.name} has {length} lines; 70 fit a screen"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_and_every_public_function_says_what_is_true_of_it(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{path}: a module says what it is"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_") and path.parent.name != "migrations":
            trivial = isinstance(node, ast.FunctionDef) and len(node.body) == 1
            assert trivial or ast.get_docstring(node), f"{path}:{node.lineno} {node.name} has no docstring"


def test_no_file_or_folder_has_a_name_that_says_nothing():
    for path in SOURCES:
        parts = {part.removesuffix(".py") for part in path.relative_to(ROOT / "src" / "arrears").parts}
        assert not parts & NAMES_THAT_SAY_NOTHING, f"{path}: name it after the trade"


def test_every_column_has_a_unit_and_a_meaning_and_every_table_says_what_a_row_is():
    for table in (*FACTS.values(), POSITIONS):
        assert table.row
        assert set(table.key) <= set(table.names())
        for column in table.columns:
            assert column.unit and column.meaning, f"{table.name}.{column.name}"


def test_every_number_of_the_law_has_a_source_a_date_and_a_degree_of_certainty():
    folder = ROOT / "src" / "arrears" / "law" / "cn"
    sources = {entry["id"]: entry for entry in strict_yaml.read(folder / "sources.yaml")}
    for entry in [*strict_yaml.read(folder / "caps.yaml"), strict_yaml.read(folder / "lpr.yaml")]:
        assert entry["source"] in sources, entry["id"]
        assert entry["evidence"] in {"T1", "T2", "K"}
        assert all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", day) for day in entry["values"]), entry["id"]
    for entry in sources.values():
        assert entry["effective_from"] and entry["issuer"] and entry["title"]


def test_tests_lie_where_the_code_lies():
    folders = {path.parent.relative_to(ROOT / "src" / "arrears") for path in SOURCES}
    mirrored = {path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("*") if path.is_dir()}
    missing = {str(folder) for folder in folders if folder.parts and len(folder.parts) == 1} - {str(path) for path in mirrored}
    assert not missing, f"no tests for {missing}"


def test_nothing_speaks_of_a_machine_or_of_a_place_to_download_from():
    machine = re.compile(r"(?<![\w.-])/(?:work|root|home/\w+|farm)/|(?:pypi|files\.pythonhosted|registry\.npmjs)\.(?:org|com)")
    for path in TRACKED:
        if path.suffix in {".png", ".parquet"} or path == Path(__file__):
            continue
        found = machine.search(path.read_text(encoding="utf-8", errors="replace"))
        assert found is None, f"{path.relative_to(ROOT)}: {found.group()}"


def test_requirements_are_pinned_by_hash_and_name_no_host():
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-train.txt", "requirements-uv.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        pins = re.findall(r"^[a-zA-Z0-9_.-]+==[^\s\\]+", text, re.MULTILINE)
        assert pins and text.count("--hash=sha256:") >= len(pins), name
        assert "http" not in text and "--index-url" not in text, name


def test_the_decision_asks_no_clock():
    clock = re.compile(r"\b(?:datetime|date)\.(?:now|today|utcnow|fromtimestamp)\(")
    for path in SOURCES:
        place = path.relative_to(ROOT / "src" / "arrears")
        if place not in (Path("cli/terms.py"), Path("web/clock.py")):
            assert clock.search(path.read_text(encoding="utf-8")) is None, f"{place}: a moment is an argument"
