"""What opens one leaf of the record: content and salt, and its place; for who may prove.

What was withheld from a content is opened only to whoever brings the very value: its salt alone would let a number be found by trying them all.
"""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from arrears.refusal import Refused
from arrears.vault.refused import VaultRefused
from arrears.work.actor import Actor
from arrears.work.entry_leaf import field_digest, field_salt, field_value
from arrears.work.models import Entry, Leaf, Payment, Place, Waiting
from arrears.work.residuals import filter_for
from arrears.work.sealing import debtor_of, opened, own_words_of
from arrears.work.tenancy import seen_by

VERB = "record.prove"


@dataclass(frozen=True)
class OpenLeaf:
    """A leaf. content, salt: None of an erased one; index: in the log, None while it waits; is_erased: its person was erased, so that only that something was there can be proven.

    field_salts: of the fields whose values were brought, by name.
    """

    id: UUID
    kind: str
    content: str | None
    salt: bytes | None
    index: int | None
    is_erased: bool
    commitment: bytes
    field_salts: dict[str, bytes] = field(default_factory=dict)


def leaf_of_entry(actor: Actor, entry: UUID | int, values: dict[str, Any] | None = None) -> OpenLeaf | None:
    """The leaf of an Entry by its id or number; None where there is none that the actor may prove. values: of withheld fields, by name: their salts come with it.

    Raises Refused where a value is not what was written.
    """
    with seen_by(actor):
        found = Entry.objects.filter(filter_for(actor, VERB, Entry), lender=actor.lender, **{"number" if isinstance(entry, int) else "id": entry}).values_list("id", flat=True).first()
        leaf = Leaf.objects.filter(lender=actor.lender, id=found).first() if found else None
        return None if leaf is None else _open(leaf, _salts(leaf, values or {}))


def leaves_of_payment(actor: Actor, payment_id: str) -> list[OpenLeaf]:
    """The leaves of a payment, the oldest first: one as it was first applied, and one for each time the lender's book had it otherwise. Of an erased debtor none is told apart, so none."""
    with seen_by(actor):
        case = Payment.objects.filter(lender=actor.lender, payment_id=payment_id).values_list("case", flat=True).first()
        rows = Leaf.objects.filter(lender=actor.lender, kind="payment", case=case).exclude(content=None).extra(where=["content::jsonb ->> 'payment_id' = %s"], params=[payment_id])
        return _those_allowed(actor, rows)


def leaf_of_source(actor: Actor, source: str) -> OpenLeaf | None:
    """The leaf of a night, load, release or law pack by its source (Happening.source), or of a gap; None where there is none that the actor may prove."""
    with seen_by(actor):
        return next(iter(_those_allowed(actor, Leaf.objects.filter(lender=actor.lender, source=source))), None)


def leaf_at(actor: Actor, index: int) -> OpenLeaf | None:
    """The leaf at that index of the log, as an auditor picks it; None where there is none, or none that the actor may prove."""
    with seen_by(actor):
        leaf = Place.objects.filter(index=index).values_list("leaf", flat=True).first()
        return next(iter(_those_allowed(actor, Leaf.objects.filter(lender=actor.lender, id=leaf))), None) if leaf else None


def _those_allowed(actor: Actor, rows) -> list[OpenLeaf]:
    """Those whose Entry the actor may prove, in the order of their Entries."""
    found = list(rows)
    numbers = dict(Entry.objects.filter(filter_for(actor, VERB, Entry), lender=actor.lender, id__in={one.entry_id for one in found}).values_list("id", "number"))
    return [_open(one, {}) for one in sorted(found, key=lambda one: numbers.get(one.entry_id, 0)) if one.entry_id in numbers]


def _open(leaf: Leaf, salts: dict[str, bytes]) -> OpenLeaf:
    place = Waiting.objects.filter(leaf=leaf.id).first() or Place.objects.get(leaf=leaf.id)  # in this order: an integrator at work moves it from the one to the other
    return OpenLeaf(leaf.id, leaf.kind, leaf.content, None if leaf.salt is None else bytes(leaf.salt), getattr(place, "index", None), leaf.content is None, bytes(place.commitment), salts)


def _salts(leaf: Leaf, values: dict[str, Any]) -> dict[str, bytes]:
    """The salt of each field whose value is the one written; raises Refused for any other."""
    if not values:
        return {}
    withheld = json.loads(leaf.content)["withheld"] if leaf.content is not None else {}
    secret = _secret(leaf)
    for name, value in values.items():
        if secret is None or name not in withheld or field_digest(secret, name, field_value(value)) != withheld[name]:
            raise Refused(f"{name}: this is not what was written there, or it cannot be opened any more; nothing is told of it", f"{name}：与当时所写内容不符，或已无法打开；不予透露")
    return {name: field_salt(secret, name) for name in values}


def _secret(leaf: Leaf) -> bytes | None:
    """What the digests of the leaf's personal fields were taken with; None where it is gone."""
    if leaf.fields_sealed is None:
        return None
    persons = ([debtor_of(leaf.case)] if leaf.case else []) + [own_words_of(leaf.lender)]
    for person in filter(None, persons):
        try:
            return bytes.fromhex(opened(leaf.lender, person, leaf, "fields_sealed"))
        except VaultRefused:  # of before the case had this debtor, or of a person whose key is gone: then none of the two opens it
            continue
    return None
