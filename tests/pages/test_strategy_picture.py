"""The picture of a strategy: every name is in it, nothing lies on anything else, text stays in its box, and joins are as wide as the number."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.pages.strategy_lettering import width_of
from arrears.pages.strategy_page import page_of
from arrears.pages.strategy_picture import part_of, picture_of
from arrears.strategy.reading import default_strategy_text, strategy_from
from arrears.strategy.strategy import Strategy
from pages.strategy_by_hand import COUNTS, HOSTILE, SMALL, long_of

SVG = "{http://www.w3.org/2000/svg}"
SHIPPED = strategy_from(default_strategy_text())
DRAWN = {"small": (SMALL, None), "small, counted": (SMALL, COUNTS), "60 rows": (long_of(60), None), "shipped": (SHIPPED, None),
         "bare": (replace(SMALL, segments=(), ladders=(), rows=SMALL.rows[-1:], offers=(), experiments=(), limits=(), expected=replace(SMALL.expected, recovery_ppm={}, effect_ppm={}, complaints_per_million={})), {})}


def boxes_of(picture: str) -> list[tuple[str, str, tuple, list]]:
    """(kind, name, (left, top, right, bottom), its own lines of text as elements) of every box."""
    boxes = []
    for group in ElementTree.fromstring(picture).iter(f"{SVG}g"):
        shape = group.find(f"{SVG}rect")
        if shape is not None:
            x, y, width, height = (float(shape.get(side)) for side in ("x", "y", "width", "height"))
            boxes.append((group.get("data-kind"), group.get("data-name"), (x, y, x + width, y + height), group.findall(f"{SVG}text")))
    return boxes


def clashes(boxes: list) -> list:
    """Pairs of boxes that overlap, unless the one is a frame that holds the other."""
    found = []
    for place, (kind, name, (left, top, right, bottom), _) in enumerate(boxes):
        for other_kind, other_name, (left_2, top_2, right_2, bottom_2), _ in boxes[place + 1:]:
            touch = 0.3
            apart = right <= left_2 + touch or right_2 <= left + touch or bottom <= top_2 + touch or bottom_2 <= top + touch
            holds = kind == "follows" and left <= left_2 and top <= top_2 and right_2 <= right + touch and bottom_2 <= bottom + touch
            if not apart and not holds:
                found.append(((kind, name), (other_kind, other_name)))
    return found


def text_outside(boxes: list) -> list:
    """Lines that reach beyond their box by the estimate."""
    found = []
    for kind, name, (left, top, right, bottom), lines in boxes:
        for line in lines:
            size, x, y = (float(line.get(key)) for key in ("font-size", "x", "y"))
            wide = width_of(line.text or "", size, line.get("font-weight", "400"), "monospace" in line.get("font-family", ""))
            start = x - wide / 2 if line.get("text-anchor") == "middle" else x
            is_one = len((line.text or "").strip()) <= 1
            if start < left - 0.2 or (start + wide > right + 0.2 and not is_one) or y - size * 0.8 < top - 0.2 or y + size * 0.25 > bottom + 0.3:
                found.append((kind, name, line.text))
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("which", DRAWN)
def test_no_box_lies_on_another_and_every_text_stays_in_its_box(which, lang):
    boxes = boxes_of(picture_of(DRAWN[which][0], lang, DRAWN[which][1]))
    assert clashes(boxes) == []
    assert text_outside(boxes) == []


def test_the_checks_find_boxes_that_overlap_and_text_that_sticks_out():
    text = ElementTree.fromstring('<text x="1" y="12" font-size="12">much too long</text>')
    boxes = [("row", "a", (0, 0, 20, 20), [text]), ("row", "b", (10, 10, 30, 30), [])]
    assert clashes(boxes) == [(("row", "a"), ("row", "b"))]
    assert text_outside(boxes) == [("row", "a", "much too long")]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("which", DRAWN)
def test_every_name_is_in_the_picture(which, lang):
    strategy = DRAWN[which][0]
    root = ElementTree.fromstring(picture_of(strategy, lang))
    texts = " ".join(text.text for text in root.iter(f"{SVG}text"))
    named = {(group.get("data-kind"), group.get("data-name")) for group in root.iter(f"{SVG}g")}
    for kind, entries in (("row", strategy.rows), ("treatment", strategy.treatments), ("limit", strategy.limits), ("offer", strategy.offers), ("ladder", strategy.ladders),
                          ("experiment", strategy.experiments), ("segment", strategy.segments)):
        for entry in entries:
            assert (kind, entry.name) in named
            assert entry.name in texts
    assert strategy.version in texts and strategy.digest[:12] in texts


def test_rows_stand_in_order_each_beside_what_follows_it():
    boxes = boxes_of(picture_of(SMALL, "en"))
    rows = {name: place for kind, name, place, _ in boxes if kind == "row"}
    assert list(rows) == [row.name for row in SMALL.rows] == sorted(rows, key=lambda name: rows[name][1])
    for row in SMALL.rows:
        top, bottom, right = rows[row.name][1], rows[row.name][3], rows[row.name][2]
        beside = [name for kind, name, place, _ in boxes if kind in ("chip", "step") and place[0] > right and top <= (place[1] + place[3]) / 2 <= bottom]
        assert beside == (list(row.treatments) if row.ladder is None else ["leave_alone", "remind_sms", "call"])


def test_joins_are_as_wide_as_the_loans_they_carry():
    picture = picture_of(SMALL, "en", COUNTS)
    across = [float(low) - float(top) - 4.5 for top, low in re.findall(r'd="M502 ([\d.]+)H[\d.]+v-4.5L[\d.]+ [\d.]+L[\d.]+ ([\d.]+)v', picture)]
    down = [float(wide) for wide in re.findall(r'd="M[\d.]+ [\d.]+h([\d.]+)V[\d.]+h4.5', picture)]
    loans = list(COUNTS["rows"].values())
    assert len(across) == len(down) == len(loans)
    left, unit = sum(loans), down[0] / sum(loans)
    for row, wide, entering in zip(loans, across, down, strict=True):
        assert entering == pytest.approx(max(2, unit * left), abs=0.11)
        assert wide == pytest.approx(max(2, unit * row), abs=0.21)
        left -= row
    for number in ("31,855 loans", "812 loans", "22,000 loans", "else · 31,043 loans", "else · 3 loans", "1,234 people", "0 people"):
        assert f">{number}<" in picture


def test_the_shares_of_the_arms_make_up_the_whole_bar():
    widths = [float(wide) for wide in re.findall(r'<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)" height="26"', picture_of(SMALL, "zh"))]
    assert [wide / sum(widths) for wide in widths] == pytest.approx([0.8, 0.195, 0.005])


@pytest.mark.parametrize("which", DRAWN)
def test_the_same_strategy_gives_the_same_bytes(which):
    strategy, counts = DRAWN[which]
    again = Strategy(**vars(strategy))
    assert picture_of(strategy, "zh", counts) == picture_of(again, "zh", counts)
    assert page_of(strategy, counts) == page_of(again, counts)


def hostile_of(text: str) -> Strategy:
    """The small strategy in which this text stands wherever somebody may write one."""
    def worded(entries, **more):
        return tuple(replace(entry, zh=text, en=text, **more) for entry in entries)
    rows = tuple(replace(row, name=f"{row.name}{text}", reason_zh=text, reason_en=text) for row in SMALL.rows)
    offers = tuple(replace(offer, name=f"{offer.name}{text}", reason_zh=text, reason_en=text, when=(("product", (text,)),)) for offer in SMALL.offers)
    experiments = tuple(replace(one, name=text, zh=text, en=text, arms=tuple(replace(arm, name=f"{arm.name}{text}") for arm in one.arms)) for one in SMALL.experiments)
    return replace(SMALL, id=text, version=text, segments=worded(SMALL.segments), treatments=worded(SMALL.treatments, skill=text, text=text), ladders=worded(SMALL.ladders), rows=rows,
                   offers=offers, experiments=experiments, limits=worded(SMALL.limits, most_from=text), expected=replace(SMALL.expected, source=text), text=text.encode("utf-8", "replace").decode())


@given(st.text(max_size=40) | st.just(HOSTILE), st.sampled_from(["zh", "en"]))
@settings(max_examples=40)
def test_whatever_is_written_the_picture_is_sound(text, lang):
    boxes = boxes_of(picture_of(hostile_of(text), lang, COUNTS))
    assert clashes(boxes) == [] and text_outside(boxes) == []


class Page(HTMLParser):
    """The tags, ids, references and styles of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.ids, self.asked, self.styled = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for key, value in attributes:
            self.ids += [value] if key == "id" else []
            self.asked += value.split() if key == "aria-labelledby" else []
            self.asked += [value[1:]] if key == "href" and value.startswith("#") else []
            self.styled += [tag] if key == "style" or key.startswith("on") else []


@pytest.mark.parametrize("which", DRAWN)
def test_the_page_needs_nothing_else_and_what_it_refers_to_is_there(which):
    text = page_of(*DRAWN[which])
    found = Page(text)
    assert found.tags.count("script") == 1 and found.styled == []
    assert len(set(found.ids)) == len(found.ids)
    assert set(found.asked) <= set(found.ids)
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", text)


def test_hostile_words_are_escaped_on_the_page_and_nothing_runs():
    text = page_of(hostile_of(HOSTILE), COUNTS)
    assert Page(text).tags.count("script") == 1 and "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert text.encode("utf-8").count(b"\x00") == 0


def test_the_page_says_every_wording_in_full_and_both_languages():
    text = page_of(SMALL, COUNTS)
    assert "【{lender}】您好，贷款已逾期，应还{amount}元。" in text
    for row in SMALL.rows:
        assert row.reason_zh in text and row.reason_en in text
    for part in ("flow", "ladders", "experiments"):
        for lang in ("zh", "en"):
            assert part_of(part, SMALL, lang, COUNTS) in text
