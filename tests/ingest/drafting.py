"""A draft as tests look at it: its document, its tables, what it asks, and all of it answered."""

from arrears import strict_yaml
from arrears.ingest.draft import Draft, answer


def document(drafted: Draft) -> dict:
    return strict_yaml.parse(drafted.text, "draft.yaml")


def tables_of(drafted: Draft) -> dict[str, dict]:
    return {name: table for source in document(drafted)["sources"] for name, table in source["tables"].items()}


def asked(drafted: Draft) -> set[str]:
    return {question.id.split(".", 1)[1] for question in drafted.questions}


ANSWERS = {"regime": "cn_microloan", "annual_rate_ppm": "=180000", "penalty_rate_ppm": "=270000", "table": "none", "format": "M/D/YYYY"}


def answered(drafted: Draft, **own: str) -> Draft:
    """The draft with every question answered: as the test says, else as proposed, else by the first choice."""
    for _ in range(8):
        if not drafted.questions:
            return drafted
        known = ANSWERS | own
        answers = {}
        for question in drafted.questions:
            key = next((key for key in known if question.id.endswith(f".{key}")), None)
            answers[question.id] = known[key] if key else question.default or question.choices[0]
        drafted = answer(drafted, answers)
    raise AssertionError(f"still asked: {[question.id for question in drafted.questions]}")
