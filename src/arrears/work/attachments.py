"""The content of an attachment as it is sealed: in chunks, each bound to its place and to how many there are, so that none is lost, doubled or exchanged.

Layout: 0x01, number of chunks (4 bytes), then each sealed chunk behind its length (4 bytes), big-endian. A chunk is CHUNK_BYTES of the content in Base64, sealed as
column `content_sealed i/n`; the vault seals texts.
"""

import base64
import hashlib
from pathlib import Path
from uuid import UUID

from arrears.refusal import Refused
from arrears.vault.vault import Cell, Sealed
from arrears.work.models import Attachment
from arrears.work.own_choices import whole_numbers
from arrears.work.sealing import vault

CHUNK_BYTES = 1024 * 1024
SIZE_MOST_BYTES = 20 * 1024 * 1024
"""The operator's own choice; settings.yaml may say another."""
_FIRST = b"\x01"
_TABLE = "work_attachment"


def read_size_most(home: Path) -> int:
    """What home/settings.yaml says as attachments.size_most_bytes, else SIZE_MOST_BYTES. Raises Refused or BadYaml."""
    return whole_numbers(home, "attachments", {"size_most_bytes": SIZE_MOST_BYTES}, 512 * 1024 * 1024)["size_most_bytes"]


def seal_content(lender: str, person: UUID, row: UUID, content: bytes) -> bytes:
    """The content as it is stored. Raises what the vault raises."""
    parts = [content[start : start + CHUNK_BYTES] for start in range(0, len(content), CHUNK_BYTES)]
    cells = [Cell(str(person), _TABLE, _column(turn, len(parts)), str(row), base64.b64encode(part).decode()) for turn, part in enumerate(parts, 1)]
    chunks = vault().seal(lender, cells)
    return b"".join([_FIRST, len(chunks).to_bytes(4, "big"), *(len(chunk).to_bytes(4, "big") + chunk for chunk in chunks)])


def content_of(kept: Attachment, person: UUID) -> bytes:
    """The content again. Raises Refused where what is stored is not what was stored, and what the vault raises."""
    stored = bytes(kept.content_sealed or b"")
    if hashlib.sha256(stored).hexdigest() != kept.digest or stored[:1] != _FIRST:
        raise Refused(f"attachment {kept.id}: what is stored is not what was put there; nothing is shown: restore it from a backup", f"附件 {kept.id}：存储内容与原始内容不符；不予显示：请从备份恢复")
    count, place, chunks = int.from_bytes(stored[1:5], "big"), 5, []
    while place < len(stored):
        size = int.from_bytes(stored[place : place + 4], "big")
        chunks.append(stored[place + 4 : place + 4 + size])
        place += 4 + size
    if len(chunks) != count:
        raise Refused(f"attachment {kept.id}: some of it is missing; restore it from a backup", f"附件 {kept.id}：内容不完整；请从备份恢复")
    texts = vault().open(kept.lender, [Sealed(str(person), _TABLE, _column(turn, count), str(kept.id), chunk) for turn, chunk in enumerate(chunks, 1)])
    return b"".join(base64.b64decode(text) for text in texts)


def _column(turn: int, count: int) -> str:
    return f"content_sealed {turn}/{count}"
