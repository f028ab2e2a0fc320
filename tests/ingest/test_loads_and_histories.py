"""What a load says of rows that the book has: histories, snapshots without records, files that come again, files that are gone."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

import plain_books as plain
from arrears import store
from arrears.cli import terms as cli
from arrears.ingest.loads import rows_in_force
from ingest.lender_files import MAPPING, Lender, loan_row, payment_row, schedule_rows
from plain_books import AS_OF, arrears

ALL_AT_ONCE = '        recorded_at: {constant: "2026-01-01"}\n'
BEARING = MAPPING.replace("        reverses: 冲销\n", "        reverses: 冲销\n        recorded_at: 登记\n")
for last in ("        regime: {constant: cn_licensed}\n", "        fee_minor: {constant: 0}\n"):
    BEARING = BEARING.replace(last, last + ALL_AT_ONCE)
HOUR = 3_600_000_000


@pytest.fixture
def lender(lender) -> Lender:
    assert lender.ingest().status == 0
    return lender


def in_force(lender: Lender, table: str = "payments") -> pl.DataFrame:
    return rows_in_force(store.book_at(lender.book))[table].collect()


def amounts(lender: Lender) -> dict[str, int]:
    return dict(in_force(lender).select("payment_id", "amount_minor").sort("payment_id").iter_rows())


def write_payments(lender: Lender, name: str, *rows: str):
    path = lender.files / f"{name}.csv"
    path.write_text("流水号,借据号,日期,金额,冲销,登记\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def bearing(tmp_path, *rows: str) -> Lender:
    lender = Lender(tmp_path, BEARING)
    lender.write_loans(1)
    write_payments(lender, "payments", *rows)
    assert lender.ingest().status == 0
    return lender


FIRST, WRONG, RIGHT = (f"P1,L1,2026-02-12,{amount},,{at}" for amount, at in
                       (("100.00", "2026-02-12 10:00:00"), ("1.00", "2026-03-01 10:00:00"), ("100.00", "2026-03-02 10:00:00")))


@pytest.mark.parametrize("earlier", [[FIRST], [FIRST, WRONG], [FIRST, WRONG, RIGHT]], ids=["one", "two", "all"])
def test_a_history_that_comes_back_to_what_the_book_says_ends_there(tmp_path, earlier):
    lender = bearing(tmp_path, *earlier)
    lender.ingest(write_payments(lender, "payments_2", FIRST, WRONG, RIGHT))
    assert amounts(lender) == {"P1": 10_000} and lender.positions()["paid_minor"].to_list() == [10_000]


def test_a_row_said_again_at_a_later_moment_is_no_new_version(tmp_path):
    lender = bearing(tmp_path, FIRST)
    assert "unchanged 1" in lender.ingest(write_payments(lender, "payments_2", RIGHT)).out


def test_in_a_delta_a_row_that_does_not_say_when_it_was_recorded_replaces_nothing(tmp_path):
    lender = bearing(tmp_path, FIRST)
    ran = lender.ingest(write_payments(lender, "payments_2", "P1,L1,2026-02-12,1.00,,", "P2,L1,2026-02-13,2.00,,"), words=("--threshold", "100%"))
    assert "key_stands" in ran.out and amounts(lender) == {"P1": 10_000, "P2": 200}


@pytest.mark.parametrize("mode", ["delta", "correction", "snapshot"])
def test_a_schedule_given_twice_that_the_book_has_is_unchanged(lender, mode):
    paths = [lender.write("instalments", schedule_rows(1), f"instalments_{name}") for name in "ab"]
    ran = lender.ingest(*paths, words=("--mode", mode))
    assert ran.status == 0 and "instalments: new 0" in ran.out and "quarantine" not in ran.out.replace("--book", ""), ran.out + ran.error


def test_a_snapshot_without_a_record_reports_that_all_of_the_table_has_vanished(lender):
    ran = lender.ingest(lender.write("payments", [], "payments_2"), words=("--mode", "snapshot"))
    assert ran.status == 0, ran.error
    vanished = pl.read_parquet(lender.book / "loads/0002/vanished.parquet")
    assert vanished.rows() == [("payments", f"P{number}") for number in (1, 2, 3)]
    assert len(amounts(lender)) == 3, "what vanished is reported, not dropped"


def test_a_file_can_be_loaded_again_when_a_load_was_taken_back_since(lender):
    lender.ingest(lender.write("payments", [payment_row("X1", 1, amount="9.00")], "payments_wrong"))
    right = lender.write("payments", [payment_row("X1", 1, amount="5.00"), payment_row("X2", 2, amount="5.00")], "payments_right")
    lender.ingest(right, words=("--threshold", "100%"))
    assert arrears("take-back", 2, "--book", lender.book).status == 0
    assert "payments: new 1" in lender.ingest(right).out
    assert {name: amounts(lender)[name] for name in ("X1", "X2")} == {"X1": 500, "X2": 500}
    assert "nothing was changed" in lender.ingest(right).out


def test_a_file_can_be_loaded_again_when_a_load_was_taken_back_by_a_clock_that_was_set_back(lender, monkeypatch):
    lender.ingest(lender.write("payments", [payment_row("X1", 1, amount="9.00")], "payments_wrong"))
    right, now = lender.write("payments", [payment_row("X1", 1, amount="5.00")], "payments_right"), cli.now
    monkeypatch.setattr(cli, "now", lambda: now() + 3 * HOUR)
    lender.ingest(right, words=("--threshold", "100%"))
    monkeypatch.setattr(cli, "now", now)
    assert arrears("take-back", 2, "--book", lender.book).status == 0
    assert "payments: new 1" in lender.ingest(right).out and amounts(lender)["X1"] == 500


@pytest.mark.parametrize("order", [1, -1])
def test_a_wrong_reversal_does_not_keep_a_right_one_out(lender, order):
    rows = [payment_row("R1", 2, "2026-03-01", reverses="P1"), payment_row("R2", 1, "2026-03-01", reverses="P1")]
    lender.ingest(lender.write("payments", rows[::order], "payments_2"), words=("--threshold", "100%"))
    assert lender.faults().select("value", "rule").rows() == [("P1", "reverses_other_loan")]
    assert "R2" in amounts(lender)


def test_a_loan_that_is_wrong_in_itself_does_not_keep_a_debt_of_its_number_out(tmp_path):
    extra = """
  - source: unscheduled
    files: ["unscheduled*.csv"]
    tables:
      unscheduled:
        loan_id: loan
        borrower_id: 身份证号
        product: {constant: quick}
        currency: {constant: CNY}
        principal_minor: amount
        disbursed_on: {constant: "2026-01-01"}
