"""Conditions of a strategy: which fields there are and what each rests on, how a cell is read, and which row fits first.

A row's conditions must all hold. What is not known (null) fits no condition on its field, and a value that no row names fits none either.
"""

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from arrears.compiled import compiled
from arrears.money import PPM
from arrears.strategy.strategy import When
from arrears.strict_yaml import BadYaml, line_of
from arrears.tables.borrowers import BORROWER_KINDS
from arrears.tables.holds import HOLD_KINDS
from arrears.tables.table import AMOUNT_MAX_MINOR

FREQUENCIES = ("once", "weekly", "fortnightly", "monthly", "longer")
"""How often a loan is to be paid by its schedule."""
_PERCENT = "per cent"


@dataclass(frozen=True)
class Field:
    """What a condition may ask of a late loan.

    rests_on: published (a criterion anyone is told of, which an offer may rest on), state (what happened or holds), predicted (what a model says), derived
    (from other fields). values: those there are, None where they are the lender's own words. unit: of a number; a predicted one is kept as parts per million.
    """

    name: str
    kind: str
    rests_on: str
    zh: str
    en: str
    values: tuple[str, ...] | None = None
    unit: str | None = None
    may_be_null: bool = False

    @property
    def is_share(self) -> bool:
        """It is written in per cent, kept as parts per million, and a column of it holds Float64 from 0 to 1."""
        return self.unit == _PERCENT


FIELDS: dict[str, Field] = {field.name: field for field in (
    Field("bucket", "text", "published", "账龄", "bucket"),
    Field("product", "text", "state", "产品", "product"),
    Field("hold", "text", "state", "停催原因", "hold", ("none", *HOLD_KINDS)),
    Field("cap", "text", "state", "息费上限", "cap on charges", ("known", "unknown")),
    Field("overpaid", "text", "state", "已超付息费", "charges overpaid", ("yes", "no")),
    Field("claimable", "number", "published", "可主张金额", "amount that may be asked", unit="minor units"),
    Field("segment", "text", "derived", "客群", "segment"),
    Field("frequency", "text", "state", "还款频率", "payment frequency", FREQUENCIES, may_be_null=True),
    Field("hardship", "text", "published", "困难（在审，或近 180 天内曾提出）", "hardship (looked into now, or raised within 180 days)", ("yes", "no")),
    Field("kind", "text", "state", "借款人类别", "kind of borrower", BORROWER_KINDS, may_be_null=True),
    Field("days_past_due", "number", "published", "逾期天数", "days past due", unit="days"),
    Field("kept_plans", "number", "published", "履行的还款计划数", "plans kept", unit="plans"),
    Field("kept_promises", "number", "state", "兑现的承诺数", "promises kept", unit="promises"),
    Field("broken_promises", "number", "state", "未兑现的承诺数", "promises broken", unit="promises"),
    Field("contacts_30", "number", "state", "近30天外呼次数", "outbound contacts of the last 30 days", unit="contacts"),
    Field("pay_probability", "number", "predicted", "预计还款概率", "predicted probability of payment", unit=_PERCENT, may_be_null=True),
    Field("self_cure", "number", "predicted", "预计自行还款概率", "predicted probability of paying unasked", unit=_PERCENT, may_be_null=True),
)}
"""Every field of a condition by its name, which is also the name of its column."""

_WHOLE, _SHARE = r"\d{1,20}", r"\d{1,20}(?:\.\d{1,4})?%"


def _ranges(number: str) -> re.Pattern:
    return re.compile(rf"(?:<(?P<top>{number})|>=(?P<bottom>{number})|(?P<low>{number})\.\.(?P<high>{number}))")


_RANGES = {False: _ranges(_WHOLE), True: _ranges(_SHARE)}
_WRITE = {False: "write <N, >=N or N..M in {}", True: "write <N%, >=N% or N%..M% in {}, with at most four decimals"}


