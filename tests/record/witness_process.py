"""A witness as a partner runs it: the one file, copied to a folder of its own, in a process of its own that cannot see arrears."""

import base64
import hashlib
import http.client
import importlib.util
import io
import shutil
import signal
import struct
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from record.small_log import SmallLog

SOURCE = Path(__file__).parents[2] / "src/arrears/record/witness.py"
NAME = "bank.example/witness1"


def loaded() -> ModuleType:
    """The one file as a stranger would load it, not as a part of arrears."""
    specification = importlib.util.spec_from_file_location("the_witness", SOURCE)
    sys.modules["the_witness"] = module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


THE_WITNESS = loaded()


class WitnessProcess:
    """One state folder, and the processes that serve it."""

    def __init__(self, folder: Path, name: str = NAME):
        self.folder, self.program, self.state, self.running = folder, folder / "witness.py", folder / "state", []
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(SOURCE, self.program)
        made = self.run("init", "--name", name)
        assert made.returncode == 0, made.stderr
        self.vkeys = made.stdout.split()

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        """One command, to its end, by the main() of the file; what serves is a process of its own."""
        out, err, words = io.StringIO(), io.StringIO(), [arguments[0], "--state", str(self.state), "--lang", "en", *arguments[1:]]
        with redirect_stdout(out), redirect_stderr(err):
            try:
                status = THE_WITNESS.main(words)
            except SystemExit as ended:
                status = ended.code
        return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())

    def trust(self, log: SmallLog) -> "WitnessProcess":
        """The log's key is trusted."""
        done = self.run("trust", "--log", log.vkey)
        assert done.returncode == 0, done.stderr
        return self

    def start(self) -> int:
        """A process that serves; its port."""
        with (self.folder / "said").open("ab") as said:
            process = subprocess.Popen([sys.executable, "-I", str(self.program), "serve", "--state", str(self.state), "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=said, text=True)
        self.running.append(process)
        line = process.stdout.readline()
        assert line.startswith("listening on 127.0.0.1:"), (line, self.said())
        return int(line.rsplit(":", 1)[1])

    def said(self) -> str:
        """What was printed to stderr so far."""
        return (self.folder / "said").read_text(encoding="utf-8")

    def kill(self) -> None:
        """SIGKILL to each process of this witness; waits for their end."""
        for process in self.running:
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()
        self.running = []

    def evidence(self, ending: str = "txt") -> list[Path]:
        """The files kept."""
        return sorted((self.state / "evidence").glob(f"*.{ending}"))


def ask(port: int, body: bytes, path: str = "/add-checkpoint", headers: dict | None = None, method: str = "POST") -> tuple[int, str, str]:
    """Status, content type and text of the answer to one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()
    finally:
        connection.close()


def verified(line: str, vkey: str, note: str) -> int:
    """The time of one cosignature line, verified by `cryptography` alone and bytes written out here from the text of tlog-cosignature; raises where it is false."""
    mark, name, signature = line.rstrip("\n").split(" ")
    key_name, identity, material = vkey.split("+", 2)
    content, key = base64.b64decode(signature), base64.b64decode(material)
    assert (mark, name) == ("—", key_name) and content[:4].hex() == identity == hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
    seconds, body = struct.unpack(">Q", content[4:12])[0], note.rpartition("\n\n")[0] + "\n"
    if key[0] == 4:
        Ed25519PublicKey.from_public_bytes(key[1:]).verify(content[12:], f"cosignature/v1\ntime {seconds}\n".encode() + body.encode())
    else:
        assert key[0] == 6 and len(content) == 4 + 8 + 2420
        origin, size, root = body.split("\n")[:3]
        message = b"subtree/v1\n\x00" + struct.pack(">B", len(name.encode())) + name.encode() + struct.pack(">Q", seconds)
        message += struct.pack(">B", len(origin.encode())) + origin.encode() + struct.pack(">Q", 0) + struct.pack(">Q", int(size)) + base64.b64decode(root)
        MLDSA44PublicKey.from_public_bytes(key[1:]).verify(content[12:], message)
    return seconds
