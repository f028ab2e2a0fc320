"""How the server is set: durable, private, modest with memory, and without a word of the trade in its log.

They are given on the command line at each start, so that neither a file in the data directory nor ALTER SYSTEM can take them back.
"""

import os
import sys
from pathlib import Path

MEBIBYTE = 1 << 20

HBA = "# Written by arrears at each start. Nobody logs in without a password, and nobody over a network.\nlocal all all scram-sha-256\n"

DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}

AFTER_A_CRASH = {"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}
"""One call a file system, not one a file, before recovery: a second in place of many on a busy disk."""

PRIVATE = {"listen_addresses": "", "unix_socket_permissions": "0700", "password_encryption": "scram-sha-256", "ssl": "off"}

SILENT = {
    "log_statement": "none", "log_min_duration_statement": "-1", "log_min_error_statement": "panic", "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0", "log_lock_waits": "off", "log_temp_files": "-1", "log_duration": "off",
    "log_min_messages": "log",        # the text of an error can quote a value; whoever sent the statement is told it, the log is not
    "log_error_verbosity": "terse",   # without DETAIL and CONTEXT: "Key (phone)=(…) already exists", "Failed process was running: …"
    "log_connections": "off", "log_disconnections": "off",
}

KEPT_LOG = {
    "logging_collector": "on", "log_destination": "stderr", "log_filename": "server-%a.log", "log_file_mode": "0600", "log_rotation_age": "1d",
    "log_rotation_size": "0", "log_truncate_on_rotation": "on", "log_line_prefix": "%m [%p] ", "log_timezone": "UTC",
}

ORDERLY = {
    "TimeZone": "UTC", "DateStyle": "ISO, YMD", "lc_messages": "C", "max_connections": "100", "max_wal_size": "2GB", "checkpoint_timeout": "15min",
    "random_page_cost": "1.1", "idle_in_transaction_session_timeout": "10min", "shared_preload_libraries": "", "jit": "off",
}


def settings(hba: Path, socket: Path, log: Path) -> dict[str, str]:
    """All settings of a server by name."""
    return {**DURABLE, **AFTER_A_CRASH, **PRIVATE, **SILENT, **KEPT_LOG, **ORDERLY, **_memory(machine_memory_bytes()),
            "hba_file": str(hba), "unix_socket_directories": str(socket), "log_directory": str(log)}


def machine_memory_bytes() -> int:
    """What this machine, or the container we are in, may use."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return whole
    return min(whole, int(limit)) if limit.isdigit() else whole


def _memory(whole: int) -> dict[str, str]:
    """A sixteenth for shared buffers (32 MB to 512 MB), since nights run on the same machine; the rest in proportion."""
    shared = min(max(whole // 16 // MEBIBYTE, 32), 512)
    return {"shared_buffers": f"{shared}MB", "effective_cache_size": f"{max(whole // 4 // MEBIBYTE, 64)}MB", "work_mem": f"{max(shared // 32, 4)}MB",
            "maintenance_work_mem": f"{max(shared // 4, 16)}MB"}
