"""What just happened, as JSON on the command line."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.modelling.persons import happened_from
from arrears.refusal import Refused
from arrears.rescore import Happened

AS_OF = date(2026, 4, 30)
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3), max_leaves=5)


def test_an_event_is_read_and_its_day_is_as_of_where_none_is_said():
    text = '{"kind": "promise", "loan_id": "L1", "amount_minor": 10000, "pay_by_on": "2026-05-05", "on": "2026-04-29", "at": "2026-04-29T18:00:00+08:00"}'
    assert happened_from(text, AS_OF) == Happened("promise", date(2026, 4, 29), datetime(2026, 4, 29, 10, tzinfo=UTC), "L1", 10_000, date(2026, 5, 5))
    assert happened_from('{"kind": "log_in"}', AS_OF) == Happened("log_in", AS_OF, datetime(2026, 4, 30, 12, tzinfo=UTC))


@pytest.mark.parametrize(("text", "said"), [
    ("", "is not JSON"), ("{", "is not JSON"), ("[" * 100_000, "is not JSON"), ("[]", "needs the key kind"), ("{}", "needs the key kind"), ('{"kind": "log_in", "who": "x"}', "needs the key kind and knows"),
    ('{"kind": 5}', "kind is 5; write it as a text"), ('{"kind": "payment", "loan_id": 5}', "loan_id is 5"), ('{"kind": "log_in", "on": 20260430}', "on is 20260430"),
    ('{"kind": "log_in", "on": "30.4.2026"}', "on '30.4.2026' is not a date"), ('{"kind": "log_in", "on": "2026-05-01"}', "after --as-of 2026-04-30"), ('{"kind": "log_in", "at": "noon"}', "at 'noon' is not a time"),
    ('{"kind": "log_in", "at": "2026-04-30T10:00:00"}', "has no offset"), ('{"kind": "payment", "amount_minor": 1.5}', "amount_minor is 1.5"), ('{"kind": "payment", "amount_minor": true}', "amount_minor is True"),
    ('{"kind": "payment", "amount_minor": "100"}', "amount_minor is '100'"), ('{"kind": "payment", "amount_minor": 99999999999999999999}', "amount_minor is 99999999999999999999"),
    ('{"kind": "promise", "pay_by_on": "soon"}', "pay_by_on 'soon' is not a date"), ('{"kind": null}', "kind is None"),
])
def test_an_event_that_is_not_as_it_should_be_is_refused_with_its_key(text, said):
    with pytest.raises(Refused) as problem:
        happened_from(text, AS_OF)
    assert said in problem.value.en and problem.value.zh


@given(st.fixed_dictionaries({"kind": JSON}, optional={key: JSON for key in ("on", "at", "loan_id", "amount_minor", "pay_by_on", "channel", "outcome")}))
def test_any_json_is_an_event_or_a_refusal(said):
    try:
        found = happened_from(json.dumps(said), AS_OF)
    except Refused as problem:
        assert problem.zh
        return
    assert found.kind == said["kind"] and found.on <= AS_OF
