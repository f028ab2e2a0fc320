"""The record of a night: what it was done on, the digest of every file, and one root over all its decisions, so that any single one can be proven.

    BOOK/nights/<as_of>/record.json        files with SHA-256, digests of the inputs, number of rows and their root
    BOOK/nights/<as_of>/rows/commitments   32 bytes a row: SHA-256("arrears record v1\\n" ‖ salt ‖ content), in the order of the positions
    BOOK/nights/<as_of>/rows/slots         4 bytes a row, little-endian: where in the book the secret lies by which the salt is found
    BOOK/nights/<as_of>/rows/spans         32 bytes for each 256 rows: the nodes of that level of the tree, so that one row is proven without reading all

A row is one loan's: its position, the decision on it and every verdict of the gate, as canonical JSON. Numbers are whole; a fraction is text with nine decimals,
rounded half away from zero; a whole number of 2^53 or more is text. Its salt is SHA-256("arrears row salt v1\\n" ‖ the borrower's secret ‖ SHA-256 of run.json ‖ loan_id),
so that nobody finds the content by trying, and a destroyed secret closes the borrower's rows for ever, while everyone else's are proven as before.
Source: RFC 8785 (JSON), RFC 9162 2.1 (tree).
"""

import json
import os
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import rfc8785

from arrears import store
from arrears.days import moment_of
from arrears.nightly import local
from arrears.nightly.earlier_nights import superseded_nights
from arrears.nightly.inputs import Inputs
from arrears.nightly.left_by import LeftBy, left_by
from arrears.nightly.row_hashes import LEAF, NODE, SPAN, SPAN_LEVELS, digests, leaves_of, root_of, spans_of
from arrears.nightly.row_secrets import WIDTH, secret_at, secrets_of, slots_of
from arrears.refusal import Refused
from arrears.store import Book

FORMAT = "arrears-night-record/1"
RECORD, ROWS = "record.json", "rows"
COMMITMENT_PREFIX, SALT_PREFIX = b"arrears record v1\n", b"arrears row salt v1\n"
_WHOLE_MOST = (1 << 53) - 1


def write_night_record(book: Book, inputs: Inputs, folder: Path, names: list[str]) -> None:
    """The night in this folder has its record; to be called when all else of it is written, with what the partitions left still there.

    Secrets of borrowers who have none yet are made first and are on the disk before a row is committed to.
    """
    left = [left_by(folder, name) for name in names]
    borrowers = [store.read_columns(one.borrowers) for one in left]
    begins = np.cumsum([0, *map(len, borrowers)])
    commitments, leaves = np.empty((begins[-1], 32), np.uint8), np.empty((begins[-1], 32), np.uint8)
    run = sha256((folder / "run.json").read_bytes()).digest()
    with ThreadPoolExecutor(1) as beside:
        found = beside.submit(lambda: (slots_of(book, pl.concat([rows["borrower_id"] for rows in borrowers])), secrets_of(book)))

        def work(place: int) -> None:
            mine = slice(begins[place], begins[place + 1])
            loans, texts = _rows_of(left[place], inputs.as_of)
            if not loans.equals(borrowers[place]["loan_id"]):
                raise AssertionError(f"{left[place].positions}: the loans are not those of the partition")
            slots, secrets = found.result()
            commitments[mine] = _commitments(_salts(secrets[slots[mine]], run, loans), texts)
            leaves[mine] = leaves_of(commitments[mine])

        for _ in local.each(work, range(len(left))):
            pass
        slots, _ = found.result()
    spans = spans_of(leaves)
    for name, content in (("commitments", commitments), ("slots", slots.astype("<u4", copy=False)), ("spans", spans)):
        store.write_bytes(folder / ROWS / name, memoryview(np.ascontiguousarray(content)).cast("B") if content.size else b"")
    rows = {"size": len(slots), "root": b64encode(root_of(spans)).decode(), "partitions": dict(zip(names, np.diff(begins).tolist(), strict=True))}
    store.write_bytes(folder / RECORD, store.json_bytes({"format": FORMAT, "night": night_told(inputs), "rows": rows, "files": digests_of(folder)}))


