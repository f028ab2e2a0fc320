"""The oracle of the verdicts: every rule of the specification as one plain sentence of Python, one contact at a time.

It is slow and literal on purpose and shares nothing with the product's packs, kinds or screen. The numbers in the
comments are those of the specification's paragraphs. What a text says is asked of two functions given by the caller,
so the lexicon is no part of it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from compliance.plain_facts import Malformed, facts_of

REFUSED = "refused"
"""The modality of a rule of which the specification says only that it refuses: any of those that deny."""
A_LAW = "a law"
"""The source of a rule that the specification calls no policy of the lender's: any but `operator_policy`."""
OWN = "operator_policy"
DENIES = ("prohibited", "required", "should_not", REFUSED)
VERDICTS = {**dict.fromkeys(DENIES, "deny"), "needs_judgement": "review", "discouraged": "warn", "info": "allow"}
STRICTEST_FIRST = ("deny", "review", "warn", "allow")

SHANGHAI = ZoneInfo("Asia/Shanghai")
CN_FIRST_DAY = date(2024, 5, 15)
GBT_FIRST_DAY = date(2025, 2, 28)
CBA_FIRST_DAY = date(2026, 1, 30)
US_FIRST_DAY = date(2021, 11, 30)
REACHING_AT_ONCE = ("call", "voice_bot", "sms", "im", "push", "email", "visit")
WRITTEN_OR_MACHINE = ("sms", "email", "im", "push", "letter", "voice_bot")
DIALS = ("call", "voice_bot")
RETRY_DAYS = 366
ONE_DAY = timedelta(days=1)

RedLines = Callable[[str], set[str]]
LargestAmount = Callable[[str], int | None]


@dataclass(frozen=True)
class Said:
    """What one rule says; `passes` where time, counts or the next-day rule of cn 5 may lift it."""

    modality: str
    source: str | None = None
    passes: bool = False


@dataclass(frozen=True)
class Words:
    """What a text says: the red lines it crosses and the largest amount it names, in minor units."""

    red_lines: frozenset[str]
    amount_minor: int | None


def answer(
    line: str,
    red_lines: RedLines = lambda text: set(),
    largest_amount: LargestAmount = lambda text: None,
    every_minute: bool = False,
) -> dict:
    """The specification's answer to one line of facts, its rules as a set of (modality, source), or {"error": field}.

    A source is None where the specification names none, and see REFUSED and A_LAW. With `every_minute` the retry is
    sought minute by minute instead of boundary by boundary.
    """
    try:
        facts = facts_of(line)
    except Malformed as error:
        return {"error": str(error)}
    text = facts["text"]
    words = Words(frozenset(), None) if text is None else Words(frozenset(red_lines(text)), largest_amount(text))
    past = [contact for contact in facts["history"] if contact["at"] <= facts["at"]]
    facts = {**facts, "history": past}
    said = rules_at(facts, facts["at"], words)
    coverage = coverage_of(facts)
    verdict = strictest({VERDICTS[each.modality] for each in said} | ({"review"} if coverage != "ok" else set()))
    retry = retry_at(facts, said, words, every_minute)
    zone = SHANGHAI if facts["law"] == "cn" else facts["party"]["timezones"][0]
    return {
        "verdict": verdict,
        "rules": {(each.modality, each.source) for each in said},
        "retry_at": None if retry is None else retry.astimezone(zone).isoformat(),
        "coverage": coverage,
    }


def strictest(verdicts: set[str]) -> str:
    """The strictest of the verdicts; `allow` where there is none."""
    return next(verdict for verdict in STRICTEST_FIRST if verdict in verdicts or verdict == "allow")


def coverage_of(facts: dict) -> str:
    """`ok`, or `unknown: ` and what the law's pack does not cover."""
    if facts["law"] == "us":
        days = [facts["at"].astimezone(zone).date() for zone in facts["party"]["timezones"]]
        if facts["actor"]["kind"] != "agency":
            return "unknown: actor"
        return "ok" if min(days) >= US_FIRST_DAY else "unknown: date"
    if facts["lender"]["licence"] not in ("bank", "consumer_finance", "microloan"):
        return "unknown: licence"
    return "ok" if facts["at"].astimezone(SHANGHAI).date() >= CN_FIRST_DAY else "unknown: date"


def rules_at(facts: dict, at: datetime, words: Words) -> set[Said]:
    """Every rule that speaks about this contact if it were made at `at`, with the history that the facts hold."""
    if facts["law"] == "us":
        return {said for zone in facts["party"]["timezones"] for said in us_rules(facts, at, zone, words)}
    local = at.astimezone(SHANGHAI)
    if local.date() < CN_FIRST_DAY:
        return set()
    consumer = {*cn_night(facts, at, local), *cn_counts(facts, local), *cn_who(facts, local), *cn_holds(facts)}
    consumer |= cn_staffing(facts, local)
    if facts["product"] == "business_loan":  # 12
        consumer = {replace(said, modality="should_not", source=OWN) for said in consumer}
    general = {*cn_status(facts), *cn_words(facts, local, words), *cn_own_policy(facts, local)}
    return consumer | general


