"""What is done about disputes, complaints and hardship: reviews of hardship, notes, evidence, and what is to be put right. Free text and figures of a household are sealed."""

from django.db import models

from arrears.work.models.cases import Attachment, Hold, OfCase
from arrears.work.models.dealings import Complaint, Dispute
from arrears.work.models.people import Account
from arrears.work.models.row import SealedField, choice

HARDSHIPS = ("illness", "job_lost", "income_cut", "business_failing", "project_delayed", "disaster", "family", "other")
"""Why somebody cannot pay."""
TASKS = ("correct_book", "refund", "close_number", "coach", "apologise", "withdraw_report", "other")
"""What is to be put right where the debtor was right."""


class Hardship(OfCase):
    """The debtor says they cannot pay; nobody is contacted while it is looked at, and it ends in a plan, a pause or a refusal that two people stand for.

    decide_by_on: the operator's own policy, no law. sheet: income, living costs and other debts of a month, in minor units, as JSON. wanted: which papers were asked for.
    refused_by, confirmed_by: one refuses, another confirms. until_on: the first day after a pause, or after the time to agree a plan.
    """

    raised_at = models.DateTimeField()
    decide_by_on = models.DateField()
    reason = choice(*HARDSHIPS)
    raised_by = choice("debtor", "other_person", "regulator", "internal", default="debtor")
    came_by = choice("call", "counter", "letter", "online", "hotline_12378", "regulator", "court", "other", default="other")
    text_sealed = SealedField(kind="text")
    state = choice("open", "refusing", "plan", "paused", "refused", "withdrawn", default="open")
    evidence = choice("none", "wanted", "received", default="none")
    wanted_sealed = SealedField(kind="text")
    sheet_sealed = SealedField(kind="text")
    assigned_to = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    refused_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    answer_sealed = SealedField(kind="text")
    until_on = models.DateField(null=True)
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    letter = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="+")
    hold = models.ForeignKey(Hold, models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case"], condition=models.Q(state__in=["open", "refusing"]), name="one_open_hardship"),
                       models.CheckConstraint(condition=~models.Q(state="refused") | ~models.Q(decided_by=models.F("refused_by")), name="refusal_by_two")]
        indexes = [models.Index(fields=["lender", "state", "decide_by_on"], name="hardship_clock"), models.Index(fields=["lender", "raised_at"], name="hardship_raised")]


class OfMatter(OfCase):
    """A row about exactly one dispute, complaint or review of hardship."""

    dispute = models.ForeignKey(Dispute, models.CASCADE, null=True)
    complaint = models.ForeignKey(Complaint, models.CASCADE, null=True)
    hardship = models.ForeignKey(Hardship, models.CASCADE, null=True)

    class Meta:
        abstract = True


class MatterNote(OfMatter):
    """What somebody found while looking into it."""

    at = models.DateTimeField()
    written_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    text_sealed = SealedField(kind="text")


class MatterEvidence(OfMatter):
    """A recording, proof or document of the case that it rests on."""

    attachment = models.ForeignKey(Attachment, models.PROTECT)
    at = models.DateTimeField()
    added_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")


class MatterTask(OfMatter):
    """What is to be put right, by when and by whom; done once somebody says so."""

    what = choice(*TASKS)
    text_sealed = SealedField(kind="text")
    due_on = models.DateField(null=True)
    assigned_to = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
