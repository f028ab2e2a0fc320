"""In which currency each source of a draft is: by names, signs beside amounts, lines above the header; else asked.

Yuan is taken without a question only where the columns' names are Chinese and nothing says another currency.
"""

import re
from dataclasses import dataclass

from arrears.ingest.currencies import CURRENCIES
from arrears.ingest.draft_content import Look, best_meaning
from arrears.ingest.draft_names import taken_apart
from arrears.ingest.draft_reading import Seen
from arrears.ingest.draft_scales import DOLLAR
from arrears.money import decimals_of

_MEANS = {"人民币": "CNY", "RMB": "CNY"}
_DOLLARS = {"USD", "HKD", "AUD", "CAD", "SGD", "TWD", "NZD", "MXN"}
_YEN = {"CNY", "JPY"}


@dataclass(frozen=True)
class CurrencySaid:
    """The currency of a source, and what says it; without a code it must be asked, and `proposed` is likely."""

    code: str | None = "CNY"
    why: str = ""
    proposed: str = "CNY"

    @property
    def decimals(self) -> int:
        return decimals_of(self.code or self.proposed)


def currencies_of(seen: list[Seen], answers: dict[str, str]) -> dict[str, CurrencySaid]:
    """For each source, its currency by its own signs, else by those of the others."""
    own = {one.source: _signs_of(one) for one in seen}
    every = {code: why for signs in own.values() for code, why in signs.items()}
    is_chinese = any(re.search("[\u3400-\u9fff]", look.name) for one in seen for look in one.looks)
    said = {source: _told(signs or every, is_chinese) for source, signs in own.items()}
    answered = next((text.removeprefix("=").strip().upper() for question, text in answers.items() if question.endswith(".currency")), None)
    if answered in CURRENCIES:
        said = {source: one if one.code else CurrencySaid(answered, "answered") for source, one in said.items()}
    return said


def _told(signs: dict[str, str], is_chinese: bool) -> CurrencySaid:
    codes = {code: why for code, why in signs.items() if code in CURRENCIES}
    fits = {DOLLAR: _DOLLARS, "¥": _YEN}
    if len(codes) == 1:
        code, why = next(iter(codes.items()))
        return CurrencySaid(code if all(code in fits.get(sign, {code}) for sign in signs) else None, why, code)
    if codes:
        return CurrencySaid(None, "several are named: " + ", ".join(sorted(codes)), next(iter(codes)))
    if DOLLAR in signs:
        return CurrencySaid(None, f"{signs[DOLLAR]}: which dollar?", "USD")
    if is_chinese:
        return CurrencySaid("CNY", "proposed: nothing names another; change it where it is not yuan")
    return CurrencySaid(None, f"{signs['¥']}: yuan or yen?" if "¥" in signs else "nothing names it")


def _signs_of(one: Seen) -> dict[str, str]:
    """Every code or sign of a currency in a source, with where it stands."""
    found: dict[str, str] = {}
    for look in one.looks:
        if best_meaning(look) == "currency":
            found |= {code: f"by the values of {look.name}" for word in look.values.to_list()[:50] if (code := _MEANS.get(word.upper(), word.upper())) in CURRENCIES}
        elif _is_amount(look):
            if code := taken_apart(look.name).currency:
                found.setdefault(code, f"by the name of {look.name}")
            for sign in look.currencies:
                found.setdefault(sign, f"by the signs in {look.name}")
    if one.said[1]:
        found.setdefault(one.said[1], f"by {one.said[2]}")
    return found


def _is_amount(look: Look) -> bool:
    return look.number_share > 0.5 and look.mark is None and not look.is_personal
