"""Results of experiments: outcomes by another path, known effects found, and what is refused or warned of."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from arrears import store
from arrears.days import microseconds_of
from arrears.learning.always_valid import difference_always, mean_always
from arrears.learning.sample_size import people_always_valid, people_for_one_look
from arrears.nightly.experiment_results import as_row, planned, results_of
from arrears.refusal import Refused
from arrears.stable_hash import hashes
from arrears.strategy.experiments import arms_of
from arrears.strategy.strategy import Arm, Experiment, Ladder
from arrears.twin.plain_files import write_book
from plain_books import arrears, loan, payment, schedule, write_rows

FIRST, UNTIL, AS_OF = date(2026, 2, 20), date(2026, 3, 20), date(2026, 4, 30)
KNOWN_AT = microseconds_of(datetime(2027, 1, 1, tzinfo=UTC))
EXPERIMENT = Experiment("call_or_sms", "", "", FIRST, UNTIL, (), (Arm("champion", 500_000, (), None), Arm("challenger", 500_000, ("call", "call_senior"), None)), "paid_30")
ROW = {"currency": "CNY", "bucket": "M1", "days_past_due": 10, "claimable_minor": 262_000, "treatment": "remind_sms", "rule": "r", "experiment": EXPERIMENT.name, "propensity": 0.5}
SCHEMA = {"loan_id": pl.String, "borrower_id": pl.String, "currency": pl.String, "bucket": pl.String, "days_past_due": pl.Int32, "claimable_minor": pl.Int64,
          "treatment": pl.String, "rule": pl.String, "experiment": pl.String, "arm": pl.String, "propensity": pl.Float64}


def arm_of(borrower: str, experiment: Experiment = EXPERIMENT) -> str:
    return experiment.arms[arms_of(experiment, pl.Series([borrower]))[0]].name


def row(loan_id: str, **more) -> dict:
    borrower = more.get("borrower_id", f"B-{loan_id}")
    return {**ROW, "loan_id": loan_id, "borrower_id": borrower, "arm": arm_of(borrower), **more}


def write_night(root: Path, night: date, rows: list[dict]) -> None:
    """The decisions of a night in two files, as two partitions leave them."""
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("loan_id")
    for number, part in enumerate((frame[::2], frame[1::2])):
        store.write_parquet(root / "nights" / night.isoformat() / "decisions" / f"p{number:04d}.parquet", part)


def results(root: Path, experiment: Experiment = EXPERIMENT, as_of: date = AS_OF, **more):
    return results_of(store.book_at(root), experiment, as_of, KNOWN_AT, **more)


@pytest.fixture
def small(tmp_path) -> Path:
    """Six people with the worked example's loan, late since 10 February; L1 and L2 pay all by 1 March, L3 a part, L4 after 30 days, L5 and L6 never."""
    loans = [loan(f"L{number}") for number in range(1, 7)]
    payments = [payment("P1", "L1", date(2026, 3, 1), 600_000), payment("P2", "L2", date(2026, 2, 21), 600_000), payment("P3", "L3", date(2026, 3, 22), 131_000),
                payment("P4", "L4", date(2026, 3, 23), 600_000), payment("P5", "L5", date(2026, 2, 20), 26_200)]
    book = {"loans": loans, "instalments": [line for one in loans for line in schedule(one["loan_id"])], "payments": payments}
    write_rows(tmp_path, book)
    write_night(tmp_path, FIRST, [row(f"L{number}") for number in range(1, 7)])
    return tmp_path


def outcome_by_arm(found) -> dict[str, tuple[int, float | None]]:
    return {arm.name: (arm.matured, arm.measured and arm.measured.value) for arm in found.arms}


def by_hand(outcomes: dict[str, float]) -> dict[str, tuple[int, float | None]]:
    told = {arm.name: [outcome for borrower, outcome in outcomes.items() if arm_of(borrower) == arm.name] for arm in EXPERIMENT.arms}
    return {name: (len(values), float(np.mean(values)) if values else None) for name, values in told.items()}


def test_who_has_nothing_late_on_the_thirtieth_day_has_paid(small):
    expected = {"B-L1": 1.0, "B-L2": 1.0, "B-L3": 0.0, "B-L4": 0.0, "B-L5": 0.0, "B-L6": 0.0}
    assert outcome_by_arm(results(small)) == by_hand(expected)


