"""A case: everything one debtor owes one lender, the people and numbers in it, and the debts with their positions."""

from django.db import models

from arrears.work.models.people import Collector, Team
from arrears.work.models.row import Row, SealedField, choice, index_field

READY_WHY = ("call_back", "promise_due", "promise_broken", "plan_broken", "paid_said", "plan_asked", "tried", "talked", "put_back")
"""Why a case is looked at again: a call back was asked for; a promise is due, or was broken; a plan was; money is said to be on its way; a plan is to be made; nobody answered; after a talk; somebody put it back."""


class Case(Row):
    """One debtor's case. What the last night said of it (worklist) stands beside what people did with it.

    proposals: one object per currency, as the worklist has them; frozen_at: processing but storage is stopped (个人信息保护法 47).
    ready_at: before this moment nobody is handed the case, null for no such moment; ready_why: what it then waits for. reserved_by: whose screen it is on, until reserved_until.
    """

    borrower_id = models.CharField(max_length=120)
    state = choice("open", "closed", default="open")
    team = models.ForeignKey(Team, models.PROTECT, null=True)
    held_by = models.ForeignKey(Collector, models.PROTECT, null=True)
    opened_on = models.DateField()
    as_of = models.DateField()
    closed_on = models.DateField(null=True)
    closed_why = models.CharField(max_length=40, null=True)
    rank = models.IntegerField(null=True)
    treatment = models.CharField(max_length=60, null=True)
    channel = models.CharField(max_length=12, null=True)
    currency = models.CharField(max_length=3)
    claimable_minor = models.BigIntegerField()
    days_past_due = models.IntegerField()
    bucket = models.CharField(max_length=4)
    language = models.CharField(max_length=12, null=True)
    proposals = models.JSONField(default=list)
    frozen_at = models.DateTimeField(null=True)
    worked_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    ready_why = choice(*READY_WHY, null=True)
    reserved_by = models.ForeignKey("work.Account", models.PROTECT, null=True, related_name="+")
    reserved_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lender", "borrower_id"], condition=models.Q(state="open"), name="one_open_case")]
        indexes = [models.Index(fields=["lender", "team", "state", "rank"], name="case_queue"), models.Index(fields=["lender", "state", "rank", "id"], name="case_of_lender"), models.Index(fields=["held_by", "state", "rank"], name="case_held"),
                   models.Index(fields=["lender", "borrower_id"], name="case_borrower"),
                   models.Index(fields=["id"], include=["lender", "team", "held_by"], name="case_seen"),
                   models.Index(fields=["team", "held_by", "currency", "bucket"], include=["id", "lender", "claimable_minor", "worked_at", "rank", "days_past_due"], condition=models.Q(state="open"), name="case_of_team"),
                   models.Index(fields=["team", "closed_on"], include=["id", "lender", "closed_why"], condition=models.Q(state="closed"), name="case_closed_of_team"),
                   models.Index(fields=["team", "rank", "id"], condition=models.Q(state="open", held_by=None, frozen_at=None), name="case_unheld"),
                   models.Index(fields=["team", "ready_why", "ready_at"], condition=models.Q(state="open", held_by=None, frozen_at=None, ready_why__isnull=False), name="case_unheld_due"),
                   models.Index(fields=["held_by", "ready_why", "ready_at"], condition=models.Q(state="open", ready_why__isnull=False), name="case_held_due"),
                   models.Index(fields=["reserved_by"], condition=models.Q(reserved_by__isnull=False), name="case_reserved")]


class OfCase(Row):
    """A row that belongs to a case: whoever sees the case sees it."""

    case = models.ForeignKey(Case, models.CASCADE)

    class Meta:
        abstract = True


