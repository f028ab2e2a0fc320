"""The bundle of one entry: which leaf is meant, who asks, and what a stranger needs to check it."""

import json
import re
import shlex
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from arrears import store
from arrears.record.append import Log
from arrears.record.bundle import bundle
from arrears.record.history import read_keys
from arrears.record.places import places_of
from arrears.refusal import Refused
from arrears.vault.private_files import write_private

_VALUE_MOST = 1 << 20
_WHERE = {
    "entry": ("the desk (arrears serve) shows the numbers to auditors and compliance officers on its page Log of actions (/entries)", "编号见工作台（arrears serve）的“操作日志”页（/entries），审计员与合规专员可见"),
    "payment": ("the record holds the payments of cases alone, as arrears intake puts them down: one of a loan without a case is in no entry of its own", "存证只含案件的还款，由 arrears intake 写入；无案件的贷款，其还款没有单独的条目"),
    "index": ("arrears record status says how many entries there are; an index is counted from 0", "条目数见 arrears record status；序号自 0 起"),
    "book": ("take the book in with arrears record collect", "请用 arrears record collect 写入账册"),
}


def values_of(said: list[str]) -> dict[str, str]:
    """The values of withheld fields by name, of NAME=FILE each: the file's text, without its last newline. Raises Refused."""
    values: dict[str, str] = {}
    for one in said:
        name, equals, file = one.partition("=")
        if not name or not equals or not file:
            raise Refused(f"--open {one}: write NAME=FILE, the file holding the value that was written then", f"--open {one}：请写 名称=文件，文件内容为当时所写的值")
        try:
            text = Path(file).read_bytes()[:_VALUE_MOST + 1].decode("utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise Refused(f"--open {one}: the file cannot be read as text ({problem})", f"--open {one}：无法以文本读取该文件") from None
        values[name] = text.removesuffix("\n")
    return values


def asking(account: str | None, lender: str | None, now: int):
    """Who asks for the proof: the account, or the program itself for whoever runs it on this machine. Raises Refused."""
    import getpass

    from arrears.work.actor import system
    from arrears.work.queries.accounts import only_lender
    from arrears.work.queries.people import acting

    return system(only_lender(lender)) if account is None else acting(account, f"cli:{getpass.getuser()}"[:40], now)


def leaf_and_row(actor, *, entry: str | None, day: date | None, loan: str | None, payment: str | None, source: str | None, book: Path | None, values: dict[str, Any], index: int | None = None):
    """The leaf that is meant (work.queries.leaves.OpenLeaf), and the row of one decision where a loan is. Raises Refused where there is none that the actor may prove."""
    from arrears.cli.records import entry_of
    from arrears.nightly import night_record
    from arrears.work.queries import leaves

    row, found = None, None
    if entry is not None:
        key = entry_of(entry)
        found, what = leaves.leaf_of_entry(actor, key, {name: _as_written(actor, key, name, text) for name, text in values.items()}), f"entry {entry}"
    elif payment is not None:
        several = leaves.leaves_of_payment(actor, payment)
        found, what = (several[-1] if several else None), f"payment {payment}"
    elif source is not None:
        found, what = leaves.leaf_of_source(actor, source), f"source {source}"
    elif index is not None:
        found, what = leaves.leaf_at(actor, index), f"index {index}"
    else:
        home = store.book_at(book)
        night = _night_of(home, day)
        found, what = leaves.leaf_of_source(actor, f"night/{day}/{night.digest}"), f"night {day}"
        row = night_record.row_opening(home, day, loan, record=night.digest) if loan is not None and found is not None else None
    if found is None:
        en, zh = _WHERE["entry" if entry is not None else "payment" if payment is not None else "index" if index is not None else "book"]
        raise Refused(f"{what}: there is no such entry that may be proven here; {en}, or name another account with --as", f"{what}：没有可在此出具证明的条目；{zh}，或用 --as 指定其他账号")
    return found, row


def _as_written(actor, key: UUID | int, name: str, text: str) -> Any:
    """The text, or, where that is not what was written and it is JSON, the value it says: some fields hold lists or numbers."""
    from arrears.work.queries.leaves import leaf_of_entry

    try:
        leaf_of_entry(actor, key, {name: text})
        return text
    except Refused:
        try:
            return json.loads(text)
        except ValueError:
            return text


def _night_of(home: store.Book, day: date):
    """The record of the finished night (nightly.night_record.NightRecord). Raises Refused where there is no such night, or one of before there were records."""
    if not home.night(day).is_dir():
        raise Refused(f"{home.root}: no night of {day} is finished; there are {', '.join(map(str, home.night_dates()[-5:])) or 'none'}", f"{home.root}：没有已完成的 {day} 夜批；现有：{'、'.join(map(str, home.night_dates()[-5:])) or '无'}")
    from arrears.nightly.night_record import read_night_record

    found = read_night_record(home.night(day))
    if found is None:
        raise Refused(f"the night of {day} was done by a version that kept no record of its rows, so no single decision of it can be proven; its files' digests are in the log", f"{day} 夜批由尚无逐行存证的版本完成，其中单条决定无法证明；其文件摘要已在日志中")
    return found


def bundle_of(home: Path, found, row) -> dict[str, Any]:
    """The bundle of the leaf. Raises Refused where it waits yet, or was erased."""
    from arrears.cli.record_keeping import demand_log

    demand_log(home)
    if found.index is None:
        raise Refused(f"this entry is not in the log yet; run arrears record integrate --home {shlex.quote(str(home))}, then again", f"该条目尚未写入日志；请先运行 arrears record integrate --home {shlex.quote(str(home))} 再试")
    if found.is_erased:
        raise Refused(f"the person of this entry was erased: what it said cannot be opened any more, by anybody. That something was there stays provable: it is entry {found.index} of the log, commitment {found.commitment.hex()}",
                      f"该条目所涉个人已删除：其内容任何人均无法再打开。但确曾有此条目仍可证明：日志第 {found.index} 条，承诺值 {found.commitment.hex()}")
    with Log.open(places_of(home).log) as log:
        return bundle(log, found.index, found.content, found.salt, row=row, field_salts=found.field_salts or None)


def key_of(home: Path) -> str:
    """The public key by which the bundle is checked: the first of the log."""
    return read_keys(places_of(home).log).keys[0][1].vkey


def file_name(*parts: str | None) -> str:
    """A name for the bundle's file, of letters, digits and - alone."""
    return "proof-" + re.sub(r"[^0-9A-Za-z-]+", "-", "-".join(part for part in parts if part))[:80]


def write(path: Path, content: dict[str, Any]) -> None:
    """The bundle as a file that only its owner may read: what it opens may be personal. Raises Refused where something lies there already."""
    if path.exists():
        raise Refused(f"{path}: is there already; name another file with --out", f"{path}：已存在；请用 --out 另指定文件")
    write_private(path, json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n")
