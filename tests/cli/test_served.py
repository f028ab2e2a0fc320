"""The served pages explain a debt in the very lines that `arrears explain` prints."""

from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from arrears.cli import app
from arrears.cli.served import every_fen
from arrears.refusal import Refused
from arrears.twin.plain_files import write_book

AS_OF = date(2026, 10, 31)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A small made-up book with one finished night."""
    folder = tmp_path_factory.mktemp("served") / "book"
    write_book(folder, 60, 1, AS_OF, None)
    ran = CliRunner().invoke(app, ["night", "--book", str(folder), "--as-of", AS_OF.isoformat()])
    assert ran.exit_code == 0, ran.output
    return folder


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_parts_hold_every_line_of_the_command_and_no_other(book, lang):
    import json

    import polars as pl

    known_at = json.loads((book / "nights" / AS_OF.isoformat() / "run.json").read_text(encoding="utf-8"))["known_at"]
    loans = pl.read_parquet(book / "nights" / AS_OF.isoformat() / "worklist.parquet")["loan_id"].to_list()[:3]
    assert loans
    for loan in loans:
        printed = CliRunner().invoke(app, ["explain", loan, "--book", str(book), "--as-of", AS_OF.isoformat(), "--known-at", known_at, "--lang", lang]).output
        told = []
        for _, title, lines in every_fen(book, loan, AS_OF, lang):
            told += [title, *(f"{day} {text}" for day, text in lines)]
        assert [" ".join(line.split()) for line in told] == [" ".join(line.split()) for line in printed.splitlines() if line.strip()]


def test_a_book_or_night_that_is_not_at_hand_is_said_in_a_sentence(book, tmp_path):
    for folder, day in ((tmp_path / "gone", AS_OF), (book, AS_OF - timedelta(days=1))):
        with pytest.raises(Refused, match="not on this machine"):
            every_fen(folder, "L1", day, "zh")
    with pytest.raises(Refused):
        every_fen(book, "no such loan", AS_OF, "en")
