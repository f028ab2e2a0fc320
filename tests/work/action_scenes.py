"""One scene per verb: a world in which it can be done, and what it is called with. A verb without a scene fails tests/tidy/test_writes.py."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from arrears.work.actor import Actor, system
from arrears.work.models import Case, Collector, ContactPoint, Debt, Party
from work_home import Work

SCENES: dict[str, Callable[["World"], "Call"]] = {}
PHONE, ID_NUMBER, NAME = "19987654321", "99010119880808123X", "赵一"
"""Of nobody: no such prefix was given out, and no such place."""


@dataclass(frozen=True)
class Call:
    """One call of perform; by default a team lead's, on the world's case."""

    actor: Actor
    verb: str
    parameters: dict[str, Any]
    thing: UUID | None
    reason: str | None = "the debtor asked for it by phone"
    purpose: str | None = None
    key: str | None = None


@dataclass
class World:
    """One lender with a team, an agency, and a case whose debt has parts that can be waived."""

    work: Work
    lender: str = field(init=False)
    folders: list[Path] = field(default_factory=list)
    """What a scene made on the disk; whoever plays it removes them."""

    def __post_init__(self):
        self.work = replace(self.work)  # its clock may be moved by one test
        self.lender = self.work.lender()
        self.team = "a"
        self.lead = self.work.actor(self.lender, "team_lead")
        self.system = system(self.lender)
        self.case = self.new_case()
        self.loan = f"{self.case.borrower_id}-L0"

    @cached_property
    def agency(self) -> str:
        return self.work.team(self.lender, "agency", "agency").code

    @cached_property
    def collector(self) -> Collector:
        return self.work.collector(self.lender, self.team)

    @cached_property
    def compliance(self) -> Actor:
        return self.work.actor(self.lender, "compliance_officer")

    def new_case(self, team: str | None = "a") -> Case:
        case = self.work.case(self.lender, team)
        with self.work.writing(self.lender):
            Debt.objects.filter(case=case).update(position={"penalty_minor": 500, "due_interest_minor": 300, "due_fee_minor": 0})
        return case

    @property
    def debtor(self) -> Party:
        return self.seen(lambda: Party.objects.get(case=self.case, role="debtor"))

    @property
    def point(self) -> ContactPoint:
        return self.seen(lambda: ContactPoint.objects.filter(case=self.case).first())

    def seen(self, read: Callable[[], Any]) -> Any:
        from arrears.work.tenancy import seen_by

        with seen_by(self.system):
            return read()

    def call(self, verb: str, parameters: dict[str, Any] | None = None, **changed) -> Call:
        return Call(**{"actor": self.lead, "verb": verb, "parameters": parameters or {}, "thing": self.case.id, **changed})

    def do(self, verb: str, parameters: dict[str, Any] | None = None, **changed) -> dict:
        return done(self.work, self.call(verb, parameters, **changed))

    def plan(self, waived: int = 0, **changed) -> dict:
        """Three parts of ten; where something is waived, of all that may be asked less that."""
        return self.do("plan.propose", {"loan_id": self.loan, "instalments": parts(3) if not waived else whole(100_00 - waived, 3), "waived_penalty_minor": waived}, **changed)

    def approved(self, plan: str) -> str:
        asked = self.do("approval.ask", {"kind": "waiver", "subject": plan})
        self.do("approval.decide", {"approve": True}, actor=self.compliance, thing=UUID(asked["approval"]))
        return asked["approval"]


def done(work: Work, call: Call) -> dict:
    from arrears.work.actions.action import perform

    return perform(call.actor, call.verb, call.parameters, work.now, thing=call.thing, key=call.key, reason=call.reason, purpose=call.purpose)


def parts(count: int, amount: int = 1000) -> list[dict]:
    return [{"due_on": date(2026, 12 + number if number == 0 else number, 1).replace(year=2026 if number == 0 else 2027).isoformat(), "amount_minor": amount} for number in range(count)]


def whole(amount: int, count: int) -> list[dict]:
    """So many parts that sum to the amount, the last the largest."""
    return [{**one, "amount_minor": amount // count + (amount % count if place == count - 1 else 0)} for place, one in enumerate(parts(count))]


def scene(verb: str):
    def register(prepare: Callable[[World], Call]) -> Callable[[World], Call]:
        SCENES[verb] = prepare
        return prepare

    return register


def _plain(verb: str, parameters: Callable[[World], dict], **changed) -> None:
    SCENES[verb] = lambda world: world.call(verb, parameters(world), **{name: value(world) for name, value in changed.items()})


_plain("promise.take", lambda world: {"loan_id": world.loan, "amount_minor": 100, "pay_by_on": "2026-11-20"})
_plain("promise.withdraw", lambda world: {"promise": world.do("promise.take", {"loan_id": world.loan, "amount_minor": 100, "pay_by_on": "2026-11-20"})["promise"]})
_plain("contact.note", lambda world: {"attempted_at": "2026-11-02T09:30:00+08:00", "channel": "call", "outcome": "answered", "contact_point": world.point.id, "closes": "stopped", "note": "请勿再拨"})
_plain("contact_point.add", lambda world: {"party": world.debtor.id, "kind": "phone", "value": PHONE})
_plain("contact_point.close", lambda world: {"contact_point": world.point.id, "state": "wrong_person"})
_plain("party.add", lambda world: {"role": "guarantor", "name": NAME, "id_number": ID_NUMBER})
_plain("party.protect", lambda world: {"party": world.debtor.id, "state": "seriously_ill"})
_plain("offer.make", lambda world: {"loan_id": world.loan, "kind": "waiver", "terms": {"waived_penalty_minor": 100}, "expires_on": "2026-11-20"})
_plain("offer.withdraw", lambda world: {"offer": world.do("offer.make", {"loan_id": world.loan, "kind": "date_shift", "terms": {"pay_by_on": "2026-12-01"}, "expires_on": "2026-11-20"})["offer"]})
_plain("plan.propose", lambda world: {"loan_id": world.loan, "instalments": parts(3)})
_plain("plan.end", lambda world: {"plan": world.plan()["plan"]})
_plain("approval.ask", lambda world: {"kind": "waiver", "subject": world.plan(200)["plan"]})
_plain("dispute.raise", lambda world: {"ground": "amount", "text": "金额不对", "loan_id": world.loan})
_plain("dispute.answer", lambda world: {"dispute": world.do("dispute.raise", {"ground": "amount"})["dispute"], "outcome": "rejected", "text": "已核对", "rests_on": ["contacts"]})
_plain("complaint.raise", lambda world: {"ground": "hours", "text": "夜间来电", "about": world.collector.id})
_plain("complaint.answer", lambda world: {"complaint": world.do("complaint.raise", {"ground": "hours"})["complaint"], "outcome": "upheld", "text": "致歉"}, actor=lambda world: world.compliance)
_plain("hold.place", lambda world: {"kind": "cease", "text": "书面要求停止"})
_plain("hold.lift", lambda world: {"hold": world.do("hold.place", {"kind": "cease"})["hold"]}, actor=lambda world: world.compliance)
_plain("consent.give", lambda world: {"party": world.debtor.id, "kind": "electronic", "channel": "sms"})
_plain("case.move", lambda world: {"collector": world.collector.id})
_plain("case.close", lambda world: {"why": "paid"})
_plain("placement.place", lambda world: {"team": world.agency})
_plain("team.create", lambda world: {"code": "b"}, actor=lambda world: world.system, thing=lambda world: None)
_plain("collector.create", lambda world: {"roster_name": "c-9", "team": world.team}, actor=lambda world: world.system, thing=lambda world: None)


@scene("party.release")
def _(world: World) -> Call:
    world.do("party.protect", {"party": world.debtor.id, "state": "bankrupt"})
    return world.call("party.release", {"party": world.debtor.id, "state": "bankrupt"}, actor=world.compliance)


@scene("plan.agree")
def _(world: World) -> Call:
    plan = world.plan(200)["plan"]
    return world.call("plan.agree", {"plan": plan, "approval": world.approved(plan)})


@scene("approval.decide")
def _(world: World) -> Call:
    asked = world.do("approval.ask", {"kind": "waiver", "subject": world.plan(200)["plan"]})
    return world.call("approval.decide", {"approve": True}, actor=world.compliance, thing=UUID(asked["approval"]))


@scene("approval.withdraw")
def _(world: World) -> Call:
    return world.call("approval.withdraw", {}, thing=UUID(world.do("approval.ask", {"kind": "waiver", "subject": world.plan(200)["plan"]})["approval"]))


@scene("consent.revoke")
def _(world: World) -> Call:
    return world.call("consent.revoke", {"consent": world.do("consent.give", {"party": world.debtor.id, "kind": "night_contact", "from_hour": "21:00", "to_hour": "22:30"})["consent"]})


@scene("placement.take_back")
def _(world: World) -> Call:
    world.do("placement.place", {"team": world.agency})
    return world.call("placement.take_back", {"team": world.team})


@scene("promise.settle")
def _(world: World) -> Call:
    with world.work.writing(world.lender):
        from arrears.work.models import Promise

        Promise.objects.create(lender=world.lender, case=world.case, loan_id=world.loan, promised_on="2026-10-02", pay_by_on="2026-10-20", currency="CNY", amount_minor=100)
    return world.call("promise.settle", {"as_of": "2026-11-01"}, actor=world.system, thing=None)


@scene("plan.settle")
def _(world: World) -> Call:
    from arrears.work.models import Offer, Plan

    with world.work.writing(world.lender):
        Plan.objects.create(lender=world.lender, case=world.case, loan_id=world.loan, currency="CNY", instalments=[{"number": 1, "due_on": "2026-10-20", "amount_minor": 100}], state="agreed",
                            proposed_on="2026-10-02", agreed_on="2026-10-02")
        Offer.objects.create(lender=world.lender, case=world.case, loan_id=world.loan, kind="waiver", terms={"waived_penalty_minor": 1}, made_on="2026-10-01", expires_on="2026-10-09")
    return world.call("plan.settle", {"as_of": "2026-11-01"}, actor=world.system, thing=None)
