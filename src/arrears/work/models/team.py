"""What a lead keeps about the people of a team: who is away when, and what was said to whom about their work."""

from django.db import models

from arrears.work.models.cases import Case
from arrears.work.models.dealings import Contact
from arrears.work.models.people import Account, Collector
from arrears.work.models.row import Row, SealedField, choice


class Absence(Row):
    """Somebody is not there from the day from_on until the day before until_on, the first day back; until_on null: nobody knows yet. Both days equal: it was called off."""

    collector = models.ForeignKey(Collector, models.PROTECT)
    kind = choice("leave", "sick", "training", "other")
    from_on = models.DateField()
    until_on = models.DateField(null=True)
    put_by = models.ForeignKey(Account, models.PROTECT, null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(until_on=None) | models.Q(until_on__gte=models.F("from_on")), name="absence_ends_after_it_begins")]
        indexes = [models.Index(fields=["lender", "collector", "from_on"], name="absence_of")]


class CoachingNote(Row):
    """What a lead said to a collector about their work, and what they answered, sealed under the lender's own key. case, contact: what it is about, where it is about one.

    read_at: when the collector took note of it; follow_up_on: when it is looked at again; followed_up_at: when it was.
    """

    collector = models.ForeignKey(Collector, models.PROTECT)
    kind = choice("note", "one_to_one")
    written_by = models.ForeignKey(Account, models.PROTECT)
    written_at = models.DateTimeField()
    case = models.ForeignKey(Case, models.CASCADE, null=True)
    contact = models.ForeignKey(Contact, models.CASCADE, null=True)
    text_sealed = SealedField(kind="text")
    follow_up_on = models.DateField(null=True)
    followed_up_at = models.DateTimeField(null=True)
    answer_sealed = SealedField(kind="text")
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["lender", "collector", "-written_at"], name="coaching_of"),
                   models.Index(fields=["lender", "follow_up_on"], condition=models.Q(followed_up_at=None), name="coaching_to_follow_up")]
