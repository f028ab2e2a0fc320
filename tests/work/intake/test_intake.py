"""A night taken in: what becomes cases, what stays as it was, what people did and keep, and that again changes nothing."""

from datetime import timedelta
from uuid import uuid4, uuid5

import pytest
from django.db import connection
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from arrears.refusal import Refused
from arrears.work.actions.action import perform
from arrears.work.actor import system
from arrears.work.identities import LENDERS
from arrears.work.models import Case, Collector, Debt, Entry, Party, Payment, Placement, Team
from arrears.work.tenancy import seen_by
from work.intake.night_book import AS_OF, ROSTER, Loan, NightBook, debtor
from work.intake.state_of import cases, state, taken

NEXT = AS_OF + timedelta(days=1)


@pytest.fixture
def nights(tmp_path) -> NightBook:
    return NightBook(tmp_path / "book", f"bank-{uuid4().hex[:12]}")


def two() -> list:
    return [debtor("A", Loan("A1", owed=300), Loan("A2", owed=0, outstanding=500, days=0), Loan("A3", owed=0, outstanding=0, days=0), held_by="zhang", guarantors=("G", "B")),
            debtor("B", Loan("B1", owed=700), Loan("B2", owed=90, currency="USD"), held_by="river")]


def do(work, lender: str, verb: str, case, parameters: dict, role: str = "team_lead", now: int | None = None) -> dict:
    return perform(work.actor(lender, role), verb, parameters, now or work.now, thing=case, reason="for the test")


def test_a_night_becomes_cases_with_debts_parties_and_holders(work, nights):
    told, is_new = taken(work, nights.night(two()))
    assert is_new and (told["cases_opened"], told["debts"], told["placements_made"]) == (2, 4, 2)
    found = cases(nights.lender)
    assert {name: (one["rank"], one["claimable"], one["held_by"], one["team"]) for name, one in found.items()} == {"A": (1, 300, "zhang", "early"), "B": (2, 700, None, "river")}
    assert {name: set(one["debts"]) for name, one in found.items()} == {"A": {"A1", "A2"}, "B": {"B1", "B2"}}, "a loan that owes nothing is not taken in"
    assert [(one["currency"], one["claimable_minor"]) for one in found["B"]["proposals"]] == [("CNY", 700), ("USD", 90)]
    with seen_by(system(nights.lender)):
        parties = {(one.case.borrower_id, one.role, one.ordinal): (one.borrower_id, one.person) for one in Party.objects.select_related("case")}
        debt = Debt.objects.get(loan_id="A1")
        assert debt.position["claimable_minor"] == 300 and debt.position["as_of"] == "2026-10-31"
    assert {place: who for place, (who, _) in parties.items()} == {("A", "debtor", 0): "A", ("A", "guarantor", 1): "B", ("A", "guarantor", 2): "G", ("B", "debtor", 0): "B"}
    assert parties["A", "guarantor", 1][1] == parties["B", "debtor", 0][1], "a guarantor who borrows too is the same person"


def test_ids_are_those_that_any_machine_works_out(work, nights):
    taken(work, nights.night(two()))
    under = uuid5(LENDERS, nights.lender)
    found = cases(nights.lender)
    assert found["A"]["id"] == uuid5(under, "case\x1fA\x1f2026-10-31")
    with seen_by(system(nights.lender)):
        assert Party.objects.get(case=found["A"]["id"], role="debtor").person == uuid5(under, "person\x1fA")
        assert Debt.objects.get(loan_id="A1").id == uuid5(found["A"]["id"], "debt\x1fA1")


def test_the_same_night_again_changes_no_row_and_says_so(work, nights):
    book = nights.night(two())
    first, _ = taken(work, book)
    before = state(nights.lender)
    assert taken(work, book, now=work.now + 10**9) == (first, False)
    assert state(nights.lender) == before


def test_the_entry_says_which_night_and_how_much_and_no_path(work, nights):
    book = nights.night(two())
    told, _ = taken(work, book)
    with seen_by(system(nights.lender)):
        entry = Entry.objects.get(verb="case.take_in")
    assert (entry.parameters["night"], entry.result, entry.actor_name) == ("2026-10-31", told, "system")
    assert str(book.root) not in f"{entry.parameters}{entry.result}{entry.reason}"


