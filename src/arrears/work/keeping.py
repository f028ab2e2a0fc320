"""How long the records of a case must be kept: the law's table for the lender, the operator's own periods beside it, and the days they are counted from.

Nothing is guessed in favour of destroying: a product the law does not name is held against every product's rules, a lender whose pack has no table of retention
keeps everything that the operator has set no period for, and a case that was closed for another reason than payment is not settled.
Docs: docs/algorithms/retention.md. Source: 个人信息保护法 19, 47; the numbers stand in law/*/retention.yaml.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Max, Q

from arrears import strict_yaml
from arrears.law.entries import parsed
from arrears.law.packs import shipped_pack
from arrears.law.retention import (
    FILE,
    KEEP,
    LITIGATION_HOLD,
    NO_RULE,
    UNTIL_SETTLED,
    Record,
    Retention,
    RetentionRule,
    retention_of,
    retention_rules,
)
from arrears.law.rules import OPERATOR_POLICY, PRODUCTS
from arrears.refusal import Refused
from arrears.work.models import (
    Attachment,
    Case,
    Complaint,
    Contact,
    Debt,
    Dispute,
    Entry,
    Hardship,
    Hold,
    Lender,
    MatterNote,
    MatterTask,
    Party,
    Payment,
    Placement,
    Plan,
    Promise,
    SampleItem,
    Sheet,
)
from arrears.work.own_choices import section

_ZONE = ZoneInfo("Asia/Shanghai")
"""In which business days are counted, as in actions.action; this module stands below the actions."""
SETTLED = ("settled", "paid", "not_owed")
"""Reasons of closing after which nothing of the debt is open any more; after any other one limitation still runs."""
STAYS = ("litigation", "legal_stay")
"""Holds that keep everything while they stand."""
OWING = ("debtor", "co_debtor", "guarantor")
NO_EVENT = ("person.", "dial.", "attachment.open", "retention.")
"""Entries of these verbs are about the data, not about collecting the debt: no period is counted from them."""
RECORD_KINDS = ("collection_record", "call_recording", "visit_recording", "oral_plan_recording", "limitation_evidence", "complaint_file", "sharing_record", "hardship_proof", "other_document")
"""What a record of a case can be."""


@dataclass(frozen=True)
class Table:
    """The rules by which a lender keeps. is_known: its pack has a table; cited: by rule id the source, its title, the article and how sure the number is."""

    licence: str
    rules: tuple[RetentionRule, ...]
    is_known: bool
    cited: dict[str, dict[str, str | None]]


@dataclass(frozen=True)
class Kept:
    """What holds of one record: which it is (kind; id where it is a row of its own), and the law's answer. until is the last day it must be kept."""

    case: UUID
    kind: str
    row: UUID | None
    party: UUID | None
    status: str
    until: date | None
    rules: tuple[str, ...]
    is_law: bool

    def is_over(self, as_of: date) -> bool:
        """Whether its period was set by a rule and has ended before the day."""
        return self.status == KEEP and self.until is not None and self.until < as_of


@dataclass
class Facts:
    """The days of one case that keeping is counted from, and its records that are rows of their own: (kind, id, party, day)."""

    case: Case
    products: set[str] = field(default_factory=set)
    last_event_on: date | None = None
    last_interrupting_on: date | None = None
    litigation_hold: bool = False
    rows: list[tuple[str, UUID, UUID | None, date]] = field(default_factory=list)
    contacted: set[UUID] = field(default_factory=set)
    has_words: bool = False

    @property
    def settled_on(self) -> date | None:
        return self.case.closed_on if self.case.state == "closed" and self.case.closed_why in SETTLED else None

    def event(self, day: date | None) -> None:
        if day is not None:
            self.last_event_on = max(self.last_event_on or day, day)

    def interrupted(self, day: date | None) -> None:
        self.event(day)
        if day is not None:
            self.last_interrupting_on = max(self.last_interrupting_on or day, day)


