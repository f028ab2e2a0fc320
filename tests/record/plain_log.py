"""A log written the plainest way, from the definitions alone: every hash by recursion over all entries, so that what reads logs is checked by another path."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

ORIGIN = "log.example/lender-1"


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1 over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01", root(leaves[:half]), root(leaves[half:]))


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if index < half:
        return [*path(index, leaves[:half]), root(leaves[half:])]
    return [*path(index - half, leaves[half:]), root(leaves[:half])]


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@dataclass(frozen=True)
class Signer:
    """A key of any of the three kinds."""

    name: str
    kind: int = 1
    seed: bytes = b"\x01" * 32

    @property
    def private(self):
        return MLDSA44PrivateKey.from_seed_bytes(self.seed) if self.kind == 6 else Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def public(self) -> bytes:
        return bytes([self.kind]) + self.private.public_key().public_bytes_raw()

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode(), b"\n", self.public)[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64(self.public)}"

    def line(self, body: str, when: int = 0) -> str:
        if self.kind == 1:
            signature = self.private.sign(body.encode())
        elif self.kind == 4:
            signature = when.to_bytes(8, "big") + self.private.sign(f"cosignature/v1\ntime {when}\n{body}".encode())
        else:
            origin, size, text = body.split("\n")[:3]
            message = b"subtree/v1\n\x00" + bytes([len(self.name)]) + self.name.encode() + when.to_bytes(8, "big") + bytes([len(origin)]) + origin.encode() + bytes(8) + int(size).to_bytes(8, "big") + base64.b64decode(text)
            signature = when.to_bytes(8, "big") + self.private.sign(message)
        return f"— {self.name} {b64(self.id + signature)}\n"


LOG = Signer(ORIGIN)
NEXT = Signer(ORIGIN, 1, b"\x02" * 32)
WITNESS = Signer("witness.example/w1", 4, b"\x03" * 32)
WITNESS_PQ = Signer("witness.example/w2", 6, b"\x04" * 32)


def tile_name(level: str, number: int, width: int) -> str:
    text = f"{number:03d}" if number < 1000 else f"x{number // 1000:03d}/{number % 1000:03d}"
    return f"tile/{level}/{text}" + ("" if width == 256 else f".p/{width}")


def content(index: int) -> str:
    return f'{{"amount_minor":{index * 100},"currency":"CNY","kind":"payment","lender":"第一银行"}}'


def salt(index: int) -> bytes:
    return sha256(b"salt", index.to_bytes(4, "big"))


def commitment(salt: bytes, content: str) -> bytes:
    return sha256(b"arrears record v1\n", salt, content.encode())


@dataclass
class PlainLog:
    """A log of as many entries as the last of its sizes, a checkpoint at each; keys in force one after the other."""

    folder: Path
    entries: list[bytes] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    key: Signer = LOG

    @property
    def leaves(self) -> list[bytes]:
        return [sha256(b"\x00", entry) for entry in self.entries]

    def start(self) -> "PlainLog":
        self.folder.mkdir(parents=True)
        self._add_line("keys", self.key.vkey)
        return self

    def grow(self, entries: list[bytes]) -> str:
        """More entries, their tiles, and a checkpoint over them; the note's text."""
        self.entries += entries
        size, leaves = len(self.entries), self.leaves
        self.sizes.append(size)
        level, span = 0, 1
        while span <= size:
            hashes = [root(leaves[place * span : (place + 1) * span]) for place in range(size // span)]
            for number in range(0, (len(hashes) + 255) // 256):
                piece = hashes[number * 256 : (number + 1) * 256]
                self._tile(str(level), number, b"".join(piece), len(piece))
                if level == 0:
                    self._tile("entries", number, b"".join(b"\x00\x20" + entry for entry in self.entries[number * 256 : (number + 1) * 256]), len(piece))
            level, span = level + 1, span * 256
        return self.sign(self.body(size))

    def body(self, size: int) -> str:
        return f"{ORIGIN}\n{size}\n{b64(root(self.leaves[:size]))}\n"

    def sign(self, body: str) -> str:
        note = body + "\n" + self.key.line(body)
        return self.publish(note)

    def publish(self, note: str) -> str:
        self.notes.append(note)
        self._add_line("checkpoints", note)
        (self.folder / "checkpoint").write_text(note, "utf-8")
        return note

    def cosign(self, *witnesses: Signer, when: int) -> str:
        note = self.notes[-1]
        body = note[: note.rindex("\n\n") + 1]
        return self.publish(note + "".join(witness.line(body, when) for witness in witnesses))

    def rotate(self, key: Signer) -> None:
        body = f"arrears record key\n{ORIGIN}\n{len(self.entries)}\n{key.vkey}\n"
        self._add_line("keys", body + "\n" + self.key.line(body) + key.line(body))
        self.key = key

    def name_witnesses(self, *witnesses: Signer) -> None:
        for witness in witnesses:
            self._add_line("witnesses", witness.vkey)

    def bundle(self, index: int, text: str, entry_salt: bytes, **more) -> dict:
        note = self.notes[-1]
        size = int(note.split("\n")[1])
        proof = f"c2sp.org/tlog-proof@v1\nindex {index}\n" + "".join(b64(item) + "\n" for item in path(index, self.leaves[:size])) + "\n" + note
        keys = [json.loads(line) for line in (self.folder / "keys").read_text("utf-8").splitlines()]
        return {"format": "arrears-record-bundle/1", "content": text, "salt": entry_salt.hex(), "proof": proof, "stamps": [], "keys": keys, **more}

    def _add_line(self, name: str, text: str) -> None:
        with open(self.folder / name, "a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(text, ensure_ascii=False) + "\n")

    def _tile(self, level: str, number: int, raw: bytes, width: int) -> None:
        place = self.folder / tile_name(level, number, width)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(raw)
        if width == 256:
            for part in self.folder.glob(tile_name(level, number, 1)[:-1] + "*"):
                part.unlink()


def entries(start: int, stop: int) -> list[bytes]:
    return [commitment(salt(index), content(index)) for index in range(start, stop)]


def log_of(folder: Path, *sizes: int) -> PlainLog:
    """A log with a checkpoint at each of these sizes."""
    log = PlainLog(folder).start()
    for size in sizes:
        log.grow(entries(len(log.entries), size))
    return log


def full_log(folder: Path) -> PlainLog:
    """A small log with everything in it: cosignatures of both kinds, a handed-over key, full and partial tiles at two levels."""
    log = log_of(folder, 0, 1, 5)
    log.name_witnesses(WITNESS, WITNESS_PQ)
    log.cosign(WITNESS, when=1_790_000_000)
    log.grow(entries(5, 258))
    log.rotate(NEXT)
    log.grow(entries(258, 270))
    log.cosign(WITNESS, when=1_790_000_100)
    log.cosign(WITNESS_PQ, when=1_790_000_200)
    return log
