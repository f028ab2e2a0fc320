"""What the gate said of one loan in a finished night, by the law and the lender that the night kept."""

from datetime import date
from pathlib import Path

import polars as pl

from arrears import store
from arrears.law.lender import lender_from
from arrears.law.packs import pack_kept
from arrears.nightly.inputs import kept_inputs

_WORDS = {
    "zh": {"head": "闸门（{as_of} 夜批，{channel}）：{verdict}", "deny": "拒绝，不在名单上", "review": "须人工放行", "warn": "须写明理由", "allow": "放行",
           "uncovered": "  规则包 {pack} 未覆盖该牌照、产品或日期", "rule": "  {id}：{message}（{source}）", "policy": "机构自有政策"},
    "en": {"head": "The gate (night of {as_of}, {channel}): {verdict}", "deny": "refused, not on the worklist", "review": "a person releases it",
           "warn": "only with a reason", "allow": "allowed", "uncovered": "  the pack {pack} does not cover the licence, product or day",
           "rule": "  {id}: {message} ({source})", "policy": "the lender's own policy"},
}


def gate_lines(root: Path, loan_id: str, as_of: date, lang: str) -> list[str]:
    """The verdict on each contact that was asked about for the loan, and each rule that spoke; empty where there is no finished night of
    that date, or no rule spoke of the loan in it.
    """
    night = store.book_at(root).night(as_of)
    inputs, kept = kept_inputs(night), night / "gate.parquet"
    if inputs is None or not kept.is_file():
        return []
    found = store.read_columns(kept).filter(pl.col("loan_id") == loan_id)
    if found.is_empty():
        return []
    words, pack = _WORDS[lang], pack_kept(inputs.law, lender_from(inputs.lender).law)
    lines = []
    for row in found.iter_rows(named=True):
        lines += ["", *_lines(row, words, pack, as_of, lang)]
    return lines


def _lines(row: dict, words: dict, pack, as_of: date, lang: str) -> list[str]:
    """The verdict on one treatment that was asked about, and each rule that spoke."""
    grounds = {ground.id: ground for ground in pack.grounds}
    lines = [words["head"].format(as_of=as_of, channel=row["treatment"], verdict=words[row["verdict"]])]
    for name in filter(None, row["rules"].split("; ")):
        ground = grounds[name]
        source = words["policy"] if ground.is_policy else pack.sources[ground.source]["title"]
        lines.append(words["rule"].format(id=name, message=ground.rule.message[lang], source=source))
    return lines if row["is_covered"] else [*lines, words["uncovered"].format(pack=pack.id)]
