"""Which debt a payment settles: 民法典 560 and 561 by hand, and money that is never lost."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.law.packs import shipped_texts
from arrears.law.payment_order import PARTS, Debt, failures, payment_orders, settle
from arrears.strict_yaml import BadYaml

ORDERS = payment_orders(shipped_texts("cn"))
ON = date(2026, 3, 2)
drawn = settings(deadline=None, derandomize=True, max_examples=200)
AMOUNTS = st.integers(0, 10**9) | st.integers(0, 5)


@st.composite
def debts(draw):
    return [
        Debt(f"D{place}", draw(st.sampled_from([date(2025, 1, 1), ON, date(2026, 3, 3)])), *(draw(AMOUNTS) for _ in PARTS),
             secured_minor=draw(st.integers(0, 2)), burden_ppm=draw(st.integers(0, 2)))
        for place in range(draw(st.integers(0, 6)))
    ]


@given(debts(), AMOUNTS, st.data())
@drawn
def test_every_fen_settles_something_or_is_left_and_no_part_takes_more_than_is_open(owed, amount, data):
    ids = [debt.id for debt in owed]
    choice = data.draw(st.lists(st.sampled_from(ids), unique=True)) if ids else []
    found = settle(ORDERS, amount, owed, ON, choice=choice)
    assert sum(taken for _, _, taken in found.taken) + found.left_minor == amount
    by_id = {debt.id: debt for debt in owed}
    assert all(0 < taken <= by_id[name].owed(part) for name, part, taken in found.taken)
    assert len({(name, part) for name, part, _ in found.taken}) == len(found.taken)
    if found.left_minor:
        assert amount - found.left_minor == sum(debt.total_minor for debt in owed)


@given(debts(), AMOUNTS, st.randoms(use_true_random=False))
@drawn
def test_the_order_in_which_debts_are_listed_changes_nothing(owed, amount, dice):
    shuffled = list(owed)
    dice.shuffle(shuffled)
    assert settle(ORDERS, amount, owed, ON) == settle(ORDERS, amount, shuffled, ON)


def rank_by_the_article(debt: Debt) -> tuple:
    """Art. 560 paragraph 2 read once more: due ones first, least security, heaviest burden, earliest due."""
    return (0 if debt.due_on <= ON else 1, debt.secured_minor, -debt.burden_ppm, debt.due_on)


@given(debts(), AMOUNTS)
@drawn
def test_a_debt_of_lower_rank_takes_nothing_before_those_above_are_settled(owed, amount):
    found = settle(ORDERS, amount, owed, ON)
    took = {debt.id: sum(taken for name, _, taken in found.taken if name == debt.id) for debt in owed}
    for above, below in pairwise(sorted(owed, key=rank_by_the_article)):
        if rank_by_the_article(above) < rank_by_the_article(below) and took[below.id]:
            assert took[above.id] == above.total_minor


@given(debts(), AMOUNTS)
@drawn
def test_debts_of_one_rank_share_to_within_a_fen(owed, amount):
    same = [replace(debt, due_on=ON, secured_minor=0, burden_ppm=0) for debt in owed]
    total = sum(debt.total_minor for debt in same)
    found = settle(ORDERS, amount, same, ON)
    for debt in same:
        took = sum(taken for name, _, taken in found.taken if name == debt.id)
        assert abs(took * total - min(amount, total) * debt.total_minor) < max(total, 1)


def test_what_was_agreed_goes_before_what_the_debtor_names_and_the_rest_follows_by_law():
    owed = [Debt(name, date(2025, month, 1), principal_minor=100) for name, month in (("A", 1), ("B", 2), ("C", 3), ("D", 4))]
    found = settle(ORDERS, 350, owed, ON, agreement=["D"], choice=["C", "D"])
    assert [(name, taken) for name, _, taken in found.taken] == [("D", 100), ("C", 100), ("A", 100), ("B", 50)]


def test_a_debtor_who_names_a_debt_does_not_name_its_part():
    """Costs and interest come first within the debt that was named (561)."""
    owed = [Debt("A", ON, costs_minor=10, interest_minor=20, principal_minor=100), Debt("B", ON, principal_minor=100)]
    assert settle(ORDERS, 40, owed, ON, choice=["A"]).taken == (("A", "costs", 10), ("A", "interest", 20), ("A", "principal", 10))


def test_before_the_code_the_order_is_unknown():
    assert settle(ORDERS, 40, [Debt("A", ON, principal_minor=1)], date(2020, 12, 31)) is None


@pytest.mark.parametrize("amount,owed,more,said", [
    (-1, [Debt("A", ON)], {}, "negative"), (1, [Debt("A", ON, principal_minor=-1)], {}, "negative"),
    (1, [Debt("A", ON), Debt("A", ON)], {}, "twice"), (1, [Debt("A", ON)], {"choice": ["Z"]}, "none of the debts"),
    (1, [Debt("A", ON)], {"parts_agreement": ["principal"]}, "each once"),
])
def test_what_makes_no_sense_is_refused(amount, owed, more, said):
    with pytest.raises(ValueError, match=said):
        settle(ORDERS, amount, owed, ON, **more)


@pytest.mark.parametrize("one,other", [
    *pairwise(("due_first", "least_secured", "most_burdensome", "oldest_due")), *pairwise(("costs", "interest", "principal")),
])
def test_two_neighbouring_steps_changed_about_make_an_example_fail(one, other):
    texts = shipped_texts("cn")
    changed = texts["payment_order.yaml"].replace(f"{one}, {other}", f"{other}, {one}", 1)
    assert changed != texts["payment_order.yaml"]
    assert failures({**texts, "payment_order.yaml": changed})


@pytest.mark.parametrize("old,new,said", [
    ("[agreement, costs, interest, principal]", "[agreement, costs, principal]", "in some order"),
    ("most_burdensome, oldest_due, pro_rata", "most_burdensome, pro_rata, oldest_due", "in some order"),
    ("evidence: T1", "evidence: U", "uncertain"),
])
def test_an_order_that_cannot_be_taken_at_its_word_is_refused(old, new, said):
    texts = shipped_texts("cn")
    assert old in texts["payment_order.yaml"]
    with pytest.raises(BadYaml, match=said):
        payment_orders({**texts, "payment_order.yaml": texts["payment_order.yaml"].replace(old, new, 1)})
