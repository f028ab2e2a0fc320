"""The rows of a book, from its plain files or its loads, checked and laid out as partitions.

Nothing is judged here but what no moment can mend: a file that cannot be read, a column that is missing or of
another type. Rows are kept with the span in which they are visible; what is wrong with a row is judged on the
rows that are visible when they are read (see judge.py). Source: spec positions, Inputs.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from arrears import store
from arrears.ingest.organise import is_keyed_across, organise
from arrears.locks import locked
from arrears.refusal import DiskFull, Refused
from arrears.stable_hash import hashes
from arrears.store import Book, Ledger, Manifest
from arrears.tables import FACTS
from arrears.tables.table import MOMENT, Table
from arrears.tables.visible import ALWAYS, FOREVER


def bring_in(book: Book, report=lambda text: None, ledger: Ledger | None = None) -> Manifest:
    """The store holds what the plain files say now, or the loads in force, or those of a `ledger` as it stood before.

    Raises Refused, and changes nothing, where they cannot be read. Files that were stored already are not read again: they are
    known by size and times, and where those differ by their digest.
    """
    known, ledger = store.read_manifest(book), ledger or store.read_ledger(book)
    present, marks = _present(book, ledger)
    if not present and known is not None and not ledger.loads:
        return known
    _demand_files(book, present, ledger)
    if known is not None and {n: {**s, "sha256": None} for n, s in known.sources.items()} == marks:
        if _left_by_a_kill(book, known):
            with suppress(Refused), locked(book, "store", alone=True):
                _sweep(book)
        return known
    with locked(book, "store", alone=True):
        known = store.read_manifest(book)
        report("reading the book")
        store.verify_load_files(book, ledger)
        _demand_loans(book, list(present["loans"]))
        digests = {name: _digest(marks[name], list(files)) for name, files in present.items()}
        sources = {name: {**marks[name], "sha256": digests[name]} for name in present}
        if known is not None and digests == {name: source["sha256"] for name, source in known.sources.items()}:
            manifest = Manifest(known.snapshot, known.partitions, sources, known.conflicts, known.orphans)
        else:
            manifest = _lay_out(book, present, sources, report)
            _demand_unchanged(present, marks)
        store.write_manifest(book, manifest)
        _sweep(book)
    return manifest


def _present(book: Book, ledger: Ledger) -> tuple[dict[str, dict[Path, int]], dict[str, dict]]:
    """For each table of the book the files that hold its rows, each with the moment from which rows count that bear none; and
    the marks by which the files are known again.

    A book is kept by plain files or by loads. A load never changes, so the loads in force are their own mark; a plain
    file is known by its size and times.
    """
    plain = {table.name: {book.plain(table.name): ALWAYS} for table in FACTS.values() if book.plain(table.name).is_file()}
    if not ledger.loads:
        return plain, {name: _mark(book.plain(name)) for name in plain}
    if plain:
        raise Refused(
            f"{book.root}: it holds loads (loads/ledger.json) and also {next(iter(plain))}.parquet, so nobody can say which "
            "of them is the book; move the plain files elsewhere, or ingest them",
            f"{book.root}：既有装载（loads/ledger.json）又有 {next(iter(plain))}.parquet，无法判断以哪个为准；请移走普通文件，或用 arrears ingest 装入",
        )
    files = store.load_files(book, ledger)
    marks = {
        name: {"loads": [[load["id"], store.counts_from(load), *sorted(load["tables"].get(name, {}).get("files", {}).values())]
                         for load in ledger.in_force()],
               "sha256": None}
        for name in files
    }
    return files, marks


def _left_by_a_kill(book: Book, manifest: Manifest) -> list[Path]:
    """Folders of the store that the manifest does not name: earlier snapshots, and layings-out that were killed."""
    return [folder for folder in book.store.iterdir() if folder.is_dir() and folder.name != manifest.snapshot]


def _sweep(book: Book) -> None:
    """Only what the manifest names is left; to be called with the store's lock held alone."""
    for folder in _left_by_a_kill(book, store.read_manifest(book)):
        store.remove_folder(folder)


