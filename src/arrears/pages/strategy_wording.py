"""The words for a strategy, in Chinese and in English: fields, values, what follows, limits, and the parts of its page."""

from arrears.pages.wording import Pair, named, speak, words

__all__ = ["Pair", "named", "said", "words"]

LANGUAGES = ("zh", "en")

VALUES: dict[str, Pair] = {
    "hold.none": ("无停催", "no hold"), "hold.dispute": ("争议", "dispute"), "hold.complaint": ("投诉", "complaint"),
    "hold.cease": ("要求停止联系", "asked to cease"), "hold.legal_stay": ("法律上中止", "legal stay"),
    "hold.hardship_review": ("困难审核中", "hardship under review"), "hold.vulnerable": ("弱势人员", "vulnerable person"),
    "hold.*": ("有任何停催事项", "any hold"),
    "cap.known": ("息费上限已知", "cap on charges known"), "cap.unknown": ("息费上限不明", "cap on charges not known"),
    "overpaid.yes": ("已付息费超限", "charges beyond the cap were paid"), "overpaid.no": ("已付息费未超限", "nothing paid beyond the cap"),
    "hardship.yes": ("有经核实的困难", "verified hardship"), "hardship.no": ("无经核实的困难", "no verified hardship"),
    "kind.person": ("个人", "person"), "kind.sole_trader": ("经营户", "trader"), "kind.enterprise": ("企业", "firm"),
    "product.flash_personal": ("个人贷", "personal loan"), "product.flash_trader": ("经营户贷", "trader loan"),
    "product.flash_enterprise": ("小微企业贷", "firm loan"),
    "frequency.once": ("一次还清", "a single instalment"), "frequency.weekly": ("按周还款", "weekly instalments"),
    "frequency.fortnightly": ("按双周还款", "fortnightly instalments"), "frequency.monthly": ("按月还款", "monthly instalments"),
    "frequency.longer": ("还款间隔长于一月", "instalments more than a month apart"),
    "owner.nobody": ("无人", "nobody"), "owner.bot": ("机器", "machine"), "owner.collector": ("催收员", "collector"), "owner.agency": ("外包机构", "agency"),
    "owner.visitor": ("外访员", "visitor"), "owner.legal": ("法务", "legal"),
    "channel.call": ("电话", "call"), "channel.voice_bot": ("语音机器人", "voice bot"), "channel.sms": ("短信", "SMS"), "channel.email": ("邮件", "e-mail"),
    "channel.im": ("即时消息", "instant message"), "channel.push": ("应用推送", "push message"), "channel.letter": ("信函", "letter"),
    "channel.visit": ("上门", "visit"), "channel.none": ("不联系", "no contact"),
    "tone.friendly": ("友好", "friendly"), "tone.plain": ("平实", "plain"), "tone.firm": ("坚定", "firm"),
    "counts.people": ("人数", "people"), "counts.contacts": ("联系次数", "contacts"), "counts.minutes": ("工时（分钟）", "minutes of work"),
    "counts.cost": ("费用", "cost"), "counts.complaints": ("预计投诉数", "expected complaints"),
    "outcome.paid_30": ("30 天内逾期款是否还清", "whether all that was late is paid within 30 days"),
    "outcome.recovered_30": ("30 天内收回可主张金额的比例", "the share of what may be asked that is paid within 30 days"),
}
"""What a value of a field is called; one that stands not here is called by its own name."""

PREFIXES: dict[str, Pair] = {
    "hold": ("停催事项：{}", "hold: {}"), "product": ("产品：{}", "product: {}"), "owner": ("执行：{}", "by {}"), "channel": ("渠道：{}", "by {}"), "skill": ("技能：{}", "skill: {}"),
    "treatment": ("处置：{}", "treatment: {}"), "segment": ("客群：{}", "group: {}"),
}
"""How the values of a field are introduced, where they do not speak for themselves."""

NUMBERS: dict[str, Pair] = {
    "claimable": ("可主张{}", "claimable {}"), "days_past_due": ("逾期天数{}", "{} days past due"), "kept_plans": ("曾守约的还款计划数{}", "{} plans kept"),
    "kept_promises": ("已兑现的承诺数{}", "{} promises kept"), "broken_promises": ("未兑现的承诺数{}", "{} promises broken"),
    "contacts_30": ("近 30 天外呼次数{}", "{} contacts in the last 30 days"),
    "self_cure": ("预测自行还款概率{}", "predicted to pay unasked {}"), "pay_probability": ("预测还款概率{}", "predicted to pay {}"),
}
"""How a range of a field with numbers is said; a field without such words is called by its name."""

