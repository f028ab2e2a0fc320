"""Made-up money and projects of firms and traders, the worse the riskier: what an early warning can see before a due date is missed.

Of u in [0, 1) drawn per firm, r its hidden risk, D its debt service of a month (its loans' level instalments and other lenders'):

    turnover        D × (5 + 9 u), times (1 + g) a month, g = 0.014 − 0.030 r ± 0.004, a season and noise of ± 10 %
    cover (DSCR)    2.3 − 1.5 r ± 0.25, noise of ± 20 % a month: outflow = inflow − cover × D
    tax, invoiced   3 % of inflow; inflow × (1.06 − 0.16 r), noise of ± 6 %
    largest customer 10 % + 55 % × r × u ± 8 %

Every enterprise and three traders in ten report; 3 % of months are missing. Every figure is a plausible setting, not a measurement.
"""

from datetime import date

import numpy as np
import polars as pl

from arrears.tables.projects import CASH_FLOWS, MILESTONES, PROJECTS
from arrears.twin.book import Made
from arrears.twin.columns import borrower_names, days, loan_names, moments, names, or_null, words
from arrears.twin.contracts import INDUSTRIES
from arrears.twin.people import stream

MONTHS = 24
REPORTS = np.array([0.0, 0.30, 1.0])
MISSING = 0.03
HAS_PROJECT = np.array([0.0, 0.15, 0.50])
"""By kind of borrower: who reports its money; whose first loan finances a project."""
MILESTONES_LEAST, MILESTONES_MOST = 3, 6
_SEASON = np.array([0.92, 0.80, 0.98, 1.00, 1.02, 1.03, 1.00, 1.00, 1.04, 1.03, 1.06, 1.12])
_DAY_US, _EVENING_US = 86_400_000_000, 12 * 3_600_000_000
_NONE = -1


def cash_flows_of(made: Made, seed: int, as_of: date) -> pl.DataFrame:
    """One row per reporting firm and month, of the 24 months before the one of as_of; recorded 5 to 20 days after the month, and by as_of."""
    dice = stream(seed, made.block, "cash flows")
    contracts, this = made.contracts, np.datetime64(as_of, "M")
    whose = dice.random((len(contracts.number), 6))
    firm = np.flatnonzero((contracts.borrower == np.arange(len(contracts.borrower))) & (whose[:, 0] < REPORTS[contracts.kind]))
    months = np.arange(this - MONTHS, this)
    starts = np.arange(months[0], months[-1] + 2).astype("datetime64[D]").astype(np.int64)
    noise = dice.random((len(firm), MONTHS, 8))
    risk, u = contracts.risk[firm][:, None], whose[firm]
    service = _debt_service(made)[firm][:, None] * (1.0 + u[:, 1:2])
    growth = 1.0 + 0.014 - 0.030 * risk + 0.008 * (u[:, 2:3] - 0.5)
    trend = np.cumprod(np.broadcast_to(growth, (len(firm), MONTHS)), axis=1)
    season = _SEASON[months.astype(np.int64) % 12]
    inflow = service * (5 + 9 * u[:, 3:4]) * trend * season * (0.9 + 0.2 * noise[:, :, 0])
    cover = (2.3 - 1.5 * risk + 0.5 * (u[:, 4:5] - 0.5)) * (0.8 + 0.4 * noise[:, :, 1])
    share = 0.10 + 0.55 * risk * u[:, 5:6] + 0.16 * (noise[:, :, 2] - 0.5)
    recorded_at = (starts[1:] + 5)[None, :] * _DAY_US + (noise[:, :, 3] * 15 * 86_400).astype(np.int64) * 1_000_000
    end = (int(np.datetime64(as_of, "D").astype(np.int64)) + 1) * _DAY_US
    kept = (noise[:, :, 4] >= MISSING) & (recorded_at < end)
    figures = {
        "inflow_minor": inflow, "outflow_minor": np.maximum(inflow - cover * service, 0.0), "debt_service_minor": np.broadcast_to(service, inflow.shape),
        "tax_minor": np.where(noise[:, :, 5] < 0.10, _NONE, 0.03 * inflow * (0.9 + 0.2 * noise[:, :, 5])),
        "invoiced_minor": np.where(contracts.kind[firm][:, None] == 1, _NONE, inflow * (1.06 - 0.16 * risk) * (0.94 + 0.12 * noise[:, :, 6])),
        "largest_customer_ppm": np.where(contracts.kind[firm][:, None] == 1, _NONE, np.clip(share, 0.01, 1.0) * 1_000_000),
    }
    row, month = np.nonzero(kept)
    return pl.DataFrame({
        "borrower_id": borrower_names(contracts.number[firm[row]]), "month_on": days(starts[month]),
        "currency": pl.Series(["CNY"]).new_from_index(0, len(row)),
        **{name: or_null(values[kept].astype(np.int64)) for name, values in figures.items()}, "recorded_at": moments(recorded_at[kept]),
    }, schema=CASH_FLOWS.schema)


