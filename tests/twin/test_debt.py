"""The simulation's own account of a loan agrees with the worked example of the specification."""

from datetime import date

import numpy as np
from numba import njit

from arrears.twin import debt as ledger


@njit
def _walk(debt, due, payments, amounts, days, shown):
    """What is owed at the end of each of `days`: days by part, fee to principal."""
    fallen = paid = 0
    for k in range(len(days)):
        while True:
            next_due = due[fallen] if fallen < len(due) else days[-1] + 1
            next_paid = payments[paid] if paid < len(payments) else days[-1] + 1
            if min(next_due, next_paid) > days[k]:
                break
            if next_due <= next_paid:
                ledger.fall_due(debt, next_due)
                fallen += 1
            else:
                ledger.accrue(debt, next_paid)
                ledger.spread(debt, next_paid, amounts[paid] + debt.state[ledger.CREDIT])
                paid += 1
        ledger.accrue(debt, days[k])
        for part in range(4):
            shown[k, part] = ledger.unpaid(debt, part)


def number_of_text(day: str) -> int:
    return (date.fromisoformat(day) - date(1970, 1, 1)).days


def test_the_account_of_a_simulated_loan_agrees_with_the_worked_example():
    debt = ledger.new_debt(4)
    due = np.array([number_of_text(f"2026-0{month}-10") for month in (2, 3, 4, 5)])
    debt.lines[ledger.DUE_ON] = due
    debt.lines[ledger.PRINCIPAL], debt.lines[ledger.INTEREST] = 250_000, 12_000
    debt.state[ledger.COUNT], debt.state[ledger.SINCE] = 4, number_of_text("2026-01-10")
    debt.state[ledger.RATE], debt.state[ledger.DAY_COUNT], debt.state[ledger.GRACE] = 216_000, 360, 3
    debt.state[ledger.ORDER : ledger.ORDER + 4] = ledger.FEE, ledger.PENALTY, ledger.INTEREST, ledger.PRINCIPAL
    days = ["2026-02-12", "2026-03-13", "2026-03-14", "2026-03-20", "2026-04-30"]
    shown = np.zeros((5, 4), np.int64)
    _walk(
        debt, due, np.array([number_of_text("2026-02-12"), number_of_text("2026-03-20")]), np.array([262_000, 100_000]),
        np.array([number_of_text(day) for day in days]), shown,
    )
    # Fee, penalty, interest, principal. Source: spec positions, Worked example.
    assert shown.tolist() == [
        [0, 0, 0, 0], [0, 0, 12_000, 250_000], [0, 600, 12_000, 250_000], [0, 0, 0, 163_500],
        [0, 7_022, 12_000, 413_500],
    ]
