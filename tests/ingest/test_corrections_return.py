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
from ingest.lender_files import MAPPING, Lender, loan_row, payment_row, schedule_rows
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


def split_mappings(lender: Lender) -> dict[str, Path]:
    """A mapping for loans and one for all else, as where two departments send their files."""
    head, rest = MAPPING.split("  - source: instalments")
    found = {}
    for name, text in (("loans", head), ("rest", head.split("sources:")[0] + "sources:\n  - source: instalments" + rest)):
        found[name] = lender.book.parent / f"{name}.yaml"
        found[name].write_text(text, encoding="utf-8")
    return found


def ingest_by(lender: Lender, mapping: Path, *names: str, words: tuple = ANY):
    return arrears("ingest", *(lender.files / name for name in names), "--mapping", mapping, "--book", lender.book, "--lang", "en", *words)


def test_a_loan_and_its_schedule_that_wait_under_two_mappings_come_back_together(tmp_path):
    lender = Lender(tmp_path)
    lender.write_loans(2)
    mappings = split_mappings(lender)
    assert ingest_by(lender, mappings["loans"], "loans.csv").status == 0
    assert ingest_by(lender, mappings["rest"], "instalments.csv", "payments.csv").status == 0
    ran = taken_back(lender, exported(lender))
    assert "Load 3: corrected records of load 1, 2, a small lender (delta)" in ran.out and "loans: new 2" in ran.out
    assert lender.faults().is_empty() and lender.positions()["paid_minor"].to_list() == [262_000] * 2
    assert {path.name for path in (lender.book / "loads/0003").glob("mapping*")} == {"mapping.yaml", "mapping-2.yaml"}


def test_records_of_two_modes_come_back_as_each_was_meant(tmp_path):
    lender = Lender(tmp_path)
    lender.write_loans(1)
    lender.ingest()
    lender.write("payments", [payment_row("P1", 1, amount="1.0O")], "payments_2")
    lender.write("payments", [payment_row("P1", 1, amount="2.0O"), payment_row("P9", 1, amount="3.00")], "payments_3")
    assert lender.ingest(lender.files / "payments_2.csv", words=ANY).status == 0
    assert lender.ingest(lender.files / "payments_3.csv", words=(*ANY, "--mode", "correction")).status == 0
    assert sorted(lender.faults()["rule"]) == ["not_a_number", "not_a_number", "nothing_to_correct"]
    sheet = exported(lender)
    text = sheet.read_text(encoding="utf-8-sig").replace("P1,L1,'2026-02-12,1.0O", "P2,L1,'2026-02-12,1.00")
    sheet.write_text(text.replace("2.0O", "2.00").replace("3.00", "4.00"), encoding="utf-8-sig")
    ran = taken_back(lender, sheet)
    assert "(mixed)" in ran.out and "payments: new 1, changed 1, quarantined 1" in ran.out, ran.out
    assert amounts(lender) == {100: 1, 200: 1}
    assert lender.faults()["rule"].to_list() == ["nothing_to_correct"]
    correct(lender, "P9", "P1", name="again")
    assert amounts(lender) == {100: 1, 400: 1}, "a record that comes back twice keeps the mode it was first read in"


def test_a_refusal_under_a_second_mapping_leaves_nothing_of_the_first(tmp_path):
    lender = Lender(tmp_path)
    lender.write_loans(2)
    mappings = split_mappings(lender)
    ingest_by(lender, mappings["loans"], "loans.csv")
    ingest_by(lender, mappings["rest"], "instalments.csv", "payments.csv")
    sheet = exported(lender)
    (lender.book / "loads/0002/mapping.yaml").write_text("mapping: damaged", encoding="utf-8")
    before = {path: path.read_bytes() for path in lender.book.rglob("*") if path.is_file()}
    assert arrears("quarantine", "--book", lender.book, "--take-back", sheet).status == 2
    assert {path: path.read_bytes() for path in lender.book.rglob("*") if path.is_file()} == before


