"""What `arrears serve` runs in each of its processes: the web's application, handed what only a command may join: the night's own explanation of a debt, and the quarantine of books."""

from datetime import date
from pathlib import Path

from arrears.refusal import Refused


def application():
    """The WSGI application, which can explain every fen of a debt by the book that a night was taken in from, and show what waits in a book's quarantine."""
    from django.conf import settings

    from arrears.cli import quarantine_shown
    from arrears.web import wsgi

    found = wsgi.application(explained=every_fen)
    settings.ARREARS_QUARANTINE = quarantine_shown
    return found


def every_fen(book: Path, loan_id: str, as_of: date, lang: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What `arrears explain` prints of the loan for that night, in parts: name, what stands above, and (day, text) a line; as known at the moment the night was.

    Raises Refused where the book or the night is not at hand on this machine, or knows no such loan.
    """
    from arrears.nightly.explain import explained
    from arrears.nightly.explain_gate import gate_lines
    from arrears.nightly.explain_scores import score_lines
    from arrears.nightly.inputs import kept_inputs
    from arrears.store import book_at

    inputs = kept_inputs(book_at(book).night(as_of)) if book.is_dir() else None
    if inputs is None:
        raise Refused(f"the book {book} or its night of {as_of} is not on this machine, so nothing can be explained from it: serve where the book is, or take in a later night",
                      f"本机没有账册 {book} 或其 {as_of} 夜批，无法据以说明：请在账册所在机器上启动服务，或接收更晚的夜批")
    parts = [(one.name, one.title, [("" if day is None else day.isoformat(), text) for day, text in one.lines]) for one in explained(book, loan_id, as_of, inputs.known_at, lang)]
    for name, lines in (("gate", gate_lines(book, loan_id, as_of, lang)), ("scores", score_lines(book, loan_id, as_of, lang))):
        for line in lines:
            if not line:
                continue
            if line.startswith(" "):
                parts[-1][2].append(("", line))
            else:
                parts.append((name, line, []))
    return parts
