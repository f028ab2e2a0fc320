"""What the tests of actions share."""

from contextlib import contextmanager

import pytest


@pytest.fixture
def django_queries():
    """Gives the list of statements that a block sends to the database."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    @contextmanager
    def captured():
        with CaptureQueriesContext(connection) as context:
            seen: list[str] = []
            yield seen
        seen += [query["sql"] for query in context.captured_queries]

    return captured
