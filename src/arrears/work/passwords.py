"""What a password must be, and one made for its first use."""

import secrets
import unicodedata
from functools import lru_cache

from django.contrib.auth.password_validation import CommonPasswordValidator

from arrears.refusal import Refused
from arrears.work.profiles import PASSWORD_MOST, Profile

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
"""Without those that look alike on paper."""
_ROWS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm")
_OWN_WORDS = ("arrears",)


def demand_good(password: str, name: str, profile: Profile) -> None:
    """The password keeps the profile's rules. Raises Refused, in whose sentences no part of it stands.

    Length counts characters as typed, spaces too, and nothing is cut. Neither a common one, in any case, nor one with the account's name in it.
    Source: ASVS 4.0.3 V2.1.1-2.1.3, 2.1.7, 2.1.9; complexity only where the profile asks (GB/T 22239-2019 8.1.4.1 a).
    """
    if not profile.password_least <= len(password) <= PASSWORD_MOST:
        raise Refused(f"the password has {len(password)} characters; take {profile.password_least} to {PASSWORD_MOST}, a few words with spaces between them do well",
                      f"密码有 {len(password)} 个字符；应为 {profile.password_least} 至 {PASSWORD_MOST} 个，可用几个词并以空格隔开")
    folded = unicodedata.normalize("NFKC", password).casefold()
    if folded.strip() in _common() or _is_plain(folded):
        raise Refused("the password is on the list of common ones, one short piece over and over, or a run of keys; take another", "该密码过于常见、只是同一小段的重复，或是键盘顺序；请另选")
    if any(word in folded for word in (name.casefold(), *_OWN_WORDS) if len(word) >= 3):
        raise Refused("the account's or the program's name stands in the password; take another", "密码中含有账号名或程序名；请另选")
    if profile.is_complex and not _is_complex(password):
        raise Refused("the password lacks one of: a capital, a small letter, a digit, a sign", "密码须同时包含大写字母、小写字母、数字和符号")


def one_time() -> str:
    """A password for one use: five groups of four, above 110 bits of chance, with capital, small letter, digit and sign in it."""
    while True:
        made = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(5))
        if _is_complex(made):
            return made


def _is_complex(password: str) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit, lambda sign: not sign.isalnum() and not sign.isspace())
    return all(any(kind(sign) for sign in password) for kind in kinds)


def _is_plain(text: str) -> bool:
    """One piece of at most four characters over and over, or a run along the digits, the alphabet or the keyboard, either way."""
    return any(text == (text[:length] * len(text))[: len(text)] for length in range(1, 5)) or any(text in (row * 13)[:: step] for row in _ROWS for step in (1, -1))


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset(CommonPasswordValidator().passwords)
