"""Commands of the strategy: check, show, draw, sheet, take-sheet; submit, approve, rollback, list; diff, why; plan, results."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from arrears import store
from arrears.cli import strategy_words, terms
from arrears.cli.terms import AsOfOption, KnownAtOption, LangOption
from arrears.days import moment_of, read_day
from arrears.refusal import Refused
from arrears.store import Book

strategy = typer.Typer(no_args_is_help=True, help="Strategies: check, show, draw, compare, approve, roll back; experiments. 策略：检查、查看、绘图、比较、批准、撤回；实验。")

FileArgument = Annotated[Path, typer.Argument(help="The strategy's file, .yaml. 策略文件")]
MaybeFileArgument = Annotated[Path | None, typer.Argument(help="The strategy's file; else one of the book, or the shipped one. 策略文件；不给则取账册中的或默认的")]
HomeOption = Annotated[Path, typer.Option("--book", help="The book's folder; its strategies lie in it. 账册文件夹，策略也保存在其中")]
MaybeHomeOption = Annotated[Path | None, typer.Option("--book", help="The book's folder. 账册文件夹")]
VersionOption = Annotated[int | None, typer.Option("--version", help="A submitted version. 已提交的版本号")]
DayOption = Annotated[str | None, typer.Option("--as-of", help="The strategy in force on that night, YYYY-MM-DD; default today. 该夜有效的策略，默认今天")]
ByOption = Annotated[str, typer.Option("--by", help="Who does this. 操作人")]
WhyOption = Annotated[str, typer.Option("--why", help="Why. 原因")]
FromOption = Annotated[str, typer.Option("--from", help="First night on which it holds, YYYY-MM-DD. 生效的首个夜批日期")]


@strategy.command("check")
def check(
    file: FileArgument, book: MaybeHomeOption = None,
    every: Annotated[bool, typer.Option("--all", help="List every overlap of rows too. 逐一列出重叠的行")] = False, lang: LangOption = None,
) -> None:
    """Find what is wrong: rows never reached, ranges missing or overlapping, offers on predictions; with a book, experiments changed. 检查策略文件。"""
    from arrears import strategy_register

    with terms.refusals(lang):
        said = terms.language(lang)
        found, findings = strategy_register.looked_at(_text_of(file), file.name)
        for line in strategy_words.finding_lines(findings, said, every):
            print(line)
        faults = sum(finding.is_fault for finding in findings)
        if faults:
            raise Refused(f"{file}: {faults} {'row' if faults == 1 else 'rows'} that can never decide; mend what is told above", f"{file}：{faults} 行永远不会生效；请按上文修正")
        if book is not None:
            strategy_register.demand_experiments(store.book_at(book), found, _next_night(store.book_at(book)))
        print(strategy_words.sound_line(found, said))


@strategy.command("show")
def show(file: MaybeFileArgument = None, book: MaybeHomeOption = None, version: VersionOption = None, as_of: DayOption = None, lang: LangOption = None) -> None:
    """Say a whole strategy in words: of a file, a version, a night, or the shipped one. 用文字说明整套策略。"""
    from arrears.pages.strategy_lines import lines_of
    from arrears.strategy.reading import strategy_from

    with terms.refusals(lang):
        text, name, told = _named(file, book, version, as_of, terms.language(lang))
        for line in (*told, *lines_of(strategy_from(text, name), terms.language(lang))):
            print(line)


@strategy.command("draw")
def draw(
    out: Annotated[Path, typer.Option("--out", help="File to write: .html, or .svg in one language. 输出文件：.html 或 .svg")],
    file: MaybeFileArgument = None, book: MaybeHomeOption = None, version: VersionOption = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="The strategy of that night, with its counts where it is finished. 该夜的策略；夜批已完成则附数量")] = None,
    lang: LangOption = None,
) -> None:
    """Draw a whole strategy: groups, rows, treatments, ladders, offers, experiments, limits. 绘制整套策略。"""
    from arrears.strategy.reading import strategy_from

    with terms.refusals(lang):
        if out.suffix not in (".html", ".svg"):
            raise Refused(f"--out {out}: write a name that ends in .html or .svg", f"--out {out}：文件名须以 .html 或 .svg 结尾")
        text, name, counts = _drawn(file, book, version, as_of, terms.language(lang))
        store.write_bytes(out, _picture(strategy_from(text, name), counts, out.suffix, terms.language(lang)).encode())
        print(strategy_words.drawn_line(out, counts, as_of, terms.language(lang)))


@strategy.command("sheet")
def sheet(
    out: Annotated[Path, typer.Option("--out", help="File to write: .xlsx, or .csv for one table. 输出文件：.xlsx，或单表 .csv")],
    file: MaybeFileArgument = None, book: MaybeHomeOption = None, version: VersionOption = None, as_of: DayOption = None,
    table: Annotated[str, typer.Option("--table", help="Of a .csv: rows, segments or offers. CSV 写哪张表")] = "rows", lang: LangOption = None,
) -> None:
    """Write a strategy's tables as a spreadsheet, to be changed there and taken back with take-sheet. 将策略表写成电子表格。"""
    from arrears.nightly.strategy_sheet import write_sheet
    from arrears.strategy.reading import strategy_from

    with terms.refusals(lang):
        text, name, _ = _named(file, book, version, as_of, terms.language(lang))
        write_sheet(strategy_from(text, name), out, table)
        print(out)


