"""Whether a person can be erased, must wait, or is refused; and what erasing clears.

Source: 个人信息保护法 47 (erase when the purpose is reached; where a period of retention still runs, stop all processing but storage), 13 (a contract that still
runs is a purpose), 50 (say why where a request is refused). Docs: docs/algorithms/retention.md.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from arrears.law.retention import NO_RULE
from arrears.work.keeping import OWING, Kept, Table, facts_of, kept_of, of_person
from arrears.work.models import (
    Attachment,
    BorrowerLogin,
    Case,
    CoachingNote,
    Complaint,
    Contact,
    ContactPoint,
    Dispute,
    Hardship,
    Hold,
    MatterNote,
    MatterTask,
    Party,
    SampleItem,
    Sheet,
)
from arrears.work.sealing import vault

ERASED, FROZEN, REFUSED = "erased", "frozen", "refused"
PURPOSE_RUNS = "purpose_runs"
UNKNOWN_LAW = "unknown_law"
TELLING = ("cannot_pay", "deceased", "in_prison", "bankrupt", "vulnerable")
"""Results of talks that tell what state somebody is in; they go with the person, as what they were protected for does."""


@dataclass(frozen=True)
class Decided:
    """What is to be done about a person, and why: the records that keep them, the longest first. until: through which day; None where no day can be said."""

    outcome: str
    until: date | None
    because: tuple[Kept, ...]


def decided(table: Table, places: list[Party], as_of: date) -> Decided:
    """What the law leaves to be done about the person who stands in these places.

    refused: they owe in a case that is open, so the purpose of keeping is not reached and nothing stops. frozen: some record must still be kept, a suit runs, or
    nobody knows the law's periods. Else erased.
    """
    facts = facts_of({party.case_id for party in places})
    running = [party for party in places if party.role in OWING and party.case.state == "open"]
    if running:
        return Decided(REFUSED, None, tuple(Kept(party.case_id, "open_debt", None, party.id, PURPOSE_RUNS, None, (), False) for party in running))
    records = [one for party in places for one in of_person(party, facts[party.case_id], kept_of(table, facts[party.case_id], as_of))]
    waiting = [one for one in dict.fromkeys(records) if one.status != NO_RULE and not one.is_over(as_of)]
    if not table.is_known:
        waiting += [Kept(one.case, one.kind, one.row, one.party, UNKNOWN_LAW, None, (), False) for one in dict.fromkeys(records) if one.status == NO_RULE]
    if not waiting:
        return Decided(ERASED, None, ())
    until = None if any(one.until is None for one in waiting) else max(one.until for one in waiting)
    return Decided(FROZEN, until, tuple(sorted(waiting, key=lambda one: (one.until is not None, -(one.until or date.min).toordinal(), one.kind, str(one.case)))))


def told(decision: Decided, table: Table) -> dict:
    """The decision as an answer has it: outcome, until, and per reason the record's kind, case, status, day, and each rule with source, article and how sure it is."""
    return {"outcome": decision.outcome, "until": decision.until,
            "because": [{**asdict(one), "rules": [{"id": rule, **table.cited[rule]} for rule in one.rules]} for one in decision.because]}


def freeze(places: list[Party], now: datetime) -> int:
    """All processing of the person but storage stops, in every case; how many places were not frozen before. The case of a debtor is frozen whole, with a hold; of others their numbers stop."""
    fresh = [party for party in places if party.frozen_at is None]
    Party.objects.filter(id__in=[party.id for party in fresh]).update(frozen_at=now)
    owed = [party for party in fresh if party.role == "debtor" and party.case.frozen_at is None]
    Case.objects.filter(id__in=[party.case_id for party in owed]).update(frozen_at=now)
    Hold.objects.bulk_create(Hold(lender=party.lender, case_id=party.case_id, kind="cease", placed_at=now) for party in owed)
    ContactPoint.objects.filter(party__in=[party.id for party in fresh], state="usable").update(state="stopped", state_since=now)
    return len(fresh)


def unfreeze(places: list[Party], now: datetime) -> int:
    """What freeze stopped goes on; how many places. Holds and numbers that were stopped for other reasons stay so."""
    thawed = 0
    for party in (one for one in places if one.frozen_at is not None and one.erased_at is None):
        if party.role == "debtor":
            Hold.objects.filter(case=party.case_id, kind="cease", placed_at=party.frozen_at, lifted_at=None).update(lifted_at=now)
            Case.objects.filter(id=party.case_id).update(frozen_at=None)
        ContactPoint.objects.filter(party=party.id, state="stopped", state_since=party.frozen_at).update(state="usable", state_since=now)
        Party.objects.filter(id=party.id).update(frozen_at=None)
        thawed += 1
    return thawed


