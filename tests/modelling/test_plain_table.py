"""Samples from files: how a file is read, what of it is a feature, which value is the event, and which rows are held out."""

from datetime import date, datetime, time, timedelta
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.modelling.definition import Definition, Derived
from arrears.modelling.plain_table import CATEGORIES_MOST, drafted, read_table, sample_of
from arrears.modelling.sample import OUT_OF_TIME, RANDOM, Sample, folds_of
from arrears.refusal import Refused
from arrears.scoring.families import TARGETS

APPLICATION, LOSS = TARGETS["application"], TARGETS["loss"]
CITIES = ["北京", "上海", "广州"]


def sample(frame: pl.DataFrame, as_of: date | None = None, target=APPLICATION, outcome: str = "y", **more) -> Sample:
    feature = next(column for column in frame.columns if column != outcome)
    return sample_of(Path("t.csv"), frame, target, Definition(outcome, more.pop("event", None), (Derived("x", feature),), **more), [], as_of, "digest")


def plain(rows: int, **more) -> pl.DataFrame:
    return pl.DataFrame({"x": range(rows), "y": [row % 2 for row in range(rows)], **more})


# how a file is read

@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_a_csv_of_chinese_offices_is_read_whatever_its_encoding(tmp_path, encoding):
    text = "城市,金额,y\n" + "".join(f"{city},{number},1\n" for number, city in enumerate(CITIES))
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    frame = read_table(tmp_path / "t.csv")
    assert frame["城市"].to_list() == CITIES and frame["金额"].to_list() == [0, 1, 2]


def test_tsv_csv_and_parquet_of_the_same_rows_are_read_alike(tmp_path):
    frame = pl.DataFrame({"a": [1, 2, None], "b": ["x", None, "z,w"], "d": [date(2026, 1, 2), None, date(2026, 3, 4)], "f": [0.5, None, 2.0], "e": pl.Series([None] * 3, dtype=pl.String)})
    frame.write_csv(tmp_path / "t.csv")
    frame.write_csv(tmp_path / "t.tsv", separator="\t")
    frame.write_parquet(tmp_path / "t.parquet")
    told = [read_table(tmp_path / f"t.{kind}") for kind in ("csv", "tsv", "parquet")]
    assert all(one.equals(frame, null_equal=True) and one.schema == told[0].schema for one in told)
    assert told[0].schema["e"] == pl.Null and told[0].schema["d"] == pl.Date


