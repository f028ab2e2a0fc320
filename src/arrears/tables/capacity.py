"""Capacity: how much contact a team can make on a day."""

from arrears.tables.contacts import CHANNELS
from arrears.tables.table import Table, date_of, recorded_at, text, whole

CAPACITY = Table(
    "capacity",
    "what one team can do on one day by one channel",
    ("works_on", "team", "channel"),
    (
        date_of("works_on", "the day"),
        text("team", "the team or agency"),
        text("channel", "by which way", one_of=CHANNELS),
        whole("people", "count", "people at work", least=0, most=1_000_000),
        whole("attempts_max", "count", "contacts they can try", least=0, most=10**9),
        recorded_at(),
    ),
    optional=True,
)
