"""A list shows exactly the rows that may be seen: the filter of the policies against the decision about every single row, on a real database."""

import dataclasses
from itertools import product
from uuid import UUID, uuid4

import cedarpy
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from arrears.work import access
from arrears.work.actor import ROLES, Actor, system
from arrears.work.models import Account, Approval, Case, Collector, Debt, Entry, Lender, Team
from arrears.work.residuals import ALL_ROWS, NO_ROWS, NotUnderstood, _Rows, condition_of, could, filter_for, filtered
from arrears.work.tenancy import seen_by
from arrears.work.verbs import PURPOSES, VERBS

MODELS = {"Case": Case, "Approval": Approval, "Account": Account, "Collector": Collector, "Entry": Entry, "Lender": Lender}
TEAMS = ("a", "b", "agency", "agency2")


@dataclasses.dataclass(frozen=True)
class World:
    """Two lenders with the same rows: cases of every team, holder and state; approvals of every kind; accounts. mine, other: collectors; me, another: accounts; by lender."""

    lenders: tuple[str, str]
    mine: dict[str, UUID]
    me: dict[str, UUID]


@pytest.fixture(scope="module")
def world(work) -> World:
    lenders, mine, me = (work.lender(), work.lender()), {}, {}
    for lender in lenders:
        teams = {code: work.team(lender, code, "agency" if code.startswith("agency") else "own") for code in TEAMS}
        holders = [work.collector(lender, "a"), work.collector(lender, "b"), None]
        accounts = [work.account(lender, "collector", "a", holders[0]), work.account(lender, "team_lead")]
        mine[lender], me[lender] = holders[0].id, accounts[0].id
        with work.writing(lender):
            cases = [Case.objects.create(lender=lender, borrower_id=f"b-{uuid4()}", team=teams.get(team), held_by=holder, opened_on="2026-10-01", as_of="2026-10-31", currency="CNY",
                                         claimable_minor=1, days_past_due=1, bucket="M1", frozen_at=work.at if frozen else None)
                     for team, holder, frozen in product((*TEAMS, None), holders, (False, True))]
            for number, (kind, asker, case) in enumerate(product(("waiver", "plan", "strategy", "export", "unmasking", "erasure"), accounts, (cases[0], cases[6], cases[12], None))):
                Approval.objects.create(lender=lender, case=case, kind=kind, subject="s", digest="0" * 64, asked_by=asker, asked_at=work.at, asked_in=uuid4(), amount_minor=number if number % 3 else None)
            Debt.objects.bulk_create([Debt(lender=lender, case=case, loan_id=f"{case.id}", product="p", currency="CNY", as_of="2026-10-31", days_past_due=1, bucket="M1", due_total_minor=1,
                                           claimable_minor=1, outstanding_principal_minor=1) for case in cases])
    return World(lenders, mine, me)


@st.composite
def actors(draw, world: World) -> Actor:
    lender = world.lenders[0]
    teams = draw(st.sampled_from([("*",), (), ("a",), ("agency",), ("a", "agency"), ("b", "agency2", "nowhere")]))
    roles = frozenset(draw(st.lists(st.sampled_from(ROLES), max_size=3)))
    return Actor(draw(st.sampled_from([world.me[lender], None])), "me", lender, roles, teams, draw(st.sampled_from([world.mine[lender], None])),
                 draw(st.sampled_from(["web", "web", "cli", "system"])), draw(st.sampled_from([True, True, False])), draw(st.booleans()))


CONTEXTS = st.fixed_dictionaries({}, optional={"purpose": st.sampled_from([*PURPOSES[:2], "curiosity"]), "reason": st.sampled_from(["why", " "]), "field": st.sampled_from(["phone", "id_number"]),
                                               "roles": st.sampled_from([["collector"], ["administrator", "auditor"]]), "approved": st.booleans()})


