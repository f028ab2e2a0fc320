"""Whether every record of a text ends with one delimiter more than its header, as some banks' programs write them.

It is so only where the records leave no other reading: thousands that are not quoted (1,234.56) make one cell more too.
"""

import re

import numpy as np

from arrears.ingest import csv_scan

_LOOKED_AT = 1_000
_SHARE = 0.9
_PARTED = re.compile(rb"(?:^|\0)(?:[-+$]|\xc2\xa5|\xef\xbf\xa5)?(?:\d{1,3}\0\d{3}(?:\.\d+)?|\d+\0\d\d)(?:\0|$)")
"""Two cells that may be one amount: 1 and 234.56, or 1234 and 56 where the comma is the decimal sign."""


def ends_open(text: bytes, at: int, final: bool, delimiter: int, head: list[str]) -> bool:
    """No record has as many cells as the header, nine in ten have one more, which is blank, and one in ten of these hold no parted amount.

    The header's own cells standing again are no record. Records behind the first 1,000 are judged as they are read.
    """
    width = len(head)
    block = np.frombuffer(bytearray(text), np.uint8)
    starts, ends, doubled = (np.zeros(width + 1, np.int64) for _ in range(3))
    found = np.zeros(11, np.int64)
    kinds = csv_scan.byte_kinds(delimiter)
    records = open_ended = sure = 0
    while at < len(block) and records < _LOOKED_AT:
        kind = csv_scan.record(block, at, len(block), final, kinds, starts, ends, doubled, 0, 0, found)
        if kind == csv_scan.UNFINISHED:
            break
        if kind == csv_scan.QUOTE:
            at, records = csv_scan.first_line_end(block, at, len(block)), records + 1
            continue
        at = int(found[4])
        cells = [text[start:end] for start, end in zip(starts, ends, strict=True)]
        if found[3] == 0 or (found[0] == width and cells[:width] == [name.encode() for name in head]):
            continue
        if found[0] == width:
            return False
        records += 1
        if found[0] == width + 1 and not cells[-1].strip():
            open_ended += 1
            bare = [b'"' if text[start - 1 : start] == b'"' else cell.strip() for start, cell in zip(starts, cells, strict=True)]
            sure += _PARTED.search(b"\0".join(bare)) is None
    return sure > 0 and sure >= (1 - _SHARE) * open_ended and open_ended >= _SHARE * records
