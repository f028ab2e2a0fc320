"""What a draft asks a person: the sentence in English and Chinese, the answers that may be given, and a proposal."""

from dataclasses import dataclass

from arrears.ingest.kinds import MONEY_UNITS, kind_of, units_of
from arrears.tables import FACTS
from arrears.tables.loans import REGIMES, SCOPES


@dataclass(frozen=True)
class Question:
    """One thing the files do not say. An answer is one of the choices, a column of the source, or =constant where allowed."""

    id: str
    en: str
    zh: str
    choices: tuple[str, ...]
    default: str | None
    """What pressing Enter would take; None: no proposal, since only the lender knows."""
    any_constant: bool = False
    """`=text` may be answered: the same in every row."""
    fixed: int = 0
    """So many of the choices, the first, are words; the others are the source's columns."""
    kind: str = ""
    """What a column that is asked for holds: of `money`, several columns may be answered, joined by +; of `rate`, 18% without =."""


_YES_NO = ("yes", "no")
_WORDING: dict[tuple[str, str], tuple[str, str, tuple[str, ...], str | None]] = {
    ("loans", "regime"): (
        "Which law caps what may be charged? cn_licensed: a bank or licensed consumer finance company; cn_microloan: a "
        "microloan company; cn_private: lending between private parties; none: no cap is applied. It decides how much may "
        "be demanded, and is never guessed",
        "适用哪种利费上限？cn_licensed：银行或持牌消费金融公司；cn_microloan：小额贷款公司；cn_private：民间借贷；none：不套用上限。"
        "它决定最多可以催收多少，系统从不猜测",
        REGIMES, None,
    ),
    ("loans", "day_count"): (
        "By how many days is a yearly rate divided for one day of penalty: 360 or 365? It stands in the contract; the "
        "penalty differs by 1.4 %",
        "年利率折算日罚息时除以 360 还是 365？以合同为准；两者罚息相差 1.4 %", ("360", "365"), "360",
    ),
    ("loans", "waterfall_scope"): (
        "Does a payment settle the oldest instalment wholly before the next (instalment), or first one part of all of them, "
        "such as all interest (component)? It decides how late a loan is after a partial payment",
        "一笔还款是先结清最早一期再还下一期（instalment），还是先还各期的同一项、如全部利息（component）？它决定部分还款后逾期多少天",
        SCOPES, "instalment",
    ),
    ("loans", "waterfall_order"): (
        "In which order does money settle fee, penalty, interest and principal? It stands in the contract, and decides what "
        "is left to bear penalty",
        "还款按什么顺序冲抵费用（fee）、罚息（penalty）、利息（interest）、本金（principal）？以合同为准，它决定剩下哪些继续计罚息",
        ("fee,penalty,interest,principal", "penalty,interest,principal,fee", "interest,principal,penalty,fee",
         "principal,interest,fee,penalty"), "fee,penalty,interest,principal",
    ),
    ("loans", "penalty_on_interest"): (
        "Does unpaid interest bear penalty too (compound interest)? It stands in the contract, and raises what is owed",
        "未还的利息是否也计罚息（复利）？以合同为准，它会增加欠款", _YES_NO, "no",
    ),
    ("loans", "grace_days"): (
        "How many late days are forgiven when all is paid within them? 0: none", "宽限期几天（期内还清不算逾期）？没有则为 0", (), "=0",
    ),
    ("loans", "penalty_rate_ppm"): (
        "What is the penalty rate on what is overdue: a column, a rate such as 27%, 1.5%/月, 0.05%/日 or 万分之五/日, or = and parts "
        "per million a year (=270000 is 27 %)?",
        "逾期部分的罚息利率是多少：哪一列，或直接写 27%、1.5%/月、0.05%/日、万分之五/日，或 = 加年百万分数（=270000 即 27 %）？", (), None,
    ),
    ("loans", "annual_rate_ppm"): (
        "What is the contract's yearly rate: a column, a rate such as 18%, or = and parts per million (=180000 is 18 %)?",
        "合同年利率是多少：哪一列，或直接写 18%，或 = 加百万分数（=180000 即 18 %）？", (), None,
    ),
    ("loans", "product"): ("Which product is it: a column, or = and a word?", "是什么产品：哪一列，或 = 加一个词？", (), "=loan"),
    ("instalments", "fee_minor"): (
        "Which column gives the fees of an instalment? =0 where there are none", "哪一列是每期应还费用？没有则答 =0", (), "=0",
    ),
    ("instalments", "interest_minor"): (
        "Which column gives the interest of an instalment? Nobody works it out from the rate; =0 only where the loans bear none",
        "哪一列是每期应还利息？系统不会按利率推算；贷款确实不计息才答 =0", (), None,
    ),
    ("payments", "amount_minor"): (
        "Which column gives the amount that was received? Several that are its parts: joined by + (a + b)",
        "哪一列是实际收到的金额？若分列多项，请用 + 连接（a + b）", (), None,
    ),
    ("borrowers", "kind"): (
        "Who borrows: a person, a sole trader or an enterprise? The law protects them differently",
        "借款人是个人（person）、个体工商户（sole_trader）还是企业（enterprise）？法律保护不同", ("person", "sole_trader", "enterprise"), None,
    ),
}
_ID_WORDS = (
    " Without one, name the loan's own key: every loan is then a debtor of its own, and two loans of one person are not known to be",
    "若没有，可用借据号代替，但同一人的多笔借款将无法识别",
)