@strategy.command("take-sheet")
def take_sheet(
    sheet: Annotated[Path, typer.Argument(help="The changed spreadsheet, .xlsx or .csv. 改好的电子表格")],
    into: Annotated[Path, typer.Option("--into", help="The strategy's file that the sheet was written from; it stays as it is. 原策略文件，不会改动")],
    out: Annotated[Path, typer.Option("--out", help="The strategy's file to write. 要写的策略文件")], lang: LangOption = None,
) -> None:
    """Take a changed spreadsheet into a strategy's file; comments and all that is in no table stay. 将改好的表格读回策略文件。"""
    from arrears.nightly.strategy_sheet import read_cells
    from arrears.strategy.sheet import cells_to_yaml

    with terms.refusals(lang):
        before = _text_of(into)
        text = cells_to_yaml(before, read_cells(sheet), into.name)
        if out.exists():
            raise Refused(f"{out}: stands already; name another file, or remove this one", f"{out}：文件已存在；请换一个文件名，或先删除它")
        store.write_bytes(out, text.encode())
        for line in strategy_words.taken_lines(before, text, into, out, terms.language(lang)):
            print(line)


@strategy.command("submit")
def submit(file: FileArgument, book: HomeOption, by: ByOption, why: WhyOption, lang: LangOption = None) -> None:
    """Keep a strategy in the book as its next version; nothing is in force by it. 提交一个新版本（不因此生效）。"""
    from arrears import strategy_register

    with terms.refusals(lang):
        home = store.book_at(book)
        number = strategy_register.submit(home, _text_of(file), by, why, terms.now(), file.name)
        for line in strategy_words.submitted_lines(home, number, _next_night(home), terms.language(lang)):
            print(line)


@strategy.command("approve")
def approve(
    version: Annotated[int, typer.Argument(help="The version; arrears strategy list shows them. 版本号")], book: HomeOption, by: ByOption, from_on: FromOption, why: WhyOption,
    lang: LangOption = None,
) -> None:
    """Let a version that somebody else submitted hold from a night on. 批准他人提交的版本自某夜起生效。"""
    from arrears import strategy_register

    with terms.refusals(lang):
        home = store.book_at(book)
        entry = strategy_register.approve(home, version, by, read_day(from_on, "--from"), why, terms.now())
        for line in strategy_words.entered_lines(home, entry, terms.language(lang)):
            print(line)


@strategy.command("rollback")
def rollback(book: HomeOption, by: ByOption, from_on: FromOption, why: WhyOption, lang: LangOption = None) -> None:
    """Let the version that held before hold again from a night on, or the shipped default. 撤回：此前的版本自某夜起重新生效。"""
    from arrears import strategy_register

    with terms.refusals(lang):
        home = store.book_at(book)
        entry = strategy_register.rollback(home, by, why, read_day(from_on, "--from"), terms.now())
        for line in strategy_words.entered_lines(home, entry, terms.language(lang)):
            print(line)


