"""A load: sources into the book, whole or not at all; what it did is kept with it, so that it can be taken back.

    BOOK/loads/0003/<table>-0000.parquet …   the rows it brought, sorted
    BOOK/loads/0003/load.json            what it read, changed and left out
    BOOK/loads/0003/mapping.yaml         the mapping as it was used
    BOOK/loads/0003/people-0000.sealed       the people its records speak of, for the vault alone, where the mapping names any
    BOOK/loads/0003/records.parquet, quarantine.parquet, resolved.parquet, names.parquet, stands-*.parquet, vanished.parquet
    BOOK/loads/ledger.json               names the loads in force; writing it is the moment a load counts

Killed anywhere before that moment, the book says what it said; what was left lying is swept away by the next load.
"""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from time import monotonic

import duckdb
import polars as pl

from arrears import store
from arrears.days import moment_of
from arrears.ingest import fault_words, pseudonyms
from arrears.ingest.came_back import write_names
from arrears.ingest.control_figures import controls
from arrears.ingest.figures import with_figures
from arrears.ingest.handed_over import WaitingPeople, vault_key_of
from arrears.ingest.mapped import source_columns
from arrears.ingest.mapping import Mapping, check_columns
from arrears.ingest.own_cells import OwnCells
from arrears.ingest.personal import concealed
from arrears.ingest.quarantine import each_once, first_faults, records_by_rule
from arrears.ingest.set_rules import SetRules
from arrears.ingest.sorted_rows import write_rows
from arrears.ingest.sources import sheets_not_read
from arrears.ingest.stage import Staged, stage
from arrears.ingest.standing import write_resolved, write_standing
from arrears.ingest.vaulted import in_no_file
from arrears.locks import locked
from arrears.refusal import Refused
from arrears.store import Book, Ledger
from arrears.tables import FACTS, Table
from arrears.tables.visible import ALWAYS, WHEN_LOADED
from arrears.vault.handover import HandoverPublicKey

THRESHOLD = Decimal("0.01")
"""The share of records in quarantine above which a load is refused."""
_KEYS_NAMED = 5
"""So many of the keys that vanished are named with the load itself."""


@dataclass(frozen=True)
class Terms:
    """How a load is meant."""

    mode: str = "delta"
    threshold: Decimal = THRESHOLD
    dry_run: bool = False
    key: Path | None = None
    called: Path | None = None
    """How the user named the book, where a try is made in a passing folder."""
    vault_key: Path | None = None
    """The vault's public key, where it does not lie in the book."""


@dataclass(frozen=True)
class Loaded:
    """What became of a load: its entry in the ledger, and whether it was made just now."""

    load: dict
    made_now: bool
    new_key: Path | None = None
    faults: pl.DataFrame | None = None
    """Of a try, which keeps nothing: what would wait in quarantine."""


@dataclass(frozen=True)
class Part:
    """Sources that are read by one mapping and meant in one mode. A load has one part; records that come back may have several."""

    mapping: Mapping
    mode: str
    pairs: list


@dataclass(frozen=True)
class _Work:
    """One load while it is made."""

    book: Book
    ledger: Ledger
    parts: list[Part]
    begin: list[int]
    """With which record each part begins."""
    terms: Terms
    staged: Staged
    vault_key: HandoverPublicKey | None
    began: int
    sheets_not_read: dict[str, list[str]]


def ingest(book: Book, pairs: list, mapping: Mapping, terms: Terms, now: int, report=lambda text, done, of: None) -> Loaded:
    """The sources are in the book from now on; or, where Refused is raised, nothing of them is.

    `pairs` are (source of the mapping, opened source), in order; `now` is the moment at which the load begins, in microseconds.
    Its rows count from the moment at which it is published, so that a night run meanwhile has not known them.
    Sources of the same bytes under the same mapping as the load before change nothing: that load is returned.
    """
    begun = monotonic()
    _refuse_plain_files(book)
    vault_key_of(book, [mapping], terms.vault_key, terms.called)
    for source_map, source in pairs:
        check_columns(source_map, source.columns, source.name)
    with locked(book, "loads", alone=True):
        ledger = store.read_ledger(book)
        if (same := _same_as_before(ledger, pairs, mapping, terms)) is not None:
            return Loaded(same, made_now=False)
        return load_parts(book, ledger, [Part(mapping, terms.mode, pairs)], terms, now, report, begun)


