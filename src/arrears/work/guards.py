"""What the database itself refuses: rows of another lender or team, writes outside an action, changes to what was logged.

One row-level security policy per table, forced on the owner too; a trigger per table that refuses a statement without a running entry, and three that put down what
each statement changed; one at the end of the transaction that demands the entry to be of this very transaction; two per table that refuse a row that points to another
lender's; a check per column that takes only some words. Laid again after every migration: doing it twice changes nothing.

What a statement changed is put down by the owner's right alone (SECURITY DEFINER): the application's role can neither forge a change nor hang one on an entry of before.
"""

from hashlib import sha256
from pathlib import Path

from django.apps import apps

from arrears.refusal import Refused
from arrears.work import ledger_guards, record_guards

_LENDER = "lender = (SELECT current_setting('arrears.lender', true))"
_ALL = "(SELECT current_setting('arrears.teams', true)) = '*'"
_TEAMS = "ANY (string_to_array((SELECT current_setting('arrears.teams', true)), ','))"
_QUOTED = '"case"'
_COLLECTOR_SEEN = f"collector_id IN (SELECT k.id FROM work_collector k JOIN work_team t ON t.id = k.team_id WHERE t.code = {_TEAMS})"
_CASE_SEEN = "EXISTS (SELECT 1 FROM work_case seen WHERE seen.id = {} OFFSET 0)"
"""OFFSET 0: one case after another along its key. Without it PostgreSQL at times reads all cases of the lender first, to look a hundred up among them."""
_TEAM_SEEN = f"team_id = ANY (ARRAY(SELECT t.id FROM work_team t WHERE t.code = {_TEAMS}))"
"""The teams that are seen are found once a statement, not for each case anew."""

OF_CASE = (
    "party", "contactpoint", "debt", "payment", "placement", "hold", "attachment", "contact", "promise", "offer", "plan", "dispute", "complaint", "consent",
    "reminder",
    "hardship", "matternote", "matterevidence", "mattertask",
    "sampleitem", "sheet",
)
OF_LENDER = (
    "team", "collector", "brokenglass", "borrowerlogin", "answer", "change",
    "rulebook",
    "nightstrategy",
    "absence", "coachingnote",
    "sample", "export", "exportpart", "contactrule",
    "run",
)
OF_COLLECTOR = ("absence", "coachingnote")
"""Of these the database shows the rows of the teams that are seen, and one's own."""
ADDED_ONLY = ("entry", "change", "leaf")
OF_NO_LENDER = ("place", "waiting")
"""The record's commitments: read by whoever asks, since they tell nothing; nobody but the database writes them, see record_guards."""
FREE = {"account": "lender", "lender": "code"}
"""Tables that are read before anybody has logged in, so no lender is known yet, and the column with the lender's code, by which their writes are guarded as all others."""
FACTORS = "mfa_authenticator"
"""allauth's table of second factors: it knows no lender, but nobody's factor is made, spent or removed outside an action."""
_NO_CHANGE = (*ADDED_ONLY, "answer", "lender")
"""Tables whose writes are put down nowhere else: the log itself, and what has no id of its own. New leaves that are of no Entry are put down by record_guards."""
_PLAIN_CODE = "code !~ ',' AND code <> '*'"
"""What a team's code may be: the list of teams that a transaction sees is told to the database with commas, and a star stands for all."""

_FUNCTIONS = """
CREATE OR REPLACE FUNCTION arrears_needs_an_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('arrears.entry', true), '') = '' THEN
    RAISE EXCEPTION 'a write to % outside an action', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION arrears_row_digest(line jsonb) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to(coalesce(current_setting('arrears.salt', true), '') || line::text, 'UTF8'))
$$;
CREATE OR REPLACE FUNCTION arrears_put_down(told text, operation text, rows bigint, ids uuid[], before bytea, after bytea) RETURNS void LANGUAGE sql SET search_path = public, pg_temp AS $$
  INSERT INTO work_change (lender, entry_id, "table", operation, rows, ids, before, after)
  SELECT current_setting('arrears.lender', true), current_setting('arrears.entry')::uuid, told, operation, rows, CASE WHEN rows <= 100 THEN ids ELSE '{}' END,
         sha256(before), sha256(after)
  WHERE rows > 0
$$;
REVOKE EXECUTE ON FUNCTION arrears_put_down(text, text, bigint, uuid[], bytea, bytea) FROM PUBLIC;
CREATE OR REPLACE FUNCTION arrears_entry_is_of_now() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE running uuid;
BEGIN
  IF TG_TABLE_NAME IN ('work_change', 'work_leaf') THEN running := NEW.entry_id; ELSE running := current_setting('arrears.entry')::uuid; END IF;
  IF NOT EXISTS (SELECT FROM work_entry e WHERE e.id = running AND e.lender = current_setting('arrears.lender') AND e.xmin = pg_current_xact_id()::xid) THEN
    RAISE EXCEPTION 'a write under an entry that is not of this action' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;
"""

