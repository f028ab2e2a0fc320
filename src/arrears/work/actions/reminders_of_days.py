"""Reminders that come and go with the days: what payments did to promises and plans, and what is due tomorrow. Whole lenders at once, within promise.settle and plan.settle.

The cases that change were locked before by their caller, in one order.
"""

from datetime import timedelta

from django.db import connection

from arrears.work.actions.action import Doing
from arrears.work.models import Case, Lender, Reminder
from arrears.work.talk_outcomes import morning

ANSWER_DAYS = 3
"""Operator policy: so many days before its last day an answer to a dispute or complaint is reminded of."""
ABOUT_PROMISES, ABOUT_PLANS = ("promise_due", "promise_broken"), ("instalment_due", "plan_broken")

_DUE = """
INSERT INTO work_reminder (id, lender, case_id, kind, due_at, subject, made_at)
SELECT gen_random_uuid(), told.lender, told.case_id, told.kind, told.due_on::timestamp + %(hour)s * interval '1 hour', told.id, %(now)s FROM (
  SELECT n.lender, n.case_id, n.id, 'instalment_due' AS kind, i.due_on - 1 AS due_on FROM work_plan n CROSS JOIN LATERAL jsonb_to_recordset(n.instalments) AS i(due_on date)
   WHERE n.lender = %(lender)s AND n.state = 'agreed' AND i.due_on BETWEEN %(today)s AND %(today)s::date + 1
  UNION ALL SELECT d.lender, d.case_id, d.id, 'answer_due', d.answer_by_on - %(days)s FROM work_dispute d WHERE d.lender = %(lender)s AND d.state = 'open' AND d.answer_by_on <= %(today)s::date + %(days)s
  UNION ALL SELECT d.lender, d.case_id, d.id, 'answer_due', d.answer_by_on - %(days)s FROM work_complaint d WHERE d.lender = %(lender)s AND d.state = 'open' AND d.answer_by_on <= %(today)s::date + %(days)s
) told ON CONFLICT DO NOTHING"""
_OVER = """
UPDATE work_reminder r SET done_at = %(now)s, done_why = 'over' WHERE r.lender = %(lender)s AND r.done_at IS NULL AND (
  EXISTS (SELECT FROM work_case c WHERE c.id = r.case_id AND c.state = 'closed') OR
  r.kind = 'answer_due' AND NOT EXISTS (SELECT FROM work_dispute d WHERE d.id = r.subject AND d.state = 'open') AND NOT EXISTS (SELECT FROM work_complaint d WHERE d.id = r.subject AND d.state = 'open') OR
  r.kind = 'instalment_due' AND (r.due_at < %(begun)s OR NOT EXISTS (SELECT FROM work_plan n WHERE n.id = r.subject AND n.state = 'agreed')))"""


def after_promises(doing: Doing, changed: list[tuple]) -> None:
    """changed: state, promise, case. Of a kept promise nothing reminds any more; a broken one, in part or whole, brings its case back at once."""
    _told(doing, changed, ABOUT_PROMISES, broken=("broken", "part_kept"), kept=("kept",), brings="promise_broken")


def after_plans(doing: Doing, changed: list[tuple]) -> None:
    """changed: state, plan, case. Of a plan kept to its end nothing reminds any more; a broken one brings its case back at once."""
    _told(doing, changed, ABOUT_PLANS, broken=("broken",), kept=("kept",), brings="plan_broken")


def remind_of_the_day(doing: Doing, lender: Lender) -> None:
    """An instalment due by tomorrow and an answer due in ANSWER_DAYS are reminded of once; what is answered, over or closed reminds no more."""
    begun = morning(doing.today - timedelta(days=1))
    said = {"lender": lender.code, "today": doing.today, "days": ANSWER_DAYS, "hour": 9, "now": doing.now, "begun": begun}
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('timezone', 'Asia/Shanghai', true)")
        cursor.execute(_OVER, said)
        cursor.execute(_DUE, said)
        cursor.execute("SELECT set_config('timezone', 'UTC', true)")


def _told(doing: Doing, changed: list[tuple], kinds: tuple[str, ...], *, broken: tuple[str, ...], kept: tuple[str, ...], brings: str) -> None:
    standing = Reminder.objects.filter(kind__in=kinds, done_at=None)
    over = [key for state, key, _ in changed if state in broken]
    _done(doing, standing.filter(subject__in=[key for state, key, _ in changed if state in kept]), "paid")
    _done(doing, standing.filter(subject__in=over).exclude(kind=brings), "over")
    known = set(standing.filter(subject__in=over, kind=brings).values_list("subject", flat=True))
    Reminder.objects.bulk_create(Reminder(lender=doing.actor.lender, case_id=case, kind=brings, due_at=doing.now, subject=key, made_at=doing.now)
                                 for state, key, case in changed if state in broken and key not in known)
    back = {case for state, _, case in changed if state in broken}
    Case.objects.filter(pk__in=back, state="open").update(ready_at=doing.now, ready_why=brings)
    quiet = {case for state, _, case in changed if state in kept} - back
    reminded = set(Reminder.objects.filter(case__in=quiet, kind__in=kinds, done_at=None).values_list("case", flat=True))
    Case.objects.filter(pk__in=quiet - reminded, ready_why__in=kinds).update(ready_at=None, ready_why=None)


def _done(doing: Doing, reminders, why: str) -> None:
    keys = list(reminders.values_list("id", flat=True))
    if keys:
        Reminder.objects.filter(pk__in=keys).update(done_at=doing.now, done_why=why)
