"""Debts with their positions, and the payments that tell whether a promise is kept, as a night found them."""

from datetime import date, datetime, timedelta
from uuid import UUID

import polars as pl

from arrears.work import night_files
from arrears.work.entry_leaf import EXACT_MOST
from arrears.work.identities import identity
from arrears.work.night_files import Night
from arrears.work.rows_by_copy import ask, copy_in, passing_table

PAYMENT_DAYS = 31
"""The operator's own choice: payments from so many days before a case was opened are kept with it; older ones tell nothing about a promise taken in it."""
_DEBT = ("loan_id", "product", "currency", "days_past_due", "bucket", "due_total_minor", "claimable_minor", "outstanding_principal_minor")


def put_debts(lender: str, night: Night, places: pl.DataFrame, of: pl.DataFrame) -> dict[str, int]:
    """Every loan that a debtor of an open case owes something of, or that was in the case before, stands in it as the night found it, with what its models said of it; a loan that is
    another's now stands in the old case no longer. Of a frozen case no score is kept.
    """
    passing_table("taken_debt", "id uuid, case_id uuid, loan_id text, product text, currency text, days_past_due int, bucket text, due_total_minor bigint, claimable_minor bigint,"
                                " outstanding_principal_minor bigint, position jsonb")
    case_of = places.select("borrower_id", "case_id")
    for piece in night_files.positions(night, of):
        rows = piece.join(case_of, on="borrower_id")
        ids = [identity(UUID(case), "debt", loan) for case, loan in rows.select("case_id", "loan_id").iter_rows()]
        told = rows.with_columns(id=pl.Series(ids, dtype=pl.String), position=pl.struct(pl.all().exclude("borrower_id", "product", "currency", "case_id")).struct.json_encode())
        copy_in("taken_debt", told.select("id", "case_id", *_DEBT, "position"))
    ask("ANALYZE taken_debt")
    passing_table("taken_score", "loan_id text PRIMARY KEY, scores jsonb")
    for piece in night_files.scores(night, places.filter(~pl.col("frozen"))["borrower_id"]):
        copy_in("taken_score", piece.select("loan_id", "scores"))
    ask("ANALYZE taken_score")
    said = {"lender": lender, "as_of": night.as_of}
    return {"debts": ask(_PUT_DEBTS, said), "debts_gone": ask(_DROP_DEBTS, said)}


def close_settled(lender: str, as_of: date) -> dict[str, int]:
    """Cases that are not on the worklist: nothing is proposed, sums are those of their debts; closed where every debt is settled."""
    said = {"lender": lender, "as_of": as_of}
    off = ask(_OFF_THE_LIST, said)
    return {"cases_off_list": off, "cases_settled": ask(_SETTLED, said)}


def put_payments(lender: str, under: UUID, night: Night, places: pl.DataFrame, of: pl.DataFrame, at: datetime) -> dict[str, int]:
    """The payments of the cases' loans from PAYMENT_DAYS before each case was opened, as the book has them now: changed ones changed, those it has no longer gone.

    Each that was put or changed has a leaf of the record, of this moment.
    """
    passing_table("taken_payment", "id uuid, case_id uuid, payment_id text, loan_id text, paid_on date, currency text, amount_minor bigint, reverses text")
    case_of = places.select("borrower_id", "case_id")
    for piece in night_files.payments(night, of):
        rows = piece.join(case_of, on="borrower_id").filter(pl.col("paid_on") >= _first_day(lender, night))
        ids = [identity(under, "payment", one) for one in rows["payment_id"]]
        copy_in("taken_payment", rows.with_columns(id=pl.Series(ids, dtype=pl.String)).select("id", "case_id", "payment_id", "loan_id", "paid_on", "currency", "amount_minor", "reverses"))
    said = {"lender": lender, "days": PAYMENT_DAYS, "at": at, "exact": EXACT_MOST}
    ask("DELETE FROM taken_payment t USING work_case c WHERE c.id = t.case_id AND t.paid_on < c.opened_on - %(days)s", said)
    gone = ask(_DROP_PAYMENTS, said)
    return {"payments": ask(_PUT_PAYMENTS, said), "payments_gone": gone}


def _first_day(lender: str, night: Night) -> date:
    """The first day of which any open case keeps payments."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT min(c.opened_on) FROM work_case c JOIN taken_place p ON p.case_id = c.id WHERE c.lender = %s", [lender])
        return (cursor.fetchone()[0] or night.as_of) - timedelta(days=PAYMENT_DAYS)


_PUT_DEBTS = """
INSERT INTO work_debt (id, lender, case_id, loan_id, product, currency, as_of, days_past_due, bucket, due_total_minor, claimable_minor, outstanding_principal_minor, position, scores)
SELECT t.id, %(lender)s, t.case_id, t.loan_id, t.product, t.currency, %(as_of)s, t.days_past_due, t.bucket, t.due_total_minor, t.claimable_minor, t.outstanding_principal_minor, t.position,
  coalesce(s.scores, '{}')
