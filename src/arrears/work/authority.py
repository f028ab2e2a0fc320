"""The authority matrix: who may agree a plan alone, who may approve another's, and what nobody may. Amount × kind × role, as data with its lines; the lender's own file replaces the shipped one.

Policies (Cedar) say who may act on which case at all; the matrix says how much. Either alone is enough to refuse.
Docs: docs/guides/plans.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from arrears import strict_yaml
from arrears.strict_yaml import BadYaml, line_of
from arrears.tables.table import AMOUNT_MAX_MINOR
from arrears.work.plan_calculator import KINDS

FOLDER = "authority"
ROLES = ("collector", "agency_worker", "team_lead", "compliance_officer")
"""Roles that may do anything with a plan; the policies let no other near one."""
ANY = AMOUNT_MAX_MINOR
"""What a file writes as `any`: no plan reaches it."""


@dataclass(frozen=True)
class Amounts:
    """So much at most, in minor units; principal of a settlement alone."""

    put_off_minor: int
    waived_minor: int
    principal_minor: int = 0


@dataclass(frozen=True)
class Row:
    """One line of the matrix. alone, decide: None where the role may not; beyond: it may approve what goes beyond the strategy."""

    name: str
    role: str
    kinds: tuple[str, ...]
    alone: Amounts | None
    decide: Amounts | None
    beyond: bool
    zh: str
    en: str


@dataclass(frozen=True)
class Matrix:
    """All lines of one lender, and whose choice they are (source: operator_policy of the shipped file)."""

    id: str
    source: str
    currency: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Terms:
    """What authority asks of a plan: its kind, currency, the sum of its parts, what it waives, and what goes beyond the strategy."""

    kind: str
    currency: str
    put_off_minor: int
    waived_minor: int
    principal_minor: int = 0
    beyond: tuple[str, ...] = ()


def alone_by(matrix: Matrix, roles: Iterable[str], terms: Terms) -> Row | None:
    """The line by which one of these roles agrees the plan without anybody else; None where somebody must approve it. What goes beyond the strategy always must be."""
    return None if terms.beyond else _found(matrix, roles, terms, lambda row: row.alone)


def decided_by(matrix: Matrix, roles: Iterable[str], terms: Terms) -> Row | None:
    """The line by which one of these roles may approve the plan of somebody else; None where they have not the authority."""
    return _found(matrix, roles, terms, lambda row: row.decide if row.beyond or not terms.beyond else None)


def deciders(matrix: Matrix, terms: Terms) -> tuple[str, ...]:
    """The roles that may approve the plan, those nearest to the case first; empty where nobody may."""
    return tuple(role for role in ROLES if decided_by(matrix, (role,), terms))


def _found(matrix: Matrix, roles: Iterable[str], terms: Terms, part) -> Row | None:
    if terms.currency != matrix.currency:
        return None
    held = set(roles)
    return next((row for row in matrix.rows if row.role in held and terms.kind in row.kinds and (amounts := part(row)) is not None and _is_within(terms, amounts)), None)


def _is_within(terms: Terms, amounts: Amounts) -> bool:
    return terms.put_off_minor <= amounts.put_off_minor and terms.waived_minor <= amounts.waived_minor and terms.principal_minor <= amounts.principal_minor


def matrix_of(home: Path, lender: str) -> Matrix:
    """The lender's own matrix, HOME/authority/LENDER.yaml, or the shipped one. Raises BadYaml, naming file and line, where its own cannot be taken at its word."""
    own = home / FOLDER / f"{lender}.yaml"
    try:
        stamp = own.stat()
    except FileNotFoundError:
        return shipped()
    return _read_own(own, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=1)
def shipped() -> Matrix:
    """The matrix that travels with this version: the project's own choice, marked as such."""
    return matrix_from(files("arrears.work").joinpath("authority.yaml").read_text(encoding="utf-8"), "authority.yaml")


@lru_cache(maxsize=16)
def _read_own(path: Path, changed: int, size: int) -> Matrix:
    return matrix_from(strict_yaml.read_text(path), str(path))