def table_of(lender: Lender, home: Path) -> Table:
    """The rules for the lender: its pack's, and the operator's own periods from settings.yaml (`retention: {other_document: {months: 36}}`). Raises Refused or BadYaml."""
    rules, cited, is_known = _of_law(lender.law)
    own = _own_rules(home)
    return Table(lender.licence, rules + own, is_known, {**cited, **{rule.id: {"source": OPERATOR_POLICY, "title": "settings.yaml", "article": None, "evidence": "own"} for rule in own}})


@lru_cache(maxsize=8)
def _of_law(law: str) -> tuple[tuple[RetentionRule, ...], dict[str, dict[str, str | None]], bool]:
    """Of a shipped pack: its rules of retention, what each cites, and whether it has any."""
    pack = shipped_pack(law)
    if FILE not in pack.texts:
        return (), {}, False
    return retention_rules(pack.texts), {entry["id"]: _citation(entry, pack.sources) for entry in parsed(pack.texts, FILE)["rules"]}, True


def _citation(entry: dict, sources: dict[str, dict]) -> dict[str, str | None]:
    source = entry["source"]
    return {"source": source, "title": "" if source == OPERATOR_POLICY else sources[source]["title"], "article": None if entry["article"] == "null" else entry["article"], "evidence": entry["evidence"]}


def _own_rules(home: Path) -> tuple[RetentionRule, ...]:
    found = []
    for kind, period in section(home, "retention").items():
        months = period.get("months") if isinstance(period, dict) else None
        if kind not in RECORD_KINDS or not isinstance(months, str) or not months.isascii() or not months.isdecimal() or not 0 < int(months[:5]) <= 1200:
            raise Refused(f"{home / 'settings.yaml'}: retention.{kind}: write {{months: 1 to 1200}} under one of {', '.join(RECORD_KINDS)}; nothing was destroyed",
                          f"{home / 'settings.yaml'}：retention.{kind}：请在下列种类之一下写 {{months: 1 至 1200}}：{'、'.join(RECORD_KINDS)}；未销毁任何内容")
        strict_yaml.expect_keys(period, {"months"}, set(), f"settings.yaml: retention.{kind}")
        found.append(RetentionRule(f"own.retention.{kind}", (kind,), (), (), int(months), "last_event_on", False, None, None))
    return tuple(found)


def facts_of(cases: Iterable[UUID]) -> dict[UUID, Facts]:
    """The facts of the cases, in a fixed number of queries however many they are. Within a transaction that sees them."""
    keys = list(cases)
    found = {case.id: Facts(case) for case in Case.objects.filter(id__in=keys)}
    of = Q(case__in=list(found))
    for case, product in Debt.objects.filter(of).values_list("case", "product"):
        found[case].products.add(product)
    for case in Hold.objects.filter(of, kind__in=STAYS, lifted_at=None).values_list("case", flat=True):
        found[case].litigation_hold = True
    for fact in found.values():
        fact.event(fact.case.closed_on)
    _events(found, of)
    _rows(found, of)
    return found


def _events(found: dict[UUID, Facts], of: Q) -> None:
    """The last days of what happened in each case; what interrupts limitation (民法典 195): a demand that arrived, a payment, a promise, an agreed plan."""
    for case, party, outcome, last in Contact.objects.filter(of).values_list("case", "party", "outcome").annotate(Max("attempted_at")).order_by():
        found[case].event(_day(last))
        if outcome in ("answered", "delivered"):
            found[case].interrupted(_day(last))
        if party is not None:
            found[case].contacted.add(party)
    for model, column in ((Payment, "paid_on"), (Promise, "promised_on"), (Plan, "agreed_on")):
        for case, last in model.objects.filter(of).values_list("case").annotate(Max(column)).order_by():
            found[case].interrupted(last)
    for model, column in ((Plan, "proposed_on"), (Plan, "ended_on"), (Placement, "placed_on"), (Placement, "returned_on")):
        for case, last in model.objects.filter(of).values_list("case").annotate(Max(column)).order_by():
            found[case].event(last)
    no_event = Q()
    for verb in NO_EVENT:
        no_event |= Q(verb__startswith=verb)
    for case, last in Entry.objects.filter(~no_event, case__in=list(found), is_refused=False).values_list("case").annotate(Max("at")).order_by():
        found[case].event(_day(last))


