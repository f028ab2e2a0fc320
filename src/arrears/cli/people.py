"""Commands of a person's rights: person find, export, correct, freeze, unfreeze, erase; retention run, report.

Names, numbers, new values and reasons are read from standard input or a prompt, line by line, never from the command line: every user of the machine sees the arguments
of a running command, and the shell keeps them in its history.
"""

import getpass
import json
import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from arrears.cli import people_words, terms
from arrears.cli.terms import DEFAULT_HOME, HomeOption, JsonOption, LangOption
from arrears.days import moment_of, read_day
from arrears.refusal import Refused

_TAKES_NONE = {"allow_extra_args": True, "ignore_unknown_options": True}
person = typer.Typer(no_args_is_help=True, help="A person's rights: find, copy, correct, freeze, erase. 个人权利：查找、副本、更正、停止处理、删除。")
retention = typer.Typer(no_args_is_help=True, help="How long records are kept: look, run. 保存期限：查看、执行。")

AsOption = Annotated[str, typer.Option("--as", help="The account that acts. 操作账号")]
CaseOption = Annotated[UUID | None, typer.Option("--case", help="A case of the person. 案件编号")]
BorrowerOption = Annotated[str | None, typer.Option("--borrower", help="Pseudonym of the debtor of the case. 借款人编号（化名）")]
PartyOption = Annotated[UUID | None, typer.Option("--party", help="Which party of the case; default the debtor. 当事人编号，默认债务人")]
PhoneOption = Annotated[bool, typer.Option("--phone", help="Find by a telephone number, asked for or read from standard input. 按电话查找，号码从提示或标准输入读取")]
IdOption = Annotated[bool, typer.Option("--id-number", help="Find by an ID number, asked for or read from standard input. 按证件号码查找")]
BooksOption = Annotated[list[Path] | None, typer.Option("--book", help="A book whose nights told of the person: no decision of theirs in it can be opened any more; may be repeated. 一并关闭该账册中此人的夜批决定")]
IdentityOption = Annotated[str, typer.Option("--identity-by", help="How it was made sure who asks: in_person, second_factor, call_back_to_known_number, notarised, court_or_authority. 身份核验方式")]


@person.command("find", context_settings=_TAKES_NONE)
def find(context: typer.Context, account: AsOption, phone: PhoneOption = False, id_number: IdOption = False, home: HomeOption = DEFAULT_HOME, lang: LangOption = None) -> None:
    """Tell in which cases somebody with exactly this number stands; the number is counted as seen, and kept nowhere. 按号码查找。"""
    with terms.refusals(lang):
        actor = _acting(context, home, account)
        reason = _asked("reason", lang)
        for line in people_words.found_lines(_found(actor, phone, id_number, reason, lang), terms.language(lang)):
            print(line)


@person.command("export", context_settings=_TAKES_NONE)
def export(context: typer.Context, account: AsOption, identity_by: IdentityOption, out: Annotated[Path, typer.Option("--out", help="New folder for the copy. 副本文件夹（新建）")],
           case: CaseOption = None, borrower: BorrowerOption = None, party: PartyOption = None, phone: PhoneOption = False, id_number: IdOption = False,
           home: HomeOption = DEFAULT_HOME, lang: LangOption = None) -> None:
    """Write all that is held about a person, in clear, for that person: a page, JSON, the attachments. 导出个人信息副本。"""
    with terms.refusals(lang):
        if out.exists():
            raise Refused(f"{out}: is there already; name another folder", f"{out}：已存在；请另指定文件夹")
        actor = _acting(context, home, account)
        from arrears.work.queries.copies import attachment_of  # knows the models, so only once Django knows the home
        from arrears.work.readable_copy import write_copy

        reason = _asked("reason", lang)
        at, which = _one(actor, case, borrower, party, phone, id_number, reason, lang)
        copy = _perform(actor, "export", at, which, reason, identity_by=identity_by)
        entry = UUID(copy.pop("entry"))
        keys = [row["attachment"] for place in copy["places"] for row in place["held"].get("attachment", []) if not row.get("destroyed_at")]
        written = write_copy(copy, ((key, *attachment_of(actor, entry, UUID(key))) for key in keys), out, terms.language(lang))
        for line in people_words.copy_lines(out, len(written), len(keys), terms.language(lang)):
            print(line)


