"""The waterfall: one compiled walk over each loan's events in date order.

Every loan is walked once, from its first event to the end of `as_of`. Penalty and lawful charges accrue
between events, never night by night; what is carried is a quotient and a remainder, so nothing is rounded on
the way and nothing overflows. The comments name the sections of the positions specification.

The walk is compiled twice from this one text: with `notes` None it is the night's walk; with a table of notes
it writes down each step it takes, and `arrears explain` puts those steps into words.
"""

import numpy as np

from arrears.compiled import compiled
from arrears.delinquency.carry import LIMIT, PPM, added, rounded

# One row of `due` per instalment of the loan at hand, oldest first.
DUE_ON, NUMBER, FEE, INTEREST, PRINCIPAL, PENALTY_Q, PENALTY_R, PENALTY_TAKEN, ACCRUED_TO, WIPED = range(10)
# The loan at hand.
(
    AS_OF, GRACE, PENALTY_PPM, PENALTY_WHOLE, ON_INTEREST, BY_PART, COUNT, FALLEN, OPEN, UNALLOCATED, PAID,
    OUTSTANDING, CAPPED_TO, CAP_FROM, CAP_UNTIL, LAWFUL_Q, LAWFUL_R, OWED_CHARGES, WAIVED, TAKEN, FIRST_LATE,
    PAUSES, FAULT, NOTED, ORDER,
) = range(25)
AT_SIZE = ORDER + 4
# The columns of `loans`.
(
    L_PRINCIPAL, L_PENALTY_PPM, L_DAY_COUNT, L_GRACE, L_BY_PART, L_ON_INTEREST, L_DISBURSED_ON, L_CAP_FROM, L_CAP_UNTIL,
    L_ORDER,
) = range(10)
LOAN_COLUMNS = L_ORDER + 4
# The columns of the result, one row per loan.
(
    R_LATE, R_OLDEST, R_PRINCIPAL, R_INTEREST, R_FEE, R_PENALTY, R_OUTSTANDING, R_UNALLOCATED, R_PAID, R_LAWFUL,
    R_CLAIMED, R_NEXT_ON, R_NEXT, R_FIRST_DUE, R_FIRST_LATE, R_FAULT,
) = range(16)
RESULTS = 16
# Why a loan cannot be positioned.
SOUND, TOO_LARGE, NO_INSTALMENTS, PRINCIPAL_DIFFERS = range(4)
# The parts, and the kinds of adjustment, by the numbers that the tables' own order gives them.
PART_FEE, PART_PENALTY, PART_INTEREST, PART_PRINCIPAL = range(4)
WAIVE_FEE, WAIVE_INTEREST, WAIVE_PENALTY, PAUSE, ACCELERATE = range(5)
NEVER = -(2**31)
ALL_OF_IT = 2**62
LAWFUL_WHOLE = 365 * PPM
_FAR = 2**31
# What a step was: kind, day, instalment number, then up to five figures. See explain.py.
(
    N_DUE, N_ACCRUED, N_TAKEN, N_KEPT, N_SETTLED, N_WIPED, N_WAIVED, N_ACCELERATED, N_CAPPED, N_SPREAD, N_PAYMENT,
    N_PAUSED, N_OPEN,
) = range(13)
NOTE_COLUMNS = 8


