"""The commands between the planes: what they say in both languages, and every bad input with its sentence, exit status 2 and nothing changed."""

import json
import os
import shutil
from datetime import timedelta
from uuid import uuid4

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from arrears import store
from arrears.cli import working
from arrears.work import sealing
from plain_books import Ran
from work.intake.killed import REFUSED, Runs
from work.intake.night_book import AS_OF, Loan, NightBook, debtor
from work.intake.state_of import cases, state

app = typer.Typer()
app.command(name="intake")(working.intake)
app.command(name="export")(working.export)


def arrears(*words: object) -> Ran:
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    return Ran(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def nights(tmp_path) -> NightBook:
    found = NightBook(tmp_path / "book", f"bank-{uuid4().hex[:12]}")
    found.night([debtor("A", Loan("A1", owed=300), held_by="zhang"), debtor("B", held_by="river")])
    return found


def intake(work, nights: NightBook, *words: object, as_of=AS_OF, lang: str = "en") -> Ran:
    return arrears("intake", "--home", work.home, "--book", nights.root, "--as-of", as_of, "--lang", lang, *words)


def test_intake_says_what_it_did_and_again_that_nothing_was_changed(work, nights):
    ran = intake(work, nights)
    assert ran.status == 0 and "took in the night of 2026-10-31: 2 cases opened, 2 debts, 2 given to a holder" in ran.out, ran
    assert intake(work, nights).out == f"{nights.lender}: the night of 2026-10-31 was taken in before; nothing was changed\n"
    assert "此前已接收，未作任何更改" in intake(work, nights, lang="zh").out
    told = json.loads(intake(work, nights, "--json").out)
    assert (told["is_new"], told["cases_opened"], told["lender"]) == (False, 2, nights.lender)


def test_export_writes_the_tables_and_says_how_they_come_into_a_book(work, nights, tmp_path):
    intake(work, nights)
    out = tmp_path / "out"
    ran = arrears("export", "--home", work.home, "--out", out, "--lender", nights.lender, "--lang", "en")
    assert ran.status == 0 and "placements 2" in ran.out and "--mapping" in ran.out, ran
    assert sorted(path.name for path in out.iterdir()) == ["outcomes.yaml", "placements.parquet"]
    ran = arrears("export", "--home", work.home, "--out", out, "--book", nights.root, "--lang", "en")
    assert ran.status == 0 and "2 rows added" in ran.out
    assert sorted(pl.read_parquet(nights.root / "placements.parquet")["held_by"]) == ["river", "zhang"]
    assert "0 rows added" in arrears("export", "--home", work.home, "--out", out, "--book", nights.root, "--lang", "en").out


def damaged_worklist(nights):
    path = nights.book().night(AS_OF) / "worklist.parquet"
    store.write_parquet(path, pl.read_parquet(path).with_columns(claimable_minor=pl.col("claimable_minor") + 1))


def cut_worklist(nights):
    path = nights.book().night(AS_OF) / "worklist.parquet"
    path.write_bytes(path.read_bytes()[:-30])


def shorter_worklist(nights):
    path = nights.book().night(AS_OF) / "worklist.parquet"
    store.write_parquet(path, pl.read_parquet(path).head(1))


def other_loans(nights):
    path = nights.book().store / "hand" / "loans" / "p0000.parquet"
    store.write_parquet(path, pl.read_parquet(path).with_columns(borrower_id=pl.lit("Q")))


BROKEN = {
    "unfinished": (lambda nights: os.replace(nights.book().night(AS_OF), nights.book().unfinished_night(AS_OF)), "is not finished, it is running or was stopped", "尚未完成"),
    "none": (lambda nights: shutil.rmtree(nights.book().night(AS_OF)), "no night of 2026-10-31 is finished", "没有已完成的 2026-10-31 夜批"),
    "changed worklist": (damaged_worklist, "worklist.parquet: gone, cut, changed", "被更改"),
    "cut worklist": (cut_worklist, "worklist.parquet: gone, cut, changed", "被截断"),
    "shorter worklist": (shorter_worklist, "worklist.parquet: gone, cut, changed", "被更改"),
    "no worklist": (lambda nights: (nights.book().night(AS_OF) / "worklist.parquet").unlink(), "worklist.parquet: gone", "已不在"),
    "no run.json": (lambda nights: (nights.book().night(AS_OF) / "run.json").unlink(), "run.json: gone", "已不在"),
    "nonsense for positions": (lambda nights: (nights.book().night(AS_OF) / "positions" / "p0000.parquet").write_bytes(b"nonsense"), "p0000.parquet: gone, cut, changed", "被截断"),
    "no decisions": (lambda nights: shutil.rmtree(nights.book().night(AS_OF) / "decisions"), "decisions: gone", "已不在"),
    "other loans": (other_loans, "the book has no such loan now", "现不在账册中"),
    "no store": (lambda nights: shutil.rmtree(nights.book().store), "the book is not laid out", "账册尚未整理"),
    "no lender": (lambda nights: (nights.root / "lender.yaml").unlink(), "there is no lender.yaml beside the book", "没有 lender.yaml"),
    "another lender": (lambda nights: (nights.root / "lender.yaml").write_text(nights.lender_text.replace(nights.lender, "other")), "the night was done for the lender", "该夜批属于机构"),
    "broken roster": (lambda nights: (nights.root / "roster.yaml").write_text("teams: [a, a]\ncollectors: []\n"), "a team stands twice", "a team stands twice"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_night_that_is_not_as_it_should_be_is_refused_whole_in_both_languages(work, nights, name):
    breaks, en, zh = BROKEN[name]
    breaks(nights)
    for lang, words in (("en", en), ("zh", zh)):
        ran = intake(work, nights, lang=lang)
        assert ran.status == 2 and words in ran.error, ran
    assert cases(nights.lender) == {}


def test_another_lender_than_was_said_a_stranger_under_a_known_id_and_another_book_are_refused(work, nights, tmp_path):
    assert "not other" in intake(work, nights, "--lender", "other").error
    assert intake(work, nights).status == 0
    before = state(nights.lender)
    stranger = NightBook(tmp_path / "second", nights.lender, name="另一家银行")
    stranger.night([debtor("A")], AS_OF + timedelta(days=1))
    assert "two lenders must not share an id" in intake(work, stranger, as_of=AS_OF + timedelta(days=1)).error
    stranger.name = nights.name
    stranger.night([debtor("Q")], AS_OF + timedelta(days=1))
    ran = intake(work, stranger, as_of=AS_OF + timedelta(days=1))
    assert ran.status == 2 and "2 of the 2 loans of open cases" in ran.error and "从未出现在本账册中" in ran.error
    assert state(nights.lender) == before


def test_a_vault_whose_key_is_gone_is_refused_and_nothing_is_taken_in(work, nights):
    keys = work.home / "keys"
    aside = work.home / "keys-aside"
    sealing.vault.cache_clear()
    os.replace(keys, aside)
    try:
        ran = intake(work, nights)
        assert ran.status == 2 and ran.error.count("arrears: ") == 1, ran
    finally:
        shutil.rmtree(keys, ignore_errors=True)
        os.replace(aside, keys)
        sealing.vault.cache_clear()
    assert cases(nights.lender) == {}
    assert intake(work, nights).status == 0


def test_a_full_disk_under_an_export_leaves_what_was_there(work, nights, tmp_path):
    """A limit on the size of files stands in the place of a full disk."""
    intake(work, nights)
    out = tmp_path / "out"
    export = ("export", "--home", work.home, "--out", out, "--lender", nights.lender, "--lang", "en")
    assert arrears(*export).status == 0
    was, before = {path.name: path.read_bytes() for path in out.iterdir()}, state(nights.lender)
    with Runs(work.home) as runs:
        assert runs.end(runs.begin(lender=nights.lender, out=out, now=work.now, limit_bytes=1024)) == REFUSED
    assert {path.name: path.read_bytes() for path in out.iterdir() if not path.name.startswith(".")} == was
    assert state(nights.lender) == before
    assert arrears(*export).status == 0 and {path.name: path.read_bytes() for path in out.iterdir()} == was


def test_export_asks_which_lender_where_nobody_said_and_refuses_an_unknown_one(work, nights, tmp_path):
    intake(work, nights)
    NightBook(tmp_path / "more", "x").root.mkdir()
    for words in ((), ("--lender", "nobody")):
        ran = arrears("export", "--home", work.home, "--out", tmp_path / "out", "--lang", "en", *words)
        assert ran.status == 2 and "which lender? There are:" in ran.error or (words == () and ran.status == 0)
    assert not (tmp_path / "out").exists() or words == ()
