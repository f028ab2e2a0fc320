"""The fields of the form for the outcome of a talk, what is wrong in them, and the summary that is suggested, in the reader's language."""

from datetime import date, datetime

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

from arrears.tables.contacts import CHANNELS
from arrears.web.desk.forms import amount
from arrears.web.desk.words import money, said
from arrears.work.actions.rows import OWING
from arrears.work.queries.cases import CaseSheet
from arrears.work.talk_outcomes import GROUPS as GROUP_CODES
from arrears.work.talk_outcomes import OUTCOMES, VULNERABLE, TalkOutcome

NAMES = {
    "promise": _("Promises to pay"), "part_promise": _("Will pay a part"), "says_paid": _("Says they have paid"), "asks_plan": _("Asks for a plan"), "call_back": _("Call back at"),
    "cannot_pay": _("Cannot pay"), "refuses": _("Refuses"), "disputes": _("Disputes the debt"), "complains": _("Complains"), "asks_stop": _("Asks us to stop"), "wrong_person": _("Wrong person"),
    "deceased": _("Deceased"), "in_prison": _("In prison"), "bankrupt": _("Bankrupt"), "vulnerable": _("Vulnerable"), "no_answer": _("No answer"), "busy": _("Busy"), "voicemail": _("Voicemail"),
    "not_in_use": _("Number not in use"),
}
"""What each outcome is called on its button."""
HINTS = {
    "promise": _("You are reminded the day before. Until then nobody is handed this account."), "part_promise": _("What is left stays due."),
    "says_paid": _("The account comes back in two days, when the payment should be in the book."), "asks_plan": _("Next: the plan."), "call_back": _("The account comes back to you first of all at that time."),
    "cannot_pay": _("Nobody contacts them until the hardship is looked at."), "refuses": _("The account comes back tomorrow."),
    "disputes": _("Nobody contacts them until it is answered; the legal clock starts now."), "complains": _("Nobody contacts them until it is answered; the legal clock starts now."),
    "asks_stop": _("This number is closed at once, in every account."), "wrong_person": _("This number is closed at once, in every account."),
    "deceased": _("Everything stops at once, in every account; only a compliance officer lets it go on."), "in_prison": _("Everything stops at once, in every account; only a compliance officer lets it go on."),
    "bankrupt": _("Everything stops at once, in every account; only a compliance officer lets it go on."), "vulnerable": _("Everything stops at once, in every account; only a compliance officer lets it go on."),
    "no_answer": _("The account comes back in three hours."), "busy": _("The account comes back in half an hour."), "voicemail": _("The account comes back tomorrow."),
    "not_in_use": _("This number is closed in every account."),
}
"""What saving does, said before."""
GROUPS = dict(zip(GROUP_CODES, (_("Something was agreed"), _("They object"), _("Everything stops"), _("Not reached")), strict=True))
LABELS = {
    "contact_point": _("Number or address"), "concerns": _("Who is concerned"), "channel": _("By which way"), "direction": _("Who called"), "attempted_at": _("When, if not just now"), "loan_id": _("Loan"), "amount": _("Amount"), "pay_by_on": _("Pays by"), "pay_channel": _("Pays through"),
    "call_back_at": _("When to call back"), "hardship": _("Why they cannot pay"), "state": _("Which state"), "ground_of_dispute": _("What is disputed"), "ground_of_complaint": _("What it is about"),
    "stops_all": _("They want no contact at all, by no way"),
}
HARDSHIPS = {"illness": _("illness"), "job_lost": _("lost their job"), "income_cut": _("earns less"), "business_failing": _("business fails"), "project_delayed": _("project is late"), "disaster": _("disaster"),
             "family": _("something in the family"), "other": _("other")}
PAY_CHANNELS = {"app": _("the app"), "transfer": _("bank transfer"), "auto_debit": _("automatic debit"), "counter": _("at the counter"), "other": _("other")}
DISPUTES = ("amount", "paid", "not_mine", "identity_theft", "terms", "other")
COMPLAINTS = ("harassment", "third_party", "hours", "wording", "privacy", "amount", "other")
DIRECTIONS = {"outbound": _("we called"), "inbound": _("they called")}
KINDS = ("phone", "email", "address")
"""Of contact points, those by which somebody can be spoken with or written to, in the order in which they are offered."""
SENT_AS = {"amount_minor": "amount"}
"""What a parameter of the action is called in the form, where it is not the same."""


def choices() -> list[tuple[str, list[dict]]]:
    """By group, what the outcomes are called, their keys and codes, in the order of the table."""
    return [(gettext(GROUPS[group]), [{"code": one.code, "key": one.key, "text": gettext(NAMES[one.code])} for one in OUTCOMES.values() if one.group == group]) for group in GROUPS]


def fields_of(row: TalkOutcome, sheet: CaseSheet, sent, faults: dict[str, str]) -> list[dict]:
    """The fields that this outcome needs, each with its name, label, kind, options, value and what is wrong with it."""
    names = [SENT_AS.get(name, name) for name in ("contact_point", "channel", "direction", *row.asks, *row.may_ask, "attempted_at")]
    names = [name for name in names if name != "concerns" or len(_owing(sheet)) > 1]
    needed = {SENT_AS.get(name, name) for name in row.asks} if row.makes_do is None else set()
    beside = {"contact_point"} | ({"loan_id"} if len(sheet.parts["debts"]) < 2 else set())
    first = next((name for name in names if name in needed - beside), "contact_point")
    return [{"name": name, "label": gettext(LABELS[name]), "needed": name in needed, "is_first": name == first, "fault": faults.get(name, ""), **_field(name, row, sheet, sent)} for name in dict.fromkeys(names)]


