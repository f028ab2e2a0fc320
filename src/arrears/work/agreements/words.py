"""What an agreement says, in Chinese and in English: parties, debt, schedule, totals, and what happens if a part is missed. Pure texts of what was agreed; nothing is computed but sums."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from arrears.money import in_major_units


@dataclass(frozen=True)
class Paper:
    """What an agreement is made of. id_number: of the debtor, as it is to be shown; parts: (number, due_on, amount_minor); owed_*: the parts of what might be asked on as_of; agreed_on None: only proposed.

    sample: the persons are masked, and it is not to be signed.
    """

    plan: str
    kind: str
    lender_zh: str
    lender_en: str
    debtor: str
    id_number: str
    loan_id: str
    product: str
    currency: str
    as_of: date
    days_past_due: int
    claimable_minor: int
    owed_principal_minor: int
    owed_interest_minor: int
    owed_fee_minor: int
    owed_penalty_minor: int
    excess_minor: int
    parts: tuple[tuple[int, date, int], ...]
    waived_penalty_minor: int
    waived_interest_minor: int
    waived_fee_minor: int
    waived_principal_minor: int
    agreed_on: date | None
    drawn_on: date
    sample: bool


_TITLES = {
    "instalments": ("分期还款协议", "Agreement on repayment by instalments"), "date_shift": ("延期还款协议", "Agreement on a later date"),
    "waiver": ("息费减免协议", "Agreement on a waiver"), "settlement": ("和解还款协议", "Settlement agreement"),
}


def content_of(paper: Paper, lang: str) -> dict[str, Any]:
    """The whole paper: in Chinese, and for `en` with the English text after it, of which the Chinese prevails."""
    papers = [_zh(paper)] + ([_en(paper)] if lang == "en" else [])
    return {"title": _TITLES[paper.kind][0], "author": paper.lender_zh, "reference": f"{paper.plan[:8].upper()} · {paper.loan_id}", "date": [paper.drawn_on.year, paper.drawn_on.month, paper.drawn_on.day], "papers": papers}


def _sums(paper: Paper) -> tuple[int, int, int]:
    """What is paid, what is waived, what stays owed besides."""
    paid = sum(amount for _, _, amount in paper.parts)
    waived = paper.waived_penalty_minor + paper.waived_interest_minor + paper.waived_fee_minor + paper.waived_principal_minor
    return paid, waived, paper.claimable_minor - paid - waived


def _schedule(paper: Paper, money) -> list[list[str]]:
    left, rows = sum(amount for _, _, amount in paper.parts), []
    for number, due_on, amount in paper.parts:
        left -= amount
        rows.append([str(number), due_on.isoformat(), money(amount), money(left)])
    return rows


def _zh(paper: Paper) -> dict[str, Any]:
    def money(minor: int) -> str:
        return f"{in_major_units(minor, paper.currency)} {paper.currency}"

    paid, waived, left = _sums(paper)
    waivers = [(word, minor) for word, minor in (("减免罚息", paper.waived_penalty_minor), ("减免利息", paper.waived_interest_minor), ("减免费用", paper.waived_fee_minor), ("减免本金", paper.waived_principal_minor)) if minor]
    excess = [["依法不得主张的息费", f"{money(paper.excess_minor)}（已从可主张金额中扣除）"]] if paper.excess_minor else []
    terms = [
        "乙方应于上表各期到期日（含当日）前足额还款。提前还款不收取任何费用。",
        f"除上表金额外，甲方不因本协议另收利息、手续费或其他费用；按本协议还清的总成本为 {money(paid)}，" + ("与今日一次还清相同。" if not waived else f"较今日一次还清少 {money(waived)}。"),
        "乙方按约履行期间，甲方及其委托机构不就本笔贷款进行催收。",
        "任何一期未在到期日足额支付的，本协议自次日起不再视为按约履行：已付款项照常抵扣；" + ("尚未生效的减免不再适用；" if waived else "") + "甲方可就剩余可主张金额依法继续催收，或与乙方重新协商；不另收违约金。",
        *(["减免在乙方按约付清全部款项后生效。"] if waived else []),
        "本协议不改变逾期天数的计算，不视为逾期已消除；贷款风险分类在观察期内不因本协议上调。",
        "乙方签署本协议即表示同意履行债务，诉讼时效依法中断（民法典第一百九十五条）。",
        *([f"除本协议约定外，可主张金额中尚余 {money(left)} 不在本协议之内，仍属应还。"] if left else []),
        "乙方对金额有异议或遇到新的困难，可随时向甲方提出异议、投诉或申请调整方案。",
    ]
    return {
        "lang": "zh", "title": _TITLES[paper.kind][0], "mark": "样本：当事人信息已脱敏，不得用于签署" if paper.sample else "",
        "parties_title": "一、当事人", "parties": [["甲方（出借人）", paper.lender_zh], ["乙方（借款人）", paper.debtor or "—"], ["乙方证件号码", paper.id_number or "—"]],
        "debt_title": "二、债务", "debt": [["贷款编号", paper.loan_id], ["产品", paper.product], ["数据日期", paper.as_of.isoformat()], ["逾期天数", str(paper.days_past_due)],
                                         ["到期未还本金", money(paper.owed_principal_minor)], ["到期未还利息", money(paper.owed_interest_minor)], ["到期未还费用", money(paper.owed_fee_minor)],
                                         ["罚息", money(paper.owed_penalty_minor)], *excess, ["可主张金额", money(paper.claimable_minor)]],
        "schedule_title": "三、还款安排", "schedule_head": ["期数", "到期日", "应还金额", "此后尚余"], "schedule": _schedule(paper, money),
        "totals_title": "四、合计", "totals": [["应还合计", money(paid)], *[[word, money(minor)] for word, minor in waivers], ["不在本协议内的余额", money(left)], ["本协议另收费用", money(0)]],
        "terms_title": "五、约定", "terms": terms, "signatures_title": "六、签署",
        "signatures": [["甲方（盖章）", "日期："], ["乙方（签字）", "日期："]] if not paper.sample else [["甲方（样本，不得签署）", "—"], ["乙方（样本，不得签署）", "—"]],
    } | _dates_zh(paper)


def _dates_zh(paper: Paper) -> dict[str, Any]:
    said = f"达成日期：{paper.agreed_on.isoformat()}" if paper.agreed_on else "本方案尚待双方同意"
    return {"signatures_title": f"六、签署（{said}；出具日期：{paper.drawn_on.isoformat()}）"}


def _en(paper: Paper) -> dict[str, Any]:
    def money(minor: int) -> str:
        return f"{in_major_units(minor, paper.currency)} {paper.currency}"

    paid, waived, left = _sums(paper)
    waivers = [(word, minor) for word, minor in (("Penalty waived", paper.waived_penalty_minor), ("Interest waived", paper.waived_interest_minor), ("Fees waived", paper.waived_fee_minor), ("Principal waived", paper.waived_principal_minor)) if minor]
    excess = [["Charges that may not be asked", f"{money(paper.excess_minor)} (already taken off)"]] if paper.excess_minor else []
    terms = [
        "Each part is paid in full on or before its day. Paying earlier costs nothing.",
        f"Beyond the sums above no interest, fee or other charge is taken for this agreement; to pay it off costs {money(paid)} in all, " + ("as much as paying today." if not waived else f"{money(waived)} less than paying today."),
        "While the agreement is kept, neither the lender nor anybody on its behalf collects on this loan.",
        "Where a part is not paid in full on its day, the agreement is no longer kept from the next day on: what was paid counts; " + ("what was to be waived is not; " if waived else "") + "the lender may lawfully go on collecting what is left, or agree anew with the borrower; no penalty is charged for it.",
        *(["What is waived is waived once all parts are paid as agreed."] if waived else []),
        "The agreement does not change how days past due are counted and does not make the loan current; its risk class is not raised by it during the period of observation.",
        "By signing, the borrower agrees to perform the debt, and limitation is interrupted (Civil Code, art. 195).",
        *([f"{money(left)} of what may be asked is not part of this agreement and stays owed."] if left else []),
        "The borrower may at any time dispute an amount, complain, or ask for the plan to be changed.",
    ]
    said = f"agreed on {paper.agreed_on.isoformat()}" if paper.agreed_on else "not yet agreed"
    return {
        "lang": "en", "title": _TITLES[paper.kind][1], "mark": "Sample: persons are masked; not for signature" if paper.sample else "Translation; the Chinese text prevails",
        "parties_title": "1. Parties", "parties": [["Lender", paper.lender_en], ["Borrower", paper.debtor or "—"], ["Borrower's ID number", paper.id_number or "—"]],
        "debt_title": "2. Debt", "debt": [["Loan", paper.loan_id], ["Product", paper.product], ["As of", paper.as_of.isoformat()], ["Days past due", str(paper.days_past_due)],
                                         ["Principal due", money(paper.owed_principal_minor)], ["Interest due", money(paper.owed_interest_minor)], ["Fees due", money(paper.owed_fee_minor)],
                                         ["Penalty", money(paper.owed_penalty_minor)], *excess, ["May be asked", money(paper.claimable_minor)]],
        "schedule_title": "3. Schedule", "schedule_head": ["No.", "Due on", "Amount", "Left after"], "schedule": _schedule(paper, money),
        "totals_title": "4. Totals", "totals": [["To be paid in all", money(paid)], *[[word, money(minor)] for word, minor in waivers], ["Not part of this agreement", money(left)], ["Charged for this agreement", money(0)]],
        "terms_title": "5. Terms", "terms": terms, "signatures_title": f"6. Signatures ({said}; drawn up on {paper.drawn_on.isoformat()})",
        "signatures": [["Lender (seal)", "Date:"], ["Borrower (signature)", "Date:"]] if not paper.sample else [["Lender (sample)", "—"], ["Borrower (sample)", "—"]],
    }
