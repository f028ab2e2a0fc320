"""Books with people at the edge of what the gate lets through."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import plain_books as plain
from plain_books import AS_OF

LENDER = """id: L1
name: 示例银行
law: cn
licence: bank
products: {quick: consumer_loan, firm: business_loan}
other_product: consumer_loan
"""
MORNING = datetime(2026, 5, 1, 2, tzinfo=UTC)
"""Ten o'clock in Shanghai on the day after the night: the moment by which the gate judges."""


def contact(number: int, borrower: str, at: datetime, outcome: str = "answered", channel: str = "call", **more) -> dict:
    return {"contact_id": f"C{number}", "borrower_id": borrower, "loan_id": None, "attempted_at": at, "channel": channel,
            "direction": "outbound", "relation": "debtor", "outcome": outcome, "recorded_at": None, **more}


def people() -> dict[str, list[dict]]:
    """Six borrowers, 79 days late on enough for a call; some were called today, some are held, one wrote to stop SMS."""
    loans = [plain.loan(f"L{number}", borrower_id=f"B{number}") for number in range(1, 7)]
    loans[3]["product"] = "firm"
    early = MORNING - timedelta(hours=1)
    calls = [contact(10 * person + place, f"B{person}", early + timedelta(minutes=place)) for person, count in ((1, 3), (2, 2), (4, 3)) for place in range(count)]
    return {
        "loans": loans, "instalments": [row for loan in loans for row in plain.schedule(loan["loan_id"])], "payments": [], "contacts": calls,
        "holds": [{"hold_id": "H6", "loan_id": "L6", "kind": "complaint", "placed_on": AS_OF, "lifted_on": None, "recorded_at": None}],
    }


def book_of(folder: Path, book: dict, lender: str | None = LENDER) -> Path:
    plain.write_rows(folder, book)
    if lender is not None:
        (folder / "lender.yaml").write_text(lender, encoding="utf-8")
    return folder