@strategy.command("list")
def list_strategies(book: HomeOption, lang: LangOption = None) -> None:
    """Every version, who submitted and approved it, and which holds when. 列出各版本、提交与批准情况及有效期间。"""
    with terms.refusals(lang):
        for line in strategy_words.listed_lines(store.book_at(book), _today(), terms.language(lang)):
            print(line)


@strategy.command("diff")
def diff(
    before: Annotated[str, typer.Argument(help="A file, a version's number, in-force, or default. 文件、版本号、in-force 或 default")],
    after: Annotated[str, typer.Argument(help="The same, another strategy. 另一策略")], book: HomeOption, as_of: AsOfOption, known_at: KnownAtOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write the loans into that change. 输出文件夹")] = None, lang: LangOption = None,
) -> None:
    """Decide the real book under both: which loans change treatment, and what that costs. 在真实账册上比较两套策略。"""
    from arrears.nightly.strategy_diff import diff_of, write_loans

    with terms.refusals(lang):
        home, day = store.book_at(book), read_day(as_of)
        texts = [_side(home, said, day) for said in (before, after)]
        with terms.progress() as report:
            found = diff_of(book, *texts, day, terms.known_at_of(book, known_at), report)
        path = None if out is None else write_loans(found, out)
        for line in strategy_words.difference_lines(found, path, terms.language(lang)):
            print(line)


@strategy.command("why")
def why(loan: Annotated[str, typer.Argument(help="loan_id. 贷款编号")], book: HomeOption, as_of: AsOfOption, lang: LangOption = None) -> None:
    """Say why a loan got its treatment in a finished night: rows, arm, limits, gate, case. 说明某笔贷款为何得到该处置。"""
    from arrears.nightly.why import why_lines

    with terms.refusals(lang):
        for line in why_lines(book, loan, read_day(as_of), terms.language(lang)):
            print(line)


@strategy.command("plan")
def plan(
    rate: Annotated[str, typer.Option("--rate", help="The outcome expected in the first arm, e.g. 30%. 第一组的预期结果")],
    file: Annotated[Path | None, typer.Argument(help="A strategy's file; its experiment says the shares. 策略文件，比例取自其中的实验")] = None,
    experiment: Annotated[str | None, typer.Option("--experiment", help="Which experiment of the file. 文件中的哪个实验")] = None,
    effect: Annotated[str, typer.Option("--effect", help="The smallest difference worth finding, e.g. 5%. 值得发现的最小差异")] = "5%",
    power: Annotated[str | None, typer.Option("--power", help="How surely it is to be found; default 80%. 检验功效，默认 80%")] = None,
    alpha: Annotated[str | None, typer.Option("--alpha", help="How often a difference may be seen where there is none; default 5%. 显著性水平，默认 5%")] = None,
    shares: Annotated[str | None, typer.Option("--shares", help="Shares of the arms, the first first: 80%,10%,10%; default halves. 各组比例")] = None,
    people_a_day: Annotated[float | None, typer.Option("--people-a-day", help="How many people newly fit a day; says how long it takes. 每日新进人数")] = None,
    lang: LangOption = None,
) -> None:
    """How many people an experiment needs before it can tell an effect, and how long that takes. 实验所需人数与时间。"""
    with terms.refusals(lang):
        base, smallest = _share_of(rate, "--rate"), _share_of(effect, "--effect", may_fall=True)
        if file is not None:
            lines = _planned(file, experiment, base, smallest, people_a_day, (power, alpha, shares), terms.language(lang))
        else:
            parts = [_share_of(one, "--shares") for one in (shares or "50%,50%").split(",")]
            if len(parts) < 2 or round(sum(parts) * 1_000_000) != 1_000_000:
                raise Refused(f"--shares {shares}: at least two shares that sum to 100%, for example 80%,20%", f"--shares {shares}：至少两个比例，合计须为 100%，例如 80%,20%")
            lines = strategy_words.plan_lines(base, smallest, _share_of(power or "80%", "--power"), _share_of(alpha or "5%", "--alpha"), parts, people_a_day, terms.language(lang))
        for line in lines:
            print(line)


