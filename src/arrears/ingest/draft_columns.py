"""Which tables a file feeds, and which of its columns each column of a table comes from, with how sure that is.

A column's confidence is

    (1 − (1 − n) × (1 − d)) × f

n: how well its name fits (draft_names) times the weight of that meaning for the table's column; d: how much its content
speaks for it by itself (0 where it says nothing, 0.5 for dates and unique keys, the share of its values found among the
loans' keys for a key of loans); f: the share of its values that can be read as what the table's column holds. Below ASK
a person is asked.
"""

from dataclasses import dataclass

from arrears.ingest.draft_content import Look, best_meaning
from arrears.ingest.kinds import kind_of
from arrears.tables import FACTS
from arrears.tables.table import Column

ASK = 0.6
OVERLAP_SMALL = 0.5
_LOAN = {"loan_id": 1.0, "account_id": 0.8, "order_id": 0.5}
_DEBTOR = {"borrower_id": 1.0, "id_number": 0.95, "account_id": 0.6}

MEANT: dict[str, dict[str, dict[str, float]]] = {
    "loans": {
        "loan_id": _LOAN, "borrower_id": _DEBTOR, "product": {"product": 1}, "currency": {"currency": 1},
        "principal_minor": {"lent": 1, "principal": 0.95, "amount": 0.9}, "annual_rate_ppm": {"annual_rate": 1},
        "penalty_rate_ppm": {"penalty_rate": 1, "penalty": 0.9}, "day_count": {"day_count": 1}, "grace_days": {"grace_days": 1},
        "waterfall_scope": {"waterfall_scope": 1}, "waterfall_order": {"waterfall_order": 1},
        "penalty_on_interest": {"penalty_on_interest": 1},
        "disbursed_on": {"disbursed_on": 1, "start": 0.75, "signed_on": 0.7, "date": 1}, "regime": {"regime": 1},
        "filed_on": {"filed_on": 1}, "restructured_on": {"restructured_on": 1},
    },
    "instalments": {
        "loan_id": _LOAN, "number": {"number": 1, "times": 0.8}, "due_on": {"due_on": 1, "matures_on": 0.8, "date": 1},
        "principal_minor": {"due_principal": 1, "principal": 0.95}, "interest_minor": {"due_interest": 1, "interest": 0.95},
        "fee_minor": {"due_fee": 1, "fee": 0.95},
    },
    "payments": {
        "payment_id": {"payment_id": 1, "order_id": 0.9}, "loan_id": _LOAN, "paid_on": {"paid_on": 1, "date": 1},
        "amount_minor": {"paid_amount": 1, "amount": 1}, "reverses": {"reverses": 1},
    },
    "adjustments": {
        "adjustment_id": {"adjustment_id": 1, "order_id": 0.9}, "loan_id": _LOAN,
        "effective_on": {"effective_on": 1, "date": 1}, "kind": {"adjustment_kind": 1}, "number": {"number": 1},
        "amount_minor": {"waived": 1, "amount": 1}, "until_on": {"until_on": 1},
    },
    "holds": {
        "hold_id": {"hold_id": 1, "order_id": 0.9}, "loan_id": _LOAN, "kind": {"hold_kind": 1},
        "placed_on": {"placed_on": 1, "date": 1}, "lifted_on": {"lifted_on": 1, "until_on": 0.8},
    },
    "borrowers": {
        "borrower_id": _DEBTOR, "kind": {"borrower_kind": 1}, "region": {"region": 1}, "industry": {"industry": 1},
        "age_band": {"age_band": 1}, "language": {"language": 1},
    },
    "guarantors": {
        "loan_id": _LOAN, "guarantor_id": {"guarantor_id": 1}, "limit_minor": {"guarantee_limit": 1},
    },
    "unscheduled": {
        "loan_id": _LOAN, "borrower_id": _DEBTOR, "product": {"product": 1}, "currency": {"currency": 1},
        "principal_minor": {"lent": 1, "principal": 0.95, "amount": 0.9},
        "disbursed_on": {"disbursed_on": 1, "signed_on": 0.7, "date": 1}, "charged_off_minor": {"charged_off": 1},
        "charged_off_on": {"charged_off_on": 1}, "recovered_minor": {"recovered": 1},
    },
    "promises": {
        "promise_id": {"promise_id": 1, "order_id": 0.9}, "loan_id": _LOAN, "promised_on": {"promised_on": 1, "date": 1},
        "pay_by_on": {"pay_by_on": 1, "due_on": 0.8}, "amount_minor": {"promised": 1, "amount": 1},
    },
    "plans": {
        "plan_id": {"plan_id": 1}, "loan_id": _LOAN, "agreed_on": {"agreed_on": 1, "signed_on": 0.8},
        "number": {"number": 1}, "due_on": {"due_on": 1, "date": 0.9},
        "amount_minor": {"plan_amount": 1, "due_total": 0.95, "amount": 1}, "ended_on": {"ended_on": 1},
    },
    "contacts": {
        "contact_id": {"contact_id": 1, "order_id": 0.9}, "borrower_id": _DEBTOR, "loan_id": _LOAN,
        "attempted_at": {"attempted_at": 1, "date": 1}, "channel": {"channel": 1}, "direction": {"direction": 1},
        "relation": {"relation": 1}, "outcome": {"outcome": 1},
    },
    "consents": {
        "consent_id": {"consent_id": 1, "order_id": 0.9}, "borrower_id": _DEBTOR, "kind": {"consent_kind": 1},
        "channel": {"channel": 1}, "from_hour": {"from_hour": 1}, "to_hour": {"to_hour": 1},
        "given_at": {"given_at": 1, "date": 1}, "revoked_at": {"revoked_at": 1},
    },
    "projects": {
        "project_id": {"project_id": 1}, "borrower_id": _DEBTOR, "loan_id": {"loan_id": 1}, "industry": {"industry": 1},
        "currency": {"currency": 1}, "budget_minor": {"budget": 1}, "started_on": {"started_on": 1, "start": 0.9, "disbursed_on": 0.7},
        "finish_by_on": {"finish_by_on": 1}, "finished_on": {"finished_on": 1},
    },
    "milestones": {
        "project_id": {"project_id": 1}, "borrower_id": _DEBTOR, "number": {"number": 1, "order_id": 0.8},
        "planned_on": {"planned_on": 1, "finish_by_on": 0.8}, "reached_on": {"reached_on": 1, "finished_on": 0.8},
    },
    "cash_flows": {
        "borrower_id": _DEBTOR, "month_on": {"month_on": 1, "date": 1}, "currency": {"currency": 1},
        "inflow_minor": {"inflow": 1}, "outflow_minor": {"outflow": 1}, "debt_service_minor": {"debt_service": 1},
        "tax_minor": {"tax": 1}, "invoiced_minor": {"invoiced": 1}, "largest_customer_ppm": {"largest_customer": 1},
    },
    "capacity": {
        "works_on": {"works_on": 1, "date": 1}, "team": {"team": 1}, "channel": {"channel": 1}, "people": {"people": 1},
        "attempts_max": {"attempts_max": 1},
    },
    "events": {
        "event_id": {"event_id": 1, "order_id": 0.9}, "borrower_id": _DEBTOR, "loan_id": _LOAN, "kind": {"event_kind": 1},
        "happened_at": {"happened_at": 1, "date": 1},
    },
    "placements": {
        "placement_id": {"placement_id": 1, "order_id": 0.9}, "borrower_id": _DEBTOR, "held_by": {"held_by": 1},
        "placed_on": {"given_on": 1, "date": 1}, "returned_on": {"returned_on": 1}, "returned_why": {"returned_why": 1},
    },
}
"""For each column of a table: the meanings that may feed it, with their weights. A person's sex is never proposed: a mapping takes it only by hand."""

