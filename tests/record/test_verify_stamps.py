"""Stamps of RFC 3161, made by openssl and by hand: true ones are believed with their time, and nothing else is."""

import hashlib
import json
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from arrears.record import stamps, verify
from arrears.record.append import Log
from arrears.record.signing_key import make_key
from record import plain_log as plain
from record.plain_log import LOG, full_log, log_of
from record.stamping_authority import KEYS, Authority, ByHand, authority, der, needed, oid

BODY = f"{plain.ORIGIN}\n5\n{plain.b64(bytes(32))}\n"


def trusted(*paths: Path) -> list[x509.Certificate]:
    return verify.read_trusted([str(path) for path in paths])


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict[str, Authority]:
    needed()
    return {kind: authority(tmp_path_factory.mktemp("authority") / kind, kind) for kind in KEYS}


@pytest.mark.parametrize("kind", list(KEYS))
@pytest.mark.parametrize("chain", [False, True])
def test_a_stamp_by_openssl_is_believed_with_the_time_openssl_says(made, kind, chain):
    here = made[kind]
    stamp = verify.read_stamp(here.stamp(BODY, chain=chain), BODY, trusted(here.root, *([] if chain else [here.folder / "middle.pem"])))
    said = subprocess.run(["openssl", "ts", "-reply", "-in", here.folder / "answer", "-text"], capture_output=True, text=True, check=True).stdout
    (when,) = re.findall(r"Time stamp: (.*) GMT", said)
    month, day, clock, year = when.split()
    assert verify._moment(stamp.at) == f"{year}-{'JanFebMarAprMayJunJulAugSepOctNovDec'.index(month) // 3 + 1:02d}-{int(day):02d}T{clock}Z"
    assert (stamp.is_traced, stamp.policy, stamp.accuracy, stamp.authority) == (True, "1.2.3.4.1", 2, "CN=tsa 时间戳")
    assert f"Serial number: 0x{stamp.serial:02X}" in said


def test_a_stamp_is_traced_only_to_a_certificate_that_was_given(made):
    raw = made["rsa"].stamp(BODY)
    assert not verify.read_stamp(raw, BODY, []).is_traced
    assert not verify.read_stamp(raw, BODY, trusted(made["ec"].root)).is_traced
    assert not verify.read_stamp(raw, BODY, trusted(made["rsa"].root)).is_traced, "the certificate between is missing"
    assert verify.read_stamp(raw, BODY, trusted(made["rsa"].folder / "tsa.pem")).is_traced
    bare = made["rsa"].stamp(BODY, with_certificate=False)
    assert verify.read_stamp(bare, BODY, trusted(made["rsa"].folder / "tsa.pem")).is_traced
    with pytest.raises(verify.Untraced):
        verify.read_stamp(bare, BODY, [])


def test_a_stamp_binding_its_certificate_the_old_way_is_believed(tmp_path):
    needed()
    here = authority(tmp_path / "old", "ec", ess="sha1")
    raw = here.stamp(BODY, chain=True)
    assert bytes.fromhex("060b2a864886f70d010910020c") in raw
    assert verify.read_stamp(raw, BODY, trusted(here.root)).is_traced


def test_a_stamp_over_another_text_or_another_digest_is_not_believed(made):
    with pytest.raises(verify.Unfit, match="over another text"):
        verify.read_stamp(made["ec"].stamp(BODY), BODY.replace("\n5\n", "\n6\n"), [])
    with pytest.raises(verify.Unfit, match="over another text"):
        verify.read_stamp(made["ec"].stamp(BODY, digest="sha512"), BODY, [])


@pytest.mark.filterwarnings("ignore:Parsed a")
@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_flipped_bit_in_a_stamp_is_found_or_changes_nothing_of_what_it_proves(made, kind):
    here, drawn, found = made[kind], random.Random(3), 0
    raw, roots = here.stamp(BODY, chain=True), trusted(here.root)
    right = verify.read_stamp(raw, BODY, roots)
    places = drawn.sample(range(len(raw)), 400)
    for place in places:
        wrong = bytearray(raw)
        wrong[place] ^= 1 << drawn.randrange(8)
        try:
            stamp = verify.read_stamp(bytes(wrong), BODY, roots)
        except verify.Unfit:
            found += 1
            continue
        assert stamp == right or (not stamp.is_traced and stamp.at == right.at), f"byte {place}"
    assert 100 < found < 400
    for size in range(0, len(raw), 41):
        with pytest.raises(verify.Unfit):
            verify.read_stamp(raw[:size], BODY, roots)


