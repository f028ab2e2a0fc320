"""What is told of a table is so: counted against every combination of values, one by one."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.strategy.boxes import OTHER, UNKNOWN, Steps, axes_of, box_of, minus, uncovered, words
from arrears.strategy.conditions import read_when
from arrears.strategy.reading import default_strategy_text, strategy_from
from arrears.strategy.table_analysis import STEPS_MOST, Entry, analyse, analyse_table, demand_reachable, gaps
from arrears.strict_yaml import BadYaml

BUCKETS = ("M1", "M2", "M3")
KNOWN = {"bucket": BUCKETS}
VALUES = {"bucket": list(BUCKETS), "product": ["a", "b", "neither"], "overpaid": ["yes", "no"], "kind": ["person", "sole_trader", "enterprise", None],
          "claimable": [*range(7), 10**13], "self_cure": [None, *(ppm * 200_000 for ppm in range(6))]}
CELLS = {
    "bucket": st.lists(st.sampled_from(BUCKETS), min_size=1, max_size=3, unique=True), "product": st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=2, unique=True),
    "overpaid": st.sampled_from(["yes", "no"]), "kind": st.lists(st.sampled_from(["person", "sole_trader", "enterprise"]), min_size=1, max_size=3, unique=True),
    "claimable": st.one_of(st.integers(0, 6).map("<{}".format), st.integers(0, 6).map(">={}".format),
                           st.tuples(st.integers(0, 4), st.integers(1, 2)).map(lambda pair: f"{pair[0]}..{sum(pair)}")),
    "self_cure": st.one_of(st.integers(0, 5).map(lambda n: f"<{n * 20}%"), st.integers(0, 5).map(lambda n: f">={n * 20}%")),
}
NAMES = st.lists(st.sampled_from(sorted(CELLS)), min_size=0, max_size=3, unique=True)
WHENS = NAMES.flatmap(lambda names: st.fixed_dictionaries({name: CELLS[name] for name in names}))
TABLES = st.lists(st.tuples(WHENS, st.sampled_from(["call", "rest"])), max_size=6)


def entries_of(table: list[tuple[dict, str]]) -> tuple[Entry, ...]:
    return (*(Entry(f"r{place}", read_when(when, "here"), follows) for place, (when, follows) in enumerate(table)), Entry("otherwise", (), "rest"))


def holds(cell, value) -> bool:
    """Whether a value meets a cell as it is written."""
    if value is None:
        return False
    if isinstance(cell, list):
        return value in cell
    cell = cell.replace("%", "0000")
    if cell.startswith("<"):
        return value < int(cell[1:])
    if cell.startswith(">="):
        return value >= int(cell[2:])
    if ".." in cell:
        low, high = cell.split("..")
        return int(low) <= value < int(high)
    return value == cell


def everybody(table: list[tuple[dict, str]]):
    """Every combination of values of the fields that are named, with the rows it fits."""
    names = [name for name in VALUES if any(name in when for when, _ in table)]
    for values in product(*(VALUES[name] for name in names)):
        loan = dict(zip(names, values, strict=True))
        yield loan, [place for place, (when, _) in enumerate(table) if all(holds(cell, loan[name]) for name, cell in when.items())]


@given(TABLES)
@settings(deadline=None, max_examples=150)
def test_what_can_never_decide_and_what_overlaps_is_found_exactly(table):
    found = analyse_table("rows", entries_of(table), KNOWN)
    first, both, any_fit = set(), set(), set()
    left_over = False
    for _, fitting in everybody(table):
        first |= set(fitting[:1])
        any_fit |= set(fitting)
        left_over = left_over or not fitting
        both |= {(early, late) for at, early in enumerate(fitting) for late in fitting[at + 1:]}
    never = set(range(len(table))) - first
    assert {finding.rows[0] for finding in found if finding.is_fault} == {f"r{place}" for place in never}
    assert {finding.rows[0] for finding in found if finding.kind == "impossible"} == {f"r{place}" for place in set(range(len(table))) - any_fit}
    told = {(earlier, finding.rows[0]) for finding in found if finding.kind == "overlap" for earlier in finding.rows[1:]}
    assert told == {(f"r{early}", f"r{late}") for early, late in both if table[early][1] != table[late][1] and not {early, late} & never}
    assert any(finding.kind == "otherwise_unreached" for finding in found) == (not left_over)
    assert any(finding.kind == "gap" for finding in found) == left_over
    assert not any(finding.kind == "undecided" for finding in found)


@given(TABLES)
@settings(deadline=None, max_examples=100)
def test_the_rows_named_as_shadowing_cover_the_row_and_none_of_them_can_be_left_out(table):
    for finding in analyse_table("rows", entries_of(table), KNOWN):
        if finding.kind != "shadowed":
            continue
        row, *by = (int(name[1:]) for name in finding.rows)
        assert by and max(by) < row
        # Somebody who fits the row fits one of them; and each is the only one for somebody.
        fitting = [set(found) for _, found in everybody(table) if row in found]
        assert all(found & set(by) for found in fitting)
        assert all(any(not found & (set(by) - {one}) for found in fitting) for one in by)
        assert all(f"r{one} (row {one + 1})" in finding.en and f"r{one}（第{one + 1}行）" in finding.zh for one in (row, *by))


def cell_place(cells: tuple, value) -> int:
    if value is None:
        return cells.index(UNKNOWN)
    if isinstance(value, int):
        return next(place for place, cell in enumerate(cells) if isinstance(cell, tuple) and cell[0] <= value < cell[1])
    return cells.index(value) if value in cells else cells.index(OTHER)


@given(TABLES)
@settings(deadline=None, max_examples=100)
def test_gaps_hold_only_what_no_row_takes_and_all_of_it_where_they_are_said_to_be_whole(table):
    whens = tuple(entry.when for entry in entries_of(table))
    axes = axes_of(whens, KNOWN)
    shown, whole = gaps([box_of(when, axes) for when in whens[:-1]], axes, Steps(STEPS_MOST))
    for loan, fitting in everybody(table):
        inside = any(all(box[at] >> cell_place(axis.cells, loan[axis.name]) & 1 for at, axis in enumerate(axes)) for box in shown)
        assert not (inside and fitting)
        assert inside or fitting or not whole


@given(st.tuples(*[st.integers(1, 15)] * 3), st.lists(st.tuples(*[st.integers(1, 15)] * 3), max_size=5))
@settings(deadline=None)
def test_what_is_left_of_a_box_is_what_none_of_the_others_takes_each_cell_once(box, others):
    def cells(one):
        return list(product(*([bit for bit in range(4) if permitted >> bit & 1] for permitted in one)))

    taken = {cell for other in others for cell in cells(other)}
    left = [cell for piece in uncovered(box, others, Steps(10_000)) for cell in cells(piece)]
    assert sorted(left) == sorted(set(cells(box)) - taken)
    for other in others:
        pieces = [cell for piece in minus(box, other) for cell in cells(piece)] if all(left & right for left, right in zip(box, other, strict=True)) else []
        assert len(pieces) == len(set(pieces)) and not set(pieces) & set(cells(other))


def sentences(table, kind, known=KNOWN) -> list[str]:
    return [finding.en for finding in analyse_table("rows", entries_of(table), known) if finding.kind == kind]


def test_a_range_that_is_missing_between_two_rows_is_named_with_who_decides_there():
    table = [({"bucket": "M1", "claimable": "<50000"}, "rest"), ({"bucket": "M1", "claimable": ">=60000"}, "call")]
    assert sentences(table, "range_missing") == ["between r0 (row 1), r1 (row 2) claimable 50000..60000 is missing; there otherwise (row 3) decides"]
    assert sentences([*table, ({"bucket": "M1"}, "visit")], "range_missing") == ["between r0 (row 1), r1 (row 2) claimable 50000..60000 is missing; there r2 (row 3) decides"]
    assert sentences([table[0], ({"bucket": "M1", "claimable": ">=50000"}, "call")], "range_missing") == []
    assert sentences([table[0], ({"bucket": "M2", "claimable": ">=60000"}, "call")], "range_missing") == []


def test_ranges_missing_among_more_than_two_rows_are_told_between_neighbours_in_whatever_order_they_stand():
    table = [({"self_cure": ">=80%"}, "rest"), ({"self_cure": "<10%"}, "call"), ({"self_cure": "20%..60.5%"}, "call")]
    assert [sentence.split(";")[0] for sentence in sentences(table, "range_missing")] == [
        "between r1 (row 2), r2 (row 3) self_cure 10%..20% is missing", "between r0 (row 1), r2 (row 3) self_cure 60.5%..80% is missing"]


def test_ranges_that_overlap_are_named_with_what_they_share_unless_one_holds_the_other():
    table = [({"claimable": "<60000"}, "rest"), ({"claimable": ">=50000"}, "call")]
    assert sentences(table, "ranges_overlap") == ["r0 (row 1), r1 (row 2) overlap in claimable 50000..60000; the first decides"]
    assert sentences([({"claimable": "50000..60000"}, "rest"), ({"claimable": ">=50000"}, "call")], "ranges_overlap") == []
    assert sentences([({"claimable": "<60000"}, "call"), ({"claimable": ">=50000"}, "call")], "ranges_overlap") == []


def test_what_nobody_can_meet_is_told():
    impossible = [({"claimable": "<0"}, "call")]
    assert sentences(impossible, "impossible") == ["r0 (row 1) can never fit: there is no value that meets its conditions; mend them"]
    assert sentences([({"bucket": "M0"}, "call")], "impossible") and sentences([({"days_past_due": "<1"}, "call")], "impossible")
    assert not sentences([({"bucket": ["M0", "M1"]}, "call")], "impossible")


def test_a_row_for_what_is_not_known_is_not_shadowed_by_rows_for_all_that_can_be_known():
    known = [({"self_cure": "<50%"}, "rest"), ({"self_cure": ">=50%"}, "call")]
    assert sentences([*known, ({}, "visit")], "shadowed") == []
    assert sentences(known, "gap") == ["only otherwise takes: self_cure unknown"]
    amounts = [({"claimable": "<50"}, "rest"), ({"claimable": ">=50"}, "call"), ({}, "visit")]
    assert sentences(amounts, "shadowed") == ["r2 (row 3) can never decide: all of it is taken before by r0 (row 1), r1 (row 2); move it up, narrow those, or delete it"]


def test_rows_that_hide_nothing_of_their_own_are_not_named_as_hiding():
    table = [({"claimable": "<5", "bucket": "M1"}, "rest"), ({"claimable": "<9"}, "rest"), ({"claimable": ">=9"}, "call"), ({"bucket": "M1"}, "visit")]
    assert [sentence.split(";")[0] for sentence in sentences(table, "shadowed")] == ["r3 (row 4) can never decide: all of it is taken before by r1 (row 2), r2 (row 3)"]


def test_gaps_are_told_in_words_of_both_languages():
    table = [({"bucket": "M1"}, "call"), ({"product": ["a", "b"], "claimable": ">=500"}, "call")]
    found = [finding for finding in analyse_table("rows", entries_of(table), KNOWN) if finding.kind == "gap"]
    assert {finding.en for finding in found} == {"only otherwise takes: bucket M2 or M3, product not a or b", "only otherwise takes: bucket M2 or M3, claimable <500"}
    assert {finding.zh for finding in found} == {"只有otherwise适用：账龄为M2或M3，产品不是a或b", "只有otherwise适用：账龄为M2或M3，可主张金额<500"}
    axes = axes_of((read_when({"kind": "person", "days_past_due": "5..9"}, "here"),), {})
    assert words((0b1010, 0b101), axes)[1] == "kind sole_trader or unknown, days_past_due <5 or >=9"
    assert words((0b1111, 0b111), axes) == ("全部贷款", "every late loan")


def test_a_table_with_more_gaps_than_are_shown_says_so():
    table = [({"product": str(place), "claimable": f">={place}0", "days_past_due": f"<{20 - place}0"}, "call") for place in range(1, 9)]
    found = sentences(table, "gap")
    assert len(found) == 6 and found[-1] == "there may be more that only otherwise takes than what is named here (5)"


def test_what_is_too_large_to_decide_is_told_and_never_called_a_fault():
    table = [({"claimable": "<5"}, "rest"), ({"claimable": ">=5"}, "call"), ({"claimable": "3..7"}, "visit")]
    assert sentences(table, "shadowed")
    found = analyse_table("rows", entries_of(table), KNOWN, steps_most=1)
    assert not any(finding.is_fault for finding in found)
    assert {finding.rows[0] for finding in found if finding.kind == "undecided"} == {"r2", "otherwise"}


def test_the_shipped_strategy_has_no_fault_and_its_rows_take_every_late_loan():
    strategy = strategy_from(default_strategy_text())
    found = analyse(strategy, ("M1", "M2", "M3", "M4", "M5", "M6", "M6+"))
    demand_reachable(found, "strategy.yaml")
    assert {finding.kind for finding in found if finding.table == "rows"} == {"overlap", "otherwise_unreached"}
    assert any(finding.table == "offers" and finding.kind == "gap" for finding in found)


def test_a_strategy_with_a_row_that_an_earlier_one_hides_is_refused_naming_both():
    hidden = "  - {name: hidden, when: {bucket: M1, hold: dispute}, treatment: call, reason: {zh: 因, en: why}}\notherwise:\n  name: otherwise"
    strategy = strategy_from(default_strategy_text().replace("otherwise:\n  name: otherwise", hidden, 1))
    with pytest.raises(BadYaml, match=r"s.yaml, rows: hidden \(row 17\) can never decide: all of it is taken before by held \(row 1\)"):
        demand_reachable(analyse(strategy, ("M1", "M2", "M3", "M4", "M5", "M6", "M6+")), "s.yaml")