def ask_for_column(source: str, table: str, column: str, columns: list[str], proposed: str | None) -> Question:
    """The question for a column that no source column surely gives."""
    about = next(one for one in FACTS[table].columns if one.name == column)
    en, zh, choices, default = _WORDING.get((table, column), ("", "", (), None))
    if not en:
        en = f"Which column gives {table}.{column} ({about.meaning}; {about.unit})"
        zh = f"{table}.{column}（{about.meaning}；{about.unit}）由哪一列给出"
        en, zh = en + "?", zh + "？"
        if column == "borrower_id":
            en, zh = en + _ID_WORDS[0], zh + _ID_WORDS[1]
    if not choices and about.one_of is not None and len(about.one_of) <= 12:
        choices = tuple(str(one) for one in about.one_of)
    return Question(
        f"{source}.{table}.{column}", f"{source}, {table}.{column}: {en}", f"{source}，{table}.{column}：{zh}",
        (*choices, *columns), proposed or default, any_constant=True, fixed=len(choices), kind=kind_of(about),
    )


def ask_for_unit(source: str, table: str, column: str, given_by: str, kind: str, seen: str, proposed: str | None) -> Question:
    """The question in which unit an amount or a rate is written; seen says what its values are like, never a value of a person."""
    if kind == "money":
        choices = tuple(MONEY_UNITS)
        meant_en = "fen or cents (minor), yuan or dollars (major), 千元 (thousand), 万元 (ten_thousand), 百万元 (million), 亿元 (hundred_million)"
        meant_zh = "分（minor）、元（major）、千元（thousand）、万元（ten_thousand）、百万元（million）还是亿元（hundred_million）"
    else:
        choices = units_of(kind)
        meant_en, meant_zh = "a year, a month or a day; fraction, percent, permille …", "年、月还是日；小数、百分、千分、万分……"
    why_en = "a wrong unit makes every amount a hundred times wrong" if kind == "money" else "a wrong unit makes every charge wrong"
    why_zh = "单位错了，所有金额会差一百倍" if kind == "money" else "单位错了，所有利费都会错"
    return Question(
        f"{source}.{table}.{column}.unit",
        f"{source}, {given_by!r}: in which unit is it written: {meant_en}? {seen}; {why_en}",
        f"{source}，{given_by!r}：单位是{meant_zh}？{why_zh}", choices, proposed,
    )


def ask_for_currency(source: str, table: str, why: str, proposed: str) -> Question:
    """The question in which currency the amounts are."""
    choices = tuple(dict.fromkeys((proposed, "CNY", "USD", "EUR", "HKD", "JPY", "GBP")))
    return Question(
        f"{source}.{table}.currency", f"{source}: in which currency are its amounts (a code of ISO 4217)? {why}; a wrong one makes every amount wrong",
        f"{source}：金额是什么币种（ISO 4217 代码）？币种错了，所有金额都会错", choices, proposed, any_constant=True,
    )


def ask_for_format(source: str, table: str, column: str, given_by: str, pair: tuple[str, str]) -> Question:
    """The question whether the day or the month stands first."""
    return Question(
        f"{source}.{table}.{column}.format",
        f"{source}, {given_by!r}: does the month ({pair[0]}) or the day ({pair[1]}) stand first? The values do not say; the "
        "wrong one moves dates by months",
        f"{source}，{given_by!r}：月在前（{pair[0]}）还是日在前（{pair[1]}）？从数值看不出；选错会使日期相差数月", pair, None,
    )


def ask_for_word(source: str, table: str, column: str, given_by: str, word: str, choices: tuple[str, ...]) -> Question:
    """The question what one word of a column means."""
    return Question(
        f"{source}.{table}.{column}.values.{word}", f"{source}, {given_by!r}: what does {word!r} mean for {table}.{column}?",
        f"{source}，{given_by!r}：{word!r} 在 {table}.{column} 中是什么意思？", choices, None,
    )


def ask_for_state(source: str, column: str, word: str, proposed: str | None) -> Question:
    """The question whether a record in this state is money that was received."""
    said_en, said_zh = (f"says {word!r}", f"为“{word}”") if word else ("is empty", "为空")
    return Question(
        f"{source}.payments.keep.{word or '(empty)'}",
        f"{source}: was the money received where {column!r} {said_en}? Only what was received is a payment; a debit that failed is none",
        f"{source}：“{column}”{said_zh}时，款项是否已收到？只有收到的才是还款，扣款失败不算", _YES_NO, proposed,
    )


def ask_for_table(source: str, columns: list[str]) -> Question:
    """The question which table a file feeds whose columns do not tell."""
    listed = ", ".join(columns[:12]) + (" …" if len(columns) > 12 else "")
    return Question(
        f"{source}.table",
        f"{source}: which table does it feed? Its columns do not tell ({listed}); `none` leaves the file out",
        f"{source}：该文件对应哪张表？从列名看不出（{listed}）；答 none 则不取用", (*FACTS, "none"), "none",
    )


def ask_for_schedule(source: str, choices: tuple[str, ...], default: str) -> Question:
    """The question how loans without a file of instalments fall due; `choices` are those that the columns allow."""
    en, zh = ("; ".join(_SCHEDULES[choice][place] for choice in choices) for place in (0, 1))
    return Question(
        f"{source}.schedule",
        f"{source}: no file gives instalments, and without them nobody knows when a loan is late. How is each loan paid? {en}",
        f"{source}：没有还款计划文件，无法知道何时逾期。每笔贷款如何归还？{zh.replace('; ', '；')}",
        choices, default,
    )


_SCHEDULES = {
    "one": ("one: at once when it is due", "one：到期一次还清"), "equal": ("equal: principal in equal parts month by month", "equal：按月等额本金"),
    "none": ("none: a file with the schedule follows", "none：还款计划文件另行提供"),
}
