"""What a model of a file's columns is made of, as data: the outcome, the features with their formulas, what is protected."""

import re
from dataclasses import asdict, dataclass

import polars as pl

from arrears import strict_yaml
from arrears.refusal import Refused
from arrears.scoring.protected import ATTRIBUTES, protected_as
from arrears.strict_yaml import BadYaml

_TREND = {"up": 1, "down": -1, "none": 0}
_KEYS = {"target", "features"}
_ROWS_TRIED = 12
_FORMULA_MOST = 4_000
"""Characters; Polars' parser ends the program by a stack overflow some way beyond."""
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_NOT_OF_ONE_ROW = re.compile(r"\b(SELECT\b|CURRENT_\w+|(?:OVER|NOW|COLUMNS|RPAD|LPAD)(?=\s*\())", re.IGNORECASE)
"""Words of SQL that look beyond the row, at the clock, at columns nobody named, or that make texts of any length."""
_OPTIONAL = {"model", "event", "zh", "en", "time", "group", "protected", "split"}
TAKEN = ("outcome", "person", "when", "estimate", *ATTRIBUTES)
"""Names of a sample's own columns, which no feature may bear."""
_OTHER_ROWS = re.compile(
    r"(?<!\.list)\.(over|sum|mean|min|max|count|len|first|last|median|std|var|n_unique|quantile|rank|shift|unique|implode|cum_\w+|rolling_\w+|arg_\w+|explode|mode"
    r"|reverse|sort|sort_by|skew|kurtosis|pct_change|diff|forward_fill|backward_fill|int_range)\(|(?<![\w.])len\(")
"""What Polars calls the steps that read other rows, in the text of an expression."""


@dataclass(frozen=True)
class Derived:
    """One feature: an SQL expression over the columns of one row. monotone: 1 where a higher value makes the event likelier, -1 less likely."""

    name: str
    formula: str
    unit: str = ""
    zh: str = ""
    en: str = ""
    monotone: int = 0


@dataclass(frozen=True)
class Definition:
    """target: a column or an SQL expression; event: the value of it that is the event, None where the target is a share in [0, 1].

    time: a date of each row, for measuring out of time; group: whose row it is; protected: for fairness alone, by attribute. model: the one it is of.
    """

    target: str
    event: str | None
    features: tuple[Derived, ...]
    words: tuple[str, str] | None = None
    time: str | None = None
    group: str | None = None
    protected: tuple[tuple[str, str], ...] = ()
    test_share: float = 0.25
    seed: int = 42
    model: str | None = None

    def kept(self) -> dict:
        """As a card keeps it."""
        return asdict(self)


def definition_kept(content: dict) -> Definition:
    """The definition that a card kept."""
    features = tuple(Derived(**entry) for entry in content["features"])
    return Definition(**{**content, "features": features, "words": content["words"] and tuple(content["words"]),
                         "protected": tuple(tuple(pair) for pair in content["protected"])})


def definition_from(text: str, name: str) -> Definition:
    """The definition of this text; raises BadYaml naming the place where one is not as it should be."""
    content = strict_yaml.parse(text, name)
    strict_yaml.expect_keys(content, _KEYS, _OPTIONAL, name)
    _demand_text(content, {"target", "model", "event", "zh", "en", "time", "group"}, name)
    _demand_said(content, {"target"}, name)
    if not isinstance(content["features"], list) or not content["features"]:
        raise BadYaml(f"{name}, features: a list of at least one feature is expected")
    features = tuple(_derived(entry, f"{name}, feature {place}") for place, entry in enumerate(content["features"], start=1))
    names = [feature.name for feature in features]
    twice = next((one for one in names if names.count(one) > 1), None)
    if twice is not None:
        raise BadYaml(f"{name}, features: {twice} stands twice; each feature needs its own name")
    protected = content.get("protected", {})
    strict_yaml.expect_keys(protected, set(), set(ATTRIBUTES), f"{name}, protected")
    _demand_text(protected, set(ATTRIBUTES), f"{name}, protected")
    split = content.get("split", {})
    strict_yaml.expect_keys(split, set(), {"test_share", "seed"}, f"{name}, split")
    _demand_text(split, {"test_share", "seed"}, f"{name}, split")
    words = (content["zh"], content["en"]) if "zh" in content and "en" in content else None
    return Definition(
        content["target"], _given(content.get("event")), features, words, _given(content.get("time")), _given(content.get("group")),
        tuple((key, value) for key, value in protected.items() if _given(value)), _share(split.get("test_share", "0.25"), name),
        _seed(split.get("seed", "42"), name), _given(content.get("model")))


