"""The command line: arrears night, positions, explain, replay, generate, demo."""

import json
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, date, datetime
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
        at = _now() if known_at is None else microseconds_of(read_moment(known_at))
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
        at = _now() if known_at is None else microseconds_of(read_moment(known_at))
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
            print(f"{as_of}:{found.files} 个文件逐字节相同" if zh else f"{as_of}: the same bytes in all {found.files} files")
            return
        print(f"{as_of}：首个差异：{found.difference_zh}" if zh else f"{as_of}: the first difference: {found.difference}")
        raise typer.Exit(DIFFERS)


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
        first, second = (zh, en) if zh and lang != "en" and (lang == "zh" or _language(None) == "zh") else (en, zh)
        print(f"arrears: {first}", file=sys.stderr)
        if second:
            print(f"         {second}", file=sys.stderr)
        raise typer.Exit(REFUSED) from None
    except KeyboardInterrupt:
        print("arrears: stopped; a night goes on where it stopped when it is run again", file=sys.stderr)
        print("         已停止；再次运行夜批会接着做", file=sys.stderr)
        raise typer.Exit(STOPPED) from None


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
