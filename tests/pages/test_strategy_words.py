"""A strategy in words: each condition says what it asks, and nothing of a strategy goes unsaid."""

from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.pages.strategy_changes import changes_in_words, moved
from arrears.pages.strategy_lettering import width_of, wrapped
from arrears.pages.strategy_lines import lines_of
from arrears.pages.strategy_page import page_of
from arrears.pages.strategy_picture import picture_of
from arrears.pages.strategy_words import (
    bounds_in_words,
    conditions_in_words,
    follows_in_words,
    ladder_in_words,
    limit_in_words,
    offer_in_words,
)
from arrears.strategy.conditions import FIELDS
from arrears.tables.holds import HOLD_KINDS
from pages.strategy_by_hand import HOSTILE, SMALL

SAID = {
    (("bucket", ("M2", "M3")), ("claimable", (None, 2_000_000)), ("kind", ("sole_trader", "enterprise"))):
        ("M2 或 M3，可主张不足 20,000.00，经营户或企业", "M2 or M3, claimable less than 20,000.00, trader or firm"),
    (("claimable", (50_000, 2_000_000)),): ("可主张 500.00 至不足 20,000.00", "claimable 500.00 to below 20,000.00"),
    (("claimable", (1, None)),): ("可主张 0.01 及以上", "claimable 0.01 or more"),
    (("days_past_due", (4, 10)),): ("逾期天数 4 至 9", "4 to 9 days past due"),
    (("days_past_due", (4, 5)),): ("逾期天数 4", "4 days past due"),
    (("kept_plans", (None, 2)),): ("曾守约的还款计划数不足 2", "fewer than 2 plans kept"),
    (("self_cure", (850_000, None)),): ("预测自行还款概率 85% 及以上", "predicted to pay unasked 85% or more"),
    (("pay_probability", (125_000, 500_000)),): ("预测还款概率 12.5% 至不足 50%", "predicted to pay 12.5% to below 50%"),
    (("hold", HOLD_KINDS),): ("有任何停催事项", "any hold"),
    (("hold", ("none",)),): ("无停催", "no hold"),
    (("hold", ("dispute", "cease")),): ("停催事项：争议或要求停止联系", "hold: dispute or asked to cease"),
    (("product", ("own_product",)),): ("产品：own_product", "product: own_product"),
    (("segment", ("firms",)),): ("客群：经营户与企业", "group: traders and firms"),
    (("new_field", ("a", "b", "c")),): ("new_field：a、b 或 c", "new_field: a, b or c"),
    (): ("全部", "everybody"),
}


@pytest.mark.parametrize("when", SAID, ids=str)
def test_conditions_say_what_they_ask(when):
    assert (conditions_in_words(when, "zh", SMALL), conditions_in_words(when, "en", SMALL)) == SAID[when]


def test_what_a_model_predicts_is_marked_as_predicted():
    for name, field in FIELDS.items():
        if field.kind == "number":
            said = conditions_in_words(((name, (100_000, None)),), "zh"), conditions_in_words(((name, (100_000, None)),), "en")
            assert ("预测" in said[0], "predicted" in said[1]) == ((True, True) if field.rests_on == "predicted" else (False, False))


NUMBER_FIELDS = [name for name, field in FIELDS.items() if field.kind == "number"]
ENDS = st.one_of(st.none(), st.integers(0, 1_000_000))
RANGES = st.tuples(ENDS, ENDS).filter(lambda ends: None in ends or ends[0] < ends[1])


@given(st.sampled_from(NUMBER_FIELDS), RANGES, RANGES, st.sampled_from(["zh", "en"]))
def test_two_ranges_that_differ_are_never_said_alike(field, one, other, lang):
    alike = conditions_in_words(((field, one),), lang) == conditions_in_words(((field, other),), lang)
    assert alike == (one == other)


