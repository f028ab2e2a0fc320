"""Records that come back corrected: none is lost and none is doubled, whatever came in before and comes in again."""

import re
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from arrears import store
from arrears.ingest.loads import rows_in_force
from ingest.lender_files import MAPPING, Lender, payment_row
from plain_books import arrears

NAMELESS = MAPPING.replace("payment_id: 流水号", "payment_id: {key_of: [借据号, 日期, 金额]}")
ANY = ("--threshold", "100%")


def lender_of(folder: Path, mapping: str = NAMELESS) -> Lender:
    lender = Lender(folder, mapping)
    lender.write_loans(1)
    lender.write("payments", [])
    assert lender.ingest().status == 0
    return lender


def pay(lender: Lender, name: str, *amounts: str) -> None:
    """A file of payments that differ in nothing but their amounts, and its load."""
    path = lender.write("payments", [payment_row(f"n{place}", 1, amount=amount) for place, amount in enumerate(amounts)], name)
    ran = lender.ingest(path, words=ANY)
    assert ran.status == 0, ran.error


def exported(lender: Lender, name: str = "waits") -> Path:
    sheet = lender.book.parent / f"{name}.csv"
    ran = arrears("quarantine", "--book", lender.book, "--export", sheet, "--lang", "en")
    assert ran.status == 0, ran.error
    return sheet


def taken_back(lender: Lender, sheet: Path):
    ran = arrears("quarantine", "--book", lender.book, "--take-back", sheet, "--lang", "en")
    assert ran.status == 0, ran.error
    return ran


def correct(lender: Lender, old: str = "5.0O", new: str = "5.00", count: int = -1, name: str = "waits"):
    sheet = exported(lender, name)
    sheet.write_text(sheet.read_text(encoding="utf-8-sig").replace(old, new, count), encoding="utf-8-sig")
    return taken_back(lender, sheet)


def amounts(lender: Lender) -> Counter:
    rows = rows_in_force(store.book_at(lender.book)).get("payments")
    return Counter() if rows is None else Counter(rows.collect()["amount_minor"].to_list())


@pytest.mark.parametrize("written", [("5.00", "5.0O"), ("5.0O", "5.00"), ("5.0O", "5.0O")])
def test_of_two_equal_payments_the_corrected_one_counts_too_and_no_file_doubles_them(tmp_path, written):
    lender = lender_of(tmp_path)
    pay(lender, "payments_a", *written)
    correct(lender)
    assert amounts(lender) == {500: 2} and lender.faults().is_empty()
    for again in (written, ("5.00", "5.00"), written):
        pay(lender, "payments_a", *again)
        assert amounts(lender) == {500: 2}
    assert len(lender.faults()) == 2 * written.count("5.0O")  # of records without a name each waits for itself
    correct(lender, name="again")
    assert amounts(lender) == {500: 2} and lender.faults().is_empty()


def test_a_payment_that_another_file_brought_meanwhile_is_not_doubled_by_its_correction(tmp_path):
    lender = lender_of(tmp_path)
    pay(lender, "payments_a", "5.0O")
    sheet = exported(lender)
    pay(lender, "payments_b", "5.00", "7.00")
    sheet.write_text(sheet.read_text(encoding="utf-8-sig").replace("5.0O", "5.00"), encoding="utf-8-sig")
    taken_back(lender, sheet)
    assert amounts(lender) == {500: 1, 700: 1}


def test_a_second_equal_payment_of_a_file_that_overlaps_another_counts_once_corrected(tmp_path):
    lender = lender_of(tmp_path)
    pay(lender, "payments_a", "5.00")
    pay(lender, "payments_b", "5.00", "5.0O")
    correct(lender)
    assert amounts(lender) == {500: 2}


def test_a_record_corrected_in_two_steps_takes_its_place_in_its_first_file(tmp_path):
    lender = lender_of(tmp_path)
    pay(lender, "payments_a", "5.00", "5.0O", "6.0O")
    correct(lender, "5.0O", "5.0P", name="one")
    correct(lender, "6.0O", "5.00", name="two")
    assert amounts(lender) == {500: 2}
    correct(lender, "5.0P", "5.00", name="three")
    assert amounts(lender) == {500: 3}
    pay(lender, "payments_a", "5.00", "5.00", "5.00")
    assert amounts(lender) == {500: 3}


@settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.lists(st.tuples(st.sampled_from(["5.00", "6.00"]), st.sampled_from(["", "O", "x"])), min_size=1, max_size=6),
       st.randoms(use_true_random=False))
def test_any_payments_spoilt_and_corrected_in_any_order_are_in_the_book_as_often_as_in_the_file(rows, dice):
    """The expected book is the multiset that was meant. Between the corrections the faulty file may be loaded anew."""
    meant = Counter(int(text.replace(".", "")) for text, _ in rows)
    written = [text[:-1] + mark if mark else text for text, mark in rows]
    with TemporaryDirectory() as folder:
        lender = lender_of(Path(folder))
        pay(lender, "payments_a", *written)
        for number in range(12):
            if lender.faults().is_empty():
                break
            sheet = exported(lender, f"waits_{number}")
            first, *lines = sheet.read_text(encoding="utf-8-sig").splitlines(keepends=True)
            chosen = dice.sample(lines, dice.randint(1, len(lines))) if number < 6 else lines
            sheet.write_text("".join([first, *(re.sub(r",([56][.]0)[Ox],", r",\g<1>0,", line) for line in chosen)]), encoding="utf-8-sig")
            taken_back(lender, sheet)
            assert "had come back before" in taken_back(lender, sheet).out
            assert amounts(lender) <= meant
            if number < 3 and dice.random() < 0.4:
                pay(lender, "payments_a", *written)
        assert lender.faults().is_empty() and amounts(lender) == meant
        pay(lender, "payments_a", *(text for text, _ in rows))
        pay(lender, "payments_b", *written)
        assert amounts(lender) == meant
