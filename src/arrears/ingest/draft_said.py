"""What a person answers, as a mapping says it: common words for choices, rates with their unit, constants checked at once."""

import re
from collections.abc import Collection
from decimal import Decimal
from functools import cache

from arrears.ingest.column_maps import read_column
from arrears.ingest.fault_words import FAULTS, sentence
from arrears.ingest.flaw import Flaw
from arrears.ingest.kinds import RATE_UNITS, kind_of
from arrears.ingest.mapped import ColumnMap, Mapping
from arrears.ingest.mapping import parse_mapping
from arrears.ingest.place import Place
from arrears.ingest.reading import reader_of
from arrears.refusal import Refused
from arrears.tables.table import Column

_SAYS = {
    "minor": ("分", "fen", "cent", "cents"), "major": ("元", "圆", "人民币元", "yuan", "rmb", "cny"), "ten_thousand": ("万元", "万", "wan"),
    "thousand": ("千元", "千", "k"), "million": ("百万元", "百万"), "hundred_million": ("亿元", "亿"), "permyriad": ("bp", "bps", "基点"),
    "yes": ("y", "true", "是", "有", "对"), "no": ("n", "false", "否", "无", "没有", "不"),
    "360": ("360天", "360 days"), "365": ("365天", "365 days"),
}
"""Common ways to say a choice; they count where the choice is one that may be made."""
_DIGITS = {sign: str(place) for place, sign in enumerate("零一二三四五六七八九")} | {"两": "2", "十": "10"}
_PARTS = {"%": "percent", "百分之": "percent", "‰": "permille", "千分之": "permille", "‱": "permyriad", "万分之": "permyriad"}
_OF_ONE = {"percent": 2, "permille": 3, "permyriad": 4}
_TIME = r"(?:/|每|per |a )?(?P<time>年|月|日|天|year|month|day)(?:化|息)?"
_RATE = re.compile(
    rf"(?:(?P<before>年化|年|月|日)利?率?)?(?:(?P<parts>百分之|千分之|万分之)(?P<said>[0-9.]+|[零一二三四五六七八九两十])|(?P<body>[0-9.]+) ?(?P<mark>[%‰‱])) ?(?:{_TIME})?"
)
_TIMES = {"年": "", "年化": "", "year": "", "月": "_a_month", "month": "_a_month", "日": "_a_day", "天": "_a_day", "day": "_a_day"}
_LEAST_PPM = 1_000


def as_choice(answer: str, choices: tuple[str, ...]) -> str | None:
    """The choice that the answer means, in any case and by its common names; None where it means none."""
    plain = answer.strip().lower()
    by_case = {choice.lower(): choice for choice in choices}
    return by_case.get(plain) or next((choice for choice, words in _SAYS.items() if choice in choices and plain in words), None)


def rate_said(text: str) -> dict[str, str] | None:
    """A rate with its sign and time as the keys of a mapping; None where it is not said so.

    A per mille or per ten thousand without its time says nothing: some mean it by the day, some by the month.

    >>> rate_said("18.25%"), rate_said("万分之五/日"), rate_said("万分之五")
    ({'constant': '18.25', 'unit': 'percent'}, {'constant': '5', 'unit': 'permyriad_a_day'}, None)
    """
    found = _RATE.fullmatch(text.strip().replace("％", "%"))
    if found is None:
        return None
    said = _DIGITS.get(found["said"] or "", found["said"]) or found["body"]
    if not re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", said):
        return None
    parts, time = _PARTS[found["parts"] or found["mark"]], _TIMES[found["time"] or found["before"] or "年"]
    if parts != "percent" and not (found["time"] or found["before"]):
        return None
    if f"{parts}{time}" in RATE_UNITS:
        return {"constant": said, "unit": f"{parts}{time}"}
    percent = Decimal(said).scaleb(2 - _OF_ONE[parts])
    return {"constant": f"{percent:f}", "unit": f"percent{time}"}


def summands(answer: str, columns: Collection[str]) -> tuple[str, ...]:
    """The columns of an answer such as `a + b`, each once; empty where it is none."""
    names = tuple(part.strip() for part in re.split("[+＋]", answer))
    return names if len(names) > 1 and len(set(names)) == len(names) and all(name in columns for name in names) else ()


def constant_said(column: Column, answer: str) -> dict[str, str]:
    """The entry of a column that is the same in every row; raises Refused where the column's own reader cannot read it."""
    text, kind = answer.removeprefix("=").strip(), kind_of(column)
    entry = (rate_said(text) if kind == "rate" else None) or {"constant": text}
    if kind == "flag":
        entry["constant"] = as_choice(text, ("yes", "no")) or text
    read = ColumnMap(column.name, "constant", constant=entry["constant"], unit=entry.get("unit"), words=tuple(str(word) for word in column.one_of or ()))
    value = reader_of(kind, read, _bare(), ".", "CNY", supplied="own")(entry["constant"])
    if isinstance(value, Flaw):
        if kind == "rate" and value.rule in ("decimals", "not_a_number"):
            raise _no_rate(text)
        shown = sentence(value.rule, column.name, text, value.detail) if value.rule in FAULTS else (f"{text!r}: {value.rule}", f"“{text}”：{value.rule}")
        raise Refused(*shown)
    if kind == "rate" and value is not None and 0 < value < _LEAST_PPM:
        raise _no_rate(text)
    read_column(column, entry, Place(column.name), mapping=_bare(), decimal=".", repeats=False, currency="CNY")
    return entry


def _no_rate(text: str) -> Refused:
    return Refused(
        f"{text!r} is not sure as a rate in parts per million a year (18 % is 180000); write it as 18%, 1.5%/月, 0.05%/日 or 万分之五/日",
        f"{text!r} 作为年百万分数不明确（18 % 即 180000）；请写成 18%、1.5%/月、0.05%/日 或 万分之五/日",
    )


@cache
def _bare() -> Mapping:
    """A mapping that says nothing of its own, for its time zone and its ways of writing dates."""
    return parse_mapping("mapping: answers\nsources: [{source: x, tables: {guarantors: as_is}}]\n", "answers")
