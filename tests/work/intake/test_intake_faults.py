"""Intake and export killed with SIGKILL at random points: the database is as before or as after, whole; the next run completes; nothing stands twice. Two at once: one waits."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from arrears.vault.handover import seal_people
from arrears.work.actions.export import export
from arrears.work.actor import system
from arrears.work.export import MAPPING
from arrears.work.intake import one_at_a_time
from arrears.work.models import Case, Change, Debt, Entry, Party, Placement
from arrears.work.sealing import opened, vault
from arrears.work.tenancy import seen_by
from work.intake.killed import POINTS, Runs, moments
from work.intake.night_book import AS_OF, Loan, NightBook, debtor
from work.intake.state_of import state, taken

STEADY = tuple(f"D{number}" for number in range(6))
HANDS = ("zhang", "li", "river")


class Nights:
    """One night after another: the steady debtors owe another amount each time and change hands, somebody new comes, whoever came last has settled."""

    def __init__(self, folder):
        self.book = NightBook(folder / "book", f"bank-{uuid4().hex[:12]}")
        self.lender = self.book.lender
        self.people: list[dict] = [{"borrower_id": name, "relation": "debtor", "ordinal": 1, "name": f"人{name}", "phone": [f"1990000000{name[1]}"]} for name in STEADY]

    def day(self, turn: int) -> date:
        return AS_OF + timedelta(days=turn)

    def write(self, turn: int) -> None:
        """The night of this turn lies there, finished."""
        told = [debtor(name, Loan(f"{name}-L", owed=100 + turn), held_by=HANDS[turn % 3], before=HANDS[(turn - 1) % 3] if turn else None, held_since=self.day(turn)) for name in STEADY]
        told.append(debtor(f"N{turn}", Loan(f"N{turn}-L", owed=100 + turn), held_by="zhou", held_since=self.day(turn)))
        if turn:
            told.append(debtor(f"N{turn - 1}", Loan(f"N{turn - 1}-L", owed=0, outstanding=0, days=0), listed=False, before="zhou"))
        self.people.append({"borrower_id": f"N{turn}", "relation": "debtor", "ordinal": 1, "name": f"人N{turn}", "phone": [f"198{turn:08}"]})
        self.book.night(told, self.day(turn))
        self.book.book().people_path.write_bytes(seal_people(vault().handover_public_key(), self.people))

    def demand(self, turn: int) -> None:
        """The lender's rows are exactly what the nights up to this turn give, each once; none before the first (turn -1)."""
        with seen_by(system(self.lender)):
            one_at_a_time(self.lender)  # whoever was killed may still be ending on the server
            entries = list(Entry.objects.filter(verb="case.take_in").order_by("number"))
            found = list(Case.objects.filter(state="open").values_list("borrower_id", "claimable_minor", "as_of", "held_by__roster_name"))
            closed, debts = Case.objects.filter(state="closed").count(), list(Debt.objects.filter(case__state="open").values_list("claimable_minor", "as_of"))
            names = sorted(opened(self.lender, one.person, one, "name_sealed") for one in Party.objects.filter(case__state="open"))
            placed, given = Placement.objects.filter(returned_on=None).count(), Placement.objects.count()
            assert all(Change.objects.filter(entry=entry).exists() for entry in entries)
        assert [entry.parameters["night"] for entry in entries] == [self.day(one).isoformat() for one in range(turn + 1)]
        owners = [] if turn < 0 else [*STEADY, f"N{turn}"]
        held = None if turn < 0 or HANDS[turn % 3] == "river" else HANDS[turn % 3]
        assert sorted(found) == sorted((name, 100 + turn, self.day(turn), "zhou" if name[0] == "N" else held) for name in owners)
        assert sorted(debts) == [(100 + turn, self.day(turn))] * len(owners) and closed == max(turn, 0)
        assert names == sorted(f"人{name}" for name in owners)
        assert (placed, given) == (len(owners), (len(STEADY) + 1) * (turn + 1))


