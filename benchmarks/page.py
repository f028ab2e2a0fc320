"""The tables of docs/benchmarks.md, made from the results; `page.py --check` says whether the page has them.

What stands between the two markers is made here; what stands outside is written by hand and kept: there the reason
for each missed target belongs.
"""

import argparse
import json
import sys
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
BEGIN, END = "<!-- results: begin, made by benchmarks/page.py -->", "<!-- results: end -->"
NIGHTS = {"night": "night", "first_night": "first night"}
LABELS = {
    "night": "night, store laid out",
    "first_night": "first night, from the plain files",
    "lay_out": "– laying out the store alone",
    "positions": "positions alone, as one file",
    "walk": "the walk alone (processor time of one thread)",
    "read_plain_polars": "reading the plain files, Polars",
    "read_plain_duckdb": "reading the plain files, DuckDB",
    "read_store": "reading the store, Polars",
    "simplified_duckdb": "simplified position, DuckDB",
    "simplified_polars": "simplified position, Polars",
    "start": "start of Python and libraries",
}
READ_BY = {"night": "read_store", "first_night": "read_plain_polars"}
"""What each night reads: the ratio that is judged is to mere reading of the same files by the same reader."""
WITHIN_S = {1_000_000: 15, 10_000_000: 180}
PEAK_BYTES, TIMES_READING, EXPONENT, EVENTS_A_SECOND = 6e9, 8, 1.05, 15e6
LOADING = {"ingest": "`arrears ingest`: mapped, checked, sorted, stored", "duckdb": "DuckDB, CSV to Parquet, nothing else", "polars": "Polars, CSV to Parquet, nothing else"}
LOADED_A_SECOND, LOADING_PEAK_MB = 500_000, 2_000
GATE = {"screen_alone": "the screen alone, on ready columns, one thread", "night_of_proposals": "the gate of a night, on ready frames, all cores"}
ZEN_WAYS = {"dict": "zen-engine, a record as a dict", "json": "zen-engine, a record as JSON", "batch": "zen-engine, all records in one call"}
SCREENED_A_SECOND, TIMES_ZEN, SINGLE_MS = 300_000, 20, 5

NEW_PAGE = f"""# Benchmarks

How fast a night is, measured on one machine in one run. `benchmarks/README.md` says how to run it again.

{BEGIN}
{END}

## Where a target is missed

Each row above that says **missed** has its reason here.
"""


def targets(results: dict) -> list[tuple[str, str, str, str]]:
    """What is wanted, of what, what was found, and met, missed or not measured: one row per target and size."""
    sizes = {size["loans"]: size for size in results["sizes"]}
    rows = []
    for name, label in NIGHTS.items():
        for loans, size in sizes.items():
            ratio = size["ratios"].get(name, {}).get(READ_BY[name])
            rows.append(_judged(f"{label} ≤ {TIMES_READING} × reading the same Parquet", f"{loans:,}",
                                ratio and ratio["less_start"], TIMES_READING, "{:.1f} ×"))
        for loans, most in WITHIN_S.items():
            wall = sizes.get(loans, {}).get("measured", {}).get(name, {}).get("wall_s")
            rows.append(_judged(f"{label} ≤ {most} s", f"{loans:,}", wall and wall["median"], most, "{:.1f} s"))
        # A night that failed at some size has no peak to judge, and a peak of the other sizes would hide it.
        peaks = [size["measured"][name].get("peak_bytes") for size in sizes.values()]
        most = None if None in peaks else max(peaks) / 1e9
        rows.append(_judged(f"{label}: peak memory ≤ {PEAK_BYTES / 1e9:.0f} GB", "all", most, PEAK_BYTES / 1e9, "{:.2f} GB"))
        grown = results["growth"].get(name)
        # The steepest step: what is fixed weighs most on the smallest book and would hide how the largest grows.
        steepest = grown and max(grown["between"])
        rows.append(_judged(f"{label}: growth exponent ≤ {EXPONENT}, steepest step", "all", steepest, EXPONENT, "{:.3f}"))
    for loans, size in sizes.items():
        speed = size["measured"]["walk"].get("events_a_second")
        wanted = f"walk ≥ {EVENTS_A_SECOND / 1e6:.0f} M events/s a core"
        rows.append(_judged(wanted, f"{loans:,}", speed and speed["median"] / 1e6, EVENTS_A_SECOND / 1e6, "{:.1f} M/s",
                            least=True))
    return rows


def _judged(wanted: str, of: str, found: float | None, bound: float, form: str, *, least: bool = False):
    if found is None:
        return wanted, of, "–", "not measured"
    met = found >= bound if least else found <= bound
    return wanted, of, form.format(found), "met" if met else "**missed**"


