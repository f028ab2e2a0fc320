"""Records of Parquet files, every column as text: numbers exact, dates and moments ISO, record numbers as lines."""

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
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._damaged() from error
        self.columns, self.notes = header_names([list(self._schema.names) or [""]])
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
        """The records, in the file's order; with `columns` only those. Raises Refused where the file changes."""
        asked = demand_columns(self.name, self.columns, columns)
        places = [self.columns.index(column) for column in asked]
        for place in places:
            self._demand_flat(self._schema.field(place), self.columns[place])
        first = 1
        room = max(1024, min(RECORDS_MAX, _CELLS_MAX // max(len(places), 1)))
        try:
            with pq.ParquetFile(self._file.path) as file:
                names = self._read_names(places)
                for part in file.iter_batches(room, columns=names, use_threads=True):
                    by_name = {name: part.column(index) for index, name in enumerate(part.schema.names)}
                    chosen = (
                        [by_name[self._schema.names[place]] for place in places] if names is not None else part.columns
                    )
                    cells = {name: text_of(column) for name, column in zip(asked, chosen, strict=True)}
                    lines = pl.Series("line", np.arange(first, first + part.num_rows), dtype=pl.Int64)
                    first += part.num_rows
                    yield Batch(pl.DataFrame(cells, schema=dict.fromkeys(asked, pl.String)), lines, [])
        except (pa.ArrowException, OSError) as error:
            self._file.demand()
            raise self._damaged() from error
        self._file.demand()

    def _read_names(self, places: list[int]) -> list[str]:
        names = [self._schema.names[place] for place in places]
        twice = sorted({name for name in names if self._schema.names.count(name) > 1})
        if twice:
            raise Refused(
                f"{self.name}: the column {twice[0]} stands more than once, and Parquet cannot tell them apart; rename one",
                f"{self.name}：列“{twice[0]}”不止一个，Parquet 无法区分；请改名",
            )
        return names

    def _demand_flat(self, field: pa.Field, name: str) -> None:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) and not pa.types.is_string(kind):
            raise Refused(
                f"{self.name}: the column {name} holds {kind}, not one value per record; write it out as plain columns",
                f"{self.name}：列“{name}”的类型是 {kind}，不是每条记录一个值；请展开成普通的列",
            )


def text_of(column: pa.Array) -> pl.Series:
    """A column as text; floats in the shortest way that gives them back, without an exponent below 1e15."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    series = pl.Series(pl.from_arrow(column))
    kind = series.dtype
    if kind.is_float():
        return plain_floats(series.cast(pl.Float64) if kind != pl.Float32 else series)
    if isinstance(kind, pl.Datetime):
        form = "%Y-%m-%dT%H:%M:%S%.f"
        return series.dt.to_string(form + "%:z" if kind.time_zone else form)
    if kind.is_temporal():
        return series.dt.to_string("iso")
    series = series.cast(pl.String)
    return series.set(series == "", None)


def plain_floats(series: pl.Series) -> pl.Series:
    """Floats as text; those written with an exponent are few, and are written out one by one."""
    text = series.cast(pl.String)
    text = text.str.strip_suffix(".0")
    return without_exponents(text)


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
