"""What every table of the work plane has, and the columns that hold personal data."""

from uuid import uuid4

from django.db import models


class Row(models.Model):
    """One row of one lender. Its id never changes: seals are bound to it."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    lender = models.CharField(max_length=40)
    """The lender's code: the tenant. Row-level security compares it."""

    class Meta:
        abstract = True


class SealedField(models.BinaryField):
    """Personal data as the vault seals it; the plain text is never in the database. kind: which mask and class (vault.classes)."""

    def __init__(self, *args, kind: str = "", **kwargs):
        self.kind = kind
        kwargs.setdefault("null", True)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "kind": self.kind}


def index_field() -> models.BinaryField:
    """The blind index of a sealed column: 16 bytes, equal for equal texts of one lender and field; null where nothing is sealed."""
    return models.BinaryField(null=True, editable=False)


def choice(*words: str, **rules) -> models.CharField:
    """One of these words; the database refuses others."""
    return models.CharField(max_length=24, choices=[(word, word) for word in words], **rules)
