"""What a transaction may see: the lender, teams and account of who acts, said to the database, which holds every row against it."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction

from arrears.work.actor import Actor

_SAY = ("SELECT set_config('arrears.lender', %s, true), set_config('arrears.teams', %s, true), set_config('arrears.account', %s, true),"
        " set_config('arrears.collector', %s, true), set_config('arrears.entry', %s, true), set_config('arrears.salt', %s, true)")


@contextmanager
def seen_by(actor: Actor, entry: UUID | None = None, salt: bytes = b"") -> Iterator[None]:
    """One transaction in which the database shows what the actor may see, and, with an entry, takes writes for it. Behind broken glass that is the whole lender; policies say what of it.

    The settings end with the transaction, so a pooled connection never carries them to anybody else. Raises RuntimeError inside another transaction.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_SAY, [actor.lender, "*" if actor.broken_glass else ",".join(actor.teams), str(actor.account or ""), str(actor.collector or ""), str(entry or ""), salt.hex()])
        yield


@contextmanager
def whole_lender() -> Iterator[None]:
    """In the block the database shows the whole lender, and after it what it showed before: nothing read here reaches anybody but as a verdict, a number or a moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('arrears.teams', true), set_config('arrears.teams', '*', true)")
        before = cursor.fetchone()[0]
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('arrears.teams', %s, true)", [before or ""])
