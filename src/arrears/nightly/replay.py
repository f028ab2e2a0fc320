"""Replay: a finished night done once more from what it kept, and compared byte by byte."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from arrears import __version__, store
from arrears.ingest.known_then import loads_to_restore
from arrears.ingest.plain import brought_in
from arrears.locks import locked
from arrears.nightly.inputs import Inputs, inputs_from
from arrears.nightly.night import sweep_replays, write_night
from arrears.nightly.night_record import RECORD, faults_of, is_of_the_record, read_night_record
from arrears.refusal import Refused
from arrears.store import Book


@dataclass(frozen=True)
class Replayed:
    """How many files were compared, and the first difference (None: the same bytes)."""

    files: int
    difference: str | None
    difference_zh: str | None
    inputs: Inputs


def replay(book: Book, as_of: date, report: Callable = lambda *_: None) -> Replayed:
    """The night once more, from the rows known then, by the law and strategy it kept; nothing of it is changed.

    Where the loads in force now no longer give those rows, the loads of then are laid out in a passing store.
    Raises Refused where there is no such night.
    """
    final = book.night(as_of)
    try:
        inputs = inputs_from(json.loads((final / "run.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        dates = [night.isoformat() for night in book.night_dates()]
        raise Refused(
            f"{final}: there is no finished night of that date; there are {', '.join(dates) or 'none'}",
            f"{final}：没有该日期的夜批；已有：{'、'.join(dates) or '无'}",
        ) from None
    except (ValueError, KeyError, TypeError):
        raise Refused(
            f"{final / 'run.json'}: not readable, so nobody can say what this night was done on; it cannot be replayed",
            f"{final / 'run.json'}：无法读取，无从得知该夜批的输入，不能重放",
        ) from None
    with locked(book, "night", alone=True):
        sweep_replays(book)
        with store.passing_folder(book.nights, ".replay-") as folder:
            again, restored = folder / "night", loads_to_restore(book, inputs.loads, inputs.known_at)
            laid_out = book if restored is None else Book(book.root, folder / "store")
            with brought_in(laid_out, lambda text: report(text, 0, 0), restored) as manifest:
                store.write_bytes(again / "run.json", store.json_bytes(inputs.record()))
                write_night(laid_out, manifest, inputs, again, report, recorded=False)
                are_others = not inputs.loads and manifest.snapshot != inputs.snapshot
                found = _compared(final, again, inputs, are_others)
                return found if found.difference is not None else _with_record(found, final)


def _compared(then: Path, now: Path, inputs: Inputs, are_others: bool) -> Replayed:
    """The two nights file by file; `are_others` where the book is kept by plain files that are not those of then."""
    names = sorted({str(path.relative_to(folder)) for folder in (then, now) for path in folder.rglob("*") if path.is_file() and not is_of_the_record(path.relative_to(folder))})
    found = {folder: _split_otherwise(then, now, folder) for folder in _IN_PARTITIONS}
    for name in names:
        one, other = then / name, now / name
        if found.get(one.parent.name) is not None:
            en, zh = found[one.parent.name]
            name = one.parent.name
        elif not one.is_file() or not other.is_file():
            en, zh = ("there only now", "当时没有，现在有") if not one.is_file() else ("there only then", "当时有，现在没有")
        elif one.read_bytes() != other.read_bytes():
            tables = name.endswith(".parquet")
            en, zh = _difference(*map(store.read_columns, (one, other))) if tables else _text_difference(one, other)
        else:
            continue
        if en is None:
            continue
        if inputs.version != __version__:
            en += f" (that night was run by version {inputs.version}, this is {__version__})"
        if are_others:
            en += " (the plain files are not those of that night: a row it saw was changed or removed, or one was added under an earlier recorded_at)"
            zh += "（普通文件已不是该夜批当时的文件：它用到的行被更改或删除，或新增的行 recorded_at 早于该夜批）"
        return Replayed(len(names), f"{name}: {en}", f"{name}:{zh}", inputs)
    return Replayed(len(names), None, None, inputs)


def _with_record(found: Replayed, final: Path) -> Replayed:
    """The night's record is not done again, for it rests on secrets that may be destroyed since; that every file is as it says is seen without them."""
    record = read_night_record(final)
    faults = [] if record is None else faults_of(record)
    if not faults:
        return found
    name, en, zh = faults[0]
    return replace(found, difference=f"{name}: it {en} ({RECORD} says so)", difference_zh=f"{name}：{zh}（据 {RECORD}）")


_IN_PARTITIONS = {"positions": ["loan_id"], "scores": ["model", "loan_id"], "decisions": ["loan_id"]}
"""What a night leaves partition by partition, and in which order its rows are compared where they lie in others than then."""


def _parts(night: Path, folder: str) -> list[Path]:
    return sorted((night / folder).glob("p*.parquet"))


def _split_otherwise(then: Path, now: Path, folder: str) -> tuple[str | None, str | None] | None:
    """The first difference of all rows of the folder together, where loans lie in other partitions than then: the book has grown into more
    (or fewer), or borrowers were corrected since. None where each loan lies where it lay.
    """
    parts = _parts(then, folder), _parts(now, folder)
    if not all(parts) or len(parts[0]) == len(parts[1]) and all(_lie_alike(one, other) for one, other in zip(*parts, strict=True)):
        return None
    one, other = (pl.concat(map(store.read_columns, of_night)).sort(_IN_PARTITIONS[folder]) for of_night in parts)
    return (None, None) if one.equals(other) else _difference(one, other)


def _lie_alike(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes() or store.read_columns(one, ["loan_id"]).equals(store.read_columns(other, ["loan_id"]))


def _difference(one: pl.DataFrame, other: pl.DataFrame) -> tuple[str, str]:
    """The first row and column in which two tables differ, the one of then and the other of now."""
    if one.columns != other.columns:
        return f"columns {one.columns} then, {other.columns} now", f"列：当时 {one.columns}，现在 {other.columns}"
    for row in range(min(len(one), len(other))):
        if one.row(row) != other.row(row):
            left, right = one.row(row, named=True), other.row(row, named=True)
            column = next(name for name in left if left[name] != right[name])
            key = next(iter(left.values()))
            return (
                f"row {row + 1} ({key}), {column}: {left[column]} then, {right[column]} now",
                f"第 {row + 1} 行（{key}）列 {column}：当时 {left[column]}，现在 {right[column]}",
            )
    if len(one) != len(other):
        return f"{len(one)} rows then, {len(other)} now", f"当时 {len(one)} 行，现在 {len(other)} 行"
    return "the same rows in other bytes; a library was changed since", "内容相同但字节不同；其间更换过软件库"


def _text_difference(then: Path, now: Path) -> tuple[str, str]:
    lines = then.read_text("utf-8").splitlines(), now.read_text("utf-8").splitlines()
    for place, (one, other) in enumerate(zip(*lines, strict=False), start=1):
        if one != other:
            return (f"line {place}: {one.strip()[:120]!r} then, {other.strip()[:120]!r} now",
                    f"第 {place} 行：当时 {one.strip()[:120]!r}，现在 {other.strip()[:120]!r}")
    return f"{len(lines[0])} lines then, {len(lines[1])} now", f"当时 {len(lines[0])} 行，现在 {len(lines[1])} 行"


