"""Erasing a person destroys content and salt of their leaves: nothing in a dump of the database opens them, and everybody else's proof stands, with the same root."""

import json
import subprocess
from datetime import UTC, date, datetime

import polars as pl
import pytest

from arrears import store
from arrears.cli.record_keeping import collected, rows_closed
from arrears.days import microseconds_of
from arrears.nightly.row_secrets import secret_at, slots_of
from arrears.postgres import CASES, accounts, backups
from arrears.work.models import Answer, Case, Entry, Leaf
from arrears.work.queries.leaves import leaf_of_entry, leaves_of_payment
from arrears.work.recording import integrate
from arrears.work.tenancy import seen_by
from work.record.opened import commitment, standing
from work.record.test_integrating import merkle, placed
from work.record.test_leaves_of_payments import put
from work.record.test_record_guards import told as told_by_database
from work.rights.made_people import Person, account_made, case_made, lender_made
from work.rights.test_erasure import LI, LONG_AGO, erase
from work.rights.test_unmasking import ZHANG

THEN = microseconds_of(datetime(2018, 6, 1, 2, 0, tzinfo=UTC))
"""So long ago that no period runs from it any more."""


def dumped(home) -> str:
    """The whole database of cases, as pg_dump writes it; other tests' lenders stand in it too."""
    at = backups.administering(home, CASES)
    words = [backups.programs_for(home, 0).pg_dump, "--format=plain", "--no-password", "--dbname", at.conninfo()]
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True, env=accounts.environment(**at.environment())).stdout


def acted(work, actor, made, text: str, party: int = 0):
    """Two actions in the case, with free words."""
    from arrears.work.actions.action import perform

    perform(actor, "hold.place", {"kind": "cease", "text": text}, THEN, thing=made.case, reason=f"{text}, the reason")
    perform(actor, "consent.revoke", {"consent": _consent(work, actor.lender, made, party)}, THEN, thing=made.case)


def _consent(work, lender, made, party):
    from arrears.work.models import Consent
    from work.rights.made_people import writing

    with writing(work, lender):
        return Consent.objects.create(lender=lender, case_id=made.case, party_id=made.parties[party], kind="electronic", channel="sms", given_at=work.at).id


def leaves(actor, case) -> dict:
    with seen_by(actor):
        return {leaf.id: leaf for leaf in Leaf.objects.filter(case=case)}


@pytest.fixture
def bank(work):
    lender = lender_made(work, "bank")
    return account_made(work, lender, "data_officer"), account_made(work, lender, "compliance_officer")


def test_nothing_that_opens_a_leaf_of_an_erased_person_is_left_and_all_other_proofs_stand(work, bank, places):
    officer, compliance = bank
    gone, stays = case_made(work, officer.lender, Person("debtor", **ZHANG), **LONG_AGO), case_made(work, officer.lender, Person("debtor", **LI), **LONG_AGO)
    for made in (gone, stays):
        acted(work, compliance, made, "书面要求停止")
        put(work, officer.lender, [(made.case, f"pay-{made.case}", "L1", "2018-09-01", "CNY", 100, None)])
    before = {made.case: leaves(compliance, made.case) for made in (gone, stays)}
    with seen_by(compliance):
        salts = {entry.id: bytes(entry.salt).hex() for entry in Entry.objects.filter(case=gone.case)}
    integrate(work.home, work.now)
    told = placed()
    opens = {leaf.id: (leaf.content, bytes(leaf.salt).hex()) for leaf in before[gone.case].values()}
    found = dumped(work.home)
    assert all(salt in found and content in found.replace("\\\\", "\\") for content, salt in opens.values()), "the search finds what is there"
    assert erase(work, officer, gone)["outcome"] == "erased"
    told_by_database(work, officer.lender, "SELECT * FROM arrears_forget_leaves(%s::uuid[])", [[gone.case]])
    integrate(work.home, work.now)
    found = dumped(work.home)
    assert not [leaf for leaf, (content, salt) in opens.items() if salt in found or content in found.replace("\\\\", "\\")]
    assert not [entry for entry, salt in salts.items() if salt in found]
    assert placed()[:len(told)] == told, "the places of erased leaves stay, and so do all roots"
    erased = leaves(compliance, gone.case)
    kept = {leaf.id for leaf in erased.values() if leaf.content is not None}
    with seen_by(compliance):
        assert {entry.verb for entry in Entry.objects.filter(id__in=kept)} == {"person.erase"}, "that it was erased can be proven"
        assert {(entry.verb, bytes(entry.salt), json.dumps(entry.parameters), json.dumps(entry.result)) for entry in Entry.objects.filter(case=gone.case).exclude(verb="person.erase")} == {
            ("hold.place", b"", "{}", "{}"), ("consent.revoke", b"", "{}", "{}")}
    for leaf in opens:
        one = leaf_of_entry(compliance, leaf)
        if one is not None:
            assert (one.content, one.salt, one.is_erased, one.commitment) == (None, None, True, told[one.index])
    assert leaves_of_payment(compliance, f"pay-{gone.case}") == []
    for leaf in before[stays.case].values():
        index, _ = standing(leaf.id)
        assert told[index] == commitment(bytes(leaf.salt), leaves(compliance, stays.case)[leaf.id].content)
    assert merkle(placed()[:len(told)]) == merkle(told)


