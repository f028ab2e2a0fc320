"""What a draft proposes for each column of a table: where it comes from, its unit, format and words, and what it asks."""

import difflib
import re
from dataclasses import dataclass, field, replace

from arrears.ingest.dates import DEFAULT_DATES
from arrears.ingest.draft_columns import ASK, Fit, fitted
from arrears.ingest.draft_content import EITHER_WAY, Look
from arrears.ingest.draft_names import taken_apart
from arrears.ingest.draft_questions import (
    Question,
    ask_for_column,
    ask_for_currency,
    ask_for_format,
    ask_for_unit,
    ask_for_word,
)
from arrears.ingest.draft_rates import rate_unit, share_unit
from arrears.ingest.draft_said import as_choice, constant_said, rate_said, summands
from arrears.ingest.draft_units import WHOLE_DEBTS, Evidence, money_unit, named_units, parts_received, proposed_unit
from arrears.ingest.kinds import kind_of
from arrears.refusal import Refused
from arrears.tables import FACTS
from arrears.tables.table import Column

OPEN = "?"
_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "channel": {
        "call": ("电话", "人工外呼", "人工电话", "外呼", "语音", "phone", "call", "telephone", "outbound call"),
        "voice_bot": ("机器人", "智能外呼", "ai外呼", "ai", "robot", "ivr", "voicebot", "voice bot"),
        "sms": ("短信", "sms", "text", "text message"), "email": ("邮件", "电子邮件", "email", "e-mail", "mail"),
        "im": ("微信", "企业微信", "qq", "wechat", "im", "whatsapp"), "push": ("推送", "app推送", "push", "app"),
        "letter": ("信函", "函件", "律师函", "催收函", "letter", "post"), "visit": ("上门", "外访", "家访", "visit", "field visit"),
    },
    "outcome": {
        "answered": ("接通", "已接通", "接听", "已接听", "承诺还款", "answered", "connected", "contacted", "ptp"),
        "no_answer": ("未接通", "无人接听", "无应答", "未接", "no answer", "na", "unanswered", "not answered"),
        "busy": ("忙线", "占线", "忙音", "busy"), "invalid_number": ("空号", "停机", "错号", "号码错误", "invalid", "wrong number", "invalid number"),
        "refused": ("拒接", "挂断", "拒绝", "拒绝还款", "refused", "rejected", "hung up"), "delivered": ("已送达", "成功", "发送成功", "delivered", "sent"),
        "unknown": ("未知", "其他", "unknown", "other"),
    },
    "relation": {
        "debtor": ("本人", "借款人", "self", "debtor", "borrower"), "co_debtor": ("共同借款人", "共借人", "co-borrower", "co debtor"),
        "guarantor": ("担保人", "保证人", "guarantor"), "spouse": ("配偶", "夫妻", "妻子", "丈夫", "spouse"),
        "reserved_contact": ("紧急联系人", "联系人", "emergency contact", "reference"), "other": ("其他", "朋友", "同事", "亲属", "父母", "other", "friend"),
    },
    "direction": {"outbound": ("呼出", "外呼", "去电", "outbound", "out"), "inbound": ("呼入", "来电", "inbound", "in")},
    "borrowers.kind": {
        "person": ("个人", "自然人", "个人客户", "person", "individual", "personal", "consumer"),
        "sole_trader": ("个体", "个体工商户", "个体户", "sole trader", "self-employed", "sole proprietor"),
        "enterprise": ("企业", "公司", "法人", "对公", "小微企业", "enterprise", "company", "business", "corporate"),
    },
    "holds.kind": {
        "dispute": ("争议", "异议", "dispute"), "complaint": ("投诉", "complaint"), "cease": ("停止联系", "拒绝联系", "停催", "cease", "do not contact"),
        "legal_stay": ("诉讼", "司法", "破产", "legal", "bankruptcy", "legal stay"), "hardship_review": ("困难", "困难审核", "减免审核", "hardship"),
        "vulnerable": ("弱势", "重病", "残疾", "老年", "vulnerable"),
    },
    "adjustments.kind": {
        "waive_fee": ("减免费用", "费用减免", "waive fee", "fee waiver"), "waive_interest": ("减免利息", "利息减免", "减息", "interest waiver"),
        "waive_penalty": ("减免罚息", "罚息减免", "penalty waiver", "waive penalty"), "pause": ("暂停", "停息", "pause"),
        "accelerate": ("提前到期", "加速到期", "宣布到期", "accelerate", "acceleration"),
    },
    "events.kind": {
        "failed_debit": ("扣款失败", "代扣失败", "failed debit", "debit failed", "bounced"), "log_in": ("登录", "登陆", "log in", "login"),
        "message_returned": ("短信退回", "退信", "发送失败", "message returned", "bounced message", "undelivered"),
    },
    "placements.returned_why": {
        "idle": ("无跟进", "长期未跟进", "idle", "not worked"), "left": ("离职", "离岗", "left", "resigned"),
        "agency": ("机构退案", "委外退案", "agency", "returned by agency"), "term": ("到期", "委案到期", "term", "expired"), "other": ("其他", "other"),
    },
    "consents.kind": {
        "night_contact": ("夜间联系", "夜间", "night contact", "night"), "electronic": ("电子送达", "电子", "electronic", "e-delivery"),
    },
    "regime": {
        "cn_licensed": ("银行", "持牌", "消费金融", "消金"), "cn_microloan": ("小贷", "小额贷款", "网络小贷"), "cn_private": ("民间借贷", "民间"),
    },
}
"""Words of few-word columns and what they mean: key by column, or by table.column. A law is proposed only by its licence's name."""


