"""The content of an attachment as it is sealed: whole, in one piece, bound to its row and person."""

import hashlib
from uuid import UUID

from arrears.refusal import Refused
from arrears.vault.vault import Sealed
from arrears.work.models import Attachment
from arrears.work.sealing import vault

_PLACE = ("work_attachment", "content_sealed")


def seal_content(lender: str, person: UUID, row: UUID, content: bytes) -> bytes:
    """The content as it is stored. Raises what the vault raises."""
    return vault().seal_content(lender, str(person), *_PLACE, str(row), content)


def content_of(kept: Attachment, person: UUID) -> bytes:
    """The content again. Raises Refused where what is stored is not what was stored, and what the vault raises."""
    stored = bytes(kept.content_sealed or b"")
    if hashlib.sha256(stored).hexdigest() != kept.digest:
        raise Refused(f"attachment {kept.id}: what is stored is not what was put there; nothing is shown: restore it from a backup", f"附件 {kept.id}：存储内容与原始内容不符；不予显示：请从备份恢复")
    return vault().open_content(kept.lender, Sealed(str(person), *_PLACE, str(kept.id), stored))
