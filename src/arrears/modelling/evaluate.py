"""A kept model measured anew, on rows it never saw; and beside another one on rows that neither saw."""

import numpy as np
import polars as pl

from arrears.learning.challenger import as_row, compare
from arrears.modelling.fit import measured
from arrears.modelling.sample import OUT_OF_TIME, Sample, held_out_people, once_each
from arrears.refusal import Refused
from arrears.registry import Version
from arrears.scoring.estimates import estimate
from arrears.scoring.target import Words

_ALL: Words = ("全部行", "all rows")
_SPLIT = ("time", "group", "test_share", "seed")


def unseen(version: Version, sample: Sample) -> tuple[np.ndarray, Words]:
    """Which rows of the sample the version was not fitted on, one flag per row, and which these are, in words.

    Of the file it was fitted on: the rows held out then. Of a book: the snapshots after the last one it was fitted or measured on, or, where there
    are none yet, those held out then; where people were held out, these. Of another file: all rows. Raises Refused where nobody can say.
    """
    card, rows = version.card, sample.rows
    how, is_same = card["validation"]["how"], sample.digest == card["data"]["digest"]
    if is_same and card["as_of"] == (sample.as_of and sample.as_of.isoformat()) and how == sample.how:
        return sample.test, ("拟合时留出的行", "the rows held out when it was fitted")
    if card["definition"] is not None and not is_same and (card["as_of"] is None or "when" not in rows.columns or how != OUT_OF_TIME):
        return np.ones(len(rows), np.bool_), _ALL
    if how == OUT_OF_TIME and "when" in rows.columns:
        last, first = card["validation"]["to"], card["validation"]["from"]
        when = rows["when"].cast(pl.String)
        newer = (when > last).to_numpy()
        if newer.any() and rows.filter(pl.Series(newer))["outcome"].n_unique() > 1:
            return newer, (f"{last} 之后的行", f"the rows of after {last}")
        return (when >= first).to_numpy(), (f"{first} 起的行（含拟合时留出的）", f"the rows from {first} on, those held out when it was fitted among them")
    if card["definition"] is None:
        return held_out_people(rows["person"]), ("拟合时留出的人", "the people held out when it was fitted")
    raise Refused(
        f"{version.name} version {version.version}: it was fitted on this file with {_as_of(card)}, and with another the rows it saw cannot be told from the others; evaluate it with {_as_of(card)}",
        f"{version.name} 版本 {version.version}：它在此文件上以 {_as_of(card)} 拟合；换用其他日期则无法区分样本内外的行；请用 {_as_of(card)} 检验")


def evaluated(version: Version, sample: Sample, against: Version | None) -> dict:
    """Figures of the version on the rows it never saw, drift since it was fitted, fairness; and the paired comparison with the other, on rows that
    neither of them saw.

    Raises Refused where no such row has an outcome, or where the two cannot be compared.
    """
    mask, which = unseen(version, sample)
    if not mask.any():
        raise Refused(f"{version.name} version {version.version}: no row here that it was not fitted on has an outcome yet; take a later --as-of or another file",
                      f"{version.name} 版本 {version.version}：没有可供检验的样本外行；请用更晚的 --as-of 或其他文件")
    rows = _rows(version, sample, mask)
    found = {"model": version.name, "version": version.version, "which_zh": which[0], "which_en": which[1], "challenger": None,
             **measured(version.model, rows, sample.seed, version.card["validation"]["train_rows"])}
    if against is not None:
        found["challenger"] = _compared(version, against, sample, mask)
    return found


def _rows(version: Version, sample: Sample, mask: np.ndarray) -> pl.DataFrame:
    """The rows; of a book everybody on one day alone, for what happens to one person twice is not two findings."""
    rows = sample.rows.filter(pl.Series(mask))
    return rows.filter(pl.Series(once_each(rows))) if version.card["definition"] is None and len(rows) else rows


def _compared(version: Version, against: Version, sample: Sample, mask: np.ndarray) -> dict:
    _demand_alike(version, against)
    rows = _rows(version, sample, mask & unseen(against, sample)[0])
    if rows.is_empty() or (not version.model.is_share and rows["outcome"].n_unique() < 2):
        raise Refused(f"{version.name}: versions {version.version} and {against.version} have no rows of both outcomes in common that neither was fitted on; take a later --as-of or another file",
                      f"{version.name}：版本 {version.version} 与 {against.version} 没有双方均未见过且两类结果兼有的行；请用更晚的 --as-of 或其他文件")
    names = tuple(f"{one.name} {one.version}" for one in (version, against))
    return as_row(compare(rows["outcome"].to_numpy(), estimate(version.model, rows), estimate(against.model, rows), names, version.model.is_share))


def _demand_alike(version: Version, against: Version) -> None:
    """Raises Refused where the rows that each of the two saw cannot be told on one table."""
    one, other = version.card, against.card
    if (one["definition"] is None) != (other["definition"] is None):
        raise Refused(f"{version.name}: of versions {version.version} and {against.version} one was fitted on a book, the other on a file; they cannot be compared on the same rows",
                      f"{version.name}：版本 {version.version} 与 {against.version} 一个由账册拟合，一个由文件拟合，无法在相同的行上比较")
    if version.model.is_share != against.model.is_share:
        raise Refused(f"{version.name}: versions {version.version} and {against.version} do not answer the same question (one a share, one yes or no); compare two of one kind",
                      f"{version.name}：版本 {version.version} 与 {against.version} 的结果一为比例、一为是否，无法比较；请比较同类的两个版本")
    if one["definition"] is not None and one["data"]["digest"] == other["data"]["digest"] and any(one["definition"][key] != other["definition"][key] for key in _SPLIT):
        raise Refused(f"{version.name}: versions {version.version} and {against.version} held out different rows of the file; fit one of them anew with the same seed, time and group",
                      f"{version.name}：版本 {version.version} 与 {against.version} 留出的行不同；请以相同的种子、时间列与人员列重新拟合其一")


def _as_of(card: dict) -> str:
    return f"--as-of {card['as_of']}" if card["as_of"] else "no --as-of"
