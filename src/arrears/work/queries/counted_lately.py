"""Figures of many rows, kept for some seconds in the process that counted them, each for whom it was counted: twenty looks a second cost one count every FRESH.

Whoever looks is shown the last count with its moment. Is it older than FRESH, it is counted anew meanwhile, once, however many look; older than SHOWN it is shown to nobody, and whoever
looks waits for a new one. After an action of the reader's own nothing of before is shown to them. Of few rows nothing is kept: they are counted at each look.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Generic, TypeVar

from django.conf import settings
from django.db import connection

from arrears.work.actor import Actor
from arrears.work.models import Entry
from arrears.work.tenancy import seen_by

FRESH, SHOWN = timedelta(seconds=10), timedelta(seconds=30)
KEPT_FROM = 200
"""So many rows must have been counted to be kept; fewer are counted at each look."""
_PLACES_MOST = 1_000

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Count(Generic[T]):
    """What was counted, of which moment, and the reader's latest action before it."""

    what: T
    of: datetime
    after: int | None


class _Place:
    """Where the count of one key lies; who holds the lock is counting."""

    def __init__(self):
        self.lock, self.last = Lock(), None


_places: OrderedDict[Hashable, _Place] = OrderedDict()
_among_places = Lock()


def counted_lately(actor: Actor, key: Hashable, now: datetime, count: Callable[[], T], rows: Callable[[T], int]) -> T:
    """What count tells, of this moment or of one at most SHOWN ago. key: what is counted beside who asks; rows: how many rows were counted.

    The whole actor is part of the key, so that roles, teams or an account that changed since see nothing that was counted under others. Raises what count raises.
    """
    place, after = _place((settings.ARREARS[0], actor, key)), _latest_action(actor)
    last = place.last
    if _may_be_shown(last, now, after):
        if now - last.of >= FRESH and place.lock.acquire(blocking=False):
            Thread(target=_count_meanwhile, args=(place, now, after, count, rows), daemon=True).start()
        return last.what
    with place.lock:
        if _may_be_shown(place.last, now, after):  # another who looked at the same moment has counted it
            return place.last.what
        what = count()
        place.last = _Count(what, now, after) if rows(what) >= KEPT_FROM else None
        return what


def _may_be_shown(last: _Count | None, now: datetime, after: int | None) -> bool:
    return last is not None and last.after == after and abs(now - last.of) < SHOWN


def _count_meanwhile(place: _Place, now: datetime, after: int | None, count: Callable[[], T], rows: Callable[[T], int]) -> None:
    """The count in a thread and a connection of its own. One that fails is told to the log and leaves none, so that whoever looks next counts, and is told what is wrong."""
    try:
        what = count()
        place.last = _Count(what, now, after) if rows(what) >= KEPT_FROM else None
    except Exception:
        place.last = None
        _log.exception("a count that was to be brought up to date failed; whoever looks next counts anew")
    finally:
        place.lock.release()
        connection.close()


def _place(key: Hashable) -> _Place:
    with _among_places:
        place = _places.setdefault(key, _Place())
        _places.move_to_end(key)
        if len(_places) > _PLACES_MOST:
            _places.popitem(last=False)
        return place


def _latest_action(actor: Actor) -> int | None:
    """The number of the last action by the actor's account that is done; None where there is none."""
    with seen_by(actor):
        return Entry.objects.filter(lender=actor.lender, actor=actor.account).order_by("-number").values_list("number", flat=True).first() if actor.account else None
