"""The night's summary as lines for a terminal, in Chinese or English."""

from pathlib import Path

from arrears.money import in_major_units

_WORDS = {
    "zh": {
        "night": "{as_of} 夜批（截至 {known_at} 的记录）", "loans": "贷款 {loans:,} 笔，借款人 {borrowers:,} 人；逾期 {late_loans:,} 笔",
        "money": "{currency}：未还本金 {outstanding}，已到期未付 {due}，可主张 {claimable}，依法不得主张 {excess}",
        "work": "今夜名单 {worklist_rows:,} 人次：{treatments}", "unknown": "{loans:,} 笔上限不明（{regime}）：{reason}，只主张本金",
        "overpaid": "{overpaid_loans:,} 笔（含未逾期）已付息费超过上限，先由人核查", "held": "{held_loans:,} 笔逾期贷款处于停催",
        "gate": "闸门（规则包 {pack}）：拒绝 {deny:,} 人，须人工放行 {review:,} 人，须写明理由 {warn:,} 人",
        "other_product": "lender.yaml 未列出的产品按 {other} 处理：{products}",
        "no_lender": "账册旁没有 lender.yaml，牌照与产品不明，联系须逐一人工放行（见 docs/guides/law.md）",
        "no_models": "没有已发布的模型：名单按写明的规则排序", "none_usable": "没有可用于本夜的已发布模型：名单按写明的规则排序", "at_approval": "仅用于申请时", "more_alerts": "  另有 {count:,} 项见报告",
        "models": "评分：{models}；名单{order}",
        "by_rules": "按写明的规则排序", "by_expected": "按模型预计 30 天内收回的金额排序", "alerts": "模型警报 {alert:,} 项，关注 {watch:,} 项",
        "unused": "已发布但未用于本夜的模型：{models}", "of_a_file": "由文件拟合", "of_later_days": "所用数据晚于本夜",
        "choice": "选择：{limits:,} 条由限额在几种之中选定，{waiting:,} 条等候{scarce}", "scarce": "；多一小时{limit}至多带来 {price}", "saved": "克制：{people:,} 条因预计会自行还款而不打扰，至多省去 {contacts:,} 次联系、{minutes:,} 分钟",
        "yielded": "最低服务暂未要求：{why}", "cases": "案件：{held:,} 人有人持有，今晚变动 {moved:,}；{unassigned:,} 人需要专人而无人可派", "experiment": "实验 {name}：{arms}",
        "strategy": "策略 {id} 版本 {version}{approved}", "approve": "（第 {number} 号，{by} 批准，自 {from} 起）", "rollback": "（第 {number} 号，由 {by} 恢复，自 {from} 起）", "no_roster": "没有 roster.yaml：案件未分配到人，人员工时不设限",
        "report": "报告：{path}",
    },
    "en": {
        "night": "Night of {as_of} (rows recorded by {known_at})",
        "loans": "{loans:,} loans of {borrowers:,} borrowers; {late_loans:,} are late",
        "money": "{currency}: outstanding principal {outstanding}, due {due}, may be demanded {claimable}, withheld by law {excess}",
        "work": "Worklist: {worklist_rows:,} entries: {treatments}",
        "unknown": "{loans:,} loans whose cap is unknown ({regime}): {reason}; only principal is demanded",
        "overpaid": "{overpaid_loans:,} loans, late or not, on which charges beyond the cap were paid; a person looks first",
        "held": "{held_loans:,} late loans are on hold",
        "gate": "The gate (pack {pack}): {deny:,} people refused, {review:,} to be released by a person, {warn:,} only with a reason",
        "other_product": "Products that lender.yaml does not name count as {other}: {products}",
        "no_lender": "There is no lender.yaml beside the book, so licence and products are unknown and a person releases each contact (docs/guides/law.md)",
        "no_models": "No model is released: the worklist is in the stated rule order",
        "none_usable": "No released model speaks of this night: the worklist is in the stated rule order", "at_approval": "asked at approval only", "more_alerts": "  and {count:,} more in the report",
        "models": "Scores: {models}; the worklist is {order}",
        "by_rules": "in the stated rule order", "by_expected": "ordered by the amount expected within 30 days", "alerts": "Alerts of the models: {alert:,}; to watch: {watch:,}",
        "unused": "Released but not used for this night: {models}", "of_a_file": "fitted on a file", "of_later_days": "fitted on later days",
        "choice": "The choice: limits chose among several for {limits:,} entries, {waiting:,} wait{scarce}", "scarce": "; one hour more of {limit} would bring at most {price}",
        "saved": "Restraint: {people:,} entries expected to pay by themselves are left alone; at most {contacts:,} contacts and {minutes:,} minutes saved",
        "yielded": "A least service is set aside: {why}", "cases": "Cases: {held:,} people's have a holder, {moved:,} moved tonight; {unassigned:,} need somebody and nobody is free or able", "experiment": "Experiment {name}: {arms}",
        "strategy": "Strategy {id}, version {version}{approved}", "approve": " (number {number}, approved by {by}, from {from})", "rollback": " (number {number}, brought back by {by}, from {from})", "no_roster": "No roster.yaml: no case was given to anybody, and people's minutes are not limited",
        "report": "Report: {path}",
    },
}


