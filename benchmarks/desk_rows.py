"""A lender's work plane of any size, laid straight into PostgreSQL: cases, people with sealed names and numbers, contacts, promises, plans, disputes, complaints and their log.

    .venv/bin/python benchmarks/desk_rows.py --home HOME [--cases 1000000] [--contacts 5000000]

Everything but the rows is the program's own: its migrations, guards, row-level security, vault. The rows are made up, from a case's number by MD5, so that two runs are alike; they
come in by COPY and by INSERT from generate_series, as the bootstrap superuser, with triggers off while they do and indexes made afterwards, since no action could lay a million cases
in minutes. A column that is not spoken of here gets its model's default, so that new columns need no word here.

How they are spread: 20 teams (two of them agencies) of 10 collectors; the largest team has some three times as many cases as the smallest; 80 of 100 cases are open, 30 of 100 of
those are held by somebody; contacts per case fall off as 1/e at the mean, most 60, the last days are the busiest; a fifth of the cases have a promise.
"""

import argparse
import hashlib
import json
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg

LENDER = "bigbank"
TEAMS, COLLECTORS_A_TEAM, AGENCIES = 20, 10, 2
PIECE = 20_000
ROLES = ("compliance_officer", "strategist", "data_officer", "auditor", "administrator")
LENDER_TEXT = "id: bigbank\nname: 大样例银行\nlaw: cn\nlicence: bank\nproducts: {}\nother_product: consumer_loan\n"
FAMILY, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "明华强芳敏静丽军洋勇艳杰娟涛超秀霞平刚桂"
_BUCKETS = ((30, "M1"), (60, "M2"), (90, "M3"), (120, "M4"), (150, "M5"), (180, "M6"), (10_000, "M6+"))


