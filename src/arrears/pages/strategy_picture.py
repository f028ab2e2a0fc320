"""A picture of a whole strategy that documents itself: one SVG in one language, for documents and slides, and its parts for the page."""

from collections.abc import Callable, Mapping

from arrears.pages import strategy_words as in_words
from arrears.pages.amounts import count
from arrears.pages.pictures import INK, LINE, SOFT, short
from arrears.pages.strategy_flow import WIDTH, flow, groups, key
from arrears.pages.strategy_shapes import (
    BODY,
    NAME,
    OWNER_FILLS,
    OWNER_INKS,
    PAPER,
    SMALL,
    STRONG,
    TITLE,
    Box,
    Ink,
    cards,
    fits_in,
    grid,
    heading,
    lettered,
    svg,
)
from arrears.pages.strategy_wording import said, words
from arrears.strategy.strategy import Experiment, Ladder, Strategy, Treatment

Counts = Mapping[str, Mapping[str, int]]
"""`rows`: late loans by row; `treatments`: people by treatment. What is not named is 0; without the key nothing is said."""
_FLIGHT, _RISE = 7, 22
_ARM_FILLS = ("#1d6285", "#e5a557", "#7fb39b", "#a87fc4", "#c5623a", "#8a97a5")


def picture_of(strategy: Strategy, lang: str, counts: Counts | None = None) -> str:
    """The whole strategy as one SVG in zh or en. With counts the joins are as wide as the number and carry it. Same strategy, same bytes."""
    counts = counts or {}
    title, parts, y = said("strategy", lang, id=strategy.id, version=strategy.version), [], 24.0
    for line in Box("title", "", [(title, TITLE)], pad=0).lines(WIDTH):
        parts.append(lettered(0, y, line[0], TITLE))
        y += TITLE.pitch
    parts.append(lettered(0, y - 8, f"{said('digest', lang, digest=strategy.digest[:12])} · {said('money', lang)}", SMALL))
    drawn, y = key(lang, y + 4)
    parts += drawn
    drawn, y = flow_parts(strategy, lang, y + 12, counts)
    parts += drawn
    drawers: tuple[tuple[str, str, Callable], ...] = (
        ("treatments", "", _treatments), ("ladders", "not_to_scale", _ladders), ("offers", "offers.note", _offers), ("experiments", "", _experiments),
        ("limits", "", _limits), ("giving", "", _giving), ("expected", "", _expected))
    for name, note, draw in drawers:
        drawn, y = heading(said(name, lang), y + 18, WIDTH, said(note, lang) if note else "")
        parts += drawn
        drawn, y = draw(strategy, lang, y, counts)
        parts += drawn or [lettered(0, y + 8, said("none", lang), BODY)]
        y += 0 if drawn else 14
    return svg("strategy", title, words("strategy_flow.how")[lang == "en"], lang, WIDTH, y, parts)


def flow_parts(strategy: Strategy, lang: str, y: float, counts: Counts) -> tuple[list[str], float]:
    """The groups and the rows with what follows, and where they end."""
    parts, y = groups(strategy, lang, y)
    drawn, y = flow(strategy, lang, y + 18, counts.get("rows"))
    return parts + drawn, y


def part_of(name: str, strategy: Strategy, lang: str, counts: Counts | None = None) -> str:
    """One part alone as an SVG: flow, ladders or experiments."""
    draw = {"flow": flow_parts, "ladders": _ladders, "experiments": _experiments}[name]
    parts, height = draw(strategy, lang, 0.0, counts or {})
    before, after = (key(lang, height + 16) if name == "flow" else ([], height))
    return svg(f"strategy-{name}", words(f"strategy_{name}.title")[lang == "en"], words(f"strategy_{name}.how")[lang == "en"], lang, WIDTH, after, parts + before)


def _treatments(strategy: Strategy, lang: str, y: float, counts: Counts) -> tuple[list[str], float]:
    people = counts.get("treatments")
    return cards([_card(treatment, place, lang, None if people is None else people.get(treatment.name, 0)) for place, treatment in enumerate(strategy.treatments, start=1)],
                 y, WIDTH, 3)