@compiled
def walk(loans, caps, instalments, payments, adjustments, as_of, notes):
    """One row of RESULTS per loan, Int64; days are day numbers, NEVER where there is none.

    loans: one row per loan, LOAN_COLUMNS wide, the order of parts in the last four columns.
    caps: (first day, ppm) of every step of every series; a loan names its steps as [CAP_FROM, CAP_UNTIL), none
    where it is uncapped or its cap is unknown.
    instalments: (offsets, due_on, number, principal, interest, fee), sorted by loan, due_on, number.
    payments: (offsets, paid_on, amount) of those that count, sorted by loan, paid_on, payment_id.
    adjustments: (offsets, effective_on, kind, number, amount, until_on), sorted by loan, effective_on, adjustment_id.
    notes: None, or an Int64 table NOTE_COLUMNS wide that takes the steps of the last loan.
    """
    out = np.empty((loans.shape[0], RESULTS), np.int64)
    most = 1
    for row in range(loans.shape[0]):
        most = max(most, instalments[0][row + 1] - instalments[0][row])
    due = np.zeros((most, 10), np.int64)
    at = np.zeros(AT_SIZE, np.int64)
    pauses = np.zeros((len(adjustments[1]) + 1, 2), np.int64)
    for row in range(loans.shape[0]):
        _begin(loans, instalments, row, as_of, due, at)
        _gather_pauses(adjustments, row, at, pauses, notes)
        if at[FAULT] == SOUND:
            _live(payments, adjustments, row, due, at, pauses, caps, notes)
        _end(due, at, pauses, caps, out[row], notes)
    return out


@compiled
def _begin(loans, instalments, row, as_of, due, at):
    """The loan before its first event."""
    at[:] = 0
    at[AS_OF], at[GRACE], at[PENALTY_PPM] = as_of, loans[row, L_GRACE], loans[row, L_PENALTY_PPM]
    at[PENALTY_WHOLE] = loans[row, L_DAY_COUNT] * PPM
    at[BY_PART], at[ON_INTEREST] = loans[row, L_BY_PART], loans[row, L_ON_INTEREST]
    at[OUTSTANDING], at[CAPPED_TO] = loans[row, L_PRINCIPAL], loans[row, L_DISBURSED_ON]
    at[CAP_FROM], at[CAP_UNTIL] = loans[row, L_CAP_FROM], loans[row, L_CAP_UNTIL]
    at[FIRST_LATE] = NEVER
    for place in range(4):
        at[ORDER + place] = loans[row, L_ORDER + place]
    first = instalments[0][row]
    at[COUNT] = instalments[0][row + 1] - first
    left = loans[row, L_PRINCIPAL]
    for k in range(at[COUNT]):
        due[k, DUE_ON] = instalments[1][first + k]
        due[k, NUMBER] = instalments[2][first + k]
        due[k, PRINCIPAL] = instalments[3][first + k]
        due[k, INTEREST] = instalments[4][first + k]
        due[k, FEE] = instalments[5][first + k]
        due[k, PENALTY_Q] = due[k, PENALTY_R] = due[k, PENALTY_TAKEN] = due[k, WIPED] = 0
        left -= due[k, PRINCIPAL]
    if left != 0:
        at[FAULT] = PRINCIPAL_DIFFERS if at[COUNT] > 0 else NO_INSTALMENTS


@compiled
def _gather_pauses(adjustments, row, at, pauses, notes):
    """The paused nights of the loan as intervals [from, until) that do not touch (7)."""
    count = 0
    for place in range(adjustments[0][row], adjustments[0][row + 1]):
        if adjustments[2][place] != PAUSE:
            continue
        start, until = adjustments[1][place], adjustments[5][place]
        if notes is not None and start <= at[AS_OF]:
            _note(notes, at, N_PAUSED, start, 0, until, 0, 0, 0, 0)
        if count > 0 and start <= pauses[count - 1, 1]:
            pauses[count - 1, 1] = max(pauses[count - 1, 1], until)
        else:
            pauses[count, 0], pauses[count, 1] = start, until
            count += 1
    at[PAUSES] = count


