"""A small world with something on each side of every border, and what the table of roles says of it, told by plain Python that knows no Cedar."""

from dataclasses import dataclass, replace
from itertools import product
from uuid import UUID

from arrears.work.actor import ROLES, Actor
from arrears.work.resources import Resource
from arrears.work.roles import Reach, Row
from arrears.work.verbs import PURPOSES, VERBS

ME, ANOTHER = UUID(int=1), UUID(int=2)
MY_CASES, OTHERS_CASES = UUID(int=11), UUID(int=12)
HERE, THERE = "north", "south"
FULL = {"purpose": "collection", "reason": "asked by phone", "field": "phone", "roles": ["collector"], "approved": True}
ONE_SHORT = [{name: value for name, value in FULL.items() if name != left} for left in FULL] + [
    {**FULL, "purpose": "curiosity"}, {**FULL, "reason": "  "}, {**FULL, "field": "id_number"}, {**FULL, "approved": False}]


def actor(*roles: str, **changed) -> Actor:
    """Somebody of the lender HERE with these roles, on the web with a second factor; the program itself where that is the role."""
    someone = Actor(ME, "me", HERE, frozenset(roles), ("agency",) if roles == ("agency_worker",) else ("a",), MY_CASES, "web", True)
    return replace(someone, **({"via": "system"} if "system" in roles else {}) | changed)


def things(kind: str) -> list[Resource]:
    """Resources of a kind on both sides of every border that a policy could draw."""
    if kind == "Case":
        mine, placed = {"held_by": str(MY_CASES)}, ({"team": "a"}, {"team": "b"}, {}, {"team": "agency", "is_agency": True}, {"team": "agency"}, {"team": "agency2", "is_agency": True})
        either_side = [*product((HERE,), (False,), placed, (mine, {"held_by": str(OTHERS_CASES)}, {})), *product((HERE,), (True,), placed, (mine,)), *product((THERE,), (False,), placed, (mine,))]
        return [Resource(kind, str(UUID(int=100)), {"lender": lender, "state": "open", "is_frozen": frozen, "is_agency": False, **where, **who}) for lender, frozen, where, who in either_side]
    if kind == "Approval":
        kinds = "waiver", "plan", "strategy", "export", "unmasking", "erasure"
        return [Resource(kind, str(UUID(int=200)), {"lender": lender, "kind": of, "asked_by": str(who), "state": "waiting", **where})
                for lender, of, who, where in [*product((HERE,), kinds, (ME, ANOTHER), ({"team": "a"}, {"team": "b"}, {})), *product((THERE,), kinds, (ME, ANOTHER), ({"team": "a"},))]]
    if kind == "Account":
        return [Resource(kind, str(who), {"lender": lender, "name": "n", "roles": ["collector"]}) for lender, who in product((HERE, THERE), (ME, ANOTHER))]
    if kind == "Collector":
        return [Resource(kind, str(who), {"lender": lender, "team": team, "id": str(who)}) for lender, who, team in product((HERE, THERE), (MY_CASES, OTHERS_CASES), ("a", "b"))]
    more = {"actor": "me"} if kind == "Entry" else {}
    return [Resource(kind, lender, {"lender": lender, **more}) for lender in (HERE, THERE)]


@dataclass(frozen=True)
class Question:
    """One question to the policies, and what the table says."""

    role: str
    actor: Actor
    verb: str
    thing: Resource
    context: dict
    expected: bool


def questions(table: dict[str, Row]) -> list[Question]:
    """Every verb and role on every thing with everything said, and, for the first two that are allowed, with one thing less each. Where the table gives a role nothing: on every third of many things,
    asked by somebody who has all teams, and behind broken glass."""
    asked: list[Question] = []
    for role, verb in product(ROLES, VERBS):
        given = role in table[verb].reach
        for nth, who in enumerate(_askers(role) if given else (actor(role, teams=("*",)), actor(role, teams=("a", "agency"), broken_glass=True))):
            allowed = 0
            for thing in (one for kind in VERBS[verb].kinds for one in things(kind)[:: 3 if len(things(kind)) > 6 and not given else 1]):
                asked.append(_question(table, role, who, verb, thing, FULL))
                allowed += asked[-1].expected
                if asked[-1].expected and allowed <= 2 and (nth == 0 or who.broken_glass):
                    asked += [_question(table, role, who, verb, thing, said) for said in ONE_SHORT]
                    asked += [_question(table, role, replace(who, **how), verb, thing, FULL) for how in OTHERWISE]
    return asked


