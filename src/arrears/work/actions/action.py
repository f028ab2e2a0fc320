"""The one way to change anything: a verb, one transaction, one Entry.

`perform` reads top to bottom what happens to every write: the parameters are read, the transaction says to the database who acts, a repeated key gets the first answer,
the thing acted on is locked, policy is asked, the action's own function runs, and the Entry is put down with it, and with its leaf in the record, or not at all.
"""

import hashlib
import inspect
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pydantic
from django.db import connection

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.work import access
from arrears.work.actor import Actor
from arrears.work.entry_leaf import UNSAID, entry_content, field_digest, field_value, salt_of
from arrears.work.models import Account, Answer, Approval, Case, Collector, Lender
from arrears.work.sealing import sealed_with_entry, vault
from arrears.work.tenancy import seen_by
from arrears.work.verbs import PURPOSES

ZONE = ZoneInfo("Asia/Shanghai")
"""In which a lender's business days are counted; the packs shipped for work speak of China."""

NOT_VISIBLE = "row_level_security"
"""What stands for a policy where the database itself shows the actor no such row."""


class Forbidden(Refused):
    """A policy refused, or none permits; policies: which."""

    def __init__(self, en: str, zh: str, policies: tuple[str, ...]):
        super().__init__(en, zh)
        self.policies = policies


class KeyReused(Refused):
    """The idempotency key came before with other parameters."""


@dataclass(frozen=True)
class Doing:
    """One action under way: who acts, when, in which entry and why."""

    actor: Actor
    now: datetime
    entry: UUID
    reason: str | None = None
    purpose: str | None = None

    @property
    def today(self) -> date:
        """The business day of the lender."""
        return self.now.astimezone(ZONE).date()


@dataclass(frozen=True)
class Action:
    """A verb, the function that does it, what it acts on (case, approval, account, collector, lender; case_or_lender: a case where one is named), and what of it is personal.

    personal: parameters that no Entry holds, because personal data may stand in them; tells: its answer holds personal data, so it is never kept and takes no key.
    context: parameters that policies see beside purpose and reason, such as field or roles.
    """

    verb: str
    does: Callable[..., dict]
    on: str
    parameters: type[pydantic.BaseModel]
    personal: frozenset[str]
    tells: bool
    needs_reason: bool
    context: tuple[str, ...]


ACTIONS: dict[str, Action] = {}
_KEY = re.compile(r"[A-Za-z0-9_.:-]{8,120}")
_SAID_OF = {"extra_forbidden": "has a parameter that there is none of", "uuid_parsing": "is no UUID"}
"""In place of pydantic's own words, which repeat some of what was given."""
_THINGS = {"case": Case, "approval": Approval, "account": Account, "collector": Collector}
_SO_FAR = """SELECT nextval('work_entry_numbers'), (SELECT json_agg(json_build_object('table', c."table", 'operation', c.operation, 'rows', c.rows, 'ids', c.ids,
        'before', encode(c.before, 'hex'), 'after', encode(c.after, 'hex')) ORDER BY c.id) FROM work_change c WHERE c.entry_id = %s),
        (SELECT p.person FROM work_party p WHERE p.case_id = %s AND p.role = 'debtor' ORDER BY p.id LIMIT 1)"""
"""The Entry's number, what was changed so far, and under whose key its words are sealed."""
_PUT_DOWN = """
WITH answered AS (UPDATE work_answer SET answer = %(result)s::jsonb WHERE lender = %(lender)s AND actor = %(who)s AND "key" = %(key)s),
     leaf AS (INSERT INTO work_leaf (id, lender, kind, entry_id, "case", at, content, salt, fields_sealed)
              VALUES (%(id)s, %(lender)s, 'entry', %(id)s, %(case)s::uuid, %(at)s, %(content)s, %(leaf_salt)s, %(fields_sealed)s::bytea))
INSERT INTO work_entry (id, number, lender, "case", at, actor, actor_name, roles, via, verb, purpose, reason_sealed, parameters, result, policies, is_refused, "key", salt)
VALUES (%(id)s, %(number)s, %(lender)s, %(case)s::uuid, %(at)s, %(actor)s::uuid, %(actor_name)s, %(roles)s::varchar[], %(via)s, %(verb)s, %(purpose)s::text, %(reason_sealed)s::bytea,
        %(parameters)s::jsonb, %(result)s::jsonb, %(policies)s::varchar[], %(refused)s, %(key)s::text, %(salt)s)"""
"""The entry, its leaf, and the answer under its key where there is one: one statement, as every action waits for it."""
_SEEN_BY_POLICY = {"case": ("team",), "approval": ("case__team",), "collector": ("team",)}
"""What policies ask of a thing that stands in another table: read with it, in one go."""


