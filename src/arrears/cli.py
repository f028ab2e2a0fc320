"""The command line: arrears ingest, map, book, quarantine, take-back; night, positions, explain, replay; generate, demo."""

import errno
import json
import os
import shlex
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from arrears import __version__, store
from arrears.days import last_day_of_previous_month, microseconds_of, read_day, read_moment
from arrears.refusal import Refused
from arrears.strict_yaml import BadYaml

REFUSED = 2
"""Exit status where the input was refused and nothing was changed."""
DIFFERS = 1
"""Exit status of a replay that came out otherwise."""
STOPPED = 130
"""Exit status where the user stopped the run."""
DEFECT = 70
"""Exit status of a defect in the program."""

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
                  help="How late every debt is, what may lawfully be asked, what to do tonight. 今夜：逾期、可主张金额、处置。")
BookOption = Annotated[Path, typer.Option("--book", help="Folder with loans.parquet, instalments.parquet, payments.parquet. 账册文件夹")]
LoadBookOption = Annotated[Path, typer.Option("--book", help="The book's folder. 账册文件夹")]
KeyOption = Annotated[Path | None, typer.Option("--key", help="File with the key of the pseudonyms; default BOOK.key beside the book. 假名密钥文件")]
AsOfOption = Annotated[str, typer.Option("--as-of", help="Business date, YYYY-MM-DD; the end of that day. 业务日期")]
KnownAtOption = Annotated[str | None, typer.Option("--known-at", help="Only rows recorded by then count, e.g. 2026-03-31T22:00:00+08:00; default now. 只计此刻前已记录的行")]
LangOption = Annotated[str | None, typer.Option("--lang", help="zh or en; default from LANG. 语言")]


