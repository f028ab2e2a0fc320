"""Damaged files for the loader: sound ones in every format, and what copying, cutting and bad disks make of their bytes.

Run as a program it ingests case after case and writes one JSON line each, so that whoever started it sees which case
took the interpreter with it.
"""

import csv
import io
import json
import re
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random

import openpyxl
import polars as pl
import xlwt

HEADER = ["流水号", "借据号", "日期", "金额", "冲销", "备注"]
MAPPING = """
mapping: damaged
sources:
  - source: payments
    tables:
      payments: {payment_id: 流水号, loan_id: 借据号, paid_on: 日期, amount_minor: {column: 金额, unit: major}, reverses: 冲销}
"""
PAYMENTS = [
    [f"P{number:03}", f"L{number % 3 + 1}", f"2026-{number % 8 + 2:02}-{number % 27 + 1:02}", f"{number * 37 % 5000 + 1}.{number % 100:02}", "",
     ["", "备注，有逗号, 和\"引号\"", "两行\n备注", "还款"][number % 4]]
    for number in range(1, 61)
]


def _text(encoding: str, delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    lines = csv.writer(text, delimiter=delimiter)
    lines.writerows([HEADER, *PAYMENTS])
    return text.getvalue().encode(encoding)


def _xlsx() -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    for cells in [HEADER, *PAYMENTS]:
        book.active.append(cells)
    book.save(content)
    return content.getvalue()


def _xls() -> bytes:
    book, content = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("还款")
    for place, cells in enumerate([HEADER, *PAYMENTS]):
        for column, cell in enumerate(cells):
            sheet.write(place, column, cell)
    book.save(content)
    return content.getvalue()


def _parquet(compression: str) -> bytes:
    content = io.BytesIO()
    pl.DataFrame(PAYMENTS, schema=HEADER, orient="row").write_parquet(content, compression=compression, row_group_size=20)
    return content.getvalue()


KINDS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "utf-8": ("csv", lambda: _text("utf-8")), "utf-8-sig": ("csv", lambda: _text("utf-8-sig")), "gb18030": ("csv", lambda: _text("gb18030")),
    "utf-16": ("csv", lambda: _text("utf-16")), "tsv": ("tsv", lambda: _text("utf-8", "\t")), "xlsx": ("xlsx", _xlsx), "xls": ("xls", _xls),
    "parquet": ("parquet", lambda: _parquet("uncompressed")), "parquet zstd": ("parquet", lambda: _parquet("zstd")),
}
"""Each format's suffix and a sound file of it."""


def damaged(content: bytes, dice: Random) -> bytes:
    """The content after one to four accidents."""
    found = bytearray(content)
    for _ in range(dice.choice((1, 1, 2, 4))):
        size = max(len(found), 1)
        start = dice.choice((dice.randrange(size), dice.randrange(min(size, 400)), max(0, size - 1 - dice.randrange(min(size, 400)))))
        length = dice.choice((1, 1, 2, 3, 8, 64, 512))
        part = bytes(found[start : start + length])
        match dice.randrange(8):
            case 0:
                found[start : start + 1] = bytes([found[start] ^ (1 << dice.randrange(8))]) if found else b"x"
            case 1:
                del found[start : start + length]
            case 2:
                found[start:start] = bytes(dice.randrange(256) for _ in range(length))
            case 3:
                found[start:start] = part
            case 4:
                del found[start:]
            case 5:
                other = dice.randrange(size)
                found[start : start + length] = found[other : other + length]
            case 6:
                found[start : start + length] = bytes([dice.choice((0, 10, 13, 34, 44, 255, 0x80))]) * length
            case 7:
                found[start:start] = dice.choice((b'"', b",", b"\n", b"\r\n", b"\0", b"\xff\xfe", "，".encode(), "１".encode(), b"\x81\x30", b"\t", b"1", b"-"))
    return bytes(found)


def case_of(seed: int) -> tuple[str, str, bytes]:
    """The name, the suffix and the damaged content of one case; the same seed gives the same bytes."""
    dice = Random(seed)
    kind = list(KINDS)[seed % len(KINDS)]
    suffix, make = KINDS[kind]
    return kind, suffix, damaged(SOUND.setdefault(kind, make()), dice)


SOUND: dict[str, bytes] = {}


