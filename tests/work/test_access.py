"""What access promises whatever the policies say: it fails closed, names who decided, and no condition of a policy is idle."""

import dataclasses
import json
import random
from functools import lru_cache

import cedarpy
import pytest
from cedarpy import pst
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.refusal import Refused
from arrears.work import access
from arrears.work.actor import ROLES, Actor
from arrears.work.roles import role_table
from arrears.work.verbs import PURPOSES, VERBS
from work.role_world import FULL, HERE, THERE, actor, questions, questions_of_pairs, things

TOGETHER = sorted(set(ROLES) - {"administrator", "auditor", "system"})
QUESTIONS = st.deferred(lambda: st.sampled_from(all_questions()))


@lru_cache(maxsize=1)
def all_questions():
    return questions(role_table().rows)


def own_case(**changed):
    return access.Resource("Case", "c", {**things("Case")[0].attributes, **changed})


@settings(max_examples=100, deadline=None)
@given(QUESTIONS)
def test_the_quick_way_answers_as_cedar_does_on_the_plain_files(question):
    texts, schema = access.shipped()
    who, thing = question.actor, question.thing
    entities = [access.actor_entity(who), {"uid": {"type": thing.kind, "id": thing.id}, "attrs": thing.attributes, "parents": []}]
    answer = cedarpy.is_authorized(
        {"principal": 'Actor::"actor"', "action": f'Action::"{question.verb}"', "resource": {"type": thing.kind, "id": thing.id}, "context": access.told(who, question.context)},
        "\n".join(texts.values()), entities, schema)
    decision = access.decide(who, question.verb, thing, question.context)
    assert not answer.diagnostics.errors and decision.errors == ()
    assert (decision.allowed, list(decision.policies)) == (answer.allowed, sorted(answer.diagnostics.id_annotations_by_reason.values()))


@settings(max_examples=200, deadline=None)
@given(QUESTIONS, st.booleans(), st.booleans(), st.sampled_from([(), ("a",), ("*",)]))
def test_what_is_kept_for_cases_alike_is_what_a_decision_on_each_says_however_the_actor_changes(question, proven, broken, teams):
    verbs = ("talk.note", question.verb, "plan.propose", "person.dial")
    for who in (question.actor, dataclasses.replace(question.actor, second_factor=proven, broken_glass=broken, teams=teams)):
        for thing in (question.thing, *things("Case")[:3]):
            asked = tuple(verb for verb in verbs if thing.kind in VERBS[verb].kinds)
            alike = dataclasses.replace(thing, id="another") if thing.kind == "Case" else thing
            told = access.allowed(who, asked, alike, question.context)
            assert told == {verb for verb in asked if access.decide(who, verb, thing, question.context).allowed}


@settings(max_examples=100, deadline=None)
@given(QUESTIONS, st.sampled_from(TOGETHER), st.sampled_from(TOGETHER))
def test_two_roles_give_what_either_gives_and_no_more(question, one, other):
    may = [access.decide(dataclasses.replace(question.actor, roles=frozenset(roles), via="web"), question.verb, question.thing, question.context).allowed for roles in ({one}, {other}, {one, other})]
    assert may[2] == (may[0] or may[1])


@pytest.mark.parametrize("second", sorted(set(ROLES) - {"administrator"}))
def test_an_administrator_touches_no_debtor_whatever_their_second_role(second):
    for verb in (verb for verb, told in VERBS.items() if {"Case", "Approval"} & set(told.kinds)):
        for thing in (one for kind in VERBS[verb].kinds for one in things(kind)):
            for glass in (False, True):
                decision = access.decide(actor("administrator", second, broken_glass=glass), verb, thing, FULL)
                assert not decision.allowed and "administrator-sees-no-debtor" in decision.policies
    for verb in ("person.find", "outcome.export", "retention.run", "case.take_in"):
        assert not access.decide(actor("administrator", second), verb, things("Lender")[0], FULL).allowed


@pytest.mark.parametrize("second", sorted(set(ROLES) - {"auditor"}))
def test_an_auditor_changes_nothing_whatever_their_second_role(second):
    for verb in (verb for verb, told in VERBS.items() if not told.reads and role_table().rows[verb].reach.keys() != set(ROLES)):
        for thing in (one for kind in VERBS[verb].kinds for one in things(kind)):
            decision = access.decide(actor("auditor", second), verb, thing, FULL)
            assert not decision.allowed and "auditor-writes-nothing" in decision.policies


@pytest.mark.parametrize(("roles", "may"), [
    (["administrator"], True), (["auditor"], True), (["collector", "team_lead"], True), ([], True), (["administrator", "collector"], False), (["collector", "administrator"], False),
    (["administrator", "auditor"], False), (["auditor", "strategist"], False), (["system"], False), (["system", "collector"], False)])
def test_no_account_gets_roles_that_exclude_each_other(roles, may):
    other = next(one for one in things("Account") if one.id != str(actor("administrator").account) and one.attributes["lender"] == HERE)
    changed = access.decide(actor("administrator"), "account.change", other, {"roles": roles})
    created = access.decide(actor("administrator"), "account.create", things("Lender")[0], {"roles": roles})
    assert changed.allowed == created.allowed == may
    assert may or changed.policies == created.policies == ("roles-that-exclude-each-other",)


