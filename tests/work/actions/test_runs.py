"""Runs: asked for once, taken by one alone, one of a book at a time, taken anew after silence, fenced off from whoever was silent; and what they may reach."""

import threading
from uuid import UUID

import pytest

from arrears.refusal import Refused
from arrears.work.actions.action import Forbidden, perform
from arrears.work.actor import system

MINUTE = 60_000_000


@pytest.fixture
def bank(work, tmp_path):
    """A lender with an administrator and two books of its own and one of another's, said in settings.yaml."""
    lender = work.lender()
    settings = work.home / "settings.yaml"
    before = settings.read_text(encoding="utf-8") if settings.exists() else None
    folders = {"one": lender, "two": lender, "theirs": "somebody-else"}
    for name, owner in folders.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "lender.yaml").write_text(f'id: "{owner}"\nname: "样例"\nlaw: cn\nlicence: bank\nproducts: {{}}\nother_product: consumer_loan\n', encoding="utf-8")
    for name in ("incoming", "mappings"):
        (tmp_path / name).mkdir()
    (tmp_path / "incoming" / "ledger.csv").write_text("a\n", encoding="utf-8")
    (tmp_path / "mappings" / "ledger.yaml").write_text("mapping: x\n", encoding="utf-8")
    settings.write_text(f"runs:\n  books: {{one: {tmp_path / 'one'}, two: {tmp_path / 'two'}, theirs: {tmp_path / 'theirs'}}}\n  incoming: {tmp_path / 'incoming'}\n  mappings: {tmp_path / 'mappings'}\n", encoding="utf-8")
    yield Bank(work, lender, work.actor(lender, "administrator"))
    if before is None:
        settings.unlink()
    else:
        settings.write_text(before, encoding="utf-8")


class Bank:
    def __init__(self, work, lender, keeper):
        self.work, self.lender, self.keeper, self.now = work, lender, keeper, work.now

    def ask(self, **parameters) -> str:
        return perform(self.keeper, "run.ask", parameters, self.now)["run"]

    def claim(self) -> dict:
        return perform(system(self.lender), "run.claim", {}, self.now)

    def end(self, taken: dict, **more) -> str:
        return perform(system(self.lender), "run.end", {"run": taken["run"], "fence": taken["fence"], "exit_status": 0, **more}, self.now)["state"]

    def seen(self, run: str):
        from arrears.work.queries.runs import one_run

        return one_run(self.keeper, UUID(run), self.now)


def test_runs_are_taken_in_the_order_in_which_they_were_asked_for_and_one_of_a_book_at_a_time(bank):
    first = bank.ask(kind="night", book="one", as_of="2026-10-31")
    second = bank.ask(kind="intake", book="one", as_of="2026-10-31")
    other = bank.ask(kind="night", book="two", as_of="2026-10-31")
    taken = bank.claim()
    assert taken["run"] == first and taken["parameters"] == {"as_of": "2026-10-31", "again": False}
    assert bank.claim()["run"] == other
    assert bank.claim()["run"] is None
    assert bank.end(taken) == "done"
    assert bank.claim()["run"] == second


def test_the_table_itself_holds_that_two_runs_of_a_book_do_not_go_on(bank):
    from django.db import IntegrityError

    from arrears.work.models import Run

    bank.ask(kind="night", book="one", as_of="2026-10-30")
    bank.ask(kind="night", book="one", as_of="2026-10-31")
    with pytest.raises(IntegrityError), bank.work.writing(bank.lender):
        Run.objects.filter(lender=bank.lender).update(state="running")


