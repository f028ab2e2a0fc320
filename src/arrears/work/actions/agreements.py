"""The agreement of a plan on paper: names in clear, so it is drawn up for a purpose and counted, and kept sealed under the debtor's key; it is opened as any attachment."""

import hashlib
from typing import Literal
from uuid import UUID, uuid4

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.actions.rows import demand_state, row_of
from arrears.work.actions.unmasking import demand_purpose, demand_within
from arrears.work.agreements.drawn import drawn
from arrears.work.attachments import seal_content
from arrears.work.models import Attachment, Case, Lender, Party, Plan
from arrears.work.sealing import opened, sealed

RECORD_KIND = "collection_record"
"""Which retention rule a drawn agreement comes under: it is what was agreed, not yet anybody's signature."""


@action("plan.draw_up", on="case", needs_reason=True)
def draw_up(doing: Doing, case: Case, *, plan: UUID, language: Literal["zh", "en"] = "zh") -> dict:
    """The agreement lies sealed in the case as an attachment, and the plan points to it; one count of uncovering. language en: the English text follows the Chinese.

    The same plan on the same day gives the same bytes. Raises Refused where the plan is over or was refused, there is no debtor whose name may be used, or the font lacks a character of it;
    Forbidden beyond the limits.
    """
    demand_purpose(doing)
    found = row_of(Plan, case, plan, "plan", "分期计划", alone=True)
    demand_state(found, "plan", "分期计划", "proposed", "agreed", "kept")
    debtor = Party.objects.filter(case=case, role="debtor").first()
    if debtor is None or debtor.erased_at is not None or debtor.frozen_at is not None or debtor.name_sealed is None:
        raise Refused("the debtor's name is not kept, or their data is frozen or erased: no agreement can be drawn up in their name", "未保存债务人姓名，或其信息已停止处理或删除：不能出具协议")
    demand_within(doing)
    name, id_number = (opened(case.lender, debtor.person, debtor, f"{field}_sealed") or "" for field in ("name", "id_number"))
    content = drawn(found, Lender.objects.get(code=case.lender), name, id_number, doing.today, language, sample=False)
    row = uuid4()
    kept = seal_content(case.lender, debtor.person, row, content)
    title = f"{found.kind} {found.loan_id} {doing.today.isoformat()}.pdf"
    Attachment.objects.create(
        id=row, lender=case.lender, case=case, party=debtor, kind="document", record_kind=RECORD_KIND, made_at=doing.now, content_sealed=kept, size_bytes=len(content),
        title_sealed=sealed(case.lender, debtor.person, "work_attachment", "title_sealed", row, title), digest=hashlib.sha256(kept).hexdigest())
    Plan.objects.filter(pk=plan).update(agreement=row)
    return {"plan": plan, "attachment": row, "size_bytes": len(content)}
