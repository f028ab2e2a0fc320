"""The sentence of each rule that a source record may break: what is wrong, why it matters and what to do.

`{column}` is the source column's name, `{value}` the cell in quotation marks (masked before, where it is personal; "an
empty cell" where there is none) and `{detail}` a short remark in brackets, or nothing. File and line stand beside it.
"""

import re

import polars as pl

FAULTS: dict[str, tuple[str, str]] = {
    # — the record cannot be split into cells —
    "encoding": (
        "the record is not text in the file's encoding{detail}, so its characters are unknown; export the file anew, "
        "or say its encoding in the mapping",
        "该记录无法按文件编码解读{detail}，内容不明；请重新导出文件，或在映射文件中写明 encoding",
    ),
    "fields": (
        "the record has another number of cells than the header{detail}, so no cell is sure; quote cells that "
        "contain the delimiter or a line break, and give each column a name; where every line ends with a delimiter, let the header end so too",
        "该记录的单元格数与表头不符{detail}，无法确定各列；含分隔符或换行的单元格请加引号，每一列都要有列名；若每行末尾都多一个分隔符，请在表头末尾也加一个",
    ),
    "quote": (
        "a quotation mark is not closed, or stands where none belongs{detail}, so nobody knows where the record ends; close it or double the mark "
        "within the cell",
        "引号没有闭合，或出现在不该有的位置{detail}，无法确定记录在何处结束；请补上引号，单元格内的引号请写两个",
    ),
    "truncated": (
        "the file ends within this record{detail}; it may have been cut while it was copied: fetch the file again",
        "文件在该记录中间结束{detail}，可能复制不完整；请重新获取文件",
    ),
    "formula": (
        "column {column}: the cell is a formula whose value was not saved{detail}; open the file in a spreadsheet, "
        "save it, or paste the values",
        "列 {column}：单元格是公式，且没有保存结果{detail}；请用表格软件打开并保存，或粘贴为数值",
    ),
    "cell_error": (
        "column {column}: {value} is a spreadsheet's error, no value{detail}; mend the formula or write the value",
        "列 {column}：{value} 是表格的错误提示，不是值{detail}；请修正公式或直接填写",
    ),
    # — numbers —
    "not_a_number": (
        "column {column}: {value} is not a number{detail}; write digits only, such as 1234.56",
        "列 {column}：{value} 不是数字{detail}；请只写数字，例如 1234.56",
    ),
    "not_whole": (
        "column {column}: {value} is not a whole number{detail}; a part of one cannot be meant here: write it "
        "without decimals",
        "列 {column}：{value} 不是整数{detail}；此处不能有小数，请改为整数",
    ),
    "decimals": (
        "column {column}: {value} has more decimals than its unit{detail}, and rounding would change money; correct "
        "it, or allow `round: half_up` in the mapping",
        "列 {column}：{value} 的小数位数超过其单位{detail}，取整会改变金额；请更正，或在映射文件中写 round: half_up",
    ),
    "thousands": (
        "column {column}: the separators in {value} stand in unusual places{detail}, so its size is not sure; write "
        "it without them",
        "列 {column}：{value} 中分隔符的位置不对{detail}，数额不确定；请去掉分隔符",
    ),
    "scientific": (
        "column {column}: {value} is in scientific notation{detail}, so digits may be lost (a float of "
        "four bytes holds few, too); format the column as text or exact decimal in the source and export it anew",
        "列 {column}：{value} 是科学计数法{detail}，可能已丢失数位（四字节浮点数的位数也不够）；请在源文件中设为文本或精确小数后重新导出",
    ),
    "beyond": (
        "column {column}: {value} is beyond the largest amount that is taken{detail}; the unit in the mapping may be "
        "wrong",
        "列 {column}：{value} 超过可接受的上限{detail}；映射文件中的单位可能有误",
    ),
    "negative": (
        "column {column}: {value} is negative{detail}; a payment taken back is a row of its own with `reverses`, "
        "other amounts are written without a sign, or by `negative: flip` in the mapping",
        "列 {column}：{value} 为负数{detail}；冲正请另列一行并填写 reverses，其他金额请去掉负号，或在映射文件中写 negative: flip",
    ),
    "zero": (
        "column {column}: {value} is zero, and nothing was paid{detail}; remove the record or correct the amount",
        "列 {column}：{value} 为零，没有实际收付{detail}；请删除该记录或更正金额",
    ),
    "range_low": (
        "column {column}: {value} is below the least that is taken{detail}; correct it, or check its unit in the "
        "mapping",
        "列 {column}：{value} 小于允许的最小值{detail}；请更正，或检查映射文件中的单位",
    ),
    "range_high": (
        "column {column}: {value} is above the largest that is taken{detail}; correct it, or check its unit in the "
        "mapping",
        "列 {column}：{value} 大于允许的最大值{detail}；请更正，或检查映射文件中的单位",
    ),
    "range": (
        "column {column}: {value} is out of the range that is taken{detail}; correct it, or check its unit in the "
        "mapping",
        "列 {column}：{value} 不在允许范围内{detail}；请更正，或检查映射文件中的单位",
    ),
    "unknown_currency": (
        "column {column}: {value} is not a currency's code{detail}, so its decimals are unknown; write the ISO 4217 "
        "code, such as CNY",
        "列 {column}：{value} 不是币种代码{detail}，无法确定小数位数；请填写 ISO 4217 代码，例如 CNY",
    ),
    # — dates —
    "not_a_date": (
        "column {column}: {value} is not a date in a format of the mapping{detail}; correct it, or add its format to "
        "`dates`",
        "列 {column}：{value} 不是映射文件所列格式的日期{detail}；请更正，或在 dates 中加上该格式",
    ),
    "no_such_day": (
        "column {column}: {value} names a day that no calendar has{detail}; correct the month or the day",
        "列 {column}：{value} 这一天不存在{detail}；请更正月份或日期",
    ),
    "no_such_hour": (
        "column {column}: {value} names a time of day that does not exist{detail}; correct the time, or add its offset",
        "列 {column}：{value} 这个时刻不存在{detail}；请更正时间，或注明时区偏移",
    ),
    "future": (
        "column {column}: {value} is after today{detail}, and what has not happened yet cannot count; correct the "
        "date, or load the record once it has happened",
        "列 {column}：{value} 晚于今天{detail}，尚未发生的事不能计入；请更正日期，或待发生后再装载",
    ),
    "not_a_moment": (
        "column {column}: {value} is not a moment{detail}; write it like 2026-03-31 22:00:00, or add its format to "
        "the mapping",
        "列 {column}：{value} 不是有效的时刻{detail}；请写成 2026-03-31 22:00:00，或在映射文件中加上其格式",
    ),
    "excel_serial": (
        "column {column}: {value} looks like Excel's number of a day{detail}, but may be any number; format the "
        "column as a date, or add `excel` to the formats in the mapping",
        "列 {column}：{value} 像是 Excel 的日期序号{detail}，但也可能是别的数字；请把该列设为日期格式，或在映射文件的格式中加上 excel",
    ),
    "ambiguous_date": (
        "column {column}: {value} can be read as two different dates{detail}; write the year first, or name one "
        "format in the mapping",
        "列 {column}：{value} 可读作两个不同的日期{detail}；请把年份写在前面，或在映射文件中只写一种格式",
    ),
    "date_early": (
        "column {column}: {value} is earlier than any loan of a book{detail}; check the year",
        "列 {column}：{value} 早于账册可能的日期{detail}；请检查年份",
    ),
    "date_late": (
        "column {column}: {value} is later than any date that is taken{detail}; check the year",
        "列 {column}：{value} 晚于可接受的日期{detail}；请检查年份",
    ),
    "pause_dates": (
        "column {column}: the pause ends before it begins, or never{detail}; write the first day on which it no "
        "longer holds",
        "列 {column}：暂停的失效日不晚于生效日，或未填写{detail}；请填写不再暂停的第一天",
    ),
    "lift_dates": (
        "column {column}: {value} is before the day from which the hold stands{detail}; correct one of the two dates",
        "列 {column}：{value} 早于停催开始日{detail}；请更正其中一个日期",
    ),
    "return_dates": (
        "column {column}: {value} is before the day on which the case was placed{detail}; correct one of the two dates",
        "列 {column}：{value} 早于派案日{detail}；请更正其中一个日期",
    ),
    # — words, ids, flags —
    "empty": (
        "column {column}: the cell is empty, and every row needs it{detail}; fill it in, or give a `default` in the "
        "mapping",
        "列 {column}：单元格为空，而每行都必须有值{detail}；请补填，或在映射文件中写 default",
    ),
    "not_a_flag": (
        "column {column}: {value} says neither yes nor no{detail}; write yes or no, or list the word under `values` "
        "in the mapping",
        "列 {column}：{value} 看不出是或否{detail}；请写是或否，或在映射文件的 values 中列出",
    ),
    "not_in_values": (
        "column {column}: {value} is not among the `values` of the mapping{detail}, so its meaning is unknown; add "
        "it there, or correct the cell",
        "列 {column}：{value} 不在映射文件的 values 中{detail}，含义不明；请补充对照，或更正单元格",
    ),
    "starred": (
        "column {column}: {value} bears stars in place of an identity card or mobile number{detail}, so what stood there is not "
        "known; write the value that belongs here, or name the column under personal.not_personal in the mapping",
        "列 {column}：{value} 中的身份证号或手机号已用星号遮盖{detail}，原值不明；请填写此处应有的值，若该列不是个人信息，请写入 personal.not_personal",
    ),
    "personal_cell": (
        "column {column}: an identity card or mobile number stands in {value}{detail}, and it must not enter the book as it is; correct "
        "the cell, or name the column in the mapping: under personal.hashed or left_out, or under not_personal if it names nobody",
        "列 {column}：{value} 中有身份证号或手机号{detail}，不得原样进入账册；请更正该单元格，或在映射文件中把该列写入 personal.hashed 或 left_out，"
        "若确不指向个人，则写入 not_personal",
    ),
    "one_of": (
        "column {column}: {value} is not one of the words the table knows{detail}; list it under `values` in the "
        "mapping, or correct the cell",
        "列 {column}：{value} 不是该表允许的取值{detail}；请在映射文件的 values 中写明对照，或更正单元格",
    ),
    "width": (
        "column {column}: {value} has another number of characters than the mapping demands{detail}; leading zeros "
        "may be lost: correct it, or use `zero_fill`",
        "列 {column}：{value} 的字符数与映射文件要求不符{detail}，可能丢失了前导零；请更正，或使用 zero_fill",
    ),
    "lost_digits": (
        "column {column}: a spreadsheet has cut digits of {value}{detail}, so two persons may look alike; take the "
        "number from the original as text",
        "列 {column}：{value} 的末尾数位被表格软件截掉{detail}，不同的人可能变得相同；请从原始系统按文本取得该号码",
    ),
    "control": (
        "column {column}: {value} holds control characters{detail}, which nobody sees and which make two equal names "
        "differ; remove them",
        "列 {column}：{value} 含有不可见的控制字符{detail}，会使相同的编号变得不同；请删除这些字符",
    ),
    "too_long": (
        "column {column}: the text is longer than a name can be{detail}; a quotation mark or delimiter may be "
        "missing: correct the record",
        "列 {column}：文本过长{detail}，可能缺少引号或分隔符；请更正该记录",
    ),
    # — rows beside other rows —
    "key_twice": (
        "different records bear the same name{detail}, and nobody knows which one is right; keep one of them",
        "多条不同的记录使用同一编号{detail}，无法判断哪条正确；请只保留一条",
    ),
    "key_stands": (
        "the book has a row of this name with other content{detail}, and a delta only adds; load it as a correction "
        "with --mode correction, or give it a new name",
        "账册中已有同一编号{detail}且内容不同，增量装载只新增；请用 --mode correction 作为更正装载，或更换编号",
    ),
    "schedule_stands": (
        "the book has another schedule of this name{detail}, and a schedule is replaced whole; give all its rows in one file, "
        "as a correction with --mode correction",
        "账册中已有该还款计划{detail}且不相同，还款计划只能整体替换；请在同一文件中给出全部各期，用 --mode correction 作为更正装载",
    ),
    "nothing_to_correct": (
        "the book has no row of this name{detail}, so there is nothing to correct; check the name, or load it as a "
        "delta",
        "账册中没有此编号{detail}，无可更正；请检查编号，或作为增量装载",
    ),
    "orphan": (
        "column {column}: the loan {value} is in no file and not in the book, so the record belongs to nothing; load "
        "the loan too, or correct its name",
        "列 {column}：贷款 {value} 既不在文件中，也不在账册中，该记录无所归属；请一并装载该贷款，或更正编号",
    ),
    "orphan_project": (
        "column {column}: the project {value} is in no file and not in the book, so the record belongs to nothing; "
        "load the project too, or correct its name",
        "列 {column}：项目 {value} 既不在文件中，也不在账册中，该记录无所归属；请一并装载该项目，或更正编号",
    ),
    "loan_quarantined": (
        "the loan {value} is itself in quarantine, so this record waits with it; correct the loan and take both back",
        "贷款 {value} 本身在隔离区，该记录随之等待；请更正贷款后一并收回",
    ),
    "loan_in_both": (
        "{value} stands in the table loans and in the table unscheduled, so it would be counted twice; keep it in "
        "one of them",
        "{value} 同时在 loans 表和 unscheduled 表中，会被重复计算；请只保留一处",
    ),
    "schedule_sum": (
        "the principal of the instalments does not add up to what was lent{detail}, so no position would be right; "
        "correct the schedule or the amount lent",
        "各期本金之和不等于放款金额{detail}，无法算出正确的状况；请更正还款计划或放款金额",
    ),
    "no_schedule": (
        "the loan has no instalments{detail}, so nobody can say how late it is; load its schedule, or map it to the "
        "table unscheduled",
        "该贷款没有还款计划{detail}，无法计算逾期；请装载其计划，或映射到 unscheduled 表",
    ),
    "before_disbursement": (
        "column {column}: {value} is before the loan was paid out{detail}, and nothing could be repaid yet; correct "
        "this date or the loan's",
        "列 {column}：{value} 早于放款日{detail}，此时不可能还款；请更正该日期或放款日",
    ),
    "disbursed_late": (
        "column {column}: {value} is after a payment of this loan in the book{detail}; correct it, or that payment "
        "first",
        "列 {column}：{value} 晚于账册中该贷款的还款{detail}；请更正该日期，或先更正那笔还款",
    ),
    "recorded_before_loan": (
        "column {column}: by {value} the row would count before its loan does{detail}; correct recorded_at of the "
        "row or of the loan",
        "列 {column}：按{value}，该行早于其贷款生效{detail}；请更正该行或贷款的 recorded_at",
    ),
    "reverses_unknown": (
        "column {column}: the payment {value} that is taken back is in no file and not in the book; load it too, or "
        "correct its name",
        "列 {column}：被冲正的还款 {value} 既不在文件中，也不在账册中；请一并装载，或更正编号",
    ),
    "reverses_other_loan": (
        "column {column}: the payment {value} that is taken back is of another loan, and money would move between "
        "loans; correct one of the two",
        "列 {column}：被冲正的还款 {value} 属于另一笔贷款，资金会在贷款间错移；请更正其中一处",
    ),
    "reverses_reversal": (
        "column {column}: {value} is itself a reversal, which cannot be taken back; write the payment anew",
        "列 {column}：{value} 本身就是冲正，不能再次冲正；请另记一笔还款",
    ),
    "schedule_quarantined": (
        "another record of the same schedule ({detail}) waits in quarantine, and a schedule is stored whole or not at all; mend that "
        "record and bring both back",
        "同一还款计划（{detail}）中另有记录在隔离区，还款计划只能整体装入；请更正那条记录后一并收回",
    ),
    "reverses_twice": (
        "column {column}: the payment {value} is taken back by several rows, so money would vanish; keep one of them",
        "列 {column}：还款 {value} 被多次冲正，资金会凭空减少；请只保留一条",
    ),
    "currency": (
        "column {column}: {value} is another currency than the loan's{detail}, and sums never mix currencies; "
        "correct it",
        "列 {column}：{value} 与贷款币种不同{detail}，金额不能混合币种；请更正",
    ),
}
"""Rule → its sentence in English and in Chinese."""