def test_many_who_would_take_runs_at_once_take_each_run_once(bank):
    asked = {bank.ask(kind="night", book=book, as_of="2026-10-31") for book in ("one", "two")} | {bank.ask(kind="backup")}
    taken, gate = [], threading.Barrier(6)

    def take():
        from django.db import connection

        gate.wait()
        taken.append(bank.claim()["run"])
        connection.close()

    workers = [threading.Thread(target=take) for _ in range(6)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert sorted(one for one in taken if one) == sorted(asked)


def test_who_was_silent_too_long_loses_the_run_to_the_next_and_writes_nothing_of_it_any_more(bank):
    run = bank.ask(kind="night", book="one", as_of="2026-10-31")
    silent = bank.claim()
    assert bank.claim()["run"] is None
    bank.now += MINUTE + 1
    assert bank.seen(run).is_silent
    again = bank.claim()
    assert again["run"] == run and again["fence"] == silent["fence"] + 1
    for verb, more in (("run.report", {}), ("run.end", {"exit_status": 0})):
        with pytest.raises(Refused, match="another has taken it"):
            perform(system(bank.lender), verb, {"run": run, "fence": silent["fence"], **more}, bank.now)
    assert bank.end(again) == "done"


def test_a_report_prolongs_the_lease(bank):
    run = bank.ask(kind="backup")
    taken = bank.claim()
    for _ in range(4):
        bank.now += MINUTE // 2
        perform(system(bank.lender), "run.report", {"run": run, "fence": taken["fence"], "done": 1, "of": 2, "step": "half"}, bank.now)
    assert bank.claim()["run"] is None and bank.seen(run).percent == 50


def test_after_three_losses_a_run_is_left_as_interrupted(bank):
    run = bank.ask(kind="backup")
    for _ in range(3):
        assert bank.claim()["run"] == run
        bank.now += MINUTE + 1
    assert bank.claim()["run"] is None
    assert bank.seen(run).state == "interrupted"


def test_a_waiting_run_is_cancelled_at_once_and_a_running_one_when_its_end_is_told(bank):
    waiting, running = bank.ask(kind="retention"), bank.ask(kind="backup")
    perform(bank.keeper, "run.cancel", {"run": waiting}, bank.now)
    assert bank.seen(waiting).state == "cancelled"
    taken = bank.claim()
    assert taken["run"] == running
    perform(bank.keeper, "run.cancel", {"run": running}, bank.now)
    assert perform(system(bank.lender), "run.report", {"run": running, "fence": taken["fence"]}, bank.now)["is_to_stop"]
    assert bank.end(taken, exit_status=130) == "cancelled"
    with pytest.raises(Refused, match="ended already"):
        perform(bank.keeper, "run.cancel", {"run": running}, bank.now)


def test_a_run_of_which_nothing_is_heard_any_more_is_cancelled_at_once_and_may_be_asked_for_anew(bank):
    run = bank.ask(kind="night", book="one", as_of="2026-10-31")
    taken = bank.claim()
    bank.now += MINUTE + 1
    assert bank.seen(run).is_silent
    perform(bank.keeper, "run.cancel", {"run": run}, bank.now)
    assert bank.seen(run).state == "cancelled"
    with pytest.raises(Refused, match="has ended"):
        bank.end(taken)
    again = bank.ask(kind="night", book="one", as_of="2026-10-31", repeats=run)
    assert bank.claim()["run"] == again


def test_a_run_that_somebody_wants_stopped_is_cancelled_and_not_put_back(bank):
    run = bank.ask(kind="backup")
    taken = bank.claim()
    perform(bank.keeper, "run.cancel", {"run": run}, bank.now)
    assert bank.end(taken, exit_status=130, is_put_back=True) == "cancelled" and bank.claim()["run"] is None


def test_a_run_that_was_put_back_waits_and_costs_no_attempt(bank):
    run = bank.ask(kind="backup")
    taken = bank.claim()
    assert bank.end(taken, exit_status=130, is_put_back=True) == "waiting"
    assert bank.claim() == {**taken, "fence": taken["fence"]} and bank.seen(run).attempt == 1


@pytest.mark.parametrize(("status", "state"), [(0, "done"), (2, "refused"), (70, "failed"), (-9, "failed")])
def test_the_exit_status_says_what_became_of_it(bank, status, state):
    bank.ask(kind="backup")
    assert bank.end(bank.claim(), exit_status=status, told="没有空间\nno room") == state


def test_the_same_run_is_asked_for_once_until_it_has_ended(bank):
    bank.ask(kind="backup")
    with pytest.raises(Refused, match="asked for already"):
        bank.ask(kind="backup")
    bank.end(bank.claim())
    assert bank.ask(kind="backup")


@pytest.mark.parametrize(("parameters", "why"), [
    ({"kind": "night", "book": "theirs", "as_of": "2026-10-31"}, "no book theirs"), ({"kind": "night", "book": "../one", "as_of": "2026-10-31"}, "no book"), ({"kind": "night", "book": "one"}, "business day"),
    ({"kind": "night", "book": "one", "as_of": "2027-01-01"}, "not over"), ({"kind": "night", "as_of": "2026-10-31"}, "name the book"), ({"kind": "ingest", "book": "one", "files": ["../one"], "mapping": "ledger.yaml"}, "no such file"),
    ({"kind": "ingest", "book": "one", "files": ["ledger.csv"], "mapping": "/etc/passwd"}, "no such file"), ({"kind": "ingest", "book": "one", "files": ["ledger.csv"], "mapping": "ledger.yaml", "threshold": "200%"}, "share"),
    ({"kind": "ingest", "book": "one"}, "choose files"), ({"kind": "take_back", "book": "one"}, "name the load"), ({"kind": "take_back", "book": "one", "load": 0}, "load"), ({"kind": "reboot"}, "kind"),
    ({"kind": "night", "book": "one", "as_of": "soon"}, "as_of"), ({"kind": "corrections", "book": "one", "files": ["a", "b"]}, "choose the file"),
], ids=lambda value: value if isinstance(value, str) else None)
def test_what_a_run_may_not_reach_or_cannot_mean_is_refused(bank, parameters, why):
    with pytest.raises(Refused, match=why):
        bank.ask(**parameters)


def test_the_log_is_bounded_and_holds_no_long_number(bank):
    run = bank.ask(kind="backup")
    taken = bank.claim()
    lines = [f"row {number}: 13800138000 and 11010119900101123X\x1b[31m" for number in range(2_000)]
    bank.end(taken, exit_status=2, lines=lines, told="电话 13800138000")
    found = bank.seen(run)
    assert len(found.log) == 401 and found.log[0].startswith("row 0") and found.log[-1].startswith("row 1999") and "1,600" in found.log[100]
    assert not any("13800138000" in line or "1199001" in line or "\x1b" in line for line in (*found.log, *found.told))


def test_the_words_of_a_run_stand_in_no_entry(bank):
    from arrears.work.models import Entry
    from arrears.work.tenancy import seen_by

    bank.ask(kind="backup")
    bank.end(bank.claim(), lines=["what it said"], told="why")
    with seen_by(system(bank.lender)):
        kept = [(one.parameters, one.result) for one in Entry.objects.filter(lender=bank.lender, verb__startswith="run.")]
    assert kept and "what it said" not in str(kept) and "why" not in str([one for one, _ in kept])


@pytest.mark.parametrize("role", ["collector", "team_lead", "compliance_officer", "auditor", "data_officer"])
def test_nobody_but_an_administrator_has_anything_run(bank, role):
    someone = bank.work.actor(bank.lender, role, "a" if role in ("collector", "team_lead") else None)
    with pytest.raises(Forbidden):
        perform(someone, "run.ask", {"kind": "backup"}, bank.now)


def test_fetching_quarantine_is_of_one_s_own_books_alone_and_stands_in_the_log(bank):
    perform(bank.keeper, "quarantine.fetch", {"book": "one"}, bank.now)
    with pytest.raises(Refused, match="no book"):
        perform(bank.keeper, "quarantine.fetch", {"book": "theirs"}, bank.now)


def test_what_is_wanted_every_day_is_read_in_order_and_what_cannot_be_meant_is_refused(bank):
    from arrears.work.run_places import Daily, places

    settings = bank.work.home / "settings.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text + '  daily: [{at: "03:00", kind: backup}, {at: "01:30", kind: night, book: one}]\n', encoding="utf-8")
    assert places(bank.work.home).daily == (Daily("01:30", "night", "one"), Daily("03:00", "backup", None))
    for wrong in ('{at: "25:00", kind: backup}', '{at: "01:00", kind: ingest, book: one}', '{at: "01:00", kind: night}', '{at: "01:00", kind: night, book: nowhere}', '{at: "01:00", kind: backup, book: one}', "noon"):
        settings.write_text(f"{text}  daily: [{wrong}]\n", encoding="utf-8")
        with pytest.raises(Refused, match="runs.daily"):
            places(bank.work.home)


def test_what_is_wanted_every_day_is_asked_for_once_a_day_however_many_work(bank):
    from arrears.cli.running import Worker

    settings = bank.work.home / "settings.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + '  daily: [{at: "00:00", kind: retention}, {at: "00:00", kind: night, book: one}]\n', encoding="utf-8")
    for _ in range(2):
        worker = Worker(bank.work.home, "en", threading.Event())
        worker.ask_daily()
        worker.ask_daily()
    from arrears.work.queries.runs import runs

    found, _ = runs(bank.keeper, bank.now)
    assert sorted(one.kind for one in found) == ["night", "retention"]