@person.command("correct", context_settings=_TAKES_NONE)
def correct(context: typer.Context, account: AsOption, field: Annotated[str, typer.Option("--field", help="name, id_number, phone, email, address, account. 字段")], identity_by: IdentityOption,
            contact_point: Annotated[UUID | None, typer.Option("--contact-point", help="Which of the person's numbers or addresses is wrong. 有误的联系方式编号")] = None,
            case: CaseOption = None, borrower: BorrowerOption = None, party: PartyOption = None, phone: PhoneOption = False, id_number: IdOption = False,
            home: HomeOption = DEFAULT_HOME, lang: LangOption = None) -> None:
    """Put a new value in place of a wrong one, in every case of the person; both are kept sealed. 更正个人信息。"""
    with terms.refusals(lang):
        actor = _acting(context, home, account)
        reason = _asked("reason", lang)
        at, which = _one(actor, case, borrower, party, phone, id_number, reason, lang)
        done = _perform(actor, "correct", at, which, reason, identity_by=identity_by, field=field, value=_asked("value", lang), contact_point=contact_point)
        for line in people_words.corrected_lines(done, terms.language(lang)):
            print(line)


@person.command("freeze", context_settings=_TAKES_NONE)
def freeze(context: typer.Context, account: AsOption,
           because: Annotated[str, typer.Option("--because", help="withdrew_consent, asked_by_person, accuracy_disputed, ordered, purpose_reached. 原因")],
           case: CaseOption = None, borrower: BorrowerOption = None, party: PartyOption = None, phone: PhoneOption = False, id_number: IdOption = False,
           home: HomeOption = DEFAULT_HOME, lang: LangOption = None) -> None:
    """Stop all processing of a person's data but storage, in every case. 停止处理。"""
    _stopped(context, "freeze", account, because, (case, borrower, party, phone, id_number), home, lang)


@person.command("unfreeze", context_settings=_TAKES_NONE)
def unfreeze(context: typer.Context, account: AsOption, because: Annotated[str, typer.Option("--because", help="asked_by_person, ordered, frozen_in_error. 原因")],
             case: CaseOption = None, borrower: BorrowerOption = None, party: PartyOption = None, phone: PhoneOption = False, id_number: IdOption = False,
             home: HomeOption = DEFAULT_HOME, lang: LangOption = None) -> None:
    """Let go on what freezing stopped. 恢复处理。"""
    _stopped(context, "unfreeze", account, because, (case, borrower, party, phone, id_number), home, lang)


@person.command("erase", context_settings=_TAKES_NONE)
def erase(context: typer.Context, account: AsOption, identity_by: IdentityOption, case: CaseOption = None, borrower: BorrowerOption = None, party: PartyOption = None, phone: PhoneOption = False,
          id_number: IdOption = False, book: BooksOption = None, as_json: JsonOption = False, home: HomeOption = DEFAULT_HOME, lang: LangOption = None) -> None:
    """Destroy a person's key and data; or freeze, or refuse, where the law keeps them: by which rule, until when. Run again what was killed. 删除个人信息。"""
    with terms.refusals(lang):
        actor = _acting(context, home, account)
        from arrears.work.actions.rights import erase_person

        reason = _asked("reason", lang)
        at, which = _one(actor, case, borrower, party, phone, id_number, reason, lang)
        done = erase_person(actor, at, which, terms.now(), reason, identity_by)
        closed = _closed_rows(actor.lender, book)
        lines = people_words.erased_lines(done, terms.language(lang)) + (people_words.closed_lines(closed, terms.language(lang)) if done["outcome"] == "erased" else [])
        for line in [json.dumps({**done, "rows_closed": closed}, ensure_ascii=False, indent=1, sort_keys=True)] if as_json else lines:
            print(line)


