"""What the database itself refuses, whoever asks: rows of others, writes outside an action, changes to the log."""

import hashlib
import json
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, connection, transaction

from arrears import postgres
from arrears.refusal import Refused
from arrears.work.actor import Actor, system
from arrears.work.guards import ADDED_ONLY, FACTORS, FREE, OF_NO_LENDER
from arrears.work.models import Account, Case, Change, Debt, Entry, Hold, Lender, Party, Team
from arrears.work.tenancy import seen_by


def narrow(lender: str, *teams: str, account=None) -> Actor:
    return Actor(account, "narrow", lender, frozenset({"team_lead"}), teams)


def raw(work, role=postgres.APP) -> psycopg.Connection:
    return psycopg.connect(**postgres.place(work.home, role, postgres.CASES).psycopg())


def test_a_lender_sees_its_own_cases_and_no_others_whatever_is_asked(work):
    mine, theirs = work.lender(), work.lender()
    case, other = work.case(mine, people=False), work.case(theirs, people=False)
    with seen_by(system(mine)):
        assert set(Case.objects.values_list("id", flat=True)) == {case.id}
        assert not Case.objects.filter(pk=other.id).exists()
        assert not Debt.objects.filter(case_id=other.id).exists()
        assert not Party.objects.filter(lender=theirs).exists()


def test_without_a_word_who_acts_nothing_is_seen(work):
    work.case(work.lender(), people=False)
    with raw(work) as plain:
        for model in apps.get_app_config("work").get_models():
            name = model._meta.db_table
            if name.removeprefix("work_") not in (*FREE, *OF_NO_LENDER):
                assert plain.execute(f'SELECT count(*) FROM "{name}"').fetchone() == (0,), name


def test_a_team_sees_its_own_cases_and_what_hangs_on_them(work):
    lender = work.lender()
    ours, theirs, nobodys = work.case(lender, "a", people=False), work.case(lender, "b", people=False), work.case(lender, people=False)
    with seen_by(narrow(lender, "a")):
        assert set(Case.objects.values_list("id", flat=True)) == {ours.id}
        assert set(Debt.objects.values_list("case_id", flat=True)) == {ours.id}
    with seen_by(narrow(lender, "a", "b")):
        assert set(Case.objects.values_list("id", flat=True)) == {ours.id, theirs.id}
    with seen_by(narrow(lender)):
        assert not Case.objects.exists()
    with seen_by(system(lender)):
        assert nobodys.id in set(Case.objects.values_list("id", flat=True))


