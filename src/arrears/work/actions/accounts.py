"""Accounts: made, changed, cut off, reset; how they sign in, and what is theirs to change. A password and a code stand in no Entry."""

import logging
from typing import Literal
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.hashers import check_password, identify_hasher, make_password
from django.db import transaction

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.actor import ALL_TEAMS, ROLES
from arrears.work.factors import (
    begin_recovery_codes,
    end_sessions,
    factors,
    keep_security_key,
    keep_totp,
    remove_factor,
    remove_factors,
    spend_recovery_code,
    spend_security_key,
    spend_totp,
)
from arrears.work.models import Account, Collector, Lender, Team
from arrears.work.passwords import demand_good, one_time

ALONE = ("administrator", "auditor")
"""Roles that stand beside no other: who administers sees no debtor, who audits changes nothing."""
OF_ALL_TEAMS = ("compliance_officer", "data_officer", "strategist", "auditor")
OF_TEAMS = ("collector", "team_lead", "agency_worker")
ALARM = logging.getLogger("arrears.alarm")
_NAME_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")


class WrongPassword(Refused):
    """The current password that was given is not the account's: a failure that counts."""


@action("account.create", on="lender", tells=True, context=("roles",))
def create_account(doing: Doing, lender: Lender, *, name: str, roles: list[str], teams: list[str] | None = None, collector: str | None = None, language: Literal["zh", "en"] = "zh") -> dict:
    """An account with a password for one use, which is told this once. collector: the roster's name for who holds cases; the account's own where none is said.

    Raises Refused where the name is taken or no name, a role or team is unknown, or roles exclude each other.
    """
    if not 3 <= len(name) <= 40 or not set(name) <= _NAME_SIGNS or not name[0].isalnum():
        raise Refused(f"{name[:40]!r} is no name for an account: 3 to 40 small letters, digits, and . _ - inside", f"{name[:40]!r} 不能作账号名：3 至 40 个小写字母、数字，其间可用 . _ -")
    if Account.objects.filter(name=name).exists():
        raise Refused(f"{name}: there is such an account already; take another name", f"{name}：账号已存在；请另取名")
    allowed, holder = _standing(doing, roles, teams, collector or name)
    password = one_time()
    account = Account.objects.create(id=uuid4(), lender=lender.code, name=name, password=make_password(password), roles=sorted(set(roles)), teams=allowed, collector=holder,
                                     password_changed_at=doing.now, must_change_password=True, language=language)
    _alarm(doing, "account made", account)
    return {"account": account.id, "one_time_password": password}


@action("account.change", on="account", context=("roles",))
def change_account(doing: Doing, account: Account, *, roles: list[str], teams: list[str] | None = None, collector: str | None = None) -> dict:
    """The account has these roles and teams and no others, from its next request on. collector: as account.create, but that the account stays whom it held cases as before, where none is said.

    Raises Refused as account.create, and where it was cut off.
    """
    _demand_active(account)
    held_as = Collector.objects.filter(lender=account.lender, pk=account.collector_id).values_list("roster_name", flat=True).first()
    allowed, holder = _standing(doing, roles, teams, collector or held_as or account.name)
    before = {"roles": account.roles, "teams": account.teams}
    account.roles, account.teams, account.collector = sorted(set(roles)), allowed, holder
    account.save(update_fields=["roles", "teams", "collector"])
    _alarm(doing, "account changed", account)
    return {"account": account.id, "before": before}


@action("account.leave", on="account", needs_reason=True)
def leave(doing: Doing, account: Account) -> dict:
    """Nothing is open to the account any more, in sessions under way too; its entries stay. Who held cases by it holds none from today on."""
    _demand_active(account)
    account.is_active, account.left_at, account.session_epoch, account.password = False, doing.now, account.session_epoch + 1, make_password(None)
    account.save(update_fields=["is_active", "left_at", "session_epoch", "password"])
    remove_factors(account.id)
    if account.collector_id and not Account.objects.filter(collector=account.collector_id, is_active=True).exists():
        Collector.objects.filter(pk=account.collector_id, left_on=None).update(left_on=doing.today)
    return {"account": account.id, "sessions_ended": end_sessions(account.id)}


