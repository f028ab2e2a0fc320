"""The record's leaves: what each committed transaction did, in the words that the record commits to, and the place of each commitment in the record's log."""

from django.db import models

from arrears.work.models.entries import Entry
from arrears.work.models.row import Row, SealedField, choice


class Leaf(Row):
    """One leaf of the record. Only ever added, with the Entry of its transaction; content and salt go when its person is erased, and its place stays.

    content: canonical JSON (RFC 8785); salt: 32 bytes, its own. The leaf of an Entry has the Entry's id. source: which happening of the decision plane it tells, once a lender.
    fields_sealed: what the digests of the personal fields in content are taken with, sealed under the same key as the Entry's reason, so that nobody finds a number by trying them all.
    """

    kind = choice("entry", "payment", "night", "load", "release_model", "release_strategy", "law_pack", "gap")
    entry = models.ForeignKey(Entry, models.PROTECT, db_constraint=False, db_index=False)
    case = models.UUIDField(null=True)
    source = models.CharField(max_length=200, null=True)
    at = models.DateTimeField()
    content = models.TextField(null=True)
    salt = models.BinaryField(null=True)
    fields_sealed = SealedField(kind="text")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lender", "source"], condition=models.Q(source__isnull=False), name="leaf_of_source")]
        indexes = [models.Index(fields=["case"], condition=models.Q(case__isnull=False), name="leaf_of_case")]


class Waiting(models.Model):
    """The commitment of a leaf that has no place in the record's log yet. Written by the database with the leaf, and gone when it is placed; number: in which order they were made."""

    number = models.BigAutoField(primary_key=True)
    leaf = models.UUIDField()
    commitment = models.BinaryField()
    at = models.DateTimeField()


class Place(models.Model):
    """The commitment of one leaf at its index in the record's log. Written by the database alone; holds no lender, since a salted commitment tells nothing.

    leaf: null of one that is known from the log's files only, since an older backup was put back.
    """

    index = models.BigIntegerField(primary_key=True)
    leaf = models.UUIDField(null=True, unique=True)
    commitment = models.BinaryField()
