"""What can be exported: for each subject its columns, the rows that policy shows the actor, and a row's values. Personal data only masked; rows of frozen cases are left out.

Values are what the tables hold: codes, days, moments, amounts in minor units beside their currency. How they are written is said in files.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from typing import Any

from django.db.models import Prefetch, QuerySet

from arrears.refusal import Refused
from arrears.work.about_oneself import not_about
from arrears.work.actor import Actor
from arrears.work.ledger_frame import contacts_of, frame_of
from arrears.work.models import Case, Complaint, Contact, Dispute, Party, Plan, Promise, SampleItem, Sheet
from arrears.work.oversight_words import EXPORTED, ZONE
from arrears.work.queries.ledger import line_of
from arrears.work.queries.masking import Cell, masked_cells
from arrears.work.residuals import filter_for

AT_ONCE = 1_000
"""Rows read and written at a time; no more are ever in memory."""
STATES = {"cases": ("open", "closed"), "promises": ("open", "kept", "part_kept", "broken", "withdrawn"), "plans": ("proposed", "agreed", "kept", "broken", "ended", "refused"),
          "matters": ("open", "upheld", "partly_upheld", "rejected"), "contacts": (), "samples": ("unscored", "scored", "disputed", "settled")}
"""Which states each can be filtered by."""
DAYS = 31


@dataclass(frozen=True)
class Column:
    """One column: kind text (typed by somebody, or a name), code (a word of ours), codes, day, moment, number, money (minor units of the row's currency), ppm or flag; heads in both languages."""

    name: str
    kind: str
    zh: str
    en: str


def columns_of(what: str) -> tuple[Column, ...]:
    """The columns of a subject, in order."""
    return _SUBJECTS[what].columns


def filters_of(what: str, said: dict[str, Any], today: date) -> dict[str, Any]:
    """What was chosen, read and made plain, as it is kept with the export and approved. Raises Refused naming what cannot be."""
    frame = frame_of(said, today, DAYS).plain()
    state = str(said.get("state") or "").strip()
    if state and state not in STATES[what]:
        raise Refused(f"{what} have the states {', '.join(STATES[what]) or 'none'}", f"{what} 的状态可选：{'、'.join(STATES[what]) or '无'}")
    kept = set(frame) if what in ("contacts", "samples") else {"from_on", "to_on", "team", "borrower_id"}
    return {**{name: value for name, value in frame.items() if name in kept}, **({"state": state} if state else {})}


def found(actor: Actor, what: str, filters: dict[str, Any], most: int) -> int:
    """How many rows there are, counted no further than one past most. Within a transaction that says what may be seen."""
    return sum(rows.order_by()[:most + 1].count() for rows in _SUBJECTS[what].rows(actor, filters))


def rows_of(actor: Actor, what: str, filters: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """The rows, some at a time, by a cursor on the server. Within a transaction that says what may be seen."""
    subject = _SUBJECTS[what]
    read = chain.from_iterable(rows.iterator(chunk_size=AT_ONCE) for rows in subject.rows(actor, filters))
    while some := list(islice(read, AT_ONCE)):
        yield subject.values(actor, some)


@dataclass(frozen=True)
class _Subject:
    columns: tuple[Column, ...]
    rows: Callable[[Actor, dict], tuple[QuerySet, ...]]
    values: Callable[[Actor, list], list[dict]]


_OF_CASE = (Column("borrower_id", "text", "借款人编号（化名）", "borrower (pseudonym)"), Column("team", "text", "团队", "team"))


def _between(rows: QuerySet, filters: dict, column: str, *, of_case: str = "case__", is_moment: bool = False) -> QuerySet:
    """Rows of the days, of the team and borrower where they are said, whose case is not frozen."""
    first, after = date.fromisoformat(filters["from_on"]), date.fromisoformat(filters["to_on"]) + timedelta(days=1)
    ends = (datetime.combine(first, time(), ZONE), datetime.combine(after, time(), ZONE)) if is_moment else (first, after)
    rows = rows.filter(**{f"{column}__gte": ends[0], f"{column}__lt": ends[1], f"{of_case}frozen_at": None})
    for name, path in (("team", "team__code"), ("borrower_id", "borrower_id")):
        if name in filters:
            rows = rows.filter(**{f"{of_case}{path}": filters[name]})
    return rows.filter(state=filters["state"]) if "state" in filters else rows


def _cases(actor: Actor, filters: dict) -> tuple[QuerySet, ...]:
    debtors = Prefetch("party_set", Party.objects.filter(role="debtor"), "debtors")
    rows = _between(Case.objects.filter(filter_for(actor, "case.list", Case), lender=actor.lender), filters, "opened_on", of_case="")
    return (rows.select_related("team", "held_by").prefetch_related(debtors).order_by("opened_on", "id"),)


def _case_values(actor: Actor, cases: list[Case]) -> list[dict]:
    named = [case.debtors[0] for case in cases if case.debtors]
    names = dict(zip((party.case_id for party in named), masked_cells(actor.lender, [Cell(party, party, "name_sealed", "name") for party in named]), strict=True))
    return [{"borrower_id": case.borrower_id, "team": case.team and case.team.code, "name": names.get(case.pk, ""), "held_by": case.held_by and case.held_by.roster_name, "state": case.state,
             "currency": case.currency, "claimable_minor": case.claimable_minor, "days_past_due": case.days_past_due, "bucket": case.bucket, "treatment": case.treatment,
             "opened_on": case.opened_on, "closed_on": case.closed_on, "worked_at": case.worked_at, "as_of": case.as_of} for case in cases]


def _contacts(actor: Actor, filters: dict) -> tuple[QuerySet, ...]:
    frame = frame_of(filters, date.fromisoformat(filters["to_on"]))
    rows = contacts_of(actor.lender, frame).filter(filter_for(actor, "ledger.view", Contact), case__frozen_at=None)
    return (rows.select_related("case", "made_by__collector__team"),)


def _contact_values(_: Actor, contacts: list[Contact]) -> list[dict]:
    return [{"contact": str(line.id), "at": line.at, "borrower_id": line.borrower_id, "team": line.team, "collector": line.collector, "is_agency": line.is_agency, "channel": line.channel,
             "direction": line.direction, "relation": line.relation, "outcome": line.outcome, "verdict": line.verdict, "rules": list(line.rules), "loan_id": line.loan_id}
            for line in map(line_of, contacts)]


def _promises(actor: Actor, filters: dict) -> tuple[QuerySet, ...]:
    rows = _between(Promise.objects.filter(filter_for(actor, "case.list", Promise), lender=actor.lender), filters, "promised_on")
    return (rows.select_related("case__team", "taken_by").order_by("promised_on", "id"),)


def _promise_values(_: Actor, promises: list[Promise]) -> list[dict]:
    return [{**_of(row), "loan_id": row.loan_id, "promised_on": row.promised_on, "pay_by_on": row.pay_by_on, "currency": row.currency, "amount_minor": row.amount_minor, "state": row.state,
             "taken_by": row.taken_by and row.taken_by.name} for row in promises]


def _plans(actor: Actor, filters: dict) -> tuple[QuerySet, ...]:
    rows = _between(Plan.objects.filter(filter_for(actor, "case.list", Plan), lender=actor.lender), filters, "proposed_on")
    return (rows.select_related("case__team", "proposed_by").order_by("proposed_on", "id"),)


def _plan_values(_: Actor, plans: list[Plan]) -> list[dict]:
    return [{**_of(row), "loan_id": row.loan_id, "proposed_on": row.proposed_on, "agreed_on": row.agreed_on, "ended_on": row.ended_on, "currency": row.currency,
             "amount_minor": sum(one["amount_minor"] for one in row.instalments), "instalments": len(row.instalments), "waived_penalty_minor": row.waived_penalty_minor,
             "waived_interest_minor": row.waived_interest_minor, "waived_fee_minor": row.waived_fee_minor, "state": row.state} for row in plans]


def _matters(actor: Actor, filters: dict) -> tuple[QuerySet, ...]:
    return tuple(_between(not_about(rows, actor) if model is Complaint else rows, filters, "raised_at", is_moment=True).select_related("case__team").order_by("raised_at", "id")
                 for model in (Complaint, Dispute) for rows in (model.objects.filter(filter_for(actor, "case.list", model), lender=actor.lender),))


def _matter_values(_: Actor, matters: list[Complaint | Dispute]) -> list[dict]:
    return [{**_of(row), "kind": row._meta.model_name, "ground": row.ground, "raised_at": row.raised_at, "answer_by_on": row.answer_by_on, "answered_at": row.answered_at, "state": row.state} for row in matters]


def _samples(actor: Actor, filters: dict) -> tuple[QuerySet, ...]:
    """Contacts of samples drawn on the days; the other filters of the ledger do not bear on them but the team, channel and collector of the contact."""
    rows = SampleItem.objects.filter(filter_for(actor, "ledger.view", SampleItem), lender=actor.lender)
    rows = _between(rows, {name: value for name, value in filters.items() if name != "team"}, "sample__drawn_at", is_moment=True)
    for name, path in (("team", "collector__team__code"), ("collector", "collector__roster_name"), ("channel", "contact__channel"), ("verdict", "contact__verdict")):
        if name in filters:
            rows = rows.filter(**{path: filters[name]})
    return (rows.select_related("sample", "contact__case", "contact__made_by__collector__team", "collector__team").prefetch_related(Prefetch("sheet_set", Sheet.objects.select_related("reviewer"), "filled"))
            .order_by("sample__drawn_at", "sample_id", "ordinal"),)


def _sample_values(_: Actor, items: list[SampleItem]) -> list[dict]:
    told = []
    for item in items:
        by_part = {sheet.part: sheet for sheet in item.filled}
        counts = by_part.get("look") or by_part.get("first")
        told.append({"sample": str(item.sample_id), "drawn_at": item.sample.drawn_at, "ordinal": item.ordinal, "borrower_id": item.contact.case.borrower_id, "team": item.collector and item.collector.team.code,
                     "collector": item.collector and item.collector.roster_name, "channel": item.contact.channel, "at": item.contact.attempted_at, "state": item.state, "form_version": item.sample.form_version,
                     "reviewer": counts and counts.reviewer.name, "score_ppm": counts and counts.score_ppm, "is_passed": counts and counts.is_passed, "red_lines": counts and list(counts.red_lines)})
    return told


def _of(row) -> dict[str, Any]:
    return {"borrower_id": row.case.borrower_id, "team": row.case.team and row.case.team.code}


_STATE, _CURRENCY, _LOAN = Column("state", "code", "状态", "state"), Column("currency", "text", "币种", "currency"), Column("loan_id", "text", "贷款编号", "loan")
_COLLECTOR, _CHANNEL = Column("collector", "text", "催收员", "collector"), Column("channel", "code", "渠道", "channel")
_SUBJECTS = {
    "cases": _Subject((*_OF_CASE, Column("name", "text", "债务人（脱敏）", "debtor (masked)"), Column("held_by", "text", "催收员", "held by"), _STATE, _CURRENCY, Column("claimable_minor", "money", "可主张金额", "claimable"),
                       Column("days_past_due", "number", "逾期天数", "days past due"), Column("bucket", "text", "逾期档", "bucket"), Column("treatment", "code", "建议处置", "treatment"),
                       Column("opened_on", "day", "立案日期", "opened on"), Column("closed_on", "day", "结案日期", "closed on"), Column("worked_at", "moment", "最近处理", "worked at"), Column("as_of", "day", "数据日期", "as of")), _cases, _case_values),
    "contacts": _Subject((Column("at", "moment", "联系时间", "at"), *_OF_CASE, _COLLECTOR, Column("is_agency", "flag", "委外", "agency"), _CHANNEL, Column("direction", "code", "方向", "direction"),
                          Column("relation", "code", "与债务人关系", "who was reached"), Column("outcome", "code", "结果", "outcome"), Column("verdict", "code", "合规结论", "verdict"),
                          Column("rules", "codes", "适用规则", "rules that spoke"), _LOAN, Column("contact", "text", "联系编号", "contact id")), _contacts, _contact_values),
    "promises": _Subject((*_OF_CASE, _LOAN, Column("promised_on", "day", "承诺日期", "promised on"), Column("pay_by_on", "day", "承诺还款日", "pay by"), _CURRENCY, Column("amount_minor", "money", "金额", "amount"), _STATE,
                          Column("taken_by", "text", "记录人", "taken by")), _promises, _promise_values),
    "plans": _Subject((*_OF_CASE, _LOAN, Column("proposed_on", "day", "提议日期", "proposed on"), Column("agreed_on", "day", "达成日期", "agreed on"), Column("ended_on", "day", "终止日期", "ended on"), _CURRENCY,
                       Column("amount_minor", "money", "分期总额", "sum of instalments"), Column("instalments", "number", "期数", "instalments"), Column("waived_penalty_minor", "money", "减免罚息", "penalty waived"),
                       Column("waived_interest_minor", "money", "减免利息", "interest waived"), Column("waived_fee_minor", "money", "减免费用", "fees waived"), _STATE), _plans, _plan_values),
    "matters": _Subject((*_OF_CASE, Column("kind", "code", "种类", "kind"), Column("ground", "code", "事由", "ground"), Column("raised_at", "moment", "登记时间", "raised at"), Column("answer_by_on", "day", "应答复日期", "answer by"),
                         Column("answered_at", "moment", "答复时间", "answered at"), _STATE), _matters, _matter_values),
    "samples": _Subject((Column("sample", "text", "抽样编号", "sample"), Column("drawn_at", "moment", "抽样时间", "drawn at"), Column("ordinal", "number", "序号", "place"), *_OF_CASE, _COLLECTOR, _CHANNEL,
                         Column("at", "moment", "联系时间", "contact at"), _STATE, Column("form_version", "text", "评分表版本", "form version"), Column("reviewer", "text", "质检员", "reviewer"),
                         Column("score_ppm", "ppm", "得分（%）", "score (%)"), Column("is_passed", "flag", "是否合格", "passed"), Column("red_lines", "codes", "触碰红线", "red lines")), _samples, _sample_values),
}
if tuple(_SUBJECTS) != EXPORTED:
    raise AssertionError("what can be exported is said in two places that differ")