def test_every_purpose_of_the_list_and_no_other_uncovers():
    may = {purpose: access.decide(actor("collector"), "person.unmask", own_case(), {**FULL, "purpose": purpose}).allowed for purpose in (*PURPOSES, "", "other", "Collection", "收")}
    assert may == {**dict.fromkeys(PURPOSES, True), "": False, "other": False, "Collection": False, "收": False}


def test_a_refusal_says_which_policy_and_why_in_both_languages():
    frozen = access.decide(actor("collector"), "promise.take", own_case(is_frozen=True))
    assert frozen == access.Decision(False, ("frozen-processing",))
    assert "frozen-processing" in access.sentence(frozen, "en") and "processing of this case is frozen" in access.sentence(frozen, "en")
    assert "停止处理" in access.sentence(frozen, "zh") and "frozen-processing" in access.sentence(frozen, "zh")
    nothing = access.decide(actor("collector"), "case.move", own_case())
    assert nothing == access.Decision(False) and "no policy permits" in access.sentence(nothing, "en") and "没有访问策略允许" in access.sentence(nothing, "zh")
    allowed = access.decide(actor("collector"), "promise.take", own_case())
    assert allowed == access.Decision(True, ("collector-works-own-cases",)) and "collector-works-own-cases" in access.sentence(allowed, "en")
    both = access.decide(actor("collector", second_factor=False), "person.unmask", own_case(), {})
    assert both.policies == ("second-factor-on-the-web", "uncovering-needs-purpose-and-reason")


STRANGE = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.floats(allow_nan=False), st.text(max_size=3), st.lists(st.integers(0, 2), max_size=2), st.dictionaries(st.text(max_size=3), st.booleans(), max_size=1))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(own_case().attributes)), STRANGE, st.booleans())
def test_an_attribute_that_is_missing_or_of_another_type_permits_nothing(name, value, left_out):
    attributes = {key: told for key, told in own_case().attributes.items() if key != name} if left_out else {**own_case().attributes, name: value}
    thing = access.Resource("Case", "c", attributes)
    sound = type(value) is type(own_case().attributes[name]) and not left_out
    if not sound and name not in ("team", "held_by"):
        decision = access.decide(actor("collector"), "case.view", thing)
        assert not decision.allowed and decision.errors and decision.policies == ()
        assert "refuses" in access.sentence(decision, "en") and "拒绝" in access.sentence(decision, "zh")
    elif not sound and not left_out:
        assert access.decide(actor("collector"), "case.view", thing).errors


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([*FULL, "via", "second_factor", "whatever"]), STRANGE)
def test_a_context_that_is_wrong_or_claims_another_way_in_opens_nothing(name, value):
    usual = access.decide(actor("collector", second_factor=False), "case.view", own_case(), {})
    claimed = access.decide(actor("collector", second_factor=False), "case.view", own_case(), {name: value})
    assert not usual.allowed and not claimed.allowed


@pytest.mark.parametrize(("who", "verb", "thing"), [
    (actor("collector"), "case.burn", own_case()), (actor("collector"), "read", own_case()), (actor("collector"), 'x"', own_case()), (actor("boss"), "case.view", own_case()),
    (actor("collector"), "case.view", access.Resource("Person", "p", {"lender": HERE})), (actor("collector"), "case.view", things("Lender")[0]),
    (actor("collector"), "case.view", own_case(owner="me")), (actor(), "case.view", own_case())])
def test_an_unknown_verb_role_kind_or_attribute_or_no_role_is_refused(who, verb, thing):
    assert not access.decide(who, verb, thing, FULL).allowed


def test_names_of_people_and_things_are_never_read_as_policy():
    odd = 'x" || true || "'
    someone = Actor(None, odd, HERE, frozenset({"collector"}), (odd,), actor("collector").collector, "web", True)
    assert access.decide(someone, "case.view", access.Resource("Case", odd, {**own_case().attributes, "team": odd})).allowed
    assert not access.decide(someone, "case.view", access.Resource("Case", odd, {**own_case().attributes, "lender": odd})).allowed
    assert not access.decide(dataclasses.replace(someone, lender=THERE), "case.view", own_case()).allowed


# What is refused at start.

@pytest.mark.parametrize(("was", "becomes", "word"), [
    ("resource.held_by", "resource.held_bye", "held_bye"), ('Role::"collector"', 'Role::"colector"', "colector"), ('Action::"promise.take"', 'Action::"promise.tke"', "promise.tke"),
    ("resource has held_by && ", "", "held_by"), ('@id("collector-works-own-cases")', "", "@id"), ('@id("collector-works-own-cases")', '@id("collector-follows-own-approvals")', "of its own"),
    ('@says_en("a collector works the cases they hold")', "", "@says_en"), ('@says_zh("催收员可办理本人持有的案件")', '@says_zh(" ")', "@says_zh"),
    ("principal.lender == resource.lender &&", "", "principal.lender == resource.lender"), ("principal.lender == resource.lender &&", "principal.lender == resource.lender ||", "principal.lender"),
    ("resource has held_by && ", 'resource != Case::"c" && resource has held_by && ', "single case"),
    ("resource is Case\n", "resource\n", "kind"), ("permit (", "permit", "collector.cedar")])
