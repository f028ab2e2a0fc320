"""Which unit and which currency of money a short text says: the brackets or the end of a name, 单位：万元 above a header, a sign.

A unit is one of kinds.MONEY_UNITS, or ODD where the text plainly says one that no mapping knows (十万元, 角, $bn): then a person
is asked, and nothing is guessed.
"""

import re
import unicodedata
from functools import cache

from arrears.ingest.currencies import CURRENCIES

ODD = "odd"
DOLLAR = "$"
"""A dollar, but not which one."""
_ZH_SCALES = {"": "major", "千": "thousand", "万": "ten_thousand", "百万": "million", "亿": "hundred_million"}
_EN_SCALES = {
    "": "major", "k": "thousand", "000": "thousand", "'000": "thousand", "000s": "thousand", "'000s": "thousand", "1000": "thousand", "1,000": "thousand",
    "thousand": "thousand", "thousands": "thousand", "10k": "ten_thousand", "10000": "ten_thousand", "10,000": "ten_thousand", "ten thousand": "ten_thousand",
    "wan": "ten_thousand", "mm": "million", "mn": "million", "mio": "million", "million": "million", "millions": "million", "1,000,000": "million",
    "m": ODD, "bn": ODD, "b": ODD, "billion": ODD, "billions": ODD, "hundreds": ODD, "lakh": ODD, "lakhs": ODD, "crore": ODD, "crores": ODD,
}
_NAMES = {
    "人民币": "CNY", "rmb": "CNY", "yuan": "CNY", "cn¥": "CNY", "元": "CNY", "圆": "CNY", "美元": "USD", "美金": "USD", "us$": "USD", "usd": "USD", "us dollars": "USD",
    "dollars": DOLLAR, "$": DOLLAR, "港币": "HKD", "港元": "HKD", "hk$": "HKD", "日元": "JPY", "日圆": "JPY", "円": "JPY", "yen": "JPY", "欧元": "EUR", "€": "EUR", "euro": "EUR",
    "euros": "EUR", "英镑": "GBP", "£": "GBP", "新台币": "TWD", "台币": "TWD", "nt$": "TWD", "a$": "AUD", "澳元": "AUD", "加元": "CAD", "c$": "CAD", "新加坡元": "SGD",
    "韩元": "KRW", "卢布": "RUB", "₹": "INR", "inr": "INR",
}
"""What a currency is called, beside its code."""
_CODES = "|".join(sorted(code.lower() for code in CURRENCIES))
_COMMON = "usd|eur|gbp|jpy|hkd|cny|rmb|yuan|twd|krw|sgd|aud|cad|chf|inr|fen|cents?|minor"
"""Codes that may end a name: others are words too (all, top, try)."""
_CALLED = "|".join(re.escape(name) for name in sorted(_NAMES, key=len, reverse=True))
_ZH_CURRENCY = "|".join(sorted((name for name in _NAMES if re.fullmatch(r"[\u3400-\u9fff]+", name) and len(name) > 1), key=len, reverse=True))
_ZH = re.compile(rf"(?:(?P<before>{_ZH_CURRENCY}))?[\s/]*(?P<scale>百万|千万|十万|百亿|十亿|[百千万亿]|)(?P<after>{_ZH_CURRENCY}|元|圆|)")
_SMALL_ZH = re.compile(r"(?:人民币)?\s*(?P<small>分|角|厘)")
_EN = re.compile(
    rf"(?:(?:in|unit|units|amounts?|figures|all|of)\b[\s:]*)*(?P<before>{_CODES}|{_CALLED})?[\s.,_-]*(?P<scale>"
    + "|".join(re.escape(scale) for scale in sorted(_EN_SCALES, key=len, reverse=True)) + rf")[\s_]*(?:of\s+)?(?P<after>{_CODES}|{_CALLED})?s?"
)
_TAIL = re.compile(
    rf"(?P<zh>(?<!单)(?:{_ZH_CURRENCY})?[\s_/.-]*(?:百万|千万|十万|[百千万亿])?(?:元|圆|{_ZH_CURRENCY}))$|(?<=[额金款息费本值])[\s_/.-]*(?P<bare>百万|千万|[万亿千])$"
    rf"|[\s_/-](?P<zh2>百万|千万|[万亿千分])$|[\s_/-](?P<en>(?:(?:{_COMMON}|\$)[\s_]?)?(?:k|'?000s?|thousands?|mm|mn|millions?|bn|billions?)|{_COMMON}|\$|€|£)$", re.IGNORECASE
)
"""A unit at the end of a name without brackets: 余额_亿元, 贷款本金万, amount_usd, loan_amount_k."""
_ABOVE = (
    (re.compile(r"(?:金额|货币)?单位\s*[:：]?\s*(?P<said>[^\s。;()]+)"), True), (re.compile(r"(?:币种|货币)\s*[:：]?\s*(?P<said>[^\s。;()]+)"), False),
    (re.compile(r"(?i)(?:\bunits?\s*[:：]|\bin\b|\bamounts?\s*[:：])\s*(?P<said>(?:[a-z0-9$€£¥'. ]|,(?=\d))+)"), True),
    (re.compile(r"(?i)\bcurrency\s*[:：]\s*(?P<said>[a-z$€£¥ ]+)"), False),
)
"""How lines above a header say the unit of all amounts, and whether it is the unit or the currency alone."""


