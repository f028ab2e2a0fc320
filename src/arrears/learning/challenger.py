"""A challenger beside the champion on the same rows: paired differences, and what they amount to in a sentence."""

from dataclasses import asdict, dataclass
from math import sqrt

import numpy as np

from arrears.learning.measures import Difference, auc_difference, checked, difference, losses

BETTER, WORSE, EQUAL, TOO_FEW = "better", "worse", "equal", "too_few"


@dataclass(frozen=True)
class Comparison:
    """Challenger less champion: of the AUC more is better; of Brier score and log loss (of shares: squared error) less is better.

    verdict: better or worse where at least one difference is told from 0 at 95 % and none speaks against it; else equal; too_few where
    no difference can be formed.
    """

    champion: str
    challenger: str
    rows: int
    auc: Difference | None
    brier: Difference | None
    log_loss: Difference | None
    verdict: str
    zh: str
    en: str


def compare(outcome: np.ndarray, champion: np.ndarray, challenger: np.ndarray, names: tuple[str, str] = ("champion", "challenger"),
            is_share: bool = False) -> Comparison:
    """The paired comparison of two estimates of the same rows; names are champion, challenger. Raises Refused as measures do.

    AUC by DeLong 1988; Brier and log loss by the mean of the rows' differences. Of shares there is no AUC.
    """
    outcome, champion, challenger = checked(outcome, champion, challenger, is_share=is_share)
    ranked = None if is_share else auc_difference(outcome, champion, challenger)
    squares = _paired((challenger - outcome) ** 2 - (champion - outcome) ** 2)
    logs = _paired(losses(outcome, challenger) - losses(outcome, champion))
    signs = [_sign(ranked), -_sign(squares), -_sign(logs)]
    found = [one for one in (ranked, squares, logs) if one]
    if not found:
        verdict = TOO_FEW
    elif max(signs) > 0 and min(signs) >= 0:
        verdict = BETTER
    elif min(signs) < 0 and max(signs) <= 0:
        verdict = WORSE
    else:
        verdict = EQUAL
    told = [name for name, sign in zip(("AUC", "Brier", "log loss"), signs, strict=True) if sign]
    zh, en = _said(verdict, names, outcome.size, max(signs) > 0 > min(signs), told)
    return Comparison(*names, outcome.size, ranked, squares, logs, verdict, zh, en)


def as_row(comparison: Comparison) -> dict:
    """The comparison as plain dicts, as a card or a night's summary keeps it."""
    return asdict(comparison)


def _paired(gaps: np.ndarray) -> Difference | None:
    return difference(float(gaps.mean()), float(gaps.std(ddof=1)) / sqrt(gaps.size)) if gaps.size > 1 else None


def _sign(found: Difference | None) -> int:
    """1 or -1 where the difference is told from 0 at 95 %, else 0."""
    return 0 if found is None or found.p >= 0.05 else int(np.sign(found.value))


def _said(verdict: str, names: tuple[str, str], rows: int, is_mixed: bool, told: list[str]) -> tuple[str, str]:
    champion, challenger = names
    if verdict == TOO_FEW:
        return f"行数太少（{rows} 行），无法比较 {challenger} 与 {champion}。", f"Too few rows ({rows}) to compare {challenger} with {champion}."
    if verdict == EQUAL and is_mixed:
        return (f"同样的 {rows:,} 行上，{challenger} 与 {champion} 各有所长（见各项差异），不宜据此更换。",
                f"On the same {rows:,} rows {challenger} and {champion} are each better at something (see the differences); no ground to change.")
    if verdict == EQUAL:
        return (f"同样的 {rows:,} 行上，{challenger} 与 {champion} 的差异在 95% 水平上无法区分，不宜据此更换。",
                f"On the same {rows:,} rows {challenger} cannot be told from {champion} at 95 %; no ground to change.")
    zh, en = ("优于", "better than") if verdict == BETTER else ("劣于", "worse than")
    by = ", ".join(told)
    return (f"同样的 {rows:,} 行上，{challenger} {zh} {champion}（95% 水平，依据：{by}）。", f"On the same {rows:,} rows {challenger} is {en} {champion} at 95 %, by {by}.")
