"""A stamp is the word of a time-stamping authority that a checkpoint existed at its time: kept beside the log, so that the log need not be believed about when.

    LOG/stamps/<size>-<first 16 hex of SHA-256 of the file>.tsr     TimeStampResp (DER) over SHA-256 of the checkpoint's body: origin, size and root, each with its newline

What an authority answers is kept only once it holds: granted, over this digest and this question's nonce, signed by a certificate that is for time stamps alone and leads to the certificate the user
configured, at a time that agrees with this machine's. Two readers must find so that share nothing: a library, and the verifier that auditors use (verify.py), which asks for more (the signed reference
to the signer's certificate, that the certificate is for nothing else). Everything else raises NoStamp and leaves the folder as it was; the log goes on without.

Source: RFC 3161 §2.4 (request, response, nonce), §2.3 (the signer's certificate), §3.4 (HTTP); RFC 5816 (SHA-256 in the signer's reference).
"""

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from arrears.days import microseconds_of, moment_of
from arrears.record.append import Log
from arrears.record.durable import put_and_settle
from arrears.record.verify import Unfit, read_stamp
from arrears.refusal import Refused
from arrears.vault.private_files import cannot_write, sync_folder

PATIENCE_SECONDS = 20.0
MOST_BYTES = 1 << 17
"""No answer is larger: with a chain of four certificates one has about 8 KB."""
APART_SECONDS = 600
"""The authority's clock and this machine's agree within this, or one of them is wrong and a person must say which."""
_SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_GRANTED = 0


class NoStamp(Refused):
    """There is no stamp that holds; nothing was kept, and the log goes on without."""


@dataclass(frozen=True)
class Stamp:
    """One file of the folder. size: the checkpoint's, entries; at: the authority's time, microseconds UTC, and digest: what it stamped, both as the file says, checked against no certificate; fault: why it is none, where it is none."""

    path: Path
    size: int
    content: bytes
    at: int | None = None
    digest: bytes | None = None
    fault: Refused | None = None


def stamp(log: Log, url: str, certificate: Path, now: int, *, patience_seconds: float = PATIENCE_SECONDS) -> Path:
    """The file with the authority's stamp over the log's newest checkpoint, on the disk.

    url: https, or http to this machine. certificate: PEM, the root that the authority's certificate leads to, with what lies between; the authority's own beside it pins that one. now: microseconds UTC.
    Raises NoStamp where the authority cannot be reached or its answer does not hold, Refused where the question is wrong or the disk does not take the file.
    """
    checkpoint = log.checkpoint()
    body = checkpoint.body.encode()
    roots, own = _trusted(certificate)
    request = TimestampRequestBuilder().data(body).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True).cert_request(cert_request=True).build()
    answer = _ask(url, request.as_bytes(), patience_seconds)
    _hold(answer, body, request.nonce, roots, own, url, now)
    return keep(log.folder / "stamps", checkpoint.size, ".tsr", answer)


def stamps_of(folder: Path) -> list[Stamp]:
    """Every file of the log folder's stamps, by size and then name; a file that is no stamp, or not the one its name says, comes with its fault. Nothing is checked against a certificate: verify.py does."""
    found = []
    for path in sorted((folder / "stamps").glob("*")) if (folder / "stamps").is_dir() else ():
        if ".tmp-" not in path.name:
            found.append(_read(path))
    return sorted(found, key=lambda stamp: (stamp.size, stamp.path.name))


def keep(folder: Path, size: int, suffix: str, content: bytes) -> Path:
    """The file <size>-<first 16 hex of SHA-256><suffix> holds the content, and the disk has it; it appears whole or not at all. Raises DiskFull or Refused."""
    path = folder / f"{size}-{sha256(content).hexdigest()[:16]}{suffix}"
    try:
        if not folder.is_dir():
            folder.mkdir()
            sync_folder(folder.parent)
    except OSError as problem:
        raise cannot_write(path, problem) from None
    put_and_settle(path, content)
    return path


def _read(path: Path) -> Stamp:
    size, _, rest = path.name.partition("-")
    content = b""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("too large")
        content = path.read_bytes()
        if path.name != f"{int(size)}-{sha256(content).hexdigest()[:16]}.tsr":
            raise ValueError("its name is not that of its content")
        digest, _, at = _said_by(decode_timestamp_response(content))
        return Stamp(path, int(size), content, at, digest)
    except (OSError, ValueError) as problem:
        fault = NoStamp(f"{path}: no stamp that this log made, or a damaged one ({problem}); restore it from a copy, or move it away: the log stands without it, that one proof of time does not",
                        f"{path}：不是本日志所存的时间戳，或已损坏（{problem}）；请从副本恢复或移走：日志本身不受影响，但失去这一份时间证明")
        return Stamp(path, int(size) if size.isdecimal() and size.isascii() else 0, content, fault=fault)


