"""Exact products of money, rate and nights, carried as a quotient and a remainder.

`base * rate * nights` passes 64 bits for the amounts that a book may hold, so the running numerator is kept
as `quotient * whole + remainder` with a remainder that fits 64 bits. Source: spec positions, sections 11 and 15.
"""

from arrears.compiled import compiled

PPM = 1_000_000
LIMIT = 2 * 10**18
"""No amount may pass it, so that the sum of any four still fits 64 bits."""


@compiled
def added(quotient, remainder, base, rate_nights, whole):
    """The numerator grown by base * rate_nights; the quotient is -1 where it would pass LIMIT.

    The remainder may grow past `whole`: it is divided only when it nears 64 bits, so most loans never divide here.
    base up to 2 * 10^13, rate_nights up to 3 * 10^15, whole = days a year * 10^6 below 2^29.
    """
    if float(base) * float(rate_nights) + float(remainder) < 4.0e18:
        return quotient, remainder + base * rate_nights
    quotient, remainder = quotient + remainder // whole, remainder % whole
    base_q, base_r = base // whole, base % whole
    rate_q, rate_r = rate_nights // whole, rate_nights % whole
    if float(base_q) * float(rate_nights) + float(base_r) * float(rate_q) + float(quotient) > 1.9e18:
        return -1, 0
    product = base_r * rate_r + remainder
    return quotient + base_q * rate_nights + base_r * rate_q + product // whole, product % whole


@compiled
def rounded(quotient, remainder, whole):
    """The numerator divided by whole, rounded half up."""
    if remainder == 0:
        return quotient
    return quotient + (2 * (remainder % whole) + whole) // (2 * whole) + remainder // whole
