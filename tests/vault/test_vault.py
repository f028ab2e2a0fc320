"""The vault: what is sealed opens where it was sealed and nowhere else, and is gone with the person's key."""

import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arrears.refusal import Refused
from arrears.vault.refused import Damaged, Erased, MissingKey, UnknownFormat, VaultRefused
from arrears.vault.vault import Cell, Sealed
from vault.conftest import NOW

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)


def person() -> str:
    return str(uuid.uuid4())


def moved(cell: Cell, sealed: bytes, **changes) -> Sealed:
    place = {"person": cell.person, "table": cell.table, "column": cell.column, "row": cell.row, **changes}
    return Sealed(**place, sealed=sealed)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), NAMES, NAMES, NAMES, TEXTS), max_size=12))
def test_whatever_is_sealed_is_opened_again_in_the_same_order(shared_vault, rows):
    people = [str(uuid.UUID(int=number + 1)) for number in range(4)]
    cells = [Cell(people[who], table, column, row, text) for who, table, column, row, text in rows]
    sealed = shared_vault.seal("bank", cells, NOW)
    assert shared_vault.open("bank", [moved(cell, one) for cell, one in zip(cells, sealed, strict=True)]) == [cell.text for cell in cells]


def test_every_single_bit_that_flips_is_refused(shared_vault):
    cell = Cell(person(), "party", "phone", person(), "13800138000")
    [whole] = shared_vault.seal("bank", [cell])
    assert len(whole) == 44
    for bit in range(len(whole) * 8):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises((Damaged, UnknownFormat, MissingKey)) as refusal:
            shared_vault.open("bank", [moved(cell, bytes(changed))])
        assert "13800138000" not in str(refusal.value)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_refused(shared_vault, content):
    cell = Cell("00000000-0000-0000-0000-000000000001", "party", "phone", "r", "")
    shared_vault.seal("bank", [cell])
    with pytest.raises(VaultRefused):
        shared_vault.open("bank", [moved(cell, content)])


@pytest.mark.parametrize("place", ["table", "column", "row"])
def test_a_text_moved_to_another_place_of_the_same_person_is_refused(shared_vault, place):
    cell = Cell(person(), "party", "phone", person(), "13800138000")
    [whole] = shared_vault.seal("bank", [cell])
    with pytest.raises(Damaged, match="moved here from another"):
        shared_vault.open("bank", [moved(cell, whole, **{place: "elsewhere"})])


def test_a_text_moved_to_another_person_or_lender_is_refused(shared_vault):
    cell, other = Cell(person(), "party", "phone", person(), "13800138000"), person()
    [whole] = shared_vault.seal("bank", [cell])
    with pytest.raises(MissingKey):
        shared_vault.open("bank", [moved(cell, whole, person=other)])
    shared_vault.seal("bank", [Cell(other, "party", "phone", cell.row, "x")])
    with pytest.raises(Damaged):
        shared_vault.open("bank", [moved(cell, whole, person=other)])
    shared_vault.seal("another bank", [cell])
    with pytest.raises(Damaged):
        shared_vault.open("another bank", [moved(cell, whole)])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text("ab", max_size=3), min_size=3, max_size=3), st.lists(st.text("ab", max_size=3), min_size=3, max_size=3))
def test_places_that_only_read_alike_when_run_together_are_different_places(shared_vault, sealed_at, opened_at):
    who = "00000000-0000-0000-0000-000000000002"
    [whole] = shared_vault.seal("bank", [Cell(who, *sealed_at, "text")])
    if sealed_at == opened_at:
        assert shared_vault.open("bank", [Sealed(who, *opened_at, whole)]) == ["text"]
    else:
        with pytest.raises(Damaged):
            shared_vault.open("bank", [Sealed(who, *opened_at, whole)])


def test_the_same_text_sealed_twice_looks_different(shared_vault):
    cell = Cell(person(), "party", "phone", person(), "13800138000")
    assert len(set(shared_vault.seal("bank", [cell] * 50))) == 50


def test_what_a_text_is_bound_to_is_what_the_page_says(shared_vault):
    cell = Cell(person(), "party", "phone", "row 1", "13800138000")
    [whole] = shared_vault.seal("bank", [cell])
    number, _, cipher = shared_vault.data_keys.to_seal("bank", [cell.person], None)[cell.person]
    parts = b"".join(len(part).to_bytes(4, "big") + part for part in (b"arrears cell 1", b"bank", b"party", b"phone", b"row 1"))
    assert whole[:5] == bytes((1, 0, 0, 0, number))
    assert cipher.decrypt(whole[5:17], whole[17:], whole[:5] + parts + cell.person.encode()) == b"13800138000"