def test_intake_killed_anywhere_leaves_the_state_before_or_after(work, tmp_path):
    nights, turn, kills = Nights(tmp_path), 0, 0

    def words() -> dict:
        return {"book": nights.book.root, "as_of": nights.day(turn), "now": work.now}

    with Runs(work.home) as runs:
        nights.write(0)
        runs.whole(**words())
        turn = 1
        nights.write(1)
        seconds = runs.whole(**words())
        nights.demand(1)
        turn = 2
        nights.write(2)
        for place, after in enumerate(moments(seconds, seed=7)):
            kills += runs.killed(after, **words())
            done = _is_done(nights, turn)
            nights.demand(turn if done else turn - 1)
            if not done and place % 10 == 0:
                runs.whole(**words())
                nights.demand(turn)
                done = True
            if done:
                turn += 1
                nights.write(turn)
        assert kills > POINTS // 4
        runs.whole(**words())
        nights.demand(turn)


def _is_done(nights: Nights, turn: int) -> bool:
    with seen_by(system(nights.lender)):
        one_at_a_time(nights.lender)
        return Entry.objects.filter(verb="case.take_in", parameters__night=nights.day(turn).isoformat()).exists()


def test_export_killed_anywhere_shows_a_whole_export_or_none_and_the_next_completes(work, tmp_path):
    nights, kills = Nights(tmp_path), 0
    nights.write(0)
    taken(work, nights.book.book(), AS_OF)
    out, plain = tmp_path / "out", tmp_path / "plain"
    expected = export(nights.lender, plain, None, work.now)
    before, whole = {name: rows for name, rows in state(nights.lender).items() if name not in ("work_entry", "work_leaf")}, files(plain)
    with Runs(work.home) as runs:
        words = {"lender": nights.lender, "out": out, "now": work.now}
        seconds, entries = runs.whole(**words), _entries(nights)
        for after in moments(seconds, seed=11):
            kills += runs.killed(after, **words)
            assert not (out / MAPPING).is_file() or files(out) == whole
        assert kills > POINTS // 4
        assert {name: rows for name, rows in state(nights.lender).items() if name not in ("work_entry", "work_leaf")} == before
        runs.whole(**words)
    assert files(out) == whole and sorted(path.name for path in out.iterdir()) == sorted(expected["files"])
    assert _entries(nights) > entries, "each export that was done has its entry"


def files(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("[a-z]*")}


def _entries(nights: Nights) -> int:
    with seen_by(system(nights.lender)):
        return Entry.objects.filter(verb="outcome.export").count()


def test_of_several_intakes_at_once_one_takes_in_and_the_others_find_it_done(work, tmp_path):
    nights = Nights(tmp_path)
    nights.write(0)
    told = tmp_path / "told"
    told.mkdir()
    with Runs(work.home) as runs:
        children = [runs.begin(book=nights.book.root, as_of=AS_OF, now=work.now, tell=told) for _ in range(3)]
        assert [runs.end(one) for one in children] == [0, 0, 0]
    assert sorted((told / str(one)).read_text() for one in children) == ["False", "False", "True"]
    nights.demand(0)


@pytest.mark.parametrize("statement", ["work_case", "work_debt", "work_party", "work_payment", "work_placement"])
def test_a_database_that_ends_the_connection_in_the_middle_leaves_nothing_half_done(work, tmp_path, statement, monkeypatch):
    """The backend is ended by the server, from outside, when a given table is about to be written."""
    import psycopg
    from django.db import DatabaseError, connection

    from arrears import postgres
    from arrears.work import intake, intake_debts, intake_hands, intake_people, rows_by_copy

    nights = Nights(tmp_path)
    nights.write(0)
    ended = []

    def ask(text, parameters=None):
        if f"INTO {statement} " in text and not ended:
            ended.append(connection.connection.info.backend_pid)
            with psycopg.connect(**postgres.place(work.home, postgres.APP, postgres.CASES).psycopg(), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", ended)
        return rows_by_copy.ask(text, parameters)

    for module in (intake, intake_debts, intake_hands, intake_people):
        monkeypatch.setattr(module, "ask", ask)
    with pytest.raises(DatabaseError):
        taken(work, nights.book.book(), AS_OF)
    connection.close()
    monkeypatch.undo()
    assert ended
    nights.demand(-1)
    taken(work, nights.book.book(), AS_OF)
    nights.demand(0)
