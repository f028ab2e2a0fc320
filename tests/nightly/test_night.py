"""A night over a generated book: its tables add up with its positions, it is done once, and it can be replayed."""

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

import plain_books as plain
from arrears import store
from arrears.days import microseconds_of
from arrears.nightly.positions import write_positions
from arrears.strategy.reading import default_strategy_text, strategy_from
from arrears.tables import FACTS
from arrears.twin.book import TABLES, blocks
from plain_books import arrears

AS_OF = date(2026, 6, 30)
NIGHTS = (date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 29), AS_OF)
KNOWN_AT = "2026-07-01T02:00:00+08:00"
STATES = ("settled", "M0", "M1", "M2", "M3", "M4", "M5", "M6", "M6+")


def generated(folder: Path, loans: int, seed: int = 3) -> Path:
    made = list(blocks(loans, seed, AS_OF))
    frames = {name: pl.concat([block[name] for block in made]) for name in TABLES}
    held = frames["loans"].sort("loan_id")["loan_id"].unique(maintain_order=True)[::29]
    kinds, spans = FACTS["holds"].columns[2].one_of, ((-90, None), (0, None), (-9, 1), (-9, 0), (1, None))
    further = [
        {"hold_id": f"X{place}", "loan_id": loan_id, "kind": kinds[place % len(kinds)], "recorded_at": None,
         "placed_on": AS_OF + timedelta(days=spans[place % 5][0]),
         "lifted_on": None if spans[place % 5][1] is None else AS_OF + timedelta(days=spans[place % 5][1])}
        for place, loan_id in enumerate(held)
    ]
    frames["holds"] = pl.concat([frames["holds"], plain.frame_of("holds", further)])
    return plain.write_frames(folder, frames)


