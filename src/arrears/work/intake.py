"""A night's worklist as cases: one per debtor, with debts, people, payments and holders. One transaction, in set operations, by COPY.

`take_in` reads top to bottom what a night changes. It is called by the action case.take_in alone, within its transaction: all of it happens, with its Entry, or nothing.
What people did stays: docs/algorithms/intake.md says of every column whose it is.
"""

from datetime import datetime
from uuid import UUID

import polars as pl
from django.db import connection

from arrears.refusal import Refused
from arrears.vault.vault import Vault
from arrears.work import intake_hands, night_files
from arrears.work.identities import identity, of_lender, person_of
from arrears.work.intake_debts import close_settled, put_debts, put_payments
from arrears.work.intake_offers import keep_strategy
from arrears.work.intake_people import ROWS_A_PIECE, parties_of, take_people
from arrears.work.intake_rules import keep_rules
from arrears.work.night_files import Night
from arrears.work.rows_by_copy import ask, copy_in, copy_out, passing_table

_OPEN = {"borrower_id": pl.String, "case_id": pl.String, "team_id": pl.String, "held_by_id": pl.String, "frozen": pl.Boolean}
FOR_GOOD = ("recalled", "sold", "written_off", "not_owed")
"""Reasons of closing a case after which no night opens another for the same loans."""
FOREIGN_PPM = 500_000
"""The operator's own choice: where more of the loans of open cases than this share are in no row of the book, it is taken for another lender's."""


