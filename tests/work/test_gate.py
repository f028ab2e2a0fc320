"""The gate at the moment of contact: it says of the work plane's rows what `arrears may` says of the same facts, and forbids what only the work plane knows; what nobody can tell is red."""

import json
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from arrears.compliance.may import answers as may_answers
from arrears.compliance.screen import prepare
from arrears.law.packs import law_of, pack_kept
from arrears.refusal import Refused
from arrears.tables.contacts import CHANNELS, DIRECTIONS, OUTCOMES
from arrears.work.actions.action import perform
from arrears.work.actor import system
from arrears.work.gate import COLLECTED_FROM, answers, ask_of
from arrears.work.gate_known import known_of
from arrears.work.models import Case, Consent, Contact, ContactPoint, Debt, Hold, Party, Plan, Rulebook
from arrears.work.queries.lamps import SCREENED, SHOWN, lamps
from arrears.work.tenancy import seen_by
from work_home import keep_rules

NUMBERED = ("call", "voice_bot", "sms")
AT = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
"""Ten in the morning in Shanghai."""
_PACK = None


def pack():
    global _PACK
    _PACK = _PACK or prepare(pack_kept(law_of("cn", None), "cn"))
    return _PACK


def people(work, lender: str, rng: random.Random) -> list[Case]:
    """Cases with a debtor, a guarantor and a reserved contact, numbers some share, contacts of the last days, consents and holds: everything by dice."""
    made, numbers = [], [bytes([n]) * 16 for n in range(6)]
    with work.writing(lender):
        for _ in range(6):
            case = Case.objects.create(lender=lender, borrower_id=f"b-{uuid4().hex[:12]}", opened_on="2026-10-01", as_of="2026-10-31", currency="CNY", claimable_minor=1, days_past_due=12, bucket="M1")
            for number in range(rng.choice([1, 1, 2])):
                Debt.objects.create(lender=lender, case=case, loan_id=f"{case.borrower_id}-L{number}", product=rng.choice(["quick", "consumer_loan"]), currency="CNY", as_of="2026-10-31", days_past_due=12,
                                    bucket="M1", due_total_minor=500, claimable_minor=500, outstanding_principal_minor=900)
            parties = [Party.objects.create(lender=lender, case=case, role=role, person=uuid4(), protected=rng.choice([[], [], [], ["deceased"], ["minor"], ["bankrupt"], ["seriously_ill"]]))
                       for role in ("debtor", "guarantor", "reserved_contact")]
            points = [ContactPoint.objects.create(lender=lender, case=case, party=party, kind="phone", ordinal=number, value_index=rng.choice(numbers)) for party in parties for number in range(rng.choice([1, 2]))]
            for party in parties:
                if rng.random() < 0.3:
                    Consent.objects.create(lender=lender, case=case, party=party, kind="night_contact", from_hour=rng.choice(["20:00", "22:00", "07:00"]), to_hour=rng.choice(["23:30", "08:00", "9 am"]),
                                           given_at=AT - timedelta(days=rng.choice([0, 3])), revoked_at=rng.choice([None, AT + timedelta(hours=9)]))
            if rng.random() < 0.3:
                Hold.objects.create(lender=lender, case=case, kind=rng.choice(["dispute", "complaint", "cease", "litigation", "vulnerable"]), placed_at=AT - timedelta(days=2), lifted_at=rng.choice([None, AT - timedelta(hours=1)]))
            rows = []
            for _ in range(rng.randrange(14)):
                point = rng.choice(points)
                rows.append(Contact(lender=lender, case=case, party=point.party, contact_point=point, attempted_at=AT + timedelta(minutes=rng.randrange(-3 * 24 * 60, 60)), channel=rng.choice(CHANNELS),
                                    direction=rng.choice((*DIRECTIONS, "outbound", "outbound")), relation=point.party.role, outcome=rng.choice((*OUTCOMES, "invalid_number")),
                                    loan_id=rng.choice([None, f"{case.borrower_id}-L0"])))
            Contact.objects.bulk_create(rows)
            made.append(case)
    return made


