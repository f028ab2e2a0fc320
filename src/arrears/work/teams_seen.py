"""Whoever holds cases sees the team they are in by the roster; the team before stays in sight, as cases there may still be theirs, until an administrator takes it away."""

from arrears.work.rows_by_copy import ask

_SEE = """UPDATE work_account a SET teams = a.teams || t.code FROM work_collector c JOIN work_team t ON t.id = c.team_id
    WHERE a.lender = %(lender)s AND a.is_active AND a.collector_id = c.id AND NOT a.teams && ARRAY[t.code, '*']::varchar[]"""


def see_own_team(lender: str) -> int:
    """Every account that holds cases as a collector sees the team of that collector; how many did not. Within an action."""
    return ask(_SEE, {"lender": lender})
