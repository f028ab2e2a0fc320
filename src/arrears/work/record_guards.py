"""What the database itself keeps of the record: commitments are made by it, places are given by it, and nobody but it writes them.

The application may add a leaf, in the transaction of its Entry, and call three functions: to give the leaves that wait their indexes, to erase the leaves of a person who is marked as
erased, and to take in what is known from the log's files only, with a leaf that says so. It can place nothing but the commitment of a leaf.
Source of the commitment: entry_leaf.py. Docs: docs/algorithms/record.md.
"""

_OF_THE_RUNNING = "entry_id::text = (SELECT current_setting('arrears.entry', true))"

_FUNCTIONS = """
CREATE OR REPLACE FUNCTION arrears_commit_leaves() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE others bigint;
BEGIN
  IF EXISTS (SELECT FROM new_rows r WHERE r.entry_id::text IS DISTINCT FROM current_setting('arrears.entry', true) OR (r.kind = 'entry') <> (r.id = r.entry_id)
             OR r.content IS NULL OR length(r.salt) IS DISTINCT FROM 32) THEN
    RAISE EXCEPTION 'a leaf that is not of the running entry, or without content or salt' USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO work_waiting (leaf, commitment, at)
    SELECT r.id, sha256(convert_to('arrears record v1' || chr(10), 'UTF8') || r.salt || convert_to(r.content, 'UTF8')), r.at FROM new_rows r;
  SELECT count(*) INTO others FROM new_rows r WHERE r.kind <> 'entry';
  IF others > 0 THEN
    PERFORM arrears_put_down('work_leaf', 'INSERT', others, CASE WHEN others <= 100 THEN (SELECT array_agg(r.id ORDER BY r.id) FROM new_rows r WHERE r.kind <> 'entry') END, NULL, NULL);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION arrears_entry_has_a_leaf() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM work_leaf l WHERE l.id = NEW.id AND l.kind = 'entry') THEN
    RAISE EXCEPTION 'an entry without its place in the record' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION arrears_place(base bigint, most bigint, past bigint, OUT placed bigint, OUT last bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF base IS DISTINCT FROM (SELECT coalesce(max(index) + 1, 0) FROM work_place) THEN
    RAISE EXCEPTION 'the next index of the record is not %', base USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  WITH first AS (SELECT number FROM work_waiting WHERE number > past ORDER BY number LIMIT most),
       taken AS (DELETE FROM work_waiting w USING first f WHERE w.number = f.number RETURNING w.number, w.leaf, w.commitment),
       given AS (INSERT INTO work_place (index, leaf, commitment) SELECT base + row_number() OVER (ORDER BY number) - 1, leaf, commitment FROM taken)
  SELECT count(*), max(number) INTO placed, last FROM taken;
END $$;
CREATE OR REPLACE FUNCTION arrears_place_known(base bigint, commitments bytea, gap uuid, OUT known_here bigint, OUT lost bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF base IS DISTINCT FROM (SELECT coalesce(max(index) + 1, 0) FROM work_place) OR length(commitments) % 32 <> 0 THEN
    RAISE EXCEPTION 'the next index of the record is not %', base USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF NOT EXISTS (SELECT FROM work_leaf l WHERE l.id = gap AND l.kind = 'gap' AND l.entry_id::text = current_setting('arrears.entry', true) AND l.xmin = pg_current_xact_id()::xid
                 AND (l.content::jsonb ->> 'from')::bigint = base AND (l.content::jsonb ->> 'leaves')::bigint = length(commitments) / 32
                 AND l.content::jsonb ->> 'commitments' = encode(sha256(commitments), 'hex')) THEN
    RAISE EXCEPTION 'places known from the log alone, without the leaf that says so' USING ERRCODE = 'insufficient_privilege';
  END IF;
  WITH known AS (SELECT base + n AS index, substr(commitments, n * 32 + 1, 32) AS commitment FROM generate_series(0, length(commitments) / 32 - 1) AS s(n)),
       taken AS (DELETE FROM work_waiting w USING known k WHERE w.commitment = k.commitment RETURNING k.index, w.leaf, w.commitment)
  INSERT INTO work_place (index, leaf, commitment) SELECT index, leaf, commitment FROM taken;
  GET DIAGNOSTICS known_here = ROW_COUNT;
  INSERT INTO work_place (commitment, index) SELECT substr(commitments, n * 32 + 1, 32), base + n FROM generate_series(0, length(commitments) / 32 - 1) AS s(n)
    WHERE NOT EXISTS (SELECT FROM work_place p WHERE p.index = base + n) ORDER BY n;
  GET DIAGNOSTICS lost = ROW_COUNT;
END $$;
CREATE OR REPLACE FUNCTION arrears_forget_leaves(cases uuid[], OUT leaves bigint, OUT entries bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE gone uuid[];
BEGIN
  SELECT array_agg(p.case_id) INTO gone FROM work_party p
    WHERE p.case_id = ANY (cases) AND p.role = 'debtor' AND p.erased_at IS NOT NULL AND p.lender = current_setting('arrears.lender', true);
  UPDATE work_leaf l SET content = NULL, salt = NULL, fields_sealed = NULL
    WHERE l."case" = ANY (gone) AND l.lender = current_setting('arrears.lender', true) AND l.content IS NOT NULL
      AND NOT EXISTS (SELECT FROM work_entry e WHERE e.id = l.id AND e.verb = 'person.erase');
  GET DIAGNOSTICS leaves = ROW_COUNT;
  UPDATE work_answer a SET answer = '{}', digest = '' FROM work_entry e
    WHERE e."case" = ANY (gone) AND e.lender = current_setting('arrears.lender', true) AND e.verb <> 'person.erase' AND a.lender = e.lender AND a."key" = e."key" AND a.actor = coalesce(e.actor::text, e.actor_name);
  UPDATE work_entry e SET salt = '', result = '{}', parameters = CASE WHEN e.verb = 'person.correct' THEN jsonb_build_object('party', e.parameters -> 'party') ELSE '{}' END
    WHERE e."case" = ANY (gone) AND e.lender = current_setting('arrears.lender', true) AND e.salt <> '' AND e.verb <> 'person.erase';
  GET DIAGNOSTICS entries = ROW_COUNT;
END $$;
CREATE OR REPLACE FUNCTION arrears_forget_fields(parties uuid[], OUT leaves bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE states uuid[];
BEGIN
  SELECT array_agg(e.id) INTO states FROM work_entry e JOIN work_party p ON p.case_id = e."case" AND p.lender = e.lender AND p.id::text = e.parameters ->> 'party'
    WHERE p.id = ANY (parties) AND p.erased_at IS NOT NULL AND p.lender = current_setting('arrears.lender', true) AND e.verb IN ('party.protect', 'party.release');
  UPDATE work_leaf l SET content = NULL, salt = NULL, fields_sealed = NULL WHERE l.id = ANY (states);
  UPDATE work_answer a SET answer = '{}', digest = '' FROM work_entry e WHERE e.id = ANY (states) AND a.lender = e.lender AND a."key" = e."key" AND a.actor = coalesce(e.actor::text, e.actor_name);
  UPDATE work_entry e SET salt = '', result = '{}', parameters = '{}' WHERE e.id = ANY (states);
  UPDATE work_leaf l SET fields_sealed = NULL FROM work_party p
    WHERE p.id = ANY (parties) AND p.erased_at IS NOT NULL AND p.lender = current_setting('arrears.lender', true) AND l."case" = p.case_id AND l.lender = p.lender
      AND l.fields_sealed IS NOT NULL AND (position(p.id::text IN l.content) > 0
        OR EXISTS (SELECT FROM work_contactpoint c WHERE c.party_id = p.id AND position(c.id::text IN l.content) > 0));
  GET DIAGNOSTICS leaves = ROW_COUNT;
END $$;
"""
_CALLED = ("arrears_place(bigint, bigint, bigint)", "arrears_place_known(bigint, bytea, uuid)", "arrears_forget_leaves(uuid[])", "arrears_forget_fields(uuid[])")


