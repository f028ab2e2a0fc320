"""The rules by which a lender's contacts are judged at their moment: those that the last night kept, made ready once a process.

Nobody else's rules stand in for them: where none are kept, or what is kept cannot be read, nobody can tell, and nobody may be contacted.
"""

from dataclasses import dataclass
from functools import lru_cache

from arrears.compliance.screen import Prepared, prepare
from arrears.law.lender import Lender, lender_from
from arrears.law.packs import pack_kept
from arrears.strict_yaml import BadYaml
from arrears.work.models import Rulebook


@dataclass(frozen=True)
class Rules:
    """A lender and the pack that holds for it, its own rules laid over it."""

    lender: Lender
    prepared: Prepared


class NoRules(Exception):
    """Nothing is kept by which a contact could be judged, or it cannot be read; en, zh: why, and what to do."""

    def __init__(self, en: str, zh: str):
        super().__init__(en)
        self.en, self.zh = en, zh


NOT_KEPT = ("no night of this lender has kept its rules here yet; have an administrator take in the last night, once more if it was taken in before an upgrade: arrears intake",
            "本机构尚无夜批留存规则；请管理员接收最近一个夜批（升级前已接收的，再接收一次即可）：arrears intake")


def rules_of(code: str) -> Rules:
    """The lender's rules, within a transaction that sees the lender: one query, and a second where this process has not met these texts yet. Raises NoRules."""
    kept = Rulebook.objects.filter(lender=code).values_list("digest", "lender_text").first()
    if kept is None:
        raise NoRules(*NOT_KEPT)
    digest, lender_text = kept
    if digest not in _MADE_READY:
        texts = Rulebook.objects.filter(lender=code).values_list("texts", flat=True).get()
        _keep(digest, _made_ready(lender_text, texts))
    found = _MADE_READY[digest]
    if isinstance(found, NoRules):
        raise found
    return found


def rules_or_why(code: str) -> Rules | NoRules:
    """The lender's rules, or why nobody can tell."""
    try:
        return rules_of(code)
    except NoRules as unknown:
        return unknown


_MADE_READY: dict[str, Rules | NoRules] = {}
_KEPT_MOST = 32


def _keep(digest: str, found: Rules | NoRules) -> None:
    if len(_MADE_READY) >= _KEPT_MOST:
        _MADE_READY.clear()
    _MADE_READY[digest] = found


def _made_ready(lender_text: str, texts: dict[str, str]) -> Rules | NoRules:
    try:
        lender = lender_from(lender_text)
        return Rules(lender, _prepared(lender.law, tuple(sorted(texts.items()))))
    except (BadYaml, KeyError, ValueError) as problem:
        return NoRules(f"the rules that the last night kept cannot be read ({problem}); do the night again and take it in", f"上一夜批留存的规则无法读取（{problem}）；请重做该夜批并重新接收")


@lru_cache(maxsize=8)
def _prepared(law: str, texts: tuple[tuple[str, str], ...]) -> Prepared:
    """A pack made ready; lenders of one installation mostly share theirs."""
    return prepare(pack_kept(dict(texts), law))
