"""One column of a table in a mapping: the keys it may bear, and which of them go together."""

from typing import Any

import polars as pl

from arrears.ingest.dates import BadFormat, Dates, dates_of
from arrears.ingest.flaw import Flaw
from arrears.ingest.kinds import kind_of, units_of
from arrears.ingest.mapped import ColumnMap, Mapping
from arrears.ingest.place import Place, short
from arrears.ingest.reading import reader_of
from arrears.tables.table import Column
from arrears.tables.visible import range_faults

_TAKES = ("column", "constant", "first_of", "join", "sum_of", "difference_of", "key_of", "number")
_DOES = ("part", "zero_fill", "width", "values", "otherwise", "default", "unit", "round", "negative", "format", "plus_days",
         "plus_months", "share", "every", "with")
_ONLY_FOR = {
    "sum_of": ("money",), "difference_of": ("money",), "unit": ("money", "rate", "share"), "round": ("money", "rate", "share"),
    "negative": ("money",), "format": ("date", "moment"), "plus_days": ("date",), "plus_months": ("date",),
    "share": ("money",), "every": ("date",), "join": ("text", "moment", "date"), "key_of": ("text",), "number": ("whole",),
}
_KIND_WORDS = {
    "text": ("texts", "文本"), "currency": ("currencies", "货币"), "money": ("amounts", "金额"), "rate": ("rates", "利率"),
    "share": ("shares", "占比"), "whole": ("whole numbers", "整数"), "flag": ("flags", "是否"), "date": ("dates", "日期"),
    "moment": ("moments", "时刻"),
}


def read_dates(texts: tuple[str, ...], zone: str, place: Place) -> Dates:
    """The list of date formats, ready to read; raises Refused where it cannot be meant so."""
    if not texts:
        raise place.refused("the list of date formats is empty; name at least one", "日期格式列表为空；请至少写一个")
    try:
        return dates_of(texts, zone)
    except BadFormat as problem:
        raise place.refused(problem.en, problem.zh) from None


def read_column(
    column: Column, entry: Any, place: Place, *, mapping: Mapping, decimal: str, repeats: bool, currency: str
) -> ColumnMap:
    """What the mapping says of one column, checked against the table's column; a plain text is short for `column`."""
    entry = {"column": entry} if isinstance(entry, str) else place.keys(entry, (), (*_TAKES, *_DOES))
    takes = [key for key in _TAKES if key in entry]
    if len(takes) != 1:
        found = ", ".join(takes)
        raise place.refused(
            f"say exactly one of {', '.join(_TAKES)}" + (f", not {found} together" if takes else ""),
            f"{', '.join(_TAKES)} 中必须恰好写一个" + (f"，不能同时写 {found}" if takes else ""),
        )
    take, kind = takes[0], kind_of(column)
    _check_kind(entry, kind, place)
    _check_company(entry, take, repeats, place)
    formats = place.texts(entry["format"], "format") if "format" in entry else None
    read = ColumnMap(
        name=column.name,
        take=take,
        sources=_sources(entry, take, place),
        constant=place.text(entry["constant"], "constant") if take == "constant" else None,
        joined_with=place.text(entry.get("with", "-"), "with"),
        part=_part(entry.get("part"), place),
        zero_fill=place.whole(entry["zero_fill"], "zero_fill", 1, 100) if "zero_fill" in entry else None,
        width=place.whole(entry["width"], "width", 1, 1000) if "width" in entry else None,
        values=_values(entry.get("values"), place),
        otherwise=place.text(entry["otherwise"], "otherwise") if "otherwise" in entry else None,
        default=place.text(entry["default"], "default") if "default" in entry else None,
        unit=place.choice(entry["unit"], "unit", units_of(kind)) if "unit" in entry else None,
        rounds="round" in entry and place.choice(entry["round"], "round", ("half_up",)) == "half_up",
        flips="negative" in entry and place.choice(entry["negative"], "negative", ("flip",)) == "flip",
        dates=read_dates(formats, mapping.timezone, place) if formats is not None else None,
        plus_days=place.whole(entry.get("plus_days", "0"), "plus_days", -36_500, 36_500),
        plus_months=place.whole(entry.get("plus_months", "0"), "plus_months", -1_200, 1_200),
        shares="share" in entry and place.choice(entry["share"], "share", ("equal",)) == "equal",
        every=place.choice(entry["every"], "every", ("month", "week", "day")) if "every" in entry else None,
        words=_words(column),
    )
    _check_texts(column, kind, read, mapping, decimal, currency, place)
    return read


def as_it_is(column: Column) -> ColumnMap:
    """The column taken from the source column of the same name."""
    return ColumnMap(column.name, "column", (column.name,), words=_words(column), may_be_absent=column.nullable or column.optional)


def _words(column: Column) -> tuple[str, ...]:
    return tuple(str(word) for word in column.one_of or ())