_DETAILS_ZH = {
    "loan ": "贷款 ",
    " instead of ": "，应为 ",
    "D/M, M/D": "日/月或月/日",
    "above ": "大于 ",
    "below ": "小于 ",
    "not one of: ": "允许的取值：",
    " or ": " 或 ",
}
"""How the few words in details are said in Chinese."""

_SHOWN = 60
_UNSEEN = r"[\p{Cc}\u202a-\u202e\u2066-\u2069]"
_PIECES = re.compile(r"\{(column|value|detail)\}")
_EMPTY = {"en": "an empty cell", "zh": "空单元格"}
_QUOTES = {"en": ('"', '"'), "zh": ("“", "”")}
_BRACKETS = {"en": (" (", ")"), "zh": ("（", "）")}


def sentences(faults: pl.DataFrame) -> pl.DataFrame:
    """The faults with their sentences as columns `en` and `zh`; order and other columns stay.

    One row per fault with `rule`, `column`, `value` and `detail` (String, the last three may be null). A rule that
    has no
    sentence is a defect of ours: KeyError. Rules are few, so each makes its sentences for all its rows at once.
    """
    numbered = faults.with_row_index("_place")
    said = [
        part.select("_place", *(_sentence(rule, language) for language in ("en", "zh")))
        for (rule,), part in numbered.partition_by("rule", as_dict=True).items()
    ]
    if not said:
        return faults.with_columns(en=pl.lit("", pl.String), zh=pl.lit("", pl.String))
    return faults.with_columns(pl.concat(said).sort("_place").drop("_place"))


