"""The report's part about scores: alerts first, each model's drift and outcomes, or that there is none."""

import re
from string import Formatter

import pytest

from arrears.nightly.report import render
from arrears.nightly.report_scores import WORDS, scores
from nightly import made_up_night as night
from nightly.test_report import Page


def group(name: str, rows: int, level: str) -> dict:
    rate = {"value": 0.1, "low": 0.08, "high": 0.12}
    return {"attribute": "sex", "group": name, "rows": rows, "selected": rate, "selection_of_highest": 0.7, "estimated": 0.11, "observed": rate, "auc": None,
            "true_positive": rate, "false_positive": rate, "level": level}


def told(**changes) -> dict:
    matured = {"night": "2026-10-23", "rows": 2_345, "auc": {"value": 0.731, "low": 0.701, "high": 0.761}, "ks": {"value": 0.35, "low": None, "high": None},
               "calibration": [{"band": 0, "rows": 1_000, "predicted": 0.05, "observed": 0.04, "low": 0.03, "high": 0.055},
                               {"band": 1, "rows": 1_345, "predicted": 0.2, "observed": 0.3, "low": 0.27, "high": 0.33}], "fairness": [group("f", 1_200, "alert"), group("m", 60, "too_few")]}
    gap = {"value": 0.012, "low": 0.004, "high": 0.02, "p": 0.003}
    first = {"model": "behaviour_miss", "version": "3", "released_on": "2026-11-01", "card_digest": "abcdef0123456789", "zh": "错过下一到期日", "en": "misses the next due date", "rows": 61_870,
             "mean_estimate": 0.087, "bands": [0.2, 0.5, 0.3], "reference": [0.3, 0.4, 0.3], "psi": {"value": 0.131, "level": "watch"},
             "csi": [{"feature": f"f{number}", "zh": f"特征{number}", "en": f"feature {number}", "value": number / 100, "level": "calm"} for number in range(12)],
             "matured": matured, "challenger": {"champion": "a", "challenger": "b", "rows": 2_345, "zh": "乙优于甲", "en": "b is better", "auc": gap, "brier": None, "log_loss": gap}}
    second = {"model": "collection_recovery_30", "version": "1", "zh": "三十日收回", "en": "recovered in 30 days", "rows": 6_000, "mean_estimate": 0.3, "bands": [], "reference": [], "psi": None,
              "csi": [], "matured": None, "challenger": None}
    alerts = [{"level": "watch", "zh": "关注甲", "en": "to watch A"}, {"level": "alert", "zh": "警报乙", "en": "alert B"}]
    return {"scores": {"models": [first, second], "alerts": alerts, "ordered_by": "expected"} | changes}


def test_the_report_has_the_part_before_the_worklist_only_where_the_night_knew_of_scores():
    with_scores = render(night.summary() | told(), night.tables(), night.worklist())
    parts = [part["id"] for part in Page(with_scores).all("section")]
    assert parts[parts.index("worklist") - 1] == "scores" and Page(with_scores).open == []
    ids = [attributes["id"] for _, attributes in Page(with_scores).elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert "scores" not in [part["id"] for part in Page(render(night.summary(), night.tables(), night.worklist())).all("section")]


def test_alerts_come_first_and_the_pressing_before_the_rest():
    text = scores(told())
    assert text.index("alert B") < text.index("to watch A") < text.index("behaviour_miss")
    assert "Alerts: 1; to watch: 1." in text
    assert "No alert, and no change to watch" in scores(told(alerts=[]))


def test_without_a_model_it_says_so_and_how_to_get_one():
    for summary in ({}, told(models=[])):
        text = scores(summary)
        assert "No model is released" in text and "stated rule order" in text and "arrears score release MODEL" in text


@pytest.mark.parametrize(("ordered_by", "said"), [("expected", "the amount expected to be recovered"), ("rules", "in the stated rule order")])
def test_it_says_what_ordered_the_worklist(ordered_by, said):
    assert said in scores(told(ordered_by=ordered_by))


def test_matured_outcomes_are_shown_with_their_intervals_and_the_lack_of_them_is_said():
    text = scores(told())
    assert "2,345 rows of the night of 2026-10-23 have outcomes: AUC 0.731 [0.701, 0.761], KS 0.350." in text
    assert "recovered in 30 days: no outcome has matured yet." in text
    assert "30.0% [27.0%, 33.0%]" in text and re.search(r">yes<.*>no<", text)
    assert "too few" in text and "b is better" in text and "0.0120 [0.0040, 0.0200]" in text


def test_only_the_ten_features_that_changed_most_are_listed_the_greatest_first():
    listed = scores(told()).split('id="scores-behaviour_5fmiss-csi-caption"')[1].split("</table>")[0]
    assert re.findall(r'lang="en">(feature \d+)<', listed) == [f"feature {number}" for number in range(11, 1, -1)]
    assert "10 of 12" in listed


def test_the_bars_stand_in_the_ratio_of_the_shares():
    drawing = scores(told()).split('id="scores-behaviour_5fmiss-spread-title"')[1].split("</svg>")[0]
    widths = [float(width) for width in re.findall(r'<rect [^>]*width="([\d.]+)"', drawing)]
    assert widths == pytest.approx([widths[2] * share / 0.5 for share in (0.2, 0.3, 0.5, 0.4, 0.3, 0.3)], abs=0.1)


def test_every_wording_of_scores_speaks_both_languages_with_the_same_facts():
    for key, (chinese, english) in WORDS.items():
        assert chinese.strip() and english.strip() and not re.search(r"[\u4e00-\u9fff]", english), key
        facts = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (chinese, english)]
        assert facts[0] == facts[1], key


def test_words_from_a_summary_cannot_bring_markup():
    evil = "<img src=x onerror=alert(1)>"
    changed = told(alerts=[{"level": "alert", "zh": evil, "en": evil}])
    changed["scores"]["models"][0] |= {"model": evil, "zh": evil, "en": evil, "version": evil}
    assert "<img" not in scores(changed)