def read_when(entry: dict, where: str) -> When:
    """The conditions of an entry, field by field as they are written; raises BadYaml naming `where` and the field."""
    if not isinstance(entry, dict):
        raise BadYaml(f"{where}: when must be a mapping of fields to what they may be; write {{}} where the row fits everything")
    conditions = []
    for name, cell in entry.items():
        field = FIELDS.get(name)
        if field is None:
            raise BadYaml(f"{where}{line_of(entry, name)}: unknown field {name!r}; known are {', '.join(FIELDS)}")
        conditions.append((name, _range(cell, field, f"{where}, {name}") if field.kind == "number" else _values(cell, field, f"{where}, {name}")))
    return tuple(conditions)


def cell_of(name: str, cell: tuple) -> str | list[str]:
    """What is written in a file for this condition: read_when reads the same back.

    >>> cell_of("self_cure", (852500, None)), cell_of("claimable", (None, 50000)), cell_of("bucket", ("M1", "M2"))
    ('>=85.25%', '<50000', ['M1', 'M2'])
    """
    if FIELDS[name].kind == "text":
        return cell[0] if len(cell) == 1 else list(cell)
    low, high = (None if edge is None else number_of(name, edge) for edge in cell)
    return f"<{high}" if low is None else f">={low}" if high is None else f"{low}..{high}"


def number_of(name: str, number: int) -> str:
    """One edge of a range as it is written: a share in per cent, anything else in digits."""
    if not FIELDS[name].is_share:
        return str(number)
    return f"{number // 10_000}.{number % 10_000:04d}".rstrip("0").rstrip(".") + "%"


def demand_segments(conditions: list[tuple[str, When]], segments: tuple[str, ...]) -> None:
    """Raises BadYaml where a condition names a segment that there is not: it would never fit. conditions: (where it stands, when)."""
    for where, when in conditions:
        for name, cell in when:
            unknown = [value for value in cell if name == "segment" and value not in segments]
            if unknown:
                raise BadYaml(f"{where}: no segment {unknown[0]!r}; " + (f"there are {', '.join(segments)}" if segments else "the strategy has none"))


def _values(cell: str | list[str], field: Field, where: str) -> tuple[str, ...]:
    values = tuple(cell) if isinstance(cell, list) else (cell,)
    if not values:
        raise BadYaml(f"{where}: the list is empty, so nothing would fit; a cell is one value or a list of values")
    for place, value in enumerate(values):
        if not isinstance(value, str) or value == "":
            raise BadYaml(f"{where}: a cell is one value or a list of values")
        if field.values is not None and value not in field.values:
            raise BadYaml(f"{where}: {value!r} is not known; known are {', '.join(field.values)}")
        if value in values[:place]:
            raise BadYaml(f"{where}: {value!r} stands twice in the list; remove one")
    return values


def _range(cell: str, field: Field, where: str) -> tuple[int | None, int | None]:
    found = _RANGES[field.is_share].fullmatch(cell) if isinstance(cell, str) and cell.isascii() else None
    if found is None:
        raise BadYaml(f"{where}: {cell!r} is no range; {_WRITE[field.is_share].format(field.unit)}")
    edges = {edge: _number(text, field) for edge, text in found.groupdict().items() if text is not None}
    most = PPM if field.is_share else AMOUNT_MAX_MINOR
    if max(edges.values()) > most:
        raise BadYaml(f"{where}: {cell} goes beyond {'100 %' if field.is_share else f'{most:,}'}; no value is that large, so a digit or a unit was mistaken")
    if "low" not in edges:
        return edges.get("bottom"), edges.get("top")
    if edges["low"] >= edges["high"]:
        raise BadYaml(f"{where}: {cell} is empty; the first number must be below the second")
    return edges["low"], edges["high"]


def _number(text: str, field: Field) -> int:
    if not field.is_share:
        return int(text)
    whole, _, decimals = text.removesuffix("%").partition(".")
    return int(whole) * 10_000 + int(decimals.ljust(4, "0"))


