"""`arrears may` as a user types it: what it reads, prints and exits with."""

import json
import subprocess
import sys
from random import Random

import pytest
from typer.testing import CliRunner

from arrears.cli import app
from compliance.random_facts import random_line

SPEC = {
    "at": "2026-03-01T22:00:00+08:00", "law": "cn", "lender": {"id": "L1", "licence": "bank"}, "product": "consumer_loan",
    "actor": {"kind": "own", "id": "L1"},
    "action": {"channel": "call", "purpose": "collect", "number": "n1", "staff": 1, "recorded": True},
    "debtor": {"id": "B1", "status": [], "numbers": ["n1"]},
    "party": {"id": "B1", "relation": "debtor", "timezones": ["Asia/Shanghai"], "status": []},
    "debts": [{"id": "D1", "days_past_due": 40, "limitation_expires_on": "2028-05-01", "claimable_minor": 123400}],
    "holds": [], "consents": [],
    "history": [{"at": "2026-03-01T10:00:00+08:00", "channel": "call", "direction": "outbound", "actor": "A1",
                 "party": "B1", "relation": "debtor", "debts": ["D1"], "number": "n1", "outcome": "answered"}],
    "text": None}
"""The facts of the specification, and the answer it gives to them."""


def may(*words: str, given: bytes | None = None):
    ran = CliRunner().invoke(app, ["may", *map(str, words)], input=given)
    return ran.exit_code, [json.loads(line) for line in ran.stdout.splitlines()], ran.stderr


def test_the_specification_s_example_gets_its_answer(tmp_path):
    facts = tmp_path / "facts.jsonl"
    facts.write_text(json.dumps(SPEC) + "\n", encoding="utf-8")
    status, (answer,), _ = may("--facts", facts)
    assert status == 0
    assert answer == {
        "verdict": "deny", "retry_at": "2026-03-02T08:00:00+08:00", "coverage": "ok", "rules": [
            {"id": "cn.quiet_hours.bank", "modality": "prohibited", "source": "cba-2026-collection", "article": None},
            {"id": "cn.quiet_hours", "modality": "should_not", "source": "gbt-45251-2025", "article": None}]}


def test_a_line_that_cannot_be_judged_is_an_error_in_its_place_and_the_status_says_so():
    sound = json.dumps(SPEC)
    status, answers, _ = may("--facts", "-", given="\n".join([sound, "", "{", sound, json.dumps({**SPEC, "debts": []})]).encode())
    assert status == 2
    assert [list(answer)[0] for answer in answers] == ["verdict", "error", "error", "verdict", "error"]
    assert "blank" in answers[1]["error"] and "JSON" in answers[2]["error"] and answers[4]["error"].startswith("debts:")


def test_a_line_with_halves_of_signs_or_endless_claims_is_answered_and_so_are_its_neighbours():
    """JSON may spell half a sign (\\ud800), which no output can hold; 1,100 claims of the largest size are more than a column holds."""
    sound = json.dumps(SPEC)
    misspelled = json.dumps({**{name: value for name, value in SPEC.items() if name != "text"}, "tex\ud800t": "x"})
    many = [{**SPEC["debts"][0], "id": f"D{number}", "claimable_minor": 2**53} for number in range(1100)]
    odd = [misspelled, '{"a\\ud800": 1, "a\\ud800": 2}', json.dumps({**SPEC, "text": "\ud800"}), json.dumps({**SPEC, "debts": many})]
    status, answers, error = may("--facts", "-", given="\n".join([sound, *odd, sound]).encode())
    assert (status, error) == (2, "")
    assert [list(answer)[0] for answer in answers] == ["verdict", "error", "error", "verdict", "verdict", "verdict"]
    assert answers[1]["error"].startswith("tex\\ud800t:") and answers[2]["error"].startswith("a\\ud800:")


