"""A real time-stamping authority on this machine for the tests: `openssl ts` behind a small HTTP server, with a root of its own. What it answers can be bent."""

import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIGURATION = """[tsa]
default_tsa = {section}
[{section}]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.2
digests = {digests}
accuracy = secs:1
ordering = yes
ess_cert_id_alg = sha256
"""


class TimeAuthority:
    """root: PEM of its root; own: PEM of its own certificate; url where it listens. `bend` changes what it answers: from the question and the true answer to (HTTP status, body, headers)."""

    def __init__(self, folder: Path, digests: str = "sha256, sha384, sha512", elliptic: bool = False, between: bool = False):
        self.folder, self.root, self.own = folder, folder / "root.pem", folder / "authority.pem"
        folder.mkdir(parents=True)
        self._root_key = ec.generate_private_key(ec.SECP256R1())
        self._root = _certificate("Root", self._root_key, None, None, ca=True)
        self.root.write_bytes(self._root.public_bytes(serialization.Encoding.PEM))
        self._issuer, self._issuer_key = "Root", self._root_key
        if between:
            self._issuer, self._issuer_key = "Between", ec.generate_private_key(ec.SECP256R1())
            (folder / "between.pem").write_bytes(_certificate("Between", self._issuer_key, "Root", self._root_key, ca=True).public_bytes(serialization.Encoding.PEM))
        self.replace_own(elliptic)
        (folder / "serial").write_text("01\n")
        (folder / "openssl.cnf").write_text(CONFIGURATION.format(section="stamps", folder=folder, digests=digests))
        self.bend: Callable[[bytes, bytes], tuple[int, bytes, dict]] | None = None
        self.asked: list[bytes] = []

    def replace_own(self, elliptic: bool) -> None:
        """The authority has a new key and certificate from the same root."""
        key = ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa.generate_private_key(65537, 2048)
        self.own.write_bytes(_certificate("Authority", key, self._issuer, self._issuer_key, ca=False).public_bytes(serialization.Encoding.PEM))
        (self.folder / "authority.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    def answer(self, question: bytes, *options: str) -> bytes:
        """What openssl answers to the question."""
        asked = self.folder / f"{threading.get_ident()}.tsq"
        asked.write_bytes(question)
        given = asked.with_suffix(".tsr")
        subprocess.run(["openssl", "ts", "-reply", "-config", self.folder / "openssl.cnf", "-section", "stamps", "-queryfile", asked, "-signer", self.own,
                        "-inkey", self.folder / "authority.key", "-out", given, *options], check=True, capture_output=True)
        return given.read_bytes()

    def answer_about(self, text: bytes, digest: str = "sha256", *options: str) -> bytes:
        """What it answers to somebody who asks about the text with openssl's own client."""
        about = self.folder / "about.txt"
        about.write_bytes(text)
        question = subprocess.run(["openssl", "ts", "-query", "-data", about, f"-{digest}", "-cert", *options], check=True, capture_output=True).stdout
        return self.answer(question)

    def answer_signed_otherwise(self, question: bytes, certificate: Path, *options: str) -> bytes:
        """The same statement, signed by `openssl cms`, which signs with any certificate, and refers to it or not."""
        statement = re.search(rb"\x04[\x40-\x7f](?P<statement>\x30[\x3e-\x7d].*)", self.answer(question), re.DOTALL)["statement"]
        (self.folder / "statement").write_bytes(statement[:2 + statement[1]])
        signed = subprocess.run(["openssl", "cms", "-sign", "-binary", "-nodetach", "-nosmimecap", "-md", "sha256", "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-in", self.folder / "statement",
                                 "-signer", certificate, "-inkey", self.folder / "authority.key", "-outform", "DER", *options], check=True, capture_output=True).stdout
        granted = bytes.fromhex("3003020100")
        return b"\x30\x82" + (len(granted) + len(signed)).to_bytes(2, "big") + granted + signed

    def certificate_for(self, *purposes) -> Path:
        """Another certificate of the authority's key from its root, for other purposes."""
        path = self.folder / "otherwise.pem"
        key = serialization.load_pem_private_key((self.folder / "authority.key").read_bytes(), None)
        path.write_bytes(_certificate("Authority", key, "Root", self._root_key, ca=False, purposes=purposes).public_bytes(serialization.Encoding.PEM))
        return path

    def agrees(self, stamp: Path, text: bytes, root: Path | None = None) -> bool:
        """Whether `openssl ts -verify` finds that the stamp is over the text, from the root."""
        about = self.folder / "claimed.txt"
        about.write_bytes(text)
        found = subprocess.run(["openssl", "ts", "-verify", "-data", about, "-in", stamp, "-CAfile", root or self.root], capture_output=True, text=True)
        return found.returncode == 0 and "Verification: OK" in found.stdout

    @contextmanager
    def listening(self, wrap: Callable | None = None) -> Iterator[str]:
        """The address it answers at while the block runs."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        if wrap is not None:
            server.socket = wrap(server.socket)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"{'http' if wrap is None else 'https'}://127.0.0.1:{server.server_address[1]}/stamps"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _handler(authority):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                question = self.rfile.read(int(self.headers["Content-Length"]))
                authority.asked.append(question)
                status, body, headers = 200, authority.answer(question), {"Content-Type": "application/timestamp-reply"}
                if authority.bend is not None:
                    status, body, headers = authority.bend(question, body)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Nothing on the screen of the tests."""

        return Handler


def _certificate(name: str, key, issuer: str | None, issuer_key, *, ca: bool, purposes=(ExtendedKeyUsageOID.TIME_STAMPING,)) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.now(UTC)
    draft = (x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer or name)).public_key(key.public_key()).serial_number(x509.random_serial_number())
             .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30)).add_extension(x509.BasicConstraints(ca, None), critical=True))
    if not ca and purposes:
        draft = draft.add_extension(x509.ExtendedKeyUsage(list(purposes)), critical=True)
    return draft.sign(issuer_key or key, hashes.SHA256())
