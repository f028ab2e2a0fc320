"""Handovers: only the vault opens them, and every change, cut or exchange is noticed."""

import json

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from hypothesis import given
from hypothesis import strategies as st

from arrears.vault import handover, rotation, suites
from arrears.vault.handover import HandoverPublicKey, new_private_key, open_people, read_public_key, seal_people
from arrears.vault.refused import Damaged, MissingKey, RetiredKey, VaultRefused, WrongKey
from vault import plain_hpke
from vault.conftest import NOW

PAIR = new_private_key()
PUBLIC = HandoverPublicKey(PAIR.public)
ROW = {"borrower_id": "b1", "relation": "debtor", "ordinal": 0, "name": "王小明", "id_number": "11010119900307123X", "phone": ["13800138000"]}
WRITABLE = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
ROWS = st.fixed_dictionaries(
    {"borrower_id": WRITABLE, "relation": st.sampled_from(handover.RELATIONS), "ordinal": st.integers(0, 9)},
    optional={"name": WRITABLE, "id_number": WRITABLE, "email": WRITABLE, "address": WRITABLE, "account": WRITABLE, "phone": st.lists(WRITABLE, min_size=1, max_size=3)},
)


def private_key_of(public):
    assert public == PAIR.public
    return PAIR


def many(count):
    return [{**ROW, "borrower_id": f"b{turn}"} for turn in range(count)]


def blocks(content):
    """The head, and each block with its length."""
    head, rest, found = content[:120], content[120:], []
    while rest:
        length = int.from_bytes(rest[:4], "big")
        found.append(rest[: 4 + length])
        rest = rest[4 + length :]
    return head, found


@given(st.lists(ROWS, max_size=5), st.text("ab", max_size=2))
def test_what_is_sealed_is_opened_again(rows, lender):
    assert open_people(private_key_of, seal_people(PUBLIC, rows, lender), lender) == rows


@pytest.mark.parametrize(("count", "blocks_wanted"), [(0, 1), (1, 1), (999, 1), (1000, 1), (1001, 2), (2000, 2), (2500, 3)])
def test_any_number_of_rows_is_opened_from_as_many_blocks_as_it_takes(count, blocks_wanted):
    content = seal_people(PUBLIC, many(count))
    assert len(blocks(content)[1]) == blocks_wanted and open_people(private_key_of, content) == many(count)


def test_the_receiver_written_by_hand_gives_the_first_vector_of_rfc_9180():
    # Appendix A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, sequence number 0.
    text = plain_hpke.opened(
        bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"), bytes.fromhex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"),
        bytes.fromhex("f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"), bytes.fromhex("4f6465206f6e2061204772656369616e2055726e"), b"Count-0", aead=1)
    assert text.decode() == "Beauty is truth, truth beauty"


def test_a_handover_is_opened_by_the_receiver_written_by_hand():
    head, [only] = blocks(seal_people(PUBLIC, [ROW], "bank"))
    start = head[:40]
    assert start == b"ARRPPL\x00\x01" + PAIR.public
    stream_key = plain_hpke.opened(PAIR.private, head[40:72], head[72:], suites.joined("arrears handover 1", "bank") + start, b"", aead=2)
    import hashlib

    text = AESGCMSIV(stream_key).decrypt(bytes(11) + b"\x01", only[4:], hashlib.sha256(head).digest())
    assert json.loads(text) == [ROW]


def test_a_file_that_is_cut_anywhere_is_noticed():
    content = seal_people(PUBLIC, many(2500))
    head, parts = blocks(content)
    assert len(parts) == 3
    ends = {len(head), len(head) + len(parts[0]), len(head) + len(parts[0]) + len(parts[1])}
    for cut in {0, 1, 7, 8, 40, 119, *ends, *(end + more for end in ends for more in (1, 3, 4, 5)), len(content) - 1}:
        with pytest.raises(VaultRefused):
            open_people(private_key_of, content[:cut])


