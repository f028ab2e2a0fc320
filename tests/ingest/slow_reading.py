"""What a cell of text may mean, read slowly and by other means than the loader: Python's Decimal, datetime and Unicode data.

It is more lenient than the loader, which may call a cell bad that one could understand. But where the loader takes a
value from a cell, it must be this one.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from arrears.tables.table import Column

HOME = ZoneInfo("Asia/Shanghai")
NOTHING = {"", "-", "--", "–", "—", "——", "－", "/", "\\", "\\n", "nan", "null", "(null)", "none", "nil", "n/a", "na", "nat", "<na>", "无", "空", "'"}
YES, NO = {"yes", "true", "1", "y", "t", "是", "有", "√", "✓"}, {"no", "false", "0", "n", "f", "否", "无", "没有", "×"}
TIMES = {"percent": 10_000, "ppm": 1, "major": 100, "minor": 1}
"""Table units in one unit of the mapping."""


class Unreadable(ValueError):
    """The text can mean no value of this kind."""


def bare(text: str) -> str:
    """Without anything at its ends that nobody sees, and the apostrophe of spreadsheets."""
    text = _stripped(text)
    return _stripped(text[1:]) if len(text) > 1 and text[0] in "'’‘＇" else text


def _stripped(text: str) -> str:
    unseen = [character.isspace() or unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp") for character in text]
    if all(unseen):
        return ""
    return text[unseen.index(False) : len(text) - unseen[::-1].index(False)]


def half_width(text: str, *, only_letters: bool) -> str:
    """Every full-width sign in its plain form; of ids only letters and digits."""
    plain = []
    for character in text:
        name = unicodedata.name(character, "")
        is_wanted = name.startswith("FULLWIDTH") and (not only_letters or unicodedata.normalize("NFKC", character).isalnum())
        plain.append(unicodedata.normalize("NFKC", character) if is_wanted else character)
    return "".join(plain)


def means_nothing(text: str) -> bool:
    """One of the words that stand for an empty cell."""
    return half_width(bare(text), only_letters=True).lower() in NOTHING or bare(half_width(text, only_letters=False)) == ""


def number(text: str, signs: str = "") -> Decimal:
    """The number with its sign; separators and the signs listed (a pattern) are taken off wherever they stand."""
    flat = bare(half_width(text, only_letters=False))
    flat = "".join("-" if unicodedata.category(one) == "Pd" or one == "−" else one for one in flat)
    flat = re.sub(signs, "", flat, flags=re.IGNORECASE) if signs else flat
    flat = "".join(one for one in flat if not one.isspace() and one not in ",'’‘" and unicodedata.category(one) != "Cf")
    is_below = flat.startswith("-") or (flat.startswith("(") and flat.endswith(")"))
    body = flat.strip("()").lstrip("+-")
    if not re.fullmatch(r"[0-9]+\.?[0-9]*|\.[0-9]+", body):
        raise Unreadable(text)
    try:
        return -Decimal(body) if is_below else Decimal(body)
    except InvalidOperation:
        raise Unreadable(text) from None


def whole(value: Decimal, times: int) -> int:
    """So many of the table's unit, where they come out even."""
    sign, digits, exponent = value.as_tuple()
    total = int("".join(map(str, digits))) * times
    if exponent >= 0:
        total *= 10**exponent
    elif total % 10**-exponent:
        raise Unreadable(str(value))
    else:
        total //= 10**-exponent
    return -total if sign else total


_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})-([0-9]{1,2})|/([0-9]{1,2})/([0-9]{1,2})|\.([0-9]{1,2})\.([0-9]{1,2})|([0-9]{2})([0-9]{2})|年([0-9]{1,2})月([0-9]{1,2})日)")


def moment(text: str) -> datetime:
    """The local moment a text says, or the one with its offset; midnight where it bears no time of day."""
    flat = bare(half_width(text, only_letters=False))
    flat = "".join("-" if unicodedata.category(one) == "Pd" or one == "−" else " " if one.isspace() else one for one in flat if unicodedata.category(one) != "Cf")
    found = _DAY.match(flat)
    if not found:
        raise Unreadable(text)
    year, month, day = (int(part) for part in found.groups() if part is not None)
    rest = flat[found.end() :].strip().removeprefix("T").removeprefix("t").strip()
    clock = re.fullmatch(
        r"(上午|下午)?\s*([0-9]{1,2})[:时]([0-9]{1,2})(?:[:分]([0-9]{1,2})秒?(?:[.,]([0-9]{1,9}))?|分)?\s*([ap]\.?m\.?)?\s*(z|utc|gmt|[+-].*)?", rest, re.IGNORECASE)
    if rest and not clock:
        raise Unreadable(text)
    try:
        said = datetime(year, month, day)
        if not rest:
            return said
        half, hour, minute, second, fraction, letters, offset = clock.groups()
        afternoon = half == "下午" or (letters or "").lower().startswith("p")
        hours = int(hour)
        if half or letters:
            hours = hours % 12 + 12 * afternoon if hours <= 12 else hours
        said = said.replace(hour=hours, minute=int(minute), second=int(second or 0), microsecond=int((fraction or "0").ljust(9, "0")[:6]))
        if not offset:
            return said
        if offset[0] not in "+-":
            return said.replace(tzinfo=UTC)
        digits = offset[1:].replace(":", "").ljust(4, "0")
        away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return said.replace(tzinfo=timezone(away if offset[0] == "+" else -away))
    except (ValueError, OverflowError):
        raise Unreadable(text) from None


def value_of(column: Column, text: str, unit: str | None = None):
    """What the text says in this column: a value, or None where it says nothing; raises Unreadable where it can say nothing at all."""
    kind = type(column.dtype).__name__
    flat = half_width(bare(text), only_letters=True)
    if kind == "Boolean":
        word = bare(half_width(text, only_letters=False)).lower()
        if word in YES | NO:
            return word in YES
    elif column.one_of and flat in map(str, column.one_of) and kind == "String":
        return flat
    if means_nothing(text):
        return None
    if column.name == "currency":
        return bare(half_width(text, only_letters=False)).upper()
    if kind == "String":
        return flat
    if kind == "Boolean":
        raise Unreadable(text)
    if kind == "Date":
        said = moment(text)
        return (said.astimezone(HOME) if said.tzinfo else said).date()
    if kind == "Datetime":
        said = moment(text)
        return (said if said.tzinfo else said.replace(tzinfo=HOME)).astimezone(UTC)
    if column.unit == "minor units":
        return whole(number(text, "¥|￥|元|圆|CNY|RMB"), TIMES[unit or "minor"])
    return whole(number(text, "%" if unit == "percent" else ""), TIMES[unit or "ppm"])


def is_lawful(column: Column, value) -> bool:
    """The value may stand in the column."""
    if value is None:
        return column.nullable or column.optional
    if column.one_of is not None and value not in column.one_of:
        return False
    if column.name == "currency":
        return re.fullmatch("[A-Z]{3}", value) is not None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value >= date(1990, 1, 1)
    if isinstance(value, int) and not isinstance(value, bool):
        return (column.least is None or value >= column.least) and (column.most is None or value <= column.most)
    return True
