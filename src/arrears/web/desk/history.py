"""Everything that happened in a case as one line after the other, the latest first, and which of it the reader wants to see."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_noop as _

_ZONE = ZoneInfo("Asia/Shanghai")
SHOWN_FIRST = 25
GROUPS = {
    "": (_("All"), None), "contacts": (_("Contacts"), {"contact"}), "money": (_("Payments"), {"payment"}), "agreed": (_("Promises and plans"), {"promise", "plan", "offer"}),
    "matters": (_("Holds, disputes, complaints"), {"hold", "dispute", "complaint", "consent"}), "held": (_("Who held it"), {"placement"}),
}
"""By what the address says, what a group is called and which kinds of line are in it."""


def history(parts: dict[str, list[dict]]) -> list[dict]:
    """One line each, the latest first: at, what, about, amount_minor, currency, state, verdict and rules (of contacts), result (what a talk came to), hardship (why they cannot pay), role (who it was with), id (under which its note is told)."""
    roles = {party["id"]: party["role"] for party in parts["parties"]}
    lines = [_line(one["attempted_at"], "contact", one["channel"], one["outcome"], direction=one["direction"], verdict=one["verdict"], rules=one["rules"], loan=one["loan_id"], result=one["result"], hardship=one["hardship"], id=str(one["id"]),
                   role=roles.get(one["party_id"], one["relation"])) for one in parts["contacts"]]
    lines += [_line(one["promised_on"], "promise", one["loan_id"], one["state"], amount=one["amount_minor"], currency=one["currency"], by=one["pay_by_on"]) for one in parts["promises"]]
    lines += [_line(one["made_on"], "offer", one["kind"], one["state"], loan=one["loan_id"], by=one["expires_on"]) for one in parts["offers"]]
    lines += [_line(one["proposed_on"], "plan", one["loan_id"], one["state"], amount=sum(part["amount_minor"] for part in one["instalments"]), currency=one["currency"], count=len(one["instalments"]),
                    by=max((part["due_on"] for part in one["instalments"]), default=None)) for one in parts["plans"]]
    for name in ("dispute", "complaint"):
        lines += [_line(one["raised_at"], name, one["ground"], one["state"], by=one["answer_by_on"] if one["state"] == "open" else None) for one in parts[f"{name}s"]]
    lines += [_line(one["paid_on"], "payment", one["loan_id"], "reversed" if one["reverses"] else "", amount=one["amount_minor"], currency=one["currency"]) for one in parts["payments"]]
    for one in parts["holds"]:
        lines.append(_line(one["placed_at"], "hold", one["kind"], "placed"))
        if one["lifted_at"]:
            lines.append(_line(one["lifted_at"], "hold", one["kind"], "lifted"))
    lines += [_line(one["given_at"], "consent", one["kind"], "ended" if one["revoked_at"] else "open", role=roles.get(one["party_id"])) for one in parts["consents"]]
    lines += [_line(one["placed_on"], "placement", "", "open" if one["returned_on"] is None else one["returned_why"], by=one["returned_on"]) for one in parts["placements"]]
    return sorted(lines, key=lambda line: line["order"], reverse=True)


def groups(lines: list[dict], chosen: str) -> list[dict]:
    """The groups with how many lines each has; those without any are left out, but for the chosen one."""
    found = [{"code": code, "text": text, "count": len(lines) if kinds is None else sum(line["what"] in kinds for line in lines), "is_chosen": code == chosen} for code, (text, kinds) in GROUPS.items()]
    return [one for one in found if one["count"] or one["is_chosen"]]


def of_group(lines: list[dict], chosen: str) -> list[dict]:
    """The lines of a group; all where there is no such group."""
    kinds = GROUPS.get(chosen, GROUPS[""])[1]
    return lines if kinds is None else [line for line in lines if line["what"] in kinds]


def _line(at, what: str, about: str, state: str | None, **more) -> dict:
    order = at.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S") if isinstance(at, datetime) else at.isoformat()
    return {"at": at, "order": order, "what": what, "about": about, "state": state or "", **more}
