"""The book on disk: partitions behind a manifest, nights, locks. The only file that knows paths.

    BOOK/loans.parquet …                 plain files, as the lender wrote them; or instead of them
    BOOK/lender.yaml                     who the lender is: licence, law, products
    BOOK/vault.pub                       for whom people are sealed; people.sealed: those of a book of plain files
    BOOK/loads/ledger.json               which loads are in force; swapped atomically
    BOOK/loads/0001/<table>-0000.parquet what one load brought; never changed; people-0000.sealed: whom it is about
    BOOK/store/manifest.json             which snapshot holds; swapped atomically
    BOOK/store/<snapshot>/<table>/p0000.parquet
    BOOK/impact/<as_of>/                 a preview of a change of law
    BOOK/models/<model>/0001/            one version of one model; never changed
    BOOK/models/releases.json            which version was released when, by whom; swapped atomically
    BOOK/strategies/0001/                one submitted version of the strategy; never changed
    BOOK/strategies/approvals.json       which version holds from which night on, by whom; swapped atomically
    BOOK/allocation/<as_of>/0001.parquet cases shared out anew after that night; never changed
    BOOK/row_secrets/                    a secret per borrower, for its owner's eyes: by them a night's rows can be opened
    BOOK/nights/<as_of>/                 a finished night; it appears whole or not at all
    BOOK/nights/.<as_of>.unfinished/     a night at work, or one that was killed and will go on

A partition holds the borrowers of one stable hash, its rows sorted by loan; a task is a partition's name.
"""

import errno
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from hashlib import file_digest
from pathlib import Path

import polars as pl

from arrears.law.lender import LENDER_FILE
from arrears.refusal import DiskFull, Refused
from arrears.tables.visible import ALWAYS

FORMAT = 1
LOANS_A_PARTITION = 40_000
_NO_ROOM_BYTES = 1 << 16
PEOPLE_FILE = "people-0000.sealed"
"""Within a load: the people its records speak of, sealed for the vault."""


@dataclass(frozen=True)
class Book:
    """A book: where its plain files lie, and where its store is kept."""

    root: Path
    store: Path

    @property
    def name(self) -> str:
        return self.root.resolve().name

    def plain(self, table: str) -> Path:
        return self.root / f"{table}.parquet"

    @property
    def manifest_path(self) -> Path:
        return self.store / "manifest.json"

    @property
    def nights(self) -> Path:
        return self.root / "nights"

    @property
    def loads(self) -> Path:
        return self.root / "loads"

    @property
    def ledger_path(self) -> Path:
        return self.loads / "ledger.json"

    @property
    def refused_load(self) -> Path:
        """What the last refused load would have put into quarantine."""
        return self.loads / "refused"

    @property
    def unfinished_load(self) -> Path:
        return self.loads / ".unfinished"

    @property
    def vault_key_path(self) -> Path:
        """The vault's public key, for which people are sealed."""
        return self.root / "vault.pub"

    @property
    def people_path(self) -> Path:
        """The people of a book of plain files, sealed for the vault."""
        return self.root / "people.sealed"

    @property
    def models(self) -> Path:
        """Where the models of this lender are kept: one folder per model, in it one per version."""
        return self.root / "models"

    @property
    def releases_path(self) -> Path:
        return self.models / "releases.json"

    def model_folder(self, name: str, version: int) -> Path:
        return self.models / name / f"{version:04d}"

    @property
    def strategies(self) -> Path:
        """Where the versions of this lender's strategy are kept, one folder each."""
        return self.root / "strategies"

    @property
    def approvals_path(self) -> Path:
        return self.strategies / "approvals.json"

    def strategy_folder(self, version: int) -> Path:
        return self.strategies / f"{version:04d}"

    @property
    def allocation(self) -> Path:
        """Where cases that were shared out anew after a night are kept, one folder per night."""
        return self.root / "allocation"

    def load_folder(self, number: int) -> Path:
        return self.loads / f"{number:04d}"

    def night(self, as_of: date) -> Path:
        return self.nights / as_of.isoformat()

    def impact(self, as_of: date) -> Path:
        """Where the preview of a change of law lies that was asked for on the day."""
        return self.root / "impact" / as_of.isoformat()

    def unfinished_night(self, as_of: date) -> Path:
        return self.nights / f".{as_of.isoformat()}.unfinished"

    def night_dates(self) -> list[date]:
        """The dates of the finished nights, oldest first."""
        if not self.nights.is_dir():
            return []
        return sorted(date.fromisoformat(path.name) for path in self.nights.iterdir() if _is_date(path.name))


