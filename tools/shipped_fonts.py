"""Makes the font that agreements are set in: Noto Sans SC, cut down to the characters that a Chinese or English agreement can need.

    python tools/shipped_fonts.py            makes it again, and its manifest
    python tools/shipped_fonts.py --manifest writes the manifest alone, of the font that lies there
    python tools/shipped_fonts.py --check    tells whether making it again would give the same bytes

Source: the package fonts-noto-cjk of Debian, face Noto Sans CJK SC of NotoSansCJK-Regular.ttc, SIL Open Font License 1.1. The cut has GB 2312 whole, Latin letters with their
accents, and every character of U+4E00 to U+9FFF, in which nearly all names are written; hints and layout features are left out. Needs fonttools (requirements-dev.in).
"""

import hashlib
import io
import json
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

SOURCE = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
FACE = 2
"""Noto Sans CJK SC among the faces of the collection."""
PLACE = Path(__file__).resolve().parents[1] / "src" / "arrears" / "work" / "agreements" / "fonts"
NAME = "NotoSansSC-Regular.otf"
SIGNS = "–—‘’“”…€£¥※№•√×÷"


def characters() -> set[str]:
    """What the cut has to have."""
    rows = (bytes([high, low]) for high in range(0xA1, 0xF8) for low in range(0xA1, 0xFF))
    national = {sign for row in rows for sign in row.decode("gb2312", "ignore")}
    return national | {chr(code) for span in (range(0x20, 0x7F), range(0xA0, 0x180), range(0x4E00, 0xA000)) for code in span} | set(SIGNS)


def cut() -> bytes:
    """The bytes of the font: the same from the same source, whenever it is made."""
    font = TTFont(SOURCE, fontNumber=FACE, recalcTimestamp=False)
    options = subset.Options()
    options.layout_features, options.hinting, options.notdef_outline, options.name_IDs = [], False, True, [0, 1, 2, 3, 4, 5, 6, 13, 14]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[ord(one) for one in characters()])
    cutter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 4, 16):
            record.string = "Noto Sans SC"
        elif record.nameID == 6:
            record.string = "NotoSansSC-Regular"
    if "CFF " in font:
        font["CFF "].cff.fontNames[0] = "NotoSansSC-Regular"
    written = io.BytesIO()
    font.save(written, reorderTables=True)
    return written.getvalue()


def manifest(content: bytes) -> str:
    """What is said beside the font: whence, under which licence, how many characters, its digest."""
    font = TTFont(io.BytesIO(content))
    has = sorted(font.getBestCmap())
    edges = [place for place, code in enumerate(has) if place == 0 or has[place - 1] + 1 != code] + [len(has)]
    ranges = " ".join(f"{has[first]:04X}-{has[last - 1]:04X}" for first, last in zip(edges, edges[1:], strict=False))
    told = {"name": NAME, "family": "Noto Sans SC", "source": "Debian fonts-noto-cjk 1:20220127+repack1-1, NotoSansCJK-Regular.ttc, face 2", "source_sha384": hashlib.sha384(SOURCE.read_bytes()).hexdigest(),
            "licence": "OFL-1.1", "licence_file": "OFL.txt", "characters": len(has), "ranges": ranges, "bytes": len(content), "sha384": hashlib.sha384(content).hexdigest(), "made_by": "tools/shipped_fonts.py"}
    return json.dumps([told], indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    made = (PLACE / NAME).read_bytes() if "--manifest" in sys.argv[1:] else cut()
    if "--check" in sys.argv[1:]:
        same = (PLACE / NAME).read_bytes() == made
        print("the same bytes" if same else f"{PLACE / NAME} is not what this makes of {SOURCE}")
        return 0 if same else 1
    PLACE.mkdir(parents=True, exist_ok=True)
    (PLACE / NAME).write_bytes(made)
    (PLACE / "manifest.json").write_text(manifest(made), encoding="utf-8")
    print(f"{PLACE / NAME}: {len(made):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
