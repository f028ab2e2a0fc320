"""What a case comes to: sums per currency, each debt's parts, plans that run, what the night proposes and what its models said, all as a page tells it."""

from datetime import date
from decimal import Decimal

_PARTS = ("due_principal_minor", "due_interest_minor", "due_fee_minor", "penalty_minor")
_FEW, _MANY = Decimal("0.001"), Decimal("0.999")


def sums_of(debts: list[dict]) -> list[dict]:
    """All debts together, one row a currency: what may be demanded, its parts, what is due and may not be demanded, days past due of the longest late."""
    found: dict[str, dict] = {}
    for debt in debts:
        row = found.setdefault(debt["currency"], {"currency": debt["currency"], "debts": 0, "claimable_minor": 0, "due_total_minor": 0, "outstanding_principal_minor": 0, "excess_minor": 0, "days_past_due": 0, **dict.fromkeys(_PARTS, 0)})
        row["debts"] += 1
        for name in ("claimable_minor", "due_total_minor", "outstanding_principal_minor"):
            row[name] += debt[name]
        for name in (*_PARTS, "excess_minor"):
            row[name] += debt["position"].get(name) or 0
        row["days_past_due"] = max(row["days_past_due"], debt["days_past_due"])
    return sorted(found.values(), key=lambda row: -row["claimable_minor"])


def debts_of(parts: dict) -> list[dict]:
    """Each debt with the parts of its position beside it, and what a plan that runs would give up; the longest late first."""
    waived: dict[str, int] = {}
    for plan in parts["plans"]:
        if plan["state"] == "agreed":
            waived[plan["loan_id"]] = sum(plan[f"waived_{name}_minor"] for name in ("penalty", "interest", "fee"))
    rows = [{**debt, **{name: debt["position"].get(name) for name in (*_PARTS, "excess_minor", "unallocated_minor", "paid_minor", "next_due_on", "next_due_minor", "asset_class", "cap_is_known")},
             "waived_minor": waived.get(debt["loan_id"]), "is_on_plan": debt["loan_id"] in waived} for debt in parts["debts"]]
    return sorted(rows, key=lambda row: (-row["days_past_due"], -row["claimable_minor"], row["loan_id"]))


def plans_of(parts: dict, today: date) -> list[dict]:
    """The plans that run, each with its next instalment from today on; None where all are past."""
    return [{**plan, "next": next((one for one in sorted(plan["instalments"], key=lambda one: one["due_on"]) if one["due_on"] >= today.isoformat()), None)} for plan in parts["plans"] if plan["state"] == "agreed"]


def action_of(proposals: list[dict], words: dict, lang: str, offers: dict[str, dict[str, str]]) -> list[dict]:
    """What the night proposes, one a currency: the treatment, the strategy's row and its reason, the strategy's words for what may be offered (None where it has none), what is expected, when the person is likeliest reached, and the score's reasons in words."""
    features = (words.get("collection_cure") or {}).get("reason_words", {})
    return [{
        **{name: one.get(name) for name in ("currency", "treatment", "channel", "rule", "segment", "expected_minor", "verdict", "reach_channel", "reach_hour")},
        "offer": offers.get(one.get("offer") or "", {}).get(lang), "reason": one.get(f"reason_{lang}") or one.get("reason_en"), "pay": percent(one.get("pay_probability")), "reach": percent(one.get("reach_probability")),
        "why": [_words(features, name, lang) for name in _names(one.get("score_reasons"))],
    } for one in proposals]


def scores_of(debts: list[dict], words: dict, lang: str) -> list[dict]:
    """What each model said of each debt: the event in words, the estimate with its interval, points, and up to four reasons in words."""
    found = []
    for debt in debts:
        for model, said in sorted(debt["scores"].items()):
            about = words.get(model) or {}
            found.append({"loan_id": debt["loan_id"], "model": model, "event": about.get(lang) or model, "version": about.get("version"), "estimate": percent(said.get("estimate")), "low": percent(said.get("low")),
                          "high": percent(said.get("high")), "points": said.get("points"), "is_bad": bool(about.get("event_is_bad")), "why": [_words(about.get("reason_words", {}), name, lang) for name in said.get("reasons") or () if name]})
    return found


def percent(share: float | None) -> str | None:
    """A probability or share as a reader says it: no more digits than it bears.

    >>> percent(0.237), percent(0.0004), percent(None)
    ('24%', '<0.1%', None)
    """
    if share is None:
        return None
    if share < _FEW or share > _MANY:
        return "<0.1%" if share < _FEW else ">99.9%"
    return f"{share:.1%}" if share < Decimal("0.1") else f"{share:.0%}"


def _names(said) -> list[str]:
    return [name for name in (said or "").split("; ") if name]


def _words(features: dict, name: str, lang: str) -> str:
    return (features.get(name) or {}).get(lang) or name
