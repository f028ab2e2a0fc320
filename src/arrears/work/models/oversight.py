"""What compliance looks with: which rules spoke on which contact, samples for quality checks with their sheets, and exports as sealed files."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from arrears.work.models.cases import OfCase
from arrears.work.models.dealings import Approval, Contact
from arrears.work.models.people import Account, Collector
from arrears.work.models.row import Row, SealedField, choice
from arrears.work.oversight_words import EXPORTED, FORMATS, METHODS, STRATA


class ContactRule(Row):
    """One rule that spoke on one contact: written by the database itself from Contact.rules, so that contacts are found by rule in the order of the ledger.

    An index on the array would not serve: under row-level security PostgreSQL looks nothing up by an operator that is not leakproof, as that of arrays is not.
    """

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="spoken")
    rule = models.CharField(max_length=80)
    attempted_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["lender", "rule", "-attempted_at", "-contact"], name="contact_rule_ledger")]


class Sample(Row):
    """Contacts drawn for quality checks (质检). The same frame, method, size and seed draw the same contacts, as long as the frame holds the same.

    frame: the filters and days the contacts were drawn from; found: how many there were; form_text: the scoring form as it was when they were drawn.
    """

    drawn_at = models.DateTimeField()
    drawn_by = models.ForeignKey(Account, models.PROTECT)
    method = choice(*METHODS)
    by = choice(*STRATA, null=True)
    frame = models.JSONField()
    found = models.IntegerField()
    size = models.IntegerField()
    seed = models.BigIntegerField()
    double_percent = models.IntegerField(default=0)
    form = models.CharField(max_length=80)
    form_version = models.CharField(max_length=40)
    form_digest = models.CharField(max_length=64)
    form_text = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["lender", "-drawn_at"], name="sample_latest")]


class SampleItem(OfCase):
    """One contact of a sample. ordinal: its place, from 1; is_double: two reviewers score it; weight: how risky it looked; collector: who made the contact, as known when drawn.

    disputed_*: the collector says that the result is wrong, until a second look settles it.
    """

    sample = models.ForeignKey(Sample, models.CASCADE)
    contact = models.ForeignKey(Contact, models.CASCADE)
    collector = models.ForeignKey(Collector, models.PROTECT, null=True)
    ordinal = models.IntegerField()
    stratum = models.CharField(max_length=80, null=True)
    weight = models.IntegerField(default=1)
    is_double = models.BooleanField(default=False)
    state = choice("unscored", "scored", "disputed", "settled", default="unscored")
    disputed_at = models.DateTimeField(null=True)
    disputed_by = models.ForeignKey(Account, models.PROTECT, null=True)
    dispute_sealed = SealedField(kind="text")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sample", "ordinal"], name="sample_place"), models.UniqueConstraint(fields=["sample", "contact"], name="sample_once")]
        indexes = [models.Index(fields=["lender", "state"], name="sample_item_state")]


class Sheet(OfCase):
    """One contact scored by one reviewer. answers: by item of the form; score_ppm: points reached of those that could be, null where nothing applied; red_lines: items crossed, of which one fails all.

    part: first; second (the same contact scored by another, for calibration); look (settles what the collector disputed).
    """

    item = models.ForeignKey(SampleItem, models.CASCADE)
    part = choice("first", "second", "look")
    reviewer = models.ForeignKey(Account, models.PROTECT)
    filled_at = models.DateTimeField()
    form = models.CharField(max_length=80)
    form_version = models.CharField(max_length=40)
    form_digest = models.CharField(max_length=64)
    answers = models.JSONField()
    score_ppm = models.IntegerField(null=True)
    red_lines = ArrayField(models.CharField(max_length=80), default=list)
    is_passed = models.BooleanField()
    comment_sealed = SealedField(kind="text")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "part"], name="sheet_part"), models.UniqueConstraint(fields=["item", "reviewer"], name="sheet_reviewer")]


class Export(Row):
    """One file asked for, made once, fetched until it expires. rows, size_bytes, digest (SHA-256) are of the file as it is fetched; filters as asked.

    made_roles, made_teams: what who asked was when it was made, and so saw; who is less by now fetches it no more.
    """

    what = choice(*EXPORTED)
    format = choice(*FORMATS)
    filters = models.JSONField(default=dict)
    language = models.CharField(max_length=8, default="zh")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Account, models.PROTECT)
    asked_in = models.UUIDField()
    approval = models.ForeignKey(Approval, models.PROTECT, null=True)
    is_once = models.BooleanField(default=False)
    state = choice("asked", "made", "fetched", "gone", default="asked")
    rows_found = models.IntegerField()
    made_at = models.DateTimeField(null=True)
    made_roles = ArrayField(models.CharField(max_length=24), default=list)
    made_teams = ArrayField(models.CharField(max_length=80), default=list)
    expires_at = models.DateTimeField(null=True)
    name = models.CharField(max_length=160, null=True)
    rows = models.IntegerField(null=True)
    size_bytes = models.BigIntegerField(null=True)
    digest = models.CharField(max_length=64, null=True)
    fetches = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["lender", "-asked_at"], name="export_latest")]


class ExportPart(Row):
    """A piece of an export's file, sealed under the lender's own key; ordinal counts from 0. Gone once the export has expired."""

    export = models.ForeignKey(Export, models.CASCADE)
    ordinal = models.IntegerField()
    content_sealed = SealedField(kind="content")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["export", "ordinal"], name="export_part_place")]
