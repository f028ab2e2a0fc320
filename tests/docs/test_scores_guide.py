"""The guide to scores and the table of the models' files are true of the code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from arrears.cli import app
from arrears.scoring.families import TARGETS

TOP = Path(__file__).parents[2]
ARREARS = [sys.executable, "-c", "from arrears.cli import main; main()"]
COMMANDS = typer.main.get_command(app).commands
GUIDE = (TOP / "docs/guides/scores.md").read_text(encoding="utf-8")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PYTHON = [body for kind, body in _FENCE.findall(GUIDE) if kind == "python"]
(_DEFINITION,) = [body for kind, body in _FENCE.findall(GUIDE) if kind == "yaml"]


def arrears(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([*ARREARS, *arguments, "--lang", "en"], cwd=folder, text=True, capture_output=True)


def fit(folder: Path, definition: str, *more: str) -> subprocess.CompletedProcess:
    (folder / "application.yaml").write_text(definition, encoding="utf-8")
    return arrears(folder, "score", "fit", "application", "--book", "lender", "--data", "past_applicants.csv", *(more or ("--definition", "application.yaml")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """What the guide makes: past and new applicants."""
    place = tmp_path_factory.mktemp("scores_guide")
    (code,) = [body for body in _PYTHON if "past_applicants.csv" in body]
    subprocess.run([sys.executable, "-c", code], cwd=place, check=True)
    return place


def test_every_file_of_scoring_learning_and_modelling_stands_in_the_table_of_the_models_and_no_other():
    page = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = page.split("## The files of the models", 1)[1].split("\n\nBeside them", 1)[0]
    there = {path.stem for folder in ("scoring", "learning", "modelling") for path in (TOP / "src/arrears" / folder).glob("*.py")} - {"__init__"}
    assert set(re.findall(r"`(\w+)`", table)) == there


def test_the_table_of_the_models_commands_names_every_command_with_its_options():
    commands = COMMANDS["score"].commands
    for name in ("README.md", "README.zh.md"):
        rows = dict(re.findall(r"^\| `arrears score ([\w-]+)` \|(.+)$", (TOP / name).read_text(encoding="utf-8"), re.MULTILINE))
        assert set(rows) == set(commands), name
        for command in commands.values():
            options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
            told = rows[command.name].rsplit("|", 2)[1]
            assert set(re.findall(r"--[a-z-]+", told)) == options - {"--help", "--lang"}, (name, command.name)


def test_the_guide_lists_the_models_with_event_people_horizon_and_kind():
    table = GUIDE.split("## 6. The twelve models", 1)[1].split("\n## ", 1)[0]
    rows = {name: [cell.strip() for cell in cells.split("|")] for name, cells in re.findall(r"^\| (\w+) \|(.+)\|$", table, re.MULTILINE) if name in TARGETS}
    assert rows.keys() == TARGETS.keys()
    for name, (event, who, days, kind) in rows.items():
        target = TARGETS[name]
        assert event == target.event[1] or event == f"the same within {target.horizon_days} days", name
        assert (who, int(days)) == (target.who[1], target.horizon_days), name
        assert kind == {"scorecard": "scorecard", "boosted": "boosted trees"}[target.kind], name


@pytest.mark.parametrize(("was", "becomes"), [
    ("formula: times_late,", "formula: times_lat,"), ("formula: times_late,", "formula: age,"), ("formula: times_late,", 'formula: "SUM(times_late)",'),
    ("formula: times_late,", "formula: bad,"), ('event: "1"', 'event: "2"'), ("time: applied_on", "time: employer"),
])
def test_a_faulty_definition_is_refused_in_the_words_of_the_guide(folder, was, becomes):
    assert was in _DEFINITION
    ran = fit(folder, _DEFINITION.replace(was, becomes))
    assert ran.returncode == 2
    assert f"`{ran.stderr.splitlines()[0].removeprefix('arrears: ')}`" in GUIDE
    assert not (folder / "lender/models").exists()


def test_an_outcome_of_three_values_needs_an_event(folder):
    ran = fit(folder, _DEFINITION, "--target", "employer")
    assert ran.returncode == 2
    assert f"`{ran.stderr.splitlines()[0].removeprefix('arrears: ')}`" in GUIDE


def test_the_file_of_applicants_gives_what_the_guide_quotes(folder):
    pytest.importorskip("optbinning", reason="fitting needs make train")
    fitted = fit(folder, _DEFINITION)
    assert fitted.returncode == 0, fitted.stderr
    quoted = GUIDE.splitlines()
    assert all(line in quoted for line in fitted.stdout.splitlines()[:2])
    assert arrears(folder, "score", "release", "application", "--book", "lender", "--by", "A. Officer", "--assessment", "PIA 2026-07", "--why", "try").returncode == 0
    scored = arrears(folder, "score", "application", "new_applicants.csv", "--book", "lender", "--out", "scored.csv")
    assert scored.stdout.strip() in quoted
    (code,) = [body for body in _PYTHON if "score_applicant" in body]
    one = subprocess.run([sys.executable, "-c", code], cwd=folder, text=True, capture_output=True, check=True).stdout.splitlines()
    assert all(line in quoted for line in one[1:]) and len(one) == 4
    (said,) = re.findall(r"^([\d.]+)%, (\d+) points$", GUIDE, re.MULTILINE)
    found = re.fullmatch(r"([\d.]+)%, (\d+) points", one[0])
    assert abs(float(found[1]) - float(said[0])) < 1 and abs(int(found[2]) - int(said[1])) <= 3, one[0]
    (folder / "many.csv").write_text((folder / "new_applicants.csv").read_text().replace(",0,", ",none,"), encoding="utf-8")
    ran = arrears(folder, "score", "application", "many.csv", "--book", "lender", "--out", "o.csv")
    assert ran.returncode == 2 and f"`{ran.stderr.splitlines()[0].removeprefix('arrears: ')}`" in GUIDE
