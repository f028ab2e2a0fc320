"""What a lead says to a collector about their work: written, read and answered, followed up. Nobody else reads it but the lead's own side and compliance."""

from datetime import date
from typing import Literal
from unicodedata import normalize
from uuid import UUID, uuid4

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.actions.approvals import NUMBER_OF_SOMEBODY
from arrears.work.actions.rows import Words
from arrears.work.models import Case, CoachingNote, Collector, Contact
from arrears.work.residuals import filter_for
from arrears.work.sealing import own_words_of, sealed

FOLLOW_UP_DAYS_MOST = 366
"""The operator's own choice: how far ahead a note may be followed up."""


@action("coaching.write", on="collector", personal=("text",))
def write_note(doing: Doing, collector: Collector, *, text: Words, kind: Literal["note", "one_to_one"] = "note", case: UUID | None = None, contact: UUID | None = None, follow_up_on: date | None = None) -> dict:
    """The note stands and the collector can read it. case, contact: what it is about. Raises Refused for one who has left, a case the actor does not see, a contact of another case or person, and a day past."""
    _demand_no_number(text)
    if doing.actor.account is None:
        raise Refused("a coaching note is written by an account of a person", "辅导记录须由人员账号书写")
    if collector.left_on is not None and collector.left_on <= doing.today:
        raise Refused(f"{collector.roster_name} has left; nobody would read the note", f"{collector.roster_name} 已离职；无人阅读该记录")
    if follow_up_on is not None and not 0 <= (follow_up_on - doing.today).days <= FOLLOW_UP_DAYS_MOST:
        raise Refused(f"it is followed up from today on, within {FOLLOW_UP_DAYS_MOST} days; {follow_up_on} is not: choose another day", f"跟进日期应为今日起 {FOLLOW_UP_DAYS_MOST} 天内；{follow_up_on} 不在其中：请另选日期")
    about, of = _about(doing, collector, case, contact)
    row = uuid4()
    words = sealed(collector.lender, own_words_of(collector.lender), "work_coachingnote", "text_sealed", row, text)
    CoachingNote.objects.create(id=row, lender=collector.lender, collector=collector, kind=kind, written_by_id=doing.actor.account, written_at=doing.now, case_id=about, contact_id=of,
                                text_sealed=words, follow_up_on=follow_up_on)
    return {"note": row}


@action("coaching.read", on="collector", personal=("answer",))
def read_note(doing: Doing, collector: Collector, *, note: UUID, answer: Words | None = None) -> dict:
    """The collector took note of it, with an answer where they give one. Raises Refused where there is no such note of theirs, or it was read and answered."""
    _demand_no_number(answer or "")
    found = _note_of(collector, note)
    if found.read_at is not None and (answer is None or found.answer_sealed is not None):
        raise Refused("this note was taken note of already; an answer is given once", "该记录已确认；答复只可提交一次")
    if answer is not None:
        found.answer_sealed = sealed(collector.lender, own_words_of(collector.lender), "work_coachingnote", "answer_sealed", found.id, answer)
    found.read_at = found.read_at or doing.now
    found.save(update_fields=["read_at", "answer_sealed"])
    return {"note": found.id, "is_answered": answer is not None}


@action("coaching.follow_up", on="collector")
def follow_up(doing: Doing, collector: Collector, *, note: UUID, again_on: date | None = None) -> dict:
    """The note was looked at again: done, or to be looked at once more on the day. Raises Refused where there is nothing to follow up, and for a day past."""
    found = _note_of(collector, note)
    if found.follow_up_on is None or found.followed_up_at is not None:
        raise Refused("there is nothing to follow up on this note", "该记录无待跟进事项")
    if again_on is not None and not 0 < (again_on - doing.today).days <= FOLLOW_UP_DAYS_MOST:
        raise Refused(f"once more is later than today, within {FOLLOW_UP_DAYS_MOST} days; {again_on} is not", f"再次跟进日期应晚于今日且在 {FOLLOW_UP_DAYS_MOST} 天内；{again_on} 不在其中")
    found.follow_up_on, found.followed_up_at = (again_on, None) if again_on else (found.follow_up_on, doing.now)
    found.save(update_fields=["follow_up_on", "followed_up_at"])
    return {"note": found.id, "again_on": again_on}


def _demand_no_number(text: str) -> None:
    if NUMBER_OF_SOMEBODY.search(normalize("NFKC", text)):
        raise Refused("a telephone, ID or account number stands in the text; a note about somebody's work holds none: name the case instead", "文字中含电话、证件或账户号码；辅导记录不得含号码：请改填案件编号")


def _note_of(collector: Collector, note: UUID) -> CoachingNote:
    found = CoachingNote.objects.select_for_update(no_key=True, of=("self",)).filter(lender=collector.lender, collector=collector, pk=note).first()
    if found is None:
        raise Refused(f"there is no coaching note {note} for {collector.roster_name}", f"{collector.roster_name} 没有辅导记录 {note}")
    return found


def _about(doing: Doing, collector: Collector, case: UUID | None, contact: UUID | None) -> tuple[UUID | None, UUID | None]:
    """The case and the contact that a note is about, as far as the actor sees them."""
    of = None if contact is None else Contact.objects.filter(lender=collector.lender, pk=contact, made_by__collector=collector).values_list("case", flat=True).first()
    if contact is not None and (of is None or case not in (None, of)):
        raise Refused("this contact was not made by the collector, or is of another case; choose one of theirs", "该联系不是此催收员所作，或不属于该案件；请另选")
    about = of or case
    if about is not None and not Case.objects.filter(filter_for(doing.actor, "case.list", Case), lender=collector.lender, pk=about).exists():
        raise Refused(f"case {about} is not among those you may see; leave it out", f"案件 {about} 不在您可见的范围内；请不要填写")
    return about, contact
