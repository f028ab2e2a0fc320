"""Kinds of conditions: the closed vocabulary of which rules are made, one function each.

A kind reads its settings from YAML once, raising BadYaml where they are not as they should be, and says of many rows at once
whether it holds. What a rule needs beyond these is a new function here. Source: spec verdicts; regulation.md, 9.3.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from arrears import strict_yaml
from arrears.compliance import counting
from arrears.compliance.asked import FAILED, NO_NUMBER, NO_TEXT, STATUSES, Asked, bits, code
from arrears.compliance.lexicon import RED_LINES
from arrears.law.entries import minute_of
from arrears.law.rules import CHANNELS
from arrears.strict_yaml import BadYaml
from arrears.tables.consents import CONSENT_KINDS
from arrears.tables.contacts import DIRECTIONS, OUTCOMES
from arrears.tables.holds import HOLD_KINDS
from arrears.zones import MINUTE


@dataclass(frozen=True)
class Findings:
    """What was found in the texts of Asked: text t has its findings from first[t] to last[t], the last excluded.

    line: the red line as a bit; from_day and until_day: when the lexicon's entry is in force. amount: the largest sum a text
    names in minor units, -1 where it names none.
    """

    first: np.ndarray
    last: np.ndarray
    line: np.ndarray
    from_day: np.ndarray
    until_day: np.ndarray
    amount: np.ndarray


@dataclass(frozen=True)
class Seen:
    """The rows by one zone's clock: their day and time of day (microseconds), and the days of past contacts."""

    asked: Asked
    day: np.ndarray
    minute: np.ndarray
    past_day: np.ndarray
    past_by_debt_day: np.ndarray
    findings: Findings


@dataclass(frozen=True)
class Kind:
    """read: settings from YAML. holds: of each row. passes_with_time: by waiting alone it may come to hold no more."""

    read: Callable[[object, str], object]
    holds: Callable[[Seen, object], np.ndarray]
    passes_with_time: bool = False


@dataclass(frozen=True)
class Counted:
    """Which past contacts count, since how many days, and how many are too many."""

    at_least: int
    in_days: int | None
    channel: np.ndarray
    direction: np.ndarray
    outcome: np.ndarray
    same: str


def local_time_in(seen: Seen, hours: tuple[int, int]) -> np.ndarray:
    """The clock shows an hour of [from, to), which may pass midnight."""
    begin, end = hours[0] * MINUTE, hours[1] * MINUTE
    if begin <= end:
        return (seen.minute >= begin) & (seen.minute < end)
    return (seen.minute >= begin) | (seen.minute < end)


def contacts_already(seen: Seen, counted: Counted) -> np.ndarray:
    """At least so many such contacts stand in the last in_days calendar days, today the last of them; in all, where none are named."""
    rows = seen.asked.rows
    since = np.full(len(seen.asked), counting.ANY_DAY, np.int32) if counted.in_days is None else seen.day - np.int32(counted.in_days - 1)
    if counted.same == "debt":
        return _already_by_debt(seen, counted, since)
    number = rows.number if counted.same == "number" else np.full(len(seen.asked), counting.ANY_NUMBER, np.int64)
    past = seen.asked.past
    count = counting.contacts_within(
        rows.past_first, rows.past_last, rows.known, since, number, past.at, seen.past_day, _wanted(past, counted), past.number)
    found = count >= counted.at_least
    return found & (rows.number != NO_NUMBER) if counted.same == "number" else found


def _already_by_debt(seen: Seen, counted: Counted, since: np.ndarray) -> np.ndarray:
    """The same of each debt alone; one debt of which there were too many is enough."""
    rows, past = seen.asked.rows, seen.asked.past_by_debt
    debts = rows.debt_last - rows.debt_first
    row = np.repeat(np.arange(len(seen.asked)), debts)
    place = np.arange(debts.sum()) - np.repeat(np.cumsum(debts) - debts, debts) + np.repeat(rows.debt_first, debts)
    count = counting.contacts_within(
        seen.asked.debts_first[place], seen.asked.debts_last[place], rows.known[row], since[row],
        np.full(len(row), counting.ANY_NUMBER, np.int64), past.at, seen.past_by_debt_day, _wanted(past, counted), past.number)
    last = np.cumsum(debts)
    return counting.any_of_parts(last - debts, last, count >= counted.at_least)


