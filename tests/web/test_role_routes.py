"""Every address of the web, as every role: it opens exactly where the table of roles says, and to nobody who has not proven a second factor."""

import dataclasses
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pydantic
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import get_resolver, reverse

from arrears.work.actor import ROLES
from arrears.work.resources import resource_of
from arrears.work.roles import OPEN_TO, role_table
from arrears.work.verbs import VERBS
from web.staff import Clock
from work.role_world import FULL, expected

OF_TEAM = {"collector": "a", "team_lead": "a", "agency_worker": "agency"}
STAFF = [role for role in ROLES if role != "system"]


@pytest.fixture(scope="module")
def world(work):
    """A lender with an account of each role; cases, approvals and accounts on both sides of each border; another lender with a case."""
    from arrears.work.models import Approval, Case, Collector, Dispute, Hardship, Run, Team

    here, there = work.lender(), work.lender()
    work.team(here, "agency", "agency")
    actors = {role: work.actor(here, role, OF_TEAM.get(role), holds=role == "collector") for role in STAFF}
    other = work.account(here, "collector", "a")
    mine = actors["collector"].collector
    cases = [work.case(here, team, held_by, people=False) for team, held_by in (("a", mine), ("a", None), ("b", None), ("agency", None), ("a", mine))] + [work.case(there, "a", people=False)]
    with work.writing(here):
        Case.objects.filter(pk=cases[4].pk).update(frozen_at=work.at)
        approvals = [Approval.objects.create(lender=here, case=case, kind=kind, subject="s", digest="0" * 64, asked_by_id=asker, asked_at=work.at, asked_in=uuid4())
                     for kind, case, asker in (("waiver", cases[0], other.pk), ("waiver", cases[2], other.pk), ("waiver", cases[0], actors["team_lead"].account), ("strategy", None, other.pk), ("strategy", None, actors["strategist"].account))]
    inside = {case.pk: _inside(work, case) for case in cases}
    things = {"case": cases, "approval": approvals, "account": [other, *(SimpleNamespace(pk=actors[role].account, lender=here) for role in ("administrator", "collector"))], "glass": [SimpleNamespace(pk=uuid4())],
              "collector": [SimpleNamespace(pk=mine, lender=here), *(work.collector(here, team) for team in ("a", "b"))]}
    things |= {kind: [_matter(work, case, model) for case in cases] for kind, model in (("matter", Dispute), ("hardship", Hardship))}
    things |= watched(work, here, cases[0], actors["team_lead"].account)
    with work.writing(here):
        things |= {"run": [Run.objects.create(lender=here, kind="backup", asked_at=work.at)], "member": [Collector.objects.get(pk=mine)], "team": [Team.objects.get(lender=here, code="a")]}
    return SimpleNamespace(work=work, here=here, actors=actors, things=things, inside=inside)


def _inside(work, case) -> dict[str, object]:
    """What stands in the case by the name it has in an address: its loan, an agreed plan, an offer that the program made."""
    from arrears.work.models import Offer, Plan

    loan, parts = f"{case.borrower_id}-L0", [{"number": 1, "due_on": "2026-11-09", "amount_minor": 100_00}]
    with work.writing(case.lender):
        plan = Plan.objects.create(lender=case.lender, case=case, loan_id=loan, currency="CNY", instalments=parts, proposed_on="2026-11-01", agreed_on="2026-11-01", state="agreed")
        offer = Offer.objects.create(lender=case.lender, case=case, loan_id=loan, kind="instalments", terms={"instalments": parts}, made_on="2026-11-01", expires_on="2026-11-30")
    return {"loan": loan, "plan": plan.pk, "offer": offer.pk}


def _matter(work, case, model):
    """A dispute or a review of hardship of the case."""
    from arrears.work.models import Hold

    with work.writing(case.lender):
        more = {"answer_by_on": "2026-11-17", "ground": "paid"} if model.__name__ == "Dispute" else {"decide_by_on": "2026-11-12", "reason": "illness"}
        hold = Hold.objects.create(lender=case.lender, case=case, kind="dispute", placed_at=work.at)
        return model.objects.create(lender=case.lender, case=case, raised_at=work.at, hold=hold, **more)


def watched(work, here: str, case, asker) -> dict[str, list]:
    """A sample with one contact of the case, and an export that the asker asked for."""
    from arrears.work.models import Contact, Export, Sample, SampleItem
    from arrears.work.quality.form import read_form

    form = read_form(work.home)
    with work.writing(here):
        contact = Contact.objects.create(lender=here, case=case, attempted_at=work.at, channel="call", direction="outbound", relation="debtor", outcome="answered")
        sample = Sample.objects.create(lender=here, drawn_at=work.at, drawn_by_id=asker, method="random", frame={"from_on": "2026-11-02", "to_on": "2026-11-02", "digest": "0" * 64}, found=1, size=1, seed=1,
                                       form=form.id, form_version=form.version, form_digest=form.digest, form_text=form.text)
        item = SampleItem.objects.create(lender=here, case=case, sample=sample, contact=contact, ordinal=1)
        export = Export.objects.create(lender=here, what="cases", format="csv", filters={"from_on": "2026-11-02", "to_on": "2026-11-02"}, asked_at=work.at, asked_by_id=asker, asked_in=uuid4(), rows_found=1)
    return {"sample": [sample], "item": [item], "export": [export]}


@pytest.fixture(autouse=True)
def moment(work, settings):
    settings.ARREARS_CLOCK = Clock(work.now)
    settings.ARREARS_QUARANTINE = settings.ARREARS_QUARANTINE or SimpleNamespace()  # as of a server that was given the books; no file is asked of it here


