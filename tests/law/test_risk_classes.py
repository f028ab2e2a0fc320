"""Risk classes by days past due and restructuring: the dated thresholds, and that positions read them from the law."""

from datetime import date, timedelta

import polars as pl
import pytest

from arrears.delinquency.buckets import asset_class
from arrears.law.caps import law_from
from arrears.law.packs import shipped_texts
from arrears.law.risk_classes import risk_classes_on, risk_rules
from arrears.strict_yaml import BadYaml
from delinquency import twin

TEXTS = shipped_texts("cn")
RULES = risk_rules(TEXTS)
TURN = date(2023, 7, 1)


@pytest.mark.parametrize("as_of", [date(2019, 1, 1), TURN - timedelta(days=1), TURN, date(2026, 6, 30)])
def test_scalar_and_column_and_the_plain_twin_give_the_same_class(as_of):
    classes = risk_classes_on(RULES, as_of)
    rows = [(days, None if since is None else as_of - timedelta(days=since))
            for days in (0, 1, 89, 90, 91, 92, 269, 270, 271, 272, 359, 360, 361, 5_000) for since in (None, 0, 364, 365, 366, -1)]
    frame = pl.DataFrame(rows, schema={"days_past_due": pl.Int32, "restructured_on": pl.Date}, orient="row")
    found = frame.select(asset_class(pl.lit(as_of, pl.Date), classes))["asset_class"].to_list()
    assert found == [classes.of(days, since, as_of) for days, since in rows]
    assert found == [twin.asset_class(days, since, as_of) for days, since in rows]


def test_before_the_rules_of_2023_the_same_numbers_are_our_own_choice():
    before, after = risk_classes_on(RULES, TURN - timedelta(days=1)), risk_classes_on(RULES, TURN)
    assert (before.id, after.id) == ("cn.risk.before_2023", "cn.risk.2023")
    assert (before.classes, before.restructured_days) == (after.classes, after.restructured_days)


def test_a_pack_may_move_a_threshold_without_a_line_of_code():
    before, after = TEXTS["risk_classes.yaml"].split("  - id: cn.risk.2023")
    moved = before + "  - id: cn.risk.2023" + after.replace('above_days: "90"', 'above_days: "60"', 1)
    law = law_from({**TEXTS, "risk_classes.yaml": moved})
    assert risk_classes_on(law.risk_classes, TURN).of(61, None, TURN) == "次级"
    assert risk_classes_on(law.risk_classes, TURN - timedelta(days=1)).of(61, None, TURN) == "关注"


@pytest.mark.parametrize("old,new,said", [
    ('    until: "2023-07-01"', '    until: "2023-06-30"', "every night needs classes"),
    ('above_days: "90"', 'above_days: "300"', "in that order"), ("class: 次级", "class: 稍差", "in that order"),
    ("restructured: {class: 关注", "restructured: {class: 良好", "none of the classes"),
    ("evidence: K}", "evidence: U}", "uncertain"),
])
def test_classes_that_cannot_be_taken_at_their_word_are_refused(old, new, said):
    assert old in TEXTS["risk_classes.yaml"]
    with pytest.raises(BadYaml, match=said):
        risk_rules({**TEXTS, "risk_classes.yaml": TEXTS["risk_classes.yaml"].replace(old, new, 1)})
