"""Cases of a finished night shared out anew: what it would do, and doing it. A finished night never changes; the next one starts from what is written here.

    BOOK/allocation/<as_of>/0001.json      who shared out, when, why, by which roster, and what it rests on
    BOOK/allocation/<as_of>/0001.parquet   who has which case since; one row per borrower, as assigned.parquet of a night has them

The Parquet file is what counts, and it appears last: a record without it is what a kill left, and the next sharing out takes its place.
"""

import json
import os
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import polars as pl

from arrears import store
from arrears.allocation.assign import ASSIGNED as COLUMNS
from arrears.allocation.assign import CASES, Assigned, assign, assign_team
from arrears.allocation.assign_words import worded
from arrears.allocation.recall import Presence, presence, worked_on
from arrears.allocation.roster import ROSTER_FILE, Roster
from arrears.allocation.roster_reading import demand_stages, roster_from
from arrears.allocation.workload import Workload, workload
from arrears.days import moment_of
from arrears.delinquency.buckets import read_buckets
from arrears.locks import locked
from arrears.nightly.allotting import agency_faults
from arrears.nightly.earlier_nights import ASSIGNED, run_digest
from arrears.nightly.inputs import Deciders, Inputs, kept_inputs
from arrears.nightly.sharing_by_minutes import shared_by_minutes
from arrears.refusal import Refused
from arrears.store import Book

FORMAT = 1
_RECORD = {"format": int, "night": str, "number": int, "by": str, "why": str, "at": str, "team": str | None, "by_minutes": bool, "moved": int, "digest": str,
           "roster": str, "roster_digest": str, "rests_on": dict}
PATIENCE_SECONDS = 2.0
_GUIDE = "docs/guides/cases.md"


@dataclass(frozen=True)
class Standing:
    """Who has which case since a finished night. rows: one per borrower, as Assigned.rows; cases: CASES of the night; roster: by which they were given.

    number: which sharing out after the night it is, 0 for the night's own; record: what that sharing out says of itself, {} for the night's own.
    """

    inputs: Inputs
    rows: pl.DataFrame
    cases: pl.DataFrame
    roster: Roster
    number: int
    record: dict
    path: Path
    currency: str

    @property
    def as_of(self) -> date:
        return self.inputs.as_of

    @property
    def workload(self) -> Workload:
        return workload(Assigned(self.rows, 0, 0, self.as_of), self.cases, self.roster)


@dataclass(frozen=True)
class Sharing:
    """What sharing out anew does. rows: one per borrower; before is who had it, and of cases that are not of the team who has it."""

    assigned: Assigned
    roster: Roster
    before: Workload
    after: Workload
    team: str | None
    by_minutes: bool

    @property
    def unassigned(self) -> pl.DataFrame:
        """Who needs somebody and has nobody: of all, or of the cases that were the team's."""
        found = self.assigned.unassigned
        return found if self.team is None else found.filter(pl.col("before").is_in([one.name for one in self.roster.collectors if one.team == self.team]))