def cells_of(path: Path) -> list[list[str | None]] | None:
    """Every row that a reader of its own finds in the file; None where it finds none."""
    content = path.read_bytes()
    try:
        if content.startswith(b"PAR1") or path.suffix == ".parquet":
            import duckdb

            found = duckdb.sql(f"SELECT * FROM read_parquet('{path}')").fetchall()
            return [[None if cell is None else str(cell) for cell in row] for row in found]
        if content.startswith(b"PK"):
            sheet = openpyxl.load_workbook(path, data_only=True).worksheets[0]
            return [[None if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    except Exception:
        return None
    return None


def texts_of(content: bytes) -> str:
    """Everything that the bytes can say as text, in every encoding in which such files come, one behind the other."""
    said = [content.decode(encoding, "replace") for encoding in ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "latin-1")]
    said += [content[1:].decode(encoding, "replace") for encoding in ("utf-16-le", "utf-16-be")]
    plain = "\n".join(said).replace('""', '"')
    return plain + "\n" + "".join(chr(ord(one) - 0xFEE0) if "！" <= one <= "～" else one for one in plain)


def run(told: dict, suffix: str, content: bytes, folder: Path, sound: Path) -> dict:
    """`told` and what became of it: one case ingested into a copy of the sound book; what the book and the terminal say afterwards."""
    from plain_books import arrears, files_of

    book = folder / "book"
    shutil.copytree(sound, book)
    path = folder / f"payments.{suffix}"
    path.write_bytes(content)
    (folder / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    before = files_of(book)
    try:
        ran = arrears("ingest", path, "--mapping", folder / "mapping.yaml", "--book", book, "--threshold", "100%", "--lang", "en")
        told |= {"status": ran.status, "error": ran.error, "same": files_of(book) == before}
        told["book"] = arrears("book", book, "--lang", "en").status
        told["left"] = [str(one.relative_to(book)) for one in book.rglob("*") if one.is_dir() and one.name.startswith((".", "unfinished"))]
        if ran.status == 0:
            told["wrong"] = _wrong(path, content, told["kind"], book)
    except BaseException:
        told["trace"] = traceback.format_exc()
    return told


def _wrong(path: Path, content: bytes, kind: str, book: Path) -> list[str]:
    """What stands in the book and cannot be justified by the file; each record must be in the book or in quarantine."""
    load = json.loads((book / "loads/ledger.json").read_text(encoding="utf-8"))["loads"][-1]
    folder = book / "loads" / f"{load['id']:04d}"
    paths = sorted(folder.glob("payments-*.parquet"))
    rows = pl.concat([pl.read_parquet(one) for one in paths]).rows(named=True) if paths else []
    about = load["tables"].get("payments", {"rows": 0, "read": 0, "unchanged": 0, "twice": 0, "quarantined": 0})
    wrong = []
    if about["rows"] != len(rows) or about["read"] != about["rows"] + about["unchanged"] + about["twice"] + about["quarantined"]:
        wrong.append(f"counts: {about} and {len(rows)} rows")
    waits = pl.read_parquet(folder / "quarantine.parquet")
    broken = waits.filter(pl.col("record").is_null())
    if load["records"] != about["read"] + len(broken):
        wrong.append(f"{load['records']} records, {about['read']} read, {len(broken)} broken")
    table = cells_of(path)
    text = texts_of(content) if kind not in ("xlsx", "xls") and not kind.startswith("parquet") else None
    plain = {cell.strip(" '\t\r\n\u3000\u00a0") for row in table for cell in row if cell} if table is not None else None
    for row in rows:
        ids = [row["payment_id"], row["loan_id"], *([row["reverses"]] if row["reverses"] else [])]
        if plain is not None:
            wrong += [f"{name!r} of {row} is in no cell" for name in ids if name not in plain]
        elif text is not None:
            wrong += [f"{name!r} of {row} is nowhere in the file" for name in ids if name not in text]
        if text is not None and not _stands_together(row, text):
            wrong.append(f"{row} stands in no line")
    return wrong


def _stands_together(row: dict, text: str) -> bool:
    """Some place in the text has the id, and soon after it the loan, the day's digits and the amount's digits."""
    amount = f"{row['amount_minor'] // 100}"
    day = row["paid_on"]
    for found in re.finditer(re.escape(row["payment_id"]), text):
        plain = text[found.start() : found.start() + 400].replace(",", "")
        if row["loan_id"] in plain and str(day.year) in plain and str(day.day) in plain and amount.lstrip("0") in plain.replace(" ", ""):
            return True
    return False


def main(sound: Path, seeds: list[int]) -> None:
    """Case after case; each is announced before it is run."""
    for seed in seeds:
        print(json.dumps({"begins": seed}), flush=True)
        with tempfile.TemporaryDirectory() as folder:
            kind, suffix, content = case_of(seed)
            print(json.dumps(run({"seed": seed, "kind": kind}, suffix, content, Path(folder), sound), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), list(range(int(sys.argv[2]), int(sys.argv[3]))))