@dataclass(frozen=True)
class ColumnPlan:
    """One line of a table: what stands behind its colon, what is said of it, and what is asked."""

    column: str
    entry: dict | str
    note: str = ""
    questions: tuple[Question, ...] = ()


@dataclass
class Answers:
    """The answers given so far, and those that were used."""

    given: dict[str, str]
    used: set[str] = field(default_factory=set)

    def of(self, question: Question) -> str | None:
        """The answer, a bare number as a constant; None where it is still open. Raises Refused where it is none of the choices."""
        answer = self.given.get(question.id)
        if answer is None:
            return None
        self.used.add(question.id)
        if answer in question.choices or (question.any_constant and answer.startswith("=")):
            return answer
        if question.kind == "money" and summands(answer, question.choices):
            return answer
        number = re.fullmatch(r"([0-9]+) ?(?:天|日|days?)?", answer)
        if question.any_constant and (question.default or "").startswith("=") and number is not None:
            return f"={number[1]}"  # a number where a constant is proposed: it is no column's name
        if (meant := as_choice(answer, question.choices)) is not None:
            return meant
        if question.kind == "rate" and rate_said(answer):
            return f"={answer}"
        near = difflib.get_close_matches(answer, question.choices, 3)
        rest = len(question.choices) - 12
        shown = ", ".join(near or question.choices[:12]) + (f" … (+{rest}; ?)" if rest > 0 and not near else "")
        raise Refused(
            f"{question.id}: {answer!r} is no answer; say one of {shown}" + (", or = and a constant" if question.any_constant else ""),
            f"{question.id}：{answer!r} 不是可用的答案；请从中选择：{shown}" + ("，或写 = 加常量" if question.any_constant else ""),
        )


def columns_of(
    source: str, table: str, looks: tuple[Look, ...], place: str, loan_keys: dict[str, float], answers: Answers, evidence: Evidence
) -> list[ColumnPlan]:
    """One plan for each column of the table that a source gives or that must be asked for."""
    fits = fitted(table, looks, place, loan_keys)
    by_name = {look.name: look for look in looks}
    evidence = replace(evidence, has_points=any(look.has_points for look in looks if _is_money(look)), neighbours=named_units(looks))
    loan_key = fits["loan_id"].source if "loan_id" in fits else None
    out = []
    for column in FACTS[table].columns:
        fit = fits.get(column.name)
        plan = _key_of_cells(table, column, fit, fits)
        if column.name == "currency" and (fit is None or fit.confidence < ASK):
            plan = _currency(source, table, column, evidence, answers)
        if plan is None and (table, column.name) == ("payments", "amount_minor") and (fit is None or fit.confidence < ASK):
            plan, fit = _of_its_parts(source, table, column, fit, by_name, evidence, answers)
        if plan is None and (fit is not None or not (column.nullable or column.optional)):
            plan = _asked_or_taken(source, table, column, fit, by_name, evidence, loan_key, answers)
        if plan is not None:
            out.append(plan)
    return out


def _is_money(look: Look) -> bool:
    words = ("额", "金", "本金", "利息", "费", "amount", "principal", "interest", "fee", "payment")
    return look.number_share > 0.9 and any(word in taken_apart(look.name).compact for word in words)


def _currency(source: str, table: str, column: Column, evidence: Evidence, answers: Answers) -> ColumnPlan:
    """The currency that no column gives: the one that names or signs tell, or the one that is answered."""
    said = evidence.currency
    if said.code is not None:
        return ColumnPlan("currency", {"constant": said.code}, said.why)
    question = ask_for_currency(source, table, said.why, said.proposed)
    answer = answers.of(question)
    if answer is None:
        return ColumnPlan("currency", OPEN, said.why, (question,))
    return ColumnPlan("currency", constant_said(column, answer), "answered")


