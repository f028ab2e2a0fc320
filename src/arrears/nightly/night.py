"""One night: load, decide, count, write. Killed anywhere, it goes on where it stopped and ends with the same bytes."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from arrears import store, strategy_register
from arrears.allocation.rank import ORDER_EN, ORDER_EXPECTED_EN, ORDER_EXPECTED_ZH, ORDER_ZH, rank
from arrears.days import moment_of
from arrears.decide import decide
from arrears.delinquency.assess import CannotBePositioned
from arrears.delinquency.buckets import Buckets
from arrears.delinquency.tallies import KEYS, add_up, rolls, share, tally
from arrears.ingest.judge import facts_of, fault_of_walk, judge_book
from arrears.ingest.plain import brought_in
from arrears.locks import locked
from arrears.nightly import local
from arrears.nightly.allotting import PROPOSED, allotted, write_decisions
from arrears.nightly.earlier_nights import moved_since, positions_then, run_digest
from arrears.nightly.gate import gate_summary, spoken_of
from arrears.nightly.inputs import Deciders, Inputs, inputs_of, kept_inputs
from arrears.nightly.left_by import left_by
from arrears.nightly.night_record import write_night_record
from arrears.nightly.report import render
from arrears.nightly.scores import counted, scores_summary
from arrears.nightly.standings import are_read, guarantors_in, standings_on
from arrears.refusal import DiskFull, Refused
from arrears.scoring.score import EXPECTED
from arrears.store import Book, Manifest
from arrears.strict_yaml import BadYaml

Report = Callable[[str, int, int], None]
"""What is being done, how many partitions are done, of how many."""


def run_night(book: Book, as_of: date, known_at: int | None, now: int, *, again: bool = False,
              strategy_text: str | None = None, policy: dict[str, str] | None = None, report: Report = lambda *_: None) -> tuple[dict, bool]:
    """The summary of the night, and whether it was done just now (False: it was finished before, on the same inputs).

    known_at and now: microseconds; known_at None means now, or the latest load's moment where the clock was ahead then, or what
    an unfinished night on the same inputs began with.
    policy: the files of the lender's own rules. Raises Refused or BadYaml where the input is not as it should be; nothing is changed then: so is a strategy_text
    where the book's strategies are approved, for it would pass by who approves, and could move people between arms.
    """
    if strategy_text is not None and strategy_register.entries_of(book):
        raise Refused(f"{book.root}: this book's strategies are approved, so a night takes the one in force and --strategy is refused: see what yours would do with arrears strategy diff, "
                      "then arrears strategy submit and approve", f"{book.root}：本账册的策略须经批准，夜批使用有效版本，不接受 --strategy；请先用 arrears strategy diff 查看影响，再 submit 并由他人 approve")
    with locked(book, "night", alone=True):
        sweep_replays(book)
        with brought_in(book, lambda text: report(text, 0, 0)) as manifest:
            return _run_locked(book, manifest, as_of, known_at, now, again, strategy_text, policy, report)


def sweep_replays(book: Book) -> None:
    """What a killed replay left is gone; to be called with the night's lock held."""
    for left_by_a_kill in book.nights.glob(".replay-*"):
        store.remove_folder(left_by_a_kill)


def _run_locked(book, manifest, as_of, known_at, now, again, strategy_text, policy, report) -> tuple[dict, bool]:
    unfinished, final = book.unfinished_night(as_of), book.night(as_of)
    # of the loads that were laid out alone: another may have been published meanwhile
    latest = store.read_ledger(book).only(set(manifest.loads)).known_at(now)
    inputs = inputs_of(book, manifest, as_of, latest if known_at is None else known_at, strategy_text, policy)
    begun = kept_inputs(unfinished)
    if begun is not None and known_at is None and _same_but_known_at(begun, inputs):
        inputs = begun
    finished = kept_inputs(final)
    if final.exists() and not again:
        if finished is None:
            raise Refused(
                f"{final / 'run.json'}: missing or not readable, so nobody can say what this night was done on; pass --again "
                "to do it anew, the damaged one is kept beside it",
                f"{final / 'run.json'}：缺失或无法读取，无从得知该夜批的输入；加 --again 重做，原结果会保留",
            )
        if finished == inputs or (known_at is None and _same_but_known_at(finished, inputs)):
            return json.loads((final / "summary.json").read_text(encoding="utf-8")), False
        raise Refused(
            f"{final}: this night is finished, on other inputs ({_differing(finished, inputs)} differ); pass --again to "
            "do it anew, the finished one is kept beside it",
            f"{final}：该夜批已完成，但输入不同（{_differing(finished, inputs)}）；加 --again 重做，原结果会保留",
        )
    if begun != inputs:
        store.remove_folder(unfinished)
    for left in unfinished.rglob("*.unfinished"):  # a file in whose writing the night was killed: never to be counted among its own
        left.unlink()
    store.write_bytes(unfinished / "run.json", store.json_bytes(inputs.record()))
    try:
        summary = write_night(book, manifest, inputs, unfinished, report)
    except DiskFull:
        raise
    except (Refused, BadYaml, pl.exceptions.InvalidOperationError) as problem:
        store.remove_folder(unfinished)
        store.remove_if_empty(book.nights)
        raise _too_large(problem) if isinstance(problem, pl.exceptions.PolarsError) else problem from None
    if final.exists():
        _set_aside(book, final)
    store.publish_folder(unfinished, final)
    return summary, True


