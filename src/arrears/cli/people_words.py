"""What the commands of a person's rights say, in Chinese and English: nothing in it is personal."""

from pathlib import Path

ASKED = {"reason": ("Reason (no name, no number)", "理由（勿写姓名、号码）"), "phone": ("Telephone number", "电话号码"), "id_number": ("ID number", "证件号码"), "value": ("New value", "新值")}
"""What is asked for, English and Chinese."""
_WHY = {
    "purpose_runs": ("the debt is open: the contract still runs, the purpose is not reached (PIPL 13, 47)", "债务未了结：合同仍在履行，处理目的尚未实现（个人信息保护法第十三条、第四十七条）"),
    "litigation_hold": ("a suit or a stay of law stands: everything is kept while it does", "诉讼或法律中止期间：全部保存"),
    "until_settled": ("kept until the debt is settled", "保存至债务结清"),
    "unknown_law": ("no table of retention is known for this lender's law; set periods in settings.yaml", "该机构所适用法律没有保存期限表；请在 settings.yaml 中设定期限"),
    "keep": ("must be kept", "须保存"),
    "no_rule": ("no rule speaks of it: it stays until the operator sets a period in settings.yaml", "没有规则：在 settings.yaml 设定期限之前保留"),
}
_BECOMES = {"destroyed": ("destroyed", "已销毁"), "kept": ("kept", "保留"), "no_rule": ("no rule, kept", "无规则，保留"), "holds_nothing": ("over, holds nothing personal", "期满，不含个人信息")}
_CERTAIN = {"T1": ("text read", "已阅原文"), "T2": ("read in a secondary text", "据转述"), "K": ("not read", "未阅原文"), "own": ("operator's own", "机构自定")}


def found_lines(found: dict, lang: str) -> list[str]:
    """Where somebody with the number stands, a line each."""
    zh = lang == "zh"
    lines = [f"找到 {found['hits']} 处" if zh else f"{found['hits']} found"]
    return lines + [f"  {'案件' if zh else 'case'} {one['case']}  {'当事人' if zh else 'party'} {one['party']}  {one['role']}" for one in found["parties"]]


def copy_lines(out: Path, files: int, attachments: int, lang: str) -> list[str]:
    """Where the copy is and how to treat it."""
    if lang == "zh":
        return [f"副本已写入 {out}：{files} 个文件，其中附件 {attachments} 个；文件夹仅限本用户读取", "内容为明文：交给本人后请删除；机构留存的是操作日志，不含内容"]
    return [f"The copy is in {out}: {files} files, {attachments} of them attachments; only this user can read it",
            "It is in clear: remove it once the person has it; what stays here is the Entry, without the content"]


def corrected_lines(done: dict, lang: str) -> list[str]:
    """What was corrected, by case."""
    lines = [f"已更正 {done['field']}：" if lang == "zh" else f"{done['field']} is corrected:"]
    return lines + [(f"  案件 {one['case']}：{one['rows']} 处" if lang == "zh" else f"  case {one['case']}: at {one['rows']}") for one in done["corrected"]]


def stopped_lines(verb: str, done: dict, lang: str) -> list[str]:
    """In which cases processing stopped or goes on."""
    words = {"freeze": ("Processing has stopped but for storage (PIPL 47):", "已停止除存储之外的处理（个人信息保护法第四十七条）："), "unfreeze": ("Processing goes on:", "已恢复处理：")}[verb]
    return [words[lang == "zh"], *(f"  {one}" for one in done["cases"])]


def erased_lines(done: dict, lang: str) -> list[str]:
    """What came of an erasure, and why, by rule, with its source and how sure the number is."""
    zh = lang == "zh"
    if done["outcome"] == "erased":
        cleared = sum(done["cleared"].values())
        return [f"已删除：密钥已销毁，{cleared} 行已清空；在 {len(done['cases'])} 个案件中" if zh else f"Erased: the key is destroyed, {cleared} rows are cleared; in {len(done['cases'])} cases",
                "没有保存期限或法律保留仍在进行（个人信息保护法第四十七条）" if zh else "No period of retention and no legal hold runs any more (PIPL 47)"]
    if done["outcome"] == "refused":
        lines = ["未删除，未停止处理：" if zh else "Not erased, and nothing stops:"]
    else:
        until = done["until"] or ("未定" if zh else "no day can be said")
        lines = [f"未删除；已停止除存储之外的处理，保存至 {until}（含当日）：" if zh else f"Not erased; all processing but storage has stopped, kept through {until}:"]
    return lines + [f"  {_reason(one, zh)}" for one in done["because"]]


