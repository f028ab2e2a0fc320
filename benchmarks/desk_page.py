"""The section of docs/benchmarks.md about the desk, from its results."""

PAGE_MS, NEXT_MS = 100, 50


def page(results: dict) -> str:
    """What was wanted and what was found, then every page. What was not measured is left out; smaller sizes are said to be so."""
    rows, pages, next_account, races = results["rows"], results["pages"], results.get("next_account"), results.get("races") or {}
    is_whole = rows.get("work_case", 0) >= 990_000 and rows.get("work_contact", 0) >= 4_900_000
    late = {name: one["server_ms"]["p95"] for name, one in pages.items() if one["server_ms"] and one["server_ms"]["p95"] > PAGE_MS}
    uneven = sorted(name for name, one in results["queries"].items() if not one["equal"])
    machine = results["machine"]
    lines = ["## The desk", "",
             f"{rows.get('work_case', 0):,} cases with {rows.get('work_contact', 0):,} contacts in PostgreSQL with row-level security and all guards, 200 collectors in 20 teams; `arrears serve` with two processes, {results['rate']:g} requests a second from another "
             f"process at fixed moments, {results['seconds']:g} s a page ({machine['processor']}, {machine['cores']} cores, measured on {results['measured_on']}, load before the run {results['load_before']:.1f}). Server time is what the server writes of each request; "
             f"{results['circumstances'] + ' ' if results.get('circumstances') else ''}[desk.json](../benchmarks/results/desk.json).", "", "| wanted | found | |", "| --- | --- | --- |"]

    def row(said: str, found: str, met: bool, whole: bool = True) -> None:
        lines.append(f"| {said} | {found} | {('met' if met else '**missed**') if whole else 'measured at a smaller size'} |")

    slowest = max((one["server_ms"]["p95"] for one in pages.values() if one["server_ms"]), default=0)
    row(f"each page p95 ≤ {PAGE_MS} ms server time", f"{len(pages) - len(late)} of {len(pages)}; the slowest {slowest:g} ms", not late, is_whole)
    if next_account and next_account["server_ms"]:
        row(f"next account ≤ {NEXT_MS} ms", f"{next_account['server_ms']['p50']:g} ms at the median, {next_account['server_ms']['p95']:g} ms p95", next_account["server_ms"]["p95"] <= NEXT_MS, is_whole)
    row("queries of a page independent of the number of rows", f"{len(results['queries']) - len(uneven)} of {len(results['queries'])} pages" + (f"; not {', '.join(uneven)}" if uneven else ""), not uneven)
    if races:
        row("nobody gets a case that another has, in 100,000 races", f"{races['twice']} of {races['handed_out']:,} handed out", races["twice"] == 0, races["asked"] >= 100_000)
    lines += ["", "| page, role | p50 ms | p95 ms | p99 ms | client p95 ms | queries | processor ms: program, database |", "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for name, one in pages.items():
        server, client = one["server_ms"] or {}, one["client_ms"] or {}
        lines.append(f"| {name} | {server.get('p50', '–')} | {server.get('p95', '–')} | {server.get('p99', '–')} | {client.get('p95', '–')} | {results['queries'].get(name, {}).get('large', '–')} | {results['queries'].get(name, {}).get('program_ms', '–')}, {results['queries'].get(name, {}).get('database_ms', '–')} |")
    return "\n".join(lines)
