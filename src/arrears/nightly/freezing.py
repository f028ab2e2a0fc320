"""A freeze written into roster.yaml, or ended in it: the text changes in that one place, and every comment stays.

What is written is read back first: it must be the roster that was there with this one freeze more, or this one day changed; else nothing is written.
"""

import json
from dataclasses import replace
from datetime import date

import yaml

from arrears import store
from arrears.allocation.roster import AGENCY, ROSTER_FILE, Freeze, Roster, holds_on
from arrears.allocation.roster_reading import roster_from
from arrears.locks import locked
from arrears.nightly.sharing import present_roster
from arrears.refusal import Refused
from arrears.store import Book
from arrears.strict_yaml import BadYaml

_KINDS_ZH = {"team": "小组", "collector": "人员", AGENCY: "机构", "borrower": "借款人"}


def freeze(book: Book, freezing: Freeze) -> None:
    """roster.yaml beside the book has this freeze too, swapped atomically. Raises Refused where it knows no such team, person or agency, where they are gone by then (their cases come
    back, frozen or not), where the same is frozen on these days already, and where the text cannot take it; BadYaml where it is not as it should be.
    """
    for option, said in (("--by", freezing.by), ("--why", freezing.why)):
        if not said.strip():
            raise Refused(f"{option} is empty; write who freezes and why, it is kept in {ROSTER_FILE}", f"{option} 为空；请写明何人因何冻结，将保存在 {ROSTER_FILE} 中")
    if freezing.until_on is not None and freezing.until_on <= freezing.from_on:
        raise Refused(f"--until {freezing.until_on} is not after --from {freezing.from_on}; it is the first day that is free again", f"--until {freezing.until_on} 不晚于 --from {freezing.from_on}；它是恢复的第一天")
    with locked(book, "night", alone=True):
        text = present_roster(book)
        roster = roster_from(text)
        _demand_known(roster, freezing)
        for standing in _those_of(roster, freezing.kind, freezing.name):
            if (standing.until_on is None or freezing.from_on < standing.until_on) and (freezing.until_on is None or standing.from_on < freezing.until_on):
                raise Refused(f"{ROSTER_FILE}: {_called(standing)[0]} is frozen already from {standing.from_on} {_until(standing)[0]} ({standing.by}: {standing.why}); end that one first with arrears cases unfreeze",
                              f"{ROSTER_FILE}：{_called(standing)[1]}自 {standing.from_on} 起已冻结{_until(standing)[1]}（{standing.by}：{standing.why}）；请先用 arrears cases unfreeze 结束")
        _write(book, with_freeze(text, freezing), replace(roster, frozen=(*roster.frozen, freezing)))


def unfreeze(book: Book, kind: str, name: str, from_on: date) -> Freeze:
    """The freeze that stands on from_on ends: that is the first free day. What it was. Raises Refused where none stands then, or it begins only that day."""
    with locked(book, "night", alone=True):
        text = present_roster(book)
        roster = roster_from(text)
        mine = _those_of(roster, kind, name)
        standing = [place for place, one in enumerate(roster.frozen) if one in mine and holds_on((one.from_on, one.until_on), from_on)]
        if not standing:
            said = "; ".join(f"{one.from_on} {_until(one)[0]}" for one in mine) or "never"
            said_zh = "；".join(f"自 {one.from_on} 起{_until(one)[1]}" for one in mine) or "从未冻结"
            raise Refused(f"{ROSTER_FILE}: {kind} {name} is not frozen on {from_on} (frozen: {said}); arrears cases roster lists what is", f"{ROSTER_FILE}：{_KINDS_ZH[kind]} {name} 在 {from_on} 并未冻结（{said_zh}）；arrears cases roster 可列出")
        place = standing[0]
        was = roster.frozen[place]
        if was.from_on == from_on:
            raise Refused(f"{ROSTER_FILE}: that freeze begins only on {from_on}, so it would hold on no day; name a later day, or remove the entry by hand",
                          f"{ROSTER_FILE}：该冻结 {from_on} 才开始，将一天也不生效；请写较晚的日期，或手动删除该条")
        frozen = tuple(replace(one, until_on=from_on) if at == place else one for at, one in enumerate(roster.frozen))
        _write(book, with_end(text, place, from_on), replace(roster, frozen=frozen))
        return was


