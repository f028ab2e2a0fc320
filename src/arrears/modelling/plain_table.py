"""A sample from one file: the columns a definition names, or what can be made of the columns by themselves."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from arrears.modelling.definition import (
    TAKEN,
    Definition,
    Derived,
    computed,
    first_line,
    no_column,
    protected_roots,
    roots_of,
)
from arrears.modelling.sample import OUT_OF_TIME, RANDOM, Sample, folds_of
from arrears.refusal import Refused
from arrears.scoring.model import CATEGORY, NUMBER, Feature
from arrears.scoring.protected import ATTRIBUTES, age_band, protected_as, protected_by_values
from arrears.scoring.target import Target, Words
from arrears.store import digest_of_file

CATEGORIES_MOST = 100
"""A text of more different values is taken for a name or a remark, not for a category."""
_TEST_OF_TIME = 0.25
_YES, _NO = ("1", "true", "yes", "y", "是"), ("0", "false", "no", "n", "否")


def read_table(path: Path) -> pl.DataFrame:
    """The rows of a Parquet or CSV file, a column that is empty in every row of the type Null; raises Refused where it cannot be read as one."""
    kind = path.suffix.lower()
    if kind not in (".parquet", ".csv", ".tsv"):
        raise Refused(f"{path}: a file of rows is .parquet, .csv or .tsv; save it as one of these", f"{path}：数据文件须为 .parquet、.csv 或 .tsv")
    try:
        if kind == ".parquet":
            frame = pl.read_parquet(path, glob=False)
        else:
            content = path.read_bytes()
            frame = pl.read_csv(_utf8(content, path), separator="\t" if kind == ".tsv" else ",", infer_schema_length=None, null_values=["", "NA", "N/A", "nan", "NaN", "null"],
                                try_parse_dates=True)
    except FileNotFoundError:
        raise Refused(f"{path}: there is no such file", f"{path}：没有此文件") from None
    except BaseException as problem:
        if isinstance(problem, Refused):
            raise
        said = first_line(problem)
        raise Refused(f"{path}: cannot be read ({said}); check that it is a whole {kind} file with one header line", f"{path}：无法读取（{said}）；请检查文件是否完整、首行是否为列名") from None
    if frame.is_empty():
        raise Refused(f"{path}: it has no rows", f"{path}：没有数据行")
    return frame.with_columns(pl.lit(None).alias(column) for column in frame.columns if frame[column].null_count() == len(frame))


def _utf8(content: bytes, path: Path) -> bytes:
    """The bytes of a text file as UTF-8; those of Chinese offices are often GB 18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding).encode()
        except UnicodeDecodeError:
            continue
    raise Refused(f"{path}: neither UTF-8 nor GB 18030; save it as UTF-8", f"{path}：既非 UTF-8 也非 GB 18030 编码；请另存为 UTF-8")


def drafted(frame: pl.DataFrame, target: Target, outcome: str, event: str | None, time: str | None, group: str | None,
            excluded: tuple[str, ...]) -> tuple[Definition, list[tuple[str, Words]]]:
    """A definition that takes every column as it is, and which columns it leaves out with the reason.

    Left out are the outcome, what is protected, what is excluded, dates, and texts with more than CATEGORIES_MOST values.
    """
    features, left_out, protected = [], [], []
    used = {*roots_of(outcome, frame.columns, "--target"), time, group}
    for column, dtype in frame.schema.items():
        attribute = protected_as(column) or protected_by_values(frame[column])
        if column in used:
            continue
        if column in excluded:
            left_out.append((column, ("按要求排除", "excluded as asked")))
        elif attribute is not None:
            left_out.append((column, ("受保护属性，只用于公平性报告", "a protected attribute; used for the fairness report alone")))
            is_grouping = (attribute == "age_band" and dtype.is_numeric()) or frame[column].n_unique() <= CATEGORIES_MOST
            protected += [(attribute, column)] if attribute in ATTRIBUTES and attribute not in dict(protected) and is_grouping else []
        elif dtype.is_temporal():
            left_out.append((column, ("日期，本身不是特征", "a date, which is no feature by itself")))
        elif dtype == pl.String and frame[column].n_unique() > CATEGORIES_MOST:
            left_out.append((column, (f"文本且取值超过 {CATEGORIES_MOST} 种", f"a text of more than {CATEGORIES_MOST} different values")))
        elif dtype.is_integer() and frame[column].n_unique() == len(frame) and column.lower().split("_")[-1] in ("id", "no", "nr", "number", "编号"):
            left_out.append((column, ("每行不同的编号", "a number that names the row")))
        elif dtype.is_nested() or dtype in (pl.Binary, pl.Object):
            left_out.append((column, (f"类型 {dtype} 无法使用", f"of the type {dtype}, which no model reads")))
        else:
            features.append(Derived(_own_name(column, frame.columns), column, "", column, column))
    missing = next((column for column in excluded if column not in frame.columns), None)
    if missing is not None:
        raise no_column(missing, frame.columns, "--exclude")
    if not features:
        raise Refused("no column is left to learn from; name features in a definition (--definition)", "没有可用于学习的列；请用 --definition 写明特征")
    return Definition(outcome, event, tuple(features), None, time, group, tuple(protected)), left_out


