"""Every part of a strategy's file: one bad value of each kind is refused, naming the file, the part, the entry and a line of that entry."""

import json
import re
from copy import deepcopy

import pytest

from arrears.strategy.reading import strategy_from
from arrears.strict_yaml import BadYaml, parse

REASON = {"zh": "因", "en": "why"}
SOUND = {
    "id": "made", "version": "1",
    "segments": {"rows": [{"name": "firms", "zh": "企业", "en": "firms", "when": {"product": "quick"}}], "otherwise": {"name": "people", "zh": "个人", "en": "people"}},
    "treatments": [
        {"name": "call", "zh": "电话", "en": "call", "owner": "collector", "channel": "call", "hours": "09:00-20:00", "tone": "plain", "cost": "550", "minutes": "6", "cool_off_days": "2", "skill": "senior"},
        {"name": "sms", "zh": "短信", "en": "sms", "channel": "sms", "text": "请致电"},
        {"name": "leave_alone", "zh": "免", "en": "leave alone", "owner": "nobody"}],
    "ladders": [{"name": "slow", "zh": "慢", "en": "slow", "steps": [{"from_day": "1", "treatment": "leave_alone"}, {"from_day": "5", "treatment": "call"}]}],
    "rows": [{"name": "first", "when": {"bucket": "M1"}, "choose": ["call", "sms"], "fixed": "yes", "reason": dict(REASON)},
             {"name": "second", "when": {"bucket": "M2"}, "treatment": "leave_alone", "restraint": "yes", "reason": dict(REASON)}, {"name": "third", "when": {"bucket": "M3"}, "ladder": "slow", "reason": dict(REASON)}],
    "otherwise": {"name": "else", "treatment": "call", "reason": dict(REASON)},
    "offers": {"rows": [{"name": "hard", "when": {"hardship": "yes"}, "instalments_most": "12", "shift_days_most": "30", "waive_penalty": "50%", "waive_interest": "5%", "reason": dict(REASON)}],
               "otherwise": {"name": "none", "reason": dict(REASON)}},
    "experiments": [{"name": "test", "zh": "试", "en": "test", "from": "2026-12-01", "until": "2027-01-01", "when": {"bucket": "M1"}, "outcome": "paid_30",
                     "arms": [{"name": "as_is", "share": "50%"}, {"name": "other", "share": "50%", "treatment": "sms"}]}],
    "limits": [{"name": "minutes", "zh": "工时", "en": "minutes", "counts": "minutes", "of": {"owner": "collector"}, "when": {"bucket": "M1"}, "most": "roster"}],
    "expected": {"source": "assumed", "recovery": {"M1": "30%"}, "effect": {"call": {"M1": "10%"}}, "complaints_per_million": {"call": "200"}},
    "giving": {"idle_days": "14", "not_back_days": "30", "continuity": "2000", "uneven": "500"},
}
T, S, R, O, E, L = ("treatments", 0), ("segments", "rows", 0), ("rows", 0), ("offers", "rows", 0), ("experiments", 0), ("limits", 0)  # noqa: E741
GONE = object()


def changed(path: tuple, value: object) -> str:
    content = deepcopy(SOUND)
    inside = content
    for step in path[:-1]:
        inside = inside[step]
    if value is GONE:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return json.dumps(content, ensure_ascii=False, indent=1)


def lines_of(path: tuple, text: str) -> range:
    """The lines of the entry that the path leads into: a member of a list, what is otherwise, or a part of its own."""
    entry = parse(text, "mine.yaml")
    for step in path[:next((place for place, step in enumerate(path) if isinstance(step, int) or step == "otherwise"), 0) + 1]:
        entry = entry[step]
    depth = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if number >= entry.line:
            depth += line.count("{") + line.count("[") - line.count("}") - line.count("]")
            if depth == 0:
                return range(entry.line, number + 1)
    raise AssertionError("the entry does not end")


