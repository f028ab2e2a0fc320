"""The commands of the models: their way through, and every bad input with its sentence, exit status 2, and nothing left behind."""

import json
import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from arrears import registry, store
from modelling.made_up_rows import applicants, fit, fitted, folders_of
from plain_books import arrears


@pytest.fixture
def book(tmp_path) -> Path:
    shutil.copytree(fitted(), tmp_path / "book")
    applicants().write_csv(tmp_path / "book.csv")
    return tmp_path / "book"


def score(command: str, *words: object, lang: str = "en"):
    return arrears("score", command, *words, "--lang", lang)


def release(book: Path, version: int = 1):
    ran = score("release", "application", "--book", book, "--version", version, "--by", "Li Wei", "--assessment", "PIA-1")
    assert ran.status == 0, ran.error


def test_the_way_of_a_model_from_the_fit_to_the_rollback(book, tmp_path):
    data = tmp_path / "book.csv"
    told = score("list", "--book", book).out.splitlines()
    assert [line.split()[:2] for line in told] == [["application", "1"], ["application", "2"]] and "released" not in "".join(told)
    ran = score("evaluate", "application", "--book", book, "--version", 1, "--data", data, "--against", 2)
    assert ran.status == 0 and "175 rows, the rows held out when it was fitted" in ran.out and "application 2" in ran.out
    found = json.loads(score("evaluate", "application", "--book", book, "--version", 1, "--data", data, "--json").out)
    kept = registry.read_version(store.book_at(book), "application", 1)
    assert found["metrics"]["auc"] == kept.card["metrics"]["test"]["auc"] and found["rows"] == 175
    release(book)
    assert "<- released" in score("list", "--book", book).out.splitlines()[0]
    ran = score("application", data, "--book", book, "--out", tmp_path / "scored.parquet")
    assert ran.status == 0 and "700 applicants by application version 1" in ran.out
    scored = pl.read_parquet(tmp_path / "scored.parquet")
    auc = _auc(scored["y"].to_numpy(), scored["estimate"].to_numpy())
    assert auc > 0.75 and _auc(scored["y"].to_numpy(), -scored["points"].to_numpy()) == pytest.approx(auc, abs=0.02)
    ran = score("card", "application", "--book", book, "--version", 1)
    page = Path(ran.out.splitlines()[-1].removeprefix("  Card: "))
    assert page.is_file() and "y is 1" in ran.out and "<svg" in page.read_text("utf-8")
    assert score("card", "application", "--book", book, "--version", 1, "--out", tmp_path / "card.html").status == 0 and (tmp_path / "card.html").read_text("utf-8") == page.read_text("utf-8")
    release(book, 2)
    ran = score("rollback", "application", "--book", book, "--by", "Li Wei", "--why", "odd")
    assert ran.status == 0 and "version 1 is in force" in ran.out


def _auc(outcome: np.ndarray, estimate: np.ndarray) -> float:
    """The share of pairs of an event and another in which the event has the higher estimate, ties half."""
    ahead = estimate[outcome == 1][:, None] - estimate[outcome == 0][None, :]
    return float(((ahead > 0) + 0.5 * (ahead == 0)).mean())


def test_the_same_file_and_seed_make_the_same_model_and_another_seed_another(book):
    again = fit(book, applicants(), "--kind", "scorecard")
    assert again.status == 0
    home = store.book_at(book)
    first, third = (registry.read_version(home, "application", number) for number in (1, 3))
    assert first.model == third.model and {**first.card, "version": 3} == third.card
    assert fit(book, applicants(), "--kind", "scorecard", "--seed", 7).status == 0
    assert registry.read_version(home, "application", 4).model != first.model


