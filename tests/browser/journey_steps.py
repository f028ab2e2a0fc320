"""What the steps of a journey mean: pages are opened by clicks and keys, fields are found by what stands on them, and what is seen is what the page shows."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.utils import translation

from arrears.days import microseconds_of
from browser.desk import Desk
from browser.journey_tables import NotUnderstood, Step
from browser.lender_of_journeys import Nights
from web.staff import Person

ROLES = {"collector": "collector", "team lead": "team_lead", "compliance officer": "compliance_officer", "administrator": "administrator"}
DEBTOR, NIGHT = "debtor", "the night"
HTML_LANG = {"zh": "zh-CN", "en": "en"}
PATIENCE_MS = 30_000
STEPS: list[tuple[re.Pattern, Callable]] = []


def step(pattern: str) -> Callable:
    """Registers what is done where a step reads like the pattern; its groups are the arguments."""
    def put(function: Callable) -> Callable:
        STEPS.append((re.compile(pattern), function))
        return function
    return put


def leads_on(before: str, one: Step, lang: str) -> bool:
    """Something that the step says is to be seen was not there before it, or something that is not to be seen was."""
    return any(text not in before for text in one.sees[lang]) or any(text in before for text in one.unseen[lang])


def meaning(one: Step) -> tuple[Callable, tuple[str, ...]]:
    """What is done at the step, and with which words. Raises NotUnderstood where nobody knows who acts or what it means."""
    if one.who.partition(",")[0] not in (*ROLES, DEBTOR, NIGHT):
        raise NotUnderstood(f"{one.where}: {one.who!r} is nobody of {', '.join((*ROLES, DEBTOR, NIGHT))}")
    for pattern, function in STEPS:
        if match := pattern.fullmatch(one.does):
            return function, match.groups()
    raise NotUnderstood(f"{one.where}: {one.does!r} is no step; the steps stand in {__name__.rpartition('.')[2]}.py")


@dataclass
class Walk:
    """One journey under way in one language: the staff with their tabs, the lender's nights, and who stands before which page."""

    desk: Desk
    lang: str
    nights: Nights
    people: dict[str, Person]
    tabs: dict[str, object] = field(default_factory=dict)
    contexts: dict[str, object] = field(default_factory=dict)
    who: str = ""
    at: object = None

    @property
    def page(self):
        """The tab of who acts, opened at the first step. `collector, second tab` is another tab of the collector's browser."""
        if self.who not in self.tabs:
            person = self.who.partition(",")[0]
            if person not in self.contexts:
                self.contexts[person] = self.desk.context(self.lang)
                self.contexts[person].set_default_timeout(PATIENCE_MS)
            self.tabs[self.who] = self.contexts[person].new_page()
        return self.tabs[self.who]

    def words(self, english: str) -> str:
        """What stands on the page for these words of the catalogue; what no catalogue knows stands there as it is."""
        with translation.override("zh-hans" if self.lang == "zh" else "en"):
            return translation.gettext(english)

    def walk(self, one: Step) -> None:
        """The step is done and what it says is seen. Raises NotUnderstood; AssertionError naming file and line."""
        self.who, self.at = one.who, one.at
        self.desk.moments.to(microseconds_of(one.at))
        before = self._shown()[0] if one.does.startswith(("presses", "strikes")) else ""
        if one.does:
            function, given = meaning(one)
            try:
                function(self, *given)
            except Exception as problem:
                raise AssertionError(f"{one.where}: {one.who} {one.does}: {str(problem)[:600]}\n{self._shown()[0]}") from problem
        if one.who in self.tabs or one.sees[self.lang] or one.unseen[self.lang]:
            self._look(one)
        assert not before or not one.sees[self.lang] or leads_on(before, one, self.lang), f"{one.where}: all that is to be seen after it was there before it, so nobody knows whether it was done; name something new"

    def _look(self, one: Step) -> None:
        """The page comes to show what is to be seen, and does not show what is not; it is in the language, and nothing on it broke."""
        import time

        deadline = time.monotonic() + PATIENCE_MS / 1000
        shown, lang = self._shown()
        while (missing := [text for text in one.sees[self.lang] if text not in shown] or ([] if lang else ["a page"])) and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
            shown, lang = self._shown()
        assert not missing, f"{one.where}: {one.who} does not see {missing} on {urlsplit(self.page.url).path}:\n{shown}"
        there = [text for text in one.unseen[self.lang] if text in shown]
        assert not there, f"{one.where}: {one.who} sees {there} on {urlsplit(self.page.url).path}:\n{shown}"
        assert lang == HTML_LANG[self.lang], f"{one.where}: the page is in another language"

    def _shown(self) -> tuple[str, str]:
        """The page's visible text on one line, and its language; nothing while the page is being replaced, or where nobody has a page."""
        from playwright.sync_api import Error

        if self.who not in self.tabs:
            return "", ""
        try:
            text, lang = self.page.evaluate("[document.body.innerText, document.documentElement.lang]")
        except Error:
            return "", ""
        return " ".join(text.split()), lang

    def named(self, roles: tuple[str, ...], words: str):
        """The first visible thing of one of the roles whose name is the words, a key behind them or something more after a space aside."""
        name = re.compile(r"^\s*" + re.escape(self.words(words)) + r"(\s.*)?$", re.DOTALL)
        places = [self.page.get_by_role(role, name=name) for role in roles]
        both = places[0]
        for other in places[1:]:
            both = both.or_(other)
        return both.locator("visible=true").first

    def labelled(self, words: str):
        """The first visible field whose label is the words, a mark that it is needed behind them aside."""
        return self.page.get_by_label(re.compile(r"^\s*" + re.escape(self.words(words)) + r"(\s*\*)?\s*$")).locator("visible=true").first


