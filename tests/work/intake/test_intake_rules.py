"""What a night was decided by, and what its models said of each loan, kept beside the cases; and nothing of the kind of whoever's processing is frozen."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import polars as pl
import pytest

from arrears import store
from arrears.law.packs import law_of
from arrears.work.actor import system
from arrears.work.models import Case, Debt, Party, Rulebook
from arrears.work.queries.lamps import lamps
from arrears.work.queries.person_page import told_by
from arrears.work.tenancy import seen_by
from work.intake.night_book import AS_OF, Loan, NightBook, debtor
from work.intake.state_of import state, taken

NEXT = AS_OF + timedelta(days=1)
WORDS = {"model": "collection_cure", "version": 3, "zh": "三十天内恢复正常", "en": "is cured", "reason_words": {"times_late": {"zh": "逾期次数", "en": "times late"}}, "drift": "left out"}


@pytest.fixture
def nights(tmp_path) -> NightBook:
    return NightBook(tmp_path / "book", f"bank-{uuid4().hex[:12]}")


def decided(nights: NightBook, debtors: list, as_of=AS_OF, law: dict | None = None, estimate: float = 0.25):
    """The night with its law and scores, as the night itself leaves them."""
    book = nights.night(debtors, as_of)
    folder = book.night(as_of)
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    store.write_bytes(folder / "run.json", json.dumps({**run, "law": law if law is not None else law_of("cn", None)}, ensure_ascii=False).encode())
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    store.write_bytes(folder / "summary.json", store.json_bytes({**summary, "scores": {"models": [WORDS]}}))
    rows = [(loan.loan_id, one.borrower_id, model, estimate, low, None if low is None else 0.5, 611 if low else None, why) for one in debtors for loan in one.loans
            for model, low, why in (("collection_cure", 0.1, "times_late; days"), ("loss", None, None))]
    store.write_parquet(folder / "scores" / "p0000.parquet", pl.DataFrame(rows, orient="row", schema={
        "loan_id": pl.String, "borrower_id": pl.String, "model": pl.String, "estimate": pl.Float64, "low": pl.Float64, "high": pl.Float64, "points": pl.Int32, "reasons": pl.String}))
    return book


def kept(lender: str):
    with seen_by(system(lender)):
        return Rulebook.objects.get(lender=lender), {one.loan_id: one.scores for one in Debt.objects.filter(lender=lender)}


def test_the_law_of_the_night_the_book_and_the_words_of_its_models_are_kept_and_scores_stand_with_each_debt(work, nights):
    taken(work, decided(nights, [debtor("A", Loan("A1"), Loan("A2", owed=0))]))
    rules, scores = kept(nights.lender)
    assert (rules.as_of, rules.book, rules.lender_text) == (AS_OF, str(nights.root), nights.lender_text) and rules.texts == law_of("cn", None)
    assert rules.score_words == {"collection_cure": {name: WORDS[name] for name in ("version", "zh", "en", "reason_words")}}
    assert scores["A1"] == {"collection_cure": {"estimate": 0.25, "low": 0.1, "high": 0.5, "points": 611, "reasons": ["times_late", "days"]},
                            "loss": {"estimate": 0.25, "low": None, "high": None, "points": None, "reasons": None}}
    assert set(scores) == {"A1", "A2"}


def test_the_next_night_takes_the_place_of_the_last_and_a_night_without_law_leaves_nobody_to_be_contacted(work, nights):
    taken(work, decided(nights, [debtor("A")]))
    with seen_by(system(nights.lender)):
        case = Case.objects.get(lender=nights.lender)
    actor, at = work.actor(nights.lender, "team_lead"), datetime(2026, 11, 2, 2, tzinfo=UTC)
    assert "own.rules_unknown" not in {name for lamp in lamps(actor, case.id, at) for name in lamp.answer.rules}
    assert told_by(actor, case.id, "A-L1").book == nights.root and told_by(actor, case.id, "other") is None
    taken(work, decided(nights, [debtor("A")], NEXT, law={}, estimate=0.75), NEXT)
    rules, scores = kept(nights.lender)
    assert rules.as_of == NEXT and rules.texts == {} and scores["A-L1"]["collection_cure"]["estimate"] == 0.75
    assert all("own.rules_unknown" in lamp.answer.rules for lamp in lamps(actor, case.id, at) if lamp.has_way)


def test_a_home_of_before_rulebooks_has_its_lamps_again_once_the_same_night_is_taken_in_once_more_and_nothing_else_changes(work, nights):
    book = decided(nights, [debtor("A")])
    first, _ = taken(work, book)
    with work.writing(nights.lender):
        Rulebook.objects.filter(lender=nights.lender).delete()
        case = Case.objects.get(lender=nights.lender)
    actor, at = work.actor(nights.lender, "team_lead"), datetime(2026, 11, 2, 2, tzinfo=UTC)
    unknown = {reason for lamp in lamps(actor, case.id, at) if lamp.has_way for reason in lamp.answer.reasons if reason.id == "own.rules_unknown"}
    assert unknown and all("arrears intake" in one.zh and "再接收一次" in one.zh and "once more" in one.en for one in unknown)
    before = state(nights.lender, log=False)
    told, is_new = taken(work, book, now=work.now + 10**9)
    assert is_new and told == {**dict.fromkeys(first, 0), "rules_kept": 1}
    after = state(nights.lender, log=False)
    assert {table for table in before if before[table] != after[table]} == {"work_rulebook"}
    assert all("own.rules_unknown" not in lamp.answer.rules for lamp in lamps(actor, case.id, at))
    assert taken(work, book, now=work.now + 2 * 10**9) == (told, False)


def test_a_night_without_models_leaves_no_scores_of_before_and_a_frozen_case_none_at_all(work, nights):
    taken(work, decided(nights, [debtor("A"), debtor("B")]))
    with work.writing(nights.lender):
        Case.objects.filter(lender=nights.lender, borrower_id="B").update(frozen_at=work.at)
        Party.objects.filter(lender=nights.lender, borrower_id="B").update(frozen_at=work.at)
    taken(work, decided(nights, [debtor("A"), debtor("B")], NEXT), NEXT)
    assert {loan: bool(said) for loan, said in kept(nights.lender)[1].items()} == {"A-L1": True, "B-L1": False}
    last = NEXT + timedelta(days=1)
    taken(work, nights.night([debtor("A"), debtor("B")], last), last)
    assert kept(nights.lender)[0].score_words == {} and not any(kept(nights.lender)[1].values())
