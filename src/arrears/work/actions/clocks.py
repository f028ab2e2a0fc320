"""The law's clock for disputes and complaints: until when they must be answered, and until when at most once further days were approved."""

from datetime import date
from functools import cache

from arrears.law.complaints import FILE, ComplaintRules, answer_by, complaint_rules
from arrears.law.entries import in_force
from arrears.law.packs import SHIPPED, shipped_texts
from arrears.refusal import Refused
from arrears.work.actions.action import ZONE, Doing
from arrears.work.models import Complaint, Dispute, Lender


@cache
def clock_of(law: str) -> ComplaintRules | None:
    """The law's days to answer; None where its pack has none."""
    texts = shipped_texts(law) if law in SHIPPED else {}
    return complaint_rules(texts) if FILE in texts else None


def last_day(lender: str, received_on: date, matter: str, approved: bool = False) -> date:
    """The last day to answer what was received on that day, by the law of the lender; approved: with the further days. Raises Refused where that names none."""
    law = Lender.objects.values_list("law", flat=True).get(code=lender)
    rules = clock_of(law)
    last = None if rules is None else answer_by(rules, received_on, matter, approved)
    if last is None:
        raise Refused(f"the law {law} at hand names no days to answer in on {received_on}, so no clock can be set; place a hold (hold.place) and put the law's days into the pack",
                      f"现有法规包 {law} 未载明 {received_on} 的答复期限，无法计算时限；请先停催（hold.place），并在法规包中补充期限")
    return last


def received_on(row: Dispute | Complaint) -> date:
    """The business day on which it was received."""
    return row.raised_at.astimezone(ZONE).date()


def extension_terms(doing: Doing, row: Dispute | Complaint) -> dict[str, str]:
    """What an approval of further days approves, exactly: of which matter, from which last day to which. Raises Refused where the law gives it no further days, or not any more."""
    kind = type(row).__name__.lower()
    law = Lender.objects.values_list("law", flat=True).get(code=row.lender)
    rules = clock_of(law)
    limits = None if rules is None else in_force(rules, received_on(row))
    if limits is None or row.matter != limits.extended:
        raise Refused(f"the law {law} gives further days to a complex matter only, and {kind} {row.id} counts as {row.matter}: weigh it first (matter.weigh), or answer it in time",
                      f"法规 {law} 仅允许情况复杂的事项延期，而本事项登记为“{'简单' if row.matter == 'simple' else row.matter}”：请先重新认定（matter.weigh），或按期答复")
    if row.before_extension_on is not None:
        raise Refused(f"{kind} {row.id} has had its further days, until {row.answer_by_on}; the law gives them once: answer it", f"本事项已延期一次，至 {row.answer_by_on} 止；法律只允许延期一次：请按期答复")
    if doing.today > row.answer_by_on:
        raise Refused(f"the last day of {kind} {row.id} was {row.answer_by_on}: what has run out is not extended; answer it now", f"本事项应于 {row.answer_by_on} 前答复：已过期限不能延期；请立即答复")
    return {"matter": kind, "from": row.answer_by_on.isoformat(), "to": last_day(row.lender, received_on(row), row.matter, True).isoformat()}
