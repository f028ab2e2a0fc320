"""Every sentence and label of the night's report, in Chinese and in English.

One row per key: Chinese first. Facts stand in braces and are filled in by `words`. The pages know them once this is imported.
"""

from arrears.pages.wording import Pair, named, speak, words

__all__ = ["WORDS", "Pair", "named", "words"]

WORDS: dict[str, Pair] = {
    # The page.
    "page.title": ("夜间报告", "The night's report"),
    "page.of": ("业务日 {as_of} 日终 · 账册 {book}", "End of business date {as_of} · book {book}"),
    "page.known": ("以截至 {known_at} 登记的记录为准", "counting what was recorded by {known_at}"),
    "no.loans": (
        "账册里没有在 {as_of} 日终之前放款的贷款，所以今晚没有可报告的数字。请检查账册文件夹与业务日。",
        "The book has no loan disbursed by the end of {as_of}, so there is nothing to report tonight. Check the book's folder "
        "and the business date."),
    "none.here": ("没有符合条件的贷款，无可列示。", "No loan qualifies, so there is nothing to show."),
    # The headline.
    "head.loans": ("贷款笔数", "Loans"),
    "head.loans.note": ("未结清 {open} 笔 · {borrowers} 位借款人", "{open} not settled · {borrowers} borrowers"),
    "head.borrowers.note": ("{borrowers} 位借款人", "{borrowers} borrowers"), "head.late": ("逾期贷款", "Late loans"),
    "head.late.note": ("占未结清贷款 {share}", "{share} of loans not settled"),
    "head.late.note.all": ("占全部贷款 {share}", "{share} of all loans"),
    "head.people": ("今晚名单人数", "People on tonight's worklist"),
    "head.people.note": ("共 {rows} 条，一人一币种一条", "{rows} rows, one per person and currency"),
    "head.principal": ("未还本金", "Outstanding principal"), "head.due": ("已到期应还", "Due"),
    "head.claimable": ("可主张", "Claimable"), "head.withheld": ("超出上限，不得主张", "Withheld by the cap"),
    "head.how": (
        "逾期：逾期天数大于 0 的贷款（宽限期内不算）。可主张 = 已到期应还 − 超出法定上限的部分；任何短信、电话、函件与还款安排"
        "都不得超过它。币种不同，从不相加。",
        "Late: loans with days past due above 0 (grace does not count). Claimable = due less what exceeds the legal cap; no "
        "message, call, letter or plan asks for more. Amounts in different currencies are never added."),
    # Columns.
    "col.state": ("账龄", "State"), "col.bucket": ("起点账龄", "Bucket then"), "col.bucket.now": ("账龄", "Bucket"),
    "col.product": ("产品", "Product"), "col.loans": ("笔数", "Loans"), "col.loans_share": ("笔数占比", "Share of loans"),
    "col.principal": ("未还本金", "Outstanding principal"), "col.principal_share": ("本金占比", "Share of principal"),
    "col.expected_minor": ("30 天预计收回", "Expected in 30 days"), "col.pay_probability": ("30 天内恢复正常", "Cures in 30 days"),
    "col.score_reasons": ("评分原因", "Why so scored"), "col.reach_hour": ("最可能联系到", "Likeliest reached"),
    "channel.call": ("电话", "call"), "channel.voice_bot": ("语音机器人", "voice bot"), "channel.visit": ("上门", "visit"),
    "col.due": ("已到期应还", "Due"), "col.claimable": ("可主张", "Claimable"), "col.excess": ("不得主张", "Withheld"),
    "col.open": ("未结清", "Not settled"), "col.late": ("逾期笔数", "Late loans"), "col.late_share": ("逾期占比", "Late share"),
    "col.late_principal": ("逾期贷款本金", "Principal of late loans"), "col.class": ("五级分类", "Asset class"),
    "col.then_principal": ("起点本金", "Principal then"), "col.now_principal": ("现在本金", "Principal now"),
    "col.worse": ("变差", "Worse"), "col.same": ("不变", "Same"), "col.better": ("变好（含结清）", "Better (or settled)"),
    "col.cured": ("回正", "Cured"), "col.improved": ("好转", "Improved"), "col.held": ("停留", "Held"),
    "col.worsened": ("恶化", "Worsened"), "col.flow": ("迁徙率（余额）", "Flow rate (balance)"),
    "col.month": ("放款月", "Disbursed"), "col.over_days": ("超过天数", "Over days"), "col.mob": ("账上月数", "Months on book"),
    "col.disbursed": ("放款金额", "Disbursed amount"), "col.over": ("{days}+ 占放款", "{days}+ of disbursed"),
    "col.entered": ("起点应还", "Entered"), "col.collected": ("已收回", "Collected"),
    "col.recovery": ("催回率（金额）", "Recovery rate (money)"), "col.cure_rate": ("回正率（笔数）", "Cure rate (loans)"),
    "col.cured_loans": ("回正笔数", "Cured loans"), "col.treatment": ("处置", "Treatment"), "col.people": ("人数", "People"),
    "col.rank": ("序", "Rank"), "col.borrower": ("借款人", "Borrower"),
    "col.loan": ("主要贷款", "Leading loan"), "col.late_loans": ("逾期笔数", "Late loans"),
    "col.dpd": ("逾期天数", "Days past due"), "col.currency": ("币种", "Currency"), "col.rule": ("规则", "Rule"),
    "col.reason": ("理由", "Reason"), "col.regime": ("适用规则", "Regime"), "col.key": ("项目", "Item"),
    "loans.n": ("{n} 笔", "{n} loans"),
    "loans.money": ("{n} 笔 · {money}", "{n} · {money}"), "people.money": ("{n} 人 · {money}", "{n} · {money}"),
    # States, classes, treatments, currencies.
    "state.settled": ("已结清", "settled"), "state.new": ("新放款", "new"), "class.正常": ("正常", "Normal"),
    "class.关注": ("关注", "Special mention"), "class.次级": ("次级", "Substandard"), "class.可疑": ("可疑", "Doubtful"),
    "class.损失": ("损失", "Loss"),
    "currency.CNY": ("人民币 CNY", "CNY"),
    "currency.USD": ("美元 USD", "USD"), "currency.HKD": ("港元 HKD", "HKD"), "currency.EUR": ("欧元 EUR", "EUR"),
    # 1 Buckets.
    "buckets.title": ("账龄", "Buckets"),
    "buckets.how": (
        "每笔已放款的贷款按日终的逾期天数归入一档：{bands}。单位：笔与币种的主单位。占比的分母是同币种未结清的贷"
        "款；已结清的单列，不进分母。",
        "Each disbursed loan falls in one state by its days past due at the end of the day: {bands}."
        " Units: loans, and major units of the currency. Shares are of the loans not settled in the same "
        "currency; settled loans are shown apart and excluded."),
    "buckets.picture": ("逾期各档 · 未还本金，{currency}", "Late buckets · outstanding principal, {currency}"),
    "buckets.desc": (
        "每档一条，长度为未还本金；未逾期与已结清不画。",
        "One bar per late bucket, as long as its outstanding principal; loans not late or settled are not drawn."),
    "buckets.plain": (
        "未逾期（{name}）{m0} 笔，未还本金 {m0_money}；逾期 {late} 笔，未还本金 {late_money}，占全部未还本金的 {share}。另有已"
        "结清 {settled} 笔。图只画逾期各档，否则 {name} 会把它们压平。",
        "Not late ({name}): {m0} loans with {m0_money} outstanding. Late: {late} loans with {late_money}, {share} of all "
        "outstanding principal. A further {settled} are settled. The picture shows late buckets only, since {name} would "
        "flatten them."),
    "buckets.nolate": (
        "{currency}：没有逾期贷款。{m0} 笔未逾期，未还本金 {m0_money}；{settled} 笔已结清。",
        "{currency}: no loan is late. {m0} loans are not late with {m0_money} outstanding; {settled} are settled."),
    "buckets.table": ("按账龄，{currency}", "By state, {currency}"),
    "buckets.products": ("按产品，{currency}", "By product, {currency}"),
    "buckets.detail": ("按产品与账龄的明细", "Detail by product and state"),
    # 2 Asset classes.
    "classes.title": ("五级分类", "Asset classes"),
    "classes.how": (
        "每笔未结清的贷款按逾期天数与重组日期取五级之一；不良率 = 次级、可疑、损失三类的未还本金 ÷ 同币种全部未还本金。单位：笔"
        "与币种的主单位。已结清的贷款不计。",
        "Each loan not settled has one of five classes by days past due and date of restructuring. Non-performing share = "
        "outstanding principal of substandard, doubtful and loss ÷ all outstanding principal in the same currency. Units: "
        "loans, and major units of the currency. Settled loans are excluded."),
    "classes.picture": ("正常以外各类 · 未还本金，{currency}", "Classes other than normal · outstanding principal, {currency}"),
    "classes.desc": (
        "每类一条，长度为未还本金；正常类不画。",
        "One bar per class, as long as its outstanding principal; the normal class is not drawn."),
    "classes.plain": (
        "正常类 {n} 笔，未还本金 {money}。不良率 {share}（不良本金 {bad}）。",
        "Normal: {n} loans with {money} outstanding. Non-performing share {share} ({bad} of principal)."),
    "classes.table": ("按五级分类，{currency}", "By asset class, {currency}"),
    # 3 Movements.
    "movements.title": ("迁徙", "Movements"),
    "movements.how": (
        "行是起点夜的状态，列是今晚的状态；格内百分数 = 该格笔数 ÷ 该行全部笔数，下面是笔数，每行合计 100%。起点夜还没有放款的"
        "贷款列为“新放款”，不参与变好或变差。",
        "Rows are states at the earlier night, columns are states tonight. A cell's percentage = loans in the cell ÷ all loans "
        "of its row, with the number of loans below it; rows sum to 100 %. Loans not yet disbursed then are “new” and count "
        "neither as better nor as worse."),
    "movements.span": ("{start} → {end}，{currency}", "{start} → {end}, {currency}"),
    "movements.picture": ("从（行）到（列）：占该行的份额与笔数", "From (row) to (column): share of the row, and loans"),
    "movements.desc": (
        "热力矩阵：颜色越深，份额越大；红为变差，绿为变好，灰为不变。",
        "Heat matrix: the darker, the greater the share; red is worse, green is better, grey is unchanged."),
    "movements.table": ("按起点状态", "By state then"), "movements.corner": ("从 \\ 到", "from \\ to"),
    "movements.empty": (
        "还没有可以比较的更早的夜。先跑前一夜 {before} 或上月末 {month_end}，再跑今晚，这里就会有内容：",
        "There is no earlier night to compare with yet. Run the night before ({before}) or the last month end ({month_end}) "
        "first, then tonight again, and this part will fill:"),
    "movements.empty.short": (
        "还没有可以比较的更早的夜；先跑哪一夜，见第 3 部分。",
        "There is no earlier night to compare with yet; part 3 says which night to run first."),
    # 4 Roll rates.
    "rolls.title": ("滚动率", "Roll rates"),
    "rolls.how": (
        "分母是起点夜在该档的贷款，单位：笔。恶化 = 今晚在更差的档；停留 = 同一档（未逾期档含其后结清）；好转 = 更好"
        "的档但仍逾期；回正 = 今晚不再逾期或已结清。四者合计为该档全部贷款。迁徙率（余额）= 今晚下一档的未还本金 ÷ 起"
        "点夜该档的未还本金，最后一档没有；只在起点夜为月末时列出，月末之前是不完整的一月。起点夜已结清的与之后放款的贷款不计"
        "入笔数各率。",
        "The denominator is the loans in the bucket at the earlier night, in loans. Worsened = in a worse bucket "
        "tonight; held = the same (for loans not late, settled since counts too); improved = a better one but still "
        "late; cured = no longer late, or settled. The four make up all loans of the bucket. Flow rate (balance) = "
        "principal tonight in the next bucket ÷ principal then in this one; the last has none; it is shown from a month "
        "end only, and before the next month end the month is not complete. Loans settled by then or disbursed since are "
        "excluded from the rates by loans."),
    "rolls.picture": ("今晚在哪里：占该档笔数", "Where they are tonight: share of the bucket's loans"),
    "rolls.desc": (
        "每档一条，分为回正、好转、停留、恶化四段，合计 100%。",
        "One bar per bucket, cut into cured, improved, held and worsened, 100 % together."),
    "rolls.table": ("滚动率", "Roll rates"),
    # 5 First payment default.
    "first_payment_default.title": ("首逾率", "First payment default"),
    "first_payment_default.how": (
        "FPDn = 首期逾期超过 n 天的贷款 ÷ 首期到期已超过 n 天的贷款，按放款月，单位：笔。首期到期未超过 n 天的贷款，分子分母都"
        "不计。",
        "FPDn = loans whose first instalment was more than n days late ÷ loans whose first instalment fell due more than n "
        "days ago, by month of disbursement, in loans. Loans that have not yet matured so far are excluded from both."),
    "first_payment_default.picture": (
        "各放款月首逾率，全部产品，{currency}",
        "First payment default by month of disbursement, all products, {currency}"),
    "first_payment_default.desc": (
        "折线：横轴放款月，纵轴首逾率。",
        "Lines: month of disbursement across, first payment default up."),
    "first_payment_default.table": (
        "按产品，最近 {months} 个放款月，{currency}：比率（逾期笔数 / 到期笔数）",
        "By product, latest {months} months, {currency}: rate (late / matured)"),
    "first_payment_default.cut": ("图只画最近 {months} 个放款月。", "The picture shows the latest {months} months only."),
    "first_payment_default.empty": (
        "还没有首期到期已超过 1 天的贷款。",
        "No loan's first instalment fell due more than a day ago yet."),
    # 6 Vintage.
    "vintage.title": ("Vintage 账龄曲线", "Vintage"),
    "vintage.how": (
        "在当时日终逾期 30、60、90 天及以上的贷款的未还本金 ÷ 该批次的放款金额，均为同一币种（当前逾期，不是曾经逾期）。账上月"
        "数 = 该夜所在月 − 放款月。分母含已结清的贷款；各点取自已跑过的月末之夜与今晚。",
        "Outstanding principal of loans 30, 60 or 90 days late or more at the end of that day ÷ the amount disbursed in the "
        "cohort, both in one currency (currently late, not ever late). Months on book = month of the night less month of "
        "disbursement. Settled loans stay in the denominator; points come from the month-end nights that were run, and tonight."),
    "vintage.picture": ("逾期 {days} 天及以上 ÷ 放款金额，{currency}", "{days} days late or more ÷ disbursed, {currency}"),
    "vintage.desc": (
        "折线：横轴账上月数，纵轴逾期本金占放款金额的比率。",
        "Lines: months on book across, late principal over the amount disbursed up."),
    "vintage.x": ("账上月数", "months on book"),
    "vintage.by.months": ("每条线是一个放款月。", "One line per month of disbursement."),
    "vintage.by.latest": (
        "每条线是一个放款月，只画最近 {most} 个；其余见表。",
        "One line per month of disbursement, the latest {most} only; the table has the others."),
    "vintage.by.quarters": (
        "放款月多于 {most} 个，合并为季度，最多画最近 {most} 个季度；只画该季度各放款月都已见过的账上月数。",
        "More than {most} months, so they are joined to quarters, the latest {most} at most; a point is drawn only at an "
        "age at which every month of the quarter was seen."),
    "vintage.by.night": (
        "只有一夜，连不成各批次的曲线：这里画今晚不同账上月数的批次。跑过更早的月末之夜后，每个批次会有自己的曲线。",
        "One night alone makes no curve per cohort: these lines join tonight's cohorts by their age. Once earlier month-end "
        "nights are run, each cohort has its own curve."),
    "vintage.line": ("{days} 天及以上", "{days} days or more"),
    "vintage.night.picture": ("今晚各批次，{currency}", "Tonight's cohorts, {currency}"),
    "vintage.table": ("各放款月在 {as_of} 日终，{currency}", "Cohorts at the end of {as_of}, {currency}"),
    "vintage.cut": ("表只列最近 {months} 个放款月。", "The table lists the latest {months} months only."),
    "vintage.empty": ("还没有放款批次。", "There is no cohort yet."),
    # 7 Recovery.
    "recovery.title": ("催回率", "Recovery"),
    "recovery.how": (
        "催回率（金额）= 起点夜之后到今晚收到的还款（含其间新到期的）÷ 起点夜该档的已到期应还，可以超过 100%；回正率（笔数）= "
        "今晚不再逾期的贷款 ÷ 起点夜该档的贷款。起点夜未逾期的贷款不计。",
        "Recovery rate (money) = payments after the earlier night up to tonight (for what fell due since, too) ÷ what was due "
        "in the bucket at the earlier night; it can pass 100 %. Cure rate (loans) = loans no longer late tonight ÷ loans in "
        "the bucket then. Loans that were not late then are excluded."),
    "recovery.picture": ("每档的催回率与回正率", "Recovery and cure rate per bucket"),
    "recovery.desc": ("每档两条：按金额的催回率与按笔数的回正率。", "Two bars per bucket: recovery by money and cure by loans."),
    "recovery.table": ("催回，{currency}", "Recovery, {currency}"),
    # 8 Treatments and worklist.
    "worklist.title": ("处置与今晚名单", "Treatments and tonight's worklist"),
    "worklist.how": (
        "逾期借款人每人每币种一条：可主张金额为其全部逾期贷款之和，账龄、逾期天数、处置与理由取自处置最紧迫的那笔。单位：人与币"
        "种的主单位；占比的分母是同币种名单人数。没有逾期贷款的人不在名单上。",
        "One row per late borrower and currency: the claimable amount is the sum over all their late loans; bucket, days past "
        "due, treatment and reason are those of the loan with the most pressing treatment. Units: people, and major units of "
        "the currency; shares are of the people listed in the same currency. People without a late loan are not on it."),
    "worklist.picture": ("按处置的人数，{currency}", "People by treatment, {currency}"),
    "worklist.desc": (
        "每种处置一条，长度为人数，旁注可主张金额。",
        "One bar per treatment, as long as its number of people, with the claimable amount beside it."),
    "worklist.table": ("按处置，{currency}", "By treatment, {currency}"),
    "worklist.first": ("名单前 {shown} 行，共 {total} 行", "First {shown} of {total} rows"),
    "worklist.order": ("排序：{order}", "Order: {order}"),
    "worklist.empty": ("今晚名单为空：没有人需要处理。", "Tonight's worklist is empty: nobody needs attention."),
    # 9 Look first.
    "worklist.review": ("（须人工放行）", " (a person releases it)"), "worklist.warn": ("（须写明理由）", " (with a reason)"),
    "gate.title": ("合规闸门", "The gate"),
    "gate.how": (
        "每条拟议的联系都按上述时刻过一遍规则（lender.yaml 的 contact_at）；被拒的不进名单，留在 gate.parquet。时段、录音和上门人数在真正联系时再判一次。"
        "同一联系可同时触及多条规则，各行不可相加。规则全文：arrears law show 规则编号。",
        "Every proposed contact is judged by the rules as if it were made at the moment above (contact_at of lender.yaml); refused ones "
        "do not reach the worklist and are kept in gate.parquet. Hours, recording and the staff of a visit are judged again when the contact is made. "
        "One contact may touch several rules, so the rows do not add up. A rule in full: arrears law show RULE."),
    "gate.people": (
        "规则包 {pack}，按 {moment} 联系判断：拒绝 {deny} 人（{loans} 笔），须人工放行 {review} 人，须写明理由 {warn} 人。",
        "Pack {pack}, as if contacted at {moment}: {deny} people refused ({loans} loans), {review} to be released by a person, {warn} only with a reason."),
    "gate.no_lender": (
        "账册旁没有 lender.yaml，不知道放贷机构的牌照与产品，规则包是否覆盖无从判断：{loans} 笔联系须逐一人工放行。请写 lender.yaml（见 docs/guides/law.md）。",
        "There is no lender.yaml beside the book, so nobody knows the lender's licence and products, nor whether the pack covers them: a person "
        "releases each of {loans} contacts. Write lender.yaml (docs/guides/law.md)."),
    "gate.uncovered": ("规则包未覆盖该牌照、产品或日期：{loans} 笔须人工放行。", "The pack does not cover the licence, product or day: {loans} loans to be released by a person."),
    "gate.other_product": (
        "lender.yaml 未列出的产品按 {other} 处理：{products}。若不对，请写进 products。",
        "Products that lender.yaml does not name count as {other}: {products}. Where that is wrong, name them under products."),
    "gate.refused": ("被拒的贷款，金额大者在前，{shown} / {total} 笔；全部见 gate.parquet", "Refused loans, the largest claims first, {shown} of {total}; all are in gate.parquet"),
    "gate.silent": ("没有规则对今晚的联系提出意见。", "No rule speaks of tonight's contacts."),
    "gate.table": ("按规则，最严的在前", "By rule, the strictest first"),
    "col.gate_rule": ("规则内容", "What it says"), "col.verdict": ("裁定", "Verdict"), "col.gate_source": ("来源", "Source"),
    "verdict.deny": ("拒绝", "refused"), "verdict.review": ("须人工放行", "a person releases it"), "verdict.warn": ("须写明理由", "with a reason"),
    "gate_source.operator_policy": ("机构自有政策", "the lender's own policy"),
    "verdict.allow": ("告知", "told"),
    "impact.title": ("法规变更预演", "Preview of a change of law"),
    "impact.hypothetical": ("假设的规则包，不是法律：{said}", "A hypothetical pack, not law: {said}"),
    "impact.same_version": ("{pack}（版本号相同，内容不同）", "{pack} (of the same version, with other text)"),
    "impact.of": ("现行 {before} → 拟变更 {after}", "from {before} to {after}"),
    "impact.foot": ("规则包摘要：{before} → {after}", "Digests of the packs: {before} → {after}"),
    "impact_money.title": ("可主张金额", "What may be demanded"),
    "impact_money.how": (
        "同一账册、同一业务日，按两个规则包各算一次；差额 = 变更后 − 变更前。已付超限：已付息费超出上限的部分。上限未知的贷款只可主张本金。逐笔见 loans.parquet。",
        "The same book and business date, decided under both packs; difference = after − before. Overpaid: charges paid beyond the cap. "
        "Where the cap is unknown, only principal may be demanded. Loan by loan: loans.parquet."),
    "impact_contacts.title": ("拟议的联系", "Proposed contacts"),
    "impact_contacts.how": (
        "每条拟议的联系按两个规则包各判一次；可主张金额改变时策略也可能改选处置。其他变化：处置、裁定或所依规则变了，但既非新被拒，也非新放行。逐笔见 contacts.parquet。",
        "Every proposed contact is judged under both packs; where the claimable sum changes, the strategy may choose another treatment. "
        "Judged otherwise: the treatment, verdict or rules differ, yet it is neither newly refused nor released. Loan by loan: contacts.parquet."),
    "impact.people": (
        "{loans} 笔贷款、{people} 人受影响：可主张金额、已付超限金额，或上限是否已知有变。",
        "{loans} loans of {people} people are affected: what may be demanded, what was overpaid, or whether the cap is known changes."),
    "impact.no_loans": (
        "没有贷款受影响：可主张金额、已付超限金额、上限是否已知均无变化。",
        "No loan changes: neither what may be demanded, nor what was overpaid, nor whether the cap is known."),
    "impact.money": ("按适用规则", "By regime"), "impact.rules": ("按规则", "By rule"),
    "impact.judged": (
        "新被拒 {refused} 笔，新放行 {released} 笔，其他变化 {otherwise} 笔；{treatments} 笔的处置改变。",
        "{refused} loans newly refused, {released} released, {otherwise} judged otherwise; the treatment of {treatments} changes."),
    "impact.no_rules": ("没有联系因此新被拒或新放行。", "No contact is newly refused or released."),
    "impact.refused": ("新被拒", "newly refused"), "impact.released": ("新放行", "released"),
    "col.changed": ("可主张改变（笔）", "Claimable changes"), "col.before": ("变更前", "Before"), "col.after": ("变更后", "After"),
    "col.difference": ("差额", "Difference"), "col.overpaid_more": ("已付超限增加（笔）", "More overpaid"), "col.unknown_caps": ("上限未知（笔）", "Cap unknown"),
    "col.loan_id": ("贷款", "Loan"), "col.becomes": ("结果", "What becomes of it"),
    "look.title": ("先看什么", "What to look at first"),
    "look.how": (
        "各项按笔数计。上限未知的贷款只可主张本金；多付费用的贷款先由人核查再主张；停催的贷款不联系。各项可能重叠，不相加。",
        "Counted in loans. Where the cap is unknown only principal may be demanded; where charges were overpaid a person looks "
        "before anything is demanded; loans on hold are not contacted. The items may overlap and are not added."),
    "look.cap": ("法定上限未知，只可主张本金：{n} 笔。", "Legal cap unknown, so only principal may be demanded: {n} loans."),
    "look.cap.none": (
        "每笔贷款的法定上限都已知，或依法没有上限。",
        "The legal cap is known for every loan, or the law sets none."),
    "look.cap.table": ("上限未知的原因", "Why the cap is unknown"),
    "look.overpaid": (
        "已付费用超过法定上限，先由人核查：{n} 笔。",
        "Charges already paid exceed the legal cap; a person looks first: {n} loans."),
    "look.overpaid.none": ("没有贷款多付了费用。", "No loan has overpaid charges."),
    "look.held": ("停催中：{n} 笔。", "On hold: {n} loans."), "look.held.none": ("没有停催的贷款。", "No loan is on hold."),
    "look.unallocated": ("收到但尚未入账到任何一期的款项：{money}。", "Money received that settles no instalment yet: {money}."),
    "look.unallocated.none": ("没有未分配的款项（{currency}）。", "No unallocated money ({currency})."),
    # 10 Provenance.
    "source.title": ("这些数字从哪里来", "Where these numbers come from"),
    "source.how": (
        "同样的账册、业务日、登记截止时刻、策略、法规与放贷机构，得到逐字节相同的结果；摘要不同，就是输入不同。",
        "The same book, business date, recording cut-off, strategy, law and lender give the same bytes; a different digest means a "
        "different input."),
    "source.table": ("来源", "Sources"), "source.as_of": ("业务日", "Business date"),
    "source.known_at": ("登记截止", "Recorded by"), "source.book": ("账册", "Book"),
    "source.snapshot": ("账册快照", "Snapshot of the book"), "source.version": ("程序版本", "Code version"),
    "source.strategy": ("策略", "Strategy"), "source.approve": ("{id} {version}：第 {number} 号，{by} 批准，自 {from} 起", "{id} {version}: number {number}, approved by {by}, from {from}"),
    "source.rollback": ("{id} {version}：第 {number} 号，由 {by} 恢复，自 {from} 起", "{id} {version}: number {number}, brought back by {by}, from {from}"),
    "source.strategy_digest": ("策略摘要", "Strategy digest"), "source.law_digest": ("法规与放贷机构摘要", "Digest of law and lender"),
    "source.earlier": ("可比较的更早的夜", "Earlier nights compared"),
    "source.explain": ("逐步解释一笔贷款的数字（在账册所在的文件夹里运行）：", "Explain one loan's figures step by step (run in the folder that holds the book):"),
    "source.replay": ("重算这一夜并逐字节核对（同上）：", "Compute this night again and compare byte by byte (likewise):"),
    "page.foot": (
        "本页自成一体，不访问网络；编号照账册所列。",
        "This page is self-contained and asks the network for nothing; ids are as in the book."),
}

speak(WORDS)