def faults_in(row: TalkOutcome, sent, parameters: dict) -> dict[str, str]:
    """By field what is wrong, in the reader's language: what is missing, and what is no amount, day or time."""
    left = [] if row.makes_do in parameters else [name for name in row.asks if name not in parameters]
    missing = gettext(_("Please fill this in.")) if row.makes_do is None else gettext(_("Choose the number that must not be used any more, or tick below that they want no contact at all; then no number is needed."))
    faults = {SENT_AS.get(name, name): missing for name in left}
    if isinstance(parameters.get("amount_minor"), str):
        faults["amount"] = gettext(_("This is no amount; write it like 1200.50."))
    for name, read in (("pay_by_on", date.fromisoformat), ("call_back_at", datetime.fromisoformat), ("attempted_at", datetime.fromisoformat)):
        try:
            read(parameters.get(name, "2026-01-01"))
        except ValueError:
            faults[name] = gettext(_("This is no day or time."))
    return faults


def summary(row: TalkOutcome, sent, sheet: CaseSheet) -> str:
    """What may be kept as the note of the talk: a sentence made of the fields, as far as they are filled in."""
    told, is_english = [gettext(NAMES[row.code])], get_language() == "en"
    currency = next((debt["currency"] for debt in sheet.parts["debts"] if debt["loan_id"] == sent.get("loan_id")), sheet.line.currency)
    for name in dict.fromkeys(SENT_AS.get(one, one) for one in (*row.asks, *row.may_ask)):
        value = (sent.get(name) or "").strip()
        if name == "concerns":
            value = next((said(party["role"]) for party in sheet.parts["parties"] if str(party["id"]) == value), "")
        if value and name not in ("contact_point", "stops_all"):
            told.append(f"{gettext(LABELS[name])}{':' if is_english else '：'}{' ' if is_english else ''}{_spoken(name, value, currency)}")
    if "stops_all" in row.may_ask and sent.get("stops_all"):
        told.append(gettext(LABELS["stops_all"]))
    return "; ".join(told) + "." if is_english else "；".join(told) + "。"


def _spoken(name: str, value: str, currency: str) -> str:
    if name == "amount":
        minor = amount(value)
        return f"{money(minor)} {currency}" if isinstance(minor, int) else value
    known = {"hardship": HARDSHIPS, "pay_channel": PAY_CHANNELS}.get(name)
    if known is not None:
        return gettext(known[value]) if value in known else value
    return value.replace("T", " ") if name == "call_back_at" else said(value)


def _field(name: str, row: TalkOutcome, sheet: CaseSheet, sent) -> dict:
    value = sent.get(name) or ""
    if name == "contact_point":
        points = sorted((point for point in sheet.parts["contact_points"] if point["kind"] in KINDS and point["state"] == "usable"), key=lambda point: KINDS.index(point["kind"]))
        roles = {party["id"]: party["role"] for party in sheet.parts["parties"]}
        phones = [str(point["id"]) for point in points if point["kind"] == "phone"]
        return {"kind": "select", "options": [(str(point["id"]), f"{'' if point['kind'] == 'phone' else said(point['kind']) + ' '}{point['value']} · {said(roles.get(point['party_id']))}") for point in points] + [("", gettext(_("none of these")))],
                "value": value if name in sent or len(phones) != 1 else phones[0]}
    if name == "concerns":
        return {"kind": "select", "options": [(str(party["id"]), f"{said(party['role'])} {party['name']}".strip()) for party in _owing(sheet)], "value": value}
    if name == "loan_id":
        debts = [debt for debt in sheet.parts["debts"] if debt["claimable_minor"] > 0] or sheet.parts["debts"]
        return {"kind": "select", "options": ([] if name in row.asks else [("", gettext(_("all of them")))]) + [(debt["loan_id"], f"{debt['loan_id']} · {money(debt['claimable_minor'])} {debt['currency']}") for debt in debts], "value": value}
    if name == "amount":
        whole = sheet.parts["debts"][0] if len(sheet.parts["debts"]) == 1 else None
        return {"kind": "amount", "value": value, "hint": "" if whole is None or row.code != "promise" else f"{money(whole['claimable_minor'])} {whole['currency']}"}
    if name in ("pay_by_on", "call_back_at", "attempted_at"):
        return {"kind": "date" if name == "pay_by_on" else "datetime-local", "value": value}
    if name == "stops_all":
        return {"kind": "tick", "value": value}
    options = {"channel": [(one, said(one)) for one in CHANNELS], "direction": _worded(DIRECTIONS), "pay_channel": _worded(PAY_CHANNELS), "hardship": _worded(HARDSHIPS), "state": [(one, said(one)) for one in VULNERABLE],
               "ground_of_dispute": [(one, said(one)) for one in DISPUTES], "ground_of_complaint": [(one, said(one)) for one in COMPLAINTS]}[name]
    blank = [] if name in ("channel", "direction") else [("", "–")]
    return {"kind": "select", "options": blank + options, "value": value}


def _owing(sheet: CaseSheet) -> list[dict]:
    """Who owes, the debtor first."""
    return sorted((party for party in sheet.parts["parties"] if party["role"] in OWING), key=lambda party: (party["role"] != "debtor", party["role"], party["ordinal"]))


def _worded(words: dict[str, str]) -> list[tuple[str, str]]:
    return [(code, gettext(text)) for code, text in words.items()]
