"""One cell of text read with care: the value it says, None where it says nothing, or the flaw that it has.

These readers are the rule; values.py reads clean cells faster, and must agree with them. No float stands anywhere
on the way of money and rates.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache, partial

from arrears.ingest.currencies import CURRENCIES, may_mean
from arrears.ingest.flaw import Flaw
from arrears.ingest.kinds import RATE_UNITS, SHARE_UNITS, is_a_day
from arrears.ingest.mapped import ColumnMap, Mapping
from arrears.money import decimals_of, half_up
from arrears.tables.table import AMOUNT_MAX_MINOR

Value = str | int | bool | date | datetime | None
Reader = Callable[[str], "Value | Flaw"]

WHOLE_MAX = 2**63 - 1
TEXT_MAX = 1_000
"""The most characters an id or word may have: beyond it a quotation mark or a delimiter was lost."""

_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
LETTERS_AND_DIGITS = {
    wide: wide - 0xFEE0 for wide in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}
EVERY_WIDE: dict[int, int | str | None] = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
EVERY_WIDE |= {ord(sign): "-" for sign in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63"}
EVERY_WIDE |= {ord("￥"): "¥", ord("﹣"): "-", ord("’"): "'", ord("‘"): "'", ord("‰"): "‰"}
EVERY_WIDE |= {ord(blank): " " for blank in _BLANKS} | {ord(sign): None for sign in _INVISIBLE}
EDGES = _INVISIBLE + _BLANKS + " \t\r\n\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029"
"""What is taken off both ends of every cell."""
APOSTROPHES = "'’‘＇"
"""In front of a cell, one of these makes a spreadsheet take a number as text."""
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ufffd]")
_SCIENTIFIC = re.compile(r"[+-]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)[eE][+-]?[0-9]+")
SCIENTIFIC_ID = r"[0-9](?:[.,][0-9]+[eE]\+?|[eE]\+)[0-9]{1,3}"
"""An id that a program took for a number: spreadsheets write 1.23E+17, Java 1.23E17. 12E5 may be an id."""
_SHEET_ERRORS = ("#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#N/A", "#NULL!", "#SPILL!")
_MONEY_SIGN = r"(?:[¥$€£元圆]|[A-Za-z]{3})"
_AMOUNT = re.compile(
    rf"(?P<bracket>\()?\s*(?P<first>[+-])?\s*(?P<before>{_MONEY_SIGN})?\s*(?P<second>[+-])?\s*(?P<body>[0-9.,' ]*[0-9.,'])"
    rf"\s*(?P<myriad>万)?\s*(?P<after>{_MONEY_SIGN})?\s*(?P<closing>\))?"
)
_NUMBER = re.compile(r"(?P<sign>[+-])?(?P<body>[0-9.,' ]*[0-9.,'])\s*(?P<mark>[%‰‱])?")
_MARKS = {"%": "percent", "‰": "permille", "‱": "permyriad"}
_FLAGS = {
    **dict.fromkeys(("yes", "true", "1", "y", "t", "是", "有", "√", "✓"), True),
    **dict.fromkeys(("no", "false", "0", "n", "f", "否", "无", "没有", "×"), False),
}


def trimmed(text: str) -> str:
    """Without blanks and invisible signs at its ends, and without the apostrophe a spreadsheet puts in front."""
    text = text.strip(EDGES)
    return text[1:].strip(EDGES) if text[:1] and text[0] in APOSTROPHES and len(text) > 1 else text


def plain_digits(text: str) -> str:
    """Full-width digits and letters as ASCII; nothing else is altered."""
    return text.translate(LETTERS_AND_DIGITS)


def _is_empty(text: str, empty: frozenset[str], longest: int) -> bool:
    text = plain_digits(trimmed(text))
    return len(text) <= longest and (text.lower() in empty or text in APOSTROPHES)


def text_of(text: str) -> str | Flaw:
    """An id or word: trimmed, full-width digits and letters as ASCII, never altered otherwise."""
    text = plain_digits(trimmed(text))
    if CONTROL.search(text):
        return Flaw("control", None)
    if re.fullmatch(SCIENTIFIC_ID, text):
        return Flaw("scientific", None)
    if len(text) > TEXT_MAX:
        return Flaw("too_long", f"{len(text):,}")
    return Flaw("cell_error", None) if text in _SHEET_ERRORS else text


def _flat(text: str) -> str:
    """What a number or date is read from: every full-width sign, dash and blank in its plain form."""
    return trimmed(text.translate(EVERY_WIDE))


def _digits(body: str, decimal: str) -> tuple[int, int] | Flaw:
    """Digits and scale: 1,234.50 is (12345, 1). Separators are taken only where they part proper groups of three."""
    other = "," if decimal == "." else "."
    if body.count(decimal) > 1:
        return Flaw("not_a_number", None)
    whole, _, fraction = body.partition(decimal)
    if any(sign in fraction for sign in ",.' "):
        return Flaw("thousands" if fraction.isdigit() or other in fraction else "not_a_number", None)
    found = {sign for sign in (other, "'", " ") if sign in whole}
    if found:
        groups = re.split(r"[,.' ]", whole)
        proper = len(found) == 1 and 1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
        if not proper:
            return Flaw("thousands", None)
        whole = "".join(groups)
    if not whole and not fraction:
        return Flaw("not_a_number", None)
    whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
    if len(whole) > 60 or len(fraction) > 60:
        return Flaw("beyond" if len(whole) > 60 else "decimals", None)
    return int(whole + fraction or "0"), len(fraction)


def _no_number(text: str) -> Flaw:
    if text.upper() in _SHEET_ERRORS:
        return Flaw("cell_error", None)
    if text.startswith("="):
        return Flaw("formula", None)
    return Flaw("scientific" if _SCIENTIFIC.fullmatch(text) else "not_a_number", None)


def _scaled(digits: int, scale: int, times: int, rounds: bool, allowed: int | str | None = None) -> int | Flaw:
    """digits / 10^scale × times, exactly; rounded half away from zero only where that is allowed."""
    product, divisor = digits * times, 10**scale
    if product % divisor == 0:
        return product // divisor
    return half_up(product, divisor) if rounds else Flaw("decimals", None if allowed is None else str(allowed))


def amount_of(text: str, *, power: int, currency: str, decimal: str = ".", rounds: bool = False, flips: bool = False,
              myriad: bool = False) -> int | Flaw:
    """The amount in minor units, 10^power of them to one of the text's; raises nothing, wraps nothing."""
    flat = _flat(text)
    found = _AMOUNT.fullmatch(flat)
    if found is None:
        return _no_number(flat)
    if bool(found["bracket"]) != bool(found["closing"]):
        return Flaw("not_a_number", None)
    signs = [sign for sign in (found["first"], found["second"], found["bracket"]) if sign]
    if len(signs) > 1 or (found["before"] and found["after"] and not _is_one_sign(found["before"], found["after"])):
        return Flaw("not_a_number", None)
    for sign in (found["before"], found["after"]):
        if sign and not may_mean(sign, currency):
            is_money = not sign.isascii() or not sign.isalpha() or sign.upper() in CURRENCIES
            return Flaw("currency", currency) if is_money else Flaw("not_a_number", None)
    if found["myriad"] and not myriad:
        return Flaw("not_a_number", None)
    digits = _digits(found["body"], decimal)
    if isinstance(digits, Flaw):
        return digits
    minor = _scaled(*digits, 10**power, rounds, power)
    if isinstance(minor, Flaw):
        return minor
    if minor > AMOUNT_MAX_MINOR:
        return Flaw("beyond", f"{AMOUNT_MAX_MINOR:,}")
    return -minor if signs and signs[0] in "-(" and not flips else minor


