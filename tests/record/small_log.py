"""A tiny log by brute force, straight from RFC 6962: the whole tree is hashed anew for each answer; and it may be forked, which no honest log can."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "lender.example/record"


def leaves(count: int, of: str = "") -> list[bytes]:
    """That many entries, as 32 bytes each; `of` makes another history of them."""
    return [hashlib.sha256(f"{of}{i}".encode()).digest() for i in range(count)]


def tree_hash(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962 2.1."""
    if len(entries) < 2:
        return hashlib.sha256(b"\x00" + entries[0] if entries else b"").digest()
    half = 1
    while half * 2 < len(entries):
        half *= 2
    return hashlib.sha256(b"\x01" + tree_hash(entries[:half]) + tree_hash(entries[half:])).digest()


def consistency(old: int, entries: list[bytes], whole: bool = True) -> list[bytes]:
    """PROOF of RFC 6962 2.1.2 for 0 < old; empty for 0 and for the same size."""
    if old == 0:
        return []
    if old == len(entries):
        return [] if whole else [tree_hash(entries)]
    half = 1
    while half * 2 < len(entries):
        half *= 2
    if old <= half:
        return [*consistency(old, entries[:half], whole), tree_hash(entries[half:])]
    return [*consistency(old - half, entries[half:], False), tree_hash(entries[:half])]


@dataclass
class SmallLog:
    """Entries and a key; two of them with one key are a split view."""

    entries: list[bytes] = field(default_factory=list)
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    origin: str = ORIGIN

    @property
    def vkey(self) -> str:
        """As signed-note says."""
        public = b"\x01" + self.key.public_key().public_bytes_raw()
        return f"{self.origin}+{self.identity.hex()}+{base64.b64encode(public).decode()}"

    @property
    def identity(self) -> bytes:
        """The four bytes of the key."""
        return hashlib.sha256(self.origin.encode() + b"\n\x01" + self.key.public_key().public_bytes_raw()).digest()[:4]

    def signed(self, body: str) -> str:
        """The body as a signed note."""
        return body + "\n" + self.signature_line(body)

    def signature_line(self, body: str) -> str:
        """The line of this key."""
        return f"— {self.origin} {base64.b64encode(self.identity + self.key.sign(body.encode())).decode()}\n"

    def checkpoint(self, size: int | None = None) -> str:
        """The signed checkpoint of the first entries."""
        size = len(self.entries) if size is None else size
        return self.signed(f"{self.origin}\n{size}\n{base64.b64encode(tree_hash(self.entries[:size])).decode()}\n")

    def request(self, old: int, size: int | None = None) -> bytes:
        """The body of add-checkpoint."""
        size = len(self.entries) if size is None else size
        proof = "".join(base64.b64encode(one).decode() + "\n" for one in consistency(old, self.entries[:size]))
        return f"old {old}\n{proof}\n{self.checkpoint(size)}".encode()

    def write(self, folder: Path, keys: list[str] | None = None) -> Path:
        """The folder as C2SP tlog-tiles has it, with the partial tiles of this size."""
        level, hashes = 0, [hashlib.sha256(b"\x00" + one).digest() for one in self.entries]
        while hashes:
            for start in range(0, len(hashes), 256):
                part = hashes[start : start + 256]
                digits = f"{start // 256:03d}" if start // 256 < 1000 else f"x{start // 256 // 1000:03d}/{start // 256 % 1000:03d}"
                path = folder / "tile" / str(level) / (digits if len(part) == 256 else f"{digits}.p/{len(part)}")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"".join(part))
            hashes = [tree_hash_of(hashes[i : i + 256]) for i in range(0, len(hashes) // 256 * 256, 256)]
            level += 1
        folder.mkdir(exist_ok=True)
        note = self.checkpoint()
        (folder / "checkpoint").write_text(note, encoding="utf-8")
        with (folder / "checkpoints").open("a", encoding="utf-8") as file:
            file.write(json.dumps(note, ensure_ascii=False) + "\n")
        (folder / "keys").write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in keys or [self.vkey]), encoding="utf-8")
        return folder


def tree_hash_of(hashes: list[bytes]) -> bytes:
    """The root over 256 hashes of a level."""
    while len(hashes) > 1:
        hashes = [hashlib.sha256(b"\x01" + hashes[i] + hashes[i + 1]).digest() for i in range(0, len(hashes), 2)]
    return hashes[0]