def _key_of_cells(table: str, column: Column, fit: Fit | None, fits: dict[str, Fit]) -> ColumnPlan | None:
    """A key made of the other cells, where no column names a row; it needs no person."""
    if fit is not None and fit.confidence >= ASK:
        return None
    is_own_key = FACTS[table].key == (column.name,) and table in ("payments", "contacts", "promises", "holds", "adjustments", "consents", "events", "placements")
    parts = [fits[name].source for name in FACTS[table].names() if name in fits and name not in (column.name, "recorded_at") and
             fits[name].confidence >= ASK]
    if is_own_key and len(parts) >= 2:
        return ColumnPlan(column.name, {"key_of": parts[:4]}, "0.6 made of the cells: no column names a row; put one here if there is one")
    return None


def _asked_or_taken(
    source: str, table: str, column: Column, fit: Fit | None, looks: dict[str, Look], evidence: Evidence, loan_key: str | None,
    answers: Answers,
) -> ColumnPlan | None:
    sure = fit is not None and fit.confidence >= ASK
    if fit is not None and not sure and (column.nullable or column.optional):
        return None
    if not sure:
        proposed = fit.source if fit else (loan_key if column.name == "borrower_id" else None)
        question = ask_for_column(source, table, column.name, [name for name, look in looks.items() if look.filled], proposed)
        answer = answers.of(question)
        if answer is None:
            perhaps = f"perhaps {fit.source} ({fit.confidence:.2f} by {fit.why})" if fit else ""
            return ColumnPlan(column.name, OPEN, perhaps, (question,))
        if answer not in looks and (names := summands(answer, looks)):
            return _summed(source, table, column, names, looks, "answered", evidence, answers)
        if answer not in looks:
            return ColumnPlan(column.name, constant_said(column, answer), "answered")
        fit = Fit(answer, 1.0, "an answer")
    return _taken(source, table, column, fit, looks[fit.source], evidence, answers)


def _of_its_parts(
    source: str, table: str, column: Column, fit: Fit | None, looks: dict[str, Look], evidence: Evidence, answers: Answers
) -> tuple[ColumnPlan | None, Fit | None]:
    """The amount received as the sum of its parts where no column gives it, else what is to be proposed when it is asked for."""
    sure, perhaps = parts_received(tuple(looks.values()))
    if len(sure) >= 2 and not perhaps:
        note = "0.80 by names: the parts of what was received; no column gives the whole"
        return _summed(source, table, column, sure, looks, note, evidence, answers), None
    if len(sure) + len(perhaps) < 2:
        return None, fit
    return None, Fit(" + ".join((*sure, *perhaps)), 0.5, "names of parts")


def _summed(
    source: str, table: str, column: Column, names: tuple[str, ...], looks: dict[str, Look], note: str, evidence: Evidence, answers: Answers
) -> ColumnPlan:
    """The plan of an amount that is the sum of several columns in one unit."""
    told = [money_unit(looks[name], evidence) for name in names]
    units = {unit for unit, _ in told if unit is not None}
    unit, said, questions = (units.pop(), next(said for unit, said in told if unit), []) if len(units) == 1 else (None, told[0][1], [])
    if unit is None:
        proposed = proposed_unit(looks[names[0]], evidence)
        question = ask_for_unit(source, table, column.name, " + ".join(names), "money", said, proposed)
        unit = answers.of(question)
        questions += [question] if unit is None else []
    return ColumnPlan(column.name, {"sum_of": list(names), "unit": unit or OPEN}, f"{note}; {said}", tuple(questions))


