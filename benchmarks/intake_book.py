"""A night of as many cases as are asked for: the late people of a small made-up book, each copied under other ids until there are enough; and its people, sealed."""

import json
import shutil
from datetime import date
from pathlib import Path

import polars as pl

from arrears import store
from arrears.store import Book, Manifest
from arrears.vault.handover import HandoverPublicKey, seal_people

LOANS_A_PARTITION = 40_000
_STORED = ("loans", "payments", "guarantors")


def grown(small: Book, as_of: date, cases: int, root: Path) -> Book:
    """A book at `root` of which the night has at least so many cases, in as many partitions as a real one of their loans. small: a finished night with a roster and a store."""
    night, manifest = small.night(as_of), store.read_manifest(small)
    late = pl.read_parquet(night / "worklist.parquet")["borrower_id"].unique().sort()
    copies = -(-cases // len(late))
    stored = {table: pl.concat([store.read_columns(store.partition_path(small, manifest, table, name)) for name in manifest.partitions if table in manifest.partitions[name]["tables"]])
              for table in _STORED}
    loans = stored["loans"].filter(pl.col("borrower_id").is_in(late.implode())).unique("loan_id", keep="last", maintain_order=True)
    positions = _read(night, "positions").join(loans.select("loan_id", "borrower_id"), on="loan_id").drop("borrower_id")
    decisions = _read(night, "decisions")
    partitions = 1
    while partitions * LOANS_A_PARTITION < len(loans) * copies:
        partitions *= 2
    book = Book(root, root / "store")
    target = book.night(as_of)
    target.mkdir(parents=True)
    for name in ("lender.yaml", "roster.yaml"):
        shutil.copy(small.root / name, root / name)
    shutil.copy(night / "run.json", target / "run.json")
    worklist = _many(pl.read_parquet(night / "worklist.parquet"), range(copies)).sort("rank", "borrower_id").with_columns(rank=pl.int_range(1, pl.len() + 1))
    store.write_parquet(target / "worklist.parquet", worklist)
    store.write_bytes(target / "summary.json", store.json_bytes(json.loads((night / "summary.json").read_text(encoding="utf-8")) | {"worklist_rows": len(worklist)}))
    for name in ("assigned", "cases"):
        rows = pl.read_parquet(night / f"{name}.parquet").filter(pl.col("borrower_id").is_in(late.implode()))
        store.write_parquet(target / f"{name}.parquet", _many(rows, range(copies)).sort("borrower_id"))
    names, about = store.partition_names(partitions), {}
    for place, name in enumerate(names):
        mine = range(copies * place // partitions, copies * (place + 1) // partitions)
        store.write_parquet(target / "positions" / f"{name}.parquet", _many(positions, mine).sort("loan_id"))
        store.write_parquet(target / "decisions" / f"{name}.parquet", _many(decisions, mine).sort("loan_id"))
        here = _many(loans, mine).sort("loan_id").with_columns(was="loan", loan=pl.int_range(pl.len(), dtype=pl.Int32))
        place_of = here.select("was", "copy", "loan")
        store.write_parquet(book.store / "grown" / "loans" / f"{name}.parquet", here.drop("was", "copy"))
        for table in _STORED[1:]:
            rows = _many(stored[table].filter(pl.col("loan").is_in(loans["loan"].implode())), mine).rename({"loan": "was"}).join(place_of, on=["was", "copy"]).drop("was", "copy")
            store.write_parquet(book.store / "grown" / table / f"{name}.parquet", rows.sort("loan"))
        about[name] = {"loans": len(here), "tables": {table: {} for table in _STORED}}
    store.write_manifest(book, Manifest("grown", about, {}, [], {}))
    for file in (target / "positions").glob("*"), (target / "decisions").glob("*"):
        for path in file:
            store.write_parquet(path, pl.read_parquet(path).drop("copy"))
    for name in ("worklist", "assigned", "cases"):
        store.write_parquet(target / f"{name}.parquet", pl.read_parquet(target / f"{name}.parquet").drop("copy"))
    return book


def seal_made_up_people(book: Book, as_of: date, key: HandoverPublicKey) -> int:
    """people.sealed: of every debtor on the worklist a name, an ID number, a phone and an address, of every third a reserved contact; how many values that are to be sealed."""
    debtors = pl.read_parquet(book.night(as_of) / "worklist.parquet", columns=["borrower_id"])["borrower_id"].unique().sort().to_list()
    rows: list[dict] = [{"borrower_id": one, "relation": "debtor", "ordinal": 1, "name": "王小明", "id_number": f"990101{place:012}", "phone": [f"199{place:08}"], "address": f"样例市示例路{place}号"}
                        for place, one in enumerate(debtors)]
    rows += [{"borrower_id": one, "relation": "reserved_contact", "ordinal": 1, "name": "李小红", "phone": [f"198{place:08}"]} for place, one in enumerate(debtors) if place % 3 == 0]
    book.people_path.write_bytes(seal_people(key, rows))
    return sum(len(row) - 3 for row in rows)


def _read(night: Path, kind: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted((night / kind).glob("p*.parquet"))])


def _many(rows: pl.DataFrame, copies: range) -> pl.DataFrame:
    """The rows once per copy, every id with the copy's number behind it; column copy says which."""
    frames = []
    for copy in copies:
        ids = [(pl.col(name) + f"-{copy}").alias(name) for name in ("borrower_id", "loan_id", "payment_id", "guarantor_id", "reverses") if name in rows.columns]
        frames.append(rows.with_columns(*ids, copy=pl.lit(copy, pl.Int64)))
    return pl.concat(frames) if frames else rows.clear().with_columns(copy=pl.lit(0, pl.Int64))