def test_limits_offers_ladders_and_what_follows_say_their_numbers():
    minutes, messages, spend, even, service = SMALL.limits
    assert limit_in_words(minutes, "en") == "minutes of work, by collector: at most the minutes of those on the roster who can do it"
    assert limit_in_words(messages, "zh") == "联系次数，渠道：短信：不超过产能表中次日可用的次数"
    assert bounds_in_words(spend, "en") == "at most 50,000.00"
    assert limit_in_words(even, "en", SMALL) == ("people, treatment: a call, M2, for each kind of borrower by itself: at least 5% of the people who may be treated so, at most 60% of the people")
    assert bounds_in_words(service, "zh") == "至少 20，至多 400"
    assert offer_in_words(SMALL.offers[0], "en") == "up to 12 instalments, dates shifted by up to 60 days, up to 100% of penalty waived, up to 30% of interest waived"
    assert offer_in_words(SMALL.offers[1], "zh") == "不提供"
    assert ladder_in_words(SMALL.ladders[0], SMALL, "en") == "days 1–2: leave alone; days 3–9: a message; from day 10: a call"
    assert follows_in_words(SMALL.rows[3], SMALL, "en") == "limits choose one of a visit, a call or leave alone"


ANOTHER = {
    "when": (("product", ("another",)),), "of": (("owner", ("legal",)),), "steps": ((1, "visit"), (99, "call")), "recovery_ppm": {"M1": 7}, "complaints_per_million": {"call": 7},
    "effect_ppm": {"call": {"M1": 7}}, "hours": (600, 660), "most_from": "a new source", "by": "frequency", "skill": "law", "channel": "letter", "owner": "bot", "tone": "none",
    "counts": "complaints", "outcome": "recovered_30", "text": "another text",
}


def ones_changed(entry):
    """(field, the entry with this field alone changed); of what follows a row or an arm, so that it has treatments or a ladder."""
    for field in fields(entry):
        value, name = getattr(entry, field.name), field.name
        if name == "treatments":
            yield name, replace(entry, treatments=("visit", "suit"), ladder=None)
        elif name == "ladder":
            yield name, replace(entry, treatments=(), ladder="weekly") if value is None else replace(entry, treatments=("visit",), ladder=None)
        elif name == "arms":
            for place, arm in enumerate(value):
                yield from ((f"{arm.name}.{of_arm}", replace(entry, arms=(*value[:place], changed, *value[place + 1:]))) for of_arm, changed in ones_changed(arm))
        elif name in ANOTHER:
            another = ANOTHER[name] if value != ANOTHER[name] else {"owner": "legal"}[name]
            yield name, replace(entry, **{name: another})
        elif isinstance(value, bool):
            yield name, replace(entry, **{name: not value})
        elif isinstance(value, int) or value is None:
            yield name, replace(entry, **{name: (value or 0) + 12_345})
        else:
            yield name, replace(entry, **{name: value + timedelta(days=1) if isinstance(value, date) else f"{value} another"})


def one_thing_changed():
    """(what, the strategy with one field of one entry changed), for every field of every entry. What other entries call by its name keeps it."""
    for part in fields(SMALL):
        entries = getattr(SMALL, part.name)
        if is_dataclass(entries):
            yield from ((f"{part.name}.{name}", replace(SMALL, **{part.name: changed})) for name, changed in ones_changed(entries))
        elif isinstance(entries, tuple):
            yield from ((f"{part.name}.{entry.name}.{name}", replace(SMALL, **{part.name: (*entries[:place], changed, *entries[place + 1:])}))
                        for place, entry in enumerate(entries) for name, changed in ones_changed(entry) if name != "name" or part.name not in ("treatments", "ladders"))
        elif part.name != "text":
            yield part.name, replace(SMALL, **{part.name: f"{entries} another"})


LANGUAGES = ("zh", "en")
CHANGED = dict(one_thing_changed())
SHOWN = {"lines": [lines_of(SMALL, lang) for lang in LANGUAGES], "picture": [picture_of(SMALL, lang) for lang in LANGUAGES], "page": [page_of(SMALL)]}


@pytest.mark.parametrize("what", CHANGED)
def test_whatever_changes_is_told_by_the_lines_the_picture_the_page_and_the_differences(what):
    other = CHANGED[what]
    assert SHOWN["lines"] != [lines_of(other, lang) for lang in LANGUAGES]
    assert SHOWN["picture"] != [picture_of(other, lang) for lang in LANGUAGES]
    assert SHOWN["page"] != [page_of(other)]
    assert all(changes_in_words(SMALL, other, lang) for lang in LANGUAGES)


