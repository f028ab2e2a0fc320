"""The journey of docs/guides/ingest.md, with the guide's own files: from an Excel file nobody has seen to a worklist.

What is expected was worked out by hand from the terms: every loan falls due in three months, a third of the principal and
0.9 % of it as interest each; penalty is 7.5 per ten thousand a night on overdue principal; 3 days of grace.
"""

import importlib.util
import json
import re
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from typer.testing import CliRunner

from arrears.cli import app
from plain_books import Ran, arrears

TOP = Path(__file__).parents[2]
GUIDE = (TOP / "docs/guides/ingest.md").read_text(encoding="utf-8")
AS_OF = "2026-04-30"
ANSWERS = ("equal", "360", "3", "instalment", "", "no", "cn_microloan", "")
"""What the guide's table says to answer, in the order of the questions."""

BY_HAND = {
    # two instalments of 3,200.00 + 86.40 due on 8 March and 8 April; 53 and 22 nights of 2.40
    "SD2026-0091": (53, 675_280),
    # three of 1,200.00 + 32.40 due on 9 February, 9 March, 9 April; 80, 52 and 21 nights of 0.90
    "SD2026-0176": (80, 383_490),
    # one of 4,700.00 + 126.90 due on 3 April; 27 nights of 3.525, 95.175 in all, rounded half up
    "SD2026-0058": (27, 492_208),
    # the same, due on 18 April; 12 nights, 42.30
    "SD2026-0017": (12, 486_920),
    # one of 3,900.00 + 105.30 due on 22 April; 8 nights of 2.925
    "SD2026-0133": (8, 402_870),
}
"""Loan → days past due and what may be asked: none passes the cap of 24 % a year."""


@pytest.fixture(scope="module")
def journey(tmp_path_factory) -> Path:
    """A folder with the lender's files, the answered mapping and the book it was loaded into."""
    folder = tmp_path_factory.mktemp("ledger")
    _files_of_the_guide(folder / "files")
    asked = CliRunner().invoke(app, ["map", str(folder / "files"), "--out", str(folder / "my.yaml"), "--ask", "--lang", "en"],
                               input="\n".join([*ANSWERS, ""]))
    assert asked.exit_code == 0, asked.output
    assert "no question is open" in asked.output
    text = (folder / "my.yaml").read_text(encoding="utf-8")
    assert "files: [还款.csv]" in text
    (folder / "my.yaml").write_text(text.replace("files: [还款.csv]", 'files: ["还款*.csv"]'), encoding="utf-8")
    tried = _ingest(folder, folder / "files", "--dry-run")
    assert tried.status == 0 and "nothing was written" in tried.out
    assert not (folder / "book.key").exists(), "trying writes nothing"
    loaded = _ingest(folder, folder / "files")
    assert loaded.status == 0, loaded.error
    _assert_quoted(loaded.out.replace(str(folder / "book"), "book"))
    return folder


def test_the_page_of_quarantine_is_told_what_the_command_line_lists(journey):
    from arrears.cli import quarantine_shown

    listed = [json.loads(line) for line in arrears("quarantine", "--book", journey / "book", "--json").out.splitlines()]
    told = quarantine_shown.waiting(journey / "book")
    assert len(told["faults"]) == told["total"] == len(listed) > 0 and {one["rule"] for one in told["rules"]} == {one["rule"] for one in listed}
    assert all(one["en"] and one["zh"] and one["file"] for one in told["faults"]) and [one["id"] for one in told["loads"]] == [1] and told["loads"][0]["rows"] > 0
    rule = listed[0]["rule"]
    assert all(one["rule"] == rule for one in quarantine_shown.waiting(journey / "book", rule=rule)["faults"])
    content, records = quarantine_shown.file_of(journey / "book", ".xlsx")
    assert content.startswith(b"PK") and records > 0


