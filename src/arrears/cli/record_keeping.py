"""What the commands of the record do, apart from what they say: the log begun, its state read, leaves integrated and collected, cosignatures added, keys rotated, damage mended."""

import shlex
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from arrears import store
from arrears.days import moment_of
from arrears.record.append import Busy, Log
from arrears.record.history import read_current, read_keys
from arrears.record.key_change import change_key, open_log
from arrears.record.limits import read_limits
from arrears.record.monitor import Finding, Waiting, last_cosignatures, look, read_place, standing, tell
from arrears.record.monitor_words import backlog_words, fork_words, key_words, older_words
from arrears.record.notes import Checkpoint, read_checkpoint
from arrears.record.places import Places, places_of
from arrears.record.settings import StampAuthority, read_settings
from arrears.record.signing_key import make_key, missing_key, open_key, put_in_force, successor_path
from arrears.refusal import Refused

_PATIENCE_SECONDS, _PAUSE_SECONDS = 10.0, 0.1


@dataclass(frozen=True)
class Seen:
    """What came of showing the log to one witness. is_fork: it holds another history."""

    name: str
    is_done: bool
    is_fork: bool
    en: str
    zh: str


def begin(home: Path, origin: str, now: int) -> tuple[str, bool]:
    """The record's key and empty log are there; the public key, and whether they were made just now. Raises Refused where there is one of another name."""
    places = places_of(home)
    is_new = not (places.log / "checkpoint").exists()
    if not is_new and not places.key.exists():
        problem = missing_key(places.key)
        raise Refused(f"{problem.en}; nothing was made", f"{problem.zh}；未新建任何内容")
    signing = open_key(places.key) if places.key.exists() else make_key(places.key, origin, now)
    if signing.name != origin:
        raise Refused(f"{home}: its record is called {signing.name}, not {origin}; a record keeps its name", f"{home}：其存证名为 {signing.name}，而非 {origin}；名称不可更改")
    if is_new:
        Log.create(places.log, signing).close()
    return read_keys(places.log).keys[0][1].vkey, is_new


def demand_log(home: Path) -> None:
    """There is a log in the home. Raises Refused, which tells a record that was never made from one that is lost."""
    places, at = places_of(home), shlex.quote(str(home))
    if (places.log / "keys").exists():
        return
    if any((places.log / name).exists() for name in ("checkpoint", "checkpoints", "tile")):
        raise Refused(f"{places.log / 'keys'}: the file that names the log's keys is gone, the rest of the log is there; put it back from a copy of the log's folder: auditors and witnesses have one",
                      f"{places.log / 'keys'}：记载日志公钥的文件缺失，日志其余部分仍在；请用日志文件夹的副本恢复（审计方与见证方持有副本）")
    if places.key.exists() or places.alerts.exists() or read_place(places).vkey:
        origin = shlex.quote(open_key(places.key).name) if places.key.exists() else "NAME"
        raise Refused(f"{places.log}: the record's log is gone, though this home kept one. Put a copy of the folder back first, however old (a backup, an auditor's, a witness's): arrears record integrate writes what it lacks from the database. "
                      f"Where there is no copy: arrears record init --home {at} --origin {origin}, under the same key and name, then arrears record integrate --home {at}: the same entries and roots come from the database, but the history of checkpoints, the cosignatures and earlier keys are lost",
                      f"{places.log}：存证日志缺失，而此处曾有存证。请先恢复该文件夹的任一副本，旧的也可（备份、审计方或见证方所存）：arrears record integrate 会用数据库补写缺少的内容。"
                      f"确无副本时：用原密钥与原名称运行 arrears record init --home {at} --origin {origin}，再运行 arrears record integrate --home {at}：数据库可重建相同的条目与根，但检查点历史、联署与更早的密钥均已丢失")
    raise Refused(f"{home}: keeps no record yet; make one: arrears record init --home {at} --origin bank.example/record (a name of your own)",
                  f"{home}：尚未建立存证；请运行：arrears record init --home {at} --origin bank.example/record（改用自有名称）")


