"""What tables and amounts are called in Chinese, beside the names they bear in files."""

TABLES_ZH = {
    "loans": "贷款", "instalments": "分期", "payments": "还款", "adjustments": "调整", "holds": "停催", "borrowers": "借款人",
    "guarantors": "担保人", "unscheduled": "无计划债务", "promises": "还款承诺", "plans": "分期方案", "contacts": "联系记录",
    "consents": "同意", "projects": "项目", "milestones": "里程碑", "cash_flows": "现金流", "capacity": "坐席产能",
    "events": "事件", "placements": "派案",
}
_AMOUNTS_ZH = {
    "principal": "本金", "interest": "利息", "fee": "费用", "amount": "收到", "taken_back": "冲回", "recovered": "已收回",
}


def said(name: str, *, zh: bool) -> str:
    """A table's name, or an amount's without its unit, as a user reads it.

    >>> said("payments", zh=True), said("payments", zh=False), said("principal_minor", zh=True)
    ('payments（还款）', 'payments', 'principal（本金）')
    """
    bare = name.removesuffix("_minor")
    meant = (TABLES_ZH | _AMOUNTS_ZH).get(bare) if zh else None
    return f"{bare}（{meant}）" if meant else bare
