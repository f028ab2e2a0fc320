"""The columns of one table taken from one batch of records: one typed value per record, and the faults of its cells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl

from arrears.ingest import clean_cells
from arrears.ingest.kinds import is_a_day, kind_of
from arrears.ingest.mapped import ColumnMap, Mapping, SourceMap, TableMap
from arrears.ingest.occurrences import digest_of
from arrears.ingest.personal import STARRED, holds_personal, slipped
from arrears.ingest.reading import EDGES, plain_digits, reader_of, trimmed
from arrears.ingest.values import TYPES, Read, read_column, read_texts
from arrears.money import decimals_of
from arrears.refusal import Refused
from arrears.tables import FACTS

FAULTS = {
    "record": pl.UInt32(), "column": pl.String(), "target": pl.String(), "value": pl.String(), "rule": pl.String(), "detail": pl.String(),
}
_HASHED = ColumnMap("hashed", "column")
_DAY_COUNTS = (360, 365)


class Hashes(Protocol):
    """What makes keyed hashes of ids: pseudonyms.Pseudonyms."""

    def of(self, texts: pl.Series) -> pl.Series: ...


@dataclass
class Taking:
    """One batch of records on its way into one table."""

    table_map: TableMap
    source_map: SourceMap
    mapping: Mapping
    cells: pl.DataFrame
    pseudonyms: Hashes
    faults: list[pl.DataFrame] = field(default_factory=list)
    typed: dict[str, pl.Series] = field(default_factory=dict)
    _hashed: dict[str, Read] = field(default_factory=dict)

    def take_all(self) -> None:
        """Fills `typed`, one series per mapped column in the order of the table; those others lean on come first."""
        if keep := self.source_map.keep:
            self._guard(keep.column, "keep", self._cell(keep.column))
        kinds = {column.name: kind_of(column) for column in FACTS[self.table_map.table].columns}
        first = ("currency", "day_count")
        for name in sorted(self.table_map.columns, key=lambda name: name not in first):
            column = self.table_map.columns[name]
            if column.take != "number":
                self.typed[name] = self._take(column, kinds[name]).rename(name)

    def blame(self, target: str, sources: Sequence[str], rows: pl.Series, rule: Any, detail: Any = None) -> None:
        """Faults of these rows; the cell that is shown is the first of the source columns that is not empty."""
        if not len(rows):
            return
        shown = self.cells.select(source for source in sources if source in self.cells.columns)[rows.cast(pl.UInt32)]
        names, value = shown.columns, pl.lit(None, pl.String)
        culprit = pl.lit(names[0] if names else target)
        nothing = list(self.mapping.empty)
        for says_something in (False, True):  # a cell that only says "nothing" is shown where no other stands beside it
            for name in reversed(names):
                cell = pl.col(name)
                shows = cell.is_not_null()
                if says_something:
                    shows &= ~cell.str.strip_chars(EDGES).str.to_lowercase().is_in(nothing)
                value = pl.when(shows).then(cell).otherwise(value)
                culprit = pl.when(shows).then(pl.lit(name)).otherwise(culprit)
        said = shown.select(value=value, culprit=culprit) if names else pl.DataFrame({"value": [None], "culprit": [target]})
        if not names:
            said = pl.concat([said] * len(rows))
        self.faults.append(
            pl.DataFrame({
                "record": rows.cast(pl.UInt32), "column": said["culprit"], "target": pl.repeat(target, len(rows), eager=True),
                "value": said["value"].cast(pl.String),
                "rule": rule if isinstance(rule, pl.Series) else pl.repeat(rule, len(rows), dtype=pl.String, eager=True),
                "detail": detail if isinstance(detail, pl.Series) else pl.repeat(detail, len(rows), dtype=pl.String, eager=True),
            }).select(pl.col(name).cast(dtype) for name, dtype in FAULTS.items())
        )

    def _take(self, column: ColumnMap, kind: str) -> pl.Series:
        if column.take == "constant":
            return self._supplied(column, column.constant, kind)
        if column.take == "key_of":
            return self._keys(column)
        if column.take in ("sum_of", "difference_of"):
            values, unfit = self._sums(column)
        elif kind == "text" or column.take != "column" or self._is_reworked(column):
            values, unfit = self._reworked(column, kind)
        else:
            values, unfit = self._read(column, kind, self._cell(column.sources[0]), column.sources)
        if column.default is not None:
            default = self._supplied(column, column.default, kind)
            empty = values.is_null() if unfit is None else values.is_null() & ~unfit
            values = values.zip_with(~empty, default)
        return _later(values, column)

    @staticmethod
    def _is_reworked(column: ColumnMap) -> bool:
        return column.part is not None or column.zero_fill is not None or column.width is not None or column.values is not None

    def _cell(self, name: str) -> pl.Series:
        if name in self.cells.columns:
            return self.cells[name]
        return pl.Series(name, [None], pl.String).new_from_index(0, len(self.cells))

    def _mask(self, rows: pl.Series) -> pl.Series | None:
        """True at these rows; None where there are none, which spares whole columns of work."""
        if not len(rows):
            return None
        return pl.Series("unfit", [False]).new_from_index(0, len(self.cells)).scatter(rows, True)

    def _read(self, column: ColumnMap, kind: str, texts: pl.Series, sources: Sequence[str]) -> tuple[pl.Series, pl.Series | None]:
        """The texts as typed values, and where a flaw made one null. Money is read by the currency of its row."""
        said = [self._read_part(column, kind, texts, *part) for part in self._parts(column, kind)]
        values = said[0].values
        for one in said[1:]:
            values = values.zip_with(values.is_not_null(), one.values)
        flaws = said[0].flaws if len(said) == 1 else pl.concat([one.flaws for one in said])
        self.blame(column.name, sources, flaws["row"], flaws["rule"], flaws["detail"])
        return values, self._mask(flaws["row"])

    def _read_part(
        self, column: ColumnMap, kind: str, texts: pl.Series, which: pl.Series | None, currency: str, days: int
    ) -> Read:
        mine = texts if which is None else texts.zip_with(which, pl.Series([None], dtype=pl.String).new_from_index(0, len(texts)))
        read = read_column(mine, kind, column, self.mapping, self.source_map.decimal, currency, days)
        shifts = column.unit not in (None, "minor")
        if kind == "money" and shifts and decimals_of(currency) != decimals_of(self.mapping.currency):
            rows = mine.is_not_null().arg_true()
            flaws = pl.DataFrame({"row": rows}).select(
                "row", rule=pl.lit("currency"), detail=pl.lit(self.mapping.currency)
            )
            return Read(pl.Series(texts.name, [None], TYPES[kind]).new_from_index(0, len(texts)), flaws)
        return read

    def _parts(self, column: ColumnMap, kind: str) -> list[tuple[pl.Series | None, str, int]]:
        """Which rows are read with which currency and days a year: all of them together, if nothing differs."""
        if kind == "money" and "currency" in self.table_map.columns:
            currencies = self.typed["currency"]
            known = currencies.unique().drop_nulls().sort().to_list()
            if len(known) == 1:
                return [(None, known[0], 360)]
            if known:
                own = self.mapping.currency
                return [(currencies.fill_null(own) == one, one, 360) for one in sorted({*known, *([own] if currencies.has_nulls() else [])})]
        if kind == "rate" and is_a_day(column.unit):
            counts = self.typed["day_count"]
            known = [days for days in _DAY_COUNTS if (counts == days).any()]
            if len(known) == 1 and not counts.has_nulls() and (counts == known[0]).all():
                return [(None, self.mapping.currency, known[0])]
            # a row without a sound day_count has that fault already; its rate is read by the longer year
            return [((counts == days).fill_null(False) if days == 360 else (counts != 360).fill_null(True), self.mapping.currency, days)
                    for days in _DAY_COUNTS]
        return [(None, self.mapping.currency, 360)]

    def _supplied(self, column: ColumnMap, text: str | None, kind: str) -> pl.Series:
        """A text of the mapping itself in every row, typed; it was checked when the mapping was read."""
        values = pl.Series(column.name, [None], TYPES[kind]).new_from_index(0, len(self.cells))
        for which, currency, days in self._parts(column, kind):
            read = reader_of(kind, column, self.mapping, self.source_map.decimal, currency, days=days, supplied="own")
            value = pl.Series(column.name, [read(text or "")], TYPES[kind]).new_from_index(0, len(self.cells))
            values = value if which is None else values.zip_with(~which, value)
        return values

    def _texts(self, name: str, column: ColumnMap, *, strictly: bool) -> tuple[pl.Series, pl.Series | None]:
        """The cells of one source column as texts; strictly: what no id may be is blamed and null."""
        if name in self.mapping.hashed:
            read = self._hashed.get(name) or read_texts(self._cell(name), _HASHED, self.mapping)
            if name not in self._hashed:
                read = self._hashed[name] = Read(self.pseudonyms.of(read.values), read.flaws)
        else:
            read = read_texts(self._cell(name), column, self.mapping)
            if strictly or column.take == "key_of":
                self._guard(name, column.name, read.values)
        values, unfit = read.values, None
        if not strictly and len(read.flaws) and name not in self.mapping.hashed:
            # what no id may be may still be a number or a date: its own reader says so
            rows = read.flaws["row"]
            raw = self._cell(name)[rows].to_list()
            values = values.scatter(rows, pl.Series([trimmed(text) for text in raw], dtype=pl.String))
        else:
            self.blame(column.name, [name], read.flaws["row"], read.flaws["rule"], read.flaws["detail"])
            unfit = self._mask(read.flaws["row"])
        if name in self.mapping.hashed or name in self.mapping.not_personal:
            return values, unfit
        for rule, barred in (("starred", _starred(values)), ("personal_cell", self._slipped(column, values, strictly))):
            if barred is not None:
                self.blame(column.name, [name], barred.arg_true(), rule)
                values, unfit = values.set(barred, None), barred if unfit is None else unfit | barred
        return values, unfit

    @staticmethod
    def _slipped(column: ColumnMap, values: pl.Series, strictly: bool) -> pl.Series | None:
        """The cells that must not stand in a text, or in the name made of cells; numbers and dates have readers of their own."""
        if not strictly and column.take != "key_of":
            return None
        return slipped(values, ids=column.name.endswith("_id") or column.name == "reverses")

    def _guard(self, name: str, target: str, texts: pl.Series) -> None:
        """Refuses a source column most of whose cells name persons, and of which the mapping says nothing."""
        if name in self.mapping.hashed or name in self.mapping.not_personal:
            return
        found = holds_personal(texts.head(1000))
        if found is None:
            return
        en, zh = {"id_card": ("identity card numbers", "身份证号"), "mobile": ("mobile numbers", "手机号")}[found]
        raise Refused(
            f"source {self.source_map.name}, table {self.table_map.table}, column {target}: the source column {name!r} holds {en}, "
            "which must not enter the book as they are; name it under personal.hashed, or under personal.not_personal if they are none",
            f"来源 {self.source_map.name}，表 {self.table_map.table}，列 {target}：来源列 {name!r} 中是{zh}，不得原样进入账册；"
            "请写入 personal.hashed，若确非个人信息，请写入 personal.not_personal",
        )

    def _reworked(self, column: ColumnMap, kind: str) -> tuple[pl.Series, pl.Series | None]:
        """Texts put together, cut, filled and translated, and then typed."""
        texts, unfit = self._put_together(column, kind)
        if column.part is not None:
            first, last = column.part
            cut = texts.str.slice(first - 1, last - first + 1)
            texts = cut.set(cut == "", None) if (cut == "").any() else cut
        if column.zero_fill is not None:
            texts = texts.str.pad_start(column.zero_fill, "0")
        if column.width is not None:
            wrong = (texts.str.len_chars() != column.width).fill_null(False)
            texts, unfit = self._drop(texts, unfit, wrong, column, "width", str(column.width))
        if column.values is not None:
            texts, unfit = self._translated(texts, unfit, column)
        if kind == "text":
            return texts, unfit
        values, also_unfit = self._read(column, kind, texts, column.sources)
        return values, also_unfit if unfit is None else unfit if also_unfit is None else unfit | also_unfit

    def _put_together(self, column: ColumnMap, kind: str) -> tuple[pl.Series, pl.Series | None]:
        strictly = kind == "text"
        said = [self._texts(name, column, strictly=strictly) for name in column.sources]
        masks = [mask for _, mask in said if mask is not None]
        unfit = masks[0] if masks else None
        for mask in masks[1:]:
            unfit = unfit | mask
        if len(said) == 1:
            return said[0][0], unfit
        frame = pl.DataFrame([texts.rename(str(place)) for place, (texts, _) in enumerate(said)])
        joined = pl.concat_str(pl.all(), separator=column.joined_with) if column.take == "join" else pl.coalesce(pl.all())
        texts = frame.select(joined).to_series()
        return (texts if unfit is None else texts.set(unfit, None)), unfit

    def _drop(self, texts, unfit, wrong: pl.Series, column: ColumnMap, rule: str, detail: str | None):
        """The texts without those that break a rule, which are blamed."""
        if not wrong.any():
            return texts, unfit
        self.blame(column.name, column.sources, wrong.arg_true(), rule, detail)
        return texts.set(wrong, None), wrong if unfit is None else unfit | wrong

    def _translated(self, texts: pl.Series, unfit: pl.Series | None, column: ColumnMap) -> tuple[pl.Series, pl.Series | None]:
        meant = {plain_digits(trimmed(key)): text for key, text in (column.values or {}).items()}
        becomes = [text or None for text in meant.values()]
        new = texts.replace_strict(list(meant), becomes, default=column.otherwise or None, return_dtype=pl.String)
        if column.otherwise is not None:
            return texts.zip_with(texts.is_null(), new) if texts.has_nulls() else new, unfit
        wrong = new.is_null() & texts.is_not_null()
        if wrong.any() and None in becomes:
            wrong &= ~texts.is_in(list(meant)).fill_null(False)
        return self._drop(new, unfit, wrong, column, "not_in_values", None)

    def _sums(self, column: ColumnMap) -> tuple[pl.Series, pl.Series | None]:
        """The sum or the difference of amounts, an empty one as 0; null where all are empty or one has a flaw."""
        plain = ColumnMap(column.name, "column", unit=column.unit, rounds=column.rounds)
        total, unfit, known = None, None, None
        for place, name in enumerate(column.sources):
            values, wrong = self._read(plain, "money", self._cell(name), [name])
            if wrong is not None:
                unfit = wrong if unfit is None else unfit | wrong
            known = values.is_not_null() if known is None else known | values.is_not_null()
            values = values.fill_null(0)
            total = values if total is None else total - values if column.take == "difference_of" and place else total + values
        total = total.set(~known, None)
        total = total if unfit is None else total.set(unfit, None)
        return (total.abs() if column.flips else total), unfit

    def _keys(self, column: ColumnMap) -> pl.Series:
        texts = [self._texts(name, column, strictly=name in self.mapping.hashed)[0] for name in column.sources]
        return digest_of(texts)


def _starred(values: pl.Series) -> pl.Series | None:
    """The cells of a correction whose concealed number nobody wrote anew."""
    if clean_cells.is_plain(values) or not values.str.contains_any(["******"]).any():
        return None
    starred = values.str.contains(STARRED).fill_null(False)
    return starred if starred.any() else None


def _later(values: pl.Series, column: ColumnMap) -> pl.Series:
    if not column.plus_days and not column.plus_months:
        return values
    frame = values.rename("day").to_frame()
    return frame.select(months_later(pl.col("day"), pl.lit(column.plus_months)) + pl.duration(days=column.plus_days)).to_series()


def months_later(day: pl.Expr, months: pl.Expr) -> pl.Expr:
    """The same day so many months later, or the month's last where the month has no such day."""
    place = day.dt.year().cast(pl.Int64) * 12 + day.dt.month().cast(pl.Int64) - 1 + months.cast(pl.Int64)
    first = pl.date(place // 12, place % 12 + 1, 1)
    return first + pl.duration(days=pl.min_horizontal(day.dt.day(), first.dt.month_end().dt.day()).cast(pl.Int64) - 1)
