"""Cases as those who may see them do: a page of a list, and one case whole; personal data only masked. As many queries for one row as for a thousand."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Model, Q

from arrears.refusal import Refused
from arrears.work.about_oneself import is_about, papers_not_about
from arrears.work.actions.action import NOT_VISIBLE, Forbidden
from arrears.work.actor import Actor
from arrears.work.models import (
    Attachment,
    Case,
    Complaint,
    Consent,
    Contact,
    ContactPoint,
    Debt,
    Dispute,
    Entry,
    Hardship,
    Hold,
    Offer,
    Party,
    Payment,
    Placement,
    Plan,
    Promise,
    Reminder,
)
from arrears.work.queries.masking import Cell, masked_cells
from arrears.work.residuals import filter_for
from arrears.work.resources import Resource, resource_of
from arrears.work.tenancy import seen_by

SIZE_MOST = 200
ORDERS = {"rank": (F("rank").asc(nulls_last=True), "id"), "days_past_due": ("-days_past_due", "id"), "claimable": ("-claimable_minor", "id"), "opened_on": ("opened_on", "id")}


@dataclass(frozen=True)
class CaseLine:
    """One case of a list; amounts in minor units. name: the debtor's, masked; holds: kinds that stand; protected: states of the debtor."""

    id: UUID
    borrower_id: str
    name: str
    state: str
    rank: int | None
    treatment: str | None
    channel: str | None
    currency: str
    claimable_minor: int
    days_past_due: int
    bucket: str
    team: str | None
    held_by: str | None
    as_of: date
    worked_at: datetime | None
    is_frozen: bool
    holds: tuple[str, ...]
    protected: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """Some lines of a longer list; number counts from 1; more: another page follows."""

    lines: tuple[CaseLine, ...]
    number: int
    size: int
    more: bool


@dataclass(frozen=True)
class CaseSheet:
    """One case and everything in it, by table; every row a mapping of columns, none of them sealed. Masked texts stand beside parties (name, id_number) and contact_points (value).

    resource: what policies know of the case, as it was read. marks, of parts: the entries by which a party's protection was marked or released.
    """

    line: CaseLine
    proposals: list
    parts: dict[str, list[dict[str, Any]]]
    resource: Resource


def list_cases(actor: Actor, page: int = 1, size: int = 50, *, state: str = "open", order: str = "rank", team: str | None = None, held_by: UUID | None = None) -> Page:
    """The page of the cases that the actor may list, in that order. Raises Refused for a page, size or order that there is none of."""
    if page < 1 or not 1 <= size <= SIZE_MOST or order not in ORDERS:
        raise Refused(f"pages count from 1, have 1 to {SIZE_MOST} lines, and are ordered by {', '.join(ORDERS)}", f"页码从 1 开始，每页 1 至 {SIZE_MOST} 条，排序可用：{'、'.join(ORDERS)}")
    with seen_by(actor):
        rows = Case.objects.filter(filter_for(actor, "case.list", Case), lender=actor.lender, state=state)
        if team is not None:
            rows = rows.filter(team__code=team)
        if held_by is not None:
            rows = rows.filter(held_by=held_by)
        first = (page - 1) * size
        found = list(rows.select_related("team", "held_by").order_by(*ORDERS[order])[first:first + size + 1])
        shown = case_lines(actor, found[:size])
    return Page(tuple(shown), page, size, len(found) > size)


def one_case(actor: Actor, case: UUID) -> CaseSheet:
    """The whole case. Raises Forbidden where the actor may see none such."""
    with seen_by(actor):
        rows = case_rows(actor, case)
    return sheet_of(rows)


@dataclass(frozen=True)
class CaseRows:
    """A case as it was read: parties and points still sealed, every other table's rows as mappings of columns."""

    case: Case
    parties: list[Party]
    points: list[ContactPoint]
    parts: dict[str, list[dict[str, Any]]]


def case_rows(actor: Actor, case: UUID) -> CaseRows:
    """Everything in the case, within a transaction that says who asks: in three statements, whatever is in it. Raises Forbidden where the actor may see none such."""
    found = Case.objects.filter(filter_for(actor, "case.view", Case), lender=actor.lender, pk=case).select_related("team", "held_by").first()
    if found is None:
        raise Forbidden(f"there is no case {case} among those you may see ({NOT_VISIBLE})", f"在您可见的范围内没有案件 {case}（{NOT_VISIBLE}）", (NOT_VISIBLE,))
    parts = _of_case(found.pk)
    parties, points = ([model.from_db(None, tuple(row), tuple(row.values())) for row in parts.pop(name)] for name, model in _SEALED.items())
    mine = {one["id"] for one in parts["complaints"] if is_about(actor, one["about_id"], one["about_account_id"])}
    parts["attachments"] = papers_not_about(actor, parts["attachments"], parts["complaints"])
    parts["complaints"] = [one for one in parts["complaints"] if one["id"] not in mine]
    parts["reminders"] = [one for one in parts["reminders"] if one["kind"] != "answer_due" or one["subject"] not in mine]
    return CaseRows(found, parties, points, parts)


