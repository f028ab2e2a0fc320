"""Records of Parquet files, every column as text: numbers exact, dates and moments ISO, record numbers as lines."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from arrears.ingest.batch import RECORDS_MAX, Batch, UnchangedFile, demand_columns, header_names
from arrears.refusal import Refused

_CELLS_MAX = 4_000_000
_DAMAGED = (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError)
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31 as days since 1970: nothing beyond can be written as a date."""

_OF_A_DAY = {"ms": 86_400_000, "us": 86_400_000_000}
"""Nanoseconds reach from 1677 to 2262 only."""


class ParquetFile:
    """One Parquet file; only the columns asked for are read."""

    is_read_once = False

    def __init__(self, path: Path):
        self.name = path.name
        self._file = UnchangedFile(path)
        try:
            with pq.ParquetFile(path) as file:
                self._schema = file.schema_arrow
                self._records = file.metadata.num_rows
        except _DAMAGED as error:
            raise self._damaged() from error
        if not self._schema.names:
            raise Refused(
                f"{self.name}: the Parquet file has no columns; export it again",
                f"{self.name}：Parquet 文件没有列；请重新导出",
            )
        self.columns, self.notes = header_names([list(self._schema.names)])
        self._types = dict(zip(self.columns, self._schema.types, strict=True))
        if self._records == 0:
            self.notes.append(("there are columns but no record", "只有列，没有记录"))

    @property
    def digest(self) -> str:
        """SHA-256 of the file's bytes, as hexadecimal digits."""
        return self._file.digest

    def _damaged(self) -> Refused:
        return Refused(
            f"{self.name}: the Parquet file is cut off or damaged; copy or export it again",
            f"{self.name}：Parquet 文件不完整或已损坏；请重新复制或导出",
        )

    def batches(self, columns: list[str] | None = None) -> Iterator[Batch]:
        """The records, in the file's order; with `columns` only those. Raises Refused where the file changes.

        A column of lists, bytes and the like is refused where it is asked for; where all are, it is null, and a note says so.
        """
        asked = demand_columns(self.name, self.columns, columns)
        odd = [self._no_text(name) for name in asked if not _is_plain(self._types[name])]
        if odd and columns is not None:
            raise Refused(*odd[0])
        self.notes += [note for note in odd if note not in self.notes]
        plain = [name for name in asked if _is_plain(self._types[name])]
        names = self._read_names(plain)
        first = 1
        room = max(1024, min(RECORDS_MAX, _CELLS_MAX // max(len(asked), 1)))
        try:
            with pq.ParquetFile(self._file.path, page_checksum_verification=True) as file:
                for part in file.iter_batches(room, columns=names, use_threads=True):
                    part.validate(full=True)  # text that is no UTF-8 would end the program further on
                    own = dict(zip(part.schema.names, part.columns, strict=True))
                    cells = {name: text_of(own[said]) for name, said in zip(plain, names, strict=True)}
                    lines = pl.Series("line", np.arange(first, first + part.num_rows), dtype=pl.Int64)
                    first += part.num_rows
                    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, part.num_rows)
                    yield Batch(
                        pl.DataFrame({name: cells.get(name, nothing) for name in asked}, schema=dict.fromkeys(asked, pl.String)),
                        lines, [],
                    )
        except _DAMAGED as error:
            self._file.demand()
            raise self._damaged() from error
        self._file.demand()

    def _read_names(self, columns: list[str]) -> list[str]:
        own = dict(zip(self.columns, self._schema.names, strict=True))
        times = Counter(self._schema.names)
        twice = sorted(own[column] for column in columns if times[own[column]] > 1)
        if twice:
            raise Refused(
                f"{self.name}: the column {twice[0]} stands more than once, and Parquet cannot tell them apart; rename one",
                f"{self.name}：列“{twice[0]}”不止一个，Parquet 无法区分；请改名",
            )
        return [own[column] for column in columns]

    def _no_text(self, name: str) -> tuple[str, str]:
        kind = self._types[name]
        return (
            f"{self.name}: the column {name} holds {kind}, not one value per record that is a text, number or date; write it out so",
            f"{self.name}：列“{name}”的类型是 {kind}，不是每条记录一个文本、数值或日期；请改成这样的列",
        )


def _is_plain(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    is_number = pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_float32(kind) or pa.types.is_float64(kind)
    is_other = pa.types.is_boolean(kind) or pa.types.is_null(kind) or isinstance(kind, pa.UuidType)
    return is_text or is_number or is_other or pa.types.is_temporal(kind) and not pa.types.is_interval(kind)


def text_of(column: pa.Array) -> pl.Series:
    """A column as text; floats in the shortest way that gives them back, without an exponent below 1e15."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if isinstance(kind, pa.UuidType):
        digits = pl.Series(pl.from_arrow(column.storage)).bin.encode("hex")
        return digits.str.replace("^(.{8})(.{4})(.{4})(.{4})(.{12})$", "$1-$2-$3-$4-$5")
    if pa.types.is_decimal(kind) and not pa.types.is_decimal128(kind):
        return without_exponents(pl.Series(pl.from_arrow(column.cast(pa.string()))))
    if pa.types.is_timestamp(kind) and kind.tz is not None and not _knows_zone(kind.tz):
        column = column.cast(pa.timestamp(kind.unit, "UTC"))  # an instant is the same one in any zone
    series = pl.Series(pl.from_arrow(column))
    if series.dtype == pl.Float32:
        return short_floats(series.cast(pl.String), digits=7, limit=2**17)
    if series.dtype.is_float():
        return plain_floats(series)
    if series.dtype.is_temporal():
        return _written_times(series)
    series = series.cast(pl.String)
    return series.set(series == "", None)


def _knows_zone(zone: str) -> bool:
    try:
        pl.Series([], dtype=pl.Datetime("us", zone))
    except pl.exceptions.ComputeError:
        return False
    return True


def _written_times(series: pl.Series) -> pl.Series:
    """Dates, moments, times of day and spans in ISO form; what no calendar can say, as a number that is no date."""
    kind = series.dtype
    odd = pl.Series([], dtype=pl.UInt32)
    day = 1 if kind == pl.Date else _OF_A_DAY.get(kind.time_unit) if isinstance(kind, pl.Datetime) else None
    if day is not None:
        is_odd = ~series.to_physical().is_between((_FIRST_DAY + 1) * day, _LAST_DAY * day - 1)
        odd = is_odd.fill_null(False).arg_true()
    numbers = series.gather(odd).to_physical().cast(pl.String)
    series = series.scatter(odd, None) if len(odd) else series
    if isinstance(kind, pl.Datetime):
        form = "%Y-%m-%dT%H:%M:%S%.f"
        text = series.dt.to_string(form + "%:z" if kind.time_zone else form)
    else:
        text = series.dt.to_string("iso")
    return text.scatter(odd, "day " + numbers) if len(odd) else text


def plain_floats(series: pl.Series) -> pl.Series:
    """Floats as text; those written with an exponent are few, and are written out one by one."""
    text = series.cast(pl.String)
    text = text.str.strip_suffix(".0")
    return without_exponents(text)


def short_floats(text: pl.Series, digits: int, limit: int) -> pl.Series:
    """Floats of few digits, written in the shortest way; those that may have lost a digit of an amount are written with an exponent.

    So is a number of more than `digits`, and one from `limit` on, where neighbouring floats are more than a hundredth apart.
    What is written so is no amount to the readers: it goes to quarantine.

    >>> short_floats(pl.Series(["0.1", "1.6777216e7", "131071.5", "300000.0"]), 7, 2**17).to_list()
    ['0.1', '1.6777216E+7', '131071.5', '3E+5']
    """
    plain = plain_floats(text)
    number = plain.cast(pl.Float64, strict=False)
    told = plain.str.replace_all("[^0-9]", "").str.strip_chars("0").str.len_chars()
    unsure = (((told > digits) | (number.abs() >= limit)) & number.is_finite()).fill_null(False)
    if not unsure.any():
        return plain
    return plain.scatter(unsure.arg_true(), [f"{Decimal(cell).normalize():E}" for cell in plain.filter(unsure).to_list()])


def without_exponents(text: pl.Series) -> pl.Series:
    """Number texts in which an exponent stands only where the number is 1e15 or beyond.

    >>> without_exponents(pl.Series(["5e-05", "1e16", "0.5", None])).to_list()
    ['0.00005', '1E+16', '0.5', None]
    """
    far = text.str.contains("[eE]|^-?[0-9]{16,}").fill_null(False)
    if not far.any():
        return text
    odd = text.filter(far)
    return text.scatter(far.arg_true(), [_written_out(cell) for cell in odd.to_list()])


def _written_out(cell: str) -> str:
    try:
        number = Decimal(cell)
    except InvalidOperation:
        return cell
    if abs(number) < 10**15:
        return format(number.normalize(), "f")
    return f"{number.normalize():E}"
