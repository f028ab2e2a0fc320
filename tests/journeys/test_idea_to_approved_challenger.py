"""A strategist's way, without a line of code: an idea, written as text and in a spreadsheet, becomes an approved challenger, runs, is looked at, and is taken back.

The idea: in the first month only messages, no calls, for half of the people. What is expected is read off the ladders and the book by other paths than the night's:
the ladders by hand, who has paid by `arrears positions`.
"""

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from plain_books import Ran, arrears

SHIPPED = Path(__file__).parents[2] / "src/arrears/strategy/default/strategy.yaml"
BEFORE, FIRST, LAST = "2026-09-14", "2026-09-15", "2026-10-20"
LADDER = """ladders:
  - name: gentle
    zh: 首月只发信息
    en: messages only in the first month
    steps: [{from_day: "1", treatment: leave_alone}, {from_day: "2", treatment: remind_sms}]
"""
EXPERIMENT = """
experiments:
  - name: gentle_2026
    zh: 首月只发信息
    en: messages only in the first month
    from: "2026-09-15"
    until: "2036-12-01"
    when: {bucket: M1, claimable: "50000..2000000", frequency: [monthly, longer]}
    outcome: paid_30
    arms:
      - {name: champion, share: 50%}
      - {name: gentle, share: 50%, ladder: gentle}
limits:
"""
STEPS = {"champion": {1: "leave_alone", 3: "remind_sms", 10: "call"}, "gentle": {1: "leave_alone", 2: "remind_sms"}}
"""Arm → first day → treatment; of champion those of the shipped ladder `early`."""
CHANNEL, COOL_OFF = {"remind_sms": "sms", "call": "call"}, {"remind_sms": 3, "call": 2}


def _said(ran: Ran) -> str:
    assert ran.status == 0, ran.error
    return ran.out


@pytest.fixture(scope="module")
def way(tmp_path_factory) -> tuple[Path, dict[str, Ran]]:
    """The folder, and what each command said, in the order in which a strategist goes."""
    folder, told = tmp_path_factory.mktemp("challenger"), {}
    book, idea, mended = folder / "book", folder / "idea.yaml", folder / "mended.yaml"

    def run(name: str, *words: object) -> None:
        told[name] = arrears(*words, "--lang", "en")

    _said(arrears("generate", "--loans", 3000, "--seed", 11, "--as-of", "2026-10-31", "--out", book))
    run("night before", "night", "--book", book, "--as-of", BEFORE)
    text = SHIPPED.read_text(encoding="utf-8")
    idea.write_text(text.replace("ladders:\n", LADDER).replace("\nlimits:\n", EXPERIMENT).replace('version: "2"', 'version: "2-gentle"'), encoding="utf-8")
    run("check", "strategy", "check", idea, "--book", book)
    run("sheet", "strategy", "sheet", idea, "--out", folder / "idea.xlsx")
    run("unchanged", "strategy", "take-sheet", folder / "idea.xlsx", "--into", idea, "--out", folder / "same.yaml")
    _raise_the_trifle(folder / "idea.xlsx")
    run("changed", "strategy", "take-sheet", folder / "idea.xlsx", "--into", idea, "--out", mended)
    run("plan", "strategy", "plan", mended, "--rate", "50%", "--effect", "10%", "--people-a-day", "10")
    run("diff", "strategy", "diff", "in-force", mended, "--book", book, "--as-of", FIRST, "--out", folder / "difference")
    run("submit", "strategy", "submit", mended, "--book", book, "--by", "anna", "--why", "calls early are not worth it")
    run("own approval", "strategy", "approve", "1", "--book", book, "--by", "anna", "--from", FIRST, "--why", "it is mine")
    run("too early", "strategy", "approve", "1", "--book", book, "--by", "bo", "--from", BEFORE, "--why", "yesterday")
    run("approve", "strategy", "approve", "1", "--book", book, "--by", "bo", "--from", FIRST, "--why", "worth a try")
    run("first night", "night", "--book", book, "--as-of", FIRST)
    more = folder / "more.yaml"
    more.write_text(mended.read_text(encoding="utf-8").replace("champion, share: 50%", "champion, share: 30%").replace("gentle, share: 50%", "gentle, share: 70%"), encoding="utf-8")
    run("other shares", "strategy", "check", more, "--book", book)
    run("submit other shares", "strategy", "submit", more, "--book", book, "--by", "anna", "--why", "more of it")
    run("approve other shares", "strategy", "approve", "2", "--book", book, "--by", "bo", "--from", LAST, "--why", "more of it")
    run("last night", "night", "--book", book, "--as-of", LAST)
    run("results", "strategy", "results", "--book", book, "--as-of", LAST)
    run("positions", "positions", "--book", book, "--as-of", "2026-10-15", "--out", folder / "after.parquet")
    run("rollback", "strategy", "rollback", "--book", book, "--by", "bo", "--from", "2026-10-21", "--why", "no difference")
    run("list", "strategy", "list", "--book", book)
    return folder, told