@compiled
def _live(payments, adjustments, row, due, at, pauses, caps, notes):
    """Every day on which something happens, in order; within a day (a) to (d) of section 3."""
    pay, pay_end = payments[0][row], payments[0][row + 1]
    adjust, adjust_end = adjustments[0][row], adjustments[0][row + 1]
    while True:
        day = due[at[FALLEN], DUE_ON] if at[FALLEN] < at[COUNT] else _FAR
        if adjust < adjust_end:
            day = min(day, adjustments[1][adjust])
        if pay < pay_end:
            day = min(day, payments[1][pay])
        if day > at[AS_OF]:
            break
        fell = False
        while at[FALLEN] < at[COUNT] and due[at[FALLEN], DUE_ON] == day:
            _fall_due(due, at, at[FALLEN], notes)
            at[FALLEN] += 1
            fell = True
        while adjust < adjust_end and adjustments[1][adjust] == day:
            fell = _adjust(adjustments, adjust, due, at, pauses, day, notes) or fell
            adjust += 1
        if fell and at[UNALLOCATED] > 0:
            kept = at[UNALLOCATED]
            at[UNALLOCATED] = 0
            if notes is not None:
                _note(notes, at, N_SPREAD, day, 0, kept, 0, 0, 0, 0)
            _spread(kept, due, at, pauses, caps, day, notes)
        while pay < pay_end and payments[1][pay] == day:
            at[PAID] += payments[2][pay]
            if at[PAID] > LIMIT:
                at[FAULT] = TOO_LARGE
                return
            if notes is None and at[OPEN] == at[FALLEN]:
                at[UNALLOCATED] += payments[2][pay]
            else:
                if notes is not None:
                    _note(notes, at, N_PAYMENT, day, 0, payments[2][pay], pay, 0, 0, 0)
                _spread(payments[2][pay], due, at, pauses, caps, day, notes)
            pay += 1


@compiled
def _paused_before(at, pauses, day):
    """How many nights before the day are paused."""
    nights = 0
    for place in range(at[PAUSES]):
        if pauses[place, 0] >= day:
            break
        nights += min(pauses[place, 1], day) - pauses[place, 0]
    return nights


@compiled
def _nights(at, pauses, start, until):
    """The nights in [start, until) that are not paused (5, 7)."""
    if at[PAUSES] == 0:
        return until - start
    return until - start - (_paused_before(at, pauses, until) - _paused_before(at, pauses, start))


@compiled
def _unpaid(due, k):
    return due[k, FEE] + due[k, INTEREST] + due[k, PRINCIPAL]


@compiled
def _fall_due(due, at, k, notes):
    """The instalment is owed from now on; one of nothing is settled at once."""
    due[k, ACCRUED_TO] = due[k, DUE_ON]
    at[OWED_CHARGES] += due[k, INTEREST] + due[k, FEE]
    if at[OWED_CHARGES] > LIMIT:
        at[FAULT] = TOO_LARGE
    if notes is not None:
        _note(notes, at, N_DUE, due[k, DUE_ON], due[k, NUMBER], due[k, PRINCIPAL], due[k, INTEREST], due[k, FEE], 0, 0)
    if _unpaid(due, k) == 0:
        _settle(due, at, k, 0)


@compiled
def _accrue(due, at, pauses, k, day, notes):
    """Penalty of the nights before the day, on the balance at the end of each (10, 11)."""
    start = due[k, ACCRUED_TO]
    if start >= day:
        return
    due[k, ACCRUED_TO] = day
    base = due[k, PRINCIPAL] + (due[k, INTEREST] if at[ON_INTEREST] else 0)
    if base == 0 or at[PENALTY_PPM] == 0:
        return
    nights = _nights(at, pauses, start, day)
    if nights == 0:
        return
    quotient, remainder = added(
        due[k, PENALTY_Q], due[k, PENALTY_R], base, at[PENALTY_PPM] * nights, at[PENALTY_WHOLE]
    )
    if quotient < 0 or quotient > LIMIT:
        at[FAULT] = TOO_LARGE
        quotient = 0
    due[k, PENALTY_Q], due[k, PENALTY_R] = quotient, remainder
    if notes is not None:
        _note(notes, at, N_ACCRUED, day, due[k, NUMBER], start, nights, base, quotient, remainder)


