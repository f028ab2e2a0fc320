"""Every fen of one debt: what may be demanded and why, down to days and rates, exactly as the night's own explanation says it.

The explanation is the night's, which pages do not know: the server hands a function over (settings.ARREARS_EXPLAINED). What it said of a night does not change, so each process keeps it.
"""

from collections import OrderedDict
from datetime import date
from pathlib import Path
from threading import Lock
from uuid import UUID

from django.conf import settings
from django.http import Http404
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe

from arrears.refusal import Refused
from arrears.web.mishaps import in_language
from arrears.work.queries.person_page import Told, told_by

_KEPT_MOST = 200
_KEPT: OrderedDict[tuple, list] = OrderedDict()
_LOCK = Lock()
_INDENT = 2


@require_safe
def every_fen(request, case: UUID, loan: str):
    """The explanation of the debt as a piece of a page, or as a page of its own where no script asked."""
    told = told_by(request.actor, case, loan)
    if told is None:
        raise Http404
    context = {"case": case, "loan": loan, "as_of": told.as_of, "is_piece": request.headers.get("HX-Request") == "true"}
    try:
        context["sections"] = [{"name": name, "title": title, "lines": [{"day": day, "text": text.strip(), "depth": (len(text) - len(text.lstrip())) // _INDENT} for day, text in lines]}
                               for name, title, lines in _explained(told)]
    except Refused as refused:
        context["refused"] = in_language(refused)
    return render(request, "every_fen_piece.html" if context["is_piece"] else "every_fen.html", context)


def _explained(told: Told) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The parts of the explanation. Raises Refused where there is none at hand."""
    if settings.ARREARS_EXPLAINED is None or told.book is None:
        raise Refused("this server was started without the book, so it cannot explain the debt; see it at the command line: arrears explain", "本服务启动时未接入账册，无法说明该笔债务；可在命令行查看：arrears explain")
    lang = "en" if translation.get_language() == "en" else "zh"
    key = (str(told.book), told.loan_id, told.as_of, lang, _night(told.book, told.as_of))
    with _LOCK:
        if key in _KEPT:
            _KEPT.move_to_end(key)
            return _KEPT[key]
    found = settings.ARREARS_EXPLAINED(told.book, told.loan_id, told.as_of, lang)
    with _LOCK:
        _KEPT[key] = found
        while len(_KEPT) > _KEPT_MOST:
            _KEPT.popitem(last=False)
    return found


def _night(book: Path, as_of: date) -> int:
    """Changes when the night is done again."""
    try:
        return (book / "nights" / as_of.isoformat() / "run.json").stat().st_mtime_ns
    except OSError:
        return 0
