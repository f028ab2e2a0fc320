"""What a workbook's cell says is what is taken: an error or a formula never calculated is a fault, in every format and spelling."""

import datetime
import re
import zipfile

import openpyxl
import pytest
import xlsxwriter
import xlwt
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from arrears.ingest.cell_marks import CellMarks
from arrears.ingest.mapping import parse_mapping
from arrears.ingest.sources import find_sources, open_file
from arrears.ingest.workbooks import Workbook
from arrears.refusal import Refused
from ingest.binary_workbook import real, wide, write_xlsb
from ingest.lender_files import Lender
from ingest.test_sources_excel import _read
from ingest.test_values import MAPPING as PLAIN
from ingest.test_values import SERIALS, read
from plain_books import arrears

ODS = (
    '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="S">{}</table:table></office:spreadsheet></office:body></office:document-content>'
)
ODS_KIND = "application/vnd.oasis.opendocument.spreadsheet"
ODS_LIST = (
    '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    f'<m:file-entry m:full-path="/" m:media-type="{ODS_KIND}"/></m:manifest>'
)


def _faulty(path):
    """Row 2 has an error, row 3 a formula without a value, row 4 neither."""
    book = openpyxl.Workbook()
    for row in (["id", "note"], ["A1", "#REF!"], ["A2", "=1+1"], ["A3", 7]):
        book.active.append(row)
    book.active["B2"].data_type = "e"
    book.save(path)
    return path


