"""A small .xlsb written record by record as [MS-XLSB] says, since no library writes one."""

import struct
import zipfile

RELATION = "http://schemas.openxmlformats.org/{}/2006/relationships"


def record(kind: int, content: bytes = b"") -> bytes:
    number = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length, left = b"", len(content)
    while left > 127:
        length, left = length + bytes([left & 0x7F | 0x80]), left >> 7
    return number + length + bytes([left]) + content


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def real(value: float) -> bytes:
    return struct.pack("<d", value)


def write_xlsb(path, rows: dict[int, list[tuple[int, int, int, bytes]]], formats=(0,), counts_from_1904=False):
    """Rows are lists of (column, kind of record, style, content); the styles have these numbers of formats."""
    cells = b"".join(
        record(0, struct.pack("<I", row) + bytes(21))
        + b"".join(record(kind, struct.pack("<II", column, style) + content) for column, kind, style, content in row_cells)
        for row, row_cells in rows.items()
    )
    sheet = record(129) + record(148, struct.pack("<IIII", 0, max(rows), 0, 9)) + record(145) + cells + record(146) + record(130)
    book = record(131) + record(153, struct.pack("<II", counts_from_1904, 0) + wide("")) + record(143)
    book += record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("S")) + record(144) + record(132)
    own = record(615, struct.pack("<I", 1)) + record(44, struct.pack("<H", 164) + wide("0.0%")) + record(616)
    own += record(617, struct.pack("<I", len(formats))) + b"".join(record(47, struct.pack("<HH", 0, number) + bytes(12)) for number in formats) + record(618)
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>')
        package.writestr("xl/workbook.bin", book)
        package.writestr("xl/styles.bin", record(278) + own + record(279))
        package.writestr("xl/worksheets/sheet1.bin", sheet)
        package.writestr(
            "xl/_rels/workbook.bin.rels",
            f'<Relationships xmlns="{RELATION.format("package")}"><Relationship Id="rId1" Type="{RELATION.format("officeDocument")}/worksheet" '
            'Target="worksheets/sheet1.bin"/></Relationships>',
        )
    return path