@app.command()
def night(
    book: BookOption, as_of: AsOfOption, known_at: KnownAtOption = None,
    strategy: Annotated[Path | None, typer.Option(help="Another strategy.yaml than the shipped one. 另用策略文件")] = None,
    again: Annotated[bool, typer.Option("--again", help="Do a finished night anew on today's inputs. 重做已完成的夜批")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON. 以 JSON 输出")] = False,
    lang: LangOption = None,
) -> None:
    """Run one night: positions, treatments, worklist, tables and report. 跑一次夜批。"""
    from arrears.nightly.night import run_night
    from arrears.strategy.decision_table import read_strategy

    with _refusals(lang):
        day = read_day(as_of)
        at = None if known_at is None else microseconds_of(read_moment(known_at))
        text = None if strategy is None else _strategy_text(strategy, read_strategy)
        home = store.book_at(book)
        with _progress(quiet=as_json) as report:
            summary, done_now = run_night(home, day, at, _now(), again=again, strategy_text=text, report=report)
        if as_json:
            print(json.dumps(summary, ensure_ascii=False, indent=1, sort_keys=True))
        else:
            _print_summary(summary, home.night(day), _language(lang))
            if not done_now:
                print("该夜批此前已按相同输入完成" if _language(lang) == "zh" else "It was finished before, on the same inputs.")


@app.command()
def positions(
    book: BookOption, as_of: AsOfOption,
    out: Annotated[Path, typer.Option("--out", help="Parquet file to write. 输出文件")],
    known_at: KnownAtOption = None, lang: LangOption = None,
) -> None:
    """Write every loan's position as one Parquet file, ordered by loan_id. 输出每笔贷款的状况。"""
    from arrears.nightly.positions import write_positions

    with _refusals(lang):
        at = _known_at(book, known_at)
        with _progress() as report:
            count = write_positions(book, read_day(as_of), at, out, report)
        print(f"{out}: {count:,} 笔贷款" if _language(lang) == "zh" else f"{out}: {count:,} loans")


@app.command()
def explain(
    loan: Annotated[str, typer.Argument(help="loan_id. 贷款编号")],
    book: BookOption, as_of: AsOfOption, known_at: KnownAtOption = None, lang: LangOption = None,
) -> None:
    """Say in words how each number of one loan's position came about. 逐笔解释一笔贷款的每个数字。"""
    from arrears.nightly.explain import explain_loan

    with _refusals(lang):
        at = _known_at(book, known_at)
        for line in explain_loan(book, loan, read_day(as_of), at, _language(lang)):
            print(line)


@app.command()
def replay(book: BookOption, as_of: AsOfOption, lang: LangOption = None) -> None:
    """Do a finished night once more and compare every byte. 重放一次夜批并逐字节比较。"""
    from arrears.nightly.replay import replay as replay_night

    with _refusals(lang):
        day = read_day(as_of)
        with _progress() as report:
            found = replay_night(store.book_at(book), day, report)
        zh = _language(lang) == "zh"
        if found.difference is None:
            print(f"{as_of}：{found.files} 个文件逐字节相同" if zh else f"{as_of}: the same bytes in all {found.files} files")
            return
        print(f"{as_of}：首个差异：{found.difference_zh}" if zh else f"{as_of}: the first difference: {found.difference}")
        raise typer.Exit(DIFFERS)


@app.command()
def ingest(
    source: Annotated[list[str], typer.Argument(help="Files, folders, or database URLs. 文件、文件夹或数据库地址")],
    mapping: Annotated[Path, typer.Option("--mapping", help="Mapping file; arrears map drafts one. 映射文件")],
    book: LoadBookOption,
    mode: Annotated[str, typer.Option(help="delta: new rows; correction: rows that replace; snapshot: all there is. 增量、更正、全量")] = "delta",
    threshold: Annotated[str, typer.Option(help="Share of records in quarantine above which nothing is loaded. 隔离上限")] = "1%",
    key: KeyOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be loaded; write nothing. 只试不写")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the load as JSON. 以 JSON 输出")] = False,
    lang: LangOption = None,
) -> None:
    """Load a lender's files into a book: all of it or nothing, bad rows to quarantine. 装载文件。"""
    from arrears.ingest.load_words import load_lines
    from arrears.ingest.loads import Terms
    from arrears.ingest.loads import ingest as load_sources
    from arrears.ingest.mapping import read_mapping
    from arrears.ingest.passing import passing_folder
    from arrears.ingest.sources import find_sources

    with _refusals(lang):
        terms = Terms(_mode(mode), _share(threshold), dry_run, key, book)
        read = read_mapping(mapping)
        pairs = find_sources(source, read)
        if any(Path(one).is_dir() and Path(one).resolve() == book.resolve() for one in source):
            raise Refused(f"{book}: it is the folder of the files themselves; name another folder for the book with --book",
                          f"{book}：这是来源文件所在的文件夹；请用 --book 另指定账册文件夹")
        with _progress(quiet=as_json) as report, passing_folder() if dry_run and store.is_nothing(book) else nullcontext(book.parent) as place:
            home = store.book_for_load(place / book.name)
            loaded = load_sources(home, pairs, read, terms, _now(), report)
        if as_json:
            tried = {} if loaded.faults is None else {"faults": loaded.faults.to_dicts()}
            print(json.dumps({**loaded.load, "made_now": loaded.made_now, **tried}, ensure_ascii=False, indent=1, sort_keys=True))
            return
        for line in load_lines(loaded, shlex.quote(str(book)), _language(lang), dry_run=dry_run):
            print(line)


