"""What no book tells: the hidden truth of a made-up one, by which a fitted model can be measured."""

from datetime import date

import polars as pl

from arrears.tables.borrowers import BORROWER_KINDS
from arrears.twin.behaviour import LATE, odds_of
from arrears.twin.book import made_blocks
from arrears.twin.columns import borrower_names, loan_names, words

SCHEMA = {
    "loan_id": pl.String(), "borrower_id": pl.String(), "kind": pl.String(), "risk": pl.Float64(), "late_odds": pl.Float64(),
    "reachability": pl.Float64(),
}


def truth(loans: int, seed: int, as_of: date, instalments: int | None = None) -> pl.DataFrame:
    """One row per loan of the book that the same arguments give: loan_id, borrower_id, kind, risk, late_odds, reachability.

    risk: the borrower's hidden truth in [0, 1), 1 is the worst payer; evenly spread.
    late_odds: how likely an instalment is not paid on its due date in a month of no season by who paid the last ones on time,
    L(kind) × (0.37 + 1.89 risk²), L being 8.6 % of persons, 9.4 % of traders, 7.0 % of enterprises; a month's season turns it up
    or down by 3 to 15 %, having been late of late by up to 100 % (behaviour.pay_on_time).
    reachability: in [0, 1), apart from risk; see people.answer_probability.
    Raises as `book.blocks` does.
    """
    frames = [pl.DataFrame(schema=SCHEMA)]
    for made in made_blocks(loans, seed, as_of, instalments):
        contracts = made.contracts
        frames.append(pl.DataFrame({
            "loan_id": loan_names(contracts.number), "borrower_id": borrower_names(contracts.number[contracts.borrower]),
            "kind": words(BORROWER_KINDS, contracts.kind), "risk": contracts.risk, "late_odds": odds_of(contracts.kind, contracts.risk)[LATE],
            "reachability": made.people.reachability,
        }, schema=SCHEMA))
    return pl.concat(frames)
