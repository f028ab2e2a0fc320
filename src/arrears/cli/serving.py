"""arrears serve, and arrears account: the pages of the work plane, and who may log in to them."""

import getpass
import os
import socket
import ssl
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from arrears.cli import terms
from arrears.cli.terms import DEFAULT_HOME, HomeOption
from arrears.refusal import Refused

LenderOption = Annotated[str | None, typer.Option("--lender", help="The lender's code; may be left out where there is one. 机构代码")]
NameArgument = Annotated[str, typer.Argument(help="The account's name. 账号名")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, in a few words; kept in the log. 理由")]
RoleOption = Annotated[list[str], typer.Option("--role", help="collector, team_lead, compliance_officer, strategist, data_officer, auditor, administrator, agency_worker; may be repeated. 角色")]
TeamOption = Annotated[list[str] | None, typer.Option("--team", help="A team's code; may be repeated. 团队")]
CollectorOption = Annotated[str | None, typer.Option("--collector", help="The collector's name in the roster, where it is not the account's. 名册中的催收员")]

account = typer.Typer(no_args_is_help=True, add_completion=False, help="Accounts of the staff: create, list, change, leave, reset, set-password. 人员账号")


def serve(
    home: HomeOption = DEFAULT_HOME,
    bind: Annotated[str, typer.Option("--bind", help="Address and port. 监听地址")] = "127.0.0.1:8000",
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes that answer. 进程数")] = 2,
    lang: terms.LangOption = None,
) -> None:
    """Serve the pages of the work plane, keep its record and execute its runs beside them, until stopped. 启动网页服务、维护存证并执行任务"""
    from arrears.cli.record_watch import beside_server
    from arrears.cli.running import runner_beside

    with terms.refusals(lang):
        language = terms.language(lang)
        address, port = _address(bind)
        _demand_free(address, port, bind)
        serving = _made_ready(home, language)
        if not serving.is_tls and address not in ("127.0.0.1", "::1", "localhost") and not serving.behind_proxy:
            raise Refused(f"--bind {bind} is open to others and passwords would pass in the clear; say serve.certificate and serve.key in {home / 'settings.yaml'}, or serve.behind_proxy",
                          f"--bind {bind} 对外开放，密码将明文传输；请在 {home / 'settings.yaml'} 中设置 serve.certificate 与 serve.key，或 serve.behind_proxy")
        os.environ.update(ARREARS_HOME=str(home.resolve()), ARREARS_LANG=language, ARREARS_SERVER=str(os.getpid()))
        _say(language, f"serving {home} at {'https' if serving.certificate else 'http'}://{bind} with {workers} workers; stop with Ctrl-C", f"正在 {bind} 提供 {home} 的服务，{workers} 个进程；按 Ctrl-C 停止")
        with beside_server(home, language) as is_recorded, runner_beside(home, language):
            if not is_recorded:
                _say(language, f"no record is kept here; one that strangers can check is made with: arrears record init --home {home} --origin bank.example/record", f"此处未建立存证；如需可供外部核验的存证，请运行：arrears record init --home {home} --origin bank.example/record")
            _run(address, port, workers, serving)
        _say(language, "stopped; PostgreSQL keeps running: arrears db stop ends it", "已停止；PostgreSQL 仍在运行：可用 arrears db stop 停止")


@account.command("create")
def create(name: NameArgument, role: RoleOption, team: TeamOption = None, collector: CollectorOption = None, home: HomeOption = DEFAULT_HOME, lender: LenderOption = None, lang: terms.LangOption = None) -> None:
    """Make an account; its password for one use is printed this once. 新建账号"""
    with terms.refusals(lang):
        actor, now = _operator(home, lender)
        told = _performed(actor, "account.create", {"name": name, "roles": role, "teams": team or [], "collector": collector, "language": terms.language(lang)}, now)
        _tell_password(terms.language(lang), name, told["one_time_password"])


@account.command("list")
def list_accounts(home: HomeOption = DEFAULT_HOME, lender: LenderOption = None, lang: terms.LangOption = None) -> None:
    """List the accounts of a lender. 列出账号"""
    with terms.refusals(lang):
        actor, _ = _operator(home, lender)
        from arrears.work.queries.accounts import accounts

        zh = terms.language(lang) == "zh"
        table = Table(box=None, pad_edge=False)
        for head in ("账号", "角色", "团队", "第二因素", "最近登录", "状态") if zh else ("account", "roles", "teams", "second factor", "last log-in", "state"):
            table.add_column(head)
        for one in accounts(actor):
            states = ("有效", "已离职") if zh else ("open", "left")
            table.add_row(one.name, ", ".join(one.roles), ", ".join(one.teams), ("有" if zh else "enrolled") if one.has_factor else "–", f"{one.last_login:%Y-%m-%d %H:%M}" if one.last_login else "–", states[not one.is_active])
        Console(width=None if sys.stdout.isatty() else 200).print(table)


@account.command("change")
def change(name: NameArgument, role: RoleOption, team: TeamOption = None, collector: CollectorOption = None, home: HomeOption = DEFAULT_HOME, lender: LenderOption = None, lang: terms.LangOption = None) -> None:
    """Give an account these roles and teams and no others. 变更角色"""
    with terms.refusals(lang):
        actor, now = _operator(home, lender)
        _performed(actor, "account.change", {"roles": role, "teams": team or [], "collector": collector}, now, name)
        _say(terms.language(lang), f"{name}: {', '.join(role)}; in force from the next request on", f"{name}：{'、'.join(role)}；自下一次请求起生效")


@account.command("leave")
def leave(name: NameArgument, reason: ReasonOption, home: HomeOption = DEFAULT_HOME, lender: LenderOption = None, lang: terms.LangOption = None) -> None:
    """Cut a leaver off, in open sessions too. 停用离职账号"""
    with terms.refusals(lang):
        actor, now = _operator(home, lender)
        told = _performed(actor, "account.leave", {}, now, name, reason)
        _say(terms.language(lang), f"{name} is cut off; {told['sessions_ended']} open sessions ended", f"{name} 已停用；已结束 {told['sessions_ended']} 个会话")


@account.command("reset")
def reset(name: NameArgument, reason: ReasonOption, home: HomeOption = DEFAULT_HOME, lender: LenderOption = None, lang: terms.LangOption = None) -> None:
    """A new password for one use; second factors and sessions are gone. 重置登录"""
    with terms.refusals(lang):
        actor, now = _operator(home, lender)
        told = _performed(actor, "account.reset", {}, now, name, reason)
        _tell_password(terms.language(lang), name, told["one_time_password"])


@account.command("set-password")
def set_password(name: NameArgument, home: HomeOption = DEFAULT_HOME, lender: LenderOption = None, lang: terms.LangOption = None) -> None:
    """Change one's own password with the current one, asked for and never an argument. 修改密码"""
    with terms.refusals(lang):
        actor, now = _operator(home, lender)
        from arrears.days import moment_of
        from arrears.work.queries.accounts import account_named, standing

        zh, found = terms.language(lang) == "zh", account_named(actor, name)
        own = standing(found, actor.lender, moment_of(now), via="cli")
        if own is None:
            raise Refused(f"{name} was cut off", f"{name} 已停用")
        current, password, again = (getpass.getpass(text) for text in (("当前密码：", "新密码：", "再次输入：") if zh else ("current password: ", "new password: ", "once more: ")))
        if password != again:
            raise Refused("the new password was not written the same twice; nothing was changed", "两次输入的新密码不一致；未作任何更改")
        _performed(own.actor, "account.change_password", {"current": current, "password": password}, now, name)
        _say(terms.language(lang), f"{name}: the password is changed; open sessions ended", f"{name}：密码已修改；会话已结束")


def _made_ready(home: Path, language: str):
    """The home's database runs with the tables of this version, its policies are sound and its vault opens. Raises Refused for whatever is not so."""
    from arrears import postgres
    from arrears.web import upgrade
    from arrears.web.settings import configure
    from arrears.work.access import check_policies
    from arrears.work.profiles import read_serving

    if not home.is_dir():
        raise Refused(f"{home}: no such folder; make it and its keys first: arrears vault init --home {home}", f"{home}：没有此文件夹；请先建立并初始化密钥：arrears vault init --home {home}")
    serving = read_serving(home)
    _demand_certificate(home, serving.certificate, serving.key)
    postgres.ensure_running(home)
    configure(home, lang=language)
    from django.db import connection

    upgrade.demand_current(home)
    check_policies()
    from arrears.work.sealing import vault

    vault()
    connection.close()
    connection.close_pool()
    return serving


def _run(address: str, port: int, workers: int, serving) -> None:
    """Granian until it is told to stop; its own words are left out but for warnings."""
    from granian import Granian
    from granian.constants import Interfaces

    files = {"ssl_cert": Path(serving.certificate), "ssl_key": Path(serving.key)} if serving.certificate else {}
    server = Granian("arrears.cli.served:application", address=address, port=port, interface=Interfaces.WSGI, workers=workers, blocking_threads=4, factory=True, websockets=False, log_access=False,
                     log_level="warning", respawn_failed_workers=True, workers_kill_timeout=10, **files)
    server.serve()


def _operator(home: Path, lender: str | None):
    """Who runs commands on this machine, as an administrator of the lender, and this moment. Whoever may read the home's keys and connect as the program can do no less without it."""
    if not home.is_dir():
        raise Refused(f"{home}: no such folder; name the work plane's with --home", f"{home}：没有此文件夹；请用 --home 指明工作平面文件夹")
    from arrears import postgres
    from arrears.web.settings import configure
    from arrears.web.upgrade import demand_current

    postgres.ensure_running(home)
    configure(home)
    demand_current(home)
    from arrears.work.actor import ALL_TEAMS, Actor
    from arrears.work.queries.accounts import only_lender

    return Actor(None, f"shell:{_user()}", only_lender(lender), frozenset({"administrator"}), ALL_TEAMS, via="cli"), terms.now()


def _performed(actor, verb: str, parameters: dict, now: int, name: str | None = None, reason: str | None = None) -> dict:
    import arrears.work.actions  # noqa: F401 - registers every verb
    from arrears.work.actions.action import perform
    from arrears.work.queries.accounts import account_named

    return perform(actor, verb, parameters, now, thing=account_named(actor, name) if name else None, reason=reason)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _address(bind: str) -> tuple[str, int]:
    address, _, port = bind.rpartition(":")
    if not address or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise Refused(f"--bind {bind}: write address and port, such as 127.0.0.1:8000", f"--bind {bind}：请写地址和端口，例如 127.0.0.1:8000")
    return address.strip("[]"), int(port)


def _demand_free(address: str, port: int, bind: str) -> None:
    """Nobody listens there: the workers share their port among each other, so without this a second server would silently share it too. Raises Refused."""
    try:
        family, kind, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(place)
    except OSError as problem:
        raise Refused(f"--bind {bind}: nothing can listen there ({problem.strerror}); stop what does, or name another address or port",
                      f"--bind {bind}：无法监听（{problem.strerror}）；请停止占用者，或改用其他地址或端口") from None


def _demand_certificate(home: Path, certificate: str, key: str) -> None:
    """Both files can be read and belong together, or none is said. Raises Refused, which names the file."""
    if not certificate:
        return
    settings = home / "settings.yaml"
    for name, path in (("certificate", certificate), ("key", key)):
        try:
            Path(path).read_bytes()
        except OSError as problem:
            raise Refused(f"{settings}: serve.{name} {path} cannot be read ({problem.strerror}); name the file that it is in", f"{settings}：无法读取 serve.{name} {path}（{problem.strerror}）；请写明文件路径") from None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "reason", None) or type(problem).__name__
        raise Refused(f"{settings}: serve.certificate {certificate} and serve.key {key} cannot be used ({reason}); both are PEM files, the key belongs to the certificate and has no passphrase",
                      f"{settings}：serve.certificate {certificate} 与 serve.key {key} 无法使用（{reason}）；两者均应为 PEM 文件，私钥须与证书匹配且无口令") from None


def _tell_password(language: str, name: str, password: str) -> None:
    """On standard output the password alone, so that it can be handed on; the rest on standard error."""
    print(password)
    _say(language, f"{name}: this password is shown this once, lasts a day, and is changed at the first log-in", f"{name}：此密码仅显示一次，一天内有效，首次登录须修改", file=sys.stderr)


def _say(language: str, en: str, zh: str, file=None) -> None:
    print(zh if language == "zh" else en, file=file or sys.stdout, flush=True)
