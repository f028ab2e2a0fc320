"""Every sentence and label of a model's card, in Chinese and in English; the pages know them once this is imported."""

from arrears.pages.wording import Pair, named, speak, words

__all__ = ["WORDS", "Pair", "named", "words"]

WORDS: dict[str, Pair] = {
    "card.title": ("模型卡", "Model card"), "card.of": ("{model} · 版本 {version}", "{model} · version {version}"),
    "card.known": ("数据截至 {as_of}，以 {known_at} 前登记的为准", "data as of {as_of}, counting what was recorded by {known_at}"),
    "card.foot": (
        "本页自成一体，不访问网络；受保护属性（性别、年龄、地区）从不作为模型输入，只用于公平性报告。",
        "This page is self-contained and asks the network for nothing. Protected attributes (sex, age, region) are never inputs of the model; they serve the fairness report alone."),
    "card.kind.scorecard": ("评分卡", "scorecard"), "card.kind.boosted": ("提升树", "boosted trees"),
    "card.family.application": ("申请（A 卡）", "application (A card)"), "card.family.behaviour": ("行为 / 预警（B 卡）", "behaviour (B card)"),
    "card.family.collection": ("催收（C 卡）", "collection (C card)"), "card.family.contact": ("联系", "contact"), "card.family.loss": ("损失（LGD）", "loss (LGD)"),
    "card.tile.auc": ("AUC（检验行）", "AUC (test rows)"), "card.tile.ks": ("KS（检验行）", "KS (test rows)"), "card.tile.ece": ("校准误差 ECE", "Calibration error ECE"),
    "card.tile.rate": ("事件率", "Event rate"), "card.tile.rate.share": ("平均比例", "Mean share"),
    "card.tile.interval": ("95% 区间 {low} 至 {high}", "95 % interval {low} to {high}"), "card.tile.none": ("没有区间：行数太少", "no interval: too few rows"),
    "card.tile.rows": ("{events} 个事件 / {rows} 行", "{events} events in {rows} rows"), "card.tile.rows.share": ("{rows} 行", "{rows} rows"),
    "card.tile.r2": ("R²（检验行）", "R² (test rows)"), "card.tile.spearman": ("Spearman 秩相关", "Spearman's rank correlation"), "card.tile.mae": ("平均绝对误差", "Mean absolute error"),
    # What it says.
    "card_says.title": ("模型说什么", "What the model says"),
    "card_says.how": (
        "事件与观察期由定义给出；特征只取数据截止时已登记的记录；检验行不参与训练、选择与校准。",
        "The event and its horizon are as defined; features read only what was recorded by the cut-off; test rows take no part in fitting, choosing or calibrating."),
    "card_says.event": ("估计的是：{event}。", "It estimates: {event}."),
    "card_says.horizon": ("观察期 {days} 天。", "Horizon: {days} days."),
    "card_says.bad": ("估计越高，对放贷机构越不利。", "A higher estimate is worse for the lender."),
    "card_says.good": ("估计越高，对放贷机构越有利。", "A higher estimate is better for the lender."),
    "card_says.points": ("分数越高，对放贷机构越有利。", "More points are better for the lender."),
    "card_says.out_of_time.share": (
        "跨时间检验：训练 {train} 行，之后（{start} 至 {end}）的 {test} 行用来检验。",
        "Out-of-time validation: fitted on {train} rows, tested on the {test} later ones ({start} to {end})."),
    "card_says.random.share": (
        "随机检验（数据没有时间或由人指定）：训练 {train} 行，检验 {test} 行，种子 {seed}。未来的表现可能更差。",
        "Random split (the data has no time, or a person asked for it): fitted on {train} rows, tested on {test}, seed {seed}. Later rows may fare worse."),
    "card_says.base_rate.share": ("平均比例", "Mean share"), "card.events.share": ("比例之和", "Sum of shares"), "card.rate.share": ("平均比例", "Mean share"),
    "card.events_so_far.share": ("累计比例", "Shares so far"),
    "card_says.out_of_time": (
        "跨时间检验：训练 {train} 行，之后（{start} 至 {end}）的 {test} 行、{events} 个事件用来检验。",
        "Out-of-time validation: fitted on {train} rows, tested on the {test} later ones ({start} to {end}) with {events} events."),
    "card_says.random": (
        "随机检验（数据没有时间或由人指定）：训练 {train} 行，检验 {test} 行、{events} 个事件，种子 {seed}。未来的表现可能更差。",
        "Random split (the data has no time, or a person asked for it): fitted on {train} rows, tested on {test} with {events} events, seed {seed}. Later rows may fare worse."),
    "card_says.data": ("数据", "Data"), "card_says.left_out": ("未使用的列及原因", "Columns left out, and why"),
    "card_says.from": ("来源", "Source"), "card_says.digest": ("数据摘要", "Digest of the data"), "card_says.rows": ("行数", "Rows"),
    "card_says.events": ("事件数", "Events"), "card_says.base_rate": ("事件率", "Event rate"), "card_says.span": ("起止", "From, to"),
    "card_says.family": ("模型族", "Family"), "card_says.kind": ("形式", "Kind"),
    "card.column": ("列", "Column"), "card.why": ("原因", "Why"),
    # Figures.
    "card_figures.title": ("衡量", "Figures"),
    "card_figures.how": (
        "方括号内是 95% 区间。AUC：DeLong 1988；KS 与 ECE：自助法（减去偏差）；Brier 与对数损失：正态。校准 p：若估计完全准确，出现同样大或更大 ECE 的概率（从估计本身抽取结果模拟）；p < 0.05 时称与完全准确可区分。比例：R² 用自助法，Spearman 按 Bonett & Wright 2000，覆盖率按 Wilson，其余正态。",
        "Intervals at 95 % in brackets. AUC: DeLong 1988; KS and ECE: bootstrap, less its bias; Brier and log loss: normal. Calibration p: how likely an ECE as great is were the estimates perfect "
        "(outcomes drawn from the estimates themselves); below 0.05 they are told from perfect ones. Of shares: R² by bootstrap, Spearman after Bonett & Wright 2000, coverage after Wilson, the rest normal."),
    "card_figures.table": ("训练行与检验行", "Fitting rows and test rows"), "card.figure": ("指标", "Figure"), "card.train": ("训练", "Fitting"), "card.test": ("检验", "Test"),
    "metric.auc": ("AUC", "AUC"), "metric.gini": ("Gini", "Gini"), "metric.ks": ("KS", "KS"), "metric.brier": ("Brier 分数", "Brier score"), "metric.log_loss": ("对数损失", "Log loss"),
    "metric.ece": ("校准误差 ECE", "Calibration error ECE"), "metric.ece_when_perfect": ("完全准确时通常的 ECE", "Usual ECE were it perfect"),
    "metric.calibration_p": ("校准 p", "Calibration p"), "metric.spiegelhalter_p": ("Spiegelhalter p", "Spiegelhalter p"), "metric.r2": ("R²", "R²"), "metric.mae": ("平均绝对误差", "Mean absolute error"),
    "metric.spearman": ("Spearman 秩相关", "Spearman's rank correlation"), "metric.coverage": ("区间覆盖率", "Coverage of the interval"), "metric.mean_gap": ("平均估计 − 平均实际", "Mean estimate less mean outcome"),
    # Calibration.
    "card_calibration.title": ("估计与实际", "Estimates against outcomes"),
    "card_calibration.how": (
        "检验行按估计分成行数大致相同的段；点是该段的实际比率，竖线是其 95% 区间（Wilson 1927；比例为正态）。点在虚线上：说 20% 的，真有 20%。",
        "Test rows in bands of about equal size by estimate; a dot is the band's observed rate, the bar its 95 % interval (Wilson 1927; of shares normal). Dots on the dashed line: of those said to be at 20 %, 20 % were."),
    "card_calibration.picture": ("各段的平均估计与实际比率", "Mean estimate and observed rate by band"),
    "card_calibration.desc": ("散点图：横轴平均估计，纵轴实际比率，虚线为两者相等。", "Dots: mean estimate across, observed rate up; on the dashed line both are equal."),
    "card_calibration.table": ("按段", "By band"), "card_calibration.x": ("平均估计", "mean estimate"), "card_calibration.y": ("实际比率", "observed rate"),
    "card_calibration.good": ("在 95% 水平上，与完全准确的估计无法区分（p = {p}）。", "At 95 % the estimates cannot be told from perfect ones (p = {p})."),
    "card_calibration.bad": ("在 95% 水平上，可与完全准确的估计区分（p = {p}）：请看各段偏向哪边。", "At 95 % the estimates are told from perfect ones (p = {p}): see to which side the bands lean."),
    "card.undefined": ("检验行里没有足够的两类结果，这一部分无法给出。", "The test rows do not hold enough of both outcomes; this part cannot be given."),
    # Ranking.
    "card_ranking.title": ("区分能力", "How well it ranks"),
    "card_ranking.how": (
        "ROC：把估计从高到低逐一划线，误报率与命中率的轨迹；越靠左上越好，虚线为瞎猜。分布：事件与非事件各自的行按估计所占份额。",
        "ROC: false and true positive rates as the cut goes from the highest estimate down; the nearer the upper left the better, dashed is guessing. Distribution: each class's share of rows by estimate."),
    "card_ranking.roc": ("ROC 曲线", "ROC curve"), "card_ranking.roc.desc": ("曲线：横轴误报率，纵轴命中率。", "Curve: false positive rate across, true positive rate up."),
    "card_ranking.x": ("误报率", "false positive rate"), "card_ranking.y": ("命中率", "true positive rate"),
    "card_ranking.spread": ("估计的分布，按结果", "Distribution of estimates by outcome"), "card_ranking.spread.desc": ("柱：各估计区间内，占全部事件与占其他行的份额。", "Bars: per cell of estimates, the share of all events and of all others."),
    "card_ranking.estimate": ("估计", "estimate"), "card_ranking.share": ("占该类", "share of the class"), "card.events": ("事件", "Events"), "card.others": ("其他", "Others"),
    # Bands.
    "card_bands.title": ("分段", "Bands"),
    "card_bands.how": ("检验行，从对机构最不利的段到最有利的段；累计从第 1 段起。", "Test rows, from the band worst for the lender to the best; so far: from band 1 on."),
    "card_bands.table": ("各段的行数、事件率与累计", "Rows, event rate and running totals by band"), "card.points": ("分数", "Points"), "card.estimate": ("估计", "Estimate"),
    "card.rate": ("事件率", "Event rate"), "card.rows_so_far": ("累计行", "Rows so far"), "card.events_so_far": ("累计事件", "Events so far"),
    # Features.
    "card_features.title": ("模型怎么算", "What it reads and how it counts"),
    "card_features.how": (
        "强度：评分卡为信息值 IV，提升树为增益占比。方向：↑ 值越大事件越可能，↓ 相反，空白为不限。WoE 与分数按箱。典型值用于说明理由：把某特征移到典型值，分数会改善的，才列为理由。",
        "Strength: information value of a scorecard, share of gain of trees. Direction: ↑ a higher value makes the event likelier, ↓ less likely, blank: free. WoE and points by bin. The typical value serves reasons: a feature is a reason where moving it there improves the score."),
    "card_features.table": ("特征", "Features"), "card_features.bins": ("{name}", "{name}"), "card_features.none": ("没有特征的明细。", "There is no detail of features."),
    "card.feature": ("特征", "Feature"), "card.unit": ("单位", "Unit"), "card.formula": ("算法", "Formula"), "card.monotone": ("方向", "Direction"), "card.typical": ("典型值", "Typical"),
    "card.strength": ("强度", "Strength"), "card.missing": ("缺失", "Missing"), "card.csi": ("CSI", "CSI"), "card.bin": ("箱", "Bin"), "card.woe": ("WoE", "WoE"), "card.rows": ("行数", "Rows"),
    "card.share": ("占比", "Share"),
    # Stability.
    "card_stability.title": ("稳定性", "Stability"),
    "card_stability.how": ("PSI / CSI = Σ (q − p) ln(q / p)，参照为训练行；0.1 起关注，0.25 起警报（Siddiqi 2006）；行数太少时，变化须超出偶然才算。", "PSI / CSI = Σ (q − p) ln(q / p) against the fitting rows; watch from 0.1, alert from 0.25 (Siddiqi 2006), and only where chance would not make as much of so few rows."),
    "card_stability.psi": ("估计的 PSI 为 {psi}（训练 {then} 行，检验 {now} 行）。", "PSI of the estimates is {psi} (fitting {then} rows, test {now} rows)."),
    "card_stability.level": ("判定：{level}。", "Level: {level}."),
    "card_stability.none": ("没有可比较的行。", "There are no rows to compare."),
    # Fairness.
    "card_fairness.title": ("公平性", "Fairness"),
    "card_fairness.how": (
        "入选 = {selected}。命中率：该组事件中入选的比例；误报率：该组其他行中入选的比例。与最高组之比低于 0.8 为警报（四五法则，美国 29 CFR 1607.4(D)），其余界限为本平台所定；不足 100 行的组只列出，不判定。",
        "Selected = {selected}. True positive: of the group's events, the share selected; false positive: of its other rows. Below 0.8 of the highest group is an alert (four-fifths rule, US 29 CFR 1607.4(D)); the other limits are our choice. Groups under 100 rows are shown and not judged."),
    "card_fairness.table": ("按性别、年龄段与地区", "By sex, age band and region"), "card_fairness.selected": ("落入最不利的一段", "in the band worst for the lender"),
    "card_fairness.none": ("数据里没有性别、年龄段或地区，无法检查。这不等于公平。", "The data has no sex, age band or region, so this cannot be checked. That does not mean it is fair."),
    # Stress.
    "card_stress.title": ("下行情景", "Under a downturn"),
    "card_stress.how": ("情景是本平台的假设，不是预测：把特征与事件赔率按所列移动后重新估计。", "Scenarios are assumptions of ours, no forecasts: features and the odds of the event are moved as listed and the rows estimated again."),
    "card_stress.table": ("各情景", "Scenarios"), "card.scenario": ("情景", "Scenario"), "card.assumes": ("假设", "Assumes"), "card.odds": ("不利赔率 ×", "Bad odds ×"),
    "card.mean_estimate": ("平均估计", "Mean estimate"), "card.worst_share": ("最不利段占比", "In the worst band"), "card.expected": ("预期事件", "Expected events"), "card.moved": ("移动的特征", "Features moved"),
    "card_stress.none": ("没有做过下行情景。", "No downturn was computed."),
    # Later and challenger.
    "card_later.title": ("各段后来的表现", "How the bands behaved later"),
    "card_later.how": (
        "各段贷款（按申请时的估计，从最差到最好）现在的情况；“逾期 30 天以上”为现在的占比，方括号为 Wilson 95% 区间。30 天前逾期的贷款中，有多少已恢复正常、当时到期欠款收回了多少。",
        "The loans of each band (by the estimate at approval, the worst first) as they are now: the share at least 30 days late, with Wilson's 95 % interval; and of the loans late 30 "
        "days before, how many are current again and how much of what was due then was paid since."),
    "card_later.late30": ("现逾期 30 天以上", "30 days late or more now"), "card_later.late_then": ("30 天前逾期", "Late 30 days before"),
    "card_later.cured": ("其中已恢复", "Of these current again"), "card_later.collected": ("其中已收回", "Of what was due, paid"),
    "card_later.table": ("后来的结果", "Later outcomes"), "card_later.none": ("尚未跟踪：运行 arrears score card application --as-of 日期。", "Not followed yet: run arrears score card application --as-of DATE."), "card.night": ("业务日", "Business date"),
    "card_challenger.title": ("挑战者", "Challenger"),
    "card_challenger.how": ("同样的行、成对的差异（挑战者 − 现任）及 95% 区间；AUC 越大越好，Brier 与对数损失越小越好。", "The same rows, paired differences (challenger less champion) with 95 % intervals; of the AUC more is better, of Brier and log loss less."),
    "card_challenger.table": ("{challenger} 对 {champion}，{rows} 行", "{challenger} against {champion}, {rows} rows"), "card.difference": ("差异", "Difference"), "card.p": ("p", "p"),
    "card_challenger.none": ("没有挑战者。", "There is no challenger."),
    # Limits and source.
    "card_limits.title": ("局限", "Limits"), "card_limits.how": ("使用者须知；不随数字消失。", "What a user must know; no figure makes it go away."),
    "card_limits.none": ("未写明局限；发布前应由人补写。", "No limits are stated; a person should write them before release."),
    "card_source.title": ("版本", "Versions"), "card_source.how": ("同样的数据、版本与种子，得到同样的模型；摘要不同，就是模型不同。", "The same data, versions and seed give the same model; a different digest is a different model."),
    "card_source.table": ("来源与版本", "Sources and versions"), "card_source.digest": ("模型摘要", "Digest of the model"), "card_source.model": ("模型", "Model"),
    "card_source.version": ("版本", "Version"), "card_source.seed": ("种子", "Seed"), "card.key": ("项目", "Item"),
}

speak(WORDS)
