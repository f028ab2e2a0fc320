"""Why: the lines name the row, the treatment and the holder that the night's own files name, in both languages."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from arrears import store
from arrears.allot import LIMITS, ROW, WAITS
from arrears.nightly.why import why_lines
from arrears.refusal import Refused
from arrears.strategy.reading import strategy_from
from nightly.allotted_book import AS_OF, decisions, made, night, strategy_text, table
from plain_books import files_of

STRATEGY = strategy_from(strategy_text())
ARMS_THAT_GIVE = {arm.name for one in STRATEGY.experiments for arm in one.arms if arm.treatments or arm.ladder}
GIVEN_BY_ARM = {"en": "the one treatment the arm gives", "zh": "该组只给出这一种"}
HOW = {"en": {ROW: "the one treatment the row gives", LIMITS: "chosen among several within the limits", WAITS: "a limit is used up, so it waits"},
       "zh": {ROW: "该行只给出这一种", LIMITS: "由限额在几种之中选定", WAITS: "容量已用尽，等候"}}


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "LOANS_A_PARTITION", 1_000)
        book = made(tmp_path_factory.mktemp("why") / "book", 2_000)
        night(book)
    return book


def some(book: Path) -> pl.DataFrame:
    """Of the worklist one entry for each treatment and way it came about."""
    return table(book, "worklist").unique(["treatment", "chosen_by"], keep="first", maintain_order=True)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_for_every_treatment_the_lines_name_the_row_the_treatment_and_the_holder(book, lang):
    rows = {row.name: (place, row) for place, row in enumerate(STRATEGY.rows)}
    holders = {row["borrower_id"]: row for row in table(book, "assigned").iter_rows(named=True)}
    entries = some(book)
    assert len(entries["treatment"].unique()) >= 5 and set(entries["chosen_by"]) == {ROW, LIMITS, WAITS}
    for entry in entries.iter_rows(named=True):
        lines = why_lines(book, entry["loan_id"], AS_OF, lang)
        place, row = rows[entry["rule"]]
        assert entry["loan_id"] in lines[0] and entry["borrower_id"] in lines[0] and str(AS_OF) in lines[0]
        fitting = [line for line in lines if line.startswith("✓")]
        assert fitting == [f"✓ {row.name}: {row.reason_en}" if lang == "en" else f"✓ {row.name}：{row.reason_zh}"]
        failing = [line for line in lines if line.startswith("✗")]
        assert [line.removeprefix("✗ ").split(":" if lang == "en" else "：")[0] for line in failing] == [one.name for one in STRATEGY.rows[:place]]
        assert all(len(line.split(":" if lang == "en" else "：", 1)[1].strip()) > 5 for line in failing), failing
        result = next(line for line in lines if line.startswith("Result: " if lang == "en" else "结果："))
        by_arm = entry["chosen_by"] == ROW and entry["arm"] in ARMS_THAT_GIVE
        assert STRATEGY.wording[entry["treatment"]][lang] in result and (GIVEN_BY_ARM[lang] if by_arm else HOW[lang][entry["chosen_by"]]) in result
        held = holders.get(entry["borrower_id"])
        if held is None:
            assert entry["held_by"] is None and not [line for line in lines if line.startswith(("Who has the case", "案件持有人"))]
        else:
            assert lines[-1].endswith(held[f"why_{lang}"]) and (held["held_by"] or {"en": "nobody", "zh": "无人"}[lang]) in lines[-1]
    assert entries["held_by"].drop_nulls().len() >= 3


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_who_is_in_an_experiment_is_told_arm_and_chance(book, lang):
    for (arm,), mine in decisions(book).filter(pl.col("experiment").is_not_null()).group_by("arm"):
        row = mine.sort("loan_id").row(0, named=True)
        (line,) = [line for line in why_lines(book, row["loan_id"], AS_OF, lang) if "call_or_sms" in line]
        assert arm in line and f"{row['propensity']:.1%}" in line


def test_the_options_that_are_told_are_those_of_the_worklist(book):
    for entry in some(book).filter(pl.col("late_loans") == 1).iter_rows(named=True):
        lines = why_lines(book, entry["loan_id"], AS_OF, "en")
        told = [line.strip().removeprefix("+ ") for line in lines if line.startswith("  + ")]
        words = [STRATEGY.wording[name]["en"] for name in entry["options"].split("; ")]
        assert [word for word in words if any(line == word or line.startswith((f"{word},", f"{word}:")) for line in told)] == words and len(told) == len(words)


def test_a_loan_that_does_not_lead_names_the_one_that_does(book):
    several = table(book, "worklist").filter(pl.col("late_loans") > 1)
    assert len(several)
    entry = several.row(0, named=True)
    others = decisions(book).filter((pl.col("borrower_id") == entry["borrower_id"]) & (pl.col("currency") == entry["currency"]) & (pl.col("loan_id") != entry["loan_id"]))
    for loan in others["loan_id"]:
        for lang in ("en", "zh"):
            assert any(entry["loan_id"] in line for line in why_lines(book, loan, AS_OF, lang)[1:])


def test_asking_why_changes_nothing(book):
    before = files_of(book / "nights")
    why_lines(book, table(book, "worklist")["loan_id"][0], AS_OF, "en")
    assert files_of(book / "nights") == before


def test_loans_and_nights_that_there_are_not_are_refused_in_both_languages(book):
    late = set(decisions(book)["loan_id"])
    on_time = next(loan for loan in store.read_columns(book / "loans.parquet", ["loan_id"])["loan_id"] if loan not in late)
    for loan in ("nothing", on_time):
        with pytest.raises(Refused) as refusal:
            why_lines(book, loan, AS_OF, "en")
        assert f"{loan}: no late loan of that night" in refusal.value.en and f"{loan}：该夜没有这笔逾期贷款" in refusal.value.zh
    with pytest.raises(Refused) as refusal:
        why_lines(book, next(iter(late)), date(2026, 6, 29), "en")
    assert "no finished night" in refusal.value.en and str(AS_OF) in refusal.value.en and str(AS_OF) in refusal.value.zh
