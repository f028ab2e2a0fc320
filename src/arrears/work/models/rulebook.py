"""What the last night of a lender was decided by, kept beside its cases: the law, the lender's own rules, and what its models are called in words."""

from django.db import models

from arrears.work.models.row import Row


class Rulebook(Row):
    """One row a lender, of the night that was taken in last. A contact at its moment is judged by these texts, so the night and the day judge alike.

    texts: every file of the pack and of the lender's own rules, by name, as the night kept them; lender_text: lender.yaml; digest: SHA-256 over both. book: the folder of the lender's
    book on this machine. score_words: by model what it foretells, its version, and its features in words.
    """

    as_of = models.DateField()
    book = models.TextField()
    lender_text = models.TextField()
    texts = models.JSONField()
    digest = models.CharField(max_length=64)
    score_words = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lender"], name="one_rulebook")]
