"""Which records a drafted source leaves out: rows of sums by their words, and debits that failed by their state.

An empty amount is never a reason to leave a record out: it may be a fault, and faults belong in quarantine.
"""

import re
from dataclasses import dataclass

import polars as pl

from arrears.ingest.draft_content import Look, best_meaning
from arrears.ingest.draft_names import taken_apart
from arrears.ingest.draft_plan import OPEN, Answers, ColumnPlan
from arrears.ingest.draft_questions import Question, ask_for_state
from arrears.ingest.draft_reading import Seen
from arrears.ingest.kinds import kind_of
from arrears.ingest.reading import plain_digits, trimmed
from arrears.tables import FACTS

Remark = tuple[str, str]

_ROW_OF_ITS_OWN = {
    "payments": ("paid_on", "amount_minor"), "guarantors": ("guarantor_id",), "adjustments": ("kind", "effective_on"),
    "holds": ("placed_on", "kind"), "promises": ("pay_by_on", "amount_minor"),
}
"""Where one of these is empty, a record makes no row of the table, though it may of others."""
_SUCCEEDED = set(
    "成功 交易成功 支付成功 扣款成功 还款成功 代扣成功 处理成功 入账成功 扣收成功 已成功 已入账 已到账 到账 已收款 success succeeded successful succ paid settled "
    "completed complete posted cleared received accepted ok".split()
)
_FAILED = set(
    "失败 交易失败 支付失败 扣款失败 还款失败 代扣失败 处理失败 入账失败 扣收失败 未成功 不成功 已失败 fail failed failure unsuccessful declined rejected bounced "
    "dishonoured dishonored error".split()
)
_NOT_SURELY = set(
    "处理中 待处理 交易中 待支付 冲正 已冲正 撤销 已撤销 退款 已退款 退票 已退票 退回 关闭 已关闭 取消 已取消 超时 pending processing returned reversed reversal "
    "refunded refund cancelled canceled void voided chargeback timeout".split()
)
"""Mostly no money, but only the lender knows: asked, and no is proposed."""
_OF_THE_LOAN = set(
    "正常 逾期 结清 已结清 未结清 未还 已还 已还款 未还款 待还 待还款 部分还款 还款中 提前结清 提前还款 呆滞 呆账 核销 已核销 关注 次级 可疑 损失 正常还款 逾期还款 宽限期 是 否 "
    "paid unpaid overdue active closed current late default defaulted open written-off yes no normal settled partial prepaid".split()
)
"""Words of a loan's or an instalment's state: they say nothing about the money of a record."""
_STATE = r"状态|结果|标志|status|state$|result|flag"
_OF_MONEY = r"交易|支付|扣款|代扣|还款|处理|入账|扣收|trans|pay|debit|collect"
_NO_STATE = r"原因|说明|备注|方式|reason|remark|message|type|method"
_WORDS_MOST = 12


@dataclass(frozen=True)
class KeepPlan:
    """`keep` of a source: the column, the texts, whether they are the ones wanted, and what is asked about them."""

    column: str
    texts: tuple[str, ...]
    is_wanted: bool = False
    questions: tuple[Question, ...] = ()


def without_sums(seen: Seen) -> tuple[KeepPlan | None, list[Remark]]:
    """Leaves out the rows of sums whose word stands in one column, and what to say of them."""
    remarks = []
    for place, (column, words) in enumerate(seen.sum_rows):
        listed = ", ".join(words)
        remarks.append(
            (f"rows of sums stand in it ({listed}): they are left out", f"其中有合计行（{listed}）：不取用") if place == 0 else
            (f"rows of sums stand in {column} too ({listed}): `keep` looks at one column, so these go to quarantine",
             f"{column} 列中另有合计行（{listed}）：`keep` 只看一列，这些行会进隔离区")
        )
    return (KeepPlan(*seen.sum_rows[0]) if seen.sum_rows else None), remarks


