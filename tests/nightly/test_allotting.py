"""What the whole book is given in a night: the same bytes however it is done, one holder a person, nobody treated beyond the minutes there are.

ARREARS_KILLS says how often the night is killed; the moments are drawn from a seed and spread over the night's own duration.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest

import plain_books as plain
from arrears import store, strategy_register
from arrears.allot import WAITS, WAITS_EN, WAITS_ZH
from arrears.days import microseconds_of, read_moment
from arrears.strategy.reading import strategy_from
from nightly.allotted_book import (
    AS_OF,
    KNOWN_AT,
    NEXT,
    copied,
    decisions,
    made,
    night,
    strategy_text,
    table,
)
from plain_books import arrears

STRATEGY = strategy_from(strategy_text())
OF = {one.name: one for one in STRATEGY.treatments}
KILLS, SEED = min(int(os.environ.get("ARREARS_KILLS", "3")), 25), 20261130
MAIN = """
import sys
from arrears import store
store.LOANS_A_PARTITION = 400
import arrears.cli, arrears.nightly.night
print("ready", flush=True)
sys.stdin.readline()
arrears.cli.main()
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Path:
    """A book with its roster in one partition, and two nights of it."""
    book = made(tmp_path_factory.mktemp("allotted") / "book")
    night(book)
    night(book, NEXT)
    return book


def summary(book: Path, day=AS_OF) -> dict:
    return json.loads((book / "nights" / str(day) / "summary.json").read_text(encoding="utf-8"))


def test_a_night_with_roster_experiment_and_limits_replays_to_the_same_bytes(book):
    for day in (AS_OF, NEXT):
        ran = arrears("replay", "--book", book, "--as-of", day)
        assert ran.status == 0 and "the same bytes" in ran.out, ran


@pytest.mark.parametrize("loans_each,count", [(1_500, 2), (800, 4)])
def test_partitions_change_neither_worklist_nor_holders(book, tmp_path, monkeypatch, loans_each, count):
    monkeypatch.setattr(store, "LOANS_A_PARTITION", loans_each)
    other = copied(book, tmp_path / "other", "nights", "store")
    night(other)
    assert len(list((other / "nights" / str(AS_OF) / "decisions").iterdir())) == count
    for name in ("worklist", "assigned", "cases", "workload", "gate"):
        assert table(other, name).equals(table(book, name)), name
    assert decisions(other).sort("loan_id").equals(decisions(book).sort("loan_id"))
    assert summary(other)["choice"] == summary(book)["choice"]


def test_every_late_loan_has_one_decision_and_a_chance_by_which_it_came_about(book):
    positions = pl.concat([store.read_columns(path) for path in (book / "nights" / str(AS_OF) / "positions").iterdir()])
    found = decisions(book)
    assert sorted(found["loan_id"]) == sorted(positions.filter(pl.col("days_past_due") > 0)["loan_id"]) and found["loan_id"].is_unique().all()
    assert ((found["propensity"] > 0) & (found["propensity"] <= 1)).all()
    assert set(found.filter(pl.col("experiment").is_null())["propensity"]) == {1.0}
    assert found.filter(pl.col("experiment").is_not_null())["rule"].is_in([row.name for row in STRATEGY.rows if row.fixed]).sum() == 0


def test_the_shares_of_arms_are_near_the_plan_and_everybody_has_one_arm(book):
    inside = decisions(book).filter(pl.col("experiment").is_not_null())
    people = inside.group_by("borrower_id").agg(pl.col("arm").n_unique().alias("arms"), pl.col("arm").first())
    assert len(people) >= 60 and set(people["arms"]) == {1}
    for arm, share in (("champion", 0.5), ("called", 0.3), ("quiet", 0.2)):
        assert abs((people["arm"] == arm).sum() / len(people) - share) < 4.5 * (share * (1 - share) / len(people)) ** 0.5
    again = decisions(book, NEXT).select("borrower_id", "arm").drop_nulls().unique()
    both = people.join(again, on="borrower_id", suffix="_next")
    assert len(both) > 50 and (both["arm"] == both["arm_next"]).all()
    (told,) = summary(book)["experiments"]
    assert {arm["name"]: arm["people"] for arm in told["arms"]} == dict(people.group_by("arm").len().iter_rows()), "everybody drawn, whichever loan leads"


def test_loans_of_one_person_have_one_holder_and_it_is_the_one_assigned(book):
    holders = dict(table(book, "assigned").select("borrower_id", "held_by").iter_rows())
    given = decisions(book)
    assert set(given.group_by("borrower_id").agg(pl.col("held_by").n_unique())["held_by"]) == {1}
    assert given.group_by("borrower_id").len()["len"].max() > 1
    for rows in (given, table(book, "worklist")):
        assert all(holders.get(borrower) == held for borrower, held in rows.select("borrower_id", "held_by").iter_rows())


def test_the_worklist_holds_the_limits_that_the_summary_tells(book):
    counts = table(book, "worklist")["treatment"].value_counts()
    used = {name: sum(one(OF[treatment]) * count for treatment, count in counts.iter_rows()) for name, one in (
        ("few_calls", lambda one: int(one.channel == "call")), ("collector_minutes", lambda one: one.minutes * (one.owner == "collector")), ("visitor_minutes", lambda one: one.minutes * (one.owner == "visitor")),
        ("complaints", lambda one: STRATEGY.expected.complaints_per_million.get(one.name, 0)))}
    told = {one["name"]: one for one in summary(book)["choice"]["limits"]}
    assert {name: told[name]["used"] for name in used} == used
    assert all(one["most"] is None or one["used"] <= one["most"] for one in told.values())
    assert told["few_calls"]["used"] == told["few_calls"]["most"] == 12 and summary(book)["choice"]["waiting"] == (table(book, "worklist")["chosen_by"] == WAITS).sum() > 0


