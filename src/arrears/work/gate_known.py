"""What the work plane knows of a case that its contacts are judged on: read whole, in as many queries for one contact as for a thousand.

Contacts and consents are those of the persons of the case in every case of the lender, other teams' and agencies' among them: the law counts per person, not per team.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from arrears.work.actions.action import ZONE
from arrears.work.gate_rules import NoRules, Rules, rules_or_why
from arrears.work.models import Case, Consent, Contact, ContactPoint, Debt, Hold, Party, Plan
from arrears.work.tenancy import whole_lender

_CONTACT = ("attempted_at", "channel", "direction", "outcome", "party__person", "contact_point__value_index", "contact_point", "loan_id", "relation")


@dataclass(frozen=True)
class Past:
    """One contact that was made. person: of the party it went to, or what stands for somebody of that relation; number: of the contact point, None where none was put down."""

    at: datetime
    channel: str
    direction: str
    outcome: str
    person: str
    number: str | None
    loan_id: str | None


@dataclass(frozen=True)
class Agreed:
    """One consent of a person."""

    person: str
    kind: str
    channel: str | None
    from_hour: str | None
    to_hour: str | None
    given_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class Known:
    """A case as it stands at a moment. rules: NoRules where nobody can tell. holds: kinds that stand. plans: agreed ones. by_agency: an agency has the case."""

    case: Case
    at: datetime
    rules: Rules | NoRules
    parties: tuple[Party, ...]
    points: tuple[ContactPoint, ...]
    debts: tuple[Debt, ...]
    holds: frozenset[str]
    plans: tuple[Plan, ...]
    past: tuple[Past, ...]
    consents: tuple[Agreed, ...]
    by_agency: bool

    @property
    def debtor(self) -> Party | None:
        return next((one for one in self.parties if one.role == "debtor"), None)


def known_of(case: Case, at: datetime) -> Known:
    """What is known of the case, for a contact at that moment; within a transaction that sees the case. Twelve queries, one more where its rules were not met yet in this process."""
    parties, points = Party.objects.filter(case=case).order_by("role", "ordinal"), ContactPoint.objects.filter(case=case).order_by("kind", "ordinal")
    debts, holds, plans = Debt.objects.filter(case=case).order_by("loan_id"), Hold.objects.filter(case=case), Plan.objects.filter(case=case, state="agreed").order_by("agreed_on", "id")
    return known_from(case, at, rules_or_why(case.lender), parties, points, debts, holds, plans)


def known_from(case: Case, at: datetime, rules: Rules | NoRules, parties: Iterable[Party], points: Iterable[ContactPoint], debts: Iterable, holds: Iterable, plans: Iterable) -> Known:
    """The same where the rows of the case were read already; only what lies in other cases of its persons is asked for. Debts, holds and plans: anything with the columns of these tables."""
    parties = tuple(parties)
    persons, debtor, day = [party.person for party in parties], next((one.person for one in parties if one.role == "debtor"), None), at.astimezone(ZONE).date()
    standing = frozenset(hold.kind for hold in holds if hold.placed_at <= at and (hold.lifted_at is None or at < hold.lifted_at))
    agreed = tuple(plan for plan in plans if plan.state == "agreed" and plan.agreed_on is not None and plan.agreed_on <= day)
    with whole_lender():
        everywhere = list(Party.objects.filter(lender=case.lender, person__in=persons).values_list("id", flat=True))  # by ids, so that an index serves: asked across the join, all contacts would be read
        past = tuple(_past(row, debtor) for row in Contact.objects.filter(Q(party__in=everywhere) | Q(case=case, party=None), lender=case.lender).order_by("attempted_at", "id").values_list(*_CONTACT))
        consents = tuple(Agreed(str(person), *rest) for person, *rest in Consent.objects.filter(lender=case.lender, party__person__in=persons).order_by("given_at", "id").values_list(
            "party__person", "kind", "channel", "from_hour", "to_hour", "given_at", "revoked_at"))
    return Known(case, at, rules, parties, tuple(points), tuple(debts), standing, agreed, past, consents, case.team is not None and case.team.kind == "agency")


def number_of_point(index: bytes | None, point) -> str | None:
    """What stands for a number or address: equal for equal ones of the lender, whoever has them; None where there is none."""
    return bytes(index).hex() if index is not None else None if point is None else str(point)


def _past(row: tuple, debtor: UUID | None) -> Past:
    at, channel, direction, outcome, person, index, point, loan_id, relation = row
    if person is None and relation == "debtor":
        person = debtor
    return Past(at, channel, direction, outcome, str(person) if person is not None else f"a {relation} who is nobody of the case", number_of_point(index, point), loan_id)