def debtor_reachable(seen: Seen, unreachable: tuple[int, int]) -> np.ndarray:
    """Unless each of the debtor's numbers is dead, or the last dials all failed and that was on an earlier day, or the debtor is
    deceased or incapacitated. Source: spec verdicts, cn 5.
    """
    dials, days_later = unreachable
    rows, past = seen.asked.rows, seen.asked.past
    outbound = past.direction == code(DIRECTIONS, "outbound")
    dialled = outbound & _among(past.channel, CHANNELS, ("call", "voice_bot"))
    tried = dialled | (outbound & (past.channel == code(CHANNELS, "sms")))
    dead = counting.numbers_are_dead(
        rows.debtor_first, rows.debtor_last, rows.known, rows.numbers_first, rows.numbers_last, seen.asked.numbers, past.at, tried,
        past.outcome == code(OUTCOMES, "invalid_number"), past.number)
    failed = counting.last_dials_failed(
        rows.debtor_first, rows.debtor_last, rows.known, seen.day, past.at, seen.past_day, dialled, _among(past.outcome, OUTCOMES, FAILED),
        dials, days_later)
    gone = (rows.debtor_status & bits(STATUSES, ("deceased", "incapacitated"))) != 0
    return ~(dead | failed | gone)


def lacks(seen: Seen, needed: tuple[int, bool]) -> np.ndarray:
    """Fewer people than needed, or no recording where one is needed."""
    staff, recorded = needed
    found = seen.asked.rows.staff < staff
    return found | ~seen.asked.rows.recorded if recorded else found


def debtor_status(seen: Seen, wanted: int) -> np.ndarray:
    return (seen.asked.rows.debtor_status & wanted) != 0


def party_status(seen: Seen, wanted: int) -> np.ndarray:
    return (seen.asked.rows.party_status & wanted) != 0


def debtor_or_party_status(seen: Seen, wanted: int) -> np.ndarray:
    return ((seen.asked.rows.debtor_status | seen.asked.rows.party_status) & wanted) != 0


def hold(seen: Seen, wanted: int) -> np.ndarray:
    return (seen.asked.rows.holds & wanted) != 0


def limitation_expired(seen: Seen, _: bool) -> np.ndarray:
    """Today is after the last day of limitation of one of the debts."""
    return seen.day > seen.asked.rows.limitation_on


def text_missing(seen: Seen, _: bool) -> np.ndarray:
    return seen.asked.rows.text == NO_TEXT


def text_has(seen: Seen, lines: int) -> np.ndarray:
    """The text crosses one of these red lines, by an entry of the lexicon that is in force today."""
    text, found = seen.asked.rows.text, seen.findings
    if len(found.first) == 0:
        return np.zeros(len(seen.asked), np.bool_)
    first = np.where(text == NO_TEXT, 0, found.first[text])
    last = np.where(text == NO_TEXT, 0, found.last[text])
    return counting.any_in_force(first, last, seen.day, found.line, found.from_day, found.until_day, lines)


def amount_above_claim(seen: Seen, _: bool) -> np.ndarray:
    """The text names a sum above what may be demanded of all its debts together."""
    rows, found = seen.asked.rows, seen.findings
    if len(found.amount) == 0:
        return np.zeros(len(seen.asked), np.bool_)
    return (rows.text != NO_TEXT) & (found.amount[rows.text] > rows.claimable)


def consent_open(seen: Seen, kind: int) -> np.ndarray:
    """A consent of this kind stands, and its hours hold the present one."""
    rows, consents = seen.asked.rows, seen.asked.consents
    return counting.consents_open(
        rows.consent_first, rows.consent_last, rows.at, seen.minute, consents.kind, consents.from_minute, consents.to_minute,
        consents.given_at, consents.revoked_at, kind)


def consent_missing(seen: Seen, kind: int) -> np.ndarray:
    """No consent of this kind stands for the channel."""
    return ~_consents(seen, kind)[0]


def consent_revoked(seen: Seen, kind: int) -> np.ndarray:
    """A consent of this kind for the channel was revoked, and none stands."""
    stands, revoked = _consents(seen, kind)
    return revoked & ~stands


def _consents(seen: Seen, kind: int) -> tuple[np.ndarray, np.ndarray]:
    rows, consents = seen.asked.rows, seen.asked.consents
    return counting.consents_stand(
        rows.consent_first, rows.consent_last, rows.at, rows.channel, consents.kind, consents.channel, consents.given_at,
        consents.revoked_at, kind)


