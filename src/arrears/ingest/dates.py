"""Dates and moments as people write them: formats in tokens, times of day, offsets, Excel's serial numbers."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cached_property
from itertools import permutations
from zoneinfo import ZoneInfo

from arrears.ingest.flaw import Flaw
from arrears.money import half_up

DEFAULT_DATES = ("YYYY-M-D", "YYYY/M/D", "YYYY.M.D", "YYYYMMDD", "YYYY年M月D日")
EXCEL = "excel"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_TOKENS = {
    "YYYY": "(?P<year>[0-9]{4})", "YY": "(?P<short>[0-9]{2})", "MMM": "(?P<name>[A-Za-z]{3,9})", "MM": "(?P<month>[0-9]{2})",
    "M": "(?P<month>[0-9]{1,2})", "DD": "(?P<day>[0-9]{2})", "D": "(?P<day>[0-9]{1,2})", "hh": "(?P<hour>[0-9]{2})",
    "h": "(?P<hour>[0-9]{1,2})", "mm": "(?P<minute>[0-9]{2})", "ss": "(?P<second>[0-9]{2})",
}
_TOKEN = re.compile("YYYY|YY|MMM|MM|M|DD|D|hh|h|mm|ss")
_OFFSET = r"\s*(?P<offset>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?"
_TIME = (
    r"(?:(?:\s+|[Tt])(?P<before>上午|下午)?\s*(?P<hour>[0-9]{1,2})[:时](?P<minute>[0-9]{1,2})"
    r"(?:[:分](?P<second>[0-9]{1,2})秒?(?:[.,](?P<fraction>[0-9]{1,9}))?|分)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?" + _OFFSET + ")?"
)
_SERIAL = re.compile(r"(?P<days>[0-9]{5})(?:\.(?P<fraction>[0-9]{1,20}))?")
_FIRST_SERIAL = 32_874  # 1990-01-01: no row bears an earlier date
_EITHER_WAY = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{2}|[0-9]{4})(?:[ T].*)?")


class BadFormat(ValueError):
    """A date format that cannot be used; the two arguments say why, in English and Chinese."""

    def __init__(self, en: str, zh: str):
        super().__init__(en)
        self.en, self.zh = en, zh


@dataclass(frozen=True)
class Format:
    """One way of writing a date, in tokens."""

    text: str

    @cached_property
    def tokens(self) -> list[tuple[bool, str]]:
        """Its parts in order: (is a token, the part)."""
        parts, end = [], 0
        for found in _TOKEN.finditer(self.text):
            if found.start() > end:
                parts.append((False, self.text[end : found.start()]))
            parts.append((True, found.group()))
            end = found.end()
        return parts + ([(False, self.text[end:])] if end < len(self.text) else [])

    @cached_property
    def pattern(self) -> re.Pattern:
        has_time = any(is_token and part[0] in "hms" for is_token, part in self.tokens)
        body = "".join(_TOKENS[part] if is_token else re.escape(part) for is_token, part in self.tokens)
        return re.compile(body + (_OFFSET if has_time else _TIME))

    def check(self) -> None:
        """Raises BadFormat unless it says year, month and day once each, with nothing that runs together."""
        tokens = [part for is_token, part in self.tokens if is_token]
        for names, en, zh in (
            (("YYYY", "YY"), "the year (YYYY or YY)", "年（YYYY 或 YY）"),
            (("MMM", "MM", "M"), "the month (MM, M or MMM)", "月（MM、M 或 MMM）"),
            (("DD", "D"), "the day (DD or D)", "日（DD 或 D）"),
        ):
            if sum(token in names for token in tokens) != 1:
                raise BadFormat(f"the date format {self.text!r} must hold {en} exactly once", f"日期格式 {self.text!r} 必须恰好含有一次{zh}")
        for names in (("hh", "h"), ("mm",), ("ss",)):
            if sum(token in names for token in tokens) > 1:
                raise BadFormat(f"the date format {self.text!r} holds {names[0]} twice", f"日期格式 {self.text!r} 中 {names[0]} 出现两次")
        for (is_token, part), (next_is_token, following) in zip(self.tokens, self.tokens[1:], strict=False):
            runs_together = is_token and next_is_token and (part in "MDh" or following in "MDh")
            if runs_together and "MMM" not in (part, following):
                raise BadFormat(
                    f"the date format {self.text!r} lets {part} and {following} run together, so 111 may be 1-11 or 11-1; "
                    "write two letters (MM, DD)",
                    f"日期格式 {self.text!r} 中 {part} 与 {following} 相连，111 可能是 1-11 或 11-1；请写两位（MM、DD）",
                )

    def write(self, day: date) -> str:
        """The date in this format, numbers of one or two digits without a leading zero."""
        said = {
            "YYYY": f"{day.year:04}", "YY": f"{day.year % 100:02}", "MMM": MONTHS[day.month - 1].title(), "MM": f"{day.month:02}",
            "M": str(day.month), "DD": f"{day.day:02}", "D": str(day.day), "hh": "00", "h": "0", "mm": "00", "ss": "00",
        }
        return "".join(said[part] if is_token else part for is_token, part in self.tokens)


@dataclass(frozen=True)
class Dates:
    """The formats of one list, in order, and the zone of moments that bear no offset."""

    formats: tuple[Format, ...]
    serials: bool
    """Excel's serial numbers are dates."""
    zone: str

    def date(self, text: str) -> date | Flaw:
        """The date the text says (trimmed, full-width digits already ASCII), or what is wrong with it."""
        read = self._moment(text)
        if isinstance(read, Flaw):
            return read
        try:
            return (read.astimezone(ZoneInfo(self.zone)) if read.tzinfo else read).date()
        except OverflowError:
            return Flaw("no_such_day", None)

    def moment(self, text: str) -> datetime | Flaw:
        """The instant the text says, in UTC. A local hour that stands twice is its first; one that does not exist is a flaw."""
        read = self._moment(text)
        if isinstance(read, Flaw):
            return Flaw("not_a_moment", read.detail) if read.rule == "not_a_date" else read
        try:
            if read.tzinfo is None:
                local = read.replace(tzinfo=ZoneInfo(self.zone), fold=0)
                read = local.astimezone(UTC)
                if read.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None) != local.replace(tzinfo=None):
                    return Flaw("no_such_hour", self.zone)
            return read.astimezone(UTC)
        except OverflowError:
            return Flaw("no_such_day", None)

    def _moment(self, text: str) -> datetime | Flaw:
        impossible = None
        for form in self.formats:
            found = form.pattern.fullmatch(text)
            if found is None:
                continue
            read = _built(found.groupdict())
            if isinstance(read, datetime):
                return read
            impossible = impossible or read
        serial = _SERIAL.fullmatch(text)
        if serial and int(serial["days"]) >= _FIRST_SERIAL:
            if not self.serials:
                return Flaw("excel_serial", _serial_moment(serial).date().isoformat())
            return _serial_moment(serial)
        if impossible:
            return impossible
        either = _EITHER_WAY.fullmatch(text)
        if either and int(either[1]) != int(either[2]) and 1 <= int(either[1]) <= 12 and 1 <= int(either[2]) <= 12:
            return Flaw("ambiguous_date", "D/M, M/D")
        return Flaw("not_a_date", None)


