"""What forms send, read: amounts and days as people write them, what is missing said in the reader's language, and where to go once it is done."""

import re
import unicodedata
from decimal import Decimal

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

_AMOUNT = re.compile(r"([0-9]{1,13}|[0-9]{1,3}(,[0-9]{3}){1,4})(\.[0-9]{1,2})?")
_TWO_PLACES = 100
FIELDS = {
    "text": _("the words"), "reason": _("the reason"), "ground": _("what it is about"), "to": _("whom it is given to"), "attachment": _("which paper"), "what": _("what is to be put right"), "outcome": _("the outcome"),
    "name": _("the name"), "value": _("the number or address"), "until_on": _("until which day"), "income": _("income"), "living": _("living costs"), "other_debts": _("other debts"), "state": _("the state"), "role": _("the role"),
}
"""What fields are called where one is missing."""


def amount(text: str | None) -> int | str | None:
    """An amount as people write it, in minor units: full-width digits too, with commas between thousands or none; None where nothing is written.

    The text itself where it is no amount, which an action then refuses: 1200,50 is none, as it could be read as a hundred times as much.
    """
    plain = unicodedata.normalize("NFKC", text or "").replace("\N{IDEOGRAPHIC FULL STOP}", ".").strip()
    if not plain:
        return None
    return int(Decimal(plain.replace(",", "")) * _TWO_PLACES) if _AMOUNT.fullmatch(plain) else plain


def given(text: str | None) -> str | None:
    """What was written, None where nothing was."""
    return (text or "").strip() or None


def what_is_missing(sent, *names: str) -> str | None:
    """A sentence that names the fields left empty, in the reader's language; None where all are filled."""
    left = [gettext(FIELDS[name]) for name in names if not (sent.get(name) or "").strip()]
    return gettext(_("Please fill in: %(fields)s.")) % {"fields": (", " if get_language() == "en" else "、").join(left)} if left else None


def see_other(to: str, *rest, done: str | None = None, **more) -> HttpResponse:
    """On to that address (303), with the code of what was done."""
    answer = redirect(to, *rest, **more)
    if done:
        answer["Location"] += f"?done={done}"
    answer.status_code = 303
    return answer
