"""Contacts that are asked about, as columns: one row per contact, many rows or one.

What a row has several of (debts, consents, numbers, contacts of the past) lies in shared arrays, and the row names its part of
them by first and last place, the last excluded. So a row may be taken many times without copying its history.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from arrears.law.rules import REACH

STATUSES = ("deceased", "incapacitated", "bankrupt", "represented", "minor")
FAILED = ("no_answer", "busy", "invalid_number")
"""Outcomes of a dial that did not reach anybody."""
NEVER = np.iinfo(np.int64).max
NO_NUMBER = -1
NO_TEXT = -1
NOT_EXPIRING = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Past:
    """Contacts of the past: of each person together, in order of time; of equal instants those that failed first."""

    at: np.ndarray
    channel: np.ndarray
    direction: np.ndarray
    outcome: np.ndarray
    number: np.ndarray

    def of(self, places: np.ndarray) -> "Past":
        """These contacts, in this order."""
        return Past(*(getattr(self, column.name)[places] for column in fields(self)))


@dataclass(frozen=True)
class Consents:
    """Consents: what kind, for which channel, open from which minute of the day to which, given and revoked when."""

    kind: np.ndarray
    channel: np.ndarray
    from_minute: np.ndarray
    to_minute: np.ndarray
    given_at: np.ndarray
    revoked_at: np.ndarray


@dataclass(frozen=True)
class Rows:
    """What is said of each contact once. Codes are places in the tuples of law/rules.py, of the tables, and of this file.

    at: the instant (microseconds) it would be made at; known: contacts of the past count up to here. claimable: the sum over its
    debts in minor units; limitation_on: the earliest last day of limitation of its debts (a day number). zones: a place in
    Asked.zone_sets; text: a place in Asked.texts. debtor_status, party_status and holds are sets, a bit each.
    """

    at: np.ndarray
    known: np.ndarray
    licence: np.ndarray
    product: np.ndarray
    actor: np.ndarray
    channel: np.ndarray
    purpose: np.ndarray
    relation: np.ndarray
    number: np.ndarray
    staff: np.ndarray
    recorded: np.ndarray
    debtor_status: np.ndarray
    party_status: np.ndarray
    holds: np.ndarray
    claimable: np.ndarray
    limitation_on: np.ndarray
    text: np.ndarray
    zones: np.ndarray
    past_first: np.ndarray
    past_last: np.ndarray
    debtor_first: np.ndarray
    debtor_last: np.ndarray
    debt_first: np.ndarray
    debt_last: np.ndarray
    consent_first: np.ndarray
    consent_last: np.ndarray
    numbers_first: np.ndarray
    numbers_last: np.ndarray


@dataclass(frozen=True)
class Asked:
    """Contacts that are asked about, with what they share.

    past: every person's contacts. past_by_debt: the same once per debt they were about, of each person and debt together;
    debts_first and debts_last name, for each debt of a row (debt_first to debt_last), its part of past_by_debt.
    """

    rows: Rows
    past: Past
    past_by_debt: Past
    debts_first: np.ndarray
    debts_last: np.ndarray
    consents: Consents
    numbers: np.ndarray
    texts: tuple[str, ...]
    zone_sets: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.rows.at)

    def take(self, places: np.ndarray, **columns: np.ndarray) -> "Asked":
        """These rows, in this order, with some columns set anew; what they share is shared."""
        taken = {column.name: getattr(self.rows, column.name)[places] for column in fields(Rows) if column.name not in columns}
        return replace(self, rows=Rows(**taken, **columns))


def code(values: tuple[str, ...], value: str) -> int:
    return values.index(value)


def bits(values: tuple[str, ...], named) -> int:
    """The set of these values as bits, the first value the lowest.

    >>> bits(STATUSES, ["deceased", "bankrupt"])
    5
    """
    return sum(1 << values.index(value) for value in set(named))


def reach_code(rows: Rows) -> np.ndarray:
    """One number for what a rule's reach is about, so that a look-up says whether a rule holds for the row."""
    code = np.zeros(len(rows.at), np.int32)
    for name, values in REACH.items():
        code *= len(values)
        code += getattr(rows, name)
    return code


def reach_table(reach: dict[str, frozenset[str]]) -> np.ndarray:
    """For each reach_code: the reach holds for it."""
    table = np.ones(1, np.bool_)
    for name, values in REACH.items():
        held = np.array([name not in reach or value in reach[name] for value in values])
        table = (table[:, None] & held[None, :]).ravel()
    return table