def _own_name(column: str, columns: list[str]) -> str:
    """The feature's name: the column's, another one where a sample's own columns bear that."""
    name = column
    while name in TAKEN or (name != column and name in columns):
        name = f"column_{name}"
    return name


def sample_of(path: Path, frame: pl.DataFrame, target: Target, definition: Definition, left_out: list[tuple[str, Words]], as_of: date | None,
              digest: str | None = None) -> Sample:
    """The sample that a definition makes of a file's rows. Raises Refused where a formula, the outcome or the time is not as it should be."""
    taken, features = _features(frame, definition)
    outcome, event = _outcome(frame, target, definition)
    notes: list[Words] = []
    columns = {"outcome": outcome, "person": _person(frame, definition), **_protected(frame, definition)}
    if definition.time is not None:
        columns["when"] = _times(frame, definition.time)
    rows = taken.with_columns(**columns)
    rows = _rows_used(rows, as_of, notes)
    if rows.is_empty():
        raise Refused(f"{path}: no row has an outcome within the time; check --target, --time and --as-of", f"{path}：没有可用的行；请检查目标列、时间列与日期")
    test, how = _held_out(rows, definition)
    if definition.time is not None and how == RANDOM:
        notes.append(("多数行的日期相同，无法跨时间检验：改为随机留出，未来的变化未经检验", "too many rows are of one day to measure out of time: rows were held out at random instead, so change over time is not tested"))
    if definition.group is not None:
        _people_enough(rows, test, definition.group)
        both = rows.filter(pl.Series(test))["person"].is_in(rows.filter(pl.Series(~test))["person"].implode())
        if both.any():
            notes.append((f"跨时间检验：{int(both.sum())} 条检验行的人员在更早的拟合行中也出现过", f"measured out of time: of {int(both.sum()):,} held-out rows the person is also among the earlier rows it was fitted on"))
    formulas = {feature.name: feature.formula for feature in definition.features}
    return Sample(target, rows, features, test, how, path.name, digest or digest_of_file(path), as_of, None, definition.words or _event_words(definition, event), formulas, definition.kept(),
                  tuple(notes), tuple(left_out), definition.seed)


def _rows_used(rows: pl.DataFrame, as_of: date | None, notes: list[Words]) -> pl.DataFrame:
    """The rows with an outcome, dated as_of at the latest where they have dates; what is not used is noted."""
    kept = rows["outcome"].is_not_null()
    if "when" in rows.columns:
        kept = kept & rows["when"].is_not_null()
    if int((~kept).sum()):
        notes.append((f"{int((~kept).sum())} 行没有结果或日期，未使用", f"{int((~kept).sum()):,} rows without an outcome or a date were not used"))
    rows = rows.filter(kept)
    if as_of is None:
        return rows
    if "when" not in rows.columns:
        notes.append((f"未给出日期列（--time），无法剔除晚于 {as_of} 的行", f"no column of dates is named (--time), so rows of after {as_of} could not be left out"))
        return rows
    late = rows["when"] > as_of
    if late.any():
        notes.append((f"{int(late.sum())} 行日期晚于 {as_of}，未使用", f"{int(late.sum()):,} rows dated after {as_of} were not used"))
    return rows.filter(~late)


def _people_enough(rows: pl.DataFrame, test: np.ndarray, group: str) -> None:
    """Raises Refused where the people to fit on are too few to keep each of them in one fold."""
    train = rows.filter(pl.Series(~test))["person"]
    folds = len(np.unique(folds_of(train))) if len(train) else 0
    if folds < 2:
        raise Refused(f"group {group!r} names only {rows['person'].n_unique():,} people, too few to measure on others than it is fitted on; name a column that tells more people apart, or leave --group out",
                      f"group {group!r} 只区分出 {rows['person'].n_unique():,} 人，无法以不同的人拟合和检验；请指定能区分更多人的列，或去掉 --group")


