"""One server and one Chromium a worker, a desk a test. Without a browser the tests are skipped, loudly; with CI=true they fail."""

import os
from contextlib import ExitStack

import pytest
from django.test import override_settings

from browser.desk import NO_BROWSER, Desk, Moments, opened_browser, served


@pytest.fixture(scope="session")
def _chromium():
    """The browser of this worker; skips, or with CI=true fails, where there is none."""
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(opened_browser())
        except (ImportError, FileNotFoundError) as problem:
            said = f"{NO_BROWSER}: {problem}; on Debian: apt-get install chromium fonts-noto-cjk, and pip install playwright (requirements-dev.txt)"
            if os.environ.get("CI") == "true":
                pytest.fail(said)
            pytest.skip(said)
        yield opened


@pytest.fixture(scope="session")
def _opened(_chromium, work):
    """Moments, server and browser, for all tests of this worker."""
    moments = Moments(work.home, work.now)
    with served(work) as address:
        yield moments, address, _chromium


@pytest.fixture
def desk(_opened, work):
    """The desk in a browser; at its end no page may have complained of anything."""
    moments, address, chromium = _opened
    made = Desk(work, moments, address, chromium)
    with override_settings(PASSWORD_HASHERS=["web.staff.Quick"]):
        yield made
    made.close()
