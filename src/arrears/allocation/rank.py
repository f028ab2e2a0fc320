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
)


def gather(proposals: pl.DataFrame, treatments: tuple[str, ...]) -> pl.DataFrame:
    """One row per person and currency: the most pressing of their loans leads, the amounts are summed.

    proposals: one row per late loan that the gate does not refuse; all such loans of a person must be among them. treatments: most pressing first.
    expected_minor is null where no model said it of every one of them; pay_probability and its reasons are the leading loan's.
    """
    pressing = _pressing(treatments)
    led = proposals.sort([pressing, -pl.col("days_past_due"), -pl.col("claimable_minor"), pl.col("loan_id")])
    return led.group_by("borrower_id", "currency", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("late_loans"), exact_sum("claimable_minor"),
        pl.when(pl.col("expected_minor").is_not_null().all()).then(exact_sum("expected_minor")).alias("expected_minor"),
        pl.col("loan_id", "bucket", "days_past_due", "product", "treatment", "rule", "reason_zh", "reason_en", "channel", "verdict", "rules", "pay_probability",
               "score_reasons", "reach_channel", "reach_hour", "reach_probability").first(),
    ).sort("borrower_id", "currency")


def rank(entries: pl.DataFrame, treatments: tuple[str, ...]) -> pl.DataFrame:
    """The entries in the stated order, numbered from 1: ORDER_EXPECTED_EN where a model said what is expected, else ORDER_EN."""
    ordered = entries.sort([
        _pressing(treatments), -pl.coalesce("expected_minor", "claimable_minor"), -pl.col("days_past_due"), pl.col("borrower_id"), pl.col("currency"),
    ])
    return ordered.with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64)).select(WORKLIST)


def _pressing(treatments: tuple[str, ...]) -> pl.Expr:
    return pl.col("treatment").replace_strict(
        list(treatments), range(len(treatments)), return_dtype=pl.Int8
    )
