"""Personal cells: refused where a column holds them, starred where single ones slipped into a column, never read starred."""

import json

import polars as pl
import pytest

from arrears.ingest.mapping import parse_mapping
from arrears.ingest.personal import concealed
from arrears.refusal import Refused
from ingest.lender_files import MAPPING, Lender, payment_row
from plain_books import arrears

CARD, MOBILE = "110101199003072316", "13812345678"


@pytest.fixture
def lender(tmp_path) -> Lender:
    lender = Lender(tmp_path)
    lender.write_loans(3)
    return lender


def all_texts(lender: Lender) -> str:
    frames = [str(pl.read_parquet(path).to_dicts()) for path in lender.book.rglob("*.parquet")]
    return "".join(frames) + "".join(path.read_text(errors="replace") for path in lender.book.rglob("*.json"))


@pytest.mark.parametrize(("old", "new", "place"), [
    ('files: ["payments*.csv"]', 'files: ["payments*.csv"]\n    keep: {column: 姓名, is_not: [测试]}', "column keep"),
    ('files: ["payments*.csv"]', 'files: ["payments*.csv"]\n    control: {sums: {手机号: "1"}}', "control.sums"),
    ("paid_on: 日期", "paid_on: 联系电话", "column paid_on"),
    ("{column: 本金, unit: major}", "{column: 银行卡, unit: major}", "column principal_minor"),
    ("      instalments:\n", "      instalments:\n        repeat: {times: 手机号}\n", "repeat.times"),
])
def test_a_column_that_looks_personal_is_refused_whatever_it_feeds(old, new, place):
    text = MAPPING.replace("left_out: [姓名]", "left_out: []").replace(old, new)
    assert text.count(new) == 1
    with pytest.raises(Refused, match=f"{place}.*looks personal"):
        parse_mapping(text, "m.yaml")
    name = next(word for word in ("姓名", "手机号", "联系电话", "银行卡") if word in new)
    with pytest.raises(Refused, match=f"{place}.*a keyed hash is no number"):
        parse_mapping(text.replace("hashed: [", f"hashed: [{name}, "), "m.yaml")
    parse_mapping(text.replace("left_out: []", f"not_personal: [{name}]"), "m.yaml")


def test_mobile_numbers_are_refused_within_a_key_and_in_keep(lender):
    lender.write("payments", [payment_row(f"138123456{number}", 1, amount="abc" if number == 10 else "1.00") for number in range(10, 50)])
    for old, new in (("payment_id: 流水号", "payment_id: {key_of: [流水号, 金额]}"),
                     ('files: ["payments*.csv"]', 'files: ["payments*.csv"]\n    keep: {column: 流水号, is_not: [测试]}')):
        lender.mapping.write_text(MAPPING.replace(old, new), encoding="utf-8")
        ran = lender.ingest(words=("--threshold", "100%"))
        assert ran.status == 2 and "'流水号' holds mobile numbers" in ran.error, ran.error
        assert "138123456" not in all_texts(lender)


def test_cells_that_slipped_into_the_next_column_are_starred_also_in_a_refused_load(lender):
    lender.write("payments", [payment_row("P1", 1), payment_row("P2", 2, day=MOBILE, amount=CARD), payment_row("P3", 3)])
    for words in (("--threshold", "0%"), ("--threshold", "100%")):
        ran = lender.ingest(words=words)
        said = all_texts(lender)
        assert CARD not in said and MOBILE not in said and "110*************16" in said and "138******78" in said, ran.error


def test_a_receipt_number_that_looks_like_a_mobile_number_stays_and_comes_back(lender):
    lender.write("payments", [payment_row("P1", 1), payment_row("P3", 3), payment_row(MOBILE, 2, amount="abc")])
    assert lender.ingest(words=("--threshold", "100%")).status == 0
    record = next(lender.book.rglob("records.parquet"))
    assert json.loads(pl.read_parquet(record)["cells"][0])["流水号"] == MOBILE


def test_a_starred_number_that_comes_back_is_a_fault_and_no_text(lender):
    mapping = MAPPING.replace("payment_id: 流水号", "payment_id: {key_of: [流水号, 金额]}")
    lender.mapping.write_text(mapping, encoding="utf-8")
    lender.write("payments", [payment_row("P1", 1), payment_row(MOBILE, 2, amount="abc")])
    assert lender.ingest(words=("--threshold", "100%")).status == 0
    out = lender.book.parent / "waits.csv"
    assert arrears("quarantine", "--book", lender.book, "--export", out).status == 0
    text = out.read_text(encoding="utf-8-sig")
    assert MOBILE not in text and "138******78" in text
    out.write_text(text.replace(",abc,", ",5.00,"), encoding="utf-8-sig")
    arrears("quarantine", "--book", lender.book, "--take-back", out)
    assert lender.faults()["rule"].to_list() == ["starred"]


@pytest.mark.parametrize(("text", "shown", "as_id"), [
    (CARD, "110*************16", "110*************16"),
    ("张三 110101 19900307 2316", "张三 110***************16", "张三 110***************16"),
    ("110101199003072317", "110101199003072317", "110101199003072317"),
    ("１３８１２３４５６７８", "138******78", "１３８１２３４５６７８"),
    ("+8613812345678.0", "+861********78.0", "+8613812345678.0"),
    ("110101900307231", "110**********31", "110101900307231"),
    ("0.13812345678", "0.13812345678", "0.13812345678"),
    ("2026-01-10 12:00:00", "2026-01-10 12:00:00", "2026-01-10 12:00:00"),
    (None, None, None),
])
def test_numbers_that_name_a_person_are_starred(text, shown, as_id):
    texts = pl.Series([text, "1"], dtype=pl.String)
    assert concealed(texts, ids=False).to_list() == [shown, "1"]
    assert concealed(texts, ids=True).to_list() == [as_id, "1"]
