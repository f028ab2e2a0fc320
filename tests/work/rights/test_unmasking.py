"""Personal data is uncovered for a purpose and a reason, counted, limited under a lock, and put down without what was shown."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from arrears.refusal import Refused
from work.rights.made_people import DAY, HOUR, Person, account_made, case_made, collector_made, lender_made

ZHANG = dict(name="张伟", phone="13912345678", id_number="110101199003074514")


@pytest.fixture
def held(work):
    """A lender, a collector, and a case that the collector holds, with a debtor and a guarantor."""
    lender = lender_made(work)
    actor = collector_made(work, lender)
    made = case_made(work, lender, Person("debtor", **ZHANG), Person("guarantor", name="李娜", phone="13700001111"), held_by=actor.collector)
    return lender, actor, made


def unmask(work, actor, made, now=None, party=0, field="phone", reason="回电", purpose="collection"):
    from arrears.work.actions import people  # noqa: F401
    from arrears.work.actions.action import perform

    return perform(actor, "person.unmask", {"party": made.parties[party], "field": field}, work.now if now is None else now, thing=made.case, reason=reason, purpose=purpose)


def entries(lender, **those):
    from arrears.work.actor import system
    from arrears.work.models import Entry
    from arrears.work.tenancy import seen_by

    with seen_by(system(lender)):
        return list(Entry.objects.filter(lender=lender, **those).order_by("number"))


def limited(work, an_hour, a_day):
    (work.home / "settings.yaml").write_text(f"unmasking:\n  an_hour: {an_hour}\n  a_day: {a_day}\n")


@pytest.fixture(autouse=True)
def own_settings(work):
    """Each test's limits end with it."""
    before = (work.home / "settings.yaml").read_bytes() if (work.home / "settings.yaml").exists() else None
    yield
    (work.home / "settings.yaml").write_bytes(before) if before is not None else (work.home / "settings.yaml").unlink(missing_ok=True)


def test_a_field_is_shown_and_the_entry_says_which_and_never_what(work, held):
    lender, actor, made = held
    assert [one["value"] for one in unmask(work, actor, made)["values"]] == [ZHANG["phone"]]
    assert unmask(work, actor, made, field="name")["value"] == ZHANG["name"]
    assert unmask(work, actor, made, field="id_number")["value"] == ZHANG["id_number"]
    found = entries(lender, verb="person.unmask")
    assert [one.parameters["field"] for one in found] == ["phone", "name", "id_number"]
    assert all(one.purpose == "collection" and one.result == {} and one.actor == actor.account for one in found)
    assert not any(text in json.dumps([one.parameters, one.result, one.reason], ensure_ascii=False, default=str) for one in found for text in ZHANG.values())


@pytest.mark.parametrize("given", [{"reason": None}, {"reason": "  "}, {"purpose": None}, {"purpose": "curiosity"}, {"field": "salary"}])
def test_without_reason_purpose_or_a_known_field_nothing_is_shown(work, held, given):
    lender, actor, made = held
    with pytest.raises(Refused):
        unmask(work, actor, made, **given)
    assert not entries(lender, verb="person.unmask", is_refused=False)


def test_a_case_of_somebody_else_shows_nothing(work, held):
    lender, _, made = held
    with pytest.raises(Refused):
        unmask(work, collector_made(work, lender), made)
    other = lender_made(work)
    with pytest.raises(Refused):
        unmask(work, collector_made(work, other), made)


def test_a_frozen_or_erased_party_is_not_shown(work, held):
    from arrears.days import moment_of
    from arrears.work.models import Party
    from work.rights.made_people import writing

    lender, actor, made = held
    for state in ("frozen_at", "erased_at"):
        with writing(work, lender):
            Party.objects.filter(id=made.parties[1]).update(**{state: moment_of(work.now)})
        with pytest.raises(Refused):
            unmask(work, actor, made, party=1)
    assert unmask(work, actor, made, party=0)


def test_fifty_at_once_never_pass_the_limit(work, held):
    from django.db import connection

    lender, actor, made = held
    limited(work, 7, 100)

    def one(_):
        try:
            return bool(unmask(work, actor, made))
        except Refused:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as many:
        shown = sum(many.map(one, range(50)))
    assert shown == 7
    assert len(entries(lender, verb="person.unmask", is_refused=False)) == 7
    refused = entries(lender, verb="person.unmask", is_refused=True)
    assert len(refused) == 43 and {tuple(one.policies) for one in refused} == {("unmasking-limit-an-hour",)}


def test_the_limits_are_of_any_hour_and_any_day_and_each_account_has_its_own(work, held):
    lender, actor, made = held
    limited(work, 2, 3)
    unmask(work, actor, made), unmask(work, actor, made, now=work.now + HOUR // 2)
    with pytest.raises(Refused):
        unmask(work, actor, made, now=work.now + HOUR - 1)
    unmask(work, actor, made, now=work.now + HOUR)
    with pytest.raises(Refused, match="a_day"):
        unmask(work, actor, made, now=work.now + 3 * HOUR)
    unmask(work, actor, made, now=work.now + DAY)
    officer = account_made(work, lender, "data_officer")
    with pytest.raises(Refused):
        unmask(work, officer, made)
    assert entries(lender, actor=officer.account)[-1].policies != ["unmasking-limit-an-hour"]


def test_a_clock_that_goes_backwards_opens_nothing(work, held):
    _, actor, made = held
    limited(work, 2, 2)
    unmask(work, actor, made), unmask(work, actor, made)
    for back in (1, HOUR, DAY, 400 * DAY):
        with pytest.raises(Refused):
            unmask(work, actor, made, now=work.now - back)


@pytest.mark.parametrize("text", ["unmasking: 3\n", "unmasking: {an_hour: many}\n", "unmasking: {a_year: 3}\n", "unmasking: {an_hour: -1}\n", "unmasking: {an_hour: ３}\n"])
def test_limits_that_cannot_be_read_show_nothing(work, held, text):
    _, actor, made = held
    (work.home / "settings.yaml").write_text(text)
    with pytest.raises(ValueError):
        unmask(work, actor, made)


def test_looking_up_and_attachments_count_with_unmasking(work, held):
    from arrears.work.actions.action import perform

    lender, _, made = held
    officer = account_made(work, lender, "data_officer")
    limited(work, 2, 9)
    for _ in range(2):
        perform(officer, "person.find", {"phone": "139"}, work.now, reason="来电核实")
    with pytest.raises(Refused, match="an_hour"):
        perform(officer, "person.find", {"phone": ZHANG["phone"]}, work.now, reason="来电核实")
