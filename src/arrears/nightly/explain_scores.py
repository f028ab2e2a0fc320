"""What the models of a finished night said of one loan, in words, by the versions that the night kept."""

from datetime import date
from pathlib import Path

import polars as pl

from arrears import store
from arrears.nightly.inputs import kept_inputs
from arrears.nightly.models import released_models
from arrears.scoring.families import TARGETS

_WORDS = {
    "zh": {"head": "评分（{as_of} 夜批）", "line": "  {estimate}：{event}（{model} 版本 {version}）", "points": "，{points} 分", "reasons": "    主要原因：{reasons}", "comma": "、",
           "right": "  仅凭自动决定作出有重大影响的处理时，本人有权要求说明并拒绝（个人信息保护法第二十四条）。"},
    "en": {"head": "Scores (night of {as_of})", "line": "  {estimate}: {event} ({model} version {version})", "points": ", {points} points", "reasons": "    mostly because of: {reasons}",
           "comma": "; ", "right": "  Where a decision of great effect rests on this alone, the person may ask for reasons and refuse it (个人信息保护法 Art. 24)."},
}


def score_lines(root: Path, loan_id: str, as_of: date, lang: str) -> list[str]:
    """Each model's estimate of the loan with its reasons; empty where there is no finished night of that date, or no model was asked about the loan."""
    book = store.book_at(root)
    night = book.night(as_of)
    inputs, files = kept_inputs(night), sorted((night / "scores").glob("p*.parquet"))
    if inputs is None or not inputs.models or not files:
        return []
    found = pl.concat([store.read_columns(path).filter(pl.col("loan_id") == loan_id) for path in files])
    if found.is_empty():
        return []
    words, models = _WORDS[lang], released_models(book, inputs.models)
    lines = ["", words["head"].format(as_of=as_of)]
    for row in found.iter_rows(named=True):
        event = TARGETS[row["model"]].event[lang == "en"]
        shown = f"{row['estimate']:.1%}" if row["low"] is None else f"{row['estimate']:.0%} [{row['low']:.0%}, {row['high']:.0%}]"
        if row["points"] is not None:
            shown += words["points"].format(points=row["points"])
        lines.append(words["line"].format(estimate=shown, event=event, model=row["model"], version=inputs.models[row["model"]]["version"]))
        names = {feature.name: feature.zh if lang == "zh" else feature.en for feature in models[row["model"]].features}
        reasons = [names[name] for name in (row["reasons"] or "").split("; ") if name]
        if reasons:
            lines.append(words["reasons"].format(reasons=words["comma"].join(reasons)))
    return [*lines, words["right"]]