_ANY_LOAN, _ANY_DEBTOR = {"loan_id", "account_id"}, {"borrower_id", "id_number", "loan_id"}
_SIGNS: dict[str, tuple[tuple[set[str], ...], ...]] = {
    "loans": (({"loan_id"}, {"lent", "disbursed_on", "annual_rate", "penalty_rate"}),),
    "instalments": (
        ({"due_on"}, {"due_principal", "due_interest", "due_total"}), ({"due_on"}, {"number"}, {"principal", "interest"}),
        ({"number"}, {"due_principal", "due_interest"}),
    ),
    "payments": (
        ({"paid_on"}, {"loan_id", "account_id", "payment_id"}), ({"paid_parts"}, {"date"}, _ANY_LOAN), ({"paid_amount"}, {"date"}, _ANY_LOAN),
        ({"payment_id"}, {"date", "paid_on"}, {"amount", "paid_amount"}),
    ),
    "unscheduled": (({"charged_off"}, {"loan_id"}, {"lent", "principal"}),),
    "borrowers": (({"borrower_id", "id_number"}, {"borrower_kind", "industry", "region"}),),
    "guarantors": (({"guarantor_id"}, {"loan_id"}),),
    "holds": (({"hold_kind", "placed_on", "hold_id"}, {"loan_id"}),),
    "adjustments": (({"adjustment_kind", "waived", "adjustment_id"}, {"loan_id"}),),
    "promises": (({"promised", "pay_by_on", "promised_on", "promise_id"}, {"loan_id"}),),
    "plans": (({"plan_id"}, {"agreed_on", "plan_amount", "due_on"}),),
    "contacts": (({"attempted_at", "contact_id"}, _ANY_DEBTOR, {"channel", "outcome", "direction"}),),
    "consents": (({"consent_kind", "given_at", "consent_id"}, {"borrower_id", "id_number"}),),
    "projects": (({"project_id"}, {"finish_by_on", "budget", "started_on"}),),
    "milestones": (({"project_id"}, {"planned_on", "reached_on"}),),
    "cash_flows": (({"month_on"}, {"inflow", "outflow", "debt_service", "invoiced"}),),
    "capacity": (({"attempts_max", "people"}, {"team", "works_on"}),),
    "events": (({"event_kind"}, {"happened_at", "event_id"}, {"borrower_id", "id_number"}),),
    "placements": (({"held_by"}, {"given_on", "placement_id"}, {"borrower_id", "id_number"}),),
}
"""For each table: groups of meanings; it is fed where every group of one line has a column."""
HINTS = {
    "instalments": ("还款计划", "计划", "分期", "schedule", "instalment", "installment"),
    "payments": ("还款流水", "流水", "还款明细", "回款", "交易", "实还", "payment", "repay", "trans", "receipt"),
    "loans": ("借据", "放款", "贷款", "台账", "合同", "loan", "contract"),
}
"""Words of a file's or sheet's name that tell which table it is, where its columns are named too generally."""
_GENERAL = {
    "loans": ({"loan_id", "account_id", "order_id"}, {"amount", "principal"}),
    "instalments": ({"loan_id", "account_id", "order_id"}, {"due_on", "date", "number", "paid_on"}, {"amount", "principal", "due_total"}),
    "payments": ({"loan_id", "account_id", "order_id"}, {"date"}, {"amount", "principal", "paid_amount"}),
}


