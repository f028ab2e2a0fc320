"""Who holds the outermost key (KEK): a sealed file, a PKCS#11 token, or the transit engine of Vault or OpenBao.

A provider wraps the few keys of a lender and of handovers; it never sees a data key or a text.
"""

from pathlib import Path
from typing import Protocol

from arrears.vault.private_files import alone_in, private_folder
from arrears.vault.settings import KeySettings


class KeyProvider(Protocol):
    """What a provider does. Numbers of its keys are whole numbers from 1 to 2^32 - 1, the highest is the one that wraps."""

    def said(self) -> tuple[str, str]:
        """What it is and where, for whoever runs it, in English and Chinese; no secret."""

    def newest(self) -> int:
        """The number of the key that wraps from now on; raises VaultRefused where there is none."""

    def numbers(self) -> dict[int, bool]:
        """Every number that was ever given; True while its key can still unwrap."""

    def wrap(self, key: bytes, binding: bytes) -> tuple[int, bytes]:
        """The key, wrapped under the newest key together with the binding; and that key's number."""

    def unwrap(self, number: int, wrapped: bytes, binding: bytes) -> bytes:
        """The key again; raises MissingKey, RetiredKey, or WrongKey where key, binding or any bit is another."""

    def rotate(self, now: int) -> int:
        """A new key that wraps from now on; what older ones wrapped stays readable. `now` in microseconds."""

    def retire(self, number: int, now: int) -> None:
        """The key of that number is destroyed; raises VaultRefused for the newest one."""


def create_provider(home: Path, settings: KeySettings, now: int) -> tuple[KeyProvider, list[tuple[str, str]]]:
    """The provider with a first key, made where there is none; and what the user must be told, in English and Chinese."""
    if settings.provider == "sealed-file":
        from arrears.vault.providers.sealed_file import create

        return create(home, settings.suite, now)
    with alone_in(private_folder(home / "keys")):
        provider = open_provider(home, settings)
        if not provider.numbers():
            provider.rotate(now)
    return provider, []


def open_provider(home: Path, settings: KeySettings) -> KeyProvider:
    """The provider that the settings name; raises VaultRefused where its key cannot be reached."""
    if settings.provider == "sealed-file":
        from arrears.vault.providers.sealed_file import SealedFile

        return SealedFile(home)
    if settings.provider == "pkcs11":
        from arrears.vault.providers.token import Token

        return Token(settings)
    from arrears.vault.providers.transit import Transit

    return Transit(settings)
