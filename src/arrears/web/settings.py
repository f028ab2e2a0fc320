"""Django's settings for one home: where the databases are, who may be let in, what a browser may do. Made by a function, not at import."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from django.conf import settings

from arrears.postgres import APP, CASES, OWNER, place
from arrears.web.web_key import derived
from arrears.work.own_choices import read_size_most
from arrears.work.profiles import ASVS, Profile, Serving, read_profile, read_serving

LANGUAGES = {"zh": "zh-hans", "en": "en"}
"""What a user writes, and what gettext calls it."""

_ROUND_A_FILE = 1 << 16
"""Bytes of a form beside the file in it."""
_HERE = Path(__file__).parent
_FRAMEWORK = ("django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "django.contrib.staticfiles", "django.contrib.postgres",
              "allauth", "allauth.account", "allauth.mfa", "allauth.usersessions", "axes", "csp")
_MIDDLEWARE = ("arrears.web.middleware.quiet", "django.middleware.security.SecurityMiddleware", "csp.middleware.CSPMiddleware", "django.middleware.clickjacking.XFrameOptionsMiddleware",
               "whitenoise.middleware.WhiteNoiseMiddleware", "arrears.web.middleware.moment", "arrears.web.realms.Sessions", "arrears.web.middleware.language",
               "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware", "allauth.account.middleware.AccountMiddleware", "arrears.web.middleware.admit")


def configure(home: Path, *, role: str = APP, clock: Callable[[], int] | None = None, lang: str = "zh", explained: Callable | None = None) -> None:
    """Django knows this home from now on, as the application, or as the OWNER for migrations; a second call with the same home and role changes nothing.

    clock: gives this moment in microseconds; the machine's where none is given. lang: of pages for whoever chose none. explained: of a book's folder, loan, day and language gives
    every fen of the debt in parts, see web.desk.every_fen; pages say that they cannot where none is given. Starts nothing. Raises Refused where the home names no
    database or its settings cannot be taken, and RuntimeError where Django already knows another home.
    """
    known = getattr(settings, "ARREARS", None) if settings.configured else None
    if settings.configured and known not in ((None, APP), (home.resolve(), role)):
        raise RuntimeError(f"Django already knows {known}, not {(home.resolve(), role)}")
    if known == (home.resolve(), role):
        return
    if known is None:
        settings.configure(**settings_of(home, role, clock, lang))
    else:
        _replace(settings_of(home, role, clock, lang))
    settings.ARREARS_EXPLAINED = explained
    django.setup()


def configure_without_database() -> None:
    """Django knows the app's models and no database, for whoever only reads the modules. Does nothing where Django knows anything already; configure may follow."""
    if not settings.configured:
        settings.configure(**_settings(None, APP, {}, ASVS, Serving(), None, "zh"))
        django.setup()


def settings_of(home: Path, role: str, clock: Callable[[], int] | None = None, lang: str = "zh") -> dict[str, Any]:
    """All settings of a home for a role."""
    where = place(home, role, CASES)
    database = {
        "ENGINE": "django.db.backends.postgresql", "NAME": where.dbname, "USER": where.user, "PASSWORD": where.password, "HOST": where.host, "PORT": where.port, "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **dict(getattr(where, "options", ())), **({"pool": {"min_size": 1, "max_size": 8, "timeout": 10}} if role != OWNER else {})},
    }
    return _settings(home, role, {"default": database}, read_profile(home), read_serving(home), clock, lang)


def _settings(home: Path | None, role: str, databases: dict, profile: Profile, serving: Serving, clock: Callable[[], int] | None, lang: str) -> dict[str, Any]:
    return {
        "ARREARS": (home.resolve() if home else None, role), "ARREARS_ACCESS": profile, "ARREARS_SERVING": serving, "ARREARS_CLOCK": clock, "ARREARS_EXPLAINED": None, "ARREARS_QUARANTINE": None, "DATABASES": databases,
        "INSTALLED_APPS": [*_FRAMEWORK, "arrears.work.apps.Work", "arrears.web.apps.Web"],
        "AUTH_USER_MODEL": "work.Account",
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "USE_TZ": True, "TIME_ZONE": "Asia/Shanghai", "LANGUAGE_CODE": LANGUAGES[lang], "LANGUAGES": [("zh-hans", "中文"), ("en", "English")], "LOCALE_PATHS": [str(_HERE / "locale")],
        "DEBUG": False,
        "SECRET_KEY": derived(home, "django").hex() if home and role == APP else secrets.token_hex(32),
        **_web(serving), **_uploads(home), **_staff(profile), **({"LOGGING": _logging(home)} if home else {}),
    }


def _replace(new: dict[str, Any]) -> None:
    """Django, which knew no database, knows these settings and their databases."""
    from django.db import connections

    for name, value in new.items():
        setattr(settings, name, value)
    connections.__dict__.pop("settings", None)
    connections._settings = None
    if hasattr(connections._connections, "default"):
        del connections["default"]


