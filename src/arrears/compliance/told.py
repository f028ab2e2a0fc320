"""A pack in words: its rules as a list, and one rule as it stands on a day."""

import json
import re
from datetime import date

from arrears import strict_yaml
from arrears.days import day_of, number_of
from arrears.law.rules import LEVEL, VERDICTS, Ground, Pack, Rule
from arrears.refusal import Refused

_WORDS = {
    "zh": {
        "allow": "放行", "warn": "提示", "review": "须人工放行", "deny": "拒绝", "from": "自 {}", "until": "至 {}（不含）", "policy": "机构自有政策",
        "in_force": "当日有效", "not_in_force": "当日无效", "reach": "适用", "when": "条件", "unless": "除非", "grounds": "依据", "everything": "全部",
        "examples": "示例 {} 个：arrears law test 运行", "read_in": "文件：{}", "article": "第 {} 条", "evidence": {
            "T1": "原文已读", "T2": "见于二手文本，须核对原文", "K": "一般知识，须核对原文", "own": "机构自有"},
    },
    "en": {
        "allow": "allow", "warn": "warn", "review": "review", "deny": "deny", "from": "from {}", "until": "until {} (excluded)",
        "policy": "the lender's own policy", "in_force": "in force that day", "not_in_force": "not in force that day", "reach": "reach",
        "when": "when", "unless": "unless", "grounds": "grounds", "everything": "every contact",
        "examples": "{} examples travel with it; arrears law test runs them", "read_in": "file: {}", "article": "art. {}", "evidence": {
            "T1": "primary text read", "T2": "read in a secondary text; verify the primary one", "K": "general knowledge; verify the primary text",
            "own": "the lender's own"},
    },
}
_FOREVER = number_of(date.max)


def listed(pack: Pack, day: date | None, lang: str, *, as_json: bool = False) -> list[str]:
    """One line per ground: verdict, id, what it forbids, its text, from when. With a day, only those in force on it."""
    grounds = [ground for ground in pack.grounds if day is None or _in_force(ground, day)]
    if as_json:
        return [json.dumps([_record(ground, pack) for ground in grounds], ensure_ascii=False, indent=1)]
    words, width = _WORDS[lang], max([len(ground.id) for ground in grounds], default=0)
    lines = []
    for ground in grounds:
        verdict = _padded(words[VERDICTS[LEVEL[ground.modality]]], 12 if lang == "zh" else 8)
        lines.append(f"{verdict}{ground.id:<{width + 2}}{ground.rule.title[lang]} · {_text_of(ground, pack, lang)} · {_span(ground, lang)}")
    return lines


def shown(pack: Pack, name: str, day: date, lang: str) -> list[str]:
    """A rule (by its id or a ground's), a number's file or a source, in words. Raises Refused where there is no such thing."""
    for rule in pack.rules:
        if name in {rule.id, *(ground.id for ground in rule.grounds)}:
            return _rule(rule, pack, day, lang)
    for file, text in pack.texts.items():
        content = [] if file.startswith("rules/") else strict_yaml.parse(text, file)
        for entry in content if isinstance(content, list) else [content]:
            if isinstance(entry, dict) and entry.get("id") == name:
                return [_WORDS[lang]["read_in"].format(f"{pack.id}/{file}"), *_as_lines(entry, "")]
    raise Refused(f"{name}: the pack {pack.id} has no rule, number or source of that id; arrears law list --pack {pack.id} shows the rules",
                  f"{name}：规则包 {pack.id} 中没有此编号；arrears law list --pack {pack.id} 可列出规则")


def _padded(text: str, columns: int) -> str:
    """The text filled up to so many columns of a terminal, on which a Chinese character takes two."""
    return text + " " * (columns - sum(2 if ord(one) > 0x2e80 else 1 for one in text))


def _rule(rule: Rule, pack: Pack, day: date, lang: str) -> list[str]:
    words = _WORDS[lang]
    lines = [f"{rule.id}  {rule.title[lang]}", f"  {rule.message[lang]}"]
    for part, entry in (("when", rule.when), ("unless", rule.unless)):
        if entry:
            lines.append(f"  {words[part]}:")
            lines += [f"    {line}" for line in _as_lines(entry, "")]
    lines.append(f"  {words['grounds']}:")
    for ground in rule.grounds:
        state = words["in_force" if _in_force(ground, day) else "not_in_force"]
        lines.append(f"    {words[VERDICTS[ground.level]]} ({ground.modality})  {ground.id}  {_span(ground, lang)} — {day}: {state}")
        lines.append(f"      {_text_of(ground, pack, lang)} · {words['evidence'][ground.evidence]}")
        reach = "; ".join(f"{field}: {', '.join(sorted(values))}" for field, values in ground.reach.items())
        lines.append(f"      {words['reach']}: {reach or words['everything']}")
    return [*lines, f"  {words['examples'].format(len(rule.examples))}", f"  {words['read_in'].format(rule.file)}"]


def _text_of(ground: Ground, pack: Pack, lang: str) -> str:
    if ground.is_policy:
        return _WORDS[lang]["policy"]
    source = pack.sources[ground.source]
    number = "" if source.get("doc_no") in (None, "null") else f" {source['doc_no']}"
    article = "" if ground.article is None else f" {_article(ground.article, lang)}"
    return f"{source['title']}{number}{article}"


def _article(article: str, lang: str) -> str:
    """The article as it is cited: 293-1 is 第 293 条之一, since a range names two articles in full (1034-1039)."""
    inserted = re.fullmatch(r"(\d+)-([1-9])", article) if lang == "zh" else None
    return f"第 {inserted[1]} 条之{'一二三四五六七八九'[int(inserted[2]) - 1]}" if inserted else _WORDS[lang]["article"].format(article)


def _span(ground: Ground, lang: str) -> str:
    words = _WORDS[lang]
    span = words["from"].format(day_of(ground.from_on))
    return span if ground.until_on == _FOREVER else f"{span} {words['until'].format(day_of(ground.until_on))}"


def _in_force(ground: Ground, day: date) -> bool:
    return ground.from_on <= number_of(day) < ground.until_on


def _record(ground: Ground, pack: Pack) -> dict:
    return {
        "id": ground.id, "rule": ground.rule.id, "title": ground.rule.title, "verdict": VERDICTS[ground.level], "modality": ground.modality,
        "source": ground.source, "article": ground.article, "evidence": ground.evidence, "from": day_of(ground.from_on).isoformat(),
        "until": None if ground.until_on == _FOREVER else day_of(ground.until_on).isoformat(),
        "applies_to": {field: sorted(values) for field, values in ground.reach.items()},
        "document": None if ground.is_policy else pack.sources[ground.source]["title"],
    }


def _as_lines(value, indent: str) -> list[str]:
    """A part of a file as it may be read, one field a line."""
    if isinstance(value, dict):
        lines = []
        for key, one in value.items():
            if isinstance(one, dict) or (isinstance(one, list) and any(isinstance(each, dict | list) for each in one)):
                lines += [f"{indent}{key}:", *_as_lines(one, indent + "  ")]
            else:
                lines.append(f"{indent}{key}: {', '.join(one) if isinstance(one, list) else one}")
        return lines
    if isinstance(value, list):
        return [line for one in value for line in (_as_lines(one, indent + "  ") if isinstance(one, dict | list) else [f"{indent}- {one}"])]
    return [f"{indent}{value}"]
