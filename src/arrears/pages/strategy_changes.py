"""What differs between two strategies, in words."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from arrears.pages import strategy_words as in_words
from arrears.pages.strategy_lines import expected_in_words
from arrears.pages.strategy_wording import said
from arrears.strategy.strategy import Arm, Experiment, Ladder, Limit, Offer, Row, Segment, Strategy, Treatment

Facts = dict[str, str]
"""What is said of one entry: a word for each side of it, and its value in words."""

_KINDS = {"segments": ("客群", "group"), "rows": ("行", "row"), "treatments": ("处置", "treatment"), "ladders": ("阶梯", "ladder"), "offers": ("方案", "offer"),
          "experiments": ("试验", "experiment"), "limits": ("限额", "limit")}
_ORDERED = ("segments", "rows", "treatments", "offers")  # of which the order decides


def changes_in_words(before: Strategy, after: Strategy, lang: str) -> list[str]:
    """One line for each thing added, removed, moved or changed, in the order of the file; none where the two say the same.

    An entry is the same when its name is. Moved are the fewest entries that must move for the order to become the new one. A difference in the
    file's comments or spacing alone is no line; the digests tell it.
    """
    lines = []
    old_words, new_words = _with_names(before), _with_names(after)
    for word, old, new in ((_word(lang, "策略", "strategy"), before.id, after.id), (_word(lang, "版本", "version"), before.version, after.version)):
        lines += [] if old == new else [f"{word}{_colon(lang)}{old} → {new}"]
    for part, kind in _KINDS.items():
        entries = [{entry.name: entry for entry in getattr(strategy, part)} for strategy in (before, after)]
        lines += _of_part(part, kind[lang == "en"], entries, (old_words, new_words), lang)
    lines += _of_sentences("giving", in_words.giving_in_words(before.giving, lang), in_words.giving_in_words(after.giving, lang), lang)
    lines += _of_sentences("expected", expected_in_words(before.expected, old_words, lang), expected_in_words(after.expected, new_words, lang), lang)
    return lines


def moved(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The fewest names that stand in both and must move for the one order to become the other, in the order of `after`.

    >>> moved(["a", "b", "c", "d"], ["d", "a", "c", "x"]), moved(["a", "b"], ["a", "c", "b"])
    (['d'], [])
    """
    place = {name: number for number, name in enumerate(before)}
    both = [name for name in after if name in place]
    ends, ending, previous = [], [], {}
    for name in both:
        length = bisect_left(ends, place[name])
        previous[name] = ending[length - 1] if length else None
        ends[length:length + 1], ending[length:length + 1] = [place[name]], [name]
    stays, name = set(), ending[-1] if ending else None
    while name is not None:
        stays.add(name)
        name = previous[name]
    return [name for name in both if name not in stays]


def _of_part(part: str, kind: str, entries: Sequence[dict], strategies: tuple[Strategy, Strategy], lang: str) -> Iterator[str]:
    (old, new), (before, after) = entries, strategies
    facts_of, colon, names = _FACTS[part], _colon(lang), list(new)
    shifted = moved(list(old), names) if part in _ORDERED else []
    for name in old:
        if name not in new:
            yield f"{kind} {name} {_word(lang, '删除', 'removed')}{colon}{_joined(facts_of(old[name], before, lang), lang)}"
    for place, name in enumerate(names):
        if name not in old:
            where = f"{_comma(lang)}{_after(names, place, lang)}" if part in _ORDERED else ""
            yield f"{kind} {name} {_word(lang, '新增', 'added')}{where}{colon}{_joined(facts_of(new[name], after, lang), lang)}"
            continue
        if name in shifted:
            yield f"{kind} {name} {_word(lang, '移动', 'moved')}{colon}{_after(list(old), list(old).index(name), lang)} → {_after(names, place, lang)}"
        if old[name] != new[name]:
            yield from (f"{kind} {name} {_word(lang, '改动', 'changed')}{_comma(lang)}{difference}"
                        for difference in _differences(facts_of(old[name], before, lang), facts_of(new[name], after, lang), lang))


def _differences(was: Facts, now: Facts, lang: str) -> Iterator[str]:
    nothing = said("none", lang).rstrip("。.")
    for word in dict.fromkeys([*was, *now]):
        if was.get(word) != now.get(word):
            yield f"{word}{_colon(lang)}{was.get(word, nothing)} → {now.get(word, nothing)}"


