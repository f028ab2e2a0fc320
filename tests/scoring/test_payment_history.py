"""The history of payments against a plain day-by-day reading of the same rows, and against the positions where both speak."""

import random
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from arrears.days import number_of
from arrears.scoring.payment_history import history, received_by
from arrears.tables.promises_kept import paid_between
from delinquency.random_books import random_book
from scoring.scored_books import assessed, known


def counted(facts, loan: int, as_of: int) -> list[tuple[int, int]]:
    """(day, amount) of the loan's payments that count at the end of the day, by the rows as they lie in the table."""
    rows = facts.payments["loan", "paid_on", "amount_minor"].rows()
    gone = set()
    for row, target, paid_on in facts.reversals["row", "target", "paid_on"].rows():
        gone |= {row} | ({target} if number_of(paid_on) <= as_of else set())
    return [(number_of(day), amount) for place, (of, day, amount) in enumerate(rows) if of == loan and place not in gone and number_of(day) <= as_of]


def owed(facts, loan: int, as_of: int) -> list[tuple[int, int]]:
    """(day, amount) of the loan's instalments in order, as they stand once an acceleration by the day is seen."""
    rows = facts.adjustments.filter((pl.col("kind") == "accelerate") & (pl.col("loan") == loan))
    seen = [day for day in (number_of(day) for day in rows["effective_on"]) if day <= as_of]
    found = []
    for day, principal, interest, fee in facts.instalments.filter(pl.col("loan") == loan)["due_on", "principal_minor", "interest_minor", "fee_minor"].rows():
        day = number_of(day)
        found.append((min(seen), principal) if seen and day > min(seen) else (day, principal + interest + fee))
    return found


def plainly(facts, loan: int, as_of: int) -> dict:
    payments, instalments = counted(facts, loan, as_of), owed(facts, loan, as_of)
    grace, sums, delays = facts.loans["grace_days"][loan], 0, []
    for day, amount in instalments:
        if day > as_of:
            continue
        sums += amount
        on_day = [paid for paid in sorted({0, *(day for day, _ in payments)}) if sum(part for when, part in payments if when <= paid) >= sums]
        reached = on_day[0] if on_day else None
        delays.append((day, as_of - day if reached is None else 0 if reached == 0 else reached - day, reached is not None))
    late = [(day, delay) for day, delay, _ in delays if delay > grace]
    streak = 0
    for _, delay, is_paid in delays:
        streak = 0 if delay > grace else streak + is_paid
    return {
        "instalments_due": len(delays), "instalments": len(instalments), "late": len(late),
        "late_3m": sum(as_of - day < 92 for day, _ in late), "late_12m": sum(as_of - day < 365 for day, _ in late),
        "worst_delay_12m": max([0, *(delay for day, delay, _ in delays if as_of - day < 365)]), "on_time_streak": streak,
        "last_late_on": late[-1][0] if late else None, "last_delay": next((delay for _, delay, is_paid in reversed(delays) if is_paid), None),
        "last_paid_on": max((day for day, _ in payments), default=None), "payments_90d": sum(as_of - day < 90 for day, _ in payments),
        "paid_30d": sum(amount for day, amount in payments if as_of - day < 30), "paid": sum(amount for _, amount in payments),
        "due_90d": sum(amount for day, amount in instalments if 0 <= as_of - day < 90), "due_so_far": sums,
        "due_next_30d": sum(amount for day, amount in instalments if 0 < day - as_of <= 30), "scheduled": sum(amount for _, amount in instalments),
        "late_now": max([0, *(delay for day, delay, is_paid in delays if delay > grace and not is_paid)]),
    }


@pytest.fixture(scope="module")
def books():
    drawn = [random_book(25, 100 + seed) for seed in range(8)]
    return [(book, known({name: rows for name, rows in book.items() if isinstance(rows, list)})) for book in drawn]


def test_the_history_is_that_of_a_plain_reading(books):
    checked = 0
    for seed, (book, facts) in enumerate(books):
        chance = random.Random(seed)
        for loan in range(len(facts.loans)):
            as_of = number_of(book["as_of"]) + chance.randint(-60, 60)
            found = history(facts, np.array([loan]), np.array([as_of])).row(0, named=True)
            expected = plainly(facts, loan, as_of)
            assert {name: found[name] for name in expected} == expected, (seed, facts.loans["loan_id"][loan], as_of)
            checked += expected["instalments_due"] > 0
    assert checked > 100


def test_what_was_received_by_a_day_is_the_sum_of_the_payments_that_count_then(books):
    some = 0
    for seed, (book, facts) in enumerate(books):
        chance = random.Random(seed)
        loans = np.arange(len(facts.loans))
        days = np.array([number_of(book["as_of"]) + chance.randint(-90, 30) for _ in loans])
        expected = [sum(amount for _, amount in counted(facts, loan, day)) for loan, day in zip(loans, days, strict=True)]
        assert received_by(facts, loans, days).tolist() == expected, seed
        some += sum(amount > 0 for amount in expected)
    assert some > 30


def test_what_was_paid_between_two_days_is_the_sum_of_the_payments_between(books):
    some = 0
    for seed, (book, facts) in enumerate(books):
        as_of, loans = book["as_of"], pl.Series(np.arange(len(facts.loans), dtype=np.int32))
        first = pl.Series([as_of - timedelta(days=40 + 3 * place) for place in range(len(loans))])
        last = pl.Series([day + timedelta(days=25) for day in first])
        expected = [
            sum(amount for day, amount in counted(facts, loan, number_of(as_of)) if number_of(first[loan]) <= day <= number_of(last[loan]))
            for loan in loans]
        assert paid_between(facts, loans, first, last, as_of).to_list() == expected, seed
        some += sum(amount > 0 for amount in expected)
    assert some > 10


def test_what_is_paid_agrees_with_the_position(books):
    for book, facts in books:
        positions = assessed(facts, book["as_of"]).positions
        row = np.flatnonzero(facts.loans["loan_id"].is_in(positions["loan_id"].implode()).to_numpy())
        found = history(facts, row, np.full(len(row), number_of(book["as_of"])))
        assert found["paid"].to_list() == positions["paid_minor"].to_list()
