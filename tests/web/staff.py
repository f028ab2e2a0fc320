"""Staff for the tests of the web: accounts that can log in, their apps for codes, and browsers that are Django's test client on the real database."""

import hashlib
import hmac
import re
import struct
from base64 import b32decode
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

from arrears.work.actor import ALL_TEAMS, Actor

PASSWORD = "three quiet herons 7 Walk!"
MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Quick(Argon2PasswordHasher):
    """Argon2id with less memory, so that hundreds of log-ins take seconds; one test holds what is really set."""

    memory_cost = 1024
    time_cost = 1
    parallelism = 1


def browser(**more) -> Client:
    """A new browser without cookies."""
    return Client(SERVER_NAME="localhost", **more)


class Clock:
    """The moment of every request, as the test says."""

    def __init__(self, now: int):
        self.now = now

    def __call__(self) -> int:
        return self.now

    def on(self, microseconds: int) -> None:
        self.now += microseconds


def code_of(secret: str, now: int, period: int = 30) -> str:
    """The six digits an authenticator app shows: RFC 6238 with SHA-1, written here once more from the text of RFC 4226 section 5.3."""
    digest = hmac.new(b32decode(secret.replace(" ", "")), struct.pack(">Q", now // 1_000_000 // period), hashlib.sha1).digest()
    at = digest[-1] & 0xF
    return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def administrator_of_shell(lender: str) -> Actor:
    """Who runs the command line on the machine."""
    return Actor(None, "operator", lender, frozenset({"administrator"}), ALL_TEAMS, via="cli")


@dataclass
class Person:
    """One of the staff: the account, what they know and hold, and their browser."""

    account: UUID
    name: str
    lender: str
    clock: Clock
    password: str
    secret: str = ""
    recovery: list[str] = field(default_factory=list)
    browser: Client = field(default_factory=browser)

    def code(self) -> str:
        return code_of(self.secret, self.clock.now)

    def give_password(self, browser: Client | None = None, password: str | None = None):
        return (browser or self.browser).post("/login", {"name": self.name, "password": password or self.password})

    def settle(self):
        """As enrol, by the actions alone, which is quicker than by the pages; then logged in."""
        from arrears.days import moment_of
        from arrears.work.actions.action import perform
        from arrears.work.factors import new_totp_secret
        from arrears.work.queries.accounts import standing

        own, self.secret = standing(self.account, self.lender, moment_of(self.clock.now)).actor, new_totp_secret()
        told = perform(own, "account.enrol_second_factor", {"kind": "totp", "secret": self.secret, "code": self.code()}, self.clock.now, thing=self.account)
        self.recovery = told["recovery_codes"]
        perform(own, "account.change_password", {"current": self.password, "password": PASSWORD}, self.clock.now, thing=self.account)
        self.password = PASSWORD
        assert self.log_in().status_code == 302
        return self

    def enrol(self):
        """The first log-in up to the recovery codes, and then the own password, all by the pages."""
        self.give_password()
        page = self.browser.get("/second-factor/enrol").content.decode()
        self.secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1]
        answer = self.browser.post("/second-factor/enrol", {"kind": "totp", "code": self.code()})
        assert answer.status_code == 200, answer.content.decode()
        self.recovery = ["".join(one.split()) for one in re.findall(r"<li><code>([\d ]+)</code>", answer.content.decode())]
        answer = self.browser.post("/account/password", {"current": self.password, "password": PASSWORD, "again": PASSWORD})
        assert answer.status_code == 302, answer.content.decode()
        self.password = PASSWORD
        return self

    def log_in(self, browser: Client | None = None):
        """A whole log-in in a browser, half a minute on, so that the code is a new one."""
        self.clock.on(MINUTE)
        browser = browser or self.browser
        assert self.give_password(browser).status_code == 302
        return browser.post("/second-factor", {"kind": "totp", "code": self.code()})