def load_parts(book: Book, ledger: Ledger, parts: list[Part], terms: Terms, now: int, report, begun: float, *,
               resolved=None, corrects: list[int] | None = None) -> Loaded:
    """The load of all parts, judged together, whose lock the caller holds. It began at `now`, which `begun` was on the monotonic clock.

    `resolved(staged)` gives what it says of records of earlier loads, as RESOLVED_COLUMNS, where it `corrects` some.
    """
    _sweep(book, ledger)
    vault_key = vault_key_of(book, [part.mapping for part in parts], terms.vault_key, terms.called)
    hashes, key = _key(book, ledger, any(part.mapping.hashed for part in parts), terms)
    _refuse_if_clock_is_back(ledger, now)
    store.verify_load_files(book, ledger)
    store.verify_kept_files(book, ledger)
    is_first = not any(map(store.brought_rows, ledger.in_force()))
    cells = OwnCells(book.unfinished_load / "cells", hashes)
    people = WaitingPeople(book.unfinished_load / "people")
    staged = Staged(book.unfinished_load, cells, people, ALWAYS if is_first else WHEN_LOADED, moment_of(now).date(), threshold=terms.threshold)
    work = _Work(book, ledger, parts, [], terms, staged, vault_key, now, sheets_not_read([pair for part in parts for pair in part.pairs]))
    try:
        with memory_for(book), store.room_for(book.unfinished_load):
            for part in parts:
                work.begin.append(staged.numbered)
                for source_map, source in part.pairs:
                    report(f"reading {source.name}", staged.records, 0)
                    if not staged.is_hopeless:
                        stage(staged, source_map, source, part.mapping, hashes, lambda done: report("reading", done, 0))
            same = _same_as_before(ledger, parts[0].pairs, parts[0].mapping, terms) if corrects is None and not staged.is_hopeless else None
            if same is not None:  # a query's digest is known only now
                return Loaded(same, made_now=False)
            load, faults = _judged(work, resolved, corrects, report)
            if not terms.dry_run:
                load = _publish(work, load, hashes.fingerprint if key else ledger.key, lambda: now + int((monotonic() - begun) * 1e6))
    finally:
        if book.unfinished_load.is_dir():
            store.remove_folder(book.unfinished_load)
    if terms.dry_run:
        return Loaded(load, made_now=False, faults=each_once(faults))
    return Loaded(load, made_now=True, new_key=key if ledger.key is None else None)


def rows_in_force(book: Book) -> dict[str, pl.LazyFrame]:
    """For each table the rows the book says now: of each key the latest version. Of plain files or of loads."""
    ledger = store.read_ledger(book)
    store.verify_load_files(book, ledger)
    files = store.load_files(book, ledger) if ledger.loads else {
        name: {book.plain(name): ALWAYS} for name in FACTS if book.plain(name).is_file()}
    found = {}
    for name, paths in files.items():
        rows = pl.concat([_scanned(path, FACTS[name], since) for path, since in paths.items()])
        if not ledger.loads and _has_versions(rows, FACTS[name]):
            rows = _latest(rows.unique(), FACTS[name])
        elif replaces(ledger, name):
            rows = _latest(rows, FACTS[name])
        found[name] = rows
    return found


def _has_versions(rows: pl.LazyFrame, table: Table) -> bool:
    """Some key stands twice, or a schedule's rows are of several moments. A hash of eight bytes a row tells it: two of one hash
    count as versions, which costs time and nothing else.
    """
    names = {"key": table.key, "group": table.replaced_by, "version": (*table.replaced_by, "recorded_at")}
    seen = rows.select(pl.struct(columns).hash().alias(name) for name, columns in names.items()).collect(engine="streaming")
    return seen["key"].n_unique() < len(seen) or seen["group"].n_unique() < seen["version"].n_unique()