@strategy.command("results")
def results(
    book: HomeOption, as_of: AsOfOption, experiment: Annotated[str | None, typer.Option("--experiment", help="One experiment; default all that began. 实验名称，默认全部")] = None,
    known_at: KnownAtOption = None, strategy: terms.StrategyOption = None,
    effect: Annotated[str, typer.Option("--effect", help="The smallest difference worth finding. 值得发现的最小差异")] = "5%",
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON. 以 JSON 输出")] = False, lang: LangOption = None,
) -> None:
    """What became of the experiments: each arm and the differences, with intervals that hold at every look. 实验结果。"""
    from arrears.nightly.experiment_results import as_row, results_of

    with terms.refusals(lang):
        home, day, smallest = store.book_at(book), read_day(as_of), _share_of(effect, "--effect")
        told, problems = [], []
        for one, ladders in _experiments(home, day, experiment, terms.strategy_text(strategy)):
            try:
                told.append(results_of(home, one, day, terms.known_at_of(book, known_at), smallest, ladders))
            except Refused as problem:
                problems.append(problem)
        if not told:
            raise problems[0]
        if as_json:
            print(json.dumps([as_row(one) for one in told], ensure_ascii=False, indent=1))
        else:
            for one in told:
                print("\n".join(one.sentences_zh if terms.language(lang) == "zh" else one.sentences_en))
        for problem in problems:
            terms.refused(problem.en, problem.zh, lang)


def _text_of(file: Path) -> str:
    """The text of a file. Raises Refused where it cannot be read, BadYaml where it is not UTF-8."""
    from arrears import strict_yaml

    try:
        return strict_yaml.read_text(file)
    except OSError as problem:
        raise Refused(f"{file}: cannot be read ({problem.strerror})", f"{file}：无法读取") from None


def _today() -> date:
    return moment_of(terms.now()).date()


def _next_night(home: Book) -> date:
    """Today, or the day after the last finished night where that is later: the first night that a change can still be about."""
    return max([_today(), *(night + timedelta(days=1) for night in home.night_dates()[-1:] if night < date.max)])


def _named(file: Path | None, book: Path | None, version: int | None, as_of: str | None, lang: str) -> tuple[str, str, list[str]]:
    """The text of the strategy asked for, what a message calls it, and lines on how it holds."""
    from arrears import strategy_register
    from arrears.strategy.reading import default_strategy_text

    if file is not None and (book, version, as_of) != (None, None, None):
        raise Refused("name a file, or a book with --version or --as-of, not both", "请给出文件，或给出账册及 --version、--as-of，二者只取其一")
    if version is not None and as_of is not None:
        raise Refused("--version and --as-of name two strategies; give one of them", "--version 与 --as-of 指两套策略；请只给一个")
    if file is not None:
        return _text_of(file), file.name, []
    if book is None:
        if version is not None or as_of is not None:
            raise Refused("--version and --as-of speak of a book; name it with --book", "--version 与 --as-of 用于账册；请用 --book 指明")
        return default_strategy_text(), "default/strategy.yaml", []
    home = store.book_at(book)
    if version is not None:
        kept = strategy_register.read_version(home, version)
        return kept.text, str(home.strategy_folder(version) / strategy_register.STRATEGY), strategy_words.version_lines(kept, lang)
    day = _today() if as_of is None else read_day(as_of)
    text, number, entry = strategy_register.in_force(home, day)
    return text, "strategy.yaml", [strategy_words.in_force_line(day, number, entry, lang)]


def _drawn(file: Path | None, book: Path | None, version: int | None, as_of: str | None, lang: str) -> tuple[str, str, dict | None]:
    """The text to draw, its name, and the counts of the night; None where none is asked for, or it is not finished."""
    from arrears import strategy_register

    if book is None or as_of is None:
        return *_named(file, book, version, as_of, lang)[:2], None
    from arrears.nightly.strategy_counts import night_counted

    day, home = read_day(as_of), store.book_at(book)
    found = night_counted(home, day)
    if found is None:
        return *_named(file, book, version, as_of, lang)[:2], None
    text, counts = found
    asked = _text_of(file) if file is not None else strategy_register.read_version(home, version).text if version is not None else text
    if asked != text:
        raise Refused(f"the night of {day} was done on another strategy, so its counts are not those of this one; leave --as-of out, or leave out which strategy to draw that of the night",
                      f"{day} 的夜批使用的是另一套策略，其数量与此策略不符；请去掉 --as-of，或不指定策略以绘制该夜所用的策略")
    return text, f"the strategy of {day}", counts


