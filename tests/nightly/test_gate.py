"""The night's proposals pass the gate before they reach the worklist; what it refuses is kept with its rules and told."""

import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

import plain_books as plain
from gate_books import LENDER, MORNING, book_of, contact, people
from plain_books import AS_OF, arrears


def night(book: Path, *more: object, day=AS_OF) -> dict:
    ran = arrears("night", "--book", book, "--as-of", day, "--json", *more)
    assert ran.status == 0, ran
    return json.loads(ran.out)


def left(book: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(book / "nights" / str(AS_OF) / f"{name}.parquet")


def test_who_was_called_three_times_today_is_not_called_and_is_kept_with_the_rule(tmp_path):
    book = book_of(tmp_path / "book", people())
    summary = night(book)
    worklist, gate = left(book, "worklist"), left(book, "gate")
    assert set(worklist.filter(pl.col("channel") == "call")["borrower_id"]) == {"B2", "B3", "B5"}, "B1 and B4 are refused; held ones stay on the list, to be left alone"
    assert not worklist.filter(pl.col("borrower_id").is_in(["B1", "B4"]))["options"].str.contains("call").any()
    assert dict(gate.filter(pl.col("verdict") == "deny").select("borrower_id", "rules").iter_rows()) == {
        "B1": "cn.calls_per_day", "B4": "cn.calls_per_day.business"}
    assert [(row["rule"], row["people"], row["loans"]) for row in summary["gate"]["rules"]] == [
        ("cn.calls_per_day", 1, 1), ("cn.calls_per_day.business", 1, 1)]
    assert summary["gate"]["people"] == {"deny": 2, "review": 0, "warn": 0} and summary["gate"]["refused_loans"] == 2
    report = (book / "nights" / str(AS_OF) / "report.html").read_text(encoding="utf-8")
    assert "cn.calls_per_day.business" in report and "有效通话每日至多三次" in report


def test_a_contact_that_was_recorded_too_late_to_be_known_does_not_count(tmp_path):
    rows = people()
    for row in rows["contacts"]:
        row["recorded_at"] = MORNING
    book = book_of(tmp_path / "book", rows)
    assert night(book, "--known-at", "2026-05-01T09:59:59+08:00")["gate"]["refused_loans"] == 0
    assert night(book, "--known-at", "2026-05-01T10:00:00+08:00", "--again")["gate"]["refused_loans"] == 2


def test_without_lender_yaml_nobody_is_contacted_without_a_person_and_it_is_said(tmp_path):
    book = book_of(tmp_path / "book", people(), lender=None)
    summary = night(book)
    assert not summary["gate"]["lender_is_known"] and summary["gate"]["uncovered_loans"] > 0
    assert set(left(book, "worklist").filter(pl.col("channel").is_not_null())["verdict"]) == {"review"}
    ran = arrears("night", "--book", book, "--as-of", AS_OF, "--lang", "en")
    assert "There is no lender.yaml beside the book" in ran.out


def test_the_report_names_the_moment_at_which_contacts_were_taken_to_be_made_and_calls_policy_by_its_name(tmp_path):
    """The report says at which hour of the day after, 2026-05-01, it was asked."""
    book = book_of(tmp_path / "book", people(), LENDER + 'contact_at: "19:00"\n')
    assert night(book)["gate"]["contact_at"] == "19:00"
    report = (book / "nights" / str(AS_OF) / "report.html").read_text(encoding="utf-8")
    assert "按 2026-05-01 19:00 联系判断" in report and "as if contacted at 2026-05-01 19:00" in report
    assert "机构自有政策" in report and "the lender&#x27;s own policy" in report and "operator_policy" not in report


def test_lender_yaml_is_an_input_of_the_night_so_a_changed_one_asks_for_the_night_anew(tmp_path):
    book = book_of(tmp_path / "book", people())
    night(book)
    (book / "lender.yaml").write_text(LENDER.replace("licence: bank", "licence: microloan"), encoding="utf-8")
    ran = arrears("night", "--book", book, "--as-of", AS_OF)
    assert ran.status == 2 and "lender" in ran.error
    assert arrears("replay", "--book", book, "--as-of", AS_OF).status == 0, "a finished night keeps the lender it was done for"


@pytest.mark.parametrize(("old", "new", "said"), [
    ("licence: bank", "licence: banque", "line 4: licence 'banque' is not known; known are bank"),
    ("law: cn", "law: fr", "line 3: law 'fr' is not known"), ("quick: consumer_loan", "quick: loan", "quick 'loan' is not known"),
    ("other_product: consumer_loan\n", "", "missing other_product"), ("name: 示例银行", "nom: 银行", "missing name"),
    ("id: L1", "id: L1\nid: L2", "the key 'id' stands twice"), ("id: L1", "id: L1\ncontact_at: 10 o'clock", "no time of day"),
    ("id: L1", "id: L1\nzones: [Mars/Olympus]", "every zone its people may be in"),
])
def test_a_mistake_in_lender_yaml_is_told_and_nothing_is_left(tmp_path, old, new, said):
    book = book_of(tmp_path / "book", people(), LENDER.replace(old, new))
    ran = arrears("night", "--book", book, "--as-of", AS_OF)
    assert ran.status == 2 and said in ran.error
    assert not (book / "nights").exists()


def test_a_lender_s_own_rules_decide_the_night_and_are_kept_with_it(tmp_path):
    book, policy = book_of(tmp_path / "book", people()), tmp_path / "policy"
    (policy / "rules").mkdir(parents=True)
    (policy / "rules" / "calls.yaml").write_text("""
id: l1.calls
title: {zh: 每日两次, en: two calls a day}
message: {zh: 今日已通话两次, en: there were two calls today}
applies_to: {channel: [call]}
when: {contacts_already: {at_least: "2", in_days: "1", channel: [call], direction: [outbound], same: party}}
grounds: [{id: l1.calls, source: operator_policy, article: null, evidence: own, modality: should_not, from: "2026-01-01"}]
""", encoding="utf-8")
    summary = night(book, "--policy", policy)
    assert {row["rule"]: row["people"] for row in summary["gate"]["rules"]} == {"cn.calls_per_day": 1, "cn.calls_per_day.business": 1, "l1.calls": 3}
    (policy / "rules" / "calls.yaml").unlink()
    assert arrears("replay", "--book", book, "--as-of", AS_OF).status == 0


def test_a_person_whose_first_treatment_is_refused_is_on_the_list_for_the_next_that_is_not(tmp_path):
    """Two loans of one trader: the visit was paid already this month twice, the call by a senior is free; it is about both loans."""
    rows = people()
    big = plain.loan("L7", borrower_id="B2", product="flash_trader", principal_minor=40_000_000)
    rows["loans"].append(big)
    rows["instalments"] += [{**row, "principal_minor": 10_000_000, "interest_minor": 480_000} for row in plain.schedule("L7")]
    rows["contacts"] += [contact(90 + day, "B2", MORNING - timedelta(days=day), channel="visit") for day in (16, 20)]  # longer ago than the strategy's cool-off
    book = book_of(tmp_path / "book", rows)
    night(book)
    (entry,) = left(book, "worklist").filter(pl.col("borrower_id") == "B2").to_dicts()
    assert (entry["loan_id"], entry["treatment"], entry["late_loans"]) == ("L7", "call_senior", 2)
    (refused,) = left(book, "gate").filter(pl.col("borrower_id") == "B2").to_dicts()
    assert (refused["loan_id"], refused["treatment"], refused["rules"], refused["verdict"]) == ("L7", "visit", "cn.policy.visits_per_month", "deny")


def test_a_night_over_no_late_loan_has_nothing_to_ask(tmp_path):
    rows = people()
    book = book_of(tmp_path / "book", {**rows, "contacts": []})
    ran = arrears("night", "--book", book, "--as-of", "2026-01-20", "--json")
    assert json.loads(ran.out)["gate"]["rules"] == []


def test_products_that_lender_yaml_does_not_name_are_told(tmp_path):
    book = book_of(tmp_path / "book", people(), LENDER.replace("firm: business_loan", "frim: business_loan"))
    summary = night(book)
    assert summary["gate"]["by_other_product"] == ["firm"]
    assert "Products that lender.yaml does not name count as consumer_loan: firm" in arrears("night", "--book", book, "--as-of", AS_OF, "--lang", "en").out


def test_the_first_who_were_refused_are_named_in_the_report(tmp_path):
    book = book_of(tmp_path / "book", people())
    refused = night(book)["gate"]["refused"]
    assert [(row["borrower_id"], row["rules"]) for row in refused] == [("B1", "cn.calls_per_day"), ("B4", "cn.calls_per_day.business")]


def test_contacts_of_people_in_several_zones_begin_when_it_is_late_enough_in_all(tmp_path):
    lender = LENDER.replace("law: cn", "law: us").replace("licence: bank", "licence: agency") + "actor: agency\nzones: [America/New_York, America/Los_Angeles]\n"
    book = book_of(tmp_path / "book", {**people(), "contacts": []}, lender)
    assert "us.quiet_hours" not in {row["rule"] for row in night(book)["gate"]["rules"]}


@pytest.mark.parametrize("hour", ["08:59", "20:00", "23:00"])
def test_an_hour_at_which_some_channel_is_closed_is_no_beginning_of_contacts(tmp_path, hour):
    ran = arrears("night", "--book", book_of(tmp_path / "book", people(), LENDER + f'contact_at: "{hour}"\n'), "--as-of", AS_OF)
    assert ran.status == 2 and "outside 09:00 to 20:00" in ran.error


def test_explain_tells_what_the_gate_said_of_a_loan_in_that_night(tmp_path):
    book = book_of(tmp_path / "book", people())
    night(book)
    refused = arrears("explain", "L1", "--book", book, "--as-of", AS_OF, "--lang", "en").out.splitlines()
    assert refused[-2:] == [
        f"The gate (night of {AS_OF}, call): refused, not on the worklist",
        "  cn.calls_per_day: There were three effective calls today, bots and all agencies counted; no fourth "
        "(互联网金融 个人网络消费信贷 贷后催收风控指引)"]
    assert "闸门" in arrears("explain", "L4", "--book", book, "--as-of", AS_OF, "--lang", "zh").out
    assert "The gate" not in arrears("explain", "L3", "--book", book, "--as-of", AS_OF, "--lang", "en").out
    assert "The gate" not in arrears("explain", "L1", "--book", book, "--as-of", "2026-04-01", "--lang", "en").out


def test_the_digest_in_the_report_differs_wherever_law_lender_or_own_rules_do(tmp_path):
    policy = tmp_path / "policy"
    policy.mkdir()
    (policy / "policy.yaml").write_text("id: L1\nswitched_off: [cn.policy.visits_per_month]\n", encoding="utf-8")
    nights = [(LENDER, ()), (LENDER.replace("bank", "microloan"), ()), (LENDER, ("--policy", policy)), (None, ())]
    digests = [night(book_of(tmp_path / f"book{place}", people(), lender), *more)["law_digest"] for place, (lender, more) in enumerate(nights)]
    assert len(set(digests)) == 4
    assert night(book_of(tmp_path / "again", people(), LENDER))["law_digest"] == digests[0]