def test_a_debt_that_stands_twice_is_an_error_since_its_claim_would_count_twice():
    """1,234.00 yuan may be demanded; said twice over, a text that asks for 2,000 would pass."""
    said = {**SPEC, "at": "2026-03-01T12:00:00+08:00", "text": "请还款2000元"}
    twice = {**said, "debts": [SPEC["debts"][0]] * 2}
    status, answers, _ = may("--facts", "-", given=f"{json.dumps(said)}\n{json.dumps(twice)}".encode())
    assert status == 2 and answers[0]["verdict"] == "deny" and answers[1]["error"].startswith("debts[1].id: 'D1' stands twice")


def test_an_empty_file_is_no_line_and_no_error():
    assert may("--facts", "-", given=b"") == (0, [], "")


@pytest.mark.parametrize("given", [b"\xff\xfe{}\n", json.dumps(SPEC).encode("utf-16")])
def test_what_is_not_utf_8_is_an_error_of_its_line(given):
    status, answers, _ = may("--facts", "-", given=given)
    assert status == 2 and all(list(answer) == ["error"] for answer in answers)


def test_a_byte_order_mark_and_windows_line_ends_are_read():
    status, answers, _ = may("--facts", "-", given=b"\xef\xbb\xbf" + json.dumps(SPEC).encode() + b"\r\n" + json.dumps(SPEC).encode())
    assert status == 0 and [answer["verdict"] for answer in answers] == ["deny", "deny"]


@pytest.mark.parametrize("words", [(), ("--nonsense",), ("--facts",), ("--facts", "nowhere.jsonl"), ("--facts", ".")])
def test_wrong_usage_and_an_unreadable_file_exit_with_64(words):
    status, answers, error = may(*words)
    assert (status, answers) == (64, []) and error


def test_a_lender_s_folder_tightens_and_a_bad_one_is_told(tmp_path):
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "calls.yaml").write_text("""
id: l1.calls
title: {zh: 每日一次, en: one call a day}
message: {zh: 今日已通话, en: there was a call today}
applies_to: {channel: [call]}
when: {contacts_already: {at_least: "1", in_days: "1", channel: [call], direction: [outbound], same: party}}
grounds: [{id: l1.calls, source: operator_policy, article: null, evidence: own, modality: should_not, from: "2026-01-01"}]
""", encoding="utf-8")
    noon = json.dumps({**SPEC, "at": "2026-03-01T12:00:00+08:00"}).encode()
    assert may("--facts", "-", given=noon)[1][0]["verdict"] == "allow"
    status, (answer,), _ = may("--facts", "-", "--policy", tmp_path, given=noon)
    assert status == 0 and answer["verdict"] == "deny" and answer["retry_at"] == "2026-03-02T08:00:00+08:00"
    assert [(rule["id"], rule["source"]) for rule in answer["rules"]] == [("l1.calls", "operator_policy")]
    (rules / "calls.yaml").write_text("id: [", encoding="utf-8")
    status, answers, error = may("--facts", "-", "--policy", tmp_path, given=noon)
    assert (status, answers) == (64, []) and "calls.yaml" in error
    assert may("--facts", "-", "--policy", tmp_path / "nowhere", given=noon)[0] == 64


def launched(*words: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", "from arrears.cli import main; main()", "may", *words], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_program_that_waits_for_each_answer_gets_it():
    with launched("--facts", "-") as running:
        for _ in range(3):
            running.stdin.write(json.dumps(SPEC) + "\n")
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["verdict"] == "deny"
        running.stdin.close()
        assert running.wait() == 0


def test_a_reader_that_goes_away_ends_the_run_without_a_trace(tmp_path):
    facts = tmp_path / "facts.jsonl"
    facts.write_text("".join(random_line(Random(seed)) + "\n" for seed in range(50)) * 40, encoding="utf-8")
    with launched("--facts", str(facts)) as running:
        running.stdout.readline()
        running.stdout.close()
        assert "Traceback" not in running.stderr.read()


def test_many_lines_are_answered_in_their_order(tmp_path):
    facts, lines = tmp_path / "facts.jsonl", [random_line(Random(seed)) for seed in range(40)]
    facts.write_text("\n".join(lines * 30), encoding="utf-8")
    status, answers, _ = may("--facts", facts)
    assert status == 0 and answers == answers[:40] * 30