def rows_of(model, lender):
    """Every row of one lender, as the database shows it to the lender's own."""
    listed = model.objects.filter(**{"code" if model is Lender else "lender": lender})
    return listed.select_related(*{"Case": ["team"], "Approval": ["case__team"], "Collector": ["team"]}.get(model.__name__, []))


def agree(by, world, actor, verb, kind, context) -> int:
    """Asserts that the filter shows exactly the rows that a decision allows, of both lenders; returns how many it shows."""
    shown = 0
    condition = filtered(by, actor, verb, MODELS[kind], context)
    for lender in world.lenders:
        with seen_by(system(lender)):
            rows = list(rows_of(MODELS[kind], lender))
            listed = set(rows_of(MODELS[kind], lender).filter(condition).values_list("pk", flat=True))
        allowed = {row.pk for row in rows if access.decided(by, actor, verb, access.resource_of(row), context).allowed}
        assert listed == allowed, (actor, verb, context)
        shown += len(listed)
    return shown


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_list_holds_exactly_the_rows_that_a_decision_allows(world, data):
    actor, context = data.draw(actors(world)), data.draw(CONTEXTS)
    verb = data.draw(st.sampled_from(sorted(VERBS)))
    for kind in VERBS[verb].kinds:
        shown = agree(access.policies(), world, actor, verb, kind, context)
        page = could(actor, verb, kind, context)
        assert page.allowed or shown == 0
        assert page.allowed or not page.policies or set(page.policies) <= set(access.policies().sentences)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_kept_for_one_actor_answers_nobody_else_and_is_not_changed_by_use(world, data):
    """The same verb asked for an actor, for one who differs in one thing only, and for the first again."""
    first, verb = data.draw(actors(world).filter(lambda one: one.roles)), data.draw(st.sampled_from(["case.list", "case.view", "person.unmask"]))
    said = data.draw(CONTEXTS)
    changed = data.draw(st.sampled_from([{"teams": ("b",)}, {"second_factor": not first.second_factor}, {"broken_glass": not first.broken_glass}, {"collector": None}, {"roles": frozenset({"auditor"})}, {"via": "cli"}]))
    other = dataclasses.replace(first, **changed)
    before = repr(filter_for(first, verb, Case, said))
    for who, context in ((first, said), (other, said), (first, {**said, "reason": "another"}), (first, said)):
        agree(access.policies(), world, who, verb, "Case", context)
    with seen_by(system(world.lenders[0])):
        list(Case.objects.filter(filter_for(first, verb, Case, said) & filter_for(other, verb, Case, said) | ~filter_for(first, verb, Case, said)))
    assert repr(filter_for(first, verb, Case, said)) == before


@pytest.mark.parametrize(("role", "teams", "many"), [("collector", ("a",), 10), ("team_lead", ("a",), 6), ("team_lead", ("*",), 30), ("agency_worker", ("agency",), 6), ("agency_worker", ("*",), 0),
                                                     ("compliance_officer", ("*",), 30), ("administrator", ("*",), 0), ("strategist", ("*",), 0), ("data_officer", ("*",), 0), ("auditor", ("*",), 30)])
def test_each_role_lists_as_many_of_thirty_cases_as_counted_by_hand(world, role, teams, many):
    lender = world.lenders[0]
    actor = Actor(world.me[lender], "me", lender, frozenset({role}), teams, world.mine[lender], "web", True)
    assert agree(access.policies(), world, actor, "case.list", "Case", {}) == many
    with seen_by(system(lender)):
        assert Debt.objects.filter(filter_for(actor, "case.view", Debt)).count() == many
    assert could(actor, "case.list", "Case").allowed == (many > 0)


# Policies made up at random, so that the filter is held to more than what ships.

