"""Disputes, complaints, holds and consents: at once, by the law's clock, and lifted by whoever may."""

from datetime import date, timedelta

import pytest
import yaml

from arrears.refusal import Refused
from arrears.work.actions.action import Forbidden
from arrears.work.models import Complaint, Consent, Dispute, Hold, Lender
from arrears.work.sealing import opened
from work.action_scenes import World


@pytest.fixture
def world(work) -> World:
    return World(work)


def days_of_the_law(matter: str) -> int:
    """Read from the pack's text by another reader than the code's."""
    from importlib.resources import files

    return int(yaml.safe_load(files("arrears.law").joinpath("cn/complaints.yaml").read_text(encoding="utf-8"))["limits"][0]["days"][matter])


@pytest.mark.parametrize("matter", ["simple", "complex"])
@pytest.mark.parametrize(("verb", "model", "parameters"), [("dispute.raise", Dispute, {"ground": "paid"}), ("complaint.raise", Complaint, {"ground": "wording"})])
def test_a_hold_stands_at_once_and_the_clock_is_the_laws(world, verb, model, parameters, matter):
    done = world.do(verb, {**parameters, "matter": matter, "text": "已还清"})
    row = world.seen(lambda: model.objects.select_related("hold").get(case=world.case))
    assert row.answer_by_on == date(2026, 11, 2) + timedelta(days=days_of_the_law(matter)) and done["answer_by_on"] == str(row.answer_by_on)
    assert (row.hold.kind, row.hold.lifted_at, row.hold.placed_at, row.state) == (verb.partition(".")[0], None, world.work.at, "open")
    assert opened(world.lender, world.debtor.person, row, "text_sealed") == "已还清"


def test_a_dispute_in_the_first_hours_of_a_day_in_shanghai_is_of_that_day(world):
    from datetime import UTC, datetime

    from arrears.days import microseconds_of

    world.work.now = microseconds_of(datetime(2026, 11, 1, 16, 0, tzinfo=UTC))
    assert world.do("dispute.raise", {"ground": "paid"})["answer_by_on"] == str(date(2026, 11, 2) + timedelta(days=days_of_the_law("simple")))


def test_where_the_law_names_no_days_no_clock_is_made_up(world):
    with world.work.writing(world.lender):
        Lender.objects.filter(code=world.lender).update(law="us")
    with pytest.raises(Refused, match=r"names no days.*hold\.place"):
        world.do("dispute.raise", {"ground": "paid"})
    assert world.seen(Hold.objects.count) == 0


@pytest.mark.parametrize(("outcome", "lifted"), [("rejected", True), ("partly_upheld", False), ("upheld", False)])
def test_a_disputes_hold_ends_with_a_rejection_and_stands_where_the_debtor_is_right(world, outcome, lifted):
    done = world.do("dispute.raise", {"ground": "amount"})
    with pytest.raises(Refused, match="is open"):
        world.do("hold.lift", {"hold": done["hold"]}, actor=world.compliance)
    answer = world.do("dispute.answer", {"dispute": done["dispute"], "outcome": outcome, "text": "已核对", "rests_on": ["contacts"]})
    assert (answer["hold_lifted"], answer["late"]) == (lifted, False)
    assert (world.seen(lambda: Hold.objects.get(pk=done["hold"])).lifted_at is not None) is lifted
    with pytest.raises(Refused, match="not open"):
        world.do("dispute.answer", {"dispute": done["dispute"], "outcome": "rejected", "text": "x", "rests_on": ["contacts"]})
    if not lifted:
        world.do("hold.lift", {"hold": done["hold"]}, actor=world.compliance)
        with pytest.raises(Refused, match="was lifted"):
            world.do("hold.lift", {"hold": done["hold"]}, actor=world.compliance)


def test_an_answer_after_the_clock_ran_out_is_put_down_and_said_to_be_late(world):
    done = world.do("complaint.raise", {"ground": "hours"})
    world.work.now += (days_of_the_law("simple") + 1) * 86_400_000_000
    assert world.do("complaint.answer", {"complaint": done["complaint"], "outcome": "upheld", "text": "致歉"}, actor=world.compliance)["late"] is True


def test_nobody_answers_a_complaint_about_themselves(world):
    from dataclasses import replace

    done = world.do("complaint.raise", {"ground": "harassment", "about": world.collector.id})
    about_me = replace(world.compliance, collector=world.collector.id)
    with pytest.raises(Forbidden, match="about you"):
        world.do("complaint.answer", {"complaint": done["complaint"], "outcome": "rejected", "text": "x", "rests_on": ["contacts"]}, actor=about_me)
    stranger = World(world.work)
    with pytest.raises(Refused, match="not of this lender"):
        world.do("complaint.raise", {"ground": "harassment", "about": stranger.collector.id})


def test_a_collector_lifts_no_hold_and_another_cases_hold_is_not_there(world):
    collector = world.work.actor(world.lender, "collector", "a", holds=True)
    world.do("case.move", {"collector": collector.collector})
    hold = world.do("hold.place", {"kind": "cease", "loan_id": world.loan}, actor=collector)["hold"]
    with pytest.raises(Forbidden):
        world.do("hold.lift", {"hold": hold}, actor=collector)
    other = world.new_case()
    with pytest.raises(Refused, match="not of this case"):
        world.do("hold.lift", {"hold": hold}, actor=world.compliance, thing=other.id)


@pytest.mark.parametrize(("parameters", "sound"), [
    ({"kind": "electronic", "channel": "sms"}, True), ({"kind": "electronic"}, False), ({"kind": "electronic", "channel": "sms", "from_hour": "21:00"}, False),
    ({"kind": "night_contact", "from_hour": "21:00", "to_hour": "23:30"}, True), ({"kind": "night_contact", "from_hour": "22:00", "to_hour": "01:00"}, True),
    ({"kind": "night_contact", "from_hour": "21:00", "to_hour": "21:00"}, False), ({"kind": "night_contact", "from_hour": "24:00", "to_hour": "21:00"}, False),
    ({"kind": "night_contact", "from_hour": "9:00", "to_hour": "21:00"}, False), ({"kind": "night_contact", "from_hour": "21:00"}, False), ({"kind": "everything"}, False),
    ({"kind": "electronic", "channel": "sms", "given_at": "2026-11-02T10:00:01+08:00"}, False),
])
def test_a_consent_says_what_its_kind_needs_and_was_given_already(world, parameters, sound):
    if not sound:
        with pytest.raises(Refused):
            world.do("consent.give", {"party": world.debtor.id, **parameters})
        return
    key = world.do("consent.give", {"party": world.debtor.id, **parameters})["consent"]
    world.work.now += 1
    world.do("consent.revoke", {"consent": key})
    row = world.seen(lambda: Consent.objects.get(pk=key))
    assert row.revoked_at == world.work.at and row.revoked_at > row.given_at
    with pytest.raises(Refused, match="was revoked"):
        world.do("consent.revoke", {"consent": key})
