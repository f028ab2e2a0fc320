"""What a column is by its name alone, in Chinese or English, and the unit its name bears.

A name is read without case, blanks, underscores and full-width forms; `金额(元)` is the name `金额` with the unit yuan. How
well a name fits a meaning of draft_names.yaml is a number from 0 to 0.9:

    0.9                     the name stands in the list
    0.55 + 0.3 × coverage   a name of the list of two characters or one word stands in it; coverage is its share
    0.7                     it is a name of the list but for a letter or two (difflib's ratio is 0.88 or more)
"""

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from arrears import strict_yaml

EXACT = 0.9
NEARLY = 0.7
LIKE = 0.88
LOOSE = {"amount": 0.5, "date": 0.5, "order_id": 0.5, "status": 0.9, "branch": 0.9, "number": 0.7, "account_id": 0.7}
"""Names so general that an exact match says less."""

PERSONAL = frozenset({
    "person_name", "phone", "address", "email", "bank_account", "birthday", "sex", "age", "id_number", "guarantor_name",
})
"""Meanings that name or describe a person; their values are never shown."""

_SHORT = {
    "amt": "amount", "amnt": "amount", "dt": "date", "num": "number", "nbr": "number", "nr": "number", "no": "number",
    "prin": "principal", "princ": "principal", "int": "interest", "intr": "interest", "bal": "balance",
    "cust": "customer", "pmt": "payment", "pymt": "payment", "pay": "payment", "inst": "instalment",
    "installment": "instalment", "instal": "instalment", "tran": "transaction", "trans": "transaction",
    "trx": "transaction", "txn": "transaction", "disb": "disbursement", "disbursal": "disbursement",
    "orig": "original", "ident": "id", "acct": "account", "addr": "address", "ln": "loan", "mat": "maturity",
    "repay": "repayment", "curr": "current", "desc": "description", "dob": "birthdate", "guar": "guarantor",
    "sched": "scheduled", "recd": "received", "rcvd": "received", "chg": "charge", "gr": "gross",
}
_HOLLOW = {"the", "of", "a", "in", "is", "iso"}
_UNITS = (
    (r"万元", "ten_thousand"), (r"^(人民币)?元$|^rmb$|^cny$|^yuan$|^usd$|^eur$", "major"), (r"^分$|^cents?$|^fen$", "minor"),
    (r"‰", "permille"), (r"‱|万分之|bp", "permyriad"), (r"%|percent|pct|百分", "percent"), (r"ppm", "ppm"),
    (r"^天$|^日$|^days?$", "days"), (r"^月$|^个月$|^months?$", "months"),
)
_TAILS = (
    (r"[_ ]?minor$", "minor"), (r"[_ ]cents?$", "minor"), (r"[_ ]fen$", "minor"), (r"[_ ]yuan$", "major"),
    (r"[_ ](?:rmb|cny|usd|eur)$", "major"), (r"[_ ]ppm$", "ppm"), (r"[_ ](?:pct|percent)$", "percent"), (r"%$", "percent"),
    (r"‰$", "permille"), (r"‱$", "permyriad"),
)
_BRACKET = re.compile(r"[(（\[【<]([^)）\]】>]*)[)）\]】>]")


@dataclass(frozen=True)
class Name:
    """A column's name taken apart: the words, the same without blanks, the unit it bears and the time of a rate."""

    words: tuple[str, ...]
    compact: str
    unit: str | None
    a_time: str
    """"year", "month" or "day": what a rate is meant for."""


@cache
def taken_apart(header: str) -> Name:
    """The name without its unit, brackets and separators.

    >>> taken_apart("放款金额（万元）").unit, taken_apart("AMT_DUE").compact
    ('ten_thousand', 'amountdue')
    """
    text = unicodedata.normalize("NFKC", header).strip()
    unit = None
    for inside in _BRACKET.findall(text):
        for pattern, name in _UNITS:
            if re.search(pattern, inside.strip().lower()):
                unit = unit or name
    text = _BRACKET.sub(" ", text)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text).lower().strip()
    for pattern, name in _TAILS:
        if re.search(pattern, text) and text not in ("minor",):
            text, unit = re.sub(pattern, "", text), unit or name
    words = re.findall(r"[a-z]+|\d+|[\u3400-\u9fff]+", text)
    words = [_SHORT.get(word, word) for word in words if word not in _HOLLOW] or words
    time = "day" if re.search(r"日|daily|per day", text) else "month" if re.search(r"月|monthly|per month", text) else "year"
    return Name(tuple(words), "".join(words), unit, time)


@cache
def meanings() -> dict[str, tuple[Name, ...]]:
    """Every meaning with the names of draft_names.yaml that bear it."""
    listed = strict_yaml.read(Path(__file__).with_name("draft_names.yaml"))
    return {meaning: tuple(taken_apart(name) for name in names) for meaning, names in listed.items()}


@cache
def _exact() -> dict[str, str]:
    return {name.compact: meaning for meaning, names in meanings().items() for name in names}


@cache
def fits(header: str) -> dict[str, float]:
    """How well the name fits each meaning it fits at all, best first; empty where it fits none."""
    name = taken_apart(header)
    if not name.compact:
        return {}
    found: dict[str, float] = {}
    for candidate, less in _variants(name):
        meaning = _exact().get(candidate)
        if meaning is not None:
            found[meaning] = max(found.get(meaning, 0), min(LOOSE.get(meaning, EXACT), EXACT) - less)
    if not found:
        for meaning, names in meanings().items():
            if meaning == "order_id":
                continue  # too general to be found within a name
            best = max(_close(name, listed) for listed in names)
            if best > 0:
                found[meaning] = round(min(best, LOOSE.get(meaning, EXACT)), 2)
    return dict(sorted(found.items(), key=lambda entry: -entry[1]))


def _variants(name: Name) -> list[tuple[str, float]]:
    """The name, and the name without a number behind it or words such as `loan` or 借款人 that say little before it."""
    bare = re.sub(r"\d+$", "", name.compact)
    stripped = re.sub(r"^(?:借款人|客户|贷款|该笔|本次|当前|主)(?=[\u3400-\u9fff]{2})", "", bare)
    return [(name.compact, 0.0), (bare, 0.05), (stripped, 0.1)]


def _close(name: Name, listed: Name) -> float:
    """How much of the name a listed one covers, as the module's formula says; 0 where it does not stand in it."""
    if re.search(r"[\u3400-\u9fff]", listed.compact):
        if len(listed.compact) >= 2 and listed.compact in name.compact:
            behind = name.compact.endswith(listed.compact)  # the last word names the thing: 放款渠道 is a channel
            return 0.55 + 0.3 * len(listed.compact) / len(name.compact) - (0 if behind else 0.1)
    elif len(listed.compact) >= 3 and set(listed.words) <= set(name.words):
        behind = name.words[-1] == listed.words[-1]
        return 0.55 + 0.3 * len(set(listed.words)) / len(set(name.words)) - (0 if behind else 0.1)
    longest, shortest = max(len(name.compact), len(listed.compact)), min(len(name.compact), len(listed.compact))
    if shortest >= 6 and shortest / longest > 0.75:
        return NEARLY if SequenceMatcher(None, name.compact, listed.compact).ratio() >= LIKE else 0.0
    return 0.0