def test_words_for_nothing_are_nothing_so_that_a_column_of_numbers_stays_one(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,x\nNA,NA\nN/A,\nnan,NaN\nNaN,null\nnull,y\n,z\n2.5,NA2\n")
    frame = read_table(tmp_path / "t.csv")
    assert frame["a"].to_list() == [1.0, *[None] * 6, 2.5] and frame["b"].to_list() == ["x", *[None] * 4, "y", "z", "NA2"]


@pytest.mark.parametrize(("name", "content", "said"), [
    ("t.xlsx", b"x", r"\.parquet, \.csv or \.tsv"), ("t.csv", b"", "cannot be read"), ("t.csv", b"a,b\n", "has no rows"), ("t.csv", b"a,b\n1,2,3\n", "cannot be read"),
    ("t.csv", bytes(range(256)), "neither UTF-8 nor GB 18030"), ("t.parquet", b"PAR1" + bytes(100) + b"PAR1", "cannot be read"), ("t.parquet", b"", "cannot be read"),
])
def test_a_file_that_is_none_of_rows_is_refused(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Refused, match=said) as problem:
        read_table(tmp_path / name)
    assert str(tmp_path / name) in problem.value.en and problem.value.zh
    with pytest.raises(Refused, match=r"no such file|\.parquet, \.csv or \.tsv"):
        read_table(tmp_path / f"gone-{name}")


@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_a_refusal(content):
    with TemporaryDirectory() as folder:
        for name in ("t.csv", "t.tsv", "t.parquet"):
            (Path(folder) / name).write_bytes(content)
            try:
                assert len(read_table(Path(folder) / name)) > 0
            except Refused as problem:
                assert problem.zh and name in problem.en


# what of it is a feature

def test_every_column_is_a_feature_but_those_that_are_none_and_the_reason_is_told():
    rows = CATEGORIES_MOST + 1
    frame = plain(rows, loan_id=range(rows), SEX=["f"] * rows, age=[30] * rows, opened=[date(2026, 1, 1)] * rows, remark=[f"r{row}" for row in range(rows)],
                  city=[CITIES[row % 3] for row in range(rows)], job=["ab"[row % 2] for row in range(rows)], list=[[1]] * rows, house_no=[row // 2 for row in range(rows)], secret=[1] * rows)
    said, left_out = drafted(frame, APPLICATION, "y", None, None, None, ("secret",))
    assert [feature.name for feature in said.features] == ["x", "job", "house_no"]
    reasons = {column: words[1] for column, words in left_out}
    assert {"SEX", "age", "city", "loan_id", "opened", "remark", "list", "secret"} == reasons.keys()
    assert "protected" in reasons["SEX"] and "names the row" in reasons["loan_id"] and "more than 100" in reasons["remark"] and "excluded" in reasons["secret"]
    assert dict(said.protected) == {"sex": "SEX", "age_band": "age", "region": "city"}


def test_a_text_of_a_hundred_values_is_a_category_and_one_of_more_is_not():
    for values, is_feature in ((CATEGORIES_MOST, True), (CATEGORIES_MOST + 1, False)):
        said, _ = drafted(plain(300, t=[f"t{row % values}" for row in range(300)]), APPLICATION, "y", None, None, None, ())
        assert ("t" in {feature.name for feature in said.features}) == is_feature


def test_the_columns_of_time_group_and_outcome_are_no_features():
    frame = plain(10, g=range(10), t=range(2000, 2010), z=range(10))
    said, _ = drafted(frame, APPLICATION, "CASE WHEN y + x > 1 THEN 1 ELSE 0 END", None, "t", "g", ())
    assert [feature.formula for feature in said.features] == ["z"]


@pytest.mark.parametrize("name", ["outcome", "person", "when", "estimate"])
def test_a_column_that_bears_a_name_of_the_samples_own_is_read_under_another(name):
    frame = plain(20, **{name: [100 + row for row in range(20)]})
    said, _ = drafted(frame, APPLICATION, "y", None, None, None, ())
    found = sample_of(Path("t.csv"), frame, APPLICATION, said, [], None, "digest")
    assert found.rows[f"column_{name}"].to_list() == frame[name].to_list()
    assert found.rows["outcome"].to_list() == frame["y"].to_list() and found.formulas[f"column_{name}"] == name


# which value is the event

@pytest.mark.parametrize(("values", "is_event"), [
    ([0, 1], [0, 1]), ([0.0, 1.0], [0, 1]), ([False, True], [0, 1]), (["no", "yes"], [0, 1]), (["N", "Y"], [0, 1]), (["否", "是"], [0, 1]), (["False", "TRUE"], [0, 1]), (["0", "1"], [0, 1]),
])
def test_the_yes_of_yes_and_no_is_the_event_by_itself(values, is_event):
    found = sample(pl.DataFrame({"x": range(20), "y": values * 10}))
    assert found.rows["outcome"].to_list() == is_event * 10 and not found.target.is_share


@pytest.mark.parametrize(("values", "event"), [([1, 2], "2"), ([1, 2], "2.0"), ([1.0, 2.0], "2"), (["paid", "lost"], "lost"), ([0, 1], "0"), ([True, False], "false")])
def test_the_event_that_is_said_is_the_event(values, event):
    found = sample(pl.DataFrame({"x": range(20), "y": values * 10}), event=event)
    wanted = {"2": 2, "2.0": 2, "lost": "lost", "0": 0, "false": False}[event]
    assert found.rows["outcome"].to_list() == [float(value == wanted) for value in values] * 10


@pytest.mark.parametrize(("values", "event", "said"), [
    ([1, 2], None, r"has the values 1, 2; say which one is the event with --event"), (["a", "b", "yes"], None, "say which one is the event"), ([0, 1], "2", "is never '2'; there are 0, 1"),
    ([1, 1], None, "is 1 in every row"), ([None, None], None, "is empty in every row"), ([[1], [2]], None, "cannot be told apart"),
])
def test_an_outcome_that_says_nothing_is_refused(values, event, said):
    with pytest.raises(Refused, match=said):
        sample(pl.DataFrame({"x": range(10 * len(values)), "y": values * 10}), event=event)


def test_rows_without_an_outcome_are_left_out_and_counted():
    found = sample(pl.DataFrame({"x": range(30), "y": [0, 1, None] * 10}))
    assert len(found.rows) == 20 and found.notes[0][1] == "10 rows without an outcome or a date were not used"
    found = sample(pl.DataFrame({"x": range(30), "y": [0.0, 1.0, float("nan")] * 10}))
    assert len(found.rows) == 20 and found.rows["outcome"].to_list() == [0.0, 1.0] * 10


def test_a_share_is_taken_as_one_and_what_is_none_is_refused():
    shares = [0.0, 0.25, 1.0, None] * 10
    found = sample(pl.DataFrame({"x": range(40), "y": shares}), target=LOSS)
    assert found.rows["outcome"].to_list() == [0.0, 0.25, 1.0] * 10
    assert sample(pl.DataFrame({"x": range(40), "y": shares})).rows["outcome"].to_list() == [0.0, 0.25, 1.0] * 10
    for wrong in ([0.0, 1.01], [-0.1, 0.5], ["a", "b"], [float("inf"), 0.5]):
        with pytest.raises(Refused, match="must be a share from 0 to 1"):
            sample(pl.DataFrame({"x": range(20), "y": wrong * 10}), target=LOSS)


# which rows are held out

@given(st.integers(2, 3000), st.sampled_from([0.1, 0.2, 0.25, 1 / 3, 0.5]), st.integers(0, 2**32 - 1))
def test_the_rows_held_out_at_random_are_those_of_scikit_learn(rows, share, seed):
    from sklearn.model_selection import train_test_split

    found = sample(plain(rows), test_share=share, seed=seed)
    _, theirs = train_test_split(np.arange(rows), test_size=share, random_state=seed)
    assert found.how == RANDOM and sorted(theirs) == np.flatnonzero(found.test).tolist()


def test_the_published_split_of_a_quarter_with_42_is_what_one_gets_without_asking():
    from sklearn.model_selection import train_test_split

    _, theirs = train_test_split(np.arange(30_000), test_size=0.25, random_state=42)
    assert set(theirs) == set(np.flatnonzero(sample(plain(30_000)).test))


@given(st.lists(st.integers(0, 40), min_size=30, max_size=200), st.integers(0, 100))
def test_nobody_is_in_two_parts_or_in_two_folds(people, seed):
    frame = pl.DataFrame({"x": range(len(people)), "y": [row % 2 for row in range(len(people))], "g": people})
    try:
        found = sample(frame, group="g", seed=seed)
    except Refused as problem:
        assert "people, too few" in problem.en and len(set(people)) < 12
        return
    part, fold = {}, {}
    for person, is_test, number in zip(people, found.test, folds_of(found.rows["person"]), strict=True):
        assert part.setdefault(person, is_test) == is_test and fold.setdefault(person, number) == number
    assert len(set(part.values())) == 2


@pytest.mark.parametrize("people", [1, 2])
def test_a_group_of_next_to_nobody_is_refused(people):
    with pytest.raises(Refused, match=rf"group 'g' names only {people} people, too few"):
        sample(plain(100, g=[row % people for row in range(100)]), group="g")


@given(st.lists(st.dates(date(2020, 1, 1), date(2021, 12, 31)), min_size=20, max_size=200))
def test_the_latest_rows_are_held_out_where_the_file_has_time(days):
    found = sample(pl.DataFrame({"x": range(len(days)), "y": [row % 2 for row in range(len(days))], "d": days}), time="d")
    if found.how == RANDOM:  # the day at three quarters parts them too unevenly
        day = sorted(days)[ceil(0.75 * (len(days) - 1))]
        assert "held out at random instead" in found.notes[-1][1]
        assert day == min(days) or sum(one >= day for one in days) >= 0.6 * len(days)
        return
    then = [day for day, is_test in zip(days, found.test, strict=True) if not is_test]
    later = [day for day, is_test in zip(days, found.test, strict=True) if is_test]
    assert max(then) < min(later) and len(later) >= len(days) / 4


def test_out_of_time_it_is_said_of_how_many_the_person_is_known_already():
    frame = plain(100, d=[date(2026, 1, 1) + timedelta(days=row) for row in range(100)], g=[row % 20 for row in range(100)])
    found = sample(frame, time="d", group="g")
    assert found.how == OUT_OF_TIME and found.notes[-1][1].startswith("measured out of time: of 25 held-out rows the person is also among the earlier")


@pytest.mark.parametrize("values", [
    [f"2026-{month:02d}-15" for month in range(1, 13)], [datetime(2026, month, 15, 23, 59) for month in range(1, 13)], [date(2026, month, 15) for month in range(1, 13)],
])
def test_dates_are_read_from_texts_moments_and_dates(values):
    found = sample(plain(120, d=values * 10), time="d")
    assert found.rows["when"].to_list() == [date(2026, month, 15) for month in range(1, 13)] * 10 and found.how == OUT_OF_TIME


def test_a_year_stands_for_its_last_day():
    found = sample(plain(100, year=[2000 + row // 10 for row in range(100)]), time="year")
    assert found.rows["when"].unique().sort().to_list() == [date(year, 12, 31) for year in range(2000, 2010)]
    assert found.rows.filter(pl.Series(found.test))["when"].min() == date(2007, 12, 31)


@pytest.mark.parametrize("values", [["soon"], [1, 2], [1.5], [True], [time(10)], [timedelta(days=1)], ["2026/01/02"], [None]])
def test_what_is_no_date_is_refused_as_time(values):
    with pytest.raises(Refused, match="no date can be read from it; it must be a date"):
        sample(plain(20, d=(values * 20)[:20]), time="d")


def test_rows_dated_after_as_of_are_not_looked_at():
    frame = plain(100, d=[date(2026, 1, 1) + timedelta(days=row) for row in range(100)])
    found = sample(frame, date(2026, 2, 19), time="d")
    assert len(found.rows) == 50 and found.rows["when"].max() == date(2026, 2, 19) and found.notes == (("50 行日期晚于 2026-02-19，未使用", "50 rows dated after 2026-02-19 were not used"),)
    shorter = sample(frame.filter(pl.col("d") <= date(2026, 2, 19)), time="d")
    assert found.rows.equals(shorter.rows) and (found.test == shorter.test).all()
    with pytest.raises(Refused, match="no row has an outcome within the time"):
        sample(frame, date(2025, 12, 31), time="d")
    assert "no column of dates is named" in sample(frame, date(2025, 12, 31)).notes[0][1]


def test_protected_columns_stand_beside_the_rows_and_ages_in_their_bands():
    found = sample(plain(20, s=["f", "m"] * 10, old=[18, 24, 25, 64, 65] * 4), protected=(("sex", "s"), ("age_band", "old")))
    assert found.rows["sex"].to_list() == ["f", "m"] * 10 and found.rows["age_band"].to_list() == ["18-24", "18-24", "25-34", "55-64", "65+"] * 4
    assert {feature.name for feature in found.features} == {"x"}
