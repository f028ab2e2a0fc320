"""Text of any encoding a lender's export comes in, as UTF-8; bytes that do not fit stay marked, so that only they fail.

A byte order mark decides; without one zero bytes tell UTF-16, and else the lines that are not plain ASCII are asked
whether they are UTF-8 or GB18030. A file that is UTF-8 for gigabytes and has one GBK line stays UTF-8.
"""

import codecs
import re
from collections.abc import Callable

from arrears.refusal import Refused

UTF_8, GB18030, UTF_16_LE, UTF_16_BE = "utf-8", "gb18030", "utf-16-le", "utf-16-be"
_MARKS = ((codecs.BOM_UTF8, UTF_8), (codecs.BOM_UTF16_LE, UTF_16_LE), (codecs.BOM_UTF16_BE, UTF_16_BE))
_SAME = {"gbk": GB18030, "gb2312": GB18030, "cp936": GB18030, "utf8": UTF_8, "utf-8-sig": UTF_8}
_LINES_ASKED = 20_000


def guess(head: bytes, whole: bool, given: str | None, name: str) -> tuple[str | None, int]:
    """The encoding and the length of its byte order mark; None where the head is plain ASCII and nothing was given.

    `head` is the beginning of the file, `whole` says that it is all of it. Raises Refused where it is no text.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            _demand_given(given, encoding, name)
            return encoding, len(mark)
    if given is not None:
        encoding = _known(given, name)
        if encoding == "utf-16":
            encoding = _utf_16(head) or UTF_16_LE
        return encoding, 0
    encoding = _utf_16(head)
    if encoding is None:
        _demand_text(head, name)
        encoding = vote(head, whole)
    return encoding, 0


def _known(given: str, name: str) -> str:
    plain = given.strip().lower().replace("_", "-")
    try:
        found = codecs.lookup(_SAME.get(plain, plain))
    except LookupError as error:
        raise Refused(
            f"{name}: the encoding {given} is not known; write utf-8, gb18030 or utf-16, or leave it out",
            f"{name}：不认识编码 {given}；请写 utf-8、gb18030 或 utf-16，或不写",
        ) from error
    return _SAME.get(plain, found.name)


def _demand_given(given: str | None, found: str, name: str) -> None:
    if given is None:
        return
    known = _known(given, name)
    if known != found and not (known == "utf-16" and found.startswith("utf-16")):
        raise Refused(
            f"{name}: the mapping says {given}, but the file begins with the mark of {found}; leave `encoding` out",
            f"{name}：映射写的编码是 {given}，但文件开头的标记是 {found}；请去掉 encoding",
        )


def _utf_16(head: bytes) -> str | None:
    # Plain characters have a zero byte, always on the same side; a line end must be one of them.
    even, odd = head[0::2].count(0), head[1::2].count(0)
    encoding, ends = (UTF_16_LE, rb"^(?:..)*?[\n\r]\0") if odd > even else (UTF_16_BE, rb"^(?:..)*?\0[\n\r]")
    if max(even, odd) <= len(head) // 100 or max(even, odd) < 3 * min(even, odd):
        return None
    return encoding if re.match(ends, head[:65_536], re.DOTALL) else None


def _demand_text(head: bytes, name: str) -> None:
    strange = len(re.findall(rb"[\x00-\x08\x0e-\x19\x1b-\x1f\x7f]", head))
    if strange * 20 > len(head) and strange > 2:
        raise Refused(
            f"{name}: this is no text (it is binary, damaged or packed), so it has no records; export it again as CSV",
            f"{name}：内容不是文本（是二进制、已损坏或被压缩），读不出记录；请重新导出为 CSV",
        )


def vote(block: bytes, whole: bool) -> str | None:
    """Which of UTF-8 and GB18030 more of the lines are that are not plain ASCII; None where all are plain."""
    if block.isascii():
        return None
    if not whole:
        block = block[: max(block.rfind(b"\n"), block.rfind(b"\r")) + 1] or block
    lines = [line for line in re.split(rb"[\r\n]+", block) if not line.isascii()][:_LINES_ASKED]
    utf_8 = sum(_fits(line, UTF_8) for line in lines)
    gb18030 = sum(not _fits(line, UTF_8) and _fits(line, GB18030) for line in lines)
    if not lines:
        return None
    return GB18030 if gb18030 > utf_8 else UTF_8


def _fits(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _mark_broken(error: UnicodeError) -> tuple[str, int]:
    # A lone surrogate is no UTF-8, so the record that holds it is found by the same check as in a file of UTF-8.
    # After a wrong byte of GB18030 the next one is tried again: it may be a delimiter or a line end.
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udc80", error.end if error.encoding.startswith("utf") else error.start + 1


class ToUtf8:
    """Blocks of a file as UTF-8; what does not fit the encoding becomes bytes that are no UTF-8."""

    def __init__(self, encoding: str | None, decided: Callable[[str], None]):
        self._encoding = encoding
        self._decided = decided
        self._decode = None if encoding is None else self._decoder(encoding)

    @staticmethod
    def _decoder(encoding: str):
        if encoding == UTF_8:
            return None
        codecs.register_error("arrears-broken", _mark_broken)
        return codecs.getincrementaldecoder(encoding)("arrears-broken")

    def of(self, block: bytes, final: bool) -> bytes:
        """The block as UTF-8; an unfinished character waits for the next one."""
        if self._encoding is None:
            if block.isascii():
                return block
            self._encoding = vote(block, final) or UTF_8
            self._decode = self._decoder(self._encoding)
            self._decided(self._encoding)
        if self._decode is None:
            return block
        return self._decode.decode(block, final).encode("utf-8", "surrogatepass")
