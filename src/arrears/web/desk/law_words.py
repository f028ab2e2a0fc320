"""Rules of law said to a reader: what a rule is called, which text it rests on, how sure that is."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext_noop as _

from arrears.days import day_of, number_of
from arrears.law.rules import LEVEL, OPERATOR_POLICY, VERDICTS, Ground, Pack
from arrears.work.gate import OWN

EVIDENCE = {"T1": _("primary text read"), "T2": _("read in a secondary text; to be checked against the primary one"), "K": _("general knowledge; to be checked against the primary text"), "U": _("uncertain"),
            "own": _("the operator's own policy")}
_FOREVER = number_of(date.max)


@dataclass(frozen=True)
class RuleLine:
    """One ground of a rule as it is shown. source_title empty for the lender's own; until: the first day on which it no longer holds, None where none is known."""

    id: str
    rule: str
    title: str
    message: str
    source: str
    source_title: str
    article: str | None
    evidence: str
    modality: str
    verdict: str
    from_on: date
    until: date | None
    is_own: bool
    reach: tuple[tuple[str, str], ...]
    examples: int
    file: str

    @property
    def cited(self) -> str:
        """The text with its article."""
        return " ".join(part for part in (self.source_title or self.source, self.article or "") if part)


def language() -> str:
    return "en" if get_language() == "en" else "zh"


def rule_line(ground: Ground, pack: Pack) -> RuleLine:
    """The ground in the reader's language."""
    lang, rule = language(), ground.rule
    return RuleLine(ground.id, rule.id, rule.title[lang], rule.message[lang], ground.source, "" if ground.is_policy else pack.sources[ground.source]["title"], ground.article, ground.evidence,
                    ground.modality, VERDICTS[LEVEL[ground.modality]], day_of(ground.from_on), None if ground.until_on == _FOREVER else day_of(ground.until_on), ground.is_policy,
                    tuple((name, ", ".join(sorted(values))) for name, values in sorted(ground.reach.items())), len(rule.examples), rule.file)


def rule_lines(pack: Pack) -> dict[str, RuleLine]:
    """Every ground of the pack by the id under which verdicts name it."""
    return {ground.id: rule_line(ground, pack) for ground in pack.grounds}


def known_rules(pack: Pack) -> dict[str, RuleLine]:
    """Every ground of the pack, and what the work plane forbids beside it, by the id under which verdicts name it."""
    lang = language()
    own = {}
    for key, (zh, en, source, article) in OWN.items():
        title = (zh if lang == "zh" else en).replace("{zh}", "…").replace("{en}", "…")
        own[key] = RuleLine(key, key, title, title, source, pack.sources.get(source, {}).get("title", "") if source != OPERATOR_POLICY else "", article, "own" if source == OPERATOR_POLICY else "T1", "prohibited", VERDICTS[-1], date.min, None,
                            source == OPERATOR_POLICY, (), 0, "")
    return {**rule_lines(pack), **own}


def in_force(line: RuleLine, day: date) -> bool:
    """Whether the ground holds on the day."""
    return line.from_on <= day and (line.until is None or day < line.until)
