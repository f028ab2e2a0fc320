"""An explanation's own numbers add up, and they are those of the position."""

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from string import Formatter

import polars as pl
import pytest

import plain_books as plain
from arrears.days import microseconds_of
from arrears.nightly.explain import explain_loan
from arrears.nightly.explain_words import PARTS, WORDS
from arrears.nightly.positions import write_positions
from arrears.nightly.summary import _WORDS
from arrears.tables.visible import LATEST_KNOWN
from arrears.twin.book import TABLES, blocks
from delinquency.random_books import random_book
from plain_books import arrears

AS_OF = date(2026, 6, 30)
AMOUNT = r"(-?[\d,]+\.\d\d)"


def test_both_languages_say_the_same_things():
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    assert len(PARTS["en"]) == len(PARTS["zh"]) == 4
    for name, sentence in WORDS["en"].items():
        named = [{field for _, field, _, _ in Formatter().parse(text) if field} for text in (sentence, WORDS["zh"][name])]
        assert named[0] == named[1], name


@pytest.mark.parametrize("words", [WORDS["zh"], _WORDS["zh"]])
def test_chinese_sentences_have_chinese_brackets_and_colons(words):
    for name, sentence in words.items():
        plain = re.sub(r"\{[^}]*\}", "甲", sentence)
        assert plain.count("（") == plain.count("）"), name
        assert not re.search("[\u4e00-\u9fff）][:()]|[:()][\u4e00-\u9fff（]", plain), name


def fen(text: str) -> int:
    return int(text.replace(",", "").replace(".", ""))


class Told:
    """The figures of one English explanation, read back from its lines."""

    def __init__(self, lines: list[str]):
        self.lines, self.text = lines, "\n".join(lines)
        here = lines.index(next(line for line in lines if line.startswith("Position at the end of")))
        self.days, self.position = "\n".join(lines[:here]), "\n".join(lines[here:])

    def all(self, pattern: str, text: str | None = None) -> list[tuple[int, ...]]:
        found = re.findall(pattern, self.position if text is None else text, re.MULTILINE)
        return [tuple(fen(amount) for amount in (row if isinstance(row, tuple) else (row,))) for row in found]

    def one(self, pattern: str) -> int:
        ((amount,),) = self.all(pattern)
        return amount


def assert_adds_up(told: Told, position: dict) -> None:
    opened = told.all(rf"late days; principal {AMOUNT}, interest {AMOUNT}, fee {AMOUNT}, penalty {AMOUNT}$")
    sums = [sum(row[place] for row in opened) for place in range(4)]
    shown = [told.one(rf"^  {word} {AMOUNT}:") for word in ("Due principal", "Due interest", "Due fees", "Penalty")]
    columns = ("due_principal_minor", "due_interest_minor", "due_fee_minor", "penalty_minor")
    assert sums == shown == [position[column] for column in columns]
    total, excess = told.one(rf"^  Due in total {AMOUNT}:"), told.one(rf"^  May not be demanded {AMOUNT}:")
    assert total == sum(sums) == position["due_total_minor"]
    assert excess == position["excess_minor"]
    claims = told.all(rf"^  May be demanded {AMOUNT}: {AMOUNT} due less {AMOUNT}$")
    assert claims == [(position["claimable_minor"], total, excess)] and total - excess == position["claimable_minor"]
    paid = sum(amount for (amount,) in told.all(rf"payment \S+ of {AMOUNT}$", told.days))
    assert paid == told.one(rf"^  Paid {AMOUNT}:") == position["paid_minor"]
    taken = re.findall(rf"instalment -?\d+, (\w+): {AMOUNT}; {AMOUNT} left$", told.days, re.MULTILINE)
    assert paid - sum(fen(amount) for _, amount, _ in taken) == told.one(rf"^  Unallocated {AMOUNT}:") == position["unallocated_minor"]
    ((lent,),) = told.all(rf"^{AMOUNT} \w+ lent to", told.days)
    repaid = sum(fen(amount) for part, amount, _ in taken if part == "principal")
    assert lent - repaid == told.one(rf"^  Outstanding principal {AMOUNT}:") == position["outstanding_principal_minor"]
    days, bucket = re.findall(r"^  Days past due (\d+), bucket (\S+):", told.position, re.MULTILINE)[0]
    assert (int(days), bucket) == (position["days_past_due"], position["bucket"])
    assert f"Asset class {position['asset_class']} " in told.position
    ahead = re.findall(rf"^  Next due {AMOUNT} on (\S+):", told.position, re.MULTILINE)
    expected = [] if position["next_due_on"] is None else [(position["next_due_minor"], str(position["next_due_on"]))]
    assert [(fen(amount), day) for amount, day in ahead] == expected
    assert_cap_adds_up(told, position)


