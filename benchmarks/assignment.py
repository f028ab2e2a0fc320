"""How good and how fast cases are given to people, beside a greedy rule and HiGHS on the same question, in one run.

    .venv/bin/python benchmarks/assignment.py [--cases 100000 1000000] [--people 200] [--rounds 3] [--limit 300] [--single 20000] [--out FILE]

Every way runs in a fresh process of its own, in rounds; what each costs is counted by one yardstick, case by case, which is not our solver's. See README.md.
"""

import argparse
import json
import os
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

from night import HERE, _short, _spread, machine, run

WAYS = ("ours", "greedy", "highs_network", "highs_cases")
"""The whole of assign; case by case to whoever costs least; HiGHS on our aggregated network; HiGHS on a variable per case and person."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, nargs="+", default=[20_000, 100_000, 1_000_000], help="numbers of cases")
    parser.add_argument("--people", type=int, default=200, help="people among whom they are divided")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything but HiGHS on single cases is measured")
    parser.add_argument("--limit", type=int, default=300, help="seconds after which HiGHS is stopped")
    parser.add_argument("--single", type=int, default=20_000, help="up to this many cases HiGHS is asked case by case too; 100,000 take it over 8 GB")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "assignment.json", help="the JSON file to write")
    asked = parser.parse_args()
    results = {"measured_on": date.today().isoformat(), "machine": {**machine(), **{name: version(name) for name in ("ortools", "highspy")}},
               "people": asked.people, "rounds": asked.rounds, "highs_limit_s": asked.limit, "load_before": _short(os.getloadavg()[0]), "sizes": []}
    for cases in asked.cases:
        runs = {name: [] for name in WAYS}
        for number in range(1, asked.rounds + 1):
            for name in WAYS:
                if name == "highs_cases" and (number > 1 or cases > asked.single):
                    continue
                done = run([sys.executable, str(HERE / "assignment_measurements.py"), name, str(cases), str(asked.people), str(asked.limit)])
                if done.failed:
                    sys.exit(f"{name} {done.failed}; nothing was written")
                runs[name].append(done)
                print(f"{cases:>9,} cases, round {number}: {name:<14} {done.wall_s:7.2f} s wall {done.peak_bytes / 1e9:5.2f} GB {json.dumps(done.found)}", flush=True)
        measured = {name: _summed(every) for name, every in runs.items() if every}
        ours = measured["ours"]
        for found in measured.values():
            if "cost" in found:
                # Beside what giving costs, not beside the price of leaving cases, which would make any gap look small.
                found["gap"] = _short((found["cost"] - ours["bound"]) / max(1, ours["cost_of_given"]))
        results["sizes"].append({"cases": cases, "measured": measured})
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _summed(every: list) -> dict:
    """Seconds inside the process, the highest peak, and what was found, the same in every round."""
    told = [{name: value for name, value in each.found.items() if not name.endswith("_s")} for each in every]
    assert all(each == told[0] for each in told), "the rounds found different things"
    seconds = {name: _spread([each.found[name] for each in every]) for name in every[0].found if name.endswith("_s")}
    return {"rounds": len(every), "peak_bytes": max(each.peak_bytes for each in every), **seconds, **told[0]}


if __name__ == "__main__":
    begun = time.perf_counter()
    main()
    print(f"{time.perf_counter() - begun:.0f} s", flush=True)