def main() -> None:
    """Makes the home and its rows, and prints how many of each there are and how long each took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="a new folder for the home")
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--contacts", type=int, default=5_000_000)
    asked = parser.parse_args()
    for name, told in laid_out(asked.home, asked.cases, asked.contacts, datetime.now(UTC)).items():
        print(f"{name:<16} {told}", flush=True)


def laid_out(home: Path, cases: int, contacts: int, now: datetime) -> dict[str, str]:
    """A home with a running database and that many cases and about that many contacts, as they stand at `now`; what was laid, by table. Raises Refused where the home has a lender already."""
    from arrears import postgres
    from arrears.days import microseconds_of
    from arrears.postgres.folders import folders_of
    from arrears.postgres.places import CASES, DATABASE_NAMES, SUPERUSER, own_place
    from arrears.vault.vault import init_vault
    from arrears.web.settings import configure
    from arrears.web.upgrade import upgrade

    home.mkdir(parents=True, exist_ok=True)
    postgres.ensure_running(home)
    upgrade(home)
    vault = init_vault(home, microseconds_of(now))[0]
    configure(home)
    with psycopg.connect(**own_place(folders_of(home), SUPERUSER, DATABASE_NAMES[CASES]).psycopg(), autocommit=True) as connection:
        laying = Laying(connection, vault, cases, contacts, now)
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("SET work_mem = '256MB'")
        is_begun = connection.execute("SELECT count(*) FROM work_lender").fetchone()[0] > 0  # a load that was stopped after its first step
        for step in (*(() if is_begun else (people, rules)), cases_and_debts, parties, contacts_made, rules_told, dealings, matters, log):
            with connection.transaction():
                step(laying)
        connection.execute("VACUUM (ANALYZE)")
    vault.close()
    return laying.told


class Laying:
    """Rows on their way into one database; told: what is there so far."""

    def __init__(self, connection: psycopg.Connection, vault, cases: int, contacts: int, now: datetime):
        self.connection, self.vault, self.cases, self.contacts, self.now = connection, vault, cases, contacts, now
        self.today: date = (now + timedelta(hours=8)).date()
        self.told: dict[str, str] = {}

    def insert(self, table: str, columns: dict[str, str], source: str, **values) -> None:
        """One INSERT … SELECT into the table of the model, the columns being SQL over the source; the others by their model's default. Indexes of many rows are made anew afterwards."""
        known = _columns(table)
        given = {**_defaults(table, columns), **{name: told for name, told in columns.items() if name in known}}
        begun = time.perf_counter()
        kept = self._indexes_off(table)
        asked = {"lender": LENDER, "now": self.now, "today": self.today, "cases": self.cases, **values}
        names = ", ".join(f'"{name}"' for name in given)
        count = self.connection.execute(f"INSERT INTO work_{table} ({names}) SELECT {', '.join(given.values())} {source}", asked).rowcount
        self._indexes_on(kept)
        self._tell(table, count, begun)

    def copy(self, table: str, names: tuple[str, ...], rows, count: int) -> None:
        """The rows by COPY, the columns that are not named by their model's default."""
        defaults = _defaults(table, dict.fromkeys(names, ""))
        begun = time.perf_counter()
        kept = self._indexes_off(table)
        for name, value in defaults.items():
            self.connection.execute(f'ALTER TABLE work_{table} ALTER COLUMN "{name}" SET DEFAULT {value}')
        listed = ", ".join(f'"{name}"' for name in names)
        with self.connection.cursor() as cursor, cursor.copy(f"COPY work_{table} ({listed}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        for name in defaults:
            self.connection.execute(f'ALTER TABLE work_{table} ALTER COLUMN "{name}" DROP DEFAULT')
        self._indexes_on(kept)
        self._tell(table, count, begun)

    def _indexes_off(self, table: str) -> list[str]:
        found = self.connection.execute("SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.tablename = %s AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = i.indexname)", [f"work_{table}"]).fetchall()
        for name, _ in found:
            self.connection.execute(f'DROP INDEX "{name}"')
        return [definition for _, definition in found]

    def _indexes_on(self, definitions: list[str]) -> None:
        for definition in definitions:
            self.connection.execute(definition)

    def _tell(self, table: str, count: int, begun: float) -> None:
        rows = int(self.told[table].split()[0].replace(",", "")) if table in self.told else 0
        self.told[table] = f"{rows + count:,} rows"
        print(f"{table}: {count:,} rows in {time.perf_counter() - begun:.1f} s", flush=True)


def _columns(table: str) -> set[str]:
    from django.apps import apps

    return {field.column for field in apps.get_model("work", table)._meta.concrete_fields}


def _defaults(table: str, given: dict) -> dict[str, str]:
    """Columns of the model that are not given, must have a value and have no default in the database: its default as SQL."""
    from django.apps import apps
    from django.db.models.fields import NOT_PROVIDED

    found = {}
    for field in apps.get_model("work", table)._meta.concrete_fields:
        if field.column in given or field.null or field.db_default is not NOT_PROVIDED or field.primary_key:
            continue
        value = field.get_default()
        found[field.column] = "'[]'" if value == [] and field.get_internal_type() == "JSONField" else "'{}'" if value in ([], {}) else f"'{value}'" if isinstance(value, str) else str(value).lower()
    return found


def ident(kind: str, *numbers: object) -> str:
    """The id of a made-up thing, as md5(kind-number) in SQL gives it too."""
    return str(UUID(hashlib.md5("-".join([kind, *map(str, numbers)]).encode(), usedforsecurity=False).hexdigest()))


def _id(kind: str, number: str) -> str:
    return f"md5('{kind}-' || {number})::uuid"


def _part(salt: str, number: str) -> str:
    """A made-up share in [0, 1) of a number, the same every time."""
    return f"(('x' || substr(md5('{salt}' || {number}), 1, 8))::bit(32)::bigint / 4294967296.0)"


def people(laying: Laying) -> None:
    """The lender, its teams and collectors, and an account for each of them, a lead for each team, and one for each other role. None has a password."""
    run = laying.connection.execute
    run("INSERT INTO work_lender (code, name_zh, name_en, law, licence) VALUES (%s, '大样例银行', 'Big Sample Bank', 'cn', 'bank')", [LENDER])
    laying.insert("team", {"id": _id("team", "t"), "lender": "%(lender)s", "code": "'team-' || lpad(t::text, 2, '0')", "kind": f"CASE WHEN t >= {TEAMS - AGENCIES} THEN 'agency' ELSE 'own' END"}, f"FROM generate_series(0, {TEAMS - 1}) t")
    laying.insert("collector", {"id": _id("collector", "c"), "lender": "%(lender)s", "roster_name": "'c-' || lpad(c::text, 3, '0')", "team_id": _id("team", f"(c / {COLLECTORS_A_TEAM})")},
                  f"FROM generate_series(0, {TEAMS * COLLECTORS_A_TEAM - 1}) c")
    shared = {"lender": "%(lender)s", "password": "'!'", "email": "''", "must_change_password": "false"}
    laying.insert("account", {**shared, "id": _id("account", "c"), "name": "'c-' || lpad(c::text, 3, '0')", "roles": f"CASE WHEN c / {COLLECTORS_A_TEAM} >= {TEAMS - AGENCIES} THEN ARRAY['agency_worker'] ELSE ARRAY['collector'] END",
                              "teams": f"ARRAY['team-' || lpad((c / {COLLECTORS_A_TEAM})::text, 2, '0')]", "collector_id": _id("collector", "c")}, f"FROM generate_series(0, {TEAMS * COLLECTORS_A_TEAM - 1}) c")
    laying.insert("account", {**shared, "id": _id("lead", "t"), "name": "'lead-' || lpad(t::text, 2, '0')", "roles": "ARRAY['team_lead']", "teams": "ARRAY['team-' || lpad(t::text, 2, '0')]"}, f"FROM generate_series(0, {TEAMS - AGENCIES - 1}) t")
    laying.insert("account", {**shared, "id": _id("role", "r"), "name": "replace(r, '_', '-')", "roles": "ARRAY[r]", "teams": "ARRAY['*']"}, "FROM unnest(%(named)s::text[]) r", named=list(ROLES))


def rules(laying: Laying) -> None:
    """The law that the lamps are judged by, as a night would have kept it: the shipped mainland pack."""
    from arrears.law.packs import law_of
    from arrears.work.intake_rules import digest_of

    texts = law_of("cn", None)
    laying.connection.execute("INSERT INTO work_rulebook (id, lender, as_of, book, lender_text, texts, digest, score_words) VALUES (%s, %s, %s, '/nowhere', %s, %s, %s, '{}')",
                              [ident("rulebook"), LENDER, laying.today, LENDER_TEXT, json.dumps(texts), digest_of(LENDER_TEXT, texts)])


def cases_and_debts(laying: Laying) -> None:
    """Cases with their place, their debts with positions, payments and placements."""
    run = laying.connection.execute
    run(f"""CREATE TEMPORARY TABLE drawn ON COMMIT DROP AS SELECT n, md5('case-' || n)::uuid AS id, floor({TEAMS} * power({_part('team', 'n')}, 1.25))::int AS team,
        {_part('open', 'n')} < 0.8 AS is_open, {_part('held', 'n')} < 0.3 AS is_held, floor({COLLECTORS_A_TEAM} * {_part('who', 'n')})::int AS who,
        1 + floor(power({_part('late', 'n')}, 2.2) * 420)::int AS late, (500 + power({_part('sum', 'n')}, 3) * 60000)::bigint * 100 AS minor, {_part('age', 'n')} AS age, {_part('worked', 'n')} AS worked
        FROM generate_series(0, %s) n""", [laying.cases - 1])
    run("ALTER TABLE drawn ADD COLUMN rank int")
    run("UPDATE drawn d SET rank = r.rank FROM (SELECT n, row_number() OVER (ORDER BY md5('rank' || n)) AS rank FROM drawn WHERE is_open) r WHERE r.n = d.n")
    bucket = "CASE " + " ".join(f"WHEN d.late <= {most} THEN '{name}'" for most, name in _BUCKETS) + " END"
    opened = "%(today)s::date - least(d.late, (3 + d.age * 240)::int)"
    held = f"CASE WHEN d.is_open AND d.is_held THEN {_id('collector', f'(d.team * {COLLECTORS_A_TEAM} + d.who)')} END"
    closed = "CASE WHEN NOT d.is_open THEN {} END"
    laying.insert("case", {
        "id": "d.id", "lender": "%(lender)s", "borrower_id": "'b' || lpad(d.n::text, 9, '0')", "state": "CASE WHEN d.is_open THEN 'open' ELSE 'closed' END", "team_id": _id("team", "d.team"), "held_by_id": held,
        "opened_on": opened, "as_of": "%(today)s::date - 1", "closed_on": closed.format("%(today)s::date - (d.worked * 3)::int"), "closed_why": closed.format("'settled'"), "rank": "d.rank",
        "treatment": "(ARRAY['call', 'sms', 'call', 'letter', 'visit'])[1 + (d.n %% 5)]", "channel": "(ARRAY['call', 'sms', 'call', 'letter', 'visit'])[1 + (d.n %% 5)]", "currency": "'CNY'",
        "claimable_minor": "d.minor", "days_past_due": "d.late", "bucket": bucket, "language": "'zh'",
        "proposals": "jsonb_build_array(jsonb_build_object('currency', 'CNY', 'treatment', (ARRAY['call', 'sms', 'call', 'letter', 'visit'])[1 + (d.n %% 5)], 'rank', d.rank, 'claimable_minor', d.minor))",
        "worked_at": "CASE WHEN d.worked < 0.6 THEN %(now)s::timestamptz - d.worked * interval '40 days' END",
        "ready_at": "CASE WHEN d.is_open AND d.worked < 0.3 THEN %(now)s::timestamptz + (d.worked - 0.2) * interval '20 days' END",
        "ready_why": "CASE WHEN d.is_open AND d.worked < 0.3 THEN (ARRAY['talked', 'tried', 'promise_due', 'call_back', 'promise_broken'])[1 + d.n %% 5] END"}, "FROM drawn d ORDER BY d.n")
    debts = "FROM drawn d CROSS JOIN LATERAL generate_series(0, CASE WHEN d.n %% 10 < 3 THEN 1 ELSE 0 END) k"
    half = "(d.minor / (1 + (d.n %% 10 < 3)::int))"
    laying.insert("debt", {
        "id": "md5('debt-' || d.n || '-' || k)::uuid", "lender": "%(lender)s", "case_id": "d.id", "loan_id": "'L' || lpad(d.n::text, 9, '0') || '-' || k", "product": "'consumer_loan'", "currency": "'CNY'",
        "as_of": "%(today)s::date - 1", "days_past_due": "d.late", "bucket": bucket, "due_total_minor": half, "claimable_minor": half, "outstanding_principal_minor": f"{half} * 3",
        "position": f"jsonb_build_object('due_total_minor', {half}, 'claimable_minor', {half}, 'principal_overdue_minor', {half} * 8 / 10, 'interest_overdue_minor', {half} / 10, 'penalty_minor', {half} / 10, 'days_past_due', d.late)"}, debts)
    laying.insert("payment", {"id": "gen_random_uuid()", "lender": "%(lender)s", "case_id": "d.id", "payment_id": "'p' || d.n || '-' || k", "loan_id": "'L' || lpad(d.n::text, 9, '0') || '-0'",
                              "paid_on": "%(today)s::date - (d.age * 300)::int - k * 30", "currency": "'CNY'", "amount_minor": "greatest(d.minor / 20, 100)"}, "FROM drawn d CROSS JOIN generate_series(0, 1) k WHERE d.n %% 4 <> 0")
    laying.insert("placement", {"id": _id("placement", "d.n"), "lender": "%(lender)s", "case_id": "d.id", "team_id": _id("team", "d.team"), "held_by_id": held, "placed_on": opened,
                                "returned_on": closed.format("%(today)s::date - (d.worked * 3)::int"), "returned_why": closed.format("'other'")}, "FROM drawn d")


def parties(laying: Laying) -> None:
    """A debtor in each case, with name and ID number sealed under a key of their own, and a phone, every third a second one; every fifth case has a reserved contact."""
    def rows():
        for start in range(0, laying.cases, PIECE):
            yield from _sealed_people(laying, range(start, min(start + PIECE, laying.cases)), points)

    points: list[tuple] = []
    count = laying.cases + len(range(0, laying.cases, 5))
    laying.copy("party", ("id", "lender", "case_id", "role", "ordinal", "person", "borrower_id", "name_sealed", "id_number_sealed", "id_number_index"), rows(), count)
    laying.copy("contactpoint", ("id", "lender", "case_id", "party_id", "kind", "ordinal", "value_sealed", "value_index", "state", "state_since"), points, len(points))


def _sealed_people(laying: Laying, numbers: range, points: list[tuple]):
    """The parties of some cases as rows; their phones are put to points."""
    from arrears.vault.vault import Cell

    cells, phones, cards = [], [], []
    for n in numbers:
        person, party = ident("person", n), ident("party", n)
        cells += [Cell(person, "work_party", "name_sealed", party, _name(n)), Cell(person, "work_party", "id_number_sealed", party, f"99{n:016d}")]
        cards.append(f"99{n:016d}")
        cells += [Cell(person, "work_contactpoint", "value_sealed", ident("point", n, k), _phone(n, k)) for k in range(_phones(n))]
        phones += [_phone(n, k) for k in range(_phones(n))]
        if n % 5 == 0:
            person, party, point = ident("reserved-person", n), ident("reserved", n), ident("reserved-point", n)
            cells += [Cell(person, "work_party", "name_sealed", party, _name(n + 7)), Cell(person, "work_contactpoint", "value_sealed", point, _phone(n, 9))]
            phones.append(_phone(n, 9))
    sealed = iter(laying.vault.seal(LENDER, cells))
    indexes = iter(laying.vault.blind(LENDER, "phone", phones))
    numbered = iter(laying.vault.blind(LENDER, "id_number", cards))
    for n in numbers:
        case, party = ident("case", n), ident("party", n)
        yield (party, LENDER, case, "debtor", 0, ident("person", n), f"b{n:09d}", next(sealed), next(sealed), next(numbered))
        for k in range(_phones(n)):
            closed = "wrong_person" if k and n % 7 == 0 else "usable"
            points.append((ident("point", n, k), LENDER, case, party, "phone", k, next(sealed), next(indexes), closed, laying.now if closed != "usable" else None))
        if n % 5 == 0:
            yield (ident("reserved", n), LENDER, case, "reserved_contact", 1, ident("reserved-person", n), None, next(sealed), None, None)
            points.append((ident("reserved-point", n), LENDER, case, ident("reserved", n), "phone", 0, next(sealed), next(indexes), "usable", None))


def _name(n: int) -> str:
    return FAMILY[n % 20] + GIVEN[n // 20 % 20] + (GIVEN[n // 400 % 20] if n % 3 else "")


def _phones(n: int) -> int:
    return 2 if n % 3 == 0 else 1


def _phone(n: int, k: int) -> str:
    return f"19{(n * 10 + k) % 1_000_000_000:09d}"


def contacts_made(laying: Laying) -> None:
    """Contacts in the order of their time, as they would have come; each fifth case has one with a sealed note."""
    from arrears.vault.vault import Cell

    noted = range(0, laying.cases, 5)
    columns = ("id", "lender", "case_id", "party_id", "contact_point_id", "attempted_at", "channel", "direction", "relation", "outcome", "made_by_id", "note_sealed")

    def with_notes():
        for start in range(0, len(noted), PIECE):
            some = noted[start:start + PIECE]
            sealed = laying.vault.seal(LENDER, [Cell(ident("person", n), "work_contact", "note_sealed", ident("noted", n), "本人接听，称工资月中发放，届时先还一部分；语气平和。") for n in some])
            for n, note in zip(some, sealed, strict=True):
                yield (ident("noted", n), LENDER, ident("case", n), ident("party", n), ident("point", n, 0), laying.now - timedelta(hours=1 + n % 3000), "call", "outbound", "debtor", "answered", ident("account", n % 180), note)

    laying.copy("contact", columns, with_notes(), len(noted))
    mean = max(laying.contacts - len(noted), 0) / laying.cases
    drawn = f"""(SELECT n, k, {_part('at', "(n || '-' || k)")} AS at, {_part('out', "(n || '-' || k)")} AS came FROM generate_series(0, %(cases)s - 1) n
        CROSS JOIN LATERAL generate_series(1, least(60, floor(-ln(1 - {_part('many', 'n')}) * {mean + 0.5:.4f}))::int) k) d"""
    laying.insert("contact", {
        "id": "gen_random_uuid()", "lender": "%(lender)s", "case_id": _id("case", "d.n"), "party_id": _id("party", "d.n"), "contact_point_id": "md5('point-' || d.n || '-0')::uuid",
        "attempted_at": "%(now)s::timestamptz - interval '5 minutes' - power(d.at, 1.6) * interval '180 days'", "channel": "(ARRAY['call', 'call', 'call', 'sms', 'voice_bot', 'letter', 'visit', 'call'])[1 + (d.k + d.n) %% 8]",
        "direction": "CASE WHEN d.came > 0.94 THEN 'inbound' ELSE 'outbound' END", "relation": "'debtor'", "made_by_id": _id("account", "((d.n + d.k) %% 180)"),
        "outcome": "CASE WHEN d.came < 0.34 THEN 'answered' WHEN d.came < 0.7 THEN 'no_answer' WHEN d.came < 0.8 THEN 'busy' WHEN d.came < 0.84 THEN 'invalid_number' WHEN d.came < 0.9 THEN 'refused' ELSE 'delivered' END",
        "verdict": "CASE WHEN d.at < 0.93 THEN 'allow' WHEN d.at < 0.97 THEN 'warn' WHEN d.at < 0.99 THEN 'review' ELSE 'deny' END", "rules": "CASE WHEN d.at < 0.93 THEN ARRAY[]::varchar[] ELSE ARRAY['cn.quiet_hours'] END",
        "result": "CASE WHEN d.came < 0.05 THEN 'promise' WHEN d.came < 0.1 THEN 'refuses' WHEN d.came < 0.34 THEN 'call_back' WHEN d.came < 0.7 THEN 'no_answer' END"},
        f"FROM {drawn} ORDER BY d.at DESC")


def rules_told(laying: Laying) -> None:
    """The rules that spoke on each contact, as the database tells them where its triggers run."""
    laying.insert("contactrule", {"id": "gen_random_uuid()", "lender": "c.lender", "contact_id": "c.id", "rule": "r", "attempted_at": "c.attempted_at"}, "FROM work_contact c CROSS JOIN LATERAL (SELECT DISTINCT unnest(c.rules) AS r) s ORDER BY c.attempted_at")


def dealings(laying: Laying) -> None:
    """Promises of every fifth case in all states, offers, plans, consents, and approvals that wait or were decided."""
    each = "FROM generate_series(0, %(cases)s - 1) n WHERE n %% {} = {}"
    loan, taker = "'L' || lpad(n::text, 9, '0') || '-0'", _id("account", "(n %% 180)")
    of_case = {"lender": "%(lender)s", "case_id": _id("case", "n"), "loan_id": loan}
    since = "%(today)s::date - (n / 5 %% 40)"
    laying.insert("promise", {**of_case, "id": _id("promise", "n"), "promised_on": since, "pay_by_on": f"{since} + (n / 200 %% 20)", "currency": "'CNY'", "amount_minor": "50000 + n %% 90000", "taken_by_id": taker,
                              "state": f"CASE WHEN {since} + (n / 200 %% 20) >= %(today)s::date THEN 'open' ELSE (ARRAY['kept', 'broken', 'part_kept', 'broken'])[1 + n / 5 %% 4] END"}, each.format(5, 1))
    laying.insert("offer", {**of_case, "id": _id("offer", "n"), "kind": "'instalments'", "terms": "'{}'::jsonb", "made_on": since, "expires_on": f"{since} + 14", "state": f"CASE WHEN {since} + 14 > %(today)s::date THEN 'open' ELSE 'lapsed' END", "made_by_id": taker}, each.format(40, 3))
    parts = "(SELECT jsonb_agg(jsonb_build_object('number', i, 'due_on', %(today)s::date - 20 + i * 30, 'amount_minor', 30000) ORDER BY i) FROM generate_series(1, 6) i)"
    laying.insert("plan", {**of_case, "id": _id("plan", "n"), "currency": "'CNY'", "instalments": parts, "state": "(ARRAY['agreed', 'proposed', 'kept', 'broken', 'ended'])[1 + n / 25 %% 5]", "proposed_on": since,
                           "agreed_on": "CASE WHEN n / 25 %% 5 <> 1 THEN %(today)s::date - 20 END", "ended_on": "CASE WHEN n / 25 %% 5 IN (2, 4) THEN %(today)s::date - 2 END", "proposed_by_id": taker}, each.format(25, 2))
    laying.insert("consent", {"id": _id("consent", "n"), "lender": "%(lender)s", "case_id": _id("case", "n"), "party_id": _id("party", "n"), "kind": "'electronic'", "channel": "'sms'", "given_at": "%(now)s::timestamptz - interval '90 days'"}, each.format(30, 4))
    laying.insert("approval", {"id": _id("approval", "n"), "lender": "%(lender)s", "case_id": _id("case", "n"), "kind": "'waiver'", "subject": _id("plan", "n") + "::text", "digest": "md5(n::text) || md5(n::text)",
                               "amount_minor": "20000 + n %% 50000", "currency": "'CNY'", "asked_by_id": taker, "asked_at": "%(now)s::timestamptz - (n / 500 %% 90) * interval '1 day'",
                               "state": "CASE WHEN n / 500 %% 20 = 0 THEN 'waiting' ELSE 'approved' END", "decided_by_id": f"CASE WHEN n / 500 %% 20 <> 0 THEN {_id('lead', '(n %% 18)')} END",
                               "decided_at": "CASE WHEN n / 500 %% 20 <> 0 THEN %(now)s::timestamptz - (n / 500 %% 90) * interval '1 day' + interval '1 hour' END", "asked_in": _id("entry-approval", "n")}, each.format(500, 2))


def matters(laying: Laying) -> None:
    """Disputes and complaints with their holds, open and answered; a few holds of other kinds."""
    each = "FROM generate_series(0, %(cases)s - 1) n WHERE n %% {} = {}"
    of_case = {"lender": "%(lender)s", "case_id": _id("case", "n")}
    for table, modulus, rest, grounds in (("dispute", 100, 11, "ARRAY['amount', 'paid', 'not_mine', 'terms']"), ("complaint", 250, 13, "ARRAY['harassment', 'hours', 'third_party', 'wording']")):
        begun = f"%(now)s::timestamptz - (n / {modulus} %% 60) * interval '1 day'"
        is_open = f"n / {modulus} %% 4 = 0"
        laying.insert("hold", {**of_case, "id": _id(f"hold-{table}", "n"), "kind": f"'{table}'", "placed_at": begun, "lifted_at": f"CASE WHEN NOT {is_open} THEN {begun} + interval '9 days' END"}, each.format(modulus, rest))
        laying.insert(table, {**of_case, "id": _id(table, "n"), "raised_at": begun, "answer_by_on": f"({begun})::date + 15", "ground": f"({grounds})[1 + n / {modulus} %% 4]", "hold_id": _id(f"hold-{table}", "n"),
                              "state": f"CASE WHEN {is_open} THEN 'open' ELSE 'rejected' END", "answered_at": f"CASE WHEN NOT {is_open} THEN {begun} + interval '9 days' END"}, each.format(modulus, rest))
    laying.insert("hold", {**of_case, "id": _id("hold-other", "n"), "kind": "(ARRAY['cease', 'hardship_review', 'vulnerable', 'legal_stay'])[1 + n / 125 %% 4]", "placed_at": "%(now)s::timestamptz - interval '12 days'"}, each.format(125, 17))


def log(laying: Laying) -> None:
    """An entry, with what it changed, for each fifth contact."""
    source = 'FROM work_contact c JOIN work_account a ON a.id = c.made_by_id WHERE substr(c.id::text, 1, 1) IN (\'0\', \'5\', \'a\') ORDER BY c.attempted_at'
    laying.insert("entry", {"id": "md5('entry-' || c.id)::uuid", "number": "nextval('work_entry_numbers')", "lender": "%(lender)s", "case": "c.case_id", "at": "c.attempted_at + interval '2 minutes'", "actor": "a.id", "actor_name": "a.name", "roles": "a.roles",
                            "via": "'web'", "verb": "'contact.note'", "parameters": "jsonb_build_object('party', c.party_id, 'channel', c.channel, 'outcome', c.outcome)", "result": "jsonb_build_object('contact', c.id)",
                            "policies": "ARRAY['collector-works-own-cases']", "is_refused": "false", "salt": "sha256(c.id::text::bytea)"}, source)
    laying.insert("change", {"lender": "%(lender)s", "entry_id": "e.id", '"table"'.strip('"'): "'work_contact'", "operation": "'INSERT'", "rows": "1", "ids": "ARRAY[(e.result->>'contact')::uuid]", "after": "e.salt"}, "FROM work_entry e")


if __name__ == "__main__":
    main()