BAD = [
    ((*T, "name"), "", "treatments", "name must be"), ((*T, "name"), ["call"], "treatments", "name must be"), ((*T, "zh"), ["x"], "treatments", "zh must be"),
    ((*T, "zh"), GONE, "treatments", "missing zh"), ((*T, "colour"), "red", "treatments", "unknown key colour"), ((*T, "owner"), "robot", "treatments", "'robot' is not known"),
    ((*T, "owner"), ["bot"], "treatments", "is not known"), ((*T, "owner"), "nobody", "treatments, call", "owner other than nobody"), ((*T, "channel"), "fax", "treatments", "'fax' is not known"),
    ((*T, "channel"), GONE, None, None), ((*T, "hours"), "9-20", "treatments, call", "'9-20' is no window"), ((*T, "hours"), "20:00-09:00", "treatments, call", "empty or passes midnight"),
    ((*T, "tone"), "rude", "treatments", "'rude' is not known"), ((*T, "cost"), "5.50", "treatments, call", "'5.50' is no whole number"), ((*T, "cost"), "-1", "treatments, call", "no whole number"),
    ((*T, "minutes"), "1441", "treatments, call", "0 to 1,440"), ((*T, "cool_off_days"), "367", "treatments, call", "0 to 366"), ((*T, "skill"), ["senior"], "treatments", "skill must be"),
    (("treatments", 1, "channel"), GONE, "treatments", "no channel by which it goes out"), (("treatments", 1, "text"), ["a"], "treatments", "text must be"),
    ((*S, "when"), {"segment": "people"}, "segments, row 1 (firms)", "cannot rest on segments"), ((*S, "when"), {"bucket": []}, "segments, row 1 (firms)", "empty"),
    ((*S, "name"), ["firms"], "segments, row 1", "name must be"), ((*S, "en"), GONE, "segments, row 1", "missing en"), (("segments", "otherwise", "when"), {}, "segments, otherwise", "unknown key when"),
    (("ladders", 0, "steps"), [], "ladders, slow", "list of steps"), (("ladders", 0, "steps", 0, "from_day"), "2", "ladders, slow", "begins on day 2"), (("ladders", 0, "steps", 1, "from_day"), "1", "ladders, slow", "order of their days"),
    (("ladders", 0, "steps", 1, "from_day"), "soon", "ladders, slow", "'soon' is no whole number"), (("ladders", 0, "steps", 1, "treatment"), "fly", "ladders, slow", "'fly' is not in the list"), (("ladders", 0, "zh"), {"a": "b"}, "ladders", "zh must be"),
    ((*R, "choose"), ["call"], "row 1 (first)", "two or more"), ((*R, "choose"), ["call", "call"], "row 1 (first)", "none twice"), ((*R, "choose"), ["call", "fly"], "row 1 (first)", "'fly' is not in the list"),
    ((*R, "choose"), [["call"], "sms"], "row 1 (first)", "is not in the list"), ((*R, "treatment"), "call", "row 1 (first)", "treatment and choose"), ((*R, "choose"), GONE, "row 1 (first)", "it has none"),
    ((*R, "fixed"), "true", "row 1 (first)", "neither yes nor no"), ((*R, "restraint"), "yes", "row 1 (first)", "leaves alone"), ((*R, "reason"), "why", "row 1 (first), reason", "mapping"),
    ((*R, "reason", "zh"), ["x"], "row 1 (first), reason", "zh must be"), ((*R, "reason", "zh"), GONE, "row 1 (first), reason", "missing zh"), (("rows", 2, "ladder"), "fast", "row 3 (third)", "'fast' is not in the list of ladders"),
    ((*R, "when"), {"claimable": "5"}, "row 1 (first), claimable", "no range"), ((*R, "name"), ["first"], "row 1", "name must be"), (("otherwise", "treatment"), GONE, "otherwise", "it has none"),
    (("otherwise", "treatment"), ["call"], "otherwise", "is not in the list of treatments"), (("otherwise", "when"), {}, "otherwise", "unknown key when"),
    ((*O, "instalments_most"), "361", "offers, row 1 (hard), instalments_most", "0 to 360"), ((*O, "shift_days_most"), "many", "offers, row 1 (hard), shift_days_most", "no whole number"),
    ((*O, "waive_penalty"), "50", "offers, row 1 (hard), waive_penalty", "no share"), ((*O, "waive_interest"), "100.0001%", "offers, row 1 (hard), waive_interest", "no share"), ((*O, "when"), GONE, "offers, row 1", "missing when"),
    ((*O, "reason"), GONE, "offers, row 1", "missing reason"), (("offers", "otherwise", "waive_penalty"), "x", "offers, otherwise (none)", "no share"),
    ((*E, "from"), "1 December", "experiments, test, from", "no date"), ((*E, "until"), ["2027-01-01"], "experiments, test, until", "no date"), ((*E, "outcome"), "happy", "experiments, test", "'happy' is not known"),
    ((*E, "arms"), "two", "experiments, test", "list of arms"), ((*E, "arms", 1, "share"), "half", "experiments, test, arm other, share", "no share"), ((*E, "arms", 1, "treatment"), "fly", "experiments, test, arm other", "'fly' is not in the list"),
    ((*E, "arms", 1, "choose"), ["call", "sms"], "experiments, test, arm other", "treatment and choose"), ((*E, "arms", 0, "name"), ["x"], "experiments, test, arms", "name must be"), ((*E, "when"), {"colour": "red"}, "experiments, test", "unknown field"),
    ((*L, "counts"), "hopes", "limits, minutes", "'hopes' cannot be counted"), ((*L, "most"), "lots", "limits, minutes, most", "'lots' is no bound"), ((*L, "most"), ["roster"], "limits, minutes, most", "is no bound"),
    (("expected", "recovery", "M1"), "30", "expected, recovery, M1", "no share"), (("expected", "recovery"), "30%", "expected, recovery", "expected buckets"), (("expected", "effect"), "", "expected, effect", "expected treatments"),
    (("expected", "effect"), {"fly": {}}, "expected, effect", "'fly' is not in the list"), (("expected", "effect", "call"), "10%", "expected, effect, call", "expected buckets"), (("expected", "effect"), {"leave_alone": {"M1": "1%"}}, "expected, effect", "under recovery"),
    (("expected", "complaints_per_million"), ["call"], "expected, complaints_per_million", "expected treatments"), (("expected", "complaints_per_million", "call"), "1000001", "expected, complaints_per_million, call", "0 to 1,000,000"),
    (("expected", "source"), GONE, "expected", "missing source"), (("expected", "source"), ["x"], "expected", "source must be"),
    (("giving", "idle_days"), "0", "giving, idle_days", "give and take back"), (("giving", "not_back_days"), "3661", "giving, not_back_days", "0 to 3,660"), (("giving", "continuity"), "20.00", "giving, continuity", "no whole number"),
    (("giving", "uneven"), ["5"], "giving, uneven", "no whole number"), (("giving", "hope"), "5", "giving", "unknown key hope"),
]
WITH_LINES = [case for case in BAD if case[2] is not None]


