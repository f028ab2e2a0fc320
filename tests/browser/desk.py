"""The desk in a real browser: the server of the home, Chromium, staff who are logged in, and everything a page complained about."""

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from browser.serving import MOMENT, SRC, TESTS
from web.staff import PASSWORD, Clock, Person, administrator_of_shell
from work_home import Work

SIZES = {"desktop": {"width": 1280, "height": 720}, "tablet": {"width": 820, "height": 1180}}
LANGUAGES = ("zh", "en")
AXE = Path(__file__).parent / "axe" / "axe.min.js"
NO_BROWSER = "NO BROWSER"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--force-color-profile=srgb", "--font-render-hinting=none")


def chromium() -> str | None:
    """The browser's program: CHROMIUM where it is said, else Debian's, else another of its kind; None where there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))), None)


@contextmanager
def opened_browser():
    """One headless Chromium. Raises ImportError without Playwright, FileNotFoundError without a browser."""
    from playwright.sync_api import sync_playwright

    program = chromium()
    if program is None:
        raise FileNotFoundError("chromium")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps a loop in this thread; our statements wait in it all the same
    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=program, headless=True, args=list(_FLAGS))
        try:
            yield launched
        finally:
            launched.close()


class Moments(Clock):
    """The moment of tests and server alike."""

    def __init__(self, home: Path, now: int):
        super().__init__(now)
        self.file = home / MOMENT
        self.on(0)

    def to(self, now: int) -> None:
        """It is this moment, earlier or later."""
        self.on(now - self.now)

    def on(self, microseconds: int) -> None:
        super().on(microseconds)
        unfinished = self.file.with_suffix(".new")
        unfinished.write_text(str(self.now), encoding="ascii")
        unfinished.replace(self.file)


@contextmanager
def served(work: Work):
    """The address of a server on the home, in a process of its own; ended at the end."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    log = work.home / "server-of-tests.log"
    with log.open("w", encoding="utf-8") as told:
        process = subprocess.Popen([sys.executable, str(Path(__file__).parent / "serving.py"), str(port)], stdout=told, stderr=told,
                                   env={**os.environ, "ARREARS_HOME": str(work.home), "PYTHONPATH": os.pathsep.join([str(SRC), str(TESTS)])})
        try:
            _wait(process, f"http://localhost:{port}/healthz", log)
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(process: subprocess.Popen, address: str, log: Path) -> None:
    for _ in range(1200):
        try:
            urllib.request.urlopen(address, timeout=5).read()
            return
        except OSError:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))


