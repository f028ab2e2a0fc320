"""Cases given within minutes, on the public instances of generalised assignment, beside CP-SAT and a greedy rule.

    .venv/bin/python benchmarks/generalised_assignment.py [--data FOLDER] [--instances NAME ...] [--effort 60] [--seconds 60] [--out FILE]

Types c, d and e of the OR-Library, 5 to 20 people and 100 to 400 cases, least cost. Each way and instance in a fresh process, one after the other; compiling
is not counted. `bounds.txt` has a proven lower bound and the best known cost: gap_percent is above the lower bound, above_best_percent above the best known.
CP-SAT gets --seconds on two workers; ours has no clock, it makes at most --effort rounds. Both end early where they have proven the optimum.
"""

import argparse
import json
import os
import sys
import time
import zipfile
from datetime import date
from importlib.metadata import version
from pathlib import Path

from night import HERE, _short, machine, run

DATA = HERE.parents[1] / "shared" / "data" / "gap_orlib"
SIZES = ("05100", "05200", "10100", "10200", "10400", "20100", "20200", "20400")
INSTANCES = tuple(kind + size for kind in "cde" for size in SIZES)
WAYS = ("by_minutes", "cp_sat", "greedy")
TARGET_PERCENT, TARGET_S = 0.1, 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the instances and bounds.txt")
    parser.add_argument("--instances", nargs="*", default=list(INSTANCES), help="which instances")
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=WAYS, help="which ways")
    parser.add_argument("--effort", type=int, default=60, help="rounds of ours")
    parser.add_argument("--seconds", type=float, default=TARGET_S, help="seconds of CP-SAT")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "generalised_assignment.json", help="the JSON file to write")
    asked = parser.parse_args()
    load, known, found = _short(os.getloadavg()[0]), bounds(asked.data), {}
    for name in asked.instances:
        lower, best = known[name]
        found[name] = {"lower_bound": lower, "best_known": best}
        for way in asked.ways:
            done = run([sys.executable, __file__, "--one", way, name, str(asked.data), str(asked.effort), str(asked.seconds)])
            if done.failed:
                sys.exit(f"{way} on {name} {done.failed}; nothing was written")
            found[name][way] = _beside(done.found, lower, best)
            print(f"{name} {way:<10} cost {done.found['cost']} bound {done.found.get('bound')} in {done.found['seconds']:.1f} s, gap {found[name][way].get('gap_percent')} %", flush=True)
    results = {
        "measured_on": date.today().isoformat(), "machine": {**machine(), "ortools": version("ortools")}, "load_before": load, "effort": asked.effort,
        "cp_sat_seconds": asked.seconds, "instances": found, "means": {way: means([each[way] for each in found.values()]) for way in asked.ways},
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    for way, figures in results["means"].items():
        print(way, figures)


def _beside(figures: dict, lower: int, best: int) -> dict:
    """The figures of one way, with its gaps in per cent; without them where it found no assignment."""
    figures = {**figures, **{each: _short(figures[each]) for each in ("seconds", "processor_seconds") if each in figures}}
    if figures["cost"] is None:
        return figures
    return {**figures, "gap_percent": round(100 * (figures["cost"] / lower - 1), 4), "above_best_percent": round(100 * (figures["cost"] / best - 1), 4)}


def means(figures: list[dict]) -> dict:
    """Means over the instances that were solved, and how many were; the target is met where all were, at the mean, in time."""
    solved = [each for each in figures if each["cost"] is not None]
    if not solved:
        return {"solved": 0}
    gap, slowest = sum(each["gap_percent"] for each in solved) / len(solved), max(each["seconds"] for each in figures)
    used = [each["processor_seconds"] for each in figures if "processor_seconds" in each]
    return {
        **({"processor_seconds_mean": _short(sum(used) / len(used)), "processor_seconds_most": max(used)} if used else {}),
        "solved": len(solved), "gap_percent": round(gap, 4), "above_best_percent": round(sum(each["above_best_percent"] for each in solved) / len(solved), 4),
        "greatest_gap_percent": max(each["gap_percent"] for each in solved), "seconds_mean": _short(sum(each["seconds"] for each in figures) / len(figures)),
        "seconds_most": slowest, "meets_target": len(solved) == len(figures) and gap <= TARGET_PERCENT and slowest <= TARGET_S,
    }


def bounds(folder: Path) -> dict[str, tuple[int, int]]:
    """(lower bound, best known) of the least cost of each instance; lines ending in _Max are of another question."""
    lines = [line.split() for line in (folder / "bounds.txt").read_text(encoding="utf-8").splitlines() if "_Min" in line]
    return {name.removesuffix("_Min"): (int(lower), int(best)) for name, lower, best in lines}


def read(folder: Path, name: str):
    """(cost[A, J], minutes[A, J], within[A]) of an instance."""
    import numpy as np

    with zipfile.ZipFile(folder / f"{name}.zip") as packed:
        figures = np.array(packed.read(packed.namelist()[0]).split(), np.int64)
    people, cases = figures[:2]
    cost, minutes = figures[2 : 2 + 2 * people * cases].reshape(2, people, cases)
    return cost, minutes, figures[2 + 2 * people * cases :]


def by_minutes(cost, minutes, within, effort: int, _: float) -> dict:
    from arrears.allocation.by_minutes import assign_by_minutes

    # Every loop is compiled by some rounds on the instance itself.
    assign_by_minutes(cost, minutes, within, effort=min(effort, 9))
    begun, used = time.perf_counter(), time.process_time()
    found = assign_by_minutes(cost, minutes, within, effort=effort)
    seconds, used = time.perf_counter() - begun, time.process_time() - used
    return {"holder": found.holder.tolist(), "cost": found.cost, "bound": found.bound, "rounds": found.rounds, "seconds": seconds, "processor_seconds": used}


def cp_sat(cost, minutes, within, _: int, seconds: float) -> dict:
    """One Boolean per pair; the time of making the model counts, as does ours."""
    from ortools.sat.python import cp_model

    begun = time.perf_counter()
    people, cases = cost.shape
    model = cp_model.CpModel()
    given = [[model.new_bool_var("") for _ in range(cases)] for _ in range(people)]
    for case in range(cases):
        model.add_exactly_one(given[person][case] for person in range(people))
    for person in range(people):
        model.add(sum(int(minutes[person, case]) * given[person][case] for case in range(cases)) <= int(within[person]))
    model.minimize(sum(int(cost[person, case]) * given[person][case] for person in range(people) for case in range(cases)))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 2
    status = solver.solve(model)
    took = time.perf_counter() - begun
    bound = round(solver.best_objective_bound)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return {"cost": None, "bound": bound, "seconds": took}
    holder = [next(person for person in range(people) if solver.value(given[person][case])) for case in range(cases)]
    return {"holder": holder, "cost": round(solver.objective_value), "bound": bound, "seconds": took}


def greedy(cost, minutes, within, _: int, __: float) -> dict:
    """The cheapest of four greedy rules: the case whose second choice is worst beside its first goes to its first (Martello and Toth's regret), choices being by
    cost, by minutes, by the share of the person's minutes, or by cost and minutes together, each over its mean; null where each leaves a case over."""
    begun = time.perf_counter()
    tried = [_by_regret(cost, minutes, within, measure) for measure in (cost, minutes, minutes / within[:, None], cost / cost.mean() + minutes / minutes.mean())]
    possible = [(int(sum(cost[person, case] for case, person in enumerate(holder))), holder) for holder in tried if holder]
    spent, holder = min(possible, default=(None, None))
    return {"holder": holder, "cost": spent, "seconds": time.perf_counter() - begun}


def _by_regret(cost, minutes, within, measure) -> list[int] | None:
    import numpy as np

    room, open_cases, holder = within.copy(), list(range(cost.shape[1])), [0] * cost.shape[1]
    while open_cases:
        at = np.where(minutes[:, open_cases] <= room[:, None], measure[:, open_cases].astype(float), np.inf)
        ranked = np.sort(at, axis=0)
        if np.isinf(ranked[0]).any():
            return None
        place = int(np.argmax(ranked[1] - ranked[0]))
        case, person = open_cases.pop(place), int(np.argmin(at[:, place]))
        holder[case] = person
        room[person] -= minutes[person, case]
    return holder


def one(way: str, name: str, folder: str, effort: str, seconds: str) -> None:
    """One way on one instance; what it gives is counted again by a plain sum before it is believed."""
    cost, minutes, within = read(Path(folder), name)
    figures = {"by_minutes": by_minutes, "cp_sat": cp_sat, "greedy": greedy}[way](cost, minutes, within, int(effort), float(seconds))
    holder = figures.pop("holder", None)
    if holder is not None:
        load = [0] * len(within)
        for case, person in enumerate(holder):
            load[person] += int(minutes[person, case])
        if any(taken > there for taken, there in zip(load, within, strict=True)) or figures["cost"] != sum(int(cost[person, case]) for case, person in enumerate(holder)):
            sys.exit(f"{way} gave no assignment within the minutes at the cost it said")
    print(json.dumps(figures))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:])
    else:
        main()
