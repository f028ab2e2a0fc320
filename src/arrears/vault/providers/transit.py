"""The outermost keys in the transit engine of Vault or OpenBao, which wraps and unwraps over HTTPS; a key's versions are its numbers.

The binding travels inside what is wrapped, as its SHA-256, and is compared on the way back: a server that knows no
associated data would ignore it silently. The token comes from ARREARS_KEY_TOKEN_FILE, the settings' token_file, or
ARREARS_KEY_TOKEN. Tested against a small server of the tests that follows the documented interface; never yet against a real
Vault or OpenBao. Source: Vault's HTTP API, "Transit secrets engine".
"""

import base64
import binascii
import hashlib
import hmac
import re

from arrears.vault.refused import MissingKey, RetiredKey, VaultRefused, WrongKey
from arrears.vault.settings import KeySettings, secret_text

_SECONDS = 10


class Transit:
    """One named key of one transit engine."""

    def __init__(self, settings: KeySettings):
        import hvac

        token = secret_text("ARREARS_KEY_TOKEN", settings.token_file, "the token of the key server", "密钥服务器令牌")
        if token is None:
            raise VaultRefused("the key server's token is not named: set ARREARS_KEY_TOKEN_FILE, or keys.token_file in settings.yaml, to a file that holds it",
                               "未提供密钥服务器令牌：请将 ARREARS_KEY_TOKEN_FILE 或 settings.yaml 的 keys.token_file 指向令牌文件")
        self._settings = settings
        self._client = hvac.Client(url=settings.url, token=token, timeout=_SECONDS, verify=settings.certificate or True, allow_redirects=False)

    def __repr__(self) -> str:
        return f"Transit({self._settings.url!r}, {self._settings.key!r})"

    def said(self) -> tuple[str, str]:
        """What it is and where, in English and Chinese."""
        return f"key {self._settings.key} of the key server {self._settings.url} (transit)", f"密钥服务器 {self._settings.url} 的密钥 {self._settings.key}（transit）"

    def newest(self) -> int:
        """The latest version of the key; raises MissingKey where there is none."""
        numbers = self.numbers()
        if not numbers:
            raise MissingKey(f"{self._settings.url}: has no transit key {self._settings.key}; run arrears vault init, or name the right key", f"{self._settings.url}：没有 transit 密钥 {self._settings.key}；请运行 arrears vault init，或指明正确的密钥")
        return max(numbers)

    def numbers(self) -> dict[int, bool]:
        """Every version; True from min_decryption_version on. Empty where the key does not exist."""
        import hvac

        try:
            said = self._asked("read_key")["data"]
        except hvac.exceptions.InvalidPath:
            return {}
        try:
            return {number: number >= int(said["min_decryption_version"]) for number in range(1, int(said["latest_version"]) + 1)}
        except (KeyError, TypeError, ValueError):
            raise self._odd() from None

    def wrap(self, key: bytes, binding: bytes) -> tuple[int, bytes]:
        """The key wrapped by the server under the latest version, and that version."""
        text = base64.b64encode(hashlib.sha256(binding).digest() + key).decode()
        wrapped = self._asked("encrypt_data", plaintext=text)["data"]["ciphertext"]
        found = re.match(r"vault:v([1-9][0-9]{0,8}):", wrapped)
        if not found:
            raise self._odd()
        return int(found[1]), wrapped.encode()

    def unwrap(self, number: int, wrapped: bytes, binding: bytes) -> bytes:
        """The key again; raises MissingKey, RetiredKey or WrongKey."""
        import hvac

        try:
            text = base64.b64decode(self._asked("decrypt_data", ciphertext=wrapped.decode("ascii", "replace"))["data"]["plaintext"], validate=True)
        except (hvac.exceptions.InvalidRequest, hvac.exceptions.InvalidPath):
            raise self._unopened(number) from None
        except (KeyError, TypeError, binascii.Error):
            raise self._odd() from None
        if not hmac.compare_digest(text[:32], hashlib.sha256(binding).digest()):
            raise self._wrong(number)
        return text[32:]

    def rotate(self, now: int) -> int:
        """A new version that wraps from now on; the key itself where there was none."""
        if self.numbers():
            self._asked("rotate_key")
        else:
            self._asked("create_key", exportable=False, key_type="aes256-gcm96")
        return self.newest()

    def retire(self, number: int, now: int) -> None:
        """The server opens nothing any more under this version and those before it."""
        if number >= self.newest():
            raise VaultRefused(f"version {number} is the latest and wraps from now on; rotate first, then retire it", f"版本 {number} 是当前使用的最新版本；请先轮换再停用")
        self._asked("update_key_configuration", min_decryption_version=number + 1)

    def _asked(self, verb: str, **said) -> dict:
        """The server's answer; raises VaultRefused where there is none, hvac's InvalidRequest and InvalidPath where it refuses."""
        import hvac
        import requests

        try:
            answer = getattr(self._client.secrets.transit, verb)(name=self._settings.key, mount_point=self._settings.mount, **said)
        except (hvac.exceptions.InvalidRequest, hvac.exceptions.InvalidPath):
            raise
        except (hvac.exceptions.Forbidden, hvac.exceptions.Unauthorized):
            raise WrongKey(f"{self._settings.url}: the token may not use the transit key {self._settings.key}; name the right token", f"{self._settings.url}：令牌无权使用 transit 密钥 {self._settings.key}；请换正确的令牌") from None
        except (hvac.exceptions.VaultError, requests.RequestException) as problem:
            raise VaultRefused(f"{self._settings.url}: the key server does not answer as it should ({type(problem).__name__}); nothing was opened or changed: start or unseal it, then run again",
                               f"{self._settings.url}：密钥服务器无法正常应答（{type(problem).__name__}）；未打开或更改任何内容：请启动或解封后重试") from None
        if verb in ("read_key", "encrypt_data", "decrypt_data") and not (isinstance(answer, dict) and isinstance(answer.get("data"), dict)):
            raise self._odd()
        return answer if isinstance(answer, dict) else {}

    def _unopened(self, number: int) -> VaultRefused:
        numbers = self.numbers()
        if number not in numbers:
            return MissingKey(f"{self._settings.url}: transit key {self._settings.key} has no version {number}, which the KEYS database names; name the right server and key", f"{self._settings.url}：transit 密钥 {self._settings.key} 没有 KEYS 数据库所需的版本 {number}；请指明正确的服务器与密钥")
        if not numbers[number]:
            return RetiredKey(f"{self._settings.url}: version {number} of transit key {self._settings.key} was rotated away and retired; lower min_decryption_version to open what is left under it",
                              f"{self._settings.url}：transit 密钥 {self._settings.key} 的版本 {number} 已轮换并停用；如需打开遗留内容，请调低 min_decryption_version")
        return self._wrong(number)

    def _wrong(self, number: int) -> WrongKey:
        return WrongKey(f"{self._settings.url}: version {number} of transit key {self._settings.key} does not open what the KEYS database holds: another server's key, or a changed row; name the right one, or restore the database",
                        f"{self._settings.url}：transit 密钥 {self._settings.key} 的版本 {number} 无法解开 KEYS 数据库中的内容：密钥不对或记录被改动；请指明正确的密钥或恢复数据库")

    def _odd(self) -> VaultRefused:
        return VaultRefused(f"{self._settings.url}: the answer is not that of a transit engine; name the right server", f"{self._settings.url}：应答不是 transit 引擎的格式；请指明正确的服务器")
