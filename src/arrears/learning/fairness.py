"""Whether a model treats groups of people alike: who is selected, where it errs, and whether its number means the same.

Protected attributes are never inputs of a model; they are read here alone. Groups under 100 rows are shown and not judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
import polars as pl

from arrears.learning.drift import (
    ALERT,
    CALM,
    ROWS_LEAST,
    TOO_FEW,
    Alert,
    Threshold,
    alert,
    is_outside,
    level,
    relative_gap,
)
from arrears.learning.measures import Z95, Measured, auc, checked, mean, wilson
from arrears.refusal import Refused

ATTRIBUTES = {"sex": ("性别", "sex"), "age_band": ("年龄段", "age band"), "region": ("地区", "region")}
UNKNOWN = "?"
_FALSE_ALARM = 0.01
"""How often chance alone may raise an alert of one kind over all groups of an attribute."""


@dataclass(frozen=True)
class GroupRates:
    """One group beside the whole. Rates are None where nobody is there to count, or outcomes are not given.

    selected: share selected; selection_ratio: that over the whole's, selection_of_highest: over that of the group selected most often (of
    those with 100 rows or more); true_positive: of the group's events, the share selected; false_positive: of its other rows; the gaps are
    to the whole. estimated: mean estimate; observed: mean outcome. is_judged: 100 rows or more, of people
    whose attribute is known.
    """

    attribute: str
    group: str
    rows: int
    selected: Measured | None
    selection_ratio: float | None
    selection_of_highest: float | None
    estimated: float
    observed: Measured | None
    auc: Measured | None
    true_positive: Measured | None
    false_positive: Measured | None
    true_positive_gap: float | None
    false_positive_gap: float | None
    is_judged: bool


def fairness(groups: pl.DataFrame, estimate: np.ndarray, selected: np.ndarray, outcome: np.ndarray | None = None,
             is_share: bool = False) -> list[GroupRates]:
    """One entry per attribute (column of `groups`) and group, in order of the columns and of the groups' names; null is the group "?".

    `selected`: one flag per row, for example "in the worst band" or "approved". Without outcomes only selection and estimates are given;
    of shares no error rates and no AUC. Source of the rates: Hardt, Price & Srebro 2016; intervals: Wilson 1927, DeLong 1988.
    Raises Refused where the columns differ in length.
    """
    selected = np.asarray(selected, bool)
    known, estimate = checked(np.zeros(estimate.size) if outcome is None else outcome, estimate, is_share=is_share or outcome is None)
    if selected.size != estimate.size or (groups.width and groups.height != estimate.size):
        raise Refused(f"groups, estimates and selection have {groups.height}, {estimate.size} and {selected.size} rows; they must be of the same rows",
                      f"分组、估计与入选分别有 {groups.height}、{estimate.size}、{selected.size} 行；三者须为同样的行")
    found: list[GroupRates] = []
    for attribute in groups.columns:
        names = groups[attribute].cast(pl.String).fill_null(UNKNOWN).to_numpy()
        places = {name: names == name for name in np.unique(names)}
        rates = {name: float(selected[place].mean()) for name, place in places.items() if name != UNKNOWN and place.sum() >= ROWS_LEAST}
        highest = max(rates.values(), default=0.0)
        outcomes = None if outcome is None else known
        found += [_rates(attribute, str(name), place, estimate, selected, outcomes, is_share, highest) for name, place in places.items()]
    return found


def fairness_alerts(model: str, rates: Sequence[GroupRates], limits: Mapping[str, Threshold]) -> list[Alert]:
    """The alerts of judged groups whose figures pass a threshold by more than chance: over all groups of an attribute chance alone raises one of a
    kind at most once in a hundred looks. Source: Bonferroni's correction (Dunn 1961, JASA 56).
    """
    found = []
    for one in rates:
        if not one.is_judged:
            continue
        peers = [other for other in rates if other.attribute == one.attribute and other.is_judged]
        stretch = _z(len(peers)) / Z95
        judged = [("selection_ratio", one.selection_of_highest, _differs(one, peers)),
                  ("true_positive_gap", *_gap(one.true_positive, one.true_positive_gap, stretch)),
                  ("false_positive_gap", *_gap(one.false_positive, one.false_positive_gap, stretch))]
        if one.observed is not None:
            judged.append(("group_calibration_gap", relative_gap(one.estimated, one.observed.value), is_outside(one.estimated, one.observed, stretch)))
        what, name = f"{one.attribute}={one.group}", ATTRIBUTES.get(one.attribute, (one.attribute, one.attribute))
        for kind, value, is_real in judged:
            if value is None:
                continue
            reached = level(value, limits[kind], is_real, one.rows)
            found.append(alert(reached, limits[kind], model, what, value, (f"{name[0]} {one.group}", f"{name[1]} {one.group}")))
    return [one for one in found if one]


def as_rows(rates: Sequence[GroupRates], alerts: Sequence[Alert] = ()) -> list[dict]:
    """What a page shows of each group: its figures, and as `level` the most pressing of its alerts, too_few, or calm; None where the attribute is unknown."""
    worst: dict[str, str] = {}
    for one in alerts:
        if worst.get(one.what) != ALERT:
            worst[one.what] = one.level
    rows = []
    for one in rates:
        row = {key: value.__dict__ if isinstance(value, Measured) else value for key, value in one.__dict__.items()}
        unjudged = None if one.group == UNKNOWN else TOO_FEW
        rows.append(row | {"level": worst.get(f"{one.attribute}={one.group}", CALM) if one.is_judged else unjudged})
    return rows


def _rates(attribute: str, group: str, place: np.ndarray, estimate: np.ndarray, selected: np.ndarray, outcome: np.ndarray | None,
           is_share: bool, highest: float) -> GroupRates:
    rows, whole = int(place.sum()), float(selected.mean())
    share = wilson(float(selected[place].sum()), rows)
    observed = ranked = right = wrong = right_gap = wrong_gap = None
    if outcome is not None:
        observed = mean(outcome[place]) if is_share else wilson(float(outcome[place].sum()), rows)
    if outcome is not None and not is_share:
        ranked = auc(outcome[place], estimate[place])
        right, right_gap = _among(selected, place, outcome == 1)
        wrong, wrong_gap = _among(selected, place, outcome == 0)
    return GroupRates(attribute, group, rows, share, share.value / whole if whole else None, share.value / highest if highest else None,
                      float(estimate[place].mean()), observed, ranked, right, wrong, right_gap, wrong_gap, rows >= ROWS_LEAST and group != UNKNOWN)


def _among(selected: np.ndarray, place: np.ndarray, those: np.ndarray) -> tuple[Measured | None, float | None]:
    """The share selected of those in the group, and how much more than among those in the whole."""
    here = place & those
    rate = wilson(float(selected[here].sum()), int(here.sum()))
    return rate, rate.value - float(selected[those].mean()) if rate else None


def _gap(rate: Measured | None, gap: float | None, stretch: float) -> tuple[float | None, bool]:
    """The size of a gap to the whole, and whether the whole lies outside the group's stretched interval."""
    return (None, False) if rate is None or gap is None else (abs(gap), is_outside(rate.value - gap, rate, stretch))


def _differs(one: GroupRates, peers: Sequence[GroupRates]) -> bool:
    """The group's share selected differs from that of the group selected most often by more than chance allows among so many pairs."""
    most = max(peers, key=lambda other: other.selected.value)
    together = (one.selected.value * one.rows + most.selected.value * most.rows) / (one.rows + most.rows)
    error = sqrt(together * (1 - together) * (1 / one.rows + 1 / most.rows))
    pairs = max(1, len(peers) * (len(peers) - 1) // 2)
    return error > 0 and (most.selected.value - one.selected.value) / error > _z(pairs)


def _z(looks: int) -> float:
    """The standard normal value that |z| passes by chance with _FALSE_ALARM / looks."""
    return NormalDist().inv_cdf(1 - _FALSE_ALARM / 2 / max(1, looks))