def test_an_older_night_is_refused_and_one_done_again_is_taken_in(work, nights):
    taken(work, nights.night(two(), NEXT), NEXT)
    before = state(nights.lender)
    with pytest.raises(Refused, match="was taken in already, and an older one would put back"):
        taken(work, nights.night(two()))
    assert state(nights.lender) == before
    told, is_new = taken(work, nights.night([two()[0].but(loans=(Loan("A1", owed=444),)), two()[1]], NEXT), NEXT)
    assert is_new and told["cases_opened"] == 0 and cases(nights.lender)["A"]["claimable"] == 444


def test_who_is_no_longer_listed_stays_open_until_every_debt_is_settled(work, nights):
    one, other = two()
    taken(work, nights.night([one, other]))
    cured = (Loan("A1", owed=0, outstanding=50, days=0), Loan("A2", owed=0, outstanding=0, days=0))
    told, _ = taken(work, nights.night([one.but(loans=cured, listed=False, before="zhang", held_by=None, left_why="not_needed"), other], NEXT), NEXT)
    found = cases(nights.lender)["A"]
    assert told["cases_settled"] == 0 and (found["rank"], found["proposals"], found["claimable"], found["held_by"]) == (None, [], 0, None)
    assert found["as_of"] == NEXT and found["debts"]["A1"]["outstanding_principal_minor"] == 50
    later = NEXT + timedelta(days=1)
    told, _ = taken(work, nights.night([one.but(loans=tuple(Loan(loan.loan_id, 0, 0, 0) for loan in cured), listed=False, held_by=None), other], later), later)
    assert told["cases_settled"] == 1 and set(cases(nights.lender)) == {"B"}
    with seen_by(system(nights.lender)):
        closed = Case.objects.get(borrower_id="A")
        assert (closed.state, closed.closed_why, closed.closed_on) == ("closed", "settled", later)
        assert not Placement.objects.filter(case=closed, returned_on=None).exists()
    again = later + timedelta(days=1)
    taken(work, nights.night([debtor("A", Loan("A9", owed=5), held_by="li", before=None, held_since=again), other], again), again)
    assert cases(nights.lender)["A"]["opened_on"] == again and cases(nights.lender)["A"]["id"] != closed.id


def test_a_new_loan_of_a_known_borrower_comes_into_the_same_case_and_one_that_is_anothers_leaves_it(work, nights):
    one, other = two()
    taken(work, nights.night([one, other]))
    was = cases(nights.lender)
    taken(work, nights.night([one.but(loans=(*one.loans[:1], Loan("A7", owed=1))), other.but(loans=(*other.loans, Loan("A2", owed=2)))], NEXT), NEXT)
    found = cases(nights.lender)
    assert {name: (one["id"], set(one["debts"])) for name, one in found.items()} == {"A": (was["A"]["id"], {"A1", "A7"}), "B": (was["B"]["id"], {"B1", "B2", "A2"})}


def test_two_open_cases_of_one_borrower_are_impossible(work, nights):
    taken(work, nights.night(two()))
    from django.db import IntegrityError
    with pytest.raises(IntegrityError, match="one_open_case"), work.writing(nights.lender):
        Case.objects.create(lender=nights.lender, borrower_id="A", opened_on=NEXT, as_of=NEXT, currency="CNY", claimable_minor=1, days_past_due=1, bucket="M1")


def test_payments_of_a_month_before_the_case_and_since_are_kept_as_the_book_has_them_now(work, nights):
    one, other = two()
    early, day = AS_OF - timedelta(days=40), AS_OF - timedelta(days=5)
    taken(work, nights.night([one.but(payments=(("P0", "A1", early, 5, None), ("P1", "A1", day, 10, None), ("P2", "A2", day, 20, None))), other]))
    with seen_by(system(nights.lender)):
        assert dict(Payment.objects.values_list("payment_id", "amount_minor")) == {"P1": 10, "P2": 20}
    taken(work, nights.night([one.but(payments=(("P1", "A1", day, 11, None), ("P3", "A1", NEXT, 7, "P1"))), other], NEXT), NEXT)
    with seen_by(system(nights.lender)):
        assert sorted(Payment.objects.values_list("payment_id", "amount_minor", "reverses")) == [("P1", 11, None), ("P3", 7, "P1")]


