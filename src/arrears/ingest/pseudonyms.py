"""Pseudonyms: what names a person becomes a keyed hash before it enters the book, and the lender keeps the key.

What this gives: without the key nobody can compute a pseudonym from an id, so a stolen book cannot be searched by
trying all possible ids. What it does not give: this is pseudonymisation (去标识化), not anonymisation (匿名化) in the
sense of Article 73 of the Personal Information Protection Law (个人信息保护法第七十三条). Equal ids get equal
pseudonyms, so what is known of one person stays together; and whoever has the key and a list of ids can tell whose row
is whose. The rows stay personal information, and the key is to be kept as carefully as the ids themselves.
"""

import errno
import os
import secrets
import stat
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import polars as pl

from arrears.refusal import Refused

MARKER = r"#[0-9a-f]{32}"
"""A cell that is a pseudonym already: "#" and 32 digits, as quarantine.xlsx shows hashed columns."""

_FIRST_LINE = (
    "# The key of the pseudonyms of one lender. Keep it secret and keep a copy: without it the next load cannot be "
    "joined to the book. 假名密钥：请保密并备份；遗失后新数据无法与账册对应。"
)
_KEY_BYTES = 32
_CACHED = 250_000
_FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {"\u3000": " ", "\u00a0": " "}
_BLANKS = " \t\r\n\v\f\u200b\u2060\ufeff"
_APOSTROPHES = "'\u2018\u2019"
_NOT_AN_ID = (
    b"the key of these pseudonyms is the one whose mark follows"  # no id is in lower case, so none has this mark
)


class Pseudonyms:
    """The keyed hash of ids under one lender's key; it remembers those met lately."""

    def __init__(self, key: bytes):
        if len(key) != _KEY_BYTES:
            raise ValueError(f"the key of pseudonyms has {_KEY_BYTES} bytes, not {len(key)}")
        block = key.ljust(64, b"\0")
        self._inner = bytes(byte ^ 0x36 for byte in block)
        self._outer = bytes(byte ^ 0x5C for byte in block)
        self._met: dict[str, str] = {}

    @property
    def fingerprint(self) -> str:
        """Tells one key from another without giving it away: 16 hexadecimal digits."""
        return self._hashed(_NOT_AN_ID)[:16]

    def of(self, texts: pl.Series) -> pl.Series:
        """The pseudonym of each id: HMAC-SHA256 of its normal form, the first 128 bits as 32 lower-case digits.

        Null, and a text of nothing but blanks, is null. A cell "#" and 32 digits is that pseudonym. Source: RFC 2104,
        FIPS 180-4; the normal form is that of `normal_form`.
        """
        unique = texts.drop_nulls().unique()
        if unique.is_empty():
            return pl.Series(texts.name, [None] * len(texts), pl.String)
        marked = unique.str.strip_chars(_BLANKS)
        is_marked = marked.str.contains(f"^{MARKER}$")
        hashed = pl.Series(self._all_hashed(normal_form(unique).to_list()), dtype=pl.String)
        mapped = marked.str.slice(1).zip_with(is_marked, hashed)
        return texts.replace_strict(unique, mapped, return_dtype=pl.String).rename(texts.name)

    def _all_hashed(self, ids: list[str | None]) -> list[str | None]:
        if len(self._met) + len(ids) > _CACHED:
            self._met.clear()
        met = self._met
        if len(ids) > _CACHED:
            return [None if text is None else self._hashed(text.encode()) for text in ids]
        met.update({text: self._hashed(text.encode()) for text in ids if text is not None and text not in met})
        return [None if text is None else met[text] for text in ids]

    def _hashed(self, text: bytes) -> str:
        """HMAC written out, its two pads ready: half the time of hmac.digest, whose set-up outweighs so short a text."""
        return sha256(self._outer + sha256(self._inner + text).digest()).hexdigest()[:32]


def passing() -> Pseudonyms:
    """Pseudonyms under a key that is in memory alone: what a try leaves where it is killed can be traced to nobody."""
    return Pseudonyms(secrets.token_bytes(_KEY_BYTES))


def normal_form(texts: pl.Series) -> pl.Series:
    """Each id as it is hashed: one person's number, however it was typed.

    Full-width characters become half-width, blanks and apostrophes around it go, letters are upper case (the x that
    ends some identity numbers). Nothing is left of a text of blanks: null.

    >>> normal_form(pl.Series(["'11010119900307123x ", "１１０", " "])).to_list()
    ['11010119900307123X', '110', None]
    """
    wide = texts.str.len_bytes() != texts.str.len_chars()
    if wide.any():
        texts = texts.str.replace_many(_FULL_WIDTH)
    bare = (
        texts.str.strip_chars(_BLANKS).str.strip_chars_start(_APOSTROPHES).str.strip_chars(_BLANKS).str.to_uppercase()
    )
    return bare.to_frame("id").select(pl.when(pl.col("id") != "").then("id")).to_series().rename(texts.name)


