"""Cases found by what they are called: a borrower's or a loan's number, exactly; what a person is called is sealed and cannot be searched."""

import re
from dataclasses import dataclass
from uuid import UUID

from arrears.work.actor import Actor
from arrears.work.models import Case, ContactPoint, Debt, Party
from arrears.work.queries.masking import Cell, masked_cells
from arrears.work.residuals import filter_for
from arrears.work.tenancy import seen_by

FOUND_MOST = 50


@dataclass(frozen=True)
class Hit:
    """One case that was found. name, phone: the debtor's, masked; by: borrower or loan, or phone, id_number; role: of whom was found, where that was a person."""

    case: UUID
    borrower_id: str
    name: str
    phone: str
    state: str
    currency: str
    claimable_minor: int
    days_past_due: int
    held_by: str | None
    by: str
    role: str | None = None


def kind_of(text: str) -> str:
    """What was typed: phone, id_number, name (no number can be in it), or number (of a borrower or loan)."""
    plain = re.sub(r"[\s\-()]", "", text)
    if re.fullmatch(r"(\+?86)?1\d{10}|0\d{9,11}", plain):
        return "phone"
    if re.fullmatch(r"\d{17}[\dXx]|\d{15}", plain):
        return "id_number"
    return "name" if text and not re.search(r"[0-9A-Za-z]", text) else "number"


def find_by_number(actor: Actor, text: str) -> list[Hit]:
    """The cases whose borrower or one of whose loans is called exactly so, among those that the actor may list; open ones first."""
    with seen_by(actor):
        may = Case.objects.filter(filter_for(actor, "case.list", Case), lender=actor.lender)
        of_borrower = list(may.filter(borrower_id=text).select_related("held_by")[:FOUND_MOST])
        loans = list(Debt.objects.filter(lender=actor.lender, loan_id=text).values_list("case", flat=True)[:FOUND_MOST])
        of_loan = list(may.filter(pk__in=loans).exclude(pk__in=[case.pk for case in of_borrower]).select_related("held_by"))
        return _hits(actor, [(case, "borrower", None) for case in of_borrower] + [(case, "loan", None) for case in of_loan])


def found_cases(actor: Actor, parties: list[dict], by: str) -> list[Hit]:
    """The cases of parties that person.find told, as far as the actor may list them."""
    roles = {UUID(one["case"]): one["role"] for one in reversed(parties)}
    with seen_by(actor):
        cases = list(Case.objects.filter(filter_for(actor, "case.list", Case), lender=actor.lender, pk__in=list(roles)).select_related("held_by")[:FOUND_MOST])
        return _hits(actor, [(case, by, roles[case.pk]) for case in cases])


def _hits(actor: Actor, found: list[tuple[Case, str, str | None]]) -> list[Hit]:
    keys = [case.pk for case, _, _ in found]
    debtors = {party.case_id: party for party in Party.objects.filter(case__in=keys, role="debtor")}
    points = {point.case_id: point for point in ContactPoint.objects.filter(case__in=keys, kind="phone", party__role="debtor", state="usable").order_by("-ordinal", "id")}
    cells = [Cell(debtors[key], debtors[key], "name_sealed", "name") for key in keys if key in debtors] + [Cell(debtors[key], points[key], "value_sealed", "phone") for key in keys if key in points]
    shown = masked_cells(actor.lender, cells)
    names = dict(zip((key for key in keys if key in debtors), shown, strict=False))
    phones = dict(zip((key for key in keys if key in points), shown[len(names):], strict=True))
    hits = [Hit(case.pk, case.borrower_id, names.get(case.pk, ""), phones.get(case.pk, ""), case.state, case.currency, case.claimable_minor, case.days_past_due,
                case.held_by and case.held_by.roster_name, by, role) for case, by, role in found]
    return sorted(hits, key=lambda one: one.state != "open")
