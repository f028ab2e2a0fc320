"""Reads about persons: who a party is, in which cases of the lender they stand, and who acts at the command line."""

from dataclasses import dataclass
from uuid import UUID

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.work.actor import ALL_TEAMS, Actor
from arrears.work.models import Account, Case, Party
from arrears.work.queries.accounts import standing
from arrears.work.tenancy import seen_by


@dataclass(frozen=True)
class Standing:
    """One place of a person: the case, whether it is open, their role and state; no name and no number."""

    case: UUID
    party: UUID
    borrower_id: str
    case_state: str
    role: str
    is_frozen: bool
    is_erased: bool


def acting(account_name: str, via: str, now: int) -> Actor:
    """The account of that name as it stands at this moment (microseconds UTC), acting by the way said; behind broken glass as on the web. Raises Refused where there is none, or it was closed."""
    account = Account.objects.filter(name=account_name, left_at=None).values_list("id", "lender").first()
    found = None if account is None else standing(*account, moment_of(now), via=via)
    if found is None:
        raise Refused(f"--as {account_name}: there is no such account, or it was closed; name an account that is open", f"--as {account_name}：没有此账号或该账号已停用；请使用有效账号")
    return found.actor


def standings(actor: Actor, *, borrower_id: str | None = None, case: UUID | None = None) -> list[Standing]:
    """The parties of the cases that are named by borrower or by id, as far as the actor may see them; debtor first."""
    with seen_by(actor):
        named = Party.objects.filter(lender=actor.lender).select_related("case").order_by("case__opened_on", "case_id", "role", "ordinal")
        named = named.filter(case=case) if case is not None else named.filter(case__borrower_id=borrower_id)
        return sorted((_standing(party) for party in named), key=lambda one: one.role != "debtor")


def persons_of(actor: Actor, parties: list[UUID]) -> set[UUID]:
    """Who these parties are, as far as the actor may see them."""
    with seen_by(actor):
        return set(Party.objects.filter(lender=actor.lender, id__in=parties).values_list("person", flat=True))


def places_of(lender: str, person: UUID) -> list[Party]:
    """Every party of the lender that is this person, locked, with the cases. For use within an action.

    Raises Refused where somebody else is at work on one of the cases: two who lock the cases of one person never wait for each other in a ring.
    """
    from django.db import OperationalError

    try:
        list(Case.objects.select_for_update(nowait=True, of=("self",)).filter(lender=lender, party__person=person).order_by("id"))
        return list(Party.objects.select_for_update(nowait=True, of=("self",)).filter(lender=lender, person=person).select_related("case").order_by("id"))
    except OperationalError as problem:
        if getattr(problem.__cause__, "sqlstate", None) != "55P03":
            raise
        raise Refused("somebody is at work on a case of this person just now; nothing was changed: run it again", "该当事人的某个案件正在被他人办理；未作任何更改：请稍后重试") from None


def party_of(case: Case, party: UUID) -> Party:
    """The party of the case with that id; raises Refused where the case has none."""
    found = Party.objects.filter(case=case, id=party).first()
    if found is None:
        raise Refused("this case has no such party; choose one of its parties", "本案件没有该当事人；请从其当事人中选择")
    return found


def demand_sees_all(actor: Actor) -> None:
    """The actor sees every team, since a person's rights reach every case of the lender. Raises Refused."""
    if actor.teams != ALL_TEAMS:
        raise Refused("a person's rights reach all their cases, and this account sees only some teams; nothing was changed: let a data officer of all teams do it",
                      "个人权利涉及其全部案件，而本账号只能看到部分团队；未作任何更改：请由可见全部团队的个人信息保护专员办理")


def _standing(party: Party) -> Standing:
    return Standing(party.case_id, party.id, party.case.borrower_id, party.case.state, party.role, party.frozen_at is not None, party.erased_at is not None)
