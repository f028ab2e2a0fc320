"""Erasure destroys the key and clears every column; where a period or a suit still runs it freezes, where the debt is open it is refused; each says by which rule."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from arrears.refusal import Refused
from arrears.vault.refused import Erased
from work.rights.made_people import Person, account_made, case_made, lender_made, noon, writing
from work.rights.test_rights import do, rows
from work.rights.test_unmasking import ZHANG, entries

LONG_AGO = dict(opened_on=date(2018, 1, 10), closed_on=date(2019, 1, 10), closed_why="settled")
"""Closed so long ago that no rule for a bank keeps anything on 2026-11-02."""
LI = dict(name="李娜", phone="13700001111", id_number="320311198001010012")


def erase(work, actor, made, party=0):
    from arrears.work.actions.rights import erase_person

    return erase_person(actor, made.case, made.parties[party], work.now, "本人书面申请删除", "in_person")


@pytest.fixture
def bank(work):
    lender = lender_made(work, "bank")
    return lender, account_made(work, lender, "data_officer")


def sealed_texts(lender):
    """How many sealed cells stand in the lender's rows, but for the reasons of Entries."""
    from django.apps import apps

    from arrears.work.models.row import SealedField

    return sum(getattr(row, field.attname) is not None for model in apps.get_app_config("work").get_models() if model.__name__ != "Entry"
               for field in model._meta.concrete_fields if isinstance(field, SealedField) for row in rows(lender, model.__name__))


def contacted(work, lender, made, on: date, party=0, note="无人接听", outcome="answered"):
    from arrears.work.models import Contact
    from arrears.work.sealing import debtor_of, sealed

    row = uuid4()
    with writing(work, lender):
        Contact.objects.create(id=row, lender=lender, case_id=made.case, party_id=made.parties[party], attempted_at=noon(on), channel="call", direction="outbound", relation="debtor",
                               outcome=outcome, note_sealed=sealed(lender, debtor_of(made.case), "work_contact", "note_sealed", row, note))
    return row


def test_an_old_settled_person_is_erased_for_good(work, bank):
    from arrears.work.sealing import sealed, vault

    lender, officer = bank
    person = Person("debtor", **ZHANG, address="北京市朝阳区某路1号")
    made = case_made(work, lender, person, **LONG_AGO)
    contacted(work, lender, made, date(2018, 6, 1))
    told = erase(work, officer, made)
    assert (told["outcome"], told["because"]) == ("erased", [])
    assert sealed_texts(lender) == 0
    assert not [one for one in rows(lender, "ContactPoint") if one.value_index] and rows(lender, "Party")[0].id_number_index is None
    assert vault().is_erased(lender, str(person.person)) and not vault().has_key(lender, str(person.person))
    with pytest.raises(Erased):
        sealed(lender, person.person, "work_party", "name_sealed", made.parties[0], "张伟")


def test_the_reason_of_the_entry_cannot_be_read_after_the_erasure(work, bank):
    lender, officer = bank
    made = case_made(work, lender, Person("debtor", **ZHANG), **LONG_AGO)
    erase(work, officer, made)
    erase(work, officer, made)
    kept = entries(lender, verb="person.erase")
    assert [(one.reason, "本人书面申请删除".encode() in bytes(one.reason_sealed)) for one in kept] == [(None, False)] * 2


def test_an_open_debt_is_a_purpose_so_nothing_is_erased_and_nothing_stops(work, bank):
    lender, officer = bank
    made = case_made(work, lender, Person("debtor", **ZHANG), Person("guarantor", **LI))
    before = sealed_texts(lender)
    for party in (0, 1):
        told = erase(work, officer, made, party)
        assert told["outcome"] == "refused" and [one["status"] for one in told["because"]] == ["purpose_runs"]
    assert sealed_texts(lender) == before and not [one for one in rows(lender, "Party") if one.frozen_at or one.erased_at]
    assert [one.result["outcome"] for one in entries(lender, verb="person.erase")] == ["refused", "refused"]


@pytest.mark.parametrize("closed_on, last_contact_on, until", [
    (date(2024, 3, 1), date(2024, 2, 1), date(2027, 3, 1)),  # three years after the closing, the last event: our choice for banks
    (date(2023, 11, 2), date(2023, 5, 5), date(2026, 11, 2)),  # the last day of the period is still a day of it
    (date(2023, 11, 1), date(2023, 5, 5), None),
])
def test_a_settled_case_of_a_bank_is_kept_three_years_after_its_last_event(work, bank, closed_on, last_contact_on, until):
    lender, officer = bank
    made = case_made(work, lender, Person("debtor", **ZHANG), opened_on=date(2022, 1, 10), closed_on=closed_on, closed_why="settled")
    contacted(work, lender, made, last_contact_on)
    told = erase(work, officer, made)
    if until is None:
        assert told["outcome"] == "erased"
        return
    assert (told["outcome"], told["until"]) == ("frozen", until.isoformat())
    assert [(one["kind"], [(rule["id"], rule["source"], rule["evidence"]) for rule in one["rules"]], one["is_law"]) for one in told["because"]] == [
        ("collection_record", [("cn.retention.bank_and_microloan", "operator_policy", "K")], False)]
    assert rows(lender, "Party")[0].frozen_at and rows(lender, "Case")[0].frozen_at and not rows(lender, "Party")[0].erased_at


