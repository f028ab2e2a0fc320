"""How fast the gate is: a night's proposals, the screen alone, one contact at its moment; beside zen-engine with the same rules.

    .venv/bin/python benchmarks/gate.py [--people 1000000] [--contacts 3000000] [--records 20000] [--rounds 3] [--out FILE]

A round measures, each in a fresh process: the screen on ready columns, the gate of a night on ready frames, zen-engine record by
record on some of the same people (the same grounds and verdicts, or the run ends), and single answers. See README.md for how to
install zen-engine; nothing else needs it.
"""

import argparse
import json
import os
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

# Nothing heavy is imported here: what this process holds when it starts a child counts as the child's own peak memory.
from night import HERE, Run, _short, _spread, machine, run

MEASURED = ("screen_alone", "night_of_proposals", "zen_engine", "single")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000_000, help="proposals, one per person")
    parser.add_argument("--contacts", type=int, default=3_000_000, help="past contacts of all of them together")
    parser.add_argument("--records", type=int, default=20_000, help="people of whom zen-engine is asked")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "gate.json", help="the JSON file to write")
    asked = parser.parse_args()
    loads, runs = [], {name: [] for name in MEASURED}
    for number in range(1, asked.rounds + 1):
        loads.append(_short(os.getloadavg()[0]))
        for name in MEASURED:
            done = run([sys.executable, str(HERE / "gate_measurements.py"), name, str(asked.people), str(asked.contacts), str(asked.records)])
            if done.failed:
                sys.exit(f"{name} {done.failed}; nothing was written")
            runs[name].append(done)
            print(f"round {number}: {name:<18} {done.wall_s:7.2f} s wall {done.peak_bytes / 1e9:5.2f} GB {json.dumps(done.found)}", flush=True)
    measured = {name: {"peak_bytes": max(each.peak_bytes for each in every)} for name, every in runs.items()}
    for name in ("screen_alone", "night_of_proposals"):
        measured[name] |= _speed([each.found for each in runs[name]], asked.people)
    measured["zen_engine"] |= _of_zen(runs["zen_engine"], asked.records)
    measured["single"] |= _of_answers(runs["single"])
    fastest = max(way["rows_a_second"]["median"] for way in measured["zen_engine"]["ways"].values())
    results = {
        "measured_on": date.today().isoformat(), "machine": {**machine(), "zen-engine": version("zen-engine")}, "people": asked.people,
        "contacts": asked.contacts, "records": asked.records, "rounds": asked.rounds, "load_before_rounds": loads, "measured": measured,
        "times_zen_engine": {name: _short(measured[name]["rows_a_second"]["median"] / fastest) for name in ("screen_alone", "night_of_proposals")},
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _speed(found: list[dict], rows: int) -> dict:
    """Seconds on the wall and of the processor inside the process, rows a second, and what was found, the same in every round."""
    told = [{name: value for name, value in each.items() if not name.endswith("_s")} for each in found]
    assert all(each == told[0] for each in told), "the rounds found different things"
    return {
        "inside_s": _spread([each["inside_s"] for each in found]), "inside_cpu_s": _spread([each["inside_cpu_s"] for each in found]),
        "rows_a_second": _spread([rows / each["inside_s"] for each in found]), "found": told[0],
    }


def _of_zen(runs: list[Run], records: int) -> dict:
    ways = {way: _speed([each.found["ways"][way] for each in runs], records) for way in runs[0].found["ways"]}
    return {"ways": {way: {name: value for name, value in speed.items() if name != "found"} for way, speed in ways.items()},
            "found": {name: value for name, value in runs[0].found.items() if name != "ways"}}


def _of_answers(runs: list[Run]) -> dict:
    """Of each verdict the calls of a round, and milliseconds: the median call, the hundredth slowest, the slowest."""
    answers = [each.found["answers"] for each in runs]
    return {verdict: {"calls": answers[0][verdict]["calls"], **{
        name: _spread([each[verdict][name] for each in answers]) for name in ("median_ms", "p99_ms", "most_ms")}} for verdict in answers[0]}


if __name__ == "__main__":
    main()