def features_from(frame: pl.DataFrame, formulas: dict[str, str]) -> pl.DataFrame:
    """The features of a file's rows, as the formulas of a fitted model say. Raises Refused naming a column that is missing."""
    return pl.DataFrame([computed(formula, frame, f"feature {name}").alias(name) for name, formula in formulas.items()])


def _features(frame: pl.DataFrame, definition: Definition) -> tuple[pl.DataFrame, tuple[Feature, ...]]:
    known = {root: attribute for attribute, said in definition.protected for root in roots_of(said, frame.columns)}
    known |= {column: attribute for column in frame.columns if (attribute := protected_by_values(frame[column])) is not None}
    for derived in definition.features:
        where = f"feature {derived.name}"
        forbidden = protected_roots(derived.formula, frame.columns, known)
        if forbidden:
            raise Refused(f"{where}: it reads {forbidden[0]}, a protected attribute; no model may, it is for fairness reports alone: take it out",
                          f"{where}：使用了受保护属性 {forbidden[0]}；模型不得使用，仅可用于公平性报告，请删去")
        told = set(roots_of(derived.formula, frame.columns)) & set(roots_of(definition.target, frame.columns))
        if told:
            raise Refused(f"{where}: it reads {min(told)}, which is the outcome; take it out", f"{where}：使用了结果列 {min(told)}；请删去")
    taken = features_from(frame, {derived.name: derived.formula for derived in definition.features})
    features = []
    for derived in definition.features:
        dtype = taken.schema[derived.name]
        kind = NUMBER if dtype.is_numeric() or dtype in (pl.Boolean, pl.Null) else CATEGORY
        features.append(Feature(derived.name, kind, derived.zh, derived.en, derived.unit, derived.monotone))
    texts = [feature.name for feature in features if feature.kind == CATEGORY]
    return taken.with_columns(pl.col(texts).cast(pl.String)), tuple(features)


def _outcome(frame: pl.DataFrame, target: Target, definition: Definition) -> tuple[pl.Series, str | None]:
    """1 where the event happened, 0 where not, null where nobody knows, and which value is the event; or the share, and None."""
    values = computed(definition.target, frame, "--target")
    if not values.is_not_null().any():
        raise Refused(f"the outcome {definition.target!r} is empty in every row, so nothing can be learnt; name a column that is filled",
                      f"结果 {definition.target!r} 全部为空，无法学习；请指定有值的列")
    if target.is_share or (definition.event is None and values.dtype.is_float() and _is_share(values) and values.is_between(0, 1, closed="none").any()):
        if not values.dtype.is_numeric() or not _is_share(values):
            raise Refused(f"the outcome {definition.target!r} must be a share from 0 to 1 for {target.name}; write it as one, such as LEAST(1, paid / NULLIF(due, 0))",
                          f"{target.name} 的结果 {definition.target!r} 须为 0 到 1 的比例；可写如 LEAST(1, paid / NULLIF(due, 0))")
        return values.cast(pl.Float64).fill_nan(None), None
    if values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Object):
        raise Refused(f"the outcome {definition.target!r} holds {values.dtype}, which cannot be told apart; name a column of numbers, yes and no, or texts",
                      f"结果 {definition.target!r} 的类型为 {values.dtype}，无法区分取值；请指定数字、是否或文本列")
    text = _texts(values)
    there = sorted(text.drop_nulls().unique().to_list())
    event = _event(there, definition, target)
    return (text == event).cast(pl.Float64), event


def _texts(values: pl.Series) -> pl.Series:
    """The values as texts, whole numbers without a point: 1 of every type is "1"."""
    if not values.dtype.is_numeric():
        return values.cast(pl.String)
    return values.cast(pl.Float64).fill_nan(None).cast(pl.String).str.strip_suffix(".0")


def _event(there: list[str], definition: Definition, target: Target) -> str:
    """The value that is the event: as said, or the yes among yes and no."""
    if len(there) == 1:
        raise Refused(f"the outcome {definition.target!r} is {there[0]} in every row; without both kinds nothing can be learnt", f"结果 {definition.target!r} 全部为 {there[0]}；只有一类时无法学习")
    if definition.event is not None:
        said = next((value for value in there if value == definition.event or _same_number(value, definition.event)), None)
        if said is None:
            raise Refused(f"the outcome {definition.target!r} is never {definition.event!r}; there are {', '.join(there[:20])}", f"结果 {definition.target!r} 没有取值 {definition.event!r}；已有：{'、'.join(there[:20])}")
        return said
    yes, no = ([value for value in there if value.lower() in words] for words in (_YES, _NO))
    if len(there) == 2 and yes and no:
        return yes[0]
    raise Refused(f"the outcome {definition.target!r} has the values {', '.join(there[:20])}; say which one is the event with --event", f"结果 {definition.target!r} 的取值为 {'、'.join(there[:20])}；请用 --event 指明哪一个是事件")


