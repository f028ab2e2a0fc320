"""A small HTTP server that answers as the documented interface of Vault's transit engine does: create, read, encrypt, decrypt, rewrap, rotate, config.

Its keys are its own. It checks the token, the shape of what is asked, and min_decryption_version. It is no Vault: policies, sealing,
derived keys, batches and every other engine are not in it.
"""

import base64
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "s.transit-token"


class _Refusal(Exception):
    def __init__(self, status: int, text: str):
        super().__init__(text)
        self.status = status


class TransitServer(ThreadingHTTPServer):
    """Where the keys are; `sealed` answers 503, `odd` answers something else than a transit engine."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answers)
        self.keys: dict[str, dict] = {}
        self.is_sealed = self.is_odd = False
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, verb: str, name: str, said: dict) -> dict | None:
        if verb == "keys":
            self.keys.setdefault(name, {"versions": [os.urandom(32)], "min": 1})
            return {}
        if name not in self.keys:
            raise _Refusal(404 if verb == "read" else 400, "encryption key not found")
        key = self.keys[name]
        if verb == "read":
            return {"name": name, "type": "aes256-gcm96", "latest_version": len(key["versions"]), "min_decryption_version": key["min"], "exportable": False}
        if verb == "rotate":
            key["versions"].append(os.urandom(32))
            return {}
        if verb == "config":
            key["min"] = said["min_decryption_version"]
            return {}
        text = base64.b64decode(said["plaintext"], validate=True) if verb == "encrypt" else self._opened(key, said["ciphertext"])
        return {"plaintext": base64.b64encode(text).decode()} if verb == "decrypt" else {"ciphertext": self._sealed(key, text), "key_version": len(key["versions"])}

    def _sealed(self, key: dict, text: bytes) -> str:
        nonce = os.urandom(12)
        return f"vault:v{len(key['versions'])}:" + base64.b64encode(nonce + AESGCM(key["versions"][-1]).encrypt(nonce, text, None)).decode()

    def _opened(self, key: dict, sealed: str) -> bytes:
        found = re.fullmatch(r"vault:v([1-9][0-9]*):([A-Za-z0-9+/=]+)", sealed)
        if not found:
            raise _Refusal(400, "invalid ciphertext: no prefix")
        version = int(found[1])
        if version > len(key["versions"]):
            raise _Refusal(400, "invalid ciphertext: version is too new")
        if version < key["min"]:
            raise _Refusal(400, "ciphertext or signature version is disallowed by policy (too old)")
        raw = base64.b64decode(found[2])
        try:
            return AESGCM(key["versions"][version - 1]).decrypt(raw[:12], raw[12:], None)
        except InvalidTag:
            raise _Refusal(400, "cipher: message authentication failed") from None


class _Answers(BaseHTTPRequestHandler):
    server: TransitServer

    def log_message(self, *said) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        self._answer("read")

    def do_POST(self) -> None:
        self._answer(None)

    do_PUT = do_POST

    def _answer(self, verb: str | None) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.asked.append(f"{self.path} {body.decode()}")
        try:
            if self.server.is_sealed:
                raise _Refusal(503, "Vault is sealed")
            if self.headers.get("X-Vault-Token") != TOKEN:
                raise _Refusal(403, "permission denied")
            found = re.fullmatch(r"/v1/transit/(keys|encrypt|decrypt|rewrap)/([^/]+)(?:/(rotate|config))?", self.path)
            if not found:
                raise _Refusal(404, "no handler for route")
            given = self.server.answer(verb or found[3] or found[1], found[2], json.loads(body or b"{}"))
            self._said(200, [] if self.server.is_odd else {"data": given})
        except _Refusal as problem:
            self._said(problem.status, {"errors": [str(problem)]})
        except (ValueError, KeyError):
            self._said(400, {"errors": ["failed to parse"]})

    def _said(self, status: int, content) -> None:
        raw = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


@contextmanager
def transit_server() -> Iterator[TransitServer]:
    """A server that runs while the block does."""
    server = TransitServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
