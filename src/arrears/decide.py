"""The whole decision, top to bottom. Same arguments, same bytes out."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from arrears.allocation.rank import gather
from arrears.compliance.proposals import screened
from arrears.compliance.screen import Prepared
from arrears.delinquency.assess import assess
from arrears.delinquency.buckets import Buckets
from arrears.law.caps import Law
from arrears.law.lender import Lender
from arrears.scoring.model import Model
from arrears.scoring.score import Scores, beside, score
from arrears.strategy.decision_table import Strategy
from arrears.strategy.propose import propose
from arrears.tables.facts import Facts


@dataclass(frozen=True)
class Decisions:
    """One partition's decisions.

    positions: one row per loan disbursed by as_of. loans: the same loans, with what the night's tables need.
    scores: what the released models say. proposals: one row per late loan, each with what the gate and the models say of it. entries: one row per late person and currency, of what
    the gate does not refuse, not yet ranked.
    """

    positions: pl.DataFrame
    loans: pl.DataFrame
    scores: Scores
    proposals: pl.DataFrame
    entries: pl.DataFrame


def decide(facts: Facts, law: Law, gate: Prepared, lender: Lender, strategy: Strategy, models: dict[str, Model], buckets: Buckets, as_of: date) -> Decisions:
    """One night's decisions for one partition, that is for whole people; nothing else is read, no clock, no dice."""
    assessed = assess(facts, law, buckets, as_of)
    scores = score(assessed.positions, assessed.loans, facts, models, as_of, buckets.names[-1])
    holds = facts.holds.with_columns(facts.loans["borrower_id"].gather(facts.holds["loan"]))
    proposals = propose(assessed.positions, assessed.loans, holds, strategy, as_of)
    proposals = screened(proposals, facts.contacts, facts.consents, holds, gate, lender, strategy.contacts, as_of)
    proposals = beside(proposals, scores)
    entries = gather(proposals.filter(pl.col("verdict").ne_missing("deny")), strategy.treatments)
    return Decisions(assessed.positions, assessed.loans, scores, proposals, entries)
