"""Words and figures of pages: codes of the tables said in the reader's language, money from minor units, moments in the lender's zone."""

import re
from datetime import date, datetime
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

from django import template
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

from arrears.work.verbs import VERBS

register = template.Library()
_ZONE = ZoneInfo("Asia/Shanghai")
_TWO_PLACES = 100
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)")

WORDS = {
    "collector": _("collector"), "team_lead": _("team lead"), "compliance_officer": _("compliance officer"), "strategist": _("strategist"), "data_officer": _("data officer"),
    "auditor": _("auditor"), "administrator": _("administrator"), "agency_worker": _("agency worker"), "system": _("the program"),
    "open": _("open"), "closed": _("closed"), "waiting": _("waiting"), "approved": _("approved"), "refused": _("refused"), "withdrawn": _("withdrawn"), "used": _("used"),
    "kept": _("kept"), "part_kept": _("partly kept"), "broken": _("broken"), "proposed": _("proposed"), "agreed": _("agreed"), "ended": _("ended"), "taken": _("taken"), "lapsed": _("lapsed"),
    "upheld": _("upheld"), "partly_upheld": _("partly upheld"), "rejected": _("rejected"), "usable": _("usable"), "wrong_person": _("wrong person"), "stopped": _("stopped"), "invalid": _("invalid"),
    "debtor": _("debtor"), "co_debtor": _("co-debtor"), "guarantor": _("guarantor"), "reserved_contact": _("reserved contact"),
    "phone": _("telephone"), "email": _("e-mail"), "address": _("address"), "account": _("bank account"), "name": _("name"), "id_number": _("ID number"),
    "dispute": _("dispute"), "complaint": _("complaint"), "cease": _("wish not to be contacted"), "legal_stay": _("stay by a court"), "hardship_review": _("hardship under review"),
    "vulnerable": _("vulnerable person"), "litigation": _("lawsuit"), "waiver": _("waiver"), "plan": _("plan"), "strategy": _("strategy"), "export": _("export"), "unmasking": _("unmasking"), "erasure": _("erasure"),
    "harassment": _("harassment"), "third_party": _("third party contacted"), "hours": _("hours of contact"), "wording": _("wording"), "privacy": _("privacy"), "amount": _("amount"), "other": _("other"),
    "not_mine": _("not my debt"), "paid": _("already paid"), "identity_theft": _("identity theft"), "terms": _("terms"),
    "collection": _("collection"), "identity_check": _("checking an identity"), "person_right": _("a person's right"), "legal_proceedings": _("legal proceedings"), "emergency": _("emergency"),
    "totp": _("authenticator app"), "security_key": _("security key"), "recovery_codes": _("recovery codes"), "recovery_code": _("recovery code"),
    "sms": _("SMS"), "call": _("call"), "voice_bot": _("automatic call"), "im": _("instant message"), "push": _("app message"), "letter": _("letter"), "visit": _("visit"),
    "answered": _("answered"), "no_answer": _("no answer"), "busy": _("busy"), "invalid_number": _("number not in use"), "delivered": _("delivered"), "unknown": _("not known"),
    "contact": _("contact"), "promise": _("promise"), "offer": _("offer"), "payment": _("payment"), "hold": _("hold"), "instalments": _("instalments"), "date_shift": _("later date"), "settlement": _("settlement"),
    "deceased": _("deceased"), "minor": _("minor"), "bankrupt": _("bankrupt"), "in_prison": _("in prison"), "seriously_ill": _("seriously ill"), "disaster": _("struck by disaster"),
    "look_first": _("a person looks first"), "legal_review": _("legal review"), "call_senior": _("call by a senior collector"), "agency": _("with an agency"), "remind_sms": _("reminder by SMS"),
    "leave_alone": _("leave alone"), "password": _("password"), "right": _("right"), "wrong": _("wrong"), "locked": _("locked"),
    "*": _("all teams"),
    # front
    # person
    # queue
    # plans
    # matters
    # team
    # oversight
    # running
    "night": _("night"), "intake": _("intake"), "ingest": _("loading files"), "retention": _("retention"), "backup": _("backup"), "take_back": _("taking a load back"), "corrections": _("corrected records"),
    "running": _("running"), "done": _("done"), "failed": _("failed"), "cancelled": _("cancelled"), "interrupted": _("interrupted"), "delta": _("new rows"), "correction": _("rows that replace"), "snapshot": _("all there is"),
    "run_asked": _("The run waits for its turn."), "run_cancelled": _("The run is cancelled, or stops in a moment."), "roster_changed": _("The roster is changed. The next night counts it after an export into its book."),
    "limit_set": _("The limit is set."), "account_changed": _("The account has these roles now, from its next request on."), "visitor": _("visitor"), "legal": _("legal"), "own": _("own"),
    # end
}