PARTS: dict[str, Pair] = {
    "late": ("逾期贷款", "Late loans"), "strategy": ("策略 {id}，版本 {version}", "Strategy {id}, version {version}"), "digest": ("指纹 {digest}", "digest {digest}"),
    "rows": ("决策行：自上而下，第一条符合的生效", "Rows: read from the top, the first that fits counts"),
    "segments": ("客群：第一条符合的生效", "Groups: the first that fits counts"),
    "treatments": ("处置：最紧迫的在前", "Treatments: most pressing first"), "ladders": ("阶梯：逾期到哪天做什么", "Ladders: what is done from which day past due"),
    "offers": ("可提供的方案：最多提供什么", "Offers: what may be offered at most"), "experiments": ("试验：各组占比", "Experiments: the arms and their shares"),
    "limits": ("限额：一夜所选之和不得越过", "Limits: what a night may choose in sum"), "giving": ("分案规则", "How cases are given"),
    "expected": ("预期：假设，不是测得的结果", "Expectations: assumptions, not measured"),
    "none": ("没有。", "None."), "else": ("不符合", "else"), "first": ("符合即止", "first match wins"), "everybody": ("全部", "everybody"),
    "everybody_else": ("其余全部", "everybody else"), "any": ("不限", "any"), "limits_choose": ("在限额内择一", "limits choose one of"),
    "ladder": ("阶梯：{name}", "ladder: {name}"), "restraint": ("克制：不催也会还", "restraint: pays without being asked"), "fixed": ("固定：试验不改", "fixed: no experiment changes it"), "loans": ("{n} 笔", "{n} loans"),
    "people": ("{n} 人", "{n} people"), "champion": ("按决策行原样（现行）", "the rows as they stand (champion)"),
    "offers.note": ("只看公开条件，凡符合者一律相同；任何预测都不影响可提供的方案。",
                    "They rest on published criteria only and are the same for everyone who meets them; no prediction changes them."),
    "source": ("来源：{source}", "Source: {source}"), "no_source": ("未写来源", "no source is given"),
    "day": ("第 {day} 天", "day {day}"), "days": ("第 {day}–{last} 天", "days {day}–{last}"), "from_day": ("第 {day} 天起", "from day {day}"),
    "used_by": ("{name}，用于：{rows}", "{name}, used by: {rows}"), "not_to_scale": ("横向不按天数比例。", "Widths are not to scale."), "key": ("颜色与文字都表示由谁执行：", "Colour and word both say who does it:"),
    "money": ("金额以账册币种的元为单位，两位小数。", "Amounts are in major units of the book's currency."),
    "what": ("名称", "Name"), "words": ("说明", "In words"), "who": ("适用对象", "Who"), "follows": ("做什么", "What follows"), "reason": ("理由", "Reason"), "order": ("序", "No."), "bound": ("界限", "Bounds"),
    "counted": ("计量", "Counts"), "instalments": ("分期最多", "Instalments"), "shift": ("延期最多（天）", "Shift, days"), "penalty": ("罚息减免", "Penalty waived"),
    "interest": ("利息减免", "Interest waived"), "arm": ("组", "Arm"), "share": ("占比", "Share"), "bucket": ("账龄", "Bucket"), "recovery": ("不处置时收回", "Left alone"),
    "complaints": ("每百万人投诉", "Complaints per million"), "effect_of": ("{name}，增收", "{name} adds"), "late_loans": ("逾期贷款", "Late loans"),
    "step": ("逾期天数", "Days past due"), "owner": ("执行", "By"), "channel": ("渠道", "Channel"), "hours": ("时段", "Hours"), "tone": ("语气", "Tone"),
    "cost": ("每次费用", "Cost a time"), "minutes": ("用时（分钟）", "Minutes"), "cool_off": ("间隔（天）", "Cool-off, days"), "skill": ("技能", "Skill"), "wording": ("话术", "Wording"),
    "treatment": ("处置", "Treatment"), "row": ("行", "Row"),
}
"""Words of the picture, the page and the terminal; facts stand in braces."""

