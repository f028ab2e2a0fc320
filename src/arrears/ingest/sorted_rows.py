"""The rows a load brings, written: sorted by what they lie by and their key, in as many files as memory asks for."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import file_digest
from os.path import commonprefix
from pathlib import Path

import polars as pl

from arrears import store
from arrears.tables.table import Table
from arrears.tables.visible import ALWAYS

ROWS_A_FILE = 500_000
"""About how many rows are sorted at a time; a loan's rows lie in one file."""


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
    moment = pl.when(pl.col("recorded_at") != ALWAYS).then(pl.from_epoch("recorded_at", time_unit="us")).alias("recorded_at")
    files = -(-rows // ROWS_A_FILE)
    if files == 1:
        return dict([_write(table, kept.collect(), folder, 0, moment)])
    by = table.lies_by or table.key[0]
    passing = folder / "passing"
    spread = kept.with_columns(part=(pl.col(by).hash() % files).cast(pl.Int32))
    spread.sink_ipc(pl.PartitionBy(passing, key="part", include_key=False), mkdir=True, compression="uncompressed")

    def one(number: int) -> tuple[str, str]:
        parts = sorted((passing / f"part={number}").glob("*.ipc"))
        rows = pl.scan_ipc(parts, glob=False).collect() if parts else pl.DataFrame(schema=kept.collect_schema())
        return _write(table, rows, folder, number, moment)

    with ThreadPoolExecutor(2) as pool:
        written = dict(pool.map(one, range(files)))
    store.remove_folder(passing)
    return written


def _write(table: Table, rows: pl.DataFrame, folder: Path, number: int, moment: pl.Expr) -> tuple[str, str]:
    order = list(dict.fromkeys([*([table.lies_by] if table.lies_by else []), *table.key, "recorded_at"]))
    keys = [sort_key(rows[column]).alias(f" {place}") for place, column in enumerate(order)]
    rows = rows.with_columns(keys).sort([key.name for key in keys])
    path = folder / f"{table.name}-{number:04d}.parquet"
    store.write_parquet(path, rows.select(*(column.name for column in table.columns if column.name != "recorded_at"), moment))
    with open(path, "rb") as handle:
        return path.name, file_digest(handle, "sha256").hexdigest()


def sort_key(values: pl.Series) -> pl.Series:
    """Values that sort like these: of texts that share a beginning and end in digits of one length, the number they end in.

    Ids of one make are told apart by their last digits, and numbers sort at half the cost of text.

    >>> sort_key(pl.Series(["JJ-0012", "JJ-0007"])).to_list()
    [12, 7]
    >>> sort_key(pl.Series(["JJ-12", "JJ-7"])).to_list()
    ['JJ-12', 'JJ-7']
    """
    if values.dtype != pl.String or values.is_empty():
        return values
    shared = len(commonprefix([values.min(), values.max()]))
    lengths = values.str.len_bytes()
    if lengths.min() != lengths.max() or lengths.max() - shared > 18 or lengths.max() == shared or not values.str.slice(shared).str.contains("^[0-9]+$").all():
        return values
    return values.str.slice(shared).cast(pl.Int64)
