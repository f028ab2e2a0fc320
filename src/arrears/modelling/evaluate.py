"""A kept model measured anew, on rows it never saw; and beside another one on the same rows."""

import polars as pl

from arrears.learning.challenger import as_row, compare
from arrears.modelling.fit import measured
from arrears.modelling.sample import RANDOM, Sample, a_quarter, once_each
from arrears.refusal import Refused
from arrears.registry import Version
from arrears.scoring.estimates import estimate
from arrears.scoring.outcomes import OUTCOMES


def unseen(version: Version, sample: Sample) -> tuple[pl.DataFrame, tuple[str, str]]:
    """The rows of the sample that the version was not fitted on, and which these are, in words.

    Of the file or the day of a book it was fitted on: the rows held out then. Of another day of a book: the snapshots after the last one it was fitted or
    measured on, or, where there are none yet, those from the first held out on; of these only the people held out where it was parted by people. Of another
    file: the later rows where it has time, else all.
    """
    card = version.card
    is_of_a_book = card["definition"] is None
    if is_of_a_book and sample.as_of.isoformat() != card["as_of"]:
        return _of_another_day(version, sample)
    if is_of_a_book or sample.digest == card["data"]["digest"]:
        return sample.rows.filter(pl.Series(sample.test)), ("拟合时留出的行", "the rows held out when it was fitted")
    if card["as_of"] is None or "when" not in sample.rows.columns or card["validation"]["how"] != "out_of_time":
        return sample.rows, ("全部行", "all rows")
    last, first = card["validation"]["to"], card["validation"]["from"]
    newer = sample.rows.filter(pl.col("when").cast(pl.String) > last)
    if len(newer) and newer["outcome"].n_unique() > 1:
        return newer, (f"{last} 之后的行", f"the rows after {last}")
    return sample.rows.filter(pl.col("when").cast(pl.String) >= first), (f"{first} 起的行（含拟合时留出的）", f"the rows from {first} on, those held out when it was fitted among them")


def _of_another_day(version: Version, sample: Sample) -> tuple[pl.DataFrame, tuple[str, str]]:
    told, rows = version.card["validation"], sample.rows
    if told["how"] == RANDOM:
        return _once_each(rows.filter(pl.Series(a_quarter(rows["person"]))), version), ("拟合时留出的人", "the people held out when it was fitted")
    when = pl.col("when").cast(pl.String)
    newer = _once_each(rows.filter(when > told["to"]), version)
    if len(newer) and newer["outcome"].n_unique() > 1:
        return newer, (f"{told['to']} 之后的快照", f"the snapshots after {told['to']}")
    return _once_each(rows.filter(when >= told["from"]), version), (f"{told['from']} 起的快照（含拟合时留出的）", f"the snapshots from {told['from']} on, those held out when it was fitted among them")


def _unseen_by(other: Version, version: Version) -> pl.Expr:
    """Of rows that the version never saw those that the other one never saw either. Raises Refused where nobody can say."""
    told, mine = other.card["definition"], version.card["definition"]
    if told is None and other.card["validation"]["how"] == RANDOM:
        return pl.col("person").map_batches(lambda person: pl.Series(a_quarter(person)), return_dtype=pl.Boolean)
    if told is None:
        return pl.col("when").cast(pl.String) >= other.card["validation"]["from"]
    if mine is None or any(told[key] != mine[key] for key in ("time", "group", "test_share", "seed")):
        raise Refused(f"{other.name}: versions {version.version} and {other.version} held out different rows, so one saw what the other is measured on; fit one anew with the same split",
                      f"{other.name}：版本 {version.version} 与 {other.version} 留出的行不同，其一见过另一的检验行；请以相同划分重新拟合其一")
    return pl.lit(True)


def _once_each(rows: pl.DataFrame, version: Version) -> pl.DataFrame:
    """Snapshots of a book overlap in their horizons: everybody is measured in one."""
    return rows.filter(pl.Series(once_each(rows))) if version.name in OUTCOMES else rows


def evaluated(version: Version, sample: Sample, against: Version | None) -> dict:
    """Figures of the version on the rows it never saw, drift since it was fitted, fairness; and the paired comparison with the other.

    Raises Refused where no such row has an outcome.
    """
    rows, which = unseen(version, sample)
    if against is not None:
        rows = rows.filter(_unseen_by(against, version))
    if rows.is_empty():
        raise Refused(f"{version.name} version {version.version}: no row here that it was not fitted on has an outcome yet; take a later --as-of or another file",
                      f"{version.name} 版本 {version.version}：没有可供检验的样本外行；请用更晚的 --as-of 或其他文件")
    found = {"model": version.name, "version": version.version, "which_zh": which[0], "which_en": which[1], "challenger": None,
             **measured(version.model, rows, sample.seed, version.card["validation"]["train_rows"])}
    if against is not None:
        names = tuple(f"{one.name} {one.version}" for one in (version, against))
        found["challenger"] = as_row(compare(rows["outcome"].to_numpy(), estimate(version.model, rows), estimate(against.model, rows), names, version.model.is_share))
    return found
