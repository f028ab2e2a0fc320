"""Firms and projects by hand."""

from datetime import date

from pytest import approx

from arrears.scoring.firm_features import MONTHLY
from scoring.scored_books import NIGHT, features_of, known, milestone, month, project, rich_book, row_of


def firm(**tables) -> dict:
    """The features of L3, whose firm has these rows and no others."""
    return row_of(features_of(known({**rich_book(), "cash_flows": [], "projects": [], "milestones": [], **tables}, NIGHT)), "L3")


def months(flows: dict[int, tuple], **more) -> list[dict]:
    """Months of B2, named by how many months before March 2026 they lie: inflow, outflow, debt service."""
    return [month("B2", date(2026 - (back + 9) // 12, (2 - back) % 12 + 1, 1), *flow, **more) for back, flow in flows.items()]


def test_cover_is_what_is_left_of_the_inflow_over_debt_service():
    row = firm(cash_flows=months({0: (500, 200, 100), 1: (400, 200, 100), 2: (300, 200, 50), 3: (300, 250, 100), 4: (300, 250, 100), 5: (300, 250, 100)}))
    assert row["dscr_3m"] == approx((300 + 200 + 100) / 250)
    assert row["dscr_6m"] == approx((600 + 150) / 550)
    assert row["dscr_12m"] == row["dscr_6m"] and row["months_missing_12m"] == 6


def test_a_window_needs_half_of_its_months():
    row = firm(cash_flows=months({0: (500, 200, 100), 2: (300, 200, 100), 5: (300, 200, 100)}))
    assert row["dscr_3m"] == approx(2.0) and row["dscr_6m"] == approx(5 / 3) and row["dscr_12m"] is None
    assert row["turnover_trend"] is None, "one month of three earlier ones is too few"


def test_trends_compare_the_last_months_with_those_before_and_with_a_year_ago():
    flows = {back: (900, 0, 1) for back in (0, 1, 2)} | {back: (600, 0, 1) for back in (3, 4, 5)} | {back: (1_200, 0, 1) for back in (12, 13, 14)}
    row = firm(cash_flows=months(flows))
    assert row["turnover_trend"] == row["invoiced_trend"] == approx(0.5) and row["turnover_yearly"] == approx(-0.25)


def test_tax_falls_against_turnover():
    rows = months({back: (1_000, 0, 1) for back in range(12)})
    for back, row in enumerate(rows):
        row["tax_minor"] = 20 if back < 3 else 50
    assert firm(cash_flows=rows)["tax_to_turnover_trend"] == approx(-0.6)


def test_months_without_invoices_and_the_largest_customer():
    rows = months({back: (1_000, 0, 1) for back in range(12)})
    for back, row in enumerate(rows):
        row["invoiced_minor"] = 0 if back in (4, 7) else 900
        row["largest_customer_ppm"] = {0: 800_000, 1: 700_000, 2: 600_000}.get(back, 100_000)
    row = firm(cash_flows=rows)
    assert row["months_without_invoices_12m"] == 2 and row["largest_customer_share"] == approx(0.7) and row["months_missing_12m"] == 0


def test_months_that_are_long_past_or_of_another_currency_say_nothing():
    assert all(firm(cash_flows=months({back: (1_000, 0, 1) for back in range(12, 24)}))[name] is None for name in MONTHLY)
    assert all(firm(cash_flows=months({back: (1_000, 0, 1) for back in range(12)}, currency="USD"))[name] is None for name in MONTHLY)


def test_a_month_that_is_not_over_is_not_looked_at():
    with_april = firm(cash_flows=[*months({back: (1_000, 0, 1) for back in range(6)}), month("B2", date(2026, 4, 1), 9, 0, 1)])
    assert with_april["dscr_3m"] == 1_000


def test_no_debt_service_gives_no_cover():
    assert firm(cash_flows=months({back: (1_000, 0, 0) for back in range(6)}))["dscr_3m"] is None


def test_milestones_are_late_when_reached_after_their_day_or_not_yet():
    row = firm(milestones=[
        milestone("J1", "B2", 1, date(2026, 2, 1), date(2026, 2, 11)), milestone("J1", "B2", 2, date(2026, 3, 1), date(2026, 3, 1)),
        milestone("J1", "B2", 3, date(2026, 4, 1)), milestone("J1", "B2", 4, date(2026, 6, 1)), milestone("J1", "B2", 5, date(2026, 4, 30))])
    assert (row["milestones_late"], row["milestone_worst_days"]) == (2, 29)
    on_time = firm(milestones=[milestone("J1", "B2", 4, date(2026, 6, 1))])
    assert (on_time["milestones_late"], on_time["milestone_worst_days"], on_time["project_overdue_days"]) == (0, 0, None)


def test_a_project_is_overdue_until_it_is_finished():
    row = firm(projects=[project("J1", "B2", date(2026, 4, 20)), project("J2", "B2", date(2026, 1, 20), date(2026, 4, 1))])
    assert row["project_overdue_days"] == 10 and row["project_budget_ratio"] == 2.0
    done = firm(projects=[project("J2", "B2", date(2026, 1, 20), date(2026, 4, 1))])
    assert done["project_overdue_days"] == 0 and done["project_budget_ratio"] is None


def test_who_has_no_months_and_no_projects_has_no_figures():
    row = firm()
    names = (*MONTHLY, "milestones_late", "milestone_worst_days", "project_overdue_days", "project_budget_ratio")
    assert [row[name] for name in names] == [None] * len(names)
