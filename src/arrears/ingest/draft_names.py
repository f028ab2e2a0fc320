"""What a column is by its name alone, in Chinese or English, and the unit its name bears.

A name is read without case, blanks, underscores and full-width forms; `金额(元)` is the name `金额` with the unit yuan. How
well a name fits a meaning of draft_names.yaml is a number from 0 to 0.9:

    0.9                     the name stands in the list
    0.55 + 0.3 × coverage   a name of the list of two characters or one word stands in it; coverage is its share
    0.8                     it is made of words that together say one thing (_MADE_OF): 应还 and 本金, outstanding and amount
    0.7                     it is a name of the list but for a letter or two (difflib's ratio is 0.88 or more)

Where a name is made of such words, what it merely contains counts 0.6 at most.
"""

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from arrears import strict_yaml
from arrears.ingest.draft_scales import money_said, tail_of

EXACT = 0.9
NEARLY = 0.7
LIKE = 0.88
LOOSE = {"amount": 0.5, "birthday": 0.9, "date": 0.5, "order_id": 0.5, "status": 0.9, "branch": 0.9, "number": 0.7, "account_id": 0.7}
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
    "repay": "repayment", "curr": "current", "desc": "description", "dob": "birthdate", "guar": "guarantor", "rcpt": "receipt", "prod": "product", "cd": "code", "agreementno": "agreementnumber",
    "contractno": "contractnumber", "loanno": "loannumber", "idno": "idnumber", "custno": "customernumber", "postdt": "postdate",
    "sched": "scheduled", "recd": "received", "rcvd": "received", "chg": "charge", "gr": "gross",
}
_MONEY = "额|款$|amount|sum$|value$|本金|principal"
_DAY = "日$|日期|时间|date|time$|on$|at$"
_DUE, _PAID = "应还|应收|应计|应付|计划|本期|当期|每期|due|scheduled", "实还|实收|实际还|已还|归还|paid|received|collected"
_LOAN = "借据|借款|贷款|信贷业务|合同|委案|案件|资产|loan|contract|agreement"
_NUMBERED = "号$|编码$|代码$|标识$|id$|number$|code$|ref$|reference$|key$"
_WHO = "客户|借款人|customer|client|borrower|debtor"
_NO_KEY = "证|手机|电话|账|卡|card|phone|mobile|account|银行|机构|产品|批次|行业|交易|流水|product|stat|branch|ssn|tax"
_MADE_OF = (
    ("guarantor_id", ("担保人|保证人|共借人|共同借款人|guarantor|cosigner", "证|编号|号$|id$|number$"), "姓名|电话|手机|name|phone"),
    ("penalty_rate", ("逾期|罚|违约|滞纳|overdue|penalty|late|penal", "率|比例|rate|percent"), "^$"),
    ("charged_off_on", ("核销|呆账|chargeoff|chargedoff|writeoff|writtenoff", _DAY), "^$"),
    ("charged_off", ("核销|呆账|chargeoff|chargedoff|writeoff|writtenoff", _MONEY), "收回|回收|recover"),
    ("waived", ("减免|豁免|waive", _MONEY), _DAY),
    ("pay_by_on", ("承诺还款|promise|ptp", _DAY), "登记|创建|created|made|given"),
    ("promised", ("承诺|promise|ptp", "额|amount"), _DAY),
    ("balance", ("余额|剩余|结余|未还|欠|逾期|outstanding|remaining|unpaid|overdue|balance|pastdue", _MONEY + "|balance|利息|结余"), _DAY + "|率|天|rate|days"),
    ("overdue_days", ("逾期|overdue|pastdue|dpd|arrears", "天|期|days|dpd"), "日期|date|额|amount|率"),
    ("due_principal", (_DUE, "本金|principal"), _DAY + "|outstanding"),
    ("due_interest", (_DUE, "利息|interest"), _DAY + "|率|rate"),
    ("due_fee", (_DUE, "费|fee|charge"), _DAY),
    ("due_total", (_DUE, "额|合计|amount|total"), _DAY + "|paid"),
    ("due_on", ("应还|应收|计划还|还款到期|约定还|最后还款|本期|当期|due", _DAY), "实|paid|number"),
    ("paid_parts", (_PAID + "|还款", "本金|利息|费|罚息|principal|interest|fee|penalty"), _DAY + "|计划|应|rate|率"),
    ("reverses", ("原|冲正|撤销|original|revers", "流水|交易号|transaction|paymentid|receipt"), _DAY),
    ("payment_id", ("流水|交易|支付|还款订单|凭证|回单|transaction|payment|receipt|repayment", "号|编码|id$|number$|ref|reference"),
     _MONEY + "|账|卡|手机|account|card|期|instalment"),
    ("paid_amount", (_PAID + "|还款|扣款|到账|回款|入账|repayment|payment|transaction", "额|amount|value$"), _DAY + "|应|计划|放|due|scheduled|次|率|最近|上次|last"),
    ("paid_on", (_PAID + "|还款|扣款|到账|入账|回款|销账|交易|post|repayment|payment|transaction|receipt", _DAY), "应|计划|首|约定|承诺|due|scheduled|first|next|最近|上次|last"),
    ("signed_on", ("签约|签订|申请|审批|授信|application|approval|signed", _DAY), "^$"),
    ("matures_on", ("到期|终止|结束|截止|maturity|expiry|enddate", _DAY), "应还|本期|当期|due"),
    ("disbursed_on", ("放款|起息|发放|支用|提款|借款|disbursement|disbursed|funded|origination|drawdown", _DAY), "还|到期|repayment|due"),
    ("lent", ("放款|借款|贷款|发放|支用|提款|disbursement|disbursed|funded|loan|financed|drawdown", _MONEY), _DAY + "|还|余|率|应|paid|due|payment"),
    ("number", ("当前期|第.*期|期号|期次|本期期|instalment|period", "期|number$|no$|seq$|index$"), "总|额|日|天|率|amount|date|total|days"),
    ("times", ("总期|期限|分期数|term|tenor", "期|月|term|tenor|months|number"), "日|额|率|利|rate|date|amount|当前"),
    ("annual_rate", ("利率|年化|月息|日息|年息|interestrate|annualrate|contractrate|contractualrate|apr", "."), "罚|逾期|penalty|overdue|浮动|float"),
    ("loan_id", ("^(?:贷款|借款|loan)(?:账户|账号|account)", "号$|number$|account$"), "放款|还款|收款"),
    ("phone", ("手机|电话|phone|mobile", "手机$|电话$|号码?$|phone$|number$"), "^$"),
    ("loan_id", (_LOAN, _NUMBERED), _NO_KEY + "|协议|customer|client|客户|term|officer|借款人"),
    ("borrower_id", (_WHO, _NUMBERED), _NO_KEY + "|经理"),
)
"""Meanings told by words that stand together: the meaning, patterns that must all be found, and one that must not; the first counts."""
MADE = 0.8
CONTAINED_MOST = 0.6
_HOLLOW = {"the", "of", "a", "in", "is", "iso"}
_UNITS = (
    (r"‰|千分", "permille"), (r"‱|万分之|bps?$|基点|basis points?", "permyriad"), (r"%|percent|pct|百分", "percent"), (r"ppm", "ppm"),
    (r"^天$|^日$|^days?$", "days"), (r"^月$|^个月$|^months?$", "months"),
)
_TAILS = (
    (r"[_ ]ppm$", "ppm"), (r"[_ ]bps?$|[_ ]basis[_ ]points?$", "permyriad"), (r"[_ ](?:pct|percent)$", "percent"), (r"%$", "percent"),
    (r"‰$", "permille"), (r"‱$", "permyriad"), (r"/(?:天|日|days?)$", "days"), (r"/个?(?:月|months?)$", "months"),
)
_TIMES = (("day", r"日(?!期)|天|daily|per day|a day"), ("month", r"月|monthly|per month|a month"), ("year", r"年|annual|yearly|per year|a year|p\.?a\.?$|\bapr\b"))
_BRACKET = re.compile(r"[(（\[【<]([^)）\]】>]*)[)）\]】>]")


