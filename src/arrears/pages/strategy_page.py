"""A strategy as one page that documents itself: the picture, and everything in it as tables and words, in Chinese and English."""

from collections.abc import Callable
from html import escape

from arrears.pages import strategy_words as in_words
from arrears.pages.amounts import count
from arrears.pages.markup import CODE, NUMBER, PROSE, TEXT, Cell, anchor, both, paragraph, say, section, table
from arrears.pages.page import page, switch
from arrears.pages.strategy_lettering import drawable
from arrears.pages.strategy_picture import Counts, expected_table, part_of
from arrears.pages.strategy_wording import LANGUAGES, Pair, words
from arrears.strategy.strategy import Arm, Row, Strategy, Treatment

_PARTS = ("flow", "treatments", "ladders", "offers", "experiments", "limits", "giving", "expected", "source")


def page_of(strategy: Strategy, counts: Counts | None = None) -> str:
    """The page of a strategy, in Chinese and English; the same strategy and counts, the same bytes. Everything of the strategy is escaped.

    counts: `rows` late loans by row, `treatments` people by treatment; the joins of the picture are as wide as the number.
    """
    counts = counts or {}
    drawn = {"flow": _flow, "treatments": _treatments, "ladders": _ladders, "offers": _offers, "experiments": _experiments, "limits": _limits,
             "giving": _giving, "expected": _expected, "source": _source}
    parts = "".join(section(f"strategy_{name}", drawn[name](strategy, counts)) for name in _PARTS)
    title = escape(drawable(f"{' / '.join(words('strategy.title'))} · {strategy.id} · {strategy.version}"))
    return drawable(page(title, _header(strategy), _tiles(strategy) + parts, say("strategy.foot")))


def _header(strategy: Strategy) -> str:
    links = "".join(f'<a href="#strategy_{name}">{number}. {say(f"strategy_{name}.title")}</a>' for number, name in enumerate(_PARTS, 1))
    return (f'<header><div><h1>{say("strategy.title")}</h1><p>{say("strategy.of", id=strategy.id, version=strategy.version)}<br>'
            f'{say("strategy.digest", digest=strategy.digest)}</p></div>{switch()}</header>'
            f'<nav aria-labelledby="contents"><b id="contents">{say("page.sections")}</b>{links}</nav>')


def _tiles(strategy: Strategy) -> str:
    figures = {"rows": len(strategy.rows), "treatments": len(strategy.treatments), "limits": len(strategy.limits), "experiments": len(strategy.experiments)}
    tiles = "".join(f'<div class="{"first" if name == "rows" else ""}"><dt>{say(f"strategy.tile.{name}")}</dt><dd class="big">{number:,}</dd>'
                    f'<dd class="small">{say(f"strategy.tile.{name}.note", n=len(strategy.contacts))}</dd></div>' for name, number in figures.items())
    return f'<dl class="tiles">{tiles}</dl>'


def _flow(strategy: Strategy, counts: Counts) -> str:
    loans = counts.get("rows")
    columns = [(_part("order"), NUMBER), (_part("row"), CODE), (_part("who"), PROSE), (_part("follows"), PROSE), (_part("reason"), PROSE)]
    columns += [] if loans is None else [(_part("late_loans"), NUMBER)]
    rows: list[list[Cell]] = []
    for place, row in enumerate(strategy.rows, start=1):
        cells = [str(place), row.name, _pair(lambda lang, row=row: in_words.row_in_words(row, strategy, lang)), _follows(row, strategy), (row.reason_zh, row.reason_en)]
        rows.append(cells + ([] if loans is None else [count(loans.get(row.name, 0))]))
    listed = table("strategy-rows", words("strategy_flow.rows"), columns, rows)
    if strategy.segments:
        segments = [[one.name, (one.zh, one.en), _pair(lambda lang, one=one: _who(one.when, lang, strategy))] for one in strategy.segments]
        listed += table("strategy-segments", words("strategy_flow.segments"), [(_part("what"), CODE), (_part("words"), TEXT), (_part("who"), PROSE)], segments)
    return _picture("flow", words("strategy_flow.picture"), strategy, counts) + listed


def _treatments(strategy: Strategy, counts: Counts) -> str:
    people = counts.get("treatments")
    cards = "".join(_card(treatment, place, None if people is None else people.get(treatment.name, 0)) for place, treatment in enumerate(strategy.treatments, start=1))
    return f'<dl class="tiles three">{cards}</dl>'


def _card(treatment: Treatment, place: int, people: int | None) -> str:
    facts = list(zip(*(in_words.treatment_lines(treatment, lang) for lang in LANGUAGES), strict=True))
    if people is not None:
        facts.insert(0, words("strategy.part.people", n=count(people)))
    lines = "".join(f'<dd class="small">{both(fact)}</dd>' for fact in facts)
    text = "" if treatment.text is None else f'<dd class="small"><b>{say("strategy.part.wording")}</b> {escape(treatment.text)}</dd>'
    return f'<div><dt>{place} · <code>{escape(treatment.name)}</code></dt><dd><b>{both((treatment.zh, treatment.en))}</b></dd>{lines}{text}</div>'


