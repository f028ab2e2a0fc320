"""Recordings, proofs and documents: sealed whole as they come in, opened for a purpose and counted."""

import base64
import hashlib
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from django.conf import settings

from arrears.refusal import Refused
from arrears.work.about_oneself import is_paper_about
from arrears.work.actions.action import Doing, Forbidden, action
from arrears.work.actions.unmasking import demand_purpose, demand_within
from arrears.work.attachments import content_of, seal_content
from arrears.work.models import Attachment, Case, Party
from arrears.work.own_choices import read_size_most
from arrears.work.queries.people import party_of
from arrears.work.sealing import debtor_of, opened, sealed

RECORD_KINDS = {
    "recording": ("call_recording", "visit_recording", "oral_plan_recording"),
    "proof": ("limitation_evidence", "complaint_file", "collection_record", "hardship_proof"),
    "document": ("collection_record", "complaint_file", "sharing_record", "other_document"),
}
"""By kind of attachment, what it may be to the law's table of retention; for hardship_proof and other_document that table has no rule."""


@action("attachment.add", on="case", personal=("title", "content"))
def add_attachment(doing: Doing, case: Case, *, kind: Literal["recording", "proof", "document"], record_kind: str, content: bytes, made_at: datetime,
                   title: str = "", party: UUID | None = None) -> dict:
    """The content is kept, sealed under the party's key, or the debtor's where no party is named.

    Raises Refused where it is empty, larger than the operator allows, of the future, of no known kind, or of a frozen party.
    """
    if record_kind not in RECORD_KINDS[kind]:
        raise Refused(f"a {kind} is one of {', '.join(RECORD_KINDS[kind])}: by that is decided how long it is kept", f"{kind} 的记录种类可选：{'、'.join(RECORD_KINDS[kind])}；保存期限据此确定")
    most = read_size_most(settings.ARREARS[0])
    if not 0 < len(content) <= most:
        raise Refused(f"the content has {len(content)} bytes; from 1 to {most} are taken (attachments.size_most_bytes, the operator's own choice)",
                      f"内容为 {len(content)} 字节；可接受 1 至 {most} 字节（attachments.size_most_bytes，由机构自行设定）")
    if made_at.tzinfo is None or made_at > doing.now:
        raise Refused("the moment it was made at has no zone, or is still to come; check it", "形成时间缺少时区或晚于当前时刻；请核对")
    of = party_of(case, party) if party is not None else None
    if of is not None and (of.frozen_at or of.erased_at):
        raise Refused("this person's data is frozen or erased: nothing is added", "该当事人的信息已停止处理或删除：不再新增")
    person = of.person if of is not None else debtor_of(case.id)
    if person is None:
        raise Refused("the case has no debtor whose key could seal it; name the party", "本案件没有债务人，无法加密；请指明当事人")
    row = uuid4()
    kept = seal_content(case.lender, person, row, content)
    Attachment.objects.create(
        id=row, lender=case.lender, case=case, party=of, kind=kind, record_kind=record_kind, made_at=made_at, content_sealed=kept, size_bytes=len(content),
        title_sealed=sealed(case.lender, person, "work_attachment", "title_sealed", row, title) if title.strip() else None, digest=hashlib.sha256(kept).hexdigest())
    return {"attachment": row}


@action("attachment.open", on="case", tells=True, needs_reason=True)
def open_attachment(doing: Doing, case: Case, *, attachment: UUID) -> dict:
    """The content in Base64 and its title; one count. Raises Refused where it was destroyed, damaged, or its person is frozen or erased; Forbidden beyond the limits, and for papers of a complaint about the actor."""
    demand_purpose(doing)
    kept = Attachment.objects.filter(case=case, id=attachment).select_related("party").first()
    if kept is None:
        raise Refused("this case has no such attachment", "本案件没有该附件")
    if is_paper_about(doing.actor, case.id, kept.record_kind, kept.made_at):
        raise Forbidden("this may be of a complaint about you; somebody else deals with it (nobody-answers-their-own)", "该文件可能属于针对您本人的投诉；须由他人处理（nobody-answers-their-own）", ("nobody-answers-their-own",))
    person = kept.party or Party.objects.filter(case=case, role="debtor").first()
    if kept.destroyed_at is not None or person is None or person.erased_at is not None:
        raise Refused("this attachment was destroyed: there is nothing to show", "该附件已销毁：无可显示内容")
    if person.frozen_at is not None:
        raise Refused("the processing of this person's data is frozen (个人信息保护法 47): it is stored and not used", "该当事人的信息已停止处理（个人信息保护法第四十七条）：仅存储，不使用")
    demand_within(doing)
    return {"attachment": kept.id, "kind": kept.kind, "title": opened(case.lender, person.person, kept, "title_sealed"),
            "content_base64": base64.b64encode(content_of(kept, person.person)).decode()}
