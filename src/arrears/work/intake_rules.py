"""The law and the words by which a night was decided, kept beside the cases it became, so that a contact is judged at its moment as the night judged it."""

import json
from hashlib import sha256
from uuid import UUID

from arrears.work import night_files
from arrears.work.identities import identity
from arrears.work.models import Rulebook
from arrears.work.night_files import Night


def keep_rules(lender: str, under: UUID, night: Night) -> None:
    """The lender's Rulebook says what this night says: one row, changed only where the night differs from what is kept."""
    said = {"as_of": night.as_of, "book": str(night.book.root.resolve()), "lender_text": night.lender_text, "texts": night.law, "digest": digest_of(night.lender_text, night.law),
            "score_words": night_files.score_words(night)}
    key = UUID(identity(under, "rulebook"))
    kept = Rulebook.objects.filter(lender=lender, pk=key).defer("texts").first()
    if kept is None:
        Rulebook.objects.create(id=key, lender=lender, **said)
        return
    changed = {name: value for name, value in said.items() if name != "texts" and getattr(kept, name) != value}
    if "digest" in changed:
        changed["texts"] = night.law
    if changed:
        Rulebook.objects.filter(pk=key).update(**changed)


def digest_of(lender_text: str, texts: dict[str, str]) -> str:
    """SHA-256 over lender.yaml and every file of the law by name; what was made ready from equal digests is equal."""
    return sha256(json.dumps([lender_text, texts], ensure_ascii=False, sort_keys=True).encode()).hexdigest()
