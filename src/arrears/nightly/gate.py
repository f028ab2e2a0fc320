"""What the gate said of a night's proposals, rule by rule, for the summary and the report."""

import polars as pl

from arrears.compliance.screen import Prepared
from arrears.law.lender import Lender
from arrears.law.rules import VERDICTS
from arrears.money import total

_KEPT = ("loan_id", "borrower_id", "bucket", "days_past_due", "product", "currency", "claimable_minor", "treatment", "rule", "channel",
         "verdict", "rules", "is_covered")
_REFUSED_SHOWN = 50


def spoken_of(proposals: pl.DataFrame) -> pl.DataFrame:
    """The contacts of which a rule speaks or which the pack does not cover: one row per loan and treatment, with its rules; refused ones among them."""
    return proposals.filter(pl.col("verdict").is_not_null() & ((pl.col("verdict") != "allow") | (pl.col("rules") != ""))).select(_KEPT)


def gate_summary(spoken: pl.DataFrame, gate: Prepared, lender: Lender, products: list[str]) -> dict:
    """Counts by verdict, and by rule: people, loans and what may be demanded of them, by currency; the strictest rule first.

    A contact of which two rules speak counts under both; a loan counts once, however many contacts were asked about. contact_at: the hour of the next day at which contacts were taken to begin.
    products: those of the book. refused: the first refused loans, the largest claims first.
    """
    by_rule = spoken.with_columns(ground=pl.col("rules").str.split("; ")).explode("ground").filter(pl.col("ground") != "")
    rows = []
    for ground in gate.grounds:
        mine = by_rule.filter(pl.col("ground") == ground.id).unique("loan_id", keep="first", maintain_order=True)
        if len(mine):
            rows.append({
                "rule": ground.id, "verdict": VERDICTS[ground.level], "title_zh": ground.rule.title["zh"], "title_en": ground.rule.title["en"],
                "source": ground.source, "people": mine["borrower_id"].n_unique(), "loans": len(mine), "claimable_minor": _by_currency(mine),
            })
    verdicts = {verdict: spoken.filter(pl.col("verdict") == verdict)["borrower_id"].n_unique() for verdict in VERDICTS[1:]}
    return {"lender": lender.id, "lender_is_known": lender.is_known, "pack": gate.pack.id, "pack_version": gate.pack.version,
            "contact_at": f"{lender.contact_minute // 60:02d}:{lender.contact_minute % 60:02d}",
            "people": verdicts, "refused_loans": spoken.filter(pl.col("verdict") == "deny")["loan_id"].n_unique(), "rules": rows,
            "uncovered_loans": spoken.filter(~pl.col("is_covered"))["loan_id"].n_unique(), "refused": _refused(spoken),
            "by_other_product": sorted(set(products) - lender.products.keys()) if lender.is_known else [],
            "other_product": lender.other_product}


def _refused(spoken: pl.DataFrame) -> list[dict]:
    denied = spoken.filter(pl.col("verdict") == "deny").unique("loan_id", keep="first", maintain_order=True)
    rows = denied.sort(["claimable_minor", "loan_id"], descending=[True, False]).head(_REFUSED_SHOWN)
    return rows.select("borrower_id", "loan_id", "treatment", "currency", "claimable_minor", "rules").to_dicts()


def _by_currency(rows: pl.DataFrame) -> dict[str, int]:
    return {currency: total(rows.filter(pl.col("currency") == currency)["claimable_minor"]) for currency in sorted(rows["currency"].unique())}
