"""Who may do what: every question is put to the Cedar policies of this folder's policies/, and is answered with the names of those that decided.

Everything fails closed: what no policy permits, what a policy forbids, an unknown verb, role or attribute, and any error on the way are refused. A forbid always wins.
Source of the language: Cedar 4 (cedarpolicy.com), through cedarpy.
"""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import cedarpy
from cedarpy import pst

from arrears.refusal import Refused
from arrears.work.actor import ALL_TEAMS, ROLES, Actor
from arrears.work.resources import COLUMNS, Resource, resource_of
from arrears.work.verbs import KINDS, VERBS

__all__ = ["Decision", "Policies", "Resource", "allowed", "check_policies", "decide", "policies", "read_policies", "resource_of", "sentence"]

SAYS = {"zh": "says_zh", "en": "says_en"}


@dataclass(frozen=True)
class Decision:
    """Whether it may be done. policies: the ids of those that allowed it, or of those that forbade it; none where nothing permits. errors: what went wrong on the way."""

    allowed: bool
    policies: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Policies:
    """The policies as read: parsed once, asked often. sentences: by policy id, by language; parsed: their syntax trees; groups: of each verb, by the schema."""

    schema: cedarpy.Schema
    sentences: dict[str, dict[str, str]]
    parsed: pst.PolicySet
    groups: dict[str, tuple[str, ...]]

    def about(self, roles: frozenset[str], verb: str) -> cedarpy.PolicySet:
        """The policies that could speak of an actor with these roles doing this: all but those whose scope names another role or other verbs. Parsed once."""
        return _rules_about(self, roles, verb)


def decide(actor: Actor, verb: str, resource: Resource, context: dict[str, Any] | None = None) -> Decision:
    """Whether the actor may do this to that, and by which policies.

    context: purpose, reason, field (which kind of personal data), roles (that an account is to have), approved; what is None or empty counts as not said.
    via and second_factor are the actor's own, whatever stands in it.
    """
    return decided(policies(), actor, verb, resource, context)


def decided(by: Policies, actor: Actor, verb: str, resource: Resource, context: dict[str, Any] | None = None) -> Decision:
    """As decide, by the policies given."""
    if faults := _faults(verb, resource):
        return Decision(False, (), faults)
    thing = {"uid": {"type": resource.kind, "id": resource.id}, "attrs": resource.attributes, "parents": []}
    try:
        entities = actor_parsed(by, actor).with_added_json_str(json.dumps([thing, verb_entity(by, verb)]))
    except (ValueError, TypeError) as problem:
        return Decision(False, (), (str(problem),))
    request = {"principal": {"type": "Actor", "id": "actor"}, "action": {"type": "Action", "id": verb}, "resource": thing["uid"], "context": told(actor, context)}
    answer = cedarpy.is_authorized(request, by.about(actor.roles, verb), entities, by.schema)
    named = answer.diagnostics.id_annotations_by_reason
    return Decision(answer.allowed and not answer.diagnostics.errors, tuple(sorted(named.get(one, one) for one in answer.diagnostics.reasons)), tuple(answer.diagnostics.errors))


def allowed(actor: Actor, verbs: tuple[str, ...], resource: Resource, context: dict[str, Any] | None = None) -> frozenset[str]:
    """Which of the verbs the actor may do to this, as decide says of each: for showing what can be done, never for doing it.

    Of cases the answers are kept, by everything they follow from: the actor whole, the attributes, the context. No policy names a case by its id (read_policies), so cases alike get the same.
    """
    if resource.kind != "Case":
        return frozenset(verb for verb in verbs if decide(actor, verb, resource, context).allowed)
    return _allowed(policies(), actor, verbs, json.dumps(resource.attributes, sort_keys=True), json.dumps(context, sort_keys=True))


@lru_cache(maxsize=4096)
def _allowed(by: Policies, actor: Actor, verbs: tuple[str, ...], attributes: str, context: str) -> frozenset[str]:
    like_it = Resource("Case", "?", json.loads(attributes))
    return frozenset(verb for verb in verbs if decided(by, actor, verb, like_it, json.loads(context)).allowed)


def told(actor: Actor, context: dict[str, Any] | None) -> dict[str, Any]:
    """The context as the policies see it: without what is empty, and with how the actor came."""
    said = {name: value.strip() if isinstance(value, str) else value for name, value in (context or {}).items()}
    return {**{name: value for name, value in said.items() if value not in (None, "")}, "via": actor.via.partition(":")[0], "second_factor": actor.second_factor}


def actor_id(actor: Actor) -> str:
    """What approvals know an actor by: the account's id, or the name where there is no account."""
    return str(actor.account or actor.name)


def actor_entity(actor: Actor) -> dict[str, Any]:
    """The actor as the policies see it."""
    attributes: dict[str, Any] = {"id": actor_id(actor), "lender": actor.lender, "all_teams": actor.teams == ALL_TEAMS, "broken_glass": actor.broken_glass,
                                  "teams": [] if actor.teams == ALL_TEAMS else list(actor.teams)}
    if actor.collector is not None:
        attributes["collector"] = str(actor.collector)
    if actor.account is not None:
        attributes["account"] = {"__entity": {"type": "Account", "id": str(actor.account)}}
    return {"uid": {"type": "Actor", "id": "actor"}, "attrs": attributes, "parents": [{"type": "Role", "id": role} for role in sorted(actor.roles)]}


