"""Django's settings for one home: where the databases are, who may be let in, what a browser may do. Made by a function, not at import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django
from django.conf import settings

from arrears.postgres import APP, CASES, OWNER, place

_FRAMEWORK = ("django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles", "django.contrib.postgres")


def configure(home: Path, *, role: str = APP) -> None:
    """Django knows this home from now on, as the application, or as the OWNER for migrations; a second call with the same home and role changes nothing.

    Starts nothing. Raises Refused where the home names no database, and where Django already knows another home.
    """
    if settings.configured:
        if getattr(settings, "ARREARS", (None, None)) != (home.resolve(), role):
            raise RuntimeError(f"Django already knows {settings.ARREARS}, not {(home.resolve(), role)}")
        return
    settings.configure(**settings_of(home, role))
    django.setup()


def settings_of(home: Path, role: str) -> dict[str, Any]:
    """All settings of a home for a role."""
    where = place(home, role, CASES)
    return {
        "ARREARS": (home.resolve(), role),
        "INSTALLED_APPS": [*_FRAMEWORK, "arrears.work.apps.Work"],
        "DATABASES": {"default": {
            "ENGINE": "django.db.backends.postgresql", "NAME": where.dbname, "USER": where.user, "PASSWORD": where.password, "HOST": where.host, "PORT": where.port,
            "CONN_HEALTH_CHECKS": True, "OPTIONS": {"connect_timeout": 5, **({"pool": {"min_size": 1, "max_size": 8, "timeout": 10}} if role != OWNER else {})},
        }},
        "AUTH_USER_MODEL": "work.Account",
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "USE_TZ": True, "TIME_ZONE": "UTC", "LANGUAGE_CODE": "zh-hans",
        "SECRET_KEY": "not-for-sessions",
    }
