"""Commands of the gate: may, and law with list, show, lint, diff, test, mutate, wording, impact."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from arrears.cli import terms
from arrears.cli.terms import AsOfOption, BookOption, LangOption, PolicyOption, StrategyOption
from arrears.days import moment_of, read_day
from arrears.refusal import Refused

UNREADABLE = 64
"""Exit status of `arrears may` where the file cannot be read, or the command is used wrongly."""
FAILED = 1
"""Exit status of a test or mutation run that found something."""

PackOption = Annotated[str, typer.Option("--pack", help="cn, us, or the folder of a pack. 规则包")]
OnOption = Annotated[str | None, typer.Option("--on", help="Day, YYYY-MM-DD; default today. 日期")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print it as JSON. 以 JSON 输出")]

law = typer.Typer(no_args_is_help=True, help="The law as dated, cited data: read it, test it, preview a change. 法规数据：查看、测试、预演变更。")


class MayCommand(TyperCommand):
    """Wrong usage of this command ends with UNREADABLE: 2 says that a line could not be judged."""

    def make_context(self, *words, **more):
        """The context; a usage error bears this command's own exit status."""
        try:
            return super().make_context(*words, **more)
        except Exception as problem:
            if getattr(problem, "exit_code", 0):
                problem.exit_code = UNREADABLE
            raise


def may(
    facts: Annotated[str, typer.Option("--facts", help="File of JSON lines, one contact a line; - for standard input. 每行一个联系请求的 JSON 文件")],
    policy: PolicyOption = None, lang: LangOption = None,
) -> None:
    """May this contact be made now? One answer a line: verdict, rules, sources, when to ask again. 此刻可否联系？"""
    from functools import cache

    from arrears.compliance.may import LINES_AT_ONCE, answers
    from arrears.compliance.screen import prepare

    try:
        with terms.refusals(lang):
            texts = terms.policy_texts(policy)
            lines = _lines_of(facts)
            prepared = cache(lambda name: prepare(_with_policy(name, texts, policy)))
            for name in ("cn", "us") if texts is not None else ():
                prepared(name)
            erred = False
            who_waits = facts == "-"  # another program may wait for its answer before it writes the next line
            for answer in answers(lines, prepared, 1 if who_waits else LINES_AT_ONCE):
                print(json.dumps(answer, ensure_ascii=False), flush=who_waits)
                erred |= "error" in answer
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # nobody reads any more, also not what the interpreter would still write out
        return
    except typer.Exit as ended:
        raise typer.Exit(UNREADABLE if ended.exit_code == terms.REFUSED else ended.exit_code) from None
    if erred:
        raise typer.Exit(terms.REFUSED)


@law.command(name="list")
def list_rules(pack: PackOption = "cn", on: OnOption = None, policy: PolicyOption = None, as_json: JsonOption = False, lang: LangOption = None) -> None:
    """List the rules: what each forbids, how strictly, by which text, from when. 列出规则。"""
    from arrears.compliance.told import listed

    with terms.refusals(lang):
        day = None if on is None else read_day(on, "--on")
        for line in listed(_pack(pack, policy), day, terms.language(lang), as_json=as_json):
            print(line)


@law.command()
def show(
    rule: Annotated[str, typer.Argument(help="Id of a rule, of a number or of a source; arrears law list shows them. 规则编号")],
    pack: PackOption = "cn", on: OnOption = None, policy: PolicyOption = None, lang: LangOption = None,
) -> None:
    """Show one rule as it stands on a day: words, numbers, grounds with their sources, examples. 查看一条规则。"""
    from arrears.compliance.told import shown

    with terms.refusals(lang):
        for line in shown(_pack(pack, policy), rule, _day(on), terms.language(lang)):
            print(line)


@law.command()
def lint(pack: PackOption = "cn", on: OnOption = None, policy: PolicyOption = None, as_json: JsonOption = False, lang: LangOption = None) -> None:
    """What is uncertain, unverified or stale: a to-do list for the lender's counsel. 待法律顾问核对事项。"""
    from arrears.compliance.lint import open_points, told

    with terms.refusals(lang):
        points = open_points(_pack(pack, policy), _day(on))
        for line in told(points, terms.language(lang), as_json=as_json):
            print(line)


@law.command()
def diff(
    old: Annotated[str, typer.Argument(help="cn, us, or the folder of a pack. 旧版本")],
    new: Annotated[str, typer.Argument(help="The same, another version. 新版本")], as_json: JsonOption = False, lang: LangOption = None,
) -> None:
    """What differs between two versions of a pack: rules, numbers, dates, words. 比较两个版本。"""
    from arrears.law.differences import differences, told

    with terms.refusals(lang):
        found = differences(_texts(old), _texts(new))
        for line in told(found, terms.language(lang), as_json=as_json):
            print(line)


@law.command()
def test(pack: PackOption = "cn", policy: PolicyOption = None, lang: LangOption = None) -> None:
    """Run the examples that travel with the rules and numbers. 运行随规则附带的示例。"""
    from arrears.compliance.pack_tests import tested

    with terms.refusals(lang):
        lines, failed = tested(_pack(pack, policy), terms.language(lang))
        for line in lines:
            print(line)
    if failed:
        raise typer.Exit(FAILED)


