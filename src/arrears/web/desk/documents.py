"""Documents of a case: put there by an upload that touches no disk in the clear, and opened for a purpose and a reason, which is counted."""

import base64
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from arrears.refusal import Refused
from arrears.web.desk.cases import shown
from arrears.work.actions.action import perform

_ZONE = ZoneInfo("Asia/Shanghai")


@require_POST
def document_add(request, case: UUID):
    """The file is kept with the case, sealed. Sent twice with one key it is kept once."""
    said = request.POST
    kind, _, record_kind = said.get("kind", "").partition("/")
    try:
        content = _content(request)
        perform(request.actor, "attachment.add", {"kind": kind, "record_kind": record_kind, "content": content, "made_at": _made_at(said.get("made_at", "")), "title": said.get("title", "")[:200],
                                                  "party": said.get("party") or None}, request.now, thing=case, key=said.get("key") or None)
    except Refused as refused:
        return shown(request, case, refused=refused, opened="documents", status=422)
    return redirect(f"{reverse('case', args=[case])}?done=document_added#documents")


@sensitive_variables("told")
@require_POST
def document(request, case: UUID, attachment: UUID):
    """The file itself, once: to be saved, never shown by the browser as a page, and in no cache."""
    try:
        told = perform(request.actor, "attachment.open", {"attachment": attachment}, request.now, thing=case, reason=request.POST.get("reason"), purpose=request.POST.get("purpose"))
    except Refused as refused:
        return shown(request, case, refused=refused, opened="documents", status=422)
    answer = HttpResponse(base64.b64decode(told["content_base64"]), content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{told["kind"]}-{str(attachment)[:8]}"'
    return answer


def _content(request) -> bytes:
    """The bytes of the file that was sent. Raises Refused where none came: none was chosen, or it was larger than is taken."""
    sent = request.FILES.get("content")
    if sent is None:
        raise Refused("no file came: choose one, no larger than this installation takes (attachments.size_most_bytes)", "未收到文件：请选择文件，且不得超过本系统允许的大小（attachments.size_most_bytes）")
    return sent.read()


def _made_at(said: str) -> datetime:
    """The moment that was typed, in the lender's zone. Raises Refused where it is none."""
    try:
        return datetime.fromisoformat(said).replace(tzinfo=_ZONE)
    except ValueError:
        raise Refused("the moment it was made at is no moment; write it as 2026-11-02T09:30", "形成时间格式不正确；请写为 2026-11-02T09:30") from None