def summary_lines(summary: dict, folder: Path, lang: str) -> list[str]:
    """What a user reads when the night is done."""
    words = _WORDS[lang]
    lines = [words["night"].format(**summary), "  " + words["loans"].format(**summary)]
    for currency, sums in summary["currencies"].items():
        lines.append("  " + words["money"].format(
            currency=currency, outstanding=in_major_units(sums["outstanding_principal_minor"], currency),
            due=in_major_units(sums["due_total_minor"], currency), claimable=in_major_units(sums["claimable_minor"], currency),
            excess=in_major_units(sums["excess_minor"], currency),
        ))
    labels = summary["treatment_words"]
    treatments = ", ".join(f"{labels[name][lang]} {count:,}" for name, count in summary["treatments"].items())
    lines.append("  " + words["work"].format(worklist_rows=summary["worklist_rows"], treatments=treatments or "0"))
    lines.append("  " + words["gate"].format(pack=summary["gate"]["pack"], **summary["gate"]["people"]))
    if not summary["gate"]["lender_is_known"]:
        lines.append("  " + words["no_lender"])
    if summary["gate"]["by_other_product"]:
        lines.append("  " + words["other_product"].format(products=", ".join(summary["gate"]["by_other_product"]), other=summary["gate"]["other_product"]))
    lines += [f"  {line}" for line in (*_choice_lines(summary, words, lang), *_score_lines(summary["scores"], words, lang))]
    for entry in summary["cap_unknown"]:
        lines.append("  " + words["unknown"].format(**entry, reason=entry[f"reason_{lang}"]))
    for key in ("overpaid", "held"):
        if summary[f"{key}_loans"]:
            lines.append("  " + words[key].format(**summary))
    return [*lines, words["report"].format(path=folder / "report.html")]


def _choice_lines(summary: dict, words: dict[str, str], lang: str) -> list[str]:
    """By which strategy, what the limits chose and which is the scarcest, what restraint saved, experiments, and the cases."""
    told, choice, place = summary["strategy"], summary["choice"], ("en", "zh").index(lang)
    approved = words[told["action"]].format(**told) if "number" in told else ""
    scarcest = max((limit for limit in choice["limits"] if limit["hour_minor"]), key=lambda limit: limit["hour_minor"], default=None)
    scarce = "" if scarcest is None else words["scarce"].format(limit=scarcest[lang], price=in_major_units(scarcest["hour_minor"], scarcest["currency"]))
    lines = [words["strategy"].format(approved=approved, **told), words["choice"].format(limits=choice["by_limits"], waiting=choice["waiting"], scarce=scarce)]
    lines += [words["saved"].format(**choice["saved"])] if choice["saved"]["people"] else []
    lines += [words["yielded"].format(why=why[place]) for why in choice["yielded"]]
    for one in summary["experiments"]:
        lines.append(words["experiment"].format(name=one[lang], arms=", ".join(f"{arm['name']} {arm['people']:,}" for arm in one["arms"])))
    return [*lines, words["cases"].format(**summary["allocation"]) if summary["allocation"] else words["no_roster"]]


def _score_lines(scores: dict, words: dict[str, str], lang: str) -> list[str]:
    """Which models were used, the order they gave, and the first alerts."""
    comma = "、" if lang == "zh" else ", "
    if scores["models"]:
        named = comma.join(f"{model['model']} {model['version']}" for model in scores["models"])
        lines = [words["models"].format(models=named, order=words[f"by_{scores['ordered_by']}"])]
    else:
        lines = [words["none_usable" if scores["unused"] else "no_models"]]
    if scores["unused"]:
        mark = "（{}）" if lang == "zh" else " ({})"
        lines.append(words["unused"].format(models=comma.join(name + mark.format(words[why]) for name, why in scores["unused"].items())))
    if scores["alerts"]:
        levels = [alert["level"] for alert in scores["alerts"]]
        lines.append(words["alerts"].format(alert=levels.count("alert"), watch=levels.count("watch")))
        lines += [f"  {alert[lang]}" for alert in scores["alerts"][:_ALERTS_SHOWN]]
        if len(levels) > _ALERTS_SHOWN:
            lines.append(words["more_alerts"].format(count=len(levels) - _ALERTS_SHOWN))
    return lines


_ALERTS_SHOWN = 3
