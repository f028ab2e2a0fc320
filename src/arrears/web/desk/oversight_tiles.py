"""What compliance and audit find on their first page: the ledger, quality checks, matters, the law and exports, each with the number that asks for somebody."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from arrears.compliance.lint import open_points
from arrears.days import moment_of
from arrears.work.actions.action import ZONE
from arrears.work.ledger_frame import frame_of
from arrears.work.queries.approvals import count_waiting
from arrears.work.queries.law_in_force import care_of, law_in_force
from arrears.work.queries.ledger import COUNTED_MOST, count_of
from arrears.work.queries.samples import waiting

SEEN_BY = frozenset({"compliance_officer", "auditor"})


def tiles(request) -> list[dict]:
    """Per tile: title, where it leads, the number, what it counts, and whether it asks for somebody; none for other roles. As many queries whatever there is."""
    actor = request.actor
    if not actor.roles & SEEN_BY:
        return []
    today = moment_of(request.now).astimezone(ZONE).date()
    denied = count_of(actor, frame_of({"verdict": "deny"}, today))
    scored, disputed = waiting(actor)
    exports = count_waiting(actor, "export")
    pack, care = law_in_force(actor).pack, care_of(settings.ARREARS[0])
    stale = sum(point.kind == "stale" for point in open_points(pack, today))
    is_late = care.checked_on is None or (today - care.checked_on).days > care.check_every_days
    return [
        _tile(_("Contact ledger"), f"{reverse('ledger')}?verdict=deny", denied, _("contacts in seven days that the rules forbid"), denied > 0),
        _tile(_("Quality checks"), reverse("samples"), scored, _("contacts wait to be scored"), False),
        _tile(_("Disputed scores"), reverse("samples"), disputed, _("wait for a second look"), disputed > 0),
        _tile(_("Complaints and their clocks"), reverse("matters"), None, _("disputes, complaints and hardship, by their last day"), False),
        _tile(_("Law"), reverse("law"), None if is_late else stale, _("nobody looked for new law in time") if is_late else _("series of the law are stale or soon will be"), stale > 0 or is_late),
        _tile(_("Exports"), reverse("exports"), exports, _("exports wait for an approval"), exports > 0),
    ]


def _tile(title: str, url: str, number: int | None, line: str, asks: bool) -> dict:
    shown = None if number is None else f"{COUNTED_MOST}+" if number > COUNTED_MOST else str(number)
    return {"title": gettext(title), "url": url, "number": shown, "line": gettext(line), "asks": asks}