def sentence(decision: Decision, lang: str) -> str:
    """Which policy refused or allowed, and what it says, in the language zh or en; what to do where nothing permits."""
    zh = lang == "zh"
    if decision.errors:
        return "访问策略无法判定，按拒绝处理；请联系管理员" if zh else "access could not be decided, which refuses; tell the administrator"
    if not decision.policies:
        return "没有访问策略允许您的角色对此对象执行该操作；如有需要，请联系有权限的同事" if zh else "no policy permits this to your roles here; ask somebody whose role may"
    said = policies().sentences
    told_by = [f"{said[one][lang]}（{one}）" if zh else f"{said[one][lang]} ({one})" for one in decision.policies]
    lead = ("允许" if zh else "allowed") if decision.allowed else ("策略拒绝" if zh else "refused by policy")
    return f"{lead}：{'；'.join(told_by)}" if zh else f"{lead}: {'; '.join(told_by)}"


@lru_cache(maxsize=1)
def policies() -> Policies:
    """The policies that ship, read and checked once a process. Raises Refused."""
    texts, schema = shipped()
    return read_policies(texts, schema)


def check_policies() -> None:
    """True at start or nothing starts: the policies are of the schema, named, explained, and speak of every verb. Raises Refused."""
    policies()


def shipped() -> tuple[dict[str, str], str]:
    """The policy files by name, and the schema, as they lie in the package."""
    folder = files("arrears.work") / "policies"
    return ({one.name: one.read_text(encoding="utf-8") for one in sorted(folder.iterdir(), key=lambda one: one.name) if one.name.endswith(".cedar")},
            (folder / "schema.cedarschema").read_text(encoding="utf-8"))


def read_policies(texts: dict[str, str], schema: str) -> Policies:
    """Policies made of files by name and a schema, checked. Raises Refused, naming file and policy, unless every one

    - is read, and is of the schema (a misspelt role, verb or attribute is found here);
    - has an @id that no other has, and says in @says_zh and @says_en what it does;
    - demands, where it permits, that lender of actor and resource be the same, and names the kind of resource;
    - names no single case by its id;
    and unless the schema has exactly the verbs, kinds, roles and attributes that the program has.
    """
    try:
        read_schema = cedarpy.Schema.from_str(schema)
    except ValueError as problem:
        raise _wrong("schema.cedarschema", str(problem)) from None
    groups = _groups_of(schema)
    sentences: dict[str, dict[str, str]] = {}
    for name, text in texts.items():
        try:
            found = cedarpy.policies_to_pst(text)
        except ValueError as problem:
            raise _wrong(name, str(problem)) from None
        if found.templates:
            raise _wrong(name, "templates are not used: write the policy out")
        checked = cedarpy.validate_policies(text, read_schema)
        if not checked.validation_passed:
            raise _wrong(name, "; ".join(str(error) for error in checked.errors))
        if re.search(r'\bCase::"', text):
            raise _wrong(name, "no policy names a single case: what it says of cases follows from their attributes")
        for policy in found.static_policies.values():
            _demand_sound(name, policy, sentences)
    return Policies(read_schema, sentences, cedarpy.policies_to_pst("\n".join(texts.values())), groups)


def _demand_sound(name: str, policy: pst.Template, sentences: dict[str, dict[str, str]]) -> None:
    """Adds the policy's sentences; raises Refused where it lacks its name, its words or its lender."""
    own = policy.annotations.get("id", "")
    if not re.fullmatch(r"[a-z][a-z0-9-]*", own) or own in sentences:
        raise _wrong(name, f"every policy has an @id of its own, of small letters and hyphens; found {own!r}")
    said = {lang: policy.annotations.get(words, "").strip() for lang, words in SAYS.items()}
    if not all(said.values()):
        raise _wrong(name, f"{own}: say in @says_zh and @says_en what it does")
    sentences[own] = said
    if policy.effect == "permit":
        if not isinstance(policy.resource, pst.ScopeIs):
            raise _wrong(name, f"{own}: a permit names the kind of resource (resource is Case)")
        if not any(isinstance(clause, pst.When) and _SAME_LENDER in conjuncts(clause.expr) for clause in policy.clauses):
            raise _wrong(name, f"{own}: a permit demands principal.lender == resource.lender")


_SAME_LENDER = pst.BinaryOp("eq", pst.GetAttr(pst.Var("principal"), "lender"), pst.GetAttr(pst.Var("resource"), "lender"))


def conjuncts(expression) -> list:
    """What must hold, all of it, for an expression to be true."""
    if isinstance(expression, pst.BinaryOp) and expression.op == "and":
        return [*conjuncts(expression.left), *conjuncts(expression.right)]
    return [expression]