def sheet_of(rows: CaseRows) -> CaseSheet:
    """The same with personal data masked; every sealed text of it is opened in one go. Raises VaultRefused where one does not open."""
    case, parts, by_id = rows.case, dict(rows.parts), {party.id: party for party in rows.parties}
    cells = [Cell(party, party, f"{kind}_sealed", kind) for party in rows.parties for kind in ("name", "id_number")] + [Cell(by_id[point.party_id], point, "value_sealed", point.kind) for point in rows.points]
    shown = iter(masked_cells(case.lender, cells))
    parts["parties"] = [{**_plain(party), "name": next(shown), "id_number": next(shown)} for party in rows.parties]
    parts["contact_points"] = [{**_plain(point), "value": next(shown)} for point in rows.points]
    debtor = next((party for party in parts["parties"] if party["role"] == "debtor"), None)
    line = _line(case, "" if debtor is None else debtor["name"], {hold["kind"] for hold in parts["holds"] if hold["lifted_at"] is None}, () if debtor is None else debtor["protected"])
    return CaseSheet(line, case.proposals, parts, resource_of(case))


_SEALED: dict[str, type[Model]] = {"parties": Party, "points": ContactPoint}
"""What is read whole, as its texts are opened, if only to be masked."""
_PARTS: dict[str, tuple[type[Model], tuple[str, ...]]] = {
    "parties": (Party, ("role", "ordinal")), "points": (ContactPoint, ("party", "kind", "ordinal")),
    "debts": (Debt, ("loan_id",)), "payments": (Payment, ("-paid_on", "payment_id")), "placements": (Placement, ("-placed_on", "id")), "holds": (Hold, ("-placed_at", "id")),
    "contacts": (Contact, ("-attempted_at", "id")), "promises": (Promise, ("-promised_on", "id")), "offers": (Offer, ("-made_on", "id")), "plans": (Plan, ("-proposed_on", "id")),
    "attachments": (Attachment, ("-made_at", "id")), "disputes": (Dispute, ("-raised_at", "id")), "complaints": (Complaint, ("-raised_at", "id")), "consents": (Consent, ("-given_at", "id")),
    "hardships": (Hardship, ("-raised_at", "id")), "reminders": (Reminder, ("due_at", "id")),
}
MARKS = ("party.protect", "party.release")
MARKS_MOST = 200


def case_lines(actor: Actor, cases: list[Case]) -> list[CaseLine]:
    """The cases as lines, in the same order; each with its team and holder. Within a transaction that sees them."""
    keys = [case.pk for case in cases]
    debtors = {party.case_id: party for party in Party.objects.filter(case__in=keys, role="debtor")}
    holds: dict[UUID, set[str]] = {}
    for key, kind in Hold.objects.filter(case__in=keys, lifted_at=None).values_list("case", "kind"):
        holds.setdefault(key, set()).add(kind)
    named = [debtors[key] for key in keys if key in debtors]
    names = dict(zip((party.case_id for party in named), masked_cells(actor.lender, [Cell(party, party, "name_sealed", "name") for party in named]), strict=True))
    return [_line(case, names.get(case.pk, ""), holds.get(case.pk, ()), debtors[case.pk].protected if case.pk in debtors else ()) for case in cases]


def _line(case: Case, name: str, holds, protected) -> CaseLine:
    return CaseLine(
        case.pk, case.borrower_id, name, case.state, case.rank, case.treatment, case.channel, case.currency, case.claimable_minor, case.days_past_due, case.bucket,
        case.team and case.team.code, case.held_by and case.held_by.roster_name, case.as_of, case.worked_at, case.frozen_at is not None, tuple(sorted(holds)),
        tuple(protected),
    )


def _plain(row: Model) -> dict[str, Any]:
    """The columns that hold no personal data; sealed ones and their indexes are left out."""
    return {name: getattr(row, name) for name in _plain_columns(type(row))}


def _of_case(case: UUID) -> dict[str, list[dict[str, Any]]]:
    """By part its rows of the case in their order, as mappings of columns. All in one go to the database and back, by statements that are put together once a process."""
    parts, (sql, given, tables) = {}, _statements()
    with connection.cursor() as cursor:
        cursor.execute(sql, [case if one is _CASE else one for one in given])
        for name, columns, read in tables:
            rows = parts[name] = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
            for column, from_database in read:
                for row in rows:
                    row[column] = from_database(row[column], None, connection)
            cursor.nextset()
    return parts


_CASE = UUID(int=0)
"""Stands for the case in statements that are kept."""


@cache
def _statements() -> tuple[str, tuple, tuple[tuple[str, tuple[str, ...], tuple], ...]]:
    """The SQL of all parts, one statement after another; its parameters, the case being _CASE; and by part the columns it gives, and those whose values the field itself reads."""
    marks = Entry.objects.filter(case=_CASE, verb__in=MARKS, is_refused=False).order_by("-number").annotate(has_reason=Q(reason_sealed__isnull=False))[:MARKS_MOST]
    rows = {name: (model.objects.filter(case_id=_CASE).order_by(*ordered), _plain_columns(model) if name not in _SEALED else tuple(field.attname for field in model._meta.concrete_fields))
            for name, (model, ordered) in _PARTS.items()}
    rows["marks"] = (marks, ("verb", "at", "actor_name", "parameters", "has_reason"))
    texts, given, tables = [], [], []
    for name, (some, columns) in rows.items():
        text, parameters = some.values_list(*columns).query.sql_with_params()
        texts.append(text)
        given += [_CASE if one == _CASE else one for one in parameters]
        fields = {field.attname: field for field in some.model._meta.concrete_fields}
        tables.append((name, columns, tuple((column, fields[column].from_db_value) for column in columns if column in fields and hasattr(fields[column], "from_db_value"))))
    return ";\n".join(texts), tuple(given), tuple(tables)


@cache
def _plain_columns(model: type[Model]) -> tuple[str, ...]:
    """The columns of a table that hold no personal data."""
    return tuple(field.attname for field in model._meta.concrete_fields if not field.column.endswith(("_sealed", "_index")) and field.attname not in ("lender", "person"))
