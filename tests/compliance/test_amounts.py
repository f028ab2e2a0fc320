"""The largest amount that a text names, by hand."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.compliance.amounts import largest_amount_minor


@pytest.mark.parametrize("text,fen", [
    ("欠款¥1,234.56", 123456), ("应还￥５００", 50000), ("１２３４元", 123400), ("RMB 200", 20000), ("CNY1,000.5", 100050), ("人民币5000", 500000), ("1000人民币", 100000),
    ("应还1234元5角6分", 123456), ("12元5角", 1250), ("100元零5分", 10005), ("5毛钱", 50), ("五块五", 550), ("十块钱", 1000), ("二百五十块", 25000),
    ("1.5万元", 1500000), ("3万5千元", 3500000), ("3万500元", 3050000), ("1万2千3百元", 1230000), ("3百万元", 300000000), ("1亿元", 10**10), ("3w元", 3000000),
    ("三万五千元", 3500000), ("三万五元", 3500000), ("三萬五千圓", 3500000), ("二十五万三千元", 25300000), ("一百零五元", 10500), ("一千零五十元", 105000), ("两万元", 2000000),
    ("壹万贰仟叁佰肆拾伍元陆角柒分", 1234567), ("人民币叁万元整", 3000000), ("三点五万元", 3500000), ("一二三四元", 123400), ("五千多元", 500000), ("5 0 0 0 元", 500000),
    ("1000-2000元", 200000), ("2000至1000元", 200000), ("¥1000~2000", 200000), ("1到3万元", 3000000), ("共2笔贷款500.5元", 50050), ("12,345,678.90元", 1234567890),
    ("欠款3万5", 3500000), ("应还金额：1,234.56", 123456), ("金额为5000.00，请", 500000), ("欠一万五不还", 1500000), ("请于15日前还500元", 50000),
    ("本金1000元、利息56.30元、罚息3.20元，合计1059.50元", 105950), ("5\u200b000元", 500000), ("0.001元", 1), ("5 000元", 500000), ("1 234 567.5元", 123456750),
])
def test_an_amount_in_yuan_is_read(text, fen):
    assert largest_amount_minor(text, "CNY") == fen


@pytest.mark.parametrize("text", [
    "您已逾期15天，请于2026年3月1日前还款", "2026-03-01", "电话13800138000，订单号20260301123456", "请拨打95555", "年利率24%", "百分之二十", "还款3期，已还12期",
    "千万不要相信", "万一", "2026元旦", "元月", "一块还", "还款日为15日", "尾号1234的卡", "您有3笔贷款", "5个工作日", "每天3次", "工号1024", "三个月", "一百多人", "编号2026030100123",
    "", "还款", "第69条", "下午3点30分", "5分钟", "欠款$100", "您的贷款20250301001已逾期", "请拨打95555转2", "还款2026-03-15", "付款方式3种以上为：", "支付宝123", "还清后5年",
])
def test_what_is_no_amount_in_yuan_is_not_read(text):
    assert largest_amount_minor(text, "CNY") is None


@pytest.mark.parametrize("text,cents", [
    ("you owe $1,234.56", 123456), ("twelve hundred dollars", 120000), ("$1.2k", 120000), ("1.2k dollars", 120000), ("USD 500", 50000), ("500 USD", 50000), ("US$ 3 million", 300000000),
    ("two thousand five hundred and six dollars and ten cents", 250610), ("one thousand two hundred thirty-four dollars", 123400), ("a hundred dollars", 10000), ("fifty bucks", 5000),
    ("5 grand", 500000), ("50 cents", 50), ("$100 to $250", 25000), ("100-200 dollars", 20000), ("$250 or $100", 25000), ("balance of 1,234.56", 123456), ("12 monthly payments of $45.10", 4510),
    ("pay $50 by March 3, 2026", 5000), ("$1,000 and 30 days", 100000), ("＄500", 50000),
])
def test_an_amount_in_dollars_is_read(text, cents):
    assert largest_amount_minor(text, "USD") == cents


@pytest.mark.parametrize("text", ["call 1-800-555-1234 within 30 days by 03/01/2026", "25%", "order 12345", "a few dollars", "12 payments", "July 2026", "one or two calls", "¥500"])
def test_what_is_no_amount_in_dollars_is_not_read(text):
    assert largest_amount_minor(text, "USD") is None


@given(st.integers(min_value=0, max_value=10**12), st.sampled_from(["¥{}", "{}元", "RMB{}", "人民币{}元", "应还{}元整"]))
def test_what_is_written_in_digits_is_read_back(fen, form):
    assert largest_amount_minor(form.format(f"{fen // 100}.{fen % 100:02d}"), "CNY") == fen
    assert largest_amount_minor(form.format(f"{fen // 100:,}.{fen % 100:02d}"), "CNY") == fen


@given(st.integers(min_value=1, max_value=99_999_999), st.booleans())
def test_what_is_written_in_chinese_numerals_is_read_back(yuan, financial):
    assert largest_amount_minor(f"欠{_spelled(yuan, financial)}元", "CNY") == yuan * 100


@given(st.lists(st.integers(min_value=1, max_value=10**9), min_size=1, max_size=5))
def test_the_largest_of_several_is_named(amounts):
    assert largest_amount_minor("，".join(f"{one}元" for one in amounts), "CNY") == max(amounts) * 100
    assert largest_amount_minor("; ".join(f"${one}" for one in amounts), "USD") == max(amounts) * 100


@given(st.text(alphabet="0123456789.,元万千百十一二两三块角分¥$ 还欠款年月日至-k", max_size=30))
def test_any_text_is_read_without_an_error(text):
    for currency in ("CNY", "USD", "EUR"):
        assert (largest_amount_minor(text, currency) or 0) >= 0


def _spelled(number: int, financial: bool) -> str:
    """A number below 10^8 in Chinese numerals, every digit with its unit, one 零 for zeros within."""
    digits, units = ("零壹贰叁肆伍陆柒捌玖", ["仟", "佰", "拾", ""]) if financial else ("零一二三四五六七八九", ["千", "百", "十", ""])

    def four(part: int) -> str:
        text = "".join(digits[int(digit)] + unit if digit != "0" else "零" for digit, unit in zip(f"{part:04d}", units, strict=True))
        while "零零" in text:
            text = text.replace("零零", "零")
        return text.rstrip("零")

    high, low = divmod(number, 10_000)
    text = (four(high) + "万" if high else "") + four(low)
    return text.lstrip("零")


@pytest.mark.parametrize("piece", ["1", "1 ", "1,111", " 111", "一", "一点", "一 ", "万1", "twenty-", "one hundred ", "100 ", "亿"])
def test_the_time_that_a_long_text_takes_grows_with_its_length_alone(piece):
    """20,000 characters of a number that never ends: read again from each place on, they took up to twenty seconds and more."""
    begun = process_time()
    for currency in ("CNY", "USD", "EUR"):
        largest_amount_minor((piece * 20_000)[:20_000], currency)
    assert process_time() - begun < 5


@pytest.mark.parametrize("text", ["零" * 80 + "五千元", "一亿" + "亿" * 130_000 + "元", "9" * 5_000 + "元", "1" + ",000" * 30 + "元"])
def test_no_amount_hides_behind_more_numerals_than_anybody_writes(text):
    assert largest_amount_minor(text, "CNY") == 2**62


@pytest.mark.parametrize(("text", "fen"), [("欠一百零8元", 10_800), ("还款1千零50元", 105_000), ("100元2 五千元", 500_000)])
def test_numerals_and_digits_are_read_together(text, fen):
    assert largest_amount_minor(text, "CNY") == fen
