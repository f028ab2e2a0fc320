"""Which columns look personal: by their names, and by what stands in them."""

import re

import polars as pl

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

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_LETTERS = "10X98765432"


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
    cells = [text.strip() for text in sample]
    cards = sum(len(cell) == 18 and _is_card(cell) for cell in cells)
    if 2 * cards >= size:
        return "id_card"
    return "mobile" if 10 * sum(len(cell) < 18 for cell in cells) >= 9 * size else None


def _is_card(text: str) -> bool:
    year, month, day = int(text[6:10]), int(text[10:12]), int(text[12:14])
    if not (1900 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True))
    return _LETTERS[total % 11] == text[17].upper()