def tables(results: dict) -> str:
    """All that stands between the markers."""
    machine, sizes = results["machine"], results["sizes"]
    named = ("python", "arrears", "polars", "numba", "numpy", "pyarrow", "duckdb")
    versions = ", ".join(f"{name} {machine[name]}" for name in named)
    rounds = max(part.get("rounds", 0) for size in sizes for part in size["measured"].values())
    text = [
        f"Measured on {results['measured_on']}: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_bytes'] / 2**30:.0f} GiB; {versions}. Books of {results['instalments']} instalments a loan, "
        f"seed {results['seed']}, as of {results['as_of']}; {rounds} rounds; load before the run {results['load_before']:.2f}.",
        "## Targets", _table(("wanted", "loans", "found", ""), targets(results)),
    ]
    for size in sizes:
        text += [f"## {size['loans']:,} loans", _size_facts(size), _size_table(size)]
    grown = [
        (LABELS[name], f"{found['all']:.3f}", ", ".join(f"{step:.3f}" for step in found["between"]))
        for name, found in results["growth"].items() if name in LABELS
    ]
    compiled = results["compile"]
    text += [
        "## Growth and compilation",
        "The exponent b of seconds = a · loans^b, the start of Python taken off: over all sizes, and between neighbours.",
        _table(("", "all sizes", "between neighbours"), grown) if grown else "One size only: no growth to show.",
        f"A first night of {sizes[0]['loans']:,} loans takes {compiled['without_kept_loops_s']:.1f} s where no compiled "
        f"loops are kept yet, and {compiled['with_kept_loops_s']:.1f} s with them: compiling costs "
        f"{compiled['compile_s']:.1f} s, once.",
    ]
    return "\n\n".join(text)


def loading(results: dict) -> str:
    """The section on loading files, from what benchmarks/ingest.py found."""
    rows = []
    for name, label in LOADING.items():
        ones = results["measured"][name]
        wall = [one["wall_s"] for one in ones]
        peak = max(one["peak_mb"] for one in ones)
        rows.append((label, _seconds({"median": median(wall), "min": min(wall), "max": max(wall)}), f"{median(one['cpu_s'] for one in ones):.1f}",
                     f"{peak:,}", f"{results['payments'] / median(wall):,.0f}"))
    mine = results["measured"]["ingest"]
    wanted = [
        _judged(f"≥ {LOADED_A_SECOND:,} rows/s", "", results["payments"] / median(one["wall_s"] for one in mine), LOADED_A_SECOND, "{:,.0f}", least=True),
        _judged(f"peak memory ≤ {LOADING_PEAK_MB:,} MB", "", max(one["peak_mb"] for one in mine), LOADING_PEAK_MB, "{:,.0f}"),
    ]
    return "\n\n".join([
        "## Loading files",
        f"{results['payments']:,} payments from {results['csv_bytes'] / 1e6:,.0f} MB of CSV into a book of {results['loans']:,} loans, measured on "
        f"{results['measured_on']} ({results['machine']['processor']}, {results['machine']['cores']} cores; duckdb {results['machine']['duckdb']}, "
        f"polars {results['machine']['polars']}), {results['rounds']} rounds in turn.",
        _table(("wanted", "found", ""), [(want, found, verdict) for want, _, found, verdict in wanted]),
        _table(("", "whole process, s", "processor, s", "peak MB", "rows/s"), rows),
    ])


def gate(results: dict) -> str:
    """The section on the gate, from what benchmarks/gate.py found."""
    machine, measured, zen = results["machine"], results["measured"], results["measured"]["zen_engine"]
    rows = [(label, *_speed_cells(measured[name]), f"{measured[name]['peak_bytes'] / 1e9:.2f}") for name, label in GATE.items()]
    rows += [(label, *_speed_cells(zen["ways"][way]), f"{zen['peak_bytes'] / 1e9:.2f}") for way, label in ZEN_WAYS.items()]
    answers = [(verdict, f"{found['calls']:,}", *(_seconds(found[name]) for name in ("median_ms", "p99_ms", "most_ms")))
               for verdict, found in measured["single"].items() if verdict != "peak_bytes"]
    loads = ", ".join(f"{load:.2f}" for load in results["load_before_rounds"])
    return "\n\n".join([
        "## The gate",
        f"{results['people']:,} proposals, one per person, with {results['contacts']:,} contacts of the last forty days, under the whole `cn` pack "
        f"({measured['screen_alone']['found']['grounds']} grounds, of which {measured['screen_alone']['found']['grounds_that_speak']} speak of somebody), "
        f"measured on {results['measured_on']} ({machine['processor']}, {machine['cores']} cores; zen-engine {machine['zen-engine']}, polars "
        f"{machine['polars']}, numba {machine['numba']}), rounds in turn: {results['rounds']}; load before each: {loads}. zen-engine is asked about "
        f"{results['records']:,} of the same people by a table of {zen['found']['rows_of_table']} rows, all counters handed to it ready, which favours "
        f"it; of {zen['found']['same_verdicts']:,} of them both name the same grounds and the same verdict.",
        _table(("wanted", "found", ""), [(want, found, verdict) for want, _, found, verdict in _gate_targets(results)]),
        _table(("", "inside it, s", "processor, s", "rows/s", "peak GB, the book's making included"), rows),
        "One contact at its moment, a line of facts with 60 past contacts in, an answer out, in milliseconds:",
        _table(("verdict", "calls a round", "median", "p99", "slowest"), answers),
    ])