_OPERATIONS = {
    "INSERT": ("NEW TABLE AS new_rows", "count(*), array_agg({key} ORDER BY {key}), NULL::bytea, string_agg(arrears_row_digest(to_jsonb(r)), ''::bytea ORDER BY {key}) FROM new_rows r"),
    "DELETE": ("OLD TABLE AS old_rows", "count(*), array_agg({key} ORDER BY {key}), string_agg(arrears_row_digest(to_jsonb(r)), ''::bytea ORDER BY {key}), NULL::bytea FROM old_rows r"),
    "UPDATE": ("OLD TABLE AS old_rows NEW TABLE AS new_rows",
               "count(*), array_agg({key} ORDER BY {key}), (SELECT string_agg(arrears_row_digest(to_jsonb(o)), ''::bytea ORDER BY o.id) FROM old_rows o),"
               " string_agg(arrears_row_digest(to_jsonb(r)), ''::bytea ORDER BY {key}) FROM new_rows r"),
}


def guards_mark() -> str:
    """Tells these guards from those of another version: laid ones bear it, so that a database whose guards are older is noticed."""
    return f"guards {sha256(Path(__file__).read_bytes() + Path(record_guards.__file__).read_bytes() + Path(ledger_guards.__file__).read_bytes()).hexdigest()[:32]}"


def guard(run, app: str) -> None:
    """Lays the guards. run: executes one statement, as the owner; app: the application's role."""
    run(_FUNCTIONS)
    for table in (*OF_CASE, *OF_LENDER, "case", "approval", "entry", "leaf"):
        _row_security(run, f"work_{table}", _visible(table), _writable(table))
    for table, column in FREE.items():
        _own_writes(run, f"work_{table}", column)
    for table in (*OF_CASE, *OF_LENDER, *FREE, "case", "approval", "entry", "leaf"):
        _needs_an_entry(run, f"work_{table}")
        if table not in _NO_CHANGE:
            _put_down(run, f"work_{table}")
    _needs_an_entry(run, FACTORS)
    for table in ("change", "lender"):
        _entry_is_of_now(run, f"work_{table}")
    for model in apps.get_app_config("work").get_models():
        _same_lender(run, model)
    _check(run, "work_team", "code_plain", _PLAIN_CODE)
    for model in apps.get_app_config("work").get_models():
        for field in model._meta.concrete_fields:
            if field.choices:
                _only_these_words(run, model._meta.db_table, field.column, [word for word, _ in field.choices])
    _grants(run, app)
    record_guards.guard_record(run, app)
    ledger_guards.tell_rules(run)
    run(f"COMMENT ON TABLE work_entry IS '{guards_mark()}'")


def _only_these_words(run, table: str, column: str, words: list[str]) -> None:
    listed = ", ".join(f"'{word}'" for word in words)
    _check(run, table, f"{column}_words", f'"{column}" IN ({listed})')


