"""How strict log-in is: two profiles, and what home/settings.yaml may make stricter, never looser.

`asvs`: OWASP Application Security Verification Standard 4.0.3, levels 1 and 2 (chapters V2 and V3). `dengbao`: GB/T 22239-2019 8.1.4.1 (等保三级，身份鉴别) asks for complexity, periodic
change, an answer to failed log-ins and an end of idle sessions, and names no number: every number of it here is the operator's own choice, and so is the lock-out of both.
"""

from dataclasses import dataclass, fields, replace
from pathlib import Path

from arrears import strict_yaml
from arrears.refusal import Refused

PASSWORD_MOST = 128
"""Characters; longer ones are refused, none is cut (ASVS 2.1.2, 2.1.3)."""
ONE_TIME_HOURS = 24
"""The operator's own choice: how long a password lasts that an administrator handed out (ASVS 2.3.1 asks for a short time)."""


@dataclass(frozen=True)
class Profile:
    """The rules of log-in. Lengths in characters, times in minutes, hours or days as named; failures counted within lock_minutes.

    password_days: how long a password lasts, None for as long as nobody learns it. is_complex: letters of both cases, digits and signs are demanded.
    """

    name: str
    password_least: int
    is_complex: bool
    password_days: int | None
    failures_account: int
    failures_address: int
    lock_minutes: int
    idle_minutes: int
    session_hours: int
    second_factor_minutes: int = 10


ASVS = Profile("asvs", password_least=12, is_complex=False, password_days=None, failures_account=10, failures_address=50, lock_minutes=15, idle_minutes=30, session_hours=12)
DENGBAO = Profile("dengbao", password_least=12, is_complex=True, password_days=90, failures_account=5, failures_address=25, lock_minutes=30, idle_minutes=15, session_hours=8)
PROFILES = {profile.name: profile for profile in (ASVS, DENGBAO)}
_MORE_IS_STRICTER = ("password_least", "lock_minutes")


@dataclass(frozen=True)
class Serving:
    """How pages are served: is_tls where browsers come by https; behind_proxy where a proxy of the operator's own tells the address and the scheme; hosts: names it answers to."""

    is_tls: bool = False
    behind_proxy: bool = False
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    certificate: str = ""
    key: str = ""


def read_profile(home: Path) -> Profile:
    """The profile that settings.yaml chooses under `access:`, asvs where it says nothing. Raises Refused or BadYaml where it is unknown or looser than its profile."""
    said = _section(home, "access", {"profile", *(field.name for field in fields(Profile))} - {"name", "is_complex"})
    chosen = PROFILES.get(said.pop("profile", "asvs"))
    if chosen is None:
        raise Refused(f"{home / 'settings.yaml'}: access.profile is none of {', '.join(PROFILES)}", f"{home / 'settings.yaml'}：access.profile 应为 {'、'.join(PROFILES)} 之一")
    numbers = {name: _number(home, name, value) for name, value in said.items()}
    for name, value in numbers.items():
        least = getattr(chosen, name)
        if least is not None and (value < least if name in _MORE_IS_STRICTER else value > least):
            raise Refused(f"{home / 'settings.yaml'}: access.{name} {value} is looser than the profile {chosen.name} ({least}); only stricter is taken",
                          f"{home / 'settings.yaml'}：access.{name} {value} 比 {chosen.name} 的 {least} 宽松；只可更严")
    if numbers.get("password_least", 0) > PASSWORD_MOST // 2:
        raise Refused(f"{home / 'settings.yaml'}: access.password_least is more than {PASSWORD_MOST // 2}, which nobody could keep to", f"{home / 'settings.yaml'}：access.password_least 不得超过 {PASSWORD_MOST // 2}")
    return replace(chosen, **numbers)


def read_serving(home: Path) -> Serving:
    """What settings.yaml says under `serve:`; the defaults where it says nothing. Raises Refused or BadYaml."""
    said = _section(home, "serve", {"tls", "behind_proxy", "hosts", "certificate", "key"})
    hosts = said.get("hosts", list(Serving.hosts))
    if not isinstance(hosts, list) or not all(isinstance(host, str) and host.strip(".") and not set(host) & set(" /*") for host in hosts):
        raise Refused(f"{home / 'settings.yaml'}: serve.hosts is a list of names this server answers to, none of them *", f"{home / 'settings.yaml'}：serve.hosts 应为主机名列表，不可用 *")
    for name in ("certificate", "key"):
        if not isinstance(said.get(name, ""), str):
            raise Refused(f"{home / 'settings.yaml'}: serve.{name} is the path of a file", f"{home / 'settings.yaml'}：serve.{name} 应为文件路径")
    if bool(said.get("certificate")) != bool(said.get("key")):
        raise Refused(f"{home / 'settings.yaml'}: serve.certificate and serve.key go together", f"{home / 'settings.yaml'}：serve.certificate 与 serve.key 须同时给出")
    own = bool(said.get("certificate"))
    return Serving(own or _flag(home, said, "tls"), _flag(home, said, "behind_proxy"), tuple(hosts), said.get("certificate", ""), said.get("key", ""))


def _section(home: Path, name: str, allowed: set[str]) -> dict:
    path = home / "settings.yaml"
    document = strict_yaml.read(path) if path.exists() else {}
    said = (document or {}).get(name, {}) if isinstance(document, dict | None) else None
    if not isinstance(said, dict):
        raise Refused(f"{path}: expected a mapping, and {name}: itself one; see the guide for administrators", f"{path}：应为映射，{name}: 亦应为映射；见管理员指南")
    if unknown := sorted(set(said) - allowed):
        raise Refused(f"{path}: {name}.{unknown[0]} is not known; known are {', '.join(sorted(allowed))}", f"{path}：{name}.{unknown[0]} 无法识别；可用：{'、'.join(sorted(allowed))}")
    return dict(said)


def _number(home: Path, name: str, value: object) -> int:
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 100_000:
        raise Refused(f"{home / 'settings.yaml'}: access.{name} is a whole number above 0", f"{home / 'settings.yaml'}：access.{name} 应为正整数")
    return int(value)


def _flag(home: Path, said: dict, name: str) -> bool:
    if said.get(name, "false") not in ("true", "false"):
        raise Refused(f"{home / 'settings.yaml'}: serve.{name} is true or false", f"{home / 'settings.yaml'}：serve.{name} 应为 true 或 false")
    return said.get(name) == "true"
