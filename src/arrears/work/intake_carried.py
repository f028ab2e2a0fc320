"""What is known of a person from an earlier case of theirs, sealed anew for the next: names, numbers and what was found out about them, corrections and freezes among it.

So that a file that was taken in long ago never speaks over what people have put right since, and a number that was stopped stays stopped.
"""

from uuid import UUID

import polars as pl

from arrears.vault.vault import Cell, Sealed, Vault
from arrears.work.identities import identity
from arrears.work.rows_by_copy import ask, copy_in, copy_out, passing_table

_EARLIER = {"key": pl.String, "case_id": pl.String, "id": pl.String, "person": pl.String, "name_sealed": pl.String, "id_number_sealed": pl.String}
_POINTS = {"key": pl.String, "case_id": pl.String, "id": pl.String, "person": pl.String, "kind": pl.String, "ordinal": pl.Int64, "value_sealed": pl.String}


def carry_over(lender: str, vault: Vault, parties: list[dict]) -> dict[str, int]:
    """The new parties whose person has another party already are there, with all that the latest of those holds. Returns by person how many cells were sealed anew.

    parties: rows with id, case_id, role, ordinal, person, borrower_id, none of them in the database yet. The cases are there.
    """
    passing_table("taken_known", "key uuid, case_id uuid, role text, ordinal int, person uuid, borrower_id text")
    copy_in("taken_known", pl.DataFrame([(one["id"], *(one[name] for name in ("case_id", "role", "ordinal", "person", "borrower_id"))) for one in parties], orient="row", schema={
        "key": pl.String, "case_id": pl.String, "role": pl.String, "ordinal": pl.Int64, "person": pl.String, "borrower_id": pl.String}))
    said = {"lender": lender}
    ask(_LATEST, said)
    earlier = copy_out("SELECT key, case_id, id, person, encode(name_sealed, 'hex'), encode(id_number_sealed, 'hex') FROM taken_latest ORDER BY key", _EARLIER)
    if earlier.is_empty():
        return {}
    passing_table("taken_anew", "id uuid, name_sealed bytea, id_number_sealed bytea")
    name = _sealed_anew(lender, vault, earlier, "work_party", "name_sealed", earlier["key"].to_list())
    number = _sealed_anew(lender, vault, earlier, "work_party", "id_number_sealed", earlier["key"].to_list())
    copy_in("taken_anew", pl.DataFrame({"id": earlier["key"], "name_sealed": pl.Series(name, dtype=pl.Binary), "id_number_sealed": pl.Series(number, dtype=pl.Binary)}))
    ask(_PARTIES, said)
    points = copy_out("""SELECT l.key, l.case_id, p.id, l.person, p.kind, p.ordinal, encode(p.value_sealed, 'hex') FROM taken_latest l JOIN work_contactpoint p ON p.party_id = l.id
        WHERE p.value_sealed IS NOT NULL ORDER BY l.key, p.kind, p.ordinal""", _POINTS)
    ids = [identity(UUID(key), "point", kind, str(ordinal)) for key, kind, ordinal in points.select("key", "kind", "ordinal").iter_rows()]
    passing_table("taken_point_anew", "id uuid, was uuid, party_id uuid, case_id uuid, value_sealed bytea")
    values = _sealed_anew(lender, vault, points, "work_contactpoint", "value_sealed", ids)
    copy_in("taken_point_anew", pl.DataFrame({"id": pl.Series(ids, dtype=pl.String), "was": points["id"], "party_id": points["key"], "case_id": points["case_id"],
                                              "value_sealed": pl.Series(values, dtype=pl.Binary)}))
    ask(_PUT_POINTS, said)
    ask("UPDATE work_case c SET frozen_at = p.frozen_at FROM work_party p WHERE c.lender = %(lender)s AND p.case_id = c.id AND p.role = 'debtor' AND p.frozen_at IS NOT NULL"
        " AND c.frozen_at IS NULL AND p.id IN (SELECT id FROM taken_anew)", said)
    found = dict.fromkeys(earlier["person"], 0)
    for rows, column in ((earlier, "name_sealed"), (earlier, "id_number_sealed"), (points, "value_sealed")):
        for person in rows.filter(pl.col(column).is_not_null())["person"]:
            found[person] += 1
    return found


def _sealed_anew(lender: str, vault: Vault, rows: pl.DataFrame, table: str, column: str, ids: list[str]) -> list[bytes | None]:
    """The column's cells of these rows, opened where they are and sealed for the rows of these ids."""
    there = [(turn, person, row, bytes.fromhex(sealed)) for turn, (person, row, sealed) in enumerate(rows.select("person", "id", column).iter_rows()) if sealed is not None]
    texts = vault.open(lender, [Sealed(person, table, column, row, sealed) for _, person, row, sealed in there])
    anew = vault.seal(lender, [Cell(person, table, column, ids[turn], text) for (turn, person, *_), text in zip(there, texts, strict=True)])
    found: list[bytes | None] = [None] * len(rows)
    for (turn, *_), one in zip(there, anew, strict=True):
        found[turn] = one
    return found


_LATEST = """CREATE TEMPORARY TABLE taken_latest ON COMMIT DROP AS SELECT DISTINCT ON (k.key) k.*, p.id, p.name_sealed, p.id_number_sealed, p.id_number_index, p.protected, p.frozen_at
    FROM taken_known k JOIN work_party p ON p.person = k.person AND p.lender = %(lender)s JOIN work_case c ON c.id = p.case_id WHERE p.erased_at IS NULL
    ORDER BY k.key, c.opened_on DESC, p.id"""
_PARTIES = """INSERT INTO work_party (id, lender, case_id, role, ordinal, person, borrower_id, name_sealed, id_number_sealed, id_number_index, protected, frozen_at)
    SELECT l.key, %(lender)s, l.case_id, l.role, l.ordinal, l.person, l.borrower_id, a.name_sealed, a.id_number_sealed, l.id_number_index, l.protected, l.frozen_at
    FROM taken_latest l JOIN taken_anew a ON a.id = l.key"""
_PUT_POINTS = """INSERT INTO work_contactpoint (id, lender, case_id, party_id, kind, ordinal, value_sealed, value_index, state, state_since)
    SELECT a.id, %(lender)s, a.case_id, a.party_id, p.kind, p.ordinal, a.value_sealed, p.value_index, p.state, p.state_since FROM taken_point_anew a JOIN work_contactpoint p ON p.id = a.was"""
