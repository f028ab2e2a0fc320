"""Columns that go to the vault: what a mapping says of them, whose they are, and what stands in them.

Their cells enter no table, no quarantine and no message; see handed_over.py. What is said of a person is said under the
pseudonym of the borrower: the debtor's own, or of another party by its number (guarantor 1, reserved contact 2).
"""

from collections.abc import Iterable
from typing import Any

import polars as pl

from arrears.ingest.mapped import ColumnMap, Mapping, SourceMap, TableMap, Vaulted
from arrears.ingest.place import Place, short
from arrears.ingest.pseudonyms import MARKER
from arrears.ingest.values import read_texts

KINDS = ("name", "id_number", "phone", "email", "address", "account")
OTHERS = ("co_debtor", "guarantor", "reserved_contact", "heir", "guardian")
"""Who else than the debtor a column may speak of, each with a number."""
NUMBER_MAX = 99
_SEVERAL = ("phone",)
"""A party may have several of these; of any other kind one column says it."""
_FIRST = ("borrowers", "loans")
"""Of a source's tables with a borrower_id the first of these says whose the cells are, else the first that is written."""


def read_vaulted(entry: Any, place: Place) -> tuple[Vaulted, ...]:
    """What stands under personal.vaulted; raises Refused naming the column, and what may be written."""
    if not isinstance(entry, dict):
        raise place.refused(
            f"`personal.vaulted` must say of each column what it holds, such as {{手机号: phone}}, not {short(entry)}; it may be {', '.join(KINDS)}",
            f"`personal.vaulted` 必须写明每列是什么，例如 {{手机号: phone}}，而不是 {short(entry)}；可写 {'、'.join(KINDS)}",
        )
    found = tuple(_read_one(column, one, place.within(column=column)) for column, one in entry.items())
    said: dict[tuple, str] = {}
    for one in found:
        what = one.relation, one.number, one.kind
        if one.kind not in _SEVERAL and what in said:
            raise place.within(column=one.column).refused(
                f"{said[what]} holds the {one.kind} of the same person already, and one person has one; name one of the two, and the other under left_out",
                f"{said[what]} 已是同一人的 {one.kind}，每人只能有一个；请只留一列，另一列写入 left_out",
            )
        said[what] = one.column
    return found


def _read_one(column: str, entry: Any, place: Place) -> Vaulted:
    if isinstance(entry, str):
        return Vaulted(column, "debtor", 0, _kind(entry, place))
    entry = place.keys(entry, ("is",), OTHERS)
    named = [key for key in OTHERS if key in entry]
    if len(named) != 1:
        raise place.refused(
            f"say of whom it is: one of {', '.join(OTHERS)} with a number, such as {{guarantor: 1, is: phone}}; of the debtor write `phone` alone",
            f"请写明是谁的：{'、'.join(OTHERS)} 之一及其序号，例如 {{guarantor: 1, is: phone}}；债务人本人的只写 `phone`",
        )
    return Vaulted(column, named[0], place.whole(entry[named[0]], named[0], 1, NUMBER_MAX), _kind(entry["is"], place))


def _kind(entry: Any, place: Place) -> str:
    kind = place.text(entry, "vaulted")
    if kind not in KINDS:
        raise place.unknown(("kind", "类别"), kind, KINDS)
    return kind


def check_vaulted(mapping: Mapping, place: Place) -> None:
    """Raises Refused where a column is vaulted and something else that shuts this out, or where nobody could say whose it is."""
    for key, names in (("left_out", mapping.left_out), ("not_personal", mapping.not_personal)):
        if both := sorted({one.column for one in mapping.vaulted} & names):
            listed = ", ".join(both)
            raise place.refused(
                f"{listed} stands under personal.vaulted and under personal.{key}; keep one",
                f"{listed} 同时写在 personal.vaulted 与 personal.{key}；请只留一处",
            )
    if not mapping.vaulted:
        return
    for source in mapping.sources:
        tables = _saying_whose(source)
        other = next((table for table in tables if table.columns["borrower_id"] != tables[0].columns["borrower_id"]), None)
        if other is not None:
            raise place.within(source=source.name, table=other.table, column="borrower_id").refused(
                f"it is taken otherwise than in {tables[0].table}, so nobody knows whose the columns under personal.vaulted are; "
                "take it alike in both, or make two sources of the file",
                f"此处的取法与 {tables[0].table} 不同，无法确定 personal.vaulted 各列属于谁；请两处取法一致，或把该文件写成两个来源",
            )
    if not any(map(whose, mapping.sources)):
        raise place.refused(
            f"personal.vaulted names {', '.join(one.column for one in mapping.vaulted)}, but no source gives a borrower_id, so nobody knows whose they "
            "are; map borrower_id in a table of the source that holds them (borrowers, loans, …), or name them under left_out",
            f"personal.vaulted 写了 {'、'.join(one.column for one in mapping.vaulted)}，但没有来源给出 borrower_id，无法确定属于谁；"
            "请在含有这些列的来源中为某张表（borrowers、loans 等）映射 borrower_id，或写入 left_out",
        )


