"""A finished night as the work plane reads it: who is on the worklist, what everybody owes, who has whose case; checked before a row of it is used.

Read are BOOK/nights/D (run.json, summary.json, worklist, decisions, positions, scores, cases, assigned), the latest BOOK/allocation/D, and of the book's store the loans,
payments and guarantors as they were known when the night was done. Everything comes in pieces, so memory does not grow with the book, ids of the wanted people aside.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from arrears import store
from arrears.allocation.roster import Roster
from arrears.allocation.roster_reading import roster_from
from arrears.days import microseconds_of
from arrears.law.lender import Lender, lender_from
from arrears.refusal import Refused
from arrears.store import Book, Manifest
from arrears.tables import FACTS
from arrears.tables.visible import is_visible

ROWS_A_PIECE = 50_000
_WORKLIST = ("rank", "borrower_id", "loan_id", "bucket", "days_past_due", "currency", "claimable_minor", "treatment", "channel", "held_by")
_SCORES = ("loan_id", "borrower_id", "model", "estimate", "low", "high", "points", "reasons")
_HOLDERS = ("borrower_id", "held_by", "held_since", "before", "left_why")


@dataclass(frozen=True)
class PeopleFile:
    """One sealed file of people. recorded_at: microseconds, when its load came into force; 0 of the file beside plain files, which is older than anything done about it."""

    path: Path
    digest: str
    recorded_at: int


@dataclass(frozen=True)
class Night:
    """A finished night, and what of its book goes with it. holders: the file that says who has whose case since, None where the book has no roster.

    known_at: microseconds, up to which rows of the book count. people: oldest first. law: the files of the law and of the lender's own rules that the night was decided by, as run.json
    kept them; lender_text: its lender.yaml. digest: of everything that is taken in; equal digests, equal content.
    """

    book: Book
    as_of: date
    known_at: int
    folder: Path
    holders: Path | None
    lender: Lender
    roster: Roster
    roster_then: Roster
    people: tuple[PeopleFile, ...]
    manifest: Manifest
    worklist_digest: str
    digest: str
    law: dict[str, str] = field(default_factory=dict, repr=False)
    lender_text: str = field(default="", repr=False)


def night_of(book: Book, as_of: date) -> Night:
    """The night of the date, checked. Raises Refused where it is not there, not finished, damaged, of another lender than lender.yaml says, or of a book that was changed since."""
    folder = book.night(as_of)
    if not folder.is_dir():
        raise _no_night(book, as_of)
    run = _json(folder / "run.json", as_of)
    lender, then = lender_from(store.lender_text(book)), lender_from(run.get("lender", ""))
    if not lender.is_known:
        raise Refused(f"{book.root}: there is no lender.yaml beside the book, so nobody can say whose cases these are; write one: id, name, law, licence, products (docs/guides/law.md)",
                      f"{book.root}：账册旁没有 lender.yaml，无法确定案件属于哪家机构；请写明 id、name、law、licence、products（docs/guides/law.md）")
    if then.id != lender.id:
        raise Refused(f"{folder}: the night was done for the lender {then.id}, lender.yaml now says {lender.id}; run the night again with --again, or restore lender.yaml",
                      f"{folder}：该夜批属于机构 {then.id}，而 lender.yaml 现为 {lender.id}；请加 --again 重做夜批，或恢复 lender.yaml")
    manifest = store.read_manifest(book)
    if manifest is None:
        raise Refused(f"{book.store}: the book is not laid out, so the night's loans cannot be read; run: arrears night --book {book.root} --as-of {as_of} (a finished night is not done again)",
                      f"{book.store}：账册尚未整理，无法读取该夜批的贷款；请运行：arrears night --book {book.root} --as-of {as_of}（已完成的夜批不会重做）")
    holders, roster_then = _holders(book, as_of, run)
    people = _people(book)
    digests = [store.digest_of_file(path) for path in (folder / "run.json", _there(folder / "worklist.parquet", as_of), *([holders] if holders else []))]
    roster = store.roster_text(book)
    told = [as_of.isoformat(), lender.text, roster, *digests, *(one.digest for one in people)]
    return Night(book, as_of, microseconds_of(datetime.fromisoformat(run["known_at"])), folder, holders, lender, roster_from(roster), roster_from(roster_then), people,
                 manifest, digests[1], sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest(), _law(run), run.get("lender", ""))


def worklist(night: Night) -> Iterator[pl.DataFrame]:
    """The worklist in pieces, by rank, all columns. Raises Refused where it is damaged."""
    yield from _pieces(night.folder / "worklist.parquet", _WORKLIST, night.as_of)


def demand_worklist(night: Night) -> pl.Series:
    """The borrower ids of the worklist, each once. Raises Refused where it does not say the same as the night's decisions and summary do: it was changed or damaged."""
    path, summary = night.folder / "worklist.parquet", _json(night.folder / "summary.json", night.as_of)
    entry = pl.concat([piece.select("borrower_id", "currency", "claimable_minor", "treatment", "held_by") for piece in worklist(night)] or [pl.DataFrame()])
    if entry.height != summary.get("worklist_rows"):
        raise _damaged(path, night.as_of)
    if entry.is_empty():
        return pl.Series("borrower_id", [], pl.String)
    if entry.select("borrower_id", "currency").is_duplicated().any():
        raise _damaged(path, night.as_of)
    decided = pl.concat([_rows(one, ("borrower_id", "currency", "claimable_minor", "treatment", "held_by"), night.as_of)
                         .group_by("borrower_id", "currency").agg(pl.col("claimable_minor").sum(), pl.col("treatment", "held_by").drop_nulls().first())
                         for one in _parts(night, "decisions")])
    beside = entry.join(decided, on=["borrower_id", "currency"], how="left", suffix="_decided")
    if not beside.select((pl.col(name).eq_missing(pl.col(f"{name}_decided"))).all() for name in ("claimable_minor", "treatment", "held_by")).row(0) == (True, True, True):
        raise _damaged(path, night.as_of)
    return entry["borrower_id"].unique(maintain_order=True)


