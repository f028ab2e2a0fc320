"""Commands between the planes: intake takes a night's worklist in as cases, export writes what people did for the next night; and the demo's part of them."""

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from arrears import store
from arrears.allocation.roster import ROSTER_FILE
from arrears.cli import terms
from arrears.cli.terms import DEFAULT_HOME, AsOfOption, HomeOption, JsonOption, LangOption
from arrears.days import microseconds_of, read_day, read_moment
from arrears.law.lender import LENDER_FILE, lender_from
from arrears.refusal import DiskFull, Refused

DEMO_SEED = 1
DEMO_ROLES = ("collector", "team_lead", "compliance_officer", "strategist", "data_officer", "auditor", "administrator", "agency_worker")
DEMO_ACCOUNTS = (*((role.replace("_", "-"), role) for role in DEMO_ROLES), ("compliance-officer-2", "compliance_officer"))
"""Name and role of each account that the demo makes: compliance twice, since nobody approves what they asked for."""
_TOLD = {
    "cases_opened": ("cases opened", "新建案件"), "cases_updated": ("updated", "更新"), "cases_off_list": ("no longer on the worklist", "已不在名单"), "cases_settled": ("closed as settled", "结清结案"),
    "debts": ("debts", "债务"), "payments": ("payments", "还款"), "placements_made": ("given to a holder", "派案"), "moves_kept": ("moves by people kept", "保留人工转派"),
    "people_taken": ("people's details into the vault", "人员信息入库"), "people_without_case": ("rows of people without a case, not taken in", "无案件人员，未接收"),
    "people_corrected": ("rows older than a correction, left", "早于更正的信息，未采用"), "people_frozen": ("rows of frozen people, left", "已停止处理人员，未更新"),
    "people_erased": ("rows of erased people, refused", "已删除人员，拒绝接收"), "cases_erased": ("not opened since the person was erased", "当事人已删除，未建案"),
    "cases_left_closed": ("not opened since a person closed them for good", "人工终结，未再建案"),
    "rules_kept": ("rulebook kept, which was missing since an upgrade; all else was taken in before", "补存规则（升级前接收时未留存），其余此前已接收"),
}
_SETTLED = {"promise.settle": ("promises", "承诺"), "plan.settle": ("plans and offers", "分期与方案"), "plan.reoffer": ("broken plans", "违约分期"), "hardship.settle": ("hardship", "困难申请")}
_STATES = {
    "kept": ("kept", "已履约"), "part_kept": ("partly kept", "部分履约"), "broken": ("broken", "违约"), "open": ("open again", "恢复待履约"), "agreed": ("holding again", "恢复履行"), "ended": ("ended", "已终止"),
    "lapsed": ("lapsed", "已失效"), "offered_again": ("offered again", "自动重新提供"), "on_hold": ("not offered again: on hold", "停催中未重新提供"), "often_enough": ("back in the queue: offered often enough", "已达次数上限，退回队列"),
    "lifted": ("holds lifted, ready again", "暂缓期满，恢复处理"), "not_offered": ("back in the queue: the strategy offers none", "策略不提供，退回队列"), "nothing_to_ask": ("nothing left to ask", "无可主张金额"),
}
"""What settle_night answers, in words."""


def intake(
    book: Annotated[Path, typer.Option("--book", help="The book's folder. 账册文件夹")], as_of: AsOfOption, home: HomeOption = DEFAULT_HOME,
    lender: Annotated[str | None, typer.Option("--lender", help="The lender's code, where it should be checked against lender.yaml. 机构代码")] = None,
    as_json: JsonOption = False, lang: LangOption = None,
) -> None:
    """Take a finished night's worklist in as cases; again changes nothing. 接收夜批名单为案件。"""
    from arrears.cli.record_words import collected_lines

    with terms.refusals(lang), database(home):
        from arrears.work.actions.after_night import settle_night
        from arrears.work.actions.intake import open_lender, take_night
        from arrears.work.night_files import night_of

        night = night_of(store.book_at(book), read_day(as_of))
        if lender is not None and lender != night.lender.id:
            raise Refused(f"{book}: its {LENDER_FILE} says {night.lender.id}, not {lender}; nothing was taken in: name the right book or lender", f"{book}：其 {LENDER_FILE} 为 {night.lender.id}，而非 {lender}；未接收任何内容：请核对账册与机构")
        now = terms.now()
        open_lender(night.lender, now)
        told, is_new = take_night(night, night.lender.id, now)
        settled = settle_night(night.lender.id, night.as_of, now)
        recorded = _recorded(book, now, lang)
        if as_json:
            print(json.dumps({"as_of": as_of, "lender": night.lender.id, "is_new": is_new, **told, "settled": settled, "recorded": recorded}, ensure_ascii=False, indent=1, sort_keys=True))
            return
        for line in [*intake_lines(as_of, night.lender.id, told, is_new, terms.language(lang)), *settled_lines(night.lender.id, settled, terms.language(lang)), *(collected_lines(night.lender.id, recorded, terms.language(lang)) if recorded else [])]:
            print(line)


