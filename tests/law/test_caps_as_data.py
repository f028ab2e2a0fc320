"""A step of the caps is data: packs that change them without a line of code, by hand; and how often they are looked up."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from arrears.delinquency.assess import caps_of
from arrears.law.caps import cap_of, law_from, read_law, why_unknown
from arrears.law.packs import shipped_texts, texts_of
from arrears.strict_yaml import BadYaml

TEXTS = shipped_texts("cn")
DAY = timedelta(days=1)
TURN = date(2028, 1, 1)
FOUR_TIMES = "{times_lpr: \"4\", lpr_on: %s}"
CITED = "  source: spc-2020-27\n  article: null\n  evidence: T2\n  meaning: a step that nobody has decided\n"


def with_caps(added: str = "", old: str = "", new: str = ""):
    """The law with cases added at the front or one text replaced in caps.yaml."""
    assert old in TEXTS["caps.yaml"]
    changed = TEXTS["caps.yaml"].replace(old, new, 1) if old else TEXTS["caps.yaml"]
    return law_from({**TEXTS, "caps.yaml": added + changed})


def test_a_small_loan_cap_can_step_to_four_times_the_lpr_from_a_night_on():
    """Data alone: 24 % up to 2027-12-31, from 2028-01-01 on four times the LPR of the contract's day."""
    law = with_caps(old='{"2021-01-01": {ppm: "240000"}}',
                    new='{"2021-01-01": {ppm: "240000"}, "2028-01-01": ' + FOUR_TIMES % "contract" + "}")
    cap = cap_of(law, "cn_microloan", date(2025, 6, 1), None)
    assert [cap.at(day) for day in (date(2021, 1, 1), TURN - DAY, TURN)] == [240_000, 240_000, 120_000]
    assert cap_of(law, "cn_microloan", date(2024, 7, 22), None).at(TURN) == 134_000
    # A contract from before the LPR existed has no multiple of it; the nights before the step stay known.
    older = cap_of(law, "cn_microloan", date(2019, 8, 19), None)
    assert (older.at(TURN - DAY), older.at(TURN)) == (240_000, None)
    assert law.regimes_by("disbursed_on") == ["cn_microloan", "cn_private"]
    assert law.regimes_by("filed_on") == ["cn_private"]


def test_a_small_loan_cap_can_step_by_the_day_of_the_contract():
    law = with_caps(added="- id: x\n  regime: cn_microloan\n" + CITED + '  contract_from: "2025-12-24"\n'
                          '  values: {"2025-12-24": ' + FOUR_TIMES % "contract" + "}\n")
    assert cap_of(law, "cn_microloan", date(2025, 12, 23), None).at(TURN) == 240_000
    assert cap_of(law, "cn_microloan", date(2025, 12, 24), None).at(TURN) == 120_000


def test_a_multiple_can_follow_the_lpr_night_by_night_and_ends_with_its_confirmation():
    law = with_caps(old='{"2021-01-01": {ppm: "240000"}}',
                    new='{"2021-01-01": {ppm: "240000"}, "2024-09-01": ' + FOUR_TIMES % "night" + "}")
    cap = cap_of(law, "cn_microloan", date(2022, 1, 1), None)
    nights = ("2024-08-31", "2024-09-01", "2024-10-20", "2024-10-21", "2025-05-20", "2026-12-19", "2026-12-20")
    assert [cap.at(date.fromisoformat(night)) for night in nights] == [240_000, 134_000, 134_000, 124_000, 120_000, 120_000, None]
    assert why_unknown("cn_microloan", date(2022, 1, 1), None, law) == "stale"
    assert "cn_microloan" not in law.regimes_by("disbursed_on") + law.regimes_by("filed_on")


def test_conditions_are_half_open_and_one_on_filing_needs_a_suit():
    law = with_caps(added="- id: x\n  regime: cn_microloan\n" + CITED + '  contract_from: "2022-01-01"\n'
                          '  contract_until: "2023-01-01"\n  filed_from: "2024-01-01"\n  filed_before: "2025-01-01"\n'
                          '  values: {"2021-01-01": {ppm: "1"}}\n')
    inside = (date(2022, 1, 1), date(2024, 1, 1))
    outside = [(date(2021, 12, 31), date(2024, 1, 1)), (date(2023, 1, 1), date(2024, 1, 1)), (date(2022, 1, 1), None),
               (date(2022, 1, 1), date(2023, 12, 31)), (date(2022, 1, 1), date(2025, 1, 1))]
    assert cap_of(law, "cn_microloan", *inside).at(TURN) == 1
    assert cap_of(law, "cn_microloan", date(2022, 12, 31), date(2024, 12, 31)).at(TURN) == 1
    assert [cap_of(law, "cn_microloan", *dates).at(TURN) for dates in outside] == [240_000] * 5


def test_where_no_case_of_the_regime_holds_the_cap_is_unknown_for_every_night():
    law = with_caps(old="  regime: cn_licensed\n", new='  regime: cn_licensed\n  contract_from: "2020-01-01"\n')
    assert cap_of(law, "cn_licensed", date(2019, 12, 31), None).at(TURN) is None
    assert why_unknown("cn_licensed", date(2019, 12, 31), None, law) == "before_series"
    sued = with_caps(old="  regime: cn_licensed\n", new='  regime: cn_licensed\n  filed_from: "2020-01-01"\n')
    assert why_unknown("cn_licensed", date(2019, 12, 31), None, sued) == "not_filed"
    assert cap_of(sued, "cn_licensed", date(2019, 12, 31), date(2020, 1, 1)).at(TURN) == 240_000


