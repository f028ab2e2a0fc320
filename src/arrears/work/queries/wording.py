"""A text screened for whoever types it, by the words that the lender's law and its own rules know. Nothing of the text is kept, and none of it is in what is raised."""

from dataclasses import dataclass
from datetime import date

from arrears.compliance.amounts import largest_amount_minor
from arrears.compliance.wording import findings
from arrears.law.rules import OPERATOR_POLICY
from arrears.refusal import Refused
from arrears.work.actor import Actor
from arrears.work.gate_rules import NoRules, rules_of
from arrears.work.tenancy import seen_by

LETTERS_MOST = 4_000
"""The operator's own choice; a longer text is screened in parts."""


@dataclass(frozen=True)
class Crossed:
    """One expression that crosses a red line: which line and entry of the lexicon, as it was written, how it was disguised, and the text that forbids it."""

    red_line: str
    entry: str
    found: str
    disguise: str | None
    source: str
    source_title: str
    article: str | None


@dataclass(frozen=True)
class Screened:
    """What was found in a text. amount_minor: the largest sum that it names, in the law's currency; is_above: more than may be demanded."""

    crossed: tuple[Crossed, ...]
    currency: str
    amount_minor: int | None
    is_above: bool

    @property
    def verdict(self) -> str:
        """deny where a red line is crossed or the sum is above what may be demanded, warn where a suit is named alone, else allow."""
        if self.is_above or any(one.red_line != "suit" for one in self.crossed):
            return "deny"
        return "warn" if self.crossed else "allow"


def screened(actor: Actor, text: str, today: date, claimable_minor: dict[str, int] | None = None) -> Screened:
    """What the text crosses on that day. claimable_minor: what may be demanded, by currency, where it is known. Raises Refused where it is too long, or no rules are kept to screen it by."""
    if len(text) > LETTERS_MOST:
        raise Refused(f"the text has {len(text)} letters; {LETTERS_MOST} at most are screened at once: shorten it", f"文字共 {len(text)} 字；一次最多审查 {LETTERS_MOST} 字：请缩短")
    with seen_by(actor):
        try:
            prepared = rules_of(actor.lender).prepared
        except NoRules as unknown:
            raise Refused(f"the text was not screened: {unknown.en}", f"文字未经审查：{unknown.zh}") from None
    pack = prepared.pack
    found = [one for one in findings(text, prepared.lexicon) if one.from_on <= today and (one.until_on is None or today < one.until_on)] if text.strip() else []
    amount = largest_amount_minor(text, pack.currency) if text.strip() else None
    most = (claimable_minor or {}).get(pack.currency)
    return Screened(tuple(Crossed(one.red_line, one.entry, one.found, one.disguise, one.source, "" if one.source == OPERATOR_POLICY else pack.sources[one.source]["title"], one.article) for one in found),
                    pack.currency, amount, amount is not None and most is not None and amount > most)
