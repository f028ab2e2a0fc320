"""The server of a home, found running or started, once however many ask at the same time; told about; stopped.

It outlives the command that started it. A start that is killed at any moment leaves either no cluster or a whole one; the next start clears up or goes on.
"""

import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from arrears.postgres import accounts, clusters, connections, outside, places, servers
from arrears.postgres.accounts import Account, account_for
from arrears.postgres.binaries import Binaries, binaries_for, within_reach
from arrears.postgres.folders import (
    Cluster,
    Folders,
    Say,
    away_from,
    disk_room,
    folders_of,
    locked,
    read_cluster,
    socket_of,
    write_cluster,
    write_whole,
)
from arrears.postgres.places import APP, CASES, DATABASE_NAMES, KEYS, SUPERUSER
from arrears.refusal import Refused


@dataclass(frozen=True)
class Status:
    """What is known of a home's database: whose server, whether it runs, where it lies. `bytes_of` has the size of each database where it runs."""

    is_outside: bool
    is_running: bool
    version: str
    data: str
    socket: str
    user: str
    pid: int | None
    is_elsewhere: bool
    bytes_of: dict[str, int]
    kept_aside: tuple[str, ...] = ()
    """Data directories of before an upgrade."""


def ensure_running(home: Path, say: Say = lambda en, zh: None) -> None:
    """A server of this home (or of the environment) answers, with its roles and both databases; nothing is changed where it did so before.

    Raises Refused or DiskFull, with nothing mended silently: another's data directory, other permissions, another version, a lost password, an app's role that may too much.
    """
    if places.is_outside():
        outside.demand_usable()
        return
    folders = folders_of(home)
    if _answers(folders):
        return
    with _permitted(folders.home):
        _started(home, folders, say)


def _started(home: Path, folders: Folders, say: Say) -> None:
    """The home's own server runs; whoever was first has started it, under the lock."""
    _make_home(folders)
    with starting(folders) as lock:
        folders = folders_of(home)
        if _answers(folders):
            return
        cluster = read_cluster(folders)
        account = account_for(cluster, say)
        if cluster is None:
            folders = _placed(folders, account, say)
            cluster = _founded(folders, account, lock, say)
        start_cluster(folders, cluster, account, say)
        if not _answers(folders):
            raise Refused(f"{folders.site}: the server was started, but does not answer; see {folders.log}", f"{folders.site}：服务器已启动但无应答；请查看 {folders.log}")


@contextmanager
def _permitted(home: Path):
    """Raises Refused where the system does not let us make, read or write what is needed."""
    try:
        yield
    except PermissionError as problem:
        raise Refused(f"{problem.filename or home}: not allowed ({problem.strerror}); run as the user that {home} belongs to, or name another home with --home", f"{problem.filename or home}：无权限（{problem.strerror}）；请以 {home} 所属用户运行，或用 --home 另指定") from None
    except (NotADirectoryError, FileExistsError) as problem:
        raise Refused(f"{problem.filename or home}: is no folder; name another home with --home", f"{problem.filename or home}：不是文件夹；请用 --home 另指定") from None


def start_cluster(folders: Folders, cluster: Cluster, account: Account, say: Say) -> None:
    """The cluster's server runs; the caller holds the lock. Raises Refused or DiskFull."""
    data = folders.site / cluster.folder
    clusters.demand_sound(data, folders, cluster.major, account)
    binaries = within_reach(binaries_for(cluster.major, str(data)), account, folders.site, say)
    servers.clear_unfinished(folders, account)
    if cluster.coming is not None:
        cluster = forget_coming(folders, cluster)
    socket = servers.socket_folder(folders, cluster, account)
    if servers.as_recorded(folders, socket) != cluster.socket:
        write_cluster(folders, replace(cluster, socket=servers.as_recorded(folders, socket)))
    running = servers.settled(data)
    if running is not None and servers.listens(running, socket):
        return
    if running is not None:
        say(f"a server over {data} runs, but not at {socket}; it is stopped and started anew", f"{data} 上的服务器未在 {socket} 监听；将停止并重新启动")
        servers.stop_server(binaries, account, data)
    servers.start_server(binaries, account, folders, data, socket)


def forget_coming(folders: Folders, cluster: Cluster) -> Cluster:
    """The record without the data directory that a killed upgrade was about to put in place, which never held and is gone."""
    data = folders.site / str(cluster.coming)
    if data.is_dir() and clusters.is_ours(data, folders):
        clusters.remove_data(data)
    cluster = replace(cluster, coming=None)
    write_cluster(folders, cluster)
    return cluster


def stop(home: Path) -> bool:
    """No server of this home runs; True where one was stopped: sessions are ended, what was committed stays. Raises Refused where the server is not ours."""
    if places.is_outside():
        raise Refused("the server that DATABASE_URL names is not ours to stop; its administrator does", "DATABASE_URL 所指的服务器不由本系统停止；请联系其管理员")
    folders = folders_of(home)
    cluster = read_cluster(folders)
    if cluster is None:
        return False
    with starting(folders):
        account = account_for(cluster, lambda en, zh: None)
        data = folders.site / cluster.folder
        await_recovery(folders, data)
        return servers.stop_server(own_binaries(folders, cluster, account), account, data)