@action("account.reset", on="account", tells=True, needs_reason=True)
def reset(doing: Doing, account: Account) -> dict:
    """A new password for one use, told this once; second factors and sessions are gone, a lock-out is lifted."""
    _demand_active(account)
    password = one_time()
    account.password, account.password_changed_at, account.must_change_password, account.session_epoch = make_password(password), doing.now, True, account.session_epoch + 1
    account.save(update_fields=["password", "password_changed_at", "must_change_password", "session_epoch"])
    remove_factors(account.id)
    end_sessions(account.id)
    _lift_lock(account.name)
    _alarm(doing, "account reset", account)
    return {"account": account.id, "one_time_password": password}


@action("account.sign_in", on="account", personal=("code", "password", "signature_count"))
def sign_in(doing: Doing, account: Account, *, step: Literal["password", "totp", "recovery_code", "security_key"], outcome: Literal["right", "wrong", "locked"] | None = None,
            code: str = "", password: str = "", factor: int | None = None, signature_count: int = 0) -> dict:
    """One step of a log-in, as it came out: right, wrong or locked. A time-based or a recovery code is tried here, under the account's lock, so that none counts twice.

    password: the one that was right, where its hash is of an older kind than new ones are. A right second factor ends the log-in and is noted as the last one.
    """
    if step == "password":
        if outcome == "right" and password and identify_hasher(account.password).must_update(account.password):
            account.password = make_password(password)
            account.save(update_fields=["password"])
        return {"step": step, "outcome": outcome or "wrong"}
    if outcome is None and account.is_active:
        spent = {"totp": lambda: spend_totp(account.id, code, doing.now), "recovery_code": lambda: spend_recovery_code(account.id, code, doing.now),
                 "security_key": lambda: factor is not None and spend_security_key(account.id, factor, signature_count, doing.now)}[step]()
        outcome = "right" if spent else "wrong"
    if outcome == "right":
        account.last_login = doing.now
        account.save(update_fields=["last_login"])
    return {"step": step, "outcome": outcome or "wrong"}


@action("account.change_password", on="account", personal=("current", "password"))
def change_password(doing: Doing, account: Account, *, current: str, password: str) -> dict:
    """The account's own password is another; all its other sessions are over. Raises WrongPassword, and Refused where the new one is the same or against the rules."""
    if not check_password(current, account.password):
        raise WrongPassword("the current password is not right; nothing was changed", "当前密码不正确；未作任何更改")
    if check_password(password, account.password):
        raise Refused("the new password is the old one; take another", "新密码与旧密码相同；请另选")
    demand_good(password, account.name, settings.ARREARS_ACCESS)
    account.password, account.password_changed_at, account.must_change_password, account.session_epoch = make_password(password), doing.now, False, account.session_epoch + 1
    account.save(update_fields=["password", "password_changed_at", "must_change_password", "session_epoch"])
    return {"session_epoch": account.session_epoch, "sessions_ended": end_sessions(account.id)}


@action("account.enrol_second_factor", on="account", personal=("secret", "code", "credential", "label"), tells=True)
def enrol_second_factor(doing: Doing, account: Account, *, kind: Literal["totp", "security_key", "recovery_codes"], secret: str = "", code: str = "", credential: dict | None = None, label: str = "") -> dict:
    """A second factor of one's own: an app's codes (its code proves it; one app, the newest), a security key, or new recovery codes in place of the old; the codes are told this once.

    The first factor brings recovery codes. Raises Refused where the code is wrong, or a factor stands and was not proven in this session.
    """
    standing = factors(account.id)
    if any(one.kind != "recovery_codes" for one in standing) and not doing.actor.second_factor:
        raise Refused("prove the second factor you have before you enrol another", "请先验证已有的第二因素，再登记新的")
    if kind == "recovery_codes" and not standing:
        raise Refused("recovery codes stand in for a second factor; enrol one first", "恢复码用于代替第二因素；请先登记第二因素")
    if kind == "totp" and not keep_totp(account.id, secret, code, doing.now):
        raise Refused("the code does not fit; set the telephone's clock and enter the code that the app shows now", "验证码不匹配；请校准手机时间并输入应用当前显示的验证码")
    if kind == "security_key":
        keep_security_key(account.id, credential or {}, label, doing.now)
    told = begin_recovery_codes(account.id, doing.now) if kind == "recovery_codes" or not standing else []
    return {"kind": kind, "recovery_codes": told}


