"""The pages of a lead's day: figures whose lists sum to them, moves that are made as they were shown, coaching and absences; and what each border keeps out."""

import html
import re
from datetime import timedelta
from uuid import UUID

import pytest

MAKES = "/team/move"


@pytest.fixture
def lead(staff):
    return staff("team_lead", team="north")


@pytest.fixture
def team(work, lead):
    """Two collectors with three cases and one case, and another team's case."""
    one, two = (work.collector(lead.lender, "north", name) for name in (f"an-{lead.lender[-6:]}", f"bo-{lead.lender[-6:]}"))
    cases = [work.case(lead.lender, "north", one.id) for _ in range(3)] + [work.case(lead.lender, "north", two.id)]
    return one, two, cases, work.case(lead.lender, "south")


def page(person, address: str, status: int = 200) -> str:
    answer = person.browser.get(address)
    assert answer.status_code == status, answer.content.decode()[-1500:]
    return answer.content.decode()


def links(text: str) -> list[tuple[str, str]]:
    return [(html.unescape(address), shown) for address, shown in re.findall(r'<a href="(/team/list[^"]+)">([^<]*)</a>', text)]


def test_each_figure_of_the_page_is_a_link_to_a_list_that_sums_to_it(lead, team):
    seen = links(page(lead, "/team"))
    assert len(seen) > 20
    for address, shown in dict(seen).items():
        number = re.search(r"\d+", shown)
        listed = re.search(r"<p><strong>(\d+)</strong>", page(lead, address))[1]
        assert number and int(listed) == int(number[0]), (address, shown, listed)


def test_the_page_shows_nothing_of_another_team_and_its_address_is_refused(lead, team, staff):
    *_, other = team
    text = page(lead, "/team")
    assert "south" not in text and "an-" in text
    assert lead.browser.get("/team?team=south").status_code == 403 and lead.browser.get("/team/list?team=south&name=all").status_code == 403
    assert str(other.id) not in page(lead, "/team/list?team=north&name=all")
    for role in ("collector", "strategist", "data_officer", "administrator"):
        assert staff(role, lender=lead.lender).browser.get("/team").status_code == 403, role


def test_the_part_that_is_fetched_anew_is_the_one_of_the_page(lead, team):
    fetched = page(lead, "/team/figures?team=north")
    assert "<html" not in fetched and 'hx-trigger="every 30s, seen"' in fetched and "data-live" in fetched
    assert set(links(fetched)) == set(links(page(lead, "/team")))


@pytest.mark.parametrize("address", ["/team/list?name=everything", "/team/list", "/team/list?name=attempts&period=year", "/team/list?name=all&of=x"])
def test_a_list_that_there_is_none_of_is_said_to_be_none(lead, team, address):
    assert "role=\"alert\"" in page(lead, address, 422) or "列表" in page(lead, address, 422) or "催收员" in page(lead, address, 422)


def preview(person, cases, *people, **more) -> tuple[str, dict]:
    """The page of the preview, and what its form would send."""
    query = "&".join([f"case={case.id}" for case in cases] + [f"to={one.id}" for one in people] + [f"{name}={value}" for name, value in more.items()])
    text = page(person, f"/team/move?{query}")
    form = re.search(r'<form method="post" action="/team/move/do".*?</form>', text, re.DOTALL)
    if form is None:
        return text, {}
    fields: dict = {}
    for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form[0]):
        fields.setdefault(name, []).append(html.unescape(value))
    return text, {**fields, "why": "other", "reason": "均衡"}


def held(work, lender, *people) -> list[int]:
    from arrears.work.actor import system
    from arrears.work.models import Case
    from arrears.work.tenancy import seen_by

    with seen_by(system(lender)):
        return [Case.objects.filter(held_by=one.id, state="open").count() for one in people]


def test_a_preview_warns_of_minutes_over_the_day_and_of_too_many_cases(work, lead, team):
    from arrears.work.models import Case, Collector

    one, two, cases, _ = team
    with work.writing(lead.lender):
        Case.objects.filter(pk__in=[case.pk for case in cases]).update(rank=1)
        Collector.objects.filter(pk=two.pk).update(minutes_a_day=20)
    text, _ = preview(lead, cases[:3], one, two, way="equal")
    assert "工时超上限" not in text and "件数超上限" not in text
    text, _ = preview(lead, cases[:3], two, way="equal")
    assert "24 / 20" in text and "工时超上限" in text and "件数超上限" not in text


def test_a_list_of_promises_says_what_they_are_in_words(work, lead, team, staff):
    from arrears.work.models import Account, Promise

    by, one = staff("collector", lender=lead.lender), team[2][0]
    with work.writing(lead.lender):
        Account.objects.filter(pk=by.account).update(collector=team[0])
        today = work.at.date()
        Promise.objects.create(lender=lead.lender, case=one, loan_id="L", promised_on=today, pay_by_on=today, currency="CNY", amount_minor=1000, state="open", taken_by_id=by.account)
    told = page(lead, "/team/list?name=expected&period=today")
    assert "<td>承诺</td>" in told or "<td>还款承诺</td>" in told
    assert "<td>expected</td>" not in told and ">内容</th>" in told


