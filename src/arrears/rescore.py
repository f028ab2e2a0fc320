"""One person scored again in an instant: what just happened is laid beside what was known, and the night's own functions say the rest."""

from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
import polars as pl

from arrears.delinquency.assess import assess
from arrears.delinquency.buckets import Buckets
from arrears.law.caps import Law
from arrears.refusal import Refused
from arrears.scoring.model import Model
from arrears.scoring.score import Scores, score
from arrears.tables import FACTS
from arrears.tables.contacts import CHANNELS, OUTCOMES
from arrears.tables.facts import Facts, of_people

PAYMENT, PROMISE, CONTACT = "payment", "promise", "contact"
SIGNS = ("failed_debit", "log_in", "message_returned")
KINDS = (PAYMENT, PROMISE, CONTACT, *SIGNS)
AMOUNT_MOST = 10**15
"""Minor units; no payment is greater, and sums stay within 64 bits."""
_COLUMNS = {
    "payments": ("loan", "paid_on", "amount_minor"), "promises": ("loan", "promised_on", "pay_by_on", "amount_minor"),
    "contacts": ("borrower_id", "loan_id", "attempted_at", "channel", "direction", "relation", "outcome"),
    "events": ("borrower_id", "kind", "happened_at"),
}


@dataclass(frozen=True)
class Happened:
    """Something that just happened to one person: a payment, a promise, a contact, a failed debit, a log-in, a returned message.

    at: the UTC instant; on: the business date it counts for. A payment and a promise name a loan and an amount, a promise its last day, a contact
    its channel and outcome. A promise that is broken needs no event: it is broken once its day has passed unpaid.
    """

    kind: str
    on: date
    at: datetime
    loan_id: str | None = None
    amount_minor: int | None = None
    pay_by_on: date | None = None
    channel: str | None = None
    outcome: str | None = None


def person_of(facts: Facts, borrower_id: str) -> Facts:
    """The facts of one person, out of those of the partition. Raises Refused where the partition has no loan of theirs."""
    if borrower_id not in facts.loans["borrower_id"]:
        raise Refused(f"there is no loan of the borrower {borrower_id}; check the number, or load the book that has it", f"没有借款人 {borrower_id} 的贷款；请检查编号")
    return of_people(facts, [borrower_id])


def rescore(person: Facts, happened: tuple[Happened, ...], law: Law, buckets: Buckets, models: dict[str, Model], as_of: date) -> Scores:
    """What the models say of one person at the end of as_of, with what happened counted: the same as a night on the same facts.

    person: the facts of one person (`person_of`). Raises Refused where an event names no loan of theirs or lacks what its kind needs, or lies after as_of.
    """
    for one in happened:
        if one.on > as_of:
            raise Refused(f"the {one.kind} is of {one.on}, after {as_of}; the scores are those at the end of that day: score as of {one.on}", f"事件 {one.kind} 的日期 {one.on} 晚于 {as_of}；请以 {one.on} 为业务日期评分")
        person = with_happened(person, one)
    assessed = assess(person, law, buckets, as_of)
    return score(assessed.positions, assessed.loans, person, models, as_of, buckets.names[-1])