@contextmanager
def brought_in(book: Book, report=lambda text: None, ledger: Ledger | None = None) -> Iterator[Manifest]:
    """The book brought in, and held so that nobody lays it out anew while it is read."""
    bring_in(book, report, ledger)
    with locked(book, "store", alone=False):
        manifest = store.read_manifest(book)
        if manifest is None:
            raise Refused(f"{book.store}: it was removed while it was read; run again", f"{book.store}：读取期间被删除；请重试")
        yield manifest


def schema_of(path: Path) -> pl.Schema:
    """The columns of a Parquet file; raises Refused where the file cannot be read as one."""
    try:
        return pl.scan_parquet(path, glob=False).collect_schema()
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise Refused(
            f"{path}: not readable as Parquet ({str(problem).splitlines()[0]}); the file is truncated or of another "
            "kind: write it anew",
            f"{path}：无法按 Parquet 读取，文件被截断或不是 Parquet；请重新生成",
        ) from None


def typed(table: Table, path: Path, since: int) -> pl.LazyFrame:
    """The file's rows with exactly the table's columns and types; those that bear no recorded_at count from the moment `since`.

    Raises Refused naming file and column.
    """
    schema = schema_of(path)
    columns = []
    for column in table.columns:
        if column.name not in schema:
            if not column.optional:
                raise Refused(
                    f"{path.name}: the column {column.name} is missing ({column.meaning}); it has "
                    f"{', '.join(schema.names()) or 'no column at all'}",
                    f"{path.name}：缺少列 {column.name}；现有列：{'、'.join(schema.names()) or '无'}",
                )
            missing = pl.lit(since, pl.Int64) if column.name == "recorded_at" else pl.lit(None, column.dtype)
            columns.append(missing.alias(column.name))
        elif not _fits(schema[column.name], column.dtype):
            raise Refused(
                f"{path.name}: the column {column.name} is {schema[column.name]}, not {_wanted(column.dtype)} "
                f"({column.unit}); convert it in the file",
                f"{path.name}：列 {column.name} 的类型是 {schema[column.name]}，应为 {_wanted(column.dtype)}；请在文件中转换",
            )
        else:
            columns.append(_cast(column.name, schema[column.name], column.dtype, since))
    return pl.scan_parquet(path, glob=False).select(columns)


def _fits(found: pl.DataType, wanted: pl.DataType) -> bool:
    if found == pl.Null:
        return True
    if wanted == pl.String:
        return found in (pl.String, pl.Categorical, pl.Enum)
    if wanted.is_integer():
        return found.is_integer()
    if wanted == MOMENT:
        return isinstance(found, pl.Datetime)
    return found == wanted


def _wanted(wanted: pl.DataType) -> str:
    names = {pl.String: "text", pl.Int64: "an integer", pl.Date: "a Date32", pl.Boolean: "a boolean"}
    return names.get(type(wanted), "a timestamp in UTC")


