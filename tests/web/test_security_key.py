"""A security key as a second factor: one made of plain cryptography signs what the page asks, and nothing else passes."""

import hashlib
import json
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from html import unescape

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor

from web.staff import browser

ORIGIN = "http://localhost"


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def question_of(page: str) -> dict:
    return json.loads(unescape(re.search(r'data-question="([^"]+)"', page)[1]))["publicKey"]


class Key:
    """An authenticator after WebAuthn level 2, sections 6.1 and 6.5: made here, byte by byte."""

    def __init__(self, host: str = "localhost"):
        self.private, self.id, self.count, self.host = ec.generate_private_key(ec.SECP256R1()), b"k" * 32, 0, host

    def _told(self, kind: str, challenge: str, origin: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()

    def _data(self, flags: int, more: bytes = b"") -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count) + more

    def made(self, question: dict, origin: str = ORIGIN) -> str:
        numbers = self.private.public_key().public_numbers()
        public = cbor.encode({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        data = self._data(0x45, b"\0" * 16 + struct.pack(">H", len(self.id)) + self.id + public)
        return self._answer({"clientDataJSON": b64(self._told("webauthn.create", question["challenge"], origin)), "attestationObject": b64(cbor.encode({"fmt": "none", "attStmt": {}, "authData": data}))})

    def signed(self, question: dict, origin: str = ORIGIN, *, counts: bool = True) -> str:
        self.count += counts
        told, data = self._told("webauthn.get", question["challenge"], origin), self._data(0x05)
        signature = self.private.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({"clientDataJSON": b64(told), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": None})

    def _answer(self, response: dict) -> str:
        return json.dumps({"type": "public-key", "id": b64(self.id), "rawId": b64(self.id), "response": response, "clientExtensionResults": {}})


def enrolled(staff):
    person, key = staff("auditor"), Key()
    answer = person.browser.post("/second-factor/enrol", {"kind": "security_key", "label": "mine", "credential": key.made(question_of(person.browser.get("/second-factor/enrol").content.decode()))})
    assert answer.status_code == 302 and "mine" in person.browser.get("/account").content.decode()
    return person, key


def test_a_key_that_was_enrolled_logs_in(staff):
    person, key = enrolled(staff)
    there = browser()
    person.give_password(there)
    assert there.post("/second-factor", {"kind": "security_key", "credential": key.signed(question_of(there.get("/second-factor").content.decode()))}).url == "/"
    assert there.get("/account").status_code == 200


def test_an_answer_counts_once_and_one_to_another_question_another_site_or_by_another_key_never(staff):
    person, key = enrolled(staff)
    there = browser()
    person.give_password(there)
    ask = lambda: question_of(there.get("/second-factor").content.decode())  # noqa: E731
    good = key.signed(ask())
    other = Key()
    other.id = key.id
    wrong = [key.signed({"challenge": b64(b"x" * 32)}), key.signed(ask(), "https://localhost.evil.example"), other.signed(ask()), "{}", "no json", good.replace("webauthn", "w")]
    for credential in wrong:
        ask()
        assert there.post("/second-factor", {"kind": "security_key", "credential": credential}).status_code == 401, credential
    used = key.signed(ask())
    assert there.post("/second-factor", {"kind": "security_key", "credential": used}).url == "/"
    again = browser()
    person.give_password(again)
    again.get("/second-factor")
    assert again.post("/second-factor", {"kind": "security_key", "credential": used}).status_code == 401


def test_a_key_that_counts_back_is_taken_for_a_copy(staff):
    person, key = enrolled(staff)
    for expected, counts in ((302, True), (302, True), (401, False)):
        there = browser()
        person.give_password(there)
        assert there.post("/second-factor", {"kind": "security_key", "credential": key.signed(question_of(there.get("/second-factor").content.decode()), counts=counts)}).status_code == expected


def test_an_answer_of_another_site_enrols_nothing(staff):
    person, key = staff("auditor"), Key()
    question = question_of(person.browser.get("/second-factor/enrol").content.decode())
    assert person.browser.post("/second-factor/enrol", {"kind": "security_key", "credential": key.made(question, "https://elsewhere.example")}).status_code == 422
    assert len(urlsafe_b64decode(question["challenge"] + "==")) >= 16
