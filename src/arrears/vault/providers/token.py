"""The outermost keys on a PKCS#11 token: AES-256 keys that never leave it, labelled NAME-1, NAME-2, …

The token wraps with AES-GCM (CKM_AES_GCM) under a random 12-byte nonce, the binding as associated data. Written against
PKCS#11 2.40 through python-pkcs11; tested with SoftHSM 2.6 alone. The PIN comes from ARREARS_KEY_PIN_FILE, the settings'
pin_file, or ARREARS_KEY_PIN.
"""

import os
import re
import threading

from arrears.vault.refused import MissingKey, RetiredKey, VaultRefused, WrongKey
from arrears.vault.settings import KeySettings, secret_text

_NONCE_BYTES = 12
_RETIRED = b"arrears retired key"


class Token:
    """The keys of one label on one token; a session of its own in every process."""

    def __init__(self, settings: KeySettings):
        self._settings = settings
        self._pin = secret_text("ARREARS_KEY_PIN", settings.pin_file, "the PIN of the token", "令牌 PIN")
        if self._pin is None:
            raise VaultRefused("the token's PIN is not named: set ARREARS_KEY_PIN_FILE, or keys.pin_file in settings.yaml, to a file that holds it",
                               "未提供令牌 PIN：请将 ARREARS_KEY_PIN_FILE 或 settings.yaml 的 keys.pin_file 指向 PIN 文件")
        self._own_lock = (os.getpid(), threading.Lock())
        self._opened_by = 0
        self._session = None
        with self._lock:
            self._connected()

    def __repr__(self) -> str:
        return f"Token({self._settings.token!r}, {self._settings.key!r})"

    def said(self) -> tuple[str, str]:
        """What it is and where, in English and Chinese."""
        return f"key {self._settings.key} on the token {self._settings.token} (PKCS#11)", f"令牌 {self._settings.token} 上的密钥 {self._settings.key}（PKCS#11）"

    @property
    def _lock(self) -> threading.Lock:
        """One thread at a time speaks to the token; a forked child waits for no thread of its parent's."""
        if self._own_lock[0] != os.getpid():
            self._own_lock = (os.getpid(), threading.Lock())
        return self._own_lock[1]

    def newest(self) -> int:
        """The highest number that a key on the token has and that was not retired; raises MissingKey where there is none."""
        living = [number for number, lives in self.numbers().items() if lives]
        if not living:
            raise MissingKey(f"token {self._settings.token}: no key {self._settings.key}-1 is on it; run arrears vault init, or name the right token and key",
                             f"令牌 {self._settings.token}：没有密钥 {self._settings.key}-1；请运行 arrears vault init，或指明正确的令牌与密钥")
        return max(living)

    def numbers(self) -> dict[int, bool]:
        """Every number whose key is on the token, or whose mark says that it was retired."""
        import pkcs11

        with self._lock, _spoken(self._settings.token):
            session = self._connected()
            living = {self._number(key): True for key in session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY})}
            marks = {self._number(mark): False for mark in session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.DATA})}
        return {number: lives for number, lives in {**marks, **living}.items() if number}

    def wrap(self, key: bytes, binding: bytes) -> tuple[int, bytes]:
        """The key wrapped by the token under its newest key, and that one's number."""
        import pkcs11

        number, nonce = self.newest(), os.urandom(_NONCE_BYTES)
        with self._lock, _spoken(self._settings.token):
            wrapped = self._key(number).encrypt(key, mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=pkcs11.GCMParams(nonce, binding, 128))
        return number, nonce + bytes(wrapped)

    def unwrap(self, number: int, wrapped: bytes, binding: bytes) -> bytes:
        """The key again; raises MissingKey, RetiredKey or WrongKey."""
        import pkcs11

        with self._lock, _spoken(self._settings.token):
            key = self._key(number)
            try:
                return bytes(key.decrypt(wrapped[_NONCE_BYTES:], mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=pkcs11.GCMParams(wrapped[:_NONCE_BYTES], binding, 128)))
            except (pkcs11.exceptions.EncryptedDataInvalid, pkcs11.exceptions.EncryptedDataLenRange, pkcs11.exceptions.GeneralError, pkcs11.exceptions.FunctionFailed):
                raise WrongKey(f"token {self._settings.token}: key {self._settings.key}-{number} does not open what the KEYS database holds: another token, or a changed row; use the right token, or restore the database",
                               f"令牌 {self._settings.token}：密钥 {self._settings.key}-{number} 无法解开 KEYS 数据库中的内容：令牌不对或记录被改动；请使用正确的令牌或恢复数据库") from None

    def rotate(self, now: int) -> int:
        """A new key made on the token, sensitive and never to be extracted."""
        import pkcs11

        number = max(self.numbers(), default=0) + 1
        with self._lock, _spoken(self._settings.token):
            self._connected().generate_key(
                pkcs11.KeyType.AES, 256, label=f"{self._settings.key}-{number}", store=True,
                capabilities=pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT,
                template={pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False, pkcs11.Attribute.PRIVATE: True, pkcs11.Attribute.MODIFIABLE: False},
            )
        return number

    def retire(self, number: int, now: int) -> None:
        """The key is destroyed on the token; an object with its label says that it was there."""
        import pkcs11

        if number == self.newest():
            raise VaultRefused(f"key {number} is the newest and wraps from now on; rotate first, then retire it", f"密钥 {number} 是当前使用的最新密钥；请先轮换再停用")
        with self._lock, _spoken(self._settings.token):
            key = self._key(number)
            self._connected().create_object({
                pkcs11.Attribute.CLASS: pkcs11.ObjectClass.DATA, pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.PRIVATE: True,
                pkcs11.Attribute.LABEL: f"{self._settings.key}-{number}", pkcs11.Attribute.VALUE: _RETIRED,
            })
            key.destroy()

    def _number(self, thing) -> int:
        import pkcs11

        found = re.fullmatch(re.escape(self._settings.key) + r"-([1-9][0-9]{0,8})", str(thing[pkcs11.Attribute.LABEL] or ""))
        return int(found[1]) if found else 0

    def _key(self, number: int):
        import pkcs11

        label = f"{self._settings.key}-{number}"
        session = self._connected()
        try:
            return session.get_key(object_class=pkcs11.ObjectClass.SECRET_KEY, label=label)
        except pkcs11.exceptions.NoSuchKey:
            pass
        except pkcs11.exceptions.MultipleObjectsReturned:
            raise VaultRefused(f"token {self._settings.token}: two keys are labelled {label}; which is meant cannot be told: relabel one", f"令牌 {self._settings.token}：有两个密钥标签为 {label}，无法分辨；请改其一的标签") from None
        if list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.DATA, pkcs11.Attribute.LABEL: label})):
            raise RetiredKey(f"token {self._settings.token}: key {label} was rotated away and retired; what is still under it cannot be opened", f"令牌 {self._settings.token}：密钥 {label} 已轮换并停用；仍由其保护的内容无法解开")
        raise MissingKey(f"token {self._settings.token}: has no key {label}, which the KEYS database names; use the right token, or restore both of the same time",
                         f"令牌 {self._settings.token}：没有 KEYS 数据库所需的密钥 {label}；请使用正确的令牌，或恢复同一时间的两者")

    def _connected(self):
        """The session of this process; a child that was forked opens its own (PKCS#11 asks that of it)."""
        import pkcs11

        if self._session is None or self._opened_by != os.getpid():
            with _spoken(self._settings.token):
                library = pkcs11.lib(self._settings.module)
                if self._opened_by and self._opened_by != os.getpid():
                    library.reinitialize()
                token = library.get_token(token_label=self._settings.token)
                try:
                    self._session = token.open(rw=True, user_pin=self._pin)
                except pkcs11.exceptions.UserAlreadyLoggedIn:
                    self._session = token.open(rw=True)  # a login holds for all sessions of a process
                self._opened_by = os.getpid()
        return self._session


class _spoken:
    """What the token answers otherwise than with a result, said as a refusal."""

    def __init__(self, token: str):
        self._token = token

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind, problem, trace) -> bool:
        import pkcs11

        if isinstance(problem, pkcs11.exceptions.PinIncorrect | pkcs11.exceptions.PinLocked | pkcs11.exceptions.PinLenRange | pkcs11.exceptions.PinInvalid):
            raise WrongKey(f"token {self._token}: the PIN is refused ({kind.__name__}); a token locks itself after a few wrong ones: check before trying again",
                           f"令牌 {self._token}：PIN 不正确（{kind.__name__}）；多次错误会锁定令牌，请核对后再试") from None
        if isinstance(problem, pkcs11.exceptions.NoSuchToken):
            raise MissingKey(f"token {self._token}: not found; plug it in, or name the right one in settings.yaml", f"未找到令牌 {self._token}；请接入令牌，或在 settings.yaml 中指明正确的令牌") from None
        if isinstance(problem, pkcs11.exceptions.PKCS11Error | RuntimeError):
            raise VaultRefused(f"token {self._token}: it answers {kind.__name__}; check module, slot and token", f"令牌 {self._token}：返回 {kind.__name__}；请检查模块、插槽与令牌") from None
        return False
