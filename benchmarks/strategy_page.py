"""The section on strategies and cases of docs/benchmarks.md, printed from the results of five benchmarks.

    .venv/bin/python benchmarks/strategy_page.py [FOLDER]
"""

import json
import sys
from pathlib import Path


def main(folder: Path) -> None:
    found = {name: json.loads(path.read_text(encoding="utf-8")) for name in ("decision_table", "treatments", "generalised_assignment", "assignment", "whole_night")
             if (path := folder / f"{name}.json").is_file()}
    print("## Strategy and allocation\n")
    print("Each benchmark in one run, every part in a fresh process; medians of the rounds. How to run: [benchmarks/README.md](../benchmarks/README.md).\n")
    print("| wanted | found |  |\n| --- | --- | --- |")
    for wanted, said, met in targets(found):
        print(f"| {wanted} | {said} | {'met' if met else '**missed**'} |")
    for name, section in (("decision_table", decision_table), ("treatments", treatments), ("generalised_assignment", by_minutes), ("assignment", assignment), ("whole_night", night)):
        if name in found:
            print("\n" + section(found[name]))


def targets(found: dict) -> list[tuple[str, str, bool]]:
    """The wanted figures and whether they are met."""
    rows = []
    if one := found.get("decision_table"):
        rate, two = (one["measured"][name]["rows_a_second"]["median"] for name in ("one_thread", "threads_of_a_night"))
        rows.append((f"decision table of {one['rows_of_table']} rows on {one['loans']:,} loans: ≥ 5 M rows/s", f"{rate / 1e6:.1f} M/s on one thread, {two / 1e6:.1f} on the threads of a night",
                     max(rate, two) >= 5e6))
    if one := found.get("treatments"):
        ours = one["measured"]["prices"]
        seconds = ours["inside_s"]["median"]
        rows.append((f"{one['persons']:,} persons, {one['treatments']} treatments, {one['limits']} limits: certified gap ≤ 0.05 % in ≤ 10 s", f"{ours['gap']:.5%} in {seconds:.1f} s",
                     ours["gap"] <= 0.0005 and seconds <= 10))
    if one := found.get("generalised_assignment"):
        ours = one["means"]["by_minutes"]
        rows.append((f"generalised assignment, {ours['solved']} instances of types c, d, e to 20 × 400: mean gap ≤ 0.1 % within 60 s each",
                     f"{ours['gap_percent']:.3f} %, slowest {ours['seconds_most']:.1f} s", ours["gap_percent"] <= 0.1 and ours["seconds_most"] <= 60))
    for size in found.get("assignment", {"sizes": []})["sizes"]:
        ours, most = size["measured"]["ours"], {100_000: 5, 1_000_000: 60}.get(size["cases"])
        if most:
            seconds = ours["inside_s"]["median"]
            rows.append((f"{size['cases']:,} cases, {found['assignment']['people']} people: ≤ 0.1 % from the bound in ≤ {most} s", f"gap {ours['gap']:.4%} in {seconds:.1f} s", ours["gap"] <= 0.001 and seconds <= most))
    if one := found.get("whole_night"):
        for part, words in (("some_late", f"{one['late_share']:.1%} late"), ("all_late", "all that are not settled late")):
            seconds, most = one[part]["wall_s"]["median"], one["targets"][part]
            rows.append((f"whole night, {one['loans']:,} loans, {words}: ≤ {most:.0f} s", f"{seconds:.0f} s", seconds <= most))
        peak = max(one[part]["peak_bytes"] for part in ("some_late", "all_late")) / 1e9
        rows.append(("whole night: ≤ 6 GB", f"{peak:.1f} GB", peak <= 6))
    return rows