def clear(places: list[Party], now: datetime) -> dict[str, int]:
    """Every sealed column and index of the person is emptied, in all their places, what they were protected for too, and they are marked as erased; how many rows of each kind.

    Of a debtor that is also the free words about the case. Of anybody else only what is their own: the debtor's data stays. May be run again.
    """
    parties = [party.id for party in places]
    owed = [party.case_id for party in places if party.role == "debtor"]
    counts = {
        "parties": Party.objects.filter(id__in=parties).update(name_sealed=None, id_number_sealed=None, id_number_index=None, protected=[]),
        "contact_points": ContactPoint.objects.filter(party__in=parties).update(value_sealed=None, value_index=None),
        "attachments": _empty_attachments(Attachment.objects.filter(party__in=parties) | Attachment.objects.filter(case__in=owed, party=None), now),
        "notes": (Contact.objects.filter(party__in=parties) | Contact.objects.filter(case__in=owed)).exclude(note_sealed=None).update(note_sealed=None),
        "talk_results": (Contact.objects.filter(party__in=parties) | Contact.objects.filter(case__in=owed)).filter(result__in=TELLING).update(result=None, hardship=None),
        "holds": Hold.objects.filter(case__in=owed).exclude(reason_sealed=None).update(reason_sealed=None),
        "disputes": Dispute.objects.filter(case__in=owed).exclude(text_sealed=None, answer_sealed=None).update(text_sealed=None, answer_sealed=None),
        "coaching_notes": CoachingNote.objects.filter(case__in=owed).exclude(text_sealed=None, answer_sealed=None).update(text_sealed=None, answer_sealed=None),
        "complaints": Complaint.objects.filter(case__in=owed).exclude(text_sealed=None, answer_sealed=None).update(text_sealed=None, answer_sealed=None),
        "hardship_reviews": Hardship.objects.filter(case__in=owed).update(reason="other", text_sealed=None, wanted_sealed=None, sheet_sealed=None, answer_sealed=None),
        "matter_notes": MatterNote.objects.filter(case__in=owed).exclude(text_sealed=None).update(text_sealed=None),
        "matter_tasks": MatterTask.objects.filter(case__in=owed).exclude(text_sealed=None).update(text_sealed=None),
        "quality_notes": clear_quality_notes(owed),
        "logins": BorrowerLogin.objects.filter(person__in={party.person for party in places}).delete()[0],
    }
    Party.objects.filter(id__in=parties, frozen_at=None).update(frozen_at=now)
    Party.objects.filter(id__in=parties, erased_at=None).update(erased_at=now)
    Case.objects.filter(id__in=owed, frozen_at=None).update(frozen_at=now)
    return counts | _forget_leaves(owed, parties)


def clear_quality_notes(cases: list[UUID]) -> int:
    """What reviewers and collectors wrote about contacts of the cases is gone; how many such words."""
    return (Sheet.objects.filter(case__in=cases).exclude(comment_sealed=None).update(comment_sealed=None)
            + SampleItem.objects.filter(case__in=cases).exclude(dispute_sealed=None).update(dispute_sealed=None))


def _forget_leaves(owed: list[UUID], parties: list[UUID]) -> dict[str, int]:
    """Content and salt of every leaf of the debtor's cases are gone, of their Entries parameters, result, salt and the answer kept under a key of idempotency, but those that say that they were erased; the places in the record stay.

    Of anybody else what the digests of personal fields that name them were taken with is gone, and what was put down of the states for which they were protected.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT leaves FROM arrears_forget_leaves(%s::uuid[])", [owed])
        leaves = cursor.fetchone()[0]
        cursor.execute("SELECT arrears_forget_fields(%s::uuid[])", [parties])
        return {"leaves": leaves, "leaf_fields": cursor.fetchone()[0]}


def _empty_attachments(some, now: datetime) -> int:
    return some.filter(destroyed_at=None).update(content_sealed=None, title_sealed=None, destroyed_at=now)


def unfinished(lender: str) -> list[UUID]:
    """Persons who are marked as erased and whose key still stands: an erasure was killed on its way. Within a transaction that sees all cases of the lender."""
    marked = sorted(set(Party.objects.filter(lender=lender).exclude(erased_at=None).values_list("person", flat=True)))
    gone = _without_key(lender, marked)
    return [person for person in marked if person not in gone]


def brought_back(lender: str) -> list[UUID]:
    """Persons whose key was destroyed and who stand here unmarked all the same: an older backup of cases was put back. What is sealed of them opens nowhere, their blind indexes and states would tell still."""
    return sorted(_without_key(lender, sorted(set(Party.objects.filter(lender=lender, erased_at=None).values_list("person", flat=True)))))


def _without_key(lender: str, persons: list[UUID]) -> set[UUID]:
    return {UUID(person) for start in range(0, len(persons), 10_000) for person in vault().store.erased(lender, [str(one) for one in persons[start : start + 10_000]])}


def shred(lender: str, persons: list[UUID], now: int) -> int:
    """The persons' keys are destroyed, for good: after the transaction that marked them, never within it. How many persons. now: microseconds UTC; raises what the vault raises."""
    for person in persons:
        vault().shred(lender, str(person), now)
    return len(persons)
