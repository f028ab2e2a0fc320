"""What every page keeps to: who is let in, what a browser may run, what stands in an error, and both languages whole."""

import gettext
import re
from html.parser import HTMLParser
from uuid import uuid4

import pytest

from web.catalogue import WEB, texts
from web.staff import administrator_of_shell, browser

TEMPLATES = sorted((WEB / "templates").rglob("*.html"))


def routes():
    """Name, address and openness of every route, with made-up ids where it has any."""
    from arrears.web.urls import urlpatterns

    for one in urlpatterns:
        address = "/" + re.sub(r"<(\w+):\w+>", lambda part: str(uuid4()) if part[1] == "uuid" else "7", str(one.pattern))
        yield one.name, address, getattr(one.callback, "open_to", "proven")


def test_every_route_stands_in_the_table_of_roles_and_says_of_itself_what_the_table_says():
    from arrears.work.roles import role_table

    table = dict(role_table().routes)
    assert {name for name, *_ in routes()} == set(table)
    as_told = {"anybody": "anybody", "own_account": "half"}
    for name, _, openness in routes():
        assert openness == as_told.get(table[name], "changing" if name == "own_password" else "proven"), name


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_without_a_log_in_no_route_opens_but_those_for_anybody(work, clock, method):
    for name, address, openness in routes():
        answer = getattr(browser(), method)(address)
        if openness == "anybody":
            assert answer.status_code in (200, 302, 401, 405), name
        else:
            assert answer.status_code == 302 and answer.url.startswith("/login"), name


def test_half_a_log_in_opens_the_second_factor_and_nothing_else(staff):
    person = staff("team_lead", enrolled=False)
    person.give_password()
    for name, address, openness in routes():
        if openness in ("proven", "changing"):
            assert person.browser.get(address).url == "/second-factor", name


def test_every_answer_carries_the_policy_for_content_and_is_kept_by_no_cache(staff):
    person = staff("team_lead")
    addresses = [address for _, address, _ in routes()] + ["/nowhere", "/static/arrears/desk.css", "/portal/", "/portal/anything"]
    for address in addresses:
        for answer in (person.browser.get(address), browser().get(address), browser(enforce_csrf_checks=True).post(address)):
            policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
            assert policy["default-src"] == "'none'" and policy["script-src"] == policy["style-src"] == "'self'" and policy["frame-ancestors"] == "'none'"
            assert "unsafe" not in answer["Content-Security-Policy"] and answer["X-Content-Type-Options"] == "nosniff" and answer["Referrer-Policy"] == "same-origin"
            assert address.startswith("/static") or answer["Cache-Control"] == "no-store", address
        person.log_in() if address == "/logout" else None


class Page(HTMLParser):
    """Finds what a strict policy forbids."""

    def __init__(self):
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        if tag == "style" or (tag == "script" and "src" not in told) or "style" in told or any(name.startswith("on") for name in told):
            self.faults.append(f"<{tag} {told}>")
        for name in ("href", "src", "action"):
            if (told.get(name) or "").split(":")[0] in ("javascript", "http", "https", "//"):
                self.faults.append(f"{tag} {name}={told[name]}")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(WEB / "templates")))
def test_no_template_has_an_inline_script_or_style_or_calls_elsewhere(path):
    page = Page()
    page.feed(re.sub(r"\{%.*?%\}", "", re.sub(r"\{\{.*?\}\}", "x", path.read_text(encoding="utf-8"))))
    assert not page.faults


def test_the_check_for_inline_scripts_finds_them():
    page = Page()
    page.feed('<style>p {}</style><script>1</script><p style="x"><a onclick="x"><img src="https://elsewhere">')
    assert len(page.faults) == 5


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(WEB / "templates")))
def test_every_word_of_a_template_is_translated(path):
    text = path.read_text(encoding="utf-8")
    for said in (r"\{%\s*blocktranslate.*?endblocktranslate\s*%\}", r"\{% block width %\}\w*\{% endblock %\}", r"\{[%{#].*?[#%}]\}", r'="[^"]*"', r"<[^>]*>", r"&\w+;"):
        text = re.sub(said, " ", text, flags=re.DOTALL)
    left = {word for word in re.findall(r"[^\W\d_]{2,}", text)} - {"arrears", "doctype", "html", "中文", "English", "Ctrl", "Enter"}
    assert not left


