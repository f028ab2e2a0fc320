"""Columns that go to the vault: to whom they belong, what of them is handed over, and what is refused."""

import csv
import json
import signal

import polars as pl
import pytest

from arrears.ingest.mapping import parse_mapping
from arrears.ingest.pseudonyms import opened
from arrears.ingest.vaulted import KINDS, OTHERS
from arrears.refusal import Refused
from ingest.test_load_killed import launched
from ingest.vaulted_files import COLUMNS, PEOPLE, VAULT_MAPPING, VaultLender, people_row
from plain_books import arrears

ALL = ("13800000001", "13900000001", "某省某市一号", "李四", "13700000001", "王五", "110101199003072316", "a@example.com", "6222021001116245702")


@pytest.fixture
def lender(tmp_path) -> VaultLender:
    return VaultLender(tmp_path)


def pseudonym(lender: VaultLender, number: int) -> str:
    return opened(lender.book)[0].of(pl.Series([f"1101011990{number:07d}X"])).item()


def test_each_record_hands_over_its_people_under_the_pseudonym_the_book_has(lender):
    lender.write_people([people_row(1, *ALL), people_row(2, "", "", "某街二号")])
    ran = lender.ingest()
    assert ran.status == 0, ran.error
    one, two = pseudonym(lender, 1), pseudonym(lender, 2)
    assert lender.loaded(1, "loans").sort("loan_id")["borrower_id"].to_list() == [one, two]
    assert sorted(lender.people(), key=lambda row: (row["borrower_id"] != one, row["relation"])) == [
        {"borrower_id": one, "relation": "debtor", "ordinal": 0, "name": "张三1", "id_number": "11010119900000001X", "phone": ["13800000001", "13900000001"],
         "address": "某省某市一号", "email": "a@example.com", "account": "6222021001116245702"},
        {"borrower_id": one, "relation": "guarantor", "ordinal": 2, "name": "王五", "id_number": "110101199003072316"},
        {"borrower_id": one, "relation": "reserved_contact", "ordinal": 1, "name": "李四", "phone": ["13700000001"]},
        {"borrower_id": two, "relation": "debtor", "ordinal": 0, "name": "张三2", "id_number": "11010119900000002X", "address": "某街二号"},
    ]
    load = json.loads((lender.book / "loads" / "ledger.json").read_text())["loads"][0]
    assert load["people"] == {"debtor": 2, "guarantor": 1, "reserved_contact": 1} and "people-0000.sealed" in load["kept"]
    assert load["vaulted"] == sorted([*PEOPLE, "姓名", "身份证号"]) and load["left_out"] == []
    assert "sealed in 4 rows; the vault alone opens them" in ran.out


def test_cells_are_cleaned_as_cells_are_and_what_is_no_text_is_counted_and_kept_back(lender):
    lender.write_people([people_row(1, " １３８００００００２２\u3000", "'13900000002", "-", "无"), people_row(2, "1.38E+10", "null", "路一\n号", "NULL")])
    ran = lender.ingest(words=("--threshold", "100%"))
    assert ran.status == 0, ran.error
    rows = {row["borrower_id"]: row for row in lender.people()}
    assert len(rows) == 2 and {row["relation"] for row in rows.values()} == {"debtor"}
    assert rows[pseudonym(lender, 1)] == {"borrower_id": pseudonym(lender, 1), "relation": "debtor", "ordinal": 0, "name": "张三1",
                                          "id_number": "11010119900000001X", "phone": ["13800000022", "13900000002"]}
    assert not {"phone", "address"} & rows[pseudonym(lender, 2)].keys()
    assert "手机号: cells that are no text did not go there: scientific 1" in ran.out and "住址: cells that are no text did not go there: control 1" in ran.out
    assert "1.38E" not in ran.out + ran.error