@pytest.fixture(scope="module")
def corrected(journey) -> Path:
    """The same after the guide's corrections: the workbook taken back, and the line that had no cells loaded by itself."""
    book, workbook = journey / "book", journey / "to_correct.xlsx"
    told = arrears("quarantine", "--book", book, "--export", workbook, "--lang", "en")
    _assert_quoted(told.out.replace(f"{journey}/", ""))
    _correct(workbook, {"P012004": ("还款金额", "3081.00"), "P003004": ("还款日期", "2026-04-03"), "P004404": ("还款金额", "3183.70")})
    back = arrears("quarantine", "--book", book, "--take-back", workbook, "--lang", "en")
    assert back.status == 0, back.error
    _assert_quoted("\n".join(back.out.splitlines()[:4]))
    lines = (journey / "files/还款.csv").read_bytes().splitlines()
    (journey / "还款_补.csv").write_bytes(lines[0] + b"\n" + lines[212].rpartition(b",")[0] + b"\n")
    mended = _ingest(journey, journey / "还款_补.csv")
    assert mended.status == 0 and "payments: new 1" in mended.out, mended.error
    return journey


def test_the_draft_names_what_it_left_out_and_nothing_personal(journey):
    text = (journey / "my.yaml").read_text(encoding="utf-8")
    assert "hashed: [身份证号]" in text and "left_out: [住址, 姓名, 手机号]" in text
    assert "keep: {column: 借据号, is_not: [合计]}" in text
    assert not re.search(r"990000\d|120000|虚构路", text)


def test_the_same_files_again_change_nothing(journey):
    before = (journey / "book/loads/ledger.json").read_bytes()
    assert "nothing was changed" in _ingest(journey, journey / "files").out
    assert (journey / "book/loads/ledger.json").read_bytes() == before


def test_every_bad_line_is_named_with_what_to_do_and_all_of_them_are_in_the_guide(journey):
    listed = arrears("quarantine", "--book", journey / "book", "--load", "1", "--lang", "en").out
    for line, rule in ((90, "no_such_day"), (132, "not_a_number"), (213, "fields"), (358, "decimals"), (595, "orphan")):
        (said,) = [one for one in listed.splitlines() if f"还款.csv, line {line}: " in one]
        assert said.endswith(f"[{rule}]")
        assert said.partition(" · ")[2].removesuffix(f" [{rule}]") in GUIDE


def test_nothing_personal_is_written_anywhere(corrected):
    for path in (corrected / "book").rglob("*"):
        if path.suffix == ".parquet":
            cells = " ".join(map(str, pl.read_parquet(path).rows()))
        elif path.is_file():
            cells = path.read_text(encoding="utf-8")
        else:
            continue
        assert not re.search(r"990000[12]\d{6}|120000\d{5}|虚构路|[赵钱孙李周吴郑王冯陈][伟芳娜敏静强磊洋艳勇]", cells), path


def test_after_the_corrections_two_records_wait_and_the_sums_are_the_lenders(corrected):
    told = json.loads(arrears("book", corrected / "book", "--json").out)
    assert told["quarantine"]["rules"].keys() == {"fields", "orphan"} and told["quarantine"]["records"] == 2
    sheet = openpyxl.load_workbook(corrected / "files/台账.xlsx").active
    (said,) = [row[8] for row in sheet.iter_rows(values_only=True) if row[1] == "合计"]
    assert told["tables"]["loans"]["sums"]["principal_minor"] == {"CNY": 100 * said}
    assert told["tables"]["instalments"]["sums"]["principal_minor"] == {"CNY": 100 * said}
    assert told["tables"]["loans"]["rows"] == 200 and told["tables"]["payments"]["rows"] == 592
    lines = arrears("book", corrected / "book", "--lang", "en").out.splitlines()
    _assert_quoted("\n".join(lines[:10]))


