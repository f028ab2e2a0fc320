"""The lamps of a case: of each party and channel whether they may be contacted at this moment, which rules forbid it, by which text, and until when.

As many queries for one party as for a thousand contacts. A lamp that nobody can tell is red and says why.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from arrears.law.rules import VERDICTS
from arrears.tables.contacts import CHANNELS
from arrears.work.actions.action import NOT_VISIBLE, Forbidden
from arrears.work.actor import Actor
from arrears.work.gate import BY_KIND, Answer, answers, ask_of, no_way, while_held
from arrears.work.gate_facts import Ask
from arrears.work.gate_known import Known, known_of
from arrears.work.models import Case, ContactPoint, Party
from arrears.work.residuals import filter_for
from arrears.work.tenancy import seen_by

SHOWN = tuple(channel for channel in ("call", "sms", "voice_bot", "im", "push", "email", "letter", "visit") if channel in CHANNELS)
"""In the order in which lamps stand."""
SCREENED = "…"
"""Stands for wording that is screened when it goes out: a lamp says whether the channel is open, not whether a text is."""


@dataclass(frozen=True)
class Lamp:
    """One party and channel. answer: the mildest among the party's numbers or addresses; by_point: the answer for each of them that may carry the channel."""

    party: UUID
    role: str
    channel: str
    answer: Answer
    by_point: dict[UUID, Answer]
    has_way: bool = True

    @property
    def colour(self) -> str:
        """green, amber (a person's reason or release is needed), red; grey where nothing is known by which to reach the party so."""
        return {"allow": "green", "warn": "amber", "review": "amber", "deny": "red" if self.has_way else "grey"}[self.answer.verdict]


def lamps(actor: Actor, case: UUID, at: datetime) -> tuple[Lamp, ...]:
    """The lamps of a case at that moment, debtor first. Raises Forbidden where the actor may see none such."""
    with seen_by(actor):
        found = Case.objects.filter(filter_for(actor, "case.view", Case), lender=actor.lender, pk=case).select_related("team").first()
        if found is None:
            raise Forbidden(f"there is no case {case} among those you may see ({NOT_VISIBLE})", f"在您可见的范围内没有案件 {case}（{NOT_VISIBLE}）", (NOT_VISIBLE,))
        known = known_of(found, at)
    return lamps_of(known)


def lamps_of(known: Known) -> tuple[Lamp, ...]:
    """The same of what is known already; asks nothing of the database."""
    parties = sorted(known.parties, key=lambda one: (one.role != "debtor", one.role, one.ordinal))
    asks: list[tuple[Party, str, ContactPoint | None, Ask]] = []
    for party in parties:
        for channel in SHOWN:
            for point in _ways(known, party, channel):
                asks.append((party, channel, point, ask_of(known, party, channel, point, text=SCREENED)))
    told: dict[tuple[UUID, str], list[tuple[ContactPoint | None, Answer]]] = {}
    for (party, channel, point, _), answer in zip(asks, answers(known, [ask for *_, ask in asks]), strict=True):
        told.setdefault((party.pk, channel), []).append((point, while_held(known, answer)))
    return tuple(_lamp(party, channel, told.get((party.pk, channel))) for party in parties for channel in SHOWN)


def _ways(known: Known, party: Party, channel: str) -> list[ContactPoint | None]:
    """The contact points of the party that may carry the channel; one that is none where the channel needs none."""
    if channel not in BY_KIND:
        return [None]
    return [point for point in known.points if point.party_id == party.pk and point.kind == BY_KIND[channel]]


def _lamp(party: Party, channel: str, told: list[tuple[ContactPoint | None, Answer]] | None) -> Lamp:
    if not told:
        return Lamp(party.pk, party.role, channel, no_way(channel), {}, has_way=False)
    mildest = min((answer for _, answer in told), key=lambda one: (VERDICTS.index(one.verdict), one.retry_at is None, one.retry_at.timestamp() if one.retry_at else 0))
    return Lamp(party.pk, party.role, channel, mildest, {point.pk: answer for point, answer in told if point is not None})