def _check(run, table: str, name: str, condition: str) -> None:
    run(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_{name}")
    run(f"ALTER TABLE {table} ADD CONSTRAINT {table}_{name} CHECK ({condition})")


def _visible(table: str) -> str:
    if table == "case":
        return f"{_LENDER} AND ({_ALL} OR {_TEAM_SEEN})"
    if table in OF_CASE:
        return f"{_LENDER} AND ({_ALL} OR {_CASE_SEEN.format('case_id')})"
    if table in OF_COLLECTOR:
        return f"{_LENDER} AND ({_ALL} OR collector_id::text = (SELECT current_setting('arrears.collector', true)) OR {_COLLECTOR_SEEN})"
    if table == "approval":
        return f"{_LENDER} AND ({_ALL} OR asked_by_id::text = (SELECT current_setting('arrears.account', true)) OR {_CASE_SEEN.format('case_id')})"
    if table == "leaf":
        return f"{_LENDER} AND ({_ALL} OR {record_guards.leaf_visible(_CASE_SEEN.format(_QUOTED))})"
    if table == "entry":
        return f"{_LENDER} AND ({_ALL} OR actor::text = (SELECT current_setting('arrears.account', true)) OR {_CASE_SEEN.format(_QUOTED)})"
    return _LENDER


def _writable(table: str) -> str:
    """What a new row must be: as visible, but an entry, its leaf and a refusal may speak of a case its actor may not see."""
    return _LENDER if table in ("entry", "leaf") else _visible(table)


def _row_security(run, table: str, visible: str, writable: str) -> None:
    run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    run(f"DROP POLICY IF EXISTS arrears_rows ON {table}")
    run(f"CREATE POLICY arrears_rows ON {table} USING ({visible}) WITH CHECK ({writable})")


def _own_writes(run, table: str, column: str) -> None:
    """Everybody reads the table, as log-in must; nobody writes a row of another lender."""
    own = f"{column} = (SELECT current_setting('arrears.lender', true))"
    run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    for name, command, rule in (("read", "SELECT", "USING (true)"), ("added", "INSERT", f"WITH CHECK ({own})"), ("changed", "UPDATE", f"USING ({own}) WITH CHECK ({own})"), ("removed", "DELETE", f"USING ({own})")):
        run(f"DROP POLICY IF EXISTS arrears_{name} ON {table}")
        run(f"CREATE POLICY arrears_{name} ON {table} FOR {command} {rule}")


def _entry_is_of_now(run, table: str) -> None:
    run(f"DROP TRIGGER IF EXISTS arrears_entry_is_of_now ON {table}")
    run(f"CREATE CONSTRAINT TRIGGER arrears_entry_is_of_now AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION arrears_entry_is_of_now()")


def _same_lender(run, model) -> None:
    """A foreign key is checked past row-level security, so it alone would let a row point to another lender's."""
    table, lenders = model._meta.db_table, {"lender"} & {field.column for field in model._meta.concrete_fields}
    keys = [(field.column, field.related_model._meta.db_table) for field in model._meta.concrete_fields if field.is_relation and field.related_model._meta.db_table != "work_entry"]
    if not lenders or not keys:
        return
    strays = " OR ".join(f'EXISTS (SELECT FROM new_rows r WHERE r."{column}" IS NOT NULL AND NOT EXISTS (SELECT FROM {of} t WHERE t.id = r."{column}" AND t.lender = r.lender))' for column, of in keys)
    run(f"""CREATE OR REPLACE FUNCTION arrears_same_lender_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {strays} THEN
    RAISE EXCEPTION 'a row of % points to one of another lender, or that is not seen', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$""")
    for operation in ("INSERT", "UPDATE"):
        name = f"arrears_same_lender_{operation.lower()}"
        run(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        run(f"CREATE TRIGGER {name} AFTER {operation} ON {table} REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION arrears_same_lender_{table}()")


def _needs_an_entry(run, table: str) -> None:
    run(f"DROP TRIGGER IF EXISTS arrears_needs_an_entry ON {table}")
    run(f"CREATE TRIGGER arrears_needs_an_entry BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION arrears_needs_an_entry()")


def _put_down(run, table: str) -> None:
    for operation, (rows, told) in _OPERATIONS.items():
        name = f"arrears_put_down_{operation.lower()}"
        run(f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM arrears_put_down(TG_TABLE_NAME::text, TG_OP, seen.n, seen.ids, seen.before, seen.after) FROM (SELECT {told.format(key='r.id')}) AS seen(n, ids, before, after);
  RETURN NULL;
END $$""")
        run(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        run(f"CREATE TRIGGER {name} AFTER {operation} ON {table} REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION {name}()")


def _grants(run, app: str) -> None:
    if not app.replace("_", "").isalnum():
        raise Refused(f"{app!r} is no name for a role", f"{app!r} 不能作为角色名")
    run(f'GRANT USAGE ON SCHEMA public TO "{app}"')
    # a night comes in through tables that end with its transaction; what they are called cannot turn the log aside, see arrears_put_down
    run(f"DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), '{app}'); END $$")
    run(f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{app}"')
    run(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "{app}"')
    for table in ADDED_ONLY:
        run(f'REVOKE UPDATE, DELETE, TRUNCATE ON work_{table} FROM "{app}"')
    run(f'REVOKE INSERT ON work_change FROM "{app}"')
    run(f'REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM "{app}"')
    for table in FREE:
        run(f'REVOKE DELETE ON work_{table} FROM "{app}"')
