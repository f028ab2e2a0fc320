"""Lenders, teams, collectors and the accounts they log in with."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models

from arrears.work.models.row import Row, SealedField, choice


class Lender(models.Model):
    """A lender: the tenant. law: which pack holds; licence as lender.yaml says."""

    code = models.CharField(primary_key=True, max_length=40)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)
    law = models.CharField(max_length=12, default="cn")
    licence = models.CharField(max_length=24, default="other")


class Team(Row):
    """A team of the lender's own, or an agency: whoever is in it sees the cases given to it, and no others."""

    code = models.CharField(max_length=80)
    kind = choice("own", "agency", default="own")
    ended_on = models.DateField(null=True)
    terms = models.JSONField(null=True)
    """Of an agency: its entry in roster.yaml, as it stands there but for the name; null where no roster told it."""
    changed_at = models.DateTimeField(null=True)
    """When people changed it, until roster.yaml says so too."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lender", "code"], name="team_code")]


class Collector(Row):
    """Who holds cases, by the name the roster gives them; never a person's own name.

    languages, stages, products, regions, skills, amount_most_minor, cases_most, minutes_a_day, owner, works_from: as roster.yaml has them; of the lists and of amount_most_minor null stands for any.
    is_rostered: all of that was said. changed_at: when people changed it, until roster.yaml says so too.
    """

    roster_name = models.CharField(max_length=80)
    team = models.ForeignKey(Team, models.PROTECT)
    left_on = models.DateField(null=True)
    owner = choice("collector", "visitor", "legal", default="collector", db_default="collector")
    works_from = models.DateField(null=True)
    cases_most = models.IntegerField(null=True)
    minutes_a_day = models.IntegerField(null=True)
    languages = ArrayField(models.CharField(max_length=80), null=True, default=list)
    stages = ArrayField(models.CharField(max_length=80), null=True, default=list)
    products = ArrayField(models.CharField(max_length=80), null=True, default=list)
    regions = ArrayField(models.CharField(max_length=80), null=True, default=list)
    skills = ArrayField(models.CharField(max_length=80), null=True, default=list)
    amount_most_minor = models.BigIntegerField(null=True)
    is_rostered = models.BooleanField(default=False, db_default=False)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lender", "roster_name"], name="collector_name")]


class Accounts(BaseUserManager):
    """Finds accounts for log-in; making one is an action."""

    def get_by_natural_key(self, username: str):
        return self.get(name=username)


class Account(AbstractBaseUser):
    """One member of the lender's staff, who logs in with a password and a second factor.

    left_at: from when nothing is open to them. password_changed_at: microseconds. session_epoch: sessions begun under an earlier number are over.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    lender = models.CharField(max_length=40)
    name = models.CharField(max_length=80, unique=True)
    email = models.EmailField(blank=True)
    roles = ArrayField(models.CharField(max_length=24), default=list)
    teams = ArrayField(models.CharField(max_length=80), default=list)
    collector = models.ForeignKey(Collector, models.SET_NULL, null=True)
    is_active = models.BooleanField(default=True)
    left_at = models.DateTimeField(null=True)
    password_changed_at = models.DateTimeField(null=True)
    must_change_password = models.BooleanField(default=True)
    session_epoch = models.IntegerField(default=0)
    language = models.CharField(max_length=8, default="zh")

    USERNAME_FIELD = "name"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []
    objects = Accounts()

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(name=""), name="account_has_a_name")]


class BrokenGlass(Row):
    """Emergency access of one account for a time, with its reason under the lender's own key; raised as an alarm."""

    account = models.ForeignKey(Account, models.PROTECT)
    reason_sealed = SealedField(kind="text")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")


class BorrowerLogin(Row):
    """How a borrower comes into the portal: a realm of its own, in which no staff account exists and from which no staff page opens."""

    person = models.UUIDField()
    borrower_id = models.CharField(max_length=120)
    secret = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lender", "borrower_id"], name="borrower_login")]