def _card(treatment: Treatment, place: int, lang: str, people: int | None) -> Box:
    texts = [(f"{place} · {treatment.name}", NAME), (getattr(treatment, lang), Ink(15, weight="600"))]
    if people is not None:
        texts.append((said("people", lang, n=count(people)), Ink(14, weight="600")))
    colon = "：" if lang == "zh" else ": "
    texts += [(line, BODY) for line in in_words.treatment_lines(treatment, lang)]
    if treatment.text is not None:
        texts.append((f"{said('wording', lang)}{colon}{treatment.text}", SMALL))
    ink = OWNER_INKS[treatment.owner]
    return Box("treatment", treatment.name, texts, fill=OWNER_FILLS[treatment.owner], edge=ink, bar=ink)


def _ladders(strategy: Strategy, lang: str, y: float, counts: Counts) -> tuple[list[str], float]:
    """Each ladder as stairs over days past due, at most so many steps a flight; the next flight begins below."""
    parts = []
    for ladder in strategy.ladders:
        used = [row.name for row in strategy.rows if row.ladder == ladder.name]
        under = said("used_by", lang, name=ladder.name, rows=", ".join(used)) if used else ladder.name
        title = Box("ladder", ladder.name, [(getattr(ladder, lang), STRONG), (under, NAME)], edge="", pad=2)
        parts.append(title.drawn(0, y, WIDTH))
        y += title.height(WIDTH) + 4
        drawn, y = _stairs(ladder, strategy, lang, y)
        parts += drawn
        y += 18
    return parts, y - (18 if parts else 0)


def _stairs(ladder: Ladder, strategy: Strategy, lang: str, y: float) -> tuple[list[str], float]:
    owners = {treatment.name: treatment.owner for treatment in strategy.treatments}
    steps, parts = list(zip(ladder.steps, in_words.ladder_steps(ladder, strategy, lang), strict=True)), []
    wide = min(230.0, WIDTH / min(_FLIGHT, max(1, len(steps))))
    for start in range(0, len(steps), _FLIGHT):
        flight = steps[start:start + _FLIGHT]
        boxes = [Box("step", name, [(label, STRONG), (name, NAME)], fill=OWNER_FILLS[owners[name]], edge=OWNER_INKS[owners[name]], pad=7) for (_, name), (_, label) in flight]
        tall = max(box.height(wide) for box in boxes)
        floor = y + tall + _RISE * (len(flight) - 1)
        days = [Box("days", days, [(days, SMALL)], edge="", pad=4) for _, (days, _) in flight]
        for number, (box, day) in enumerate(zip(boxes, days, strict=True)):
            parts.append(box.drawn(number * wide, floor - tall - _RISE * number, wide, tall + _RISE * number))
            parts.append(day.drawn(number * wide, floor + 2, wide))
        parts.append(f'<path d="M0 {short(floor)}H{short(len(flight) * wide)}" stroke="{SOFT}" stroke-width="1.5"/>')
        y = floor + 2 + max(day.height(wide) for day in days) + 8
    return parts, y - 8


def _offers(strategy: Strategy, lang: str, y: float, counts: Counts) -> tuple[list[str], float]:
    columns = [(said("what", lang), 150.0), (said("who", lang), 300.0), (said("instalments", lang), 95.0), (said("shift", lang), 95.0), (said("penalty", lang), 95.0),
               (said("interest", lang), 95.0), (said("reason", lang), 290.0)]
    rows = [(offer.name, [offer.name, in_words.conditions_in_words(offer.when, lang, strategy) if offer.when else said("everybody_else", lang), f"{offer.instalments_most:,}",
                          f"{offer.shift_days_most:,}", in_words.per_cent(offer.waive_penalty_ppm), in_words.per_cent(offer.waive_interest_ppm),
                          offer.reason_zh if lang == "zh" else offer.reason_en]) for offer in strategy.offers]
    return grid("offer", columns, rows, y) if rows else ([], y)


def _experiments(strategy: Strategy, lang: str, y: float, counts: Counts) -> tuple[list[str], float]:
    parts = []
    for experiment in strategy.experiments:
        texts = [(getattr(experiment, lang), STRONG), (experiment.name, NAME), (in_words.dates_in_words(experiment, lang), BODY),
                 (in_words.conditions_in_words(experiment.when, lang, strategy), BODY), (in_words.value_in_words("outcome", experiment.outcome, lang), SMALL)]
        title = Box("experiment", experiment.name, texts, edge="", pad=2)
        parts.append(title.drawn(0, y, WIDTH))
        drawn, y = _arms(experiment, strategy, lang, y + title.height(WIDTH) + 4)
        parts += drawn
        y += 20
    return parts, y - (20 if parts else 0)


