"""Accounts as the web and the command line read them: who stands behind a session, whose password this is, what there is of accounts, factors, sessions and emergencies."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db.models import Exists, OuterRef, Q

from arrears.refusal import Refused
from arrears.work.actor import ALL_TEAMS, Actor
from arrears.work.factors import Factor, factors
from arrears.work.models import Account, BrokenGlass, Lender, Team
from arrears.work.profiles import ONE_TIME_HOURS
from arrears.work.residuals import filter_for
from arrears.work.sealing import opened, own_words_of
from arrears.work.tenancy import seen_by

NOBODY = "-"
"""Stands for the lender of a name that no account has: such a log-in leaves an Entry that nobody's lender holds, and takes as long as another."""


@dataclass(frozen=True)
class Standing:
    """An account as it stands at this moment. must_change: the password is for one use or has lasted its time; epoch: of its sessions."""

    actor: Actor
    language: str
    must_change: bool
    epoch: int


@dataclass(frozen=True)
class AccountLine:
    """An account in a list."""

    id: UUID
    name: str
    roles: tuple[str, ...]
    teams: tuple[str, ...]
    is_active: bool
    has_factor: bool
    last_login: datetime | None
    left_at: datetime | None


@dataclass(frozen=True)
class Session:
    """A session of one's own in a list; key: which, for the server alone."""

    key: str
    since: datetime
    user_agent: str


@dataclass(frozen=True)
class Glass:
    """One emergency access."""

    id: UUID
    account: UUID
    name: str
    reason: str
    from_at: datetime
    until_at: datetime
    runs: bool
    reviewed_by: str | None


def standing(account: UUID, lender: str, now: datetime, *, via: str = "web", second_factor: bool = False) -> Standing | None:
    """Who stands behind a session, fresh from the database in one query; None where the account is none of the lender's, was cut off, or has left."""
    running = BrokenGlass.objects.filter(account=OuterRef("pk"), ended_at=None, from_at__lte=now, until_at__gt=now)
    with seen_by(Actor(account, "", lender, frozenset(), ALL_TEAMS)):
        found = Account.objects.filter(pk=account, lender=lender, is_active=True).filter(Q(left_at=None) | Q(left_at__gt=now)).annotate(glass=Exists(running)).first()
    if found is None:
        return None
    actor = Actor(found.id, found.name, found.lender, frozenset(found.roles), tuple(found.teams), found.collector_id, via, second_factor, found.glass)
    return Standing(actor, found.language, found.must_change_password or _lasted(found, now), found.session_epoch)


def whose(name: str, password: str, now: datetime) -> tuple[UUID | None, str, bool]:
    """The id and lender of the account of that name, and whether it is let in with that password; (None, NOBODY, False) where there is none. A hash is computed in any case.

    A password for one use that was not used within ONE_TIME_HOURS is right no more (ASVS 4.0.3 V2.3.1).
    """
    found = Account.objects.filter(name=name).first()
    if found is None:
        make_password(password)
        return None, NOBODY, False
    right = check_password(password, found.password)
    is_late = found.must_change_password and (found.password_changed_at is None or now - found.password_changed_at > timedelta(hours=ONE_TIME_HOURS))
    return found.id, found.lender, right and found.is_active and not is_late


def accounts(actor: Actor, first: int = 0, most: int | None = None, *, account: UUID | None = None) -> list[AccountLine]:
    """The lender's accounts that the actor may list, by name: from the one at `first` on, at most so many; or the one alone. None where no policy permits."""
    only = {} if account is None else {"pk": account}
    with seen_by(actor):
        found = list(Account.objects.filter(filter_for(actor, "account.list", Account), lender=actor.lender, **only).order_by("name")[first:None if most is None else first + most])
    with_factor = _with_factor([one.id for one in found])
    return [AccountLine(one.id, one.name, tuple(one.roles), tuple(one.teams), one.is_active, one.id in with_factor, one.last_login, one.left_at) for one in found]


def account_named(actor: Actor, name: str) -> UUID:
    """The id of the actor's lender's account of that name; raises Refused where there is none."""
    found = Account.objects.filter(lender=actor.lender, name=name).values_list("id", flat=True).first()
    if found is None:
        raise Refused(f"{name}: the lender {actor.lender} has no such account; see arrears account list", f"{name}：机构 {actor.lender} 没有此账号；见 arrears account list")
    return found


def team_codes(actor: Actor) -> list[str]:
    """The codes of the lender's teams that have not ended, for whoever makes accounts."""
    with seen_by(actor):
        return sorted(Team.objects.filter(lender=actor.lender, ended_on=None).values_list("code", flat=True))


def own_factors(actor: Actor) -> list[Factor]:
    """The actor's own second factors, without secrets."""
    return factors(actor.account) if actor.account else []


def own_sessions(actor: Actor) -> list[Session]:
    """The actor's own open sessions, newest first."""
    from allauth.usersessions.models import UserSession

    return [Session(one.session_key, one.created_at, one.user_agent) for one in UserSession.objects.filter(user=actor.account).order_by("-created_at")]


def glasses(actor: Actor, now: datetime, *, own: bool = False, most: int = 20) -> list[Glass]:
    """Emergency accesses of the lender, newest first, those that wait for review before others; own: the actor's alone."""
    with seen_by(actor):
        found = BrokenGlass.objects.filter(lender=actor.lender, **({"account": actor.account} if own else {})).select_related("account", "reviewed_by")
        lines = [Glass(one.id, one.account_id, one.account.name, opened(one.lender, own_words_of(one.lender), one, "reason_sealed") or "", one.from_at, one.until_at, one.ended_at is None and one.until_at > now,
                       one.reviewed_by.name if one.reviewed_by else None) for one in found.order_by("-from_at")[:200]]
    return sorted(lines, key=lambda one: one.reviewed_by is not None)[:most]


def only_lender(code: str | None) -> str:
    """The lender that is named, or the only one there is. Raises Refused where it is unknown, or there are several or none."""
    codes = sorted(Lender.objects.values_list("code", flat=True))
    if code is not None and code not in codes:
        raise Refused(f"--lender {code} is not known here; known: {', '.join(codes) or 'none yet, take a night in first'}", f"--lender {code} 不存在；已有：{'、'.join(codes) or '暂无，请先接收一夜'}")
    if code is None and len(codes) != 1:
        raise Refused(f"say which lender with --lender: {', '.join(codes) or 'there is none yet, take a night in first'}", f"请用 --lender 指明机构：{'、'.join(codes) or '暂无，请先接收一夜'}")
    return code or codes[0]


def _lasted(account: Account, now: datetime) -> bool:
    days = settings.ARREARS_ACCESS.password_days
    return days is not None and (account.password_changed_at is None or now - account.password_changed_at >= timedelta(days=days))


def _with_factor(ids: list[UUID]) -> set[UUID]:
    from allauth.mfa.models import Authenticator

    return set(Authenticator.objects.filter(user__in=ids).exclude(type="recovery_codes").values_list("user_id", flat=True))


def borrower_behind(lender: str, borrower_id: str, secret: str) -> UUID | None:
    """The id of the borrower's log-in that the secret opens; a hash is computed in any case."""
    from arrears.work.models import BorrowerLogin

    with seen_by(Actor(None, "", lender, frozenset(), ALL_TEAMS)):
        found = BorrowerLogin.objects.filter(lender=lender, borrower_id=borrower_id, is_active=True).first()
    right = check_password(secret, found.secret if found else make_password(None))
    return found.id if found and right else None