def refuse_vaulted_elsewhere(mapping: Mapping, name: str, place: Place) -> None:
    """Raises Refused where a table would take the column as it is; hashed it may."""
    if name in {one.column for one in mapping.vaulted} and name not in mapping.hashed:
        raise place.refused(
            f"the source column {name!r} stands under personal.vaulted, so its cells may enter nothing but the vault; take another column here, or "
            "name it under personal.hashed too, where it feeds text",
            f"来源列 {name!r} 写在 personal.vaulted 中，其单元格只能进入保险库；此处请改用别的列；若用作文本，也可同时写入 personal.hashed",
        )


def whose(source_map: SourceMap) -> TableMap | None:
    """The table of the source whose borrower_id says whose the vaulted cells of a record are; None where no table has one."""
    return next(iter(_saying_whose(source_map)), None)


def _saying_whose(source_map: SourceMap) -> list[TableMap]:
    tables = [table for table in source_map.tables if "borrower_id" in table.columns]
    return sorted(tables, key=lambda table: _FIRST.index(table.table) if table.table in _FIRST else len(_FIRST))


def vaulted_in(source_map: SourceMap, mapping: Mapping, columns: list[str]) -> list[Vaulted]:
    """What goes to the vault from a source with these columns: nothing where no table of it gives a borrower_id."""
    return [one for one in mapping.vaulted if one.column in columns] if whose(source_map) is not None else []


def only_vaulted(source_map: SourceMap, mapping: Mapping, columns: list[str]) -> list[str]:
    """The source columns that are read for the vault alone, in the order written."""
    taken = set(source_map.taken())
    return [one.column for one in vaulted_in(source_map, mapping, columns) if one.column not in taken]


def absent_in(source_map: SourceMap, mapping: Mapping, columns: list[str]) -> set[str] | None:
    """The vaulted columns that a source with these columns lacks; None where it could not say whose they are."""
    return {one.column for one in mapping.vaulted} - set(columns) if whose(source_map) is not None else None


def in_no_file(absent: Iterable[set[str] | None]) -> list[str]:
    """The vaulted columns that every source lacks which could say whose they are; none where no such source was given."""
    told = [one for one in absent if one is not None]
    return sorted(set.intersection(*told)) if told else []


def people_in(cells: pl.DataFrame, borrowers: pl.DataFrame, vaulted: list[Vaulted], mapping: Mapping) -> tuple[list[tuple[str, int, pl.DataFrame]], dict]:
    """What the vaulted cells of a batch say, for each relation and number; and how many cells of each column were of no use, by rule.

    Cells are cleaned as texts are. Each frame has record (its place in the batch), borrower_id and a column for each kind, phone a
    list; a row for each record that says something. `borrowers` has record and borrower_id, perhaps repeated.
    """
    unusable: dict[str, dict[str, int]] = {}
    of_party: dict[tuple[str, int], dict[str, list[pl.Series]]] = {}
    for one in vaulted:
        read = read_texts(cells[one.column], ColumnMap("vaulted", "column"), mapping)
        texts = read.values
        if one.column in mapping.hashed and texts.str.contains(f"^{MARKER}$").any():
            texts = texts.set(texts.str.contains(f"^{MARKER}$").fill_null(False), None)  # a record that came back with its pseudonym
        for rule, count in read.flaws["rule"].value_counts().iter_rows():
            unusable.setdefault(one.column, {})[rule] = count
        of_party.setdefault((one.relation, one.number), {}).setdefault(one.kind, []).append(texts)
    ids = pl.int_range(len(cells), dtype=pl.UInt32, eager=True).alias("record").to_frame().join(
        borrowers.unique("record", keep="first"), on="record", how="left", maintain_order="left")
    found = []
    for (relation, number), kinds in of_party.items():
        said = {kind: _joined(texts) if kind in _SEVERAL else texts[0] for kind, texts in kinds.items()}
        frame = ids.with_columns(values.alias(kind) for kind, values in said.items())
        says = pl.any_horizontal(pl.col(kind).is_not_null() for kind in said)
        found.append((relation, number, frame.filter(pl.col("borrower_id").is_not_null() & says)))
    return found, unusable


def _joined(texts: list[pl.Series]) -> pl.Series:
    """The texts of each row as a list, each once; null where there is none."""
    rows = pl.DataFrame([one.alias(str(place)) for place, one in enumerate(texts)])
    listed = rows.select(listed=pl.concat_list(pl.all()).list.drop_nulls().list.unique(maintain_order=True))
    return listed.select(pl.when(pl.col("listed").list.len() > 0).then("listed")).to_series()