def test_what_came_in_from_the_day_after_to_the_thirtieth_counts_up_to_what_could_be_asked(small):
    expected = {"B-L1": 1.0, "B-L2": 1.0, "B-L3": 0.5, "B-L4": 0.0, "B-L5": 0.0, "B-L6": 0.0}
    assert outcome_by_arm(results(small, replace(EXPERIMENT, outcome="recovered_30"))) == by_hand(expected)


def test_nobody_counts_before_their_thirty_days_are_over(small):
    day = FIRST + timedelta(days=29)
    found = results(small, as_of=day)
    assert [arm.matured for arm in found.arms] == [0, 0] and sum(arm.entered for arm in found.arms) == 6
    assert found.differences[0].verdict == "too_few" and "nobody's 30 days are over" in found.differences[0].en
    assert sum(arm.matured for arm in results(small, as_of=day + timedelta(days=1)).arms) == 6


def test_a_person_comes_in_once_on_the_first_night_with_the_loans_of_that_night(small):
    later = FIRST + timedelta(days=8)  # its thirtieth day is 30 March, and L4 has paid by then
    write_night(small, later, [row(f"L{number}") for number in range(1, 7)])
    assert outcome_by_arm(results(small)) == outcome_by_arm(results(small, as_of=FIRST + timedelta(days=30)))
    (small / "nights" / FIRST.isoformat()).rename(small / "set_aside")
    expected = {"B-L1": 1.0, "B-L2": 1.0, "B-L3": 0.0, "B-L4": 1.0, "B-L5": 0.0, "B-L6": 0.0}
    assert outcome_by_arm(results(small)) == by_hand(expected)


def test_rows_of_other_experiments_or_none_and_nights_outside_the_dates_bring_nobody_in(small):
    write_night(small, FIRST + timedelta(days=1), [row("L7", experiment=None, arm=None, borrower_id="B-L7"), row("L8", experiment="other", borrower_id="B-L8")])
    write_night(small, FIRST - timedelta(days=1), [row("L9")])
    write_night(small, UNTIL, [row("L9")])
    assert results(small).arms == results(small, as_of=AS_OF - timedelta(days=1)).arms
    assert sum(arm.entered for arm in results(small).arms) == 6


def test_all_loans_that_a_person_came_in_with_must_be_paid_and_sums_keep_currencies_apart(small):
    rows = [row("L1", borrower_id="B"), row("L3", borrower_id="B", claimable_minor=131_000)]
    loans = [loan(f"L{number}", borrower_id="B" if number in (1, 3) else f"B-L{number}", currency="USD" if number == 3 else "CNY") for number in range(1, 7)]
    write_rows(small, {"loans": loans})
    write_night(small, FIRST, [*(row(f"L{number}") for number in (2, 4, 5, 6)), *(dict(one, currency="USD" if one["loan_id"] == "L3" else "CNY") for one in rows)])
    expected = {"B": 0.0, "B-L2": 1.0, "B-L4": 0.0, "B-L5": 0.0, "B-L6": 0.0}
    assert outcome_by_arm(results(small)) == by_hand(expected)
    expected["B"] = 1.0  # all of the one currency, all of the other
    assert outcome_by_arm(results(small, replace(EXPERIMENT, outcome="recovered_30"))) == by_hand(expected)


def test_who_is_in_the_book_no_more_or_could_be_asked_nothing_is_told_and_left_out(small):
    write_night(small, FIRST, [*(row(f"L{number}") for number in range(1, 6)), row("GONE"), row("L6", claimable_minor=0)])
    found = results(small, replace(EXPERIMENT, outcome="recovered_30"))
    assert sum(arm.no_outcome for arm in found.arms) == 2 and sum(arm.matured for arm in found.arms) == 5
    assert any("are left out, since a loan is in the book no more" in line for line in found.sentences_en)
    assert sum(arm.no_outcome for arm in results(small).arms) == 1


