"""May this person be contacted at this moment? Asked of the same rules as the night's, with what the work plane knows; and of what only the work plane knows.

Rules only forbid, and what nobody can tell forbids: a contact is permitted where no rule of the pack and none of OWN speaks. Calls are taken to be recorded and visits to be made by two, as
the night takes them. Source: spec verdicts; DESIGN, decision 5. Docs: docs/algorithms/verdicts.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from arrears.days import microseconds_of
from arrears.law.rules import OPERATOR_POLICY, VERDICTS
from arrears.work.actions.action import ZONE
from arrears.work.gate_facts import STAFF_OF_A_VISIT, Ask, judged
from arrears.work.gate_known import Known, known_of, number_of_point
from arrears.work.gate_rules import NoRules
from arrears.work.models import Case, ContactPoint, Party

DENY, REVIEW = "deny", "review"
COLLECTED_FROM = ("debtor", "co_debtor", "guarantor")
BY_KIND = {"call": "phone", "voice_bot": "phone", "sms": "phone", "email": "email", "letter": "address", "visit": "address"}
"""By channel, which kind of contact point it needs; im and push need none that is kept here."""
PIPL = "pipl"
OWN = {
    "own.rules_unknown": ("无法判断：{zh}", "nobody can tell: {en}", OPERATOR_POLICY, None),
    "own.no_debtor": ("案件没有债务人，无法判断", "the case has no debtor, so nobody can tell", OPERATOR_POLICY, None),
    "own.case_closed": ("案件已结，不再联系", "the case is closed; nobody is contacted any more", OPERATOR_POLICY, None),
    "own.frozen": ("个人信息已停止处理，仅存储不使用", "the processing of this person's data is frozen: stored, not used", PIPL, "47"),
    "own.erased": ("个人信息已删除", "this person's data were erased", PIPL, "47"),
    "own.held": ("本案件处于停催状态，解除之前不联系", "a hold stands on this case: nobody is contacted until it is lifted", OPERATOR_POLICY, None),
    "own.number_wrong_person": ("该联系方式已确认属于他人", "this number or address was found to be somebody else's", OPERATOR_POLICY, None),
    "own.number_stopped": ("使用人已要求停止联系该号码或地址", "whoever has this number or address asked not to be contacted there", OPERATOR_POLICY, None),
    "own.number_invalid": ("该号码或地址无效", "this number or address is not in use", OPERATOR_POLICY, None),
    "own.no_way": ("没有可用的{zh}", "no {en} in use is known", OPERATOR_POLICY, None),
    "own.plan_kept": ("已达成分期并在履行，履行期间不催收", "an agreed plan runs and is kept; nobody collects meanwhile", OPERATOR_POLICY, None),
    "own.nothing_due": ("没有到期应还金额，无可催收", "nothing is due, so there is nothing to collect", OPERATOR_POLICY, None),
    "own.not_covered": ("规则包未覆盖该日期、牌照或产品（{en}）", "{en}", OPERATOR_POLICY, None),
}
"""What forbids beside the pack's rules: in Chinese and English, by which text. The lender's own where no text is named."""
_KINDS = {"phone": ("电话号码", "telephone number"), "email": ("电子邮箱", "e-mail address"), "address": ("地址", "address")}


@dataclass(frozen=True)
class Reason:
    """One rule that speaks. verdict: what it comes to alone; source: id of the text, source_title its name; until: from when on it no longer forbids, where that is known of it alone."""

    id: str
    verdict: str
    zh: str
    en: str
    source: str
    source_title: str
    article: str | None
    until: datetime | None = None

    @property
    def is_own(self) -> bool:
        """It is the lender's own rule, no law."""
        return self.source == OPERATOR_POLICY


@dataclass(frozen=True)
class Answer:
    """verdict: a word of VERDICTS, the strictest of the reasons. retry_at: the earliest moment at which a denied contact would no longer be, where only time stands in the way."""

    verdict: str
    reasons: tuple[Reason, ...] = ()
    retry_at: datetime | None = None

    @property
    def rules(self) -> list[str]:
        """The ids of the rules that spoke, strictest first."""
        return [one.id for one in self.reasons]


def verdict(case: Case, party: Party | None, channel: str, at: datetime, *, point: ContactPoint | None = None, relation: str | None = None, is_reply: bool = False,
            text: str | None = None) -> Answer:
    """The verdict on one contact with the party, or with somebody of that relation, at that moment; within a transaction that sees the case. text: what a written one says, None where nobody knows."""
    known = known_of(case, at)
    return answers(known, [ask_of(known, party, channel, point, relation=relation, is_reply=is_reply, text=text)])[0]


