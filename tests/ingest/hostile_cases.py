"""Rows as lenders' files hold them: for each, what stands in the book afterwards and what the user is told of the rest.

The book has the loans L1 to L3 of 10,000.00 yuan, paid out on 2026-01-10, with four instalments each.
"""

from dataclasses import dataclass
from datetime import date

D12 = date(2026, 2, 12)


@dataclass(frozen=True)
class Told:
    """One fault as the quarantine holds it, and words of its sentence in English and Chinese."""

    line: int
    column: str
    value: str | None
    rule: str
    en: str
    zh: str
    file: str = "payments.csv"


@dataclass(frozen=True)
class Case:
    """An item of the list: files of payments by name, the payments then in the book, and what is said of the others."""

    item: str
    files: dict[str, list[tuple]]
    loaded: dict[str, tuple]
    """payment_id → loan, day, minor units, reverses"""
    told: tuple[Told, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()
    """Texts of the mapping put in place of others."""


def one(*rows: tuple) -> dict[str, list[tuple]]:
    """One file: line 2 is the first row. A row is name, loan, day, amount, reverses."""
    return {"payments.csv": list(rows)}


def row(name: str, loan: str = "L1", day: str = "2026-02-12", amount: str = "10.00", reverses: str = "") -> tuple:
    return name, loan, day, amount, reverses


def paid(minor: int = 1_000, loan: str = "L1", day: date = D12, reverses: str | None = None) -> tuple:
    return loan, day, minor, reverses


GOOD, SOUND = row("P0", "L2", amount="2620.00"), {"P0": paid(262_000, "L2")}

CASES = (
    Case(
        "mixed date formats",
        one(GOOD, row("A", day="2026/2/13"), row("B", day="2026.2.14"), row("C", day="20260215"), row("D", day="2026年2月16日"),
            row("E", day="2026-02-17 23:59:59"), row("F", day="2026-02-30"), row("G", day="03/04/2026"), row("H", day="Feb 3")),
        SOUND | {"A": paid(day=date(2026, 2, 13)), "B": paid(day=date(2026, 2, 14)), "C": paid(day=date(2026, 2, 15)),
                 "D": paid(day=date(2026, 2, 16)), "E": paid(day=date(2026, 2, 17))},
        (Told(8, "日期", "2026-02-30", "no_such_day", '"2026-02-30" names a day that no calendar has', "“2026-02-30” 这一天不存在"),
         Told(9, "日期", "03/04/2026", "ambiguous_date", "can be read as two different dates (D/M, M/D)", "可读作两个不同的日期（日/月或月/日）"),
         Told(10, "日期", "Feb 3", "not_a_date", "is not a date in a format of the mapping", "不是映射文件所列格式的日期")),
    ),
    Case(
        "Excel serial dates that nobody allowed",
        one(GOOD, row("A", day="46065"), row("B", day="46065.5")),
        SOUND,
        (Told(3, "日期", "46065", "excel_serial", "looks like Excel's number of a day (2026-02-12)", "像是 Excel 的日期序号（2026-02-12）"),
         Told(4, "日期", "46065.5", "excel_serial", "add `excel` to the formats", "加上 excel")),
    ),
    Case(
        "Excel serial dates that the mapping allows",
        one(GOOD, row("A", day="46065"), row("B", day="46066.75"), row("C", day="12")),
        SOUND | {"A": paid(), "B": paid(day=date(2026, 2, 13))},
        (Told(5, "日期", "12", "not_a_date", "is not a date", "不是映射文件所列格式的日期"),),
        (("paid_on: 日期", "paid_on: {column: 日期, format: [YYYY-MM-DD, excel]}"),),
    ),
    Case(
        "full-width digits",
        one(GOOD, row("Ｐ１２", "Ｌ１", "２０２６－０２－１２", "２，６２０．００"), row("A", amount="２６２０。００")),
        SOUND | {"P12": paid(262_000)},
        (Told(4, "金额", "２６２０。００", "not_a_number", "“２６２０。００”".replace("“", '"').replace("”", '"'), "“２６２０。００” 不是数字"),),
    ),
    Case(
        "thousands separators",
        one(GOOD, row("A", amount="1,002,620.50"), row("B", amount="2 620.50"), row("C", amount="2'620.5"), row("D", amount="26,20.00"),
            row("E", amount="2.620,50"), row("F", amount="1,23"), row("G", amount="1.002.620")),
        SOUND | {"A": paid(100_262_050), "B": paid(262_050), "C": paid(262_050)},
        (Told(6, "金额", "26,20.00", "thousands", "stand in unusual places", "分隔符的位置不对"),
         Told(7, "金额", "2.620,50", "thousands", "so its size is not sure", "数额不确定"),
         Told(8, "金额", "1,23", "thousands", "write it without them", "请去掉分隔符"),
         Told(9, "金额", "1.002.620", "not_a_number", "is not a number", "不是数字")),
    ),
    Case(
        "currency signs",
        one(GOOD, row("A", amount="¥10.00"), row("B", amount="￥１０"), row("C", amount="10元"), row("D", amount="CNY 10.00"),
            row("E", amount="$10.00"), row("F", amount="10 USD"), row("G", amount="10万元"), row("H", amount="10块")),
        SOUND | {name: paid() for name in "ABCD"},
        (Told(7, "金额", "$10.00", "currency", "is another currency than the loan's (CNY)", "与贷款币种不同（CNY）"),
         Told(8, "金额", "10 USD", "currency", "sums never mix currencies", "金额不能混合币种"),
         Told(9, "金额", "10万元", "not_a_number", "is not a number", "不是数字"),
         Told(10, "金额", "10块", "not_a_number", "is not a number", "不是数字")),
    ),
    Case(
        "nan, NULL, - and 无",
        one(row("P0", "L2", amount="2620.00", reverses="NULL"), row("A", reverses="nan"), row("B", reverses="-"), row("C", reverses="无"),
            row("D", reverses=" N/A "), row("E", amount="nan"), row("F", amount="NULL"), row("G", day="-"), row("无")),
        SOUND | {name: paid() for name in "ABCD"},
        (Told(7, "金额", "nan", "empty", "the cell is empty, and every row needs it", "单元格为空，而每行都必须有值"),
         Told(8, "金额", "NULL", "empty", "fill it in, or give a `default`", "请补填，或在映射文件中写 default"),
         Told(9, "日期", "-", "empty", "column 日期", "列 日期"),
         Told(10, "流水号", "无", "empty", "column 流水号", "列 流水号")),
    ),
    Case(
        "negative and zero payments",
        one(GOOD, row("A", amount="-10.00"), row("B", amount="(10.00)"), row("C", amount="－１０"), row("D", amount="0.00"), row("E", amount="-0"),
            row("R0", "L2", "2026-02-13", "2620.00", "P0")),
        SOUND | {"R0": paid(262_000, "L2", date(2026, 2, 13), "P0")},
        (Told(3, "金额", "-10.00", "negative", '"-10.00" is negative', "“-10.00” 为负数"),
         Told(4, "金额", "(10.00)", "negative", "is a row of its own with `reverses`", "冲正请另列一行并填写 reverses"),
         Told(5, "金额", "－１０", "negative", "is negative", "为负数"),
         Told(6, "金额", "0.00", "zero", "is zero, and nothing was paid", "为零，没有实际收付"),
         Told(7, "金额", "-0", "zero", "remove the record or correct the amount", "请删除该记录或更正金额")),
    ),
    Case(
        "three decimals",
        one(GOOD, row("A", amount="10.000"), row("B", amount="10.005"), row("C", amount="0.001")),
        SOUND | {"A": paid()},
        (Told(4, "金额", "10.005", "decimals", "has more decimals than its unit (2)", "小数位数超过其单位（2）"),
         Told(5, "金额", "0.001", "decimals", "allow `round: half_up`", "round: half_up")),
    ),
    Case(
        "three decimals that the mapping lets be rounded",
        one(GOOD, row("A", amount="10.005"), row("B", amount="10.0049"), row("C", amount="0.001")),
        SOUND | {"A": paid(1_001), "B": paid(1_000)},
        (Told(5, "金额", "0.001", "zero", "is zero", "为零"),),
        (("amount_minor: {column: 金额, unit: major}", "amount_minor: {column: 金额, unit: major, round: half_up}"),),
    ),
    Case(
        "numbers beyond the bound",
        one(GOOD, row("A", amount="100,000,000,000.00"), row("B", amount="100000000000.01"), row("C", amount="92233720368547758.08"),
            row("D", amount="9" * 400)),
        SOUND | {"A": paid(10_000_000_000_000)},
        (Told(4, "金额", "100000000000.01", "beyond", "beyond the largest amount that is taken (10,000,000,000,000)", "超过可接受的上限"),
         Told(5, "金额", "92233720368547758.08", "beyond", "the unit in the mapping may be wrong", "单位可能有误"),
         Told(6, "金额", "9" * 400, "beyond", "9…", "9…")),
    ),
    Case(
        "scientific notation of ids",
        one(GOOD, row("1.23E+17"), row("A", "1.23e+17"), row("12E5"), row("B", amount="1E3"), row("1.23E17")),
        SOUND | {"12E5": paid()},
        (Told(3, "流水号", "1.23E+17", "scientific", "is in scientific notation, so digits may be lost", "是科学计数法，可能已丢失数位"),
         Told(4, "借据号", "1.23e+17", "scientific", "format the column as text", "设为文本"),
         Told(6, "金额", "1E3", "scientific", "column 金额", "列 金额"),
         Told(7, "流水号", "1.23E17", "scientific", "so digits may be lost", "可能已丢失数位")),
    ),
    Case(
        "orphans",
        one(GOOD, row("A", "L9"), row("B", "l1"), row("C", reverses="P77")),
        SOUND,
        (Told(3, "借据号", "L9", "orphan", 'the loan "L9" is in no file and not in the book', "贷款 “L9” 既不在文件中，也不在账册中"),
         Told(4, "借据号", "l1", "orphan", "load the loan too, or correct its name", "请一并装载该贷款，或更正编号"),
         Told(5, "冲销", "P77", "reverses_unknown", "P77", "P77")),
    ),
    Case(
        "payments before disbursement",
        one(GOOD, row("A", day="2026-01-10"), row("B", day="2026-01-09"), row("C", day="1989-12-31")),
        SOUND | {"A": paid(day=date(2026, 1, 10))},
        (Told(4, "日期", "2026-01-09", "before_disbursement", "before the loan was paid out (2026-01-10)", "早于放款日（2026-01-10）"),
         Told(5, "日期", "1989-12-31", "date_early", "earlier than any loan of a book (1990-01-01)", "早于账册可能的日期（1990-01-01）")),
    ),
    Case(
        "duplicate keys within a file",
        one(GOOD, row("A"), row("A"), row("B", amount="1.00"), row("B", amount="2.00"), row("C", day="2026-02-13"), row("C", "L3", "2026-02-13")),
        SOUND | {"A": paid()},
        tuple(Told(line, "流水号", name, "key_twice", f"different records bear the same name ({name})", f"多条不同的记录使用同一编号（{name}）")
              for line, name in ((5, "B"), (6, "B"), (7, "C"), (8, "C"))),
    ),
    Case(
        "duplicate keys across files",
        {"payments_1.csv": [GOOD, row("A"), row("B")], "payments_2.csv": [row("A"), row("B", "L3"), row("C")]},
        SOUND | {"A": paid(), "C": paid()},
        tuple(Told(line, "流水号", "B", "key_twice", "keep one of them", "请只保留一条", file)
              for file, line in (("payments_1.csv", 4), ("payments_2.csv", 3))),
    ),
    Case(
        "unsorted files",
        {"payments_2.csv": [row("C", "L3", "2026-03-20"), row("A", "L1", "2026-04-01"), row("B", "L1", "2026-02-12", "1.00")],
         "payments_1.csv": [row("R", "L3", "2026-03-21", reverses="C"), GOOD]},
        SOUND | {"A": paid(day=date(2026, 4, 1)), "B": paid(100), "C": paid(1_000, "L3", date(2026, 3, 20)),
                 "R": paid(1_000, "L3", date(2026, 3, 21), "C")},
    ),
    Case(
        "embedded line breaks",
        one(GOOD, row("A", amount=" 10.00\r\n"), row("B\nb"), row("C")),
        SOUND | {"A": paid(), "C": paid()},
        (Told(5, "流水号", "B\nb", "control", "holds control characters", "含有不可见的控制字符"),),
    ),
    Case(
        "formulas in cells of a CSV file",
        one(GOOD, row("A", amount="=2620*1"), row("B", amount='=HYPERLINK("http://x")'), row("C", amount="#REF!"), row("#N/A")),
        SOUND,
        (Told(3, "金额", "=2620*1", "formula", "the cell is a formula whose value was not saved", "单元格是公式，且没有保存结果"),
         Told(4, "金额", '=HYPERLINK("http://x")', "formula", "paste the values", "粘贴为数值"),
         Told(5, "金额", "#REF!", "cell_error", "is a spreadsheet's error, no value", "是表格的错误提示，不是值"),
         Told(6, "流水号", "#N/A", "cell_error", "mend the formula or write the value", "请修正公式或直接填写")),
    ),
)
