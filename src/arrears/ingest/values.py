"""Columns of text read as typed values: clean cells together, and each distinct other cell once, with care.

The readers of reading.py say what a text means. Here stands only what makes that fast: patterns that find the cells
whose meaning is beyond doubt. A test holds both ways against each other.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from arrears.ingest import clean_cells
from arrears.ingest.dates import Dates
from arrears.ingest.flaw import Flaw
from arrears.ingest.kinds import is_a_day
from arrears.ingest.mapped import ColumnMap, Mapping
from arrears.ingest.reading import (
    APOSTROPHES,
    EDGES,
    EVERY_WIDE,
    LETTERS_AND_DIGITS,
    SCIENTIFIC_ID,
    TEXT_MAX,
    Reader,
    empties_of,
    power_of,
    reader_of,
)
from arrears.tables.table import AMOUNT_MAX_MINOR

TYPES = {
    "text": pl.String(), "currency": pl.String(), "money": pl.Int64(), "rate": pl.Int64(), "share": pl.Int64(), "whole": pl.Int64(),
    "flag": pl.Boolean(), "date": pl.Date(), "moment": pl.Datetime("us", "UTC"),
}
_FLAWS = {"row": pl.UInt32(), "rule": pl.String(), "detail": pl.String()}
_WIDE_ID = "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a"
_NOT_PLAIN = (
    f"^[{APOSTROPHES}#]|^[{EDGES}]|[{EDGES}]$|[\\x00-\\x1f\\x7f-\\x{{9f}}\ufffd{_WIDE_ID}]|^{SCIENTIFIC_ID}$"
)
"""A text that is more than a plain id or word; every other text stands for itself, unless it means nothing."""
_CLEAN_MOMENT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?$"
)
_ISO = ("YYYY-M-D", "YYYY-MM-DD")
_FEW = 4_000
_APOSTROPHE = f"^[{APOSTROPHES}]"

Fast = Callable[[pl.Series], pl.Series]


@dataclass(frozen=True)
class Read:
    """One column read: a value per row, and one flaw for each row whose text says no value."""

    values: pl.Series
    flaws: pl.DataFrame
    """row UInt32, rule, detail"""


def read(
    texts: pl.Series, reader: Reader, dtype: pl.DataType, fast: Fast | None = None, plainer: Fast | None = None
) -> Read:
    """The values of a column. `fast` gives those it is sure of and leaves the others null.

    Those it sees once more without the signs that `plainer` takes off; the reader sees what then is left.
    """
    values = fast(texts) if fast is not None else pl.Series(texts.name, [], dtype).extend_constant(None, len(texts))
    if values.null_count() == texts.null_count():
        return Read(values, pl.DataFrame(schema=_FLAWS))
    waits = texts.is_not_null() & values.is_null()
    if fast is not None and plainer is not None:
        values = values.scatter(waits.arg_true(), fast(plainer(texts.filter(waits))))
        waits = texts.is_not_null() & values.is_null()
    rest = texts.filter(waits)
    distinct = rest.unique()
    said = [reader(text) for text in distinct.to_list()]
    is_flaw = pl.Series([isinstance(one, Flaw) for one in said], dtype=pl.Boolean)
    known = pl.Series(texts.name, [None if bad else one for one, bad in zip(said, is_flaw, strict=True)], dtype=dtype)
    # each text by its place among the distinct ones: cheaper by half than a join on the texts
    places = rest.cast(pl.Enum(distinct)).to_physical()
    rows = waits.arg_true()
    values = known.gather(places) if len(rest) == len(texts) else values.scatter(rows, known.gather(places))
    if not is_flaw.any():
        return Read(values, pl.DataFrame(schema=_FLAWS))
    flawed = is_flaw.gather(places)
    worded = pl.DataFrame([(one.rule, one.detail) if bad else (None, None) for one, bad in zip(said, is_flaw, strict=True)],
                          schema={"rule": pl.String, "detail": pl.String}, orient="row")
    flaws = worded[places.filter(flawed)].insert_column(0, rows.filter(flawed).alias("row"))
    return Read(values, flaws)


def read_column(
    texts: pl.Series, kind: str, column: ColumnMap, mapping: Mapping, decimal: str, currency: str, days: int = 360
) -> Read:
    """The texts of one source column as values of its kind, by what the mapping says of it."""
    reader = reader_of(kind, column, mapping, decimal, currency, days=days)
    plainer = _plain_ids if kind == "text" else _plain_numbers
    return read(texts, reader, TYPES[kind], _fast(texts, kind, column, mapping, decimal, currency), plainer)


def read_texts(texts: pl.Series, column: ColumnMap, mapping: Mapping) -> Read:
    """The texts trimmed, null where they mean nothing, with the flaws that no id or word may have."""
    reader = reader_of("text", column, mapping, ".", mapping.currency)
    return read(texts, reader, pl.String(), _plain_texts(empties_of("text", column, mapping)), _plain_ids)


def _fast(texts: pl.Series, kind: str, column: ColumnMap, mapping: Mapping, decimal: str, currency: str) -> Fast | None:
    if kind == "money":
        return _clean_amounts(power_of(column.unit, currency), decimal, currency, column.flips)
    if kind == "whole" or (kind in ("rate", "share") and column.unit in (None, "ppm") and not is_a_day(column.unit)):
        return _clean_wholes
    if kind == "text":
        return _plain_texts(empties_of(kind, column, mapping))
    dates = column.dates or mapping.written
    written = {form.text for form in dates.formats}
    if kind == "date" and (least_digits := _year_first(written)):
        return _clean_dates(least_digits)
    if kind == "moment" and not written.isdisjoint(_ISO) and _has_many(texts):
        return _clean_moments(dates)
    return None


def _year_first(written: set[str]) -> dict[str, int]:
    """The separators of the formats that say year, month and day in this order, with the digits a month needs at least."""
    by_digits = {sign: (f"YYYY{sign}MM{sign}DD", f"YYYY{sign}M{sign}D") for sign in "-/."}
    return {sign: 1 if one in written else 2 for sign, (two, one) in by_digits.items() if written & {one, two}}


def _has_many(texts: pl.Series) -> bool:
    """So many distinct texts that reading each of them alone would take long."""
    return len(texts) > _FEW and texts.head(4 * _FEW).n_unique() > _FEW


def _plain_texts(empty: tuple[str, ...]) -> Fast:
    longest = max((len(text.encode()) for text in empty), default=0)

    def plain(texts: pl.Series) -> pl.Series:
        text = pl.col(texts.name)
        is_short = text.str.len_bytes() <= longest
        frame = texts.to_frame()
        is_odd = pl.lit(False) if clean_cells.is_plain(texts) else text.str.contains(_NOT_PLAIN)
        doubtful = frame.select(is_odd | is_short | (text.str.len_bytes() > TEXT_MAX)).to_series()
        if not doubtful.any():
            return texts
        # a short text needs a look at the list of what means nothing; the rest of them is as plain as the others
        look = is_short & ~text.str.contains(_NOT_PLAIN) & ~text.str.to_lowercase().is_in(list(empty))
        short = frame.filter(doubtful).select(pl.when(look).then(text)).to_series()
        return frame.select(pl.when(~doubtful).then(text)).to_series().scatter(doubtful.arg_true(), short)

    return plain


def _plain_ids(texts: pl.Series) -> pl.Series:
    """As reading.trimmed and reading.plain_digits do it."""
    return _without_wide(texts, LETTERS_AND_DIGITS).str.strip_chars(EDGES).str.replace(_APOSTROPHE, "").str.strip_chars(EDGES)


def _plain_numbers(texts: pl.Series) -> pl.Series:
    """As reading reads numbers: every full-width sign in its plain form, and nothing around it."""
    return _without_wide(texts, EVERY_WIDE).str.strip_chars(EDGES).str.replace(_APOSTROPHE, "").str.strip_chars(EDGES)


def _without_wide(texts: pl.Series, signs: dict) -> pl.Series:
    is_wide = texts.str.len_bytes() != texts.str.len_chars()
    if not is_wide.any():
        return texts
    plain = {chr(sign): "" if new is None else new if isinstance(new, str) else chr(new) for sign, new in signs.items()}
    return texts.scatter(is_wide.arg_true(), texts.filter(is_wide).str.replace_many(plain))


def _clean_wholes(texts: pl.Series) -> pl.Series:
    return clean_cells.amounts(texts, 0)


def _clean_amounts(power: int, decimal: str, currency: str, flips: bool) -> Fast:
    """Digits with at most the unit's decimals; and, where such are rare, with a sign of yuan and parted thousands."""
    point, comma = (r"\.", ",") if decimal == "." else (",", r"\.")
    tail = f"(?:{point}[0-9]{{1,{power}}})?" if power else ""
    yuan = ("(?:[¥￥]|RMB|CNY)? *", " *元?") if currency == "CNY" else ("", "")
    written = f"^{yuan[0]}(-?(?:[0-9]{{1,3}}(?:{comma}[0-9]{{3}})+|[0-9]{{1,13}}){tail}){yuan[1]}$"
    separator = "," if decimal == "." else "."

    def amounts(texts: pl.Series) -> pl.Series:
        read = clean_cells.amounts(texts, power, decimal)
        if read.null_count() > texts.null_count():
            rest = read.is_null() & texts.is_not_null()
            bare = texts.filter(rest).str.extract(written, 1).str.replace_all(separator, "", literal=True)
            read = read.scatter(rest.arg_true(), clean_cells.amounts(bare, power, decimal))
        is_beyond = (read.abs() > AMOUNT_MAX_MINOR).fill_null(False)
        read = read.set(is_beyond, None) if is_beyond.any() else read
        return read.abs() if flips else read

    return amounts


def _clean_dates(least_digits: dict[str, int]) -> Fast:
    """Dates of year, month and day, with or without a time of day behind an ISO date."""
    def dates(texts: pl.Series) -> pl.Series:
        read = clean_cells.days(texts, least_digits)
        if read.null_count() == texts.null_count() or "-" not in least_digits:
            return read
        rest = read.is_null() & texts.is_not_null()
        timed = texts.filter(rest)
        timed = timed.to_frame("text").select(pl.when(pl.col("text").str.contains(_CLEAN_MOMENT)).then(pl.col("text").str.slice(0, 10))).to_series()
        return read.scatter(rest.arg_true(), clean_cells.days(timed, {"-": 2}))

    return dates


def _clean_moments(dates: Dates) -> Fast:
    def moments(texts: pl.Series) -> pl.Series:
        text = pl.col(texts.name)
        clean = pl.when(text.str.contains(_CLEAN_MOMENT)).then(text.str.replace("T", " ", literal=True))
        local = clean.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")
        zoned = local.dt.replace_time_zone(dates.zone, ambiguous="earliest", non_existent="null")
        return texts.to_frame().select(zoned.dt.convert_time_zone("UTC")).to_series()

    return moments
