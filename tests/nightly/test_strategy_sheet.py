"""A strategy's sheet on disk: workbook and CSV bring back every cell to the letter, and no cell is ever a formula."""

import csv
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arrears.nightly.strategy_sheet import read_cells, write_sheet
from arrears.refusal import Refused
from arrears.strategy.reading import default_strategy_text, strategy_from
from arrears.strategy.sheet import cells_to_yaml, rows_to_cells

SHIPPED = default_strategy_text()
STRATEGY = strategy_from(SHIPPED)
WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\u2028\u2029\x85\ufffe\uffff\ufeff") | st.sampled_from("=+-@'\",;\t\n_x0041_%"), min_size=1,
                max_size=15).filter(lambda text: text.strip() == text)


def with_words(words: list[str]):
    cells = rows_to_cells(STRATEGY)
    for line, word in zip(cells["rows"][1:], words, strict=False):
        line[-1] = word
    return strategy_from(cells_to_yaml(SHIPPED, cells))


@given(st.lists(WORDS | st.sampled_from(["=1+1", "+1", "-1", "@x", "'=1", "007", "1-2", "1e5", "_x0041_", "123456789012", "TRUE", "50%", "2026-01-01"]), min_size=1, max_size=8))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_workbook_and_csv_bring_back_every_cell_to_the_letter(tmp_path_factory, words):
    folder = tmp_path_factory.mktemp("sheets")
    strategy = with_words(words)
    write_sheet(strategy, folder / "all.xlsx")
    assert _filled(read_cells(folder / "all.xlsx")) == rows_to_cells(strategy)
    for table in ("rows", "segments", "offers"):
        write_sheet(strategy, folder / f"{table}.csv", table)
        assert read_cells(folder / f"{table}.csv") == {table: rows_to_cells(strategy)[table]}
    assert cells_to_yaml(strategy.text, read_cells(folder / "all.xlsx")) == strategy.text


def _filled(cells):
    return {table: [line + [""] * (len(lines[0]) - len(line)) for line in lines] for table, lines in cells.items()}


def test_no_cell_that_is_written_is_a_formula(tmp_path):
    strategy = with_words(["=1+1", "@SUM(A1)", "+1", "-1"])
    write_sheet(strategy, tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as package:
        assert all(b"<f>" not in package.read(name) for name in package.namelist() if "worksheets" in name)
    write_sheet(strategy, tmp_path / "a.csv")
    lines = list(csv.reader((tmp_path / "a.csv").open(encoding="utf-8-sig", newline="")))
    assert [line[-1] for line in lines[1:5]] == ["'=1+1", "'@SUM(A1)", "'+1", "'-1"]
    assert not any(cell.startswith(tuple("=+-@")) for line in lines for cell in line)


def test_the_same_strategy_gives_the_same_bytes(tmp_path):
    for name in ("a.xlsx", "b.xlsx", "a.csv", "b.csv"):
        write_sheet(STRATEGY, tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def workbook(path: Path, change) -> Path:
    """The shipped strategy's rows in a workbook as a person might leave it."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("rows")
        for row, line in enumerate(rows_to_cells(STRATEGY)["rows"]):
            for place, cell in enumerate(line):
                sheet.write_string(row, place, cell)
        change(book, sheet)
    return path


def column(name: str) -> int:
    return rows_to_cells(STRATEGY)["rows"][0].index(name)


def test_percentages_and_numbers_that_a_spreadsheet_made_of_text_are_read_as_they_are_shown(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet, percent = book.add_worksheet("offers"), book.add_format({"num_format": "0.0%"})
        for row, line in enumerate(rows_to_cells(STRATEGY)["offers"]):
            for place, cell in enumerate(line):
                sheet.write_string(row, place, cell)
        head = rows_to_cells(STRATEGY)["offers"][0]
        sheet.write_number(1, head.index("waive_penalty"), 0.125, percent)
        sheet.write_number(1, head.index("instalments_most"), 36)
    offer = strategy_from(cells_to_yaml(SHIPPED, read_cells(path))).offers[0]
    assert (offer.waive_penalty_ppm, offer.instalments_most) == (125_000, 36)


def test_a_formula_without_a_value_and_an_error_are_refused_naming_sheet_line_and_column(tmp_path):
    path = workbook(tmp_path / "a.xlsx", lambda book, sheet: sheet.write_formula(4, column("claimable"), "=1/0", None, "#DIV/0!"))
    with pytest.raises(Refused, match="a.xlsx: sheet rows, line 5, column claimable: .*#DIV/0!"):
        read_cells(path)
    path = workbook(tmp_path / "b.xlsx", lambda book, sheet: sheet.write_formula(4, column("reason_en"), "=A1", None, ""))
    with pytest.raises(Refused, match="b.xlsx: sheet rows, line 5, column reason_en: .*formula"):
        read_cells(path)


def test_a_sheet_that_is_no_table_is_refused_and_the_explanation_is_passed_over(tmp_path):
    path = workbook(tmp_path / "a.xlsx", lambda book, sheet: book.add_worksheet("rows (2)").write_string(0, 0, "name"))
    with pytest.raises(Refused, match=r"the sheet rows \(2\) is no table"):
        read_cells(path)
    write_sheet(STRATEGY, tmp_path / "b.xlsx")
    assert sorted(read_cells(tmp_path / "b.xlsx")) == ["offers", "rows", "segments"]


def test_a_csv_that_a_spreadsheet_of_another_country_saved_is_read(tmp_path):
    write_sheet(STRATEGY, tmp_path / "a.csv")
    lines = list(csv.reader((tmp_path / "a.csv").open(encoding="utf-8-sig", newline="")))
    for encoding, delimiter in (("gb18030", ","), ("utf-16", "\t"), ("utf-8", ";")):
        with (tmp_path / "b.csv").open("w", encoding=encoding, newline="") as file:
            csv.writer(file, delimiter=delimiter).writerows(lines)
        assert cells_to_yaml(SHIPPED, read_cells(tmp_path / "b.csv")) == SHIPPED


def test_files_that_cannot_be_meant_are_refused_and_none_is_overwritten(tmp_path):
    write_sheet(STRATEGY, tmp_path / "a.csv")
    for act, said in [
        (lambda: write_sheet(STRATEGY, tmp_path / "a.csv"), "stands already"), (lambda: write_sheet(STRATEGY, tmp_path / "a.ods"), "must end in"),
        (lambda: write_sheet(STRATEGY, tmp_path / "no" / "a.csv"), "no such folder"), (lambda: write_sheet(STRATEGY, tmp_path / "b.csv", "limits"), "has no limits"),
        (lambda: read_cells(tmp_path / "none.csv"), "no such file"), (lambda: write_sheet(with_words(["a" * 40_000]), tmp_path / "c.xlsx"), "rows, line 2, column reason_en"),
    ]:
        with pytest.raises(Refused, match=said):
            act()
    (tmp_path / "d.csv").write_text("colour,size\nred,1\n", encoding="utf-8")
    with pytest.raises(Refused, match="does not name the columns"):
        read_cells(tmp_path / "d.csv")
    (tmp_path / "e.csv").write_bytes(b"name,\xff\xff\n")
    with pytest.raises(Refused, match="neither UTF-8 nor GB18030"):
        read_cells(tmp_path / "e.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "d.csv", "e.csv"]