def cn_night(facts: dict, at: datetime, local: datetime) -> Iterator[Said]:
    """cn 1."""
    if facts["action"]["purpose"] == "reply" or facts["action"]["channel"] not in REACHING_AT_ONCE:
        return
    if time(8) <= local.time() < time(22) or agreed_to_the_hour(facts, at, local.time()):
        return
    if local.date() < GBT_FIRST_DAY:
        yield Said("should_not", "nifa-2024-collection", passes=True)
    else:
        yield Said("should_not", "gbt-45251-2025", passes=True)
    if local.date() >= CBA_FIRST_DAY and facts["lender"]["licence"] in ("bank", "consumer_finance"):
        yield Said("prohibited", "cba-2026-collection", passes=True)


def agreed_to_the_hour(facts: dict, at: datetime, hour: time) -> bool:
    """Whether some night_contact consent in force at `at` holds the hour in its [from, to)."""
    for consent in facts["consents"]:
        if consent["kind"] != "night_contact" or not in_force(consent, at):
            continue
        start, end = consent["from"], consent["to"]
        if start < end and start <= hour < end:
            return True
        if start > end and (hour >= start or hour < end):
            return True
    return False


def in_force(consent: dict, at: datetime) -> bool:
    """A consent counts from given_at on and until revoked_at."""
    return consent["given_at"] <= at and (consent["revoked_at"] is None or at < consent["revoked_at"])


def outbound(facts: dict, channels: tuple[str, ...]) -> list[dict]:
    """The past outbound contacts with the same party by one of these channels."""
    return [
        contact
        for contact in facts["history"]
        if contact["direction"] == "outbound"
        and contact["party"] == facts["party"]["id"]
        and contact["channel"] in channels
    ]


def days_ago(contact: dict, local: datetime) -> int:
    """How many calendar days of the local zone lie between the contact's day and this one."""
    return (local.date() - contact["at"].astimezone(local.tzinfo).date()).days


def cn_counts(facts: dict, local: datetime) -> Iterator[Said]:
    """cn 2 and 3."""
    action = facts["action"]
    if action["channel"] not in DIALS:
        return
    today = [contact for contact in outbound(facts, DIALS) if days_ago(contact, local) == 0]
    if facts["party"]["relation"] == "debtor" and action["purpose"] != "reply" and local.date() >= GBT_FIRST_DAY:
        effective = [contact for contact in today if contact["outcome"] in ("answered", "refused", "unknown")]
        if len(effective) + 1 > 3:
            yield Said("should_not", "gbt-45251-2025", passes=True)
    if facts["lender"]["licence"] in ("bank", "consumer_finance") and local.date() >= CBA_FIRST_DAY:
        in_vain = [contact for contact in today if contact["outcome"] in ("no_answer", "busy")]
        if len([contact for contact in in_vain if contact["number"] == action["number"]]) + 1 > 6:
            yield Said("discouraged", passes=True)


def cn_who(facts: dict, local: datetime) -> Iterator[Said]:
    """cn 4 and 5."""
    relation, purpose = facts["party"]["relation"], facts["action"]["purpose"]
    if purpose == "collect" and relation == "spouse":
        yield Said("needs_judgement")
    if purpose == "collect" and relation in ("reserved_contact", "other"):
        yield Said("prohibited")
    if purpose == "locate" and relation == "other":
        yield Said("prohibited")
    if relation != "reserved_contact":
        return
    outcomes = {contact["outcome"] for contact in facts["history"] if contact["party"] == facts["party"]["id"]}
    if "refused" in outcomes and purpose != "reply":
        yield Said("prohibited")
    gone = "deceased" in facts["debtor"]["status"] or "incapacitated" in facts["debtor"]["status"]
    if purpose != "locate" or gone or every_number_is_invalid(facts):
        return
    third = third_failure_in_a_row(facts)
    if third is None:
        yield Said(REFUSED)
    elif days_ago(third, local) < 1:
        yield Said(REFUSED, passes=True)


def to_the_debtor(facts: dict, channels: tuple[str, ...]) -> list[dict]:
    """The past outbound contacts with the debtor, whoever the planned one is with."""
    return outbound({**facts, "party": facts["debtor"]}, channels)


