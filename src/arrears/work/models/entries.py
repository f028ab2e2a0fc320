"""The log of actions: one Entry each, what its writes changed by digest, and the answer that a repeated call gets again."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from arrears.work.models.row import Row, SealedField


class NextNumber(models.Func):
    """The next number of the sequence that entries are numbered by."""

    template = "nextval('work_entry_numbers')"
    arity = 0
    output_field = models.BigIntegerField()


class Entry(Row):
    """One action: who, what, why, when. Only ever added; holds no personal data: parameters that are personal are left out by name.

    reason_sealed: the free words of an action on a case, sealed under its debtor's key, so that erasure reaches them; reason: those of an action on no case.
    number: the order in which entries were begun. policies: those that allowed it, or, where refused, those that forbade it.
    salt: what the digests of its changes are taken with, so that they tell nothing by being guessed.
    """

    number = models.BigIntegerField(unique=True, db_default=NextNumber())
    case = models.UUIDField(null=True)
    at = models.DateTimeField()
    actor = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=80)
    roles = ArrayField(models.CharField(max_length=24), default=list)
    via = models.CharField(max_length=40)
    verb = models.CharField(max_length=40)
    purpose = models.CharField(max_length=60, null=True)
    reason = models.CharField(max_length=500, null=True)
    reason_sealed = SealedField(kind="text")
    parameters = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    policies = ArrayField(models.CharField(max_length=80), default=list)
    is_refused = models.BooleanField(default=False)
    key = models.CharField(max_length=120, null=True)
    salt = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["lender", "number"], name="entry_order"), models.Index(fields=["case", "number"], name="entry_of_case"),
                   models.Index(fields=["actor", "verb", "at"], name="entry_counted"), models.Index(fields=["actor", "number"], name="entry_latest_of")]


class Change(models.Model):
    """What one statement of an action did to one table: SHA-256 of the salted rows before and after; rows: how many; ids of the rows where they are at most 100."""

    id = models.BigAutoField(primary_key=True)
    lender = models.CharField(max_length=40)
    entry = models.ForeignKey(Entry, models.CASCADE)
    table = models.CharField(max_length=63)
    operation = models.CharField(max_length=6)
    rows = models.BigIntegerField()
    ids = ArrayField(models.UUIDField(), default=list)
    before = models.BinaryField(null=True)
    after = models.BinaryField(null=True)


class Answer(models.Model):
    """The first answer to a call with an idempotency key; a second call with the key and the same parameters gets it again."""

    id = models.BigAutoField(primary_key=True)
    lender = models.CharField(max_length=40)
    actor = models.CharField(max_length=80)
    key = models.CharField(max_length=120)
    verb = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    answer = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lender", "actor", "key"], name="answer_once")]