def with_freeze(text: str, freezing: Freeze) -> str:
    """The text with an entry more at the end of `frozen`, which is made where there is none."""
    said = {freezing.kind: freezing.name, "from": freezing.from_on.isoformat(), **({} if freezing.until_on is None else {"until": freezing.until_on.isoformat()}),
            "by": freezing.by, "why": freezing.why}
    entry = "{" + ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in said.items()) + "}"
    node = _frozen_of(text)
    if node is None:
        return f"{text}{'' if text.endswith(chr(10)) else chr(10)}frozen:\n  - {entry}\n"
    if node.flow_style:
        at = node.value[-1].end_mark.index if node.value else node.start_mark.index + 1
        return f"{text[:at]}{', ' if node.value else ''}{entry}{text[at:]}"
    at = _line_end(text, _end_of(node))
    return f"{text[:at]}\n{' ' * node.start_mark.column}- {entry}{text[at:]}"


def with_end(text: str, place: int, day: date) -> str:
    """The text in which the freeze of that place ends on the day."""
    entry = _frozen_of(text).value[place]
    marks = {key.value: value for key, value in entry.value}
    if "until" in marks:
        began, ended = marks["until"].start_mark.index, marks["until"].end_mark.index
        return f'{text[:began]}"{day}"{text[ended:]}'
    at = marks["from"].end_mark.index
    if entry.flow_style:
        return f'{text[:at]}, until: "{day}"{text[at:]}'
    at = _line_end(text, at)
    return f'{text[:at]}\n{" " * entry.start_mark.column}until: "{day}"{text[at:]}'


def _frozen_of(text: str):
    """The node of `frozen` in the text; None where there is none."""
    root = yaml.compose(text, Loader=yaml.BaseLoader)
    return next((value for key, value in root.value if key.value == "frozen"), None)


def _end_of(node) -> int:
    """Where the node's own last sign stands; a block's mark is only where the next thing begins, after comments."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        return node.end_mark.index
    last = node.value[-1]
    return _end_of(last[1] if isinstance(last, tuple) else last)


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _write(book: Book, text: str, meant: Roster) -> None:
    """Raises Refused, with nothing written, unless the text says what is meant."""
    try:
        said = roster_from(text)
    except BadYaml:
        said = None
    if said is None or replace(said, text="") != replace(meant, text=""):
        raise Refused(f"{book.root / ROSTER_FILE}: the entry cannot be put into this file without changing more of it, so nothing was changed; write the list frozen one entry a line, or edit it by hand",
                      f"{book.root / ROSTER_FILE}：无法只加入这一条而不改动其他内容，因此未作更改；请将 frozen 写成一条一行，或手动编辑")
    path = book.root / ROSTER_FILE
    store.write_bytes(path, (text.replace("\n", "\r\n") if b"\r\n" in path.read_bytes() else text).encode())


def _demand_known(roster: Roster, freezing: Freeze) -> None:
    """Raises Refused where the roster has no such team, person or agency, or they are gone on the first day: the cases of who left come back, frozen or not."""
    among = {"team": roster.teams, "collector": [one.name for one in roster.collectors], AGENCY: [one.name for one in roster.agencies]}
    kind, name = freezing.kind, freezing.name
    if kind in among and name not in among[kind]:
        raise Refused(f"{ROSTER_FILE}: no {kind} {name!r}; known are {', '.join(sorted(among[kind])) or 'none'}", f"{ROSTER_FILE}：没有{_KINDS_ZH[kind]} {name!r}；已有：{'、'.join(sorted(among[kind])) or '无'}")
    for one in roster.people:
        ends = one.term[1]
        if kind != "team" and one.name == name and ends is not None and ends <= freezing.from_on:
            raise Refused(f"{ROSTER_FILE}: {name} is gone since {ends} (left, or the contract ended), and the cases of who is gone come back whatever is frozen; freeze the borrowers one by one, or mend that day",
                          f"{ROSTER_FILE}：{name} 自 {ends} 起已离职或合同到期，其案件无论是否冻结都会收回；请逐一冻结借款人，或改正该日期")


def _those_of(roster: Roster, kind: str, name: str) -> list[Freeze]:
    return [one for one in roster.frozen if (one.kind, one.name) == (kind, name)]


def _called(one: Freeze) -> tuple[str, str]:
    return f"{one.kind} {one.name}", f"{_KINDS_ZH[one.kind]} {one.name} "


def _until(one: Freeze) -> tuple[str, str]:
    return ("without an end", "，未定结束日") if one.until_on is None else (f"until {one.until_on}", f"，至 {one.until_on} 前")