def every_number_is_invalid(facts: dict) -> bool:
    """cn 5, first way: the debtor has numbers and the latest call or sms to each found it invalid."""
    for number in facts["debtor"]["numbers"]:
        tried = [c for c in to_the_debtor(facts, ("call", "voice_bot", "sms")) if c["number"] == number]
        latest = [c for c in tried if c["at"] == max(each["at"] for each in tried)]
        if not latest or any(c["outcome"] != "invalid_number" for c in latest):
            return False
    return len(facts["debtor"]["numbers"]) > 0


def third_failure_in_a_row(facts: dict) -> dict | None:
    """cn 5, second way: the last of the debtor's last three dials, if all three failed."""
    failures = ("no_answer", "busy", "invalid_number")
    dials = sorted(to_the_debtor(facts, DIALS), key=lambda c: (c["at"], c["outcome"] not in failures))
    if len(dials) < 3 or any(c["outcome"] not in failures for c in dials[-3:]):
        return None
    return dials[-1]


def cn_staffing(facts: dict, local: datetime) -> set[Said]:
    """cn 6."""
    action = facts["action"]
    if facts["lender"]["licence"] not in ("bank", "consumer_finance") or local.date() < CBA_FIRST_DAY:
        return set()
    if action["channel"] == "visit" and (action["staff"] < 2 or not action["recorded"]):
        return {Said("prohibited")}
    if action["channel"] in DIALS and not action["recorded"]:
        return {Said("prohibited")}
    return set()


def statuses(facts: dict) -> tuple[set[str], set[str]]:
    """The debtor's and the party's statuses; where they are one person, all of them for both."""
    debtor, party = set(facts["debtor"]["status"]), set(facts["party"]["status"])
    return (debtor | party, debtor | party) if facts["party"]["relation"] == "debtor" else (debtor, party)


def cn_status(facts: dict) -> Iterator[Said]:
    """cn 7."""
    debtor, party = statuses(facts)
    purpose, relation = facts["action"]["purpose"], facts["party"]["relation"]
    if purpose == "collect" and relation == "debtor" and debtor & {"deceased", "incapacitated"}:
        yield Said("prohibited")
    if "minor" in party and purpose != "reply":
        yield Said("prohibited")
    if purpose == "collect" and ("bankrupt" in debtor or "legal_stay" in facts["holds"]):
        yield Said("prohibited")
    if "represented" in debtor | party and purpose != "reply":
        yield Said("needs_judgement")


def cn_holds(facts: dict) -> Iterator[Said]:
    """cn 8."""
    if facts["action"]["purpose"] not in ("collect", "locate"):
        return
    if "cease" in facts["holds"]:
        yield Said("prohibited")
    if "dispute" in facts["holds"]:
        yield Said("prohibited", A_LAW if facts["product"] == "credit_card" else OWN)
    if {"complaint", "hardship_review", "vulnerable"} & set(facts["holds"]):
        yield Said("needs_judgement")


def expired(facts: dict, local: datetime) -> bool:
    """Whether the local day is after the last day of limitation of any of the debts."""
    ends = [debt["limitation_expires_on"] for debt in facts["debts"]]
    return any(end is not None and local.date() > end for end in ends)


def unfit_text(facts: dict, local: datetime, words: Words) -> Iterator[Said]:
    """cn 9, the amounts and the null text of cn 10; us 6 and 7 the same."""
    if "suit" in words.red_lines and expired(facts, local):
        yield Said(REFUSED)
    claim_minor = sum(debt["claimable_minor"] for debt in facts["debts"])
    if words.amount_minor is not None and words.amount_minor > claim_minor:
        yield Said(REFUSED)
    if facts["text"] is None and facts["action"]["channel"] in WRITTEN_OR_MACHINE:
        yield Said("needs_judgement")


def cn_words(facts: dict, local: datetime, words: Words) -> Iterator[Said]:
    """cn 9 and 10."""
    yield from unfit_text(facts, local, words)
    if words.red_lines - {"suit"}:
        yield Said(REFUSED)


def cn_own_policy(facts: dict, local: datetime) -> Iterator[Said]:
    """cn 11."""
    channel = facts["action"]["channel"]
    if channel == "sms":
        ages = [days_ago(contact, local) for contact in outbound(facts, ("sms",))]
        if ages.count(0) + 1 > 3 or len([age for age in ages if age <= 6]) + 1 > 10:
            yield Said("should_not", OWN, passes=True)
    if channel == "visit":
        ages = [days_ago(contact, local) for contact in outbound(facts, ("visit",))]
        if ages.count(0) + 1 > 1 or len([age for age in ages if age <= 29]) + 1 > 2:
            yield Said("should_not", OWN, passes=True)
        if not time(9) <= local.time() < time(20):
            yield Said("should_not", OWN, passes=True)


