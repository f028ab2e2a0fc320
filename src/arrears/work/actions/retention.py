"""Retention: closed cases walked in batches, what may be destroyed destroyed, what must be kept kept and told until when. Source: 个人信息保护法 19, 47.

A batch is one action with one Entry, so a run that was killed goes on where it stopped; what is destroyed is not found again, so a second run does nothing. Entries
are kept: they hold no personal data but words sealed under a person's key, which go with the key.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Model

from arrears.law.retention import NO_RULE
from arrears.refusal import Refused
from arrears.work import erasure
from arrears.work.actions.action import Doing, action, perform
from arrears.work.actions.desk_exports import forget_expired
from arrears.work.actor import Actor
from arrears.work.keeping import Facts, Kept, facts_of, kept_of, of_person, parties_by_person, table_of
from arrears.work.models import (
    Attachment,
    Case,
    Complaint,
    Contact,
    Dispute,
    Hardship,
    Hold,
    Lender,
    MatterNote,
    MatterTask,
    Party,
)
from arrears.work.tenancy import seen_by

BATCH = 500
"""Cases an action."""
PERSON = "person"


@dataclass
class Plan:
    """What is to become of a batch of cases. counts: lines of the report; last: the last case of the batch, None where there was none."""

    rows: list[UUID] = field(default_factory=list)
    words: list[UUID] = field(default_factory=list)
    persons: list[UUID] = field(default_factory=list)
    counts: dict[tuple, list] = field(default_factory=dict)
    last: UUID | None = None

    def count(self, becomes: str, kind: str, status: str, rules: tuple[str, ...], until: date | None) -> None:
        """One more of these; until: from the earliest to the latest day of them."""
        line = self.counts.setdefault((becomes, kind, status, rules), [0, until, until])
        line[0] += 1
        if until is not None:
            line[1], line[2] = min(line[1] or until, until), max(line[2] or until, until)

    def lines(self) -> list[dict]:
        """The counts as they stand in an answer."""
        return [{"becomes": key[0], "kind": key[1], "status": key[2], "rules": list(key[3]), "count": line[0], "earliest": _written(line[1]), "latest": _written(line[2])} for key, line in sorted(self.counts.items())]


@action("retention.run", on="lender")
def run_batch(doing: Doing, lender: Lender, *, as_of: date, after: UUID | None = None) -> dict:
    """One batch of closed cases, those after that case: what may be destroyed on the day is, persons are marked as erased. Their keys go once this is committed.

    Raises Refused for a day to come: what must be kept until then would be gone.
    """
    if as_of > doing.today:
        raise Refused(f"--as-of {as_of} is still to come (today is {doing.today}); what must be kept until then would be destroyed: leave --apply out to look ahead",
                      f"--as-of {as_of} 尚未到来（今天是 {doing.today}）；届时之前须保存的内容会被销毁：如仅预览，请去掉 --apply")
    plan = planned(lender, as_of, after, settings.ARREARS[0], alone=True)
    _carry_out(plan, doing)
    return {"last": plan.last, "lines": plan.lines(), "persons": plan.persons, "cleared_again": _clear_again(lender.code, doing) if after is None else 0}


def run_retention(actor: Actor, as_of: date, now: int, *, apply: bool, report: Callable[[int], None] = lambda done: None) -> dict:
    """All closed cases of the actor's lender, batch by batch, then the keys of everybody marked as erased; what came of it, by rule.

    Without `apply` nothing is changed and no Entry is made. now: microseconds UTC; report: told after each batch how many there were. Raises Refused.
    """
    whole, after, done, destroyed = Plan(), None, 0, 0
    while True:
        if apply:
            told = perform(actor, "retention.run", {"as_of": as_of, "after": after}, now)
        else:
            told = _looked_at(actor, as_of, after)
        for line in told["lines"]:
            _add(whole, line)
        destroyed += erasure.shred(actor.lender, [UUID(str(one)) for one in told["persons"]], now) if apply else 0
        if told["last"] is None:
            break
        after, done = UUID(str(told["last"])), done + 1
        report(done)
    if apply:
        with seen_by(actor):
            left = erasure.unfinished(actor.lender)
        destroyed += erasure.shred(actor.lender, left, now)
    with seen_by(actor):
        cited = table_of(Lender.objects.get(code=actor.lender), settings.ARREARS[0]).cited
        states = dict(Case.objects.filter(lender=actor.lender).values_list("state").annotate(Count("id")).order_by())
    lines = whole.lines()
    used = sorted({rule for line in lines for rule in line["rules"]})
    return {"lender": actor.lender, "as_of": as_of.isoformat(), "applied": apply, "keys_destroyed": destroyed, "lines": lines,
            "cases": {state: states.get(state, 0) for state in ("open", "closed")}, "rules": {rule: cited[rule] for rule in used}}


def planned(lender: Lender, as_of: date, after: UUID | None, home: Path, *, alone: bool = False) -> Plan:
    """What the table says of the next batch of closed cases. Within a transaction that sees them; changes nothing. alone: their cases are locked, so that no hold comes between."""
    rows = Case.objects.filter(lender=lender.code, state="closed").order_by("id")
    keys = list((rows.filter(id__gt=after) if after else rows).values_list("id", flat=True)[:BATCH])
    plan = Plan(last=keys[-1] if keys else None)
    persons = parties_by_person(lender.code, Party.objects.filter(case__in=keys, erased_at=None).values_list("person", flat=True))
    touched = {*keys, *(party.case_id for places in persons.values() for party in places)}
    if alone:
        list(Case.objects.select_for_update(of=("self",)).filter(id__in=touched).order_by("id").values_list("id"))
    facts = facts_of(touched)
    table = table_of(lender, home)
    kept = {case: kept_of(table, one, as_of) for case, one in facts.items()}
    erased = {person for person, places in persons.items() if _is_over(places, facts, kept, as_of)}
    _plan_persons(plan, persons, erased, set(keys))
    living = {party.case_id for places in persons.values() for party in places if party.role == "debtor"}
    for case in keys:
        _plan_records(plan, facts[case], kept[case], case in living, as_of)
    return plan


def _is_over(places: list[Party], facts: dict[UUID, Facts], kept: dict[UUID, list[Kept]], as_of: date) -> bool:
    """Whether every record of the person was set a period by a rule, and all periods have ended; open cases never are."""
    if any(party.case.state == "open" for party in places):
        return False
    records = [one for party in places for one in of_person(party, facts[party.case_id], kept[party.case_id])]
    return bool(records) and all(one.is_over(as_of) for one in records)


def _plan_persons(plan: Plan, persons: dict[UUID, list[Party]], erased: set[UUID], batch: set[UUID]) -> None:
    """A person is counted in the batch that holds the last of their closed cases by id, so once a run."""
    for person, places in persons.items():
        last = max(party.case_id for party in places if party.case.state == "closed")
        if last in batch and person in erased:
            plan.persons.append(person)
            plan.count("destroyed", PERSON, "keep", (), None)
        elif last in batch:
            plan.count("kept", PERSON, "keep", (), None)


def _plan_records(plan: Plan, facts: Facts, kept: list[Kept], has_debtor: bool, as_of: date) -> None:
    """The case's records counted, and those that are over listed to be destroyed. The free words about a case go when everything that they may prove is over."""
    own = [one for one in kept if one.row is None]
    if own and all(one.is_over(as_of) for one in own) and facts.has_words:
        plan.words.append(facts.case.id)
    for one in kept:
        is_over = one.is_over(as_of)
        if one.row is None and (not has_debtor or (is_over and facts.case.id not in plan.words)):
            continue
        holds = one.kind != "sharing_record"
        becomes = NO_RULE if one.status == NO_RULE else "kept" if not is_over else "destroyed" if holds and (one.row is not None or facts.case.id in plan.words) else "holds_nothing"
        plan.count(becomes, one.kind, one.status, one.rules, one.until)
        if is_over and one.row is not None and holds:
            plan.rows.append(one.row)


