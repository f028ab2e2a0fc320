"""The outcome of a talk in a browser, by the keyboard alone: the suggestion follows what is chosen, is taken over by a key, and never over what was written."""

import pytest

from browser.desk import LANGUAGES, until

WORDS = {"zh": ("失业", "疾病"), "en": ("lost their job", "illness")}
NOTE = "document.getElementById('note').value"


@pytest.fixture
def opened(desk):
    """The page of the outcome of an account of a collector's own, by language."""
    from arrears.work.models import Account

    person = desk.staff("collector")
    case = desk.work.case(desk.lender(), "north", Account.objects.get(pk=person.account).collector_id)
    return lambda lang: desk.opened(person, lang, path=f"/cases/{case.id}/outcome")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_suggestion_follows_what_is_chosen_and_a_key_takes_it_over(opened, lang):
    page = opened(lang)
    page.keyboard.press("4")
    until(page, "document.querySelector('#talk-hardship') !== null && document.activeElement.id === 'talk-hardship'")
    said = "document.getElementById('suggested').textContent"
    for code, words in zip(("job_lost", "illness"), WORDS[lang], strict=True):
        page.select_option("#talk-hardship", code)
        until(page, f"{said}.includes('{words}')")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    until(page, f"{NOTE}.includes('{WORDS[lang][1]}') && document.activeElement.id === 'note'")
    page.select_option("#talk-hardship", "job_lost")
    until(page, f"{said}.includes('{WORDS[lang][0]}')")
    page.fill("#note", "本人陈述")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    until(page, f"document.activeElement.id === 'note' && {NOTE} === '本人陈述'")
    page.keyboard.press("Escape")
    page.focus("#talk-hardship")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**?done=talk_cannot_pay")
    until(page, "document.activeElement.dataset.key === 'n' && scrollY === 0")


def test_the_form_says_by_which_way_no_contact_is_allowed_now_as_the_way_is_chosen(opened):
    page = opened("zh")
    page.keyboard.press("r")
    page.locator("#talk-channel").wait_for()
    now = "document.getElementById('may-now').textContent.trim()"
    page.select_option("#talk-channel", "visit")
    page.select_option("#talk-channel", "sms")
    until(page, f"{now} === '' || {now}.includes('短信')")
    assert page.locator("#may-now").count() == page.locator("#suggested").count() == 1
