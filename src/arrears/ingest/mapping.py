"""The mapping file: read, checked word by word, and refused with a sentence where it cannot be meant so."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from arrears import strict_yaml
from arrears.ingest.column_maps import as_it_is, read_column, read_dates
from arrears.ingest.currencies import CURRENCIES
from arrears.ingest.dates import DEFAULT_DATES
from arrears.ingest.headless import no_header, says_nothing, seems_a_record
from arrears.ingest.kinds import kind_of
from arrears.ingest.mapped import ColumnMap, Keep, Mapping, SourceMap, TableMap
from arrears.ingest.personal import looks_personal
from arrears.ingest.place import Place, near_words
from arrears.ingest.vaulted import check_vaulted, read_vaulted, refuse_vaulted_elsewhere
from arrears.money import decimals_of
from arrears.refusal import Refused
from arrears.tables import FACTS

__all__ = ["ColumnMap", "DEFAULT_EMPTY", "Keep", "Mapping", "SourceMap", "TableMap", "check_columns", "parse_mapping", "read_mapping"]

DEFAULT_EMPTY = (
    "", "-", "--", "–", "—", "——", "－", "/", "\\", "\\N", "nan", "null", "(null)", "none", "nil", "n/a", "na", "nat", "<na>", "无", "空",
)
OPEN_QUESTION = "?"
_ENCODINGS = {
    "utf-8": "utf-8", "utf8": "utf-8", "utf-8-sig": "utf-8", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030",
    "utf-16": "utf-16", "utf16": "utf-16",
}
_YUAN = ("RMB", "CNH", "CNR", "YUAN", "人民币", "人民币元", "元", "¥", "￥")
"""What people call the currency whose code is CNY."""
_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


def read_mapping(path: Path) -> Mapping:
    """The mapping of one file; raises Refused naming file, source, table and column, and what to do."""
    try:
        text = strict_yaml.read_text(path)
    except strict_yaml.BadYaml as problem:
        raise Refused(str(problem), f"映射文件 {path.name} 不是 UTF-8 编码；请用文本编辑器另存为 UTF-8") from None
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise Refused(
            f"the mapping {path.name} cannot be read ({reason}); name an existing YAML file, or draft one with `arrears map`",
            f"无法读取映射文件 {path.name}（{reason}）；请给出存在的 YAML 文件，或用 `arrears map` 起草",
        ) from None
    return parse_mapping(text, path.name)


def parse_mapping(text: str, name: str) -> Mapping:
    """The mapping a text says; `name` is the file's, for messages."""
    try:
        document = strict_yaml.parse(text, name)
    except strict_yaml.BadYaml as problem:
        raise Refused(str(problem), f"映射文件写法有误：{problem}") from None
    except RecursionError:
        raise Refused(f"{name}: nested too deeply to be a mapping", f"{name}：嵌套过深，不是映射文件") from None
    place = Place(name)
    _refuse_open_questions(document, place)
    entry = place.keys(document, ("mapping", "sources"), ("currency", "timezone", "dates", "empty", "personal"))
    personal = place.keys(entry.get("personal") or {}, (), ("hashed", "left_out", "not_personal", "vaulted"))
    hashed, left_out, not_personal = (
        frozenset(place.texts(personal.get(key) or [], f"personal.{key}")) for key in ("hashed", "left_out", "not_personal")
    )
    currency = place.text(entry.get("currency", "CNY"), "currency")
    if currency not in CURRENCIES:
        raise _no_currency(currency, place)
    timezone = _timezone(entry.get("timezone", "Asia/Shanghai"), place)
    dates = place.texts(entry.get("dates", list(DEFAULT_DATES)), "dates")
    mapping = Mapping(
        name=place.text(entry["mapping"], "mapping"), currency=currency, timezone=timezone, dates=dates,
        empty=_empty(place.texts(entry.get("empty", list(DEFAULT_EMPTY)), "empty")), hashed=hashed, left_out=left_out,
        not_personal=not_personal, sources=(), text=text, digest=hashlib.sha256(text.encode()).hexdigest(),
        written=read_dates(dates, timezone, place), vaulted=read_vaulted(personal.get("vaulted") or {}, place),
    )
    sources = entry["sources"]
    if not isinstance(sources, list) or not sources:
        raise place.refused("`sources` must be a list with at least one source", "`sources` 必须是列表，且至少有一个来源")
    mapping = Mapping(**{**vars(mapping), "sources": tuple(_read_source(one, number, mapping, place) for number, one in enumerate(sources, 1))})
    _check_whole(mapping, place)
    return mapping


