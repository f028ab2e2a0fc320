"""The part of the report about scores: which models were used, alerts first, how the scores lie, what became of earlier ones."""

from collections.abc import Mapping, Sequence

from arrears.nightly.wording import Pair, words
from arrears.pages.amounts import chance, count, figure, rate, rate_with_interval, with_interval
from arrears.pages.markup import CODE, NUMBER, PROSE, TEXT, Cell, beside, both, empty, paragraph, say, table
from arrears.pages.markup import figure as drawn
from arrears.pages.pictures import ACCENT, SETTLED_FILL, Strip, bars, fills_key
from arrears.pages.plots import Dot, against_diagonal
from arrears.pages.score_tables import calibration_table, fairness_table, level_words
from arrears.pages.wording import speak

_CSI_SHOWN = 10
_DIGEST_SHOWN = 12

WORDS: dict[str, Pair] = {
    "scores.title": ("评分与监测", "Scores and their watch"),
    "scores.how": (
        "只用已发布的模型。PSI / CSI 以训练行为参照，0.1 起关注，0.25 起警报（Siddiqi 2006），且须超出偶然；不足 100 行不判定。到期结果：过去某夜的估计与其后的实际，方括号为 95% 区间"
        "（AUC：DeLong；KS：自助法；比率：Wilson）。性别、年龄段、地区只用于公平性，从不作为输入。",
        "Only released models are used. PSI / CSI are against the fitting rows: watch from 0.1, alert from 0.25 (Siddiqi 2006), and only beyond chance; under 100 rows nothing is judged. "
        "Matured outcomes: what was estimated on an earlier night and what came of it, 95 % intervals in brackets (AUC: DeLong; KS: bootstrap; rates: Wilson). Sex, age band and region serve fairness alone and are never inputs."),
    "scores.none": (
        "今晚没有已发布的模型，所以没有评分；名单按写明的规则排序。拟合并发布一个模型：",
        "No model is released, so there are no scores tonight; the worklist is in the stated rule order. Fit and release one:"),
    "scores.by_rules": ("名单按写明的规则排序，没有用评分。", "The worklist is in the stated rule order; scores did not order it."),
    "scores.by_expected": ("名单按预期收回金额排序。", "The worklist is ordered by the amount expected to be recovered."),
    "scores.alerts": ("警报与关注：{alerts} 项警报，{watches} 项关注。", "Alerts: {alerts}; to watch: {watches}."), "scores.calm": ("没有警报，也没有须关注的变化。", "No alert, and no change to watch."),
    "scores.models": ("今晚所用的模型", "Models used tonight"), "scores.model": ("模型", "Model"), "scores.what": ("估计什么", "What it estimates"), "scores.version": ("版本", "Version"),
    "scores.released": ("发布日", "Released"), "scores.card": ("模型卡摘要", "Digest of the card"), "scores.psi": ("PSI", "PSI"),
    "scores.spread": ("{name}：今晚与训练时的分布", "{name}: tonight beside the fitting rows"), "scores.spread.desc": ("每段两条：今晚占比与训练时占比。", "Two bars per band: the share tonight and the share when fitted."),
    "scores.now": ("今晚", "tonight"), "scores.then": ("训练时", "when fitted"),
    "scores.csi.table": ("{name}：特征的变化，最大的在前，{shown} / {total} 项", "{name}: features by change, the greatest first, {shown} of {total}"), "scores.feature": ("特征", "Feature"), "scores.csi": ("CSI", "CSI"),
    "scores.matured": ("{night} 之夜的 {rows} 行已有结果：AUC {auc}，KS {ks}。", "{rows} rows of the night of {night} have outcomes: AUC {auc}, KS {ks}."),
    "scores.matured.shares": ("{night} 之夜的 {rows} 行已有结果。", "{rows} rows of the night of {night} have outcomes."),
    "scores.not_matured": ("{name}：还没有到期的结果。", "{name}: no outcome has matured yet."),
    "scores.calibration": ("{name}：估计与实际", "{name}: estimates against outcomes"), "scores.calibration.desc": ("散点图：横轴平均估计，纵轴实际比率，虚线为两者相等。", "Dots: mean estimate across, observed rate up; on the dashed line both are equal."),
    "scores.fairness": ("{name}：各组", "{name}: groups"),
    "scores.tonight": ("{name}：今晚各组进入最差一成的比例", "{name}: who is in the worst tenth tonight, by group"),
    "scores.by_bucket": ("{name}：按当时账龄", "{name}: by the bucket of that night"), "scores.bucket": ("账龄", "Bucket"),
    "scores.unused": ("已发布但未用于本夜：{models}。", "Released but not used for this night: {models}."),
    "scores.of_a_file": ("由文件拟合", "fitted on a file"), "scores.at_approval": ("仅用于申请时", "asked at approval only"), "scores.of_later_days": ("所用数据晚于本夜", "fitted on later days"), "scores.challenger": ("挑战者：", "Challenger: "),
    "scores.difference": ("挑战者 − 现任", "Challenger less champion"), "scores.p": ("p", "p"), "scores.figure": ("指标", "Figure"), "scores.brier": ("Brier 分数", "Brier score"), "scores.log_loss": ("对数损失", "Log loss"),
}

