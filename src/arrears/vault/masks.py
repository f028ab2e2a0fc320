"""What of a personal text may be seen without unmasking it: never the whole, whatever was typed into the field.

JR/T 0171-2020 as the issue gives it: of a mobile number the first three and last four, of an ID number the first and last
character. Of a name the given name is hidden and the surname shown (a project's reading: the source at hand gives no rule
for names). Of an account number the last four (the standard would allow the first six too). Of an address province and
city. What is shorter, or not of the shape the rule was made for, shows less, and a single character nothing.
"""

import re
import unicodedata

from arrears.vault.refused import VaultRefused

KINDS = ("name", "phone", "id_number", "address", "account", "email")
STAR = "*"
_COMPOUND_SURNAMES = frozenset(
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 "
    "司徒 鲜于 司空 闾丘 令狐 百里 呼延 东郭 南门 羊舌 微生 左丘 东门 西门 第五 梁丘 轩辕 拓跋 段干 歐陽 司馬 東方 諸葛 尉遲 赫連 澹臺 濮陽 公孫 "
    "鍾離 長孫 鮮于 閭丘 東郭 南門 東門 西門 軒轅".split()
)
_PLACE = re.compile(
    r"(?P<shown>(?:(?:[\u4e00-\u9fff]{2,8}?(?:省|自治区|特别行政区))?[\u4e00-\u9fff]{2,8}?(?:市|自治州|地区|盟))"
    r"|(?:[\u4e00-\u9fff]{2,8}?(?:省|自治区|特别行政区)))(?=.)"
)
_HIDDEN = STAR * 6
"""What stands for a text whose length itself is not shown."""


def masked(kind: str, text: str | None) -> str:
    """The text as everybody with access to the case may see it; empty where there is none. Raises VaultRefused for an unknown kind.

    >>> masked("phone", "13800138000"), masked("id_number", "11010119900307123X"), masked("name", "李小明"), masked("name", "欧阳娜")
    ('138****8000', '1****************X', '李**', '欧阳*')
    >>> masked("account", "6222021234567890123"), masked("email", "anna.li@example.cn"), masked("address", "广东省深圳市南山区科技路1号")
    ('***************0123', 'a******@example.cn', '广东省深圳市******')
    """
    if kind not in _MASKS:
        raise VaultRefused(f"no mask is known for {kind!r}; known are {', '.join(KINDS)}", f"没有 {kind!r} 的屏蔽规则；已知：{'、'.join(KINDS)}")
    if text is None:
        return ""
    plain = unicodedata.normalize("NFKC", text).strip()
    return _MASKS[kind](plain) if plain else ""


def _ends(text: str, first: int, last: int) -> str:
    return text[:first] + STAR * (len(text) - first - last) + text[len(text) - last :]


def _phone(text: str) -> str:
    """First three and last four of eleven digits or more; of fewer, the last two of at least seven; else nothing.

    The country's prefix of a mainland mobile is left out; a plus stays before the first three digits of a number abroad.
    """
    digits = "".join(character for character in text if character.isdecimal())
    if len(digits) < len(text) - 8:
        return _HIDDEN
    if re.fullmatch(r"(?:00)?861[3-9][0-9]{9}", digits):
        digits = digits[-11:]
    if len(digits) >= 11:
        return ("+" if text.startswith("+") and digits != text[-11:] else "") + _ends(digits, 3, 4)
    return _ends(digits, 0, 2) if len(digits) >= 7 else STAR * max(1, len(digits))


def _id_number(text: str) -> str:
    bare = "".join(text.split())
    return _ends(bare, 1, 1) if len(bare) >= 6 else STAR * len(bare)


def _account(text: str) -> str:
    bare = "".join(character for character in text if not character.isspace() and character != "-")
    if len(bare) >= 12:
        return _ends(bare, 0, 4)
    return _ends(bare, 0, 2) if len(bare) >= 8 else STAR * max(1, len(bare))


def _name(text: str) -> str:
    if len(text) < 2:
        return STAR
    if len(text) > 2 and text[:2] in _COMPOUND_SURNAMES:
        return _ends(text, 2, 0)
    return text[0] + STAR * min(len(text) - 1, 6)


def _email(text: str) -> str:
    """The first character of the mailbox, and the domain where it looks like one; a mailbox of one character shows nothing."""
    box, at, domain = text.rpartition("@")
    if not at or not re.fullmatch(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+", domain) or "@" in box or not box:
        return _HIDDEN
    return (box[0] if len(box) > 1 else "") + _HIDDEN + "@" + domain


def _address(text: str) -> str:
    found = _PLACE.match(text)
    return (found["shown"] if found else "") + _HIDDEN


_MASKS = {"name": _name, "phone": _phone, "id_number": _id_number, "address": _address, "account": _account, "email": _email}
