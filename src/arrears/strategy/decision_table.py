"""A strategy read from YAML: rows of conditions, the first that fits wins, `otherwise` is compulsory."""

import re
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import polars as pl

from arrears import strict_yaml
from arrears.strict_yaml import BadYaml
from arrears.tables.contacts import CHANNELS
from arrears.tables.holds import HOLD_KINDS

_TEXT_FIELDS = ("bucket", "product", "hold", "cap", "overpaid")
_KNOWN = {"hold": ("none", *HOLD_KINDS), "cap": ("known", "unknown"), "overpaid": ("yes", "no")}
_NUMBER_FIELDS = ("claimable",)
_RANGE = re.compile(r"^(?:(?P<below><)(?P<top>\d+)|>=(?P<from>\d+)|(?P<low>\d+)\.\.(?P<high>\d+))$")


@dataclass(frozen=True)
class Row:
    """One row: what must hold (field to allowed values, or to a half-open range), and what follows."""

    name: str
    when: tuple[tuple[str, tuple], ...]
    treatment: str
    reason_zh: str
    reason_en: str


@dataclass(frozen=True)
class Strategy:
    """A strategy in force: its rows in order, the last being `otherwise`; its treatments, most pressing first."""

    id: str
    version: str
    rows: tuple[Row, ...]
    treatments: tuple[str, ...]
    wording: dict[str, dict[str, str]]
    contacts: dict[str, tuple[str, str | None]]
    """Of each treatment that is a contact: its channel, and the wording that goes out, with {lender} and {amount} for what is filled in."""
    text: str

    @property
    def digest(self) -> str:
        return sha256(self.text.encode()).hexdigest()


def default_strategy_text() -> str:
    return files("arrears.strategy").joinpath("default", "strategy.yaml").read_text(encoding="utf-8")


def read_strategy(path: Path) -> Strategy:
    return strategy_from(strict_yaml.read_text(path), path.name)


def strategy_from(text: str, name: str = "strategy.yaml") -> Strategy:
    """The strategy of this text; raises BadYaml naming the row where one is not as it should be."""
    content = strict_yaml.parse(text, name)
    strict_yaml.expect_keys(content, {"id", "version", "treatments", "rows", "otherwise"}, set(), name)
    for entry in content["treatments"]:
        strict_yaml.expect_keys(entry, {"name", "zh", "en"}, {"channel", "text"}, f"{name}, treatments")
        if "channel" in entry and entry["channel"] not in CHANNELS:
            raise BadYaml(f"{name}, treatments{strict_yaml.line_of(entry, 'channel')}: the channel {entry['channel']!r} is not known; known are {', '.join(CHANNELS)}")
        if "text" in entry and "channel" not in entry:
            raise BadYaml(f"{name}, treatments{strict_yaml.line_of(entry, 'text')}: {entry['name']} has a text but no channel by which it goes out")
    treatments = tuple(entry["name"] for entry in content["treatments"])
    if len(set(treatments)) < len(treatments):
        raise BadYaml(f"{name}, treatments: one stands twice; the list says how pressing each is, so each stands once")
    rows = []
    for place, entry in enumerate(content["rows"], start=1):
        where = f"{name}, row {place} ({entry.get('name', 'without a name') if isinstance(entry, dict) else entry})"
        strict_yaml.expect_keys(entry, {"name", "when", "treatment", "reason"}, set(), where)
        rows.append(_row(entry, entry["when"], treatments, where))
    strict_yaml.expect_keys(content["otherwise"], {"name", "treatment", "reason"}, set(), f"{name}, otherwise")
    rows.append(_row(content["otherwise"], {}, treatments, f"{name}, otherwise"))
    names = [row.name for row in rows]
    if len(set(names)) < len(names):
        raise BadYaml(f"{name}: two rows share a name; each needs its own, the report names rows by it")
    wording = {entry["name"]: {"zh": entry["zh"], "en": entry["en"]} for entry in content["treatments"]}
    contacts = {entry["name"]: (entry["channel"], entry.get("text")) for entry in content["treatments"] if "channel" in entry}
    return Strategy(content["id"], content["version"], tuple(rows), treatments, wording, contacts, text)


def demand_buckets(strategy: Strategy, names: tuple[str, ...]) -> None:
    """Raises BadYaml where a row names a bucket that there is not: it would never fit."""
    for row in strategy.rows:
        for field, cell in row.when:
            unknown = [value for value in cell if field == "bucket" and value not in names]
            if unknown:
                raise BadYaml(f"strategy {strategy.id}, row {row.name}: no bucket {unknown[0]!r}; there are {', '.join(names)}")


def fits(row: Row) -> pl.Expr:
    """True where the row's conditions hold. Expects the columns bucket, product, hold, cap, overpaid, claimable."""
    conditions = []
    for field, cell in row.when:
        if field in _NUMBER_FIELDS:
            low, high = cell
            if low is not None:
                conditions.append(pl.col(field) >= low)
            if high is not None:
                conditions.append(pl.col(field) < high)
        else:
            conditions.append(pl.col(field).is_in(list(cell)))
    return reduce(lambda left, right: left & right, conditions, pl.lit(True))


def chosen_row(strategy: Strategy) -> pl.Expr:
    """The place of the first row that fits, as UInt16; `otherwise` is the last."""
    choice = pl
    for place, row in enumerate(strategy.rows[:-1]):
        choice = choice.when(fits(row)).then(pl.lit(place, pl.UInt16))
    last = pl.lit(len(strategy.rows) - 1, pl.UInt16)
    return (last if choice is pl else choice.otherwise(last)).alias("row")


def _row(entry: dict, when: dict, treatments: tuple[str, ...], where: str) -> Row:
    if entry["treatment"] not in treatments:
        raise BadYaml(f"{where}: the treatment {entry['treatment']!r} is not in the list of treatments")
    strict_yaml.expect_keys(entry["reason"], {"zh", "en"}, set(), f"{where}, reason")
    if not isinstance(when, dict):
        raise BadYaml(f"{where}: when must be a mapping of fields to what they may be; write {{}} where the row fits everything")
    cells = []
    for field, cell in when.items():
        if field in _NUMBER_FIELDS:
            cells.append((field, _range(cell, f"{where}, {field}")))
        elif field in _TEXT_FIELDS:
            cells.append((field, _values(field, cell, where)))
        else:
            raise BadYaml(f"{where}: unknown field {field!r}; known are {', '.join(_TEXT_FIELDS + _NUMBER_FIELDS)}")
    return Row(entry["name"], tuple(cells), entry["treatment"], entry["reason"]["zh"], entry["reason"]["en"])


def _values(field: str, cell: str | list[str], where: str) -> tuple[str, ...]:
    values = tuple(cell) if isinstance(cell, list) else (cell,)
    known = _KNOWN.get(field)
    for value in values:
        if not isinstance(value, str) or value == "":
            raise BadYaml(f"{where}, {field}: a cell is one value or a list of values")
        if known is not None and value not in known:
            raise BadYaml(f"{where}, {field}: {value!r} is not known; known are {', '.join(known)}")
    return values


def _range(cell: str, where: str) -> tuple[int | None, int | None]:
    found = _RANGE.match(cell) if isinstance(cell, str) else None
    if found is None:
        raise BadYaml(f"{where}: {cell!r} is no range; write <N, >=N or N..M in minor units")
    if found["below"]:
        return None, int(found["top"])
    if found["from"]:
        return int(found["from"]), None
    low, high = int(found["low"]), int(found["high"])
    if low >= high:
        raise BadYaml(f"{where}: {cell} is empty; the first number must be below the second")
    return low, high
