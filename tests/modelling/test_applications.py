"""A file of applicants scored: the estimates of the model itself, reasons in words, and the same from CSV and Parquet; a version measured on rows it never saw."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from arrears import registry, store
from arrears.modelling.applications import score_file, scored_rows
from arrears.modelling.definition import definition_kept
from arrears.modelling.evaluate import evaluated, unseen
from arrears.modelling.fit import keep
from arrears.modelling.plain_table import read_table, sample_of
from arrears.refusal import Refused
from arrears.scoring.application import score_applicant
from arrears.scoring.estimates import estimate, points
from arrears.scoring.families import TARGETS
from arrears.scoring.reasons import reason_sentences
from arrears.store import json_bytes
from modelling.made_up_rows import applicants, fit, fitted


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> store.Book:
    folder = tmp_path_factory.mktemp("applications") / "book"
    shutil.copytree(fitted(), folder)
    return store.book_at(folder)


@pytest.fixture(params=[1, 2], ids=["scorecard", "boosted"])
def kept(request, book) -> registry.Version:
    return registry.read_version(book, "application", request.param)


def odd_applicants() -> pl.DataFrame:
    """Such as there are, with gaps, infinities and a job that was never seen."""
    rows = applicants(60, 9)
    place = pl.int_range(pl.len())
    return rows.with_columns(
        debt=pl.when(place % 7 == 0).then(None).when(place % 11 == 0).then(float("inf")).otherwise("debt"), job=pl.when(place % 5 == 0).then(pl.lit("pilot")).otherwise("job"))


def test_the_file_that_is_scored_holds_what_the_model_says_of_each_row(kept):
    rows = odd_applicants()
    said = scored_rows(kept, rows)
    assert said["estimate"].to_numpy().tolist() == estimate(kept.model, rows).tolist()
    if kept.model.kind == "scorecard":
        assert said["points"].to_list() == points(kept.model, rows).tolist()
    else:
        assert "points" not in said.columns
    for place, (row, told) in enumerate(zip(rows.select("income", "debt", "job").iter_rows(named=True), said.iter_rows(named=True), strict=True)):
        one = rows[place : place + 1]
        sentences = reason_sentences(kept.model, one)[0]
        assert (told["reasons_zh"], told["reasons_en"]) == ("；".join(zh for zh, _ in sentences), "; ".join(en for _, en in sentences))
        assert len(sentences) <= 4
        if place % 11:
            assert score_applicant(kept.model, {name: row[name] for name in (feature.name for feature in kept.model.features)})[0] == told["estimate"]


def test_reasons_name_the_column_its_value_and_the_typical_one(kept):
    rows = applicants(300, 5)
    worst = rows[int(np.argmax(estimate(kept.model, rows)))]
    told = scored_rows(kept, worst)
    assert "debt" in told["reasons_en"][0] and "typical: " in told["reasons_en"][0] and "典型值" in told["reasons_zh"][0]


def test_the_same_applicants_are_scored_alike_from_every_kind_of_file(book, tmp_path):
    rows = applicants(50, 3).with_columns(person=pl.int_range(50))
    rows.write_csv(tmp_path / "in.csv")
    rows.write_csv(tmp_path / "in.tsv", separator="\t")
    rows.write_parquet(tmp_path / "in.parquet")
    found = []
    for kind in ("csv", "tsv", "parquet"):
        for out in ("csv", "parquet"):
            assert score_file(book, "application", 1, tmp_path / f"in.{kind}", tmp_path / f"out.{out}") == {"rows": 50, "model": "application", "version": 1}
            found.append(pl.read_csv(tmp_path / "out.csv", schema=found[0].schema if found else None) if out == "csv" else pl.read_parquet(tmp_path / "out.parquet"))
    assert all(one["estimate"].to_list() == found[1]["estimate"].to_list() and one["person"].to_list() == list(range(50)) for one in found)
    assert found[1].columns == [*rows.columns, "estimate", "points", "reasons_zh", "reasons_en"]
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf"), "so that Excel reads the Chinese"


def test_the_order_of_rows_and_other_rows_beside_them_change_nothing(kept):
    rows = odd_applicants()
    said = scored_rows(kept, rows)
    assert scored_rows(kept, rows.reverse()).reverse().equals(said)
    assert scored_rows(kept, rows.head(7)).equals(said.head(7))


def test_a_version_fitted_on_a_book_scores_no_file(book, tmp_path):
    card = registry.read_version(book, "application", 1).card
    files = {path.name: path.read_bytes() for path in book.model_folder("application", 1).iterdir()}
    other = store.book_for_load(tmp_path / "book")
    registry.keep(other, "application", {**files, "card.json": json_bytes({**card, "definition": None, "as_of": "2026-01-01"})})
    applicants(5).write_csv(tmp_path / "in.csv")
    with pytest.raises(Refused, match="was fitted on a book, and its features are computed from one"):
        score_file(other, "application", 1, tmp_path / "in.csv", tmp_path / "out.csv")


# measured anew

def sample_again(kept: registry.Version, file: Path, as_of: date | None = None):
    return sample_of(file, read_table(file), TARGETS["application"], definition_kept(kept.card["definition"]), [], as_of)


def test_on_its_own_file_a_version_is_measured_on_the_rows_held_out_alone(kept, book, tmp_path):
    applicants().write_csv(tmp_path / "in.csv")
    sample = sample_again(kept, tmp_path / "in.csv")
    mask, which = unseen(kept, sample)
    assert (mask == sample.test).all() and which[1] == "the rows held out when it was fitted"
    found = evaluated(kept, sample, None)
    assert found["metrics"] == kept.card["metrics"]["test"] and found["rows"] == kept.card["validation"]["test_rows"] and found["challenger"] is None


def test_on_another_file_it_is_measured_on_all_rows_and_beside_another_version_on_the_same(kept, book, tmp_path):
    applicants(400, 77).write_csv(tmp_path / "in.csv")
    other = registry.read_version(book, "application", 3 - kept.version)
    found = evaluated(kept, sample_again(kept, tmp_path / "in.csv"), other)
    assert found["rows"] == 400 and found["which_en"] == "all rows"
    swapped = evaluated(other, sample_again(other, tmp_path / "in.csv"), kept)
    assert found["challenger"]["rows"] == 400 and found["challenger"]["auc"]["value"] == pytest.approx(-swapped["challenger"]["auc"]["value"])


def dated() -> pl.DataFrame:
    return applicants(800, 4).with_columns(d=pl.date(2026, 1, 1) + pl.duration(days=pl.int_range(pl.len())))


@pytest.fixture(scope="module")
def out_of_time(tmp_path_factory) -> tuple[store.Book, Path]:
    folder = tmp_path_factory.mktemp("time") / "book"
    ran = fit(folder, dated(), "--time", "d", "--as-of", "2027-12-31")
    assert ran.status == 0, ran.error
    return store.book_at(folder), folder.with_name("book.csv")


@pytest.mark.parametrize("as_of", [date(2027, 10, 1), date(2027, 12, 31), date(2028, 3, 10), None])
def test_whatever_as_of_is_said_no_row_is_measured_that_it_was_fitted_on(out_of_time, as_of):
    book, file = out_of_time
    kept = registry.read_version(book, "application")
    first = date.fromisoformat(kept.card["validation"]["from"])
    sample = sample_again(kept, file, as_of)
    mask, _ = unseen(kept, sample)
    days = sample.rows.filter(pl.Series(mask))["when"]
    assert len(days) > 0 and days.min() >= first and (as_of is None or days.max() <= as_of)


def test_before_the_rows_held_out_there_is_nothing_to_measure_it_on(out_of_time):
    book, file = out_of_time
    kept = registry.read_version(book, "application")
    with pytest.raises(Refused, match="no row here that it was not fitted on has an outcome yet; take a later --as-of"):
        evaluated(kept, sample_again(kept, file, date(2026, 12, 31)), None)


def test_two_versions_that_held_out_other_rows_are_not_compared(book, tmp_path):
    applicants().write_csv(tmp_path / "in.csv")
    kept = registry.read_version(book, "application", 1)
    other = replace(kept, version=9, card={**kept.card, "definition": {**kept.card["definition"], "seed": 7}})
    with pytest.raises(Refused, match="held out different rows of the file"):
        evaluated(kept, sample_again(kept, tmp_path / "in.csv"), other)
    of_a_book = replace(kept, version=9, card={**kept.card, "definition": None})
    with pytest.raises(Refused, match="one was fitted on a book, the other on a file"):
        evaluated(kept, sample_again(kept, tmp_path / "in.csv"), of_a_book)


def test_versions_are_numbered_one_after_the_other(book, tmp_path):
    kept = registry.read_version(book, "application", 1)
    other = store.book_for_load(tmp_path / "book")
    assert [keep(other, kept.model, kept.card) for _ in range(3)] == [1, 2, 3]
    assert [registry.read_version(other, "application", number).card["version"] for number in (1, 2, 3)] == [1, 2, 3]