speak(WORDS)


def scores(summary: dict) -> str:
    """Alerts first, then the models, and of each its distribution, drift, matured outcomes, groups and challenger; or that there is none."""
    found = summary.get("scores") or {}
    models = found.get("models") or []
    unused = _unused(found.get("unused") or {})
    if not models:
        return unused + empty("scores.none", ["arrears score fit MODEL --book BOOK --as-of DATE", "arrears score release MODEL --book BOOK --by NAME --assessment PLACE"])
    order = paragraph(say("scores.by_expected" if found.get("ordered_by") == "expected" else "scores.by_rules"), "plain")
    return _alerts(found.get("alerts") or []) + order + unused + _overview(models) + "".join(_of_model(model) for model in models)


def _unused(unused: Mapping[str, str]) -> str:
    """Released models that could not speak of this night, each with the reason."""
    if not unused:
        return ""
    named = [[f"{name} ({words(f'scores.{why}')[lang]})" for name, why in unused.items()] for lang in (0, 1)]
    return paragraph(say("scores.unused", models=("、".join(named[0]), ", ".join(named[1]))), "plain")


def _alerts(alerts: Sequence[Mapping]) -> str:
    """What to look at, the most pressing first."""
    if not alerts:
        return paragraph(say("scores.calm"), "plain")
    pressing = [one for one in alerts if one["level"] == "alert"]
    rest = [one for one in alerts if one["level"] != "alert"]
    items = "".join(f'<li{kind}>{both((one["zh"], one["en"]))}</li>' for kind, group in ((' class="open"', pressing), ("", rest)) for one in group)
    return paragraph(say("scores.alerts", alerts=count(len(pressing)), watches=count(len(rest))), "plain") + f'<ul class="checks">{items}</ul>'


def _overview(models: Sequence[Mapping]) -> str:
    columns = [(words("scores.model"), CODE), (words("scores.what"), PROSE), (words("scores.version"), TEXT), (words("scores.released"), TEXT), (words("scores.card"), CODE),
               (words("scores.rows"), NUMBER), (words("scores.estimated"), NUMBER), (words("scores.psi"), NUMBER), (words("scores.level"), TEXT)]
    rows: list[list[Cell]] = []
    for model in models:
        drift = model.get("psi") or {}
        rows.append([model["model"], _name(model), str(model["version"]), str(model.get("released_on") or "–"), str(model.get("card_digest") or "–")[:_DIGEST_SHOWN],
                     count(model.get("rows")), rate(model.get("mean_estimate")), figure(drift.get("value")), level_words(drift.get("level"))])
    return table("scores-models", words("scores.models"), columns, rows)


def _of_model(model: Mapping) -> str:
    name = _name(model)
    groups = model.get("fairness") or []
    tonight = fairness_table(f"scores-{model['model']}-tonight", words("scores.tonight", name=name), groups) if groups else ""
    return f"<h3>{both(name)}</h3>{beside(_spread(model, name), _csi(model, name))}{_matured(model, name)}{_challenger(model)}{_folded(tonight, name)}"