def test_without_the_public_key_nothing_is_read_and_the_refusal_says_how_to_get_it(lender):
    lender.write_people([people_row(1, *ALL)])
    (lender.book / "vault.pub").unlink()
    for words in ((), ("--dry-run",)):
        ran = lender.ingest(words=words)
        assert ran.status == 2 and f"run arrears vault public-key --out {lender.book}/vault.pub" in ran.error, ran.error
        assert not (lender.book / "loads").exists()
    zh = arrears("ingest", lender.files, "--mapping", lender.mapping, "--book", lender.book, "--lang", "zh")
    assert "未读取任何内容" in zh.error and "手机号" in zh.error
    (lender.book / "vault.pub").write_text("arrears-people-1:AAAA\n")
    assert "no public key of a vault stands in it" in lender.ingest().error


def test_a_try_hands_over_nothing(lender):
    lender.write_people([people_row(1, *ALL)])
    ran = lender.ingest(words=("--dry-run",))
    assert ran.status == 0 and "would go to the vault alone, sealed" in ran.out, ran.error
    assert not list(lender.book.rglob("*.sealed"))


def test_records_that_wait_hand_over_nothing_until_they_come_back_and_then_what_was_typed(lender):
    # 2 is at fault by itself, 3 only beside its schedule
    lender.write_people([people_row(1, *ALL), people_row(2, *ALL, 金额="10,000.0O"), people_row(3, *ALL, 金额="9,999.00"), people_row(4, *ALL)])
    lender.ingest(words=("--threshold", "100%"))
    assert {row["borrower_id"] for row in lender.people()} == {pseudonym(lender, 1), pseudonym(lender, 4)}
    sheet = lender.book.parent / "waits.csv"
    assert arrears("quarantine", "--book", lender.book, "--export", sheet).status == 0
    text = sheet.read_text(encoding="utf-8-sig")
    assert "手机号" in text and not any(cell in text for cell in (*ALL, "张三"))
    table = list(csv.DictReader(text.splitlines()))
    for line in table:
        if line["借据号"] in ("L2", "L3") and not line["期数"]:
            line |= {"金额": "10000.00", "手机号": "13600000009" if line["借据号"] == "L2" else ""}
    with sheet.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    ran = arrears("quarantine", "--book", lender.book, "--take-back", sheet, "--lang", "en")
    assert ran.status == 0 and "loans: new 2" in ran.out, ran.error + ran.out
    came = [row for row in lender.people() if row["borrower_id"] in (pseudonym(lender, 2), pseudonym(lender, 3))]
    assert came == [{"borrower_id": pseudonym(lender, 2), "relation": "debtor", "ordinal": 0, "phone": ["13600000009"]}]


def test_a_load_taken_back_hands_over_nothing_and_a_file_that_changed_is_refused(lender):
    lender.write_people([people_row(number, *ALL) for number in range(1, 5)])
    assert lender.ingest().status == 0 and len(lender.people()) == 12
    [path] = lender.people_files()
    assert arrears("take-back", 1, "--book", lender.book).status == 0 and lender.people_files() == [] and path.is_file()
    assert lender.ingest().status == 0 and len(lender.people()) == 12 and lender.people_files() != [path]
    [path] = lender.people_files()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Refused, match="is not as it was loaded"):
        lender.people_files()
    path.unlink()
    with pytest.raises(Refused, match="is gone"):
        lender.people_files()


def test_a_source_that_cannot_say_whose_they_are_leaves_them_out_and_says_so(lender):
    lender.write_people([people_row(1, *ALL)])
    payments = lender.files / "payments.csv"
    payments.write_text("流水号,借据号,日期,金额,冲销,姓名\nP1,L1,2026-02-12,10.00,,张三1\n", encoding="utf-8")
    ran = lender.ingest(words=("--threshold", "100%"))
    assert ran.status == 0 and "personal: 姓名 left out" in ran.out, ran.out
    assert [row["relation"] for row in lender.people()].count("debtor") == 1


def test_a_vaulted_column_that_no_file_has_is_named(lender):
    lender.write_people([people_row(1, *ALL)[:-1]], COLUMNS[:-1])
    ran = lender.ingest(words=("--threshold", "100%"))
    assert "no file has the columns 还款卡, which should go to the vault" in ran.out, ran.out + ran.error


