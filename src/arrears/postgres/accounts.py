"""The unprivileged system user a server runs as, and how a program is run as it."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from arrears.postgres.folders import Cluster, Say
from arrears.refusal import Refused

NAMED = "ARREARS_DATABASE_USER"
"""The variable that names the user where root starts the server."""
OWN_USER = "arrears"


@dataclass(frozen=True)
class Account:
    """A system user; `drops` where a program has to give up root to become it."""

    name: str
    uid: int
    gid: int
    drops: bool


def account_for(cluster: Cluster | None, say: Say) -> Account:
    """The user the server runs as: whoever starts it, or, started by root, the named one, `postgres`, or `arrears`, which is made.

    Raises Refused where the cluster belongs to another, where the named one is not there or is root.
    """
    if os.geteuid() != 0:
        mine = pwd.getpwuid(os.geteuid())
        account = Account(mine.pw_name, mine.pw_uid, mine.pw_gid, drops=False)
    else:
        account = _unprivileged(os.environ.get(NAMED) or (cluster.user if cluster else None), say)
    if cluster is not None and cluster.user != account.name:
        raise Refused(f"this database belongs to the system user {cluster.user}, not to {account.name}; run as {cluster.user} or as root, without another {NAMED}",
                      f"该数据库属于系统用户 {cluster.user}，而非 {account.name}；请以 {cluster.user} 或 root 运行，且不另设 {NAMED}")
    return account


def run(account: Account, words: list[object], *, text: str | None = None, lock: int | None = None, seconds: float = 900) -> subprocess.CompletedProcess:
    """The program, run to its end as that user with nothing of our environment; its exit status and what it printed.

    A lock that is handed on is held until the program has ended, though we be killed.
    """
    become = {"user": account.uid, "group": account.gid, "extra_groups": []} if account.drops else {}
    return subprocess.run(  # noqa: S603 - a program that was found, its words a list, no shell
        [str(word) for word in words], input=text, stdin=subprocess.DEVNULL if text is None else None, capture_output=True, encoding="utf-8", errors="replace",
        timeout=seconds, check=False, cwd="/", env=environment(), umask=0o077, pass_fds=() if lock is None else (lock,), start_new_session=True, **become)


def environment(**more: str) -> dict[str, str]:
    """What a program of PostgreSQL's is given: a plain path, English messages, UTC."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", **more}


def can_use(account: Account, folder: Path) -> bool:
    """Whether the user can go into the folder: asked of the system itself, so that every rule it has counts."""
    return run(account, ["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]).returncode == 0


def own_folder(folder: Path, account: Account, mode: int = 0o700) -> None:
    """The folder is there, is the account's own and has that mode; raises Refused, and changes nothing, where one was there with another owner or mode."""
    try:
        folder.mkdir(mode=mode)
    except FileExistsError:
        demand_own(folder, account, mode)
        return
    folder.chmod(mode)
    if account.drops:
        os.chown(folder, account.uid, account.gid)


def demand_own(folder: Path, account: Account, mode: int = 0o700) -> None:
    """Raises Refused unless this is a folder (no link) of the account's own with exactly that mode."""
    found = folder.lstat()
    if not folder.is_dir() or folder.is_symlink():
        raise Refused(f"{folder}: is not a folder of its own; move it away", f"{folder}：不是独立的文件夹；请移走")
    if found.st_uid != account.uid:
        raise Refused(f"{folder}: belongs to user number {found.st_uid}, not to {account.name}; if it is yours: chown -R {account.name} {folder}",
                      f"{folder}：属于用户编号 {found.st_uid}，而非 {account.name}；如确属本系统：chown -R {account.name} {folder}")
    if found.st_mode & 0o777 != mode:
        raise Refused(f"{folder}: has the permissions {found.st_mode & 0o777:04o} in place of {mode:04o}, others may have read it; find out why, then: chmod {mode:04o} {folder}",
                      f"{folder}：权限为 {found.st_mode & 0o777:04o}，应为 {mode:04o}，他人可能已读取；请查明原因后执行 chmod {mode:04o} {folder}")


def _unprivileged(name: str | None, say: Say) -> Account:
    if name is None:
        name = next((known for known in ("postgres", OWN_USER) if _entry(known)), None) or _made(say)
    found = _entry(name)
    if found is None:
        raise Refused(f"there is no system user {name}; make it, or name another with {NAMED}", f"没有系统用户 {name}；请创建，或用 {NAMED} 另行指定")
    if found.pw_uid == 0:
        raise Refused(f"{NAMED}={name}: PostgreSQL does not run as root; name an unprivileged user", f"{NAMED}={name}：PostgreSQL 不以 root 运行；请指定非特权用户")
    return Account(name, found.pw_uid, found.pw_gid, drops=True)


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _made(say: Say) -> str:
    """The system user `arrears`, which is made; raises Refused where the system has no way to."""
    program = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    ran = program and subprocess.run([program, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", OWN_USER],  # noqa: S603
                                     capture_output=True, text=True, check=False)
    if not ran or ran.returncode != 0:
        why = ran.stderr.strip() if ran else "there is no useradd"
        raise Refused(f"PostgreSQL does not run as root, and no system user could be made for it ({why}); make one and name it with {NAMED}",
                      f"PostgreSQL 不以 root 运行，且无法创建系统用户（{why}）；请自行创建并用 {NAMED} 指定")
    say(f"the system user {OWN_USER} was made: PostgreSQL does not run as root", f"已创建系统用户 {OWN_USER}：PostgreSQL 不以 root 运行")
    return OWN_USER