@app.command(name="map")
def map_sources(
    source: Annotated[list[str], typer.Argument(help="Files, folders, or database URLs. 文件、文件夹或数据库地址")],
    out: Annotated[Path, typer.Option("--out", help="Mapping file to write. 要写的映射文件")],
    ask: Annotated[bool, typer.Option("--ask", help="Ask the open questions here, one by one. 逐个提问")] = False,
    lang: LangOption = None,
) -> None:
    """Draft a mapping from columns and content; ask about the rest. 起草映射文件。"""
    from arrears.ingest.database import is_database, without_password
    from arrears.ingest.draft import draft
    from arrears.ingest.draft_dialogue import ask as ask_all

    with _refusals(lang):
        if out.exists():
            raise Refused(f"{out}: stands already, perhaps with answers in it; name another file, or remove it",
                          f"{out}：已存在，其中可能已有答案；请换文件名或先删除")
        drafted = draft(source)
        if ask:
            drafted = ask_all(drafted, _language(lang), _typed, lambda text: print(text, file=sys.stderr))
        store.write_bytes(out, drafted.text.encode())
        for line in drafted.lines(_language(lang)):
            print(line)
        zh, left = _language(lang) == "zh", len(drafted.questions)
        if left:
            print(f"已写 {out}；请把其中 {left} 个 ? 换成答案（或另取 --out 文件名，用 --ask 逐个回答）" if zh else
                  f"{out} is written; put an answer in place of each of its {left} open questions (?), or run again with --ask and another --out")
        else:
            print(f"已写 {out}；没有未决问题" if zh else f"{out} is written; no question is open")
        given = " ".join(shlex.quote(without_password(one) if is_database(one) else one) for one in drafted.taken(source))
        print(f"下一步：arrears ingest {given} --mapping {out} --book BOOK --dry-run" if zh else
              f"Then: arrears ingest {given} --mapping {out} --book BOOK --dry-run")


@app.command(name="book")
def show_book(
    book: Annotated[Path, typer.Argument(help="The book's folder. 账册文件夹")],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON. 以 JSON 输出")] = False,
    lang: LangOption = None,
) -> None:
    """Tell what is in a book: counts, sums, spans, loads, gaps. 账册概况。"""
    from arrears.ingest.amend import quarantined_loads
    from arrears.ingest.contents import contents_lines, contents_of
    from arrears.ingest.loads import rows_in_force
    from arrears.ingest.quarantine import open_faults

    with _refusals(lang):
        home = store.book_at(book)
        contents = contents_of(home.name, rows_in_force(home), store.read_ledger(home).loads, open_faults(quarantined_loads(home)),
                               home.night_dates(), datetime.now(UTC).date())
        if as_json:
            print(json.dumps(contents, ensure_ascii=False, indent=1, sort_keys=True))
            return
        for line in contents_lines(contents, _language(lang)):
            print(line)


@app.command()
def quarantine(
    book: LoadBookOption,
    rule: Annotated[str | None, typer.Option(help="Only faults of this rule. 只看该规则")] = None,
    load: Annotated[int | None, typer.Option(help="Only this load. 只看该次装载")] = None,
    limit: Annotated[int, typer.Option(help="How many lines to print at most. 最多列出几行", min=1)] = 20,
    refused: Annotated[bool, typer.Option("--refused", help="What the last refused load would have put here. 查看最近被拒的装载")] = False,
    export: Annotated[Path | None, typer.Option("--export", help="Write the records to correct as .xlsx or .csv. 导出待更正记录")] = None,
    take_back: Annotated[Path | None, typer.Option("--take-back", help="Read corrected records back. 收回更正后的记录")] = None,
    key: KeyOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per fault. 每个错误一行 JSON")] = False,
    lang: LangOption = None,
) -> None:
    """List what waits in quarantine, export it to Excel, take corrected rows back. 隔离区。"""
    from arrears.ingest import quarantine as waiting
    from arrears.ingest.amend import quarantined_loads, take_corrections
    from arrears.ingest.corrections import export as export_records
    from arrears.ingest.load_words import load_lines

    with _refusals(lang):
        home, zh = store.book_at(book), _language(lang) == "zh"
        if take_back is not None:
            with _progress() as report:
                done = take_corrections(home, take_back, key, _now(), report)
            for said in done.said:
                print(said[zh])
            for line in [] if done.loaded is None else load_lines(done.loaded, shlex.quote(str(book)), _language(lang)):
                print(line)
            return
        loads = [(0, home.refused_load)] if refused else quarantined_loads(home)
        if export is not None:
            done = export_records(loads, export, rule=rule, load=load)
            count = sum(done.sources.values())
            if refused:
                print(f"{export}：{count:,} 条记录，仅供查看；请更正文件或映射后重新装载" if zh else
                      f"{export}: {count:,} records, to look at only; mend the files or the mapping and ingest again")
            else:
                print(f"{export}：{count:,} 条记录；更正后运行 arrears quarantine --book {book} --take-back {export}" if zh else
                      f"{export}: {count:,} records; correct them, then run: arrears quarantine --book {book} --take-back {export}")
            if done.left_out:
                print(f"另有 {done.left_out:,} 条无法拆成单元格，须在原文件中更正" if zh else
                      f"{done.left_out:,} more cannot be shown as cells; correct them in their file")
            return
        faults = waiting.open_faults(loads, rule=rule, load=load)
        lines = waiting.json_lines(faults) if as_json else waiting.listed(
            faults, _language(lang), each=rule is not None or load is not None, limit=limit, refused=refused)
        for line in lines:
            print(line)