def _latest(rows: pl.LazyFrame, table: Table) -> pl.LazyFrame:
    """Without the rows that a later one replaces."""
    moment, group = pl.col("recorded_at").dt.epoch("us").fill_null(ALWAYS), list(table.replaced_by)
    moments = rows.select(*group, moment.alias("last")).unique().group_by(group).agg(pl.len(), pl.col("last").max())
    marked = rows.join(moments.filter(pl.col("len") > 1).drop("len"), on=group, how="left", maintain_order="left")
    return marked.filter(pl.col("last").is_null() | (moment == pl.col("last"))).drop("last")


def _scanned(path: Path, table: Table, since: int) -> pl.LazyFrame:
    rows = pl.scan_parquet(path, glob=False)
    have = rows.collect_schema()
    columns = []
    for column in table.columns:
        value = pl.col(column.name) if column.name in have else pl.lit(None, column.dtype).alias(column.name)
        if isinstance(column.dtype, pl.Datetime) and column.name in have and isinstance(have[column.name], pl.Datetime):
            value = value.dt.replace_time_zone("UTC") if have[column.name].time_zone is None else value.dt.convert_time_zone("UTC")
        value = value.cast(column.dtype, strict=False)
        if column.name == "recorded_at" and since != ALWAYS:
            value = value.fill_null(pl.lit(moment_of(since), column.dtype))
        columns.append(value)
    return rows.select(columns)


@contextmanager
def memory_for(book: Book) -> Iterator[None]:
    """Raises Refused where the rows of a load cannot be held against each other in the memory there is."""
    try:
        yield
    except (duckdb.OutOfMemoryException, MemoryError):
        raise Refused(
            f"{book.root}: there was not enough memory to check the load; nothing was loaded: load fewer files at a time",
            f"{book.root}：内存不足，无法检查本次装载；未装入任何内容，请减少每次装载的文件",
        ) from None


def _refuse_plain_files(book: Book) -> None:
    plain = next((name for name in FACTS if book.plain(name).is_file()), None)
    if plain is not None:
        raise Refused(
            f"{book.root}: holds {plain}.parquet, a plain file that you keep yourself; a book is kept by plain files or by loads, "
            "so name another folder with --book (plain files can be ingested there with `as_is`)",
            f"{book.root}：已有自行维护的普通文件 {plain}.parquet；账册只能由普通文件或由装载维护，请用 --book 另指文件夹（普通文件可用 `as_is` 映射装入）",
        )


def _refuse_if_clock_is_back(ledger: Ledger, now: int) -> None:
    """Raises Refused where a load in force lies more than a day ahead: one of the two clocks is wrong."""
    last = max(ledger.in_force(), key=lambda load: load["moment"], default=None)
    if last is not None and last["moment"] > now + 86_400_000_000:
        raise Refused(
            f"load {last['id']} is dated {last['at'][:16]}, and now it is {moment_of(now).isoformat()[:16]}; nothing was loaded: set this "
            f"machine's clock, or, if it was wrong then, take load {last['id']} back and load its files again",
            f"第 {last['id']} 次装载的时间为 {last['at'][:16]}，而现在是 {moment_of(now).isoformat()[:16]}；未装入任何内容：请校正本机时钟，"
            f"若当时的时钟有误，请撤回第 {last['id']} 次装载后重新装载",
        )


def _same_as_before(ledger: Ledger, pairs: list, mapping: Mapping, terms: Terms) -> dict | None:
    """The latest load, if it is in force and was made of the same bytes in the same way; None where a digest is not known yet.

    Only the latest, and only while no other was taken back since: else the same file may say something else than the book.
    """
    digests = [(source_map.name, _digest(source)) for source_map, source in pairs]
    if not ledger.loads or any(digest is None for _, digest in digests):
        return None
    last = ledger.loads[-1]
    before = sorted((source["source"], source["digest"]) for source in last["sources"])
    alike = before == sorted(digests) and last["mapping_digest"] == mapping.digest and last["mode"] == terms.mode
    changed = any(load.get("taken_back_after", 0) >= last["id"] for load in ledger.loads)
    return last if alike and not changed else None


def _digest(source) -> str | None:
    try:
        return source.digest
    except Refused:  # a query's is known only once its rows were read
        return None


