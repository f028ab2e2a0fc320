"""A secret of 32 bytes for each borrower of a book: who has it can open the borrower's rows in the nights; destroyed, nobody ever can.

    BOOK/row_secrets/borrowers       who, one JSON text a line, in the order in which they first appeared
    BOOK/row_secrets/secrets         32 bytes each, in the same order; zeros where it was destroyed

A slot is a place in that order and never changes, so a night keeps the slots of its rows and nothing else of the secrets. A borrower who was forgotten and
appears again later has a new slot: what was before stays closed. The secrets are on the disk before a night uses them. Copies of the book hold the secrets
of their time: who forgets somebody has the copies to think of too.
"""

import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import polars as pl

from arrears import store
from arrears.refusal import Refused
from arrears.store import Book
from arrears.vault.private_files import alone_in, private_folder, sync_folder

WIDTH = 32
_NOTHING = bytes(WIDTH)


def folder_of(book: Book) -> Path:
    """Where the secrets of the book are kept."""
    return book.root / "row_secrets"


def slots_of(book: Book, borrowers: pl.Series) -> np.ndarray:
    """The slot of each borrower, UInt32; a secret is made for whoever has none, and is on the disk when this returns.

    Raises Refused where the two files do not belong together or others may read them, DiskFull where there is no room.
    """
    folder = private_folder(folder_of(book))
    with alone_in(folder), store.room_for(_secrets(book)):
        _demand_private(book)
        lines, secrets = _lines(book), secrets_of(book)
        if len(secrets) < len(lines):
            raise _cut(book, len(secrets), len(lines))
        known = pl.DataFrame({"borrower_id": lines, "slot": np.arange(len(lines), dtype=np.uint32)}).filter(pl.Series(secrets[: len(lines)].any(axis=1)))
        known = known.unique("borrower_id", keep="last", maintain_order=True)
        asked = borrowers.unique(maintain_order=True)
        new = asked.filter(~asked.is_in(known["borrower_id"].implode()))
        if len(new):
            _append(book, len(lines), new)
            known = pl.concat([known, pl.DataFrame({"borrower_id": new, "slot": np.arange(len(lines), len(lines) + len(new), dtype=np.uint32)})])
    return borrowers.to_frame("borrower_id").join(known, on="borrower_id", how="left", maintain_order="left")["slot"].to_numpy()


def secrets_of(book: Book) -> np.ndarray:
    """The secret of every slot, UInt8 of shape (slots, 32); zeros where it was destroyed."""
    try:
        found = np.fromfile(_secrets(book), np.uint8)
    except FileNotFoundError:
        found = np.empty(0, np.uint8)
    return found[: len(found) // WIDTH * WIDTH].reshape(-1, WIDTH)


def secret_at(book: Book, slot: int) -> bytes | None:
    """The secret of a slot; None where it was destroyed, or is not there."""
    try:
        with open(_secrets(book), "rb") as handle:
            found = os.pread(handle.fileno(), WIDTH, slot * WIDTH)
    except FileNotFoundError:
        return None
    return None if len(found) < WIDTH or found == _NOTHING else found


def forget(book: Book, borrower_ids: Iterable[str]) -> int:
    """The secrets of these borrowers are destroyed, on the disk, when this returns: no row of theirs in a night until now can be opened any more.

    How many secrets were destroyed now; a borrower without one, or who was forgotten before, counts none. Killed in the midst, some are destroyed and
    others not, and doing it again destroys the rest. Each is overwritten in its place: what a disk keeps below its file system is not reached by it.
    """
    if not _secrets(book).exists():
        return 0
    wanted = pl.Series("borrower_id", list(borrower_ids), pl.String)
    with alone_in(folder_of(book)):
        lines = _lines(book)
        slots = [slot for slot in lines.is_in(wanted.implode()).arg_true().to_list() if secret_at(book, slot) is not None]
        if slots:
            handle = os.open(_secrets(book), os.O_WRONLY | os.O_CLOEXEC)
            try:
                for slot in slots:
                    os.pwrite(handle, _NOTHING, slot * WIDTH)
                os.fsync(handle)
            finally:
                os.close(handle)
    return len(slots)


def _secrets(book: Book) -> Path:
    return folder_of(book) / "secrets"


def _borrowers(book: Book) -> Path:
    return folder_of(book) / "borrowers"


def _lines(book: Book) -> pl.Series:
    """Who stands in each slot. A line that a killed writer left half is none; none is without its secret, for secrets are written first."""
    path = _borrowers(book)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return pl.Series("borrower_id", [], pl.String)
    text = content[: content.rfind(b"\n") + 1].decode()
    lines = pl.Series("borrower_id", text.split("\n")[:-1], pl.String)
    if "\\" in text:
        return pl.Series("borrower_id", [json.loads(line) for line in lines], pl.String)
    return lines.str.strip_prefix('"').str.strip_suffix('"')


def _cut(book: Book, secrets: int, lines: int) -> Refused:
    return Refused(f"{_secrets(book)}: it holds {secrets:,} secrets for {lines:,} borrowers, so it was cut or is of another time; restore the folder {folder_of(book)} from a backup of the book",
                   f"{_secrets(book)}：只有 {secrets:,} 个密值，而借款人有 {lines:,} 名，文件被截断或属于其他时点；请从账册备份恢复文件夹 {folder_of(book)}")


def _append(book: Book, count: int, new: pl.Series) -> None:
    """The new borrowers stand after the first `count`; whatever a killed writer left behind these is overwritten. Secrets first, so that no line is without one."""
    lines = "".join(json.dumps(borrower, ensure_ascii=False) + "\n" for borrower in new).encode()
    whole = _borrowers(book).read_bytes() if count else b""
    _write_at(_secrets(book), count * WIDTH, os.urandom(len(new) * WIDTH))
    _write_at(_borrowers(book), whole.rfind(b"\n") + 1, lines)
    sync_folder(folder_of(book))
    sync_folder(book.root)


def _write_at(path: Path, place: int, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(handle, place)
        written = 0
        while written < len(content):
            written += os.pwrite(handle, content[written:], place + written)
        os.fsync(handle)
    finally:
        os.close(handle)


def _demand_private(book: Book) -> None:
    """Raises Refused where others than the owner may read the secrets."""
    path = _secrets(book)
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise Refused(f"{path}: others than its owner may read the secrets of the nights' rows, and could open what was to be forgotten; run: chmod 600 {path}",
                      f"{path}：所有者以外的人可以读取夜批各行的密值；请执行：chmod 600 {path}")
