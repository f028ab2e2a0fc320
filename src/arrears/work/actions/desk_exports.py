"""Exports of the desk: asked for, approved by another where they are large, made once into a sealed file, fetched by who asked until it expires."""

import hashlib
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import Sum

from arrears.refusal import Refused
from arrears.work.actions.action import ZONE, Doing, Forbidden, action
from arrears.work.actions.approvals import use_approval
from arrears.work.exporting.cells import moment_text
from arrears.work.exporting.files import Watermark, write
from arrears.work.exporting.limits import own_choices, rows_most
from arrears.work.exporting.subjects import columns_of, filters_of, found, rows_of
from arrears.work.exporting.words import DAYS_OF
from arrears.work.models import Approval, Export, ExportPart, Lender
from arrears.work.oversight_words import EXPORTED, FORMATS
from arrears.work.plan_terms import digest_of
from arrears.work.sealing import own_words_of, vault

PIECE_BYTES = 1 << 20
"""So much of a file is sealed at a time."""
MINUTES_TO_FETCH = 10
"""So long after a fetch was put down its file may be read."""
HOURS_COUNTED = 24
"""So far back rows asked for without an approval are counted together."""
STILL_SEEN = "export-only-of-what-is-still-seen"
"""What stands for a policy where a file is not fetched because who asked sees less than when it was made."""
_PERCENT_MORE = 10
"""By so much the rows may have grown between asking and making."""
_PLACE = ("work_exportpart", "content_sealed")


@action("export.ask", on="lender")
def ask_export(doing: Doing, lender: Lender, *, what: Literal[EXPORTED], format: Literal[FORMATS], filters: dict[str, str], language: Literal["zh", "en"] = "zh", is_once: bool = False) -> dict:
    """An export waits to be made; above the operator's number of rows, counted with what the actor asked for without approval in the 24 hours before, an approval of exactly this waits for somebody else first.

    Raises Refused where there are no rows, or more than one export of the actor's roles may hold.
    """
    forget_expired(doing)
    account, own, most = _account(doing), own_choices(settings.ARREARS[0]), rows_most(settings.ARREARS[0], doing.actor.roles)
    chosen = filters_of(what, filters, doing.today)
    count = found(doing.actor, what, chosen, most)
    if count == 0:
        en, zh = DAYS_OF[what]
        raise Refused(f"no row fits the days from {chosen['from_on']} to {chosen['to_on']} and the filters; the days are those on which {en}: choose an earlier first day, or fewer filters",
                      f"{chosen['from_on']} 至 {chosen['to_on']} 及所选条件下没有数据；日期按{zh}计：请选择更早的起始日期或减少条件")
    if count > most:
        raise Refused(f"these are more than the {most} rows that your roles may export at once (exports, the operator's own choice); choose fewer days", f"数据超过您的角色单次可导出的 {most} 行（exports，由机构自行设定）；请缩短日期")
    export = Export(id=uuid4(), lender=lender.code, what=what, format=format, filters=chosen, language=language, asked_at=doing.now, asked_by_id=account, asked_in=doing.entry, is_once=is_once, rows_found=count)
    if count + _lately(doing, lender, account) > own["rows_without_approval"]:
        asked = _asked(export)
        export.approval = Approval.objects.create(lender=lender.code, kind="export", subject=str(export.id), parameters=asked, digest=digest_of(asked), asked_by_id=account, asked_at=doing.now, asked_in=doing.entry)
    export.save(force_insert=True)
    return {"export": export.id, "rows": count, "approval": export.approval_id}


@action("export.make", on="lender")
def make_export(doing: Doing, lender: Lender, *, export: UUID) -> dict:
    """The file is made from the rows as they are now, sealed in pieces under the lender's own key, and lies until it expires. An approval is used up by it.

    Raises Refused for an export of somebody else, one that was made, whose approval is not given, or whose rows have grown beyond what was asked for.
    """
    forget_expired(doing)
    row, own = _own(doing, export), own_choices(settings.ARREARS[0])
    if row.state != "asked":
        raise Refused(f"export {export} was made before; fetch it, or ask anew", f"导出 {export} 已生成；请下载或重新申请")
    if row.approval_id is not None:
        use_approval(doing, row.approval_id, ("export",), str(row.id), _asked(row))
    ceiling = row.rows_found + row.rows_found * _PERCENT_MORE // 100 if row.approval_id is not None else own["rows_without_approval"]
    most = min(rows_most(settings.ARREARS[0], doing.actor.roles), ceiling)
    mark = Watermark(row.what, lender.code, doing.actor.name, moment_text(doing.now), str(row.id), str(doing.entry), row.approval_id and str(row.approval_id), row.filters, row.language)
    with tempfile.TemporaryDirectory(prefix="arrears-export-") as passing:
        path = Path(passing) / "rows"
        rows = write(path, row.format, columns_of(row.what), rows_of(doing.actor, row.what, row.filters), mark, most, own["size_most_bytes"])
        size, digest = _seal(lender.code, row.id, path)
    expires = doing.now + timedelta(hours=own["keep_hours"])
    name = f"arrears-{row.what}-{doing.now.astimezone(ZONE):%Y%m%dT%H%M}-{_plain(doing.actor.name)}-{doing.entry.hex[:8]}.{row.format}"
    Export.objects.filter(pk=row.pk).update(state="made", made_at=doing.now, made_roles=sorted(doing.actor.roles), made_teams=sorted(doing.actor.teams), expires_at=expires, name=name, rows=rows, size_bytes=size, digest=digest)
    return {"export": row.id, "rows": rows, "size_bytes": size, "digest": digest, "expires_at": expires}


