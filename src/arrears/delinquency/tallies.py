"""The tables of a night, counted partition by partition and then added up.

Each tally of a partition has keys and sums; adding up partitions is adding rows of the same keys, so the order and
the number of partitions never show. Formulas: GLOSSARY.md. Money is summed in 128 bits and never across currencies.
"""

from datetime import date, timedelta

import polars as pl

from arrears.delinquency.buckets import Buckets, state
from arrears.money import exact_sum

NEW = "new"
FIRST_PAYMENT_DAYS = (1, 7, 30)
VINTAGE_DAYS = (30, 60, 90)

KEYS = {
    "buckets": ["currency", "product", "state"],
    "classes": ["currency", "asset_class"],
    "movements": ["from_as_of", "to_as_of", "currency", "from_state", "to_state"],
    "first_payment_default": ["currency", "product", "disbursed_month", "over_days"],
    "vintage": ["as_of", "currency", "disbursed_month", "months_on_book"],
    "recovery": ["from_as_of", "to_as_of", "currency", "from_bucket"],
    "cap_unknown": ["regime", "why_unknown"],
    "totals": ["currency"],
}
THEN_COLUMNS = ["loan_id", "bucket", "days_past_due", "due_total_minor", "outstanding_principal_minor", "paid_minor", "next_due_on"]


def tally(positions: pl.DataFrame, loans: pl.DataFrame, earlier: dict[date, pl.DataFrame], as_of: date) -> dict[str, pl.DataFrame]:
    """The tallies of one partition by name, each with the columns KEYS and sums.

    positions and loans: one row per loan in the same order. earlier: the positions (THEN_COLUMNS) of earlier nights.
    """
    now = pl.concat([positions, loans.drop("loan_id")], how="horizontal").with_columns(
        state(), disbursed_month=pl.col("disbursed_on").dt.strftime("%Y-%m")
    )
    made = {
        "buckets": _sums(now, "buckets", ["outstanding_principal_minor", "due_total_minor", "claimable_minor", "excess_minor"]),
        "classes": _sums(now.filter(pl.col("state") != "settled"), "classes", ["outstanding_principal_minor"]),
        "totals": _totals(now),
        "cap_unknown": _sums(now.filter(~pl.col("cap_is_known")), "cap_unknown", []),
        "first_payment_default": _first_payment_default(now, as_of),
        "vintage": _vintage(now, as_of),
    }
    movements, recoveries = [], []
    for then_on, then in earlier.items():
        pair = _paired(now, then, then_on, as_of)
        movements.append(_movements(pair))
        recoveries.append(_recovery(pair))
    if earlier:
        made["movements"], made["recovery"] = pl.concat(movements), pl.concat(recoveries)
    return made


def add_up(name: str, parts: list[pl.DataFrame]) -> pl.DataFrame:
    """The tally of the whole book: rows of the same keys added, in the order of the keys."""
    rows = pl.concat(parts)
    sums = [exact_sum(column) for column in rows.columns if column not in KEYS[name]]
    return rows.group_by(KEYS[name]).agg(sums).sort(KEYS[name])


def months_between(month: pl.Expr, as_of: date) -> pl.Expr:
    """Whole calendar months from a month written YYYY-MM to that of as_of (MOB)."""
    year, number = month.str.slice(0, 4).cast(pl.Int32), month.str.slice(5, 2).cast(pl.Int32)
    return (as_of.year - year) * 12 + (as_of.month - number)


def _sums(rows: pl.DataFrame, name: str, columns: list[str]) -> pl.DataFrame:
    return rows.group_by(KEYS[name]).agg(pl.len().cast(pl.Int64).alias("loans"), *map(exact_sum, columns))


def _totals(now: pl.DataFrame) -> pl.DataFrame:
    late = pl.col("days_past_due") > 0
    return now.group_by("currency").agg(
        pl.len().cast(pl.Int64).alias("loans"),
        late.sum().cast(pl.Int64).alias("late_loans"),
        (pl.col("overpaid_charges_minor") > 0).sum().cast(pl.Int64).alias("overpaid_loans"),
        *map(exact_sum, ("outstanding_principal_minor", "due_total_minor", "claimable_minor", "excess_minor",
                         "unallocated_minor", "paid_minor", "overpaid_charges_minor")),
    )


