"""Columns that go to the vault: to whom they belong, what of them is handed over, and what is refused."""

import csv
import json
import signal
import sqlite3

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arrears import strict_yaml
from arrears.ingest.handed_over import WaitingPeople
from arrears.ingest.mapped import ColumnMap
from arrears.ingest.mapping import parse_mapping
from arrears.ingest.pseudonyms import opened
from arrears.ingest.reading import reader_of
from arrears.ingest.vaulted import KINDS, OTHERS, people_in
from arrears.refusal import Refused
from arrears.vault.handover import HandoverPublicKey, new_private_key, open_people
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


def test_a_query_whose_faulty_record_is_known_late_keeps_no_person_of_it(lender):
    lender.write_people([people_row(1, *ALL), people_row(2, *ALL, 金额="9,999.00")])
    with sqlite3.connect(lender.files.parent / "bank.db") as bank:
        bank.execute(f"CREATE TABLE loans ({', '.join(COLUMNS)})")
        rows = list(csv.reader((lender.files / "loans.csv").read_text(encoding="utf-8").splitlines()))[1:]
        bank.executemany(f"INSERT INTO loans VALUES ({', '.join('?' * len(COLUMNS))})", rows)
    lender.mapping.write_text(VAULT_MAPPING.replace('files: ["loans*.csv"]', "query: SELECT * FROM loans"), encoding="utf-8")
    ran = lender.ingest(f"sqlite:///{lender.files.parent / 'bank.db'}", lender.files / "instalments.csv", words=("--threshold", "100%"))
    assert ran.status == 0, ran.error
    assert [row["borrower_id"] for row in lender.people()] == [pseudonym(lender, 1)] * 3
    left = "".join(str(pl.read_parquet(path).to_dicts()) for path in lender.book.rglob("*.parquet"))
    assert "L2" in left and not any(cell in left for cell in (*ALL, "张三"))


def plainly(rows: list[list[str | None]], sound: list[bool]) -> list[dict]:
    """What one phone, another and a name say of each borrower, cell by cell: equal rows once, where they stand last."""
    mapping = parse_mapping(VAULT_MAPPING, "m.yaml")
    found = []
    for (borrower, *cells), counts in zip(rows, sound, strict=True):
        read = reader_of("text", ColumnMap("x", "column"), mapping, ".", "CNY")
        texts = [None if cell is None else read(cell) for cell in cells]
        phone, other, name = [text if isinstance(text, str) else None for text in texts]
        phones = list(dict.fromkeys(one for one in (phone, other) if one is not None))
        said = ({"phone": phones} if phones else {}) | ({"name": name} if name is not None else {})
        if counts and said and borrower is not None:
            found.append({"borrower_id": borrower, "relation": "debtor", "ordinal": 0, **said})
    return [row for place, row in enumerate(found) if row not in found[place + 1:]]


CELL = st.one_of(st.none(), st.sampled_from(["", " ", "-", "无", "１３８ ", "'138", "1.38E+10", "a\nb", "#REF!", "王", "王 五", "\u3000李", "x" * 1001]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.tuples(st.sampled_from(["a", "b", None]), CELL, CELL, CELL), st.booleans()), max_size=8))
def test_whatever_stands_in_the_cells_the_sealed_file_says_what_a_plain_reading_says(tmp_path_factory, records):
    rows, sound = [list(row) for row, _ in records], [counts for _, counts in records]
    cells = pl.DataFrame(rows, schema=dict.fromkeys(("who", "手机号", "备用电话", "姓名"), pl.String), orient="row")
    mapping = parse_mapping(VAULT_MAPPING, "m.yaml")
    vaulted = [one for one in mapping.vaulted if one.column in cells.columns]
    borrowers = cells.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("record"), borrower_id="who")
    folder, pair = tmp_path_factory.mktemp("waiting"), new_private_key()
    waiting = WaitingPeople(folder / "people")
    waiting.keep(100, *people_in(cells, borrowers, vaulted, mapping))
    count = waiting.write(folder, HandoverPublicKey(pair.public), pl.Series([100 + place for place, counts in enumerate(sound) if not counts], dtype=pl.Int64))
    path = folder / "people-0000.sealed"
    found = open_people(lambda _: pair, path.read_bytes()) if path.exists() else []
    assert found == plainly(rows, sound) and sum(count.values()) == len(found)


@settings(max_examples=100, deadline=None)
@given(st.recursive(st.sampled_from(["name", "phone", "fax", "1", "0", "?", ""]), lambda inner: st.one_of(
    st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["手机号", "姓名", "is", "guarantor", "co_debtor", "金额"]), inner, max_size=3)), max_leaves=8))
def test_whatever_stands_under_vaulted_is_read_or_refused(thing):
    head, tail = VAULT_MAPPING.split("personal:")[0], VAULT_MAPPING[VAULT_MAPPING.index("sources:"):]
    try:
        read = parse_mapping(head + "personal: " + json.dumps({"hashed": ["身份证号"], "vaulted": thing}, ensure_ascii=False) + "\n" + tail, "m.yaml")
    except Refused as refusal:
        assert refusal.en and refusal.zh
    else:
        assert [one.column for one in read.vaulted] == list(thing or {}) and all(one.kind in KINDS for one in read.vaulted)


def test_a_draft_leaves_people_out_and_says_that_they_could_go_to_the_vault(lender):
    lender.write_people([people_row(number, *ALL) for number in range(1, 30)])
    draft = lender.book.parent / "draft.yaml"
    assert arrears("map", lender.files, "--out", draft, "--lang", "en").status == 0
    text = draft.read_text(encoding="utf-8")
    assert set(strict_yaml.parse(text, "draft.yaml")["personal"]["left_out"]) >= {"姓名", "手机号", "住址"}
    assert "move them to `vaulted: {column: name}`" in text and "只以密文进入保险库" in text and not any(cell in text for cell in ALL[:2])
