"""Behaviour and early warning (B 卡): of a loan that is current, will it be late?"""

from arrears.scoring.target import Target

_CURRENT = ("当前未逾期的贷款", "loans that are current")
MISS = Target("behaviour_miss", "behaviour", ("下一期到期（含宽限）未足额还款", "does not pay its next instalment in full by its due date, grace included"),
              ("当前未逾期且 35 天内有到期日的贷款", "current loans with a due date within 35 days"), 45, True)
LATE30 = Target("behaviour_late30", "behaviour", ("90 天内逾期达到 30 天（每 10 天观察一次）", "is 30 days late or more within 90 days, seen every ten days"), _CURRENT, 90, True)
MODELS = (MISS, LATE30)
