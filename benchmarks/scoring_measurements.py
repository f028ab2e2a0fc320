"""What one fresh process does to be measured: `scoring_measurements.py quality NAME DATA_FOLDER TABLES` or `speed ROWS` prints one line of JSON.

Ours goes through the definition of examples/ and `arrears.scoring.fitting`, as `arrears score fit` does; the peers are fitted on the same
rows and measured on the same held-out rows. Nothing is chosen by the held-out rows: settings are the defaults of each.
"""

import json
import sys
import time
import warnings
from dataclasses import asdict
from pathlib import Path

import numpy as np
import polars as pl
from scoring_peers import PEERS, lightgbm_tuned, published_columns, regressions

from arrears.learning.assessment import assessment
from arrears.learning.challenger import compare
from arrears.modelling.definition import definition_from
from arrears.modelling.plain_table import read_table, sample_of
from arrears.modelling.sample import Sample, folds_of
from arrears.scoring.boosted import TreeSettings, fit_booster, trees_of_booster
from arrears.scoring.estimates import estimate, interval, points
from arrears.scoring.families import TARGETS
from arrears.scoring.fitting import fit_model
from arrears.scoring.model import BOOSTED, NUMBER, SCORECARD, Feature
from arrears.scoring.scorecard import fit_scorecard, points_of
from arrears.scoring.tree_sums import raw_of_trees

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SEED = 42
SETS = {
    "uci_card": ("uci_default_credit_card/uci_default_30k.parquet", "uci_card/definition.yaml", "application"),
    "german_credit": ("german_credit/germancredit.parquet", "german_credit/definition.yaml", "application"),
    "sba_charge_off": ("sba_case_ca/sba_case.parquet", "sba_case_ca/charge_off.yaml", "application"),
    "sba_loss": ("sba_case_ca/sba_case.parquet", "sba_case_ca/loss.yaml", "loss"),
    "fines_paid": ("fines.parquet", "traffic_fines/pays.yaml", "collection_cure"),
    "fines_months": ("months.parquet", "traffic_fines/months.yaml", "collection_cure"),
    "bank_contact": ("uci_bank_marketing/bank_additional_full.parquet", "bank_marketing/definition.yaml", "contact"),
}
"""Of each set: its file (of the data folder, or made by examples/traffic_fines/tables.py), its definition, and the model."""


def quality(name: str, data: Path, tables: Path) -> dict:
    """Ours and the peers on the held-out rows of one set, each with intervals, and the differences to ours, paired."""
    file, definition, model = SETS[name]
    path = (tables if "/" not in file else data) / file
    frame = read_table(path)
    text = (EXAMPLES / definition).read_text(encoding="utf-8")
    sample = sample_of(path, frame, TARGETS[model], definition_from(text, definition), [], None)
    outcome = sample.rows["outcome"].to_numpy()[sample.test]
    is_share = TARGETS[model].is_share
    told, found = {}, {}
    for kind in (SCORECARD, BOOSTED):
        begun = time.perf_counter()
        fitted = _fitted(sample, kind, ~sample.test)
        held_out = sample.rows.filter(pl.Series(sample.test))
        told[kind] = estimate(fitted, held_out)
        more = {"interval": interval(fitted, told[kind])} if is_share else {"points": points(fitted, held_out) if kind == SCORECARD else None}
        found[kind] = assessment(outcome, told[kind], seed=SEED, is_share=is_share, **more)["metrics"] | {
            "fit_s": time.perf_counter() - begun, "features": len(fitted.features), "trees": len(fitted.trees.roots) if fitted.trees else None}
    for peer, said in _peers(name, sample, frame):
        told[peer] = said
        found[peer] = assessment(outcome, said, seed=SEED, is_share=is_share)["metrics"]
    pairs = {f"{ours} - {peer}": asdict(compare(outcome, told[peer], told[ours], (peer, ours), is_share))
             for ours in (SCORECARD, BOOSTED) for peer in told if peer != ours}
    rows = {"rows": sample.rows.height, "test_rows": int(sample.test.sum()), "test_events": float(outcome.sum()), "split": sample.how,
            "base_rate": float(sample.rows["outcome"].mean())}
    return {**rows, "models": found, "differences": pairs, "three_folds": _three_folds(sample, frame) if name == "uci_card" else None}