def _folded(tonight: str, name: Pair) -> str:
    """A long table behind a click."""
    return f"<details><summary>{say('scores.tonight', name=name)}</summary>{tonight}</details>" if tonight else ""


def _spread(model: Mapping, name: Pair) -> str:
    """The shares of tonight's rows by band of estimates beside those of the fitting rows."""
    now, then = model.get("bands") or [], model.get("reference") or []
    if not now or len(now) != len(then):
        return ""
    longest = max([*now, *then]) or 1.0
    rows = [((str(number),) * 2, [Strip(share / longest, (rate(share),) * 2, fill) for share, fill in ((here, ACCENT), (there, SETTLED_FILL))])
            for number, (here, there) in enumerate(zip(now, then, strict=True), 1)]
    title = words("scores.spread", name=name)
    key = fills_key([(words("scores.now"), ACCENT), (words("scores.then"), SETTLED_FILL)])
    return drawn(bars(f"scores-{model['model']}-spread", title, words("scores.spread.desc"), rows, label_width=34), title, key)


def _csi(model: Mapping, name: Pair) -> str:
    found = model.get("csi") or []
    if not found:
        return ""
    shown = sorted(found, key=lambda one: (-one["value"], one["feature"]))[:_CSI_SHOWN]
    columns = [(words("scores.feature"), PROSE), (words("scores.csi"), NUMBER), (words("scores.level"), TEXT)]
    rows: list[list[Cell]] = [[(one.get("zh") or one["feature"], one.get("en") or one["feature"]), figure(one["value"]), level_words(one.get("level"))] for one in shown]
    return table(f"scores-{model['model']}-csi", words("scores.csi.table", name=name, shown=count(len(shown)), total=count(len(found))), columns, rows)


def _matured(model: Mapping, name: Pair) -> str:
    """What became of the rows of an earlier night: discrimination, calibration and groups; or that nothing has matured."""
    found = model.get("matured")
    if not found:
        return paragraph(say("scores.not_matured", name=name), "plain")
    key = "scores.matured" if found.get("auc") or found.get("ks") else "scores.matured.shares"
    body = paragraph(say(key, night=str(found["night"]), rows=count(found["rows"]), auc=with_interval(found.get("auc")), ks=with_interval(found.get("ks"))), "plain")
    if found.get("calibration"):
        title = words("scores.calibration", name=name)
        dots = [Dot(band["predicted"], band["observed"], band.get("low"), band.get("high")) for band in found["calibration"]]
        plot = against_diagonal(f"scores-{model['model']}-plot", title, words("scores.calibration.desc"), dots, words("scores.estimated"), words("scores.observed"))
        body += beside(drawn(plot, title), calibration_table(f"scores-{model['model']}-bands", title, found["calibration"]))
    if found.get("by_bucket"):
        columns = [(words("scores.bucket"), TEXT), (words("scores.rows"), NUMBER), (words("scores.estimated"), NUMBER), (words("scores.observed.interval"), NUMBER)]
        rows: list[list[Cell]] = [[one["bucket"], count(one["rows"]), rate(one["estimated"]), rate_with_interval(one["observed"])] for one in found["by_bucket"]]
        body += table(f"scores-{model['model']}-buckets", words("scores.by_bucket", name=name), columns, rows)
    if found.get("fairness"):
        body += fairness_table(f"scores-{model['model']}-groups", words("scores.fairness", name=name), found["fairness"])
    return body


def _challenger(model: Mapping) -> str:
    found = model.get("challenger")
    if not found:
        return ""
    said = paragraph(f"<b>{say('scores.challenger')}</b>{both((found['zh'], found['en']))}", "plain")
    rows: list[list[Cell]] = [[words(f"scores.{key}"), with_interval(found[key], 4), chance(found[key].get("p"))] for key in ("auc", "brier", "log_loss") if found.get(key)]
    columns = [(words("scores.figure"), TEXT), (words("scores.difference"), NUMBER), (words("scores.p"), NUMBER)]
    return said + (table(f"scores-{model['model']}-challenger", words("scores.difference"), columns, rows) if rows else "")


def _name(model: Mapping) -> Pair:
    return model.get("zh") or model["model"], model.get("en") or model["model"]
