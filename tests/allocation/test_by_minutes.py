"""Cases given within minutes: held against every assignment there is, and against instances whose optimum is known."""

import itertools
import zipfile
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.allocation.by_minutes import NOT_PERMITTED, assign_by_minutes
from arrears.refusal import Refused

INSTANCES = Path(__file__).parents[3] / "shared" / "data" / "gap_orlib"


@st.composite
def questions(draw, people_most: int = 4, cases_most: int = 6):
    people, cases = draw(st.integers(1, people_most)), draw(st.integers(0, cases_most))
    cost = [[draw(st.one_of(st.integers(-30, 90), st.integers(0, 3), st.just(NOT_PERMITTED))) for _ in range(cases)] for _ in range(people)]
    minutes = [[draw(st.integers(0, 12)) for _ in range(cases)] for _ in range(people)]
    within = [draw(st.integers(0, 30)) for _ in range(people)]
    shape = (people, cases)
    return np.array(cost, np.int64).reshape(shape), np.array(minutes, np.int64).reshape(shape), np.array(within, np.int64)


def every_assignment(cost, minutes, within):
    """(cost, minutes over) of each assignment of permitted pairs."""
    people, cases = cost.shape
    for holder in itertools.product(range(people), repeat=cases):
        if all(cost[person, case] != NOT_PERMITTED for case, person in enumerate(holder)):
            load = [sum(int(minutes[a, j]) for j, a in enumerate(holder) if a == person) for person in range(people)]
            yield sum(int(cost[a, j]) for j, a in enumerate(holder)), sum(max(0, load[a] - int(within[a])) for a in range(people))


def keeps_to_minutes(given, cost, minutes, within) -> bool:
    cases = np.arange(cost.shape[1])
    pairs = cost[given.holder, cases]
    load = np.bincount(given.holder, minutes[given.holder, cases], len(within))
    return bool((load <= within).all()) and NOT_PERMITTED not in pairs and int(pairs.sum()) == given.cost


def made_up(people: int, cases: int, seed: int, tight: float = 0.8):
    """Costs fall as minutes rise, as in the harder public instances."""
    dice = np.random.default_rng(seed)
    minutes = dice.integers(1, 101, (people, cases))
    cost = 111 - minutes + dice.integers(-10, 11, (people, cases))
    return cost, minutes, (tight * minutes.sum(axis=1) / people).astype(np.int64)


@given(questions())
def test_the_cost_is_the_least_of_all_assignments_or_refused_where_there_is_none(question):
    cost, minutes, within = question
    possible = [spent for spent, over in every_assignment(*question) if over == 0]
    if not possible:
        with pytest.raises(Refused):
            assign_by_minutes(*question)
        return
    found = assign_by_minutes(*question)
    assert keeps_to_minutes(found, cost, minutes, within)
    assert found.bound <= min(possible) == found.cost


@given(questions(cases_most=5))
def test_minutes_said_to_be_lacking_are_lacking_in_every_assignment(question):
    try:
        assign_by_minutes(*question, effort=0)
    except Refused as refused:
        if "at least" in refused.en and "are lacking" in refused.en:
            said = int(refused.en.split("at least ")[1].split(" are lacking")[0])
            cost, minutes, within = question
            held = np.where(minutes <= within[:, None], cost, NOT_PERMITTED)
            meant = cost if "however they are given" in refused.en else held
            assert 0 < said <= min(over for _, over in every_assignment(meant, minutes, within))


@pytest.mark.parametrize("seed", range(6))
def test_larger_days_keep_to_everybodys_minutes_near_the_bound(seed):
    cost, minutes, within = made_up(3 + 2 * seed, 40 + 10 * seed, seed)
    found = assign_by_minutes(cost, minutes, within, effort=20)
    assert keeps_to_minutes(found, cost, minutes, within)
    assert found.bound <= found.cost <= 1.02 * found.bound


def test_the_same_question_has_the_same_answer_on_one_thread_and_on_two():
    question = made_up(8, 60, 3)
    before = numba.get_num_threads()
    answers = []
    try:
        for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS), 1):
            numba.set_num_threads(threads)
            answers.append(assign_by_minutes(*question, effort=12))
    finally:
        numba.set_num_threads(before)
    assert len({(each.holder.tobytes(), each.cost, each.bound, each.rounds) for each in answers}) == 1
    assert answers[0].holder.dtype == np.int32


def test_more_effort_is_never_dearer():
    question = made_up(10, 60, 5)
    costs = [assign_by_minutes(*question, effort=effort).cost for effort in (0, 5, 40)]
    assert costs == sorted(costs, reverse=True)


