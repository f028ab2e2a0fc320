"""Contacts that are asked about in the work plane, as facts of the gate, and what its rules say of them: gather, screen and retry, as `arrears may` asks them.

A number that nobody put down is taken for the one that is asked about; and where it is not known which is dialled, all of the person's count as one. Both are the stricter reading.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from arrears.compliance.asked import NEVER, NO_NUMBER, NO_TEXT, NOT_EXPIRING, STATUSES, bits
from arrears.compliance.gather import gather
from arrears.compliance.may import coverage
from arrears.compliance.read_facts import WITHOUT_NUMBER, Facts
from arrears.compliance.retry import retry_at
from arrears.compliance.screen import screen
from arrears.days import microseconds_of, moment_of
from arrears.law.entries import minute_of
from arrears.law.rules import ACTORS, CHANNELS, LICENCES, PRODUCTS, PURPOSES, RELATIONS, VERDICTS
from arrears.strict_yaml import BadYaml
from arrears.tables.consents import CONSENT_KINDS
from arrears.tables.contacts import DIRECTIONS, OUTCOMES
from arrears.tables.holds import HOLD_KINDS
from arrears.work.actions.parties import HOLD_FOR
from arrears.work.gate_known import Agreed, Known, number_of_point
from arrears.work.models import ContactPoint, Party

STAFF_OF_A_VISIT = 2
NOT_KNOWN = "?"
"""Stands for a number that nobody knows."""
_SUM_MAX = 2**62


@dataclass(frozen=True)
class Ask:
    """One contact that is asked about. person: whose past counts; number: what stands for the number or address; text: of a written one, None where nobody has screened it."""

    party: Party | None
    person: str
    relation: str
    channel: str
    purpose: str
    number: str | None = None
    point: ContactPoint | None = None
    text: str | None = None
    staff: int = STAFF_OF_A_VISIT
    recorded: bool = True


def judged(known: Known, asks: Sequence[Ask]) -> list[dict]:
    """Per ask: verdict, grounds (strictest first), retry_at (a moment or None), coverage. A case of several products is asked about as each; the strictest counts."""
    prepared, facts, rows, past = known.rules.prepared, {}, [], _told(known)
    of_person: dict[tuple, int] = {}
    for place, ask in sorted(enumerate(asks), key=lambda one: one[1].channel in WITHOUT_NUMBER):
        for product in _products(known):
            who = (ask.person, ask.relation, ask.purpose, product, ask.text)
            if ask.channel in WITHOUT_NUMBER and who in of_person:  # a person's past is gathered once: only the number asked about differs
                rows.append((place, of_person[who]))
                continue
            key = (*who, None if ask.channel in WITHOUT_NUMBER else ask.number or NOT_KNOWN)
            if key not in facts:
                facts[key] = (len(facts), _facts(known, ask, key[-1], product, past))
            rows.append((place, of_person.setdefault(who, facts[key][0]) if ask.channel in WITHOUT_NUMBER else facts[key][0]))
            of_person.setdefault(who, facts[key][0])
    told = [one for _, one in facts.values()]
    gathered = gather(told)
    of = [asks[place] for place, _ in rows]
    kept = np.array([which for _, which in rows], np.int64)
    asked = gathered.take(kept, channel=np.array([CHANNELS.index(ask.channel) for ask in of], np.int8), staff=np.array([ask.staff for ask in of], np.int64),
                          recorded=np.array([ask.recorded for ask in of], np.bool_), text=np.where([ask.text is None for ask in of], NO_TEXT, gathered.rows.text[kept]),
                          number=np.where([ask.channel in WITHOUT_NUMBER for ask in of], NO_NUMBER, gathered.rows.number[kept]))
    verdicts = screen(asked, prepared)
    again = retry_at(asked, prepared, verdicts)
    found: list[list[dict]] = [[] for _ in asks]
    for row, (place, which) in enumerate(rows):
        found[place].append({
            "verdict": VERDICTS[verdicts.level[row]], "grounds": [prepared.grounds[rule] for rule in np.flatnonzero(verdicts.speaks[:, row])],
            "retry_at": None if again[row] == NEVER else moment_of(int(again[row])), "coverage": coverage(int(verdicts.uncovered[row]), told[which], prepared)})
    return [_strictest(one) for one in found]


def _strictest(found: list[dict]) -> dict:
    """One answer of several, about the products of a case."""
    if len(found) == 1:
        return found[0]
    worst = max(found, key=lambda one: VERDICTS.index(one["verdict"]))
    grounds = {ground.id: ground for one in found for ground in one["grounds"]}
    denied = [one["retry_at"] for one in found if one["verdict"] == "deny"]
    return {"verdict": worst["verdict"], "grounds": sorted(grounds.values(), key=lambda one: -one.level), "coverage": next((one["coverage"] for one in found if one["coverage"] != "ok"), "ok"),
            "retry_at": max(denied) if denied and None not in denied else None}


def _products(known: Known) -> list[str]:
    """The kinds of product, as the law calls them, of what is owed."""
    lender = known.rules.lender
    return sorted({lender.products.get(debt.product, lender.other_product) for debt in _about(known)}) or [lender.other_product]


def _about(known: Known) -> list:
    """The debts that a contact is about: those of which something is due and no plan is kept; where there are none, all of the case."""
    kept = {plan.loan_id for plan in known.plans}
    owed = [debt for debt in known.debts if debt.due_total_minor > 0]
    return [debt for debt in owed if debt.loan_id not in kept] or owed or list(known.debts)


def _facts(known: Known, ask: Ask, number: str | None, product: str, past: dict[str, list[tuple]]) -> Facts:
    """The facts of one contact, as `arrears may` reads them from a line."""
    lender, debtor = known.rules.lender, known.debtor
    debts = [debt for debt in _about(known) if lender.products.get(debt.product, lender.other_product) == product]
    mine = _statuses(debtor.protected)
    theirs = mine if ask.relation == "debtor" else _statuses(ask.party.protected if ask.party is not None else ())
    row = {
        "at": microseconds_of(known.at), "licence": LICENCES.index(lender.licence), "product": PRODUCTS.index(product), "actor": ACTORS.index("agency" if known.by_agency else lender.actor),
        "channel": CHANNELS.index(ask.channel), "purpose": PURPOSES.index(ask.purpose), "relation": RELATIONS.index(ask.relation if ask.relation in RELATIONS else "other"), "staff": ask.staff,
        "recorded": ask.recorded, "debtor_status": mine, "party_status": theirs, "holds": bits(HOLD_KINDS, holds_of(known, ask.party)),
        "claimable": min(sum(debt.claimable_minor for debt in debts), _SUM_MAX), "limitation_on": NOT_EXPIRING,
    }
    mine_only = past.get(ask.person, [])
    history = [_renumbered(one, number) for one in mine_only] if number is not None else [*mine_only]
    if ask.person != str(debtor.person):
        history += past.get(str(debtor.person), [])
    return Facts(known.rules.prepared.pack.id, row, lender.zones, ask.person, str(debtor.person), tuple(debt.loan_id for debt in debts), numbers_of_debtor(known),
                 [_consent(one) for one in known.consents if one.person == ask.person], history, number, ask.text)


def holds_of(known: Known, party: Party | None) -> set[str]:
    """The kinds of hold as the law knows them: those that stand, and those that the states of the debtor and of the party stand for."""
    kinds = {"legal_stay" if kind == "litigation" else kind for kind in known.holds}
    return kinds | {HOLD_FOR[state] for one in (known.debtor, party) if one is not None for state in one.protected if state in HOLD_FOR and one.role != "reserved_contact"}


def numbers_of_debtor(known: Known) -> tuple[str, ...]:
    """What stands for the debtor's telephone numbers, those found to be somebody else's left out; and NOT_KNOWN where they were dialled at a number that nobody put down."""
    debtor = known.debtor
    found = {number_of_point(point.value_index, point.pk) for point in known.points if point.party_id == debtor.pk and point.kind == "phone" and point.state != "wrong_person"}
    lost = any(one.number is None and one.person == str(debtor.person) and one.channel not in WITHOUT_NUMBER for one in known.past)
    return tuple(sorted(found | ({NOT_KNOWN} if lost else set())))


def _statuses(protected) -> int:
    return bits(STATUSES, [state for state in protected if state in STATUSES])


def _told(known: Known) -> dict[str, list[tuple]]:
    """By person their contacts as facts have them: at, channel, direction, outcome, person, number, debts. One that names no loan was about all of the case."""
    every, found = tuple(debt.loan_id for debt in known.debts), {}
    for one in known.past:
        number = one.number if one.channel in WITHOUT_NUMBER else one.number or NOT_KNOWN
        found.setdefault(one.person, []).append((microseconds_of(one.at), _CHANNEL[one.channel], _DIRECTION[one.direction], _OUTCOME[one.outcome], one.person, number, every if one.loan_id is None else (one.loan_id,)))
    return found


def _renumbered(one: tuple, number: str) -> tuple:
    """The contact as one to the number that is asked about, where it is not known to which it was, or not known which is asked about."""
    is_counted = CHANNELS[one[1]] not in WITHOUT_NUMBER and one[5] != number and (number == NOT_KNOWN or one[5] == NOT_KNOWN)
    return (*one[:5], number, one[6]) if is_counted else one


_CHANNEL, _DIRECTION, _OUTCOME = ({word: place for place, word in enumerate(words)} for words in (CHANNELS, DIRECTIONS, OUTCOMES))


def _consent(one: Agreed) -> tuple[int, int, int, int, int, int]:
    """kind, channel (-1: none), from and to minute, given and revoked at; hours that cannot be read open nothing."""
    try:
        begin, end = (minute_of(hour, "hour") if one.kind == "night_contact" else 0 for hour in (one.from_hour, one.to_hour))
    except BadYaml:
        begin, end = 0, 0
    return (CONSENT_KINDS.index(one.kind), -1 if one.channel is None else CHANNELS.index(one.channel), begin, end, microseconds_of(one.given_at),
            NEVER if one.revoked_at is None else microseconds_of(one.revoked_at))

