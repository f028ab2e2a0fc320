"""Made-up people of a made-up book: right in form, in accord with the book, the same each time, and nobody's."""

import re
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears import store
from arrears.refusal import Refused
from arrears.tables.borrowers import AGE_BANDS, BORROWER_KINDS, SEXES
from arrears.twin.contracts import REGIONS
from arrears.twin.people_in_full import ATTRIBUTES, KINDS_KNOWN, people_of, write_people
from arrears.twin.people_words import PROVINCES, TRADES
from arrears.twin.plain_files import write_book
from arrears.vault.handover import HandoverPublicKey, new_private_key, open_people

AS_OF = date(2026, 4, 30)
NO_GUARANTORS = pl.DataFrame(schema={"borrower_id": pl.String, "guarantor_id": pl.String})
SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def borrowers_of(rows: list[dict]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(("borrower_id", *ATTRIBUTES), pl.String))


def made(borrowers: pl.DataFrame, guarantors: pl.DataFrame = NO_GUARANTORS, seed: int = 7) -> list[dict]:
    return [row for part in people_of(borrowers, guarantors, seed, AS_OF) for row in part]


def is_a_sound_citizen_number(text: str) -> bool:
    """ISO 7064, MOD 11-2: with X as ten, the digits weighted by powers of two from the right leave 1."""
    values = [10 if sign == "X" else int(sign) for sign in text]
    return len(text) == 18 and sum(value * 2**place for place, value in enumerate(reversed(values))) % 11 == 1


def is_a_sound_credit_code(text: str) -> bool:
    values = [SIGNS.index(sign) for sign in text]
    return len(text) == 18 and sum(value * 3**place for place, value in enumerate(values[:17])) % 31 == (31 - values[17]) % 31


def checks(text: str) -> bool:
    """The last digit is the one that ISO/IEC 7812-1 asks for."""
    digits = [int(sign) for sign in reversed(text)]
    return sum(digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(digits)) % 10 == 0


def age_of(number: str) -> int:
    born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    return AS_OF.year - born.year - ((AS_OF.month, AS_OF.day) < (born.month, born.day))