def _is_one_sign(before: str, after: str) -> bool:
    return (before in "¥" and after in "元圆") or (before.isalpha() and after in "元圆")


def rate_of(text: str, *, times: int, unit: str, decimal: str = ".", rounds: bool = False) -> int | Flaw:
    """The rate in parts per million, `times` of them to one of the text's."""
    flat = _flat(text)
    found = _NUMBER.fullmatch(flat)
    if found is None:
        return _no_number(flat)
    if found["mark"] and not unit.startswith(_MARKS[found["mark"]]):
        return Flaw("not_a_number", found["mark"])
    digits = _digits(found["body"], decimal)
    if isinstance(digits, Flaw):
        return digits
    ppm = _scaled(*digits, times, rounds)
    if isinstance(ppm, Flaw):
        return ppm
    ppm = -ppm if found["sign"] == "-" else ppm
    return Flaw("beyond", None) if abs(ppm) > WHOLE_MAX else ppm


def whole_of(text: str, *, decimal: str = ".") -> int | Flaw:
    """A whole number; 12.0 counts as 12."""
    flat = _flat(text)
    found = _NUMBER.fullmatch(flat)
    if found is None or found["mark"]:
        return _no_number(flat)
    digits = _digits(found["body"], decimal)
    if isinstance(digits, Flaw):
        return Flaw("not_whole", None) if digits.rule == "decimals" else digits
    if digits[1]:
        return Flaw("not_whole", None)
    whole = -digits[0] if found["sign"] == "-" else digits[0]
    return Flaw("beyond", None) if abs(whole) > WHOLE_MAX else whole


