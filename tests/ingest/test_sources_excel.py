"""Workbooks as people keep them: what a cell shows is what is taken, and what cannot be known is said."""

import datetime
import re
import zipfile

import openpyxl
import pytest
import xlwt

from arrears.ingest.sources import open_file, sheets_of
from arrears.refusal import Refused


def _book(tmp_path, rows, name="book.xlsx", change=lambda book, sheet: None):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "借据"
    for row in rows:
        sheet.append(row)
    change(book, sheet)
    path = tmp_path / name
    book.save(path)
    return path


def _rewritten(path, change):
    """The workbook with its first sheet's XML changed, as another program would have written it."""
    with zipfile.ZipFile(path) as package:
        entries = {name: package.read(name) for name in package.namelist()}
    name = "xl/worksheets/sheet1.xml"
    entries[name] = change(entries[name].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for entry, content in entries.items():
            package.writestr(entry, content)
    return path


def _read(path, columns=None, **said):
    source = open_file(path, **said)
    batches = list(source.batches(columns))
    rows = [row for batch in batches for row in batch.cells.rows()]
    lines = [line for batch in batches for line in batch.lines.to_list()]
    return source, rows, lines, [record for batch in batches for record in batch.broken]


def test_cells_of_each_type_become_the_text_they_show(tmp_path):
    cells = [
        12,
        1234.5,
        0.1 + 0.2,
        0.0000001,
        True,
        datetime.date(2024, 1, 30),
        datetime.datetime(2024, 1, 30, 10, 20, 30),
        datetime.time(10, 20),
        datetime.timedelta(hours=30),
        " x ",
        None,
        -5.0,
    ]
    source, rows, lines, broken = _read(_book(tmp_path, [[f"c{n}" for n in range(len(cells))], cells]))
    assert source.name == "book.xlsx[借据]"
    assert rows == [
        (
            "12",
            "1234.5",
            "0.3",
            "0.0000001",
            "true",
            "2024-01-30",
            "2024-01-30T10:20:30",
            "10:20:00",
            "30:00:00",
            " x ",
            None,
            "-5",
        )
    ]
    assert lines == [2] and broken == []


def test_a_number_of_sixteen_digits_shows_that_digits_are_lost(tmp_path):
    path = _book(
        tmp_path, [["card", "id"], [6222020200112233, 110101199001011234], [999999999999999, "110101199001011234"]]
    )
    _, rows, _, _ = _read(path)
    assert rows == [("6.22202020011223E+15", "1.10101199001011E+17"), ("999999999999999", "110101199001011234")]


def test_a_date_in_a_cell_of_numbers_stays_a_serial_number(tmp_path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("借据")
    as_date = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for column, name in enumerate(["a", "b", "姓名"]):
        sheet.write(0, column, name)
    sheet.write(1, 0, datetime.date(2024, 1, 30), as_date)
    sheet.write(1, 1, 45321)
    sheet.write(1, 2, "张三")
    book.save(tmp_path / "book.xls")
    assert _read(tmp_path / "book.xls")[1] == [("2024-01-30", "45321", "张三")]
    path = _book(tmp_path, [["a", "b"], [datetime.date(2024, 1, 30), 45321]])
    assert _read(path)[1] == [("2024-01-30", "45321")]


def test_merged_header_cells_below_a_title_name_every_column_under_them(tmp_path):
    rows = [
        ["台账"],
        ["借据号", "放款", None, "还款", None],
        [None, "日期", "金额", "日期", "金额"],
        ["L1", 1, 2, 3, 4],
    ]

    def merge(book, sheet):
        for area in ("A1:E1", "A2:A3", "B2:C2", "D2:E2"):
            sheet.merge_cells(area)

    source, read, lines, _ = _read(_book(tmp_path, rows, change=merge), header=(2, 3))
    assert source.columns == ["借据号", "放款/日期", "放款/金额", "还款/日期", "还款/金额"]
    assert read == [("L1", "1", "2", "3", "4")] and lines == [4]


def test_merged_cells_among_the_records_are_said(tmp_path):
    path = _book(
        tmp_path, [["a", "b"], ["x", 1], [None, 2], ["y", 3]], change=lambda book, sheet: sheet.merge_cells("A2:A3")
    )
    source, rows, _, _ = _read(path)
    assert rows == [("x", "1"), (None, "2"), ("y", "3")]
    assert source.notes[0][0].startswith("1 groups of cells are merged below the header (the first: A2:A3)")
    assert source.notes[0][1].startswith("表头以下有1处合并单元格（第一处：A2:A3）")


def test_blank_rows_count_as_rows_and_a_header_in_the_middle_is_left_out(tmp_path):
    path = _book(tmp_path, [["a", "b"], [1, 2], [None, None], ["a", "b"], [3, 4]])
    source, rows, lines, _ = _read(path)
    assert rows == [("1", "2"), ("3", "4")] and lines == [2, 5]
    assert ("the header stands again in row 4: left out", "表头在第4行又出现：已略去") in source.notes


def test_a_table_that_begins_away_from_the_corner_keeps_its_rows_and_columns(tmp_path):
    def place(book, sheet):
        sheet["C4"], sheet["D4"], sheet["C5"], sheet["D5"] = "借据号", "金额", "L1", 7

    source, rows, lines, _ = _read(_book(tmp_path, [], change=place), ["借据号", "金额"], header=(4,))
    assert source.columns == ["column 1", "column 2", "借据号", "金额"]
    assert rows == [("L1", "7")] and lines == [5]


def test_a_formula_with_its_stored_value_is_taken_and_said_and_one_without_breaks_its_record(tmp_path):
    path = _book(tmp_path, [["a", "b", "c"], [1, "=A2*2", "x"], [2, "=A3*2", "y"], [3, '=""', "z"]])

    def store(xml):
        xml = xml.replace("<f>A2*2</f><v />", "<f>A2*2</f><v>2</v>").replace(
            "<f>A2*2</f><v></v>", "<f>A2*2</f><v>2</v>"
        )
        return re.sub(r'<c r="B4"[^>]*><f>""</f><v ?/>', '<c r="B4" t="str"><f>""</f><v></v>', xml)

    source, rows, lines, broken = _read(_rewritten(path, store))
    assert rows == [("1", "2", "x"), ("3", None, "z")] and lines == [2, 4]
    assert [(record.line, record.rule, record.detail) for record in broken] == [(3, "formula", "B3")]
    assert source.notes == [("2 cells are formulas; their stored values were taken", "2个单元格是公式，取其保存的值")]
    assert _read(path, ["a", "c"])[3] == []


def test_an_error_in_a_cell_is_its_text(tmp_path):
    def fault(book, sheet):
        sheet["B2"] = "#N/A"
        sheet["B2"].data_type = "e"

    assert _read(_book(tmp_path, [["a", "b"], [1, None]], change=fault))[1] == [("1", "#N/A")]


def test_columns_of_one_name_are_told_apart(tmp_path):
    assert open_file(_book(tmp_path, [["金额", None, "金额"], [1, 2, 3]])).columns == ["金额", "column 2", "金额 (2)"]


def test_several_sheets_and_none_named_are_refused_with_their_names(tmp_path):
    def more(book, sheet):
        book.create_sheet("还款").append(["x"])
        book.create_sheet("空")

    path = _book(tmp_path, [["a"], [1]], change=more)
    assert sheets_of(path) == ["借据", "还款", "空"]
    with pytest.raises(Refused) as refused:
        open_file(path)
    assert "several sheets are not empty (借据, 还款); say which in the mapping's `sheet`" in refused.value.en
    assert "有多个非空的工作表（借据、还款）" in refused.value.zh
    assert open_file(path, sheet="还款").columns == ["x"]
    with pytest.raises(Refused, match="there is no sheet 台账; it has 借据, 还款, 空"):
        open_file(path, sheet="台账")
    with pytest.raises(Refused, match=r"book.xlsx\[空\]: the sheet is empty"):
        open_file(path, sheet="空")


def test_one_sheet_beside_empty_and_hidden_ones_is_taken(tmp_path):
    def more(book, sheet):
        book.create_sheet("空")
        book.create_sheet("参数").append(["x"])
        book["参数"].sheet_state = "hidden"

    source = open_file(_book(tmp_path, [["a"], [1]], change=more))
    assert source.name == "book.xlsx[借据]"
    assert source.notes == [("hidden sheets are not read: 参数", "隐藏的工作表没有读取：参数")]


def test_an_empty_workbook_and_one_without_names_say_so(tmp_path):
    with pytest.raises(Refused, match=r"book.xlsx\[借据\]: the sheet is empty, so there is no header to read"):
        open_file(_book(tmp_path, []))
    with pytest.raises(Refused, match="row 1 holds no column names"):
        open_file(_book(tmp_path, [[None, None], [1, 2]]))
    with pytest.raises(Refused, match="row 9 holds no column names"):
        open_file(_book(tmp_path, [["a"], [1]]), header=(9,))


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.99])
def test_a_workbook_cut_off_says_so(tmp_path, part):
    path = _book(tmp_path, [["a", "b"]] + [[n, n] for n in range(200)])
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(Refused) as refused:
        open_file(path)
    assert refused.value.en.startswith("book.xlsx: the workbook is cut off or damaged")
    assert refused.value.zh.startswith("book.xlsx：工作簿不完整或已损坏")


