"""An invented lender's files, as untidy as real ones: a workbook of loans and a GB18030 file of what was paid on them.

Every person, number and amount is made up; no identity number bears a region code that exists. Same bytes every time.
"""

import argparse
from datetime import UTC, date, datetime
from pathlib import Path

import xlsxwriter

LOANS = 200
INSTALMENTS = 3
TITLE = "城南小额贷款公司　闪电贷台账（2026年第一季度）"
GROUPS = (("借据", 0, 1), ("借款人", 2, 5), ("借款", 6, 13))
HEADERS = ("序号", "借据号", "姓名", "身份证号", "手机号", "住址", "产品", "放款日期", "放款金额（元）", "年利率（%）", "罚息日利率（‱）",
           "期数", "首期还款日", "每期利息（元）")
SURNAMES, NAMES = "赵钱孙李周吴郑王冯陈", "伟芳娜敏静强磊洋艳勇"
LATE = {17: 2, 58: 2, 91: 1, 133: 2, 176: 0}
"""Loan → how many of its instalments were paid; of every other loan those that have fallen due."""


def loan_name(number: int) -> str:
    return f"SD2026-{number:04d}"


def principal_of(number: int) -> int:
    """Yuan lent: a multiple of 300, so that three instalments divide it."""
    return 3_000 + 300 * (number * 7 % 41)


def lent_on(number: int) -> date:
    return date(2026, 1, 1 + number % 28)


def paid_in_a_month(number: int) -> float:
    """Yuan of one instalment: a third of the principal, and 0.9 % of it as interest."""
    return principal_of(number) / INSTALMENTS + principal_of(number) * 9 / 1000


def identity_number(number: int) -> str:
    """Eighteen signs with a right check sign and the region 990000, which does not exist."""
    digits = f"990000{1970 + number % 30}{1 + number % 12:02d}{1 + number % 28:02d}{number:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11]


def write_ledger(path: Path) -> None:
    """The workbook: a title, two rows of headers with merged cells, the loans, and a row of sums."""
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": datetime(2026, 4, 30, tzinfo=UTC)})
        sheet, day = book.add_worksheet("借据台账"), book.add_format({"num_format": "yyyy/m/d"})
        sheet.merge_range(0, 0, 0, len(HEADERS) - 1, TITLE)
        sheet.write(1, 0, "制表：信贷部　　金额单位：元")
        for group, first, last in GROUPS:
            sheet.merge_range(2, first, 2, last, group)
        sheet.write_row(3, 0, HEADERS)
        for number in range(1, LOANS + 1):
            _write_loan(sheet, day, number)
        row = LOANS + 4
        sheet.write(row, 1, "合计")
        sheet.write(row, 8, sum(principal_of(number) for number in range(1, LOANS + 1)))


def _write_loan(sheet, day, number: int) -> None:
    row, lent = number + 3, lent_on(number)
    sheet.write(row, 0, number)
    sheet.write(row, 1, loan_name(number))
    sheet.write(row, 2, SURNAMES[number % 10] + NAMES[number // 10 % 10])
    sheet.write(row, 3, identity_number(number))
    sheet.write(row, 4, f"120{number:08d}")
    sheet.write(row, 5, f"城南区虚构路{number}号")
    sheet.write(row, 6, "闪电贷")
    if number % 5 == 0:  # typed as text, as by another clerk
        sheet.write(row, 7, f"{lent.year}年{lent.month}月{lent.day}日")
        sheet.write(row, 8, f"{principal_of(number):,}.00".translate(_WIDE))
    else:
        sheet.write_datetime(row, 7, lent, day)
        sheet.write(row, 8, principal_of(number))
    sheet.write(row, 9, 16)
    sheet.write(row, 10, 7.5)
    sheet.write(row, 11, INSTALMENTS)
    sheet.write_datetime(row, 12, date(2026, 2, lent.day), day)
    sheet.write(row, 13, principal_of(number) * 9 / 1000)


_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def payment_rows() -> list[str]:
    """The lines of the payments file, its header first."""
    lines = ["流水号,借据号,还款日期,还款金额,渠道,备注"]
    for number in range(1, LOANS + 1):
        for month in range(2, 2 + LATE.get(number, INSTALMENTS)):
            day = date(2026, month, lent_on(number).day)
            written = (f"{day:%Y-%m-%d}", f"{day.year}/{day.month}/{day.day}", f"{day:%Y%m%d}")[number % 3]
            amount = (f"{paid_in_a_month(number):.2f}", f'"¥{paid_in_a_month(number):,.2f}"')[number % 2]
            lines.append(f"P{number:04d}{month:02d},{loan_name(number)},{written},{amount},银行卡代扣,")
    return lines


def write_payments(path: Path) -> None:
    """The CSV file in GB18030, with a handful of bad lines among the good ones."""
    lines = payment_rows()
    for number, month, old, new in SPOILT:
        place = next(i for i, line in enumerate(lines) if line.startswith(f"P{number:04d}{month:02d},"))
        assert old in lines[place], lines[place]
        lines[place] = lines[place].replace(old, new)
    lines.insert(300, lines[299])  # exported twice
    lines.append("P999901,SD2025-0777,2026-04-12,1000.00,柜面,上年借据")
    path.write_bytes("\r\n".join([*lines, ""]).encode("gb18030"))


SPOILT = (
    (30, 4, "2026-04-03", "2026-04-31"),
    (44, 4, "3183.70", "3183.7O"),
    (72, 2, "代扣,", "代扣,补扣,二次"),
    (120, 4, "3081.00", "3081.005"),
)
"""Loan, month, what stood there, what stands there: a day that does not exist, a letter O, a comma too many, three decimals."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write the two files into")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    write_ledger(out / "台账.xlsx")
    write_payments(out / "还款.csv")
    print(f"{out}: 台账.xlsx, 还款.csv")


if __name__ == "__main__":
    main()
