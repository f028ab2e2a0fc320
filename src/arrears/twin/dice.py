"""Random numbers for compiled code: one stream per loan, the same on every machine.

Source: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014 (SplitMix64).
"""

import numpy as np
from numba import njit

inner = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""For functions that only compiled code calls: without wrappers for Python the first run waits half as long.

They are kept on disk as part of `behaviour.simulate` alone, whose cache Numba renews when behaviour.py changes: after
a change to debt.py, diary.py or dice.py the cached file has to go.
"""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
_SECOND_FACTOR = np.uint64(0x94D049BB133111EB)
_SHIFT_30, _SHIFT_27, _SHIFT_31, _SHIFT_11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@inner
def chance(dice: np.ndarray) -> float:
    """The next number in [0, 1); `dice` is one unsigned 64-bit word, which moves on."""
    dice[0] += _GOLDEN
    word = dice[0]
    word = (word ^ (word >> _SHIFT_30)) * _FIRST_FACTOR
    word = (word ^ (word >> _SHIFT_27)) * _SECOND_FACTOR
    word = word ^ (word >> _SHIFT_31)
    return np.float64(word >> _SHIFT_11) * 1.1102230246251565e-16


@inner
def whole(dice: np.ndarray, count: int) -> int:
    """The next whole number in [0, count)."""
    return np.int64(chance(dice) * count)
