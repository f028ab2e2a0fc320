"""Texts that cross a red line are found under it, through every disguise; lawful ones are not."""

import dataclasses
import random
import unicodedata
from collections import Counter
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.compliance.wording import findings
from arrears.compliance.wording_examples import failed_texts
from compliance.packs import lexicon, texts

UNLAWFUL = texts("unlawful_texts.yaml")
LAWFUL = texts("lawful_texts.yaml")
BOT = Path(__file__).parents[3] / "shared" / "data" / "zh_collection_bot_intents"


def red_lines(text: str, where: str = "cn") -> set[str]:
    return {finding.red_line for finding in findings(text, lexicon(where))}


@pytest.mark.parametrize("where,red_line,text", UNLAWFUL)
def test_an_unlawful_text_is_found_under_its_red_line(where, red_line, text):
    assert red_line in red_lines(text, where)


@pytest.mark.parametrize("where,kind,text", LAWFUL)
def test_a_lawful_text_is_not_refused_and_a_plain_one_names_no_suit(where, kind, text):
    assert red_lines(text, where) == (set() if kind == "plain" else {"suit"})


@pytest.mark.parametrize("text", [text for where, kind, text in LAWFUL if (where, kind) == ("us", "plain")])
def test_a_lawful_english_text_is_not_refused_by_the_chinese_pack_either(text):
    assert red_lines(text, "cn") == set()


@pytest.mark.parametrize("text,red_line", [
    ("This is the police, pay today", "posing_as_authority"), ("We will kill you", "threat"), ("You idiot", "abuse"), ("You are on the blacklist", "invented_blacklist"),
    ("You will go to jail", "exaggerated_consequence"), ("We will tell your family", "disclosure"), ("You must pay a collection fee", "extra_fees"), ("We will sue you", "suit")])
def test_the_plainest_english_is_found_by_the_chinese_pack_too(text, red_line):
    assert red_line in red_lines(text, "cn")


def test_there_are_enough_texts_and_every_red_line_has_some():
    assert len(UNLAWFUL) >= 150 and len(LAWFUL) >= 150
    assert set(Counter((where, line) for where, line, _ in UNLAWFUL).values()) and {line for where, line, _ in UNLAWFUL if where == "us"} == {
        line for where, line, _ in UNLAWFUL if where == "cn"}


@pytest.mark.parametrize("where", ["cn", "us"])
def test_the_examples_of_a_red_line_hold(where):
    assert failed_texts(lexicon(where)) == []
    for example in lexicon(where).examples:
        found = {one.red_line for one in findings(example.text, lexicon(where))
                 if example.on is None or one.from_on <= example.on and (one.until_on is None or example.on < one.until_on)}
        assert (example.red_line in found) == example.refused, example
        assert example.refused or not found - {"suit"}, example


@pytest.mark.skipif(not BOT.is_dir(), reason="the shared data set zh_collection_bot_intents is absent")
def test_what_borrowers_say_to_a_reminder_bot_is_found_only_where_it_insults():
    said = {line[2:].strip() for path in BOT.glob("nlu*.md") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("- ")}
    assert len(said) > 100
    assert {text for text in said if red_lines(text)} == {"傻B"}


@pytest.mark.parametrize("text,disguise,found", [
    ("你会上黑名单的", None, "黑名单"),
    ("你会上黑 名 单的", "spaced", "黑 名 单"),
    ("你会上黑*名-单的", "spaced", "黑*名-单"),
    ("你会上黑，名，单的", "spaced", "黑，名，单"),
    ("你会上黑\u200b名单的", "zero_width", "黑\u200b名单"),
    ("你会上黑名\ufe0f单的", "zero_width", "黑名\ufe0f单"),
    ("你會上黑名單的", "traditional", "黑名單"),
    ("你会上嫼名单的", "look_alike", "嫼名单"),
    ("你会上⿊名单的", "full_width", "⿊名单"),
    ("你会上黑铭单的", "homophone", "黑铭单"),
    ("你会上hei ming dan的", "homophone", "hei ming dan"),
    ("你会上heimingdan的", "homophone", "heimingdan"),
    ("你会上hmd的", "pinyin_initials", "hmd"),
    ("你会上ＨＭＤ的", "pinyin_initials", "ＨＭＤ"),
    ("你会上h.m.d的", "pinyin_initials", "h.m.d"),
])
def test_the_disguise_is_named_and_the_place_is_that_of_the_original(text, disguise, found):
    (one,) = [finding for finding in findings(text, lexicon("cn")) if finding.found == found]
    assert (one.disguise, text[one.start:one.end], one.red_line) == (disguise, found, "invented_blacklist")


