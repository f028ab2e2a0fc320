"""Facts in bulk, from a seed: contacts at and beside every boundary that the specification of verdicts draws."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from compliance.plain_facts import (
    CHANNELS,
    DIRECTIONS,
    HOLDS,
    LICENCES,
    OUTCOMES,
    PRODUCTS,
    PURPOSES,
    RELATIONS,
    STATUSES,
    WITHOUT_NUMBER,
)

MICROSECOND = timedelta(microseconds=1)
BESIDE = (-timedelta(seconds=1), -MICROSECOND, timedelta(0), timedelta(0), timedelta(0), MICROSECOND, timedelta(seconds=1))
HOURS = (time(22), time(8), time(9), time(20), time(21), time(0), time(12), time(15, 37, 12, 345678))
ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "America/Phoenix",
    "America/Anchorage",
    "America/St_Johns",
    "Pacific/Honolulu",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Europe/London",
    "Asia/Shanghai",
)
STARTS = (date(2024, 5, 15), date(2025, 2, 28), date(2026, 1, 30), date(2021, 11, 30))
CLOCK_CHANGES = (date(2026, 3, 8), date(2026, 11, 1), date(2025, 3, 9), date(2024, 11, 3), date(2026, 3, 29))
TODAY = (0,)
PLAIN_DAYS = (date(2026, 3, 1), date(2026, 7, 31), date(2027, 1, 1), date(2028, 2, 29), date(2026, 6, 16))

# The phrases cross the red line in any reading; what a lexicon makes of finer wording is tested beside the lexicon.
PHRASES = {
    "cn": {
        "我是公安局的民警": "posing_as_authority",
        "不还钱就打断你的腿": "threat",
        "你这个不要脸的老赖": "abuse",
        "已将您列入我司的全国失信黑名单": "invented_blacklist",
        "不还款您就会被判刑坐牢": "exaggerated_consequence",
        "我们会把您欠款的事告诉您的同事和邻居": "disclosure",
        "您还须另付催收手续费": "extra_fees",
        "否则我们将向人民法院起诉您": "suit",
    },
    "us": {
        "This is the police department": "posing_as_authority",
        "we will hurt you and your family": "threat",
        "we will sue you": "suit",
    },
}
HARMLESS = {"cn": "您好，请您安排还款，如有困难请与我们联系", "us": "Hello, please call us back about your account"}


def red_lines_of(text: str) -> set[str]:
    """The red lines whose phrase stands in the text: a lexicon for texts drawn here and for no others."""
    return {line for phrases in PHRASES.values() for phrase, line in phrases.items() if phrase in text}


def largest_amount_of(text: str) -> int | None:
    """The largest amount written with two decimals, in minor units; None if there is none."""
    amounts = [int(units) * 100 + int(hundredths) for units, hundredths in re.findall(r"(\d+)\.(\d\d)", text)]
    return max(amounts, default=None)


def random_line(random: Random) -> str:
    """One valid line of facts; keys unknown to the specification stand in some."""
    facts = random_facts(random)
    if random.random() < 0.05:
        facts["remark"] = {"at": None}
    return json.dumps(facts, ensure_ascii=random.random() < 0.5)


def random_facts(random: Random) -> dict:
    """One valid contact, drawn around a theme, so that some rule stands at its boundary more often than not."""
    law = "us" if random.random() < 0.4 else "cn"
    zones = random.choices(ZONES, k=random.choice((1, 1, 1, 2, 2, 3)))
    zone = ZoneInfo("Asia/Shanghai" if law == "cn" else zones[0])
    at = _instant(random, zone)
    facts = _quiet_facts(random, law, zones, at)
    for change in (_who, _words, _holds_and_statuses, _limitation, _licence_and_product, _night_consents):
        if random.random() < 0.22:
            change(random, facts, at, zone)
    theme: Callable = random.choice(
        (_calls_of_the_day, _dials_to_a_number, _unreachable, _messages, _visits, _conversations, _electronic_consents)
        if random.random() < 0.85
        else (_who, _words, _holds_and_statuses, _limitation)
    )
    theme(random, facts, at, zone)
    if random.random() < 0.3:
        facts["history"] += [_contact(random, facts, at, zone) for _ in range(random.randint(1, 6))]
    random.shuffle(facts["history"])
    return facts


def _instant(random: Random, zone: ZoneInfo) -> datetime:
    day = random.choice(random.choice((STARTS, CLOCK_CHANGES, PLAIN_DAYS, PLAIN_DAYS)))
    day += timedelta(days=random.choice((-1, 0, 0, 0, 1)))
    hour = random.choice(HOURS) if random.random() < 0.6 else random.choice((time(12), time(10, 30)))
    return datetime.combine(day, hour, zone).astimezone(UTC) + random.choice(BESIDE)


def _written(random: Random, at: datetime, zone: ZoneInfo) -> str:
    written = at.astimezone(random.choice((zone, UTC, ZoneInfo("Asia/Kathmandu")))).isoformat()
    return written.replace("+00:00", "Z") if random.random() < 0.5 else written


def _quiet_facts(random: Random, law: str, zones: list[str], at: datetime) -> dict:
    """A contact of which no rule but one of hours or of a missing text or consent has anything to say."""
    channel = random.choice(("call", "call", *CHANNELS))
    facts = {
        "at": _written(random, at, ZoneInfo(zones[0])),
        "law": law,
        "lender": {"id": "L1", "licence": random.choice(("bank", "bank", "consumer_finance", "microloan"))},
        "product": random.choice(("consumer_loan", "consumer_loan", "credit_card")),
        "actor": {"kind": "agency" if law == "us" else random.choice(("own", "agency")), "id": "A1"},
        "action": {
            "channel": channel,
            "purpose": random.choice(("collect", "collect", *PURPOSES)),
            "number": "n1",
            "staff": random.choice((2, 2, 2, 3, 1, 0)),
            "recorded": random.random() < 0.9,
        },
        "debtor": {"id": "B1", "status": [], "numbers": ["n1", "n2"][: random.choice((0, 1, 1, 2))]},
        "party": {"id": "B1", "relation": "debtor", "timezones": zones, "status": []},
        "debts": [
            {
                "id": f"D{place}",
                "days_past_due": random.choice((0, 1, 40, 400)),
                "limitation_expires_on": "2035-05-01",
                "claimable_minor": random.choice((0, 1, 99, 123400)),
            }
            for place in range(1, random.choice((2, 2, 3)))
        ],
        "holds": [],
        "consents": [],
        "history": [],
        "text": HARMLESS[law] if random.random() < 0.8 else random.choice((None, "", " \n\t")),
    }
    if law == "us" and random.random() < 0.7:
        facts["consents"].append({"kind": "electronic", "channel": channel, "given_at": "2020-01-01T00:00:00Z", "revoked_at": None})
    if channel in WITHOUT_NUMBER and random.random() < 0.5:
        facts["action"]["number"] = None
        if random.random() < 0.5:
            del facts["action"]["number"]
    return facts


def _put(facts: dict, channel: str, number: str | None = "n1") -> None:
    facts["action"]["channel"], facts["action"]["number"] = channel, number


def _who(random: Random, facts: dict, at: datetime, zone: ZoneInfo) -> None:
    relation = random.choice(RELATIONS)
    facts["party"].update(id="B1" if relation == "debtor" else "P2", relation=relation)
    facts["action"]["purpose"] = random.choice(PURPOSES)


def _words(random: Random, facts: dict, at: datetime, zone: ZoneInfo) -> None:
    law = facts["law"]
    phrases = random.sample(sorted(PHRASES[law]), random.choice((0, 1, 1, 2)))
    parts = [HARMLESS[law], *phrases]
    claim_minor = sum(debt["claimable_minor"] for debt in facts["debts"])
    for _ in range(random.choice((0, 1, 1, 2))):
        minor = max(0, claim_minor + random.choice((-1, 0, 1, -100, 100)))
        written = f"{minor // 100}.{minor % 100:02}"
        parts.append(f"应还{written}元" if law == "cn" else f"the balance is ${written}")
    random.shuffle(parts)
    facts["text"] = ("。" if law == "cn" else ". ").join(parts)
    if random.random() < 0.15:
        facts["text"] = None
        if random.random() < 0.5:
            del facts["text"]


def _holds_and_statuses(random: Random, facts: dict, at: datetime, zone: ZoneInfo) -> None:
    facts["holds"] = random.sample(HOLDS, random.choice((0, 1, 1, 2)))
    facts["debtor"]["status"] = random.sample(STATUSES, random.choice((0, 0, 1, 2)))
    facts["party"]["status"] = random.sample(STATUSES, random.choice((0, 0, 1, 2)))


def _limitation(random: Random, facts: dict, at: datetime, zone: ZoneInfo) -> None:
    debt = random.choice(facts["debts"])
    today = at.astimezone(zone).date()
    debt["limitation_expires_on"] = (today + timedelta(days=random.choice((-1, -1, 0, 0, 1)))).isoformat()
    suit = next(phrase for phrase, line in PHRASES[facts["law"]].items() if line == "suit")
    if random.random() < 0.7:
        facts["text"] = f"{HARMLESS[facts['law']]} {suit}"
    if random.random() < 0.15:
        debt["limitation_expires_on"] = None
        if random.random() < 0.5:
            del debt["limitation_expires_on"]


def _licence_and_product(random: Random, facts: dict, at: datetime, zone: ZoneInfo) -> None:
    facts["lender"]["licence"] = random.choice(LICENCES)
    facts["product"] = random.choice(("business_loan", *PRODUCTS))
    facts["actor"]["kind"] = random.choice(("own", "agency"))


def _night_consents(random: Random, facts: dict, at: datetime, zone: ZoneInfo) -> None:
    hour = at.astimezone(zone).time().replace(second=0, microsecond=0)
    named = (hour, hour, time(21), time(22), time(23), time(0), time(7), time(8), time(2, 30), time(23, 59))
    for _ in range(random.choice((1, 1, 2))):
        consent = {
            "kind": "night_contact",
            "from": random.choice(named).isoformat("minutes"),
            "to": random.choice(named).isoformat("minutes"),
            "evidence": "E1",
            **_given_and_revoked(random, at, zone),
        }
        facts["consents"].append(consent)


def _given_and_revoked(random: Random, at: datetime, zone: ZoneInfo) -> dict:
    ages = (timedelta(days=30), timedelta(days=1), timedelta(0), *(-beside for beside in BESIDE), -timedelta(hours=5))
    dates = {"given_at": _written(random, at - random.choice(ages), zone)}
    if random.random() < 0.5:
        dates["revoked_at"] = _written(random, at - random.choice((*ages, -timedelta(days=9))), zone)
    elif random.random() < 0.5:
        dates["revoked_at"] = None
    return dates


def _electronic_consents(random: Random, facts: dict, at: datetime, zone: ZoneInfo) -> None:
    channel = random.choice(("sms", "sms", "email", "im"))
    _put(facts, channel)
    facts["consents"] = [consent for consent in facts["consents"] if consent["kind"] != "electronic"]
    for _ in range(random.choice((0, 1, 1, 2))):
        other = random.choice((channel, channel, channel, "sms", "email", "push"))
        facts["consents"].append({"kind": "electronic", "channel": other, **_given_and_revoked(random, at, zone)})


def _earlier(random: Random, at: datetime, zone: ZoneInfo, days: tuple[int, ...]) -> datetime:
    """An instant so many local days ago, often at or beside a midnight, sometimes at `at` or after it."""
    if random.random() < 0.1:
        return at + random.choice(BESIDE)
    if days == TODAY and random.random() < 0.95:
        midnight = datetime.combine(at.astimezone(zone).date(), time(0), zone).astimezone(UTC)
        return random.choice((midnight, midnight, midnight + (at - midnight) / 2, at, at))
    day = at.astimezone(zone).date() - timedelta(days=random.choice(days))
    if random.random() < 0.6:
        return datetime.combine(day, time(0), zone).astimezone(UTC) + random.choice(BESIDE)
    return datetime.combine(day, random.choice(HOURS), zone).astimezone(UTC)


def _contact(random: Random, facts: dict, at: datetime, zone: ZoneInfo, days: tuple[int, ...] = (0, 1, 6, 7, 40), **fixed) -> dict:
    """A past contact, with whatever is fixed; its instant may be that of one drawn before it."""
    moment = _earlier(random, at, zone, days)
    channel = fixed.get("channel", random.choice(CHANNELS))
    contact = {
        "at": _written(random, moment, zone),
        "channel": channel,
        "direction": "outbound" if random.random() < 0.85 else random.choice(DIRECTIONS),
        "actor": random.choice(("A1", "A2", "L1")),
        "party": facts["party"]["id"] if random.random() < 0.9 else random.choice(("B1", "P2", "P3")),
        "relation": facts["party"]["relation"],
        "debts": random.sample(("D1", "D2", "D9"), random.choice((1, 1, 2))),
        "number": None if channel in WITHOUT_NUMBER else random.choice(("n1", "n1", "n2")),
        "outcome": random.choice(OUTCOMES),
        **fixed,
    }
    if contact["number"] is None and random.random() < 0.5:
        del contact["number"]
    if facts["history"] and random.random() < 0.15:
        contact["at"] = random.choice(facts["history"])["at"]
    return contact


def _many(random: Random, facts: dict, at: datetime, zone: ZoneInfo, cap: int, days: tuple[int, ...], outcomes: tuple[str, ...], channels: tuple[str, ...]) -> None:
    """About as many contacts as the cap allows: one fewer, exactly so many, or one more."""
    for _ in range(cap + random.choice((-1, 0, 0, 1))):
        fixed = {"outcome": random.choice(outcomes), "channel": random.choice(channels)}
        if random.random() < 0.94:
            fixed |= {"party": facts["party"]["id"], "direction": "outbound", "debts": ["D1"]}
        facts["history"].append(_contact(random, facts, at, zone, days, **fixed))


def _calls_of_the_day(random: Random, facts: dict, at: datetime, zone: ZoneInfo) -> None:
    _put(facts, random.choice(("call", "voice_bot")))
    _many(random, facts, at, zone, 3, random.choice((TODAY, (0, 0, 0, 1))), ("answered", "refused", "unknown", "unknown", "delivered"), ("call", "voice_bot"))


def _dials_to_a_number(random: Random, facts: dict, at: datetime, zone: ZoneInfo) -> None:
    _put(facts, random.choice(("call", "voice_bot")), random.choice(("n1", "n1", "n1", "n2")))
    _many(random, facts, at, zone, 6, TODAY, ("no_answer",) * 20 + ("busy",) * 20 + ("invalid_number",), ("call", "voice_bot"))
    for contact in facts["history"]:
        contact["number"] = "n1" if random.random() < 0.98 else "n2"


def _unreachable(random: Random, facts: dict, at: datetime, zone: ZoneInfo) -> None:
    relation = random.choice(("reserved_contact",) * 5 + ("spouse", "other"))
    facts["party"].update(id="P2", relation=relation)
    facts["action"]["purpose"] = random.choice(("locate",) * 5 + PURPOSES)
    failures = ("no_answer", "busy", "invalid_number", "invalid_number")
    for _ in range(random.choice((1, 2, 3, 3, 3, 4, 5))):
        fixed = {"party": "B1", "relation": "debtor", "channel": random.choice(("call", "call", "voice_bot", "sms"))}
        fixed["direction"] = random.choice(("outbound",) * 8 + ("inbound",))
        fixed["outcome"] = random.choice(failures * 3 + ("answered", "refused", "unknown"))
        fixed["number"] = random.choice(("n1", "n1", "n2"))
        facts["history"].append(_contact(random, facts, at, zone, (0, 0, 1, 1, 2), **fixed))
    if random.random() < 0.2:
        facts["history"].append(_contact(random, facts, at, zone, (0, 1, 90), outcome="refused", party="P2"))
    if random.random() < 0.15:
        facts["debtor"]["status"] = [random.choice(STATUSES)]


def _messages(random: Random, facts: dict, at: datetime, zone: ZoneInfo) -> None:
    _put(facts, "sms")
    if random.random() < 0.5:
        _many(random, facts, at, zone, 3, random.choice((TODAY, (0, 0, 0, 1))), OUTCOMES, ("sms",))
    else:
        _many(random, facts, at, zone, 10, (1, 2, 3, 4, 5, 6, 6, 6, 7), OUTCOMES, ("sms",))


def _visits(random: Random, facts: dict, at: datetime, zone: ZoneInfo) -> None:
    _put(facts, "visit", None)
    _many(random, facts, at, zone, random.choice((1, 2)), (0, 1, 15, 29, 29, 30), OUTCOMES, ("visit",))


def _conversations(random: Random, facts: dict, at: datetime, zone: ZoneInfo) -> None:
    _put(facts, random.choice(("call", "call", "voice_bot")))
    if random.random() < 0.6:
        _many(random, facts, at, zone, 7, (0, 1, 2, 3, 4, 5, 6, 6, 6), ("no_answer",) * 8 + ("unknown", "busy"), ("call", "voice_bot"))
    if random.random() < 0.6:
        fixed = {"channel": random.choice(("call", "voice_bot", "sms")), "outcome": random.choice(("answered", "refused"))}
        facts["history"].append(_contact(random, facts, at, zone, (0, 1, 5, 6, 6, 7), **fixed))
