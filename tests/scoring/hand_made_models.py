"""Models made by hand that read every feature there is, so that any difference in a feature shows in the estimate."""

from math import sin

import numpy as np
import polars as pl

from arrears.scoring.estimates import reference_of
from arrears.scoring.families import TARGETS
from arrears.scoring.features import features_for
from arrears.scoring.matrix import encoded, learned_features
from arrears.scoring.model import CATEGORY, SCORECARD, Bins, Calibration, Feature, Model, Scorecard


def hand_made(name: str, rows: pl.DataFrame) -> Model:
    """A scorecard for the model of that name over the rows' features: one bin per value that occurs and one between any two, none worth the same."""
    offered = [feature for feature in features_for(name) if feature.name in rows.columns]
    features = tuple(_with_every_value(feature, rows) for feature in learned_features(tuple(offered), rows, np.zeros(len(rows))))
    matrix = encoded(features, rows)
    bins = tuple(_bins(feature, matrix[:, place], place) for place, feature in enumerate(features))
    target = TARGETS[name]
    return Model(name, target.family, SCORECARD, target.event_is_bad, False, features, Calibration(0.1), Scorecard(0.0, 600, bins), None, None,
                 reference_of(features, bins, matrix, np.linspace(0, 1, len(rows))))


def _with_every_value(feature: Feature, rows: pl.DataFrame) -> Feature:
    if feature.kind != CATEGORY:
        return feature
    values = tuple(rows[feature.name].drop_nulls().cast(pl.String).unique().sort())
    return Feature(feature.name, feature.kind, feature.zh, feature.en, feature.unit, feature.monotone, values[0] if values else None, values)


def _bins(feature: Feature, column: np.ndarray, place: int) -> Bins:
    known = np.unique(column[~np.isnan(column)])
    splits = () if feature.kind == CATEGORY else tuple(float(one) for one in np.unique(np.concatenate([known, (known[1:] + known[:-1]) / 2, np.arange(-2.0, 40.0)])))
    groups = tuple((value,) for value in feature.categories) if feature.kind == CATEGORY else ()
    count = (len(groups) if feature.kind == CATEGORY else len(splits) + 1) + 2
    logits = tuple(sin(1 + 37 * place + 1.7 * number) for number in range(count))
    return Bins(feature.name, splits, groups, logits, logits, tuple(round(10 * one) for one in logits), (1,) * count, (0,) * count)


