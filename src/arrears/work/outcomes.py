"""What people did, in the tables of the decision plane: contacts, promises, plans, what kept plans waive, holds, consents, placements. Pseudonymous ids, no sealed text, no free words.

The same state of the database gives the same rows in the same order. recorded_at of a row is the moment of the last action that changed it, so that a later export replaces an
earlier one's rows where the book reads both.
Docs: docs/algorithms/intake.md, Outcomes.
"""

from datetime import datetime

import polars as pl

from arrears.tables import FACTS
from arrears.tables.table import MOMENT
from arrears.work.rows_by_copy import ask, copy_out

TABLES = ("contacts", "promises", "plans", "adjustments", "holds", "consents", "placements")
ZONE = "Asia/Shanghai"
"""In which the days of holds and placements are counted, as everywhere in the work plane."""

_SAID = """CREATE TEMPORARY TABLE outcome_said ON COMMIT DROP AS SELECT c."table", i.id, max(e.at) AS at FROM work_change c JOIN work_entry e ON e.id = c.entry_id CROSS JOIN unnest(c.ids) AS i(id)
    WHERE c.lender = %(lender)s AND c."table" IN ('work_contact', 'work_promise', 'work_plan', 'work_hold', 'work_consent', 'work_placement') GROUP BY 1, 2"""
_SELECTS = {
    "contacts": """SELECT w.id::text AS contact_id, c.borrower_id, w.loan_id, w.attempted_at, w.channel, w.direction, w.relation, w.outcome, coalesce(s.at, w.attempted_at) AS recorded_at
        FROM work_contact w JOIN work_case c ON c.id = w.case_id LEFT JOIN outcome_said s ON s.id = w.id AND s."table" = 'work_contact' WHERE w.lender = %(lender)s""",
    "promises": """SELECT w.id::text AS promise_id, w.loan_id, w.promised_on, w.pay_by_on, w.amount_minor, coalesce(s.at, (w.promised_on)::timestamp AT TIME ZONE %(zone)s) AS recorded_at
        FROM work_promise w LEFT JOIN outcome_said s ON s.id = w.id AND s."table" = 'work_promise' WHERE w.lender = %(lender)s AND w.state <> 'withdrawn'""",
    "plans": """SELECT w.id::text AS plan_id, w.loan_id, w.agreed_on, i.number, i.due_on, i.amount_minor, w.ended_on, coalesce(s.at, (coalesce(w.ended_on, w.agreed_on))::timestamp AT TIME ZONE %(zone)s) AS recorded_at
        FROM work_plan w CROSS JOIN LATERAL jsonb_to_recordset(w.instalments) AS i(number int, due_on date, amount_minor bigint)
        LEFT JOIN outcome_said s ON s.id = w.id AND s."table" = 'work_plan' WHERE w.lender = %(lender)s AND w.agreed_on IS NOT NULL AND w.state IN ('agreed', 'kept', 'broken', 'ended')""",
    "adjustments": """SELECT w.id::text || '/' || a.kind AS adjustment_id, w.loan_id, w.agreed_on AS effective_on, a.kind, NULL::int AS number, CASE WHEN w.state = 'kept' THEN a.amount ELSE 0 END AS amount_minor,
        NULL::date AS until_on, coalesce(s.at, (coalesce(w.ended_on, w.agreed_on))::timestamp AT TIME ZONE %(zone)s) AS recorded_at
        FROM work_plan w CROSS JOIN LATERAL (VALUES ('waive_penalty', w.waived_penalty_minor), ('waive_interest', w.waived_interest_minor), ('waive_fee', w.waived_fee_minor)) AS a(kind, amount)
        LEFT JOIN outcome_said s ON s.id = w.id AND s."table" = 'work_plan'
        WHERE w.lender = %(lender)s AND a.amount > 0 AND w.agreed_on IS NOT NULL AND w.state IN ('agreed', 'kept', 'broken', 'ended')""",
    "holds": """SELECT CASE WHEN w.loan_id IS NULL THEN w.id::text || '/' || d.loan_id ELSE w.id::text END AS hold_id, d.loan_id, CASE w.kind WHEN 'litigation' THEN 'legal_stay' ELSE w.kind END AS kind,
        (w.placed_at AT TIME ZONE %(zone)s)::date AS placed_on, (w.lifted_at AT TIME ZONE %(zone)s)::date AS lifted_on, coalesce(s.at, w.lifted_at, w.placed_at) AS recorded_at
        FROM work_hold w JOIN work_debt d ON d.case_id = w.case_id AND (w.loan_id IS NULL OR w.loan_id = d.loan_id)
        LEFT JOIN outcome_said s ON s.id = w.id AND s."table" = 'work_hold' WHERE w.lender = %(lender)s""",
    "consents": """SELECT w.id::text AS consent_id, p.borrower_id, w.kind, w.channel, w.from_hour, w.to_hour, w.given_at, w.revoked_at, coalesce(s.at, w.revoked_at, w.given_at) AS recorded_at
        FROM work_consent w JOIN work_party p ON p.id = w.party_id LEFT JOIN outcome_said s ON s.id = w.id AND s."table" = 'work_consent' WHERE w.lender = %(lender)s AND p.borrower_id IS NOT NULL""",
    "placements": """SELECT w.id::text AS placement_id, c.borrower_id, coalesce(k.roster_name, t.code) AS held_by, w.placed_on, w.returned_on, w.returned_why,
        coalesce(s.at, (coalesce(w.returned_on, w.placed_on))::timestamp AT TIME ZONE %(zone)s) AS recorded_at
        FROM work_placement w JOIN work_case c ON c.id = w.case_id LEFT JOIN work_collector k ON k.id = w.held_by_id LEFT JOIN work_team t ON t.id = w.team_id
        LEFT JOIN outcome_said s ON s.id = w.id AND s."table" = 'work_placement' WHERE w.lender = %(lender)s AND (w.held_by_id IS NOT NULL OR t.kind = 'agency')""",
}


def outcomes(lender: str, since: datetime | None) -> dict[str, pl.DataFrame]:
    """Of each table the rows of the lender, by key; what a plan waives is of no amount until payments tell that it was kept to its end, and again should they be taken back; with `since` those recorded then or later. To be called in one transaction that sees the lender."""
    ask(_SAID, {"lender": lender})
    return {name: _rows(name, lender, since) for name in TABLES}


def _rows(name: str, lender: str, since: datetime | None) -> pl.DataFrame:
    table, said = FACTS[name], {"lender": lender, "since": since, "zone": ZONE}
    moments = [column.name for column in table.columns if column.dtype == MOMENT]
    listed = ", ".join(f"(extract(epoch FROM {one}) * 1000000)::bigint" if one in moments else one for one in table.names())
    late = "recorded_at >= %(since)s" if since is not None else "true"
    query = f"SELECT {listed} FROM ({_SELECTS[name]}) AS told WHERE {late} ORDER BY {', '.join(table.key)}"  # noqa: S608
    rows = copy_out(query, {one: pl.Int64 if one in moments else kind for one, kind in table.schema.items()}, said)
    return rows.with_columns(pl.from_epoch(one, time_unit="us").dt.replace_time_zone("UTC") for one in moments).cast(table.schema)