def test_a_record_corrected_anew_in_the_same_workbook_comes_back_if_it_waits_and_is_named_if_not(tmp_path):
    lender = lender_of(tmp_path, MAPPING)
    lender.write("payments", [payment_row("P1", 1, amount="1.0O"), payment_row("P2", 1, amount="2.0O")], "payments_2")
    lender.ingest(lender.files / "payments_2.csv", words=ANY)
    sheet = exported(lender)

    def now(old: str, new: str):
        sheet.write_text(sheet.read_text(encoding="utf-8-sig").replace(old, new), encoding="utf-8-sig")
        return taken_back(lender, sheet)

    assert "new 1, quarantined 1" in now("1.0O", "1.00").out
    ran = now("2.0O", "2.00")
    assert "1 of its records had come back before." in ran.out and "new 1" in ran.out
    assert amounts(lender) == {100: 1, 200: 1} and lender.faults().is_empty()
    ran = now("2.00", "3.00")
    assert "payments_2.csv, line 3 (record 1 of load 2): came back with load 4" in ran.out and '金额: "2.00" → "3.00"' in ran.out
    assert "--mode correction" in ran.out and "Load" not in ran.out and amounts(lender) == {100: 1, 200: 1}
    assert "2 of its records had come back before." in now("3.00", "2.00").out


def test_a_person_corrected_anew_is_told_without_the_number(tmp_path):
    lender = Lender(tmp_path)
    lender.write_loans(2)
    lender.write("loans", [loan_row(1), loan_row(2, 金额="1O000.00")])
    lender.ingest(words=ANY)
    sheet = exported(lender)
    sheet.write_text(sheet.read_text(encoding="utf-8-sig").replace("1O000.00", "10000.00"), encoding="utf-8-sig")
    taken_back(lender, sheet)
    text = sheet.read_text(encoding="utf-8-sig")
    sheet.write_text(re.sub(r"#[0-9a-f]{32}", "110101199003072316", text), encoding="utf-8-sig")
    ran = taken_back(lender, sheet)
    assert "身份证号" in ran.out and "110101199003072316" not in ran.out and "--mode correction" in ran.out


def test_records_without_an_id_do_not_answer_for_one_another(tmp_path):
    lender = lender_of(tmp_path, MAPPING)
    for name, amount in (("payments_a", "7.00"), ("payments_b", "8.00")):
        lender.write("payments", [payment_row("", 1, amount="5.00"), payment_row(name, 1, amount=amount)], name)
        lender.ingest(lender.files / f"{name}.csv", words=ANY)
    assert lender.faults().select("load", "rule").rows() == [(2, "empty"), (3, "empty")]
    sheet = exported(lender, "one")
    first, *lines = sheet.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    sheet.write_text(first + next(line for line in lines if "payments_a" in line).replace(",,L1", ",Q1,L1"), encoding="utf-8-sig")
    taken_back(lender, sheet)
    assert amounts(lender) == {500: 1, 700: 1, 800: 1} and lender.faults()["file"].to_list() == ["payments_b.csv"]


def test_all_that_stands_in_the_way_is_named_at_once(tmp_path):
    lender = lender_of(tmp_path, MAPPING)
    lender.write("payments", [payment_row(f"P{place}", 1, amount="x") for place in range(30)], "payments_2")
    lender.ingest(lender.files / "payments_2.csv", words=ANY)
    sheet = exported(lender)
    first, *lines = sheet.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    sheet.write_text(first.replace("日期", "日子") + lines[0] + lines[0] + "".join(f"9{line}" for line in lines[1:]), encoding="utf-8-sig")
    refused = arrears("quarantine", "--book", lender.book, "--take-back", sheet, "--lang", "en")
    said = refused.error.splitlines()
    assert refused.status == 2 and "in the way stand 32 things" in said[0]
    assert sum(line.startswith("  sheet waits.csv") for line in said) == 20 and "  … and 12 more" in said
    assert "stands in several rows" in refused.error and "is not in the quarantine" in refused.error


