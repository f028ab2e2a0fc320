"""The outermost keys in home/keys/sealed.json, each sealed under a key derived from a passphrase by Argon2id.

The passphrase comes from ARREARS_KEY_PASSPHRASE_FILE, ARREARS_KEY_PASSPHRASE, or home/keys/passphrase, which `init` makes
with 256 random bits where none was named. Whoever has the sealed file, the passphrase and the KEYS database reads
everything: keep the passphrase elsewhere in production. Source: RFC 9106 (Argon2id, second recommended option).
"""

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from arrears.vault import suites
from arrears.vault.private_files import alone_in, private_folder, read_private, sync_folder, write_private
from arrears.vault.refused import MissingKey, RetiredKey, VaultRefused, WrongKey
from arrears.vault.settings import decoded, secret_text

VARIABLE = "ARREARS_KEY_PASSPHRASE"
NEW_VARIABLE = "ARREARS_KEY_NEW_PASSPHRASE"
PASSPHRASE_CHARACTERS_MIN = 12
"""This project's choice; a made passphrase has 64."""
_FORMAT = "arrears sealed keys 1"
_FILE = ("the sealed key file", "密封密钥文件")
_PASSPHRASE = ("the passphrase of the keys", "密钥口令")
_NEW_PASSPHRASE = ("the new passphrase of the keys", "新的密钥口令")
_DERIVATION = {"algorithm": "argon2id", "iterations": 3, "memory_kib": 65536, "lanes": 4}
_MOST = {"iterations": 100, "memory_kib": 4 * 1024 * 1024, "lanes": 64}


def create(home: Path, suite: int, now: int) -> tuple["SealedFile", list[tuple[str, str]]]:
    """The sealed file of the home, made with a first key where there is none; and what the user must be told."""
    folder = private_folder(home / "keys")
    told = []
    with alone_in(folder):
        if not (folder / "sealed.json").exists():
            passphrase = _named_passphrase(VARIABLE)
            if passphrase is None and not (folder / "passphrase").exists():
                write_private(folder / "passphrase", secrets.token_hex(32).encode() + b"\n")
                told.append(_warning(folder / "passphrase"))
            passphrase = passphrase or _passphrases(folder)[0]
            held = {"format": _FORMAT, "derivation": _derivation(), "keys": []}
            _append(held, _derived(passphrase, held["derivation"], folder), suite, now)
            _write(folder, held)
    return SealedFile(home), told


@dataclass(frozen=True)
class _Held:
    """The file as it was last read and opened; replaced whole, so that no thread sees half of it."""

    derivation: dict = field(repr=False)
    passphrase_key: bytes = field(repr=False)
    keys: dict[int, tuple[int, object]] = field(repr=False)
    numbers: dict[int, bool]


