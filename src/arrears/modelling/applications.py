"""A file of applicants scored: probability, points, and at most four reasons in words."""

import re
from pathlib import Path

import polars as pl

from arrears import registry, store
from arrears.modelling.definition import no_column
from arrears.modelling.plain_table import features_from, read_table
from arrears.refusal import Refused
from arrears.registry import Version
from arrears.scoring.estimates import estimate, interval, points
from arrears.scoring.model import SCORECARD, Feature, Model
from arrears.scoring.reasons import reason_sentence, reasons
from arrears.store import Book


def version_to_use(book: Book, name: str, version: int | None) -> Version:
    """The version that is named, else the one released. Raises Refused where none is."""
    if version is not None:
        return registry.read_version(book, name, version)
    entry = registry.standing(book).get(name)
    if entry is None:
        raise Refused(f"no version of {name} is released; release one with arrears score release {name}, or name one with --version to try it",
                      f"{name} 没有已发布的版本；请用 arrears score release {name} 发布，或用 --version 指定试用")
    return registry.read_version(book, name, entry.version, entry.digest)


def score_file(book: Book, name: str, version: int | None, file: Path, out: Path) -> dict:
    """Writes the file's rows with estimate, points and reasons behind them; and says how many, by which version.

    Raises Refused where a column that the model reads is missing or of another type, or where a column of the result is there already.
    """
    if out.suffix.lower() not in (".parquet", ".csv"):
        raise Refused(f"{out}: write a .parquet or a .csv file", f"{out}：输出文件须为 .parquet 或 .csv")
    if out.is_dir() or out.resolve() == file.resolve():
        raise Refused(f"{out}: it is {'a folder' if out.is_dir() else 'the file of the applicants itself'}; name another file to write",
                      f"{out}：{'是文件夹' if out.is_dir() else '就是申请人文件本身'}；请另指定输出文件")
    kept = version_to_use(book, name, version)
    if kept.card["definition"] is None:
        raise Refused(f"{kept.name} version {kept.version} was fitted on a book, and its features are computed from one; fit it on a file (--data) to score files",
                      f"{kept.name} 版本 {kept.version} 由账册拟合，其特征由账册计算；如需为文件评分，请用 --data 拟合")
    frame = read_table(file)
    scored = scored_rows(kept, frame)
    there = next((column for column in scored.columns if column in frame.columns), None)
    if there is not None:
        raise Refused(f"{file}: it has a column {there} already, which is a column of the result; rename it", f"{file}：已有与结果同名的列 {there}；请改名")
    whole = pl.concat([frame, scored], how="horizontal")
    if out.suffix.lower() == ".parquet":
        store.write_parquet(out, whole)
    else:
        store.write_bytes(out, _guarded(whole).write_csv(include_bom=True).encode())
    return {"rows": len(frame), "model": kept.name, "version": kept.version}


def _guarded(frame: pl.DataFrame) -> pl.DataFrame:
    """The same with an apostrophe before texts that a spreadsheet would run as a formula when it opens the file; names of columns too."""
    run = r"^[=+\-@\t\r]"
    texts = [column for column, dtype in frame.schema.items() if dtype == pl.String]
    guarded = frame.with_columns(pl.when(pl.col(column).str.contains(run)).then(pl.lit("'") + pl.col(column)).otherwise(pl.col(column)).alias(column) for column in texts)
    return guarded.rename({name: f"'{name}" for name in frame.columns if re.match(run, name)})


def scored_rows(kept: Version, frame: pl.DataFrame) -> pl.DataFrame:
    """One row per row of the frame: estimate (a probability or a share), low and high for a share, points, reasons_zh, reasons_en."""
    model = kept.model
    for name, formula in kept.card["formulas"].items():
        if name == formula and formula not in frame.columns:
            raise no_column(formula, frame.columns, f"{kept.name} version {kept.version}")
    wanted = {feature.name: kept.card["formulas"][feature.name] for feature in model.features}
    taken = features_from(frame, wanted)
    estimates = estimate(model, taken)
    columns: dict = {"estimate": estimates}
    if model.is_share:
        columns["low"], columns["high"] = interval(model, estimates)
    if model.kind == SCORECARD:
        columns["points"] = points(model, taken)
    return pl.DataFrame(columns).with_columns(worded(model, taken))


def worded(model: Model, rows: pl.DataFrame) -> list[pl.Series]:
    """reasons_zh and reasons_en: one text per row, its reasons in words, the weightiest first; empty where nothing would improve the estimate.

    Each feature's sentences are made once per value that occurs, so a million rows cost little more than their different values.
    """
    found = reasons(model, rows)
    texts: dict[str, list[pl.Series]] = {"zh": [], "en": []}
    for column in found.columns:
        named = pl.DataFrame({"reason": found[column]}).with_row_index("row")
        said = [_sentences(feature, rows, named.filter(pl.col("reason") == feature.name)["row"]) for feature in model.features]
        whole = named.select("row").join(pl.concat(said), on="row", how="left", maintain_order="left")
        for lang, series in texts.items():
            series.append(whole[lang].alias(column))
    return [pl.DataFrame(series).select(pl.concat_str(pl.all(), separator=mark, ignore_nulls=True).alias(f"reasons_{lang}")).to_series()
            for (lang, series), mark in zip(texts.items(), ("；", "; "), strict=True)]


def _sentences(feature: Feature, rows: pl.DataFrame, places: pl.Series) -> pl.DataFrame:
    """row, zh, en for the rows of which the feature is a reason."""
    here = pl.DataFrame({"row": places, "value": rows[feature.name].gather(places)})
    values = here.select("value").unique()
    pairs = [reason_sentence(feature, value) for value in values["value"]]
    words = values.with_columns(zh=pl.Series([zh for zh, _ in pairs], dtype=pl.String), en=pl.Series([en for _, en in pairs], dtype=pl.String))
    return here.join(words, on="value", how="left", nulls_equal=True).select("row", "zh", "en")
