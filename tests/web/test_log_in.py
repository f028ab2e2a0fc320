"""Staff come in by name, password and second factor, and by nothing less; both profiles through real requests on the real database."""

from dataclasses import replace

import pytest
from django.conf import settings

from arrears.work.profiles import ASVS, DENGBAO
from web.staff import DAY, HOUR, MINUTE, PASSWORD, browser, code_of


def entries(person, verb="account.sign_in"):
    from arrears.work.actor import system
    from arrears.work.models import Entry
    from arrears.work.tenancy import seen_by

    with seen_by(system(person.lender)):
        return list(Entry.objects.filter(verb=verb, actor=person.account).order_by("number"))


def test_the_first_log_in_enrols_a_second_factor_and_changes_the_password_before_any_page_opens(staff):
    person = staff("auditor", enrolled=False)
    assert person.give_password().url == "/second-factor"
    for page in ("/", "/account", "/account/password"):
        first = person.browser.get(page)
        assert first.status_code == 302 and first.url in ("/second-factor",), page if page != "/account/password" else None
    assert person.browser.get("/second-factor").url == "/second-factor/enrol"
    person.enrol()
    assert len(person.recovery) == 10 and person.browser.get("/account").status_code == 200


def test_a_password_alone_opens_no_page_and_cannot_enrol_another_factor_in_place_of_the_first(staff):
    person, thief = staff("auditor"), browser()
    assert person.give_password(thief).url == "/second-factor"
    for page in ("/", "/account", "/second-factor/enrol"):
        assert thief.get(page).url == "/second-factor", page
    answer = thief.post("/second-factor/enrol", {"kind": "totp", "code": "000000"})
    assert answer.url == "/second-factor"
    assert thief.post("/account/recovery-codes").url == "/second-factor"


