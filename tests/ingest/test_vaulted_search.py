"""Marked personal data in every kind of column, faulty lines among them: then every file of the book and every output is searched."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest

from arrears.ingest.pseudonyms import opened
from ingest.vaulted_files import COLUMNS, VAULT_MAPPING, VaultLender, people_row
from plain_books import arrears

MARK = "标Qz"
"""Stands in every planted cell that is free text."""
PHONE, OTHER_PHONE = "1990000{:04d}", "1880000{:04d}"
ID = re.compile("11010119900[0-9]{6}X")
COUNT, TOO_MANY = 40, 39
AT_FAULT = {4: {"金额": "10,000.0O"}, 9: {"金额": "9,999.00"}, 14: {"年利率": PHONE.format(14)}, 19: {"放款日": "31010119800100019X"},
            24: {"借据号": "1.1E+17"}, 29: {"身份证号": ""}, 34: {"身份证号": "1.1E+17"}}
"""9 is at fault only beside its schedule."""


def planted(number: int) -> list[str]:
    """Nine cells of people of one loan, each of them to be told by a mark."""
    return [PHONE.format(number), OTHER_PHONE.format(number), f"{MARK}址{number}", f"{MARK}联{number}", f"1770000{number:04d}", f"{MARK}保{number}",
            f"3101011980010{number:04d}X", f"{MARK}{number}@example.com", f"62220000{MARK}{number}"]


def decoded(path: Path) -> str:
    """All that the file says, whatever its form: Parquet and workbooks too."""
    raw = path.read_bytes()
    text = raw.decode("utf-8", "replace") + raw.decode("utf-16-le", "replace") + raw.decode("gb18030", "replace")
    if raw.startswith(b"PAR1"):
        text += str(pl.read_parquet(path).to_dicts()) + str(pl.read_parquet_metadata(path))
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            text += "".join(package.read(name).decode("utf-8", "replace") for name in package.namelist())
    return text


def marks_in(text: str) -> list[str]:
    found = [mark for mark in (MARK, "1990000", "1880000", "1770000", "3101011980010", "备注密") if mark in text]
    return found + ID.findall(text)


def run(*words: object) -> tuple[int, str]:
    """The command as a process of its own: status, and all it says on either output."""
    done = subprocess.run([sys.executable, "-c", "from arrears.cli import app; app()", *map(str, words)], capture_output=True, text=True, check=False, timeout=300,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    return done.returncode, done.stdout + done.stderr


def here(*words: object) -> tuple[int, str]:
    """The same within this process, which takes less time."""
    ran = arrears(*words)
    return ran.status, ran.out + ran.error


@pytest.fixture
def lender(tmp_path) -> VaultLender:
    """Of 40 lines 7 are at fault: by themselves, among the others, by a number that slipped into another column, by a cell too many."""
    lender = VaultLender(tmp_path, VAULT_MAPPING.replace("hashed: [身份证号]", "hashed: [身份证号]\n  left_out: [备注]"))
    rows = []
    for number in range(1, COUNT + 1):
        row = [*people_row(number, *planted(number), 姓名=f"{MARK}名{number}", **AT_FAULT.get(number, {})), "备注密"]
        rows.append([*row, f"{MARK}多"] if number == TOO_MANY else row)
    lender.write_people(rows, (*COLUMNS, "备注"))
    return lender


def test_no_file_of_the_book_and_no_output_holds_what_was_planted_and_the_vault_finds_all_of_it(lender):
    ingest = ("ingest", lender.files, "--mapping", lender.mapping, "--book", lender.book)
    said = [run(*ingest), here(*ingest, "--dry-run", "--threshold", "100%"), run(*ingest, "--threshold", "100%")]
    assert [status for status, _ in said] == [2, 0, 0], said
    sheet, lines = lender.book / "waits.xlsx", lender.book / "waits.csv"
    said += [here("quarantine", "--book", lender.book, *more) for more in ((), ("--json",), ("--export", sheet), ("--export", lines))]
    said += [here("book", lender.book), here("night", "--book", lender.book, "--as-of", "2026-04-30"), here(*ingest, "--threshold", "100%")]
    assert {status for status, _ in said[3:]} == {0}, said
    assert not marks_in("".join(text for _, text in said))
    files = [path for path in lender.book.rglob("*") if path.is_file()]
    assert {".parquet", ".xlsx", ".csv", ".json", ".yaml", ".sealed"} <= {path.suffix for path in files}
    assert {path: found for path in files if (found := marks_in(decoded(path)))} == {}
    assert marks_in(decoded(lender.files / "loans.csv")), "the search itself must find what is there"

    hashes, expected = opened(lender.book)[0], []
    for number in range(1, COUNT + 1):
        if number in AT_FAULT or number == TOO_MANY:
            continue
        phone, other, address, contact, contact_phone, guarantor, guarantor_id, email, account = planted(number)
        card = f"1101011990{number:07d}X"
        who = {"borrower_id": hashes.of(pl.Series([card])).item()}
        expected += [
            {**who, "relation": "debtor", "ordinal": 0, "name": f"{MARK}名{number}", "id_number": card, "phone": [phone, other], "address": address,
             "email": email, "account": account},
            {**who, "relation": "reserved_contact", "ordinal": 1, "name": contact, "phone": [contact_phone]},
            {**who, "relation": "guarantor", "ordinal": 2, "name": guarantor, "id_number": guarantor_id},
        ]
    found = lender.people()
    assert len(found) == 3 * (COUNT - 8) and in_order(found) == in_order(expected)


def in_order(rows: list[dict]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in rows)