def line(lender: str, case: Case, party: Party, channel: str, point: ContactPoint | None, product: str, at: datetime) -> str:
    """The facts of one contact as a line for `arrears may`, put together from the tables by hand."""
    def name(index) -> str:
        return bytes(index).hex()

    parties = {one.pk: one for one in Party.objects.filter(case=case)}
    debtor = next(one for one in parties.values() if one.role == "debtor")
    kinds = {"seriously_ill": "hardship_review", "deceased": "vulnerable", "minor": "vulnerable", "bankrupt": "legal_stay"}
    held = {"legal_stay" if one.kind == "litigation" else one.kind for one in Hold.objects.filter(case=case) if one.placed_at <= at and (one.lifted_at is None or at < one.lifted_at)}
    held |= {kinds[state] for one in {debtor, party} if one.role != "reserved_contact" for state in one.protected}
    of_law = [debt for debt in Debt.objects.filter(case=case) if (debt.product if debt.product == "consumer_loan" else "business_loan") == product]
    known = ("deceased", "bankrupt", "minor")
    history = [{"at": one.attempted_at.isoformat(), "channel": one.channel, "direction": one.direction, "actor": "A", "party": str(parties[one.party_id].person), "relation": one.relation,
                "debts": [one.loan_id] if one.loan_id else [debt.loan_id for debt in Debt.objects.filter(case=case)], "number": name(one.contact_point.value_index), "outcome": one.outcome}
               for one in Contact.objects.filter(case=case).select_related("contact_point")]
    return json.dumps({
        "at": at.isoformat(), "law": "cn", "lender": {"id": lender, "licence": "bank"}, "product": product, "actor": {"kind": "own", "id": lender},
        "action": {"channel": channel, "purpose": "collect" if party.role in COLLECTED_FROM else "locate", "number": name(point.value_index) if channel in NUMBERED else None, "staff": 2, "recorded": True},
        "debtor": {"id": str(debtor.person), "status": [one for one in debtor.protected if one in known], "numbers": sorted({name(one.value_index) for one in ContactPoint.objects.filter(party=debtor)})},
        "party": {"id": str(party.person), "relation": party.role, "timezones": ["Asia/Shanghai"], "status": [one for one in party.protected if one in known]},
        "debts": [{"id": one.loan_id, "days_past_due": 12, "limitation_expires_on": None, "claimable_minor": one.claimable_minor} for one in of_law],
        "holds": sorted(held), "consents": [{"kind": "night_contact", "from": one.from_hour, "to": one.to_hour, "given_at": one.given_at.isoformat(), "revoked_at": one.revoked_at and one.revoked_at.isoformat(),
                                             "evidence": "e"} for one in Consent.objects.filter(party=party) if one.to_hour != "9 am"],
        "history": history, "text": SCREENED})


@given(seed=st.integers(0, 2**32), hour=st.integers(0, 23))
@settings(max_examples=12, deadline=None, database=None, phases=[Phase.generate])
def test_of_the_same_facts_it_says_what_the_gate_says(work, seed, hour):
    rng, lender, at = random.Random(seed), work.lender(), AT + timedelta(hours=hour - 10)
    with work.writing(lender):
        Rulebook.objects.filter(lender=lender).delete()
        keep_rules(lender, products="{quick: business_loan, consumer_loan: consumer_loan}")
    for case in people(work, lender, rng):
        with seen_by(system(lender)):
            known = known_of(case, at)
            asked = [(party, channel, next(one for one in known.points if one.party_id == party.pk)) for party in known.parties for channel in SHOWN]
            found = answers(known, [ask_of(known, party, channel, point if channel in NUMBERED else None, text=SCREENED) for party, channel, point in asked])
            products = sorted({debt.product for debt in known.debts})
            lines = [(place, line(lender, case, party, channel, point, "business_loan" if product == "quick" else product, at)) for place, (party, channel, point) in enumerate(asked) for product in products]
        said = list(may_answers([text for _, text in lines], lambda _: pack()))
        for place, mine in enumerate(found):
            theirs = [one for (of, _), one in zip(lines, said, strict=True) if of == place]
            worst = max(("allow", "warn", "review", "deny").index(one["verdict"]) for one in theirs)
            where = (seed, hour, asked[place][0].role, asked[place][1])
            assert ("allow", "warn", "review", "deny").index(mine.verdict) == worst, where
            assert set(mine.rules) == {rule["id"] for one in theirs for rule in one["rules"]}, where
            if len(theirs) == 1:
                assert (mine.retry_at and mine.retry_at.astimezone(UTC)) == (theirs[0]["retry_at"] and datetime.fromisoformat(theirs[0]["retry_at"]).astimezone(UTC)), where


def lamp(work, actor, case, channel: str = "call", role: str = "debtor", at: datetime = AT):
    return next(one for one in lamps(actor, case.id, at) if (one.role, one.channel) == (role, channel))


@pytest.fixture
def held(work):
    """A case with a debtor and a number, whoever holds it, and that number."""
    lender = work.lender()
    actor = work.actor(lender, "collector", "a", holds=True)
    case = work.case(lender, "a", actor.collector)
    with seen_by(system(lender)):
        return actor, case, ContactPoint.objects.get(case=case)


def note(work, held, **said):
    actor, case, point = held
    return perform(actor, "contact.note", {"attempted_at": AT - timedelta(hours=1), "channel": "call", "outcome": "answered", "contact_point": point.id, **said}, work.now, thing=case.id)