def standing_of(book: Book, as_of: date) -> Standing:
    """How the cases stand after the night of the date. Raises Refused where there is no such night, it gave no cases, or a file is damaged or rests on another night."""
    night = book.night(as_of)
    if not night.is_dir():
        done = book.night_dates()
        last = (f"; the last one is {done[-1]}", f"；最近的夜批为 {done[-1]}") if done else ("", "")
        raise Refused(f"{book.root}: no night of {as_of} is finished{last[0]}; name a finished night with --as-of, or run it: arrears night --book {book.root} --as-of {as_of}",
                      f"{book.root}：没有已完成的 {as_of} 夜批{last[1]}；请用 --as-of 指定已完成的夜批，或先运行：arrears night --book {book.root} --as-of {as_of}")
    inputs = kept_inputs(night)
    if inputs is None:
        raise _damaged(night / "run.json", as_of)
    path = night / f"{ASSIGNED}.parquet"
    if not path.is_file():
        raise Refused(f"{night}: that night gave no case to anybody, for there was no {ROSTER_FILE} beside the book; write one ({_GUIDE}) and do the night again with --again",
                      f"{night}：该夜批没有分配案件，因为账册旁没有 {ROSTER_FILE}；请写一份名册（{_GUIDE}），并加 --again 重做该夜批")
    cases, roster, record, number = _read(night / "cases.parquet", as_of, (*CASES, "minutes")), inputs.roster, {}, 0
    files = store.sharings(book, as_of)
    if files:
        path, number = files[-1], len(files)
        record = record_of(book, as_of, path)
        roster = record["roster"]
        if record["number"] != number:
            raise Refused(f"{path}: it is sharing {record['number']} after that night, but {number} {'is' if number == 1 else 'are'} there; restore those that are gone from a backup of the book",
                          f"{path}：它是该夜批之后第 {record['number']} 次分案，但现存 {number} 次；请从账册备份恢复缺失的")
    try:
        summary = json.loads((night / "summary.json").read_text(encoding="utf-8"))
        currency = summary["allocation"]["currency"]
    except (OSError, ValueError, KeyError, TypeError):
        raise _damaged(night / "summary.json", as_of) from None
    return Standing(inputs, _read(path, as_of, COLUMNS), cases, roster_from(roster, f"{path.name}: {ROSTER_FILE}"), number, record, path, currency)


def record_of(book: Book, as_of: date, path: Path) -> dict:
    """What a sharing out says of itself. Raises Refused where its record is damaged, its file is not the one that was written, or the night was done anew since."""
    said = path.with_suffix(".json")
    try:
        record = json.loads(said.read_text(encoding="utf-8"))
        if any(not isinstance(record[key], kind) for key, kind in _RECORD.items()) or record["format"] != FORMAT:
            raise ValueError(said)
        rests_on = record["rests_on"]["night_run"]
    except (OSError, ValueError, KeyError, TypeError):
        raise Refused(f"{said}: missing or not readable, so nobody can say who shared the cases out and by which roster; restore it from a backup of the book",
                      f"{said}：缺失或无法读取，无从得知何人依何名册重新分案；请从账册备份恢复") from None
    if store.digest_of_file(path) != record["digest"]:
        raise Refused(f"{path}: it is not the file that was written (cut, damaged or changed); restore it from a backup of the book",
                      f"{path}：与写入时不同（被截断、损坏或更改）；请从账册备份恢复")
    if run_digest(book.night(as_of)) != rests_on:
        raise Refused(f"{path}: cases were shared out after the night of {as_of}, which was then done again on other inputs, so this rests on a night that is no more; "
                      f"move the folder {path.parent} away and share out again",
                      f"{path}：该次分案之后，{as_of} 夜批又按其他输入重做，其依据已不存在；请移走文件夹 {path.parent} 后重新分案")
    return record


def _read(path: Path, as_of: date, columns: tuple[str, ...]) -> pl.DataFrame:
    """The rows of a file of the night. Raises Refused where it is gone, damaged, or has not these columns."""
    try:
        rows = store.read_columns(path)
    except Refused:
        raise _damaged(path, as_of) from None
    if any(name not in rows.columns for name in columns):
        raise _damaged(path, as_of)
    return rows


def _damaged(path: Path, as_of: date) -> Refused:
    return Refused(f"{path}: gone, damaged, or written by another version; restore it from a backup of the book, or do the night again: arrears night --as-of {as_of} --again",
                   f"{path}：已不在、已损坏，或由其他版本写成；请从账册备份恢复，或重做该夜批：arrears night --as-of {as_of} --again")


def present_roster(book: Book) -> str:
    """The text of roster.yaml beside the book. Raises Refused where there is none."""
    text = store.roster_text(book)
    if not text:
        path = book.root / ROSTER_FILE
        raise Refused(f"{path}: there is no roster, so nobody can have a case; write one: who works, on what, how much ({_GUIDE})",
                      f"{path}：没有名册，无人可承接案件；请写明人员、可处理的案件与上限（{_GUIDE}）")
    return text


