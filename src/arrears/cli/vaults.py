"""Commands of the vault: init, status, public-key, rotate, check, passphrase."""

import getpass
import json
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from arrears.cli import terms
from arrears.cli.terms import DEFAULT_HOME, HomeOption, JsonOption, LangOption
from arrears.days import moment_of
from arrears.refusal import Refused

vault = typer.Typer(no_args_is_help=True, help="Keys of personal data: make, rotate, check. 个人信息的密钥：生成、轮换、检查。")
passphrase = typer.Typer(no_args_is_help=True, help="The passphrase of the sealed key file. 密封密钥文件的口令。")
vault.add_typer(passphrase, name="passphrase")

LenderOption = Annotated[str | None, typer.Option("--lender", help="The lender's code. 机构代码")]
KEYS = ("provider", "lender", "blind", "handover")


@vault.command("init")
def init(home: HomeOption = DEFAULT_HOME, lang: LangOption = None) -> None:
    """Make what is missing: a first key, the tables, a pair for handovers; nothing that is there is replaced. 初始化保险库。"""
    from arrears import postgres
    from arrears.vault.vault import init_vault

    with terms.refusals(lang):
        postgres.ensure_running(home)
        opened, told = init_vault(home, terms.now())
        is_zh = terms.language(lang) == "zh"
        print(f"保险库已就绪：{home}（{opened.provider.said()[1]}）" if is_zh else f"The vault is ready: {home} ({opened.provider.said()[0]})")
        for en, zh in told:
            print(zh if is_zh else en)


@vault.command("status")
def status(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False, lang: LangOption = None) -> None:
    """Say which keys there are, what is under them, and what a rotation left undone. 密钥状态。"""
    from arrears.vault.status import read_status, status_lines

    with terms.refusals(lang), _opened(home) as opened:
        found = read_status(opened)
        if as_json:
            print(json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True))
            return
        for line in status_lines(found, terms.language(lang)):
            print(line)


@vault.command("public-key")
def public_key(
    home: HomeOption = DEFAULT_HOME,
    out: Annotated[Path | None, typer.Option("--out", help="File to write it to, such as BOOK/vault.pub; printed where none is named. 输出文件")] = None,
    lang: LangOption = None,
) -> None:
    """Tell the public key for which ingest seals people; it opens nothing. 交接公钥。"""
    from arrears import store

    with terms.refusals(lang), _opened(home) as opened:
        key = str(opened.handover_public_key(terms.now()))
        if out is None:
            print(key)
            return
        store.write_bytes(out, f"{key}\n".encode())
        print(f"{out}：交接公钥" if terms.language(lang) == "zh" else f"{out}: the public key for handing people over")


@vault.command("rotate")
def rotate(
    key: Annotated[str, typer.Argument(help="provider: the outermost key; lender: what wraps data keys; blind: of the look-up index; handover: the pair. 要轮换的密钥")],
    home: HomeOption = DEFAULT_HOME, lender: LenderOption = None,
    retire: Annotated[int | None, typer.Option("--retire", help="Of provider: destroy the key of that number, nothing being under it any more. 停用该编号的密钥", min=1)] = None,
    retire_older: Annotated[bool, typer.Option("--retire-older", help="Of blind and handover: destroy all but the newest. 停用旧密钥")] = False,
    lang: LangOption = None,
) -> None:
    """Replace a key while everybody works on; a run that was stopped is ended by running it again. 轮换密钥。"""
    with terms.refusals(lang):
        _demand_words(key, lender, retire, retire_older)
        with _opened(home) as opened, terms.progress() as report:
            en, zh = _rotated(opened, key, lender, retire, retire_older, report)
        print(zh if terms.language(lang) == "zh" else en)


@vault.command("check")
def check(home: HomeOption = DEFAULT_HOME, lang: LangOption = None) -> None:
    """Open every key and every wrapped data key, and see that nobody erased has one; exit status 1 where something is wrong. 检查全部密钥。"""
    from arrears.vault.status import check_all, finding_lines

    with terms.refusals(lang), _opened(home) as opened, terms.progress() as report:
        checked = check_all(opened, lambda done: report("keys", done, None))
        for line in finding_lines(checked, terms.language(lang)):
            print(line)
    if checked.findings:
        raise typer.Exit(terms.DIFFERS)


@passphrase.command("change")
def change_passphrase(home: HomeOption = DEFAULT_HOME, lang: LangOption = None) -> None:
    """Seal the key file anew under ARREARS_KEY_NEW_PASSPHRASE(_FILE), or under a random passphrase in home/keys/passphrase. 更换口令。"""
    from arrears.vault.providers import open_provider
    from arrears.vault.providers.sealed_file import SealedFile
    from arrears.vault.settings import read_settings

    with terms.refusals(lang):
        provider = open_provider(home, read_settings(home))
        if not isinstance(provider, SealedFile):
            en, zh = provider.said()
            raise Refused(f"{home}: the keys are not in a sealed file but with {en}; change PIN or token there", f"{home}：密钥不在密封文件中，而在{zh}；请在该处更换 PIN 或令牌")
        for en, zh in provider.change_passphrase():
            print(zh if terms.language(lang) == "zh" else en)