def flag_of(text: str) -> bool | Flaw:
    return _FLAGS.get(_flat(text).lower(), Flaw("not_a_flag", None))


def currency_of(text: str) -> str | Flaw:
    """An active code of ISO 4217, in capitals."""
    code = _flat(text).upper()
    return code if code in CURRENCIES else Flaw("unknown_currency", None)


def power_of(unit: str | None, currency: str) -> int:
    """Minor units in one of the unit, as a power of ten."""
    return {"minor": 0, "major": decimals_of(currency), "ten_thousand": decimals_of(currency) + 4}[unit or "minor"]


def reader_of(kind: str, column: ColumnMap, mapping: Mapping, decimal: str, currency: str, *, days: int = 360,
              supplied: str | None = None) -> Reader:
    """Reads one text as a value of this column: None where it is empty.

    `days` is the row's day_count, for rates by the day. `supplied` is for texts that the mapping itself supplies: only
    the empty one means nothing; "own" (constants and defaults) is written with a decimal point, "source" like a cell.
    """
    empty = frozenset(empties_of(kind, column, mapping) if supplied is None else [""])
    exact = {"decimal": "." if supplied == "own" else decimal}
    if kind == "money":
        unit = column.unit or "minor"
        read: Reader = partial(
            amount_of, power=power_of(unit, currency), currency=currency, rounds=column.rounds, flips=column.flips,
            myriad=unit == "ten_thousand", **exact,
        )
    elif kind in ("rate", "share"):
        unit = column.unit or "ppm"
        times = (RATE_UNITS if kind == "rate" else SHARE_UNITS)[unit] * (days if is_a_day(unit) else 1)
        read = partial(rate_of, times=times, unit=unit, rounds=column.rounds, **exact)
    elif kind == "whole":
        read = partial(whole_of, **exact)
    elif kind in ("date", "moment"):
        dates = column.dates or mapping.written
        by_text = dates.date if kind == "date" else dates.moment
        read = lru_cache(1024)(lambda text: by_text(_flat(text)))
    else:
        read = {"flag": flag_of, "currency": currency_of, "text": text_of}[kind]
    longest = max((len(text) for text in empty), default=1)
    return lambda text: None if _is_empty(text, empty, longest) else read(text)


def empties_of(kind: str, column: ColumnMap, mapping: Mapping) -> tuple[str, ...]:
    """What means nothing in this column: a word that the column itself gives a meaning does not."""
    meant = {plain_digits(trimmed(key)).lower() for key in (*(column.values or ()), *column.words)} | (set(_FLAGS) if kind == "flag" else set())
    return tuple(text for text in mapping.empty if text not in meant)
