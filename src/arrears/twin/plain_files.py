"""A made-up book written as plain files, block by block, so that its size is bounded by the disk alone."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from arrears import store
from arrears.law.lender import LENDER_FILE
from arrears.refusal import Refused
from arrears.twin.book import TABLES, made_blocks
from arrears.twin.further import FURTHER, further_of
from arrears.twin.roster import ROSTER_FILE, roster_text

LENDER = """\
# Who the lender of this made-up book is: its licence and what its products are to the law. docs/guides/law.md says more.
id: L1
name: 示例银行
law: cn
licence: bank
products: {flash_personal: consumer_loan, flash_trader: business_loan, flash_enterprise: business_loan}
other_product: consumer_loan
"""


def write_book(
    folder: Path, loans: int, seed: int, as_of: date, instalments: int | None, report: Callable = lambda *_: None
) -> dict[str, int]:
    """The rows written per table (a restructured loan has several); lender.yaml and roster.yaml are written beside them. Same arguments, same bytes; every file appears whole, after all are written.

    Raises Refused where the folder holds a book already.
    """
    if (folder / "loans.parquet").exists():
        raise Refused(
            f"{folder}: there is a book already; name another folder, or remove this one",
            f"{folder}：已有账册；请换一个文件夹或先删除",
        )
    try:
        drawn = made_blocks(loans, seed, as_of, instalments)
    except ValueError as problem:
        raise Refused(str(problem), f"参数超出范围：{problem}") from None
    folder.mkdir(parents=True, exist_ok=True)
    tables = {**TABLES, **FURTHER}
    schemas = {name: table.empty().to_arrow().schema for name, table in tables.items()}
    rows = dict.fromkeys(tables, 0)
    unfinished = {name: folder / f"{name}.parquet.unfinished" for name in tables}
    with ExitStack() as open_files:
        writers = {
            name: open_files.enter_context(pq.ParquetWriter(path, schemas[name], compression="zstd", compression_level=1))
            for name, path in unfinished.items()
        }
        made, late = 0, ()
        for block in drawn:
            frames = {**block.frames, **further_of(block, seed, as_of)}
            late = late or _some_late(frames["placements"])
            for name, frame in frames.items():
                writers[name].write_table(frame.to_arrow().cast(schemas[name]), row_group_size=1 << 20)
                rows[name] += len(frame)
            made += block.frames["loans"]["loan_id"].n_unique()
            report("making the book", made, loans)
    for name, path in sorted(unfinished.items(), key=lambda entry: entry[0] == "loans"):
        store.settle(path, folder / f"{name}.parquet")
    store.write_bytes(folder / LENDER_FILE, LENDER.encode())
    store.write_bytes(folder / ROSTER_FILE, roster_text(loans, seed, as_of, late).encode())
    return rows


def _some_late(placements: pl.DataFrame) -> tuple[str, ...]:
    """Up to two borrowers whose cases somebody has at the end."""
    held = placements.filter(pl.col("returned_on").is_null().all().over("placement_id"))["borrower_id"]
    return tuple(held.unique(maintain_order=True).head(2))
