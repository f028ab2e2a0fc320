"""How long text is when it is drawn, and where its lines break: an estimate by classes of characters, on the safe side of common fonts."""

import re
from functools import lru_cache
from unicodedata import combining, east_asian_width

_NARROW, _WIDE = set("ijltfr.,:;|'!()[]{}`/\\ -"), set("mwMW@%&—…→")
_NOT_FIRST = set("，。、；：？！）」』】》〉”’％%,.;:?!)]}")
_NOT_LAST = set("（「『【《〈“‘([{")
_PIECES = re.compile(r"\s+|[^\s\u1100-\uffdc\U00020000-\U0003ffff]+|.", re.DOTALL)
_FORBIDDEN = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def width_of(text: str, size: float, weight: str = "400", mono: bool = False) -> float:
    """An upper estimate of the text's length at this font size: Chinese one em, Latin by class.

    >>> width_of("逾期", 10), width_of("il", 10) < width_of("mw", 10)
    (20.0, True)
    """
    ems = sum(_ems(character, mono) for character in text)
    return size * ems * (1.06 if weight != "400" and not mono else 1)


def wrapped(text: str, room: float, size: float, weight: str = "400", mono: bool = False) -> list[str]:
    """Lines no longer than the room (one character at least each), whose words together are the text's: broken at spaces, between Chinese
    characters except before closing and after opening marks, and within a word only where it is longer than a line.

    >>> wrapped("three short words", 60, 10)
    ['three short', 'words']
    >>> wrapped("逾期一天，短信。", 50, 10)
    ['逾期一天，', '短信。']
    """
    return list(_broken(text, room, size, weight, mono))


def drawable(text: str) -> str:
    """The text with what XML cannot hold replaced by U+FFFD.

    >>> drawable("a\\x00b") == "a\\ufffdb"
    True
    """
    return _FORBIDDEN.sub("\ufffd", text)


@lru_cache(maxsize=20_000)
def _broken(text: str, room: float, size: float, weight: str, mono: bool) -> tuple[str, ...]:
    lines, line = [], ""
    for piece in _unbroken(text):
        if line and width_of((line + piece).rstrip(), size, weight, mono) > room:
            lines.append(line.rstrip())
            line = ""
        piece = piece if line else piece.lstrip()
        while width_of(piece.rstrip(), size, weight, mono) > room and len(piece) > 1:
            fits = max(1, next((count for count in range(len(piece), 0, -1) if width_of(piece[:count], size, weight, mono) <= room), 1))
            lines.append(piece[:fits])
            piece = piece[fits:]
        line += piece
    return tuple([*lines, line.rstrip()] if line.strip() or not lines else lines)


def _unbroken(text: str) -> list[str]:
    """Pieces between which a line may break; white space stands at a piece's end."""
    pieces: list[str] = []
    for piece in _PIECES.findall(text):
        glued = pieces and (piece[0] in _NOT_FIRST or pieces[-1][-1] in _NOT_LAST)
        if piece.isspace():
            piece, glued = " ", bool(pieces)
        if glued:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


@lru_cache(maxsize=20_000)
def _ems(character: str, mono: bool) -> float:
    if combining(character):
        return 0.0
    if east_asian_width(character) in "WF" or character in "“”‘’…—":
        return 1.0
    if mono:
        return 0.62
    if character in _NARROW:
        return 0.40
    if character in _WIDE:
        return 0.95
    if character.isdigit():
        return 0.62
    if character.isupper():
        return 0.74
    return 0.60 if character.isascii() else 0.80
