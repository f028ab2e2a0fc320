"""Made-up people of a made-up book: names, numbers and addresses for the vault, none of which can be a living person's.

What makes each of them nobody's:

    id_number   GB 11643-1999 with a sound birth date, sex and check digit, but a place that begins with 0: the codes of GB/T 2260
                begin with 1 to 8 (1 North China … 6 North-West, 7 Taiwan, 8 Hong Kong and Macao), residence cards of foreigners with 9
                of an enterprise a unified social credit code (GB 32100-2015) with a sound check sign and such a place
    phone       eleven digits from 1110 to 1117. No block of numbers is set apart in China for made-up ones, so this is our choice: networks of
                mobile phones are 13X to 19X (电信网编号计划 2017 年版; 工信部, 公众移动通信网网号及 H0 分配情况, 2023-03), 11X are short
                numbers of services, and those in use (110, 114, 119, 1118X of the post) are left out
    email       at example.com, which nobody can register (RFC 2606)
    address     streets of towns that do not exist, in the borrower's province
    account     19 digits that begin with 0, which no issuer of cards has (ISO/IEC 7812-1), and whose last digit does not check

A name alone may be somebody's, as every common name is. One person is the same wherever they stand: a guarantor who borrows has the name
and numbers of the borrower. Every share is a plausible setting, not a measurement.
"""

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl

from arrears import store
from arrears.refusal import Refused
from arrears.store import Book
from arrears.tables.borrowers import AGE_BANDS, SEXES
from arrears.twin.people_numbers import account_numbers, citizen_numbers, credit_codes, drawn, phone_numbers
from arrears.twin.people_words import CITIES, FEMALE, FIRM_WORDS, LATIN, MALE, PROVINCES, ROADS, SURNAMES, TRADES
from arrears.vault.handover import HandoverPublicKey, seal_stream

ROWS_AT_ONCE = 10_000
RELATIONS = ("debtor", "co_debtor", "guarantor", "reserved_contact")
CO_DEBTOR_SHARE, FIRST_CONTACT_SHARE, SECOND_CONTACT_SHARE = 0.08, 0.85, 0.35
"""Of persons; of all; of all, beside the first."""
SECOND_PHONE_SHARE, EMAIL_SHARE = 0.20, 0.60
ATTRIBUTES = ("kind", "region", "industry", "sex", "age_band", "language")
"""What a book may know of a borrower and the made-up person agrees with."""
KINDS_KNOWN = {
    "debtor": ("name", "id_number", "phone", "email", "address", "account"), "co_debtor": ("name", "id_number", "phone", "address"),
    "guarantor": ("name", "id_number", "phone", "address"), "reserved_contact": ("name", "phone"),
}
"""What is known of a person by their place in a case."""


def people_of(borrowers: pl.DataFrame, guarantors: pl.DataFrame, seed: int, as_of: date) -> Iterator[list[dict]]:
    """The people of these borrowers as rows of a handover, some thousand at a time, by borrower_id, relation and number.

    `borrowers` has borrower_id, each once, and any of ATTRIBUTES; `guarantors` borrower_id and guarantor_id. A person is drawn from
    the seed and their own id alone, and as old at `as_of` as the book says. Same arguments, same rows, in whatever order they came.
    """
    parties = parties_of(borrowers, guarantors, seed)
    for part in parties.iter_slices(ROWS_AT_ONCE):
        full = _in_full(part, seed, as_of)
        columns = ("borrower_id", "relation", "ordinal", *KINDS_KNOWN["debtor"])
        known = zip(*(full[name].to_list() for name in columns), strict=True)
        yield [{name: value for name, value in zip(columns, row, strict=True) if value is not None} for row in known]


