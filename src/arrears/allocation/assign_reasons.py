"""Why each case is with whom it is: why it left, why nobody has it, and what is remembered of it."""

from datetime import date

import numpy as np
import polars as pl

from arrears.allocation.fitness import CRITERIA, People
from arrears.allocation.recall import COME_BACK, FROZEN, IDLE, NOT_NEEDED, Terms, is_barred
from arrears.allocation.roster import AGENCY


def binding_reasons(book: pl.DataFrame, kind: np.ndarray, able: np.ndarray, binding: np.ndarray, is_open: np.ndarray, barred: pl.DataFrame) -> pl.Series:
    """Of every case the reason that binds where nobody has it: nobody can, nobody who can is there, all who are must not, all who may are full."""
    can = able & is_open
    codes = [f"no_{criterion}" for criterion in CRITERIA]
    of_kind = ["no_capacity" if some else "nobody_there" if first < 0 else codes[first]
               for some, first in zip(can.any(axis=1).tolist(), binding.tolist(), strict=True)]
    found = np.array(of_kind, dtype=object)[kind]
    rows, places = barred["row"].to_numpy(), barred["place"].to_numpy()
    shut = barred.filter(pl.Series(can[kind[rows], places], dtype=pl.Boolean)).group_by("row").agg(
        pl.col("place").n_unique().alias("people"), (pl.col("reason") == "conflict").all().alias("of_conflict")).sort("row")
    every = shut.filter(pl.Series(can.sum(axis=1)[kind[shut["row"].to_numpy()]], dtype=pl.Int64) == pl.col("people"))
    found[every.filter("of_conflict")["row"].to_numpy()] = "all_in_conflict"
    found[every.filter(~pl.col("of_conflict"))["row"].to_numpy()] = "all_barred"
    return pl.select(pl.when(book["is_still"] & book["held_by"].is_null()).then(pl.lit(FROZEN)).otherwise(pl.Series(found.tolist(), dtype=pl.String))).to_series()


def reasoned(book: pl.DataFrame, to: np.ndarray, why: np.ndarray, binding: pl.Series, people: People, terms: Terms, as_of: date) -> pl.DataFrame:
    """The rows of the answer but for their sentences: whoever is held, needed, or still remembered as given back."""
    rows = _moved(book, to, why, people).with_columns(binding=binding)
    nobody, is_new = pl.col("to").is_null(), pl.col("before").is_null()
    unplaced = pl.when(pl.col("left_why") == "over_capacity").then(pl.lit("over_capacity")).otherwise("binding")
    reason = (
        pl.when(nobody & pl.col("needed")).then(unplaced)
        .when(nobody).then(pl.coalesce("left_why", pl.lit(NOT_NEEDED)))
        .when(is_new & (pl.col("to") == pl.col("last_held_by"))).then(pl.lit("resumed"))
        .when(is_new).then(pl.lit("new"))
        .when(pl.col("left_why").is_not_null()).then("left_why")
        .when(pl.col("back") == FROZEN).then(pl.lit(FROZEN))
        .otherwise(pl.lit("kept")))
    since = pl.when(nobody).then(None).when(pl.col("left_why").is_null() & ~is_new).then("held_since").otherwise(pl.lit(as_of))
    lately = ((pl.lit(as_of) - pl.col("returned_on")).dt.total_days() < terms.not_back_days) & pl.col("last_held_by").is_not_null()
    # A bar outlives a later move for another reason: who let a case lie idle does not get it back by way of a third.
    remember = pl.col("left_why").is_not_null() & ((pl.col("left_why") == IDLE) | ~is_barred(terms, as_of))
    return rows.filter(~is_new | ~nobody | pl.col("needed") | lately.fill_null(False)).with_columns(
        held_by=pl.col("to"), why=reason, held_since=since,
        last_held_by=pl.when(remember).then("before").otherwise("last_held_by"),
        returned_on=pl.when(remember).then(pl.lit(as_of)).otherwise("returned_on"),
        returned_why=pl.when(remember).then("left_why").otherwise("returned_why"))


def _moved(book: pl.DataFrame, to: np.ndarray, why: np.ndarray, people: People) -> pl.DataFrame:
    """The book with to (the name), before, back (why it came back, null where it did not) and left_why (why it is no longer with before, null where it is)."""
    names = {place: one.name for place, one in enumerate(people)}
    reasons = dict(enumerate(COME_BACK))
    stays = (why < 0) | (why == COME_BACK.index(FROZEN))
    place = book["place"].to_numpy()
    most = np.array([one.cases_most for one in people] + [0], np.int64)
    full = np.bincount(place[stays & (place >= 0)], minlength=len(most)) > most
    rows = book.with_columns(
        pl.Series("to", to, dtype=pl.Int64).replace_strict(names, default=None, return_dtype=pl.String),
        pl.Series("back", why, dtype=pl.Int64).replace_strict(reasons, default=None, return_dtype=pl.String),
        pl.Series("is_full", full[place], dtype=pl.Boolean), before=pl.col("held_by"))
    freely = pl.when(pl.col("is_full") | pl.col("to").is_null()).then(pl.lit("over_capacity")).when(
        pl.col("holder_owner") == AGENCY).then(pl.lit("agency_share")).otherwise(pl.lit("balance"))
    gone = pl.col("before").is_not_null() & pl.col("to").ne_missing(pl.col("before"))
    return rows.with_columns(left_why=pl.when(gone).then(pl.coalesce("back", freely)))
