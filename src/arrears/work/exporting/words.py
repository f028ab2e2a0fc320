"""Codes of exports in words; those that a person's copy knows are said as there."""

from arrears.work.readable_words import code_word

_ZH = {"allow": "允许", "warn": "提示", "review": "须人工复核", "deny": "禁止", "scored": "已评分", "disputed": "申诉中", "settled": "已复核", "unscored": "待评分",
       "cases": "案件", "contacts": "联系台账", "promises": "还款承诺", "plans": "分期计划", "matters": "投诉与异议", "samples": "质检抽样",
       "from_on": "自", "to_on": "至", "team": "团队", "channel": "渠道", "verdict": "合规结论", "rule": "规则", "collector": "催收员", "is_agency": "仅委外", "borrower_id": "借款人编号（化名）", "state": "状态"}
_EN = {"from_on": "from", "to_on": "through", "is_agency": "agencies only", "borrower_id": "borrower (pseudonym)"}


def said(code: str, lang: str) -> str:
    """The code in words of the language; any other text as it is."""
    if lang == "zh":
        return _ZH.get(code) or code_word(code, lang)
    return _EN.get(code) or code_word(code, lang)


def flag(value: bool | None, lang: str) -> str:
    return "" if value is None else ("是" if value else "否") if lang == "zh" else ("yes" if value else "no")
DAYS_OF = {"cases": ("a case was opened", "立案日期"), "contacts": ("a contact was made", "联系日期"), "promises": ("a promise was given", "承诺日期"), "plans": ("a plan was proposed", "方案提出日期"),
           "matters": ("a matter was raised", "异议或投诉提出日期"), "samples": ("the sample was drawn", "抽样日期")}
"""By subject the day by which an export is chosen, in English and Chinese."""
