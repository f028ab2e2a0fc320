"""A simplified position: what remains of a night when nothing depends on the path. In DuckDB and in Polars.

What it does, per loan disbursed by as_of: the sum of its payments by as_of (reversals taken off) meets the
instalments due by as_of, oldest first, as one running sum against another. The oldest instalment not covered gives
days past due (0 within grace) and the bucket; what is not covered is the amount due; and each uncovered rest bears
penalty at the loan's rate from its due date to as_of, rounded half up.

What it leaves out: the day on which money came, so penalty of instalments settled late is missing, and none is ever
paid by a payment; the order of parts; waivers, pauses, acceleration; penalty on interest apart from that on
principal; the cap; holds; later rows that replace earlier ones (each row counts as it stands); every check of the
input; treatments, tables, worklist and report.

Both give the same totals to the last minor unit, which night.py asserts.
"""

from datetime import date
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from arrears.delinquency.buckets import bucket_of, read_buckets

LOANS_A_SLICE = 2_000_000
"""Polars takes that many loans at a time: its window over all instalments at once holds every row in memory."""
MEMORY_LIMIT = "4GB"
THREADS = 2

_SQL = """
with paid as (
    select loan_id, sum(case when reverses is null then amount_minor else -amount_minor end) as paid_minor
    from read_parquet('{folder}/payments.parquet') where paid_on <= date '{as_of}' group by loan_id
), running as (
    select loan_id, due_on, principal_minor + interest_minor + fee_minor as amount_minor,
        sum(principal_minor + interest_minor + fee_minor) over (partition by loan_id order by due_on, number
            rows unbounded preceding) as until_here_minor
    from read_parquet('{folder}/instalments.parquet') where due_on <= date '{as_of}'
), uncovered as (
    select loan_id, due_on, least(amount_minor, until_here_minor - coalesce(paid_minor, 0)) as rest_minor
    from running left join paid using (loan_id) where until_here_minor > coalesce(paid_minor, 0)
), late as (
    select loan_id, min(due_on) as oldest_due_on, sum(rest_minor)::bigint as due_minor,
        sum(rest_minor * (date '{as_of}' - due_on)) as minor_days
    from uncovered group by loan_id
), loan as (
    select loan_id, max(penalty_rate_ppm) as ppm, max(day_count) as day_count, max(grace_days) as grace_days
    from read_parquet('{folder}/loans.parquet') where disbursed_on <= date '{as_of}' group by loan_id
), position as (
    select loan_id, oldest_due_on, coalesce(due_minor, 0) as due_minor,
        coalesce(case when date '{as_of}' - oldest_due_on > grace_days then date '{as_of}' - oldest_due_on end, 0)::integer
            as days_past_due,
        coalesce(case when date '{as_of}' - oldest_due_on > grace_days
            then (minor_days * ppm + day_count * 500000) // (day_count * 1000000) end, 0)::bigint as penalty_minor
    from loan left join late using (loan_id)
)
select *, case {cases} else '{last}' end as bucket from position
"""


def in_duckdb(folder: Path, as_of: date, out: Path) -> None:
    """Writes the simplified positions; beyond its memory limit DuckDB goes to the disk."""
    import duckdb

    buckets = read_buckets()
    cases = " ".join(
        f"when days_past_due <= {last} then '{name}'"
        for name, last in zip(buckets.names[:-1], buckets.last_days, strict=True)
    )
    query = _SQL.format(folder=folder, as_of=as_of.isoformat(), cases=cases, last=buckets.names[-1])
    settings = {"memory_limit": MEMORY_LIMIT, "threads": THREADS, "preserve_insertion_order": False,
                "temp_directory": str(out.with_suffix(".spilled"))}
    with duckdb.connect(config=settings) as connection:
        connection.execute(f"copy ({query}) to '{out}' (format parquet, compression zstd, compression_level 1)")


def in_polars(folder: Path, as_of: date, out: Path) -> None:
    """Writes the simplified positions; large books by ranges of loan_id, each read anew by the streaming engine."""
    ids = _scan(folder, "loans").select(pl.col("loan_id").unique()).collect(engine="streaming")["loan_id"].sort()
    cuts = [None, *(ids[at] for at in range(LOANS_A_SLICE, len(ids), LOANS_A_SLICE)), None]
    del ids
    writer = None
    for low, high in zip(cuts[:-1], cuts[1:], strict=True):
        rows = _of_loans(folder, as_of, low, high).collect(engine="streaming").to_arrow()
        writer = writer or pq.ParquetWriter(out, rows.schema, compression="zstd", compression_level=1)
        writer.write_table(rows)
    writer.close()