def tried(book: Book, standing: Standing, roster_text: str, team: str | None = None, by_minutes: bool = False) -> Sharing:
    """What sharing out anew does to the cases as they stand: all of them, or one team's among its own people; nothing is written.

    The terms of giving and the law are those of the night. Raises Refused for an unknown team, where nobody could have a case, where minutes do not suffice;
    BadYaml where the roster is not as it should be.
    """
    by = Deciders.of(replace(standing.inputs, models={}, roster=roster_text), book)
    roster, terms, as_of = by.roster, by.strategy.giving, standing.as_of
    demand_stages(roster, read_buckets().names)
    faults = agency_faults(by, as_of)
    if by_minutes and team is None:
        raise Refused("--by-minutes shares one team's cases out; name it with --team", "--by-minutes 只用于一个小组；请用 --team 指明")
    if team is None or team in roster.teams:
        _demand_somebody(roster, team, presence(roster, as_of, terms, faults), as_of)
    if team is None:
        found = assign(standing.cases, roster, standing.rows, terms, as_of, faults)
    else:
        found = assign_team(team, standing.cases, roster, standing.rows, terms, as_of, faults)
        rows = shared_by_minutes(team, found, standing.cases, roster, standing.rows, terms) if by_minutes else found.rows
        found = replace(found, rows=pl.concat([rows, _as_they_are(standing.rows, rows)]).sort("borrower_id"))
    return Sharing(found, roster, standing.workload, workload(found, standing.cases, roster), team, by_minutes)


def _as_they_are(all_rows: pl.DataFrame, of_team: pl.DataFrame) -> pl.DataFrame:
    """The rows of everybody else: nobody's case moves, so each is with who had it before."""
    rows = all_rows.join(of_team.select("borrower_id"), on="borrower_id", how="anti", maintain_order="left").select(COLUMNS)
    held = rows.filter(pl.col("held_by").is_not_null()).with_columns(before="held_by", left_why=pl.lit(None, pl.String), why=pl.lit("kept"))
    nobody = rows.filter(pl.col("held_by").is_null()).with_columns(before=pl.lit(None, pl.String), left_why=pl.lit(None, pl.String))
    return pl.concat([worded(held, {}), nobody])


def _demand_somebody(roster: Roster, team: str | None, there: Presence, as_of: date) -> None:
    """Raises Refused where nobody of the roster, or of the team, can have a case on the next day, with each one's reason."""
    own = [(one, lost) for one, lost in zip(roster.people, there.loses, strict=True) if team is None or one.team == team]
    if any(one.cases_most and lost is None for one, lost in own):
        return
    en, zh = [], []
    for one, lost in own:
        reason = _GONE[lost] if lost else ("cases_most is 0", "cases_most 为 0")
        en.append(f"{one.name}: {reason[0].format(ends=one.term[1], begins=one.term[0])}")
        zh.append(f"{one.name}：{reason[1].format(ends=one.term[1], begins=one.term[0])}")
    whom = (f"team {team}", f"小组 {team}") if team else (ROSTER_FILE, ROSTER_FILE)
    raise Refused(f"{whom[0]}: nobody can have a case on {worked_on(as_of)} ({'; '.join(en) or 'it lists nobody'}), so every case would be without anybody; mend {ROSTER_FILE}",
                  f"{whom[1]}：{worked_on(as_of)} 无人可承接案件（{'；'.join(zh) or '名册中没有人'}），全部案件将无人负责；请修改 {ROSTER_FILE}")


_GONE = {"left": ("left on {ends}", "已于 {ends} 离职"), "contract_ended": ("the contract ended on {ends}", "合同已于 {ends} 到期"),
         "not_there_yet": ("there from {begins} on", "{begins} 起才到岗"), "agency_fault": ("may have no cases by law or rule now", "按规定现不得委托"),
         "away_long": ("away for long", "长期不在岗")}


