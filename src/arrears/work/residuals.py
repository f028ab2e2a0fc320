"""Which rows somebody may see, as a filter: what is left of the policies once everything but the row is known, turned into a condition on its columns.

Cedar answers a question without a resource with a residual per policy: an expression in which only the resource is unknown. A row is shown where the residual of
some permit is true and that of no forbid is. Each part becomes a condition that is true or false for every row, null columns too, so that `!` means what it says.
What is not understood, an error, an attribute without a column, a policy without an answer: no rows. A partial answer is never taken as a decision:
whoever acts on a row asks arrears.work.access.decide about it.

Source: Cedar partial evaluation (cedarpy.is_authorized_partial, experimental upstream), as of cedarpy 4.12.
"""

import json
import logging
from functools import lru_cache
from typing import Any
from uuid import UUID

import cedarpy
from django.db.models import Model, Q

from arrears.work.access import Decision, Policies, actor_parsed, policies, told, verb_entity
from arrears.work.actor import Actor
from arrears.work.resources import COLUMNS, Column
from arrears.work.verbs import VERBS

NO_ROWS = Q(pk__in=[])
ALL_ROWS = ~NO_ROWS
"""Not Q(): an empty condition vanishes under `~`, and would show all where nothing is meant."""

_log = logging.getLogger(__name__)
_KEPT_MOST = 8192
"""So many answers a process keeps: some thirty for each of two hundred people."""


class NotUnderstood(ValueError):
    """A residual that has no meaning as a filter."""


def filter_for(actor: Actor, verb: str, model: type[Model], context: dict[str, Any] | None = None) -> Q:
    """The rows of the model on which the actor may do this: exactly those that decide allows. Of a row that belongs to a case: those of such cases.

    Raises ValueError where the verb is not done to such rows, which is a fault of the program.
    """
    return filtered(policies(), actor, verb, model, context)


def filtered(by: Policies, actor: Actor, verb: str, model: type[Model], context: dict[str, Any] | None = None) -> Q:
    """As filter_for, by the policies given."""
    kind, prefix = (model.__name__, "") if model.__name__ in COLUMNS else ("Case", "case__")
    if prefix and not any(field.name == "case" for field in model._meta.fields):
        raise ValueError(f"{model.__name__} is neither a kind of resource nor of a case")
    try:
        shown = _shown(by, actor, verb, kind, prefix, _said(actor, context))
    except NotUnderstood as why:
        _log.error("no rows of %s are shown for %s: %s", model.__name__, verb, why)
        return NO_ROWS
    return _as_filter(shown)


def could(actor: Actor, verb: str, kind: str, context: dict[str, Any] | None = None) -> Decision:
    """Whether there can be anything of the kind on which the actor may do this: for showing a page or a button, never for doing it.

    Where it is not allowed, policies names those that forbid it whatever the row.
    """
    by = policies()
    try:
        permits, forbids = _residuals(by, actor, verb, kind, "", _said(actor, context))
    except NotUnderstood as why:
        return Decision(False, (), (str(why),))
    if against := sorted(name for name, condition in forbids.items() if condition is True):
        return Decision(False, tuple(against))
    possible = sorted(name for name, condition in permits.items() if condition is not False)
    return Decision(bool(possible), tuple(possible))


class _Rows:
    """Rows of one kind: where its attributes stand, from the model that is filtered."""

    def __init__(self, kind: str, prefix: str):
        self.kind, self.prefix = kind, prefix

    def column(self, attribute: str) -> tuple[Column, str]:
        column = COLUMNS[self.kind].get(attribute)
        if column is None:
            raise NotUnderstood(f"{self.kind} has no column for {attribute}")
        return column, self.prefix + column.path


def _said(actor: Actor, context: dict[str, Any] | None) -> str:
    """The context as the policies see it, as one text that is the same for the same context."""
    return json.dumps(told(actor, context), sort_keys=True)


@lru_cache(maxsize=_KEPT_MOST)
def _shown(by: Policies, actor: Actor, verb: str, kind: str, prefix: str, said: str) -> Q | bool:
    permits, forbids = _residuals(by, actor, verb, kind, prefix, said)
    shown: Q | bool = False
    for condition in permits.values():
        shown = _either(shown, condition)
    for condition in forbids.values():
        shown = _both(shown, _negated(condition))
    return shown