ATOMS = ["resource.is_frozen", "resource.is_agency", "resource.state == \"open\"", "\"closed\" != resource.state", "(resource has team && resource.team == \"a\")", "resource has team", "resource has held_by",
         "(resource has team && principal.teams.contains(resource.team))", "(resource has team && [\"a\", \"agency\"].contains(resource.team))", "(resource has held_by && principal has collector && resource.held_by == principal.collector)",
         "(resource has held_by && resource.held_by != \"nobody\")", "resource is Case", "resource is Lender", "principal.all_teams", "resource.is_frozen == false", "resource == Case::\"00000000-0000-0000-0000-000000000001\"",
         "resource in [Case::\"x\", Case::\"y\"]", "context.second_factor", "(if resource has team then resource.team == \"b\" else resource.is_frozen)", "resource.lender == principal.lender", "resource.lender != principal.lender"]
CONDITIONS = st.recursive(st.sampled_from(ATOMS), lambda part: st.one_of(
    st.builds("({} && {})".format, part, part), st.builds("({} || {})".format, part, part), st.builds("!({})".format, part), st.builds("(if {} then {} else {})".format, part, part, part)), max_leaves=6)


def made_up(permit: str, forbid: str | None = None, kind: str = "Case") -> access.Policies:
    text = f'@id("may") permit (principal, action, resource is {kind}) when {{ {permit} }};' + (f'@id("no") forbid (principal, action, resource is {kind}) when {{ {forbid} }};' if forbid else "")
    return dataclasses.replace(access.policies(), parsed=cedarpy.policies_to_pst(text))


@settings(max_examples=100, deadline=None)
@given(data=st.data(), permit=CONDITIONS, forbid=st.one_of(st.none(), CONDITIONS))
def test_policies_made_up_at_random_list_exactly_what_they_allow(world, data, permit, forbid):
    by = made_up(permit, forbid)
    assume(cedarpy.validate_policies(str(cedarpy.PolicySet.from_pst(by.parsed)), by.schema).validation_passed)
    agree(by, world, data.draw(actors(world).filter(lambda one: one.roles)), "case.list", "Case", {})


@pytest.mark.parametrize(("permit", "many"), [("resource has amount_minor && resource.amount_minor < 10", 6), ("resource has amount_minor && 10 <= resource.amount_minor", 26),
                                              ("!(resource has amount_minor && resource.amount_minor > 9)", 16 + 6), ("resource has amount_minor && 7 >= resource.amount_minor", 5)])
def test_amounts_are_listed_by_their_order(world, permit, many):
    someone = Actor(None, "me", world.lenders[0], frozenset({"auditor"}), ("*",), None, "web", True)
    assert agree(made_up(permit, kind="Approval"), world, someone, "approval.list", "Approval", {}) == 2 * many


STATE_AND_CLOSED = {"left": {".": {"left": {"unknown": [{"Value": "resource"}]}, "attr": "state"}}, "right": {"Value": "closed"}}


@pytest.mark.parametrize(("residual", "many"), [({"!=": STATE_AND_CLOSED}, 30), ({"==": STATE_AND_CLOSED}, 0)])
def test_operators_that_cedar_writes_otherwise_today_mean_what_they_say(world, residual, many):
    with seen_by(system(world.lenders[0])):
        assert Case.objects.filter(condition_of(residual, _Rows("Case", "")), lender=world.lenders[0]).count() == many


def test_all_rows_and_no_rows_are_each_others_contrary(world):
    with seen_by(system(world.lenders[0])):
        rows = Case.objects.filter(lender=world.lenders[0])
        assert [rows.filter(condition).count() for condition in (ALL_ROWS, NO_ROWS, ~ALL_ROWS, ~NO_ROWS, ~ALL_ROWS | NO_ROWS, ALL_ROWS & ~NO_ROWS)] == [30, 0, 0, 30, 0, 30]


def test_an_id_in_other_letters_is_another_id(world):
    lender = world.lenders[0]
    someone = Actor(None, "me", lender, frozenset({"auditor"}), ("*",), None, "web", True)
    for text, many in ((str(world.mine[lender]), 10), (str(world.mine[lender]).upper(), 0), (world.mine[lender].hex, 0), ("x", 0), ("", 0)):
        assert agree(made_up(f'resource has held_by && resource.held_by == "{text}"'), world, someone, "case.list", "Case", {}) == many


