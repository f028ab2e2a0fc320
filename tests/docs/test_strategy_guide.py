"""The guide to the strategy is true: its commands run in their order on a fresh book, and what it quotes is what came out."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from arrears.strategy.conditions import FIELDS
from arrears.strategy.reading import default_strategy_text
from arrears.strategy.strategy import COUNTED, OUTCOMES, OWNERS, TONES
from plain_books import Ran, arrears

TOP = Path(__file__).parents[2]
GUIDE = (TOP / "docs/guides/strategy.md").read_text(encoding="utf-8")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = _FENCE.findall(GUIDE)
LADDER, EXPERIMENT = [body for kind, body in BLOCKS if kind == "yaml"]
QUOTED = [line for kind, body in BLOCKS if kind == "text" for line in body.splitlines() if line != "…"]
COMMANDS = [line for kind, body in BLOCKS if kind == "sh" for line in body.splitlines()]


def sooner() -> str:
    """The shipped strategy with what the guide writes into it."""
    text = default_strategy_text()
    assert text.count("ladders:\n") == 1 and text.count("\nlimits:\n") == 1
    return text.replace("ladders:\n", LADDER).replace("\nlimits:\n", f"\n{EXPERIMENT}limits:\n")


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict[str, Ran]:
    """What each command of the guide left behind, by its words; run in the guide's order in an empty folder, with two that are refused in between."""
    place, ran = tmp_path_factory.mktemp("strategy_guide"), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        for line in COMMANDS:
            words = shlex.split(line)
            if words[0] == "cp":
                shutil.copy(TOP / words[1], place / words[2])
                (place / words[2]).write_text(sooner(), encoding="utf-8")
                continue
            if words[1:3] == ["strategy", "approve"]:
                ran["own"] = arrears(*[{"bo": "anna"}.get(word, word) for word in words[1:]])
            if words[1:3] == ["strategy", "rollback"]:
                (place / "other.yaml").write_text(sooner().replace("share: 70%", "share: 60%").replace("sooner, share: 20%", "sooner, share: 30%"), encoding="utf-8")
                ran["moved"] = arrears("strategy", "check", "other.yaml", "--book", "small", "--lang", "en")
            ran[line.removeprefix(".venv/bin/arrears ")] = arrears(*words[1:])
    return ran


def test_every_command_of_the_guide_runs(told):
    for line, ran in told.items():
        assert ran.status == (2 if line in ("own", "moved") else 0), (line, ran.error)
    assert {line.split()[1] for line in told if line.startswith("strategy")} == {
        "sheet", "take-sheet", "check", "plan", "diff", "submit", "approve", "list", "why", "results", "rollback"}


def test_every_line_the_guide_quotes_of_its_seven_steps_came_out(told):
    steps = GUIDE.split("## An idea, in seven steps")[1].split("## The parts of the file")[0]
    lines = {line for ran in told.values() for line in (ran.out + ran.error).splitlines()}
    quoted = [line for kind, body in _FENCE.findall(steps) if kind == "text" for line in body.splitlines() if line != "…"]
    assert len(quoted) >= 29
    assert [line for line in quoted if line not in lines] == []


def test_what_the_guide_says_in_words_came_out(told):
    by = {" ".join(line.split()[:2]): ran for line, ran in told.items()}
    assert by["strategy take-sheet"].out == "sooner2.yaml: it says the same as sooner.yaml\n"
    assert "hold_out from champion" in by["strategy plan"].out.splitlines()[1] and "too few" in by["strategy plan"].out.splitlines()[1]
    for name in ("submit", "approve"):
        assert "experiment sooner_2026 added" in by[f"strategy {name}"].out
    assert "approved by bo" in by["strategy list"].out and "submitted by anna" in by["strategy list"].out
    assert by["strategy rollback"].out.startswith("The shipped default is in force from the night of 2026-10-26 on")
    assert "experiment sooner_2026 removed" in by["strategy rollback"].out
    assert told["moved"].error.splitlines()[0] in QUOTED


def _unnumbered(line: str) -> str:
    """The sentence without the number of the line in the file, which moves with every comment of the shipped strategy."""
    return re.sub(r"\bline \d+", "line N", line)


