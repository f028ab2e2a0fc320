"""The worklist: one entry per late person and currency, in a stated order."""

import polars as pl

from arrears.money import exact_sum

ORDER_EN = (
    "The most pressing treatment first (as the strategy lists them), then the largest claimable amount, then the most "
    "days past due, then the borrower's id. One person's loans of one currency are one entry."
)
ORDER_EXPECTED_EN = (
    "The most pressing treatment first (as the strategy lists them), then the largest amount expected within 30 days by the released model (the claimable "
    "amount where it says nothing), then the most days past due, then the borrower's id. One person's loans of one currency are one entry."
)
ORDER_EXPECTED_ZH = "先按策略所列处置的紧迫程度，再按已发布模型预计 30 天内收回的金额由大到小（模型未评估的按可主张金额），再按逾期天数由多到少，最后按借款人编号。同一人同一币种的贷款合为一条。"
ORDER_ZH = "先按策略所列处置的紧迫程度，再按可主张金额由大到小，再按逾期天数由多到少，最后按借款人编号。同一人同一币种的贷款合为一条。"

WORKLIST = (
    "rank", "borrower_id", "loan_id", "late_loans", "bucket", "days_past_due", "product", "currency",
    "claimable_minor", "treatment", "rule", "reason_zh", "reason_en", "channel", "verdict", "rules",
    "expected_minor", "pay_probability", "score_reasons", "reach_channel", "reach_hour", "reach_probability",
    "segment", "options", "chosen_by", "worth_minor", "offer", "experiment", "arm", "propensity", "held_by",
)
ENTRY = (
    "loan_id", "bucket", "days_past_due", "product", "rule", "reason_zh", "reason_en", "pay_probability", "score_reasons", "reach_channel", "reach_hour",
    "reach_probability", "segment", "kind", "frequency", "limits", "experiment", "arm", "propensity", "region", "language",
)
"""What an entry takes from the loan that leads."""


def gather(proposals: pl.DataFrame, candidates: pl.DataFrame, saved: pl.DataFrame, treatments: tuple[str, ...]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per person and currency of whom the gate leaves something to do, and one row per entry and treatment that may be chosen for it.

    proposals: one row per late loan, all of a person among them. candidates: one row per loan and treatment that the gate does not refuse: loan_id, treatment,
    channel, verdict, rules. saved: the same columns, of what rows of restraint keep from being done. treatments: most pressing first. Of a person's loans the one with the most pressing treatment leads, then the longest late, then the
    largest, then by its name; the amounts of all that may still be treated are summed. expected_minor is null where no model said it of every one of them; saved: what would have been done about the leading loan but for restraint; offer:
    that of the person's longest late loan, whichever leads.
    options: entry (UInt32, the row of the entries), treatment (UInt8, its place), channel, verdict, rules; by entry, most pressing first.
    """
    place = pl.col("treatment").replace_strict(list(treatments), range(len(treatments)), return_dtype=pl.UInt8)
    lawful = candidates.select("loan_id", place, "channel", "verdict", "rules")
    pressing = lawful.group_by("loan_id").agg(pl.col("treatment").min().alias("pressing"))
    led = proposals.join(pressing, on="loan_id", how="inner").sort(["pressing", -pl.col("days_past_due"), -pl.col("claimable_minor"), pl.col("loan_id")])
    entries = led.group_by("borrower_id", "currency", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("late_loans"), exact_sum("claimable_minor"),
        pl.when(pl.col("expected_minor").is_not_null().all()).then(exact_sum("expected_minor")).alias("expected_minor"),
        pl.col(ENTRY).first(),
        pl.col("last_touched_on").max(),
    ).sort("borrower_id", "currency")
    entries = entries.join(_offers(proposals), on=["borrower_id", "currency"], how="left", maintain_order="left")
    entries = entries.join(saved.sort(place).unique("loan_id", keep="first", maintain_order=True).select("loan_id", pl.col("treatment").alias("saved")),
                           on="loan_id", how="left", maintain_order="left")
    leads = entries.select("loan_id", pl.int_range(pl.len(), dtype=pl.UInt32).alias("entry"))
    options = lawful.join(leads, on="loan_id", how="inner").select("entry", "treatment", "channel", "verdict", "rules").sort("entry", "treatment")
    return entries, options


def _offers(proposals: pl.DataFrame) -> pl.DataFrame:
    """borrower_id, currency, offer: that of the person's longest late loan, then the largest, whatever is proposed about it, so that no prediction, arm or
    verdict moves an offer (个人信息保护法 24).
    """
    first = proposals.sort([-pl.col("days_past_due"), -pl.col("claimable_minor"), pl.col("loan_id")])
    return first.unique(["borrower_id", "currency"], keep="first", maintain_order=True).select("borrower_id", "currency", "offer")


def with_whereabouts(late: pl.DataFrame, whereabouts: pl.DataFrame) -> pl.DataFrame:
    """The rows with region and language of the person, null where nobody knows: who can visit, and who can speak to them. No condition of a strategy reads these."""
    found = whereabouts if whereabouts.columns else pl.DataFrame(schema={"borrower_id": pl.String})
    missing = [pl.lit(None, pl.String).alias(name) for name in ("region", "language") if name not in found.columns]
    return late.join(found.with_columns(missing).select("borrower_id", "region", "language"), on="borrower_id", how="left", maintain_order="left")


def rank(chosen: pl.DataFrame, treatments: tuple[str, ...]) -> pl.DataFrame:
    """The entries, each with its treatment, in the stated order, numbered from 1: ORDER_EXPECTED_EN where a model said what is expected, else ORDER_EN."""
    ordered = chosen.sort([
        _pressing(treatments), -pl.coalesce("expected_minor", "claimable_minor"), -pl.col("days_past_due"), pl.col("borrower_id"), pl.col("currency"),
    ])
    return ordered.with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64)).select(WORKLIST)


def _pressing(treatments: tuple[str, ...]) -> pl.Expr:
    return pl.col("treatment").replace_strict(
        list(treatments), range(len(treatments)), return_dtype=pl.Int8
    )