def test_what_was_given_is_told_by_arm_on_the_first_night_and_within_the_thirty_days(tmp_path):
    borrowers = [f"B{number:03d}" for number in range(400)]
    in_second = [borrower for borrower in borrowers if arm_of(borrower) == "challenger"]
    write_rows(tmp_path, {"loans": [loan(f"L{borrower}", borrower_id=borrower) for borrower in borrowers],
                          "instalments": [line for borrower in borrowers for line in schedule(f"L{borrower}")], "payments": []})
    first, later, never = in_second[:20], in_second[20:30], in_second[30:]
    write_night(tmp_path, FIRST, [row(f"L{borrower}", borrower_id=borrower, treatment="call_senior" if borrower in first else None if borrower in never[:3] else "remind_sms")
                                  for borrower in borrowers])
    write_night(tmp_path, FIRST + timedelta(days=29), [row(f"L{borrower}", borrower_id=borrower, treatment="call") for borrower in later])
    write_night(tmp_path, FIRST + timedelta(days=30), [row(f"L{borrower}", borrower_id=borrower, treatment="call") for borrower in never])
    champion, challenger = results(tmp_path).arms
    assert (champion.said_first, champion.said_within) == (None, None) and champion.treatments == {"remind_sms": 400 - len(in_second)}
    assert challenger.treatments == {"remind_sms": len(in_second) - 23, "call_senior": 20, None: 3}
    assert challenger.said_first == pytest.approx(20 / len(in_second)) and challenger.said_within == pytest.approx(30 / len(in_second))


def test_an_arm_with_a_ladder_says_the_step_of_the_day(small):
    arms = (EXPERIMENT.arms[0], Arm("challenger", 500_000, (), "weekly"))
    ladder = Ladder("weekly", "", "", ((1, "remind_sms"), (4, "call"), (11, "visit")))
    write_night(small, FIRST, [row(f"L{number}", treatment="call", days_past_due=days) for number, days in enumerate((3, 4, 10, 11, 10, 10), start=1)])
    challenger = results(small, replace(EXPERIMENT, arms=arms), ladders=(ladder,)).arms[1]
    mine = [number for number in range(1, 7) if arm_of(f"B-L{number}") == "challenger"]
    assert mine and challenger.said_first == pytest.approx(np.mean([number in (2, 3, 5, 6) for number in mine]))
    assert results(small, replace(EXPERIMENT, arms=arms)).arms[1].said_first is None


def made_book(root: Path, people: int, of_champion: float, of_challenger: float, experiment: Experiment = EXPERIMENT) -> dict[str, float]:
    """People who come in over ten nights and pay all with the probability of their arm; gives the outcome of each."""
    random, borrowers = np.random.default_rng(20261130), [f"C{number:05d}" for number in range(people)]
    arm = {borrower: arm_of(borrower, experiment) for borrower in borrowers}
    paid = {borrower: float(random.random() < (of_challenger if arm[borrower] == "challenger" else of_champion)) for borrower in borrowers}
    write_rows(root, {"loans": [loan(f"L{borrower}", borrower_id=borrower) for borrower in borrowers],
                      "instalments": [line for borrower in borrowers for line in schedule(f"L{borrower}")],
                      "payments": [payment(f"P{borrower}", f"L{borrower}", date(2026, 3, 4), 900_000) for borrower in borrowers if paid[borrower]]})
    for night in range(10):
        write_night(root, FIRST + timedelta(days=night), [row(f"L{borrower}", borrower_id=borrower, arm=arm[borrower]) for borrower in borrowers[night::10]])
    return paid


def test_an_effect_that_is_there_is_told_with_the_intervals_of_its_people_in_their_order(tmp_path):
    paid = made_book(tmp_path, 1_500, 0.3, 0.5)
    found = results(tmp_path)
    borrowers = pl.Series(sorted(paid))
    order = sorted(paid, key=lambda borrower: (int(borrower[1:]) % 10, hashes(pl.Series([borrower]))[0]))
    outcomes, second = np.array([paid[borrower] for borrower in order]), np.array([arm_of(borrower) == "challenger" for borrower in order])
    told = difference_always(outcomes, second, 0.5)
    assert (found.differences[0].measured.low, found.differences[0].measured.high) == (told.low, told.high)
    assert found.differences[0].measured.value == pytest.approx(outcomes[second].mean() - outcomes[~second].mean())
    assert [arm.measured for arm in found.arms] == [mean_always(outcomes[~second]), mean_always(outcomes[second])]
    assert [arm.entered for arm in found.arms] == np.bincount(arms_of(EXPERIMENT, borrowers)).tolist()
    assert found.differences[0].verdict == "more" and found.differences[0].measured.low > 0
    assert "challenger brings more than champion" in found.differences[0].en and "challenger 高于 champion" in found.differences[0].zh
    assert found.are_shares_met and not any("Warning" in line for line in found.sentences_en)


