"""Days in the life of a desk, as tables that a person of the trade can read (journeys/), in a real browser, in both languages."""

import pytest

from arrears.days import microseconds_of
from browser.desk import LANGUAGES
from browser.journey_steps import ROLES, Walk
from browser.journey_tables import FOLDER, journey
from browser.lender_of_journeys import first_book, lender_of
from web.staff import HOUR

JOURNEYS = sorted(path.stem for path in FOLDER.glob("*.txt"))


@pytest.fixture(scope="session")
def first(work, tmp_path_factory):
    """The book after its first night, at six in the morning."""
    from arrears.work.sealing import vault

    return first_book(tmp_path_factory.mktemp("journeys") / "book", vault().handover_public_key(work.now), work.now - 4 * HOUR)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", JOURNEYS)
def test_a_day_in_the_life(desk, first, tmp_path, name, lang):
    steps = journey(FOLDER / f"{name}.txt")
    desk.moments.to(microseconds_of(steps[0].at) - HOUR)
    nights = lender_of(first, tmp_path, desk.moments.now)
    desk.lenders.append(nights.code)
    acting = dict.fromkeys(step.who.partition(",")[0] for step in steps)
    people = {who: desk.staff(ROLES[who], name=f"{ROLES[who].replace('_', '-')}-{nights.code[-6:]}", team="north" if ROLES[who] in ("collector", "team_lead") else None, in_roster="he" if who != "administrator" else None)
              for who in acting if who in ROLES}
    walk = Walk(desk, lang, nights, people)
    for step in steps:
        walk.walk(step)
