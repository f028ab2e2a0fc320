"""What is done with a case: contacts, promises, offers, plans, disputes, complaints, consents, approvals. Free text is sealed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from arrears.law.rules import VERDICTS
from arrears.tables.contacts import CHANNELS, DIRECTIONS, OUTCOMES, RELATIONS
from arrears.work.models.cases import Attachment, ContactPoint, Hold, OfCase, Party
from arrears.work.models.people import Account, Collector
from arrears.work.models.row import Row, SealedField, choice

RESULTS = ("promise", "part_promise", "says_paid", "refuses", "cannot_pay", "asks_plan", "disputes", "complains", "asks_stop", "wrong_person", "call_back", "deceased", "in_prison", "bankrupt",
           "vulnerable", "no_answer", "busy", "voicemail", "not_in_use")
"""What came of a talk, or of trying to have one; what each entails stands in work/talk_outcomes.py."""
HARDSHIPS = ("illness", "job_lost", "income_cut", "business_failing", "project_delayed", "disaster", "family", "other")
"""Why somebody says they cannot pay."""
RESTS_ON = ("every_fen", "payments", "contacts", "papers")
"""What an answer to a dispute or complaint rests on: the debt worked out fen by fen, the payments, the contacts with their verdicts, papers and recordings that were made evidence."""
PAY_CHANNELS = ("app", "transfer", "auto_debit", "counter", "other")
"""By which way promised money is to come."""


class Contact(OfCase):
    """One attempt to reach a person, or one that reached us; as the table contacts has them.

    verdict, rules: what the gate said of it for the moment at which it was made, and the ids of the rules that spoke; null of contacts from before it was asked.
    result: what the talk came to, of RESULTS; hardship: why they cannot pay, of HARDSHIPS.
    """

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
    verdict = choice(*VERDICTS, null=True)
    rules = ArrayField(models.CharField(max_length=80), default=list, db_default=[])
    result = choice(*RESULTS, null=True)
    hardship = choice(*HARDSHIPS, null=True)

    class Meta:
        indexes = [models.Index(fields=["case", "-attempted_at"], name="contact_history"), models.Index(fields=["lender", "-attempted_at", "-id"], name="contact_ledger"),
                   models.Index(fields=["lender", "verdict", "-attempted_at", "-id"], name="contact_verdicts"), models.Index(fields=["lender", "channel", "-attempted_at", "-id"], name="contact_channels"), models.Index(fields=["made_by", "-attempted_at", "-id"], name="contact_made_by")]


class Promise(OfCase):
    """What was promised, by when, and by which way it is to come; whether it is kept is told by payments alone."""

    loan_id = models.CharField(max_length=120)
    promised_on = models.DateField()
    pay_by_on = models.DateField()
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    state = choice("open", "kept", "part_kept", "broken", "withdrawn", default="open")
    taken_by = models.ForeignKey(Account, models.PROTECT, null=True)
    pay_channel = choice(*PAY_CHANNELS, null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="promise_of_something"),
                       models.CheckConstraint(condition=models.Q(pay_by_on__gte=models.F("promised_on")), name="promise_for_later")]
        indexes = [models.Index(fields=["taken_by", "promised_on"], name="promise_taken_by"),
                   models.Index(fields=["taken_by", "pay_by_on"], include=["lender", "state", "currency", "amount_minor", "case"], name="promise_taken_due"),
                   models.Index(fields=["lender", "pay_by_on"], include=["case", "currency", "amount_minor"], condition=models.Q(state="open"), name="promise_open_due"),
                   models.Index(fields=["lender", "pay_by_on"], include=["case", "currency", "amount_minor"], condition=models.Q(state__in=("broken", "part_kept")), name="promise_broken_due")]


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


class Matter(OfCase):
    """What a dispute and a complaint have in common: a hold while it is open, and the law's clock.

    answer_by_on: the last day to answer; before_extension_on: what that was before further days were approved, by which approval. matter: as the law's clock tells
    them apart. raised_by, came_by: who said it, and by which way. follows: the one answered before that this takes up again. letter: the answer as it was sent; rests_on: what it rests on, of RESTS_ON.
    """

    raised_at = models.DateTimeField()
    answer_by_on = models.DateField()
    matter = choice("simple", "complex", default="simple")
    raised_by = choice("debtor", "other_person", "regulator", "internal", default="debtor")
    came_by = choice("call", "counter", "letter", "online", "hotline_12378", "regulator", "court", "other", default="other")
    state = choice("open", "upheld", "partly_upheld", "rejected", default="open")
    assigned_to = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    before_extension_on = models.DateField(null=True)
    approval = models.ForeignKey("work.Approval", models.PROTECT, null=True, related_name="+")
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    letter = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="+")
    rests_on = ArrayField(models.CharField(max_length=12), default=list, db_default=[])
    hold = models.ForeignKey(Hold, models.PROTECT)

    class Meta:
        abstract = True


class Dispute(Matter):
    """The debtor says the debt is wrong; a hold stands while it is open. answer_by_on: the legal clock."""

    loan_id = models.CharField(max_length=120, null=True)
    ground = choice("not_mine", "amount", "paid", "identity_theft", "terms", "other")
    text_sealed = SealedField(kind="text")
    answer_sealed = SealedField(kind="text")

    class Meta:
        indexes = [models.Index(fields=["lender", "state", "answer_by_on"], name="dispute_clock"), models.Index(fields=["lender", "raised_at"], name="dispute_raised")]


class Complaint(Matter):
    """The debtor complains about how they were treated; the same clock and hold. about, about_account: whom it is about, who never deals with it."""

    ground = choice("harassment", "third_party", "hours", "wording", "privacy", "amount", "other")
    text_sealed = SealedField(kind="text")
    answer_sealed = SealedField(kind="text")
    about = models.ForeignKey(Collector, models.PROTECT, null=True)
    about_account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["lender", "state", "answer_by_on"], name="complaint_clock"), models.Index(fields=["lender", "raised_at"], name="complaint_raised")]


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
    kind = choice("waiver", "plan", "strategy", "export", "unmasking", "erasure", "extension")
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
