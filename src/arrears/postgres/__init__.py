"""A real PostgreSQL found or started: binaries, roles, supervisor, backup; no SQL of the trade.

ensure_running(home) finds or starts it, place(home, role, database) says where to connect; stop, status, backup, restore and upgrade are its upkeep.
"""

from arrears.postgres.places import APP, CASES, KEYS, OWNER, Place, place
from arrears.postgres.supervisor import Status, ensure_running, status, stop

__all__ = ["APP", "CASES", "KEYS", "OWNER", "Place", "Status", "ensure_running", "place", "status", "stop"]