@pytest.mark.parametrize("mode", ["correction", "snapshot"])
def test_what_waits_because_the_book_says_otherwise_is_settled_once_it_says_the_same(tmp_path, mode):
    lender = Lender(tmp_path)
    lender.write_loans(2)
    lender.ingest()
    changed = [loan_row(1, 年利率="15"), loan_row(2)]
    parts = [row for number in (1, 2) for row in schedule_rows(number, months=(3, 4, 5, 6) if number == 1 else (2, 3, 4, 5))]
    payments = [payment_row("P1", 1, amount="10.00"), payment_row("P2", 2, amount="20.00")]
    for table, rows in (("loans", changed), ("instalments", parts), ("payments", payments)):
        lender.write(table, rows, f"{table}_2")
    files = [lender.files / f"{table}_2.csv" for table in ("loans", "instalments", "payments")]
    lender.ingest(*files, words=ANY)
    assert Counter(lender.faults()["rule"]) == {"key_stands": 3, "schedule_stands": 4}
    sheet = exported(lender)
    lender.write("payments", [payment_row("P1", 1, amount="10.00"), payment_row("P2", 2, amount="21.00")], "payments_2")
    assert lender.ingest(*files, words=("--mode", mode)).status == 0
    assert lender.faults()["value"].to_list() == ["P2"], "of P2 the book says neither the old nor what waits"
    ran = taken_back(lender, sheet)
    assert "6 of its records the book has by now, as they are." in ran.out and "key_stands 1" in ran.out
    assert amounts(lender) == {1_000: 1, 2_100: 1}
    for number in (4, 3):
        assert arrears("take-back", number, "--book", lender.book).status == 0
    assert Counter(lender.faults()["rule"]) == {"key_stands": 3, "schedule_stands": 4}


def test_a_settled_record_that_was_another_one_comes_back_as_that(tmp_path):
    lender = lender_of(tmp_path, MAPPING)
    for amount, mode in (("1.00", "delta"), ("2.00", "delta"), ("2.00", "correction")):
        if mode == "delta":
            lender.write("payments", [payment_row("P1", 1, amount=amount)], "payments_2")
        ran = lender.ingest(lender.files / "payments_2.csv", words=(*ANY, "--mode", mode))
        if mode == "delta" and amount == "2.00":
            sheet = exported(lender)
    assert "changed 1" in ran.out and lender.faults().is_empty()
    sheet.write_text(sheet.read_text(encoding="utf-8-sig").replace("P1,", "P2,"), encoding="utf-8-sig")
    assert "payments: new 1" in taken_back(lender, sheet).out
    assert amounts(lender) == {200: 2}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"# ")


@pytest.mark.parametrize(("name", "harm"), [("names.parquet", Path.unlink), ("names.parquet", cut), ("quarantine.parquet", Path.unlink),
                                            ("records.parquet", cut), ("stands-loans.parquet", cut), ("mapping.yaml", lengthen)])
def test_nothing_rests_on_what_a_load_kept_of_its_quarantine_once_that_was_damaged(tmp_path, name, harm):
    lender = lender_of(tmp_path)
    pay(lender, "payments_a", "5.00", "5.0O")
    assert lender.ingest(lender.write("loans", [loan_row(1, 年利率="15")], "loans_b"), words=ANY).status == 0
    sheet = exported(lender)
    harm(next(lender.book.glob(f"loads/000{3 if name.startswith('stands') else 2}/{name}")))
    for words in (["quarantine", "--book", lender.book], ["quarantine", "--book", lender.book, "--take-back", sheet], ["book", lender.book],
                  ["ingest", lender.write("payments", [payment_row("n9", 1)], "payments_c"), "--mapping", lender.mapping, "--book", lender.book]):
        ran = arrears(*words, "--lang", "en")
        assert ran.status == 2 and f"{name}: it is" in ran.error and "backup" in ran.error, (words, ran)
    for load in (3, 2):
        assert arrears("take-back", load, "--book", lender.book).status == 0
    pay(lender, "payments_a", "5.00", "5.0O")
    correct(lender, name="anew")
    assert amounts(lender) == {500: 2}


def test_who_takes_a_load_back_is_told_which_loads_hold_its_corrected_records(tmp_path):
    lender = lender_of(tmp_path)
    pay(lender, "payments_a", "5.00", "5.0O", "6.0O")
    correct(lender, count=1)
    correct(lender, "6.0O", "6.OO", name="again")
    correct(lender, "6.OO", "6.00", name="last")
    told = [arrears("take-back", load, "--book", lender.book, "--lang", lang).out for load, lang in ((2, "en"), (4, "zh"), (5, "en"))]
    assert "came back with load 3, 4, 5 and still count" in told[0] and "第 5 次装载含有" in told[1] and "came back" not in told[2]
