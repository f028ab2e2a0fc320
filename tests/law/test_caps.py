"""The caps on charges, by hand from the texts: which rate holds for which contract, filing and night."""

from datetime import date, timedelta

import pytest

from arrears.law.caps import cap_of, law_from, read_law, why_unknown
from arrears.law.packs import shipped_texts
from arrears.strict_yaml import BadYaml

LAW = read_law()
DAY = timedelta(days=1)
TURN = date(2020, 8, 20)


def rate(regime: str, disbursed_on: date, night: date, filed_on: date | None = None) -> int | None:
    return cap_of(LAW, regime, disbursed_on, filed_on).at(night)


@pytest.mark.parametrize("first,percent_times_100", [
    # Regulation fact sheet, 2.4: published, one-year LPR.
    ("2020-08-20", 385), ("2021-12-19", 385), ("2021-12-20", 380), ("2022-01-19", 380), ("2022-01-20", 370),
    ("2022-08-21", 370), ("2022-08-22", 365), ("2023-06-19", 365), ("2023-06-20", 355), ("2023-08-20", 355),
    ("2023-08-21", 345), ("2024-07-21", 345), ("2024-07-22", 335), ("2024-10-20", 335), ("2024-10-21", 310),
    ("2025-05-19", 310), ("2025-05-20", 300), ("2026-06-22", 300), ("2026-12-19", 300),
])
def test_a_private_loan_is_capped_by_four_times_the_lpr_of_the_day_it_was_made(first, percent_times_100):
    made_on = date.fromisoformat(first)
    for night in (made_on, made_on + 400 * DAY):
        assert rate("cn_private", made_on, night) == 4 * percent_times_100 * 100
        assert rate("cn_private", made_on, night, filed_on=made_on + 30 * DAY) == 4 * percent_times_100 * 100


def test_fourteen_point_eight_becomes_fourteen_point_six_per_cent_on_2022_08_22():
    assert rate("cn_private", date(2022, 8, 21), date(2023, 1, 1)) == 148_000
    assert rate("cn_private", date(2022, 8, 22), date(2023, 1, 1)) == 146_000


def test_a_contract_of_2019_sued_in_2021_has_two_periods():
    """法释〔2020〕6号 art. 31: 24 % through 2020-08-19, from then on four times the LPR at filing (3.85 %)."""
    terms = {"regime": "cn_private", "disbursed_on": date(2019, 5, 6), "filed_on": date(2021, 6, 1)}
    assert rate(night=date(2019, 5, 6), **terms) == 240_000
    assert rate(night=TURN - DAY, **terms) == 240_000
    assert rate(night=TURN, **terms) == 154_000
    assert rate(night=date(2026, 1, 1), **terms) == 154_000


@pytest.mark.parametrize("filed_on,percent_times_100", [
    ("2020-08-20", 385), ("2021-12-19", 385), ("2021-12-20", 380), ("2022-08-21", 370), ("2022-08-22", 365), ("2026-12-19", 300),
])
def test_the_second_period_is_set_by_the_lpr_at_filing(filed_on, percent_times_100):
    filed = date.fromisoformat(filed_on)
    assert rate("cn_private", date(2020, 8, 19), date(2020, 8, 19), filed) == 240_000
    assert rate("cn_private", date(2020, 8, 19), date(2027, 1, 1), filed) == 4 * percent_times_100 * 100


def test_a_suit_filed_before_the_turn_keeps_the_old_rule_throughout():
    for night in (date(2019, 5, 6), TURN, date(2026, 1, 1)):
        assert rate("cn_private", date(2019, 5, 6), night, filed_on=date(2020, 8, 19)) == 240_000


def test_a_contract_before_the_turn_that_is_not_filed_is_unknown_from_the_turn_on():
    made_on = date(2019, 5, 6)
    assert rate("cn_private", made_on, TURN - DAY) == 240_000
    assert rate("cn_private", made_on, TURN) is None
    assert why_unknown("cn_private", made_on, None, LAW) == "not_filed"


def test_the_day_of_the_contract_decides_on_which_side_of_the_turn_it_lies():
    assert rate("cn_private", TURN, TURN) == 154_000
    assert rate("cn_private", TURN - DAY, TURN) is None