class Party(OfCase):
    """A person in a case. person: whose data key seals their data, the same in every case of the lender; protected: states that need a person's release."""

    role = choice("debtor", "co_debtor", "guarantor", "reserved_contact", "heir", "guardian")
    ordinal = models.IntegerField(default=0)
    person = models.UUIDField()
    borrower_id = models.CharField(max_length=120, null=True)
    name_sealed = SealedField(kind="name")
    id_number_sealed = SealedField(kind="id_number")
    id_number_index = index_field()
    protected = models.JSONField(default=list)
    frozen_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "role", "ordinal"], name="party_place")]
        indexes = [models.Index(fields=["lender", "person"], name="party_person"), models.Index(fields=["lender", "id_number_index"], name="party_id_number")]


class ContactPoint(OfCase):
    """A way to reach one party, or an account of theirs."""

    party = models.ForeignKey(Party, models.CASCADE)
    kind = choice("phone", "email", "address", "account")
    ordinal = models.IntegerField(default=0)
    value_sealed = SealedField(kind="contact_point")
    value_index = index_field()
    state = choice("usable", "wrong_person", "stopped", "invalid", default="usable")
    state_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["party", "kind", "ordinal"], name="contact_point_place")]
        indexes = [models.Index(fields=["lender", "value_index"], name="contact_point_value")]


class Debt(OfCase):
    """One loan of the case's debtor with its position as the last night found it; position: all its columns, amounts in minor units.

    scores: by model what it said of the loan that night: estimate, low, high, points, reasons (names of features; in words in the Rulebook).
    """

    loan_id = models.CharField(max_length=120)
    product = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    as_of = models.DateField()
    days_past_due = models.IntegerField()
    bucket = models.CharField(max_length=4)
    due_total_minor = models.BigIntegerField()
    claimable_minor = models.BigIntegerField()
    outstanding_principal_minor = models.BigIntegerField()
    position = models.JSONField(default=dict)
    scores = models.JSONField(default=dict, db_default={})

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "loan_id"], name="debt_of_case")]
        indexes = [models.Index(fields=["lender", "loan_id"], name="debt_loan")]


class Payment(OfCase):
    """Money that came, as the lender's book says; reverses: the payment it takes back."""

    payment_id = models.CharField(max_length=120)
    loan_id = models.CharField(max_length=120)
    paid_on = models.DateField()
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    reverses = models.CharField(max_length=120, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lender", "payment_id"], name="payment_once")]


class Placement(OfCase):
    """Who held the case from when until when, and why it came back. Half-open: returned_on is the first day it no longer was theirs."""

    team = models.ForeignKey(Team, models.PROTECT, null=True)
    held_by = models.ForeignKey(Collector, models.PROTECT, null=True)
    placed_on = models.DateField()
    returned_on = models.DateField(null=True)
    returned_why = choice("idle", "left", "agency", "term", "other", null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case"], condition=models.Q(returned_on=None), name="one_holder")]
        indexes = [models.Index(fields=["team", "placed_on"], include=["case", "lender"], condition=models.Q(returned_on=None), name="placement_of_team")]


class Hold(OfCase):
    """Why nobody may be contacted for now (停催); loan_id null: about all of the debtor's. legal_stay and litigation keep erasure waiting too.

    until_on: the first day on which it is to stand no more, where that was agreed; it stands until somebody, or the program on that day, lifts it.
    """

    loan_id = models.CharField(max_length=120, null=True)
    kind = choice("dispute", "complaint", "cease", "legal_stay", "hardship_review", "vulnerable", "litigation")
    placed_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    until_on = models.DateField(null=True)
    reason_sealed = SealedField(kind="text")

    class Meta:
        indexes = [models.Index(fields=["case"], condition=models.Q(lifted_at=None), name="hold_stands"), models.Index(fields=["lender", "placed_at", "id"], condition=models.Q(lifted_at=None), name="hold_stands_since")]


class Attachment(OfCase):
    """A recording or a proof, sealed whole; digest: SHA-256 of what is stored. record_kind: which retention rule it comes under."""

    party = models.ForeignKey(Party, models.PROTECT, null=True)
    kind = choice("recording", "proof", "document")
    record_kind = models.CharField(max_length=40)
    made_at = models.DateTimeField()
    title_sealed = SealedField(kind="text")
    content_sealed = SealedField(kind="content")
    size_bytes = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    destroyed_at = models.DateTimeField(null=True)