def _picture(found, counts: dict | None, suffix: str, lang: str) -> str:
    from arrears.pages.strategy_page import page_of
    from arrears.pages.strategy_picture import picture_of

    return page_of(found, counts) if suffix == ".html" else picture_of(found, lang, counts)


def _side(home: Book, said: str, day: date) -> str:
    """The text of a strategy named by a file, a version's number, in-force or default."""
    from arrears import strategy_register
    from arrears.strategy.reading import default_strategy_text

    if said == "default":
        return default_strategy_text()
    if said == "in-force":
        return strategy_register.in_force(home, day)[0]
    if said.isascii() and said.isdigit() and len(said) < 10:
        return strategy_register.read_version(home, int(said)).text
    return _text_of(Path(said))


def _experiments(home: Book, day: date, name: str | None, text: str | None) -> list[tuple]:
    """The experiments that began by the day, each as the latest version that held says it, with that version's ladders. Raises Refused where there is none."""
    from arrears import strategy_register
    from arrears.strategy.reading import default_strategy_text, strategy_from

    texts = [text]
    if text is None:
        days = [period.from_on for period in strategy_register.history(home) if period.from_on <= day]
        texts = [*(strategy_register.in_force(home, one)[0] for one in reversed(days)), default_strategy_text()]
    found: dict[str, tuple] = {}
    for held in map(strategy_from, dict.fromkeys(texts)):
        for one in held.experiments:
            found.setdefault(one.name, (one, held.ladders))
    asked = [pair for pair in found.values() if name in (None, pair[0].name) and (name is not None or pair[0].from_on <= day)]
    if not asked and name is not None and found:
        raise Refused(f"there is no experiment {name} in the strategies of this book up to {day}; there are {', '.join(sorted(found))}", f"截至 {day} 的策略中没有实验 {name}；有：{'、'.join(sorted(found))}")
    if not asked:
        raise Refused(f"no experiment began by {day} in the strategies of this book; name another day, or with --strategy the file under which the nights were done",
                      f"截至 {day} 策略中没有已开始的实验；请换日期，或用 --strategy 指明夜批所用的文件")
    return asked


def _planned(file: Path, name: str | None, base: float, effect: float, people_a_day: float | None, others: tuple, lang: str) -> list[str]:
    """What an experiment of the file needs, in sentences. Raises Refused where the file has none of that name, or what the file says is said again."""
    from arrears.nightly.experiment_results import planned
    from arrears.strategy.reading import strategy_from

    if any(others) or people_a_day is None:
        raise Refused("with a file the shares are those of its experiment, power is 80% and alpha 5%: give --people-a-day, and leave --shares, --power and --alpha out",
                      "给出文件时，比例取自其中的实验，功效 80%、显著性水平 5%：请给 --people-a-day，勿给 --shares、--power、--alpha")
    found = {one.name: one for one in strategy_from(_text_of(file), file.name).experiments}
    asked = next(iter(found), None) if name is None and len(found) == 1 else name
    if asked not in found:
        raise Refused(f"{file}: name one of its experiments with --experiment; there are {', '.join(found) or 'none'}", f"{file}：请用 --experiment 指明实验；其中有：{'、'.join(found) or '无'}")
    return [one.zh if lang == "zh" else one.en for one in planned(found[asked], base, people_a_day, effect)]


def _share_of(said: str, option: str, *, may_fall: bool = False) -> float:
    """A share written in per cent. Raises Refused with the option's name."""
    from arrears.strategy.cells import percent
    from arrears.strict_yaml import BadYaml

    is_below = may_fall and said.strip().startswith("-")
    try:
        return (-1 if is_below else 1) * percent(said.strip().removeprefix("-") if is_below else said.strip(), option) / 1_000_000
    except BadYaml:
        raise Refused(f"{option} {said}: write a share in per cent with at most four decimals, for example 5%", f"{option} {said}：请写百分比，最多四位小数，例如 5%") from None
