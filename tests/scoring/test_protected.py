"""Which columns hold what no model may read, by their names and by their values."""

import polars as pl
import pytest

from arrears.scoring.protected import protected_as, protected_by_values

SEX = "sex cust_sex Gender_Code 性别代码 SEXCODE GENDERCD 客户性别 sex1 is_male Sex_M CODE_GENDER personal_status_and_sex".split()
AGE = "ageGroup DOB birth_year BIRTHYEAR yob custage age1 age_18_24 客户年龄 年龄段 出生年月 date_of_birth DAYS_BIRTH age_in_years borrower_age age_at_loan age_of_borrower".split()
REGION = "zip zip5 postal postal_code PostCode 所在省份 户籍地 家庭住址 省 市 城市代码 prov_cd county STATE BankState hukou city_tier".split()
OTHER = "maritalStatus 国籍 婚姻情况 是否已婚 民族代码 FAMILY_STATUS NAME_FAMILY_STATUS 子女数 是否有子女 foreign_worker MARRIAGE numberOfDependents id_card idcard_no citizen_id 身份证号码 language preferred_language 沟通语言 方言".split()
NONE = ("usage message average package status_code mortgage percentage stage storage coverage statement velocity interstate trace estate essex 账龄 市值 超市消费 年化利率 "
        "loan_age account_age_months age_of_loan debt_age vehicle_age avg_age_of_credit email_address ip_address account_health PAY_0 LIMIT_BAL NAICS housing").split()


@pytest.mark.parametrize(("attribute", "names"), [("sex", SEX), ("age_band", AGE), ("region", REGION), ("other", OTHER), (None, NONE)])
def test_a_column_is_known_by_its_name_however_it_is_written(attribute, names):
    assert {name: protected_as(name) for name in names} == dict.fromkeys(names, attribute)


@pytest.mark.parametrize(("values", "attribute"), [
    (["M", "F", None], "sex"), (["男", "女"], "sex"), (["广东省", "上海市", "内蒙古自治区"], "region"), (["M", "F", "X9"], None), (["A", "B"], None), (["F", "F"], None), ([1, 2], None)])
def test_a_column_of_an_innocent_name_is_known_by_what_it_says(values, attribute):
    assert protected_by_values(pl.Series(values)) == attribute
