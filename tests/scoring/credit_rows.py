"""Rows of an invented lender for the tests of scoring: gaps, infinities, categories of which some are rare, a known truth."""

import numpy as np
import polars as pl

from arrears.scoring.model import CATEGORY, NUMBER, Feature

FEATURES = (
    Feature("times_late", NUMBER, "近6个月逾期次数", "times late in six months", "times", monotone=1),
    Feature("income", NUMBER, "月收入", "monthly income", "minor", monotone=-1),
    Feature("use", NUMBER, "额度使用率", "share of the limit used", "share"),
    Feature("noise", NUMBER, "噪声", "noise"),
    Feature("is_firm", NUMBER, "是否企业", "is a firm", "yes or no"),
    Feature("trade", CATEGORY, "行业", "trade"),
)


def credit_rows(rows: int, seed: int) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """The frame, outcomes of 0 and 1, and the true probability of each row."""
    dice = np.random.default_rng(seed)
    times_late = dice.poisson(1.0, rows).astype(float)
    income = np.round(np.exp(dice.normal(9, 0.6, rows))) * 100
    use = dice.beta(2, 2, rows)
    trade = dice.choice(["retail", "building", "farming", "shipping", "opera"], rows, p=[0.5, 0.3, 0.15, 0.04, 0.01])
    is_firm = dice.random(rows) < 0.3
    logit = -1.8 + 0.7 * np.minimum(times_late, 4) - 0.6 * (np.log(income / 100) - 9) + 3 * (use - 0.5) ** 2 + 0.8 * (trade == "building")
    truth = 1 / (1 + np.exp(-(logit + 0.3 * is_firm)))
    outcome = (dice.random(rows) < truth).astype(float)
    times_late[dice.random(rows) < 0.1] = np.nan
    use[dice.random(rows) < 0.05] = np.inf
    frame = pl.DataFrame(
        {
            "times_late": pl.Series(times_late).fill_nan(None),
            "income": pl.Series(income).cast(pl.Int64),
            "use": use,
            "noise": dice.normal(size=rows),
            "is_firm": is_firm,
            "trade": pl.Series(trade).set(pl.Series(dice.random(rows) < 0.03), None),
        }
    )
    return frame, outcome, truth


def strange_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame's first rows with what no fitting row held: infinities, gaps everywhere, trades never seen."""
    few = frame.head(6)
    return few.with_columns(
        income=pl.Series([1e300, -1e300, float("inf"), float("-inf"), float("nan"), None], dtype=pl.Float64),
        is_firm=pl.Series([True, False, None, None, None, True]),
        noise=pl.Series([None, 0.0, -0.0, float("inf"), 1e-300, None], dtype=pl.Float64),
        trade=pl.Series(["piracy", "", None, "opera", "retail", "RETAIL"]),
    )


def folds_of(rows: int, folds: int = 4) -> np.ndarray:
    """A fold number per row."""
    return np.arange(rows) % folds
