"""What is done with a case: contacts, promises, offers, plans, disputes, complaints, consents, approvals. Free text is sealed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from arrears.tables.contacts import CHANNELS, DIRECTIONS, OUTCOMES, RELATIONS
from arrears.work.models.cases import Attachment, ContactPoint, Hold, OfCase, Party
from arrears.work.models.people import Account, Collector
from arrears.work.models.row import Row, SealedField, choice


class Contact(OfCase):
    """One attempt to reach a person, or one that reached us; as the table contacts has them."""

    party = models.ForeignKey(Party, models.PROTECT, null=True)
    contact_point = models.ForeignKey(ContactPoint, models.PROTECT, null=True)
    loan_id = models.CharField(max_length=120, null=True)
    attempted_at = models.DateTimeField()
    channel = choice(*CHANNELS)
    direction = choice(*DIRECTIONS)
    relation = choice(*RELATIONS)
    outcome = choice(*OUTCOMES)
    made_by = models.ForeignKey(Account, models.PROTECT, null=True)
    note_sealed = SealedField(kind="text")

    class Meta:
        indexes = [models.Index(fields=["case", "-attempted_at"], name="contact_history"), models.Index(fields=["lender", "attempted_at"], name="contact_ledger")]


class Promise(OfCase):
    """What was promised, by when; whether it is kept is told by payments alone."""

    loan_id = models.CharField(max_length=120)
    promised_on = models.DateField()
    pay_by_on = models.DateField()
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    state = choice("open", "kept", "part_kept", "broken", "withdrawn", default="open")
    taken_by = models.ForeignKey(Account, models.PROTECT, null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="promise_of_something"),
                       models.CheckConstraint(condition=models.Q(pay_by_on__gte=models.F("promised_on")), name="promise_for_later")]


class Offer(OfCase):
    """What was offered to the debtor: instalments, a later date, a waiver or a settlement; terms as the kind needs them, amounts in minor units.

    reoffers: the broken plan in whose place the program made it, null of one that a person made.
    """

    loan_id = models.CharField(max_length=120)
    kind = choice("instalments", "date_shift", "waiver", "settlement")
    terms = models.JSONField()
    made_on = models.DateField()
    expires_on = models.DateField()
    state = choice("open", "taken", "lapsed", "withdrawn", default="open")
    made_by = models.ForeignKey(Account, models.PROTECT, null=True)
    reoffers = models.ForeignKey("work.Plan", models.PROTECT, null=True, related_name="+")


class Plan(OfCase):
    """Agreed instalments for what is overdue; instalments: [{number, due_on, amount_minor}], of a later date, a waiver or a settlement one alone. waived_*: what the lender gives up once it is kept to the end.

    offer_row, strategy: the row of the strategy, and the digest of its text, that permitted it; beyond: what of it goes beyond that row. owed: of what the debt was made when it was proposed, and as of which night.
    agreement: the paper last drawn up of it.
    """

    loan_id = models.CharField(max_length=120)
    kind = choice("instalments", "date_shift", "waiver", "settlement", default="instalments")
    currency = models.CharField(max_length=3)
    instalments = models.JSONField()
    waived_penalty_minor = models.BigIntegerField(default=0)
    waived_interest_minor = models.BigIntegerField(default=0)
    waived_fee_minor = models.BigIntegerField(default=0)
    waived_principal_minor = models.BigIntegerField(default=0)
    owed = models.JSONField(default=dict)
    offer_row = models.CharField(max_length=60, null=True)
    strategy = models.CharField(max_length=64, null=True)
    beyond = ArrayField(models.CharField(max_length=24), default=list)
    agreement = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="+")
    state = choice("proposed", "agreed", "kept", "broken", "ended", "refused", default="proposed")
    proposed_on = models.DateField()
    agreed_on = models.DateField(null=True)
    ended_on = models.DateField(null=True)
    proposed_by = models.ForeignKey(Account, models.PROTECT, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "loan_id"], condition=models.Q(state="agreed"), name="one_plan_a_loan")]


class Dispute(OfCase):
    """The debtor says the debt is wrong; a hold stands while it is open. answer_by_on: the legal clock."""

    loan_id = models.CharField(max_length=120, null=True)
    raised_at = models.DateTimeField()
    answer_by_on = models.DateField()
    ground = choice("not_mine", "amount", "paid", "identity_theft", "terms", "other")
    text_sealed = SealedField(kind="text")
    state = choice("open", "upheld", "partly_upheld", "rejected", default="open")
    answered_at = models.DateTimeField(null=True)
    answer_sealed = SealedField(kind="text")
    hold = models.ForeignKey(Hold, models.PROTECT)


class Complaint(OfCase):
    """The debtor complains about how they were treated; the same clock and hold."""

    raised_at = models.DateTimeField()
    answer_by_on = models.DateField()
    ground = choice("harassment", "third_party", "hours", "wording", "privacy", "amount", "other")
    about = models.ForeignKey(Collector, models.PROTECT, null=True)
    text_sealed = SealedField(kind="text")
    state = choice("open", "upheld", "partly_upheld", "rejected", default="open")
    answered_at = models.DateTimeField(null=True)
    answer_sealed = SealedField(kind="text")
    hold = models.ForeignKey(Hold, models.PROTECT)


class Consent(OfCase):
    """What a person agreed to, and until when; as the table consents has it."""

    party = models.ForeignKey(Party, models.PROTECT)
    kind = choice("night_contact", "electronic")
    channel = choice(*CHANNELS, null=True)
    from_hour = models.CharField(max_length=5, null=True)
    to_hour = models.CharField(max_length=5, null=True)
    given_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)


class Approval(Row):
    """Somebody asks, somebody else decides. parameters: what is asked for, exactly; its digest is what is approved, so a changed thing needs a new approval.

    asked_in, decided_in: the entries that say why.
    """

    case = models.ForeignKey("work.Case", models.CASCADE, null=True)
    kind = choice("waiver", "plan", "strategy", "export", "unmasking", "erasure")
    subject = models.CharField(max_length=120)
    parameters = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, null=True)
    asked_by = models.ForeignKey(Account, models.PROTECT, related_name="asked")
    asked_at = models.DateTimeField()
    state = choice("waiting", "approved", "refused", "withdrawn", "used", default="waiting")
    decided_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="decided")
    decided_at = models.DateTimeField(null=True)
    asked_in = models.UUIDField()
    decided_in = models.UUIDField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("asked_by")), name="four_eyes")]
