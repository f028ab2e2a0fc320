"""Commands of the cases: show, why; preview, share; freeze, unfreeze; roster."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from arrears import store
from arrears.cli import case_words, terms
from arrears.cli.terms import AsOfOption, LangOption
from arrears.days import read_day
from arrears.refusal import Refused

cases = typer.Typer(no_args_is_help=True, help="Who has which case: show, why; share out anew; freeze; the roster. 案件分配：查看、原因、重新分案、冻结、名册。")

HomeOption = Annotated[Path, typer.Option("--book", help="The book's folder. 账册文件夹")]
NightOption = Annotated[str, typer.Option("--as-of", help="The finished night, YYYY-MM-DD. 已完成的夜批日期")]
TeamOption = Annotated[str | None, typer.Option("--team", help="One team of the roster. 名册中的一个小组")]
ByMinutesOption = Annotated[bool, typer.Option("--by-minutes", help="The team's cases within each one's minutes, with few moves. 小组案件按各人工时分配")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print it as JSON. 以 JSON 输出")]
ByOption = Annotated[str, typer.Option("--by", help="Who does this. 操作人")]
WhyOption = Annotated[str, typer.Option("--why", help="Why. 原因")]
CollectorOption = Annotated[str | None, typer.Option("--collector", help="A person of the roster. 名册中的一人")]
AgencyOption = Annotated[str | None, typer.Option("--agency", help="An agency of the roster. 名册中的一家机构")]
BorrowerOption = Annotated[str | None, typer.Option("--borrower", help="A borrower. 借款人编号")]


@cases.command("show")
def show(
    book: HomeOption, as_of: NightOption, of: Annotated[str | None, typer.Option("--of", help="One holder's cases, with reasons. 某持有人的案件及原因")] = None,
    team: TeamOption = None, as_json: JsonOption = False, lang: LangOption = None,
) -> None:
    """Who has how much, how evenly, and why cases are where they are; or one holder's cases. 谁持有多少案件，及其原因。"""
    from arrears.nightly.sharing import standing_of

    with terms.refusals(lang):
        if of is not None and team is not None:
            raise Refused("--of and --team name two views; give one of them", "--of 与 --team 是两种视图；请只给一个")
        standing = standing_of(store.book_at(book), read_day(as_of))
        told = case_words.of_one(standing, of) if of is not None else case_words.of_all(standing, team)
        if as_json:
            _print_json(told)
            return
        for line in case_words.one_lines(standing, told, terms.language(lang)) if of is not None else case_words.all_lines(standing, told, terms.language(lang)):
            print(line)


@cases.command("preview")
def preview(
    book: HomeOption, as_of: NightOption,
    roster: Annotated[Path | None, typer.Option("--roster", help="Another roster than the book's. 另用名册文件")] = None,
    team: TeamOption = None, by_minutes: ByMinutesOption = False, as_json: JsonOption = False, lang: LangOption = None,
) -> None:
    """What sharing the cases out anew would do: moves with reasons, workload before and after; nothing is written. 预览重新分案，不写入。"""
    from arrears.nightly.sharing import present_roster, standing_of, tried

    with terms.refusals(lang):
        home = store.book_at(book)
        standing = standing_of(home, read_day(as_of))
        text = present_roster(home) if roster is None else _text_of(roster)
        found = tried(home, standing, text, team, by_minutes)
        if as_json:
            _print_json(case_words.of_sharing(found))
            return
        later = next((night for night in reversed(home.night_dates()) if night > standing.as_of), None)
        for line in (*case_words.sharing_lines(standing, found, terms.language(lang)), case_words.nothing_written(later, terms.language(lang))):
            print(line)


@cases.command("share")
def share(
    book: HomeOption, as_of: NightOption, by: ByOption, why: WhyOption, team: TeamOption = None, by_minutes: ByMinutesOption = False, lang: LangOption = None,
) -> None:
    """Share the cases out anew by the present roster; the next night starts from it, the finished one stays as it is. 按现有名册重新分案。"""
    from arrears.nightly.sharing import share as share_out
    from arrears.nightly.sharing import standing_of

    with terms.refusals(lang):
        home, day = store.book_at(book), read_day(as_of)
        record, found = share_out(home, day, by, why, terms.now(), team, by_minutes)
        for line in (*case_words.sharing_lines(None, found, terms.language(lang)), case_words.written_line(standing_of(home, day).path, record, terms.language(lang))):
            print(line)


