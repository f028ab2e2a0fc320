"""The collector's day: my numbers, what waits and why it stands where it stands, and the next account."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_POST, require_safe

from arrears.days import moment_of
from arrears.web.desk.forms import see_other
from arrears.web.desk.words import moment, money, said
from arrears.work.actions.action import Forbidden, perform
from arrears.work.queries.queue import BUCKETS, READY_WHY, SHOWS, QueueLine, my_day, reminders, waiting
from arrears.work.residuals import could

TABS = {"now": _("Now"), "later": _("Put off"), "rest": _("At rest")}
WHY = {
    "call_back": _("They asked to be called back at %(at)s."), "promise_due": _("A promise of %(sum)s is due on %(day)s."), "promise_broken": _("A promise of %(sum)s for %(day)s was broken."),
    "plan_broken": _("Their plan was broken."), "paid_said": _("They said they had paid; see whether it has come."), "plan_asked": _("They asked for a plan."), "tried": _("Nobody was reached at the last attempt."),
    "talked": _("They were spoken with, and nothing was agreed."), "put_back": _("It was put back."),
}
"""Why an account comes, as a sentence."""


@require_safe
def queue(request) -> HttpResponse:
    """My day, what reminds me, and what waits. Raises Forbidden for whoever is handed no accounts."""
    if not could(request.actor, "case.next", "Lender").allowed:
        raise Forbidden("accounts are handed to collectors, team leads and agencies' workers", "案件仅派发给催收员、组长与委外人员", ())
    show, now = request.GET.get("show", "now"), moment_of(request.now)
    show = show if show in SHOWS else "now"
    bucket = request.GET.get("bucket") if request.GET.get("bucket") in BUCKETS else None
    why = request.GET.get("why") if request.GET.get("why") in READY_WHY else None
    day = my_day(request.actor, now)
    lines, more = waiting(request.actor, now, show, bucket=bucket, why=why)
    counts = {"now": day.due + day.agreed + day.ranked, "later": day.later, "rest": day.rest} if request.actor.collector else {}
    return render(request, "queue.html", {
        "day": day, "reminders": reminders(request.actor, now), "lines": [{**vars(line), "why": why_said(line)} for line in lines], "more": more, "show": show, "bucket": bucket, "why": why, "buckets": BUCKETS,
        "whys": READY_WHY, "is_filtered": bool(bucket or why), "tabs": [{"code": code, "text": gettext(text), "is_here": code == show, "count": counts.get(code)} for code, text in TABS.items()],
        "may_open": "collector" not in request.actor.roles})


@require_POST
def next_case(request) -> HttpResponse:
    """On to the next account; back to the queue where none waits."""
    told = perform(request.actor, "case.next", {}, request.now, key=request.POST.get("key") or None)
    if told["case"] is None:
        return see_other("queue", done="queue_empty" if told.get("no_new") is None else f"queue_{told['no_new']}")
    return see_other("case", told["case"], done="queue_again" if told["again"] else None)


def why_said(line: QueueLine) -> str:
    """Why the account stands where it stands, as a sentence in the reader's language."""
    amount, currency, day = line.promised or (None, "", None)
    words = {"at": moment(line.ready_at), "sum": f"{money(amount)} {currency}".strip(), "day": moment(day)}
    parts = [gettext(WHY[line.ready_why]) % words] if line.ready_why in WHY else []
    if line.group == "later":
        parts.append(gettext(_("It comes back at %(at)s.")) % words)
    if line.group == "rest":
        parts = [gettext(_("A plan is kept; nobody collects meanwhile."))] if line.is_planned else [gettext(_("A hold stands; nobody contacts them until it is lifted."))]
    if line.group == "ranked":
        parts.append(gettext(_("The night ranked it %(rank)s: %(late)s days past due, %(treatment)s.")) % {"rank": line.rank if line.rank is not None else "–", "late": line.days_past_due, "treatment": said(line.treatment) or "–"})
    if line.is_unheld:
        parts.append(gettext(_("Nobody holds it yet.")))
    return " ".join(parts)