@pytest.mark.parametrize(("change", "more", "said"), [
    (lambda rows: rows, {"target": "default"}, ("--target: there is no column default; there are income, debt, job, y", "没有列 default")),
    (lambda rows: rows, {"target": "Y"}, ("did you mean y?", "是否指 y")),
    (lambda rows: rows, {"target": "y +"}, ("neither a column nor an SQL expression", "既不是列名")),
    (lambda rows: rows.with_columns(y=pl.lit(1)), {}, ("is 1 in every row", "只有一类")),
    (lambda rows: rows.with_columns(y=pl.lit(None, pl.Int64)), {}, ("is empty in every row", "全部为空")),
    (lambda rows: rows.with_columns(y=pl.int_range(pl.len()) % 3), {}, ("say which one is the event with --event", "请用 --event")),
    (lambda rows: rows.with_columns(y=(pl.int_range(pl.len()) < 49).cast(int)), {}, ("at least 50 of each are needed", "各至少需要 50")),
    (lambda rows: rows.with_columns(y=(pl.int_range(pl.len()) >= 49).cast(int)), {}, ("at least 50 of each are needed", "各至少需要 50")),
    (lambda rows: rows.select("y", k=pl.lit(1), e=pl.lit(None, pl.String)), {}, ("each is empty or the same in every row", "没有可用的特征")),
    (lambda rows: rows.select("y"), {}, ("no column is left to learn from", "没有可用于学习的列")),
    (lambda rows: rows.with_columns(d=pl.date(2026, 1, 1) + pl.duration(days=pl.int_range(pl.len()))), {"words": ("--time", "d", "--as-of", "2025-12-31")},
     ("no row has an outcome within the time", "没有可用的行")),
    (lambda rows: rows.with_columns(d=pl.lit("soon")), {"words": ("--time", "d")}, ("no date can be read from it", "无法读作日期")),
    (lambda rows: rows, {"words": ("--time", "day")}, ("time: there is no column day", "没有列 day")),
    (lambda rows: rows, {"words": ("--group", "who")}, ("group: there is no column who", "没有列 who")),
    (lambda rows: rows.with_columns(g=pl.lit("one")), {"words": ("--group", "g")}, ("names only 1 people", "只区分出 1 人")),
    (lambda rows: rows, {"words": ("--exclude", "jobs")}, ("--exclude: there is no column jobs; did you mean job?", "是否指 job")),
    (lambda rows: rows, {"words": ("--event", "2")}, ("is never '2'; there are 0, 1", "没有取值 '2'")),
    (lambda rows: rows, {"words": ("--kind", "deep")}, ("--kind deep is not known", "--kind deep 不支持")),
    (lambda rows: rows, {"words": ("--as-of", "2026-02-30")}, ("is not a date", "不是日期")),
    (lambda rows: rows, {"name": "behaviour"}, ("is a family of 2 models; name one for a file", "请指明一个")),
    (lambda rows: rows, {"name": "aplication"}, ("there is no model aplication", "没有模型 aplication")),
    (lambda rows: rows, {"name": "loss", "target": "debt"}, ("must be a share from 0 to 1", "须为 0 到 1 的比例")),
    (lambda rows: rows, {"target": None}, ("say what is to be foretold", "说明要预测的结果")),
])
def test_bad_input_to_a_fit_is_refused_in_a_sentence_and_nothing_is_left(tmp_path, change, more, said):
    book = tmp_path / "book"
    words, name, target = more.get("words", ()), more.get("name", "application"), more.get("target", "y")
    for lang, first in zip(("en", "zh"), said, strict=True):
        ran = fit(book, change(applicants()), *words, "--lang", lang, name=name, target=target)
        assert ran.status == 2 and first in ran.error.splitlines()[0] and len(ran.error.splitlines()) == 2, ran
        assert not ran.out and folders_of(book) == [] and registry.releases(store.Book(book, book / "store")) == []


@pytest.mark.parametrize(("column", "note"), [
    (pl.lit(3), "the same in every row"), (pl.lit(None, pl.Float64), "empty in every row"), (pl.lit(float("inf")), None),
    (pl.when(pl.int_range(pl.len()) % 5 == 0).then(float("inf")).otherwise(pl.col("debt")), "[0-9]+ rows are infinite"),
    (pl.when(pl.int_range(pl.len()) % 5 == 0).then(-float("inf")).otherwise(pl.col("debt")), "rows are infinite"),
])
def test_a_column_that_says_nothing_is_left_out_with_a_word_and_the_model_is_made(tmp_path, column, note):
    ran = fit(tmp_path / "book", applicants().with_columns(odd=column))
    assert ran.status == 0, ran.error
    assert note is None or re.search(note, ran.out), ran.out
    kept = registry.read_version(store.book_at(tmp_path / "book"), "application")
    assert any("odd" in entry["en"] for entry in kept.card["data"]["notes"])
    assert {"income", "debt"} <= {feature.name for feature in kept.model.features}


def test_some_rows_dated_after_as_of_are_left_out_with_a_word(tmp_path):
    rows = applicants().with_columns(d=pl.date(2026, 1, 1) + pl.duration(days=pl.int_range(pl.len())))
    ran = fit(tmp_path / "book", rows, "--time", "d", "--as-of", "2027-06-30")
    last = date(2026, 1, 1) + timedelta(days=699)
    assert ran.status == 0 and f"{(last - date(2027, 6, 30)).days} rows dated after 2027-06-30 were not used" in ran.out
    card = registry.read_version(store.book_at(tmp_path / "book"), "application").card
    assert card["data"]["to"] == "2027-06-30" and card["validation"]["how"] == "out_of_time" and card["as_of"] == "2027-06-30"


