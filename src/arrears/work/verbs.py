"""Everything anybody may ask the work plane to do: one verb a line, on which kind of thing, and what it is called.

The same verbs stand as actions in policies/schema.cedarschema; arrears.work.access.check_policies refuses to start where the two differ.
"""

from dataclasses import dataclass

KINDS = ("Case", "Approval", "Account", "Collector", "Entry", "Lender")
"""What a verb is done to; `Lender` for what is done once for the whole lender, or makes what was not there before."""


@dataclass(frozen=True)
class Verb:
    """One line of the list: the kinds of resource it is done to, whether it only reads what is masked, and its name in both languages."""

    kinds: tuple[str, ...]
    zh: str
    en: str
    reads: bool = False
    """It shows masked rows and changes nothing, so it leaves no Entry. What uncovers personal data is no read: it is counted and leaves one."""


VERBS: dict[str, Verb] = {
    "case.list": Verb(("Case",), "列出案件", "list cases", reads=True),
    "case.view": Verb(("Case",), "查看案件", "see a case, masked", reads=True),
    "case.take_in": Verb(("Lender",), "接收当夜案件与还款", "take a night's cases and payments in"),
    "case.move": Verb(("Case",), "转派案件", "move a case to another collector or team"),
    "case.close": Verb(("Case",), "结案", "close a case"),
    "contact.note": Verb(("Case",), "记录联系", "note a contact"),
    "contact_point.add": Verb(("Case",), "新增联系方式", "add a contact point"),
    "contact_point.close": Verb(("Case",), "停用联系方式", "close a contact point"),
    "promise.take": Verb(("Case",), "记录还款承诺", "take a promise"),
    "promise.withdraw": Verb(("Case",), "撤销还款承诺", "withdraw a promise"),
    "offer.make": Verb(("Case",), "提出方案", "make an offer"),
    "offer.withdraw": Verb(("Case",), "撤回方案", "withdraw an offer"),
    "plan.propose": Verb(("Case",), "提议分期", "propose a plan"),
    "plan.agree": Verb(("Case",), "达成分期", "agree a plan"),
    "plan.end": Verb(("Case",), "终止分期", "end a plan"),
    "dispute.raise": Verb(("Case",), "登记异议", "raise a dispute"),
    "dispute.answer": Verb(("Case",), "答复异议", "answer a dispute"),
    "complaint.raise": Verb(("Case",), "登记投诉", "raise a complaint"),
    "complaint.answer": Verb(("Case",), "答复投诉", "answer a complaint"),
    "hold.place": Verb(("Case",), "暂缓催收", "place a hold"),
    "hold.lift": Verb(("Case",), "解除暂缓", "lift a hold"),
    "consent.give": Verb(("Case",), "记录同意", "record a consent"),
    "consent.revoke": Verb(("Case",), "撤回同意", "revoke a consent"),
    "placement.place": Verb(("Case",), "委外", "place a case with an agency"),
    "placement.take_back": Verb(("Case",), "收回委外", "take a case back from an agency"),
    "party.add": Verb(("Case",), "新增当事人", "add a party"),
    "party.protect": Verb(("Case",), "标记受保护人", "mark a party as protected"),
    "party.release": Verb(("Case",), "解除受保护标记", "release a party from protection"),
    "attachment.add": Verb(("Case",), "上传附件", "add an attachment"),
    "attachment.open": Verb(("Case",), "打开附件", "open an attachment"),
    "person.unmask": Verb(("Case",), "查看明文", "unmask a field"),
    "person.dial": Verb(("Case",), "拨号（不显示号码）", "dial without seeing the number"),
    "dial.redeem": Verb(("Case",), "凭拨号凭证取号", "redeem a dial token"),
    "person.find": Verb(("Lender",), "按号码精确查找", "find a person by exact number"),
    "person.export": Verb(("Case",), "导出个人信息副本", "give a person their copy"),
    "person.correct": Verb(("Case",), "更正个人信息", "correct personal data"),
    "person.freeze": Verb(("Case",), "停止处理", "freeze processing"),
    "person.unfreeze": Verb(("Case",), "恢复处理", "unfreeze processing"),
    "person.erase": Verb(("Case",), "删除个人信息", "erase a person"),
    "approval.ask": Verb(("Case", "Lender"), "申请审批", "ask for approval"),
    "approval.decide": Verb(("Approval",), "审批", "decide an approval"),
    "approval.withdraw": Verb(("Approval",), "撤回申请", "withdraw what one asked for"),
    "approval.list": Verb(("Approval",), "列出审批", "list approvals", reads=True),
    "outcome.export": Verb(("Lender",), "导出催收结果", "export outcomes"),
    "promise.settle": Verb(("Lender",), "按还款结算承诺", "tell by payments which promises were kept"),
    "plan.settle": Verb(("Lender",), "按还款结算分期", "tell by payments which plans are kept"),
    "retention.run": Verb(("Lender",), "执行保存期限", "run retention"),
    "figures.view": Verb(("Lender",), "查看汇总数字", "see totals, no persons", reads=True),
    "entry.list": Verb(("Entry",), "列出操作日志", "list entries", reads=True),
    "record.collect": Verb(("Lender",), "将夜批、载入与发布写入存证", "put nights, loads and releases into the record"),
    "record.resume": Verb(("Lender",), "恢复旧备份后继续存证", "let the record go on after an older backup was put back"),
    "record.prove": Verb(("Entry",), "出具存证证明", "open an entry of the record with its proof", reads=True),
    "account.create": Verb(("Lender",), "新建账号", "create an account"),
    "account.change": Verb(("Account",), "变更账号角色", "change an account's roles or teams"),
    "account.leave": Verb(("Account",), "停用离职账号", "cut off a leaver"),
    "account.reset": Verb(("Account",), "重置登录", "reset an account's sign-in"),
    "account.list": Verb(("Account",), "列出账号", "list accounts", reads=True),
    "account.sign_in": Verb(("Account",), "登录", "sign in"),
    "account.change_password": Verb(("Account",), "修改自己的密码", "change one's own password"),
    "account.enrol_second_factor": Verb(("Account",), "登记自己的第二因素", "enrol one's own second factor"),
    "account.remove_second_factor": Verb(("Account",), "移除自己的第二因素", "remove one's own second factor"),
    "account.end_sessions": Verb(("Account",), "结束自己的其他会话", "end one's own other sessions"),
    "access.break_glass": Verb(("Lender",), "紧急访问", "break the glass"),
    "access.end_break_glass": Verb(("Lender",), "结束紧急访问", "end break-glass"),
    "access.review_glass": Verb(("Lender",), "复核紧急访问", "review another's break-glass"),
    "team.create": Verb(("Lender",), "新建团队", "create a team"),
    "collector.create": Verb(("Lender",), "新建催收员", "create a collector"),
    "vault.rotate": Verb(("Lender",), "轮换密钥", "rotate the vault's key"),
    "vault.status": Verb(("Lender",), "查看保险库状态", "see the vault's status", reads=True),
    "database.backup": Verb(("Lender",), "备份数据库", "back the database up"),
    "database.restore": Verb(("Lender",), "恢复数据库", "restore the database"),
    # front
    # person
    # queue
    "case.next": Verb(("Lender",), "领取下一个案件", "get the next account"),
    "case.put_back": Verb(("Case",), "退回案件", "put an account back"),
    "talk.note": Verb(("Case",), "记录沟通结果", "note the outcome of a talk"),
    "reminder.done": Verb(("Case",), "完成提醒", "tick a reminder off"),
    # plans
    "plan.draw_up": Verb(("Case",), "出具分期协议", "draw up the agreement of a plan"),
    "plan.reoffer": Verb(("Lender",), "违约分期自动重新提供", "offer broken plans again"),
    # matters
    "dispute.extend": Verb(("Case",), "异议延期", "extend the time to answer a dispute"),
    "complaint.extend": Verb(("Case",), "投诉延期", "extend the time to answer a complaint"),
    "hardship.raise": Verb(("Case",), "登记困难申请", "raise hardship"),
    "hardship.examine": Verb(("Case",), "核实困难情况", "note papers and the figures of a household"),
    "hardship.decide": Verb(("Case",), "作出困难审查决定", "decide about hardship"),
    "hardship.confirm": Verb(("Case",), "复核不予同意", "confirm another's refusal of hardship"),
    "hardship.settle": Verb(("Lender",), "结束到期的困难暂缓", "end pauses that are over"),
    "matter.read": Verb(("Case",), "查看异议、投诉、困难的原文", "read what was said in a dispute, complaint or hardship"),
    "matter.note": Verb(("Case",), "记录核查情况", "note what was found"),
    "matter.assign": Verb(("Case",), "指定办理人", "give a matter to somebody"),
    "matter.weigh": Verb(("Case",), "认定简单或复杂", "weigh a matter as simple or complex"),
    "matter.attach": Verb(("Case",), "列为证据", "add evidence to a matter"),
    "matter.task": Verb(("Case",), "下达整改事项", "set what is to be put right"),
    "matter.task_done": Verb(("Case",), "完成整改事项", "say that something is put right"),
    "matter.reopen": Verb(("Case",), "重新受理", "take a matter up again"),
    # team
    "case.move_many": Verb(("Lender",), "批量转派案件", "move many cases at once"),
    "case.move_back": Verb(("Lender",), "撤销批量转派", "take a move of many cases back"),
    "team.view": Verb(("Collector",), "查看团队工作情况", "see how a team's work stands", reads=True),
    "team.own": Verb(("Collector",), "查看本人工作情况", "see one's own figures", reads=True),
    "coaching.list": Verb(("Collector",), "查看辅导记录", "see coaching notes", reads=True),
    "coaching.write": Verb(("Collector",), "写辅导记录", "write a coaching note"),
    "coaching.read": Verb(("Collector",), "确认辅导记录", "take note of a coaching note"),
    "coaching.follow_up": Verb(("Collector",), "完成辅导跟进", "follow a coaching note up"),
    "absence.list": Verb(("Collector",), "查看缺勤", "see absences", reads=True),
    "absence.put": Verb(("Collector",), "登记缺勤", "put an absence down"),
    "absence.end": Verb(("Collector",), "结束缺勤", "end an absence"),
    # oversight
    "ledger.view": Verb(("Case",), "查看联系台账", "see the ledger of contacts", reads=True),
    "sample.view": Verb(("Lender",), "查看质检抽样", "see samples for quality checks", reads=True),
    "sample.draw": Verb(("Lender",), "质检抽样", "draw a sample for quality checks"),
    "sheet.fill": Verb(("Case",), "填写质检评分表", "fill a scoring sheet"),
    "sheet.view": Verb(("Lender",), "查看本人质检结果", "see the scores of one's own contacts", reads=True),
    "sheet.dispute": Verb(("Lender",), "对质检结果申诉", "dispute a score"),
    "law.view": Verb(("Lender",), "查看法规规则", "read the rules of law in force", reads=True),
    "export.view": Verb(("Lender",), "查看数据导出", "see exports", reads=True),
    "export.ask": Verb(("Lender",), "申请数据导出", "ask for an export"),
    "export.make": Verb(("Lender",), "生成导出文件", "make the file of an export"),
    "export.fetch": Verb(("Lender",), "下载导出文件", "fetch the file of an export"),
    # running
    "run.list": Verb(("Lender",), "查看任务", "see runs and their logs", reads=True),
    "run.ask": Verb(("Lender",), "提交任务", "have a run executed"),
    "run.cancel": Verb(("Lender",), "取消任务", "cancel a run"),
    "run.claim": Verb(("Lender",), "接手任务", "take the run that waited longest"),
    "run.report": Verb(("Lender",), "报告任务进度", "say how far a run is"),
    "run.end": Verb(("Lender",), "结束任务", "put down how a run ended"),
    "quarantine.list": Verb(("Lender",), "查看隔离区", "see what waits in quarantine", reads=True),
    "quarantine.fetch": Verb(("Lender",), "下载隔离记录", "fetch the records in quarantine"),
    "roster.view": Verb(("Lender",), "查看名册", "see the roster", reads=True),
    "collector.change": Verb(("Lender",), "变更催收员", "change what a collector may have"),
    "collector.end": Verb(("Lender",), "登记催收员离岗", "say when a collector leaves"),
    "team.end": Verb(("Lender",), "结束团队", "end a team"),
    "agency.change": Verb(("Lender",), "变更委外机构", "change an agency's contract"),
    "roster.write": Verb(("Lender",), "写入名册文件", "put changes into roster.yaml"),
    "limit.view": Verb(("Lender",), "查看限额", "see the operator's limits", reads=True),
    "limit.set": Verb(("Lender",), "调整限额", "set one of the operator's limits"),
    # end
}

PURPOSES = ("collection", "identity_check", "dispute", "complaint", "person_right", "legal_proceedings", "emergency")
"""Why personal data may be uncovered: the operator's own list, held to by the policy `uncovering-needs-purpose-and-reason`."""
