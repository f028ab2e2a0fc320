"""Normal forms: spellings of one number meet, numbers of two people do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.vault.normal_forms import normal_form

MOBILE = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


@given(MOBILE, st.sampled_from(["", "+86", "+86 ", "0086", "86", "86-", "(+86)", "＋８６", "0"]), st.booleans())
def test_every_spelling_of_a_mainland_mobile_is_one_number(number, prefix, is_spaced):
    assert normal_form("phone", prefix + (f" {number[:3]}-{number[3:7]} {number[7:]} " if is_spaced else number)) == number


@given(MOBILE)
def test_a_number_abroad_is_not_taken_for_a_mobile_of_the_same_digits(number):
    assert normal_form("phone", "+" + number) == normal_form("phone", "00" + number) == "+" + number != normal_form("phone", number)


@pytest.mark.parametrize(("field", "text", "form"), [
    ("phone", "0755 - 1234 5678", "075512345678"), ("phone", "+86 755 1234 5678", "+8675512345678"), ("phone", "٠١٢٣", "0123"), ("phone", "  ", ""), ("phone", "无", "无"),
    ("phone", "861380013800", "861380013800"), ("phone", "0086 755 12345678", "+8675512345678"),
    ("id_number", "1101 0119 9003 0712 3x", "11010119900307123X"), ("id_number", "'110101-900307123", "110101900307123"), ("id_number", "１１０", "110"),
    ("account", "6222 0212-3456", "622202123456"), ("name", " 王\u3000小明 ", "王 小明"), ("email", "Anna.Li@Example.CN", "anna.li@example.cn"), ("other", "ＡＢ", "ab"),
])
def test_forms(field, text, form):
    assert normal_form(field, text) == form


@given(st.sampled_from(["phone", "id_number", "account", "name", "email"]), st.text(max_size=30))
def test_the_form_of_a_form_is_itself(field, text):
    form = normal_form(field, text)
    assert normal_form(field, form) == form