@compiled
def _late_days(due, at, pauses, k, day):
    return _nights(at, pauses, due[k, DUE_ON], day)


@compiled
def _shown_penalty(due, at, pauses, k, day):
    """The unpaid penalty out of grace; accrued to the day before it is asked for (9, 11)."""
    if due[k, WIPED]:
        return 0
    if at[GRACE] > 0 and _unpaid(due, k) > 0 and _late_days(due, at, pauses, k, day) <= at[GRACE]:
        return 0
    return rounded(due[k, PENALTY_Q], due[k, PENALTY_R], at[PENALTY_WHOLE]) - due[k, PENALTY_TAKEN]


@compiled
def _cap_to(at, caps, day, notes):
    """Lawful charges of the nights before the day, on the principal outstanding in them (15)."""
    start = at[CAPPED_TO]
    if start >= day:
        return
    at[CAPPED_TO] = day
    for step in range(at[CAP_FROM], at[CAP_UNTIL]):
        first = max(start, caps[0][step])
        until = min(day, caps[0][step + 1]) if step + 1 < at[CAP_UNTIL] else day
        if first < until:
            quotient, remainder = added(
                at[LAWFUL_Q], at[LAWFUL_R], at[OUTSTANDING], caps[1][step] * (until - first), LAWFUL_WHOLE
            )
            if quotient < 0 or quotient > LIMIT:
                at[FAULT] = TOO_LARGE
                quotient = 0
            at[LAWFUL_Q], at[LAWFUL_R] = quotient, remainder
            if notes is not None:
                _note(notes, at, N_CAPPED, day, 0, first, until, at[OUTSTANDING], caps[1][step], 0)


@compiled
def _settle(due, at, k, late):
    """Fee, interest and principal are settled; within grace its penalty is wiped: it was on time (9)."""
    if late <= at[GRACE]:
        due[k, WIPED] = 1
        due[k, PENALTY_Q] = due[k, PENALTY_R] = 0
    if k == 0:
        at[FIRST_LATE] = late


@compiled
def _take(due, at, pauses, k, part, most, day):
    """What of `most` this part of the instalment takes; settles the instalment when nothing else is unpaid."""
    if part == PART_PENALTY:
        taken = min(most, _shown_penalty(due, at, pauses, k, day))
        due[k, PENALTY_TAKEN] += taken
        at[TAKEN] += taken
        return taken
    column = FEE if part == PART_FEE else (INTEREST if part == PART_INTEREST else PRINCIPAL)
    taken = min(most, due[k, column])
    if taken == 0:
        return 0
    due[k, column] -= taken
    if _unpaid(due, k) == 0:
        _settle(due, at, k, _late_days(due, at, pauses, k, day))
    return taken


@compiled
def _pay(due, at, pauses, caps, k, part, most, day, notes):
    """What of the money this part takes (12)."""
    taken = _take(due, at, pauses, k, part, most, day)
    if taken == 0:
        return 0
    if part == PART_PRINCIPAL:
        _cap_to(at, caps, day, notes)
        at[OUTSTANDING] -= taken
    if notes is not None:
        _note(notes, at, N_TAKEN, day, due[k, NUMBER], part, taken, most - taken, 0, 0)
        _note_settled(due, at, pauses, k, part, day, notes)
    return taken


@compiled
def _pay_whole(due, at, pauses, caps, k, amount, day):
    """What is left where the money settles all of the instalment, so that the order of parts cannot matter; else -1."""
    late = _late_days(due, at, pauses, k, day)
    penalty = 0
    if due[k, WIPED] == 0 and (late > at[GRACE] or _unpaid(due, k) == 0):
        penalty = rounded(due[k, PENALTY_Q], due[k, PENALTY_R], at[PENALTY_WHOLE]) - due[k, PENALTY_TAKEN]
    unpaid = _unpaid(due, k)
    if amount < unpaid + penalty:
        return -1
    due[k, PENALTY_TAKEN] += penalty
    at[TAKEN] += penalty
    if unpaid > 0:
        if due[k, PRINCIPAL] > 0:
            _cap_to(at, caps, day, None)
            at[OUTSTANDING] -= due[k, PRINCIPAL]
        due[k, FEE] = due[k, INTEREST] = due[k, PRINCIPAL] = 0
        _settle(due, at, k, late)
    return amount - unpaid - penalty