def _taken(source: str, table: str, column: Column, fit: Fit, look: Look, evidence: Evidence, answers: Answers) -> ColumnPlan:
    """The plan of a column that comes from this source column: unit, format, words, zeros."""
    kind, entry, questions = kind_of(column), {"column": look.name}, []
    notes = ["answered" if fit.why == "an answer" else f"{fit.confidence:.2f} by {fit.why}"]
    if kind in ("money", "rate", "share"):
        is_whole_debt = (table, column.name) in WHOLE_DEBTS
        unit, said = money_unit(look, evidence, is_whole_debt) if kind == "money" else {"rate": rate_unit, "share": share_unit}[kind](look)
        if unit is None:
            proposed = proposed_unit(look, evidence, is_whole_debt) if kind == "money" else None
            question = ask_for_unit(source, table, column.name, look.name, kind, said, proposed)
            unit = answers.of(question)
            questions += [question] if unit is None else []
        entry["unit"] = unit or OPEN
        notes.append(said)
        if look.negatives and kind == "money":
            way = "`reverses` says which payment each takes back, with `negative: flip`" if table == "payments" else "`negative: flip`"
            notes.append(f"{look.negatives} sampled values are negative: they go to quarantine unless {way}")
        if unit == "major" and look.decimals > evidence.currency.decimals:
            notes.append(f"some bear more than {evidence.currency.decimals} decimals: they go to quarantine unless `round: half_up`")
    elif kind in ("date", "moment"):
        notes += _format(source, table, column, look, entry, questions, answers)
    elif kind == "flag" and look.flag_share < 1 and not set(look.values) <= {"0", "1"}:
        _words_of(source, table, column, look, ("yes", "no"), {}, entry, questions, answers)
    elif column.one_of is not None and kind == "text":
        known = _WORDS.get(f"{table}.{column.name}") or _WORDS.get(column.name) or {}
        _words_of(source, table, column, look, tuple(column.one_of), known, entry, questions, answers)
    elif kind == "text":
        notes += _zeros_of(look, entry)
    if column.name == "currency" and look.words and set(look.words) & {"人民币", "RMB"}:
        entry["values"] = {word: "CNY" if word in ("人民币", "RMB") else word for word in look.words}
    if not column.nullable and not column.optional and look.filled < look.cells:
        notes.append(f"empty in {look.cells - look.filled} of {look.cells} sampled records")
    if look.examples and not look.is_personal and kind in ("money", "rate", "whole", "date", "moment") or _is_own_key(table, column, look):
        notes.append("e.g. " + ", ".join(look.examples))
    return ColumnPlan(column.name, entry if len(entry) > 1 else look.name, "; ".join(note for note in notes if note), tuple(questions))


def _is_own_key(table: str, column: Column, look: Look) -> bool:
    return bool(look.examples) and not look.is_personal and column.name in ("loan_id", "payment_id")


def _format(source: str, table: str, column: Column, look: Look, entry: dict, questions: list, answers: Answers) -> list[str]:
    if set(look.dates) <= set(DEFAULT_DATES) and look.date_share > 0.5:
        return [] if look.date_share > 0.99 else [f"{1 - look.date_share:.0%} of the values read as no date"]
    if not look.dates:
        entry["format"] = OPEN
        formats = ("YYYY-M-D", "M/D/YYYY", "D/M/YYYY", "YYYYMMDD", "excel")
        said = Question(
            f"{source}.{table}.{column.name}.format", f"{source}, {look.name!r}: how are its dates written? Its values read as none",
            f"{source}，{look.name!r}：日期是怎样写的？其值不像任何日期", formats, None, any_constant=True,
        )
    else:
        pair = next((pair for pair in EITHER_WAY if set(pair) & set(look.dates)), None)
        if not look.is_unclear or pair is None:
            entry["format"] = list(look.dates)
            return [] if look.date_share > 0.99 else [f"{1 - look.date_share:.0%} of the values read as no date"]
        said = ask_for_format(source, table, column.name, look.name, pair)
    answer = answers.of(said)
    if answer is None:
        questions.append(said)
        entry["format"] = OPEN
        return ["day before month, or month before day?"]
    others = [name for name in look.dates if not any(answer in pair and name in pair for pair in EITHER_WAY)]
    entry["format"] = [answer.removeprefix("="), *(name for name in others if name != answer)]
    return []


def _words_of(
    source: str, table: str, column: Column, look: Look, choices: tuple, known: dict, entry: dict, questions: list, answers: Answers
) -> None:
    """The value map of a column of few words: proposals for words that are known, questions for the others."""
    if set(look.words) <= {str(choice) for choice in choices} and look.words:
        return
    choices = tuple(str(choice) for choice in choices)
    values = {}
    for word in look.words or ():
        found = next((to for to, words in known.items() if word.lower() in words), None)
        found = found or (word if word in choices else None)
        if found is None:
            question = ask_for_word(source, table, column.name, look.name, word, choices)
            found = answers.of(question)
            if found is None:
                questions.append(question)
        values[word] = found or OPEN
    if values:
        entry["values"] = values


def _zeros_of(look: Look, entry: dict) -> list[str]:
    """Zeros in front that a spreadsheet took: the lengths of the numbers differ by little below one length."""
    if look.is_scientific:
        return ["some are written like 1.23E+17: their last digits are lost, and they go to quarantine; export the column as text"]
    widths = look.widths
    if len(widths) < 2 or widths[-1] < 6 or widths[-1] - widths[0] > 3:
        return []
    longest = int((look.values.str.len_chars() == widths[-1]).sum())
    if longest < 0.8 * len(look.values):
        return []
    entry["zero_fill"] = widths[-1]
    return [f"lengths differ ({widths[0]} to {widths[-1]}): zeros in front seem lost and are put back; remove zero_fill if not"]