def _too_large(problem: Exception) -> Refused:
    return Refused(
        f"a sum of money passes what 64 bits hold ({str(problem).splitlines()[0][:200]}); check the units of the book's "
        "amounts and rates",
        "金额合计超出 64 位整数；请检查账册中金额与利率的单位",
    )


def write_night(book: Book, manifest: Manifest, inputs: Inputs, folder: Path, report: Report, *, recorded: bool = True) -> dict:
    """Everything a night leaves behind, written under the folder; partitions that are there already are not redone.

    recorded: with its record, for which each borrower has a secret from then on; a replay needs none and makes none.
    """
    by = Deciders.of(inputs, book)
    for night in {*inputs.earlier, *inputs.vintages, *map(date.fromisoformat, inputs.matured.values())}:
        run_digest(book.night(night))
    judge_book(book, manifest, inputs.known_at)
    names = list(manifest.partitions)
    todo = [name for name in names if not left_by(folder, name).is_whole]
    report("deciding", len(names) - len(todo), len(names))
    moved = {night: moved_since(book, manifest, book.night(night)) for night in inputs.earlier} if todo else {}
    standings = None
    if todo and are_read(by.models.values()):
        standings = standings_on(book, manifest, {inputs.as_of: inputs.known_at}, guarantors_in(book, manifest), by.law, by.buckets)[inputs.as_of]

    def work(name: str) -> None:
        _write_partition(book, manifest, inputs, by, moved, standings, folder, name)

    for done, _ in enumerate(local.each(work, todo), start=len(names) - len(todo) + 1):
        report("deciding", done, len(names))
    report("writing the report", len(names), len(names))
    summary = _write_whole(book, manifest, inputs, by, folder, names)
    if recorded:
        write_night_record(book, inputs, folder, names)
    store.remove_folder(folder / "work")
    return summary


def _write_partition(book, manifest, inputs, by: Deciders, moved, standings, folder: Path, name: str) -> None:
    facts = replace(facts_of(book, manifest, name, inputs.known_at, scored=bool(by.models)), standings=standings)
    try:
        decisions = decide(facts, by.law, by.gate, by.lender, by.strategy, by.models, by.buckets, inputs.as_of)
    except CannotBePositioned as problem:
        raise fault_of_walk(book, facts, problem.loan_id, problem.fault) from None
    earlier = {night: positions_then(book.night(night), name, len(manifest.partitions), moved[night]) for night in inputs.earlier}
    tallies = tally(decisions.positions, decisions.loans, earlier, inputs.as_of)
    left = left_by(folder, name)
    store.write_parquet(left.positions, decisions.positions)
    store.write_parquet(left.scores, decisions.scores.loans)
    store.write_parquet(left.proposals, decisions.proposals.select(PROPOSED))
    store.write_parquet(left.entries, decisions.entries)
    store.write_parquet(left.options, decisions.options)
    store.write_parquet(left.gate, spoken_of(decisions.candidates))
    store.write_parquet(left.placements, facts.placements)
    store.write_parquet(left.borrowers, decisions.loans.select("loan_id", "borrower_id"))
    held = decisions.proposals.filter(pl.col("hold") != "none")
    content = {
        "tallies": {table: rows.to_dict(as_series=False) for table, rows in tallies.items()},
        "schemas": {table: {c: str(t) for c, t in rows.schema.items()} for table, rows in tallies.items()},
        "loans": len(decisions.positions), "borrowers": decisions.loans["borrower_id"].n_unique(), "held_loans": len(held),
        "products": sorted(decisions.loans["product"].unique()), "scores": counted(decisions.scores),
    }
    store.write_bytes(left.done, store.json_bytes(content))


def _write_whole(book, manifest, inputs, by: Deciders, folder: Path, names: list[str]) -> dict:
    """The tables, worklist, summary and report of the whole book, from what the partitions left."""
    left = [left_by(folder, name) for name in names]
    parts = [json.loads(one.done.read_text(encoding="utf-8")) for one in left]
    tables = {}
    for table in KEYS:
        frames = [_frame(part["tallies"][table], part["schemas"][table]) for part in parts if table in part["tallies"]]
        if frames:
            tables[table] = add_up(table, frames)
    _complete(tables, by.buckets, inputs, book)
    allot = allotted(book, manifest, inputs, by, left)
    worklist = rank(allot.entries, by.strategy.names)
    spoken = pl.concat([store.read_columns(one.gate) for one in left]).sort("loan_id", "treatment")
    store.write_parquet(folder / "gate.parquet", spoken)
    totals, unknown = tables.pop("totals"), tables.pop("cap_unknown")
    summary = _summary(book, inputs, by, totals, unknown, worklist, parts)
    summary |= allot.summary
    summary["gate"] = gate_summary(spoken, by.gate, by.lender, _products(parts))
    summary["scores"] = scores_summary(book, manifest, inputs, by, folder, [part["scores"] for part in parts],
                                       {name: part["loans"] for name, part in zip(names, parts, strict=True)})
    for table, rows in tables.items():
        store.write_parquet(folder / "tables" / f"{table}.parquet", rows)
    write_decisions(left, allot.entries)
    store.write_parquet(folder / "worklist.parquet", worklist)
    for name, rows in allot.tables.items():
        store.write_parquet(folder / f"{name}.parquet", rows)
    store.write_bytes(folder / "summary.json", store.json_bytes(summary))
    store.write_bytes(folder / "report.html", render(summary, tables, worklist).encode())
    return summary


