"""Programs the record's tests need beside Python; where one is missing the tests that need it say so, and in continuous integration fail."""

import os
import shutil

import pytest


def needed(program: str, package: str) -> str:
    """The path of the program; the test is skipped where it is missing, with CI=true it fails."""
    found = shutil.which(program)
    if found is None:
        missing(f"{program} is not installed, so nothing here was checked from outside; on Debian: apt-get install {package}")
    return found


def missing(said: str) -> None:
    """Skips with what is missing; with CI=true fails with it."""
    if os.environ.get("CI") == "true":
        pytest.fail(said)
    pytest.skip(said, allow_module_level=True)
