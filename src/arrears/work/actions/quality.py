"""Quality checks (质检): contacts drawn, scored by a form that travels with the sample, scored again for calibration, disputed by who made them and looked at a second time."""

from datetime import timedelta
from typing import Annotated, Literal
from unicodedata import normalize
from uuid import UUID, uuid4

from django.conf import settings
from pydantic import Field

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.actions.approvals import NUMBER_OF_SOMEBODY
from arrears.work.actions.rows import Words, everywhere, row_of, sealed_words
from arrears.work.ledger_frame import contacts_of, frame_of
from arrears.work.models import Case, Contact, Lender, Sample, SampleItem, Sheet
from arrears.work.oversight_words import METHODS, STRATA
from arrears.work.quality.draw import digest_of, drawn
from arrears.work.quality.form import form_from, read_form, result_of
from arrears.work.quality.frame_rows import drawables, own_choices
from arrears.work.residuals import filter_for

SEEDS = 1 << 53
Seed = Annotated[int, Field(ge=0, lt=SEEDS)]


@action("sample.draw", on="lender")
def draw_sample(doing: Doing, lender: Lender, *, filters: dict[str, str], method: Literal[METHODS], size: Annotated[int, Field(ge=1)], by: Literal[STRATA] | None = None,
                seed: Seed | None = None, double_percent: Annotated[int, Field(ge=0, le=100)] = 0) -> dict:
    """Contacts of the frame are drawn by method and seed, with the form as it is today; the first double_percent of a hundred of them are scored by two. Without a seed the entry gives one.

    Raises Refused where the frame is empty or too large, more are asked for than the operator allows, or strata are named without being asked for, or asked for without being named.
    """
    home = settings.ARREARS[0]
    most = own_choices(home)["size_most"]
    if size > most:
        raise Refused(f"{size} contacts are more than a sample may hold, {most} (quality.size_most, the operator's own choice)", f"抽取 {size} 条超过每次抽样上限 {most} 条（quality.size_most，由机构自行设定）")
    if (method == "stratified") != (by is not None):
        raise Refused("say by what to stratify (collector, team or channel) where the method is stratified, and only there", "分层抽样须选择按何分层（催收员、团队或渠道）；其他方法不得选择")
    frame, form = frame_of(filters, doing.today), read_form(home)
    rows = drawables(contacts_of(lender.code, frame).filter(filter_for(doing.actor, "ledger.view", Contact)), by, method == "risk", home)
    if not rows:
        raise Refused("no contact fits these days and filters, so there is nothing to draw from; choose other days", "该日期与条件下没有联系记录，无从抽样；请调整日期或条件")
    seed = doing.entry.int % SEEDS if seed is None else seed
    chosen = drawn(rows, method, size, seed)
    sample = Sample.objects.create(lender=lender.code, drawn_at=doing.now, drawn_by_id=_account(doing), method=method, by=by, frame={**frame.plain(), "digest": digest_of(rows)}, found=len(rows),
                                   size=len(chosen), seed=seed, double_percent=double_percent, form=form.id, form_version=form.version, form_digest=form.digest, form_text=form.text)
    made = {key: (case, collector) for key, case, collector in Contact.objects.filter(pk__in=[one.id for one in chosen]).values_list("pk", "case", "made_by__collector")}
    doubles = -(-len(chosen) * double_percent // 100)
    SampleItem.objects.bulk_create([SampleItem(lender=lender.code, sample=sample, contact_id=one.id, case_id=made[one.id][0], collector_id=made[one.id][1], ordinal=place, stratum=one.stratum[:80] or None,
                                               weight=one.weight, is_double=place <= doubles) for place, one in enumerate(chosen, 1)], batch_size=500)
    return {"sample": sample.id, "seed": seed, "found": len(rows), "size": len(chosen)}


@action("sheet.fill", on="case", personal=("comment",))
def fill_sheet(doing: Doing, case: Case, *, item: UUID, answers: dict[str, str], comment: Words | None = None) -> dict:
    """The contact is scored by the sample's own form: first, then by another where it is scored twice; where the collector disputed it, a look by a third settles it.

    Raises Refused where the sheet is not whole, nothing is left for this reviewer to score, or they made the contact themselves.
    """
    row = row_of(SampleItem, case, item, "contact of a sample", "抽样联系", alone=True)
    reviewer = _account(doing)
    if Contact.objects.filter(pk=row.contact_id, made_by=reviewer).exists():
        raise Refused("nobody scores a contact they made themselves; leave it to another reviewer", "不得为本人所作的联系评分；请交由其他质检人员")
    part = _part(row, list(Sheet.objects.filter(item=row).values_list("part", "reviewer")), reviewer)
    _demand_no_number(comment)
    form = form_from(row.sample.form_text, row.sample.form)
    result = result_of(form, answers)
    sheet = Sheet(id=uuid4(), lender=case.lender, case=case, item=row, part=part, reviewer_id=reviewer, filled_at=doing.now, form=form.id, form_version=form.version, form_digest=form.digest,
                  answers=answers, score_ppm=result.score_ppm, red_lines=list(result.red_lines), is_passed=result.is_passed)
    sheet.comment_sealed = sealed_words(doing, case, Sheet, "comment_sealed", sheet.id, comment)
    sheet.save(force_insert=True)
    if part != "second":
        SampleItem.objects.filter(pk=row.pk).update(state="settled" if part == "look" else "scored")
    return {"sheet": sheet.id, "item": row.id, "part": part, "score_ppm": result.score_ppm, "is_passed": result.is_passed, "red_lines": list(result.red_lines)}


@action("sheet.dispute", on="lender", personal=("text",))
def dispute_sheet(doing: Doing, lender: Lender, *, item: UUID, text: Words) -> dict:
    """Who made the contact says that its result is wrong; another reviewer looks at it again. The case may have gone to others meanwhile.

    Raises Refused for a contact of somebody else, one that has no result or was disputed before, or after the operator's days (quality.dispute_days).
    """
    _demand_no_number(text)
    mine = Contact.objects.filter(lender=lender.code, made_by=_account(doing))
    days = own_choices(settings.ARREARS[0])["dispute_days"]
    with everywhere(doing.actor):
        row = SampleItem.objects.select_for_update(no_key=True, of=("self",)).filter(lender=lender.code, pk=item, contact__in=mine).select_related("case").first()
        if row is None:
            raise Refused("this is no scored contact of your own", "这不是您本人的质检记录")
        first = Sheet.objects.filter(item=row, part="first").first()
        if row.state != "scored" or first is None:
            raise Refused("only a result that stands and was not disputed before can be disputed", "仅可对已出结果且未曾申诉的质检记录申诉")
        if doing.now > first.filled_at + timedelta(days=days):
            raise Refused(f"the result is older than {days} days (quality.dispute_days, the operator's own choice); speak to your team lead", f"质检结果已超过 {days} 天（quality.dispute_days，由机构自行设定）；请联系组长")
        sealed = sealed_words(doing, row.case, SampleItem, "dispute_sealed", row.id, text)
        SampleItem.objects.filter(pk=row.pk).update(state="disputed", disputed_at=doing.now, disputed_by_id=_account(doing), dispute_sealed=sealed)
    return {"item": row.id}


def _part(row: SampleItem, there: list[tuple[str, UUID]], reviewer: UUID) -> str:
    """Which sheet of the item this reviewer fills now. Raises Refused where there is none for them."""
    parts, whose = {part for part, _ in there}, {who for _, who in there}
    if reviewer in whose:
        raise Refused("you scored this contact already; another reviewer scores it a second time, or settles what was disputed", "您已为该联系评分；复评或申诉复核须由其他质检人员办理")
    if "first" not in parts:
        return "first"
    if row.state == "disputed":
        return "look"
    if row.is_double and "second" not in parts:
        return "second"
    raise Refused("this contact is scored, and nothing about it waits", "该联系已评分，无待办事项")


def _demand_no_number(text: str | None) -> None:
    """Comments are shown to reviewers and to the collector as they are, so nobody's number may stand in one."""
    if text is not None and NUMBER_OF_SOMEBODY.search(normalize("NFKC", text)):
        raise Refused("this holds a telephone, ID or account number; write about the conduct and leave the number out: reviewers and the collector read it as it stands",
                      "文字中含电话、证件或账户号码；请只写催收行为并去掉号码：质检人员与催收员会看到原文")


def _account(doing: Doing) -> UUID:
    if doing.actor.account is None:
        raise Refused("quality checks are people's work: who draws or scores has an account", "质检由人员办理：抽样与评分须使用个人账号")
    return doing.actor.account
