"""What the commands of the models print, in Chinese or English."""

from pathlib import Path

from arrears import registry
from arrears.refusal import Refused
from arrears.registry import Release, Version
from arrears.store import Book


def fitted_lines(book: Book, card: dict, lang: str) -> list[str]:
    """A new version in a few lines: what it foretells, on what it was fitted, how good it is, what was left out, where its card is."""
    zh, data, how = lang == "zh", card["data"], card["validation"]
    page = book.model_folder(card["model"], card["version"]) / registry.CARD_PAGE
    shown = (f"{card['model']} 版本 {card['version']}（{_kind(card['kind'], zh)}）：{card['event']['zh']}" if zh
             else f"{card['model']} version {card['version']} ({_kind(card['kind'], zh)}): {card['event']['en']}")
    rows = (f"  {data['rows']:,} 行，均值 {data['base_rate']:.2%}；拟合 {how['train_rows']:,} 行，检验 {how['test_rows']:,} 行（{_how(how, zh)}）" if zh else
            f"  {data['rows']:,} rows, {data['base_rate']:.2%} on average; fitted on {how['train_rows']:,}, measured on {how['test_rows']:,} ({_how(how, zh)})")
    lines = [shown, rows, *(f"  {line}" for line in figures(card["metrics"]["test"], lang))]
    lines += [f"  {note['zh'] if zh else note['en']}" for note in data["notes"][:_NOTES_SHOWN]]
    more = len(data["notes"]) - _NOTES_SHOWN
    if more > 0:
        lines.append(f"  另有 {more} 条说明见模型卡" if zh else f"  {more} more notes stand on the card")
    if data["left_out"]:
        names = [f"{one['column']}（{one['zh']}）" if zh else f"{one['column']} ({one['en']})" for one in data["left_out"]]
        lines.append(f"  未使用的列：{'、'.join(names)}" if zh else f"  columns left out: {', '.join(names)}")
    return [*lines, f"  模型卡：{page}" if zh else f"  Card: {page}"]


def figures(metrics: dict, lang: str) -> list[str]:
    """The figures that there are, each with its interval."""
    names = _FIGURES[lang]
    told = [f"{names[key]} {_measured(value, key)}" for key in names if (value := metrics.get(key)) is not None]
    return [("；" if lang == "zh" else "; ").join(told)] if told else []


def evaluated_lines(found: dict, lang: str) -> list[str]:
    """An evaluation in a few lines; drift and gaps of fairness that pass a threshold are named."""
    zh = lang == "zh"
    head = (f"{found['model']} 版本 {found['version']}：{found['rows']:,} 行，{found['which_zh']}" if zh else
            f"{found['model']} version {found['version']}: {found['rows']:,} rows, {found['which_en']}")
    lines = [head, *(f"  {line}" for line in figures(found["metrics"], lang))]
    lines += [f"    {_band(row, zh)}" for row in found["calibration"]]
    lines += [f"  {one[lang]}" for one in found["unequal"]]
    moved = {**({"estimate": found["psi"]} if found["psi"] else {}), **dict(list(found["csi"].items())[:5])}
    lines.append(("  分布变化（PSI）：" if zh else "  drift (PSI): ") + ("、" if zh else ", ").join(f"{name} {one['value']:.3f}" for name, one in moved.items()))
    challenger = found["challenger"]
    if challenger:
        lines.append(f"  {challenger['zh'] if zh else challenger['en']}")
    return lines


def released_line(entry: Release, lang: str) -> str:
    """What holds from now on, by whom."""
    if entry.version is None:
        return f"{entry.name}：已撤回，不再有发布的版本；夜批不再使用它" if lang == "zh" else f"{entry.name}: taken back; no version of it is released any more, the nights do without it"
    return (f"{entry.name} 版本 {entry.version} 自 {entry.at} 起生效（{entry.by}）" if lang == "zh" else
            f"{entry.name} version {entry.version} is in force from {entry.at} on ({entry.by})")


def listed_lines(book: Book, lang: str) -> list[str]:
    """One line a version: kind, day, the leading figure, and whether it is released."""
    zh, standing, names = lang == "zh", registry.standing(book), registry.names_of(book)
    if not names:
        return [f"{book.models}：还没有模型；用 arrears score fit 拟合" if zh else f"{book.models}: no models yet; fit one with arrears score fit"]
    lines = []
    for name in names:
        for number in registry.versions_of(book, name):
            try:
                kept = registry.read_version(book, name, number)
            except Refused as problem:
                lines.append(f"{name} {number}  {problem.zh if zh else problem.en}")
                continue
            entry = standing.get(name)
            mark = "" if entry is None or entry.version != number else (f"  ← 已发布 {entry.at} {entry.by}" if zh else f"  <- released {entry.at} by {entry.by}")
            said = figures({key: value for key, value in kept.card["metrics"]["test"].items() if key in ("auc", "spearman")}, lang)
            lines.append(f"{name} {number}  {_kind(kept.card['kind'], zh)}  {kept.card['as_of'] or kept.card['data']['source']}  {''.join(said)}{mark}")
    return lines


def card_lines(kept: Version, page: Path, lang: str) -> list[str]:
    """What the model foretells, its figures, and where its page is."""
    zh = lang == "zh"
    return [f"{kept.name} 版本 {kept.version}：{kept.card['event']['zh']}" if zh else f"{kept.name} version {kept.version}: {kept.card['event']['en']}",
            *(f"  {line}" for line in figures(kept.card["metrics"]["test"], lang)), f"  模型卡：{page}" if zh else f"  Card: {page}"]


def applications_line(counted: dict, out: Path, lang: str) -> str:
    """How many applicants were scored into which file, by which version."""
    return (f"{out}：{counted['rows']:,} 位申请人，{counted['model']} 版本 {counted['version']}" if lang == "zh" else
            f"{out}: {counted['rows']:,} applicants by {counted['model']} version {counted['version']}")


_NOTES_SHOWN = 4
_FIGURES = {
    "zh": {"auc": "AUC", "gini": "基尼", "ks": "KS", "brier": "Brier", "ece": "校准误差 ECE", "calibration_p": "校准检验 p", "r2": "R²", "mae": "平均绝对误差", "spearman": "秩相关",
           "coverage": "区间覆盖率"},
    "en": {"auc": "AUC", "gini": "Gini", "ks": "KS", "brier": "Brier", "ece": "calibration error ECE", "calibration_p": "calibration test p", "r2": "R²", "mae": "mean absolute error",
           "spearman": "rank correlation", "coverage": "interval coverage"},
}


def _measured(value, key: str) -> str:
    if not isinstance(value, dict):
        return f"{value:.3f}"
    shown = f"{value['value']:.4f}"
    return shown if value.get("low") is None else f"{shown} [{value['low']:.4f}, {value['high']:.4f}]"


def _kind(kind: str, zh: bool) -> str:
    return {"scorecard": "评分卡" if zh else "scorecard", "boosted": "提升树" if zh else "boosted trees"}[kind]


def _how(how: dict, zh: bool) -> str:
    if how["how"] == "out_of_time":
        return f"跨时间，{how['from']} 至 {how['to']}" if zh else f"out of time, {how['from']} to {how['to']}"
    return f"随机留出，种子 {how['seed']}" if zh else f"held out at random, seed {how['seed']}"


def _band(row: dict, zh: bool) -> str:
    told = (row["rows"], row["predicted"], row["observed"])
    return ("{:>7,} 行  预测 {:6.2%}  实际 {:6.2%}" if zh else "{:>7,} rows  predicted {:6.2%}  observed {:6.2%}").format(*told)
