"""The strategies of a book: submitted versions that never change, and the list of approvals and rollbacks that says which holds when.

A version holds from the night that an entry of approvals.json names; that file is swapped whole. What is approved is named by the digest of its file,
so a file that was changed afterwards is refused, not used. An entry holds only from a night on that has not run: what was in force on a night that has
run never changes.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

from arrears import store
from arrears.days import moment_of
from arrears.delinquency.buckets import read_buckets
from arrears.locks import locked
from arrears.refusal import Refused
from arrears.store import Book
from arrears.strategy.approvals import APPROVE, ROLLBACK, Entry, Period, before, periods_of, standing_on
from arrears.strategy.experiments import demand_unchanged
from arrears.strategy.reading import default_strategy_text, demand_buckets, strategy_from
from arrears.strategy.strategy import Experiment, Strategy
from arrears.strategy.table_analysis import Finding, analyse, demand_reachable
from arrears.strict_yaml import BadYaml

FORMAT = 1
STRATEGY, SUBMITTED = "strategy.yaml", "submitted.json"
PATIENCE_SECONDS = 30.0
"""So long one who submits or approves waits for another who does; that takes them a moment."""
_SUBMITTED_TYPES = {"format": int, "version": int, "digest": str, "at": str, "by": str, "why": str}
_ENTRY_TYPES = {"action": str, "version": int | None, "digest": str | None, "from": str, "at": str, "by": str, "why": str}


@dataclass(frozen=True)
class Submitted:
    """One kept version: its text, and who submitted it when (UTC instant as text) and why."""

    version: int
    text: str
    digest: str
    at: str
    by: str
    why: str


def versions_of(book: Book) -> list[int]:
    """The numbers of the kept versions, oldest first."""
    return sorted(int(path.name) for path in book.strategies.iterdir() if re.fullmatch(r"\d{4,}", path.name)) if book.strategies.is_dir() else []


def submit(book: Book, text: str, by: str, why: str, at: int, name: str = STRATEGY) -> int:
    """The number of the version that this text is from now on; it appears whole, and nothing is in force by it.

    at: microseconds. name: what a message calls the text. Raises BadYaml where it is no strategy, Refused where it is the same as the latest version.
    """
    by, why = _words(by, "--by", "who submits it", "提交人"), _words(why, "--why", "why", "原因")
    checked(text, name)
    content = text.encode()
    with locked(book, "strategies", alone=True, patience_seconds=PATIENCE_SECONDS):
        latest = max(versions_of(book), default=0)
        if latest and _is_same(book.strategy_folder(latest) / STRATEGY, content):
            raise Refused(f"{name}: it is version {latest} already, byte for byte; nothing was changed", f"{name}：与版本 {latest} 逐字节相同；未作任何更改")
        number = max([latest, *(entry.version for entry in entries_of(book) if entry.version is not None)]) + 1  # a number that was approved is never given again
        final = book.strategy_folder(number)
        unfinished = final.with_name(f".{final.name}.unfinished")
        store.remove_folder(unfinished)
        store.write_bytes(unfinished / STRATEGY, content)
        record = {"format": FORMAT, "version": number, "digest": sha256(content).hexdigest(), "at": moment_of(at).isoformat(), "by": by, "why": why}
        store.write_bytes(unfinished / SUBMITTED, store.json_bytes(record))
        store.publish_folder(unfinished, final)
    return number


def approve(book: Book, version: int, by: str, from_on: date, why: str, at: int) -> Entry:
    """The version holds from the night of from_on on, until an entry with a later night begins. at: microseconds.

    Raises Refused where who approves it also submitted it (or the same bytes under another number), where a night from from_on on has run, where the
    version holds already or its files are not as they were submitted, and where it changes an experiment that runs.
    """
    by, why = _words(by, "--by", "who approves it", "批准人"), _words(why, "--why", "why", "原因")
    with _changing(book) as entries:
        kept = read_version(book, version)
        _demand_another(book, kept, by)
        strategy = checked(kept.text, str(book.strategy_folder(version) / STRATEGY))
        _demand_to_come(book, from_on)
        standing = standing_on(entries, from_on)
        if standing is not None and (standing.version, standing.digest) == (version, kept.digest):
            raise Refused(f"version {version} is in force on {from_on} already, from {standing.from_on} on, by {standing.by}; nothing was changed",
                          f"版本 {version} 在 {from_on} 已经有效（自 {standing.from_on} 起，{standing.by}）；未作任何更改")
        entry = Entry(APPROVE, version, kept.digest, from_on, moment_of(at).isoformat(), by, why)
        _demand_experiments(book, [*entries, entry], entry, strategy)
        return _added(book, entries, entry)


def rollback(book: Book, by: str, why: str, from_on: date, at: int) -> Entry:
    """From the night of from_on on the version holds again that held before the one in force then, or the shipped default where none did. at: microseconds.

    Experiments of the version rolled back end by it. Raises Refused where the default is in force then, where a night from from_on on has run, and where
    people would move between arms of an experiment that ran since.
    """
    by, why = _words(by, "--by", "who takes it back", "撤回人"), _words(why, "--why", "why it is taken back", "撤回原因")
    with _changing(book) as entries:
        _demand_to_come(book, from_on)
        standing = standing_on(entries, from_on)
        if standing is None or standing.version is None:
            raise Refused(f"{book.root}: on {from_on} the shipped default is in force, so there is nothing to take back; arrears strategy list shows what holds when",
                          f"{book.root}：{from_on} 有效的是默认策略，无可撤回；可用 arrears strategy list 查看")
        back = before(entries, from_on, standing)
        if back is not None:
            _text(book, back.version, back.digest)
            _demand_arms_as_before(book, entries, back, from_on)
        version, digest = (back.version, back.digest) if back else (None, None)
        return _added(book, entries, Entry(ROLLBACK, version, digest, from_on, moment_of(at).isoformat(), by, why))


def in_force(book: Book, as_of: date) -> tuple[str, int | None, Entry | None]:
    """The text of the strategy of that night, its version and the entry by which it holds; the shipped default, None and None where nobody approved another.

    Version None beside an entry: a rollback brought the default back. Raises Refused where the list is damaged, or the file is not the one approved.
    """
    entry = standing_on(entries_of(book), as_of)
    if entry is None or entry.version is None:
        return default_strategy_text(), None, entry
    return _text(book, entry.version, entry.digest), entry.version, entry


def in_force_told(book: Book, as_of: date) -> tuple[str, dict[str, str | int]]:
    """The text of the strategy of that night, and what a night keeps of how it came into force: number, digest, from, by, and whether it was approved or brought back (action); empty for the shipped default."""
    text, version, entry = in_force(book, as_of)
    return text, {} if entry is None or version is None else {"number": version, "digest": entry.digest, "from": entry.from_on.isoformat(), "by": entry.by, "action": entry.action}


def history(book: Book) -> list[Period]:
    """What held when, earliest first, and what will; before the first period the shipped default. Raises Refused where the list is damaged."""
    return periods_of(entries_of(book))


def entries_of(book: Book) -> list[Entry]:
    """Every approval and rollback in the order in which they were entered. Raises Refused where the list is damaged."""
    try:
        content = json.loads(book.approvals_path.read_bytes())
        if content["format"] != FORMAT:
            raise ValueError(content["format"])
        return [_entry(entry) for entry in content["entries"]]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError):
        raise Refused(f"{book.approvals_path}: not readable as the list of approvals; without it nobody knows which strategy is in force: restore it from a backup of the book",
                      f"{book.approvals_path}：无法按批准清单读取；没有它就不知道哪个策略有效，请从账册备份恢复") from None


def read_version(book: Book, version: int) -> Submitted:
    """A kept version. Raises Refused where there is none of this number, and where its files are damaged or not as they were submitted."""
    there = versions_of(book)
    if version not in there:
        known = ", ".join(map(str, there))
        raise Refused(f"{book.strategies}: there is no version {version}; " + (f"there are {known}" if there else "submit one with arrears strategy submit"),
                      f"{book.strategies}：没有版本 {version}；" + (f"已有：{known}" if there else "请先用 arrears strategy submit 提交"))
    path = book.strategy_folder(version) / SUBMITTED
    try:
        record = json.loads(path.read_bytes())
        _demand_types(record, _SUBMITTED_TYPES)
        if (record["format"], record["version"]) != (FORMAT, version):
            raise ValueError(record["version"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError):
        raise Refused(f"{path}: not readable as what was submitted as version {version}; restore it from a backup of the book, or submit the strategy anew",
                      f"{path}：无法按版本 {version} 的提交记录读取；请从账册备份恢复，或重新提交该策略") from None
    text = _text(book, version, record["digest"])
    return Submitted(version, text, record["digest"], record["at"], record["by"], record["why"])


def checked(text: str, name: str) -> Strategy:
    """The strategy of this text. Raises BadYaml where a night could not run on it, or a row of it could never decide."""
    strategy, findings = looked_at(text, name)
    demand_reachable(findings, name)
    return strategy


def looked_at(text: str, name: str) -> tuple[Strategy, tuple[Finding, ...]]:
    """The strategy of this text, and what there is to know of its tables for late loans (none is in the first bucket). Raises BadYaml where no night could run on it."""
    strategy, buckets = strategy_from(text, name), read_buckets().names
    demand_buckets(strategy, buckets)
    return strategy, analyse(strategy, buckets[1:])


def same_person(left: str, right: str) -> bool:
    """Two names are one person's: the same letters, whatever their case, width, composition, spaces or invisible signs.

    >>> same_person("Li Wei ", "ＬＩ  wei"), same_person("Li Wei", "Li Wen")
    (True, False)
    """
    return _plain(left) == _plain(right)


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join("".join(sign for sign in folded if unicodedata.category(sign) != "Cf").split())


@contextmanager
def _changing(book: Book) -> Iterator[list[Entry]]:
    """The list as it stands, for as long as nobody else may change it and no night runs (it could be one of those that the change is about)."""
    with locked(book, "strategies", alone=True, patience_seconds=PATIENCE_SECONDS), locked(book, "night", alone=False):
        yield entries_of(book)


def _added(book: Book, entries: list[Entry], entry: Entry) -> Entry:
    """The entry counts from now on; a reader sees the old list or the new one, never a part."""
    store.write_record(book.approvals_path, {"format": FORMAT, "entries": [_record(one) for one in (*entries, entry)]})
    return entry


def _record(entry: Entry) -> dict:
    return {"from": entry.from_on.isoformat(), **{key: value for key, value in entry.__dict__.items() if key != "from_on"}}


def _entry(record: dict) -> Entry:
    _demand_types(record, _ENTRY_TYPES)
    version, digest = record["version"], record["digest"]
    if record["action"] not in (APPROVE, ROLLBACK) or (version is None) != (digest is None) or (version is None and record["action"] == APPROVE):
        raise ValueError(record["action"])
    if version is not None and (version < 1 or not re.fullmatch("[0-9a-f]{64}", digest)):
        raise ValueError(digest)
    return Entry(record["action"], version, digest, date.fromisoformat(record["from"]), record["at"], record["by"], record["why"])


def _demand_types(record: dict, types: dict) -> None:
    if record.keys() != types.keys():
        raise KeyError(*record.keys() ^ types.keys())
    for key, kind in types.items():
        if not isinstance(record[key], kind) or isinstance(record[key], bool):
            raise TypeError(key)


def _text(book: Book, version: int, digest: str) -> str:
    """The text of a version. Raises Refused where it cannot be read or is not the one of the digest."""
    path = book.strategy_folder(version) / STRATEGY
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise Refused(f"{path}: cannot be read ({problem.strerror}); no night runs on it: restore it from a backup of the book, or approve another version with arrears strategy approve",
                      f"{path}：无法读取；夜批不会使用它：请从账册备份恢复，或用 arrears strategy approve 批准其他版本") from None
    found = sha256(content).hexdigest()
    if found != digest:
        raise Refused(f"{path}: it is not the file of version {version} that was submitted (SHA-256 {digest[:12]}…, found {found[:12]}…); no night runs on it: restore it from a "
                      "backup of the book, or submit the strategy anew and have that approved",
                      f"{path}：与提交的版本 {version} 不同（SHA-256 {digest[:12]}…，现为 {found[:12]}…）；夜批不会使用它：请从账册备份恢复，或重新提交并获批准")
    return content.decode()


def _is_same(path: Path, content: bytes) -> bool:
    """A file that is gone is not the same; who reads that version is told."""
    return path.is_file() and path.read_bytes() == content


def _demand_another(book: Book, kept: Submitted, by: str) -> None:
    """Raises Refused where who approves the version submitted it, or another with the same bytes."""
    for number in versions_of(book):
        try:
            other = kept if number == kept.version else read_version(book, number)
        except Refused:
            continue  # it cannot be approved itself; who needs it is told
        if other.digest == kept.digest and same_person(other.by, by):
            raise Refused(f"version {number} was submitted by {other.by}, and nobody approves their own version; let somebody else look at it and approve it",
                          f"版本 {number} 由 {other.by} 提交，任何人不得批准自己提交的版本；请由他人审阅并批准")


def _demand_to_come(book: Book, from_on: date) -> None:
    """Raises Refused where a night of from_on or later has run."""
    finished = book.night_dates()
    if finished and from_on <= finished[-1]:
        raise Refused(f"--from {from_on}: the night of {finished[-1]} has run, and what was in force on a night that has run never changes; write {_next(finished[-1])} or a later day",
                      f"--from {from_on}：{finished[-1]} 的夜批已完成，已完成夜批所用的策略不得更改；请写 {_next(finished[-1])} 或更晚的日期")


def _next(day: date) -> date:
    return day if day == date.max else date.fromordinal(day.toordinal() + 1)


def demand_experiments(book: Book, strategy: Strategy, from_on: date) -> None:
    """Raises Refused where an experiment would be changed while it runs if the strategy held from from_on on."""
    _demand_experiments(book, [*entries_of(book), entry := Entry(APPROVE, None, None, from_on, "", "", "")], entry, strategy)


def _demand_experiments(book: Book, entries: list[Entry], entry: Entry, strategy: Strategy) -> None:
    """Raises Refused where an experiment would be changed while it runs: by the strategy of the entry when it begins to hold, or by one that is to follow it.

    Nor is the name of an experiment of any version that held before, or will hold, used for another: people are drawn by it, and would move between
    arms. A rollback that is to follow ends experiments, as it is meant to.
    """
    periods = periods_of(entries)
    place = next(number for number, period in enumerate(periods) if period.entry is entry)
    held = [(period, _still_readable(book, period.entry)) for period in periods[:place]]
    known = {one.name: one for period, earlier in held if earlier is not None for one in earlier.experiments if one.from_on < period.until_on}
    last = held[-1][1].experiments if held and held[-1][1] is not None else ()
    names = {one.name for one in strategy.experiments} - {one.name for one in last}
    demand_unchanged(replace(strategy, experiments=(*last, *(known[name] for name in sorted(names & known.keys())))), strategy, entry.from_on)
    later, begun = periods[place + 1:], [one for one in strategy.experiments if place + 1 < len(periods) and one.from_on < periods[place + 1].from_on]
    for number, period in enumerate(later):
        coming = _still_readable(book, period.entry)
        if coming is not None and number == 0 and period.entry.action == APPROVE:
            demand_unchanged(strategy, coming, period.from_on)
        elif coming is not None:
            _demand_same_arms(begun, coming, period.from_on)


def _demand_same_arms(begun: Iterable[Experiment], coming: Strategy, from_on: date) -> None:
    """Raises Refused where the strategy that comes has one of these experiments with other arms, shares, conditions, outcome or start."""
    own = {one.name: one for one in coming.experiments}
    kept = (replace(one, until_on=own[one.name].until_on) for one in begun if one.name in own)
    demand_unchanged(replace(coming, experiments=tuple(kept)), coming, from_on)


def _demand_arms_as_before(book: Book, entries: list[Entry], back: Entry, from_on: date) -> None:
    """Raises Refused where the version brought back would move people between arms of an experiment that ran since, under the same name."""
    coming = _still_readable(book, back)
    held = ((period, _still_readable(book, period.entry)) for period in periods_of(entries) if period.from_on < from_on)
    begun = {one.name: one for period, earlier in held if earlier is not None for one in earlier.experiments if one.from_on < min(from_on, period.until_on or from_on)}
    try:
        if coming is not None:
            _demand_same_arms(begun.values(), coming, from_on)
    except Refused as problem:
        raise Refused(f"version {back.version} cannot hold again: {problem.en}. Submit it without that experiment and have it approved",
                      f"版本 {back.version} 不能重新生效：{problem.zh}。请提交不含该实验的版本并获批准") from None


def _still_readable(book: Book, entry: Entry) -> Strategy | None:
    """The strategy of an entry; None for the default, and where its file is damaged: no night runs on that, and another must be able to take its place."""
    if entry.version is None:
        return None
    try:
        return strategy_from(_text(book, entry.version, entry.digest))
    except (Refused, BadYaml):
        return None


def _words(said: str | None, option: str, en: str, zh: str) -> str:
    """What was said, without spaces around it. Raises Refused where it is empty, or holds signs that cannot be printed on a line."""
    told = (said or "").strip()
    if not _plain(told):
        raise Refused(f"{option} is empty; it says {en}", f"{option} 为空；应写明{zh}")
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in told):
        raise Refused(f"{option} holds a line break or a sign that cannot be printed; write it on one line", f"{option} 含换行或无法显示的字符；请写在一行内")
    return told
