"""When to ask again: the first instant at which a denied contact would no longer be, nothing else having happened.

Whether a rule speaks changes, with time alone, only where some clock shows midnight or an hour that a rule or a consent names, where
a clock is put forward or back, where a consent begins or ends, and where a rule does. So it is enough to ask at those instants.
Source: spec verdicts, Answer (retry_at).
"""

from dataclasses import dataclass

import numpy as np

from arrears.compliance.asked import NEVER, Asked
from arrears.compliance.screen import DENY, Prepared, Verdicts, screen
from arrears.zones import DAY, changes, instants_showing, offsets

YEAR = 366 * DAY
"""Nobody is told to ask again later than that."""


@dataclass(frozen=True)
class Edges:
    """What instants are worth asking at: minutes of the day that rules name, how many days ahead, and days on which rules change."""

    minutes: frozenset[int]
    days: int
    rule_days: frozenset[int]


def edges_of(prepared: Prepared) -> Edges:
    """The hours, windows and dates that the pack's rules name."""
    minutes, days = {0}, 1
    for condition in prepared.conditions:
        for holds, settings in (*condition.when, *condition.unless):
            if holds.__name__ == "local_time_in":
                minutes |= set(settings)
            elif holds.__name__ == "contacts_already":
                days = max(days, settings.in_days or 0)
            elif holds.__name__ == "debtor_reachable":
                days = max(days, settings[1])
    rule_days = {day for ground in prepared.grounds for day in (ground.from_on, ground.until_on)}
    return Edges(frozenset(minutes), days + 1, frozenset(rule_days))


def retry_at(asked: Asked, prepared: Prepared, verdicts: Verdicts) -> np.ndarray:
    """Per row the instant (microseconds) to ask again at; NEVER where the contact is not denied, or not only time stands in its way."""
    found = np.full(len(asked), NEVER, np.int64)
    fixed = np.array([ground.level == DENY and not condition.passes_with_time
                      for ground, condition in zip(prepared.grounds, prepared.conditions, strict=True)], np.bool_)
    waiting = (verdicts.level == DENY) & ~verdicts.speaks[fixed].any(axis=0)
    edges = edges_of(prepared)
    places = np.flatnonzero(waiting)
    worth = [_instants_after(asked, int(place), prepared, edges) for place in places]
    if not worth:
        return found
    rows, instants = np.repeat(places, [len(one) for one in worth]), np.concatenate(worth)
    again = screen(asked.take(rows, at=instants), prepared)
    free = again.level < DENY
    np.minimum.at(found, rows[free], instants[free])
    return found


def _instants_after(asked: Asked, place: int, prepared: Prepared, edges: Edges) -> np.ndarray:
    rows, consents = asked.rows, asked.consents
    at, own = int(rows.at[place]), slice(rows.consent_first[place], rows.consent_last[place])
    minutes = np.array(sorted(edges.minutes.union(consents.from_minute[own].tolist(), consents.to_minute[own].tolist())), np.int64)
    zones = asked.zone_sets[rows.zones[place]] if prepared.pack.zone is None else (prepared.pack.zone,)
    turns = {zone: changes(zone, at, at + YEAR) for zone in zones}
    # people of several zones may share no open hour until one of the clocks is put forward or back
    far = {turn // DAY + step for of_zone in turns.values() for turn in of_zone for step in (-1, 0, 1, 2)} if len(zones) > 1 else set()
    worth = [consents.given_at[own], consents.revoked_at[own]]
    for zone in zones:
        today = int((at + offsets(zone, np.array([at]))[0]) // DAY)
        days = far.union(range(today, today + edges.days + 1), (day for day in edges.rule_days if today < day < today + YEAR // DAY))
        worth += [instants_showing(zone, np.array(sorted(days), np.int64), minutes, at, at + YEAR), np.array(turns[zone], np.int64)]
    instants = np.unique(np.concatenate(worth))
    return instants[(instants > at) & (instants < at + YEAR)]
