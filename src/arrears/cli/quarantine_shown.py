"""What waits in a book's quarantine, for a page: the web may read no book, so it is given this by whoever starts the server."""

import tempfile
from pathlib import Path
from typing import Any

from arrears import store
from arrears.days import moment_of

SIZE = 50
SUFFIXES = (".xlsx", ".csv")


def waiting(book: Path, *, rule: str | None = None, load: int | None = None, page: int = 1, refused: bool = False) -> dict[str, Any]:
    """The faults that wait, a page of them each with file, line, column, value (masked), rule and words in both languages; how many per rule; the loads in force, the latest first.

    refused: of the last refused load, of which nothing is in the book. Raises Refused where the book cannot be read, or has no such load or rule.
    """
    from arrears.ingest.amend import quarantined_loads
    from arrears.ingest.fault_words import shown
    from arrears.ingest.quarantine import counts_by_rule, open_faults

    at = store.book_at(book)
    loads = [(0, at.refused_load)] if refused else quarantined_loads(at)
    faults = open_faults(loads, rule=rule, load=load)
    first = (max(page, 1) - 1) * SIZE
    lines = faults.slice(first, SIZE + 1)
    counts = counts_by_rule(open_faults(loads, load=load))
    ledger = store.read_ledger(at)
    return {
        "faults": lines.head(SIZE).with_columns(shown(lines.head(SIZE)["file"]).alias("file") if len(lines) else lines.head(SIZE)["file"]).to_dicts(), "more": len(lines) > SIZE, "total": len(faults),
        "rules": counts.to_dicts(),
        "loads": [{"id": one["id"], "at": moment_of(one["moment"]), "mapping": one.get("mapping", {}).get("name") if isinstance(one.get("mapping"), dict) else None, "rows": sum(table["rows"] for table in one.get("tables", {}).values()),
                   "is_taken_back": one["taken_back_at"] is not None} for one in reversed(ledger.loads)],
        "has_refused": (at.refused_load / "quarantine.parquet").is_file(),
    }


def file_of(book: Path, suffix: str, *, rule: str | None = None, load: int | None = None) -> tuple[bytes, int]:
    """The records to correct as a workbook or a CSV file, and how many they are. Raises Refused where there are none."""
    from arrears.ingest.amend import quarantined_loads
    from arrears.ingest.corrections import export

    at = store.book_at(book)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"quarantine{suffix}"
        done = export(quarantined_loads(at), path, rule=rule, load=load)
        return path.read_bytes(), sum(done.sources.values())
