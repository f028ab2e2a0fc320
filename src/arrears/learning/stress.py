"""What the scores would say in a downturn: features shifted and the base rate moved, by scenarios that are data (downturn.yaml)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from arrears import strict_yaml

_DOWNTURN = Path(__file__).with_name("downturn.yaml")


@dataclass(frozen=True)
class Shift:
    """A feature becomes value * times + plus."""

    feature: str
    times: float
    plus: float


@dataclass(frozen=True)
class Scenario:
    """A downturn: its name, what it assumes in words, the factor on the odds of a bad event, and the shifts of features."""

    name: str
    zh: str
    en: str
    says_zh: str
    says_en: str
    odds: float
    shifts: tuple[Shift, ...]


def scenarios(path: Path = _DOWNTURN) -> list[Scenario]:
    """The scenarios of a file in its order; raises BadYaml naming file and line where a number is none or the odds are not positive."""
    found = []
    for entry in strict_yaml.read(path):
        strict_yaml.expect_keys(entry, {"name", "zh", "en", "says_zh", "says_en", "odds", "shifts"}, set(), path.name)
        try:
            shifts = tuple(Shift(shift["feature"], float(shift["times"]), float(shift["plus"])) for shift in entry["shifts"])
            scenario = Scenario(**entry | {"odds": float(entry["odds"]), "shifts": shifts})
        except (ValueError, KeyError, TypeError):
            raise strict_yaml.BadYaml(f"{path.name}{strict_yaml.line_of(entry)}: odds, times and plus are numbers in quotes, "
                                      "and each shift names its feature") from None
        if not scenario.odds > 0:
            raise strict_yaml.BadYaml(f"{path.name}{strict_yaml.line_of(entry, 'odds')}: odds must be above 0")
        found.append(scenario)
    return found


def stressed(estimate: Callable[[pl.DataFrame], np.ndarray], frame: pl.DataFrame, features: Sequence[str], event_is_bad: bool,
             worst: float, downturns: Sequence[Scenario], is_share: bool = False) -> list[dict]:
    """One entry for the rows as they are, then one per scenario: mean_estimate, worst_share, expected, and which features moved.

    `worst` is the border of the worst band: estimates at or above it (at or below it where the event is good) count in worst_share.
    expected: the sum of the estimates, that is expected events (of shares, expected shares summed). logit p' = logit p(shifted) + or - ln odds.
    Features the model or frame has not, or that are not numbers, do not move; integers move as decimals. [] without rows.
    """
    if frame.is_empty():
        return []
    found = [_row("as_is", ("现状", "as it is"), ("", ""), np.asarray(estimate(frame), np.float64), event_is_bad, worst, [])]
    for scenario in downturns:
        moved = [shift for shift in scenario.shifts if shift.feature in features and frame.schema.get(shift.feature, pl.String).is_numeric()]
        shifted = frame.with_columns((pl.col(shift.feature).cast(pl.Float64) * shift.times + shift.plus).alias(shift.feature) for shift in moved)
        said = np.clip(np.asarray(estimate(shifted), np.float64), 1e-12, 1 - 1e-12)
        odds = said / (1 - said) * (scenario.odds if event_is_bad else 1 / scenario.odds)
        found.append(_row(scenario.name, (scenario.zh, scenario.en), (scenario.says_zh, scenario.says_en), odds / (1 + odds), event_is_bad, worst,
                          [shift.feature for shift in moved]) | {"odds": scenario.odds})
    return [row | {"is_share": is_share} for row in found]


def _row(name: str, label: tuple[str, str], says: tuple[str, str], said: np.ndarray, event_is_bad: bool, worst: float, moved: list[str]) -> dict:
    is_worst = said >= worst if event_is_bad else said <= worst
    return {"scenario": name, "zh": label[0], "en": label[1], "says_zh": says[0], "says_en": says[1], "odds": 1.0, "moved": moved,
            "mean_estimate": float(said.mean()), "worst_share": float(is_worst.mean()), "expected": float(said.sum())}
