"""Whether the rows scored tonight are like those a model was fitted on, and whether it still tells what it told: figures and alerts.

An alert needs two things: the change passes its threshold (thresholds.yaml), and it is more than chance makes of so few rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np

from arrears import strict_yaml
from arrears.learning.measures import Measured
from arrears.refusal import Refused

CALM, WATCH, ALERT, TOO_FEW = "calm", "watch", "alert", "too_few"
LEVELS = (ALERT, WATCH, TOO_FEW, CALM)
LEVEL_WORDS = {CALM: ("平稳", "stable"), WATCH: ("关注", "watch"), ALERT: ("警报", "alert"), TOO_FEW: ("行数太少", "too few")}
_THRESHOLDS = Path(__file__).with_name("thresholds.yaml")
_Z99 = 2.3263478740408408
ROWS_LEAST = 100
"""Fewer rows are shown but not judged."""


@dataclass(frozen=True)
class Threshold:
    """From `watch` on a look, from `alert` on an alert; where alert < watch, downwards. source: a paper, a rule, or "our choice"."""

    kind: str
    watch: float
    alert: float
    unit: str
    zh: str
    en: str
    source: str


@dataclass(frozen=True)
class Drift:
    """PSI or CSI: its value, the figure that chance alone passes once in a hundred, the rows it comes from, and its level."""

    value: float
    chance: float
    rows: int
    level: str


@dataclass(frozen=True)
class Alert:
    """What a person should look at: how pressing, what kind, of which model and feature or group, how much against which limit, in words."""

    level: str
    kind: str
    model: str
    what: str
    value: float
    limit: float
    zh: str
    en: str


def thresholds(path: Path = _THRESHOLDS) -> dict[str, Threshold]:
    """The thresholds by kind; raises BadYaml naming the entry that is not one, and where a kind is missing."""
    found = {}
    for entry in strict_yaml.read(path):
        strict_yaml.expect_keys(entry, {"kind", "watch", "alert", "unit", "zh", "en", "source"}, set(), path.name)
        try:
            found[entry["kind"]] = Threshold(**entry | {key: float(entry[key]) for key in ("watch", "alert")})
        except ValueError:
            raise strict_yaml.BadYaml(f"{path.name}{strict_yaml.line_of(entry)}: watch and alert are numbers in quotes") from None
    if path != _THRESHOLDS and (missing := thresholds().keys() - found.keys()):
        raise strict_yaml.BadYaml(f"{path.name}: no thresholds for {', '.join(sorted(missing))}")
    return found


def psi(reference: Sequence[float], found: Sequence[float], limit: Threshold, reference_rows: int | None = None) -> Drift | None:
    """How far the counts found lie from the reference shares; None without rows.

    PSI = sum (q - p) ln(q / p). Small counts: bins empty on both sides are left out; elsewhere half a row is added to every bin of the counts
    (and of the reference, where its rows are known; else a share is held at 0.0001 and up), so that an empty bin is not infinitely far.
    Without any change PSI / (1/n + 1/m) is nearly chi-squared with bins - 1 degrees, n rows found, m in the reference, of mean bins - 1:
    below its 99th percentile no level is given above calm. Under 100 rows nothing is judged. Raises Refused where bins do not match.
    Source: Siddiqi 2006, Credit Risk Scorecards, ch. 8; Yurdakul 2018, Statistical Properties of PSI (Western Michigan University).
    """
    shares, rows = np.asarray(reference, np.float64), np.asarray(found, np.float64)
    if shares.shape != rows.shape:
        raise Refused(f"{rows.size} bins are compared with {shares.size} of the reference; count by the model's own bins",
                      f"现有 {rows.size} 箱，而参照有 {shares.size} 箱；请按模型自己的分箱计数")
    number = round(float(rows.sum()))
    if not number:
        return None
    kept = (shares > 0) | (rows > 0)
    shares, rows = shares[kept], rows[kept]
    now = (rows + 0.5) / (number + 0.5 * rows.size)
    if reference_rows:
        then = (shares * reference_rows + 0.5) / (reference_rows + 0.5 * rows.size)
    else:
        then = np.maximum(shares, 1e-4) / np.maximum(shares, 1e-4).sum()
    value = float(((now - then) * np.log(now / then)).sum())
    noise = 1 / number + (1 / reference_rows if reference_rows else 0.0)
    chance = noise * _chi_squared_99(rows.size - 1)
    return Drift(value, chance, number, level(value, limit, value > chance, number))


def csi(reference: Mapping[str, Sequence[float]], found: Mapping[str, Sequence[float]], limit: Threshold,
        reference_rows: int | None = None) -> dict[str, Drift]:
    """PSI of each feature that has a reference and rows, the farthest first. Source: as for psi."""
    drifts = {name: psi(reference[name], found[name], limit, reference_rows) for name in reference if name in found}
    return dict(sorted(((name, drift) for name, drift in drifts.items() if drift), key=lambda pair: (-pair[1].value, pair[0])))


def level(value: float, limit: Threshold, is_more_than_chance: bool, rows: int) -> str:
    """alert, watch or calm by the threshold; too_few under 100 rows; calm where chance makes as much."""
    if rows < ROWS_LEAST:
        return TOO_FEW
    sign = 1 if limit.alert >= limit.watch else -1
    if not is_more_than_chance or sign * value < sign * limit.watch:
        return CALM
    return ALERT if sign * value >= sign * limit.alert else WATCH


def drift_alert(model: str, drift: Drift, limit: Threshold, feature: str = "", zh: str = "", en: str = "") -> Alert | None:
    """The alert of a PSI or CSI at watch or above; zh, en name the feature."""
    return alert(drift.level, limit, model, feature, drift.value, (zh or feature, en or feature))


def auc_alert(model: str, on_card: float, now: Measured | None, rows: int, limit: Threshold) -> Alert | None:
    """The alert where the AUC of matured outcomes fell below the card's by the threshold and its interval lies below the card's figure."""
    if now is None:
        return None
    drop = on_card - now.value
    found = level(drop, limit, now.high is not None and now.high < on_card, rows)
    return alert(found, limit, model, "", drop, ("", ""))


def calibration_alert(model: str, estimated: float, observed: Measured | None, rows: int, limit: Threshold) -> Alert | None:
    """The alert where the mean estimate is off the observed mean by the threshold's share of it and lies outside its interval."""
    if observed is None:
        return None
    gap = relative_gap(estimated, observed.value)
    return alert(level(gap, limit, is_outside(estimated, observed), rows), limit, model, "", gap, ("", ""))