def loans(night: Night, wanted: pl.Series) -> pl.DataFrame:
    """Of these borrowers every loan that the night knew: loan_id, borrower_id, product, currency. Raises Refused where a late loan of the night is not among the book's."""
    found = [_visible(night, name, "loans", ["loan_id", "borrower_id", "product", "currency"]).filter(pl.col("borrower_id").is_in(wanted.implode())) for name in night.manifest.partitions]
    rows = pl.concat(found)
    for part in _parts(night, "decisions"):
        late = _rows(part, ("loan_id", "borrower_id"), night.as_of).filter(pl.col("borrower_id").is_in(wanted.implode()))
        lost = late.join(rows, on=["loan_id", "borrower_id"], how="anti")
        if not lost.is_empty():
            one = lost.sort("loan_id").row(0, named=True)
            raise Refused(f"{night.book.root}: the night of {night.as_of} found the loan {one['loan_id']} of {one['borrower_id']} late, but the book has no such loan now: its files were changed since, "
                          f"or are another book's; run the night again: arrears night --book {night.book.root} --as-of {night.as_of} --again",
                          f"{night.book.root}：{night.as_of} 夜批中逾期的贷款 {one['loan_id']}（{one['borrower_id']}）现不在账册中：文件在此后被更改，或属于另一账册；请加 --again 重做该夜批")
    return rows


def missing_loans(night: Night, known: pl.Series) -> int:
    """How many of these loan ids the book never had."""
    left = known
    for name in night.manifest.partitions:
        left = left.filter(~left.is_in(_stored(night, name, "loans", ["loan_id"])["loan_id"].implode()))
    return len(left)


