"""Run by test_aics.py in a process of its own: reads the log folder named with aics_tlog, every tile, entry and checkpoint, and prints what it found as JSON."""

import json
import sys
from pathlib import Path


def main(folder: Path, log_key: str, witness_keys: list[str]) -> None:
    """One JSON object; an exception, and its exit status, where anything is not so."""
    import aics_tlog as outside

    reader, log, witnesses = outside.FileSystemTileReader(folder), outside.parse_vkey(log_key), [outside.parse_vkey(one) for one in witness_keys]
    newest = outside.verify_checkpoint(outside.parse_note((folder / "checkpoint").read_text(encoding="utf-8")), log, witnesses)
    audit = outside.audit_tiles(reader, newest.size, newest.root)
    checkpoints, cosigned = [], 0
    for line in (folder / "checkpoints").read_text(encoding="utf-8").splitlines():
        found = outside.verify_checkpoint(outside.parse_note(json.loads(line)), log, witnesses)
        proof = outside.consistency_proof_from_tiles(reader, found.size, newest.size)
        checkpoints.append(found.ok and found.log_ok and outside.verify_consistency(found.size, newest.size, found.root, newest.root, proof))
        cosigned += found.cosignature_count
    print(json.dumps({"ok": newest.ok and newest.log_ok, "size": newest.size, "root": newest.root.hex(), "witnesses": newest.witnesses, "tiles": audit.tiles, "bundles": audit.bundles, "checkpoints": checkpoints, "cosigned": cosigned}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
