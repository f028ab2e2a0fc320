"""What pymerkle does with the same commitments: a program of its own, run in a virtual environment that has pymerkle (GPL-3) and nothing of arrears; prints one line of JSON.

    python benchmarks/record_pymerkle.py FOLDER ONE_BY_ONE BULK PROOFS

Appends ONE_BY_ONE commitments each in its own transaction (SQLite's own setting: synchronous full, rollback journal), then BULK more in one, asks for the root, and for PROOFS inclusion proofs with caches as they come.
The commitments are SHA-256 of the numbers from 0 in eight bytes, so that the root can be held against another program's.
"""

import hashlib
import json
import random
import sys
import time
from importlib.metadata import version
from pathlib import Path

from pymerkle import SqliteTree


def main() -> None:
    """Measures, and prints seconds and the root."""
    folder, one_by_one, bulk, proofs = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    found = {"pymerkle": version("pymerkle"), "one_by_one": one_by_one, "bulk": bulk}
    entries = [hashlib.sha256(number.to_bytes(8, "big")).digest() for number in range(one_by_one + bulk)]
    with SqliteTree(str(folder / "pymerkle.db")) as tree:
        begun = time.perf_counter()
        for entry in entries[:one_by_one]:
            tree.append_entry(entry)
        found["one_by_one_s"] = time.perf_counter() - begun
        begun = time.perf_counter()
        tree.append_entries(entries[one_by_one:])
        found["bulk_s"] = time.perf_counter() - begun
        begun = time.perf_counter()
        found["root"] = tree.get_root().hex()
        found["root_s"] = time.perf_counter() - begun
        chance, took = random.Random(7), []
        for _ in range(proofs):
            index = chance.randint(1, len(entries))
            begun = time.perf_counter()
            tree.prove_inclusion(index)
            took.append(time.perf_counter() - begun)
    took.sort()
    found["proof_median_ms"], found["proof_p99_ms"] = took[len(took) // 2] * 1e3, took[int(len(took) * 0.99)] * 1e3
    print(json.dumps(found))


if __name__ == "__main__":
    main()