def _raise_the_trifle(path: Path) -> None:
    """What a person does in a spreadsheet: finds the row by its name and writes another bound into one cell."""
    workbook = openpyxl.load_workbook(path)
    found = [cell for sheet in workbook for row in sheet.iter_rows() if any(one.value == "trifle" for one in row) for cell in row if cell.value == "<1000"]
    assert len(found) == 1
    found[0].value = "<2000"
    workbook.save(path)


def _in_the_experiment(folder: Path, night: str) -> list[dict]:
    return pl.read_parquet(folder / f"book/nights/{night}/decisions/*.parquet").filter(pl.col("experiment") == "gentle_2026").to_dicts()


def _step(arm: str, days: int) -> str:
    return [treatment for first, treatment in STEPS[arm].items() if first <= days][-1]


def test_each_command_did_what_a_strategist_expects(way):
    refused = {"own approval", "too early", "other shares", "approve other shares"}
    for name, ran in way[1].items():
        assert (ran.status == 2) == (name in refused) and ran.status in (0, 2), (name, ran.error)
    assert "is sound: 17 rows" in way[1]["check"].out


def test_the_sheet_brings_back_what_went_out_and_the_one_cell_that_was_changed(way):
    folder, told = way
    text = (folder / "idea.yaml").read_text(encoding="utf-8")
    assert (folder / "same.yaml").read_text(encoding="utf-8") == text and "says the same" in told["unchanged"].out
    assert (folder / "mended.yaml").read_text(encoding="utf-8") == text.replace('claimable: "<1000"', 'claimable: "<2000"')


def test_nobody_approves_their_own_and_no_night_that_has_run_is_changed(way):
    _, told = way
    assert "submitted by anna, and nobody approves their own version" in told["own approval"].error
    assert f"the night of {BEFORE} has run" in told["too early"].error and FIRST in told["too early"].error
    assert "runs until 2036-12-01 and has other shares" in told["other shares"].error
    assert told["approve other shares"].error.split("\n")[0].endswith(told["other shares"].error.split("\n")[0].partition(": the experiment ")[2])


def test_plan_and_difference_tell_beforehand_what_the_nights_then_do(way):
    folder, told = way
    assert told["plan"].out.startswith("To tell gentle from champion by 10 points with power 80 %")
    changed = pl.read_parquet(folder / "difference/changed_loans.parquet")
    assert f"{len(changed)} have another treatment, row or offer" in told["diff"].out.splitlines()[0]
    night = pl.read_parquet(folder / f"book/nights/{FIRST}/decisions/*.parquet")
    both = changed.join(night, on="loan_id", how="left")
    assert len(both) > 3 and both["treatment"].equals(both["treatment_after"], null_equal=False)
    assert set(changed["treatment_before"]) == {"call"} and set(changed["treatment_after"]) <= {"remind_sms", "leave_alone"}
    assert "experiment gentle_2026 added" in told["submit"].out and "row trifle" in told["submit"].out


def test_the_version_in_force_is_the_night_s_and_the_night_before_had_the_shipped_one(way):
    folder, told = way
    for night, version in ((BEFORE, "2"), (FIRST, "2-gentle"), (LAST, "2-gentle")):
        assert json.loads((folder / f"book/nights/{night}/summary.json").read_text(encoding="utf-8"))["strategy"]["version"] == version
    assert not _in_the_experiment(folder, BEFORE)
    lines = told["list"].out
    for said in ("version 1  submitted by anna", f"before {FIRST}  the shipped default", f"{FIRST} – {LAST}  version 1  approved by bo", "from 2026-10-21 on  the shipped default  rolled back by bo"):
        assert said in lines, lines


