"""Contact.rules told once more, a row a rule, by the database itself whenever a contact is written: whichever action wrote it, the ledger finds it by its rules."""

_FUNCTION = """
CREATE OR REPLACE FUNCTION arrears_tell_rules() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM work_contactrule r USING new_rows n, old_rows o
    WHERE o.id = n.id AND r.contact_id = n.id AND r.lender = n.lender AND (o.rules <> n.rules OR o.attempted_at <> n.attempted_at);
    INSERT INTO work_contactrule (id, lender, contact_id, rule, attempted_at)
    SELECT gen_random_uuid(), n.lender, n.id, spoken.rule, n.attempted_at FROM new_rows n JOIN old_rows o ON o.id = n.id CROSS JOIN LATERAL (SELECT DISTINCT unnest(n.rules) AS rule) spoken
    WHERE o.rules <> n.rules OR o.attempted_at <> n.attempted_at;
  ELSE
    INSERT INTO work_contactrule (id, lender, contact_id, rule, attempted_at)
    SELECT gen_random_uuid(), n.lender, n.id, spoken.rule, n.attempted_at FROM new_rows n CROSS JOIN LATERAL (SELECT DISTINCT unnest(n.rules) AS rule) spoken;
  END IF;
  RETURN NULL;
END $$"""
_TRANSITIONS = {"INSERT": "NEW TABLE AS new_rows", "UPDATE": "OLD TABLE AS old_rows NEW TABLE AS new_rows"}


def tell_rules(run) -> None:
    """Lays the triggers on contacts. run: executes one statement, as the owner. Doing it twice changes nothing."""
    run(_FUNCTION)
    for operation, rows in _TRANSITIONS.items():
        name = f"arrears_tell_rules_{operation.lower()}"
        run(f"DROP TRIGGER IF EXISTS {name} ON work_contact")
        run(f"CREATE TRIGGER {name} AFTER {operation} ON work_contact REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION arrears_tell_rules()")
