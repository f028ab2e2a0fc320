"""Tables about scores that a model's card and the night's report have alike: calibration by band, groups of people, bands."""

from collections.abc import Mapping, Sequence

from arrears.learning.drift import LEVEL_WORDS
from arrears.learning.fairness import ATTRIBUTES, UNKNOWN
from arrears.pages.amounts import count, figure, rate, rate_with_interval, with_interval
from arrears.pages.markup import NUMBER, TEXT, table
from arrears.pages.wording import Pair, speak, words

speak({
    "scores.band": ("分段", "Band"), "scores.rows": ("行数", "Rows"), "scores.estimated": ("平均估计", "Mean estimate"),
    "scores.observed": ("实际", "Observed"), "scores.observed.interval": ("实际 [95% 区间]", "Observed [95 % interval]"),
    "scores.within": ("区间含估计", "Estimate within"), "scores.yes": ("是", "yes"), "scores.no": ("否", "no"),
    "scores.attribute": ("属性", "Attribute"), "scores.group": ("组", "Group"), "scores.selected": ("入选率", "Selected"),
    "scores.ratio": ("与最高组之比", "Over the highest"), "scores.true_positive": ("命中率", "True positive"),
    "scores.false_positive": ("误报率", "False positive"), "scores.auc": ("AUC", "AUC"), "scores.level": ("判定", "Level"),
    "scores.unknown": ("不详", "unknown"),
})


def level_words(level: str | None) -> Pair:
    """A level in both languages; a dash where there is none."""
    return LEVEL_WORDS.get(level or "", ("–", "–"))


def calibration_table(name: str, caption: Pair, bands: Sequence[Mapping]) -> str:
    """Per band: rows, mean estimate, observed rate with interval, and whether the interval holds the estimate."""
    columns = [(words("scores.band"), TEXT)] + [(words(f"scores.{key}"), NUMBER) for key in ("rows", "estimated", "observed.interval")]
    columns.append((words("scores.within"), TEXT))
    rows = []
    for number, band in enumerate(bands, 1):
        observed = {"value": band["observed"], "low": band.get("low"), "high": band.get("high")}
        is_within = None if observed["low"] is None else observed["low"] <= band["predicted"] <= observed["high"]
        rows.append([str(number), count(band["rows"]), rate(band["predicted"]), rate_with_interval(observed),
                     "–" if is_within is None else words("scores.yes" if is_within else "scores.no")])
    return table(name, caption, columns, rows)


def fairness_table(name: str, caption: Pair, groups: Sequence[Mapping]) -> str:
    """Per attribute and group: rows, selection, error rates, estimate and outcome, AUC, and the level. Columns nobody fills are left out."""
    kinds = {"selected": rate_with_interval, "true_positive": rate_with_interval, "false_positive": rate_with_interval, "observed": rate_with_interval,
             "auc": lambda measured: with_interval(measured, 2)}
    shown = [key for key in ("selected", "ratio", "true_positive", "false_positive", "estimated", "observed", "auc")
             if key not in kinds or any(group.get(key) for group in groups)]
    columns = [(words("scores.attribute"), TEXT), (words("scores.group"), TEXT), (words("scores.rows"), NUMBER)]
    columns += [(words(f"scores.{key}"), NUMBER) for key in shown] + [(words("scores.level"), TEXT)]
    rows = []
    for group in groups:
        cells = {key: write(group.get(key)) for key, write in kinds.items()}
        cells |= {"ratio": figure(group.get("selection_of_highest"), 2), "estimated": rate(group.get("estimated"))}
        attribute = ATTRIBUTES.get(group["attribute"], (group["attribute"],) * 2)
        label = words("scores.unknown") if group["group"] == UNKNOWN else group["group"]
        rows.append([attribute, label, count(group["rows"]), *(cells[key] for key in shown), level_words(group.get("level"))])
    return table(name, caption, columns, rows)
