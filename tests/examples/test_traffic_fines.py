"""The worked example on police fines: nothing is lost on the way, and nothing is demanded that is not owed."""

import gzip
import importlib.util
import json
import os
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "traffic_fines"
SHARED = Path(os.environ.get("ARREARS_SHARED", ROOT.parent / "shared"))
LOG = SHARED / "data" / "traffic_fines_10k" / "traffic_fines.parquet"

sys.path.insert(0, str(EXAMPLE))

import traffic_book  # noqa: E402
import traffic_departures  # noqa: E402
import traffic_log  # noqa: E402
import traffic_reconciliation as reconciliation  # noqa: E402

from plain_books import arrears  # noqa: E402

YEAR_ENDS = [date(year, 12, 31) for year in range(2006, 2013)]

with_log = pytest.mark.skipif(not LOG.exists(), reason=f"the sample of the police-fine log is absent: {LOG}")


def loaded(name: str):
    """A script of the example under a name of its own, since both examples have scripts called the same."""
    spec = importlib.util.spec_from_file_location(f"traffic_fines_{name}", EXAMPLE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def events() -> pl.DataFrame:
    return traffic_log.read_events(LOG)


@pytest.fixture(scope="module")
def book(events) -> dict[str, pl.DataFrame]:
    return traffic_book.book_of(events)


def log_of(*rows: tuple) -> pl.DataFrame:
    """Events out of (case, activity, day, {column: value})."""
    full = [
        {"case_id": case, "sequence": place, "activity": activity, "happened_on": date.fromisoformat(day)} | values
        for place, (case, activity, day, values) in enumerate(rows)
    ]
    return pl.DataFrame(full, schema=traffic_log.EVENTS)


def visible_schedule(book: dict[str, pl.DataFrame], as_of: date) -> dict[str, list[tuple]]:
    moment = reconciliation.known_at(as_of)
    rows = reconciliation.visible(book["instalments"], ["loan_id"], moment).sort("loan_id", "number")
    found = defaultdict(list)
    for row in rows.iter_rows(named=True):
        found[row["loan_id"]].append((row["number"], row["due_on"], row["principal_minor"], row["fee_minor"]))
    return found


def twin_schedule(case: list[dict], as_of: date) -> list[tuple] | None:
    """The schedule of one case on one night, told event by event in plain Python; None before the fine exists."""
    seen = [event for event in case if event["happened_on"] <= as_of]
    if not seen:
        return None
    fine = expenses = penalty = paid = 0
    sent_on = notified_on = penalised_on = fine_paid_on = expenses_paid_on = None
    is_dismissed = False
    for day in sorted({event["happened_on"] for event in seen}):
        for event in (event for event in seen if event["happened_on"] == day):
            match event["activity"]:
                case "Create Fine":
                    fine = event["amount_minor"]
                case "Send Fine":
                    expenses, sent_on = expenses + event["expense_minor"], day
                case "Insert Fine Notification":
                    notified_on = day
                case "Add penalty":
                    penalty, penalised_on = event["amount_minor"] - fine, day
                case "Payment":
                    paid += event["paid_minor"]
            is_dismissed = is_dismissed or event["dismissal"] in ("#", "G")
        if paid >= fine + expenses:
            fine_paid_on = fine_paid_on or day
            if sent_on:
                expenses_paid_on = expenses_paid_on or day
    lapse_on = (sent_on or seen[0]["happened_on"]) + timedelta(days=360)
    is_lapsed = not is_dismissed and not notified_on and not penalised_on and as_of >= lapse_on
    if notified_on:
        term_ends_on = notified_on + timedelta(days=60)
    else:
        term_ends_on = lapse_on if is_lapsed else lapse_on + timedelta(days=60)
    if is_dismissed:
        fine = expenses = penalty = 0
    if is_lapsed:
        fine = min(fine, paid)
        expenses = min(expenses, paid - fine)
    rows = [(1, min(term_ends_on, fine_paid_on or term_ends_on), fine, 0)]
    if sent_on:
        rows.append((2, min(term_ends_on, expenses_paid_on or term_ends_on), 0, expenses))
    if penalised_on:
        rows.append((3, penalised_on, 0, penalty))
    return rows


@with_log
def test_the_log_and_the_book_agree_to_the_cent_at_every_year_end(events, book):
    sums = [reconciliation.reconcile_book(events, book, as_of) for as_of in YEAR_ENDS]
    rows = events.to_dicts()
    for as_of, found in zip(YEAR_ENDS, sums, strict=True):
        seen = [row for row in rows if row["happened_on"] <= as_of]
        fines = {row["case_id"]: row["amount_minor"] for row in seen if row["activity"] == "Create Fine"}
        raised = {row["case_id"]: row["amount_minor"] for row in seen if row["activity"] == "Add penalty"}
        assert found["fines"] == len(fines)
        assert found["fine_minor"] == sum(fines.values())
        assert found["expense_minor"] == sum(row["expense_minor"] or 0 for row in seen)
        assert found["penalty_minor"] == sum(amount - fines[case] for case, amount in raised.items())
        assert found["paid_minor"] == sum(row["paid_minor"] or 0 for row in seen)
    # The figures the example's README prints.
    assert sums[-1] == {
        "fines": 10_000, "fine_minor": 34_558_000, "expense_minor": 8_663_210, "penalty_minor": 16_728_750,
        "dismissed_minor": 1_194_680, "lapsed_minor": 8_971_550, "owed_minor": 49_783_730, "paid_minor": 21_044_690,
    }


@with_log
@pytest.mark.parametrize("as_of", [date(2007, 6, 30), *YEAR_ENDS], ids=str)
def test_a_slower_reading_event_by_event_gives_the_same_schedules(events, book, as_of):
    cases = defaultdict(list)
    for event in events.iter_rows(named=True):
        cases[event["case_id"]].append(event)
    told = {case: twin_schedule(rows, as_of) for case, rows in cases.items()}
    assert visible_schedule(book, as_of) == {case: rows for case, rows in told.items() if rows is not None}


@with_log
def test_nothing_falls_due_before_somebody_was_notified_or_had_paid(events, book):
    for as_of in YEAR_ENDS:
        seen = events.filter(pl.col("happened_on") <= as_of)
        known = set(seen.filter(pl.col("activity").is_in(["Insert Fine Notification", "Payment"]))["case_id"])
        for loan_id, rows in visible_schedule(book, as_of).items():
            if loan_id not in known:
                assert not any(principal or fee for _, due_on, principal, fee in rows if due_on <= as_of), loan_id


@with_log
def test_a_dismissed_fine_is_owed_nothing_from_the_day_of_its_dismissal(events, book):
    coded = events.filter(pl.col("dismissal").is_in(["#", "G"]))
    dismissed = coded.group_by("case_id").agg(pl.col("happened_on").min())
    assert dismissed.height == 140
    for case, day in dismissed.iter_rows():
        own = {"instalments": book["instalments"].filter(pl.col("loan_id") == case)}
        assert all(principal == fee == 0 for _, _, principal, fee in visible_schedule(own, day)[case])
        before = visible_schedule(own, day - timedelta(days=1))[case]
        assert any(principal or fee for _, _, principal, fee in before)


@with_log
def test_every_row_is_recorded_on_the_day_on_which_it_became_known(events, book):
    assert (book["payments"]["recorded_at"].dt.date() == book["payments"]["paid_on"]).all()
    for name in ("loans", "instalments"):
        days = book[name].select("loan_id", day=pl.col("recorded_at").dt.date()).unique()
        own = events.select(loan_id="case_id", day="happened_on").unique()
        lapse = events.filter(pl.col("activity").is_in(["Create Fine", "Send Fine"])).select(
            loan_id="case_id", day=pl.col("happened_on") + timedelta(days=360)
        )
        assert days.join(pl.concat([own, lapse]), on=["loan_id", "day"], how="anti").is_empty()


@with_log
def test_holds_begin_with_the_appeal_and_end_with_its_result(events, book):
    holds = book["holds"]
    assert holds.select("hold_id", "recorded_at").is_unique().all()
    lifted = holds.filter(pl.col("lifted_on").is_not_null())
    assert (lifted["lifted_on"] > lifted["placed_on"]).all()
    assert (lifted["recorded_at"].dt.date() == lifted["lifted_on"]).all()
    appealed = events.filter(pl.col("activity") == "Insert Date Appeal to Prefecture")["case_id"]
    assert set(appealed) <= set(holds.filter(pl.col("kind") == "dispute")["loan_id"])
    last = reconciliation.visible(holds, ["hold_id"], datetime(2100, 1, 1, tzinfo=UTC))
    a12414 = last.filter(pl.col("loan_id") == "A12414")
    assert a12414.select("placed_on", "lifted_on").rows() == [(date(2007, 10, 22), date(2007, 12, 21))]


@with_log
@pytest.mark.parametrize("table,column", [("payments", "amount_minor"), ("instalments", "fee_minor")])
def test_a_book_that_is_a_cent_off_is_refused(events, book, table, column):
    off = book[table].with_row_index().with_columns(
        (pl.col(column) + (pl.col("index") == book[table].height - 1).cast(pl.Int64)).alias(column)
    )
    with pytest.raises(reconciliation.NotReconciled, match="by -1 cents"):
        reconciliation.reconcile_book(events, book | {table: off.drop("index")}, YEAR_ENDS[-1])


@with_log
def test_positions_that_are_a_cent_off_are_refused(book):
    as_of = YEAR_ENDS[-1]
    held = reconciliation.book_cases(book, as_of)
    fallen, paid = pl.col("fallen_due_minor"), pl.col("paid_minor")
    right = held.select(
        "loan_id",
        "paid_minor",
        due_total_minor=pl.max_horizontal(fallen - paid, 0),
        claimable_minor=pl.max_horizontal(fallen - paid, 0),
        unallocated_minor=pl.max_horizontal(paid - fallen, 0),
    )
    assert reconciliation.reconcile_positions(book, right, as_of)["due_minor"] == 28_874_220
    with pytest.raises(reconciliation.NotReconciled, match="claimable"):
        wrong = right.with_columns(claimable_minor=pl.col("claimable_minor") + 1)
        reconciliation.reconcile_positions(book, wrong, as_of)
    with pytest.raises(reconciliation.NotReconciled, match="differ in 1 cases"):
        reconciliation.reconcile_positions(book, right.tail(-1), as_of)


@with_log
def test_what_is_left_to_pay_is_explained_by_its_departures(events):
    found = traffic_departures.departures(events)
    amounts = dict(found.select("departure", "amount_minor").iter_rows())
    cases = dict(found.select("departure", "cases").iter_rows())
    left = [
        "sent to credit collection", "left to pay after a rejected appeal, not handed over",
        "left to pay after part payment, not handed over", "nothing paid, not handed over",
    ]
    assert sum(amounts[name] for name in left) == 28_874_220
    assert sum(cases[name] for name in left) == 3_609
    assert amounts["never notified: lapsed"] == 8_971_550
    assert amounts["paid more than was asked"] == 135_180
    assert cases["payment before the fine"] == cases["payment after credit collection"] == 0


@with_log
def test_the_readme_prints_what_comes_out(events, book):
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    for row in traffic_departures.departures(events).iter_rows(named=True):
        euros = reconciliation.euros(row["amount_minor"])
        assert f"| {row['departure']} | {row['cases']:,} | {euros} | {row['treatment']} |" in readme
    nights = [reconciliation.reconcile_book(events, book, as_of) for as_of in YEAR_ENDS]
    for name, words in loaded("run").LINES.items():
        if name in nights[0]:
            line = f"| {words} |" + "".join(f" {reconciliation.euros(night[name])} |" for night in nights)
            assert line in readme


@with_log
def test_the_night_of_a_year_end_agrees_with_the_book_to_the_cent(events, book, tmp_path):
    traffic_book.write_book(book, tmp_path)
    as_of = date(2009, 12, 31)
    run = loaded("run")
    run.with_roster(tmp_path)
    positions, worklist = run.night_of(tmp_path, as_of)
    sums = reconciliation.reconcile_positions(book, positions, as_of)
    assert sums == {
        "settled_minor": 20_813_710, "due_minor": 28_975_720, "not_due_minor": 37_860, "unallocated_minor": 91_080,
    }
    dismissed = reconciliation.source_cases(events, as_of).filter(pl.col("is_dismissed") | pl.col("is_lapsed"))
    assert positions.filter(pl.col("loan_id").is_in(dismissed["case_id"].implode()))["claimable_minor"].sum() == 0
    assert run.treated(events, worklist, as_of)["treatments"] == {
        "hand_over": 425, "letter": 12, "leave_alone": 3_133, "hold": 53,
    }
    disputed = worklist.filter(pl.col("rule") == "held")["loan_id"]
    open_holds = reconciliation.visible(book["holds"], ["hold_id"], reconciliation.known_at(as_of)).filter(
        pl.col("lifted_on").is_null() | (pl.col("lifted_on") > as_of)
    )
    late = positions.filter(pl.col("days_past_due") > 0)["loan_id"]
    assert set(disputed) == set(late) & set(open_holds["loan_id"])


@with_log
def test_a_night_proposes_screens_chooses_within_the_clerks_minutes_and_gives_the_cases(events, book, tmp_path):
    traffic_book.write_book(book, tmp_path)
    as_of, run = date(2007, 12, 31), loaded("run")
    run.with_roster(tmp_path)
    _, worklist = run.night_of(tmp_path, as_of)
    told = run.treated(events, worklist, as_of) | run.shared_out(tmp_path, as_of)
    column = [row.split("|")[1:-1][2].strip() for row in (EXAMPLE / "README.md").read_text(encoding="utf-8").split("| treatment of the late |")[1].split("\n\nThe treatments")[0].splitlines() if row.startswith("| ") and not row.startswith("| cases")]
    cases = told["cases"]
    assert column == [f"{count:,}" for count in (*told["treatments"].values(), told["unwritten"], told["handed_over_later"], *(cases[name] for name in sorted(cases)), told["review"])] + [
        reconciliation.euros(told["hour_minor"])]
    # three clerks of 420 minutes write a letter in 3, and every clerk has the letters of the others
    assert told["treatments"]["letter"] == 3 * 420 // 3 and {cases[name] for name in ("rossi", "bianchi", "ferrari")} == {140}
    assert cases["north"] + cases["south"] == told["treatments"]["hand_over"]
    # of people alike in how late they are, no letter goes to the smaller sum while a greater one waits
    late = worklist.filter(pl.col("rule") == "late")
    assert set(late["verdict"].drop_nulls()) == {"review"} and set(late["chosen_by"]) == {"limits"}
    for (bucket,), rows in late.group_by("bucket"):
        sums = {name: rows.filter(pl.col("treatment") == name)["claimable_minor"] for name in ("letter", "leave_alone")}
        assert (sums["letter"].min() or 10**9) >= (sums["leave_alone"].max() or 0), bucket
    # what the last letter brings over its stamp is the price of its three minutes, and there are 20 of them in an hour
    share = {"M1": 80 * 50, "M2": 92 * 40, "M3": 96 * 30, "M4": 97 * 25}
    worth = late.with_columns(brings=(pl.col("claimable_minor") * pl.col("bucket").replace_strict(share, return_dtype=pl.Int64) / 100_000) - 80)
    first_left = worth.filter(pl.col("treatment") == "leave_alone")["brings"].max()
    assert abs(told["hour_minor"] - 20 * first_left) <= 60


@with_log
def test_a_roster_of_the_city_is_not_replaced(tmp_path):
    run = loaded("run")
    (tmp_path / "roster.yaml").write_text("teams: []\ncollectors: []\n", encoding="utf-8")
    run.with_roster(tmp_path)
    assert (tmp_path / "roster.yaml").read_text(encoding="utf-8") == "teams: []\ncollectors: []\n"


def positions_of(book: Path, as_of: date, out: Path) -> pl.DataFrame:
    """The positions of a night that knew only what was recorded by its own end."""
    words = ("--as-of", as_of, "--known-at", reconciliation.known_at(as_of).isoformat(), "--out", out)
    ran = arrears("positions", "--book", book, *words)
    assert ran.status == 0, ran.error
    return pl.read_parquet(out)


@with_log
def test_the_book_through_ingest_has_the_same_positions_to_the_cent(events, book, tmp_path):
    plain, ingested = tmp_path / "plain", tmp_path / "ingested"
    traffic_book.write_book(book, plain)
    assert loaded("prepare").main(["--log", str(LOG), "--out", str(tmp_path / "files")]) == 0
    ran = arrears("ingest", tmp_path / "files", "--mapping", EXAMPLE / "mapping.yaml", "--book", ingested, "--lang", "en")
    assert ran.status == 0, ran.error
    assert ran.out.partition("What the book holds")[0].strip() in (EXAMPLE / "README.md").read_text(encoding="utf-8")
    for as_of in YEAR_ENDS:
        found = positions_of(ingested, as_of, tmp_path / "ingested.parquet")
        assert found.equals(positions_of(plain, as_of, tmp_path / "plain.parquet")), as_of
        paid = events.filter((pl.col("activity") == "Payment") & (pl.col("happened_on") <= as_of))["paid_minor"].sum()
        assert found["paid_minor"].sum() == paid
    holds = json.loads(arrears("book", ingested, "--json").out)["tables"]["holds"]
    assert holds["rows"] == book["holds"]["hold_id"].n_unique()


def test_a_fine_sent_after_it_lapsed_is_owed_again_and_due_when_notified():
    events = log_of(
        ("A1", "Create Fine", "2007-01-01", {"amount_minor": 3600, "dismissal": "NIL"}),
        ("A1", "Send Fine", "2008-02-01", {"expense_minor": 1300}),
        ("A1", "Insert Fine Notification", "2008-02-20", {}),
    )
    book = traffic_book.book_of(events)
    assert visible_schedule(book, date(2007, 12, 26))["A1"] == [(1, date(2008, 2, 25), 3600, 0)]
    assert visible_schedule(book, date(2007, 12, 27))["A1"] == [(1, date(2007, 12, 27), 0, 0)]
    assert visible_schedule(book, date(2008, 2, 1))["A1"] == [
        (1, date(2009, 3, 27), 3600, 0), (2, date(2009, 3, 27), 0, 1300),
    ]
    assert visible_schedule(book, date(2008, 2, 20))["A1"] == [
        (1, date(2008, 4, 20), 3600, 0), (2, date(2008, 4, 20), 0, 1300),
    ]


def test_a_case_that_is_no_debt_is_left_out_with_its_reason():
    events = log_of(
        ("A1", "Send Fine", "2007-01-01", {"expense_minor": 1300}),
        ("A2", "Create Fine", "2007-01-01", {"amount_minor": 3600, "dismissal": "NIL"}),
        ("A2", "Add penalty", "2007-05-01", {"amount_minor": 3000}),
        ("A3", "Create Fine", "2007-01-01", {"amount_minor": 3600, "dismissal": "NIL"}),
        ("A3", "Payment", "2007-02-01", {"paid_minor": 0}),
        ("A4", "Create Fine", "2007-01-01", {"amount_minor": 3600, "dismissal": "NIL"}),
    )
    assert traffic_book.quarantine_of(events).select("case_id", "reason").rows() == [
        ("A1", "not exactly one Create Fine"), ("A2", "Add penalty lowers the amount"),
        ("A3", "a payment that is not positive"),
    ]
    assert traffic_departures.departures(events)["cases"][0] == 3
    assert traffic_book.kept(events)["case_id"].unique().to_list() == ["A4"]


XES = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <global scope="trace"><string key="concept:name" value="name"/></global>
  <trace>
    <string key="concept:name" value="A1"/>
    <event>
      <float key="amount" value="35.0"/><string key="org:resource" value="561"/>
      <string key="dismissal" value="NIL"/><string key="concept:name" value="Create Fine"/>
      <string key="vehicleClass" value="A"/><float key="totalPaymentAmount" value="0.0"/>
      <string key="lifecycle:transition" value="complete"/>
      <date key="time:timestamp" value="2006-07-24T00:00:00.000+02:00"/><int key="article" value="157"/>
    </event>
    <event>
      <string key="concept:name" value="Send Fine"/><float key="expense" value="16.6"/>
      <date key="time:timestamp" value="2006-12-05T00:00:00.000+01:00"/>
    </event>
    <event>
      <string key="concept:name" value="Payment"/><float key="paymentAmount" value="51.6"/>
      <float key="totalPaymentAmount" value="51.6"/>
      <date key="time:timestamp" value="2007-01-02T00:00:00.000+01:00"/>
    </event>
  </trace>
  <trace>
    <string key="concept:name" value="A2"/>
    <event>
      <float key="amount" value="21.0"/><string key="dismissal" value="NIL"/>
      <string key="concept:name" value="Create Fine"/>
      <date key="time:timestamp" value="2007-03-25T00:00:00.000+01:00"/>
    </event>
  </trace>
</log>
"""


def test_a_log_reads_the_same_as_xes_as_packed_xes_and_as_csv(tmp_path):
    (tmp_path / "log.xes").write_text(XES)
    (tmp_path / "log.xes.gz").write_bytes(gzip.compress(XES.encode()))
    (tmp_path / "log.csv").write_text(
        "case_id,activity,date,amount,expense,payment_eur,totalpaymentamount,dismissal,article,vehicleclass\n"
        "A1,Create Fine,2006-07-24,35.0,,,0.0,NIL,157,A\n"
        "A1,Send Fine,2006-12-05,,16.6,,,,,\n"
        "A1,Payment,2007-01-02,,,51.6,51.6,,,\n"
        "A2,Create Fine,2007-03-25,21.0,,,,NIL,,\n"
    )
    xes = traffic_log.read_events(tmp_path / "log.xes")
    assert xes["happened_on"].to_list() == [
        date(2006, 7, 24), date(2006, 12, 5), date(2007, 1, 2), date(2007, 3, 25),
    ]
    assert xes["expense_minor"].to_list() == [None, 1660, None, None]
    assert xes["paid_minor"].to_list() == [None, None, 5160, None]
    assert xes.equals(traffic_log.read_events(tmp_path / "log.xes.gz"))
    assert xes.equals(traffic_log.read_events(tmp_path / "log.csv"))


def test_an_amount_of_half_a_cent_is_refused(tmp_path):
    (tmp_path / "log.xes").write_text(XES.replace('"16.6"', '"16.605"'))
    with pytest.raises(traffic_log.LogUnreadable, match="no whole number of cents"):
        traffic_log.read_events(tmp_path / "log.xes")


def test_an_activity_nobody_knows_is_refused(tmp_path):
    (tmp_path / "log.xes").write_text(XES.replace("Send Fine", "Tow Away"))
    with pytest.raises(traffic_log.LogUnreadable, match="Tow Away"):
        traffic_log.read_events(tmp_path / "log.xes")


def test_an_absent_log_ends_with_status_2_and_says_where_to_get_it(tmp_path):
    command = [sys.executable, str(EXAMPLE / "make_book.py"), "--log", str(tmp_path / "no.xes"), "--out", str(tmp_path)]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 2
    assert "10.4121/uuid:270fd440-1057-4fb9-89a9-b699b47990f5" in done.stderr
