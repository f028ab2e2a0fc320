"""What a coming change of law would do to a book: every loan and every proposed contact decided under both packs.

Nothing of the book is changed; the report lies in a folder of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from arrears import store, strategy_register, strict_yaml
from arrears.compliance.screen import Prepared, prepare
from arrears.days import moment_of
from arrears.decide import Decisions, decide
from arrears.delinquency.assess import CannotBePositioned
from arrears.delinquency.buckets import Buckets, read_buckets
from arrears.ingest.judge import facts_of, fault_of_walk, judge_book
from arrears.law.caps import Law, law_from, read_law
from arrears.law.lender import Lender, lender_from
from arrears.law.rules import Pack
from arrears.money import exact_sum
from arrears.nightly import local
from arrears.nightly.impact_report import hypotheticals, render, sides_of
from arrears.nightly.positions import opened
from arrears.refusal import Refused
from arrears.strategy.reading import strategy_from
from arrears.strategy.strategy import Strategy


@dataclass(frozen=True)
class Side:
    """One pack made ready to decide by."""

    pack: Pack
    law: Law
    gate: Prepared

    @staticmethod
    def of(pack: Pack) -> "Side":
        """Raises BadYaml; a pack without caps of its own decides by the mainland's."""
        return Side(pack, law_from(pack.texts) if "caps.yaml" in pack.texts else read_law(), prepare(pack))


def impact_of(root: Path, old: Pack, new: Pack, as_of: date, known_at: int, out: Path | None, report: Callable = lambda *_: None,
              strategy_text: str | None = None) -> tuple[dict, Path]:
    """The summary of what differs under the new pack at the end of as_of, and the folder that holds it.

    The folder has loans.parquet (one row per loan whose claimable sum or cap differs), contacts.parquet (one row per loan whose
    proposed contact is judged otherwise, or whose treatment is another), summary.json and report.html.
    Raises Refused or BadYaml where the book or a pack is not as it should be, or `out` holds something else; nothing is changed then.
    """
    before, after = Side.of(old), Side.of(new)
    strategy, buckets = strategy_from(strategy_text or strategy_register.in_force(store.book_at(root), as_of)[0]), read_buckets()
    lender = lender_from(store.lender_text(store.book_at(root)))
    folder = store.book_at(root).impact(as_of) if out is None else out
    _demand_own(folder)
    loans, contacts, counted = [], [], []
    with opened(root, as_of, known_at, report) as (book, manifest):
        judge_book(book, manifest, known_at)

        def work(name: str) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
            facts = facts_of(book, manifest, name, known_at, scored=False)
            try:
                then, now = (_decided(facts, side, lender, strategy, buckets, as_of) for side in (before, after))
            except CannotBePositioned as problem:
                raise fault_of_walk(book, facts, problem.loan_id, problem.fault) from None
            return _loans_changed(then, now), _contacts_changed(then, now), _counted(then, now)

        for done, (_, (of_loans, of_contacts, count)) in enumerate(sorted_by_name(local.each(work, manifest.partitions)), start=1):
            loans.append(of_loans)
            contacts.append(of_contacts)
            counted.append(count)
            report("deciding twice", done, len(manifest.partitions))
        name = book.name
    changed, judged = pl.concat(loans).sort("loan_id"), pl.concat(contacts).sort("loan_id")
    summary = _summary(name, before, after, as_of, known_at, pl.concat(counted), changed, judged)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with store.passing_folder(folder.parent, ".impact-") as passing:
        written = passing / "impact"
        store.write_parquet(written / "loans.parquet", changed)
        store.write_parquet(written / "contacts.parquet", judged)
        store.write_bytes(written / "summary.json", store.json_bytes(summary))
        store.write_bytes(written / "report.html", render(summary).encode())
        store.remove_folder(folder)
        store.publish_folder(written, folder)
    return summary, folder


def sorted_by_name(results):
    """The partitions' results in the order of their names, whichever was ready first."""
    return sorted(results, key=lambda result: result[0])


