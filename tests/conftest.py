"""How the tests draw: the same examples in every run; with ARREARS_LONG=1 other ones each time, and many more."""

import os
import re
from collections.abc import Iterator

import pytest
from hypothesis import settings

import work_home
from ingest.lender_files import Lender

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("searching", print_blob=True, deadline=None)
settings.load_profile("searching" if os.environ.get("ARREARS_LONG") == "1" else "repeatable")


@pytest.fixture
def lender(tmp_path) -> Lender:
    """The files of three loans, each with a schedule and one payment; nothing is loaded yet."""
    lender = Lender(tmp_path)
    lender.write_loans(3)
    return lender


def pytest_configure() -> None:
    """Django knows its models before any test module is read; a database only where a test asks for one."""
    work_home.know_django()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that kill processes again and again take minutes each: they come first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: not re.search("kill|fault|fuzz|restored", item.path.name))


@pytest.fixture(scope="session")
def work() -> Iterator["work_home.Work"]:
    """A home of the work plane with its own PostgreSQL and vault, for all tests of this worker."""
    with work_home.opened_home() as work:
        yield work


def pytest_terminal_summary(terminalreporter) -> None:
    """Says loudly where the desk was not looked at in a browser."""
    unseen = [report for report in terminalreporter.stats.get("skipped", []) if "NO BROWSER" in str(report.longrepr)]
    if unseen:
        terminalreporter.write_sep("!", f"THE DESK WAS NOT LOOKED AT IN A BROWSER: {len(unseen)} tests skipped. On Debian: apt-get install chromium fonts-noto-cjk", red=True, bold=True)


@pytest.fixture
def django_queries():
    """Gives the list of statements that a block sends to the database."""
    from contextlib import contextmanager

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    @contextmanager
    def captured():
        with CaptureQueriesContext(connection) as context:
            seen: list[str] = []
            yield seen
        seen += [query["sql"] for query in context.captured_queries]

    return captured