def write_people(book: Book, public_key: HandoverPublicKey, seed: int) -> int:
    """BOOK/people.sealed holds made-up people for all borrowers of a book of plain files; their number. The file appears whole.

    Raises Refused where the book holds no plain loans.
    """
    if not book.plain("loans").is_file():
        raise Refused(f"{book.root}: there is no loans.parquet, and people are made up only for a book of plain files; name a book that arrears generate made",
                      f"{book.root}：没有 loans.parquet；只为由普通文件构成的账册虚构人员，请给出 arrears generate 生成的账册")
    loans = pl.read_parquet(book.plain("loans"), columns=["loan_id", "borrower_id", "disbursed_on"], glob=False)
    borrowers, guarantors = loans.select(pl.col("borrower_id").unique(maintain_order=True)), pl.DataFrame(schema={"borrower_id": pl.String, "guarantor_id": pl.String})
    if book.plain("borrowers").is_file():
        borrowers = borrowers.join(_latest(pl.read_parquet(book.plain("borrowers"), glob=False)), on="borrower_id", how="left")
    if book.plain("guarantors").is_file():
        guarantors = pl.read_parquet(book.plain("guarantors"), columns=["loan_id", "guarantor_id"], glob=False).join(
            loans.select("loan_id", "borrower_id").unique(), on="loan_id").select("borrower_id", "guarantor_id")
    as_of, count = loans["disbursed_on"].max() or date(2026, 1, 1), 0

    def rows() -> Iterator[dict]:
        nonlocal count
        for part in people_of(borrowers, guarantors, seed, as_of):
            count += len(part)
            yield from part

    unfinished = book.people_path.with_name(book.people_path.name + ".unfinished")
    with store.room_for(book.people_path), unfinished.open("wb") as file:
        for piece in seal_stream(public_key, rows()):
            file.write(piece)
    store.settle(unfinished, book.people_path)
    return count


def _latest(borrowers: pl.DataFrame) -> pl.DataFrame:
    rows = borrowers.sort("recorded_at", nulls_last=False, maintain_order=True) if "recorded_at" in borrowers.columns else borrowers
    return rows.select("borrower_id", *(name for name in ATTRIBUTES if name in rows.columns)).unique("borrower_id", keep="last")