@pytest.mark.parametrize("table", ["placement", "dispute", "promise", "contact"])
def test_whether_the_case_of_a_row_is_seen_is_asked_of_that_case_and_never_of_all(work, table):
    """PostgreSQL may look such a thing up in a table of all cases, read for the purpose: a second for a million, for a page of fifty. Even where indexes are forbidden it does not."""
    with seen_by(narrow(work.lender(), "a")), connection.cursor() as cursor:
        for way in ("indexscan", "indexonlyscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN SELECT id FROM work_{table}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "SubPlan" in plan and "hashed SubPlan" not in plan, plan


def test_behind_broken_glass_the_whole_lender_is_seen_and_no_other(work):
    lender, other = work.lender(), work.lender()
    ours, theirs = work.case(lender, "a", people=False), work.case(lender, "b", people=False)
    work.case(other, "a", people=False)
    with seen_by(replace(narrow(lender, "a"), broken_glass=True)):
        assert set(Case.objects.values_list("id", flat=True)) == {ours.id, theirs.id}


def test_what_one_transaction_may_see_the_next_on_the_same_connection_may_not(work):
    lender = work.lender()
    work.case(lender, people=False)
    with seen_by(system(lender)):
        assert Case.objects.exists()
    with transaction.atomic():
        assert not Case.objects.exists()


def test_no_row_can_be_written_for_another_lender_or_hung_on_a_case_that_is_not_seen(work):
    mine, theirs = work.lender(), work.lender()
    other = work.case(theirs, people=False)
    for row in ({"lender": theirs, "borrower_id": "x"}, {"lender": "", "borrower_id": "x"}):
        with pytest.raises(ProgrammingError, match="row-level security"), work.writing(mine):
            Case.objects.create(**row, opened_on="2026-01-01", as_of="2026-01-01", currency="CNY", claimable_minor=1, days_past_due=1, bucket="M1")
    hung = work.case(mine, "a", people=False)
    with seen_by(narrow(mine, "b"), uuid4(), b"s"), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        Party.objects.create(lender=mine, case_id=hung.id, role="debtor", person=uuid4())
    with pytest.raises((ProgrammingError, IntegrityError)), seen_by(narrow(mine, "b"), uuid4(), b"s"):
        Party.objects.create(lender=mine, case_id=other.id, role="debtor", person=uuid4())


def test_every_table_refuses_a_write_outside_an_action(work):
    lender = work.lender()
    with raw(work) as plain:
        for model in apps.get_app_config("work").get_models():
            name = model._meta.db_table
            column = model._meta.pk.column
            for statement in (f"DELETE FROM {FACTORS}", f'INSERT INTO "{name}" DEFAULT VALUES', f'UPDATE "{name}" SET "{column}" = "{column}"', f'DELETE FROM "{name}"'):
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="outside an action|permission denied"), plain.transaction():
                    plain.execute("SELECT set_config('arrears.lender', %s, true), set_config('arrears.teams', '*', true)", [lender])
                    plain.execute(statement)


def test_an_entry_can_be_added_and_never_changed_or_removed(work):
    lender = work.lender()
    with raw(work) as plain:
        for table in ADDED_ONLY:
            for statement in (f"UPDATE work_{table} SET lender = lender", f"DELETE FROM work_{table}", f"TRUNCATE work_{table} CASCADE"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), plain.transaction():
                    plain.execute("SELECT set_config('arrears.lender', %s, true), set_config('arrears.entry', %s, true)", [lender, str(uuid4())])
                    plain.execute(statement)


def test_row_security_is_forced_on_the_owner_too(work):
    work.case(work.lender(), people=False)
    with raw(work, postgres.OWNER) as owner:
        assert owner.execute("SELECT count(*) FROM work_case").fetchone() == (0,)
        unforced = owner.execute("SELECT relname FROM pg_class WHERE relname LIKE 'work\\_%%' AND relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)").fetchall()
        assert sorted(unforced) == sorted((f"work_{table}",) for table in OF_NO_LENDER)