def _web(serving: Serving) -> dict[str, Any]:
    """What a browser is told and allowed."""
    tls = serving.is_tls
    return {
        "ROOT_URLCONF": "arrears.web.urls", "WSGI_APPLICATION": None, "MIDDLEWARE": list(_MIDDLEWARE), "ALLOWED_HOSTS": list(serving.hosts),
        "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [str(_HERE / "templates")], "APP_DIRS": False,
                       "OPTIONS": {"context_processors": ["arrears.web.desk.frame.around"], "builtins": ["arrears.web.desk.words", "django.templatetags.i18n", "django.templatetags.static"]}}],
        "STATIC_URL": "/static/", "STATICFILES_DIRS": [str(_HERE / "static")], "WHITENOISE_USE_FINDERS": True, "WHITENOISE_AUTOREFRESH": False, "WHITENOISE_MAX_AGE": 3600, "WHITENOISE_ALLOW_ALL_ORIGINS": False,
        "CONTENT_SECURITY_POLICY": {"DIRECTIVES": {
            "default-src": ["'none'"], "script-src": ["'self'"], "style-src": ["'self'"], "img-src": ["'self'", "data:"], "font-src": ["'self'"], "connect-src": ["'self'"],
            "form-action": ["'self'"], "base-uri": ["'none'"], "frame-ancestors": ["'none'"], "object-src": ["'none'"]}},
        "X_FRAME_OPTIONS": "DENY", "SECURE_CONTENT_TYPE_NOSNIFF": True, "SECURE_REFERRER_POLICY": "same-origin", "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "SECURE_HSTS_SECONDS": 31_536_000 if tls else 0, "SECURE_HSTS_INCLUDE_SUBDOMAINS": False,
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https") if serving.behind_proxy else None, "SECURE_SSL_REDIRECT": False,
        "SESSION_ENGINE": "django.contrib.sessions.backends.db", "SESSION_SERIALIZER": "django.contrib.sessions.serializers.JSONSerializer",
        "SESSION_COOKIE_NAME": "__Host-arrears" if tls else "arrears", "SESSION_COOKIE_SECURE": tls, "SESSION_COOKIE_HTTPONLY": True, "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True, "SESSION_SAVE_EVERY_REQUEST": False,
        "CSRF_COOKIE_NAME": "__Host-arrears-form" if tls else "arrears-form", "CSRF_COOKIE_SECURE": tls, "CSRF_COOKIE_HTTPONLY": True, "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_FAILURE_VIEW": "arrears.web.mishaps.forged", "DATA_UPLOAD_MAX_MEMORY_SIZE": 1 << 20, "DATA_UPLOAD_MAX_NUMBER_FIELDS": 200,
        "FILE_UPLOAD_HANDLERS": ["django.core.files.uploadhandler.MemoryFileUploadHandler"], "FILE_UPLOAD_MAX_MEMORY_SIZE": 20 << 20,  # nothing that is sent is ever put down on the disk in clear
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}},
    }


def _uploads(home: Path | None) -> dict[str, Any]:
    """A file that is sent is held in memory and never on the disk in the clear; what is larger than an attachment may be is let fall."""
    most = read_size_most(home) if home is not None else 0
    return {"FILE_UPLOAD_HANDLERS": ["django.core.files.uploadhandler.MemoryFileUploadHandler"], "FILE_UPLOAD_MAX_MEMORY_SIZE": most + _ROUND_A_FILE}


def _staff(profile: Profile) -> dict[str, Any]:
    """Passwords, second factors and lock-out."""
    return {
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.Argon2PasswordHasher"],
        "AUTHENTICATION_BACKENDS": ["axes.backends.AxesStandaloneBackend", "arrears.web.realms.Staff"],
        "SESSION_COOKIE_AGE": profile.session_hours * 3600,
        "AXES_USERNAME_FORM_FIELD": "username", "AXES_FAILURE_LIMIT": profile.failures_account, "AXES_COOLOFF_TIME": timedelta(minutes=profile.lock_minutes), "AXES_LOCKOUT_PARAMETERS": ["username", "ip_address"],
        "AXES_HANDLER": "arrears.web.lockout.Counted", "AXES_RESET_ON_SUCCESS": True, "AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT": False,
        "AXES_DISABLE_ACCESS_LOG": True, "AXES_ENABLE_ACCESS_FAILURE_LOG": False, "AXES_ENABLE_ADMIN": False, "AXES_VERBOSE": False, "AXES_CLIENT_IP_CALLABLE": "arrears.web.lockout.address", "AXES_USERNAME_CALLABLE": "arrears.web.lockout.name_of",
        "AXES_SENSITIVE_PARAMETERS": ["username", "name", "password", "code", "credential", "current", "again", "csrfmiddlewaretoken", "next"],
        "MFA_ADAPTER": "arrears.web.factors.Factors", "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"], "MFA_TOTP_ISSUER": "arrears", "MFA_TOTP_TOLERANCE": 1,
        "MFA_RECOVERY_CODE_COUNT": 10, "MFA_RECOVERY_CODE_DIGITS": 12, "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": False, "MFA_PASSKEY_LOGIN_ENABLED": False, "MFA_PASSKEY_SIGNUP_ENABLED": False,
        "ACCOUNT_EMAIL_VERIFICATION": "none", "ACCOUNT_LOGIN_METHODS": {"username"}, "ACCOUNT_USER_MODEL_USERNAME_FIELD": "name", "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*"],
    }


def _logging(home: Path) -> dict[str, Any]:
    """Two logs and no more: arrears.requests (method, route, status; on standard error) and arrears.alarm, which also stays in home/alarms.log. Neither holds a value of anybody."""
    return {
        "version": 1, "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "plain"},
            "alarms": {"class": "logging.handlers.WatchedFileHandler", "filename": str(home / "alarms.log"), "delay": True, "formatter": "plain", "encoding": "utf-8"},
            "nowhere": {"class": "logging.NullHandler"},
        },
        "loggers": {
            "arrears.requests": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
            "arrears.alarm": {"handlers": ["alarms", "stderr"], "level": "INFO", "propagate": False},
            "axes": {"handlers": ["nowhere"], "propagate": False}, "django.request": {"handlers": ["nowhere"], "propagate": False}, "django.security": {"handlers": ["nowhere"], "propagate": False},
            "django.server": {"handlers": ["nowhere"], "propagate": False},
        },
    }

