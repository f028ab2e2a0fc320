"""The book that the gate is measured on: made up by dice with a seed, the same on every machine.

One person per row, each with a loan, contacts of the last forty days, now and then a hold, a consent or a status. Shares are round
numbers chosen so that every kind of rule is asked and most speak of somebody; they are no statistics of any lender.
"""

import json
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import polars as pl

from arrears.compliance.asked import FAILED, NEVER, NO_TEXT, NOT_EXPIRING, STATUSES, Asked, Consents, Past, Rows
from arrears.days import number_of
from arrears.law.lender import Lender
from arrears.law.rules import ACTORS, CHANNELS, LICENCES, PRODUCTS, PURPOSES, RELATIONS
from arrears.tables.consents import CONSENT_KINDS
from arrears.tables.contacts import DIRECTIONS, OUTCOMES
from arrears.tables.holds import HOLD_KINDS
from arrears.zones import DAY, MINUTE

ZONE = "Asia/Shanghai"
AS_OF = date(2026, 10, 31)
HISTORY_DAYS = 40
PEOPLE_OF_A_PARTITION = 40_000
TREATMENT_OF = {"call": "call", "voice_bot": "bot", "sms": "remind_sms", "visit": "visit"}
LENDER_PRODUCTS = {"consumer_loan": "quick", "credit_card": "card", "business_loan": "trader"}
LENDER = Lender("L1", "示例银行", "cn", "bank", "own", {own: law for law, own in LENDER_PRODUCTS.items()}, "consumer_loan", (ZONE,), 10 * 60)
TEXTS = (
    "【示例银行】您好，您在我行的贷款已逾期，截至今日应还0.00元。如已还款请忽略；还款有困难或对金额有异议，请致电我行客服。",
    "【示例银行】您的贷款已逾期，如仍不还款，我行将依法提起诉讼。对金额有异议，请致电我行客服。",
    "【示例银行】您的贷款已逾期，请于本周内还款5000.00元。对金额有异议，请致电我行客服。",
    "不还款将把您列入全国黑名单。",
)
_HOUR = 60
_SHANGHAI_AHEAD = 8 * _HOUR * MINUTE
_OUTCOMES_OF_CALLS = {"answered": 30, "no_answer": 41, "busy": 8, "invalid_number": 6, "refused": 10, "unknown": 5}
_OUTCOMES_OF_MESSAGES = {"delivered": 92, "unknown": 8}
_OUTCOMES_OF_VISITS = {"answered": 45, "no_answer": 45, "refused": 10}


@dataclass(frozen=True)
class Book:
    """rows: one per person. contacts: sorted as Past asks, of each person those with the debtor first, then those with the other
    party; `person`, `with_debtor` and the columns of Past. Consents: at most one per person, `consent_person` its place.
    """

    rows: dict[str, np.ndarray]
    contacts: dict[str, np.ndarray]
    consents: Consents
    consent_person: np.ndarray
    asked: Asked = field(repr=False)


def book_of(people: int, contacts: int, seed: int) -> Book:
    """The book of so many people with so many past contacts between them."""
    dice = np.random.default_rng(seed)
    rows = _rows(people, dice)
    past = _contacts(people, contacts, dice)
    who, consents = _consents(people, dice)
    return Book(rows, past, consents, who, _asked(rows, past, who, consents))


def _drawn(dice, count: int, shares: dict[str, float], values: tuple[str, ...]) -> np.ndarray:
    """Codes of `values`, drawn by these shares."""
    weights = np.array(list(shares.values()), np.float64)
    places = np.array([values.index(name) for name in shares], np.int8)
    return places[np.searchsorted(np.cumsum(weights / weights.sum())[:-1], dice.random(count), side="right")]


def _bits(dice, count: int, shares: dict[str, float], values: tuple[str, ...]) -> np.ndarray:
    """Sets as bits, each value in it with its own chance."""
    found = np.zeros(count, np.int8)
    for name, share in shares.items():
        found |= np.where(dice.random(count) < share, np.int8(1 << values.index(name)), np.int8(0))
    return found