def sentence(
    rule: str, column: str | None = None, value: str | None = None, detail: str | None = None
) -> tuple[str, str]:
    """The sentence of one fault, in English and Chinese."""
    row = {"rule": rule, "column": column, "value": value, "detail": detail}
    return sentences(pl.DataFrame([row], schema=dict.fromkeys(row, pl.String))).select("en", "zh").row(0)


def shown(text: pl.Expr) -> pl.Expr:
    """A text as it may stand on a terminal: no control characters, and not longer than a line."""
    clean = text.str.replace_all(_UNSEEN, " ")
    return pl.when(clean.str.len_chars() > _SHOWN).then(clean.str.head(_SHOWN - 1) + "…").otherwise(clean)


def _sentence(rule: str, language: str) -> pl.Expr:
    template = FAULTS[rule][language == "zh"]
    parts = _PIECES.split(template)
    pieces = [pl.lit(text) if place % 2 == 0 else _PLACEHOLDERS[text](language) for place, text in enumerate(parts)]
    return pl.concat_str(pieces).alias(language)


def _column(language: str) -> pl.Expr:
    return shown(pl.col("column")).fill_null("?")


def _value(language: str) -> pl.Expr:
    before, after = _QUOTES[language]
    return (pl.lit(before) + shown(pl.col("value")) + after).fill_null(_EMPTY[language])


def _detail(language: str) -> pl.Expr:
    before, after = _BRACKETS[language]
    detail = shown(pl.when(pl.col("detail") != "").then("detail"))
    if language == "zh":
        detail = detail.str.replace_many(_DETAILS_ZH)
    return (pl.lit(before) + detail + after).fill_null("")


_PLACEHOLDERS = {"column": _column, "value": _value, "detail": _detail}
