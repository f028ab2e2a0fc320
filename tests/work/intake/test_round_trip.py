"""A day and the next night: the night's worklist comes in, people work, what they did goes out, and the next night knows it, row by row."""

import shutil
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import polars as pl
import pytest

from arrears import store
from arrears.days import microseconds_of, read_moment
from arrears.delinquency.conduct import conduct
from arrears.ingest.judge import facts_of
from arrears.tables import FACTS
from arrears.work.actions.action import perform
from arrears.work.actions.export import export
from arrears.work.actor import system
from arrears.work.export import put_into
from arrears.work.models import Collector, Hold
from arrears.work.tenancy import seen_by
from cases_book import NEXT, NIGHT, cases_book
from plain_books import arrears
from work.intake.state_of import cases, taken

AT = microseconds_of(read_moment("2026-10-30T11:00:00+08:00"))
"""The morning after the night, when people work."""


def book_of(folder: Path, kind: str) -> tuple[Path, str]:
    """The made-up book after its night, kept by plain files or by loads, of a lender of its own."""
    code, book = f"bank-{uuid4().hex[:12]}", folder / "book"
    if kind == "plain":
        shutil.copytree(cases_book(), book)
        for path in (book / "lender.yaml", book / "nights" / str(NIGHT) / "run.json"):
            path.write_text(path.read_text(encoding="utf-8").replace("id: L1", f"id: {code}"), encoding="utf-8")
        return book, code
    files = [path for path in sorted(cases_book().glob("*.parquet"))]
    mapping = folder / "all.yaml"
    mapping.write_text("mapping: all\nsources:\n" + "".join(f"  - source: {path.stem}\n    files: [{path.name}]\n    tables: {{{path.stem}: as_is}}\n" for path in files), encoding="utf-8")
    ran = arrears("ingest", *files, "--mapping", mapping, "--book", book, "--threshold", "50%")
    assert ran.status == 0, ran.error
    for name in ("lender.yaml", "roster.yaml"):
        (book / name).write_text((cases_book() / name).read_text(encoding="utf-8").replace("id: L1", f"id: {code}"), encoding="utf-8")
    ran = arrears("night", "--book", book, "--as-of", NIGHT)
    assert ran.status == 0, ran.error
    return book, code