@dataclass(frozen=True)
class Fit:
    """A proposal: the table's column comes from this column of the source."""

    source: str
    confidence: float
    why: str
    """"name and content", "name" or "content"."""


def tables_of(looks: tuple[Look, ...], place: str) -> list[str]:
    """The tables a file or sheet feeds, by its columns' names, and by its own name (`place`) where those are too general."""
    held: dict[str, Look] = {}
    for look in looks:
        for meaning, fit in look.meanings.items():
            if fit >= 0.5 and look.filled and fit >= max(look.meanings.values()) - 0.05:
                held.setdefault(meaning, look)
    found = [
        table for table, lines in _SIGNS.items() if any(all(group & held.keys() for group in line) for line in lines)
    ]
    found = [table for table in found if table not in _beside_the_point(found, held)]
    if not any(table in found for table in ("loans", "instalments", "payments", "unscheduled")):
        hinted = _hinted(place)
        if hinted and all(group & held.keys() for group in _GENERAL[hinted]) and not found:
            found = [hinted]
    key = held.get("loan_id")
    if found == ["payments"] and "paid_on" not in held and _hinted(place) == "loans" and key is not None and key.is_unique:
        found = ["loans"]  # one record per contract with a plain date and amount: the file says loans, and means it
    return [table for table in FACTS if table in found]


def _hinted(place: str) -> str | None:
    return next((table for table, words in HINTS.items() if any(word in place.lower() for word in words)), None)