def _first_payment_default(now: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Loans whose first instalment was more than n days late, of those whose first instalment fell due more than n days ago."""
    parts = []
    for days in FIRST_PAYMENT_DAYS:
        matured = now.filter(pl.col("first_due_on") < as_of - timedelta(days=days))
        parts.append(matured.with_columns(over_days=pl.lit(days, pl.Int32)).group_by(KEYS["first_payment_default"]).agg(
            pl.len().cast(pl.Int64).alias("matured_loans"),
            (pl.col("first_late_days") > days).sum().cast(pl.Int64).alias("late_loans"),
        ))
    return pl.concat(parts)


def _vintage(now: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Principal outstanding of loans now 30, 60, 90 days late or more, by month of disbursement."""
    dated = now.with_columns(
        as_of=pl.lit(as_of.isoformat()), months_on_book=months_between(pl.col("disbursed_month"), as_of)
    ).with_columns(
        pl.when(pl.col("days_past_due") >= days).then(pl.col("outstanding_principal_minor")).otherwise(0)
        .alias(f"late{days}_principal_minor")
        for days in VINTAGE_DAYS
    )
    return _sums(dated, "vintage", ["disbursed_minor", *(f"late{days}_principal_minor" for days in VINTAGE_DAYS)])


def _paired(now: pl.DataFrame, then: pl.DataFrame, then_on: date, as_of: date) -> pl.DataFrame:
    then = then.with_columns(state()).rename(lambda column: column if column == "loan_id" else f"then_{column}")
    return now.join(then, on="loan_id", how="left").with_columns(
        from_as_of=pl.lit(then_on.isoformat()), to_as_of=pl.lit(as_of.isoformat()),
        from_state=pl.col("then_state").fill_null(NEW), to_state=pl.col("state"),
    )


def _movements(pair: pl.DataFrame) -> pl.DataFrame:
    return _sums(
        pair.with_columns(
            then_principal_minor=pl.col("then_outstanding_principal_minor").fill_null(0),
            now_principal_minor=pl.col("outstanding_principal_minor"),
        ), "movements", ["then_principal_minor", "now_principal_minor"],
    )


def _recovery(pair: pl.DataFrame) -> pl.DataFrame:
    """What was paid since then by the loans that were late then, beside what was due of them then."""
    late = pair.filter(pl.col("then_days_past_due") > 0).with_columns(
        from_bucket=pl.col("then_bucket"), entered_minor=pl.col("then_due_total_minor"),
        collected_minor=pl.col("paid_minor") - pl.col("then_paid_minor"),
        cured_loans=(pl.col("days_past_due") == 0).cast(pl.Int64),
    )
    return _sums(late, "recovery", ["entered_minor", "collected_minor", "cured_loans"])


def rolls(movements: pl.DataFrame, buckets: Buckets) -> pl.DataFrame:
    """Roll rates from the movements: one row per pair of nights, currency and bucket then.

    worsened, held, improved and cured loans add up to the loans of the bucket; cured is M0 or settled, so M0 itself
    is held or worsened. flow_rate = principal now in the next bucket / principal then in this one (迁徙率).
    """
    place = {name: at for at, name in enumerate(buckets.states)}
    last = len(buckets.names) - 1
    rows = movements.filter(pl.col("from_state").is_in(buckets.names)).with_columns(
        start=pl.col("from_state").replace_strict(place, return_dtype=pl.Int32),
        end=pl.col("to_state").replace_strict(place, return_dtype=pl.Int32),
    )
    start, end, loans = pl.col("start"), pl.col("end"), pl.col("loans")
    cured = (end <= 1) & (start > 1)
    keys = ["from_as_of", "to_as_of", "currency", "from_state", "start"]
    made = rows.group_by(keys).agg(
        loans.sum(),
        loans.filter(end > start).sum().alias("worsened_loans"),
        loans.filter((end == start) | ((start == 1) & (end == 0))).sum().alias("held_loans"),
        loans.filter((end < start) & ~cured & (start > 1)).sum().alias("improved_loans"),
        loans.filter(cured).sum().alias("cured_loans"),
        exact_sum("then_principal_minor").alias("principal_minor"),
        pl.col("now_principal_minor").filter(end > start).cast(pl.Int128).sum().cast(pl.Int64, strict=True)
        .alias("worsened_principal_minor"),
    )
    next_up = movements.group_by("from_as_of", "to_as_of", "currency", "to_state").agg(exact_sum("now_principal_minor"))
    next_up = next_up.with_columns(start=pl.col("to_state").replace_strict(place, return_dtype=pl.Int32) - 1).drop("to_state")
    made = made.join(next_up, on=["from_as_of", "to_as_of", "currency", "start"], how="left")
    flows = (start <= last) & (pl.col("principal_minor") > 0)
    return made.sort("from_as_of", "to_as_of", "currency", "start").with_columns(
        *(share(f"{name}_loans", "loans", f"{name}_rate") for name in ("worsened", "held", "improved", "cured")),
        flow_rate=pl.when(flows).then(pl.col("now_principal_minor").fill_null(0) / pl.col("principal_minor")),
    ).rename({"from_state": "from_bucket"}).drop("start", "now_principal_minor")


def share(part: str, whole: str, name: str) -> pl.Expr:
    """part / whole as Float64; null where the whole is nothing. At most 1 where the part is of the whole."""
    return pl.when(pl.col(whole) > 0).then(pl.col(part) / pl.col(whole)).alias(name)
