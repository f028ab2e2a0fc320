"""The record's leaves: what each committed transaction did, in the words that the record commits to, and which place of the record's log each commitment has."""

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


class Place(models.Model):
    """The commitment of one leaf, and its index in the record's log once it has one. Written by the database alone; holds no lender, since a salted commitment tells nothing.

    number: in which order commitments were made; leaf: null of one that is known from the log's files only, since a backup was put back; at: when the leaf was.
    """

    number = models.BigAutoField(primary_key=True)
    leaf = models.UUIDField(null=True, unique=True)
    commitment = models.BinaryField()
    index = models.BigIntegerField(null=True, unique=True)
    at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["number"], condition=models.Q(index=None), name="place_waits")]
