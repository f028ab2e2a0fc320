"""Where each page of the desk stands, and whose it is: what the addresses with parts in them are called with. Addresses without parts need no line here."""

from collections.abc import Callable
from dataclasses import dataclass

from browser.desk import Desk
from web.staff import Person


@dataclass
class World:
    """A lender with somebody of each role and a case that has seen something."""

    desk: Desk
    people: dict[str, Person]
    case: object


PLACES: dict[str, Callable[[World], str]] = {
    "case": lambda world: f"/cases/{world.case.id}",
    # front
    # person
    # queue
    # plans
    "plan_new": lambda world: f"/cases/{world.case.id}/plan",
    "plan": lambda world: f"/cases/{world.case.id}/plans/{a_plan(world)}",
    # matters
    # team
    # oversight
    # running
    # end
}
"""By the name of a route with parts in its address: the address of a page in the world below."""

NO_PAGES = {"agreement"}
"""Addresses that are read and give no page: a paper, to be saved."""

HOMES = ("collector", "team_lead", "compliance_officer", "strategist", "data_officer", "auditor", "administrator", "agency_worker")
"""Whose first page is looked at."""


def a_plan(world: World) -> str:
    """A plan of the case's first loan that is proposed, made once."""
    from arrears.work.actions.action import perform
    from arrears.work.actor import Actor

    lead = world.people["team_lead"]
    acting = Actor(lead.account, lead.name, lead.lender, frozenset({"team_lead"}), ("north",), None, "web", True)
    given = {"loan_id": f"{world.case.borrower_id}-L0", "instalments": [{"due_on": f"2026-11-{day}", "amount_minor": 10_00} for day in (20, 27)]}
    return perform(acting, "plan.propose", given, world.desk.moments.now, thing=world.case.id, key="a-plan-of-the-world")["plan"]


def lay_out(desk: Desk) -> World:
    """The world in which all pages are looked at."""
    from arrears.work.actions.action import perform
    from arrears.work.actor import Actor

    people = {role: desk.staff(role, name=f"{role.replace('_', '-')}-{desk.lender()[-6:]}") for role in HOMES}
    collector = desk.holder(people["collector"])
    case = desk.work.case(desk.lender(), "north", collector, loans=2)
    for _ in range(3):
        desk.work.case(desk.lender(), "north", collector)
    account = people["collector"]
    acting = Actor(account.account, account.name, desk.lender(), frozenset({"collector"}), ("north",), collector, "web", True)
    perform(acting, "complaint.raise", {"ground": "hours", "text": "早上六点来电"}, desk.moments.now, thing=case.id)
    return World(desk, people, case)