@pytest.mark.parametrize("code", ["zh_Hans", "en"])
def test_the_catalogue_has_every_text_and_no_other_and_is_compiled(code):
    folder = WEB / "locale" / code / "LC_MESSAGES"
    said = dict(entries_of((folder / "django.po").read_text(encoding="utf-8")))
    assert set(said) == texts() and all(said.values())
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert {text: compiled.gettext(text) for text in said} == said
    for text, translated in said.items():
        assert sorted(re.findall(r"%\(\w+\)s", text)) == sorted(re.findall(r"%\(\w+\)s", translated)), text
        if code == "zh_Hans" and text != "No." and re.search("[A-Za-z]", text):
            assert re.search(r"[\u4e00-\u9fff]", translated), text


def entries_of(po: str):
    """msgid and msgstr of a catalogue, by a reader of our own."""
    import ast

    for block in po.split("\n\n")[1:]:
        found = {}
        for line in block.splitlines():
            if line.startswith(("msgid ", "msgstr ")):
                key, value = line.split(" ", 1)
                found[key] = ast.literal_eval(value)
        if found:
            yield found["msgid"], found["msgstr"]


def test_pages_come_in_the_language_that_the_reader_chose(staff):
    person = staff("auditor")
    assert "我的账号" in person.browser.get("/account").content.decode()
    assert person.browser.post("/language", {"language": "en", "next": "/account"}).url == "/account"
    page = person.browser.get("/account")
    assert "My account" in page.content.decode() and page["Content-Language"] == "en" and not re.search(r"[\u4e00-\u9fff]", page.content.decode().replace("中文", ""))


@pytest.mark.parametrize("role, opens, closed", [
    ("collector", ["/", "/approvals", "/account"], ["/entries", "/accounts", "/accounts/create"]),
    ("team_lead", ["/", "/approvals", "/account"], ["/entries", "/accounts", "/accounts/create"]),
    ("compliance_officer", ["/", "/approvals", "/entries", "/accounts", "/account"], ["/accounts/create"]),
    ("auditor", ["/", "/approvals", "/entries", "/accounts", "/account"], ["/accounts/create"]),
    ("administrator", ["/", "/accounts", "/accounts/create", "/account"], ["/entries", "/approvals"]),
    ("strategist", ["/", "/approvals", "/account"], ["/entries", "/accounts"]),
    ("data_officer", ["/", "/approvals", "/account"], ["/entries", "/accounts"]),
    ("agency_worker", ["/", "/approvals", "/account"], ["/entries", "/accounts"]),
])
def test_each_role_opens_its_pages_and_is_told_which_policy_keeps_the_others(staff, role, opens, closed):
    person = staff(role)
    for address in opens:
        assert person.browser.get(address).status_code == 200, address
    for address in closed:
        answer = person.browser.get(address)
        assert answer.status_code == 403, address


def test_a_collector_sees_own_cases_masked_uncovers_with_a_reason_and_dials_without_the_number(work, staff):
    from arrears.work.models import Account, ContactPoint

    person = staff("collector")
    holder = Account.objects.get(pk=person.account).collector_id
    mine, other = work.case(person.lender, "north", holder), work.case(person.lender, "north")
    assert str(mine.id) in person.browser.get("/").content.decode() and str(other.id) not in person.browser.get("/").content.decode()
    page = person.browser.get(f"/cases/{mine.id}").content.decode()
    assert "19912345678" not in page and "王小明" not in page and "199****5678" in page
    assert person.browser.get(f"/cases/{other.id}").status_code == 403
    party = re.search(r'<option value="([\w-]{36})">', page)[1]
    refused = person.browser.post(f"/cases/{mine.id}/unmask", {"party": party, "field": "phone", "purpose": "collection", "reason": " "})
    assert refused.status_code in (403, 422) and "19912345678" not in refused.content.decode()
    shown = person.browser.post(f"/cases/{mine.id}/unmask", {"party": party, "field": "phone", "purpose": "collection", "reason": "客户来电核对"})
    assert shown.status_code == 200 and "19912345678" in shown.content.decode() and shown["Cache-Control"] == "no-store"
    with work.writing(person.lender):
        point = ContactPoint.objects.get(case=mine, kind="phone")
    dialled = person.browser.post(f"/cases/{mine.id}/dial", {"contact_point": str(point.id)})
    assert dialled.status_code == 200 and "19912345678" not in dialled.content.decode() and "120" in dialled.content.decode()


