"""`arrears may` answers as the plain oracle does, on random facts beside every boundary and on every malformed line."""

import os
from random import Random

import pytest

from arrears.compliance.may import answers
from arrears.compliance.screen import prepare
from arrears.law.packs import shipped_pack
from compliance.answers_compared import disagreements, names
from compliance.malformed_lines import malformed_lines
from compliance.plain_verdicts import answer
from compliance.random_facts import largest_amount_of, random_line, red_lines_of

LINES = 60_000 if os.environ.get("ARREARS_LONG") else 3_000
GATES = {name: prepare(shipped_pack(name)) for name in ("cn", "us")}


@pytest.mark.parametrize("seed", [1, 2])
def test_every_answer_is_the_oracle_s(seed):
    random = Random(seed)
    lines = [random_line(random) for _ in range(LINES)]
    for line, given in zip(lines, answers(lines, GATES.get), strict=True):
        expected = answer(line, red_lines_of, largest_amount_of)
        assert disagreements(given, expected) == [], f"seed {seed}: {line}"


def test_every_malformed_line_is_an_error_that_names_the_field_and_the_others_are_answered():
    pairs = list(malformed_lines(Random(1)))
    sound = random_line(Random(5))
    given = list(answers([line for pair in pairs for line in (pair[0], sound)], GATES.get))
    for (line, field), refused, answered in zip(pairs, given[::2], given[1::2], strict=True):
        assert set(refused) == {"error"} and (field == "line" or names(refused["error"], field)), f"{field}: {refused}: {line}"
        assert "verdict" in answered