def _table(heads: tuple[str, ...], rows: list[tuple]) -> str:
    return "\n".join(["| " + " | ".join(heads) + " |", "| " + " | ".join(["---"] * len(heads)) + " |", *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def _on(results: dict) -> str:
    machine = results["machine"]
    return f"{machine['processor']}, {machine['cores']} cores" + (f", measured on {results['measured_on']}" if "measured_on" in results else "")


def decision_table(results: dict) -> str:
    measured = results["measured"]
    rows = [(name, f"{each['rows_a_second']['median']:,.0f}") for name, each in (("ours, the threads of a night", measured["threads_of_a_night"]), ("ours, one thread", measured["one_thread"]),
                                                                              ("Polars when/then", measured["polars_when_then"]))]
    rows += [(f"zen-engine, {way}", f"{each['rows_a_second']['median']:,.0f}") for way, each in measured["zen_engine"]["ways"].items()]
    return (f"### Decision table\n\n{results['rows_of_table']} rows, {results['loans']:,} loans; zen-engine on {results['records']:,} of them; all choose the same rows ({_on(results)}).\n\n"
            + _table(("", "rows a second"), rows))


def treatments(results: dict) -> str:
    measured, few = results["measured"], results["persons_few"]
    rows = [(f"ours, {results['persons']:,} persons", f"{measured['prices']['inside_s']['median']:.1f}", f"{measured['prices']['gap']:.5%}"),
            (f"ours, {few:,}", f"{measured['prices_few']['inside_s']['median']:.1f}", f"{measured['prices_few']['gap']:.5%}"),
            (f"HiGHS, the relaxation, {few:,}", f"{measured['highs_few']['inside_s']['median']:.1f}", "" if results["bound_over_relaxation"] is None else f"our bound above it by {results['bound_over_relaxation']:.2e}"),
            (f"greedy, {few:,}", f"{measured['greedy_few']['inside_s']['median']:.1f}", f"{results['greedy_below_bound']:.1%} below our bound")]
    return f"### Treatments under limits\n\nEvery person with minutes, cost and complaints of their own ({_on(results)}).\n\n" + _table(("", "s", "gap"), rows)


def by_minutes(results: dict) -> str:
    names = {"by_minutes": "ours", "cp_sat": f"CP-SAT, 2 workers, {results['cp_sat_seconds']:g} s each", "greedy": "greedy, the best of four"}
    rows = [(names[way], f"{each['solved']} of {len(results['instances'])}", f"{each['gap_percent']:.3f} %", f"{each['above_best_percent']:.3f} %", f"{each['seconds_mean']:.1f}", f"{each['seconds_most']:.1f}")
            for way, each in results["means"].items()]
    return (f"### Cases by minutes\n\nOR-Library's generalised assignment, types c, d, e; gaps to the published lower bounds ({_on(results)}).\n\n"
            + _table(("", "solved", "mean gap", "above best known", "mean s", "slowest s"), rows))


def assignment(results: dict) -> str:
    names = {"ours": "ours", "greedy": "greedy", "highs_network": "HiGHS on our network", "highs_cases": "HiGHS case by case"}
    rows = [(f"{size['cases']:,}", names[way], f"{each['inside_s']['median']:.1f}" if "inside_s" in each else "", f"{each['gap']:.4%}" if "gap" in each else "stopped", f"{each['peak_bytes'] / 1e9:.1f}")
            for size in results["sizes"] for way, each in size["measured"].items()]
    return (f"### Cases to people\n\n{results['people']} people, with skills, continuity and evenness; gap to the proven bound, beside what giving costs ({_on(results)}).\n\n"
            + _table(("cases", "", "s", "gap", "peak GB"), rows))


def night(results: dict) -> str:
    rows = [(results[part]["as_of"], f"{results[part]['late_loans']:,}", f"{results[part]['entries']:,}", f"{results[part]['wall_s']['median']:.0f}", f"{results[part]['cpu_s']['median']:.0f}",
             f"{results[part]['peak_bytes'] / 1e9:.1f}", f"{results[part]['held']:,}") for part in ("some_late", "all_late")]
    return (f"### The whole night\n\nA made-up book of {results['loans']:,} loans on a laid-out store, law, roster, three released models ({', '.join(results['some_late']['models'])}), the shipped strategy "
            f"({_on(results)}; {results['some_late']['rounds']} rounds). Nobody pays after the book's last day, so a later night has more late loans.\n\n"
            + _table(("night", "late loans", "entries", "s", "processor s", "peak GB", "cases held"), rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "results")