def test_an_account_made_on_the_page_logs_in_once_and_another_role_beside_administrator_is_refused(staff, clock):
    keeper = staff("administrator")
    name = f"new-{keeper.lender[-8:]}"
    refused = keeper.browser.post("/accounts/create", {"name": name, "roles": ["administrator", "compliance_officer"]})
    assert refused.status_code == 403 and "roles-that-exclude-each-other" in refused.content.decode()
    made = keeper.browser.post("/accounts/create", {"name": name, "roles": ["strategist"]})
    password = re.search(r"<code>([\w-]{24})</code>", made.content.decode())[1]
    assert browser().post("/login", {"name": name, "password": password}).url == "/second-factor"
    assert password not in keeper.browser.get("/accounts").content.decode()


def test_broken_glass_raises_an_alarm_ends_by_itself_and_is_reviewed_by_another(work, staff, clock):
    from web.staff import MINUTE

    officer, reviewer, auditor = staff("data_officer"), staff("compliance_officer"), staff("auditor")
    case = work.case(officer.lender, "north")
    assert officer.browser.get(f"/cases/{case.id}").status_code == 403
    assert auditor.browser.post("/emergency/break", {"reason": "no", "minutes": "5"}).status_code == 403
    assert officer.browser.post("/emergency/break", {"reason": "fire in the archive", "minutes": "20"}).url == "/"
    alarms = (work.home / "alarms.log").read_text(encoding="utf-8")
    assert officer.name in alarms.splitlines()[-1] and "fire" not in alarms
    assert officer.browser.get(f"/cases/{case.id}").status_code == 200
    page = reviewer.browser.get("/").content.decode()
    assert officer.name in page and "fire in the archive" in page
    glass = re.search(r"/emergency/([\w-]{36})/end", page)[1]
    assert reviewer.browser.post(f"/emergency/{glass}/review", {"reason": "looked"}).status_code == 422
    clock.on(20 * MINUTE)
    assert officer.browser.get(f"/cases/{case.id}").status_code == 403
    assert officer.browser.post(f"/emergency/{glass}/review", {"reason": "mine"}).status_code == 403
    assert reviewer.browser.post(f"/emergency/{glass}/review", {"reason": "looked at three cases"}).url == "/"
    assert reviewer.name in reviewer.browser.get("/").content.decode()


def test_whoever_makes_or_resets_an_account_at_the_pages_raises_an_alarm_since_they_could_log_in_as_it(work, staff):
    keeper, other = staff("administrator"), staff("compliance_officer")
    keeper.browser.post("/accounts/create", {"name": f"new-{keeper.lender[-8:]}", "roles": ["compliance_officer"]})
    reset = keeper.browser.post(f"/accounts/{other.account}/reset", {"reason": "lost the telephone"}).content.decode()
    alarms = [line for line in (work.home / "alarms.log").read_text(encoding="utf-8").splitlines() if f"by={keeper.name}" in line]
    assert [("account made" in line, "account reset" in line) for line in alarms] == [(True, False), (False, True)] and f"account={other.name}" in alarms[1]
    assert "lost" not in alarms[1] and re.search(r"<code>([\w-]{24})</code>", reset)[1] not in "".join(alarms)


def test_who_broke_the_glass_does_not_review_it_though_their_role_could(staff, clock):
    from web.staff import MINUTE

    officer = staff("compliance_officer")
    officer.browser.post("/emergency/break", {"reason": "storm", "minutes": "1"})
    clock.on(2 * MINUTE)
    from arrears.days import moment_of
    from arrears.work.actor import system
    from arrears.work.queries.accounts import glasses

    glass = glasses(system(officer.lender), moment_of(clock.now))[0]
    assert officer.browser.post(f"/emergency/{glass.id}/review", {"reason": "fine"}).status_code == 422


