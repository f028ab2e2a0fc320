"""A new cluster, which appears whole or not at all, and what must be true of one that is there."""

import base64
import ctypes
import hashlib
import hmac
import json
import os
import secrets
import shutil
import sys
from pathlib import Path

from arrears.postgres import accounts, places
from arrears.postgres.accounts import Account
from arrears.postgres.binaries import Binaries
from arrears.postgres.folders import MARKER, Folders, disk_full, disk_room, read_json, sync, write_whole
from arrears.postgres.places import APP, DATABASE_NAMES, OWNER, ROLE_NAMES, SUPERUSER
from arrears.refusal import Refused

SYNCS_ALL = sys.platform == "linux"
"""Whether syncfs(2) is there: then a thousand new files wait for the disk once, in place of each for itself."""
SCRAM_ROUNDS = 4096
"""As PostgreSQL's own; the passwords are random, so more would protect nothing. Source: RFC 7677, section 4."""


def data_folder(folders: Folders, major: int) -> Path:
    """The data directory of that major version."""
    return folders.site / f"data-{major}"


def make_cluster(folders: Folders, binaries: Binaries, account: Account, lock: int) -> Path:
    """An unfinished data directory with roles, both databases and our mark, its server stopped; it holds once publish has given it its name.

    The children hold the lock, so that nobody clears away what a killed process's children still write. Raises DiskFull, Refused.
    """
    unfinished = folders.site / f"data-{binaries.major}.unfinished-{secrets.token_hex(4)}"
    with disk_room(unfinished):
        accounts.own_folder(unfinished, account)
    words = [binaries.initdb, "-D", unfinished, "-U", ROLE_NAMES[SUPERUSER], "-A", "reject", "-E", "UTF8", "--locale=C", "--data-checksums", "--no-instructions", *(["--no-sync"] if SYNCS_ALL else [])]
    ran = accounts.run(account, [*words, "--lc-ctype=C.UTF-8"], lock=lock)
    if ran.returncode != 0 and "invalid locale name" in ran.stderr:
        ran = accounts.run(account, words, lock=lock)
    _demand_success(ran, unfinished, "initdb")
    ran = accounts.run(account, [binaries.postgres, "--single", "-D", unfinished, "-c", "exit_on_error=on", "-c", f"fsync={'off' if SYNCS_ALL else 'on'}", "-c", "log_min_error_statement=panic", "-c", "log_statement=none", "template1"],
                       text="\n".join(_founding(folders)) + "\n", lock=lock)
    _demand_success(ran, unfinished, "postgres --single")
    with disk_room(unfinished):
        _mark(unfinished, places.read_secret(folders, "id"), account)
        if SYNCS_ALL:
            _sync_file_system(unfinished)
    return unfinished


def publish(unfinished: Path, final: Path) -> None:
    """The data directory takes its name, durably; there is none of that name yet."""
    if final.exists():
        raise Refused(f"{final}: stands in the way of a new data directory; see what it is and move it away", f"{final}：与新数据目录同名；请查明并移走")
    unfinished.rename(final)
    sync(final.parent)


def demand_sound(data: Path, folders: Folders, major: int, account: Account) -> None:
    """Raises Refused, changing nothing, unless this is our data directory, whole, of that major version, the account's own and closed to others."""
    if not data.exists():
        raise Refused(f"{data}: the data directory is gone; put it back, or move {folders.postgres} away, start anew and restore a backup", f"{data}：数据目录已不存在；请放回，或移走 {folders.postgres} 后重新启动并恢复备份")
    accounts.demand_own(data, account)
    if not is_ours(data, folders):
        raise Refused(f"{data}: is not the data directory of this home (its {MARKER} is missing or names another cluster); nothing was changed, move it away or name another home",
                      f"{data}：不是本 home 的数据目录（{MARKER} 缺失或属于其他集群）；未作任何更改，请移走或另指定 home")
    said = _version_of(data)
    if said != str(major):
        raise Refused(f"{data}: holds PostgreSQL {said or '?'}, but {folders.record} says {major}; somebody exchanged it: put back what was there", f"{data}：为 PostgreSQL {said or '?'}，但 {folders.record} 记为 {major}；目录被替换，请恢复原目录")