def _of_loans(folder: Path, as_of: date, low: str | None, high: str | None) -> pl.LazyFrame:
    """The simplified positions of the loans in [low, high)."""
    name, here = pl.col("loan_id"), pl.lit(as_of)
    inside = pl.lit(True)
    inside = inside if low is None else inside & (name >= low)
    inside = inside if high is None else inside & (name < high)
    paid = _scan(folder, "payments").filter(inside & (pl.col("paid_on") <= here)).group_by("loan_id").agg(
        paid_minor=pl.when(pl.col("reverses").is_null()).then(pl.col("amount_minor")).otherwise(-pl.col("amount_minor")).sum()
    )
    amount = pl.col("principal_minor") + pl.col("interest_minor") + pl.col("fee_minor")
    rest = pl.min_horizontal("amount_minor", pl.col("until_here_minor") - pl.col("paid_minor"))
    days = (here - pl.col("due_on")).dt.total_days()
    late = (
        _scan(folder, "instalments").filter(inside & (pl.col("due_on") <= here))
        .select("loan_id", "due_on", "number", amount_minor=amount).sort("loan_id", "due_on", "number")
        .with_columns(until_here_minor=pl.col("amount_minor").cum_sum().over("loan_id"))
        .join(paid, on="loan_id", how="left").with_columns(pl.col("paid_minor").fill_null(0))
        .filter(pl.col("until_here_minor") > pl.col("paid_minor"))
        .with_columns(rest_minor=rest).group_by("loan_id")
        .agg(oldest_due_on=pl.col("due_on").min(), due_minor=pl.col("rest_minor").sum(),
             minor_days=(pl.col("rest_minor") * days).sum())
    )
    loan = _scan(folder, "loans").filter(inside & (pl.col("disbursed_on") <= here)).group_by("loan_id").agg(
        ppm=pl.col("penalty_rate_ppm").max(), day_count=pl.col("day_count").max(), grace_days=pl.col("grace_days").max()
    )
    oldest = (here - pl.col("oldest_due_on")).dt.total_days()
    # The sums stay far below 64 bits on made-up books; Int128 costs the more general computation five per cent.
    penalty = (pl.col("minor_days") * pl.col("ppm") + pl.col("day_count") * 500_000) // (pl.col("day_count") * 1_000_000)
    out_of_grace = oldest > pl.col("grace_days")
    return loan.join(late, on="loan_id", how="left").select(
        "loan_id", "oldest_due_on", pl.col("due_minor").fill_null(0),
        days_past_due=pl.when(out_of_grace).then(oldest).fill_null(0).cast(pl.Int32),
        penalty_minor=pl.when(out_of_grace).then(penalty).fill_null(0),
    ).with_columns(bucket_of(read_buckets()))


def totals_of(out: Path) -> dict:
    """What both engines must agree on: loans, sums, and the loans of each bucket."""
    rows = pl.scan_parquet(out, glob=False)
    sums = rows.select(
        pl.len().alias("loans"), pl.col("days_past_due").cast(pl.Int64).sum(), pl.col("due_minor").sum(),
        pl.col("penalty_minor").sum(), pl.col("oldest_due_on").cast(pl.Int32).cast(pl.Int64).sum(),
    ).collect(engine="streaming").row(0, named=True)
    buckets = rows.group_by("bucket").len().collect(engine="streaming").sort("bucket")
    return {**sums, "buckets": dict(buckets.iter_rows())}


def agreement(out: Path, positions: Path) -> dict:
    """How many loans have the same days past due, and the same bucket, here and in a night's positions."""
    ours = pl.scan_parquet(sorted(positions.glob("p*.parquet")), glob=False).select(
        "loan_id", pl.col("days_past_due").alias("days_ours"), pl.col("bucket").alias("bucket_ours"))
    both = pl.scan_parquet(out, glob=False).join(ours, on="loan_id", how="inner")
    return both.select(
        pl.len().alias("loans"), (pl.col("days_past_due") == pl.col("days_ours")).sum().alias("same_days_past_due"),
        (pl.col("bucket") == pl.col("bucket_ours")).sum().alias("same_bucket"),
    ).collect(engine="streaming").row(0, named=True)


def _scan(folder: Path, table: str) -> pl.LazyFrame:
    return pl.scan_parquet(folder / f"{table}.parquet", glob=False)