@pytest.mark.parametrize("address, status", [("/nowhere", 404), ("/cases/not-an-id", 404), ("/accounts/create", 403), ("/portal/", 404)])
def test_an_error_page_repeats_nothing_of_what_was_asked(staff, address, status):
    person = staff("auditor")
    answer = person.browser.get(address, {"planted": "13800138000"})
    assert answer.status_code == status and "13800138000" not in answer.content.decode() and "Traceback" not in answer.content.decode()
    assert "not-an-id" not in answer.content.decode()


def test_a_defect_of_the_program_is_a_page_with_a_number_and_the_log_holds_no_value(staff, monkeypatch, caplog):
    person = staff("auditor")
    from arrears.web.desk import own_account

    def broken(actor):
        raise ValueError("secret value 13800138000")

    monkeypatch.setattr(own_account, "own_sessions", broken)
    person.browser.raise_request_exception = False
    answer = person.browser.get("/account")
    incident = re.search(r"<code>([0-9a-f]{8})</code>", answer.content.decode())[1]
    assert answer.status_code == 500 and "13800138000" not in answer.content.decode()
    assert incident in written(caplog) and "ValueError" in written(caplog) and "13800138000" not in written(caplog)


def test_the_request_log_holds_routes_and_no_addresses_queries_or_names(staff, caplog):
    person = staff("auditor")
    person.browser.get("/entries", {"name": "planted-13800138000"})
    person.browser.get("/13800138000")
    text = written(caplog)
    assert "GET entries 200" in text and "GET - 404" in text and "13800138000" not in text


def written(caplog) -> str:
    """What the handlers that write somewhere got: Django's and Axes' own loggers have one that writes nowhere."""
    import logging

    for name in ("django.request", "django.security", "axes"):
        assert not logging.getLogger(name).propagate and isinstance(logging.getLogger(name).handlers[0], logging.NullHandler)
    return "\n".join(one.getMessage() for one in caplog.records if not one.name.startswith(("django.request", "django.security", "axes")))


def test_a_borrower_session_opens_no_staff_route_and_a_staff_session_nothing_of_the_portal(work, staff, clock):
    from django.contrib.sessions.backends.db import SessionStore

    person, borrower = staff("auditor"), browser()
    session = SessionStore()
    session["borrower"] = str(uuid4())
    session.create()
    for cookie in ("arrears-portal", "arrears"):
        borrower.cookies[cookie] = session.session_key
    for name, address, openness in routes():
        if openness != "anybody":
            assert borrower.get(address).url.startswith("/login"), name
    from arrears.web.realms import cookie_of

    assert cookie_of("/portal/x") == ("arrears-portal", "/portal") and cookie_of("/account") == ("arrears", "/")
    answer = person.browser.get("/portal/account")
    assert answer.status_code == 404 and person.name not in answer.content.decode()


def test_a_borrower_is_known_by_lender_number_and_secret_and_by_no_staff_log_in(work, staff):
    from django.contrib.auth.hashers import make_password

    from arrears.web.realms import Borrowers
    from arrears.work.models import BorrowerLogin

    lender, other = work.lender(), work.lender()
    with work.writing(lender):
        login = BorrowerLogin.objects.create(lender=lender, person=uuid4(), borrower_id="b-77", secret=make_password("a long secret of theirs"))
    ask = Borrowers().authenticate
    assert ask(None, lender, "b-77", "a long secret of theirs") == login.id
    assert ask(None, other, "b-77", "a long secret of theirs") is ask(None, lender, "b-77", "wrong") is ask(None, lender, "", "a long secret of theirs") is None
    assert browser().post("/login", {"name": "b-77", "password": "a long secret of theirs"}).status_code == 401


