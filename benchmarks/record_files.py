"""How fast the files of the record grow and prove, from ten thousand entries to ten million: one log, one process, one run.

    .venv/bin/python benchmarks/record_files.py [--sizes 10000 100000 1000000 10000000] [--folder build] [--out FILE]
    .venv/bin/python benchmarks/record_files.py --page      prints the section of docs/benchmarks.md from the results

The entries are 32 random bytes each. Bulk: entries are extended in pieces of 100,000 up to a size, then one checkpoint is published; the rate is by the wall, with everything on the disk at the end.
Small: 100 entries are extended and a checkpoint is published, 40 times; the processor's time is what has to stay the same, since the wall's is that of the disk's fsync. Proofs: random entries of
the newest checkpoint, each path checked against the signed root, in a log just opened, so that its tiles come from the system's file cache and not from ours.
"""

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path

from night import HERE, _short, machine

from arrears.record.append import Log
from arrears.record.signing_key import make_key

PIECE, SMALL, TIMES, PROOFS = 100_000, 100, 40, 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 10_000_000], help="sizes of the log at which everything is measured")
    parser.add_argument("--folder", type=Path, default=None, help="the disk on which the log is made, and removed again")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "record_files.json", help="the JSON file to write")
    parser.add_argument("--page", action="store_true", help="measure nothing; print the section of docs/benchmarks.md")
    asked = parser.parse_args()
    if asked.page:
        print(page(json.loads(asked.out.read_text(encoding="utf-8"))))
        return
    results = {"measured_on": date.today().isoformat(), "machine": machine(), "load_before": _short(os.getloadavg()[0]), "small_entries": SMALL, "sizes": {}}
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        key = make_key(Path(folder) / "key", "bank.example/record", 0)
        Log.create(Path(folder) / "log", key).close()
        for size in sorted(asked.sizes):
            results["sizes"][size] = found = measured(Path(folder) / "log", key, size)
            print(size, json.dumps(found), flush=True)
        files = [path for path in (Path(folder) / "log").rglob("*") if path.is_file()]
        results["files"], results["bytes"] = len(files), sum(path.stat().st_size for path in files)
    asked.out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(page(results))


def measured(folder: Path, key, size: int) -> dict:
    """Everything at one size: the log is grown up to it, and measured there."""
    with Log.open(folder, key) as log:
        before, begun, processor = log.size, time.perf_counter(), time.process_time()
        made = 0.0
        while log.size < size:
            start = time.perf_counter()
            piece = os.urandom(32 * min(PIECE, size - log.size))
            made += time.perf_counter() - start
            log.extend(piece)
        log.publish()
        wall, spent = time.perf_counter() - begun - made, time.process_time() - processor
        found = {"bulk_entries": size - before, "bulk_entries_a_second": _short((size - before) / wall), "bulk_entries_a_processor_second": _short((size - before) / spent)}
    opened = timed(lambda: Log.open(folder).close(), 20)
    with Log.open(folder, key) as log:
        small = timed(lambda: (log.extend(os.urandom(32 * SMALL)), log.publish()), TIMES)
    chance = random.Random(size)
    log = Log.open(folder)
    proofs = timed(lambda: log.inclusion(chance.randrange(log.size), log.size), PROOFS)
    consistent = timed(lambda: log.consistency(chance.randrange(1, log.size), log.size), PROOFS)
    log.close()
    found |= {"open_ms": opened, "small_ms": small, "inclusion_ms": proofs, "consistency_ms": consistent}
    return found | {"peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, "free_bytes": shutil.disk_usage(folder).free}


def timed(act, times: int) -> dict:
    """Milliseconds of one act: median and 99th percentile, by the wall and by the processor (which other programs on the machine do not disturb)."""
    walls, processors = [], []
    for _ in range(times):
        wall, processor = time.perf_counter(), time.process_time()
        act()
        walls.append(1000 * (time.perf_counter() - wall))
        processors.append(1000 * (time.process_time() - processor))
    wall, processor = ((_short(statistics.median(values)), _short(sorted(values)[-1 - len(values) // 100])) for values in (walls, processors))
    return {"median": wall[0], "p99": wall[1], "processor": processor[0], "processor_p99": processor[1]}


def page(results: dict) -> str:
    """The section of docs/benchmarks.md."""
    found = {int(size): one for size, one in results["sizes"].items()}
    largest, smallest = found[max(found)], found[min(found)]
    slowest = min(one["bulk_entries_a_second"] for one in found.values())
    ratio = largest["small_ms"]["processor"] / smallest["small_ms"]["processor"]
    lines = [
        "## The record's files", "",
        f"One log in one process, grown to {max(found):,} entries ({results['files']:,} files, {results['bytes'] / 1e6:,.0f} MB; {results['machine']['processor']}, {results['machine']['cores']} cores, measured on {results['measured_on']}, load before the run {results['load_before']}).", "",
        "| wanted | found |  |", "| --- | --- | --- |",
        f"| ≥ 100,000 entries/s integrated in bulk, on the disk and signed | {slowest:,.0f} at the slowest size | {'met' if slowest >= 100_000 else '**missed**'} |",
        f"| a proof in ≤ 1 ms at {max(found):,} entries | {largest['inclusion_ms']['median']:.2f} ms; 99 of 100 within {largest['inclusion_ms']['processor_p99']:.2f} ms of the processor, {largest['inclusion_ms']['p99']:.2f} ms of the wall | {'met' if largest['inclusion_ms']['processor_p99'] <= 1 else '**missed**'} |",
        f"| the cost of an append does not grow | {ratio:.2f} times the processor's time of {min(found):,} entries at {max(found):,} | {'met' if ratio <= 1.5 else '**missed**'} |", "",
        f"| entries | bulk, entries/s | {results['small_entries']} entries and a checkpoint, processor ms (wall ms) | opening, ms | inclusion, processor ms (p99) | consistency, processor ms (p99) | peak memory, MB |", "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for size, one in sorted(found.items()):
        lines.append(f"| {size:,} | {one['bulk_entries_a_second']:,.0f} | {one['small_ms']['processor']:.2f} ({one['small_ms']['median']:.1f}) | {one['open_ms']['median']:.2f} | {one['inclusion_ms']['processor']:.2f} ({one['inclusion_ms']['processor_p99']:.2f}) "
                     f"| {one['consistency_ms']['processor']:.2f} ({one['consistency_ms']['processor_p99']:.2f}) | {one['peak_memory_bytes'] / 1e6:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
