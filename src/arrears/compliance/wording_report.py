"""One text screened for its author: red lines, the largest sum, and the required parts that are missing."""

import json
from datetime import date

from arrears.compliance.amounts import largest_amount_minor
from arrears.compliance.required_parts import FOR, missing_parts, parts_of, read_required_parts
from arrears.compliance.screen import prepare
from arrears.compliance.wording import findings
from arrears.compliance.wording_examples import PARTS_FILE
from arrears.law.rules import Pack
from arrears.money import in_major_units
from arrears.refusal import Refused

LINES_ZH = {
    "posing_as_authority": "冒充机关", "threat": "威胁恐吓", "abuse": "辱骂", "invented_blacklist": "虚构黑名单", "exaggerated_consequence": "夸大后果",
    "disclosure": "向第三人透露", "extra_fees": "额外收费", "suit": "提到诉讼（时效届满后不得）",
}
LINES_EN = {name: name.replace("_", " ") for name in LINES_ZH}
_SUIT_EN = "names a suit (lawful, but not after limitation)"
_DISGUISES_ZH = {"look_alike": "形近字符", "zero_width": "零宽字符", "spaced": "字间插入符号", "traditional": "繁体字", "full_width": "全角字符",
                 "pinyin_initials": "拼音首字母", "homophone": "谐音"}


def wording_of(pack: Pack, text: str, on: date, part_of: str | None) -> dict:
    """red_lines: one entry per finding in force on the day; amount_minor: the largest sum named or None; missing: required parts.

    missing is None where none were asked for. Raises Refused where the text is blank, or the pack has no such parts.
    """
    if not text.strip():
        raise Refused("the text is blank; there is nothing to screen", "文字为空，无可审查")
    if part_of is not None and (part_of not in FOR or PARTS_FILE not in pack.texts):
        raise Refused(f"--for {part_of}: the pack {pack.id} knows required parts of {' and '.join(FOR) if PARTS_FILE in pack.texts else 'nothing'}",
                      f"--for {part_of}：规则包 {pack.id} {'只有 message 和 letter 的' if PARTS_FILE in pack.texts else '没有'}必备内容")
    found = [one for one in findings(text, prepare(pack).lexicon) if one.from_on <= on and (one.until_on is None or on < one.until_on)]
    missing = None
    if part_of is not None:
        parts = parts_of(read_required_parts(pack.texts[PARTS_FILE], set(pack.sources)), part_of, on)
        missing = [{"id": part.id, "zh": part.zh, "en": part.en, "source": part.source, "article": part.article} for part in missing_parts(text, parts)]
    return {
        "red_lines": [{"red_line": one.red_line, "entry": one.entry, "found": one.found, "start": one.start, "end": one.end,
                       "disguise": one.disguise, "source": one.source, "article": one.article, "evidence": one.evidence} for one in found],
        "amount_minor": largest_amount_minor(text, pack.currency), "currency": pack.currency, "missing": missing,
    }


def crosses(found: dict) -> bool:
    """The text crosses a red line, or lacks a part; to name a suit alone is lawful."""
    return bool(found["missing"]) or any(one["red_line"] != "suit" for one in found["red_lines"])


def told(found: dict, lang: str, *, as_json: bool = False) -> list[str]:
    """The report as lines, or as one JSON document."""
    if as_json:
        return [json.dumps(found, ensure_ascii=False, indent=1)]
    zh, lines = lang == "zh", []
    for one in found["red_lines"]:
        seen = "" if one["disguise"] is None else f"（伪装：{_DISGUISES_ZH[one['disguise']]}）" if zh else f" (disguised: {one['disguise'].replace('_', ' ')})"
        name = LINES_ZH[one["red_line"]] if zh else _SUIT_EN if one["red_line"] == "suit" else one["red_line"].replace("_", " ")
        lines.append(f"{name}：“{one['found']}”{seen} · {one['entry']} · {one['source']}" if zh else f"{name}: {one['found']!r}{seen} · {one['entry']} · {one['source']}")
    if not lines:
        lines.append("词库未发现触线表述" if zh else "The lexicon finds no red line crossed.")
    if found["amount_minor"] is not None:
        amount = f"{found['currency']} {in_major_units(found['amount_minor'], found['currency'])}"
        lines.append(f"所提最大金额：{amount}；发送时不得超过可主张金额" if zh else f"Largest sum named: {amount}; when it is sent it may not be above what may be demanded.")
    for part in found["missing"] or []:
        article = "" if part["article"] is None else f" 第 {part['article']} 条" if zh else f", art. {part['article']}"
        lines.append(f"缺：{part['zh']}（{part['source']}{article}）" if zh else f"Missing: {part['en']} ({part['source']}{article})")
    return lines
