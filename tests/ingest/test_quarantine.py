"""Quarantine: what waits is listed, goes out to a workbook or CSV file, and comes back as it was corrected."""

import csv
import json
import re
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.ingest import fault_words
from arrears.ingest.corrections import EXPLANATION_SHEET, OWN, export
from arrears.ingest.fault_words import FAULTS, sentence, sentences
from arrears.ingest.quarantine import counts_by_rule, json_lines, listed, open_faults
from arrears.ingest.take_back import corrected
from arrears.refusal import Refused
from arrears.tables import FACTS
from arrears.tables.visible import faults_of

NASTY = {
    "=1+1": "=SUM(A1:A9)", "编号": "00123", "身份证号": "110101199003071234", "备注": 'a "b", c\nd；e', "电话": "+8613800000000",
    "金额": "-12.50", "表情": "😀👨‍👩‍👧", "邮箱": "@import", "科学": "1E5", "撇号": "'0", "空": None, "链接": "https://example.org", "x": "_x0041_",
    "空格": " 左右 ", "期": "2026-03-31", "假名": "#" + "ab" * 16, "制表": "\tx", "长": "长" * 3000,
}


def load_of(folder: Path, number: int, records: list[tuple], resolved: list[tuple] = ()) -> tuple[int, Path]:
    """A load's folder: records are (source, file, line, cells, [(column, rule, value), …])."""
    place = folder / f"{number:04d}"
    place.mkdir()
    faults = [
        {"record": record, "file": file, "line": line, "table": "loans", "column": column, "rule": rule, "value": value, "detail": None}
        for record, (_, file, line, _, wrong) in enumerate(records)
        for column, rule, value in wrong
    ]
    kept = [
        {"record": record, "source": source, "file": file, "line": line, "cells": json.dumps(cells, ensure_ascii=False)}
        for record, (source, file, line, cells, _) in enumerate(records)
        if cells is not None
    ]
    text = pl.String
    schema = {"record": pl.Int64, "file": text, "line": pl.Int64, "table": text, "column": text, "rule": text, "value": text, "detail": text}
    unsplit = [record for record, (_, _, _, cells, _) in enumerate(records) if cells is None]
    told = sentences(pl.DataFrame(faults, schema=schema)).drop("detail")
    told.with_columns(pl.when(~pl.col("record").is_in(unsplit)).then("record").alias("record")).write_parquet(place / "quarantine.parquet")
    schema = {"record": pl.Int64, "source": text, "file": text, "line": pl.Int64, "cells": text}
    pl.DataFrame(kept, schema=schema).write_parquet(place / "records.parquet")
    if resolved:
        pl.DataFrame(resolved, schema={"load": pl.Int64, "record": pl.Int64}, orient="row").write_parquet(place / "resolved.parquet")
    return number, place


@pytest.fixture
def loads(tmp_path):
    first = load_of(tmp_path, 1, [
        ("借据", "loans.csv", 2, NASTY, [("金额", "negative", "-12.50"), ("期", "not_a_date", "2026-03-31")]),
        ("借据", "loans.csv", 7, NASTY | {"编号": "00124"}, [("金额", "negative", "-12.50")]),
        ("还款", "pay.xlsx[1]", 3, {"笔": "P1", "金额": "0"}, [("金额", "zero", "0")]),
        ("还款", "pay.xlsx[1]", 9, None, [(None, "fields", None)]),
    ])
    second = load_of(tmp_path, 2, [("还款", "more.csv", 4, {"笔": "P9", "金额": "1,2"}, [("金额", "thousands", "1,2"), ("笔", "orphan", "P9")])],
                     resolved=[(1, 1)])
    return [first, second]


def edited(path: Path, change) -> Path:
    """The workbook after somebody opened it, changed it and saved it."""
    workbook = openpyxl.load_workbook(path)
    change(workbook)
    workbook.save(path)
    return path


def refusal(path, loads) -> str:
    with pytest.raises(Refused) as refused:
        corrected(path, loads)
    assert refused.value.zh
    return refused.value.en


