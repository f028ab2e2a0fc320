"""The largest amount of money that a text names, so that no text asks for more than the claim.

An amount is a number with a mark of its currency beside it (¥, 元, 块, RMB; $, USD, dollars), or one that stands right behind a
word of owing. Dates, telephone and order numbers, percentages and counts of days, people or instalments are none.
"""

import re
from decimal import ROUND_CEILING, Decimal

from arrears.compliance.disguise import plain_character

_DIGITS = {**{one: value for value, one in enumerate("零一二三四五六七八九")}, **{one: value for value, one in enumerate("零壹贰叁肆伍陆柒捌玖")},
           "〇": 0, "○": 0, "两": 2, "俩": 2, "幺": 1, "廿": 20, "卅": 30, "贰": 2, "弍": 2, "陸": 6}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "k": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "w": 10**4, "亿": 10**8}
_MOST = Decimal(2**62)
"""A larger amount is said to be this: no claim comes to as much."""
# Parts that a long text could repeat without end are bounded or never given back, so that the time grows with the length alone.
_PLAIN = r"(?:\d{1,3}(?:,\d{3}){1,9}(?:\.\d++)?|\d{1,3}(?: \d{3}){1,9}(?:\.\d++)?(?![\d,])|\d(?: \d){1,27}(?![\d,.])|\d++(?:\.\d++)?)"
_ANYWHERE = r"(?:(?<!\d)|(?=\d{1,3}[ ,]\d))"
"""Where a number may begin: not within a run of digits, unless a group of three follows."""
_NUMERAL = "零〇○一二两俩三四五六七八九壹贰叁肆伍陆柒捌玖弍廿卅"
_SCALE = "十拾百佰千仟万亿"
# A number begins where none stands before it: otherwise a long run of digits is read from each of its digits on.
_CHINESE = rf"(?<![\d{_NUMERAL}{_SCALE}])(?>(?:{_PLAIN}|[{_NUMERAL}{_SCALE}])(?: ?(?:[wk](?![a-z])|(?<=[{_SCALE}])零?{_PLAIN}|[{_NUMERAL}{_SCALE}点])){{0,60}})"
# So many numerals in a row are no number that anybody writes: they are taken for one too large, so that none hides behind them.
_ENDLESS = re.compile(rf"[\d{_NUMERAL}{_SCALE}点]{{60,}}|\d{{1,3}}(?:[, ]\d{{3}}){{10,}}|\d(?: \d){{28,}}")
_NUMBER = re.compile(_CHINESE)
_PART = re.compile(rf"({_PLAIN})|([{_NUMERAL}{_SCALE}点wk])")

_YUAN = r"(?:元(?![月旦宵件素老气首])|圆|块(?!链)|人民币|rmb(?![a-z])|cny(?![a-z])|yuan(?![a-z]))"
_MARK = r"(?:¥|rmb|cny|人民币)[:为约共计 (]*¥?"
_CHANGE = rf"(?:钱|整|正)?(?:零|又)?(?:(?P<jiao>[\d{_NUMERAL}]++)(?:角|毛)|(?P<bare>[\d{_NUMERAL}](?=[^\d{_NUMERAL}{_SCALE}.%月天日期次个年号折元块分角毛]|$)))?(?:零)?(?:(?P<fen>[\d{_NUMERAL}]++)分(?!钟|期|之|行|公|机|局))?"
_TO = r" ?(?:-|~|—|–|到|至|或|、) ?"
_MORE = r"(?:多|余|来|几)? ?"
_OWED = (r"(?:金额|总额|欠款|欠费|应还|应付|应缴|待还|未还|还款额|最低还款|余额|本金|罚息|利息|违约金|滞纳金|共计|合计|总计|总共|一共|拖欠|欠了|欠|归还|偿还|还清|还款|还|支付|"
         r"缴纳|缴|交纳|交|付款|付|补足|结清|转账|借款|贷款|借了|贷了)(?:本金|本息|金额|总额|总计|合计|共计|人民币|我们|我行|我司|着|了|的|为|是|共|约|计|至少|[: ])*")