def check_columns(source_map: SourceMap, columns: list[str], source_name: str) -> None:
    """Raises Refused where a source lacks a column that its mapping takes; names near ones, unless they seem to be a record's cells."""
    missing = [name for name in source_map.taken() if name not in columns and name not in source_map.may_be_absent()]
    if not missing:
        return
    if seems_a_record(columns) or (says_nothing(columns) and not {*map(str.casefold, source_map.taken())} & {*map(str.casefold, columns)}):
        raise no_header(source_name)
    hints = [(name, *(_as_constant(name) or near_words(name, columns))) for name in missing]
    listed_en = "; ".join(f"{name!r} ({en})" if en else repr(name) for name, en, _ in hints)
    listed_zh = "；".join(f"{name!r}（{zh}）" if zh else repr(name) for name, _, zh in hints)
    shown = ", ".join(columns[:40]) + (" …" if len(columns) > 40 else "")
    raise Refused(
        f"{source_name} lacks {'a column' if len(missing) == 1 else 'columns'} that the mapping's source {source_map.name} takes: "
        f"{listed_en}; its columns are: {shown}. Mend the mapping, or `header` if the names stand in another line",
        f"{source_name} 缺少映射来源 {source_map.name} 要取的列：{listed_zh}；该文件的列有：{shown}。请修改映射；"
        "若列名在别的行，请修改 `header`",
    )


def _as_constant(name: str) -> tuple[str, str] | None:
    """A bare number where a column's name is expected is mostly meant to be the value itself; None for other names."""
    if not re.fullmatch(r"-?\d+(?:\.\d+)?%?", name):
        return None
    return f"did you mean {{constant: {name}}}, the same in every row?", f"是不是 {{constant: {name}}}，即每行都取该值？"


def _no_currency(code: str, place: Place) -> Refused:
    meant = "CNY" if code.strip().upper() in _YUAN else code.upper() if code.upper() in CURRENCIES else None
    if meant is None:
        return place.unknown(("currency", "货币"), code, sorted(CURRENCIES))
    return place.refused(
        f"there is no currency {code!r}; did you mean {meant}? Write the code of ISO 4217", f"没有名为 {code!r} 的货币；是不是 {meant}？请写 ISO 4217 代码",
    )


def _refuse_open_questions(document: Any, place: Place) -> None:
    open_ones = list(_open_questions(document, ""))
    if open_ones:
        listed = ", ".join(open_ones)
        count = len(open_ones)
        raise place.refused(
            f"{count} question{'s are' if count > 1 else ' is'} still open ({OPEN_QUESTION}): {listed}; write the answer in place of each {OPEN_QUESTION}",
            f"还有 {count} 个问题（{OPEN_QUESTION}）未回答：{listed}；请把每个 {OPEN_QUESTION} 换成答案",
        )


def _open_questions(entry: Any, path: str) -> Iterator[str]:
    if entry == OPEN_QUESTION:
        yield path or OPEN_QUESTION
    elif isinstance(entry, dict):
        for key, value in entry.items():
            yield from _open_questions(value, f"{path}.{key}" if path else key)
    elif isinstance(entry, list):
        for number, value in enumerate(entry, 1):
            name = value.get("source") if isinstance(value, dict) else None
            yield from _open_questions(value, f"{path}[{name if isinstance(name, str) else number}]")