def test_what_a_later_load_took_back_waits_no_longer_and_waits_again_once_that_load_is_taken_back(loads):
    assert open_faults(loads).select("load", "record").unique().sort("load", "record", nulls_last=True).rows() == [
        (1, 0), (1, 2), (1, None), (2, 0)]
    assert 1 in open_faults(loads[:1])["record"].to_list()


def test_the_list_counts_by_rule_with_an_example_and_names_file_and_line(loads):
    counts = counts_by_rule(open_faults(loads))
    assert dict(counts.select("rule", "faults").iter_rows()) == {
        "negative": 1, "not_a_date": 1, "zero": 1, "fields": 1, "thousands": 1, "orphan": 1}
    told = "\n".join(listed(open_faults(loads), "en", each=False))
    assert "4 records with 6 faults, of 2 loads" in told
    assert 'loans.csv, line 2: column 金额: "-12.50" is negative' in told
    assert "第 2 行：列 金额" in "\n".join(listed(open_faults(loads), "zh", each=False))


def test_each_fault_is_listed_up_to_a_limit_and_the_rest_is_counted(loads):
    lines = listed(open_faults(loads, load=1), "en", each=True, limit=2)
    assert len(lines) == 3 and lines[-1].startswith("… and 2 more")
    assert listed(open_faults(loads, rule="zero"), "zh", each=True)[0].startswith("装载 1 · pay.xlsx[1] 第 3 行：")
    assert listed(open_faults([]), "en", each=False) == ["Nothing waits in quarantine."]


def test_a_cell_at_fault_in_two_tables_is_listed_once(tmp_path):
    wrong = [("金额", "zero", "0"), ("金额", "zero", "0"), ("金额", "decimals", "0")]
    assert len(open_faults([load_of(tmp_path, 1, [("s", "f", 2, {"金额": "0"}, wrong)])])) == 2


def test_json_lines_hold_every_fault_with_its_place(loads):
    rows = [json.loads(line) for line in json_lines(open_faults(loads))]
    assert len(rows) == 6 and {"load", "record", "file", "line", "column", "value", "rule", "en", "zh"} <= set(rows[0])
    assert len(list(json_lines(open_faults(loads), limit=2))) == 2


@pytest.mark.parametrize("filters", [{"rule": "never"}, {"load": 7}])
def test_a_rule_or_load_that_is_not_there_is_refused_with_those_that_are(loads, filters):
    with pytest.raises(Refused, match="zero|1, 2"):
        open_faults(loads, **filters)


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_what_goes_out_comes_back_cell_for_cell(loads, tmp_path, suffix):
    exported = export(loads, tmp_path / f"q{suffix}")
    assert exported.sources == {"借据": 1, "还款": 2} and exported.left_out == 1
    back = corrected(tmp_path / f"q{suffix}", loads)
    assert list(back.parts) == [(1, "借据"), (1, "还款"), (2, "还款")] and back.again == 0
    part = back.parts[1, "借据"]
    assert part.cells.row(0, named=True) == NASTY
    assert (part.records.to_list(), part.files.to_list(), part.lines.to_list()) == ([0], ["loans.csv"], [2])
    assert [(load, record) for (load, _), part in back.parts.items() for record in part.records] == [(1, 0), (1, 2), (2, 0)]


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cn")), min_size=1, max_size=12) | st.sampled_from(
    ["=1", "@a", "+1", "-1", "'", "''", "007", "1" * 18, "1e9", "a\nb", "a\r\nb", "\r", "_x000D_", "\ufeff", "\x00", '"', "😀", "NULL", "#N/A"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.none() | texts, min_size=3, max_size=3), st.sampled_from([".xlsx", ".csv"]))
def test_any_text_comes_back_as_it_went_out(cells, suffix):
    with TemporaryDirectory() as folder:
        loads = [load_of(Path(folder), 1, [("s", "f.csv", 2, dict(zip("abc", cells, strict=True)), [("a", "empty", None)])])]
        export(loads, Path(folder) / f"q{suffix}")
        assert list(corrected(Path(folder) / f"q{suffix}", loads).parts[1, "s"].cells.row(0)) == cells