@lru_cache(maxsize=_KEPT_MOST)
def _residuals(by: Policies, actor: Actor, verb: str, kind: str, prefix: str, said: str) -> tuple[dict[str, Q | bool], dict[str, Q | bool]]:
    """By policy id what each permit and each forbid asks of a row. Raises NotUnderstood where any policy's answer is missing or has no meaning.

    Kept by everything it follows from: the policies, the whole actor as this request found them, and what is said. Nobody changes what is kept: conditions are joined into new ones.
    """
    rows = _Rows(kind, prefix)
    if verb not in VERBS or rows.kind not in VERBS[verb].kinds:
        raise ValueError(f"{verb} is not done to a {rows.kind}")
    try:
        entities = actor_parsed(by, actor).with_added_json_str(json.dumps([verb_entity(by, verb)]))
    except ValueError as problem:
        raise NotUnderstood(str(problem)) from None
    rules = by.about(actor.roles, verb)
    answer = cedarpy.is_authorized_partial({"principal": 'Actor::"actor"', "action": f'Action::"{verb}"', "context": json.loads(said)}, rules, entities, by.schema)
    if answer.diagnostics.errors or len(answer.residuals) != len(rules):
        raise NotUnderstood("; ".join(answer.diagnostics.errors) or f"{len(answer.residuals)} of {len(rules)} policies answered")
    permits: dict[str, Q | bool] = {}
    forbids: dict[str, Q | bool] = {}
    for residual in answer.residuals.values():
        condition: Q | bool = True
        if any(residual[scope] != {"op": "All"} for scope in ("principal", "action", "resource")):
            raise NotUnderstood("a residual with a scope of its own")
        for clause in residual["conditions"]:
            meant = condition_of(clause["body"], rows)
            condition = _both(condition, meant if clause["kind"] == "when" else _negated(meant))
        {"permit": permits, "forbid": forbids}[residual["effect"]][residual["annotations"]["id"]] = condition
    return permits, forbids


def condition_of(expression: dict, rows: _Rows) -> Q | bool:
    """What a residual expression asks of a row, true or false for every one. Raises NotUnderstood."""
    if not isinstance(expression, dict) or len(expression) != 1:
        raise NotUnderstood(f"an expression of {type(expression).__name__}")
    (operator, parts), = expression.items()
    if operator == "Value" and isinstance(parts, bool):
        return parts
    meaning = _MEANINGS.get(operator)
    if meaning is None:
        raise NotUnderstood(f"the operator {operator}")
    return meaning(parts, rows)


def _and_of(parts: dict, rows: _Rows) -> Q | bool:
    """What stands right counts only where the left holds, as in Cedar: a policy of cases speaks of a case's attributes after `is Case`."""
    left = condition_of(parts["left"], rows)
    return False if left is False else _both(left, condition_of(parts["right"], rows))


def _or_of(parts: dict, rows: _Rows) -> Q | bool:
    left = condition_of(parts["left"], rows)
    return True if left is True else _either(left, condition_of(parts["right"], rows))


def _not_of(parts: dict, rows: _Rows) -> Q | bool:
    return _negated(condition_of(parts["arg"], rows))


def _if_of(parts: dict, rows: _Rows) -> Q | bool:
    asked = condition_of(parts["if"], rows)
    if isinstance(asked, bool):
        return condition_of(parts["then" if asked else "else"], rows)
    return _either(_both(asked, condition_of(parts["then"], rows)), _both(_negated(asked), condition_of(parts["else"], rows)))


def _is_of(parts: dict, rows: _Rows) -> bool:
    if not _is_resource(parts["left"]) or "in" in parts:
        raise NotUnderstood("`is` of something else than the resource")
    return parts["entity_type"] == rows.kind


def _has_of(parts: dict, rows: _Rows) -> Q | bool:
    if not _is_resource(parts["left"]):
        raise NotUnderstood("`has` of something else than the resource")
    column, path = rows.column(parts["attr"])
    return Q(**{f"{path}__isnull": False}) if column.optional else True


def _flag_of(parts: dict, rows: _Rows) -> Q:
    """An attribute that is itself true or false."""
    column, path = rows.column(_attribute({".": parts}))
    if column.holds == "present":
        return Q(**{f"{path}__isnull": False})
    if column.holds == "equals":
        return Q(**{f"{path}__isnull": False}) & Q(**{path: column.equals})
    raise NotUnderstood(f"{parts['attr']} is neither true nor false")


def _equals_of(parts: dict, rows: _Rows) -> Q | bool:
    for one, other in ((parts["left"], parts["right"]), (parts["right"], parts["left"])):
        if _is_constant(other):
            return _one_of(one, [_constant(other)], rows)
    raise NotUnderstood("a comparison of two columns")


def _differs_of(parts: dict, rows: _Rows) -> Q | bool:
    return _negated(_equals_of(parts, rows))


def _in_of(parts: dict, rows: _Rows) -> Q | bool:
    """The resource in entities: no entity but roles and groups of actions has members, so it must be one of them."""
    if not _is_resource(parts["left"]):
        raise NotUnderstood("`in` of something else than the resource")
    listed = _constant(parts["right"])
    return _one_of(parts["left"], listed if isinstance(listed, list) else [listed], rows)