def us_rules(facts: dict, at: datetime, zone: ZoneInfo, words: Words) -> Iterator[Said]:
    """Every rule of the us pack that speaks, if the person is in this zone."""
    local = at.astimezone(zone)
    if local.date() < US_FIRST_DAY:
        return
    channel, purpose = facts["action"]["channel"], facts["action"]["purpose"]
    relation, holds = facts["party"]["relation"], facts["holds"]
    night = local.time() >= time(21) or local.time() < time(8)
    if night and channel in REACHING_AT_ONCE and purpose != "reply":  # 1
        if not agreed_to_the_hour(facts, at, local.time()):
            yield Said(REFUSED, passes=True)
    if channel in DIALS:
        yield from us_calls(facts, local)
    electronic = [c for c in facts["consents"] if c["kind"] == "electronic" and c["channel"] == channel]
    if channel == "sms" and not any(in_force(c, at) for c in electronic):  # 3
        yield Said("prohibited", "tcpa")
    if channel in ("email", "im") and not any(in_force(c, at) for c in electronic):
        if any(c["revoked_at"] is not None and c["revoked_at"] <= at for c in electronic):
            yield Said(REFUSED)
    if "cease" in holds and purpose in ("collect", "locate"):  # 4
        yield Said(REFUSED)
    if "represented" in statuses(facts)[0]:
        yield Said("prohibited")
    if relation in ("reserved_contact", "other") and purpose != "locate":  # 5
        yield Said(REFUSED)
    yield from unfit_text(facts, local, words)  # 6 and 7
    if words.red_lines & {"threat", "posing_as_authority"}:
        yield Said(REFUSED)


def us_calls(facts: dict, local: datetime) -> Iterator[Said]:
    """us 2, for each debt that the call is about."""
    for debt in facts["debts"]:
        about_it = [c for c in outbound(facts, DIALS) if debt["id"] in c["debts"]]
        counted = [c for c in about_it if c["outcome"] not in ("busy", "invalid_number")]
        if len([c for c in counted if days_ago(c, local) <= 6]) + 1 > 7:
            yield Said(REFUSED, passes=True)
        for contact in facts["history"]:
            talked = contact["channel"] in DIALS and contact["outcome"] in ("answered", "refused")
            if not talked or contact["party"] != facts["party"]["id"] or debt["id"] not in contact["debts"]:
                continue
            day_of_now = days_ago(contact, local) + 1
            if day_of_now <= 7 and facts["action"]["purpose"] != "reply":
                yield Said(REFUSED, passes=True)


def retry_at(facts: dict, said: set[Said], words: Words, every_minute: bool) -> datetime | None:
    """The first instant within a year at which nothing denies; None if nothing denies now or more than time does."""
    denying = [each for each in said if each.modality in DENIES]
    if not denying or not all(each.passes for each in denying):
        return None
    for moment in minutes(facts) if every_minute else boundaries(facts):
        if not any(each.modality in DENIES for each in rules_at(facts, moment, words)):
            return moment
    return None


def minutes(facts: dict) -> Iterator[datetime]:
    """Every whole minute of the year after `at`, and the instants at which a consent begins or ends, in order."""
    first = facts["at"].replace(second=0, microsecond=0) + timedelta(minutes=1)
    moments = [first + timedelta(minutes=minute) for minute in range(RETRY_DAYS * 24 * 60)]
    turns = {c[key] for c in facts["consents"] for key in ("given_at", "revoked_at") if c[key] is not None}
    yield from sorted({*moments, *(turn for turn in turns if facts["at"] < turn <= moments[-1])})


def boundaries(facts: dict) -> Iterator[datetime]:
    """Those of the minutes at which some rule may change: an hour named by a rule or a consent, or a clock set anew."""
    zones = [SHANGHAI] if facts["law"] == "cn" else facts["party"]["timezones"]
    hours = {time(0), time(8), time(9), time(20), time(21), time(22)}
    hours |= {c[key] for c in facts["consents"] if c["kind"] == "night_contact" for key in ("from", "to")}
    turns = {c[key] for c in facts["consents"] for key in ("given_at", "revoked_at") if c[key] is not None}
    # Offsets are whole quarters of an hour since 1972, so these are all the minutes at which a clock can show them.
    of_the_quarter = {0, *(hour.minute % 15 for hour in hours)}
    start = facts["at"].replace(minute=0, second=0, microsecond=0)
    earlier = start
    for step in range(RETRY_DAYS * 24 * 60 + 60):
        if step % 15 not in of_the_quarter:
            continue
        moment = start + timedelta(minutes=step)
        yield from sorted(turn for turn in turns if earlier < turn < moment and turn > facts["at"])
        if moment > facts["at"]:
            clocks = [(moment.astimezone(zone), earlier.astimezone(zone)) for zone in zones]
            changed = any(now.time() in hours or now.utcoffset() != then.utcoffset() for now, then in clocks)
            if changed or moment in turns:
                yield moment
        earlier = moment