FROM taken_debt t LEFT JOIN taken_score s ON s.loan_id = t.loan_id LEFT JOIN work_debt k ON k.case_id = t.case_id AND k.loan_id = t.loan_id WHERE k.id IS NOT NULL OR t.due_total_minor > 0 OR t.outstanding_principal_minor > 0
ON CONFLICT (case_id, loan_id) DO UPDATE SET product = excluded.product, currency = excluded.currency, as_of = excluded.as_of, days_past_due = excluded.days_past_due, bucket = excluded.bucket,
  due_total_minor = excluded.due_total_minor, claimable_minor = excluded.claimable_minor, outstanding_principal_minor = excluded.outstanding_principal_minor, position = excluded.position,
  scores = excluded.scores
"""
_DROP_DEBTS = """DELETE FROM work_debt w USING taken_place p WHERE w.lender = %(lender)s AND w.case_id = p.case_id AND NOT p.is_new
    AND NOT EXISTS (SELECT 1 FROM taken_debt t WHERE t.case_id = w.case_id AND t.loan_id = w.loan_id)"""
_OFF_THE_LIST = """
UPDATE work_case w SET as_of = %(as_of)s, team_id = p.team_id, held_by_id = p.held_by_id, rank = NULL, treatment = NULL, channel = NULL, proposals = '[]',
  claimable_minor = coalesce(d.claimable_minor, 0), days_past_due = coalesce(d.days_past_due, 0), bucket = coalesce(d.bucket, 'M0')
FROM taken_place p LEFT JOIN LATERAL (
  SELECT sum(o.claimable_minor) FILTER (WHERE o.currency = (SELECT currency FROM work_case k WHERE k.id = p.case_id)) AS claimable_minor, max(o.days_past_due) AS days_past_due,
         (array_agg(o.bucket ORDER BY o.days_past_due DESC, o.loan_id))[1] AS bucket FROM work_debt o WHERE o.case_id = p.case_id) d ON true
WHERE w.id = p.case_id AND w.lender = %(lender)s AND NOT p.listed
"""
_SETTLED = """
UPDATE work_case w SET state = 'closed', closed_on = %(as_of)s, held_by_id = NULL,
  closed_why = CASE WHEN EXISTS (SELECT 1 FROM work_debt o WHERE o.case_id = w.id) THEN 'settled' ELSE 'no_debts' END
FROM taken_place p WHERE w.id = p.case_id AND w.lender = %(lender)s AND NOT p.listed
  AND NOT EXISTS (SELECT 1 FROM work_debt o WHERE o.case_id = w.id AND (o.outstanding_principal_minor > 0 OR o.due_total_minor > 0))
"""
_DROP_PAYMENTS = """DELETE FROM work_payment w USING work_case c, taken_place p WHERE w.lender = %(lender)s AND c.id = w.case_id AND p.case_id = c.id
    AND NOT EXISTS (SELECT 1 FROM taken_payment t WHERE t.payment_id = w.payment_id)"""
_PUT_PAYMENTS = """
WITH put AS (
INSERT INTO work_payment (id, lender, case_id, payment_id, loan_id, paid_on, currency, amount_minor, reverses)
SELECT id, %(lender)s, case_id, payment_id, loan_id, paid_on, currency, amount_minor, reverses FROM taken_payment
ON CONFLICT (lender, payment_id) DO UPDATE SET case_id = excluded.case_id, loan_id = excluded.loan_id, paid_on = excluded.paid_on, currency = excluded.currency,
  amount_minor = excluded.amount_minor, reverses = excluded.reverses
WHERE (work_payment.case_id, work_payment.loan_id, work_payment.paid_on, work_payment.currency, work_payment.amount_minor, work_payment.reverses)
  IS DISTINCT FROM (excluded.case_id, excluded.loan_id, excluded.paid_on, excluded.currency, excluded.amount_minor, excluded.reverses)
RETURNING case_id, payment_id, loan_id, paid_on, currency, amount_minor, reverses)
INSERT INTO work_leaf (id, lender, kind, entry_id, "case", at, content, salt)
SELECT gen_random_uuid(), %(lender)s, 'payment', current_setting('arrears.entry')::uuid, case_id, %(at)s,
  '{"amount_minor":' || CASE WHEN abs(amount_minor) <= %(exact)s THEN amount_minor::text ELSE '"' || amount_minor || '"' END || ',"case":"' || case_id || '","currency":' || to_json(currency)
  || ',"entry":"' || current_setting('arrears.entry') || '","kind":"payment","lender":' || to_json(%(lender)s::text) || ',"loan_id":' || to_json(loan_id) || ',"paid_on":"' || to_char(paid_on, 'YYYY-MM-DD')
  || '","payment_id":' || to_json(payment_id) || ',"reverses":' || coalesce(to_json(reverses)::text, 'null') || '}',
  sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
FROM put
"""
"""Payments and their leaves in one statement; the text of a leaf is what RFC 8785 writes: keys in order, and PostgreSQL escapes the same characters the same way. Returns how many were put."""
