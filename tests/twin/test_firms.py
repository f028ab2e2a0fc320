"""Made-up money and projects of firms: of traders and enterprises, known after the fact, the worse the riskier."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from arrears.tables import CASH_FLOWS, MILESTONES, PROJECTS
from arrears.twin.truth import truth
from twin.made_blocks import AS_OF, whole_block

END = datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC) + timedelta(days=1)


@pytest.fixture(scope="module")
def tables():
    return whole_block(40_000, 6)[1]


@pytest.fixture(scope="module")
def risks() -> pl.DataFrame:
    return truth(40_000, 6, AS_OF).unique("borrower_id").select("borrower_id", "risk", third=(pl.col("risk") * 3).floor())


def by_third(rows: pl.DataFrame, risks: pl.DataFrame, value: pl.Expr) -> list[float]:
    return rows.join(risks, on="borrower_id").group_by("third").agg(value.alias("value")).sort("third")["value"].to_list()


def test_the_tables_are_as_the_dictionary_says_and_of_traders_and_enterprises_alone(tables):
    kinds = dict(tables["borrowers"].select("borrower_id", "kind").iter_rows())
    for name, table in (("cash_flows", CASH_FLOWS), ("projects", PROJECTS), ("milestones", MILESTONES)):
        rows = tables[name]
        assert rows.schema == table.schema and len(rows) > 1_000
        assert {kinds[who] for who in rows["borrower_id"].unique()} == {"sole_trader", "enterprise"}
        assert rows.select(*table.key, "recorded_at").is_unique().all()
        for column in table.columns:
            if not column.nullable:
                assert rows[column.name].null_count() == 0, f"{name}.{column.name}"
            if column.least is not None:
                assert rows[column.name].min() >= column.least, f"{name}.{column.name}"
            if column.most is not None:
                assert rows[column.name].max() <= column.most, f"{name}.{column.name}"


def test_a_month_is_known_after_it_has_ended_and_by_as_of(tables):
    rows = tables["cash_flows"]
    ended = rows["month_on"].dt.offset_by("1mo")
    lag = (rows["recorded_at"].dt.date() - ended).dt.total_days()
    assert lag.is_between(5, 20).all() and (rows["recorded_at"] < END).all()
    assert rows["month_on"].min() == date(2024, 6, 1) and rows["month_on"].max() == date(2026, 5, 1)
    each = rows.group_by("borrower_id").len()["len"]
    assert each.max() == 24 and each.mean() == pytest.approx(24 * 0.97, abs=0.2)


def test_cover_turnover_and_concentration_get_worse_with_risk(tables, risks):
    rows = tables["cash_flows"]
    cover = ((pl.col("inflow_minor") - pl.col("outflow_minor")) / pl.col("debt_service_minor")).mean()
    covers = by_third(rows, risks, cover)
    assert covers == pytest.approx([2.3 - 1.5 / 6, 2.3 - 1.5 / 2, 2.3 - 1.5 * 5 / 6], abs=0.08)
    year = pl.col("month_on") >= date(2025, 6, 1)
    growth = by_third(rows, risks, pl.col("inflow_minor").filter(year).sum() / pl.col("inflow_minor").filter(~year).sum())
    assert growth[0] > 1.05 > growth[1] > growth[2] and growth[2] < 0.95
    shares = by_third(rows, risks, pl.col("largest_customer_ppm").mean())
    assert shares[0] < shares[1] < shares[2]


def test_projects_belong_to_loans_of_the_book_and_are_first_told_as_planned(tables):
    projects, milestones = tables["projects"], tables["milestones"]
    owner = projects.join(tables["loans"].unique("loan_id"), on="loan_id", suffix="_of")
    assert len(owner) == len(projects) and (owner["borrower_id"] == owner["borrower_id_of"]).all()
    assert set(milestones["project_id"]) == set(projects["project_id"])
    for rows, key, done in ((projects, ["project_id"], "finished_on"), (milestones, ["project_id", "number"], "reached_on")):
        assert (rows["recorded_at"] < END).all() and (rows[done].drop_nulls() <= AS_OF).all()
        versions = rows.sort("recorded_at").group_by(key, maintain_order=True).agg(pl.col(done).is_null().alias("open"))["open"]
        assert versions.list.first().all() and versions.list.len().max() == 2
        told = rows.drop_nulls(done)
        assert (told["recorded_at"].dt.date() > told[done]).all(), "nothing is known before it happened"
    finished = projects.drop_nulls("finished_on")
    assert (finished["finished_on"] >= finished["finish_by_on"]).all() and (projects["finish_by_on"] > projects["started_on"]).all()


def test_milestones_are_late_more_often_the_riskier_the_firm(tables, risks):
    late = by_third(tables["milestones"].drop_nulls("reached_on"), risks, (pl.col("reached_on") > pl.col("planned_on")).mean())
    assert late[0] + 0.1 < late[1] < late[2] - 0.1
    first = by_third(tables["milestones"].filter(pl.col("number") == 1).drop_nulls("reached_on"), risks, (pl.col("reached_on") > pl.col("planned_on")).mean())
    assert first == pytest.approx([0.10 + 0.55 / 6, 0.10 + 0.55 / 2, 0.10 + 0.55 * 5 / 6], abs=0.06)