def _key(book: Book, ledger: Ledger, hashes_any: bool, terms: Terms):
    """The pseudonyms of the book and the key's place; without hashed columns, or to try, a passing key serves that nobody ever sees."""
    place = terms.key or pseudonyms.key_place(book.root)
    if not hashes_any or (terms.dry_run and ledger.key is None and not place.exists()):
        return pseudonyms.passing(), None
    hashes, place, _ = pseudonyms.opened(book.root, terms.key, ledger.key)
    return hashes, place


def _judged(work: _Work, resolved, corrects, report) -> tuple[dict, pl.DataFrame]:
    """The load's account and its faults; the folder `load` of what was staged holds all it brings, none of it in the book yet."""
    book, staged, terms = work.book, work.staged, work.terms
    report("checking keys, loans and sums", staged.records, staged.records)
    staged.folder.mkdir(parents=True, exist_ok=True)
    replacing = {name for name in FACTS if replaces(work.ledger, name)}
    rules = SetRules(staged.folder, {name: staged.rows(name) for name in staged.tables}, store.load_files(book, work.ledger), replacing,
                     mode=terms.mode, bearing=staged.bearing, bad=staged.bad_records(), moment=work.began,
                     modes=[(first, part.mode) for first, part in zip(work.begin, work.parts, strict=True)])
    judged = rules.judge()
    parts = staged.folder / "load"
    parts.mkdir()
    faults, records = _quarantine(work, judged.faults)
    faults.write_parquet(parts / "quarantine.parquet")
    records.write_parquet(parts / "records.parquet")
    load = {**_account(work, judged, faults, records, corrects), "recorded_first": rules.recorded_first()}
    _refuse_if_wrong(work, load, faults, parts)
    load = with_figures(load, rules.ask, [part.mapping for part in work.parts])
    if terms.dry_run:
        return load, faults
    report("writing the rows", staged.records, staged.records)
    for name, about in load["tables"].items():
        if about["rows"]:
            about["files"] = write_rows(FACTS[name], staged.rows(name), rules.bad_records(), rules.dropped(name), about["rows"], parts)
    if judged.vanished is not None:
        judged.vanished.write_parquet(parts / "vanished.parquet")
    earlier = [(load["id"], work.book.load_folder(load["id"])) for load in work.ledger.in_force()]
    write_resolved(rules, earlier, None if resolved is None else resolved(staged), parts)
    write_standing(rules, faults, parts)
    if len(records) or resolved is not None:
        write_names(parts / "names.parquet", staged, [part.mapping for part in work.parts], rules.bad_records())
    _write_mappings(work, parts)
    load["people"] = {} if work.vault_key is None else staged.people.write(parts, work.vault_key, rules.bad_records())
    rows = {name for about in load["tables"].values() for name in about.get("files", {})}
    load["kept"] = {path.name: store.digest_of_file(path) for path in sorted(parts.iterdir()) if path.name not in rows}
    store.write_bytes(parts / "load.json", store.json_bytes(load))
    return load, faults


def _publish(work: _Work, load: dict, key: str | None, now: Callable[[], int]) -> dict:
    """The load counts from now on, and after every load in force, so that what it brings is the latest; its entry in the ledger."""
    book, ledger = work.book, work.ledger
    final = book.load_folder(load["id"])
    store.remove_folder(final)  # a load that was killed before the ledger named it
    if not book.ledger_path.exists():
        store.write_ledger(book, ledger)  # so that folders of loads without a ledger always mean that it was lost
    store.publish_folder(work.staged.folder / "load", final)
    moment = max([now(), *(one["moment"] + 1 for one in ledger.in_force())])
    load = {**load, "at": moment_of(moment).isoformat(), "moment": moment, "taken_back_at": None}
    store.write_ledger(book, Ledger([*ledger.loads, load], key))
    store.remove_folder(book.refused_load)
    return load


def _write_mappings(work: _Work, folder: Path) -> None:
    for place, text in enumerate(dict.fromkeys(part.mapping.text for part in work.parts)):
        store.write_bytes(folder / f"mapping{f'-{place + 1}' if place else ''}.yaml", text.encode())


