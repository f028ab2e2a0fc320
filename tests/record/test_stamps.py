"""Stamps are asked of a real authority: `openssl ts` behind HTTP on this machine, checked afterwards by `openssl ts -verify`, which shares nothing with the code under test."""

import base64
import resource
import socket
import ssl
import subprocess
import sys
import threading
import time
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from arrears.record import verify
from arrears.record.append import Log
from arrears.record.signing_key import make_key
from arrears.record.stamps import APART_SECONDS, NoStamp, keep, stamp, stamps_of
from arrears.refusal import DiskFull, Refused
from record.programs_beside import needed
from record.time_authority import TimeAuthority

ENTRIES = [bytes([number % 256]) * 32 for number in range(1234)]


def root(entries: list[bytes]) -> bytes:
    """The tree's root by the definition of RFC 6962 section 2.1."""
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    split = 1 << (len(entries) - 1).bit_length() - 1
    return sha256(b"\1" + root(entries[:split]) + root(entries[split:])).digest()


BODY = b"lender.example/record\n1234\n" + base64.b64encode(root(ENTRIES)) + b"\n"
"""What is stamped: origin, size and root of the log below."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    needed("openssl", "openssl")
    return TimeAuthority(tmp_path_factory.mktemp("authority") / "ours")


@pytest.fixture
def address(authority):
    authority.bend = None
    authority.asked.clear()
    with authority.listening() as url:
        yield url
    authority.bend = None


@pytest.fixture
def log(tmp_path):
    """A log of 1,234 entries, published."""
    with Log.create(tmp_path / "log", make_key(tmp_path / "key", "lender.example/record", 0)) as log:
        log.extend(b"".join(ENTRIES))
        log.publish()
        yield log


def now() -> int:
    return time.time_ns() // 1000


def kept(log) -> list[str]:
    """What lies in the folder beside the log itself."""
    return sorted(path.name for path in log.folder.rglob("*") if path.relative_to(log.folder).parts[0] not in ("checkpoint", "checkpoints", "keys", "lock", "tile"))


def refused(log, *asked, **named) -> NoStamp:
    """What was said, in both languages, with nothing kept."""
    with pytest.raises(NoStamp) as caught:
        stamp(log, *asked, **named)
    assert kept(log) == []
    assert any("一" <= letter <= "鿿" for letter in caught.value.zh)
    return caught.value


def test_a_stamp_is_kept_under_its_size_and_digest_and_openssl_agrees_with_it(authority, address, log):
    before = now()
    path = stamp(log, address, authority.root, before)
    assert path == log.folder / "stamps" / f"1234-{sha256(path.read_bytes()).hexdigest()[:16]}.tsr"
    assert kept(log) == [path.name, "stamps"]
    assert authority.agrees(path, BODY)
    assert not authority.agrees(path, BODY.replace(b"1234", b"1235"))
    found, = stamps_of(log.folder)
    assert (found.path, found.size, found.digest, found.fault) == (path, 1234, sha256(BODY).digest(), None)
    assert before - 2_000_000 < found.at < now() + 2_000_000


def test_an_authority_with_an_elliptic_key_stamps_as_well(tmp_path, log):
    needed("openssl", "openssl")
    authority = TimeAuthority(tmp_path / "elliptic", elliptic=True)
    with authority.listening() as url:
        assert authority.agrees(stamp(log, url, authority.root, now()), BODY)


def test_what_is_kept_is_what_the_self_contained_verifier_believes(authority, address, log, tmp_path):
    stamp(log, address, authority.root, now())
    other = TimeAuthority(tmp_path / "other")
    program = [sys.executable, Path(verify.__file__), "log", log.folder, "--key", log.keys[0], "--lang", "en"]
    for given, status in ((["--tsa", authority.root], 0), (["--tsa", authority.own], 0), ([], 0), (["--tsa", other.root], 1)):
        ran = subprocess.run([*program, *given], capture_output=True, text=True)
        assert ran.returncode == status, ran.stdout + ran.stderr
    path = stamps_of(log.folder)[0].path
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    ran = subprocess.run([*program, "--tsa", authority.root], capture_output=True, text=True)
    assert ran.returncode == 1 and f"stamps/{path.name}" in ran.stdout


def test_the_question_tells_the_authority_the_digest_and_nothing_else_of_the_log(authority, address, log):
    stamp(log, address, authority.root, now())
    question, = authority.asked
    assert sha256(BODY).digest() in question
    assert b"lender.example" not in question and len(question) < 80


def test_no_two_questions_have_the_same_nonce(authority, address, log):
    for _ in range(3):
        stamp(log, address, authority.root, now())
    assert len(set(authority.asked)) == 3
    assert [found.size for found in stamps_of(log.folder)] == [1234] * 3


@pytest.mark.parametrize("place", [
    lambda answer: answer.index(sha256(BODY).digest()) + 31,
    lambda answer: answer.index(b"\x18\x0f20") + 15,
    lambda answer: answer.index(bytes.fromhex("060b2a864886f70d0109100104")) + 18,
    lambda answer: answer.index(b"\x13\x09Authority" if b"\x13\x09Authority" in answer else b"\x0c\x09Authority") + 5,
    lambda answer: answer.index(bytes.fromhex("06092a864886f70d010101")) + 60,
    lambda answer: answer.rindex(b"\x04\x20") + 9,
    lambda answer: len(answer) - 1,
    lambda answer: len(answer) - 200,
], ids=["digest", "time", "version", "certificate's name", "certificate's key", "signed digest", "signature", "signature's middle"])
def test_a_changed_byte_in_what_is_stamped_or_signed_is_refused(authority, address, log, place):
    def bend(_, answer):
        at = place(answer)
        return 200, answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1:], {}

    authority.bend = bend
    refused(log, address, authority.root, now())


@pytest.mark.parametrize(("bend", "words"), [
    (lambda authority, question, answer: (200, authority.answer_about(b"another text"), {}), "another text than this checkpoint"),
    (lambda authority, question, answer: (200, authority.answer_about(BODY), {}), "nonce differs"),
    (lambda authority, question, answer: (200, authority.answer_about(BODY, "sha256", "-no_nonce"), {}), "nonce differs"),
    (lambda authority, question, answer: (200, authority.answer_about(BODY, "sha512"), {}), "not SHA-256"),
    (lambda authority, question, answer: (200, authority.answer_about(BODY, "md5"), {}), "refused the stamp (status 2"),
    (lambda authority, question, answer: (200, b"<html>Welcome</html>", {}), "no RFC 3161 response"),
    (lambda authority, question, answer: (200, b"", {}), "no RFC 3161 response"),
    (lambda authority, question, answer: (200, answer[:-1], {}), "no RFC 3161 response"),
    (lambda authority, question, answer: (200, answer + b"\n", {}), "no RFC 3161 response"),
    (lambda authority, question, answer: (200, answer + bytes(1 << 20), {}), "larger than"),
    (lambda authority, question, answer: (200, answer, {"Content-Length": str(len(answer) + 1)}), "cannot be reached or broke off"),
    (lambda authority, question, answer: (503, answer, {}), "HTTP status 503"),
    (lambda authority, question, answer: (302, answer, {"Location": "https://example.org/"}), "HTTP status 302"),
], ids=["other text", "old answer", "no nonce", "other digest", "rejection", "html", "empty", "short", "trailing byte", "huge", "broken off", "unavailable", "redirect"])
def test_a_wrong_answer_is_refused_in_words_and_nothing_is_kept(authority, address, log, bend, words):
    authority.bend = lambda question, answer: bend(authority, question, answer)
    assert words in refused(log, address, authority.root, now(), patience_seconds=3.0).en


def test_a_statement_signed_by_openssl_cms_as_an_authority_would_is_kept(authority, address, log):
    """So that the refusals below are for what they say, not for how they were made."""
    authority.bend = lambda question, _: (200, authority.answer_signed_otherwise(question, authority.own, "-cades"), {})
    assert authority.agrees(stamp(log, address, authority.root, now()), BODY)


@pytest.mark.parametrize(("purposes", "options", "words"), [
    ((ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.SERVER_AUTH), ("-cades",), "unsuitable certificate purpose"),
    ((ExtendedKeyUsageOID.SERVER_AUTH,), ("-cades",), "unsuitable certificate purpose"),
    ((), ("-cades",), "unsuitable certificate purpose"),
    ((ExtendedKeyUsageOID.TIME_STAMPING,), (), "auditor's verifier would not believe"),
    ((ExtendedKeyUsageOID.TIME_STAMPING,), ("-cades", "-noattr"), "not"),
], ids=["for another purpose too", "for another purpose", "for no purpose", "no reference to its certificate", "no signed attributes"])
def test_a_stamp_signed_with_a_certificate_for_something_else_or_not_bound_to_it_is_refused(authority, address, log, purposes, options, words):
    certificate = authority.certificate_for(*purposes)
    authority.bend = lambda question, _: (200, authority.answer_signed_otherwise(question, certificate, *options), {})
    assert words in refused(log, address, authority.root, now()).en


def test_an_authority_below_another_is_trusted_with_what_lies_between_and_not_without(tmp_path, log):
    needed("openssl", "openssl")
    authority, chain = TimeAuthority(tmp_path / "below", between=True), tmp_path / "chain.pem"
    chain.write_bytes(authority.root.read_bytes() + (authority.folder / "between.pem").read_bytes())
    with authority.listening() as url:
        refused(log, url, authority.root, now())
        assert authority.agrees(stamp(log, url, chain, now()), BODY, chain)


def test_an_authority_that_the_user_did_not_configure_is_refused(authority, address, log, tmp_path):
    other = TimeAuthority(tmp_path / "other")
    assert "not signed by the configured authority" in refused(log, address, other.root, now()).en
    authority.bend = lambda question, _: (200, other.answer(question), {})
    assert "not signed by the configured authority" in refused(log, address, authority.root, now()).en


def test_an_authority_s_own_certificate_beside_the_root_pins_that_one(tmp_path, log):
    needed("openssl", "openssl")
    authority, pinned = TimeAuthority(tmp_path / "pinned"), tmp_path / "pinned.pem"
    pinned.write_bytes(authority.root.read_bytes() + authority.own.read_bytes())
    with authority.listening() as url:
        assert authority.agrees(stamp(log, url, pinned, now()), BODY)
        authority.replace_own(elliptic=True)
        with pytest.raises(NoStamp, match="not signed by the configured authority"):
            stamp(log, url, pinned, now())
        assert authority.agrees(stamp(log, url, authority.root, now()), BODY)


@pytest.mark.parametrize("apart", [-APART_SECONDS - 60, APART_SECONDS + 60])
def test_a_stamp_whose_time_does_not_agree_with_this_machine_s_is_refused(authority, address, log, apart):
    assert "one clock is wrong" in refused(log, address, authority.root, now() + apart * 1_000_000).en


def test_an_authority_that_is_down_is_told_and_the_log_s_folder_is_as_it_was(authority, log):
    with authority.listening() as url:
        gone = url
    assert "log goes on" in refused(log, gone, authority.root, now()).en


def test_an_authority_that_sends_a_byte_now_and_then_does_not_hold_the_log(authority, log):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()

        def serve():
            peer, _ = listening.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
                while not over.wait(0.05):
                    try:
                        peer.sendall(b"0")
                    except OSError:
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            assert "no whole answer within 0.4 seconds" in refused(log, f"http://127.0.0.1:{listening.getsockname()[1]}/", authority.root, now(), patience_seconds=0.4).en
        finally:
            over.set()
            thread.join()


def test_https_is_spoken_and_a_server_that_nobody_vouches_for_is_refused(authority, log, tmp_path, monkeypatch):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", tmp_path / "tls.key", "-out", tmp_path / "tls.pem", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem", tmp_path / "tls.key")
    authority.bend = None
    with authority.listening(lambda plain: context.wrap_socket(plain, server_side=True)) as url:
        assert url.startswith("https://")
        assert "certificate verify failed" in refused(log, url, authority.root, now()).en
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
        assert authority.agrees(stamp(log, url, authority.root, now()), BODY)


@pytest.mark.parametrize("url", ["http://tsa.example.org/", "http://127.0.0.1.example.org/", "ftp://127.0.0.1/", "https://", "https:///stamps", "https://user:word@127.0.0.1/", "https://127.0.0.1:port/",
                                 "tsa.example.org", "", "https://127.0.0.1/a b", "https://127.0.0.1/\r\nHost: x", "https://[::1/", "file:///etc/passwd"])
def test_an_address_in_clear_or_malformed_is_refused_before_anything_is_sent(authority, log, url):
    with pytest.raises(Refused, match="no address of a time-stamping authority to be asked safely"):
        stamp(log, url, authority.root, now())
    assert kept(log) == []


def test_a_certificate_file_without_a_root_is_refused_before_anything_is_sent(authority, address, log, tmp_path):
    (tmp_path / "empty.pem").write_text("")
    two = tmp_path / "two.pem"
    other = TimeAuthority(tmp_path / "other")
    two.write_bytes(authority.root.read_bytes() + authority.own.read_bytes() + other.own.read_bytes())
    for path, words in ((tmp_path / "missing.pem", "no certificate can be read"), (tmp_path / "empty.pem", "no certificate can be read"), (authority.own, "holds 0 root certificates"), (two, "2 of authorities")):
        with pytest.raises(Refused, match=words):
            stamp(log, address, path, now())
    assert authority.asked == [] and kept(log) == []


def test_a_full_disk_leaves_no_half_stamp(log):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(DiskFull):
            keep(log.folder / "stamps", 7, ".tsr", bytes(1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert kept(log) == ["stamps"]


def test_a_folder_that_cannot_be_written_is_refused(log):
    (log.folder / "stamps").write_text("a file where the folder should be")
    with pytest.raises(Refused, match="cannot be written"):
        keep(log.folder / "stamps", 7, ".tsr", b"content")


def test_a_damaged_stamp_is_listed_with_its_fault_and_the_sound_ones_beside_it(authority, address, log):
    sound, other = stamp(log, address, authority.root, now()), stamp(log, address, authority.root, now())
    other.write_bytes(other.read_bytes()[:-1] + b"\0")
    (sound.parent / "notes.txt").write_text("hello")
    (sound.parent / f"{sound.name}.tmp-0123").write_bytes(b"half")
    keep(sound.parent, 5, ".tsr", b"no DER")
    found = stamps_of(log.folder)
    assert {stamp.path for stamp in found if stamp.fault is None} == {sound}
    assert sorted((stamp.size, stamp.path.name[:5]) for stamp in found if stamp.fault is not None) == [(0, "notes"), (5, "5-" + sha256(b"no DER").hexdigest()[:3]), (1234, "1234-")]
    assert stamps_of(log.folder / "nowhere") == []
