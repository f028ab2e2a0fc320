"""One answer per line of facts: the verdict, the rules behind it, when to ask again. Source: spec verdicts, Answer."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np

from arrears.compliance.asked import NEVER
from arrears.compliance.gather import gather
from arrears.compliance.read_facts import BadFacts, Facts, facts_from
from arrears.compliance.retry import retry_at
from arrears.compliance.screen import Prepared, screen
from arrears.days import day_of
from arrears.law.rules import REACH, VERDICTS
from arrears.zones import written

LINES_AT_ONCE = 512


def answers(lines: Iterable[str], prepared: Callable[[str], Prepared], at_once: int = LINES_AT_ONCE) -> Iterator[dict]:
    """One answer per line, in their order; of a line that cannot be judged {"error": …}.

    prepared: the pack of a law's name. at_once: how many lines are read before the first of them is answered.
    """
    lines = iter(lines)
    while batch := list(islice(lines, at_once)):
        read = [_read(line) for line in batch]
        given: dict[int, dict] = {place: {"error": str(one)} for place, one in enumerate(read) if isinstance(one, BadFacts)}
        for law in sorted({one.law for one in read if isinstance(one, Facts)}):
            places = [place for place, one in enumerate(read) if isinstance(one, Facts) and one.law == law]
            given |= zip(places, judge([read[place] for place in places], prepared(law)), strict=True)
        yield from (given[place] for place in range(len(batch)))


def judge(facts: list[Facts], prepared: Prepared) -> list[dict]:
    """The answers to facts that were read, all under the same law."""
    asked = gather(facts)
    verdicts = screen(asked, prepared)
    again = retry_at(asked, prepared, verdicts)
    return [
        {
            "verdict": VERDICTS[verdicts.level[place]],
            "rules": [
                {"id": ground.id, "modality": ground.modality, "source": ground.source, "article": ground.article}
                for ground in (prepared.grounds[rule] for rule in np.flatnonzero(verdicts.speaks[:, place]))
            ],
            "retry_at": None if again[place] == NEVER else written(int(again[place]), prepared.pack.zone or one.zones[0]),
            "coverage": coverage(int(verdicts.uncovered[place]), one, prepared),
        }
        for place, one in enumerate(facts)
    ]


def _read(line: str) -> Facts | BadFacts:
    try:
        return facts_from(line)
    except BadFacts as problem:
        return problem


def coverage(uncovered: int, facts: Facts, prepared: Prepared) -> str:
    """"ok", or in words what the pack does not speak of."""
    if not uncovered:
        return "ok"
    pack = prepared.pack
    missing = [f"days before {day_of(pack.covers_from)}"] if uncovered & 1 else []
    for place, (name, _) in enumerate(prepared.covers, start=1):
        if uncovered >> place & 1:
            missing.append(f"the {'actor.kind' if name == 'actor' else name} {REACH[name][facts.row[name]]}")
    return f"unknown: the pack {pack.id} does not cover {' and '.join(missing)}"