_NO_MONEY = r"(?! ?(?:天|日|号|期|次|笔|个|月|年|%|点|时|小时|分|秒|位|户|人|折|岁|家|条|张|件|份|名|遍|倍|成|楼|层|室|路|栋|周|[-/:.]\d|[\d零〇一二两三四五六七八九十百千万亿]|(?:多|余|来|几)? ?(?:元|圆|块|人民币|rmb|cny|yuan)))"
_CNY = re.compile("|".join((
    rf"(?P<low>{_CHINESE}){_MORE}{_TO}(?P<high>{_CHINESE}){_MORE}{_YUAN}",
    rf"{_MARK}(?P<marked_low>{_CHINESE})(?:{_TO}¥?(?P<marked_high>{_CHINESE}))?",
    rf"(?P<yuan>{_CHINESE}){_MORE}{_YUAN}(?:{_CHANGE})",
    rf"(?P<tenths>[\d{_NUMERAL}]{{1,12}})(?:角|毛)(?:钱|(?P<hundredths>[\d{_NUMERAL}])分?)?(?!度|色|落|膜|发|巾|孔|病)",
    rf"{_OWED}(?P<owed>{_CHINESE}){_NO_MONEY}",
)))

_WORDS = {word: value for value, word in enumerate(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split())}
_WORDS |= {word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)} | {"a": 1, "an": 1}
_POWERS = {"hundred": 100, "thousand": 1000, "grand": 1000, "million": 10**6, "k": 1000, "m": 10**6}
_SPELLED = rf"(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))})(?:[ -]{{1,9}}(?:and[ -]{{1,9}})?(?:{'|'.join(sorted({*_WORDS, 'hundred', 'thousand', 'million', 'grand'} - {'a', 'an'}, key=len, reverse=True))})){{0,24}}"
_ENGLISH = rf"(?:(?<!\d){_PLAIN}(?: ?(?:k|m|thousand|hundred|million|grand)\b)?|\b{_SPELLED}\b)"
_DOLLARS = r" ?-?(?:usd\b|us dollars?\b|u\.s\. dollars?\b|dollars?\b|bucks?\b|\$(?!\d))"
_CENTS = rf"(?:,? (?:and )?(?P<cents>{_ENGLISH}) ?cents?\b)?"
_USD = re.compile("|".join((
    rf"(?:us ?\$|usd ?\$?|\$) ?(?P<low>{_ENGLISH})(?: ?(?:-|–|to|and|or) ?\$? ?(?P<high>{_ENGLISH})(?! ?(?:cents?|days?|%)))?",
    rf"(?P<dollars>{_ENGLISH}){_DOLLARS}{_CENTS}",
    rf"(?P<from>{_ENGLISH}) ?(?:-|–|to|or) ?(?P<to>{_ENGLISH}){_DOLLARS}",
    rf"(?P<grand>(?:{_ANYWHERE}{_PLAIN}|\b{_SPELLED}) grand\b)",
    rf"(?P<only>{_ENGLISH}) ?(?:cents\b|¢)",
    r"\b(?:owe[sd]?|owing|balance|amount|total|pay|payment|due|debt|principal)(?: (?:due|of|is|us|now|owed|a|the|total|amount|balance|owing|at least|in full))*[: ]+(?P<owed>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d\d|\d{3,7})(?![\d,/%-]|\.\d| ?(?:days?|%|times|months?|payments?|installments?|hours?|years?|weeks?|am|pm)\b)",
)))


def largest_amount_minor(text: str, currency: str) -> int | None:
    """The largest amount of `currency` named in the text, in minor units, a fraction of one rounded up; None where none is named."""
    plain = "".join(plain_character(one)[0] for one in text)
    if currency == "CNY":
        found = [amount for match in _CNY.finditer(plain) for amount in _yuan(match)]
    elif currency == "USD":
        found = [amount for match in _USD.finditer(plain) for amount in _dollars(match)]
    else:
        mark = re.escape(currency.lower())
        found = [_plain(match[1] or match[2]) for match in re.finditer(rf"\b{mark} ?({_PLAIN})|{_ANYWHERE}({_PLAIN}) ?{mark}\b", plain)]
    found += [_MOST for run in _ENDLESS.findall(plain) if not run.isdecimal()]
    return int(min(max(found) * 100, _MOST).to_integral_value(ROUND_CEILING)) if found else None


def _plain(number: str) -> Decimal:
    return Decimal(number.replace(",", "").replace(" ", ""))


