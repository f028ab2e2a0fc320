"""Cells that a spreadsheet takes as text and nothing else, whoever typed what stands in them. Source: OWASP, CSV Injection."""

import re
from datetime import date, datetime
from decimal import Decimal

from arrears.money import decimals_of
from arrears.work.oversight_words import ZONE

_BEGINS_A_FORMULA = frozenset("=+-@\t\r\n|%＝＋－＠｜％")
"""With the full-width forms, which spreadsheets of the Far East take for the same signs."""
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Signs that show nothing, or turn the order of what stands beside them; the first after them would begin the cell for whoever takes them away."""
CELL_MOST = 32_000
"""Letters of one cell; a spreadsheet holds 32,767."""


def is_formula_like(text: str) -> bool:
    """Whether a spreadsheet might take the text for a formula, after blanks too."""
    return bool(text) and (text[0] in _BEGINS_A_FORMULA or text.lstrip(" \u3000\u00a0")[:1] in _BEGINS_A_FORMULA)


def seen_text(text: str) -> str:
    """The text without signs that show nothing, no longer than a cell."""
    return _UNSEEN.sub("", text)[:CELL_MOST]


def csv_text(text: str) -> str:
    """The text as a cell of CSV: behind an apostrophe where it could be a formula, so that it stays text in Excel, WPS and LibreOffice."""
    shown = seen_text(text)
    return f"'{shown}" if is_formula_like(shown) else shown


def day_text(value: date | None) -> str:
    return value.isoformat() if value is not None else ""


def moment_text(value: datetime | None) -> str:
    """In the lender's zone, to the second."""
    return value.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S") if value is not None else ""


def major(minor: int, currency: str) -> Decimal:
    """Minor units in the currency's major unit, exact."""
    return Decimal(minor).scaleb(-decimals_of(currency))