def _gate_targets(results: dict) -> list[tuple[str, str, str, str]]:
    measured = results["measured"]
    rows = []
    for name, label in GATE.items():
        rows.append(_judged(f"{label}: ≥ {SCREENED_A_SECOND:,} proposals/s", "", measured[name]["rows_a_second"]["median"], SCREENED_A_SECOND, "{:,.0f}", least=True))
        rows.append(_judged(f"{label}: ≥ {TIMES_ZEN} × zen-engine's fastest way", "", results["times_zen_engine"][name], TIMES_ZEN, "{:.1f} ×", least=True))
    slowest = max(found["p99_ms"]["median"] for verdict, found in measured["single"].items() if verdict != "peak_bytes")
    return [*rows, _judged(f"one contact: p99 ≤ {SINGLE_MS} ms", "", slowest, SINGLE_MS, "{:.2f} ms")]


def _speed_cells(found: dict) -> tuple[str, str, str]:
    return _seconds(found["inside_s"]), f"{found['inside_cpu_s']['median']:.2f}", f"{found['rows_a_second']['median']:,.0f}"


def _size_facts(size: dict) -> str:
    measured, same = size["measured"], size.get("agreement") or {}
    rows = measured["read_plain_polars"].get("found", {}).get("rows")
    facts = [f"{rows:,} rows in {size['plain_bytes'] / 1e6:,.0f} MB of plain Parquet." if rows else ""]
    walk = measured["walk"]
    if "found" in walk:
        facts.append(
            f"The walk: {walk['events_a_second']['median'] / 1e6:.1f} M events/s a core "
            f"({walk['events_a_second']['min'] / 1e6:.1f} to {walk['events_a_second']['max'] / 1e6:.1f}) over "
            f"{walk['found']['events']:,} events of {walk['found']['partitions']} of {walk['found']['of_partitions']} "
            f"partitions; counting only events by the business date, {walk['events_by_as_of_a_second']['median'] / 1e6:.1f} M.")
    if same:
        facts.append(
            "The simplified position gives the same days past due as the night for "
            f"{same['same_days_past_due'] / same['loans']:.1%} of {same['loans']:,} loans, the same bucket for "
            f"{same['same_bucket'] / same['loans']:.1%}.")
    return " ".join(fact for fact in facts if fact)


def _size_table(size: dict) -> str:
    rows = []
    for name, label in LABELS.items():
        found = size["measured"][name]
        if "wall_s" not in found:
            rows.append((label, found["failed"], "", "", "", "", ""))
            continue
        ratios = size["ratios"].get(name, {})
        rows.append((
            label, _seconds(found["wall_s"]), _seconds(found["inside_s"]) if "inside_s" in found else "",
            f"{found['cpu_s']['median']:.1f}", f"{found['peak_bytes'] / 1e9:.2f}",
            *(f"{ratios[read]['less_start']:.1f} ({ratios[read]['whole']:.1f})" if read in ratios else ""
              for read in ("read_plain_polars", "read_store")),
        ))
    return _table(("", "whole process, s", "inside it, s", "processor, s", "peak GB", "× reading plain", "× reading store"), rows)


def _seconds(spread: dict) -> str:
    return f"{spread['median']:.2f} ({spread['min']:.2f} – {spread['max']:.2f})"


def _table(head: tuple[str, ...], rows) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def page_with(page: str, made: str) -> str:
    """The page with what is made between its markers; the rest as it was. Raises ValueError where they are missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks the markers {BEGIN} and {END}; put them where the tables belong")
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=HERE / "results" / "night.json")
    parser.add_argument("--loading", type=Path, default=HERE / "results" / "ingest.json")
    parser.add_argument("--gate", type=Path, default=HERE / "results" / "gate.json")
    parser.add_argument("--page", type=Path, default=HERE.parent / "docs" / "benchmarks.md")
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 where the page is not up to date")
    asked = parser.parse_args()
    results = json.loads(asked.results.read_text(encoding="utf-8"))
    old = asked.page.read_text(encoding="utf-8") if asked.page.is_file() else None
    made = "\n\n".join([tables(results), *(
        section(json.loads(path.read_text(encoding="utf-8"))) for section, path in ((loading, asked.loading), (gate, asked.gate)))])
    new = page_with(old or NEW_PAGE, made)
    if asked.check:
        sys.exit(None if new == old else f"{asked.page.name} is not what the results say; run benchmarks/page.py")
    asked.page.write_text(new, encoding="utf-8")
    for wanted, of, found, verdict in targets(results):
        print(f"{verdict.strip('*'):<13} {wanted} ({of} loans): {found}")


if __name__ == "__main__":
    main()
