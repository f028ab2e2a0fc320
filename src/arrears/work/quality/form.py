"""The scoring form (质检评分表): items with weights and red lines, read from YAML; and a filled one turned into a result.

A lender's own quality_form.yaml in the home takes the place of the shipped one. A sample keeps the text of the form it was drawn with, so a sheet is always scored by that.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from arrears import strict_yaml
from arrears.refusal import Refused
from arrears.strict_yaml import BadYaml

FILE = "quality_form.yaml"
KINDS = {"yes_no": ("yes", "no", "na"), "scale": ("0", "1", "2", "3", "4", "5", "na")}
"""By kind of item the answers it takes; na: does not apply."""
PPM = 1_000_000
_SCALE_MOST = 5
_KEYS = {"id", "title", "kind", "weight", "red_line", "source", "article", "evidence"}
_EVIDENCE = ("T1", "T2", "K", "own")
_ITEMS_MOST, _WEIGHT_MOST = 100, 1000


@dataclass(frozen=True)
class Item:
    """One question. title: by language; weight: how many points a yes, or a five, is worth; is_red_line: a no fails all; source, article, evidence: what it rests on."""

    id: str
    title: dict[str, str]
    kind: str
    weight: int
    is_red_line: bool
    source: str
    article: str | None
    evidence: str

    @property
    def answers(self) -> tuple[str, ...]:
        return KINDS[self.kind]


@dataclass(frozen=True)
class Form:
    """A scoring form; text: the file it was read from, digest: SHA-256 of it; pass_at_ppm: which share of the points passes."""

    id: str
    version: str
    title: dict[str, str]
    pass_at_ppm: int
    items: tuple[Item, ...]
    text: str

    @property
    def digest(self) -> str:
        return sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Result:
    """What a filled form comes to. score_ppm: points reached of those that applied, None where none did; red_lines: items crossed; is_passed: no red line, and the score reaches the form's."""

    score_ppm: int | None
    red_lines: tuple[str, ...]
    is_passed: bool


def read_form(home: Path) -> Form:
    """The lender's own form where the home has one, else the shipped one. Raises Refused where the file cannot be taken."""
    path = home / FILE
    if not path.is_file():
        return form_from(_shipped(), "default_form.yaml")
    try:
        return form_from(strict_yaml.read_text(path), FILE)
    except (BadYaml, OSError) as problem:
        raise Refused(f"{path}: the scoring form cannot be taken ({problem}); mend it, or remove it to use the shipped one", f"{path}：评分表无法读取（{problem}）；请修正，或删除后使用自带评分表") from None


@lru_cache(maxsize=1)
def _shipped() -> str:
    return (files("arrears.work") / "quality" / "default_form.yaml").read_text(encoding="utf-8")


@lru_cache(maxsize=32)
def form_from(text: str, name: str = "form") -> Form:
    """The form of a text. Raises BadYaml naming the place of what is wrong."""
    told = strict_yaml.parse(text, name)
    if not isinstance(told, dict):
        raise BadYaml(f"{name}: must be a mapping with id, version, title, pass_at_percent and items")
    strict_yaml.expect_keys(told, {"id", "version", "title", "pass_at_percent", "items"}, set(), name)
    if not isinstance(told["items"], list) or not 1 <= len(told["items"]) <= _ITEMS_MOST:
        raise BadYaml(f"{name}, items: a list of 1 to {_ITEMS_MOST} items")
    items = tuple(_item(entry, f"{name}, item {place}{strict_yaml.line_of(entry)}") for place, entry in enumerate(told["items"], 1))
    if len({item.id for item in items}) < len(items):
        raise BadYaml(f"{name}, items: an id stands twice; each needs its own")
    if not any(item.weight or item.is_red_line for item in items):
        raise BadYaml(f"{name}, items: none has a weight or is a red line, so nothing could be told from a sheet")
    return Form(_code(told, "id", name), _code(told, "version", name), _titles(told["title"], f"{name}, title"), _whole(told, "pass_at_percent", 100, name) * 10_000, items, text)