@cases.command("why")
def why(borrower: Annotated[str, typer.Argument(help="borrower_id. 借款人编号")], book: HomeOption, as_of: NightOption, lang: LangOption = None) -> None:
    """Who has this person's case and why, and where it was before. 某借款人的案件由谁负责、为何，及其经过。"""
    from arrears.nightly.sharing import history_of, standing_of

    with terms.refusals(lang):
        home, day = store.book_at(book), read_day(as_of)
        for line in case_words.why_lines(standing_of(home, day), history_of(home, borrower, day), borrower, terms.language(lang)):
            print(line)


@cases.command("freeze")
def freeze(
    book: HomeOption, by: ByOption, why: WhyOption, from_on: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD. 首日")],
    until: Annotated[str | None, typer.Option("--until", help="The first day that is free again; default none. 恢复的第一天，默认不定")] = None,
    team: TeamOption = None, collector: CollectorOption = None, agency: AgencyOption = None, borrower: BorrowerOption = None, lang: LangOption = None,
) -> None:
    """Let the cases of a team, person, agency or borrower stay exactly as they are; an entry of roster.yaml. 冻结：案件维持原状。"""
    from arrears.allocation.roster import Freeze
    from arrears.nightly import freezing

    with terms.refusals(lang):
        kind, name = _whose(team, collector, agency, borrower)
        home = store.book_at(book)
        entry = Freeze(kind, name, read_day(from_on, "--from"), None if until is None else read_day(until, "--until"), by.strip(), why.strip())
        freezing.freeze(home, entry)
        for line in case_words.frozen_lines(home, entry, terms.language(lang)):
            print(line)


@cases.command("unfreeze")
def unfreeze(
    book: HomeOption, from_on: Annotated[str, typer.Option("--from", help="The first day that is free again, YYYY-MM-DD. 恢复的第一天")],
    team: TeamOption = None, collector: CollectorOption = None, agency: AgencyOption = None, borrower: BorrowerOption = None, lang: LangOption = None,
) -> None:
    """End a freeze; an entry of roster.yaml gets its until. 结束冻结。"""
    from arrears.nightly import freezing

    with terms.refusals(lang):
        kind, name = _whose(team, collector, agency, borrower)
        day = read_day(from_on, "--from")
        was = freezing.unfreeze(store.book_at(book), kind, name, day)
        print(case_words.unfrozen_line(was, day, terms.language(lang)))


@cases.command("roster")
def roster(book: HomeOption, as_of: AsOfOption, lang: LangOption = None) -> None:
    """Say the roster in words, and what is wrong with it: who left, contracts, evaluations, what nobody can do. 名册及其问题。"""
    from arrears.nightly.roster_told import roster_told

    with terms.refusals(lang):
        day = read_day(as_of)
        found, told = roster_told(store.book_at(book), day)
        for line in case_words.roster_lines(found, told, day + timedelta(days=1), terms.language(lang)):
            print(line)


def _whose(team: str | None, collector: str | None, agency: str | None, borrower: str | None) -> tuple[str, str]:
    """Which kind is named, and its name. Raises Refused unless it is exactly one."""
    named = [(kind, name) for kind, name in (("team", team), ("collector", collector), ("agency", agency), ("borrower", borrower)) if name is not None]
    if len(named) != 1:
        raise Refused("name exactly one of --team, --collector, --agency, --borrower", "--team、--collector、--agency、--borrower 须且只能给出一个")
    if not named[0][1].strip():
        raise Refused(f"--{named[0][0]} is empty; write a name", f"--{named[0][0]} 为空；请写名称")
    return named[0]


def _text_of(file: Path) -> str:
    """The text of a roster. Raises Refused where it cannot be read or is empty, BadYaml where it is not UTF-8."""
    from arrears import strict_yaml

    try:
        text = strict_yaml.read_text(file)
    except OSError as problem:
        raise Refused(f"{file}: cannot be read ({problem.strerror}); --roster names a roster like roster.yaml", f"{file}：无法读取；--roster 应指向名册文件") from None
    if not text.strip():
        raise Refused(f"{file}: is empty, so nobody could have a case; write a roster (docs/guides/cases.md)", f"{file}：为空，无人可承接案件；请写名册（docs/guides/cases.md）")
    return text


def _print_json(told: dict) -> None:
    print(json.dumps(told, ensure_ascii=False, indent=1, default=str))