def test_a_policy_that_is_wrong_is_refused_at_start_by_file(was, becomes, word):
    texts, schema = access.shipped()
    assert was in texts["collector.cedar"]
    with pytest.raises(Refused, match=r"collector\.cedar") as refused:
        access.read_policies({**texts, "collector.cedar": texts["collector.cedar"].replace(was, becomes, 1)}, schema)
    assert word in refused.value.en and "访问策略" in refused.value.zh


@pytest.mark.parametrize(("was", "becomes", "word"), [
    ('"promise.take", ', "", "promise.take"), ('action "entry.list"', 'action "entry.list", "entry.burn"', "entry.burn"), ('"auditor", ', "", "roles"), ("is_frozen: Bool", "is_frozen?: Bool", "Case"),
    ("held_by?: String", "held_by?: Long", "Case"), ('action "figures.view", "vault.status" in ["read"]', 'action "figures.view", "vault.status" in ["write"]', "figures.view"),
    ("resource: [Entry]", "resource: [Lender]", "entry.list"), ('action "people";', 'action "people" in ["read"];', "group"), ("entity Case", "entity", "schema.cedarschema")])
def test_a_schema_that_says_other_than_the_program_is_refused_at_start(was, becomes, word):
    texts, schema = access.shipped()
    assert was in schema
    with pytest.raises(Refused, match=r"access policies") as refused:
        access.read_policies({} if "entity" not in was else texts, schema.replace(was, becomes, 1))
    assert word in refused.value.en


def test_what_ships_is_accepted_and_every_case_and_approval_verb_is_of_people():
    access.check_policies()
    listed = {(kind, verb) for verb, told in VERBS.items() for kind in told.kinds if kind in ("Case", "Approval")}
    kept_from = {(thing.kind, verb) for kind, verb in listed for thing in things(kind)[:1] if not access.decide(actor("administrator"), verb, thing, FULL).allowed}
    assert listed == kept_from


# No policy and no condition is idle: without it, some question is answered otherwise than the table says.

def _without_one_thing():
    """Every policy left out; and every permit and forbid with one condition of its clauses, or its principal's role, left out."""
    for key, policy in access.policies().parsed.static_policies.items():
        own = policy.annotations["id"]
        yield f"{own}: left out", key, None
        if isinstance(policy.principal, pst.ScopeIn):
            yield f"{own}: of any role", key, dataclasses.replace(policy, principal=pst.ScopeAny())
        for at, clause in enumerate(policy.clauses):
            parts = access.conjuncts(clause.expr)
            for part in parts:
                if isinstance(part, pst.HasAttr):
                    continue
                kept = [one for one in parts if one is not part] or [pst.BoolLit(isinstance(clause, pst.When))]
                expression = kept[0]
                for one in kept[1:]:
                    expression = pst.BinaryOp("and", expression, one)
                changed = dataclasses.replace(clause, expr=expression)
                yield f"{own}: without a condition", key, dataclasses.replace(policy, clauses=(*policy.clauses[:at], changed, *policy.clauses[at + 1:]))


def _actions(policy) -> set[str] | None:
    if isinstance(policy.action, pst.ActionEq):
        return {policy.action.entity.id}
    return {one.id for one in policy.action.entities} if isinstance(policy.action, pst.ActionIn) else None


def _those_about(policy) -> list:
    """The questions that a policy could speak of, in an order in which one that tells comes soon; those of pairs of roles first."""
    verbs = _actions(policy) or set(VERBS)
    groups = verbs & {"write", "own_account", "people", "uncovers", "needs_reason"}
    asked = [one for one in all_questions() if groups or one.verb in verbs]
    return [*questions_of_pairs(), *random.Random(7).sample(asked, len(asked))]


def test_pairs_of_roles_are_answered_as_they_should():
    for one in questions_of_pairs():
        assert access.decide(one.actor, one.verb, one.thing, one.context).allowed == one.expected, one


def test_without_any_one_policy_or_condition_the_answers_are_no_longer_those_of_the_table():
    whole = access.policies()
    idle = []
    for name, key, changed in _without_one_thing():
        kept = {**whole.parsed.static_policies}
        kept.pop(key) if changed is None else kept.__setitem__(key, changed)
        without = dataclasses.replace(whole, parsed=pst.PolicySet(pst.FrozenMap(), pst.FrozenMap(kept), ()))
        asked = _those_about(whole.parsed.static_policies[key])
        if all(access.decided(without, one.actor, one.verb, one.thing, one.context).allowed == one.expected for one in asked):
            idle.append(name)
    assert idle == []


def test_json_of_no_answer_holds_what_a_decision_needs():
    assert json.dumps(dataclasses.asdict(access.decide(actor("auditor"), "case.view", own_case())))
