"""Where each page of the desk stands, and whose it is: what the addresses with parts in them are called with. Addresses without parts need no line here."""

from collections.abc import Callable
from dataclasses import dataclass

from arrears.work.verbs import VERBS
from browser.desk import Desk
from web.staff import DAY, MINUTE, Person


@dataclass
class World:
    """A lender with somebody of each role and a case that has seen something. things: what came of each verb that was done."""

    desk: Desk
    people: dict[str, Person]
    case: object
    things: dict[str, dict]


PLACES: dict[str, Callable[[World], str]] = {
    "case": lambda world: f"/cases/{world.case.id}",
    "lamps": lambda world: f"/cases/{world.case.id}/lamps",
    "every_fen": lambda world: f"/cases/{world.case.id}/debts/{world.case.borrower_id}-L0/fen",
    "outcome": lambda world: f"/cases/{world.case.id}/outcome?outcome=promise",
    "plan_new": lambda world: f"/cases/{world.case.id}/plan",
    "plan": lambda world: f"/cases/{world.case.id}/plans/{world.things['plan.propose']['plan']}",
    "matter": lambda world: f"/matters/complaint/{world.things['complaint.raise']['complaint']}",
    "matter_raise": lambda world: f"/cases/{world.case.id}/matters/dispute",
    "parties": lambda world: f"/cases/{world.case.id}/parties",
    "team_list": lambda world: "/team/list?name=idle",
    "sample": lambda world: f"/samples/{world.things['sample.draw']['sample']}",
    "sheet": lambda world: f"/samples/contacts/{world.things['item']['id']}",
    "export": lambda world: f"/exports/{world.things['export.ask']['export']}",
    "run": lambda world: f"/runs/{world.things['run.ask']['run']}",
    "run_state": lambda world: f"/runs/{world.things['run.ask']['run']}/state",
    "roster_collector": lambda world: f"/roster/collectors/{world.case.held_by_id}",
    "roster_agency": lambda world: f"/roster/agencies/{world.things['agency']['id']}",
    "account_change": lambda world: f"/accounts/{world.people['collector'].account}/change",
}
"""By the name of a route with parts in its address: the address of a page in the world below."""

NOT_PAGES = {"document", "agreement", "export_fetch"}
"""What an address gives as a file."""

HOMES = ("collector", "team_lead", "compliance_officer", "strategist", "data_officer", "auditor", "administrator", "agency_worker")
"""Whose first page is looked at."""


def lay_out(desk: Desk) -> World:
    """The world in which all pages are looked at."""
    from arrears.days import moment_of
    from arrears.work.models import ContactPoint, Debt, SampleItem, Team
    from arrears.work.tenancy import seen_by

    people = {role: desk.staff(role, name=f"{role.replace('_', '-')}-{desk.lender()[-6:]}") for role in HOMES}
    collector = desk.holder(people["collector"])
    case = desk.work.case(desk.lender(), "north", collector, loans=2, claimable_minor=860_00)
    for _ in range(3):
        desk.work.case(desk.lender(), "north", collector)
    with desk.work.writing(desk.lender()):
        Debt.objects.filter(case=case).update(position={"penalty_minor": 5_00, "due_interest_minor": 13_00, "due_fee_minor": 0, "due_principal_minor": 842_00})
        point = ContactPoint.objects.get(case=case).id
    things: dict[str, dict] = {}

    def do(role: str, verb: str, parameters: dict, thing=None, reason: str | None = "quarterly") -> None:
        things[verb] = desk.done(people[role], verb, parameters, thing, reason)

    noted_at = moment_of(desk.moments.now - 30 * MINUTE).isoformat()
    do("collector", "contact.note", {"attempted_at": noted_at, "channel": "call", "outcome": "answered", "contact_point": point}, case.id)
    do("collector", "promise.take", {"loan_id": f"{case.borrower_id}-L0", "amount_minor": 100_00, "pay_by_on": moment_of(desk.moments.now + 3 * DAY).date().isoformat()}, case.id)
    do("collector", "plan.propose", {"loan_id": f"{case.borrower_id}-L1", "instalments": [{"due_on": moment_of(desk.moments.now + 30 * part * DAY).date().isoformat(), "amount_minor": 100_00} for part in (1, 2, 3)]}, case.id)
    if "sample.draw" in VERBS:
        do("compliance_officer", "sample.draw", {"filters": {"from_on": moment_of(desk.moments.now - 7 * DAY).date().isoformat(), "to_on": moment_of(desk.moments.now).date().isoformat()}, "method": "random", "size": 5})
        with seen_by(desk.actor(people["compliance_officer"])):
            things["item"] = {"id": SampleItem.objects.get(sample=things["sample.draw"]["sample"]).id}
    if "export.ask" in VERBS:
        do("team_lead", "export.ask", {"what": "cases", "format": "csv", "filters": {"from_on": "2026-09-01", "to_on": "2026-11-02"}})
    do("administrator", "run.ask", {"kind": "backup"}, reason=None)
    with seen_by(desk.actor(people["compliance_officer"])):
        things["agency"] = {"id": Team.objects.get(code="agency").id}
    do("strategist", "approval.ask", {"kind": "strategy", "subject": "strategy:7"})
    do("collector", "complaint.raise", {"ground": "hours", "text": "早上六点来电"}, case.id)
    return World(desk, people, case, things)
