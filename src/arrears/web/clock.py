"""The moment of a request: asked once, by the middleware; everything behind it gets it handed over."""

from datetime import UTC, datetime

from django.conf import settings

from arrears.days import microseconds_of


def now() -> int:
    """This moment in microseconds: by the clock that configure was given, else the machine's."""
    return settings.ARREARS_CLOCK() if settings.ARREARS_CLOCK else microseconds_of(datetime.now(UTC))