def test_opening_makes_no_key(shared_vault):
    stranger = person()
    with pytest.raises(MissingKey):
        shared_vault.open("bank", [Sealed(stranger, "party", "phone", "r", b"\x01\x00\x00\x00\x01" + bytes(40))])
    assert not shared_vault.has_key("bank", stranger)


def test_a_person_who_is_shredded_is_gone_for_every_process_at_once_and_never_comes_back(installation):
    here, there = installation.init(), installation.open()
    cell = Cell(person(), "party", "name", person(), "王小明")
    [whole] = here.seal("bank", [cell])
    assert there.open("bank", [moved(cell, whole)]) == ["王小明"]
    assert here.shred("bank", cell.person, NOW) == 1
    for one in (here, there, installation.open()):
        with pytest.raises(Erased):
            one.open("bank", [moved(cell, whole)])
        with pytest.raises(Erased) as refusal:
            one.seal("bank", [cell])
        assert "王小明" not in str(refusal.value)
        assert not one.has_key("bank", cell.person)
    assert here.shred("bank", cell.person, NOW) == 0
    assert len((installation.home / "keys" / "erased.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize("statement", ["DELETE FROM vault.data_key WHERE person = '{}'", "DELETE FROM vault.data_key", "TRUNCATE vault.data_key"])
@pytest.mark.parametrize("is_first_change", [True, False])
def test_a_key_that_anybody_deletes_by_hand_is_used_no_more_by_a_process_that_holds_it(installation, statement, is_first_change):
    vault = installation.init()
    cell, other = (Cell(person(), "party", "name", person(), "王小明") for _ in range(2))
    if not is_first_change:
        vault.shred("bank", person(), NOW)
        vault.seal("bank", [other])
        vault.shred("bank", other.person, NOW)
    [whole] = vault.seal("bank", [cell])
    assert vault.open("bank", [moved(cell, whole)]) == ["王小明"]
    installation.sql(statement.format(cell.person))
    with pytest.raises(MissingKey):
        vault.open("bank", [moved(cell, whole)])
    [again] = vault.seal("bank", [cell])
    assert vault.open("bank", [moved(cell, again)]) == ["王小明"]
    with pytest.raises(Damaged):
        vault.open("bank", [moved(cell, whole)])


def test_of_a_batch_in_which_one_is_erased_nothing_is_opened_or_sealed(vault):
    cells = [Cell(person(), "party", "name", person(), text) for text in "甲乙丙"]
    sealed = vault.seal("bank", cells)
    vault.shred("bank", cells[1].person, NOW)
    with pytest.raises(Erased):
        vault.open("bank", [moved(cell, one) for cell, one in zip(cells, sealed, strict=True)])
    with pytest.raises(Erased):
        vault.seal("bank", cells)
    assert vault.open("bank", [moved(cells[2], sealed[2])]) == ["丙"]


@pytest.mark.parametrize("is_mark_gone", [True, False])
def test_nobody_who_is_erased_comes_back_with_an_older_dump_of_the_keys(installation, is_mark_gone):
    vault = installation.init()
    cell = Cell(person(), "party", "name", person(), "王小明")
    [whole] = vault.seal("bank", [cell])
    row = installation.sql("SELECT * FROM vault.data_key")[0]
    vault.shred("bank", cell.person, NOW)
    # What restoring a dump from before does: the key is back, the mark is not (or it is, where only this table was restored).
    if is_mark_gone:
        installation.sql("DELETE FROM vault.erased")
    installation.sql("ALTER TABLE vault.data_key DISABLE TRIGGER ALL")
    installation.sql("INSERT INTO vault.data_key VALUES (%s, %s, %s, %s, %s, %s, %s)", row)
    again = installation.open()
    assert not again.has_key("bank", cell.person)
    with pytest.raises(Erased):
        again.open("bank", [moved(cell, whole)])
    assert again.apply_tombstones() == []


def test_the_database_itself_refuses_a_key_for_an_erased_person_and_taking_an_erasure_back(installation):
    import psycopg

    vault = installation.init()
    cell = Cell(person(), "party", "name", person(), "王小明")
    vault.seal("bank", [cell])
    row = installation.sql("SELECT * FROM vault.data_key")[0]
    vault.shred("bank", cell.person, NOW)
    for statement, values in (
        ("INSERT INTO vault.data_key VALUES (%s, %s, %s, %s, %s, %s, %s)", row), ("DELETE FROM vault.erased", ()), ("UPDATE vault.erased SET tenant = 'x'", ()),
        ("UPDATE vault.layout SET version = 2", ()), ("DELETE FROM vault.tenant_key", ()), ("UPDATE vault.change SET mark = gen_random_uuid()", ()), ("DELETE FROM vault.change", ()), ("UPDATE vault.data_key SET person = gen_random_uuid()", ()), ("DROP TABLE vault.erased", ()),
    ):
        with psycopg.connect(**installation.app) as connection, pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)):
            connection.execute(statement, values)