def _beside_the_point(found: list[str], held: dict[str, Look]) -> set[str]:
    """Tables whose signs stand in a file that is of another kind."""
    out = set()
    if "unscheduled" in found:
        out |= {"unscheduled"} if held.keys() & {"annual_rate", "penalty_rate"} else {"loans", "instalments"}
    key = held.get("loan_id")
    if "loans" in found and key is not None and key.distinct < 0.9 * key.filled and "lent" not in held:
        out.add("loans")  # a key that stands many times names no contracts: an excerpt repeated per payment
    if "plans" in found:
        out |= {"instalments", "loans"}
    if {"instalments", "promises"} <= set(found) and "due_principal" not in held:
        out.add("instalments")
    if "borrowers" in found and "industry" in held and "projects" in found and "borrower_kind" not in held:
        out.add("borrowers")
    return out


def fitted(table: str, looks: tuple[Look, ...], place: str, loan_keys: dict[str, float]) -> dict[str, Fit]:
    """The best source column for each column of the table that has one; no source column serves two.

    loan_keys: for columns of this source, the share of their values found among the loans' keys.
    """
    offers = [
        (fit.confidence, -at, column.name, fit)
        for column in FACTS[table].columns
        for at, look in enumerate(looks)
        if (fit := _fit(table, column, look, place, loan_keys)) is not None
    ]
    chosen: dict[str, Fit] = {}
    for _, _, name, fit in sorted(offers, key=lambda offer: offer[:3], reverse=True):
        if name not in chosen and all(fit.source != other.source for other in chosen.values()):
            chosen[name] = fit
    return chosen


def _fit(table: str, column: Column, look: Look, place: str, loan_keys: dict[str, float]) -> Fit | None:
    weights = MEANT.get(table, {}).get(column.name)
    if weights is None or not look.filled:
        return None
    if _hinted(place) == table == "instalments" and column.name == "due_on":
        weights = weights | {"paid_on": 0.8}  # a schedule's 还款日期 is the day it is due
    if _hinted(place) == table:  # in a file of payments an amount is what was paid
        weights = {meaning: 1.3 * weight if meaning in ("date", "amount") else weight for meaning, weight in weights.items()}
    if column.name == "penalty_rate_ppm" and look.mark is None:  # 罚息 without % is an amount, and no rate
        weights = {meaning: weight for meaning, weight in weights.items() if meaning != "penalty"}
    at_best = max(look.meanings.values(), default=0)
    named = max((fit * weights.get(meaning, 0) for meaning, fit in look.meanings.items() if fit >= at_best - 0.15), default=0)
    says, reads = _content(table, column, look, loan_keys)
    if not named and says < 0.8:  # content without a name tells the kind of a column, not its part
        return None
    confidence = round((1 - (1 - named) * (1 - says)) * reads, 2)
    why = "name and content" if named and says >= 0.2 else "name" if named else "content"
    return Fit(look.name, confidence, why) if confidence >= 0.3 else None


def _content(table: str, column: Column, look: Look, loan_keys: dict[str, float]) -> tuple[float, float]:
    """(d, f): what the content says by itself for this column of the table, and the share of it that can be read as such."""
    kind = kind_of(column)
    if kind in ("date", "moment"):
        return (0.5 if look.date_share > 0.9 else 0.0), look.date_share
    if kind == "money":
        is_date = look.date_share > 0.95 and look.dates[:1] == ("YYYYMMDD",)
        return (0.4 if look.has_points and look.decimals <= 2 else 0.1), 0.0 if is_date else look.number_share
    if kind in ("rate", "share"):
        return 0.2, look.number_share
    if kind == "whole":
        return (0.6 if column.one_of and set(look.values) <= {"360", "365"} else 0.2), look.number_share if look.is_whole else 0.0
    if kind == "flag":
        return 0.3, max(look.flag_share, 1.0 if set(look.values) <= {"0", "1"} else 0.0)
    if column.name == "loan_id" and table != "loans":
        return 0.9 * loan_keys.get(look.name, 0.0), 1.0
    if FACTS[table].key == (column.name,):
        share = look.distinct / look.filled
        return (0.5 if look.is_unique else 0.0), 1.0 if share > 0.9 else 0.8 if table == "borrowers" else share
    if column.one_of is not None or best_meaning(look) is None:
        return 0.0, 1.0
    return 0.2 if look.personal == "id_number" else 0.0, 1.0
