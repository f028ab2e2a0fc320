"""Thousands of entries: beside HiGHS, on any number of threads, in any order of rows."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from arrears.allocation.choose import NO_MOST, choose
from arrears.allocation.choose_options import BLOCK

ROOT = Path(__file__).resolve().parents[2]


def book(entries: int, seed: int, classes: int | None = None) -> dict:
    """Made-up entries with eight treatments and six limits: minutes of two kinds, visits, cost, complaints, and a minimum for a group."""
    dice = np.random.default_rng(seed)
    amount = np.exp(dice.normal(np.log(300_000), 1.0, entries)).astype(np.int64) + 1_000
    effect = np.array([0.10, 0.04, 0.22, 0.16, 0.12, 0.05, 0.03, 0.0]) * dice.uniform(0.3, 1.7, (entries, 8))
    cost, minutes = np.array([3_000, 500, 15_000, 900, 300, 60, 4, 0]), np.array([0, 0, 0, 12, 6, 0, 0, 0])
    each = classes or entries
    usage = np.zeros((6, each, 8), np.int64)
    usage[0] = np.rint(minutes * dice.uniform(0.6, 1.4, (each, 8)))
    usage[1, :, 3] = usage[0, :, 3]
    usage[2, :, 2] = 1
    usage[3] = cost
    usage[4] = np.array([300, 100, 900, 400, 250, 80, 40, 0]) * dice.uniform(0.5, 1.5, (each, 8))
    late = dice.random(each) < 0.2
    usage[5][late, 2:5] = 1
    allowed = dice.random((entries, 8)) < 0.8
    allowed[:, 7] = True
    kind = np.arange(entries, dtype=np.int32) if classes is None else dice.integers(0, classes, entries).astype(np.int32)
    return {
        "value": np.rint(amount[:, None] * effect).astype(np.int64) - cost, "allowed": allowed, "kind": kind, "usage": usage,
        "most": np.array([3 * entries // 2, entries // 3, entries // 90, 250 * entries, 60 * entries, NO_MOST], np.int64),
        "least": np.array([0, 0, 0, 0, 0, int(late[kind].sum() * 0.4)], np.int64),
    }


def keeps(made: dict, chosen) -> bool:
    rows = np.arange(len(chosen.choice))
    used = made["usage"][:, made["kind"], chosen.choice].sum(axis=1)
    return bool(made["allowed"][rows, chosen.choice].all() and (used <= made["most"]).all() and (used >= made["least"]).all()
                and (used == chosen.used).all() and made["value"][rows, chosen.choice].sum() == chosen.reached_minor)


def by_highs(made: dict, whole: bool, folder: Path) -> tuple[float, float]:
    """The best worth that HiGHS finds and its own bound; without whole treatments the relaxation."""
    from linear_programme import least  # another process takes `book` from here, and has not the tests on its path

    entry, treatment = np.nonzero(made["allowed"])
    entries, columns = len(made["value"]), len(entry)
    counted = made["usage"][:, made["kind"][entry], treatment]
    status, cost, bound = least(
        folder, -made["value"][entry, treatment], np.ones(columns), np.concatenate([np.ones(entries), made["least"]]),
        np.concatenate([np.ones(entries), np.where(made["most"] == NO_MOST, np.inf, made["most"].astype(float))]),
        np.arange(0, columns * (1 + len(counted)) + 1, 1 + len(counted)),
        np.vstack([entry, *(np.full(columns, entries + limit) for limit in range(len(counted)))]).T.ravel(), np.vstack([np.ones(columns), counted]).T.ravel(), whole)
    assert whole or status == "Optimal", status
    return -cost, -bound if whole else -cost


@pytest.mark.parametrize("seed", range(3))
def test_whole_optima_of_highs_lie_between_what_is_reached_and_the_bound(seed, tmp_path):
    made = book(60, seed, classes=7)
    chosen = choose(**made)
    found, limit = by_highs(made, True, tmp_path)
    assert keeps(made, chosen)
    assert chosen.reached_minor <= limit + 1 and found <= chosen.bound_minor + 1
    assert chosen.reached_minor >= found * 0.99


@pytest.mark.parametrize(("entries", "classes", "gap"), [(300, None, 0.01), (2_000, 40, 0.002), (2_000, None, 0.002), (12_000, None, 0.0003)])
def test_the_bound_is_that_of_the_relaxation_and_what_is_reached_is_near_it(entries, classes, gap, tmp_path):
    made = book(entries, seed=entries, classes=classes)
    chosen = choose(**made)
    relaxed, _ = by_highs(made, False, tmp_path)
    assert keeps(made, chosen)
    assert chosen.priced_minor == pytest.approx(relaxed, rel=2e-6)
    assert 0 <= chosen.gap <= gap


def test_a_book_larger_than_the_sample_is_priced_as_well_and_the_order_of_rows_changes_nothing():
    made = book(40_000, seed=4)
    chosen = choose(**made)
    places = np.random.default_rng(5).permutation(40_000)
    turned = {**made, **{name: made[name][places] for name in ("value", "allowed")}, "usage": made["usage"][:, places, :]}
    other = choose(**turned)
    assert keeps(made, chosen) and chosen.gap < 1e-4
    assert (other.reached_minor, other.bound_minor, other.prices.tolist()) == (chosen.reached_minor, chosen.bound_minor, chosen.prices.tolist())
    assert other.choice.tolist() == chosen.choice[places].tolist()


def test_more_capacity_is_never_bounded_below_what_less_of_it_reached():
    made = book(5_000, seed=6)
    narrow = choose(**made)
    for limit in range(5):
        wide = choose(**{**made, "most": made["most"] + (np.arange(6) == limit) * made["most"] // 50})
        assert narrow.reached_minor <= wide.bound_minor
        assert wide.bound_minor <= narrow.priced_minor + int(narrow.prices[limit]) * int(made["most"][limit] // 50) // 1000 + 2e-6 * narrow.priced_minor


def test_the_number_of_threads_changes_no_byte():
    entries = 2 * BLOCK + 1_000
    code = ("import hashlib, sys; sys.path.insert(0, sys.argv[1]); from test_choose_many import book; from arrears.allocation.choose import choose\n"
            f"chosen = choose(**book({entries}, 8), threads=int(sys.argv[2]))\n"
            "print(hashlib.sha256(chosen.choice.tobytes() + chosen.prices.tobytes()).hexdigest(), chosen.reached_minor, chosen.bound_minor)")
    said = {subprocess.run([sys.executable, "-c", code, str(Path(__file__).parent), threads], capture_output=True, text=True, check=True,
                           env={**os.environ, "NUMBA_NUM_THREADS": threads, "PYTHONPATH": str(ROOT / "src")}).stdout for threads in ("1", "2")}
    assert len(said) == 1 and said.pop().strip()