def night(book: Path, day: date, *more: object, known_at: str = KNOWN_AT) -> plain.Ran:
    return arrears("night", "--book", book, "--as-of", day, "--known-at", known_at, *more)


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Path:
    """Three thousand loans in several partitions, and four nights of them: two month ends, yesterday, tonight."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "LOANS_A_PARTITION", 500)
        book = generated(tmp_path_factory.mktemp("night") / "book", 3_000)
        for day in NIGHTS:
            ran = night(book, day)
            assert ran.status == 0, ran
    assert len(list((book / "nights" / str(AS_OF) / "positions").iterdir())) == 8
    return book


@pytest.fixture
def own(book, tmp_path) -> Path:
    """A copy of the book that a test may spoil."""
    return Path(shutil.copytree(book, tmp_path / "book", symlinks=True))


def folder(book: Path, day: date = AS_OF) -> Path:
    return book / "nights" / str(day)


def positions(book: Path, day: date = AS_OF) -> pl.DataFrame:
    parts = [pl.read_parquet(path) for path in sorted((folder(book, day) / "positions").glob("p*.parquet"))]
    done = (pl.col("outstanding_principal_minor") == 0) & (pl.col("due_total_minor") == 0) & pl.col("next_due_on").is_null()
    return pl.concat(parts).sort("loan_id").with_columns(
        state=pl.when(done).then(pl.lit("settled")).otherwise(pl.col("bucket"))
    )


def table(book: Path, name: str, day: date = AS_OF) -> pl.DataFrame:
    return pl.read_parquet(folder(book, day) / "tables" / f"{name}.parquet")


def summary(book: Path, day: date = AS_OF) -> dict:
    return json.loads((folder(book, day) / "summary.json").read_text("utf-8"))


def latest_loans(book: Path) -> pl.DataFrame:
    return pl.read_parquet(book / "loans.parquet").sort("recorded_at").unique("loan_id", keep="last").sort("loan_id")


def with_contracts(book: Path, day: date = AS_OF) -> pl.DataFrame:
    loans = latest_loans(book).select("loan_id", "borrower_id", "product", "currency", "disbursed_on", "principal_minor", "regime")
    return positions(book, day).join(loans, on="loan_id", how="left", maintain_order="left")


def same_rows(found: pl.DataFrame, expected: pl.DataFrame, keys: list[str]) -> None:
    columns = [name for name in expected.columns if name not in keys]
    left, right = found.select(*keys, *columns).sort(keys), expected.select(*keys, *columns).sort(keys)
    assert left.to_dicts() == right.to_dicts()


def test_the_nights_positions_are_those_of_the_positions_command(book, tmp_path):
    write_positions(book, AS_OF, microseconds_of(datetime.fromisoformat(KNOWN_AT)), tmp_path / "p.parquet")
    assert pl.read_parquet(tmp_path / "p.parquet").equals(positions(book).drop("state"))


def test_the_summary_adds_up_with_the_positions(book):
    rows, told = with_contracts(book), summary(book)
    assert told["loans"] == len(rows) > 2_500
    assert told["borrowers"] == rows["borrower_id"].n_unique()
    assert told["late_loans"] == (rows["days_past_due"] > 0).sum() > 100
    assert told["overpaid_loans"] == (rows["overpaid_charges_minor"] > 0).sum()
    assert set(told["currencies"]) == set(rows["currency"])
    for currency, sums in told["currencies"].items():
        mine = rows.filter(pl.col("currency") == currency)
        assert sums["loans"] == len(mine)
        for name, value in sums.items():
            if name.endswith("_minor"):
                assert value == sum(mine[name].to_list()), name
    unknown = rows.filter(~pl.col("cap_is_known"))
    assert sum(entry["loans"] for entry in told["cap_unknown"]) == len(unknown)
    assert told["earlier_nights"] == ["2026-05-31", "2026-06-29"]


def test_the_buckets_and_classes_are_counts_of_the_positions(book):
    rows = with_contracts(book)
    keys = ["currency", "product", "state"]
    sums = pl.col("outstanding_principal_minor", "due_total_minor", "claimable_minor", "excess_minor").sum()
    same_rows(table(book, "buckets"), rows.group_by(keys).agg(pl.len().alias("loans"), sums), keys)
    keys = ["currency", "asset_class"]
    open_loans = rows.filter(pl.col("state") != "settled")
    same_rows(table(book, "classes"), open_loans.group_by(keys).agg(
        pl.len().alias("loans"), pl.col("outstanding_principal_minor").sum()), keys)


def paired(book: Path, then: date) -> pl.DataFrame:
    before = positions(book, then).select(
        "loan_id", pl.col("state", "bucket", "days_past_due", "outstanding_principal_minor", "due_total_minor", "paid_minor")
        .name.prefix("then_"))
    return with_contracts(book).join(before, on="loan_id", how="left")


@pytest.mark.parametrize("then", [date(2026, 5, 31), date(2026, 6, 29)], ids=str)
def test_the_movements_are_the_pairs_of_two_nights_positions(book, then):
    keys = ["currency", "from_state", "to_state"]
    expected = paired(book, then).with_columns(
        from_state=pl.col("then_state").fill_null("new"), to_state=pl.col("state"),
        then_principal_minor=pl.col("then_outstanding_principal_minor").fill_null(0),
        now_principal_minor=pl.col("outstanding_principal_minor"),
    ).group_by(keys).agg(pl.len().alias("loans"), pl.col("then_principal_minor", "now_principal_minor").sum())
    found = table(book, "movements").filter(pl.col("from_as_of") == str(then))
    assert set(found["to_as_of"]) == {str(AS_OF)}
    same_rows(found, expected, keys)
    assert found["loans"].sum() == len(positions(book))


@pytest.mark.parametrize("then", [date(2026, 5, 31), date(2026, 6, 29)], ids=str)
def test_the_rolls_are_counted_from_the_pairs(book, then):
    rows = paired(book, then).filter(pl.col("then_state").is_in(STATES[1:]))
    found = table(book, "rolls").filter(pl.col("from_as_of") == str(then))
    assert set(found["from_bucket"]) == set(rows["then_state"])
    for roll in found.iter_rows(named=True):
        start = STATES.index(roll["from_bucket"])
        mine = rows.filter((pl.col("then_state") == roll["from_bucket"]) & (pl.col("currency") == roll["currency"]))
        ends = [STATES.index(state) for state in mine["state"]]
        worse = sum(end > start for end in ends)
        cured = sum(end <= 1 < start for end in ends)
        held = sum(end == start or (start == 1 and end == 0) for end in ends)
        assert (roll["loans"], roll["worsened_loans"], roll["cured_loans"], roll["held_loans"]) == (len(ends), worse, cured, held)
        assert roll["improved_loans"] == len(ends) - worse - cured - held
        assert roll["worsened_rate"] == worse / len(ends)
        assert roll["principal_minor"] == sum(mine["then_outstanding_principal_minor"])
        everyone = paired(book, then).filter(pl.col("currency") == roll["currency"])
        if start + 1 < len(STATES) and roll["principal_minor"] > 0:
            arrived = everyone.filter(pl.col("state") == STATES[start + 1])["outstanding_principal_minor"].sum()
            assert roll["flow_rate"] == arrived / roll["principal_minor"]
        else:
            assert roll["flow_rate"] is None


@pytest.mark.parametrize("then", [date(2026, 5, 31), date(2026, 6, 29)], ids=str)
def test_the_recovery_is_what_late_loans_paid_since(book, then):
    keys = ["currency", "from_bucket"]
    late = paired(book, then).filter(pl.col("then_days_past_due") > 0)
    expected = late.group_by("currency", pl.col("then_bucket").alias("from_bucket")).agg(
        pl.len().alias("loans"), pl.col("then_due_total_minor").sum().alias("entered_minor"),
        (pl.col("paid_minor") - pl.col("then_paid_minor")).sum().alias("collected_minor"),
        (pl.col("days_past_due") == 0).sum().alias("cured_loans"),
    ).with_columns(recovery_rate=pl.col("collected_minor") / pl.col("entered_minor"),
                   cure_rate=pl.col("cured_loans") / pl.col("loans"))
    same_rows(table(book, "recovery").filter(pl.col("from_as_of") == str(then)), expected, keys)


def test_first_payment_default_counts_first_instalments_by_their_age(book):
    """Only loans whose schedule never changed and whose grace is over, so that the days can be counted from outside."""
    found = table(book, "first_payment_default")
    assert set(found["over_days"]) == {1, 7, 30}
    schedules = pl.read_parquet(book / "instalments.parquet")
    latest = schedules.filter(pl.col("recorded_at") == pl.col("recorded_at").max().over("loan_id"))
    first = latest.sort("due_on", "number").group_by("loan_id", maintain_order=True).agg(pl.col("due_on").first().alias("first_due_on"))
    rows = with_contracts(book).join(first, on="loan_id")
    accelerated = pl.read_parquet(book / "adjustments.parquet").filter(pl.col("kind") == "accelerate")["loan_id"]
    plainly = rows.filter(~pl.col("loan_id").is_in(accelerated.implode()))
    for over in (1, 7, 30):
        matured = plainly.filter(pl.col("first_due_on") < AS_OF - timedelta(days=over))
        mine = found.filter(pl.col("over_days") == over)
        assert 0 <= mine["matured_loans"].sum() - len(matured) <= len(accelerated)
        still = matured.filter((pl.col("oldest_due_on") == pl.col("first_due_on")) & (pl.col("days_past_due") > over))
        assert mine["late_loans"].sum() >= len(still) > 0
        assert (mine["rate"] == mine["late_loans"] / mine["matured_loans"]).all()


def test_the_vintage_of_tonight_and_of_the_month_ends_before(book):
    found = table(book, "vintage")
    assert sorted(set(found["as_of"])) == ["2026-04-30", "2026-05-31", "2026-06-30"]
    for day in (date(2026, 4, 30), date(2026, 5, 31), AS_OF):
        rows = with_contracts(book, day).with_columns(disbursed_month=pl.col("disbursed_on").dt.strftime("%Y-%m"))
        keys = ["currency", "disbursed_month"]
        late = [
            pl.col("outstanding_principal_minor").filter(pl.col("days_past_due") >= days).sum().alias(f"late{days}_principal_minor")
            for days in (30, 60, 90)
        ]
        expected = rows.group_by(keys).agg(pl.len().alias("loans"), pl.col("principal_minor").sum().alias("disbursed_minor"), *late)
        mine = found.filter(pl.col("as_of") == str(day))
        same_rows(mine, expected, keys)
        for row in mine.iter_rows(named=True):
            year, month = map(int, row["disbursed_month"].split("-"))
            assert row["months_on_book"] == (day.year - year) * 12 + day.month - month


def test_everyone_late_is_on_the_worklist_once_and_in_the_stated_order(book):
    rows = with_contracts(book).filter(pl.col("days_past_due") > 0)
    found = pl.read_parquet(folder(book) / "worklist.parquet")
    entries = rows.group_by("borrower_id", "currency").agg(pl.col("claimable_minor").sum(), pl.len().alias("late_loans"))
    same_rows(found, entries, ["borrower_id", "currency"])
    assert found["rank"].to_list() == list(range(1, len(found) + 1))
    treatments = strategy_from(default_strategy_text()).names
    order = [
        (treatments.index(row["treatment"]), -row["claimable_minor"], -row["days_past_due"], row["borrower_id"], row["currency"])
        for row in found.iter_rows(named=True)
    ]
    assert order == sorted(order)
    assert summary(book)["worklist_rows"] == len(found)
    assert summary(book)["treatments"] == dict(found.group_by("treatment").len().sort("treatment").iter_rows())


def test_whoever_is_held_tonight_is_on_hold_with_all_their_loans_and_nobody_else_is(book):
    holds = pl.read_parquet(book / "holds.parquet").sort("recorded_at").unique("hold_id", keep="last")
    standing = holds.filter((pl.col("placed_on") <= AS_OF) & (pl.col("lifted_on").is_null() | (pl.col("lifted_on") > AS_OF)))
    assert len(standing) > 50
    held = set(latest_loans(book).filter(pl.col("loan_id").is_in(standing["loan_id"].implode()))["borrower_id"])
    found = pl.read_parquet(folder(book) / "worklist.parquet")
    assert set(found.filter(pl.col("treatment") == "hold")["borrower_id"]) == held & set(found["borrower_id"]) != set()
    late = with_contracts(book).filter((pl.col("days_past_due") > 0) & pl.col("borrower_id").is_in(list(held)))
    assert summary(book)["held_loans"] == len(late)


def test_the_summary_is_printed_as_json_and_as_sentences(book):
    ran = night(book, AS_OF, "--json")
    assert (ran.status, json.loads(ran.out)) == (0, summary(book))
    assert f"{summary(book)['loans']:,} loans" in night(book, AS_OF, "--lang", "en").out
    assert f"贷款 {summary(book)['loans']:,} 笔" in night(book, AS_OF, "--lang", "zh").out


def test_a_second_run_says_the_same_and_writes_nothing(own):
    first = night(own, AS_OF)
    before = {name: (own / name).stat().st_mtime_ns for name in plain.files_of(own) if not name.endswith(".lock")}
    second = arrears("night", "--book", own, "--as-of", AS_OF)
    assert (first.status, first.out) == (second.status, second.out) and first.status == 0
    after = {name: (own / name).stat().st_mtime_ns for name in plain.files_of(own) if not name.endswith(".lock")}
    assert after == before


def test_a_finished_night_is_not_done_on_other_inputs_unless_asked_and_then_the_old_one_is_kept(own):
    then = plain.files_of(folder(own))
    later = night(own, AS_OF, known_at="2026-07-02T02:00:00+08:00")
    assert later.status == 2 and "known_at" in later.error and "--again" in later.error
    assert plain.files_of(folder(own)) == then
    assert night(own, AS_OF, "--again", known_at="2026-07-02T02:00:00+08:00").status == 0
    assert plain.files_of(own / "nights" / "superseded" / f"{AS_OF}.1") == then
    assert summary(own)["known_at"].startswith("2026-07-01T18:00")
    assert night(own, AS_OF, "--again").status == 0
    assert (own / "nights" / "superseded" / f"{AS_OF}.2").is_dir()
    assert plain.files_of(folder(own)) == then, "the same inputs once more are the same bytes"
    assert not list((own / "nights").glob(".*"))


def test_another_strategy_decides_otherwise_and_is_kept_with_the_night(own, tmp_path):
    text = default_strategy_text().replace("treatment: remind_sms", "treatment: call").replace("call, remind_sms, leave_alone", "call, leave_alone").replace("agency, remind_sms", "agency")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    refused = night(own, AS_OF, "--strategy", tmp_path / "mine.yaml")
    assert refused.status == 2 and "strategy" in refused.error
    assert night(own, AS_OF, "--strategy", tmp_path / "mine.yaml", "--again").status == 0
    assert "remind_sms" not in summary(own)["treatments"]
    (tmp_path / "mine.yaml").unlink()
    assert arrears("replay", "--book", own, "--as-of", AS_OF).status == 0, "a replay reads what the night kept"


@pytest.mark.parametrize("old,new,said", [
    ("treatment: legal_review", "treatment: helicopter", ("last", "helicopter")),
    ("choose: [visit, call_senior]", "choose: [visit, helicopter]", ("middle_firm", "helicopter")),
    ('claimable: "<1000"', 'claimable: "1000"', ("trifle", "claimable", "<N")),
    ("when: {bucket: M6+}", "when: {bukket: M6+}", ("last", "bukket", "bucket")),
    ("otherwise:\n  name: otherwise\n", "otherwise:\n", ("otherwise", "missing name")),
    ("id: default", "id: default\nid: other", ("line 6", "twice")),
])
def test_a_bad_strategy_is_refused_naming_file_and_row(own, tmp_path, old, new, said):
    assert old in default_strategy_text()
    (tmp_path / "mine.yaml").write_text(default_strategy_text().replace(old, new, 1), encoding="utf-8")
    before = plain.files_of(own / "nights")
    ran = night(own, AS_OF, "--strategy", tmp_path / "mine.yaml", "--again")
    assert ran.status == 2
    for word in ("mine.yaml", *said):
        assert word in ran.error, (word, ran.error)
    assert plain.files_of(own / "nights") == before


def test_a_replay_gives_the_same_bytes_and_leaves_nothing(own):
    before = plain.files_of(own / "nights")
    for day in NIGHTS:
        ran = arrears("replay", "--book", own, "--as-of", day)
        assert ran.status == 0 and "the same bytes" in ran.out, ran
    assert plain.files_of(own / "nights") == before


def test_a_replay_finds_a_changed_figure_and_names_it(own):
    path = folder(own) / "positions" / "p0003.parquet"
    rows = pl.read_parquet(path)
    loan_id, was = rows["loan_id"][7], rows["claimable_minor"][7]
    changed = pl.when(pl.col("loan_id") == loan_id).then(was + 1).otherwise(pl.col("claimable_minor")).alias("claimable_minor")
    store.write_parquet(path, rows.with_columns(changed))
    ran = arrears("replay", "--book", own, "--as-of", AS_OF)
    assert ran.status == 1
    for word in ("p0003.parquet", "row 8", loan_id, "claimable_minor", f"{was + 1} then", f"{was} now"):
        assert word in ran.out, (word, ran.out)


def test_a_replay_finds_a_payment_that_was_changed_behind_its_back(own):
    payments = pl.read_parquet(own / "payments.parquet")
    taken_back = payments["reverses"].drop_nulls().implode()
    once = pl.col("payment_id").is_unique() & pl.col("reverses").is_null() & ~pl.col("payment_id").is_in(taken_back)
    place = payments.with_row_index().filter(once & (pl.col("paid_on") < date(2026, 6, 1)))["index"][700]
    at = pl.int_range(pl.len()) == place
    payments.with_columns(amount_minor=pl.col("amount_minor") + at.cast(pl.Int64)).write_parquet(own / "payments.parquet")
    ran = arrears("replay", "--book", own, "--as-of", AS_OF)
    assert ran.status == 1 and "first difference" in ran.out and "positions" in ran.out, ran.out
    assert payments["loan_id"][place] in ran.out


def test_a_replay_after_a_later_correction_still_gives_the_same_bytes(own):
    """A correction that bears its own recorded_at is none of the night's business; a new run on it differs.

    The changed files are laid out anew, here in one partition where there were eight; that is no difference either.
    """
    payments = pl.read_parquet(own / "payments.parquet")
    later = datetime(2026, 7, 3, tzinfo=UTC)
    corrected = payments.filter(pl.col("reverses").is_null())[10:60].with_columns(
        amount_minor=pl.col("amount_minor") + 100, recorded_at=pl.lit(later, payments.schema["recorded_at"]))
    pl.concat([payments, corrected]).write_parquet(own / "payments.parquet")
    for day in (AS_OF, NIGHTS[0]):
        ran = arrears("replay", "--book", own, "--as-of", day)
        assert ran.status == 0, ran
    before = positions(own)
    assert night(own, AS_OF, "--again", known_at="2026-07-04T00:00:00Z").status == 0
    assert not positions(own).equals(before)


@pytest.mark.parametrize("then,now", [(500, 100), (500, 2_000), (10_000, 300)])
def test_nights_of_another_number_of_partitions_are_compared_all_the_same(tmp_path, monkeypatch, then, now):
    """A book grows between two nights; which loans moved where does not depend on how many files held them."""
    small, large = generated(tmp_path / "small", 1_500), generated(tmp_path / "large", 1_500)
    for book, sizes in ((small, (then, now)), (large, (10_000, 10_000))):
        for day, size in zip((NIGHTS[1], AS_OF), sizes, strict=True):
            monkeypatch.setattr(store, "LOANS_A_PARTITION", size)
            shutil.rmtree(book / "store", ignore_errors=True)
            assert night(book, day).status == 0
    for name in ("movements", "rolls", "recovery", "vintage", "buckets", "first_payment_default"):
        assert table(small, name).equals(table(large, name)), name
    one, other = pl.read_parquet(folder(small) / "worklist.parquet"), pl.read_parquet(folder(large) / "worklist.parquet")
    assert one.equals(other)
    strange = {"book", "snapshot"}
    assert {k: v for k, v in summary(small).items() if k not in strange} == {k: v for k, v in summary(large).items() if k not in strange}


def test_a_loan_whose_borrower_is_corrected_is_compared_with_what_it_was_and_its_nights_replay(tmp_path, monkeypatch):
    """A loan lies with its borrower's others, so a correction moves it to another partition; the figures do not depend on that."""
    several, one = generated(tmp_path / "several", 60), generated(tmp_path / "one", 60)
    later = datetime(2026, 6, 15, tzinfo=UTC)
    for book, size in ((several, 5), (one, 1_000)):
        monkeypatch.setattr(store, "LOANS_A_PARTITION", size)
        assert night(book, NIGHTS[1], known_at="2026-06-01T00:00:00Z").status == 0
        loans = pl.read_parquet(book / "loans.parquet")
        taken_over = loans.sort("loan_id")[:20].with_columns(borrower_id=pl.lit("B-other"), recorded_at=pl.lit(later, loans.schema["recorded_at"]))
        pl.concat([loans, taken_over]).write_parquet(book / "loans.parquet")
        assert night(book, AS_OF).status == 0
    for name in ("movements", "rolls", "recovery"):
        assert table(several, name).equals(table(one, name)), name
    for day in (NIGHTS[1], AS_OF):
        ran = arrears("replay", "--book", several, "--as-of", day)
        assert ran.status == 0, ran


def test_a_strategy_that_names_no_bucket_that_there_is_leaves_nothing_behind(own, tmp_path):
    text = default_strategy_text().replace("bucket: M6+, claimable", "bucket: M7, claimable")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    before = plain.files_of(own / "nights")
    ran = night(own, AS_OF, "--strategy", tmp_path / "mine.yaml", "--again")
    assert ran.status == 2 and "M7" in ran.error and "last_small" in ran.error, ran
    assert plain.files_of(own / "nights") == before


def test_a_strategy_that_is_not_written_in_utf8_is_refused(own, tmp_path):
    (tmp_path / "mine.yaml").write_bytes(default_strategy_text().encode("gb18030"))
    ran = night(own, AS_OF, "--strategy", tmp_path / "mine.yaml", "--again")
    assert ran.status == 2 and "mine.yaml" in ran.error and "UTF-8" in ran.error, ran
