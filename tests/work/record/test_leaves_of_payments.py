"""A payment of a night has a leaf of its own, its content written by the database as RFC 8785 writes it, whatever stands in the lender's ids."""

import json
import secrets
from uuid import uuid4

import pytest
import rfc8785
from django.db import connection

from arrears.work.actions.action import Doing, put_down
from arrears.work.actor import system
from arrears.work.entry_leaf import EXACT_MOST
from arrears.work.intake_debts import _PUT_PAYMENTS
from arrears.work.models import Change, Leaf
from arrears.work.rows_by_copy import ask, passing_table
from arrears.work.tenancy import seen_by
from work.record.opened import commitment, standing

NASTY = ["plain", "还款-1", 'quote " back \\ slash /', "".join(map(chr, range(1, 32))), "\x7f\x80\x9f", "\u2028\u2029 \ufeff", "😀 \U0010ffff", "é e\u0301", "<&>'", "{\"a\":1}", " ", "\\u0041"]


def put(work, lender: str, rows: list[tuple]) -> tuple[str, int]:
    """These payments put as a night puts them, under an Entry of their own; the Entry's id and how many were put."""
    entry, salt = uuid4(), secrets.token_bytes(32)
    with seen_by(system(lender), entry, salt), connection.cursor() as cursor:
        passing_table("taken_payment", "id uuid, case_id uuid, payment_id text, loan_id text, paid_on date, currency text, amount_minor bigint, reverses text")
        cursor.executemany("INSERT INTO taken_payment VALUES (gen_random_uuid(), %s, %s, %s, %s, %s, %s, %s)", rows)
        count = ask(_PUT_PAYMENTS, {"lender": lender, "at": work.at, "exact": EXACT_MOST})
        put_down(Doing(system(lender), work.at, entry), "test.paid", salt)
    return str(entry), count


def test_the_content_is_what_the_canonical_writer_writes_for_every_id_that_a_text_can_be(work):
    lender = work.lender()
    case = work.case(lender, people=False)
    amounts = [1, -5, 0, EXACT_MOST, EXACT_MOST + 1, -EXACT_MOST - 1, 2**63 - 1]
    rows = [(case.id, f"{nth}{one}", one, f"2026-0{1 + nth % 9}-01", "CNY", amounts[nth % len(amounts)], NASTY[nth - 1] if nth % 2 else None) for nth, one in enumerate(NASTY)]
    entry, count = put(work, lender, rows)
    assert count == len(NASTY)
    expected = {rfc8785.dumps({"kind": "payment", "lender": lender, "case": str(case), "payment_id": payment, "loan_id": loan, "paid_on": on, "currency": currency,
                               "amount_minor": amount if abs(amount) <= EXACT_MOST else str(amount), "reverses": reverses, "entry": entry}).decode()
                for case, payment, loan, on, currency, amount, reverses in rows}
    with seen_by(system(lender)):
        leaves = list(Leaf.objects.filter(kind="payment"))
        assert {leaf.content for leaf in leaves} == expected
        assert all((leaf.case, str(leaf.entry_id), leaf.at) == (case.id, entry, work.at) for leaf in leaves)
        assert len({bytes(leaf.salt) for leaf in leaves}) == len(leaves) and {len(leaf.salt) for leaf in leaves} == {32}
        assert all(standing(leaf.id)[1] == commitment(bytes(leaf.salt), leaf.content) for leaf in leaves)
        assert [(one.rows, len(one.ids)) for one in Change.objects.filter(entry_id=entry, table="work_leaf")] == [(len(NASTY), len(NASTY))]


def test_a_payment_that_stands_as_it_was_gets_no_second_leaf_and_one_that_changed_does(work):
    lender = work.lender()
    case = work.case(lender, people=False)
    first, second = ((case.id, name, "L1", "2026-09-01", "CNY", 100, None) for name in ("p-1", "p-2"))
    put(work, lender, [first, second])
    put(work, lender, [first, (*second[:5], 101, None)])
    with seen_by(system(lender)):
        told = [json.loads(one) for one in Leaf.objects.filter(kind="payment").values_list("content", flat=True)]
    assert sorted((one["payment_id"], one["amount_minor"]) for one in told) == [("p-1", 100), ("p-2", 100), ("p-2", 101)]


@pytest.mark.parametrize("table", ["work_payment", "work_leaf"])
def test_a_night_of_payments_leaves_one_change_a_statement(work, table):
    lender = work.lender()
    case = work.case(lender, people=False)
    entry, _ = put(work, lender, [(case.id, f"p-{nth}", "L1", "2026-09-01", "CNY", 100, None) for nth in range(250)])
    with seen_by(system(lender)):
        assert [(one.rows, one.ids, one.operation) for one in Change.objects.filter(entry_id=entry, table=table)] == [(250, [], "INSERT")]