def _trusted(certificate: Path) -> tuple[list[x509.Certificate], x509.Certificate | None]:
    """The certificates an authority's own must lead to, and its own where the file has it."""
    try:
        every = x509.load_pem_x509_certificates(certificate.read_bytes())
    except (OSError, ValueError) as problem:
        raise Refused(f"{certificate}: no certificate can be read there ({problem}); name a PEM file with the root certificate of the time-stamping authority",
                      f"{certificate}：读不出证书（{problem}）；请指明 PEM 文件，内含时间戳机构的根证书") from None
    own = [one for one in every if one.issuer != one.subject and not _signs_others(one)]
    roots = [one for one in every if one not in own]
    if not roots or len(own) > 1:
        raise Refused(f"{certificate}: holds {len(roots)} root certificates and {len(own)} of authorities; put there the root that the authority's certificate leads to, what lies between, and at most one of an authority itself",
                      f"{certificate}：其中根证书 {len(roots)} 张、机构证书 {len(own)} 张；请放入时间戳机构证书所归属的根证书及中间证书，机构自身的证书至多一张")
    return roots, own[0] if own else None


def _signs_others(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _ask(url: str, question: bytes, patience_seconds: float) -> bytes:
    """The body of the authority's answer; no redirect is followed, and the whole talk takes no longer than the patience."""
    connection, target = _connection(url, patience_seconds)
    try:
        with _at_most(connection, patience_seconds):
            connection.request("POST", target, question, {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply", "Connection": "close"})
            response = connection.getresponse()
            content = response.read(MOST_BYTES + 1)
            if len(content) <= MOST_BYTES and response.length:
                raise http.client.IncompleteRead(content, response.length)
    except (OSError, http.client.HTTPException, ValueError) as problem:
        said = _plain(str(problem) or type(problem).__name__)
        raise NoStamp(f"{url}: the time-stamping authority cannot be reached or broke off ({said}); no stamp was kept and the log goes on: try again later, or name another authority",
                      f"{url}：无法连接时间戳机构，或连接中断（{said}）；未保存时间戳，日志照常运行：请稍后重试，或改用其他机构") from None
    finally:
        connection.close()
    if response.status != 200:
        raise NoStamp(f"{url}: the time-stamping authority answered with HTTP status {response.status} in place of a stamp; nothing was kept: check the address",
                      f"{url}：时间戳机构返回 HTTP 状态 {response.status}，没有给出时间戳；未保存任何内容：请核对网址")
    if len(content) > MOST_BYTES:
        raise NoStamp(f"{url}: the answer is larger than {MOST_BYTES} bytes, which no stamp is; nothing was kept: check the address",
                      f"{url}：返回内容超过 {MOST_BYTES} 字节，不可能是时间戳；未保存任何内容：请核对网址")
    return content


def _connection(url: str, patience_seconds: float) -> tuple[http.client.HTTPConnection, str]:
    parts = safe_address(url, ("a time-stamping authority", "时间戳机构"))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=patience_seconds), target
    return http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=patience_seconds, context=ssl.create_default_context()), target


def safe_address(url: str, of: tuple[str, str]) -> SplitResult:
    """The parts of an address that may be spoken to: https, or http to this machine, no user name in it; raises Refused. of: whose address it should be, in English and Chinese."""
    try:
        parts = urlsplit(url)
        well_formed = bool(parts.hostname) and parts.port != 0 and parts.username is None and parts.password is None and not parts.fragment and url.isascii() and url.isprintable() and " " not in url
    except ValueError:
        well_formed = False
    if not well_formed or not (parts.scheme == "https" or parts.scheme == "http" and _is_this_machine(parts.hostname or "")):
        raise Refused(f"{url!r} is no address of {of[0]} to be asked safely: write https://HOST/PATH, without a user name; plain http only to this machine (127.0.0.1, [::1], localhost)",
                      f"{url!r} 不是可安全连接的{of[1]}地址：请写成 https://主机/路径，不带用户名；明文 http 仅限本机（127.0.0.1、[::1]、localhost）")
    return parts


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _at_most(connection: http.client.HTTPConnection, seconds: float) -> Iterator[None]:
    """A peer that sends a byte now and then does not hold the caller: when the time is over its connection is cut, which the block sees as an error."""
    over = threading.Event()

    def cut() -> None:
        over.set()
        if connection.sock is not None:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # The peer was quicker: there is nothing left to cut.

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException) as problem:
        if over.is_set():
            raise TimeoutError(f"no whole answer within {seconds:g} seconds") from problem
        raise
    finally:
        timer.cancel()


