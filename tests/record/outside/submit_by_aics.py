"""Run by test_aics.py in a process of its own: submits the newest checkpoint of the log folder named to a witness, with aics_witness's client and proofs from aics_tlog, and prints the note with the line it got."""

import sys
from pathlib import Path


def main(folder: Path, url: str, witness_key: str) -> None:
    """The cosigned note; where the witness refuses, the kind of refusal and exit status 3."""
    import aics_tlog as outside
    from aics_witness.feeder import WitnessClient, WitnessConflict, WitnessRejected, merge_cosignatures

    reader, note = outside.FileSystemTileReader(folder), (folder / "checkpoint").read_bytes()
    size = outside.parse_checkpoint(outside.parse_note(note).text).size
    with WitnessClient(url, witness_key) as client:
        try:
            line = client.submit(note, lambda old, new: outside.consistency_proof_from_tiles(reader, old, new, size))
        except (WitnessRejected, WitnessConflict) as refused:
            print(type(refused).__name__, getattr(refused, "status", ""))
            sys.exit(3)
    sys.stdout.buffer.write(merge_cosignatures(note, line))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
