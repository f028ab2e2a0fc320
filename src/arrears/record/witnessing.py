"""Asks witnesses to cosign the log's newest checkpoint, and hears it when one has seen another history than this log tells.

Source: C2SP tlog-witness (add-checkpoint), tlog-cosignature. A witness that is down stops nothing: the checkpoint stands without its lines, and they are asked for again with the next one.
"""

import base64
import hashlib
import http.client
import re
import socket
import ssl
import threading
from contextlib import suppress
from urllib.parse import urlsplit

from arrears.record.append import Log
from arrears.record.notes import (
    Checkpoint,
    Signature,
    is_of,
    is_signed_by,
    is_true,
    read_checkpoint,
    read_note,
    read_signature,
)
from arrears.record.settings import Witness
from arrears.refusal import Refused

SECONDS_WAITED = 10.0
"""How long a witness may take for each answer, to its last byte."""
MOST_BYTES = 256 << 10
_SKEW_SECONDS = 3600
_SIZE_TOLD = re.compile(r"(0|[1-9][0-9]{0,17})\n")


class Unreachable(Refused):
    """The witness did not answer, or is not well; ask again later."""


class Fork(Refused):
    """The witness has seen what this log does not have. seen_size and seen_note (None where it does not show it): its side; ours: the log's."""

    def __init__(self, witness: Witness, ours: Checkpoint, seen_size: int, seen_note: str | None):
        seen = f"{seen_size} entries" if seen_note is None else f"{seen_size} entries with the root {seen_note.splitlines()[2]}"
        our_root = base64.b64encode(ours.root).decode()
        super().__init__(
            f"the witness {witness.name} has seen {seen} of {ours.origin}, and this log, {ours.size} entries with the root {our_root}, does not continue that: this log was rewritten or an older backup put back. "
            "Nothing was cosigned. Stop writing, keep both sides, put the newest copy of the log back if there is one, and tell the auditor; the log's own word does not count against the witness's",
            f"见证方 {witness.name} 所见的 {ours.origin} 为 {seen_size} 条，而本日志（{ours.size} 条，根 {our_root}）并未延续它：日志被改写，或恢复了较旧的备份。未联署。"
            "请停止写入、保留双方证据；如有较新的日志副本请恢复，并告知审计方；在此事上日志自己的说法不作数")
        self.witness, self.ours, self.seen_size, self.seen_note = witness, ours, seen_size, seen_note


def submit(log: Log, witness: Witness, now: int) -> list[str]:
    """The lines by which the witness cosigned the log's newest checkpoint; they stand on it now. Empty where they stood already. Raises as `cosigned` does; the log is as before then."""
    size = log.checkpoint().size
    lines = cosigned(log, witness, now)
    add_lines(log, witness, size, lines)
    return lines


def cosigned(log: Log, witness: Witness, now: int) -> list[str]:
    """The lines, verified and not yet added, by which the witness cosigns the log's newest checkpoint. Empty where they stand there already. The log may be opened to be read only, so that nobody waits for the network.

    now: microseconds UTC. Raises Fork where the witness has seen another history, Unreachable where it does not answer, Refused where it refuses or its answer is not true.
    """
    ours = log.checkpoint()
    standing = read_note(ours.note).signatures
    if all(any(is_of(signature, key) for signature in standing) for key in witness.keys):
        return []
    known = _last_cosigned(log, witness)
    with _Connection(witness) as connection:
        for _ in range(4):
            if known > ours.size:
                raise _ahead(log, witness, ours, known, connection)
            status, text = connection.post(_request(log, witness, ours, known))
            if status == 200:
                return _true_lines(witness, ours, text.splitlines(), now)
            told = int(text) if status == 409 and _SIZE_TOLD.fullmatch(text) else None
            if status == 422 or (told is not None and told == known):
                raise Fork(witness, ours, known, connection.seen(ours.origin))
            if told is None:
                raise _refusal(witness, ours, status, text)
            known = told
    raise Unreachable(f"{witness.url}: the witness {witness.name} told another size four times; somebody else asks it at the same time. Ask again", f"{witness.url}：见证方 {witness.name} 连续四次报告不同的大小，可能另有程序同时提交；请稍后重试")