def _same_number(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _is_share(values: pl.Series) -> bool:
    known = values.cast(pl.Float64, strict=False).fill_nan(None).drop_nulls()
    return bool(len(known)) and bool((known >= 0).all()) and bool((known <= 1).all())


def _person(frame: pl.DataFrame, definition: Definition) -> pl.Series:
    """Whose row it is; without a group every row is somebody else's."""
    if definition.group is None:
        return pl.Series(np.arange(len(frame))).cast(pl.String)
    values = computed(definition.group, frame, "group")
    if values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Object):
        raise Refused(f"group {definition.group!r} holds {values.dtype}, which names nobody; name a column of numbers or texts", f"group {definition.group!r} 的类型为 {values.dtype}，不能表示人员；请指定数字或文本列")
    return values.cast(pl.String).fill_null("")


def _protected(frame: pl.DataFrame, definition: Definition) -> dict[str, pl.Series]:
    found = {}
    for attribute, said in definition.protected:
        values = computed(said, frame, f"protected, {attribute}").alias(attribute)
        if attribute == "age_band" and values.dtype.is_numeric():
            values = values.to_frame().select(age_band(pl.col(attribute)).alias(attribute))[attribute]
        found[attribute] = values.cast(pl.String)
    return found


def _times(frame: pl.DataFrame, said: str) -> pl.Series:
    values = computed(said, frame, "time").alias("when")
    if values.dtype == pl.String:
        values = values.str.to_date("%Y-%m-%d", strict=False)
    if values.dtype.is_integer() and values.drop_nulls().len() and values.min() >= 1900 and values.max() <= 2200:
        values = values.to_frame().select(pl.date(pl.col("when"), 12, 31).alias("when"))["when"]
    if values.dtype not in (pl.Date, pl.Datetime) or values.null_count() == len(values):
        raise Refused(f"time {said!r}: no date can be read from it; it must be a date, a text YYYY-MM-DD or a year", f"时间列 {said!r} 无法读作日期；须为日期、YYYY-MM-DD 文本或年份")
    return values.cast(pl.Date)


def _held_out(rows: pl.DataFrame, definition: Definition) -> tuple[np.ndarray, str]:
    """The rows kept for measuring: the latest where the data has time, else a random part of the people."""
    if "when" in rows.columns:
        when = rows["when"].to_physical().to_numpy()
        first = np.quantile(when, 1 - _TEST_OF_TIME, method="higher")
        if (when >= first).mean() < 0.6 and (when < first).any():
            return when >= first, OUT_OF_TIME
    people, code = np.unique(rows["person"].to_numpy(), return_inverse=True)
    if len(people) == len(rows):
        return _random_rows(len(rows), definition), RANDOM
    chosen = _random_rows(len(people), definition)
    return chosen[code], RANDOM


def _random_rows(count: int, definition: Definition) -> np.ndarray:
    """The rows that scikit-learn's train_test_split would keep for testing: a permutation's first part, as the published splits have it."""
    order = np.random.RandomState(definition.seed).permutation(count)
    test = np.zeros(count, np.bool_)
    test[order[: int(np.ceil(definition.test_share * count))]] = True
    return test


def _event_words(definition: Definition, event: str | None) -> Words:
    """What the outcome is, in words, where the definition has none."""
    if event is None:
        return f"比例 {definition.target}", f"the share {definition.target}"
    return f"{definition.target} 为 {event}", f"{definition.target} is {event}"


def with_formulas(sample: Sample, frame: pl.DataFrame, definition: Definition, formulas: dict[str, str]) -> Sample:
    """The sample with the features of another model beside its own, computed from the same rows. Raises Refused where one name means two things."""
    clash = next((name for name, formula in formulas.items() if sample.formulas.get(name, formula) != formula), None)
    if clash is not None:
        raise Refused(f"feature {clash}: the two versions compute it differently, so they cannot be compared on one table; fit one of them anew under another name",
                      f"特征 {clash}：两个版本的计算方式不同，无法同表比较；请以其他名称重新拟合其一")
    new = {name: formula for name, formula in formulas.items() if name not in sample.formulas}
    wider = tuple(Derived(name, formula) for name, formula in new.items())
    again = sample_of(Path(sample.source), frame, sample.target, replace(definition, features=(*definition.features, *wider)), [], sample.as_of, sample.digest)
    return replace(sample, rows=again.rows)
