"""The people of cases: parties made from the book, and what sealed files say of them put straight into the vault.

Files are taken in the order in which they were recorded; a value of a later one replaces an earlier one, a value that is absent replaces nothing. What a person corrected is
not replaced by a file that was recorded before the correction. Erased people are never taken in again, frozen ones stay as they are, people without an open case are not taken
in at all. Plain texts are in memory for one piece of a file, and nowhere else.
Docs: docs/algorithms/intake.md, People.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from uuid import UUID

import polars as pl
from django.db import connection

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.vault.handover import open_stream
from arrears.vault.vault import Cell, Vault
from arrears.work.identities import identity, person_of
from arrears.work.intake_carried import carry_over
from arrears.work.night_files import Night, PeopleFile
from arrears.work.rows_by_copy import ask, copy_in, copy_out, passing_table

ROWS_A_PIECE = 20_000
POINTS = ("phone", "email", "address", "account")
_ON_PARTY = ("name", "id_number")
_PARTIES = {"id": pl.String, "case_id": pl.String, "role": pl.String, "ordinal": pl.Int64, "person": pl.String, "borrower_id": pl.String, "frozen": pl.Boolean, "erased": pl.Boolean, "is_new": pl.Boolean}
_NUMBERED_FROM = 1
"""Of guarantors and other parties; the debtor is 0."""


@dataclass
class Taken:
    """What came of the rows of the files, as counts; no row of them is kept."""

    people: int = 0
    fields: int = 0
    points_gone: int = 0
    without_case: int = 0
    erased: int = 0
    frozen: int = 0
    corrected: int = 0
    known: int = 0

    def told(self) -> dict[str, int]:
        return {"people_taken": self.people, "fields_sealed": self.fields} | {f"people_{name}": value for name, value in vars(self).items() if name not in ("people", "fields")}


@dataclass
class People:
    """The parties of the open cases while a night is taken in. of: by (borrower_id of the debtor or None, relation, ordinal) …

    parties: one row per party, by id; written: ids that are in the database by now.
    """

    lender: str
    vault: Vault
    now: datetime
    parties: dict[str, dict]
    by_borrower: dict[str, list[str]]
    by_place: dict[tuple[str, str, int], str]
    corrected: dict[str, datetime]
    written: set[str] = field(default_factory=set)
    taken: Taken = field(default_factory=Taken)


def parties_of(lender: str, under: UUID, places: pl.DataFrame, guarantors: pl.DataFrame) -> pl.DataFrame:
    """The parties that the open cases have and get: the debtor of each, and who answers for a debt. places: borrower_id, case_id, is_new. One row per party, with what the database knows."""
    there = copy_out("""SELECT p.id, p.case_id, p.role, p.ordinal, p.person, p.borrower_id, p.frozen_at IS NOT NULL OR c.frozen_at IS NOT NULL, p.erased_at IS NOT NULL, false
        FROM work_party p JOIN work_case c ON c.id = p.case_id JOIN taken_place t ON t.case_id = c.id WHERE p.lender = %(lender)s""", _PARTIES, {"lender": lender})
    debtors = places.filter("is_new").select("case_id", "borrower_id", role=pl.lit("debtor"), ordinal=pl.lit(0, pl.Int64))
    known = there.filter(pl.col("role") == "guarantor")
    beside = guarantors.join(places.select(pl.col("borrower_id"), "case_id"), on="borrower_id").select("case_id", borrower_id=pl.col("guarantor_id"))
    beside = beside.join(known.select("case_id", "borrower_id").drop_nulls(), on=["case_id", "borrower_id"], how="anti").sort("case_id", "borrower_id")
    last = known.group_by("case_id").agg(last=pl.col("ordinal").max())
    beside = beside.join(last, on="case_id", how="left").select(
        "case_id", "borrower_id", role=pl.lit("guarantor"), ordinal=pl.int_range(pl.len()).over("case_id") + pl.col("last").fill_null(_NUMBERED_FROM - 1) + 1)
    new = pl.concat([debtors.select("case_id", "role", "ordinal", "borrower_id"), beside.select("case_id", "role", "ordinal", "borrower_id")])
    ids = [identity(UUID(case), "party", role, str(ordinal)) for case, role, ordinal, _ in new.iter_rows()]
    persons = [person_of(under, borrower) for borrower in new["borrower_id"]]
    new = new.with_columns(id=pl.Series(ids, dtype=pl.String), person=pl.Series(persons, dtype=pl.String), frozen=pl.lit(False), erased=pl.lit(False), is_new=pl.lit(True))
    return pl.concat([there, new.select(list(_PARTIES)).cast(_PARTIES)])


def take_people(lender: str, under: UUID, night: Night, vault: Vault, now: datetime, places: pl.DataFrame, parties: pl.DataFrame, applied: list[str]) -> Taken:
    """Everything the files of people say of the parties is sealed and written, and every party is there. applied: digests of files that were taken in before, in their order.

    Raises VaultRefused where a file or the vault cannot be opened.
    """
    people = _people(lender, vault, now, places, parties)
    passing_table("taken_party", "id uuid, case_id uuid, role text, ordinal int, person uuid, borrower_id text, name_sealed bytea, id_number_sealed bytea, id_number_index bytea")
    passing_table("taken_point", "id uuid, case_id uuid, party_id uuid, kind text, ordinal int, value_sealed bytea, value_index bytea, state text, state_since timestamptz")
    new = [one for one in people.parties.values() if one["is_new"] and not one["erased"]]
    carried = carry_over(lender, vault, new)
    known = set(carried)
    people.taken.fields += sum(carried.values())
    people.written |= {one["id"] for one in new if one["person"] in known}
    again = [one.digest for one in night.people[:len(applied)]] != applied
    with ThreadPoolExecutor(1) as beside:
        waiting = None
        for turn, file in enumerate(night.people):
            was_applied = not again and turn < len(applied)
            for rows in _rows_of(file, vault):
                waiting = _take_rows(people, beside, waiting, _said(people, under, file, rows, was_applied, known))
        _finish(people, waiting)
    rest = [one for key, one in people.parties.items() if one["is_new"] and key not in people.written]
    for start in range(0, len(rest), ROWS_A_PIECE):
        _write_parties([(one, {}) for one in rest[start:start + ROWS_A_PIECE]])
    return people.taken


def _people(lender: str, vault: Vault, now: datetime, places: pl.DataFrame, parties: pl.DataFrame) -> People:
    erased = _erased(vault, lender, parties["person"].unique().to_list())
    rows = parties.with_columns(erased=pl.col("erased") | pl.col("person").is_in(list(erased)))
    debtor = dict(places.select("case_id", "borrower_id").iter_rows())
    by_borrower, by_place, found = {}, {}, {}
    for one in rows.iter_rows(named=True):
        found[one["id"]] = one
        if one["borrower_id"] is not None:
            by_borrower.setdefault(one["borrower_id"], []).append(one["id"])
        by_place[debtor[one["case_id"]], one["role"], one["ordinal"]] = one["id"]
    corrected = dict(_ask_rows("""SELECT p.person::text, max(e.at) FROM work_entry e JOIN work_party p ON p.case_id = e."case" WHERE e.lender = %(lender)s AND e.verb = 'person.correct'
        AND NOT e.is_refused AND (p.person::text IN (e.parameters->>'person', e.result->>'person') OR p.id::text IN (e.parameters->>'party', e.result->>'party')
        OR NOT (e.parameters ?| array['person', 'party'] OR e.result ?| array['person', 'party'])) GROUP BY 1""", {"lender": lender}))
    return People(lender, vault, now, found, by_borrower, by_place, corrected)


def _erased(vault: Vault, lender: str, persons: list[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(persons), ROWS_A_PIECE):
        found |= set(vault.store.erased(lender, persons[start:start + ROWS_A_PIECE]))
    return found


def _rows_of(file: PeopleFile, vault: Vault) -> Iterator[list[dict]]:
    """The rows of a file in pieces. What was cut or changed is refused at the latest when the last piece is read: the transaction then ends with nothing written."""
    try:
        with open(file.path, "rb") as handle:
            rows = open_stream(vault.handover_private_key, handle.read)
            while piece := list(islice(rows, ROWS_A_PIECE)):
                yield piece
    except OSError as problem:
        raise Refused(f"{file.path}: cannot be read ({problem.strerror}); nothing was taken in: restore it from a backup of the book",
                      f"{file.path}：无法读取（{problem.strerror}）；未接收任何内容：请从账册备份恢复") from None


def _said(people: People, under: UUID, file: PeopleFile, rows: list[dict], was_applied: bool, known: set[str]) -> dict[str, dict]:
    """By party what one piece of a file says of them, later rows over earlier ones; who is left out is counted."""
    said: dict[str, dict] = {}
    recorded = moment_of(file.recorded_at) if file.recorded_at else None
    for row in rows:
        keys = _parties_for(people, under, row)
        people.taken.without_case += not keys
        for key in keys:
            one = people.parties[key]
            corrected = people.corrected.get(one["person"])
            if was_applied and (not one["is_new"] or one["person"] in known):
                people.taken.known += 1
            elif one["erased"]:
                people.taken.erased += 1
            elif one["frozen"]:
                people.taken.frozen += 1
            elif corrected is not None and (recorded is None or recorded < corrected):
                people.taken.corrected += 1
            else:
                said.setdefault(key, {}).update({name: value for name, value in row.items() if name in _ON_PARTY or name in POINTS})
    return said


@dataclass(frozen=True)
class Piece:
    """What is being sealed of one piece of a file, to be written when it is. points: (party, kind, ordinal, text, index) with point_ids; gone: points that files name no longer."""

    said: dict[str, dict]
    points: list[tuple]
    point_ids: list[str]
    gone: list[str]
    cells: list[tuple[str, str]]
    sealing: Future


def _take_rows(people: People, beside: ThreadPoolExecutor, waiting: Piece | None, said: dict[str, dict]) -> Piece | None:
    """The piece is being sealed by another thread while the one before it is written; it waits itself from now on."""
    if not said:
        return waiting
    if waiting is not None and not said.keys().isdisjoint(waiting.said):
        waiting = _finish(people, waiting)  # this piece needs to see what that one wrote
    people.taken.people += len(said)
    points, gone = _points(people, said)
    ids = [identity(UUID(key), "point", kind, str(ordinal)) for key, kind, ordinal, *_ in points]
    on_party = [(key, name) for key, values in said.items() for name in _ON_PARTY if name in values]
    cells = [Cell(people.parties[key]["person"], "work_party", f"{name}_sealed", key, said[key][name]) for key, name in on_party]
    cells += [Cell(people.parties[key]["person"], "work_contactpoint", "value_sealed", point, text) for point, (key, _, _, text, _) in zip(ids, points, strict=True)]
    piece = Piece(said, points, ids, gone, on_party, beside.submit(people.vault.seal, people.lender, cells))
    _finish(people, waiting)
    return piece


def _parties_for(people: People, under: UUID, row: dict) -> list[str]:
    """Whom a row speaks of: of a borrower every party that is them; of another the party of that number, made where the debtor has a case."""
    borrower, relation = row["borrower_id"], row["relation"]
    if relation == "debtor":
        return people.by_borrower.get(borrower, [])
    debtor = people.by_place.get((borrower, "debtor", 0))
    if debtor is None:
        return []
    place = (borrower, relation, row["ordinal"])
    if place not in people.by_place:
        case = people.parties[debtor]["case_id"]
        key = identity(UUID(case), "party", relation, str(row["ordinal"]))
        person = person_of(under, borrower, relation, row["ordinal"])
        erased = bool(_erased(people.vault, people.lender, [person])) if relation != "debtor" and not people.parties[debtor]["is_new"] else False
        people.parties[key] = {"id": key, "case_id": case, "role": relation, "ordinal": row["ordinal"], "person": person, "borrower_id": None,
                               "frozen": people.parties[debtor]["frozen"], "erased": erased, "is_new": True}
        people.by_place[place] = key
    return [people.by_place[place]]


def _points(people: People, said: dict[str, dict]) -> tuple[list[tuple], list[str]]:
    """The contact points that are new, each (party, kind, ordinal, text, index), and the ids of those that the files named before and name no longer."""
    there: dict[tuple[str, str], list[tuple]] = {}
    asked = [key for key in said if key in people.written or not people.parties[key]["is_new"]]
    for key, kind, ordinal, index, point in _ask_rows("SELECT party_id::text, kind, ordinal, value_index, id::text FROM work_contactpoint WHERE lender = %(lender)s AND party_id = ANY(%(of)s::uuid[])",
                                                      {"lender": people.lender, "of": asked}) if asked else ():
        there.setdefault((key, kind), []).append((ordinal, bytes(index) if index is not None else None, point))
    new, gone = [], []
    for kind in POINTS:
        listed = [(key, text) for key, values in said.items() if kind in values for text in (values[kind] if kind == "phone" else [values[kind]])]
        indexes = people.vault.blind(people.lender, kind, [text for _, text in listed])
        named: dict[str, dict[bytes, str]] = {}
        for (key, text), index in zip(listed, indexes, strict=True):
            if index is not None:
                named.setdefault(key, {}).setdefault(index, text)
        for key, values in named.items():
            here = there.get((key, kind), ())
            known, following = {index for _, index, _ in here}, max((ordinal for ordinal, *_ in here), default=-1) + 1
            for place, (index, text) in enumerate((one for one in values.items() if one[0] not in known), following):
                new.append((key, kind, place, text, index))
            gone += [point for ordinal, index, point in here if index not in values and point == identity(UUID(key), "point", kind, str(ordinal))]
    return new, gone


def _finish(people: People, piece: Piece | None) -> None:
    """The piece is sealed and written, parties and points in one statement each."""
    if piece is None:
        return
    sealed = piece.sealing.result()
    people.taken.fields += len(sealed)
    on_party: dict[str, dict] = {key: {} for key in piece.said}
    for (key, name), one in zip(piece.cells, sealed, strict=False):
        on_party[key][f"{name}_sealed"] = one
    numbered = [(key, values["id_number"]) for key, values in piece.said.items() if "id_number" in values]
    for (key, _), index in zip(numbered, people.vault.blind(people.lender, "id_number", [text for _, text in numbered]), strict=True):
        on_party[key]["id_number_index"] = index
    _write_parties([(people.parties[key], values) for key, values in on_party.items() if values or (people.parties[key]["is_new"] and key not in people.written)])
    people.written.update(piece.said)
    _write_points([(point, people.parties[key]["case_id"], key, kind, ordinal, one, index, "usable", None)
                   for point, one, (key, kind, ordinal, _, index) in zip(piece.point_ids, sealed[len(piece.cells):], piece.points, strict=True)])
    ask(_PUT_POINTS, {"lender": people.lender})
    if piece.gone:
        people.taken.points_gone += ask("UPDATE work_contactpoint SET state = 'invalid', state_since = %(now)s WHERE lender = %(lender)s AND id = ANY(%(gone)s::uuid[]) AND state = 'usable'",
                                        {"now": people.now, "lender": people.lender, "gone": piece.gone})


def _write_parties(rows: list[tuple[dict, dict]]) -> None:
    columns = ("id", "case_id", "role", "ordinal", "person", "borrower_id")
    sealed = ("name_sealed", "id_number_sealed", "id_number_index")
    frame = pl.DataFrame([(*(one[name] for name in columns), *(values.get(name) for name in sealed)) for one, values in rows], orient="row",
                         schema={**{name: _PARTIES[name] for name in columns}, **dict.fromkeys(sealed, pl.Binary)})
    ask("TRUNCATE taken_party")
    copy_in("taken_party", frame)
    ask(_PUT_PARTIES)


def _write_points(rows: list[tuple]) -> None:
    ask("TRUNCATE taken_point")
    copy_in("taken_point", pl.DataFrame(rows, orient="row", schema={
        "id": pl.String, "case_id": pl.String, "party_id": pl.String, "kind": pl.String, "ordinal": pl.Int64, "value_sealed": pl.Binary, "value_index": pl.Binary, "state": pl.String,
        "state_since": pl.Datetime("us", "UTC")}))


def _ask_rows(query: str, parameters: dict) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


_PUT_PARTIES = """INSERT INTO work_party (id, lender, case_id, role, ordinal, person, borrower_id, name_sealed, id_number_sealed, id_number_index, protected)
    SELECT t.id, current_setting('arrears.lender'), t.case_id, t.role, t.ordinal, t.person, t.borrower_id, t.name_sealed, t.id_number_sealed, t.id_number_index, '[]' FROM taken_party t
    ON CONFLICT (id) DO UPDATE SET name_sealed = coalesce(excluded.name_sealed, work_party.name_sealed),
    id_number_sealed = coalesce(excluded.id_number_sealed, work_party.id_number_sealed), id_number_index = coalesce(excluded.id_number_index, work_party.id_number_index)"""
_PUT_POINTS = """INSERT INTO work_contactpoint (id, lender, case_id, party_id, kind, ordinal, value_sealed, value_index, state, state_since)
    SELECT id, %(lender)s, case_id, party_id, kind, ordinal, value_sealed, value_index, state, state_since FROM taken_point"""
