"""`arrears map`: a mapping drafted from files, with how sure it is of each column, and questions about the rest.

`draft(given)` looks at a sample of each file or sheet, finds which tables it feeds, proposes where each column comes from,
and asks what the files do not say. `answer(draft, answers)` is the same draft with answers in it; answers may raise further
questions (a column that is named may need its unit). How a confidence is computed: draft_columns.
"""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from arrears.ingest import database, sources
from arrears.ingest.dates import DEFAULT_DATES
from arrears.ingest.draft_columns import OVERLAP_SMALL, fitted, tables_of
from arrears.ingest.draft_content import Look
from arrears.ingest.draft_keep import by_its_date, by_its_state, without_sums
from arrears.ingest.draft_plan import Answers, ColumnPlan, columns_of
from arrears.ingest.draft_questions import Question, ask_for_schedule, ask_for_table
from arrears.ingest.draft_reading import Found, Seen, see
from arrears.ingest.draft_text import SourcePlan, TablePlan, columns_in, text_of
from arrears.ingest.draft_units import Evidence, evidence_of
from arrears.refusal import Refused
from arrears.tables import FACTS
from arrears.tables.names import said

__all__ = ["Draft", "Question", "answer", "draft"]


@dataclass(frozen=True)
class Draft:
    """A drafted mapping: its text, what is to be asked, and what a user should know first."""

    text: str
    questions: tuple[Question, ...]
    warnings: tuple[tuple[str, str], ...]
    plans: tuple[SourcePlan, ...]
    found: Found = field(repr=False)
    given: tuple[str, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)

    def taken(self, given: list[str]) -> list[str]:
        """What of all that was given `arrears ingest` is to be given: a folder with a file that no source takes, file by file."""
        names = {name for plan in self.plans for name in plan.seen.files}
        out = []
        for text in given:
            paths = [] if database.is_database(text) else [path for path in sources.paths_of(text)[0] if path != Path(text)]
            used = [str(path) for path in paths if path.name in names]
            out += [text] if len(used) == len(paths) else used
        return out

    @property
    def seen(self) -> tuple[Seen, ...]:
        return self.found.seen

    def lines(self, lang: str) -> list[str]:
        """What to print: what each file feeds, how many columns were recognised, the warnings, and the questions."""
        zh, out = lang == "zh", []
        for plan in self.plans:
            for table in plan.tables:
                open_ones = sum(1 for column in table.columns if column.questions) + (table.question is not None)
                found = sum(1 for column in table.columns if not column.questions)
                out.append(
                    f"{plan.name} → {said(table.table, zh=True)}：{found} 列已拟定，{open_ones} 列待答" if zh
                    else f"{plan.name} → {table.table}: {found} columns drafted, {open_ones} to be answered"
                )
        used = {plan.seen.source for plan in self.plans}
        for seen in self.seen:
            if seen.source not in used:
                out.append(f"{seen.source}：未识别出对应的表" if zh else f"{seen.source}: feeds no table that was recognised")
        out += [f"{plan.name}{'：' if zh else ': '}{remark[zh]}" for plan in self.plans for remark in plan.remarks]
        out += [text for pair in self.warnings for text in (pair[1 if zh else 0],)]
        out += [f"? {question.zh if zh else question.en}" for question in self.questions]
        return out


def draft(given: list[str]) -> Draft:
    """The draft for these files, folders or database URLs; raises Refused where one cannot be read."""
    return _draft(see(given), {})


def answer(drafted: Draft, answers: dict[str, str]) -> Draft:
    """The draft with these answers (question id → answer) beside those given before; raises Refused where one is none.

    A question that an answer does away with is no longer asked, and new ones may come: ask until `questions` is empty.
    """
    unknown = answers.keys() - {question.id for question in drafted.questions} - drafted.answers.keys()
    if unknown:
        listed = ", ".join(sorted(unknown))
        raise Refused(f"no such question: {listed}", f"没有这样的问题：{listed}")
    return _draft(drafted.found, drafted.answers | answers)


