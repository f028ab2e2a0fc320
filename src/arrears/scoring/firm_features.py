"""What a firm's or trader's months, projects and milestones say by the end of a day; all null for who has none.

Months are numbered back from the firm's latest reported month before as_of: the last 3 are 0, 1, 2. A window counts where at least half
of its months bear the figure (two of three, three of six, six of twelve). Amounts are never added across currencies.

    DSCR = sum(inflow - outflow) / sum(debt service)      over the months that bear all three
    trend = mean of the last months / mean of the earlier ones - 1
"""

from datetime import date

import polars as pl

from arrears.tables.facts import Facts

REPORTED_WITHIN_MONTHS = 12
"""A firm whose latest month lies further back has no figures: they would speak of another time."""

MONTHLY = (
    "dscr_3m", "dscr_6m", "dscr_12m", "turnover_trend", "turnover_yearly", "tax_to_turnover_trend", "invoiced_trend",
    "months_without_invoices_12m", "largest_customer_share", "months_missing_12m",
)
_BY = ["borrower_id", "currency"]


def firm_months(facts: Facts, as_of: date) -> pl.DataFrame:
    """One row per borrower and currency with a month in the twelve before as_of's own: borrower_id, currency, MONTHLY; Float64."""
    schema = {"borrower_id": pl.String, "currency": pl.String, **dict.fromkeys(MONTHLY, pl.Float64)}
    if "month_on" not in facts.cash_flows.columns:
        return pl.DataFrame(schema=schema)
    this = as_of.year * 12 + as_of.month
    months = facts.cash_flows.with_columns(month=pl.col("month_on").dt.year().cast(pl.Int64) * 12 + pl.col("month_on").dt.month())
    months = months.filter(pl.col("month") < this).with_columns(back=pl.col("month").max().over(_BY) - pl.col("month"), ago=this - pl.col("month"))
    months = months.filter(pl.col("ago").min().over(_BY) <= REPORTED_WITHIN_MONTHS).sort(*_BY, "month")
    inflow, invoiced = _flow("inflow_minor"), _flow("invoiced_minor")
    taxed = _flow("tax_minor") / _above_zero(inflow)
    figures = {
        **{f"dscr_{span}m": _cover(span) for span in (3, 6, 12)},
        "turnover_trend": _trend(inflow, 3, 6), "turnover_yearly": _mean(inflow, 0, 3) / _above_zero(_mean(inflow, 12, 15)) - 1,
        "tax_to_turnover_trend": _mean(taxed, 0, 3) / _above_zero(_mean(taxed, 3, 12)) - 1,
        "invoiced_trend": _trend(invoiced, 3, 6),
        "months_without_invoices_12m": pl.when(_present(invoiced, 0, 12)).then(_in(0, 12, invoiced == 0).sum()),
        "largest_customer_share": _mean(_flow("largest_customer_ppm"), 0, 3) * 1e-6,
        "months_missing_12m": REPORTED_WITHIN_MONTHS - (pl.col("ago") <= REPORTED_WITHIN_MONTHS).sum(),
    }
    return months.group_by(_BY).agg(value.cast(pl.Float64).alias(name) for name, value in figures.items()).select(list(schema))


def firm_projects(facts: Facts, as_of: date) -> pl.DataFrame:
    """One row per borrower with a milestone or project: borrower_id, milestones_late, milestone_worst_days, project_overdue_days; Float64.

    A date after as_of is no date yet: a milestone reached later was not reached on the day. Only projects begun by as_of count.
    """
    day = pl.lit(as_of, pl.Date)
    parts = []
    if "planned_on" in facts.milestones.columns:
        reached = pl.when(pl.col("reached_on") <= day).then(pl.col("reached_on"))
        late = (pl.col("planned_on") < day) & (reached.is_null() | (reached > pl.col("planned_on")))
        waiting = (day - pl.col("planned_on")).dt.total_days().filter(reached.is_null()).max()
        parts.append(facts.milestones.group_by("borrower_id").agg(
            milestones_late=late.sum().cast(pl.Float64), milestone_worst_days=pl.max_horizontal(waiting.fill_null(0), 0).cast(pl.Float64)))
    if "finish_by_on" in facts.projects.columns:
        begun = facts.projects.filter(pl.col("started_on") <= day)
        over = (day - pl.col("finish_by_on")).dt.total_days().filter(_unfinished(day)).max()
        parts.append(begun.group_by("borrower_id").agg(project_overdue_days=pl.max_horizontal(over.fill_null(0), 0).cast(pl.Float64)))
    schema = {"borrower_id": pl.String, **dict.fromkeys(("milestones_late", "milestone_worst_days", "project_overdue_days"), pl.Float64)}
    if not parts:
        return pl.DataFrame(schema=schema)
    whole = parts[0] if len(parts) == 1 else parts[0].join(parts[1], on="borrower_id", how="full", coalesce=True)
    return whole.with_columns(pl.lit(None, pl.Float64).alias(name) for name in schema if name not in whole.columns).select(list(schema))


def project_budgets(facts: Facts, as_of: date) -> pl.DataFrame:
    """One row per borrower and currency with an unfinished project begun by as_of: borrower_id, currency, project_budget (Float64 minor units)."""
    if "budget_minor" not in facts.projects.columns:
        return pl.DataFrame(schema={"borrower_id": pl.String, "currency": pl.String, "project_budget": pl.Float64})
    day = pl.lit(as_of, pl.Date)
    at_work = facts.projects.filter((pl.col("started_on") <= day) & _unfinished(day) & pl.col("budget_minor").is_not_null())
    return at_work.group_by(_BY).agg(project_budget=pl.col("budget_minor").cast(pl.Float64).sum())


def _unfinished(day: pl.Expr) -> pl.Expr:
    return pl.col("finished_on").is_null() | (pl.col("finished_on") > day)


def _flow(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64)


def _above_zero(value: pl.Expr) -> pl.Expr:
    return pl.when(value > 0).then(value)


def _in(first: int, last: int, value: pl.Expr) -> pl.Expr:
    """The values of the months first to last, last not included, counted back from the latest reported one."""
    return value.filter((pl.col("back") >= first) & (pl.col("back") < last))


def _present(value: pl.Expr, first: int, last: int) -> pl.Expr:
    return 2 * _in(first, last, value).count() >= last - first


def _mean(value: pl.Expr, first: int, last: int) -> pl.Expr:
    return pl.when(_present(value, first, last)).then(_in(first, last, value).mean())


def _trend(value: pl.Expr, middle: int, last: int) -> pl.Expr:
    return _mean(value, 0, middle) / _above_zero(_mean(value, middle, last)) - 1


def _cover(span: int) -> pl.Expr:
    free, service = _flow("inflow_minor") - _flow("outflow_minor"), _flow("debt_service_minor")
    both = free.is_not_null() & service.is_not_null()
    free, service = (pl.when(both).then(value) for value in (free, service))
    return pl.when(_present(service, 0, span)).then(_in(0, span, free).sum() / _above_zero(_in(0, span, service).sum()))