def closed_lines(closed: dict[str, int] | None, lang: str) -> list[str]:
    """What became of the rows in which nights told of erased borrowers; and what is to be done where no book was named."""
    zh = lang == "zh"
    if closed is None:
        return ["其夜批决定的存证仍可凭账册打开，直至对该账册下一次运行 arrears intake 或 arrears record collect；如需立即关闭，请再运行一次并加 --book" if zh else
                "What nights decided of them can still be opened from a book until arrears intake or arrears record collect runs over it next; to close it now, run this once more with --book"]
    return [(f"{book}：没有夜批保存此人的任何内容" if zh else f"{book}: no night keeps anything of this person") if not count else f"{book}：已销毁 {count} 个密值，其夜批决定此后任何人均无法打开；日志与他人的证明不受影响" if zh else
            f"{book}: {count} {'secret is' if count == 1 else 'secrets are'} destroyed; nobody can open what its nights decided of them any more. The log and everybody else's proofs stay valid" for book, count in closed.items()]


def _reason(one: dict, zh: bool) -> str:
    until = f"{'至' if zh else 'through'} {one['until']}" if one["until"] else ""
    rules = "; ".join(_rule(rule, zh) for rule in one["rules"])
    return " ".join(part for part in (one["kind"], _WHY[one["status"]][zh], until, f"[{rules}]" if rules else "") if part)


def _rule(rule: dict, zh: bool) -> str:
    source = ("机构自行选择" if zh else "the operator's own choice") if rule["source"] == "operator_policy" else " ".join(part for part in (rule["title"], rule["article"] or "") if part)
    return f"{rule['id']}: {source}, {_CERTAIN[rule['evidence']][zh]}"


def retention_lines(report: dict, lang: str) -> list[str]:
    """A report of retention: what was or would be destroyed, what stays until when, by which rules."""
    zh = lang == "zh"
    head = f"机构 {report['lender']}，{report['as_of']}：" if zh else f"Lender {report['lender']}, {report['as_of']}: "
    done = (f"已执行，销毁 {report['keys_destroyed']} 人的密钥" if zh else f"applied, the keys of {report['keys_destroyed']} persons are destroyed") if report["applied"] else (
        "仅预览，未作更改（加 --apply 执行）" if zh else "looked at only, nothing was changed (--apply does it)")
    lines = [head + done, _cases(report["cases"], zh)]
    for line in report["lines"]:
        becomes = _BECOMES[line["becomes"]][zh] if report["applied"] or line["becomes"] != "destroyed" else ("将销毁" if zh else "to be destroyed")
        days = "" if line["earliest"] is None else f"  {line['earliest']} – {line['latest']}"
        lines.append(f"  {becomes:<12} {line['kind']:<22} {line['count']:>8,}{days}  {', '.join(line['rules']) or line['status']}")
    lines += [f"  {_rule({'id': name, **cited}, zh)}" for name, cited in report["rules"].items()]
    if any(line["becomes"] == "no_rule" for line in report["lines"]):
        lines.append(_WHY["no_rule"][1 if zh else 0])
    return lines


def _cases(cases: dict, zh: bool) -> str:
    """How many cases the report speaks of, and how many it does not: while a debt is open, no period of retention runs."""
    of_closed = ("：尚无保存期限开始计算，无内容到期" if zh else ": no period runs yet, nothing is due") if not cases["closed"] else ("，以下为已结案件的记录" if zh else "; what follows is of the closed ones")
    if zh:
        return f"  未结案件 {cases['open']:,} 件：债务未了结，全部保存，不计期限；已结案件 {cases['closed']:,} 件{of_closed}"
    return f"  {cases['open']:,} open cases: the debt runs, so all of them is kept and no period is counted; {cases['closed']:,} closed{of_closed}"