def demand_nothing_foreign(folders: Folders) -> None:
    """Raises Refused where the place of a new cluster holds a data directory that is not ours."""
    for folder in (folders.postgres, folders.site, *folders.site.glob("data*")):
        if (folder / "PG_VERSION").exists() and not (".unfinished-" in folder.name or is_ours(folder, folders)):
            raise Refused(f"{folder}: holds the data directory of another PostgreSQL; nothing was changed, move it away or name another home with --home",
                          f"{folder}：为其他 PostgreSQL 的数据目录；未作任何更改，请移走或用 --home 另指定")


def is_ours(data: Path, folders: Folders) -> bool:
    """Whether the data directory bears this home's mark."""
    if not folders.secrets.is_dir():
        return False
    found = read_json(data / MARKER)
    return found is not None and found.get("cluster") == places.read_secret(folders, "id")


def remove_data(data: Path) -> None:
    """The folder is gone from its name at once, then from the disk."""
    going = data if ".unfinished-" in data.name else data.with_name(f"{data.name}.unfinished-{secrets.token_hex(4)}")
    if going != data:
        data.rename(going)
    shutil.rmtree(going)


def reveal_failure(said: str, what: Path, program: str) -> Refused:
    """The refusal for what a program of PostgreSQL said when it failed; to be raised."""
    if "No space left on device" in said or "Disk quota exceeded" in said or "File too large" in said:
        return disk_full(what)
    lines = [line for line in said.splitlines() if any(word in line for word in ("FATAL", "PANIC", "ERROR", "error:", "Permission denied", "not found"))] or said.splitlines()[-3:]
    why = " / ".join(line.strip() for line in lines[-3:]) or "it said nothing"
    return Refused(f"{what}: {program} failed: {why}", f"{what}：{program} 失败：{why}")


def verifier(password: str, salt: bytes) -> str:
    """What the server keeps of a password: it cannot be turned back. Source: RFC 5802, section 3; RFC 7677; PostgreSQL's scram-common."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    first, *rest = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${SCRAM_ROUNDS}:{first}${rest[0]}:{rest[1]}"


def _founding(folders: Folders) -> list[str]:
    """The statements that make roles and databases, one a line; only what the server keeps of the passwords is in them."""
    kept = {role: verifier(places.read_secret(folders, role), os.urandom(16)) for role in ROLE_NAMES}
    owner, app, databases = ROLE_NAMES[OWNER], ROLE_NAMES[APP], list(DATABASE_NAMES.values())
    bare = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD"
    return [
        f"ALTER ROLE {ROLE_NAMES[SUPERUSER]} PASSWORD '{kept[SUPERUSER]}';",
        f"CREATE ROLE {owner} {bare} '{kept[OWNER]}';",
        f"CREATE ROLE {app} {bare} '{kept[APP]}';",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC;",
        f"GRANT USAGE ON SCHEMA public TO {app};",
        *(f"CREATE DATABASE {name} OWNER {owner};" for name in databases),
        *(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;" for name in ("postgres", "template1", *databases)),
        *(f"GRANT CONNECT ON DATABASE {name} TO {app};" for name in databases),
    ]


def _mark(data: Path, cluster: str, account: Account) -> None:
    write_whole(data / MARKER, json.dumps({"cluster": cluster, "by": "arrears"}).encode() + b"\n", 0o600)
    if account.drops:
        os.chown(data / MARKER, account.uid, account.gid, follow_symlinks=False)


def _sync_file_system(folder: Path) -> None:
    """All that was written to the folder's file system is on its disk. Source: syncfs(2), which waits for it and tells of errors."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(handle) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(folder))
    finally:
        os.close(handle)


def _version_of(data: Path) -> str:
    try:
        return (data / "PG_VERSION").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _demand_success(ran, what: Path, program: str) -> None:
    """Raises Refused or DiskFull where the program failed; the unfinished folder stays until the next start clears it."""
    if ran.returncode != 0:
        failure = reveal_failure(ran.stderr + ran.stdout, what, program)
        shutil.rmtree(what, ignore_errors=True)
        raise failure
