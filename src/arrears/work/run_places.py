"""Where runs that are asked for on the pages may reach: books by name, the folder of files that wait to be loaded, the folder of mappings. Said in home/settings.yaml, never on a page.

```yaml
runs:
  books: {flash_loans: /srv/arrears/flash_loans}   # a name of small letters, digits, - and _, and the book's folder
  incoming: /srv/arrears/incoming                  # what lies in it may be loaded: files, and folders of files
  mappings: /srv/arrears/mappings                  # *.yaml
  daily:                                           # asked for by the program, in the lender's zone, of the day before
    - {at: "01:30", kind: night, book: flash_loans}
    - {at: "01:30", kind: intake, book: flash_loans}
    - {at: "03:00", kind: backup}
```
"""

import re
from dataclasses import dataclass
from pathlib import Path

from arrears import store
from arrears.law.lender import lender_from
from arrears.refusal import Refused
from arrears.store import Book
from arrears.strict_yaml import BadYaml
from arrears.work.own_choices import section

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_FILES_MOST = 500
"""So many names of a folder are listed."""


DAILY = ("night", "intake", "export", "retention", "backup")
"""Kinds of run that need nothing but a day and a book."""
_WITHOUT_A_BOOK = ("retention", "backup")


@dataclass(frozen=True)
class Daily:
    """A run that is asked for every day at that time of the lender's zone, HH:MM; book: None of a kind that needs none."""

    at: str
    kind: str
    book: str | None


@dataclass(frozen=True)
class Places:
    """Books by name; the folders are None where settings.yaml names none; daily: in the order in which it is asked for."""

    books: dict[str, Path]
    incoming: Path | None
    mappings: Path | None
    daily: tuple[Daily, ...] = ()


def places(home: Path) -> Places:
    """What settings.yaml says under `runs:`; nothing where it says nothing. Raises Refused or BadYaml naming what is wrong."""
    said, path = section(home, "runs"), home / "settings.yaml"
    if unknown := sorted(set(said) - {"books", "incoming", "mappings", "daily"}):
        raise Refused(f"{path}: runs.{unknown[0]} is not known; known are books, incoming, mappings, daily", f"{path}：runs.{unknown[0]} 无法识别；可用：books、incoming、mappings、daily")
    books = said.get("books", {})
    if not isinstance(books, dict) or not all(isinstance(name, str) and _NAME.fullmatch(name) and _is_path(at) for name, at in books.items()):
        raise Refused(f"{path}: runs.books gives each book a name (small letters, digits, - and _) and a folder by its whole path", f"{path}：runs.books 应为“名称: 完整路径”，名称限小写字母、数字、- 与 _")
    for name in ("incoming", "mappings"):
        if name in said and not _is_path(said[name]):
            raise Refused(f"{path}: runs.{name} is a folder by its whole path", f"{path}：runs.{name} 应为文件夹的完整路径")
    return Places({name: Path(at) for name, at in sorted(books.items())}, *(Path(said[name]) if name in said else None for name in ("incoming", "mappings")), _daily(said.get("daily", []), set(books), path))


def _daily(said: object, books: set[str], path: Path) -> tuple[Daily, ...]:
    if not isinstance(said, list):
        raise Refused(f"{path}: runs.daily is a list of runs, each with at, kind and mostly book", f"{path}：runs.daily 应为任务列表，每项写明 at、kind 及（多数）book")
    found = []
    for place, one in enumerate(said, start=1):
        keys = set(one) if isinstance(one, dict) else set()
        kind = one.get("kind") if keys else None
        wants = {"at", "kind"} if kind in _WITHOUT_A_BOOK else {"at", "kind", "book"}
        if keys != wants or kind not in DAILY or not isinstance(one["at"], str) or not _TIME.fullmatch(one["at"]) or one.get("book") not in {None, *books}:
            raise Refused(f'{path}: runs.daily, entry {place}: write at (such as "01:30"), kind (one of {", ".join(DAILY)}) and, but for {", ".join(_WITHOUT_A_BOOK)}, a book of runs.books',
                          f'{path}：runs.daily 第 {place} 项：请写 at（如 "01:30"）、kind（{"、".join(DAILY)} 之一）以及 runs.books 中的 book（{"、".join(_WITHOUT_A_BOOK)} 除外）')
        found.append(Daily(one["at"], kind, one.get("book")))
    return tuple(sorted(found, key=lambda one: one.at))


def books_of(home: Path, lender: str) -> dict[str, Path]:
    """The books of that lender, by name: those whose lender.yaml says so. A book that cannot be read is nobody's."""
    return {name: at for name, at in places(home).books.items() if _lender_of(at) == lender}


def book_named(home: Path, lender: str, name: str) -> Book:
    """The lender's book of that name. Raises Refused where settings.yaml names none such, or it is another lender's."""
    at = books_of(home, lender).get(name)
    if at is None:
        raise Refused(f"there is no book {name} of this lender; books are named under runs.books of {home / 'settings.yaml'}, and their lender.yaml says whose they are",
                      f"本机构没有账册 {name}；账册在 {home / 'settings.yaml'} 的 runs.books 中登记，其 lender.yaml 写明所属机构")
    return store.book_at(at)


def waiting_files(home: Path) -> list[str]:
    """The names of files and folders that may be loaded, in order; hidden ones and links are left out."""
    return _names(places(home).incoming, lambda one: one.is_file() or one.is_dir())


def mapping_files(home: Path) -> list[str]:
    """The names of the mapping files, in order."""
    return _names(places(home).mappings, lambda one: one.is_file() and one.suffix in (".yaml", ".yml"))


def within(folder: Path | None, name: str, known: list[str]) -> Path:
    """The path of one that was listed. Raises Refused for any other name: nothing outside the folder is ever reached."""
    if folder is None or name not in known:
        raise Refused("there is no such file in the folder that settings.yaml names under runs; choose one of the list", "settings.yaml 的 runs 所指文件夹中没有该文件；请从列表中选择")
    return folder / name


def _names(folder: Path | None, fits) -> list[str]:
    if folder is None or not folder.is_dir():
        return []
    return sorted(one.name for one in folder.iterdir() if not one.name.startswith(".") and not one.is_symlink() and fits(one))[:_FILES_MOST]


def _lender_of(at: Path) -> str | None:
    try:
        found = lender_from(store.lender_text(store.book_at(at)))
    except (Refused, BadYaml, OSError):
        return None
    return found.id if found.is_known else None


def _is_path(value: object) -> bool:
    return isinstance(value, str) and value.startswith("/") and "\0" not in value