def _arms(experiment: Experiment, strategy: Strategy, lang: str, y: float) -> tuple[list[str], float]:
    """One bar cut into shares, each with its letter where it has room, and under it what each letter stands for."""
    parts, x = [], 0.0
    for number, arm in enumerate(experiment.arms):
        wide, letter = WIDTH * arm.share_ppm / 1_000_000, _letter(number)
        parts.append(f'<rect x="{short(x)}" y="{short(y)}" width="{short(wide)}" height="26" fill="{_ARM_FILLS[number % len(_ARM_FILLS)]}" stroke="{PAPER}" stroke-width="2"/>')
        label = next((text for text in (f"{letter} · {in_words.per_cent(arm.share_ppm)}", letter) if fits_in(text, wide - 12, STRONG)), "")
        if label:
            ink = Ink(STRONG.size, "#ffffff" if number % len(_ARM_FILLS) == 0 else INK, "600")
            parts.append(lettered(x + wide / 2, y + 18, label, ink, anchor="middle"))
        x += wide
    y += 32
    columns = [(said("arm", lang), 260.0), (said("share", lang), 100.0), (said("follows", lang), 760.0)]
    rows = [(arm.name, [f"{_letter(number)} · {arm.name}", in_words.per_cent(arm.share_ppm), in_words.follows_in_words(arm, strategy, lang)])
            for number, arm in enumerate(experiment.arms)]
    drawn, y = grid("arm", columns, rows, y)
    return parts + drawn, y


def _limits(strategy: Strategy, lang: str, y: float, counts: Counts) -> tuple[list[str], float]:
    columns = [(said("what", lang), 190.0), (said("words", lang), 200.0), (said("counted", lang), 410.0), (said("bound", lang), 320.0)]
    rows = [(limit.name, [limit.name, getattr(limit, lang), in_words.counted_in_words(limit, lang, strategy), in_words.bounds_in_words(limit, lang)]) for limit in strategy.limits]
    return grid("limit", columns, rows, y) if rows else ([], y)


def _giving(strategy: Strategy, lang: str, y: float, counts: Counts) -> tuple[list[str], float]:
    box = Box("giving", "", [(f"· {line}", BODY) for line in in_words.giving_in_words(strategy.giving, lang)], edge="", pad=2)
    return [box.drawn(0, y, WIDTH)], y + box.height(WIDTH)


def _expected(strategy: Strategy, lang: str, y: float, counts: Counts) -> tuple[list[str], float]:
    """One row per treatment, one column per bucket; the first row is what comes when left alone, the last column complaints."""
    columns, rows = expected_table(strategy, lang)
    if not rows:
        return [], y
    wide = (WIDTH - 240) / max(1, len(columns) - 1)
    parts, y = grid("expected", [(text, 240 if number == 0 else wide) for number, text in enumerate(columns)], [(row[0], row) for row in rows], y, first=BODY)
    source = Box("source", "", [(said("source", lang, source=strategy.expected.source or said("no_source", lang)), SMALL)], edge=LINE, pad=8)
    return [*parts, source.drawn(0, y + 10, WIDTH)], y + 10 + source.height(WIDTH)


def expected_table(strategy: Strategy, lang: str) -> tuple[list[str], list[list[str]]]:
    """Headers and rows of what is assumed: left alone first, then each treatment that has a figure; a dash where there is none."""
    expected, dash = strategy.expected, "–"
    buckets = list(dict.fromkeys([*expected.recovery_ppm, *(bucket for by_bucket in expected.effect_ppm.values() for bucket in by_bucket)]))
    columns = [said("treatment", lang), *buckets, said("complaints", lang)]
    written = lambda ppm: dash if ppm is None else in_words.per_cent(ppm)  # noqa: E731
    rows = [[said("recovery", lang), *(written(expected.recovery_ppm.get(bucket)) for bucket in buckets), dash]] if expected.recovery_ppm else []
    known = [*expected.effect_ppm, *(name for name in expected.complaints_per_million if name not in expected.effect_ppm)]
    for name in known:
        complaints = expected.complaints_per_million.get(name)
        rows.append([said("effect_of", lang, name=in_words.named_in(strategy.treatments, name, lang)),
                     *(written(expected.effect_ppm.get(name, {}).get(bucket)) for bucket in buckets), dash if complaints is None else f"{complaints:,}"])
    return columns, rows


def _letter(number: int) -> str:
    """A, B, … Z, then by number."""
    return chr(ord("A") + number) if number < 26 else str(number + 1)