def _of_sentences(part: str, was: list[str], now: list[str], lang: str) -> Iterator[str]:
    heading = said(part, lang)
    yield from (f"{heading}{_comma(lang)}{_word(lang, '删除', 'removed')}{_colon(lang)}{line}" for line in was if line not in now)
    yield from (f"{heading}{_comma(lang)}{_word(lang, '新增', 'added')}{_colon(lang)}{line}" for line in now if line not in was)


def _after(names: list[str], place: int, lang: str) -> str:
    if place == 0:
        return _word(lang, "在最前", "first")
    return _word(lang, f"在 {names[place - 1]} 之后", f"after {names[place - 1]}")


def _segment(segment: Segment, strategy: Strategy, lang: str) -> Facts:
    who = in_words.conditions_in_words(segment.when, lang, strategy) if segment.when else said("everybody_else", lang)
    return {said("who", lang): who, **_names(segment)}


def _row(row: Row, strategy: Strategy, lang: str) -> Facts:
    marks = in_words.marks_of(row, lang)
    return {said("who", lang): in_words.row_in_words(row, strategy, lang), said("follows", lang): in_words.follows_in_words(row, strategy, lang),
            **({_word(lang, "标记", "marks"): _comma(lang).join(marks)} if marks else {}), **_reasons(row)}


def _treatment(treatment: Treatment, strategy: Strategy, lang: str) -> Facts:
    facts = {said(key, lang): value for key, value in in_words.treatment_facts(treatment, lang)}
    return {**facts, **({said("wording", lang): treatment.text} if treatment.text is not None else {}), **_names(treatment)}


def _ladder(ladder: Ladder, strategy: Strategy, lang: str) -> Facts:
    return {said("step", lang): in_words.ladder_in_words(ladder, strategy, lang), **_names(ladder)}


def _offer(offer: Offer, strategy: Strategy, lang: str) -> Facts:
    who = in_words.conditions_in_words(offer.when, lang, strategy) if offer.when else said("everybody_else", lang)
    return {said("who", lang): who, said("follows", lang): in_words.offer_in_words(offer, lang), **_reasons(offer)}


def _experiment(experiment: Experiment, strategy: Strategy, lang: str) -> Facts:
    arms = {f"{said('arm', lang)} {arm.name}": _arm(arm, strategy, lang) for arm in experiment.arms}
    order = {_word(lang, "各组次序", "order of arms"): ", ".join(arm.name for arm in experiment.arms)}
    return {_word(lang, "日期", "dates"): in_words.dates_in_words(experiment, lang), said("who", lang): in_words.conditions_in_words(experiment.when, lang, strategy),
            _word(lang, "看什么", "outcome"): in_words.value_in_words("outcome", experiment.outcome, lang), **arms, **order, **_names(experiment)}


def _arm(arm: Arm, strategy: Strategy, lang: str) -> str:
    return f"{in_words.per_cent(arm.share_ppm)}{_comma(lang)}{in_words.follows_in_words(arm, strategy, lang)}"


def _limit(limit: Limit, strategy: Strategy, lang: str) -> Facts:
    return {said("counted", lang): in_words.counted_in_words(limit, lang, strategy), said("bound", lang): in_words.bounds_in_words(limit, lang), **_names(limit)}


_FACTS: dict[str, Callable[..., Facts]] = {"segments": _segment, "rows": _row, "treatments": _treatment, "ladders": _ladder, "offers": _offer,
                                           "experiments": _experiment, "limits": _limit}


def _with_names(strategy: Strategy) -> Strategy:
    """The same strategy, whose treatments, ladders and groups are called by words and name, so that two with the same words are told apart."""
    named = {part: tuple(replace(entry, zh=f"{entry.zh} [{entry.name}]", en=f"{entry.en} [{entry.name}]") for entry in getattr(strategy, part))
             for part in ("treatments", "ladders", "segments")}
    return replace(strategy, **named)


def _names(entry: Segment | Treatment | Ladder | Experiment | Limit) -> Facts:
    return {"zh": entry.zh, "en": entry.en}


def _reasons(entry: Row | Offer) -> Facts:
    return {"reason zh": entry.reason_zh, "reason en": entry.reason_en}


def _joined(facts: Facts, lang: str) -> str:
    return ("；" if lang == "zh" else "; ").join(f"{word}{_colon(lang)}{value}" for word, value in facts.items() if word not in ("zh", "en", "reason zh", "reason en"))


def _word(lang: str, zh: str, en: str) -> str:
    return zh if lang == "zh" else en


def _comma(lang: str) -> str:
    return "，" if lang == "zh" else ", "


def _colon(lang: str) -> str:
    return "：" if lang == "zh" else ": "