def test_roles_of_an_account_are_listed_by_what_they_contain(world):
    someone = Actor(None, "me", world.lenders[0], frozenset({"auditor"}), ("*",), None, "web", True)
    assert agree(made_up('resource.roles.contains("collector")', kind="Account"), world, someone, "account.list", "Account", {}) == 2


@pytest.mark.parametrize("permit", ['resource.state like "op*"', '["a"].containsAll(["a"]) && resource.lender == resource.state', "resource.roles == [\"a\"]", 'resource.roles.containsAny(["a"])',
                                    "resource.roles.isEmpty()", 'resource has amount_minor && resource.amount_minor + 1 == 2'])
def test_what_has_no_meaning_as_a_filter_lists_nothing(world, permit, caplog):
    kind = "Account" if "roles" in permit else "Approval" if "amount" in permit else "Case"
    checked = cedarpy.validate_policies(f"permit (principal, action, resource is {kind}) when {{ {permit} }};", access.policies().schema)
    assert checked.validation_passed, checked.errors
    someone = Actor(None, "me", world.lenders[0], frozenset({"auditor"}), ("*",), None, "web", True)
    assert filtered(made_up(permit, kind=kind), someone, {"Case": "case.list", "Account": "account.list", "Approval": "approval.list"}[kind], MODELS[kind]) == NO_ROWS
    assert "no rows of" in caplog.text


def test_a_forbid_that_has_no_meaning_hides_everything_and_so_does_an_actor_that_is_not_known(world):
    someone = Actor(None, "me", world.lenders[0], frozenset({"auditor"}), ("*",), None, "web", True)
    assert filtered(made_up("true", 'resource.state like "op*"'), someone, "case.list", Case) == NO_ROWS
    assert filter_for(dataclasses.replace(someone, roles=frozenset({"boss"})), "case.list", Case) == NO_ROWS
    assert not could(dataclasses.replace(someone, roles=frozenset({"boss"})), "case.list", "Case").allowed


def test_asking_for_rows_that_a_verb_is_not_done_to_is_a_fault_of_the_program(world):
    someone = system(world.lenders[0])
    for verb, model in (("case.list", Approval), ("case.burn", Case), ("case.view", Team)):
        with pytest.raises(ValueError, match="is not done to|neither"):
            filter_for(someone, verb, model)


RESOURCE = {"unknown": [{"Value": "resource"}]}


@pytest.mark.parametrize("residual", [
    {}, {"Value": "text"}, {"Value": 1}, {"Value": None}, "true", [], {"&&": {"left": {"Value": True}, "right": {"like": {}}}}, {"unknown": [{"Value": "context"}]}, {"Unknown": {"name": "resource"}},
    {"has": {"left": {"Value": True}, "attr": "team"}}, {"has": {"left": RESOURCE, "attr": "colour"}}, {".": {"left": RESOURCE, "attr": "state"}}, {".": {"left": {".": {"left": RESOURCE, "attr": "team"}}, "attr": "x"}},
    {"==": {"left": {".": {"left": RESOURCE, "attr": "colour"}}, "right": {"Value": "red"}}}, {"is": {"left": {"Value": True}, "entity_type": "Case"}}, {"is": {"left": RESOURCE, "entity_type": "Case", "in": RESOURCE}},
    {"contains": {"left": {"Value": "a"}, "right": {".": {"left": RESOURCE, "attr": "team"}}}}, {"in": {"left": RESOURCE, "right": RESOURCE}}, {"Value": True, "And": True}])
def test_a_residual_of_an_unknown_form_is_not_understood(residual):
    with pytest.raises((NotUnderstood, KeyError)):
        condition_of(residual, _Rows("Case", ""))