@step("logs in")
def log_in(walk: Walk) -> None:
    """Opens the desk's address, the only one anybody types, and gives name, password and the code of the app."""
    person, page = walk.people[walk.who.partition(",")[0]], walk.page
    page.goto("/")
    walk.labelled("Account name").fill(person.name)
    walk.labelled("Password").fill(person.password)
    walk.named(("button",), "Go on").click()
    page.wait_for_url("**/second-factor**")
    page.locator("#code").fill(person.code())
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "second-factor" not in address)


@step("tries to log in")
def try_log_in(walk: Walk) -> None:
    person = walk.people[walk.who.partition(",")[0]]
    walk.labelled("Account name").fill(person.name)
    walk.labelled("Password").fill(person.password)
    walk.named(("button",), "Go on").click()


@step('presses "(.+)"')
def press(walk: Walk, words: str) -> None:
    walk.named(("button", "link"), words).click()


@step('unfolds "(.+)"')
def unfold(walk: Walk, words: str) -> None:
    walk.page.locator("summary", has_text=walk.words(words)).locator("visible=true").first.click()


@step("strikes (.)")
def strike(walk: Walk, key: str) -> None:
    """A key by itself, as somebody at a keyboard does who is not writing; the page's scripts are there by then."""
    walk.page.wait_for_load_state("load")
    walk.page.keyboard.press(key)


@step("strikes Enter")
def enter(walk: Walk) -> None:
    walk.page.keyboard.press("Enter")


@step("types (.+)")
def type_in(walk: Walk, text: str) -> None:
    """Where the cursor stands."""
    walk.page.keyboard.type(text)


@step("searches for (.+)")
def search(walk: Walk, number: str) -> None:
    """By the key of the search, and opens what is found first by its key."""
    walk.page.wait_for_load_state("load")
    walk.page.keyboard.press("/")
    walk.page.keyboard.type(number)
    walk.page.keyboard.press("Enter")
    walk.page.wait_for_url("**/search**")
    walk.page.wait_for_load_state("load")
    walk.page.keyboard.press("o")
    walk.page.wait_for_url("**/cases/**")


@step('fills "(.+)" with (.+)')
def fill(walk: Walk, words: str, text: str) -> None:
    walk.labelled(words).fill(text)


@step('finds "(.+)" filled with (.+)')
def find(walk: Walk, words: str, text: str) -> None:
    from playwright.sync_api import expect

    expect(walk.labelled(words)).to_have_value(text, timeout=PATIENCE_MS)


@step('finds "(.+)" written')
def find_written(walk: Walk, words: str) -> None:
    """Something stands in the field."""
    from playwright.sync_api import expect

    expect(walk.labelled(words)).not_to_have_value("", timeout=PATIENCE_MS)


@step('chooses "(.+)" for "(.+)"')
def choose(walk: Walk, option: str, words: str) -> None:
    """The option whose text has the words in it."""
    place, wanted = walk.labelled(words), walk.words(option)
    place.select_option(label=next(text for text in place.locator("option").all_inner_texts() if wanted in text))


@step('picks "(.+)"')
def pick(walk: Walk, words: str) -> None:
    walk.labelled(words).check()


@step("cuts off the (.+): (.+)")
def cut_off(walk: Walk, who: str, reason: str) -> None:
    """In the line of the account's name."""
    line = walk.page.get_by_role("row").filter(has_text=walk.people[who].name)
    line.locator("summary").click()
    form = line.locator("form").filter(has=walk.page.get_by_role("button", name=walk.words("Cut off")))
    form.get_by_label(walk.words("Reason")).fill(reason)
    form.get_by_role("button").click()


@step("opens the same page in a (.+)")
def open_again(walk: Walk, tab: str) -> None:
    address, person = walk.page.url, walk.who.partition(",")[0]
    walk.who = f"{person}, {tab}"
    walk.page.goto(address)


@step("closes the tab")
def close(walk: Walk) -> None:
    walk.tabs.pop(walk.who).close()


@step("loads the page again")
def load_again(walk: Walk) -> None:
    walk.page.reload()


@step("goes back")
def go_back(walk: Walk) -> None:
    walk.page.go_back()


@step("loses the network")
def lose(walk: Walk) -> None:
    walk.page.context.set_offline(True)


@step("has the network again")
def have(walk: Walk) -> None:
    walk.page.context.set_offline(False)


@step(r"pays ([\d,]+\.\d\d) on (\S+)")
def pay(walk: Walk, amount: str, loan_id: str) -> None:
    """The money is in the lender's book by tonight."""
    walk.nights.paid.append((loan_id, walk.at.date(), int(amount.replace(",", "").replace(".", ""))))


@step("runs")
def run(walk: Walk) -> None:
    """The night of the day."""
    walk.nights.run(walk.at.date(), walk.desk.moments.now)