def test_the_cache_may_be_smaller_than_the_batch(installation):
    installation.init().close()
    vault = installation.open(cached=3)
    cells = [Cell(person(), "party", "name", person(), str(turn)) for turn in range(20)]
    sealed = vault.seal("bank", cells)
    for _ in range(2):
        assert vault.open("bank", [moved(cell, one) for cell, one in zip(cells, sealed, strict=True)]) == [str(turn) for turn in range(20)]


@pytest.mark.parametrize("who", ["", "13800138000", "A0000000-0000-0000-0000-00000000000A", "王小明", None, "00000000000000000000000000000001"])
def test_a_person_is_a_uuid_in_one_spelling_and_what_is_none_is_not_repeated(shared_vault, who):
    for call in (lambda: shared_vault.seal("bank", [Cell(who, "t", "c", "r", "x")]), lambda: shared_vault.open("bank", [Sealed(who, "t", "c", "r", bytes(50))]), lambda: shared_vault.shred("bank", who, NOW)):
        with pytest.raises(VaultRefused) as refusal:
            call()
        assert not who or who not in refusal.value.en + refusal.value.zh


@pytest.mark.parametrize("text", [None, "a\ud800b", b"bytes", 12])
def test_what_is_no_text_is_refused_without_being_shown(shared_vault, text):
    with pytest.raises(VaultRefused) as refusal:
        shared_vault.seal("bank", [Cell(person(), "party", "name", "r", text)])
    assert refusal.value.__cause__ is refusal.value.__context__ is None


def test_a_lender_without_a_code_gets_no_key(shared_vault):
    with pytest.raises(VaultRefused):
        shared_vault.seal("", [Cell(person(), "t", "c", "r", "x")])


def test_a_file_is_sealed_like_a_text_and_neither_opens_as_the_other(shared_vault):
    who, content = person(), bytes(range(256)) * 1000
    whole = shared_vault.seal_content("bank", who, "attachment", "content", "r", content)
    place = Sealed(who, "attachment", "content", "r", whole)
    assert shared_vault.open_content("bank", place) == content
    with pytest.raises(Damaged):
        shared_vault.open("bank", [place])
    with pytest.raises(Damaged):
        shared_vault.open_content("bank", Sealed(who, "attachment", "content", "another", whole))
    [text] = shared_vault.seal("bank", [Cell(who, "attachment", "content", "r", "text")])
    with pytest.raises(Damaged):
        shared_vault.open_content("bank", Sealed(who, "attachment", "content", "r", text))


def test_nothing_that_holds_a_text_or_a_key_shows_it(shared_vault):
    cell = Cell(person(), "party", "name", "r", "王小明")
    [whole] = shared_vault.seal("bank", [cell])
    pair = shared_vault.handover_private_key(shared_vault.handover_public_key().public)
    shown = " ".join(repr(one) + str(one) for one in (cell, moved(cell, whole), pair, shared_vault, shared_vault.provider, shared_vault.store, shared_vault.tenant_keys, shared_vault.data_keys, shared_vault.provider._held))
    assert "王小明" not in shown and repr(whole)[2:-1] not in shown
    assert pair.private.hex() not in shown and repr(pair.private)[2:-1] not in shown and "'a'" not in repr(shared_vault.store)


def test_what_the_database_holds_shows_no_key(shared_vault, module_installation):
    who = person()
    shared_vault.seal("bank", [Cell(who, "t", "c", "r", "x")])
    [(number, suite, _)] = [shared_vault.data_keys.to_seal("bank", [who], None)[who]]
    [(wrapped,)] = module_installation.sql("SELECT wrapped FROM vault.data_key WHERE person = %s", [who])
    assert (number, suite) == (1, 1) and len(wrapped) == 33 + 32


def test_every_refusal_speaks_both_languages(shared_vault):
    with pytest.raises(Refused) as refusal:
        shared_vault.open("bank", [Sealed(person(), "party", "phone", "r", b"\x09" * 50)])
    assert refusal.value.zh and refusal.value.en and refusal.value.zh != refusal.value.en