def by_its_date(seen: Seen, table: str, columns: list[ColumnPlan]) -> tuple[KeepPlan | None, list[Remark]]:
    """Leaves out the records of a file of several tables that make no row of this one: those without its date or name."""
    by = {plan.column: plan.entry if isinstance(plan.entry, str) else plan.entry.get("column") for plan in columns if plan.entry != OPEN}
    kinds = {column.name: kind_of(column) for column in FACTS[table].columns}
    wanted = [(name, by[name]) for name in _ROW_OF_ITS_OWN.get(table, ()) if by.get(name)]
    gaps = [(seen.named(given).cells - seen.named(given).filled, given) for name, given in wanted if kinds[name] != "money"]
    if not gaps or not max(gaps)[0]:
        return None, []
    _, given = max(gaps)
    is_empty = _is_empty(seen, given)
    strays = {other: int((is_empty & ~_is_empty(seen, other)).sum()) for _, other in wanted if other != given}
    words = next((words for name, words in seen.sum_rows if name == given), ())
    remarks = [(f"records whose {given} is empty make no row of {table}", f"{given} 为空的记录不构成 {table} 的行")]
    remarks += [
        (f"BUT {count} sampled records without {given} bear {other}: they would be left out; correct them in the file first",
         f"但抽样中有 {count} 条没有 {given} 的记录填了 {other}：会被漏掉；请先在文件中更正")
        for other, count in strays.items() if count
    ]
    return KeepPlan(given, tuple(dict.fromkeys(("", *seen.named(given).empty_words, *words)))), remarks


def _is_empty(seen: Seen, column: str) -> pl.Series:
    empty = ["", *seen.named(column).empty_words]
    return seen.cells[column].is_null() | seen.cells[column].is_in(empty)


def by_its_state(seen: Seen, alone: bool, taken: set[str], answers: Answers) -> tuple[KeepPlan | None, list[Remark]]:
    """Takes the payments that a column says succeeded, and asks about each word that does not clearly say it.

    alone: the file feeds no other table, so its plain 状态 can only be the payment's. A word of a loan's state says nothing.
    """
    found = [(look, words) for look in seen.looks if look.name not in taken and (words := _states(seen, look, alone))]
    if not found:
        return None, []
    look, words = max(found, key=lambda pair: len({word.lower() for word in pair[1]} & (_SUCCEEDED | _FAILED)))
    yes, no, questions = [], [], []
    for word in words:
        plain = word.lower()
        said: str | None = "yes" if plain in _SUCCEEDED else "no" if plain in _FAILED else None
        if said is None:
            question = ask_for_state(seen.source, look.name, word, "no" if plain in _NOT_SURELY or not word else None)
            said = answers.of(question)
            questions += [question] if said is None else []
        yes += [word] if said == "yes" else []
        no += [word] if said == "no" else []
    if not yes and not questions:
        return KeepPlan(look.name, tuple(no)), _said_of(seen, look, [], no)
    return KeepPlan(look.name, (*yes, *([OPEN] if questions else [])), True, tuple(questions)), _said_of(seen, look, yes, no)


def _states(seen: Seen, look: Look, alone: bool) -> list[str]:
    """The words of a column that says whether the money came, as `keep` compares them; empty where it is no such column."""
    name = taken_apart(look.name).compact
    if look.is_personal or not 0 < look.distinct <= _WORDS_MOST or look.dates or re.search(_NO_STATE, name):
        return []
    raw = seen.cells[look.name].unique().sort().to_list()
    words = list(dict.fromkeys(plain_digits(trimmed(text or "")) for text in raw))
    plain = {word.lower() for word in words if word and word not in look.empty_words}
    is_state = best_meaning(look) in ("status", "outcome") or re.search(_STATE, name) is not None
    if plain & _FAILED and (is_state or plain & _SUCCEEDED):
        return words
    if plain <= _OF_THE_LOAN or not is_state:
        return []
    known = plain & (_SUCCEEDED | _FAILED | _NOT_SURELY)
    return words if known or re.search(_OF_MONEY, name) or alone else []


def _said_of(seen: Seen, look: Look, yes: list[str], no: list[str]) -> list[Remark]:
    count = int(seen.cells[look.name].is_in(no).sum()) if no else 0
    left_out = ", ".join(word or "(empty)" for word in no)
    return [(
        f"{look.name} says whether the money came: only {', '.join(yes) or 'what is answered'} is a payment"
        + (f"; {left_out} is none ({count} of {len(seen.cells)} sampled records), and is left out" if no else ""),
        f"{look.name} 说明款项是否到账：只有 {'、'.join(yes) or '所回答者'} 计为还款" + (f"；{left_out} 不算（抽样 {len(seen.cells)} 条中有 {count} 条），不取用" if no else ""),
    )]
