"""Made-up blocks with every table, for the tests of this folder."""

from datetime import date

import polars as pl

from arrears.twin.book import Made, made_blocks
from arrears.twin.further import further_of

AS_OF = date(2026, 6, 30)


def whole_block(loans: int, seed: int, as_of: date = AS_OF, instalments: int | None = None) -> tuple[Made, dict[str, pl.DataFrame]]:
    """The one block of a small book, and every table of it."""
    (made,) = made_blocks(loans, seed, as_of, instalments)
    return made, {**made.frames, **further_of(made, seed, as_of)}