@app.command(name="take-back")
def take_back_load(
    load: Annotated[int, typer.Argument(help="Number of the load; arrears book lists them. 装载编号")],
    book: LoadBookOption, lang: LangOption = None,
) -> None:
    """Take one load back: its rows no longer count. 撤回一次装载。"""
    from arrears.ingest.amend import corrections_of
    from arrears.ingest.loads_taken_back import take_back

    with _refusals(lang):
        home = store.book_at(book)
        taken = take_back(home, load, _now())
        rows = sum(about["rows"] for about in taken["tables"].values())
        print(f"第 {load} 次装载已撤回：{rows:,} 行不再计入" if _language(lang) == "zh" else f"Load {load} is taken back: its {rows:,} rows no longer count.")
        if others := ", ".join(map(str, corrections_of(home, load))):
            print(f"第 {others} 次装载含有曾在其中等待的更正记录，仍然计入；若这些记录也有误，请一并撤回" if _language(lang) == "zh" else
                  f"Corrected records that had waited in it came back with load {others} and still count: where they are wrong too, take that back as well.")


@app.command()
def generate(
    loans: Annotated[int, typer.Option(help="How many loans. 贷款笔数", min=1)],
    as_of: AsOfOption,
    out: Annotated[Path, typer.Option("--out", help="Folder for the book. 输出文件夹")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes. 种子", min=0)] = 1,
    instalments: Annotated[int | None, typer.Option(help="Instalments of every loan; default 3 to 36. 期数", min=1, max=360)] = None,
    lang: LangOption = None,
) -> None:
    """Make up a book of quick loans, of any size; the same arguments give the same bytes. 生成示例账册。"""
    from arrears.twin.plain_files import write_book

    with _refusals(lang):
        with _progress() as report:
            rows = write_book(out, loans, seed, read_day(as_of), instalments, report)
        print(f"{out}: " + ", ".join(f"{name} {count:,}" for name, count in rows.items()))


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the demo book. 演示文件夹")] = Path("demo/flash_loans"),
    loans: Annotated[int, typer.Option(help="How many loans. 贷款笔数", min=1)] = 20_000,
    as_of: AsOfOption = "2026-10-31",
    lang: LangOption = None,
) -> None:
    """Make a book, run the nights of its last month ends and tonight's, and say where the report is. 演示。"""
    from arrears.nightly.night import run_night
    from arrears.twin.plain_files import write_book

    with _refusals(lang):
        day = read_day(as_of)
        home = None
        with _progress() as report:
            if not (out / "loans.parquet").is_file():
                write_book(out, loans, 1, day, None, report)
            home = store.book_at(out)
            for earlier in [*_month_ends(day, 6), day]:
                summary, _ = run_night(home, earlier, None, _now(), again=False, report=report)
        _print_summary(summary, home.night(day), _language(lang))


@app.command()
def version() -> None:
    """Print the version. 版本"""
    print(__version__)


def main() -> None:
    """Runs the command line; a defect of ours ends with its trace and exit status 70, told apart from a difference."""
    try:
        app()
    except Exception:
        traceback.print_exc()
        sys.exit(DEFECT)


def _mode(text: str) -> str:
    from arrears.ingest.set_rules import MODES

    if text not in MODES:
        raise Refused(f"--mode {text} is not known; write delta (new rows), correction (rows that replace) or snapshot (all there is)",
                      f"--mode {text} 不支持；请写 delta（增量）、correction（更正）或 snapshot（全量快照）")
    return text