def _hold(answer: bytes, body: bytes, nonce: int, roots: list[x509.Certificate], own: x509.Certificate | None, url: str, now: int) -> None:
    """Raises NoStamp unless the answer is a granted stamp over the body, of this question, signed by whom the user trusts, at a time that agrees with `now`."""
    try:
        response = decode_timestamp_response(answer)
        if response.as_bytes() != answer:
            raise ValueError("not the one encoding DER allows")
        if response.status == _GRANTED:
            _said_by(response)
    except ValueError as problem:
        raise NoStamp(f"{url}: the answer is no RFC 3161 response ({_plain(str(problem))}); nothing was kept: check that the address is that of a time-stamping authority",
                      f"{url}：返回内容不是 RFC 3161 时间戳响应（{_plain(str(problem))}）；未保存任何内容：请确认该网址是时间戳机构") from None
    if response.status != _GRANTED:
        said = _plain("; ".join(response.status_string)) or "-"
        raise NoStamp(f"{url}: the authority refused the stamp (status {response.status}: {said}); nothing was kept: ask the authority why",
                      f"{url}：时间戳机构拒绝签发（状态 {response.status}：{said}）；未保存任何内容：请向该机构查询原因")
    digest, found_nonce, at = _said_by(response)
    if digest != sha256(body).digest():
        raise NoStamp(f"{url}: the stamp is over another text than this checkpoint; nothing was kept: try again, and if it comes again do not use this authority",
                      f"{url}：时间戳所针对的不是本检查点；未保存任何内容：请重试，若再次出现请勿使用该机构")
    if found_nonce != nonce:
        raise NoStamp(f"{url}: the stamp answers another question than this one (its nonce differs), so it may be an old one sent again; nothing was kept: try again, and if it comes again do not use this authority",
                      f"{url}：时间戳对应的不是本次请求（随机数不符），可能是重放的旧时间戳；未保存任何内容：请重试，若再次出现请勿使用该机构")
    try:
        VerifierBuilder(roots=roots, tsa_certificate=own, nonce=nonce).build().verify(response, sha256(body).digest())
    except (VerificationError, ValueError) as problem:
        said = _plain((re.findall(r'(?:data|reason): "([^"]+)"', str(problem)) or [str(problem)])[-1])
        raise NoStamp(f"{url}: the answer is not signed by the configured authority, or was changed on its way ({said}); nothing was kept: check the certificate that you configured and the address",
                      f"{url}：返回的时间戳不是由所配置的机构签名，或在传输中被改动（{said}）；未保存任何内容：请核对所配置的证书与网址") from None
    try:
        if not read_stamp(answer, body.decode(), [*roots, *([own] if own else [])]).is_traced:
            raise Unfit("it does not lead to the certificate that you configured", "不能追溯到所配置的证书")
    except Unfit as problem:
        raise NoStamp(f"{url}: an auditor's verifier would not believe this stamp: {problem.en}; nothing was kept: ask the authority for one by RFC 3161 and RFC 5816",
                      f"{url}：审计方的验证程序不会认可该时间戳：{problem.zh}；未保存任何内容：请向该机构索取符合 RFC 3161 与 RFC 5816 的时间戳") from None
    if abs(at - now) > APART_SECONDS * 1_000_000:
        raise NoStamp(f"{url}: the authority says {moment_of(at):%Y-%m-%dT%H:%M:%SZ}, this machine {moment_of(now):%Y-%m-%dT%H:%M:%SZ}; more than {APART_SECONDS} seconds apart, one clock is wrong and nothing was kept: set this machine's clock, or ask the authority",
                      f"{url}：机构时间为 {moment_of(at):%Y-%m-%dT%H:%M:%SZ}，本机时间为 {moment_of(now):%Y-%m-%dT%H:%M:%SZ}；相差超过 {APART_SECONDS} 秒，其中一个时钟有误，未保存任何内容：请校准本机时钟，或联系该机构")


def _said_by(response: TimeStampResponse) -> tuple[bytes, int | None, int]:
    """The SHA-256 that a granted response stamps, its nonce, and the authority's time in microseconds UTC; raises ValueError where it says none of this, or stamps by another digest than SHA-256."""
    info = response.tst_info
    if info.message_imprint.hash_algorithm != _SHA256:
        raise ValueError(f"stamps by the digest {info.message_imprint.hash_algorithm.dotted_string}, not SHA-256")
    return bytes(info.message_imprint.message), info.nonce, microseconds_of(info.gen_time)


def _plain(text: str) -> str:
    """What another machine said, as one short printable line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:200].strip()
