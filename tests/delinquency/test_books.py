"""The drawn books are worth testing with: valid at every moment, and rich enough to reach every paragraph."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from delinquency.books import books
from delinquency.random_books import random_book
from delinquency.twin import is_visible, latest, position, positions, recorded, schedule

KEYS = {"loans": ("loan_id",), "instalments": ("loan_id", "number"), "payments": ("payment_id",),
        "adjustments": ("adjustment_id",)}


def _cap_of(loan: dict):
    return "none" if loan["regime"] == "none" else (lambda day: None if loan["regime"] == "cn_private" else 240_000)


def _faults(book: dict, known_at: datetime | None) -> list[str]:
    """Why the rows visible at one moment would be refused at load."""
    faults = []
    loans = latest(book["loans"], "loan_id", known_at)
    payments = latest(book["payments"], "payment_id", known_at)
    adjustments = latest(book["adjustments"], "adjustment_id", known_at)
    for loan in loans.values():
        rows = schedule([row for row in book["instalments"] if row["loan_id"] == loan["loan_id"]], known_at)
        if sum(row["principal_minor"] for row in rows) != loan["principal_minor"]:
            faults.append(f"instalments of {loan['loan_id']} do not add up")
    visible = [row for row in book["instalments"] if is_visible(row, known_at)]
    for row in [*payments.values(), *adjustments.values(), *visible]:
        if row["loan_id"] not in loans:
            faults.append(f"unknown loan: {row}")
    for row in payments.values():
        if row["paid_on"] < loans[row["loan_id"]]["disbursed_on"] or not 0 < row["amount_minor"] <= 10**13:
            faults.append(f"payment before disbursement or of no good amount: {row}")
        if row["reverses"] is not None:
            target = payments.get(row["reverses"])
            if target is None or target["reverses"] is not None or target["loan_id"] != row["loan_id"]:
                faults.append(f"reversal of nothing: {row}")
    for row in adjustments.values():
        if row["kind"] == "pause" and not (row["until_on"] and row["until_on"] > row["effective_on"]):
            faults.append(f"pause without end: {row}")
    for row in [*loans.values(), *visible, *adjustments.values()]:
        if any(name.endswith("_minor") and not 0 <= (value or 0) <= 10**13 for name, value in row.items()):
            faults.append(f"amount out of range: {row}")
    return faults


def _assert_valid_at_every_moment(book: dict) -> None:
    rows = [row for name in KEYS for row in book[name]]
    for known_at in {row["recorded_at"] for row in rows} | {book["known_at"]}:
        assert _faults(book, known_at) == []
    for name, key in KEYS.items():
        seen: dict = {}
        for row in book[name]:
            moment = (*(row[column] for column in key), recorded(row))
            assert seen.setdefault(moment, row) == row


@given(books())
@settings(max_examples=100, deadline=None)
def test_every_drawn_book_is_valid_at_every_moment(book):
    _assert_valid_at_every_moment(book)


def test_books_in_bulk_are_valid_and_repeat_with_their_seed():
    book = random_book(200, 3)
    _assert_valid_at_every_moment(book)
    assert random_book(200, 3) == book
    assert len({row["loan_id"] for row in book["loans"]}) == 200


@given(books(), st.integers(-3, 3))
@settings(max_examples=100, deadline=None)
def test_money_is_conserved_and_never_asked_beyond_what_is_due(book, apart):
    as_of = book["as_of"] + timedelta(apart)
    for row in positions(book, _cap_of, as_of, book["known_at"]):
        parts = [row[f"due_{part}_minor"] for part in ("principal", "interest", "fee")] + [row["penalty_minor"]]
        assert row["due_total_minor"] == sum(parts)
        assert min(parts) >= 0
        assert row["due_principal_minor"] <= row["claimable_minor"] <= row["due_total_minor"]
        assert 0 <= row["unallocated_minor"] <= row["paid_minor"]
        # Money is kept back only when nothing is due.
        assert row["unallocated_minor"] == 0 or row["due_total_minor"] == 0
        assert row["days_past_due"] == 0 or row["oldest_due_on"] < as_of


@given(books())
@settings(max_examples=50, deadline=None)
def test_a_loan_alone_has_the_position_it_has_in_its_book(book):
    whole = positions(book, _cap_of, book["as_of"], book["known_at"])
    alone = []
    for loan_id in sorted({row["loan_id"] for row in book["loans"]}):
        versions = [row for row in book["loans"] if row["loan_id"] == loan_id]
        contract = latest(versions, "loan_id", book["known_at"]).get(loan_id, versions[0])
        alone.append(position(
            versions, book["instalments"], book["payments"], book["adjustments"], _cap_of(contract), book["as_of"],
            book["known_at"],
        ))
    assert [row for row in alone if row is not None] == whole


def test_books_reach_every_paragraph():
    book = random_book(1500, 11)
    rows = positions(book, _cap_of, book["as_of"], None)
    loans = {row["loan_id"]: row for row in book["loans"]}
    assert len({row["bucket"] for row in rows}) == 8
    assert len({row["asset_class"] for row in rows}) == 5
    assert len({(row["waterfall_scope"], row["waterfall_order"]) for row in book["loans"]}) == 48
    assert {row["grace_days"] for row in book["loans"]} == set(range(11))
    assert {row["regime"] for row in book["loans"]} == {"none", "cn_licensed", "cn_private", "cn_microloan"}
    assert len(rows) < len(loans)
    for fact in (
        lambda row: row["lawful_charges_minor"] is not None and 0 < row["excess_minor"] < row["due_total_minor"],
        lambda row: row["overpaid_charges_minor"] > 0,
        lambda row: not row["cap_is_known"] and row["excess_minor"] > 0,
        lambda row: row["unallocated_minor"] > 0 and row["next_due_on"] is not None,
        lambda row: row["days_past_due"] == 0 and row["oldest_due_on"] is not None,
        lambda row: row["penalty_minor"] > 0 and row["oldest_due_on"] is None,
        lambda row: row["penalty_minor"] > 10**13,
    ):
        assert sum(map(fact, rows)) >= 5
    kinds = {(row["kind"], row["number"] is None, row["amount_minor"] is None) for row in book["adjustments"]}
    assert len(kinds) == 20
    homes: dict = {}
    for row in book["payments"]:
        homes.setdefault(row["payment_id"], set()).add(row["loan_id"])
    assert sum(len(found) > 1 for found in homes.values()) >= 20
    assert sum(row["reverses"] is not None and row["paid_on"] > book["as_of"] for row in book["payments"]) >= 20
