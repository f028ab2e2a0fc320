"""The cluster moved to a newer PostgreSQL: dumped from the old programs' server into a whole new cluster, compared, and put in its place by one swap of the record.

The old data directory stays as it was, beside the new one, until it is removed on purpose. Killed at any moment, the old one or the new one holds, whole.
"""

import subprocess
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from arrears.postgres import accounts, backups, clusters, connections, outside, places, servers, supervisor
from arrears.postgres.accounts import Account
from arrears.postgres.binaries import Binaries, binaries_for, binaries_found, within_reach
from arrears.postgres.folders import Cluster, Folders, Say, folders_of, read_cluster, write_cluster
from arrears.postgres.places import DATABASE_NAMES, SUPERUSER, Place
from arrears.refusal import Refused

Migrate = Callable[[Path], list[str]]
"""Brings the tables up to date; gives the names of the steps that were run."""


def upgrade(home: Path, migrate: Migrate | None = None, say: Say = lambda en, zh: None, *, removes_old: bool = False) -> list[str]:
    """The server runs on the newest programs that are here, then the tables are brought up to date; the steps that `migrate` ran.

    With removes_old the data directories of before an earlier upgrade are gone. Raises Refused or DiskFull, and then the server of before holds.
    """
    if not places.is_outside():
        folders = folders_of(home)
        cluster = read_cluster(folders)
        if cluster is not None:
            newest = max((one.major for one in binaries_found()), default=cluster.major)
            if newest > cluster.major:
                _move(folders, cluster, newest, say)
    supervisor.ensure_running(home, say)
    if removes_old:
        _remove_old(home, say)
    return migrate(home) if migrate else []


def _move(folders: Folders, cluster: Cluster, major: int, say: Say) -> None:
    """The record names a cluster of that major version with all that the old one held; its server is stopped, as is the old one's."""
    account = accounts.account_for(cluster, say)
    with supervisor.starting(folders) as lock:
        cluster = read_cluster(folders)
        if cluster.major >= major:
            return
        data = folders.site / cluster.folder
        clusters.demand_sound(data, folders, cluster.major, account)
        old = within_reach(binaries_for(cluster.major, str(data)), account, folders.site, say)
        new = within_reach(next(one for one in binaries_found() if one.major == major), account, folders.site, say)
        servers.clear_unfinished(folders, account)
        supervisor.await_recovery(folders, data)
        servers.stop_server(old, account, data)
        if cluster.coming is not None:
            cluster = supervisor.forget_coming(folders, cluster)
        final = clusters.data_folder(folders, major)
        if final.exists():
            raise Refused(f"{final}: stands in the way of the new data directory; see what it is and move it away", f"{final}：与新数据目录同名；请查明并移走")
        say(f"moving from PostgreSQL {old.version} to {new.version}; nobody can log in until it is done", f"正在从 PostgreSQL {old.version} 迁移到 {new.version}；完成前无法登录")
        unfinished = clusters.make_cluster(folders, new, account, lock)
        with ExitStack() as ending:
            at = [_running(folders, cluster, account, *pair, ending) for pair in ((old, data, "old"), (new, unfinished, "new"))]
            for dbname in DATABASE_NAMES.values():
                _copy(new, *(replace(place, dbname=dbname) for place in at))
        write_cluster(folders, replace(cluster, coming=final.name))
        clusters.publish(unfinished, final)
        write_cluster(folders, replace(cluster, folder=final.name, major=major, coming=None))
        say(f"the old data directory is kept: {data}; arrears db upgrade --remove-old removes it", f"旧数据目录保留：{data}；arrears db upgrade --remove-old 删除")


def _running(folders: Folders, cluster: Cluster, account: Account, binaries: Binaries, data: Path, name: str, ending: ExitStack) -> Place:
    """The superuser's place at a server over that data directory, in a folder where no application looks; stopped when the stack ends."""
    usual = servers.socket_folder(folders, cluster, account)
    socket = usual.with_name(f"{usual.name}-{name}")
    accounts.own_folder(socket, account)
    ending.callback(lambda: socket.rmdir() if not any(socket.iterdir()) else None)
    servers.start_server(binaries, account, folders, data, socket)
    ending.callback(servers.stop_server, binaries, account, data)
    return places.own_place(folders, SUPERUSER, "postgres", socket)


def _copy(programs: Binaries, source: Place, target: Place) -> None:
    """The target database holds what the source does, with as many rows in each table. Raises Refused otherwise."""
    dump = [programs.pg_dump, "--format=custom", "--compress=0", "--no-password", "--dbname", source.conninfo()]
    fill = [programs.pg_restore, "--exit-on-error", "--no-password", "--dbname", target.conninfo()]
    with connections.connected(source, source.dbname) as old, connections.connected(target, target.dbname) as new:
        with tempfile.TemporaryFile() as said:
            with subprocess.Popen([str(word) for word in dump], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=accounts.environment(**source.environment())) as dumping:  # noqa: S603
                filling = subprocess.run([str(word) for word in fill], stdin=dumping.stdout, stdout=subprocess.DEVNULL, stderr=said, check=False, env=accounts.environment(**target.environment()))  # noqa: S603
                dumping.stdout.close()
            if dumping.returncode != 0 or filling.returncode != 0:
                said.seek(0)
                raise clusters.reveal_failure(said.read().decode(errors="replace"), Path(target.dbname), "pg_dump | pg_restore")
        for right, role in backups.rights_of(old):
            new.execute(f"grant {right} on database {outside.quoted(target.dbname)} to {outside.quoted(role)}")
        before, after = backups.rows_of(old), backups.rows_of(new)
    if before != after:
        differ = sorted(table for table in before.keys() | after.keys() if before.get(table) != after.get(table))
        raise Refused(f"{target.dbname}: other counts of rows came out than went in ({', '.join(differ[:5])}); the old data directory holds", f"{target.dbname}：迁移后行数不符（{'、'.join(differ[:5])}）；仍使用旧数据目录")


def _remove_old(home: Path, say: Say) -> None:
    """No data directory of ours but the one that holds is left; one that is not ours stays."""
    folders = folders_of(home)
    with supervisor.starting(folders):
        cluster = read_cluster(folders)
        for data in sorted(folders.site.glob("data-*")):
            if cluster is not None and data.name != cluster.folder and clusters.is_ours(data, folders):
                clusters.remove_data(data)
                say(f"{data} is removed", f"已删除 {data}")