def masked(texts: pl.Series, *, only_first: bool = False) -> pl.Series:
    """Each text with stars: its first three and last two characters stay where there are eight or more, else its first.

    Of a name only the first character stays (`only_first`), of a single character nothing: the whole is never shown.

    >>> masked(pl.Series(["13812345678", "李小明", "王"])).to_list(), masked(pl.Series(["欧阳小明"]), only_first=True).to_list()
    (['138******78', '李**', '*'], ['欧***'])
    """
    text, length = pl.col("text"), pl.col("text").str.len_chars().cast(pl.Int64)
    head = pl.when(length < 2).then(0).when((length >= 8) & pl.lit(not only_first)).then(3).otherwise(1)
    tail = pl.when((length >= 8) & pl.lit(not only_first)).then(2).otherwise(0)
    middle = text.str.slice(head, length - head - tail).str.replace_all("(?s).", "*")
    shown = pl.concat_str(text.str.slice(0, head), middle, text.str.slice(length - tail, tail))
    return texts.to_frame("text").select(shown).to_series().rename(texts.name)


def key_place(book: Path) -> Path:
    """Where a book's key lies unless another place is named: beside the book's folder, named after it."""
    root = book.resolve()
    return root.parent / f"{root.name}.key"


def opened(book: Path, named: Path | None = None, fingerprint: str | None = None) -> tuple[Pseudonyms, Path, bool]:
    """The book's pseudonyms, the key's place, and whether the key was created just now (to be told to the user).

    `fingerprint` is what the book's ledger keeps. Raises Refused where the key lies in the book, is damaged, may be read
    by others, is not the one the book was hashed by, or is missing though the book was hashed by one.
    """
    path = key_place(book) if named is None else named
    _refuse_inside(path, book)
    created = False
    if not path.exists():
        if fingerprint is not None:
            raise Refused(
                f"{path}: no such file; the book {book} was hashed by the key with the mark {fingerprint}, and a new "
                "key would "
                "give every person another pseudonym: restore the key from its copy, or name its place with --key FILE",
                f"{path}：没有此文件；账册 {book} 用标记为 {fingerprint} 的密钥生成假名，换新密钥会使同一人的假名全部改变；"
                "请从备份恢复密钥，或用 --key FILE 指明其位置",
            )
        created = _created(path)
    pseudonyms = Pseudonyms(_read_key(path))
    if fingerprint is not None and pseudonyms.fingerprint != fingerprint:
        raise Refused(
            f"{path}: another key than the book's: its mark is {pseudonyms.fingerprint}, the book {book} was hashed by "
            f"{fingerprint}; the same person would get two pseudonyms: name the right key with --key FILE",
            f"{path}：不是该账册的密钥：其标记为 {pseudonyms.fingerprint}，账册 {book} 使用的是 {fingerprint}；"
            "否则同一人会有两个假名，请用 --key FILE 指明正确的密钥",
        )
    return pseudonyms, path, created


def _refuse_inside(path: Path, book: Path) -> None:
    if path.resolve().is_relative_to(book.resolve()):
        raise Refused(
            f"{path}: lies in the book's folder {book}; whoever copies the book would have the key too and could tell "
            f"whose row is whose: keep it elsewhere, for example {key_place(book)}",
            f"{path}：位于账册文件夹 {book} 内；复制账册的人会同时得到密钥，从而认出每一行属于谁；"
            f"请放在别处，例如 {key_place(book)}",
        )


def _created(path: Path) -> bool:
    """Writes a new key under the name, whole or not at all; False where another process was faster."""
    content = f"{_FIRST_LINE}\n{secrets.token_hex(_KEY_BYTES)}\n".encode()
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write_alone(unfinished, content)
        try:
            os.link(unfinished, path)  # unlike a rename, a link never replaces a key that stands there
        except FileExistsError:
            return False
        except OSError as problem:
            if problem.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS):
                raise
            return _written_without_link(path, content)
        finally:
            unfinished.unlink()
        _sync_folder(path.absolute().parent)
    except OSError as problem:
        raise Refused(
            f"{path}: the key of the pseudonyms cannot be created ({problem.strerror}); without it no id can be "
            "hashed: allow writing there, or name another place with --key FILE",
            f"{path}：无法创建假名密钥（{problem.strerror}）；没有它就不能处理证件号等列；请开放写权限，或用 --key FILE 指定别处",
        ) from None
    return True


def _written_without_link(path: Path, content: bytes) -> bool:
    """The same on a disk that knows no links."""
    try:
        _write_alone(path, content)
    except FileExistsError:
        return False
    _sync_folder(path.absolute().parent)
    return True


def _write_alone(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # some disks cannot sync a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read_key(path: Path) -> bytes:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Refused(
                f"{path}: others than its owner may read this key, and with it could tell whose row is whose; "
                f"run: chmod 600 {path} (on a disk without permissions keep it elsewhere: --key FILE)",
                f"{path}：所有者以外的人可以读取该密钥，从而认出每一行属于谁；"
                f"请执行：chmod 600 {path}（磁盘不支持权限时请用 --key FILE 放在别处）",
            )
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as problem:
        raise Refused(
            f"{path}: the key of the pseudonyms cannot be read ({problem.strerror}); allow reading, or name the right "
            "file with --key FILE",
            f"{path}：无法读取假名密钥（{problem.strerror}）；请开放读权限，或用 --key FILE 指明正确的文件",
        ) from None
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        key = bytes.fromhex(lines[0]) if len(lines) == 1 else b""
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise Refused(
            f"{path}: not a key of pseudonyms: one line of 64 hexadecimal digits is expected below the comment; "
            "restore the file from its copy, or name the right one with --key FILE",
            f"{path}：不是假名密钥：注释之后应只有一行 64 位十六进制数字；请从备份恢复，或用 --key FILE 指明正确的文件",
        )
    return key