class SealedFile:
    """The keys of home/keys/sealed.json; read again by itself where another process has added one."""

    def __init__(self, home: Path):
        self._folder = home / "keys"
        self._held = _Held({}, b"", {}, {})
        self._read()

    def __repr__(self) -> str:
        return f"SealedFile({str(self._folder)!r})"

    def said(self) -> tuple[str, str]:
        """What it is and where, in English and Chinese."""
        return f"the sealed key file {self._folder / 'sealed.json'}", f"密封密钥文件 {self._folder / 'sealed.json'}"

    def newest(self) -> int:
        """The number of the key that wraps from now on."""
        self._read()
        return max(self._held.keys)

    def numbers(self) -> dict[int, bool]:
        """Every number that was ever given; True while its key can still unwrap."""
        self._read()
        return dict(self._held.numbers)

    def wrap(self, key: bytes, binding: bytes) -> tuple[int, bytes]:
        """The key wrapped under the newest one, and that one's number."""
        number = self.newest()
        suite, cipher = self._held.keys[number]
        return number, suites.sealed(suite, number, cipher, key, binding)

    def unwrap(self, number: int, wrapped: bytes, binding: bytes) -> bytes:
        """The key again; raises MissingKey, RetiredKey or WrongKey."""
        if number not in self._held.keys:
            self._read()
        if number not in self._held.keys:
            raise self._absent(number)
        try:
            return suites.opened(self._held.keys[number][1], wrapped, binding)
        except InvalidTag:
            raise WrongKey(
                f"{self._folder / 'sealed.json'}: key {number} does not open what the KEYS database holds: the file and the database are of two installations or times, or a row was changed; restore both from the same backup",
                f"{self._folder / 'sealed.json'}：密钥 {number} 无法解开 KEYS 数据库中的内容：文件与数据库不属于同一安装或同一时间，或记录被改动；请从同一备份恢复两者",
            ) from None

    def rotate(self, now: int) -> int:
        """A new key that wraps from now on; the suite is the newest one's."""
        with alone_in(self._folder):
            held = self._read()
            number = _append(held, self._held.passphrase_key, self._held.keys[max(self._held.keys)][0], now)
            _write(self._folder, held)
        self._read()
        return number

    def retire(self, number: int, now: int) -> None:
        """The key of that number is destroyed in the file; its number stays, so that what is left under it is told from a foreign one."""
        with alone_in(self._folder):
            held = self._read()
            if number not in self._held.numbers:
                raise self._absent(number)
            if number == max(self._held.keys):
                raise VaultRefused(f"key {number} is the newest and wraps from now on; rotate first, then retire it", f"密钥 {number} 是当前使用的最新密钥；请先轮换再停用")
            held["keys"] = [{"number": number, "created_at": one["created_at"], "retired_at": now} if one["number"] == number and "sealed" in one else one for one in held["keys"]]
            _write(self._folder, held)
        self._read()

    def change_passphrase(self) -> list[tuple[str, str]]:
        """All keys sealed anew under the passphrase of ARREARS_KEY_NEW_PASSPHRASE(_FILE), else under a random one in home/keys/passphrase.

        Killed at any moment, either the old or the new passphrase opens the file, and the one that does is where it was or in
        home/keys/passphrase.new, which is looked at too. Returns what the user must be told.
        """
        named = _named_passphrase(NEW_VARIABLE)
        in_file = _named_passphrase(VARIABLE) is None
        if named is None and not in_file:
            raise VaultRefused(f"no new passphrase is named: set {NEW_VARIABLE}_FILE to a file that holds it", f"未指定新口令：请将 {NEW_VARIABLE}_FILE 指向新口令文件")
        kept, waiting = self._folder / "passphrase", self._folder / "passphrase.new"
        with alone_in(self._folder):
            held = self._read()
            passphrase = named or secrets.token_hex(32)
            if in_file:
                write_private(waiting, passphrase.encode() + b"\n")
            derivation = _derivation()
            key = _derived(passphrase, derivation, self._folder)
            for one in held["keys"]:
                if "sealed" in one:
                    suite = one["suite"]
                    plain = suites.opened(suites.SUITES[suites.AES_256_GCM_SIV].cipher(self._held.passphrase_key), bytes.fromhex(one["sealed"]), _binding(one["number"], suite))
                    one["sealed"] = _sealed(key, one["number"], suite, plain)
            held["derivation"] = derivation
            _write(self._folder, held)
            if in_file:
                os.replace(waiting, kept)
                sync_folder(self._folder)
        if in_file:
            self._read()
            return [_warning(kept) if named is None else _moved_in(kept)]
        return [(f"the keys are sealed under the new passphrase; from now on give it in {VARIABLE}_FILE", f"密钥已改用新口令密封；此后请在 {VARIABLE}_FILE 中提供")]

    def _absent(self, number: int) -> VaultRefused:
        path = self._folder / "sealed.json"
        if number in self._held.numbers:
            return RetiredKey(f"{path}: key {number} was rotated away and retired; what is still under it opens only with a copy of the file from before, restored together with its passphrase",
                              f"{path}：密钥 {number} 已轮换并停用；仍由其保护的内容须恢复停用前的文件副本及其口令才能解开")
        return MissingKey(f"{path}: has no key {number}, which the KEYS database names; the file is older than the database or of another installation: restore both from the same backup",
                          f"{path}：没有 KEYS 数据库所需的密钥 {number}；文件早于数据库或属于另一安装：请从同一备份恢复两者")

    def _read(self) -> dict:
        """What the file says now; the keys are opened anew where it changed."""
        path = self._folder / "sealed.json"
        held = _parsed(read_private(path, *_FILE), path)
        known, key = self._held, self._held.passphrase_key
        if held["derivation"] != known.derivation:
            known, key = _Held({}, b"", {}, {}), _opening_key(held, self._folder)
        keys = {one["number"]: known.keys.get(one["number"]) or (one["suite"], suites.SUITES[one["suite"]].cipher(_plain(one, key, path))) for one in held["keys"] if "sealed" in one}
        self._held = _Held(held["derivation"], key, keys, {one["number"]: "sealed" in one for one in held["keys"]})
        return held


def _warning(path: Path) -> tuple[str, str]:
    return (f"{path}: a passphrase was made and lies beside the keys that it protects; in production move it to another place that only the service reads, name it by {VARIABLE}_FILE, and keep a copy of both apart",
            f"{path}：已生成口令，但与其保护的密钥放在一起；生产环境请移到仅服务可读的别处，用 {VARIABLE}_FILE 指明，并分别备份两者")


def _moved_in(path: Path) -> tuple[str, str]:
    return (f"{path}: holds the new passphrase that was given, in place of the old one, beside the keys that it protects; in production move it to another place that only the service reads, name it by {VARIABLE}_FILE, and keep a copy of both apart",
            f"{path}：现为您给出的新口令，已取代旧口令，但与其保护的密钥放在一起；生产环境请移到仅服务可读的别处，用 {VARIABLE}_FILE 指明，并分别备份两者")