@compiled
def _spread(amount, due, at, pauses, caps, day, notes):
    """Money settles what is due, by instalment or by part; the rest is kept (12, 13)."""
    if at[BY_PART]:
        for k in range(at[OPEN], at[FALLEN]):
            _accrue(due, at, pauses, k, day, notes)
        for place in range(4):
            for k in range(at[OPEN], at[FALLEN]):
                if amount > 0:
                    amount -= _pay(due, at, pauses, caps, k, at[ORDER + place], amount, day, notes)
    else:
        for k in range(at[OPEN], at[FALLEN]):
            if amount == 0:
                break
            _accrue(due, at, pauses, k, day, notes)
            left = _pay_whole(due, at, pauses, caps, k, amount, day) if notes is None else -1
            for place in range(4):
                if left < 0 < amount:
                    amount -= _pay(due, at, pauses, caps, k, at[ORDER + place], amount, day, notes)
            if left >= 0:
                amount = left
    at[UNALLOCATED] += amount
    if notes is not None and amount > 0:
        _note(notes, at, N_KEPT, day, 0, amount, at[UNALLOCATED], 0, 0, 0)
    _skip_settled(due, at)


@compiled
def _skip_settled(due, at):
    """OPEN moves past the instalments that nothing can change any more."""
    while at[OPEN] < at[FALLEN]:
        k = at[OPEN]
        if _unpaid(due, k) > 0:
            break
        if not due[k, WIPED]:
            if rounded(due[k, PENALTY_Q], due[k, PENALTY_R], at[PENALTY_WHOLE]) > due[k, PENALTY_TAKEN]:
                break
        at[OPEN] += 1


@compiled
def _adjust(adjustments, place, due, at, pauses, day, notes):
    """One adjustment; true where it made something fall due (6, 8). A pause was gathered before."""
    kind = adjustments[2][place]
    if kind == ACCELERATE:
        return _accelerate(due, at, day, notes)
    if kind == PAUSE:
        return False
    part = PART_FEE if kind == WAIVE_FEE else (PART_INTEREST if kind == WAIVE_INTEREST else PART_PENALTY)
    left, number = adjustments[4][place], adjustments[3][place]
    for k in range(at[OPEN], at[FALLEN]):
        if number == NEVER or due[k, NUMBER] == number:
            _accrue(due, at, pauses, k, day, notes)
            taken = _take(due, at, pauses, k, part, left, day)
            left -= taken
            at[WAIVED] += taken
            if notes is not None:
                _note(notes, at, N_WAIVED, day, due[k, NUMBER], part, taken, place, 0, 0)
                if taken > 0:
                    _note_settled(due, at, pauses, k, part, day, notes)
    _skip_settled(due, at)
    return False


@compiled
def _accelerate(due, at, day, notes):
    """What is not yet due falls due today, its principal alone, in the order of (due_on, number) (8)."""
    fallen = at[FALLEN]
    if fallen == at[COUNT]:
        return False
    for k in range(fallen, at[COUNT]):
        if notes is not None:
            _note(notes, at, N_ACCELERATED, day, due[k, NUMBER], due[k, DUE_ON], due[k, PRINCIPAL], due[k, INTEREST],
                  due[k, FEE], 0)
        due[k, DUE_ON], due[k, INTEREST], due[k, FEE] = day, 0, 0
    at[FALLEN] = at[COUNT]
    start = fallen
    while start > 0 and due[start - 1, DUE_ON] == day:
        start -= 1
    at[OPEN] = min(at[OPEN], start)
    for k in range(start + 1, at[COUNT]):
        j = k
        while j > start and due[j - 1, NUMBER] > due[j, NUMBER]:
            for column in range(10):
                due[j, column], due[j - 1, column] = due[j - 1, column], due[j, column]
            j -= 1
    if start == 0:
        at[FIRST_LATE] = NEVER
    for k in range(start, at[COUNT]):
        due[k, ACCRUED_TO] = day
        if _unpaid(due, k) == 0:
            _settle(due, at, k, 0)
    _skip_settled(due, at)
    return True