def _spelt(path, change):
    """The package with each entry's name and text as another program would have written them."""
    with zipfile.ZipFile(path) as package:
        entries = [(name, package.read(name).decode()) for name in package.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in entries:
            package.writestr(*change(name, text))
    return path


def _in_sheet(change):
    return lambda name, text: (name, change(text) if name.startswith("xl/worksheets/sheet") else text)


def _ods(path, *rows):
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("mimetype", ODS_KIND)
        package.writestr("content.xml", ODS.format("".join(rows)))
        package.writestr("META-INF/manifest.xml", ODS_LIST)
    return path


def _ods_row(*cells, times=1):
    return f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'


def _ods_text(text, times=1):
    return f'<table:table-cell office:value-type="string" table:number-columns-repeated="{times}"><text:p>{text}</text:p></table:table-cell>'


def _prefixed(text):
    return re.sub(r"<(/?)([A-Za-z])", r"<\1x:\2", text).replace('xmlns="', 'xmlns:x="')


SPELLINGS = {
    "as openpyxl writes it": lambda name, text: (name, text),
    "a prefix": _in_sheet(_prefixed),
    "single quotation marks": _in_sheet(lambda text: re.sub(r'(\w+)="([^"]*)"', r"\1='\2'", text)),
    "cells without a place": _in_sheet(lambda text: re.sub(r' r="[A-Z0-9]+"', "", text)),
    "line breaks and blanks within a tag": _in_sheet(lambda text: text.replace("<c ", "<c\n  ").replace('t="e"', 't = "e"')),
    "the type before the place": _in_sheet(lambda text: re.sub(r'<c (r="[^"]*") (t="[^"]*")', r"<c \2 \1", text)),
    "names in another case": lambda name, text: (
        name.replace("workbook.xml", "Workbook.xml") if name == "xl/workbook.xml" else name, text.replace("xl/workbook.xml", "xl/Workbook.xml"),
    ),
    "content types in small letters": lambda name, text: (name.replace("[Content_Types]", "[content_types]"), text),
    "slashes that lean back": lambda name, text: (name.replace("/", "\\") if name.startswith("xl/") else name, text),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_errors_and_formulas_without_a_value_are_seen_however_the_sheet_is_written(tmp_path, spelling):
    path = _spelt(_faulty(tmp_path / "book.xlsx"), SPELLINGS[spelling])
    _, rows, lines, broken = _read(path)
    assert list(zip(lines, rows, strict=True)) == [(2, ("A1", "#REF!")), (4, ("A3", "7"))]
    assert [(record.line, record.rule, record.detail) for record in broken] == [(3, "formula", "B3")]


@pytest.mark.parametrize("cell", ['<c r="B2" t="e"/>', '<c r="B2" t="e"><v/></c>'])
def test_an_error_without_a_known_text_is_still_an_error_and_takes_nothing_of_the_next_cell(tmp_path, cell):
    path = _spelt(_faulty(tmp_path / "book.xlsx"), _in_sheet(lambda text: re.sub(r'<c r="B2".*?</c>', cell, text)))
    assert _read(path)[1] == [("A1", "#VALUE!"), ("A3", "7")]
    assert [read(kind, "#VALUE!")[0].rule for kind in ("text", "money", "rate", "whole")] == ["cell_error"] * 4


def test_a_formula_in_the_margin_of_a_sheet_is_no_cells(tmp_path):
    margin = '<extLst><ext xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><xm:f>A1</xm:f></ext></extLst></worksheet>'
    path = _spelt(_faulty(tmp_path / "book.xlsx"), _in_sheet(lambda text: text.replace("</worksheet>", margin)))
    source, _, _, broken = _read(path)
    assert len(broken) == 1 and source.notes == []


def test_a_sheet_that_is_no_sound_xml_is_refused(tmp_path):
    path = _spelt(_faulty(tmp_path / "book.xlsx"), _in_sheet(lambda text: text.replace("</row>", "</rov>", 1)))
    with pytest.raises(Refused, match="the workbook is damaged") as refused:
        open_file(path)
    assert "工作簿已损坏" in refused.value.zh


@pytest.mark.parametrize("entry", ["xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml"])
@pytest.mark.parametrize("encoding", ["gb18030", "no-such-encoding"])
def test_a_part_in_an_encoding_that_no_workbook_has_is_refused(tmp_path, entry, encoding):
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    path = _spelt(_faulty(tmp_path / "book.xlsx"), lambda name, text: (name, head + text.partition("?>")[2] if "?>" in text else head + text) if name == entry else (name, text))
    with pytest.raises(Refused, match="the workbook is damaged"):
        open_file(path)


def test_a_percentage_far_below_is_refused_without_taking_the_memory(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.active["A2"], book.active["A2"].number_format = 0.5, "0%"
    book.save(tmp_path / "book.xlsx")
    path = _spelt(tmp_path / "book.xlsx", _in_sheet(lambda text: text.replace('r="A2"', 'r="A99999999999999"')))
    with pytest.raises(Refused, match="its cells are spread over 99999999999999 rows"):
        open_file(path)


def test_zeros_of_formulas_never_calculated_are_faults_and_calculated_ones_are_values(tmp_path):
    """Xlsxwriter writes 0 for a formula whose value it was not told and asks to be calculated on opening; POI says nothing of it."""
    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    for row, cells in enumerate((["id", "a", "b"], ["A1"], ["A2"])):
        sheet.write_row(row, 0, cells)
    sheet.write_formula("B2", "=1+1")
    sheet.write_formula("B3", "=2-2")
    sheet.write_formula("C2", "=1+1", None, 2)
    sheet.write_formula("C3", "=2-2", None, 0)
    book.close()
    assert [(record.line, record.detail) for record in _read(path)[3]] == [(2, "B2"), (3, "B3")]
    assert _read(path, ["id", "b"])[1] == [("A1", "2"), ("A2", "0")]
    of_poi = _spelt(path, lambda name, text: (name, re.sub("<calcPr[^>]*>", "", text).replace("<v>0</v>", "<v>0.0</v>")))
    assert [(record.line, record.detail) for record in _read(of_poi)[3]] == [(2, "B2"), (3, "B3")]
    _spelt(path, lambda name, text: (name, text.replace("<sheets>", "<calcPr/><sheets>") if name == "xl/workbook.xml" else text))
    assert _read(path)[1] == [("A1", "0", "2"), ("A2", "0", "0")]


def _xls(path, as_percent=False, **said):
    book = xlwt.Workbook()
    book.dates_1904 = said.get("counts_from_1904", False)
    sheet = book.add_sheet("S")
    for column, name in enumerate(("id", "note", "day")):
        sheet.write(0, column, name)
    for row in range(1, 4):
        sheet.write(row, 0, f"A{row}")
    sheet.row(1).set_cell_error(1, 0x2A)
    sheet.write(2, 1, xlwt.Formula("1+1"))
    sheet.write(3, 1, 0.185, xlwt.easyxf(num_format_str="0.0%" if as_percent else "0.0"))
    sheet.write(3, 2, said.get("day", 45321), xlwt.easyxf(num_format_str=said.get("shown", "0")))
    book.save(str(path))
    return path


@pytest.mark.parametrize("more", [0, 40_000])
def test_errors_and_formulas_never_calculated_are_seen_in_an_old_workbook_small_or_large(tmp_path, more):
    """The larger one needs a table of sectors of its own."""
    path = _xls(tmp_path / "book.xls")
    if more:
        book = xlwt.Workbook()
        sheet = book.add_sheet("S")
        for row in range(more):
            for column in range(12):
                sheet.write(row, column, f"{row}-{column}" if column % 2 else row + column / 7)
        sheet.row(1).set_cell_error(12, 0x2A)
        sheet.write(2, 12, xlwt.Formula("1+1"))
        book.save(str(path))
        assert path.stat().st_size > 109 * 128 * 512
    _, rows, _, broken = _read(path)
    assert rows[0][1 if not more else 12] == "#N/A"
    assert [(record.line, record.rule) for record in broken] == [(3, "formula")]


def test_errors_percentages_and_moments_are_seen_in_a_binary_workbook(tmp_path):
    """5 is a number, 6 a text, 3 an error, 11 a formula that is an error, 9 one that is a number."""
    rows = {
        0: [(0, 6, 0, wide("id")), (1, 6, 0, wide("note"))],
        1: [(0, 6, 0, wide("A1")), (1, 3, 0, b"\x2a")],
        2: [(0, 6, 0, wide("A2")), (1, 11, 0, b"\x17" + bytes(10))],
        3: [(0, 6, 0, wide("A3")), (1, 5, 1, real(0.185))],
        4: [(0, 6, 0, wide("A4")), (1, 9, 2, real(0.18) + bytes(10))],
        5: [(0, 6, 0, wide("A5")), (1, 5, 3, real(NEAR))],
    }
    path = write_xlsb(tmp_path / "book.xlsb", rows, formats=(0, 164, 9, 14), counts_from_1904=False)
    assert [row[1][:10] for row in _read(path)[1]] == ["#N/A", "#REF!", "18.5%", "18%", "2026-02-12"]
    assert Workbook(write_xlsb(tmp_path / "b.xlsb", rows, counts_from_1904=True)).counts_from_1904
    with pytest.raises(Refused, match="its cells are spread over 1048576 rows and 16384 columns"):
        open_file(write_xlsb(tmp_path / "far.xlsb", {**rows, 1_048_575: [(16_383, 5, 0, real(1))]}))
    content = path.read_bytes()
    (tmp_path / "renamed.xls").write_bytes(content)
    assert open_file(tmp_path / "renamed.xls").columns == ["id", "note"]


def test_errors_and_formulas_without_a_value_are_seen_in_an_open_document(tmp_path):
    error = '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value=""{}><text:p>{}</text:p></table:table-cell>'
    path = _ods(
        tmp_path / "book.ods",
        _ods_row(_ods_text("id"), _ods_text("note")),
        _ods_row(_ods_text("A1"), error.format(' calcext:value-type="error"', "#DIV/0!")),
        _ods_row(_ods_text("A2"), error.format("", "Err:502")),
        _ods_row(_ods_text("A3"), '<table:table-cell table:formula="of:=1+1"/>'),
        _ods_row(_ods_text("A4"), error.format(' calcext:value-type="error"', "#N/A"), times=2),
        _ods_row(_ods_text("A5"), '<table:table-cell table:formula="of:=1+1" office:value-type="float" office:value="2"><text:p>2</text:p></table:table-cell>'),
        _ods_row('<table:table-cell table:number-columns-repeated="16384"/>', times=1_048_569),
    )
    source, rows, lines, broken = _read(path)
    assert rows == [("A1", "#DIV/0!"), ("A2", "#VALUE!"), ("A4", "#N/A"), ("A4", "#N/A"), ("A5", "2")] and lines == [2, 3, 5, 6, 7]
    assert [(record.line, record.detail) for record in broken] == [(4, "B4")]
    assert source.notes == [("5 cells are formulas; their stored values were taken", "5个单元格是公式，取其保存的值")]


def test_a_default_does_not_stand_in_for_an_error(tmp_path):
    path = _spelt(_faulty(tmp_path / "book.xlsx"), SPELLINGS["a prefix"])
    mapping = """
mapping: t
sources:
  - source: s
    tables:
      unscheduled: {loan_id: id, borrower_id: {constant: B}, product: {constant: p}, currency: {constant: CNY},
        principal_minor: {column: note, unit: major, default: 0}, disbursed_on: {constant: 2026-02-12}}
"""
    lender = Lender(tmp_path / "lender", mapping)
    assert lender.ingest(path, words=("--threshold", "100%")).status == 0
    assert lender.faults().select("line", "rule").rows() == [(2, "cell_error"), (3, "formula")]
    assert lender.loaded(1, "unscheduled")["principal_minor"].to_list() == [700]
    out = tmp_path / "waiting.xlsx"
    assert arrears("quarantine", "--book", lender.book, "--export", out).status == 0
    book = openpyxl.load_workbook(out)
    (cell,) = [cell for row in book["s"].iter_rows() for cell in row if cell.value == "#REF!"]
    cell.value, cell.data_type = "#N/A", "e"
    book.save(out)
    ran = arrears("quarantine", "--book", lender.book, "--take-back", out, "--lang", "en")
    assert "quarantined 1" in ran.out and lender.faults()["rule"].to_list().count("cell_error") == 1, ran.out + ran.error


@pytest.mark.parametrize("name", ["book.xlsx", "book.xls"])
def test_numbers_of_days_counted_from_1904_are_refused_and_dates_are_right(tmp_path, name):
    path, day = tmp_path / name, datetime.date(2026, 2, 12)
    if name == "book.xls":
        _xls(path, counts_from_1904=True, day=day, shown="yyyy-mm-dd")
    else:
        book = openpyxl.Workbook()
        book.epoch = CALENDAR_MAC_1904
        for row in (["id", "note", "day"], [], [], ["A3", 1, day]):
            book.active.append(row)
        book.save(path)
    assert _read(path)[1][-1][2] == "2026-02-12"
    said = "mapping: t\n{}sources: [{{source: s, tables: {{promises: {{promise_id: id, loan_id: id, promised_on: day, pay_by_on: day, amount_minor: note}}}}}}]"
    assert len(find_sources([str(path)], parse_mapping(said.format(""), "t.yaml"))) == 1
    with pytest.raises(Refused, match=f"{name}: the workbook counts its days from 1904") as refused:
        find_sources([str(path)], parse_mapping(said.format("dates: [YYYY-M-D, excel]\n"), "t.yaml"))
    assert "1904 年" in refused.value.zh


NEAR = 46065.99999999884  # 2026-02-12 23:59:59.9999


@pytest.mark.parametrize("name", ["book.xlsx", "book.xls"])
def test_a_moment_shortly_before_midnight_stays_on_its_day(tmp_path, name):
    path = tmp_path / name
    if name == "book.xls":
        _xls(path, day=NEAR, shown="yyyy-mm-dd")
    else:
        book = openpyxl.Workbook()
        for row in (["id", "note", "day"], ["A3", 12345.99999999999, NEAR], ["A4", 1, 46066.0000000001]):
            book.active.append(row)
        book.active["C2"].number_format = book.active["C3"].number_format = "yyyy-mm-dd"
        book.save(path)
    days = [row[2][:10] for row in _read(path)[1] if row[2]]
    assert days == (["2026-02-12"] if name == "book.xls" else ["2026-02-12", "2026-02-13"])


def test_a_number_of_a_day_is_never_rounded_to_the_next_one():
    assert read("date", "46065.99999999", "46065.5", "46066", mapping=SERIALS) == [
        datetime.date(2026, 2, 12), datetime.date(2026, 2, 12), datetime.date(2026, 2, 13),
    ]


@pytest.mark.parametrize("name", ["book.xlsx", "book.xls", "book.ods"])
def test_a_percentage_bears_its_sign_so_that_no_unit_takes_it_for_a_hundredth(tmp_path, name):
    path = tmp_path / name
    if name == "book.xls":
        _xls(path, as_percent=True)
    elif name == "book.ods":
        cell = '<table:table-cell office:value-type="percentage" office:value="0.185"><text:p>18.50%</text:p></table:table-cell>'
        _ods(path, _ods_row(_ods_text("id"), _ods_text("note")), _ods_row(_ods_text("A1"), cell))
    else:
        book = openpyxl.Workbook()
        for row in (["id", "note", "plain"], ["A1", 0.185, 0.185]):
            book.active.append(row)
        book.active["B2"].number_format, book.active["C2"].number_format = "0.0%", '0.0" %"'
        book.save(path)
    last = _read(path)[1][-1]
    assert last[1] == "18.5%" and (name != "book.xlsx" or last[2] == "0.185")
    assert read("rate", "18.5%", unit="percent") == read("rate", "18.5%", unit="fraction") == [185_000]
    assert read("rate", "1.5%", unit="fraction_a_month") == [180_000]
    assert read("rate", "18.5%", unit="permille_a_month", mapping=PLAIN)[0].rule == "not_a_number"


def test_a_cell_far_away_is_refused_before_it_is_read_however_it_is_written(tmp_path):
    for number, (old, new) in enumerate((("A5", "XFD1048576"), ("A5", "B10000000"), ("A5", "A" * 7 + "5"), ("A5", "A99999999999999999999"))):
        path = _faulty(tmp_path / f"{number}.xlsx")
        cell = f'<row r="5"><c r="{old}"><v>1</v></c></row></sheetData>'.replace(old, new)
        _spelt(path, _in_sheet(lambda text, cell=cell: _prefixed(text.replace("</sheetData>", cell))))
        with pytest.raises(Refused, match="its cells are spread over") as refused:
            open_file(path)
        assert "单元格散布在" in refused.value.zh


@pytest.mark.parametrize(("columns", "rows"), [(100, 600_000), (16_384, 1_048_000), (1, 10**15), (10**15, 1)])
def test_a_cell_repeated_without_end_in_an_open_document_is_refused_before_it_is_opened(tmp_path, columns, rows):
    path = _ods(tmp_path / "book.ods", _ods_row(_ods_text("id")), _ods_row(_ods_text("A1"), _ods_text("x", columns), times=rows))
    assert path.stat().st_size < 2_000
    with pytest.raises(Refused, match=r"book.ods\[S\]: its cells are spread over"):
        open_file(path)


def test_a_workbook_is_known_by_its_content_whatever_its_name_says(tmp_path):
    new, old = _faulty(tmp_path / "book.xlsx"), _xls(tmp_path / "old.xls")
    opened = _ods(tmp_path / "open.ods", _ods_row(_ods_text("id")), _ods_row(_ods_text("A1")))
    for path, name in ((new, "a.xls"), (new, "a.ods"), (old, "b.xlsx"), (old, "b.csv"), (opened, "c.xlsx"), (opened, "c.xls")):
        renamed = tmp_path / name
        renamed.write_bytes(path.read_bytes())
        assert open_file(renamed).columns == open_file(path).columns
        assert [batch.cells.rows() for batch in open_file(renamed).batches()] == [batch.cells.rows() for batch in open_file(path).batches()]


TABLE = "<table><tr><th>id</th></tr><tr><td>A1</td></tr></table>"


@pytest.mark.parametrize("content", [
    TABLE.encode(), b"<!-- exported -->\r\n" + TABLE.encode(), b"<style>td{color:red}</style>" + TABLE.encode(),
    f"\ufeff<html><body>{TABLE}".encode("utf-16-le"), f"\ufeff<HTML>{TABLE}".encode("utf-16-be"), f"\ufeff\n{TABLE}".encode(),
    b'MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\nContent-Type: multipart/related; boundary="x"\r\n\r\n--x\r\n' + TABLE.encode(),
])
def test_a_web_page_named_like_a_workbook_is_called_what_it_is(tmp_path, content):
    (tmp_path / "book.xls").write_bytes(content)
    with pytest.raises(Refused, match=r"book.xls: this is a web page \(HTML\), whatever its name says; open it in Excel and save") as refused:
        open_file(tmp_path / "book.xls")
    assert "网页（HTML）" in refused.value.zh


def test_a_header_in_pointed_brackets_is_no_web_page(tmp_path):
    (tmp_path / "a.csv").write_text("<DATE>,<CLOSE>\n2026-02-12,1\n")
    assert open_file(tmp_path / "a.csv").columns == ["<DATE>", "<CLOSE>"]


def test_many_rows_of_percentages_cost_a_byte_each(tmp_path):
    marks = CellMarks()
    for row in (3, 1, 900_000):
        marks.show_percent(row, 2)
    assert [marks.is_percent(row, 2) for row in (0, 1, 2, 3, 899_999, 900_000, 900_001)] == [False, True, False, True, False, True, False]
    assert not marks.is_percent(1, 1) and len(marks.percents[2]) == 900_001
