"""Proposals: what we want to try about each late loan, before the law is asked and before anybody's hours are counted."""

from datetime import date

import numpy as np
import polars as pl

from arrears.strategy.conditions import first_fit
from arrears.strategy.experiments import arms_of, propensities, running
from arrears.strategy.reading import LEAVE_ALONE
from arrears.strategy.strategy import Arm, Ladder, Strategy

COOLING_ZH, COOLING_EN = "；刚联系过，间隔期内不再联系", "; contacted a moment ago, and left alone until the cool-off is over"

IN_PLAN_ZH, IN_PLAN_EN = "；还款方案正在履行，不催收", "; a plan for this loan is being kept, so nobody collects"

_ASKED = ("loan_id", "borrower_id", "bucket", "days_past_due", "product", "currency", "claimable_minor", "hold", "rule")


def propose(late: pl.DataFrame, touched: pl.DataFrame, strategy: Strategy, as_of: date) -> pl.DataFrame:
    """One row per late loan, in the order given, with the row of the strategy that fits first and what it lets us do.

    late: as `late_loans` gives it (no plan holds where it does not tell in_plan), with pay_probability and self_cure. touched: as `touched` gives it. Added: segment, rule and its reasons, options (UInt64:
    a bit per treatment, in the strategy's order), instead (UInt64: what would be done if no row of restraint were there; 0 elsewhere, and in experiments), experiment, arm,
    propensity (the chance by which just these options came about, arms counting as one where cooling off makes them alike; 1 outside experiments), offer, limits (UInt64: a bit per limit whose people it is among), last_touched_on (the last contact,
    payment or promise).
    """
    if "in_plan" not in late.columns:
        late = late.with_columns(in_plan=pl.lit(False))
    late = late.join(touched, on="borrower_id", how="left", maintain_order="left").with_columns(pl.col("contacts_30", "cooling").fill_null(0))
    late = late.with_columns(segment=_names(strategy.segments, first_fit(tuple(one.when for one in strategy.segments), late)) if strategy.segments else pl.lit(None, pl.String))
    row = first_fit(tuple(one.when for one in strategy.rows), late)
    options = _options_of_rows(strategy, row, late)
    varied = _by_experiment(strategy, row, options, late, as_of)
    cooled = _cooled(varied.pop("options"), late, strategy)
    rows = pl.DataFrame({"rule": [one.name for one in strategy.rows], "reason_zh": [one.reason_zh for one in strategy.rows], "reason_en": [one.reason_en for one in strategy.rows]})
    came = late.drop("cooling").hstack(rows[row]).with_columns(
        last_touched_on=pl.max_horizontal("last_contact_on", "last_paid_on", "last_promised_on"), options=pl.Series(cooled, dtype=pl.UInt64), instead=pl.Series(np.where(varied["experiment"].is_null().to_numpy(), _instead(strategy, row, late), np.uint64(0)), dtype=pl.UInt64), limits=pl.Series(_among(strategy, late), dtype=pl.UInt64),
        offer=_names(strategy.offers, first_fit(tuple(one.when for one in strategy.offers), late)) if strategy.offers else pl.lit(None, pl.String), **varied)
    kept = came["in_plan"]
    waits = ~kept & pl.Series(cooled != options) & (pl.Series(cooled) == _bit(strategy, LEAVE_ALONE)) & came["experiment"].is_null()
    return came.with_columns(pl.when(kept).then(pl.col("reason_zh") + IN_PLAN_ZH).when(waits).then(pl.col("reason_zh") + COOLING_ZH).otherwise("reason_zh").alias("reason_zh"),
                             pl.when(kept).then(pl.col("reason_en") + IN_PLAN_EN).when(waits).then(pl.col("reason_en") + COOLING_EN).otherwise("reason_en").alias("reason_en"))


def by_machine(strategy: Strategy) -> list[str]:
    """Treatments that a machine carries out: it can give no reason, so what is only discouraged is refused for it."""
    return [one.name for one in strategy.treatments if one.owner == "bot"]


def candidates(proposals: pl.DataFrame, strategy: Strategy, column: str = "options") -> pl.DataFrame:
    """One row per late loan and treatment that `column` (a bit each) names, in the order of the loans, most pressing first: what the gate asks of the loan, and treatment."""
    sets = proposals[column].unique().sort()
    named = [[name for place, name in enumerate(strategy.names) if bits >> place & 1] for bits in sets]
    of_set = pl.DataFrame({column: sets, "treatment": pl.Series(named, dtype=pl.List(pl.String))})
    return proposals.select(*_ASKED, column).join(of_set, on=column, how="left", maintain_order="left").drop(column).explode("treatment")


def _names(entries, places: np.ndarray) -> pl.Series:
    return pl.Series([one.name for one in entries], dtype=pl.String).gather(places)


def _bit(strategy: Strategy, name: str) -> int:
    return 1 << strategy.names.index(name)


def _bits(strategy: Strategy, is_so) -> np.uint64:
    """The bits of the treatments of which this holds."""
    return np.uint64(sum(1 << place for place, one in enumerate(strategy.treatments) if is_so(one)))


