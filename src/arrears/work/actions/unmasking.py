"""How often one account may uncover personal data: counted from the Entries themselves, under a lock of its own per account.

Counted is what uncovers: uncovering one field of a party, opening an attachment, reading what was said in a dispute, complaint or review of hardship, looking a person up by a number, drawing an agreement up in clear. The count is taken in the transaction that will write the next
Entry, so that however many come at once, the limit is never passed. A clock that went backwards opens nothing: what is put down as later than now counts too.
"""

from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, Forbidden
from arrears.work.models import Entry
from arrears.work.own_choices import whole_numbers
from arrears.work.verbs import PURPOSES

COUNTED = ("person.unmask", "attachment.open", "person.find", "matter.read", "plan.draw_up")
SPANS = (("an_hour", timedelta(hours=1)), ("a_day", timedelta(days=1)))
_WORDS = {"an_hour": ("an hour", "每小时"), "a_day": ("a day", "每 24 小时")}


@dataclass(frozen=True)
class Limits:
    """So many times may one account uncover personal data. No text gives a number: these are the operator's own choice, to be set in settings.yaml."""

    an_hour: int = 60
    a_day: int = 300


def read_limits(home: Path) -> Limits:
    """What home/settings.yaml says under `unmasking:`; the defaults where it says nothing. Raises Refused or BadYaml."""
    return Limits(**whole_numbers(home, "unmasking", asdict(Limits()), 999_999))


def demand_within(doing: Doing) -> None:
    """This account may uncover once more now; whoever comes at the same time waits until this transaction has ended.

    Raises Forbidden, which leaves an Entry, where a limit is reached or nobody in particular asks.
    """
    actor = doing.actor
    if actor.account is None:
        raise Forbidden("personal data is uncovered for an account only, and the program has none; nothing was shown", "仅可由具体账号查看明文；未显示任何内容", ("unmasking-needs-an-account",))
    allowed = read_limits(settings.ARREARS[0])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"arrears unmasking {actor.account}"])
    seen = Entry.objects.filter(lender=actor.lender, actor=actor.account, verb__in=COUNTED, is_refused=False)
    for name, span in SPANS:
        if seen.filter(at__gt=doing.now - span).count() >= (most := getattr(allowed, name)):
            en, zh = _WORDS[name]
            raise Forbidden(f"this account has uncovered personal data {most} times, as often as it may {en} (unmasking.{name}, the operator's own choice); nothing was shown: wait, or ask your data officer",
                            f"本账号查看明文已达{zh} {most} 次的上限（unmasking.{name}，由机构自行设定）；未显示任何内容：请稍后再试或联系个人信息保护专员", (f"unmasking-limit-{name.replace('_', '-')}",))


def demand_purpose(doing: Doing) -> None:
    """The purpose is one of the closed list; raises Refused. The policy says the same: either alone is enough to refuse."""
    if doing.purpose not in PURPOSES:
        raise Refused(f"a purpose is needed, one of {', '.join(PURPOSES)}; nothing was shown", f"请写明用途，可选：{'、'.join(PURPOSES)}；未显示任何内容")