@dataclass(frozen=True)
class Name:
    """A column's name taken apart: the words, the same without blanks, the unit it bears and the time of a rate."""

    words: tuple[str, ...]
    compact: str
    unit: str | None
    currency: str | None
    """A code, or $ where it is not said which dollar."""
    a_time: str | None
    """"year", "month" or "day": what a rate is meant for; None where the name does not say."""


@cache
def taken_apart(header: str) -> Name:
    """The name without its unit, brackets and separators.

    >>> taken_apart("放款金额（万元）").unit, taken_apart("AMT_DUE").compact, taken_apart("余额_亿元").unit
    ('ten_thousand', 'amountdue', 'hundred_million')
    """
    text = unicodedata.normalize("NFKC", header).strip()
    unit = currency = None
    for inside in _BRACKET.findall(text):
        of_money = money_said(inside)
        unit, currency = unit or of_money[0], currency or of_money[1]
        for pattern, name in _UNITS:
            if re.search(pattern, inside.strip().lower()):
                unit = unit or name
    text = _BRACKET.sub(" ", text)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text).lower().strip()
    for pattern, name in _TAILS:
        if re.search(pattern, text):
            text, unit = re.sub(pattern, "", text), unit or name
    text, tail = tail_of(text)
    unit, currency = unit or money_said(tail)[0], currency or money_said(tail)[1]
    text = text.replace("#", " number ")
    words = re.findall(r"[a-z]+|\d+|[\u3400-\u9fff]+", text)
    words = [_SHORT.get(word, word) for word in words if word not in _HOLLOW] or words
    whole = unicodedata.normalize("NFKC", header).lower()  # "Late Interest Rate (Daily)" says it in its brackets
    time = next((time for time, pattern in _TIMES if re.search(pattern, whole)), None)
    return Name(tuple(words), "".join(words), unit, currency, time)