def test_whoever_is_erased_can_be_opened_in_no_night_of_a_book_once_it_is_collected_again_without_anybody_thinking_of_it(work, bank, tmp_path):
    officer, _ = bank
    made = [case_made(work, officer.lender, Person("debtor", **of), **LONG_AGO) for of in (ZHANG, LI)]
    with seen_by(officer):
        gone, stays = (Case.objects.get(id=one.case).borrower_id for one in made)
    (tmp_path / "lender.yaml").write_text(f"id: {officer.lender}\nname: 测\nlaw: cn\nlicence: bank\nproducts: {{}}\nother_product: consumer_loan\n", encoding="utf-8")
    book = store.book_at(tmp_path)
    slots = dict(zip((gone, stays), slots_of(book, pl.Series([gone, stays])).tolist(), strict=True))
    kept = secret_at(book, slots[stays])
    assert collected(tmp_path, work.now) == (officer.lender, {}) and secret_at(book, slots[gone])
    assert erase(work, officer, made[0])["outcome"] == "erased"
    assert collected(tmp_path, work.now) == (officer.lender, {})
    assert secret_at(book, slots[gone]) is None and secret_at(book, slots[stays]) == kept
    assert rows_closed(tmp_path, officer.lender) == 0


def test_no_answer_kept_for_a_repeated_call_tells_what_was_done_in_an_erased_case(work, bank):
    from arrears.work.actions.action import KeyReused, perform

    officer, compliance = bank
    gone, stays = case_made(work, officer.lender, Person("debtor", **ZHANG), **LONG_AGO), case_made(work, officer.lender, Person("debtor", **LI), **LONG_AGO)
    calls = {made.case: ("hold.place", {"kind": "cease", "text": "13800138000"}, {"thing": made.case, "key": f"call-{made.case}"}) for made in (gone, stays)}
    first = {case: perform(compliance, verb, given, THEN, **more) for case, (verb, given, more) in calls.items()}
    with seen_by(compliance):
        digests = dict(Answer.objects.filter(key__in=[f"call-{case}" for case in calls]).values_list("key", "digest"))
    assert erase(work, officer, gone)["outcome"] == "erased"
    found = dumped(work.home)
    assert first[gone.case]["hold"] and digests[f"call-{gone.case}"] not in found and digests[f"call-{stays.case}"] in found
    with seen_by(compliance):
        assert Answer.objects.get(key=f"call-{gone.case}").answer == {} and Answer.objects.get(key=f"call-{stays.case}").answer == first[stays.case]
    verb, given, more = calls[gone.case]
    with pytest.raises(KeyReused):
        perform(compliance, verb, given, THEN, **more)


def test_what_names_another_person_of_the_case_can_no_longer_be_opened_by_their_words(work, bank):
    from arrears.work.actions.action import perform

    officer, compliance = bank
    made = case_made(work, officer.lender, Person("debtor", **ZHANG), Person("guarantor", **LI), opened_on=date(2018, 1, 10), closed_on=date(2019, 1, 10), closed_why="settled")
    for party, value in ((0, "张三丰"), (1, "李四光")):
        perform(officer, "person.correct", {"party": made.parties[party], "field": "name", "value": value, "identity_by": "in_person"}, THEN, thing=made.case, reason="a misspelling")
        perform(compliance, "party.protect", {"party": made.parties[party], "state": ("disaster", "seriously_ill")[party]}, THEN, thing=made.case, key=f"state-{made.parties[party]}")

    def rows_told(*names: str) -> str:
        tables = [table.split("\\.")[0] for table in dumped(work.home).split("COPY public.work_") if table.split(" ")[0] in names]
        assert len(tables) == len(names)
        return "\n".join(line for table in tables for line in table.splitlines() if officer.lender in line)

    assert "seriously_ill" in rows_told("entry")
    assert erase(work, officer, made, 1)["outcome"] == "erased"
    rows = rows_told("entry", "leaf", "answer", "party")
    assert "seriously_ill" not in rows and "disaster" in rows, "for what they were protected is nobody's business any more; the debtor's stays"
    with seen_by(officer):
        told = {leaf.content and json.loads(leaf.content)["parameters"]["party"]: leaf.fields_sealed is not None
                for leaf in Leaf.objects.filter(id__in=Entry.objects.filter(verb="person.correct").values_list("id", flat=True))}
    assert told == {str(made.parties[0]): True, str(made.parties[1]): False}