def test_a_code_counts_once_and_a_later_one_again(staff, clock):
    person, other = staff("auditor"), browser()
    assert person.log_in(other).url == "/"
    used, again = person.code(), browser()
    person.give_password(again)
    assert again.post("/second-factor", {"kind": "totp", "code": used}).status_code == 401
    assert again.get("/account").url == "/second-factor"
    clock.on(MINUTE // 2)
    assert again.post("/second-factor", {"kind": "totp", "code": person.code()}).status_code == 302


@pytest.mark.parametrize("seconds, taken", [(-61, False), (-30, True), (30, True), (61, False)])
def test_a_clock_off_by_one_step_is_borne_and_by_two_is_not(staff, clock, seconds, taken):
    person, there = staff("auditor"), browser()
    clock.on(5 * MINUTE)
    person.give_password(there)
    code = code_of(person.secret, clock.now // 30_000_000 * 30_000_000 + 15_000_000 + seconds * 1_000_000)
    clock.now = clock.now // 30_000_000 * 30_000_000 + 15_000_000
    assert (there.post("/second-factor", {"kind": "totp", "code": code}).status_code == 302) == taken


def test_a_recovery_code_stands_in_once(staff):
    person, there, again = staff("auditor"), browser(), browser()
    person.give_password(there)
    assert there.post("/second-factor", {"kind": "recovery_code", "code": person.recovery[3]}).url == "/"
    person.give_password(again)
    assert again.post("/second-factor", {"kind": "recovery_code", "code": person.recovery[3]}).status_code == 401
    assert again.post("/second-factor", {"kind": "recovery_code", "code": person.recovery[4]}).url == "/"


def test_the_session_has_a_new_key_after_the_password_and_another_after_the_second_factor(staff, clock):
    person, there = staff("auditor"), browser()
    there.cookies["arrears"] = planted = "a" * 32
    person.give_password(there)
    half = there.cookies["arrears"].value
    clock.on(MINUTE)
    there.post("/second-factor", {"kind": "totp", "code": person.code()})
    whole = there.cookies["arrears"].value
    assert len({planted, half, whole}) == 3
    for old in (planted, half):
        fixed = browser()
        fixed.cookies["arrears"] = old
        assert fixed.get("/account").url.startswith("/login")


def test_wrong_name_wrong_password_and_closed_account_get_the_same_answer(staff):
    from arrears.work.actions.action import perform
    from web.staff import administrator_of_shell

    person, gone = staff("auditor"), staff("auditor")
    perform(administrator_of_shell(gone.lender), "account.leave", {}, person.clock.now, thing=gone.account, reason="left")
    answers = []
    for name, password in ((person.name, "wrong wrong wrong"), ("nobody-of-that-name", "wrong wrong wrong"), (gone.name, PASSWORD)):
        answer = browser().post("/login", {"name": name, "password": password})
        answers.append((answer.status_code, hide(answer.content.decode(), name)))
    assert answers[0] == answers[1] == answers[2] and answers[0][0] == 401


def hide(page: str, name: str) -> str:
    import re

    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page).replace(name, "NAME")


@pytest.mark.parametrize("profile", [ASVS, DENGBAO], ids=lambda one: one.name)
def test_too_many_failures_lock_the_account_for_a_time_and_the_answer_is_the_same_for_a_name_nobody_has(staff, clock, profile):
    person = staff("auditor")
    settings.ARREARS_ACCESS = profile
    settings.AXES_FAILURE_LIMIT = profile.failures_account
    from datetime import timedelta

    settings.AXES_COOLOFF_TIME = timedelta(minutes=profile.lock_minutes)
    clock.on(DAY)
    pages = {}
    for name in (person.name, f"nobody-{person.lender[-6:]}-{profile.name}"):
        for attempt in range(profile.failures_account):
            answer = browser(REMOTE_ADDR=f"10.1.{attempt}.1").post("/login", {"name": name, "password": "wrong wrong wrong"})
        assert answer.status_code == 429, "the last failure locks"
        locked = browser(REMOTE_ADDR="203.0.113.9").post("/login", {"name": name, "password": person.password})
        assert locked.status_code == 429, "the right password is of no use while it is locked"
        pages[name] = hide(locked.content.decode(), name)
    assert len(set(pages.values())) == 1
    assert [one.parameters["outcome"] for one in entries(person)][-1] == "locked"
    clock.on(profile.lock_minutes * MINUTE - MINUTE)
    assert person.give_password(browser()).status_code == 429
    clock.on(2 * MINUTE)
    assert person.give_password(browser()).status_code == 302


def test_an_address_is_locked_after_failures_on_many_names(staff, clock):
    clock.on(2 * DAY)
    person, limit = staff("auditor"), settings.ARREARS_ACCESS.failures_address
    for attempt in range(limit):
        answer = browser(REMOTE_ADDR="203.0.113.77").post("/login", {"name": f"guess-{attempt}", "password": "x"})
    assert answer.status_code == 429
    assert person.give_password(browser(REMOTE_ADDR="203.0.113.77")).status_code == 429
    assert person.give_password(browser(REMOTE_ADDR="203.0.113.78")).status_code == 302


def test_guessing_codes_locks_too_and_ends_the_half_open_session(staff, clock):
    clock.on(3 * DAY)
    person, there = staff("auditor"), browser()
    person.give_password(there)
    for _ in range(settings.ARREARS_ACCESS.failures_account):
        answer = there.post("/second-factor", {"kind": "totp", "code": "000000" if person.code() != "000000" else "000001"})
    assert answer.status_code == 429
    clock.on(MINUTE)
    assert there.post("/second-factor", {"kind": "totp", "code": person.code()}).url.startswith("/login")
    assert person.give_password(there).status_code == 429


@pytest.mark.parametrize("profile", [ASVS, DENGBAO], ids=lambda one: one.name)
def test_a_session_ends_when_idle_and_when_old(staff, clock, profile):
    settings.ARREARS_ACCESS = profile
    person = staff("auditor")
    clock.on(profile.idle_minutes * MINUTE)
    assert person.browser.get("/account").status_code == 200
    clock.on(profile.idle_minutes * MINUTE + 1)
    over = person.browser.get("/account")
    assert over.url == "/login?next=/account&over=1" and person.browser.get("/account").url.startswith("/login")
    person.log_in()
    begun = clock.now
    while clock.now - begun <= profile.session_hours * HOUR - 10 * MINUTE:
        assert person.browser.get("/account").status_code == 200
        clock.on(10 * MINUTE)
    clock.now = begun + profile.session_hours * HOUR + 1
    assert person.browser.get("/account").url.startswith("/login")


def test_a_half_open_session_lasts_ten_minutes(staff, clock):
    person, there = staff("auditor"), browser()
    person.give_password(there)
    clock.on(10 * MINUTE + 1)
    assert there.post("/second-factor", {"kind": "totp", "code": person.code()}).url.startswith("/login")


def test_a_clock_set_back_far_ends_sessions_and_by_a_little_does_not(staff, clock):
    person = staff("auditor")
    clock.on(-4 * MINUTE)
    assert person.browser.get("/account").status_code == 200
    clock.on(-HOUR)
    assert person.browser.get("/account").url.startswith("/login")


def test_a_leaver_is_cut_at_once_in_a_session_under_way(staff, clock):
    from arrears.work.actions.action import perform
    from web.staff import administrator_of_shell

    person = staff("auditor")
    assert person.browser.get("/account").status_code == 200
    perform(administrator_of_shell(person.lender), "account.leave", {}, clock.now, thing=person.account, reason="left the house")
    assert person.browser.get("/account").url.startswith("/login")
    assert person.give_password().status_code == 401


@pytest.mark.parametrize("column", ["epoch", "left", "inactive"])
def test_each_mark_of_a_leaver_alone_cuts_an_open_session_though_its_row_stands(work, staff, clock, column):
    from arrears.work.models import Account

    person = staff("auditor")
    changed = {"epoch": {"session_epoch": 99}, "left": {"left_at": work.at}, "inactive": {"is_active": False}}[column]
    with work.writing(person.lender):
        Account.objects.filter(pk=person.account).update(**changed)
    assert person.browser.get("/account").url.startswith("/login")


def test_roles_changed_hold_from_the_next_request_on(staff, clock):
    from arrears.work.actions.action import perform
    from web.staff import administrator_of_shell

    person = staff("auditor")
    assert "审计员" in person.browser.get("/account").content.decode() or "auditor" in person.browser.get("/account").content.decode()
    perform(administrator_of_shell(person.lender), "account.change", {"roles": ["strategist"]}, clock.now, thing=person.account)
    page = person.browser.get("/account").content.decode()
    assert "审计员" not in page and "auditor" not in page.replace(person.name, "")


def test_log_in_failure_and_success_each_leave_an_entry_without_password_or_code(staff, clock):
    person = staff("auditor")
    before = len(entries(person))
    person.give_password(browser(), "quite wrong words here")
    person.log_in(browser())
    fresh = entries(person)[before:]
    assert [(one.parameters["step"], one.parameters["outcome"]) for one in fresh] == [("password", "wrong"), ("password", "right"), ("totp", None)]
    assert fresh[-1].result == {"step": "totp", "outcome": "right"}
    told = repr([(one.parameters, one.result, one.reason) for one in entries(person)])
    assert PASSWORD not in told and "quite wrong" not in told and person.code() not in told


def test_a_password_for_one_use_that_nobody_used_in_a_day_is_right_no_more(staff, clock):
    person = staff("auditor", enrolled=False)
    clock.on(DAY + 1)
    assert person.give_password().status_code == 401


def test_under_dengbao_a_password_lasts_ninety_days_and_must_then_be_changed(staff, clock):
    settings.ARREARS_ACCESS = DENGBAO
    person = staff("auditor")
    clock.on(90 * DAY - HOUR)
    assert person.log_in().url == "/" and person.browser.get("/account").status_code == 200
    clock.on(HOUR // 4)
    clock.now += HOUR
    person.log_in()
    assert person.browser.get("/account").url == "/account/password"
    answer = person.browser.post("/account/password", {"current": PASSWORD, "password": PASSWORD + "x", "again": PASSWORD + "x"})
    assert answer.url == "/account" and person.browser.get("/account").status_code == 200


def test_under_asvs_a_password_does_not_run_out(staff, clock):
    person = staff("auditor")
    clock.on(1000 * DAY)
    person.log_in()
    assert person.browser.get("/account").status_code == 200


@pytest.mark.parametrize("profile, password, taken", [
    (ASVS, "elevenchars", False), (ASVS, "twelve chars", True), (ASVS, "w" * 128 + "x", False), (ASVS, "only small letters in it", True), (ASVS, " 中文 口令 也 可以 当 密码 ", True),
    (ASVS, "abcabcabcabcabc", False), (ASVS, "1234567890123456", False), (DENGBAO, "only small letters in it", False), (DENGBAO, "Only Small And 1 Sign!", True), (DENGBAO, "No sign but 1 digit", False),
])
def test_a_new_password_is_taken_or_refused_as_the_profile_says(staff, clock, profile, password, taken):
    settings.ARREARS_ACCESS = profile
    person = staff("auditor")
    answer = person.browser.post("/account/password", {"current": PASSWORD, "password": password, "again": password})
    assert (answer.status_code == 302) == taken
    assert password not in answer.content.decode()
    assert (person.give_password(browser(), password).status_code == 302) == taken


def test_a_password_of_128_characters_counts_to_its_last_one(staff):
    person, long = staff("auditor"), "".join(chr(0x4E00 + at) for at in range(128))
    assert person.browser.post("/account/password", {"current": PASSWORD, "password": long, "again": long}).status_code == 302
    assert person.give_password(browser(), long[:-1]).status_code == 401
    assert person.give_password(browser(), long).status_code == 302


@pytest.mark.parametrize("changed", [{"current": "not the current one"}, {"again": "not the same again"}, {"password": PASSWORD, "again": PASSWORD}])
def test_a_password_is_not_changed_without_the_current_one_a_repetition_and_a_difference(staff, changed):
    person = staff("auditor")
    said = {"current": PASSWORD, "password": "another good one", "again": "another good one"} | changed
    assert person.browser.post("/account/password", said).status_code == 422
    assert person.give_password(browser(), PASSWORD).status_code == 302


def test_changing_the_password_ends_all_other_sessions_and_keeps_this_one(staff, clock):
    person, other = staff("auditor"), browser()
    person.log_in(other)
    before = other.cookies["arrears"].value
    assert other.post("/account/password", {"current": PASSWORD, "password": "another good one", "again": "another good one"}).status_code == 302
    assert other.get("/account").status_code == 200 and other.cookies["arrears"].value != before
    assert person.browser.get("/account").url.startswith("/login")


def test_ending_the_other_sessions_does(staff):
    person, other = staff("auditor"), browser()
    person.log_in(other)
    assert other.post("/account/sessions/end").status_code == 302 and other.get("/account").status_code == 200
    assert person.browser.get("/account").url.startswith("/login")


def test_a_reset_ends_sessions_and_takes_the_second_factor_away(staff, clock):
    from arrears.work.actions.action import perform
    from web.staff import administrator_of_shell

    person = staff("auditor")
    told = perform(administrator_of_shell(person.lender), "account.reset", {}, clock.now, thing=person.account, reason="lost the telephone")
    assert person.browser.get("/account").url.startswith("/login") and person.give_password().status_code == 401
    person.password = told["one_time_password"]
    assert person.give_password().status_code == 302 and person.browser.get("/second-factor").url == "/second-factor/enrol"


def test_a_reset_lifts_a_lock_out(staff, clock):
    from arrears.work.actions.action import perform
    from web.staff import administrator_of_shell

    person = staff("auditor")
    for attempt in range(settings.ARREARS_ACCESS.failures_account):
        person.give_password(browser(REMOTE_ADDR=f"10.5.{attempt}.1"), "wrong wrong wrong")
    assert person.give_password(browser(REMOTE_ADDR="203.0.113.61")).status_code == 429
    told = perform(administrator_of_shell(person.lender), "account.reset", {}, clock.now, thing=person.account, reason="locked out")
    assert person.give_password(browser(REMOTE_ADDR="203.0.113.61"), told["one_time_password"]).status_code == 302


def test_the_last_second_factor_cannot_be_removed(staff):
    from arrears.work.factors import factors

    person = staff("auditor")
    totp = next(one for one in factors(person.account) if one.kind == "totp")
    assert person.browser.post(f"/account/factors/{totp.id}/remove").status_code == 422
    assert any(one.kind == "totp" for one in factors(person.account))


def test_a_hash_of_an_older_kind_is_renewed_at_log_in_by_the_action(work, staff, clock):
    from django.contrib.auth.hashers import Argon2PasswordHasher, identify_hasher

    from arrears.work.models import Account

    class Weaker(Argon2PasswordHasher):
        memory_cost, time_cost, parallelism = 512, 1, 1

    person = staff("auditor")
    with work.writing(person.lender):
        Account.objects.filter(pk=person.account).update(password=Weaker().encode(PASSWORD, "somesaltsomesalt"))
    assert person.give_password(browser()).status_code == 302
    now = Account.objects.get(pk=person.account).password
    assert now.startswith("argon2$argon2id$") and not identify_hasher(now).must_update(now)
    assert person.give_password(browser()).status_code == 302


def test_log_out_ends_the_session_in_the_table_too(staff):
    person = staff("auditor")
    kept = person.browser.cookies["arrears"].value
    person.browser.post("/logout")
    thief = browser()
    thief.cookies["arrears"] = kept
    assert thief.get("/account").url.startswith("/login")


@pytest.mark.parametrize("wanted, lands", [("/account", "/account"), ("https://elsewhere.example/", "/"), ("//elsewhere.example", "/"), ("javascript:alert(1)", "/"), ("/\\elsewhere.example", "/")])
def test_after_log_in_one_lands_where_one_wanted_if_it_is_ours(staff, clock, wanted, lands):
    person, there = staff("auditor"), browser()
    clock.on(MINUTE)
    there.post("/login", {"name": person.name, "password": PASSWORD, "next": wanted})
    assert there.post("/second-factor", {"kind": "totp", "code": person.code()}).url == lands


def test_a_form_without_its_token_is_refused(staff):
    person, strict = staff("auditor"), browser(enforce_csrf_checks=True)
    answer = strict.post("/login", {"name": person.name, "password": PASSWORD})
    assert answer.status_code == 403 and person.name not in answer.content.decode()


def test_profiles_are_what_asvs_asks_and_dengbao_is_no_looser():
    assert (ASVS.password_least, ASVS.idle_minutes, ASVS.session_hours, ASVS.is_complex, ASVS.password_days) == (12, 30, 12, False, None)
    looser = replace(DENGBAO, name="asvs", is_complex=False, password_days=None)
    assert all(getattr(looser, name) <= getattr(ASVS, name) for name in ("failures_account", "failures_address", "idle_minutes", "session_hours"))
    assert looser.password_least >= ASVS.password_least and looser.lock_minutes >= ASVS.lock_minutes
