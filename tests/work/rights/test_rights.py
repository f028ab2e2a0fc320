"""A person's rights: a copy of all that is held, a correction everywhere at once, processing that stops, and the reach of one person over all their cases."""

import json
from datetime import timedelta

import pytest

from arrears.days import moment_of
from arrears.refusal import Refused
from work.rights.made_people import Person, account_made, case_made, collector_made, lender_made, writing
from work.rights.test_unmasking import ZHANG, entries


@pytest.fixture
def held(work):
    """A lender, its data officer, and two cases in which one person stands: as debtor, and as guarantor of somebody else."""
    lender = lender_made(work)
    zhang = Person("debtor", **ZHANG)
    own = case_made(work, lender, zhang, Person("reserved_contact", name="王芳", phone="13600002222"))
    other = case_made(work, lender, Person("debtor", name="李娜", phone="13700001111", id_number="320311198001010012"), Person("guarantor", **ZHANG, person=zhang.person))
    return lender, account_made(work, lender, "data_officer"), own, other


def do(work, actor, verb, made, party=0, now=None, reason="本人到场核验身份证", **more):
    from arrears.work.actions.action import perform

    return perform(actor, f"person.{verb}", {"party": made.parties[party], **more}, now or work.now, thing=made.case, reason=reason)


def rows(lender, model, **those):
    from arrears.work import models
    from arrears.work.actor import system
    from arrears.work.tenancy import seen_by

    with seen_by(system(lender)):
        return list(getattr(models, model).objects.filter(lender=lender, **those).order_by("id"))


def texts(lender, made, party=0):
    from arrears.work.sealing import opened

    one = rows(lender, "Party", id=made.parties[party])[0]
    return [opened(lender, one.person, one, "name_sealed"), opened(lender, one.person, one, "id_number_sealed"),
            *[opened(lender, one.person, point, "value_sealed") for point in rows(lender, "ContactPoint", party=one)]]


def test_a_corrected_name_is_corrected_in_every_case_and_in_no_entry(work, held):
    lender, officer, own, other = held
    told = do(work, officer, "correct", own, field="name", value="章伟", identity_by="in_person")
    assert sum(one["rows"] for one in told["corrected"]) == 2
    assert texts(lender, own)[0] == texts(lender, other, 1)[0] == "章伟" and texts(lender, other)[0] == "李娜"
    kept = json.dumps([[one.parameters, one.result, one.reason] for one in entries(lender)], ensure_ascii=False, default=str)
    assert "章伟" not in kept and "张伟" not in kept


def test_a_corrected_number_is_found_by_the_new_one_and_no_longer_by_the_old(work, held):
    from arrears.work.actions.action import perform

    lender, officer, own, other = held
    do(work, officer, "correct", own, field="phone", value="+86 135-0000-9999", contact_point=own.points[0], identity_by="second_factor")
    hits = {number: perform(officer, "person.find", {"phone": number}, work.now, reason="核对")["hits"] for number in ("13500009999", ZHANG["phone"])}
    assert hits == {"13500009999": 2, ZHANG["phone"]: 0}
    do(work, officer, "correct", other, 1, field="id_number", value="110101199003074522", identity_by="in_person")
    assert perform(officer, "person.find", {"id_number": "110101199003074522"}, work.now, reason="核对")["hits"] == 2


def test_what_was_corrected_is_kept_sealed_with_both_values(work, held):
    from arrears.work.attachments import content_of

    lender, officer, own, _ = held
    do(work, officer, "correct", own, field="name", value="章伟", identity_by="in_person")
    proof = rows(lender, "Attachment")[0]
    person = rows(lender, "Party", id=own.parties[0])[0].person
    said = json.loads(content_of(proof, person))
    assert (said["field"], said["before"], said["after"]) == ("name", ZHANG["name"], "章伟")
    assert "章伟".encode() not in bytes(proof.content_sealed)


@pytest.mark.parametrize("given", [{"field": "name", "value": "张伟"}, {"field": "name", "value": " "}, {"field": "name", "value": "x" * 501}, {"field": "name", "value": "张\n伟"},
                                   {"field": "phone", "value": "12", "contact_point": "own"}, {"field": "phone", "value": "13500009999"}, {"field": "salary", "value": "1"},
                                   {"field": "name", "value": "章伟", "contact_point": "own"}, {"field": "name", "value": "章伟", "identity_by": "felt_right"}])
def test_a_correction_that_corrects_nothing_or_is_malformed_is_refused(work, held, given):
    lender, officer, own, _ = held
    given = {**given, **({"contact_point": own.points[0]} if given.get("contact_point") else {})}
    with pytest.raises(Refused) as refused:
        do(work, officer, "correct", own, **{"identity_by": "in_person", **given})
    assert "章伟" not in refused.value.en + refused.value.zh
    assert texts(lender, own)[0] == ZHANG["name"]


