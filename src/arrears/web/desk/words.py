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
    "other_document": _("other document"), "collection_record": _("collection record"), "hardship_proof": _("proof of hardship"), "limitation_evidence": _("evidence for limitation"), "complaint_file": _("file of a complaint"),
    "call_recording": _("recording of a call"), "visit_recording": _("recording of a visit"), "oral_plan_recording": _("recording of an agreed plan"),
    "placement": _("given to"), "consent": _("consent"), "night_contact": _("contact at night"), "electronic": _("electronic messages"), "lifted": _("lifted"), "placed": _("placed"), "taken_back": _("taken back"), "reversed": _("reversed"),
    "document_added": _("The document is kept with the case."),
    "posing_as_authority": _("posing as an authority"), "threat": _("threat"), "abuse": _("abuse"), "invented_blacklist": _("invented blacklist"), "exaggerated_consequence": _("exaggerated consequence"),
    "disclosure": _("disclosure to third parties"), "extra_fees": _("fees beyond the claim"), "suit": _("names a suit"), "look_alike": _("look-alike signs"), "zero_width": _("invisible signs"), "spaced": _("signs put between"),
    "traditional": _("traditional characters"), "full_width": _("full-width signs"), "pinyin_initials": _("initials of pinyin"), "homophone": _("sounds alike"), "operator_policy": _("the lender's own policy"),
    "consumer_loan": _("consumer loan"), "credit_card": _("credit card"), "business_loan": _("business loan"), "zh": _("Mandarin"), "yue": _("Cantonese"), "en": _("English"),
    "part_promise": _("will pay a part"), "says_paid": _("says they have paid"), "refuses": _("refuses"), "cannot_pay": _("cannot pay"), "asks_plan": _("asks for a plan"), "disputes": _("disputes the debt"),
    "complains": _("complains"), "asks_stop": _("asks us to stop"), "voicemail": _("voicemail"), "not_in_use": _("number not in use"),
    "paid_said": _("said to be paid"),
    "plan_asked": _("plan asked for"), "tried": _("tried"), "talked": _("spoken with"), "put_back": _("put back"), "borrower": _("borrower's number"), "loan": _("loan's number"),
    "no_time": _("no time for it now"), "language": _("another language is needed"), "skill": _("it needs somebody with more experience"), "conflict": _("I know this person"), "needs_lead": _("the team lead should do it"),
    "app": _("the app"), "transfer": _("bank transfer"), "auto_debit": _("automatic debit"),
    "queue_empty": _("Nothing waits for you now."), "queue_away": _("Nothing of yours waits now, and you are put down as away today, so you are given no new account. Your team lead can change that."),
    "queue_full": _("Nothing of yours waits now, and you hold as many accounts as you may, so you are given no new one. Put back what another should do, or ask your team lead."),
    "queue_again": _("You still have this account: note an outcome, or put it back with a reason."), "case_put_back": _("It is back in the queue."),
    "reminder_done": _("The reminder is ticked off."),
    "talk_promise": _("The promise is noted; you are reminded before it is due."), "talk_part_promise": _("The part payment is noted; you are reminded before it is due."),
    "talk_says_paid": _("Noted. The account comes back when the payment should be in the book."), "talk_asks_plan": _("Noted. Now make the plan."), "talk_call_back": _("Noted. The account comes back to you at that time."),
    "talk_cannot_pay": _("Noted. The hardship is looked at, and nobody contacts them meanwhile."), "talk_refuses": _("Noted. The account comes back tomorrow."),
    "talk_disputes": _("The dispute is raised: nobody contacts them, and its clock runs."), "talk_complains": _("The complaint is raised: nobody contacts them, and its clock runs."),
    "talk_asks_stop": _("Noted. The number is closed everywhere."), "talk_asks_stop_all": _("Noted. Nobody contacts them any more about this account, by no way."), "talk_wrong_person": _("Noted. The number is closed everywhere."),
    "talk_deceased": _("Noted. Everything about this person has stopped."), "talk_in_prison": _("Noted. Everything about this person has stopped."), "talk_bankrupt": _("Noted. Everything about this person has stopped."),
    "talk_vulnerable": _("Noted. Everything about this person has stopped."), "talk_no_answer": _("Noted. The account comes back later today."), "talk_busy": _("Noted. The account comes back soon."),
    "talk_voicemail": _("Noted. The account comes back tomorrow."), "talk_not_in_use": _("Noted. The number is closed everywhere."),
    "weekly": _("weekly"), "fortnightly": _("every two weeks"), "monthly": _("monthly"), "part_paid": _("partly paid"), "missed": _("missed"), "due_today": _("due today"), "to_come": _("to come"),
    "part_is_paid": _("paid in time"), "plan_proposed": _("The plan is proposed. Read it out; when the debtor agrees, say so here."), "plan_approval_asked": _("The plan is proposed, and somebody else was asked to approve it."),
    "plan_agreed": _("The plan holds from today on. While it is kept nobody collects on this loan."), "plan_ended": _("The plan no longer holds."),
    "shift_days": _("the first day"), "gap_days": _("the time between two parts"), "penalty": _("penalty waived"), "interest": _("interest waived"), "fee": _("fee waived"), "principal": _("principal waived"),
    "hardship": _("hardship"), "protection": _("protection"), "extension": _("further days to answer"), "heir": _("heir"), "guardian": _("guardian"), "incapacitated": _("lacks capacity"), "simple": _("simple"), "complex": _("complex"),
    "other_person": _("another person"), "regulator": _("the regulator"), "internal": _("found by ourselves"), "counter": _("at the counter"), "online": _("online"), "hotline_12378": _("12378 hotline"), "court": _("court"),
    "illness": _("illness"), "job_lost": _("lost their job"), "income_cut": _("earns less"), "business_failing": _("business fails"), "project_delayed": _("project is late"), "family": _("something in the family"),
    "hardship_plan": _("a plan is to be agreed"), "hardship_paused": _("a pause"), "hardship_refused": _("not agreed to"), "hardship_withdrawn": _("taken back by the borrower"), "refusing": _("refused by one, to be confirmed"), "paused": _("paused"), "none": _("none asked for"), "wanted": _("papers wanted"), "received": _("received"),
    "correct_book": _("correct the book"), "refund": _("pay back"), "close_number": _("close the number"), "coach": _("coach the person"), "apologise": _("apologise"), "withdraw_report": _("correct what was reported"),
    "rests_every_fen": _("the debt, fen by fen"), "rests_payments": _("the payments"), "rests_contacts": _("the contacts and their verdicts"), "rests_papers": _("papers and recordings made evidence"),
    "recording": _("recording"), "proof": _("proof"), "document": _("document"),
    "sharing_record": _("record of sharing"),
    "party.protect": _("protected"), "party.release": _("released from protection"),
    "matter_raised": _("It is put down. Nobody is contacted until it is answered."),
    "matter_noted": _("Your note is kept."),
    "matter_assigned": _("It was given to them."),
    "matter_weighed": _("It counts so from now on; its last day changed with it."),
    "matter_asked": _("Somebody else now decides about the further days."),
    "matter_extended": _("It has its further days, and the letter is kept."),
    "matter_answered": _("It is answered, and the letter is kept."),
    "matter_attached": _("It is evidence now."),
    "matter_tasked": _("It is to be put right."),
    "matter_put_right": _("It is put right."),
    "matter_examined": _("It is noted."),
    "matter_decided": _("It is decided, and the letter is kept."),
    "matter_refusing": _("You refused it. Somebody else confirms that before it is told the borrower."),
    "matter_reopened": _("It is taken up again, with a clock of its own."),
    "matter_lifted": _("The hold is lifted."),
    "matter_open": _("It is open again."),
    "party_added": _("The person is in the case."),
    "party_point_added": _("They can be reached there."),
    "party_point_closed": _("Nobody is contacted there any more, anywhere."),
    "party_protected": _("The person is protected in every case, and the holds stand."),
    "party_released": _("The person is released, and what that protection held is free."),
    "leave": _("leave"), "sick": _("sick"), "training": _("training"), "note": _("note"), "one_to_one": _("1:1 talk"), "equal": _("everybody the same number"), "level": _("who has fewer gets more"),
    "idle": _("idle"), "left": _("has left"), "term": _("term is over"), "team_moved": _("The cases were moved."), "team_taken_back": _("The move was taken back."), "team_noted": _("The note was written."),
    "team_read": _("Noted."), "team_followed_up": _("Followed up."), "team_away": _("The absence was put down."), "team_back": _("The absence was changed."), "team_decided": _("Decided."),
    "promise_due": _("promise due"), "promise_broken": _("promise broken"), "call_back": _("call back"), "instalment_due": _("instalment due"), "plan_broken": _("plan broken"), "answer_due": _("answer due"),
    "allow": _("permitted"), "warn": _("permitted with a warning"), "review": _("a person must release it"), "deny": _("forbidden"), "unasked": _("the gate was not asked"),
    "random": _("at random"), "stratified": _("stratified"), "risk": _("by risk"), "team": _("team"), "channel": _("channel"), "outbound": _("outbound"), "inbound": _("inbound"), "spouse": _("spouse"),
    "unscored": _("not scored yet"), "scored": _("scored"), "disputed": _("disputed"), "settled": _("settled by a second look"), "first": _("first reviewer"), "second": _("second reviewer"), "look": _("second look"), "failed": _("failed"), "not_passed": _("did not pass"),
    "yes": _("yes"), "no": _("no"), "na": _("does not apply"), "cases": _("cases"), "contacts": _("contact ledger"), "promises": _("promises"), "plans": _("plans"), "matters": _("complaints and disputes"),
    "samples": _("quality checks"), "csv": _("CSV"), "xlsx": _("Excel"), "parquet": _("Parquet"), "asked": _("asked for"), "made": _("made"), "fetched": _("fetched"), "gone": _("expired, the file is gone"),
    "prohibited": _("prohibited"), "required": _("required"), "should_not": _("should not"), "needs_judgement": _("needs judgement"), "discouraged": _("discouraged"), "info": _("for information"),
    "from_on": _("from"), "to_on": _("through"), "verdict": _("verdict"), "rule": _("rule"), "is_agency": _("agencies only"), "borrower_id": _("borrower number"), "state": _("state"), "digest": _("digest"),
    "licence": _("licence"), "product": _("product"), "actor": _("who contacts"), "purpose": _("purpose"), "relation": _("who was reached"),
    "sample_drawn": _("The sample is drawn. Score its contacts one by one."), "sheet_filled": _("The sheet is kept."), "sheet_disputed": _("The result is disputed; another reviewer looks at it."),
    "export_made": _("The file is made and waits for you to fetch it."), "export_asked": _("The export waits for somebody else's approval."),
    "night": _("night"), "intake": _("intake"), "ingest": _("loading files"), "retention": _("retention"), "backup": _("backup"), "take_back": _("taking a load back"), "corrections": _("corrected records"),
    "running": _("running"), "done": _("done"), "cancelled": _("cancelled"), "interrupted": _("interrupted"), "delta": _("new rows"), "correction": _("rows that replace"), "snapshot": _("all there is"),
    "run_asked": _("The run waits for its turn."), "run_cancelled": _("The run is cancelled, or stops in a moment."), "roster_changed": _("The roster is changed. The next night counts it after an export into its book."),
    "limit_set": _("The limit is set."), "account_left": _("The account is cut off: nothing is open to it any more, and its sessions are over."), "account_changed": _("The account has these roles now, from its next request on."), "visitor": _("visitor"), "legal": _("legal"), "own": _("own"),
}


