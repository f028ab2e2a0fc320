"""How disputes, complaints and hardship were answered over a time: how many, how many in time, how long it took; by ground, team and collector. No persons. Of very many they are counted once in some seconds (counted_lately)."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import connection

from arrears.work.actions.action import ZONE
from arrears.work.actor import Actor
from arrears.work.queries.counted_lately import counted_lately
from arrears.work.tenancy import seen_by

DAYS_MOST = 366
SPANS = ((0, 5), (6, 10), (11, 15), (16, 20), (21, 30), (31, 60), (61, None))
"""Days from receipt to answer, first and last of each column of the picture; 15, 30 and 60 are the law's borders in the pack cn."""


@dataclass
class Figure:
    """What became of some matters. answered_late: answered after their last day; late: open and past it; days: how long each answered one took, with how many."""

    raised: int = 0
    open: int = 0
    late: int = 0
    answered: int = 0
    answered_late: int = 0
    upheld: int = 0
    days: Counter = field(default_factory=Counter)

    @property
    def in_time_share(self) -> float | None:
        """Of those whose last day is past or that were answered, how many were answered in time; None where there are none."""
        due = self.answered + self.late
        return None if not due else (self.answered - self.answered_late) / due

    @property
    def in_time_percent(self) -> int | None:
        """in_time_share in whole percent, rounded down, so that one late answer in a thousand does not read as none."""
        return None if self.in_time_share is None else int(self.in_time_share * 100)

    @property
    def median_days(self) -> int | None:
        """The middle of how long the answered ones took, the lower one of two; None where none was answered."""
        total = sum(self.days.values())
        seen = 0
        for taken in sorted(self.days):
            seen += self.days[taken]
            if 2 * seen >= total:
                return taken
        return None

    @property
    def in_spans(self) -> list[int]:
        """How many were answered within each of SPANS."""
        return [sum(count for taken, count in self.days.items() if first <= taken and (last is None or taken <= last)) for first, last in SPANS]

    def add(self, count: int, state: str, is_late: bool, taken: int | None) -> None:
        """Some more of them, alike."""
        self.raised += count
        if taken is None:
            self.open += count
            self.late += count if is_late else 0
        else:
            self.answered += count
            self.answered_late += count if is_late else 0
            self.upheld += count if state in ("upheld", "partly_upheld", "plan", "paused") else 0
            self.days[taken] += count


@dataclass(frozen=True)
class Clocks:
    """The figures of matters raised from since on, and of those that are open still whenever they were raised; as_of: the moment they are of."""

    since: date
    as_of: datetime
    by_kind: dict[str, Figure]
    by_ground: dict[tuple[str, str], Figure]
    by_team: dict[str, Figure]
    by_collector: dict[str, Figure]


_SELECTS = {
    "dispute": ("ground", "answer_by_on", "answered_at", "k.roster_name"),
    "complaint": ("ground", "answer_by_on", "answered_at", "coalesce(a.roster_name, k.roster_name)"),
    "hardship": ("reason", "decide_by_on", "decided_at", "k.roster_name"),
}


def clocks(actor: Actor, now: datetime, days: int = 90) -> Clocks:
    """The figures over the last days; one query a kind, asked once in some seconds where there are many. Of a complaint the collector is whom it is about, else who holds the case. Row-level security shows a team lead their teams' alone; nobody's hold complaints about themselves."""
    today = now.astimezone(ZONE).date()
    since = today - timedelta(days=min(max(days, 1), DAYS_MOST))
    return counted_lately(actor, ("clocks", today, since), now, lambda: _counted(actor, now, today, since), lambda told: sum(one.raised for one in told.by_kind.values()))


def _counted(actor: Actor, now: datetime, today: date, since: date) -> Clocks:
    told = Clocks(since, now, {}, {}, {}, {})
    with seen_by(actor), connection.cursor() as cursor:
        for kind, (ground, due, ended, collector) in _SELECTS.items():
            about = "LEFT JOIN work_collector a ON a.id = m.about_id" if kind == "complaint" else ""
            others = "AND NOT coalesce(m.about_id = %(collector)s::uuid OR m.about_account_id = %(account)s::uuid, false)" if kind == "complaint" else ""
            zone = "AT TIME ZONE 'Asia/Shanghai'"
            cursor.execute(f"""SELECT m.{ground}, coalesce(t.code, ''), coalesce({collector}, ''), m.state, ({ended} {zone})::date - (m.raised_at {zone})::date,
                coalesce(({ended} {zone})::date, %(today)s) > m.{due}, count(*) FROM work_{kind} m JOIN work_case c ON c.id = m.case_id
                LEFT JOIN work_team t ON t.id = c.team_id LEFT JOIN work_collector k ON k.id = c.held_by_id {about}
                WHERE m.lender = %(lender)s {others} AND ((m.raised_at {zone})::date >= %(since)s OR m.{ended} IS NULL) GROUP BY 1, 2, 3, 4, 5, 6""",  # noqa: S608
                           {"lender": actor.lender, "since": since, "today": today, "collector": actor.collector, "account": actor.account})
            told.by_kind[kind] = Figure()
            for ground_of, team, who, state, taken, is_late, count in cursor.fetchall():
                for table, key in ((told.by_kind, kind), (told.by_ground, (kind, ground_of)), (told.by_team, team), (told.by_collector, who)):
                    table.setdefault(key, Figure()).add(count, state, is_late, taken)
    return told
