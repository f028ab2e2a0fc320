"""Every page of the desk in a real browser: nothing for axe to find, nothing wider than the window, no policy broken; in both languages and both sizes."""

import re
from uuid import uuid4

import pytest

from browser.desk import LANGUAGES, SIZES, faults, overflow
from browser.places import HOMES, NOT_PAGES, PLACES, lay_out
from web.staff import MINUTE


@pytest.fixture
def world(desk):
    return lay_out(desk)


def addresses(world, get) -> list[tuple[str, str, str]]:
    """Route, role, address of every page, as each role that the table of roles lets in. An address that only takes forms is no page."""
    from arrears.web.urls import urlpatterns
    from arrears.work.roles import role_table

    table, found, unknown = role_table(), [], []
    for one in urlpatterns:
        opens = table.routes[one.name]
        allowed = table.rows[opens].reach if opens in table.rows else HOMES
        roles = [role for role in HOMES if role in allowed or "everybody" in allowed]
        if not roles or opens == "anybody" or one.name in ("second_factor", "home", *NOT_PAGES):
            continue
        has_parts = "<" in str(one.pattern)
        address = PLACES[one.name](world) if one.name in PLACES else "/" + str(one.pattern) if not has_parts else None
        if address is None:
            made_up = "/" + "/".join(part if "<" not in part else "7" if "int" in part else str(uuid4()) if "uuid" in part else "x" for part in str(one.pattern).split("/"))
            unknown += [one.name] if get(roles[0], made_up) != 405 else []
        elif get(roles[0], address) != 405:
            found += [(one.name, role, address) for role in roles]
    assert not unknown, f"pages with parts in their addresses need a line in tests/browser/places.py: {unknown}"
    return found + [("home", role, "/") for role in HOMES]


def faults_of(page, what: str) -> list[str]:
    """What is wrong with the page in both sizes, by axe and by its width; that it has no heading."""
    told = [] if page.locator("h1").count() else [f"{what}: no h1"]
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        told += [f"{what}, {size}: {fault}" for fault in faults(page)]
        if (wide := overflow(page)) > 0:
            told.append(f"{what}, {size}: {wide} px wider than the window")
    return told


NEVER_ALIKE = re.compile(r'(?:name="(?:csrfmiddlewaretoken|key)" value|id|for|aria-[a-z]+|data-draft)="[^"]*"')
"""What differs between two loads of one page."""


@pytest.mark.parametrize("lang", LANGUAGES)
def test_axe_finds_nothing_and_no_page_is_wider_than_the_window(desk, world, lang):
    """As each role that opens it. What a role sees exactly as another did is looked at once; each one's frame is looked at on its first page."""
    open_pages = {role: desk.opened(person, lang) for role, person in world.people.items()}
    told, seen, named, opened = [], set(), set(), set()
    for name, role, address in addresses(world, lambda role, address: open_pages[role].request.get(address, max_redirects=0).status):
        page = open_pages[role]
        answer = page.goto(address)
        named.add(name)
        if answer.status == 403:
            continue  # what stands in places.py is another team's, or opens behind emergency access alone; somebody opens it
        opened.add(name)
        if answer.status != 200 or "html" not in answer.headers.get("content-type", ""):
            told += [f"{name} as {role}: {answer.status} {answer.headers.get('content-type')}"]
            continue
        if page.locator("main").count() == 0:
            continue  # a piece that other pages fetch; it is looked at there
        shown = (name if name != "home" else role, NEVER_ALIKE.sub("", page.locator("main").inner_html()))
        if shown not in seen:
            seen.add(shown)
            told += faults_of(page, f"{name} as {role}")
    assert not told, "\n".join(told)
    assert named == opened, f"nobody opens {named - opened}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_pages_before_log_in_and_of_mishaps_are_whole_too(desk, lang):
    page = desk.context(lang).new_page()
    person = desk.staff("collector")
    told = []

    def look(what):
        for size, viewport in SIZES.items():
            page.set_viewport_size(viewport)
            told.extend(f"{what}, {size}: {fault}" for fault in faults(page))
            assert overflow(page) <= 0, (what, size)

    page.goto("/login")
    look("log-in")
    page.fill("#name", person.name)
    page.fill("#password", "not that one")
    page.locator("main form button").click()
    page.wait_for_selector("main [role=alert]")
    look("log-in, wrong")
    page.fill("#password", person.password)
    page.locator("main form button").click()
    page.wait_for_url("**/second-factor")
    look("second factor")
    desk.moments.on(MINUTE)
    page.fill("#code", person.code())
    page.keyboard.press("Enter")
    page.wait_for_url(desk.address + "/")
    for address in ("/nowhere", "/accounts"):
        page.goto(address)
        look(address)
    assert not told, "\n".join(told)