def _products(parts: list[dict]) -> list[str]:
    """The lender's products among the loans of the book."""
    return sorted({product for part in parts for product in part["products"]})


def _complete(tables: dict[str, pl.DataFrame], buckets: Buckets, inputs: Inputs, book: Book) -> None:
    """The rates, and the earlier month ends of the vintage curves."""
    tables["first_payment_default"] = tables["first_payment_default"].with_columns(
        share("late_loans", "matured_loans", "rate"))
    rates = [share(f"late{days}_principal_minor", "disbursed_minor", f"late{days}_rate") for days in (30, 60, 90)]
    vintage = tables["vintage"].with_columns(rates)
    before = [
        store.read_columns(book.night(night) / "tables" / "vintage.parquet").filter(pl.col("as_of") == night.isoformat())
        for night in inputs.vintages
    ]
    tables["vintage"] = pl.concat([*before, vintage])
    if "movements" in tables:
        tables["rolls"] = rolls(tables["movements"], buckets)
        tables["recovery"] = tables["recovery"].with_columns(
            share("collected_minor", "entered_minor", "recovery_rate"), share("cured_loans", "loans", "cure_rate"))


_WHY = {
    "before_series": ("放款早于上限序列的起点", "the contract is older than the law's series"),
    "stale": ("合同成立或起诉时的 LPR 未经确认", "the LPR at contract formation or filing is not confirmed"),
    "not_filed": ("2020-08-20 前的民间借贷合同尚未起诉，上限取决于起诉时的 LPR",
                  "a private loan from before 2020-08-20 without a suit: its cap is set by the LPR at filing"),
}


def _summary(book, inputs: Inputs, by: Deciders, totals, unknown, worklist, parts) -> dict:
    currencies = {row.pop("currency"): row for row in totals.iter_rows(named=True)}
    return {
        "as_of": inputs.as_of.isoformat(), "known_at": moment_of(inputs.known_at).isoformat(), "book": inputs.book,
        "version": inputs.version, "snapshot": inputs.snapshot, "strategy_digest": by.strategy.digest, "strategy": {"id": by.strategy.id, "version": by.strategy.version, **inputs.strategy_version}, "law_digest": inputs.law_digest,
        "loans": sum(row["loans"] for row in currencies.values()),
        "borrowers": sum(part["borrowers"] for part in parts),
        "late_loans": sum(row["late_loans"] for row in currencies.values()),
        "overpaid_loans": sum(row["overpaid_loans"] for row in currencies.values()),
        "held_loans": sum(part["held_loans"] for part in parts),
        "worklist_rows": len(worklist), "currencies": currencies,
        "treatments": {row["treatment"]: row["len"] for row in
                       worklist.group_by("treatment").len().sort("treatment").iter_rows(named=True)},
        "treatment_words": by.strategy.wording,
        "cap_unknown": [
            {"regime": row["regime"], "reason_zh": _WHY[row["why_unknown"]][0], "reason_en": _WHY[row["why_unknown"]][1],
             "loans": row["loans"]} for row in unknown.iter_rows(named=True)
        ],
        "order_zh": ORDER_EXPECTED_ZH if EXPECTED in by.models else ORDER_ZH, "order_en": ORDER_EXPECTED_EN if EXPECTED in by.models else ORDER_EN,
        "earlier_nights": [night.isoformat() for night in inputs.earlier],
    }


def _same_but_known_at(one: Inputs, other: Inputs) -> bool:
    return {**one.record(), **_NOT_ASKED} == {**other.record(), **_NOT_ASKED}


_NOT_ASKED = {"known_at": "", "challengers": {}}
"""What does not make a finished night another one: the moment, where it was not said, and a version that was merely fitted since."""


def _differing(one: Inputs, other: Inputs) -> str:
    kept, asked = one.record(), other.record()
    return ", ".join(key for key in kept if kept[key] != asked[key])


def _set_aside(book: Book, final: Path) -> None:
    """The finished night takes the name of a superseded one, so that nothing is lost."""
    number = 1
    while (aside := book.nights / "superseded" / f"{final.name}.{number}").exists():
        number += 1
    aside.parent.mkdir(parents=True, exist_ok=True)
    store.publish_folder(final, aside)


def _frame(content: dict, schema: dict[str, str]) -> pl.DataFrame:
    return pl.DataFrame(content, schema={column: getattr(pl, name)() for column, name in schema.items()})
