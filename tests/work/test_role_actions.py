"""Every registered action, as every role, through the one way to act and a real database: it is let through to what it does exactly where the table of roles says."""

import dataclasses
from itertools import product
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pydantic
import pytest

from arrears.work.actor import ROLES
from arrears.work.resources import resource_of
from arrears.work.roles import role_table
from arrears.work.verbs import VERBS
from work.role_world import FULL, expected

OF_TEAM = {"collector": "a", "team_lead": "a", "agency_worker": "agency"}


AT_THE_MACHINE = {"database.backup", "database.restore"}
"""What is done by commands on the machine alone, by whoever holds its keys: no action, and no policy could hold them."""


class LetThrough(Exception):
    """Policy has let the action through; nothing of it is done, and the transaction is rolled back."""


def let_through(*_, **__):
    raise LetThrough


@pytest.fixture(scope="module")
def world(work):
    """Two lenders; in the first an actor of each role, cases on both sides of each border, approvals that oneself and another asked for, accounts."""
    from arrears.work.actor import system
    from arrears.work.models import Approval, Case

    here, there = work.lender(), work.lender()
    actors = {role: work.actor(here, role, OF_TEAM.get(role), holds=role == "collector") for role in ROLES if role != "system"} | {"system": system(here)}
    work.team(here, "agency", "agency")
    another, mine = work.account(here, "collector", "a"), actors["collector"].collector
    cases = [work.case(here, team, held_by, people=False) for team, held_by in (("a", mine), ("a", work.collector(here, "a").id), ("a", None), ("b", None), (None, None), ("agency", None), ("a", mine), ("agency", None))]
    foreign = work.case(there, "a", people=False)
    collectors = [mine, work.collector(here, "a").id, work.collector(here, "b").id]
    with work.writing(here):
        Case.objects.filter(pk__in=[cases[6].pk, cases[7].pk]).update(frozen_at=work.at)
        approvals = [Approval.objects.create(lender=here, case=case, kind=kind, subject="s", digest="0" * 64, asked_by_id=asker, asked_at=work.at, asked_in=uuid4())
                     for kind, asker, case in product(("waiver", "strategy", "export"), (actors["team_lead"].account, actors["compliance_officer"].account, actors["strategist"].account, another.pk), (cases[0], cases[3], None))]
    return SimpleNamespace(work=work, here=here, actors=actors, cases=[*cases, foreign], approvals=approvals, accounts=[another.pk, actors["administrator"].account, actors["collector"].account], collectors=collectors, foreign=foreign)


@pytest.fixture(scope="module")
def registered():
    import arrears.work.actions  # noqa: F401
    from arrears.work.actions.action import ACTIONS

    return ACTIONS


def test_every_registered_action_is_a_verb_of_the_table_and_acts_on_what_the_table_says(registered):
    kinds = {"case": {"Case"}, "approval": {"Approval"}, "account": {"Account"}, "collector": {"Collector"}, "lender": {"Lender"}, "case_or_lender": {"Case", "Lender"}}
    assert registered and registered.keys() <= role_table().rows.keys(), sorted(registered.keys() - role_table().rows.keys())
    assert {verb: kinds[what.on] for verb, what in registered.items()} == {verb: set(VERBS[verb].kinds) for verb in registered}
    assert not [verb for verb in registered if VERBS[verb].reads], "an action is no read"
    assert {verb for verb, told in VERBS.items() if not told.reads} - registered.keys() == AT_THE_MACHINE, "a verb that nothing does"


def things_of(world, on: str) -> list:
    """The ids of what an action is driven at; None for the lender as a whole."""
    if on in ("case", "case_or_lender"):
        return [case.pk for case in world.cases] + ([None] if on == "case_or_lender" else [])
    return {"approval": [approval.pk for approval in world.approvals], "account": world.accounts, "collector": world.collectors, "lender": [None]}[on]


def seen(world, on: str, thing):
    """The row as the database has it, whoever may see it."""
    from arrears.work.actor import system
    from arrears.work.models import Account, Approval, Case, Collector, Lender
    from arrears.work.tenancy import seen_by

    with seen_by(system(world.foreign.lender if thing == world.foreign.pk else world.here)):
        if thing is None:
            return resource_of(Lender.objects.get(code=world.here))
        return resource_of({"approval": Approval, "account": Account, "collector": Collector}.get(on, Case).objects.get(pk=thing))


@pytest.mark.parametrize(("role", "glass"), [*((role, False) for role in ROLES), *((role, True) for role in ("collector", "team_lead", "compliance_officer", "data_officer"))])
def test_an_action_is_let_through_exactly_where_the_table_says(world, registered, monkeypatch, role, glass):
    from arrears.work.actions.action import Forbidden, perform

    actor, resources, wrong = dataclasses.replace(world.actors[role], broken_glass=glass), {}, []
    for verb, what in sorted(registered.items()):
        # Parameters differ from action to action and are read before policy is asked; here only those that policy sees.
        parameters = pydantic.create_model(verb, **{name: (Any, FULL[name]) for name in what.context})
        monkeypatch.setitem(registered, verb, dataclasses.replace(what, does=let_through, parameters=parameters))
        row = role_table().rows[verb]
        things = things_of(world, what.on)
        for thing in things if role in row.reach else things[::3]:
            key = (what.on if thing else "lender", thing)
            resource = resources[key] = resources.get(key) or seen(world, what.on, thing)
            may = expected(row, role, actor, verb, resource, {name: FULL[name] for name in ("reason", "purpose", *what.context)})
            try:
                perform(actor, verb, {}, world.work.now, thing=thing, reason=FULL["reason"], purpose=FULL["purpose"])
            except LetThrough:
                passed, policies = True, ()
            except Forbidden as refused:
                passed, policies = False, refused.policies
            if passed != may and not ("row_level_security" in policies and resource.attributes.get("team") not in actor.teams and not actor.broken_glass):
                wrong.append((verb, resource.attributes, may, policies))
    assert not wrong, f"{len(wrong)}; the first: {wrong[0]}"


def test_what_is_refused_says_which_policy_and_leaves_an_entry(world, registered):
    from arrears.work.actions.action import Forbidden, perform
    from arrears.work.actor import system
    from arrears.work.models import Entry
    from arrears.work.tenancy import seen_by

    auditor, frozen = world.actors["auditor"], world.cases[6]
    with pytest.raises(Forbidden, match="auditor-writes-nothing") as refused:
        perform(auditor, "case.close", {"why": "paid"}, world.work.now, thing=frozen.pk, reason="why")
    assert "frozen-processing" in refused.value.policies and "auditor-writes-nothing" in refused.value.zh
    with seen_by(system(world.here)):
        entry = Entry.objects.filter(lender=world.here, actor=auditor.account, verb="case.close").latest("number")
    assert entry.is_refused and set(entry.policies) == set(refused.value.policies)