"""
    lender = Lender(tmp_path, MAPPING + extra)
    lender.write_loans(2)
    lender.write("instalments", [*schedule_rows(1), *schedule_rows(2, principal="1.00")])  # the second does not add up
    lender.write("payments", [payment_row("P1", 1)])
    (lender.files / "unscheduled.csv").write_text("loan,身份证号,amount\nL2,110101199000000002,5\n", encoding="utf-8")
    assert lender.ingest(words=("--threshold", "100%")).status == 0
    assert set(lender.faults()["rule"]) == {"schedule_sum"}
    assert in_force(lender, "unscheduled")["loan_id"].to_list() == ["L2"]


@pytest.mark.parametrize("damage", ["gone", "cut", "changed"])
@pytest.mark.parametrize("words", [("ingest",), ("take-back", 2), ("book",), ("night",)], ids=lambda words: words[0])
def test_a_file_of_a_load_that_is_gone_or_other_than_it_was_is_named(lender, damage, words):
    lender.ingest(lender.write("payments", [payment_row("P4", 1)], "payments_2"))
    path = lender.book / "loads/0001/payments-0000.parquet"
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content[:200] if damage == "cut" else content.replace(b"P1", b"P9"))
    if words == ("ingest",):
        ran = lender.ingest(lender.write("payments", [payment_row("P5", 1)], "payments_3"))
    elif words == ("book",):
        ran = arrears("book", lender.book, "--lang", "en")
    else:
        night = ("--as-of", AS_OF) if words == ("night",) else ()
        ran = arrears(*words, "--book", lender.book, "--lang", "en", *night)
    assert ran.status == 2, ran.out + ran.error
    assert "0001/payments-0000.parquet" in ran.error and "load 1" in ran.error and "backup" in ran.error


def test_what_was_loaded_while_the_clock_was_ahead_counts_at_once(tmp_path, monkeypatch):
    lender = Lender(tmp_path)
    lender.write_loans(1)
    now = cli.now
    monkeypatch.setattr(cli, "now", lambda: now() + 20 * HOUR)
    lender.ingest()
    monkeypatch.setattr(cli, "now", now)
    assert lender.ingest(lender.write("payments", [payment_row("P9", 1, amount="1.00")], "payments_2")).status == 0
    assert lender.positions()["paid_minor"].to_list() == [262_100] and sum(amounts(lender).values()) == 262_100
    for verb in ("night", "replay"):
        assert arrears(verb, "--book", lender.book, "--as-of", AS_OF).status == 0
    parts = (lender.book / "nights" / str(AS_OF) / "positions").glob("p*.parquet")
    assert pl.concat(map(pl.read_parquet, parts))["paid_minor"].to_list() == [262_100]


def test_the_first_load_counts_from_ever_and_a_later_one_from_the_moment_it_was_published(lender):
    lender.ingest(lender.write("loans", [loan_row(4)], "loans_2"), lender.write("instalments", schedule_rows(4), "instalments_2"))
    ledger = store.read_ledger(store.book_at(lender.book))
    at = in_force(lender, "loans").select("loan_id", pl.col("recorded_at").dt.epoch("us")).sort("loan_id").rows()
    assert at == [("L1", None), ("L2", None), ("L3", None), ("L4", ledger.loads[1]["moment"])]
    out = lender.book.parent / "then.parquet"
    before = ledger.loads[1]["at"][:19] + "Z"  # that second had begun before the load
    assert arrears("positions", "--book", lender.book, "--as-of", AS_OF, "--known-at", before, "--out", out).status == 0
    assert pl.read_parquet(out)["loan_id"].to_list() == ["L1", "L2", "L3"]


def test_each_version_of_a_schedule_in_a_load_is_held_against_the_book_by_itself(tmp_path):
    mapping = BEARING.replace("        fee_minor: {constant: 0}\n" + ALL_AT_ONCE, "        fee_minor: {constant: 0}\n        recorded_at: 登记\n")
    lender = Lender(tmp_path, mapping)
    lender.write_loans(1)
    (lender.files / "payments.csv").unlink()

    def schedule(name: str, *versions: tuple[str, str]):
        lines = [",".join([*row[:4], interest, at]) for interest, at in versions for row in schedule_rows(1)]
        path = lender.files / f"{name}.csv"
        path.write_text("借据号,期数,到期日,本金,利息,登记\n" + "\n".join(lines) + "\n", encoding="utf-8")
        return path

    schedule("instalments", ("120.00", "2026-01-05"))
    assert lender.ingest().status == 0
    ran = lender.ingest(schedule("instalments_2", ("120.00", "2026-01-06"), ("99.00", "2026-01-07")))
    assert "instalments: new 0, changed 4, unchanged 4" in ran.out, ran.out + ran.error
    assert in_force(lender, "instalments")["interest_minor"].to_list() == [9_900] * 4


@pytest.mark.parametrize("name", ["other/../[b]ook", "./book", "it's [a] *book?"])
def test_a_book_is_read_whole_however_its_folder_is_named(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other").mkdir()
    lender = Lender(tmp_path)
    lender.book = Path(name)
    lender.write_loans(3)
    lender.ingest()
    lender.ingest(lender.write("payments", [payment_row("P4", 1)], "payments_2"))
    again = [payment_row(f"P{number}", number if number < 4 else 1) for number in (1, 2, 3, 4)]
    ran = lender.ingest(lender.write("payments", again, "payments_3"))
    assert "unchanged 4" in ran.out and len(in_force(lender)) == 4, ran.out + ran.error


def test_a_schedule_whose_rows_are_of_several_moments_is_what_the_last_moment_says_and_waits_where_that_is_too_little(tmp_path):
    mapping = BEARING.replace("        fee_minor: {constant: 0}\n" + ALL_AT_ONCE, "        fee_minor: {constant: 0}\n        recorded_at: 登记\n")
    lender = Lender(tmp_path, mapping)
    lender.write_loans(2)
    (lender.files / "payments.csv").unlink()
    whole = [row + ["2026-01-06"] for row in schedule_rows(2, "10000.00", [3])] + [row + ["2026-01-05"] for row in schedule_rows(2)[1:]]
    late = [row + [f"2026-01-0{place}"] for place, row in enumerate(schedule_rows(1), 2)]
    lines = ["借据号,期数,到期日,本金,利息,登记", *(",".join(row) for row in [*late, *whole])]
    (lender.files / "instalments.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    ran = lender.ingest(words=("--threshold", "100%"))
    assert "schedule_sum" in ran.out, ran.out + ran.error
    assert in_force(lender, "instalments").select("loan_id", "number", "principal_minor").rows() == [("L2", 1, 1_000_000)]
    assert in_force(lender, "loans")["loan_id"].to_list() == ["L2"]
    assert arrears("night", "--book", lender.book, "--as-of", AS_OF).status == 0


@pytest.mark.parametrize("later", [{"recorded_at": None}, {}], ids=["one moment", "a later moment"])
def test_of_a_plain_schedule_the_book_tells_the_rows_of_its_last_moment(tmp_path, later):
    first = [{**row, "recorded_at": None} for row in plain.schedule("L1")]
    second = {**first[-1], "number": 5, "recorded_at": datetime(2026, 3, 1, tzinfo=UTC), **later}
    book = plain.write_rows(tmp_path / "book", {"instalments": [*first, second]})
    rows = rows_in_force(store.book_at(book))["instalments"].collect()
    assert sorted(rows["number"]) == ([1, 2, 3, 4, 5] if later else [5])


def test_of_many_corrections_of_one_row_each_replaces_the_one_before(lender):
    for number in range(1, 11):
        ran = lender.ingest(lender.write("payments", [payment_row("P1", 1, amount=f"{number % 2 + 1}.00")], f"payments_{number}"), words=("--mode", "correction"))
        assert "changed 1" in ran.out, f"correction {number}: {ran.out}{ran.error}"
        assert amounts(lender)["P1"] == 100 * (number % 2 + 1)
