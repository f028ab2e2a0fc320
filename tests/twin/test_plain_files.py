"""The made-up book as files: the same bytes for the same arguments, and every table of them taken by a night."""

from datetime import date
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

from arrears import store
from arrears.ingest.plain import bring_in
from arrears.twin.plain_files import write_book
from plain_books import arrears

AS_OF = date(2026, 6, 30)
MADE = {"loans", "instalments", "payments", "adjustments", "holds", "borrowers", "guarantors", "contacts", "promises", "events", "cash_flows",
        "projects", "milestones", "plans", "placements"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("made") / "book"
    write_book(place, 2_000, 7, AS_OF, None)
    return place


def digests(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.*") if path.is_file()}


def test_the_same_arguments_give_the_same_bytes_in_every_file(folder, tmp_path):
    rows = write_book(tmp_path / "again", 2_000, 7, AS_OF, None)
    assert set(rows) == MADE and min(rows.values()) > 0
    assert digests(tmp_path / "again") == digests(folder)
    assert set(digests(folder)) == {f"{name}.parquet" for name in MADE} | {"lender.yaml", "roster.yaml"}


def test_two_blocks_share_no_name(tmp_path):
    write_book(tmp_path / "book", 50_300, 3, AS_OF, 3)
    for name, key in (("contacts", "contact_id"), ("promises", "promise_id"), ("events", "event_id")):
        names = pl.read_parquet(tmp_path / "book" / f"{name}.parquet")[key]
        assert names.is_unique().all(), name
    for name, key, whose in (("plans", "plan_id", "loan_id"), ("placements", "placement_id", "borrower_id")):
        rows = pl.read_parquet(tmp_path / "book" / f"{name}.parquet").unique([key, whose])
        assert rows[key].is_unique().all() and len(rows) > 100, name
    assert pl.read_parquet(tmp_path / "book" / "projects.parquet").select("project_id", "finished_on").is_unique().all()


def test_a_night_takes_every_table_without_an_orphan_or_a_conflict(folder):
    ran = arrears("night", "--book", folder, "--as-of", AS_OF, "--lang", "en")
    assert ran.status == 0, ran.error
    manifest = bring_in(store.book_at(folder))
    assert manifest.orphans == {} and manifest.conflicts == []
    laid_out = {name for part in manifest.partitions.values() for name, about in part["tables"].items() if about["rows"]}
    assert laid_out == MADE | {"reversals"}