def _demand_own(folder: Path) -> None:
    """Raises Refused where the folder holds anything but an earlier report of this kind."""
    if folder.exists() and (not folder.is_dir() or any(path.name not in _FILES for path in folder.iterdir())):
        raise Refused(f"{folder}: it holds other things, and a report takes the whole folder; name another with --out",
                      f"{folder}：其中已有其他内容；报告会占用整个文件夹，请用 --out 另指定")


_FILES = ("loans.parquet", "contacts.parquet", "summary.json", "report.html")


def _decided(facts, side: Side, lender: Lender, strategy: Strategy, buckets: Buckets, as_of: date) -> Decisions:
    return decide(facts, side.law, side.gate, lender, strategy, {}, buckets, as_of)


def _both(then: Decisions, now: Decisions) -> pl.DataFrame:
    """One row per loan: what it may be asked before and after. Positions are in one order under both laws."""
    return then.loans.select("loan_id", "borrower_id", "product", "currency", "regime").with_columns(
        claimable_before=then.positions["claimable_minor"], claimable_after=now.positions["claimable_minor"],
        overpaid_before=then.positions["overpaid_charges_minor"], overpaid_after=now.positions["overpaid_charges_minor"],
        cap_known_before=then.positions["cap_is_known"], cap_known_after=now.positions["cap_is_known"],
    )


def _loans_changed(then: Decisions, now: Decisions) -> pl.DataFrame:
    return _both(then, now).filter(
        (pl.col("claimable_before") != pl.col("claimable_after")) | (pl.col("cap_known_before") != pl.col("cap_known_after"))
        | (pl.col("overpaid_before") != pl.col("overpaid_after")))


