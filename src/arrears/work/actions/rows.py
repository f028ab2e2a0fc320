"""What the rows of an action are found by, and in which words the wrong ones are refused; how its free words are sealed; how far it may reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model
from pydantic import AfterValidator, StringConstraints

from arrears.refusal import Refused
from arrears.work import sealing
from arrears.work.actions.action import Doing
from arrears.work.actor import Actor
from arrears.work.models import Case, Debt, Party
from arrears.work.models.row import Row

OWING = ("debtor", "co_debtor", "guarantor")
"""Roles of those who owe; a reserved contact owes nothing."""

R = TypeVar("R", bound=Row)
_SAY_TEAMS = "SELECT set_config('arrears.teams', %s, true)"


def _printable(text: str) -> str:
    if any(ord(character) < 32 and character not in "\t\n\r" for character in text):
        raise ValueError("holds control characters")
    return text


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), AfterValidator(_printable)]
"""Free words about a case: always sealed, never in an Entry."""
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), AfterValidator(_printable)]
"""A code or name that the lender gives: of a team, a collector. Never a person's own name."""
LoanId = Annotated[str, StringConstraints(min_length=1, max_length=120), AfterValidator(_printable)]


def words_of(column: str, model: type[Model]) -> Any:
    """The words that a column of choices takes, as a type of parameter."""
    return Literal[tuple(word for word, _ in model._meta.get_field(column).choices)]


def demand_open(case: Case) -> None:
    """Raises Refused where the case is closed."""
    if case.state != "open":
        raise Refused(f"case {case.id} was closed on {case.closed_on}; nothing new is agreed in it: see whether a later case of the debtor is open",
                      f"案件 {case.id} 已于 {case.closed_on} 结案；不再办理新事项：请查看该债务人是否另有未结案件")


def demand_processed(party: Party) -> None:
    """Raises Refused where the person's data are stored and no more (个人信息保护法 47)."""
    if party.frozen_at is not None:
        raise Refused(f"the processing of the personal data of party {party.id} is frozen (个人信息保护法 47): they are stored and not added to; nothing was changed",
                      f"当事人 {party.id} 的个人信息已停止处理（个人信息保护法第四十七条）：仅存储，不得新增；未作任何更改")


def debt_of(case: Case, loan_id: str) -> Debt:
    """The debt of the case with that loan; raises Refused where the case has none."""
    debt = Debt.objects.filter(case=case, loan_id=loan_id).first()
    if debt is None:
        raise Refused(f"loan {loan_id} is not of this case; choose one of its debts", f"贷款 {loan_id} 不属于本案件；请从其债务中选择")
    return debt


def demand_debt(case: Case, loan_id: str | None) -> None:
    """Raises Refused where a loan is named that is not of the case."""
    if loan_id is not None:
        debt_of(case, loan_id)


def row_of(model: type[R], case: Case, key: UUID, en: str, zh: str, *, alone: bool = False) -> R:
    """The row of that id in the case; alone: locked. Raises Refused where the case has none."""
    rows = model.objects.select_for_update(no_key=True, of=("self",)) if alone else model.objects.all()
    found = rows.filter(lender=case.lender, case=case, pk=key).first()
    if found is None:
        raise Refused(f"{en} {key} is not of this case; choose one of its own", f"{zh} {key} 不属于本案件；请从本案件中选择")
    return found


def demand_state(row: Row, en: str, zh: str, *states: str) -> None:
    """Raises Refused where the row is in none of the states."""
    if row.state not in states:
        raise Refused(f"{en} {row.pk} is {row.state}, not {' or '.join(states)}; nothing was changed", f"{zh} {row.pk} 的状态为 {row.state}，而非 {'、'.join(states)}；未作任何更改")


def sealed_words(doing: Doing, case: Case, model: type[Row], column: str, row: UUID, text: str | None) -> bytes | None:
    """Free words about a case, sealed under its debtor's key; None where there are none. Raises Refused where there is no debtor to seal them for, or the debtor was erased."""
    if text is None:
        return None
    debtor = Party.objects.filter(case=case, role="debtor").first()
    if debtor is None:
        raise Refused(f"case {case.id} has no debtor yet, so words about it cannot be sealed; add the debtor first (party.add), or leave the words out",
                      f"案件 {case.id} 尚无债务人，文字无法密封保存；请先新增债务人（party.add），或不填写文字")
    return sealed_for(doing, debtor, model, column, row, text)


def sealed_for(doing: Doing, party: Party, model: type[Row], column: str, row: UUID, text: str) -> bytes:
    """A text sealed under the party's own key. Raises Refused where the person was erased: nothing is ever kept about them again."""
    if party.erased_at is not None:
        raise Refused(f"the personal data of party {party.id} was erased; nothing more can be kept about them: leave the words out", f"当事人 {party.id} 的个人信息已删除；不得再保存其信息：请不要填写文字")
    return sealing.sealed(doing.actor.lender, party.person, model._meta.db_table, column, row, text)


@contextmanager
def everywhere(actor: Actor) -> Iterator[None]:
    """In the block the database shows all cases of the lender, also those of other teams: for what the law asks of the lender as a whole, and for giving a case away.

    Nothing read here may reach an answer but how much it was. A block that raises ends the transaction with it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SAY_TEAMS, ["*"])
    yield
    with connection.cursor() as cursor:
        cursor.execute(_SAY_TEAMS, [",".join(actor.teams)])


def alone_with(lender: str, what: str, index: bytes) -> None:
    """Until the transaction ends nobody else adds, closes, protects or releases the same number or person in any case of the lender.

    Taken after the case, and in one order (number, ID number, person), so nobody waits in a ring.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{lender}/{what}/{index.hex()}"])
