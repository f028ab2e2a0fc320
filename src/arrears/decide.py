"""The whole decision, top to bottom. Same arguments, same bytes out."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from arrears.allocation.rank import gather, with_whereabouts
from arrears.compliance.proposals import midnight_after, screened
from arrears.compliance.screen import Prepared
from arrears.delinquency.assess import assess
from arrears.delinquency.buckets import Buckets
from arrears.delinquency.conduct import conduct
from arrears.law.caps import Law
from arrears.law.lender import Lender
from arrears.scoring.model import Model
from arrears.scoring.score import Scores, beside, score
from arrears.strategy.late_loans import late_loans, touched
from arrears.strategy.propose import by_machine, candidates, propose
from arrears.strategy.strategy import Strategy
from arrears.tables.facts import Facts


@dataclass(frozen=True)
class Decisions:
    """One partition's decisions.

    positions: one row per loan disbursed by as_of. loans: the same loans, with what the night's tables need. scores: what the released models say.
    proposals: one row per late loan, with what the strategy wants of it, and whether the gate leaves any of that. candidates: one row per late loan and treatment it might get, with what the gate says.
    entries: one row per late person and currency, of what the gate does not refuse; options: one row per entry and treatment that may be chosen for it.
    Choosing among them, and who does it, needs everybody: allot.py.
    """

    positions: pl.DataFrame
    loans: pl.DataFrame
    scores: Scores
    proposals: pl.DataFrame
    candidates: pl.DataFrame
    entries: pl.DataFrame
    options: pl.DataFrame


def decide(facts: Facts, law: Law, gate: Prepared, lender: Lender, strategy: Strategy, models: dict[str, Model], buckets: Buckets, as_of: date) -> Decisions:
    """One night's decisions for one partition, that is for whole people; nothing else is read, no clock, no dice."""
    assessed = assess(facts, law, buckets, as_of)
    scores = score(assessed.positions, assessed.loans, facts, models, as_of, buckets.names[-1])
    holds = facts.holds.with_columns(facts.loans["borrower_id"].gather(facts.holds["loan"]))
    late = late_loans(assessed.positions, assessed.loans, conduct(facts, as_of), facts.borrowers, holds, as_of)
    late = with_whereabouts(beside(late, scores), facts.whereabouts)
    proposals = propose(late, touched(facts.contacts, strategy, midnight_after(as_of, gate, lender), as_of), strategy, as_of)

    def by_the_gate(proposed: pl.DataFrame) -> pl.DataFrame:
        return screened(proposed, facts.contacts, facts.consents, holds, gate, lender, strategy.contacts, as_of)

    asked = by_the_gate(candidates(proposals, strategy))
    saved = by_the_gate(candidates(proposals.filter(pl.col("instead") > 0), strategy, "instead"))
    not_refused = pl.col("verdict").ne_missing("deny") & ~(pl.col("verdict").eq_missing("warn") & pl.col("treatment").is_in(by_machine(strategy)))
    entries, options = gather(proposals, asked.filter(not_refused), saved.filter(not_refused), strategy.names)
    proposals = proposals.with_columns(has_option=pl.col("loan_id").is_in(asked.filter(not_refused)["loan_id"].unique().implode()))
    return Decisions(assessed.positions, assessed.loans, scores, proposals, asked, entries, options)