def _ahead(log: Log, witness: Witness, ours: Checkpoint, seen_size: int, connection: "_Connection") -> Refused:
    """The witness has seen more than this log had when it was opened: a Fork, unless the log itself went on meanwhile."""
    with Log.open(log.folder) as now_there:
        if now_there.checkpoint().size > ours.size:
            return Unreachable(f"the log went on from {ours.size} to {now_there.checkpoint().size} entries while the witness {witness.name} was asked; ask again", f"询问见证方 {witness.name} 期间，日志已从 {ours.size} 条增至 {now_there.checkpoint().size} 条；请重试")
    return Fork(witness, ours, seen_size, connection.seen(ours.origin))


def add_lines(log: Log, witness: Witness, size: int, lines: list[str]) -> None:
    """The checkpoint of that size bears the witness's lines (those that `cosigned` gave), and the log names the witness. The log must be opened with its key; it may have gone on meanwhile."""
    for key in witness.keys if lines else ():
        log.add_witness(key.vkey)
    if lines:
        log.add_signatures(size, lines)


def add_from_text(log: Log, text: str, witnesses: tuple[Witness, ...], now: int) -> list[str]:
    """The lines of the witnesses on a checkpoint that came back as a file (`witness.py cosign`); they stand on it now. Raises Refused where it is no checkpoint of this log, or bears no line of a known witness."""
    came = read_checkpoint(text)
    if came.origin != log.origin or came.size > log.checkpoint().size or log.root(came.size) != came.root:
        raise Refused(f"the checkpoint that came back ({came.origin}, {came.size} entries) is none of this log's ({log.origin}); give the witness this log's folder, and add what it writes then",
                      f"送回的检查点（{came.origin}，{came.size} 条）不属于本日志（{log.origin}）；请把本日志文件夹交给见证方，再添加其输出")
    lines = []
    for witness in witnesses:
        if any(is_of(signature, key) for signature in read_note(text).signatures for key in witness.keys):
            lines += _true_lines(witness, came, [signature.line for signature in read_note(text).signatures], now)
            add_lines(log, witness, came.size, lines)
    if not lines:
        raise Refused(f"the checkpoint of {came.size} entries bears no signature of a witness that settings.yaml names under record.witnesses; add the witness's vkeys there first", f"该检查点（{came.size} 条）没有 settings.yaml 中 record.witnesses 所列见证方的签名；请先在其中登记该见证方的公钥")
    return lines


def _last_cosigned(log: Log, witness: Witness) -> int:
    """The size the witness cosigned last, as far as the newest part of the history says; 0 where it says nothing (the witness then tells)."""
    for note in log.newest_notes():
        if any(is_of(signature, key) for signature in read_note(note).signatures for key in witness.keys):
            return read_checkpoint(note).size
    return 0


def _request(log: Log, witness: Witness, ours: Checkpoint, old: int) -> bytes:
    """The body of add-checkpoint: the log's own lines and those of this witness, not those of others."""
    proof = log.consistency(old, ours.size)
    lines = [signature.line for signature in read_note(ours.note).signatures if signature.name == log.origin or any(is_of(signature, key) for key in witness.keys)]
    return "\n".join([f"old {old}", *(base64.b64encode(one).decode() for one in proof), "", ours.body, *lines, ""]).encode()


def _true_lines(witness: Witness, checkpoint: Checkpoint, lines: list[str], now: int) -> list[str]:
    """The lines of the witness among those given, each true for the checkpoint; lines of unknown keys are passed over. Raises Refused where one is false, of another time, or there is none."""
    true, seconds = [], now // 1_000_000
    for line in lines:
        signature = read_signature(line)
        key = next((key for key in witness.keys if is_of(signature, key)), None)
        if key is None:
            continue
        if not is_true(checkpoint.body, signature, key):
            raise Refused(f"the witness {witness.name} sent a signature that is false; nothing was added: ask its operator", f"见证方 {witness.name} 送来的签名不成立，未添加；请询问其运营方")
        if _time_of(signature) > seconds + _SKEW_SECONDS:
            raise Refused(f"the witness {witness.name} signed with a time more than an hour from now ({_time_of(signature)} against {seconds} seconds); one of the two clocks is wrong, nothing was added",
                          f"见证方 {witness.name} 的签署时刻比本机晚一小时以上；两机时钟必有一误，未添加")
        true.append(line)
    if not true:
        raise Refused(f"the witness {witness.name} answered without a signature of the keys that settings.yaml says; ask its operator for the output of `witness.py show`", f"见证方 {witness.name} 的答复没有 settings.yaml 所列公钥的签名；请向其索取 witness.py show 的输出")
    return true


def _time_of(signature: Signature) -> int:
    return int.from_bytes(signature.signature[:8], "big")


