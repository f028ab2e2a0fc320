"""Look-up indexes of ID numbers and contact points made anew by the lender's newest key, case by case, so that the older keys may go.

Only a sealed text tells its index, so each is opened, blinded and written back; nothing of it is shown. A batch of cases is one action with one Entry: a run that was
killed is run again. Who is erased is left out: nothing of theirs is looked up, and retention empties what stands.
"""

from collections.abc import Callable
from uuid import UUID

from arrears.refusal import Refused
from arrears.vault import rotation
from arrears.vault.vault import Sealed, Vault
from arrears.work.actions.action import Doing, action, perform
from arrears.work.actor import Actor
from arrears.work.models import Case, ContactPoint, Lender, Party
from arrears.work.queries.accounts import only_lender
from arrears.work.sealing import vault
from arrears.work.tenancy import seen_by

BATCH = 500
"""Cases an action."""


@action("vault.rotate", on="lender")
def rebuild_batch(doing: Doing, lender: Lender, *, after: UUID | None = None) -> dict:
    """One batch of cases, those after that case: each index that the newest key does not make is replaced. How many, and the last case (None where there was none)."""
    cases = _batch(lender.code, after)
    list(Case.objects.select_for_update(of=("self",), no_key=True).filter(id__in=cases).order_by("id").values_list("id"))
    rebuilt = 0
    for model, column in ((Party, "id_number_index"), (ContactPoint, "value_index")):
        stale = _stale(lender.code, model, cases)
        model.objects.bulk_update(stale, [column], batch_size=500)
        rebuilt += len(stale)
    return {"last": cases[-1] if cases else None, "rebuilt": rebuilt}


def rotate_blind_key(actor: Actor, keys: Vault, now: int, report: Callable[[int], None] = lambda done: None) -> tuple[int, int]:
    """A new key for the lender's blind indexes and every index made by it: the key's number, and how many this run rebuilt; goes on with one that was killed.

    Until the older key is retired, look-ups go by both. report: told after each batch how many there were. now: microseconds UTC. Raises Refused.
    """
    only_lender(actor.lender)
    living = keys.tenant_keys.for_blinding(actor.lender, make=False)
    number = living[-1][0] if len(living) > 1 else rotation.rotate_blind_key(keys, actor.lender, now)
    after, rebuilt, done = None, 0, 0
    while True:
        told = perform(actor, "vault.rotate", {"after": after}, now)
        rebuilt += told["rebuilt"]
        if told["last"] is None:
            return number, rebuilt
        after, done = UUID(told["last"]), done + 1
        report(done)


def retire_blind_keys(actor: Actor, keys: Vault, now: int) -> int:
    """All but the newest key for the lender's blind indexes are destroyed; how many. Raises Refused while an index stands that the newest key did not make."""
    only_lender(actor.lender)
    left = count_stale(actor)
    if left:
        raise Refused(f"{left} look-up indexes of {actor.lender} still stand under an older key; without it nobody would be found by them. Nothing was retired: run arrears vault rotate blind --lender {actor.lender} first, "
                      "which rebuilds them", f"{actor.lender} 仍有 {left} 个查询索引由旧密钥生成；停用后将无法按号码查到这些人。未停用任何密钥：请先运行 arrears vault rotate blind --lender {actor.lender} 重建索引")
    return rotation.retire_blind_keys(keys, actor.lender, now)


def count_stale(actor: Actor) -> int:
    """How many of the lender's indexes the newest key did not make; nothing is changed."""
    after, left = None, 0
    while True:
        with seen_by(actor):
            cases = _batch(actor.lender, after)
            left += sum(len(_stale(actor.lender, model, cases)) for model in (Party, ContactPoint))
        if not cases:
            return left
        after = cases[-1]


def _batch(lender: str, after: UUID | None) -> list[UUID]:
    rows = Case.objects.filter(lender=lender).order_by("id")
    return list((rows.filter(id__gt=after) if after else rows).values_list("id", flat=True)[:BATCH])


def _stale(lender: str, model: type[Party] | type[ContactPoint], cases: list[UUID]) -> list[Party] | list[ContactPoint]:
    """The rows of these cases whose index is not the newest key's, with the newest key's in its place; not yet written."""
    if model is Party:
        column, index, rows = "id_number_sealed", "id_number_index", Party.objects.filter(case__in=cases, erased_at=None)
    else:
        column, index, rows = "value_sealed", "value_index", ContactPoint.objects.filter(case__in=cases, party__erased_at=None).select_related("party")
    kept = list(rows.exclude(**{column: None}).order_by("id"))
    persons = {row.id: str(row.person if model is Party else row.party.person) for row in kept}
    erased = vault().store.erased(lender, sorted(set(persons.values()))) if kept else set()
    kept = [row for row in kept if persons[row.id] not in erased]
    texts = vault().open(lender, [Sealed(persons[row.id], model._meta.db_table, column, str(row.id), bytes(getattr(row, column))) for row in kept])
    fields = ["id_number" if model is Party else row.kind for row in kept]
    fresh: dict[UUID, bytes | None] = {}
    for field in sorted(set(fields)):
        some = [(row.id, text) for row, text, its in zip(kept, texts, fields, strict=True) if its == field]
        fresh.update(zip([key for key, _ in some], vault().blind(lender, field, [text for _, text in some]), strict=True))
    stale = []
    for row in kept:
        before = getattr(row, index)
        if (None if before is None else bytes(before)) != fresh[row.id]:
            setattr(row, index, fresh[row.id])
            stale.append(row)
    return stale
