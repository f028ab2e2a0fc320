"""Mappings with random edits are refused in a sentence or can be used; corrected files with random edits likewise.

ARREARS_LONG=1 draws many more. Hypothesis prints the example that fails.
"""

import os
import re
import shutil
from datetime import date, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import openpyxl
import polars as pl
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arrears.ingest.expressions import kept, rows_of
from arrears.ingest.mapping import parse_mapping
from arrears.ingest.pseudonyms import Pseudonyms
from arrears.refusal import Refused
from ingest.broken_bytes import damaged
from ingest.lender_files import MAPPING, Lender, payment_row
from plain_books import arrears, files_of

LONG = os.environ.get("ARREARS_LONG") == "1"
DOCUMENTED = (Path(__file__).parents[2] / "docs/reference/mapping.md").read_text(encoding="utf-8")
REPEATED = """
mapping: repeated
dates: [YYYY-MM-DD, excel, D/M/YY]
sources:
- source: plans
  decimal: ","
  keep: {column: 状态, is_not: [作废]}
  control: {records: 3, sums: {本金: "1.5"}}
  tables:
    loans: {loan_id: {key_of: [a, b]}, borrower_id: {join: [a, b], with: /}, product: {first_of: [a, b]}, currency: c, principal_minor: {difference_of: [本金, d], unit: ten_thousand, round: half_up},
            annual_rate_ppm: {column: r, unit: percent_a_day}, penalty_rate_ppm: {constant: 0.5, unit: fraction}, day_count: y, grace_days: {column: g, default: 3},
            waterfall_scope: {constant: component}, waterfall_order: {column: w, values: {x: "fee,penalty,interest,principal"}, otherwise: "principal,interest,fee,penalty"},
            penalty_on_interest: f, disbursed_on: {column: t, plus_days: 3, plus_months: -1}, regime: {column: m, part: [1, 4], zero_fill: 2}}
    instalments: {repeat: {times: n}, loan_id: {key_of: [a, b]}, number: {number: true}, due_on: {column: t, every: month}, principal_minor: {column: 本金, share: equal}, interest_minor: {sum_of: [i, d]}, fee_minor: {constant: 0}}
"""
SOUND = [MAPPING, REPEATED, *re.findall(r"```yaml\n(mapping:.*?)```", DOCUMENTED, re.DOTALL)]
TEXTS = [
    "", "?", "no", "true", "0", "1", "-1", "1200", "99999999999999999999", "1.5", "1e5", "nan", "null", "~", "金额", "借据号", "loans", "payments", "borrowers", "as_is", "column", "constant", "first_of",
    "join", "sum_of", "difference_of", "key_of", "number", "part", "zero_fill", "width", "values", "otherwise", "default", "unit", "major", "ppm", "percent_a_day", "round", "half_up",
    "negative", "flip", "format", "excel", "YYYY-MM-DD", "MMM D YY", "D/M/YYYY", "YYYY", "plus_days", "plus_months", "repeat", "times", "share", "equal", "every", "month", "keep", "is", "is_not",
    "control", "records", "sums", "query", "sheet", "header", "encoding", "gb18030", "utf-16", "delimiter", "tab", ",", "decimal", "personal", "hashed", "left_out", "not_personal", "timezone",
    "Asia/Shanghai", "../../etc/passwd", "UTC", "currency", "CNY", "JPY", "KWD", "XXX", "dates", "empty", "mapping", "sources", "source", "files", "*", "[", "{", "}", "]", ":", "- ", "#", "&a", "*a", "!!python/object",
    "!!int", "|", ">", "%", "@", "`", '"', "'", "\t", "\u0085", "\ufeff", "\0", "<<", "{}", "[]", "[[[[", "长" * 300, "姓名", "2026-02-30", "1" * 400, "a: b: c", "---", "...",
]
CELLS = ["", "1", "12.50", "x", "2026-02-12", "CNY", "JPY", "是", "无", "360", "-5", "1e9", "9" * 30, "2026-02-12 10:00", "46065", "\0", "长" * 2_000]
SETTINGS = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}