PAGE: dict[str, Pair] = {
    "strategy.title": ("催收策略", "Collection strategy"),
    "strategy.of": ("策略 {id} · 版本 {version}", "Strategy {id} · version {version}"), "strategy.digest": ("文本的 SHA-256：{digest}", "SHA-256 of its text: {digest}"),
    "strategy.tile.rows": ("决策行", "Rows"), "strategy.tile.rows.note": ("自上而下，第一条符合的生效", "from the top, the first that fits counts"),
    "strategy.tile.treatments": ("处置", "Treatments"), "strategy.tile.treatments.note": ("其中 {n} 种会联系客户", "of which {n} contact somebody"),
    "strategy.tile.limits": ("限额", "Limits"), "strategy.tile.limits.note": ("一夜所选之和不得越过", "on what a night may choose in sum"),
    "strategy.tile.experiments": ("试验", "Experiments"), "strategy.tile.experiments.note": ("见下文日期", "dates below"),
    "strategy.foot": ("本页由策略文件生成，不请求任何外部内容；同样的策略，同样的字节。",
                      "This page is drawn from the strategy file and asks nothing of the network; the same strategy, the same bytes."),
    "strategy_flow.title": ("谁得到什么", "Who gets what"), "strategy_flow.picture": ("决策行与其后的处置", "The rows and what follows each"),
    "strategy_flow.rows": ("同一张决策表，逐行", "The same rows as a table"), "strategy_flow.segments": ("客群", "Groups"),
    "strategy_flow.how": (
        "每笔逾期贷款自上而下对照各行，第一条条件全部符合的行决定处置；最后一行收下其余全部。一行给出一种处置、若干种（由限额择一）或一个阶梯（按逾期天数）。区间含下端、不含上端。标“预测”的是模型估计。"
        "有数字时，线的粗细与贷款笔数成比例。",
        "Each late loan is held against the rows from the top; the first row of which all conditions hold decides; the last takes all that remain. A row gives one treatment, "
        "several among which the limits choose, or a ladder by days past due. A range holds its lower end and not its upper. What is marked predicted is a model's estimate. "
        "Where there are numbers, lines are as wide as the number of loans."),
    "strategy_treatments.title": ("处置", "Treatments"),
    "strategy_treatments.how": (
        "次序即紧迫程度：一人有几笔贷款时取最靠前的一种。时段是一天中可以发出的时间，含起点、不含终点。费用与用时按每次计；间隔是同一渠道的上次联系之后，再次采用前至少隔的天数。凡是联系，发出前还须通过闸门。",
        "The order says how pressing each is: a person with several loans gets the first. Hours are the window of the day in which it may go out, from the first until before the last. Cost and minutes are for one time; "
        "cool-off: the treatment may go out again so many days after the last contact by its channel. Every contact passes the gate before it goes out."),
    "strategy_ladders.table": ("各级，列表", "The steps as a table"), "strategy_ladders.title": ("阶梯", "Ladders"),
    "strategy_ladders.how": ("已达到的最后一级生效；第一级从逾期第 1 天开始。横向不按天数比例。", "The last step whose first day is reached counts; the first begins on day 1. Widths are not to scale."),
    "strategy_offers.title": ("可提供的方案", "Offers"),
    "strategy_offers.how": (
        "自上而下，第一条符合的生效。减免比例以该类到期未付金额为基数，是上限。价格不因预测而异：个人信息保护法第二十四条。",
        "From the top, the first row that fits counts. Waivers are shares of what is due of that kind, and upper bounds. That a price does not follow a prediction: PIPL, article 24."),
    "strategy_experiments.title": ("试验", "Experiments"),
    "strategy_experiments.how": (
        "各组由借款人编号的稳定散列抽取，同一人始终在同一组；含起始日、不含结束日。", "The arms are drawn by a stable hash of the borrower, so a person stays in one arm; from the first date until before the last."),
    "strategy_limits.title": ("限额", "Limits"),
    "strategy_limits.how": ("每条限额约束一夜为全部账册所选处置之和；同时满足全部限额，才可选取。", "Each limit bounds the sum of what one night chooses over the whole book; all must hold at once."),
    "strategy_giving.title": ("分案规则", "How cases are given"),
    "strategy_giving.how": ("仅适用于由人执行的处置：催收员、外包机构、外访员、法务。", "Only for treatments that people carry out: collectors, agencies, visitors, legal."),
    "strategy_expected.title": ("预期（假设）", "Expectations (assumptions)"),
    "strategy_expected.how": (
        "没有已发布模型时用这些数：不处置时 30 天内收回可主张金额的比例；每种处置把本来收不回的部分再收回多少；每百万受处置人的投诉数。它们是假设，不是测得的结果，应以本机构的试验代替。",
        "Used where no model is released: the share of what may be asked that comes within 30 days if left alone; of what would not come by itself, the share a treatment brings in; complaints per million people "
        "treated so. These are assumptions, not measurements; replace them by the results of your own experiments."),
    "strategy_source.title": ("策略原文", "The text"), "strategy_source.text": ("展开策略文件", "Show the strategy file"),
    "strategy_source.how": ("指纹是原文的 SHA-256。", "The digest is the SHA-256 of the text."),
}

speak({**{f"value.{key}": pair for key, pair in VALUES.items()}, **{f"strategy.part.{key}": pair for key, pair in PARTS.items()}, **PAGE})


def said(key: str, lang: str, **facts: object) -> str:
    """The words of a part of the strategy in one language, zh or en.

    >>> said("late", "en"), said("people", "zh", n=3)
    ('Late loans', '3 人')
    """
    return words(f"strategy.part.{key}", **facts)[LANGUAGES.index(lang)]