def test_corrections_made_in_a_spreadsheet_come_back_and_deleted_lines_stay_behind(loads, tmp_path):
    export(loads, tmp_path / "q.xlsx")

    def correct(workbook):
        assert workbook.sheetnames == [EXPLANATION_SHEET, "借据", "还款"]
        loans, payments = workbook["借据"], workbook["还款"]
        place = {cell.value: cell.column for cell in loans[1]}
        assert loans.cell(2, place["编号"]).number_format == "@" and loans.cell(2, place["=1+1"]).data_type == "s"
        assert loans.cell(2, place["金额"]).comment.text.startswith("列 金额") and loans.freeze_panes == "A2"
        assert loans.cell(2, place["金额"]).fill.fgColor.rgb != loans.cell(2, place["编号"]).fill.fgColor.rgb
        loans.cell(2, place["金额"]).value = 12.5
        loans.cell(2, place["编号"]).value = 125
        payments.delete_rows(2)

    back = corrected(edited(tmp_path / "q.xlsx", correct), loads)
    assert list(back.parts) == [(1, "借据"), (2, "还款")]
    assert back.parts[1, "借据"].cells.row(0, named=True) == NASTY | {"金额": "12.5", "编号": "125"}


def test_a_cell_typed_as_a_number_or_date_comes_back_as_plain_text_and_lost_digits_stay_visible(loads, tmp_path):
    export(loads, tmp_path / "q.xlsx")

    def type_in(workbook):
        place = {cell.value: cell.column for cell in workbook["借据"][1]}
        for name, value, style in [("身份证号", 110101199003071234, "General"), ("期", date(2026, 3, 1), "yyyy-mm-dd"), ("空", True, "General")]:
            cell = workbook["借据"].cell(2, place[name])
            cell.number_format, cell.value = style, value

    cells = corrected(edited(tmp_path / "q.xlsx", type_in), loads).parts[1, "借据"].cells.row(0, named=True)
    assert (cells["期"], cells["空"]) == ("2026-03-01", "true")
    assert re.fullmatch(r"1\.1010\d+E\+17", cells["身份证号"])


def test_an_id_whose_digits_were_lost_is_shown_empty_so_that_its_pseudonym_does_not_come_back_as_a_good_one(tmp_path):
    cells = {"身份证号": "#" + "ab" * 16, "担保人": "#" + "cd" * 16}
    wrong = [("身份证号", "lost_digits", "110*************00"), ("担保人", "empty", None)]
    loads = [load_of(tmp_path, 1, [("s", "f", 2, cells, wrong)])]
    for name in ("q.xlsx", "q.csv"):
        export(loads, tmp_path / name)
        assert corrected(tmp_path / name, loads).parts[1, "s"].cells.row(0) == (None, "#" + "cd" * 16)


def test_in_a_csv_file_nothing_stands_that_a_spreadsheet_would_run_or_rewrite(loads, tmp_path):
    export(loads, tmp_path / "q.csv")
    content = (tmp_path / "q.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    with (tmp_path / "q.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for line in csv.reader(file) for cell in line]
    assert not [cell for cell in cells if re.match(r"[=+@\t\r-]|0\d|\d{12}|\d{4}-\d", cell)]
    assert "'=SUM(A1:A9)" in cells and "'00123" in cells and "'110101199003071234" in cells


def test_the_same_file_twice_brings_nothing_the_second_time(loads, tmp_path):
    export(loads, tmp_path / "q.xlsx")
    first = corrected(tmp_path / "q.xlsx", loads)
    third = load_of(tmp_path, 3, [], resolved=[(load, record) for (load, _), part in first.parts.items() for record in part.records])
    again = corrected(tmp_path / "q.xlsx", [*loads, third])
    assert again.parts == {} and again.again == 3