def relative_gap(estimated: float, observed: float) -> float:
    """|estimated - observed| over observed; 1 where nothing was observed but something estimated."""
    if observed == 0:
        return float(estimated > 0)
    return abs(estimated - observed) / observed


def is_outside(value: float, measured: Measured, stretch: float = 1.0) -> bool:
    """The value lies outside the measured interval, each side of it stretched by a factor; False where there is none."""
    if measured.low is None:
        return False
    low, high = (measured.value + (end - measured.value) * stretch for end in (measured.low, measured.high))
    return not low <= value <= high


def alert(found: str, limit: Threshold, model: str, what: str, value: float, name: tuple[str, str]) -> Alert | None:
    """The alert in words, or None where the level is neither watch nor alert."""
    if found not in (WATCH, ALERT):
        return None
    passed = limit.alert if found == ALERT else limit.watch
    of_zh, of_en = (f" {model}" + (f"，{text}" if text else "") for text in name)
    of_en = of_en.replace("，", ", ")
    below = limit.alert < limit.watch
    zh = f"{LEVEL_WORDS[found][0]}：{of_zh.strip()}：{limit.zh}为 {value:.3f}，{'低于' if below else '达到'}界限 {passed:g}。"
    en = f"{LEVEL_WORDS[found][1].capitalize()}: {of_en.strip()}: {limit.en} is {value:.3f}, {'below' if below else 'at or above'} the limit {passed:g}."
    return Alert(found, limit.kind, model, what, value, passed, zh, en)


def most_pressing_first(alerts: Sequence[Alert | None]) -> list[Alert]:
    """The alerts there are, alert before watch, single features last, then by model, kind and feature or group."""
    return sorted((one for one in alerts if one), key=lambda one: (LEVELS.index(one.level), one.kind == "csi", one.model, one.kind, one.what))


def _chi_squared_99(degrees: int) -> float:
    """The 99th percentile of chi-squared to within 1 % from two degrees on, by Wilson & Hilferty 1931."""
    if degrees < 1:
        return 0.0
    part = 2 / (9 * degrees)
    return degrees * (1 - part + _Z99 * sqrt(part)) ** 3
