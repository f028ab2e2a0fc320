"""Made-up applicants in a file, and the models fitted on them through the command line."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import polars as pl

from plain_books import Ran, arrears


def applicants(rows: int = 700, seed: int = 1) -> pl.DataFrame:
    """income, debt, job, and y: 1 the likelier the more is owed for what is earned, and for those of job c."""
    dice = np.random.default_rng(seed)
    income, debt, job = dice.lognormal(9, 0.5, rows), dice.lognormal(8, 0.7, rows), dice.choice(["a", "b", "c"], rows)
    odds = 1 / (1 + np.exp(-(1.8 * np.log(debt / income) + 1.3 + (job == "c"))))
    return pl.DataFrame({"income": income.round(2), "debt": debt.round(2), "job": job, "y": (dice.random(rows) < odds).astype(int)})


def fit(book: Path, frame: pl.DataFrame, *more: object, name: str = "application", target: str | None = "y") -> Ran:
    """The frame written beside the book as a CSV file, and a model fitted on it."""
    file = book.with_name(f"{book.name}.csv")
    frame.write_csv(file)
    words = () if target is None else ("--target", target)
    return arrears("score", "fit", name, "--book", book, "--data", file, *words, "--lang", "en", *more)


@cache
def fitted() -> Path:
    """A book with version 1 a scorecard and version 2 of trees, both of the same rows; nothing is released. To be copied before it is changed."""
    book = Path(mkdtemp(prefix="fitted-")) / "book"
    for kind in ("scorecard", "boosted"):
        ran = fit(book, applicants(), "--kind", kind)
        assert ran.status == 0, ran.error
    return book


def folders_of(book: Path) -> list[str]:
    """The versions that lie in the book, whole or not, and the list of releases."""
    return sorted(str(path.relative_to(book / "models")) for path in (book / "models").glob("*/*")) if (book / "models").is_dir() else []