def _ladders(strategy: Strategy, counts: Counts) -> str:
    if not strategy.ladders:
        return _none()
    rows: list[list[Cell]] = []
    for ladder in strategy.ladders:
        steps = [in_words.ladder_steps(ladder, strategy, lang) for lang in LANGUAGES]
        rows += [[ladder.name, (ladder.zh, ladder.en), (zh[0], en[0]), (zh[1], en[1])] for zh, en in zip(*steps, strict=True)]
    columns = [(_part("what"), CODE), (_part("words"), PROSE), (_part("step"), TEXT), (_part("treatment"), PROSE)]
    return _picture("ladders", _part("ladders"), strategy, counts) + table("strategy-ladders", words("strategy_ladders.table"), columns, rows)


def _offers(strategy: Strategy, counts: Counts) -> str:
    if not strategy.offers:
        return _none()
    columns = [(_part("what"), CODE), (_part("who"), PROSE), (_part("instalments"), NUMBER), (_part("shift"), NUMBER), (_part("penalty"), NUMBER), (_part("interest"), NUMBER),
               (_part("reason"), PROSE)]
    rows = [[offer.name, _pair(lambda lang, offer=offer: _who(offer.when, lang, strategy)), f"{offer.instalments_most:,}", f"{offer.shift_days_most:,}",
             in_words.per_cent(offer.waive_penalty_ppm), in_words.per_cent(offer.waive_interest_ppm), (offer.reason_zh, offer.reason_en)] for offer in strategy.offers]
    return paragraph(say("strategy.part.offers.note"), "plain") + table("strategy-offers", words("strategy_offers.title"), columns, rows)


def _experiments(strategy: Strategy, counts: Counts) -> str:
    if not strategy.experiments:
        return _none()
    columns = [(_part("arm"), CODE), (_part("share"), NUMBER), (_part("follows"), PROSE)]
    listed = ""
    for number, one in enumerate(strategy.experiments, start=1):
        about = _pair(lambda lang, one=one: ("；" if lang == "zh" else "; ").join((
            f"{getattr(one, lang)} ({one.name})", in_words.dates_in_words(one, lang), in_words.conditions_in_words(one.when, lang, strategy),
            in_words.value_in_words("outcome", one.outcome, lang))))
        listed += table(f"strategy-experiment-{number}", about, columns, [[arm.name, in_words.per_cent(arm.share_ppm), _follows(arm, strategy)] for arm in one.arms])
    return _picture("experiments", _part("experiments"), strategy, counts) + listed


def _limits(strategy: Strategy, counts: Counts) -> str:
    if not strategy.limits:
        return _none()
    columns = [(_part("what"), CODE), (_part("words"), PROSE), (_part("counted"), PROSE), (_part("bound"), PROSE)]
    rows = [[limit.name, (limit.zh, limit.en), _pair(lambda lang, limit=limit: in_words.counted_in_words(limit, lang, strategy)),
             _pair(lambda lang, limit=limit: in_words.bounds_in_words(limit, lang))] for limit in strategy.limits]
    return table("strategy-limits", words("strategy_limits.title"), columns, rows)


def _giving(strategy: Strategy, counts: Counts) -> str:
    lines = zip(*(in_words.giving_in_words(strategy.giving, lang) for lang in LANGUAGES), strict=True)
    return f'<ul class="checks">{"".join(f"<li>{both(line)}</li>" for line in lines)}</ul>'


def _expected(strategy: Strategy, counts: Counts) -> str:
    (heads_zh, rows_zh), (heads_en, rows_en) = (expected_table(strategy, lang) for lang in LANGUAGES)
    if not rows_zh:
        return _none()
    columns = [((zh, en), TEXT if place == 0 else NUMBER) for place, (zh, en) in enumerate(zip(heads_zh, heads_en, strict=True))]
    rows = [[(zh, en) for zh, en in zip(*both_rows, strict=True)] for both_rows in zip(rows_zh, rows_en, strict=True)]
    source = strategy.expected.source or words("strategy.part.no_source")
    return table("strategy-expected", words("strategy_expected.title"), columns, rows) + paragraph(say("strategy.part.source", source=source), "plain")


def _source(strategy: Strategy, counts: Counts) -> str:
    return (f'<details><summary>{say("strategy_source.text")}</summary><div class="scroll" role="region" tabindex="0" aria-label="YAML">'
            f"<pre><code>{escape(strategy.text)}</code></pre></div></details>")


def _picture(name: str, caption: Pair, strategy: Strategy, counts: Counts) -> str:
    """The drawing in both languages, of which the page shows one; it scrolls sideways rather than shrink."""
    drawings = "".join(f'<span lang="{lang}">{part_of(name, strategy, lang, counts)}</span>' for lang in LANGUAGES)
    return (f'<p id="{anchor(name)}-picture"><b>{both(caption)}</b></p><div class="scroll" role="region" tabindex="0" aria-labelledby="{anchor(name)}-picture">{drawings}</div>')


def _follows(what: Row | Arm, strategy: Strategy) -> Pair:
    marks = (lambda lang: in_words.marks_of(what, lang)) if isinstance(what, Row) else (lambda lang: [])
    return _pair(lambda lang: in_words.follows_in_words(what, strategy, lang) + "".join(f" [{mark}]" for mark in marks(lang)))


def _who(when: tuple, lang: str, strategy: Strategy) -> str:
    return in_words.conditions_in_words(when, lang, strategy) if when else words("strategy.part.everybody_else")[lang == "en"]


def _pair(said_in: Callable[[str], str]) -> Pair:
    return said_in("zh"), said_in("en")


def _part(key: str) -> Pair:
    return words(f"strategy.part.{key}")


def _none() -> str:
    return paragraph(say("strategy.part.none"), "plain")