def with_happened(person: Facts, one: Happened) -> Facts:
    """The facts with one row more. Raises Refused where the event is not as it should be."""
    if one.kind not in KINDS:
        raise Refused(f"an event of the kind {one.kind!r} is not known; known are {', '.join(KINDS)}", f"事件类型 {one.kind!r} 不支持；可用：{'、'.join(KINDS)}")
    borrower = person.loans["borrower_id"][0]
    if one.loan_id is not None:
        _loan(person, one)
    if one.kind in SIGNS:
        return replace(person, events=_appended("events", person.events, {"borrower_id": borrower, "kind": one.kind, "happened_at": one.at}))
    if one.kind == CONTACT:
        _demand(one, "channel", "outcome")
        _demand_known(one, "channel", CHANNELS)
        _demand_known(one, "outcome", OUTCOMES)
        row = {"borrower_id": borrower, "loan_id": one.loan_id, "attempted_at": one.at, "channel": one.channel, "direction": "outbound", "relation": "debtor", "outcome": one.outcome}
        return replace(person, contacts=_appended("contacts", person.contacts, row))
    if one.kind == PROMISE:
        _demand(one, "loan_id", "amount_minor", "pay_by_on")
        if one.pay_by_on < one.on:
            raise Refused(f"the promise of {one.on} is to be kept by pay_by_on {one.pay_by_on}, which is over by then; correct one of the days", f"{one.on} 的承诺须在 {one.pay_by_on}（pay_by_on）前履行，该日已过；请更正日期")
        row = {"loan": _loan(person, one), "promised_on": one.on, "pay_by_on": one.pay_by_on, "amount_minor": one.amount_minor}
        return replace(person, promises=_appended("promises", person.promises, row).sort("loan", maintain_order=True))
    _demand(one, "loan_id", "amount_minor")
    disbursed_on = person.loans["disbursed_on"][_loan(person, one)]
    if one.on < disbursed_on:
        raise Refused(f"the payment of {one.on} is before the loan {one.loan_id} was paid out on {disbursed_on}; correct the day or the loan", f"{one.on} 的还款早于贷款 {one.loan_id} 的放款日 {disbursed_on}；请更正日期或贷款")
    return _with_payment(person, {"loan": _loan(person, one), "paid_on": one.on, "amount_minor": one.amount_minor})


def _with_payment(person: Facts, row: dict) -> Facts:
    """The payment lies after the others of its day; the rows that reversals name move with it."""
    payments = _appended("payments", person.payments, row).with_row_index("was").sort("loan", "paid_on", maintain_order=True)
    place = np.empty(len(payments), np.int32)
    place[payments["was"].to_numpy()] = np.arange(len(payments), dtype=np.int32)
    reversals = person.reversals
    if len(reversals):
        moved = {name: pl.Series(name, np.where(rows < 0, rows, place[rows]), dtype=pl.Int32) for name in ("row", "target") if (rows := reversals[name].to_numpy()) is not None}
        reversals = reversals.with_columns(**moved)
    return replace(person, payments=payments.drop("was"), reversals=reversals)


def _appended(table: str, rows: pl.DataFrame, row: dict) -> pl.DataFrame:
    schema = {column: pl.Int32 if column == "loan" else FACTS[table].schema[column] for column in _COLUMNS[table]}
    new = pl.DataFrame([row], schema=schema)
    if not rows.columns:
        return new
    return pl.concat([rows, new.select(column for column in rows.columns if column in new.columns)], how="diagonal")


def _loan(person: Facts, one: Happened) -> int:
    place = person.loans["loan_id"].index_of(one.loan_id)
    if place is None:
        raise Refused(f"the {one.kind} names the loan {one.loan_id}, which is none of this person's: {', '.join(person.loans['loan_id'].to_list()[:10])}",
                      f"事件 {one.kind} 所指贷款 {one.loan_id} 不属于此人；此人的贷款：{'、'.join(person.loans['loan_id'].to_list()[:10])}")
    return place


def _demand_known(one: Happened, name: str, known: tuple[str, ...]) -> None:
    if getattr(one, name) not in known:
        raise Refused(f"{name} of the {one.kind} is {getattr(one, name)!r}; it is one of {', '.join(known)}", f"{one.kind} 的 {name} 为 {getattr(one, name)!r}；可用：{'、'.join(known)}")


def _demand(one: Happened, *names: str) -> None:
    missing = [name for name in names if getattr(one, name) is None]
    if missing:
        raise Refused(f"an event of the kind {one.kind} needs {', '.join(missing)}", f"类型为 {one.kind} 的事件缺少 {'、'.join(missing)}")
    if one.amount_minor is not None and not 1 <= one.amount_minor <= AMOUNT_MOST:
        raise Refused(f"amount_minor of the {one.kind} is {one.amount_minor}; it is from 1 to {AMOUNT_MOST}, in minor units",
                      f"{one.kind} 的 amount_minor 为 {one.amount_minor}；须为 1 至 {AMOUNT_MOST}（最小货币单位）")
