"""Local RFC 3161 authorities: `openssl ts` with its own root and keys of several kinds, and stamps made by hand."""

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding

_CONFIG = """
[ts]
default_tsa = tsa
[tsa]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = {ess}
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical,CA:TRUE,pathlen:1
keyUsage = critical,keyCertSign
[middle]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign
[tsa_certificate]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[not_critical]
extendedKeyUsage = timeStamping
[two_uses]
extendedKeyUsage = critical,timeStamping,clientAuth
[no_use]
basicConstraints = critical,CA:FALSE
"""


def needed() -> None:
    """Skips loudly without openssl; with CI=true that is a failure."""
    if shutil.which("openssl") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("openssl is missing, and with CI=true it must be there")
        pytest.skip("OPENSSL IS MISSING: the stamps of RFC 3161 were not tested")


def run(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True, timeout=60)


KEYS = {"rsa": ("RSA", "rsa_keygen_bits:2048"), "ec": ("EC", "ec_paramgen_curve:P-256"), "ec384": ("EC", "ec_paramgen_curve:P-384")}


@dataclass(frozen=True)
class Authority:
    """root, middle, tsa: certificates (PEM) in the folder; config: of openssl ts."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def stamp(self, body: str, *, with_certificate: bool = True, chain: bool = False, digest: str = "sha256", name: str = "answer") -> bytes:
        (self.folder / "body").write_bytes(body.encode())
        run("openssl", "ts", "-query", "-data", self.folder / "body", f"-{digest}", *(["-cert"] if with_certificate else []), "-out", self.folder / "query.tsq")
        more = ["-chain", self.folder / "middle.pem"] if chain else []
        run("openssl", "ts", "-reply", "-config", self.folder / "config", "-section", "tsa", "-queryfile", self.folder / "query.tsq", "-signer", self.folder / "tsa.pem", "-inkey", self.folder / "tsa.key", *more, "-out", self.folder / name)
        return (self.folder / name).read_bytes()


def authority(folder: Path, kind: str = "rsa", *, use: str = "tsa_certificate", days: tuple[str, ...] = ("-days", "30"), ess: str = "sha256") -> Authority:
    """A root, an authority below it and a stamping certificate below that, of the kind of key named."""
    folder.mkdir(parents=True)
    (folder / "config").write_text(_CONFIG.format(folder=folder, ess=ess))
    (folder / "serial").write_text("41\n")
    algorithm, option = KEYS[kind]
    for name in ("root", "middle", "tsa"):
        run("openssl", "genpkey", "-algorithm", algorithm, "-pkeyopt", option, "-out", folder / f"{name}.key")
    run("openssl", "req", "-x509", "-new", "-key", folder / "root.key", "-subj", "/CN=root", "-days", "60", "-config", folder / "config", "-extensions", "root", "-out", folder / "root.pem")
    for name, above, extensions, lasting in (("middle", "root", "middle", ("-days", "30")), ("tsa", "middle", use, days)):
        run("openssl", "req", "-new", "-key", folder / f"{name}.key", "-subj", f"/CN={name} 时间戳", "-utf8", "-config", folder / "config", "-out", folder / f"{name}.csr")
        run("openssl", "x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / f"{above}.pem", "-CAkey", folder / f"{above}.key", "-CAcreateserial", *lasting, "-extfile", folder / "config", "-extensions", extensions, "-out", folder / f"{name}.pem")
    return Authority(folder)


# A stamp made by hand, to have what openssl does not make: other signatures, and everything wrong that a stamp can have.


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def oid(text: str) -> bytes:
    numbers = [int(part) for part in text.split(".")]
    made = b""
    for number in [numbers[0] * 40 + numbers[1], *numbers[2:]]:
        piece = bytes([number & 127])
        while number := number >> 7:
            piece = bytes([number & 127 | 128]) + piece
        made += piece
    return der(6, made)


SHA256, SHA512, TST = "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.3", "1.2.840.113549.1.9.16.1.4"


@dataclass(frozen=True)
class ByHand:
    """A self-signed stamping certificate of any key, and stamps by it with parts put wrong by name."""

    key: object

    def certificate(self, *, years: tuple[int, int] = (2020, 2040)) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "by hand")])
        digest = None if isinstance(self.key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        return (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key()).serial_number(7)
                .not_valid_before(datetime(years[0], 1, 1)).not_valid_after(datetime(years[1], 1, 1))
                .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.TIME_STAMPING]), critical=True).sign(self.key, digest))

    def signed(self, raw: bytes) -> tuple[bytes, bytes]:
        """The algorithm's bytes and the signature."""
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return der(0x30, oid("1.3.101.112")), self.key.sign(raw)
        sha256 = der(0x30, oid(SHA256))
        pss = der(0x30, der(0xA0, sha256), der(0xA1, der(0x30, oid("1.2.840.113549.1.1.8"), sha256)), der(0xA2, der(2, b"\x20")))
        return der(0x30, oid("1.2.840.113549.1.1.10"), pss), self.key.sign(raw, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())

    def stamp(self, body: str, **wrong: bytes) -> bytes:
        """DER of a TimeStampResp; wrong: replacements for parts, by the names used here."""

        def part(name: str, right: bytes) -> bytes:
            return wrong.get(name, right)

        is_edwards = isinstance(self.key, ed25519.Ed25519PrivateKey)
        digest = oid(SHA512 if is_edwards else SHA256)
        certificate = self.certificate().public_bytes(serialization.Encoding.DER)
        imprint = der(0x30, der(0x30, oid(part("imprint_digest", SHA256.encode()).decode())), der(4, hashlib.sha256(body.encode()).digest()))
        statement = der(0x30, part("version", der(2, b"\x01")), oid("1.2.3"), imprint, part("serial", der(2, b"\x05")), part("time", der(24, b"20260921141500.25Z")), part("more", b""))
        digested = hashlib.new("sha512" if is_edwards else "sha256", statement).digest()
        attributes = sorted([part("content_type", der(0x30, oid("1.2.840.113549.1.9.3"), der(0x31, oid(TST)))), part("digest", der(0x30, oid("1.2.840.113549.1.9.4"), der(0x31, der(4, digested)))),
                             part("certificate_2", der(0x30, oid("1.2.840.113549.1.9.16.2.47"), der(0x31, der(0x30, der(0x30, der(0x30, der(4, hashlib.sha256(certificate).digest()))))))), part("attribute", b"")])
        algorithm, signature = self.signed(der(0x31, *attributes))
        name = self.certificate().issuer.public_bytes()
        signer = der(0x30, der(2, b"\x01"), part("sid", der(0x30, name, der(2, b"\x07"))), der(0x30, part("digest_algorithm", digest)), der(0xA0, *attributes), part("algorithm", algorithm), der(4, signature), part("unsigned", b""))
        content = der(0x30, part("content_kind", oid(TST)), der(0xA0, der(4, statement)))
        data = der(0x30, der(2, b"\x03"), der(0x31, der(0x30, digest)), content, part("certificates", der(0xA0, certificate)), part("signers", der(0x31, signer)))
        return der(0x30, part("status", der(0x30, der(2, b"\x00"))), der(0x30, part("kind", oid("1.2.840.113549.1.7.2")), der(0xA0, data))) + part("after", b"")
