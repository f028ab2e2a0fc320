"""What must be known of an .xls before it is opened: that its container is whole, and where its records lie.

The container is a file of sectors and a table that says which of them are in use. Source: [MS-CFB], 2.2 and 2.3.
"""

import struct
from pathlib import Path

from arrears.refusal import Refused

_FREE = 0xFFFFFFFF
_SPECIAL = _FREE - 5
"""From here on a number is no sector but a sign: the end of a chain, a sector that is free or holds the table itself."""
_TABLES = 109
"""How many sectors of the table the header names; a book large enough for more is left to the reading library."""


def demand_whole(path: Path) -> None:
    """Raises Refused where the file ends before the last sector in use begins."""
    content = path.read_bytes()
    if len(content) < 512:
        raise _cut_off(path.name)
    (shift,) = struct.unpack_from("<H", content, 30)
    size = 1 << min(shift, 16)
    tables = [number for number in struct.unpack_from(f"<{_TABLES}I", content, 76) if number < _SPECIAL]
    last = max(tables, default=0)
    for place, table in enumerate(tables):
        start = (table + 1) * size
        if start + size > len(content):
            raise _cut_off(path.name)
        entries = struct.unpack_from(f"<{size // 4}I", content, start)
        used = [entry for entry, following in enumerate(entries) if following != _FREE]
        last = max(last, place * (size // 4) + (used[-1] if used else 0))
    if (last + 1) * size >= len(content):
        raise _cut_off(path.name)


def stream_of(path: Path) -> bytes:
    """The stream in which an .xls holds its records; raises struct.error or IndexError where it cannot be followed."""
    content = path.read_bytes()
    size, small_size = (1 << min(shift, 16) for shift in struct.unpack_from("<HH", content, 30))
    directory, _, least, small_table, _, further, _ = struct.unpack_from("<IIIIIII", content, 48)
    tables = [number for number in struct.unpack_from(f"<{_TABLES}I", content, 76) if number < _SPECIAL]
    while further < _SPECIAL and len(tables) * size <= len(content):
        *more, further = struct.unpack_from(f"<{size // 4}I", content, (further + 1) * size)
        tables += [number for number in more if number < _SPECIAL]
    following = [entry for table in tables for entry in struct.unpack_from(f"<{size // 4}I", content, (table + 1) * size)]
    entries = _joined(content, directory, following, size, size)
    for at in range(0, len(entries), 128):
        name = entries[at : at + max(0, struct.unpack_from("<H", entries, at + 64)[0] - 2)].decode("utf-16-le", "replace")
        if name.lower() in ("workbook", "book"):
            start, length = struct.unpack_from("<II", entries, at + 116)
            if length >= least:
                return _joined(content, start, following, size, size)[:length]
            held = _joined(content, struct.unpack_from("<I", entries, 116)[0], following, size, size)
            table = _joined(content, small_table, following, size, size)
            return _joined(held, start, list(struct.unpack(f"<{len(table) // 4}I", table)), small_size, 0)[:length]
    raise IndexError(path.name)


def _joined(content: bytes, sector: int, following: list[int], size: int, first: int) -> bytes:
    """The sectors of a chain, one after the other; `first` is where sector 0 begins."""
    parts = []
    while sector < _SPECIAL and len(parts) * size <= len(content):
        parts.append(content[first + sector * size : first + (sector + 1) * size])
        sector = following[sector]
    return b"".join(parts)


def _cut_off(name: str) -> Refused:
    return Refused(
        f"{name}: the workbook is cut off or damaged (it is shorter than its own table of contents says); copy or export it again",
        f"{name}：工作簿不完整或已损坏（比其目录所述的短）；请重新复制或导出",
    )
