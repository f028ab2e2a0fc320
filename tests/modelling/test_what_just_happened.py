"""Events of one person as a user writes them: every malformed one is refused with a sentence."""

from datetime import date

import pytest

from arrears.modelling.persons import happened_from
from arrears.refusal import Refused
from arrears.rescore import with_happened
from plain_books import loan, schedule
from scoring.scored_books import known

AS_OF = date(2026, 3, 20)


def person():
    return known({"loans": [loan("A")], "instalments": schedule("A"), "payments": []})


@pytest.mark.parametrize("event", [
    '{"kind": "contact", "channel": "pigeon", "outcome": "answered"}', '{"kind": "contact", "channel": "call", "outcome": "gone"}',
    '{"kind": "contact", "channel": 5, "outcome": "answered"}', '{"kind": "payment", "loan_id": "A", "amount_minor": 100000000000000000000000}',
    '{"kind": "payment", "loan_id": "A", "amount_minor": 9000000000000000000}', '{"kind": "payment", "loan_id": "A", "amount_minor": 0}',
    '{"kind": "payment", "loan_id": 5, "amount_minor": 10}', '{"kind": "payment", "loan_id": "A", "amount_minor": 1, "on": "1990-01-01"}',
    '{"kind": "payment", "loan_id": "A", "amount_minor": 1, "on": 5}', '{"kind": "log_in", "at": "2027-01-01T00:00:00Z"}', '{"kind": "log_in", "at": 5}',
    '{"kind": ["log_in"]}', '{"kind": "promise", "loan_id": "A", "amount_minor": 100, "pay_by_on": "2026-01-01"}', "[]", "{",
])
def test_an_event_that_cannot_be_is_refused_and_not_passed_over(event):
    with pytest.raises(Refused):
        with_happened(person(), happened_from(event, AS_OF))


@pytest.mark.parametrize("event", [
    '{"kind": "contact", "channel": "call", "outcome": "answered"}', '{"kind": "payment", "loan_id": "A", "amount_minor": 10}', '{"kind": "log_in"}',
    '{"kind": "promise", "loan_id": "A", "amount_minor": 100, "pay_by_on": "2026-03-25"}',
])
def test_an_event_that_can_be_is_taken(event):
    with_happened(person(), happened_from(event, AS_OF))
