"""What two spellings of the same phone, ID number or name have in common: the form under which they are looked up.

A blind index is a keyed hash of this form, so that +86 138-0013-8000 and 13800138000 are found by each other.
"""

import re
import unicodedata

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_HOME = re.compile(r"\A(?:(?:00|\+)?86|0)(?=1[3-9][0-9]{9}\Z)")


def normal_form(field: str, text: str) -> str:
    """The text as it is looked up; empty where nothing is left of it.

    NFKC first, so that full-width digits are digits. `phone`: digits, with a leading + for numbers abroad; +86, 0086, 86 or
    a trunk 0 before a mainland mobile number is removed (and before nothing else: 1 415 555 2671 is a mobile number in
    China, +1 415 555 2671 a line in San Francisco). `id_number`, `account`: upper case, no blanks or hyphens.
    Everything else: blanks joined to one, case folded.

    >>> normal_form("phone", "＋86 138-0013-8000"), normal_form("phone", "+1 (415) 555-2671"), normal_form("phone", "0755-1234 5678")
    ('13800138000', '+14155552671', '075512345678')
    >>> normal_form("id_number", " 11010119900307123x "), normal_form("name", " Ａnna  Li ")
    ('11010119900307123X', 'anna li')
    """
    if field == "phone" and _MOBILE.fullmatch(text):
        return text
    # Twice, as what is left when blanks are gone may compose anew.
    return _once(field, _once(field, text))


def _once(field: str, text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    if field == "phone":
        return _phone(plain)
    if field in ("id_number", "account"):
        return "".join(character for character in plain.upper() if not character.isspace() and character not in "-‐‑–'’")
    return " ".join(plain.casefold().split())


def _phone(plain: str) -> str:
    digits = "".join(str(unicodedata.decimal(character)) for character in plain if character.isdecimal())
    if not digits:
        return " ".join(plain.casefold().split())
    abroad = plain.lstrip().lstrip("(").startswith("+")
    number = _HOME.sub("", ("+" if abroad else "") + digits, count=1) if not _MOBILE.fullmatch(digits) or abroad else digits
    return "+" + number[2:] if number.startswith("00") else number