def one_at_a_time(lender: str) -> None:
    """Whoever takes in a night of the lender at the same time waits here until this transaction has ended."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"arrears case.take_in {lender}"])


def take_in(lender: str, night: Night, vault: Vault, now: datetime, applied: list[str]) -> dict[str, int]:
    """The night is taken in; counts of what it changed. applied: digests of the files of people that were taken in before. Raises Refused, and then the transaction must end."""
    under = of_lender(lender)
    _plan_for_many()
    listed = night_files.demand_worklist(night)
    standing = copy_out("SELECT borrower_id, id, team_id, held_by_id, frozen_at IS NOT NULL FROM work_case WHERE lender = %(lender)s AND state = 'open'", _OPEN, {"lender": lender})
    _demand_same_book(lender, night)
    hands, told = intake_hands.take_roster(lender, under, night)
    places, not_opened = _places(lender, under, night, vault, listed, standing)
    moved, moves_kept = intake_hands.moves(lender, night, hands, places)
    places = _with_holders(places, moved, hands)
    _put_places(places)
    told |= _put_cases(lender, night, vault)
    of = night_files.loans(night, places["borrower_id"])
    told |= put_debts(lender, night, places, of)
    keep_strategy(lender, under, night)
    told |= close_settled(lender, night.as_of)
    parties = parties_of(lender, under, places, night_files.guarantors(night, of))
    told |= take_people(lender, under, night, vault, now, places, parties, applied).told()
    told |= put_payments(lender, under, night, places, of, now)
    keep_rules(lender, under, night)
    told |= intake_hands.put_placements(lender, night.as_of, hands, moved)
    ask("""UPDATE work_placement p SET returned_on = greatest(p.placed_on, %(as_of)s::date), returned_why = 'other' FROM work_case c
        WHERE p.lender = %(lender)s AND c.id = p.case_id AND c.state = 'closed' AND c.closed_on = %(as_of)s AND p.returned_on IS NULL""", {"lender": lender, "as_of": night.as_of})
    return told | not_opened | {"moves_kept": moves_kept}


def keep_by_what_it_was_decided(lender: str, night: Night) -> None:
    """The rules and the strategy of the night stand beside the cases it became: contacts are judged and plans are offered by them."""
    under = of_lender(lender)
    keep_strategy(lender, under, night)
    keep_rules(lender, under, night)


def _plan_for_many() -> None:
    """What is joined here is many rows of tables whose statistics are of before they were filled: planned row by row, one join took more than ten minutes at 100,000 cases."""
    ask("SELECT set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true), set_config('work_mem', '64MB', true)")


def _demand_same_book(lender: str, night: Night) -> None:
    """Raises Refused where most loans of the open cases were never in this book."""
    known = copy_out("SELECT d.loan_id FROM work_debt d JOIN work_case c ON c.id = d.case_id WHERE d.lender = %(lender)s AND c.state = 'open'", {"loan_id": pl.String}, {"lender": lender})["loan_id"]
    missing = night_files.missing_loans(night, known) if len(known) else 0
    if missing * 1_000_000 > len(known) * FOREIGN_PPM:
        raise Refused(f"{night.book.root}: {missing} of the {len(known)} loans of open cases of {lender} were never in this book, so it is another one than was taken in before; nothing was changed: "
                      "name the right book, or give this lender another id in lender.yaml",
                      f"{night.book.root}：机构 {lender} 未结案件的 {len(known)} 笔贷款中有 {missing} 笔从未出现在本账册中，可见并非此前接收的账册；未作任何更改：请指定正确的账册，或在 lender.yaml 中改用另一编号")


def _places(lender: str, under: UUID, night: Night, vault: Vault, listed: pl.Series, standing: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """One row per open case, those that the night opens among them: borrower_id, case_id, team_id, held_by_id, frozen, listed, is_new.

    And how many of the worklist are not opened: the debtor was erased, or a person closed their case for good.
    """
    fresh = listed.filter(~listed.is_in(standing["borrower_id"].implode()))
    gone = _erased_debtors(lender, under, vault, fresh)
    over = _closed_for_good(lender, night, fresh)
    new = fresh.filter(~fresh.is_in([*gone, *over]))
    ids = pl.Series([identity(under, "case", borrower, night.as_of.isoformat()) for borrower in new], dtype=pl.String)
    opened = pl.DataFrame({"borrower_id": new, "case_id": ids}, schema={"borrower_id": pl.String, "case_id": pl.String})
    nobody = [pl.lit(None, pl.String).alias("team_id"), pl.lit(None, pl.String).alias("held_by_id")]
    both = pl.concat([standing.with_columns(is_new=pl.lit(False)), opened.with_columns(*nobody, frozen=pl.lit(False), is_new=pl.lit(True))])
    return both.with_columns(listed=pl.col("borrower_id").is_in(listed.implode())), {"cases_erased": len(gone), "cases_left_closed": len(over)}


def _erased_debtors(lender: str, under: UUID, vault: Vault, borrowers: pl.Series) -> list[str]:
    """Those of whom the vault or the cases say that they were erased."""
    marked = set(copy_out("SELECT DISTINCT borrower_id FROM work_party WHERE lender = %(lender)s AND role = 'debtor' AND erased_at IS NOT NULL AND borrower_id IS NOT NULL",
                          {"borrower_id": pl.String}, {"lender": lender})["borrower_id"])
    found = []
    for piece in borrowers.to_frame().iter_slices(ROWS_A_PIECE):
        persons = {person_of(under, borrower): borrower for borrower in piece.to_series()}
        shredded = vault.store.erased(lender, list(persons))
        found += [borrower for person, borrower in persons.items() if person in shredded or borrower in marked]
    return found


def _closed_for_good(lender: str, night: Night, borrowers: pl.Series) -> list[str]:
    """Those whose last case a person closed because the debt is no longer for us to collect, and who have had no other loan since."""
    closed = copy_out("""SELECT c.borrower_id, d.loan_id FROM (SELECT DISTINCT ON (borrower_id) id, borrower_id, closed_why FROM work_case WHERE lender = %(lender)s AND state = 'closed'
        ORDER BY borrower_id, closed_on DESC, opened_on DESC) c JOIN work_debt d ON d.case_id = c.id WHERE c.closed_why = ANY(%(why)s)""",
                      {"borrower_id": pl.String, "loan_id": pl.String}, {"lender": lender, "why": list(FOR_GOOD)})
    closed = closed.filter(pl.col("borrower_id").is_in(borrowers.implode()))
    if closed.is_empty():
        return []
    others = night_files.loans(night, closed["borrower_id"].unique()).join(closed, on=["borrower_id", "loan_id"], how="anti")
    return closed.filter(~pl.col("borrower_id").is_in(others["borrower_id"].implode()))["borrower_id"].unique().sort().to_list()


def _with_holders(places: pl.DataFrame, moved: pl.DataFrame, hands: intake_hands.Hands) -> pl.DataFrame:
    """The places with whose each case is from now on. Whose case nobody has stays with the team that had it, an agency excepted."""
    to = intake_hands.with_hands(moved, hands).select("case_id", to_team="team_id", to_person="held_by_id", nobody=pl.col("name").is_null())
    beside = places.join(to, on="case_id", how="left")
    own = pl.when(~pl.col("team_id").is_in(list(hands.agencies))).then(pl.col("team_id"))
    return beside.with_columns(
        team_id=pl.when(pl.col("nobody").is_null()).then("team_id").when("nobody").then(own).otherwise("to_team"),
        held_by_id=pl.when(pl.col("nobody").is_null()).then("held_by_id").otherwise("to_person"),
    ).drop("to_team", "to_person", "nobody")


def _put_places(places: pl.DataFrame) -> None:
    passing_table("taken_place", "borrower_id text PRIMARY KEY, case_id uuid UNIQUE, team_id uuid, held_by_id uuid, frozen boolean, listed boolean, is_new boolean")
    copy_in("taken_place", places.select("borrower_id", "case_id", "team_id", "held_by_id", "frozen", "listed", "is_new"))
    ask("ANALYZE taken_place")


def _put_cases(lender: str, night: Night, vault: Vault) -> dict[str, int]:
    """Cases of the worklist are opened or as the night says. Of a frozen one only the sums are kept up: nothing is proposed."""
    passing_table("taken_worklist", "borrower_id text, rank int, treatment text, channel text, currency text, claimable_minor bigint, days_past_due int, bucket text, proposal jsonb")
    for piece in night_files.worklist(night):
        told = piece.with_columns(proposal=pl.struct(pl.all().exclude("borrower_id")).struct.json_encode())
        copy_in("taken_worklist", told.select("borrower_id", "rank", "treatment", "channel", "currency", "claimable_minor", "days_past_due", "bucket", "proposal"))
    passing_table("taken_language", "borrower_id text, language text")
    copy_in("taken_language", night_files.languages(night))
    said = {"lender": lender, "as_of": night.as_of}
    total = ask(_PUT_CASES, said)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM taken_place WHERE is_new")
        opened = cursor.fetchone()[0]
    return {"cases_opened": opened, "cases_updated": total - opened}


_PUT_CASES = """
INSERT INTO work_case (id, lender, borrower_id, state, team_id, held_by_id, opened_on, as_of, rank, treatment, channel, currency, claimable_minor, days_past_due, bucket, language, proposals)
SELECT p.case_id, %(lender)s, p.borrower_id, 'open', p.team_id, p.held_by_id, %(as_of)s, %(as_of)s, CASE WHEN NOT p.frozen THEN w.rank END, CASE WHEN NOT p.frozen THEN w.treatment END,
       CASE WHEN NOT p.frozen THEN w.channel END, w.currency, w.claimable_minor, w.days_past_due, w.bucket, l.language, CASE WHEN p.frozen THEN '[]' ELSE w.proposals END
FROM taken_place p JOIN (
  SELECT borrower_id, min(rank) AS rank, (array_agg(treatment ORDER BY rank))[1] AS treatment, (array_agg(channel ORDER BY rank))[1] AS channel,
         (array_agg(currency ORDER BY rank))[1] AS currency, (array_agg(claimable_minor ORDER BY rank))[1] AS claimable_minor, max(days_past_due) AS days_past_due,
         (array_agg(bucket ORDER BY days_past_due DESC, rank))[1] AS bucket, jsonb_agg(proposal ORDER BY rank) AS proposals
  FROM taken_worklist GROUP BY borrower_id) w USING (borrower_id) LEFT JOIN taken_language l USING (borrower_id)
ON CONFLICT (id) DO UPDATE SET state = 'open', closed_on = NULL, closed_why = NULL, team_id = excluded.team_id, held_by_id = excluded.held_by_id, as_of = excluded.as_of, rank = excluded.rank,
  treatment = excluded.treatment, channel = excluded.channel, currency = excluded.currency, claimable_minor = excluded.claimable_minor, days_past_due = excluded.days_past_due,
  bucket = excluded.bucket, language = excluded.language, proposals = excluded.proposals
"""