def _quarantine(work: _Work, found: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The faults with file, line and sentences; and the records they stop, with their cells."""
    staged = work.staged
    own = staged.all_faults()
    wanted = pl.concat([own["record"].drop_nulls(), found["record"]]).unique().sort()
    records = staged.cells.of(wanted)
    placed = found.join(records.select("record", "source", "file", "line"), on="record", how="left")
    taken = pl.concat(source_columns(part.mapping).with_columns(part=pl.lit(place, pl.UInt32)) for place, part in enumerate(work.parts))
    placed = placed.with_columns(part=pl.Series(work.begin).search_sorted(placed["record"], side="right").cast(pl.UInt32) - 1)
    placed = placed.join(taken, on=["part", "source", "table", "column"], how="left").with_columns(pl.coalesce("taken", "column").alias("column"))
    placed = placed.with_columns(concealed(placed[name], ids=True).alias(name) for name in ("value", "detail"))
    faults = pl.concat([own, placed.select(own.columns).cast(own.schema)])
    faults = fault_words.sentences(faults.sort("file", "line", "record", maintain_order=True, nulls_last=True))
    return faults.select("record", "file", "line", "table", "column", "value", "rule", "en", "zh"), records


def _account(work: _Work, judged, faults: pl.DataFrame, records: pl.DataFrame, corrects: list[int] | None) -> dict:
    """What the load read, changed and left out, as the ledger keeps it."""
    staged, mappings = work.staged, list({part.mapping.digest: part.mapping for part in work.parts}.values())
    modes = {part.mode for part in work.parts}
    read: dict[str, int] = {}
    for source in staged.sources:
        for table, rows in source["rows"].items():
            read[table] = read.get(table, 0) + rows
    tables = {}
    for name in (name for name in FACTS if name in judged.counts):
        counts = judged.counts[name]
        kept = counts["rows"]
        tables[name] = {
            "read": read.get(name, 0), "rows": kept, "changed": counts["changed"], "new": counts["new"],
            "unchanged": counts["unchanged"], "twice": counts["twice"], "vanished": counts["vanished"],
            "vanished_first": _first_keys(judged.vanished, name), "replaces": judged.replaces[name],
            "quarantined": read.get(name, 0) - kept - counts["unchanged"] - counts["twice"],
        }
    number = _next_number(work.ledger)
    return {
        "id": number, "began_at": moment_of(work.began).isoformat(), "mode": modes.pop() if len(modes) == 1 else "mixed", "first": staged.recorded_at == ALWAYS,
        "mapping": " + ".join(dict.fromkeys(mapping.name for mapping in mappings)),
        "mapping_digest": "+".join(mapping.digest for mapping in mappings),
        "sources": [{key: value for key, value in source.items() if key not in ("rows", "personal")} for source in staged.sources],
        "tables": tables, "records": staged.records, "quarantined": len(records) + staged.broken,
        "rules": records_by_rule(faults),
        **{kind: sorted({name for source in staged.sources for name in source["personal"][kind]}) for kind in ("hashed", "left_out", "vaulted")},
        "vaulted_absent": in_no_file(source["personal"]["absent"] for source in staged.sources), "unusable": staged.people.unusable_cells(),
        "corrects": corrects,
        "unfed": [source.name for mapping in mappings for source in mapping.sources if source.name not in {about["source"] for about in staged.sources}],
        "sheets_not_read": work.sheets_not_read,
        "control": controls([source for part in work.parts for source in part.mapping.sources], staged.sources),
    }


def _first_keys(vanished: pl.DataFrame | None, table: str) -> list[str]:
    return [] if vanished is None else vanished.filter(pl.col("table") == table)["key"].head(_KEYS_NAMED).to_list()


def _refuse_if_wrong(work: _Work, load: dict, faults: pl.DataFrame, parts: Path) -> None:
    """Refuses a load whose control figures differ or of which too much went to quarantine; its quarantine can be looked at."""
    wrong = [one for one in load["control"] if not one["agrees"] and not work.staged.is_hopeless]
    taken = records_taken(load)
    too_many = load["quarantined"] > work.terms.threshold * max(taken, 1)
    if not wrong and not too_many:
        return
    if not work.terms.dry_run:
        store.write_bytes(parts / "load.json", store.json_bytes(load))
        _write_mappings(work, parts)
        store.remove_folder(work.book.refused_load)
        store.publish_folder(parts, work.book.refused_load)
    if wrong:
        said = wrong[0]
        unread = said.get("unread", 0)
        lost_en, lost_zh = (f" (cells that are no amount: {unread:,})", f"（另有 {unread:,} 个单元格不是金额）") if unread else ("", "")
        raise Refused(
            f"source {said['source']}: your control figure of {said['figure']} is {said['lender']}, but the files hold {said['ours']}{lost_en}; "
            "nothing was loaded: a file is missing, double or cut short, or the figure is of another day",
            f"来源 {said['source']}：{said['figure']} 的控制数为 {said['lender']}，而文件合计为 {said['ours']}{lost_zh}；未装入任何内容："
            "可能缺文件、重复、被截断，或控制数属于另一天",
        )
    share = Decimal(load["quarantined"]) / max(taken, 1) * 100
    allowed = f"{(work.terms.threshold * 100).normalize():f}"
    common = ", ".join(f"{rule} {count:,}" for rule, count in list(load["rules"].items())[:4])
    # A dry run keeps nothing that could be looked at; the same run in earnest loads nothing either, but keeps its quarantine.
    first_en, first_zh = ("run it without --dry-run, then ", "请先去掉 --dry-run 运行一次，再运行 ") if work.terms.dry_run else ("", "")
    called = shlex.quote(str(work.terms.called or work.book.root))
    stopped_en, stopped_zh = ("; reading was stopped there", "，已停止读取") if work.staged.is_hopeless else ("", "")
    raise Refused(
        f"{load['quarantined']:,} of {taken:,} records ({share:.1f} %) would go to quarantine, more than the {allowed} % allowed{stopped_en}; nothing "
        f"was loaded. Most frequent: {common}. To see them: {first_en}arrears quarantine --book {called} --refused; then mend the "
        "mapping or the files, or allow more with --threshold",
        f"{taken:,} 条记录中有 {load['quarantined']:,} 条（{share:.1f} %）应进入隔离区，超过允许的 {allowed} %{stopped_zh}；未装入任何内容。"
        f"最常见：{common}。查看：{first_zh}arrears quarantine --book {called} --refused；请更正映射或文件，或用 --threshold 放宽",
        (first_faults(faults, zh=False), first_faults(faults, zh=True)),
    )


def records_taken(load: dict) -> int:
    """How many records a load read and did not leave out by `keep`: of these the threshold is a share."""
    return load["records"] - sum(source["left_out"] for source in load["sources"])


def replaces(ledger: Ledger, table: str) -> bool:
    """Some row of the table in force replaces another."""
    return any(load["tables"].get(table, {}).get("replaces") for load in ledger.in_force())


def _sweep(book: Book, ledger: Ledger) -> None:
    """What killed loads left is gone. Raises Refused where loads lie there that no kill can have left unnamed.

    A kill leaves passing folders, and one load at most that was published and not yet named: it bears the next number, and the
    ledger is there. Any other unnamed load was named by a ledger that is not this one.
    """
    named = {book.load_folder(load["id"]).name for load in ledger.loads}
    loads = {folder.name for folder in book.loads.iterdir() if folder.is_dir() and folder.name.isdecimal()}
    killed = {book.load_folder(_next_number(ledger)).name} if book.ledger_path.exists() else set()
    if lost := sorted(loads - named - killed):
        listed = ", ".join(lost)
        raise Refused(
            f"{book.ledger_path}: it does not name the loads {listed}, which lie beside it, so it is missing, emptied or older than they; "
            "nothing was changed: restore the ledger from a backup of the book",
            f"{book.ledger_path}：旁边的装载 {listed} 不在台账中，台账缺失、被清空或早于这些装载；未作任何更改，请从账册备份恢复台账",
        )
    for folder in book.loads.iterdir():
        if folder.is_dir() and folder.name not in named | {book.refused_load.name}:
            store.remove_folder(folder)


def _next_number(ledger: Ledger) -> int:
    return max([0, *(load["id"] for load in ledger.loads)]) + 1
