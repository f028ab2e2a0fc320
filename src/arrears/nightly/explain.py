"""One loan in words: every instalment, payment, adjustment, night count, rate and rounding behind its position.

The steps come from the walk itself, compiled with notes, so the words cannot tell another story than the numbers.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from arrears import store
from arrears.days import day_of, moment_of, number_of
from arrears.delinquency import walk as w
from arrears.delinquency.assess import CannotBePositioned, assess, caps_of, event_columns, loan_rows
from arrears.delinquency.buckets import read_buckets
from arrears.delinquency.conduct import restructured_on
from arrears.ingest.judge import facts_of, fault_of_walk, judge_book
from arrears.law.caps import read_law
from arrears.money import PPM, decimals_of, half_up, in_major_units
from arrears.nightly.explain_words import PARTS, WORDS
from arrears.nightly.positions import opened
from arrears.refusal import Refused
from arrears.tables.facts import Facts
from arrears.tables.visible import FOREVER


@dataclass(frozen=True)
class Section:
    """A part of an explanation: name (contract, left_out, days, position, not_yet), what stands above it, and its lines, each with its day where it is the first of one."""

    name: str
    title: str
    lines: tuple[tuple[date | None, str], ...]


def explain_loan(root: Path, loan_id: str, as_of: date, known_at: int, lang: str) -> list[str]:
    """The lines of the explanation, as they are printed. Raises as `explained`."""
    return printed(explained(root, loan_id, as_of, known_at, lang))


def printed(sections: list[Section]) -> list[str]:
    """The sections as lines of text, days in a column of their own."""
    lines = []
    for section in sections:
        lines += ["", section.title] if section.name in ("days", "position") else [section.title]
        lines += [f"{'' if day is None else str(day):<10}  {text}" if section.name == "days" else text for day, text in section.lines]
    return lines


def explained(root: Path, loan_id: str, as_of: date, known_at: int, lang: str) -> list[Section]:
    """The explanation by parts; the last is the position, each figure with its sum or formula.

    Raises Refused where the book has no such loan at that moment, or none disbursed by as_of.
    """
    with opened(root, as_of, known_at) as (book, manifest):
        judge_book(book, manifest, known_at)
        partition = _partition_of(book, manifest, loan_id)
        facts = facts_of(book, manifest, partition, known_at, names=True, scored=False, decided=False) if partition else None
    row = None if facts is None else facts.loans.select(pl.arg_where(pl.col("loan_id") == loan_id)).to_series()
    if row is None or row.is_empty():
        raise Refused(
            f"{book.root}: no loan {loan_id} was known at {moment_of(min(known_at, 2**52))}; check the id, or --known-at",
            f"{book.root}：该时点没有贷款 {loan_id}；请核对编号或 --known-at",
        )
    return _sections(book, _only(facts, int(row[0])), as_of, known_at, lang)


def _partition_of(book, manifest, loan_id: str) -> str | None:
    for name in manifest.partitions:
        ids = store.read_columns(store.partition_path(book, manifest, "loans", name), ["loan_id"])["loan_id"]
        if ids.search_sorted(loan_id) < len(ids) and ids[ids.search_sorted(loan_id)] == loan_id:
            return name
    return None


def _only(facts: Facts, row: int) -> Facts:
    """The facts of one loan alone."""
    def mine(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.filter(pl.col("loan") == row).with_columns(loan=pl.lit(0, pl.Int32))

    payments = facts.payments.with_row_index("place").filter(pl.col("loan") == row)
    place = {old: new for new, old in enumerate(payments["place"].to_list())}
    reversals = facts.reversals.filter(pl.col("row").is_in(payments["place"].implode())).with_columns(
        pl.col("row", "target").replace_strict(place, default=None, return_dtype=pl.Int32)
    )
    return Facts(facts.partition, facts.loans[row : row + 1], mine(facts.instalments), mine(facts.payments),
                 mine(facts.adjustments), mine(facts.holds), reversals, plans=mine(facts.plans) if "loan" in facts.plans.columns else facts.plans)


def _sections(book, facts: Facts, as_of: date, known_at: int, lang: str) -> list[Section]:
    law, words = read_law(), WORDS[lang]
    loan = facts.loans.with_columns(restructured_on(facts, as_of)).row(0, named=True)
    if loan["disbursed_on"] > as_of:
        return [Section("not_yet", words["not_yet"].format(**loan, as_of=as_of), ())]
    try:
        assessed = assess(facts, law, read_buckets(), as_of)
    except CannotBePositioned as problem:
        raise fault_of_walk(book, facts, problem.loan_id, problem.fault) from None
    position, why = assessed.positions.row(0, named=True), assessed.loans["why_unknown"][0]
    notes = _walked(facts, caps_of(facts.loans, law, as_of), as_of)
    counting = facts.counting_payments(number_of(as_of))
    teller = _Teller(words, lang, loan, counting, facts.adjustments)
    days = tuple(line for note in notes for line in teller.line(note))
    return [_section("contract", _head(words, lang, loan, as_of, known_at)), *([_section("left_out", left)] if (left := _left_out(words, facts, counting, as_of)) else []),
            Section("days", words["days"], days), _section("position", _position(words, loan, position, notes, why, as_of))]


def _section(name: str, lines: list[str]) -> Section:
    """The first line stands above the others."""
    return Section(name, lines[0], tuple((None, line) for line in lines[1:]))


def _walked(facts: Facts, caps, as_of: date) -> list[tuple[int, ...]]:
    """The steps of the walk, in order."""
    size = 4096
    while True:
        notes = np.full((size, w.NOTE_COLUMNS), -1, np.int64)
        w.walk(loan_rows(facts.loans, caps), caps.steps, *event_columns(facts, as_of), number_of(as_of), notes)
        if notes[-1, 0] == -1:
            return [tuple(int(figure) for figure in note) for note in notes if note[0] >= 0]
        size *= 8


class _Teller:
    """Puts one step after the other into words; remembers the day, so that it is written once."""

    def __init__(self, words, lang, loan, payments: pl.DataFrame, adjustments: pl.DataFrame):
        self.words, self.parts, self.loan = words, PARTS[lang], loan
        self.payments, self.adjustments = payments, adjustments
        self.yuan = partial(in_major_units, currency=loan["currency"])
        self.day = None

    def line(self, note: tuple[int, ...]) -> list[tuple[date | None, str]]:
        told = self._told(note)
        if told is None:
            return []
        name, figures = told
        first = None if note[1] == self.day else day_of(note[1])
        self.day = note[1]
        return [(first, self.words[name].format(number=note[2], **figures))]

    def _told(self, note: tuple[int, ...]) -> tuple[str, dict] | None:
        """Which sentence, and what is filled in."""
        kind, _, _, a, b, c, d, e = note
        yuan = self.yuan
        if kind == w.N_DUE:
            return "due", {"principal": yuan(a), "interest": yuan(b), "fee": yuan(c)}
        if kind == w.N_ACCRUED:
            return "accrued", self._accrued(a, b, c, d, e, note[1])
        if kind == w.N_PAYMENT:
            return "payment", {"payment": self.payments["payment_id"][b], "amount": yuan(a)}
        if kind == w.N_SPREAD:
            return "spread", {"amount": yuan(a)}
        if kind == w.N_TAKEN:
            return "taken", {"part": self.parts[a], "amount": yuan(b), "left": yuan(c)}
        if kind == w.N_KEPT:
            return "kept", {"amount": yuan(a), "kept": yuan(b)}
        if kind in (w.N_SETTLED, w.N_WIPED):
            return "settled" if kind == w.N_SETTLED else "wiped", {"late": a, "grace": self.loan["grace_days"]}
        if kind == w.N_WAIVED:
            return "waived", {"part": self.parts[a], "amount": yuan(b), "adjustment": self.adjustments["adjustment_id"][c]}
        if kind == w.N_ACCELERATED:
            return "accelerated", {"due_on": day_of(a), "principal": yuan(b), "interest": yuan(c), "fee": yuan(d)}
        if kind == w.N_PAUSED:
            return "paused", {"until": day_of(a)}
        return None

    def _accrued(self, start: int, nights: int, base: int, quotient: int, remainder: int, until: int) -> dict:
        whole = self.loan["day_count"] * PPM
        running = Fraction(quotient * whole + remainder, whole)
        return {
            "start": day_of(start), "last": day_of(until - 1), "nights": nights, "skipped": until - start - nights,
            "base": self.yuan(base), "rate": percent(self.loan["penalty_rate_ppm"]),
            "day_count": self.loan["day_count"], "running": exact(running, self.loan["currency"]), "rounded": self.yuan(half_up_of(running)),
        }


def percent(ppm: int) -> str:
    """A yearly rate in per cent, exact.

    >>> percent(216000), percent(154001)
    ('21.6 %', '15.4001 %')
    """
    return f"{ppm // 10_000}.{ppm % 10_000:04d}".rstrip("0").rstrip(".") + " %"


def exact(minor: Fraction, currency: str) -> str:
    """An amount that is not yet rounded, in major units with six decimals (cut, not rounded)."""
    micro = minor * 10**6 / 10 ** decimals_of(currency)
    whole, rest = divmod(micro.numerator // micro.denominator, 10**6)
    return f"{whole:,}.{rest:06d}"


def half_up_of(fen: Fraction) -> int:
    return half_up(fen.numerator, fen.denominator)


def _head(words, lang: str, loan: dict, as_of: date, known_at: int) -> list[str]:
    """What the contract says, and from when the rows are."""
    parts = [PARTS[lang][("fee", "penalty", "interest", "principal").index(p)] for p in loan["waterfall_order"].split(",")]
    known = words["known_now"] if known_at >= FOREVER - 1 else str(moment_of(known_at))
    return [
        words["title"].format(loan_id=loan["loan_id"], as_of=as_of, known=known),
        words["contract"].format(
            borrower=loan["borrower_id"], principal=in_major_units(loan["principal_minor"], loan["currency"]), currency=loan["currency"],
            disbursed_on=loan["disbursed_on"], rate=percent(loan["annual_rate_ppm"]),
        ),
        words["penalty_terms"].format(
            rate=percent(loan["penalty_rate_ppm"]), day_count=loan["day_count"], grace=loan["grace_days"],
            base=words["base_both" if loan["penalty_on_interest"] else "base_principal"],
        ),
        words[f"scope_{loan['waterfall_scope']}"].format(order=words["then"].join(parts)),
    ]


def _left_out(words, facts: Facts, counting: pl.DataFrame, as_of: date) -> list[str]:
    """The payments and adjustments that do not count by as_of, and why."""
    lines = []
    named = facts.payments["payment_id"].to_list()
    back = {named[target]: named[row] for row, target in facts.reversals.select("row", "target").iter_rows()}
    counted = set(counting["payment_id"])
    for payment in facts.payments.iter_rows(named=True):
        name = payment["payment_id"]
        if payment["reverses"] is not None:
            lines.append(words["is_reversal"].format(payment=name, paid_on=payment["paid_on"], of=payment["reverses"]))
        elif name not in counted:
            lines.append(words["reversed"].format(payment=name, paid_on=payment["paid_on"], back=back.get(name)))
        elif payment["paid_on"] > as_of:
            lines.append(words["later"].format(what=name, day=payment["paid_on"]))
    for row in facts.adjustments.filter(pl.col("effective_on") > as_of).iter_rows(named=True):
        lines.append(words["later"].format(what=row["adjustment_id"], day=row["effective_on"]))
    return [words["left_out"], *("  " + line for line in lines)] if lines else []


def _position(words, loan: dict, position: dict, notes, why: str, as_of: date) -> list[str]:
    """Each figure of the position with what it is the sum or the result of."""
    yuan = partial(in_major_units, currency=loan["currency"])
    lines = [words["position"].format(as_of=as_of)]
    still_open = [note for note in notes if note[0] == w.N_OPEN and any(note[3:7])]
    lines.append("  " + words["open_title"] if still_open else "  " + words["none_open"])
    for _, due_on, number, principal, interest, fee, penalty, late in still_open:
        lines.append("    " + words["open"].format(
            number=number, due_on=day_of(due_on), principal=yuan(principal), interest=yuan(interest), fee=yuan(fee),
            penalty=yuan(penalty), late=late, days=(as_of - day_of(due_on)).days))
    for name in ("due_principal_minor", "due_interest_minor", "due_fee_minor", "penalty_minor", "due_total_minor",
                 "outstanding_principal_minor", "unallocated_minor", "paid_minor"):
        lines.append("  " + words[name].format(amount=yuan(position[name])))
    lines.append("  " + words["days_past_due"].format(**position, grace=loan["grace_days"]))
    lines += ["  " + line for line in _cap_lines(words, loan, position, notes, why)]
    if position["next_due_on"] is not None:
        lines.append("  " + words["next_due"].format(day=position["next_due_on"], amount=yuan(position["next_due_minor"])))
    lines.append("  " + words["asset_class"].format(**position, restructured=loan["restructured_on"] or words["never"]))
    return lines


def _cap_lines(words, loan: dict, position: dict, notes, why: str) -> list[str]:
    """The cap night by night, what was charged, and what of it may not be demanded (14 to 18)."""
    yuan = partial(in_major_units, currency=loan["currency"])
    if position["lawful_charges_minor"] is None:
        name = "uncapped" if position["cap_is_known"] else f"unknown_{why}"
        lines = [words[name].format(regime=loan["regime"])]
    else:
        total, lines = Fraction(0), [words["cap"].format(regime=loan["regime"])]
        for note in (note for note in notes if note[0] == w.N_CAPPED):
            _, _, _, first, until, outstanding, ppm, _ = note
            total += Fraction(outstanding * ppm * (until - first), w.LAWFUL_WHOLE)
            lines.append("  " + words["cap_span"].format(
                first=day_of(first), last=day_of(until - 1), nights=until - first, outstanding=yuan(outstanding),
                rate=percent(ppm), running=exact(total, loan["currency"])))
        lines.append(words["lawful"].format(running=exact(total, loan["currency"]), amount=yuan(position["lawful_charges_minor"])))
        lines.append(words["overpaid"].format(amount=yuan(position["overpaid_charges_minor"])))
    lines.append(words["excess"].format(amount=yuan(position["excess_minor"])))
    lines.append(words["claimable"].format(
        total=yuan(position["due_total_minor"]), excess=yuan(position["excess_minor"]), amount=yuan(position["claimable_minor"])))
    return lines
