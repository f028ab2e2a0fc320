"""What became of promises and plans, told by payments alone: whole lenders at once, by sets.

The same rules as the decision plane's, on the same payments, so that both planes say the same of one promise or plan:

payments   those dated by as_of, of the loan and its currency, that no reversal dated by as_of takes back; a reversal is none     tables/facts.py, counting_payments
promise    kept: payments dated [promised_on, pay_by_on] reach the amount; else broken once pay_by_on <= as_of, and then
           part_kept where something of it was paid; else open                                                             tables/promises_kept.py, promises_on
plan       broken: by some due_on <= as_of the payments dated [agreed_on, due_on] did not reach the sum of the instalments up to it;
           else kept once the last due_on <= as_of; else it holds. One that was ended stays so, but is kept where that rule says it was,
           or where it ended by its last due day with its whole sum paid before                                             delinquency/conduct.py, plans_on

What was told is told again each time, so a payment that comes late into the book, or is taken back, changes what it should.
"""

from datetime import date

from django.db import connection

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.actions.reminders_of_days import after_plans, after_promises, remind_of_the_day
from arrears.work.models import Lender

_COUNTING = """
counting AS (
  SELECT p.loan_id, p.currency, p.paid_on, p.amount_minor FROM work_payment p
  WHERE p.lender = %(lender)s AND p.reverses IS NULL AND p.paid_on <= %(as_of)s
    AND NOT EXISTS (SELECT 1 FROM work_payment r WHERE r.lender = p.lender AND r.reverses = p.payment_id AND r.paid_on <= %(as_of)s)
)"""

_PROMISES = f"""
WITH {_COUNTING}, paid AS (
  SELECT g.id, g.amount_minor AS promised, g.pay_by_on, coalesce(sum(c.amount_minor), 0) AS paid
  FROM work_promise g LEFT JOIN counting c ON c.loan_id = g.loan_id AND c.currency = g.currency AND c.paid_on BETWEEN g.promised_on AND g.pay_by_on
  WHERE g.lender = %(lender)s AND g.state <> 'withdrawn' AND g.promised_on <= %(as_of)s GROUP BY g.id
), told AS (
  SELECT id, CASE WHEN paid >= promised THEN 'kept' WHEN pay_by_on > %(as_of)s THEN 'open' WHEN paid > 0 THEN 'part_kept' ELSE 'broken' END AS state FROM paid
)
{{head}} told WHERE g.id = told.id AND g.state <> told.state AND g.state <> 'withdrawn' {{tail}}"""  # noqa: S608

_PLANS = f"""
WITH {_COUNTING}, parts AS (
  SELECT n.id, n.loan_id, n.currency, n.agreed_on, n.ended_on, i.number, i.due_on, sum(i.amount_minor) OVER (PARTITION BY n.id ORDER BY i.due_on, i.number) AS owed,
         sum(i.amount_minor) OVER (PARTITION BY n.id) AS whole, max(i.due_on) OVER (PARTITION BY n.id) AS last_due
  FROM work_plan n CROSS JOIN LATERAL jsonb_to_recordset(n.instalments) AS i(number int, due_on date, amount_minor bigint)
  WHERE n.lender = %(lender)s AND n.agreed_on <= %(as_of)s AND n.state IN ('agreed', 'kept', 'broken', 'ended') AND (n.ended_on IS NULL OR n.ended_on <= %(as_of)s)
), spans AS (
  SELECT parts.*, coalesce(ended_on <= last_due, false) AS is_early, CASE WHEN ended_on <= last_due THEN ended_on - 1 ELSE %(as_of)s::date END AS until FROM parts
), paid AS (
  SELECT s.id, s.ended_on, s.due_on, s.until, s.is_early, s.owed, s.whole, s.last_due,
         coalesce(sum(c.amount_minor) FILTER (WHERE c.paid_on <= s.due_on), 0) AS in_time, coalesce(sum(c.amount_minor), 0) AS in_all
  FROM spans s LEFT JOIN counting c ON c.loan_id = s.loan_id AND c.currency = s.currency AND c.paid_on BETWEEN s.agreed_on AND s.until
  GROUP BY s.id, s.ended_on, s.number, s.due_on, s.until, s.is_early, s.owed, s.whole, s.last_due
), judged AS (
  SELECT id, bool_or(ended_on IS NOT NULL) AS is_ended, bool_and(due_on > until OR in_time >= owed) AS is_in_time, max(last_due) AS last_due,
         CASE WHEN bool_or(is_early) THEN bool_and(in_all >= whole) ELSE bool_or(due_on <= until) END AS is_enough
  FROM paid GROUP BY id
), told AS (
  SELECT id, CASE WHEN is_ended THEN CASE WHEN is_in_time AND is_enough THEN 'kept' ELSE 'ended' END
                  WHEN NOT is_in_time THEN 'broken' WHEN last_due <= %(as_of)s THEN 'kept' ELSE 'agreed' END AS state FROM judged
)
{{head}} told
WHERE n.id = told.id AND n.state <> told.state AND n.state IN ('agreed', 'kept', 'broken', 'ended')
  AND (told.state <> 'agreed' OR NOT EXISTS (SELECT 1 FROM work_plan o WHERE o.case_id = n.case_id AND o.loan_id = n.loan_id AND o.id <> n.id AND (o.agreed_on, o.id) > (n.agreed_on, n.id)))
{{tail}}"""  # noqa: S608