MANY = borrowers_of([
    {"borrower_id": f"B{number}", "kind": BORROWER_KINDS[number % 3], "region": REGIONS[number % len(REGIONS)], "industry": list(TRADES)[number % 9],
     "sex": SEXES[number % 2] if number % 3 != 2 else None, "age_band": AGE_BANDS[number % 6] if number % 3 != 2 else None,
     "language": (None, "zh", "yue", "en")[number // 3 % 4] if number % 3 != 2 else None}
    for number in range(3_000)
])
BACKING = pl.DataFrame({"borrower_id": ["B2", "B2", "B5", "B5", "B2", "B8"], "guarantor_id": ["G9", "B3", "G7", "G7", "B2999", "B8"]})
"""B8 answers for their own loan, which makes them no other person."""


def test_nothing_made_up_can_be_a_living_persons():
    for row in made(MANY, BACKING):
        if "id_number" in row:
            number = row["id_number"]
            assert is_a_sound_citizen_number(number) if number[0] == "0" else (number.startswith("910") and is_a_sound_credit_code(number)), number
        assert all(re.fullmatch("111[0-7][0-9]{7}", phone) for phone in row["phone"]) and len(set(row["phone"])) == len(row["phone"]) <= 2
        assert re.fullmatch(r"u[0-9]{9}@example\.com", row.get("email", "u000000000@example.com"))
        assert re.fullmatch("0[0-9]{18}", row.get("account", "0" * 19)) and not ("account" in row and checks(row["account"]))
        assert "address" not in row or re.search("(?:省|市|自治区)[^省区]{2}市", row["address"])


def test_people_agree_with_what_the_book_says_of_the_borrower():
    known = {row["borrower_id"]: row for row in MANY.to_dicts()}
    for row in made(MANY):
        borrower = known[row["borrower_id"]]
        if row["relation"] != "debtor":
            assert row["relation"] != "co_debtor" or borrower["kind"] == "person"
            continue
        assert set(row) >= {"name", "id_number", "phone", "address", "account"} and row["address"].startswith(PROVINCES[borrower["region"]])
        if borrower["kind"] == "enterprise":
            assert row["name"].endswith("有限公司") and TRADES[borrower["industry"]] in row["name"] and row["id_number"].startswith("91")
            continue
        number = row["id_number"]
        assert (int(number[16]) % 2 == 1) == (borrower["sex"] == "male")
        least, most = (int(end) for end in borrower["age_band"].replace("+", "-120").split("-"))
        assert least <= age_of(number) <= most
        if borrower["kind"] == "sole_trader":
            assert row["name"].endswith("店") and TRADES[borrower["industry"]] in row["name"]
        else:
            assert re.fullmatch("[A-Z][a-z]+ [A-Z][a-z]+" if borrower["language"] == "en" else "[\u4e00-\u9fff]{2,4}", row["name"])


def test_the_parties_of_a_case_are_the_books_guarantors_and_some_others():
    rows = made(MANY, BACKING)
    keys = [(row["borrower_id"], row["relation"], row["ordinal"]) for row in rows]
    assert len(set(keys)) == len(keys) and {key[0] for key in keys if key[1] == "debtor"} == set(MANY["borrower_id"])
    assert [key for key in keys if key[1] == "guarantor"] == [("B2", "guarantor", 1), ("B2", "guarantor", 2), ("B2", "guarantor", 3), ("B5", "guarantor", 1)]
    count = {relation: sum(key[1] == relation for key in keys) for relation in KINDS_KNOWN}
    assert 0.05 < count["co_debtor"] / 1_000 < 0.11 and 1.1 < count["reserved_contact"] / 3_000 < 1.3
    second = {key[0] for key in keys if key[1:] == ("reserved_contact", 2)}
    assert second < {key[0] for key in keys if key[1:] == ("reserved_contact", 1)}


def test_a_guarantor_who_borrows_is_the_same_person():
    rows = {(row["borrower_id"], row["relation"], row["ordinal"]): row for row in made(MANY, BACKING)}
    guarantors = sorted(BACKING.filter(borrower_id="B2")["guarantor_id"])  # B2999, B3, G9
    for place, own in enumerate(guarantors[:2], 1):
        for kind in KINDS_KNOWN["guarantor"]:
            assert rows["B2", "guarantor", place][kind] == rows[own, "debtor", 0][kind]


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(60)), st.integers(0, 2**64 - 1))
def test_a_person_comes_of_the_seed_and_the_id_alone(order, seed):
    rows = MANY.head(60)
    together = made(rows, BACKING.reverse(), seed)
    assert made(rows[list(order)], BACKING, seed) == together
    alone = [row for number in order[:3] for row in made(rows[[number]], BACKING, seed) if row["relation"] != "guarantor"]
    assert all(row in together for row in alone)


def test_another_seed_gives_other_people_and_hardly_two_share_a_number():
    one, other = made(MANY), made(MANY, seed=8)
    assert sum(a.get("id_number") == b.get("id_number") for a, b in zip(one, other, strict=False) if "id_number" in a) == 0
    numbers = [row["id_number"] for row in one if "id_number" in row]
    assert len(set(numbers)) == len(numbers)


def test_a_books_people_are_sealed_beside_it_for_every_borrower(tmp_path):
    write_book(tmp_path / "book", 1_500, 7, AS_OF, None)
    book, pair = store.book_at(tmp_path / "book"), new_private_key()
    count = write_people(book, HandoverPublicKey(pair.public), 7)
    assert store.people_files(book, store.read_ledger(book)) == [book.people_path]
    rows = open_people(lambda _: pair, book.people_path.read_bytes())
    assert len(rows) == count and not list(book.root.glob("*.unfinished"))
    loans = pl.read_parquet(book.plain("loans"))
    assert {row["borrower_id"] for row in rows if row["relation"] == "debtor"} == set(loans["borrower_id"])
    guarantors = pl.read_parquet(book.plain("guarantors")).join(loans.select("loan_id", "borrower_id").unique(), on="loan_id")
    expected = guarantors.group_by("borrower_id").agg(pl.col("guarantor_id").n_unique())
    found = pl.DataFrame([{"borrower_id": row["borrower_id"]} for row in rows if row["relation"] == "guarantor"]).group_by("borrower_id").len()
    assert dict(found.iter_rows()) == dict(expected.iter_rows()) and len(found) > 5
    assert write_people(book, HandoverPublicKey(pair.public), 7) == count
    assert open_people(lambda _: pair, book.people_path.read_bytes()) == rows
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refused, match="only for a book of plain files"):
        write_people(store.book_at(tmp_path / "empty"), HandoverPublicKey(pair.public), 7)
