"""A kept model measured anew, on rows it never saw; and beside another one on the same rows."""

import polars as pl

from arrears.learning.challenger import as_row, compare
from arrears.modelling.fit import measured
from arrears.modelling.sample import Sample, once_each
from arrears.refusal import Refused
from arrears.registry import Version
from arrears.scoring.estimates import estimate
from arrears.scoring.outcomes import OUTCOMES


def unseen(version: Version, sample: Sample) -> tuple[pl.DataFrame, tuple[str, str]]:
    """The rows of the sample that the version was not fitted on, and which these are, in words.

    Of the file it was fitted on: the rows held out then. Of a book: the snapshots after the last one it was fitted or measured on, or, where there
    are none yet, those held out then. Of another file: all rows.
    """
    card = version.card
    if sample.digest == card["data"]["digest"]:
        return sample.rows.filter(pl.Series(sample.test)), ("拟合时留出的行", "the rows held out when it was fitted")
    if card["as_of"] is None or "when" not in sample.rows.columns or card["validation"]["how"] != "out_of_time":
        return sample.rows, ("全部行", "all rows")
    last, first = card["validation"]["to"], card["validation"]["from"]
    newer = _once_each(sample.rows.filter(pl.col("when").cast(pl.String) > last), version)
    if len(newer) and newer["outcome"].n_unique() > 1:
        return newer, (f"{last} 之后的快照", f"the snapshots after {last}")
    return _once_each(sample.rows.filter(pl.col("when").cast(pl.String) >= first), version), (f"{first} 起的快照（含拟合时留出的）", f"the snapshots from {first} on, those held out when it was fitted among them")


def _once_each(rows: pl.DataFrame, version: Version) -> pl.DataFrame:
    """Snapshots of a book overlap in their horizons: everybody is measured in one."""
    return rows.filter(pl.Series(once_each(rows))) if version.card["definition"] is None and version.name in OUTCOMES else rows


def evaluated(version: Version, sample: Sample, against: Version | None) -> dict:
    """Figures of the version on the rows it never saw, drift since it was fitted, fairness; and the paired comparison with the other.

    Raises Refused where no such row has an outcome.
    """
    rows, which = unseen(version, sample)
    if rows.is_empty():
        raise Refused(f"{version.name} version {version.version}: no row here that it was not fitted on has an outcome yet; take a later --as-of or another file",
                      f"{version.name} 版本 {version.version}：没有可供检验的样本外行；请用更晚的 --as-of 或其他文件")
    found = {"model": version.name, "version": version.version, "which_zh": which[0], "which_en": which[1], "challenger": None,
             **measured(version.model, rows, sample.seed, version.card["validation"]["train_rows"])}
    if against is not None:
        names = tuple(f"{one.name} {one.version}" for one in (version, against))
        found["challenger"] = as_row(compare(rows["outcome"].to_numpy(), estimate(version.model, rows), estimate(against.model, rows), names, version.model.is_share))
    return found