@pytest.mark.parametrize(("change", "said"), [
    (lambda rows: rows.drop("debt"), ("there is no column debt", "没有列 debt")),
    (lambda rows: rows.rename({"debt": "depts"}), ("there is no column debt; did you mean depts?", "是否指 depts")),
    (lambda rows: rows.with_columns(debt=pl.lit("much")), ("column 'debt' holds String; the model reads numbers there", "要读取数字")),
    (lambda rows: rows.with_columns(estimate=pl.lit(1)), ("it has a column estimate already", "同名的列 estimate")),
    (lambda rows: rows.with_columns(reasons_zh=pl.lit("x")), ("it has a column reasons_zh already", "同名的列 reasons_zh")),
    (lambda rows: rows.head(0), ("has no rows", "没有数据行")),
])
def test_a_file_of_applicants_that_does_not_suit_is_refused_and_nothing_is_written(book, tmp_path, change, said):
    release(book)
    change(applicants()).write_csv(tmp_path / "people.csv")
    for lang, first in zip(("en", "zh"), said, strict=True):
        ran = score("application", tmp_path / "people.csv", "--book", book, "--out", tmp_path / "out.csv", lang=lang)
        assert ran.status == 2 and first in ran.error.splitlines()[0], ran
        assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("change", [
    pl.lit(None, pl.Float64).alias("debt"), pl.lit(float("inf")).alias("debt"), pl.lit("zzz").alias("job"), pl.lit(None, pl.String).alias("job"), pl.lit(1e300).alias("income"), pl.lit(0).alias("debt"),
])
def test_applicants_with_gaps_infinities_and_unseen_values_are_scored(book, tmp_path, change):
    release(book)
    applicants(40).with_columns(change).write_csv(tmp_path / "people.csv")
    ran = score("application", tmp_path / "people.csv", "--book", book, "--out", tmp_path / "out.csv")
    assert ran.status == 0, ran.error
    scored = pl.read_csv(tmp_path / "out.csv")
    assert scored["estimate"].is_between(0, 1).all() and scored["points"].null_count() == 0


@pytest.mark.parametrize(("words", "said"), [
    (("evaluate", "application"), "name rows to measure it on with --data"), (("evaluate", "application", "--version", 9), "has no version 9; there are 1, 2"),
    (("evaluate", "application", "--against", 9), "has no version 9"), (("evaluate", "behaviour"), "is a family of 2 models; name one of them"),
    (("evaluate", "../application"), "there is no model ../application"), (("card", "loss"), "no model loss is kept here"), (("card", "application", "--as-of", "2026-01-01"), "fitted on a book"),
    (("release", "loss", "--by", "x", "--assessment", "y"), "no model loss is kept here"), (("release", "application", "--by", " ", "--assessment", "y"), "--by is empty"),
    (("release", "application", "--by", "x", "--assessment", " "), "--assessment is empty"), (("rollback", "application", "--by", "x", "--why", "y"), "nothing to take back"),
    (("rollback", "application", "--by", "x", "--why", " "), "--why is empty"), (("fit", "behaviour_miss"), "--as-of is missing"), (("fit", "loss", "--target", "y"), "name it with --data"),
    (("person", "B1", "--as-of", "2026-01-01"), "no model is released"), (("fit", "application", "--as-of", "2026-01-01"), "loans.parquet is missing"),
])
def test_what_cannot_be_done_is_refused_with_what_to_do(book, words, said):
    before = folders_of(book)
    ran = score(*words, "--book", book)
    assert ran.status == 2 and said in ran.error.splitlines()[0] and len(ran.error.splitlines()) == 2, ran
    assert folders_of(book) == before and not ran.out


def test_a_result_that_cannot_be_written_is_refused(book, tmp_path):
    release(book)
    data = tmp_path / "book.csv"
    (tmp_path / "folder.csv").mkdir()
    before = data.read_bytes()
    for out, said in ((tmp_path / "folder.csv", "it is a folder"), (data, "the file of the applicants itself"), (data / "x.csv", "cannot be read or written"), (tmp_path / "x.xlsx", ".parquet or a .csv")):
        ran = score("application", data, "--book", book, "--out", out)
        assert ran.status == 2 and said in ran.error, ran
    assert score("card", "application", "--book", book, "--version", 1, "--out", tmp_path / "folder.csv").status == 2
    assert data.read_bytes() == before


def test_a_definition_is_refused_with_its_place_and_one_of_another_model_too(book, tmp_path):
    path = tmp_path / "it.yaml"
    for text, said in (("target: y\nfeatures: [{name: a, formula: dept}]", "feature a: there is no column dept; did you mean debt?"), ("target: y\n", "it.yaml, line 1: missing features"),
                       ("target: y\nmodel: loss\nfeatures: [{name: a, formula: debt}]", "it says model: loss, and application was asked for")):
        path.write_text(text, encoding="utf-8")
        ran = arrears("score", "fit", "application", "--book", book, "--data", tmp_path / "book.csv", "--definition", path, "--lang", "en")
        assert ran.status == 2 and said in ran.error, ran
    ran = arrears("score", "fit", "application", "--book", book, "--data", tmp_path / "book.csv", "--definition", tmp_path / "gone.yaml", "--lang", "en")
    assert ran.status == 2 and "cannot be read" in ran.error
    path.write_text("target: y\nfeatures: [{name: a, formula: debt}]")
    ran = arrears("score", "fit", "application", "--book", book, "--data", tmp_path / "book.csv", "--definition", path, "--target", "y", "--lang", "en")
    assert ran.status == 2 and "leave --target" in ran.error
    assert folders_of(book) == ["application/0001", "application/0002"]