@pytest.mark.parametrize("text,disguise", [
    ("you will be arrested", None), ("you will be ａｒｒｅｓｔｅｄ", "full_width"), ("you will be \u0430rrested", "look_alike"),
    ("you will be a r r e s t e d", "spaced"), ("you will be arr ested", "spaced"), ("you will be arr\u200bested", "zero_width"),
    ("you will be arr3sted", "look_alike"), ("you will be árrested", "look_alike"), ("y o u   w i l l   b e   a r r e s t e d", "spaced"),
])
def test_english_disguises_are_named(text, disguise):
    assert disguise in {finding.disguise for finding in findings(text, lexicon("us")) if finding.entry == "us.threat.arrest"}


@pytest.mark.parametrize("lawful,unlawful", [
    ("我们不会联系您的家人", "我们会联系您的家人"),
    ("不还款我们也不会通知你家人", "不还款就通知你家人"),
    ("您不会坐牢", "别以为不会坐牢"),
    ("我们不会上门闹", "我们不会客气，上门闹"),
    ("我们绝不爆您的通讯录", "不要逼我们爆你通讯录"),
    ("如有人冒充公安，请勿相信", "我是公安，请勿挂断"),
    ("您可以联系您的家人", "我们可以联系您的家人"),
    ("法院路网点", "这里是法院执行局"),
    ("只有法院能列入失信名单", "我们把你列入失信名单"),
    ("请抓紧还款", "抓你去坐牢"),
    ("垃圾短信请忽略", "你这个垃圾"),
    ("不收手续费", "手续费由你承担"),
])
def test_context_decides(lawful, unlawful):
    assert not red_lines(lawful)
    assert red_lines(unlawful) - {"suit"}


@pytest.mark.parametrize("text", [
    "你的非法行为我们会爆你通讯录", "不要逼我们起诉", "您投诉的结果就是我们上门闹", "我们不会放过你，弄死你", "我们上门闹，请勿相信别人", "我们从不开玩笑，爆通讯录",
    "我们不得不通知你家人", "我们不会不通知你家人", "不处理就通知你家人", "不还款将通知你单位", "别以为不会抓你", "没有还款，我们联系你家人", "不能还款就上黑名单",
    "这不是威胁，不还就弄死你", "如不还款，上门闹", "如有违约我们爆你通讯录", "不要以为躲着就不会坐牢，等着坐牢吧", "你是不是脑子有病", "不想坐牢就还钱",
])
def test_a_denial_that_denies_something_else_frees_nothing(text):
    assert red_lines(text)


@pytest.mark.parametrize("text", [
    "We will not stop until you are arrested", "If you do not pay, you will be arrested", "Do not ignore us or we will hurt you", "You did not pay so we will tell your boss",
    "Not a joke, we will break your legs", "No payment means jail", "We never forget, we will ruin you", "If you don't pay we will sue you", "I won't hesitate to sue you",
])
def test_an_english_denial_that_denies_something_else_frees_nothing(text):
    assert red_lines(text, "us")


@pytest.mark.parametrize("text,where", [
    ("本笔债务已过诉讼时效", "cn"), ("您有权向法院起诉", "cn"), ("we will not sue you", "us"), ("the law limits how long you can be sued", "us")])