def _cast(name: str, found: pl.DataType, wanted: pl.DataType, since: int) -> pl.Expr:
    value = pl.col(name)
    if isinstance(found, pl.Datetime) and name != "recorded_at":
        aware = value if found.time_zone else value.dt.replace_time_zone("UTC")
        return aware.dt.convert_time_zone("UTC").dt.cast_time_unit("us").alias(name)
    if isinstance(found, pl.Datetime):
        # A moment without a zone is read as UTC, as the specification names the column; a nanosecond that does
        # not divide counts as the next microsecond, so that a row is never visible before it was recorded.
        ticks = value.dt.epoch("ns") if found.time_unit == "ns" else value.dt.epoch("us")
        whole = -((-ticks) // 1000) if found.time_unit == "ns" else ticks
        return whole.fill_null(since).alias(name)
    if name == "recorded_at":
        return pl.lit(since, pl.Int64).alias(name)
    if found == pl.UInt64:
        # What passes 64 bits with a sign becomes the largest number that does not; it is beyond every bound, and the
        # row is refused by its column's rule.
        most = pl.lit(2**63 - 1, pl.UInt64)
        value = pl.when(value > most).then(most).otherwise(value).alias(name)
    return value.cast(wanted, strict=True)


def _demand_files(book: Book, present: dict[str, dict[Path, int]], ledger: Ledger) -> None:
    if ledger.loads:
        if "loans" not in present:
            count = sum(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item() for path in present.get("unscheduled", []))
            en, zh = (f"; its {count:,} debts without a schedule have no due date", f"；其中 {count:,} 笔无还款计划的债务没有到期日") if count else ("", "")
            raise Refused(
                f"{book.root}: none of the loads in force brought loans, so there is nothing that can be positioned{en}; "
                "ingest the loans and their instalments (arrears book shows what is there)",
                f"{book.root}：有效的装载中没有任何贷款，无法计算逾期{zh}；请用 arrears ingest 装入贷款及其分期（arrears book 可查看现有内容）",
            )
        return
    missing = [table.name for table in FACTS.values() if not table.optional and table.name not in present]
    if missing:
        raise Refused(
            f"{book.root}: the file {missing[0]}.parquet is missing; a book needs loans, instalments and payments "
            "(payments may have no rows); other files come in with arrears ingest",
            f"{book.root}：缺少文件 {missing[0]}.parquet；账册须有 loans、instalments、payments 三个文件（payments 可以没有行）；其他文件请用 arrears ingest 装入",
        )


def _demand_loans(book: Book, files: list[Path]) -> None:
    for path in files:
        schema_of(path)
    if sum(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item() for path in files) == 0:
        raise Refused(
            f"{files[0]}: the book is empty: {files[0].name} has no rows; write the loans into it",
            f"{files[0]}：账册为空：{files[0].name} 没有任何行；请写入贷款",
        )


def _demand_unchanged(present: dict[str, dict[Path, int]], marks: dict[str, dict]) -> None:
    for name, (path, *_) in present.items():
        if "loads" not in marks[name] and (not path.is_file() or _mark(path) != marks[name]):
            raise Refused(
                f"{path}: it changed while it was read; nothing was changed in the store, run again when it is written",
                f"{path}：读取期间文件发生变化；存储未作任何更改，请待其写完后重试",
            )


def _mark(path: Path) -> dict:
    status = path.stat()
    return {"bytes": status.st_size, "modified_ns": status.st_mtime_ns, "changed_ns": status.st_ctime_ns,
            "inode": status.st_ino, "sha256": None}


def _digest(mark: dict, files: list[Path]) -> str:
    if "loads" in mark:
        return sha256("".join(f"{since}{digest}" for _, since, *digests in mark["loads"] for digest in digests).encode()).hexdigest()
    return store.digest_of_file(files[0])


def _lay_out(book: Book, present: dict[str, dict[Path, int]], sources: dict, report) -> Manifest:
    """The rows, partition by partition, under a folder named after what was read."""
    named = sha256("".join(f"{name}{sources[name]['sha256']}" for name in sorted(sources)).encode()).hexdigest()[:16]
    rows = {name: pl.concat([typed(FACTS[name], path, since) for path, since in files.items()]) for name, files in present.items()}
    if (book.store / named).exists():
        store.remove_folder(book.store / named)
    with store.passing_folder(book.store, ".unfinished-") as unfinished:
        try:
            manifest = _scatter_and_organise(unfinished, rows, named, sources, report)
        except (pl.exceptions.PolarsError, OSError) as problem:
            raise _explained(problem, book, present) from problem
        store.publish_folder(unfinished / "parts", book.store / named)
    return manifest


def _scatter_and_organise(unfinished: Path, rows: dict[str, pl.LazyFrame], named: str, sources: dict, report) -> Manifest:
    places = _places(rows["loans"])
    count = (places["part"].max() or 0) + 1 if len(places) else 1
    report(f"sorting into {count} partitions")
    replaced = {name: _replaced(name, frame) for name, frame in rows.items()}
    orphans = {}
    for name, frame in rows.items():
        _scatter(unfinished / "raw" / name, name, frame, places)
    names = store.partition_names(count)

    def one(number: int) -> dict:
        raw = {name: _raw(unfinished, name, number) for name in rows}
        return organise(raw, replaced, lambda table, frame: store.write_parquet(
            unfinished / "parts" / table / f"{names[number]}.parquet", frame))

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(one, range(count)))
    for name in rows:
        lost = _raw(unfinished, name, -1)
        if lost is not None:
            orphans[name] = len(lost)
            spans = _with_spans(lost, FACTS[name], replaced[name])
            store.write_parquet(unfinished / "parts" / name / "orphans.parquet", spans)
    (unfinished / "parts").mkdir(exist_ok=True)
    conflicts = [conflict for part in made for conflict in part.pop("conflicts")]
    conflicts += [c for name, r in replaced.items() if r is not None for c in r[1]]
    return Manifest(named, dict(zip(names, made, strict=True)), sources, conflicts, orphans)