def test_a_strategy_does_not_differ_from_itself_and_comments_alone_are_no_difference():
    for lang in ("zh", "en"):
        assert changes_in_words(SMALL, replace(SMALL, text="# a comment\n"), lang) == []


def test_rows_added_removed_moved_and_changed_are_told_by_name():
    held, by_itself, weekly, middle, otherwise = SMALL.rows
    new = replace(middle, name="new")
    after = replace(SMALL, rows=(by_itself, weekly, held, replace(middle, treatments=("call",)), new, otherwise))
    told = changes_in_words(SMALL, after, "en")
    assert told == [
        "row held moved: first → after weekly",
        "row middle changed, What follows: limits choose one of a visit [visit], a call [call] or leave alone [leave_alone] → a call [call]",
        "row new added, after middle: Who: M2 or M3, claimable less than 20,000.00, group: traders and firms [firms]; "
        "What follows: limits choose one of a visit [visit], a call [call] or leave alone [leave_alone]",
    ]
    assert changes_in_words(after, SMALL, "zh")[0].startswith("行 new 删除：适用对象：M2 或 M3")


def test_two_treatments_called_alike_are_told_apart_where_one_replaces_the_other():
    twin = replace(SMALL.treatments[1], name="call_again")
    before = replace(SMALL, treatments=(*SMALL.treatments, twin))
    after = replace(before, rows=(*before.rows[:3], replace(before.rows[3], treatments=("visit", "call_again", "leave_alone")), before.rows[4]))
    assert len(changes_in_words(before, after, "en")) == 1


@given(st.permutations(range(6)), st.integers(0, 3), st.integers(0, 3))
def test_the_fewest_entries_are_said_to_move(order, first, last):
    before, after = [str(number) for number in range(6)], [str(number) for number in order[first:6 - last]]
    common = [name for name in before if name in after]
    fewest = next(count for count in range(len(common) + 1) for out in combinations(common, count)
                  if [name for name in common if name not in out] == [name for name in after if name not in out])
    said = moved(before, after)
    assert len(said) == fewest
    assert [name for name in common if name not in said] == [name for name in after if name not in said]


def test_lines_hold_every_name_and_no_line_break():
    torn = replace(SMALL, treatments=(*SMALL.treatments[:2], replace(SMALL.treatments[2], text="one\ntwo"), *SMALL.treatments[3:]))
    for lang in ("zh", "en"):
        lines = lines_of(torn, lang)
        assert not any("\n" in line for line in lines)
        for entry in (*SMALL.rows, *SMALL.treatments, *SMALL.limits, *SMALL.offers, *SMALL.experiments, *SMALL.ladders, *SMALL.segments):
            assert any(line.lstrip(" 0123456789.").startswith(entry.name) for line in lines), entry.name


TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("逾期一天，。（）abc %M1"), max_size=60)


@given(TEXTS, st.integers(20, 300))
def test_wrapped_lines_fit_and_hold_the_whole_text(text, room):
    lines = wrapped(text, room, 13)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width_of(line, 13) <= room or len(line.strip()) == 1 for line in lines)


@given(st.text("逾期一天电话短信，。、！", min_size=1, max_size=60).filter(lambda text: not any(pair in text for pair in ("，，", "。。"))))
def test_no_line_of_chinese_begins_with_a_closing_mark_where_the_text_does_not(text):
    lines = wrapped(text, 130, 13)
    runs = max(len(run) for run in "".join("x" if mark in "，。、！" else " " for mark in text).split(" "))
    assert runs > 8 or not any(line[0] in "，。、！" for line in lines[1:])


def test_hostile_words_stay_words_in_the_lines():
    hostile = replace(SMALL, rows=(replace(SMALL.rows[0], name=HOSTILE), *SMALL.rows[1:]))
    assert any(HOSTILE in line for line in lines_of(hostile, "en"))