def test_a_cap_may_bear_a_confirmation_of_its_own():
    law = with_caps(old="  regime: cn_licensed\n",
                    new='  regime: cn_licensed\n  last_confirmed: "2026-01-01"\n  max_staleness_days: "30"\n')
    cap = cap_of(law, "cn_licensed", date(2020, 1, 1), None)
    assert (cap.at(date(2026, 1, 31)), cap.at(date(2026, 2, 1))) == (240_000, None)
    assert why_unknown("cn_licensed", date(2020, 1, 1), None, law) == "stale"


def test_nothing_is_unknown_of_a_cap_that_is_known_for_every_night():
    assert why_unknown("cn_licensed", date(2020, 1, 1), None, read_law()) == ""
    assert why_unknown("cn_private", date(2024, 1, 1), None, read_law()) == ""


@pytest.mark.parametrize("old,new,said", [
    ('{ppm: "240000"}', '"240000"', "ppm"),
    ('{ppm: "240000"}', '{ppm: "24 %"}', "whole number"),
    ("lpr_on: contract", "lpr_on: birthday", "lpr_on"),
    ('{times_lpr: "4", lpr_on: contract}', '{times_lpr: "4"}', "lpr_on"),
    ('contract_from: "2020-08-20"', 'contract_from: "2020-8-20"', "not a date"),
    ("evidence: K}", "evidence: U}", "uncertain"),
    ('values: {"2017-08-04": {ppm: "240000"}}', "values: {}", "at least one"),
])
def test_a_case_that_cannot_be_taken_at_its_word_is_refused_with_its_place(old, new, said):
    with pytest.raises(BadYaml, match=said) as refusal:
        with_caps(old=old, new=new)
    assert str(refusal.value).startswith("caps.yaml, cn.cap.")


def test_files_that_positions_do_not_read_are_part_of_the_digest_alone():
    with_more = law_from({**TEXTS, "rules/quiet_hours.yaml": "- {id: x}", "lexicon/threat.yaml": "[]"})
    assert (with_more.caps, with_more.lpr) == (read_law().caps, read_law().lpr)
    assert with_more.digest != read_law().digest


def test_the_texts_of_a_folder_are_all_its_yaml_files_named_from_there(tmp_path):
    (tmp_path / "rules" / "deep").mkdir(parents=True)
    for name in ("b.yaml", "a.yaml", "rules/x.yaml", "rules/deep/y.yaml", "notes.md"):
        (tmp_path / name).write_text(f"# {name}, 法\n", encoding="utf-8")
    texts = texts_of(tmp_path)
    assert list(texts) == ["a.yaml", "b.yaml", "rules/deep/y.yaml", "rules/x.yaml"]
    assert texts["rules/x.yaml"] == "# rules/x.yaml, 法\n"


class Counting(dict[str, tuple]):
    """A dict that counts how often something is looked up in it."""

    count = 0

    def __getitem__(self, key):
        self.count += 1
        return super().__getitem__(key)


def test_a_cap_is_looked_up_once_per_distinct_key_and_each_loan_gets_its_own():
    law = with_caps(added="- id: x\n  regime: cn_microloan\n" + CITED + '  contract_from: "2025-12-24"\n'
                          '  values: {"2025-12-24": ' + FOUR_TIMES % "contract" + "}\n")
    counting = replace(law, caps=Counting(law.caps))
    days = [date(2025, 12, 20) + DAY * (place % 10) for place in range(3_000)]
    loans = pl.DataFrame({
        "regime": [("cn_licensed", "cn_microloan", "cn_private", "none")[place % 4] for place in range(3_000)],
        "disbursed_on": days, "filed_on": pl.Series([None] * 3_000, dtype=pl.Date),
    })
    found = caps_of(loans, counting, date(2026, 6, 30))
    # One for licensed; five each for the ten days of the others, since places and days step together by twos.
    assert counting.caps.count == 1 + 5 + 5
    for row, (regime, made_on, _) in enumerate(loans.iter_rows()):
        cap = cap_of(law, regime, made_on, None)
        rates = found.steps[1][found.first[row] : found.last[row]]
        assert list(rates) == ([] if cap is None else [value for _, value in cap.steps])
    assert np.all(found.kind[3::4] == 2)


@pytest.mark.parametrize(("old", "new", "said"), [
    ("regime: cn_microloan", "regime: cn_micro", r"caps\.yaml, cn\.cap\.microloan, line \d+: the regime 'cn_micro' is not known"),
    ("regime: cn_microloan", "regime: cn_licensed", r"caps\.yaml: it has no cap for cn_microloan"),
    ("source: spc-2017-22", "source: nobody", r"caps\.yaml, cn\.cap\.licensed, line \d+: the source 'nobody'"),
    ('values: {"2017-08-04": {ppm: "240000"}}', 'values: {"2017-08-04": {ppm: "240000"}, "2016-01-01": {ppm: "1"}}', r"cn\.cap\.licensed, line \d+: values must be in order"),
])
def test_a_mistake_in_the_caps_is_told_with_its_entry_and_line(old, new, said):
    assert old in TEXTS["caps.yaml"]
    with pytest.raises(BadYaml, match=said):
        law_from({**TEXTS, "caps.yaml": TEXTS["caps.yaml"].replace(old, new, 1)})
