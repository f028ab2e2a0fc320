"""Application scorecard (A 卡): at approval, will the loan go bad?"""

import polars as pl

from arrears.scoring.estimates import estimate, points
from arrears.scoring.model import SCORECARD, Model
from arrears.scoring.reasons import reason_sentences
from arrears.scoring.target import Target, Words

REJECTED: tuple[str, str] = (
    "拟合样本只含已获批者；被拒者的表现无从得知，本模型未作拒绝推断，用于更宽的客群时会偏乐观。",
    "The sample holds those who were approved; how the refused would have paid is not known and was not inferred, so among a wider public "
    "the estimates are too hopeful.",
)
APPLICATION = Target(
    "application", "application",
    ("放款后 180 天内曾逾期 30 天或以上", "is 30 days late or more within 180 days of being paid out"),
    ("申请时的每笔贷款", "every loan, at approval"), 180, True, limits=(REJECTED,))
MODELS = (APPLICATION,)


def score_applicant(model: Model, applicant: dict) -> tuple[float, int | None, list[Words]]:
    """Of one applicant, given as the model's features by name: the probability of the event, the points (None for trees), and at most four
    reasons in Chinese and English, the weightiest first. Raises Refused where a feature is missing or of another type.
    """
    row = pl.DataFrame({name: [value] for name, value in applicant.items()})
    return float(estimate(model, row)[0]), int(points(model, row)[0]) if model.kind == SCORECARD else None, reason_sentences(model, row)[0]