def test_three_calls_of_a_day_close_the_lamp_until_the_next_morning_and_name_the_rule(work, held):
    actor, case, _ = held
    assert lamp(work, actor, case).colour == "green"
    for _ in range(3):
        assert note(work, held)["verdict"] == "allow"
    shut = lamp(work, actor, case)
    assert (shut.colour, shut.answer.rules) == ("red", ["cn.calls_per_day"]) and shut.answer.reasons[0].source == "gbt-45251-2025" and shut.answer.reasons[0].source_title
    assert shut.answer.retry_at == datetime(2026, 11, 3, 0, 0, tzinfo=UTC)
    assert (lamp(work, actor, case, "sms").colour, lamp(work, actor, case, "email").colour) == ("green", "grey")
    assert note(work, held)["rules"] == ["cn.calls_per_day"]
    with seen_by(actor):
        assert sorted(Contact.objects.filter(case=case).values_list("verdict", flat=True)) == ["allow", "allow", "allow", "deny"]


def test_calls_of_another_team_and_of_an_agency_count_for_the_person(work, held):
    actor, case, _ = held
    other = work.case(actor.lender, "b")
    with work.writing(actor.lender):
        mine, theirs = Party.objects.get(case=case), Party.objects.get(case=other)
        Party.objects.filter(pk=theirs.pk).update(person=mine.person)
        for _ in range(3):
            Contact.objects.create(lender=actor.lender, case=other, party=theirs, attempted_at=AT - timedelta(hours=1), channel="call", direction="outbound", relation="debtor", outcome="answered")
    assert lamp(work, actor, case).answer.rules == ["cn.calls_per_day"]
    with seen_by(actor):
        assert not Case.objects.filter(pk=other.pk).exists(), "and the other team's case is seen no more than before"


def test_in_the_night_a_lamp_is_red_until_eight(work, held):
    actor, case, _ = held
    shut = lamp(work, actor, case, at=datetime(2026, 11, 2, 14, 0, tzinfo=UTC))
    assert shut.colour == "red" and shut.answer.retry_at == datetime(2026, 11, 3, 0, 0, tzinfo=UTC)
    assert lamp(work, actor, case, at=datetime(2026, 11, 2, 13, 59, tzinfo=UTC)).colour == "green"


def test_while_a_plan_is_kept_nobody_collects_and_for_a_loan_outside_it_somebody_may(work, held):
    actor, case, _ = held
    with work.writing(actor.lender):
        debt = Debt.objects.get(case=case)
        Plan.objects.create(lender=actor.lender, case=case, loan_id=debt.loan_id, currency="CNY", state="agreed", proposed_on="2026-11-01", agreed_on="2026-11-01",
                            instalments=[{"number": 1, "due_on": "2026-11-05", "amount_minor": 100}])
    shut = lamp(work, actor, case)
    assert shut.answer.rules == ["own.plan_kept"] and shut.answer.reasons[0].is_own and shut.answer.retry_at == datetime(2026, 11, 5, 16, 0, tzinfo=UTC)
    with pytest.raises(Refused, match="own.plan_kept"):
        perform(actor, "person.dial", {"contact_point": held[2].id}, work.now, thing=case.id)
    with work.writing(actor.lender):
        Debt.objects.create(lender=actor.lender, case=case, loan_id="outside", product="consumer_loan", currency="CNY", as_of=case.as_of, days_past_due=3, bucket="M1", due_total_minor=5, claimable_minor=5,
                            outstanding_principal_minor=5)
    assert lamp(work, actor, case).colour == "green"


@pytest.mark.parametrize("state", ["wrong_person", "stopped", "invalid"])
def test_a_closed_number_is_red_whatever_the_law_says(work, held, state):
    actor, case, point = held
    perform(actor, "contact_point.close", {"contact_point": point.id, "state": state}, work.now, thing=case.id)
    assert lamp(work, actor, case).answer.rules == [f"own.number_{state}"]


