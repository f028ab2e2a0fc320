"""The rows a load brings, written: sorted by what they lie by and their key, in as many files as memory asks for."""

from concurrent.futures import ThreadPoolExecutor
from os.path import commonprefix
from pathlib import Path

import polars as pl

from arrears import store
from arrears.tables.table import Table
from arrears.tables.visible import ALWAYS, WHEN_LOADED

ROWS_A_FILE = 500_000
"""About how many rows are sorted at a time; a loan's rows lie in one file."""
_REACH = 2**62
"""Whole numbers below it are added and multiplied without passing Int64."""


def write_rows(table: Table, staged: list[Path], bad: pl.Series, dropped: pl.Series, rows: int, folder: Path) -> dict[str, str]:
    """Writes the staged rows but those of bad records and the dropped ones; each file's name with its SHA-256.

    `rows` is how many there are. Same rows, same bytes.
    """
    kept = pl.scan_parquet(staged, glob=False)
    if len(bad):
        kept = kept.join(bad.to_frame("record").lazy(), on="record", how="anti")
    if len(dropped):
        kept = kept.join(dropped.to_frame("row").lazy(), on="row", how="anti")
    kept = kept.drop("record", "row")
    files = -(-rows // ROWS_A_FILE)
    if files == 1:
        return dict([_write(table, kept.collect(), folder, 0)])
    passing = folder / "passing"
    together = pl.col(table.lies_by or table.key[0]).hash() % files
    kept.with_columns(part=together.cast(pl.Int32)).sink_ipc(
        pl.PartitionBy(passing, key="part", include_key=False), mkdir=True, compression="lz4")

    def one(number: int) -> tuple[str, str]:
        parts = sorted((passing / f"part={number}").glob("*.ipc"))
        return _write(table, pl.scan_ipc(parts, glob=False).collect() if parts else pl.DataFrame(schema=kept.collect_schema()), folder, number)

    with ThreadPoolExecutor(2) as pool:
        written = dict(pool.map(one, range(files)))
    store.remove_folder(passing)
    return written


def _write(table: Table, rows: pl.DataFrame, folder: Path, number: int) -> tuple[str, str]:
    rows = rows.rechunk()
    order = in_order(rows, list(dict.fromkeys([*([table.lies_by] if table.lies_by else []), *table.key, "recorded_at"])))
    moment = pl.when(~pl.col("recorded_at").is_in([ALWAYS, WHEN_LOADED])).then(pl.from_epoch("recorded_at", time_unit="us")).alias("recorded_at")
    path = folder / f"{table.name}-{number:04d}.parquet"
    store.write_parquet(path, rows[order].select(*(column.name for column in table.columns if column.name != "recorded_at"), moment))
    return path.name, store.digest_of_file(path)


def in_order(rows: pl.DataFrame, columns: list[str]) -> pl.Series:
    """The places of the rows, sorted by these columns. Whole numbers that fit side by side into one are sorted as one.

    >>> in_order(pl.DataFrame({"loan": ["L2", "L1", "L1"], "number": [1, 2, 1]}), ["loan", "number"]).to_list()
    [2, 1, 0]
    """
    keys: list[pl.Series] = []
    reach = _REACH
    for key in (_from_zero(sort_key(rows[column])) for column in columns):
        if key.dtype != pl.Int64 or key.has_nulls():
            keys, reach = [*keys, key], _REACH
            continue
        most = (key.max() or 0) + 1
        if keys and reach * most < _REACH:
            keys[-1] = keys[-1] * most + key
            reach *= most
        elif most > 1:
            keys, reach = [*keys, key], most
    if not keys:
        return pl.int_range(len(rows), eager=True)
    frame = pl.DataFrame([key.alias(str(place)) for place, key in enumerate(keys)])
    return frame.select(pl.arg_sort_by(frame.columns)).to_series() if len(keys) > 1 else keys[0].arg_sort()


def _from_zero(key: pl.Series) -> pl.Series:
    """Whole numbers and dates as the distance from the least of them, where it is within reach; everything else as it is."""
    if not (key.dtype.is_integer() or key.dtype == pl.Date) or key.is_empty() or key.has_nulls():
        return key
    number = key.to_physical().cast(pl.Int64)
    least = number.min()
    return number - least if number.max() - least < _REACH else key


def sort_key(values: pl.Series) -> pl.Series:
    """Values that sort like these: of texts that share a beginning and end in digits of one length, the number they end in.

    Ids of one make are told apart by their last digits, and numbers sort at a fraction of the cost of text.

    >>> sort_key(pl.Series(["JJ-0012", "JJ-0007"])).to_list()
    [12, 7]
    >>> sort_key(pl.Series(["JJ-12", "JJ-7"])).to_list()
    ['JJ-12', 'JJ-7']
    """
    if values.dtype != pl.String or values.is_empty() or values.has_nulls():
        return values
    least, lengths = values.min(), values.str.len_bytes()
    shared = len(commonprefix([least, values.max()]))
    tail = len(least) - shared
    # a sign or a blank sorts before every digit, so where the least begins with a digit, all do
    if lengths.min() != lengths.max() or not 0 < tail <= 18 or not "0" <= least[shared] <= "9":
        return values
    number = values.str.slice(shared).cast(pl.Int64, strict=False)
    return values if number.has_nulls() else number