def matrix_from(text: str, name: str) -> Matrix:
    """The matrix of this text. Raises BadYaml naming the file, the line and the field."""
    content = strict_yaml.parse(text, name)
    strict_yaml.expect_keys(_mapping(content, name), {"id", "source", "currency", "rows"}, set(), name)
    if not isinstance(content["rows"], list) or not content["rows"]:
        raise BadYaml(f"{name}{line_of(content, 'rows')}: rows must be a list with a line for each role that may grant something")
    rows = tuple(_row(_mapping(entry, f"{name}, row {place}"), f"{name}, row {place}") for place, entry in enumerate(content["rows"], start=1))
    names = [row.name for row in rows]
    twice = next((one for place, one in enumerate(names) if one in names[:place]), None)
    if twice:
        raise BadYaml(f"{name}{line_of(content, 'rows')}: two rows are called {twice}; give each a name of its own")
    if not isinstance(content["currency"], str) or len(content["currency"]) != 3 or not content["currency"].isupper():
        raise BadYaml(f"{name}{line_of(content, 'currency')}: currency is {content['currency']!r}; write three capital letters, such as CNY")
    return Matrix(_text(content, "id", name), _text(content, "source", name), content["currency"], rows)


def _row(entry: dict, where: str) -> Row:
    strict_yaml.expect_keys(entry, {"name", "role", "kinds", "zh", "en"}, {"alone", "decide", "beyond"}, where)
    role, kinds = _text(entry, "role", where), entry["kinds"]
    if role not in ROLES:
        raise BadYaml(f"{where}{line_of(entry, 'role')}: role {role!r} decides nothing about plans; known are {', '.join(ROLES)}")
    if not isinstance(kinds, list) or not kinds or any(kind not in KINDS for kind in kinds) or len(set(kinds)) != len(kinds):
        raise BadYaml(f"{where}{line_of(entry, 'kinds')}: kinds is a list, each once, of {', '.join(KINDS)}")
    if "alone" not in entry and "decide" not in entry:
        raise BadYaml(f"{where}{line_of(entry)}: it grants nothing; write alone or decide, or remove the row")
    beyond = entry.get("beyond", "no")
    if beyond not in ("yes", "no"):
        raise BadYaml(f"{where}{line_of(entry, 'beyond')}: beyond is yes or no")
    if beyond == "yes" and "decide" not in entry:
        raise BadYaml(f"{where}{line_of(entry, 'beyond')}: what goes beyond the strategy needs a second person; write decide, or take beyond out")
    return Row(_text(entry, "name", where), role, tuple(kinds), _amounts(entry, "alone", kinds, where), _amounts(entry, "decide", kinds, where), beyond == "yes", _text(entry, "zh", where), _text(entry, "en", where))


def _amounts(entry: dict, key: str, kinds: list[str], where: str) -> Amounts | None:
    if key not in entry:
        return None
    cell = _mapping(entry[key], f"{where}, {key}")
    strict_yaml.expect_keys(cell, {"put_off", "waived"}, {"principal"}, f"{where}, {key}")
    if "principal" in cell and (key == "alone" or kinds != ["settlement"]):
        raise BadYaml(f"{where}{line_of(cell, 'principal')}: principal is waived by a settlement alone, and never by one person: write it under decide of a row with kinds: [settlement]")
    return Amounts(*(_minor(cell, name, f"{where}, {key}") for name in ("put_off", "waived")), _minor(cell, "principal", f"{where}, {key}") if "principal" in cell else 0)


def _minor(cell: dict, name: str, where: str) -> int:
    text = cell[name]
    if text == "any":
        return ANY
    if not isinstance(text, str) or not text.isascii() or not text.isdecimal() or len(text) > 18 or int(text) > ANY:
        raise BadYaml(f"{where}{line_of(cell, name)}: {name} is {text!r}; write a whole number of minor units from 0 to {ANY}, or any")
    return int(text)


def _mapping(entry, where: str) -> dict:
    if not isinstance(entry, dict):
        raise BadYaml(f"{where}: must be a mapping of names to values")
    return entry


def _text(entry: dict, key: str, where: str) -> str:
    value = entry[key]
    if not isinstance(value, str) or not value.strip():
        raise BadYaml(f"{where}{line_of(entry, key)}: {key} must be a text")
    return value.strip()
