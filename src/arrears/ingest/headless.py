"""Whether what stands in the place of a file's column names is a record: it is then never shown, since it may be a person's."""

import re
from collections.abc import Sequence

import polars as pl

from arrears.ingest.draft_names import knows
from arrears.ingest.personal import slipped
from arrears.refusal import Refused

_KNOWN = 0.6
_AMOUNT_OR_DAY = re.compile(r"[-+¥￥$]?(?:\d{5,}|[\d,]+\.\d+)%?|(?:19|20)\d\d([-/.年])\d{1,2}[-/.月]\d{1,2}日?.*")
_NUMBERED = re.compile(r" \(\d+\)$")
_MADE_UP = re.compile(r"column \d+")


def has_known_names(cells: Sequence[str]) -> bool:
    """Some of the cells is a name that columns of lenders bear."""
    return any(knows(cell) >= _KNOWN for cell in cells)


def says_nothing(columns: Sequence[str]) -> bool:
    """Several cells stand in the place of the names, and none is a name that is known; one alone is a title."""
    return sum(_MADE_UP.fullmatch(cell) is None for cell in columns) > 1 and not has_known_names(columns)


def seems_a_record(cells: Sequence[str]) -> bool:
    """A number that names a person stands in the cells; or amounts and days do, two and a third of them at least, and no known name.

    >>> seems_a_record(["借据号", "2026-01-10", "2026-02-10"]), seems_a_record(["L1", "张三", "2026-01-10", "10000.00"])
    (False, True)
    >>> seems_a_record(["姓名", "13812345678"])
    True
    """
    texts = [_NUMBERED.sub("", cell.strip()) for cell in cells if cell.strip() and not _MADE_UP.fullmatch(cell)]
    if not texts:
        return False
    if slipped(pl.Series([part for text in texts for part in (text, *text.split("/"))]), ids=False) is not None:
        return True
    values = sum(_AMOUNT_OR_DAY.fullmatch(text) is not None for text in texts)
    return values >= 2 and 3 * values >= len(texts) and not has_known_names(texts)


def stands_below(columns: Sequence[str], cells: pl.DataFrame) -> bool:
    """What is taken for the name of a column stands in that column as a value too, and none of the names is known."""
    return not has_known_names(columns) and any(bool((cells[name].str.strip_chars() == name).any()) for name in columns)


def no_header(name: str) -> Refused:
    """The file is refused, and none of its cells is shown."""
    return Refused(
        f"{name}: this file seems to have no header: what stands in the place of its column names looks like a record (its cells are not "
        "shown here, since they may be a person's); write the names of the columns into a line of their own above the first record (a "
        "mapping cannot name them in its place), or, where another line holds them, say so under `header` in the mapping",
        f"{name}：该文件似乎没有表头：列名所在之处像是一条记录（可能是个人信息，此处不显示其内容）；请在第一条记录之上单独加一行列名"
        "（映射文件不能代替表头）；若列名在别的行，请在映射文件的 header 中写明",
    )