def test_a_constant_added_to_a_case_moves_cost_and_bound_by_it():
    cost, minutes, within = made_up(5, 30, 7)
    moved = cost + np.arange(30) * 1_000_003 - 5_000_000
    first, second = assign_by_minutes(cost, minutes, within), assign_by_minutes(moved, minutes, within)
    constant = sum(range(30)) * 1_000_003 - 30 * 5_000_000
    assert (second.cost - constant, second.bound - constant) == (first.cost, first.bound)


def test_no_cases_cost_nothing():
    found = assign_by_minutes(np.empty((3, 0), np.int64), np.empty((3, 0), np.int64), np.array([60, 0, 5]))
    assert (found.holder.tolist(), found.cost, found.bound, found.rounds) == ([], 0, 0, 0)


def test_cases_that_take_no_minutes_go_to_the_cheapest_even_without_a_minute():
    cost = np.array([[5, 1, 7], [3, 2, 7]])
    found = assign_by_minutes(cost, np.zeros((2, 3), np.int64), np.zeros(2, np.int64))
    assert (found.holder[:2].tolist(), found.cost, found.bound) == ([1, 0], 11, 11)


def test_a_case_that_nobody_may_have_is_named():
    cost = np.array([[1, NOT_PERMITTED], [1, NOT_PERMITTED]])
    with pytest.raises(Refused, match=r"1 of 2 cases fit nobody: case 1 \(counted from 0\) may be given to nobody") as refused:
        assign_by_minutes(cost, np.ones((2, 2), np.int64), np.array([60, 60]))
    assert "第 1 件（从 0 数起）没有任何人可办" in refused.value.zh


def test_a_case_too_long_for_all_who_may_have_it_is_named_with_the_minutes_beyond():
    cost = np.array([[1], [1], [NOT_PERMITTED]])
    with pytest.raises(Refused, match="case 0 .* takes at least 20 minutes more than anybody has who may have it"):
        assign_by_minutes(cost, np.array([[100], [90], [10]]), np.array([60, 70, 480]))


def test_nobody_to_give_to_is_refused():
    with pytest.raises(Refused, match="2 of 2 cases fit nobody"):
        assign_by_minutes(np.empty((0, 2), np.int64), np.empty((0, 2), np.int64), np.empty(0, np.int64))


def test_minutes_that_do_not_suffice_in_sum_are_refused_with_what_is_lacking():
    with pytest.raises(Refused, match="at least 25 are lacking for the 5 cases") as refused:
        assign_by_minutes(np.ones((2, 5), np.int64), np.full((2, 5), 25), np.array([50, 50]))
    assert "至少还缺 25 分钟" in refused.value.zh


def test_a_group_of_cases_that_one_person_alone_may_have_is_seen_to_lack_minutes_though_others_are_idle():
    cost = np.array([[1, 1, 1, 1], [NOT_PERMITTED, NOT_PERMITTED, NOT_PERMITTED, 1]])
    with pytest.raises(Refused, match="at least 30 are lacking"):
        assign_by_minutes(cost, np.full((2, 4), 30), np.array([60, 480]))


def test_what_is_impossible_but_not_proven_so_is_said_to_be_not_found():
    with pytest.raises(Refused, match="no way was found .* exceeds them by 10. That none exists is not proven") as refused:
        assign_by_minutes(np.ones((2, 3), np.int64), np.full((2, 3), 30), np.array([50, 50]), effort=5)
    assert "并不证明不存在" in refused.value.zh


def test_negative_minutes_and_figures_too_large_to_count_are_refused():
    with pytest.raises(Refused, match="must not be negative"):
        assign_by_minutes(np.ones((1, 1), np.int64), np.array([[-1]]), np.array([5]))
    with pytest.raises(Refused, match="too large to be counted exactly"):
        assign_by_minutes(np.array([[0, 2**60]]), np.array([[5, 5]]), np.array([50]))


def public(name: str):
    with zipfile.ZipFile(INSTANCES / f"{name}.zip") as packed:
        figures = np.array(packed.read(packed.namelist()[0]).split(), np.int64)
    people, cases = figures[:2]
    cost, minutes = figures[2 : 2 + 2 * people * cases].reshape(2, people, cases)
    return cost, minutes, figures[2 + 2 * people * cases :]


@pytest.mark.skipif(not INSTANCES.is_dir(), reason="the shared data set gap_orlib is absent")
@pytest.mark.parametrize("name", ["c05100", "c20200", "d10100", "d20100", "e10100", "e20200"])
def test_public_instances_are_within_half_a_per_cent_of_the_published_bound(name):
    bounds = dict((line.split()[0], line.split()[1:]) for line in (INSTANCES / "bounds.txt").read_text().splitlines() if line.strip())
    lower, upper = (int(each) for each in bounds[f"{name}_Min"])
    cost, minutes, within = public(name)
    found = assign_by_minutes(cost, minutes, within, effort=60)
    assert keeps_to_minutes(found, cost, minutes, within)
    assert lower <= found.cost <= 1.005 * lower
    assert 0.995 * lower <= found.bound <= upper
