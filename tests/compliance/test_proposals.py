"""The night's screen equals the answer to a single contact: the same people as columns of a book and as lines of facts."""

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from arrears.compliance.may import answers
from arrears.compliance.proposals import screened
from arrears.compliance.screen import prepare
from arrears.law.lender import lender_from
from arrears.law.packs import shipped_pack, with_policy
from arrears.tables import FACTS

PEOPLE = 60_000 if os.environ.get("ARREARS_LONG") else 10_000
AS_OF = date(2026, 3, 1)
TEXT = "【{lender}】您好，您的贷款已逾期，应还{amount}元。如有异议请致电客服。"
WAYS = {"remind": ("sms", TEXT), "call": ("call", None), "visit": ("visit", None), "bot": ("voice_bot", None), "mail": ("email", TEXT)}
PRODUCTS = {"cash": "consumer_loan", "card": "credit_card", "firm": "business_loan"}
OUTCOMES = ("answered", "no_answer", "busy", "invalid_number", "refused", "delivered", "unknown")
HOLDS = ("dispute", "complaint", "cease", "legal_stay", "hardship_review", "vulnerable")
LAWS = {"cn": (["Asia/Shanghai"], "own"), "us": (["America/New_York", "America/Los_Angeles"], "agency")}


def lender(law: str, licence: str):
    zones, actor = LAWS[law]
    return lender_from(f"""
id: L1
name: 银行
law: {law}
licence: {licence}
actor: {actor}
products: {{cash: consumer_loan, card: credit_card}}
other_product: business_loan
zones: [{", ".join(zones)}]
contact_at: "12:00"
""")


def drawn(random: Random, people: int, law: str) -> dict[str, list[dict]]:
    """A book of people late on one loan or two, with contacts close to every cap, consents and holds."""
    tables: dict[str, list[dict]] = {"proposals": [], "contacts": [], "consents": [], "holds": []}
    noon = datetime(2026, 3, 2, 12, tzinfo=ZoneInfo(LAWS[law][0][-1])).astimezone(UTC)
    for number in range(people):
        person = f"B{number:06d}"
        loans = [f"L{number:06d}{part}" for part in "ab"[:random.choice((1, 1, 2))]]
        for loan in loans:
            tables["proposals"].append({
                "loan_id": loan, "borrower_id": person, "product": random.choice(list(PRODUCTS)), "currency": "CNY",
                "claimable_minor": random.randint(0, 10**6), "treatment": random.choice([*WAYS, "leave_alone"])})
        channel, outcome = random.choice(("call", "voice_bot", "sms", "visit", "email")), random.choice(OUTCOMES)
        for _ in range(random.choice((0, 0, 1, 2, 3, 4, 6, 7, 10))):
            usual = random.random() < 0.8
            days = random.choice((0, 0, 0, 1, 3, 6, 7, 29, 30))
            tables["contacts"].append({
                "borrower_id": person, "loan_id": random.choice([None, *loans]),
                "attempted_at": noon - timedelta(days=days, seconds=random.choice((0, 1, 3_600, 43_199, 43_200, 43_201))),
                "channel": channel if usual else random.choice(("call", "sms", "visit")),
                "direction": "outbound" if random.random() < 0.9 else "inbound",
                "relation": "debtor" if random.random() < 0.9 else "spouse", "outcome": outcome if usual else random.choice(OUTCOMES)})
        if random.random() < 0.3:
            electronic = random.random() < 0.8
            tables["consents"].append({
                "borrower_id": person, "kind": "electronic" if electronic else "night_contact",
                "channel": random.choice(("sms", "email")) if electronic else None, "from_hour": None if electronic else "22:00",
                "to_hour": None if electronic else "23:00", "given_at": noon - timedelta(seconds=random.choice((-1, 0, 99))),
                "revoked_at": random.choice((None, noon, noon + timedelta(seconds=1)))})
        if random.random() < 0.1:
            lifted = random.choice((None, AS_OF, AS_OF + timedelta(days=1)))
            tables["holds"].append({"borrower_id": person, "kind": random.choice(HOLDS), "placed_on": AS_OF, "lifted_on": lifted})
    return tables


