"""What of a personal text may be seen without unmasking it: never the whole, whatever was typed into the field.

JR/T 0171-2020 as the issue gives it: of a mobile number the first three and last four, of an ID number the first and last
character. Of a name the given name is hidden and the surname shown (a project's reading: the source at hand gives no rule
for names). Of an account number the last four (the standard would allow the first six too). Of an address a province
that exists and the city that follows it. What is shorter, or not of the shape the rule was made for, shows less, and a single character nothing.
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
_PROVINCES = (
    "北京市 天津市 上海市 重庆市 河北省 山西省 辽宁省 吉林省 黑龙江省 江苏省 浙江省 安徽省 福建省 江西省 山东省 河南省 湖北省 湖南省 广东省 海南省 四川省 "
    "贵州省 云南省 陕西省 甘肃省 青海省 台湾省 内蒙古自治区 广西壮族自治区 西藏自治区 宁夏回族自治区 新疆维吾尔自治区 香港特别行政区 澳门特别行政区 北京 天津 上海 "
    "重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门"
).split()
_PLACE = re.compile(f"(?:{'|'.join(_PROVINCES)})(?:[\u4e00-\u9fff]{{2,4}}?市|[\u4e00-\u9fff]{{2,10}}?自治州|[\u4e00-\u9fff]{{2,5}}?(?:地区|盟))?(?=.)", re.DOTALL)
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
    is_home = re.fullmatch(r"(?:00)?861[3-9][0-9]{9}", digits) is not None
    if is_home:
        digits = digits[-11:]
    if len(digits) >= 11:
        return ("+" if text.startswith("+") and not is_home else "") + _ends(digits, 3, 4)
    return _ends(digits, 0, 2) if len(digits) >= 7 else STAR * max(1, len(digits))


def _id_number(text: str) -> str:
    bare = _letters(text)
    return _ends(bare, 1, 1) if len(bare) >= 6 else STAR * max(1, len(bare))


def _account(text: str) -> str:
    bare = _letters(text)
    if len(bare) >= 12:
        return _ends(bare, 0, 4)
    return _ends(bare, 0, 2) if len(bare) >= 8 else STAR * max(1, len(bare))


def _name(text: str) -> str:
    """A compound surname where more follows it, else the first character where another one follows."""
    letters = len(_letters(text))
    if letters > 2 and text[:2] in _COMPOUND_SURNAMES:
        return _ends(text, 2, 0)
    return text[0] + STAR * min(len(text) - 1, 6) if letters >= 2 else STAR


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def _email(text: str) -> str:
    """The first character of the mailbox, and the domain where it looks like one and holds no number; a mailbox of one character shows nothing."""
    box, at, domain = text.rpartition("@")
    if not at or not re.fullmatch(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+", domain) or "@" in box or not box or sum(character.isdigit() for character in domain) >= 6:
        return _HIDDEN
    return (box[0] if len(_letters(box)) > 1 else "") + _HIDDEN + "@" + domain


def _address(text: str) -> str:
    found = _PLACE.match(text)
    return (found[0] if found and _letters(text[found.end() :]) else "") + _HIDDEN


_MASKS = {"name": _name, "phone": _phone, "id_number": _id_number, "address": _address, "account": _account, "email": _email}