_LOCKED = "SELECT c.id FROM work_case c WHERE c.id = ANY(%(cases)s) ORDER BY c.id FOR NO KEY UPDATE"
_OFFERS = "UPDATE work_offer SET state = 'lapsed' WHERE lender = %(lender)s AND state = 'open' AND expires_on <= %(today)s RETURNING state"


@action("promise.settle", on="lender")
def settle_promises(doing: Doing, lender: Lender, *, as_of: date) -> dict:
    """Every promise given by as_of and not withdrawn is in the state that the payments tell at the end of that day. Answers how many came into each state.

    What reminds of a kept one is done, of a broken one its case is to be looked at again. as_of: a business day that has ended, and whose payments are in. Raises Refused for a day to come.
    """
    changed = _settled(doing, lender, as_of, _PROMISES, "work_promise g", "g")
    after_promises(doing, changed)
    return _counts(changed)


@action("plan.settle", on="lender")
def settle_plans(doing: Doing, lender: Lender, *, as_of: date) -> dict:
    """Every plan agreed by as_of is in the state that the payments tell at the end of that day, and offers whose days are over have lapsed. Answers how many came into each state.

    A broken plan holds again only where no later one was agreed for the loan. Whoever is to be reminded of an instalment or of an answer by tomorrow is. as_of: as for promise.settle.
    """
    changed = _settled(doing, lender, as_of, _PLANS, "work_plan n", "n")
    after_plans(doing, changed)
    remind_of_the_day(doing, lender)
    return {**_counts(changed), **_counts(_rows(_OFFERS, {"lender": lender.code, "today": doing.today}))}


def _settled(doing: Doing, lender: Lender, as_of: date, statement: str, table: str, alias: str) -> list[tuple]:
    """State, id and case of each row that came into another state. The cases are locked before, in one order, as whoever works one locks it first."""
    if as_of > doing.today:
        raise Refused(f"{as_of} is still to come; settle for a day that has ended", f"{as_of} 尚未到来；请按已结束的营业日结算")
    Lender.objects.select_for_update(no_key=True).get(code=lender.code)  # two at once would wait for each other's rows in a ring
    said = {"lender": lender.code, "as_of": as_of}
    cases = [case for (case,) in _rows(statement.format(head=f"SELECT DISTINCT {alias}.case_id FROM {table},", tail=""), said)]  # noqa: S608
    _rows(_LOCKED, {"cases": cases})
    return _rows(statement.format(head=f"UPDATE {table} SET state = told.state FROM", tail=f"RETURNING {alias}.state, {alias}.id, {alias}.case_id"), said)  # noqa: S608


def _rows(statement: str, values: dict) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _counts(rows: list[tuple]) -> dict[str, int]:
    """How many rows by their first column."""
    states = [row[0] for row in rows]
    return {state: states.count(state) for state in sorted(set(states))}