def edited_text(text: str, dice: Random) -> str:
    """The text after a few slips of the hand: in words, lines, indents and signs."""
    for _ in range(dice.choice((1, 1, 2, 5))):
        words = list(re.finditer(r"[\w.*-]+", text))
        lines = text.split("\n")
        place = dice.randrange(len(text) + 1)
        line = dice.randrange(len(lines))
        match dice.randrange(7):
            case 0 if words:
                word = dice.choice(words)
                text = text[: word.start()] + dice.choice(TEXTS) + text[word.end() :]
            case 1:
                text = text[:place] + dice.choice(TEXTS) + text[place:]
            case 2:
                text = text[:place] + text[place + dice.choice((1, 1, 3, 40)) :]
            case 3:
                text = "\n".join(lines[:line] + lines[line + 1 :])
            case 4:
                text = "\n".join([*lines[:line], lines[line], *lines[line:]])
            case 5:
                lines[line] = dice.choice((" ", "  ", "    ", "\t")) + lines[line] if dice.random() < 0.5 else lines[line][dice.choice((1, 2, 4)) :]
                text = "\n".join(lines)
            case _:
                if len(words) > 1:
                    first, second = sorted(dice.sample(words, 2), key=lambda word: word.start())
                    text = text[: first.start()] + second.group() + text[first.end() : second.start()] + first.group() + text[second.end() :]
    return text


def edited_tree(text: str, dice: Random) -> str:
    """The document with some nodes replaced, renamed, removed or put elsewhere: well-formed YAML that says nonsense."""
    tree = yaml.load(text, Loader=yaml.BaseLoader)
    for _ in range(dice.choice((1, 1, 2, 4))):
        places = list(_places(tree))
        if not places:
            break
        home, key = dice.choice(places)
        other_home, other_key = dice.choice(places)
        match dice.randrange(5):
            case 0:
                home[key] = dice.choice([*TEXTS, [], {}, ["a", "b"], {"column": "a"}, {"constant": "1"}, [["x"]], {"": ""}, None])
            case 1:
                del home[key]
            case 2:
                home[key] = yaml.load(yaml.safe_dump(other_home[other_key]), Loader=yaml.BaseLoader)
            case 3 if isinstance(home, dict):
                home[dice.choice(TEXTS)] = home.pop(key)
            case _:
                if isinstance(home, dict):
                    home[dice.choice(TEXTS)] = dice.choice([*TEXTS, ["a"], {"a": "b"}])
                else:
                    home.append(dice.choice(TEXTS))
    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)


def _places(tree):
    entries = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)) if isinstance(tree, list) else []
    for key, value in entries:
        yield tree, key
        yield from _places(value)


@settings(max_examples=20_000 if LONG else 200, **SETTINGS)
@given(which=st.integers(0, len(SOUND) - 1), seed=st.integers(0, 2**40), in_text=st.booleans())
def test_an_edited_mapping_is_refused_in_a_sentence_or_reads_records(which, seed, in_text):
    dice = Random(seed)
    text = (edited_text if in_text else edited_tree)(SOUND[which], dice)
    try:
        mapping = parse_mapping(text, "my.yaml")
    except Refused as refused:
        assert "my.yaml" in refused.en and len(refused.en) > 20 and re.search("[一-鿿]", refused.zh), (refused.en, refused.zh)
        return
    for source in mapping.sources:
        cells = pl.DataFrame({name: [dice.choice(CELLS) or None for _ in range(4)] for name in source.taken()} or {" ": [None] * 4},
                             schema_overrides=dict.fromkeys(source.taken(), pl.String))
        assert len(kept(source, cells)) == 4
        for table in source.tables:
            typed = rows_of(table, source, mapping, cells, Pseudonyms(bytes(32)), today=date(2026, 11, 23))
            assert typed.faults["rule"].null_count() == 0
            sound = set(range(4)) - set(typed.faults["record"])
            assert sound <= set(typed.rows["record"]), "a record vanished without a fault"


def test_the_mappings_that_are_edited_are_sound():
    assert len(SOUND) >= 3
    for text in SOUND:
        assert parse_mapping(text, "my.yaml").sources


@pytest.fixture(scope="module")
def quarantined(tmp_path_factory) -> Path:
    """A book with good payments and 24 in quarantine, exported to a workbook and a CSV file."""
    lender = Lender(tmp_path_factory.mktemp("quarantined"))
    lender.write_loans(3)
    bad = [payment_row(f"Q{number}", number % 4 + 1, ("2026-02-30", "2026-02-12", "x")[number % 3], ("1,2", "5.00", "-3")[number % 3]) for number in range(24)]
    lender.write("payments", [payment_row("P1", 1), *bad])
    assert lender.ingest(words=("--threshold", "100%")).status == 0
    for kind in ("xlsx", "csv"):
        assert arrears("quarantine", "--book", lender.book, "--export", lender.book.parent / f"waiting.{kind}").status == 0
    return lender.book.parent