def newest(home: Path) -> Checkpoint:
    """The newest checkpoint. Raises Refused where there is no log, or it is damaged."""
    demand_log(home)
    places = places_of(home)
    return read_current(places.log, read_keys(places.log))


def public_keys(home: Path) -> list[str]:
    """The public keys that signed or sign, the first one first."""
    demand_log(home)
    return [one.vkey for _, one in read_keys(places_of(home).log).keys]


def state_of(home: Path, backlog: Callable) -> dict:
    """What is known of the record: its size, what waits, witnesses, stamps, how far the monitor is, and all that is wrong. backlog: gives work.recording.Backlog."""
    demand_log(home)
    places, settings = places_of(home), read_settings(home)
    place, last = read_place(places), last_cosignatures(places, settings.witnesses)
    try:
        seen = newest(home)
        origin, size, root = seen.origin, seen.size, seen.root.hex()
    except Refused as problem:
        origin, size, root = None, None, None
        damage = Finding("checkpoint", "checkpoint", problem.en, problem.zh, *([""] * 2))
    waits = backlog()  # after the log: what is in its files has its place in the database before
    alerts = standing(places)
    if size is None:
        alerts.setdefault("checkpoint", damage)
    elif size > waits.placed:
        alerts.setdefault("older", Finding("older", "checkpoint", *older_words(size, waits.placed)))
    minutes, now = read_limits(home).backlog_minutes, time.time()
    if not places.key.exists():
        alerts.setdefault("key", Finding("key", "key", *key_words(missing_key(places.key))))
    if waits.waiting and waits.oldest_at is not None and now - waits.oldest_at / 1_000_000 > 60 * minutes:
        alerts.setdefault("backlog", Finding("backlog", "backlog", *backlog_words(waits.waiting, waits.oldest_at, minutes)))
    return {
        "origin": origin, "size": size, "root": root, "log": str(places.log), "waiting": waits.waiting, "waiting_since": _said(waits.oldest_at),
        "witnesses": [{"name": one.name, "url": one.url or None, "size": last[one.name][0] if one.name in last else None, "at": _said(last[one.name][1]) if one.name in last else None} for one in settings.witnesses],
        "stamps": sorted(path.name for path in (places.log / "stamps").glob("*.tsr")), "anchors": sorted(path.name for path in (places.log / "anchors").glob("*.json")),
        "monitor": {"looked_at": _said(place.seen_at or None), "reread_at": _said(place.swept_at), "times": place.rounds, "is_silent": bool(waits.waiting) and now - place.seen_at / 1_000_000 > 60 * minutes},
        "alerts": [{"key": one.key, "kind": one.kind, "en": one.en, "zh": one.zh, "provable_en": one.provable_en, "provable_zh": one.provable_zh} for one in alerts.values()],
    }


def integrated(home: Path, now: int, report: Callable[[int], None] = lambda size: None):
    """What waits is in the log under a checkpoint: work.recording.Integrated. Waits some seconds for another integrator, such as the one beside the server. Raises Refused."""
    demand_log(home)
    from arrears.work.recording import integrate

    return patiently(lambda: integrate(home, now, report))