@action("export.fetch", on="lender")
def fetch_export(doing: Doing, lender: Lender, *, export: UUID) -> dict:
    """Who asked may read the file for some minutes from now on; each fetch is an Entry of its own.

    Raises Refused where it is not made, has expired, or was to be fetched once and was; Forbidden where who asked has lost a role or a team since it was made, and so might see less now.
    """
    row = _own(doing, export)
    if row.state not in ("made", "fetched") or row.expires_at is None or doing.now >= row.expires_at or (row.is_once and row.fetches):
        forgotten = "it was to be fetched once, and was" if row.is_once and row.fetches else "it is not made yet" if row.state == "asked" else "it has expired"
        zh = "仅可下载一次，已下载" if row.is_once and row.fetches else "尚未生成" if row.state == "asked" else "已过期"
        raise Refused(f"export {export} cannot be fetched: {forgotten}; ask anew if it is still needed", f"导出 {export} 无法下载：{zh}；如仍需要请重新申请")
    if lost := sorted(({*row.made_roles} - doing.actor.roles) | ({*row.made_teams} - {*doing.actor.teams} if "*" not in doing.actor.teams else set())):
        raise Forbidden(f"export {export} was made when you had {', '.join(lost)} too, so it may hold what you see no more; nothing was fetched: ask for it anew ({STILL_SEEN})",
                        f"导出 {export} 生成时您还具有 {'、'.join(lost)}，其中可能含有您现已无权查看的内容；未下载：请重新申请（{STILL_SEEN}）", (STILL_SEEN,))
    Export.objects.filter(pk=row.pk).update(state="fetched", fetches=row.fetches + 1)
    return {"export": row.id, "entry": doing.entry, "name": row.name, "digest": row.digest, "size_bytes": row.size_bytes}


def forget_expired(doing: Doing) -> int:
    """The pieces of the lender's exports that expired, or were fetched the once that they could be, are gone; how many exports. Within an action."""
    late = doing.now - timedelta(minutes=MINUTES_TO_FETCH)
    over = Export.objects.filter(lender=doing.actor.lender, state__in=("made", "fetched"))
    gone = [key for key, expires, is_once, state, made in over.values_list("pk", "expires_at", "is_once", "state", "made_at") if expires <= doing.now or (is_once and state == "fetched" and made <= late)]
    if gone:
        ExportPart.objects.filter(export__in=gone).delete()
        Export.objects.filter(pk__in=gone).update(state="gone")
    return len(gone)


def _seal(lender: str, export: UUID, path: Path) -> tuple[int, str]:
    """The file is sealed piece by piece, never whole in memory; its size and SHA-256."""
    size, digest, person = 0, hashlib.sha256(), str(own_words_of(lender))
    with path.open("rb") as read:
        ordinal = 0
        while piece := read.read(PIECE_BYTES):
            size += len(piece)
            digest.update(piece)
            key = uuid4()
            ExportPart.objects.create(id=key, lender=lender, export_id=export, ordinal=ordinal, content_sealed=vault().seal_content(lender, person, *_PLACE, str(key), piece))
            ordinal += 1
    return size, digest.hexdigest()


def _lately(doing: Doing, lender: Lender, account: UUID) -> int:
    """How many rows the account asked for without an approval in the 24 hours before: many small exports are one large one. Nobody else asks meanwhile."""
    Lender.objects.select_for_update(no_key=True).get(code=lender.code)
    rows = Export.objects.filter(lender=lender.code, asked_by=account, approval=None, asked_at__gt=doing.now - timedelta(hours=HOURS_COUNTED))
    return rows.aggregate(rows=Sum("rows_found"))["rows"] or 0


def _asked(export: Export) -> dict[str, Any]:
    """What is approved: exactly this export, and how many rows it had."""
    return {"export": str(export.id), "what": export.what, "format": export.format, "filters": export.filters, "rows": export.rows_found}


def _own(doing: Doing, export: UUID) -> Export:
    row = Export.objects.select_for_update(no_key=True, of=("self",)).filter(lender=doing.actor.lender, pk=export, asked_by=_account(doing)).first()
    if row is None:
        raise Refused(f"export {export} is none of your own; whoever asked for it makes and fetches it", f"导出 {export} 不是您申请的；由申请人生成并下载")
    return row


def _plain(name: str) -> str:
    """A name as a file's may have it."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name)[:30]


def _account(doing: Doing) -> UUID:
    if doing.actor.account is None:
        raise Refused("an export is asked for, made and fetched under a person's own account", "导出的申请、生成与下载须使用个人账号")
    return doing.actor.account