def _draft(found: Found, given_answers: dict[str, str]) -> Draft:
    seen, answers = found.seen, Answers(given_answers)
    questions: list[Question] = []
    fed = {one.source: _tables(one, answers, questions) for one in seen}
    links, warnings = _links(seen, fed)
    warnings = [*found.left_out, *warnings]
    evidence = evidence_of(seen, fed, given_answers)
    feeds_instalments = any("instalments" in tables for tables in fed.values())
    plans: list[SourcePlan] = []
    for one in seen:
        if fed[one.source]:
            shares, zero_fill = links.get(one.source, ({}, {}))
            plans += _plans(one, fed[one.source], shares, zero_fill, answers, questions, feeds_instalments, evidence[one.source])
    questions += [question for plan in plans for table in plan.tables for column in table.columns for question in column.questions]
    skipped = [one for one in seen if not fed[one.source]]
    files = tuple(dict.fromkeys(name for one in seen for name in (one.files or (one.source,))))
    currency = next((one.currency.code or one.currency.proposed for one in evidence.values()), "CNY")
    text = text_of(list(files), plans, skipped, [en for en, _ in warnings], currency, found.empty_sheets)
    return Draft(text, tuple({question.id: question for question in questions}.values()), tuple(warnings), tuple(plans), found, files, given_answers)


def _tables(seen: Seen, answers: Answers, questions: list[Question]) -> list[str]:
    found = tables_of(seen.looks, seen.place)
    if found:
        return found
    question = ask_for_table(seen.source, [look.name for look in seen.looks if not look.is_personal])
    said = answers.of(question)
    if said is None:
        questions.append(question)
    return [] if said in (None, "none") else [said]


def _plans(
    seen: Seen, tables: list[str], shares: dict[str, float], zero_fill: dict[str, int], answers: Answers, questions: list[Question],
    feeds_instalments: bool, evidence: Evidence,
) -> list[SourcePlan]:
    """The sources of the mapping that one file makes: one, and one more for each table that only some records feed."""
    together, apart = [], []
    for table in tables:
        columns = [_filled(plan, zero_fill) for plan in columns_of(seen.source, table, seen.looks, seen.place, shares, answers, evidence)]
        planned, keep, remarks = TablePlan(table, tuple(columns)), None, []
        if table == "payments":
            taken = SourcePlan(seen.source, seen, (planned,), None).taken()
            keep, remarks = by_its_state(seen, tables == ["payments"], taken, answers)
            questions += keep.questions if keep else ()
        if keep is None and len(tables) > 1:
            keep, remarks = by_its_date(seen, table, columns)
        if keep is not None:
            apart.append((planned, keep, remarks))
        else:
            together.append(planned)
    if "loans" in tables and not feeds_instalments:
        together += _schedule(seen, together, answers, questions, evidence)
    keep, said = without_sums(seen)
    plans = [SourcePlan(seen.source, seen, tuple(together), keep, tuple(said))] if together else []
    for planned, keep, remarks in apart:
        name = f"{seen.source}_{planned.table}" if len(tables) > 1 else seen.source
        plans.append(SourcePlan(name, seen, (planned,), keep, tuple(remarks)))
    return plans


def _filled(plan: ColumnPlan, zero_fill: dict[str, int]) -> ColumnPlan:
    """The plan with the zeros put back that a linked file shows to be lost."""
    name = plan.entry if isinstance(plan.entry, str) else plan.entry.get("column")
    if plan.column != "loan_id" or name not in zero_fill:
        return plan
    note = plan.note + "; zeros in front were lost: the loans' keys have them"
    return ColumnPlan(plan.column, {"column": name, "zero_fill": str(zero_fill[name])}, note, plan.questions)


def _schedule(seen: Seen, tables: list[TablePlan], answers: Answers, questions: list[Question], evidence: Evidence) -> list[TablePlan]:
    """The instalments of loans that no file gives, as a person says they fall due."""
    loans = {plan.column: plan for plan in next(one for one in tables if one.table == "loans").columns}
    by = {meaning: look for look in reversed(seen.looks) for meaning, fit in look.meanings.items() if fit >= 0.6}
    due = by.get("due_on") or by.get("matures_on")
    start, plus = by.get("first_due_on"), {}
    if start is None and columns_in(loans["disbursed_on"].entry, {look.name for look in seen.looks}):
        entry = loans["disbursed_on"].entry
        start, plus = seen.named(entry if isinstance(entry, str) else entry["column"]), {"plus_months": "1"}
    times = by.get("times") or by.get("number")
    is_count = times is not None and times.is_whole and times.filled == times.cells
    choices = (["one"] if due and due.dates else []) + (["equal"] if is_count and start is not None and start.dates else [])
    if not choices or not isinstance(loans["principal_minor"].entry, dict) or "column" not in loans["principal_minor"].entry:
        return []
    question = ask_for_schedule(seen.source, (*choices, "none"), "none" if len(choices) > 1 else choices[0])
    said = answers.of(question)
    if said is None:
        questions.append(question)
        return [TablePlan("instalments", (), question=question)]
    if said == "none":
        return []
    extra = columns_of(seen.source, "instalments", seen.looks, seen.place, {}, answers, evidence)
    parts = {plan.column: plan for plan in extra if plan.column in ("interest_minor", "fee_minor")}
    principal = dict(loans["principal_minor"].entry) | ({"share": "equal"} if said == "equal" else {})
    day = due if said == "one" else start
    dated = {"column": day.name} | ({"format": list(day.dates)} if _needs_format(day) else {})
    dated |= {} if said == "one" else plus | {"every": "month"}
    drafted = [
        ColumnPlan("loan_id", loans["loan_id"].entry, "as in loans"),
        ColumnPlan("number", {"constant": "1"} if said == "one" else {"number": "true"}, "answered"),
        ColumnPlan("due_on", dated if len(dated) > 1 else day.name, "answered: check the first due date"),
        ColumnPlan("principal_minor", principal, "as in loans"),
        *(parts[name] for name in ("interest_minor", "fee_minor") if name in parts),
    ]
    return [TablePlan("instalments", tuple(drafted), times.name if said == "equal" else None)]


