"""Signed notes, checkpoints and the keys that verify them, read strictly and written as the specifications say.

A note: text that ends in a newline, an empty line, then signature lines "— <name> <base64 of key id and signature>". A checkpoint: a note of three lines, origin, size, base64 root.
A vkey (what an auditor is given): <name>+<8 hex digits of the key id>+<base64 of the type's byte and the public key>; id = SHA-256(name, newline, type, public key)[:4].
Types: 0x01 Ed25519 of a log, 0x04 Ed25519 cosignature/v1, 0x06 ML-DSA-44 subtree/v1 cosignature.
Source: C2SP signed-note, tlog-checkpoint, tlog-cosignature and tlog-proof (c2sp.org). Everything that is not exactly in the format is refused.
"""

import base64
import binascii
import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from arrears.refusal import Refused

LOG_KEY, COSIGNATURE, COSIGNATURE_MLDSA = 0x01, 0x04, 0x06
_PUBLIC_BYTES = {LOG_KEY: 32, COSIGNATURE: 32, COSIGNATURE_MLDSA: 1312}
_SIGNATURE_BYTES = {LOG_KEY: 64, COSIGNATURE: 8 + 64, COSIGNATURE_MLDSA: 8 + 2420}
MOST_SIGNATURES = 64
MOST_BYTES = 1 << 20
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Signature:
    """One signature line: who (name and key id, 4 bytes), the signature without the key id, and the line itself, without its newline."""

    name: str
    key_id: bytes
    signature: bytes
    line: str


@dataclass(frozen=True)
class Note:
    """text: what was signed, with its final newline. signatures: as they stand, whether true or not."""

    text: str
    signatures: tuple[Signature, ...]

    def whole(self) -> str:
        return self.text + "\n" + "".join(signature.line + "\n" for signature in self.signatures)


@dataclass(frozen=True)
class Checkpoint:
    """What a log says it is: so many entries (size) under that root (32 bytes). note: the whole signed note as it lies in the file."""

    origin: str
    size: int
    root: bytes
    note: str

    @property
    def body(self) -> str:
        """What is signed, cosigned and stamped."""
        return checkpoint_text(self.origin, self.size, self.root)


@dataclass(frozen=True)
class VerifierKey:
    """A public key with the name it signs under; type: its signatures' kind; vkey: the line that an auditor is given."""

    name: str
    type: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.type]) + self.public).decode()}"


def read_vkey(text: str) -> VerifierKey:
    """The key of one vkey line; raises Refused where name, id or key do not fit together, or the type is another."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not is_key_name(parts[0]):
        raise Refused(f"{text[:80]!r} is no verifier key: those are <name>+<8 hex digits>+<base64>; copy the whole line, without spaces", f"“{text[:80]}”不是验证公钥：格式为 <名称>+<8 位十六进制>+<base64>；请完整复制整行，不带空格")
    blob = read_base64(parts[2])
    if not blob or _PUBLIC_BYTES.get(blob[0]) != len(blob) - 1:
        raise Refused(f"{text[:80]!r}: the key is cut short, or of a kind that is not read here (known: Ed25519 0x01 and 0x04, ML-DSA-44 0x06); copy the whole line",
                      f"“{text[:80]}”：公钥不完整，或类型不受支持（支持 Ed25519 0x01、0x04 与 ML-DSA-44 0x06）；请完整复制整行")
    key = VerifierKey(parts[0], blob[0], blob[1:])
    if key.vkey != text:
        raise Refused(f"{text[:80]!r}: its id is not that of its key and name, so a character is wrong; copy the whole line again", f"“{text[:80]}”：编号与公钥和名称不符，有字符出错；请重新复制整行")
    return key


def read_note(text: str) -> Note:
    """The parts of a signed note; raises Refused where it is not exactly in the format. Nothing is verified."""
    if not text.endswith("\n") or "\n\n" not in text:
        raise _not_a_note("no empty line between text and signatures, or no newline at the end; it was cut", "正文与签名之间没有空行，或末尾没有换行；文件不完整")
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise _not_a_note("it holds half a character", "含有残缺字符") from None
    if size > MOST_BYTES or _CONTROL.search(text):
        raise _not_a_note("it is larger than a megabyte or holds control characters", "超过 1 MB 或含有控制字符")
    at = text.rindex("\n\n") + 1
    lines = text[at + 1:].split("\n")[:-1]
    if not 1 <= len(lines) <= MOST_SIGNATURES or at < 2:
        raise _not_a_note(f"{len(lines)} signature lines where 1 to {MOST_SIGNATURES} are read, or no text", f"签名行为 {len(lines)} 行（允许 1 至 {MOST_SIGNATURES} 行），或没有正文")
    return Note(text[:at], tuple(read_signature(line) for line in lines))


def read_signature(line: str) -> Signature:
    """The parts of one signature line, given without its newline; raises Refused where it is none."""
    parts = line.split(" ")
    blob = read_base64(parts[2]) if len(parts) == 3 and parts[0] == "—" and is_key_name(parts[1]) else None
    if blob is None or len(blob) < 5:
        raise _not_a_note(f"{line[:80]!r} is no signature line (— <name> <base64>)", f"“{line[:80]}”不是签名行（— <名称> <base64>）")
    return Signature(parts[1], blob[:4], blob[4:], line)


def read_checkpoint(note: str) -> Checkpoint:
    """The checkpoint that a signed note carries; raises Refused where the text is not exactly origin, size and root. Nothing is verified."""
    lines = read_note(note).text.split("\n")
    root = read_base64(lines[2]) if len(lines) == 4 else None
    if root is None or len(root) != 32 or not _SIZE.fullmatch(lines[1]) or int(lines[1]) >= 1 << 63 or not lines[0]:
        raise _not_a_note("its text is not that of a checkpoint: origin, size and root, a line each", "正文不是检查点：应依次为日志名称、条数和根，各占一行")
    return Checkpoint(lines[0], int(lines[1]), root, note)


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """What is signed for a tree of that size and root."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def rotation_text(origin: str, size: int, vkey: str) -> str:
    """What the old and the new key of a log sign when the one takes over from the other at a size."""
    return f"arrears record key\n{origin}\n{size}\n{vkey}\n"


