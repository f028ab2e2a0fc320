"""How fast a table of 30 rows finds the first that fits, over 5,000,000 late loans; beside zen-engine and Polars' when/then with the same table.

    .venv/bin/python benchmarks/decision_table.py [--loans 5000000] [--records 20000] [--rounds 3] [--out FILE]

A round measures, each in a fresh process: the table on one thread, the table partition by partition on the threads of a night, a chain of when/then in
Polars, and zen-engine record by record on some of the same loans. All must choose the same rows, or the run ends. See README.md for how to install
zen-engine; nothing else needs it. Making the loans up and compiling is not counted.
"""

import argparse
import json
import os
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

# Nothing heavy is imported here: what this process holds when it starts a child counts as the child's own peak memory.
from night import HERE, _short, _spread, machine, run

MEASURED = ("one_thread", "threads_of_a_night", "polars_when_then", "zen_engine")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loans", type=int, default=5_000_000, help="late loans, a row each")
    parser.add_argument("--records", type=int, default=20_000, help="loans of which zen-engine is asked")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "decision_table.json", help="the JSON file to write")
    asked = parser.parse_args()
    loads, runs = [], {name: [] for name in MEASURED}
    for number in range(1, asked.rounds + 1):
        loads.append(_short(os.getloadavg()[0]))
        for name in MEASURED:
            done = run([sys.executable, str(HERE / "decision_table_measurements.py"), name, str(asked.loans), str(asked.records)])
            if done.failed:
                sys.exit(f"{name} {done.failed}; nothing was written")
            runs[name].append(done)
            print(f"round {number}: {name:<18} {done.wall_s:7.2f} s wall {done.peak_bytes / 1e9:5.2f} GB {json.dumps(done.found)}", flush=True)
    measured = {}
    for name, every in runs.items():
        peak = {"peak_bytes": max(each.peak_bytes for each in every)}
        if name == "zen_engine":
            ways = every[0].found["ways"]
            measured[name] = peak | {"ways": {way: _speed([each.found["ways"][way] for each in every], asked.records) for way in ways}}
        else:
            measured[name] = peak | _speed([each.found for each in every], asked.loans)
            assert len({each.found["chosen"] for each in every} | {runs["one_thread"][0].found["chosen"]}) == 1, f"{name} chose other rows"
    ours = measured["threads_of_a_night"]["rows_a_second"]["median"]
    fastest = max(way["rows_a_second"]["median"] for way in measured["zen_engine"]["ways"].values())
    results = {
        "measured_on": date.today().isoformat(), "machine": {**machine(), "zen-engine": version("zen-engine")}, "loans": asked.loans, "records": asked.records,
        "rounds": asked.rounds, "rows_of_table": runs["one_thread"][0].found["rows_of_table"], "load_before_rounds": loads, "measured": measured,
        "times_zen_engine": _short(ours / fastest), "times_polars": _short(ours / measured["polars_when_then"]["rows_a_second"]["median"]),
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _speed(found: list[dict], rows: int) -> dict:
    """Seconds on the wall and of the processor inside the process, and rows a second."""
    return {"inside_s": _spread([each["inside_s"] for each in found]), "inside_cpu_s": _spread([each["inside_cpu_s"] for each in found]),
            "rows_a_second": _spread([rows / each["inside_s"] for each in found])}


if __name__ == "__main__":
    main()