@retention.command("run", context_settings=_TAKES_NONE)
def run(context: typer.Context, lender: Annotated[str | None, typer.Option("--lender", help="Lender's code: the program itself acts, as on a timer. 机构代码（系统自动执行）")] = None,
        account: Annotated[str | None, typer.Option("--as", help="Or the account that acts. 或操作账号")] = None,
        as_of: Annotated[str | None, typer.Option("--as-of", help="Business date, YYYY-MM-DD; default today. 业务日期，默认今天")] = None,
        apply: Annotated[bool, typer.Option("--apply", help="Destroy what is over; without it nothing is changed. 执行销毁；否则仅预览")] = False,
        out: Annotated[Path | None, typer.Option("--out", help="Write the report as JSON to this new file too. 另将报告写入 JSON 文件")] = None,
        book: BooksOption = None, as_json: JsonOption = False, home: HomeOption = DEFAULT_HOME, lang: LangOption = None) -> None:
    """Walk the closed cases: destroy what every rule has let go, say what stays until when. 执行保存期限。"""
    from arrears import store

    with terms.refusals(lang):
        now = terms.now()
        actor = _acting(context, home, account, lender)
        from arrears.work.actions.retention import run_retention

        with terms.progress(quiet=as_json) as bar:
            report = run_retention(actor, read_day(as_of) if as_of else moment_of(now).date(), now, apply=apply, report=lambda done: bar("retention", done, 0))
        if apply:
            report["rows_closed"] = _closed_rows(actor.lender, book)
        text = json.dumps(report, ensure_ascii=False, indent=1, sort_keys=True)
        if out is not None:
            store.write_bytes(out, text.encode())
        for line in [text] if as_json else people_words.retention_lines(report, terms.language(lang)) + (people_words.closed_lines(report["rows_closed"], terms.language(lang)) if apply and report["keys_destroyed"] else []):
            print(line)


@retention.command("report", context_settings=_TAKES_NONE)
def report(context: typer.Context, lender: Annotated[str | None, typer.Option("--lender", help="Lender's code. 机构代码")] = None,
           account: Annotated[str | None, typer.Option("--as", help="Or the account that asks. 或查询账号")] = None,
           as_of: Annotated[str | None, typer.Option("--as-of", help="Day to look at, also one to come. 查看日期，可为将来")] = None,
           as_json: JsonOption = False, home: HomeOption = DEFAULT_HOME, lang: LangOption = None) -> None:
    """Say what a run on that day would destroy and what stays until when; nothing is changed. 保存期限报告。"""
    run(context, lender, account, as_of, False, None, None, as_json, home, lang)


def _closed_rows(lender: str, books: list[Path] | None) -> dict[str, int] | None:
    """Of each book, how many secrets of erased borrowers of the lender were destroyed just now; None where no book was named. Raises Refused."""
    from arrears.cli.record_keeping import rows_closed

    return None if not books else {str(path): rows_closed(path, lender) for path in books}


