"""The words of a person's copy in Chinese and English: headings, tables, columns, codes. What has no word here is shown by its own name."""

WORDS = {
    "zh": {
        "title": "个人信息副本", "place": "您所在的案件", "lead": "机构 {lender} 于 {as_of} 持有的、与您有关的全部个人信息。",
        "rights": "您可以要求更正、停止处理或删除这些信息（个人信息保护法第四十四条至第五十条）；被拒绝时机构应说明理由，您可以向法院起诉。",
        "why": "为何处理", "basis_contract": "为订立、履行您作为一方当事人的合同所必需（个人信息保护法第十三条第一款第二项）：催收该合同项下逾期款项。",
        "basis_consent": "您并非合同当事人，仅可基于您的同意（个人信息保护法第十三条第一款第一项）；您可随时撤回。",
        "basis_law": "您并非合同当事人；依据法律规定的情形处理（个人信息保护法第十三条第一款第七项）：继承人以所得遗产实际价值为限清偿债务（民法典第一千一百六十一条），监护人为法定代理人（民法典第二十三条）。此为本机构对法律的理解。",
        "from_where": "来自何处", "sources": "机构自身的贷款记录，以及催收过程中由工作人员记录或由您提供的内容。",
        "how_long": "保存多久", "who": "何人查看或处理过（按角色、操作与日期计次，不含姓名）", "to_whom": "提供给谁", "to_nobody": "未提供给任何外部机构。",
    },
    "en": {
        "title": "Copy of personal data", "place": "Case you stand in", "lead": "All personal data about you that the lender {lender} holds on {as_of}.",
        "rights": "You may ask for it to be corrected, for processing to stop, or for it to be erased (PIPL 44 to 50); a refusal must give its reasons, and you may go to court.",
        "why": "Why it is processed", "basis_contract": "Needed for a contract that you are a party to (PIPL 13(1)(2)): collecting what is overdue under it.",
        "basis_consent": "You are no party to the contract; it rests on your consent alone (PIPL 13(1)(1)), which you may withdraw at any time.",
        "basis_law": "You are no party to the contract; it rests on what the law provides (PIPL 13(1)(7)): an heir pays within the worth of what they took of the estate (Civil Code 1161), a guardian is the legal representative (Civil Code 23). This is how the lender reads the law.",
        "from_where": "Where it came from", "sources": "The lender's own records of the loan, and what staff noted or you gave while it was collected.",
        "how_long": "How long it is kept", "who": "Who saw or handled it (counted by role, act and day; no names)", "to_whom": "To whom it was passed", "to_nobody": "To nobody outside the lender.",
    },
}
_TABLES = {"party": "身份", "contact_point": "联系方式与账户", "contactpoint": "联系方式与账户", "debt": "债务", "payment": "还款", "promise": "还款承诺", "offer": "方案", "plan": "分期计划", "dispute": "异议",
           "complaint": "投诉", "hold": "停催", "contact": "联系记录", "consent": "同意", "attachment": "录音、证明与文件", "entry": "操作理由",
           "reminder": "提醒",
           "hardship": "困难申请", "matternote": "核查记录", "mattertask": "整改事项", "sheet": "质检评语",
}
_COLUMNS = {
    "agreed_on": "达成日期", "agency": "委外机构", "amount_minor": "金额", "answer": "答复", "answer_by_on": "应答复日期", "answered_at": "答复时间", "as_of": "截至", "at": "时间", "attachment": "附件编号", "attempted_at": "联系时间",
    "borrower_id": "借款人编号（化名）", "bucket": "逾期档", "case": "案件编号", "channel": "渠道", "claimable_minor": "可主张金额", "closed_on": "结案日期", "comment": "评语", "currency": "币种", "days_past_due": "逾期天数",
    "destroyed_at": "销毁时间", "direction": "方向", "due_on": "应还日期", "due_total_minor": "应还总额", "ended_on": "终止日期", "erased_at": "删除时间", "expires_on": "有效期至", "first_on": "首次", "from": "自",
    "from_hour": "自（时）", "frozen_at": "停止处理时间", "given_at": "同意时间", "ground": "事由", "id_number": "证件号码", "instalments": "各期", "kind": "种类", "last_on": "最近", "lifted_at": "解除时间", "loan_id": "贷款编号",
    "made_at": "形成时间", "made_on": "提出日期", "name": "姓名", "note": "备注", "number": "期次", "opened_on": "立案日期", "ordinal": "序号", "outcome": "结果", "outstanding_principal_minor": "未还本金", "paid_on": "还款日期",
    "pay_by_on": "承诺还款日", "payment_id": "还款编号", "placed_at": "设置时间", "position": "债务明细", "product": "产品", "promised_on": "承诺日期", "proposed_on": "提议日期", "protected": "受保护情形", "raised_at": "提出时间",
    "reason": "理由", "record_kind": "记录种类", "relation": "与债务人关系", "reverses": "冲销的还款", "revoked_at": "撤回时间", "role": "角色", "rule": "依据", "size_bytes": "字节数", "state": "状态", "state_since": "状态自",
    "status": "结论", "terms": "条件", "text": "内容", "times": "次数", "title": "标题", "to_hour": "至（时）", "until": "至", "value": "内容", "verb": "操作", "waived_fee_minor": "减免费用", "waived_interest_minor": "减免利息",
    "waived_penalty_minor": "减免罚息", "result": "沟通结果", "hardship": "困难原因", "pay_channel": "还款渠道", "due_at": "到期时间", "done_at": "完成时间", "done_why": "如何完成",
    "scores": "模型评分及原因", "verdict": "联系时的合规判定", "rules": "适用的规则",
    "before_extension_on": "延期前应答复日期", "came_by": "受理渠道", "raised_by": "提出人", "matter": "简单或复杂", "decide_by_on": "应决定日期", "decided_at": "决定时间", "evidence": "证明材料", "wanted": "所需材料", "sheet": "月度收支", "until_on": "截止日", "what": "事项", "set_at": "下达时间", "income_minor": "月收入", "living_minor": "生活支出", "other_debts_minor": "其他债务", "left_minor": "剩余",
}
_CODES = {
    "debtor": "债务人", "co_debtor": "共同债务人", "guarantor": "担保人", "reserved_contact": "预留联系人", "heir": "继承人", "guardian": "监护人", "spouse": "配偶", "other": "其他", "open": "未结", "closed": "已结", "usable": "可用", "wrong_person": "非本人",
    "stopped": "已停用", "invalid": "无效", "phone": "电话", "email": "电子邮箱", "address": "地址", "account": "账户", "call": "电话", "voice_bot": "语音机器人", "sms": "短信", "im": "即时通讯", "push": "推送", "letter": "信函",
    "visit": "上门", "outbound": "去电（访）", "inbound": "来电（访）", "answered": "接通", "no_answer": "无人接听", "busy": "占线", "invalid_number": "空号", "refused": "拒绝", "delivered": "已送达", "unknown": "不明", "kept": "已履行",
    "part_kept": "部分履行", "broken": "未履行", "withdrawn": "已撤回", "taken": "已接受", "lapsed": "已失效", "proposed": "已提议", "agreed": "已达成", "ended": "已终止", "upheld": "成立", "partly_upheld": "部分成立",
    "rejected": "不成立", "dispute": "异议", "complaint": "投诉", "cease": "停止联系", "legal_stay": "法律中止", "hardship_review": "困难审查", "vulnerable": "弱势保护", "litigation": "诉讼", "recording": "录音录像", "proof": "证明",
    "document": "文件", "collection_record": "催收记录", "call_recording": "通话录音", "visit_recording": "上门录像", "oral_plan_recording": "口头分期录音", "limitation_evidence": "诉讼时效证据", "complaint_file": "投诉档案",
    "sharing_record": "对外提供记录", "hardship_proof": "困难证明", "other_document": "其他文件", "keep": "保存至期满", "until_settled": "保存至债务结清", "litigation_hold": "诉讼期间保存", "no_rule": "无规则要求保存",
    "collector": "催收员", "team_lead": "组长", "compliance_officer": "合规专员", "strategist": "策略师", "data_officer": "个人信息保护专员", "auditor": "审计员", "administrator": "系统管理员", "agency_worker": "委外人员",
    "system": "系统", "night_contact": "夜间联系", "electronic": "电子方式", "not_mine": "非本人债务", "amount": "金额", "paid": "已还", "identity_theft": "身份冒用", "harassment": "骚扰", "third_party": "骚扰第三人",
    "hours": "时段", "wording": "用语", "privacy": "隐私", "purpose_runs": "债务未了结", "unknown_law": "未配置保存期限表",
    "promise": "承诺还款", "part_promise": "承诺部分还款", "says_paid": "称已还款", "refuses": "拒绝还款", "cannot_pay": "无力还款", "asks_plan": "申请分期", "disputes": "提出异议", "complains": "提出投诉",
    "asks_stop": "要求停止联系", "call_back": "约定回电", "deceased": "已故", "in_prison": "在押", "bankrupt": "破产", "voicemail": "语音信箱", "not_in_use": "空号", "illness": "疾病", "job_lost": "失业",
    "income_cut": "收入减少", "business_failing": "经营困难", "project_delayed": "工程款拖欠", "disaster": "受灾", "family": "家庭变故", "app": "手机应用", "transfer": "转账", "auto_debit": "自动扣款",
    "counter": "柜台", "promise_due": "承诺到期", "promise_broken": "承诺未履行", "instalment_due": "分期到期", "plan_broken": "分期违约", "answer_due": "应答复", "done": "已办理", "over": "已过期",
    "simple": "简单", "complex": "复杂", "other_person": "其他人", "regulator": "监管部门", "internal": "内部发现", "online": "线上", "hotline_12378": "12378 热线", "court": "法院", "refusing": "拟不予同意", "plan": "协商还款", "paused": "暂缓", "none": "未要求", "wanted": "待提供", "received": "已收到", "correct_book": "更正账务", "refund": "退款", "close_number": "停用号码", "coach": "人员辅导", "apologise": "致歉", "withdraw_report": "更正或撤回信息报送",
}


def table_word(table: str, lang: str) -> str:
    """The table's name for a reader."""
    return _TABLES.get(table, table) if lang == "zh" else table.replace("contactpoint", "contact point").replace("_", " ")


def column_word(column: str, lang: str) -> str:
    """The column's name for a reader."""
    return _COLUMNS.get(column, column) if lang == "zh" else column.removesuffix("_minor").replace("_", " ")


def code_word(code: str, lang: str) -> str:
    """What a code of ours means; any other text as it is."""
    return _CODES.get(code, code) if lang == "zh" else code.replace("_", " ") if code in _CODES else code