def action(verb: str, *, on: str, personal: tuple[str, ...] = (), tells: bool = False, needs_reason: bool = False, context: tuple[str, ...] = ()):
    """Registers a function as what the verb does. Its signature: (doing, thing, *, parameters…); the thing is locked; on a lender it is the Lender."""

    def register(does: Callable[..., dict]) -> Callable[..., dict]:
        named = {name: (parameter.annotation, ... if parameter.default is inspect.Parameter.empty else parameter.default)
                 for name, parameter in inspect.signature(does).parameters.items() if parameter.kind is inspect.Parameter.KEYWORD_ONLY}
        reads = pydantic.create_model(verb, __config__=pydantic.ConfigDict(extra="forbid", hide_input_in_errors=True), **named)
        ACTIONS[verb] = Action(verb, does, on, reads, frozenset(personal), tells, needs_reason, context)
        return does

    return register


def perform(actor: Actor, verb: str, parameters: dict[str, Any], now: int, *, thing: UUID | None = None, key: str | None = None,
            reason: str | None = None, purpose: str | None = None) -> dict:
    """The action is done, whole, with its Entry; or nothing is. Returns its answer.

    now: microseconds UTC. thing: the id of the case, approval, account or collector acted on; None for an action on the lender. key: of idempotency, the actor's own: the first answer is
    given again to the same call; other parameters are refused. Raises Forbidden (with an Entry of the refusal), KeyReused, Refused; a RuntimeError inside a transaction.
    """
    what, doing = ACTIONS[verb], Doing(actor, moment_of(now), uuid4(), _text(reason), _text(purpose))
    given = _read(what, parameters)
    _demand_sound(what, doing, key)
    salt = secrets.token_bytes(32)
    try:
        with seen_by(actor, doing.entry, salt):
            if key is not None and (earlier := _earlier(what, doing, thing, given, key)) is not None:
                return earlier
            found = _locked(what, actor, thing)
            allowed = access.decide(actor, verb, access.resource_of(found), {"purpose": doing.purpose, "reason": doing.reason, **{name: given[name] for name in what.context}})
            if not allowed.allowed:
                raise _forbidden(allowed, verb)
            answer = json.loads(json.dumps(what.does(doing, found, **given), default=str))
            _put_down(what, doing, found, given, {} if what.tells else answer, allowed.policies, key, salt)
            return answer
    except Forbidden as refused:
        _put_down_refusal(what, doing, thing, refused.policies)
        raise