@action("account.remove_second_factor", on="account")
def remove_second_factor(doing: Doing, account: Account, *, factor: int) -> dict:
    """One of the own second factors is gone. Raises Refused where it is the last one that is no recovery code, or not of the account."""
    if not doing.actor.second_factor:
        raise Refused("prove a second factor before you remove one", "请先验证第二因素，再移除")
    standing = {one.id: one for one in factors(account.id) if one.kind != "recovery_codes"}
    if factor not in standing:
        raise Refused("there is no such second factor on your account", "您的账号没有此第二因素")
    if len(standing) == 1:
        raise Refused("this is the last second factor; enrol another before you remove it", "这是最后一个第二因素；请先登记另一个再移除")
    remove_factor(account.id, factor)
    return {"kind": standing[factor].kind}


@action("account.end_sessions", on="account")
def end_other_sessions(doing: Doing, account: Account) -> dict:
    """All sessions of the own account are over; whoever asked goes on under the new number."""
    account.session_epoch += 1
    account.save(update_fields=["session_epoch"])
    return {"session_epoch": account.session_epoch, "sessions_ended": end_sessions(account.id)}


def _standing(doing: Doing, roles: list[str], teams: list[str] | None, roster_name: str) -> tuple[list[str], Collector | None]:
    """The teams an account of these roles sees, and as whom it holds cases; raises Refused."""
    lender, wanted = doing.actor.lender, set(roles)
    if not wanted or wanted - set(ROLES) - {"system"} or "system" in wanted:
        raise Refused(f"roles are of: {', '.join(role for role in ROLES if role != 'system')}; at least one", f"角色应为：{'、'.join(role for role in ROLES if role != 'system')}；至少一个")
    if len(wanted) > 1 and wanted & set(ALONE):
        raise Refused(f"{' or '.join(sorted(wanted & set(ALONE)))} stands beside no other role on one account: who administers sees no debtor, who audits changes nothing; make two accounts",
                      "系统管理员、审计员不得与其他角色同在一个账号：管理者不接触债务人，审计者不作更改；请分设账号")
    if not wanted & {*OF_TEAMS, *OF_ALL_TEAMS}:
        return [], None
    if wanted & set(OF_ALL_TEAMS):
        if teams and tuple(teams) != ALL_TEAMS:
            raise Refused(f"{', '.join(sorted(wanted & set(OF_ALL_TEAMS)))} is of every team; name none", f"{'、'.join(sorted(wanted & set(OF_ALL_TEAMS)))} 涵盖全部团队；请勿指定团队")
        return list(ALL_TEAMS), None
    named = sorted(set(teams or []))
    kinds = dict(Team.objects.filter(lender=lender, code__in=named, ended_on=None).values_list("code", "kind"))
    if not named or set(named) - set(kinds):
        raise Refused(f"{', '.join(sorted(wanted))} needs a team of the lender; unknown: {', '.join(sorted(set(named) - set(kinds))) or 'none was named'}",
                      f"{'、'.join(sorted(wanted))} 须有本机构的团队；未知：{'、'.join(sorted(set(named) - set(kinds))) or '未指定'}")
    if ("agency_worker" in wanted) != (set(kinds.values()) == {"agency"}):
        raise Refused("an agency's worker is of teams of kind agency, and only such a worker is", "委外人员须属于委外团队，且委外团队只有委外人员")
    if "collector" not in wanted:
        return named, None
    holder = Collector.objects.filter(lender=lender, roster_name=roster_name, left_on=None, team__code__in=named).first()
    if holder is None:
        raise Refused(f"{roster_name}: no collector of that name in {', '.join(named)}; take the roster in first, or say --collector", f"{roster_name}：{'、'.join(named)} 中没有此催收员；请先接收名册，或用 --collector 指明")
    return named, holder


def _alarm(doing: Doing, what: str, account: Account) -> None:
    """A line in the alarm log once the transaction stands: whoever makes, changes or resets an account at the pages could then log in as it, and see what they themselves may not."""
    if doing.actor.account is not None:
        transaction.on_commit(lambda: ALARM.warning("%s account=%s roles=%s lender=%s by=%s entry=%s", what, account.name, "+".join(account.roles), account.lender, doing.actor.name, doing.entry))


def _demand_active(account: Account) -> None:
    if not account.is_active:
        raise Refused(f"{account.name} was cut off; make a new account for who comes back", f"{account.name} 已停用；复职人员请新建账号")


def _lift_lock(name: str) -> None:
    """The failures of the name are forgotten. Under what they are counted, the settings say (AXES_USERNAME_CALLABLE); the name itself is kept nowhere."""
    from axes.helpers import get_client_username
    from axes.models import AccessAttempt

    AccessAttempt.objects.filter(username=get_client_username(None, {"username": name})).delete()
