"""Outcomes as files for the next night: written beside their names, named when the action is done; and put into a book of plain files.

    DIR/<table>.parquet   contacts, promises, plans, adjustments, holds, consents, placements; those with no row are not there
    DIR/outcomes.yaml     the mapping by which arrears ingest reads them; it comes last, so what has none is no whole export
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import polars as pl

from arrears import store
from arrears.locks import locked
from arrears.refusal import Refused
from arrears.store import Book
from arrears.work.outcomes import TABLES

MAPPING = "outcomes.yaml"
_WAITING = ".outcomes"


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """The folder is there, and no other export writes into it meanwhile. Raises Refused where one does."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as problem:
        raise Refused(f"{folder}: cannot be made a folder ({problem.strerror}); nothing was exported: name another with --out", f"{folder}：无法建立文件夹；未导出任何内容：请用 --out 另指定") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Refused(f"{folder}: another export is writing there; nothing was exported: wait for it, or name another folder with --out", f"{folder}：另一次导出正在写入；未导出任何内容：请稍候或用 --out 另指定") from None
    finally:
        os.close(handle)


def write_beside(folder: Path, frames: dict[str, pl.DataFrame]) -> dict[str, str]:
    """The files lie whole in the folder, not yet under their names. Returns SHA-256 by name. Raises DiskFull."""
    waiting = folder / _WAITING
    store.remove_folder(waiting)
    waiting.mkdir()
    for name, rows in frames.items():
        if not rows.is_empty():
            held = BytesIO()
            rows.write_parquet(held, compression="zstd", compression_level=1, row_group_size=1 << 20)
            store.write_bytes(waiting / f"{name}.parquet", held.getvalue())  # Polars itself would say a full disk in words of its own
    store.write_bytes(waiting / MAPPING, _mapping([name for name, rows in frames.items() if not rows.is_empty()]))
    return {path.name: store.digest_of_file(path) for path in sorted(waiting.iterdir())}


def give_names(folder: Path) -> None:
    """What waits takes its names, the mapping last; tables that have no row any more are gone."""
    waiting = folder / _WAITING
    (folder / MAPPING).unlink(missing_ok=True)
    for name in TABLES:
        if (waiting / f"{name}.parquet").is_file():
            os.replace(waiting / f"{name}.parquet", folder / f"{name}.parquet")
        else:
            (folder / f"{name}.parquet").unlink(missing_ok=True)
    os.replace(waiting / MAPPING, folder / MAPPING)
    store.remove_folder(waiting)


def put_into(book: Book, folder: Path) -> dict[str, int]:
    """The rows of an export stand in the plain files of a book too: rows that are there already are not repeated, a changed one stands beside its earlier self and replaces it by its recorded_at.

    Returns how many rows were added to each table; again adds none. Raises Refused where the book is kept by loads, where one night runs, or a file is not readable.
    """
    if store.read_ledger(book).loads:
        raise Refused(f"{book.root}: it is kept by loads, so outcomes come into it by: arrears ingest {folder}/*.parquet --mapping {folder / MAPPING} --book {book.root}",
                      f"{book.root}：该账册由装载维护，请运行：arrears ingest {folder}/*.parquet --mapping {folder / MAPPING} --book {book.root}")
    added = {}
    with locked(book, "night", alone=True):
        for name in TABLES:
            if (folder / f"{name}.parquet").is_file():
                added[name] = _put_rows(book.plain(name), store.read_columns(folder / f"{name}.parquet"), name)
    return added


def _put_rows(path: Path, rows: pl.DataFrame, table: str) -> int:
    if not path.is_file():
        store.write_parquet(path, rows)
        return len(rows)
    try:
        there = pl.read_parquet(path, glob=False)
        shared = [name for name in rows.columns if name in there.columns]
        here = rows.with_columns(pl.col(name).cast(there.schema[name]) for name in shared)
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise Refused(f"{path}: cannot take outcomes ({str(problem).splitlines()[0]}); mend the file, its columns are those of docs/reference/tables.md ({table})",
                      f"{path}：无法并入催收结果；请修正文件，其列见 docs/reference/tables.md（{table}）") from None
    new = here.join(there.select(shared).unique(), on=shared, how="anti", nulls_equal=True, maintain_order="left")
    if new.is_empty():
        return 0
    store.write_parquet(path, pl.concat([there, new.select([*there.columns, *(name for name in rows.columns if name not in there.columns)])], how="diagonal"))
    return len(new)


def _mapping(tables: list[str]) -> bytes:
    """A mapping that takes each table's columns as they are."""
    sources = "".join(f"  - source: {name}\n    files: [{name}.parquet]\n    tables: {{{name}: as_is}}\n" for name in tables)
    return ("# What people did, for the next night. 催收结果，供下一夜批使用。\nmapping: outcomes of the work plane\n" + (f"sources:\n{sources}" if tables else "sources: []\n")).encode()
