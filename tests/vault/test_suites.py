"""The ciphers and keyed hashes against published vectors, and the format byte by byte."""

import hashlib
import itertools

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SM3, Hash
from hypothesis import given
from hypothesis import strategies as st

from arrears.vault import suites

# RFC 8452, appendix C.2 (AEAD_AES_256_GCM_SIV): plaintext, associated data, result under key 01 00…, nonce 03 00….
RFC_8452 = [
    ("", "", "07f5f4169bbf55a8400cd47ea6fd400f"),
    ("0100000000000000", "", "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"),
    ("010000000000000000000000", "", "9aab2aeb3faa0a34aea8e2b18ca50da9ae6559e48fd10f6e5c9ca17e"),
    ("01000000000000000000000000000000", "", "85a01b63025ba19b7fd3ddfc033b3e76c9eac6fa700942702e90862383c6c366"),
    ("0200000000000000", "01", "1de22967237a813291213f267e3b452f02d01ae33e4ec854"),
]


@pytest.mark.parametrize(("text", "associated", "result"), RFC_8452)
def test_suite_1_is_aes_256_gcm_siv_as_rfc_8452_gives_it(text, associated, result):
    cipher = suites.SUITES[suites.AES_256_GCM_SIV].cipher(bytes.fromhex("01" + "00" * 31))
    nonce = bytes.fromhex("03" + "00" * 11)
    assert cipher.encrypt(nonce, bytes.fromhex(text), bytes.fromhex(associated)).hex() == result
    assert cipher.decrypt(nonce, bytes.fromhex(result), bytes.fromhex(associated)).hex() == text


def test_suite_2_is_sm4_gcm_as_rfc_8998_gives_it():
    cipher = suites.SUITES[suites.SM4_GCM].cipher(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))
    nonce, associated = bytes.fromhex("00001234567800000000ABCD"), bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    text = bytes.fromhex("AA" * 8 + "BB" * 8 + "CC" * 8 + "DD" * 8 + "EE" * 8 + "FF" * 8 + "EE" * 8 + "AA" * 8)
    result = bytes.fromhex("17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
                           "83DE3541E4C2B58177E065A9BF7B62EC")
    assert cipher.encrypt(nonce, text, associated) == result
    assert cipher.decrypt(nonce, result, associated) == text


def test_the_keyed_hash_of_suite_1_is_hmac_sha256_as_rfc_4231_gives_it():
    keyed = suites.SUITES[suites.AES_256_GCM_SIV].keyed_hash
    assert keyed(b"Jefe", b"what do ya want for nothing?").hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def _sm3(text: bytes) -> bytes:
    digest = Hash(SM3())
    digest.update(text)
    return digest.finalize()


@given(st.binary(min_size=1, max_size=64), st.binary(max_size=200))
def test_the_keyed_hash_of_suite_2_is_hmac_by_its_definition_over_sm3(key, text):
    assert _sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905-2016, A.1
    padded = key.ljust(64, b"\0")
    inner = _sm3(bytes(byte ^ 0x36 for byte in padded) + text)
    assert suites.SUITES[suites.SM4_GCM].keyed_hash(key, text) == _sm3(bytes(byte ^ 0x5C for byte in padded) + inner)


@pytest.mark.parametrize("suite", suites.SUITES)
def test_a_sealed_text_is_suite_key_number_nonce_ciphertext_and_tag(suite):
    cipher = suites.SUITES[suite].cipher(suites.new_key(suite))
    whole = suites.sealed(suite, 7, cipher, b"13800138000", b"place")
    assert len(whole) == 44 and whole[:5] == bytes((suite, 0, 0, 0, 7)) and suites.named(whole) == (suite, 7)
    assert cipher.decrypt(whole[5:17], whole[17:], whole[:5] + b"place") == b"13800138000"


@pytest.mark.parametrize("suite", suites.SUITES)
def test_every_bit_and_every_cut_of_a_sealed_text_is_noticed(suite):
    cipher = suites.SUITES[suite].cipher(suites.new_key(suite))
    whole = suites.sealed(suite, 1, cipher, b"1", b"place")
    for bit in range(len(whole) * 8):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InvalidTag):
            suites.opened(cipher, bytes(changed), b"place")
    for length in range(suites.HEADER_BYTES + suites.NONCE_BYTES, len(whole)):
        with pytest.raises((InvalidTag, ValueError)):
            suites.opened(cipher, whole[:length], b"place")


@pytest.mark.parametrize("suite", suites.SUITES)
def test_nonces_do_not_repeat_in_many_sealings(suite):
    cipher = suites.SUITES[suite].cipher(suites.new_key(suite))
    assert len({suites.sealed(suite, 1, cipher, b"", b"")[5:17] for _ in range(5000)}) == 5000


def test_parts_that_read_alike_when_run_together_are_joined_differently():
    lists = [parts for length in range(5) for parts in itertools.product(("", "a", "b", "aa", "\x00\x00\x00\x01a"), repeat=length)]
    assert len({suites.joined(*parts) for parts in lists}) == len(lists)


def test_a_suite_that_is_not_known_and_a_text_that_is_too_short_are_told():
    assert suites.named(bytes(40)) is None and suites.named(b"\x03" + bytes(40)) is None
    assert suites.named(b"\x01" + bytes(31)) is None and suites.named(b"") is None


def test_new_keys_are_as_long_as_the_cipher_wants_and_never_the_same():
    for suite in suites.SUITES.values():
        keys = {suites.new_key(suite.number) for _ in range(100)}
        assert len(keys) == 100 and {len(key) for key in keys} == {suite.key_bytes}
        assert hashlib.sha256(b"".join(keys)).digest() != bytes(32)
