"""What the figures of a team are called, how each is computed, and the terms of an approval in words."""

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from arrears.web.desk.words import details, money, said
from arrears.work.queries.approvals import ApprovalLine
from arrears.work.queries.team_figures import Figures

TITLES = {
    "all": _("Open cases"), "nobody": _("Cases held by nobody"), "worked": _("Cases worked today"), "to_work": _("Cases of tonight's list"), "idle": _("Idle cases"), "left": _("Cases of people who have left"), "due_away": _("Cases with something due while their holder is away"),
    "away": _("Cases of people away today"), "attempts": _("Attempts to reach somebody"), "reached_out": _("Attempts that reached the debtor"), "reached": _("Talks with the debtor"), "contacts": _("Contacts"),
    "contacts_cases": _("Cases in which somebody was contacted"), "promises": _("Promises taken"), "told": _("Promises of which payments have told"), "expected": _("Promises to be paid"),
    "unfollowed": _("Broken promises that nobody followed up"), "dispute": _("Disputes near their last day"), "complaint": _("Complaints near their last day"), "reminders": _("Reminders that are past"),
    "closed": _("Cases closed lately"), "paid": _("Cases paid off lately"),
}
"""By the name of a list, of what it is."""

FORMULAS = (
    (_("Right-party contact rate"), _("attempts by a spoken channel that the debtor answered ÷ attempts by a spoken channel; messages and letters are left out")),
    (_("Promise rate"), _("promises taken ÷ talks with the debtor, whoever began them; promises that were withdrawn are left out")),
    (_("Promise kept rate"), _("promises kept ÷ promises whose day has come and of which payments have told; partly kept and broken ones are shown beside")),
    (_("Coverage today"), _("open cases worked today ÷ open cases")),
    (_("Paid-off rate"), _("cases closed as paid or settled ÷ cases closed for any reason and cases open now")),
)
"""Name of a figure, and how it is computed; in the order of `rates`."""


def figure_cards(told: Figures, link) -> list[dict]:
    """The few numbers on top: title, value, amounts, address, and a line below."""
    of = told.people[0].id if len(told.people) == 1 and told.people[0].id else None
    return [
        {"title": gettext(TITLES["all"]), "value": told.cases.get("all", 0), "money": sorted(told.money.items()), "url": link(name="all")},
        {"title": gettext(TITLES["worked"]), "value": told.cases.get("worked", 0), "url": link(name="worked"), "below": _per(told.did["today"].get("cases", 0), _("%(number)s cases contacted today")), "below_url": link(name="contacts_cases", of=of and str(of))},
        {"title": gettext(TITLES["promises"]), "value": told.did["today"].get("promises", 0), "url": link(name="promises", period="today"),
         "below": _per(told.did["week"].get("promises", 0), _("%(number)s this week")), "below_url": link(name="promises", period="week")},
        {"title": gettext(TITLES["expected"]), "value": told.expected["today"].cases, "money": sorted(told.expected["today"].money.items()), "url": link(name="expected", period="today"),
         "below": _per(told.expected["week"].cases, _("%(number)s until Sunday")), "below_url": link(name="expected", period="week")},
    ]


def rates(told: Figures, link) -> list[dict]:
    """The rates: name, formula, and for each span the part, the whole, the share in per mille and the addresses of both lists."""
    kept = {state: told.kept.get(state, 0) for state in ("kept", "part_kept", "broken")}
    days = gettext(_("last %(days)s days")) % {"days": told.settings.kept_days}
    spans = [
        [_span(gettext(_("today")), told.did["today"], "reached_out", "attempts", link, "today"), _span(gettext(_("this week")), told.did["week"], "reached_out", "attempts", link, "week")],
        [_span(gettext(_("today")), told.did["today"], "promises", "reached", link, "today"), _span(gettext(_("this week")), told.did["week"], "promises", "reached", link, "week")],
        [{"span": days, "part": kept["kept"], "whole": sum(kept.values()), "share": _share(kept["kept"], sum(kept.values())), "part_url": link(name="told", state="kept"), "whole_url": link(name="told"),
          "beside": [{"name": said(state), "value": kept[state], "url": link(name="told", state=state)} for state in ("part_kept", "broken")]}],
        [_part(gettext(_("today")), told.cases.get("worked", 0), told.cases.get("all", 0), link(name="worked"), link(name="all"))],
        [_part(days, told.paid, told.closed + told.cases.get("all", 0), link(name="paid"), None)],
    ]
    return [{"name": gettext(name), "formula": gettext(formula), "spans": some} for (name, formula), some in zip(FORMULAS, spans, strict=True) if any(one["whole_url"] or one["part"] for one in some)]


def waiting_terms(one: ApprovalLine) -> list[str]:
    """What is asked for, in sentences."""
    asked = one.parameters
    told = []
    if parts := asked.get("instalments"):
        total = sum(part["amount_minor"] for part in parts)
        told.append(gettext(_("%(count)s instalments from %(first)s to %(last)s, %(total)s %(currency)s in all")) % {
            "count": len(parts), "first": parts[0]["due_on"], "last": parts[-1]["due_on"], "total": money(total), "currency": asked.get("currency", "")})
    for name, text in (("waived_penalty_minor", _("waives %(amount)s of penalty")), ("waived_interest_minor", _("waives %(amount)s of interest")), ("waived_fee_minor", _("waives %(amount)s of fees"))):
        if asked.get(name):
            told.append(gettext(text) % {"amount": f"{money(asked[name])} {asked.get('currency', '')}".strip()})
    if asked.get("loan_id"):
        told.append(gettext(_("loan %(loan)s")) % {"loan": asked["loan_id"]})
    return told or [f"{name}: {value}" for name, value in details(asked)] or [one.subject]


def _span(name: str, did: dict[str, int], part: str, whole: str, link, period: str) -> dict:
    return {**_part(name, did.get(part, 0), did.get(whole, 0), link(name=part, period=period), link(name=whole, period=period))}


def _part(name: str, part: int, whole: int, part_url: str | None, whole_url: str | None) -> dict:
    return {"span": name, "part": part, "whole": whole, "share": _share(part, whole), "part_url": part_url, "whole_url": whole_url}


def _share(part: int, whole: int) -> str:
    """In per cent with one place, rounded half up; a dash where there is nothing to be a part of."""
    return "–" if not whole else f"{(2000 * part + whole) // (2 * whole) / 10:.1f}%"


def _per(number: int, text: str) -> str:
    return gettext(text) % {"number": number}
