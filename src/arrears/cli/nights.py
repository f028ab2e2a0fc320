"""Commands of the night: night, positions, explain, replay; and made-up books: generate, demo."""

import json
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from arrears import store
from arrears.cli import terms
from arrears.cli.terms import DIFFERS, AsOfOption, BookOption, KnownAtOption, LangOption, PolicyOption, StrategyOption
from arrears.days import last_day_of_previous_month, microseconds_of, read_day, read_moment


def night(
    book: BookOption, as_of: AsOfOption, known_at: KnownAtOption = None,
    strategy: StrategyOption = None,
    policy: PolicyOption = None,
    again: Annotated[bool, typer.Option("--again", help="Do a finished night anew on today's inputs. 重做已完成的夜批")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON. 以 JSON 输出")] = False,
    lang: LangOption = None,
) -> None:
    """Run one night: positions, treatments, worklist, tables and report. 跑一次夜批。"""
    from arrears.nightly.night import run_night

    with terms.refusals(lang):
        day = read_day(as_of)
        at = None if known_at is None else microseconds_of(read_moment(known_at))
        text = terms.strategy_text(strategy)
        home = store.book_at(book)
        with terms.progress(quiet=as_json) as report:
            summary, done_now = run_night(home, day, at, terms.now(), again=again, strategy_text=text, policy=terms.policy_texts(policy), report=report)
        if as_json:
            print(json.dumps(summary, ensure_ascii=False, indent=1, sort_keys=True))
        else:
            terms.print_summary(summary, home.night(day), terms.language(lang))
            if not done_now:
                print("该夜批此前已按相同输入完成" if terms.language(lang) == "zh" else "It was finished before, on the same inputs.")


def positions(
    book: BookOption, as_of: AsOfOption,
    out: Annotated[Path, typer.Option("--out", help="Parquet file to write. 输出文件")],
    known_at: KnownAtOption = None, lang: LangOption = None,
) -> None:
    """Write every loan's position as one Parquet file, ordered by loan_id. 输出每笔贷款的状况。"""
    from arrears.nightly.positions import write_positions

    with terms.refusals(lang):
        at = terms.known_at_of(book, known_at)
        with terms.progress() as report:
            count = write_positions(book, read_day(as_of), at, out, report)
        print(f"{out}: {count:,} 笔贷款" if terms.language(lang) == "zh" else f"{out}: {count:,} loans")


def explain(
    loan: Annotated[str, typer.Argument(help="loan_id. 贷款编号")],
    book: BookOption, as_of: AsOfOption, known_at: KnownAtOption = None, lang: LangOption = None,
) -> None:
    """Say in words how each number of one loan's position came about. 逐笔解释一笔贷款的每个数字。"""
    from arrears.nightly.explain import explain_loan
    from arrears.nightly.explain_gate import gate_lines
    from arrears.nightly.explain_scores import score_lines

    with terms.refusals(lang):
        at = terms.known_at_of(book, known_at)
        for line in explain_loan(book, loan, read_day(as_of), at, terms.language(lang)):
            print(line)
        for line in (*gate_lines(book, loan, read_day(as_of), terms.language(lang)), *score_lines(book, loan, read_day(as_of), terms.language(lang))):
            print(line)


def replay(book: BookOption, as_of: AsOfOption, lang: LangOption = None) -> None:
    """Do a finished night once more and compare every byte. 重放一次夜批并逐字节比较。"""
    from arrears.nightly.replay import replay as replay_night

    with terms.refusals(lang):
        day = read_day(as_of)
        with terms.progress() as report:
            found = replay_night(store.book_at(book), day, report)
        zh = terms.language(lang) == "zh"
        if found.difference is None:
            print(f"{as_of}：{found.files} 个文件逐字节相同" if zh else f"{as_of}: the same bytes in all {found.files} files")
            return
        print(f"{as_of}：首个差异：{found.difference_zh}" if zh else f"{as_of}: the first difference: {found.difference}")
        raise typer.Exit(DIFFERS)


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

    with terms.refusals(lang):
        with terms.progress() as report:
            rows = write_book(out, loans, seed, read_day(as_of), instalments, report)
        print(f"{out}: " + ", ".join(f"{name} {count:,}" for name, count in rows.items()))


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the demo book. 演示文件夹")] = Path("demo/flash_loans"),
    loans: Annotated[int, typer.Option(help="How many loans. 贷款笔数", min=1)] = 20_000,
    as_of: AsOfOption = "2026-10-31",
    home: Annotated[Path, typer.Option("--home", help="Folder of the work plane. 作业平面的文件夹")] = Path("demo/home"),
    lang: LangOption = None,
) -> None:
    """Make a book, run its nights, start the work plane's database, take tonight's worklist in as cases with made-up people. 演示。"""
    from arrears.cli.working import demo_work
    from arrears.nightly.night import run_night
    from arrears.twin.plain_files import write_book

    with terms.refusals(lang):
        day = read_day(as_of)
        book = None
        with terms.progress() as report:
            if not (out / "loans.parquet").is_file():
                write_book(out, loans, 1, day, None, report)
            book = store.book_at(out)
            for earlier in [*_month_ends(day, 6), day]:
                finished = book.night(earlier) / "summary.json"  # it stays as it is, also where the book has changed since
                if not finished.is_file():
                    run_night(book, earlier, None, terms.now(), again=False, report=report)
                summary = json.loads(finished.read_text(encoding="utf-8"))
        terms.print_summary(summary, book.night(day), terms.language(lang))
        for line in demo_work(home, out, as_of, terms.language(lang)):
            print(line)


def _month_ends(day: date, count: int) -> list[date]:
    ends = []
    for _ in range(count):
        day = last_day_of_previous_month(day)
        ends.append(day)
    return ends[::-1]