FAULTS = {
    "s1": ("    treatment: legal_review", "    treatment: sue"),
    "s2": ('claimable: "<50000"}', 'claimable: "50000"}'),
    "s3": ("share: 70%", "share: 60%"),
    "s4": ("- name: just_late", "- name: pays_by_itself"),
    "s5": ("counts: complaints, most: 0.02%", "counts: complaints, most: 0.01%, least: 0.02%"),
    "s6": ('when: {bucket: M1, claimable: "<50000"}', "when: {bucket: M1}"),
    "eager": ("offers:\n  rows:\n", 'offers:\n  rows:\n    - {name: eager, when: {pay_probability: ">=60%"}, waive_penalty: 100%, reason: {zh: 愿还, en: willing}}\n'),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_refused_is_refused_in_the_words_of_the_guide(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    was, becomes = FAULTS[name]
    text = sooner()
    assert text.count(was) == 1
    Path(f"{name}.yaml").write_text(text.replace(was, becomes), encoding="utf-8")
    ran = arrears("strategy", "check", f"{name}.yaml", "--lang", "en")
    assert ran.status == 2
    quoted = {_unnumbered(line) for line in QUOTED if line.startswith(("arrears: ", "fault "))}
    said = [line for line in (ran.out + ran.error).splitlines() if _unnumbered(line) in quoted]
    assert len(said) == 1, ran.out + ran.error


def test_every_error_the_guide_quotes_is_tried(tmp_path):
    faults = [line for line in QUOTED if line.startswith(("arrears: ", "fault "))]
    assert len(faults) == len(FAULTS) + 2, "each file of FAULTS, the approval of one's own, the change of arms"


@pytest.mark.parametrize("name", ["bucket", "hold", "cap", "frequency", "segment"])
def test_a_value_that_does_not_exist_is_refused_and_a_product_is_not(tmp_path, name):
    path = tmp_path / "named.yaml"
    row = '- name: early_large\n    when: {bucket: M1}'
    assert sooner().count(row) == 1
    for field, status in ((name, 2), ("product", 0)):
        when = f"{{bucket: M1, {field}: nowhere}}" if field != "bucket" else "{bucket: nowhere}"
        path.write_text(sooner().replace(row, f"- name: nowhere\n    when: {when}\n    treatment: leave_alone\n    reason: {{zh: 无, en: none}}\n  {row}"), encoding="utf-8")
        assert arrears("strategy", "check", path).status == status, field


def test_the_guide_names_every_field_of_a_condition_with_its_values_and_no_other():
    table = GUIDE.split("### Conditions")[1].split("### Offers")[0]
    rows = dict(re.findall(r"^\| (`.+?`) \| (.+) \|$", table, re.MULTILINE))
    fields = {name: values for names, values in rows.items() for name in re.findall(r"`(\w+)`", names)}
    assert fields.keys() == FIELDS.keys()
    for name, field in FIELDS.items():
        if field.values is not None and name != "hold":
            assert all(value in fields[name] for value in field.values), name
    published = re.findall(r"`(\w+)`", GUIDE.split("so offers ask for")[1].split("alone")[0])
    assert set(published) == {name for name, field in FIELDS.items() if field.rests_on == "published"}


def test_the_guide_names_the_words_of_the_format():
    table = GUIDE.split("## The parts of the file")[1].split("### Conditions")[0]
    for words in (OWNERS, TONES, COUNTED, OUTCOMES):
        assert f"({', '.join(words)})" in table, words


@pytest.mark.parametrize(("name", "lang"), [("strategy-zh.svg", "zh"), ("strategy-en.svg", "en"), ("strategy.html", "en")])
def test_the_pictures_of_the_shipped_strategy_are_what_is_drawn_now(tmp_path, name, lang):
    ran = arrears("strategy", "draw", "--lang", lang, "--out", tmp_path / name)
    assert ran.status == 0, ran.error
    kept = TOP / "docs/pictures" / name
    assert kept.read_bytes() == (tmp_path / name).read_bytes(), f"draw it anew: arrears strategy draw --lang {lang} --out docs/pictures/{name}"


def test_the_guide_shows_the_pictures():
    assert "](../pictures/strategy-en.svg)" in GUIDE and "](../pictures/strategy.html)" in GUIDE
