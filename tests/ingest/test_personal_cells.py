"""Personal cells: refused where a column holds them, starred where single ones slipped into a column, never read starred."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.ingest.card_numbers import holds_card
from arrears.ingest.mapping import parse_mapping
from arrears.ingest.personal import concealed
from arrears.refusal import Refused
from ingest.lender_files import HEADERS, MAPPING, Lender, loan_row, payment_row
from plain_books import arrears

CARD, MOBILE = "110101199003072316", "13812345678"
BANK_CARD = "6222021001116245702"
"""Its digits, every second from the right doubled, add up to 50."""


def all_texts(lender: Lender) -> str:
    frames = [str(pl.read_parquet(path).to_dicts()) for path in lender.book.rglob("*.parquet")]
    return "".join(frames) + "".join(path.read_text(errors="replace") for path in lender.book.rglob("*.json"))


@pytest.mark.parametrize(("old", "new", "place"), [
    ('files: ["payments*.csv"]', 'files: ["payments*.csv"]\n    keep: {column: 姓名, is: [测试]}', "column keep"),
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


def test_a_row_of_sums_is_left_out_by_its_word_in_a_column_of_names_and_no_name_is_kept(lender):
    text = MAPPING.replace("hashed: [", "hashed: [姓名, ").replace(", left_out: [姓名]", "")
    lender.mapping.write_text(text.replace('files: ["loans*.csv"]', 'files: ["loans*.csv"]\n    keep: {column: 姓名, is_not: [合计]}'), encoding="utf-8")
    sums = ["", "合计", "", "30,000.00", "", "", ""]
    lender.write("loans", [loan_row(1), loan_row(2, 金额="10,000.0O"), loan_row(3), sums])
    ran = lender.ingest(words=("--threshold", "100%"))
    assert ran.status == 0 and "loans.csv: 4 records, 1 left out by `keep`" in ran.out, ran.error + ran.out
    assert set(lender.loaded(1, "loans")["loan_id"]) == {"L1", "L3"} and "张三" not in all_texts(lender)
    sheet = lender.book.parent / "waits.csv"
    assert arrears("quarantine", "--book", lender.book, "--export", sheet).status == 0
    assert "张三" not in sheet.read_text(encoding="utf-8-sig")
    sheet.write_text(sheet.read_text(encoding="utf-8-sig").replace("10,000.0O", "10,000.00"), encoding="utf-8-sig")
    assert arrears("quarantine", "--book", lender.book, "--take-back", sheet).status == 0
    assert lender.loaded(2, "loans")["loan_id"].to_list() == ["L2"]


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
    (BANK_CARD, "622**************02", BANK_CARD),
    ("卡号 6222 0210 0111 6245 702", "卡号 622******************02", "卡号 6222 0210 0111 6245 702"),
    ("20260110101112134", "20260110101112134", "20260110101112134"),
    ("6222021001116245703", "6222021001116245703", "6222021001116245703"),
    ("0.13812345678", "0.13812345678", "0.13812345678"),
    ("2026-01-10 12:00:00", "2026-01-10 12:00:00", "2026-01-10 12:00:00"),
    (None, None, None),
])
def test_numbers_that_name_a_person_are_starred(text, shown, as_id):
    texts = pl.Series([text, "1"], dtype=pl.String)
    assert concealed(texts, ids=False).to_list() == [shown, "1"]
    assert concealed(texts, ids=True).to_list() == [as_id, "1"]


def with_notes(lender: Lender, product: str, notes: list[str], personal: str = "") -> None:
    """Loans whose product is a column of the file, with these texts in it."""
    text = MAPPING.replace("product: {constant: quick}", f"product: {product}").replace("left_out: [姓名]", f"left_out: [姓名]{personal}")
    lender.mapping.write_text(text, encoding="utf-8")
    rows = [",".join([*HEADERS["loans"], "备注"]), *(",".join([*(cell.replace(",", "") for cell in loan_row(number)), note]) for number, note in enumerate(notes, 1))]
    (lender.files / "loans.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


@pytest.mark.parametrize(("note", "starred"), [
    (CARD, "110*************16"), (f"客户{CARD}转贷", "客户110*************16转贷"), ("１１０１０１ 19900307 2316", "110***************16"),
    (MOBILE, "138******78"), ("+86 138-1234-5678", "+86 ***********78"), (f"电话：{MOBILE}", "电话：138******78"),
])
def test_one_number_that_names_a_person_in_a_text_keeps_its_record_out_of_the_book(lender, note, starred):
    with_notes(lender, "备注", ["快贷", note, "快贷"])
    ran = lender.ingest(words=("--threshold", "100%"))
    assert ran.status == 0, ran.error
    own = next(fault for fault in lender.faults().to_dicts() if fault["rule"] == "personal_cell")
    assert own["column"] == "备注" and own["line"] == 3 and own["value"] == starred and "not_personal" in own["en"] and "not_personal" in own["zh"]
    assert set(lender.loaded(1, "loans")["loan_id"]) == {"L1", "L3"}
    assert CARD not in all_texts(lender) and MOBILE not in all_texts(lender) and note not in all_texts(lender)


@pytest.mark.parametrize("note", ["110101199003072317", f"CP{MOBILE}", "12345678901", "2026-01-10 12:00", "13812345678901"])
def test_a_number_that_proves_nothing_stays_in_a_text(lender, note):
    with_notes(lender, "备注", ["快贷", note, "快贷"])
    assert lender.ingest().status == 0 and sorted(lender.loaded(1, "loans")["product"]) == sorted(["快贷", note, "快贷"])


def test_a_column_that_the_mapping_says_is_not_personal_is_taken_as_it_is(lender):
    with_notes(lender, "备注", ["快贷", MOBILE, CARD], ", not_personal: [备注]")
    assert lender.ingest().status == 0 and set(lender.loaded(1, "loans")["product"]) == {"快贷", MOBILE, CARD}


def test_an_identity_card_number_is_no_id_but_a_receipt_number_may_look_like_a_mobile_number(lender):
    names = [f"P{number}" for number in range(250)]
    lender.write("payments", [payment_row(name, 1, amount="1.00") for name in [*names, MOBILE, CARD]])
    assert lender.ingest().status == 0
    assert sorted(lender.loaded(1)["payment_id"].to_list()) == sorted([*names, MOBILE])
    assert lender.faults()["rule"].to_list() == ["personal_cell"] and CARD not in all_texts(lender)


def test_ids_of_branch_day_and_count_are_no_cards_though_one_in_eleven_checks(lender):
    names = [f"1101082017{1 + number % 12:02d}{1 + number % 28:02d}{7 * number:04d}" for number in range(300)]
    assert 10 < sum(map(checked, names)) < 60
    lender.write("payments", [payment_row(name, 1, amount="1.00") for name in [*names, f"张三{CARD}"]])
    assert lender.ingest().status == 0
    assert sorted(lender.loaded(1)["payment_id"].to_list()) == sorted(names)
    assert lender.faults()["rule"].to_list() == ["personal_cell"] and CARD not in all_texts(lender)


def test_ids_that_mostly_check_are_cards(lender):
    cards = [card for number in range(1000) if checked(card := f"1101081987{1 + number % 12:02d}{1 + number % 28:02d}{7 * number:04d}")]
    assert len(cards) > 50
    names = [*cards[:40], *(f"P{number}" for number in range(60))]
    lender.write("payments", [payment_row(name, 1, amount="1.00") for name in names])
    assert lender.ingest(words=("--threshold", "100%")).status == 0
    assert lender.faults()["rule"].to_list() == ["personal_cell"] * 40 and len(lender.loaded(1)) == 60


def test_a_key_is_made_of_no_identity_card_number(lender):
    lender.mapping.write_text(MAPPING.replace("payment_id: 流水号", "payment_id: {key_of: [流水号, 金额]}"), encoding="utf-8")
    lender.write("payments", [*(payment_row(f"P{number}", 1, amount="1.00") for number in range(5)), payment_row(CARD, 2)])
    assert lender.ingest(words=("--threshold", "100%")).status == 0
    assert lender.faults()["rule"].to_list() == ["personal_cell"] and len(lender.loaded(1)) == 5


def test_a_bank_card_number_in_a_slipped_cell_is_starred(lender):
    lender.write("payments", [payment_row("P1", 1), payment_row("P2", 2, day=BANK_CARD), payment_row("P3", 3)])
    assert lender.ingest(words=("--threshold", "100%")).status == 0
    assert BANK_CARD not in all_texts(lender) and "622**************02" in all_texts(lender)


def checked(text: str) -> bool:
    """GB 11643-1999 in words of its own: the remainder of the sum of a(i) * 2^(i-1) names the check letter."""
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17].upper()


@given(st.sampled_from(["11", "44", "65", "82", "91", "20", "00"]), st.dates().map(lambda day: day.strftime("%Y%m%d").zfill(8)),
       st.sampled_from(["0101", "9999"]), st.integers(0, 999), st.sampled_from("0123456789Xx"), st.sampled_from(["", "a", "1", "中", " "]))
def test_a_card_is_found_if_and_only_if_place_day_and_check_letter_are_sound(place, day, rest, number, letter, beside):
    card = f"{place}{rest}{day}{number:03d}{letter}"
    is_sound = place not in ("20", "00") and "1900" <= day[:4] <= "2019" and checked(card)
    stands_alone = is_sound and (beside != "1" or letter in "Xx")
    assert holds_card(pl.Series([card, beside + card, card + beside, None])).to_list() == [is_sound, is_sound and beside != "1", stands_alone, False]
