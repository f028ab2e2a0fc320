"""Masks: what they show, and that nothing typed into a field makes them show more."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arrears.vault.masks import KINDS, masked
from arrears.vault.refused import VaultRefused

EXAMPLES = [
    ("phone", "13800138000", "138****8000"), ("phone", "+86 138-0013-8000", "138****8000"), ("phone", "0086 13800138000", "138****8000"),
    ("phone", "１３８００１３８０００", "138****8000"), ("phone", "+1 (415) 555-2671", "+141****2671"), ("phone", "0755-12345678", "075*****5678"),
    ("phone", "12345678", "******78"), ("phone", "110", "***"), ("phone", "", ""), ("phone", "王小明", "*"), ("phone", "王小明家的电话在哪里 138", "******"),
    ("id_number", "11010119900307123X", "1****************X"), ("id_number", "110101900307123", "1*************3"), ("id_number", "E12345678", "E*******8"),
    ("id_number", "12345", "*****"), ("id_number", "7", "*"),
    ("name", "张三", "张*"), ("name", "李小明", "李**"), ("name", "欧阳娜娜", "欧阳**"), ("name", "欧阳", "欧*"), ("name", "阿依古丽·买买提", "阿******"), ("name", "Anna Li", "A******"), ("name", "王", "*"),
    ("account", "6222021234567890123", "***************0123"), ("account", "6222 0212 3456 7890", "************7890"), ("account", "12345678", "******78"), ("account", "1234567", "*******"),
    ("email", "anna.li@example.cn", "a******@example.cn"), ("email", "a@example.cn", "******@example.cn"), ("email", "anna", "******"), ("email", "13800138000@qq.com", "1******@qq.com"),
    ("email", "a@b@example.cn", "******"), ("email", "anna@13800138000.cn", "******"),
    ("address", "广东省深圳市南山区科技路1号", "广东省深圳市******"), ("address", "北京市海淀区中关村大街1号", "北京市******"), ("address", "内蒙古自治区呼伦贝尔市海拉尔区", "内蒙古自治区呼伦贝尔市******"),
    ("address", "新疆维吾尔自治区伊犁哈萨克自治州伊宁市", "新疆维吾尔自治区伊犁哈萨克自治州******"), ("address", "深圳市南山区", "******"), ("address", "12 High Street, Oxford", "******"), ("address", "广东省", "广东******"),
    ("address", "王小明住在广东省深圳市", "******"), ("address", "广东深圳南山区科技路1号", "广东******"),
]
ANY = st.text(max_size=60)


@pytest.mark.parametrize(("kind", "text", "shown"), EXAMPLES)
def test_what_is_shown(kind, text, shown):
    assert masked(kind, text) == shown


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_is_nothing_is_shown(kind):
    assert masked(kind, None) == masked(kind, "") == masked(kind, " \u3000") == ""


def test_a_kind_that_is_not_known_is_refused_so_that_nothing_is_shown_by_mistake():
    with pytest.raises(VaultRefused):
        masked("text", "13800138000")


def _plain(text):
    return unicodedata.normalize("NFKC", text).strip()


def _shown(kind, text):
    return masked(kind, text).replace("*", "")


ODD = st.one_of(ANY, st.text("0123456789+- ()", max_size=30), st.text("王小明张 市省区县广东深圳@.a1*", max_size=30), st.from_regex(r"[^@]{0,20}@[a-z0-9.]{0,20}", fullmatch=True))


@given(st.sampled_from(KINDS), ODD)
@example("email", "@a.b")
@example("phone", "+++++++++++++")
def test_the_whole_is_never_shown_and_stars_stand_for_something(kind, text):
    plain = _plain(text)
    if plain:
        assert "*" in masked(kind, text)
        bare = "".join(character for character in plain if character.isalnum())
        shown = "".join(character for character in _shown(kind, text) if character.isalnum())
        assert not bare or bare != shown


@given(ODD)
def test_of_a_phone_at_most_three_and_four_digits_are_shown_and_nothing_else(text):
    shown = _shown("phone", text)
    assert re.fullmatch(r"\+?[0-9]{0,7}", unicodedata.normalize("NFKC", shown)) or all(character.isdecimal() or character == "+" for character in shown) and len(shown) <= 8
    digits = sum(character.isdecimal() for character in _plain(text))
    assert len(shown.lstrip("+")) in (0, *([2] if 7 <= digits < 11 else []), *([7] if digits >= 11 else []))


@given(ODD)
def test_of_an_id_number_at_most_first_and_last_are_shown(text):
    assert len(_shown("id_number", text)) <= 2


@given(ODD)
def test_of_an_account_at_most_the_last_four_are_shown(text):
    shown = _shown("account", text)
    assert len(shown) <= 4 and "".join(character for character in _plain(text) if character.isalnum()).endswith(shown)


@given(ODD)
def test_of_a_name_at_most_the_surname_is_shown(text):
    shown = _shown("name", text)
    assert len(shown) <= 2 and _plain(text).startswith(shown)


@given(ODD)
def test_of_an_email_at_most_one_character_of_the_mailbox_is_shown_and_no_domain_with_a_number_in_it(text):
    box, _, domain = _shown("email", text).rpartition("@")
    assert len(box) <= 1 and sum(character.isdigit() for character in domain) < 6


@given(ODD)
def test_of_an_address_only_a_province_that_exists_and_its_city_are_shown(text):
    shown = _shown("address", text)
    assert not shown or (re.search(r"省|市|自治区|特别行政区|自治州|地区|盟|^[\u4e00-\u9fff]{2,3}$", shown) and len(shown) <= 24 and _plain(text).startswith(shown) and shown != _plain(text))
