"""Exports as they stand: who asked for what, whether it is approved, made, fetched, gone; and the pieces of a file for whoever just fetched it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from arrears.refusal import Refused
from arrears.vault.vault import Sealed
from arrears.work.actions.action import NOT_VISIBLE, Forbidden
from arrears.work.actions.desk_exports import MINUTES_TO_FETCH
from arrears.work.actor import Actor
from arrears.work.models import Entry, Export, ExportPart
from arrears.work.queries.approvals import deciding_roles
from arrears.work.residuals import could
from arrears.work.sealing import own_words_of, vault
from arrears.work.tenancy import seen_by

SIZE_MOST = 200
_OTHERS = frozenset({"compliance_officer", "data_officer", "auditor"})
"""Roles that see everybody's exports; others see their own."""


@dataclass(frozen=True)
class ExportLine:
    """One export. approval_state: None where none was needed; is_own: the reader asked for it; may_make, may_fetch: now, as far as is known before policy is asked; deciders: roles that may approve it."""

    id: UUID
    what: str
    format: str
    filters: dict[str, Any]
    language: str
    asked_at: datetime
    asked_by: str
    state: str
    approval: UUID | None
    approval_state: str | None
    rows_found: int
    rows: int | None
    size_bytes: int | None
    digest: str | None
    name: str | None
    made_at: datetime | None
    expires_at: datetime | None
    is_once: bool
    fetches: int
    is_own: bool
    may_make: bool
    may_fetch: bool
    deciders: tuple[str, ...]


def exports(actor: Actor, now: datetime, size: int = 50) -> list[ExportLine]:
    """Up to size exports that the actor may see, the latest first."""
    with seen_by(actor):
        return [_line(row, actor, now) for row in _rows(actor).order_by("-asked_at", "-id")[:min(max(size, 1), SIZE_MOST)]]


def one_export(actor: Actor, export: UUID, now: datetime) -> tuple[ExportLine, list[tuple[datetime, str, UUID]]]:
    """The export, and every fetch of it: when, by whom, in which entry. Raises Forbidden where the actor may see none such."""
    with seen_by(actor):
        row = _rows(actor).filter(pk=export).first()
        if row is None:
            raise Forbidden(f"there is no export {export} among those you may see ({NOT_VISIBLE})", f"在您可见的范围内没有导出 {export}（{NOT_VISIBLE}）", (NOT_VISIBLE,))
        fetched = Entry.objects.filter(lender=actor.lender, verb="export.fetch", actor=row.asked_by_id, is_refused=False, at__gte=row.asked_at, result__export=str(row.pk)).order_by("number")
        return _line(row, actor, now), list(fetched.values_list("at", "actor_name", "id")[:SIZE_MOST])


def pieces(actor: Actor, export: UUID, entry: UUID, now: datetime) -> Iterator[bytes]:
    """The file piece by piece, for whoever fetched it in that entry a few minutes ago at most; the digest is held against at the end. Raises Refused for any other, before the first piece."""
    with seen_by(actor):
        told = Entry.objects.filter(lender=actor.lender, pk=entry, verb="export.fetch", actor=actor.account, is_refused=False).first()
        row = Export.objects.filter(lender=actor.lender, pk=export).first()
        if told is None or row is None or told.result.get("export") != str(export) or now > told.at + timedelta(minutes=MINUTES_TO_FETCH):
            raise Refused("this file was not fetched by you just now; fetch it again", "您未在近期下载此文件；请重新下载")
        keys = list(ExportPart.objects.filter(export=row).order_by("ordinal").values_list("pk", flat=True))
    return _opened(actor, row, keys)


def _opened(actor: Actor, row: Export, keys: list[UUID]) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for key in keys:
        with seen_by(actor):
            part = ExportPart.objects.get(pk=key)
        piece = vault().open_content(actor.lender, Sealed(str(own_words_of(actor.lender)), "work_exportpart", "content_sealed", str(key), bytes(part.content_sealed)))
        digest.update(piece)
        yield piece
    if digest.hexdigest() != row.digest:
        raise Refused(f"export {row.pk}: what was read is not what was made; do not use the file, ask anew", f"导出 {row.pk}：读取内容与生成时不符；请勿使用该文件，请重新申请")


def _rows(actor: Actor):
    rows = Export.objects.filter(lender=actor.lender).select_related("asked_by", "approval")
    if not could(actor, "export.view", "Lender").allowed:
        return rows.none()
    return rows if actor.roles & _OTHERS else rows.filter(asked_by=actor.account)


def _line(row: Export, actor: Actor, now: datetime) -> ExportLine:
    is_own, is_over = row.asked_by_id == actor.account, row.expires_at is not None and now >= row.expires_at
    may_make = is_own and row.state == "asked" and (row.approval is None or row.approval.state == "approved")
    may_fetch = is_own and row.state in ("made", "fetched") and not is_over and not (row.is_once and row.fetches)
    return ExportLine(row.pk, row.what, row.format, row.filters, row.language, row.asked_at, row.asked_by.name, "gone" if is_over else row.state, row.approval_id, row.approval and row.approval.state,
                      row.rows_found, row.rows, row.size_bytes, row.digest, row.name, row.made_at, row.expires_at, row.is_once, row.fetches, is_own, may_make, may_fetch, deciding_roles("export"))