def _refusal(witness: Witness, ours: Checkpoint, status: int, text: str) -> Refused:
    """What the answer means for this log; the witness's own words are quoted, the last line to a Chinese reader."""
    lines = [line[:200] for line in text.splitlines() if line.strip()] or ["-"]
    said, told = lines[0], lines[-1]
    if status == 404:
        return Refused(f"{witness.url}: the witness {witness.name} does not know the log {ours.origin} ({said}); give its operator the log's verifier key: arrears record key", f"{witness.url}：见证方 {witness.name} 不认识日志 {ours.origin}（{told}）；请把日志公钥交给其运营方：arrears record key")
    if status == 403:
        return Refused(f"{witness.url}: the witness {witness.name} does not trust the key that signed ({said}); where the key was changed, give its operator the file `keys` of the log", f"{witness.url}：见证方 {witness.name} 不信任签名密钥（{told}）；如已换钥，请把日志的 keys 文件交给其运营方")
    if status >= 500:
        return Unreachable(f"{witness.url}: the witness {witness.name} cannot sign now ({status}: {said}); the log goes on without it, ask again later", f"{witness.url}：见证方 {witness.name} 暂不能签署（{status}：{told}）；日志照常运行，请稍后重试")
    return Refused(f"{witness.url}: the witness {witness.name} answered {status} ({said}); check the address, it must be the last one, without forwarding", f"{witness.url}：见证方 {witness.name} 答复 {status}（{told}）；请检查网址，须为最终地址，不经转发")


class _Connection:
    """One connection to a witness, on which it is asked as often as need be."""

    def __init__(self, witness: Witness):
        self._witness, parts = witness, urlsplit(witness.url)
        self._path, self._is_cut = parts.path, False
        if parts.scheme == "https":
            try:
                trusted = ssl.create_default_context(cafile=witness.certificate)
            except OSError as problem:
                raise Refused(f"{witness.certificate}: no certificates can be read from it ({problem}), so the witness {witness.name} was not asked; put the certificate (PEM) there",
                              f"{witness.certificate}：无法读取证书（{problem}），未询问见证方 {witness.name}；请放入证书（PEM）") from None
            self._http = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=SECONDS_WAITED, context=trusted)
        else:
            self._http = http.client.HTTPConnection(parts.hostname, parts.port, timeout=SECONDS_WAITED)

    def __enter__(self) -> "_Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def post(self, body: bytes) -> tuple[int, str]:
        """Status and text of the answer; raises Unreachable."""
        try:
            return self._asked("POST", "/add-checkpoint", body)
        except (OSError, http.client.HTTPException, UnicodeDecodeError) as problem:
            raise Unreachable(f"{self._witness.url}: the witness {self._witness.name} does not answer ({type(problem).__name__}: {problem}); the log goes on without it, ask again later",
                              f"{self._witness.url}：见证方 {self._witness.name} 没有答复（{problem}）；日志照常运行，请稍后重试") from None

    def seen(self, origin: str) -> str | None:
        """The checkpoint the witness shows as the newest it cosigned, true by its signature; None where it shows none (the protocol does not demand it)."""
        try:
            status, text = self._asked("GET", f"/seen/{hashlib.sha256(origin.encode()).hexdigest()}", None)
            note, found = (read_note(text), read_checkpoint(text)) if status == 200 else (None, None)
        except (OSError, http.client.HTTPException, UnicodeDecodeError, Refused):
            return None
        return text if note is not None and found.origin == origin and any(is_signed_by(note, key) for key in self._witness.keys) else None

    def _asked(self, method: str, path: str, body: bytes | None) -> tuple[int, str]:
        if self._http.sock is None:
            self._http.connect()
        end = threading.Timer(SECONDS_WAITED, self._cut, [self._http.sock])
        end.start()
        try:
            self._http.request(method, self._path + path, body, {"User-Agent": "arrears"})
            answer = self._http.getresponse()
            content = answer.read(MOST_BYTES + 1)
            if self._is_cut:
                raise TimeoutError(f"no whole answer within {SECONDS_WAITED:g} s")
            if len(content) > MOST_BYTES:
                self._http.close()
                raise http.client.HTTPException("the answer does not end")
            return answer.status, content.decode("utf-8")
        finally:
            end.cancel()

    def _cut(self, connected: socket.socket) -> None:
        """Whoever sends a byte now and then is not waited for."""
        self._is_cut = True
        with suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)