@cache
def money_said(text: str) -> tuple[str | None, str | None]:
    """(unit, currency) of a text that says nothing else; (None, None) where it says something else.

    >>> money_said("人民币万元"), money_said("$'000"), money_said("分"), money_said("十万元"), money_said("月")
    (('ten_thousand', 'CNY'), ('thousand', '$'), ('minor', None), ('odd', 'CNY'), (None, None))
    """
    plain = unicodedata.normalize("NFKC", text).strip().lower().replace("’", "'").replace("￥", "¥")
    if not plain:
        return None, None
    if plain in ("minor", "fen", "cent", "cents", "pence"):
        return "minor", "CNY" if plain == "fen" else None
    if plain == "¥":
        return "major", None
    if found := _SMALL_ZH.fullmatch(plain):
        return ("minor" if found["small"] == "分" else ODD), "CNY" if plain.startswith("人民币") else None
    if found := _ZH.fullmatch(plain):
        return _ZH_SCALES.get(found["scale"], ODD), _currency(found["before"] or found["after"])
    if (found := _EN.fullmatch(plain)) and (found["scale"] or found["before"] or found["after"]):
        return _EN_SCALES[found["scale"]], _currency(found["before"] or found["after"])
    return None, None


def _currency(name: str | None) -> str | None:
    return None if not name else _NAMES.get(name) or name.upper()


@cache
def tail_of(name: str) -> tuple[str, str]:
    """(the name without the unit at its end, that unit as written).

    >>> tail_of("放款金额_万元"), tail_of("贷款本金万"), tail_of("amount_usd"), tail_of("单元")
    (('放款金额', '万元'), ('贷款本金', '万'), ('amount', 'usd'), ('单元', ''))
    """
    found = _TAIL.search(name)
    if found is None or not name[: found.start()].strip():
        return name, ""
    said = next(text for text in (found["zh"], found["bare"], found["zh2"], found["en"]) if text is not None)
    return name[: found.start()].rstrip(" _/-."), said.strip(" _/.-")


def said_above(texts: list[str]) -> tuple[str | None, str | None, str]:
    """(unit, currency, the words) that the lines above a header say for all amounts: 单位：万元, (in thousands of USD).

    >>> said_above(["借据台账 单位:万元"]), said_above(["单位：杭州某某公司"])
    (('ten_thousand', 'CNY', '单位:万元'), (None, None, ''))
    """
    unit, currency, words = None, None, ""
    for text in texts:
        for pattern, is_unit in _ABOVE:
            for found in pattern.finditer(unicodedata.normalize("NFKC", text)):
                parts = (money_said(part.strip(" .'")) for part in re.split(r"[、/，和%]|,(?!\d)", found["said"]))
                its_unit, its_currency = next((part for part in parts if part != (None, None)), (None, None))
                its_unit = its_unit if is_unit else None
                if its_unit and unit and its_unit != unit:
                    return ODD, currency, found[0].strip()
                unit, currency = unit or its_unit, currency or its_currency
                words = words or (found[0].strip() if its_unit or its_currency else "")
    return unit, currency, words
