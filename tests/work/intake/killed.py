"""Children that do one thing and are killed with SIGKILL after a while; forked from a process that has everything imported, so each costs only what it does."""

import os
import random
import signal
import time
from collections.abc import Callable

POINTS = 3000 if os.environ.get("ARREARS_LONG_FAULTS") == "1" else 300
_ENDED, _FAILED = 0, 3


_LEFT_TO_PARENT: list = []
"""Connections that a child must not close: that would end the parent's sessions."""


def _as_a_child() -> None:
    """What the parent is connected by is left alone; the child opens its own. The vault does so by itself."""
    from django.db import connections

    for one in list(connections.all(initialized_only=True)):
        pools = type(one)._connection_pools
        _LEFT_TO_PARENT.extend([one, one.connection, dict(pools)])
        type(one)._connection_pools = {}
        del connections[one.alias]


def forked(does: Callable[[], object]) -> int:
    """The process id of a child that does it and ends."""
    child = os.fork()
    if child:
        return child
    try:
        _as_a_child()
        does()
        os._exit(_ENDED)
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(_FAILED)


def run(does: Callable[[], object]) -> float:
    """Done in a child, to its end; the seconds that it took."""
    begun = time.monotonic()
    _, status = os.waitpid(forked(does), 0)
    assert os.waitstatus_to_exitcode(status) == _ENDED
    return time.monotonic() - begun


def killed(does: Callable[[], object], after: float) -> bool:
    """Whether the child was killed before it ended."""
    child = forked(does)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (_ENDED, -signal.SIGKILL), code
    return code == -signal.SIGKILL


def moments(seconds: float, seed: int) -> list[float]:
    """So many moments at which to kill, spread over the time that the thing takes and a little more."""
    dice = random.Random(seed)
    return [dice.uniform(0, seconds * 1.1) for _ in range(POINTS)]
