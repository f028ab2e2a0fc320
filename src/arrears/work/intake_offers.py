"""The strategy of a night, kept with its cases: by it plans are offered until the next night is taken in."""

from hashlib import sha256
from uuid import UUID

from arrears.work import night_files
from arrears.work.identities import identity
from arrears.work.night_files import Night
from arrears.work.rows_by_copy import ask

_KEEP = """INSERT INTO work_nightstrategy (id, lender, digest, text, first_as_of, as_of) VALUES (%(id)s, %(lender)s, %(digest)s, %(text)s, %(as_of)s, %(as_of)s)
    ON CONFLICT (lender, digest) DO UPDATE SET as_of = greatest(work_nightstrategy.as_of, excluded.as_of), first_as_of = least(work_nightstrategy.first_as_of, excluded.first_as_of)"""


def keep_strategy(lender: str, under: UUID, night: Night) -> None:
    """The text is there, once however many nights had it, and the night is the last of it. Nothing where the night says none."""
    text = night_files.strategy_text(night)
    if text is not None:
        digest = sha256(text.encode()).hexdigest()
        ask(_KEEP, {"id": identity(under, "strategy", digest), "lender": lender, "digest": digest, "text": text, "as_of": night.as_of})
