"""An agreement as PDF/A: the same content, the same bytes. Nothing is set in a font that is not ours, and a character that ours has not is refused by name.

Pure: no clock, no database. Source: PDF/A-2b (ISO 19005-2) by typst; the font and its licence lie in fonts/, made by tools/shipped_fonts.py.
"""

import json
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha384
from importlib.resources import as_file, files
from typing import Any

from arrears.refusal import Refused

STANDARD = "a-2b"
FONTS = files("arrears.work.agreements") / "fonts"


def pdf_of(content: dict[str, Any]) -> bytes:
    """The paper as PDF. content: title, author, reference, date, and papers, one a language, as words.py gives them.

    Raises Refused naming a character that the font has not and the text it stands in: on a legal paper there is no empty box in place of a letter.
    """
    demand_glyphs(content)
    import typst  # 80 MB, needed here alone

    with as_file(files("arrears.work.agreements")) as folder:
        return typst.compile(str(folder / "agreement.typ"), root=str(folder), font_paths=[str(folder / "fonts")], ignore_system_fonts=True, format="pdf",
                             sys_inputs={"paper": json.dumps(content, ensure_ascii=False, sort_keys=True)}, pdf_standards=STANDARD, timestamp=0)


def demand_glyphs(content: Any) -> None:
    """Raises Refused where a text of it has a character that the font has not."""
    for text in _texts_of(content):
        for sign in text:
            if sign not in "\n" and not has_glyph(sign):
                name = unicodedata.name(sign, "without a name")
                raise Refused(f"the font of agreements has no {sign} (U+{ord(sign):04X}, {name}), which stands in {text[:40]!r}; no agreement was made: write it otherwise, or have a font with it shipped (tools/shipped_fonts.py)",
                              f"协议所用字体缺少字符 {sign}（U+{ord(sign):04X}），出现于“{text[:40]}”；未出具协议：请改用其他写法，或补充字体（tools/shipped_fonts.py）")


def has_glyph(sign: str) -> bool:
    """Whether the shipped font has the character."""
    starts, ends = _ranges()
    place = bisect_right(starts, ord(sign)) - 1
    return place >= 0 and ord(sign) <= ends[place]


def manifest() -> list[dict[str, Any]]:
    """What is said of each font: name, source, licence, SHA-384, and which characters it has."""
    return json.loads((FONTS / "manifest.json").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _ranges() -> tuple[list[int], list[int]]:
    """First and last characters of the spans that the font has. Raises Refused where the font is not the one that the manifest speaks of."""
    about = manifest()[0]
    if sha384((FONTS / about["name"]).read_bytes()).hexdigest() != about["sha384"]:
        raise Refused(f"{about['name']}: not the font that was shipped; no agreement is made with it: install this version again", f"{about['name']}：与随附字体不符；不予出具协议：请重新安装本版本")
    spans = [span.split("-") for span in about["ranges"].split()]
    return [int(first, 16) for first, _ in spans], [int(last, 16) for _, last in spans]


def _texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts_of(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts_of(one)