def _needs_format(look: Look) -> bool:
    return not set(look.dates) <= set(DEFAULT_DATES)


def _links(seen: tuple[Seen, ...], fed: dict[str, list[str]]) -> tuple[dict, list[tuple[str, str]]]:
    """For each source: the share of each column's values found among the loans' keys, and the columns that lost zeros.

    Warns where the keys of a file that names loans are hardly found among them, and names a pair of columns that fits better.
    """
    loans = [one for one in seen if {"loans", "unscheduled"} & set(fed[one.source])]
    keys = []
    for one in loans:
        fits = fitted("loans" if "loans" in fed[one.source] else "unscheduled", one.looks, one.place, {})
        if "loan_id" in fits:
            keys.append((one, one.named(fits["loan_id"].source)))
    if not keys:
        return {}, []
    known = pl.concat([look.values for _, look in keys]).unique()
    width = _width_with_zeros(known)
    found, warnings = {}, []
    for one in seen:
        shares, zero_fill = {}, {}
        for look in one.looks:
            share = _overlap(look.values, known)
            if width and share < OVERLAP_SMALL and look.widths and look.widths[-1] <= width:
                padded = _overlap(look.values.str.zfill(width), known)
                if padded > share + 0.2:
                    share, zero_fill[look.name] = padded, width
            shares[look.name] = share
        found[one.source] = (shares, zero_fill)
        needs = [table for table in fed[one.source] if table != "loans" and "loan_id" in FACTS[table].names()]
        if needs and one not in loans:
            warnings += _weak_link(one, needs[0], shares, keys)
    return found, warnings


def _weak_link(one: Seen, table: str, shares: dict[str, float], keys: list[tuple[Seen, Look]]) -> list[tuple[str, str]]:
    fit = fitted(table, one.looks, one.place, shares).get("loan_id")
    share = shares.get(fit.source, 0.0) if fit else 0.0
    if share >= OVERLAP_SMALL:
        return []
    loans, key = keys[0]
    named = f"of column {fit.source!r} " if fit else ""
    en = f"{one.source} → {table}: only {share:.0%} of the keys {named}sampled are found among {key.name!r} of {loans.source}; the rest would be orphans"
    zh = f"{one.source} → {table}：抽样中只有 {share:.0%} 的贷款号能在 {loans.source} 的“{key.name}”中找到，其余将成为孤儿记录"
    better = [
        (_overlap(look.values, other.values), look.name, other.name)
        for look in one.looks for other in loans.looks if other.is_unique and other is not key and look.number_share < 1.01
        and not look.has_points and not look.dates and not look.is_personal and look.distinct > 20
    ]
    best = max(better, default=(0.0, "", ""))
    if best[0] > share + 0.1:
        en += f". {best[1]!r} here and {best[2]!r} there fit better ({best[0]:.0%}): taken as loan_id on both sides they join"
        zh += f"。此处“{best[1]}”与彼处“{best[2]}”更吻合（{best[0]:.0%}）：两边都取作 loan_id 即可对上"
    return [(en, zh)]


def _overlap(values: pl.Series, known: pl.Series) -> float:
    return 0.0 if values.is_empty() else float(values.is_in(known.to_list()).mean() or 0.0)


def _width_with_zeros(keys: pl.Series) -> int | None:
    """The one length of keys that are all digits, where some begin with a zero; None else."""
    lengths = keys.str.len_chars().unique()
    digits = len(lengths) == 1 and keys.str.contains(r"^\d+$").all() and keys.str.starts_with("0").any()
    return int(lengths[0]) if digits else None