def _wanted(past, counted: Counted) -> np.ndarray:
    return counted.channel[past.channel] & counted.direction[past.direction] & counted.outcome[past.outcome]


def _among(codes: np.ndarray, values: tuple[str, ...], named) -> np.ndarray:
    return np.array([value in named for value in values])[codes]


def whole(text: object, where: str, least: int = 0) -> int:
    """The whole number below a million that is written; raises BadYaml."""
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 6 and int(text) >= least:
        return int(text)
    raise BadYaml(f"{where}: {text!r} is no whole number of at least {least} and below a million; write it in digits, for example \"3\"")


def _hours(value: object, where: str) -> tuple[int, int]:
    strict_yaml.expect_keys(value, {"from", "to"}, set(), where)
    begin, end = (minute_of(value[key], f"{where}, {key}{strict_yaml.line_of(value, key)}") for key in ("from", "to"))
    if begin == end:
        raise BadYaml(f"{where}: from and to are the same, so no hour lies between them")
    return begin, end


def _counted(value: object, where: str) -> Counted:
    strict_yaml.expect_keys(value, {"at_least", "same"}, {"in_days", "channel", "direction", "outcome"}, where)
    if value["same"] not in ("party", "number", "debt"):
        raise BadYaml(f"{where}, same: {value['same']!r} is not known; contacts are counted of the same party, number or debt")
    tables = {
        name: np.ones(len(values), np.bool_) if name not in value
        else np.array([one in _listed(value[name], values, f"{where}, {name}") for one in values])
        for name, values in (("channel", CHANNELS), ("direction", DIRECTIONS), ("outcome", OUTCOMES))
    }
    in_days = whole(value["in_days"], f"{where}, in_days", 1) if "in_days" in value else None
    return Counted(whole(value["at_least"], f"{where}, at_least", 1), in_days, **tables, same=value["same"])


def _unreachable(value: object, where: str) -> tuple[int, int]:
    strict_yaml.expect_keys(value, {"dials", "days_later"}, set(), where)
    return whole(value["dials"], f"{where}, dials", 1), whole(value["days_later"], f"{where}, days_later")


def _needed(value: object, where: str) -> tuple[int, bool]:
    strict_yaml.expect_keys(value, set(), {"staff", "recorded"}, where)
    if not value:
        raise BadYaml(f"{where}: name staff, recorded or both; otherwise the rule never speaks")
    return whole(value.get("staff", "0"), f"{where}, staff"), "recorded" in value and _true(value["recorded"], f"{where}, recorded")


def _true(value: object, where: str) -> bool:
    if value != "true":
        raise BadYaml(f"{where}: {value!r}; write \"true\", or leave the condition out")
    return True


def _listed(value: object, known: tuple[str, ...], where: str) -> list[str]:
    if not isinstance(value, list) or not value:
        raise BadYaml(f"{where}: must be a list of at least one of {', '.join(known)}")
    for one in value:
        if one not in known:
            raise BadYaml(f"{where}: {one!r} is not known; known are {', '.join(known)}")
    return value


def _set_of(known: tuple[str, ...]) -> Callable[[object, str], int]:
    return lambda value, where: bits(known, _listed(value, known, where))


def _one_of(known: tuple[str, ...]) -> Callable[[object, str], int]:
    return lambda value, where: known.index(_listed([value], known, where)[0])


KINDS: dict[str, Kind] = {
    "local_time_in": Kind(_hours, local_time_in, passes_with_time=True),
    "contacts_already": Kind(_counted, contacts_already, passes_with_time=True),
    "debtor_reachable": Kind(_unreachable, debtor_reachable, passes_with_time=True),
    "lacks": Kind(_needed, lacks),
    "debtor_status": Kind(_set_of(STATUSES), debtor_status),
    "party_status": Kind(_set_of(STATUSES), party_status),
    "debtor_or_party_status": Kind(_set_of(STATUSES), debtor_or_party_status),
    "hold": Kind(_set_of(HOLD_KINDS), hold),
    "limitation_expired": Kind(_true, limitation_expired),
    "text_missing": Kind(_true, text_missing),
    "text_has": Kind(_set_of(RED_LINES), text_has),
    "amount_above_claim": Kind(_true, amount_above_claim),
    "consent_open": Kind(_one_of(CONSENT_KINDS), consent_open),
    "consent_missing": Kind(_one_of(CONSENT_KINDS), consent_missing),
    "consent_revoked": Kind(_one_of(CONSENT_KINDS), consent_revoked),
}