DETAILS = {
    "party": _("party"), "contact_point": _("contact point"), "kind": _("kind"), "loan_id": _("loan"), "collector": _("name in the roster"), "roster_name": _("name in the roster"), "outcome": _("outcome"), "team": _("team"),
    "state": _("state"), "why": _("why"), "as_of": _("as of"), "identity_by": _("identity checked by"), "roles": _("roles"), "teams": _("teams"), "factor": _("factor"), "channel": _("channel"), "ground": _("ground"),
    "matter": _("matter"), "glass": _("emergency access"), "offer": _("offer"), "field": _("field"), "plan": _("plan"), "because": _("reason given"), "language": _("language"), "step": _("step"), "subject": _("subject"),
    "record_kind": _("kind of record"), "made_at": _("made at"), "given_at": _("given at"), "attempted_at": _("attempted at"), "direction": _("direction"), "about": _("about"), "minutes": _("minutes"), "since": _("since"),
    "until": _("until"), "role": _("role"), "digest": _("digest"), "expires_on": _("expires on"), "pay_by_on": _("pay by"), "amount_minor": _("amount in minor units"), "case": _("case"), "person": _("person"),
    "placement": _("placement"), "consent": _("consent"), "attachment": _("attachment"), "approval": _("approval"), "account": _("account id"), "answer_by_on": _("answer by"), "sessions_ended": _("sessions ended"),
    "session_epoch": _("session epoch"), "promise": _("promise"), "hold": _("hold"), "dispute": _("dispute"), "complaint": _("complaint"), "contact": _("contact"), "name": _("called"),
    "filters": _("filters"), "method": _("method"), "size": _("size"), "seed": _("seed"), "by": _("by"), "double_percent": _("scored by two, per cent"), "found": _("found"), "sample": _("sample"), "item": _("contact of a sample"),
    "answers": _("answers"), "score_ppm": _("score, parts per million"), "is_passed": _("passed"), "red_lines": _("red lines"), "part": _("part"), "sheet": _("sheet"), "what": _("what"), "format": _("format"), "is_once": _("to be fetched once"),
    "export": _("export"), "rows": _("rows"), "size_bytes": _("size in bytes"), "expires_at": _("expires at"), "entry": _("entry"),
    "again": _("once more"), "stages": _("stages"), "cases_most": _("cases at most"), "amount_most_minor": _("amount at most, in minor units"), "minutes_a_day": _("minutes a day"), "works_from": _("works from"),
    "left_on": _("left on"), "owner": _("kind of work"), "languages": _("languages"), "products": _("products"), "regions": _("regions"), "skills": _("skills"), "member": _("collector"), "contract_from": _("contract from"),
    "contract_until": _("contract until"), "evaluated_on": _("evaluated on"), "inspected_on": _("inspected on"), "score": _("score"), "ended_on": _("ended on"),
    "files": _("files"), "mapping": _("mapping"), "mode": _("kind of load"), "threshold": _("quarantine at most"), "apply": _("write it"), "load": _("load"), "repeats": _("repeats the run"),
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


@register.filter
def second(at: datetime) -> str:
    """A moment to the second, in the lender's zone: of what is counted once in some seconds."""
    return at.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S")


@register.filter
def of(mapping, key):
    """What a mapping has under the key; None where it has nothing."""
    return mapping.get(key)


@register.filter
def of_million(ppm) -> str:
    """Parts per million as per cent with one place; a dash for none."""
    return "–" if ppm is None else f"{Decimal(ppm) / 10_000:.1f} %"


@register.filter
def of_one(share) -> str:
    """A share as per cent with one place; a dash for none."""
    return "–" if share is None else f"{100 * share:.1f} %"


@register.simple_tag
def once() -> str:
    """A new key of idempotency: a form sent twice does its work once."""
    return str(uuid4())
