"""The law that holds for a lender, as the desk reads it: the shipped pack with the lender's own rules over it, and what the operator keeps beside it.

    home/settings.yaml
      law:
        policy: /folder            the lender's own rules, as arrears night --policy takes them
        book: /folder              whose impact/ holds previews of coming changes
        versions: /folder          kept packs, a folder each, for comparing
        checked_on: "2026-11-23"   when somebody last looked whether there is new law
        check_every_days: "30"     how old that look may be
        source_days_most: "180"    how old a look at a text may be
"""

import json
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from arrears import store, strict_yaml
from arrears.law.packs import SHIPPED, pack_from, read_pack, shipped_pack, shipped_texts, texts_of, with_policy
from arrears.law.rules import Ground, Pack
from arrears.refusal import Refused
from arrears.strict_yaml import BadYaml
from arrears.work.actor import Actor
from arrears.work.models import Lender
from arrears.work.own_choices import section
from arrears.work.tenancy import seen_by

CHECK_EVERY_DAYS, SOURCE_DAYS_MOST = 30, 180
"""The operator's own choices where settings.yaml says nothing."""
_KEYS = {"policy", "book", "versions", "checked_on", "check_every_days", "source_days_most"}


@dataclass(frozen=True)
class Care:
    """How the operator looks after the law. checked_on: None where nobody said; the folders too."""

    policy: Path | None
    book: Path | None
    versions: Path | None
    checked_on: date | None
    check_every_days: int
    source_days_most: int


def care_of(home: Path) -> Care:
    """The section law of the home's settings. Raises Refused naming what cannot be."""
    said = section(home, "law")
    try:
        strict_yaml.expect_keys(said, set(), _KEYS, "settings.yaml: law")
        checked = date.fromisoformat(said["checked_on"]) if "checked_on" in said else None
        days = [int(said.get(name, default)) for name, default in (("check_every_days", CHECK_EVERY_DAYS), ("source_days_most", SOURCE_DAYS_MOST))]
        folders = [Path(said[name]) if name in said else None for name in ("policy", "book", "versions")]
    except (BadYaml, ValueError, TypeError) as problem:
        raise Refused(f"{home / 'settings.yaml'}: law: {problem}; write folders as text, checked_on as 2026-11-23, days as numbers",
                      f"{home / 'settings.yaml'}：law 有误（{problem}）；文件夹写为文字，checked_on 写成 2026-11-23，天数写为数字") from None
    return Care(*folders, checked, *days)


def law_of_lender(actor: Actor) -> str:
    """Which pack holds for the actor's lender."""
    with seen_by(actor):
        return Lender.objects.filter(code=actor.lender).values_list("law", flat=True).first() or "cn"


def pack_of(actor: Actor) -> Pack:
    """The pack that holds for the actor's lender, with the lender's own rules. Raises Refused where their folder cannot be taken."""
    care = care_of(settings.ARREARS[0])
    return _pack(law_of_lender(actor), care.policy)


def grounds_by_id(pack: Pack) -> dict[str, Ground]:
    """Every ground by the id under which verdicts name it."""
    return {ground.id: ground for ground in pack.grounds}


def versions(care: Care, law: str) -> dict[str, dict[str, str]]:
    """The versions of the pack that can be compared, by a name that tells them: the shipped one, and those the operator keeps. Raises Refused where a kept one cannot be read."""
    found = {f"{shipped_pack(law).id} {shipped_pack(law).version}": shipped_texts(law)}
    if care.policy is not None:
        found[f"{next(iter(found))} + {care.policy.name}"] = dict(_pack(law, care.policy).texts)
    if care.versions is not None and care.versions.is_dir():
        for folder in sorted(one for one in care.versions.iterdir() if one.is_dir() and (one / "pack.yaml").is_file())[:50]:
            pack = _taken(lambda folder=folder: read_pack(folder), folder)
            if pack.id == law:
                found[f"{pack.id} {pack.version} ({folder.name})"] = dict(pack.texts)
    return found


def latest_impact(care: Care) -> dict[str, Any] | None:
    """The summary of the latest preview that arrears law impact wrote beside the book, and its day as folder; None where there is none, or it cannot be read."""
    if care.book is None:
        return None
    folder = store.book_at(care.book).impact(date(2000, 1, 1)).parent
    for one in sorted((path for path in folder.glob("*/summary.json")), reverse=True)[:1]:
        try:
            return {"folder": one.parent.name, **json.loads(one.read_text(encoding="utf-8"))}
        except (OSError, ValueError):
            return None
    return None


def _pack(law: str, policy: Path | None) -> Pack:
    if policy is None:
        return shipped_pack(law if law in SHIPPED else "cn")
    texts = _taken(lambda: texts_of(policy), policy)
    return _taken(lambda: _laid(law, tuple(sorted(texts.items()))), policy)


@lru_cache(maxsize=8)
def _laid(law: str, policy: tuple[tuple[str, str], ...]) -> Pack:
    return with_policy(pack_from(shipped_texts(law), law), dict(policy))


def _taken(read, folder: Path):
    try:
        return read()
    except (BadYaml, OSError) as problem:
        raise Refused(f"{folder}: the rules there cannot be taken ({problem}); mend them, or take the folder out of settings.yaml (law)",
                      f"{folder}：其中的规则无法读取（{problem}）；请修正，或从 settings.yaml 的 law 中去掉该文件夹") from None