def result_of(form: Form, answers: dict[str, str]) -> Result:
    """What the answers come to. Raises Refused where one is missing, is none of those its item takes, or of no item; or where nothing at all applied."""
    stray = [name for name in answers if name not in {item.id for item in form.items}]
    missing = [item for item in form.items if answers.get(item.id) not in item.answers]
    if stray or missing:
        named = ", ".join(item.title["en"] for item in missing[:3]) + (", …" if len(missing) > 3 else "") or ", ".join(sorted(stray)[:3])
        named_zh = "、".join(item.title["zh"] for item in missing[:3]) + ("等" if len(missing) > 3 else "") or "、".join(sorted(stray)[:3])
        raise Refused(f"the sheet is not whole: every item of the form takes one answer ({len(missing)} left: {named}); answer them, with n.a. where one does not apply",
                      f"评分表未填完：每项须选一个答案（尚缺 {len(missing)} 项：{named_zh}）；不适用的请选“不适用”")
    applied = [item for item in form.items if answers[item.id] != "na"]
    if not applied:
        raise Refused("nothing of the form applied to this contact, so it has no result; answer at least one item", "评分表各项均为“不适用”，无法得出结果；请至少评一项")
    possible = sum(item.weight for item in applied)
    reached = sum(_points(item, answers[item.id]) for item in applied)
    score = None if not possible else reached * PPM // (possible * _SCALE_MOST)
    crossed = tuple(item.id for item in applied if item.is_red_line and answers[item.id] in ("no", "0"))
    return Result(score, crossed, not crossed and (score is None or score >= form.pass_at_ppm))


def _points(item: Item, answer: str) -> int:
    """In fifths of the weight, so that all stays whole."""
    return item.weight * (int(answer) if item.kind == "scale" else _SCALE_MOST * (answer == "yes"))


def _item(entry: dict, where: str) -> Item:
    if not isinstance(entry, dict):
        raise BadYaml(f"{where}: must be a mapping")
    strict_yaml.expect_keys(entry, _KEYS, set(), where)
    if entry["kind"] not in KINDS:
        raise BadYaml(f"{where}, kind: {entry['kind']!r}; known are {', '.join(KINDS)}")
    if entry["red_line"] not in ("true", "false"):
        raise BadYaml(f"{where}, red_line: write true or false")
    if entry["evidence"] not in _EVIDENCE:
        raise BadYaml(f"{where}, evidence: {entry['evidence']!r}; known are {', '.join(_EVIDENCE)}")
    article = None if entry["article"] in ("null", "") else _code(entry, "article", where)
    return Item(_code(entry, "id", where), _titles(entry["title"], f"{where}, title"), entry["kind"], _whole(entry, "weight", _WEIGHT_MOST, where), entry["red_line"] == "true",
                _code(entry, "source", where), article, entry["evidence"])


def _titles(entry: object, where: str) -> dict[str, str]:
    if not isinstance(entry, dict):
        raise BadYaml(f"{where}: must be a mapping with zh and en")
    strict_yaml.expect_keys(entry, {"zh", "en"}, set(), where)
    if not all(isinstance(text, str) and 0 < len(text) <= 200 for text in entry.values()):
        raise BadYaml(f"{where}: zh and en are texts of 1 to 200 letters")
    return dict(entry)


def _code(entry: dict, key: str, where: str) -> str:
    if not isinstance(entry[key], str) or not 0 < len(entry[key].strip()) <= 40:
        raise BadYaml(f"{where}, {key}: a text of 1 to 40 letters")
    return entry[key].strip()


def _whole(entry: dict, key: str, most: int, where: str) -> int:
    text = entry[key]
    if not isinstance(text, str) or not text.isascii() or not text.isdecimal() or int(text[:6]) > most:
        raise BadYaml(f"{where}, {key}: a whole number from 0 to {most}")
    return int(text)