def test_what_the_preview_shows_is_done_and_can_be_taken_back_today(work, lead, team):
    one, two, cases, _ = team
    text, form = preview(lead, cases[:3], one, two, way="level")
    assert "2 件案件将变更" not in text and form["digest"]
    answer = lead.browser.post("/team/move/do", form)
    assert answer.status_code == 302 and "done=team_moved" in answer.url
    assert held(work, lead.lender, one, two) == [2, 2]
    back = re.search(r'action="(/team/move/[\w-]{36}/back)"', page(lead, "/team"))[1]
    assert lead.browser.post(back, {"reason": "误操作", "team": "north"}).status_code == 302
    assert held(work, lead.lender, one, two) == [3, 1]
    assert lead.browser.post(back, {"reason": "再次"}).status_code == 422


def test_a_preview_that_is_no_longer_true_is_refused_and_shown_anew_with_the_reason_kept(work, lead, team):
    from arrears.work.actions.action import perform

    one, two, cases, _ = team
    _, form = preview(lead, cases[:3], two)
    perform(work.actor(lead.lender, "team_lead"), "case.move", {"collector": str(two.id)}, work.now, thing=cases[0].id)
    answer = lead.browser.post("/team/move/do", form)
    text = answer.content.decode()
    assert answer.status_code == 422 and 'role="alert"' in text and "均衡" in text and held(work, lead.lender, one, two) == [2, 2]
    again = re.search(r'name="digest" value="(\w{64})"', text)[1]
    assert again != form["digest"][0]
    assert lead.browser.post("/team/move/do", {**form, "digest": again, "key": "another-key-1"}).status_code == 302
    assert held(work, lead.lender, one, two) == [0, 4]


def test_sent_twice_a_move_is_made_once(work, lead, team):
    one, two, cases, _ = team
    _, form = preview(lead, cases[:2], two)
    assert [lead.browser.post("/team/move/do", form).status_code for _ in range(2)] == [302, 302]
    assert held(work, lead.lender, one, two) == [1, 3]


def test_another_teams_case_or_person_is_not_moved_and_nothing_without_a_reason(work, lead, team):
    one, two, cases, other = team
    assert lead.browser.get(f"/team/move?case={other.id}&to={one.id}").status_code == 403
    _, form = preview(lead, cases[:1], two)
    assert lead.browser.post("/team/move/do", {**form, "reason": " "}).status_code in (403, 422)
    assert lead.browser.post("/team/move/do", {**form, "key": "another-key-2", "cases": str(other.id)}).status_code == 403
    assert lead.browser.post("/team/move/do", {**form, "key": "another-key-3", "cases": "x"}).status_code == 422
    assert lead.browser.get("/team/move?case=x&to=y").status_code == 422 and lead.browser.get(f"/team/move?case={cases[0].id}&to=y").status_code == 422
    assert held(work, lead.lender, one, two) == [3, 1]


def test_a_note_is_written_read_and_answered_and_nobody_else_sees_it(work, lead, staff, team):
    colleague = staff("collector", lender=lead.lender, team="north")
    own = staff("collector", lender=lead.lender, team="north")
    from arrears.work.models import Account

    me = Account.objects.get(pk=own.account).collector_id
    assert f'action="/team/coaching/{me}/write"' in page(lead, f"/team/coaching?of={me}")
    assert lead.browser.post(f"/team/coaching/{me}/write", {"text": "", "kind": "note"}).status_code == 422
    kept = lead.browser.post(f"/team/coaching/{me}/write", {"text": "先核实身份", "kind": "note", "follow_up_on": "2020-01-01"})
    assert kept.status_code == 422 and "先核实身份" in kept.content.decode() and "2020-01-01" in kept.content.decode()
    assert lead.browser.post(f"/team/coaching/{me}/write", {"text": "先核实身份", "kind": "one_to_one", "follow_up_on": "2026-11-09"}).status_code == 302
    mine = page(own, "/team/me")
    assert "先核实身份" in mine and "先核实身份" not in page(colleague, "/team/me") and "先核实身份" not in page(staff("team_lead", lender=lead.lender, team="south"), "/team/coaching")
    assert "先核实身份" in page(staff("compliance_officer", lender=lead.lender), "/team/coaching")
    note = re.search(r'name="note" value="([\w-]{36})"', mine)[1]
    assert colleague.browser.post(f"/team/coaching/{me}/read", {"note": note}).status_code == 403
    assert own.browser.post(f"/team/coaching/{me}/read", {"note": note, "answer": "好的", "from": "me"}).url == "/team/me?done=team_read"
    assert "好的" in page(lead, "/team/coaching")
    assert lead.browser.post(f"/team/coaching/{me}/follow-up", {"note": note}).url == "/team/coaching?done=team_followed_up"


