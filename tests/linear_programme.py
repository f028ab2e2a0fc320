"""A linear programme solved by HiGHS in a process of its own: OR-Tools brings a HiGHS too, and in one process the two do not get along."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

_SOLVE = """
import json, sys
import highspy, numpy as np
made = np.load(sys.argv[1])
lp = highspy.HighsLp()
lp.num_col_, lp.num_row_ = len(made["cost"]), len(made["row_lower"])
lp.col_cost_, lp.col_lower_, lp.col_upper_ = made["cost"], np.zeros(len(made["cost"])), made["upper"]
lp.row_lower_, lp.row_upper_ = made["row_lower"], made["row_upper"]
lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = made["start"], made["index"], made["value"]
if made["whole"]:
    lp.integrality_ = [highspy.HighsVarType.kInteger] * len(made["cost"])
solver = highspy.Highs()
solver.silent()
for option, setting in (("threads", 1), ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.0), ("mip_max_nodes", 2_000)):
    solver.setOptionValue(option, setting)
solver.passModel(lp)
solver.run()
found = solver.getInfo()
print(json.dumps([solver.modelStatusToString(solver.getModelStatus()), found.objective_function_value, found.mip_dual_bound]))
"""


def least(folder: Path, cost, upper, row_lower, row_upper, start, index, value, whole: bool = False) -> tuple[str, float, float]:
    """Status, least cost and (of whole columns) HiGHS' own bound. The matrix is by columns; skips the test where HiGHS is not there."""
    if find_spec("highspy") is None:
        pytest.skip("HiGHS comes with what fitting models needs: make train")
    path = folder / "programme.npz"
    row_upper = np.asarray(row_upper, float)
    np.savez(path, cost=np.asarray(cost, float), upper=np.asarray(upper, float), row_lower=np.asarray(row_lower, float), row_upper=row_upper, start=start, index=index,
             value=np.asarray(value, float), whole=whole)
    ran = subprocess.run([sys.executable, "-c", _SOLVE, str(path)], check=True, text=True, capture_output=True)
    return tuple(json.loads(ran.stdout.splitlines()[-1]))