def _yuan(match: re.Match) -> list[Decimal]:
    """The amounts of one match, in yuan."""
    named = match.groupdict()
    whole = [named[one] for one in ("low", "high", "marked_low", "marked_high", "owed") if named[one]]
    if named["yuan"]:
        if named["yuan"] in ("一", "零") and match[0] == f"{named['yuan']}块":  # 一块: together
            return []
        if not _is_number(named["yuan"]):
            return []
        change = sum((_chinese(named[part]) / worth for part, worth in (("jiao", 10), ("bare", 10), ("fen", 100)) if named[part]), Decimal(0))
        return [_chinese(named["yuan"]) + change]
    if named["tenths"]:
        return [_chinese(named["tenths"]) / 10 + (_chinese(named["hundredths"]) / 100 if named["hundredths"] else 0)]
    if named["owed"] and re.fullmatch(r"\d{8,}", named["owed"]):  # the number of a loan or of an order
        return []
    if named["owed"] and not (named["owed"][0].isdigit() or re.search("[百佰千仟万亿]", named["owed"])):
        return []
    amounts = [_chinese(one) for one in whole if _is_number(one)]
    if named["low"] and named["high"] and amounts:  # 1至3万元: the scale stands once
        scale = re.search("[万亿wk千]+$", named["high"])
        if scale and len(amounts) == 2 and not re.search("[万亿wk千]", named["low"]):
            amounts.append(_chinese(named["low"] + scale[0]))
    return amounts


def _is_number(text: str) -> bool:
    """Whether a run of numerals begins with one that counts something: 千万 and 万一 do not."""
    return text[0].isdigit() or text[0] in _DIGITS or text[0] in "十拾"


def _chinese(text: str) -> Decimal:
    """The value of a number in digits, Chinese numerals or both: 3万5, 一千二百三十四, 叁万伍仟, 1.5万, 三点五万."""
    parts = [(digits, sign) for digits, sign in _PART.findall(text)]
    if all(sign in _DIGITS for digits, sign in parts if sign) and not any(digits for digits, _ in parts) and len(parts) > 1:
        return Decimal("".join(str(_DIGITS[sign]) for _, sign in parts))
    total = section = Decimal(0)
    current: Decimal | None = None
    last_unit, after_zero, fraction = 1, False, 0
    for digits, sign in parts:
        if digits:
            current, after_zero = _plain(digits), len(digits) > 1 or after_zero
        elif sign == "点":
            fraction, current = 1, current or Decimal(0)
        elif sign in _DIGITS and fraction:
            current += Decimal(_DIGITS[sign]) / 10**fraction
            fraction = min(fraction + 1, 20)
        elif sign in _DIGITS:
            after_zero = after_zero or _DIGITS[sign] == 0 and last_unit > 1
            current = Decimal(_DIGITS[sign])
        elif sign in _UNITS:
            section += (Decimal(1) if current is None or current == 0 and sign in "十拾" else current) * _UNITS[sign]
            current, last_unit, fraction, after_zero = None, _UNITS[sign], 0, False
        else:
            total = (total + section + (current or 0)) * _MYRIADS[sign] if sign == "亿" else total + (section + (current or 0)) * _MYRIADS[sign]
            total = min(total, _MOST)
            section, current, last_unit, fraction, after_zero = Decimal(0), None, _MYRIADS[sign], 0, False
    if current is not None:
        section += current * last_unit / 10 if last_unit >= 100 and not after_zero and current < 10 else current
    return total + section


def _dollars(match: re.Match) -> list[Decimal]:
    """The amounts of one match, in dollars."""
    named = match.groupdict()
    if named["only"]:
        return [_english(named["only"]) / 100]
    amounts = [_english(named[one]) for one in ("low", "high", "from", "to", "dollars", "grand", "owed") if named[one]]
    return [amount + (_english(named["cents"]) / 100 if named["cents"] else 0) for amount in amounts]


def _english(text: str) -> Decimal:
    """The value of an English number in digits or words: 1.2k, twelve hundred, two thousand five hundred and six."""
    total = section = Decimal(0)
    for digits, word in re.findall(rf"({_PLAIN})|([a-z]+)", text):
        if digits:
            section += _plain(digits)
        elif word in _WORDS:
            section += _WORDS[word]
        elif word in _POWERS and _POWERS[word] == 100:
            section = (section or 1) * 100
        elif word in _POWERS:
            total, section = total + (section or 1) * _POWERS[word], Decimal(0)
    return total + section
