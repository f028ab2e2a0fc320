"""The questions of a draft asked one by one, until all are answered or nobody answers any more."""

from collections.abc import Callable

from arrears.ingest.draft import Draft, answer
from arrears.ingest.draft_questions import Question
from arrears.refusal import Refused

SHOWN = 12
"""Choices shown with a question; `?` lists the others."""


def ask(drafted: Draft, lang: str, read: Callable[[str], str | None], say: Callable[[str], None]) -> Draft:
    """The draft with the answers given. An empty answer takes the proposal, or leaves the question open where there is none.

    read: shows a prompt and gives the line that is answered, None at the end of the input: the other questions then stay open.
    """
    zh, skipped = lang == "zh", set()
    while (left := [question for question in drafted.questions if question.id not in skipped]):
        question = left[0]
        line = read(_prompt(question, zh))
        if line is None:
            say(f"输入结束：其余 {len(drafted.questions)} 个问题在文件中写作 ?" if zh else
                f"The input ended: the {len(drafted.questions)} questions left stand in the file as ?")
            return drafted
        said = line.strip() or question.default or ""
        if said in ("?", "？"):
            say("  " + (" | ".join(question.choices) or ("任意常量，写作 =值" if zh else "any constant, as =value")))
        elif not said:
            skipped.add(question.id)
        else:
            try:
                drafted = answer(drafted, {question.id: said})
            except Refused as problem:
                say(problem.zh if zh else problem.en)
    return drafted


def _prompt(question: Question, zh: bool) -> str:
    few = question.choices[:question.fixed or SHOWN]
    shown, more = " | ".join(few), len(question.choices) - len(few)
    if more > 0 and question.fixed:
        shown += f" | 或 {more} 列之一（答 ? 全部列出）" if zh else f" | or one of {more} columns (answer ? to list them)"
    elif more > 0:
        shown += f" | …（另有 {more} 个，答 ? 全部列出）" if zh else f" | … and {more} more (answer ? to list them)"
    choices = f"\n  {shown}" if shown else ""
    return f"{question.zh if zh else question.en}{choices}{f' [{question.default}]' if question.default else ''}: "