def _groups_of(schema: str) -> dict[str, tuple[str, ...]]:
    """The groups of each verb. Raises Refused unless schema and program speak of the same verbs on the same kinds, of the same roles and attributes."""
    plain = re.sub(r"//[^\n]*", "", schema)
    verbs, groups = {}, {}
    for names, within, kinds in re.findall(r"\baction\s+([^;{]*?)(?:\s+in\s+\[([^\]]*)\])?\s+appliesTo\s+\{\s*principal:\s*\[Actor\],\s*resource:\s*\[([^\]]*)\]", plain):
        for verb in re.findall(r'"([^"]+)"', names):
            groups[verb] = tuple(re.findall(r'"([^"]+)"', within))
            verbs[verb] = (tuple(re.findall(r"\w+", kinds)), "read" in groups[verb])
    if re.search(r'\baction\s+[^;{]*\bin\b[^;{]*;', plain):
        raise _wrong("schema.cedarschema", "a group of verbs is in no other group")
    ours = {verb: (told.kinds, told.reads) for verb, told in VERBS.items()}
    if wrong := sorted({verb for verb, _ in verbs.items() ^ ours.items()}):
        raise _wrong("schema.cedarschema", f"differs from arrears.work.verbs in {', '.join(wrong)}: the same verbs, kinds and reads stand in both")
    roles = re.search(r"entity Role enum \[([^\]]*)\]", plain)
    if not roles or tuple(re.findall(r'"([^"]+)"', roles[1])) != ROLES:
        raise _wrong("schema.cedarschema", f"its roles are not {', '.join(ROLES)}")
    for kind in KINDS:
        entity = re.search(rf"entity {kind} = \{{([^}}]*)\}}", plain)
        attributes = {name: (bool(optional), of) for name, optional, of in re.findall(r"(\w+)(\??): ([\w<>]+)", entity[1])} if entity else {}
        if attributes != {name: (column.optional, _CEDAR_TYPES[_TYPES[column.holds]]) for name, column in COLUMNS[kind].items()}:
            raise _wrong("schema.cedarschema", f"{kind}: its attributes are not those of arrears.work.resources")
    return groups


def _wrong(name: str, why: str) -> Refused:
    return Refused(f"access policies: {name}: {why}; nobody is let in until this is mended", f"访问策略：{name}：{why}；更正之前拒绝所有访问")


def verb_entity(by: Policies, verb: str) -> dict[str, Any]:
    """The verb and its groups as the policies see them."""
    return {"uid": {"type": "Action", "id": verb}, "attrs": {}, "parents": [{"type": "Action", "id": group} for group in by.groups[verb]]}


@lru_cache(maxsize=4096)
def actor_parsed(by: Policies, actor: Actor) -> cedarpy.Entities:
    """The actor, parsed, and held against the schema. Raises ValueError, as for a role that the schema does not know."""
    text = json.dumps([actor_entity(actor)])
    cedarpy.Entities.from_json_str(text, by.schema)
    return cedarpy.Entities.from_json_str(text)


@lru_cache(maxsize=4096)
def _rules_about(by: Policies, roles: frozenset[str], verb: str) -> cedarpy.PolicySet:
    kept = {name: policy for name, policy in by.parsed.static_policies.items()
            if not _of_another_role(policy.principal, roles) and not _of_other_verbs(policy.action, {verb, *by.groups[verb]})}
    return cedarpy.PolicySet.from_pst(pst.PolicySet(pst.FrozenMap(), pst.FrozenMap(kept), ()))


def _of_other_verbs(action, names: set[str]) -> bool:
    if isinstance(action, pst.ActionEq):
        return action.entity.id not in names
    return isinstance(action, pst.ActionIn) and not names & {one.id for one in action.entities}


def _of_another_role(principal, roles: frozenset[str]) -> bool:
    return isinstance(principal, pst.ScopeIn) and isinstance(principal.entity, pst.EntityUid) and str(principal.entity.type) == "Role" and principal.entity.id not in roles


_CEDAR_TYPES = {str: "String", int: "Long", list: "Set<String>", bool: "Bool"}
_TYPES = {"text": str, "id": str, "number": int, "words": list, "present": bool, "equals": bool}


def _faults(verb: str, resource: Resource) -> tuple[str, ...]:
    """What of the question is not as the schema has it; the schema's own check of an entity takes as long as the whole decision."""
    if verb not in VERBS:
        return (f"there is no verb {verb}",)
    if resource.kind not in VERBS[verb].kinds:
        return (f"{verb} is not done to a {resource.kind}",)
    columns = COLUMNS[resource.kind]
    told = resource.attributes
    return tuple(
        [f"{resource.kind} has no attribute {name}" for name in told if name not in columns]
        + [f"{resource.kind}.{name} is missing" for name, column in columns.items() if name not in told and not column.optional]
        + [f"{resource.kind}.{name} is not of its type" for name, value in told.items() if name in columns and not _of_type(value, columns[name].holds)])


def _of_type(value: Any, holds: str) -> bool:
    return type(value) is _TYPES[holds] and (holds != "words" or all(type(word) is str for word in value))