def _given(value: str | None) -> str | None:
    """Null, ~ and an empty cell mean that nothing is said."""
    return None if value in (None, "", "null", "~") else value


def _derived(entry: dict, where: str) -> Derived:
    keys = {"name", "formula"}, {"unit", "zh", "en", "monotone"}
    strict_yaml.expect_keys(entry, *keys, where)
    _demand_text(entry, keys[0] | keys[1], where)
    _demand_said(entry, keys[0], where)
    trend = entry.get("monotone", "none")
    if trend not in _TREND:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, 'monotone')}: monotone is {trend!r}; write up, down or none: whether a higher value makes the event likelier")
    name = entry["name"]
    if name in TAKEN:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, 'name')}: the name {name} is taken ({', '.join(TAKEN)}); give the feature another one")
    return Derived(name, entry["formula"], entry.get("unit", ""), entry.get("zh", name), entry.get("en", name), _TREND[trend])


def _demand_text(entry: dict, keys: set[str], where: str) -> None:
    for key in sorted(keys & entry.keys()):
        if not isinstance(entry[key], str):
            raise BadYaml(f"{where}{strict_yaml.line_of(entry, key)}: {key} must be a plain text, not a list or a mapping")


def _demand_said(entry: dict, keys: set[str], where: str) -> None:
    for key in sorted(keys):
        if not entry[key].strip():
            raise BadYaml(f"{where}{strict_yaml.line_of(entry, key)}: {key} is empty")


def _share(said: str, name: str) -> float:
    try:
        value = float(said)
    except ValueError:
        value = 0.0
    if not 0.0 < value < 1.0:
        raise BadYaml(f"{name}, split: test_share is {said!r}; write a share between 0 and 1 such as 0.25")
    return value


def _seed(said: str, name: str) -> int:
    if not said.isdecimal() or int(said) >= 2**32:
        raise BadYaml(f"{name}, split: seed is {said!r}; write a whole number from 0 to 4294967295")
    return int(said)


def expression(said: str, frame: pl.DataFrame, where: str) -> pl.Expr:
    """The column of that name, or the SQL expression over the columns of one row. Raises Refused where it is neither.

    An expression that looks at other rows than its own (a sum, a rank, the row before) is refused: it would know what one case alone does not. So is one
    that names columns by a pattern, which Polars takes "^S.X$" for: nobody could say which columns it reads, a protected one or the outcome among them.
    """
    if said in frame.columns and not pl.col(said).meta.has_multiple_outputs():
        return pl.col(said)
    if len(said) > _FORMULA_MOST:
        raise Refused(f"{where}: the formula has {len(said):,} characters; {_FORMULA_MOST:,} are the most: compute parts of it as columns of the file",
                      f"{where}：公式有 {len(said):,} 个字符，最多 {_FORMULA_MOST:,} 个；请先在文件中算好一部分列")
    found, roots = _parsed(said, where)
    if found.meta.has_multiple_outputs():
        raise Refused(f"{where}: {said!r} names columns by a pattern; name each column it reads", f"{where}：{said!r} 以模式指代列；请写明所用的每一列")
    missing = [root for root in roots if root not in frame.columns]
    if missing:
        raise no_column(missing[0], frame.columns, where)
    if not roots:
        raise Refused(f"{where}: {said!r} reads no column, so it is the same in every row; name a column in it", f"{where}：{said!r} 没有用到任何列，每行都相同；请写入列名")
    looks = Refused(f"{where}: {said!r} looks at other rows than its own; a feature is computed from one row alone",
                    f"{where}：{said!r} 用到了其他行；特征只能由本行计算")
    if _OTHER_ROWS.search(re.sub(r'"(?:[^"\\\\]|\\\\.)*"', "", str(found))):
        raise looks
    word = _NOT_OF_ONE_ROW.search(_QUOTED.sub(" ", said))
    if word is not None:
        raise Refused(f"{where}: {said!r} uses {word[0]}, which is not for a feature of one row; take it out", f"{where}：{said!r} 使用了 {word[0]}，不适用于单行特征；请删去")
    if not _from_one_row(found, frame):  # the last to be asked, as it computes rows, which some words make endless
        raise looks
    return found


