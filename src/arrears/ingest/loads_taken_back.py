"""A load taken back: its rows no longer count, unless later loads rest on them. Nothing of it is removed, so nights replay."""

import polars as pl

from arrears import store
from arrears.days import moment_of
from arrears.ingest.loads import memory_for, replaces
from arrears.ingest.set_rules import SetRules
from arrears.locks import locked
from arrears.refusal import Refused
from arrears.store import Book, Ledger
from arrears.tables import FACTS


def take_back(book: Book, number: int, now: int) -> dict:
    """The load no longer counts; raises Refused where there is none in force, or where later loads rest on it."""
    with locked(book, "loads", alone=True):
        ledger = store.read_ledger(book)
        load = next((load for load in ledger.loads if load["id"] == number), None)
        if load is None or load["taken_back_at"] is not None:
            raise Refused(
                f"{book.root}: there is no load {number} in force; arrears book {book.root} lists the loads",
                f"{book.root}：没有有效的第 {number} 次装载；arrears book {book.root} 列出所有装载",
            )
        _refuse_if_others_found_it_there(book, ledger, load)
        store.verify_load_files(book, ledger.only({one["id"] for one in ledger.in_force()} - {number}))
        taken = {"taken_back_at": moment_of(now).isoformat(), "taken_back_after": ledger.loads[-1]["id"]}
        after = Ledger([{**one, **taken} if one["id"] == number else one for one in ledger.loads], ledger.key)
        if store.brought_rows(load):
            with memory_for(book), store.room_for(book.unfinished_load):
                _refuse_if_others_rest_on(book, after, number)
        store.write_ledger(book, after)
    return load


def _refuse_if_others_found_it_there(book: Book, ledger: Ledger, load: dict) -> None:
    """Raises Refused where a later load brought rows that were in the book already, perhaps by this load: they would be lost."""
    for later in ledger.in_force():
        for name, about in later["tables"].items():
            if later["id"] > load["id"] and about["unchanged"] and load["tables"].get(name, {}).get("rows"):
                raise Refused(
                    f"{book.root}: load {later['id']} found {about['unchanged']:,} rows of {name} in the book already, perhaps those of load "
                    f"{load['id']}; without it they would be missing: take load {later['id']} back first, and load its files again afterwards",
                    f"{book.root}：第 {later['id']} 次装载有 {about['unchanged']:,} 行 {name} 当时已在账册中，可能来自第 {load['id']} 次装载；"
                    f"撤回后这些行会缺失：请先撤回第 {later['id']} 次装载，之后再重新装载其文件",
                )


def _refuse_if_others_rest_on(book: Book, after: Ledger, number: int) -> None:
    """Raises Refused where the book without that load would hold rows of unknown loans, or schedules that do not add up."""
    files = store.load_files(book, after)
    replacing = {name for name in FACTS if replaces(after, name)}
    rules = SetRules(book.unfinished_load, {}, files, replacing, mode="delta", bearing=set(),
                     bad=pl.Series([], dtype=pl.Int64), moment=0)
    faults = rules.broken_in_book()
    if book.unfinished_load.is_dir():
        store.remove_folder(book.unfinished_load)
    if faults:
        table, rule, detail, count = faults[0]
        raise Refused(
            f"{book.root}: without load {number}, {count:,} rows of {table} from other loads would be wrong ({rule}: {detail}); "
            "take those loads back first, the latest first",
            f"{book.root}：若撤回第 {number} 次装载，其他装载的 {count:,} 行 {table} 将有误（{rule}：{detail}）；请先从最近的装载开始撤回",
        )
