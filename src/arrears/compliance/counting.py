"""Loops over contacts of the past, compiled: one row's loop reads that row's part of the past and nothing else."""

import numpy as np

from arrears.compiled import compiled

ANY_NUMBER = -2
ANY_DAY = np.iinfo(np.int32).min
_DAYS_OF_SLACK = 2  # two clocks of one person, or an hour that comes twice, may turn days back, never by two


@compiled
def contacts_within(first, last, known, since_day, number, at, day, wanted, numbers):
    """Per row: how many wanted contacts stand in its part of the past, by `known`, on or after since_day, with its number.

    number: ANY_NUMBER where the number does not matter. Arrays of one row each, then of one contact each.
    """
    count = np.zeros(len(first), np.int32)
    for row in range(len(first)):
        for place in range(last[row] - 1, first[row] - 1, -1):
            if day[place] < since_day[row] - _DAYS_OF_SLACK:
                break
            if wanted[place] and at[place] <= known[row] and day[place] >= since_day[row]:
                if number[row] == ANY_NUMBER or number[row] == numbers[place]:
                    count[row] += 1
    return count


@compiled
def numbers_are_dead(first, last, known, numbers_first, numbers_last, debtor_numbers, at, tried, dead, numbers):
    """Per row: the debtor has numbers, and each was last tried in vain because it is no valid number.

    tried: the contact tried a number; dead: its outcome said that the number is none. Of several last ones all must say so.
    """
    found = np.zeros(len(first), np.bool_)
    for row in range(len(first)):
        every = numbers_last[row] > numbers_first[row]
        for which in range(numbers_first[row], numbers_last[row]):
            latest, is_dead, seen = 0, False, False
            for place in range(last[row] - 1, first[row] - 1, -1):
                if not (tried[place] and at[place] <= known[row] and numbers[place] == debtor_numbers[which]):
                    continue
                if not seen:
                    latest, is_dead, seen = at[place], dead[place], True
                elif at[place] == latest:
                    is_dead = is_dead and dead[place]
                else:
                    break
            if not (seen and is_dead):
                every = False
                break
        found[row] = every
    return found


@compiled
def last_dials_failed(first, last, known, today, at, day, dialled, failed, dials, days_later):
    """Per row: its last `dials` dials all failed, and today is at least days_later calendar days after the last of them."""
    found = np.zeros(len(first), np.bool_)
    for row in range(len(first)):
        seen = 0
        for place in range(last[row] - 1, first[row] - 1, -1):
            if not (dialled[place] and at[place] <= known[row]):
                continue
            if not failed[place] or (seen == 0 and today[row] < day[place] + days_later):
                break
            seen += 1
            if seen == dials:
                found[row] = True
                break
    return found


@compiled
def consents_open(first, last, at, minute, kind, from_minute, to_minute, given_at, revoked_at, wanted):
    """Per row: a consent of the wanted kind stands at `at` and its hours hold the minute of the day (in microseconds)."""
    found = np.zeros(len(first), np.bool_)
    for row in range(len(first)):
        for place in range(first[row], last[row]):
            if kind[place] != wanted or not given_at[place] <= at[row] < revoked_at[place]:
                continue
            begin, end = from_minute[place] * 60_000_000, to_minute[place] * 60_000_000
            if begin <= end:
                inside = begin <= minute[row] < end
            else:
                inside = minute[row] >= begin or minute[row] < end
            if inside:
                found[row] = True
    return found


@compiled
def consents_stand(first, last, at, channel_of_row, kind, channel, given_at, revoked_at, wanted):
    """Per row, for its channel: a consent of the wanted kind stands at `at`; one of that kind was revoked by then."""
    stands, revoked = np.zeros(len(first), np.bool_), np.zeros(len(first), np.bool_)
    for row in range(len(first)):
        for place in range(first[row], last[row]):
            if kind[place] == wanted and channel[place] == channel_of_row[row]:
                if given_at[place] <= at[row] < revoked_at[place]:
                    stands[row] = True
                if revoked_at[place] <= at[row]:
                    revoked[row] = True
    return stands, revoked


@compiled
def any_in_force(first, last, day, line, from_day, until_day, wanted):
    """Per row: among its text's findings (first to last) is one of a wanted red line (a bit each) that is in force that day."""
    found = np.zeros(len(first), np.bool_)
    for row in range(len(first)):
        for place in range(first[row], last[row]):
            if wanted & line[place] and from_day[place] <= day[row] < until_day[place]:
                found[row] = True
                break
    return found


@compiled
def any_of_parts(first, last, of_part):
    """Per row: one of its parts (first to last) says so."""
    found = np.zeros(len(first), np.bool_)
    for row in range(len(first)):
        for place in range(first[row], last[row]):
            if of_part[place]:
                found[row] = True
                break
    return found