@pytest.mark.parametrize("night", [FIRST, LAST])
def test_a_decision_carries_its_arm_and_the_chance_of_its_options(way, night):
    folder, _ = way
    rows = _in_the_experiment(folder, night)
    assert {row["arm"] for row in rows} == set(STEPS)
    contacts = pl.read_parquet(folder / "book/contacts.parquet")
    # the list is worked the day after the night
    worked = datetime.combine(date.fromisoformat(night) + timedelta(days=1), datetime.min.time(), UTC)
    for row in rows:
        step, days = _step(row["arm"], row["days_past_due"]), row["days_past_due"]
        if row["rule"] != "early" or row["treatment"] == step:
            continue
        assert row["treatment"] == "leave_alone" and row["chosen_by"] == "row"
        since = worked - timedelta(days=COOL_OFF[step] + 1)
        mine = contacts.filter((pl.col("borrower_id") == row["borrower_id"]) & (pl.col("channel") == CHANNEL[step]) & (pl.col("attempted_at") >= since))
        assert len(mine), f"{row['loan_id']}: {days} days late, left alone though nobody was in touch"
    alone = [row for row in rows if row["rule"] == "early"]
    assert len(alone) > 10
    for row in alone:
        same = _step("champion", row["days_past_due"]) == _step("gentle", row["days_past_due"])
        assert row["propensity"] in ((1.0,) if same else (0.5, 1.0))  # 1.0 too where both cool off
    assert {row["propensity"] for row in alone} == {0.5, 1.0}


def test_nobody_changes_arms_from_one_night_to_the_next(way):
    folder, _ = way
    first, last = ({row["borrower_id"]: row["arm"] for row in _in_the_experiment(folder, night)} for night in (FIRST, LAST))
    assert first.keys() & last.keys()
    assert all(last[person] == arm for person, arm in first.items() if person in last)


def test_the_results_count_by_arm_who_has_nothing_late_thirty_days_on(way):
    folder, told = way
    late = pl.read_parquet(folder / "after.parquet", columns=["loan_id", "days_past_due"])
    first = pl.DataFrame(_in_the_experiment(folder, FIRST)).join(late, on="loan_id", how="left", suffix="_after")
    people = first.group_by("borrower_id", "arm").agg(pl.col("days_past_due_after").max())
    entered = people.select("borrower_id", "arm").vstack(pl.DataFrame(_in_the_experiment(folder, LAST)).select("borrower_id", "arm")).unique()
    for arm in STEPS:
        mine = people.filter(pl.col("arm") == arm)
        share = 100 * (mine["days_past_due_after"] == 0).mean()
        assert f"{arm}: {len(entered.filter(pl.col('arm') == arm))} people, {len(mine)} with their 30 days over, outcome {share:.1f}% (" in told["results"].out
    assert "gentle and champion cannot be told apart yet" in told["results"].out


def test_why_names_row_arm_and_chance_of_a_loan(way):
    folder, _ = way
    row = next(row for row in _in_the_experiment(folder, FIRST) if row["arm"] == "gentle" and row["treatment"] == "remind_sms" and row["propensity"] == 0.5)
    said = _said(arrears("strategy", "why", row["loan_id"], "--book", folder / "book", "--as-of", FIRST, "--lang", "en"))
    for words in (f"number 1, in force from {FIRST}, approved by bo", "✓ early", "experiment gentle_2026, arm gentle; these options had a chance of 50.0%", "Result: reminder by SMS"):
        assert words in said, said


@pytest.mark.parametrize("night", [FIRST, LAST])
def test_replay_needs_the_book_alone_and_gives_the_same_bytes(way, night, tmp_path):
    shutil.copytree(way[0] / "book", tmp_path / "book")
    assert f"{night}: the same bytes in all" in _said(arrears("replay", "--book", tmp_path / "book", "--as-of", night, "--lang", "en"))