def _share(text: str) -> Decimal:
    """0.01 of "1%" and of "0.01"."""
    try:
        share = Decimal(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except InvalidOperation:
        share = Decimal(-1)
    if not (share.is_finite() and 0 <= share <= 1):
        raise Refused(f"--threshold {text} is no share; write it as 1% or 0.01, from 0 to 100%", f"--threshold {text} 不是比例；请写成 1% 或 0.01，范围 0 至 100%")
    return share


def _typed(prompt: str) -> str | None:
    """The line that is typed behind the prompt; None at the end of the input."""
    print(prompt, end="", file=sys.stderr, flush=True)
    signal.siginterrupt(signal.SIGINT, True)  # Polars' own handler lets the system go on reading, and Ctrl-C would wait for Enter
    try:
        return input()
    except EOFError:
        print(file=sys.stderr)
        return None


def _strategy_text(path: Path, read: Callable) -> str:
    try:
        return read(path).text
    except OSError as problem:
        raise Refused(f"{path}: cannot be read ({problem.strerror})", f"{path}：无法读取") from None


def _month_ends(day: date, count: int) -> list[date]:
    ends = []
    for _ in range(count):
        day = last_day_of_previous_month(day)
        ends.append(day)
    return ends[::-1]


def _known_at(book: Path, said: str | None) -> int:
    """The moment that is said, or the one at which all that is loaded counts."""
    return microseconds_of(read_moment(said)) if said is not None else store.read_ledger(store.book_at(book)).known_at(_now())


def _now() -> int:
    return microseconds_of(datetime.now(UTC))


def _language(lang: str | None) -> str:
    if lang is None:
        return "zh" if os.environ.get("LC_ALL", os.environ.get("LANG", "")).lower().startswith("zh") else "en"
    if lang not in ("zh", "en"):
        raise Refused(f"--lang {lang} is not known; write zh or en", f"--lang {lang} 不支持；请写 zh 或 en")
    return lang


@contextmanager
def _refusals(lang: str | None):
    """Refused input ends with its sentence, in the user's language first, and exit status 2."""
    try:
        _language(lang)
        yield
    except (Refused, BadYaml) as problem:
        en, zh = (problem.en, problem.zh) if isinstance(problem, Refused) else (str(problem), None)
        raise _refused(en, zh, lang, problem.examples if isinstance(problem, Refused) else ((), ())) from None
    except OSError as problem:
        if problem.errno != errno.ENAMETOOLONG:
            raise
        name = Path(str(problem.filename)).name[:40]
        raise _refused(f"{name}…: the name is longer than any file's can be; check it", f"{name}…：名称超过文件名允许的长度；请检查", lang) from None
    except KeyboardInterrupt:
        print("arrears: stopped; a night goes on where it stopped when it is run again, a load starts anew", file=sys.stderr)
        print("         已停止；再次运行夜批会接着做，装载则从头开始", file=sys.stderr)
        raise typer.Exit(STOPPED) from None


def _refused(en: str, zh: str | None, lang: str | None, examples: tuple = ((), ())) -> typer.Exit:
    """Says why, in the user's language first, and gives the examples in that language; what is returned is to be raised."""
    is_zh = bool(zh) and lang != "en" and (lang == "zh" or _language(None) == "zh")
    first, second = (zh, en) if is_zh else (en, zh)
    print(f"arrears: {first}", file=sys.stderr)
    if second:
        print(f"         {second}", file=sys.stderr)
    for line in examples[is_zh]:
        print(f"  {line}", file=sys.stderr)
    return typer.Exit(REFUSED)


@contextmanager
def _progress(quiet: bool = False):
    """A bar on the terminal; nothing where standard error is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda text, done, of: bar.update(task, description=text, completed=done, total=of or None)


def _print_summary(summary: dict, folder: Path, lang: str) -> None:
    from arrears.nightly.summary import summary_lines

    for line in summary_lines(summary, folder, lang):
        print(line)