def share(book: Book, as_of: date, by: str, why: str, now: int, team: str | None = None, by_minutes: bool = False) -> tuple[dict, Sharing]:
    """Shares the cases out anew by the present roster and writes it, whole or not at all; what was written, and what it does.

    now: microseconds. Raises Refused where a later night has run, where nothing would change, where a night is running, and as `tried` and `standing_of` do.
    """
    for option, said in (("--by", by), ("--why", why)):
        if not said.strip():
            raise Refused(f"{option} is empty; write who shares the cases out and why, it is kept", f"{option} 为空；请写明何人因何重新分案，将予保存")
    with locked(book, "night", alone=True):
        standing = standing_of(book, as_of)
        later = [night for night in book.night_dates() if night > as_of]
        if later:
            raise Refused(f"{book.night(later[0])}: the night of {later[0]} has run on how the cases stood after {as_of}, and what a night rests on never changes; share out after the last night: --as-of {later[-1]}",
                          f"{book.night(later[0])}：{later[0]} 夜批已按 {as_of} 之后的分案情况完成，其依据不得更改；请在最近一次夜批之后分案：--as-of {later[-1]}")
        found = tried(book, standing, present_roster(book), team, by_minutes)
        moved = found.assigned.moves.height
        if not moved:
            raise Refused(f"{standing.path}: sharing out anew would change nothing, so nothing was written; mend {ROSTER_FILE} first, or look with arrears cases preview",
                          f"{standing.path}：重新分案不会产生任何变化，因此未写入；请先修改 {ROSTER_FILE}，或用 arrears cases preview 查看")
        content = _parquet(found.assigned.rows.select(COLUMNS))
        number = standing.number + 1
        record = {
            "format": FORMAT, "night": as_of.isoformat(), "number": number, "by": by.strip(), "why": why.strip(), "at": moment_of(now).isoformat(), "team": team,
            "by_minutes": by_minutes, "moved": moved, "digest": sha256(content).hexdigest(), "roster": found.roster.text, "roster_digest": found.roster.digest,
            "rests_on": {"night_run": run_digest(book.night(as_of)), "sharing": standing.number, "sharing_digest": store.digest_of_file(standing.path),
                         "cases_digest": store.digest_of_file(book.night(as_of) / "cases.parquet")},
        }
        path = book.allocation / as_of.isoformat() / f"{number:04d}.parquet"
        store.write_record(path.with_suffix(".json"), record)
        store.write_bytes(path, content)
        _on_disk(path.parent)
        return record, found


def _parquet(rows: pl.DataFrame) -> bytes:
    """The rows as the bytes of one Parquet file; same rows, same bytes."""
    held = BytesIO()
    rows.write_parquet(held, compression="zstd", compression_level=1, row_group_size=1 << 20)
    return held.getvalue()


def _on_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class Step:
    """Where one borrower's case was after a night, or after a sharing out that followed it (number above 0, then by says who)."""

    night: date
    number: int
    by: str | None
    row: dict


def history_of(book: Book, borrower: str, as_of: date) -> list[Step]:
    """Every step of the borrower's case over the finished nights up to as_of and the sharings out between them, oldest first.

    Raises Refused where no night of them knows the borrower, and where a file is damaged.
    """
    standing_of(book, as_of)
    steps = []
    for night in (night for night in book.night_dates() if night <= as_of):
        own = book.night(night) / f"{ASSIGNED}.parquet"
        for number, path in enumerate([own, *store.sharings(book, night)] if own.is_file() else []):
            found = _read(path, night, COLUMNS).filter(pl.col("borrower_id") == borrower)
            record = record_of(book, night, path) if number else {}
            steps += [Step(night, number, record.get("by"), row) for row in found.iter_rows(named=True)]
    if not steps:
        raise Refused(f"{borrower}: nobody had or needed a case of this borrower in the finished nights up to {as_of}; the id is wrong, or nobody by name was ever needed (arrears cases show lists the cases)",
                      f"{borrower}：截至 {as_of} 的夜批中没有该借款人的案件；编号有误，或从未需要专人处理（arrears cases show 可列出案件）")
    return steps