def parties_of(borrowers: pl.DataFrame, guarantors: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Who stands in each borrower's case: borrower_id, relation, ordinal, person and ATTRIBUTES, in the order of the first three.

    Guarantors are numbered from 1 in the order of their ids, as intake numbers them; who answers for their own loan is none.
    `person` names whom the row is about: a borrower's or guarantor's own id, or one made from the borrower's for others. The
    attributes of a guarantor are known where they borrow too; of nobody else but the debtor.
    """
    absent = [name for name in ATTRIBUTES if name not in borrowers.columns]
    known = borrowers.select("borrower_id", *(pl.lit(None, pl.String).alias(name) if name in absent else name for name in ATTRIBUTES))
    debtors = known.with_columns(relation=pl.lit("debtor"), ordinal=pl.lit(0, pl.Int64), person="borrower_id")
    backing = guarantors.select("borrower_id", person="guarantor_id").unique().sort("borrower_id", "person").filter(
        pl.col("borrower_id").is_in(known["borrower_id"].implode()) & (pl.col("borrower_id") != pl.col("person")))
    backing = backing.with_columns(relation=pl.lit("guarantor"), ordinal=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("borrower_id"))
    found = [debtors, backing.join(known.rename({"borrower_id": "person"}), on="person", how="left")]
    ids, is_person = known["borrower_id"], (known["kind"] == "person").fill_null(True).to_numpy()
    for relation, number, share, may_have in (
        ("co_debtor", 1, CO_DEBTOR_SHARE, is_person), ("reserved_contact", 1, FIRST_CONTACT_SHARE, True), ("reserved_contact", 2, SECOND_CONTACT_SHARE, True),
    ):
        # who has a second contact is among those who have a first
        chance = drawn(ids, seed, relation)
        chosen = known.filter(pl.Series((chance < share) & may_have))
        found.append(chosen.select(
            "borrower_id", relation=pl.lit(relation), ordinal=pl.lit(number, pl.Int64), person=pl.format("{} {} {}", "borrower_id", pl.lit(relation), pl.lit(number)),
            kind=pl.lit("person"), region="region",
        ))
    order = {relation: place for place, relation in enumerate(RELATIONS)}
    return pl.concat(found, how="diagonal").sort(
        "borrower_id", pl.col("relation").replace_strict(order, return_dtype=pl.Int8), "ordinal").select("borrower_id", "relation", "ordinal", "person", *ATTRIBUTES)


def _in_full(parties: pl.DataFrame, seed: int, as_of: date) -> pl.DataFrame:
    """The parties with all that is known of each."""
    person, is_firm = parties["person"], (parties["kind"] == "enterprise").fill_null(False)
    is_female = pl.select(pl.when(parties["sex"].is_not_null()).then(parties["sex"] == SEXES[0]).otherwise(pl.Series(drawn(person, seed, "sex") < 0.5))).to_series()
    band = parties["age_band"].replace_strict({band: place for place, band in enumerate(AGE_BANDS)}, default=-1, return_dtype=pl.Int64).fill_null(-1)
    full = parties.with_columns(
        name=_names(parties, is_female, seed),
        id_number=citizen_numbers(person, seed, is_female.to_numpy(), band.to_numpy(), as_of).zip_with(~is_firm, credit_codes(person, seed)),
        phone=_phones(person, seed), address=_addresses(parties, seed), account=account_numbers(person, seed),
        email=pl.format("u{}@example.com", pl.Series((drawn(person, seed, "mailbox") * 1e9).astype(np.int64)).cast(pl.String).str.zfill(9)),
    )
    writes = pl.Series(drawn(person, seed, "writes") < EMAIL_SHARE)
    full = full.with_columns(email=pl.when(writes).then("email"))
    return full.with_columns(
        pl.when(pl.col("relation").is_in([relation for relation, kinds in KINDS_KNOWN.items() if kind in kinds])).then(kind) for kind in KINDS_KNOWN["debtor"])


def _phones(person: pl.Series, seed: int) -> pl.Series:
    """One or two numbers each."""
    first, second = phone_numbers(person, seed, "phone"), phone_numbers(person, seed, "second phone")
    has_second = pl.Series(drawn(person, seed, "phones") < SECOND_PHONE_SHARE) & (first != second)
    return pl.DataFrame({"first": first, "second": second, "has": has_second}).select(
        pl.concat_list("first", pl.when("has").then("second")).list.drop_nulls()).to_series()


def _names(parties: pl.DataFrame, is_female: pl.Series, seed: int) -> pl.Series:
    """A person's name in Chinese, or in Latin letters for who asked to be spoken to in English; a trader's shop; an enterprise's firm."""
    person = parties["person"]
    surname = _among(SURNAMES, drawn(person, seed, "surname") ** 2)  # the first ones are the most common
    given = [_among(FEMALE, drawn(person, seed, f"given {place}")).zip_with(is_female, _among(MALE, drawn(person, seed, f"given {place}"))) for place in (1, 2)]
    has_two = pl.Series(drawn(person, seed, "two given") < 0.8)
    latin_first = _among(LATIN["female"], drawn(person, seed, "given 1")).zip_with(is_female, _among(LATIN["male"], drawn(person, seed, "given 1")))
    trade = parties["industry"].replace_strict(TRADES, default="经营", return_dtype=pl.String).fill_null("经营")
    words = parties.select("kind", "language").with_columns(
        surname=surname, first=given[0], second=given[1], two=has_two, trade=trade, city=_among(CITIES, drawn(person, seed, "city")),
        firm=_among(FIRM_WORDS, drawn(person, seed, "firm")), latin=pl.format("{} {}", latin_first, _among(LATIN["surname"], drawn(person, seed, "surname"))),
    )
    shop = pl.format("{}{}{}{}店", pl.col("city").str.head(2), "surname", "firm", "trade")
    firm = pl.format("{}{}{}有限公司", "city", "firm", "trade")
    chinese = pl.concat_str("surname", "first", pl.when("two").then("second").otherwise(pl.lit("")))
    return words.select(pl.when(pl.col("kind") == "enterprise").then(firm).when(pl.col("kind") == "sole_trader").then(shop)
                        .when(pl.col("language") == "en").then("latin").otherwise(chinese)).to_series()


def _addresses(parties: pl.DataFrame, seed: int) -> pl.Series:
    """In the province the book says, else in a drawn one."""
    person = parties["person"]
    province = parties["region"].replace_strict(PROVINCES, default=None, return_dtype=pl.String)
    drawn_one = _among(tuple(PROVINCES.values()), drawn(person, seed, "province"))
    words = pl.DataFrame({
        "province": province.fill_null(drawn_one) if province.has_nulls() else province, "city": _among(CITIES, drawn(person, seed, "city")),
        "road": _among(ROADS, drawn(person, seed, "road")), "number": pl.Series((drawn(person, seed, "house") * 899).astype(np.int64) + 1),
        "flat": pl.Series((drawn(person, seed, "flat") * 30).astype(np.int64) * 100 + 101),
    })
    return words.select(pl.format("{}{}{}{}号{}室", "province", "city", "road", "number", "flat")).to_series()


def _among(words: tuple[str, ...], chance: np.ndarray) -> pl.Series:
    return pl.Series(words, dtype=pl.String).gather((chance * len(words)).astype(np.int64))