def status(home: Path) -> Status:
    """What is known of the home's database; starts nothing, changes nothing. Raises Refused where it cannot be told."""
    if places.is_outside():
        at = places.place(home, APP, CASES)
        with connections.connected(at, "DATABASE_URL") as connection:
            version = connection.execute("select current_setting('server_version')").fetchone()[0]
            sizes = {CASES: connection.execute("select pg_database_size(current_database())").fetchone()[0]}
        return Status(True, True, version, "", at.host, at.user, None, False, sizes)
    folders = folders_of(home)
    cluster = read_cluster(folders)
    if cluster is None:
        raise Refused(f"{folders.home}: has no database yet; run arrears db start --home {folders.home}", f"{folders.home}：尚无数据库；请运行 arrears db start --home {folders.home}")
    data = folders.site / cluster.folder
    running = servers.postmaster_of(data)
    version, sizes = str(cluster.major), {}
    if running is not None and running.is_ready:
        with suppress(connections.Unreachable), connections.connected(places.own_place(folders, SUPERUSER, "postgres"), str(folders.site)) as connection:
            version = connection.execute("select current_setting('server_version')").fetchone()[0]
            found = dict(connection.execute("select datname, pg_database_size(oid) from pg_database").fetchall())
            sizes = {name: found[dbname] for name, dbname in DATABASE_NAMES.items() if dbname in found}
    aside = tuple(sorted(str(path) for path in folders.site.glob("data-*") if path != data and ".unfinished-" not in path.name))
    return Status(False, running is not None, version, str(data), str(socket_of(folders, cluster)), cluster.user,
                  running.pid if running else None, folders.site != folders.postgres, sizes, aside)


def own_binaries(folders: Folders, cluster: Cluster, account: Account) -> Binaries:
    """The programs of the cluster's own version, which its user can run."""
    return within_reach(binaries_for(cluster.major, str(folders.site / cluster.folder)), account, folders.site, lambda en, zh: None)


@contextmanager
def starting(folders: Folders):
    """Holds the lock under which a home's server is made, started, stopped and upgraded."""
    with locked(folders.postgres / "lock", ("another command is starting or stopping the database", "另一命令正在启动或停止数据库")) as lock:
        yield lock


def _answers(folders: Folders) -> bool:
    """Whether our server answers in both databases and the app's role is what it must be; False where no server does. Raises Refused otherwise."""
    if read_cluster(folders) is None:
        return False
    try:
        for database in (CASES, KEYS):
            at = places.own_place(folders, APP, DATABASE_NAMES[database])
            with connections.connected(at, f"{folders.site} ({at.dbname})") as connection:
                connections.demand_app_role(connections.standing_of(connection), f"{folders.site} ({at.dbname})")
    except connections.Unreachable:
        return False
    return True


def await_recovery(folders: Folders, data: Path) -> None:
    """The server is not in the middle of recovery, in which it does not heed that it shall stop: it takes connections, or there is none."""
    until = time.monotonic() + servers.START_SECONDS
    while servers.settled(data) is not None and time.monotonic() < until:
        try:
            with connections.connected(places.own_place(folders, SUPERUSER, "postgres"), str(folders.site)):
                return
        except connections.StartingUp:
            time.sleep(0.1)
        except Refused:
            return


def _make_home(folders: Folders) -> None:
    """HOME and HOME/postgres are there; a folder that was there keeps its permissions."""
    with disk_room(folders.home):
        folders.home.mkdir(parents=True, exist_ok=True)
        try:
            folders.postgres.mkdir()
        except FileExistsError:
            return
        folders.postgres.chmod(0o711 if os.geteuid() == 0 else 0o700)


def _placed(folders: Folders, account: Account, say: Say) -> Folders:
    """The folders of a new cluster: the home's own, else, where the server's user cannot get there, one that it can reach, with a pointer to it."""
    if folders.site != folders.postgres or not account.drops or accounts.can_use(account, folders.postgres):
        return folders
    site = away_from(folders.home)
    with disk_room(site):
        for folder in (site.parent, site):
            if not folder.is_dir():
                folder.mkdir(mode=0o755)
                folder.chmod(0o755)
        if not accounts.can_use(account, site):
            raise Refused(f"the user {account.name} can reach neither {folders.postgres} nor {site}; use a --home that it can reach", f"用户 {account.name} 既无法访问 {folders.postgres} 也无法访问 {site}；请使用其可访问的 --home")
        moved = replace(folders, site=site)
        if not folders.secrets.is_dir():
            clusters.demand_nothing_foreign(moved)
        write_whole(folders.elsewhere, f'{{"folder": "{site}"}}\n'.encode(), 0o644)
    say(f"the user {account.name} cannot reach {folders.home}; the database lies in {site}", f"用户 {account.name} 无法访问 {folders.home}；数据库位于 {site}")
    return moved


def _founded(folders: Folders, account: Account, lock: int, say: Say) -> Cluster:
    """A cluster that holds from now on: one that a killed start had finished but for its record, else a new one."""
    clusters.demand_nothing_foreign(folders)
    with disk_room(folders.postgres):
        places.make_secrets(folders)
    finished = [path for path in folders.site.glob("data-*") if ".unfinished-" not in path.name]
    if finished:
        major = int(finished[0].name.removeprefix("data-"))
    else:
        binaries = within_reach(binaries_for(None, str(folders.site)), account, folders.site, say)
        servers.clear_unfinished(folders, account)
        major = binaries.major
        clusters.publish(clusters.make_cluster(folders, binaries, account, lock), clusters.data_folder(folders, major))
    cluster = Cluster(places.read_secret(folders, "id"), f"data-{major}", major, account.name)
    with disk_room(folders.record):
        write_cluster(folders, cluster)
    return cluster