def _parsed(said: str, where: str) -> tuple[pl.Expr, list[str]]:
    try:
        found = pl.sql_expr(said)
        return found, found.meta.root_names()
    except BaseException as problem:
        said_there = first_line(problem)
        raise Refused(f"{where}: {said!r} is neither a column nor an SQL expression ({said_there}); write a formula such as a / NULLIF(b, 0)",
                      f"{where}：{said!r} 既不是列名也不是 SQL 表达式（{said_there}）；可写如 a / NULLIF(b, 0)") from None


def computed(said: str, frame: pl.DataFrame, where: str) -> pl.Series:
    """The values of a column or an expression, one per row of the frame. Raises Refused where it is neither, or cannot be computed of these rows."""
    found = expression(said, frame, where)
    try:
        return frame.select(found.alias("it"))["it"]
    except BaseException as problem:
        said_there = first_line(problem)
        raise Refused(f"{where}: {said!r} cannot be computed ({said_there}); check the types of the columns in it",
                      f"{where}：{said!r} 无法计算（{said_there}）；请检查所用列的类型") from None


def _from_one_row(found: pl.Expr, frame: pl.DataFrame) -> bool:
    """Whether rows spread over the frame give the same value alone as together. Polars' `meta.is_row_separable` knows no types, and fails at `2 * a`."""
    rows = frame.select(*dict.fromkeys(found.meta.root_names())).gather_every(max(1, len(frame) // _ROWS_TRIED)).head(_ROWS_TRIED)
    if not rows.width:
        return True
    try:
        together = rows.select(found.alias("it"))["it"]
        alone = pl.concat([rows[place : place + 1].select(found.alias("it")) for place in range(len(rows))])["it"]
    except BaseException as problem:
        first_line(problem)
        return True  # what cannot be computed is refused where it is
    if len(together) == len(rows) and together.dtype.is_float():  # a column divided by a number may differ from a cell in the last digit
        return bool((((together - alone).abs() <= 1e-9 * alone.abs()) | together.eq_missing(alone)).fill_null(False).all())
    return len(together) == len(rows) and bool(together.eq_missing(alone).all())


def roots_of(said: str, columns: list[str], where: str = "formula") -> list[str]:
    """The columns that a column's name or an expression reads. Raises Refused where it is neither."""
    return [said] if said in columns else _parsed(said, where)[1]


def protected_roots(said: str, columns: list[str], known: dict[str, str]) -> list[str]:
    """The protected columns that a formula reads: those named so, and those of which the definition says so."""
    return [root for root in roots_of(said, columns) if root in known or protected_as(root) is not None]


def no_column(name: str, columns: list[str], where: str) -> Refused:
    """The sentence for a column that is not there, with the name that comes nearest."""
    from difflib import get_close_matches

    near = get_close_matches(name, columns, 1, 0.6) or [column for column in columns if column.lower() == name.lower()]
    en, zh = (f"; did you mean {near[0]}?", f"；是否指 {near[0]}？") if near else (f"; there are {', '.join(columns[:30])}", f"；已有：{'、'.join(columns[:30])}")
    return Refused(f"{where}: there is no column {name}{en}", f"{where}：没有列 {name}{zh}")


def first_line(problem: BaseException) -> str:
    """What Polars, the file system or a parser said, in one line. An interrupt, and what else is no fault of the input, goes on up; a Polars panic, which is no Exception, does not."""
    if isinstance(problem, KeyboardInterrupt | SystemExit | MemoryError | GeneratorExit):
        raise problem
    return (str(problem).splitlines() or ["not understood"])[0][:160]