def test_the_application_is_neither_owner_nor_superuser_and_makes_no_role_and_no_table(work):
    with raw(work) as plain:
        assert plain.execute("SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone() == (False, False, False, False)
        for statement in ("CREATE TABLE mine (a int)", "CREATE ROLE mine", "ALTER TABLE work_case DISABLE ROW LEVEL SECURITY", "ALTER TABLE work_case DISABLE TRIGGER ALL",
                          "SET session_replication_role = replica", "DROP TRIGGER arrears_needs_an_entry ON work_case"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), plain.transaction():
                plain.execute(statement)


def test_the_changes_of_an_entry_are_digests_that_the_rows_and_the_salt_give_again(work):
    lender = work.lender()
    case = work.case(lender, people=False)
    with work.writing(lender):
        Case.objects.filter(pk=case.id).update(rank=7)
    with seen_by(system(lender)):
        entry = Entry.objects.order_by("-number").first()
        change = Change.objects.get(entry=entry)
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_jsonb(c)::text FROM work_case c WHERE id = %s", [case.id])
            line = cursor.fetchone()[0]
    assert (change.table, change.operation, change.rows, change.ids) == ("work_case", "UPDATE", 1, [case.id])

    def digest(text: str) -> bytes:
        return hashlib.sha256(hashlib.sha256((bytes(entry.salt).hex() + text).encode()).digest()).digest()

    assert json.loads(line)["rank"] == 7
    assert bytes(change.after) == digest(line)
    assert bytes(change.before) == digest(line.replace('"rank": 7', '"rank": 1'))


def test_a_column_of_words_takes_no_other_word(work):
    lender = work.lender()
    with pytest.raises(IntegrityError, match="words"), work.writing(lender):
        Team.objects.create(lender=lender, code="x", kind="somebody")


def test_no_write_counts_under_an_entry_of_before_nor_is_a_change_forged(work):
    lender = work.lender()
    case = work.case(lender, people=False)
    with seen_by(system(lender)):
        old = Entry.objects.filter(lender=lender).first().id
        told = Change.objects.filter(entry=old).count()
    with pytest.raises(ProgrammingError, match="not of this action"), seen_by(system(lender), old, b"s"):
        Case.objects.filter(pk=case.id).update(rank=7)
    forged = "INSERT INTO work_change (lender, entry_id, \"table\", operation, rows, ids) VALUES (%s, %s, 'work_case', 'UPDATE', 1, '{}')"
    for statement, values in ((forged, [lender, old]), ("SELECT arrears_put_down('work_case', 'UPDATE', 1, '{}', '', '')", [])):
        with pytest.raises(ProgrammingError, match="permission denied"), seen_by(system(lender), old, b"s"), connection.cursor() as cursor:
            cursor.execute(statement, values)
    with seen_by(system(lender)):
        assert Change.objects.filter(entry=old).count() == told
        assert Case.objects.get(pk=case.id).rank == 1


def test_an_account_or_lender_is_written_by_its_own_lender_alone_and_under_an_entry(work):
    mine, theirs = work.lender(), work.lender()
    account = work.account(theirs, "administrator")
    with work.writing(mine):
        assert Account.objects.filter(pk=account.id).update(roles=["auditor"]) == 0
        assert Lender.objects.filter(code=theirs).update(name_en="Mine") == 0
    with pytest.raises(ProgrammingError, match="row-level security"), work.writing(mine):
        Account.objects.create(id=uuid4(), lender=theirs, name=f"planted-{uuid4().hex[:8]}", roles=["data_officer"], teams=["*"])
    with pytest.raises(ProgrammingError, match="not of this action"), seen_by(system(mine), uuid4(), b"s"):
        Lender.objects.filter(code=mine).update(name_en="Nobody's doing")


def test_no_row_points_to_a_row_of_another_lender(work):
    mine, theirs = work.lender(), work.lender()
    case, other, collector = work.case(mine, people=False), work.case(theirs, people=False), work.collector(theirs, "south")
    with pytest.raises(ProgrammingError, match="another lender"), work.writing(mine):
        Hold.objects.create(lender=mine, case_id=other.id, kind="cease", placed_at=work.at)
    for change in ({"held_by_id": collector.id}, {"team_id": collector.team_id}):
        with pytest.raises(ProgrammingError, match="another lender"), work.writing(mine):
            Case.objects.filter(pk=case.id).update(**change)


def test_no_teams_code_reads_as_several_or_as_all(work):
    lender = work.lender()
    for code in ("north,south", "*"):
        with pytest.raises(IntegrityError, match="code_plain"), work.writing(lender):
            Team.objects.create(lender=lender, code=code)


def test_the_application_does_not_write_which_migrations_were_run(work):
    with raw(work) as plain, pytest.raises(psycopg.errors.InsufficientPrivilege):
        plain.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('work', '9999_later', now())")


def test_guards_of_another_version_are_noticed_before_anything_is_done(work):
    from arrears.web.upgrade import demand_current, upgrade

    demand_current(work.home)
    try:
        with raw(work, postgres.OWNER) as owner:
            owner.execute("COMMENT ON TABLE work_entry IS 'guards of before'")
        with pytest.raises(Refused, match="laid by another version"):
            demand_current(work.home)
    finally:
        upgrade(work.home)
    demand_current(work.home)
