"""What home/settings.yaml says under `keys:`: which provider holds the outermost key, and which suite new keys are of."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from arrears import strict_yaml
from arrears.vault.private_files import read_private
from arrears.vault.refused import VaultRefused
from arrears.vault.suites import AES_256_GCM_SIV, SUITE_NUMBERS

PROVIDERS = ("sealed-file", "pkcs11", "transit")
_NEEDED = {"sealed-file": set(), "pkcs11": {"module", "token", "key"}, "transit": {"url", "key"}}
_ALLOWED = {"sealed-file": set(), "pkcs11": {"pin_file"}, "transit": {"mount", "token_file", "certificate"}}


@dataclass(frozen=True)
class KeySettings:
    """Where the outermost key is, and the suite of the keys that are made from now on; what is sealed stays readable by any."""

    provider: str = "sealed-file"
    suite: int = AES_256_GCM_SIV
    module: str = ""
    """Of PKCS#11: path of the token's library."""
    token: str = ""
    """Of PKCS#11: label of the token."""
    key: str = ""
    """Label of the keys on the token, or name of the key in transit."""
    pin_file: str = ""
    url: str = ""
    mount: str = "transit"
    token_file: str = ""
    certificate: str = ""
    """Of transit: file with the certificates that are trusted; else the system's."""


def read_settings(home: Path) -> KeySettings:
    """The settings of the home; the defaults where there is no file or no `keys:`. Raises VaultRefused or BadYaml."""
    path = home / "settings.yaml"
    document = strict_yaml.read(path) if path.exists() else {}
    said = document.get("keys", {}) if isinstance(document, dict) else None
    if not isinstance(said, dict):
        raise VaultRefused(f"{path}: expected a mapping with `keys:` in it, itself a mapping; see the guide for administrators", f"{path}：应为映射，且 keys: 也应为映射；见管理员指南")
    provider, suite = said.get("provider", "sealed-file"), said.get("suite", "aes-256-gcm-siv")
    if provider not in PROVIDERS:
        raise VaultRefused(f"{path}: keys.provider {provider!r} is not known; write one of {', '.join(PROVIDERS)}", f"{path}：keys.provider {provider!r} 不支持；可用：{'、'.join(PROVIDERS)}")
    if suite not in SUITE_NUMBERS:
        raise VaultRefused(f"{path}: keys.suite {suite!r} is not known; write one of {', '.join(SUITE_NUMBERS)}", f"{path}：keys.suite {suite!r} 不支持；可用：{'、'.join(SUITE_NUMBERS)}")
    strict_yaml.expect_keys(said, _NEEDED[provider], {"provider", "suite"} | _ALLOWED[provider], f"{path.name}: keys")
    rest = {name: value for name, value in said.items() if name not in ("provider", "suite")}
    wrong = sorted(name for name, value in rest.items() if not isinstance(value, str) or not value)
    if wrong:
        raise VaultRefused(f"{path}: keys.{wrong[0]} is not a text; write one value", f"{path}：keys.{wrong[0]} 不是文本；请写一个值")
    if provider == "transit" and not _is_safe(rest["url"]):
        raise VaultRefused(f"{path}: keys.url must begin with https:// (plain http only to this machine): keys would pass the network in the clear",
                           f"{path}：keys.url 须以 https:// 开头（仅本机可用 http）；否则密钥将明文传输")
    return KeySettings(provider, SUITE_NUMBERS[suite], **rest)


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and not parts.username and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")))


def secret_text(variable: str, named_file: str, what_en: str, what_zh: str) -> str | None:
    """The secret from VARIABLE_FILE, else from the file that the settings name, else from VARIABLE itself; None where none is named.

    Raises VaultRefused where it is empty, not UTF-8, or its file is readable by others.
    """
    path = os.environ.get(variable + "_FILE") or named_file
    text = None
    if path and not Path(path).exists():
        who = f"{variable}_FILE" if os.environ.get(variable + "_FILE") else "settings.yaml"
        raise VaultRefused(f"{path}: {what_en} is not there, though {who} names this file; write it there, or name the right file. Nothing was changed",
                           f"{path}：缺少{what_zh}，而 {who} 指向此文件；请写入该文件，或指明正确的文件。未作任何更改")
    if path:
        text = decoded(read_private(Path(path), what_en, what_zh), Path(path), what_en, what_zh)
    elif variable in os.environ:
        text = os.environ[variable]
    if text is not None and not text:
        raise VaultRefused(f"{path or variable}: {what_en} is empty; write it there", f"{path or variable}：{what_zh}为空；请填写")
    return text


def decoded(content: bytes, path: Path, what_en: str, what_zh: str) -> str:
    """The secret that a file holds, without the line's end."""
    try:
        return content.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise VaultRefused(f"{path}: {what_en} is not UTF-8; write it anew", f"{path}：{what_zh}不是 UTF-8；请重写") from None
