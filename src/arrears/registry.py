"""Models on disk: versions that never change, a card with each, and the list of releases.

A release counts when releases.json names it; that file is swapped whole. What is released is named by the digest of its files, so a file
that was changed afterwards is refused, not used.
"""

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from arrears import store
from arrears.refusal import Refused
from arrears.scoring.families import TARGETS
from arrears.scoring.kept import from_files
from arrears.scoring.model import Model
from arrears.store import Book

FORMAT = 1
CARD, CARD_PAGE = "card.json", "card.html"
PATIENCE_SECONDS = 30.0
"""So long one who writes a version or a release waits for another who does; that takes them a moment."""
_CARD_KEYS = {"model": str, "version": int, "kind": str, "event": dict, "data": dict, "validation": dict, "metrics": dict, "formulas": dict,
              "definition": dict | None, "as_of": str | None}
_RELEASE_TYPES = {"action": str, "name": str, "version": int | None, "digest": str | None, "at": str, "by": str, "why": str, "assessment": str}


@dataclass(frozen=True)
class Version:
    """One kept version of a model with the digest of its files; `card` is what its card says."""

    name: str
    version: int
    digest: str
    model: Model
    card: dict


@dataclass(frozen=True)
class Release:
    """One entry of the list: which version of a model holds from `at` on (UTC instant as text); version None: no version any more.

    action: release, or rollback, which makes the version released before hold again.
    """

    action: str
    name: str
    version: int | None
    digest: str | None
    at: str
    by: str
    why: str
    assessment: str


def versions_of(book: Book, name: str) -> list[int]:
    """The numbers of the kept versions of a model, oldest first."""
    folder = book.models / name
    return sorted(int(path.name) for path in folder.iterdir() if re.fullmatch(r"\d{4,}", path.name)) if folder.is_dir() else []


def names_of(book: Book) -> list[str]:
    """The models of which a version is kept."""
    return sorted(path.name for path in book.models.iterdir() if path.is_dir() and versions_of(book, path.name)) if book.models.is_dir() else []


def keep(book: Book, name: str, files: dict[str, bytes]) -> int:
    """The number of the version that these files are from now on; it appears whole. files: those of the model and its card."""
    latest = max(versions_of(book, name), default=0)
    final = book.model_folder(name, latest + 1)
    unfinished = final.with_name(f".{final.name}.unfinished")
    store.remove_folder(unfinished)
    for file, content in files.items():
        store.write_bytes(unfinished / file, content)
    store.publish_folder(unfinished, final)
    return latest + 1


def read_version(book: Book, name: str, version: int | None = None, digest: str | None = None) -> Version:
    """A kept version, the latest where none is named. Raises Refused where there is none, where the name is that of no model (it names a folder), or where
    its files are not those of the digest.
    """
    if name not in TARGETS:
        raise Refused(f"there is no model {name}; there are {', '.join(TARGETS)}", f"没有模型 {name}；可用：{'、'.join(TARGETS)}")
    kept = versions_of(book, name)
    if not kept:
        raise Refused(f"{book.models}: no model {name} is kept here; make one with arrears score fit {name} --book {book.root}",
                      f"{book.models}：没有模型 {name}；请先运行 arrears score fit {name} --book {book.root}")
    number = kept[-1] if version is None else version
    if number not in kept:
        there = ", ".join(map(str, kept))
        raise Refused(f"{book.models}: model {name} has no version {number}; there are {there}",
                      f"{book.models}：模型 {name} 没有版本 {number}；已有：{there}")
    folder = book.model_folder(name, number)
    files = _files(folder)
    found = digest_of(files)
    if digest is not None and found != digest:
        raise Refused(
            f"{folder}: its files are not those that were released (SHA-256 {digest[:12]}…, found {found[:12]}…); nothing is scored with them: restore the "
            f"folder from a backup, or release another version with arrears score release {name}",
            f"{folder}：文件与发布时不同，不会用于评分；请从备份恢复该文件夹，或用 arrears score release {name} 发布其他版本")
    if CARD not in files:
        raise Refused(f"{folder}: {CARD} is missing; a model without its card is not used: restore it, or fit the model anew",
                      f"{folder}：缺少 {CARD}；没有模型卡的模型不予使用；请恢复或重新拟合")
    card = _card(folder / CARD, files[CARD], name, number)
    model = from_files({file: content for file, content in files.items() if file not in (CARD, CARD_PAGE)})
    if model.name != name:
        raise Refused(f"{folder}: it holds the model {model.name}, not {name}; restore it from a backup, or fit the model anew",
                      f"{folder}：其中是模型 {model.name}，而非 {name}；请从备份恢复或重新拟合")
    return Version(name, number, found, model, card)


