"""What a collector is to be reminded of. Without words of anybody: what is to be said stands in the case."""

from django.db import models

from arrears.work.models.cases import ContactPoint, OfCase
from arrears.work.models.people import Account
from arrears.work.models.row import choice


class Reminder(OfCase):
    """Something about a case that is due at a moment. subject: the promise, plan, dispute or complaint it is about; contact_point: where a call back is wanted.

    done_why: done (by somebody), paid (by itself, since the money came), over (by itself, since what it was about is past).
    """

    kind = choice("call_back", "promise_due", "promise_broken", "instalment_due", "plan_broken", "answer_due")
    due_at = models.DateTimeField()
    subject = models.UUIDField(null=True)
    contact_point = models.ForeignKey(ContactPoint, models.PROTECT, null=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    done_why = choice("done", "paid", "over", null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "kind", "subject", "due_at"], name="reminded_once")]
        indexes = [models.Index(fields=["case", "due_at"], condition=models.Q(done_at=None), name="reminder_open"),
                   models.Index(fields=["lender", "subject"], condition=models.Q(done_at=None), name="reminder_subject"),
                   models.Index(fields=["lender", "due_at"], condition=models.Q(done_at=None), name="reminder_due")]
