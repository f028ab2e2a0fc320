"""A workbook with a sheet a month: all that are meant are read, one after the other, and what nobody reads is named."""

import json
from zipfile import ZipFile

import openpyxl
import pytest

from arrears.ingest.sources import find_sources, sheets_not_read
from arrears.refusal import Refused
from ingest.lender_files import HEADERS, MAPPING, Lender, loan_row, payment_row, schedule_rows
from ingest.test_sources_found import _mapping, _SourceMap
from plain_books import arrears


def write_sheets(path, sheets, hidden=()):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    book.save(path)
    return path


def found(path, *texts):
    return [source.name.partition("[")[2][:-1] for _, source in find_sources([str(path)], _mapping(_SourceMap("all", sheets=texts)))]


ROWS = [["a", "b"], [1, 2]]


@pytest.fixture
def months(tmp_path):
    return write_sheets(tmp_path / "台账.xlsx", {"说明": [["read me"]], "3月": ROWS, "1月": ROWS, "12月": ROWS, "空月": [], "旧月": ROWS}, ("旧月",))


def test_sheets_are_read_in_the_workbooks_order_whatever_the_order_they_are_named_in(months):
    assert found(months, "1月", "3月") == ["3月", "1月"]
    assert found(months, "?月") == ["3月", "1月"]
    assert found(months, "*月") == ["3月", "1月", "12月"], "neither the empty nor the hidden one"
    assert found(months, "旧月", "1?月") == ["12月", "旧月"], "a hidden one that is named is read"


def test_what_a_pattern_passes_over_and_what_is_not_there_is_said(months):
    (_, first), *_ = find_sources([str(months)], _mapping(_SourceMap("all", sheets=("*月", "Q4"))))
    assert [en for en, _ in first.notes] == ["hidden sheets are not read: 旧月", "empty sheets are not read: 空月", "it has no sheet Q4"]


def test_a_name_with_signs_of_a_pattern_is_a_name(tmp_path):
    path = write_sheets(tmp_path / "plain.xlsx", {"X1": ROWS, "ab": ROWS, "X2": ROWS})
    with ZipFile(path) as plain, ZipFile(tmp_path / "odd.xlsx", "w") as odd:  # openpyxl writes no such names, other programs do
        for name in plain.namelist():
            odd.writestr(name, plain.read(name).replace(b'"X1"', b'"a*"').replace(b'"X2"', b'"a[b]"'))
    assert found(tmp_path / "odd.xlsx", "a*") == ["a*"]
    assert found(tmp_path / "odd.xlsx", "a?") == ["a*", "ab"]
    assert found(tmp_path / "odd.xlsx", "a[b]", "ab") == ["ab", "a[b]"]


def test_no_sheet_that_fits_is_refused_with_those_there_are(months):
    with pytest.raises(Refused, match=r"台账.xlsx: there is no sheet Q\*, 2025; it has 说明, 3月, 1月, 12月, 空月, 旧月"):
        found(months, "Q*", "2025")
    with pytest.raises(Refused, match=r"no sheet to be read fits 旧\* \(hidden sheets are not read: 旧月\)"):
        found(months, "旧*")


def test_sheets_that_no_source_reads_are_named_but_neither_hidden_nor_empty_ones(months):
    pairs = find_sources([str(months)], _mapping(_SourceMap("one", sheets=("1月",)), _SourceMap("two", sheets=("12月",))))
    assert sheets_not_read(pairs) == {"台账.xlsx": ["说明", "3月"]}
    assert sheets_not_read(find_sources([str(months)], _mapping(_SourceMap("all", sheets=("*月", "说明"))))) == {}


@pytest.fixture
def lender(tmp_path) -> Lender:
    """Payments in a workbook: a sheet a month, one more that no source reads, a bad amount in the second."""
    text = MAPPING.replace('files: ["payments*.csv"]', 'files: ["*.xlsx"]\n    sheet: "*月"\n    control: {records: 3, sums: {金额: "130"}}')
    lender = Lender(tmp_path, text)
    lender.write("loans", [loan_row(1)])
    lender.write("instalments", schedule_rows(1))
    write_sheets(lender.files / "还款.xlsx", {
        "1月": [HEADERS["payments"], payment_row("P1", 1, amount="100"), payment_row("P2", 1, amount="30")],
        "说明": [["x"]], "2月": [HEADERS["payments"], payment_row("P3", 1, amount="2O")]})
    return lender


def test_every_sheet_is_a_source_of_its_own_and_control_figures_are_of_all_of_them(lender):
    ran = lender.ingest(words=("--threshold", "100%"))
    assert ran.status == 0, ran.error
    assert "  还款.xlsx[1月]: 2 records" in ran.out and "  还款.xlsx[2月]: 1 records" in ran.out
    assert "  还款.xlsx: sheets not read: 说明" in ran.out
    assert "control figure payments, records: 3, agrees" in ran.out and "control figure payments, 金额: 130, agrees" in ran.out
    (load,) = json.loads((lender.book / "loads/ledger.json").read_text(encoding="utf-8"))["loads"]
    assert [source["name"] for source in load["sources"]] == ["loans.csv", "instalments.csv", "还款.xlsx[1月]", "还款.xlsx[2月]"]
    assert load["sheets_not_read"] == {"还款.xlsx": ["说明"]}
    assert "nothing was changed" in lender.ingest().out


def test_records_of_any_sheet_come_back_corrected(lender, tmp_path):
    lender.ingest(words=("--threshold", "100%"))
    assert lender.faults().select("file", "line").rows() == [("还款.xlsx[2月]", 2)]
    out = tmp_path / "waiting.xlsx"
    assert arrears("quarantine", "--book", lender.book, "--export", out).status == 0
    book = openpyxl.load_workbook(out)
    (cell,) = [cell for row in book["payments"].iter_rows() for cell in row if cell.value == "2O"]
    cell.value = "20"
    book.save(out)
    ran = arrears("quarantine", "--book", lender.book, "--take-back", out, "--lang", "en")
    assert "  还款.xlsx[2月]: 1 records" in ran.out and "payments: new 1" in ran.out, ran.error
    assert lender.faults().is_empty() and lender.positions()["paid_minor"].to_list() == [15_000]


def test_a_mapping_names_at_least_one_sheet(lender):
    text = lender.mapping.read_text(encoding="utf-8")
    for wrong in ("[]", '""', "{a: b}"):
        lender.mapping.write_text(text.replace('sheet: "*月"', f"sheet: {wrong}"), encoding="utf-8")
        ran = lender.ingest()
        assert ran.status == 2 and "sheet" in ran.error
    lender.mapping.write_text(text.replace('sheet: "*月"', "sheet: [1月, 2月]"), encoding="utf-8")
    assert lender.ingest(words=("--threshold", "100%")).status == 0