@pytest.mark.parametrize("change, said", [
    (lambda book: book["还款"].cell(1, len(OWN) + 1, "别名"), "别名"),
    (lambda book: book["还款"].delete_cols(len(OWN) + 2), "the column 金额 is missing"),
    (lambda book: book["还款"].cell(1, len(OWN) + 3, "金额"), "stands twice"),
    (lambda book: book["还款"].cell(2, len(OWN) + 3, "x"), "has no name"),
    (lambda book: book["还款"].delete_cols(1), "the first columns are"),
    (lambda book: book["还款"].cell(4, len(OWN) + 1, "P2"), "new records come in by arrears ingest"),
    (lambda book: book["还款"].cell(2, 2, "77"), "is not in the quarantine"),
    (lambda book: book["还款"].cell(2, 1, "9"), "is not in the quarantine"),
    (lambda book: book["还款"].append([cell.value for cell in book["还款"][2]]), "stands in several rows"),
    (lambda book: [book["还款"].delete_rows(2, 9), book["借据"].delete_rows(2, 9)], "no record stands in it"),
])
def test_a_workbook_that_no_longer_says_which_record_is_which_is_refused_in_words(loads, tmp_path, change, said):
    export(loads, tmp_path / "q.xlsx")
    assert said in refusal(edited(tmp_path / "q.xlsx", change), loads)


