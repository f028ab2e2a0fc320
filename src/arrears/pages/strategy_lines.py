"""A whole strategy in words for a terminal."""

from collections.abc import Callable, Iterator

from arrears.pages import strategy_words as in_words
from arrears.pages.strategy_wording import said
from arrears.strategy.strategy import Expected, Strategy


def lines_of(strategy: Strategy, lang: str) -> list[str]:
    """The strategy in words, one thing a line, in sections whose headings are not indented; an empty line before each heading but the first.

    Everything of the strategy stands in it but the file's text; same strategy, same lines. A line break inside a wording becomes a space.
    """
    lines = [said("strategy", lang, id=strategy.id, version=strategy.version), f"  {said('digest', lang, digest=strategy.digest[:12])}", f"  {said('money', lang)}"]
    sections: tuple[tuple[str, Callable[[Strategy, str], Iterator[str]]], ...] = (
        ("segments", _segments), ("rows", _rows), ("treatments", _treatments), ("ladders", _ladders), ("offers", _offers),
        ("experiments", _experiments), ("limits", _limits), ("giving", _giving), ("expected", _expected))
    for heading, written in sections:
        lines += ["", said(heading, lang), *(f"  {line}" for line in list(written(strategy, lang)) or [said("none", lang)])]
    return [" ".join(line.splitlines()) for line in lines]


def expected_in_words(expected: Expected, strategy: Strategy, lang: str) -> list[str]:
    """What is assumed, one sentence for each: left alone, each treatment, complaints, and the source."""
    colon, comma = ("：", "，") if lang == "zh" else (": ", ", ")
    shares = [(said("recovery", lang), expected.recovery_ppm)]
    shares += [(said("effect_of", lang, name=in_words.named_in(strategy.treatments, name, lang)), by_bucket) for name, by_bucket in expected.effect_ppm.items()]
    lines = [f"{name}{colon}{comma.join(f'{bucket} {in_words.per_cent(ppm)}' for bucket, ppm in by_bucket.items())}" for name, by_bucket in shares if by_bucket]
    if expected.complaints_per_million:
        said_of = comma.join(f"{in_words.named_in(strategy.treatments, name, lang)} {number:,}" for name, number in expected.complaints_per_million.items())
        lines.append(f"{said('complaints', lang)}{colon}{said_of}")
    if lines or expected.source:
        lines.append(said("source", lang, source=expected.source or said("no_source", lang)))
    return lines


def _segments(strategy: Strategy, lang: str) -> Iterator[str]:
    for place, segment in enumerate(strategy.segments, start=1):
        who = in_words.conditions_in_words(segment.when, lang, strategy) if segment.when else said("everybody_else", lang)
        yield f"{place}. {segment.name}{_aside(getattr(segment, lang), lang)}{_colon(lang)}{who}"


def _rows(strategy: Strategy, lang: str) -> Iterator[str]:
    for place, row in enumerate(strategy.rows, start=1):
        yield f"{place}. {row.name}{_colon(lang)}{in_words.row_in_words(row, strategy, lang)}"
        yield f"   → {in_words.follows_in_words(row, strategy, lang)}{''.join(f' [{mark}]' for mark in in_words.marks_of(row, lang))}"
        yield f"   {said('reason', lang)}{_colon(lang)}{row.reason_zh if lang == 'zh' else row.reason_en}"


def _treatments(strategy: Strategy, lang: str) -> Iterator[str]:
    for place, treatment in enumerate(strategy.treatments, start=1):
        yield f"{place}. {treatment.name}{_aside(getattr(treatment, lang), lang)}{_colon(lang)}{in_words.treatment_in_words(treatment, lang)}"
        if treatment.text is not None:
            yield f"   {said('wording', lang)}{_colon(lang)}{treatment.text}"


def _ladders(strategy: Strategy, lang: str) -> Iterator[str]:
    for ladder in strategy.ladders:
        yield f"{ladder.name}{_aside(getattr(ladder, lang), lang)}{_colon(lang)}{in_words.ladder_in_words(ladder, strategy, lang)}"


def _offers(strategy: Strategy, lang: str) -> Iterator[str]:
    if strategy.offers:
        yield said("offers.note", lang)
    for place, offer in enumerate(strategy.offers, start=1):
        who = in_words.conditions_in_words(offer.when, lang, strategy) if offer.when else said("everybody_else", lang)
        yield f"{place}. {offer.name}{_colon(lang)}{who} → {in_words.offer_in_words(offer, lang)}"
        yield f"   {said('reason', lang)}{_colon(lang)}{offer.reason_zh if lang == 'zh' else offer.reason_en}"


def _experiments(strategy: Strategy, lang: str) -> Iterator[str]:
    for experiment in strategy.experiments:
        yield f"{experiment.name}{_aside(getattr(experiment, lang), lang)}{_colon(lang)}{in_words.experiment_in_words(experiment, lang, strategy)}"


def _limits(strategy: Strategy, lang: str) -> Iterator[str]:
    for limit in strategy.limits:
        yield f"{limit.name}{_aside(getattr(limit, lang), lang)}{_colon(lang)}{in_words.limit_in_words(limit, lang, strategy)}"


def _giving(strategy: Strategy, lang: str) -> Iterator[str]:
    yield from in_words.giving_in_words(strategy.giving, lang)


def _expected(strategy: Strategy, lang: str) -> Iterator[str]:
    yield from expected_in_words(strategy.expected, strategy, lang)


def _aside(text: str, lang: str) -> str:
    return f"（{text}）" if lang == "zh" else f" ({text})"


def _colon(lang: str) -> str:
    return "：" if lang == "zh" else ": "
