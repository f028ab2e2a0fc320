"""How the bands of the application model behaved later: what collection learnt flows back to the card."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl

from arrears.delinquency.buckets import read_buckets
from arrears.ingest.judge import judge_book
from arrears.law.caps import read_law
from arrears.learning.measures import wilson
from arrears.modelling.card_page import card_page
from arrears.nightly import local
from arrears.nightly.past import Past
from arrears.nightly.positions import opened
from arrears.refusal import Refused
from arrears.registry import Version
from arrears.scoring.application_features import application_features
from arrears.scoring.estimates import ESTIMATE, estimate
from arrears.store import Book

THEN_DAYS, LATE_DAYS = 30, 30


def card_with_later(book: Book, kept: Version, as_of: date | None, known_at: int | None, report: Callable = lambda *_: None) -> str:
    """The card's page, of an application model with what became of its bands by as_of. Raises Refused where that cannot be said."""
    card = {**kept.card, "digest": kept.digest}
    if as_of is None:
        return card_page(card)
    if kept.model.family != "application" or kept.card["definition"] is not None:
        raise Refused(f"{kept.name} version {kept.version}: only an application model fitted on a book can be followed later on; leave --as-of out",
                      f"{kept.name} 版本 {kept.version}：只有由账册拟合的申请评分卡才能跟踪后续表现；请去掉 --as-of")
    return card_page({**card, "later": later(book, kept, as_of, known_at, report)})


def later(book: Book, kept: Version, as_of: date, known_at: int, report: Callable = lambda *_: None) -> list[dict]:
    """One entry per tenth of the estimates when fitted, the worst for the lender first: what the loans of the band look like at as_of, and what collection
    made of those that were late THEN_DAYS before.

    as_of, band, rows, predicted (mean estimate), observed with low and high (share of the loans at least LATE_DAYS late), late_then (loans late then),
    cured_share (of those, not late now), collected_share (paid since over what was due then).
    """
    edges = np.array(kept.model.reference[ESTIMATE]["splits"])
    law, buckets = read_law(), read_buckets()
    with opened(book.root, as_of, known_at, report) as (laid_out, manifest):
        judge_book(laid_out, manifest, known_at)

        def work(name: str) -> pl.DataFrame:
            return _of_partition(Past.of(laid_out, manifest, name, known_at, law, buckets), kept, as_of)

        parts = []
        for done, found in enumerate(local.each(work, manifest.partitions), start=1):
            parts.append(found)
            report("looking at what came later", done, len(manifest.partitions))
    rows = pl.concat([found for _, found in sorted(parts, key=lambda part: part[0])])
    rows = rows.with_columns(band=pl.Series(np.searchsorted(edges, rows["estimate"].to_numpy(), "right")))
    is_late, was_late = pl.col("days_past_due") >= LATE_DAYS, pl.col("days_then") > 0
    due, paid = pl.col("due_then").cast(pl.Int128).filter(was_late).sum(), pl.col("paid_since").cast(pl.Int128).filter(was_late).sum()
    found = rows.group_by("band").agg(
        rows=pl.len(), predicted=pl.col("estimate").mean(), late=is_late.sum(), late_then=was_late.fill_null(False).sum(),
        cured_share=(pl.col("days_past_due") == 0).filter(was_late).mean(), collected_share=pl.when(due > 0).then(paid / due),
    ).sort("band", descending=kept.model.event_is_bad)
    told = []
    for place, row in enumerate(found.iter_rows(named=True), start=1):
        share = wilson(float(row["late"]), row["rows"])
        told.append({"as_of": as_of.isoformat(), "band": place, "rows": row["rows"], "predicted": row["predicted"], "observed": share.value, "low": share.low, "high": share.high,
                     **{key: row[key] for key in ("late_then", "cured_share", "collected_share")}})
    return told


def _of_partition(past: Past, kept: Version, as_of: date) -> pl.DataFrame:
    """One row per loan disbursed by as_of: its estimate at approval, its position now and THEN_DAYS before."""
    here, then = past.sight(as_of), past.sight(as_of - timedelta(days=THEN_DAYS))
    if here.positions.is_empty():
        return pl.DataFrame(schema=_COLUMNS)
    features = application_features(past.now, here.loans["disbursed_on"].min(), as_of)
    said = features.select("loan_id").with_columns(estimate=pl.Series(estimate(kept.model, features), dtype=pl.Float64))
    before = then.positions.select("loan_id", days_then="days_past_due", due_then="due_total_minor", paid_then="paid_minor")
    whole = here.positions.join(said, on="loan_id", how="inner", maintain_order="left").join(before, on="loan_id", how="left", maintain_order="left")
    return whole.with_columns(paid_since=pl.col("paid_minor") - pl.col("paid_then")).select(*_COLUMNS).cast(_COLUMNS)


_COLUMNS = {"loan_id": pl.String, "estimate": pl.Float64, "days_past_due": pl.Int32, "days_then": pl.Int32, "due_then": pl.Int64, "paid_since": pl.Int64}
