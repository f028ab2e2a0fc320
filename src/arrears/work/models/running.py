"""Runs of the command line that somebody asked for on the pages: what is to be done, who does it, how far it is, and what it said."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from arrears.work.models.people import Account
from arrears.work.models.row import Row, choice

KINDS = ("ingest", "night", "intake", "export", "retention", "backup", "take_back", "corrections")
STATES = ("waiting", "running", "done", "refused", "failed", "cancelled", "interrupted")


class Run(Row):
    """One run. parameters: as asked, by name; book: the name that settings.yaml gives it, null where it is of no book. At most one run of a book goes on at a time, which the table holds.

    fence: rises each time the run is taken; who holds a lower one writes nothing any more. lease_until: until when whoever runs it need not be heard of. cancel_by: who wants it stopped.
    log: the first and the last lines of what the command said, with long numbers blotted out; told: why it was refused, in both languages; done, of: how far it is, of 0 where nobody knows.
    """

    kind = choice(*KINDS)
    book = models.CharField(max_length=60, null=True)
    parameters = models.JSONField(default=dict)
    state = choice(*STATES, default="waiting")
    asked_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    language = models.CharField(max_length=8, default="zh")
    fence = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cancel_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    done = models.BigIntegerField(default=0)
    of = models.BigIntegerField(default=0)
    step = models.CharField(max_length=200, default="")
    log = ArrayField(models.CharField(max_length=400), default=list)
    told = models.TextField(default="")
    exit_status = models.IntegerField(null=True)
    repeats = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lender", "book"], condition=models.Q(state="running", book__isnull=False), name="one_run_a_book")]
        indexes = [models.Index(fields=["lender", "-asked_at"], name="run_latest"), models.Index(fields=["lender", "asked_at"], condition=models.Q(state__in=("waiting", "running")), name="run_due")]
