"""The law that holds for a lender, as the desk reads it: as the last night kept it, else as it is shipped; with what the operator says about looking after it.

    home/settings.yaml
      law:
        versions: /folder          kept packs, a folder each, for comparing
        checked_on: "2026-11-23"   when somebody last looked whether there is new law
        check_every_days: "30"     how old that look may be
        source_days_most: "180"    how old a look at a text may be
"""

import json
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from arrears import strict_yaml
from arrears.law.lender import lender_from
from arrears.law.packs import SHIPPED, pack_kept, packed, read_pack, shipped_pack, shipped_texts, texts_of
from arrears.law.rules import Ground, Pack
from arrears.refusal import Refused
from arrears.strict_yaml import BadYaml
from arrears.work.actor import Actor
from arrears.work.models import Lender, Rulebook
from arrears.work.own_choices import section
from arrears.work.tenancy import seen_by

CHECK_EVERY_DAYS, SOURCE_DAYS_MOST = 30, 180
"""The operator's own choices where settings.yaml says nothing."""
VERSIONS_MOST = 50
_KEYS = {"versions", "checked_on", "check_every_days", "source_days_most"}


@dataclass(frozen=True)
class Care:
    """How the operator looks after the law. checked_on: None where nobody said; versions: the folder of kept packs, None where there is none."""

    versions: Path | None
    checked_on: date | None
    check_every_days: int
    source_days_most: int


@dataclass(frozen=True)
class InForce:
    """The pack that holds, with the lender's own rules. as_of: the night that kept it, None where no night did and the shipped one stands in; book: the lender's book on this machine."""

    pack: Pack
    as_of: date | None
    book: Path | None
    texts: dict[str, str] = field(repr=False)


def care_of(home: Path) -> Care:
    """The section law of the home's settings. Raises Refused naming what cannot be."""
    said = section(home, "law")
    try:
        strict_yaml.expect_keys(said, set(), _KEYS, "settings.yaml: law")
        checked = date.fromisoformat(said["checked_on"]) if "checked_on" in said else None
        days = [int(said.get(name, default)) for name, default in (("check_every_days", CHECK_EVERY_DAYS), ("source_days_most", SOURCE_DAYS_MOST))]
        return Care(Path(said["versions"]) if "versions" in said else None, checked, *days)
    except (BadYaml, ValueError, TypeError) as problem:
        raise Refused(f"{home / 'settings.yaml'}: law: {problem}; write the folder as text, checked_on as 2026-11-23, days as numbers",
                      f"{home / 'settings.yaml'}：law 有误（{problem}）；文件夹写为文字，checked_on 写成 2026-11-23，天数写为数字") from None


def law_in_force(actor: Actor) -> InForce:
    """The law of the actor's lender, in two queries at most. Raises Refused where what the night kept cannot be read."""
    with seen_by(actor):
        kept = Rulebook.objects.filter(lender=actor.lender).values_list("digest", "as_of", "book").first()
        if kept is None:
            law = Lender.objects.filter(code=actor.lender).values_list("law", flat=True).first()
            law = law if law in SHIPPED else "cn"
            return InForce(shipped_pack(law), None, None, shipped_texts(law))
        digest, as_of, book = kept
        texts = _KEPT.get(digest)
        if texts is None:
            lender_text, texts = Rulebook.objects.filter(lender=actor.lender).values_list("lender_text", "texts").get()
            texts = {**texts, "": lender_text}
            if len(_KEPT) >= VERSIONS_MOST:
                _KEPT.clear()
            _KEPT[digest] = texts
    return InForce(_pack_of(digest), as_of, Path(book) if book else None, {name: text for name, text in texts.items() if name})


_KEPT: dict[str, dict[str, str]] = {}
"""By digest the texts of Rulebooks that this process has read; the lender's own under the empty name."""


@lru_cache(maxsize=16)
def _pack_of(digest: str) -> Pack:
    texts = _KEPT[digest]
    try:
        return pack_kept({name: text for name, text in texts.items() if name}, lender_from(texts[""]).law)
    except (BadYaml, KeyError, ValueError) as problem:
        raise Refused(f"the rules that the last night kept cannot be read ({problem}); do the night again and take it in", f"上一夜批留存的规则无法读取（{problem}）；请重做该夜批并重新接收") from None


def grounds_by_id(pack: Pack) -> dict[str, Ground]:
    """Every ground by the id under which verdicts name it."""
    return {ground.id: ground for ground in pack.grounds}


def versions(found: InForce, care: Care) -> dict[str, dict[str, str]]:
    """The versions of the pack that can be compared, by a name that tells them: the one in force, the shipped one, those the operator keeps. Raises Refused where a kept one cannot be read."""
    law = found.pack.id
    texts = {**packed(found.texts, law), **{f"policy/{name}": text for name, text in packed(found.texts, "policy").items()}} if found.as_of else dict(found.texts)
    told = {f"{law} {found.pack.version}" + (f" · {found.as_of.isoformat()}" if found.as_of else ""): texts}
    shipped = shipped_pack(law) if law in SHIPPED else None
    if found.as_of and shipped is not None:
        told[f"{law} {shipped.version} · arrears"] = shipped_texts(law)
    if care.versions is not None and care.versions.is_dir():
        for folder in sorted(one for one in care.versions.iterdir() if (one / "pack.yaml").is_file())[:VERSIONS_MOST]:
            pack = _taken(folder)
            if pack.id == law:
                told[f"{law} {pack.version} · {folder.name}"] = texts_of(folder)
    return told


def latest_impact(book: Path | None) -> dict[str, Any] | None:
    """The summary of the latest preview that arrears law impact wrote beside the book, with its day as folder; None where there is none, or it cannot be read."""
    if book is None:
        return None
    for one in sorted(book.glob("impact/????-??-??/summary.json"), reverse=True)[:1]:
        try:
            told = json.loads(one.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return {"folder": one.parent.name, **told} if isinstance(told, dict) else None
    return None


def _taken(folder: Path) -> Pack:
    try:
        return read_pack(folder)
    except (BadYaml, OSError) as problem:
        raise Refused(f"{folder}: the pack there cannot be read ({problem}); mend it, or take it out of the folder of versions", f"{folder}：该规则包无法读取（{problem}）；请修正或移出版本文件夹") from None