def test_the_file_that_is_spoiled_below_is_sound():
    assert [row.name for row in strategy_from(json.dumps(SOUND)).rows] == ["first", "second", "third", "else"]
    (text,) = [changed(path, value) for path, value, part, _ in BAD if part is None]
    assert strategy_from(text).treatments[0].channel is None


@pytest.mark.parametrize("path,value,part,said", WITH_LINES, ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else None)
def test_one_bad_value_is_refused_naming_file_part_entry_and_a_line_of_the_entry(path, value, part, said):
    text = changed(path, value)
    with pytest.raises(BadYaml) as refusal:
        strategy_from(text, "mine.yaml")
    message = str(refusal.value)
    assert message.startswith(f"mine.yaml, {part}") and said in message, message
    lines = [int(number) for number in re.findall(r"\bline (\d+)", message)]
    assert len(lines) == 1 and lines[0] in lines_of(path, text), message


@pytest.mark.parametrize("path,value,said", [
    (("treatments",), {}, "mine.yaml, treatments, line 21"), (("treatments",), [], "mine.yaml, treatments: 0 of them"), (("treatments", 1, "name"), "call", "mine.yaml, treatments: call stands twice"),
    (("treatments", 2, "owner"), "bot", "mine.yaml, treatments: leave_alone is missing"), (("treatments", 2, "minutes"), "5", "mine.yaml, treatments, leave_alone: it costs nothing"),
    (("treatments", 1, "text"), "本月还款罚息减免50%", "mine.yaml, treatments, sms, text"), (("segments", "rows"), "none", "mine.yaml, segments, line"), (("segments", "otherwise", "name"), "firms", "mine.yaml, segments: firms stands twice"),
    (("ladders",), "slow", "mine.yaml, ladders, line"), (("ladders", 0, "name"), "fast", "row 3 (third): the ladder 'slow'"), (("rows", 1, "name"), "first", "two rows share a name"), (("rows", 0, "when"), {"segment": "nobody"}, "no segment 'nobody'"),
    ((*O, "when"), {"self_cure": ">=50%"}, "mine.yaml, offers, row 1 (hard), self_cure"), ((*O, "instalments_most"), "1", "mine.yaml, offers, row 1 (hard), instalments_most"), (("offers", "otherwise", "name"), "hard", "mine.yaml, offers: hard stands twice"),
    ((*E, "arms", 0, "share"), "40%", "mine.yaml, experiments, experiment test: the shares of its arms sum to 90 %"), ((*E, "until"), "2026-12-01", "mine.yaml, experiments, experiment test"), ((*E, "arms", 0, "name"), "other", "the arm 'other' stands twice"),
    (("limits",), {"a": "b"}, "mine.yaml, limits, line"), (("giving",), "soon", "mine.yaml, giving"), (("expected",), [], "mine.yaml, expected"), (("id",), "", "mine.yaml, id, line 2"), (("version",), ["2"], "mine.yaml, version, line 3"),
])
def test_a_part_whose_entries_do_not_go_together_is_refused_by_name(path, value, said):
    with pytest.raises(BadYaml) as refusal:
        strategy_from(changed(path, value), "mine.yaml")
    assert said in str(refusal.value) and str(refusal.value).startswith("mine.yaml")
