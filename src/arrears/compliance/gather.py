"""Facts that were read one by one, gathered into columns; each has its own past, debts, consents and numbers."""

import numpy as np

from arrears.compliance.asked import FAILED, NO_NUMBER, NO_TEXT, Asked, Consents, Past, Rows
from arrears.compliance.read_facts import Facts
from arrears.tables.contacts import OUTCOMES

_HAS_FAILED = tuple(outcome in FAILED for outcome in OUTCOMES)
_SMALL = ("licence", "product", "actor", "channel", "purpose", "relation", "debtor_status", "party_status", "holds")


def gather(facts: list[Facts]) -> Asked:
    """One row per fact, in their order. The past of one is not the past of another, whatever ids they share."""
    past: list[tuple] = []
    by_debt: list[tuple] = []
    spans: dict[str, list] = {name: [] for name in ("past", "debtor", "debt", "consent", "numbers")}
    debt_spans, consents, numbers, texts, zone_sets = [], [], [], {}, {}
    columns = {name: [] for name in ("number", "text", "zones")}
    for one in facts:
        codes: dict[str, int] = {}
        own = sorted(one.history, key=lambda contact: (contact[0], not _HAS_FAILED[contact[3]]))
        of_party = _append(past, [_placed(contact, codes) for contact in own if contact[4] == one.party])
        spans["past"].append(of_party)
        is_debtor = one.debtor == one.party
        spans["debtor"].append(of_party if is_debtor else _append(past, [_placed(c, codes) for c in own if c[4] == one.debtor]))
        begin = len(debt_spans)
        for debt in one.debts:
            debt_spans.append(_append(by_debt, [_placed(c, codes) for c in own if c[4] == one.party and debt in c[6]]))
        spans["debt"].append((begin, len(debt_spans)))
        spans["consent"].append(_append(consents, one.consents))
        spans["numbers"].append(_append(numbers, [codes.setdefault(number, len(codes)) for number in one.numbers]))
        columns["number"].append(NO_NUMBER if one.number is None else codes.setdefault(one.number, len(codes)))
        columns["text"].append(NO_TEXT if one.text is None else texts.setdefault(one.text, len(texts)))
        columns["zones"].append(zone_sets.setdefault(one.zones, len(zone_sets)))
    kept = {name: [one.row[name] for one in facts] for name in (facts[0].row if facts else ())}
    rows = {name: np.array(values, np.int8 if name in _SMALL else np.bool_ if name == "recorded" else np.int64)
            for name, values in {**kept, **columns}.items()}
    places = {f"{name}_{end}": np.array([span[side] for span in of], np.int64)
              for name, of in spans.items() for side, end in enumerate(("first", "last"))}
    first, last = (np.array([span[side] for span in debt_spans], np.int64) for side in (0, 1))
    return Asked(
        Rows(known=rows["at"], **rows, **places), _past(past), _past(by_debt), first, last, _consents(consents),
        np.array(numbers, np.int64), tuple(texts), tuple(zone_sets),
    )


def _append(everything: list, own: list) -> tuple[int, int]:
    begin = len(everything)
    everything += own
    return begin, len(everything)


def _placed(contact: tuple, codes: dict[str, int]) -> tuple[int, int, int, int, int]:
    at, channel, direction, outcome, _, number, _ = contact
    return at, channel, direction, outcome, NO_NUMBER if number is None else codes.setdefault(number, len(codes))


def _past(contacts: list[tuple]) -> Past:
    columns = np.array(contacts, np.int64).reshape(-1, 5).T
    return Past(np.ascontiguousarray(columns[0]), *(columns[place].astype(np.int8) for place in (1, 2, 3)), np.ascontiguousarray(columns[4]))


def _consents(consents: list[tuple]) -> Consents:
    return Consents(*np.ascontiguousarray(np.array(consents, np.int64).reshape(-1, 6).T))