def _rows(people: int, dice) -> dict[str, np.ndarray]:
    """What is asked of each person: on AS_OF, most by day, a few at night."""
    channel = _drawn(dice, people, {"call": 52, "voice_bot": 4, "sms": 38, "visit": 6}, CHANNELS)
    relation = _drawn(dice, people, {"debtor": 93, "reserved_contact": 3, "guarantor": 2, "spouse": 1, "other": 1}, RELATIONS)
    purpose = _drawn(dice, people, {"collect": 95, "notify": 3, "locate": 2}, PURPOSES)
    ask_where = np.isin(relation, [RELATIONS.index("reserved_contact"), RELATIONS.index("other")]) & (dice.random(people) < 0.9)
    purpose[ask_where] = PURPOSES.index("locate")
    minute = np.where(dice.random(people) < 0.97, dice.integers(10 * _HOUR, 21 * _HOUR, people), dice.integers(22 * _HOUR, 24 * _HOUR, people))
    debtor_status = _bits(dice, people, {"deceased": 0.001, "incapacitated": 0.0005, "bankrupt": 0.001, "represented": 0.002}, STATUSES)
    other_status = _bits(dice, people, {"minor": 0.002, "represented": 0.001}, STATUSES)
    spoken = np.isin(channel, [CHANNELS.index("sms"), CHANNELS.index("voice_bot")])
    text = np.searchsorted([0.965, 0.98, 0.995], dice.random(people), side="right")
    visit = channel == CHANNELS.index("visit")
    dated = dice.random(people)
    limitation = np.where(dated < 0.05, -dice.integers(1, 400, people), dice.integers(30, 1_000, people)) + number_of(AS_OF)
    return {
        "at": number_of(AS_OF) * DAY + minute * MINUTE - _SHANGHAI_AHEAD,
        "licence": np.full(people, LICENCES.index("bank"), np.int8),
        "product": _drawn(dice, people, {"consumer_loan": 55, "credit_card": 30, "business_loan": 15}, PRODUCTS),
        "actor": _drawn(dice, people, {"own": 70, "agency": 30}, ACTORS), "channel": channel, "purpose": purpose, "relation": relation,
        "staff": np.where(visit & (dice.random(people) < 0.97), 2, 1), "recorded": dice.random(people) < 0.99,
        "debtor_status": debtor_status, "party_status": np.where(relation == RELATIONS.index("debtor"), debtor_status, other_status),
        "holds": _bits(dice, people, {"dispute": 0.008, "complaint": 0.01, "cease": 0.003, "legal_stay": 0.001, "hardship_review": 0.005,
                                      "vulnerable": 0.003}, HOLD_KINDS),
        "claimable": np.exp(dice.normal(13.5, 1.3, people)).astype(np.int64) + 1_000,
        "limitation_on": np.where(dated > 0.97, NOT_EXPIRING, limitation),
        "text": np.where(spoken & (dice.random(people) < 0.999), text, NO_TEXT), "numbers": 1 + (dice.random(people) < 0.3),
    }


def _contacts(people: int, count: int, dice) -> dict[str, np.ndarray]:
    """Past contacts: some people have many, and one in a hundred has all of them on the day itself, before ten."""
    weight = dice.gamma(0.5, size=people)
    person = np.searchsorted(np.cumsum(weight / weight.sum())[:-1], dice.random(count), side="right")
    today = (dice.random(people) < 0.01)[person] | (dice.random(count) < 0.05)
    days_ago = np.where(today, 0, dice.integers(1, HISTORY_DAYS, count))
    minute = np.where(today, dice.integers(8 * _HOUR, 10 * _HOUR, count), dice.integers(8 * _HOUR, 22 * _HOUR, count))
    channel = _drawn(dice, count, {"call": 58, "voice_bot": 10, "sms": 28, "visit": 4}, CHANNELS)
    outcome = _drawn(dice, count, _OUTCOMES_OF_CALLS, OUTCOMES)
    for name, shares in (("sms", _OUTCOMES_OF_MESSAGES), ("visit", _OUTCOMES_OF_VISITS)):
        outcome = np.where(channel == CHANNELS.index(name), _drawn(dice, count, shares, OUTCOMES), outcome)
    with_debtor = dice.random(count) < 0.97
    contacts = {
        "person": person, "with_debtor": with_debtor,
        "at": (number_of(AS_OF) - days_ago) * DAY + minute * MINUTE - _SHANGHAI_AHEAD, "channel": channel,
        "direction": _drawn(dice, count, {"outbound": 96, "inbound": 4}, DIRECTIONS), "outcome": outcome,
        # Numbers 3p and 3p + 1 are the debtor's, 3p + 2 is the other party's.
        "number": 3 * person + np.where(with_debtor, dice.random(count) < 0.2, 2),
    }
    reached = ~np.isin(outcome, [OUTCOMES.index(name) for name in FAILED])
    order = np.lexsort((reached, contacts["at"], ~with_debtor, person))
    return {name: column[order] for name, column in contacts.items()}


