"""The examples that travel with a lexicon and with required parts: which do not come out as they say."""

from datetime import date

from arrears import strict_yaml
from arrears.compliance.lexicon import Example, Lexicon, read_lexicon
from arrears.compliance.required_parts import parts_of, read_required_parts
from arrears.compliance.wording import findings
from arrears.strict_yaml import BadYaml

PARTS_FILE = "required_parts.yaml"


def failed_texts(lexicon: Lexicon) -> list[str]:
    """The examples of a lexicon that fail, each as a sentence; empty where all hold."""
    return [
        f"lexicon/{one.red_line}.yaml: {one.text!r}{'' if one.on is None else f' on {one.on}'} is {'not found' if one.refused else 'found'}"
        for one in lexicon.examples if _is_found(one, lexicon) != one.refused
    ]


def failed_parts(texts: dict[str, str], sources: set[str]) -> list[str]:
    """The required parts whose examples (day: required or not_yet) fail; empty where all hold. Raises BadYaml."""
    parts = read_required_parts(texts[PARTS_FILE], sources)
    failed = []
    for entry in strict_yaml.parse(texts[PARTS_FILE], PARTS_FILE):
        for day, said in entry.get("examples", {}).items():
            if said not in ("required", "not_yet"):
                raise BadYaml(f"{PARTS_FILE}{strict_yaml.line_of(entry)}: an example says of a day whether the part is required or not_yet, not {said!r}")
            is_required = entry["id"] in {part.id for part in parts_of(parts, entry["for"], date.fromisoformat(day))}
            if is_required != (said == "required"):
                failed.append(f"{PARTS_FILE}: {entry['id']} on {day} is {'required' if is_required else 'not required'}")
    return failed


def failures(texts: dict[str, str], sources: set[str], file: str) -> list[str]:
    """What fails of the examples of one file of wording: of required_parts.yaml, or of a red line. Raises BadYaml."""
    if file == PARTS_FILE:
        return failed_parts(texts, sources)
    kept = {name: text for name, text in texts.items() if name.startswith("lexicon/") and (name == file or name.endswith(("terms.yaml", "look_alikes.yaml")))}
    return failed_texts(read_lexicon(kept, sources))


def _is_found(example: Example, lexicon: Lexicon) -> bool:
    return any(
        one.red_line == example.red_line
        and (example.on is None or (one.from_on <= example.on and (one.until_on is None or example.on < one.until_on)))
        for one in findings(example.text, lexicon)
    )