def _contains_of(parts: dict, rows: _Rows) -> Q | bool:
    if _is_constant(parts["left"]):
        listed = _constant(parts["left"])
        if not isinstance(listed, list):
            raise NotUnderstood("`contains` of what is no set")
        return _one_of(parts["right"], listed, rows)
    column, path = rows.column(_attribute(parts["left"]))
    word = _constant(parts["right"])
    if column.holds != "words" or not isinstance(word, str):
        raise NotUnderstood("`contains` of a column that is no set of words")
    return Q(**{f"{path}__contains": [word]})


def _less_of(lookup: str, other_way: str):
    def less(parts: dict, rows: _Rows) -> Q:
        column_first = not _is_constant(parts["left"])
        column, path = rows.column(_attribute(parts["left"] if column_first else parts["right"]))
        number = _constant(parts["right"] if column_first else parts["left"])
        if column.holds != "number" or type(number) is not int:
            raise NotUnderstood("an order of what are no numbers")
        return Q(**{f"{path}__isnull": False}) & Q(**{f"{path}__{lookup if column_first else other_way}": number})

    return less


_MEANINGS = {"&&": _and_of, "||": _or_of, "!": _not_of, "if-then-else": _if_of, "is": _is_of, "has": _has_of, ".": _flag_of, "==": _equals_of, "!=": _differs_of, "in": _in_of,
             "contains": _contains_of, "<": _less_of("lt", "gt"), "<=": _less_of("lte", "gte"), ">": _less_of("gt", "lt"), ">=": _less_of("gte", "lte")}


def _one_of(expression: dict, values: list, rows: _Rows) -> Q | bool:
    """The expression, the resource itself or one of its attributes or a constant, is one of the values."""
    if _is_constant(expression):
        return _constant(expression) in values
    if _is_resource(expression):
        ids = [value["id"] for value in values if isinstance(value, dict) and value["type"] == rows.kind]
        return _among("text" if rows.kind == "Lender" else "id", f"{rows.prefix}pk", ids)
    column, path = rows.column(_attribute(expression))
    if column.holds in ("present", "equals"):
        flag = _flag_of(expression["."], rows)
        return _either(flag if True in values else False, _negated(flag) if False in values else False)
    if column.holds == "words":
        raise NotUnderstood("a comparison of whole sets")
    return _among(column.holds, path, values)


def _among(holds: str, path: str, values: list) -> Q | bool:
    """The column is not null and one of the values; a value that could not stand in it is nobody's."""
    fitting = [fit for value in values if (fit := _fitting(holds, value)) is not None]
    return Q(**{f"{path}__isnull": False}) & Q(**{f"{path}__in": fitting}) if fitting else False


def _fitting(holds: str, value: Any) -> Any:
    if holds == "id":
        try:
            read = UUID(value)
        except (ValueError, TypeError, AttributeError):
            return None
        return read if str(read) == value else None
    return value if type(value) is {"text": str, "number": int}[holds] and "\x00" not in str(value) else None


def _is_resource(expression: dict) -> bool:
    return expression == {"unknown": [{"Value": "resource"}]}


def _attribute(expression: dict) -> str:
    read = expression.get(".")
    if not isinstance(read, dict) or not _is_resource(read["left"]):
        raise NotUnderstood("something else than an attribute of the resource")
    return read["attr"]


def _is_constant(expression: dict) -> bool:
    return isinstance(expression, dict) and ("Value" in expression or ("Set" in expression and all(_is_constant(one) for one in expression["Set"])))


def _constant(expression: dict) -> Any:
    """A value as Python has it: text, number, true or false, a list of such, or an entity as its type and id. Raises NotUnderstood."""
    if not _is_constant(expression):
        raise NotUnderstood("a value that is not known")
    if "Set" in expression:
        return [_constant(one) for one in expression["Set"]]
    value = expression["Value"]
    if isinstance(value, dict):
        if set(value) != {"__entity"}:
            raise NotUnderstood("a value of an unknown kind")
        return value["__entity"]
    if isinstance(value, list):
        raise NotUnderstood("a list as a value")
    return value


def _both(one: Q | bool, other: Q | bool) -> Q | bool:
    if one is False or other is False:
        return False
    return other if one is True else one if other is True else one & other


def _either(one: Q | bool, other: Q | bool) -> Q | bool:
    if one is True or other is True:
        return True
    return other if one is False else one if other is False else one | other


def _negated(one: Q | bool) -> Q | bool:
    return (not one) if isinstance(one, bool) else ~one


def _as_filter(shown: Q | bool) -> Q:
    return (ALL_ROWS if shown else NO_ROWS) if isinstance(shown, bool) else shown
