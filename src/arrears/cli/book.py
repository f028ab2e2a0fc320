"""Commands of the book: ingest, map, book, quarantine, take-back."""

import json
import shlex
import signal
import sys
from contextlib import nullcontext
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from arrears import store
from arrears.cli import terms
from arrears.cli.terms import KeyOption, LangOption, LoadBookOption, VaultKeyOption
from arrears.days import moment_of
from arrears.refusal import Refused


def ingest(
    source: Annotated[list[str], typer.Argument(help="Files, folders, or database URLs. 文件、文件夹或数据库地址")],
    mapping: Annotated[Path, typer.Option("--mapping", help="Mapping file; arrears map drafts one. 映射文件")],
    book: LoadBookOption,
    mode: Annotated[str, typer.Option(help="delta: new rows; correction: rows that replace; snapshot: all there is. 增量、更正、全量")] = "delta",
    threshold: Annotated[str, typer.Option(help="Share of records in quarantine above which nothing is loaded. 隔离上限")] = "1%",
    key: KeyOption = None,
    vault_key: VaultKeyOption = None,
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

    with terms.refusals(lang):
        load_terms = Terms(_mode(mode), _share(threshold), dry_run, key, book, vault_key)
        read = read_mapping(mapping)
        pairs = find_sources(source, read)
        if any(Path(one).is_dir() and Path(one).resolve() == book.resolve() for one in source):
            raise Refused(f"{book}: it is the folder of the files themselves; name another folder for the book with --book",
                          f"{book}：这是来源文件所在的文件夹；请用 --book 另指定账册文件夹")
        with terms.progress(quiet=as_json) as report, passing_folder() if dry_run and store.is_nothing(book) else nullcontext(book.parent) as place:
            home = store.book_for_load(place / book.name)
            loaded = load_sources(home, pairs, read, load_terms, terms.now(), report)
        if as_json:
            tried = {} if loaded.faults is None else {"faults": loaded.faults.to_dicts()}
            print(json.dumps({**loaded.load, "made_now": loaded.made_now, **tried}, ensure_ascii=False, indent=1, sort_keys=True))
            return
        for line in load_lines(loaded, shlex.quote(str(book)), terms.language(lang), dry_run=dry_run):
            print(line)


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

    with terms.refusals(lang):
        if out.exists():
            raise Refused(f"{out}: stands already, perhaps with answers in it; name another file, or remove it",
                          f"{out}：已存在，其中可能已有答案；请换文件名或先删除")
        drafted = draft(source)
        if ask:
            drafted = ask_all(drafted, terms.language(lang), _typed, lambda text: print(text, file=sys.stderr))
        store.write_bytes(out, drafted.text.encode())
        for line in drafted.lines(terms.language(lang)):
            print(line)
        zh, left = terms.language(lang) == "zh", len(drafted.questions)
        if left:
            print(f"已写 {out}；请把其中 {left} 个 ? 换成答案（或另取 --out 文件名，用 --ask 逐个回答）" if zh else
                  f"{out} is written; put an answer in place of each of its {left} open questions (?), or run again with --ask and another --out")
        else:
            print(f"已写 {out}；没有未决问题" if zh else f"{out} is written; no question is open")
        given = " ".join(shlex.quote(without_password(one) if is_database(one) else one) for one in drafted.taken(source))
        print(f"下一步：arrears ingest {given} --mapping {out} --book BOOK --dry-run" if zh else
              f"Then: arrears ingest {given} --mapping {out} --book BOOK --dry-run")


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

    with terms.refusals(lang):
        home = store.book_at(book)
        contents = contents_of(home.name, rows_in_force(home), store.read_ledger(home).loads, open_faults(quarantined_loads(home)),
                               home.night_dates(), moment_of(terms.now()).date())
        if as_json:
            print(json.dumps(contents, ensure_ascii=False, indent=1, sort_keys=True))
            return
        for line in contents_lines(contents, terms.language(lang)):
            print(line)


def quarantine(
    book: LoadBookOption,
    rule: Annotated[str | None, typer.Option(help="Only faults of this rule. 只看该规则")] = None,
    load: Annotated[int | None, typer.Option(help="Only this load. 只看该次装载")] = None,
    limit: Annotated[int, typer.Option(help="How many lines to print at most. 最多列出几行", min=1)] = 20,
    refused: Annotated[bool, typer.Option("--refused", help="What the last refused load would have put here. 查看最近被拒的装载")] = False,
    export: Annotated[Path | None, typer.Option("--export", help="Write the records to correct as .xlsx or .csv. 导出待更正记录")] = None,
    take_back: Annotated[Path | None, typer.Option("--take-back", help="Read corrected records back. 收回更正后的记录")] = None,
    key: KeyOption = None,
    vault_key: VaultKeyOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per fault. 每个错误一行 JSON")] = False,
    lang: LangOption = None,
) -> None:
    """List what waits in quarantine, export it to Excel, take corrected rows back. 隔离区。"""
    from arrears.ingest import quarantine as waiting
    from arrears.ingest.amend import quarantined_loads, take_corrections
    from arrears.ingest.corrections import export as export_records
    from arrears.ingest.load_words import load_lines

    with terms.refusals(lang):
        home, zh = store.book_at(book), terms.language(lang) == "zh"
        if take_back is not None:
            with terms.progress() as report:
                done = take_corrections(home, take_back, key, terms.now(), report, vault_key=vault_key)
            for said in done.said:
                print(said[zh])
            for line in [] if done.loaded is None else load_lines(done.loaded, shlex.quote(str(book)), terms.language(lang)):
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
            faults, terms.language(lang), each=rule is not None or load is not None, limit=limit, refused=refused)
        for line in lines:
            print(line)


def take_back_load(
    load: Annotated[int, typer.Argument(help="Number of the load; arrears book lists them. 装载编号")],
    book: LoadBookOption, lang: LangOption = None,
) -> None:
    """Take one load back: its rows no longer count. 撤回一次装载。"""
    from arrears.ingest.amend import corrections_of
    from arrears.ingest.loads_taken_back import take_back

    with terms.refusals(lang):
        home = store.book_at(book)
        taken = take_back(home, load, terms.now())
        rows = sum(about["rows"] for about in taken["tables"].values())
        print(f"第 {load} 次装载已撤回：{rows:,} 行不再计入" if terms.language(lang) == "zh" else f"Load {load} is taken back: its {rows:,} rows no longer count.")
        if others := ", ".join(map(str, corrections_of(home, load))):
            print(f"第 {others} 次装载含有曾在其中等待的更正记录，仍然计入；若这些记录也有误，请一并撤回" if terms.language(lang) == "zh" else
                  f"Corrected records that had waited in it came back with load {others} and still count: where they are wrong too, take that back as well.")


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