def patiently(does: Callable):
    """What the function gives; where another process has the log at this moment, it is tried again for some seconds. Raises what it raises."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return does()
        except Busy:
            if time.monotonic() > until:
                raise
        time.sleep(_PAUSE_SECONDS)


def witnessed(home: Path, now: int, names: set[str] | None = None) -> list[Seen]:
    """The newest checkpoint was shown to every witness of the settings that has an address (or to those named) and their lines are added; what came of each. A fork stands in the alerts."""
    settings, places = read_settings(home), places_of(home)
    asked = [one for one in settings.witnesses if one.url and (names is None or one.name in names)]
    if not asked:
        return []
    from arrears.record.witnessing import Fork, add_lines
    from arrears.record.witnessing import cosigned as lines_of

    found: list[Seen] = []
    for one in asked:
        try:
            with Log.open(places.log) as log:  # to read only: nobody waits for the network
                size, lines = log.checkpoint().size, lines_of(log, one, now)
            if lines:
                with patiently(lambda: open_log(places.log, places.key)) as log:
                    add_lines(log, one, size, lines)
            found.append(Seen(one.name, True, False, f"cosigned {size:,} entries", f"已联署 {size:,} 条"))
        except Fork as problem:
            tell(places, [Finding(f"fork:{one.name}", "fork", *fork_words(one.name, problem.en, problem.zh))], now)
            found.append(Seen(one.name, False, True, problem.en, problem.zh))
        except Refused as problem:
            found.append(Seen(one.name, False, False, problem.en, problem.zh))
    return found


def looked_after(home: Path, seen: list[Seen], now: int) -> None:
    """One round of the monitor after an integration by hand: what had halted goes on, and whoever cosigned holds no other history."""
    over = ["integrate", *(f"fork:{one.name}" for one in seen if one.is_done)]
    look(places_of(home), now, read_limits(home), Waiting(), witnesses=read_settings(home).witnesses, settled=over)


def cosigned(home: Path, file: Path, now: int) -> Checkpoint:
    """The checkpoint of the file, as `witness.py cosign` writes it, with the lines of the witnesses of the settings on it. Raises Refused."""
    demand_log(home)
    places = places_of(home)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise Refused(f"{file}: cannot be read ({problem}); name the file that the witness wrote", f"{file}：无法读取；请指明见证方提供的文件") from None
    from arrears.record.witnessing import add_from_text

    with patiently(lambda: open_log(places.log, places.key)) as log:
        add_from_text(log, text, read_settings(home).witnesses, now)
        size = read_checkpoint(text).size
        return next(found for found in map(read_checkpoint, reversed(list(log.checkpoints()))) if found.size == size)


def collected(book: Path, now: int) -> tuple[str, dict[str, int]]:
    """The lender of the book, and how many happenings of each kind came into the record just now; whoever was erased can be opened in no night of the book any more. Raises Refused."""
    from arrears.law.lender import lender_from
    from arrears.nightly.happenings import happenings
    from arrears.work.actions.recording import collect
    from arrears.work.queries.accounts import only_lender

    at = store.book_at(book)
    code = only_lender(lender_from(store.lender_text(at)).id)
    counts = collect(code, happenings(at), now)
    rows_closed(book, code)
    return code, counts


def rows_closed(book: Path, lender: str) -> int:
    """How many secrets of erased borrowers of the lender were destroyed just now in the book, of whom no row in a night can be opened since. Raises Refused."""
    from arrears.nightly.row_secrets import forget
    from arrears.work.queries.erased import erased_borrowers

    at, erased = store.book_at(book), erased_borrowers(lender)
    return forget(at, erased) if erased else 0


def stamped(home: Path, url: str | None, certificate: Path | None, now: int) -> list[Path]:
    """The files of the stamps that were taken over the newest checkpoint, of the authority named or of all in the settings. Raises Refused."""
    demand_log(home)
    asked = [StampAuthority(url, certificate)] if url and certificate else list(read_settings(home).stamps)
    if not asked or bool(url) != bool(certificate):
        raise Refused("name the time-stamping authority: --url and --certificate together, or record.stamps in settings.yaml (url, certificate)", "请指明时间戳服务：--url 与 --certificate 同时给出，或在 settings.yaml 中设置 record.stamps（url、certificate）")
    from arrears.record.stamps import stamp

    with Log.open(places_of(home).log) as log:
        return [stamp(log, one.url, one.certificate, now) for one in asked]


def anchored(home: Path, url: str, contract: str | None, account_key: Path) -> tuple[Path, str]:
    """The file of the anchor that was made of the newest checkpoint, and the contract's address; None as contract: a new one. Raises Refused."""
    demand_log(home)
    from arrears.record.anchors import anchor, deploy, open_account, open_chain

    chain, account = open_chain(url), open_account(account_key)
    with Log.open(places_of(home).log) as log:
        contract = contract or deploy(chain, account)
        return anchor(log, chain, contract, account), contract