def _options_of_rows(strategy: Strategy, row: np.ndarray, late: pl.DataFrame) -> np.ndarray:
    """Per loan the treatments that its row gives, a bit each."""
    fixed = np.array([sum(_bit(strategy, name) for name in one.treatments) for one in strategy.rows], np.uint64)
    options = fixed[row]
    ladders = {one.name: one for one in strategy.ladders}
    for place, one in enumerate(strategy.rows):
        if one.ladder is not None and (mine := row == place).any():
            options[mine] = _step(strategy, ladders[one.ladder], late["days_past_due"].to_numpy()[mine])
    return options


def _step(strategy: Strategy, ladder: Ladder, days: np.ndarray) -> np.ndarray:
    """Per number of days past due the treatment of the ladder's step, as its bit."""
    bits = np.array([_bit(strategy, name) for _, name in ladder.steps], np.uint64)
    return bits[np.searchsorted([day for day, _ in ladder.steps], days, side="right") - 1]


def _by_experiment(strategy: Strategy, row: np.ndarray, options: np.ndarray, late: pl.DataFrame, as_of: date) -> dict:
    """The options where an arm changes them, and experiment, arm and propensity of each loan; no row fits two that run at once (check_experiments)."""
    fixed = np.array([one.fixed for one in strategy.rows])[row] | (late["hold"] != "none").to_numpy() | late["in_plan"].to_numpy()
    days = late["days_past_due"].to_numpy()
    options, propensity, place = options.copy(), np.ones(len(late)), np.zeros(len(late), np.uint32)
    told: list[tuple[str | None, str | None]] = [(None, None)]
    for one in running(strategy.experiments, as_of):
        mine = np.flatnonzero((first_fit((one.when, ()), late) == 0) & ~fixed & (place == 0))
        drawn = arms_of(one, late["borrower_id"].gather(mine))
        would_give = np.stack([_options_of_arm(strategy, arm, options[mine], days[mine]) for arm in one.arms], axis=1)
        options[mine] = np.take_along_axis(would_give, drawn.astype(np.int64)[:, None], axis=1)[:, 0]
        after = np.stack([_cooled(of_arm, late[mine], strategy) for of_arm in would_give.T], axis=1)
        propensity[mine] = propensities([arm.share_ppm for arm in one.arms], drawn, after)
        place[mine] = drawn + len(told)
        told += [(one.name, arm.name) for arm in one.arms]
    experiments, arms = (pl.Series([pair[side] for pair in told], dtype=pl.String).gather(place) for side in (0, 1))
    return {"options": options, "experiment": experiments, "arm": arms, "propensity": pl.Series(propensity)}


def _options_of_arm(strategy: Strategy, arm: Arm, of_rows: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Per loan what this arm lets us do: its own ladder or treatments, or what the rows give."""
    if arm.ladder is not None:
        return _step(strategy, next(one for one in strategy.ladders if one.name == arm.ladder), days)
    return np.full(len(of_rows), sum(_bit(strategy, name) for name in arm.treatments), np.uint64) if arm.treatments else of_rows


def _cooled(options: np.ndarray, late: pl.DataFrame, strategy: Strategy) -> np.ndarray:
    """The options without what is cooling off, and without what may not be done at all; where nothing is left, leaving alone.

    While a plan for the loan is kept it is left alone. Of whom nothing may be asked nobody is contacted, and whoever is on hold goes neither to an agency nor to court nor is visited: a person of the lender's own may look.
    """
    outside = _bits(strategy, lambda one: one.channel is not None or one.owner in ("agency", "legal", "visitor"))
    others = _bits(strategy, lambda one: one.owner in ("agency", "legal", "visitor"))
    barred = np.where((late["claimable"] <= 0).to_numpy(), outside, np.uint64(0)) | np.where((late["hold"] != "none").to_numpy(), others, np.uint64(0))
    left = np.where(late["in_plan"].to_numpy(), np.uint64(0), options & ~late["cooling"].to_numpy() & ~barred)
    return np.where(left == 0, np.uint64(_bit(strategy, LEAVE_ALONE)), left)


def _instead(strategy: Strategy, row: np.ndarray, late: pl.DataFrame) -> np.ndarray:
    """Per loan that a row of restraint leaves alone the options of the row that would fit without such rows; 0 elsewhere."""
    instead = np.zeros(len(late), np.uint64)
    restrained = np.array([one.restraint for one in strategy.rows])[row]
    if restrained.any():
        mine = late.filter(pl.Series(restrained))
        others = tuple(place for place, one in enumerate(strategy.rows) if not one.restraint)
        then = np.array(others)[first_fit(tuple(strategy.rows[place].when for place in others), mine)]
        instead[restrained] = _cooled(_options_of_rows(strategy, then, mine), mine, strategy)
    return instead


def _among(strategy: Strategy, late: pl.DataFrame) -> np.ndarray:
    """Per loan a bit for each limit among whose people it is."""
    bits = np.zeros(len(late), np.uint64)
    for place, one in enumerate(strategy.limits):
        fits = first_fit((one.when, ()), late) == 0 if one.when else True
        bits |= np.where(fits, np.uint64(1 << place), np.uint64(0))
    return bits