def fits(when: When, frame: pl.DataFrame) -> np.ndarray:
    """True where all these conditions hold; one flag per row of the frame."""
    return first_fit((when, ()), frame) == 0


_AT_A_TIME = 16_384
"""Rows coded at a time, so that their codes stay in the cache."""


def first_fit(whens: tuple[When, ...], frame: pl.DataFrame) -> np.ndarray:
    """The place of the first of `whens` whose conditions all hold, as uint16; one per row of the frame.

    The last of `whens` is () and takes what is left. The frame has a column for each field that is named: text, whole numbers, or for predictions
    Float64 from 0 to 1; no other column is touched. Null, NaN and text that no row names fit no condition on their field.

    How: for each field a row's value becomes a code, and for each code there is a set of the rows of the table that the value permits, as bits. The sets
    of a row's fields are intersected; the lowest bit left is the answer.
    """
    if not whens or whens[-1] != ():
        raise AssertionError("the last row of a table has no conditions: otherwise takes what is left")
    if len(whens) > 65_535:
        raise AssertionError(f"a table of {len(whens):,} rows; there may be 65,535")
    names = [name for name in FIELDS if any(name == asked for when in whens for asked, _ in when)]
    if not names:
        return np.zeros(len(frame), np.uint16)
    coders = [_coder(name, whens) for name in names]
    sets = _padded([permitted for _, permitted in coders])
    places, codes = np.empty(len(frame), np.uint16), np.empty((len(names), _AT_A_TIME), np.uint32)
    for begin in range(0, len(frame), _AT_A_TIME):
        part = frame[begin:begin + _AT_A_TIME]
        for place, (name, (known, _)) in enumerate(zip(names, coders, strict=True)):
            _code(part[name], known, codes[place, :len(part)])
        _lowest(codes, sets, _PLACE, places[begin:begin + len(part)])
    return places


@dataclass(frozen=True)
class _Words:
    """The values of a text field that rows name, as Arrow lays text out (see `_views`): those of at most 12 bytes by their views, all of them by an Enum."""

    every: pl.Enum
    short: np.ndarray
    """Two numbers for each short value."""
    codes: np.ndarray
    """The code of each short value: its place among all."""


def _words(values: tuple[str, ...]) -> _Words:
    views = _views(pl.Series(values, dtype=pl.String))
    places = np.flatnonzero(_lengths(views) <= _SHORT).astype(np.uint32)
    return _Words(pl.Enum(values), views[places], places)


def _coder(name: str, whens: tuple[When, ...]) -> tuple[np.ndarray | _Words, np.ndarray]:
    """What turns values of a field into codes, and for each code the rows it permits: words of 64 rows each. The last code is null."""
    cells = [dict(when).get(name) for when in whens]
    asked = [cell for cell in cells if cell is not None]
    if FIELDS[name].kind == "text":
        values = tuple(dict.fromkeys(value for cell in asked for value in cell))
        return _words(values), _sets([[cell is None or value in cell for cell in cells] for value in values] + [[cell is None for cell in cells]])
    cuts = sorted({edge for cell in asked for edge in cell if edge is not None})
    inside = [cuts[0] - 1 if cuts else 0, *cuts]
    permitted = [[cell is None or ((cell[0] is None or cell[0] <= one) and (cell[1] is None or one < cell[1])) for cell in cells] for one in inside]
    edges = np.array(cuts, np.int64) / PPM if FIELDS[name].is_share else np.array(cuts, np.int64)
    return edges, _sets([*permitted, [cell is None for cell in cells]])