def _consents(people: int, dice) -> tuple[np.ndarray, Consents]:
    """One person in twenty agreed to be called in the evening; one in ten of them took it back."""
    who = np.flatnonzero(dice.random(people) < 0.05)
    count, given = len(who), (number_of(AS_OF) - 100) * DAY
    return who, Consents(
        np.full(count, CONSENT_KINDS.index("night_contact"), np.int64), np.full(count, -1, np.int64), np.full(count, 20 * _HOUR, np.int64),
        np.full(count, 23 * _HOUR, np.int64), np.full(count, given, np.int64),
        np.where(dice.random(count) < 0.1, given + 50 * DAY, NEVER))


def _asked(rows: dict, past: dict, consent_person: np.ndarray, consents: Consents) -> Asked:
    people = len(rows["at"])
    places, zeros = np.arange(people), np.zeros(people, np.int64)
    # Twice the person, plus one for the other party: the order in which contacts lie.
    part = 2 * past["person"] + ~past["with_debtor"]
    own, ends = np.searchsorted(part, 2 * places), np.searchsorted(part, 2 * places + 1)
    others_end = np.searchsorted(part, 2 * places + 2)
    to_debtor = rows["relation"] == RELATIONS.index("debtor")
    numbers_last = np.cumsum(rows["numbers"])
    numbers = np.repeat(3 * places, rows["numbers"]) + np.arange(numbers_last[-1]) - np.repeat(numbers_last - rows["numbers"], rows["numbers"])
    columns = {name: column for name, column in rows.items() if name != "numbers"}
    asked = Rows(
        **columns, known=rows["at"], number=np.where(to_debtor, 3 * places, 3 * places + 2), zones=zeros,
        past_first=np.where(to_debtor, own, ends), past_last=np.where(to_debtor, ends, others_end), debtor_first=own, debtor_last=ends,
        debt_first=zeros, debt_last=zeros, consent_first=np.searchsorted(consent_person, places),
        consent_last=np.searchsorted(consent_person, places, side="right"), numbers_first=numbers_last - rows["numbers"], numbers_last=numbers_last)
    columns = [past[name] for name in ("at", "channel", "direction", "outcome", "number")]
    # No rule of the pack counts by debt, and so neither does a night.
    return Asked(asked, Past(*columns), Past(*(column[:0] for column in columns)), zeros[:0], zeros[:0], consents, numbers, TEXTS, ((ZONE,),))


def partitions_of(book: Book) -> dict[str, tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]]:
    """By partition of 40,000 people: proposals, contacts, consents and holds, as a night has them; contacts in no order."""
    people = len(book.rows["at"])
    made = {}
    for first in range(0, people, PEOPLE_OF_A_PARTITION):
        last = min(first + PEOPLE_OF_A_PARTITION, people)
        made[f"{first // PEOPLE_OF_A_PARTITION:05d}"] = (
            _proposals(book, first, last), _contact_frame(book, first, last), _consent_frame(book, first, last), _hold_frame(book, first, last))
    return made


def _names(prefix: str, persons: np.ndarray) -> pl.Expr:
    return pl.Series(persons).cast(pl.String).str.zfill(9).str.replace("^", prefix)


def _values(values: tuple[str, ...] | list[str], codes: np.ndarray) -> pl.Series:
    return pl.Series(values, dtype=pl.String).gather(codes.astype(np.int64))


def _proposals(book: Book, first: int, last: int) -> pl.DataFrame:
    rows, persons = {name: column[first:last] for name, column in book.rows.items()}, np.arange(first, last)
    return pl.DataFrame({
        "loan_id": _names("JK", persons), "borrower_id": _names("B", persons), "product": _values([LENDER_PRODUCTS[name] for name in PRODUCTS], rows["product"]),
        "claimable_minor": rows["claimable"], "treatment": _values([TREATMENT_OF.get(name, "") for name in CHANNELS], rows["channel"]),
    })