@dataclass(frozen=True)
class Manifest:
    """What a snapshot holds: its partitions by name, with what each knows of its tables."""

    snapshot: str
    partitions: dict[str, dict]
    sources: dict[str, dict]
    conflicts: list[dict]
    orphans: dict[str, int]

    @property
    def loans(self) -> int:
        return sum(partition["loans"] for partition in self.partitions.values())

    @property
    def loads(self) -> tuple[int, ...]:
        """The numbers of the loads whose rows it holds; none where it holds plain files."""
        named = (load for source in self.sources.values() for load in source.get("loads", []))
        return tuple(sorted({number for number, _, *digests in named if digests}))


@dataclass(frozen=True)
class Ledger:
    """Every load of a book, oldest first, as its load.json says; and the key it was hashed by.

    Beside that, of each load: `at` and `moment` (microseconds), when it came into force; `taken_back_at`, and of one taken back
    `taken_back_after`, the number of the latest load then (a clock may be set back).
    """

    loads: list[dict]
    key: str | None = None

    def in_force(self) -> list[dict]:
        return [load for load in self.loads if load["taken_back_at"] is None]

    def only(self, numbers: set[int]) -> "Ledger":
        """As it stood when just these loads were in force."""
        return Ledger([{**load, "taken_back_at": None} for load in self.loads if load["id"] in numbers], self.key)

    def known_at(self, now: int) -> int:
        """The moment (microseconds) at which all that is loaded counts: now, or the latest load's, if the clock was ahead then."""
        return max([now, *(load["moment"] for load in self.in_force())])


def lender_text(book: Book) -> str:
    """What lender.yaml beside the book says of its lender; empty where there is none. Raises Refused where it cannot be read."""
    return _text_beside(book, LENDER_FILE)


def roster_text(book: Book) -> str:
    """What roster.yaml beside the book says of who does the work; empty where there is none. Raises Refused where it cannot be read."""
    return _text_beside(book, "roster.yaml")


def sharings(book: Book, night: date) -> list[Path]:
    """The files of the sharings out of cases that followed a night's own, oldest first; the latest holds."""
    return sorted((book.allocation / night.isoformat()).glob("[0-9]*.parquet"))


def _text_beside(book: Book, name: str) -> str:
    path = book.root / name
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as problem:
        raise Refused(f"{path}: cannot be read ({problem}); save it as UTF-8, or remove it", f"{path}：无法读取（{problem}）；请存为 UTF-8 或删除") from None