OTHERWISE = ({"second_factor": False}, {"via": "cli", "second_factor": False}, {"via": "web"}, {"via": "system"}, {"via": "portal"}, {"account": None}, {"collector": None})


def _askers(role: str) -> list[Actor]:
    """One of their own team, one of every team, one with an agency's team too, one behind broken glass."""
    return [actor(role), actor(role, teams=("*",)), actor(role, teams=("a", "agency")), actor(role, broken_glass=True)]


def questions_of_pairs() -> list[Question]:
    """Two roles of which one takes away; roles that no account may have together; and who comes another way than they may."""
    north, case, account = things("Lender")[0], things("Case")[0], next(one for one in things("Account") if one.id == str(ANOTHER))
    asked = [("administrator", actor("administrator", "collector"), "case.view", case, FULL, False), ("administrator", actor("administrator", "compliance_officer"), "person.find", north, FULL, False),
             ("auditor", actor("auditor", "collector"), "promise.take", case, FULL, False), ("auditor", actor("auditor", "collector"), "case.view", case, FULL, True),
             ("system", actor("system", via="web"), "case.take_in", north, FULL, False), ("system", actor("system"), "case.take_in", north, FULL, True),
             ("system", actor("system", via="portal"), "case.take_in", north, FULL, False), ("collector", actor("collector", via="system"), "case.view", case, FULL, False),
             ("collector", actor("collector", via="cli"), "case.view", case, FULL, True)]
    together = {("administrator",): True, ("auditor",): True, ("collector", "team_lead"): True, (): True, ("system",): False, ("administrator", "collector"): False, ("auditor", "collector"): False}
    for roles, may in together.items():
        asked += [("administrator", actor("administrator"), "account.change", account, {"roles": list(roles)}, may), ("administrator", actor("administrator"), "account.create", north, {"roles": list(roles)}, may)]
    asked.append(("administrator", actor("administrator"), "account.leave", account, {}, True))
    return [Question(*one) for one in asked]


def _question(table, role, who, verb, thing, context) -> Question:
    return Question(role, who, verb, thing, context, expected(table[verb], role, who, verb, thing, context))


def expected(row: Row, role: str, who: Actor, verb: str, thing: Resource, context: dict) -> bool:
    """What the line of the table says, read as a person would read it."""
    said, rules = {name: value for name, value in context.items() if value and str(value).strip()}, row.rules
    if thing.attributes["lender"] != who.lender or who.via not in (("system", "cli") if role == "system" else ("web", "cli")):
        return False
    if who.via == "web" and not who.second_factor and set(row.reach) != set(ROLES):
        return False
    needs = {None: (), "reason": ("reason",), "purpose": ("purpose", "reason"), "roles": ("roles",)}[rules.get("needs")]
    if not all(name in said for name in needs) or ("purpose" in needs and said["purpose"] not in PURPOSES):
        return False
    if thing.attributes.get("is_frozen") and not VERBS[verb].reads and rules.get("frozen") != "open":
        return False
    if (rules.get("glass") == "closed" and who.broken_glass) or (rules.get("except") == "own" and _own(who, thing)):
        return False
    return any(_reaches(one, who, thing, said) for one in row.reach.get(role, ()))


def _own(who: Actor, thing: Resource) -> bool:
    mine = {"Case": (thing.attributes.get("held_by"), who.collector), "Approval": (thing.attributes.get("asked_by"), who.account or who.name), "Account": (thing.id, who.account), "Collector": (thing.id, who.collector)}
    theirs, me = mine.get(thing.kind, (None, None))
    return theirs is not None and me is not None and theirs == str(me)


def _reaches(one: Reach, who: Actor, thing: Resource, said: dict) -> bool:
    team = thing.attributes.get("team")
    reached = {
        "own": _own(who, thing), "team": thing.kind in ("Case", "Approval", "Collector") and (who.teams == ("*",) or (team is not None and team in who.teams)), "lender": True, "house": thing.kind == "Lender",
        "agency": bool(thing.attributes.get("is_agency")) and team in who.teams, "glass": who.broken_glass,
    }[one.of]
    kind = thing.attributes.get("kind") if thing.kind == "Approval" else said.get("field")
    return reached and (not one.kinds or kind in one.kinds) and (not one.approved or said.get("approved") is True)
