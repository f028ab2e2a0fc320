"""A draft as a mapping file: strict YAML with, behind each line, how sure it is and what stands open."""

import json
import re
import textwrap
from dataclasses import dataclass

from arrears.ingest.draft_content import Look, best_meaning
from arrears.ingest.draft_keep import KeepPlan
from arrears.ingest.draft_plan import OPEN, ColumnPlan
from arrears.ingest.draft_questions import Question
from arrears.ingest.draft_reading import Seen
from arrears.ingest.draft_said import summands
from arrears.ingest.personal import looks_personal

_PLAIN = re.compile(r"[\w\u3400-\u9fff](?:[\w\u3400-\u9fff ./-]*[\w\u3400-\u9fff/-])?")
_WHAT_IS_LEFT = {
    "balance": "the platform works it out itself", "paid_parts": "the platform divides payments itself", "penalty": "the platform works it out itself",
    "overdue_days": "the platform counts the days itself", "status": "a state; the platform works it out itself",
    "due_total": "a sum of the parts", "recorded_at": "may be taken as recorded_at, if every table has one",
    "last_paid_on": "a state of the loan; the payments themselves say it", "remark": "free text", "settled_on": "the platform works it out itself",
}


@dataclass(frozen=True)
class TablePlan:
    """One table of one source."""

    table: str
    columns: tuple[ColumnPlan, ...]
    times: str | None = None
    question: Question | None = None
    """What must be answered before anything can be proposed for the table; its columns are empty then."""


@dataclass(frozen=True)
class SourcePlan:
    """One source of the mapping; seen says what was seen of it."""

    name: str
    seen: Seen
    tables: tuple[TablePlan, ...]
    keep: KeepPlan | None
    remarks: tuple[tuple[str, str], ...] = ()

    def taken(self) -> set[str]:
        """The source columns it takes."""
        found = {self.keep.column} if self.keep else set()
        for table in self.tables:
            found |= {table.times} if table.times else set()
            for plan in table.columns:
                found |= columns_in(plan.entry, {look.name for look in self.seen.looks})
        return found


def columns_in(entry: dict | str, known: set[str]) -> set[str]:
    """The source columns that the entry of a table's column takes."""
    if isinstance(entry, str):
        return {entry} & known
    named = [entry.get("column", "")] + list(entry.get("key_of", [])) + list(entry.get("sum_of", []))
    return set(named) & known


def text_of(given: list[str], plans: list[SourcePlan], skipped: list[Seen], warnings: list[str], currency: str, empty_sheets: tuple[str, ...]) -> str:
    """The whole file."""
    taken = set().union(*(plan.taken() for plan in plans))
    personal = {look.name for plan in plans for look in plan.seen.looks if look.is_personal}
    by_cells = {look.name for plan in plans for look in plan.seen.looks if look.personal is not None and not looks_personal(look.name)}
    hashed, left_out = sorted(taken & personal), sorted(personal - taken)
    lines = [
        "# Drafted by `arrears map`. Read every line: behind each stands how sure it is, from 0 to 1, and by what.",
        '# Wherever "?" stands a person must answer; `arrears ingest` refuses the file until all are answered.',
        "# 由 `arrears map` 起草。请逐行核对：行尾是把握程度（0 到 1）及其依据；写着 \"?\" 的地方必须由人回答，否则不能导入。",
        *(f"# warning: {_comment(warning)}" for warning in warnings),
        f"mapping: {scalar('draft of ' + ', '.join(given))}",
        f"currency: {currency}                    # of every amount whose table has no column for it; change it where it is another",
        "timezone: Asia/Shanghai          # of moments that bear no offset",
    ]
    if hashed or left_out:
        lines.append("personal:")
        if hashed:
            lines.append(f"  hashed: {_flow(hashed)}    # becomes a keyed hash wherever it is taken")
        if alike := [name for name in hashed if name in by_cells]:
            lines.append(f"  # by their cells alone, which look like identity card or mobile numbers: {', '.join(alike)}; where they are the lender's own "
                         "numbers, move them to not_personal")
            lines.append(f"  # 仅因内容像身份证号或手机号：{'、'.join(alike)}；若是本机构自己的编号，请移到 not_personal")
        if left_out:
            lines.append(f"  left_out: {_flow(left_out)}    # looks personal; is not read any further")
            lines.append("  # where the lender has a vault, they may go there: move them to `vaulted: {column: name}` (or id_number, phone, email, address, account)")
            lines.append("  # 若有保险库，可改写入 `vaulted: {列名: name}`（或 id_number、phone、email、address、account），则只以密文进入保险库")
    lines.append("sources:" if plans else "sources: []    # nothing was recognised; see below")
    for at, plan in enumerate(plans):
        of_it = set().union(*(other.taken() for other in plans if other.seen is plan.seen))
        lines += _source_lines(plan, of_it, all(other.seen is not plan.seen for other in plans[:at]))
    for seen in skipped:
        names = ", ".join(look.name for look in seen.looks)
        lines.append(f"# {_comment(seen.source)} feeds no table that was recognised; its columns: {_comment(names)}")
        lines += [f"# {_comment(said)}" for note in seen.notes for said in note]
    unread = [f"{file}[{sheet}]" for seen in skipped for file in seen.files for sheet in seen.sheets]
    unread += [f"{name} (empty 空)" for name in empty_sheets]
    if unread:
        lines.append(f"# sheets that no source reads 没有来源读取的工作表: {_comment(', '.join(unread))}")
    return "\n".join(lines) + "\n"


