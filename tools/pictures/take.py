"""Pictures of the desk for the tour, in Chinese and English, taken in a headless Chromium from the living cases of the demo.

From the top of the repository, after `make demo` and with the tools of `make test`:

    .venv/bin/python tools/pictures/take.py [--home demo/home] [--out docs/pictures/desk]

It makes an account a role for itself and cuts it off at the end, and looks at the pages at half past ten of the next working day, whatever the hour. The people are the demo's, who do not exist.
"""

import argparse
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]
ZONE = ZoneInfo("Asia/Shanghai")
LARGEST = 300_000


@dataclass(frozen=True)
class Picture:
    """file: its name without language; role: who looks; address: of the page, given the tour; after: what is done on the page first."""

    file: str
    role: str
    address: Callable[["Tour"], str]
    after: Callable | None = None


@dataclass
class Tour:
    """What the addresses of the pictures are made of."""

    desk: object
    people: dict = field(default_factory=dict)
    case: object = None


def keys(page) -> None:
    """The list of keys is open."""
    page.keyboard.press("?")


PICTURES = (
    Picture("queue", "collector", lambda tour: "/queue"),
    Picture("person", "collector", lambda tour: f"/cases/{tour.case}"),
    Picture("outcome", "collector", lambda tour: f"/cases/{tour.case}/outcome?outcome=promise"),
    Picture("keys", "collector", lambda tour: f"/cases/{tour.case}", keys),
    Picture("plan", "collector", lambda tour: f"/cases/{tour.case}/plan"),
    Picture("approvals", "compliance_officer", lambda tour: "/approvals"),
    Picture("matters", "compliance_officer", lambda tour: "/matters"),
    Picture("team", "team_lead", lambda tour: "/team"),
    Picture("ledger", "compliance_officer", lambda tour: "/ledger"),
    Picture("samples", "compliance_officer", lambda tour: "/samples"),
    Picture("law", "compliance_officer", lambda tour: "/law"),
    Picture("runs", "administrator", lambda tour: "/runs"),
)


def main() -> int:
    """0 where every page of the list was pictured; 1 where one answered otherwise than 200, which is told."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--home", type=Path, default=ROOT / "demo" / "home")
    asked.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures" / "desk")
    asked.add_argument("--only", nargs="*", default=[], help="names of pictures")
    said = asked.parse_args()
    said.out.mkdir(parents=True, exist_ok=True)
    from arrears import postgres
    from arrears.web.settings import configure

    postgres.ensure_running(said.home)
    configure(said.home)
    from browser.desk import LANGUAGES, Desk, Moments, opened_browser, served
    from work_home import Work

    work = Work(said.home.resolve())
    with opened_browser() as chromium:
        moments = Moments(work.home, _next_working_morning())
        try:
            with served(work) as address:
                desk = Desk(work, moments, address, chromium, is_strict=False)
                tour = Tour(desk)
                try:
                    _begin(tour)
                    missed = [missed for lang in LANGUAGES for missed in _taken(tour, lang, said.out, said.only)]
                finally:
                    _end(tour)
                desk.close()
        finally:
            moments.file.unlink(missing_ok=True)
    for line in missed + desk.trouble:
        print(line, file=sys.stderr)
    return int(bool(missed))


def _next_working_morning() -> int:
    from arrears.days import microseconds_of

    at = datetime.now(ZONE).replace(hour=10, minute=30, second=0, microsecond=0)
    at += timedelta(days=1) if at <= datetime.now(ZONE) else timedelta()
    while at.weekday() > 4:
        at += timedelta(days=1)
    return microseconds_of(at.astimezone(UTC))


def _begin(tour: Tour) -> None:
    """An account a role; the collector's holds the cases of whoever has most of them among those with an account already, who therefore stays in the roster when the tour's account is cut off."""
    from django.db.models import Count

    from arrears.work.actor import system
    from arrears.work.models import Account, Case
    from arrears.work.queries.accounts import only_lender
    from arrears.work.tenancy import seen_by

    code = only_lender(None)
    tour.desk.lenders.append(code)
    with seen_by(system(code)):
        of = Account.objects.filter(lender=code, is_active=True, collector__isnull=False).values("collector")
        most = Case.objects.filter(state="open", held_by__in=of).values("held_by", "held_by__roster_name", "team__code").annotate(n=Count("id")).order_by("-n", "held_by__roster_name").first()
        tour.case = Case.objects.filter(state="open", held_by=most["held_by"]).order_by("rank", "id").first().id
    stamp = secrets.token_hex(2)
    for role in sorted({one.role for one in PICTURES}):
        in_roster = most["held_by__roster_name"] if role in ("collector", "team_lead") else None
        tour.people[role] = tour.desk.staff(role, team=most["team__code"], name=f"tour-{role.replace('_', '-')}-{stamp}", in_roster=in_roster)


def _taken(tour: Tour, lang: str, out: Path, only: list[str]) -> list[str]:
    """The pictures of a language; what was missed, a line each."""
    missed = []
    for one in PICTURES:
        if only and one.file not in only:
            continue
        page = tour.desk.opened(tour.people[one.role], lang, path="/account")
        answer = page.goto(one.address(tour))
        if answer.status != 200:
            missed.append(f"{one.file}-{lang}: {answer.status} at {one.address(tour)}")
            continue
        page.wait_for_load_state("networkidle")
        if one.after:
            one.after(page)
        file = out / f"{one.file}-{lang}.png"
        page.screenshot(path=file)
        if file.stat().st_size > LARGEST:
            missed.append(f"{file}: {file.stat().st_size} bytes, more than {LARGEST}")
        page.context.close()
        tour.desk.contexts.remove(page.context)
    return missed


def _end(tour: Tour) -> None:
    """The tour's accounts are cut off."""
    from arrears.work.actions.action import perform
    from web.staff import administrator_of_shell

    for person in tour.people.values():
        perform(administrator_of_shell(person.lender), "account.leave", {}, tour.desk.moments.now, thing=person.account, reason="pictures taken")


if __name__ == "__main__":
    sys.exit(main())
