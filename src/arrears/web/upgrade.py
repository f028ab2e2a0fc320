"""The tables brought to what this version needs, by the role that owns them, in a process of its own: `python -m arrears.web.upgrade HOME`.

The application's process never connects as the owner.
"""

import subprocess
import sys
from pathlib import Path

from arrears.postgres import APP, CASES, place
from arrears.refusal import Refused


def upgrade(home: Path) -> list[str]:
    """The migrations that were run now, by name, oldest first; none where the tables were as needed. The guards are laid in any case. Raises Refused where it failed: nothing is changed then."""
    done = subprocess.run([sys.executable, "-m", "arrears.web.upgrade", str(home)], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        told = done.stderr.strip().splitlines()[-1:] or ["no word"]
        raise Refused(f"{home}: the tables could not be brought up to this version ({told[0]}); nothing was changed: see the whole with python -m arrears.web.upgrade {home}",
                      f"{home}：数据表无法升级到本版本（{told[0]}）；未作任何更改；完整信息：python -m arrears.web.upgrade {home}")
    return done.stdout.split()


def demand_current(home: Path) -> None:
    """The tables and their guards are those of this version; a database that has none yet gets them now. Raises Refused where they are older (arrears db upgrade) or newer (another version wrote them)."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    from arrears.work.guards import guards_mark

    if "django_migrations" not in connection.introspection.table_names():
        upgrade(home)
    loader = MigrationLoader(connection)
    known, applied = {key for key in loader.disk_migrations if key[0] == "work"}, {key for key in loader.applied_migrations if key[0] == "work"}
    if newer := sorted(name for _, name in applied - known):
        raise Refused(f"{home}: its tables are of a newer version of arrears ({', '.join(newer)}); nothing was changed: install that version again, or restore a backup made by this one",
                      f"{home}：其数据表属于更新版本的 arrears（{', '.join(newer)}）；未作任何更改；请重新安装该版本，或恢复由本版本所作的备份")
    if older := sorted(name for _, name in known - applied):
        raise Refused(f"{home}: its tables lack {', '.join(older)}; run: arrears db upgrade --home {home}", f"{home}：其数据表缺少 {', '.join(older)}；请运行：arrears db upgrade --home {home}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regclass('work_entry'))")
        if cursor.fetchone() != (guards_mark(),):
            raise Refused(f"{home}: what the database itself refuses was laid by another version (or came back with an older backup); run: arrears db upgrade --home {home}",
                          f"{home}：数据库自身的防护由其他版本设置（或随旧备份恢复）；请运行：arrears db upgrade --home {home}")


def _run(home: Path) -> None:
    """Migrates and lays the guards, each in one transaction."""
    from arrears.postgres import OWNER
    from arrears.web.settings import configure

    configure(home, role=OWNER)
    from django.core.management import call_command
    from django.db import connection, transaction
    from django.db.migrations.executor import MigrationExecutor

    from arrears.work.guards import guard

    planned = [f"{migration.app_label}.{migration.name}" for migration, _ in MigrationExecutor(connection).migration_plan(MigrationExecutor(connection).loader.graph.leaf_nodes())]
    call_command("migrate", verbosity=0, interactive=False)
    with transaction.atomic(), connection.cursor() as cursor:
        guard(cursor.execute, place(home, APP, CASES).user)
    print("\n".join(planned))


if __name__ == "__main__":
    _run(Path(sys.argv[1]))