@pytest.mark.parametrize("use", ["not_critical", "two_uses", "no_use"])
def test_a_certificate_not_made_for_stamping_alone_is_not_believed(tmp_path, use):
    """openssl itself refuses to stamp with such a certificate; so the stamp is made by hand."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "by hand")])
    right = ByHand(key).certificate()
    builder = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=7, not_valid_before=right.not_valid_before_utc, not_valid_after=right.not_valid_after_utc)
    uses = [x509.ExtendedKeyUsageOID.TIME_STAMPING, x509.ExtendedKeyUsageOID.CLIENT_AUTH][: 2 if use == "two_uses" else 1]
    if use != "no_use":
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=use != "not_critical")
    wrong = builder.sign(key, None)

    class Wrong(ByHand):
        def certificate(self, **_):
            return wrong

    with pytest.raises(verify.Unfit, match="time stamping alone"):
        verify.read_stamp(Wrong(key).stamp(BODY), BODY, [wrong])
    assert verify.read_stamp(ByHand(key).stamp(BODY), BODY, [right]).is_traced


def test_a_certificate_past_its_time_at_the_stamp_is_not_believed():
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))

    class Past(ByHand):
        def certificate(self, **_):
            return ByHand.certificate(self, years=(2020, 2025))

    with pytest.raises(verify.Unfit, match="not in force"):
        verify.read_stamp(Past(key).stamp(BODY), BODY, [Past(key).certificate()])


@pytest.fixture(scope="module")
def hands() -> list[ByHand]:
    return [ByHand(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))), ByHand(rsa.generate_private_key(65537, 2048))]


def test_ed25519_and_rsa_pss_signatures_are_believed(hands):
    for hand in hands:
        stamp = verify.read_stamp(hand.stamp(BODY), BODY, [hand.certificate()])
        assert (verify._moment(stamp.at), stamp.serial, stamp.policy, stamp.is_traced) == ("2026-09-21T14:15:00Z", 5, "1.2.3", True)


ATTRIBUTE = der(0x30, oid("1.2.840.113549.1.9.3"), der(0x31, oid("1.2.3")))
WRONG = {
    "status": [der(0x30, der(2, b"\x02")), der(0x30, der(2, b"\x00\x00")), der(0x30, der(2, b""))],
    "after": [b"\x00", b"\x05\x00", der(0x30)],
    "version": [der(2, b"\x02")],
    "serial": [der(2, b"\x00\x05"), der(2, b""), der(4, b"\x05")],
    "time": [der(24, text) for text in (b"20260921141500", b"20260921141500.Z", b"20260921141500.50Z", b"20260231141500Z", b"20260921141500+0800", b"2026092114150Z")] + [der(23, b"260921141500Z")],
    "more": [der(1, b"\x01"), der(2, b"\x01") + der(1, b"\xff"), der(0xA1, der(0x30, oid("1.2.3"), der(1, b"\xff"), der(4))), b"\x30\x80\x00\x00", der(0x30, der(2, b"\xff"))],
    "imprint_digest": [b"2.16.840.1.101.3.4.2.3", b"1.3.14.3.2.26"],
    "content_type": [ATTRIBUTE, b""],
    "attribute": [ATTRIBUTE, der(0x30, oid("1.2.3"), der(0x31)), der(0x30, oid("1.2.3"))],
    "digest": [b"", der(0x30, oid("1.2.840.113549.1.9.4"), der(0x31, der(4, bytes(32))))],
    "certificate_2": [b"", der(0x30, oid("1.2.840.113549.1.9.16.2.47"), der(0x31, der(0x30, der(0x30, der(0x30, der(4, bytes(32)))))))],
    "sid": [der(0x30, der(0x30), der(2, b"\x07")), der(0x30)],
    "digest_algorithm": [oid("1.3.14.3.2.26"), oid("2.16.840.1.101.3.4.2.2")],
    "algorithm": [der(0x30, oid("1.2.3")), der(0x30), der(0x30, oid("1.2.840.113549.1.1.11"))],
    "unsigned": [der(0x30)],
    "content_kind": [oid("1.2.840.113549.1.7.1")],
    "certificates": [der(0xA0, der(0x30)), der(0xA3), b""],
    "signers": [der(0x31), der(0x31, der(0x30), der(0x30))],
    "kind": [oid("1.2.840.113549.1.7.1")],
}


@pytest.mark.parametrize("part", list(WRONG))
def test_a_stamp_with_a_wrong_part_is_not_believed_even_where_its_maker_signed_it(hands, part):
    for hand in hands:
        for wrong in WRONG[part]:
            if part == "imprint_digest":
                assert wrong != b"2.16.840.1.101.3.4.2.1"
            with pytest.raises(verify.Unfit):
                verify.read_stamp(hand.stamp(BODY, **{part: wrong}), BODY, [hand.certificate()] if part != "certificates" or wrong else [])


@pytest.mark.parametrize("raw", [b"", b"0", b"\x30\x80\x00\x00", b"\x30\x81\x05" + bytes(5), b"\x30\x82\x00\x05" + bytes(5), b"\x1f\x81\x01\x00", b"\x30\x84\xff\xff\xff\xff", b"\x30\x85\x00\x00\x00\x00\x01\x00", b"\x30\x00" * 3])
def test_bytes_that_are_not_der_are_refused(raw):
    with pytest.raises(verify.Unfit):
        verify.read_stamp(raw, BODY, [])


def test_stamps_in_a_log_are_checked_by_their_name_and_what_they_say(made, tmp_path, capsys):
    log = full_log(tmp_path / "log")
    raw = made["ec"].stamp(log.body(258), chain=True)
    (log.folder / "stamps").mkdir()
    stamp = log.folder / "stamps" / f"258-{hashlib.sha256(raw).hexdigest()[:16]}.tsr"
    stamp.write_bytes(raw)
    asked = ["log", str(log.folder), "--key", LOG.vkey, "--lang", "en"]
    assert verify.main([*asked, "--tsa", str(made["ec"].root)]) == 0
    assert "shows that the first 258 entries stood as they are at" in capsys.readouterr().out
    assert verify.main(asked) == 0
    assert "not traced to any authority" in capsys.readouterr().out
    assert verify.main([*asked, "--tsa", str(made["rsa"].root)]) == 1
    drawn = random.Random(1)
    given = verify.Asked(verify.read_vkey(LOG.vkey), [], trusted(made["ec"].root))
    for place in drawn.sample(range(len(raw)), 40):
        wrong = bytearray(raw)
        wrong[place] ^= 4
        stamp.write_bytes(wrong)
        assert {finding.file for finding in verify.check_log(str(log.folder), given, []).findings} >= {f"stamps/{stamp.name}"}
    stamp.unlink()
    other = log.folder / "stamps" / f"270-{hashlib.sha256(raw).hexdigest()[:16]}.tsr"
    other.write_bytes(raw)
    assert f"stamps/{other.name}" in {finding.file for finding in verify.check_log(str(log.folder), given, []).findings}


def test_a_line_removed_from_the_history_is_found_by_its_stamp(made, tmp_path):
    log = log_of(tmp_path / "log", 3, 300)
    raw = made["ec"].stamp(log.body(3), chain=True)
    (log.folder / "stamps").mkdir()
    (log.folder / "stamps" / f"3-{hashlib.sha256(raw).hexdigest()[:16]}.tsr").write_bytes(raw)
    lines = (log.folder / "checkpoints").read_text("utf-8").splitlines(keepends=True)
    (log.folder / "checkpoints").write_text(lines[1], "utf-8")
    (finding,) = verify.check_log(str(log.folder), verify.Asked(verify.read_vkey(LOG.vkey), [], []), []).findings
    assert "which `checkpoints` does not have: a line was removed" in finding.en


def test_an_expired_certificate_below_openssl_is_not_believed(tmp_path):
    needed()
    here = authority(tmp_path / "short", "ec", days=("-days", "1"))
    raw = here.stamp(BODY, chain=True)
    (certificate,) = trusted(here.folder / "tsa.pem")
    assert not verify._trace(certificate, trusted(here.folder / "middle.pem"), trusted(here.root), verify.read_stamp(raw, BODY, []).at + 3 * 86400)
    assert verify._trace(certificate, trusted(here.folder / "middle.pem"), trusted(here.root), verify.read_stamp(raw, BODY, []).at)
    shutil.rmtree(here.folder)


def test_stamps_in_a_bundle_say_by_when_it_was_written_and_only_of_an_authority_that_was_given(hands, tmp_path, capsys):
    log = log_of(tmp_path / "log", 9)
    raw = hands[0].stamp(log.body(9))
    made = log.bundle(3, plain.content(3), plain.salt(3), stamps=[plain.b64(raw)])
    (tmp_path / "b.json").write_text(json.dumps(made), "utf-8")
    for hand, name in zip(hands, ("tsa.pem", "other.pem"), strict=True):
        (tmp_path / name).write_bytes(hand.certificate().public_bytes(serialization.Encoding.PEM))
    asked = ["bundle", str(tmp_path / "b.json"), "--key", LOG.vkey, "--lang", "en"]
    assert verify.main([*asked, "--tsa", str(tmp_path / "tsa.pem")]) == 0
    said = capsys.readouterr().out
    assert "So this entry was written at 2026-09-21T14:15:00Z at the latest." in said
    assert "Nothing against the log's own operator" not in said
    assert verify.main(asked) == 0
    said = capsys.readouterr().out
    assert "it proves nothing yet" in said and "at the latest." not in said and "Nothing against the log's own operator" in said
    assert verify.main([*asked, "--tsa", str(tmp_path / "other.pem")]) == 1
    (tmp_path / "b.json").write_text(json.dumps({**made, "stamps": []}), "utf-8")
    assert verify.main([*asked, "--tsa", str(tmp_path / "tsa.pem")]) == 1
    (tmp_path / "b.json").write_text(json.dumps({**made, "stamps": [plain.b64(hands[0].stamp(log.body(8)))]}), "utf-8")
    assert verify.main(asked) == 1
    capsys.readouterr()


def test_anchors_in_a_log_are_of_its_checkpoints_and_unharmed(tmp_path):
    log = log_of(tmp_path / "log", 5, 9)
    (log.folder / "anchors").mkdir()
    asked = verify.Asked(verify.read_vkey(LOG.vkey), [], [])
    right = {"origin": plain.ORIGIN, "size": 5, "root": plain.b64(plain.root(log.leaves[:5])), "chain": 1}
    for said, is_true in ((right, True), ({**right, "size": 9}, False), ({**right, "root": plain.b64(bytes(32))}, False), ({**right, "origin": "other"}, False)):
        raw = json.dumps(said).encode()
        path = log.folder / "anchors" / f"5-{hashlib.sha256(raw).hexdigest()[:16]}.json"
        path.write_bytes(raw)
        report = verify.check_log(str(log.folder), asked, [])
        assert ({finding.file for finding in report.findings} == {f"anchors/{path.name}"}) != is_true, said
        assert any("must be looked up on that chain" in en for _, en, _ in report.told) == is_true
        path.write_bytes(raw + b" ")
        assert {finding.file for finding in verify.check_log(str(log.folder), asked, []).findings} == {f"anchors/{path.name}"}
        path.unlink()


def test_a_stamp_without_any_certificate_is_told_as_not_checked_and_proves_nothing(made, tmp_path):
    log = log_of(tmp_path / "log", 5)
    raw = made["ec"].stamp(log.body(5), with_certificate=False)
    (log.folder / "stamps").mkdir()
    (log.folder / "stamps" / f"5-{hashlib.sha256(raw).hexdigest()[:16]}.tsr").write_bytes(raw)
    key = verify.read_vkey(LOG.vkey)
    report = verify.check_log(str(log.folder), verify.Asked(key, [], []), [])
    assert (report.false_count, "was not checked" in report.told[0][1]) == (0, True)
    assert verify.check_log(str(log.folder), verify.Asked(key, [], trusted(made["ec"].folder / "tsa.pem")), []).false_count == 0
    assert verify.check_log(str(log.folder), verify.Asked(key, [], trusted(made["rsa"].root)), []).false_count == 1


def chained(*, ca: bool = True, path_length: int | None = None, signs: bool = True, strange: bool = False, leaf_signs: bool = True) -> tuple[bytes, list[x509.Certificate]]:
    """A stamp whose certificate one above it issued, with something not as it must be; and the certificate above."""
    above, below = (ed25519.Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("above", "by hand")]
    right = ByHand(above).certificate()

    def usage(digital: bool, certificates: bool) -> x509.KeyUsage:
        return x509.KeyUsage(digital, False, not digital and not certificates, False, False, certificates, False, False, False)

    def built(subject: x509.Name, key: ed25519.Ed25519PrivateKey, serial: int) -> x509.CertificateBuilder:
        return x509.CertificateBuilder(issuer_name=names[0], subject_name=subject, public_key=key.public_key(), serial_number=serial, not_valid_before=right.not_valid_before_utc, not_valid_after=right.not_valid_after_utc)

    root = built(names[0], above, 1).add_extension(x509.BasicConstraints(ca, path_length if ca else None), critical=True).add_extension(usage(not signs, signs), critical=True)
    if strange:
        root = root.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), critical=True)
    leaf = built(names[1], below, 7).add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.TIME_STAMPING]), critical=True).add_extension(usage(leaf_signs, False), critical=True).sign(above, None)

    class Issued(ByHand):
        def certificate(self, **_):
            return leaf

    return Issued(below).stamp(BODY), [root.sign(above, None)]


def test_a_certificate_counts_only_where_the_one_above_may_issue_it():
    raw, roots = chained()
    assert verify.read_stamp(raw, BODY, roots).is_traced
    for wrong in ({"ca": False}, {"signs": False}, {"strange": True}):
        raw, roots = chained(**wrong)
        assert not verify.read_stamp(raw, BODY, roots).is_traced, wrong
    raw, roots = chained(path_length=0)
    assert verify.read_stamp(raw, BODY, roots).is_traced
    raw, roots = chained(leaf_signs=False)
    with pytest.raises(verify.Unfit, match="may not sign"):
        verify.read_stamp(raw, BODY, roots)


def test_the_trial_authority_of_the_guide_gives_stamps_that_the_verifier_traces(tmp_path, capsys):
    needed()
    guide = (Path(__file__).parents[2] / "docs/guides/stamps.md").read_text(encoding="utf-8").split("### Try it without an authority")[1]
    (making,) = re.findall(r"^```sh\n(cat > tsa.cnf.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    (program,) = re.findall(r"^```py\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    folder = tmp_path / "trial"
    folder.mkdir()
    subprocess.run(["sh", "-ec", making], cwd=folder, check=True, capture_output=True, timeout=60)
    (folder / "trial_authority.py").write_text(program.replace("8742", "0"), encoding="utf-8")
    key = make_key(tmp_path / "key", plain.ORIGIN, 0)
    running = subprocess.Popen([sys.executable, "trial_authority.py"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = running.stdout.readline().split()[-1]
        with Log.create(tmp_path / "log", key) as log:
            log.extend(bytes(32) * 1234)
            log.publish()
            stamps.stamp(log, f"http://127.0.0.1:{port}/", folder / "tsa-root.pem", int(time.time() * 1_000_000))
    finally:
        running.kill()
        running.wait()
        running.stdout.close()
    assert verify.main(["log", str(tmp_path / "log"), "--key", key.vkey, "--tsa", str(folder / "tsa-root.pem"), "--lang", "en"]) == 0
    quoted, said = ([re.sub(r"serial \d+|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "", line) for line in text.splitlines() if line.startswith("- A stamp of")] for text in (guide, capsys.readouterr().out))
    assert quoted == said and len(said) == 1
