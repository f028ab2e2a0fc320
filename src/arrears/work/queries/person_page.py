"""What a person's page shows beside the case itself: lamps at this moment, and in which words the night's models spoke. As many queries for one contact as for a thousand."""

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from arrears.work.actions.action import NOT_VISIBLE, Forbidden
from arrears.work.actor import Actor
from arrears.work.gate_known import known_from
from arrears.work.gate_rules import rules_or_why
from arrears.work.models import Case, Debt, Rulebook
from arrears.work.offer_limits import strategy_now
from arrears.work.queries.cases import CaseSheet, case_rows, sheet_of
from arrears.work.queries.lamps import Lamp, lamps_of
from arrears.work.residuals import filter_for
from arrears.work.tenancy import seen_by


@dataclass(frozen=True)
class PersonPage:
    """The case, its lamps, by model the words of what it foretells and of its features, and by offer of the strategy its reason in both languages."""

    sheet: CaseSheet
    lamps: tuple[Lamp, ...]
    score_words: dict[str, dict[str, Any]] = field(default_factory=dict)
    offer_words: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """From which book's folder and of which night a debt of a case is explained; book is None where no night was taken in."""

    loan_id: str
    as_of: date
    book: Path | None


def person_page(actor: Actor, case: UUID, at: datetime) -> PersonPage:
    """The page of a case at that moment. Raises Forbidden where the actor may see none such."""
    with seen_by(actor):
        rows = case_rows(actor, case)
        words = Rulebook.objects.filter(lender=actor.lender).values_list("score_words", flat=True).first()
        as_rows = {name: [SimpleNamespace(**row) for row in rows.parts[name]] for name in ("debts", "holds", "plans")}
        known = known_from(rows.case, at, rules_or_why(actor.lender), rows.parties, sorted(rows.points, key=lambda one: (one.kind, one.ordinal)), **as_rows)
        strategy = strategy_now(actor.lender) if any(one.get("offer") for one in rows.case.proposals or ()) else None
    offers = {one.name: {"zh": one.reason_zh, "en": one.reason_en} for one in strategy[1].offers} if strategy else {}
    return PersonPage(sheet_of(rows), lamps_of(known), words or {}, offers)


def told_by(actor: Actor, case: UUID, loan_id: str) -> Told | None:
    """Where a debt of the case is explained from; None where the case has no such debt. Raises Forbidden where the actor may see no such case."""
    with seen_by(actor):
        if not Case.objects.filter(filter_for(actor, "case.view", Case), lender=actor.lender, pk=case).exists():
            raise Forbidden(f"there is no case {case} among those you may see ({NOT_VISIBLE})", f"在您可见的范围内没有案件 {case}（{NOT_VISIBLE}）", (NOT_VISIBLE,))
        found = Debt.objects.filter(lender=actor.lender, case=case, loan_id=loan_id).values_list("as_of", flat=True).first()
        book = Rulebook.objects.filter(lender=actor.lender).values_list("book", flat=True).first()
    return None if found is None else Told(loan_id, found, Path(book) if book else None)


def claimable_of(actor: Actor, case: UUID, currency: str) -> int | None:
    """What may be demanded in all debts of the case in that currency; None where the actor may see no such case."""
    with seen_by(actor):
        if not Case.objects.filter(filter_for(actor, "case.view", Case), lender=actor.lender, pk=case).exists():
            return None
        return sum(Debt.objects.filter(case=case, currency=currency).values_list("claimable_minor", flat=True))
