"""A model's card: one page that needs nothing but itself, says everything twice, and shows the figures of the card."""

import json
import re
from html.parser import HTMLParser
from string import Formatter

import pytest

from arrears.modelling.card_page import card_page
from arrears.modelling.card_words import WORDS
from modelling.made_up_card import bare_card, card, share_card

VOID = {"meta", "link", "input", "br", "path", "rect", "circle"}
CARDS = {"full": card, "bare": bare_card, "of shares": share_card}


class Page(HTMLParser):
    """The elements of a page in order, and whether every element was closed where it should be."""

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}> closes something else at {self.getpos()}"


@pytest.mark.parametrize("made", CARDS.values(), ids=CARDS.keys())
def test_every_card_is_well_formed_asks_for_nothing_and_its_references_resolve(made):
    text = card_page(made())
    parsed = Page(text)
    assert parsed.open == []
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = [name for _, attributes in parsed.elements for name in (attributes.get("aria-labelledby") or "").split()]
    named += [attributes["href"][1:] for tag, attributes in parsed.elements if tag == "a"]
    assert named and set(named) <= set(ids)
    assert not re.search(r"https?:|//[a-z]|@import|url\(", text, re.IGNORECASE)


@pytest.mark.parametrize("made", CARDS.values(), ids=CARDS.keys())
def test_every_chinese_text_of_a_card_has_an_english_twin_beside_it(made):
    text = card_page(made()).replace("女", "f").replace("男", "m").replace("北", "n").replace("南", "s").replace("现任", "c").replace("挑战者 v2", "v2")
    languages = [attributes["lang"] for tag, attributes in Page(text).elements if tag in ("span", "text") and "lang" in attributes]
    assert languages and all(languages.count(language) * 2 == len(languages) for language in ("zh", "en"))
    english = re.sub(r'<(span|text)[^>]*lang="zh"[^>]*>[^<]*</\1>|<(title|desc)[^>]*>[^<]*</\2>|(aria-label="[^"]*")|<label.*?</label>', "",
                     text.split("</head>")[1].split("<script>")[0])
    assert re.findall(r"[\u4e00-\u9fff]+", english) == []


def test_every_wording_of_a_card_speaks_both_languages_with_the_same_facts():
    for key, (chinese, english) in WORDS.items():
        assert chinese.strip() and english.strip() and not re.search(r"[\u4e00-\u9fff]", english), key
        facts = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (chinese, english)]
        assert facts[0] == facts[1], key


def test_the_same_card_gives_the_same_bytes():
    assert card_page(card()) == card_page(card())


def test_a_card_kept_as_json_gives_the_same_page():
    for made in CARDS.values():
        assert card_page(json.loads(json.dumps(made()))) == card_page(made())


def test_the_card_shows_its_figures_with_their_intervals():
    made, text = card(), card_page(card())
    found = made["metrics"]["test"]["auc"]
    assert f"{found['value']:.4f} [{found['low']:.4f}, {found['high']:.4f}]" in text
    assert "a loan that is not late misses its next due date" in text and "Horizon: 30 days" in text and "Out-of-time validation" in text
    for band in made["bands"]:
        assert f">{band['rows']:,}<" in text
    assert "no reject inference" in text and "4be0" * 16 in text and "The data has no sex" not in text
    assert "Selected = in the band worst for the lender" in text
    assert "Selected = approved" in card_page(made | {"selected_is": {"zh": "获批", "en": "approved"}})
    assert "unemployment up about three points" in text and "assumptions of ours" in text


def test_a_dot_of_the_plot_stands_where_its_estimate_and_its_rate_say():
    bands = [{"band": 0, "rows": 100, "predicted": 0.2, "observed": 0.4, "low": 0.3, "high": 0.5}, {"band": 1, "rows": 100, "predicted": 0.4, "observed": 0.2, "low": None, "high": None}]
    drawing = card_page(card() | {"calibration": bands}).split('id="card-calibration-plot-title"')[1].split("</svg>")[0]
    (x1, y1), (x2, y2) = ((float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', drawing))
    assert x1 < x2 and y1 < y2
    # Between the two dots lie 0.2 on each axis: as far across as from the origin to the first dot.
    assert x2 - x1 == pytest.approx(x1 - 52, abs=0.2)
    assert drawing.count('stroke-width="1.4"') == 1


def test_a_card_with_nothing_to_show_says_so_in_every_part():
    text = card_page(bare_card())
    for said in ("not followed yet", "There is no challenger", "No downturn was computed", "cannot be checked", "No limits are stated", "this part cannot be given"):
        assert said.lower() in text.lower()


def test_a_card_of_shares_has_no_ranking_and_shows_how_well_covered():
    text = card_page(share_card())
    assert 'id="card_ranking"' not in text and "Coverage of the interval" in text and "R²" in text
    assert "Sum of shares" in text and "events in" not in text and "More points" not in text and "Event rate" not in text.split('id="card_features"')[0]


def test_estimates_told_from_perfect_ones_are_said_to_be():
    made = card()
    made["metrics"] = made["metrics"] | {"test": made["metrics"]["test"] | {"calibration_p": 0.01}}
    assert "the estimates are told from perfect ones (p = 0.010)" in card_page(made)
    assert "cannot be told from perfect ones" in card_page(card())


def test_text_of_a_card_cannot_bring_markup():
    evil = "<script>alert(1)</script>\"'&{rows}"
    made = card() | {"model": evil, "version": evil, "digest": evil, "event": {"zh": evil, "en": evil, "is_bad": True}, "limits": [{"zh": evil, "en": evil}],
                     "versions": {evil: evil}, "data": card()["data"] | {"source": evil, "notes": [{"zh": evil, "en": evil}]}}
    made["features"] = [one | {"name": evil, "zh": evil, "en": evil, "formula": evil, "bins": [entry | {"label": evil} for entry in one["bins"]]} for one in made["features"][:1]]
    made["fairness"] = [one | {"attribute": evil, "group": evil} for one in made["fairness"]]
    text = card_page(made)
    assert "<script>alert" not in text and "alert(1)" in text and Page(text).open == []
    assert not [name for _, attributes in Page(text).elements for name in attributes if name.startswith("on")]