def test_freezing_stops_everything_of_the_person_and_nothing_of_others(work, held):
    from arrears.work.actions.action import Forbidden, perform

    lender, officer, own, other = held
    do(work, officer, "freeze", own, because="withdrew_consent")
    assert {one.id for one in rows(lender, "Case", frozen_at__isnull=False)} == {own.case}
    assert {one.id for one in rows(lender, "Party", frozen_at__isnull=False)} == {own.parties[0], other.parties[1]}
    assert {one.id for one in rows(lender, "ContactPoint", state="stopped")} == {own.points[0], other.points[1]}
    assert [(one.case_id, one.kind) for one in rows(lender, "Hold", lifted_at=None)] == [(own.case, "cease")]
    with pytest.raises(Forbidden) as refused:
        perform(system_of(lender), "dial.redeem", {"dial": own.case, "proof": ""}, work.now, thing=own.case)
    assert "frozen-processing" in refused.value.policies
    with pytest.raises(Refused):
        do(work, officer, "freeze", own, because="withdrew_consent")


def test_unfreezing_gives_back_what_freezing_stopped_and_no_more(work, held):
    from arrears.work.models import ContactPoint, Hold

    lender, officer, own, other = held
    with writing(work, lender):
        ContactPoint.objects.filter(id=other.points[1]).update(state="stopped", state_since=moment_of(work.now) - timedelta(days=3))
        Hold.objects.create(lender=lender, case_id=own.case, kind="dispute", placed_at=moment_of(work.now))
    do(work, officer, "freeze", own, because="accuracy_disputed")
    do(work, officer, "unfreeze", other, 1, now=work.now + 5, because="frozen_in_error")
    assert not rows(lender, "Case", frozen_at__isnull=False) and not rows(lender, "Party", frozen_at__isnull=False)
    assert [one.kind for one in rows(lender, "Hold", lifted_at=None)] == ["dispute"]
    assert [one.id for one in rows(lender, "ContactPoint", state="stopped")] == [other.points[1]]
    with pytest.raises(Refused):
        do(work, officer, "unfreeze", own, because="ordered")


def test_the_copy_holds_everything_in_clear_and_nothing_of_others(work, held):
    from uuid import uuid4

    from arrears.work.models import Contact, Dispute, Hold, Placement, Promise, Team
    from arrears.work.sealing import sealed

    lender, officer, own, other = held
    person = rows(lender, "Party", id=own.parties[0])[0].person
    with writing(work, lender):
        row = uuid4()
        Contact.objects.create(id=row, lender=lender, case_id=own.case, party_id=own.parties[0], attempted_at=moment_of(work.now), channel="call", direction="outbound", relation="debtor",
                               outcome="answered", note_sealed=sealed(lender, person, "work_contact", "note_sealed", row, "说月底还"))
        hold = Hold.objects.create(lender=lender, case_id=own.case, kind="dispute", placed_at=moment_of(work.now))
        row = uuid4()
        Dispute.objects.create(id=row, lender=lender, case_id=own.case, raised_at=moment_of(work.now), answer_by_on="2026-12-16", ground="amount", hold=hold,
                               text_sealed=sealed(lender, person, "work_dispute", "text_sealed", row, "多算了利息"))
        Promise.objects.create(lender=lender, case_id=own.case, loan_id="x", promised_on="2026-12-01", pay_by_on="2026-12-05", currency="CNY", amount_minor=5000)
        Placement.objects.create(lender=lender, case_id=own.case, team=Team.objects.create(lender=lender, code="agency-9", kind="agency"), placed_on="2026-11-01")
    do(work, officer, "freeze", own, because="accuracy_disputed", reason="债务人来函称姓名有误")
    told = do(work, officer, "export", own, identity_by="notarised")
    whole = json.dumps(told, ensure_ascii=False)
    for text in (*ZHANG.values(), "说月底还", "多算了利息", "债务人来函称姓名有误", "agency-9", "5000", "cn.retention.bank_and_microloan"):
        assert text in whole, text
    for text in ("李娜", "王芳", "13700001111", "13600002222"):
        assert text not in whole, text
    assert {(one["role"], one["basis"]) for one in told["places"]} == {("debtor", "contract"), ("guarantor", "contract")}
    assert "debt" not in next(one for one in told["places"] if one["role"] == "guarantor")["held"]
    assert entries(lender, verb="person.export")[0].result == {}


def test_only_an_account_that_sees_every_team_serves_rights(work, held):
    from arrears.work.actor import Actor  # noqa: F401

    lender, _, own, _ = held
    for verb, more in (("export", {"identity_by": "in_person"}), ("freeze", {"because": "ordered"}), ("erase", {}), ("correct", {"field": "name", "value": "章伟", "identity_by": "in_person"})):
        for actor in (account_made(work, lender, "data_officer", teams=("T1",)), collector_made(work, lender), account_made(work, lender, "administrator"), account_made(work, lender, "auditor")):
            with pytest.raises(Refused):
                do(work, actor, verb, own, **more)
        with pytest.raises(Refused):
            do(work, account_made(work, lender, "data_officer"), verb, own, reason=None, **more)


def system_of(lender):
    from arrears.work.actor import system

    return system(lender)
