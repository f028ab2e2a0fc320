"""Facts: what was known at a moment of one partition of the book, ready to be walked."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl


@dataclass(frozen=True)
class Facts:
    """The visible rows of one partition.

    `loans` has one row per loan in the order of loan_id; the other tables name a loan by its row number in
    `loan` (Int32) and are sorted by it. `instalments` are further sorted by due_on, number; `payments` by
    paid_on, payment_id; `adjustments` by effective_on, adjustment_id. `counts` says which payments count: one
    that a reversal takes back by the business date does not, nor does the reversal.
    """

    partition: str
    loans: pl.DataFrame
    instalments: pl.DataFrame
    payments: pl.DataFrame
    adjustments: pl.DataFrame
    holds: pl.DataFrame
    reversals: pl.DataFrame
    contacts: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Past contacts in any order: borrower_id, loan_id, attempted_at, channel, direction, relation, outcome; no columns where the book has none."""
    consents: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Consents in any order: borrower_id, kind, channel, from_hour, to_hour, given_at, revoked_at; no columns where the book has none."""

    borrowers: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Borrowers in any order: borrower_id, kind, industry. Sex and age band are not among the facts of a decision; region stands in `whereabouts`."""
    guarantors: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Guarantors: loan, guarantor_id."""
    promises: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Promises: loan, promised_on, pay_by_on, amount_minor."""
    cash_flows: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Months of firms and traders in any order, as tables/projects.py says, without recorded_at."""
    projects: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Projects in any order: borrower_id, currency, budget_minor, started_on, finish_by_on, finished_on."""
    milestones: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Milestones in any order: borrower_id, planned_on, reached_on."""
    events: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Failed debits, log-ins and returned messages in any order: borrower_id, kind, happened_at."""

    plans: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Instalments of agreed plans: loan, plan_id, agreed_on, number, due_on, amount_minor, ended_on."""
    placements: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Who held whose case, in any order: borrower_id, held_by, placed_on, returned_on, returned_why."""
    whereabouts: pl.DataFrame = field(default_factory=pl.DataFrame)
    """borrower_id, region, language, in any order, for giving out cases alone: who can speak to a person, who can visit. No model and no condition of a
    strategy reads it: a region is protected, and a language tells where somebody comes from. language is not there where an older version stored the book."""

    standings: pl.DataFrame | None = None
    """borrower_id, days_past_due of guarantors who are borrowers of the book, wherever they lie; None where nobody asked."""

    def counting_payments(self, as_of: int) -> pl.DataFrame:
        """The payments that count by the end of as_of (a day number). Source: spec positions, section 4."""
        if self.reversals.is_empty():
            return self.payments
        counts = np.ones(len(self.payments), np.bool_)
        taken_back = self.reversals.filter(pl.col("paid_on").to_physical() <= as_of)
        counts[self.reversals["row"].to_numpy()] = False
        counts[taken_back["target"].to_numpy()] = False
        return self.payments.filter(pl.Series(counts))

    def void_from(self) -> np.ndarray:
        """Per payment the first day (a number) on which it no longer counts: that of its reversal; a reversal never counts."""
        void = np.full(len(self.payments), FOR_GOOD, np.int64)
        if len(self.reversals):
            np.minimum.at(void, self.reversals["target"].to_numpy(), self.reversals["paid_on"].to_physical().to_numpy().astype(np.int64))
            void[self.reversals["row"].to_numpy()] = NEVER_COUNTS
        return void


FOR_GOOD, NEVER_COUNTS = np.iinfo(np.int64).max, np.iinfo(np.int64).min


def of_people(facts: Facts, borrowers: list[str]) -> Facts:
    """The facts of these people alone: what a book that holds only them would give."""
    mine = facts.loans["borrower_id"].is_in(borrowers)
    shift = np.full(len(mine), -1, np.int32)
    shift[mine.to_numpy()] = np.arange(int(mine.sum()), dtype=np.int32)

    def by_loan(rows: pl.DataFrame) -> pl.DataFrame:
        if "loan" not in rows.columns:
            return rows
        return rows.with_columns(loan=pl.Series(shift[rows["loan"].to_numpy()], dtype=pl.Int32)).filter(pl.col("loan") >= 0)

    def by_person(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.filter(pl.col("borrower_id").is_in(borrowers)) if "borrower_id" in rows.columns else rows

    def renamed(loans: pl.DataFrame) -> pl.DataFrame:
        return loans.with_columns(loan=pl.int_range(pl.len(), dtype=pl.Int32)) if "loan" in loans.columns else loans

    kept = shift[facts.payments["loan"].to_numpy()] >= 0
    place = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    reversals = facts.reversals.with_columns(
        row=pl.Series(place[facts.reversals["row"].to_numpy()], dtype=pl.Int32),
        target=pl.Series(place[facts.reversals["target"].to_numpy()], dtype=pl.Int32)).filter(pl.col("row") >= 0)
    return Facts(
        facts.partition, renamed(facts.loans.filter(mine)), by_loan(facts.instalments), by_loan(facts.payments), by_loan(facts.adjustments),
        by_loan(facts.holds), reversals, by_person(facts.contacts), by_person(facts.consents), by_person(facts.borrowers),
        by_loan(facts.guarantors), by_loan(facts.promises), by_person(facts.cash_flows), by_person(facts.projects),
        by_person(facts.milestones), by_person(facts.events), by_loan(facts.plans), by_person(facts.placements), by_person(facts.whereabouts),
        facts.standings,
    )
