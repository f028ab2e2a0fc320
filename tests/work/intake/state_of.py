"""Everything the work plane holds of one lender, to be compared before and after; and the one call by which tests take a night in."""

from django.apps import apps
from django.db import connection

from arrears.store import Book
from arrears.work.actions.intake import open_lender, take_night
from arrears.work.actor import system
from arrears.work.models import Case, Debt
from arrears.work.night_files import night_of
from arrears.work.tenancy import seen_by
from work.intake.night_book import AS_OF

LOG = ("work_entry", "work_change", "work_answer", "work_leaf")


def taken(work, book: Book, as_of=AS_OF, now: int | None = None) -> tuple[dict, bool]:
    """The night taken in as the command does it."""
    night = night_of(book, as_of)
    open_lender(night.lender, now or work.now)
    return take_night(night, night.lender.id, now or work.now)


def state(lender: str, log: bool = True) -> dict[str, list[str]]:
    """Every row of every table of the lender, as text, in order."""
    found = {}
    with seen_by(system(lender)), connection.cursor() as cursor:
        for model in apps.get_app_config("work").get_models():
            table = model._meta.db_table
            if table in ("work_lender", "work_place", "work_waiting") or (table in LOG and not log):
                continue
            cursor.execute(f'SELECT t::text FROM "{table}" t WHERE lender = %s ORDER BY id::text', [lender])
            found[table] = [line for (line,) in cursor.fetchall()]
    return found


def cases(lender: str) -> dict[str, dict]:
    """By borrower the open case: what tests ask of it, and its debts by loan."""
    with seen_by(system(lender)):
        debts: dict = {}
        for one in Debt.objects.filter(lender=lender).values("case_id", "loan_id", "claimable_minor", "outstanding_principal_minor", "as_of"):
            debts.setdefault(one["case_id"], {})[one["loan_id"]] = one
        return {one.borrower_id: {"id": one.id, "as_of": one.as_of, "opened_on": one.opened_on, "rank": one.rank, "claimable": one.claimable_minor, "proposals": one.proposals,
                                  "held_by": one.held_by.roster_name if one.held_by else None, "team": one.team.code if one.team else None, "debts": debts.get(one.id, {})}
                for one in Case.objects.filter(lender=lender, state="open").select_related("held_by", "team")}