def _rows(found: dict[UUID, Facts], of: Q) -> None:
    """The records that are rows of their own and still hold something."""
    for row in Attachment.objects.filter(of, destroyed_at=None).values_list("case", "record_kind", "id", "party", "made_at"):
        found[row[0]].rows.append((row[1], row[2], row[3], _day(row[4])))
    for model in (Complaint, Dispute):
        for case, row, raised, answered in model.objects.filter(of).exclude(text_sealed=None, answer_sealed=None).values_list("case", "id", "raised_at", "answered_at"):
            found[case].rows.append(("complaint_file", row, None, _day(answered or raised)))
    for model, *columns in ((Contact, "note_sealed"), (Hold, "reason_sealed"), (Hardship, "text_sealed", "wanted_sealed", "sheet_sealed", "answer_sealed"), (MatterNote, "text_sealed"), (MatterTask, "text_sealed"), (Sheet, "comment_sealed"), (SampleItem, "dispute_sealed")):
        for case in model.objects.filter(of).exclude(**dict.fromkeys(columns)).values_list("case", flat=True).distinct():
            found[case].has_words = True
    for case, row, placed, returned in Placement.objects.filter(of, team__kind="agency").values_list("case", "id", "placed_on", "returned_on"):
        found[case].rows.append(("sharing_record", row, None, returned or placed))


def kept_of(table: Table, facts: Facts, as_of: date) -> list[Kept]:
    """What holds of each record of the case: the case's own collection records and limitation evidence first, then its rows."""
    case = facts.case
    own = [("collection_record", None, None, case.opened_on)]
    if facts.settled_on is None and facts.last_interrupting_on is not None:
        own.append(("limitation_evidence", None, None, case.opened_on))
    return [_kept(table, facts, row, as_of) for row in (*own, *facts.rows)]


def _kept(table: Table, facts: Facts, row: tuple[str, UUID | None, UUID | None, date], as_of: date) -> Kept:
    kind, key, party, made_on = row
    products = facts.products if facts.products and facts.products <= set(PRODUCTS) else PRODUCTS
    answers = [retention_of(table.rules, Record((kind,), product, table.licence, made_on, facts.last_event_on, facts.last_interrupting_on, facts.settled_on, facts.litigation_hold), as_of)
               for product in sorted(products)]
    strictest = max(answers, key=_strictness)
    return Kept(facts.case.id, kind, key, party, strictest.status, strictest.keep_until, strictest.rules, strictest.is_law)


def _strictness(answer: Retention) -> tuple[int, date]:
    return (NO_RULE, KEEP, UNTIL_SETTLED, LITIGATION_HOLD).index(answer.status), answer.keep_until or date.min


def parties_by_person(lender: str, persons: Iterable[UUID]) -> dict[UUID, list[Party]]:
    """Every place of each person among the lender's cases."""
    found: dict[UUID, list[Party]] = defaultdict(list)
    for party in Party.objects.filter(lender=lender, person__in=list(persons)).select_related("case").order_by("id"):
        found[party.person].append(party)
    return found


def of_person(party: Party, facts: Facts, kept: list[Kept]) -> list[Kept]:
    """Those of the case's records that hold something of this party.

    Of a debtor all. Of a co-debtor or guarantor the collection records and the limitation evidence, and attachments of their own. Of a reserved contact only what
    was done with them: attachments of their own, and the collection records where they were contacted.
    """
    if party.role == "debtor":
        return [one for one in kept if one.party in (None, party.id)]
    cares = ("collection_record", "limitation_evidence") if party.role in OWING else ("collection_record",) if party.id in facts.contacted else ()
    return [one for one in kept if one.party == party.id or (one.row is None and one.kind in cares)]


def _day(moment) -> date:
    return moment.astimezone(_ZONE).date()
