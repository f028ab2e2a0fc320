"""What the whole book is given in a night: the choice within the limits, the cases to people, and the log of every decision."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from arrears import store
from arrears.allocation.assign import HOLDINGS, Assigned, assign
from arrears.allocation.assign_words import LEFT, STANDS
from arrears.allocation.workload import Workload, workload
from arrears.ingest.judge import capacity_on
from arrears.law.agencies import faults_of
from arrears.nightly import local
from arrears.nightly.choosing import cases_of, choice_summary, chosen, gathered
from arrears.nightly.earlier_nights import ASSIGNED, held_file
from arrears.nightly.inputs import Deciders, Inputs
from arrears.nightly.left_by import LeftBy
from arrears.store import Book, Manifest
from arrears.strategy.experiments import running
from arrears.strategy.strategy import Strategy

_LOGGED = ("loan_id", "borrower_id", "currency", "bucket", "days_past_due", "claimable_minor", "rule", "segment", "offer", "experiment", "arm", "propensity")
PROPOSED = (*_LOGGED, "has_option", "product", "expected_minor", "pay_probability", "language", "region", "last_touched_on")
"""What a partition leaves of its proposals."""
MOVES_SHOWN = 50


@dataclass(frozen=True)
class Allotted:
    """entries: one row per entry, with treatment and held_by. tables: assigned and workload, where there is a roster. summary: what the report says."""

    entries: pl.DataFrame
    tables: dict[str, pl.DataFrame]
    summary: dict


def allotted(book: Book, manifest: Manifest, inputs: Inputs, by: Deciders, left: list[LeftBy]) -> Allotted:
    """The choice and the cases of the whole book, from what its partitions left."""
    entries, options = gathered([(store.read_columns(one.entries), store.read_columns(one.options)) for one in left])
    capacity = capacity_on(book, manifest, inputs.known_at, inputs.as_of + timedelta(days=1))
    proposals, faults = pl.concat([store.read_columns(one.proposals) for one in left]), agency_faults(by, inputs.as_of)
    choice = chosen(entries, options, by.strategy, by.roster, capacity, inputs.as_of, faults)
    summary = {"choice": choice_summary(choice, by.strategy), "allocation": None, "experiments": _experiments(proposals, by.strategy, inputs.as_of)}
    if by.roster is None:
        return Allotted(choice.entries.with_columns(held_by=pl.lit(None, pl.String)), {}, summary)
    cases = cases_of(choice, proposals, by.strategy)
    held = _held(book, inputs, [store.read_columns(one.placements) for one in left])
    assigned = assign(cases, by.roster, held, by.strategy.giving, inputs.as_of, faults)
    currency = choice.parts[0].currency if choice.parts else ""
    own = pl.col("currency") == currency  # amounts of other currencies are not added to these
    loads = workload(assigned, cases.with_columns(pl.when(own).then(pl.col(name)).otherwise(0).alias(name) for name in ("claimable_minor", "expected_minor")), by.roster)
    with_holder = choice.entries.join(assigned.rows.select("borrower_id", "held_by"), on="borrower_id", how="left", maintain_order="left")
    summary["allocation"] = allocation_summary(assigned, loads, currency, {one.name: one.minutes for one in by.roster.collectors})
    return Allotted(with_holder, {ASSIGNED: assigned.rows, "cases": cases, "workload": loads.rows}, summary)


def agency_faults(by: Deciders, as_of: date) -> dict[str, tuple[str, str]]:
    """Of each agency that may have no case on the next day why not, in English and Chinese."""
    found = {}
    for one in by.roster.agencies if by.roster is not None and by.lender.law == "cn" else ():
        faults = faults_of(by.agencies, one.evaluated_on, one.inspected_on, one.contract_from, one.contract_until, by.lender.licence, as_of + timedelta(days=1))
        if faults:
            found[one.name] = ("; ".join(en for _, en, _ in faults), "；".join(zh for *_, zh in faults))
    return found


def _held(book: Book, inputs: Inputs, placements: list[pl.DataFrame]) -> pl.DataFrame:
    """Who has whose case: what the last night that shared out left, else what the table placements says stands on the day."""
    if inputs.held:
        return store.read_columns(held_file(book, inputs.held))
    known = [rows for rows in placements if rows.columns]
    if not known:
        return pl.DataFrame(schema=HOLDINGS)
    rows = pl.concat(known).filter(pl.col("placed_on") <= inputs.as_of).sort("borrower_id", "placed_on", "held_by")
    stands = pl.col("returned_on").is_null() | (pl.col("returned_on") > inputs.as_of)
    now = rows.filter(stands).unique("borrower_id", keep="last", maintain_order=True).select("borrower_id", "held_by", pl.col("placed_on").alias("held_since"))
    before = rows.filter(~stands).unique("borrower_id", keep="last", maintain_order=True).select("borrower_id", pl.col("held_by").alias("last_held_by"), "returned_on", "returned_why")
    return now.join(before, on="borrower_id", how="full", coalesce=True).sort("borrower_id")


def allocation_summary(assigned: Assigned, loads: Workload, currency: str, minutes: dict[str, int]) -> dict:
    """Counts by reason, the first moves, who has how much, and how evenly. currency: that of most entries, in which amounts are shown; minutes:
    what everybody works in a day.
    """
    rows, moves, unassigned = assigned.rows, assigned.moves, assigned.unassigned
    whys = rows.group_by("why").agg(pl.len().cast(pl.Int64).alias("people")).sort("people", "why", descending=[True, False])
    return {
        "held": int(rows["held_by"].is_not_null().sum()), "needed": int(rows["needed"].sum()), "unassigned": len(unassigned), "moved": len(moves), "currency": currency,
        "why": [{**row, **label_of(row["why"])} for row in whys.iter_rows(named=True)],
        "moves": moves.head(MOVES_SHOWN).select("borrower_id", "before", "held_by", "why", "why_zh", "why_en").to_dicts(),
        "cost": assigned.cost, "bound": assigned.bound, "workload": [{**row, "minutes_most": minutes.get(row["name"])} for row in loads.rows.iter_rows(named=True)], "spread": loads.spread.to_dicts(),
    }


def label_of(why: str) -> dict[str, str]:
    """A reason in words that name nobody."""
    zh, en = _SHORT.get(why) or (LEFT | STANDS)[why]
    return {"zh": zh.format(before="原持有人", held_by="持有人"), "en": en.format(before="whoever had it", held_by="the same holder")}


_SHORT = {"new": ("新分配", "newly given"), "resumed": ("重新交给此前的持有人", "given again to whoever had it last")}


def _experiments(proposals: pl.DataFrame, strategy: Strategy, as_of: date) -> list[dict]:
    """Of each experiment that runs tonight the people in each arm."""
    found = []
    for one in running(strategy.experiments, as_of):
        mine = proposals.filter(pl.col("experiment") == one.name)
        people = dict(mine.group_by("arm").agg(pl.col("borrower_id").n_unique()).sort("arm").iter_rows())
        found.append({"name": one.name, "zh": one.zh, "en": one.en, "from": one.from_on.isoformat(), "until": one.until_on.isoformat(), "outcome": one.outcome,
                      "arms": [{"name": arm.name, "share_ppm": arm.share_ppm, "people": people.get(arm.name, 0)} for arm in one.arms]})
    return found


def write_decisions(left: list[LeftBy], entries: pl.DataFrame) -> None:
    """Per partition the log of every decision: one row per late loan, with the treatment its person gets (null where the gate refused all there was for the loan)."""
    given = entries.select("borrower_id", "currency", "treatment", "chosen_by", "held_by")

    def work(one: LeftBy) -> None:
        proposals = store.read_columns(one.proposals)
        told = proposals.select(*_LOGGED, "has_option").join(given, on=["borrower_id", "currency"], how="left", maintain_order="left")
        treated = (pl.when(pl.col("has_option")).then(pl.col(name)).alias(name) for name in ("treatment", "chosen_by"))
        store.write_parquet(one.decisions, told.with_columns(treated).drop("has_option"))

    for _ in local.each(work, left):
        pass