CORRECTIONS = [None, "", "5.00", "2026-02-12", 5, 5.5, -1, 1e300, date(2026, 2, 12), datetime(2026, 2, 12, 10), True, "L1", "L2", "P1", "=1+1", "#REF!", "x", "#" + "ab" * 16, "长" * 500, "1", 0, 1, 23, 10**17]


def edited_workbook(path: Path, dice: Random) -> None:
    book = openpyxl.load_workbook(path)
    for _ in range(dice.choice((1, 3, 10, 40))):
        sheet = dice.choice(book.worksheets)
        row, column = dice.randrange(1, sheet.max_row + 2), dice.randrange(1, sheet.max_column + 2)
        match dice.choice((0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5)):
            case 0:
                header = dice.random() < 0.05
                sheet.cell(1 if header else max(row, 2), column if header else dice.randrange(7, sheet.max_column + 1) if sheet.max_column > 6 else 1).value = dice.choice(CORRECTIONS)
            case 1:
                sheet.delete_rows(max(row, 2) if dice.random() < 0.9 else 1)
            case 2:
                sheet.append([cell.value for cell in sheet[row]])
            case 3 if dice.random() < 0.3:
                sheet.delete_cols(column)
            case 4 if dice.random() < 0.3:
                sheet.merge_cells(start_row=row, end_row=row + 1, start_column=column, end_column=column)
            case 5 if dice.random() < 0.3:
                book.copy_worksheet(sheet).title = dice.choice(("a", "副本", "x" * 31))
    book.save(path)


def edited_csv(path: Path, dice: Random) -> None:
    text = edited_text(path.read_text(encoding="utf-8-sig"), dice)
    path.write_bytes(text.encode(dice.choice(("utf-8", "utf-8-sig", "gb18030", "utf-16"))))


def damaged_bytes(path: Path, dice: Random) -> None:
    path.write_bytes(damaged(path.read_bytes(), dice))


@pytest.mark.parametrize(("kind", "edit"), [("xlsx", edited_workbook), ("csv", edited_csv), ("xlsx", damaged_bytes), ("csv", damaged_bytes)],
                         ids=["workbook", "csv", "workbook_bytes", "csv_bytes"])
@settings(max_examples=400 if LONG else 8, **SETTINGS)
@given(seed=st.integers(0, 2**40))
def test_corrected_rows_with_any_edit_come_back_or_are_refused(quarantined, kind, edit, seed):
    dice = Random(seed)
    with TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copytree(quarantined / "book", folder / "book")
        shutil.copy2(quarantined / "book.key", folder / "book.key")
        path = Path(shutil.copy2(quarantined / f"waiting.{kind}", folder))
        edit(path, dice)
        before = files_of(folder / "book")
        ran = arrears("quarantine", "--book", folder / "book", "--take-back", path, "--lang", "en")
        assert ran.status in (0, 2), ran
        rows = pl.concat([pl.read_parquet(one) for one in (folder / "book/loads").glob("000[2-9]/payments-*.parquet")] or [pl.DataFrame({"payment_id": []})])
        if ran.status == 2:
            said = ran.error.splitlines()
            en, zh = said[: len(said) // 2], said[len(said) // 2:]  # each a sentence, or a line for each thing in the way
            assert len(en) == len(zh) and len(en[0]) > 30 and all(re.search("[一-鿿]", line) for line in zh), ran.error
            assert files_of(folder / "book") == before
        assert rows["payment_id"].is_unique().all() and "P1" not in rows["payment_id"].to_list()
        if len(rows):
            assert rows["amount_minor"].is_between(1, 10**13).all() and rows["loan_id"].is_in(["L1", "L2", "L3"]).all()
        assert arrears("book", folder / "book").status == 0
        left = arrears("quarantine", "--book", folder / "book", "--json")
        assert left.status == 0
        again = arrears("quarantine", "--book", folder / "book", "--take-back", path, "--lang", "en")
        assert again.status == ran.status and (ran.status == 2 or "Load" not in again.out), again