def _card(path: Path, content: bytes, name: str, number: int) -> dict:
    """What the card says. Raises Refused where it is not a card of this version."""
    try:
        card = json.loads(content)
    except (ValueError, RecursionError):
        raise Refused(f"{path}: not readable as JSON; restore it from a backup, or fit the model anew", f"{path}：不是有效的 JSON；请从备份恢复或重新拟合") from None
    wrong = "card" if not isinstance(card, dict) else next((key for key, kind in _CARD_KEYS.items() if key not in card or not isinstance(card[key], kind)), None)
    if wrong is not None:
        raise Refused(f"{path}: {wrong} is missing or not as a card has it; restore it from a backup, or fit the model anew", f"{path}：{wrong} 缺失或格式不符；请从备份恢复或重新拟合")
    if (card["model"], card["version"]) != (name, number):
        raise Refused(f"{path}: it is the card of {card['model']} version {card['version']}, in the folder of {name} version {number}; give the folder its own name again",
                      f"{path}：这是 {card['model']} 版本 {card['version']} 的模型卡，却在 {name} 版本 {number} 的文件夹中；请恢复文件夹原名")
    return card


def digest_of(files: dict[str, bytes]) -> str:
    """SHA-256 over the names and contents of a version's files, its page left aside (which is drawn from the card)."""
    told = {file: sha256(content).hexdigest() for file, content in files.items() if file != CARD_PAGE}
    return sha256(store.json_bytes(told)).hexdigest()


def releases(book: Book) -> list[Release]:
    """Every release and rollback, oldest first. Raises Refused where the list is damaged."""
    try:
        content = json.loads(book.releases_path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(content["format"])
        return [_release(entry) for entry in content["releases"]]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError):
        raise Refused(f"{book.releases_path}: not readable as the list of releases; restore it from a backup of the book",
                      f"{book.releases_path}：无法按发布清单读取；请从账册备份恢复") from None


def _release(entry: dict) -> Release:
    if entry.keys() != _RELEASE_TYPES.keys():
        raise KeyError(*entry.keys() ^ _RELEASE_TYPES.keys())
    for key, kind in _RELEASE_TYPES.items():
        if not isinstance(entry[key], kind) or isinstance(entry[key], bool):
            raise TypeError(key)
    if entry["action"] not in ("release", "rollback") or (entry["version"] is None) != (entry["digest"] is None):
        raise ValueError(entry["action"])
    return Release(**entry)


def standing(book: Book) -> dict[str, Release]:
    """The release that stands of each model, by name; none of a model whose release was taken back."""
    found = {entry.name: entry for entry in releases(book)}
    return {name: entry for name, entry in sorted(found.items()) if entry.version is not None}


def add_release(book: Book, entry: Release) -> None:
    """The entry counts from now on; a reader sees the old list or the new one, never a part."""
    entries = [*(kept.__dict__ for kept in releases(book)), entry.__dict__]
    store.write_bytes(book.releases_path, store.json_bytes({"format": FORMAT, "releases": entries}))


def _files(folder: Path) -> dict[str, bytes]:
    try:
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    except OSError as problem:
        raise Refused(f"{folder}: cannot be read ({problem.strerror}); restore it from a backup of the book",
                      f"{folder}：无法读取；请从账册备份恢复") from None