def test_without_an_effect_the_people_still_missing_are_told_or_that_the_experiment_ends_before(tmp_path):
    made_book(tmp_path, 600, 0.4, 0.4)
    found = results(tmp_path).differences[0]
    assert found.verdict == "open" and found.matured == 600 and found.missing == found.needed - 600 > 0
    assert f"{found.missing:,} are missing" in found.en and found.enough_on is None and "when it ends on 2026-03-20" in found.en
    longer = replace(EXPERIMENT, until_on=date(2028, 3, 1))
    soon = results(tmp_path, longer, as_of=FIRST + timedelta(days=35)).differences[0]
    assert soon.enough_on == FIRST + timedelta(days=35 + 30 + -(-(soon.needed - 600) * 36 // 600)) and f"by about {soon.enough_on}" in soon.en
    large = results(tmp_path, smallest_effect=0.25).differences[0]
    assert large.missing == 0 and "The people to find 25 points are there" in large.en


def test_people_of_an_arm_that_are_lost_on_the_way_in_are_warned_of(tmp_path):
    made_book(tmp_path, 1_500, 0.3, 0.5)
    for night in range(10):
        for path in sorted((tmp_path / "nights" / (FIRST + timedelta(days=night)).isoformat() / "decisions").glob("*.parquet")):
            rows = pl.read_parquet(path)
            store.write_parquet(path, rows.filter((pl.col("arm") == "champion") | (pl.int_range(pl.len()) % 3 != 0)))
    found = results(tmp_path)
    assert not found.are_shares_met and found.shares_p < 0.001
    assert "do not hold the planned shares" in found.sentences_en[1] and "不可采信" in found.sentences_zh[1]


def test_three_arms_are_each_compared_with_the_first_and_all_differences_hold_at_once(tmp_path):
    three = replace(EXPERIMENT, arms=(Arm("champion", 400_000, (), None), Arm("challenger", 400_000, ("call",), None), Arm("hold_out", 200_000, ("leave_alone",), None)))
    paid = made_book(tmp_path, 900, 0.3, 0.5, three)
    found = results(tmp_path, three)
    order = sorted(paid, key=lambda borrower: (int(borrower[1:]) % 10, hashes(pl.Series([borrower]))[0]))
    arms = np.array([arm_of(borrower, three) for borrower in order])
    for place, name, share in ((0, "challenger", 0.5), (1, "hold_out", 1 / 3)):
        mine = np.isin(arms, ["champion", name])
        outcomes = np.array([paid[borrower] for borrower in order])[mine]
        told = difference_always(outcomes, arms[mine] == name, share, 0.025)
        assert (found.differences[place].measured.low, found.differences[place].measured.high) == (told.low, told.high)


def test_a_plan_says_the_people_and_days_and_whether_the_experiment_lasts_long_enough():
    three = replace(EXPERIMENT, arms=(Arm("champion", 800_000, (), None), Arm("challenger", 120_000, ("call",), None), Arm("hold_out", 80_000, ("leave_alone",), None)), until_on=FIRST + timedelta(days=365))
    challenger, hold_out = planned(three, 0.4, 300, 0.05)
    assert challenger.always_valid == people_always_valid(0.4, 0.05, 120 / 920, 0.025, 0.8) and challenger.one_look == people_for_one_look(0.4, 0.05, 120 / 920, 0.025, 0.8)
    assert challenger.days == 30 + -(-challenger.always_valid.second // 36) and hold_out.days > challenger.days
    assert challenger.is_long_enough and "which is enough" in challenger.en and "足够" in challenger.zh
    short = planned(replace(three, until_on=FIRST + timedelta(days=challenger.days - 31)), 0.4, 300, 0.05)[0]
    assert not short.is_long_enough and "let it run longer" in short.en
    assert planned(replace(three, until_on=FIRST + timedelta(days=challenger.days - 30)), 0.4, 300, 0.05)[0].is_long_enough
    assert planned(three, 0.98, 300)[0].always_valid == people_always_valid(0.98, -0.05, 120 / 920, 0.025, 0.8)


def test_an_experiment_that_no_night_has_is_refused(small):
    with pytest.raises(Refused, match="no night from 2026-02-20 to 2026-03-19 has taken anybody into the experiment unheard_of"):
        results(small, replace(EXPERIMENT, name="unheard_of"))
    with pytest.raises(Refused, match="no night from"):
        results(small, as_of=FIRST - timedelta(days=1))


def test_a_day_whose_payments_cannot_be_known_yet_is_refused(small):
    with pytest.raises(Refused, match="what was paid by 2027-01-03 cannot be known at 2027-01-01"):
        results(small, as_of=date(2027, 1, 3))
    assert results(small, as_of=date(2027, 1, 2)).arms == results(small).arms


def test_arms_of_a_night_that_the_experiment_does_not_draw_are_refused(small):
    for other in (replace(EXPERIMENT, arms=(Arm("champion", 1, (), None), Arm("challenger", 999_999, (), None))), replace(EXPERIMENT, arms=(Arm("a", 500_000, (), None), Arm("b", 500_000, (), None)))):
        with pytest.raises(Refused, match="its arms or shares are not those of that night"):
            results(small, other)
    write_night(small, FIRST, [row("L1", arm=None)])
    with pytest.raises(Refused, match="does not draw them"):
        results(small)


def test_results_are_the_same_each_time_and_are_plain_for_json(small):
    there, again = as_row(results(small)), as_row(results(small))
    assert json.dumps(there, sort_keys=True) == json.dumps(again, sort_keys=True)
    assert there["from_night"] == "2026-02-20" and [arm["name"] for arm in there["arms"]] == ["champion", "challenger"]


def test_on_a_generated_book_outcomes_are_those_of_its_positions_and_its_payments(tmp_path):
    night, day = date(2026, 9, 20), date(2026, 10, 20)
    write_book(tmp_path / "book", 3_000, 11, date(2026, 10, 31), None)
    for as_of in (night, day):
        assert arrears("positions", "--book", tmp_path / "book", "--as-of", as_of, "--out", tmp_path / f"{as_of}.parquet").status == 0
    loans = pl.read_parquet(tmp_path / "book" / "loans.parquet").unique("loan_id", keep="last", maintain_order=True).select("loan_id", "borrower_id", "currency")
    late = pl.read_parquet(tmp_path / f"{night}.parquet").filter(pl.col("days_past_due") > 0).join(loans, on="loan_id")
    running = replace(EXPERIMENT, from_on=night, until_on=day)
    drawn = arms_of(running, late["borrower_id"])
    rows = late.with_columns(treatment=pl.lit("call"), rule=pl.lit("r"), experiment=pl.lit(running.name), propensity=pl.lit(0.5),
                             arm=pl.Series([running.arms[place].name for place in drawn]))
    assert len(rows) > 100
    write_night(tmp_path / "book", night, rows.select(list(SCHEMA)).to_dicts())
    after = pl.read_parquet(tmp_path / f"{day}.parquet").select("loan_id", later="days_past_due")
    paid = rows.join(after, on="loan_id").group_by("borrower_id", "arm").agg((pl.col("later") == 0).all().alias("outcome"))
    found = results(tmp_path / "book", running, date(2026, 10, 25))
    for arm in found.arms:
        assert arm.measured.value == pytest.approx(paid.filter(pl.col("arm") == arm.name)["outcome"].mean())

    payments = pl.read_parquet(tmp_path / "book" / "payments.parquet")
    amounts = payments.select("payment_id", "loan_id", taken=pl.col("amount_minor"))
    came = payments.with_columns(signed=pl.when(pl.col("reverses").is_null()).then("amount_minor").otherwise(None))
    back = payments.filter(pl.col("reverses").is_not_null()).select("paid_on", reverses="reverses").join(amounts, left_on="reverses", right_on="payment_id").select(
        "loan_id", "paid_on", signed=-pl.col("taken"))
    moves = pl.concat([came.select("loan_id", "paid_on", "signed").drop_nulls(), back]).filter((pl.col("paid_on") > night) & (pl.col("paid_on") <= day))
    received = rows.join(moves.group_by("loan_id").agg(pl.col("signed").sum()), on="loan_id", how="left").with_columns(pl.col("signed").fill_null(0))
    share = received.group_by("borrower_id", "arm").agg(outcome=pl.col("signed").sum() / pl.col("claimable_minor").sum()).with_columns(pl.col("outcome").clip(0, 1))
    found = results(tmp_path / "book", replace(running, outcome="recovered_30"), date(2026, 10, 25))
    for arm in found.arms:
        assert arm.measured.value == pytest.approx(share.filter(pl.col("arm") == arm.name)["outcome"].mean())