@contextmanager
def _opened(home: Path):
    from arrears import postgres
    from arrears.vault.vault import open_vault

    terms.demand_home(home)
    postgres.ensure_running(home)
    opened = open_vault(home)
    try:
        yield opened
    finally:
        opened.close()


def _demand_words(key: str, lender: str | None, retire: int | None, retire_older: bool) -> None:
    if key not in KEYS:
        raise Refused(f"{key}: there is no such key; write one of {', '.join(KEYS)}", f"{key}：没有这种密钥；可用：{'、'.join(KEYS)}")
    if (key in ("lender", "blind")) != (lender is not None):
        raise Refused("--lender CODE goes with the keys lender and blind, and with no other", "--lender 代码 须与 lender、blind 同用，不能与其他同用")
    if retire is not None and key != "provider":
        raise Refused("--retire NUMBER goes with provider alone", "--retire 编号 只能与 provider 同用")
    if retire_older and key not in ("blind", "handover"):
        raise Refused("--retire-older goes with blind and handover alone", "--retire-older 只能与 blind、handover 同用")


def _rotated(opened, key: str, lender: str | None, retire: int | None, retire_older: bool, report) -> tuple[str, str]:
    """What was done, in English and Chinese."""
    from arrears.vault import rotation

    now = terms.now()
    if key == "provider" and retire is not None:
        rotation.retire_provider_key(opened, retire, now)
        return f"Key {retire} is retired ({moment_of(now):%Y-%m-%d}); backups from before the rotation need a copy of it.", f"密钥 {retire} 已停用（{moment_of(now):%Y-%m-%d}）；轮换之前的备份须用其副本才能打开。"
    if key == "provider":
        done = rotation.rotate_provider_key(opened, now)
        return (f"Key {done.number} wraps from now on; {done.wrapped_anew} keys were wrapped anew. Back up the keys, then retire the older one with --retire.",
                f"此后使用密钥 {done.number}；已重新包装 {done.wrapped_anew} 个密钥。请先备份，再用 --retire 停用旧密钥。")
    if key == "lender":
        _demand_known(opened, lender)
        done = rotation.rotate_tenant_key(opened, lender, now, lambda count: report("keys", count, None))
        return f"Key {done.number} of {lender} wraps from now on; {done.wrapped_anew} data keys were wrapped anew, the older key is retired.", f"{lender} 此后使用密钥 {done.number}；已重新包装 {done.wrapped_anew} 个数据密钥，旧密钥已停用。"
    if key == "blind":
        _demand_known(opened, lender)
        return _blind_rotated(opened, lender, retire_older, now, report)
    if retire_older:
        count = rotation.retire_handover_keys(opened, now)
        return f"{count} older pairs for handovers are retired.", f"{count} 对旧交接密钥已停用。"
    rotation.rotate_handover_key(opened, now)
    return f"Hand out the new public key: {opened.handover_public_key()}", f"请分发新的公钥：{opened.handover_public_key()}"


def _blind_rotated(opened, lender: str, retire_older: bool, now: int, report) -> tuple[str, str]:
    """The key for look-ups replaced and every index rebuilt by it, or the older keys retired; by whoever runs this on the machine, as an administrator."""
    from arrears.web.settings import configure
    from arrears.web.upgrade import demand_current
    from arrears.work.actor import ALL_TEAMS, Actor

    configure(opened.home)
    demand_current(opened.home)
    from arrears.work.actions import indexes

    actor = Actor(None, f"shell:{getpass.getuser()}"[:40], lender, frozenset({"administrator"}), ALL_TEAMS, via="cli")
    if retire_older:
        count = indexes.retire_blind_keys(actor, opened, now)
        return f"{count} older keys for blind indexes of {lender} are retired.", f"{lender} 的 {count} 个旧盲索引密钥已停用。"
    number, rebuilt = indexes.rotate_blind_key(actor, opened, now, lambda done: report("indexes", done, None))
    return (f"Key {number} makes the blind indexes of {lender} from now on; {rebuilt} indexes were rebuilt. Retire the older key with --retire-older; until then look-ups go by both.",
            f"{lender} 此后使用盲索引密钥 {number}；已重建 {rebuilt} 个索引。请用 --retire-older 停用旧密钥；其间查询同时使用新旧索引。")


def _demand_known(opened, lender: str) -> None:
    from arrears.vault import rotation

    known = rotation.tenants(opened)
    if lender not in known:
        raise Refused(f"--lender {lender}: has no keys here; known are {', '.join(known) or 'none'}", f"--lender {lender}：此处没有该机构的密钥；已知：{'、'.join(known) or '无'}")
