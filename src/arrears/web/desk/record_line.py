"""The record's state in a few lines, for auditors and administrators: how large it is, what waits, what is wrong and what is still provable."""

from django.conf import settings
from django.utils.translation import get_language

from arrears.days import moment_of
from arrears.record.history import read_current, read_keys
from arrears.record.monitor import read_place, standing
from arrears.record.places import places_of
from arrears.refusal import Refused
from arrears.work.recording import backlog

SEEN_BY = frozenset({"auditor", "administrator"})


def record_line(request) -> dict | None:
    """What record_line.html shows to whoever asks; None for roles that do not look after the record. Nothing in it is personal.

    size: entries under the newest checkpoint, None where it cannot be read; is_kept: whether there is a log at all; waiting: entries not in it yet; looked_at: when the monitor last looked.
    """
    home = settings.ARREARS[0]
    if home is None or not request.actor.roles & SEEN_BY:
        return None
    places, is_english = places_of(home), get_language() == "en"
    if not (places.log / "keys").exists():
        return {"is_kept": False, "command": "arrears record init"}
    alerts = [(one.en, one.provable_en) if is_english else (one.zh, one.provable_zh) for one in standing(places).values()]
    try:
        size = read_current(places.log, read_keys(places.log)).size
    except (Refused, OSError) as problem:
        size = None
        alerts = alerts or [((problem.en if is_english else problem.zh) if isinstance(problem, Refused) else str(problem), "")]
    seen_at = read_place(places).seen_at
    return {"is_kept": True, "size": size, "waiting": backlog().waiting, "looked_at": moment_of(seen_at) if seen_at else None, "alerts": alerts}