def test_limitation_may_be_told_without_threatening_suit(text, where):
    assert not red_lines(text, where)


def test_a_plain_mention_of_suit_is_suit_and_nothing_else():
    assert red_lines("逾期不还，我行将依法起诉") == {"suit"}
    assert red_lines("we may take legal action", "us") == {"suit"}


def test_a_disguise_that_an_entry_does_not_look_for_is_not_seen():
    plain = lexicon("cn")
    blind = dataclasses.replace(plain, entries=tuple(dataclasses.replace(entry, disguises=frozenset(), homophones=()) for entry in plain.entries))
    assert findings("黑名单", blind) and not findings("黑 名 单", blind)


def _chinese() -> list[tuple[str, str, str]]:
    return [one for one in UNLAWFUL if one[0] == "cn"]


@given(st.sampled_from(UNLAWFUL), st.randoms(use_true_random=False), st.sampled_from("\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\ufe0f\u180e"))
def test_invisible_characters_free_no_text(one, dice: random.Random, unseen):
    where, red_line, text = one
    assert red_line in red_lines("".join(letter + unseen * dice.randint(0, 2) for letter in text), where)


@given(st.sampled_from(_chinese()), st.randoms(use_true_random=False), st.sampled_from([" ", "\u3000", "*", "·", "-", "_", "~"]))
def test_spaces_and_marks_between_characters_free_no_chinese_text(one, dice: random.Random, between):
    where, red_line, text = one
    assert red_line in red_lines("".join(letter + between * dice.randint(0, 1) for letter in text), where)


@given(st.sampled_from(UNLAWFUL))
def test_full_width_forms_free_no_text(one):
    where, red_line, text = one
    wide = "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else "\u3000" if letter == " " else letter for letter in text)
    assert unicodedata.normalize("NFKC", wide) == unicodedata.normalize("NFKC", text)
    assert red_line in red_lines(wide, where)


@pytest.mark.parametrize("where,red_line,text", [one for one in UNLAWFUL if one[0] == "us" and one[2].isascii() and "  " not in one[2]])
def test_letters_spelled_one_by_one_free_no_english_text(where, red_line, text):
    assert red_line in red_lines(" ".join(text), where)


@given(st.sampled_from(UNLAWFUL + LAWFUL), st.sampled_from(["cn", "us"]), st.integers(min_value=0), st.integers(min_value=1, max_value=5))
def test_an_entry_more_frees_no_text(one, where, first, count):
    whole = lexicon(where)
    start = first % len(whole.entries)
    fewer = dataclasses.replace(whole, entries=whole.entries[:start] + whole.entries[start + count:])
    assert set(findings(one[2], fewer)) <= set(findings(one[2], whole))


@given(st.text(max_size=80), st.sampled_from(["cn", "us"]))
def test_any_text_is_judged_and_every_place_lies_within_it(text, where):
    first = findings(text, lexicon(where))
    assert first == findings(text, lexicon(where))
    for one in first:
        assert 0 <= one.start < one.end <= len(text) and one.found == text[one.start:one.end]


@given(st.lists(st.sampled_from(UNLAWFUL), min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_what_was_screened_before_does_not_matter(batch, dice: random.Random):
    alone = {one: findings(one[2], lexicon(one[0])) for one in batch}
    again = list(batch)
    dice.shuffle(again)
    assert all(findings(one[2], lexicon(one[0])) == alone[one] for one in again)


@pytest.mark.parametrize("piece", ["起诉", "黑名单", "a.r.r.e.s.t ", "j4il ", "a ", "黑，名，单，"])
def test_the_time_that_a_long_text_takes_grows_with_its_length_alone(piece):
    """20,000 characters of a pattern that repeats: read again from each place on, they took up to twenty seconds and more."""
    begun = process_time()
    findings((piece * 20_000)[:20_000], lexicon("cn"))
    assert process_time() - begun < 5