def _recorded(book: Path, now: int, lang: str | None) -> dict[str, int] | None:
    """How much of the book came into the record just now; None, said on standard error, where the book cannot tell: the night is taken in all the same."""
    from arrears.cli.record_keeping import collected

    try:
        return collected(book, now)[1]
    except Refused as problem:
        terms.refused(f"the night is taken in, but the book is not in the record: {problem.en}; then run arrears record collect --book {book}", f"夜批已接收，但账册未能写入存证：{problem.zh}；处理后请运行 arrears record collect --book {book}", lang)
        return None


def intake_lines(as_of: str, code: str, told: dict, is_new: bool, lang: str) -> list[str]:
    """What a night changed, in words; counts of nothing are left out."""
    zh = lang == "zh"
    if not is_new:
        return [f"{code}：{as_of} 夜批此前已接收，未作任何更改" if zh else f"{code}: the night of {as_of} was taken in before; nothing was changed"]
    counts = [f"{words[1]} {told[name]:,}" if zh else f"{told[name]:,} {words[0]}" for name, words in _TOLD.items() if told.get(name)]
    return [f"{code}：已接收 {as_of} 夜批：" + "，".join(counts) if zh else f"{code}: took in the night of {as_of}: " + ", ".join(counts or ["no case"])]


def settled_lines(code: str, settled: dict[str, dict[str, int]], lang: str) -> list[str]:
    """What became of promises and plans, in one line; none where nothing did."""
    zh = lang == "zh"
    counts = [f"{_SETTLED[verb][zh]} {_STATES[state][zh]} {count:,}" for verb, told in settled.items() for state, count in told.items() if count and state in _STATES]
    return [f"{code}：" + "，".join(counts) if zh else f"{code}: " + ", ".join(counts)] if counts else []


