"""A dry run that is killed leaves nothing that could be traced to a person, and the next run sweeps it away."""

import os
import signal
import subprocess
import sys
import tempfile

import polars as pl

from arrears.ingest.passing import passing_folder
from arrears.ingest.pseudonyms import Pseudonyms, passing
from ingest.lender_files import Lender, loan_row

MAIN = """
import os, signal, sys
import arrears.cli, arrears.ingest.loads
from arrears.ingest.set_rules import SetRules
SetRules.judge = lambda rules: os.kill(os.getpid(), signal.SIGKILL)
arrears.cli.app()
"""


def left_behind(lender: Lender, place, monkeypatch) -> pl.DataFrame:
    """The loans that a killed dry run leaves in the place of passing files, which stays the same for the runs that follow."""
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", None)
    words = ["ingest", lender.files, "--mapping", lender.mapping, "--book", lender.book, "--dry-run"]
    ran = subprocess.run([sys.executable, "-c", MAIN, *map(str, words)], capture_output=True, text=True, env=dict(os.environ))
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    (path,) = place.rglob("rows/loans/*.parquet")
    return pl.read_parquet(path)


def test_the_rows_are_hashed_by_a_key_that_nobody_has_and_swept_by_the_next_run(tmp_path, monkeypatch):
    lender, place = Lender(tmp_path), tmp_path / "passing"
    lender.write_loans(3)
    rows = left_behind(lender, place, monkeypatch)
    cards = pl.Series([loan_row(number)[2] for number in (1, 2, 3)])
    assert len(rows) == 3 and not set(rows["borrower_id"]) & {*Pseudonyms(bytes(32)).of(cards), *cards}
    with passing_folder() as held:
        assert list(place.iterdir()) == [held], "what was left is swept"
        ran = lender.ingest(words=("--dry-run",))
        assert ran.status == 0 and list(place.iterdir()) == [held], "a run that is at work keeps its folder"
    assert not list(place.iterdir()) and not lender.book.exists()


def test_two_tries_hash_by_two_keys():
    assert passing().fingerprint != passing().fingerprint