def night_told(inputs: Inputs) -> dict:
    """What the night was done on, by digests; nobody is named."""
    return {
        "as_of": inputs.as_of.isoformat(), "known_at": moment_of(inputs.known_at).isoformat(), "version": inputs.version, "snapshot": inputs.snapshot,
        "law_digest": inputs.law_digest, "law": {name: _digest(text) for name, text in sorted(inputs.law.items())}, "lender_digest": _digest(inputs.lender),
        "strategy_digest": _digest(inputs.strategy), "roster_digest": _digest(inputs.roster), "loads": list(inputs.loads), "earlier_runs": inputs.earlier_runs,
        "models": {name: {"version": one["version"], "digest": one["digest"]} for name, one in sorted(inputs.models.items())},
    }


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def digests_of(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a night but its record.json and what goes with the folder work, by its path in the night."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    kept = sorted(name for name in paths if name != RECORD and not name.startswith("work/"))
    found = dict(local.each(lambda name: store.digest_of_file(paths[name]), kept))
    return {name: found[name] for name in kept}


def _rows_of(left: LeftBy, as_of: date) -> tuple[pl.Series, pl.Series]:
    positions = store.read_columns(left.positions)
    return positions["loan_id"], row_texts(positions, store.read_columns(left.decisions), store.read_columns(left.gate), as_of)


def row_texts(positions: pl.DataFrame, decisions: pl.DataFrame, spoken: pl.DataFrame, as_of: date) -> pl.Series:
    """One canonical JSON text per position, in their order. decisions: at most one row per loan; spoken: what the gate said, any number of rows per loan.

    {"as_of": …, "decision": its columns or null, "kind": "decision", "position": its columns, "verdicts": [columns, by treatment]}
    """
    decided = decisions.select("loan_id", decision=_json(decisions))
    verdicts = spoken.select("loan_id", "treatment", verdicts=_json(spoken)).sort("loan_id", "treatment").group_by("loan_id").agg(pl.col("verdicts").str.join(","))
    rows = positions.select("loan_id", position=_json(positions))
    rows = rows.join(decided, on="loan_id", how="left", maintain_order="left").join(verdicts, on="loan_id", how="left", maintain_order="left")
    return rows.select(pl.concat_str(
        pl.lit(f'{{"as_of":"{as_of.isoformat()}","decision":'), pl.col("decision").fill_null("null"), pl.lit(',"kind":"decision","position":'), "position",
        pl.lit(',"verdicts":['), pl.col("verdicts").fill_null(""), pl.lit("]}")).alias("text"))["text"]


def _json(frame: pl.DataFrame) -> pl.Series:
    """Each row as canonical JSON: names in order, nothing between, whole numbers bare."""
    columns = [_told_plainly(frame[name]) for name in sorted(frame.columns)]
    if not len(frame):
        return pl.Series([], dtype=pl.String)
    large = [one.name for one in columns if one.dtype.is_integer() and max(abs(one.min() or 0), abs(one.max() or 0)) > _WHOLE_MOST]
    if large:
        rows = ({name: str(value) if name in large and value is not None and abs(value) > _WHOLE_MOST else value for name, value in row.items()}
                for row in pl.DataFrame(columns).iter_rows(named=True))
        return pl.Series([rfc8785.dumps(row).decode() for row in rows])
    return pl.DataFrame(columns).select(pl.struct(pl.all()).struct.json_encode().alias("text"))["text"]


def _told_plainly(column: pl.Series) -> pl.Series:
    """Text, truth and whole numbers as they are; dates and fractions as text. Raises AssertionError for what no row has a rule for."""
    if column.dtype in (pl.String, pl.Boolean) or column.dtype.is_integer():
        return column
    if column.dtype == pl.Date:
        return column.cast(pl.String)
    if column.dtype == pl.Null:
        return column.cast(pl.String)
    if column.dtype != pl.Float64 or not bool(column.drop_nulls().is_finite().all()) or float(column.abs().max() or 0) >= 2.0**33:
        raise AssertionError(f"{column.name}: a row of the record has no rule for {column.dtype} or for what it holds")
    billionths = (column.abs() * 1e9 + 0.5).floor().cast(pl.Int64)
    parts = pl.DataFrame({"minus": (column < 0) & (billionths > 0), "whole": billionths // 10**9, "rest": billionths % 10**9})
    return parts.select(pl.when("minus").then(pl.lit("-")).otherwise(pl.lit("")) + pl.col("whole").cast(pl.String) + "."
                        + pl.col("rest").cast(pl.String).str.zfill(9))[:, 0].alias(column.name)


def _salts(secrets: np.ndarray, run: bytes, loans: pl.Series) -> np.ndarray:
    """The salt of each row. Where the secret is destroyed already, nobody ever knows it: such a row tells that something was there."""
    gone = np.flatnonzero(~secrets.any(axis=1))
    if len(gone):
        secrets[gone] = np.frombuffer(os.urandom(len(gone) * WIDTH), np.uint8).reshape(-1, WIDTH)
    before = np.empty((len(secrets), 2 * WIDTH), np.uint8)
    before[:, :WIDTH], before[:, WIDTH:] = secrets, np.frombuffer(run, np.uint8)
    return digests(SALT_PREFIX, before, *_bytes_of(loans))


def _commitments(salts: np.ndarray, texts: pl.Series) -> np.ndarray:
    return digests(COMMITMENT_PREFIX, salts, *_bytes_of(texts))


def _bytes_of(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Where each text ends, after a first 0, and the bytes of all."""
    array = texts.to_arrow().cast(pa.large_binary())
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    _, offsets, content = array.buffers()
    ends = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1] if offsets is not None else np.zeros(1, np.int64)
    return ends, np.frombuffer(content, np.uint8) if content is not None else np.empty(0, np.uint8)


def is_of_the_record(path: Path) -> bool:
    """The file, by its path in the night, is the record's own: a replay does not make it anew."""
    return path.parts[0] in (RECORD, ROWS)


@dataclass(frozen=True)
class NightRecord:
    """The record of one night. digest: SHA-256 of record.json; night: what it was done on; root: 32 bytes; partitions: how many rows each has, in order."""

    folder: Path
    digest: str
    night: dict
    size: int
    root: str
    partitions: dict[str, int]
    files: dict[str, str]


def read_night_record(folder: Path) -> NightRecord | None:
    """The record of the night in this folder; None where it was done by a version that kept none. Raises Refused where it is damaged."""
    path = folder / RECORD
    try:
        content = path.read_bytes()
        told = json.loads(content)
        if told["format"] != FORMAT:
            raise ValueError(told["format"])
        rows, partitions = told["rows"], {str(name): int(count) for name, count in told["rows"]["partitions"].items()}
        if sum(partitions.values()) != rows["size"] or not isinstance(told["files"], dict):
            raise ValueError(rows)
        return NightRecord(folder, sha256(content).hexdigest(), dict(told["night"]), rows["size"], str(rows["root"]), dict(sorted(partitions.items())), told["files"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Refused(f"{path}: not readable as the record of a night; restore it from a backup of the book: by it the night's rows are proven",
                      f"{path}：无法按夜批记录读取；夜批各行须凭它证明，请从账册备份恢复") from None


def faults_of(record: NightRecord) -> list[tuple[str, str, str]]:
    """What of the night is not as its record says: the file, and how it differs, in English and Chinese. None where every byte and the root agree."""
    found, there = [], digests_of(record.folder)
    for name in sorted(there.keys() | record.files.keys()):
        if name not in there:
            found.append((name, "is gone", "已缺失"))
        elif name not in record.files:
            found.append((name, "was not there when the night was done", "夜批完成时没有此文件"))
        elif there[name] != record.files[name]:
            found.append((name, "was changed since the night was done", "夜批完成后被更改"))
    if not any(name.startswith(ROWS) for name, *_ in found) and b64encode(root_of(spans_of(leaves_of(_kept(record.folder, "commitments"))))).decode() != record.root:
        found.append((RECORD, "its root is not that of the rows", "其根与各行不符"))
    return found


def _kept(folder: Path, name: str) -> np.ndarray:
    return np.fromfile(folder / ROWS / name, np.uint8).reshape(-1, 32)


def row_opening(book: Book, as_of: date, loan_id: str, currency: str | None = None, record: str | None = None) -> dict:
    """What opens one loan's decision of a night to somebody: content, salt, index, size and the hashes up to the root, as a bundle's "row" has them.

    currency: where it is named, the loan's must be this. record: the digest of the night's record.json, to open a row of a run that was done anew since, or to
    be sure that it is the run that was recorded. Raises Refused where there is no such night or loan, where the night keeps no rows, where it was changed since,
    and where the borrower was forgotten.
    """
    found = _record_of(book, as_of, record)
    index, name, place = _place_of(found, loan_id)
    content = _content(found, name, place, loan_id, as_of)
    if currency is not None and currency not in (said := _currencies(content)) and said:
        raise Refused(f"{found.folder}: loan {loan_id} is not in {currency}", f"{found.folder}：贷款 {loan_id} 的币种不是 {currency}")
    slot = int(np.fromfile(found.folder / ROWS / "slots", "<u4", 1, offset=4 * index)[0])
    secret = secret_at(book, slot)
    if secret is None:
        raise Refused(f"{found.folder}: the borrower of loan {loan_id} was forgotten, so this row can be opened by nobody any more; that something was there stays proven",
                      f"{found.folder}：贷款 {loan_id} 的借款人已被删除，此行再也无法打开；此处曾有内容这一事实仍可证明")
    run = sha256((found.folder / "run.json").read_bytes()).digest()
    salt = sha256(SALT_PREFIX + secret + run + loan_id.encode()).digest()
    commitment = sha256(COMMITMENT_PREFIX + salt + content.encode()).digest()
    hashes = _path(found, index, commitment)
    if hashes is None:
        raise _changed(found)
    return {"content": content, "salt": salt.hex(), "index": index, "size": found.size, "hashes": [b64encode(one).decode() for one in hashes]}


def _currencies(content: str) -> set[str]:
    """The currencies that the row names: of a loan that is not late it names none."""
    told = json.loads(content)
    return {part["currency"] for part in (told["decision"], *told["verdicts"]) if part is not None}


def _record_of(book: Book, as_of: date, digest: str | None) -> NightRecord:
    folders = [path for path in (book.night(as_of), *reversed(superseded_nights(book))) if path.name[:10] == as_of.isoformat() and path.is_dir()]
    if not folders:
        raise Refused(f"{book.root}: no night of {as_of} is finished; the last that are: {', '.join(map(str, book.night_dates()[-5:])) or 'none'}",
                      f"{book.root}：没有已完成的 {as_of} 夜批；最近的有：{'、'.join(map(str, book.night_dates()[-5:])) or '无'}")
    for folder in folders if digest is not None else folders[:1]:
        found = read_night_record(folder)
        if found is not None and digest in (None, found.digest):
            return found
    if digest is None:
        raise Refused(f"{folders[0]}: this night was done by a version that kept no rows, so single decisions of it cannot be proven; do it again with arrears night --as-of {as_of} --again",
                      f"{folders[0]}：该夜批由不保存行承诺的版本完成，其中单笔决定无法证明；可用 arrears night --as-of {as_of} --again 重做")
    raise Refused(f"{folders[0]}: none of the runs of that night has the record {digest[:12]}…, so its record was changed or removed since; restore the night from a backup of the book",
                  f"{folders[0]}：该日的夜批中没有记录为 {digest[:12]}… 的一次，说明记录已被更改或删除；请从账册备份恢复该夜批")


def _place_of(record: NightRecord, loan_id: str) -> tuple[int, str, int]:
    """The row's index among all, its partition, and its place in that."""
    begins, first = {}, 0
    for name, count in record.partitions.items():
        begins[name], first = first, first + count

    def place_in(name: str) -> int | None:
        loans = store.read_columns(record.folder / "positions" / f"{name}.parquet", ["loan_id"])["loan_id"]
        if len(loans) != record.partitions[name]:
            raise _changed(record)
        place = int(loans.search_sorted(loan_id))
        return place if place < len(loans) and loans[place] == loan_id else None

    for name, place in local.each(place_in, record.partitions):
        if place is not None:
            return begins[name] + place, name, place
    raise Refused(f"{record.folder}: there is no loan {loan_id} in this night; check the id", f"{record.folder}：该夜批中没有贷款 {loan_id}；请核对编号")


def _content(record: NightRecord, name: str, place: int, loan_id: str, as_of: date) -> str:
    tables = [store.read_columns(record.folder / path) for path in (f"positions/{name}.parquet", f"decisions/{name}.parquet", "gate.parquet")]
    positions, decisions, spoken = tables
    mine = pl.col("loan_id") == loan_id
    return row_texts(positions[place : place + 1], decisions.filter(mine), spoken.filter(mine), as_of)[0]


def _path(record: NightRecord, index: int, commitment: bytes) -> list[bytes] | None:
    """The hashes beside the way from the row up to the root; None where they do not lead from this commitment to the root that the record names."""
    first = index // SPAN * SPAN
    rows = _pieces(record.folder / ROWS / "commitments", first, min(SPAN, record.size - first))
    spans = _pieces(record.folder / ROWS / "spans", 0, -(-record.size // SPAN))
    if rows is None or spans is None or rows[index - first] != commitment:
        return None
    low, span = _up([sha256(LEAF + row).digest() for row in rows], index - first, SPAN_LEVELS)
    high, root = _up(spans, index // SPAN, 64)
    return [*low, *high] if span == spans[index // SPAN] and b64encode(root).decode() == record.root else None


def _pieces(path: Path, first: int, count: int) -> list[bytes] | None:
    try:
        content = np.fromfile(path, np.uint8, count * 32, offset=first * 32).tobytes()
    except OSError:
        return None
    return [content[place : place + 32] for place in range(0, len(content), 32)] if len(content) == count * 32 else None


def _up(nodes: list[bytes], place: int, levels: int) -> tuple[list[bytes], bytes]:
    """The neighbours on the way up from a place through so many levels, or to the top; and the node at which it ends."""
    beside = []
    for _ in range(levels):
        if len(nodes) == 1:
            break
        if place ^ 1 < len(nodes):
            beside.append(nodes[place ^ 1])
        nodes = [sha256(NODE + b"".join(nodes[at : at + 2])).digest() if at + 1 < len(nodes) else nodes[at] for at in range(0, len(nodes), 2)]
        place //= 2
    return beside, nodes[place]


def _changed(record: NightRecord) -> Refused:
    """Why the rows do not agree with the record, by the files that differ from their digests."""
    faults = faults_of(record)
    if not faults:
        return Refused(f"{record.folder}: every file is as its record says, but the book's secrets are not those of then; restore the folder row_secrets from a backup of the book",
                       f"{record.folder}：各文件与记录一致，但账册的密值不是当时的；请从账册备份恢复文件夹 row_secrets")
    name, en, zh = faults[0]
    return Refused(f"{record.folder / name}: it {en}, so no decision of that night is proven by it; restore the night from a backup of the book",
                   f"{record.folder / name}：{zh}，不能用它证明该夜批的决定；请从账册备份恢复该夜批")
