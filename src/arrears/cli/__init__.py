"""The command line: arrears ingest, map, book, quarantine, take-back; night, positions, explain, replay; may, law, score, strategy, cases; generate, demo;
intake, export, serve; db, vault, record, account, person, retention, runs."""

import os
import sys
import threading
import traceback

import typer

from arrears import __version__
from arrears.cli import (
    book,
    cases,
    database,
    gate,
    nights,
    people,
    records,
    running,
    scores,
    serving,
    strategies,
    vaults,
    working,
)

DEFECT, STOPPED = 70, 130
"""Exit status of a defect in the program, and of a run whose parent has ended."""

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
                  help="How late every debt is, what may lawfully be asked, what to do tonight. 今夜：逾期、可主张金额、处置。")
for _command, _name in (
    (nights.night, "night"), (nights.positions, "positions"), (nights.explain, "explain"), (nights.replay, "replay"),
    (book.ingest, "ingest"), (book.map_sources, "map"), (book.show_book, "book"), (book.quarantine, "quarantine"),
    (book.take_back_load, "take-back"), (nights.generate, "generate"), (nights.demo, "demo"),
    (working.intake, "intake"), (working.export, "export"), (serving.serve, "serve"),
):
    app.command(name=_name)(_command)
app.command(name="may", cls=gate.MayCommand)(gate.may)
app.add_typer(gate.law, name="law")
app.add_typer(scores.score, name="score")
app.add_typer(strategies.strategy, name="strategy")
app.add_typer(cases.cases, name="cases")
app.add_typer(database.database, name="db")
app.add_typer(vaults.vault, name="vault")
app.add_typer(records.record, name="record")
app.add_typer(serving.account, name="account")
app.add_typer(people.person, name="person")
app.add_typer(people.retention, name="retention")
app.add_typer(running.runs, name="runs")


@app.command()
def version() -> None:
    """Print the version. 版本"""
    print(__version__)


def main() -> None:
    """Runs the command line; a defect of ours ends with its trace and exit status 70, told apart from a difference."""
    if parent := os.environ.pop("ARREARS_PARENT", ""):
        threading.Thread(target=_end_with, args=(int(parent),), daemon=True).start()
    try:
        app()
    except Exception:
        traceback.print_exc()
        sys.exit(DEFECT)


def _end_with(parent: int) -> None:
    """The process ends when whoever runs it has ended, however that was: nobody would hear of it any more, and another would take its run."""
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(0.5)
    os._exit(STOPPED)
