"""How the bands of the application model behaved later: what collection learnt flows back to the card."""

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl

from arrears.delinquency.buckets import read_buckets
from arrears.ingest.judge import judge_book
from arrears.law.caps import read_law
from arrears.modelling.card_page import card_page
from arrears.nightly import local
from arrears.nightly.past import Past
from arrears.nightly.positions import opened
from arrears.refusal import Refused
from arrears.registry import Version
from arrears.scoring.application_features import application_features
from arrears.scoring.estimates import ESTIMATE, estimate
from arrears.store import Book


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
    """One entry per tenth of the estimates when fitted, the worst for the lender first: loans, disbursed_minor, mean_estimate, late_loans and late30_loans at
    as_of, outstanding_late30_minor, paid_share (of the loans that are due or were late, paid_minor over what they were lent).
    """
    edges = np.array(kept.model.reference[ESTIMATE]["splits"])
    law, buckets = read_law(), read_buckets()
    with opened(book.root, as_of, known_at, report) as (laid_out, manifest):
        judge_book(laid_out, manifest, known_at)

        def work(name: str) -> pl.DataFrame:
            past = Past.of(laid_out, manifest, name, known_at, law, buckets)
            here = past.sight(as_of)
            if here.positions.is_empty():
                return pl.DataFrame(schema=_COLUMNS)
            features = application_features(past.now, here.loans["disbursed_on"].min(), as_of)
            said = features.select("loan_id").with_columns(estimate=pl.Series(estimate(kept.model, features), dtype=pl.Float64))
            whole = pl.concat([here.positions, here.loans.drop("loan_id")], how="horizontal").join(said, on="loan_id", how="inner")
            return whole.select(_COLUMNS.keys()).cast(_COLUMNS)

        parts = []
        for done, (_, found) in enumerate(local.each(work, manifest.partitions), start=1):
            parts.append(found)
            report("looking at what came later", done, len(manifest.partitions))
    rows = pl.concat(parts)
    rows = rows.with_columns(band=pl.Series(np.searchsorted(edges, rows["estimate"].to_numpy(), "right")))
    late30 = pl.col("days_past_due") >= 30
    found = rows.group_by("band").agg(
        loans=pl.len(), mean_estimate=pl.col("estimate").mean(), late_share=(pl.col("days_past_due") > 0).mean(), late30_share=late30.mean(),
        late30_outstanding_share=pl.when(late30).then(pl.col("outstanding_principal_minor")).otherwise(0).cast(pl.Int128).sum() / pl.col("disbursed_minor").cast(pl.Int128).sum(),
    ).sort("band", descending=kept.model.event_is_bad)
    return [{"band": place, **{key: value for key, value in row.items() if key != "band"}} for place, row in enumerate(found.iter_rows(named=True), start=1)]


_COLUMNS = {"loan_id": pl.String, "estimate": pl.Float64, "days_past_due": pl.Int32, "outstanding_principal_minor": pl.Int64, "disbursed_minor": pl.Int64}