def _scatter(folder: Path, name: str, rows: pl.LazyFrame, places: pl.DataFrame) -> None:
    """The rows of one table, a folder of passing files per partition; those of no loan under part -1.

    A table of borrowers lies where the borrower's loans lie, borrowers without loans and tables of neither in part 0.
    A row of a loan is known by the loan's row number from here on, so its loan_id is kept only where there is none.
    """
    table = FACTS[name]
    if name != "loans" and table.lies_by is None:
        scattered = rows.with_columns(part=pl.lit(0, pl.Int32))
    elif name != "loans" and table.lies_by == "borrower_id":
        to = places.lazy().select("borrower_id", "part").unique()
        scattered = rows.join(to, on="borrower_id", how="left", maintain_order="none").with_columns(pl.col("part").fill_null(0))
    else:
        to = places.lazy().drop("borrower_id")
        scattered = rows.join(to, on="loan_id", how="left", maintain_order="none").with_columns(pl.col("part").fill_null(-1))
        if name != "loans":
            scattered = scattered.with_columns(pl.when(pl.col("part") == -1).then(pl.col("loan_id")).alias("loan_id"))
    folder.mkdir(parents=True)
    scattered.sink_ipc(pl.PartitionBy(folder, key="part", include_key=False), mkdir=True, compression="uncompressed")


def _places(loans: pl.LazyFrame) -> pl.DataFrame:
    """Each loan's partition and its row number there, in the order of loan_id: loan_id, borrower_id, part, loan.

    A loan lies where its borrower lies. Borrowers that ever shared a loan (a later row may name another) lie where the
    first of them by id lies, so that one person's debts and holds lie together at every moment.
    """
    ids = loans.select("loan_id", "borrower_id", "recorded_at").drop_nulls("loan_id").collect(engine="streaming")
    ids = ids.sort("loan_id", "recorded_at", "borrower_id")
    lies_with = _together(ids)
    ids = ids.unique("loan_id", keep="last", maintain_order=True) if ids["loan_id"].n_unique() < len(ids) else ids
    count = 1
    while count * store.LOANS_A_PARTITION < len(ids):
        count *= 2
    by = ids["borrower_id"].replace(lies_with) if lies_with else ids["borrower_id"]
    part = pl.Series("part", hashes(by) % count).cast(pl.Int32)
    return ids.select("loan_id", "borrower_id").with_columns(part).with_columns(
        loan=pl.int_range(pl.len(), dtype=pl.Int32).over("part")
    )


