"""The authority matrix: amount × kind × role, from the shipped file or the lender's own, which is refused with its line where it is wrong."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.strict_yaml import BadYaml
from arrears.work.authority import ROLES, Terms, alone_by, decided_by, deciders, matrix_from, matrix_of, shipped
from arrears.work.plan_calculator import KINDS

PLAN = Terms("instalments", "CNY", 50_000_00, 0)


def test_the_shipped_matrix_is_marked_as_nobodys_law_and_lets_nobody_waive_alone_nor_go_beyond_the_strategy_nor_waive_principal():
    matrix = shipped()
    assert matrix.source == "operator_policy" and all(row.alone is None or row.alone.waived_minor == 0 for row in matrix.rows)
    assert not any(row.beyond for row in matrix.rows) and all(amounts.principal_minor == 0 for row in matrix.rows for amounts in (row.alone, row.decide) if amounts)


@pytest.mark.parametrize(("terms", "alone", "may"), [
    (PLAN, {"collector", "team_lead"}, ("team_lead", "compliance_officer")),
    (replace(PLAN, put_off_minor=50_000_01), {"team_lead"}, ("team_lead", "compliance_officer")),
    (replace(PLAN, put_off_minor=200_000_01), set(), ("team_lead", "compliance_officer")),
    (replace(PLAN, put_off_minor=1_000_000_01), set(), ("compliance_officer",)),
    (replace(PLAN, waived_minor=1), set(), ("team_lead", "compliance_officer")),
    (Terms("waiver", "CNY", 1, 5_000_00), set(), ("team_lead", "compliance_officer")),
    (Terms("settlement", "CNY", 1, 5_000_01), set(), ("compliance_officer",)),
    (Terms("settlement", "CNY", 1, 1, principal_minor=1), set(), ()),
    (replace(PLAN, beyond=("instalments",)), set(), ()),
    (replace(PLAN, currency="USD"), set(), ()),
])
def test_who_may_agree_alone_and_who_may_approve_by_the_shipped_matrix(terms, alone, may):
    assert {role for role in ROLES if alone_by(shipped(), (role,), terms)} == alone and deciders(shipped(), terms) == may


@given(kind=st.sampled_from(KINDS), put_off=st.integers(0, 10**10), waived=st.integers(0, 10**7), more=st.integers(0, 10**9), role=st.sampled_from(ROLES))
def test_who_may_grant_much_may_grant_less(kind, put_off, waived, more, role):
    much, less = Terms(kind, "CNY", put_off + more, waived + more), Terms(kind, "CNY", put_off, waived)
    for may in (alone_by, decided_by):
        assert not may(shipped(), (role,), much) or may(shipped(), (role,), less)


OWN = """id: ours
source: 授信审批委员会 2026-09
currency: CNY
rows:
  - {name: lead, role: team_lead, kinds: [settlement], decide: {put_off: any, waived: any, principal: "10000"}, beyond: "yes", zh: 组长, en: lead}
"""


def test_the_lenders_own_file_replaces_the_shipped_one_whole_and_is_read_anew_when_it_changes(tmp_path):
    assert matrix_of(tmp_path, "bank").id == "default"
    (tmp_path / "authority").mkdir()
    own = tmp_path / "authority" / "bank.yaml"
    own.write_text(OWN, encoding="utf-8")
    matrix = matrix_of(tmp_path, "bank")
    assert matrix.id == "ours" and matrix_of(tmp_path, "other").id == "default" and alone_by(matrix, ROLES, PLAN) is None
    assert deciders(matrix, Terms("settlement", "CNY", 10**9, 10**6, 10_000, ("principal",))) == ("team_lead",) and deciders(matrix, Terms("settlement", "CNY", 10**9, 10**6, 10_001, ("principal",))) == ()
    own.write_text(OWN.replace("id: ours", "id: theirs"), encoding="utf-8")
    assert matrix_of(tmp_path, "bank").id == "theirs"


ROW = '  - {name: lead, role: team_lead, kinds: [settlement], decide: {put_off: any, waived: any}, zh: 组长, en: lead}\n'
HEAD = "id: x\nsource: y\ncurrency: CNY\nrows:\n"


@pytest.mark.parametrize(("text", "why"), [
    ("[]", "expected|mapping"), ("id: x\nid: y\n", "line 2"), (HEAD, "rows must be a list"), (HEAD + ROW + ROW, "two rows are called lead"), (HEAD.replace("CNY", "yuan") + ROW, "line 3: currency"),
    (HEAD + ROW.replace("team_lead", "auditor"), "line 5: role 'auditor'"), (HEAD + ROW.replace("[settlement]", "[gift]"), "line 5: kinds"), (HEAD + ROW.replace("[settlement]", "[waiver, waiver]"), "each once"),
    (HEAD + ROW.replace("decide: {put_off: any, waived: any}, ", ""), "grants nothing"), (HEAD + ROW.replace("waived: any", "waived: 12.5"), "line 5: waived is '12.5'"),
    (HEAD + ROW.replace("waived: any", "waived: -1"), "whole number"), (HEAD + ROW.replace("waived: any", "waved: any"), "missing waived"), (HEAD + ROW.replace("zh: 组长", "zh: ''"), "zh must be a text"),
    (HEAD + ROW.replace("waived: any", "waived: any, principal: any").replace("[settlement]", "[settlement, waiver]"), "settlement alone"),
    (HEAD + ROW.replace("decide: {put_off: any, waived: any}", "alone: {put_off: any, waived: any, principal: any}"), "never by one person"),
    (HEAD + ROW.replace("decide:", "beyond: maybe, decide:"), "yes or no"), (HEAD + ROW.replace("decide:", "beyond: 'yes', alone:"), "second person"),
    (HEAD + ROW.replace("decide:", "limit: 3, decide:"), "unknown key limit"),
])
def test_a_file_that_cannot_be_taken_at_its_word_is_refused_with_its_line(text, why):
    with pytest.raises(BadYaml, match=why):
        matrix_from(text, "bank.yaml")