def says_unit(cell: str) -> bool:
    """The cell is a unit and nothing else.

    >>> says_unit("万元"), says_unit(" % "), says_unit("1000"), says_unit("金额")
    (True, True, False, False)
    """
    text = unicodedata.normalize("NFKC", cell).strip().lower()
    return not text.isdigit() and (money_said(text) != (None, None) or any(re.fullmatch(pattern, text) for pattern, _ in _UNITS))


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
    found = _known(name)
    if name.compact and not found:
        made = _made(name)
        for meaning, best in _close(name).items():
            best = min(best, 0.15) if meaning in ("date", "amount", "inflow", "outflow") else best  # any name may end in 日期
            found[meaning] = round(min(best, LOOSE.get(meaning, EXACT), CONTAINED_MOST if made else EXACT), 2)
        is_personal = any(found.get(kind, 0) >= 0.6 for kind in PERSONAL - {"id_number"})
        if made and (made in PERSONAL or not is_personal):
            found[made] = MADE
    return dict(sorted(found.items(), key=lambda entry: -entry[1]))


def knows(header: str) -> float:
    """How well the name fits its best meaning, without a search for names it merely resembles: 0 where it is not known."""
    name = taken_apart(header)
    return max(_known(name).values(), default=MADE if _made(name) else 0.0)


def _known(name: Name) -> dict[str, float]:
    found: dict[str, float] = {}
    for candidate, less in _variants(name):
        meaning = _exact().get(candidate)
        if meaning is not None:
            found[meaning] = max(found.get(meaning, 0), min(LOOSE.get(meaning, EXACT), EXACT) - less)
    return found


def _made(name: Name) -> str | None:
    for meaning, all_of, none_of in _MADE_OF:
        if all(re.search(pattern, name.compact) for pattern in all_of) and not re.search(none_of, name.compact):
            return meaning
    return None


def _variants(name: Name) -> list[tuple[str, float]]:
    """The name, and the name without a number behind it or words such as `loan` or 借款人 that say little before it."""
    bare = re.sub(r"\d+$", "", name.compact)
    stripped = re.sub(r"^(?:借款人|客户|贷款|该笔|本次|当前|主)(?=[\u3400-\u9fff]{2})", "", bare)
    return [(name.compact, 0.0), (bare, 0.05), (stripped, 0.1)]


@cache
def _shapes() -> tuple[tuple[str, str, frozenset[str], str, bool], ...]:
    """Each listed name as (meaning, compact, words, last word, is Chinese)."""
    return tuple(
        (meaning, name.compact, frozenset(name.words), name.words[-1], re.search(r"[\u3400-\u9fff]", name.compact) is not None)
        for meaning, names in meanings().items() for name in names
        if meaning != "order_id"  # too general to be found within a name
    )


def _close(name: Name) -> dict[str, float]:
    """For each meaning, how much of the name its best listed name covers, as the module's formula says."""
    found: dict[str, float] = {}
    compact, words = name.compact, frozenset(name.words)
    nearly = SequenceMatcher(b=compact)
    for meaning, listed, listed_words, last, is_chinese in _shapes():
        fit = 0.0
        if is_chinese:
            if len(listed) >= 2 and listed in compact:
                behind = compact.endswith(listed)  # the last word names the thing: 放款渠道 is a channel
                fit = 0.55 + 0.3 * len(listed) / len(compact) - (0 if behind else 0.1)
        elif len(listed) >= 3 and listed_words <= words:
            fit = 0.55 + 0.3 * len(listed_words) / len(words) - (0 if name.words[-1] == last else 0.1)
        if not fit and len(listed) >= 6 and len(compact) >= 6 and abs(len(listed) - len(compact)) <= 3:
            nearly.set_seq1(listed)
            if nearly.real_quick_ratio() >= LIKE and nearly.quick_ratio() >= LIKE and nearly.ratio() >= LIKE:
                fit = NEARLY
        if fit > found.get(meaning, 0.0):
            found[meaning] = fit
    return found