def test_a_consumer_finance_company_keeps_five_years_by_law(work):
    lender = lender_made(work, "consumer_finance")
    made = case_made(work, lender, Person("debtor", **ZHANG), opened_on=date(2021, 1, 10), closed_on=date(2022, 6, 30), closed_why="settled")
    told = erase(work, account_made(work, lender, "data_officer"), made)
    assert (told["outcome"], told["until"], told["because"][0]["is_law"]) == ("frozen", "2027-06-30", True)
    assert told["because"][0]["rules"][0]["source"] == "nfra-2024-4"


def test_what_may_prove_a_claim_is_kept_five_years_where_the_debt_was_not_settled(work, bank):
    lender, officer = bank
    made = case_made(work, lender, Person("debtor", **ZHANG), opened_on=date(2021, 1, 10), closed_on=date(2022, 6, 30), closed_why="agency_returned")
    contacted(work, lender, made, date(2022, 3, 1))
    told = erase(work, officer, made)
    assert (told["outcome"], told["until"]) == ("frozen", "2027-03-01")
    assert told["because"][0]["kind"] == "limitation_evidence"


def test_a_suit_keeps_everything_and_no_day_is_said(work, bank):
    from arrears.days import moment_of
    from arrears.work.models import Hold

    lender, officer = bank
    made = case_made(work, lender, Person("debtor", **ZHANG), **LONG_AGO)
    with writing(work, lender):
        hold = Hold.objects.create(lender=lender, case_id=made.case, kind="litigation", placed_at=moment_of(work.now))
    told = erase(work, officer, made)
    assert (told["outcome"], told["until"], told["because"][0]["status"]) == ("frozen", None, "litigation_hold")
    with writing(work, lender):
        Hold.objects.filter(id=hold.id).update(lifted_at=moment_of(work.now))
    assert erase(work, officer, made)["outcome"] == "erased"


def test_a_person_is_kept_for_the_longest_of_all_their_cases(work, bank):
    lender, officer = bank
    zhang = Person("debtor", **ZHANG)
    old = case_made(work, lender, zhang, **LONG_AGO)
    case_made(work, lender, Person("guarantor", **ZHANG, person=zhang.person), Person("debtor", **LI), opened_on=date(2024, 1, 1), closed_on=date(2025, 1, 1), closed_why="settled")
    told = erase(work, officer, old)
    assert (told["outcome"], told["until"]) == ("frozen", "2028-01-01")
    case_made(work, lender, Person("debtor", **LI), Person("co_debtor", **ZHANG, person=zhang.person))
    assert erase(work, officer, old)["outcome"] == "refused"


def test_a_guarantor_is_erased_alone_and_the_debtor_is_not_harmed(work, bank):
    from arrears.work.sealing import opened

    lender, officer = bank
    made = case_made(work, lender, Person("debtor", **ZHANG), Person("guarantor", **LI), **LONG_AGO)
    note = contacted(work, lender, made, date(2018, 6, 1), note="债务人说月底还")
    about = contacted(work, lender, made, date(2018, 6, 1), party=1, note="担保人不接")
    assert erase(work, officer, made, 1)["outcome"] == "erased"
    debtor = rows(lender, "Party", id=made.parties[0])[0]
    assert opened(lender, debtor.person, debtor, "name_sealed") == ZHANG["name"] and not debtor.erased_at and not debtor.frozen_at
    assert opened(lender, debtor.person, rows(lender, "Contact", id=note)[0], "note_sealed") == "债务人说月底还"
    assert rows(lender, "Contact", id=about)[0].note_sealed is None
    assert not rows(lender, "Case")[0].frozen_at


def test_a_reserved_contact_who_was_never_contacted_is_erased_from_an_open_case(work, bank):
    lender, officer = bank
    made = case_made(work, lender, Person("debtor", **ZHANG), Person("reserved_contact", **LI), Person("reserved_contact", name="王芳"))
    contacted(work, lender, made, date(2026, 10, 1), party=2)
    assert erase(work, officer, made, 1)["outcome"] == "erased"
    told = erase(work, officer, made, 2)
    assert (told["outcome"], told["until"]) == ("frozen", "2029-10-01")
    assert not rows(lender, "Case")[0].frozen_at and not [one for one in rows(lender, "Hold")]