def test_private_loans_from_before_the_first_rule_are_unknown_until_it_begins():
    assert rate("cn_private", date(2015, 8, 31), date(2015, 8, 31), date(2021, 6, 1)) is None
    assert rate("cn_private", date(2015, 8, 31), date(2015, 9, 1), date(2021, 6, 1)) == 240_000
    assert why_unknown("cn_private", date(2015, 8, 31), date(2021, 6, 1), LAW) == "before_series"


def test_the_lpr_is_not_extrapolated_beyond_its_confirmation():
    """Last confirmed 2026-06-22; 180 days later is 2026-12-19."""
    assert date(2026, 6, 22) + timedelta(days=180) == date(2026, 12, 19)
    assert rate("cn_private", date(2026, 12, 19), date(2027, 6, 1)) == 120_000
    assert rate("cn_private", date(2026, 12, 20), date(2026, 12, 20)) is None
    assert rate("cn_private", date(2019, 5, 6), date(2026, 12, 21), filed_on=date(2026, 12, 20)) is None
    assert rate("cn_private", date(2019, 5, 6), TURN - DAY, filed_on=date(2026, 12, 20)) == 240_000
    assert why_unknown("cn_private", date(2026, 12, 20), None, LAW) == "stale"
    assert why_unknown("cn_private", date(2019, 5, 6), date(2026, 12, 20), LAW) == "stale"


def test_a_loan_that_was_made_before_the_confirmation_ended_stays_known_after_it():
    assert rate("cn_private", date(2025, 6, 1), date(2030, 1, 1)) == 120_000


@pytest.mark.parametrize("regime,first", [("cn_licensed", date(2017, 8, 4)), ("cn_microloan", date(2021, 1, 1))])
def test_licensed_lenders_and_microloans_are_capped_at_24_per_cent_from_their_first_night(regime, first):
    for made_on in (date(2016, 1, 1), first, date(2026, 1, 1)):
        assert rate(regime, made_on, first - DAY) is None
        assert rate(regime, made_on, first) == 240_000
        assert rate(regime, made_on, date(2035, 1, 1), filed_on=date(2022, 1, 1)) == 240_000
    assert why_unknown(regime, date(2016, 1, 1), None, LAW) == "before_series"


def test_only_the_regime_none_has_no_cap():
    assert cap_of(LAW, "none", date(2026, 1, 1), None) is None
    with pytest.raises(ValueError, match="cn_pawn"):
        cap_of(LAW, "cn_pawn", date(2026, 1, 1), None)


def test_the_digest_names_the_texts():
    texts = shipped_texts("cn")
    assert law_from(texts).digest == LAW.digest
    assert law_from({**texts, "lpr.yaml": texts["lpr.yaml"] + "\n"}).digest != LAW.digest
    assert law_from(dict(reversed(texts.items()))).digest == LAW.digest


@pytest.mark.parametrize("name,old,new,said", [
    ("lpr.yaml", "evidence: T2", "evidence: U", "uncertain"),
    ("caps.yaml", "evidence: K", "evidence: U", "uncertain"),
    ("lpr.yaml", "source: pboc-lpr\n", "", "missing source"),
    ("lpr.yaml", "source: pboc-lpr", "source: hearsay", "hearsay"),
    ("caps.yaml", "article: null", "artikel: null", "article"),
    ("lpr.yaml", "unit: ppm_per_year", "unit: ppm_per_year\nrounding: up", "unknown key rounding"),
    ("lpr.yaml", '  "2025-05-20": "30000"', '  "2025-05-20": "30000"\n  "2025-05-20": "29000"', "stands twice"),
])
def test_a_law_that_cannot_be_taken_at_its_word_is_refused(name, old, new, said):
    texts = shipped_texts("cn")
    assert old in texts[name]
    with pytest.raises(BadYaml, match=said) as refusal:
        law_from({**texts, name: texts[name].replace(old, new, 1)})
    assert name in str(refusal.value)


def test_values_out_of_order_are_refused():
    texts = shipped_texts("cn")
    swapped = texts["lpr.yaml"].replace('  "2024-10-21": "31000"\n  "2025-05-20": "30000"',
                                        '  "2025-05-20": "30000"\n  "2024-10-21": "31000"')
    assert swapped != texts["lpr.yaml"]
    with pytest.raises(ValueError, match="in order of date"):
        law_from({**texts, "lpr.yaml": swapped})
