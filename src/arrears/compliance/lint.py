"""What of a pack is uncertain, unverified or stale on a day: a to-do list for the lender's counsel. Source: regulation.md, 9.3 and 10."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from arrears import strict_yaml
from arrears.compliance.examples import without_example
from arrears.law.entries import EVIDENCE
from arrears.law.rules import Pack

VERIFY_EVERY_DAYS = 180
"""How old a look at a text may be before it is on the list again; our own choice."""


@dataclass(frozen=True)
class OpenPoint:
    """One thing to do: what kind (uncertain, stale, verify, untested), about what, and in words."""

    kind: str
    about: str
    zh: str
    en: str


def open_points(pack: Pack, day: date) -> list[OpenPoint]:
    """The list on that day: stale first, then what is uncertain, then texts to verify, then rules without an example."""
    return [*_stale(pack, day), *_uncertain(pack), *_to_verify(pack, day), *_untested(pack)]


def told(points: list[OpenPoint], lang: str, *, as_json: bool = False) -> list[str]:
    """The list as lines, or as one JSON document."""
    if as_json:
        return [json.dumps([point.__dict__ for point in points], ensure_ascii=False, indent=1)]
    kinds = {"zh": {"stale": "待再次确认", "uncertain": "不确定", "verify": "须核对原文", "untested": "无示例"},
             "en": {"stale": "stale", "uncertain": "uncertain", "verify": "verify", "untested": "untested"}}[lang]
    lines = [f"[ ] {kinds[point.kind]}: {point.about}: {getattr(point, lang)}" for point in points]
    return [*lines, f"共 {len(points)} 项" if lang == "zh" else f"{len(points)} points"]


def _stale(pack: Pack, day: date) -> list[OpenPoint]:
    """Series that nobody has confirmed for too long, and those that will be so within a month."""
    found = []
    for file, entry in _entries(pack):
        if not isinstance(entry, dict) or "last_confirmed" not in entry:
            continue
        last = date.fromisoformat(entry["last_confirmed"]) + timedelta(days=int(entry["max_staleness_days"]))
        name, confirmed = entry.get("id", file), entry["last_confirmed"]
        if day > last:
            found.append(OpenPoint("stale", name, f"{confirmed} 之后未再确认，自 {last + timedelta(days=1)} 起视为未知，依赖它的上限均为未知",
                                   f"not confirmed since {confirmed}, so from {last + timedelta(days=1)} on it is unknown, and so is what reads it"))
        elif day > last - timedelta(days=30):
            found.append(OpenPoint("stale", name, f"最迟 {last} 再次确认，否则次日起视为未知", f"to be confirmed again by {last}, or it is unknown from the next day on"))
    return found


def _uncertain(pack: Pack) -> list[OpenPoint]:
    listed = _content(pack.texts["open.yaml"], "open.yaml") if "open.yaml" in pack.texts else []
    return [OpenPoint("uncertain", entry["id"], _said(entry, "zh"), _said(entry, "en")) for entry in listed or []]


def _said(entry: dict, lang: str) -> str:
    question, meanwhile = entry["question"][lang], entry["meanwhile"][lang]
    return f"{question} 目前：{meanwhile}" if lang == "zh" else f"{question} Meanwhile: {meanwhile}"


def _to_verify(pack: Pack, day: date) -> list[OpenPoint]:
    """Texts that rules rest on and that were not read in the original, or not for a long time."""
    resting: dict[str, list[str]] = {}
    weakest: dict[str, str] = {}
    for ground in pack.grounds:
        if not ground.is_policy:
            resting.setdefault(ground.source, []).append(ground.id)
            weakest[ground.source] = max(weakest.get(ground.source, "T1"), ground.evidence, key=EVIDENCE.index)
    found = []
    for source, grounds in resting.items():
        entry = pack.sources[source]
        title, count, some = entry["title"], len(grounds), "、".join(sorted(grounds)[:3]) + (" 等" if len(grounds) > 3 else "")
        evidence = weakest[source]
        looked = entry.get("verified_on")
        if evidence != "T1":
            found.append(OpenPoint("verify", source, f"《{title}》{count} 条规则依据{'二手文本' if evidence == 'T2' else '一般知识'}（{evidence}），须核对原文：{some}",
                                   f"{title}: {count} rules rest on {'a secondary text' if evidence == 'T2' else 'general knowledge'} ({evidence}); "
                                   f"read the primary text: {', '.join(sorted(grounds)[:3])}{' …' if count > 3 else ''}"))
        elif looked not in (None, "null") and (day - date.fromisoformat(looked)).days > VERIFY_EVERY_DAYS:
            found.append(OpenPoint("verify", source, f"《{title}》上次核对于 {looked}，请再次核对", f"{title}: last looked at on {looked}; look again"))
    return found


def _untested(pack: Pack) -> list[OpenPoint]:
    return [OpenPoint("untested", rule.id, f"{rule.file}：没有示例，数字写错不会被发现", f"{rule.file}: no example travels with it, so a wrong number would go unnoticed")
            for rule in without_example(pack)]


def _entries(pack: Pack):
    for file, text in pack.texts.items():
        if file.startswith(("rules/", "lexicon/", "policy/")) or file in ("open.yaml", "sources.yaml", "pack.yaml"):
            continue
        content = _content(text, file)
        yield from ((file, entry) for entry in (content if isinstance(content, list) else [content]))


@lru_cache(maxsize=128)
def _content(text: str, file: str):
    """What a file says, read once for each text: pages ask of the same pack at every look. Only read here, never changed."""
    return strict_yaml.parse(text, file)
