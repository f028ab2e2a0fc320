"""The oracle reads a line or names the wrong field; drawn facts are valid, and its short walk to a retry misses nothing."""

import json
from collections import Counter
from random import Random

import pytest

from compliance.answers_compared import disagreements, names
from compliance.malformed_lines import malformed_lines
from compliance.plain_verdicts import A_LAW, DENIES, OWN, REFUSED, VERDICTS, answer
from compliance.quiet_contacts import CN, US, changed
from compliance.random_facts import largest_amount_of, random_line, red_lines_of


@pytest.mark.parametrize("seed", range(3))
def test_every_malformed_line_is_answered_by_the_name_of_its_field(seed):
    lines = list(malformed_lines(Random(seed)))
    assert len(lines) > 600
    for line, field in lines:
        found = answer(line)
        assert set(found) == {"error"}, line
        assert field == "" or names(found["error"].split(": ")[0], field), (field, found, line)


def without(facts: dict, *path: str | int) -> dict:
    facts = changed(facts)
    inside = facts
    for part in path[:-1]:
        inside = inside[part]
    inside.pop(path[-1])
    return facts


@pytest.mark.parametrize("channel", ["letter", "visit", "email", "push", "im"])
def test_a_number_may_be_null_or_absent_where_nothing_is_dialled(channel):
    facts = changed(CN, action__channel=channel)
    assert "error" not in answer(json.dumps(changed(facts, action__number=None)))
    assert "error" not in answer(json.dumps(without(facts, "action", "number")))
    assert answer(json.dumps(changed(facts, action__number=5)))["error"].startswith("action.number")


@pytest.mark.parametrize("channel", ["call", "voice_bot", "sms"])
def test_a_number_is_needed_where_one_is_dialled(channel):
    facts = changed(CN, action__channel=channel)
    assert answer(json.dumps(changed(facts, action__number=None)))["error"].startswith("action.number")
    assert answer(json.dumps(without(facts, "action", "number")))["error"].startswith("action.number")


def test_text_and_limitation_may_be_absent_and_keys_nobody_knows_are_passed_over():
    for facts in (without(CN, "text"), without(CN, "debts", 0, "limitation_expires_on"), {**CN, "remark": [None]}):
        assert answer(json.dumps(facts))["verdict"] == "allow"


@pytest.mark.parametrize("seed", range(8))
def test_drawn_facts_are_valid_and_the_same_for_the_same_seed(seed):
    for each in range(seed * 100, seed * 100 + 100):
        line = random_line(Random(each))
        assert line == random_line(Random(each))
        assert "error" not in answer(line, red_lines_of, largest_amount_of), line


def test_drawn_facts_reach_every_verdict_and_every_rule_with_its_source():
    seen: Counter = Counter()
    for seed in range(3000):
        line = random_line(Random(seed))
        found = answer(line, red_lines_of, largest_amount_of)
        law = json.loads(line)["law"]
        seen.update({(law, found["verdict"]), (law, found["coverage"].split(":")[0])})
        seen.update((law, *rule) for rule in found["rules"])
        seen[law, "retry"] += found["retry_at"] is not None
    expected = {("cn", verdict) for verdict in ("allow", "warn", "review", "deny")}
    expected |= {("us", verdict) for verdict in ("allow", "review", "deny")}
    expected |= {(law, word) for law in ("cn", "us") for word in ("ok", "unknown", "retry")}
    expected |= {("cn", "should_not", source) for source in ("nifa-2024-collection", "gbt-45251-2025", OWN)}
    expected |= {("cn", "prohibited", source) for source in ("cba-2026-collection", A_LAW, OWN, None)}
    expected |= {("cn", modality, None) for modality in (REFUSED, "needs_judgement", "discouraged")}
    expected |= {("us", "prohibited", "tcpa"), ("us", "prohibited", None), ("us", REFUSED, None), ("us", "needs_judgement", None)}
    assert set(seen) == expected
    assert min(seen.values()) >= 10, seen


def test_the_walk_by_boundaries_finds_the_minute_that_the_walk_by_minutes_finds():
    compared = 0
    for seed in range(1500):
        line = random_line(Random(seed))
        found = answer(line, red_lines_of, largest_amount_of)
        if found["retry_at"] is not None and compared < 40:
            compared += 1
            assert answer(line, red_lines_of, largest_amount_of, every_minute=True) == found, line
    assert compared == 40


def test_an_answer_agrees_with_itself_and_with_no_answer_changed_in_one_place():
    line = json.dumps(changed(CN, at="2026-03-01T23:00:00+08:00", holds=["vulnerable"]))
    expected = answer(line)
    rules = [
        {"id": "a", "modality": "prohibited", "source": "cba-2026-collection"},
        {"id": "b", "modality": "should_not", "source": "gbt-45251-2025"},
        {"id": "c", "modality": "needs_judgement", "source": "anything"},
    ]
    given = {"verdict": "deny", "rules": rules, "retry_at": "2026-03-02T08:00:00+08:00", "coverage": "ok"}
    assert disagreements(given, expected) == []
    assert disagreements({**given, "verdict": "review"}, expected)
    assert disagreements({**given, "retry_at": None}, expected)
    assert disagreements({**given, "coverage": "unknown: date"}, expected)
    assert disagreements({**given, "rules": rules[:2]}, expected)
    assert disagreements({**given, "rules": rules[::-1]}, expected)
    assert disagreements({**given, "rules": [*rules, {**rules[2], "modality": "info"}]}, expected)
    assert disagreements({**given, "rules": [{**rules[0], "source": OWN}, *rules[1:]]}, expected)
    assert disagreements({"error": "line 1: at: no offset"}, expected)
    assert disagreements({"error": "line 1: party.status: no"}, {"error": "at: no offset"})
    assert disagreements({"error": "line 1: at: no"}, {"error": "at: no offset"}) == []


def test_what_the_specification_leaves_open_is_left_open_and_nothing_else():
    card = {"verdict": "deny", "rules": {("prohibited", A_LAW)}, "retry_at": None, "coverage": "ok"}
    given = {**card, "rules": [{"modality": "prohibited", "source": "cbrc-2011-2"}]}
    assert disagreements(given, card) == []
    assert disagreements({**given, "rules": [{"modality": "prohibited", "source": OWN}]}, card)
    for modality in VERDICTS:
        open_ = disagreements({**given, "rules": [{"modality": modality, "source": "x"}]}, {**card, "rules": {(REFUSED, None)}})
        assert (open_ == []) == (modality in DENIES)


def test_a_line_may_ask_for_either_law():
    assert answer(json.dumps(US))["verdict"] == answer(json.dumps(CN))["verdict"] == "allow"
