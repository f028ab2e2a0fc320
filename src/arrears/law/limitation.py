"""Until when a debt may be sued for: limitation as a pure function of the log of what happened, and of what can be proven.

Source: 民法典 arts. 188 to 203; 法释〔2020〕17号; 法释〔2021〕10号 art. 3; the data are in limitation.yaml. Where two readings
are possible the earlier end holds, because from the day after it nothing may be said of a suit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from arrears import strict_yaml
from arrears.law.day_count import after_holidays, months_after
from arrears.law.entries import (
    CITED,
    day_of_text,
    day_or_none,
    days_in_order,
    demand_citation,
    flag,
    held,
    known_words,
    listed,
    mapped,
    parsed,
    source_ids,
    whole_of_text,
    word,
    words,
)
from arrears.law.rules import PRODUCTS
from arrears.strict_yaml import BadYaml

FILE = "limitation.yaml"
DUE = "due"
LONG_STOP = "long_stop"
RUNNING, SUSPENDED, EXPIRED, UNKNOWN = "running", "suspended", "expired", "unknown"
DECIDED = "decided"
"""The outcome of a proceeding that ended by a decision on the claim; after any other, only its first day counts."""
_KINDS = {"interrupts", "suspends"}
_EVENT_KEYS = {"kind", "effect", "meaning"}
_EVENT_MAY = {"proof", "proof_any", "pending", "products", "waives_after_expiry", "from", "until", "note"}


@dataclass(frozen=True)
class EventKind:
    """What an event of this kind does, and the proof without which it does nothing.

    proof: every one of these; proof_any: at least one of these. pending: the period does not run while it lasts.
    """

    id: str
    effect: str
    proof: tuple[str, ...]
    proof_any: tuple[str, ...]
    pending: bool
    waives_after_expiry: bool
    products: tuple[str, ...]
    first: date | None
    until: date | None


@dataclass(frozen=True)
class Rules:
    """The numbers and kinds of limitation.yaml. periods: (years, first day after which the period's rule is gone)."""

    periods: tuple[tuple[int, date | None], ...]
    long_stop_years: int
    window_months: int
    after_months: int
    weekends_extend: bool
    kinds: dict[str, EventKind]


@dataclass(frozen=True)
class Event:
    """Something that happened to a debt. `on`: the day it took effect (a demand: arrived), by Shanghai's calendar.

    ended_on: the day on which a proceeding or an obstacle ended; outcome: how a proceeding did (`decided` or another
    word); proof: what is kept of it, by name.
    """

    id: str
    kind: str
    on: date
    ended_on: date | None = None
    outcome: str | None = None
    proof: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Limitation:
    """How limitation stands at the end of a day.

    status: running, suspended (no last day while it lasts), expired, or unknown (no due date is known).
    expires_on: the last day on which suit may be filed. basis_event: the event from which the period runs, which stopped
    it, or `due`, `long_stop`. missing_proof: events that would have counted, and what is missing. not_counted: events that
    do nothing, and why. holidays_unknown: the last day may lie later by holidays that nobody has announced yet.
    """

    status: str
    expires_on: date | None
    basis_event: str | None
    runs_since: date | None
    long_stop_on: date | None
    waived_on: date | None = None
    missing_proof: tuple[tuple[str, tuple[str, ...]], ...] = ()
    not_counted: tuple[tuple[str, str], ...] = ()
    holidays_unknown: bool = False


def limitation_rules(texts: dict[str, str]) -> Rules:
    """The rules of limitation.yaml; raises BadYaml."""
    document, sources = parsed(texts, FILE), source_ids(texts)
    strict_yaml.expect_keys(
        document, {"periods", "long_stop", "suspension", "day_count", "effects", "events"}, {"examples"}, FILE
    )
    kinds = {}
    for entry in listed(document["events"], FILE):
        kind = _kind_from(entry, sources)
        if word(entry, "kind", FILE) in kinds:
            raise BadYaml(f"{FILE}: the event kind {entry['kind']!r} stands twice; remove one")
        kinds[entry["kind"]] = kind
    for entry in listed(document["effects"], FILE):
        strict_yaml.expect_keys(entry, {*CITED, "meaning"}, set(), f"{FILE}, {entry.get('id')}")
        demand_citation(entry, sources, f"{FILE}, {entry['id']}")
    stop = _cited(document["long_stop"], {"years"}, sources)
    suspension = _cited(document["suspension"], {"window_months", "after_months"}, sources)
    counting = _cited(document["day_count"], {"weekends_extend"}, sources)
    return Rules(
        _periods(document["periods"], sources),
        whole_of_text(stop["years"], f"{FILE}, {stop['id']}"),
        whole_of_text(suspension["window_months"], f"{FILE}, {suspension['id']}"),
        whole_of_text(suspension["after_months"], f"{FILE}, {suspension['id']}"),
        flag(counting, "weekends_extend", f"{FILE}, {counting['id']}"),
        kinds,
    )


def limitation_of(rules: Rules, due_on: Sequence[date], events: Iterable[Event], as_of: date, product: str) -> Limitation:
    """How limitation of one debt stands at the end of as_of, from what happened by then.

    due_on: the due dates of all instalments of the debt, as they stand after acceleration (the period begins with the
    last of them, 189). Raises ValueError for an event of an unknown kind, or one that ends before it begins.
    """
    if not due_on:
        return Limitation(UNKNOWN, None, None, None, None)
    log = sorted((event for event in events if event.on <= as_of), key=lambda event: (event.on, event.id))
    proven, missing, not_counted = _proven(rules, log, product)
    clock = _Clock(rules, max(due_on), as_of, [event for event in proven if rules.kinds[event.kind].effect == "suspends"])
    for event in proven:
        if rules.kinds[event.kind].effect == "interrupts":
            why = clock.interrupt(event, rules.kinds[event.kind])
            if why:
                not_counted.append((event.id, why))
    return clock.result(tuple(missing), tuple(not_counted))


class _Clock:
    """The period of one debt while its log is gone through, day after day."""

    def __init__(self, rules: Rules, due: date, as_of: date, obstacles: list[Event]):
        self.rules, self.due, self.as_of, self.obstacles = rules, due, as_of, obstacles
        self.since, self.basis, self.pending, self.waived_on = due, DUE, None, None
        self.long_stop, self.long_stop_unknown = after_holidays(
            months_after(due, 12 * rules.long_stop_years), rules.weekends_extend)

    def interrupt(self, event: Event, kind: EventKind) -> str | None:
        """Lets the period begin anew, or says why the event does nothing."""
        lasts = kind.pending and (self._lasting(event) or event.outcome == DECIDED)
        anew = event.ended_on if lasts and not self._lasting(event) else event.on
        if anew <= self.due and not (lasts and self._lasting(event)):
            return "before_period"
        end, _, _ = self._end()
        is_over = self.pending is None and event.on > self.due and event.on > min(end or date.max, self.long_stop)
        if is_over and not (kind.waives_after_expiry and event.on <= self.long_stop):
            return "after_expiry"
        if is_over:
            self.waived_on = event.on
        if lasts and self._lasting(event):
            self.pending = self.pending or event
        if anew >= self.since:
            self.since, self.basis = anew, event.id
        return None

    def result(self, missing, not_counted) -> Limitation:
        """What stands when the whole log has been gone through."""
        end, stopped_by, unknown = self._end()
        if self.pending is not None:
            status, end, basis = SUSPENDED, None, self.pending.id
        elif end is None and self.as_of <= self.long_stop:
            status, basis = SUSPENDED, stopped_by
        elif end is None or end > self.long_stop:
            end, basis, unknown = self.long_stop, LONG_STOP, self.long_stop_unknown
            status = EXPIRED if self.as_of > end else RUNNING
        else:
            status, basis = EXPIRED if self.as_of > end else RUNNING, stopped_by or self.basis
        return Limitation(status, end, basis, self.since, self.long_stop, self.waived_on, missing, not_counted,
                          unknown and end is not None)

    def _lasting(self, event: Event) -> bool:
        return event.ended_on is None or event.ended_on > self.as_of

    def _end(self) -> tuple[date | None, str | None, bool]:
        """The last day, None while an obstacle of the last months lasts; the obstacle that set it; holidays unknown."""
        rules, stopped_by = self.rules, None
        end = _period_end(rules.periods, self.since)
        for obstacle in self.obstacles:
            window = months_after(end, -rules.window_months)
            if self._lasting(obstacle) and obstacle.on <= end and self.as_of > window:
                return None, obstacle.id, False
            if not self._lasting(obstacle) and obstacle.on <= end and obstacle.ended_on > window:
                end, stopped_by = max(end, months_after(obstacle.ended_on, rules.after_months)), obstacle.id
        last, unknown = after_holidays(end, rules.weekends_extend)
        return last, stopped_by, unknown


def _period_end(periods, since: date) -> date:
    """The last day by the period in force: an older one holds where it had ended before it was replaced."""
    for years, until in periods:
        end = months_after(since, 12 * years)
        if until is None or end < until:
            return end
    raise AssertionError("the last period has no end")


def _proven(rules: Rules, log: list[Event], product: str) -> tuple[list[Event], list, list]:
    """The events that may count; those without their proof; those that do not concern the debt or its time."""
    proven, missing, not_counted = [], [], []
    for event in log:
        if event.kind not in rules.kinds:
            raise ValueError(f"event {event.id}: {event.kind!r} is no kind of {FILE}; known are {', '.join(rules.kinds)}")
        if event.ended_on is not None and event.ended_on < event.on:
            raise ValueError(f"event {event.id}: ends {event.ended_on}, before it begins {event.on}; correct the log")
        kind = rules.kinds[event.kind]
        lacking = [name for name in kind.proof if not event.proof.get(name)]
        if kind.proof_any and not any(event.proof.get(name) for name in kind.proof_any):
            lacking.append(" | ".join(kind.proof_any))
        if kind.products and product not in kind.products:
            not_counted.append((event.id, "other_product"))
        elif (kind.first and event.on < kind.first) or (kind.until and event.on >= kind.until):
            not_counted.append((event.id, "rule_not_in_force"))
        elif lacking:
            missing.append((event.id, tuple(lacking)))
        else:
            proven.append(event)
    return proven, missing, not_counted


def _cited(entry: dict, keys: set[str], sources) -> dict:
    where = f"{FILE}, {mapped(entry, FILE).get('id')}"
    strict_yaml.expect_keys(entry, {*CITED, *keys}, {"note", "meaning"}, where)
    demand_citation(entry, sources, where)
    return entry


def _kind_from(entry: dict, sources) -> EventKind:
    where = f"{FILE}, {entry.get('id')}"
    strict_yaml.expect_keys(entry, {*CITED, *_EVENT_KEYS}, _EVENT_MAY, where)
    demand_citation(entry, sources, where)
    if word(entry, "effect", where) not in _KINDS:
        raise BadYaml(f"{where}: effect {entry['effect']!r}; known are {', '.join(sorted(_KINDS))}")
    if not entry.get("proof") and not entry.get("proof_any"):
        raise BadYaml(f"{where}: an event that needs no proof would interrupt by being claimed; name its proof")
    return EventKind(
        entry["id"], entry["effect"], words(entry, "proof", where), words(entry, "proof_any", where),
        flag(entry, "pending", where), flag(entry, "waives_after_expiry", where), known_words(entry, "products", PRODUCTS, where),
        *days_in_order(entry, "from", "until", where),
    )


def _periods(entries: list[dict], sources) -> tuple[tuple[int, date | None], ...]:
    """Each begins where the one before ends, and the last has no end."""
    periods, expected = [], None
    for entry in listed(entries, FILE):
        where = f"{FILE}, {entry['id']}"
        strict_yaml.expect_keys(entry, {*CITED, "years", "from", "until"}, {"note"}, where)
        demand_citation(entry, sources, where)
        first, until = days_in_order(entry, "from", "until", where)
        if first != expected:
            raise BadYaml(f"{where}: begins {first}, but the period before ends {expected}")
        periods.append((whole_of_text(entry["years"], where), until))
        expected = until
    if not periods or expected is not None:
        raise BadYaml(f"{FILE}: the last period must have no end")
    return tuple(periods)


def failures(texts: dict[str, str]) -> list[str]:
    """The examples of limitation.yaml that do not hold, in words; empty where all hold."""
    def check() -> Iterator[str]:
        rules = limitation_rules(texts)
        for example in parsed(texts, FILE).get("examples", ()):
            where = f"{FILE}, {example.get('name')}"
            strict_yaml.expect_keys(example, {"name", "due_on", "as_of", "expect"}, {"events", "product"}, where)
            found = limitation_of(
                rules, [day_of_text(day, where) for day in example["due_on"]],
                [_event_from(entry, where) for entry in example.get("events", ())],
                day_of_text(example["as_of"], where), example.get("product", "consumer_loan"),
            )
            for key, expected in example["expect"].items():
                value = getattr(found, key)
                if _as_text(value) != expected:
                    yield f"{where}: {key} is {_as_text(value)}, expected {expected}"

    return held(check)


def _event_from(entry: dict, where: str) -> Event:
    return Event(
        entry["id"], entry["kind"], day_of_text(entry["at"], where), day_or_none(entry, "ended_on", where),
        entry.get("outcome"), dict.fromkeys(entry.get("proof", ()), "kept"),
    )


def _as_text(value) -> object:
    """A value of the result as an example writes it: pairs as a mapping, several names as a list, nothing as null."""
    if isinstance(value, tuple):
        return {name: list(of) if isinstance(of, tuple) else of for name, of in value}
    return {None: "null", True: "true", False: "false"}.get(value, str(value))