def test_where_the_pack_has_no_table_nothing_is_destroyed(work):
    lender = lender_made(work, "other", law="us")
    made = case_made(work, lender, Person("debtor", **ZHANG), **LONG_AGO)
    told = erase(work, account_made(work, lender, "data_officer"), made)
    assert (told["outcome"], told["until"], {one["status"] for one in told["because"]}) == ("frozen", None, {"unknown_law"})


def test_a_product_that_the_law_does_not_name_is_kept_by_the_longest_rule_of_any(work):
    from arrears.work.models import Attachment

    lender = lender_made(work, "other")
    officer = account_made(work, lender, "data_officer")
    for product, outcome in (("闪电贷", "frozen"), ("consumer_loan", "erased")):
        made = case_made(work, lender, Person("debtor", **ZHANG), product=product, **LONG_AGO)
        with writing(work, lender):
            Attachment.objects.create(lender=lender, case_id=made.case, kind="recording", record_kind="call_recording", made_at=datetime(2025, 1, 1, tzinfo=UTC), size_bytes=1, digest="x")
        assert erase(work, officer, made)["outcome"] == outcome


def test_erasing_twice_is_erasing_once_and_nothing_else_is_possible_afterwards(work, bank):
    lender, officer = bank
    made = case_made(work, lender, Person("debtor", **ZHANG), **LONG_AGO)
    assert [erase(work, officer, made)["outcome"] for _ in range(2)] == ["erased", "erased"]
    for verb, more in (("export", {"identity_by": "in_person"}), ("freeze", {"because": "ordered"}), ("correct", {"field": "name", "value": "章伟", "identity_by": "in_person"})):
        with pytest.raises(Refused):
            do(work, officer, verb, made, **more)


def test_nobody_erases_another_lenders_person(work, bank):
    lender, officer = bank
    made = case_made(work, lender_made(work), Person("debtor", **ZHANG), **LONG_AGO)
    with pytest.raises(Refused):
        erase(work, officer, made)


def test_the_day_before_its_end_a_period_runs_and_the_day_after_it_does_not(work, bank):
    """Any closing day: frozen through the same day three years on, erased from the next one."""
    import hypothesis
    from hypothesis import given
    from hypothesis import strategies as st

    from arrears.work import erasure
    from arrears.work.actor import system
    from arrears.work.keeping import table_of
    from arrears.work.models import Lender, Party
    from arrears.work.tenancy import seen_by

    lender, _ = bank
    made = case_made(work, lender, Person("debtor", **ZHANG), opened_on=date(2015, 1, 1), closed_on=date(2016, 2, 29), closed_why="settled")

    @hypothesis.settings(max_examples=25)
    @given(st.integers(-400, 400))
    def holds(days):
        end = date(2019, 2, 28)
        with seen_by(system(lender)):
            table = table_of(Lender.objects.get(code=lender), work.home)
            found = erasure.decided(table, list(Party.objects.filter(id=made.parties[0]).select_related("case")), end + timedelta(days=days))
        assert found.outcome == ("erased" if days > 0 else "frozen")
        assert found.until == (None if days > 0 else end)

    holds()


def test_who_comes_back_with_an_older_backup_of_cases_hides_nobody_and_is_cleared_by_retention(work, bank):
    from arrears.work.actions.retention import run_retention
    from arrears.work.actor import system
    from arrears.work.models import Case, ContactPoint, Party
    from arrears.work.queries.cases import list_cases

    lender, officer = bank
    gone, stays = case_made(work, lender, Person("debtor", **ZHANG), **LONG_AGO), case_made(work, lender, Person("debtor", **LI))
    before = rows(lender, "Party", case=gone.case), rows(lender, "ContactPoint", case=gone.case)
    erase(work, officer, gone)
    with writing(work, lender):
        for one in before[0]:
            Party.objects.filter(pk=one.pk).update(name_sealed=one.name_sealed, id_number_sealed=one.id_number_sealed, id_number_index=one.id_number_index, protected=["seriously_ill"], frozen_at=None, erased_at=None)
        for one in before[1]:
            ContactPoint.objects.filter(pk=one.pk).update(value_sealed=one.value_sealed, value_index=one.value_index)
        Case.objects.filter(pk=gone.case).update(state="open", closed_on=None, closed_why=None, frozen_at=None)
    shown = {line.id: line.name for line in list_cases(account_made(work, lender, "auditor")).lines}
    assert shown[gone.case] == "" and shown[stays.case] == "李*"
    run_retention(system(lender), date(2026, 11, 2), work.now, apply=True)
    party = rows(lender, "Party", case=gone.case)[0]
    assert (party.name_sealed, party.id_number_sealed, party.id_number_index, party.protected) == (None, None, None, []) and party.erased_at is not None
    assert [(one.value_sealed, one.value_index) for one in rows(lender, "ContactPoint", case=gone.case)] == [(None, None)]
    assert rows(lender, "Party", case=stays.case)[0].erased_at is None
