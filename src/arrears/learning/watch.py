"""One model's night: what its scores look like beside the fitting rows, what came of earlier ones, and the alerts of both."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from arrears.learning import drift
from arrears.learning.drift import Alert, Threshold
from arrears.learning.fairness import as_rows, fairness, fairness_alerts
from arrears.learning.measures import auc, ks, mean, wilson
from arrears.learning.reliability import calibration

ESTIMATE = "estimate"


@dataclass(frozen=True)
class Matured:
    """Rows scored on an earlier night whose outcome is known by now; groups: protected attributes of the same rows, for fairness alone.

    selected: whom the score singled out then. card_auc: the AUC of the model's card, against which a fall is judged.
    """

    night: str
    outcome: np.ndarray
    estimate: np.ndarray
    groups: pl.DataFrame | None = None
    selected: np.ndarray | None = None
    is_share: bool = False
    card_auc: float | None = None


def watched(model: str, reference: Mapping[str, Sequence[float]], found: Mapping[str, Sequence[float]], mean_estimate: float | None,
            names: Mapping[str, tuple[str, str]], limits: Mapping[str, Threshold], seed: int, reference_rows: int | None = None,
            matured: Matured | None = None) -> tuple[dict, list[Alert]]:
    """The model's entry for the night's summary (rows, mean_estimate, bands, reference, psi, csi, matured) and its alerts, pressing first.

    reference: shares of the fitting rows by bin, found: tonight's rows by the same bins, both by feature and for "estimate"; names: (zh, en)
    of the features. Bands empty on both sides, such as that of missing estimates, are left out. Raises Refused where bins do not match.
    """
    of_estimate = drift.psi(reference[ESTIMATE], found[ESTIMATE], limits["psi"], reference_rows)
    by_feature = drift.csi({name: shares for name, shares in reference.items() if name != ESTIMATE}, found, limits["csi"], reference_rows)
    rows = float(np.sum(found[ESTIMATE]))
    alerts = [drift.drift_alert(model, of_estimate, limits["psi"])] if of_estimate else []
    alerts += [drift.drift_alert(model, one, limits["csi"], name, *names.get(name, (name, name))) for name, one in by_feature.items()]
    shown = [place for place, (then, now) in enumerate(zip(reference[ESTIMATE], found[ESTIMATE], strict=True)) if then or now]
    entry = {
        "model": model, "rows": round(rows), "mean_estimate": mean_estimate, "reference": [float(reference[ESTIMATE][place]) for place in shown],
        "bands": [float(found[ESTIMATE][place]) / rows for place in shown] if rows else [], "psi": asdict(of_estimate) if of_estimate else None,
        "csi": [asdict(one) | {"feature": name, "zh": names.get(name, (name, name))[0], "en": names.get(name, (name, name))[1]}
                for name, one in by_feature.items()],
        "matured": None, "challenger": None}
    if matured is not None and matured.outcome.size:
        entry["matured"], more = _of_outcomes(model, matured, limits, seed)
        alerts += more
    return entry, drift.most_pressing_first(alerts)


def _of_outcomes(model: str, matured: Matured, limits: Mapping[str, Threshold], seed: int) -> tuple[dict, list[Alert | None]]:
    outcome, estimate = matured.outcome, matured.estimate
    ranked = None if matured.is_share else auc(outcome, estimate)
    gap = None if matured.is_share else ks(outcome, estimate, seed)
    observed = mean(outcome) if matured.is_share else wilson(float(outcome.sum()), outcome.size)
    alerts: list[Alert | None] = [drift.calibration_alert(model, float(estimate.mean()), observed, outcome.size, limits["calibration_gap"])]
    if matured.card_auc is not None:
        alerts.append(drift.auc_alert(model, matured.card_auc, ranked, outcome.size, limits["auc_drop"]))
    groups: list[dict] = []
    if matured.groups is not None and matured.selected is not None:
        rates = fairness(matured.groups, estimate, matured.selected, outcome, matured.is_share)
        unfair = fairness_alerts(model, rates, limits)
        groups, alerts = as_rows(rates, unfair), [*alerts, *unfair]
    return {"night": matured.night, "rows": int(outcome.size), "auc": asdict(ranked) if ranked else None, "ks": asdict(gap) if gap else None,
            "calibration": [asdict(band) for band in calibration(outcome, estimate, is_share=matured.is_share)], "fairness": groups}, alerts
