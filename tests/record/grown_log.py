"""A log's folder that grew by checkpoints, written by the plainest reading of the specifications, with none of our code: for whoever reads logs."""

import base64
import hashlib
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "plain.example/log"


class PlainLog:
    """Entries are SHA-256 of their number; publish writes tiles, history and checkpoint of the first size entries."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.folder, self.key = folder, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.levels: list[list[bytes]] = [[]]
        self.vkey = self._vkey(self.key)
        folder.mkdir(parents=True)
        (folder / "keys").write_text(json.dumps(self.vkey, ensure_ascii=False) + "\n", encoding="utf-8")

    def publish(self, size: int, cosigned: str = "") -> None:
        """The folder is that of a log which grew to the size; every partial tile of a published size stays as long as its full tile is not there."""
        leaves = self.levels[0]
        leaves += [hashlib.sha256(b"\x00" + entry(index)).digest() for index in range(len(leaves), size)]
        level = 0
        while len(self.levels[level]) >= 256:
            if level + 1 == len(self.levels):
                self.levels.append([])
            above, here = self.levels[level + 1], self.levels[level]
            above += [tree(here[start * 256:start * 256 + 256]) for start in range(len(above), len(here) // 256)]
            level += 1
        for level, hashes in enumerate(self.levels):
            self._write(str(level), hashes)
        self._write("entries", [b"\x00\x20" + entry(index) for index in range(size)])
        note = self.note(size, tree(leaves)) + cosigned
        with (self.folder / "checkpoints").open("a", encoding="utf-8") as file:
            file.write(json.dumps(note, ensure_ascii=False) + "\n")
        (self.folder / "checkpoint").write_text(note, encoding="utf-8")

    def note(self, size: int, root: bytes) -> str:
        """A checkpoint signed by the log's key."""
        text = f"{ORIGIN}\n{size}\n{base64.b64encode(root).decode()}\n"
        return f"{text}\n{self.line(self.key, text)}\n"

    def line(self, key: Ed25519PrivateKey, text: str) -> str:
        public = key.public_key().public_bytes_raw()
        return f"— {ORIGIN} {base64.b64encode(_key_id(public) + key.sign(text.encode())).decode()}"

    def _vkey(self, key: Ed25519PrivateKey) -> str:
        public = key.public_key().public_bytes_raw()
        return f"{ORIGIN}+{_key_id(public).hex()}+{base64.b64encode(bytes([1]) + public).decode()}"

    def _write(self, level: str, units: list[bytes]) -> None:
        for number in range((len(units) + 255) // 256):
            part = units[number * 256:number * 256 + 256]
            name = self.folder / "tile" / level / (f"{number:03d}" if len(part) == 256 else f"{number:03d}.p/{len(part)}")
            name.parent.mkdir(parents=True, exist_ok=True)
            name.write_bytes(b"".join(part))
            if len(part) == 256:
                for older in name.parent.glob(f"{number:03d}.p/*"):
                    older.unlink()


def _key_id(public: bytes) -> bytes:
    return hashlib.sha256(ORIGIN.encode() + b"\n\x01" + public).digest()[:4]


def entry(index: int) -> bytes:
    """The commitment at the index."""
    return hashlib.sha256(str(index).encode()).digest()


def tree(hashes: list[bytes]) -> bytes:
    """MTH of leaf hashes, as RFC 6962 section 2.1 defines it."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256().digest()
    half = 1 << ((len(hashes) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + tree(hashes[:half]) + tree(hashes[half:])).digest()