def _fitted(sample: Sample, kind: str, rows: np.ndarray):
    train = sample.rows.filter(pl.Series(rows))
    target = sample.target
    return fit_model(target.name, target.family, kind, train, train["outcome"].to_numpy(), sample.features, sample.seed, target.event_is_bad,
                     target.is_share, folds_of(train["person"])).model


def _peers(name: str, sample: Sample, frame: pl.DataFrame):
    """Name and estimates of each peer: on the features of our definition, and for the published protocol on the file's own columns."""
    features = sample.rows.select(feature.name for feature in sample.features)
    outcome = sample.rows["outcome"].to_numpy()
    for peer, fit in (regressions if sample.target.is_share else PEERS).items():
        yield f"{peer}, our features", fit(features, outcome, sample.test)
    if name == "uci_card":
        columns = published_columns(frame)
        for peer, fit in (PEERS | {"lightgbm_tuned": lightgbm_tuned}).items():
            yield f"{peer}, its columns", fit(columns, outcome, sample.test)


def _three_folds(sample: Sample, frame: pl.DataFrame) -> dict:
    """AUC of three shuffled stratified folds, seed 0, as the published figure of a tuned LightGBM has it: mean and standard deviation."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    outcome = sample.rows["outcome"].to_numpy()
    found: dict[str, list[float]] = {SCORECARD: [], BOOSTED: [], "lightgbm_tuned, its columns": []}
    for _, held in StratifiedKFold(3, shuffle=True, random_state=0).split(outcome, outcome):
        test = np.zeros(len(outcome), np.bool_)
        test[held] = True
        rows = sample.rows.filter(pl.Series(test))
        for kind in (SCORECARD, BOOSTED):
            found[kind].append(roc_auc_score(outcome[test], estimate(_fitted(sample, kind, ~test), rows)))
        found["lightgbm_tuned, its columns"].append(roc_auc_score(outcome[test], lightgbm_tuned(published_columns(frame), outcome, test)))
    return {name: {"mean": float(np.mean(each)), "sd": float(np.std(each)), "folds": each} for name, each in found.items()}


def speed(rows: int) -> dict:
    """Rows a second of trees and points, the library's own beside them, and seconds of a fit; made-up rows, a hundredth of them missing."""
    dice = np.random.default_rng(SEED)
    matrix = dice.normal(size=(rows, 50))
    matrix[dice.random(matrix.shape) < 0.01] = np.nan
    odds = np.nan_to_num(matrix[:, :30]) @ (0.3 * np.sign(dice.normal(size=30))) + np.nan_to_num(matrix[:, 0] * matrix[:, 1]) - 1
    outcome = (dice.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    features = tuple(Feature(f"x{place}", NUMBER, "", "") for place in range(50))
    part = slice(0, min(rows, 150_000))
    found = {"rows": rows}
    for leaves in (15, 31):
        booster = fit_booster(matrix[part], outcome[part], features, SEED, TreeSettings(trees=400, leaves=leaves))
        trees = trees_of_booster(booster)
        columns = np.asfortranarray(matrix)
        raw_of_trees(trees, columns[:5000])
        ours, ours_s = _timed(lambda trees=trees, columns=columns: raw_of_trees(trees, columns))
        library, library_s = _timed(lambda booster=booster: booster.predict(matrix, raw_score=True))
        found[f"trees_{leaves}_leaves"] = {
            "trees": len(trees.roots), "rows_a_second": rows / ours_s, "lightgbm_rows_a_second": rows / library_s,
            "greatest_difference": float(np.abs(ours - library).max())}
    narrow = features[:30]
    frame = pl.DataFrame({feature.name: matrix[part, place] for place, feature in enumerate(narrow)}).fill_nan(None)
    card, fit_s = _timed(lambda: fit_scorecard(frame, outcome[part], narrow, SEED))
    wide = np.asfortranarray(matrix[:, :30])
    points_of(card, wide[:5000], narrow)
    _, points_s = _timed(lambda: points_of(card, wide, narrow))
    return found | {"points": {"features": len(card.bins), "rows_a_second": rows / points_s},
                    "scorecard_fit": {"features": 30, "rows": frame.height, "seconds": fit_s}}


def _timed(work):
    begun = time.perf_counter()
    done = work()
    return done, time.perf_counter() - begun


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    asked = sys.argv[1:]
    print(json.dumps(quality(asked[1], Path(asked[2]), Path(asked[3])) if asked[0] == "quality" else speed(int(asked[1])), default=float))
