"""A log with the key in its file, and the change to another key that a crash cannot leave half-way.

The successor is made and kept first, then the log names it, signed by both keys, and only then does it take the old key's place in the file. Whoever opens the log next finishes the last step.
"""

from pathlib import Path

from arrears.record.append import Log
from arrears.record.history import read_keys
from arrears.record.signing_key import SigningKey, make_successor, open_key, put_in_force, successor_path


def open_log(folder: Path, key: Path) -> Log:
    """The log, opened to go on with it under the key in the file; raises Refused as Log.open and open_key do."""
    return Log.open(folder, key_of(folder, key))


def key_of(folder: Path, key: Path) -> SigningKey:
    """The key in the file; where the log has named its successor and the change was interrupted, the successor, which lies in the file then."""
    newest, found = read_keys(folder).newest, open_key(key)
    if found.public != newest and successor_path(key).exists() and open_key(successor_path(key)).public == newest:
        found = put_in_force(key)
    return found


def change_key(log: Log, key: Path, now: int) -> str:
    """The log signs with a new key from its published size on; the new vkey, to be given to auditors and witnesses. The old private key is gone from the file. now: microseconds UTC."""
    successor = make_successor(key, now)
    log.rotate(successor)
    return put_in_force(key).vkey
