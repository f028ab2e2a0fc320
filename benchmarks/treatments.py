"""How near the best and how fast treatments are chosen under limits, beside HiGHS and beside greedy.

    .venv/bin/python benchmarks/treatments.py [--persons 1000000] [--highs 100000] [--highs-seconds 300] [--rounds 3] [--out FILE]

Each part in a fresh process, in turn A B C, A B C: `prices` is `arrears.allocation.choose.choose` on all persons and on as many as HiGHS gets; `highs` is the
relaxation by HiGHS' interior point method; `greedy` takes the greatest value, or value per share of the limits, first. See README.md.
"""

import argparse
import json
import os
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
from night import HERE, _short, _spread, machine, run

SEED, TREATMENTS, LIMITS = 1, 8, 6
TARGETS = {"gap": 0.0005, "seconds": 10.0}


def book(persons: int) -> dict:
    """Made-up persons, each with own minutes, cost and complaints for each of eight treatments, and six limits: minutes, senior minutes, minutes of visits,
    cost, complaints (per million), and a minimum of contacts by people for a fifth of them. The numbers are no one's; they make four limits bind.
    """
    dice = np.random.default_rng(SEED)
    amount = np.exp(dice.normal(np.log(300_000), 1.1, persons)).astype(np.int64) + 1_000
    minutes, cost = np.array([20, 20, 90, 12, 6, 1, 0, 0]), np.array([3_000, 500, 15_000, 900, 300, 60, 4, 0])
    sense = dice.random(persons)
    effect = np.array([0.10, 0.04, 0.22, 0.16, 0.12, 0.05, 0.03, 0.0]) * dice.uniform(0.3, 1.7, (persons, TREATMENTS)) * (1.2 - sense)[:, None]
    taken = np.rint(minutes * dice.uniform(0.6, 1.4, (persons, TREATMENTS))).astype(np.int64)
    usage = np.zeros((LIMITS, persons, TREATMENTS), np.int64)
    usage[0][:, [3, 4]], usage[1][:, 3], usage[2][:, 2] = taken[:, [3, 4]], taken[:, 3], taken[:, 2]
    usage[3] = np.rint(cost * dice.uniform(0.9, 1.1, (persons, TREATMENTS)))
    usage[4] = np.array([300, 100, 900, 400, 250, 80, 40, 0]) * dice.uniform(0.5, 1.5, (persons, TREATMENTS))
    usage[5][sense > 0.8, 2:6] = 1
    allowed = dice.random((persons, TREATMENTS)) < 0.8
    allowed[:, -1] = True
    return {
        "value": np.rint(amount[:, None] * effect).astype(np.int64) - usage[3], "allowed": allowed, "kind": np.arange(persons, dtype=np.int32), "usage": usage,
        "most": np.array([persons * 3 // 2, persons * 3 // 10, persons, persons * 250, persons * 60, 2**63 - 1], np.int64),
        "least": np.array([0, 0, 0, 0, 0, int((sense > 0.8).sum()) * 3 // 10], np.int64),
    }


def prices(persons: int, seconds: float) -> dict:
    """Ours; compiling is not counted, a thousand persons are chosen for first."""
    from arrears.allocation.choose import choose

    choose(**book(1_000))
    made = book(persons)
    begun = time.perf_counter()
    chosen = choose(**made)
    took = time.perf_counter() - begun
    return {"inside_s": took, "reached_minor": chosen.reached_minor, "bound_minor": chosen.bound_minor, "gap": chosen.gap, "prices": chosen.prices.tolist(),
            "used": chosen.used.tolist(), "most": made["most"].tolist(), "least": made["least"].tolist()}


def highs(persons: int, seconds: float) -> dict:
    """The relaxation, which may split a person among treatments: its worth is a bound, no choice. Building its matrix is not counted."""
    import highspy

    made = book(persons)
    entry, treatment = np.nonzero(made["allowed"])
    counted = made["usage"][:, entry, treatment]
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(entry), persons + LIMITS
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = -made["value"][entry, treatment].astype(float), np.zeros(len(entry)), np.ones(len(entry))
    lp.row_lower_ = np.concatenate([np.ones(persons), made["least"].astype(float)])
    lp.row_upper_ = np.concatenate([np.ones(persons), np.where(made["most"] == 2**63 - 1, highspy.kHighsInf, made["most"].astype(float))])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.arange(0, len(entry) * (1 + LIMITS) + 1, 1 + LIMITS)
    lp.a_matrix_.index_ = np.vstack([entry, *(np.full(len(entry), persons + limit) for limit in range(LIMITS))]).T.ravel()
    lp.a_matrix_.value_ = np.vstack([np.ones(len(entry)), counted]).T.ravel().astype(float)
    solver = highspy.Highs()
    solver.silent()
    for option, setting in (("solver", "ipm"), ("run_crossover", "off"), ("time_limit", seconds)):
        solver.setOptionValue(option, setting)
    solver.passModel(lp)
    begun = time.perf_counter()
    solver.run()
    took = time.perf_counter() - begun
    is_done = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return {"inside_s": took, "is_done": is_done, "relaxed_minor": -solver.getInfo().objective_function_value if is_done else None}


def greedy(persons: int, seconds: float) -> dict:
    """The greatest first, while it fits: once by value, once by value per share of the limits; the better of both. It looks at no minimum; what it misses is told."""
    made = book(persons)
    begun = time.perf_counter()
    share = sum(made["usage"][limit] / made["most"][limit] for limit in range(LIMITS - 1))
    usage, most = np.ascontiguousarray(made["usage"].transpose(1, 2, 0)), made["most"]
    found = []
    for key in (made["value"].astype(float), made["value"] / (share + 1 / persons)):
        key = np.where(made["allowed"] & (made["value"] > 0), key, -np.inf)
        key[:, -1] = -np.inf
        choice, used = np.full(persons, TREATMENTS - 1), np.zeros(LIMITS, np.int64)
        for place in np.argsort(-key.ravel(), kind="stable")[: int(np.isfinite(key).sum())].tolist():
            person, treatment = divmod(place, TREATMENTS)
            if choice[person] == TREATMENTS - 1 and (used + usage[person, treatment] <= most).all():
                choice[person] = treatment
                used += usage[person, treatment]
        found.append((int(made["value"][np.arange(persons), choice].sum()), int(max(0, made["least"][-1] - used[-1]))))
    reached, short = max(found)
    return {"inside_s": time.perf_counter() - begun, "reached_minor": reached, "short_of_minimum": short, "reached_by_value_and_by_share": [worth for worth, _ in found]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=1_000_000, help="how many persons are chosen for")
    parser.add_argument("--highs", type=int, default=100_000, help="how many of them HiGHS and greedy get")
    parser.add_argument("--highs-seconds", type=float, default=300.0, help="when HiGHS is stopped")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "treatments.json", help="the JSON file to write")
    asked = parser.parse_args()
    load = _short(os.getloadavg()[0])
    parts = {"prices": ("prices", asked.persons), "prices_few": ("prices", asked.highs), "highs_few": ("highs", asked.highs), "greedy_few": ("greedy", asked.highs)}
    found: dict[str, list] = {name: [] for name in parts}
    for _ in range(asked.rounds):
        for name, (part, persons) in parts.items():
            done = run([sys.executable, str(Path(__file__)), "--part", part, str(persons), str(asked.highs_seconds)])
            if done.failed:
                sys.exit(f"{name} {done.failed}; nothing was written")
            found[name].append({**done.found, "peak_bytes": done.peak_bytes})
            print(f"{name:<12} {done.found['inside_s']:8.2f} s  {done.found}", flush=True)
    measured = {name: {**each[0], "inside_s": _spread([one["inside_s"] for one in each]), "peak_bytes": max(one["peak_bytes"] for one in each)} for name, each in found.items()}
    for name, each in found.items():
        if name.startswith("prices") and len({json.dumps([one["reached_minor"], one["bound_minor"], one["prices"]]) for one in each}) != 1:
            sys.exit(f"{name}: the rounds differ; nothing was written")
    bound, relaxed = measured["prices_few"]["bound_minor"], measured["highs_few"]["relaxed_minor"]
    results = {
        "measured_on": date.today().isoformat(), "machine": {**machine(), "highspy": version("highspy")}, "load_before": load, "targets": TARGETS,
        "persons": asked.persons, "persons_few": asked.highs, "treatments": TREATMENTS, "limits": LIMITS, "rounds": asked.rounds, "measured": measured,
        "bound_over_relaxation": (bound - relaxed) / relaxed if relaxed else None, "greedy_below_bound": 1 - measured["greedy_few"]["reached_minor"] / bound,
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--part"]:
        print(json.dumps({"prices": prices, "highs": highs, "greedy": greedy}[sys.argv[2]](int(sys.argv[3]), float(sys.argv[4]))))
    else:
        main()
