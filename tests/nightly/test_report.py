"""The night's report: one page that needs nothing but itself, says everything twice, and never adds two currencies."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from string import Formatter

import polars as pl
import pytest

from arrears.nightly.report import render
from arrears.nightly.wording import WORDS
from nightly import made_up_night as night

VOID = {"meta", "link", "input", "br", "path", "rect", "circle"}


class Page(HTMLParser):
    """The elements of a page in order, its ids, and whether every element was closed where it should be."""

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

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.elements if name == tag]


def full() -> str:
    return render(night.summary(), night.tables(), night.worklist())


def two_currencies() -> str:
    sums = {"CNY": night.money_sums(night.buckets()), "USD": night.money_sums(night.buckets("USD"))}
    worklist = pl.concat([night.worklist(30), night.worklist(12, "USD", 31)])
    return render(night.summary(sums), night.tables("CNY", "USD", cohorts=6), worklist)


def first_night() -> str:
    """No earlier night, no late loan, nobody to call, nothing to look at."""
    calm = night.buckets().filter(pl.col("state").is_in(["settled", "M0"]))
    tables = night.tables(nights=()) | {"buckets": calm, "vintage": night.vintage(1, 9),
                                        "first_payment_default": night.first_payment_default().clear()}
    facts = night.summary({"CNY": night.money_sums(calm) | {"unallocated_minor": 0}}, late_loans=0, worklist_rows=0, earlier_nights=[],
                          cap_unknown=[], overpaid_loans=0, held_loans=0)
    return render(facts, tables, night.worklist(0))


def no_loans() -> str:
    facts = night.summary({}, loans=0, borrowers=0, late_loans=0, worklist_rows=0, earlier_nights=[], cap_unknown=[],
                          overpaid_loans=0, held_loans=0)
    return render(facts, {name: frame.clear() for name, frame in night.tables().items()}, night.worklist(0))


def one_loan() -> str:
    bucket = night.buckets().filter(pl.col("state") == "M1").head(1).with_columns(loans=pl.lit(1, pl.Int64))
    facts = night.summary({"CNY": night.money_sums(bucket)}, loans=1, borrowers=1, late_loans=1, worklist_rows=1)
    tables = {name: frame.head(1) for name, frame in night.tables().items()} | {"buckets": bucket}
    return render(facts, tables, night.worklist(1))


PAGES = {"full": full, "two currencies": two_currencies, "first night": first_night, "no loans": no_loans, "one loan": one_loan}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_every_page_is_well_formed_and_its_references_resolve(page):
    parsed = Page(page())
    assert parsed.open == []
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = [name for _, attributes in parsed.elements for name in (attributes.get("aria-labelledby") or "").split()]
    named += [link["href"][1:] for link in parsed.all("a")] + [label["for"] for label in parsed.all("label")]
    assert set(named) <= set(ids)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_the_page_asks_the_network_for_nothing(page):
    text = page()
    assert not re.search(r"https?:|//[a-z]|@import|url\(", text, re.IGNORECASE)
    for tag, attributes in Page(text).elements:
        assert tag not in {"img", "iframe", "object", "embed", "form", "base", "video", "audio", "image", "use"}
        assert not {"src", "srcset", "xlink:href", "action", "style"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
        if "href" in attributes:
            assert attributes["href"].startswith("#") or (tag, attributes["href"]) == ("link", "data:,")
    assert "default-src 'none'" in text


def test_only_the_pages_own_style_and_script_may_run():
    text = full()
    for tag in ("style", "script"):
        content = re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1]
        assert f"{tag}-src 'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'" in text


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_the_same_input_gives_the_same_bytes(page):
    assert page() == page()


def test_the_order_of_rows_in_the_tables_does_not_matter():
    turned = {name: frame.reverse() for name, frame in night.tables("CNY", "USD").items()}
    sums = {name: night.money_sums(night.buckets(name)) for name in ("USD", "CNY")}
    worklist = pl.concat([night.worklist(30), night.worklist(12, "USD", 31)])
    same = dict(reversed(sums.items()))
    assert render(night.summary(sums), night.tables("CNY", "USD"), worklist) == render(night.summary(same), turned, worklist.reverse())


def test_ids_and_names_cannot_bring_markup():
    evil = "<script>alert(1)</script>\"'&{loans}"
    text_columns = (pl.col(pl.String).exclude("currency", "state", "disbursed_month", "as_of", "from_as_of", "to_as_of"))
    tables = {name: frame.with_columns(text_columns.str.replace("^.*$", evil), pl.lit(evil).alias("currency"))
              for name, frame in night.tables().items()}
    worklist = night.worklist(3).with_columns(pl.lit(evil).alias(name) for name in night.worklist(0).columns
                                              if night.WORKLIST_SCHEMA[name] == pl.String)
    facts = night.summary({evil: night.money_sums(night.buckets())}, book=evil, version=evil, known_at=evil, order_zh=evil,
                          order_en=evil, cap_unknown=[{"regime": evil, "reason_zh": evil, "reason_en": evil, "loans": 3}],
                          earlier_nights=[evil])
    text = render(facts, tables, worklist)
    parsed = Page(text)
    assert len(parsed.all("script")) == 1 and "alert(1)" in text
    assert "<script>alert" not in text and parsed.open == []
    assert not [value for _, attributes in parsed.elements for name, value in attributes.items() if name.startswith("on")]


def test_every_wording_speaks_both_languages_with_the_same_facts():
    chinese_letter = re.compile(r"[\u4e00-\u9fff]")
    for key, (chinese, english) in WORDS.items():
        assert chinese.strip() and english.strip(), key
        assert not chinese_letter.search(english), key
        facts = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (chinese, english)]
        assert facts[0] == facts[1], key


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_every_chinese_text_on_the_page_has_an_english_twin_beside_it(page):
    text = page()
    for tag in ("span", "text"):
        languages = [attributes["lang"] for attributes in Page(text).all(tag) if "lang" in attributes]
        assert languages == ["zh", "en"] * (len(languages) // 2)
    english = re.sub(r'<(span|text)[^>]*lang="zh"[^>]*>[^<]*</\1>|<(title|desc)[^>]*>[^<]*</\2>|(aria-label="[^"]*")|<label.*?</label>', "",
                     text.split("</head>")[1].split("<script>")[0])
    assert re.findall(r"[\u4e00-\u9fff]+", english) == []


def test_chinese_shows_first_and_without_script():
    boxes = {box["id"]: box for box in Page(full()).all("input")}
    assert "checked" in boxes["lang-zh"] and "checked" not in boxes["lang-en"]
    assert full().startswith('<!DOCTYPE html>\n<html lang="zh">')


def test_pictures_have_titles_and_tables_have_captions_and_headers():
    text = full()
    parsed = Page(text)
    drawings = [svg for svg in parsed.all("svg") if svg.get("aria-hidden") != "true"]
    assert len(drawings) == len(re.findall(r"<title id=", text)) == len(re.findall(r"<desc id=", text)) >= 11
    assert all(svg["role"] == "img" for svg in drawings)
    assert len(parsed.all("table")) == len(parsed.all("caption")) >= 14
    assert {head.get("scope") for head in parsed.all("th")} == {"col", "row"}


def test_the_headline_shows_counts_and_money_in_major_units():
    text = full()
    for shown in ("120,536", "6,886", "304,739,448.80", "12,097,981.72", "11,886,068.65", "211,913.07", "3.05 亿元", "CNY 304.74 m"):
        assert shown in text
    assert "占未结清贷款 9.3%" in text  # 6,886 of the 73,904 loans of the made-up buckets that are not settled


def test_two_currencies_are_shown_apart_and_never_added():
    text = two_currencies()
    assert "CNY 304.74 m" in text and "USD 304.74 m" in text
    assert "609,478,897.60" not in text and "609.48 m" not in text
    assert len(re.findall(r'<caption id="buckets-(CNY|USD)-states', text)) == 2
    assert "人民币 CNY" in text and "美元 USD" in text


def test_without_an_earlier_night_the_page_says_which_to_run_first():
    text = first_night()
    for command in ("2026-10-31", "2026-11-21", "2026-11-22 --again"):
        assert text.count(f"<code>arrears night --book demo --as-of {command}</code>") == 1
    assert text.count("part 3 says which night to run first") == 2
    assert "no loan is late" in text and "nobody needs attention" in text and "One night alone" in text
    assert "No loan&#x27;s first instalment" in text and "No loan is on hold" in text and "No unallocated money" in text


def test_the_night_before_a_first_of_month_is_named_once():
    text = render(night.summary(as_of="2026-03-01", earlier_nights=[]), {}, night.worklist(0))
    assert re.findall(r"<code>arrears night --book demo --as-of ([^<]+)</code>", text) == ["2026-02-28", "2026-03-01 --again"]


def test_a_book_without_loans_says_so_and_where_that_comes_from():
    text = no_loans()
    assert "no loan disbursed by the end of 2026-11-22" in text
    assert [part["id"] for part in Page(text).all("section")] == ["source"]


def test_only_the_first_fifty_people_are_listed_and_the_total_is_said():
    text = full()
    listed = text.split('id="worklist-table-caption"')[1].split("</table>")[0]
    assert listed.count("<tr>") == 51 and "First 50 of 400 rows" in listed
    assert night.ORDER["order_zh"] in text and night.ORDER["order_en"] in text


def test_an_unknown_treatment_and_state_are_called_by_their_own_names():
    worklist = night.worklist(2).with_columns(treatment=pl.lit("send_a_dove"))
    buckets = pl.concat([night.buckets(), night.buckets().head(1).with_columns(state=pl.lit("S9"))])
    text = render(night.summary(), night.tables() | {"buckets": buckets}, worklist)
    assert "send_a_dove" in text and ">S9<" in text


def test_many_cohorts_are_joined_to_quarters_and_few_are_not():
    many = render(night.summary(), night.tables(cohorts=14), night.worklist())
    few = render(night.summary(), night.tables(cohorts=6), night.worklist())
    young = render(night.summary(), night.tables(cohorts=14, vintage_nights=3), night.worklist())
    assert ">2026-Q2<" in many and "One line per month" not in many
    assert "Q2<" not in few and "One line per month of disbursement.<" in few
    assert "Q2<" not in young and "the latest 8 only" in young


def test_a_quarter_has_a_point_only_where_all_its_months_were_seen():
    text = render(night.summary(), night.tables(cohorts=14), night.worklist())
    drawing = text.split('id="vintage-CNY-30-title"')[1].split("</svg>")[0]
    strokes = re.findall(r'<path d="(M[^"]*)" fill="none"', drawing)
    # Of 2025-Q4, October was seen at ages 2 to 13, November at 1 to 12, December at 0 to 11: all three at 2 to 11.
    assert strokes[0].count("L") + 1 == 10
    # Of 2026-Q4, October was seen at 0 and 1 and November, the newest month, at 0: one point and no line.
    assert strokes[-1].count("L") == 0


def test_a_flow_rate_is_shown_from_a_month_end_only():
    text = full()
    part = text.split('<section id="rolls"')[1].split("</section>")[0]
    rates = {from_as_of: re.findall(r'<td class="number">([^<]*)</td></tr>', block)
             for from_as_of, block in re.findall(r"<h3>.*?(2026-\d\d-\d\d) →(.*?)</table>", part)}
    assert set(rates["2026-11-21"]) == {"–"} and "–" not in rates["2026-10-31"]


def test_dates_may_be_dates_or_text():
    tables = night.tables()
    dated = {name: frame.with_columns(pl.col("^(as_of|from_as_of|to_as_of)$").str.to_date()) for name, frame in tables.items()}
    assert render(night.summary(), tables, night.worklist()) == render(night.summary(), dated, night.worklist())
