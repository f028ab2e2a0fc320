"""Loops compiled to machine code, kept on disk under the digest of the source they came from.

Numba knows a kept loop by the time and size of its own file alone; a change in a file it calls would go unseen, and
old code would count new money. So the place where loops are kept is named after every source file of the package.
"""

import os
from hashlib import sha256
from pathlib import Path

import numba


def _place() -> Path:
    package = Path(__file__).parent
    digest = sha256(numba.__version__.encode())
    for path in sorted(package.rglob("*.py")):
        digest.update(path.read_bytes())
    name = f"loops-{digest.hexdigest()[:16]}"
    beside = package / "__pycache__"
    if os.access(beside if beside.is_dir() else package, os.W_OK):
        return beside / name
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "arrears" / name


if "NUMBA_CACHE_DIR" not in os.environ:
    numba.config.CACHE_DIR = str(_place())

compiled = numba.njit(nogil=True, cache=True, error_model="numpy")
"""Decorates a loop over numbers: compiled at first use, without the interpreter lock, divisions unchecked."""