@pytest.fixture
def settings():
    """Django's settings, put back afterwards."""
    from django.conf import settings

    before = settings.ARREARS_CLOCK, settings.ARREARS_QUARANTINE
    yield settings
    settings.ARREARS_CLOCK, settings.ARREARS_QUARANTINE = before


FIXED = {"kind": "dispute"}
"""What stands for a part of an address that is a word."""


def named_routes() -> dict[str, tuple[str, ...]]:
    """The names of all addresses, with the parameters each takes."""
    return {one.name: tuple(one.pattern.converters) for one in get_resolver().url_patterns}


def browser_of(world, role: str | None, *, proven: bool = True) -> Client:
    """A browser in whose session that role's account is logged in, without a password being computed; nobody's without a role."""
    browser = Client(SERVER_NAME="localhost", raise_request_exception=False)
    if role is not None:
        session = SessionStore()
        session.update({"account": str(world.actors[role].account), "lender": world.here, "epoch": 0, "begun": world.work.now, "seen": world.work.now, "proven": proven, "language": "en"})
        session.save()
        from django.conf import settings

        browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return browser


LOOKED_AT_WITH = {"team_list": {"name": "all"}}
"""What must be asked of an address for it to show anything."""


def asked(browser: Client, name: str, thing=None, inside=None):
    """The answer to looking at an address, or, where it is not for looking at, to sending it a form that says everything. inside: what stands in the case that the thing is."""
    known = FIXED | (inside or {})
    parameters = {one: (known[one] if one in known else thing if thing is not None else (1 if one == "factor" else uuid4())) for one in named_routes()[name]}
    answer = browser.get(reverse(name, kwargs=parameters), LOOKED_AT_WITH.get(name))
    said = {"reason": FULL["reason"], "purpose": FULL["purpose"], "field": FULL["field"], "decision": "approve", "kind": "document/other_document", "made_at": "2026-11-01T10:00", "content": ContentFile(b"%PDF-1.7", "paper.pdf")}
    return browser.post(reverse(name, kwargs=parameters), said) if answer.status_code == 405 else answer


def test_every_address_has_a_name_and_a_line_in_the_table_and_every_line_an_address(work):
    assert all(one.name for one in get_resolver().url_patterns)
    assert named_routes().keys() == role_table().routes.keys()
    assert set(role_table().routes.values()) <= {*VERBS, *OPEN_TO}


def test_who_has_not_logged_in_gets_to_nothing_but_what_is_open_to_anybody(world):
    for name, opens in role_table().routes.items():
        answer = asked(browser_of(world, None), name)
        if opens == "anybody":
            assert answer.status_code in (200, 302) and "next=" not in answer.get("Location", ""), name
        else:
            assert answer.status_code == 302 and answer["Location"].startswith(reverse("log_in")), name


@pytest.mark.parametrize("role", STAFF)
def test_half_a_log_in_gets_to_the_second_factor_and_nowhere_else(world, role):
    for name, opens in role_table().routes.items():
        if opens in ("anybody", "own_account"):
            continue
        answer = asked(browser_of(world, role, proven=False), name)
        assert answer.status_code == 302 and answer["Location"] == reverse("second_factor"), name


def seen(world, kind: str, thing):
    """What policies know of the thing, whoever may see it."""
    from arrears.work.actor import system
    from arrears.work.models import Account, Approval, Case, Collector, Lender
    from arrears.work.tenancy import seen_by

    if kind in ("matter", "hardship"):
        kind, thing = "case", thing.case
    model = {"case": Case, "approval": Approval, "account": Account, "collector": Collector}.get(kind, Lender)
    with seen_by(system(getattr(thing, "lender", world.here))):
        return resource_of(model.objects.get(pk=thing.pk if model is not Lender else world.here))


@pytest.mark.parametrize("role", STAFF)
def test_an_address_opens_to_a_role_exactly_where_the_table_says(world, role, monkeypatch):
    from arrears.work.actions.action import ACTIONS

    reached: list[str] = []

    def let_through(doing, *_, **__):
        reached.append(str(doing.entry))
        raise RuntimeError("let through; nothing is done")

    for verb, what in list(ACTIONS.items()):
        if not verb.startswith("account.sign_in"):
            monkeypatch.setitem(ACTIONS, verb, dataclasses.replace(what, does=let_through, parameters=pydantic.create_model(verb, **{name: (Any, FULL[name]) for name in what.context})))
    browser, wrong = browser_of(world, role), []
    for name, opens in role_table().routes.items():
        if opens in ("anybody", "own_account"):
            continue
        if opens == "staff":
            reached.clear()
            if asked(browser, name).status_code not in (200, 302) and not reached:
                wrong.append((name, "staff"))
            browser = browser_of(world, role)
            continue
        row, whose = role_table().rows[opens], next((one for one in named_routes()[name] if one in world.things), "")
        for thing in world.things.get(whose, [None]):
            reached.clear()
            answer = asked(browser, name, thing.pk if thing is not None else None, world.inside.get(getattr(thing, "pk", None)))
            if thing is None and VERBS[opens].reads or opens == "account.create":
                may = role in row.reach and any(one.of != "glass" for one in row.reach[role])
            else:
                may = expected(row, role, world.actors[role], opens, seen(world, whose, thing), FULL)
            opened = answer.status_code == 200 if answer.request["REQUEST_METHOD"] == "GET" else bool(reached)
            if opened != may or (not opened and answer.status_code not in (403, 404)):
                wrong.append((name, getattr(thing, "pk", None), may, answer.status_code))
    assert not wrong, f"{len(wrong)}: {wrong}"
