"""What a finished night did, counted for the picture of the strategy that it was done on."""

from datetime import date

import polars as pl

from arrears import store
from arrears.nightly.inputs import kept_inputs
from arrears.refusal import Refused
from arrears.store import Book


def night_counted(book: Book, as_of: date) -> tuple[str, dict[str, dict[str, int]]] | None:
    """The text of the strategy of that night, and its counts: `rows` late loans by row, `treatments` people by treatment; None where no such night is finished.

    A person who owes in two currencies is counted with each of their treatments. Raises Refused where the night is damaged, or is of a release that kept no decisions.
    """
    folder = book.night(as_of)
    if not folder.is_dir():
        return None
    inputs, files = kept_inputs(folder), sorted((folder / "decisions").glob("p*.parquet"))
    if inputs is None or not files:
        raise Refused(f"{folder}: nobody can say what this night decided by which row (run.json or decisions is missing); do it again with arrears night --as-of {as_of} --again",
                      f"{folder}：无从得知该夜批按哪一行作出决定（缺少 run.json 或 decisions）；请用 arrears night --as-of {as_of} --again 重做")
    decisions = pl.concat([store.read_columns(path, ["borrower_id", "rule", "treatment"]) for path in files])
    people = decisions.drop_nulls("treatment").unique(["borrower_id", "treatment"])
    return inputs.strategy, {"rows": _counted(decisions["rule"]), "treatments": _counted(people["treatment"])}


def _counted(names: pl.Series) -> dict[str, int]:
    return dict(names.value_counts(sort=True).sort(names.name).iter_rows())