def _carry_out(plan: Plan, doing: Doing) -> None:
    Attachment.objects.filter(id__in=plan.rows, destroyed_at=None).update(content_sealed=None, title_sealed=None, destroyed_at=doing.now)
    for model in (Complaint, Dispute):
        _empty(model, {"id__in": plan.rows}, "text_sealed", "answer_sealed")
    _empty(Contact, {"case__in": plan.words}, "note_sealed")
    _empty(Hold, {"case__in": plan.words}, "reason_sealed")
    _empty(Hardship, {"case__in": plan.words}, "text_sealed", "wanted_sealed", "sheet_sealed", "answer_sealed")
    for model in (MatterNote, MatterTask):
        _empty(model, {"case__in": plan.words}, "text_sealed")
    erasure.clear_quality_notes(plan.words)
    forget_expired(doing)
    if plan.persons:
        places = list(Party.objects.select_for_update(of=("self",)).filter(lender=doing.actor.lender, person__in=plan.persons).select_related("case").order_by("id"))
        erasure.clear(places, doing.now)


def _empty(model: type[Model], which: dict, *columns: str) -> None:
    holding = model.objects.filter(**which).exclude(**dict.fromkeys(columns))
    holding.update(**dict.fromkeys(columns))


def _clear_again(lender: str, doing: Doing) -> int:
    """What somebody sealed for an erased person between the marks and the end of the key is emptied too, and what an older backup of cases brought back of one; how many places."""
    left = list(Party.objects.filter(lender=lender).exclude(erased_at=None).exclude(name_sealed=None, id_number_sealed=None, id_number_index=None).select_related("case"))
    left += list(Party.objects.filter(lender=lender, contactpoint__value_sealed__isnull=False).exclude(erased_at=None).select_related("case").distinct())
    left += list(Party.objects.filter(lender=lender, person__in=erasure.brought_back(lender)).select_related("case"))
    if left:
        erasure.clear(left, doing.now)
    return len({party.id for party in left})


def _looked_at(actor: Actor, as_of: date, after: UUID | None) -> dict:
    from arrears.work import access

    with seen_by(actor):
        lender = Lender.objects.get(code=actor.lender)
        decision = access.decide(actor, "retention.run", access.resource_of(lender))
        if not decision.allowed:
            raise Refused(f"retention.run: {access.sentence(decision, 'en')}; nothing was read", f"retention.run：{access.sentence(decision, 'zh')}；未读取")
        plan = planned(lender, as_of, after, settings.ARREARS[0])
    return {"last": plan.last, "lines": plan.lines(), "persons": plan.persons}


def _add(whole: Plan, line: dict) -> None:
    key = (line["becomes"], line["kind"], line["status"], tuple(line["rules"]))
    earliest, latest = (date.fromisoformat(line[name]) if line[name] else None for name in ("earliest", "latest"))
    kept = whole.counts.setdefault(key, [0, earliest, latest])
    kept[0] += line["count"]
    if earliest is not None:
        kept[1], kept[2] = min(kept[1] or earliest, earliest), max(kept[2] or latest, latest)


def _written(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