def test_the_next_night_starts_from_the_holders_of_the_last(book):
    inputs = json.loads((book / "nights" / str(NEXT) / "run.json").read_text(encoding="utf-8"))
    assert (inputs["held"]["night"], inputs["held"]["sharing"]) == (str(AS_OF), "0")
    before = dict(table(book, "assigned").select("borrower_id", "held_by").iter_rows())
    after = table(book, "assigned", NEXT)
    assert len(after.drop_nulls("held_by")) > 50
    assert all(before.get(borrower) == then for borrower, then in after.select("borrower_id", "before").iter_rows())
    stayed = after.filter(pl.col("why") == "kept")
    assert len(stayed) and (stayed["held_by"] == stayed["before"]).all() and (stayed["held_since"] <= AS_OF + timedelta(days=1)).all()


def with_roster(book: Path, folder: Path, change, *without: str) -> Path:
    other = copied(book, folder, *without)
    text = (other / "roster.yaml").read_text(encoding="utf-8")
    (other / "roster.yaml").write_text(change(text), encoding="utf-8")
    assert change(text) != text
    return other


def test_with_no_minutes_everybody_who_needs_a_person_waits_and_the_reason_says_so(book, tmp_path):
    other = with_roster(book, tmp_path / "no_minutes", lambda text: text.replace('minutes: "420"', 'minutes: "0"'), "nights", "store")
    night(other)
    worklist = table(other, "worklist")
    assert not [name for name in worklist["treatment"].unique() if OF[name].minutes]
    needs = worklist.filter(~pl.col("options").str.split("; ").list.eval(pl.element().is_in([name for name in OF if not OF[name].minutes])).list.any())
    assert len(needs) > 5 and set(needs["chosen_by"]) == {WAITS}
    waiting = worklist.filter(pl.col("chosen_by") == WAITS)
    assert set(waiting["treatment"]) == {"leave_alone"} and waiting["reason_en"].str.ends_with(WAITS_EN).all() and waiting["reason_zh"].str.ends_with(WAITS_ZH).all()


def test_a_collector_who_left_loses_all_cases_and_it_is_told_why(book, tmp_path):
    assert "middle-004" not in set(table(book, "assigned")["held_by"])
    name, count = table(book, "assigned").filter(pl.col("why") == "kept")["held_by"].value_counts(sort=True).row(0)
    assert count > 3
    other = with_roster(book, tmp_path / "left", lambda text: re.sub(rf"(name: {name}, .*?works_from: \"[-0-9]+\")", rf'\1, left_on: "{NEXT}"', text), str(NEXT), "store")
    night(other, NEXT)
    after = table(other, "assigned", NEXT)
    assert name not in set(after["held_by"])
    theirs = after.filter(pl.col("before") == name)
    assert len(theirs) >= count and theirs["why_en"].str.contains(name).sum() >= count


def test_the_strategy_in_force_by_its_date_decides_each_night(book, tmp_path):
    other = copied(book, tmp_path / "register", "nights", "store")
    home, at = store.book_at(other), microseconds_of(read_moment("2026-06-01T00:00:00+08:00"))
    text = strategy_text().replace('version: "2"', 'version: "mine"')
    number = strategy_register.submit(home, text, "li", "an experiment", at)
    strategy_register.approve(home, number, "wang", NEXT, "looked at", at)
    for day in (AS_OF, NEXT):
        assert arrears("night", "--book", other, "--as-of", day, "--known-at", KNOWN_AT).status == 0
    assert [summary(other, day)["strategy"]["version"] for day in (AS_OF, NEXT)] == ["2", "mine"]
    assert decisions(other, AS_OF)["experiment"].null_count() == len(decisions(other, AS_OF))
    assert summary(other, NEXT)["strategy"]["by"] == "wang" and decisions(other, NEXT)["experiment"].drop_nulls().len() > 50
    for day in (AS_OF, NEXT):
        assert arrears("replay", "--book", other, "--as-of", day).status == 0


def launched(book: Path) -> subprocess.Popen:
    """A night in a process of its own that imports all it needs and then waits for a word to begin."""
    words = ["night", "--book", str(book), "--as-of", str(AS_OF), "--known-at", KNOWN_AT, "--strategy", str(book.parent / "strategy.yaml")]
    return subprocess.Popen([sys.executable, "-c", MAIN, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def begun(process: subprocess.Popen) -> subprocess.Popen:
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    process.stdin.write("begin\n")
    process.stdin.flush()
    return process


def test_a_night_killed_at_random_moments_ends_with_the_same_bytes(book, tmp_path):
    peace, other = copied(book, tmp_path / "peace", "nights", "store"), copied(book, tmp_path / "killed", "nights", "store")
    process, spare = begun(launched(peace)), launched(other)
    from_now = time.monotonic()
    assert process.communicate(timeout=300)[0] is not None and process.returncode == 0
    duration, dice = time.monotonic() - from_now, Random(SEED)
    for _ in range(KILLS):
        process, spare = begun(spare), launched(other)
        try:
            assert process.wait(timeout=dice.uniform(0, duration)) == 0
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not [name for name in os.listdir(other / "nights") if not name.startswith(".") and name != str(AS_OF)] if (other / "nights").exists() else True
    assert begun(spare).communicate(timeout=300) and spare.returncode == 0
    assert plain.files_of(other / "nights") == plain.files_of(peace / "nights"), f"seed {SEED}"