def _contacts_changed(then: Decisions, now: Decisions) -> pl.DataFrame:
    """One row per late loan and treatment that is judged otherwise, or proposed under one law alone, with what becomes of it: refused, released or otherwise."""
    key, judged = ["loan_id", "treatment"], ["verdict", "rules"]
    columns = ["loan_id", "borrower_id", "product", "currency", "treatment", *judged]
    before, after = (one.candidates.select(columns).with_columns(proposed=pl.lit(True)) for one in (then, now))
    joined = before.join(after, on=key, how="full", suffix="_after", coalesce=True)
    joined = joined.with_columns(pl.coalesce(name, f"{name}_after").alias(name) for name in ("borrower_id", "product", "currency"))
    joined = joined.filter(pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_after")) for name in ("proposed", *judged)))
    was, is_now = pl.col("verdict").eq_missing("deny"), pl.col("verdict_after").eq_missing("deny")
    in_both = pl.col("proposed").eq_missing(pl.col("proposed_after"))  # another treatment releases nothing
    becomes = pl.when(~was & is_now).then(pl.lit("refused")).when(was & ~is_now & in_both).then(pl.lit("released")).otherwise(pl.lit("otherwise"))
    return joined.with_columns(becomes=becomes).select(*columns, "verdict_after", "rules_after", "becomes", "proposed", "proposed_after").sort(key)


def _counted(then: Decisions, now: Decisions) -> pl.DataFrame:
    """Of each regime and currency: loans, loans that change, claimable before and after, caps known before and after."""
    changed = pl.col("claimable_before") != pl.col("claimable_after")
    return _both(then, now).group_by("regime", "currency").agg(
        pl.len().cast(pl.Int64).alias("loans"), changed.sum().cast(pl.Int64).alias("changed_loans"),
        (pl.col("overpaid_after") > pl.col("overpaid_before")).sum().cast(pl.Int64).alias("more_overpaid_loans"),
        (~pl.col("cap_known_before")).sum().cast(pl.Int64).alias("unknown_before"),
        (~pl.col("cap_known_after")).sum().cast(pl.Int64).alias("unknown_after"),
        exact_sum("claimable_before"), exact_sum("claimable_after"),
    )


def _summary(book: str, before: Side, after: Side, as_of: date, known_at: int, counted: pl.DataFrame, changed, judged) -> dict:
    sums = [pl.col(name).sum() if not name.startswith("claimable") else exact_sum(name) for name in counted.columns[2:]]
    by_regime = counted.group_by("regime", "currency").agg(sums).sort("regime", "currency")
    asked = judged.filter(pl.col("verdict").is_not_null() | pl.col("verdict_after").is_not_null())  # the gate is asked of contacts alone
    return {
        "book": book, "as_of": as_of.isoformat(), "known_at": moment_of(known_at).isoformat(),
        "before": _pack(before), "after": _pack(after), "by_regime": by_regime.to_dicts(), "loans_changed": len(changed),
        "people_changed": changed["borrower_id"].n_unique(),
        "contacts": {kind: len(asked.filter(pl.col("becomes") == kind)) for kind in ("refused", "released", "otherwise")},
        "by_rule": [*_by_rule(judged, after, "refused", "rules_after"), *_by_rule(judged, before, "released", "rules")],
        "treatments_changed": judged.filter(pl.col("proposed").ne_missing(pl.col("proposed_after")))["loan_id"].n_unique(),
    }


def _by_rule(judged: pl.DataFrame, side: Side, kind: str, column: str) -> list[dict]:
    """Of each rule that denies: how many contacts it newly refuses, or used to refuse."""
    rows = judged.filter(pl.col("becomes") == kind).with_columns(ground=pl.col(column).str.split("; ")).explode("ground")
    found = []
    for ground in side.gate.grounds:
        loans = len(rows.filter(pl.col("ground") == ground.id))
        if loans and ground.level == 3:
            found.append({"becomes": kind, "rule": ground.id, "source": ground.source, "title_zh": ground.rule.title["zh"],
                          "title_en": ground.rule.title["en"], "loans": loans})
    return found


def _pack(side: Side) -> dict:
    return {"id": side.pack.id, "version": side.pack.version, "digest": side.pack.digest, "title": side.pack.title,
            "hypothetical": strict_yaml.parse(side.pack.texts["pack.yaml"], "pack.yaml").get("hypothetical")}


def summary_lines(summary: dict, folder: Path, lang: str) -> list[str]:
    """What a user reads when the preview is done."""
    from arrears.money import in_major_units

    zh = lang == "zh"
    old, new = (side if isinstance(side, str) else side[0 if zh else 1] for side in sides_of(summary).values())
    lines = [f"{summary['as_of']} 日终：{old} → {new}" if zh else f"End of {summary['as_of']}: {old} -> {new}"]
    lines += [f"  假设，不是法律：{said}" if zh else f"  Hypothetical, not law: {said}" for said in hypotheticals(summary)]
    for row in summary["by_regime"]:
        before, after = (in_major_units(row[f"claimable_{side}"], row["currency"]) for side in ("before", "after"))
        lines.append(f"  {row['regime']} {row['currency']}：{row['loans']:,} 笔，{row['changed_loans']:,} 笔可主张金额改变，{before} → {after}" if zh else
                     f"  {row['regime']} {row['currency']}: {row['loans']:,} loans, the claimable sum of {row['changed_loans']:,} changes, {before} -> {after}")
    contacts = summary["contacts"]
    lines.append(f"  联系：新被拒 {contacts['refused']:,}，新放行 {contacts['released']:,}，其他变化 {contacts['otherwise']:,}" if zh else
                 f"  Contacts: {contacts['refused']:,} newly refused, {contacts['released']:,} released, {contacts['otherwise']:,} judged otherwise")
    for row in summary["by_rule"]:
        said = {"refused": ("新被拒", "newly refused"), "released": ("新放行", "released")}[row["becomes"]]
        lines.append(f"    {row['rule']}：{said[0]} {row['loans']:,} 笔" if zh else f"    {row['rule']}: {row['loans']:,} loans {said[1]}")
    return [*lines, f"报告：{folder / 'report.html'}" if zh else f"Report: {folder / 'report.html'}"]