@pytest.mark.parametrize(("old", "new", "said"), [
    ("手机号: phone", "手机号: fax", "column 手机号: there is no kind 'fax'"),
    ("手机号: phone", "手机号: {is: phone}", "say of whom it is"),
    ("手机号: phone", "手机号: {guarantor: 0, is: phone}", "'guarantor' must be a whole number from 1 to 99"),
    ("手机号: phone", "手机号: {guarantor: 1, co_debtor: 1, is: phone}", "say of whom it is"),
    ("手机号: phone", "手机号: {guarantor: 1}", "the key 'is' is missing"),
    ("备用电话: phone", "备用电话: name", "姓名 holds the name of the same person already"),
    ("  hashed: [身份证号]", "  hashed: [身份证号]\n  left_out: [手机号]", "手机号 stands under personal.vaulted and under personal.left_out"),
    ("  hashed: [身份证号]", "  hashed: [身份证号]\n  not_personal: [手机号]", "手机号 stands under personal.vaulted and under personal.not_personal"),
    ("product: {constant: quick}", "product: 住址", "column product: the source column '住址' stands under personal.vaulted"),
    ("  hashed: [身份证号]", "  hashed: []", "column borrower_id: the source column '身份证号' stands under personal.vaulted"),
    ('files: ["loans*.csv"]', 'files: ["loans*.csv"]\n    keep: {column: 联系人, is_not: [合计]}', "column keep: the source column '联系人' stands under personal.vaulted"),
    ("      instalments:\n", "      events: {event_id: 借据号, borrower_id: 借据号, kind: {constant: failed_debit}, happened_at: 到期日}\n"
     "      borrowers: {borrower_id: 期数, kind: {constant: person}}\n      instalments:\n", "table events, column borrower_id: it is taken otherwise than in borrowers"),
])
def test_a_mapping_that_cannot_be_meant_so_is_refused_with_a_sentence(old, new, said):
    assert VAULT_MAPPING.count(old) == 1
    with pytest.raises(Refused) as refused:
        parse_mapping(VAULT_MAPPING.replace(old, new), "m.yaml")
    assert said in refused.value.en and refused.value.zh.startswith("m.yaml"), refused.value.en


def test_a_mapping_in_which_nobody_is_named_is_refused():
    text = VAULT_MAPPING[: VAULT_MAPPING.index("  - source: loans")] + VAULT_MAPPING[VAULT_MAPPING.index("  - source: payments"):]
    with pytest.raises(Refused, match="no source gives a borrower_id"):
        parse_mapping(text, "m.yaml")
    with pytest.raises(Refused, match="must say of each column what it holds"):
        parse_mapping("mapping: m\npersonal: {vaulted: [手机号]}\nsources: []", "m.yaml")


def test_kinds_and_relations_are_those_of_a_handover():
    from arrears.vault.handover import _TEXTS, RELATIONS

    assert set(KINDS) == {"phone", *_TEXTS} and {"debtor", *OTHERS} == set(RELATIONS)


def test_a_load_killed_at_any_step_leaves_no_people_or_all_of_them_and_nothing_that_can_be_read(lender):
    lender.write_people([people_row(number, *ALL) for number in range(1, 5)])
    words = ("ingest", lender.files, "--mapping", lender.mapping, "--book", lender.book)
    process = launched(lender, words=words)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    steps, seen, kills = int(error.split()[-1]), set(), 0
    assert arrears("take-back", 1, "--book", lender.book).status == 0
    for fatal in range(1, steps + 1, max(1, steps // 8)):
        process = launched(lender, fatal, words)
        process.communicate(timeout=120)
        assert process.returncode in (0, -signal.SIGKILL), fatal  # a book that was loaded once takes some steps fewer
        kills += process.returncode != 0
        left = b"".join(path.read_bytes() for path in lender.book.rglob("*") if path.is_file())
        assert not any(cell.encode() in left for cell in ALL), fatal
        assert len(lender.people()) in (0, 12), fatal
        seen.add(len(lender.people()))
        if lender.people():
            number = json.loads((lender.book / "loads" / "ledger.json").read_text())["loads"][-1]["id"]
            assert arrears("take-back", number, "--book", lender.book).status == 0
    assert kills > 5 and 0 in seen and lender.ingest().status == 0 and len(lender.people()) == 12