@compiled
def _end(due, at, pauses, caps, out, notes):
    """The position at the end of as_of."""
    as_of = at[AS_OF]
    out[:] = 0
    out[R_OLDEST] = out[R_NEXT_ON] = out[R_FIRST_DUE] = out[R_FIRST_LATE] = NEVER
    if at[FAULT] == SOUND:
        _cap_to(at, caps, as_of, notes)
        for k in range(at[OPEN], at[FALLEN]):
            _accrue(due, at, pauses, k, as_of, notes)
            out[R_PRINCIPAL] += due[k, PRINCIPAL]
            out[R_INTEREST] += due[k, INTEREST]
            out[R_FEE] += due[k, FEE]
            shown = _shown_penalty(due, at, pauses, k, as_of)
            out[R_PENALTY] += shown
            if notes is not None:
                _note(notes, at, N_OPEN, due[k, DUE_ON], due[k, NUMBER], due[k, PRINCIPAL], due[k, INTEREST],
                      due[k, FEE], shown, _late_days(due, at, pauses, k, as_of))
            if out[R_PENALTY] > LIMIT:
                at[FAULT] = TOO_LARGE
                break
            if out[R_OLDEST] == NEVER and _unpaid(due, k) > 0:
                out[R_OLDEST] = due[k, DUE_ON]
                late = _late_days(due, at, pauses, k, as_of)
                out[R_LATE] = late if late > at[GRACE] else 0
        for k in range(at[FALLEN], at[COUNT]):
            if due[k, DUE_ON] == due[at[FALLEN], DUE_ON]:
                out[R_NEXT_ON] = due[k, DUE_ON]
                out[R_NEXT] += _unpaid(due, k)
        if at[COUNT] > 0:
            out[R_FIRST_DUE] = due[0, DUE_ON]
            if at[FALLEN] > 0:
                out[R_FIRST_LATE] = (
                    at[FIRST_LATE] if at[FIRST_LATE] != NEVER else _late_days(due, at, pauses, 0, as_of)
                )
    out[R_OUTSTANDING], out[R_UNALLOCATED], out[R_PAID] = at[OUTSTANDING], at[UNALLOCATED], at[PAID]
    out[R_LAWFUL] = rounded(at[LAWFUL_Q], at[LAWFUL_R], LAWFUL_WHOLE)
    out[R_CLAIMED] = at[OWED_CHARGES] + at[TAKEN] + out[R_PENALTY] - at[WAIVED]
    out[R_FAULT] = at[FAULT]


@compiled
def _note(notes, at, kind, day, number, a, b, c, d, e):
    """One step written down, while there is room."""
    place = at[NOTED]
    if place < notes.shape[0]:
        notes[place, 0], notes[place, 1], notes[place, 2] = kind, day, number
        notes[place, 3], notes[place, 4], notes[place, 5], notes[place, 6], notes[place, 7] = a, b, c, d, e
        at[NOTED] = place + 1


@compiled
def _note_settled(due, at, pauses, k, part, day, notes):
    """Writes down that the instalment was settled just now, if it was."""
    if part != PART_PENALTY and _unpaid(due, k) == 0:
        late = _late_days(due, at, pauses, k, day)
        _note(notes, at, N_WIPED if due[k, WIPED] else N_SETTLED, day, due[k, NUMBER], late, 0, 0, 0, 0)
