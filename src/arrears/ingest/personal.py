"""Which columns look personal, by their names and by what stands in them; and which single cells do."""

import re
from datetime import date

import polars as pl

from arrears.ingest.card_numbers import BORN, PROVINCES, WEIGHTS, holds_card

_NAMES_ZH = re.compile(
    "姓名|名字|身份证|证件号|证件编号|护照号|手机|电话|联系方式|住址|地址|银行卡|卡号|银行账号|银行账户|收款账号|还款账号|还款卡|邮箱|微信|QQ号"
)
_WORDS = {
    "phone", "mobile", "telephone", "tel", "cellphone", "idcard", "idno", "ssn", "passport", "address", "addr", "email", "mail",
    "iban", "bankcard", "wechat", "surname", "fullname", "firstname", "lastname",
}
_PHRASES = (
    ("id", "card"), ("id", "no"), ("id", "number"), ("account", "no"), ("account", "number"), ("card", "no"), ("card", "number"),
    ("bank", "account"), ("bank", "card"), ("cell", "phone"), ("e", "mail"), ("national", "id"),
)
_PEOPLE = {"first", "last", "middle", "full", "family", "given", "customer", "client", "borrower", "debtor", "guarantor", "person", "user",
           "contact", "spouse", "owner", "holder", "applicant", "member", "payer"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")

_WIDE = {wide: wide - 0xFEE0 for wide in (*range(0xFF10, 0xFF1A), ord("Ｘ"), ord("ｘ"), ord("－"), ord("＋"))} | {0x3000: " ", 0xA0: " "}
_MANY_DIGITS = "[0-9０-９]{3}[ -]?[0-9０-９]{3,4}[ -]?[0-9０-９]{4}"
_CARD = re.compile(r"(?<![0-9])[0-9]{6} ?[0-9]{8} ?[0-9]{3}[0-9Xx](?![0-9])")
_NO_FRACTION = r"(?<![0-9])(?<![0-9]\.)"
_OLD_CARD = re.compile(_NO_FRACTION + "[0-9]{15}(?![0-9])")
_MOBILE = re.compile(_NO_FRACTION + "(?:(?:00)?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}(?![0-9])")
STARRED = r"(?:^|[^0-9*])[0-9]{3}\*{6,}[0-9][0-9Xx](?:$|[^0-9*])"
"""What `concealed` leaves of a number. Such a text says nothing any more, and must not be read as if it did."""

_BANK_CARD = re.compile(_NO_FRACTION + "(?:[3-9][0-9]|2[2-7])[0-9]{2}(?:[ -]?[0-9]{4}){3}(?:[ -]?[0-9]{1,3})?(?![0-9])")
"""No card begins with 1, 20 or 21, as moments written in digits do."""
_A_MOBILE = r"(?:(?:00|\+)?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}"
_NO_PART_OF_A_NAME = "[^0-9A-Za-z_./-]"
_MOBILE_ALONE = f"(?:^|{_NO_PART_OF_A_NAME}){_A_MOBILE}(?:$|{_NO_PART_OF_A_NAME})"
_LETTERS = "10X98765432"
_LIKE_A_CARD = "^[1-9][0-9]{5}(?:19[0-9]{2}|20[01][0-9])(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]$"
_ENOUGH, _CHANCE_MOST = 20, 0.3
"""So many ids that look like cards, and at most this share of them sound: by chance one in eleven is."""


def looks_personal(name: str) -> bool:
    """The name of a column says that a person's name, number or address stands in it.

    >>> looks_personal("客户姓名"), looks_personal("id_card"), looks_personal("name"), looks_personal("product_name")
    (True, True, True, False)
    """
    if _NAMES_ZH.search(name):
        return True
    words = [word.lower() for word in _WORD.findall(name)]
    if any(word in _WORDS for word in words) or words == ["name"]:
        return True
    pairs = list(zip(words, words[1:], strict=False))
    return any(pair in _PHRASES for pair in pairs) or any(first in _PEOPLE and second == "name" for first, second in pairs)


def holds_personal(texts: pl.Series) -> str | None:
    """What most of the first cells are: "id_card" or "mobile"; None where they are neither.

    An ID card number proves itself by its birth date and check letter (GB 11643-1999); a mainland mobile number by its
    eleven digits from 13 to 19.
    """
    sample = texts.drop_nulls().unique(maintain_order=True).head(200)
    sample = sample.filter(sample.str.strip_chars().str.contains(r"^(?:\+?86)?1[3-9][0-9]{9}$|^[0-9]{17}[0-9Xx]$"))
    size = len(texts.drop_nulls().unique(maintain_order=True).head(200))
    if size < 5 or 2 * len(sample) < size:
        return None
    if 2 * holds_card(sample).sum() >= size:
        return "id_card"
    return "mobile" if 10 * (sample.str.strip_chars().str.len_chars() < 18).sum() >= 9 * size else None


def slipped(texts: pl.Series, *, ids: bool) -> pl.Series | None:
    """True for each text that must not enter the book, since a number that names a person stands in it; None where none is.

    An identity card number of 18 digits is one wherever it stands, but where the ids look like cards and hardly any checks: numbers
    made of a branch, a day and a count do, one in eleven of them by chance. A mobile number is one where it is no part of a longer
    name, but not where `ids`: a loan's or receipt's own number may look the same. Of texts that are no ids each distinct one is looked at once.

    >>> slipped(pl.Series(["quick", "13812345678", "电话 13812345678", "A13812345678"]), ids=False).to_list()
    [False, True, True, False]
    """
    if ids:
        found = _no_chance(texts, holds_card(texts))
        return found if found.any() else None
    distinct = texts.drop_nulls().unique()
    named = distinct.filter(holds_card(distinct) | distinct.str.contains(_MOBILE_ALONE))
    return texts.is_in(named.implode()).fill_null(False) if len(named) else None


def _no_chance(texts: pl.Series, found: pl.Series) -> pl.Series:
    """The sound cards among the ids without those that are so by chance."""
    if not found.any():
        return found
    is_alike = texts.str.contains(_LIKE_A_CARD).fill_null(False)
    alike, sound = texts.filter(is_alike).n_unique(), texts.filter(is_alike & found).n_unique()
    return found & ~is_alike if alike >= _ENOUGH and sound <= _CHANCE_MOST * alike else found


def concealed(texts: pl.Series, *, ids: bool) -> pl.Series:
    """The texts with stars in every number that names a person: its first three and last two characters stay.

    An identity card number of 18 digits proves itself by province, birth date and check letter, so it is concealed wherever
    it stands. A mobile number, a card of 15 digits, or a bank card of 16 to 19 whose last digit checks (ISO/IEC 7812-1) proves
    little: a loan's or receipt's own number may look the same, and without it nobody could correct the record. It stays where
    `ids`, and nowhere else.

    >>> concealed(pl.Series(["110101199003072316", "13812345678", "打13812345678", "1000.00"]), ids=False).to_list()
    ['110*************16', '138******78', '打138******78', '1000.00']
    """
    doubtful = texts.str.contains(_MANY_DIGITS).fill_null(False)
    if not doubtful.any():
        return texts
    rows = doubtful.arg_true()
    return texts.clone().scatter(rows, pl.Series([_concealed(text, ids) for text in texts.gather(rows)], dtype=pl.String))


def _concealed(text: str, ids: bool) -> str:
    plain, found = text.translate(_WIDE), []  # as long as the text: what is found in one stands at that place in the other
    for pattern, proves in ((_CARD, _is_card), (_OLD_CARD, _is_old_card), (_BANK_CARD, _is_bank_card), (_MOBILE, None)):
        for match in pattern.finditer(plain) if pattern is _CARD or not ids else ():
            number = match[0].replace(" ", "").replace("-", "")
            if proves is None or proves(number):
                found.append(match.span())
    for first, end in sorted(found, reverse=True):
        text = text[:first] + plain[first : first + 3] + "*" * (end - first - 5) + plain[end - 2 : end] + text[end:]
    return text


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        return date(year, month, day).year in BORN
    except ValueError:
        return False


def _is_old_card(text: str) -> bool:
    """Six digits of the place, six of the birth date, three more: as cards were until 1999."""
    return int(text[:2]) in PROVINCES and _is_day(1900 + int(text[6:8]), int(text[8:10]), int(text[10:12]))


def _is_card(text: str) -> bool:
    if int(text[:2]) not in PROVINCES or not _is_day(int(text[6:10]), int(text[10:12]), int(text[12:14])):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], WEIGHTS[:17], strict=True))
    return _LETTERS[total % 11] == text[17].upper()


def _is_bank_card(text: str) -> bool:
    """The sum of its digits, every second from the right doubled and its own digits added, is a multiple of ten."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(text)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