def test_a_move_by_a_person_stays_while_nights_keep_the_case_and_yields_to_a_night_that_moves_it(work, nights):
    one, other = two()
    taken(work, nights.night([one, other]))
    case = cases(nights.lender)["A"]["id"]
    with seen_by(system(nights.lender)):
        li = Collector.objects.get(roster_name="li").id
    do(work, nights.lender, "case.move", case, {"collector": str(li)})
    told, _ = taken(work, nights.night([one.but(before="zhang"), other.but(before="river")], NEXT), NEXT)
    assert cases(nights.lender)["A"]["held_by"] == "li" and told["moves_kept"] == 1
    later = NEXT + timedelta(days=1)
    taken(work, nights.night([one.but(held_by="zhou", before="zhang", held_since=later), other.but(before="river")], later), later)
    assert (cases(nights.lender)["A"]["held_by"], cases(nights.lender)["A"]["team"]) == ("zhou", "late")
    with seen_by(system(nights.lender)):
        spans = [(row.held_by.roster_name, row.returned_on is None) for row in Placement.objects.filter(case=case).order_by("placed_on")]
    assert spans == [("zhang", False), ("li", False), ("zhou", True)]


def test_a_night_moves_what_an_earlier_night_gave(work, nights):
    one, other = two()
    taken(work, nights.night([one, other]))
    taken(work, nights.night([one.but(held_by="li", before="zhang", held_since=NEXT, left_why="idle"), other.but(held_by=None, before="river", left_why="contract_ended")], NEXT), NEXT)
    found = cases(nights.lender)
    assert (found["A"]["held_by"], found["B"]["held_by"], found["B"]["team"]) == ("li", None, None), "an agency no longer sees what it gave back"
    with seen_by(system(nights.lender)):
        assert set(Placement.objects.exclude(returned_on=None).values_list("returned_why", flat=True)) == {"idle", "agency"}


def test_a_case_that_a_person_closed_for_good_is_not_opened_again_for_the_same_loans(work, nights):
    one, other = two()
    taken(work, nights.night([one, other]))
    found = cases(nights.lender)
    do(work, nights.lender, "case.close", found["A"]["id"], {"why": "sold"})
    do(work, nights.lender, "case.close", found["B"]["id"], {"why": "paid"})
    one, other = one.but(loans=one.loans[:2]), other.but(held_by="zhang")
    told, _ = taken(work, nights.night([one, other], NEXT), NEXT)
    assert set(cases(nights.lender)) == {"B"} and told["cases_left_closed"] == 1
    later = NEXT + timedelta(days=1)
    taken(work, nights.night([one.but(loans=(*one.loans, Loan("A8"))), other], later), later)
    assert set(cases(nights.lender)) == {"A", "B"}


def test_what_people_did_in_a_case_is_as_it_was_after_the_next_night(work, nights):
    one, other = two()
    taken(work, nights.night([one, other]))
    case = cases(nights.lender)["A"]["id"]
    do(work, nights.lender, "promise.take", case, {"loan_id": "A1", "amount_minor": 100, "pay_by_on": "2026-11-20"})
    do(work, nights.lender, "hold.place", case, {"kind": "cease", "text": "asked us to stop"})
    do(work, nights.lender, "contact.note", case, {"attempted_at": work.at.isoformat(), "channel": "call", "outcome": "answered", "relation": "debtor"})
    mine = ("work_promise", "work_hold", "work_contact")
    before = state(nights.lender)
    with seen_by(system(nights.lender)):
        worked = Case.objects.get(id=case).worked_at
    taken(work, nights.night([one.but(before="zhang"), other.but(before="river")], NEXT), NEXT)
    after = state(nights.lender)
    assert all(len(before[table]) == 1 and after[table] == before[table] for table in mine)
    with seen_by(system(nights.lender)):
        assert Case.objects.get(id=case).worked_at == worked is not None