def _timezone(entry: Any, place: Place) -> str:
    name = place.text(entry, "timezone")
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise place.refused(
            f"there is no time zone {name!r}; write it like Asia/Shanghai", f"没有时区 {name!r}；请写成 Asia/Shanghai 这样的名称"
        ) from None
    return name


def _empty(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Trimmed, in lower case, each once; the empty text always belongs to them."""
    return tuple(dict.fromkeys(["", *(text.strip().lower() for text in texts)]))


def _read_source(entry: Any, number: int, mapping: Mapping, place: Place) -> SourceMap:
    optional = ("files", "sheet", "header", "encoding", "delimiter", "decimal", "keep", "query", "control")
    named = entry.get("source") if isinstance(entry, dict) else None
    place = place.within(source=named if isinstance(named, str) else f"#{number}")
    entry = place.keys(entry, ("source", "tables"), optional)
    control = place.keys(entry.get("control") or {}, (), ("records", "sums"))
    sums = place.keys(control.get("sums") or {}, (), tuple(control.get("sums") or ()))
    if "query" in entry and (given := {"files", "sheet", "header", "encoding", "delimiter"} & entry.keys()):
        listed = ", ".join(sorted(given))
        raise place.refused(f"a query has no {listed}; leave it out", f"查询不能有 {listed}；请删去")
    source = SourceMap(
        name=place.text(entry["source"], "source"),
        tables=(),
        files=place.texts(entry.get("files", []), "files"),
        sheets=_sheets(entry["sheet"], place) if "sheet" in entry else (),
        header=_header(entry.get("header", "1"), place),
        encoding=_encoding(entry.get("encoding"), place),
        delimiter=_delimiter(entry.get("delimiter"), place),
        decimal=place.choice(entry.get("decimal", "."), "decimal", (".", ",")),
        keep=_keep(entry.get("keep"), place),
        query=place.text(entry["query"], "query") if "query" in entry else None,
        control_records=place.whole(control["records"], "control.records", 0, 999_999_999) if "records" in control else None,
        control_sums={column: place.text(value, f"control.sums.{column}") for column, value in sums.items()},
    )
    tables = entry["tables"]
    if not isinstance(tables, dict) or not tables:
        raise place.refused("`tables` must name at least one table", "`tables` 必须至少写一张表")
    return SourceMap(**{**vars(source), "tables": tuple(_read_table(name, one, source, mapping, place) for name, one in tables.items())})


def _header(entry: Any, place: Place) -> tuple[int, ...]:
    lines = tuple(place.whole(line, "header", 1, 1000) for line in ([entry] if isinstance(entry, str) else place.texts(entry, "header")))
    if not lines or list(lines) != sorted(set(lines)):
        raise place.refused("`header` must name lines in rising order, such as [2, 3]", "`header` 必须按升序写行号，例如 [2, 3]")
    return lines


def _sheets(entry: Any, place: Place) -> tuple[str, ...]:
    texts = place.texts(entry, "sheet")
    if not texts or not all(texts):
        raise place.refused(
            "`sheet` must name at least one sheet: a name, a pattern with * and ?, or a list of these",
            "`sheet` 至少要写一个工作表：名称、含 * 和 ? 的模式，或它们的列表",
        )
    return texts


def _encoding(entry: Any, place: Place) -> str | None:
    if entry is None:
        return None
    name = place.text(entry, "encoding").lower()
    if name not in _ENCODINGS:
        raise place.unknown(("encoding", "编码"), name, ("utf-8", "gb18030", "utf-16"))
    return _ENCODINGS[name]


def _delimiter(entry: Any, place: Place) -> str | None:
    if entry is None:
        return None
    text = place.text(entry, "delimiter")
    text = _DELIMITERS.get(text, text)
    if len(text) != 1 or text in "\"\r\n" or text.isalnum():
        raise place.refused(
            f"`delimiter` must be one character such as \",\" or tab, not {text!r}", f"`delimiter` 必须是一个字符，如 \",\" 或 tab，而不是 {text!r}"
        )
    return text


def _keep(entry: Any, place: Place) -> Keep | None:
    if entry is None:
        return None
    entry = place.keys(entry, ("column",), ("is", "is_not"))
    if ("is" in entry) == ("is_not" in entry):
        raise place.refused("`keep` needs either `is` or `is_not`", "`keep` 必须写 `is` 或 `is_not` 之一")
    key = "is" if "is" in entry else "is_not"
    return Keep(place.text(entry["column"], "keep.column"), place.texts(entry[key], f"keep.{key}"), key == "is")


def _read_table(name: str, entry: Any, source: SourceMap, mapping: Mapping, place: Place) -> TableMap:
    if name not in FACTS:
        raise place.unknown(("table", "表"), name, FACTS)
    table, place = FACTS[name], place.within(table=name)
    if entry == "as_is":
        return TableMap(name, {column.name: as_it_is(column) for column in table.columns}, as_is=True)
    if not isinstance(entry, dict):
        raise place.refused("write `as_is`, or one line for each column", "请写 `as_is`，或逐列写明")
    times = None
    if "repeat" in entry:
        times = place.text(place.keys(entry["repeat"], ("times",), ())["times"], "repeat.times")
    given = {key: value for key, value in entry.items() if key != "repeat"}
    for key in given:
        if key not in table.names():
            raise place.unknown(("column", "列"), key, table.names())
    constant = given.get("currency")
    currency = constant.get("constant") if isinstance(constant, dict) else None
    columns = {
        column.name: read_column(
            column, given[column.name], place.within(column=column.name), mapping=mapping, decimal=source.decimal,
            repeats=times is not None, currency=currency if isinstance(currency, str) else mapping.currency,
        )
        for column in table.columns
        if column.name in given
    }
    if (own := columns.get("currency")) and own.take == "constant" and decimals_of(currency) != decimals_of(mapping.currency):
        raise place.within(column="currency").refused(
            f"{currency} has other decimals than the mapping's currency {mapping.currency}, so amounts of other tables would be "
            f"read wrongly; write `currency: {currency}` at the top of the mapping",
            f"{currency} 的小数位数与映射的货币 {mapping.currency} 不同，其他表的金额会读错；请在映射顶部写 `currency: {currency}`",
        )
    missing = [column for column in table.columns if column.name not in given and not column.nullable and not column.optional]
    if missing:
        listed_en = "; ".join(f"{column.name} ({column.meaning}; {column.unit})" for column in missing)
        listed_zh = "；".join(f"{column.name}（{column.meaning}；{column.unit}）" for column in missing)
        raise place.refused(
            f"every row needs {listed_en}; say where each comes from, or give a `constant`",
            f"每行都需要 {listed_zh}；请写明各自来自哪一列，或给出 `constant`",
        )
    _check_needs(name, columns, place)
    return TableMap(name, columns, times)


def _check_needs(table: str, columns: dict[str, ColumnMap], place: Place) -> None:
    """Refuses what means nothing, or something wrong, without another column of the table."""
    for column in columns.values():
        if column.flips and table == "payments" and "reverses" not in columns:
            raise place.within(column=column.name).refused(
                "`negative: flip` would count money that was given back as money received; map `reverses`, the payment that such "
                "a row takes back, or leave `negative` out, and negative payments go to quarantine",
                "`negative: flip` 会把退回或冲正的钱当作又收到的钱；请映射 `reverses`（该行冲正的是哪一笔还款），或删去 `negative`，负数还款则进入隔离区",
            )
        if (column.unit or "").endswith("_a_day") and "day_count" not in columns:
            raise place.within(column=column.name).refused(
                f"the unit {column.unit} needs the table's day_count, which this table has not; give a unit of the year",
                f"单位 {column.unit} 需要同表的 day_count，而该表没有；请改用年单位",
            )


def _check_whole(mapping: Mapping, place: Place) -> None:
    names = [source.name for source in mapping.sources]
    for name in names:
        if names.count(name) > 1:
            raise place.refused(f"two sources are called {name!r}; give each its own name", f"有两个来源都叫 {name!r}；请各取一名")
    if both := sorted(mapping.hashed & mapping.left_out):
        listed = ", ".join(both)
        raise place.refused(
            f"{listed} stands under personal.hashed and under personal.left_out; keep one",
            f"{listed} 同时写在 personal.hashed 与 personal.left_out；请只留一处",
        )
    check_vaulted(mapping, place)
    for source in mapping.sources:
        for name in source.taken():
            if name in mapping.left_out:
                raise place.within(source=source.name).refused(
                    f"the source column {name!r} is taken, but stands under personal.left_out; take it out of one of the two",
                    f"来源列 {name!r} 被取用，却写在 personal.left_out 中；请去掉其中一处",
                )
        _check_personal(mapping, source, place.within(source=source.name))
    _check_recorded(mapping, place)


def _check_personal(mapping: Mapping, source: SourceMap, place: Place) -> None:
    """What looks personal is taken as a keyed hash or not at all, whatever it feeds; and a hash is text and nothing else.

    `keep: is_not` may look at a hashed column, for the row of sums among the names: a record that comes back from quarantine
    with its hash passes it again. Under `is` the hash would leave it out.
    """
    for table in source.tables:
        kinds = {column.name: kind_of(column) for column in FACTS[table.table].columns}
        for column in table.columns.values():
            for name in column.sources:
                _check_one(mapping, name, kinds[column.name] == "text", place.within(table=table.table, column=column.name))
        if table.times is not None:
            _check_one(mapping, table.times, False, place.within(table=table.table, column="repeat.times"))
    for name in source.control_sums:
        _check_one(mapping, name, False, place.within(column="control.sums"))
    if source.keep is not None:
        _check_one(mapping, source.keep.column, not source.keep.wanted, place.within(column="keep"))


def _check_one(mapping: Mapping, name: str, is_text: bool, place: Place) -> None:
    if name in mapping.hashed and not is_text:
        raise place.refused(
            f"the source column {name!r} stands under personal.hashed, and a keyed hash is no number, no date, and nothing that "
            "`keep: is` could compare; take another column here, or only its text",
            f"来源列 {name!r} 写在 personal.hashed 中，而带密钥的散列既不是数字、日期，也无法由 `keep: is` 比较；此处请改用别的列，该列只能作为文本取用",
        )
    refuse_vaulted_elsewhere(mapping, name, place)
    if not looks_personal(name) or name in mapping.hashed or name in mapping.not_personal:
        return
    if is_text:
        raise place.refused(
            f"the source column {name!r} looks personal: name it under personal.hashed (it becomes a keyed hash), or "
            "under personal.not_personal if it is not",
            f"来源列 {name!r} 像是个人信息：请写入 personal.hashed（将变为带密钥的散列），若确非个人信息，请写入 personal.not_personal",
        )
    raise place.refused(
        f"the source column {name!r} looks personal, and its cells would stand in quarantine as they are; take another column "
        "here, or name it under personal.not_personal if it is not personal",
        f"来源列 {name!r} 像是个人信息，其单元格会原样留在隔离区；此处请改用别的列，若确非个人信息，请写入 personal.not_personal",
    )


def _check_recorded(mapping: Mapping, place: Place) -> None:
    """Either every table says when its rows were recorded, or none does."""
    tables = [(source.name, table) for source in mapping.sources for table in source.tables if not table.as_is]
    bearing = [pair for pair in tables if "recorded_at" in pair[1].columns]
    if bearing and len(bearing) < len(tables):
        source, table = next(pair for pair in tables if "recorded_at" not in pair[1].columns)
        raise place.within(source=source, table=table.table).refused(
            f"recorded_at is mapped for {bearing[0][1].table}, but not here, so rows would be recorded before or after the loan "
            "they belong to; map recorded_at for every table, or for none",
            f"recorded_at 已在 {bearing[0][1].table} 中映射，此处却没有，行的记录时间会早于或晚于所属贷款；请对所有表都映射 recorded_at，或都不映射",
        )
