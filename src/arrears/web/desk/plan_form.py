"""What the calculator's form says, read: amounts and days as people write them, what is wrong said of the field; and what stands in it before anything was typed."""

import re
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from arrears.money import decimals_of, in_major_units
from arrears.refusal import Refused
from arrears.work.plan_calculator import FIRST_DAYS_MOST, KINDS, RHYTHMS, Asked
from arrears.work.queries.plan_offers import LoanOffer

_AMOUNT = re.compile(r"\d{1,13}(\.\d{1,3})?")
_FIRST_DAYS = 14
"""So long after today the first day is proposed, where the offer allows it."""
_FIELDS = {"number": ("number of parts", "期数"), "first_on": ("first day", "首期日"), "first_part": ("first part", "首期金额"), "waived_penalty": ("penalty waived", "减免罚息"),
           "waived_interest": ("interest waived", "减免利息"), "settled": ("sum of the settlement", "和解金额")}


@dataclass(frozen=True)
class Form:
    """What is typed, as text, and what it means; wrong: the first field that means nothing."""

    kind: str
    asked: Asked
    texts: dict[str, str] = field(default_factory=dict)
    wrong: Refused | None = None


def first_form(chosen: LoanOffer, today: date, kind: str | None = None) -> Form:
    """What is proposed first: of that kind, else of the first that may be offered, as generous in parts as it may be, nothing waived but where the kind is of waiving."""
    limits, currency = chosen.limits, chosen.owed.currency
    kind = kind or (limits.kinds[0] if limits.kinds else "instalments")
    days = min(_FIRST_DAYS, limits.shift_days_most if kind == "date_shift" else FIRST_DAYS_MOST)
    waives = kind == "waiver"
    settled = max(1, chosen.owed.claimable_minor - min(limits.penalty_most_minor + limits.interest_most_minor, chosen.owed.charges_minor))
    texts = {
        "number": str(max(2, min(limits.instalments_most, 3))), "first_on": (today + timedelta(days=max(1, days))).isoformat(), "rhythm": "monthly", "first_part": "",
        "waived_penalty": _plain(limits.penalty_most_minor, currency) if waives else "", "waived_interest": _plain(limits.interest_most_minor, currency) if waives else "",
        "settled": _plain(settled, currency), "business_days": "yes",
    }
    return _form(kind, texts, currency, today)


def read_form(sent, chosen: LoanOffer, today: date) -> Form:
    """What was sent; a field that is not there is empty. Where another kind was just chosen its own fields were not shown yet: what is proposed first of that kind stands in them."""
    kind = sent.get("kind") if sent.get("kind") in KINDS else "instalments"
    if is_other_kind(sent):
        return first_form(chosen, today, kind)
    texts = {name: sent.get(name, "").strip()[:40] for name in ("number", "first_on", "rhythm", "first_part", "waived_penalty", "waived_interest", "settled", "business_days")}
    return _form(kind, texts, chosen.owed.currency, today)


def is_other_kind(sent) -> bool:
    """The form that was sent had the fields of another kind of plan than the one that is chosen in it."""
    return sent.get("kind_before", sent.get("kind")) != sent.get("kind")


def _form(kind: str, texts: dict[str, str], currency: str, today: date) -> Form:
    nothing = Asked(kind, today)
    try:
        waives = kind in ("instalments", "waiver")
        asked = replace(
            nothing, first_on=_day(texts["first_on"]), number=_whole(texts["number"]) if kind == "instalments" else 1, rhythm=texts["rhythm"] if texts["rhythm"] in RHYTHMS else "monthly",
            first_part_minor=_minor(texts["first_part"], "first_part", currency) if kind == "instalments" else 0, waived_penalty_minor=_minor(texts["waived_penalty"], "waived_penalty", currency) if waives else 0,
            waived_interest_minor=_minor(texts["waived_interest"], "waived_interest", currency) if waives else 0, settled_minor=_minor(texts["settled"], "settled", currency) if kind == "settlement" else 0,
            business_days=texts["business_days"] == "yes")
    except Refused as refused:
        return Form(kind, nothing, texts, refused)
    return Form(kind, asked, texts)


def _plain(minor: int, currency: str) -> str:
    """An amount as it stands in a field: no separators of thousands."""
    return in_major_units(minor, currency).replace(",", "")


def _minor(text: str, name: str, currency: str) -> int:
    plain, decimals = text.replace(",", "").replace("，", ""), decimals_of(currency)
    if not plain:
        return 0
    if not plain.isascii() or not _AMOUNT.fullmatch(plain) or len(plain.partition(".")[2]) > decimals:
        raise _not_read(name, text, f"an amount such as {in_major_units(100_000, currency)}", f"金额，例如 {in_major_units(100_000, currency)}")
    return int(Decimal(plain).scaleb(decimals))


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 4:
        raise _not_read("number", text, "a whole number", "整数")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _not_read("first_on", text, "a day such as 2026-12-15", "日期，例如 2026-12-15") from None


def _not_read(name: str, text: str, en: str, zh: str) -> Refused:
    called_en, called_zh = _FIELDS[name]
    return Refused(f"{called_en}: {text!r} is not {en}" if text else f"{called_en}: nothing is written; write {en}", f"{called_zh}：“{text}”不是有效的{zh}" if text else f"{called_zh}未填写；请填写{zh}")