def mended(home: Path, now: int):
    """record.mending.Mended, the folder in which what was damaged is kept (None where nothing was), and what stays wrong: the log's damaged files are written anew from the database's places. Raises Refused."""
    demand_log(home)
    from arrears.record.mending import mend
    from arrears.work.recording import backlog, placed_commitments

    places, limits = places_of(home), read_limits(home)
    size, placed = _size_of(home), backlog().placed
    if size > placed:
        raise Refused(f"an older backup of the database was put back: {older_words(size, placed)[0]}. Mending writes from the database, so that comes first; nothing was changed",
                      f"数据库恢复了较旧的备份：{older_words(size, placed)[1]}。修复以数据库为据，故须先处理此事；未作任何更改")
    found = look(places, now, limits, Waiting(), whole=True).standing
    kept = _kept_aside(places, found, now)
    files = ()
    try:
        done = patiently(lambda: mend(places.log, open_key(places.key), placed_commitments))
        files = done.files
    finally:
        if kept is not None and not files:
            shutil.rmtree(kept)
    left = look(places, now, limits, Waiting(), whole=True, settled=["integrate"]).standing
    return done, kept if files else None, left


def _size_of(home: Path) -> int:
    """Of the newest checkpoint; where it is damaged, of the newest that the monitor saw."""
    try:
        return newest(home).size
    except Refused:
        return read_place(places_of(home)).size


def _kept_aside(places: Places, found: tuple[Finding, ...], now: int) -> Path | None:
    """A folder with a copy of every file of the log that a finding names, and of what is signed; None where none is damaged."""
    names = {one.en.split(" ")[0].removesuffix(":") for one in found if one.kind in ("tile", "checkpoint", "history")}
    if not names:
        return None
    folder = places.alerts.with_name(f"damaged-{moment_of(now):%Y%m%dT%H%M%S}")
    for name in sorted(names | {"checkpoint", "checkpoints", "keys"}):
        if (places.log / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(places.log / name, folder / name)
    return folder


def resumed(home: Path, lender: str | None, reason: str, now: int):
    """work.recording.Resumed, by whoever runs this on the machine, as an administrator. Raises Refused."""
    demand_log(home)
    import getpass

    import arrears.work.actions  # noqa: F401 - registers every verb
    from arrears.work.actor import ALL_TEAMS, Actor
    from arrears.work.queries.accounts import only_lender
    from arrears.work.recording import resume

    actor = Actor(None, f"shell:{getpass.getuser()}"[:40], only_lender(lender), frozenset({"administrator"}), ALL_TEAMS, via="cli")
    return patiently(lambda: resume(home, actor, reason, now))


def rotated(home: Path, now: int) -> tuple[str, int]:
    """The new public key, and from which size on it signs; a rotation that was interrupted is ended in its place. Raises Refused."""
    demand_log(home)
    places = places_of(home)
    named = read_keys(places.log)
    if successor_path(places.key).exists() and open_key(successor_path(places.key)).public == named.newest:
        return put_in_force(places.key).vkey, named.keys[-1][0]
    with patiently(lambda: open_log(places.log, places.key)) as log:
        return change_key(log, places.key, now), log.size


def copy_of_program(name: str, out: Path) -> None:
    """The program's one file, verify.py or witness.py, lies at out. Raises Refused where something lies there already."""
    if out.exists():
        raise Refused(f"{out}: is there already; name another file", f"{out}：已存在；请另指定文件")
    store.write_bytes(out, (resources.files("arrears.record") / name).read_bytes())


def _said(at: int | None) -> str | None:
    return None if at is None else f"{moment_of(at):%Y-%m-%dT%H:%M:%SZ}"
