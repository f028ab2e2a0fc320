"""A home of the work plane for tests: one real PostgreSQL for the whole run of a worker, its tables laid, a vault; and made-up lenders, each a world of its own."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

from arrears import postgres
from arrears.days import microseconds_of
from postgres.clusters import new_home

NOW = microseconds_of(datetime(2026, 11, 2, 2, 0, tzinfo=UTC))
"""Ten in the morning of a Monday in Shanghai."""
GENEROUS = """id: generous
version: "1"
treatments: [{name: leave_alone, zh: 不打扰, en: leave alone, owner: nobody}]
rows: []
otherwise: {name: otherwise, treatment: leave_alone, reason: {zh: 无, en: none}}
offers:
  rows: []
  otherwise: {name: everything, instalments_most: "360", shift_days_most: "365", waive_penalty: 100%, waive_interest: 100%, reason: {zh: 全部, en: everything}}
"""
"""A strategy by which everything may be offered, so that a test of something else meets no bound of it."""


def know_django() -> None:
    """Django knows the app's models, with no database yet."""
    from arrears.web.settings import configure_without_database

    configure_without_database()


def keep_rules(lender: str, licence: str = "bank", law: str = "cn", policy: dict[str, str] | None = None, products: str = "{}") -> None:
    """The lender has a rulebook as a night's intake leaves it; within a transaction in which may be written."""
    from arrears.law.packs import law_of
    from arrears.work.intake_rules import digest_of
    from arrears.work.models import Rulebook

    text = f"id: {lender}\nname: 样例银行\nlaw: {law}\nlicence: {licence}\nproducts: {products}\nother_product: consumer_loan\n" + ("zones: [America/New_York]\n" if law == "us" else "")
    texts = law_of(law, policy)
    Rulebook.objects.create(lender=lender, as_of=date(2026, 10, 31), book="/nowhere/book", lender_text=text, texts=texts, digest=digest_of(text, texts))


@contextmanager
def opened_home() -> Iterator["Work"]:
    """A home with a running cluster, current tables and a vault, and Django knows its databases; stopped and removed at the end, however it ends."""
    from arrears.vault.vault import init_vault
    from arrears.web.settings import configure
    from arrears.web.upgrade import upgrade

    with new_home() as home:
        postgres.ensure_running(home)
        upgrade(home)
        init_vault(home, NOW)[0].close()
        configure(home)
        yield Work(home)


@dataclass
class Work:
    """What a test needs of the work plane. Every lender is new, so tests do not see each other."""

    home: Path
    now: int = NOW

    def lender(self, code: str | None = None) -> str:
        from arrears.work.models import Lender

        code = code or f"bank-{uuid4().hex[:12]}"
        with self.writing(code):
            Lender.objects.create(code=code, name_zh="样例银行", name_en="Sample Bank", licence="bank")
            keep_rules(code)
        self.strategy(code, GENEROUS)
        return code

    def strategy(self, lender: str, text: str, as_of: date = date(2026, 10, 31)) -> None:
        """The text is the strategy of the last night that was taken in, as far as the work plane knows."""
        from arrears.work.models import NightStrategy

        with self.writing(lender):
            NightStrategy.objects.filter(lender=lender).delete()
            NightStrategy.objects.create(lender=lender, digest=sha256(text.encode()).hexdigest(), text=text, first_as_of=as_of, as_of=as_of)

    @contextmanager
    def writing(self, lender: str) -> Iterator[None]:
        """What is written in the block is written by the system, in one entry."""
        from arrears.work.actions.action import Doing, put_down
        from arrears.work.actor import system
        from arrears.work.tenancy import seen_by

        entry, salt = uuid4(), secrets.token_bytes(32)
        with seen_by(system(lender), entry, salt):
            put_down(Doing(system(lender), self.at, entry), "test.lay_out", salt)
            yield

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.now / 1_000_000, UTC)

    def team(self, lender: str, code: str, kind: str = "own"):
        from arrears.work.models import Team

        with self.writing(lender):
            return Team.objects.get_or_create(lender=lender, code=code, defaults={"kind": kind})[0]

    def collector(self, lender: str, team: str, name: str | None = None, kind: str = "own"):
        from arrears.work.models import Collector

        of = self.team(lender, team, kind)
        with self.writing(lender):
            return Collector.objects.create(lender=lender, team=of, roster_name=name or f"c-{uuid4().hex[:8]}")

    def account(self, lender: str, role: str, team: str | None = None, collector=None):
        """An account that cannot log in: it has no password."""
        from arrears.work.models import Account

        with self.writing(lender):
            return Account.objects.create(id=uuid4(), lender=lender, name=f"{role}-{uuid4().hex[:10]}", roles=[role], teams=[team] if team else ["*"], collector=collector,
                                          password="!", must_change_password=False)

    def actor(self, lender: str, role: str, team: str | None = None, *, holds: bool = False, via: str = "web", second_factor: bool = True):
        """One who acts in the role, with an account; of a team where it is named, and with holds=True as a collector of it."""
        from arrears.work.actor import Actor

        collector = self.collector(lender, team) if holds else None
        account = self.account(lender, role, team, collector)
        return Actor(account.id, account.name, lender, frozenset({role}), (team,) if team else ("*",), collector.id if collector else None, via, second_factor)

    def case(self, lender: str, team: str | None = None, held_by: UUID | None = None, *, loans: int = 1, claimable_minor: int = 100_00, people: bool = True):
        """An open case with its debts and, with people, a debtor with name, ID number and phone in the vault."""
        from arrears.work.models import Case, Debt, Party, Placement

        of = self.team(lender, team) if team else None
        with self.writing(lender):
            case = Case.objects.create(lender=lender, borrower_id=f"b-{uuid4().hex[:12]}", team=of, held_by_id=held_by, opened_on=date(2026, 10, 1), as_of=date(2026, 10, 31), rank=1,
                                       treatment="call", channel="call", currency="CNY", claimable_minor=claimable_minor * loans, days_past_due=12, bucket="M1")
            for number in range(loans):
                Debt.objects.create(lender=lender, case=case, loan_id=f"{case.borrower_id}-L{number}", product="consumer_loan", currency="CNY", as_of=case.as_of, days_past_due=12, bucket="M1",
                                    due_total_minor=claimable_minor, claimable_minor=claimable_minor, outstanding_principal_minor=claimable_minor)
            if of:
                Placement.objects.create(lender=lender, case=case, team=of, held_by_id=held_by, placed_on=case.opened_on)
            party = Party.objects.create(lender=lender, case=case, role="debtor", person=uuid4(), borrower_id=case.borrower_id)
        if people:
            self.person(lender, party)
        return case

    def person(self, lender: str, party, name: str = "王小明", phone: str = "19912345678", id_number: str = "990101199001011234") -> None:
        """Seals a name, an ID number and a phone for the party."""
        from arrears.work.models import ContactPoint
        from arrears.work.sealing import sealed, vault

        person = party.person
        with self.writing(lender):
            party.name_sealed = sealed(lender, person, "work_party", "name_sealed", party.id, name)
            party.id_number_sealed = sealed(lender, person, "work_party", "id_number_sealed", party.id, id_number)
            party.id_number_index = vault().blind(lender, "id_number", [id_number])[0]
            party.save()
            point = ContactPoint(lender=lender, case_id=party.case_id, party=party, kind="phone", id=uuid4(), value_index=vault().blind(lender, "phone", [phone])[0])
            point.value_sealed = sealed(lender, person, "work_contactpoint", "value_sealed", point.id, phone)
            point.save(force_insert=True)