def test_blocks_that_are_exchanged_repeated_left_out_or_of_another_handover_are_noticed():
    head, (first, second, third) = blocks(seal_people(PUBLIC, many(2500)))
    _, (foreign, *_) = blocks(seal_people(PUBLIC, many(2500)))
    for parts in ([second, first, third], [first, third], [first, second, second, third], [first, second], [third], [foreign, second, third], [first, second, third, third], []):
        with pytest.raises(Damaged):
            open_people(private_key_of, head + b"".join(parts))
    with pytest.raises(Damaged):
        open_people(private_key_of, head + first + second + third + b"\0")


def test_every_bit_that_flips_is_noticed():
    content = seal_people(PUBLIC, [{"borrower_id": "b", "relation": "debtor", "ordinal": 0}])
    for bit in range(len(content) * 8):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises((VaultRefused, AssertionError)):
            open_people(private_key_of, bytes(changed))


def test_a_handover_of_another_lender_or_key_does_not_open():
    with pytest.raises(WrongKey):
        open_people(private_key_of, seal_people(PUBLIC, [ROW], "bank"), "other bank")
    with pytest.raises(WrongKey):
        open_people(lambda public: new_private_key(), seal_people(PUBLIC, [ROW]))


@pytest.mark.parametrize("change", [
    {"relation": "neighbour"}, {"relation": ["debtor"]}, {"ordinal": -1}, {"ordinal": True}, {"ordinal": "0"}, {"borrower_id": ""}, {"borrower_id": None}, {"name": ""}, {"name": None}, {"name": 5},
    {"phone": "13800138000"}, {"phone": []}, {"phone": [1]}, {"nickname": "明"}, {"name": "a\ud800"},
])
def test_a_row_of_another_shape_is_refused_on_sealing_and_on_opening_and_not_repeated(change, monkeypatch):
    row = {**ROW, **change}
    with pytest.raises(VaultRefused) as refusal:
        seal_people(PUBLIC, [ROW, row])
    assert "row 2" in refusal.value.en and not any(text in refusal.value.en + refusal.value.zh for text in ("王小明", "13800138000", "neighbour", "明\""))
    with monkeypatch.context() as patch:
        patch.setattr(handover, "_checked", lambda row, number: row)
        content = seal_people(PUBLIC, [ROW, row])
    with pytest.raises(VaultRefused, match="row 2"):
        open_people(private_key_of, content)


def test_the_rows_are_not_in_the_file():
    content = seal_people(PUBLIC, many(3))
    assert not any(text.encode() in content for text in ("王小明", "13800138000", "borrower_id"))


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused(content):
    with pytest.raises(VaultRefused):
        open_people(private_key_of, content)


def test_the_public_key_is_one_line_that_reads_back_and_what_is_none_is_refused():
    assert read_public_key(str(PUBLIC) + "\n") == PUBLIC and len(PUBLIC.mark) == 16
    for text in ("", "arrears-people-1:", "arrears-people-2:" + str(PUBLIC).partition(":")[2], str(PUBLIC)[:-5], "arrears-people-1:王"):
        with pytest.raises(VaultRefused):
            read_public_key(text)


def test_the_vault_keeps_its_pair_through_restarts_and_rotations_and_says_which_it_has_no_more(installation):
    vault = installation.init()
    first = vault.handover_public_key()
    content = seal_people(first, [ROW], "bank")
    rotation.rotate_handover_key(vault, NOW)
    rotation.rotate_provider_key(vault, NOW)
    again = installation.open()
    assert again.handover_public_key() != first
    assert open_people(again.handover_private_key, content, "bank") == [ROW]
    assert rotation.retire_handover_keys(again, NOW) == 1
    with pytest.raises(RetiredKey, match=first.mark):
        open_people(vault.handover_private_key, content, "bank")
    with pytest.raises(MissingKey, match=PUBLIC.mark):
        open_people(vault.handover_private_key, seal_people(PUBLIC, [ROW]))
