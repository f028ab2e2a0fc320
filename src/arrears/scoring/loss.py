"""Loss (LGD): of a debt that is written off or long late, which share is never seen again?"""

from arrears.scoring.target import Target

LOSS = Target(
    "loss", "loss", ("360 天内未能收回的比例", "share that is not recovered within 360 days"),
    ("逾期超过 180 天的贷款；没有还款计划的已核销债务由文件拟合", "loans over 180 days late; debts written off without a schedule are fitted from a file"), 360, True, is_share=True,
    limits=(("不含处置费用与折现；360 天之后的回收不计。", "Costs and discounting are left aside; what comes after 360 days does not count."),))
MODELS = (LOSS,)