def _sets(permitted: list[list[bool]]) -> np.ndarray:
    """One line of 64-bit words for each list of flags; the first flag is the lowest bit of the first word."""
    flags = np.array(permitted, bool)
    wide = np.zeros((len(flags), -(-flags.shape[1] // 64) * 64), bool)
    wide[:, :flags.shape[1]] = flags
    return np.packbits(wide, axis=1, bitorder="little").view("<u8")


def _padded(permitted: list[np.ndarray]) -> np.ndarray:
    """The sets of all fields in one array: field, code, word."""
    sets = np.zeros((len(permitted), max(len(one) for one in permitted), permitted[0].shape[1]), np.uint64)
    for place, one in enumerate(permitted):
        sets[place, :len(one)] = one
    return sets


_SHORT = 12
"""Bytes of text that a view holds in itself."""


def _views(column: pl.Series) -> np.ndarray:
    """Two numbers for each text: its length and first 4 bytes, and for a text of at most 12 bytes the other 8. Source: Arrow columnar format, Utf8View."""
    array = column.to_arrow(compat_level=pl.CompatLevel.newest())
    return np.frombuffer(array.buffers()[1], np.uint64).reshape(-1, 2)[array.offset:array.offset + len(array)]


def _lengths(views: np.ndarray) -> np.ndarray:
    return views[:, 0] & np.uint64(0xFFFF_FFFF)


def _code(column: pl.Series, known: np.ndarray | _Words, codes: np.ndarray) -> None:
    """Writes the code of each value into `codes`."""
    if isinstance(known, _Words):
        _code_words(column if column.dtype == pl.String else column.cast(pl.String), known, codes)
        return
    dtype = pl.Float64 if known.dtype == np.float64 else pl.Int64
    if dtype == pl.Int64 and not column.dtype.is_integer() or dtype == pl.Float64 and not column.dtype.is_float():
        raise AssertionError(f"{column.name} is {column.dtype}; conditions on it need {dtype}")
    values = column.cast(dtype)
    if values.null_count() == 0:
        _between(values.to_numpy(), known, codes)
        return
    _between(values.fill_null(0).to_numpy(), known, codes)
    codes[values.is_null().to_numpy()] = len(known) + 1


def _code_words(column: pl.Series, known: _Words, codes: np.ndarray) -> None:
    """Short texts are told apart by their views, two numbers each; long ones are looked up where rows name any."""
    views, nothing = _views(column), len(known.every.categories)
    _look_up(views, known.short, known.codes, nothing, codes)
    if len(known.codes) < nothing:
        long = np.flatnonzero(_lengths(views) > _SHORT)
        if len(long):
            codes[long] = column.gather(long).cast(known.every, strict=False).to_physical().cast(pl.UInt32).fill_null(nothing).to_numpy()
    if column.null_count():
        codes[column.is_null().to_numpy()] = nothing


@compiled
def _look_up(views, short, codes_of, nothing, codes):
    """The code of the short value that has the same view, `nothing` where there is none."""
    for row in range(len(views)):
        code = nothing
        for place in range(len(short)):
            if views[row, 0] == short[place, 0] and views[row, 1] == short[place, 1]:
                code = codes_of[place]
                break
        codes[row] = code


@compiled
def _between(values, cuts, codes):
    """The number of cuts that are not above the value; for NaN one more than there are cuts."""
    for row in range(len(values)):
        codes[row] = 0 if values[row] == values[row] else len(cuts) + 1
    for cut in cuts:
        for row in range(len(values)):
            codes[row] += np.uint32(cut <= values[row])


_SPREAD = 0x03F79D71B4CB0A89
"""A de Bruijn sequence: shifted by 0 to 63 places, its six highest bits take 64 different values, so they name the shift."""
_PLACE = np.zeros(64, np.uint8)
for _shift in range(64):
    _PLACE[(_SPREAD << _shift & 0xFFFF_FFFF_FFFF_FFFF) >> 58] = _shift


@compiled
def _lowest(codes, sets, place_of, places):
    """The lowest bit that all of a row's sets share. The last row of a table has no condition, so there always is one."""
    for row in range(len(places)):
        for word in range(sets.shape[2]):
            left = sets[0, codes[0, row], word]
            for field in range(1, codes.shape[0]):
                left &= sets[field, codes[field, row], word]
            if left != 0:
                alone = left & (~left + np.uint64(1))
                places[row] = 64 * word + place_of[(alone * np.uint64(_SPREAD)) >> np.uint64(58)]
                break