def test_all_lines_of_a_source_may_be_deleted_from_a_csv_file_but_no_cell_may_stand_under_its_columns(loads, tmp_path):
    export(loads, tmp_path / "q.csv")
    with (tmp_path / "q.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    rows = [row for row in rows if row[2] != "loans.csv"]

    def saved() -> Path:
        with (tmp_path / "q.csv").open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return tmp_path / "q.csv"

    assert set(corrected(saved(), loads).parts) == {(1, "还款"), (2, "还款")}
    rows[0][header.index("备注")] = "x"
    assert "row 2: the column 备注 holds a cell" in refusal(saved(), loads)


@pytest.mark.parametrize("encoding, delimiter", [("gb18030", ","), ("utf-16", "\t"), ("utf-8", ";")])
def test_a_csv_file_that_a_spreadsheet_saved_its_own_way_is_read(loads, tmp_path, encoding, delimiter):
    export(loads, tmp_path / "q.csv", load=2)
    text = (tmp_path / "q.csv").read_text(encoding="utf-8-sig").replace(",", delimiter).replace("'1;2", "1,2")
    (tmp_path / "q.csv").write_bytes(text.encode(encoding))
    assert corrected(tmp_path / "q.csv", loads).parts[2, "还款"].cells["笔"].to_list() == ["P9"]


def test_a_file_that_is_no_workbook_or_is_missing_is_refused(loads, tmp_path):
    (tmp_path / "q.xlsx").write_bytes(b"PK\x03\x04 cut")
    assert "the workbook is cut off or damaged" in refusal(tmp_path / "q.xlsx", loads)
    assert "no such file" in refusal(tmp_path / "none.xlsx", loads)


def test_an_export_never_overwrites_and_says_what_it_cannot_hold(loads, tmp_path):
    export(loads, tmp_path / "q.xlsx", rule="zero")
    for place, said, more in [
        ("q.xlsx", "may hold corrections", {}), ("q.txt", "must end in", {}), ("none/q.xlsx", "no such folder", {}),
        ("p.xlsx", "can be corrected in a file", {"rule": "fields"}), ("r.xlsx", "--rule or --load", {"lines_max": 1}),
    ]:
        with pytest.raises(Refused, match=said):
            export(loads, tmp_path / place, **more)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0001", "0002", "q.xlsx"]


def test_a_cell_too_long_for_a_workbook_is_left_out_there_but_not_in_a_csv_file(tmp_path):
    loads = [load_of(tmp_path, 1, [("s", "f", 2, {"a": "x" * 40_000}, [("a", "too_long", "x")]), ("s", "f", 3, {"a": "y"}, [("a", "empty", None)])])]
    assert export(loads, tmp_path / "q.xlsx").left_out == 1
    assert export(loads, tmp_path / "q.csv").left_out == 0
    assert corrected(tmp_path / "q.csv", loads).parts[1, "s"].cells["a"].str.len_chars().to_list() == [40_000, 1]


def test_sources_of_like_or_forbidden_names_each_get_a_sheet(tmp_path):
    names = ["a/b", "a:b", "A_B", "x" * 40, "x" * 41, "History", "😀" * 20]
    loads = [load_of(tmp_path, 1, [(name, "f", 2, {"c": "1"}, [("c", "zero", "1")]) for name in names])]
    export(loads, tmp_path / "q.xlsx")
    assert {source for _, source in corrected(tmp_path / "q.xlsx", loads).parts} == set(names)


def test_the_same_quarantine_gives_the_same_bytes(loads, tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        export(loads, tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_what_a_refused_load_would_have_put_there_is_shown_without_a_way_to_take_it_back(tmp_path):
    from arrears.ingest.quarantine import REFUSED_LOAD

    refused = [(REFUSED_LOAD, load_of(tmp_path, 1, [("s", "f", 2, {"c": "0"}, [("c", "zero", "0")])])[1])]
    for language, said in (("en", "None of it can be taken back: mend the files or the mapping"), ("zh", "其中没有可收回的：请更正文件或映射")):
        lines = listed(open_faults(refused), language, each=False)
        assert said in lines[-1] and "--take-back" not in "".join(lines) and "In quarantine" not in lines[0]
    export(refused, tmp_path / "q.xlsx")
    explained = [row[0].value or "" for row in openpyxl.load_workbook(tmp_path / "q.xlsx")[EXPLANATION_SHEET].iter_rows()]
    assert any("cannot be taken back" in line for line in explained) and not any("--take-back" in line for line in explained)
    assert "of a load that was refused" in refusal(tmp_path / "q.xlsx", [])


@pytest.mark.parametrize("rule", FAULTS)
def test_every_rule_has_a_sentence_in_both_languages(rule):
    en, zh = FAULTS[rule]
    for template in (en, zh):
        assert set(re.findall(r"\{(.*?)\}", template)) <= {"column", "value", "detail"} and "{" in template
        assert template.count("{") == template.count("}") == len(re.findall(r"\{\w+\}", template))
    assert re.search("[;:,]", en) and en[-1] not in ".;, " and not re.search(r"[\u3000-\uffef]", en)
    assert re.search("[，；]", zh) and not re.search(r"[一-鿿}][,;:()!?]|[,;:()!?][一-鿿{]", zh) and zh[-1] not in "。；， "
    assert not re.search(r"[{]", "".join(sentence(rule, "列", "值", "7 instead of 6")))


def test_a_sentence_names_the_column_and_shows_the_cell_without_control_characters_and_cut():
    en, zh = sentence("not_a_number", "金额", "1\x1b[31m2" + "9" * 99, None)
    assert "\x1b" not in en + zh and "…" in en and "金额" in en and "  " not in en and "()" not in en and "（）" not in zh
    assert "an empty cell" in sentence("not_a_number", "金额")[0] and "空单元格" in sentence("not_a_number", "金额")[1]
    assert "（7，应为 6）" in sentence("fields", detail="7 instead of 6")[1]


def test_faults_keep_their_order_and_an_unknown_rule_is_a_defect():
    rules = ["zero", "empty", "zero", "width"]
    frame = pl.DataFrame({"rule": rules, "column": list("abcd"), "value": "1", "detail": None}, schema_overrides={"detail": pl.String})
    told = sentences(frame)
    assert [line[7] for line in told["en"]] == list("abcd") and told["rule"].to_list() == rules
    assert sentences(frame.clear()).columns == [*frame.columns, "en", "zh"]
    with pytest.raises(KeyError):
        sentence("never heard of")


def test_every_rule_that_a_module_of_ingest_writes_has_its_sentence():
    used = re.compile(r"""(?:Flaw\(|rule=|BrokenRecord\([^,()]+,\s*|"rule":\s*)["']([a-z_]+)["']""")
    for path in Path(fault_words.__file__).parent.glob("*.py"):
        unknown = set(used.findall(path.read_text(encoding="utf-8"))) - set(FAULTS)
        assert not unknown, f"{path.name}: {unknown}"
    asked_of_sets = re.compile(r"(?:THEN|ELSE|VARCHAR,|NULL,|_id,)\s+'([a-z_]+)'")
    asked = set(asked_of_sets.findall((Path(fault_words.__file__).parent / "set_rules.py").read_text(encoding="utf-8")))
    words = {word for table in FACTS.values() for word in (table.name, *table.names())}
    assert {"schedule_sum", "disbursed_late", "key_twice"} <= asked and asked - words <= set(FAULTS), asked - words - set(FAULTS)
    for table in FACTS.values():
        assert {fault.rule for fault, _ in faults_of(table)} <= set(FAULTS), table.name
