"""Who may do what, as a table that people read: policies/roles.yaml. It decides nothing; the policies do, and a test holds the two against each other."""

import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from arrears import strict_yaml
from arrears.refusal import Refused
from arrears.work.actor import ROLES
from arrears.work.verbs import VERBS

REACHES = {"own": ("本人的", "one's own"), "team": ("本组的", "of one's teams"), "agency": ("委托给本机构的", "placed with one's agency"),
           "lender": ("全部", "all"), "house": ("机构层面", "of the whole lender"), "glass": ("仅紧急访问时", "behind broken glass only")}
OPEN_TO = ("anybody", "staff", "own_account")
RULES = {"needs": ("reason", "purpose", "roles"), "frozen": ("open",), "glass": ("closed",), "except": ("own",)}
NAMES = {"collector": ("催收员", "collector"), "agency_worker": ("委外人员", "agency worker"), "team_lead": ("组长", "team lead"), "compliance_officer": ("合规专员", "compliance officer"),
         "strategist": ("策略分析师", "strategist"), "data_officer": ("个人信息保护专员", "data officer"), "auditor": ("审计员", "auditor"), "administrator": ("系统管理员", "administrator"), "system": ("系统", "system")}


@dataclass(frozen=True)
class Reach:
    """How far one role reaches with one verb: of REACHES; only kinds, where any are named; approved: after another's approval."""

    of: str
    kinds: tuple[str, ...] = ()
    approved: bool = False


@dataclass(frozen=True)
class Row:
    """One verb's line: reach by role, and the rules that hold for everybody (of RULES)."""

    reach: dict[str, tuple[Reach, ...]]
    rules: dict[str, str]


@dataclass(frozen=True)
class RoleTable:
    """rows: one per verb; routes: by the name of a web address the verb that opens it, or one of OPEN_TO."""

    rows: dict[str, Row]
    routes: dict[str, str]


@lru_cache(maxsize=1)
def role_table() -> RoleTable:
    """The table that ships. Raises Refused where it cannot be taken at its word."""
    return read_roles((files("arrears.work") / "policies" / "roles.yaml").read_text(encoding="utf-8"))


def read_roles(text: str) -> RoleTable:
    """The table of a text. Raises Refused unless every verb of the program has exactly one line, of known roles, reaches and rules."""
    try:
        read = strict_yaml.parse(text, "roles.yaml")
        strict_yaml.expect_keys(read, {"verbs", "routes"}, set(), "roles.yaml")
        strict_yaml.expect_keys(read["verbs"], set(VERBS), set(), "roles.yaml: verbs")
        rows = {verb: _row(verb, line) for verb, line in read["verbs"].items()}
        for name, opens in read["routes"].items():
            if opens not in VERBS and opens not in OPEN_TO:
                raise strict_yaml.BadYaml(f"roles.yaml: route {name}: {opens!r} is no verb and none of {', '.join(OPEN_TO)}")
    except strict_yaml.BadYaml as problem:
        raise Refused(f"{problem}; mend the table of roles", f"{problem}；请更正角色表") from None
    return RoleTable({verb: rows[verb] for verb in VERBS}, dict(read["routes"]))


def _row(verb: str, line: dict) -> Row:
    strict_yaml.expect_keys(line, set(), {*ROLES, "everybody", *RULES}, f"roles.yaml: {verb}")
    for rule in RULES.keys() & line.keys():
        if line[rule] not in RULES[rule]:
            raise strict_yaml.BadYaml(f"roles.yaml: {verb}: {rule} is {' or '.join(RULES[rule])}, not {line[rule]!r}")
    reach = {role: tuple(_reach(verb, cell) for cell in (line[role] if isinstance(line[role], list) else [line[role]])) for role in (*ROLES, "everybody") if role in line}
    if not all(reach.values()):
        raise strict_yaml.BadYaml(f"roles.yaml: {verb}: an empty cell; leave the role out")
    if "everybody" in reach:
        reach = {**dict.fromkeys(ROLES, reach.pop("everybody")), **reach}
    return Row(reach, {rule: line[rule] for rule in RULES if rule in line})


def _reach(verb: str, cell: str) -> Reach:
    words = cell.split() if isinstance(cell, str) else [""]
    approved = words[-1] == "approved"
    words = words[:-1] if approved else words
    if not words or words[0] not in REACHES or (len(words) > 1 and (words[1] != "of" or len(words) == 2)):
        raise strict_yaml.BadYaml(f"roles.yaml: {verb}: {cell!r}: write {', '.join(REACHES)}, then `of` and kinds, then `approved`, as needed")
    return Reach(words[0], tuple(words[2:]), approved)


def as_markdown(lang: str) -> str:
    """The table for a guide, in zh or en: one line per verb, one column per role."""
    at = 0 if lang == "zh" else 1
    lines = [" | ".join(["", ("操作", "what")[at], *(NAMES[role][at] for role in NAMES), ("条件", "rules")[at], ""]).strip(), "|---" * (len(NAMES) + 2) + "|"]
    for verb, row in role_table().rows.items():
        name = VERBS[verb].zh if at == 0 else VERBS[verb].en
        lines.append(f"| {name} `{verb}` | " + " | ".join("; ".join(_said(reach, at) for reach in row.reach.get(role, ())) or "—" for role in NAMES) + f" | {_rules(row, at)} |")
    return "\n".join(lines) + "\n"


def _said(reach: Reach, at: int) -> str:
    kinds = f" ({', '.join(reach.kinds)})" if reach.kinds else ""
    return REACHES[reach.of][at] + kinds + (("，经批准", ", approved")[at] if reach.approved else "")


def _rules(row: Row, at: int) -> str:
    said = {"reason": ("须有理由", "a reason"), "purpose": ("须有用途与理由", "purpose and reason"), "roles": ("须写明全部角色", "all roles said"), "open": ("停止处理后仍可", "also while frozen"), "closed": ("紧急访问时不可", "not behind broken glass"),
            "own": ("不得对本人", "never to one's own")}
    return "; ".join(said[word][at] for word in row.rules.values())


def put_into(guide: str) -> str:
    """The text of a guide with the tables between its marks as they are now."""
    for lang in ("zh", "en"):
        guide = re.sub(rf"(<!-- table {lang} -->\n).*?(<!-- end -->)", lambda marks, lang=lang: marks[1] + as_markdown(lang) + marks[2], guide, flags=re.DOTALL)
    return guide


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(put_into(page.read_text(encoding="utf-8")), encoding="utf-8")