def _read(what: Action, parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters as the function's annotations say. Raises Refused; personal values are in no message."""
    try:
        read = what.parameters.model_validate(parameters)
    except pydantic.ValidationError as wrong:
        faults = faults_of(wrong)
        raise Refused(f"{what.verb}: {faults}; nothing was changed", f"{what.verb}：参数有误（{faults}）；未作任何更改") from None
    return {name: getattr(read, name) for name in type(read).model_fields}


def faults_of(wrong: pydantic.ValidationError) -> str:
    """What is wrong with parameters, without a letter of what was given: neither a value, nor the beginning of one, nor a name that we did not give ourselves."""
    told = []
    for fault in wrong.errors(include_input=False, include_url=False):
        place = fault["loc"][:-1] if fault["type"] == "extra_forbidden" else fault["loc"]
        known = ".".join(str(part) for part in place if isinstance(part, int) or re.fullmatch(r"[a-z_]{1,40}", part)) or "parameters"
        told.append(f"{known}: {_SAID_OF.get(fault['type'], fault['msg'])}")
    return "; ".join(told)


def _demand_sound(what: Action, doing: Doing, key: str | None) -> None:
    if what.needs_reason and not doing.reason:
        raise Refused(f"{what.verb}: a reason is needed, in a few words; nothing was changed", f"{what.verb}：请写明理由；未作任何更改")
    if doing.purpose is not None and doing.purpose not in PURPOSES:
        raise Refused(f"{what.verb}: the purpose is one of {', '.join(PURPOSES)}; nothing was changed", f"{what.verb}：用途可选：{'、'.join(PURPOSES)}；未作任何更改")
    if what.tells and key is not None:
        raise Refused(f"{what.verb} tells personal data, so its answer is not kept: call it without a key", f"{what.verb} 会显示个人信息，其结果不留存：请勿使用幂等键")
    if key is not None and not _KEY.fullmatch(key):
        raise Refused(f"a key of idempotency has 8 to 120 letters, digits or signs of - _ . : (here {len(key)} characters): it is kept as it is, so nothing personal belongs in it",
                      f"幂等键应为 8 至 120 个字母、数字或 - _ . :（此处 {len(key)} 个字符）：它按原样留存，不得含个人信息")


def _earlier(what: Action, doing: Doing, thing: UUID | None, given: dict, key: str) -> dict | None:
    """The answer that the key got before; None where it is new: it is then taken, and whoever comes with it at the same time waits."""
    digests = _digests(what, doing, thing, given)
    with connection.cursor() as cursor:
        cursor.execute('INSERT INTO work_answer (lender, actor, "key", verb, digest, at) VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING',
                       [doing.actor.lender, _who(doing.actor), key, what.verb, digests[0], doing.now])
        if cursor.rowcount:
            return None
    answer = Answer.objects.get(lender=doing.actor.lender, actor=_who(doing.actor), key=key)
    if answer.digest not in digests:
        raise KeyReused(f"{what.verb}: the key {key} came before with other parameters ({answer.verb}); nothing was changed: take a new key for a new action",
                        f"{what.verb}：幂等键 {key} 曾用于不同参数（{answer.verb}）；未作任何更改；新的操作请用新的键")
    return answer.answer


def _digests(what: Action, doing: Doing, thing: UUID | None, given: dict) -> list[str]:
    """What calls with equal parameters and reason have in common, by each of the lender's keys for blind indexes, the newest first: without the key nobody finds a name or number by trying them all."""
    told = json.dumps([what.verb, str(thing), {name: str(value) for name, value in sorted(given.items())}, doing.reason, doing.purpose], ensure_ascii=False)
    return [index.hex() for index in vault().blinds(doing.actor.lender, "answer", hashlib.sha256(told.encode()).hexdigest())]


def _locked(what: Action, actor: Actor, thing: UUID | None):
    """What is acted on; nobody else acts on it meanwhile. Rows that point to it may still be added: an action may reach into a second case without waiting for it."""
    on = {"case_or_lender": "lender" if thing is None else "case"}.get(what.on, what.on)
    if on == "lender":
        found = Lender.objects.filter(code=actor.lender).first()
    else:
        found = _THINGS[on].objects.select_for_update(no_key=True, of=("self",)).select_related(*_SEEN_BY_POLICY.get(on, ())).filter(lender=actor.lender, pk=thing).first()
    if found is None:
        raise Forbidden(f"{what.verb}: there is no such {on} among those you may see; nothing was changed ({NOT_VISIBLE})",
                        f"{what.verb}：在您可见的范围内没有该对象；未作任何更改（{NOT_VISIBLE}）", (NOT_VISIBLE,))
    return found


def _forbidden(decision: access.Decision, verb: str) -> Forbidden:
    return Forbidden(f"{verb}: {access.sentence(decision, 'en')}; nothing was changed", f"{verb}：{access.sentence(decision, 'zh')}；未作任何更改", decision.policies)


def _put_down(what: Action, doing: Doing, found, given: dict, answer: dict, policies: tuple[str, ...], key: str | None, salt: bytes) -> None:
    """One Entry with its leaf. The reason of an action on a case is sealed under its debtor's key, and so is what the digests of the personal fields are taken with."""
    case = found.id if isinstance(found, Case) else getattr(found, "case_id", None)
    fields = {name: given[name] for name in what.personal if given[name] is not None} if what.on in ("case", "collector") and not what.tells else {}
    if doing.reason is not None and what.verb not in UNSAID:
        fields["reason"] = doing.reason
    put_down(doing, what.verb, salt, case=case, parameters={name: value for name, value in given.items() if name not in what.personal}, result=answer, policies=policies, key=key, fields=fields)


def _put_down_refusal(what: Action, doing: Doing, thing: UUID | None, policies: tuple[str, ...]) -> None:
    """A refusal is put down too, without its parameters and reason."""
    with seen_by(doing.actor, doing.entry):
        put_down(replace(doing, reason=None), what.verb, secrets.token_bytes(32), case=thing if what.on in ("case", "case_or_lender") else None, policies=policies, refused=True)


def put_down(doing: Doing, verb: str, salt: bytes, *, case: UUID | None = None, parameters: dict | None = None, result: dict | None = None, policies: tuple[str, ...] = (),
             refused: bool = False, key: str | None = None, fields: dict[str, Any] | None = None) -> None:
    """The Entry of what this transaction did, and its leaf: the last thing written in it. fields: what is personal and in no Entry; the leaf holds a digest of each.

    Only for perform, and for what is done before there is a lender to ask policies about.
    """
    secret, parameters_text = secrets.token_bytes(32) if fields else None, json.dumps(parameters or {}, default=str)
    with connection.cursor() as cursor:
        cursor.execute(_SO_FAR, [doing.entry, case])
        number, changes, debtor = cursor.fetchone()
        reason_sealed, fields_sealed = sealed_with_entry(doing.actor.lender, debtor, doing.entry, doing.reason, secret)
        told = {"lender": doing.actor.lender, "number": number, "case": case, "at": doing.now, "actor": doing.actor.account, "actor_name": doing.actor.name, "roles": sorted(doing.actor.roles),
                "via": doing.actor.via, "verb": verb, "purpose": doing.purpose, "policies": list(policies), "refused": refused, "key": key}
        withheld = {} if fields_sealed is None else {name: field_digest(secret, name, field_value(value)) for name, value in fields.items()}
        content = entry_content(entry=doing.entry, parameters=json.loads(parameters_text), result=result, changes=changes, withheld=withheld, **told)
        cursor.execute(_PUT_DOWN, {**told, "id": doing.entry, "content": content, "leaf_salt": salt_of(salt), "fields_sealed": fields_sealed, "reason_sealed": reason_sealed,
                                   "parameters": parameters_text, "result": json.dumps(result or {}), "salt": salt, "who": _who(doing.actor)})


def _who(actor: Actor) -> str:
    return str(actor.account or actor.name)


def _text(reason: str | None) -> str | None:
    return (reason or "").strip() or None
