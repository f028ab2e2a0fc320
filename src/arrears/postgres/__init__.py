"""A real PostgreSQL found or started: binaries, roles, supervisor, backup; no SQL of the trade.

ensure_running(home) finds or starts it, place(home, role, database) says where to connect; stop, status, backup, restore and upgrade are its upkeep.
"""

from arrears.postgres.backups import Backup, Retention, backup, backups_of
from arrears.postgres.places import APP, CASES, KEYS, OWNER, Place, place
from arrears.postgres.restores import restore
from arrears.postgres.supervisor import Status, ensure_running, status, stop
from arrears.postgres.upgrades import upgrade

__all__ = ["APP", "CASES", "KEYS", "OWNER", "Backup", "Place", "Retention", "Status", "backup", "backups_of", "ensure_running", "place", "restore", "status", "stop", "upgrade"]
