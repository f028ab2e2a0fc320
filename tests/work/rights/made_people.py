"""Cases with known people in them, written as an action would; every lender is a new one."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from arrears.days import moment_of
from work_home import keep_rules

DAY = 86_400_000_000
HOUR = 3_600_000_000


@dataclass(frozen=True)
class Person:
    role: str
    name: str = "欧阳小明"
    id_number: str | None = "11010119900307123X"
    phone: str | None = "13800138000"
    address: str | None = None
    person: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class Made:
    case: UUID
    parties: tuple[UUID, ...]
    points: tuple[UUID | None, ...]


def lender_made(work, licence: str = "bank", law: str = "cn") -> str:
    """A new lender with one team T1."""
    from arrears.work.models import Lender, Team

    code = f"r{uuid4().hex[:12]}"
    with writing(work, code):
        Lender.objects.create(code=code, name_zh="测", name_en="Test", law=law, licence=licence)
        keep_rules(code, licence, law)
        Team.objects.create(lender=code, code="T1")
    return code


def writing(work, lender: str):
    """One transaction in which rows may be written, with its Entry."""
    from contextlib import contextmanager

    from arrears.work.actions.action import Doing, put_down
    from arrears.work.actor import system
    from arrears.work.tenancy import seen_by

    @contextmanager
    def within():
        entry = uuid4()
        with seen_by(system(lender), entry, b"salt"):
            put_down(Doing(system(lender), moment_of(work.now), entry), "test.made", b"salt")
            yield entry

    return within()


def account_made(work, lender: str, *roles: str, teams: tuple[str, ...] = ("*",), collector: UUID | None = None, via: str = "cli"):
    """An account of the lender and its actor."""
    from arrears.work.actor import Actor
    from arrears.work.models import Account

    row, name = uuid4(), f"a{uuid4().hex[:10]}"
    with writing(work, lender):
        Account.objects.create(id=row, lender=lender, name=name, roles=list(roles), teams=list(teams), password="!", collector_id=collector)
    return Actor(row, name, lender, frozenset(roles), teams, collector, via=via, second_factor=True)


def collector_made(work, lender: str):
    """A collector of team T1: the actor, who holds cases as actor.collector."""
    from arrears.work.models import Collector, Team

    row = uuid4()
    with writing(work, lender):
        Collector.objects.create(id=row, lender=lender, roster_name=row.hex[:8], team=Team.objects.get(lender=lender, code="T1"))
    return account_made(work, lender, "collector", teams=("T1",), collector=row, via="web")


def case_made(work, lender: str, *people: Person, held_by: UUID | None = None, product: str = "consumer_loan", loans: int = 1,
              opened_on: date = date(2025, 1, 10), closed_on: date | None = None, closed_why: str | None = None) -> Made:
    """A case of team T1 with these people and a debt of 1,000.00 CNY each; sealed as intake seals."""
    from arrears.work.models import Case, ContactPoint, Debt, Party, Team
    from arrears.work.sealing import sealed, vault

    borrower = f"b{uuid4().hex[:10]}"
    with writing(work, lender):
        case = Case.objects.create(lender=lender, borrower_id=borrower, opened_on=opened_on, as_of=closed_on or opened_on, currency="CNY", claimable_minor=100_000 * loans, days_past_due=40,
                                   bucket="M2", team=Team.objects.get(lender=lender, code="T1"), held_by_id=held_by, state="closed" if closed_on else "open", closed_on=closed_on, closed_why=closed_why)
        for number in range(loans):
            Debt.objects.create(lender=lender, case=case, loan_id=f"{borrower}-{number}", product=product, currency="CNY", as_of=opened_on, days_past_due=40, bucket="M2", due_total_minor=100_000,
                                claimable_minor=100_000, outstanding_principal_minor=90_000)
        parties, points = [], []
        for ordinal, one in enumerate(people):
            row = uuid4()
            Party.objects.create(
                id=row, lender=lender, case=case, role=one.role, ordinal=ordinal, person=one.person, name_sealed=sealed(lender, one.person, "work_party", "name_sealed", row, one.name),
                id_number_sealed=sealed(lender, one.person, "work_party", "id_number_sealed", row, one.id_number) if one.id_number else None,
                id_number_index=vault().blind(lender, "id_number", [one.id_number])[0] if one.id_number else None)
            parties.append(row)
            points.append(None)
            for kind, text in (("phone", one.phone), ("address", one.address)):
                if text:
                    at = uuid4()
                    ContactPoint.objects.create(id=at, lender=lender, case=case, party_id=row, kind=kind, value_sealed=sealed(lender, one.person, "work_contactpoint", "value_sealed", at, text),
                                                value_index=vault().blind(lender, kind, [text])[0])
                    points[-1] = points[-1] or at
    return Made(case.id, tuple(parties), tuple(points))


def noon(day: date) -> datetime:
    """Noon of that day, UTC."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