def _asked(question: Question, columns: set[str] | None = None) -> list[str]:
    """The question as comment lines: English, Chinese, and, as it is to be written, what may be answered and is proposed.

    `columns` are those of the source, where the whole entry is asked: an answer is one of them, or a constant.
    """
    lines = textwrap.wrap(
        _comment(question.en), 100, initial_indent="? ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False,
    )
    lines += ["  " + line for line in _wrapped_zh(_comment(question.zh))]
    if columns is None:
        said, written = question.choices if not question.any_constant else (), str
    else:
        said = [choice for choice in question.choices if choice not in columns]
        def written(text: str) -> str:
            if names := summands(text, columns):
                return _value({"sum_of": list(names), "unit": OPEN})
            return scalar(text) if text in columns else _value({"constant": text.removeprefix("=")})
    more = f" | … and {len(said) - 12} more" if len(said) > 12 else ""
    lines += [f"  one of: {_comment(' | '.join(map(written, said[:12])))}{more}"] if said else []
    return lines + ([f"  proposed: {_comment(written(question.default))}"] if question.default else [])


def _wrapped_zh(text: str) -> list[str]:
    """The text in lines of about 60 signs, broken between Chinese signs, never within a word or before a stop."""
    lines = [""]
    for piece in re.findall(r"[!-~]+ *[，。、；：！？）”》]*|.[，。、；：！？）”》]*", text):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > 60:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def _source_lines(plan: SourcePlan, taken: set[str], is_first: bool) -> list[str]:
    """One source; taken: the columns that some source of the same file takes; the first of these lists the others."""
    seen, lines = plan.seen, [""]
    for said in (*seen.notes, *plan.remarks):
        lines += [f"  # {_comment(text)}" for text in said]
    extent = "all" if seen.is_whole else "the first"
    lines.append(f"  - source: {scalar(plan.name)}    # {extent} {seen.records} records were looked at")
    if seen.query is not None:
        lines.append(f"    query: {scalar(seen.query)}")
    else:
        literal = [re.sub(r"([\[*?])", r"[\1]", name) for name in seen.files]  # a pattern that means this very name
        lines.append(f"    files: {_flow(literal)}")
    if seen.sheets:
        lines.append(f"    sheet: {_flow(list(seen.sheets)) if len(seen.sheets) > 1 else scalar(seen.sheets[0])}")
    if seen.header != (1,):
        lines.append(f"    header: {_flow([str(line) for line in seen.header])}    # the names of the columns stand here, not in line 1")
    if plan.keep is not None:
        for question in plan.keep.questions:
            lines += [f"    # {part}" for part in _asked(question)]
        if plan.keep.questions:
            lines.append(f"    #   yes: write the word in place of {scalar(OPEN)}; no: leave it out 是：把该词写在 {scalar(OPEN)} 处；否：不写")
        key = "is" if plan.keep.is_wanted else "is_not"
        lines.append(f"    keep: {{column: {scalar(plan.keep.column)}, {key}: {_flow(list(plan.keep.texts))}}}")
    lines.append("    tables:")
    for table in plan.tables:
        if table.question is not None:
            lines += [f"      # {part}" for part in _asked(Question(**{**vars(table.question), "choices": (), "default": None}))]
            lines.append("      #   run `arrears map` with --ask, which drafts the table from the answer; or write it here; or remove")
            lines.append("      #   this line where its file follows 用 --ask 重新起草，或在此写出该表；计划文件另行提供时请删除此行")
            lines.append(f"      {table.table}: {scalar(OPEN)}")
            continue
        lines.append(f"      {table.table}:")
        if table.times:
            lines.append(f"        repeat: {{times: {scalar(table.times)}}}")
        for column in table.columns:
            for question in column.questions:
                columns = {look.name for look in seen.looks} if column.entry == OPEN else None
                lines += [f"        # {part}" for part in _asked(question, columns)]
            note = f"    # {_comment(column.note)}" if column.note else ""
            lines.append(f"        {column.column}: {_value(column.entry)}{note}")
    unused = [look for look in seen.looks if look.name not in taken]
    if unused and is_first:
        lines.append("    # not used:")
        lines += [f"    #   {_comment(look.name)}{_why_not(look)}" for look in unused]
    return lines


def _why_not(look: Look) -> str:
    if look.is_personal:
        return ": personal"
    if not look.filled:
        return ": empty"
    meaning = best_meaning(look)
    if meaning == "status" and look.words:
        return f": {_WHAT_IS_LEFT['status']} ({_comment(', '.join(look.words[:8]))})"
    return f": {_WHAT_IS_LEFT[meaning]}" if meaning in _WHAT_IS_LEFT else ""


def scalar(text: str) -> str:
    """The text as YAML reads it back, quoted where it must be.

    >>> scalar("放款日期"), scalar("金额(元)"), scalar("?")
    ('放款日期', '"金额(元)"', '"?"')
    """
    if _PLAIN.fullmatch(text):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in quoted)


def _flow(texts: list[str]) -> str:
    return "[" + ", ".join(scalar(text) for text in texts) + "]"


def _value(entry: dict | str) -> str:
    if isinstance(entry, str):
        return scalar(entry)
    parts = []
    for key, value in entry.items():
        if isinstance(value, dict):
            shown = "{" + ", ".join(f"{scalar(word)}: {scalar(to)}" for word, to in value.items()) + "}"
        else:
            shown = _flow(value) if isinstance(value, list) else scalar(value)
        parts.append(f"{key}: {shown}")
    return "{" + ", ".join(parts) + "}"


def _comment(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)