def test_cookies_under_tls_are_bound_to_the_host_and_never_sent_in_the_clear():
    from arrears.web.settings import _web
    from arrears.work.profiles import Serving

    told = _web(Serving(is_tls=True))
    assert told["SESSION_COOKIE_NAME"].startswith("__Host-") and told["CSRF_COOKIE_NAME"].startswith("__Host-")
    assert told["SESSION_COOKIE_SECURE"] and told["CSRF_COOKIE_SECURE"] and told["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert not _web(Serving())["SECURE_HSTS_SECONDS"]


def test_session_cookies_are_for_the_server_alone_and_not_sent_from_other_sites(staff):
    cookie = staff("auditor").browser.cookies["arrears"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/" and not cookie["max-age"]


def test_accounts_of_another_lender_are_neither_listed_nor_changed(staff, work, clock):
    keeper, stranger = staff("administrator"), staff("auditor", lender=work.lender())
    assert stranger.name not in keeper.browser.get("/accounts").content.decode()
    assert keeper.browser.post(f"/accounts/{stranger.account}/leave", {"reason": "mine now"}).status_code == 403
    assert stranger.browser.get("/account").status_code == 200


def test_one_form_sent_twice_breaks_the_glass_once(staff):
    from arrears.days import moment_of
    from arrears.work.actor import system
    from arrears.work.queries.accounts import glasses

    officer = staff("compliance_officer")
    form = {"reason": "storm", "minutes": "5", "key": str(uuid4())}
    assert [officer.browser.post("/emergency/break", form).status_code for _ in range(2)] == [302, 302]
    assert len(glasses(system(officer.lender), moment_of(officer.clock.now))) == 1


def test_no_hash_of_the_house_is_weaker_than_argon2id_asks():
    from django.contrib.auth.hashers import Argon2PasswordHasher, get_hashers_by_algorithm

    from arrears.web.settings import _staff
    from arrears.work.profiles import ASVS

    assert _staff(ASVS)["PASSWORD_HASHERS"] == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    assert get_hashers_by_algorithm() and Argon2PasswordHasher.memory_cost >= 19 * 1024 and Argon2PasswordHasher.time_cost >= 2
    assert administrator_of_shell("x").via == "cli"


@pytest.mark.parametrize("value", ["\0", "'; DROP TABLE work_case; -- \u202e\U0001f600\ufffe ../../etc/passwd", "9" * 5000])
def test_no_odd_value_in_any_field_of_any_route_breaks_the_program(staff, value):
    person = staff("compliance_officer")
    names = ("name", "password", "next", "kind", "code", "credential", "label", "party", "field", "purpose", "reason", "contact_point", "decision", "key", "roles", "teams", "collector", "language", "minutes", "current", "again",
             "verb", "before", "page", "order", "refused", "over")
    person.browser.raise_request_exception = False
    for name, address, _ in routes():
        if name != "log_out":
            for answer in (person.browser.get(address, dict.fromkeys(names, value)), person.browser.post(address, dict.fromkeys(names, value))):
                assert answer.status_code < 500, name
                assert answer.status_code == 400 or "\0" not in value, name


def test_a_compliance_officer_sees_what_must_be_answered_first_and_what_is_late(work, staff, clock):
    from datetime import timedelta

    from arrears.work.models import Complaint, Hold

    person = staff("compliance_officer")
    case = work.case(person.lender, "north")
    with work.writing(person.lender):
        for days, ground in ((-1, "hours"), (5, "wording")):
            hold = Hold.objects.create(lender=person.lender, case=case, kind="complaint", placed_at=work.at)
            Complaint.objects.create(lender=person.lender, case=case, raised_at=work.at, answer_by_on=(work.at + timedelta(days=days)).date(), ground=ground, hold=hold)
        Hold.objects.create(lender=person.lender, case=case, kind="litigation", placed_at=work.at)
    page = person.browser.get("/").content.decode()
    assert page.index("联系时段") < page.index("用语") < page.index("诉讼") and page.count("已超期") == 1 and page.count(f"/cases/{case.id}") == 4


def test_a_page_whose_people_cannot_be_opened_says_so_and_shows_none_of_them(work, staff, monkeypatch):
    from arrears.vault.refused import VaultRefused
    from arrears.work.queries import masking

    person = staff("compliance_officer")
    case = work.case(person.lender, "north")

    def shut():
        raise VaultRefused("the keys are not there; start them", "密钥不可用；请启动")

    monkeypatch.setattr(masking, "vault", shut)
    answer = person.browser.get(f"/cases/{case.id}")
    assert answer.status_code == 503 and "密钥不可用" in answer.content.decode() and case.borrower_id not in answer.content.decode()
