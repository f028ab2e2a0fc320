"""A file of the pack that was spoiled anywhere is refused in words that name the file, or still says the same: never a crash."""

import copy

import pytest

from arrears import strict_yaml
from arrears.law.agencies import agencies_from
from arrears.law.caps import law_from
from arrears.law.complaints import complaint_rules
from arrears.law.court_fees import fee_rules
from arrears.law.examples import DATA_EXAMPLES
from arrears.law.limitation import limitation_rules
from arrears.law.payment_order import payment_orders
from arrears.law.retention import retention_rules
from arrears.law.risk_classes import risk_rules
from arrears.strict_yaml import BadYaml
from law.test_examples_hold_numbers import TEXTS, at, written

READERS = {
    "lpr.yaml": law_from, "caps.yaml": law_from, "limitation.yaml": limitation_rules, "court_fees.yaml": fee_rules,
    "complaints.yaml": complaint_rules, "retention.yaml": retention_rules, "risk_classes.yaml": risk_rules,
    "payment_order.yaml": payment_orders, "agencies.yaml": agencies_from,
}


def places(node, path=()):
    """Every place of a document; of the entries of a list the first two, since all are read alike."""
    yield path
    below = node.items() if isinstance(node, dict) else enumerate(node[:2]) if isinstance(node, list) else ()
    for key, value in below:
        yield from places(value, (*path, key))


def without_examples(node):
    if isinstance(node, dict):
        return {key: without_examples(value) for key, value in node.items() if key != "examples"}
    return [without_examples(value) for value in node] if isinstance(node, list) else node


def spoiled(document):
    """The document with one place put to other things, or taken away."""
    for path in places(document):
        for other in ("oops", [], {"oops": "1"}, None):
            if not path:
                yield path, other
                continue
            changed = copy.deepcopy(document)
            if other is None:
                del at(changed, path[:-1])[path[-1]]
            else:
                at(changed, path[:-1])[path[-1]] = other
            yield path, changed


@pytest.mark.parametrize("name", DATA_EXAMPLES)
def test_a_file_spoiled_anywhere_is_told_in_words(name):
    document = without_examples(strict_yaml.parse(TEXTS[name], name))
    texts = {file: written(without_examples(strict_yaml.parse(text, file))) for file, text in TEXTS.items() if "/" not in file}
    read, count = READERS[name], 0
    for path, changed in spoiled(document):
        count += 1
        try:
            read({**texts, name: written(changed)})
        except BadYaml as problem:
            assert str(problem).startswith(name), (path, str(problem))
        except Exception as problem:
            raise AssertionError(f"{name}, {path}, {str(changed)[:200]}") from problem
    assert count > 50


@pytest.mark.parametrize(("name", "old", "new", "said"), [
    ("retention.yaml", "licences: [consumer_finance]", "licences: [consumer_fin]", "licences has 'consumer_fin'; known are bank"),
    ("retention.yaml", "products: [credit_card]", "products: [credit_crad]", "products has 'credit_crad'"),
    ("retention.yaml", "records: [system_log]", "records: []", "records names none"),
    ("retention.yaml", 'until: "2026-01-01"', 'until: "2017-06-01"', "until ends it 2017-06-01, not after it begins"),
    ("retention.yaml", "id: cn.retention.system_log_23", "id: cn.retention.system_log_21", "the id 'cn.retention.system_log_21' stands twice"),
    ("limitation.yaml", 'weekends_extend: "false"', 'weekends_extend: "yes"', "weekends_extend is 'yes'; write true or false"),
    ("limitation.yaml", "pending: true", "pending: yes", "pending is 'yes'; write true or false"),
    ("limitation.yaml", "products: [credit_card]", "products: [cards]", "products has 'cards'"),
    ("limitation.yaml", 'years: "20"', f'years: "{"9" * 5000}"', "twelve at most"),
    ("caps.yaml", '  contract_from: "2020-08-20"', '  contract_from: "2020-08-20"\n  contract_until: "2020-08-20"', "contract_until ends it 2020-08-20"),
    ("caps.yaml", "id: cn.cap.microloan", "id: cn.cap.licensed", "the id 'cn.cap.licensed' stands twice"),
])
def test_what_would_silently_never_hold_is_refused_by_file(name, old, new, said):
    assert old in TEXTS[name], "the change changes nothing"
    with pytest.raises(BadYaml) as found:
        READERS[name]({**TEXTS, name: TEXTS[name].replace(old, new, 1)})
    assert str(found.value).startswith(name) and said in str(found.value)