def test_who_is_away_gets_no_case_and_what_falls_due_meanwhile_is_offered_to_be_handed_over(work, lead, team):
    one, two, cases, _ = team
    from arrears.work.actions.action import perform

    perform(work.actor(lead.lender, "team_lead"), "promise.take", {"loan_id": f"{cases[0].borrower_id}-L0", "amount_minor": 100, "pay_by_on": "2026-11-05"}, work.now, thing=cases[0].id)
    assert lead.browser.post(f"/team/absences/{one.id}/put", {"kind": "leave", "from_on": "2026-11-02", "until_on": "2026-11-01"}).status_code == 422
    assert lead.browser.post(f"/team/absences/{one.id}/put", {"kind": "leave", "from_on": "2026-11-02", "until_on": "2026-11-09"}).url == "/team/absences?done=team_away"
    assert lead.browser.post(f"/team/absences/{one.id}/put", {"kind": "sick", "from_on": "2026-11-08"}).status_code == 422
    text = page(lead, "/team/absences")
    over = html.unescape(re.search(r'<a href="(/team/move[^"]*due_away[^"]*)"', text)[1])
    offered = page(lead, f"{over}&to={two.id}")
    assert f"/cases/{cases[0].id}" in offered and f"/cases/{cases[1].id}" not in offered
    shown, form = preview(lead, [cases[3]], one, two)
    assert not form, "the one who is away gets none, and the other has it already"
    assert lead.browser.post(f"/team/absences/{one.id}/end", {"absence": re.search(r'name="absence" value="([\w-]{36})"', text)[1]}).status_code == 302
    elsewhere = work.collector(lead.lender, "south")
    assert lead.browser.post(f"/team/absences/{elsewhere.id}/put", {"kind": "sick", "from_on": "2026-11-02"}).status_code == 403


def test_cases_of_who_has_left_are_listed_to_be_handed_over(work, lead, team):
    from arrears.work.models import Collector

    one, two, cases, _ = team
    with work.writing(lead.lender):
        Collector.objects.filter(pk=one.id).update(left_on=work.at.date())
    text = page(lead, "/team")
    assert "离职" in text
    address = next(address for address, _ in links(text) if "name=left" in address)
    assert all(str(case.id) in page(lead, address) for case in cases[:3])
    assert lead.browser.get(f"/team/move?case={cases[0].id}&to={one.id}").status_code == 422


def test_an_approval_is_decided_in_place_with_its_terms_in_words(work, lead, team):
    from arrears.work.actions.action import perform

    *_, cases, _ = team
    asker = work.actor(lead.lender, "team_lead")
    plan = perform(asker, "plan.propose", {"loan_id": f"{cases[0].borrower_id}-L0", "instalments": [{"due_on": str(work.at.date() + timedelta(days=30 * n)), "amount_minor": 3000} for n in (1, 2)]}, work.now, thing=cases[0].id)["plan"]
    perform(asker, "approval.ask", {"kind": "plan", "subject": str(plan)}, work.now, thing=cases[0].id, reason="x")
    _ask_often(work, lead)
    text = page(lead, "/team")
    assert "60.00" in text and "2026-12-02" in text and len(re.findall(r'action="/approvals/[\w-]{36}/decide"', text)) == 1, "what the lead cannot decide hides nothing that they can"
    decide = re.search(r'action="(/approvals/[\w-]{36}/decide)"', text)[1]
    assert lead.browser.post(decide, {"decision": "approve", "reason": "可行", "next": "team"}).url == "/team?done=team_decided"


def _ask_often(work, lead) -> None:
    """Many approvals wait for longer that the lead asked for, and so cannot decide."""
    from uuid import uuid4

    from arrears.work.models import Approval

    with work.writing(lead.lender):
        row = Approval.objects.get(lender=lead.lender)
        for number in range(25):
            row.pk, row.asked_by_id, row.asked_at = uuid4(), lead.account, work.at - timedelta(days=1, minutes=number)
            row.save(force_insert=True)


def test_a_collector_sees_own_figures_with_lists_that_sum_to_them_and_not_the_teams(work, lead, staff):
    from arrears.work.models import Account

    own = staff("collector", lender=lead.lender, team="north")
    me = Account.objects.get(pk=own.account).collector_id
    mine, other = work.case(lead.lender, "north", me), work.case(lead.lender, "north", work.collector(lead.lender, "north").id)
    text = page(own, "/team/me")
    seen = dict((html.unescape(address), shown) for address, shown in re.findall(r'<a href="(/team/me\?[^"]+)">([^<]*)</a>', text))
    assert seen and lead.browser.get("/team/me").status_code == 403
    for address, shown in seen.items():
        listed = page(own, address)
        assert int(re.search(r"<p><strong>(\d+)</strong>", listed)[1]) == int(re.search(r"\d+", shown)[0]), address
    listed = page(own, "/team/me?name=all")
    assert str(mine.id) in listed and str(other.id) not in listed and own.browser.get(f"/team/me?name=all&of={UUID(int=1)}").status_code == 200


def test_the_pages_stand_in_english_too(lead, team):
    lead.browser.post("/language", {"language": "en", "next": "/team"})
    for address in ("/team", "/team/move", "/team/coaching", "/team/absences", "/team/list?name=all"):
        left = re.search(r"[\u4e00-\u9fff]+", page(lead, address).replace("中文", "").replace("王**", "").replace("王*明", ""))
        assert left is None, (address, left)
