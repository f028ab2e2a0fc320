"""What must be known of an .xls before it is opened: that its container is whole.

The container is a file of sectors and a table that says which of them are in use. Source: [MS-CFB], 2.2 and 2.3.
"""

import struct
from pathlib import Path

from arrears.refusal import Refused

_FREE = 0xFFFFFFFF
_TABLES = 109
"""How many sectors of the table the header names; a book large enough for more is left to the reading library."""


def demand_whole(path: Path) -> None:
    """Raises Refused where the file ends before the last sector in use begins."""
    content = path.read_bytes()
    if len(content) < 512:
        raise _cut_off(path.name)
    (shift,) = struct.unpack_from("<H", content, 30)
    size = 1 << min(shift, 16)
    tables = [number for number in struct.unpack_from(f"<{_TABLES}I", content, 76) if number < _FREE - 5]
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


def _cut_off(name: str) -> Refused:
    return Refused(
        f"{name}: the workbook is cut off or damaged (it is shorter than its own table of contents says); copy or export it again",
        f"{name}：工作簿不完整或已损坏（比其目录所述的短）；请重新复制或导出",
    )
