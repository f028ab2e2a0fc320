"""The small lender of the journeys: a book of plain files with the people in it, a roster, and nights that are run for real.

Each journey has a lender of its own, copied from one book after its first night, so journeys do not see each other. A night here is what a lender does each evening: what
people did goes into the book, the day's payments too, the night decides, and the work plane takes it in and lets the payments tell what became of promises and plans.
"""

import shutil
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import polars as pl

from arrears import store
from plain_books import frame_of, loan, payment, write_rows

FIRST_NIGHT = date(2026, 11, 1)
"""A Sunday: the journeys begin on the Monday after it."""
ANY = "languages: any, stages: any, products: any, amount_most: any"
ROSTER = f"""teams: [north]
collectors:
  - {{name: he, team: north, owner: collector, works_from: "2024-03-01", cases_most: "60", minutes: "420", {ANY}, skills: [senior]}}
"""
LENDER = "id: {code}\nname: 清河银行\nlaw: cn\nlicence: bank\nproducts: {{quick: consumer_loan}}\nother_product: consumer_loan\n"


@dataclass(frozen=True)
class Debtor:
    """One person with one loan. parts: day and principal of each instalment, in minor units; 1.2 % of it is interest."""

    name: str
    loan_id: str
    phones: tuple[str, ...]
    parts: tuple[tuple[date, int], ...]


DEBTORS = (
    Debtor("王秀兰", "L-1001", ("11100001001",), ((date(2026, 10, 20), 1_200_00),)),
    Debtor("李国强", "L-2001", ("11100002001",), ((date(2026, 10, 15), 2_000_00),)),
    Debtor("张建国", "L-3001", ("11100003001",), tuple((date(2026, month, 25), 2_000_00) for month in (8, 9, 10, 11))),
    Debtor("陈玉梅", "L-4001", ("11100004001",), ((date(2026, 9, 20), 3_000_00),)),
    Debtor("赵志强", "L-5001", ("11100005001", "11100005002"), ((date(2026, 9, 28), 1_500_00),)),
    Debtor("孙丽华", "L-5002", ("11100005001",), ((date(2026, 9, 28), 900_00),)),
    Debtor("周文斌", "L-6001", ("11100006001",), tuple((date(2026, month, 20), 30_000_00) for month in (6, 7, 8, 9, 10))),
)
"""赵志强 and 孙丽华 are said to have the same number."""


def first_book(folder: Path, public_key, now: int) -> Path:
    """The book of the lender whose code is `code` after its first night; to be copied."""
    from arrears.nightly.night import run_night
    from arrears.vault.handover import seal_stream

    write_rows(folder, {
        "loans": [loan(one.loan_id, borrower_id=f"B-{one.loan_id[2:]}", principal_minor=sum(sum_minor for _, sum_minor in one.parts), disbursed_on=date(2026, 3, 1)) for one in DEBTORS],
        "instalments": [{"loan_id": one.loan_id, "number": number, "due_on": due_on, "principal_minor": sum_minor, "interest_minor": sum_minor * 12 // 1000, "fee_minor": 0, "recorded_at": None}
                        for one in DEBTORS for number, (due_on, sum_minor) in enumerate(one.parts, 1)],
        "payments": [],
    })
    people = [{"borrower_id": f"B-{one.loan_id[2:]}", "relation": "debtor", "ordinal": 0, "name": one.name, "phone": list(one.phones)} for one in DEBTORS]
    (folder / "people.sealed").write_bytes(b"".join(seal_stream(public_key, people)))
    (folder / "roster.yaml").write_text(ROSTER, encoding="utf-8")
    (folder / "lender.yaml").write_text(LENDER.format(code="code"), encoding="utf-8")
    run_night(store.book_at(folder), FIRST_NIGHT, None, now)
    return folder


@dataclass
class Nights:
    """A lender's book, and what was paid since its last night: loan, day, minor units."""

    code: str
    book: Path
    paid: list[tuple[str, date, int]] = field(default_factory=list)

    def run(self, as_of: date, now: int) -> None:
        """The night of the day is run and taken in; now: microseconds."""
        from arrears.nightly.night import run_night
        from arrears.work.actions.export import export, write_roster_into
        from arrears.work.export import put_into

        at, out = store.book_at(self.book), self.book.parent / f"{self.code}-outcomes"
        export(self.code, out, None, now)
        put_into(at, out)
        write_roster_into(self.code, at, now)
        rows = [payment(f"P-{uuid4().hex[:8]}", loan_id, day, minor, recorded_at=datetime.fromtimestamp(now // 1_000_000, UTC)) for loan_id, day, minor in self.paid]
        path = self.book / "payments.parquet"
        pl.concat([pl.read_parquet(path, glob=False), frame_of("payments", rows)]).write_parquet(path)
        self.paid.clear()
        run_night(at, as_of, None, now)
        self.take_in(as_of, now)

    def take_in(self, as_of: date, now: int) -> None:
        """As `arrears intake` does it."""
        from arrears.work.actions.after_night import settle_night
        from arrears.work.actions.intake import open_lender, take_night
        from arrears.work.night_files import night_of

        night = night_of(store.book_at(self.book), as_of)
        open_lender(night.lender, now)
        take_night(night, self.code, now)
        settle_night(self.code, as_of, now)


def lender_of(first: Path, folder: Path, now: int) -> Nights:
    """A lender of its own with a copy of the book, its first night taken in."""
    code = f"river-{uuid4().hex[:8]}"
    book = Path(shutil.copytree(first, folder / code))
    for path in (book / "lender.yaml", book / "nights" / str(FIRST_NIGHT) / "run.json"):
        path.write_text(path.read_text(encoding="utf-8").replace("id: code", f"id: {code}"), encoding="utf-8")
    nights = Nights(code, book)
    nights.take_in(FIRST_NIGHT, now)
    return nights
