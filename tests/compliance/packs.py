"""The lexicons that travel with this version, and the texts they are held against."""

from functools import cache
from pathlib import Path

from arrears import strict_yaml
from arrears.compliance.lexicon import Lexicon, read_lexicon

LAW = Path(__file__).parents[2] / "src" / "arrears" / "law"
SOURCES = {
    "cn": {"gbt-45251-2025", "nifa-2024-collection", "cba-2026-collection", "cbrc-2011-2", "civil-code", "criminal-law", "pipl", "civil-procedure-law",
           "anti-organised-crime-law", "spc-limitation-2020-17", "spc-2018-19", "disclosure-2026", "operator_policy"},
    "us": {"reg-f", "tcpa", "fdcpa", "operator_policy"},
}


def lexicon_texts(where: str) -> dict[str, str]:
    """The texts of a pack's lexicon by name, as the pack's reader hands them over."""
    return {f"lexicon/{path.name}": path.read_text(encoding="utf-8") for path in sorted((LAW / where / "lexicon").glob("*.yaml"))}


@cache
def lexicon(where: str) -> Lexicon:
    """The lexicon of a pack."""
    return read_lexicon(lexicon_texts(where), SOURCES[where])


def texts(name: str) -> list[tuple[str, str, str]]:
    """The texts of a file beside this one: law, kind or red line, text. Invisible characters are written \\\\uXXXX there."""
    held = strict_yaml.read(Path(__file__).with_name(name))
    return [(where, kind, text.replace("\\u200b", "\u200b").replace("\\u2060", "\u2060"))
            for where, kinds in held.items() for kind, shown in kinds.items() for text in shown]