@dataclass
class Desk:
    """Staff and their browsers. Contexts are a test's own; the server and Chromium are a worker's."""

    work: Work
    moments: Moments
    address: str
    chromium: object
    contexts: list = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    lenders: list[str] = field(default_factory=list)
    is_strict: bool = True

    def lender(self) -> str:
        """The test's own lender."""
        if not self.lenders:
            self.lenders.append(self.work.lender())
        return self.lenders[0]

    def staff(self, role: str, *, team: str | None = None, name: str | None = None, in_roster: str | None = None) -> Person:
        """One of the staff, who may log in: with password, second factor and, for who works cases, a team and a place in its roster, made here unless in_roster says whose place it is."""
        from arrears.days import moment_of
        from arrears.work.actions.action import perform
        from arrears.work.factors import new_totp_secret
        from arrears.work.queries.accounts import standing

        lender, now = self.lender(), self.moments.now
        name = name or f"{role.replace('_', '-')}-{len(self.contexts)}-{lender[-6:]}-{len(self.lenders)}"
        self.lenders.append(lender)
        extra = {}
        if in_roster is not None:
            extra = {**({"teams": [team]} if team else {}), **({"collector": in_roster} if role == "collector" else {})}
        elif role in ("collector", "team_lead", "agency_worker"):
            team = team or ("agency" if role == "agency_worker" else "north")
            if role == "collector":
                self.work.collector(lender, team, name)
            else:
                self.work.team(lender, team, "agency" if role == "agency_worker" else "own")
            extra["teams"] = [team]
        told = perform(administrator_of_shell(lender), "account.create", {"name": name, "roles": [role], **extra}, now)
        person = Person(UUID(told["account"]), name, lender, self.moments, told["one_time_password"], browser=None)
        own, person.secret = standing(person.account, lender, moment_of(now)).actor, new_totp_secret()
        perform(own, "account.enrol_second_factor", {"kind": "totp", "secret": person.secret, "code": person.code()}, now, thing=person.account)
        perform(own, "account.change_password", {"current": person.password, "password": PASSWORD}, now, thing=person.account)
        person.password = PASSWORD
        return person

    def actor(self, person: Person):
        """Who acts when the person does."""
        from arrears.days import moment_of
        from arrears.work.queries.accounts import standing

        return replace(standing(person.account, person.lender, moment_of(self.moments.now)).actor, second_factor=True)

    def done(self, person: Person, verb: str, parameters: dict, thing=None, reason: str | None = None, **more) -> dict:
        """What came of an action of the person, done beside the pages."""
        from arrears.work.actions.action import perform

        return perform(self.actor(person), verb, parameters, self.moments.now, thing=thing, reason=reason, **more)

    def holder(self, person: Person) -> UUID | None:
        """The collector of the roster behind an account."""
        from arrears.work.models import Account

        return Account.objects.get(pk=person.account).collector_id

    def context(self, lang: str = "zh", size: str = "desktop"):
        """A browser with nothing in it yet."""
        made = self.chromium.new_context(viewport=SIZES[size], locale="en-GB" if lang == "en" else "zh-CN", timezone_id="Asia/Shanghai", base_url=self.address, reduced_motion="reduce")
        made.add_cookies([{"name": "arrears-language", "value": lang, "url": self.address}])
        made.add_init_script("document.addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + (event.sourceFile ?? '') + ':' + event.lineNumber))")
        made.set_default_timeout(90_000)
        made.on("page", self._watch)
        self.contexts.append(made)
        return made

    def opened(self, person: Person, lang: str = "zh", size: str = "desktop", path: str = "/"):
        """A page of somebody who is logged in, at an address; the session is one the server knows, as log-in would leave it."""
        made = self.context(lang, size)
        self.log_in(made, person)
        page = made.new_page()
        page.goto(path)
        return page

    def log_in(self, context, person: Person) -> None:
        """The context is in a whole session of the person."""
        from django.conf import settings
        from django.contrib.sessions.backends.db import SessionStore

        from arrears.days import moment_of
        from arrears.work.queries.accounts import standing

        now, session = self.moments.now, SessionStore()
        session.update({"account": str(person.account), "lender": person.lender, "epoch": standing(person.account, person.lender, moment_of(now)).epoch, "begun": now, "seen": now, "proven": True, "language": "zh"})
        session.save()
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": self.address, "httpOnly": True}])

    def _watch(self, page) -> None:
        page.on("pageerror", lambda problem: self.trouble.append(f"{page.url}: {problem}"))
        page.on("console", lambda said: self._said(page, said))
        page.on("response", lambda answer: self._answered(page, answer))

    def _said(self, page, said) -> None:
        if said.type in ("error", "warning") and not said.text.startswith(("Failed to load resource", "htmx: htmx:error: Failed to fetch")):  # a network that is lost on purpose
            self.trouble.append(f"{page.url}: {said.text}")

    def _answered(self, page, answer) -> None:
        if answer.status >= 500 or (answer.status >= 400 and answer.request.resource_type not in ("document", "fetch", "xhr")):
            self.trouble.append(f"{page.url}: {answer.status} for {urlsplit(answer.url).path}")

    def close(self) -> None:
        """All contexts are gone. Raises AssertionError where any page complained."""
        for one in self.contexts:
            one.close()
        assert not (self.is_strict and self.trouble), "\n".join(self.trouble)


def faults(page) -> list[str]:
    """What axe finds wrong with the page, one line each: rule, how bad, where."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("(rules) => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })", RULES)
    return [f"{one['id']} ({one['impact']}): {node['target']} {json.dumps(node['html'][:160], ensure_ascii=False)} {node['failureSummary'].splitlines()[-1].strip()}" for one in found["violations"] for node in one["nodes"][:4]]


def until(page, expression: str) -> None:
    """Returns when the JavaScript expression holds on the page. Playwright's own wait_for_function would need eval, which the policy forbids. Raises playwright's Error after a minute."""
    page.evaluate(f"new Promise((done, fail) => {{ const until = Date.now() + 60000; const look = () => ({expression}) ? done() : Date.now() > until ? fail(new Error('never true')) : setTimeout(look, 20); look() }})")


def overflow(page) -> int:
    """By how many pixels the page is wider than the window."""
    return page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
