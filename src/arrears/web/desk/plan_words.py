"""What is said of a plan: why so much may be offered, and the text that a collector reads out before the debtor says yes."""

from datetime import date

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

from arrears.money import in_major_units
from arrears.work.plan_calculator import Sheet
from arrears.work.queries.plan_offers import LoanOffer

_EVERY_PART = 4
"""A plan of at most so many parts is read out part by part; of a longer one the first, how it goes on, and the last."""


def offer_lines(chosen: LoanOffer) -> list[tuple[str, str]]:
    """What may be offered at most, a line each: what it is called, and how much."""
    limits, currency = chosen.limits, chosen.owed.currency
    return [
        (gettext(_("Instalments at most")), str(limits.instalments_most) if limits.instalments_most > 1 else "–"),
        (gettext(_("Later by at most")), gettext(_("%(days)s days")) % {"days": limits.shift_days_most} if limits.shift_days_most else "–"),
        (gettext(_("Penalty waived at most")), _money(limits.penalty_most_minor, currency) if limits.penalty_most_minor else "–"),
        (gettext(_("Interest waived at most")), _money(limits.interest_most_minor, currency) if limits.interest_most_minor else "–"),
    ]


def why_not(kind: str, chosen: LoanOffer) -> str:
    """In a few words why such a plan is not offered for the loan; nothing where it is."""
    limits = chosen.limits
    if kind in limits.kinds:
        return ""
    if kind in ("waiver", "settlement") and not min(chosen.owed.charges_minor, chosen.owed.penalty_minor + chosen.owed.interest_minor):
        return gettext(_("nothing to waive, for what may be claimed holds neither penalty nor interest"))
    return gettext(_("the strategy offers none here (%(row)s: %(reason)s)")) % {"row": limits.row or "–", "reason": reason_of(chosen).rstrip(".。")}


def reason_of(chosen: LoanOffer) -> str:
    """Why, in the reader's language: the strategy's own words."""
    return chosen.limits.reason_en if get_language() == "en" else chosen.limits.reason_zh


def read_aloud(found: Sheet, chosen: LoanOffer) -> list[str]:
    """Sentences to read out: what is owed, what is to be paid and when, what it costs, what happens otherwise; then the question."""
    said = [gettext(_("As of %(day)s, %(amount)s may be asked for this loan.")) % {"day": _day(chosen.as_of), "amount": _money(found.claimable_minor, found.currency)}]
    parts = [(_day(part.due_on), _money(part.amount_minor, found.currency)) for part in found.parts]
    if len(parts) == 1:
        said.append(gettext(_("You pay %(amount)s once, on %(day)s at the latest.")) % {"amount": parts[0][1], "day": parts[0][0]})
    elif len(parts) <= _EVERY_PART:
        listed = gettext(_(", ")).join(gettext(_("%(amount)s by %(day)s")) % {"amount": amount, "day": day} for day, amount in parts)
        said.append(gettext(_("You pay in %(count)s parts: %(parts)s.")) % {"count": len(parts), "parts": listed})
    else:
        said.append(gettext(_("You pay in %(count)s parts: the first, %(first)s, by %(first_day)s; then %(next)s by %(next_day)s and so on; the last, %(last)s, by %(last_day)s.")) % {
            "count": len(parts), "first": parts[0][1], "first_day": parts[0][0], "next": parts[1][1], "next_day": parts[1][0], "last": parts[-1][1], "last_day": parts[-1][0]})
    if found.waived_minor:
        said.append(gettext(_("If you keep to it to the end, %(amount)s is waived, so you pay %(paid)s in all instead of %(owed)s.")) % {
            "amount": _money(found.waived_minor, found.currency), "paid": _money(found.paid_minor, found.currency), "owed": _money(found.claimable_minor, found.currency)})
    else:
        said.append(gettext(_("You pay %(paid)s in all; the plan costs no fee and no interest of its own.")) % {"paid": _money(found.paid_minor, found.currency)})
    said.append(gettext(_("While you keep to it, nobody calls you about this loan. If a part is not paid on its day, the plan no longer holds; what you paid counts.")))
    said.append(gettext(_("The plan does not change since when the loan is overdue, nor what was reported of it.")))
    said.append(gettext(_("Do you agree?")))
    return said


def _money(minor: int, currency: str) -> str:
    amount = in_major_units(minor, currency)
    return f"{amount} 元" if currency == "CNY" and get_language() != "en" else f"{currency} {amount}"


def _day(day: date) -> str:
    return day.isoformat() if get_language() == "en" else f"{day.year} 年 {day.month} 月 {day.day} 日"