def positions(night: Night, of: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The positions of these loans (as `loans` gives them) in pieces, each row with its loan's borrower_id, product and currency beside it."""
    for part in _parts(night, "positions"):
        yield from _rows(part, (), night.as_of).join(of, on="loan_id").iter_slices(ROWS_A_PIECE)


def scores(night: Night, wanted: pl.Series) -> Iterator[pl.DataFrame]:
    """What the night's models said of the loans of these borrowers, in pieces: loan_id and scores, a JSON object by model; nothing where no model was released."""
    for path in sorted((night.folder / "scores").glob("p*.parquet")):
        rows = _rows(path, _SCORES, night.as_of).filter(pl.col("borrower_id").is_in(wanted.implode())).sort("loan_id", "model")
        said = pl.struct("estimate", "low", "high", "points", pl.col("reasons").str.split("; "))
        told = rows.select("loan_id", one=pl.concat_str(pl.lit('"'), "model", pl.lit('":'), said.struct.json_encode()))
        yield from told.group_by("loan_id", maintain_order=True).agg(scores=pl.lit("{") + pl.col("one").str.join(",") + pl.lit("}")).iter_slices(ROWS_A_PIECE)


def score_words(night: Night) -> dict[str, dict]:
    """By model what it foretells and of whom, in both languages, its version, whether the event is bad, and its features in words; empty where no model was released."""
    told = _json(night.folder / "summary.json", night.as_of).get("scores") or {}
    kept = ("version", "zh", "en", "who_zh", "who_en", "event_is_bad", "reason_words")
    return {one["model"]: {name: one[name] for name in kept if name in one} for one in told.get("models", ())}


def payments(night: Night, of: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The payments of these loans that the night knew, in pieces: payment_id, loan_id, borrower_id, currency, paid_on, amount_minor, reverses."""
    for name in night.manifest.partitions:
        rows = _of_loans(night, name, "payments", ["payment_id", "paid_on", "amount_minor", "reverses"], of)
        yield from rows.filter(pl.col("paid_on") <= night.as_of).iter_slices(ROWS_A_PIECE)


def guarantors(night: Night, of: pl.DataFrame) -> pl.DataFrame:
    """Who answers for these loans: borrower_id, guarantor_id, each pair once, in order."""
    found = [_of_loans(night, name, "guarantors", ["guarantor_id"], of).select("borrower_id", "guarantor_id") for name, about in night.manifest.partitions.items() if "guarantors" in about["tables"]]
    rows = pl.concat(found) if found else pl.DataFrame(schema={"borrower_id": pl.String, "guarantor_id": pl.String})
    return rows.filter(pl.col("borrower_id") != pl.col("guarantor_id")).unique().sort("borrower_id", "guarantor_id")


def holders(night: Night, wanted: pl.Series) -> pl.DataFrame:
    """Who has whose case since the night: borrower_id, held_by, held_since, before, left_why; no row where the book has no roster."""
    if night.holders is None:
        return pl.DataFrame(schema={"borrower_id": pl.String, "held_by": pl.String, "held_since": pl.Date, "before": pl.String, "left_why": pl.String})
    return _rows(night.holders, _HOLDERS, night.as_of).select(_HOLDERS).filter(pl.col("borrower_id").is_in(wanted.implode()))


def languages(night: Night) -> pl.DataFrame:
    """In which language who asked to be spoken to: borrower_id, language."""
    path = night.folder / "cases.parquet"
    if not path.is_file():
        return pl.DataFrame(schema={"borrower_id": pl.String, "language": pl.String})
    return _rows(path, ("borrower_id", "language"), night.as_of).select("borrower_id", "language").drop_nulls()


def strategy_text(night: Night) -> str | None:
    """The text of the strategy by which the night proposed; None where its run says none. Raises Refused where run.json is damaged."""
    text = _json(night.folder / "run.json", night.as_of).get("strategy")
    return text if isinstance(text, str) and text.strip() else None


def _holders(book: Book, as_of: date, run: dict) -> tuple[Path | None, str]:
    """The file of who has whose case since the night, and the roster by which it was given."""
    files = store.sharings(book, as_of)
    if not files:
        path = book.night(as_of) / "assigned.parquet"
        return (path, run.get("roster", "")) if path.is_file() else (None, run.get("roster", ""))
    record = _json(files[-1].with_suffix(".json"), as_of)
    if record.get("digest") != store.digest_of_file(files[-1]) or record.get("number") != len(files):
        raise _damaged(files[-1], as_of)
    if record.get("rests_on", {}).get("night_run") != store.digest_of_file(book.night(as_of) / "run.json"):
        raise Refused(f"{files[-1]}: cases were shared out after the night of {as_of}, which was then done again, so this rests on a night that is no more; move the folder {files[-1].parent} away",
                      f"{files[-1]}：该次分案之后，{as_of} 夜批又已重做，其依据已不存在；请移走文件夹 {files[-1].parent}")
    return files[-1], record["roster"]


def _law(run: dict) -> dict[str, str]:
    """The files of the law that the night kept; none where it kept none, and then nobody can be told to be contacted."""
    told = run.get("law")
    return {name: text for name, text in told.items() if isinstance(text, str)} if isinstance(told, dict) else {}


def _people(book: Book) -> tuple[PeopleFile, ...]:
    ledger = store.read_ledger(book)
    moments = {book.load_folder(load["id"]): load["moment"] for load in ledger.loads}
    return tuple(PeopleFile(path, store.digest_of_file(path), moments.get(path.parent, 0)) for path in store.people_files(book, ledger))


def _visible(night: Night, partition: str, table: str, columns: list[str]) -> pl.DataFrame:
    """The rows of a stored table that the night knew."""
    return _stored(night, partition, table, [*columns, "recorded_at", "superseded_at"]).filter(is_visible(night.known_at)).select(columns)


def _stored(night: Night, partition: str, table: str, columns: list[str]) -> pl.DataFrame:
    return store.read_columns(store.partition_path(night.book, night.manifest, table, partition), columns)


def _of_loans(night: Night, partition: str, table: str, columns: list[str], of: pl.DataFrame) -> pl.DataFrame:
    """The rows of a table that names loans by their row, with loan_id, borrower_id and currency of those in `of`."""
    if table not in night.manifest.partitions[partition]["tables"]:
        return pl.DataFrame(schema={**{name: FACTS[table].schema[name] for name in columns}, "loan_id": pl.String, "borrower_id": pl.String, "currency": pl.String})
    here = _stored(night, partition, "loans", ["loan", "loan_id"]).unique("loan").join(of.select("loan_id", "borrower_id", "currency"), on="loan_id")
    return _visible(night, partition, table, ["loan", *columns]).join(here, on="loan").drop("loan")


def _parts(night: Night, kind: str) -> list[Path]:
    """The files of a kind, one per partition. Raises Refused where one is missing: their number is a power of two."""
    found = sorted((night.folder / kind).glob("p*.parquet"))
    names = [path.stem for path in found]
    if not names or len(names) & (len(names) - 1) or names != store.partition_names(len(names)):
        raise _damaged(night.folder / kind, night.as_of)
    return found


def _rows(path: Path, columns: tuple[str, ...], as_of: date) -> pl.DataFrame:
    try:
        rows = store.read_columns(path)
    except Refused:
        raise _damaged(path, as_of) from None
    if any(name not in rows.columns for name in columns):
        raise _damaged(path, as_of)
    return rows


def _pieces(path: Path, columns: tuple[str, ...], as_of: date) -> Iterator[pl.DataFrame]:
    try:
        with pq.ParquetFile(path) as file:
            if any(name not in file.schema_arrow.names for name in columns):
                raise _damaged(path, as_of)
            for batch in file.iter_batches(ROWS_A_PIECE):
                yield pl.from_arrow(pa.Table.from_batches([batch]))
    except (pa.ArrowException, OSError):
        raise _damaged(path, as_of) from None


def _json(path: Path, as_of: date) -> dict:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise _damaged(path, as_of) from None
    if not isinstance(found, dict):
        raise _damaged(path, as_of)
    return found


def _there(path: Path, as_of: date) -> Path:
    if not path.is_file():
        raise _damaged(path, as_of)
    return path


def _no_night(book: Book, as_of: date) -> Refused:
    run = f"arrears night --book {book.root} --as-of {as_of}"
    if book.unfinished_night(as_of).is_dir():
        return Refused(f"{book.unfinished_night(as_of)}: the night of {as_of} is not finished, it is running or was stopped; nothing was taken in: let it end, or run: {run}",
                       f"{book.unfinished_night(as_of)}：{as_of} 夜批尚未完成（正在运行或已中断）；未接收任何内容：请待其完成，或运行：{run}")
    done = book.night_dates()
    last = (f"; the last one is {done[-1]}", f"；最近的夜批为 {done[-1]}") if done else ("", "")
    return Refused(f"{book.root}: no night of {as_of} is finished{last[0]}; nothing was taken in: name a finished night with --as-of, or run: {run}",
                   f"{book.root}：没有已完成的 {as_of} 夜批{last[1]}；未接收任何内容：请用 --as-of 指定已完成的夜批，或先运行：{run}")


def _damaged(path: Path, as_of: date) -> Refused:
    return Refused(f"{path}: gone, cut, changed, or written by another version, so nothing was taken in; restore it from a backup of the book, or do the night again: arrears night --as-of {as_of} --again",
                   f"{path}：已不在、被截断、被更改，或由其他版本写成，因此未接收任何内容；请从账册备份恢复，或重做该夜批：arrears night --as-of {as_of} --again")