def test_a_workbook_with_a_byte_turned_says_so(tmp_path):
    path = _book(tmp_path, [["a", "b"]] + [[n, n] for n in range(200)])
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as package:
        at = package.getinfo("xl/worksheets/sheet1.xml").header_offset + 90
    content[at] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(Refused, match=r"book.xlsx: the workbook is (cut off or )?damaged"):
        open_file(path)


def test_a_zip_bomb_is_refused_before_it_is_opened(tmp_path):
    path = _book(tmp_path, [["a"], [1]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as package, package.open("xl/bomb.xml", "w") as entry:
        for _ in range(120):
            entry.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(Refused) as refused:
        open_file(path)
    assert re.match(
        r"book.xlsx: it unpacks to more than 10\d MB, far more than its size on disk allows", refused.value.en
    )
    assert "解压后超过" in refused.value.zh


def test_one_cell_in_the_last_corner_does_not_take_the_memory(tmp_path):
    path = _book(tmp_path, [["a"], [1]], change=lambda book, sheet: sheet.__setitem__("XFD1048576", 1))
    with pytest.raises(Refused, match="its cells are spread over 1048576 rows and 16384 columns"):
        open_file(path)


def test_a_workbook_with_a_password_says_so(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000) + "EncryptedPackage".encode("utf-16-le") + bytes(1000)
    )
    with pytest.raises(Refused) as refused:
        open_file(path)
    assert refused.value.en.startswith("book.xlsx: the workbook has a password")
    assert refused.value.zh.startswith("book.xlsx：工作簿有密码")


def test_an_old_workbook_that_is_damaged_says_so(tmp_path):
    path = tmp_path / "book.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000))
    with pytest.raises(Refused, match="the workbook is damaged or of a kind that is not known"):
        open_file(path)


def test_an_old_workbook_cut_off_anywhere_says_so(tmp_path, capfd):
    """The reading library panics at some of these cuts, which is no Exception; the last sector may be padding."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("还款")
    for row in range(60):
        for column in range(5):
            sheet.write(row, column, f"{row}-{column}")
    book.save(tmp_path / "whole.xls")
    content = (tmp_path / "whole.xls").read_bytes()
    assert open_file(tmp_path / "whole.xls").columns[0] == "0-0"
    for size in [*range(9, len(content) - 512, 97), *range(len(content) - 512, len(content), 61)]:
        (tmp_path / "book.xls").write_bytes(content[:size])
        with pytest.raises(Refused, match="book.xls.*: the workbook is (cut off or )?damaged") as refused:
            list(open_file(tmp_path / "book.xls").batches())
        assert "工作簿不完整或已损坏" in refused.value.zh or "工作簿已损坏" in refused.value.zh
        if size < len(content) - 512:
            assert "panicked" not in capfd.readouterr().err


def test_a_zip_of_other_files_is_no_workbook(tmp_path):
    path = tmp_path / "book.zip"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("a.csv", "a,b\n")
    with pytest.raises(Refused, match="book.zip: this is a zip package"):
        open_file(path)


def test_a_workbook_written_again_while_it_is_read_is_refused(tmp_path):
    path = _book(tmp_path, [["a"], [1]])
    source = open_file(path)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(Refused, match="it changed while it was read"):
        list(source.batches())


def test_two_thousand_columns_of_which_two_are_taken(tmp_path):
    path = _book(tmp_path, [[f"c{n}" for n in range(2000)], list(range(2000))])
    assert _read(path, ["c1999", "c7"])[1] == [("1999", "7")]


def test_a_title_merged_wider_than_the_data_names_no_column_beyond_it(tmp_path):
    path = tmp_path / "titled.xlsx"
    book = openpyxl.Workbook()
    for row in (["某某小贷台账"], ["借据号", "金额"], ["L1", 1000]):
        book.active.append(row)
    for merged in ("A1:H1", "J2:K2", "A9:C9"):
        book.active.merge_cells(merged)
    book.save(path)
    source = open_file(path, header=(2,))
    assert source.columns[:2] == ["借据号", "金额"]
    assert [batch.cells.rows() for batch in source.batches(["借据号", "金额"])] == [[("L1", "1000")]]
    assert open_file(path, header=(1,)).columns[:2] == ["某某小贷台账", "某某小贷台账 (2)"]
    assert open_file(path, header=(1, 2)).columns[:2] == ["某某小贷台账/借据号", "某某小贷台账/金额"]
    with pytest.raises(Refused, match="row 9 holds no column names"):
        open_file(path, header=(9,))