def export(
    out: Annotated[Path, typer.Option("--out", help="Folder for the files. 输出文件夹")], home: HomeOption = DEFAULT_HOME,
    lender: Annotated[str | None, typer.Option("--lender", help="The lender's code; needed where the home has several. 机构代码")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Only what was recorded from then on, e.g. 2026-11-02T00:00:00+08:00. 只导出此刻起的记录")] = None,
    book: Annotated[Path | None, typer.Option("--book", help="The book: changes of the roster go into its roster.yaml; the rows into a book of plain files too. 写入账册的名册；普通文件账册同时并入结果")] = None,
    as_json: JsonOption = False, lang: LangOption = None,
) -> None:
    """Write what people did as tables for the next night: contacts, promises, plans, holds, consents, placements. 导出催收结果，供下一夜批使用。"""
    with terms.refusals(lang), database(home):
        from arrears.work.actions.export import export as write_outcomes
        from arrears.work.actions.export import write_roster_into
        from arrears.work.export import MAPPING, put_into

        code = _lender_of(lender, book)
        told = write_outcomes(code, out, None if since is None else microseconds_of(read_moment(since)), terms.now())
        added = put_into(store.book_at(book), out) if book is not None and not store.read_ledger(store.book_at(book)).loads else None
        changed = write_roster_into(code, store.book_at(book), terms.now()) if book is not None else 0
        if as_json:
            print(json.dumps({"lender": code, **told, "added": added, "roster_changes": changed}, ensure_ascii=False, indent=1, sort_keys=True))
            return
        zh = terms.language(lang) == "zh"
        print(f"{out}：" + "，".join(f"{name} {count:,}" for name, count in told["rows"].items()) if zh else f"{out}: " + ", ".join(f"{name} {count:,}" for name, count in told["rows"].items()))
        if added is not None:
            print(f"{book}：新增 {sum(added.values()):,} 行" if zh else f"{book}: {sum(added.values()):,} rows added to its plain files")
        if changed:
            print(f"{book}：名册中 {changed} 项变更已写入 {ROSTER_FILE}，下一次夜批按此分案" if zh else f"{book}: {changed} changes of the roster are in its {ROSTER_FILE}; the next night gives cases out by it")
        if added is None and any(told["rows"].values()):
            run = f"arrears ingest {shlex.quote(str(out))}/*.parquet --mapping {shlex.quote(str(out / MAPPING))} --book BOOK"
            print(f"装入账册：{run}" if zh else f"Into a book: {run}")


def _lender_of(said: str | None, book: Path | None) -> str:
    """The lender meant: as said, as the book says, or the only one there is. Raises Refused."""
    from arrears.work.queries.installation import lenders

    known = lenders()
    code = said or (lender_from(store.lender_text(store.book_at(book))).id if book is not None else None) or (known[0] if len(known) == 1 else None)
    if code is None or code not in known:
        listed = ", ".join(known) or "none"
        raise Refused(f"--lender {code or ''}: which lender? There are: {listed}; nothing was exported", f"--lender {code or ''}：请指明机构；现有：{listed}；未导出任何内容")
    return code


@contextmanager
def database(home: Path) -> Iterator[None]:
    """Django knows the home's database, which runs and has this version's tables; what it says when it fails is said as a refusal. Raises Refused where there is no such home."""
    from arrears import postgres

    terms.demand_home(home)
    from arrears.web.settings import configure

    postgres.ensure_running(home)
    configure(home)
    from django.db import OperationalError

    from arrears.web.upgrade import demand_current

    try:
        demand_current(home)
        yield
    except OperationalError as problem:
        if getattr(problem.__cause__, "sqlstate", None) == "53100":
            raise DiskFull(f"{home}: the database's disk is full; nothing was changed: free some space and run again", f"{home}：数据库磁盘已满；未作任何更改：请腾出空间后重试") from None
        told = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
        raise Refused(f"{home}: the database stopped answering ({told}); nothing was changed: look at arrears db status --home {home}, then run again",
                      f"{home}：数据库无响应（{told}）；未作任何更改：请查看 arrears db status --home {home} 后重试") from None


def demo_work(home: Path, book: Path, as_of: str, lang: str) -> list[str]:
    """The demo's part after its last night: a database with a vault, the night taken in, one account a role with a password for one use, a record that a stranger's program checks; the lines to print.

    Again, or after it was killed, what is there stays: accounts are made once, and their passwords told once.
    """
    from arrears import postgres
    from arrears.cli.demo_life import demo_life
    from arrears.cli.record_demo import demo_record
    from arrears.twin.people_in_full import write_people
    from arrears.vault.vault import init_vault
    from arrears.web.upgrade import upgrade

    postgres.ensure_running(home)
    upgrade(home)
    opened, told_keys = init_vault(home, terms.now())
    zh = lang == "zh"
    lines = [told[zh] for told in told_keys]
    made_up = store.book_at(book)
    if not made_up.people_path.is_file():
        write_people(made_up, opened.handover_public_key(terms.now()), DEMO_SEED)
    opened.close()
    _name_the_book(home, book)
    with database(home):
        import arrears.work.actions  # noqa: F401 - registers every verb
        from arrears.work.actions.intake import open_lender, take_night
        from arrears.work.night_files import night_of

        night = night_of(store.book_at(book), read_day(as_of))
        open_lender(night.lender, terms.now())
        lines += intake_lines(as_of, night.lender.id, *take_night(night, night.lender.id, terms.now()), lang)
        lines += _demo_accounts(night.lender.id, night.roster, lang)
        with terms.progress() as report:
            lines += demo_life(night.lender.id, night.roster, lang, terms.now(), report)
        lines += demo_record(home, book, lang)
    lines += [f"{home}：作业平面已就绪；数据库继续运行，停止：arrears db stop --home {home}" if zh else f"{home}: the work plane is ready; its database runs on, stop it with: arrears db stop --home {home}"]
    lines += [f"接下来：arrears serve --home {home}；导出结果：arrears export --home {home} --out {home}/outcomes --book {book}" if zh else
              f"Next: arrears serve --home {home}; then write what was done for the next night: arrears export --home {home} --out {home}/outcomes --book {book}"]
    return lines


def _name_the_book(home: Path, book: Path) -> None:
    """settings.yaml names the demo's book, and folders for files to load, so that runs can be asked for on the pages; a file that is there stays as it is."""
    settings = home / "settings.yaml"
    if not settings.exists():
        for name in ("incoming", "mappings"):
            (home / name).mkdir(exist_ok=True)
        settings.write_text(f"runs:\n  books: {{{book.name}: {json.dumps(str(book.resolve()))}}}\n  incoming: {json.dumps(str((home / 'incoming').resolve()))}\n  mappings: {json.dumps(str((home / 'mappings').resolve()))}\n", encoding="utf-8")
        settings.chmod(0o600)


def _demo_accounts(code: str, roster, lang: str) -> list[str]:
    """One account a role, of compliance two, those that are not there yet; a line each with its password."""
    from arrears.work.actions.action import perform
    from arrears.work.actor import system
    from arrears.work.queries.installation import account_names

    first, agency = (roster.collectors[0] if roster.collectors else None), (roster.agencies[0].name if roster.agencies else None)
    lines, there = [], account_names(code)
    for name, role in DEMO_ACCOUNTS:
        given: dict = {"name": name, "roles": [role], "language": lang}
        if role in ("collector", "team_lead"):
            if first is None:
                continue
            given |= {"teams": [first.team]} | ({"collector": first.name} if role == "collector" else {})
        if role == "agency_worker":
            if agency is None:
                continue
            given |= {"teams": [agency]}
        if name not in there:
            told = perform(system(code), "account.create", given, terms.now())
            lines.append(f"  {name:<20} {told['one_time_password']}")
    if lines:
        lines.insert(0, "账号及一次性口令（仅显示这一次）：" if lang == "zh" else "Accounts, with passwords for one use, shown this once:")
    return lines