@pytest.mark.parametrize(("change", "rule"), [
    (lambda case: Debt.objects.filter(case=case).update(due_total_minor=0), "own.nothing_due"),
    (lambda case: Case.objects.filter(pk=case.pk).update(state="closed"), "own.case_closed"),
    (lambda case: Case.objects.filter(pk=case.pk).update(frozen_at=AT), "own.frozen"),
    (lambda case: Party.objects.filter(case=case).update(erased_at=AT), "own.erased"),
    (lambda case: Rulebook.objects.filter(lender=case.lender).delete(), "own.rules_unknown"),
    (lambda case: Rulebook.objects.filter(lender=case.lender).update(texts={}, digest="a" * 64), "own.rules_unknown"),
    (lambda case: Rulebook.objects.filter(lender=case.lender).update(lender_text="licence: bank", digest="b" * 64), "own.rules_unknown"),
    (lambda case: Party.objects.filter(case=case).update(role="guarantor"), "own.no_debtor"),
])
def test_what_only_the_work_plane_knows_forbids_and_what_nobody_can_tell_is_red(work, held, change, rule):
    actor, case, _ = held
    with work.writing(actor.lender):
        change(case)
    with seen_by(system(actor.lender)):
        known = known_of(Case.objects.get(pk=case.pk), AT)
        party = known.parties[0]
        found = answers(known, [ask_of(known, party, "call", known.points[0])])[0]
    assert found.verdict == "deny" and rule in found.rules and all(one.zh and one.en for one in found.reasons)


def test_a_licence_that_the_pack_does_not_cover_is_never_green(work, held):
    actor, case, _ = held
    with work.writing(actor.lender):
        Rulebook.objects.filter(lender=actor.lender).delete()
        keep_rules(actor.lender, licence="other")
    assert lamp(work, actor, case).colour == "amber" and lamp(work, actor, case).answer.rules == ["own.not_covered"]


def test_the_lenders_own_rules_hold_as_in_the_night(work, held):
    actor, case, _ = held
    own = """id: cn.own_morning
title: {zh: "上午不拨", en: "No calls before noon"}
message: {zh: "机构规定中午前不拨打", en: "the house calls nobody before noon"}
applies_to: {channel: [call]}
when: {local_time_in: {from: "00:00", to: "12:00"}}
grounds:
  - {id: cn.own_morning, source: operator_policy, article: null, evidence: own, modality: should_not, from: "2026-01-01", until: null}
examples:
  - name: in the morning
    with: {at: "2026-03-02T10:00:00+08:00"}
    speaks: [cn.own_morning]
"""
    with work.writing(actor.lender):
        Rulebook.objects.filter(lender=actor.lender).delete()
        keep_rules(actor.lender, policy={"rules/own_morning.yaml": own})
    found = lamp(work, actor, case)
    assert "cn.own_morning" in found.answer.rules and found.colour == "red" and found.answer.reasons[0].is_own


def test_lamps_take_as_many_queries_for_one_contact_as_for_many(work, held):
    actor, case, point = held

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            lamps(actor, case.id, AT)
        return len(seen)

    count()
    few = count()
    with work.writing(actor.lender):
        Contact.objects.bulk_create([Contact(lender=actor.lender, case=case, party=point.party, contact_point=point, attempted_at=AT - timedelta(days=2, minutes=n), channel="call", direction="outbound",
                                             relation="debtor", outcome="no_answer") for n in range(200)])
        for number in range(5):
            ContactPoint.objects.create(lender=actor.lender, case=case, party=point.party, kind="phone", ordinal=number + 1)
    assert count() == few <= 15


def test_an_unanswered_dial_to_a_number_nobody_put_down_counts_for_each_number(work, held):
    actor, case, point = held
    with work.writing(actor.lender):
        Contact.objects.bulk_create([Contact(lender=actor.lender, case=case, party=point.party, attempted_at=AT - timedelta(minutes=n + 1), channel="call", direction="outbound", relation="debtor",
                                             outcome="no_answer") for n in range(6)])
    found = lamp(work, actor, case)
    assert (found.colour, found.answer.verdict, found.answer.rules) == ("amber", "warn", ["cn.dials_per_number"])
    with pytest.raises(Refused, match="reason"):
        perform(actor, "person.dial", {"contact_point": point.id}, work.now, thing=case.id)
    assert perform(actor, "person.dial", {"contact_point": point.id}, work.now, thing=case.id, reason="the debtor asked to be called")["token"]


def test_a_number_is_not_given_out_once_the_gate_has_shut_since_the_dial(work, held):
    from arrears.work.actions.people import redeem

    actor, case, point = held
    token = perform(actor, "person.dial", {"contact_point": point.id}, work.now, thing=case.id)["token"]
    for _ in range(3):
        note(work, held)
    with pytest.raises(Refused, match="cn.calls_per_day"):
        redeem(actor.lender, token, work.now + 1_000_000)


def test_what_reaches_us_is_a_reply_and_kept_as_such(work, held):
    with work.writing(held[0].lender):
        Hold.objects.create(lender=held[0].lender, case=held[1], kind="cease", placed_at=AT - timedelta(days=1))
    assert note(work, held, direction="inbound")["verdict"] == "allow"
    told = note(work, held)
    assert told["verdict"] == "deny" and "cn.cease" in told["rules"] and isinstance(UUID(told["contact"]), UUID)
