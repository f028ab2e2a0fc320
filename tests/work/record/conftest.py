"""What the tests of the record share: a log in the home of the worker."""

import shutil

import pytest

from arrears.record.append import Log
from arrears.record.places import places_of
from arrears.record.signing_key import make_key, open_key


@pytest.fixture
def places(work):
    """The record's places in the home, with a log that has every leaf committed so far."""
    from arrears.work.recording import integrate

    found = places_of(work.home)
    if not found.key.exists():
        make_key(found.key, "leaves.example/record", work.now)
    if not found.log.exists():
        Log.create(found.log, open_key(found.key)).close()
    integrate(work.home, work.now)
    yield found
    for beside in found.log.parent.glob("aside-*"):
        shutil.rmtree(beside)