def _debt_service(made: Made) -> np.ndarray:
    """Per loan, at the borrower's first: what the instalments of all its loans come to in a month, in minor units."""
    contracts = made.contracts
    monthly = contracts.principal_minor / contracts.term + contracts.principal_minor * (contracts.annual_rate_ppm / 1e6 / 24)
    total = np.zeros(len(monthly))
    np.add.at(total, contracts.borrower, monthly)
    return total


def projects_of(made: Made, seed: int, as_of: date) -> dict[str, pl.DataFrame]:
    """projects, milestones: each as planned when work began, and again when it was finished or reached, by as_of.

    Each milestone is late with a chance of 10 % + 55 % of the firm's risk, by 5 to 65 days, and puts off those after it.
    """
    dice = stream(seed, made.block, "projects")
    contracts, day = made.contracts, int(np.datetime64(as_of, "D").astype(np.int64))
    whose = dice.random((len(contracts.number), 5))
    is_first = contracts.borrower == np.arange(len(contracts.borrower))
    started = contracts.disbursed_on + (whose[:, 1] * 31).astype(np.int64)
    loan = np.flatnonzero(is_first & (whose[:, 0] < HAS_PROJECT[contracts.kind]) & (started <= day))
    started, whose = started[loan], whose[loan]
    count = MILESTONES_LEAST + (whose[:, 2] * (MILESTONES_MOST - MILESTONES_LEAST + 1)).astype(np.int64)
    lasts = 120 + (whose[:, 3] * 420).astype(np.int64)
    number = np.arange(1, MILESTONES_MOST + 1)
    planned = started[:, None] + lasts[:, None] * number // count[:, None]
    chance = dice.random((len(loan), MILESTONES_MOST, 3))
    is_late = chance[:, :, 0] < 0.10 + 0.55 * contracts.risk[loan][:, None]
    reached = planned + np.cumsum(np.where(is_late, 5 + (chance[:, :, 1] * 61).astype(np.int64), 0), axis=1)
    booked = reached + 1 + (chance[:, :, 2] * 5).astype(np.int64)
    is_milestone = number[None, :] <= count[:, None]
    first, place = np.nonzero(is_milestone)
    again, at = np.nonzero(is_milestone & (booked <= day))
    row, milestone = np.concatenate([first, again]), np.concatenate([place, at])
    reached_on = np.concatenate([np.full(len(first), _NONE), reached[again, at]])
    recorded_on = np.concatenate([started[first], booked[again, at]])
    project = names("J", contracts.number[loan], 9)
    milestones = {
        "project_id": project.gather(row), "borrower_id": borrower_names(contracts.number[loan[row]]), "number": pl.Series(milestone + 1),
        "planned_on": days(planned[row, milestone]), "reached_on": days(reached_on), "recorded_at": moments(recorded_on * _DAY_US + _EVENING_US),
    }
    last = (np.arange(len(loan)), count - 1)
    budget = (contracts.principal_minor[loan] * (1.2 + 0.8 * whose[:, 4])).astype(np.int64)
    done = np.flatnonzero(booked[last] <= day)
    row = np.concatenate([np.arange(len(loan)), done])
    finished_on = np.concatenate([np.full(len(loan), _NONE), reached[last][done]])
    recorded_on = np.concatenate([started, booked[last][done]])
    projects = {
        "project_id": project.gather(row), "borrower_id": borrower_names(contracts.number[loan[row]]),
        "loan_id": loan_names(contracts.number[loan[row]]), "industry": words(INDUSTRIES, contracts.industry[loan[row]]),
        "currency": pl.Series(["CNY"]).new_from_index(0, len(row)), "budget_minor": pl.Series(budget[row]), "started_on": days(started[row]),
        "finish_by_on": days(planned[last][row]), "finished_on": days(finished_on), "recorded_at": moments(recorded_on * _DAY_US + _EVENING_US),
    }
    return {"projects": pl.DataFrame(projects, schema=PROJECTS.schema), "milestones": pl.DataFrame(milestones, schema=MILESTONES.schema)}