def _together(rows: pl.DataFrame) -> dict[str, str]:
    """For each borrower that ever shared a loan with another: the first, by id, of all that hang together so."""
    shared = rows.drop_nulls().filter(
        (pl.col("loan_id") == pl.col("loan_id").shift(1)) & (pl.col("borrower_id") != pl.col("borrower_id").shift(1))
    )["loan_id"]
    first: dict[str, str] = {}

    def of(borrower: str) -> str:
        while first.get(borrower, borrower) != borrower:
            borrower = first[borrower]
        return borrower

    if len(shared):
        groups = rows.drop_nulls().filter(pl.col("loan_id").is_in(shared.implode())).group_by("loan_id", maintain_order=True)
        for _, group in groups:
            roots = sorted({of(borrower) for borrower in group["borrower_id"]})
            first.update(dict.fromkeys(roots, roots[0]))
            first.update({borrower: of(borrower) for borrower in group["borrower_id"]})
    return {borrower: of(borrower) for borrower in first}


def _raw(unfinished: Path, name: str, number: int) -> pl.DataFrame | None:
    files = sorted((unfinished / "raw" / name / f"part={number}").glob("*.ipc"))
    return pl.scan_ipc(files, glob=False).collect().rechunk() if files else None


def _replaced(name: str, rows: pl.LazyFrame) -> tuple[pl.DataFrame, list[dict]] | None:
    """The rows of keys that stand more than once in a table whose key does not name the loan.

    A payment may be booked to another loan by a later row, in another partition; so this looks at the whole table:
    (key, recorded_at, superseded_at) for each of their moments, and the conflicts: two different rows of one moment.
    A key that only stands in equal rows is among them, so that its partition drops the equal ones.
    """
    table = FACTS[name]
    if not is_keyed_across(table):
        return None
    group = list(table.replaced_by)
    hashed = pl.col(group[0]).hash() if len(group) == 1 else pl.struct(group).hash()
    seen = rows.select(hashed.alias("key")).collect(engine="streaming")["key"].sort()
    twice = seen.filter(seen == seen.shift(-1)).unique()
    if twice.is_empty():
        return None
    again = rows.filter(hashed.is_in(twice.implode())).collect(engine="streaming").unique()
    again = again.drop_nulls(group)
    moments = again.select(*group, "recorded_at").unique().sort(*group, "recorded_at").with_columns(
        superseded_at=pl.col("recorded_at").shift(-1).over(group).fill_null(FOREVER)
    )
    both = again.group_by(*table.key, "recorded_at").len().filter(pl.col("len") > 1)
    both = both.join(moments, on=[*group, "recorded_at"])
    conflicts = [
        {"table": name, "key": "/".join(str(row[column]) for column in table.key), "recorded_at": row["recorded_at"],
         "superseded_at": row["superseded_at"]}
        for row in both.sort(*table.key, "recorded_at").iter_rows(named=True)
    ]
    return moments, conflicts


def _with_spans(rows: pl.DataFrame, table: Table, replaced) -> pl.DataFrame:
    """Rows of no loan, with the span in which each is visible."""
    if replaced is None:
        return rows.with_columns(superseded_at=pl.lit(FOREVER, pl.Int64))
    return rows.join(replaced[0], on=[*table.replaced_by, "recorded_at"], how="left").with_columns(
        pl.col("superseded_at").fill_null(FOREVER)
    )


def _explained(problem: Exception, book: Book, present: dict[str, list[Path]]) -> Exception:
    text = str(problem).splitlines()[0]
    if store.is_full(book.store / "manifest.json", problem):
        return DiskFull(
            f"{book.store}: the disk is full; nothing was changed, free some space and run again",
            f"{book.store}：磁盘已满；未作任何更改，请腾出空间后重试",
        )
    if isinstance(problem, OSError):
        return problem
    where = next((path for files in present.values() for path in files if not _readable_to_its_end(path)), book.root)
    return Refused(
        f"{where}: cannot be read to its end ({text}); the file is damaged: write it anew",
        f"{where}：无法完整读取（{text}）；文件已损坏，请重新生成",
    )


def _readable_to_its_end(path: Path) -> bool:
    try:
        for _ in pq.ParquetFile(path).iter_batches():
            pass
    except (pa.ArrowException, OSError):
        return False
    return True
