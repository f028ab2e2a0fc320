"""What plans rest on: the strategy of the nights that were taken in, from which day to which each held."""

from django.db import models

from arrears.work.models.row import Row


class NightStrategy(Row):
    """The whole text of a strategy, once, and the nights it was the strategy of: first_as_of to as_of. What may be offered is read from the one with the latest as_of."""

    digest = models.CharField(max_length=64)
    text = models.TextField()
    first_as_of = models.DateField()
    as_of = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lender", "digest"], name="strategy_once")]
