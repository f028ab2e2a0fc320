"""What a column is by its content: shares of values that read as dates, amounts, flags, ID numbers, names of people.

Shares are of the cells that are not empty, in a sample. Nothing here keeps a value but the few words of a column of few
words and two examples, and neither of a column that looks personal.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from arrears.ingest.currencies import CURRENCIES
from arrears.ingest.draft_names import PERSONAL, fits
from arrears.ingest.draft_scales import money_said
from arrears.ingest.personal import looks_personal

WORDS_MAX = 30
PROBE = 5_000
"""About how many distinct values are read for their kind; keys are compared whole."""
EMPTY = ("", "-", "--", "nan", "null", "none", "n/a", "na", "nil", "无", "空", "\\n", "#n/a")
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_Y, _M, _D = "(?:19|20)[0-9][0-9]", "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12][0-9]|3[01])"
_YY = "[0-9][0-9]"
_TIME = "(?:[T ]+[0-9]{1,2}[:时][0-9]{1,2}.*)?"
_LIKE_A_DATE = r"^(?:[0-9]{1,4}[-/.年 ][0-9A-Za-z]{1,9}[-/.月 ]|[0-9]{8}|[0-9]{5}(?:\.|$)|[A-Za-z]{3,9} [0-9])"
"""What every pattern below begins with: most columns are told from dates by this one."""
DATE_PATTERNS = {
    "YYYY-M-D": f"{_Y}-{_M}-{_D}", "YYYY/M/D": f"{_Y}/{_M}/{_D}", "YYYY.M.D": rf"{_Y}\.{_M}\.{_D}",
    "YYYYMMDD": f"{_Y}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])", "YYYY年M月D日": f"{_Y}年{_M}月{_D}日",
    "M/D/YYYY": f"{_M}/{_D}/{_Y}", "D/M/YYYY": f"{_D}/{_M}/{_Y}", "D.M.YYYY": rf"{_D}\.{_M}\.{_Y}",
    "M-D-YYYY": f"{_M}-{_D}-{_Y}", "D-M-YYYY": f"{_D}-{_M}-{_Y}",
    "D-MMM-YYYY": rf"{_D}-(?i:{_MONTHS})[a-z]*-{_Y}", "D MMM YYYY": rf"{_D} (?i:{_MONTHS})[a-z]* {_Y}",
    "D-MMM-YY": rf"{_D}-(?i:{_MONTHS})[a-z]*-{_YY}", "MMM D, YYYY": rf"(?i:{_MONTHS})[a-z]* {_D}, {_Y}",
    "M/D/YY": f"{_M}/{_D}/{_YY}", "D/M/YY": f"{_D}/{_M}/{_YY}", "excel": r"(?:3[3-9]|4[0-9]|5[0-4])[0-9]{3}(?:\.[0-9]+)?",
}
"""A pattern for each way of writing a date, in the order of trust; a time of day may stand behind it."""
EITHER_WAY = (("M/D/YYYY", "D/M/YYYY"), ("M-D-YYYY", "D-M-YYYY"), ("M/D/YY", "D/M/YY"))
"""Formats that can read one text as two dates."""
_NUMBER = r"^[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?$"
_MONEY_SIGN = rf"(?i)us\$|hk\$|[¥￥$€£]|元|rmb|{'|'.join(sorted(CURRENCIES))}"
_MARKS = {"%": "percent", "‰": "permille", "‱": "permyriad"}
_MOBILE, _MAIL = r"^(?:\+?86[- ]?)?1[3-9]\d{9}$", r"^[\w.+-]+@[\w-]+\.[\w.-]+$"
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊"
    "秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_PERSON = rf"^(?:[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}|(?:欧阳|上官|司马|诸葛|司徒)[\u4e00-\u9fff]{{1,2}}|[\u4e00-\u9fff][*某＊]{{1,2}}[\u4e00-\u9fff]?)$"
_NO_PERSON = r"(?:正常|结清|还款|逾期|金额|银行|成功|失败|贷|利息|本金|合计|公司|万元|高中|方式|任务|程序|石油|金融|江苏|余额|周|于)$"
_ADDRESS = r"(?:省|市|区|县).*(?:路|街|村|号|栋|室|镇|道|巷|乡)|\d+.* (?i:street|st|road|rd|avenue|ave|lane)\b"
_FLAGS = {"yes", "no", "true", "false", "y", "n", "是", "否", "有", "t", "f"}
_WEIGHTS, _LETTERS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"


@dataclass(frozen=True)
class Look:
    """What one column of a sample looks like."""

    name: str
    meanings: dict[str, float]
    """How well its name fits each meaning."""
    cells: int
    filled: int
    distinct: int
    dates: tuple[str, ...]
    """The formats that read its values, the most fitting first; empty where it holds no dates."""
    date_share: float
    is_unclear: bool
    """Its dates read as day before month or month before day alike."""
    number_share: float
    decimals: int
    """The most decimals of a number, trailing zeros left aside."""
    usual_decimals: int
    """The same of 19 in 20 distinct numbers: a few may be mistyped."""
    has_points: bool
    """Most numbers are written with decimals, and not all with .0, as programs write whole numbers beside empty cells."""
    is_hundreds: bool
    middle: float | None
    """The median number, without its sign."""
    span: tuple[float, float]
    """The smallest and the largest number that is not 0, without their signs; 0 and 0 where there is none."""
    negatives: int
    mark: str | None
    """"percent", "permille" or "permyriad", where most values bear its sign."""
    currencies: tuple[str, ...]
    """The currencies whose signs stand beside its numbers, $ and ¥ as they stand."""
    flag_share: float
    widths: tuple[int, ...]
    """Lengths of the values where all are digits; empty else."""
    is_scientific: bool
    personal: str | None
    """What kind of personal data its values are; None where they are none."""
    words: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    empty_words: tuple[str, ...] = ()
    """Words that mean nothing, as written."""
    values: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String), repr=False, compare=False)

    @property
    def is_personal(self) -> bool:
        return self.personal is not None or best_meaning(self) in PERSONAL or looks_personal(self.name)

    @property
    def is_unique(self) -> bool:
        return self.filled >= 2 and self.distinct == self.filled == self.cells

    @property
    def is_whole(self) -> bool:
        return self.number_share > 0.95 and self.decimals == 0


def best_meaning(look: Look) -> str | None:
    """The meaning its name fits best; None where it fits none."""
    return next(iter(look.meanings), None)


def look_at(name: str, cells: pl.Series) -> Look:
    """What the column of text cells looks like; full-width characters read like plain ones."""
    plain = normalised(cells)
    values = plain.drop_nulls()
    distinct = values.unique(maintain_order=True)
    probe = distinct.gather_every(max(1, len(distinct) // PROBE))
    weights = pl.DataFrame({"value": probe}).join(values.alias("value").value_counts(name="count"), on="value", how="left", maintain_order="left")["count"]
    dates, date_share, unclear = _dates_of(probe, weights)
    numbers = _numbers_of(probe, weights)
    personal = _personal_kind(probe)
    few = len(distinct) <= WORDS_MAX and len(distinct) < max(2, len(values) / 2) and numbers["number_share"] < 0.5
    hidden = personal is not None or next(iter(fits(name)), None) in PERSONAL or looks_personal(name)
    like = "[0-9]" if dates or numbers["number_share"] > 0.5 else "^[^:：]*$"  # a line of signatures (审核：) may stand below any column
    shown = [_short(value) for value in distinct.head(20) if re.search(like, value) and not _says_personal(value)]
    return Look(
        name=name, meanings=fits(name), cells=len(cells), filled=len(values), distinct=len(distinct), dates=dates,
        date_share=date_share, is_unclear=unclear, flag_share=_share(probe, lambda s: s.str.to_lowercase().is_in(list(_FLAGS)), weights),
        personal=personal, words=tuple(distinct.sort().to_list()) if few and not hidden else (),
        examples=() if hidden else tuple(shown[:2]), values=distinct,
        empty_words=tuple(cells.cast(pl.String).filter(plain.is_null() & cells.is_not_null()).unique().sort().to_list()[:9]), **numbers,
    )


def normalised(cells: pl.Series) -> pl.Series:
    """The cells trimmed, full-width characters plain, and null where they say nothing."""
    text = cells.cast(pl.String)
    if text.str.contains(r"[\u3000\uff01-\uff5e]").any():
        text = text.str.normalize("NFKC")
    text = text.str.strip_chars().str.strip_prefix("'")
    return text.set(text.str.to_lowercase().is_in(list(EMPTY)).fill_null(False), None)


def _share(values: pl.Series, holds: Callable[[pl.Series], pl.Series], weights: pl.Series | None = None) -> float:
    """The share of the values for which it holds; of the cells, where `weights` says in how many each value stands."""
    if values.is_empty():
        return 0.0
    found = holds(values).fill_null(False)
    return float(found.mean() or 0.0) if weights is None else float(weights.filter(found).sum() / weights.sum())


def _dates_of(values: pl.Series, weights: pl.Series) -> tuple[tuple[str, ...], float, bool]:
    """Formats that together read the values, chosen greedily; the share they read; and whether day and month are unclear."""
    if _share(values, lambda s: s.str.contains(_LIKE_A_DATE), weights) < 0.5:
        return (), 0.0, False
    reads = {
        name: values.str.contains(f"^(?:{pattern}){'' if name == 'excel' else _TIME}$")
        for name, pattern in DATE_PATTERNS.items()
    }
    left, chosen, unclear = pl.repeat(True, len(values), eager=True), [], False
    while left.any():
        best = max(reads, key=lambda name: (left & reads[name]).sum())
        gained = (left & reads[best]).sum()
        if gained < max(1, 0.002 * len(values)) or (chosen and best == "excel" and gained < 2):
            break
        chosen.append(best)
        left &= ~reads[best]
        for pair in EITHER_WAY:
            if best in pair:
                other = pair[1 - pair.index(best)]
                only, beyond = (reads[best] & ~reads[other]).any(), (reads[other] & ~reads[best]).any()
                unclear = unclear or (not only and not beyond) or (only and beyond)
                reads[other] = reads[other] & False  # the list may not hold both
    share = _share(values, lambda _: ~left, weights)
    return (tuple(chosen), share, unclear) if share >= 0.5 else ((), share, False)


def _numbers_of(values: pl.Series, weights: pl.Series) -> dict:
    """The fields of a Look that tell of numbers."""
    signed = values.str.replace_all(_MONEY_SIGN, "").str.replace_all(r"\s", "").str.replace(r"^\((.*)\)$", "-$1")
    bare = signed.str.replace("[%‰‱]$", "")
    is_number = bare.str.contains(_NUMBER)
    numbers = bare.filter(is_number).str.replace_all(",", "")
    floats = numbers.cast(pl.Float64, strict=False).abs()
    signs = values.filter(is_number).str.extract(_MONEY_SIGN, 0).drop_nulls().unique().sort().to_list()
    filled = floats.filter(floats > 0)
    digits = numbers.str.extract(r"\.(\d+)$")
    fraction = digits.str.strip_chars_end("0").str.len_chars().fill_null(0)
    all_digits = bool(len(values)) and bool(values.str.contains(r"^\d+$").all())
    return {
        "number_share": _share(values, lambda _: is_number, weights),
        "decimals": int(fraction.max() or 0), "usual_decimals": int(fraction.quantile(0.95, "nearest") or 0),
        "has_points": bool(len(numbers)) and float(digits.is_not_null().mean()) > 0.5 and bool((digits.drop_nulls() != "0").any()),
        "is_hundreds": bool(len(floats)) and bool((floats % 100 == 0).all()),
        "middle": floats.median() if len(floats) else None,
        "span": (float(filled.min()), float(filled.max())) if len(filled) else (0.0, 0.0),
        "negatives": int(numbers.str.starts_with("-").sum()),
        "mark": next((mark for sign, mark in _MARKS.items() if _share(signed, lambda s, sign=sign: s.str.ends_with(sign), weights) > 0.5), None),
        "currencies": tuple(dict.fromkeys(money_said(sign)[1] or sign for sign in signs)),
        "widths": tuple(values.str.len_chars().unique().sort().to_list()) if all_digits else (),
        "is_scientific": bool(values.str.contains(r"^\d(?:\.\d+)?[eE]\+?\d{1,2}$").any()),
    }


def _personal_kind(values: pl.Series) -> str | None:
    """What personal data most of the values are: id_number, phone, email, bank_account, person_name or address."""
    if len(values) < 3:
        return None
    sample = values.head(400)
    tests = (
        ("id_number", 0.5, lambda s: _is_card(s)), ("phone", 0.9, lambda s: s.str.contains(_MOBILE)),
        ("email", 0.5, lambda s: s.str.contains(_MAIL)), ("bank_account", 0.9, lambda s: _is_bank_card(s)),
        ("person_name", 0.7, lambda s: s.str.contains(_PERSON) & ~s.str.contains(_NO_PERSON)),
        ("address", 0.5, lambda s: s.str.contains(_ADDRESS)),
    )
    return next((kind for kind, bound, holds in tests if _share(sample, holds) >= bound), None)


def _says_personal(value: str) -> bool:
    """Whether one value must not be shown, whatever its column is."""
    patterns = (_MOBILE, _MAIL, _PERSON, _ADDRESS, r"1[3-9]\d{9}", r"\d{15}")
    return any(re.search(pattern, value) for pattern in patterns)


def _is_card(values: pl.Series) -> pl.Series:
    """Whether each is an ID number of 18 characters with its check letter. Source: GB 11643-1999."""
    shaped = values.str.contains(r"^[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]$")
    if not shaped.any():
        return shaped
    padded = values.set(~shaped, "0" * 18)
    total = sum((padded.str.slice(i, 1).cast(pl.Int64) * weight for i, weight in enumerate(_WEIGHTS)), start=pl.zeros(1, eager=True))
    letter = total.cast(pl.Int64) % 11
    expected = letter.cast(pl.String).replace_strict({str(i): sign for i, sign in enumerate(_LETTERS)})
    return shaped & (padded.str.slice(17, 1).str.to_uppercase() == expected)


def _is_bank_card(values: pl.Series) -> pl.Series:
    """Whether each is 16 to 19 digits whose last is right by Luhn's rule. Source: ISO/IEC 7812-1."""
    packed = values.str.replace_all(" ", "")
    shaped = packed.str.contains(r"^[2-69]\d{15,18}$")
    if not shaped.any():
        return shaped
    padded = packed.set(~shaped, "0").str.pad_start(19, "0")
    total = pl.zeros(len(values), dtype=pl.Int64, eager=True)
    for place in range(19):
        digit = padded.str.slice(place, 1).cast(pl.Int64) * (2 if place % 2 == 1 else 1)
        total += digit - 9 * (digit > 9).cast(pl.Int64)
    return shaped & (total % 10 == 0)


def _short(value: str) -> str:
    text = "".join(sign if sign.isprintable() else " " for sign in value)
    return text if len(text) <= 24 else text[:23] + "…"