def _built(parts: dict[str, str | None]) -> datetime | Flaw:
    if parts.get("short"):
        year = int(parts["short"]) + (2000 if int(parts["short"]) < 69 else 1900)
    else:
        year = int(parts["year"])
    if parts.get("name"):
        name = parts["name"].lower()
        places = [place for place, month in enumerate(MONTHS, 1) if name == month or name == _MONTHS_IN_FULL[place - 1]]
        if name == "sept":
            places = [9]
        if not places:
            return Flaw("not_a_date", None)
        month = places[0]
    else:
        month = int(parts["month"])
    hour = int(parts.get("hour") or 0)
    half = (parts.get("half") or "").replace(".", "").lower() or {"上午": "am", "下午": "pm"}.get(parts.get("before") or "", "")
    if half:
        if not (1 <= hour <= 12) and parts.get("half"):
            return Flaw("no_such_hour", None)
        hour = (hour % 12 if hour <= 12 else hour) + (12 if half == "pm" and hour <= 12 else 0)
    micros = int((parts.get("fraction") or "0").ljust(9, "0")[:6])
    offset = parts.get("offset")
    try:
        read = datetime(year, month, int(parts["day"]))  # noqa: DTZ001 - the zone is added by who knows it
    except ValueError:
        return Flaw("no_such_day", None)
    try:
        return read.replace(hour=hour, minute=int(parts.get("minute") or 0), second=int(parts.get("second") or 0),
                            microsecond=micros, tzinfo=_zone_of(offset) if offset else None)
    except ValueError:
        return Flaw("no_such_hour", None)


_MONTHS_IN_FULL = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
                   "november", "december")


def _zone_of(offset: str) -> timezone:
    if offset[0] not in "+-":
        return UTC
    digits = offset[1:].replace(":", "").ljust(4, "0")
    if int(digits[2:]) > 59:
        raise ValueError(offset)
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return timezone(timedelta(minutes=minutes if offset[0] == "+" else -minutes))


def _serial_moment(serial: re.Match) -> datetime:
    """Excel counts days from 1899-12-30; the fraction is the time of day, to the second, and never the next day."""
    fraction = serial["fraction"] or "0"
    seconds = min(half_up(int(fraction) * 86_400, 10 ** len(fraction)), 86_399)
    return datetime(1899, 12, 30) + timedelta(days=int(serial["days"]), seconds=seconds)  # noqa: DTZ001


_PROBES = tuple(date(year, month, day) for year in (1998, 2004, 2011, 2024) for month, day in permutations((1, 2, 3, 4, 9, 10, 11, 12), 2))


def dates_of(texts: tuple[str, ...], zone: str) -> Dates:
    """The formats of one list, ready to read; raises BadFormat where one is unusable or two contradict each other."""
    formats = tuple(Format(text) for text in texts if text.lower() != EXCEL)
    for form in formats:
        form.check()
    for place, first in enumerate(formats):
        for second in formats[place + 1 :]:
            for day in _PROBES:
                if (read := _contradiction(first, second, day)) is not None:
                    written = first.write(day)
                    raise BadFormat(
                        f"the date formats {first.text} and {second.text} read {written!r} as {day} and as {read}; "
                        "keep one of them, and give single columns a `format` of their own",
                        f"日期格式 {first.text} 与 {second.text} 把 {written!r} 分别读成 {day} 与 {read}；请只留一个，"
                        "其他写法在该列用 `format` 写明",
                    )
    return Dates(formats, any(text.lower() == EXCEL for text in texts), zone)


def _contradiction(first: Format, second: Format, day: date) -> date | None:
    found = second.pattern.fullmatch(first.write(day))
    read = _built(found.groupdict()) if found else None
    return read.date() if isinstance(read, datetime) and read.date() != day else None
