"""Application scorecard (A 卡): at approval, will the loan go bad?"""

from arrears.scoring.target import Target

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
