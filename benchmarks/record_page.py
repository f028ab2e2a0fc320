"""The section of docs/benchmarks.md about the record, from its results."""


def page(results: dict, wanted: dict) -> str:
    """Targets first, then every figure, then pymerkle beside ours. What was not measured is left out."""
    lines = ["## The record", "", _opening(results), "", "| wanted | found |  |", "| --- | --- | --- |", *_targets(results, wanted)]
    for part in (_durable, _integrated, _sizes, _checked, _beside):
        lines += part(results)
    return "\n".join(lines)


def _opening(results: dict) -> str:
    machine, server = results["machine"], results.get("database", {}).get("server", {})
    return (f"Everything on one disk with fsync on, where 4 KiB written and waited for take {results['fsync_ms']:.2f} ms ({machine['processor']}, {machine['cores']} cores, Python {machine['python']}, cryptography "
            f"{machine['cryptography']}, PostgreSQL {server.get('server_version', '?').split()[0]}, measured on {results['measured_on']}, load before the run {results['load_before']}"
            + (", a quick run" if results["quick"] else "") + "). Medians; [record.json](../benchmarks/results/record.json).")


def _targets(results: dict, wanted: dict) -> list[str]:
    rows = []

    def row(said: str, written: str, met: bool, is_whole: bool = True) -> None:
        rows.append(f"| {said} | {written} | {('met' if met else '**missed**') if is_whole else 'measured at a smaller size'} |")

    if "database" in results:
        best = max(one["median"] for one in results["database"]["durable"]["entry"].values())
        row(f"≥ {wanted['durable']:,} durable appends/s", f"{best:,.0f}: Entries with their leaves, under all guards", best >= wanted["durable"])
        bulk = results["database"]["integrated"][-1]["a_second"]
        row(f"≥ {wanted['bulk']:,} leaves/s integrated in bulk", f"{bulk:,.0f}, from PostgreSQL to signed tiles", bulk >= wanted["bulk"], results["database"]["integrated"][-1]["leaves"] >= 1_000_000)
    if "files" in results:
        proofs, sizes = results["files"]["proofs"], results["files"]["sizes"]
        row(f"proof ≤ {wanted['proof_ms']:g} ms at 10,000,000 entries", f"{proofs['median_ms']:.2f} ms at {proofs['size']:,}, 99th of a hundred {proofs['p99_ms']:.2f} ms", proofs["median_ms"] <= wanted["proof_ms"], proofs["size"] >= 10_000_000)
        ratio = max(sizes[-1][way] / sizes[0][way] for way in ("large_us_an_append", "small_us_an_append"))
        row("cost per append constant from 10⁴ to 10⁷", f"{sizes[-1]['size']:,} ÷ {sizes[0]['size']:,} entries: {ratio:.2f} × (the greater of two batches; up to 1.25 taken as constant)", ratio <= 1.25, sizes[-1]["size"] >= 10_000_000)
    if "verifying" in results:
        log = results["verifying"]["log"]
        row(f"a million entries verified ≤ {wanted['verify_s']:g} s", f"{log['s']:.1f} s for {log['size']:,} entries and {log['checkpoints']:,} checkpoints", log["s"] <= wanted["verify_s"], log["size"] >= 1_000_000)
    return rows


def _durable(results: dict) -> list[str]:
    if "database" not in results:
        return []
    durable = results["database"]["durable"]
    counts = list(durable["entry"])
    told = {"commitment": "a commitment alone", "entry": "an Entry with its leaf, all guards on"}
    return ["", "Transactions a second, each committed with fsync, by connections at once:", "", "| | " + " | ".join(counts) + " |", "| --- |" + " --- |" * len(counts),
            *(f"| {told[way]} | " + " | ".join(f"{each[count]['median']:,.0f}" for count in counts) + " |" for way, each in durable.items())]


def _integrated(results: dict) -> list[str]:
    if "database" not in results:
        return []
    return ["", "A backlog integrated in one call: " + "; ".join(f"{one['leaves']:,} leaves in {one['s']:.2f} s ({one['a_second']:,.0f}/s)" for one in results["database"]["integrated"]) + "."]


def _sizes(results: dict) -> list[str]:
    if "files" not in results:
        return []
    return ["", "Files alone, in a fresh process at each size, each batch appended, signed and on the disk (50,000 entries a checkpoint on the way to a size, then 2,000 and 256):", "",
            "| entries | appends/s on the way there | µs an append, 2,000 at once | 256 at once | 256 appended and signed | peak memory |", "| --- | --- | --- | --- | --- | --- |",
            *(f"| {one['size']:,} | {one['bulk_a_second']:,.0f} | {one['large_us_an_append']:.1f} | {one['small_us_an_append']:.1f} | {one['small_median_ms']:.1f} ms (95th {one['small_p95_ms']:.1f}) | {one['peak_bytes'] / 2**20:,.0f} MiB |" for one in results["files"]["sizes"])]


def _checked(results: dict) -> list[str]:
    lines = []
    if "verifying" in results:
        log = results["verifying"]["log"]
        lines += ["", f"verify.py on {log['size']:,} entries: {log['size'] / log['s']:,.0f} entries/s, peak memory {log['peak_bytes'] / 2**20:,.0f} MiB."]
    if "witnessing" in results:
        one = results["witnessing"]
        lines += [f"A witness: {one['a_second']:,.0f} checkpoints/s over one HTTP connection, each on its disk before the answer; {one['median_ms']:.1f} ms, 99th of a hundred {one['p99_ms']:.1f} ms."]
    return lines


def _beside(results: dict) -> list[str]:
    beside = results.get("pymerkle", {})
    if "theirs" not in beside:
        return []
    theirs, ours = beside["theirs"], beside["ours"]
    count = theirs["one_by_one"]
    rows = [("one by one, each durable, appends/s", count / theirs["one_by_one_s"], ours["one_by_one"]["count"] / ours["one_by_one"]["s"], "{:,.0f}"),
            ("in bulk, appends/s", theirs["bulk"] / theirs["bulk_s"], ours["count"] / ours["bulk_s"], "{:,.0f}"),
            ("root, ms", theirs["root_s"] * 1e3, None, "{:,.1f}"),
            ("proof, median ms", theirs["proof_median_ms"], ours["proofs"]["median_ms"], "{:,.3f}"),
            ("proof, 99th of a hundred, ms", theirs["proof_p99_ms"], ours["proofs"]["p99_ms"], "{:,.3f}")]
    lines = ["", f"Beside pymerkle {theirs['pymerkle']} with its SQLite back end, the same {ours['count']:,} commitments, one root:", "", "| | pymerkle | ours |", "| --- | --- | --- |"]
    lines += [f"| {said} | {form.format(a)} | {form.format(b) if b is not None else 'with the checkpoint'} |" for said, a, b, form in rows]
    return [*lines, "", "One by one, ours signs a checkpoint with every entry and writes it with its tiles. The record does not take things up so: durable is the transaction in PostgreSQL, and files follow in batches."]