def lines(tables: dict[str, list[dict]], law: str, licence: str) -> dict[tuple, str]:
    """Each person's contact by each treatment and kind of product, as a line of facts; what the book does not hold is plain."""
    zones, actor = LAWS[law]
    at = datetime(2026, 3, 2, 12, tzinfo=ZoneInfo(zones[-1]))  # noon has come in every zone
    mine = {name: {} for name in tables}
    for name, rows in tables.items():
        for row in rows:
            mine[name].setdefault(row["borrower_id"], []).append(row)
    found = {}
    for person, proposals in mine["proposals"].items():
        every = [row["loan_id"] for row in proposals]
        groups: dict[tuple, list[dict]] = {}
        for row in proposals:
            if row["treatment"] in WAYS:
                groups.setdefault((row["treatment"], PRODUCTS[row["product"]]), []).append(row)
        contacts = [{
            "at": row["attempted_at"].isoformat(), "channel": row["channel"], "direction": row["direction"], "actor": "A1",
            "party": person if row["relation"] == "debtor" else "P1", "relation": row["relation"], "number": "n1", "outcome": row["outcome"],
            "debts": [row["loan_id"]] if row["loan_id"] else every} for row in mine["contacts"].get(person, [])]
        consents = [{
            "kind": row["kind"], "given_at": row["given_at"].isoformat(), "revoked_at": row["revoked_at"] and row["revoked_at"].isoformat(),
            **({"channel": row["channel"]} if row["kind"] == "electronic" else {"from": "22:00", "to": "23:00", "evidence": "E"}),
        } for row in mine["consents"].get(person, [])]
        holds = [row["kind"] for row in mine["holds"].get(person, []) if row["lifted_on"] is None or row["lifted_on"] > AS_OF]
        for (treatment, product), rows in groups.items():
            channel, text = WAYS[treatment]
            found[person, treatment, product] = json.dumps({
                "at": at.isoformat(), "law": law, "lender": {"id": "L1", "licence": licence}, "product": product,
                "actor": {"kind": actor, "id": "L1"},
                "action": {"channel": channel, "purpose": "collect", "number": "n1", "staff": 2, "recorded": True},
                "debtor": {"id": person, "status": [], "numbers": ["n1"]},
                "party": {"id": person, "relation": "debtor", "timezones": zones, "status": []},
                "debts": [{"id": row["loan_id"], "days_past_due": 9, "claimable_minor": row["claimable_minor"]} for row in rows],
                "holds": holds, "consents": consents, "history": contacts,
                "text": text and text.replace("{lender}", "银行").replace("{amount}", "0.00")})
    return found


def frame(rows: list[dict], table: str | None = None) -> pl.DataFrame:
    schema = {name: FACTS[table].schema[name] for name in rows[0]} if table and rows and "loan" not in rows[0] else None
    return pl.DataFrame(rows, schema=schema, infer_schema_length=None)


def as_night(tables: dict[str, list[dict]], law: str, licence: str, gate) -> pl.DataFrame:
    holds = pl.DataFrame(tables["holds"], schema={"borrower_id": pl.String, "kind": pl.String, "placed_on": pl.Date, "lifted_on": pl.Date})
    return screened(frame(tables["proposals"]), frame(tables["contacts"], "contacts"), frame(tables["consents"], "consents"), holds, gate,
                    lender(law, licence), WAYS, AS_OF)


