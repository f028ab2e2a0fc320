"""A made-up book with its roster, and nights of it under a strategy with an experiment and limits: shared by the tests of what the whole book is given."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from arrears import store
from arrears.strategy.reading import default_strategy_text
from arrears.twin.plain_files import write_book
from plain_books import Ran, arrears

AS_OF = date(2026, 6, 30)
NEXT = date(2026, 7, 1)
KNOWN_AT = "2026-07-02T02:00:00+08:00"
LOANS = 3_000
EXPERIMENT = """
experiments:
  - name: call_or_sms
    zh: 电话或短信
    en: call or SMS
    from: "2026-06-01"
    until: "2026-09-01"
    when: {bucket: [M1, M2, M3]}
    outcome: paid_30
    arms:
      - {name: champion, share: "50%"}
      - {name: called, share: "30%", treatment: call}
      - {name: quiet, share: "20%", treatment: leave_alone}
"""


def strategy_text() -> str:
    """The shipped strategy with an experiment, and a limit that binds."""
    return default_strategy_text().replace("limits:\n", "limits:\n  - {name: few_calls, zh: 电话上限, en: calls at most, counts: contacts, of: {channel: call}, most: \"12\"}\n", 1) + EXPERIMENT


def made(folder: Path, loans: int = LOANS) -> Path:
    write_book(folder, loans, 5, AS_OF, None)
    (folder.parent / "strategy.yaml").write_text(strategy_text(), encoding="utf-8")
    return folder


def night(book: Path, day: date = AS_OF, *words: object) -> Ran:
    ran = arrears("night", "--book", book, "--as-of", day, "--known-at", KNOWN_AT, "--strategy", book.parent / "strategy.yaml", *words)
    assert ran.status == 0, ran
    return ran


def copied(book: Path, folder: Path, *without: str) -> Path:
    """The book and its strategy in another folder, without these files or folders."""
    folder.mkdir(exist_ok=True)
    shutil.copy(book.parent / "strategy.yaml", folder)
    shutil.copytree(book, folder / "book", ignore=shutil.ignore_patterns(*without))
    return folder / "book"


def table(book: Path, name: str, day: date = AS_OF) -> pl.DataFrame:
    return store.read_columns(book / "nights" / str(day) / f"{name}.parquet")


def decisions(book: Path, day: date = AS_OF) -> pl.DataFrame:
    """The log of every decision of the night."""
    return pl.concat([store.read_columns(path) for path in sorted((book / "nights" / str(day) / "decisions").glob("p*.parquet"))])


def day_after(day: date) -> date:
    return day + timedelta(days=1)
