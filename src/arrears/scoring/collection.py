"""Collection (C 卡): of a loan that is late, what will come of it?"""

from arrears.scoring.target import Target

_LATE = ("逾期贷款", "late loans")
_LEFT_ALONE: tuple[str, str] = (
    "只从期间没有被联系过的人学习；谁被联系由策略决定，因此对常被联系的人，估计偏向未被联系者的情形。",
    "Learnt only from people who were not contacted meanwhile; the strategy chose whom to contact, so for those it usually contacts the estimate leans "
    "on others.",
)
_AS_WORKED: tuple[str, str] = (
    "结果是在当时的催收做法下得到的；做法改变，结果也会改变。",
    "The outcomes came about under the collection of that time; other collection, other outcomes.",
)
CURE = Target("collection_cure", "collection", ("30 天内还清欠款、恢复正常", "clears its arrears within 30 days"), _LATE, 30, False, limits=(_AS_WORKED,))
SELF_CURE = Target("collection_self_cure", "collection", ("若期间不联系，30 天内自行还清欠款", "clears its arrears within 30 days if it is left alone"),
                   _LATE, 30, False, limits=(_LEFT_ALONE,))
ROLL = Target("collection_roll", "collection", ("30 天后账龄变差", "is in a later bucket 30 days on"), _LATE, 30, True, limits=(_AS_WORKED,))
RECOVERY = tuple(
    Target(f"collection_recovery_{days}", "collection", (f"{days} 天内收回的到期欠款比例", f"share of what is due that is paid within {days} days"), _LATE, days,
           False, is_share=True, limits=(_AS_WORKED,)) for days in (30, 90, 360))
PROMISE = Target("collection_promise", "collection", ("承诺按期足额兑现", "is kept: the promised amount is paid by its day"), ("30 天内到期的还款承诺", "open promises that end within 30 days"),
                 30, False, limits=(_AS_WORKED,))
MODELS = (CURE, SELF_CURE, ROLL, *RECOVERY, PROMISE)
