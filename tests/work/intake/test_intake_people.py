"""People of sealed files: straight into the vault, later values over earlier ones, corrections over older files, and nobody who has no case or was erased."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from arrears import store
from arrears.refusal import Refused
from arrears.vault.handover import new_private_key, seal_people
from arrears.work.actions.action import perform
from arrears.work.actor import system
from arrears.work.identities import of_lender, person_of
from arrears.work.models import Case, ContactPoint, Party
from arrears.work.sealing import opened, vault
from arrears.work.tenancy import seen_by
from work.intake.night_book import AS_OF, Loan, NightBook, debtor
from work.intake.state_of import cases, state, taken

NEXT = AS_OF + timedelta(days=1)
PHONES = ["19911110001", "19911110002", "19911110003"]


@pytest.fixture
def nights(tmp_path) -> NightBook:
    return NightBook(tmp_path / "book", f"bank-{uuid4().hex[:12]}")


def said(borrower: str, relation: str = "debtor", ordinal: int = 1, **values) -> dict:
    return {"borrower_id": borrower, "relation": relation, "ordinal": ordinal, **values}


def give(nights: NightBook, *rows: dict) -> None:
    """people.sealed beside the plain files of the book."""
    nights.root.mkdir(parents=True, exist_ok=True)
    nights.book().people_path.write_bytes(seal_people(vault().handover_public_key(), list(rows)))


def give_load(nights: NightBook, moment: int, *rows: dict) -> None:
    """One load more, which came into force at the moment and speaks of people."""
    book = nights.book()
    ledger = store.read_ledger(book)
    number = len(ledger.loads) + 1
    path = book.load_folder(number) / store.PEOPLE_FILE
    store.write_bytes(path, seal_people(vault().handover_public_key(), list(rows)))
    load = {"id": number, "moment": moment, "taken_back_at": None, "first": number == 1, "tables": {}, "kept": {store.PEOPLE_FILE: store.digest_of_file(path)}}
    store.write_ledger(book, store.Ledger([*ledger.loads, load], None))


def known(lender: str, borrower: str, role: str = "debtor") -> dict:
    """What the vault opens of a party of the open case, with the state of each contact point."""
    with seen_by(system(lender)):
        party = Party.objects.get(case__borrower_id=borrower, case__state="open", role=role)
        points = list(ContactPoint.objects.filter(party=party).order_by("kind", "ordinal"))
        return {"name": opened(lender, party.person, party, "name_sealed"), "id_number": opened(lender, party.person, party, "id_number_sealed"),
                **{f"{one.kind} {one.ordinal}": (opened(lender, party.person, one, "value_sealed"), one.state) for one in points}}


def one_night(*names: str) -> list:
    return [debtor(name, held_by="zhang") for name in names]


def later(*names: str) -> list:
    return [debtor(name, held_by="zhang", before="zhang") for name in names]


def test_people_come_sealed_with_blind_indexes_and_nothing_plain_is_stored(work, nights):
    give(nights, said("A", name="王小明", id_number="990101199001010011", phone=PHONES[:2], email="a@example.com", address="样例路一号", account="6200123456789"),
         said("A", "reserved_contact", name="李四", phone=PHONES[2:]))
    told, _ = taken(work, nights.night(one_night("A")))
    assert (told["people_taken"], told["fields_sealed"]) == (2, 9)
    assert known(nights.lender, "A") == {"name": "王小明", "id_number": "990101199001010011", "phone 0": (PHONES[0], "usable"), "phone 1": (PHONES[1], "usable"), "email 0": ("a@example.com", "usable"),
                                         "address 0": ("样例路一号", "usable"), "account 0": ("6200123456789", "usable")}
    assert known(nights.lender, "A", "reserved_contact") == {"name": "李四", "id_number": None, "phone 0": (PHONES[2], "usable")}
    with seen_by(system(nights.lender)):
        assert bytes(ContactPoint.objects.get(ordinal=1).value_index) == vault().blind(nights.lender, "phone", [PHONES[1]])[0]
    everything = str(state(nights.lender))
    assert not [text for text in ("王小明", "李四", "990101199001010011", *PHONES, "a@example.com", "样例路", "6200123456789") if text in everything]


def test_heirs_and_guardians_come_with_the_file_of_people(work, nights):
    give(nights, said("A", name="王小明"), said("A", "heir", name="王小红", phone=PHONES[2:]), said("A", "guardian", name="王大红"))
    taken(work, nights.night(one_night("A")))
    assert known(nights.lender, "A", "heir") == {"name": "王小红", "id_number": None, "phone 0": (PHONES[2], "usable")} and known(nights.lender, "A", "guardian")["name"] == "王大红"


def test_people_without_a_case_are_not_taken_in_and_have_no_key(work, nights):
    give(nights, said("A", name="王小明"), said("X", name="无案件"), said("X", "guarantor", name="无案件"))
    told, _ = taken(work, nights.night(one_night("A")))
    assert told["people_without_case"] == 2
    under = of_lender(nights.lender)
    assert vault().has_key(nights.lender, person_of(under, "A")) and not vault().has_key(nights.lender, person_of(under, "X"))


def test_a_later_file_replaces_what_it_says_and_nothing_else(work, nights):
    give_load(nights, 100, said("A", name="旧名", phone=PHONES[:2], address="旧址"))
    taken(work, nights.night(one_night("A")))
    give_load(nights, 200, said("A", name="新名", phone=[PHONES[1], PHONES[2]]))
    taken(work, nights.night(later("A"), NEXT), NEXT)
    assert known(nights.lender, "A") == {"name": "新名", "id_number": None, "phone 0": (PHONES[0], "invalid"), "phone 1": (PHONES[1], "usable"), "phone 2": (PHONES[2], "usable"), "address 0": ("旧址", "usable")}


def test_two_files_at_once_give_the_same_as_one_after_the_other(work, nights):
    give_load(nights, 100, said("A", name="旧名", address="旧址"))
    give_load(nights, 200, said("A", name="新名", phone=PHONES[:1]))
    taken(work, nights.night(one_night("A")))
    assert known(nights.lender, "A") == {"name": "新名", "id_number": None, "phone 0": (PHONES[0], "usable"), "address 0": ("旧址", "usable")}


def test_the_next_night_seals_nothing_anew_that_it_knows_and_new_cases_get_theirs(work, nights):
    give(nights, said("A", name="王小明"), said("B", name="李小红"))
    taken(work, nights.night(one_night("A")))
    told, _ = taken(work, nights.night([*later("A"), *one_night("B")], NEXT), NEXT)
    assert (told["people_taken"], told["fields_sealed"], told["people_known"]) == (1, 1, 1)
    assert known(nights.lender, "B")["name"] == "李小红"


def test_a_number_that_was_closed_stays_closed_whatever_files_say(work, nights):
    give_load(nights, 100, said("A", phone=PHONES[:1]))
    taken(work, nights.night(one_night("A")))
    case = cases(nights.lender)["A"]["id"]
    with seen_by(system(nights.lender)):
        point = ContactPoint.objects.get(case=case)
    perform(work.actor(nights.lender, "team_lead"), "contact_point.close", {"contact_point": str(point.id), "state": "stopped"}, work.now, thing=case, reason="asked to stop")
    give_load(nights, 200, said("A", phone=PHONES[:1]))
    taken(work, nights.night(later("A"), NEXT), NEXT)
    assert known(nights.lender, "A")["phone 0"] == (PHONES[0], "stopped")


@pytest.mark.parametrize(("moment", "stands"), [(1, "改正名"), (2_000_000_000_000_000, "新名")])
def test_what_a_person_corrected_yields_only_to_a_file_recorded_later(work, nights, moment, stands):
    give_load(nights, 1, said("A", name="旧名"))
    taken(work, nights.night(one_night("A")))
    case = cases(nights.lender)["A"]["id"]
    with seen_by(system(nights.lender)):
        party = Party.objects.get(case=case)
    perform(work.actor(nights.lender, "data_officer"), "person.correct", {"party": str(party.id), "field": "name", "value": "改正名", "identity_by": "in_person"}, work.now, thing=case,
            reason="showed an identity card", purpose="person_right")
    give_load(nights, moment, said("A", name="新名"))
    told, _ = taken(work, nights.night(later("A"), NEXT), NEXT)
    assert known(nights.lender, "A")["name"] == stands and told["people_corrected"] == (stands == "改正名")


def test_frozen_people_stay_as_they_are_while_their_debts_go_on(work, nights):
    give_load(nights, 1, said("A", name="旧名"))
    taken(work, nights.night(one_night("A")))
    case = cases(nights.lender)["A"]["id"]
    with seen_by(system(nights.lender)):
        party = Party.objects.get(case=case)
    perform(work.actor(nights.lender, "data_officer"), "person.freeze", {"party": str(party.id), "because": "asked_by_person"}, work.now, thing=case, reason="asked us to", purpose="person_right")
    give_load(nights, 2_000_000_000_000_000, said("A", name="新名"))
    told, _ = taken(work, nights.night([debtor("A", Loan("A-L1", owed=777), held_by="zhang", before="zhang")], NEXT), NEXT)
    found = cases(nights.lender)["A"]
    assert known(nights.lender, "A")["name"] == "旧名" and told["people_frozen"] == 1
    assert (found["claimable"], found["proposals"], found["debts"]["A-L1"]["claimable_minor"]) == (777, [], 777)


def test_an_erased_debtor_is_never_taken_in_again(work, nights):
    under = of_lender(nights.lender)
    vault().shred(nights.lender, person_of(under, "A"), work.now)
    give(nights, said("A", name="王小明"), said("B", name="李小红"))
    told, _ = taken(work, nights.night(one_night("A", "B")))
    assert set(cases(nights.lender)) == {"B"} and told["cases_erased"] == 1
    assert not vault().has_key(nights.lender, person_of(under, "A"))


def test_an_erased_contact_of_a_living_case_is_skipped_and_counted(work, nights):
    give_load(nights, 1, said("A", name="王小明"), said("A", "reserved_contact", name="李四"))
    taken(work, nights.night(one_night("A")))
    with seen_by(system(nights.lender)):
        person = Party.objects.get(role="reserved_contact").person
    vault().shred(nights.lender, str(person), work.now)
    give_load(nights, 2, said("A", name="王大明"), said("A", "reserved_contact", name="李四"))
    told, _ = taken(work, nights.night(later("A"), NEXT), NEXT)
    assert told["people_erased"] == 1 and known(nights.lender, "A")["name"] == "王大明"


def test_an_earlier_case_hands_on_what_is_known_of_a_person_to_the_next(work, nights):
    give_load(nights, 1, said("A", name="旧名", phone=PHONES[:2]))
    taken(work, nights.night(one_night("A")))
    case = cases(nights.lender)["A"]["id"]
    lead = work.actor(nights.lender, "team_lead")
    with seen_by(system(nights.lender)):
        first = ContactPoint.objects.get(case=case, ordinal=0)
        party = Party.objects.get(case=case)
    perform(lead, "contact_point.close", {"contact_point": str(first.id), "state": "wrong_person"}, work.now, thing=case, reason="a stranger answered")
    perform(work.actor(nights.lender, "data_officer"), "person.correct", {"party": str(party.id), "field": "name", "value": "改正名", "identity_by": "in_person"}, work.now, thing=case,
            reason="showed an identity card", purpose="person_right")
    perform(lead, "case.close", {"why": "paid"}, work.now, thing=case, reason="all paid")
    taken(work, nights.night(later("A"), NEXT), NEXT)
    with seen_by(system(nights.lender)):
        assert Case.objects.filter(borrower_id="A").count() == 2
    assert known(nights.lender, "A") == {"name": "改正名", "id_number": None, "phone 0": (PHONES[0], "wrong_person"), "phone 1": (PHONES[1], "usable")}


def test_a_file_for_another_vault_or_cut_short_is_refused_and_nothing_is_taken_in(work, nights):
    book = nights.night(one_night("A"))
    whole = seal_people(vault().handover_public_key(), [said(f"A{number}", name="王小明") for number in range(3000)])
    from arrears.vault.handover import HandoverPublicKey
    other = seal_people(HandoverPublicKey(new_private_key().public), [said("A", name="王小明")])
    for content in (whole[:-40], whole[:200], other, b"nonsense"):
        book.people_path.write_bytes(content)
        with pytest.raises(Refused) as refused:
            taken(work, book)
        assert "王小明" not in f"{refused.value.en}{refused.value.zh}" and refused.value.zh
        assert cases(nights.lender) == {}


def test_the_same_person_is_one_in_every_case(work, nights):
    give(nights, said("G", name="担保人", phone=PHONES[:1]))
    taken(work, nights.night([debtor("A", held_by="zhang", guarantors=("G",)), debtor("G", held_by="li")]))
    with seen_by(system(nights.lender)):
        assert set(Party.objects.filter(borrower_id="G").values_list("person", flat=True)) == {UUID(person_of(of_lender(nights.lender), "G"))}
    assert known(nights.lender, "A", "guarantor") == known(nights.lender, "G")