def worked(work, code: str) -> dict[str, list]:
    """What people do that morning; told independently of any table: contacts by borrower, promises by loan, held borrowers, moved borrowers."""
    found = sorted(cases(code).items())
    lead, compliance = work.actor(code, "team_lead"), work.actor(code, "compliance_officer")
    told: dict[str, list] = {"contacts": [], "promises": [], "held": [], "moved": []}
    with seen_by(system(code)):
        to = str(Collector.objects.get(roster_name="zhou").id)
    for place, (borrower, case) in enumerate(found[:12]):
        def do(verb, parameters, actor=lead, thing=case["id"]):
            return perform(actor, verb, parameters, AT, thing=thing, reason="for the test")
        for turn in range(place % 4):
            do("contact.note", {"attempted_at": f"2026-10-30T10:{turn:02}:00+08:00", "channel": "call", "outcome": "answered", "relation": "debtor", "note": f"说要还款 {turn}"})
            told["contacts"].append((borrower, "call", "answered", 10, turn))
        loan, debt = next((name, one) for name, one in sorted(case["debts"].items()) if one["claimable_minor"] > 0)
        if place % 3 == 0:
            do("promise.take", {"loan_id": loan, "amount_minor": 1 + debt["claimable_minor"] // 2, "pay_by_on": "2026-11-06"})
            told["promises"].append((loan, date(2026, 10, 30), date(2026, 11, 6), 1 + debt["claimable_minor"] // 2))
        if place in (4, 7):
            do("hold.place", {"kind": "cease", "text": "要求停止联系"}, compliance)
            told["held"].append(borrower)
        if place in (1, 2) and case["held_by"] not in (None, "zhou"):
            do("case.move", {"collector": to})
            told["moved"].append(borrower)
    return told


@pytest.mark.parametrize("kind", ["plain", "loads"])
def test_the_next_night_knows_what_people_did_since_the_last(work, tmp_path, kind):
    book, code = book_of(tmp_path, kind)
    taken(work, store.book_at(book), NIGHT, AT)
    told = worked(work, code)
    out = tmp_path / "out"
    answer = export(code, out, None, AT)
    assert answer["rows"]["contacts"] == len(told["contacts"]) > 10 and answer["rows"]["promises"] == len(told["promises"]) == 4
    carried(kind, book, out)
    ran = arrears("night", "--book", book, "--as-of", NEXT)
    assert ran.status == 0, ran.error
    demand_known(store.book_at(book), told, code)
    taken(work, store.book_at(book), NEXT, AT + 20 * 3600 * 10**6)
    assert {name: one["held_by"] for name, one in cases(code).items() if name in told["moved"]} == dict.fromkeys(told["moved"], "zhou")
    again = export(code, tmp_path / "again", None, AT + 1)
    assert {name: again["rows"][name] for name in ("contacts", "promises", "holds", "consents", "plans")} == {name: answer["rows"][name] for name in ("contacts", "promises", "holds", "consents", "plans")}
    with seen_by(system(code)):
        hold = Hold.objects.order_by("id").first()
    perform(work.actor(code, "compliance_officer"), "hold.lift", {"hold": str(hold.id)}, AT + 10**6, thing=hold.case_id, reason="asked again")
    export(code, out, None, AT + 2 * 10**6)
    carried(kind, book, out)
    ran = arrears("night", "--book", book, "--as-of", NEXT + timedelta(days=1))
    assert ran.status == 0, ran.error


def carried(kind: str, book: Path, out: Path) -> None:
    """The outcomes come into the book, each way; a second time adds nothing."""
    if kind == "plain":
        assert sum(put_into(store.book_at(book), out).values()) > 0
        assert sum(put_into(store.book_at(book), out).values()) == 0
        return
    ran = arrears("ingest", *sorted(out.glob("*.parquet")), "--mapping", out / "outcomes.yaml", "--book", book)
    assert ran.status == 0, ran.error


def demand_known(book, told: dict[str, list], code: str) -> None:
    """Every contact, promise and hold stands once in what the next night decided on, and shows in what it decided."""
    manifest, night = store.read_manifest(book), book.night(NEXT)
    contacts, promises, held = [], [], set()
    for name in manifest.partitions:
        facts = facts_of(book, manifest, name, AT + 86_400 * 10**6)
        rows = facts.contacts.filter(pl.col("attempted_at") >= pl.datetime(2026, 10, 30, 1, time_zone="UTC"))
        rows = rows.with_columns(local=pl.col("attempted_at").dt.convert_time_zone("Asia/Shanghai"))
        contacts += [(one["borrower_id"], one["channel"], one["outcome"], one["local"].hour, one["local"].minute) for one in rows.iter_rows(named=True)]
        loans = facts.loans["loan_id"].to_list()
        promises += [(loans[one["loan"]], one["promised_on"], one["pay_by_on"], one["amount_minor"]) for one in facts.promises.iter_rows(named=True) if one["promised_on"] == date(2026, 10, 30)]
        held |= {facts.loans["borrower_id"][one["loan"]] for one in facts.holds.iter_rows(named=True) if one["placed_on"] == date(2026, 10, 30)}
        said = dict(conduct(facts, NEXT).select("loan_id", "last_promised_on").iter_rows())
        assert all(said[loan] == date(2026, 10, 30) for loan, *_ in told["promises"] if loan in said)
    own_contacts, own_promises, own_held = of_the_book()
    assert Counter(contacts) - own_contacts == Counter(told["contacts"]) and not own_contacts - Counter(contacts)
    assert Counter(promises) - own_promises == Counter(told["promises"]) and not own_promises - Counter(promises)
    assert held - own_held == set(told["held"]) - own_held
    decided = pl.concat([pl.read_parquet(path) for path in sorted((night / "decisions").glob("*"))])
    for borrower in told["held"]:
        assert set(decided.filter(pl.col("borrower_id") == borrower)["treatment"].drop_nulls()) <= {"hold"}
    touched = dict(pl.read_parquet(night / "cases.parquet").select("borrower_id", "last_touched_on").iter_rows())
    answered = {one[0] for one in told["contacts"]} & set(touched)
    assert answered and all(touched[one] == date(2026, 10, 30) for one in answered)


def of_the_book() -> tuple[Counter, Counter, set[str]]:
    """What the made-up book says of that day by itself."""
    day, book = date(2026, 10, 30), cases_book()
    contacts = pl.read_parquet(book / "contacts.parquet").with_columns(local=pl.col("attempted_at").dt.convert_time_zone("Asia/Shanghai"))
    rows = contacts.filter(pl.col("attempted_at") >= pl.datetime(2026, 10, 30, 1, time_zone="UTC"))
    loans = dict(pl.read_parquet(book / "loans.parquet").select("loan_id", "borrower_id").iter_rows())
    promises = pl.read_parquet(book / "promises.parquet").filter(pl.col("promised_on") == day)
    holds = pl.read_parquet(book / "holds.parquet").filter(pl.col("placed_on") == day)
    return (Counter((one["borrower_id"], one["channel"], one["outcome"], one["local"].hour, one["local"].minute) for one in rows.iter_rows(named=True)),
            Counter(promises.select("loan_id", "promised_on", "pay_by_on", "amount_minor").iter_rows()), {loans[loan] for loan in holds["loan_id"]})


def test_repeated_export_gives_the_same_bytes_and_only_tables_of_a_book(work, tmp_path):
    book, code = book_of(tmp_path, "plain")
    taken(work, store.book_at(book), NIGHT, AT)
    worked(work, code)
    first, second = tmp_path / "1", tmp_path / "2"
    told = export(code, first, None, AT)
    assert export(code, second, None, AT + 10**9)["files"] == told["files"]
    assert {path.name: path.read_bytes() for path in first.iterdir()} == {path.name: path.read_bytes() for path in second.iterdir()}
    for path in first.glob("*.parquet"):
        assert pl.read_parquet_schema(path) == FACTS[path.stem].schema
    everything = b"".join(path.read_bytes() for path in first.iterdir()) + "".join(str(pl.read_parquet(path).to_dicts()) for path in first.glob("*.parquet")).encode()
    assert "说要还款".encode() not in everything and "要求停止联系".encode() not in everything
    since = export(code, tmp_path / "3", AT + 1, AT + 2)
    assert all(since["rows"][name] == 0 for name in ("contacts", "promises", "holds")) and told["rows"]["contacts"]
