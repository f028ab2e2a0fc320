"""With what key a browser seals half-written forms: one for an account and its sessions' epoch, which the server tells to that account alone and keeps nowhere.

Whoever left is told it no more; after a new password, or after all sessions were ended, what was sealed before can be read no more.
"""

import base64
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest

from django.conf import settings

from arrears.web.web_key import derived


@dataclass(frozen=True)
class DraftKey:
    """owner: by what a browser tells one account's drafts from another's, 16 hexadecimal digits; key: 32 bytes in base64, for AES-256-GCM."""

    owner: str
    key: str


def draft_key(account, epoch: int) -> DraftKey:
    """The key of an account at an epoch, the same in every process of the home. Raises Refused as the web's key does."""
    secret = derived(settings.ARREARS[0], "drafts")
    return DraftKey(digest(secret, f"owner {account}".encode(), sha256).hex()[:16], base64.b64encode(digest(secret, f"key {account} {epoch}".encode(), sha256)).decode())
