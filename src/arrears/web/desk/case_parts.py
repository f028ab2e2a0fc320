"""What other subjects put on a person's page: a name, a template, and a function of (request, sheet) that gives the template's context."""

from collections.abc import Callable

from arrears.web.desk import raising, talk
from arrears.web.desk.plans import plans_part
from arrears.work.queries.cases import CaseSheet

PARTS: tuple[tuple[str, str, Callable[[object, CaseSheet], dict]], ...] = (
    # front
    # person
    # queue
    ("outcome", "parts/talk.html", talk.part),
    # plans
    ("plans", "plans_part.html", plans_part),
    # matters
    ("matters", "parts/matters.html", raising.part),
    # team
    # oversight
    # running
    # end
)
"""In the order in which they stand: outcome, plans, matters."""