def test_before_the_corrections_four_who_had_paid_would_be_on_the_worklist(journey, tmp_path):
    assert _ingest(tmp_path, journey / "files", mapping=journey / "my.yaml").status == 0
    wrongly = {"SD2026-0030", "SD2026-0044", "SD2026-0072", "SD2026-0120"}
    assert {row["loan_id"] for row in _worklist(tmp_path)} == BY_HAND.keys() | wrongly


def test_the_worklist_has_the_people_and_the_amounts_worked_out_by_hand(corrected):
    rows = _worklist(corrected)
    assert {row["loan_id"]: (row["days_past_due"], row["claimable_minor"]) for row in rows} == BY_HAND
    for row in rows:
        shown = (row["rank"], row["loan_id"], row["days_past_due"], row["claimable_minor"], row["treatment"])
        assert "| " + " | ".join(map(str, shown)) + " |" in GUIDE
        assert re.fullmatch("[0-9a-f]{32}", row["borrower_id"]), "a pseudonym, no number"


def test_what_went_wrong_is_refused_in_the_words_of_the_guide(corrected):
    header, row = "流水号,借据号,还款日期,还款金额,渠道,备注\n", "P017602,SD2025-0176,2026-05-06,2000.00,柜面,\n"
    orphan, renamed, other = corrected / "还款_0508.csv", corrected / "还款_0509.csv", corrected / "receipts.csv"
    orphan.write_text(header + row, encoding="utf-8")
    renamed.write_text(header.replace("还款金额", "实还金额") + row, encoding="utf-8")
    other.write_text(header + row, encoding="utf-8")
    for path, sentence in (
        (orphan, "1 of 1 records (100.0 %) would go to quarantine, more than the 1 % allowed; nothing was loaded"),
        (renamed, "还款_0509.csv lacks a column that the mapping's source 还款 takes: '还款金额' (did you mean 实还金额?)"),
        (other, "takes it; say which one does in `files`, or do not give it"),
    ):
        ran = _ingest(corrected, path)
        assert ran.status == 2 and sentence in ran.error
        assert sentence.replace("`", "") in GUIDE
    control = corrected / "control.yaml"
    (said,) = re.findall(r"^    control: .+$", GUIDE, re.MULTILINE)
    control.write_text(f"{(corrected / 'my.yaml').read_text(encoding='utf-8').rstrip()}\n{said}\n", encoding="utf-8")
    ran = _ingest(corrected, corrected / "files", mapping=control)
    assert ran.status == 2
    _assert_quoted(ran.error.splitlines()[0])


def _files_of_the_guide(folder: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_files", TOP / "examples/messy_ledger/make_files.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    folder.mkdir()
    made.write_ledger(folder / "台账.xlsx")
    made.write_payments(folder / "还款.csv")


def _ingest(folder: Path, source: Path, *words: str, mapping: Path | None = None) -> Ran:
    return arrears("ingest", source, "--mapping", mapping or folder / "my.yaml", "--book", folder / "book", "--lang", "en", *words)


def _worklist(folder: Path) -> list[dict]:
    ran = arrears("night", "--book", folder / "book", "--as-of", AS_OF, "--again", "--lang", "en")
    assert ran.status == 0, ran.error
    return pl.read_parquet(folder / f"book/nights/{AS_OF}/worklist.parquet").to_dicts()


def _correct(path: Path, corrections: dict[str, tuple[str, str]]) -> None:
    """What a person does in Excel: finds the line by its number and writes another value into one cell."""
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["还款"]
    header = [cell.value for cell in sheet[1]]
    for row in sheet.iter_rows(min_row=2):
        named = row[header.index("流水号")].value
        if named in corrections:
            column, value = corrections.pop(named)
            row[header.index(column)].value = value
    assert not corrections
    workbook.save(path)


def _assert_quoted(told: str) -> None:
    """Every line that was told stands in the guide, but for folders."""
    for line in told.splitlines():
        plain = re.sub(r"made at \S+?book\.key", "made at book.key", line)
        assert plain.strip() in GUIDE, plain