def read_ledger(book: Book) -> Ledger:
    """The loads of a book; an empty ledger where it was never loaded. Raises Refused where the ledger is damaged."""
    try:
        content = json.loads(book.ledger_path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT or not isinstance(content["loads"], list):
            raise ValueError(content["format"])
        return Ledger(content["loads"], content["key"])
    except FileNotFoundError:
        return Ledger([])
    except (ValueError, KeyError, TypeError):
        raise Refused(f"{book.ledger_path}: not readable as the ledger of loads; without it nobody knows which loads are in force: restore the file from a backup of the book",
                      f"{book.ledger_path}：无法按装载台账读取；没有它就不知道哪些装载有效，请从备份恢复该文件") from None


def write_ledger(book: Book, ledger: Ledger) -> None:
    """These loads are in force from now on; a reader sees the old ledger or this one, never a part."""
    write_record(book.ledger_path, {"format": FORMAT, "key": ledger.key, "loads": ledger.loads})


def load_files(book: Book, ledger: Ledger) -> dict[str, dict[Path, int]]:
    """For each table the files of the loads in force, oldest load first; each with the moment (microseconds) from which its
    rows count that bear none. Raises Refused where a file is gone.
    """
    found: dict[str, dict[Path, int]] = {}
    for load in ledger.in_force():
        for table, about in load["tables"].items():
            for name in sorted(about.get("files", {})):
                path = book.load_folder(load["id"]) / name
                if not path.is_file():
                    raise _lost(path, load, "is gone", "已不在")
                found.setdefault(table, {})[path] = counts_from(load)
    return found


def people_files(book: Book, ledger: Ledger) -> list[Path]:
    """The sealed files of people: of plain files, then of the loads in force, oldest first. Raises Refused where one is gone or changed."""
    found = [book.people_path] if book.people_path.is_file() else []
    for load in ledger.in_force():
        if PEOPLE_FILE in (kept := load.get("kept", {})):
            _verify(book, load, {PEOPLE_FILE: kept[PEOPLE_FILE]})
            found.append(book.load_folder(load["id"]) / PEOPLE_FILE)
    return found


def brought_rows(load: dict) -> bool:
    """The load brought rows to some table, rather than all to quarantine."""
    return any(about["rows"] for about in load["tables"].values())


def counts_from(load: dict) -> int:
    """The moment from which the rows of a load count that bear none: the first load's always do."""
    return ALWAYS if load["first"] else load["moment"]


def verify_load_files(book: Book, ledger: Ledger) -> None:
    """Raises Refused where a file of rows of a load in force is not the one that was loaded."""
    for load in ledger.in_force():
        for about in load["tables"].values():
            _verify(book, load, about.get("files", {}))


def verify_kept_files(book: Book, ledger: Ledger) -> None:
    """Raises Refused where what a load in force keeps beside its rows (its quarantine, names, mapping) is not as it was."""
    for load in ledger.in_force():
        _verify(book, load, load.get("kept", {}))


def _verify(book: Book, load: dict, digests: dict[str, str]) -> None:
    for name, digest in digests.items():
        path = book.load_folder(load["id"]) / name
        if not path.is_file():
            raise _lost(path, load, "is gone", "已不在")
        if digest_of_file(path) != digest:
            raise _lost(path, load, "is not as it was loaded (cut, damaged or changed)", "与装载时不同（被截断、损坏或更改）")


def digest_of_file(path: Path) -> str:
    """SHA-256 of the file's bytes, as hexadecimal digits."""
    with open(path, "rb") as handle:
        return file_digest(handle, "sha256").hexdigest()


def _lost(path: Path, load: dict, en: str, zh: str) -> Refused:
    number = load["id"]
    return Refused(f"{path}: it {en}, and load {number} rests on it; nothing was changed: restore the file from a backup of the book, or, "
                   f"where load {number} is in force, take it back and load its files again",
                   f"{path}：该文件{zh}，而第 {number} 次装载依赖于它；未作任何更改：请从账册备份恢复；若第 {number} 次装载仍有效，也可撤回后重新装入其文件")


def book_at(root: Path, store: Path | None = None) -> Book:
    """The book of a folder; raises Refused where there is no such folder."""
    if not root.is_dir():
        raise Refused(
            f"{root}: no such folder; name the book's folder: one that arrears ingest made, or one that holds loans.parquet, "
            "instalments.parquet and payments.parquet (option --book)",
            f"{root}：没有此文件夹；请给出账册文件夹：arrears ingest 建立的，或存放 loans.parquet、instalments.parquet、payments.parquet 的（--book）",
        )
    return Book(root, store or root / "store")


def book_for_load(root: Path) -> Book:
    """The book of a folder, which is made where there is none; raises Refused where it cannot be."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        with suppress(PermissionError):
            _sync(root.absolute().parent)
    except OSError as problem:
        raise Refused(f"{root}: cannot be made a folder ({problem.strerror}); --book names the folder of the book",
                      f"{root}：无法建立文件夹（{problem.strerror}）；--book 应指向账册文件夹") from None
    return Book(root, root / "store")


def is_nothing(root: Path) -> bool:
    """There is no such folder yet, or it is empty."""
    return not root.exists() or (root.is_dir() and not any(root.iterdir()))


def read_manifest(book: Book) -> Manifest | None:
    """The manifest that holds now; None where nothing was stored yet."""
    try:
        content = json.loads(book.manifest_path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise Refused(f"{book.manifest_path}: not readable as JSON; remove the folder {book.store} and the book is stored anew",
                      f"{book.manifest_path}：不是有效的 JSON；删除 {book.store} 后会重新整理") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return None
    if not (book.store / content["snapshot"]).is_dir():
        return None
    return Manifest(**{key: value for key, value in content.items() if key != "format"})


def write_manifest(book: Book, manifest: Manifest) -> None:
    """The manifest holds from now on; a reader sees the old one or this one, never a part."""
    write_bytes(book.manifest_path, json_bytes({"format": FORMAT, **manifest.__dict__}))


def partition_path(book: Book, manifest: Manifest, table: str, partition: str) -> Path:
    return book.store / manifest.snapshot / table / f"{partition}.parquet"


def partition_names(count: int) -> list[str]:
    return [f"p{number:04d}" for number in range(count)]


def read_columns(path: Path, columns: list[str] | None = None) -> pl.DataFrame:
    """The rows of one stored file, in one chunk; raises Refused where it is damaged."""
    try:
        return pl.read_parquet(path, columns=columns, glob=False).rechunk()
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise Refused(f"{path}: cannot be read ({str(problem).splitlines()[0]}); the stored copy is damaged: remove the folder store and run again",
                      f"{path}：无法读取；存储副本已损坏，请删除 store 文件夹后重试") from None


def write_parquet(path: Path, frame: pl.DataFrame) -> None:
    """The frame as one file that appears whole: same frame, same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    with room_for(path):
        frame.write_parquet(unfinished, compression="zstd", compression_level=1, row_group_size=1 << 20)
        settle(unfinished, path)


def write_bytes(path: Path, content: bytes) -> None:
    """The content as one file that appears whole; until then it lies beside its name, as NAME.unfinished."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    with room_for(path):
        unfinished.write_bytes(content)
        settle(unfinished, path)


def write_record(path: Path, content) -> None:
    """The content as one JSON file that appears whole and lasts through a power cut: a new name is on the disk only with the folders that lead to it."""
    write_bytes(path, json_bytes(content))
    _sync(path.parent)
    _sync(path.parent.parent)


def json_bytes(content) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def publish_folder(unfinished: Path, final: Path) -> None:
    """The folder takes its name; nobody ever sees a part of it."""
    with room_for(final):
        for folder, _, files in os.walk(unfinished):
            for name in files:
                _sync(Path(folder) / name)
            _sync(Path(folder))
        os.replace(unfinished, final)
        _sync(final.parent)
        _sync(final.parent.parent)


def remove_folder(path: Path) -> None:
    """The folder is gone at once under its name; a kill while it is emptied leaves nothing that is taken for it."""
    if not path.is_dir():
        return
    going = path.with_name(f"{path.name}.going")
    if going.exists():
        _remove(going)
    os.replace(path, going)
    _remove(going)


@contextmanager
def passing_folder(inside: Path, prefix: str) -> Iterator[Path]:
    """A folder in `inside` for the length of the block."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=inside))
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Threads of a writer that failed may go on writing for a moment after it has said so, so it is tried for two seconds."""
    for _ in range(40):
        try:
            shutil.rmtree(folder)
            return
        except OSError as problem:
            if not folder.exists():
                return
            if problem.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
                raise
            time.sleep(0.05)
    shutil.rmtree(folder)


def remove_if_empty(path: Path) -> None:
    with suppress(OSError):
        path.rmdir()


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """Writing in the block raises DiskFull where the path's disk has no room left."""
    try:
        yield
    except Exception as problem:  # each writer (Polars, Arrow, DuckDB) says it in its own words
        if not isinstance(problem, Refused) and is_full(path, problem):
            raise DiskFull(f"{path}: the disk is full; nothing of this run shows, free some space and run again: a night goes on where it stopped, a load starts anew",
                           f"{path}：磁盘已满；本次运行未留下任何可见结果，请腾出空间后重试：夜批会接着做，装载则从头开始") from None
        raise


def is_full(path: Path, problem: Exception) -> bool:
    """The problem arose because the path's disk is full, whether it says so or not."""
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    words = ("os error 28", "no space left", "not enough disk space", "max_temp_directory_size")
    said = getattr(problem, "errno", None) in full or any(word in str(problem).lower() for word in words)
    return said or _free_bytes(path) < _NO_ROOM_BYTES


def _free_bytes(path: Path) -> int:
    """What is free on the disk of the path's nearest folder; a writer does not always say why it could not go on."""
    folder = next(parent for parent in path.absolute().parents if parent.is_dir())
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize


def settle(unfinished: Path, path: Path) -> None:
    """The finished file takes its name; what was written is on the disk before it does."""
    _sync(unfinished)
    os.replace(unfinished, path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_date(name: str) -> bool:
    try:
        date.fromisoformat(name)
    except ValueError:
        return False
    return True
