"""Commands of the database: start, stop, status; backup, restore, upgrade."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from arrears.cli import terms
from arrears.cli.terms import DEFAULT_HOME, HomeOption, JsonOption, LangOption

database = typer.Typer(no_args_is_help=True, help="The work plane's PostgreSQL: start, stop, status; backup, restore, upgrade. 作业平面的数据库：启停、状态、备份、恢复、升级。")



@database.command("start")
def start(home: HomeOption = DEFAULT_HOME, lang: LangOption = None) -> None:
    """Start the database, or find it running; it runs on when this command has ended. 启动数据库。"""
    from arrears import postgres

    with terms.refusals(lang):
        postgres.ensure_running(home, _saying(lang))
        for line in status_lines(postgres.status(home), home, terms.language(lang)):
            print(line)


@database.command("stop")
def stop(home: HomeOption = DEFAULT_HOME, lang: LangOption = None) -> None:
    """Stop the database; sessions are ended, what was committed stays. 停止数据库。"""
    from arrears import postgres

    with terms.refusals(lang):
        stopped, zh = postgres.stop(home), terms.language(lang) == "zh"
        if stopped:
            print("数据库已停止" if zh else "The database is stopped.")
        else:
            print("数据库原本未运行" if zh else "The database was not running.")


@database.command("status")
def status(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False, lang: LangOption = None) -> None:
    """Tell whether the database runs, which PostgreSQL it is, where it lies and how large it is. 数据库状态。"""
    from arrears import postgres

    with terms.refusals(lang):
        found = postgres.status(home)
        if as_json:
            print(json.dumps(asdict(found), ensure_ascii=False, indent=1, sort_keys=True))
            return
        for line in status_lines(found, home, terms.language(lang)):
            print(line)


@database.command("backup")
def backup(
    home: HomeOption = DEFAULT_HOME,
    cases_days: Annotated[str | None, typer.Option("--cases-days", help="Days a backup of cases is kept; default 35, or settings.yaml's. 案件备份保留天数")] = None,
    keys_days: Annotated[str | None, typer.Option("--keys-days", help="Days a backup of keys is kept; default 7, or settings.yaml's. 密钥备份保留天数")] = None,
    lang: LangOption = None,
) -> None:
    """Back up cases and keys, each apart, whole or not at all; remove what is past its retention. 备份案件与密钥。"""
    from dataclasses import replace

    from arrears import postgres
    from arrears.postgres.backups import days, retention_of

    with terms.refusals(lang):
        kept = retention_of(home)
        if cases_days is not None:
            kept = replace(kept, cases_days=days(cases_days, "--cases-days"))
        if keys_days is not None:
            kept = replace(kept, keys_days=days(keys_days, "--keys-days"))
        zh = terms.language(lang) == "zh"
        for one in postgres.backup(home, terms.now(), kept, _saying(lang)):
            rows, size = sum(one.about["rows"].values()), one.about["bytes"] / 1e6
            label = {"cases": ("cases", "案件"), "keys": ("keys", "密钥")}[one.database][zh]
            print(f"{label} {one.name}：{rows:,} 行，{size:,.1f} MB，{one.path}" if zh else f"{label} {one.name}: {rows:,} rows, {size:,.1f} MB, {one.path}")
        print(f"案件保留 {kept.cases_days} 天，密钥保留 {kept.keys_days} 天；密封密钥文件与口令不在备份内，须另行保管" if zh else
              f"Cases are kept {kept.cases_days} days, keys {kept.keys_days} days. The sealed key file and its passphrase are in neither: keep them apart.")


@database.command("restore")
def restore(
    name: Annotated[str, typer.Argument(help="The backup's name, its UTC stamp; in HOME/backups. 备份名称")],
    home: HomeOption = DEFAULT_HOME,
    keys: Annotated[bool, typer.Option("--keys", help="The keys too; erased persons are erased again. 同时恢复密钥")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Over a database that is not empty; it is backed up first. 替换非空数据库")] = False,
    lang: LangOption = None,
) -> None:
    """Put a backup back: checked, into a new database, swapped in whole. Keys only where asked. 恢复备份。"""
    from arrears import postgres

    with terms.refusals(lang):
        zh = terms.language(lang) == "zh"
        for one in postgres.restore(home, name, terms.now(), with_keys=keys, replaces=replace, say=_saying(lang)):
            rows, label = sum(one.about["rows"].values()), {"cases": ("cases", "案件"), "keys": ("keys", "密钥")}[one.database][zh]
            print(f"{label}已恢复至 {one.name}：{rows:,} 行" if zh else f"{label} are those of {one.name}: {rows:,} rows.")
        if keys:
            print(f"请查看恢复的密钥能否打开：arrears vault check --home {home}" if zh else f"See that the keys put back open what they should: arrears vault check --home {home}")
        print("此后删除的人员，其密钥仍已销毁；请运行 arrears retention run --apply，清除恢复带回的内容" if zh else "Who was erased since stays without a key; clear what came back of them with: arrears retention run --apply")
        print(f"存证日志不随数据库恢复；如日志比数据库新，写入会被拒绝并说明：arrears record status --home {home}" if zh else
              f"The record's log is not put back with it; where the log is newer than the database now, it is refused and says what to do: arrears record status --home {home}")
        print("若备份来自旧版本，请运行 arrears db upgrade" if zh else "Where the backup is of an older version, run: arrears db upgrade")


@database.command("upgrade")
def upgrade(
    home: HomeOption = DEFAULT_HOME,
    remove_old: Annotated[bool, typer.Option("--remove-old", help="Remove the data directories of before. 删除升级前的数据目录")] = False,
    lang: LangOption = None,
) -> None:
    """Move to the newest PostgreSQL that is here, then bring the tables up to this version. 升级数据库版本与数据表。"""
    from arrears import postgres
    from arrears.web.upgrade import upgrade as migrate

    with terms.refusals(lang):
        zh = terms.language(lang) == "zh"
        done = postgres.upgrade(home, migrate, _saying(lang), removes_old=remove_old)
        for step in done:
            print(f"已执行 {step}" if zh else f"{step} was run")
        if not done:
            print("数据表已是本版本" if zh else "The tables are those of this version.")
        for line in status_lines(postgres.status(home), home, terms.language(lang)):
            print(line)


def status_lines(found, home: Path, lang: str) -> list[str]:
    """What is known of the database, a line each."""
    from arrears.postgres import backups_of

    zh = lang == "zh"
    if found.is_outside:
        lines = [f"外部服务器 {found.socket}（PostgreSQL {found.version}），由 DATABASE_URL 指定，不由本系统启停" if zh else
                 f"An outside server at {found.socket} (PostgreSQL {found.version}), named by DATABASE_URL; not ours to start or stop."]
    elif found.is_running:
        lines = [f"运行中：PostgreSQL {found.version}，进程 {found.pid}，系统用户 {found.user}" if zh else f"Running: PostgreSQL {found.version}, process {found.pid}, as the system user {found.user}."]
    else:
        lines = [f"未运行：PostgreSQL {found.version}，系统用户 {found.user}；arrears db start --home {home} 启动" if zh else
                 f"Not running: PostgreSQL {found.version}, of the system user {found.user}; start it with: arrears db start --home {home}"]
    if found.data:
        lines += [f"数据目录 {found.data}；套接字 {found.socket}，无 TCP" if zh else f"Data directory {found.data}; socket in {found.socket}, no TCP."]
    if found.is_elsewhere:
        lines += [f"不在 {home} 内：系统用户 {found.user} 无法访问该文件夹" if zh else f"It is not within {home}: the system user {found.user} cannot reach that folder."]
    for name, size in found.bytes_of.items():
        label = {"cases": ("cases", "案件"), "keys": ("keys", "密钥")}[name][zh]
        lines += [f"{label}：{size / 1e6:,.1f} MB" if zh else f"{label}: {size / 1e6:,.1f} MB"]
    for database, (en, cn) in {"cases": ("cases", "案件"), "keys": ("keys", "密钥")}.items():
        newest = max((one.name for one in backups_of(home, database)), default=None)
        lines += [f"{cn}最新备份：{newest or '无'}" if zh else f"Newest backup of {en}: {newest or 'none'}"]
    for path in found.kept_aside:
        lines += [f"升级前的数据目录仍保留：{path}；arrears db upgrade --remove-old 删除" if zh else f"Kept from before an upgrade: {path}; arrears db upgrade --remove-old removes it."]
    return lines


def _saying(lang: str | None):
    """Prints what a user should know, in their language."""
    zh = terms.language(lang) == "zh"
    return lambda en, text: print(text if zh else en)
