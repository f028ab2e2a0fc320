"""The table of roles is what the policies do: every verb, every role, something on each side of every border."""

from functools import lru_cache

import pytest

from arrears.refusal import Refused
from arrears.work import access
from arrears.work.actor import ROLES
from arrears.work.roles import read_roles, role_table
from arrears.work.verbs import VERBS
from work.role_world import questions


@lru_cache(maxsize=1)
def all_questions():
    return questions(role_table().rows)


@pytest.mark.parametrize("role", ROLES)
def test_the_policies_allow_a_role_exactly_what_its_column_says(role):
    asked = [one for one in all_questions() if one.role == role]
    wrong = [one for one in asked if access.decide(one.actor, one.verb, one.thing, one.context).allowed != one.expected]
    assert not wrong, f"{len(wrong)} of {len(asked)}; the first: {wrong[0]}"


def test_every_cell_of_the_table_is_both_given_and_refused_by_some_question():
    given = {(one.role, one.verb) for one in all_questions() if one.expected}
    refused = {(one.role, one.verb) for one in all_questions() if not one.expected}
    assert given == {(role, verb) for verb, row in role_table().rows.items() for role in row.reach}
    assert refused == {(role, verb) for verb in VERBS for role in ROLES}


def test_a_table_that_leaves_out_a_verb_or_says_what_nobody_understands_is_refused():
    lines = {verb: "{}" for verb in VERBS}
    text = lambda lines, routes="{}": "verbs:\n" + "".join(f"  {verb}: {line}\n" for verb, line in lines.items()) + f"routes: {routes}\n"  # noqa: E731
    assert read_roles(text(lines)).rows.keys() == VERBS.keys()
    for wrong in (text({verb: line for verb, line in lines.items() if verb != "case.view"}), text({**lines, "case.burn": "{}"}), text({**lines, "case.view": "{boss: own}"}),
                  text({**lines, "case.view": "{collector: everything}"}), text({**lines, "case.view": "{collector: own of}"}), text({**lines, "case.view": "{frozen: maybe}"}),
                  text({**lines, "case.view": "{collector: []}"}), text(lines, "{desk: case.burn}")):
        with pytest.raises(Refused, match=r"roles\.yaml"):
            read_roles(wrong)