def _contact_frame(book: Book, first: int, last: int) -> pl.DataFrame:
    begin, end = np.searchsorted(book.contacts["person"], [first, last])
    past = {name: column[begin:end] for name, column in book.contacts.items()}
    frame = pl.DataFrame({
        "borrower_id": _names("B", past["person"]), "loan_id": _names("JK", past["person"]),
        "attempted_at": pl.Series(past["at"]).cast(pl.Datetime("us", "UTC")),
        "channel": _values(CHANNELS, past["channel"]), "direction": _values(DIRECTIONS, past["direction"]),
        "relation": _values(["reserved_contact", "debtor"], past["with_debtor"]), "outcome": _values(OUTCOMES, past["outcome"]),
    })
    return frame.sample(fraction=1, shuffle=True, seed=first)


def _consent_frame(book: Book, first: int, last: int) -> pl.DataFrame:
    begin, end = np.searchsorted(book.consent_person, [first, last])
    given, revoked = (pl.Series(column[begin:end]) for column in (book.consents.given_at, book.consents.revoked_at))
    count = end - begin
    return pl.DataFrame({
        "borrower_id": _names("B", book.consent_person[begin:end]), "kind": ["night_contact"] * count,
        "channel": pl.Series([None] * count, dtype=pl.String), "from_hour": ["20:00"] * count, "to_hour": ["23:00"] * count,
        "given_at": given.cast(pl.Datetime("us", "UTC")), "revoked_at": revoked.replace(NEVER, None).cast(pl.Datetime("us", "UTC")),
    })


def _hold_frame(book: Book, first: int, last: int) -> pl.DataFrame:
    held = book.rows["holds"][first:last]
    parts = []
    for place, kind in enumerate(HOLD_KINDS):
        persons = first + np.flatnonzero(held >> place & 1)
        parts.append(pl.DataFrame({"borrower_id": _names("B", persons), "kind": pl.Series([kind] * len(persons), dtype=pl.String)}))
    return pl.concat(parts).with_columns(placed_on=pl.lit(AS_OF - timedelta(days=5)), lifted_on=pl.lit(None, pl.Date))


def past_contacts(count: int, days: int) -> list[dict]:
    """So many past contacts with one person as a line of facts lists them, spread over so many days, AS_OF the last; between 9 and 10."""
    outcomes, channels = ("no_answer", "answered", "busy", "unknown", "refused"), ("call", "sms", "voice_bot", "call")
    return [{
        "at": f"{(AS_OF - timedelta(days=place * days // count)).isoformat()}T09:{place % 60:02d}:00+08:00", "channel": channels[place % 4],
        "direction": "outbound", "actor": "L1", "party": "B1", "relation": "debtor", "debts": ["D1"], "number": f"n{1 + place % 2}",
        "outcome": "delivered" if channels[place % 4] == "sms" else outcomes[place % 5],
    } for place in range(count)]


def single_facts(change: dict) -> str:
    """One line of facts with sixty past contacts, some fields of it changed ("action.channel")."""
    facts = {
        "at": "2026-10-31T15:00:00+08:00", "law": "cn", "lender": {"id": "L1", "licence": "bank"}, "product": "consumer_loan",
        "actor": {"kind": "own", "id": "L1"}, "action": {"channel": "call", "purpose": "collect", "number": "n1", "staff": 1, "recorded": True},
        "debtor": {"id": "B1", "status": [], "numbers": ["n1", "n2"]},
        "party": {"id": "B1", "relation": "debtor", "timezones": [ZONE], "status": []},
        "debts": [{"id": "D1", "days_past_due": 40, "limitation_expires_on": "2029-05-01", "claimable_minor": 1_234_00}],
        "holds": [], "consents": [], "history": past_contacts(60, HISTORY_DAYS), "text": None,
    }
    for path, value in change.items():
        *within, last = path.split(".")
        part = facts
        for name in within:
            part = part[name]
        part[last] = value
    return json.dumps(facts, ensure_ascii=False)