def _check_kind(entry: dict, kind: str, place: Place) -> None:
    for key, kinds in _ONLY_FOR.items():
        if key in entry and kind not in kinds:
            words = [_KIND_WORDS[name] for name in kinds]
            raise place.refused(
                f"`{key}` is for {', '.join(en for en, _ in words)}; this column holds {_KIND_WORDS[kind][0]}",
                f"`{key}` 只用于{'、'.join(zh for _, zh in words)}；该列是{_KIND_WORDS[kind][1]}",
            )


def _check_company(entry: dict, take: str, repeats: bool, place: Place) -> None:
    """Keys that ask for another key, or shut one out."""
    for key in ("share", "every", "number"):
        if key in entry and not repeats:
            raise place.refused(
                f"`{key}` has a meaning only within `repeat`; add `repeat: {{times: …}}` to the table",
                f"`{key}` 只在 `repeat` 中有意义；请在该表加上 `repeat: {{times: …}}`",
            )
    if "otherwise" in entry and "values" not in entry:
        raise place.refused("`otherwise` needs `values`; did you mean `default`?", "`otherwise` 需要 `values`；是不是想写 `default`？")
    if "with" in entry and take != "join":
        raise place.refused("`with` belongs to `join`", "`with` 只与 `join` 同用")
    if take in ("constant", "number", "key_of", "sum_of", "difference_of"):
        allowed = {"constant": {"unit", "every", "share", "format"}, "sum_of": {"unit", "round", "negative", "share", "default"},
                   "difference_of": {"unit", "round", "negative", "share", "default"}}.get(take, set())
        extra = sorted(entry.keys() - {take} - allowed)
        if extra:
            listed = ", ".join(extra)
            raise place.refused(f"`{take}` cannot go with {listed}; leave it out", f"`{take}` 不能与 {listed} 同用；请删去")


def _sources(entry: dict, take: str, place: Place) -> tuple[str, ...]:
    if take == "column":
        names: tuple[str, ...] = (place.text(entry["column"], "column"),)
    elif take == "constant":
        return ()
    elif take == "number":
        place.choice(entry["number"], "number", ("true",))
        return ()
    else:
        names = place.texts(entry[take], take)
    if take == "difference_of" and len(names) != 2:
        raise place.refused("`difference_of` takes two columns: [C, D] is C less D", "`difference_of` 取两列：[C, D] 即 C 减 D")
    if not names or "" in names or len(set(names)) < len(names):
        raise place.refused(
            f"`{take}` must name source columns, each once, not {short(entry[take])}", f"`{take}` 必须写来源列名，每列一次，而不是 {short(entry[take])}"
        )
    return names


def _part(entry: Any, place: Place) -> tuple[int, int] | None:
    if entry is None:
        return None
    ends = place.texts(entry, "part")
    if len(ends) == 2:
        first, last = (place.whole(end, "part", 1, 10_000) for end in ends)
        if first <= last:
            return first, last
    raise place.refused(
        f"`part` must be the first and the last character, such as [1, 6], not {short(entry)}",
        f"`part` 必须是首末字符的位置，例如 [1, 6]，而不是 {short(entry)}",
    )


def _values(entry: Any, place: Place) -> dict[str, str] | None:
    if entry is None:
        return None
    if not isinstance(entry, dict) or not entry:
        raise place.refused("`values` must say what each value becomes, such as {a: x}", "`values` 必须写明各值变成什么，例如 {a: x}")
    return {key: place.text(value, f"values.{key}") for key, value in entry.items()}


def _check_texts(
    column: Column, kind: str, read: ColumnMap, mapping: Mapping, decimal: str, currency: str, place: Place
) -> None:
    """Every text the mapping itself supplies must be a value this column may take."""
    supplied = [("constant", read.constant, "own"), ("default", read.default, "own"), ("otherwise", read.otherwise, "source")]
    supplied += [(f"values.{key}", text, "source") for key, text in (read.values or {}).items()]
    for key, text, supply in supplied:
        if text is None:
            continue
        value = reader_of(kind, read, mapping, decimal, currency, supplied=supply)(text)
        if value is None:
            if column.nullable or column.optional or (supply == "source" and read.default is not None):
                continue
            flaw: Flaw | None = Flaw("empty")
        else:
            flaw = value if isinstance(value, Flaw) else _beyond_rules(column, value)
        if flaw is not None:
            allowed = ", ".join(str(one) for one in (column.one_of or ())[:24])
            expected_en = f"it may be: {allowed}" if allowed else f"this column is: {column.meaning} ({column.unit})"
            expected_zh = f"可取：{allowed}" if allowed else f"该列为：{column.meaning}（{column.unit}）"
            rule = flaw.rule + (f": {flaw.detail}" if flaw.detail else "")
            raise place.refused(
                f"`{key}` {text!r} cannot stand here ({rule}); {expected_en}", f"`{key}` 的值 {text!r} 不合该列（{rule}）；{expected_zh}"
            )




def _beyond_rules(column: Column, value: Any) -> Flaw | None:
    row = pl.DataFrame({column.name: [value]}, schema={column.name: column.dtype})
    broken = [fault for fault, breaks in range_faults(column) if row.select(breaks.fill_null(False)).item()]
    return Flaw(broken[0].rule, broken[0].detail) if broken else None