def proof_text(index: int, path: list[bytes], note: str) -> str:
    """A proof that stands alone: index, path and checkpoint with all its signatures. Source: C2SP tlog-proof."""
    return "\n".join(["c2sp.org/tlog-proof@v1", f"index {index}", *(base64.b64encode(beside).decode() for beside in path), "", note])


def signature_line(key: VerifierKey, signature: bytes) -> str:
    """The line, without newline, that says a key's signature."""
    return f"— {key.name} {base64.b64encode(key.key_id + signature).decode()}"


def is_signed_by(note: Note, key: VerifierKey) -> bool:
    """Whether the note carries a signature of the key and every one that names the key is true; an unknown key's are left aside."""
    own = [signature for signature in note.signatures if is_of(signature, key)]
    return bool(own) and all(is_true(note.text, signature, key) for signature in own)


def is_of(signature: Signature, key: VerifierKey) -> bool:
    """Whether the line names that key, whatever it is worth."""
    return (signature.name, signature.key_id) == (key.name, key.key_id)


def is_true(text: str, signature: Signature, key: VerifierKey) -> bool:
    """Whether the signature over a note's text was made by the key; a cosignature of ML-DSA-44 is one over the checkpoint that the text is."""
    if not is_of(signature, key) or len(signature.signature) != _SIGNATURE_BYTES[key.type]:
        return False
    stamp, made = (b"", signature.signature) if key.type == LOG_KEY else (signature.signature[:8], signature.signature[8:])
    if stamp and stamp[0] & 0x80:
        return False
    try:
        if key.type == LOG_KEY:
            Ed25519PublicKey.from_public_bytes(key.public).verify(made, text.encode())
        elif key.type == COSIGNATURE:
            Ed25519PublicKey.from_public_bytes(key.public).verify(made, f"cosignature/v1\ntime {int.from_bytes(stamp, 'big')}\n{text}".encode())
        else:
            MLDSA44PublicKey.from_public_bytes(key.public).verify(made, _cosigned(key.name, stamp, text))
    except (InvalidSignature, ValueError):
        return False
    return True


def is_key_name(name: str) -> bool:
    """Whether a key may be named so: 1 to 255 bytes, no spaces, no plus, no control characters."""
    try:
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        return False
    return 1 <= size <= 255 and not any(sign == "+" or sign.isspace() or unicodedata.category(sign) in ("Cc", "Zs", "Zl", "Zp") for sign in name)


def read_base64(text: str) -> bytes | None:
    """The bytes of canonical base64 (encoding them gives the same text), or None."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if base64.b64encode(found).decode() == text else None


def _cosigned(name: str, stamp: bytes, text: str) -> bytes:
    """The struct that an ML-DSA-44 cosigner signs for a checkpoint's text (C2SP tlog-cosignature); raises ValueError where the text is none."""
    lines = text.split("\n")
    root = read_base64(lines[2]) if len(lines) >= 4 else None
    origin, cosigner = lines[0].encode(), name.encode()
    if root is None or len(root) != 32 or not _SIZE.fullmatch(lines[1]) or not 1 <= len(origin) <= 255:
        raise ValueError("no checkpoint")
    sized = bytes([len(cosigner)]) + cosigner + stamp + bytes([len(origin)]) + origin
    return b"subtree/v1\n\x00" + sized + (0).to_bytes(8, "big") + int(lines[1]).to_bytes(8, "big") + root


def _not_a_note(en: str, zh: str) -> Refused:
    return Refused(f"this is no signed note: {en}; give the file as it was published", f"这不是有效的签名文本：{zh}；请提供原样发布的文件")
