"""Retention destroys what every rule has let go, keeps the rest and says until when; what no rule speaks of is told and left alone."""

from collections import Counter
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from arrears.days import moment_of
from arrears.refusal import Refused
from work.rights.made_people import Person, account_made, case_made, lender_made, writing
from work.rights.test_erasure import LI, LONG_AGO, contacted, sealed_texts
from work.rights.test_rights import rows
from work.rights.test_unmasking import ZHANG, entries

TODAY = date(2026, 11, 2)


def run(work, lender, apply=True, as_of=TODAY, actor=None, now=None):
    from arrears.work.actions.retention import run_retention
    from arrears.work.actor import system

    return run_retention(actor or system(lender), as_of, now or work.now, apply=apply)


def counted(report):
    found = Counter()
    for line in report["lines"]:
        found[line["becomes"], line["kind"]] += line["count"]
    return dict(found)


def attached(work, lender, made, record_kind, made_on, kind="recording", party=None):
    import hashlib

    from arrears.work.attachments import seal_content
    from arrears.work.models import Attachment
    from arrears.work.sealing import debtor_of

    row = uuid4()
    with writing(work, lender):
        kept = seal_content(lender, debtor_of(made.case), row, b"voice")
        Attachment.objects.create(id=row, lender=lender, case_id=made.case, party_id=party, kind=kind, record_kind=record_kind, made_at=datetime(made_on.year, made_on.month, made_on.day, 4, tzinfo=UTC),
                                  content_sealed=kept, size_bytes=5, digest=hashlib.sha256(kept).hexdigest())
    return row


@pytest.fixture
def world(work):
    """A bank with: a case long over; one still in its period; one long over whose debtor has an open case too; an open one."""
    lender = lender_made(work, "bank")
    over = case_made(work, lender, Person("debtor", **ZHANG), **LONG_AGO)
    contacted(work, lender, over, date(2018, 5, 1))
    recent = case_made(work, lender, Person("debtor", **LI), opened_on=date(2024, 1, 1), closed_on=date(2025, 3, 31), closed_why="settled")
    contacted(work, lender, recent, date(2025, 2, 1))
    wang = Person("debtor", name="王芳", phone="13600002222", id_number="440301199505050023")
    older = case_made(work, lender, wang, **LONG_AGO)
    contacted(work, lender, older, date(2018, 5, 1))
    case_made(work, lender, Person("debtor", name="王芳", phone="13600002222", id_number="440301199505050023", person=wang.person))
    return lender, over, recent, older


def test_a_look_ahead_changes_nothing_and_says_what_a_run_does(work, world):
    lender = world[0]
    texts, log = sealed_texts(lender), len(entries(lender))
    looked = run(work, lender, apply=False)
    assert (sealed_texts(lender), len(entries(lender))) == (texts, log)
    done = run(work, lender)
    assert looked["lines"] == done["lines"] and not looked["applied"] and done["applied"]


def test_what_is_over_goes_and_what_is_not_stays(work, world):
    from arrears.work.sealing import vault

    lender, over, recent, older = world
    report = run(work, lender)
    assert counted(report) == {("destroyed", "person"): 1, ("kept", "person"): 2, ("destroyed", "collection_record"): 2, ("kept", "collection_record"): 1}
    assert report["keys_destroyed"] == 1
    people = {one.case_id: one for one in rows(lender, "Party")}
    assert people[over.case].erased_at and people[over.case].name_sealed is None and vault().is_erased(lender, str(people[over.case].person))
    assert people[recent.case].name_sealed and people[older.case].name_sealed and not people[older.case].erased_at
    notes = {one.case_id: one.note_sealed for one in rows(lender, "Contact")}
    assert notes[over.case] is None and notes[older.case] is None and notes[recent.case] is not None
    kept = next(line for line in report["lines"] if line["becomes"] == "kept" and line["kind"] == "collection_record")
    assert (kept["rules"], kept["earliest"], kept["latest"]) == (["cn.retention.bank_and_microloan"], "2028-03-31", "2028-03-31")
    assert report["rules"]["cn.retention.bank_and_microloan"]["source"] == "operator_policy"


def test_a_second_run_does_nothing(work, world):
    lender = world[0]
    run(work, lender)
    texts = sealed_texts(lender)
    again = run(work, lender)
    assert not [line for line in again["lines"] if line["becomes"] == "destroyed"] and again["keys_destroyed"] == 0
    assert sealed_texts(lender) == texts
    last = [one.id for one in entries(lender, verb="retention.run")][-2:]
    assert not rows(lender, "Change", entry__in=last)


@pytest.mark.parametrize("made_on, stays", [(date(2024, 11, 1), False), (date(2024, 11, 2), True), (date(2026, 1, 1), True)])
def test_a_recording_of_a_card_call_is_kept_two_years_to_the_day(work, made_on, stays):
    lender = lender_made(work, "other")
    made = case_made(work, lender, Person("debtor", **ZHANG), product="credit_card", opened_on=date(2023, 1, 1), closed_on=date(2026, 1, 1), closed_why="settled")
    recording = attached(work, lender, made, "call_recording", made_on)
    run(work, lender)
    kept = rows(lender, "Attachment", id=recording)[0]
    assert (kept.content_sealed is not None, kept.destroyed_at is None) == (stays, stays)