@law.command()
def mutate(pack: PackOption = "cn", policy: PolicyOption = None, lang: LangOption = None) -> None:
    """Change every number of the pack by one and demand that an example notices. 逐个改动数字，检验示例能否发现。"""
    from arrears.compliance.pack_tests import mutated

    with terms.refusals(lang):
        with terms.progress() as report:
            lines, missed = mutated(_pack(pack, policy), terms.language(lang), report)
        for line in lines:
            print(line)
    if missed:
        raise typer.Exit(FAILED)


@law.command()
def wording(
    text: Annotated[str, typer.Argument(help="File with one text, a template or a letter; - for standard input. 文字文件")],
    pack: PackOption = "cn", on: OnOption = None,
    part_of: Annotated[str | None, typer.Option("--for", help="message or letter: also tell which required parts are missing. 另查必备内容")] = None,
    as_json: JsonOption = False, lang: LangOption = None,
) -> None:
    """Screen a text: red lines it crosses, the largest sum it names, required parts it lacks. 审查文字。"""
    from arrears.compliance.wording_report import crosses, told, wording_of

    with terms.refusals(lang):
        written = _text_of(text)
        found = wording_of(_pack(pack, None), written, _day(on), part_of)
        for line in told(found, terms.language(lang), as_json=as_json):
            print(line)
    if crosses(found):
        raise typer.Exit(FAILED)


@law.command()
def impact(
    book: BookOption, as_of: AsOfOption,
    pack: Annotated[str, typer.Option("--pack", help="Folder of the pack as it would be. 拟变更的规则包文件夹")],
    against: Annotated[str, typer.Option("--against", help="The pack as it is. 现行规则包")] = "cn",
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the report and its tables; default BOOK/impact/DATE. 报告文件夹")] = None,
    strategy: StrategyOption = None, policy: PolicyOption = None,
    new_policy: Annotated[Path | None, typer.Option("--new-policy", help="The lender's own rules as they would be; default those of --policy. 拟变更的自有规则")] = None,
    as_json: JsonOption = False, lang: LangOption = None,
) -> None:
    """What a coming change of law would do to this book, before it takes effect. 法规变更的影响预演。"""
    from arrears.nightly.impact import impact_of, summary_lines

    with terms.refusals(lang):
        day = read_day(as_of)
        with terms.progress(quiet=as_json) as report:
            summary, folder = impact_of(book, _pack(against, policy), _pack(pack, new_policy or policy), day, terms.known_at_of(book, None), out, report, terms.strategy_text(strategy))
        if as_json:
            print(json.dumps(summary, ensure_ascii=False, indent=1, sort_keys=True))
            return
        for line in summary_lines(summary, folder, terms.language(lang)):
            print(line)


def _pack(name: str, policy: Path | None):
    return _with_policy(name, terms.policy_texts(policy), policy)


def _with_policy(name: str, texts: dict[str, str] | None, policy: Path | None):
    from arrears.law.packs import SHIPPED, read_pack, shipped_pack, with_policy

    pack = shipped_pack(name) if name in SHIPPED else read_pack(_folder(name))
    return pack if texts is None else with_policy(pack, texts, policy.resolve().name)


def _texts(name: str) -> dict[str, str]:
    from arrears.law.packs import SHIPPED, shipped_texts, texts_of

    return shipped_texts(name) if name in SHIPPED else texts_of(_folder(name))


def _folder(name: str) -> Path:
    folder = Path(name)
    if not folder.is_dir():
        raise Refused(f"--pack {name}: neither cn nor us, nor a folder; a pack is a folder with pack.yaml, sources.yaml and rules/",
                      f"--pack {name}：既不是 cn、us，也不是文件夹；规则包是含 pack.yaml、sources.yaml 和 rules/ 的文件夹")
    return folder


def _lines_of(name: str) -> Iterator[str]:
    """The lines of a file or of standard input; one that is not UTF-8 is given on as it is, and is no JSON."""
    if name == "-":
        return _decoded(sys.stdin.buffer)
    try:
        handle = open(name, "rb")
        handle.peek(1)
    except OSError as problem:
        raise Refused(f"{name}: cannot be read ({problem.strerror}); name a file, or - for standard input",
                      f"{name}：无法读取（{problem.strerror}）；请给出文件名，或 - 表示标准输入") from None
    return _decoded(handle)


def _text_of(name: str) -> str:
    """All of a file or of standard input. Raises Refused where it is not UTF-8: no red line could be seen in it."""
    written = "".join(_lines_of(name))
    try:
        written.encode()
    except UnicodeEncodeError:
        named = "standard input" if name == "-" else name, "标准输入" if name == "-" else name
        raise Refused(f"{named[0]}: not UTF-8, so it cannot be screened; save it as UTF-8 (it may be GBK)",
                      f"{named[1]}：不是 UTF-8 编码，无法审查；请另存为 UTF-8（原文件可能是 GBK）") from None
    return written


def _decoded(handle) -> Iterator[str]:
    with handle:
        for place, line in enumerate(handle):
            text = line.decode("utf-8", errors="surrogateescape")
            yield text.removeprefix("\ufeff") if place == 0 else text


def _day(on: str | None):
    return moment_of(terms.now()).date() if on is None else read_day(on, "--on")
