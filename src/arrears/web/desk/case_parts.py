"""What other subjects put on a person's page: a name, a template, and a function of (request, sheet) that gives the template's context."""

from collections.abc import Callable

from arrears.web.desk import raising, talk
from arrears.web.desk.plans import plans_part
from arrears.work.queries.cases import CaseSheet

PARTS: tuple[tuple[str, str, Callable[[object, CaseSheet], dict]], ...] = (
    ("outcome", "parts/talk.html", talk.part),
    ("plans", "plans_part.html", plans_part),
    ("matters", "parts/matters.html", raising.part),
)
"""In the order in which they stand: outcome, plans, matters."""
