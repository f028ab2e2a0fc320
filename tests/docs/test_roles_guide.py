"""The guide to the roles holds the tables that the program prints, and speaks of policies that there are."""

import re
from pathlib import Path

import pytest

from arrears.work import access
from arrears.work.roles import as_markdown

TOP = Path(__file__).parents[2]
GUIDE = (TOP / "docs/guides/roles.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_table_of_the_guide_is_the_one_of_the_program(lang):
    (table,) = re.findall(rf"<!-- table {lang} -->\n(.*?)<!-- end -->", GUIDE, re.DOTALL)
    assert table == as_markdown(lang), "run: python -m arrears.work.roles docs/guides/roles.md"


def test_every_policy_that_the_pages_name_is_there():
    page = (TOP / "docs/algorithms/access.md").read_text(encoding="utf-8")
    assert set(re.findall(r"only \(([a-z-]+)\)", page)) == {"uncovering-needs-purpose-and-reason"} <= set(access.policies().sentences)
    assert access.policies().sentences["uncovering-needs-purpose-and-reason"]["en"] in page
