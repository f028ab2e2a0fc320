"""Experiments: who is in which arm, what may be written, what may change while one runs."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as some

from arrears.refusal import Refused
from arrears.stable_hash import hashes
from arrears.strategy.experiments import (
    arms_of,
    can_both_hold,
    check_experiments,
    demand_unchanged,
    propensities,
    running,
)
from arrears.strategy.strategy import Arm, Expected, Experiment, Giving, Ladder, Row, Segment, Strategy, Treatment
from arrears.strict_yaml import BadYaml

FROM, UNTIL = date(2026, 12, 1), date(2027, 3, 1)
CHI_SQUARED_1_IN_100_000 = {4: 28.47, 16: 51.51, 12: 44.57}  # tables


def experiment(name: str = "call_or_sms", shares=(800_000, 100_000, 100_000), **rest) -> Experiment:
    arms = tuple(Arm(f"arm{place}", share, ("call",) if place else (), None) for place, share in enumerate(shares))
    return Experiment(**{"name": name, "zh": "", "en": "", "from_on": FROM, "until_on": UNTIL, "when": (("bucket", ("M1",)),), "arms": arms, "outcome": "paid_30"} | rest)


def strategy(*experiments: Experiment, version: str = "2") -> Strategy:
    return Strategy("default", version, (), (), (), (), (), experiments, (), Expected(), Giving(), "")


def people(count: int) -> pl.Series:
    return pl.Series("borrower_id", [f"B{number:07d}" for number in range(count)])


def slow_arm(one: Experiment, borrower: str) -> int:
    """The same by hand: FNV-1a with its finish, in integers without a width, shares as fractions."""
    state = 0xCBF29CE484222325
    for byte in f"{one.name}\n{borrower}".encode():
        state = ((state ^ byte) * 0x100000001B3) % 2**64
    state ^= state >> 33
    state = state * 0xFF51AFD7ED558CCD % 2**64
    state ^= state >> 33
    drawn = Fraction((state >> 32) * 1_000_000 // 2**32, 1_000_000)
    so_far = Fraction(0)
    for place, arm in enumerate(one.arms):
        so_far += Fraction(arm.share_ppm, 1_000_000)
        if drawn < so_far:
            return place
    raise AssertionError("the shares do not reach 1")


@given(some.lists(some.text(max_size=12), max_size=30), some.lists(some.integers(1, 999), min_size=2, max_size=5))
def test_an_arm_is_that_of_the_hash_of_name_and_person_computed_by_hand(ids, parts):
    shares = [part * (1_000_000 // sum(parts)) for part in parts]
    shares[0] += 1_000_000 - sum(shares)
    one = experiment(shares=shares)
    assert arms_of(one, pl.Series(ids, dtype=pl.String)).tolist() == [slow_arm(one, borrower) for borrower in ids]


@given(some.permutations(range(40)), some.integers(0, 40))
def test_an_arm_depends_on_neither_order_nor_partition(order, cut):
    one, ids = experiment(), people(40)
    whole = arms_of(one, ids)
    assert (arms_of(one, ids.gather(order)) == whole[order]).all()
    assert np.r_[arms_of(one, ids[:cut]), arms_of(one, ids[cut:])].tolist() == whole.tolist()


def test_words_dates_and_conditions_move_nobody():
    one = experiment()
    other = replace(one, zh="x", en="y", from_on=FROM + timedelta(days=9), until_on=UNTIL + timedelta(days=9), when=(), outcome="recovered_30")
    assert (arms_of(one, people(5_000)) == arms_of(other, people(5_000))).all()


def test_arms_of_known_people_are_as_they_were():
    """Whoever changes the draw moves people between arms of every experiment that runs."""
    known = [0, 0, 2, 0, 0, 0, 2, 0, 2, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 0]
    assert arms_of(experiment(shares=(500_000, 300_000, 200_000)), people(20)).tolist() == known


@pytest.mark.parametrize("shares", [(800_000, 100_000, 100_000), (990_000, 10_000), (200_000,) * 5, (1, 999_999)])
def test_shares_are_met_as_by_chance(shares):
    count = 200_000
    found = np.bincount(arms_of(experiment(shares=shares), people(count)), minlength=len(shares))
    for arms, share in zip(found, shares, strict=True):
        expected = count * share / 1e6
        assert abs(arms - expected) <= 4.5 * np.sqrt(expected * (1 - share / 1e6)) + 1, (shares, found)


def test_experiments_draw_independently_of_each_other_and_of_the_partition():
    ids, count = people(100_000), 100_000
    drawn = {name: arms_of(experiment(name, (200_000,) * 5), ids) for name in ("a", "b", "aa", "call_or_sms", "call_or_sm")}
    drawn["partition"] = (hashes(ids) % np.uint64(4)).astype(np.int8)
    for left, right in combinations(drawn, 2):
        table = np.zeros((drawn[left].max() + 1, drawn[right].max() + 1))
        np.add.at(table, (drawn[left], drawn[right]), 1)
        expected = table.sum(1)[:, None] * table.sum(0) / count
        degrees = (table.shape[0] - 1) * (table.shape[1] - 1)
        assert ((table - expected) ** 2 / expected).sum() < CHI_SQUARED_1_IN_100_000[degrees], (left, right)


def test_a_person_without_an_id_is_refused_rather_than_put_somewhere():
    with pytest.raises(Refused, match="1 rows have no borrower_id"):
        arms_of(experiment(), pl.Series(["B1", None]))


def test_nobody_of_an_empty_book_is_in_an_arm():
    assert arms_of(experiment(), pl.Series([], dtype=pl.String)).tolist() == []


@given(some.lists(some.tuples(some.integers(-1, 2), some.lists(some.integers(0, 2), min_size=3, max_size=3)), max_size=20))
def test_a_propensity_sums_the_shares_of_all_arms_that_give_the_same(rows):
    shares = (700_000, 200_000, 100_000)
    found = propensities(shares, np.array([arm for arm, _ in rows], np.int8), np.array([gives for _, gives in rows], np.int64).reshape(-1, 3))
    for (arm, gives), value in zip(rows, found, strict=True):
        same = sum((Fraction(share, 1_000_000) for share, code in zip(shares, gives, strict=True) if code == gives[arm]), Fraction(0))
        assert value == (1.0 if arm == -1 else float(same))


@given(some.lists(some.integers(0, 2), min_size=3, max_size=3))
def test_what_may_be_given_to_a_person_has_probabilities_that_sum_to_one(gives):
    arms = np.arange(3, dtype=np.int8)
    found = propensities((700_000, 200_000, 100_000), arms, np.tile(np.array(gives), (3, 1)))
    by_code = dict(zip(gives, found.tolist(), strict=True))
    assert abs(sum(by_code.values()) - 1) < 1e-12 and len(Counter(gives)) == len(by_code)


@pytest.mark.parametrize(("shares", "said"), [
    ((800_000, 100_000), r"sum to 90 %, not to 100 %; give 10 % more to one"),
    ((800_000, 300_000), r"sum to 110 %, not to 100 %; take 10 % from one"),
    ((1_000_000, 0), r"arm arm1: its share is 0 %, so nobody"),
    ((1_000_000,), r"1 arms; an experiment compares at least two"),
])
def test_shares_that_cannot_be_met_are_refused(shares, said):
    with pytest.raises(BadYaml, match=f"strategy.yaml, experiment call_or_sms.*{said}"):
        check_experiments([experiment(shares=shares)], "strategy.yaml")


def test_two_arms_or_two_experiments_of_one_name_are_refused():
    one = experiment(shares=(500_000, 500_000))
    with pytest.raises(BadYaml, match="the arm 'arm0' stands twice"):
        check_experiments([replace(one, arms=(one.arms[0], one.arms[0]))], "s")
    with pytest.raises(BadYaml, match="experiment call_or_sms: the name stands twice"):
        check_experiments([one, replace(one, from_on=UNTIL, until_on=UNTIL + timedelta(days=1))], "s")


def test_an_end_that_is_not_after_the_start_and_an_unknown_outcome_are_refused():
    with pytest.raises(BadYaml, match="until 2026-12-01 is not after from 2026-12-01"):
        check_experiments([experiment(until_on=FROM)], "s")
    with pytest.raises(BadYaml, match="the outcome 'paid_60' is not known; known are paid_30, recovered_30"):
        check_experiments([experiment(outcome="paid_60")], "s")


def test_two_experiments_that_may_take_in_the_same_person_are_refused_unless_dates_or_conditions_part_them():
    one, two = experiment("one"), experiment("two")
    with pytest.raises(BadYaml, match="experiments one and two: both run from 2026-12-01 until 2027-03-01"):
        check_experiments([one, two], "s")
    check_experiments([one, replace(two, from_on=UNTIL, until_on=UNTIL + timedelta(days=9))], "s")
    check_experiments([one, replace(two, when=(("bucket", ("M2", "M3")),))], "s")
    check_experiments([one, two], "s", overlap=lambda left, right: False)
    with pytest.raises(BadYaml, match="may take in the same person"):
        check_experiments([one, replace(two, when=(("product", ("fast",)),))], "s")


_CELLS = {"bucket": some.lists(some.sampled_from(["M1", "M2", "M3"]), min_size=1, unique=True).map(tuple),
          "claimable": some.tuples(some.none() | some.integers(0, 3), some.none() | some.integers(4, 6)) | some.tuples(some.just(2), some.just(4)) | some.tuples(some.none(), some.just(2))}
_WHEN = some.fixed_dictionaries({}, optional=_CELLS).map(lambda cells: tuple(cells.items()))


@given(_WHEN, _WHEN)
def test_conditions_can_both_hold_where_some_row_fits_both(left, right):
    def fits(when, row):
        return all(row["bucket"] in cell if field == "bucket" else (cell[0] is None or row[field] >= cell[0]) and (cell[1] is None or row[field] < cell[1])
                   for field, cell in when)

    rows = [{"bucket": bucket, "claimable": claimable} for bucket in ("M1", "M2", "M3") for claimable in range(-1, 8)]
    assert can_both_hold(left, right) == any(fits(left, row) and fits(right, row) for row in rows)


def test_an_experiment_runs_from_its_first_day_until_the_day_before_its_end():
    one = experiment()
    assert [running([one], day) for day in (FROM - timedelta(days=1), FROM, UNTIL - timedelta(days=1), UNTIL)] == [(), (one,), (one,), ()]


MIDDLE = FROM + timedelta(days=30)


def test_an_experiment_that_runs_may_be_kept_reworded_or_ended_earlier():
    one = experiment(when=(("bucket", ("M1", "M2")), ("claimable", (1, 9))))
    same = replace(one, zh="新的说法", en="other words", when=(("claimable", (1, 9)), ("bucket", ("M2", "M1"))))
    for coming in (one, same, replace(one, until_on=MIDDLE), replace(one, until_on=UNTIL - timedelta(days=1))):
        demand_unchanged(strategy(one), strategy(experiment("further", from_on=UNTIL, until_on=UNTIL + timedelta(days=9)), coming, version="3"), MIDDLE)


@pytest.mark.parametrize(("changes", "said"), [
    ({"arms": experiment(shares=(700_000, 200_000, 100_000)).arms}, "other shares"),
    ({"arms": tuple(reversed(experiment(shares=(400_000, 300_000, 300_000)).arms))}, "other arms, shares"),
    ({"when": ()}, "other conditions"),
    ({"outcome": "recovered_30"}, "other outcome"),
    ({"from_on": FROM + timedelta(days=1)}, "other start"),
    ({"until_on": UNTIL + timedelta(days=1)}, "an end may only be brought forward, to 2026-12-31 at the earliest"),
    ({"until_on": MIDDLE - timedelta(days=1)}, "an end may only be brought forward"),
])
def test_what_may_move_people_or_change_the_measure_of_a_running_experiment_is_refused_by_name(changes, said):
    one = experiment()
    with pytest.raises(Refused, match=f"version 3: the experiment call_or_sms .*{said}") as raised:
        demand_unchanged(strategy(one), strategy(replace(one, **changes), version="3"), MIDDLE)
    assert "实验 call_or_sms" in raised.value.zh


def test_other_steps_of_a_ladder_that_an_arm_gives_are_another_arm():
    one = replace(experiment(), arms=(Arm("champion", 500_000, (), None), Arm("sooner", 500_000, (), "sooner")))
    steps = Ladder("sooner", "早", "sooner", ((1, "leave_alone"), (7, "call")))
    before, same = (replace(strategy(one, version=version), ladders=(steps,)) for version in ("2", "3"))
    demand_unchanged(before, same, MIDDLE)
    with pytest.raises(Refused, match="the experiment call_or_sms .*other arms"):
        demand_unchanged(before, replace(same, ladders=(replace(steps, steps=((1, "leave_alone"), (5, "call"))),)), MIDDLE)


FIRMS = Segment(name="firms", zh="企业", en="firms", when=(("claimable", (500, None)),))
CALL = Treatment("call", "电话", "call", "collector", "call", hours=(540, 1080), cool_off_days=3)
EARLY, LATE = (Row(f"row{bucket}", (("bucket", (bucket,)),), ("call",), None, False, "因", "why") for bucket in ("M1", "M2"))


@pytest.mark.parametrize(("changes", "said"), [
    ({"segments": (replace(FIRMS, when=(("claimable", (600, None)),)),)}, "other groups"),
    ({"treatments": (replace(CALL, hours=(600, 1080)),)}, "other arms"), ({"treatments": (replace(CALL, channel="sms"),)}, "other arms"), ({"treatments": (replace(CALL, cool_off_days=4),)}, "other arms"),
    ({"rows": (replace(EARLY, treatments=("leave_alone",)), LATE)}, "other rows"), ({"rows": (replace(EARLY, when=(("bucket", ("M1",)), ("claimable", (5, None)))), LATE)}, "other rows"),
    ({"rows": (replace(EARLY, fixed=True), LATE)}, "other rows"), ({"rows": (LATE,)}, "other rows"),
])
def test_what_the_names_of_a_running_experiment_stand_for_and_the_rows_of_its_champion_may_not_change(changes, said):
    one = experiment(when=(("bucket", ("M1",)), ("segment", ("firms",))))
    before = replace(strategy(one), segments=(FIRMS,), treatments=(CALL,), rows=(EARLY, LATE))
    coming = replace(before, version="3")
    demand_unchanged(before, coming, MIDDLE)
    with pytest.raises(Refused, match=f"the experiment call_or_sms .*{said}") as raised:
        demand_unchanged(before, replace(coming, **changes), MIDDLE)
    assert "实验 call_or_sms" in raised.value.zh


def test_words_and_rows_of_people_outside_a_running_experiment_may_change():
    one = experiment()
    before = replace(strategy(one), segments=(FIRMS,), treatments=(CALL,), rows=(EARLY, LATE))
    coming = replace(before, version="3", segments=(replace(FIRMS, when=()),), treatments=(replace(CALL, zh="打电话", cost_minor=9),),
                     rows=(replace(EARLY, reason_en="other words"), replace(LATE, treatments=("leave_alone",))))
    demand_unchanged(before, coming, MIDDLE)


def test_a_running_experiment_may_not_vanish_and_one_that_is_over_or_not_begun_may():
    one = experiment()
    for day in (FROM, MIDDLE, UNTIL - timedelta(days=1)):
        with pytest.raises(Refused, match="is missing in it, but it runs until 2027-03-01"):
            demand_unchanged(strategy(one), strategy(), day)
    for day in (FROM - timedelta(days=1), UNTIL, UNTIL + timedelta(days=9)):
        demand_unchanged(strategy(one), strategy(), day)
    demand_unchanged(strategy(one), strategy(replace(one, outcome="recovered_30")), FROM - timedelta(days=1))


def test_the_name_of_an_experiment_that_is_over_is_not_used_for_another():
    one = experiment()
    again = replace(one, from_on=UNTIL, until_on=UNTIL + timedelta(days=30))
    with pytest.raises(Refused, match="was over on 2027-03-01, and its name is used again with other start"):
        demand_unchanged(strategy(one), strategy(again), UNTIL)
    with pytest.raises(Refused, match="ends on 2027-04-01 in it"):
        demand_unchanged(strategy(one), strategy(replace(one, until_on=date(2027, 4, 1))), UNTIL)