def _named_passphrase(variable: str) -> str | None:
    said = secret_text(variable, "", *(_NEW_PASSPHRASE if variable == NEW_VARIABLE else _PASSPHRASE))
    if said is not None and len(said) < PASSPHRASE_CHARACTERS_MIN:
        raise VaultRefused(f"{variable}: a passphrase of under {PASSPHRASE_CHARACTERS_MIN} characters is soon guessed; choose a longer one", f"{variable}：口令少于 {PASSPHRASE_CHARACTERS_MIN} 个字符，容易被猜中；请换更长的")
    return said


def _passphrases(folder: Path) -> list[str]:
    """The passphrases to try: the one that is named, else those that lie in the folder (two only after an interrupted change)."""
    named = _named_passphrase(VARIABLE)
    if named is not None:
        return [named]
    waiting = folder / "passphrase.new"
    paths = [folder / "passphrase", *([waiting] if waiting.exists() else [])]
    return [decoded(read_private(path, *_PASSPHRASE), path, *_PASSPHRASE) for path in paths]


def _opening_key(held: dict, folder: Path) -> bytes:
    """The key that opens the file's keys, from the passphrase; raises WrongKey."""
    live = [one for one in held["keys"] if "sealed" in one]
    for passphrase in _passphrases(folder):
        key = _derived(passphrase, held["derivation"], folder)
        try:
            _plain(live[-1], key, folder)
        except WrongKey:
            continue
        return key
    path = folder / "sealed.json"
    raise WrongKey(f"{path}: the passphrase does not open it; name the right one by {VARIABLE}_FILE, or restore file and passphrase from the same backup",
                   f"{path}：口令不正确；请用 {VARIABLE}_FILE 指明正确的口令，或从同一备份恢复文件与口令") from None


def _derivation() -> dict:
    return {**_DERIVATION, "salt": secrets.token_hex(16)}


def _derived(passphrase: str, derivation: dict, folder: Path) -> bytes:
    return Argon2id(salt=bytes.fromhex(derivation["salt"]), length=32, iterations=derivation["iterations"], lanes=derivation["lanes"],
                    memory_cost=derivation["memory_kib"]).derive(passphrase.encode())


def _binding(number: int, suite: int) -> bytes:
    return suites.joined(_FORMAT, str(number), str(suite))


def _sealed(passphrase_key: bytes, number: int, suite: int, key: bytes) -> str:
    outer = suites.SUITES[suites.AES_256_GCM_SIV]
    return suites.sealed(outer.number, number, outer.cipher(passphrase_key), key, _binding(number, suite)).hex()


def _plain(one: dict, passphrase_key: bytes, path: Path) -> bytes:
    try:
        return suites.opened(suites.SUITES[suites.AES_256_GCM_SIV].cipher(passphrase_key), bytes.fromhex(one["sealed"]), _binding(one["number"], one["suite"]))
    except InvalidTag:
        raise WrongKey(f"{path}: key {one['number']} does not open under the passphrase: the file was changed; restore it from its copy",
                       f"{path}：密钥 {one['number']} 无法用口令解开：文件被改动；请从备份恢复") from None


def _append(held: dict, passphrase_key: bytes, suite: int, now: int) -> int:
    number = max((one["number"] for one in held["keys"]), default=0) + 1
    held["keys"].append({"number": number, "suite": suite, "created_at": now, "sealed": _sealed(passphrase_key, number, suite, suites.new_key(suite))})
    return number


def _write(folder: Path, held: dict) -> None:
    write_private(folder / "sealed.json", json.dumps(held, indent=1).encode() + b"\n")


def _parsed(content: bytes, path: Path) -> dict:
    """The file's content, of the right shape and within bounds; raises VaultRefused."""
    try:
        held = json.loads(content)
        derivation, keys = held["derivation"], held["keys"]
        sound = (
            held["format"] == _FORMAT and set(derivation) == {*_DERIVATION, "salt"} and derivation["algorithm"] == "argon2id" and len(bytes.fromhex(derivation["salt"])) == 16
            and all(type(derivation[name]) is int and 1 <= derivation[name] <= most for name, most in _MOST.items())
            and all(type(one["number"]) is int and 0 < one["number"] < 1 << 32 and type(one["created_at"]) is int for one in keys)
            and all(one["suite"] in suites.SUITES and suites.named(bytes.fromhex(one["sealed"])) for one in keys if "sealed" in one)
            and any("sealed" in one for one in keys) and len({one["number"] for one in keys}) == len(keys)
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        sound = False
    if not sound:
        raise VaultRefused(f"{path}: not a sealed key file that this version reads; restore it from its copy, or use the version that wrote it",
                           f"{path}：不是本版本可读的密封密钥文件；请从备份恢复，或使用写入该文件的版本")
    return held
