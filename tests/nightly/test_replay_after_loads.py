"""A finished night can be done again whatever was loaded and taken back since; it sees the loads it was done on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

import plain_books as plain
from arrears import store
from arrears.cli import terms as cli
from arrears.ingest.known_then import loads_to_restore
from arrears.nightly.night import run_night
from ingest.lender_files import MAPPING, Lender, payment_row
from plain_books import AS_OF, arrears

EARLIER = "2026-03-31"


@pytest.fixture
def lender(lender) -> Lender:
    assert lender.ingest().status == 0
    return lender


def load(lender: Lender, name: str, *rows: list[str], mode: str = "correction") -> None:
    ran = lender.ingest(lender.write("payments", list(rows), name), words=("--mode", mode))
    assert ran.status == 0, ran.error


def take_back(lender: Lender, *numbers: int) -> None:
    for number in numbers:
        ran = arrears("take-back", number, "--book", lender.book, "--lang", "en")
        assert ran.status == 0, ran.error


def night(lender: Lender, as_of: object, *more: object) -> dict:
    """The night is done; what its run.json kept."""
    ran = arrears("night", "--book", lender.book, "--as-of", as_of, "--lang", "en", *more)
    assert ran.status == 0, ran.error
    return json.loads((lender.book / "nights" / str(as_of) / "run.json").read_text(encoding="utf-8"))


def replayed(lender: Lender, *as_of: object) -> None:
    """Each night gives the same bytes, and nothing of the book but its store was touched."""
    before = {path: content for path, content in plain.files_of(lender.book).items() if "store" not in Path(path).parts}
    for day in as_of:
        ran = arrears("replay", "--book", lender.book, "--as-of", day, "--lang", "en")
        assert ran.status == 0 and "the same bytes in all" in ran.out, ran.out + ran.error
    assert {path: content for path, content in plain.files_of(lender.book).items() if "store" not in Path(path).parts} == before


def start(*words: str) -> subprocess.Popen:
    code = "import sys; from arrears.cli import main; sys.argv[0] = 'arrears'; main()"
    return subprocess.Popen([sys.executable, "-c", code, *words], env={**os.environ, "POLARS_MAX_THREADS": "1"},
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for(process: subprocess.Popen, is_there) -> None:
    until = time.monotonic() + 120
    while not is_there():
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.001)


def paid(lender: Lender, as_of: object = AS_OF) -> int:
    parts = (lender.book / "nights" / str(as_of) / "positions").glob("p*.parquet")
    return pl.concat(map(pl.read_parquet, parts)).filter(loan_id="L1")["paid_minor"][0]


@pytest.mark.parametrize("mode", ["correction", "delta", "snapshot"])
def test_a_night_before_a_load_one_on_it_and_one_after_it_was_taken_back_all_replay(lender, mode):
    row = payment_row("P4" if mode == "delta" else "P1", 1, amount="99.00")
    night(lender, "2026-03-31")
    load(lender, "payments_2", row, mode=mode)
    night(lender, "2026-04-01")
    replayed(lender, "2026-03-31", "2026-04-01")
    take_back(lender, 2)
    night(lender, "2026-04-02")
    replayed(lender, "2026-03-31", "2026-04-01", "2026-04-02")
    assert [paid(lender, f"2026-04-{day:02}") for day in (1, 2)] == [271_900 if mode == "delta" else 9_900, 262_000]
    load(lender, "payments_3", payment_row("P5", 1, amount="1.00"), mode="delta")
    replayed(lender, "2026-03-31", "2026-04-01", "2026-04-02")


def test_nights_replay_when_everything_was_taken_back_and_when_it_was_loaded_anew(lender):
    night(lender, EARLIER)
    load(lender, "payments_2", payment_row("P1", 1, amount="99.00"))
    night(lender, AS_OF)
    take_back(lender, 2, 1)
    replayed(lender, EARLIER, AS_OF)
    (lender.files / "payments_2.csv").unlink()
    lender.write("payments", [payment_row(f"P{number}", number, amount="5.00") for number in (1, 2, 3)])
    assert lender.ingest().status == 0
    night(lender, "2026-05-01")
    replayed(lender, EARLIER, AS_OF, "2026-05-01")
    assert [paid(lender, day) for day in (EARLIER, AS_OF, "2026-05-01")] == [262_000, 9_900, 500]


def test_a_night_known_before_the_first_load_replays_when_that_load_was_replaced(lender):
    night(lender, AS_OF, "--known-at", "2026-05-01T00:00:00+08:00")
    take_back(lender, 1)
    lender.write("payments", [payment_row("P1", 1, amount="5.00")])
    assert lender.ingest().status == 0
    replayed(lender, AS_OF)


def test_a_load_whose_rows_bear_an_earlier_moment_does_not_change_a_finished_night(tmp_path):
    mapping = MAPPING.replace("        reverses: 冲销\n", "        reverses: 冲销\n        recorded_at: 登记\n")
    for last in ("        regime: {constant: cn_licensed}\n", "        fee_minor: {constant: 0}\n"):
        mapping = mapping.replace(last, last + '        recorded_at: {constant: "2026-01-01"}\n')
    lender = Lender(tmp_path, mapping)
    lender.write_loans(2)
    header = "流水号,借据号,日期,金额,冲销,登记\n"
    path = lender.files / "payments.csv"
    path.write_text(f"{header}P1,L1,2026-02-12,1.00,,2026-02-13 09:00:00\n", encoding="utf-8")
    ran = lender.ingest()
    assert ran.status == 0, ran.error
    night(lender, AS_OF)
    path = lender.files / "payments_2.csv"
    path.write_text(f"{header}P2,L1,2026-02-14,2.00,,2026-02-15 09:00:00\n", encoding="utf-8")
    ran = lender.ingest(path)
    assert ran.status == 0, ran.error
    replayed(lender, AS_OF)


def test_a_look_at_the_moment_of_a_finished_night_sees_what_that_night_saw(lender):
    load(lender, "payments_2", payment_row("P1", 1, amount="99.00"))
    at = night(lender, AS_OF)["known_at"]
    look = ("explain", "L1", "--book", lender.book, "--as-of", AS_OF, "--lang", "en", "--known-at")
    before = arrears(*look, at).out
    take_back(lender, 2)
    assert arrears(*look, at).out == before and "99.00" in before
    assert "99.00" not in arrears(*look[:-1]).out
    out = lender.book.parent / "p.parquet"
    assert arrears("positions", "--book", lender.book, "--as-of", AS_OF, "--known-at", at, "--out", out).status == 0
    assert pl.read_parquet(out)["paid_minor"][0] == 9_900
    assert lender.positions()["paid_minor"][0] == 262_000


def test_a_replay_whose_load_is_gone_says_which_file_it_needs(lender):
    load(lender, "payments_2", payment_row("P1", 1, amount="99.00"))
    night(lender, AS_OF)
    take_back(lender, 2)
    shutil.rmtree(lender.book / "loads/0002")
    ran = arrears("replay", "--book", lender.book, "--as-of", AS_OF, "--lang", "en")
    assert ran.status == 2 and "0002/payments-0000.parquet: it is gone" in ran.error and "备份" in ran.error


def test_a_replay_on_plain_files_that_were_replaced_says_why_it_differs(tmp_path):
    rows = plain.sound_book()
    book = plain.write_rows(tmp_path / "book", rows)
    assert arrears("night", "--book", book, "--as-of", AS_OF).status == 0
    rows["payments"] = rows["payments"][1:]
    plain.write_rows(book, rows)
    for lang, said in (("en", "the plain files are not those of that night"), ("zh", "普通文件已不是该夜批当时的文件")):
        ran = arrears("replay", "--book", book, "--as-of", AS_OF, "--lang", lang)
        assert ran.status == 1 and said in ran.out, ran.out


def test_a_replay_of_a_night_whose_load_the_ledger_does_not_know_says_so(lender):
    load(lender, "payments_2", payment_row("P1", 1, amount="99.00"))
    night(lender, AS_OF)
    ledger = lender.book / "loads/ledger.json"
    kept = json.loads(ledger.read_bytes())
    ledger.write_bytes(json.dumps({**kept, "loads": kept["loads"][:1]}).encode())
    ran = arrears("replay", "--book", lender.book, "--as-of", AS_OF, "--lang", "en")
    assert ran.status == 2 and "load 2" in ran.error and "backup" in ran.error, ran.out + ran.error


def test_a_night_run_while_a_load_is_at_work_replays_when_the_load_has_ended(lender):
    rows = [payment_row(f"Q{number}", number % 3 + 1, amount="1.00") for number in range(60_000)]
    path = lender.write("payments", rows, "payments_2")
    at_work = start("ingest", str(path), "--mapping", str(lender.mapping), "--book", str(lender.book))
    wait_for(at_work, lambda: (lender.book / "loads/.unfinished/rows").exists())
    at_work.send_signal(signal.SIGSTOP)
    known = night(lender, AS_OF)["known_at"]
    at_work.send_signal(signal.SIGCONT)
    assert at_work.wait() == 0
    out = lender.book.parent / "then.parquet"
    assert arrears("positions", "--book", lender.book, "--as-of", AS_OF, "--known-at", known, "--out", out).status == 0
    assert pl.read_parquet(out)["paid_minor"].to_list() == [262_000] * 3
    assert lender.positions()["paid_minor"].to_list() == [262_000 + 2_000_000] * 3
    replayed(lender, AS_OF)


def test_a_night_says_that_it_knows_no_later_than_the_load_published_while_the_book_was_laid_out(lender):
    later = lender.write("payments", [payment_row("Q1", 1, amount="1.00")], "payments_2")

    def report(text: str, done: int, of: int) -> None:
        if text == "reading the book":
            assert lender.ingest(later).status == 0

    book = store.book_at(lender.book)
    run_night(book, AS_OF, None, cli.now(), report=report)
    kept, (first, second) = json.loads((book.night(AS_OF) / "run.json").read_bytes()), store.read_ledger(book).loads
    assert kept["loads"] == [first["id"]] and kept["known_at"] < second["at"]
    replayed(lender, AS_OF)


def test_a_load_all_of_which_waited_does_not_have_each_night_laid_out_anew(tmp_path):
    lender = Lender(tmp_path)
    lender.write("payments", [payment_row("P1", 1)])
    assert lender.ingest(words=("--threshold", "100%")).status == 0
    lender.write_loans(1)
    assert lender.ingest().status == 0
    assert loads_to_restore(store.book_at(lender.book), (2,), cli.now()) is None


def test_a_killed_replay_leaves_a_usable_book_and_the_next_night_sweeps_up(lender):
    load(lender, "payments_2", payment_row("P1", 1, amount="99.00"))
    night(lender, AS_OF)
    take_back(lender, 2)
    before = {path: content for path, content in plain.files_of(lender.book).items() if "nights" in Path(path).parts}
    process = start("replay", "--book", str(lender.book), "--as-of", str(AS_OF))
    wait_for(process, lambda: list((lender.book / "nights").glob(".replay-*")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list((lender.book / "nights").glob(".replay-*"))
    night(lender, "2026-05-01")
    assert not list((lender.book / "nights").glob(".replay-*"))
    after = {path: content for path, content in plain.files_of(lender.book).items() if "2026-04-30" in Path(path).parts}
    assert after == {path: content for path, content in before.items() if "2026-04-30" in Path(path).parts}
    replayed(lender, AS_OF)
