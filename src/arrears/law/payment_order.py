"""Which debt, and which part of it, a payment settles that is too small for all of them: agreement, the debtor's choice, the code.

Source: 民法典 arts. 560 (among debts) and 561 (within one); the orders are in payment_order.yaml. This is the order of the
law, for several debts of one person; how one loan's payments settle its instalments is its contract's waterfall.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from arrears import strict_yaml
from arrears.law.entries import (
    CITED,
    day_of_text,
    demand_citation,
    held,
    in_force,
    parsed,
    source_ids,
    spans,
    whole_of_text,
    words,
)
from arrears.strict_yaml import BadYaml

FILE = "payment_order.yaml"
PARTS = ("costs", "interest", "principal")
_AMONG = {"due_first", "least_secured", "most_burdensome", "oldest_due"}


@dataclass(frozen=True)
class Debt:
    """One debt, in minor units: what is open of it, how much of it is secured, and how it burdens (its rate, in ppm)."""

    id: str
    due_on: date
    costs_minor: int = 0
    interest_minor: int = 0
    principal_minor: int = 0
    secured_minor: int = 0
    burden_ppm: int = 0

    def owed(self, part: str) -> int:
        return getattr(self, f"{part}_minor")

    @property
    def total_minor(self) -> int:
        return sum(map(self.owed, PARTS))


@dataclass(frozen=True)
class Order:
    """The steps among debts (560) and the parts within one (561), in order, as the file names them."""

    id: str
    among_debts: tuple[str, ...]
    within_debt: tuple[str, ...]


Orders = tuple[tuple[date | None, date | None, Order], ...]


@dataclass(frozen=True)
class Settled:
    """What a payment settled: (debt, part, minor units) in order, only what is above nothing, and what is left."""

    taken: tuple[tuple[str, str, int], ...]
    left_minor: int


def payment_orders(texts: dict[str, str]) -> Orders:
    """The orders of payment_order.yaml; raises BadYaml."""
    document, sources = parsed(texts, FILE), source_ids(texts)
    strict_yaml.expect_keys(document, {"orders"}, {"examples"}, FILE)
    return spans(document["orders"], lambda entry, where: _order(entry, sources, where), FILE)


def settle(orders: Orders, amount_minor: int, debts: Sequence[Debt], paid_on: date, *, choice: Sequence[str] = (),
           agreement: Sequence[str] = (), parts_agreement: Sequence[str] = ()) -> Settled | None:
    """What the payment settles; None where the law's order is not known for the day.

    agreement: ids of debts in the order agreed; choice: those that the debtor named when paying, behind what was agreed;
    the rest follows by law. parts_agreement: the parts of a debt in the order agreed. Taken and left always sum to the
    amount, and no part takes more than is open. Raises ValueError for a negative amount, an unknown or doubled debt.
    """
    order = in_force(orders, paid_on)
    _demand_sense(amount_minor, debts, (*agreement, *choice))
    if parts_agreement and sorted(parts_agreement) != sorted(PARTS):
        raise ValueError(f"payment order: an agreement on parts names {', '.join(PARTS)}, each once")
    if order is None:
        return None
    parts = tuple(parts_agreement) or tuple(step for step in order.within_debt if step in PARTS)
    by_id = {debt.id: debt for debt in debts}
    named = list(dict.fromkeys((*agreement, *choice)))
    key = _key(order.among_debts, paid_on)
    rest = sorted((debt for debt in debts if debt.id not in named), key=lambda debt: (key(debt), debt.id))
    groups = [[by_id[name]] for name in named] + [list(same) for _, same in groupby(rest, key=key)]
    taken: list[tuple[str, str, int]] = []
    left = amount_minor
    for group in groups:
        share = _shared(min(left, sum(debt.total_minor for debt in group)), group)
        left -= sum(share)
        for debt, amount in zip(group, share, strict=True):
            taken += _within(debt, amount, parts)
    return Settled(tuple(taken), left)


def _key(among: tuple[str, ...], paid_on: date):
    """Debts of one key are of one rank, and share."""
    measures = {
        "due_first": lambda debt: debt.due_on > paid_on, "least_secured": lambda debt: debt.secured_minor,
        "most_burdensome": lambda debt: -debt.burden_ppm, "oldest_due": lambda debt: debt.due_on,
    }
    steps = [measures[step] for step in among if step in measures]
    return lambda debt: tuple(measure(debt) for measure in steps)


def _shared(amount: int, group: list[Debt]) -> list[int]:
    """The amount by share of what is owed, whole fen, the largest remainders first (then by id, in which order they come)."""
    total = sum(debt.total_minor for debt in group)
    if total == 0:
        return [0] * len(group)
    shares, remainders = zip(*(divmod(amount * debt.total_minor, total) for debt in group), strict=True)
    over = sorted(range(len(group)), key=lambda place: -remainders[place])[: amount - sum(shares)]
    return [share + (place in over) for place, share in enumerate(shares)]


def _within(debt: Debt, amount: int, parts: tuple[str, ...]) -> Iterator[tuple[str, str, int]]:
    for part in parts:
        take = min(amount, debt.owed(part))
        amount -= take
        if take:
            yield debt.id, part, take


def _demand_sense(amount_minor: int, debts: Sequence[Debt], named: Sequence[str]) -> None:
    ids = [debt.id for debt in debts]
    if len(ids) != len(set(ids)):
        raise ValueError(f"payment order: a debt stands twice among {', '.join(ids)}")
    if unknown := [name for name in named if name not in ids]:
        raise ValueError(f"payment order: {', '.join(unknown)} is none of the debts {', '.join(ids)}")
    if amount_minor < 0 or any(debt.owed(part) < 0 for debt in debts for part in PARTS):
        raise ValueError("payment order: no amount may be negative")


def _order(entry: dict, sources, where: str) -> Order:
    strict_yaml.expect_keys(entry, {*CITED, "from", "until", "among_debts", "within_debt"}, {"note"}, where)
    demand_citation(entry, sources, where)
    return Order(
        entry["id"], _steps(words(entry, "among_debts", where), ("agreement", "debtor_choice"), _AMONG, ("pro_rata",), where),
        _steps(words(entry, "within_debt", where), ("agreement",), set(PARTS), (), where),
    )


def _steps(written: tuple[str, ...], first: tuple, between: set[str], last: tuple, where: str) -> tuple[str, ...]:
    """The steps as written; the first and the last are fixed, since the function that reads them does these by itself."""
    middle = written[len(first) : len(written) - len(last)]
    if written != (*first, *middle, *last) or sorted(middle) != sorted(between):
        raise BadYaml(f"{where}: write {', '.join((*first, '… ' + ', '.join(sorted(between)) + ' in some order …', *last))}")
    return written


def failures(texts: dict[str, str]) -> list[str]:
    """The examples of payment_order.yaml that do not hold, in words; empty where all hold."""
    def check() -> Iterator[str]:
        orders = payment_orders(texts)
        for example in parsed(texts, FILE).get("examples", ()):
            where = f"{FILE}, {example.get('name')}"
            strict_yaml.expect_keys(example, {"name", "at", "amount", "debts", "settled", "left"},
                                    {"choice", "agreement", "parts_agreement"}, where)
            amount = whole_of_text(example["amount"], where)
            found = settle(
                orders, amount, [_debt(entry, where) for entry in example["debts"]], day_of_text(example["at"], where),
                **{name: tuple(example.get(name, ())) for name in ("choice", "agreement", "parts_agreement")},
            )
            said: dict | str = "unknown" if found is None else {}
            for debt, part, taken in found.taken if found else ():
                said.setdefault(debt, {})[part] = str(taken)
            left = str(amount if found is None else found.left_minor)
            if (said, left) != (example["settled"], example["left"]):
                yield f"{where}: settles {said}, leaves {left}"

    return held(check)


def _debt(entry: dict, where: str) -> Debt:
    strict_yaml.expect_keys(entry, {"id", "due_on"}, {*PARTS, "secured", "burden_ppm"}, where)
    return Debt(
        entry["id"], day_of_text(entry["due_on"], where),
        *(whole_of_text(entry.get(name, "0"), where) for name in (*PARTS, "secured", "burden_ppm")),
    )