def _acting(context: typer.Context, home: Path, account: str | None, lender: str | None = None):
    """The actor, with the home's database running and Django knowing it. Raises Refused; what stood on the command line and should not is not repeated."""
    if context.args:
        raise Refused("something stands on the command line that this command does not take; it is not repeated here. Names, numbers, values and reasons are asked for, or read from standard input:"
                      " on the command line other users of this machine see them, and the shell's history keeps them (remove it there)",
                      "命令行中有本命令不接受的内容，此处不再显示。姓名、号码、取值与理由由提示或标准输入读取：写在命令行会被本机其他用户看到，并留在 shell 历史中（请从中删除）")
    if (account is None) == (lender is None):
        raise Refused("name the account that acts (--as), or the lender for which the program acts (--lender)", "请指定操作账号（--as），或由系统代为执行的机构（--lender）")
    terms.demand_home(home)
    from arrears import postgres
    from arrears.web.settings import configure

    postgres.ensure_running(home)
    configure(home)
    from arrears.web.upgrade import demand_current
    from arrears.work.actor import system
    from arrears.work.queries.accounts import only_lender
    from arrears.work.queries.people import acting

    demand_current(home)
    return system(only_lender(lender)) if account is None else acting(account, f"cli:{getpass.getuser()}"[:40], terms.now())


def _asked(what: str, lang: str | None) -> str:
    """One line, from a prompt that does not show it, or from standard input. Raises Refused where there is none."""
    words = people_words.ASKED[what][terms.language(lang) == "zh"]
    if sys.stdin.isatty():
        text = getpass.getpass(words + ": ") if what != "reason" else input(words + ": ")
    else:
        text = sys.stdin.readline()
    if not text.strip():
        raise Refused(f"{people_words.ASKED[what][0]}: nothing was given; write it on a line of standard input (first the reason, then a number, then a new value)",
                      f"{people_words.ASKED[what][1]}：未提供；请在标准输入中逐行填写（先理由，再号码，再新值）")
    return text.strip()


def _found(actor, phone: bool, id_number: bool, reason: str, lang: str | None) -> dict:
    from arrears.work.actions.action import perform

    if phone == id_number:
        raise Refused("say by what to find: --phone or --id-number", "请指明查找方式：--phone 或 --id-number")
    name = "phone" if phone else "id_number"
    return perform(actor, "person.find", {name: _asked(name, lang)}, terms.now(), reason=reason)


def _one(actor, case: UUID | None, borrower: str | None, party: UUID | None, phone: bool, id_number: bool, reason: str, lang: str | None) -> tuple[UUID, UUID]:
    """Case and party that are meant. Raises Refused where nobody is, or more than one could be."""
    from arrears.work.queries.people import persons_of, standings

    if (case is not None) + (borrower is not None) + phone + id_number != 1:
        raise Refused("name the person in one way: --case, --borrower, --phone or --id-number", "请用一种方式指明当事人：--case、--borrower、--phone 或 --id-number")
    if phone or id_number:
        found = [(UUID(one["case"]), UUID(one["party"]), one["role"]) for one in _found(actor, phone, id_number, reason, lang)["parties"]]
        if party is None and len(persons_of(actor, [one[1] for one in found])) > 1:
            raise Refused("more than one person has this number; choose one with --party (person find lists them)", "该号码对应多人；请用 --party 选择（person find 可列出）")
    else:
        found = [(one.case, one.party, one.role) for one in standings(actor, borrower_id=borrower, case=case)]
        found = found if party is not None else [one for one in found if one[2] == "debtor"]
    chosen = [one for one in found if party is None or one[1] == party]
    if not chosen:
        raise Refused("nobody of that kind stands in a case that this account sees; check the number or name", "在该账号可见的案件中没有此当事人；请核对")
    return chosen[0][0], chosen[0][1]


def _perform(actor, verb: str, case: UUID, party: UUID, reason: str, **more) -> dict:
    from arrears.work.actions.action import perform

    return perform(actor, f"person.{verb}", {"party": party, **more}, terms.now(), thing=case, reason=reason)


def _stopped(context: typer.Context, verb: str, account: str, because: str, which: tuple, home: Path, lang: str | None) -> None:
    with terms.refusals(lang):
        actor = _acting(context, home, account)
        reason = _asked("reason", lang)
        at, party = _one(actor, *which, reason, lang)
        for line in people_words.stopped_lines(verb, _perform(actor, verb, at, party, reason, because=because), terms.language(lang)):
            print(line)