def leaf_visible(case_seen: str) -> str:
    """Who sees a leaf beside who sees all of the lender: whoever sees its case, and the running entry itself."""
    return f'{case_seen} OR {_OF_THE_RUNNING}'


def guard_record(run, app: str) -> None:
    """Lays what holds the record. run: executes one statement, as the owner; app: the application's role."""
    run(_FUNCTIONS)
    run("DROP TRIGGER IF EXISTS arrears_commit_leaves ON work_leaf")
    run("CREATE TRIGGER arrears_commit_leaves AFTER INSERT ON work_leaf REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION arrears_commit_leaves()")
    run("DROP TRIGGER IF EXISTS arrears_leaf_of_now ON work_leaf")
    run("CREATE CONSTRAINT TRIGGER arrears_leaf_of_now AFTER INSERT ON work_leaf DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.kind = 'entry') EXECUTE FUNCTION arrears_entry_is_of_now()")
    run("DROP TRIGGER IF EXISTS arrears_entry_has_a_leaf ON work_entry")
    run("CREATE CONSTRAINT TRIGGER arrears_entry_has_a_leaf AFTER INSERT ON work_entry DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION arrears_entry_has_a_leaf()")
    for function in _CALLED:
        run(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
        run(f'GRANT EXECUTE ON FUNCTION {function} TO "{app}"')
    run(f'REVOKE UPDATE, DELETE, TRUNCATE ON work_leaf FROM "{app}"')
    for table in ("work_waiting", "work_place"):
        run(f'REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {table} FROM "{app}"')