def test_the_roster_makes_teams_and_collectors_and_marks_who_is_gone(work, nights):
    taken(work, nights.night(two()))
    with seen_by(system(nights.lender)):
        assert dict(Team.objects.values_list("code", "kind")) == {"early": "own", "late": "own", "river": "agency"}
    nights.roster = "\n".join(line for line in ROSTER.splitlines() if "zhou" not in line).replace("[early, late]", "[early]")
    taken(work, nights.night([one.but(before=one.held_by) for one in two()], NEXT), NEXT)
    with seen_by(system(nights.lender)):
        assert dict(Collector.objects.values_list("roster_name", "left_on")) == {"zhang": None, "li": None, "zhou": NEXT + timedelta(days=1)}
        assert Team.objects.get(code="late").ended_on == NEXT + timedelta(days=1)
    nights.roster = ROSTER
    later = NEXT + timedelta(days=1)
    taken(work, nights.night([one.but(before=one.held_by) for one in two()], later), later)
    with seen_by(system(nights.lender)):
        assert not Collector.objects.exclude(left_on=None).exists() and not Team.objects.exclude(ended_on=None).exists()


@pytest.mark.parametrize("code", ["early,late", "*"])
def test_a_roster_whose_name_for_a_team_reads_as_several_or_all_is_refused(work, nights, code):
    nights.roster = ROSTER.replace("early", f'"{code}"')
    with pytest.raises(Refused, match="cannot be the name of a team"):
        taken(work, nights.night(two()))


def test_a_book_without_a_roster_gives_cases_that_nobody_holds(work, nights):
    nights.roster = None
    taken(work, nights.night([one.but(held_by=None) for one in two()]))
    assert [(one["held_by"], one["team"]) for one in cases(nights.lender).values()] == [(None, None)] * 2


DEBTORS = st.lists(st.tuples(st.sampled_from("ABCDE"), st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=3), st.booleans(),
                             st.sampled_from([None, "zhang", "li", "river"])), unique_by=lambda one: one[0], max_size=5)


ANCHOR = debtor("Z", *(Loan(f"Z{number}", owed=0, days=0) for number in range(20)), Loan("Z99", owed=1))
"""Always there: a book of which most loans vanish is taken for another lender's."""


@settings(max_examples=15, phases=(Phase.explicit, Phase.generate))
@given(st.lists(DEBTORS, min_size=1, max_size=4))
def test_any_series_of_nights_gives_what_a_plain_reading_of_them_gives(work, tmp_path_factory, series):
    nights = NightBook(tmp_path_factory.mktemp("series") / "book", f"bank-{uuid4().hex[:12]}")
    plain: dict[str, dict] = {}
    known: dict[str, tuple] = {}
    for turn, rows in enumerate(series):
        as_of, told = AS_OF + timedelta(days=turn), []
        for name, owing, wants, holder in rows:
            loans = tuple(Loan(f"{name}{place}", owed, owed + rest, 5 if owed else 0) for place, (owed, rest) in enumerate(owing))
            known[name] = loans
            listed = wants and any(loan.owed for loan in loans)
            told.append(debtor(name, *loans, listed=listed, held_by=holder if listed else None, before=plain.get(name, {}).get("holder"), held_since=as_of))
        told += [debtor(name, *loans, listed=False, before=plain.get(name, {}).get("holder")) for name, loans in known.items() if name not in {one.borrower_id for one in told}]
        taken(work, nights.night([*told, ANCHOR], as_of), as_of)
        for one in told:
            mine = plain.get(one.borrower_id)
            if mine is None and not one.listed:
                continue
            mine = plain.setdefault(one.borrower_id, {"opened": as_of, "loans": set(), "holder": None})
            mine["loans"] = {loan.loan_id for loan in one.loans if loan.owed or loan.outstanding or loan.loan_id in mine["loans"]}
            mine["claimable"], mine["holder"] = sum(loan.owed for loan in one.loans if loan.loan_id in mine["loans"]), one.held_by
            if not one.listed and not any(loan.owed or loan.outstanding for loan in one.loans):
                del plain[one.borrower_id]
        found = {name: one for name, one in cases(nights.lender).items() if name != "Z"}
        assert {name: (one["opened_on"], set(one["debts"]), one["claimable"], one["held_by"] or (one["team"] if one["team"] == "river" else None)) for name, one in found.items()} == {
            name: (one["opened"], one["loans"], one["claimable"], one["holder"]) for name, one in plain.items()}


def test_no_statement_of_intake_is_left_waiting_on_another_lenders_intake(work, nights):
    """The lock is the lender's own: with one lender's taken, another's night comes in."""
    with seen_by(system(nights.lender)), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"arrears case.take_in {nights.lender}"])
        first = cursor.fetchone()[0]
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", ["arrears case.take_in another"])
        assert (first, cursor.fetchone()[0]) == (True, True)