def ask_of(known: Known, party: Party | None, channel: str, point: ContactPoint | None = None, *, relation: str | None = None, is_reply: bool = False, text: str | None = None) -> Ask:
    """What is asked about a contact: to collect from those who owe, to locate through everybody else, or to reply."""
    who = party.role if party is not None else relation or "other"
    purpose = "reply" if is_reply else "collect" if who in COLLECTED_FROM else "locate"
    number = None if point is None else number_of_point(point.value_index, point.pk)
    return Ask(party, str(party.person) if party is not None else f"a {who} who is nobody of the case", who, channel, purpose, number, point, text, STAFF_OF_A_VISIT)


def answers(known: Known, asks: Sequence[Ask]) -> list[Answer]:
    """The answer to each, in order; all judged in one go."""
    own = [_own(known, ask) for ask in asks]
    law = [_by_law(known, found) for found in judged(known, asks)] if not isinstance(known.rules, NoRules) and known.debtor is not None else [Answer("allow")] * len(asks)
    return [_both(mine, theirs) for mine, theirs in zip(own, law, strict=True)]


def own_reason(name: str, until: datetime | None = None, verdict: str = DENY, **filled: str) -> Reason:
    """One of OWN, its words filled in."""
    zh, en, source, article = OWN[name]
    return Reason(name, verdict, zh.format(**filled), en.format(**filled), source, "中华人民共和国个人信息保护法" if source == PIPL else "", article, until)


def no_way(channel: str) -> Answer:
    """The answer where nothing is known by which the channel could reach the party."""
    zh, en = _KINDS[BY_KIND[channel]]
    return Answer(DENY, (own_reason("own.no_way", zh=zh, en=en),))


def while_held(known: Known, answer: Answer) -> Answer:
    """The answer for whoever works the case: nobody is called, whatever a rule would leave to a person's release, while a hold stands (person.dial refuses by the same)."""
    return _both([own_reason("own.held")], answer) if known.holds else answer


def _own(known: Known, ask: Ask) -> list[Reason]:
    """What only the work plane knows against the contact."""
    found, party, point, at = [], ask.party, ask.point, known.at
    if isinstance(known.rules, NoRules):
        found.append(own_reason("own.rules_unknown", zh=known.rules.zh, en=known.rules.en))
    if known.case.frozen_at is not None or (party is not None and party.frozen_at is not None):
        found.append(own_reason("own.frozen"))
    if party is not None and party.erased_at is not None:
        found.append(own_reason("own.erased"))
    if ask.purpose == "reply":
        return found
    if known.debtor is None:
        found.append(own_reason("own.no_debtor"))
    if known.case.state != "open":
        found.append(own_reason("own.case_closed"))
    if point is not None and point.state != "usable" and (point.state_since is None or point.state_since <= at):
        found.append(own_reason(f"own.number_{point.state}"))
    owed = [debt for debt in known.debts if debt.due_total_minor > 0]
    kept = {plan.loan_id for plan in known.plans}
    if not owed:
        found.append(own_reason("own.nothing_due"))
    elif all(debt.loan_id in kept for debt in owed):
        found.append(own_reason("own.plan_kept", _next_due(known)))
    return found


def _next_due(known: Known) -> datetime | None:
    """The first moment after the day of the next instalment of any plan that runs."""
    today = known.at.astimezone(ZONE).date().isoformat()
    due = sorted(one["due_on"] for plan in known.plans for one in plan.instalments if one["due_on"] >= today)
    return datetime.combine(datetime.fromisoformat(due[0]).date() + timedelta(days=1), time(), ZONE) if due else None


def _by_law(known: Known, found: dict) -> Answer:
    """What the pack says, with its words and sources."""
    pack = known.rules.prepared.pack
    reasons = [Reason(ground.id, VERDICTS[ground.level], ground.rule.message["zh"], ground.rule.message["en"], ground.source, "" if ground.is_policy else pack.sources[ground.source]["title"],
                      ground.article) for ground in found["grounds"]]
    if found["coverage"] != "ok":
        reasons.append(own_reason("own.not_covered", verdict=REVIEW, en=found["coverage"]))
    return Answer(found["verdict"], tuple(reasons), found["retry_at"])


def _both(own: list[Reason], law: Answer) -> Answer:
    """The strictest of both; the contact may be asked again once both no longer deny it."""
    if not own:
        return law
    reasons = tuple(sorted([*own, *law.reasons], key=lambda one: -VERDICTS.index(one.verdict)))
    waits = [one.until for one in own] + ([law.retry_at] if law.verdict == DENY else [])
    again = None if any(one is None for one in waits) else max(waits, key=microseconds_of)
    return Answer(DENY, reasons, again)