def assert_cap_adds_up(told: Told, position: dict) -> None:
    """The nights of the cap, summed anew from what each line says, are the lawful charges."""
    if position["lawful_charges_minor"] is None:
        assert ("No cap" if position["cap_is_known"] else "The cap is unknown") in told.position
        return
    spans = re.findall(rf"(\S+) to (\S+), (\d+) nights: {AMOUNT} x ([\d.]+) %; running total ([\d,.]+)$", told.position, re.MULTILINE)
    total = Decimal(0)
    for first, last, nights, outstanding, rate, running in spans:
        assert (date.fromisoformat(last) - date.fromisoformat(first)).days + 1 == int(nights)
        total += Decimal(fen(outstanding)) * Decimal(rate) / 100 * int(nights) / 365
        assert abs(total / 100 - Decimal(running.replace(",", ""))) <= Decimal("0.000002")
    assert int(total.quantize(Decimal(1), ROUND_HALF_UP)) == position["lawful_charges_minor"]
    assert told.one(rf"^  Lawful charges {AMOUNT}:") == position["lawful_charges_minor"]
    assert told.one(rf"already paid {AMOUNT}$") == position["overpaid_charges_minor"]


def positions_of(book: Path, as_of: date, known_at: int, out: Path) -> list[dict]:
    write_positions(book, as_of, known_at, out)
    return pl.read_parquet(out).to_dicts()


def test_explanations_of_generated_loans_add_up(tmp_path):
    frames = next(iter(blocks(2_000, 21, AS_OF)))
    book = plain.write_frames(tmp_path / "book", {name: frames[name] for name in TABLES})
    rows = positions_of(book, AS_OF, LATEST_KNOWN, tmp_path / "p.parquet")
    late = [row for row in rows if row["due_total_minor"] > 0]
    for position in [*late[:60], *rows[::80]]:
        told = Told(explain_loan(book, position["loan_id"], AS_OF, LATEST_KNOWN, "en"))
        assert_adds_up(told, position)


@pytest.mark.parametrize("seed", [31, 32, 33, 34])
def test_explanations_of_strange_loans_add_up(tmp_path, seed):
    """Every adjustment, reversals, versions, huge amounts; each in both languages with the same figures."""
    book = random_book(30, seed)
    folder = plain.write_rows(tmp_path / "book", book)
    known_at = LATEST_KNOWN if book["known_at"] is None else microseconds_of(book["known_at"])
    for position in positions_of(folder, book["as_of"], known_at, tmp_path / "p.parquet"):
        english = explain_loan(folder, position["loan_id"], book["as_of"], known_at, "en")
        assert_adds_up(Told(english), position)
        chinese = explain_loan(folder, position["loan_id"], book["as_of"], known_at, "zh")
        assert len(chinese) == len(english)
        amounts = [sorted(re.findall(r"[\d,]+\.\d\d(?!\d)", "\n".join(lines))) for lines in (english, chinese)]
        assert amounts[0] == amounts[1], position["loan_id"]


def test_the_worked_example_is_told_as_the_specification_tells_it(tmp_path):
    book = plain.write_rows(tmp_path / "book", plain.sound_book())
    ran = arrears("explain", "L1", "--book", book, "--as-of", "2026-04-30", "--lang", "en")
    assert ran.status == 0
    for figure in ("Due principal 4,135.00", "Due interest 120.00", "Penalty 70.22", "May be demanded 4,325.22", "Lawful charges 573.39"):
        assert figure in ran.out, figure
    ran = arrears("explain", "L1", "--book", book, "--as-of", "2026-04-30", "--lang", "zh")
    assert "可主张 4,325.22" in ran.out
    ran = arrears("explain", "L1", "--book", book, "--as-of", "2026-01-09", "--lang", "en")
    assert ran.status == 0 and "no position yet" in ran.out


def test_what_does_not_count_is_named_with_its_reason(tmp_path):
    book = plain.write_rows(tmp_path / "book", plain.sound_book())
    out = arrears("explain", "L2", "--book", book, "--as-of", "2026-02-20", "--lang", "en").out
    assert "P3 of 2026-02-10 was reversed by R3" in out
    assert "R3 of 2026-02-11 is the reversal of P3" in out
    out = arrears("explain", "L1", "--book", book, "--as-of", "2026-03-14", "--lang", "en").out
    assert "P2 of 2026-03-20 lies after this day" in out
    out = arrears("explain", "L2", "--book", book, "--as-of", "2026-02-10", "--lang", "en").out
    assert "payment P3 of 50.00" in out, "not yet reversed on that day"