DETAILS = {
    "party": _("party"), "contact_point": _("contact point"), "kind": _("kind"), "loan_id": _("loan"), "collector": _("name in the roster"), "roster_name": _("name in the roster"), "outcome": _("outcome"), "team": _("team"),
    "state": _("state"), "why": _("why"), "as_of": _("as of"), "identity_by": _("identity checked by"), "roles": _("roles"), "teams": _("teams"), "factor": _("factor"), "channel": _("channel"), "ground": _("ground"),
    "matter": _("matter"), "glass": _("emergency access"), "offer": _("offer"), "field": _("field"), "plan": _("plan"), "because": _("reason given"), "language": _("language"), "step": _("step"), "subject": _("subject"),
    "record_kind": _("kind of record"), "made_at": _("made at"), "given_at": _("given at"), "attempted_at": _("attempted at"), "direction": _("direction"), "about": _("about"), "minutes": _("minutes"), "since": _("since"),
    "until": _("until"), "role": _("role"), "digest": _("digest"), "expires_on": _("expires on"), "pay_by_on": _("pay by"), "amount_minor": _("amount in minor units"), "case": _("case"), "person": _("person"),
    "placement": _("placement"), "consent": _("consent"), "attachment": _("attachment"), "approval": _("approval"), "account": _("account id"), "answer_by_on": _("answer by"), "sessions_ended": _("sessions ended"),
    "session_epoch": _("session epoch"), "promise": _("promise"), "hold": _("hold"), "dispute": _("dispute"), "complaint": _("complaint"), "contact": _("contact"), "name": _("called"),
}
"""What the parameters and answers of an Entry are called; one that is not here keeps its own name."""
_AS_IT_IS = ("name", "collector", "roster_name", "team", "teams", "code", "loan_id", "language")
"""Whose values somebody chose freely, so that none of them is a code of ours."""


@register.filter
def said(code) -> str:
    """A code in the reader's language; as it is where it has no word."""
    return gettext(WORDS[code]) if code in WORDS else ("" if code is None else str(code))


@register.filter
def verb_said(verb) -> str:
    """What an action is called, in the reader's language; as it is where the list of verbs does not know it."""
    known = VERBS.get(verb)
    return str(verb) if known is None else known.en if get_language() == "en" else known.zh


@register.filter
def details(told: dict) -> list[tuple[str, str]]:
    """The parameters or the answer of an Entry: what each is called, and its value as a reader says it."""
    return [(gettext(DETAILS[name]) if name in DETAILS else str(name), detail(value, name in _AS_IT_IS)) for name, value in told.items()]


def detail(value, as_it_is: bool = False) -> str:
    """A value of an Entry: codes in words, moments in the lender's zone, several in a row; a dash for none."""
    if isinstance(value, dict):
        return ", ".join(" ".join(pair) for pair in details(value)) or "–"
    if isinstance(value, list | tuple):
        return ", ".join(detail(one, as_it_is) for one in value) or "–"
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return gettext(_("yes")) if value else gettext(_("no"))
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return moment(datetime.fromisoformat(value))
    return str(value) if as_it_is else said(value)


@register.filter
def all_said(codes) -> str:
    """Codes in the reader's language, in a row."""
    return ", ".join(said(code) for code in codes or ())


@register.filter
def money(minor) -> str:
    """Minor units as an amount with two places; a dash for none."""
    return "–" if minor is None else f"{Decimal(minor) / _TWO_PLACES:,.2f}"


@register.filter
def moment(at) -> str:
    """A moment or day, to the minute, in the lender's zone; a dash for none."""
    if isinstance(at, datetime):
        return at.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M")
    return at.isoformat() if isinstance(at, date) else "–"


@register.simple_tag
def once() -> str:
    """A new key of idempotency: a form sent twice does its work once."""
    return str(uuid4())
