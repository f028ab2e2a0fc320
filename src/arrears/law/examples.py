"""The examples that travel with the dated numbers: which check speaks for which file of a pack."""

from collections.abc import Callable

from arrears.law import agencies, caps, complaints, court_fees, limitation, payment_order, retention, risk_classes

DATA_EXAMPLES: dict[str, Callable[[dict[str, str]], list[str]]] = {
    "lpr.yaml": caps.failures,
    "caps.yaml": caps.failures,
    "limitation.yaml": limitation.failures,
    "court_fees.yaml": court_fees.failures,
    "complaints.yaml": complaints.failures,
    "retention.yaml": retention.failures,
    "risk_classes.yaml": risk_classes.failures,
    "payment_order.yaml": payment_order.failures,
    "agencies.yaml": agencies.failures,
}
"""File name to a function of the pack's texts: the examples that do not hold, in words; empty where all hold.

Every number, date and moment of these files is held by an example: moved by one, it makes the list non-empty.
"""
