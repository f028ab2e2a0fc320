"""Small books written as plain Parquet files, and the command line run over them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
from typer.testing import CliRunner

from arrears.cli import app
from arrears.tables import FACTS

AS_OF = date(2026, 4, 30)
EARLY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Ran:
    """What a command left behind: exit status, standard output, standard error."""

    status: int
    out: str
    error: str


def arrears(*words: object) -> Ran:
    """The command line run with these words; an exception other than an exit is passed on."""
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    return Ran(result.exit_code, result.stdout, result.stderr)


def frame_of(table: str, rows: list[dict]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=FACTS[table].schema, orient="row")


def write_frames(folder: Path, frames: dict[str, pl.DataFrame]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for table, frame in frames.items():
        frame.write_parquet(folder / f"{table}.parquet")
    return folder


def write_rows(folder: Path, book: dict) -> Path:
    """The lists of rows under the names of tables as plain files; what else the book holds is left out."""
    return write_frames(folder, {table: frame_of(table, book[table]) for table in FACTS if table in book})


def loan(loan_id: str, **terms) -> dict:
    """The loan of the specification's worked example, under another name and with other terms."""
    return {
        "loan_id": loan_id, "borrower_id": f"B-{loan_id}", "product": "quick", "currency": "CNY",
        "principal_minor": 1_000_000, "annual_rate_ppm": 144_000, "penalty_rate_ppm": 216_000, "day_count": 360,
        "grace_days": 3, "waterfall_scope": "instalment", "waterfall_order": "fee,penalty,interest,principal",
        "penalty_on_interest": False, "disbursed_on": date(2026, 1, 10), "regime": "cn_licensed", "filed_on": None,
        "restructured_on": None, "recorded_at": None, **terms,
    }


def schedule(loan_id: str, recorded_at: datetime | None = None) -> list[dict]:
    """The four instalments of the worked example."""
    return [
        {"loan_id": loan_id, "number": number, "due_on": date(2026, 1 + number, 10), "principal_minor": 250_000,
         "interest_minor": 12_000, "fee_minor": 0, "recorded_at": recorded_at}
        for number in range(1, 5)
    ]


def payment(payment_id: str, loan_id: str, paid_on: date, amount_minor: int, reverses: str | None = None,
            recorded_at: datetime | None = EARLY) -> dict:
    return {"payment_id": payment_id, "loan_id": loan_id, "paid_on": paid_on, "amount_minor": amount_minor,
            "reverses": reverses, "recorded_at": recorded_at}


def adjustment(adjustment_id: str, loan_id: str, kind: str, effective_on: date, **rest) -> dict:
    return {"adjustment_id": adjustment_id, "loan_id": loan_id, "effective_on": effective_on, "kind": kind, "number": None,
            "amount_minor": None, "until_on": None, "recorded_at": EARLY, **rest}


def sound_book() -> dict[str, list[dict]]:
    """Three loans, of which L1 is the worked example; every table that a rule of the loader speaks of has rows."""
    return {
        "loans": [loan("L1"), loan("L2", regime="none"), loan("L3", regime="cn_private")],
        "instalments": [*schedule("L1"), *schedule("L2"), *schedule("L3")],
        "payments": [
            payment("P1", "L1", date(2026, 2, 12), 262_000), payment("P2", "L1", date(2026, 3, 20), 100_000),
            payment("P3", "L2", date(2026, 2, 10), 5_000), payment("R3", "L2", date(2026, 2, 11), 5_000, "P3"),
        ],
        "adjustments": [
            adjustment("A1", "L3", "pause", date(2026, 3, 1), until_on=date(2026, 3, 11)),
            adjustment("A2", "L3", "waive_penalty", date(2026, 4, 1), amount_minor=100),
        ],
        "holds": [{"hold_id": "H1", "loan_id": "L2", "kind": "dispute", "placed_on": date(2026, 4, 1),
                   "lifted_on": None, "recorded_at": EARLY}],
    }


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file under the folder by its path, with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