def test_what_no_rule_speaks_of_is_told_and_stays_until_the_operator_sets_a_period(work):
    lender = lender_made(work, "bank")
    made = case_made(work, lender, Person("debtor", **ZHANG), **LONG_AGO)
    paper = attached(work, lender, made, "other_document", date(2018, 6, 1), kind="document")
    assert counted(run(work, lender))["no_rule", "other_document"] == 1
    assert rows(lender, "Attachment", id=paper)[0].content_sealed and not rows(lender, "Party")[0].erased_at
    (work.home / "settings.yaml").write_text("retention:\n  other_document: {months: 12}\n")
    try:
        report = run(work, lender)
    finally:
        (work.home / "settings.yaml").unlink()
    assert counted(report)["destroyed", "other_document"] == 1 and report["rules"]["own.retention.other_document"]["evidence"] == "own"
    assert rows(lender, "Attachment", id=paper)[0].content_sealed is None and rows(lender, "Party")[0].erased_at


@pytest.mark.parametrize("text", ["retention: 3\n", "retention: {other_document: 12}\n", "retention: {other_document: {months: 0}}\n", "retention: {system_log: {months: 3}}\n",
                                  "retention: {other_document: {months: '12', years: '1'}}\n", "retention: {other_document: {months: 1e3}}\n"])
def test_a_period_that_cannot_be_read_destroys_nothing(work, world, text):
    lender = world[0]
    before = sealed_texts(lender)
    (work.home / "settings.yaml").write_text(text)
    try:
        with pytest.raises(ValueError):
            run(work, lender)
    finally:
        (work.home / "settings.yaml").unlink()
    assert sealed_texts(lender) == before


def test_complaints_are_kept_three_years_after_their_answer(work):
    from arrears.work.models import Complaint, Hold
    from arrears.work.sealing import debtor_of, sealed

    lender = lender_made(work, "bank")
    made = case_made(work, lender, Person("debtor", **ZHANG), **LONG_AGO)
    files = []
    with writing(work, lender):
        hold = Hold.objects.create(lender=lender, case_id=made.case, kind="complaint", placed_at=moment_of(work.now), lifted_at=moment_of(work.now))
        for year in (2022, 2025):
            files.append(uuid4())
            Complaint.objects.create(id=files[-1], lender=lender, case_id=made.case, raised_at=datetime(year, 1, 1, tzinfo=UTC), answered_at=datetime(year, 2, 1, tzinfo=UTC), answer_by_on="2022-01-15",
                                     ground="hours", hold=hold, state="upheld", text_sealed=sealed(lender, debtor_of(made.case), "work_complaint", "text_sealed", files[-1], "半夜来电"))
    report = run(work, lender)
    kept = {one.id: one.text_sealed for one in rows(lender, "Complaint")}
    assert kept[files[0]] is None and kept[files[1]] is not None
    assert [(line["earliest"], line["count"]) for line in report["lines"] if line["kind"] == "complaint_file" and line["becomes"] == "kept"] == [("2028-02-01", 1)]
    assert not rows(lender, "Party")[0].erased_at


def test_a_suit_holds_everything(work, world):
    from arrears.work.models import Hold

    lender, over, *_ = world
    with writing(work, lender):
        Hold.objects.create(lender=lender, case_id=over.case, kind="legal_stay", placed_at=moment_of(work.now))
    report = run(work, lender)
    assert counted(report)["kept", "collection_record"] == 2 and report["keys_destroyed"] == 0
    assert any(line["status"] == "litigation_hold" and line["latest"] is None for line in report["lines"])


def test_a_day_to_come_may_be_looked_at_and_not_applied(work, world):
    lender = world[0]
    assert counted(run(work, lender, apply=False, as_of=date(2030, 1, 1)))["destroyed", "person"] == 2
    with pytest.raises(Refused, match="still to come"):
        run(work, lender, as_of=date(2026, 11, 3))


def test_only_the_program_and_a_data_officer_run_retention(work, world):
    lender = world[0]
    for role in ("collector", "team_lead", "administrator", "auditor", "strategist", "compliance_officer"):
        for apply in (True, False):
            with pytest.raises(Refused):
                run(work, lender, apply=apply, actor=account_made(work, lender, role))
    assert run(work, lender, actor=account_made(work, lender, "data_officer"))["keys_destroyed"] == 1


def test_small_batches_give_the_same_report_and_the_same_rows(work, world, monkeypatch):
    from arrears.work.actions import retention

    lender = world[0]
    whole = run(work, lender, apply=False)
    monkeypatch.setattr(retention, "BATCH", 1)
    assert run(work, lender, apply=False)["lines"] == whole["lines"]
    assert run(work, lender)["lines"] == whole["lines"]
    assert len(entries(lender, verb="retention.run")) == 4


def test_another_lenders_cases_are_not_touched(work, world):
    other = lender_made(work, "bank")
    made = case_made(work, other, Person("debtor", **ZHANG), **LONG_AGO)
    run(work, world[0])
    assert rows(other, "Party")[0].name_sealed and made