@pytest.mark.parametrize(("law", "licence", "share", "seed"), [("cn", "bank", 0.5, 1), ("cn", "microloan", 0.2, 2), ("us", "agency", 0.3, 3)])
def test_the_night_s_screen_equals_the_single_answer(law, licence, share, seed):
    tables, gate = drawn(Random(seed), int(PEOPLE * share), law), prepare(shipped_pack(law))
    found = as_night(tables, law, licence, gate)
    assert found["loan_id"].to_list() == [row["loan_id"] for row in tables["proposals"]]
    asked = lines(tables, law, licence)
    expected = dict(zip(asked, answers(asked.values(), {law: gate}.get), strict=True))
    verdicts = set()
    for row in found.iter_rows(named=True):
        if row["treatment"] not in WAYS:
            assert row["verdict"] is None and row["rules"] is None
            continue
        one = expected[row["borrower_id"], row["treatment"], PRODUCTS[row["product"]]]
        said = (row["verdict"], set(row["rules"].split("; ")) - {""})
        assert said == (one["verdict"], {rule["id"] for rule in one["rules"]}), (seed, asked[row["borrower_id"], row["treatment"], PRODUCTS[row["product"]]])
        verdicts.add(row["verdict"])
    assert len(verdicts) >= 3, "the people are drawn so that most verdicts come up"


def test_without_a_lender_every_contact_waits_for_a_person_or_is_refused():
    tables, gate = drawn(Random(4), 500, "cn"), prepare(shipped_pack("cn"))
    holds = pl.DataFrame(tables["holds"], schema={"borrower_id": pl.String, "kind": pl.String, "placed_on": pl.Date, "lifted_on": pl.Date})
    found = screened(frame(tables["proposals"]), frame(tables["contacts"], "contacts"), frame(tables["consents"], "consents"), holds, gate,
                     lender_from(""), WAYS, AS_OF)
    assert set(found.filter(pl.col("treatment").is_in(list(WAYS)))["verdict"]) == {"review", "deny"}


def test_order_and_the_other_people_of_the_book_change_nothing():
    tables, gate = drawn(Random(5), 300, "cn"), prepare(shipped_pack("cn"))
    whole = as_night(tables, "cn", "bank", gate)
    shuffled = {name: Random(6).sample(rows, len(rows)) for name, rows in tables.items()}
    assert as_night(shuffled, "cn", "bank", gate).sort("loan_id").equals(whole.sort("loan_id"))
    half = {name: [row for row in rows if row["borrower_id"] < "B000150"] for name, rows in tables.items()}
    assert as_night(half, "cn", "bank", gate).equals(whole.filter(pl.col("borrower_id") < "B000150"))


def test_a_lender_s_own_rule_refuses_at_night_too():
    gate = prepare(with_policy(shipped_pack("cn"), {"rules/no_visits.yaml": """
id: l1.no_visits
title: {zh: 不上门, en: no visits}
message: {zh: 本行不上门, en: this lender makes no visits}
applies_to: {channel: [visit]}
when: {}
grounds: [{id: l1.no_visits, source: operator_policy, article: null, evidence: own, modality: should_not, from: "2026-01-01"}]
"""}))
    found = as_night(drawn(Random(7), 200, "cn"), "cn", "bank", gate).filter(pl.col("channel") == "visit")
    assert len(found) and set(found["verdict"]) == {"deny"} and found["rules"].str.contains("l1.no_visits").all()


@pytest.mark.parametrize(("hours", "verdict"), [(("22:00", "23:00"), "allow"), (("22:00", None), "deny"), (("9pm", "23:00"), "deny"), (("22:00", "25:00"), "deny")])
def test_a_consent_whose_hours_cannot_be_read_opens_nothing(hours, verdict):
    at_night, gate = replace(lender("cn", "bank"), contact_minute=22 * 60 + 30), prepare(shipped_pack("cn"))
    proposal = {"loan_id": "L1", "borrower_id": "B1", "product": "cash", "currency": "CNY", "claimable_minor": 5_000, "treatment": "call"}
    consent = {"borrower_id": "B1", "kind": "night_contact", "channel": None, "from_hour": hours[0], "to_hour": hours[1],
               "given_at": datetime(2026, 1, 1, tzinfo=UTC), "revoked_at": None}
    holds = pl.DataFrame(schema={"borrower_id": pl.String, "kind": pl.String, "placed_on": pl.Date, "lifted_on": pl.Date})
    found = screened(frame([proposal]), pl.DataFrame(), frame([consent], "consents"), holds, gate, at_night, WAYS, AS_OF)
    assert found["verdict"].to_list() == [verdict]
