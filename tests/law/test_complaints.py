"""By when a complaint must be answered, by hand: 15, 30, and 30 more days from receipt, from 2020-03-01 on."""

from datetime import date

import pytest

from arrears.law.complaints import answer_by, complaint_rules
from arrears.law.packs import shipped_texts
from arrears.strict_yaml import BadYaml

RULES = complaint_rules(shipped_texts("cn"))


@pytest.mark.parametrize("received,matter,approved,by", [
    ("2020-03-01", "simple", False, "2020-03-16"), ("2026-02-10", "simple", False, "2026-02-25"),
    ("2026-02-10", "complex", False, "2026-03-12"), ("2026-02-10", "complex", True, "2026-04-11"),
    # The last day lies in the national holiday of 2025 (1 to 8 October): calendar days, nothing moves.
    ("2025-09-20", "simple", False, "2025-10-05"),
])
def test_days_are_counted_from_receipt(received, matter, approved, by):
    assert answer_by(RULES, date.fromisoformat(received), matter, approved) == date.fromisoformat(by)


def test_before_the_rule_the_limit_is_unknown():
    assert answer_by(RULES, date(2020, 2, 29), "simple") is None


def test_what_the_rule_does_not_know_is_refused():
    with pytest.raises(ValueError, match="hopeless"):
        answer_by(RULES, date(2026, 1, 1), "hopeless")
    with pytest.raises(ValueError, match="no further days"):
        answer_by(RULES, date(2026, 1, 1), "simple", approved=True)


@pytest.mark.parametrize("old,new,said", [
    ("of: complex", "of: rare", "no days of its own"), ("evidence: T2", "evidence: U", "uncertain"),
    ('simple: "15"', "simple: a fortnight", "whole number"), ("needs: approval", "asks: approval", "missing needs"),
])
def test_limits_that_cannot_be_taken_at_their_word_are_refused(old, new, said):
    texts = shipped_texts("cn")
    assert old in texts["complaints.yaml"]
    with pytest.raises(BadYaml, match=said):
        complaint_rules({**texts, "complaints.yaml": texts["complaints.yaml"].replace(old, new, 1)})
