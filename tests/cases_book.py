"""A small made-up book with a roster and one night, made once for all tests of a process; to be copied before it is changed."""

import shutil
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from plain_books import arrears

NIGHT, NEXT = date(2026, 10, 29), date(2026, 10, 30)
ANY = 'languages: any, stages: any, products: any, amount_most: any'
ROSTER = f"""# Who works for us. 名册
teams: [early, field]   # two of them
collectors:
  - name: zhang   # the oldest hand
    team: early
    owner: collector
    works_from: "2024-03-01"
    cases_most: "60"
    minutes: "420"
    languages: any
    stages: any
    products: any
    amount_most: any
    skills: [senior]
  - {{name: li, team: early, owner: collector, works_from: "2024-03-01", cases_most: "60", minutes: "420", {ANY}}}
  - {{name: zhou, team: early, owner: collector, works_from: "2024-03-01", cases_most: "60", minutes: "420", {ANY}}}
  - {{name: chen, team: field, owner: visitor, works_from: "2024-03-01", cases_most: "20", minutes: "420", {ANY}, regions: any}}
  - {{name: wu, team: field, owner: legal, works_from: "2024-03-01", cases_most: "30", minutes: "420", {ANY}}}
agencies:
  - {{name: river, contract_from: "2026-01-01", contract_until: "2027-01-01", evaluated_on: "2026-03-01", inspected_on: "2026-09-01", cases_most: "50", {ANY}, regions: any}}
# Nobody is frozen yet.
"""


def changed(name: str, before: str, after: str, text: str = ROSTER) -> str:
    """The roster in which an entry that is written on one line has another value."""
    lines = text.splitlines(keepends=True)
    place = next(at for at, line in enumerate(lines) if f"{{name: {name}," in line)
    assert before in lines[place]
    lines[place] = lines[place].replace(before, after)
    return "".join(lines)


LI_LEFT = changed("li", 'works_from: "2024-03-01"', f'works_from: "2024-03-01", left_on: "{NEXT}"')


@cache
def cases_book() -> Path:
    """The book after the night of NIGHT."""
    book = Path(mkdtemp(prefix="cases-")) / "book"
    assert arrears("generate", "--loans", 400, "--seed", 3, "--as-of", NEXT, "--out", book).status == 0
    (book / "placements.parquet").unlink(missing_ok=True)  # who had whose case before is by the made-up roster
    (book / "roster.yaml").write_text(ROSTER, encoding="utf-8")
    ran = arrears("night", "--book", book, "--as-of", NIGHT)
    assert ran.status == 0, ran.error
    return book


def copied(folder: Path) -> Path:
    """The book in another folder, without its store, which only a night needs."""
    return Path(shutil.copytree(cases_book(), folder / "book", ignore=shutil.ignore_patterns("store")))
